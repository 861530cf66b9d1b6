"""MEDLINE text as PubMed exports it (nbib): ``Bio.Medline`` behind a repair of what it stumbles over.

Bio.Medline merges records that no blank line parts, and takes the wrapped lines of some fields for fields of
their own; here each record is cut out first and its wrapped lines are joined.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from Bio import Medline

from curation import identifiers
from curation.model import Author, Citation, SourceRecord
from curation.sources.files.decode import Parsed, RefusedRecord, Text
from curation.sources.files.ris import author
from curation.sources.pubmed_xml import expanded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

RAW_FORMAT = "nbib"
OPENER = re.compile(r"^PMID-", re.MULTILINE)

_TAG = re.compile(r"(?=.{4}-)[A-Z][A-Z0-9]* *-(?: |$)")
_NUMBER = re.compile(r"^PMID-[ \t]*\d", re.MULTILINE)
_DOI = re.compile(r"(\S+) \[doi\]")
_YEAR = re.compile(r"(?<!\d)(1[5-9]|20)\d\d(?!\d)")
_NO_TITLE = frozenset({"", "[Not Available]."})
_PLACED = frozenset({"PMID", "TI", "AB", "AU", "CN", "JT", "VI", "IP", "PG", "PMC", "LA", "PT"})

Block = tuple[int, list[str]]

# Bio.Medline declares no types.
_parse: Callable[[list[str]], Iterable[dict[str, str | list[str]]]] = Medline.parse


def read(text: Text) -> Parsed:
    """Every record of a MEDLINE text; refused are those without a number, and continuations of nothing."""
    records, refused = [], []
    for line, lines in _blocks(text.lines):
        outcome = _record(line, lines)
        if isinstance(outcome, SourceRecord):
            records.append(outcome)
        else:
            refused.append(outcome)
    return Parsed(tuple(records), tuple(refused), len(OPENER.findall(text.content)))


def _blocks(lines: list[str]) -> Iterator[Block]:
    """Lines of each record with the number of its first. A record begins at its PMID, or after a blank line.

    A part behind a blank line that has neither number nor title of its own belongs to the record before.
    """
    block: Block | None = None
    for part in _parts(lines):
        own = any(line.startswith(("PMID-", "TI  -")) for line in part[1])
        if block is not None and not own:
            block[1].extend(part[1])
            continue
        if block is not None:
            yield block
        block = part
    if block is not None:
        yield block


def _parts(lines: list[str]) -> Iterator[Block]:
    """Cut at blank lines, and before a PMID that is not the first of its part; text before any tag is left."""
    part: Block | None = None
    for number, line in enumerate(lines, 1):
        if part is not None and (
            not line.strip() or (line.startswith("PMID-") and not _awaits_number(part[1]))
        ):
            yield part
            part = None
        if part is not None:
            part[1].append(line)
        elif _TAG.match(line) or (line.startswith("      ") and line.strip()):
            part = (number, [line])
    if part is not None:
        yield part


def _awaits_number(lines: list[str]) -> bool:
    """Whether the fields so far may stand before a PMID (PubMed Central writes its own number first)."""
    return _TAG.match(lines[0]) is not None and not any(line.startswith("PMID-") for line in lines)


def _record(line: int, lines: list[str]) -> SourceRecord | RefusedRecord:
    raw = "\n".join(lines).rstrip()
    if not _TAG.match(lines[0]):
        return RefusedRecord(line, "a continuation with no field before it", raw.encode())
    if not _NUMBER.search(raw):
        return RefusedRecord(line, "no PMID", raw.encode())
    [found] = _parse(_joined(lines))
    citation = _citation({tag: _values(value) for tag, value in found.items()})
    if citation.pmid is None:
        return RefusedRecord(line, "its PMID is not a number", raw.encode())
    return SourceRecord(citation.pmid, raw.encode(), RAW_FORMAT, citation)


def _joined(lines: list[str]) -> list[str]:
    """Each field on one line: anything that does not begin a field continues the one before."""
    joined: list[str] = []
    for line in lines:
        if _TAG.match(line):
            joined.append(line.rstrip())
        else:
            joined[-1] = f"{joined[-1]} {line.strip()}"
    return joined


def _values(value: str | list[str]) -> tuple[str, ...]:
    values = (value,) if isinstance(value, str) else tuple(value)
    return tuple(v.strip() for v in values if v.strip())


def _citation(fields: Mapping[str, tuple[str, ...]]) -> Citation:
    def first(*tags: str) -> str:
        return next((value for tag in tags for value in fields.get(tag, ())), "")

    title = first("TI", "BTI")
    dated = _YEAR.search(first("DP"))
    headings = tuple(term.split("/")[0].strip("*") for term in fields.get("MH", ()))
    words = tuple(term.removeprefix("*") for term in fields.get("OT", ()))
    return Citation(
        title=first("TT") or title if title in _NO_TITLE else title,
        abstract=first("AB"),
        authors=_authors(fields),
        year=int(dated.group()) if dated else None,
        journal=first("JT", "TA"),
        volume=first("VI"),
        issue=first("IP"),
        pages=expanded(first("PG")),
        doi=_doi(fields),
        pmid=identifiers.pmid(first("PMID")),
        pmcid=identifiers.pmcid(first("PMC")),
        language=fields.get("LA", ()),
        publication_types=fields.get("PT", ()),
        keywords=tuple(dict.fromkeys((*headings, *words))),
        extra={tag: values for tag, values in fields.items() if tag not in _PLACED and values},
    )


def _authors(fields: Mapping[str, tuple[str, ...]]) -> tuple[Author, ...]:
    """Persons, then groups (CN): Bio.Medline does not keep the order between the two."""
    people = fields.get("AU") or fields.get("FAU", ())
    groups = (Author(name, collective=True) for name in fields.get("CN", ()))
    return (*(author(name) for name in people), *groups)


def _doi(fields: Mapping[str, tuple[str, ...]]) -> str | None:
    places = " ".join((*fields.get("LID", ()), *fields.get("AID", ())))
    return next(filter(None, (identifiers.doi(found[1]) for found in _DOI.finditer(places))), None)
