"""Takes votes in that are in our own forms: the file of a screening page, or the long table of another copy.

Votes and undos are only ever added, each under the id it was given when it was cast: the same file may come in as
often as anybody likes, and a later download of a page brings what is new in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from curation.errors import BadInput, Refused
from curation.model import Decision, Stage
from curation.protocol import Protocol, Role
from curation.sources.files.own_votes import OwnVotes, Page, read_own_votes
from curation.store import marks, vote_rows, votes
from curation.store.connect import Change, Stamp
from curation.tasks.import_votes import Left
from curation.tasks.keep import keep
from curation.tasks.queue import settle_report
from curation.tasks.review import Review
from curation.tasks.vote_file_plan import Plan, Taken, planned


@dataclass(frozen=True, slots=True)
class VotesTaken:
    """What a file of votes came to.

    Every vote of it is in one of: ``stored``, ``undone`` (here before, and taken back by the file), ``already`` (here
    before, or as a later vote of the reviewer says), ``others`` (other people's, by their id), ``not_taken``.
    ``batch`` is empty for a table. ``marks`` are tags, notes, flags and skips that were stored, ``marks_left`` those
    on which the reviewer has said something else here.
    """

    file: str
    batch: str
    reviewer: str
    votes: int
    stored: tuple[Taken, ...]
    undone: int
    already: int
    others: Mapping[str, int]
    not_taken: tuple[Left, ...]
    marks: int
    marks_left: int

    @property
    def whole(self) -> bool:
        """Whether everything in the file is in the store now."""
        return not (self.others or self.not_taken or self.marks_left)


def is_own(path: Path) -> bool:
    """Whether a file is in one of our own forms.

    Raises BadInput when it cannot be read, was cut off, or is of a newer livrev.
    """
    return read_own_votes(path) is not None


def take_votes(
    review: Review, path: Path, reviewer: str, stamp: Stamp, *, dry_run: bool = False
) -> VotesTaken:
    """Store the votes of ``reviewer`` in a file of ours, in one transaction.

    Each vote passes what a single vote must pass; one that does not is told and left. The file is copied to
    ``inbox/``; ``dry_run`` stores nothing. Raises Usage or Refused for a reviewer without the right, Refused for a
    page of another review or reviewer, BadInput for a file that cannot be read or is none of ours.
    """
    read = read_own_votes(path)
    if read is None:
        message = f"{path.name}: is neither the file of a screening page nor a table of livrev votes"
        raise BadInput(message)
    review.member(reviewer, Role.SCREENER)
    if read.page is not None:
        _refuse_other_page(review, read.name, read.page, reviewer)
    plan = planned(review.sql, review.protocol, reviewer, read)
    if dry_run:
        return _told(plan, read, reviewer)
    inbox = review.folder / "inbox"
    if not plan.changes:  # nothing new: no change is recorded
        keep(path, inbox, read.sha256)
        return _told(plan, read, reviewer)
    with review.change(stamp) as change:  # planned again, since others may have written until now
        plan = planned(change.sql, review.protocol, reviewer, read)
        _apply(change, review.protocol, plan)
        keep(path, inbox, read.sha256)
    return _told(plan, read, reviewer)


def _refuse_other_page(review: Review, name: str, page: Page, reviewer: str) -> None:
    if page.review != vote_rows.identity(review.sql):
        message = f"{name}: its page was made for another review ({page.title!r}); nothing was stored"
        raise Refused(message)
    if page.reviewer != reviewer:
        message = (
            f"{name}: holds the votes of {page.reviewer}, not of {reviewer}; nothing was stored,"
            f" take it in with: --as {page.reviewer}"
        )
        raise Refused(message)


def _told(plan: Plan, read: OwnVotes, reviewer: str) -> VotesTaken:
    others = dict(sorted(plan.others.items()))
    parts = (len(plan.stored), len(plan.undo), plan.already, *others.values(), len(plan.not_taken))
    return VotesTaken(
        file=read.name,
        batch=read.page.batch if read.page else "",
        reviewer=reviewer,
        votes=sum(parts),
        stored=tuple(plan.stored),
        undone=len(plan.undo),
        already=plan.already,
        others=others,
        not_taken=tuple(plan.not_taken),
        marks=len(plan.marks),
        marks_left=plan.marks_left,
    )


def _apply(change: Change, protocol: Protocol, plan: Plan) -> None:
    for new in plan.new:
        number = votes.cast(change, new.vote)
        if new.taken_back:
            _undo(change, number, new.vote.report, new.vote.stage, new.vote.decision)
    for row in plan.undo:
        _undo(change, row.id, row.report, row.stage, row.decision)
    for item in plan.marks:
        mark = item.mark
        marks.add(change, item.report, mark.stage, mark.kind, mark.value, standing=mark.on)
    touched = {new.vote.report for new in plan.new}
    touched |= {row.report for row in plan.undo} | {item.report for item in plan.marks}
    for report in sorted(touched):
        settle_report(change, protocol, report)


def _undo(change: Change, number: int, report: int, stage: Stage, decision: Decision) -> None:
    votes.undo(change, votes.LastAct("vote", number, report, stage, decision))
