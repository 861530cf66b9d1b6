"""The line mode: the same votes as the app, told in labelled lines."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from curation.model import Decision, Stage
from screening.desk import Choice
from screening.terminal.plain import run_plain
from tests.terminal.made_up_cards import CARD, CARDS, HOSTILE, abstracts, conflicts, fulltexts
from tests.terminal.memory_desk import MemoryDesk, setting

FIRST, SECOND, THIRD, FOURTH = (card.report for card in CARDS)


def said(desk: MemoryDesk, *lines: str) -> list[str]:
    """What stands after the lines; each ends as a terminal or a pipe ends it."""
    out = io.StringIO()
    assert run_plain(desk, io.StringIO("".join(f"{line}\n" for line in lines)), out, lambda: 0.0) == 0
    return out.getvalue().splitlines()


def decided(desk: MemoryDesk) -> list[tuple[int, str, str | None, tuple[str, ...], str]]:
    return [(c.report, c.decision, c.reason, c.secondary, c.note) for c in desk.standing().values()]


def test_a_report_is_told_in_labelled_lines() -> None:
    told = said(abstracts())
    assert told[:4] == [
        "Review: Machine learning on images of spinal metastases",
        "Reviewer: Ana García · title and abstract",
        "",
        "Progress: 0 done · 4 left",
    ]
    assert told[4] == f"Title: {CARD.title}"
    assert any(line.startswith("Background: The receptor status") for line in told)
    assert any(line.startswith("Conclusions: ") for line in told)


def test_one_line_is_one_vote_and_says_what_was_stored() -> None:
    desk = abstracts()
    told = said(desk, "i", "exclude", "", "MAYBE")
    assert [one[:2] for one in decided(desk)] == [(FIRST, "include"), (SECOND, "exclude"), (THIRD, "maybe")]
    assert [line for line in told if line.startswith("done:")] == [
        f"done: included R{FIRST}", f"done: excluded R{SECOND}", f"done: maybe R{THIRD}",
    ]  # fmt: skip


def test_a_missing_abstract_is_said() -> None:
    assert "Abstract: No abstract: the source gave none. Decide on the title, or open the report." in said(
        abstracts(), "i"
    )


def test_undo_skip_and_going_back() -> None:
    desk = abstracts()
    told = said(desk, "s", "i", "e", "u", "b bone", f"b R{SECOND}", "m", "q", "e")
    assert decided(desk) == [(SECOND, Decision.MAYBE, None, (), "")]
    assert desk.skipped == [FIRST]
    assert f"R{SECOND} include: Bone metastases in mice: a case report" in told
    assert f"done: back at R{SECOND}; a decision now replaces your earlier one" in told


def test_notes_tags_and_flags() -> None:
    desk = abstracts()
    told = said(desk, "n see table 2", "t pilot", "f", "r", "tag")
    card = desk.card(FIRST)
    assert (card.note, card.tags, card.flagged) == ("see table 2", ("pilot",), True)
    assert "Marks: Your note: see table 2" in told
    assert "not done: name the tag: t TAG" in told


def test_criteria_keywords_and_addresses_are_read_out() -> None:
    told = said(abstracts(), "c", "k", "o", "?")
    assert "Include (version 2):" in told
    assert "  AUC reported" in told
    assert "Keywords: Spinal Neoplasms/secondary; Machine Learning; Magnetic Resonance Imaging" in told
    assert "Address: https://doi.org/10.1000/spine.8123" in told
    assert any(line.startswith("u            take your last decision back") for line in told)


@pytest.mark.parametrize("line", ["x", "i because", "u 3", "yes please", "e 1", "q now"])
def test_a_line_that_is_not_understood_stores_nothing_and_says_so(line: str) -> None:
    desk = abstracts()
    told = said(desk, line)
    assert sum(one.startswith("not done:") for one in told) == 1
    assert not desk.votes


def test_the_end_of_the_queue_is_told() -> None:
    desk = abstracts()
    told = said(desk, "i", "i", "i", "i", "i", "f", "u", "e")
    assert "Nothing waits for you here." in told
    assert told.count("not done: nothing waits for you here") == 2
    assert decided(desk)[-1][:2] == (FOURTH, "exclude")


def test_a_refused_vote_is_said_and_the_next_report_told() -> None:
    desk = abstracts()
    real_decide = desk.decide
    refused: list[int] = []

    def late(choice: Choice) -> None:
        if not refused:
            refused.append(choice.report)
            desk.settled.add(choice.report)
        real_decide(choice)

    desk.decide = late  # type: ignore[method-assign] # the report is settled while it is read
    told = said(desk, "i", "e")
    assert any(line.startswith(f"not done: R{FIRST} was settled meanwhile") for line in told)
    assert decided(desk) == [(SECOND, Decision.EXCLUDE, None, (), "")]


def test_full_text_exclusions_name_their_reasons_by_number_or_code() -> None:
    desk = fulltexts()
    told = said(desk, "e 3", "e Design, 1 population", "e", "2", "e 7", "m", "i why", "i")
    assert decided(desk) == [
        (FIRST, "exclude", "outcome", (), ""),
        (SECOND, "exclude", "design", ("population",), ""),
        (THIRD, "exclude", "exposure", (), ""),
        (FOURTH, "include", None, (), ""),
    ]
    assert "1. Wrong population (population)" in told
    assert sum(line.startswith("not done:") for line in told) == 3


def test_an_unanswered_question_stores_nothing() -> None:
    full, conflict = fulltexts(), conflicts()
    said(full, "e")
    said(full, "e", "", "e", "nonsense")
    said(conflict, "i")
    said(conflict, "i", "", "e", "1")
    assert not full.votes
    assert not conflict.votes


def test_an_adjudicator_hears_names_and_gives_a_note() -> None:
    desk = conflicts()
    told = said(desk, "i meets all", "e 2 no model", "e", "outcome", "nothing predicted")
    assert "Marks: Voted on by Ben Okafor, Chen Li; their votes stay hidden." in told
    assert decided(desk) == [
        (FIRST, "include", None, (), "meets all"),
        (SECOND, "exclude", "exposure", (), "no model"),
        (THIRD, "exclude", "outcome", (), "nothing predicted"),
    ]


def test_partners_hear_the_votes_once_everybody_is_ready() -> None:
    desk = conflicts("Ben Okafor", stage=Stage.ABSTRACT)
    told = said(desk, "i", "y", "no", "i", "y", "yes", "i agreed")
    assert "not done: the votes stay hidden until everybody is ready" in told
    first = told.index("Vote of Ana García: include - AUC in Table 2, internal test set only.")
    assert told[first - 1] == "Ben Okafor, are you ready to see the votes (y)?"
    assert decided(desk) == [(FIRST, "include", None, (), "agreed")]


def test_hostile_texts_reach_a_terminal_as_signs_of_its_own_alphabet() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    desk = MemoryDesk(setting(), (HOSTILE, replace(HOSTILE, report=2)))
    run_plain(desk, iter(["t \x1b[2J\n", "i\n"]), out, lambda: 0.0)
    written = out.buffer.getvalue()
    assert b"\x1b" not in written
    assert b"[bold red]Not markup[/]" in written
    assert desk.card(HOSTILE.report).tags == ("␛[2J",)


def test_time_is_measured_from_report_to_vote() -> None:
    desk = abstracts()
    ticks = iter([10.0, 12.5, 13.0])
    run_plain(desk, iter(["i\n"]), io.StringIO(), lambda: next(ticks))
    assert [choice.milliseconds for choice in desk.votes] == [2500]
