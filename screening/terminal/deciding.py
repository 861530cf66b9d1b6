"""What a key asks before something is stored: reasons, notes, readiness, tags, a report to go back to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from textual.app import App

from curation.model import Decision
from screening.desk import Choice
from screening.harmless import harmless
from screening.terminal import wording
from screening.terminal.prompts import Ask, Entry, Pick, Ready
from screening.terminal.reasons import Picked, Reasons
from screening.terminal.session import Lack, Outcome, Session

After = Callable[[Outcome], None]


class Deciding:
    """Questions to the reader, one above the screen at a time; ``after`` is told what each came to."""

    def __init__(self, app: App[None], session: Session, after: After) -> None:
        self._app = app
        self._session = session
        self._after = after

    def decide(self, decision: Decision, reason: str | None = None) -> None:
        """Decide on the report shown."""
        self._pursue(self._session.choice(decision, reason))

    def reason(self, digit: int) -> None:
        """Exclude for the reason of this number in the protocol's order."""
        reasons = self._session.setting.reasons
        if digit <= len(reasons):
            self.decide(Decision.EXCLUDE, reasons[digit - 1].code)
        else:
            self._after(Outcome(f"there is no reason {digit}: the last one is {len(reasons)}", taken=False))

    def note(self) -> None:
        """The reader's own note on the report."""
        card = self._session.card
        if card is None:
            self._after(self._session.note(""))
            return
        ask = Ask(f"Your note on {wording.report(card.report)} (empty takes it away)", card.note)
        self._app.push_screen(ask, lambda text: self._told(text, self._session.note))

    def tag(self) -> None:
        """A tag, known or new; one that is on the report is taken off."""
        card = self._session.card
        if card is None:
            self._after(self._session.tag(""))
            return
        known = self._session.known_tags()
        pick = Pick(
            f"Tag {wording.report(card.report)}: choose one, or type a new one",
            lambda typed: _tags(known, card.tags, typed),
        )
        self._app.push_screen(pick, lambda tag: self._told(tag, self._session.tag))

    def back(self) -> None:
        """The reader's own decisions, to go back to one."""
        pick = Pick("Your decisions, newest first: choose one to go back to it", self._decisions)
        self._app.push_screen(
            pick, lambda key: self._told(key, lambda chosen: self._session.open(int(chosen)))
        )

    def _pursue(self, choice: Choice | None) -> None:
        """Ask for what the choice still lacks, one thing after the other; it is stored when it is whole."""
        came_to = self._session.submit(choice)
        if isinstance(came_to, Outcome) or choice is None:
            self._after(came_to if isinstance(came_to, Outcome) else Outcome(""))
        elif came_to is Lack.READY:
            self._gather()
        elif came_to is Lack.REASON:
            reasons = Reasons(self._session.setting.reasons)
            self._app.push_screen(reasons, lambda picked: self._reasoned(choice, picked))
        else:
            ask = Ask(f"Why {choice.decision}? The note is kept with the decision.", needed=True)
            self._app.push_screen(ask, lambda text: self._noted(choice, text))

    def _reasoned(self, choice: Choice, picked: Picked | None) -> None:
        if picked is not None:
            self._pursue(replace(choice, reason=picked.primary, secondary=picked.secondary))

    def _noted(self, choice: Choice, text: str | None) -> None:
        if text is not None:
            self._pursue(replace(choice, note=harmless(text).strip()))

    def _gather(self) -> None:
        setting = self._session.setting
        ready = Ready((setting.name, *setting.partners))
        self._app.push_screen(ready, lambda all_are: self._after(self._session.reveal()) if all_are else None)

    def _told(self, text: str | None, do: Callable[[str], Outcome]) -> None:
        if text is not None:
            self._after(do(text))

    def _decisions(self, typed: str) -> list[Entry]:
        reasons = self._session.setting.reasons
        return [Entry(str(one.report), wording.past(one, reasons)) for one in self._session.past(typed)]


def _tags(known: Sequence[str], on: Sequence[str], typed: str) -> list[Entry]:
    """Known tags that hold what was typed; last, what was typed as a new one."""
    found = [tag for tag in known if typed.casefold() in tag.casefold()]
    entries = [Entry(tag, f"{tag}  (on this report: takes it off)" if tag in on else tag) for tag in found]
    return entries if not typed or typed in known else [*entries, Entry(typed, f"{typed}  (new)")]
