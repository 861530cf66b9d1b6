"""Calibration rounds as they stand: who still has to vote and, once all have, how far they agree."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace

from curation.errors import Usage
from curation.model import Stage
from curation.protocol import Protocol, Role
from curation.store import votes
from curation.store.calibrations import Kind, StoredCalibration, calibrations
from curation.tasks.first_votes import histories
from curation.tasks.places import report_state
from screening.agreement import CalibrationRound, Drift, Gate, Undefined, drift, gate
from screening.flow import Place
from screening.independent import Act, Enough, Event, First, first_votes

# Where a report takes no votes any more at a stage.
_REMOVED = frozenset({Place.AUTOMATION, Place.OTHER_REMOVED})
_NOT_READ = frozenset(
    {Place.AWAITING_SCREENING, Place.EXCLUDED, Place.AWAITING_RETRIEVAL, Place.NOT_RETRIEVED}
)


@dataclass(frozen=True, slots=True)
class Round:
    """A calibration round. ``reports`` are those that can be voted on, in the order to read them.

    ``voted`` counts those each reviewer has voted on; ``measured`` holds the votes on reports on which everybody has,
    and is told to nobody but through ``gate``. ``least`` is the share of agreement that is asked.
    """

    id: int
    number: int
    stage: Stage
    reports: tuple[int, ...]
    closed: bool
    despite: str
    voted: Mapping[str, int]
    measured: CalibrationRound
    least: float
    drift: Drift | Undefined | None = None

    @property
    def shown(self) -> bool:
        """Whether anything may be told of the votes: all have voted on all reports, or the round was closed."""
        return self.closed or len(self.measured.reports) == len(self.reports)

    @property
    def told(self) -> bool:
        """Whether who voted what may be told too: no report on which votes differ is left to talk over or settle."""
        found = self.gate
        return found is not None and not found.undiscussed

    @property
    def gate(self) -> Gate | None:
        """What the votes come to; None while that may not be told."""
        return gate(self.measured, self.least) if self.shown else None

    @property
    def waits(self) -> tuple[str, ...]:
        """Whose votes are lacking on how many of the reports."""
        all_, open_ = len(self.reports), len(self.reports) - len(self.measured.reports)
        lacking = {who: all_ - n for who, n in self.voted.items() if n < all_}
        if open_ and not lacking:
            return (f"{open_} of {all_} reports need a further vote, of somebody who is not in the round",)
        return tuple(f"{who} has not voted on {n} of {all_} reports" for who, n in lacking.items())

    @property
    def failures(self) -> tuple[str, ...]:
        """Why the round is not passed, as far as it may be told; empty, it is."""
        found = self.gate
        return (*self.waits, *(found.failures if found else ()))


def rounds(sql: sqlite3.Connection, protocol: Protocol) -> tuple[Round, ...]:
    """Every round, oldest first, with the drift since the round before it at its stage."""
    stored = calibrations(sql)
    told = {stage: dict(histories(sql, stage)) for stage in {c.stage for c in stored}}
    found: list[Round] = []
    for one in stored:
        now = _round(sql, protocol, one, told[one.stage])
        found.append(_with_drift(now, [r for r in found if r.stage is now.stage]))
    return tuple(found)


def round_of(known: tuple[Round, ...], number: int) -> Round:
    """The round with this number. Raises Usage when there is none."""
    for one in known:
        if one.number == number:
            return one
    numbers = ", ".join(str(one.number) for one in known) or "none yet"
    message = f"there is no calibration round {number} (known: {numbers})"
    raise Usage(message)


def _round(
    sql: sqlite3.Connection, protocol: Protocol, stored: StoredCalibration, told: Mapping[int, list[Event]]
) -> Round:
    people, closing = _asked(stored, protocol), _closing(stored)
    enough = _enough(frozenset(people), protocol.screening.votes(stored.stage))
    done = {report: _first(report, told.get(report, []), enough) for report in stored.reports}
    reports = tuple(r for r in stored.reports if done[r] or _takes_votes(sql, protocol, r, stored.stage))
    measured = _measured(sql, stored, people, {r: first for r, first in done.items() if first})
    return Round(
        id=stored.id,
        number=stored.number,
        stage=stored.stage,
        reports=reports,
        closed=bool(closing),
        despite=str(closing.get("despite", "")),
        voted={who: sum(_has_voted(who, done[r], told.get(r, [])) for r in reports) for who in people},
        measured=measured,
        least=protocol.screening.calibration_agreement,
    )


def _measured(
    sql: sqlite3.Connection, stored: StoredCalibration, people: tuple[str, ...], complete: Mapping[int, First]
) -> CalibrationRound:
    """The round as far as everybody has voted."""
    talked = frozenset(n.report for n in stored.noted if n.kind is Kind.DISCUSSED and n.report is not None)
    return CalibrationRound(
        number=stored.number,
        reports=tuple(complete),
        reviewers=people,
        ratings=tuple(r for first in complete.values() for r in first.ratings if r.reviewer in people),
        discussed=talked | _settled(sql, stored.stage),
        amendments=tuple(n.note for n in stored.noted if n.kind is Kind.AMENDMENT),
    )


def _asked(stored: StoredCalibration, protocol: Protocol) -> tuple[str, ...]:
    """Those of the round who are still there; of a closed one, those who were there at its close."""
    if closing := _closing(stored):
        return tuple(str(who) for who in closing["reviewers"])
    active = {person.id for person in protocol.with_role(Role.SCREENER)}
    return tuple(who for who in stored.reviewers if who in active)


def _closing(stored: StoredCalibration) -> dict[str, list[object]]:
    return dict(json.loads(stored.closed.note)) if stored.closed else {}


def _enough(people: frozenset[str], votes: int) -> Enough:
    """All of the round, and as many as the stage asks for: who left must not make a single vote speak."""
    return lambda voters: people <= {*voters} and len(voters) >= votes


def _first(report: int, events: list[Event], enough: Enough) -> First | None:
    """The first votes under the earliest criteria under which they are all there."""
    return next((f for f in first_votes(report, events, enough) if f.completed is not None), None)


def _takes_votes(sql: sqlite3.Connection, protocol: Protocol, report: int, stage: Stage) -> bool:
    state = report_state(sql, protocol, report)
    shut = _REMOVED if stage is Stage.ABSTRACT else _REMOVED | _NOT_READ
    return state is not None and state.place not in shut


def _has_voted(who: str, done: First | None, events: list[Event]) -> bool:
    if done is not None:
        return True
    left = {event.vote for event in events if event.act is not Act.CAST}
    return any(e.reviewer == who and e.vote not in left for e in events)


def _settled(sql: sqlite3.Connection, stage: Stage) -> frozenset[int]:
    """Reports on which a conflict was settled: that is a discussion too."""
    return frozenset(r.report for r in votes.all_resolutions(sql) if r.stage is stage)


def _with_drift(now: Round, before: list[Round]) -> Round:
    earlier = next((r.gate for r in reversed(before) if r.gate), None)
    if earlier is None or now.gate is None:
        return now
    return replace(now, drift=drift(earlier.agreement, now.gate.agreement))
