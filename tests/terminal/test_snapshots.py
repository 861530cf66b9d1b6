"""The main screens as they look. ``LIVREV_SNAPSHOTS=write`` draws them anew; look at them before they are kept."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.terminal.driving import SMALL, WIDE, Seen, play
from tests.terminal.made_up_cards import abstracts, conflicts, fulltexts
from tests.terminal.memory_desk import MemoryDesk

FOLDER = Path(__file__).parent / "snapshots"
# Another version may round a corner otherwise; what must hold with each of them, the other tests hold.
DRAWN_BY = f"<!-- textual {version('textual')}, rich {version('rich')} -->\n"
SCREENS: dict[str, tuple[Callable[[], MemoryDesk], tuple[str, ...]]] = {
    "abstract": (abstracts, ()),
    "no-abstract": (abstracts, ("i", "f")),
    "criteria": (abstracts, ("c",)),
    "reasons": (fulltexts, ("e", "down", "space")),
    "conflict": (conflicts, ()),
    "ready": (lambda: conflicts("Ben Okafor"), ("i", "y")),
    "revealed": (lambda: conflicts("Ben Okafor"), ("i", "y", "y")),
    "list": (abstracts, ("i", "e", "b")),
    "help": (abstracts, ("question_mark",)),
    "refused": (fulltexts, ("m",)),
    "empty": (abstracts, ("i", "e", "m", "i")),
}


def drawn(desk: MemoryDesk, keys: tuple[str, ...], size: tuple[int, int]) -> str:
    svg: list[str] = []

    async def script(seen: Seen) -> None:
        await seen.press(*keys)
        svg.append(seen.app.export_screenshot(simplify=True))

    play(desk, script, size)
    return DRAWN_BY + re.sub(r"terminal-\d+", "terminal", svg[0])


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCREENS)
def test_the_screen_looks_as_it_was_looked_at(name: str, size: tuple[int, int]) -> None:
    kept = FOLDER / f"{name}-{size[0]}x{size[1]}.svg"
    begin, keys = SCREENS[name]
    if os.environ.get("LIVREV_SNAPSHOTS") == "write":
        kept.write_text(drawn(begin(), keys, size), encoding="utf-8")
    before = kept.read_text(encoding="utf-8")
    if not before.startswith(DRAWN_BY):
        pytest.skip(f"drawn by other versions: {before.partition(chr(10))[0]}")
    assert drawn(begin(), keys, size) == before
