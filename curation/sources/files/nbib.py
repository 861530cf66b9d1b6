"""MEDLINE text as PubMed exports it (nbib): ``Bio.Medline`` behind a repair of what it stumbles over.

Bio.Medline merges records that no blank line parts, runs repeated fields together, takes the wrapped lines of
some fields for fields of their own and does not keep groups (CN) among the persons; so each record is cut out
first, its wrapped lines are joined, its values marked, and the order of its authors read from the lines.
PubMed Central and ERIC write the same format, some records without a PMID. Tags: NLM, "MEDLINE/PubMed Data
Element (Field) Descriptions".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from Bio import Medline

from curation import identifiers
from curation.model import Author, Citation, Number, SourceRecord
from curation.sources import notices
from curation.sources.files import nbib_lines
from curation.sources.files.decode import Document, Outcome, RefusedRecord
from curation.sources.files.fields import (
    Fields,
    absent,
    abstract_of,
    author,
    date_of,
    first_doi,
    folded,
    isbns,
    issns,
    numbers_of,
    pages_of,
    plain,
    title_of,
    trials,
)
from curation.sources.files.formats import Wanted
from curation.sources.files.nbib_lines import MARK, PMID, TAG, Block, blocks, repaired
from curation.sources.files.spool import digest

RAW_FORMAT = "nbib"
_NO_TITLE = frozenset({"", "[Not Available]."})
_DOI = re.compile(r"(\S+) \[doi\]")
_ARTICLE_NUMBER = re.compile(r"[A-Za-z]{0,4}\d{1,12}")
_IN_SOURCE = re.compile(r";[^:;]*:([A-Za-z]{0,6}\d[\w-]*)\.")
_TO_MONTH = re.compile(r"[-/][A-Z][a-z]{2}.*")
_SECTION = re.compile(r"(?:^|(?<=[.?!)\]%\"”;] ))([A-Z][A-Z /,&()-]{2,60}): ")
_SHORT_LABELS = frozenset(
    {"AIM", "AIMS", "CASE", "DESIGN", "FOCUS", "GOAL", "GOALS", "METHOD", "RESULT", "SCOPE"}
)
_ACRONYM = (
    6  # letters; a single word in capitals within an abstract is a label only when it is longer or well known
)
_WORD = re.compile(r"\w+")
_NAMES = ("AU", "FAU", "CN")
_NAME_LINES = ("AU  -", "FAU -", "CN  -")
_ERIC = re.compile(r"E[DJ]\d+")
_ISSN_KIND = re.compile(r"^E?ISSN-")
_NO_ABSTRACT = "Abstract available from the publisher"
_LINKED = re.compile(r"PMID: ?(\d{1,8})")
_LINKS = {
    "RIN": "RetractionIn",
    "ROF": "RetractionOf",
    "RRI": "RetractedandRepublishedIn",
    "EIN": "ErratumIn",
    "ECI": "ExpressionOfConcernIn",
    "CRI": "CorrectedandRepublishedIn",
    "RPI": "RepublishedIn",
    "UIN": "UpdateIn",
}

# Bio.Medline declares no types.
_parse: Callable[[Iterable[str]], Iterable[dict[str, str | list[str]]]] = Medline.parse


def read(document: Document, _wanted: Wanted) -> Iterator[Outcome]:
    """Every record of a MEDLINE text.

    Refused are records with neither title nor number, and what stands outside any: fields before the first
    PMID, a record of NLM's that has lost its PMID, and a last line that is the beginning of a PMID.
    """
    held: Block | None = None
    for block in blocks(document.lines()):
        if held is not None:
            yield _outcome(held)
        held = block
    if held is not None:
        yield from _last(held)


def openers(document: Document, _wanted: Wanted) -> int:
    """How many records begin, counted without the reader (``nbib_lines.openers``)."""
    return nbib_lines.openers(document.lines())


def _last(block: Block) -> Iterator[Outcome]:
    """The last record, which may be cut off."""
    *whole, tail = block.lines
    if block.cut and whole and (block.titled or not whole[-1].strip()):
        yield _outcome(Block(block.line, whole))
        reason = "the beginning of a record; the file seems cut off"
        yield RefusedRecord(block.line + len(whole), reason, tail.encode(), outside=True)
    elif block.opened and not block.titled and (block.cut or not whole or PMID.match(tail)):
        yield RefusedRecord(block.line, "nothing but a number; the file seems cut off", block.raw)
    else:
        yield _outcome(block, "; the file may be cut off")


def _outcome(block: Block, suspicion: str = "") -> Outcome:
    if not block.opened:
        headed = TAG.match(block.lines[0])
        reason = "fields before which no PMID stands" if headed else "a continuation with no field before it"
        return RefusedRecord(block.line, reason, block.raw, outside=True)
    lines = repaired(block.lines)
    [found] = _parse(lines)
    fields = Fields((tag, value) for tag, held in found.items() for value in _values(held))
    eric = next(filter(_ERIC.fullmatch, fields.see("OID")), "")
    citation = _citation(fields, _authors(lines))
    number = citation.pmid or citation.pmcid or eric
    if not (citation.title or citation.doi or number):
        return RefusedRecord(block.line, f"neither title nor identifier{suspicion}", block.raw)
    origin = "" if eric or "ERIC" in fields.see("OWN") else "pubmed"
    return SourceRecord(number or digest(block.raw), block.raw, RAW_FORMAT, citation, origin)


def _values(held: str | list[str]) -> list[str]:
    """Values of one tag as they stood in the record."""
    return (held if isinstance(held, str) else " ".join(held)).split(MARK)


def _authors(lines: Iterable[str]) -> tuple[Author, ...]:
    """Persons and groups in their order; a full name (FAU) stands before the short one it belongs to."""
    found: list[Author] = []
    full = ""
    for line in lines:
        if not line.startswith(_NAME_LINES) or not (name := folded(line[6:].rstrip(MARK))):
            continue
        tag = line[:4].rstrip()
        if tag == "AU":
            found.append(_person(name, full))
            full = ""
            continue
        if full:
            found.append(author(full))
        full = name if tag == "FAU" else ""
        if tag == "CN":
            found.append(Author(name, collective=True))
    return (*found, author(full)) if full else tuple(found)


def _person(short: str, full: str) -> Author:
    """``Roos YB`` of ``Roos, Yvo B``: the full name tells where the family name ends."""
    family = full.partition(",")[0]
    if family and short.startswith(f"{family} "):
        return Author(family, short.removeprefix(family).strip(), name=full)
    return replace(author(short), name=full) if full else author(short)


def _citation(fields: Fields, authors: tuple[Author, ...]) -> Citation:
    fields.take_all(*_NAMES)
    title, title_given = _title(fields)
    year, date = _date(fields)
    short = fields.take_first("TA")
    return Citation(
        title=title,
        title_given=title_given,
        abstract=_abstract(fields),
        authors=authors,
        year=year,
        date=date,
        journal=folded(fields.take_first("JT", "BTI") or short),
        journal_short=short,
        volume=fields.take_first("VI"),
        issue=fields.take_first("IP"),
        pages=_pages(fields),
        doi=_doi(fields),
        pmid=_pmid(fields),
        pmcid=_pmcid(fields),
        numbers=_numbers(fields),
        language=fields.take_all("LA"),
        publication_types=fields.take_all("PT"),
        keywords=_keywords(fields),
        extra={**fields.rest(), **_links(fields)},
    )


def _title(fields: Fields) -> tuple[str, str]:
    """Title, the vernacular one where PubMed has no other, the book's where no chapter has one."""
    title = fields.take_first("TI")
    if title in _NO_TITLE:
        title = fields.take_first("TT") or title or fields.take_first("BTI", "CTI")
    return title_of(title)


def _abstract(fields: Fields) -> str:
    """Abstract, else the first that is not the authors' own (other language, plain words)."""
    own = fields.see("AB")
    others = (value for value in fields.see("OAB") if _NO_ABSTRACT not in value)
    for tag, text in (*(("AB", text) for text in own), *(("OAB", text) for text in others)):
        if not absent(text):
            fields.take_value(tag, text)
            return _sections(text)
    return ""


def _sections(text: str) -> str:
    """Sections as lines. PubMed runs them together, each after its label in capitals (``METHODS: ``)."""
    if not _SECTION.match(text):
        return abstract_of(text)
    starts = [found.start() for found in _SECTION.finditer(text) if not found.start() or _labels(found[1])]
    pieces = (text[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True))
    return "\n".join(folded(plain(piece)).removeprefix("UNLABELLED: ") for piece in pieces)


def _labels(words: str) -> bool:
    """Whether words in capitals are a label, no acronym."""
    return " " in words or len(words) > _ACRONYM or words in _SHORT_LABELS


def _date(fields: Fields) -> tuple[int | None, str]:
    """Date of the issue, else that of the electronic publication (``20180330``)."""
    issue = fields.see("DP")
    electronic = tuple(f"{day[:4]}-{day[4:6]}-{day[6:]}" for day in fields.see("DEP"))
    year, date = date_of(_TO_MONTH.sub("", issue[0])) if issue else date_of(*electronic, *fields.see("YR"))
    parts = date.count("-") + 1
    fields.take_where(
        ("DP",),
        lambda value: date != "" and len(_WORD.findall(value)) == parts and date_of(value) == (year, date),
    )
    return year, date


def _pages(fields: Fields) -> str:
    """Pages, else the article's number, which PubMed writes among the locations."""
    given = next(filter(pages_of, fields.see("PG")), "")
    if given:
        fields.take_value("PG", given)
        return pages_of(given)
    number = next(filter(_ARTICLE_NUMBER.fullmatch, fields.see("LID")), "")
    if number:
        fields.take_value("LID", number)
        return number
    placed = next(filter(None, map(_IN_SOURCE.search, fields.see("SO"))), None)
    return pages_of(placed[1]) if placed else ""


def _doi(fields: Fields) -> str | None:
    places = fields.see("LID", "AID")
    marked = (found[1] for place in places for found in _DOI.finditer(place))
    doi = first_doi(*marked) or first_doi(*places, *fields.see("SO"))
    fields.take_where(("LID", "AID"), lambda value: value.removesuffix(" [doi]").lower() == doi)
    return doi


def _pmid(fields: Fields) -> str | None:
    """The first number; a value that is none, or more than one, stays."""
    pmid = next(filter(None, map(identifiers.pmid, fields.see("PMID"))), None)
    fields.take_where(("PMID",), lambda value: value == pmid)
    return pmid


def _pmcid(fields: Fields) -> str | None:
    given = (f"PMC{number}" if number.isdigit() else number for number in fields.see("PMC"))
    pmcid = next(filter(None, map(identifiers.pmcid, given)), None)
    fields.take_where(("PMC",), lambda value: pmcid in {value, f"PMC{value}"})
    return pmcid


def _numbers(fields: Fields) -> dict[Number, tuple[str, ...]]:
    """Serial, book and trial numbers; what a line says beside its number stays (``1234-5679 (Print)``)."""
    serials = issns(*(_ISSN_KIND.sub("", value) for value in fields.see("IS", "ISSN")))
    books = isbns(*fields.see("ISBN"))
    fields.take_where(
        ("IS", "ISSN", "ISBN"), lambda value: value in serials or value.replace("-", "") in books
    )
    return numbers_of({Number.ISSN: serials, Number.ISBN: books, Number.TRIAL: trials(*fields.see("SI"))})


def _keywords(fields: Fields) -> tuple[str, ...]:
    """Headings without qualifiers, then the authors' words; headings that have more stay as they are."""
    headings = (heading.split("/")[0].removeprefix("*") for heading in fields.see("MH"))
    words = tuple(dict.fromkeys((*headings, *(word.removeprefix("*") for word in fields.take_all("OT")))))
    fields.take_where(("MH",), lambda heading: heading in words)
    return words


def _links(fields: Fields) -> dict[str, tuple[str, ...]]:
    """Retractions, corrections and updates as ``curation.sources.notices`` reads them."""
    found = [
        f"{kind}:{number[1] if (number := _LINKED.search(value)) else ''}"
        for tag, kind in _LINKS.items()
        for value in fields.see(tag)
    ]
    return {notices.LINKS: tuple(found)} if found else {}
