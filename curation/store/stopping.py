"""Tests of whether ranked screening may stop, what people then decided, and when each report was screened."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from curation.model import Stage
from curation.store.connect import Change


@dataclass(frozen=True, slots=True)
class NewCheck:
    """A test to be kept; ``order_sha256`` is of the reports and labels in the order of screening."""

    total: int
    screened: int
    found: int
    target: float
    confidence: float
    p: float
    advice: str
    order_sha256: str


@dataclass(frozen=True, slots=True)
class StoredCheck:
    """A test that was made, and when."""

    id: int
    total: int
    screened: int
    found: int
    target: float
    confidence: float
    p: float
    advice: str
    at: str


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """What somebody decided on a check: ``stopped`` or ``reopened``."""

    check: int
    kind: str
    note: str
    by: str
    at: str


class FirstVote(NamedTuple):
    """A reviewer's first vote on a report that was not taken back; later changes of mind leave its moment."""

    report: int
    reviewer: str
    change: int
    id: int


class Began(NamedTuple):
    """When the first vote of a screening was cast, and the protocol in force then as JSON."""

    at: str
    protocol: str


_CHECK = (
    "SELECT k.id, k.total, k.screened, k.found, k.target, k.confidence, k.p, k.advice, c.at FROM stop_check k"
    " JOIN change c ON c.id = k.change_id"
)


def add_check(change: Change, check: NewCheck) -> int:
    """Keep a test. Gives its number."""
    row = change.sql.execute(
        "INSERT INTO stop_check (total, screened, found, target, confidence, p, advice, order_sha256, change_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            check.total,
            check.screened,
            check.found,
            check.target,
            check.confidence,
            check.p,
            check.advice,
            check.order_sha256,
            change.id,
        ),
    )
    return row.lastrowid or 0


def check(sql: sqlite3.Connection, number: int) -> StoredCheck:
    """The test with this number."""
    return StoredCheck(*sql.execute(f"{_CHECK} WHERE k.id = ?", (number,)).fetchone())


def newest_check(sql: sqlite3.Connection) -> StoredCheck | None:
    """The newest test, or None."""
    row = sql.execute(f"{_CHECK} ORDER BY k.id DESC LIMIT 1").fetchone()
    return StoredCheck(*row) if row else None


def add_decision(change: Change, number: int, kind: str, note: str) -> None:
    """Keep what the person who makes the change decided on a test."""
    change.sql.execute(
        "INSERT INTO stop_decision (check_id, kind, note, by, change_id) VALUES (?, ?, ?, ?, ?)",
        (number, kind, note, change.stamp.by, change.id),
    )


def newest_decision(sql: sqlite3.Connection) -> StoredDecision | None:
    """The newest decision, or None."""
    row = sql.execute(
        "SELECT d.check_id, d.kind, d.note, d.by, c.at FROM stop_decision d JOIN change c ON c.id = d.change_id"
        " ORDER BY d.id DESC LIMIT 1"
    ).fetchone()
    return StoredDecision(*row) if row else None


def first_votes(sql: sqlite3.Connection, stage: Stage) -> list[FirstVote]:
    """Every reviewer's first vote on every report at a stage, in the order in which they were cast."""
    rows = sql.execute(
        "SELECT report_now, reviewer, min(change_id), min(id) FROM vote_live WHERE stage = ?"
        " GROUP BY report_now, reviewer ORDER BY 4",
        (stage,),
    )
    return [FirstVote(*row) for row in rows]


def resolved_in(sql: sqlite3.Connection, stage: Stage) -> dict[int, int]:
    """The change in which each report that has a resolution at a stage got it."""
    return dict(
        sql.execute("SELECT report_now, change_id FROM resolution_now WHERE stage = ?", (stage,)).fetchall()
    )


def began(sql: sqlite3.Connection, stage: Stage, rounds: Collection[int]) -> Began | None:
    """When the reports of some rounds came to be screened: their first vote, also where it was taken back; or None."""
    row = sql.execute(
        "SELECT c.at, o.parsed FROM vote v"  # noqa: S608 - question marks only
        " JOIN record_report p ON p.record_id = v.report_id"
        " JOIN record r ON r.id = p.report_id"
        " JOIN search_run s ON s.id = r.run_id"
        " JOIN round n ON n.id = s.round_id"
        " JOIN change c ON c.id = v.change_id"
        " JOIN protocol o ON o.id = c.protocol_id"
        f" WHERE v.stage = ? AND n.number IN ({','.join('?' * len(rounds))}) ORDER BY v.id LIMIT 1",
        (stage, *rounds),
    ).fetchone()
    return Began(*row) if row else None
