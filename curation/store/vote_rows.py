"""Every vote ever cast, a row each, with what became of it; and which review a store is."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from curation.model import Decision, Stage


class Standing(StrEnum):
    """What became of a vote: it counts, its author voted again since, or took it back."""

    STANDING = "standing"
    SUPERSEDED = "superseded"
    TAKEN_BACK = "taken back"


@dataclass(frozen=True, slots=True)
class VoteRow:
    """A vote as it was cast, under the number that its report bears now.

    ``at`` is the time of its change (UTC, ISO 8601), ``criteria`` the number of the eligibility criteria then in
    force (None: cast before there was a protocol), ``milliseconds`` the time on the screen (None: not measured),
    ``how`` the command that stored it.
    """

    id: int
    uid: str
    report: int
    stage: Stage
    reviewer: str
    decision: Decision
    reason: str | None
    secondary: tuple[str, ...]
    note: str
    at: str
    criteria: int | None
    milliseconds: int | None
    standing: Standing
    how: str


_ROWS = """
SELECT v.id, v.uid, p.report_id, v.stage, v.reviewer, v.decision, v.reason, v.secondary, v.note, coalesce(v.cast_at, c.at),
       coalesce(v.criteria, iif(c.protocol_id IS NULL, NULL, coalesce(t.parsed ->> '$.criteria.number', 1))),
       v.milliseconds,
       CASE WHEN u.vote_id IS NOT NULL THEN 'taken back' WHEN n.id IS NULL THEN 'superseded' ELSE 'standing' END,
       c.command
FROM vote v
JOIN record_report p ON p.record_id = v.report_id
JOIN change c ON c.id = v.change_id
LEFT JOIN protocol t ON t.id = c.protocol_id
LEFT JOIN vote_undo u ON u.vote_id = v.id
LEFT JOIN vote_now n ON n.id = v.id
"""


def all_rows(sql: sqlite3.Connection) -> Iterator[VoteRow]:
    """Every vote, in the order in which they were stored."""
    return (_row(row) for row in sql.execute(f"{_ROWS} ORDER BY v.id"))


def rows_of(sql: sqlite3.Connection, reviewer: str) -> Iterator[VoteRow]:
    """Every vote of one reviewer, in the order in which they were stored."""
    return (_row(row) for row in sql.execute(f"{_ROWS} WHERE v.reviewer = ? ORDER BY v.id", (reviewer,)))


def owner_of(sql: sqlite3.Connection, uid: str) -> str | None:
    """Whose vote stands under this id; None where there is none."""
    row = sql.execute("SELECT reviewer FROM vote WHERE uid = ?", (uid,)).fetchone()
    return str(row[0]) if row else None


MarkKey = tuple[int, Stage, str, str]  # report, stage, kind, and the value of a tag (empty for other kinds)


def mark_histories(sql: sqlite3.Connection, reviewer: str) -> dict[MarkKey, tuple[tuple[str, bool], ...]]:
    """What a reviewer ever marked: value and whether it was put on or taken off, in order, of each thing marked."""
    rows = sql.execute(
        "SELECT p.report_id, m.stage, m.kind, m.value, m.standing FROM mark m"
        " JOIN record_report p ON p.record_id = m.report_id WHERE m.reviewer = ? ORDER BY m.id",
        (reviewer,),
    )
    found: dict[MarkKey, list[tuple[str, bool]]] = defaultdict(list)
    for report, stage, kind, value, standing in rows:
        key = (report, Stage(stage), kind, value if kind == "tag" else "")
        found[key].append((value, bool(standing)))
    return {key: tuple(said) for key, said in found.items()}


def identity(sql: sqlite3.Connection) -> str:
    """Twelve letters and digits that tell this review from others: made of its first protocol and of when that was kept."""
    row = sql.execute(
        "SELECT t.sha256, c.at FROM protocol t JOIN change c ON c.id = t.change_id ORDER BY t.id LIMIT 1"
    ).fetchone()
    return hashlib.sha256(f"{row[0]} {row[1]}".encode()).hexdigest()[:12] if row else ""


def _row(row: sqlite3.Row) -> VoteRow:
    number, uid, report, stage, reviewer, decision, reason, secondary, note, at, *more = row
    criteria, milliseconds, standing, how = more
    return VoteRow(
        id=number,
        uid=uid,
        report=report,
        stage=Stage(stage),
        reviewer=reviewer,
        decision=Decision(decision),
        reason=reason,
        secondary=tuple(json.loads(secondary)),
        note=note,
        at=at,
        criteria=criteria,
        milliseconds=milliseconds,
        standing=Standing(standing),
        how=how,
    )
