"""What the readers share: the values of one record by tag, and how names, dates, pages and numbers are written."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from curation import identifiers
from curation.model import Author, Number
from curation.sources.files.prose import absent, abstract_of, folded, paragraphs, plain, title_of
from curation.sources.pubmed_xml import expanded

__all__ = [
    "Fields",
    "absent",
    "abstract_of",
    "author",
    "authors_of",
    "date_of",
    "first_doi",
    "folded",
    "isbns",
    "issns",
    "keywords_of",
    "numbers_of",
    "pages_of",
    "paragraphs",
    "plain",
    "split_names",
    "title_of",
    "trials",
]

_YEAR = re.compile(r"(?<!\d)(1[5-9]|20)\d\d(?!\d)")
_ISO = re.compile(r"(?<!\d)((?:1[5-9]|20)\d\d)[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?!\d)")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_MONTH = re.compile(rf"\b({'|'.join(_MONTHS)})[a-z]*\b\.?", re.IGNORECASE)
_DAY = re.compile(r"(?<![\d-])(\d{1,2})(?![\d-])")
_VANCOUVER = re.compile(r"\S.* [^\W\d_]{1,4}")
_GIVEN_INITIALS = re.compile(r"-?(?:[^\W\d_]\.-?)+")
_LAST_INITIALS = re.compile(r"(?:[^\W\d_][.-]*){1,4}")
_SUFFIXES = frozenset({"Jr", "Jr.", "Sr", "Sr.", "II", "III", "IV", "2nd", "3rd"})
_TRIAL = re.compile(
    r"\b(NCT\d{8}|ISRCTN\d{8}|EUCTR\d{4}-\d{6}-\d{2}|ACTRN\d{14}|DRKS\d{8}|ChiCTR[-A-Z\d]*\d{6,}|"
    r"CTRI/\d{4}/\d{2,3}/\d{6}|IRCT\d{8,}N?\d*|UMIN\d{9}|JPRN-\w+|NTR\d{3,5}|KCT\d{7}|PACTR\d{12,16}|RBR-\w{6})\b"
)
_ISSN = re.compile(r"(?<![\dXx-])(\d{4})-?(\d{3}[\dXx])(?![\dXx-])")
_ISBN = re.compile(r"(?<![\d-])(97[89](?:[- ]?\d){10}|\d(?:[- ]?\d){8}[- ]?[\dXx])(?![\d-])")


class Fields:
    """Values of one record by tag; what is taken into the citation is taken out, the rest is ``extra``."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        values: dict[str, list[str]] = defaultdict(list)
        for tag, value in pairs:
            kept = value.strip()
            if kept:
                values[tag].append(kept)
        self._values = values

    def see(self, *tags: str) -> tuple[str, ...]:
        """Values of ``tags``, left where they are."""
        values = self._values
        if len(tags) == 1:
            return tuple(values[tags[0]]) if tags[0] in values else ()
        return tuple([value for tag in tags if tag in values for value in values[tag]])

    def take_first(self, *tags: str) -> str:
        """Take the first value of the first tag that has one; empty when none has."""
        for tag in tags:
            values = self._values.get(tag)
            if values:
                return values.pop(0)
        return ""

    def take_all(self, *tags: str) -> tuple[str, ...]:
        """Take every value of ``tags``."""
        found: list[str] = []
        for tag in tags:
            found += self._values.pop(tag, ())
        return tuple(found)

    def take_value(self, tag: str, value: str) -> None:
        """Take one value out."""
        self._values[tag].remove(value)

    def take_where(self, tags: Iterable[str], said_elsewhere: Callable[[str], bool]) -> None:
        """Take out the values of ``tags`` that the citation says already."""
        for tag in tags:
            if tag in self._values:
                self._values[tag] = [value for value in self._values[tag] if not said_elsewhere(value)]

    def rest(self) -> Mapping[str, tuple[str, ...]]:
        """Values of every tag that were not taken."""
        return {tag: tuple(values) for tag, values in self._values.items() if values}


def date_of(*told: str) -> tuple[int | None, str]:
    """Year, and the date in ISO 8601 as far as known, from the first text that has a year.

    A later text of the same year may add month and day: ``2020`` with ``2020 Mar 3`` or ``MAR 3``.
    """
    year = next((int(found.group()) for text in told if (found := _YEAR.search(text))), None)
    if year is None:
        return None, ""
    dates = [date for text in told if (date := _iso(text, year))]
    return year, max(dates, key=len, default=str(year))


def _iso(text: str, year: int) -> str:
    iso = _ISO.search(text)
    if iso is not None:
        month, day = int(iso[2]), int(iso[3] or 0)
        return _date(int(iso[1]), month, day) if int(iso[1]) == year else ""
    named = _MONTH.search(text)
    stated = _YEAR.search(text)
    if named is None or (stated is not None and int(stated.group()) != year):
        return ""
    days = _DAY.findall(text)
    return _date(year, _MONTHS[named[1].lower()[:3]], int(days[0]) if len(days) == 1 else 0)


def _date(year: int, month: int, day: int) -> str:
    if not 1 <= month <= 12:  # noqa: PLR2004 - months
        return str(year)
    return f"{year}-{month:02d}" + (f"-{day:02d}" if 1 <= day <= 31 else "")  # noqa: PLR2004 - days


def pages_of(start: str, end: str = "") -> str:
    """Pages as ``152-160`` or ``e12``; empty where the source says that there are none in words.

    PsycINFO cuts "No Pagination Specified" into a first page "No" and a last page "Specified".
    """
    start, end = folded(start), folded(end)
    if not any(c.isdigit() for c in start + end) and not _ROMAN.fullmatch(start):
        return ""
    if end == "+":
        return f"{start}+"
    if end == start or "-" in start:
        end = ""
    return expanded("-".join(filter(None, (start, end))).replace("--", "-").replace("–", "-"))


_ROMAN = re.compile(r"[ivxlcdm]+(?:\s*-\s*[ivxlcdm]+)?", re.IGNORECASE)


def authors_of(values: Iterable[str]) -> tuple[Author, ...]:
    """Authors of the values of a record's author tags, each possibly holding several."""
    return tuple(author(folded(name)) for value in values for name in split_names(value) if name.strip())


def split_names(value: str) -> list[str]:
    """Cut apart several authors in one field.

    They stand in lines, after semicolons, as CENTRAL's ``Hu Y, Li ZJ, Ng C``, or as ``Hu, Y. and Li, Z. J.``.
    """
    if "\n" in value or ";" in value:
        return [name for line in value.split("\n") for name in line.split(";")]
    if "," not in value:
        return [value]
    if " and " in value:
        joined = value.split(" and ")
        return joined if all("," in name for name in joined) else [value]
    parts = [part.strip() for part in value.split(",")]
    if all(_VANCOUVER.fullmatch(part) and part.split()[-1].isupper() for part in parts):
        return parts
    return [value]


@lru_cache(maxsize=1 << 14)
def author(name: str) -> Author:
    """Family name and initials from ``Hu, Yue``, ``Hu Y``, ``Hu Y.``, ``Y. Hu`` or ``Hu, Y, Jr.``.

    A name in none of these forms (a group, a full name in its natural order) is kept whole as family name. A comma
    after three words or more and nothing behind it is EndNote's mark of a group.
    """
    if name[-1:] == "," and name.count(",") == 1 and name.count(" ") > 1 and not name[0].islower():
        return Author(name[:-1].strip(), collective=True, name=name)
    if "," in name:
        family, *given = (part.strip() for part in name.split(","))
        suffix = [part for part in given if part in _SUFFIXES]
        first = " ".join(part for part in given if part not in _SUFFIXES)
        if not family:
            return Author(name)
        return _named(family, (_initials(first), *suffix), name)
    words = name.split()
    suffix = [words.pop()] if len(words) > 2 and words[-1] in _SUFFIXES else []  # noqa: PLR2004 - family, initials, suffix
    if len(words) > 1 and _GIVEN_INITIALS.fullmatch(words[0]):
        return _natural_order(words, name)
    if len(words) > 1 and words[-1].isupper() and _LAST_INITIALS.fullmatch(words[-1]):
        return _named(" ".join(words[:-1]), (_initials(words[-1]), *suffix), name)
    return Author(name)


def _named(family: str, given: Iterable[str], name: str) -> Author:
    initials = " ".join(filter(None, given))
    as_given = "" if name == f"{family} {initials}".strip() else name
    return Author(family, initials, name=as_given)


def _natural_order(words: list[str], name: str) -> Author:
    """``R. J. van der Berg``: particles in lower case belong to the family name."""
    begin = len(words) - 1
    while begin > 1 and words[begin - 1].islower():
        begin -= 1
    return _named(" ".join(words[begin:]), (_initials(" ".join(words[:begin])),), name)


def _initials(given: str) -> str:
    """``Jean-Pierre M.`` as ``JPM``; letters already set as initials stay as they are."""
    words = [word for word in re.split(r"[\s.\-‐–]+", given) if word]
    kept = [word for word in words if not word.islower()] or words
    return "".join(word if word.isupper() and len(word) <= 4 else word[0].upper() for word in kept)  # noqa: PLR2004 - four initials are the most in use


def keywords_of(values: Iterable[str]) -> tuple[str, ...]:
    """Keywords, one a line of each value, each once."""
    words = {plain(word).strip("; \t"): None for value in values for word in value.split("\n")}
    words.pop("", None)
    return tuple(words)


def trials(*texts: str) -> tuple[str, ...]:
    """Trial registration numbers that the texts name."""
    return tuple(dict.fromkeys(number for text in texts for number in _TRIAL.findall(text)))


def issns(*texts: str) -> tuple[str, ...]:
    """ISSNs with a right check digit, as ``1234-567X``."""
    found = (f"{a}-{b.upper()}" for text in texts for a, b in _ISSN.findall(text))
    return tuple(dict.fromkeys(number for number in found if _checks(number.replace("-", ""), 8)))


def isbns(*texts: str) -> tuple[str, ...]:
    """ISBNs with a right check digit, digits only."""
    found = (re.sub(r"[- ]", "", number).upper() for text in texts for number in _ISBN.findall(text))
    return tuple(dict.fromkeys(n for n in found if (_checks(n, 10) if len(n) == 10 else _checks_13(n))))  # noqa: PLR2004 - ISBN-10


def _checks(number: str, length: int) -> bool:
    """Whether a weighted sum modulo 11 holds (ISO 3297, ISO 2108)."""
    values = [10 if c == "X" else int(c) for c in number]
    return sum(v * w for v, w in zip(values, range(length, 0, -1), strict=True)) % 11 == 0


def _checks_13(number: str) -> bool:
    return sum(int(c) * (1, 3)[i % 2] for i, c in enumerate(number)) % 10 == 0


def numbers_of(found: Mapping[Number, Iterable[str]]) -> dict[Number, tuple[str, ...]]:
    """Identifiers by kind, each once, kinds without any left out."""
    each = ((kind, tuple(dict.fromkeys(values))) for kind, values in found.items())
    return {kind: values for kind, values in each if values}


def first_doi(*texts: str) -> str | None:
    """The first DOI that the texts hold."""
    return next(filter(None, map(identifiers.doi, texts)), None)
