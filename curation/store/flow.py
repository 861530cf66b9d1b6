"""What the PRISMA flow reads: every record with its source, round and report."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from curation.model import SourceKind


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One record. ``removed`` is ``automation`` or ``other`` where it was taken out before screening."""

    record: int
    report: int
    source: str
    kind: SourceKind
    round: int
    removed: str | None


def record_rows(sql: sqlite3.Connection) -> Iterator[RecordRow]:
    """Every record, in the order of its arrival."""
    rows = sql.execute(
        "SELECT r.id, p.report_id, t.name, t.kind, n.number, m.cause"
        " FROM record r"
        " JOIN record_report p ON p.record_id = r.id"
        " JOIN search_run s ON s.id = r.run_id"
        " JOIN strategy t ON t.id = s.strategy_id"
        " JOIN round n ON n.id = s.round_id"
        " LEFT JOIN removal_now m ON m.record_id = r.id"
        " ORDER BY r.id"
    )
    return (RecordRow(r[0], r[1], r[2], SourceKind(r[3]), r[4], r[5]) for r in rows)


def record_row(sql: sqlite3.Connection, record: int) -> RecordRow | None:
    """One record, or None."""
    row = sql.execute(
        "SELECT r.id, p.report_id, t.name, t.kind, n.number, m.cause"
        " FROM record r"
        " JOIN record_report p ON p.record_id = r.id"
        " JOIN search_run s ON s.id = r.run_id"
        " JOIN strategy t ON t.id = s.strategy_id"
        " JOIN round n ON n.id = s.round_id"
        " LEFT JOIN removal_now m ON m.record_id = r.id"
        " WHERE r.id = ?",
        (record,),
    ).fetchone()
    return RecordRow(row[0], row[1], row[2], SourceKind(row[3]), row[4], row[5]) if row else None


def searched_sources(sql: sqlite3.Connection, rounds: frozenset[int]) -> list[tuple[str, SourceKind]]:
    """Names and kinds of the sources searched in the given rounds, whether or not they found anything."""
    rows = sql.execute(
        "SELECT DISTINCT t.name, t.kind, n.number, t.source_id FROM search_run s"
        " JOIN strategy t ON t.id = s.strategy_id JOIN round n ON n.id = s.round_id ORDER BY t.source_id"
    )
    return list(dict.fromkeys((name, SourceKind(kind)) for name, kind, number, _ in rows if number in rounds))
