"""Notices about records (retractions, corrections, ...) and what people decided on them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from curation.errors import Usage
from curation.store.connect import Change


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """A notice that no person has decided on yet; ``report`` is the number the record's report bears now."""

    id: int
    record: int
    report: int
    kind: str
    reference: str
    source: str
    title: str


def add(change: Change, record: int, said: Iterable[tuple[str, str]], source: str, run_id: int | None) -> int:
    """Keep notices (kind, reference) of a record; known ones are not raised again. Gives how many are new."""
    before = change.sql.total_changes
    change.sql.executemany(
        "INSERT INTO notice (record_id, kind, reference, source, run_id, change_id) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        ((record, kind, reference, source, run_id, change.id) for kind, reference in said),
    )
    return change.sql.total_changes - before


def kinds_of(sql: sqlite3.Connection, record: int, *, besides: str) -> frozenset[str]:
    """Kinds of notice that sources other than ``besides`` have told of a record."""
    rows = sql.execute(
        "SELECT DISTINCT kind FROM notice WHERE record_id = ? AND source <> ?", (record, besides)
    )
    return frozenset(row[0] for row in rows)


def undecided(sql: sqlite3.Connection) -> tuple[StoredNotice, ...]:
    """Every notice that waits for a decision, oldest first."""
    rows = sql.execute(
        "SELECT n.id, n.record_id, n.report_now, n.kind, n.reference, n.source, v.title"
        " FROM notice_open n JOIN revision_now v ON v.record_id = n.record_id ORDER BY n.id"
    )
    return tuple(StoredNotice(*row) for row in rows)


def by_report(sql: sqlite3.Connection) -> set[tuple[int, str, str]]:
    """Report, kind and reference of every notice that was ever raised, decided on or not."""
    rows = sql.execute(
        "SELECT p.report_id, n.kind, n.reference FROM notice n JOIN record_report p ON p.record_id = n.record_id"
    )
    return {tuple(row) for row in rows}


def decide(change: Change, notice: int, note: str) -> None:
    """Keep what a person decided on a notice.

    Raises Usage when there is no such notice.
    """
    if change.sql.execute("SELECT 1 FROM notice WHERE id = ?", (notice,)).fetchone() is None:
        message = f"there is no notice {notice}; livrev check notices lists them"
        raise Usage(message)
    change.sql.execute(
        "INSERT INTO notice_decision (notice_id, note, by, change_id) VALUES (?, ?, ?, ?)",
        (notice, note, change.stamp.by, change.id),
    )
