"""What the rows of a file of votes in our own forms come to, before anything is stored."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from curation.errors import Refused, Usage
from curation.model import Decision, Stage
from curation.protocol import Protocol
from curation.sources.files.labels import Marked
from curation.sources.files.own_votes import OwnMark, OwnVote, OwnVotes
from curation.sources.files.write.exported import one_line
from curation.store import vote_rows, votes
from curation.store.vote_rows import Standing, VoteRow
from curation.tasks.import_votes import Known, Left
from curation.tasks.vote import check_open, check_wanted, checked_reason, open_state

_NEUTRALISED = re.compile(r"'(?=[=+\-@])")


@dataclass(frozen=True, slots=True)
class Taken:
    """A vote of the file that was stored; ``earlier`` is the reviewer's vote whose place it takes.

    ``taken_back``: its author has taken it back already, so that it is kept and does not count.
    """

    place: str
    uid: str
    report: int
    stage: Stage
    decision: Decision
    reason: str | None
    taken_back: bool
    earlier: Decision | None
    title: str


@dataclass(frozen=True, slots=True)
class New:
    """A vote to be stored, and whether it is taken back at once."""

    vote: votes.NewVote
    taken_back: bool


@dataclass(frozen=True, slots=True)
class NewMark:
    """A mark to be stored."""

    report: int
    mark: OwnMark


@dataclass(slots=True)
class Plan:
    """What is to be done with the rows of a file."""

    new: list[New] = field(default_factory=list)
    undo: list[VoteRow] = field(default_factory=list)
    marks: list[NewMark] = field(default_factory=list)
    stored: list[Taken] = field(default_factory=list)
    already: int = 0
    others: Counter[str] = field(default_factory=Counter)
    not_taken: list[Left] = field(default_factory=list)
    marks_left: int = 0

    @property
    def changes(self) -> bool:
        """Whether anything is to be stored."""
        return bool(self.new or self.undo or self.marks)


def planned(sql: sqlite3.Connection, protocol: Protocol, reviewer: str, read: OwnVotes) -> Plan:
    """What is to be done with each row of the file, whose votes become those of ``reviewer``."""
    plan = Plan(not_taken=[Left(one.place, one.title, one.why) for one in read.unread])
    own = [vote for vote in read.votes if vote.reviewer == reviewer]
    plan.others.update(vote.reviewer for vote in read.votes if vote.reviewer != reviewer)
    desk = _Desk(sql, protocol, reviewer, own)
    for index, vote in enumerate(own):
        _plan_vote(plan, desk, index, vote)
    _plan_marks(plan, desk, read.marks)
    return plan


class _Desk:
    """What the store says about the reviewer's votes, and what the file says after each of its own."""

    def __init__(
        self, sql: sqlite3.Connection, protocol: Protocol, reviewer: str, own: Sequence[OwnVote]
    ) -> None:
        self.sql, self.protocol, self.reviewer = sql, protocol, reviewer
        self.known = Known(sql)
        self.mine = {row.uid: row for row in vote_rows.rows_of(sql, reviewer)}
        self.seen: dict[str, OwnVote] = {}
        in_force = [row for row in self.mine.values() if row.standing is Standing.STANDING]
        self.standing = {(row.report, row.stage): row.decision for row in in_force}
        in_file = {vote.uid for vote in own}
        self._elsewhere = {(row.report, row.stage): row for row in in_force if row.uid not in in_file}
        self._last_stored = {(v.report, v.stage): n for n, v in enumerate(own) if v.uid in self.mine}
        self._followed = {(vote.report, vote.stage) for vote in own if not vote.superseded}

    def report(self, row: OwnVote | OwnMark) -> int | str:
        """The report a row is about, which may have joined another since; or why none is."""
        return self.known.report(Marked(row.place, row.citation, (row.report,)))

    def elsewhere(self, report: int, stage: Stage) -> VoteRow | None:
        """The reviewer's standing vote, where it does not come from this file."""
        return self._elsewhere.get((report, stage))

    def stored_later(self, index: int, vote: OwnVote) -> bool:
        """Whether a later vote of the file on the same report is stored: this one would take its place."""
        return self._last_stored.get((vote.report, vote.stage), -1) > index

    def followed(self, vote: OwnVote) -> bool:
        """Whether the file has the vote that superseded this one."""
        return (vote.report, vote.stage) in self._followed


def _plan_vote(plan: Plan, desk: _Desk, index: int, vote: OwnVote) -> None:
    report = desk.report(vote)
    if isinstance(report, str):
        plan.not_taken.append(_left(vote, report))
        return
    twice, stored = desk.seen.get(vote.uid), desk.mine.get(vote.uid)
    desk.seen[vote.uid] = vote
    if twice is not None or stored is not None:
        _plan_known(plan, vote, report, twice, stored)
    elif vote_rows.owner_of(desk.sql, vote.uid) is not None:
        plan.not_taken.append(_left(vote, f"the id {vote.uid} belongs to another vote here"))
    else:
        _plan_new(plan, desk, index, vote, report)


def _plan_known(
    plan: Plan, vote: OwnVote, report: int, twice: OwnVote | None, stored: VoteRow | None
) -> None:
    """A vote whose id is known, from the store or from an earlier row."""
    if twice is not None and _content(twice, twice.report) != _content(vote, vote.report):
        plan.not_taken.append(_left(vote, f"the id {vote.uid} stands in the file with two different votes"))
    elif stored is not None and _content(stored, stored.report) != _content(vote, report):
        why = f"the id {vote.uid} belongs to another vote here ({stored.decision} on R{stored.report})"
        plan.not_taken.append(_left(vote, why))
    elif stored is None and vote.uid not in {one.uid for one in plan.stored}:
        plan.not_taken.append(
            _left(vote, f"it is the vote {vote.uid} of {twice.place if twice else '?'} again")
        )
    elif stored is not None and twice is None and vote.taken_back and not _is_back(stored):
        plan.undo.append(stored)
    else:
        plan.already += 1


def _is_back(row: VoteRow) -> bool:
    return row.standing is Standing.TAKEN_BACK


def _content(vote: OwnVote | VoteRow, report: int) -> tuple[object, ...]:
    """What makes two votes one: a table has its notes on one line, and no formula among them."""
    note = _NEUTRALISED.sub("", one_line(vote.note), count=1)
    return report, vote.stage, vote.decision, vote.reason, vote.secondary, note


def _plan_new(plan: Plan, desk: _Desk, index: int, vote: OwnVote, report: int) -> None:
    key = (report, vote.stage)
    elsewhere = desk.elsewhere(*key)
    if elsewhere is not None and not vote.taken_back and _says(elsewhere, vote):
        plan.already += 1
        return
    why = _hindrance(desk, index, vote, elsewhere) or _refusal(desk, vote, report)
    if why:
        plan.not_taken.append(_left(vote, why))
        return
    new = votes.NewVote(
        uid=vote.uid,
        report=report,
        stage=vote.stage,
        reviewer=vote.reviewer,
        decision=vote.decision,
        reason=vote.reason,
        note=vote.note,
        secondary=vote.secondary,
        milliseconds=vote.milliseconds,
        criteria=vote.criteria,
        cast_at=None if vote.at is None else vote.at.astimezone(dt.UTC).isoformat(timespec="seconds"),
    )
    plan.new.append(New(new, vote.taken_back))
    plan.stored.append(_taken(vote, report, None if vote.taken_back else desk.standing.get(key)))
    if not vote.taken_back:
        desk.standing[key] = vote.decision


def _taken(vote: OwnVote, report: int, earlier: Decision | None) -> Taken:
    return Taken(
        place=vote.place,
        uid=vote.uid,
        report=report,
        stage=vote.stage,
        decision=vote.decision,
        reason=vote.reason,
        taken_back=vote.taken_back,
        earlier=earlier,
        title=vote.citation.title,
    )


def _says(row: VoteRow, vote: OwnVote) -> bool:
    return (row.decision, row.reason) == (vote.decision, vote.reason)


def _hindrance(desk: _Desk, index: int, vote: OwnVote, elsewhere: VoteRow | None) -> str:
    """Why the vote would wrongly become the reviewer's newest one; empty when it would not."""
    if vote.taken_back:
        return ""
    if desk.stored_later(index, vote):
        return "your later vote on it is stored already"
    if vote.superseded and not desk.followed(vote):
        return "it was superseded by a vote that is not in the file"
    if elsewhere is not None and (vote.at is None or dt.datetime.fromisoformat(elsewhere.at) > vote.at):
        why = "cannot be told to be later" if vote.at is None else "is older"
        return f"it {why} than your vote {elsewhere.decision} of {elsewhere.at} on R{elsewhere.report}"
    return ""


def _refusal(desk: _Desk, vote: OwnVote, report: int) -> str:
    """Why the report takes no such vote now; empty when it does."""
    try:
        check_open(desk.sql, open_state(desk.sql, desk.protocol, report), report, vote.stage)
        check_wanted(desk.sql, desk.protocol, report, vote.stage, vote.reviewer)
        checked_reason(desk.protocol, vote.stage, vote.decision, vote.reason)
        for code in vote.secondary:
            checked_reason(desk.protocol, vote.stage, vote.decision, code)
    except (Refused, Usage) as problem:
        return problem.message
    return ""


def _left(vote: OwnVote, why: str) -> Left:
    return Left(vote.place, vote.citation.title, why)


def _plan_marks(plan: Plan, desk: _Desk, given: Sequence[OwnMark]) -> None:
    """Marks that the store has not seen: what a longer file of the same page adds to what an earlier one said.

    Where the reviewer has marked the same thing elsewhere meanwhile, that stands.
    """
    told: dict[vote_rows.MarkKey, list[NewMark]] = defaultdict(list)
    for mark in given:
        report = desk.report(mark)
        if isinstance(report, str):
            plan.marks_left += 1
        else:
            key: vote_rows.MarkKey = (report, mark.stage, mark.kind, mark.value if mark.kind == "tag" else "")
            told[key].append(NewMark(report, mark))
    known = vote_rows.mark_histories(desk.sql, desk.reviewer) if told else {}
    for key, items in told.items():
        before = known.get(key, ())
        said = tuple((item.mark.value, item.mark.on) for item in items)
        if said[: len(before)] == before:
            plan.marks += items[len(before) :]
        elif before[: len(said)] != said:
            plan.marks_left += len(items)
