"""Derived sentences: every number in them worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from curation.model import Study, Validation
from curation.report.facts import Cohorts, Share, cohorts, overview, receptors, why_they_differ
from curation.synthesis.effects import Estimate
from curation.synthesis.pooled import Pooled, PooledRow, Scale


def study(size: int | None = 100, *found: str) -> Study:
    return Study(
        key="hu-2024",
        first_author="Hu",
        authors=8,
        year=2024,
        citation_number=18,
        position=1,
        cohort_size=size,
        receptors=found,
        primary_tumours=("NSCLC",),
        ages=(),
        evaluations=(),
    )


# 100, 200, 300 and 1000: total 1600, mean 400, squared distances 90000 + 40000 + 10000 + 360000 = 500000,
# over three 166666.67, its root 408.25.
FOUR = [study(100, "EGFR"), study(200, "EGFR", "Ki-67"), study(300, "EGFR"), study(1000, "HER-2")]


def test_cohorts_are_added_averaged_and_spread_as_by_hand() -> None:
    found = cohorts(FOUR)
    assert found is not None
    assert found.sd == pytest.approx(408.2483, abs=1e-4)
    assert replace(found, sd=None) == Cohorts(4, 1600, 400.0, None, 100, 1000)


def test_one_cohort_has_no_spread_and_none_has_no_sum() -> None:
    assert cohorts([study(76)]) == Cohorts(1, 76, 76.0, None, 76, 76)
    assert cohorts([]) is None
    assert cohorts([study(None), study(None)]) is None


def test_a_study_without_a_size_is_left_out_and_not_counted_as_nought() -> None:
    found = cohorts([study(100), study(None), study(300)])
    assert found is not None
    assert found.sd == pytest.approx(141.4214, abs=1e-4)
    assert replace(found, sd=None) == Cohorts(2, 400, 200.0, None, 100, 300)


def test_receptors_are_counted_once_a_study_most_frequent_first_and_ties_by_name() -> None:
    twice = replace(FOUR[3], receptors=("HER-2", "HER-2", "ALK"))
    assert receptors([*FOUR[:3], twice]) == (
        Share("EGFR", 3, 4),
        Share("ALK", 1, 4),
        Share("HER-2", 1, 4),
        Share("Ki-67", 1, 4),
    )
    assert receptors([]) == ()


def test_a_share_is_a_percentage_of_all_studies() -> None:
    assert Share("EGFR", 10, 11).percent == pytest.approx(90.909, abs=1e-3)


def test_the_overview_says_what_was_counted() -> None:
    assert overview(FOUR) == (
        "4 studies comprise 1,600 patients, 400 ± 408 per study (range 100 to 1000). "
        "Receptors analysed: EGFR in 3 (75.0 %), HER-2 in 1 (25.0 %), Ki-67 in 1 (25.0 %)."
    )


def test_the_overview_of_one_study_speaks_of_one() -> None:
    assert overview([study(76, "EGFR")]) == (
        "One study comprises 76 patients. Receptors analysed: EGFR in 1 (100.0 %)."
    )


def test_the_overview_says_how_many_reported_a_size() -> None:
    assert overview([study(100, "EGFR"), study(None, "EGFR")]).startswith(
        "2 studies comprise 100 patients (reported by 1). Receptors"
    )


def test_the_overview_of_what_is_not_there_invents_nothing() -> None:
    assert overview([]) == "No study has met the criteria yet."
    assert overview([study(None)]) == "One study met the criteria; no cohort size was reported."
    assert overview([study(5), study(7)]).endswith("No receptor was reported.")


def row(*, borrowed: bool) -> PooledRow:
    estimate = Estimate("hu-2024", "EGFR", "EGFR", Validation.EXTERNAL, 0.8, None, None)
    return PooledRow(estimate, 50.0, 0.7, 0.9, borrowed, "")


PUBLISHED = Pooled(
    method="published",
    scale=Scale.RAW,
    k=3,
    k_left_out=0,
    studies=2,
    patients=300,
    estimate=0.85,
    low=0.83,
    high=0.87,
    level=0.95,
    pi_low=None,
    pi_high=None,
    tau2=None,
    i2=None,
    q=None,
    rows=(row(borrowed=True), row(borrowed=False), row(borrowed=True)),
    left_out=(),
)
RECOMMENDED = replace(
    PUBLISHED, k=2, k_left_out=1, estimate=0.80, low=0.70, high=0.88, rows=(row(borrowed=False),) * 2
)


def test_why_two_results_differ_is_told_in_the_numbers_of_both() -> None:
    assert why_they_differ(PUBLISHED, RECOMMENDED) == (
        "The published method pools 3 AUCs of 2 studies as if each came from other patients, on the raw AUC scale "
        "with a common effect, and lends 2 of them the average interval of the others: 0.850 (0.830 to 0.870). The "
        "recommended method takes one AUC a study for one marker and one kind of validation (2 with an interval, 1 "
        "left out without), on the logit scale with random effects: 0.800 (0.700 to 0.880), 0.050 lower, with an "
        "interval 4.5 times as wide."
    )


@pytest.mark.parametrize(
    ("estimate", "low", "high", "said"),
    [
        (0.90, 0.86, 0.94, "0.050 higher, with an interval 2.0 times as wide."),
        (0.85, 0.84, 0.86, "the same to three decimals, with an interval 2.0 times narrower."),
        (0.8504, 0.83, 0.87, "the same to three decimals, with an interval 1.0 times as wide."),
    ],
)
def test_higher_lower_wider_and_narrower_are_told_apart(
    estimate: float, low: float, high: float, said: str
) -> None:
    other = replace(RECOMMENDED, estimate=estimate, low=low, high=high)
    assert why_they_differ(PUBLISHED, other).endswith(said)
