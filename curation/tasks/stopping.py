"""Whether ranked screening at title/abstract may stop: tested on what is settled, decided by people, never by itself.

The test is on every report of the rounds since the last complete sweep: an update of a living review is too small
to be tested alone, and what an earlier stop left unscreened is still unscreened. A report is screened once its last
needed vote is in; a single vote does not enter, nor what it says. Target and confidence are those that review.toml
had when the first of these votes was cast: fixed beforehand, or they are worth nothing.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isclose

from curation.config import revived
from curation.errors import Refused, Usage
from curation.model import Stage
from curation.protocol import Order, Protocol
from curation.store import removals, searches, stopping, votes
from curation.store.connect import Change, Stamp
from curation.store.removals import NewRemoval
from curation.store.stopping import StoredCheck
from curation.tasks.places import InRound, all_places, needs
from curation.tasks.queue import refresh
from curation.tasks.review import Review
from screening.flow import Place
from screening.stopping import Advice, Check, Forecast, Progress, StopRule, check, progress, recall_p, stale
from screening.votes import Verdict

_LEFT = "unscreened when ranked screening stopped"  # what the rule of such a removal begins with
_VALIDATED = 1_000  # reports: smaller reviews were not among those the test was tried on (Repke et al. 2025)
_SAME_P = 1e-9  # relative; the same labels give the same p but for rounding


@dataclass(frozen=True, slots=True)
class Checked:
    """A test that was stored under ``number``, over ``rounds``; ``cautions`` are what it cannot know."""

    number: int
    rounds: tuple[int, ...]
    check: Check
    cautions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stopped:
    """Screening was stopped on a check; ``removed`` are the reports nobody had voted on."""

    checked: Checked
    removed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StoppingState:
    """The check in force: the one that screening was stopped on, else the newest.

    ``stale`` are reasons why it holds no longer; ``unscreened`` reports stay out by a stop.
    """

    stopped: bool
    check: StoredCheck
    stale: tuple[str, ...]
    unscreened: int
    by: str = ""
    note: str = ""


def check_stopping(review: Review, stamp: Stamp) -> Checked:
    """Test whether screening may stop, and keep the test, whatever it says.

    Raises Refused where there is nothing to test, or target or confidence were changed after the first vote.
    """
    with review.change(stamp) as change:
        sweep = _sweep(change.sql, review.protocol)
        return _checked(change, review.protocol, sweep)


def stop(review: Review, note: str, stamp: Stamp, despite: str = "") -> Stopped:
    """Stop on a fresh check: reports without any vote are counted as removed by automation; others stay.

    Raises Usage for an unknown person or a missing note, Refused where the check does not say that screening may
    stop and no reason ``despite`` it is given, or nothing is left to be stopped; then no check is kept either.
    """
    review.person(stamp.by)
    _needed(note, "a stop needs a note that says why: --note WHY")
    with review.change(stamp) as change:
        sweep = _sweep(change.sql, review.protocol)
        checked = _checked(change, review.protocol, sweep)
        _refuse_stop(checked.check, sweep, despite)
        told = f"{note}; despite the check ({checked.check.advice}): {despite}" if despite else note
        stopping.add_decision(change, checked.number, "stopped", told)
        rule = f"{_LEFT} (check {checked.number}: p {checked.check.p:.4g})"
        removals.add(change, [NewRemoval(report, "automation", rule) for report in sweep.untouched])
    refresh(review)
    return Stopped(checked, sweep.untouched)


def reopen(review: Review, note: str, stamp: Stamp) -> tuple[int, ...]:
    """Put every report back that a stop left unscreened; gives their numbers.

    Raises Usage for an unknown person or a missing note, Refused where screening is not stopped.
    """
    review.person(stamp.by)
    _needed(note, "to go on screening needs a note that says why: --note WHY")
    with review.change(stamp) as change:
        last = stopping.newest_decision(change.sql)
        if last is None or last.kind != "stopped":
            message = "screening is not stopped; there is nothing to reopen"
            raise Refused(message)
        left = [one.record for one in removals.standing(change.sql, _LEFT)]
        stopping.add_decision(change, last.check, "reopened", note)
        rule = f"screening reopened (check {last.check})"
        removals.add(change, [NewRemoval(record, "none", rule) for record in left])
    refresh(review)
    return tuple(left)


def stopping_state(review: Review) -> StoppingState | None:
    """What stands of the checks so far; None before the first."""
    sql = review.sql
    newest = stopping.newest_check(sql)
    if newest is None:
        return None
    last = stopping.newest_decision(sql)
    left = len(removals.standing(sql, _LEFT))
    now = _sweep(sql, review.protocol)
    if last is None or last.kind != "stopped":
        return StoppingState(False, newest, _stale(newest, now, review.protocol), left)
    stood = stopping.check(sql, last.check)
    reasons = _stale(stood, now, review.protocol)
    return StoppingState(True, stood, reasons, left, last.by, last.note)


def _needed(note: str, message: str) -> None:
    if not note.strip():
        raise Usage(message)


def _refuse_stop(found: Check, sweep: _Sweep, despite: str) -> None:
    if found.advice is Advice.DONE:
        message = "all is screened; there is nothing to stop"
    elif not sweep.untouched:
        message = "every unscreened report has a vote already, or was left by an earlier stop; there is nothing to stop"
    elif not found.may_stop and not despite.strip():
        message = (
            "a fresh check does not say that screening may stop; nothing was stopped. See livrev stop check; "
            "to stop all the same, say why: --despite WHY"
        )
    else:
        return
    raise Refused(message)


# What was screened, in its order ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sweep:
    """Reports at title/abstract of the rounds since the last complete sweep.

    ``order`` are the screened ones and whether each is relevant; of the others ``untouched`` have no vote, ``begun``
    have one and wait for another, ``left`` stay out by an earlier stop. ``conflicts`` counts unsettled ones.
    """

    rounds: tuple[int, ...]
    order: tuple[tuple[int, bool], ...]
    untouched: tuple[int, ...]
    begun: int
    left: int
    conflicts: int

    @property
    def progress(self) -> Progress:
        total = len(self.order) + len(self.untouched) + self.begun + self.left
        return progress((relevant for _, relevant in self.order), total)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(json.dumps(self.order).encode()).hexdigest()


def _sweep(sql: sqlite3.Connection, protocol: Protocol) -> _Sweep:
    left = {one.record for one in removals.standing(sql, _LEFT)}
    at_stage = [item for item in all_places(sql, protocol) if _at_stage(item, left)]
    rounds = _since_complete(at_stage, [r.number for r in searches.rounds(sql) if r.flow_recorded])
    mine = {item.placed.report: item for item in at_stage if item.round in rounds}
    screened = {report for report, item in mine.items() if item.abstract.verdict is not Verdict.WAITING}
    voted = {v.report for v in votes.all_votes(sql) if v.stage is Stage.ABSTRACT}
    waiting = mine.keys() - screened - left
    verdicts = {report: mine[report].abstract.verdict for report in screened}
    moments = _moments(sql, protocol)
    order = sorted(screened, key=lambda report: (moments.get(report, (0, 0)), report))
    return _Sweep(
        rounds=rounds,
        order=tuple((report, verdicts[report] is not Verdict.EXCLUDE) for report in order),
        untouched=tuple(sorted(waiting - voted)),
        begun=len(waiting & voted),
        left=len(mine.keys() & left - screened),
        conflicts=sum(verdict is Verdict.CONFLICT for verdict in verdicts.values()),
    )


def _at_stage(item: InRound, left: Iterable[int]) -> bool:
    """Whether a record stands for a report that is screened by title and abstract, or would be but for a stop."""
    if item.placed.record != item.placed.report or not item.placed.kind.main_arm:
        return False
    removed = item.placed.place in {Place.AUTOMATION, Place.OTHER_REMOVED}
    return not removed or item.placed.report in left


def _since_complete(items: Iterable[InRound], recorded: list[int]) -> tuple[int, ...]:
    """Rounds from the first that is not wholly screened on; the last one where all are."""
    lacking = {item.round for item in items if item.abstract.verdict is Verdict.WAITING}
    first = min(lacking, default=max(recorded, default=0))
    return tuple(number for number in recorded if number >= first)


def _moments(sql: sqlite3.Connection, protocol: Protocol) -> dict[int, tuple[int, int]]:
    """When each report was screened: the change and number of its last needed vote, or of its resolution."""
    needed = needs(sql, protocol, Stage.ABSTRACT)
    moments = {report: (change, 0) for report, change in stopping.resolved_in(sql, Stage.ABSTRACT).items()}
    firsts: dict[int, list[stopping.FirstVote]] = defaultdict(list)
    for vote in stopping.first_votes(sql, Stage.ABSTRACT):
        firsts[vote.report].append(vote)
    for report, cast in firsts.items():
        last = cast[min(needed.of(report, {v.reviewer for v in cast}), len(cast)) - 1]
        moments[report] = (last.change, last.id)
    return moments


# The test --------------------------------------------------------------------------------------------------------


def _checked(change: Change, protocol: Protocol, sweep: _Sweep) -> Checked:
    now = sweep.progress
    if now.total == 0:
        message = "no report is to be screened by title and abstract; there is nothing to test"
        raise Refused(message)
    found = check(now, _rule(change.sql, protocol, sweep.rounds))
    new = stopping.NewCheck(
        total=found.total,
        screened=found.screened,
        found=found.found,
        target=found.rule.target,
        confidence=found.rule.confidence,
        p=found.p,
        advice=found.advice,
        order_sha256=sweep.sha256,
    )
    number = stopping.add_check(change, new)
    return Checked(number, sweep.rounds, found, tuple(_cautions(protocol, sweep, found)))


def _rule(sql: sqlite3.Connection, protocol: Protocol, rounds: tuple[int, ...]) -> StopRule:
    """Target and confidence, if they were fixed before the first vote on these rounds."""
    now = _rule_of(protocol)
    began = stopping.began(sql, Stage.ABSTRACT, rounds)
    if began is None:
        return now
    fixed = _rule_of(revived(json.loads(began.protocol)))
    if fixed != now:
        message = (
            f"target_recall {now.target:g} and confidence {now.confidence:g} were not fixed beforehand; nothing was "
            f"tested. When the first vote was cast ({began.at[:10]}), review.toml said {fixed.target:g} and "
            f"{fixed.confidence:g}: write those under [screening] again"
        )
        raise Refused(message)
    return now


def _rule_of(protocol: Protocol) -> StopRule:
    return StopRule(protocol.screening.target_recall, protocol.screening.confidence)


def _cautions(protocol: Protocol, sweep: _Sweep, found: Check) -> Iterator[str]:
    """What people must know who decide on a check; nothing where all is screened."""
    if not found.unscreened:
        return
    yield "Recall is that of title and abstract, and the test takes what was screened for no poorer than the rest."
    if protocol.screening.order is Order.ARRIVAL:
        yield "Reports are read in the order of arrival: if the later ones are richer, the test misleads."
    if found.total < _VALIDATED:
        yield f"The test was tried on reviews of {_VALIDATED:,} records or more, not on {found.total:,}."
    if sweep.conflicts:
        yield f"Unsettled conflicts count as relevant: {sweep.conflicts}."
    if sweep.begun:
        yield f"Reports that wait for a further vote count as unscreened: {sweep.begun}."
    if sweep.left:
        yield f"Left by an earlier stop, and still unscreened: {sweep.left} (livrev stop reopen puts them back)."


def _stale(earlier: StoredCheck, now: _Sweep, protocol: Protocol) -> tuple[str, ...]:
    rule = StopRule(earlier.target, earlier.confidence)
    numbers = (earlier.total, earlier.screened, earlier.found)
    as_it_was = Check(*numbers, rule, earlier.p, Advice(earlier.advice), Forecast(0, 0))
    reasons = stale(as_it_was, now.progress, _rule_of(protocol))
    if reasons:
        return reasons
    again = recall_p(now.progress.until(earlier.screened), rule)
    if not isclose(again, earlier.p, rel_tol=_SAME_P):
        return ("decisions on the records screened by then have changed, or their order",)
    return ()
