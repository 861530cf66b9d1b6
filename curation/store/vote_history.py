"""Every vote there ever was, with the criteria it was cast under; and votes set aside because criteria changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from curation.model import Decision, Stage
from curation.store.connect import Change

# Votes (v) and resolutions (r) on the records of report ?1 at stage ?2 that nobody took back; quick in any store.
_OF_REPORT = (
    " {0}.stage = ?2 AND {0}.report_id IN (SELECT record_id FROM placement WHERE report_id = ?1 UNION SELECT ?1)"
    " AND (SELECT p.report_id FROM record_report p WHERE p.record_id = {0}.report_id) = ?1"
)


@dataclass(frozen=True, slots=True)
class VoteEvent:
    """A vote that came (``why`` is None) or went (why it did; empty: by its author's own undo).

    ``report`` is the one it counts for now, ``at`` the number of the change, ``criteria`` the number of the criteria
    in force when it was cast.
    """

    report: int
    at: int
    vote: int
    reviewer: str
    decision: Decision
    criteria: int
    why: str | None


@dataclass(frozen=True, slots=True)
class Deciding:
    """A standing vote or resolution: what it says of a report, and under which criteria it was made."""

    report: int
    resolution: bool
    decision: Decision
    reason: str | None
    criteria: int


def vote_events(sql: sqlite3.Connection, stage: Stage) -> Iterator[VoteEvent]:
    """What happened to every vote at a stage: report by report, in the order in which it happened."""
    number = _criteria(sql)
    rows = sql.execute(
        "WITH told AS (SELECT p.report_id, v.id, v.reviewer, v.decision, v.change_id, c.protocol_id, v.criteria FROM vote v"
        " JOIN change c ON c.id = v.change_id JOIN record_report p ON p.record_id = v.report_id WHERE v.stage = ?)"
        " SELECT report_id, change_id AS at, id, reviewer, decision, protocol_id, NULL AS why, criteria FROM told UNION ALL"
        " SELECT t.report_id, u.change_id, t.id, t.reviewer, t.decision, t.protocol_id, u.why, t.criteria"
        " FROM vote_undo u JOIN told t ON t.id = u.vote_id ORDER BY 1, 2, 3",
        (stage,),
    )
    return (
        VoteEvent(r[0], r[1], r[2], r[3], Decision(r[4]), r[7] or number.get(r[5], 1), r[6]) for r in rows
    )


def deciding(sql: sqlite3.Connection, stage: Stage) -> Iterator[Deciding]:
    """Every standing vote and resolution at a stage."""
    number = _criteria(sql)
    rows = sql.execute(
        "SELECT v.report_now, 0, v.decision, v.reason, c.protocol_id, v.criteria FROM vote_now v"
        " JOIN change c ON c.id = v.change_id WHERE v.stage = ?1 UNION ALL"
        " SELECT r.report_now, 1, r.decision, r.reason, c.protocol_id, NULL FROM resolution_now r"
        " JOIN change c ON c.id = r.change_id WHERE r.stage = ?1",
        (stage,),
    )
    return (Deciding(r[0], bool(r[1]), Decision(r[2]), r[3], r[5] or number.get(r[4], 1)) for r in rows)


def voted_on(sql: sqlite3.Connection, stage: Stage) -> set[int]:
    """Reports that somebody has ever voted on at a stage, taken back or not."""
    rows = sql.execute(
        "SELECT DISTINCT p.report_id FROM vote v JOIN record_report p ON p.record_id = v.report_id"
        " WHERE v.stage = ?",
        (stage,),
    )
    return {int(row[0]) for row in rows}


def set_aside(change: Change, report: int, stage: Stage, why: str) -> None:
    """Take back every vote and resolution on a report at a stage, by later rows that say why.

    Earlier votes of the same people too: with the newest gone, the one before it would stand again.
    """
    change.sql.execute(
        "INSERT INTO vote_undo (vote_id, change_id, why) SELECT v.id, ?3, ?4 FROM vote v"  # noqa: S608 - a letter
        f" WHERE {_OF_REPORT.format('v')} AND NOT EXISTS (SELECT 1 FROM vote_undo u WHERE u.vote_id = v.id)",
        (report, stage, change.id, why),
    )
    change.sql.execute(
        "INSERT INTO resolution_undo (resolution_id, change_id, why) SELECT r.id, ?3, ?4 FROM resolution r"  # noqa: S608 - a letter
        f" WHERE {_OF_REPORT.format('r')}"
        " AND NOT EXISTS (SELECT 1 FROM resolution_undo u WHERE u.resolution_id = r.id)",
        (report, stage, change.id, why),
    )


def _criteria(sql: sqlite3.Connection) -> dict[int, int]:
    """Number of the criteria in each version of the protocol."""
    rows = sql.execute("SELECT id, coalesce(json_extract(parsed, '$.criteria.number'), 1) FROM protocol")
    return {int(row[0]): int(row[1]) for row in rows}
