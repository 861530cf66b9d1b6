"""Begins a calibration round: the same reports for everybody, a share of them likely to be included."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from curation.errors import Refused
from curation.model import Stage
from curation.protocol import Protocol, Role
from curation.store import calibrations
from curation.store.calibrations import NewCalibration
from curation.store.connect import Stamp
from curation.store.vote_history import voted_on
from curation.tasks.calibration_scores import scored
from curation.tasks.places import all_places
from curation.tasks.review import Review
from screening.agreement import Pilot, pilot
from screening.flow import Place

_WAITING = {Stage.ABSTRACT: Place.AWAITING_SCREENING, Stage.FULLTEXT: Place.AWAITING_ASSESSMENT}
_PAIR = 2


@dataclass(frozen=True, slots=True)
class NewRound:
    """What a round is to be. ``seed`` None: the round's number, so that each round draws by other lots."""

    size: int
    stage: Stage = Stage.ABSTRACT
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """A round that is open now. ``by`` says what the likely ones were found by."""

    number: int
    stage: Stage
    reports: int
    likely: int
    reviewers: tuple[str, ...]
    seed: int
    by: str


def start(review: Review, new: NewRound, stamp: Stamp) -> Started:
    """Draw a pilot set for all active screeners from the reports that nobody has voted on.

    Raises Refused where a round is open at that stage, where fewer than two people screen, or nothing is left.
    """
    review.person(stamp.by)
    team = _team(review.sql, review.protocol, new.stage)
    by = scored(review, _unread(review.sql, review.protocol, new.stage))
    with review.change(stamp) as change:
        _check_free(change.sql, new.stage)
        left = _unread(change.sql, review.protocol, new.stage)  # somebody may have voted while it was scored
        drawn = _drawn(change.sql, new, {r: by.values[r] for r in left if r in by.values})
        kept = NewCalibration(new.stage, drawn.reports, sorted(drawn.likely), team, drawn.seed)
        number = calibrations.add(change, kept)
    return Started(number, new.stage, len(drawn.reports), len(drawn.likely), team, drawn.seed, by.by)


def _team(sql: sqlite3.Connection, protocol: Protocol, stage: Stage) -> tuple[str, ...]:
    _check_free(sql, stage)
    team = tuple(person.id for person in protocol.with_role(Role.SCREENER))
    if len(team) < _PAIR:
        message = "calibration needs two active screeners in review.toml; nothing was begun"
        raise Refused(message)
    return team


def _check_free(sql: sqlite3.Connection, stage: Stage) -> None:
    for one in calibrations.calibrations(sql):
        if one.stage is stage and not one.closed:
            message = f"calibration round {one.number} is open at {stage}; close it first: livrev calibrate close {one.number} --as ID"
            raise Refused(message)


def _unread(sql: sqlite3.Connection, protocol: Protocol, stage: Stage) -> list[int]:
    """Reports that wait for votes at a stage, have never had one, and were in no round."""
    known = voted_on(sql, stage) | {report for report, at in calibrations.pilots(sql) if at is stage}
    waiting = (i.placed for i in all_places(sql, protocol) if i.placed.place is _WAITING[stage])
    return [p.report for p in waiting if p.report not in known]


def _drawn(sql: sqlite3.Connection, new: NewRound, scores: dict[int, float]) -> Pilot:
    if not scores:
        message = f"no report waits at {new.stage} that nobody has voted on; nothing was begun"
        raise Refused(message)
    seed = calibrations.next_number(sql) if new.seed is None else new.seed
    return pilot(scores, new.size, seed=seed)
