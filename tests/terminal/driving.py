"""The app under a pilot: keys in, what stands on the screen out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from textual.events import Key
from textual.keys import key_to_character
from textual.pilot import Pilot
from textual.widgets import Static

from screening.terminal.app import Screening
from tests.terminal.memory_desk import MemoryDesk

# From the app to a line of input, as its message up to the question, and back to the screen below.
HANDED_ON = 15
SMALL, WIDE, HUGE = (80, 24), (120, 40), (200, 50)


@dataclass
class Seen:
    """A screen with its pilot. ``opened`` are the links handed to the opener, which has no browser unless told."""

    app: Screening
    pilot: Pilot[None]
    opened: list[str] = field(default_factory=list)

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, each when all that the last one caused is done.

        Textual's own ``press`` looks at the process's idle time, which tells little on a busy machine.
        """
        for key in keys:
            self.app.post_message(Key(key, key_to_character(key)))
            await self.settle()

    async def at_once(self, *keys: str) -> None:
        """Keys as they come in one go over a slow line."""
        for key in keys:
            self.app.post_message(Key(key, key_to_character(key)))
        await self.settle()

    async def settle(self) -> None:
        """Let every widget empty its queue, as often as a message can be handed on; draw what a timer would."""
        for _ in range(HANDED_ON):
            if self.app._exit or self.app.fault:
                return
            await self.pilot._wait_for_screen()
            self.app.screen._on_timer_update()

    async def type(self, text: str, *then: str) -> None:
        names = {" ": "space", "-": "minus", ".": "full_stop"}
        await self.press(*(names.get(letter, letter) for letter in text), *then)

    def text(self, place: str) -> str:
        """What a place of the screen was given to show."""
        return str(self.app.screen_stack[0].query_one(place, Static).visual)

    @property
    def lines(self) -> list[str]:
        """The screen as the terminal shows it, a text a line."""
        width, height = self.app.size
        strips = self.app.screen._compositor.render_strips()
        assert len(strips) == height
        assert all(strip.cell_length == width for strip in strips)
        return [strip.text.rstrip() for strip in strips]

    @property
    def message(self) -> str:
        return self.text("#message")


Play = Callable[[Seen], Awaitable[None]]


def play(
    desk: MemoryDesk,
    script: Play,
    size: tuple[int, int] = SMALL,
    clock: Callable[[], float] = lambda: 0.0,
    browser: bool = False,
) -> Screening:
    """Run the app on ``desk`` and play ``script`` on it."""
    opened: list[str] = []

    def opener(link: str) -> bool:
        opened.append(link)
        return browser

    async def run() -> Screening:
        app = Screening(desk, clock, opener)
        async with app.run_test(size=size) as pilot:
            seen = Seen(app, pilot, opened)
            await seen.settle()
            await script(seen)
        return app

    return asyncio.run(run())


def pressed(desk: MemoryDesk, *keys: str, size: tuple[int, int] = SMALL) -> list[str]:
    """What stands on the screen after the keys, a text a line."""
    lines: list[str] = []

    async def script(seen: Seen) -> None:
        await seen.press(*keys)
        lines.extend(seen.lines)

    play(desk, script, size)
    return lines
