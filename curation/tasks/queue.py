"""Keeps the queues right: after a vote for its report, and at the start of a session for whatever was written since."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from curation.model import Stage
from curation.protocol import Protocol, Role
from curation.store import duplicates, marks, records, votes
from curation.store import queue as slots
from curation.store.connect import Change
from curation.store.queue import Slot
from curation.tasks.places import all_places, needs, report_state
from curation.tasks.review import Review
from screening.flow import Place
from screening.queue import (
    Lane,
    Needs,
    Rules,
    Scheme,
    Screener,
    Standing,
    WithoutAbstract,
    first_place,
    lane,
    open_to,
    ranked_place,
)
from screening.votes import Verdict

STAGE_OF = {Place.AWAITING_SCREENING: Stage.ABSTRACT, Place.AWAITING_ASSESSMENT: Stage.FULLTEXT}

# What of the protocol decides who reads what; words to highlight and keys do not.
_DECIDING = (
    "votes_abstract", "votes_fulltext", "second_abstract", "sample", "disagreement_abstract", "differing_reasons",
    "assignment", "without_abstract",
)  # fmt: skip
_FEW = 500  # reports worked out one by one; more are worked out together


@dataclass(frozen=True, slots=True)
class OpenWork:
    """A report that still needs votes: who has voted, and who is asked."""

    report: int
    stage: Stage
    voters: frozenset[str]
    asked: tuple[str, ...]


def rules_of(protocol: Protocol) -> Rules:
    """How the protocol shares reports out and orders them."""
    screening = protocol.screening
    people = [r for r in protocol.reviewers if Role.SCREENER in r.roles]
    return Rules(
        tuple(Screener(r.id, r.active, r.share) for r in people),
        Scheme(screening.assignment),
        WithoutAbstract(screening.without_abstract),
    )


def open_work(sql: sqlite3.Connection, protocol: Protocol) -> Iterator[OpenWork]:
    """Every report that still needs votes, in the order of its number."""
    work, _ = standing(sql, protocol)
    return iter(work)


def refresh(review: Review) -> None:
    """Bring the queue up to date with whatever was written since; quick when nothing was.

    A session under an earlier review.toml leaves the queue to those under the newest.
    """
    same = slots.rules(review.sql) == _hash(review.protocol)
    if (same and not slots.due(review.sql, 1)) or (not same and review.outdated):
        return
    with review.store.upkeep() as sql:
        changed = slots.rules(sql) != _hash(review.protocol)
        written = slots.due(sql, _FEW + 1)
        if changed or len(written) > _FEW:
            _everything(sql, review.protocol)
        else:
            settle(sql, review.protocol, written)


def settle(sql: sqlite3.Connection, protocol: Protocol, written: Iterable[int]) -> None:
    """Bring the queue up to date about the reports of some records, inside the transaction that wrote about them.

    Does nothing before the queue was made for the first time under these rules: that makes it whole.
    """
    if slots.rules(sql) != _hash(protocol):
        return
    given = tuple(written)
    report_of = {record: records.report_of(sql, record) for record in given}
    for report in sorted({*report_of.values(), *given}):
        _one(sql, protocol, report)
    slots.done(sql, given)


def settle_report(change: Change, protocol: Protocol, report: int) -> None:
    """Bring the queue up to date about one report."""
    settle(change.sql, protocol, duplicates.members_of(change.sql, (report,)))


def reorder(change: Change, reviewer: str, stage: Stage, reports: Sequence[int], *, start: int = 0) -> None:
    """Put reports into the order of the reviewer's newest ranking, the first at its place ``start``.

    Reports that are not open any more, or stand in a lane that no ranking orders, are passed by. A ranking may come
    in pieces: what it has not reached yet follows in its earlier order. Raises ValueError without a ranking.
    """
    ranking = slots.newest_ranking(change.sql, reviewer, stage)
    if ranking is None:
        raise ValueError(f"{reviewer} has no ranking at {stage}")
    wanted = {report: ranked_place(ranking, start + i) for i, report in enumerate(reports)}
    old = [s for s in slots.slots_in(change.sql, reviewer, stage, reports) if Lane(s.lane).ranked]
    slots.change_slots(change.sql, old, [s._replace(place=wanted[s.report]) for s in old])


# One report ------------------------------------------------------------------------------------------------------


def _one(sql: sqlite3.Connection, protocol: Protocol, report: int) -> None:
    wanted, conflict = _wanted(sql, protocol, report)
    _differ(sql, slots.slots_of(sql, report), wanted)
    noted = slots.conflicts_of(sql, report)
    slots.change_conflicts(sql, noted - conflict, conflict - noted)


def _wanted(
    sql: sqlite3.Connection, protocol: Protocol, report: int
) -> tuple[list[Slot], set[tuple[int, Stage]]]:
    """Places of one report, and the stage at which it is in conflict."""
    state = report_state(sql, protocol, report)
    stage = STAGE_OF.get(state.place) if state and state.flow_recorded else None
    if state is None or stage is None:
        return [], set()
    verdict = (state.abstract if stage is Stage.ABSTRACT else state.fulltext).verdict
    if verdict is Verdict.CONFLICT:
        return [], {(report, stage)}
    voters = frozenset(v.reviewer for v in votes.votes_of(sql, report, stage))
    needed = needs(sql, protocol, stage)
    rules = rules_of(protocol)
    work = OpenWork(report, stage, voters, open_to(report, voters, needed, rules))
    bare = set() if slots.has_abstract(sql, report) else {report}
    view = _View(rules, {stage: needed}, {stage: marks.skips(sql, stage, report)}, bare)
    return list(_slots(work, view)), set()


def _differ(sql: sqlite3.Connection, old: Iterable[Slot], wanted: Iterable[Slot]) -> None:
    """Change what differs; a report that stays in its lane keeps the place that a ranking gave it."""
    held, meant = {_stands(slot): slot for slot in old}, {_stands(slot): slot for slot in wanted}
    slots.change_slots(
        sql,
        gone=[slot for key, slot in held.items() if key not in meant],
        come=[slot for key, slot in meant.items() if key not in held],
    )


def _stands(slot: Slot) -> Slot:
    """What makes two slots the same: also the place, where no ranking and no lot gave it."""
    return slot if Lane(slot.lane).placed else slot._replace(place=0)


# Everything ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _View:
    """What decides on lanes, for many reports: skips by stage, report and reviewer; reports without an abstract."""

    rules: Rules
    needs: Mapping[Stage, Needs]
    skips: Mapping[Stage, Mapping[tuple[int, str], int]]
    bare: Collection[int]


def _everything(sql: sqlite3.Connection, protocol: Protocol) -> None:
    work, conflicts = standing(sql, protocol)
    view = _View(
        rules_of(protocol),
        {stage: needs(sql, protocol, stage) for stage in Stage},
        {stage: marks.skips(sql, stage) for stage in Stage},
        slots.without_abstract(sql),
    )
    _differ(sql, slots.all_slots(sql), (slot for one in work for slot in _slots(one, view)))
    noted = slots.all_conflicts(sql)
    slots.change_conflicts(sql, noted - conflicts, conflicts - noted)
    slots.all_done(sql, _hash(protocol))


def standing(sql: sqlite3.Connection, protocol: Protocol) -> tuple[list[OpenWork], set[tuple[int, Stage]]]:
    """All open work, and what is in conflict; one pass over the store."""
    voters: dict[tuple[int, Stage], set[str]] = defaultdict(set)
    for vote in votes.all_votes(sql):
        voters[vote.report, vote.stage].add(vote.reviewer)
    needed = {stage: needs(sql, protocol, stage) for stage in Stage}
    rules = rules_of(protocol)
    work: list[OpenWork] = []
    conflicts: set[tuple[int, Stage]] = set()
    for item in all_places(sql, protocol):
        stage = STAGE_OF.get(item.placed.place)
        if stage is None:
            continue
        report = item.placed.report
        at_stage = item.abstract if stage is Stage.ABSTRACT else item.fulltext
        if at_stage.verdict is Verdict.CONFLICT:
            conflicts.add((report, stage))
            continue
        cast = frozenset(voters.get((report, stage), ()))
        work.append(OpenWork(report, stage, cast, open_to(report, cast, needed[stage], rules)))
    return work, conflicts


def _slots(work: OpenWork, view: _View) -> Iterator[Slot]:
    pilot = view.needs[work.stage].pilots.get(work.report)
    for reviewer in work.asked:
        skip = view.skips[work.stage].get((work.report, reviewer), 0)
        standing = Standing(
            has_abstract=work.stage is Stage.FULLTEXT or work.report not in view.bare,
            seen=bool(work.voters),
            pilot=pilot if pilot and reviewer in pilot.reviewers else None,
            skip=skip,
        )
        of = lane(standing, view.rules)
        yield Slot(reviewer, work.stage, of, first_place(of, reviewer, work.report, standing), work.report)


def _hash(protocol: Protocol) -> str:
    """Of everything in the protocol that decides who reads what."""
    people = [(r.id, r.active, r.share) for r in protocol.reviewers if Role.SCREENER in r.roles]
    rules = [getattr(protocol.screening, name) for name in _DECIDING]
    said = json.dumps([people, rules])
    return hashlib.sha256(said.encode()).hexdigest()
