"""Terms found in a text: what is a word, what a phrase, and who wins an overlap."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.terminal.highlight import Side, Terms, expression


def found(text: str, favour: list[str], against: list[str] | None = None) -> list[tuple[str, str]]:
    return [(text[s.start : s.end], s.side) for s in Terms(favour, against or []).spans(text)]


@pytest.mark.parametrize(
    ("term", "text", "finds"),
    [
        ("metasta*", "Metastasis, METASTASES and a premetastatic niche", ["Metastasis", "METASTASES"]),
        ("metasta*", "metasta", ["metasta"]),
        ("AUC", "auc AUCs (AUC) pAUC AUC.", ["auc", "AUC", "AUC"]),
        (
            "machine learning",
            "machine-learning, machine\n learning, machinelearning",
            ["machine-learning", "machine\n learning"],
        ),
        ("machine-learning", "machine learning", ["machine learning"]),
        ("non-small cell", "non\u2010small\u2013cell", ["non\u2010small\u2013cell"]),
        (
            "radiom* feature*",
            "radiomics features; radiomic feature",
            ["radiomics features", "radiomic feature"],
        ),
        ('"spinal cord"', "spinal cord", ["spinal cord"]),
        ("p(53)+", "p(53)+ and p53", ["p(53)+"]),
        ("Wirbelsäule", "WIRBELSÄULE", ["WIRBELSÄULE"]),
        ("癌", "癌 と 癌", ["癌", "癌"]),
    ],
)
def test_a_term_finds_whole_words_in_any_case(term: str, text: str, finds: list[str]) -> None:
    assert [what for what, _ in found(text, [term])] == finds


@pytest.mark.parametrize("term", ["", "  ", "*", "-", '""', "**"])
def test_a_term_without_a_letter_finds_nothing(term: str) -> None:
    assert expression([term]) is None


def test_the_longest_of_overlapping_finds_is_shown() -> None:
    text = "bone metastasis of mice"
    assert found(text, ["metastasis", "bone metastasis"]) == [("bone metastasis", Side.FOR)]
    assert found(text, ["metastasis"], ["bone metastasis"]) == [("bone metastasis", Side.AGAINST)]
    assert found(text, ["metastasis of mice"], ["bone metastasis"]) == [("metastasis of mice", Side.FOR)]
    assert found(text, ["bone"], ["mice"]) == [("bone", Side.FOR), ("mice", Side.AGAINST)]


WORDS = st.text("ab c-*.(", min_size=0, max_size=8)


@given(st.lists(WORDS), st.lists(WORDS), st.text("ab c-.(\n", max_size=60))
def test_finds_never_overlap_and_come_in_order(favour: list[str], against: list[str], text: str) -> None:
    spans = Terms(favour, against).spans(text)
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    assert all(one.end <= two.start for one, two in pairwise(spans))
