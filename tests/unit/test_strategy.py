"""The words that a strategy asks for, in the languages of the databases."""

from __future__ import annotations

import pytest

from screening.strategy import terms


@pytest.mark.parametrize(
    ("strategy", "asked"),
    [
        ('("spinal metastases"[tiab] OR vertebra*[tiab]) AND EGFR[MeSH Terms]', ("spinal metastases", "vertebra*", "EGFR")),
        ("exp spine/ and (metasta* adj3 bone).ti,ab.", ("spine", "metasta*", "bone")),
        ("'spinal metastasis'/exp OR vertebra*:ti,ab,kw", ("spinal metastasis", "vertebra*")),
        ('TS=("machine learning" NEAR/3 spine)', ("machine learning", "spine")),
        ('TITLE-ABS-KEY("deep learning" AND spine) AND ALL(EGFR)', ("deep learning", "spine", "EGFR")),
        ("spine NOT (mice OR rats) AND marker", ("spine", "marker")),
        ("spine AND NOT(mice) AND marker", ("spine", "marker")),
        ("Crohn's disease", ("Crohn's", "disease")),
        ("", ()),
    ],
)  # fmt: skip
def test_a_strategy_asks_for_its_words_without_tags_operators_and_what_it_excludes(
    strategy: str, asked: tuple[str, ...]
) -> None:
    assert terms(strategy) == asked
