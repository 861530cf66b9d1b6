"""Every key of the app at title and abstract and at full text, on the desk as it stands afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from curation.model import Decision, Stage
from screening.desk import Choice, Work
from screening.terminal.keys import bindings
from tests.terminal.driving import HUGE, SMALL, WIDE, Seen, play, pressed
from tests.terminal.made_up_cards import CARD, CARDS, HOSTILE, LONG, abstracts, fulltexts
from tests.terminal.memory_desk import REASONS, MemoryDesk, setting

FIRST, SECOND, THIRD, FOURTH = (card.report for card in CARDS)
IN, OUT, MAYBE = Decision.INCLUDE, Decision.EXCLUDE, Decision.MAYBE


def decisions(desk: MemoryDesk) -> dict[int, Decision]:
    return {report: choice.decision for report, choice in desk.standing().items()}


def reasons(desk: MemoryDesk) -> dict[int, tuple[str | None, tuple[str, ...]]]:
    return {report: (choice.reason, choice.secondary) for report, choice in desk.standing().items()}


def test_one_key_is_one_vote_and_the_next_report_stands_there() -> None:
    desk = abstracts()
    lines = pressed(desk, "e")
    assert decisions(desk) == {FIRST: OUT}
    assert "Bone metastases in mice" in lines[3]
    assert lines[-2] == f" excluded R{FIRST} · u undoes"


def test_the_vote_is_stored_before_the_next_report_is_asked_for() -> None:
    desk = abstracts()
    asked: list[int] = []
    plain_next = desk.next

    def watched() -> object:
        asked.append(len(desk.votes))
        return plain_next()

    desk.next = watched  # type: ignore[method-assign, assignment] # the test listens in
    pressed(desk, "i", "m", "e")
    assert asked == [0, 1, 2, 3]


def test_include_maybe_and_a_capital_letter_under_caps_lock() -> None:
    desk = abstracts()
    pressed(desk, "i", "M", "e")
    assert decisions(desk) == {FIRST: IN, SECOND: MAYBE, THIRD: OUT}


def test_time_on_the_screen_is_measured_by_the_clock_handed_in() -> None:
    desk = abstracts()
    ticks = iter([100.0, 104.25, 104.5, 110.5, 111.0])

    async def script(seen: Seen) -> None:
        await seen.press("i", "e")

    play(desk, script, clock=lambda: next(ticks))
    assert [choice.milliseconds for choice in desk.votes] == [4250, 6000]


def test_undo_goes_back_without_limit_and_shows_each_report_again() -> None:
    desk = abstracts()

    async def script(seen: Seen) -> None:
        await seen.press("i", "e", "m", "u")
        assert seen.message == f"taken back on R{THIRD}: it is undecided again"
        await seen.press("u", "u")
        assert "Predicting receptor status" in seen.text("#card")
        await seen.press("u")
        assert seen.message == "! there is no decision of yours to take back"
        await seen.press("e")

    play(desk, script)
    assert decisions(desk) == {FIRST: OUT}
    assert len(desk.votes) == 4


def test_undoing_a_second_thought_says_that_the_first_stands_again() -> None:
    desk = abstracts()

    async def script(seen: Seen) -> None:
        await seen.press("i", "b", "enter", "e", "u")
        assert seen.message == f"taken back on R{FIRST}: your earlier include stands again"
        assert "Your decision so far: include" in seen.text("#card")

    play(desk, script)
    assert decisions(desk) == {FIRST: IN}


def test_skipping_puts_the_report_to_the_end() -> None:
    desk = abstracts()
    pressed(desk, "s", "i", "i", "i", "e")
    assert decisions(desk) == {SECOND: IN, THIRD: IN, FOURTH: IN, FIRST: OUT}


def test_a_report_gone_back_to_gets_a_later_vote_and_the_queue_goes_on() -> None:
    desk = abstracts()

    async def script(seen: Seen) -> None:
        await seen.press("i", "e", "b")
        await seen.type("receptor", "enter")
        assert "Your decision so far: include" in seen.text("#card")
        await seen.press("m")
        assert seen.message == f"maybe R{FIRST} · u undoes"
        await seen.press("e")

    play(desk, script)
    assert [(choice.report, choice.decision) for choice in desk.votes] == [
        (FIRST, IN), (SECOND, OUT), (FIRST, MAYBE), (THIRD, OUT),
    ]  # fmt: skip


def test_a_list_that_is_left_changes_nothing() -> None:
    desk = abstracts()
    lines = pressed(desk, "i", "b", "down", "up", "pagedown", "pageup", "escape", "e")
    assert decisions(desk) == {FIRST: IN, SECOND: OUT}
    assert "excluded" in lines[-2]


def test_a_note_is_kept_changed_and_taken_away() -> None:
    desk = abstracts()

    async def script(seen: Seen) -> None:
        await seen.press("n")
        await seen.type("see table 2", "enter")
        assert "Your note: see table 2" in seen.text("#card")
        await seen.press("n", "b", "enter")
        assert "Your note: see table 2b" in seen.text("#card")
        await seen.press("n", "escape", "n", *["backspace"] * 12, "enter")
        assert "Your note" not in seen.text("#card")

    play(desk, script)
    assert [value for _, _, value in desk.marks] == ["see table 2", "see table 2b", ""]
    assert not desk.votes


def test_a_tag_is_typed_chosen_and_taken_off() -> None:
    desk = abstracts()

    async def script(seen: Seen) -> None:
        await seen.press("t")
        await seen.type("pilot", "enter")
        await seen.press("i", "t", "enter")
        assert "tags: pilot" in seen.text("#card")
        await seen.press("t", "enter")
        assert "tags:" not in seen.text("#card")

    play(desk, script)
    assert desk.card(FIRST).tags == ("pilot",)
    assert desk.card(SECOND).tags == ()


def test_a_flag_goes_on_and_off_and_the_report_stays() -> None:
    desk = abstracts()

    async def script(seen: Seen) -> None:
        await seen.press("f")
        assert "flagged for discussion" in seen.text("#card")
        await seen.press("f")
        assert "flagged" not in seen.text("#card")

    play(desk, script)
    assert [value for _, _, value in desk.marks] == ["on", ""]


def test_highlights_and_keywords_go_off_and_on() -> None:
    async def script(seen: Seen) -> None:
        card = seen.app.screen.query_one("#card")
        marked = [span.style for span in card.visual.spans]  # type: ignore[attr-defined] # a Static's visual
        assert any("underline" in str(style) for style in marked)
        assert any("reverse" in str(style) for style in marked)
        await seen.press("h", "k")
        plain = [str(span.style) for span in card.visual.spans]  # type: ignore[attr-defined] # a Static's visual
        assert not any("underline" in style or "reverse" in style for style in plain)
        assert "Spinal Neoplasms" not in seen.text("#card")
        await seen.press("h", "k")
        assert "Spinal Neoplasms" in seen.text("#card")

    play(abstracts(), script)


def test_words_are_found_marked_and_brought_into_sight() -> None:
    desk = MemoryDesk(setting(), (replace(LONG, abstract=f"{LONG.abstract} The needle."),))

    async def script(seen: Seen) -> None:
        await seen.press("slash")
        await seen.type("NEEDLE", "enter")
        assert seen.message == "“NEEDLE” found once"
        assert any("The needle." in line for line in seen.lines)
        await seen.press("slash", *["backspace"] * 6)
        await seen.type("haystack", "enter")
        assert seen.message == "! “haystack” found 0 times"

    play(desk, script)


def test_the_first_link_is_opened_or_all_are_shown_to_copy() -> None:
    async def with_browser(seen: Seen) -> None:
        await seen.press("o")
        assert seen.opened == ["https://doi.org/10.1000/spine.8123"]
        assert seen.message == "opened https://doi.org/10.1000/spine.8123"

    async def without(seen: Seen) -> None:
        await seen.press("o")
        shown = "\n".join(seen.lines)
        assert "https://doi.org/10.1000/spine.8123" in shown
        assert "https://pubmed.ncbi.nlm.nih.gov/39000123/" in shown
        await seen.press("escape", "i")

    desk = abstracts()
    play(desk, with_browser, browser=True)
    play(desk, without)
    assert decisions(desk) == {FIRST: IN}


def test_help_names_every_key_and_takes_none_as_a_vote() -> None:
    desk = abstracts()
    lines = "\n".join(pressed(desk, "question_mark", size=HUGE))
    for words in ("take your last decision back", "put the report to the end", "leave; everything is stored"):
        assert words in lines
    pressed(desk, "question_mark", "i", "e", "down", "space", "escape")
    assert not desk.votes


def test_leaving_leaves_at_once_with_everything_stored() -> None:
    desk = abstracts()

    async def script(seen: Seen) -> None:
        await seen.press("i", "q", "e")

    assert play(desk, script).return_code == 0
    assert decisions(desk) == {FIRST: IN}


def test_control_c_leaves_too() -> None:
    desk = abstracts()

    async def script(seen: Seen) -> None:
        await seen.press("ctrl+c", "i")

    play(desk, script)
    assert not desk.votes


def test_the_criteria_stand_beside_a_wide_report_and_over_a_narrow_one_on_demand() -> None:
    assert any("Adults with spinal" in line for line in pressed(abstracts(), size=WIDE))
    assert not any("Adults with spinal" in line for line in pressed(abstracts(), "c", size=WIDE))
    assert not any("Adults with spinal" in line for line in pressed(abstracts(), size=SMALL))
    over = pressed(abstracts(), "c", size=SMALL)
    assert any("Include (version 2)" in line for line in over)
    assert "i include" in over[-1]


def test_the_end_of_the_queue_is_calm_and_still_takes_back() -> None:
    desk = abstracts()

    async def script(seen: Seen) -> None:
        await seen.press("i", "i", "i", "i")
        assert "Nothing waits for you here." in seen.text("#card")
        await seen.press("i", "e", "s", "f", "n", "t")
        assert seen.message == "! nothing waits for you here"
        await seen.press("u", "e")

    play(desk, script)
    assert decisions(desk) == {FIRST: IN, SECOND: IN, THIRD: IN, FOURTH: OUT}


def test_a_refused_vote_is_said_and_what_waits_now_is_shown() -> None:
    desk = abstracts()

    async def script(seen: Seen) -> None:
        desk.settled.add(FIRST)
        await seen.press("i")
        assert seen.message.startswith(f"! R{FIRST} was settled meanwhile")
        assert "Bone metastases in mice" in seen.text("#card")
        await seen.press("e")

    play(desk, script)
    assert decisions(desk) == {SECOND: OUT}


def test_a_fault_of_the_desk_leaves_the_app_with_that_fault() -> None:
    desk = abstracts()

    def broken(choice: Choice) -> None:
        raise OSError(28, "No space left on device", str(choice.report))

    desk.decide = broken  # type: ignore[method-assign] # the disk is full from here on

    async def script(seen: Seen) -> None:
        await seen.press("i")

    with pytest.raises(OSError, match="No space left"):
        play(desk, script)


def test_letters_that_come_in_one_go_with_a_question_are_its_answer_and_no_votes() -> None:
    desk = abstracts()

    async def script(seen: Seen) -> None:
        await seen.at_once("n", *"simue", "enter")
        assert not desk.votes
        assert not desk.skipped
        assert "Your note: simue" in seen.text("#card")
        await seen.at_once("t", *"ie")
        await seen.press("enter")
        await seen.at_once("i", "e", "u", "m")

    play(desk, script)
    assert desk.card(FIRST).tags == ("ie",)
    assert decisions(desk) == {FIRST: IN, SECOND: MAYBE}


# Full text


def test_a_reason_that_comes_in_one_go_with_its_question_is_taken() -> None:
    desk = fulltexts()

    async def script(seen: Seen) -> None:
        await seen.at_once("e", "3")

    play(desk, script)
    assert reasons(desk) == {FIRST: ("outcome", ())}


def test_a_digit_excludes_at_full_text_with_one_key() -> None:
    desk = fulltexts()
    lines = pressed(desk, "3", "1")
    assert reasons(desk) == {FIRST: ("outcome", ()), SECOND: ("population", ())}
    assert lines[-2] == f" excluded R{SECOND}: Wrong population · u undoes"


def test_the_list_of_reasons_takes_a_digit_or_a_line() -> None:
    desk = fulltexts()
    pressed(desk, "e", "4", "e", "down", "enter", "e", "escape", "i")
    assert reasons(desk) == {FIRST: ("design", ()), SECOND: ("exposure", ()), THIRD: (None, ())}


def test_space_marks_reasons_that_apply_as_well() -> None:
    desk = fulltexts()
    pressed(desk, "e", "space", "down", "down", "space", "2", "enter")
    pressed(desk, "e", "space", "down", "space", "space", "1", "enter")
    assert reasons(desk) == {FIRST: ("exposure", ("population", "outcome")), SECOND: ("population", ())}


def test_a_digit_without_a_reason_and_maybe_are_refused_at_full_text() -> None:
    desk = fulltexts()
    assert "! there is no reason 7: the last one is 4" in pressed(desk, "7")[-2]
    assert "! at full text there is no maybe" in "".join(pressed(desk, "m")[-3:-1])
    assert not desk.votes


def test_reasons_beyond_the_ninth_are_reached_by_arrow() -> None:
    many = tuple(replace(REASONS[0], code=f"c{n}", label=f"Reason {n}") for n in range(1, 13))
    desk = MemoryDesk(setting(Work.FULLTEXT, reasons=many), (replace(CARD, stage=Stage.FULLTEXT),))
    pressed(desk, "e", "end", "enter")
    assert reasons(desk) == {FIRST: ("c12", ())}


def test_covidence_decides_by_digit_at_abstracts_and_names_reasons_at_full_text() -> None:
    keys = bindings("covidence", {})
    desk = MemoryDesk(setting(keys=keys), CARDS)
    pressed(desk, "1", "2", "3", "left")
    assert decisions(desk) == {FIRST: OUT, SECOND: MAYBE, THIRD: IN, FOURTH: OUT}
    texts = tuple(replace(card, stage=Stage.FULLTEXT) for card in CARDS)
    full = MemoryDesk(setting(Work.FULLTEXT, keys=keys), texts)
    pressed(full, "3", "right", "left", "2")
    assert reasons(full) == {FIRST: ("outcome", ()), SECOND: (None, ()), THIRD: ("exposure", ())}


# What stands on the screen


@pytest.mark.parametrize("size", [SMALL, WIDE, HUGE, (60, 16)])
@pytest.mark.parametrize("card", [CARD, LONG, HOSTILE, CARDS[2]])
def test_no_report_moves_the_key_line_or_widens_the_screen(card: object, size: tuple[int, int]) -> None:
    desk = MemoryDesk(setting(), (card,))  # type: ignore[arg-type] # pytest hands cards on as objects
    lines = pressed(desk, "f", size=size)
    assert lines[-1].startswith(" i include")
    assert lines[-1].endswith("q quit")
    assert "flagged" in lines[-2]


def test_hostile_texts_are_characters_on_the_screen() -> None:
    lines = "\n".join(pressed(MemoryDesk(setting(), (HOSTILE,)), size=WIDE))
    assert "[bold red]Not markup[/] ␛[31mred" in lines
    assert "[@click=app.quit]x[/]" in lines
    assert not {"\x1b", "\x9b", "\u202e", "\u2066"} & set(lines)


def test_a_long_report_scrolls_and_the_next_begins_at_its_top() -> None:
    desk = MemoryDesk(setting(), (LONG, replace(LONG, report=2, title="Second")))

    async def script(seen: Seen) -> None:
        body = seen.app.screen.query_one("#body")
        for key in ("down", "pagedown", "space", "up", "pageup", "end"):
            before = body.scroll_y
            await seen.press(key)
            assert body.scroll_y != before
        await seen.press("i")
        assert body.scroll_y == 0

    play(desk, script)


def test_a_resize_keeps_every_part_in_its_place() -> None:
    async def script(seen: Seen) -> None:
        for size in (HUGE, (60, 16), WIDE, SMALL):
            await seen.pilot.resize_terminal(*size)
            await seen.settle()
            lines = seen.lines
            assert len(lines) == size[1]
            assert lines[-1].endswith("q quit")
            assert any("Adults with spinal" in line for line in lines) is (size[0] >= 110)

    play(abstracts(), script)


def test_without_colour_the_terms_still_stand_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def script(seen: Seen) -> None:
        strips = seen.app.screen._compositor.render_strips()
        segments = [segment for strip in strips for segment in strip if segment.style]
        styles = {segment.text.strip(): segment.style for segment in segments}
        terms = styles["metastases"], styles["mice"]
        assert terms[0] is not None
        assert terms[0].underline
        assert terms[0].bold
        assert terms[1] is not None
        assert terms[1].reverse
        assert seen.app.no_color

    play(abstracts(), script)


def test_authors_are_shown_only_where_the_protocol_shows_them() -> None:
    assert not any("Hu Y" in line for line in pressed(abstracts()))
    desk = MemoryDesk(setting(show_authors=True), CARDS)
    assert any("Hu Y; García A" in line for line in pressed(desk))
