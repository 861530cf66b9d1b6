"""A desk without a store: votes are only added, an undo names the vote that it takes back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from curation.model import Decision, Stage
from screening.desk import Card, Choice, NotTaken, Past, Progress, Reason, Said, Setting, Work

REASONS = (
    Reason("population", "Wrong population"),
    Reason("exposure", "No artificial intelligence"),
    Reason("outcome", "No molecular signature predicted"),
    Reason("design", "Wrong study design"),
)


def setting(work: Work = Work.ABSTRACT, **more: object) -> Setting:
    """A reviewer's setting; ``more`` replaces fields of it."""
    plain = Setting(
        review="Machine learning on images of spinal metastases",
        reviewer="ana",
        name="Ana García",
        work=work,
        include=("Adults with spinal metastases", "A model that learns from images", "AUC reported"),
        exclude=("Animal studies", "Reviews, letters and editorials"),
        criteria_number=2,
        reasons=REASONS,
        highlight=("metasta*", "machine learning", "AUC"),
        against=("mice", "case report"),
    )
    return replace(plain, **more)  # type: ignore[arg-type] # a test names fields that exist


@dataclass
class MemoryDesk:
    """See ``screening.desk.Desk``. ``settled`` reports refuse a decision; ``hidden`` are the votes of conflicts."""

    setting: Setting
    cards: Iterable[Card]
    hidden: dict[int, tuple[Said, ...]] = field(default_factory=dict)
    settled: set[int] = field(default_factory=set)
    votes: list[Choice] = field(default_factory=list)
    taken_back: set[int] = field(default_factory=set)
    skipped: list[int] = field(default_factory=list)
    marks: list[tuple[int, str, str]] = field(default_factory=list)
    revealed: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._cards = {card.report: card for card in self.cards}

    def next(self) -> Card | None:
        last_skip = {report: at for at, report in enumerate(self.skipped, 1)}
        standing = self.standing()
        waiting = [n for n in self._cards if n not in standing and n not in self.settled]
        return self.card(min(waiting, key=lambda n: last_skip.get(n, 0))) if waiting else None

    def card(self, report: int) -> Card:
        own = self.standing().get(report)
        marks: dict[str, str] = {what: value for n, what, value in self.marks if n == report}
        return replace(
            self._cards[report],
            own=Said("Ana García", own.decision, own.reason, own.note) if own else None,
            skipped=self.skipped.count(report),
            note=marks.get("note", ""),
            flagged=bool(marks.get("flag")),
            tags=tuple(what[4:] for what, value in marks.items() if what.startswith("tag:") and value),
        )

    def progress(self) -> Progress:
        standing = list(self.standing().values())
        forward = [choice.decision.forward for choice in standing]
        since = forward[::-1].index(True) if any(forward) else len(forward)
        left = len(self._cards) - len(standing)
        return Progress(len(standing), left, sum(forward), since, 12.0 if standing else None)

    def decide(self, choice: Choice) -> None:
        if choice.report in self.settled:
            message = f"R{choice.report} was settled meanwhile; your vote was not needed and not stored"
            raise NotTaken(message)
        self._check(choice)
        self.votes.append(choice)

    def undo(self) -> int | None:
        for at in reversed(range(len(self.votes))):
            if at not in self.taken_back:
                self.taken_back.add(at)
                return self.votes[at].report
        return None

    def skip(self, report: int) -> None:
        self.skipped.append(report)

    def flag(self, report: int, *, on: bool) -> None:
        self.marks.append((report, "flag", "on" if on else ""))

    def tag(self, report: int, tag: str, *, on: bool) -> None:
        self.marks.append((report, f"tag:{tag}", "on" if on else ""))

    def note(self, report: int, text: str) -> None:
        self.marks.append((report, "note", text))

    def past(self, limit: int, containing: str = "") -> Sequence[Past]:
        found = [self._past(choice) for choice in reversed(self.standing().values())]
        return [one for one in found if containing.casefold() in one.title.casefold()][:limit]

    def reveal(self, report: int) -> Sequence[Said]:
        if report not in self.hidden:
            message = f"the votes on R{report} stay hidden"
            raise NotTaken(message)
        self.revealed.append(report)
        return self.hidden[report]

    def standing(self) -> dict[int, Choice]:
        """The newest vote on each report that was not taken back, in the order of deciding."""
        standing: dict[int, Choice] = {}
        for at, choice in enumerate(self.votes):
            if at not in self.taken_back:
                standing.pop(choice.report, None)
                standing[choice.report] = choice
        return standing

    def _past(self, choice: Choice) -> Past:
        card = self.card(choice.report)
        return Past(choice.report, card.title, choice.decision, choice.reason, card.flagged, card.tags)

    def _check(self, choice: Choice) -> None:
        """What no screen may hand in."""
        card = self._cards[choice.report]
        assert choice.decision is not Decision.MAYBE or card.stage is Stage.ABSTRACT
        if card.stage is Stage.FULLTEXT and choice.decision is Decision.EXCLUDE:
            assert choice.reason in {one.code for one in self.setting.reasons}
            assert choice.reason not in choice.secondary
        if self.setting.work is Work.CONFLICTS:
            assert choice.note
            assert not self.setting.partners or choice.report in self.revealed
