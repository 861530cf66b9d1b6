"""PubMed's search fields: the tags a strategy may use, and which text of a record each one looks at."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto
from functools import lru_cache

Day = tuple[int, int, int]  # year, month, day; compared, never counted with

_DATE = re.compile(r"(\d{4})(?:/(\d{1,2})(?:/(\d{1,2}))?)?")
_MONTHS = range(1, 13)
_DAYS = range(1, 32)
_NEAR = re.compile(r"~(\d{1,4})")
_LAST = re.compile(r"last\s+(\d{1,5})\s+(day|month|year)s?", re.IGNORECASE)


class Part(StrEnum):
    """A searchable part of a record; the value is the attribute of ``Entry`` that holds its texts."""

    TITLE = "titles"
    ABSTRACT = "abstracts"
    MESH = "mesh"
    MAJOR = "major_mesh"
    KEYWORD = "keywords"
    AUTHOR = "authors"
    AFFILIATION = "affiliations"
    JOURNAL = "journals"
    TYPE = "publication_types"
    LANGUAGE = "languages"
    IDENTIFIER = "identifiers"
    NUMBER = "numbers"
    SUBSET = "subsets"
    PUBLISHED = "published"
    CREATED = "created"
    ENTERED = "entered"
    INDEXED = "indexed"
    REVISED = "revised"


class Match(Enum):
    """How a term is held against a text of the field."""

    PHRASE = auto()
    WHOLE = auto()
    AUTHOR = auto()
    DATE = auto()
    NUMBER = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """A search field: NLM's name of it, the parts it looks at, and how.

    ``near`` is the greatest number of other words between those of a proximity search; None for a phrase.
    """

    label: str
    parts: tuple[Part, ...]
    match: Match = Match.PHRASE
    near: int | None = None


_DATES = {Part.PUBLISHED, Part.CREATED, Part.ENTERED, Part.INDEXED, Part.REVISED}
ALL_FIELDS = Field("All Fields", tuple(p for p in Part if p not in {Part.SUBSET, *_DATES}))
_TITLE = Field("Title", (Part.TITLE,))
_TITLE_ABSTRACT = Field("Title/Abstract", (Part.TITLE, Part.ABSTRACT, Part.KEYWORD))
_AFFILIATION = Field("Affiliation", (Part.AFFILIATION,))
_MESH = Field("MeSH Terms", (Part.MESH,))
_MAJOR = Field("MeSH Major Topic", (Part.MAJOR,))
_TYPE = Field("Publication Type", (Part.TYPE,))
_TEXT = (Part.TITLE, Part.ABSTRACT, Part.MESH, Part.KEYWORD, Part.TYPE)
_FILTER = (Part.SUBSET, Part.LANGUAGE, Part.TYPE, Part.MESH)

_TAGS = {
    ALL_FIELDS: ("all", "all fields"),
    _TITLE: ("ti", "title"),
    _TITLE_ABSTRACT: ("tiab", "title/abstract"),
    Field("Abstract", (Part.ABSTRACT,)): ("ab", "abstract"),
    Field("Text Word", _TEXT): ("tw", "text word", "text words"),
    _MESH: ("mh", "mesh", "mesh terms"),
    _MAJOR: ("majr", "mesh major topic"),
    Field("Other Term", (Part.KEYWORD,)): ("ot", "other term"),
    Field("Author", (Part.AUTHOR,), Match.AUTHOR): ("au", "auth", "author", "fau", "full author name"),
    _AFFILIATION: ("ad", "affiliation"),
    Field("Journal", (Part.JOURNAL,), Match.WHOLE): ("ta", "jour", "journal"),
    _TYPE: ("pt", "ptyp", "publication type"),
    Field("Language", (Part.LANGUAGE,), Match.WHOLE): ("la", "lang", "language"),
    Field("Article Identifier", (Part.IDENTIFIER,), Match.WHOLE): ("aid", "doi"),
    Field("Filter", _FILTER, Match.WHOLE): ("sb", "filter", "subset"),
    Field("UID", (Part.NUMBER,), Match.NUMBER): ("uid", "pmid"),
    Field("Date - Publication", (Part.PUBLISHED,), Match.DATE): (
        "dp",
        "pdat",
        "date - publication",
        "publication date",
    ),
    Field("Date - Create", (Part.CREATED,), Match.DATE): ("crdt", "date - create", "create date"),
    Field("Date - Entry", (Part.ENTERED,), Match.DATE): ("edat", "date - entry", "entry date", "entrez date"),
    Field("Date - MeSH", (Part.INDEXED,), Match.DATE): ("mhda", "date - mesh", "mesh date"),
    Field("Date - Modification", (Part.REVISED,), Match.DATE): (
        "mdat",
        "lr",
        "date - modification",
        "modification date",
    ),
}
_BY_TAG = {tag: field for field, tags in _TAGS.items() for tag in tags}
_EXPLODE = frozenset({_MESH, _MAJOR, _TYPE})
_PROXIMITY = frozenset({_TITLE, _TITLE_ABSTRACT, _AFFILIATION})


def field_of(tag: str) -> Field | None:
    """Field of a tag as typed between brackets (``tiab``, ``MH:noexp``, ``Title:~3``), None when unknown.

    ``noexp`` is known to MeSH and publication types, ``~N`` to title, title/abstract and affiliation, as
    PubMed has it; with any other field such a tag is unknown.
    """
    name, _, modifier = " ".join(tag.lower().split()).partition(":")
    field = _BY_TAG.get(name.strip())
    modifier = modifier.strip()
    if field is None or not modifier:
        return field
    near = _NEAR.fullmatch(modifier)
    if near and field in _PROXIMITY:
        return replace(field, label=f"{field.label}:{modifier}", near=int(near.group(1)))
    if modifier == "noexp" and field in _EXPLODE:
        return replace(field, label=f"{field.label}:noexp", match=Match.WHOLE)
    return None


def days_of(text: str) -> tuple[Day, Day] | None:
    """First and last day of ``2025``, ``2025/1`` or ``2025/01/20``; None for any other text."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day = (int(g) if g else None for g in found.groups())
    if year is None or month not in (None, *_MONTHS) or day not in (None, *_DAYS):
        return None
    return (year, month or _MONTHS[0], day or _DAYS[0]), (year, month or _MONTHS[-1], day or _DAYS[-1])


def is_relative(text: str) -> bool:
    """Whether a text is a stretch of time back from today: ``last 60 days``, ``last 6 months``, ``last 2 years``."""
    return _LAST.fullmatch(text.strip()) is not None


def days_before(text: str, today: Day) -> tuple[Day, Day] | None:
    """First and last day of ``last 6 months`` as said on ``today``; as ``days_of`` for any other text."""
    found = _LAST.fullmatch(text.strip())
    if found is None:
        return days_of(text)
    number, unit = int(found.group(1)), found.group(2).lower()
    if unit == "day":
        return back(today, number), today
    months = today[0] * 12 + today[1] - 1 - number * (12 if unit == "year" else 1)
    return (months // 12, months % 12 + 1, today[2]), today


@lru_cache(maxsize=1 << 14)
def back(day: Day, number: int) -> Day:
    """The day so many days before, or after for a negative number; no earlier than 0001/01/01."""
    first = dt.date(*day).toordinal() - number
    earlier = dt.date.fromordinal(max(1, first))
    return earlier.year, earlier.month, earlier.day


def written(day: Day) -> str:
    """Day as NLM writes it: ``2025/01/20``."""
    return f"{day[0]}/{day[1]:02}/{day[2]:02}"
