"""A reviewer at work on the store: the seam of ``screening.desk`` over an open review."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import median

from curation.errors import LivrevError, Refused
from curation.model import Citation, Stage
from curation.protocol import Protocol, Role, Service
from curation.store import fulltexts, marks, records, screened, votes
from curation.store import queue as slots
from curation.store.connect import Stamp
from curation.tasks.conflicts import Decided, resolve
from curation.tasks.fulltext import kept
from curation.tasks.queue import refresh, settle_report
from curation.tasks.report_members import canonical_of
from curation.tasks.review import Review
from curation.tasks.vote import Ballot, undo, vote
from screening.desk import Card, Choice, NotTaken, Past, Progress, Reason, Said, Setting, Work
from screening.queue import MOST_SKIPS
from screening.strategy import terms

_LATEST = 50  # decisions that tell the pace
_PAUSE = 300_000  # milliseconds; who took longer was away (Wallace's and Gates' averages are 29 to 79 s)
_RECOUNT = 25  # actions after which the queue is counted again, since others work on it too
_SHORTEST = 3  # letters of a word worth highlighting
_EMPTY = frozenset(
    [
        "the",
        "and",
        "for",
        "with",
        "from",
        "not",
        "all",
        "any",
        "are",
        "was",
        "were",
        "that",
        "this",
        "these",
        "those",
        "into",
        "using",
        "use",
    ]
)


@dataclass(frozen=True, slots=True)
class Session:
    """Who sits down, to do what; ``partners`` sign a consensus together with the reviewer."""

    reviewer: str
    work: Work
    partners: tuple[str, ...] = ()
    keys: dict[str, str] | None = None


class StoreDesk:
    """A desk over the store (``screening.desk.Desk``). Every decision is committed when its method returns."""

    def __init__(
        self,
        review: Review,
        session: Session,
        stamp: Callable[[], Stamp],
        voted: Callable[[], None] = lambda: None,
    ) -> None:
        """``stamp`` gives who writes now; ``voted`` is called after each stored vote (to rank anew, say).

        Raises Usage for an unknown reviewer, Refused for one without the right to this work.
        """
        _refuse_without_right(review, session)
        self._review = review
        self._session = session
        self._stamp = stamp
        self._voted = voted
        self.setting = setting_of(review.protocol, session)
        refresh(review)
        self._tally = _Tally(self._own())
        self._left, self._actions = self._count(), 0

    # What is read

    def next(self) -> Card | None:
        """The report to be read now."""
        refresh(self._review)
        if self._session.work is Work.CONFLICTS:
            found = next(self._conflicts(), None)
            return self._card(*found) if found else None
        stage = self._stage_of_votes()
        report = slots.next_report(self._review.sql, self._session.reviewer, stage)
        return self._card(report, stage) if report is not None else None

    def card(self, report: int) -> Card:
        """Any report, as it stands for the reader."""
        with _told():
            now = records.report_of(self._review.sql, report)
        return self._card(now, self._stage(now))

    def progress(self) -> Progress:
        """How far the reader is."""
        done = self._tally
        seconds = median(done.pace) / 1000 if done.pace else None
        return Progress(len(done.own), self._left, done.includes, done.since_include, seconds)

    def past(self, limit: int, containing: str = "") -> Sequence[Past]:
        """Own standing decisions, newest first."""
        sql = self._review.sql
        own = list(reversed(self._tally.own.values()))
        names = screened.titles(sql, [one.report for one in (own if containing else own[:limit])])
        wanted = containing.casefold()
        chosen = [one for one in own if wanted in names.get(one.report, "").casefold()][:limit]
        return [self._past(one, names.get(one.report, "")) for one in chosen]

    def _past(self, one: screened.Own, title: str) -> Past:
        of = marks.of(self._review.sql, one.report, self._stage(one.report), self._session.reviewer)
        return Past(one.report, title, one.decision, one.reason, of.flagged, of.tags)

    def reveal(self, report: int) -> Sequence[Said]:
        """In consensus mode, the votes on a report in conflict."""
        sql, signed = self._review.sql, {self._session.reviewer, *self._session.partners}
        stage = next((s for r, s in slots.conflicts_of(sql, report) if r == report), None)
        cast = votes.votes_of(sql, report, stage) if stage else []
        if not self._session.partners or {v.reviewer for v in cast} != signed:
            raise NotTaken(
                f"the votes on R{report} stay hidden: they are shown to everybody who cast one, together"
            )
        return [self._said(v, stage) for v in cast if stage]

    def _said(self, vote: votes.StoredVote, stage: Stage) -> Said:
        """A vote with the note that came with it, else the one its author keeps on the report."""
        kept = marks.of(self._review.sql, vote.report, stage, vote.reviewer).note
        return Said(self._name(vote.reviewer), vote.decision, vote.reason, vote.note or kept)

    # What is stored

    def decide(self, choice: Choice) -> None:
        """Store a vote, or at conflicts a resolution."""
        with _told():
            if self._session.work is Work.CONFLICTS:
                self._resolve(choice)
            else:
                self._vote(choice)
        self._tally.add(_own(choice))
        self._acted(-1)
        self._voted()

    def undo(self) -> int | None:
        """Take the newest standing decision back."""
        kind = "resolution" if self._session.work is Work.CONFLICTS else "vote"
        reviewer, stage = self._session.reviewer, self._session.work.stage
        if votes.last_act(self._review.sql, reviewer, kind, stage) is None:
            return None
        with _told():
            act = undo(self._review, reviewer, self._stamp(), kind=kind, stage=stage)
        self._tally = _Tally(self._own())
        self._acted(1)
        return act.report

    def skip(self, report: int) -> None:
        """Put a report to the end of the reader's queue."""
        stage = self._stage(report)
        if marks.of(self._review.sql, report, stage, self._session.reviewer).skipped >= MOST_SKIPS:
            raise NotTaken(
                f"R{report} was put off {MOST_SKIPS} times; decide on it, or flag it for discussion"
            )
        self._mark(report, "skip")

    def flag(self, report: int, *, on: bool) -> None:
        """Flag a report, or take the flag off."""
        self._mark(report, "flag", on=on)

    def tag(self, report: int, tag: str, *, on: bool) -> None:
        """Give a report a tag, or take it off."""
        self._mark(report, "tag", tag.strip(), on=on)

    def note(self, report: int, text: str) -> None:
        """Keep the reader's own note."""
        self._mark(report, "note", text.strip(), on=bool(text.strip()))

    def _mark(self, report: int, kind: marks.Kind, value: str = "", *, on: bool = True) -> None:
        with _told(), self._review.change(self._stamp()) as change:
            marks.add(change, report, self._stage(report), kind, value, standing=on)
            settle_report(change, self._review.protocol, report)

    def _vote(self, choice: Choice) -> None:
        ballot = Ballot(
            uid=str(uuid.uuid4()),
            report=choice.report,
            reviewer=self._session.reviewer,
            decision=choice.decision,
            stage=self._stage_of_votes(),
            reason=choice.reason,
            note=choice.note,
            secondary=choice.secondary,
            milliseconds=choice.milliseconds,
        )
        vote(self._review, ballot, self._stamp())

    def _resolve(self, choice: Choice) -> None:
        decided = Decided(
            uid=str(uuid.uuid4()),
            report=choice.report,
            reviewer=self._session.reviewer,
            decision=choice.decision,
            note=choice.note,
            reason=choice.reason,
            partners=self._session.partners,
        )
        resolve(self._review, decided, self._stamp())

    def _acted(self, left: int) -> None:
        self._actions += 1
        self._left = max(0, self._left + left) if self._actions % _RECOUNT else self._count()

    # Where things stand

    def _stage_of_votes(self) -> Stage:
        stage = self._session.work.stage
        if stage is None:
            raise NotTaken("conflicts are resolved, not voted on")
        return stage

    def _stage(self, report: int) -> Stage:
        """The stage at which this work meets a report."""
        if self._session.work.stage is not None:
            return self._session.work.stage
        return max((s for _, s in slots.conflicts_of(self._review.sql, report)), default=Stage.ABSTRACT)

    def _own(self) -> Iterator[screened.Own]:
        sql, stage = self._review.sql, self._session.work.stage
        if stage is None:
            return screened.own_resolutions(sql, self._session.reviewer)
        return screened.own_votes(sql, self._session.reviewer, stage)

    def _count(self) -> int:
        if self._session.work is Work.CONFLICTS:
            return sum(1 for _ in self._conflicts())
        return slots.waiting(self._review.sql, self._session.reviewer, self._stage_of_votes())

    def _conflicts(self) -> Iterator[tuple[int, Stage]]:
        """Conflicts that this person, or these people together, may settle; those put off come last."""
        sql = self._review.sql
        signed = {self._session.reviewer, *self._session.partners}
        put_off = {stage: marks.skips(sql, stage) for stage in Stage}

        def turn(found: tuple[int, Stage]) -> tuple[int, str, int]:
            report, stage = found
            return put_off[stage].get((report, self._session.reviewer), 0), stage, report

        for report, stage in sorted(slots.next_conflicts(sql), key=turn):
            if self._may_settle(report, stage, signed):
                yield report, stage

    def _may_settle(self, report: int, stage: Stage, signed: set[str]) -> bool:
        """Whether an adjudicator never voted on it, or those who sign are all who did."""
        if not self._session.partners:
            return self._session.reviewer not in votes.voters_ever(self._review.sql, report, stage)
        return {v.reviewer for v in votes.votes_of(self._review.sql, report, stage)} == signed

    def _card(self, report: int, stage: Stage) -> Card:
        sql, reviewer = self._review.sql, self._session.reviewer
        own = screened.own_vote(sql, reviewer, stage, report)
        of = marks.of(sql, report, stage, reviewer)
        pilot = slots.pilots(sql, stage).get(report)
        card = card_of(report, stage, canonical_of(sql, (report,))[report].citation)
        return replace(
            card,
            own=Said(reviewer, own.decision, own.reason, own.note) if own else None,
            tags=of.tags,
            note=of.note,
            flagged=of.flagged,
            skipped=of.skipped,
            calibration=pilot[0] if pilot else None,
            fulltext=self._fulltext(report),
            voters=self._voters(report, stage),
        )

    def _fulltext(self, report: int) -> str:
        """Path or address of the full text, as far as one is noted."""
        noted = fulltexts.fulltext_of(self._review.sql, report)
        if noted is None:
            return ""
        path = kept(self._review.folder, noted)
        return str(path) if path else noted.link

    def _voters(self, report: int, stage: Stage) -> tuple[str, ...]:
        if self._session.work is not Work.CONFLICTS:
            return ()
        return tuple(self._name(v.reviewer) for v in votes.votes_of(self._review.sql, report, stage))

    def _name(self, reviewer: str) -> str:
        return _named(self._review.protocol, reviewer)


def setting_of(protocol: Protocol, session: Session) -> Setting:
    """What does not change during a session."""
    screening = protocol.screening
    return Setting(
        review=protocol.review.title,
        reviewer=session.reviewer,
        name=_named(protocol, session.reviewer),
        work=session.work,
        include=protocol.criteria.include,
        exclude=protocol.criteria.exclude,
        criteria_number=protocol.criteria.number,
        reasons=tuple(Reason(r.code, r.label) for r in protocol.exclusion_reasons),
        highlight=screening.highlight or _asked_for(protocol),
        against=screening.highlight_against,
        show_authors=screening.show_authors,
        keys=session.keys or {},
        partners=tuple(_named(protocol, partner) for partner in session.partners),
    )


def _named(protocol: Protocol, reviewer: str) -> str:
    person = protocol.reviewer(reviewer)
    return person.name if person else reviewer


def card_of(report: int, stage: Stage, c: Citation) -> Card:
    """A report as anybody sees it: its fields, and nothing that a reader did."""
    return Card(
        report=report,
        stage=stage,
        title=c.title,
        abstract=c.abstract,
        year=c.year,
        journal=c.journal,
        authors=tuple(map(str, c.authors)),
        doi=c.doi,
        pmid=c.pmid,
        keywords=c.keywords,
        publication_types=c.publication_types,
        language=", ".join(c.language),
    )


def _asked_for(protocol: Protocol) -> tuple[str, ...]:
    """Words of the strategies of databases and registers, each once; elsewhere a strategy is told in prose."""
    asked = (s for s in protocol.sources if s.kind.main_arm and s.service is not Service.PREVIOUS)
    words = (word.casefold() for source in asked for word in terms(source.strategy))
    return tuple(dict.fromkeys(w for w in words if len(w.strip("*")) >= _SHORTEST and w not in _EMPTY))


def _refuse_without_right(review: Review, session: Session) -> None:
    role = Role.ADJUDICATOR if session.work is Work.CONFLICTS and not session.partners else Role.SCREENER
    for name in (session.reviewer, *session.partners):
        review.member(name, role)
    if session.reviewer in session.partners:
        message = f"{session.reviewer} cannot be their own partner; name the other who voted with --with"
        raise Refused(message)


def _own(choice: Choice) -> screened.Own:
    return screened.Own(
        choice.report, choice.decision, choice.reason, choice.note, choice.milliseconds, choice.secondary
    )


class _Tally:
    """Own standing decisions, counted as they come."""

    def __init__(self, own: Iterator[screened.Own]) -> None:
        self.own: dict[int, screened.Own] = {}
        self.pace: deque[int] = deque(maxlen=_LATEST)
        self.includes = 0
        self.since_include = 0
        for one in own:
            self.add(one)

    def add(self, one: screened.Own) -> None:
        """Count a decision; on the same report it takes the place of an earlier one."""
        before = self.own.pop(one.report, None)
        self.own[one.report] = one
        self.includes += one.decision.forward - (before is not None and before.decision.forward)
        self.since_include = 0 if one.decision.forward else self.since_include + 1
        if one.milliseconds is not None and one.milliseconds <= _PAUSE:
            self.pace.append(one.milliseconds)


@contextmanager
def _told() -> Iterator[None]:
    """Have a refusal told to the reader instead of ending the session."""
    try:
        yield
    except LivrevError as refused:
        raise NotTaken(refused.message) from refused
