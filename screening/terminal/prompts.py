"""Small questions over the report: a line of text, a choice from a list, whether everybody is ready. Escape leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.table import Table
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from screening.harmless import on_one_line

LEAVE: list[BindingType] = [("escape", "leave", "leave")]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line to choose; ``key`` is handed back."""

    key: str
    text: str


def _input(value: str = "", placeholder: str = "") -> Input:
    """A line to type in, with a cursor that stands still: nothing on this screen moves by itself."""
    line = Input(value, placeholder, select_on_focus=False)
    line.cursor_blink = False
    return line


class _Line(ModalScreen[str | None]):
    """A question with a line to type in."""

    async def on_key(self, event: Key) -> None:
        """Take keys that were typed before the line was up; it keeps later ones to itself."""
        line = self.query_one(Input)
        if event.key == "enter":
            event.stop()
            await line.action_submit()
        elif event.is_printable and event.character:
            event.stop()
            line.insert_text_at_cursor(event.character)


class Ask(_Line):
    """One line of text; None when the reader left. ``needed`` does not take an empty one."""

    BINDINGS: ClassVar[list[BindingType]] = LEAVE

    def __init__(self, title: str, value: str = "", *, needed: bool = False) -> None:
        super().__init__()
        self._title = title
        self._value = value
        self._needed = needed

    def compose(self) -> ComposeResult:
        """A title, the line, what Enter does."""
        with Vertical(classes="window"):
            yield Static(Content(self._title), classes="question")
            yield _input(self._value)
            yield Static(Content("Enter keeps it · Esc leaves"), classes="hint")

    @on(Input.Submitted)
    def keep(self, event: Input.Submitted) -> None:
        """Hand the text back."""
        if event.value.strip() or not self._needed:
            self.dismiss(event.value)
        else:
            self.query_one(".hint", Static).update(Content("A text is needed here · Esc leaves"))

    def action_leave(self) -> None:
        """Nothing was said."""
        self.dismiss(None)


class Pick(_Line):
    """A list that typing narrows down; gives the key of the chosen entry, None when the reader left.

    ``find`` gives the entries for what was typed so far.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *LEAVE,
        ("down", "move('down')", ""),
        ("up", "move('up')", ""),
        ("pagedown", "move('page_down')", ""),
        ("pageup", "move('page_up')", ""),
    ]

    def __init__(self, title: str, find: Callable[[str], Sequence[Entry]]) -> None:
        super().__init__()
        self._title = title
        self._find = find
        self._entries: Sequence[Entry] = ()

    def compose(self) -> ComposeResult:
        """A title, the line typed in, the list."""
        with Vertical(classes="window tall lines"):
            yield Static(Content(self._title), classes="question")
            yield _input(placeholder="type to narrow down")
            choices = OptionList(markup=False)
            choices.can_focus = False
            yield choices
            yield Static(Content("↑ ↓ choose · Enter takes it · Esc leaves"), classes="hint")

    def on_mount(self) -> None:
        """Everything there is, before anything is typed."""
        self._fill("")

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """Only what holds the words."""
        self._fill(event.value)

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def take(self) -> None:
        """Hand the chosen entry back."""
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self.dismiss(self._entries[at].key)

    def action_move(self, where: str) -> None:
        """Move in the list while the line keeps the keys."""
        choices = self.query_one(OptionList)
        deeds: dict[str, Callable[[], None]] = {
            "down": choices.action_cursor_down,
            "up": choices.action_cursor_up,
            "page_down": choices.action_page_down,
            "page_up": choices.action_page_up,
        }
        deeds[where]()

    def action_leave(self) -> None:
        """Nothing was chosen."""
        self.dismiss(None)

    def _fill(self, typed: str) -> None:
        self._entries = self._find(on_one_line(typed))
        choices = self.query_one(OptionList)
        choices.clear_options()
        choices.add_options([Option(Content(entry.text)) for entry in self._entries])
        choices.highlighted = 0 if self._entries else None


class Ready(ModalScreen[bool]):
    """Asks each who signs whether they are ready to see the votes: y for one after the other."""

    BINDINGS: ClassVar[list[BindingType]] = [("y", "ready", "ready"), *LEAVE]

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = names
        self._said = 0

    def compose(self) -> ComposeResult:
        """Everybody's name with what they said."""
        with Vertical(classes="window"):
            yield Static(
                Content("The votes are shown once everybody here is ready to talk them over."),
                classes="question",
            )
            yield Static(self._list(), id="ready")
            yield Static(Content("y: I am ready · Esc leaves"), classes="hint")

    def action_ready(self) -> None:
        """The next one is ready."""
        self._said += 1
        if self._said == len(self._names):
            self.dismiss(True)
        else:
            self.query_one("#ready", Static).update(self._list())

    def action_leave(self) -> None:
        """Not everybody is."""
        self.dismiss(False)

    def _list(self) -> Content:
        said = [
            "ready" if at < self._said else "ready?  y" if at == self._said else "…"
            for at in range(len(self._names))
        ]
        return Content("\n".join(f"{name}: {word}" for name, word in zip(self._names, said, strict=True)))


class Notice(ModalScreen[None]):
    """Something to read; any of Escape, Enter, q and ? leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,enter,q,question_mark", "leave", "leave"),
        ("down", "move(1)", ""),
        ("up", "move(-1)", ""),
        ("pagedown,space", "move(10)", ""),
        ("pageup", "move(-10)", ""),
    ]

    def __init__(self, title: str, text: Content | Table) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        """The text, which may be longer than the screen."""
        with Vertical(classes="window tall"):
            yield Static(Content(self._title), classes="question")
            text = VerticalScroll(Static(self._text))
            text.can_focus = False
            yield text
            yield Static(Content("↑ ↓ scroll · Esc leaves"), classes="hint")

    def action_move(self, lines: int) -> None:
        """Scroll the text."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_leave(self) -> None:
        """It was read."""
        self.dismiss(None)
