"""What a format made by others cannot carry: one field of ours beside theirs, put back when the file returns.

RIS has no tag for a collective author, BibTeX none for a trial number, a spreadsheet cell ends at 32,767
characters. Our writers read what they write with the reader that will read it, and carry what came back
different as JSON in one field (``U5``, ``x-livrev``, the column ``livrev``). What the format says itself stays
its own: a title mended in a reference manager comes back mended.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from curation.model import Author, Citation, Number, SourceRecord

MARK = "livrev:"
RIS_TAG = "U5"
BIBTEX_FIELD = "x-livrev"
COLUMN = "livrev"
# A spreadsheet's cell is too short for a long abstract; what does not fit goes on in these.
MORE_COLUMNS = tuple(f"livrev_{number}" for number in range(2, 10))

_TAGS = (RIS_TAG, BIBTEX_FIELD, COLUMN)
_BEGINS = (f"{MARK}{{", f"{MARK}eyJ")  # JSON, or the same in base64


class Unreadable(ValueError):
    """A carried field was damaged on its way."""


def restored(record: SourceRecord) -> SourceRecord:
    """The record with the carried field put back into its citation and its accession.

    Without such a field, or with one that was damaged on its way (which then stays in ``extra``), the record
    is given back as it is.
    """
    extra = record.citation.extra
    tag = next((tag for tag in _TAGS if tag in extra), None)
    if tag is None:
        return record
    value = next((value for value in extra[tag] if value.startswith(_BEGINS)), None)
    if value is None:
        return record
    more = [piece for column in MORE_COLUMNS for piece in extra.get(column, ())] if tag == COLUMN else []
    try:
        values = _unpacked("".join((value, *more)))
        citation, accession = _put_back(record, values)
    except Unreadable:
        return record
    rest = {name: kept for name, kept in extra.items() if name not in {tag, *MORE_COLUMNS}}
    if others := tuple(other for other in extra[tag] if other != value):
        rest[tag] = others
    return replace(record, accession=accession, citation=replace(citation, extra=rest))


def lost(citation: Citation, accession: str, read: SourceRecord) -> str:
    """What ``read`` lacks of the citation that was written, to be carried; empty when it lacks nothing.

    Line breaks of an abstract that is otherwise whole are carried as their positions.
    """
    wanted, found = as_plain(citation), as_plain(read.citation)
    values = {name: value for name, value in wanted.items() if value != found[name]}
    if _same_people(citation.authors, read.citation.authors):
        values.pop("authors", None)
    if "abstract" in values and _flat(citation.abstract) == _flat(read.citation.abstract):
        del values["abstract"]
        values["breaks"] = [at for at, letter in enumerate(citation.abstract) if letter == "\n"]
    if accession and accession != read.accession:
        values["accession"] = accession
    return f"{MARK}{_guarded(values)}" if values else ""


def armoured(carried: str) -> str:
    """The same in base64, for a format in which braces and backslashes mean something."""
    if not carried:
        return ""
    return MARK + base64.b64encode(carried.removeprefix(MARK).encode()).decode()


def as_plain(citation: Citation) -> dict[str, Any]:
    """Every field of a citation but ``extra`` as JSON values."""
    return {
        "title": citation.title,
        "title_given": citation.title_given,
        "abstract": citation.abstract,
        "authors": [[a.family, a.initials, a.collective, a.name] for a in citation.authors],
        "year": citation.year,
        "date": citation.date,
        "journal": citation.journal,
        "journal_short": citation.journal_short,
        "volume": citation.volume,
        "issue": citation.issue,
        "pages": citation.pages,
        "doi": citation.doi,
        "pmid": citation.pmid,
        "pmcid": citation.pmcid,
        "numbers": {str(kind): list(values) for kind, values in citation.numbers.items()},
        "language": list(citation.language),
        "publication_types": list(citation.publication_types),
        "keywords": list(citation.keywords),
    }


def from_plain(citation: Citation, values: Mapping[str, Any]) -> Citation:
    """``citation`` with the given fields, as ``as_plain`` made them; fields not known here are left out.

    Raises Unreadable where a value is not of its field's kind.
    """
    known: dict[str, Any] = {name: _KINDS[name](value) for name, value in values.items() if name in _KINDS}
    return replace(citation, **known)


def _put_back(record: SourceRecord, values: Mapping[str, Any]) -> tuple[Citation, str]:
    citation = from_plain(record.citation, values)
    breaks = values.get("breaks")
    if breaks is not None:
        citation = replace(citation, abstract=_broken(citation.abstract, breaks))
    return citation, text(values.get("accession", record.accession))


def _broken(abstract: str, breaks: object) -> str:
    """The abstract with its line breaks; as it is where it was edited since, and blanks stand elsewhere."""
    letters = list(_flat(abstract))
    if not isinstance(breaks, list):
        raise Unreadable
    for at in breaks:
        if not isinstance(at, int) or not 0 <= at < len(letters) or letters[at] != " ":
            return abstract
        letters[at] = "\n"
    return "".join(letters)


def _flat(abstract: str) -> str:
    return abstract.replace("\n", " ")


def _same_people(written: tuple[Author, ...], read: tuple[Author, ...]) -> bool:
    """Whether the authors came back; a form of name that only the format added is none of theirs."""
    return written == read and all(a.name in ("", b.name) for a, b in zip(written, read, strict=True))


def _guarded(values: Mapping[str, Any]) -> str:
    """JSON in ASCII that no reader folds (two blanks) and no spreadsheet unescapes (``_x0041_``)."""
    packed = json.dumps(values, ensure_ascii=True, separators=(",", ":"))
    return packed.replace("  ", " \\u0020").replace("_x", "\\u005fx")


def _unpacked(carried: str) -> Mapping[str, Any]:
    packed = carried.removeprefix(MARK)
    try:
        plain = packed if packed.startswith("{") else base64.b64decode("".join(packed.split()), validate=True)
        values = json.loads(plain)
    except (ValueError, binascii.Error, RecursionError) as problem:
        raise Unreadable from problem
    if not isinstance(values, dict):
        raise Unreadable
    return values


def text(value: object) -> str:
    """``value`` as it is; raises Unreadable where it is no text."""
    if not isinstance(value, str):
        raise Unreadable
    try:
        value.encode()
    except UnicodeEncodeError as problem:  # half a surrogate pair, which no store keeps
        raise Unreadable from problem
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else text(value)


def _number_or_none(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):  # a bool is an int, and no year
        raise Unreadable
    return value


def texts(value: object) -> tuple[str, ...]:
    """A list of texts as a tuple; raises Unreadable where it is none."""
    if not isinstance(value, list):
        raise Unreadable
    return tuple(text(item) for item in value)


def _authors(value: object) -> tuple[Author, ...]:
    if not isinstance(value, list):
        raise Unreadable
    return tuple(_author(item) for item in value)


def _author(value: object) -> Author:
    match value:
        case [family, initials, bool(collective), name]:
            return Author(text(family), text(initials), collective, text(name))
    raise Unreadable


def _numbers(value: object) -> dict[Number, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise Unreadable
    try:
        return {Number(kind): texts(values) for kind, values in value.items()}
    except ValueError as problem:
        raise Unreadable from problem


_KINDS: Mapping[str, Callable[[object], object]] = {
    **dict.fromkeys(
        ("title", "title_given", "abstract", "date", "journal", "journal_short", "volume", "issue", "pages"),
        text,
    ),
    **dict.fromkeys(("doi", "pmid", "pmcid"), _text_or_none),
    **dict.fromkeys(("language", "publication_types", "keywords"), texts),
    "year": _number_or_none,
    "authors": _authors,
    "numbers": _numbers,
}
