"""Calibration rounds and what was noted in them: rows that are only added."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from curation.model import Stage
from curation.store.connect import Change


class Kind(StrEnum):
    """What can be noted in a round."""

    DISCUSSED = "discussed"
    AMENDMENT = "amendment"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Noted:
    """An event of a round; ``report`` is the one it is about now, None where it is about the whole round."""

    kind: Kind
    report: int | None
    note: str
    by: str


@dataclass(frozen=True, slots=True)
class NewCalibration:
    """A round to be kept. ``reports`` in the order to read them; ``likely`` are those taken for their score."""

    stage: Stage
    reports: Sequence[int]
    likely: Sequence[int]
    reviewers: Sequence[str]
    seed: int


@dataclass(frozen=True, slots=True)
class StoredCalibration:
    """A round with its events in order; reports by their present numbers (two that were joined are one)."""

    id: int
    number: int
    stage: Stage
    reports: tuple[int, ...]
    likely: frozenset[int]
    reviewers: tuple[str, ...]
    seed: int
    noted: tuple[Noted, ...]

    @property
    def closed(self) -> Noted | None:
        """The event that closed it, if it is closed."""
        return next((event for event in self.noted if event.kind is Kind.CLOSED), None)


@dataclass(frozen=True, slots=True)
class InPilot:
    """The newest round a report is in: whose votes it asks for, and whether it is open."""

    number: int
    reviewers: frozenset[str]
    open: bool


def add(change: Change, new: NewCalibration) -> int:
    """Keep a round. Gives its number."""
    number = next_number(change.sql)
    change.sql.execute(
        "INSERT INTO calibration (number, stage, reports, likely, reviewers, seed, change_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            new.stage,
            json.dumps([*new.reports]),
            json.dumps([*new.likely]),
            json.dumps([*new.reviewers]),
            new.seed,
            change.id,
        ),
    )
    return number


def next_number(sql: sqlite3.Connection) -> int:
    """Number of the next round; numbers run over both stages, so that one names one round."""
    return int(sql.execute("SELECT coalesce(max(number), 0) + 1 FROM calibration").fetchone()[0])


def note(change: Change, calibration_id: int, noted: Noted) -> None:
    """Keep an event of a round."""
    change.sql.execute(
        "INSERT INTO calibration_event (calibration_id, kind, report_id, note, by, change_id)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (calibration_id, noted.kind, noted.report, noted.note, noted.by, change.id),
    )


def calibrations(sql: sqlite3.Connection) -> tuple[StoredCalibration, ...]:
    """Every round, oldest first."""
    rows = sql.execute(
        "SELECT id, number, stage, likely, reviewers, seed FROM calibration ORDER BY id"
    ).fetchall()
    if not rows:
        return ()
    reports, events = _reports(sql), _events(sql)
    return tuple(
        StoredCalibration(
            id=row["id"],
            number=row["number"],
            stage=Stage(row["stage"]),
            reports=tuple(dict.fromkeys(reports[row["id"]].values())),
            likely=frozenset(reports[row["id"]][r] for r in json.loads(row["likely"])),
            reviewers=tuple(json.loads(row["reviewers"])),
            seed=row["seed"],
            noted=tuple(events[row["id"]]),
        )
        for row in rows
    )


def pilots(sql: sqlite3.Connection) -> dict[tuple[int, Stage], InPilot]:
    """The round of each report that is in one, open or closed, by its present number and the stage."""
    rows = sql.execute(
        "SELECT c.number, c.stage, c.reviewers, p.report_id, EXISTS (SELECT 1 FROM calibration_event e"
        " WHERE e.calibration_id = c.id AND e.kind = 'closed') FROM calibration c, json_each(c.reports) j"
        " JOIN record_report p ON p.record_id = j.value ORDER BY c.id"
    )
    return {(r[3], Stage(r[1])): InPilot(r[0], frozenset(json.loads(r[2])), not r[4]) for r in rows}


def _reports(sql: sqlite3.Connection) -> dict[int, dict[int, int]]:
    """For each round, what the number of each of its reports was then, and is now."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    rows = sql.execute(
        "SELECT c.id, j.value, p.report_id FROM calibration c, json_each(c.reports) j"
        " JOIN record_report p ON p.record_id = j.value ORDER BY c.id, j.key"
    )
    for calibration, then, now in rows:
        found[calibration][then] = now
    return found


def _events(sql: sqlite3.Connection) -> dict[int, list[Noted]]:
    found: dict[int, list[Noted]] = defaultdict(list)
    rows = sql.execute(
        "SELECT e.calibration_id, e.kind, p.report_id, e.note, e.by FROM calibration_event e"
        " LEFT JOIN record_report p ON p.record_id = e.report_id ORDER BY e.id"
    )
    for calibration, kind, report, text, by in rows:
        found[calibration].append(Noted(Kind(kind), report, text, by))
    return found
