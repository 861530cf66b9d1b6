"""Texts of records reach the terminal as characters and nothing else."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from screening.desk import Work
from screening.harmless import all_of, harmless, on_one_line
from tests.terminal.made_up_cards import HOSTILE


@given(st.text(st.characters()))
def test_no_control_and_no_sign_of_direction_is_left(text: str) -> None:
    left = harmless(text)
    assert all(unicodedata.category(sign) not in {"Cc", "Cs"} or sign == "\n" for sign in left)
    assert all(
        unicodedata.bidirectional(sign) not in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
        for sign in left
    )
    assert harmless(left) == left
    left.encode()


@given(st.text(st.characters(codec="utf-8", categories=("L", "M", "N", "P", "S", "Zs"))))
def test_letters_and_signs_of_every_script_stay(text: str) -> None:
    assert harmless(text) == text


def test_escape_is_seen_and_lines_are_kept() -> None:
    assert harmless("a\x1b[2Jb\r\nc\td\u202ee") == "a␛[2Jb\nc de"
    assert on_one_line(" a\n\n b\t") == "a b"


def test_a_whole_card_is_made_harmless_and_keeps_its_kinds() -> None:
    card = all_of(HOSTILE)
    assert type(card) is type(HOSTILE)
    assert (card.stage, card.report, card.year, card.own) == (
        HOSTILE.stage,
        HOSTILE.report,
        HOSTILE.year,
        None,
    )
    assert not {"\x1b", "\x9b", "\u202e", "\x00"} & set(card.title + card.abstract + card.journal)
    assert card.keywords == HOSTILE.keywords
    assert all_of(Work.FULLTEXT) is Work.FULLTEXT
