"""Takes the decisions of a co-author's screening tool over, as that reviewer's own votes.

A file is compared with what the same reviewer's files said before, report by report: what it repeats changes
nothing, also where the reviewer has voted otherwise since; what it says anew is a later vote. So the same file
may come in as often as anybody likes.
"""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from curation import identifiers
from curation.errors import BadInput, Refused
from curation.model import Citation, Decision, Stage
from curation.protocol import Protocol, Reviewer, Role
from curation.sources.files.labels import DecisionFile, Marked, Tool, Whose, read_decisions
from curation.store import duplicates, votes
from curation.store.connect import Stamp
from curation.tasks.keep import keep
from curation.tasks.review import Review
from curation.tasks.vote import check_open, check_wanted, open_state

_FEW = 3  # report numbers that may contradict their titles before a file counts as another review's
_SHOWN = 5  # of them in one message
_ALIKE = 0.7  # share of the shorter title's words that the other must have
_TELLING = 25  # letters from which a title stands for itself where a year is lacking


@dataclass(frozen=True, slots=True)
class VotesFile:
    """A file of decisions, whose votes they become and at which stage; ``whose`` says which of them are meant."""

    path: Path
    reviewer: str
    stage: Stage = Stage.ABSTRACT
    name: str = ""
    listed: Decision | None = None


@dataclass(frozen=True, slots=True)
class FromFile:
    """A decision of the file that became a vote; ``earlier`` is the reviewer's vote that it takes the place of."""

    place: str
    report: int
    decision: Decision
    reason: str | None
    note: str
    earlier: Decision | None
    title: str


@dataclass(frozen=True, slots=True)
class Left:
    """A decision of the file that became none, and why."""

    place: str
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class VotesImported:
    """What a file of decisions came to.

    Every record of it is in one of: ``stored``, ``repeated`` (as another record of the file says), ``unchanged``,
    ``undecided``, ``unmatched`` (no report, or not one alone), ``not_taken`` (a report that takes no such vote);
    ``refused`` could not be read at all. ``by`` is the name the decisions stand under in the file.
    """

    file: str
    tool: str
    by: str
    reviewer: str
    stage: Stage
    records: int
    stored: tuple[FromFile, ...]
    repeated: int
    unchanged: int
    undecided: int
    unmatched: tuple[Left, ...]
    not_taken: tuple[Left, ...]
    refused: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether every decision in the file has found its report, and stands."""
        return not (self.unmatched or self.not_taken or self.refused)


def import_votes(review: Review, file: VotesFile, stamp: Stamp, *, dry_run: bool = False) -> VotesImported:
    """Store the decisions of a file as votes of ``file.reviewer``, all of them in one transaction.

    Nobody else's decisions in it are looked at. The file is copied to ``inbox/``; ``dry_run`` stores nothing.
    Raises Usage for an unknown reviewer or a file that does not say whose decisions are meant, Refused where they
    are another reviewer's, BadInput for a file that cannot be read or comes from another review.
    """
    person = review.member(file.reviewer, Role.SCREENER)
    read = read_decisions(file.path, Whose(file.name, (person.name, person.id), file.listed))
    _refuse_anothers(review.protocol, person, read)
    inbox = review.folder / "inbox"
    again = any(inbox.glob(f"{read.sha256[:8]}-*"))
    desk = _Desk(review.protocol, file.reviewer, file.stage, seen_before=again)
    plan = _planned(review.sql, desk, read)
    if dry_run:
        return plan.told(desk, read)
    if not plan.votes:  # nothing new: no change is recorded
        keep(file.path, inbox)
        return plan.told(desk, read)
    with review.change(stamp) as change:  # planned again, since others may have written until now
        plan = _planned(change.sql, desk, read)
        for new in plan.votes:
            votes.cast(change, new)
        keep(file.path, inbox)
    return plan.told(desk, read)


def _refuse_anothers(protocol: Protocol, person: Reviewer, read: DecisionFile) -> None:
    """Refuse decisions that stand under the name of another reviewer of this review."""
    by = read.by.casefold()
    if not by or by in {person.name.casefold(), person.id.casefold()}:
        return
    other = next((r for r in protocol.reviewers if by in {r.name.casefold(), r.id.casefold()}), None)
    if other is not None:
        message = f"{read.name}: its decisions are {read.by}'s, who is {other.id} here, not {person.id}; nothing was stored"
        raise Refused(message)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Under which protocol whose votes are taken, at which stage, and whether these bytes came in before."""

    protocol: Protocol
    reviewer: str
    stage: Stage
    seen_before: bool


@dataclass(slots=True)
class _Plan:
    """What is to be done with the records of a file."""

    votes: list[votes.NewVote] = field(default_factory=list)
    stored: list[FromFile] = field(default_factory=list)
    repeated: int = 0
    unchanged: int = 0
    undecided: int = 0
    unmatched: list[Left] = field(default_factory=list)
    not_taken: list[Left] = field(default_factory=list)

    def told(self, desk: _Desk, read: DecisionFile) -> VotesImported:
        return VotesImported(
            file=read.name,
            tool=read.tool,
            by=read.by,
            reviewer=desk.reviewer,
            stage=desk.stage,
            records=len(read.records),
            stored=tuple(self.stored),
            repeated=self.repeated,
            unchanged=self.unchanged,
            undecided=self.undecided,
            unmatched=tuple(self.unmatched),
            not_taken=tuple(self.not_taken),
            refused=read.refused,
        )


@dataclass(frozen=True, slots=True)
class _Row:
    """A decision of the file in this review's words; ``reason`` is a code of review.toml, or None.

    ``coarse``: the tool knows no maybe, so that its include says no more than forward.
    """

    marked: Marked
    decision: Decision
    reason: str | None
    note: str
    coarse: bool

    def left(self, why: str) -> Left:
        """The same, as one that was left."""
        return Left(self.marked.place, self.marked.citation.title, why)

    def says(self, vote: votes.StoredVote) -> bool:
        """Whether a vote says the same; a file that gives no reason contradicts none."""
        alike = vote.decision is self.decision or (
            self.coarse and vote.decision.forward and self.decision.forward
        )
        return alike and self.reason in {None, vote.reason}


def _planned(sql: sqlite3.Connection, desk: _Desk, read: DecisionFile) -> _Plan:
    known = Known(sql)
    _refuse_other_review(read, known)
    plan = _Plan()
    found: dict[int, list[_Row]] = defaultdict(list)
    for marked in read.records:
        if marked.fault:
            plan.not_taken.append(Left(marked.place, marked.citation.title, marked.fault))
        elif marked.decision is None:
            plan.undecided += 1
        else:
            row = _row(desk.protocol, read.tool, marked, marked.decision)
            match = known.report(marked)
            if isinstance(match, int):
                found[match].append(row)
            else:
                plan.unmatched.append(row.left(match))
    for report, rows in found.items():
        _plan_report(plan, sql, desk, report, rows)
    return plan


def _plan_report(plan: _Plan, sql: sqlite3.Connection, desk: _Desk, report: int, rows: list[_Row]) -> None:
    row = rows[0]
    if len({(one.decision, one.reason) for one in rows}) > 1:
        where = ", ".join(one.marked.place for one in rows)
        why = f"R{report} stands in the file with different decisions ({where})"
        plan.not_taken += [one.left(why) for one in rows]
        return
    plan.repeated += len(rows) - 1
    standing = _standing(sql, desk, report)
    outcome = _outcome(sql, desk, report, row)
    if outcome is None:
        plan.unchanged += 1
    elif isinstance(outcome, Left):
        plan.not_taken.append(outcome)
    else:
        plan.votes.append(outcome)
        earlier = standing.decision if standing else None
        title = row.marked.citation.title
        plan.stored.append(
            FromFile(row.marked.place, report, row.decision, row.reason, row.note, earlier, title)
        )


def _outcome(sql: sqlite3.Connection, desk: _Desk, report: int, row: _Row) -> votes.NewVote | Left | None:
    """The vote to cast; None where it changes nothing; why it cannot be cast."""
    standing = _standing(sql, desk, report)
    if standing is not None and row.says(standing):
        return None
    count, last = _last_from_file(sql, desk, report)
    if last is not None and row.says(last):
        return (
            row.left(f"you took this vote on R{report} back; vote again by hand")
            if standing is None
            else None
        )
    if last is None and standing is not None and desk.seen_before:
        return row.left(
            f"this file came in before, and R{report} has your vote {standing.decision}; "
            "if the file is right, vote so by hand"
        )
    why = _refusal(sql, desk, report, row)
    if why:
        return row.left(why)
    uid = _uid(desk, report, count + 1)
    return votes.NewVote(uid, report, desk.stage, desk.reviewer, row.decision, row.reason, row.note)


def _standing(sql: sqlite3.Connection, desk: _Desk, report: int) -> votes.StoredVote | None:
    cast = votes.votes_of(sql, report, desk.stage)
    return next((vote for vote in cast if vote.reviewer == desk.reviewer), None)


def _last_from_file(sql: sqlite3.Connection, desk: _Desk, report: int) -> tuple[int, votes.StoredVote | None]:
    """How many votes the reviewer's files brought on a report, and the newest of them, taken back or not."""
    count, last = 0, None
    while (vote := votes.by_uid(sql, _uid(desk, report, count + 1))) is not None:
        count, last = count + 1, vote
    return count, last


def _uid(desk: _Desk, report: int, number: int) -> str:
    return f"file/{desk.stage}/{desk.reviewer}/R{report}/{number}"


def _refusal(sql: sqlite3.Connection, desk: _Desk, report: int, row: _Row) -> str:
    """Why the report takes no such vote now; empty when it does."""
    if desk.stage is Stage.FULLTEXT and row.decision is Decision.MAYBE:
        return "maybe exists at title/abstract only"
    if desk.stage is Stage.FULLTEXT and row.decision is Decision.EXCLUDE and row.reason is None:
        given = ", ".join(row.marked.reasons) or "none"
        return f"an exclusion at full text needs a reason of review.toml; the file gives: {given}"
    try:
        check_open(sql, open_state(sql, desk.protocol, report), report, desk.stage)
        check_wanted(sql, desk.protocol, report, desk.stage, desk.reviewer)
    except Refused as refused:
        return refused.message
    return ""


def _row(protocol: Protocol, tool: Tool, marked: Marked, decision: Decision) -> _Row:
    """The decision with the highest-ranking reason that review.toml knows; other reasons go into the note."""
    wordings = [_wording(text) for text in marked.reasons]
    ranked = (
        r.code for r in protocol.exclusion_reasons if {_wording(r.code), _wording(r.label)} & {*wordings}
    )
    reason = next(ranked, None)
    chosen = protocol.reason(reason) if reason else None
    own = {_wording(chosen.code), _wording(chosen.label)} if chosen else set()
    others = [text for text, wording in zip(marked.reasons, wordings, strict=True) if wording not in own]
    note = "; ".join(
        filter(None, (marked.note, f"reasons in the file: {', '.join(others)}" if others else ""))
    )
    return _Row(marked, decision, reason, note, coarse=tool is Tool.ASREVIEW)


def _wording(text: str) -> str:
    """A reason for comparison: ``Wrong population``, as tools name it, is ``Population``."""
    return identifiers.folded(re.sub(r"^\s*wrong\s+", "", text, flags=re.IGNORECASE))


def _refuse_other_review(read: DecisionFile, known: Known) -> None:
    """Refuse a file whose report numbers are not this review's, as its titles show."""
    numbered = [marked for marked in read.records if marked.tokens]
    told = [(marked, known.by_token(marked)) for marked in numbered]
    wrong = [f"{marked.place}: {why}" for marked, why in told if isinstance(why, str)]
    if len(wrong) > _FEW or len(wrong) * 2 > len(numbered):
        more = [f"and {len(wrong) - _SHOWN} more"] if len(wrong) > _SHOWN else []
        raise BadInput(
            f"{read.name}: {len(wrong)} of its {len(numbered)} report numbers do not belong to their titles here; "
            "it seems to come from another review; nothing was stored",
            faults=(*wrong[:_SHOWN], *more),
        )


class Known:
    """Every report of the store by what can name it: its number, identifiers, title and year.

    An answer is a report, or a sentence that says why it is none; None where a record lacks what is asked for.
    """

    def __init__(self, sql: sqlite3.Connection) -> None:
        self._report_of = duplicates.placements(sql)
        self._titles: dict[int, list[str]] = defaultdict(list)
        self._pmids: dict[str, set[int]] = defaultdict(set)
        self._dois: dict[str, set[int]] = defaultdict(set)
        self._dated: dict[str, set[tuple[int, int | None]]] = defaultdict(set)
        for one in duplicates.identities(sql):
            report = self._report_of[one.record]
            self._titles[report].append(one.title)
            self._dated[identifiers.folded(one.title)].add((report, one.year))
            if one.pmid:
                self._pmids[one.pmid].add(report)
            if one.doi:
                self._dois[one.doi].add(report)

    def report(self, marked: Marked) -> int | str:
        """The report a record is about: by our number, PubMed number, DOI, or title and year."""
        c = marked.citation
        answers = (
            self.by_token(marked),
            self._by_number(c, "PubMed number", c.pmid, self._pmids),
            self._by_number(c, "DOI", c.doi, self._dois),
        )
        found = {answer for answer in answers[1:] if isinstance(answer, int)}
        if answers[0] is None and len(found) > 1:
            return f"its PubMed number and its DOI belong to different reports ({_listed(found)})"
        return next((answer for answer in answers if answer is not None), None) or self._by_title(c)

    def by_token(self, marked: Marked) -> int | str | None:
        """By the number of ours that it carries, if its title agrees."""
        if not marked.tokens:
            return None
        reports = {self._report_of.get(token) for token in marked.tokens}
        number = _listed(marked.tokens)
        report = reports.pop()
        if reports:
            return f"it carries several report numbers ({number})"
        if report is None:
            return f"there is no {number} in this review"
        if not self._agrees(marked.citation, report):
            return f"it says {number}, which is {self._titles[report][0]!r} here"
        return report

    def _by_number(
        self, citation: Citation, what: str, number: str | None, known: Mapping[str, set[int]]
    ) -> int | str | None:
        reports = known.get(number or "")
        if not reports:
            return None
        agreeing = {report for report in reports if self._agrees(citation, report)}
        if len(agreeing) == 1:
            return agreeing.pop()
        if agreeing:
            return f"its {what} is that of {_listed(agreeing)}"
        return f"its {what} is that of {_listed(reports)}, its title is not"

    def _by_title(self, citation: Citation) -> int | str:
        title = identifiers.folded(citation.title)
        same = self._dated.get(title, set()) if title else set()
        fitting = {report for report, year in same if _same_time(title, year, citation.year)}
        if len(fitting) == 1:
            return fitting.pop()
        if fitting:
            return f"its title is that of {_listed(fitting)}"
        if same:
            return f"its title is that of {_listed({report for report, _ in same})}, of another year or none"
        return "no report of this review has its number, title or identifiers"

    def _agrees(self, citation: Citation, report: int) -> bool:
        """Whether a record may have the title that one of the report's records has."""
        return not citation.title or any(_alike(citation.title, title) for title in self._titles[report])


def _same_time(title: str, year: int | None, other: int | None) -> bool:
    return year == other if year and other else len(title) >= _TELLING


def _alike(title: str, other: str) -> bool:
    one, two = _words(title), _words(other)
    return not one or not two or len(one & two) >= _ALIKE * min(len(one), len(two))


def _words(title: str) -> set[str]:
    return set(filter(None, map(identifiers.folded, re.split(r"[\s\-–/:]+", title))))


def _listed(reports: Iterable[int]) -> str:
    return ", ".join(f"R{number}" for number in sorted(reports))
