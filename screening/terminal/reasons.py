"""Why a report is excluded at full text: the protocol's reasons in their order, one digit and it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screening.desk import Reason
from screening.harmless import on_one_line
from screening.terminal.prompts import LEAVE


@dataclass(frozen=True, slots=True)
class Picked:
    """Exclusion reasons: the primary one, and others that apply too, by their codes."""

    primary: str
    secondary: tuple[str, ...] = ()


class Reasons(ModalScreen[Picked | None]):
    """The exclusion reasons in the order in which criteria are checked: a digit takes one and is done.

    Space marks reasons that apply as well; then a digit only moves, and Enter takes the line as the primary one.
    """

    BINDINGS: ClassVar[list[BindingType]] = LEAVE

    def __init__(self, reasons: Sequence[Reason]) -> None:
        super().__init__()
        self._reasons = reasons
        self._also: set[str] = set()

    def compose(self) -> ComposeResult:
        """The list, and what the keys do."""
        with Vertical(classes="window tall"):
            yield Static(
                Content("Why is it excluded? The first criterion that fails comes first."), classes="question"
            )
            yield OptionList(*[Option(self._line(at)) for at in range(len(self._reasons))], markup=False)
            hint = "digit takes it · Enter takes the line · Space: applies as well · Esc leaves"
            yield Static(Content(hint), classes="hint")

    def on_key(self, event: Key) -> None:
        """Digits and Space; the list itself knows the rest."""
        if event.key == "space":
            event.stop()
            self._turn()
        elif event.key.isdecimal() and 1 <= int(event.key) <= len(self._reasons):
            event.stop()
            self._digit(int(event.key) - 1)

    @on(OptionList.OptionSelected)
    def take(self, event: OptionList.OptionSelected) -> None:
        """The line under the cursor is the primary reason."""
        self._give(event.option_index)

    def action_leave(self) -> None:
        """Not excluded after all."""
        self.dismiss(None)

    def _digit(self, at: int) -> None:
        if self._also:
            self.query_one(OptionList).highlighted = at
        else:
            self._give(at)

    def _turn(self) -> None:
        choices = self.query_one(OptionList)
        at = choices.highlighted
        if at is not None:
            self._also ^= {self._reasons[at].code}
            choices.replace_option_prompt_at_index(at, self._line(at))

    def _give(self, at: int) -> None:
        primary = self._reasons[at].code
        also = tuple(one.code for one in self._reasons if one.code in self._also - {primary})
        self.dismiss(Picked(primary, also))

    def _line(self, at: int) -> Content:
        one = self._reasons[at]
        digit = str(at + 1) if at < 9 else " "  # noqa: PLR2004 - digits end there; further ones are reached by arrow
        also = "[also] " if one.code in self._also else ""
        return Content(f"{digit}  {also}{on_one_line(one.label)}")
