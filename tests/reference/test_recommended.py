"""The reference review as it declares itself: the published method's two results, and the recommended ones beside them.

The published numbers are those of the paper (Sanker et al., Bioengineering 2025;12:791). The recommended ones were
computed with R on the same rows: metafor 5.1-12, rma(yi, sei=sei, method="REML", test="adhoc") with
predict(predtype="Riley"), missing errors set to the mean of the reported; rma.mv(yi, V, random=~1|study/est) with
V by vcalc(rho=0.5) within a study and kind of validation, and clubSandwich 0.6.0's CR2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from curation.protocol import Dependence, Method, Missing
from curation.synthesis.analysis import analysed, chosen_items
from curation.synthesis.pooled import Pooled
from curation.tasks.explain import explain
from curation.tasks.pool import PooledSynthesis, at, pool_of_release
from curation.tasks.review import Review
from curation.tasks.sensitivity import Line, sensitivity


@pytest.fixture
def review(built_demo: Path) -> Iterator[Review]:
    with Review.open(built_demo) as opened:
        yield opened


def shown(pooled: Pooled | None) -> tuple[float, ...]:
    assert pooled is not None
    return tuple(round(x, 3) for x in (pooled.estimate, pooled.low, pooled.high))


def predicted(pooled: Pooled | None) -> tuple[float, ...]:
    assert pooled is not None
    return tuple(round(x, 3) for x in (pooled.pi_low, pooled.pi_high) if x is not None)


def as_released(review: Review) -> dict[str, PooledSynthesis]:
    return {item.synthesis.id: item for item in pool_of_release(review, "1.0")}


def primary_lines(review: Review) -> dict[str, Line]:
    (found,) = sensitivity(review, "external-egfr-status", "1.0")
    return {line.label: line for line in found.lines}


def test_the_published_method_gives_its_two_results_exactly(review: Review) -> None:
    results = as_released(review)
    assert shown(results["internal-published"].result) == (0.849, 0.835, 0.863)
    assert shown(results["external-published"].result) == (0.791, 0.738, 0.844)


def test_the_primary_analysis_takes_one_external_auc_a_study_and_borrows_none(review: Review) -> None:
    primary = as_released(review)["external-egfr-status"]
    assert primary.synthesis.primary
    assert primary.result is not None
    assert (primary.result.k, primary.result.studies, primary.result.k_left_out) == (4, 4, 1)
    assert not any(row.borrowed for row in primary.result.rows)
    assert primary.warnings == ()
    assert primary.result.spread is not None, "the interval of tau² is by the Q profile"


def test_five_external_egfr_aucs_with_a_borrowed_interval_are_a_flagged_sensitivity_analysis(
    review: Review,
) -> None:
    line = primary_lines(review)["borrowed intervals"]
    assert line.result is not None
    assert line.result.k == 5
    assert shown(line.result) == (0.783, 0.665, 0.867)
    assert predicted(line.result) == (0.645, 0.877)
    assert [row.estimate.study for row in line.result.rows if row.borrowed] == ["Cao et al. (2023) [22]"]
    assert line.pooled is not None
    assert line.pooled.warnings == ("† 1 of 5 intervals borrowed, as in the published method",)


@pytest.mark.parametrize(
    ("title", "k", "expected", "flags"),
    [
        ("External validation, all markers, as if independent", 11, (0.779, 0.710, 0.836), "†‡"),
        ("Internal validation, all markers, as if independent", 41, (0.826, 0.806, 0.844), "†‡k"),
    ],
)
def test_all_aucs_as_if_independent_are_shown_flagged(
    review: Review, title: str, k: int, expected: tuple[float, ...], flags: str
) -> None:
    line = primary_lines(review)[title]
    assert line.result is not None
    assert line.pooled is not None
    assert line.result.k == k
    assert shown(line.result) == expected
    assert "".join(warning[0] for warning in line.pooled.warnings) == flags


@pytest.mark.parametrize(
    ("synthesis", "expected", "df"),
    [
        ("external-three-level", (0.781, 0.721, 0.831), 3.7),
        ("internal-three-level", (0.829, 0.807, 0.850), 8.0),
    ],
)
def test_three_levels_with_robust_errors_agree_with_metafor_and_clubsandwich(
    review: Review, synthesis: str, expected: tuple[float, ...], df: float
) -> None:
    declared = next(s for s in review.protocol.syntheses if s.id == synthesis)
    assert declared.rho[0] == 0.5
    found = analysed(
        replace(declared, missing=Missing.BORROW), chosen_items(declared, at(review, "1.0").items)
    )
    assert shown(found.pooled) == expected
    assert found.df is not None
    assert round(found.df, 1) == df
    assert any("fewer than 4 degrees of freedom" in warning for warning in found.warnings) is (df < 4)


def test_the_correlation_is_varied_and_few_degrees_of_freedom_are_said(review: Review) -> None:
    lines = primary_lines(review)
    for rho in ("0.5", "0.2", "0.8"):
        line = lines[f"External validation, all markers, three-level, rho {rho}"]
        assert line.pooled is not None
        assert line.pooled.df is not None
        assert line.pooled.df < 4
        assert line.pooled.warnings[0].startswith("fewer than 4 degrees of freedom")


def test_small_study_checks_wait_for_ten_studies(review: Review) -> None:
    assert primary_lines(review)["small-study effects"].note == (
        "not done: 4 studies are too few for a test of small-study effects: 10 are asked for"
    )


def test_no_main_synthesis_mixes_kinds_of_validation_or_borrows_but_the_published_ones(
    review: Review,
) -> None:
    for synthesis in review.protocol.syntheses:
        if synthesis.method is Method.RECOMMENDED and not synthesis.only_sensitivity:
            assert len(synthesis.validation) == 1
            assert synthesis.missing is Missing.LEAVE_OUT
            assert synthesis.dependence is Dependence.ONE_A_STUDY


def test_a_paragraph_leads_from_each_published_result_to_the_recommended_one(review: Review) -> None:
    pairs = {(e.published.id, e.recommended.id): e.paragraph for e in explain(review, "1.0")}
    assert list(pairs) == [
        ("internal-published", "split-sample-egfr-status"),
        ("internal-published", "cross-validation-egfr-status"),
        ("external-published", "external-egfr-status"),
    ]
    assert pairs["external-published", "external-egfr-status"] == (
        "External validation, all markers: the published method gives 0.791 (0.738 to 0.844) from 11 AUCs of 5 "
        "studies. External validation, EGFR status: the recommended method gives 0.798 (0.639 to 0.898) from 4 AUCs "
        "of 4 studies, and predicts an AUC between 0.572 and 0.921 for another study. The published method counts 6 "
        "of its 11 AUCs as further patients although these stand in another one and lends 3 AUCs intervals that no "
        "paper reports. One choice at a time: only the 5 AUCs of this analysis, 0.794 (0.726 to 0.863); without the "
        "one that reports no interval, 0.809 (0.732 to 0.885); on the logit scale, 0.798 (0.707 to 0.866); with "
        "random effects (tau² 0.000 by REML), 0.798 (0.707 to 0.866); with Hartung and Knapp's interval (t on 3 "
        "degrees of freedom), its factor not below 1, 0.798 (0.639 to 0.898). The recommended estimate is 0.007 "
        "higher, and its interval is 2.4 times as wide."
    )
