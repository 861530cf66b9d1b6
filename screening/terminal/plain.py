"""The line mode: labelled lines out, one command a line in, for screen readers, dumb terminals and scripts.

No colour, no cursor movement, nothing that is told by place alone. The rules are those of the full screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TextIO

from curation.model import Citation, Decision, Stage
from screening.desk import Card, Choice, Desk
from screening.harmless import harmless, on_one_line
from screening.terminal import wording
from screening.terminal.commands import BARE, DECISIONS, HELP, WORDS, named_reasons
from screening.terminal.session import Clock, Lack, Outcome, Session


def run_plain(desk: Desk, lines_in: Iterable[str], out: TextIO, clock: Clock) -> int:
    """Screen at ``desk`` by the commands of ``lines_in``, to their end or ``q``; gives the exit status, always 0.

    What was refused is said on a line that begins ``not done:``.
    """
    _Lines(Session(desk, clock), iter(lines_in), out).run()
    return 0


_LONGEST_NUMBER = 16  # signs of a report number: no store has more reports


class _Lines:
    """One session over lines. A question is a line that ends in a question mark or colon; its answer is the next line."""

    def __init__(self, session: Session, lines_in: Iterator[str], out: TextIO) -> None:
        self._session = session
        self._in = lines_in
        self._out = out
        self._shown = 0
        self._do: dict[str, Callable[[str], None]] = {
            "u": lambda _: self._after(session.undo()),
            "s": lambda _: self._after(session.skip()),
            "f": lambda _: self._after(session.flag()),
            "n": lambda text: self._after(session.note(text)),
            "t": lambda tag: self._after(
                session.tag(tag) if tag else Outcome("name the tag: t TAG", taken=False)
            ),
            "b": self._back,
            "c": lambda _: self._criteria(),
            "k": lambda _: self._keywords(),
            "o": lambda _: self._addresses(),
            "r": lambda _: self._card(),
            "?": lambda _: self._say(HELP),
        }

    def run(self) -> None:
        """Until the end of the lines, or q."""
        setting = self._session.setting
        self._say(f"Review: {on_one_line(setting.review)}", f"Reviewer: {wording.place(setting, None)}")
        self._card()
        while (line := self._line()) is not None:
            word, _, rest = line.partition(" ")
            command = WORDS.get(word.lower(), word.lower())
            if command == "q" and not rest:
                return
            if command:
                self._obey(command, rest.strip())

    def _obey(self, command: str, rest: str) -> None:
        if rest and command in BARE:
            self._refuse(f"{command} takes nothing after it, and “{rest}” was not read; ? lists the commands")
        elif command in DECISIONS:
            self._decide(DECISIONS[command], rest)
        elif command in self._do:
            self._do[command](rest)
        else:
            self._refuse(f"there is no command “{command}”; ? lists them")

    # Deciding

    def _decide(self, decision: Decision, rest: str) -> None:
        choice = self._session.choice(decision)
        if choice is None:
            self._after(self._session.submit(None))
            return
        words = self._with_reasons(choice, rest) if self._wants_reason(choice) else (choice, rest)
        if words is None:
            return
        choice, left = words
        if left and not self._session.settles:
            self._refuse(f"“{left}” was not read, so nothing was stored; a note is written with n TEXT")
        else:
            self._pursue(replace(choice, note=harmless(left)))

    def _wants_reason(self, choice: Choice) -> bool:
        card = self._session.card
        return choice.decision is Decision.EXCLUDE and card is not None and card.stage is Stage.FULLTEXT

    def _with_reasons(self, choice: Choice, rest: str) -> tuple[Choice, str] | None:
        """The choice with the reasons that ``rest`` begins with, and what is left; None when the first is unknown."""
        codes, left = named_reasons(rest, self._session.setting.reasons)
        if self._session.settles:  # a note may begin with a number: one reason, then the note
            left = rest.partition(" ")[2].strip() if codes else rest
            codes = codes[:1]
        if rest and not codes:
            self._refuse(f"“{rest}” begins with no reason; reasons are {self._codes()}, by code or number")
            return None
        also = tuple(dict.fromkeys(code for code in codes[1:] if code != codes[0]))
        return replace(choice, reason=codes[0] if codes else None, secondary=also), left

    def _pursue(self, choice: Choice) -> None:
        """Ask for what the choice still lacks, one thing after the other; it is stored when it is whole."""
        came_to = self._session.submit(choice)
        if isinstance(came_to, Outcome):
            self._after(came_to)
        elif came_to is Lack.READY:
            self._gather()
        elif came_to is Lack.REASON:
            self._ask_reason(choice)
        elif note := self._ask(f"Why {choice.decision}? The note is kept with the decision:"):
            self._pursue(replace(choice, note=note))
        else:
            self._refuse("a note is needed here; nothing was stored")

    def _ask_reason(self, choice: Choice) -> None:
        for number, one in enumerate(self._session.setting.reasons, 1):
            self._say(f"{number}. {on_one_line(one.label)} ({one.code})")
        said = self._ask("Which reason? The first criterion that fails comes first:")
        if not said:
            self._refuse("a reason is needed at full text; nothing was stored")
            return
        given = self._with_reasons(choice, said)
        if given is not None and given[1] and not self._session.settles:
            self._refuse(f"“{given[1]}” was not read, so nothing was stored")
        elif given is not None:
            self._pursue(replace(given[0], note=given[1] or choice.note))

    def _gather(self) -> None:
        setting = self._session.setting
        for name in (setting.name, *setting.partners):
            if self._ask(f"{name}, are you ready to see the votes (y)?").lower() not in {"y", "yes"}:
                self._refuse("the votes stay hidden until everybody is ready")
                return
        outcome = self._session.reveal()
        for vote in self._session.revealed:
            self._say(f"Vote of {on_one_line(vote.reviewer)}: {wording.said(vote, setting.reasons)}")
        self._after(outcome)

    # Reading

    def _back(self, words: str) -> None:
        if words[:1] in {"R", "r"} and words[1:].isdecimal():
            if len(words) > _LONGEST_NUMBER:
                self._refuse(f"{words[:_LONGEST_NUMBER]}... is no report number")
            else:
                self._after(self._session.open(int(words[1:])))
            return
        found = self._session.past(words)
        self._say(*(wording.past(one, self._session.setting.reasons) for one in found))
        self._say(
            f"{len(found)} of your decisions; b R12 goes back to R12" if found else "no decision of yours"
        )

    def _card(self) -> None:
        self._shown = self._session.shown
        card = self._session.card
        self._say("", f"Progress: {self._session.progress()}")
        self._say(*([wording.ALL_DONE, wording.ALL_DONE_MORE] if card is None else self._told(card)))

    def _told(self, card: Card) -> Iterator[str]:
        setting = self._session.setting
        yield f"Title: {on_one_line(card.title) or '(no title)'}"
        for line in wording.facts(card, authors=setting.show_authors):
            yield f"Facts: {line}"
        for line in wording.marks(card, setting.reasons, self._session.hidden):
            yield f"Marks: {line}"
        sections = Citation(title="", abstract=card.abstract).sections
        for label, text in sections:
            yield f"{label.capitalize() or 'Abstract'}: {on_one_line(text)}"
        if not sections:
            yield f"Abstract: {wording.NO_ABSTRACT}"

    def _criteria(self) -> None:
        for heading, line in wording.criteria(self._session.setting):
            if heading:
                self._say(f"{heading}:")
            self._say(f"  {line}")

    def _keywords(self) -> None:
        card = self._session.card
        words = "; ".join(map(on_one_line, card.keywords)) if card else ""
        self._say(f"Keywords: {words or 'none'}")

    def _addresses(self) -> None:
        card = self._session.card
        links = card.links if card else ()
        self._say(*(f"Address: {link}" for link in links or ("none",)))

    # Lines

    def _after(self, outcome: Lack | Outcome) -> None:
        if isinstance(outcome, Outcome):
            self._say(f"done: {outcome.text}") if outcome.taken else self._refuse(outcome.text)
        if self._session.shown != self._shown:
            self._card()

    def _codes(self) -> str:
        return ", ".join(
            f"{number} {one.code}" for number, one in enumerate(self._session.setting.reasons, 1)
        )

    def _refuse(self, why: str) -> None:
        self._say(f"not done: {why}")

    def _ask(self, question: str) -> str:
        self._say(question)
        return (self._line() or "").strip()

    def _line(self) -> str | None:
        line = next(self._in, None)
        return None if line is None else on_one_line(line)

    def _say(self, *lines: str) -> None:
        """Put lines out at once: whoever reads them may be waiting for them."""
        known = getattr(self._out, "encoding", None) or "utf-8"
        for line in lines:
            self._out.write(f"{line.encode(known, 'replace').decode(known)}\n")
        self._out.flush()
