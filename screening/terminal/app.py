"""The full-screen screening app: one report a screen in fixed places, one key a vote.

What may be done, and what a decision lacks, is ``session``'s; here keys come in and texts are painted. Widgets are
made once and only their texts change, so that the next report stands there at once.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.events import Event, Key
from textual.screen import Screen

from screening.desk import Desk
from screening.terminal.desktop import Desktop, Opener
from screening.terminal.looks import CSS, THEME
from screening.terminal.opening import open_link
from screening.terminal.session import Clock, Session


def run(desk: Desk, clock: Clock, opener: Opener = open_link) -> None:
    """Screen at ``desk`` until the reader leaves. ``clock`` gives growing seconds; ``opener`` shows a link.

    Whatever fails is raised after the terminal was put back: the one error boundary is the command's.
    """
    app = Screening(desk, clock, opener)
    app.run()
    if app.fault is not None:
        raise app.fault


class Screening(App[None]):
    """One reviewer at a desk."""

    CSS = CSS
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [("ctrl+c", "quit", "leave")]

    def __init__(self, desk: Desk, clock: Clock, opener: Opener = open_link) -> None:
        super().__init__()
        self.session = Session(desk, clock)
        self.title = "livrev screen"
        self._opener = opener
        self.register_theme(THEME)
        self.theme = THEME.name

    def get_default_screen(self) -> Screen[None]:
        """The one screen; questions stand above it."""
        return Desktop(self.session, self._opener)

    async def on_event(self, event: Event) -> None:
        """A key for the report is obeyed here and now, and not sent on to the screen's own queue.

        Over a slow line several keys come at once: those after one that opens a question belong to its answer,
        and must never be taken as votes because the question was not up yet.
        """
        ours = isinstance(event, Key) and isinstance(self.screen, Desktop) and self.screen.obey(event.key)
        if not ours:
            await super().on_event(event)

    @property
    def fault(self) -> Exception | None:
        """What made the app leave, if something failed."""
        return self._exception

    def _fatal_error(self) -> None:
        """Leave in order; Textual would print a trace here, with the texts of the record in it."""
        self._close_messages_no_wait()
