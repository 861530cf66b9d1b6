"""A reviewer's own tags, notes, flags and skips: rows that are only added.

Seen by nobody else, but for the notes on a report in conflict, which a consensus lays beside the votes.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal

from curation.model import Stage
from curation.store.connect import Change

Kind = Literal["tag", "note", "flag", "skip"]


@dataclass(frozen=True, slots=True)
class Marks:
    """What a reviewer noted on a report at a stage; ``skipped`` counts how often they put it off."""

    tags: tuple[str, ...] = ()
    note: str = ""
    flagged: bool = False
    skipped: int = 0


def add(
    change: Change, report: int, stage: Stage, kind: Kind, value: str = "", *, standing: bool = True
) -> None:
    """Keep a mark of the person who writes, or its withdrawal."""
    change.sql.execute(
        "INSERT INTO mark (report_id, stage, reviewer, kind, value, standing, change_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (report, stage, change.stamp.by, kind, value, int(standing), change.id),
    )


def of(sql: sqlite3.Connection, report: int, stage: Stage, reviewer: str) -> Marks:
    """A reviewer's marks on a report, and on the records that have joined it."""
    rows = sql.execute(
        "SELECT m.kind, m.value FROM mark_now m"
        " WHERE m.report_id IN (SELECT record_id FROM placement WHERE report_id = ?1 UNION SELECT ?1)"
        " AND (SELECT p.report_id FROM record_report p WHERE p.record_id = m.report_id) = ?1"
        " AND m.stage = ?2 AND m.reviewer = ?3 ORDER BY m.id",
        (report, stage, reviewer),
    ).fetchall()
    skipped = sql.execute(
        "SELECT count(*) FROM mark WHERE report_id = ? AND stage = ? AND reviewer = ? AND kind = 'skip'",
        (report, stage, reviewer),
    ).fetchone()[0]
    notes = [value for kind, value in rows if kind == "note"]
    return Marks(
        tuple(dict.fromkeys(value for kind, value in rows if kind == "tag")),
        notes[-1] if notes else "",
        any(kind == "flag" for kind, _ in rows),
        skipped,
    )


def skips(sql: sqlite3.Connection, stage: Stage, report: int | None = None) -> dict[tuple[int, str], int]:
    """Number of the latest skip of each report (or of one) by each reviewer."""
    rows = sql.execute(
        "SELECT p.report_id, m.reviewer, max(m.id) FROM mark_now m"
        " JOIN record_report p ON p.record_id = m.report_id"
        " WHERE m.kind = 'skip' AND m.stage = ?1 AND (?2 IS NULL OR m.report_id IN"
        " (SELECT record_id FROM placement WHERE report_id = ?2 UNION SELECT ?2))"
        " GROUP BY p.report_id, m.reviewer",
        (stage, report),
    )
    return {(row[0], row[1]): row[2] for row in rows}


def tags(sql: sqlite3.Connection, reviewer: str) -> tuple[str, ...]:
    """Tags a reviewer has used, the newest first."""
    rows = sql.execute(
        "SELECT value FROM mark WHERE reviewer = ? AND kind = 'tag' GROUP BY value ORDER BY max(id) DESC",
        (reviewer,),
    )
    return tuple(row[0] for row in rows)
