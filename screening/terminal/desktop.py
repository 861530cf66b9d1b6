"""The screen of the app: top line, report, criteria, message, keys; and which key does what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Container, Horizontal, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Static

from curation.model import Decision, Stage
from screening.harmless import on_one_line
from screening.terminal import bottom, keys, wording
from screening.terminal.deciding import Deciding
from screening.terminal.highlight import Terms
from screening.terminal.looks import WIDE, breakpoints
from screening.terminal.prompts import Ask, Notice
from screening.terminal.session import Outcome, Session
from screening.terminal.sheet import Looks, Sheet, all_done, criteria, sheet, votes

_DIGITS = frozenset("123456789")
Opener = Callable[[str], bool]


class Desktop(Screen[None]):
    """One report a screen. The app hands keys in while no question stands above."""

    HORIZONTAL_BREAKPOINTS = breakpoints()

    def __init__(self, session: Session, opener: Opener) -> None:
        super().__init__()
        setting = session.setting
        self._session = session
        self._opener = opener
        self._chosen = keys.of_setting(setting.keys)
        self._action_of = keys.by_key(self._chosen)
        self._terms = Terms(setting.highlight, setting.against)
        self._looks = Looks(setting.reasons, authors=setting.show_authors)
        self._sheet = Sheet(Content(""))
        self._painted = 0  # the session's count of reports when one was last painted
        self._criteria: bool | None = None  # None: shown where there is room beside the report
        self._deciding = Deciding(self.app, session, self.after)
        self._do = self._deeds()

    def compose(self) -> ComposeResult:
        """Fixed places: what grows scrolls in the middle, the key line never moves."""
        with Horizontal(id="head"):
            yield Static(Content(on_one_line(self._session.setting.review)), id="review")
            yield Static(id="place")
        yield Static(id="progress")
        yield Static(id="votes")
        with Container(id="middle"):
            with VerticalScroll(id="body", can_focus=False):
                yield Static(id="card")
            with VerticalScroll(id="criteria", can_focus=False):
                yield Static(criteria(self._session.setting))
        yield Static(id="message")
        yield Static(id="keys")

    def on_mount(self) -> None:
        """The first report."""
        self._paint()

    def on_resize(self, event: Resize) -> None:
        """What depends on the width."""
        self._place_criteria(event.size.width)
        self._paint_keys()

    def obey(self, key: str) -> bool:
        """Do what a key is for; False for one that is none of ours (Ctrl+C). A capital letter means its small one too."""
        action = self._action_of.get(key) or self._action_of.get(key.lower())
        if key in _DIGITS and self._at_fulltext:
            self._deciding.reason(int(key))
        elif action:
            self._do[action]()
        else:
            return self._move(key)
        return True

    def after(self, outcome: Outcome) -> None:
        """Say what a key came to, and paint whatever stands before the reader now."""
        text = outcome.text
        if outcome.decided:
            text = f"{text} · {keys.first(self._chosen['undo'])} undoes"
        message = self.query_one("#message", Static)
        message.set_class(not outcome.taken, "refused")
        message.update(Content(text if outcome.taken else f"! {text}"))
        self._paint()

    @property
    def _at_fulltext(self) -> bool:
        card = self._session.card
        return card is not None and card.stage is Stage.FULLTEXT

    def _deeds(self) -> Mapping[str, Callable[[], None]]:
        session, deciding = self._session, self._deciding
        return {
            "include": lambda: deciding.decide(Decision.INCLUDE),
            "exclude": lambda: deciding.decide(Decision.EXCLUDE),
            "maybe": lambda: deciding.decide(Decision.MAYBE),
            "undo": lambda: self.after(session.undo()),
            "skip": lambda: self.after(session.skip()),
            "back": deciding.back,
            "note": deciding.note,
            "tag": deciding.tag,
            "flag": lambda: self.after(session.flag()),
            "highlights": self._turn_highlights,
            "find": self._find,
            "criteria": self._turn_criteria,
            "keywords": self._turn_keywords,
            "open": self._open,
            "help": self._help,
            "quit": self._quit,
        }

    # What is painted

    def _paint(self) -> None:
        session = self._session
        fresh = session.shown != self._painted
        if fresh:
            self._painted = session.shown
            self._looks = replace(self._looks, find="")
            self.query_one("#body").scroll_home(animate=False, immediate=True)
        self.query_one("#place", Static).update(Content(wording.place(session.setting, session.card)))
        self.query_one("#progress", Static).update(Content(session.progress()))
        self._paint_votes()
        self._paint_card()
        self._paint_keys()

    def _paint_card(self) -> None:
        card = self._session.card
        looks = replace(self._looks, hidden=self._session.hidden)
        self._sheet = sheet(card, self._terms, looks) if card else Sheet(all_done())
        self.query_one("#card", Static).update(self._sheet.content)

    def _paint_votes(self) -> None:
        place = self.query_one("#votes", Static)
        revealed = self._session.revealed
        if revealed or place.display:
            place.update(votes(revealed, self._session.setting.reasons))
            place.display = bool(revealed)

    def _paint_keys(self) -> None:
        told = bottom.key_line(self._chosen, self._session, self.size.width - 2)
        self.query_one("#keys", Static).update(told)

    # How it is looked at

    def _turn_highlights(self) -> None:
        self._looks = replace(self._looks, highlights=not self._looks.highlights)
        self.after(Outcome(f"highlights {'on' if self._looks.highlights else 'off'}"))

    def _turn_keywords(self) -> None:
        self._looks = replace(self._looks, keywords=not self._looks.keywords)
        self.after(Outcome(f"keywords {'on' if self._looks.keywords else 'off'}"))

    def _turn_criteria(self) -> None:
        self._criteria = not self.query_one("#criteria").display
        self._place_criteria(self.size.width)

    def _place_criteria(self, width: int) -> None:
        wide = width >= WIDE
        self.query_one("#criteria").display = wide if self._criteria is None else self._criteria

    def _find(self) -> None:
        ask = Ask("Find in this report (empty: nothing is marked)", self._looks.find)
        self.app.push_screen(ask, lambda words: None if words is None else self._found(on_one_line(words)))

    def _found(self, words: str) -> None:
        self._looks = replace(self._looks, find=words)
        self._paint_card()
        found = self._sheet.found
        if found:
            self._bring_up(found[0])
        told = f"“{words}” found {'once' if len(found) == 1 else f'{len(found)} times'}" if words else ""
        self.after(Outcome(told, taken=bool(found) or not words))

    def _bring_up(self, at: int) -> None:
        """Bring the character of this place into the upper part of the report."""
        width = self.query_one("#card").size.width
        lines = len(self._sheet.content[:at].wrap(width)) if at and width else 0
        self.query_one("#body").scroll_to(y=max(0, lines - 3), animate=False, immediate=True)

    def _open(self) -> None:
        card = self._session.card
        links = card.links if card else ()
        if not links:
            self.after(Outcome("this report has no address", taken=False))
        elif self._opener(links[0]):
            self.after(Outcome(f"opened {links[0]}"))
        else:
            self.app.push_screen(Notice("No browser here; addresses to copy", Content("\n".join(links))))

    def _help(self) -> None:
        self.app.push_screen(Notice("Keys", bottom.all_keys(self._chosen, self._session)))

    def _quit(self) -> None:
        self.app.exit()

    def _move(self, key: str) -> bool:
        """Scroll the report; the criteria where they lie over it, or with Shift. False for a key that moves nothing."""
        panel = self.query_one("#criteria")
        over = panel.display and self.size.width < WIDE
        scrolled = panel if over or key.startswith("shift+") else self.query_one("#body")
        lines = _lines(max(1, scrolled.size.height - 2)).get(key.removeprefix("shift+"))
        if lines is not None:
            scrolled.scroll_relative(y=lines, animate=False, immediate=True)
        return lines is not None


def _lines(page: int) -> dict[str, int]:
    """How far a key scrolls; a page leaves two lines in sight."""
    whole = 1_000_000
    return {
        "up": -1,
        "down": 1,
        "pageup": -page,
        "pagedown": page,
        "space": page,
        "home": -whole,
        "end": whole,
    }
