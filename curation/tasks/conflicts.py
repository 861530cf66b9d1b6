"""Conflicts between reviewers: listed without the votes, resolved by adjudication or by consensus."""

from __future__ import annotations

from dataclasses import dataclass

from curation.errors import Refused, Usage
from curation.model import Decision, Stage
from curation.protocol import Role
from curation.store import records, votes
from curation.store.connect import Stamp
from curation.tasks.places import InRound, all_places, report_ruling, report_state
from curation.tasks.queue import STAGE_OF, settle_report
from curation.tasks.review import Review
from curation.tasks.vote import checked_reason, open_state
from screening.flow import Place
from screening.votes import Verdict


@dataclass(frozen=True, slots=True)
class Conflict:
    """A report whose votes disagree: who voted, not what."""

    report: int
    stage: Stage
    voters: tuple[str, ...]
    title: str
    label: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What settles a conflict. With ``partners`` it is a consensus of all who voted, else an adjudication."""

    uid: str
    report: int
    reviewer: str
    decision: Decision
    note: str
    stage: Stage | None = None
    reason: str | None = None
    partners: tuple[str, ...] = ()


def conflicts(review: Review) -> tuple[Conflict, ...]:
    """Every open conflict, oldest report first."""
    found = []
    for item in all_places(review.sql, review.protocol):
        stage = in_conflict(item)
        if stage is not None:
            report = item.placed.report
            head = records.head(review.sql, report)
            voters = tuple(v.reviewer for v in votes.votes_of(review.sql, report, stage))
            found.append(Conflict(report, stage, voters, head.title, head.label))
    return tuple(found)


def in_conflict(item: InRound) -> Stage | None:
    """The stage at which a record's report waits for a resolution, if it does."""
    if item.placed.place is Place.AWAITING_SCREENING and item.abstract.verdict is Verdict.CONFLICT:
        return Stage.ABSTRACT
    if item.placed.place is Place.AWAITING_ASSESSMENT and item.fulltext.verdict is Verdict.CONFLICT:
        return Stage.FULLTEXT
    return None


def resolve(review: Review, decided: Decided, stamp: Stamp) -> Stage:
    """Settle a conflict; gives the stage it was settled at.

    Raises Refused when the report is not in conflict, when the adjudicator was one of the voters or has no
    right, or when a consensus is not signed by everybody who voted; Usage for a missing note or reason.
    """
    if not decided.note.strip():
        message = "a resolution needs a note that says why: --note TEXT"
        raise Usage(message)
    if decided.decision is Decision.MAYBE:
        message = "a resolution is include or exclude"
        raise Usage(message)
    with review.change(stamp) as change:
        open_state(change.sql, review.protocol, decided.report)
        records.head(change.sql, decided.report)
        stage = _stage(review, decided)
        cast = votes.votes_of(change.sql, decided.report, stage)
        ever = votes.voters_ever(change.sql, decided.report, stage)
        signed = _signed(review, decided, {v.reviewer for v in cast}, ever)
        reason = checked_reason(review.protocol, stage, decided.decision, decided.reason)
        votes.settle(
            change,
            votes.NewResolution(
                uid=decided.uid,
                report=decided.report,
                stage=stage,
                kind="consensus" if decided.partners else "adjudication",
                decision=decided.decision,
                reason=reason,
                note=decided.note,
                signed_by=signed,
                votes=tuple(v.id for v in cast),
            ),
        )
        settle_report(change, review.protocol, decided.report)
    return stage


def _stage(review: Review, decided: Decided) -> Stage:
    stages = (decided.stage,) if decided.stage else (Stage.ABSTRACT, Stage.FULLTEXT)
    state = report_state(review.sql, review.protocol, decided.report)
    standing = STAGE_OF.get(state.place) if state else None
    for stage in stages:
        at_stage = report_ruling(review.sql, review.protocol, decided.report, stage)
        if stage is standing and at_stage.verdict is Verdict.CONFLICT:
            return stage
    message = f"R{decided.report} is not in conflict; livrev conflicts lists those that are"
    raise Refused(message)


def _signed(review: Review, decided: Decided, voters: set[str], ever: set[str]) -> tuple[str, ...]:
    """Who settles it: an adjudicator who never voted on it (``ever``), or all whose votes stand (``voters``)."""
    if not decided.partners:
        review.member(decided.reviewer, Role.ADJUDICATOR)
        if decided.reviewer in ever:
            message = f"{decided.reviewer} voted on R{decided.report} and cannot adjudicate it; ask another adjudicator"
            raise Refused(message)
        return (decided.reviewer,)
    signed = {decided.reviewer, *decided.partners}
    for name in sorted(signed):
        review.member(name, Role.SCREENER)
    if signed != voters:
        message = (
            f"a consensus on R{decided.report} is signed by everybody who voted ({', '.join(sorted(voters))})"
        )
        raise Refused(message)
    return tuple(sorted(signed))
