"""Open work: who is to read which report next. Derived from votes and records; the queue tables may be changed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from curation.model import Stage

_PART = 500  # bound values in one query; SQLite's default limit was 999 in old builds


class Slot(NamedTuple):
    """One report in one reviewer's queue; ``lane`` is one of ``screening.queue.Lane``."""

    reviewer: str
    stage: Stage
    lane: int
    place: int
    report: int


def next_report(sql: sqlite3.Connection, reviewer: str, stage: Stage) -> int | None:
    """The report that a reviewer is to read now; one look into an index, however long the queue."""
    row = sql.execute(
        "SELECT report_id FROM queue WHERE reviewer = ? AND stage = ? ORDER BY lane, place, report_id LIMIT 1",
        (reviewer, stage),
    ).fetchone()
    return int(row[0]) if row else None


def next_reports(sql: sqlite3.Connection, reviewer: str, stage: Stage, limit: int) -> list[int]:
    """The next ``limit`` reports of a reviewer, in order."""
    rows = sql.execute(
        "SELECT report_id FROM queue WHERE reviewer = ? AND stage = ? ORDER BY lane, place, report_id LIMIT ?",
        (reviewer, stage, limit),
    )
    return [int(row[0]) for row in rows]


def waiting(sql: sqlite3.Connection, reviewer: str, stage: Stage) -> int:
    """How many reports wait for a reviewer."""
    row = sql.execute(
        "SELECT count(*) FROM queue WHERE reviewer = ? AND stage = ?", (reviewer, stage)
    ).fetchone()
    return int(row[0])


def next_conflicts(sql: sqlite3.Connection) -> Iterator[tuple[int, Stage]]:
    """Reports in conflict with their stage, oldest first, title/abstract before full text."""
    rows = sql.execute("SELECT report_id, stage FROM conflict_open ORDER BY stage, report_id")
    return ((int(report), Stage(stage)) for report, stage in rows)


def slots_of(sql: sqlite3.Connection, report: int) -> list[Slot]:
    """Where a report stands in the queues."""
    rows = sql.execute(
        "SELECT reviewer, stage, lane, place, report_id FROM queue WHERE report_id = ?", (report,)
    )
    return [_slot(row) for row in rows]


def all_slots(sql: sqlite3.Connection) -> Iterator[Slot]:
    """Every place in every queue."""
    return (_slot(row) for row in sql.execute("SELECT reviewer, stage, lane, place, report_id FROM queue"))


def _slot(row: sqlite3.Row) -> Slot:
    return Slot(row[0], Stage(row[1]), row[2], row[3], row[4])


def change_slots(sql: sqlite3.Connection, gone: Iterable[Slot], come: Iterable[Slot]) -> None:
    """Take places away and give new ones."""
    sql.executemany(
        "DELETE FROM queue WHERE reviewer = ? AND stage = ? AND lane = ? AND place = ? AND report_id = ?",
        gone,
    )
    sql.executemany(
        "INSERT INTO queue (reviewer, stage, lane, place, report_id) VALUES (?, ?, ?, ?, ?)", come
    )


def all_conflicts(sql: sqlite3.Connection) -> set[tuple[int, Stage]]:
    """Every report in conflict, with its stage."""
    return set(next_conflicts(sql))


def change_conflicts(
    sql: sqlite3.Connection, gone: Iterable[tuple[int, Stage]], come: Iterable[tuple[int, Stage]]
) -> None:
    """Note which reports are in conflict no more, and which are now."""
    sql.executemany("DELETE FROM conflict_open WHERE report_id = ? AND stage = ?", gone)
    sql.executemany("INSERT OR IGNORE INTO conflict_open (report_id, stage) VALUES (?, ?)", come)


def conflicts_of(sql: sqlite3.Connection, report: int) -> set[tuple[int, Stage]]:
    """Stages at which a report is noted to be in conflict."""
    rows = sql.execute("SELECT report_id, stage FROM conflict_open WHERE report_id = ?", (report,))
    return {(int(row[0]), Stage(row[1])) for row in rows}


# What is to be worked out anew -----------------------------------------------------------------------------------


def due(sql: sqlite3.Connection, limit: int) -> list[int]:
    """Numbers of records about whose reports something was written since, at most ``limit``."""
    return [int(row[0]) for row in sql.execute("SELECT report_id FROM queue_due LIMIT ?", (limit,))]


def done(sql: sqlite3.Connection, records: Collection[int]) -> None:
    """Note that the queue is right about these records."""
    sql.executemany("DELETE FROM queue_due WHERE report_id = ?", ((record,) for record in records))


def all_done(sql: sqlite3.Connection, rules: str) -> None:
    """Note that the whole queue is right, under rules of this hash."""
    sql.execute("DELETE FROM queue_due")
    sql.execute(
        "INSERT INTO queue_rules VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET sha256 = ?1", (rules,)
    )


def rules(sql: sqlite3.Connection) -> str:
    """Hash of the rules under which the queue was made; empty before the first time."""
    row = sql.execute("SELECT sha256 FROM queue_rules").fetchone()
    return str(row[0]) if row else ""


def without_abstract(sql: sqlite3.Connection) -> set[int]:
    """Reports of which no record has an abstract."""
    rows = sql.execute(
        "SELECT p.report_id FROM record_report p JOIN revision_now v ON v.record_id = p.record_id"
        " GROUP BY p.report_id HAVING max(v.abstract <> '') = 0"
    )
    return {int(row[0]) for row in rows}


def has_abstract(sql: sqlite3.Connection, report: int) -> bool:
    """Whether a record of the report has an abstract."""
    row = sql.execute(
        "SELECT max(v.abstract <> '') FROM revision_now v WHERE v.record_id IN"
        " (SELECT record_id FROM placement WHERE report_id = ?1 UNION SELECT ?1)"
        " AND (SELECT p.report_id FROM record_report p WHERE p.record_id = v.record_id) = ?1",
        (report,),
    ).fetchone()
    return bool(row[0])


# Order -----------------------------------------------------------------------------------------------------------


def newest_ranking(sql: sqlite3.Connection, reviewer: str, stage: Stage) -> int | None:
    """Number of the reviewer's newest ranking at a stage, or None."""
    row = sql.execute(
        "SELECT max(id) FROM ranking WHERE reviewer = ? AND stage = ?", (reviewer, stage)
    ).fetchone()
    return None if row[0] is None else int(row[0])


def slots_in(sql: sqlite3.Connection, reviewer: str, stage: Stage, reports: Sequence[int]) -> Iterator[Slot]:
    """Where those of ``reports`` that are open for a reviewer stand."""
    for begin in range(0, len(reports), _PART):
        part = reports[begin : begin + _PART]
        rows = sql.execute(
            "SELECT reviewer, stage, lane, place, report_id FROM queue WHERE reviewer = ? AND stage = ?"  # noqa: S608 - question marks only
            f" AND report_id IN ({','.join('?' * len(part))})",
            (reviewer, stage, *part),
        ).fetchall()
        yield from map(_slot, rows)


def pilots(sql: sqlite3.Connection, stage: Stage) -> dict[int, tuple[int, frozenset[str], int]]:
    """Number and reviewers of the open calibration round at a stage, by each report in it, with its place there."""
    rows = sql.execute(
        "SELECT c.number, c.reviewers, p.report_id, j.key FROM calibration c, json_each(c.reports) j"
        " JOIN record_report p ON p.record_id = j.value"
        " WHERE c.stage = ? AND NOT EXISTS"
        " (SELECT 1 FROM calibration_event e WHERE e.calibration_id = c.id AND e.kind = 'closed')",
        (stage,),
    )
    return {row[2]: (row[0], frozenset(json.loads(row[1])), row[3]) for row in rows}
