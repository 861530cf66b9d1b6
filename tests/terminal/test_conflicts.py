"""Conflicts on the screen: an adjudicator sees names and no votes; partners see them once all are ready."""

from __future__ import annotations

from curation.model import Decision, Stage
from tests.terminal.driving import HUGE, Seen, play, pressed
from tests.terminal.made_up_cards import CARDS, conflicts
from tests.terminal.memory_desk import MemoryDesk

FIRST, SECOND = CARDS[0].report, CARDS[1].report


def settled(desk: MemoryDesk) -> list[tuple[int, Decision, str | None, str]]:
    return [(c.report, c.decision, c.reason, c.note) for c in desk.standing().values()]


def test_an_adjudicator_sees_who_voted_and_never_what() -> None:
    lines = "\n".join(pressed(conflicts(), size=HUGE))
    assert "Voted on by Ben Okafor, Chen Li; their votes stay hidden." in lines
    assert "INCLUDE" not in lines
    assert "primary tumours" not in lines


def test_an_adjudicator_gives_a_note_with_every_decision() -> None:
    desk = conflicts()

    async def script(seen: Seen) -> None:
        await seen.press("i", "enter")
        assert "A text is needed here" in "\n".join(seen.lines)
        await seen.type("meets all", "enter")
        assert seen.message == f"settled: included R{FIRST} · u undoes"
        await seen.press("e", "2")
        await seen.type("no model", "enter")

    play(desk, script)
    assert settled(desk) == [
        (FIRST, Decision.INCLUDE, None, "meets all"),
        (SECOND, Decision.EXCLUDE, "exposure", "no model"),
    ]


def test_a_decision_that_is_left_at_any_question_is_not_stored() -> None:
    desk = conflicts()
    pressed(desk, "i", "escape", "e", "escape", "e", "1", "escape", "2", "escape")
    assert not desk.votes


def test_a_conflict_at_abstracts_needs_no_reason_and_takes_no_maybe() -> None:
    desk = conflicts(stage=Stage.ABSTRACT)

    async def script(seen: Seen) -> None:
        await seen.press("m")
        assert "settled with include or exclude" in seen.message
        await seen.press("e", "x", "enter")

    play(desk, script)
    assert settled(desk) == [(FIRST, Decision.EXCLUDE, None, "x")]


def test_partners_see_the_votes_side_by_side_once_everybody_is_ready() -> None:
    desk = conflicts("Ben Okafor")

    async def script(seen: Seen) -> None:
        await seen.press("i", "y", "escape")
        assert not desk.revealed
        await seen.press("e", "y")
        assert "Ana García: ready" in "\n".join(seen.lines)
        assert not desk.revealed
        await seen.press("y")
        assert desk.revealed == [FIRST]
        shown = "\n".join(seen.lines)
        assert "Half of the patients" in shown
        assert any("INCLUDE" in line and "EXCLUDE" in line for line in seen.lines)
        assert not desk.votes
        await seen.press("1")
        await seen.type("agreed", "enter")
        assert "Half of the patients" not in "\n".join(seen.lines)

    play(desk, script)
    assert settled(desk) == [(FIRST, Decision.EXCLUDE, "population", "agreed")]


def test_votes_that_must_stay_hidden_are_said_to_be() -> None:
    desk = conflicts("Ben Okafor")
    desk.hidden.clear()
    assert f"! the votes on R{FIRST} stay hidden" in pressed(desk, "i", "y", "y")[-2]
    assert not desk.votes
