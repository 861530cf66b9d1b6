"""What a reviewer has before them while screening, and what they can do: the seam between the rules and a screen.

The terminal app and the line mode know nothing but this; a store stands behind it in ``curation.tasks.desk``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from curation.model import Decision, Stage


class Work(StrEnum):
    """What a reviewer has come to do."""

    ABSTRACT = "abstract"
    FULLTEXT = "fulltext"
    CONFLICTS = "conflicts"

    @property
    def stage(self) -> Stage | None:
        """The stage of the votes; None for conflicts, which belong to either."""
        return None if self is Work.CONFLICTS else Stage(self.value)


class NotTaken(Exception):
    """A decision, mark or undo that the review refused; the message says why and what to do. Nothing was stored."""


@dataclass(frozen=True, slots=True)
class Reason:
    """An exclusion reason of the protocol, in the order in which criteria are checked."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Said:
    """A vote as it is shown once its author or the rules allow it."""

    reviewer: str
    decision: Decision
    reason: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One report to decide on. ``abstract`` is plain text; a labelled section of it begins a line with ``LABEL: ``.

    ``own`` is the reader's standing vote, if any; ``tags``, ``note`` and ``flagged`` are the reader's own marks.
    ``voters`` are names, in conflicts only. ``fulltext`` is a path or an address.
    """

    report: int
    stage: Stage
    title: str
    abstract: str = ""
    year: int | None = None
    journal: str = ""
    authors: tuple[str, ...] = ()
    doi: str | None = None
    pmid: str | None = None
    keywords: tuple[str, ...] = ()
    publication_types: tuple[str, ...] = ()
    language: str = ""
    fulltext: str = ""
    own: Said | None = None
    tags: tuple[str, ...] = ()
    note: str = ""
    flagged: bool = False
    skipped: int = 0
    calibration: int | None = None
    voters: tuple[str, ...] = ()

    @property
    def links(self) -> tuple[str, ...]:
        """Where the report can be opened: full text, DOI, PubMed."""
        found = [self.fulltext] if self.fulltext else []
        found += [f"https://doi.org/{self.doi}"] if self.doi else []
        found += [f"https://pubmed.ncbi.nlm.nih.gov/{self.pmid}/"] if self.pmid else []
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the reader is: own decisions at this stage, and reports that wait for them.

    ``includes`` counts the reader's own include and maybe, ``since_include`` their decisions after the last of
    those. ``seconds`` is the median time of one decision over the last 50 (None before the first measured one).
    """

    done: int
    left: int
    includes: int = 0
    since_include: int = 0
    seconds: float | None = None
    note: str = ""

    @property
    def minutes_left(self) -> float | None:
        """Time left at the reader's own pace."""
        return None if self.seconds is None else self.left * self.seconds / 60


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision as it is handed in. ``milliseconds`` is how long the report stood on the screen."""

    report: int
    decision: Decision
    reason: str | None = None
    secondary: tuple[str, ...] = ()
    note: str = ""
    milliseconds: int | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """One of the reader's own decisions, for the list to go back to."""

    report: int
    title: str
    decision: Decision
    reason: str | None = None
    flagged: bool = False
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """What does not change during a session.

    ``highlight`` and ``against`` are terms for and against inclusion, ``*`` at the end for any ending. ``partners``
    are the others who sign, in consensus mode.
    """

    review: str
    reviewer: str
    name: str
    work: Work
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    criteria_number: int
    reasons: tuple[Reason, ...]
    highlight: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    show_authors: bool = False
    keys: dict[str, str] = field(default_factory=dict)
    partners: tuple[str, ...] = ()


class Desk(Protocol):
    """A reviewer at work. Every method that changes something has stored it when it returns, or raises NotTaken."""

    @property
    def setting(self) -> Setting:
        """What does not change."""

    def next(self) -> Card | None:
        """The report to be read now; None when nothing waits. Asking again gives the same one."""

    def card(self, report: int) -> Card:
        """Any report, as it stands for the reader (to go back to)."""

    def progress(self) -> Progress:
        """How far the reader is; quick enough to be asked after every vote."""

    def decide(self, choice: Choice) -> None:
        """Store a vote; at conflicts a resolution, for which ``note`` is needed."""

    def undo(self) -> int | None:
        """Take the newest standing decision of the reader back and give its report; None when there is none."""

    def skip(self, report: int) -> None:
        """Put a report to the end of the reader's queue."""

    def flag(self, report: int, *, on: bool) -> None:
        """Flag a report for discussion, or take the flag off."""

    def tag(self, report: int, tag: str, *, on: bool) -> None:
        """Give a report one of the reader's own tags, or take it off."""

    def note(self, report: int, text: str) -> None:
        """Keep the reader's own note on a report; empty text takes it away."""

    def past(self, limit: int, containing: str = "") -> Sequence[Past]:
        """The reader's own standing decisions at this stage, newest first, whose title holds ``containing``."""

    def reveal(self, report: int) -> Sequence[Said]:
        """In consensus mode, the votes on a report in conflict; raises NotTaken where they must stay hidden."""
