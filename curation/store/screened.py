"""What a reviewer has decided: their own standing votes, in the order in which they were cast."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from curation.model import Decision, Stage


@dataclass(frozen=True, slots=True)
class Own:
    """A standing vote of the reviewer who asks."""

    report: int
    decision: Decision
    reason: str | None
    note: str
    milliseconds: int | None
    secondary: tuple[str, ...]


_OWN = (
    "SELECT p.report_id, v.decision, v.reason, v.note, v.milliseconds, v.secondary, v.id"
    " FROM vote v JOIN record_report p ON p.record_id = v.report_id"
    " WHERE v.reviewer = ?1 AND v.stage = ?2 AND NOT EXISTS (SELECT 1 FROM vote_undo u WHERE u.vote_id = v.id)"
)


def own_votes(sql: sqlite3.Connection, reviewer: str, stage: Stage) -> Iterator[Own]:
    """The newest standing vote on each report, oldest first."""
    newest = {row[0]: row for row in sql.execute(f"{_OWN} ORDER BY v.id", (reviewer, stage))}
    return (_own(row) for row in sorted(newest.values(), key=lambda row: int(row[6])))


def own_vote(sql: sqlite3.Connection, reviewer: str, stage: Stage, report: int) -> Own | None:
    """The newest standing vote on one report."""
    row = sql.execute(
        f"{_OWN} AND v.report_id IN (SELECT record_id FROM placement WHERE report_id = ?3 UNION SELECT ?3)"  # noqa: S608 - our own text
        " AND p.report_id = ?3 ORDER BY v.id DESC LIMIT 1",
        (reviewer, stage, report),
    ).fetchone()
    return _own(row) if row else None


def own_resolutions(sql: sqlite3.Connection, reviewer: str) -> Iterator[Own]:
    """Resolutions in force that the reviewer signed, oldest first."""
    rows = sql.execute(
        "SELECT r.report_now, r.decision, r.reason, r.note, NULL, '[]', r.id FROM resolution_now r"
        " WHERE EXISTS (SELECT 1 FROM json_each(r.signed_by) s WHERE s.value = ?) ORDER BY r.id",
        (reviewer,),
    )
    return (_own(row) for row in rows)


def _own(row: sqlite3.Row) -> Own:
    report, decision, reason, note, milliseconds, secondary, _ = row
    return Own(report, Decision(decision), reason, note, milliseconds, tuple(json.loads(secondary)))


def titles(sql: sqlite3.Connection, reports: list[int]) -> dict[int, str]:
    """Titles of reports, by their first record."""
    found: dict[int, str] = {}
    for start in range(0, len(reports), 500):  # bound values in one query
        part = reports[start : start + 500]
        marks = ",".join("?" * len(part))
        query = f"SELECT record_id, title FROM revision_now WHERE record_id IN ({marks})"  # noqa: S608 - question marks only
        found.update((row[0], row[1]) for row in sql.execute(query, part))
    return found
