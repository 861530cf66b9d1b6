"""Any keys whatever leave the votes that a simple account of the same keys comes to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.model import Decision
from tests.terminal.driving import Seen, play
from tests.terminal.made_up_cards import CARDS, abstracts, fulltexts
from tests.terminal.memory_desk import REASONS, MemoryDesk

KEYS = st.lists(st.sampled_from("iiieeemmuuusf127hkcb x?/nt"), max_size=25)
NAMES = {" ": "space", "?": "question_mark", "/": "slash"}
OF_KEY = {"i": Decision.INCLUDE, "e": Decision.EXCLUDE, "m": Decision.MAYBE}
Account = dict[int, tuple[Decision, str | None]]


def account(keys: list[str], fulltext: bool) -> Account:
    """What the keys come to, from the reports' order alone."""
    queue = [card.report for card in CARDS]
    standing: Account = {}
    order: list[int] = []
    at: int | None = queue[0]
    for key in keys:
        if key == "u" and order:
            at = order.pop()
            del standing[at]
            continue
        if at is None:
            continue
        decided = decision(key, fulltext)
        if decided:
            standing[at] = decided
            order.append(at)
        elif key == "s":
            queue.remove(at)
            queue.append(at)
        else:
            continue
        at = next((report for report in queue if report not in standing), None)
    return standing


def decision(key: str, fulltext: bool) -> tuple[Decision, str | None] | None:
    if not fulltext:
        return (OF_KEY[key], None) if key in OF_KEY else None
    if key == "e":
        return Decision.EXCLUDE, REASONS[3].code
    if key in "12":
        return Decision.EXCLUDE, REASONS[int(key) - 1].code
    return (Decision.INCLUDE, None) if key == "i" else None


def drive(desk: MemoryDesk, keys: list[str], fulltext: bool) -> None:
    async def script(seen: Seen) -> None:
        for key in keys:
            await seen.press(NAMES.get(key, key))
            if len(seen.app.screen_stack) > 1:
                await seen.press("4" if fulltext and key == "e" else "escape")
        assert len(seen.app.screen_stack) == 1

    play(desk, script, browser=True)


@pytest.mark.slow
@pytest.mark.parametrize("fulltext", [False, True])
@settings(max_examples=25, deadline=None)
@given(keys=KEYS)
def test_any_keys_leave_the_votes_that_they_say(fulltext: bool, keys: list[str]) -> None:
    desk = fulltexts() if fulltext else abstracts()
    drive(desk, keys, fulltext)
    stands = {report: (choice.decision, choice.reason) for report, choice in desk.standing().items()}
    assert stands == account(keys, fulltext)
    assert sorted(desk.taken_back) == sorted(set(desk.taken_back))
