"""RIS as databases and reference managers really write it.

Which lines are tags is ``ris_lines``' to say, what a source means by them ``ris_sources``'. Here they become a
citation: what it expresses is taken out of the record's fields, everything else stays in ``extra``, verbatim.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from curation.model import Author, Citation, SourceRecord
from curation.sources.files.decode import Document, Outcome, RefusedRecord
from curation.sources.files.fields import (
    Fields,
    absent,
    abstract_of,
    authors_of,
    date_of,
    folded,
    keywords_of,
    pages_of,
    plain,
    title_of,
)
from curation.sources.files.formats import Wanted
from curation.sources.files.ris_lines import Draft, drafts
from curation.sources.files.ris_sources import Numbers, accession, numbers, origin, stated
from curation.sources.files.spool import digest

RAW_FORMAT = "ris"
_CUT = "; the file seems to be cut off here"
_VOLUME = re.compile(r"^(?:(?:v|vol|volume)\.?\s*)+(?=\d)", re.IGNORECASE)
_ARTICLE_NUMBER = re.compile(r"(?:UNSP|ARTN|Artn|Art\. ?No\.?)?\s*([A-Za-z]{0,6}[\d.-]*\d[\w.-]*)")
_NOTHING = frozenset({"nan", "na", "n/a", "none"})  # what tables write for an empty cell
# Zotero takes Ovid's M1, the library's number of the journal, for the issue: "uj0, 0330500".
_JOURNAL_NUMBER = re.compile(r"(?:\w{3}, )?\d{7,9}(?:, \w{3})?")
_ISO_LIKE = re.compile(r"(\d{4})/(\d\d)?/?(\d\d)?/*(?:undefined)?")
_SERIAL = re.compile(
    r"\d[\d-]{6,16}[\dXx]|\b(?:e?issn|p?isbn|print|printed|electronic|online|linking)\b|[(),;:/\\\s]",
    re.IGNORECASE,
)
_SUBJECT_CLASS = re.compile(r".*\[\d{4}\]")
_TYPES = {
    "JOUR": "Journal Article",
    "EJOUR": "Journal Article",
    "JFULL": "Journal",
    "MGZN": "Magazine Article",
    "NEWS": "Newspaper Article",
    "ABST": "Abstract",
    "CONF": "Conference Proceedings",
    "CPAPER": "Conference Paper",
    "THES": "Thesis",
    "BOOK": "Book",
    "EBOOK": "Book",
    "EDBOOK": "Book",
    "CHAP": "Book Section",
    "ECHAP": "Book Section",
    "RPRT": "Report",
    "UNPB": "Unpublished",
    "INPR": "In Press",
    "PAT": "Patent",
    "DATA": "Dataset",
    "COMP": "Computer Program",
    "STAT": "Statute",
    "BLOG": "Blog",
}
_NUMBERED = ("DO", "AN", "ID", "U1", "U2", "C2", "C3", "C5", "L3", "M3")
_DATES = ("PY", "Y1", "YR", "DA")
_SHORT_JOURNALS = ("JA", "J2", "J1", "JI", "JO", "J9")
_NO_TYPE = frozenset({"GEN", "ELEC", "WEB", "ICOMM", "SER", "MISC"})
_ZOTERO_NOTE = re.compile(r"\bsecondary-title: ([^<]+)")


def read(document: Document, wanted: Wanted) -> Iterator[Outcome]:  # noqa: ARG001 - every reader is asked the same way
    """Every record of a RIS file; refused are those with neither title nor identifier, and those without TY."""
    for draft in drafts(document.lines()):
        if draft.opened:
            yield _record(draft)
        elif draft.cut:
            yield RefusedRecord(draft.line, f"the beginning of a record{_CUT}", draft.raw, outside=True)
        else:
            reason = "fields outside a record: no TY line before them"
            yield RefusedRecord(draft.line, reason, draft.raw, outside=True)


def _record(draft: Draft) -> Outcome:
    tags = [tag for tag, _ in draft.fields if tag != "ER"]
    # EndNote ends a record with its own count; others begin with the number of the database.
    private = tags[-1] == "ID" and "ST" in tags
    fields = Fields(draft.pairs())
    named = bool(fields.see("AN", "ID", "U2"))
    known = numbers(fields)
    own = accession(fields, known, private=private)
    came_from = origin(fields, known, private=private)
    cited = citation(fields, known, came_from)
    if not (cited.title or known.doi or known.pmid or known.pmcid or own or named):
        return RefusedRecord(
            draft.line, f"neither title nor identifier{_CUT if draft.cut else ''}", draft.raw
        )
    raw = draft.raw
    return SourceRecord(own or digest(raw), raw, RAW_FORMAT, cited, came_from)


def citation(fields: Fields, known: Numbers, came_from: str) -> Citation:
    """Citation of a record's fields, under RIS' tags; what it expresses is taken out of them."""
    title, title_given = title_of(fields.take_first("TI", "T1", "CT", "ST", "BT", "TT"))
    year, date = _date(fields)
    authors = _authors(fields, came_from)
    abstract = _abstract(fields)
    journal, journal_short = _journals(fields)
    types = _types(fields)
    pages = _pages(fields)
    volume = _VOLUME.sub("", _short_value(fields, "VL", "VO"))
    issue = "" if came_from == "ovid-medline" and _is_journal_number(fields) else _short_value(fields, "IS")
    _take_stated(fields, known, title)
    return Citation(
        title=title,
        title_given=title_given,
        abstract=abstract,
        authors=authors,
        year=year,
        date=date,
        journal=journal,
        journal_short=journal_short,
        volume=volume,
        issue=issue,
        pages=pages,
        doi=known.doi,
        pmid=known.pmid,
        pmcid=known.pmcid,
        numbers=known.others,
        language=tuple(dict.fromkeys(map(folded, fields.take_all("LA")))),
        publication_types=types,
        keywords=keywords_of(fields.take_all("KW")),
        extra=fields.rest(),
    )


def _take_stated(fields: Fields, known: Numbers, title: str) -> None:
    """Take out what the citation says already: numbers, a short title or first title that is the title."""
    every = known.all()
    if every:
        fields.take_where(_NUMBERED, lambda value: stated(value, every))
    fields.take_where(("SN",), lambda value: _serials(value, every))
    fields.take_where(("ST", "T1"), _same_as(title))


def _short_value(fields: Fields, *tags: str) -> str:
    """Volume or issue; a repeated one (IEEE writes VO and VL) is taken once."""
    first = "".join(fields.see(*tags)[:1])
    if first.casefold() in _NOTHING:
        return ""
    fields.take_where(tags, first.__eq__)
    return folded(plain(first))


def _is_journal_number(fields: Fields) -> bool:
    return any(map(_JOURNAL_NUMBER.fullmatch, fields.see("IS")))


def _serials(value: str, known: frozenset[str]) -> bool:
    """Whether a value is ISSNs and ISBNs of the record and no more: ``0964-6906 (Print)0964-6906``."""
    if _SERIAL.sub("", value):
        return False
    found = re.findall(r"\d[\d-]{6,16}[\dXx]", value)
    return all({n, n.replace("-", ""), f"{n[:4]}-{n[4:]}"} & known for n in map(str.lower, found))


def _same_as(text: str) -> Callable[[str], bool]:
    small = text.casefold()
    return lambda value: folded(plain(value)).casefold() == small


def _abstract(fields: Fields) -> str:
    """The first text that is one; EBSCO's second AB is the notice of the publisher."""
    for tag in ("AB", "N2"):
        for value in fields.see(tag):
            if not absent(value):
                fields.take_value(tag, value)
                return abstract_of(value)
    return ""


def _authors(fields: Fields, came_from: str) -> tuple[Author, ...]:
    """Authors of AU, else A1. CENTRAL names the number of a register's record as its author."""
    persons = authors_of(fields.take_all("AU")) or authors_of(fields.take_all("A1"))
    groups = _groups(fields, persons) if came_from == "wos" else ()
    return (*(a for a in persons if not _is_trial(a.family)), *groups)


def _groups(fields: Fields, persons: tuple[Author, ...]) -> tuple[Author, ...]:
    """Groups that Web of Science names in A1 beside AU, where it also repeats a book's authors."""
    named = [(value, authors_of((value,))) for value in fields.see("A1")]
    groups = {value: authors[0] for value, authors in named if len(authors) == 1 and not authors[0].initials}
    said = {value for value, authors in named if all(author in persons for author in authors)}
    fields.take_where(("A1",), lambda value: value in groups or value in said)
    return tuple(Author(group.family, collective=True) for group in groups.values())


def _is_trial(name: str) -> bool:
    return (
        re.fullmatch(r"NCT\d{8}|ISRCTN\d{8}|EUCTR[\d-]+\w*|ACTRN\d{14}|DRKS\d{8}|ChiCTR[-\w]*\d", name)
        is not None
    )


def _date(fields: Fields) -> tuple[int | None, str]:
    year, date = date_of(*fields.see(*_DATES))
    if year is None:
        return date_of(*fields.see("C6"))  # Web of Science: when it appeared ahead of print
    fields.take_where(_DATES, lambda value: _says(value, year, date))
    return year, date


def _says(value: str, year: int, date: str) -> bool:
    """Whether a value is the year, or the whole of the date as known: ``2014/09//``."""
    bare = value.strip(" /")
    if bare == str(year):
        return True
    found = _ISO_LIKE.fullmatch(value.strip())
    return bare == date or (found is not None and date.startswith("-".join(filter(None, found.groups()))))


def _journals(fields: Fields) -> tuple[str, str]:
    """Journal in full and short; what repeats either is taken out."""
    register = next((name for name in fields.see("JA") if name.startswith("http")), "")
    if register:  # CENTRAL prints the page of the trial where the journal stands
        fields.take_value("JA", register)
        return register, ""
    # T2 after JF: Embase.com writes the title in its own language into T2, where all others write the journal.
    given = fields.take_first(
        "JF", *(() if _is_embase(fields) else ("T2",)), "JO", "BT", "JA", "J2", "J1", "JI", "J9"
    )
    full = folded(plain(given)) or _noted_journal(fields)
    if not full:
        return "", ""
    fields.take_where(("T2", "JF", *_SHORT_JOURNALS), _same_as(full))
    short = folded(plain(fields.take_first(*_SHORT_JOURNALS)))
    if short:
        fields.take_where(_SHORT_JOURNALS, _same_as(short))
    return full, short


def _is_embase(fields: Fields) -> bool:
    return any(re.fullmatch(r"L\d+", number) for number in fields.see("U2"))


def _noted_journal(fields: Fields) -> str:
    """Journal of a note of Zotero's, which lists the fields it has no place for."""
    return next((found[1].strip() for note in fields.see("N1") if (found := _ZOTERO_NOTE.search(note))), "")


def _pages(fields: Fields) -> str:
    start, end = "".join(fields.see("SP")[:1]), "".join(fields.see("EP")[:1])
    pages = pages_of(start, end)
    if pages:
        fields.take_first("SP")
        fields.take_first("EP")
        return pages
    for value in () if start else fields.see("C7"):  # Scopus and Web of Science: an article without pages
        if (found := _ARTICLE_NUMBER.fullmatch(value)) is not None:
            fields.take_value("C7", value)
            return found[1]
    return ""


def _types(fields: Fields) -> tuple[str, ...]:
    """What the source calls the publication, else what its kind of record is in words. TY itself stays."""
    named = [value for value in fields.see("M3", "PT") if not value.startswith(("10.", "http", "doi:"))]
    kinds = [
        value for value in named if _SUBJECT_CLASS.fullmatch(value) is None
    ]  # PsycINFO classes subjects in M3
    fields.take_where(("M3", "PT"), kinds.__contains__)
    if kinds:
        return tuple(dict.fromkeys(map(folded, kinds)))
    code = folded("".join(fields.see("TY")[:1]))
    if not code or code.upper() in _NO_TYPE:
        return ()
    return (_TYPES.get(code.upper(), code),)
