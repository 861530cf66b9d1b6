"""Casts one vote, and takes the last act of a person back."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from curation.errors import Refused, Usage
from curation.model import Decision, Stage
from curation.protocol import Protocol, Role
from curation.store import queue, records, votes
from curation.store.connect import Stamp
from curation.tasks.places import ReportState, report_ruling, report_state
from curation.tasks.queue import settle_report
from curation.tasks.review import Review
from screening.flow import Place
from screening.votes import Verdict


@dataclass(frozen=True, slots=True)
class Ballot:
    """What a person said. ``stage`` None: where the report stands.

    ``secondary``: codes of further exclusion reasons. ``milliseconds``: how long the report stood on the screen.
    """

    uid: str
    report: int
    reviewer: str
    decision: Decision
    stage: Stage | None = None
    reason: str | None = None
    note: str = ""
    secondary: tuple[str, ...] = ()
    milliseconds: int | None = None


@dataclass(frozen=True, slots=True)
class Cast:
    """A vote that is stored."""

    report: int
    stage: Stage
    decision: Decision
    reason: str | None
    title: str


def vote(review: Review, ballot: Ballot, stamp: Stamp) -> Cast:
    """Store one vote.

    A change of mind is a later vote; the earlier one stays. A vote sent again under its ``uid`` is acknowledged
    again, wherever its report stands by now. Raises Usage for an unknown report, reviewer or reason, Refused
    where the reviewer has no right, the report is not open at that stage, or the ``uid`` is another vote's.
    """
    review.member(ballot.reviewer, Role.SCREENER)
    with review.change(stamp) as change:
        stored = votes.by_uid(change.sql, ballot.uid)
        if stored is not None:
            return _sent_again(change.sql, stored, ballot)
        head = records.head(change.sql, ballot.report)
        state = open_state(change.sql, review.protocol, ballot.report)
        stage = ballot.stage or _standing_at(state)
        check_open(change.sql, state, ballot.report, stage)
        check_wanted(change.sql, review.protocol, ballot.report, stage, ballot.reviewer)
        reason = checked_reason(review.protocol, stage, ballot.decision, ballot.reason)
        votes.cast(change, _new_vote(change.sql, review.protocol, ballot, stage, reason))
        settle_report(change, review.protocol, ballot.report)
    return Cast(ballot.report, stage, ballot.decision, reason, head.title)


def _new_vote(
    sql: sqlite3.Connection, protocol: Protocol, ballot: Ballot, stage: Stage, reason: str | None
) -> votes.NewVote:
    secondary = tuple(dict.fromkeys(ballot.secondary))
    for code in secondary:
        checked_reason(protocol, stage, ballot.decision, code)
    return votes.NewVote(
        uid=ballot.uid,
        report=ballot.report,
        stage=stage,
        reviewer=ballot.reviewer,
        decision=ballot.decision,
        reason=reason,
        note=ballot.note,
        secondary=tuple(code for code in secondary if code != reason),
        milliseconds=ballot.milliseconds,
        ranking=queue.newest_ranking(sql, ballot.reviewer, stage),
    )


def _sent_again(sql: sqlite3.Connection, stored: votes.StoredVote, ballot: Ballot) -> Cast:
    """The vote that is stored under the ballot's id already.

    Raises Refused when it is another one, or was taken back: it would be acknowledged and not stand.
    """
    said = (ballot.report, ballot.reviewer, ballot.decision, ballot.note)
    same = said == (stored.report, stored.reviewer, stored.decision, stored.note)
    if not same or ballot.stage not in {None, stored.stage} or ballot.reason not in {None, stored.reason}:
        message = f"the id {ballot.uid} belongs to another vote; nothing was recorded, send this one under its own id"
        raise Refused(message)
    if votes.taken_back(sql, stored.id):
        message = f"the vote {ballot.uid} was taken back; to vote so again, send it under a new id"
        raise Refused(message)
    title = records.head(sql, records.report_of(sql, stored.report)).title
    return Cast(stored.report, stored.stage, stored.decision, stored.reason, title)


def undo(
    review: Review, reviewer: str, stamp: Stamp, *, kind: str | None = None, stage: Stage | None = None
) -> votes.LastAct:
    """Take back the reviewer's newest standing vote or resolution; without limit, one a call.

    ``kind`` (``vote``, ``resolution``) and ``stage`` narrow it. Raises Refused when nothing is left to take back.
    """
    review.person(reviewer)
    with review.change(stamp) as change:
        act = votes.last_act(change.sql, reviewer, kind, stage)
        if act is None:
            message = f"{reviewer} has nothing to undo"
            raise Refused(message)
        votes.undo(change, act)
        settle_report(change, review.protocol, act.report)
    return act


def open_state(sql: sqlite3.Connection, protocol: Protocol, report: int) -> ReportState:
    """State of a report that people decide on here.

    Raises Usage for an unknown report, Refused for one of a round that only a publication tells of, or one
    removed before screening.
    """
    state = report_state(sql, protocol, report)
    if state is None:
        message = f"there is no report R{report}; livrev status lists what waits"
        raise Usage(message)
    if not state.flow_recorded:
        message = f"R{report} belongs to round {state.round}, which was decided before this store; it takes no votes"
        raise Refused(message)
    if state.place in {Place.AUTOMATION, Place.OTHER_REMOVED}:
        message = f"R{report} was {state.place}; it takes no votes"
        raise Refused(message)
    return state


def checked_reason(protocol: Protocol, stage: Stage, decision: Decision, reason: str | None) -> str | None:
    """The reason of a decision, if the protocol allows it.

    Raises Usage for an unknown or missing reason, or one that goes with an inclusion.
    """
    codes = ", ".join(r.code for r in protocol.exclusion_reasons)
    if decision is Decision.MAYBE and stage is Stage.FULLTEXT:
        message = "maybe exists at title/abstract only; decide include or exclude at full text"
        raise Usage(message)
    if reason is None:
        if stage is Stage.FULLTEXT and decision is Decision.EXCLUDE:
            message = f"an exclusion at full text needs its reason: --reason CODE (codes: {codes})"
            raise Usage(message)
        return None
    if decision is not Decision.EXCLUDE:
        message = f"a reason goes with exclude, not with {decision}"
        raise Usage(message)
    if protocol.reason(reason) is None:
        message = f"{reason!r} is no exclusion reason of the protocol (codes: {codes})"
        raise Usage(message)
    return reason


def _standing_at(state: ReportState) -> Stage:
    at_abstract = {Place.AWAITING_SCREENING, Place.EXCLUDED}
    return Stage.ABSTRACT if state.place in at_abstract else Stage.FULLTEXT


def check_open(sql: sqlite3.Connection, state: ReportState, report: int, stage: Stage) -> None:
    """Refused where nobody may vote on the report at that stage now."""
    if votes.resolution_of(sql, report, stage) is not None:
        message = (
            f"R{report} was settled at {stage}; whoever resolved it can reopen it with: livrev undo --as ID"
        )
        raise Refused(message)
    if stage is Stage.ABSTRACT:
        if not state.main_arm:
            message = f"R{report} came by other methods and is not screened by title and abstract; vote with --stage fulltext"
            raise Refused(message)
        return
    if state.place in {Place.AWAITING_SCREENING, Place.EXCLUDED}:
        message = f"R{report} has not passed title/abstract; it takes no vote at full text"
        raise Refused(message)
    if state.place in {Place.AWAITING_RETRIEVAL, Place.NOT_RETRIEVED}:
        message = (
            f"R{report} has no full text noted; first: livrev fulltext R{report} --retrieved FILE --as ID"
        )
        raise Refused(message)


def check_wanted(
    sql: sqlite3.Connection, protocol: Protocol, report: int, stage: Stage, reviewer: str
) -> None:
    """Refused where a report has every vote it needs and none of them is this reviewer's.

    Such a vote would not be independent: what the others said is no secret any more. A change of mind is one's own.
    """
    if report_ruling(sql, protocol, report, stage).verdict is Verdict.WAITING:
        return
    if all(v.reviewer != reviewer for v in votes.votes_of(sql, report, stage)):
        message = f"R{report} has every vote it needs at {stage}; nothing was recorded"
        raise Refused(message)
