"""Derived sentences: every number in them worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from curation.model import Study
from curation.report.facts import Cohorts, Share, cohorts, overview, receptors


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
