"""From the cells of a row to a citation: each value goes to its field, or stays in ``extra`` under its column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote

from curation import identifiers
from curation.model import Author, Citation, Number
from curation.sources.files.columns import Names, Table
from curation.sources.files.fields import date_of, isbns, issns, numbers_of, pages_of, trials
from curation.sources.files.known_columns import database_of
from curation.sources.files.prose import absent, abstract_of, title_of
from curation.sources.files.table_cells import Cells
from curation.sources.files.table_names import groups, items, people

_WHOLE = re.compile(r"(\d+)\.0")
_DASH = re.compile(r"\s*(?:-{1,3}|[‐‑–—−])\s*")
_MANGLED = re.compile(r"(\d{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d{1,2})(?: \(.*\))?")
_TAKEN_FOR_DATE = "(a spreadsheet may have taken a range of pages for a date)"
_DOI_IN_LINK = re.compile(r"doi(?:=|:|\.org/|/|%3A)+(10\.\d{4,9}(?:/|%2F)[^&\s?#;]+)", re.IGNORECASE)
_ISSN_IN_LINK = re.compile(r"[?&]issn=([\dX-]{8,9})\b")
_PMID_IN_LINK = re.compile(r"pubmed(?:\.ncbi\.nlm\.nih\.gov)?/([1-9]\d{0,7})\b")
_IEEE_NUMBER = re.compile(r"\barnumber=(\d+)")
_EID = re.compile(r"\b2-s2\.0-\d+\b")
_EMBASE = re.compile(r"\bL?(\d{6,12})\b")
_L_NUMBER = re.compile(r"\bL(\d{6,12})\b")
_WOS = re.compile(r"\bWOS:([A-Z\d]{10,})\b|^([A-Z\d]\d{12}[A-Z\d]{2})$")
_CENTRAL = re.compile(r"\bCN-\d{6,8}\b")
_PMID = re.compile(r"(?<![\d.])(?<!PMC)(?<!PMC )([1-9]\d{0,7})(?:\.0)?(?![\d.])", re.IGNORECASE)
_PMID_LABELLED = re.compile(r"\b(?:PMID|PUBMED|MEDLINE):?\s*([1-9]\d{0,7})\b", re.IGNORECASE)
_EMBASE_LINE = re.compile(
    r"(?P<journal>.+?) \((?P<year>(?:1[89]|20)\d\d)\)\s*(?P<volume>[^:(]*?)\s*(?::\s*(?P<issue>[^(]*?)\s*)?"
    r"(?:\((?P<pages>[^)]*)\))?(?:\.\s*Article Number: (?P<article>[^.\s]+))?\.?\s*"
    r"(?:Date of Publication: (?P<date>.*))?",
    re.DOTALL,
)
_PUBMED_LINE = re.compile(
    r"(?P<journal>[^.]+)\. (?P<date>(?P<year>(?:1[89]|20)\d\d)[^;:.]*)"
    r"(?:;(?P<volume>[^(:.;]*)(?:\((?P<issue>[^)]*)\))?)?(?::(?P<pages>[^.;]+))?\.",
)
_MANAGERS = frozenset({"", "asreview", "endnote", "rayyan", "zotero", "covidence"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What a row comes to: its citation, the source's own number (empty: none), the database it shows.

    ``identified`` is whether it has a title or any identifier.
    """

    citation: Citation
    accession: str
    origin: str
    identified: bool


def reading(cells: Cells, table: Table) -> Reading:
    """Citation of a row of a table."""
    line = _line_told(cells)
    title, title_given = title_of(cells.take("title"))
    numbers = _numbers(cells)
    doi, pmid, pmcid = _doi(cells), _pmid(cells), _pmcid(cells)
    year, date = _dates(cells, line)
    accession, origin = _accession(cells, table), _origin(cells, table, numbers)
    citation = Citation(
        title=title,
        title_given=title_given,
        abstract=_abstract(cells),
        authors=_authors(cells, table.names),
        year=year,
        date=date,
        journal=_journal(cells) or line.get("journal", ""),
        journal_short=_text(cells, "journal_short"),
        volume=_text(cells, "volume") or line.get("volume", ""),
        issue=_text(cells, "issue") or line.get("issue", ""),
        pages=_pages(cells) or pages_of(_DASH.sub("-", line.get("pages", ""))) or line.get("article", ""),
        doi=doi,
        pmid=pmid,
        pmcid=pmcid,
        numbers=numbers,
        language=_listed(cells, "language"),
        publication_types=_listed(cells, "publication_types", commas=False),
        keywords=_listed(cells, "keywords", commas=table.names in {Names.ANY, Names.COMMAS}),
        extra=cells.rest(),
    )
    known = set(numbers) - {Number.ISSN, Number.ISBN}
    identified = bool(title or doi or pmid or pmcid or known or cells.number)
    return Reading(citation, accession, origin, identified)


def _line_told(cells: Cells) -> Mapping[str, str]:
    """What Embase's or PubMed's one line of journal, year, volume and pages tells."""
    for text in cells.see("source"):
        found = _EMBASE_LINE.fullmatch(text) or _PUBMED_LINE.match(text)
        if found is not None:
            return {name: value.strip() for name, value in found.groupdict().items() if value}
    return {}


def _text(cells: Cells, field: str) -> str:
    given = cells.take(field)
    if not given:
        return ""
    mangled = _MANGLED.fullmatch(given)
    if mangled is not None and field in {"volume", "issue"}:
        cells.keep(field, given)
        return mangled[1]
    return _whole(title_of(given)[0])


def _journal(cells: Cells) -> str:
    """Journal; for a registered trial CENTRAL gives the register's address in its place, which is kept as it is."""
    journal = _text(cells, "journal")
    if journal.startswith(("http://", "https://")):
        cells.keep("journal", journal)
        return ""
    return journal


def _abstract(cells: Cells) -> str:
    told = cells.see("abstract")
    if not told or absent(told[0]):
        return ""
    return abstract_of("\n\n".join(cells.take_column("abstract")))


def _authors(cells: Cells, names: Names) -> tuple[Author, ...]:
    """Authors and groups; the cell itself is kept where it names nobody, or ends before its last author.

    CENTRAL gives a registered trial its number as author.
    """
    told = cells.take_column("authors")
    found = tuple(person for value in told if not trials(value) for person in people(value, names))
    for value in told:
        if not found or trials(value) or value.endswith(("...", "…")):
            cells.keep("authors", value)
    return (*found, *(group for value in cells.take_column("group") for group in groups(value)))


def _dates(cells: Cells, line: Mapping[str, str]) -> tuple[int | None, str]:
    """Year and date. A cell stays in ``extra`` when it says more, or another thing, than what is understood of it."""
    year_told, day, month = cells.take("year"), cells.take("day"), cells.take("month")
    told = [year_told, *cells.see("date"), line.get("date", ""), line.get("year", "")]
    year, date = date_of(*filter(None, told))
    if year is not None and month and len(date) <= len("2024"):
        numeric = f"{year}-{_whole(month)}-{_whole(day)}".rstrip("-")
        date = date_of(str(year), numeric if _whole(month).isdigit() else f"{month} {day}")[1]
    parts = date.split("-")
    for field, given, place in (("year", year_told, 0), ("month", month, 1), ("day", day, 2)):
        understood = len(parts) > place and (place == 1 or _whole(given.rstrip("/")).zfill(2) == parts[place])
        if given and not understood:
            cells.keep(field, given)
    cells.take_if("date", lambda value: value in {date, str(year)})
    return year, date


def _whole(text: str) -> str:
    found = _WHOLE.fullmatch(text)
    return found[1] if found else text


def _pages(cells: Cells) -> str:
    given = cells.take("pages")
    mangled = _MANGLED.fullmatch(given)
    if mangled is not None:
        cells.keep("pages", given if given != mangled[1] else f"{given} {_TAKEN_FOR_DATE}")
        return mangled[1]
    pages = pages_of(_DASH.sub("-", _whole(given))) if given else ""
    if given and not pages:
        cells.keep("pages", given)
    if not pages and (start := cells.see("page_start")):
        end = cells.see("page_end")
        pages = pages_of(_whole(start[0]), _whole(end[0]) if end else "")
        if pages:
            cells.take("page_start")
            cells.take("page_end")
    return pages or _whole(cells.take("article_number"))


def _listed(cells: Cells, field: str, *, commas: bool = True) -> tuple[str, ...]:
    """Values of all columns of a field, each once."""
    found = [item for value in cells.see(field) for item in items(value, commas=commas)]
    cells.take_if(field, lambda _: True)
    return tuple(dict.fromkeys(found))


def _doi(cells: Cells) -> str | None:
    """DOI of its column, else the one that the record's links hold."""
    found = next(filter(None, map(identifiers.doi, cells.see("doi"))), None)
    if found is not None:
        cells.take_if("doi", lambda value: value.casefold().endswith(found) and " " not in value)
        return found
    in_links = {identifiers.doi(unquote(part)) for part in _found(_DOI_IN_LINK, cells.see("link"))} - {None}
    return in_links.pop() if len(in_links) == 1 else None


def _pmid(cells: Cells) -> str | None:
    """PubMed number of its column, else of an accession number or a link that says so."""
    for value in cells.see("pmid"):
        found = set(_PMID.findall(value))
        if len(found) == 1:
            number: str = found.pop()
            cells.take_if("pmid", {number, f"{number}.0"}.__contains__)
            return number
    told = set(_found(_PMID_LABELLED, [*cells.see("number"), *cells.see("wos")])) or set(
        _found(_PMID_IN_LINK, cells.see("link"))
    )
    return told.pop() if len(told) == 1 else None


def _pmcid(cells: Cells) -> str | None:
    told = [*cells.see("pmcid"), *(value for value in cells.see("number") if "PMC" in value)]
    found = next(filter(None, map(identifiers.pmcid, told)), None)
    cells.take_if("pmcid", lambda value: value == found)
    return found


def _numbers(cells: Cells) -> dict[Number, tuple[str, ...]]:
    """Identifiers of their own columns, of accession numbers told by their shape, and of Embase's links."""
    told, links = cells.see("number"), cells.see("link")
    serial = (*cells.see("issn"), *cells.see("isbn"))
    found = numbers_of(
        {
            Number.EMBASE: [*_found(_EMBASE, cells.see("embase")[:1]), *_found(_L_NUMBER, told)],
            Number.WOS: _found(_WOS, [*cells.see("wos"), *told]),
            Number.SCOPUS: _found(_EID, [*cells.see("scopus"), *told, *links]),
            Number.CENTRAL: _found(_CENTRAL, [*cells.see("central"), *told]),
            Number.TRIAL: trials(*cells.see("trial"), *cells.see("authors")),
            Number.ISSN: issns(*serial) or issns(*_found(_ISSN_IN_LINK, links)),
            Number.ISBN: isbns(*serial),
        }
    )
    for kind, field in _OWN_COLUMNS:
        known = set(found.get(kind, ()))
        if known:
            cells.take_if(field, partial(_covered, known))
    return found


_OWN_COLUMNS = (
    (Number.EMBASE, "embase"),
    (Number.WOS, "wos"),
    (Number.SCOPUS, "scopus"),
    (Number.CENTRAL, "central"),
    (Number.TRIAL, "trial"),
    (Number.ISSN, "issn"),
    (Number.ISSN, "isbn"),
    (Number.ISBN, "isbn"),
    (Number.ISBN, "issn"),
)


def _covered(known: set[str], value: str) -> bool:
    """Whether a cell says no more than the numbers understood of it."""
    bare = {_bare(number) for number in known}
    parts = map(_bare, re.split(r"[;,|\s]+", value))
    return all(
        part in bare or part.removeprefix("wos:") in bare or part.removeprefix("l") in bare
        for part in parts
        if part
    )


def _bare(number: str) -> str:
    return number.strip(" '\"[]").replace("-", "").casefold()


def _found(pattern: re.Pattern[str], texts: Iterable[str]) -> list[str]:
    hits = (hit for text in texts for hit in pattern.findall(text))
    return [hit if isinstance(hit, str) else "".join(hit) for hit in hits]


def _accession(cells: Cells, table: Table) -> str:
    """The source's own number; not one that a program counted from 1 in each of its files."""
    number = _whole(cells.number)
    if table.origin == "ieee" and not number:
        return next(iter(_found(_IEEE_NUMBER, cells.see("link"))), "")
    if table.origin == "openalex":
        return number.rpartition("/")[2]
    return "" if cells.counted else number


def _origin(cells: Cells, table: Table, numbers: Mapping[Number, tuple[str, ...]]) -> str:
    """The database of the table, or of a column that names it; for a table of a program what its numbers show."""
    if table.origin not in _MANAGERS:
        return table.origin
    named = next(filter(None, map(database_of, cells.see("database"))), "")
    shown = next((origin for kind, origin in _SHOWN if kind in numbers), "")
    return named or shown or table.origin


_SHOWN = (
    (Number.SCOPUS, "scopus"),
    (Number.WOS, "wos"),
    (Number.CENTRAL, "central"),
    (Number.EMBASE, "embase"),
)
