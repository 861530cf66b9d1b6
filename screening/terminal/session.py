"""A reviewer's session at a desk: what a decision still lacks, what is stored, which report comes next.

The app and the line mode both drive this; it asks nothing and shows nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from curation.model import Decision, Stage
from screening.desk import Card, Choice, Desk, NotTaken, Past, Said, Work
from screening.harmless import all_of, harmless, on_one_line
from screening.terminal import wording

Clock = Callable[[], float]  # seconds that only ever grow, from anywhere
_LISTED = 200  # own decisions that a list to go back to holds; words narrow it down


class Lack(Enum):
    """What must be asked before a decision can be stored, in the order of asking."""

    READY = auto()
    REASON = auto()
    NOTE = auto()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a key came to, in a line; ``taken`` is False where it came to nothing, ``decided`` after a decision."""

    text: str
    taken: bool = True
    decided: bool = False


class Session:
    """The report before the reader, and everything they can do with it. All texts it gives out are harmless."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock
        self.setting = all_of(desk.setting)
        self.card: Card | None = None
        self.revealed: tuple[Said, ...] = ()
        self.shown = 0  # how many reports were put before the reader, one gone back to counted again
        self._since = 0.0
        self._show(desk.next())

    @property
    def settles(self) -> bool:
        """Whether conflicts are settled here, and not votes cast."""
        return self.setting.work is Work.CONFLICTS

    @property
    def together(self) -> bool:
        """Whether several people settle conflicts by consensus."""
        return self.settles and bool(self.setting.partners)

    @property
    def hidden(self) -> str:
        """What is said of votes that are not shown."""
        if self.revealed:
            return ""
        return wording.HIDDEN_UNTIL_READY if self.together else wording.HIDDEN

    def progress(self) -> str:
        """How far the reader is, in words."""
        return wording.progress(self._desk.progress())

    def choice(self, decision: Decision, reason: str | None = None) -> Choice | None:
        """A decision on the report shown, as far as it goes; None when no report is shown."""
        return None if self.card is None else Choice(self.card.report, decision, reason)

    def submit(self, choice: Choice | None) -> Lack | Outcome:
        """Store a whole choice and show what comes next; say what one still lacks that is not whole.

        A refused one leaves what stands there by now: the report may have been settled meanwhile.
        """
        if choice is None or self.card is None:
            return _nothing_here()
        if choice.decision is Decision.MAYBE and (self.settles or self.card.stage is Stage.FULLTEXT):
            return Outcome(_NO_MAYBE_HERE if self.settles else _NO_MAYBE_AT_FULL_TEXT, taken=False)
        return self._lacking(choice, self.card) or self._decide(choice)

    def undo(self) -> Outcome:
        """Take the newest decision back and show its report again."""
        try:
            report = self._desk.undo()
        except NotTaken as refusal:
            return _no(refusal)
        if report is None:
            return Outcome("there is no decision of yours to take back", taken=False)
        self._show(self._desk.card(report))
        own = self.card.own if self.card else None
        stands = f"your earlier {own.decision} stands again" if own else "it is undecided again"
        return Outcome(f"taken back on {wording.report(report)}: {stands}")

    def skip(self) -> Outcome:
        """Put the report to the end of the queue."""
        if self.card is None:
            return _nothing_here()
        report = self.card.report
        try:
            self._desk.skip(report)
        except NotTaken as refusal:
            return self._refused(refusal)
        self._show(self._desk.next())
        return Outcome(f"skipped {wording.report(report)}: it comes again at the end")

    def open(self, report: int) -> Outcome:
        """Show any report, to look at it or to decide on it anew; the queue goes on after that."""
        try:
            self._show(self._desk.card(report))
        except NotTaken as refusal:
            return _no(refusal)
        return Outcome(f"back at {wording.report(report)}; a decision now replaces your earlier one")

    def flag(self) -> Outcome:
        """Flag the report, or take the flag off."""
        return self._mark(self._flag)

    def tag(self, tag: str) -> Outcome:
        """Put a tag on the report, or take it off where it is on."""
        return self._mark(lambda card: self._tag(card, on_one_line(tag)))

    def note(self, text: str) -> Outcome:
        """Keep a note on the report; empty text takes it away."""
        return self._mark(lambda card: self._note(card, harmless(text).strip()))

    def reveal(self) -> Outcome:
        """Show the votes of a conflict to those who settle it together."""
        if self.card is None:
            return _nothing_here()
        try:
            self.revealed = tuple(map(all_of, self._desk.reveal(self.card.report)))
        except NotTaken as refusal:
            return self._refused(refusal)
        return Outcome("talk it over, then decide together")

    def past(self, containing: str = "") -> Sequence[Past]:
        """The reader's own decisions, newest first."""
        return [all_of(one) for one in self._desk.past(_LISTED, containing)]

    def known_tags(self) -> list[str]:
        """Tags that are on this report or on one of the newest decisions, as they came up."""
        own = self.card.tags if self.card else ()
        return list(dict.fromkeys((*own, *(tag for one in self.past() for tag in one.tags))))

    def _lacking(self, choice: Choice, card: Card) -> Lack | None:
        if self.together and not self.revealed:
            return Lack.READY
        if card.stage is Stage.FULLTEXT and choice.decision is Decision.EXCLUDE and choice.reason is None:
            return Lack.REASON
        return Lack.NOTE if self.settles and not choice.note.strip() else None

    def _decide(self, choice: Choice) -> Outcome:
        try:
            self._desk.decide(replace(choice, milliseconds=self._on_screen()))
        except NotTaken as refusal:
            return self._refused(refusal)
        self._show(self._desk.next())
        text = wording.stored(choice, self.setting.reasons, self.setting.work)
        return Outcome(text, decided=True)

    def _flag(self, card: Card) -> str:
        self._desk.flag(card.report, on=not card.flagged)
        return f"{wording.report(card.report)} {'no longer flagged' if card.flagged else 'flagged for discussion'}"

    def _tag(self, card: Card, tag: str) -> str:
        if not tag:
            return "no tag was given"
        on = tag not in card.tags
        self._desk.tag(card.report, tag, on=on)
        return f"{'tagged' if on else 'took off'} “{tag}”: {wording.report(card.report)}"

    def _note(self, card: Card, text: str) -> str:
        self._desk.note(card.report, text)
        return f"note on {wording.report(card.report)} {'kept' if text else 'taken away'}"

    def _mark(self, put: Callable[[Card], str]) -> Outcome:
        if self.card is None:
            return _nothing_here()
        try:
            done = put(self.card)
        except NotTaken as refusal:
            return _no(refusal)
        self.card = all_of(self._desk.card(self.card.report))
        return Outcome(done)

    def _show(self, card: Card | None) -> None:
        self.card = all_of(card)
        self.revealed = ()
        self.shown += 1
        self._since = self._clock()

    def _refused(self, refusal: NotTaken) -> Outcome:
        """The report may have been settled meanwhile: whatever waits now is shown."""
        waiting = self._desk.next()
        if waiting is None or self.card is None or waiting.report != self.card.report:
            self._show(waiting)
        return _no(refusal)

    def _on_screen(self) -> int:
        return round((self._clock() - self._since) * 1000)


_NO_MAYBE_AT_FULL_TEXT = "at full text there is no maybe: include, exclude with a reason, or skip"
_NO_MAYBE_HERE = "a conflict is settled with include or exclude; skip puts it off"


def _no(refusal: NotTaken) -> Outcome:
    return Outcome(on_one_line(str(refusal)), taken=False)


def _nothing_here() -> Outcome:
    return Outcome("nothing waits for you here", taken=False)
