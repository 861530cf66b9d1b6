"""How far reviewers agree, on first independent votes of reports that have every vote they need.

All such reports count, at any time: their votes are no secret any more. Nothing enters of a report that still waits
for a vote, nor of one in conflict, which somebody has yet to settle without knowing the votes; it enters with its first
votes once it is settled, so that the measures are those of the stage only when no conflict is open. Reports of
calibration rounds, richer in includes than the rest, are measured by themselves.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from curation.model import Stage
from curation.protocol import Protocol, SecondVotes
from curation.store import flow as flow_store
from curation.store.calibrations import pilots
from curation.tasks.calibration_rounds import Round, rounds
from curation.tasks.conflicts import in_conflict
from curation.tasks.first_votes import firsts
from curation.tasks.places import all_places, needs
from curation.tasks.review import Review
from screening import agreement as measures
from screening.agreement import LEVEL, Agreement, Drift, Scale, Undefined
from screening.independent import First

BATCH = 200
_TWO = 2
_ONE_SIDED = Undefined(
    "a second vote is cast only on what the first excludes, which shows nothing of what is included"
)


class By(StrEnum):
    """What agreement is measured over: pairs of reviewers, rounds of the review, batches, calibration rounds."""

    PAIR = "pair"
    ROUND = "round"
    BATCH = "batch"
    CALIBRATION = "calibration"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. ``stage`` None: both; ``batch`` in reports, ``level`` of intervals (0 to 1)."""

    stage: Stage | None = None
    by: By = By.PAIR
    batch: int = BATCH
    scale: Scale = Scale.TWO
    level: float = LEVEL


@dataclass(frozen=True, slots=True)
class Group:
    """Reports that are measured together. ``open``: more may come; ``drift`` since the group before it."""

    name: str
    agreement: Agreement
    open: bool = False
    drift: Drift | Undefined | None = None


@dataclass(frozen=True, slots=True)
class StageAgreement:
    """One stage. ``single`` counts reports that have votes, but not yet all they need, or need only one.

    ``piloted`` reports are those of calibration rounds, ``conflicts`` those in conflict, left out until they are
    settled. ``undefined`` says why nothing can be measured here.
    """

    stage: Stage
    groups: tuple[Group, ...]
    single: int
    piloted: int
    conflicts: int = 0
    undefined: Undefined | None = None


def agreement(review: Review, question: Question) -> tuple[StageAgreement, ...]:
    """Agreement at each stage asked for."""
    stages = (question.stage,) if question.stage else tuple(Stage)
    return tuple(_at_stage(review.sql, review.protocol, stage, question) for stage in stages)


def _at_stage(
    sql: sqlite3.Connection, protocol: Protocol, stage: Stage, question: Question
) -> StageAgreement:
    piloted = {report for report, at in pilots(sql) if at is stage}
    disputed = {item.placed.report for item in all_places(sql, protocol) if in_conflict(item) is stage}
    hidden = piloted | disputed
    cast = [first for first in _firsts(sql, protocol, stage) if first.report not in hidden]
    complete = [first for first in cast if len(first.ratings) >= _TWO]
    single = len({first.report for first in cast} - {first.report for first in complete})
    if question.by is By.CALIBRATION:
        told = _calibrations(sql, protocol, stage, question)
        return StageAgreement(stage, told, single, len(piloted), len(disputed))
    if stage is Stage.ABSTRACT and protocol.screening.second_abstract is SecondVotes.EXCLUDES:
        return StageAgreement(stage, (), single, len(piloted), len(disputed), _ONE_SIDED)
    return StageAgreement(stage, _groups(sql, complete, question), single, len(piloted), len(disputed))


def _firsts(sql: sqlite3.Connection, protocol: Protocol, stage: Stage) -> Iterator[First]:
    needed = needs(sql, protocol, stage)
    return firsts(sql, stage, lambda report: lambda voters: len(voters) >= needed.of(report, voters))


def _groups(sql: sqlite3.Connection, complete: Sequence[First], question: Question) -> tuple[Group, ...]:
    latest = {first.report: first for first in complete}  # where criteria changed, under the newest ones
    if question.by is By.PAIR:
        whole = _group("all reports", latest.values(), question)
        numbers = sorted({first.criteria for first in complete})
        if len(numbers) < _TWO:
            return (whole,)
        return (whole, *(_group(f"criteria {n}", _under(complete, n), question) for n in numbers))
    parts = _batches if question.by is By.BATCH else _rounds
    found = [
        group
        for number in sorted({first.criteria for first in complete})
        for group in _drifting(parts(sql, _under(complete, number), question), question.level)
    ]
    return tuple(found)


def _under(complete: Iterable[First], criteria: int) -> list[First]:
    """First votes under one number of the criteria."""
    return list({first.report: first for first in complete if first.criteria == criteria}.values())


def _batches(_: sqlite3.Connection, cast: Sequence[First], question: Question) -> list[Group]:
    """Batches in the order in which reports were complete; the last is open until it is full."""
    inorder = sorted(cast, key=lambda first: (first.completed or 0, first.report))
    found = []
    for begin in range(0, len(inorder), question.batch):
        part = inorder[begin : begin + question.batch]
        name = f"reports {begin + 1}-{begin + len(part)}, criteria {part[0].criteria}"
        found.append(replace(_group(name, part, question), open=len(part) < question.batch))
    return found


def _rounds(sql: sqlite3.Connection, cast: Sequence[First], question: Question) -> list[Group]:
    came = {row.record: row.round for row in flow_store.record_rows(sql)}
    found = []
    for number in sorted({came[first.report] for first in cast}):
        part = [first for first in cast if came[first.report] == number]
        found.append(_group(f"round {number}, criteria {part[0].criteria}", part, question))
    return found


def _calibrations(
    sql: sqlite3.Connection, protocol: Protocol, stage: Stage, question: Question
) -> tuple[Group, ...]:
    """Calibration rounds in which all have voted and every difference was talked over or settled."""
    shown = [r for r in rounds(sql, protocol) if r.stage is stage and r.told]
    return tuple(_drifting([_calibration(r, question) for r in shown], question.level))


def _calibration(one: Round, question: Question) -> Group:
    found = measures.agreement(one.measured.ratings, question.scale, question.level)
    return Group(f"calibration {one.number}", found, open=not one.closed)


def _group(name: str, cast: Iterable[First], question: Question) -> Group:
    ratings = [rating for first in cast for rating in first.ratings]
    return Group(name, measures.agreement(ratings, question.scale, question.level))


def _drifting(groups: Sequence[Group], level: float) -> Iterator[Group]:
    """Groups with the drift of each since the one before it."""
    yield from groups[:1]
    for earlier, later in pairwise(groups):
        yield replace(later, drift=measures.drift(earlier.agreement, later.agreement, level))
