"""Ovid text, tagged or with field names spelt out, of whichever database it comes from.

Field names and tags: Ovid's database field guides (MEDLINE, Embase, APA PsycInfo, CENTRAL, BIOSIS, Journals@Ovid).
A tag means the same in most of them; where it does not (UI, PM, ID, AN), the database decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import unquote

from curation import identifiers
from curation.model import Author, Citation, Number, SourceRecord
from curation.sources.files.decode import Document, Outcome, RefusedRecord
from curation.sources.files.fields import (
    Fields,
    abstract_of,
    author,
    date_of,
    first_doi,
    folded,
    isbns,
    issns,
    numbers_of,
    pages_of,
    split_names,
    title_of,
    trials,
)
from curation.sources.files.formats import Wanted
from curation.sources.files.ovid_lines import Block, blocks, pairs
from curation.sources.files.ovid_source import Source, source
from curation.sources.files.spool import digest

RAW_FORMAT = "ovid"

_TITLE = ("TI", "Title")
_ABSTRACT = ("AB", "Abstract")
_AUTHORS = ("AU", "Author", "Authors", "Author(s)")
_FULL_NAMES = ("FA", "Authors Full Name", "Author Full Name")
_GROUPS = ("CA", "Corporate Author", "Collective Name", "Group Author", "Institutional Author")
_JOURNAL = ("JN", "NJ", "JT", "Journal Name", "NLM Journal Name", "Journal", "Journal Title")
_SHORT = ("IO", "JA", "TA", "ISO Journal Abbreviation", "Journal Abbreviation", "Abbreviated Journal Name")
_VOLUME = ("VO", "VI", "VL", "Volume")
_ISSUE = ("IP", "Issue/Part", "Issue", "Issue Number")
_PAGES = ("PG", "Page", "Pages", "Pagination")
_YEAR = ("YR", "Year of Publication", "Publication Year", "Year")
_DATE = ("DP", "DG", "Date of Publication", "Publication Date")
_STATUS = ("ST", "Status")
_SOURCE = ("SO", "Source")
_DOI = ("DO", "DI", "Digital Object Identifier", "DOI Number", "DOI")
_OTHER_DOI = ("ID", "Article Identifier", "OI", "Other ID")
_ISSN = (
    "IS",
    "IL",
    "ES",
    "IT",
    "ISSN",
    "ISSN Print",
    "ISSN Electronic",
    "ISSN Linking",
    "Print ISSN",
    "Electronic ISSN",
)
_ISBN = ("IB", "ISBN")
_PMID = ("PM", "PMID", "PubMed ID", "PubMed Identifier", "Medline Accession Number", "MEDLINE PMID")
_PMCID = ("PMC", "PM", "PMC Identifier", "Other ID", "OI")
_ACCESSION = ("UI", "Unique Identifier", "AN", "Accession Number", "Embase Accession Number")
_TRIAL = ("CN", "SI", "NT", "Clinical Trial Number", "Secondary Source ID", "Trial Registration Number")
_HEADINGS = ("MH", "SH", "MeSH Subject Headings", "Subject Headings", "Emtree Heading", "Emtree Headings")
_KEYWORDS = ("KW", "Keyword Heading", "Author Keywords", "Keywords", "Key Words", "Key Concepts")
_LANGUAGE = ("LG", "LA", "Language")
_TYPES = ("PT", "DT", "Publication Type", "Document Type")
_DATABASE = ("DB", "Database", "Record Owner", "RO")
_LINKS = ("XL", "Link to the External Link Resolver", "Link to the Ovid Full Text or citation")

_ORIGINS = (
    ("embase", "ovid-embase"),
    ("psyc", "ovid-psycinfo"),
    ("central register", "central"),
    ("cctr", "central"),
    ("medline", "ovid-medline"),
    ("pubmed", "ovid-medline"),
    ("cab abstracts", "cab"),
    ("global health", "cab"),
    ("econlit", "econlit"),
    ("agris", "agris"),
)
_LINKED_BASE = re.compile(r"(?:sid=OVID:|[&?]D=)(med|emed|emez|psyc|cctr|econ|cab|agris)", re.IGNORECASE)
_LINKED_BASES = {
    "med": "ovid-medline",
    "emed": "ovid-embase",
    "emez": "ovid-embase",
    "psyc": "ovid-psycinfo",
    "cctr": "central",
    "econ": "econlit",
    "cab": "cab",
    "agris": "agris",
}
_IN_LINK = re.compile(r"[?&]id=(pmid|doi):([^&\s]+)")
_PUBMED = re.compile(r"(?<![A-Za-z\d])(\d{1,8})(?!\d)")
_KINDS = (
    "|Article|Review|Report|Miscellaneous|Editorial|Letter|Comment|Erratum|Abstract|Abstracts|References|News|Note|"
    "Correction|Case Report|Short Survey|Conference Abstract|Conference Paper|Biography|Interview|"
    r"Review Article|Original Article|Literature Review|\d+ refs?|"
    "Arabic|Bulgarian|Chinese|Croatian|Czech|Danish|Dutch|Finnish|French|German|Greek|Hebrew|Hungarian|Italian|"
    "Japanese|Korean|Norwegian|Persian|Polish|Portuguese|Romanian|Russian|Serbian|Slovak|Spanish|Swedish|Turkish|"
    "Ukrainian|Undetermined"
)
_KIND = re.compile(rf"(?<=[.?!\]\"”])(?:\s*\[(?:{_KINDS})\]\.?)+$")
_NOTE = re.compile(r"\s*\[[^\]]*\]")  # BIOSIS: [Author, Reprint Author; E-mail: ...]
_MARKS = re.compile(r"(?:\s+[\d,*+#]+)+$")  # Journals@Ovid: where the address of an author stands
_DEGREES = re.compile(
    r"(?:,?\s+(?:M\.?D|Ph\.?D|M\.?Sc|B\.?Sc|M\.?P\.?H|M\.?S|M\.?A|B\.?A|B\.?S|R\.?N|D\.?O|D\.?Phil|Dr\.?P\.?H|M\.?B\.?A|"
    r"M\.?B\.?B\.?S|D\.?D\.?S|D\.?V\.?M|Pharm\.?D|Sc\.?D|Ed\.?D|Psy\.?D|FACS[M]?|FACC|FRC[SP]C?|M\.?Phil)\.?(?=$|[,\s]))+$"
)
_STOP = re.compile(r"(?<=\w{2})\.$")
_QUALIFIER = re.compile(r"/[a-z]{2} \[.*$")
_NOBODY = frozenset({"Anonymous", "[Anonymous]", "Anonymous."})
_WORD = re.compile(r"\w+")


def read(document: Document, _wanted: Wanted) -> Iterator[Outcome]:
    """Every record of an Ovid text.

    Refused are records with neither title nor identifier, fields before which no opener stands, and a last line
    that is the beginning of a record.
    """
    held: Block | None = None
    for block in blocks(document.lines()):
        if isinstance(block, Block):
            if held is not None:
                yield _outcome(held)
            held = block
            continue
        if held is not None:
            yield _outcome(held)
            held = None
        yield RefusedRecord(block.line, block.reason, block.text.encode(), outside=True)
    if held is not None:
        yield _outcome(held, "; the file may be cut off")


def _outcome(block: Block, suspicion: str = "") -> Outcome:
    raw = block.text.encode()
    fields = Fields(pairs(block))
    origin = _origin(fields)
    number = _accession(fields)
    citation = _citation(fields, origin, number)
    if not (citation.title or citation.doi or citation.pmid or number):
        return RefusedRecord(block.line, f"neither title nor identifier{suspicion}", raw)
    return SourceRecord(number or digest(raw), raw, RAW_FORMAT, citation, origin)


def _origin(fields: Fields) -> str:
    """Database by its name, else by the links into it."""
    named = " ".join(fields.see(*_DATABASE)).lower()
    found = next((origin for name, origin in _ORIGINS if name in named), "")
    linked = _LINKED_BASE.search(" ".join(fields.see(*_LINKS))) if not named else None
    return _LINKED_BASES[linked[1].lower()] if linked else found


def _accession(fields: Fields) -> str:
    """Number in the database: of ``Peer Reviewed Journal: 2015-33942-012.`` what is behind the colon."""
    number = fields.take_first(*_ACCESSION)
    return number.rstrip(".").rpartition(": ")[2]


def _citation(fields: Fields, origin: str, number: str) -> Citation:
    title, title_given = _title(fields)
    parts = source(" ".join(fields.see(*_SOURCE)[:1]))
    year, date = _date(fields, parts)
    return Citation(
        title=title,
        title_given=title_given,
        abstract=abstract_of(fields.take_first(*_ABSTRACT).lstrip(": ")),
        authors=_authors(fields),
        year=year,
        date=date,
        journal=folded(fields.take_first(*_JOURNAL)) or parts.journal,
        journal_short=fields.take_first(*_SHORT),
        volume=fields.take_first(*_VOLUME) or parts.volume,
        issue=fields.take_first(*_ISSUE) or parts.issue,
        pages=_pages(fields) or pages_of(parts.pages),
        doi=_doi(fields),
        pmid=_pmid(fields, number if origin == "ovid-medline" else ""),
        pmcid=next(filter(None, map(identifiers.pmcid, fields.see(*_PMCID))), None),
        numbers=_numbers(fields, origin, number),
        language=_parted(fields, _LANGUAGE, re.compile("[;,]")),
        publication_types=_parted(fields, _TYPES, re.compile(r"(?<=\.)\s{2,}")),
        keywords=_keywords(fields, origin),
        extra=fields.rest(),
    )


def _title(fields: Fields) -> tuple[str, str]:
    """Title without the kind, the language or the number of references that some databases set behind it."""
    given = folded(fields.take_first(*_TITLE))
    title, _ = title_of(_KIND.sub("", given))
    return title, given if given != title else ""


def _authors(fields: Fields) -> tuple[Author, ...]:
    """Persons, with their full names where a field of their own gives as many, then groups."""
    short, full = _names(fields, _AUTHORS), _names(fields, _FULL_NAMES)
    if len(short) == len(full) or not short:
        fields.take_all(*_FULL_NAMES)
        persons = [replace(author(a), name=b) for a, b in zip(short or full, full, strict=True)]
    else:
        persons = list(map(author, short))
    groups = (Author(folded(name).rstrip("."), collective=True) for name in fields.take_all(*_GROUPS))
    return (*persons, *groups)


def _names(fields: Fields, tags: tuple[str, ...]) -> list[str]:
    """Names without degrees, footnote marks and notes; a value that has such stays in the fields as well."""
    given = [folded(name) for value in fields.see(*tags) for name in split_names(value) if name.strip()]
    names = [_bare(name) for name in given if name not in _NOBODY]
    fields.take_where(tags, lambda value: value not in _NOBODY and all(map(_is_bare, split_names(value))))
    return [name for name in names if name]


def _bare(name: str) -> str:
    name = _MARKS.sub("", _NOTE.sub("", name)).strip()
    if "," in name:
        family, _, given = name.partition(",")
        name = f"{family},{_DEGREES.sub('', given)}"
    return _STOP.sub("", name)


def _is_bare(name: str) -> bool:
    return _STOP.sub("", folded(name)) == _bare(folded(name))


def _date(fields: Fields, parts: Source) -> tuple[int | None, str]:
    year, date = date_of(*fields.see(*_YEAR)[:1], *fields.see(*_DATE), parts.date)
    if year is None:
        year, date = date_of(*(status for status in fields.see(*_STATUS) if "Ahead of Print" in status))
    fields.take_where(_YEAR, lambda value: value == str(year))
    known = date.count("-") + 1
    fields.take_where(
        _DATE,
        lambda value: date != "" and len(_WORD.findall(value)) == known and date_of(value) == (year, date),
    )
    return year, date


def _pages(fields: Fields) -> str:
    pages = pages_of(" ".join(fields.see(*_PAGES)[:1]))
    if pages:
        fields.take_first(*_PAGES)
    return pages


def _doi(fields: Fields) -> str | None:
    """DOI of its own field, of an article identifier, or of the link to the library."""
    linked = (unquote(number) for kind, number in _linked(fields) if kind == "doi")
    doi = first_doi(*fields.see(*_DOI)) or first_doi(*fields.see(*_OTHER_DOI), *linked)
    fields.take_where(_DOI, lambda value: doi is not None and value.lower().endswith(doi))
    return doi


def _pmid(fields: Fields, accession: str) -> str | None:
    """PubMed number: MEDLINE's own, or the one that another database gives (``28441597 [https://...]``)."""
    told = (
        found[1] for value in fields.see(*_PMID) if (found := _PUBMED.match(value.removeprefix("PUBMED ")))
    )
    linked = (number for kind, number in _linked(fields) if kind == "pmid")
    pmid = next(filter(None, map(identifiers.pmid, (accession, *told, *linked))), None)
    fields.take_where(_PMID, lambda value: value == pmid)
    return pmid


def _linked(fields: Fields) -> Iterable[tuple[str, str]]:
    return _IN_LINK.findall(" ".join(fields.see(*_LINKS)))


def _numbers(fields: Fields, origin: str, number: str) -> dict[Number, tuple[str, ...]]:
    serials, books = issns(*fields.see(*_ISSN)), isbns(*fields.see(*_ISBN))
    fields.take_where((*_ISSN, *_ISBN), lambda value: value in serials or value.replace("-", "") in books)
    own = (number.removeprefix("L"),) if number.removeprefix("L").isdigit() else ()
    return numbers_of(
        {
            Number.EMBASE: own if origin == "ovid-embase" else (),
            Number.CENTRAL: (number,) if number.startswith("CN-") else (),
            Number.TRIAL: trials(*fields.see(*_TRIAL)),
            Number.ISSN: serials,
            Number.ISBN: books,
        }
    )


def _keywords(fields: Fields, origin: str) -> tuple[str, ...]:
    """Headings without star and qualifier, then keywords. Headings that have more stay as they are."""
    headings = (_QUALIFIER.sub("", heading).removeprefix("*") for heading in fields.see(*_HEADINGS))
    words = [word.removeprefix("*") for word in _parted(fields, _KEYWORDS, re.compile(";"))]
    if origin == "ovid-psycinfo":
        words += _parted(fields, ("ID",), re.compile(", "))
    found = tuple(dict.fromkeys((*headings, *words)))
    fields.take_where(_HEADINGS, lambda heading: heading in found)
    return found


def _parted(fields: Fields, tags: tuple[str, ...], mark: re.Pattern[str]) -> tuple[str, ...]:
    """Values of the tags cut at a mark, each once, without the full stop at the end."""
    parts = (folded(part).rstrip(".") for value in fields.take_all(*tags) for part in mark.split(value))
    return tuple(dict.fromkeys(filter(None, parts)))
