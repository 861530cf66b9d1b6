"""Records and their revisions: raw payload as received, fields as normalised."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from curation.errors import Usage
from curation.model import Author, Citation, Number, SourceRecord
from curation.store.connect import Change


@dataclass(frozen=True, slots=True)
class ReportHead:
    """A report by the fields of its first record, as lists of reports show it."""

    report: int
    title: str
    abstract: str
    authors: tuple[Author, ...]
    year: int | None
    journal: str
    doi: str | None
    pmid: str | None
    source: str
    round: int

    @property
    def label(self) -> str:
        """``Hu et al. 2024``."""
        first = self.authors[0].family if self.authors else "No author"
        more = " et al." if len(self.authors) > 1 else ""
        return f"{first}{more} {self.year or 'n.d.'}"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A record in the form that the store keeps: everything worked out that needs no store."""

    accession: str
    raw_sha256: str
    columns: tuple[object, ...]


def prepared(record: SourceRecord) -> Prepared:
    """Work out the columns of a record; may run in another thread while the store writes."""
    c = record.citation
    raw_sha256 = hashlib.sha256(record.raw).hexdigest()
    columns = (
        c.title,
        c.abstract,
        _json([[a.family, a.initials, a.collective, a.name] for a in c.authors]),
        c.year,
        c.journal,
        c.volume,
        c.issue,
        c.pages,
        c.doi,
        c.pmid,
        c.pmcid,
        _json(c.language),
        _json(c.publication_types),
        _json(c.keywords),
        _json({tag: list(values) for tag, values in c.extra.items()}),
        c.title_given,
        c.date,
        c.journal_short,
        _json({kind: list(values) for kind, values in c.numbers.items()}),
        zlib.compress(record.raw, 6),
        record.raw_format,
        raw_sha256,
    )
    return Prepared(record.accession, raw_sha256, columns)


_REVISION = (
    "INSERT INTO revision (record_id, number, title, abstract, authors, year, journal, volume, issue, pages, doi,"
    " pmid, pmcid, language, publication_types, keywords, extra, title_given, date, journal_short, numbers,"
    " raw, raw_format, raw_sha256, run_id, change_id)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def add(change: Change, run_id: int, source_id: int, records: Iterable[SourceRecord | Prepared]) -> list[int]:
    """Take in records a source has not delivered before; gives their ids in order."""
    rows = [record if isinstance(record, Prepared) else prepared(record) for record in records]
    begin = int(change.sql.execute("SELECT coalesce(max(id), 0) + 1 FROM record").fetchone()[0])
    ids = list(range(begin, begin + len(rows)))  # the transaction holds the store: nobody else counts on
    change.sql.executemany(
        "INSERT INTO record (id, source_id, accession, run_id, change_id) VALUES (?, ?, ?, ?, ?)",
        ((i, source_id, row.accession, run_id, change.id) for i, row in zip(ids, rows, strict=True)),
    )
    change.sql.executemany(
        _REVISION,
        ((i, 1, *row.columns, run_id, change.id) for i, row in zip(ids, rows, strict=True)),
    )
    return ids


def revise(change: Change, run_id: int, record_id: int, record: SourceRecord | Prepared) -> bool:
    """Keep a later version of a known record where its bytes differ from the newest one; whether they did."""
    new = record if isinstance(record, Prepared) else prepared(record)
    row = change.sql.execute(
        "SELECT number, raw_sha256 FROM revision WHERE record_id = ? ORDER BY number DESC LIMIT 1",
        (record_id,),
    ).fetchone()
    if row["raw_sha256"] == new.raw_sha256:
        return False
    change.sql.execute(_REVISION, (record_id, row["number"] + 1, *new.columns, run_id, change.id))
    return True


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def raw(sql: sqlite3.Connection, record_id: int) -> bytes:
    """The newest payload of a record, as received."""
    row = sql.execute(
        "SELECT raw FROM revision WHERE record_id = ? ORDER BY number DESC LIMIT 1", (record_id,)
    ).fetchone()
    return zlib.decompress(row["raw"])


def citations(sql: sqlite3.Connection, record_ids: Iterable[int]) -> dict[int, Citation]:
    """Newest fields of the given records, by record id."""
    wanted = list(record_ids)
    found: dict[int, Citation] = {}
    for start in range(0, len(wanted), 500):  # SQLite's default limit of bound values is 999 in old builds
        part = wanted[start : start + 500]
        marks = ",".join("?" * len(part))
        for row in sql.execute(f"SELECT * FROM revision_now WHERE record_id IN ({marks})", part):  # noqa: S608 - question marks only
            found[row["record_id"]] = _citation(row)
    return found


def glances(sql: sqlite3.Connection, record_ids: Iterable[int]) -> dict[int, Citation]:
    """Newest title, volume, pages and identifiers of the given records, nothing else: a third of the time."""
    wanted = list(record_ids)
    found: dict[int, Citation] = {}
    for start in range(0, len(wanted), 500):  # see citations
        part = wanted[start : start + 500]
        query = (
            "SELECT record_id, title, title_given, volume, pages, doi, pmid, pmcid, numbers FROM revision_now"  # noqa: S608 - question marks only
            f" WHERE record_id IN ({','.join('?' * len(part))})"
        )
        found.update((row["record_id"], _glance(row)) for row in sql.execute(query, part))
    return found


def _glance(row: sqlite3.Row) -> Citation:
    return Citation(
        title=row["title"],
        title_given=row["title_given"],
        volume=row["volume"],
        pages=row["pages"],
        doi=row["doi"],
        pmid=row["pmid"],
        pmcid=row["pmcid"],
        numbers=_numbers(row["numbers"]),
    )


def _citation(row: sqlite3.Row) -> Citation:
    return Citation(
        title=row["title"],
        abstract=row["abstract"],
        authors=_authors(row["authors"]),
        year=row["year"],
        journal=row["journal"],
        volume=row["volume"],
        issue=row["issue"],
        pages=row["pages"],
        doi=row["doi"],
        pmid=row["pmid"],
        pmcid=row["pmcid"],
        language=tuple(json.loads(row["language"])),
        publication_types=tuple(json.loads(row["publication_types"])),
        keywords=tuple(json.loads(row["keywords"])),
        extra={tag: tuple(values) for tag, values in json.loads(row["extra"]).items()},
        title_given=row["title_given"],
        date=row["date"],
        journal_short=row["journal_short"],
        numbers=_numbers(row["numbers"]),
    )


def _numbers(text: str) -> dict[Number, tuple[str, ...]]:
    return {Number(kind): tuple(values) for kind, values in json.loads(text).items()}


def _authors(text: str) -> tuple[Author, ...]:
    return tuple(Author(*given) for given in json.loads(text))


_HEAD = """
SELECT r.id, v.title, v.abstract, v.authors, v.year, v.journal, v.doi, v.pmid, t.name, n.number
FROM record r
JOIN revision_now v ON v.record_id = r.id
JOIN search_run s ON s.id = r.run_id
JOIN strategy t ON t.id = s.strategy_id
JOIN round n ON n.id = s.round_id
"""


def head(sql: sqlite3.Connection, report: int) -> ReportHead:
    """The report with this number, by its first record.

    Raises Usage when there is no such report, or when the number is a duplicate's.
    """
    row = sql.execute(f"{_HEAD} WHERE r.id = ?", (report,)).fetchone()
    if row is None:
        message = f"there is no report R{report}; livrev status lists what waits"
        raise Usage(message)
    now = sql.execute("SELECT report_id FROM record_report WHERE record_id = ?", (report,)).fetchone()[0]
    if now != report:
        message = f"R{report} is a duplicate of R{now}; use R{now}"
        raise Usage(message)
    return _head(row)


def heads(sql: sqlite3.Connection, reports: Iterable[int]) -> dict[int, ReportHead]:
    """Heads of several reports, by number."""
    return {report: head(sql, report) for report in reports}


def _head(row: sqlite3.Row) -> ReportHead:
    number, title, abstract, authors, year, journal, doi, pmid, source, in_round = row
    return ReportHead(number, title, abstract, _authors(authors), year, journal, doi, pmid, source, in_round)


def report_of(sql: sqlite3.Connection, record_id: int) -> int:
    """Number of the report a record belongs to now."""
    row = sql.execute("SELECT report_id FROM record_report WHERE record_id = ?", (record_id,)).fetchone()
    if row is None:
        message = f"there is no record {record_id}"
        raise Usage(message)
    return int(row[0])


@dataclass(frozen=True, slots=True)
class Named:
    """The numbers a record goes by: its source's own, PubMed's, and its report's."""

    record: int
    report: int
    source: int
    accession: str
    pmid: str | None


def named(sql: sqlite3.Connection) -> Iterator[Named]:
    """Numbers of every record."""
    rows = sql.execute(
        "SELECT r.id, p.report_id, r.source_id, r.accession, v.pmid FROM record r"
        " JOIN record_report p ON p.record_id = r.id JOIN revision_now v ON v.record_id = r.id ORDER BY r.id"
    )
    return (Named(*row) for row in rows)


def by_identifier(sql: sqlite3.Connection, text: str) -> int | None:
    """Report of the record with this DOI, PMID or accession number; None when there is none."""
    row = sql.execute(
        "SELECT p.report_id FROM revision_now v JOIN record r ON r.id = v.record_id"
        " JOIN record_report p ON p.record_id = r.id"
        " WHERE v.doi = lower(?1) OR v.pmid = ?1 OR r.accession = ?1 ORDER BY p.report_id LIMIT 1",
        (text,),
    ).fetchone()
    return int(row[0]) if row else None
