"""Reads ``tests/data/dedupe/hard_cases.toml``: labelled pairs of records, made up for the hard cases.

What the labels and fields mean stands in the README beside the file. Identifiers go through
``curation.identifiers`` as every reader's do; all other text is kept as the file has it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from curation import identifiers
from curation.model import Author, Citation, Number

FILE: Final = Path(__file__).resolve().parent.parent / "data" / "dedupe" / "hard_cases.toml"

_COLLECTIVE: Final = " [collective]"
_VANCOUVER: Final = re.compile(r"(?P<family>\S.*) (?P<initials>[^\W\d_a-z]{1,4})\.?")
_CASE_FIELDS: Final = {"id", "kind", "expected", "relation", "may_join", "note", "record"}
_RECORD_FIELDS: Final = {
    *("source", "title", "abstract", "authors", "year", "journal", "journal_short", "volume", "issue"),
    *("pages", "doi", "pmid", "pmcid", "numbers", "publication_types", "language"),
}


class Expected(StrEnum):
    """What is right for every pair of a case."""

    SAME = "same"
    RELATED = "related"
    DIFFERENT = "different"
    ASK = "ask"


class Relation(StrEnum):
    """How the later or lesser of two related reports stands to the other."""

    PREPRINT_OF = "preprint-of"
    ABSTRACT_OF = "abstract-of"
    CORRECTION_OF = "correction-of"
    REPLY_TO = "reply-to"
    VERSION_OF = "version-of"
    SAME_TEXT = "same-text"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A record as ``source`` prints it."""

    source: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class HardCase:
    """Two or more records; the label holds for each pair of them.

    ``may_join`` says whether joining them into one report without asking would be right (for ``ASK``: would
    come out right, though the record does not prove it). ``relation`` is given where ``expected`` is RELATED.
    """

    id: str
    kind: str
    expected: Expected
    relation: Relation | None
    may_join: bool
    note: str
    records: tuple[Labelled, ...]

    @property
    def pairs(self) -> tuple[tuple[Labelled, Labelled], ...]:
        """Every pair of its records, each once, in the order of the file."""
        return tuple(combinations(self.records, 2))


@cache
def hard_cases() -> tuple[HardCase, ...]:
    """All cases, in the order of the file.

    Raises ValueError when one has a field or a label that is not known, KeyError when one lacks a field.
    """
    return tuple(_case(told) for told in tomllib.loads(FILE.read_text(encoding="utf-8"))["case"])


def _case(told: Mapping[str, Any]) -> HardCase:
    _only(told, _CASE_FIELDS, told["id"])
    return HardCase(
        id=told["id"],
        kind=told["kind"],
        expected=Expected(told["expected"]),
        relation=Relation(told["relation"]) if "relation" in told else None,
        may_join=told["may_join"],
        note=told["note"],
        records=tuple(_labelled(record, told["id"]) for record in told["record"]),
    )


def _labelled(told: Mapping[str, Any], case: str) -> Labelled:
    _only(told, _RECORD_FIELDS, case)
    numbers = told.get("numbers", {})
    citation = Citation(
        title=told["title"],
        abstract=told.get("abstract", ""),
        authors=tuple(author(name) for name in told.get("authors", ())),
        year=told.get("year"),
        journal=told.get("journal", ""),
        journal_short=told.get("journal_short", ""),
        volume=told.get("volume", ""),
        issue=told.get("issue", ""),
        pages=told.get("pages", ""),
        doi=_identifier(told, "doi", case),
        pmid=_identifier(told, "pmid", case),
        pmcid=_identifier(told, "pmcid", case),
        numbers={Number(name): tuple(values) for name, values in numbers.items()},
        publication_types=tuple(told.get("publication_types", ())),
        language=(told["language"],) if "language" in told else (),
    )
    return Labelled(told["source"], citation)


def _identifier(told: Mapping[str, Any], name: str, case: str) -> str | None:
    if name not in told:
        return None
    clean = {"doi": identifiers.doi, "pmid": identifiers.pmid, "pmcid": identifiers.pmcid}[name](told[name])
    if clean is None:
        raise ValueError(f"{case}: {told[name]!r} is no {name}")
    return clean


def author(name: str) -> Author:
    """Author of ``Hu Y``, ``Hu, Yue``, ``Hu, Y. L.`` or ``The Group [collective]``; anything else is a family name."""
    if name.endswith(_COLLECTIVE):
        return Author(name.removesuffix(_COLLECTIVE), collective=True)
    family, comma, given = name.partition(", ")
    if comma:
        return Author(family, _initials(given), name=name)
    found = _VANCOUVER.fullmatch(name)
    return Author(found["family"], found["initials"]) if found else Author(name)


def _initials(given: str) -> str:
    words: Sequence[str] = [word for word in re.split(r"[\s.\-]+", given) if word]
    return "".join(word if word.isupper() else word[0].upper() for word in words)


def _only(told: Mapping[str, Any], known: set[str], case: str) -> None:
    if unknown := sorted(told.keys() - known):
        raise ValueError(f"{case}: unknown fields {', '.join(unknown)}")
