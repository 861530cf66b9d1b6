"""Effect sizes, models and both methods of pooling: properties, edges, refusals."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curation.errors import BadInput, Refused
from curation.model import Validation
from curation.synthesis.effects import Effect, Estimate, Unusable, expit, logit, logit_effect, raw_se
from curation.synthesis.models import Fit, Interval, common_effect, random_effects
from curation.synthesis.pooled import Scale
from curation.synthesis.published import Borrowing, pool_as_published
from curation.synthesis.quantiles import chi_square_tail, normal_quantile, t_quantile
from curation.synthesis.recommended import pool_recommended
from curation.synthesis.reml import reml

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

# Two ways to the same sum differ in its order; tau² adds the rounding of its score, worst near the boundary.
ROUNDING = 1e-12
TAU2_ROUNDING = 1e-7

quick = settings(max_examples=60, deadline=None)
effect_sizes = st.floats(-4, 4, allow_nan=False).map(lambda x: round(x, 3))
errors = st.floats(0.02, 2).map(lambda x: round(x, 3))
studies = st.lists(st.tuples(effect_sizes, errors), min_size=2, max_size=12)


def split(rows: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [y for y, _ in rows], [se for _, se in rows]


def estimate(
    study: str = "Hu 2024", auc: float = 0.8, interval: tuple[float, float] | None = (0.7, 0.9)
) -> Estimate:
    low, high = interval or (None, None)
    return Estimate(study, f"{study}, EGFR", "EGFR", Validation.EXTERNAL, auc, low, high, patients=100)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"auc": 78.1}, "AUC 78.1 is not between 0 and 1"),
        ({"auc": math.nan}, "AUC nan is not between 0 and 1"),
        ({"low": None}, "only one limit"),
        ({"low": 0.9, "high": 0.7}, "0.9 to 0.7 is no interval"),
        ({"high": 90.1}, "0.7 to 90.1 is no interval"),
        ({"low": math.nan}, "nan to 0.9 is no interval"),
        ({"auc": 0.65}, "AUC 0.65 lies outside its interval 0.7 to 0.9"),
        ({"auc": 0.95}, "AUC 0.95 lies outside its interval 0.7 to 0.9"),
        ({"level": 95}, "level 95 is not between 0 and 1"),
        ({"patients": 0}, "a cohort of 0 patients"),
        ({"study": " "}, "the study has no name"),
    ],
)
def test_an_estimate_out_of_range_is_refused_in_words(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(BadInput) as refusal:
        replace(estimate(), **changes)
    assert fault in refusal.value.message


def test_all_faults_of_an_estimate_come_at_once() -> None:
    with pytest.raises(BadInput) as refusal:
        replace(estimate(), auc=1.2, patients=-3)
    assert refusal.value.message.startswith("Hu 2024 (Hu 2024, EGFR): AUC 1.2")
    assert "a cohort of -3 patients" in refusal.value.faults


def test_an_untruncated_interval_past_one_is_accepted() -> None:
    assert estimate(auc=0.95, interval=(0.87, 1.03)).interval == (0.87, 1.03)


def test_the_standard_error_is_the_width_over_twice_the_quantile() -> None:
    assert raw_se(estimate(), z=1.96) == pytest.approx(0.2 / 3.92, rel=ROUNDING)
    assert raw_se(estimate()) == pytest.approx(0.2 / (2 * 1.959963984540054), rel=ROUNDING)
    assert raw_se(replace(estimate(), level=0.9)) == pytest.approx(
        0.2 / (2 * 1.6448536269514722), rel=ROUNDING
    )
    assert raw_se(estimate(interval=None)) is None


def test_the_delta_method_divides_by_auc_times_its_complement() -> None:
    effect = logit_effect(estimate())
    assert isinstance(effect, Effect)
    assert effect.yi == pytest.approx(math.log(4), rel=ROUNDING)
    assert effect.sei == pytest.approx(0.2 / (2 * 1.959963984540054) / 0.16, rel=ROUNDING)
    assert effect.how == "width of the interval"


@pytest.mark.parametrize("top", [1.0, 1.04])
def test_an_interval_clipped_at_one_gives_its_lower_half(top: float) -> None:
    effect = logit_effect(estimate(auc=0.896, interval=(0.781, top)))
    assert isinstance(effect, Effect)
    assert effect.sei == pytest.approx((logit(0.896) - logit(0.781)) / 1.959963984540054, rel=ROUNDING)
    assert effect.how == "lower half of the interval, which is clipped at 1"


def test_an_interval_clipped_at_zero_mirrors_one_clipped_at_one() -> None:
    above = logit_effect(estimate(auc=0.875, interval=(0.75, 1.0)))
    below = logit_effect(estimate(auc=0.125, interval=(0.0, 0.25)))
    assert isinstance(above, Effect)
    assert isinstance(below, Effect)
    assert (below.yi, below.sei) == pytest.approx((-above.yi, above.sei), rel=ROUNDING)
    assert below.how == "upper half of the interval, which is clipped at 0"


@pytest.mark.parametrize(
    ("auc", "interval", "reason"),
    [
        (0.8, None, "no interval is reported"),
        (1.0, (0.9, 1.0), "an AUC of 1 has no logit"),
        (0.0, (0.0, 0.1), "an AUC of 0 has no logit"),
        (0.8, (0.8, 0.8), "the interval has no width"),
        (0.8, (0.8, 1.0), "the interval has no width"),
        (0.5, (0.0, 1.0), "the interval spans every possible value"),
    ],
)
def test_an_estimate_without_a_usable_error_says_why(
    auc: float, interval: tuple[float, float] | None, reason: str
) -> None:
    assert logit_effect(estimate(auc=auc, interval=interval)) == Unusable(reason)


@given(st.floats(-30, 30))
def test_expit_undoes_the_logit(x: float) -> None:
    assert expit(x) + expit(-x) == pytest.approx(1, rel=ROUNDING)
    if x < 15:
        assert logit(expit(x)) == pytest.approx(x, rel=1e-8, abs=1e-8)


def test_expit_does_not_overflow() -> None:
    assert (expit(-1000), expit(1000)) == (0, 1)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95, 0.99, 0.998])
def test_student_quantiles_equal_their_closed_forms(level: float) -> None:
    p = (1 + level) / 2
    assert t_quantile(level, 1) == pytest.approx(math.tan(math.pi * level / 2), rel=ROUNDING)
    assert t_quantile(level, 2) == pytest.approx(level / math.sqrt(2 * p * (1 - p)), rel=ROUNDING)


def test_student_quantiles_equal_those_of_r() -> None:
    # R 4.2.2: qt(.975, c(5, 9, 40, 1000)); 5, 9 and 40 are where versions of scipy were off.
    expected = [2.57058183563631, 2.2621571627982, 2.02107539030627, 1.96233908082641]
    assert [t_quantile(0.95, df) for df in (5, 9, 40, 1000)] == pytest.approx(expected, rel=1e-13)
    assert t_quantile(0.95, 10**7) == pytest.approx(normal_quantile(0.95), rel=1e-6)


def test_the_tail_of_chi_square_on_two_degrees_is_exponential() -> None:
    assert chi_square_tail(3, 2) == pytest.approx(math.exp(-1.5), rel=ROUNDING)
    assert chi_square_tail(0, 0) == 1


@quick
@given(studies)
def test_the_common_effect_lies_among_the_studies(rows: list[tuple[float, float]]) -> None:
    yi, sei = split(rows)
    fit = common_effect(yi, sei)
    assert min(yi) - ROUNDING <= fit.estimate <= max(yi) + ROUNDING
    assert fit.se < min(sei)
    assert sum(fit.weights) == pytest.approx(100, rel=ROUNDING)
    assert 0 <= fit.i2 < 100


@quick
@given(studies, st.randoms(use_true_random=False))
def test_the_order_of_studies_does_not_matter(
    rows: list[tuple[float, float]], shuffle: random.Random
) -> None:
    shuffled = list(rows)
    shuffle.shuffle(shuffled)
    for one, other in zip(fits(rows), fits(shuffled), strict=True):
        assert summary(other) == pytest.approx(summary(one), rel=TAU2_ROUNDING, abs=TAU2_ROUNDING)


@quick
@given(studies, st.sampled_from([0.125, 0.5, 8.0]), st.floats(-3, 3))
def test_a_change_of_unit_and_origin_carries_over(
    rows: list[tuple[float, float]], unit: float, origin: float
) -> None:
    moved = [(y * unit + origin, se * unit) for y, se in rows]
    for one, other in zip(fits(rows), fits(moved), strict=True):
        mean, se, low, high, tau2, q = summary(one)
        expected = (
            mean * unit + origin,
            se * unit,
            low * unit + origin,
            high * unit + origin,
            tau2 * unit**2,
            q,
        )
        assert summary(other) == pytest.approx(expected, rel=TAU2_ROUNDING, abs=TAU2_ROUNDING)


@quick
@given(studies)
def test_tau2_has_the_highest_restricted_likelihood(rows: list[tuple[float, float]]) -> None:
    yi, sei = split(rows)
    tau2 = random_effects(yi, sei).tau2
    reached = restricted_likelihood(tau2, yi, sei)
    others = [0.0, *np.geomspace(1e-6, 200, 300).tolist(), tau2 * 0.99, tau2 * 1.01]
    assert reached >= max(restricted_likelihood(other, yi, sei) for other in others) - 1e-9


@pytest.mark.parametrize(
    ("yi", "vi", "highest"),
    [
        ((2.5, -2.8, 2.7), (0.004, 1.196, 0.045), 8.498357650546318),  # the other maximum is at 0
        ((-4.1, -4.1, 3.0), (0.005, 0.003, 7.152), 0.0),  # the other is at 8.28
        ((1.3, 1.2, -1.0), (0.001, 0.002, 0.586), 1.0329316029800177),  # the other is at 0.0043
    ],
)
def test_of_two_maxima_of_the_likelihood_the_higher_is_taken(
    yi: tuple[float, ...], vi: tuple[float, ...], highest: float
) -> None:
    assert reml(np.array(yi), np.array(vi)) == pytest.approx(highest, rel=1e-9, abs=0)


@given(effect_sizes, effect_sizes, errors)
@example(0.0, 0.0, 0.1)
@example(0.0, 5.0, 0.1)
@quick
def test_two_studies_of_equal_error_have_tau2_in_closed_form(y1: float, y2: float, se: float) -> None:
    fit = random_effects([y1, y2], [se, se])
    assert fit.tau2 == pytest.approx(max(0.0, (y1 - y2) ** 2 / 2 - se**2), rel=ROUNDING, abs=ROUNDING)
    assert fit.df == 1
    assert (fit.pi_low, fit.pi_high) == (None, None)
    half = 12.706204736174698 * max(se / math.sqrt(2), abs(y1 - y2) / 2)
    assert (fit.low, fit.high) == pytest.approx(
        (fit.estimate - half, fit.estimate + half), rel=1e-9, abs=1e-9
    )


def test_a_single_study_keeps_its_own_interval_under_every_model() -> None:
    for fit in (common_effect([1.5], [0.4]), *(random_effects([1.5], [0.4], way) for way in Interval)):
        assert (fit.k, fit.estimate, fit.q, fit.q_df, fit.q_p) == (1, 1.5, 0, 0, 1)
        assert (fit.tau2, fit.i2, fit.h2, fit.weights) == (0, 0, 1, (100,))
        assert (fit.low, fit.high) == pytest.approx((1.5 - 0.783985593816, 1.5 + 0.783985593816), rel=1e-11)
        assert (fit.interval, fit.df, fit.pi_low, fit.pi_high) == (Interval.WALD, None, None, None)


def test_three_studies_are_enough_for_a_prediction_interval() -> None:
    fit = random_effects([0.2, 1.0, 2.4], [0.3, 0.3, 0.3])
    half = 12.706204736174698 * math.sqrt(fit.tau2 + fit.se**2)
    assert (fit.pi_low, fit.pi_high) == pytest.approx(
        (fit.estimate - half, fit.estimate + half), rel=ROUNDING
    )


def test_equal_studies_have_no_heterogeneity_at_all() -> None:
    fit = random_effects([1.2] * 5, [0.1, 0.2, 0.3, 0.4, 0.5], Interval.HARTUNG_KNAPP)
    assert (fit.tau2, fit.i2, fit.h2, fit.q_p) == (0, 0, 1, 1)
    assert (fit.estimate, fit.low, fit.high) == pytest.approx((1.2, 1.2, 1.2), rel=ROUNDING)
    guarded = random_effects([1.2] * 5, [0.1, 0.2, 0.3, 0.4, 0.5])
    assert guarded.se == pytest.approx(common_effect([1.2] * 5, [0.1, 0.2, 0.3, 0.4, 0.5]).se, rel=ROUNDING)


@quick
@given(studies)
def test_the_guarded_interval_is_never_narrower_than_the_others(rows: list[tuple[float, float]]) -> None:
    guarded, plain, wald = (
        random_effects(*split(rows), way)
        for way in (Interval.HARTUNG_KNAPP_GUARDED, Interval.HARTUNG_KNAPP, Interval.WALD)
    )
    assert guarded.se >= max(plain.se, wald.se) - ROUNDING
    assert guarded.high - guarded.low > wald.high - wald.low


def test_nothing_to_pool_is_refused() -> None:
    for pool in (common_effect, random_effects):
        with pytest.raises(Refused, match="nothing to pool"):
            pool([], [])


@pytest.mark.parametrize(
    ("yi", "sei"),
    [
        ([1, 2], [0.1]),
        ([1, math.nan], [0.1, 0.1]),
        ([1, 2], [0.1, 0]),
        ([1, 2], [1e-8, 1]),
        ([1], [math.inf]),
    ],
)
def test_what_is_no_standard_error_is_refused(yi: list[float], sei: list[float]) -> None:
    with pytest.raises(BadInput):
        random_effects(yi, sei)


def test_a_missing_interval_is_lent_the_average_width_weighted_by_cohort() -> None:
    rows = [
        replace(estimate("A", 0.8, (0.7, 0.9)), patients=300),
        replace(estimate("B", 0.7, (0.5, 0.9)), patients=100),
        estimate("C", 0.6, None),
    ]
    weighted = pool_as_published(rows).rows[2]
    assert weighted.borrowed
    assert weighted.how == "average width of the reported intervals; none is reported here"
    assert (weighted.low, weighted.high) == pytest.approx((0.6 - 0.125, 0.6 + 0.125), rel=ROUNDING)
    plain = pool_as_published(rows, Borrowing.PLAIN).rows[2]
    assert (plain.low, plain.high) == pytest.approx((0.6 - 0.15, 0.6 + 0.15), rel=ROUNDING)


def test_the_published_method_keeps_printed_limits_and_every_row_of_a_study() -> None:
    pooled = pool_as_published([estimate("A", 0.8, (0.65, 0.9)), estimate("A", 0.7, (0.6, 0.8))])
    assert [(row.low, row.high, row.borrowed) for row in pooled.rows] == [
        (0.65, 0.9, False),
        (0.6, 0.8, False),
    ]
    assert (pooled.k, pooled.studies, pooled.patients, pooled.scale) == (2, 1, 100, Scale.RAW)
    assert pooled.rows[0].weight_percent == pytest.approx(100 * 0.2**2 / (0.2**2 + 0.25**2), rel=ROUNDING)
    assert "none is missing" in pooled.method


def test_the_published_method_on_one_estimate_gives_its_interval_back() -> None:
    pooled = pool_as_published([estimate()])
    assert (pooled.estimate, pooled.low, pooled.high) == pytest.approx((0.8, 0.7, 0.9), rel=ROUNDING)


def test_an_interval_of_another_level_is_read_with_its_own_quantile() -> None:
    ninety = replace(estimate(), level=0.9)
    pooled = pool_as_published([ninety])
    assert pooled.high - 0.8 == pytest.approx(0.1 * 1.96 / 1.6448536269514722, rel=ROUNDING)


def test_without_any_interval_there_is_nothing_to_borrow() -> None:
    with pytest.raises(Refused, match="no width to borrow"):
        pool_as_published([estimate("A", 0.8, None), estimate("B", 0.7, None)])


def test_borrowing_by_cohort_needs_the_lenders_cohorts() -> None:
    rows = [replace(estimate("A"), patients=None), estimate("B", 0.7, None)]
    with pytest.raises(Refused, match=r"A \(A, EGFR\) is unknown"):
        pool_as_published(rows)
    assert pool_as_published(rows, Borrowing.PLAIN).k == 2


def test_an_interval_of_no_width_is_refused_by_the_published_method() -> None:
    with pytest.raises(Refused, match="no width"):
        pool_as_published([estimate("A", 0.8, (0.8, 0.8)), estimate("B")])


def test_a_study_with_two_cohort_sizes_is_refused() -> None:
    with pytest.raises(BadInput, match="cohorts of 100 and 120 patients"):
        pool_as_published([estimate(), replace(estimate(), patients=120)])


EXTERNAL_EGFR = [
    estimate("Hu 2024", 0.865, (0.731, 0.998)),
    estimate("Cao 2023", 0.738, None),
    estimate("Jiang 2023", 0.764, (0.615, 0.914)),
    estimate("Fan 2022a", 0.807, (0.595, 0.938)),
    estimate("Fan 2022b", 0.778, (0.610, 0.946)),
]


def test_an_estimate_without_an_interval_is_left_out_and_named() -> None:
    pooled = pool_recommended(EXTERNAL_EGFR)
    assert (pooled.k, pooled.k_left_out, pooled.studies, pooled.patients) == (4, 1, 4, 400)
    assert pooled.left_out == (("Cao 2023, EGFR", "no interval is reported"),)
    assert not any(row.borrowed for row in pooled.rows)


def test_a_clipped_interval_is_told_with_its_row() -> None:
    pooled = pool_recommended([estimate("Hu 2024", 0.896, (0.781, 1.0)), estimate("Ren 2021")])
    assert [row.how for row in pooled.rows] == [
        "lower half of the interval, which is clipped at 1",
        "width of the interval",
    ]


def test_the_recommended_result_is_the_guarded_fit_back_transformed() -> None:
    pooled = pool_recommended(EXTERNAL_EGFR)
    effects = [e for e in map(logit_effect, EXTERNAL_EGFR) if isinstance(e, Effect)]
    fit = random_effects([e.yi for e in effects], [e.sei for e in effects])
    assert (pooled.estimate, pooled.low, pooled.high) == (
        expit(fit.estimate),
        expit(fit.low),
        expit(fit.high),
    )
    assert fit.pi_low is not None
    assert pooled.pi_low == expit(fit.pi_low)
    assert (pooled.tau2, pooled.i2, pooled.q, pooled.scale) == (fit.tau2, fit.i2, fit.q, Scale.LOGIT)
    assert "t on k - 2 degrees of freedom" in pooled.method


unclipped = st.tuples(st.floats(0.02, 0.98), st.floats(0.001, 0.3)).map(
    lambda drawn: (drawn[0], (drawn[0] - drawn[1], drawn[0] + drawn[1]))
)


@quick
@given(st.lists(unclipped, min_size=1, max_size=8))
def test_every_recommended_limit_is_an_auc(drawn: list[tuple[float, tuple[float, float]]]) -> None:
    pooled = pool_recommended([estimate(f"Study {i}", *values) for i, values in enumerate(drawn)])
    assert 0 <= pooled.low <= pooled.estimate <= pooled.high <= 1
    assert 0 < pooled.estimate < 1
    assert (pooled.pi_low is None) == (pooled.k < 3)
    if pooled.pi_low is not None and pooled.pi_high is not None:
        assert 0 <= pooled.pi_low <= pooled.low
        assert pooled.high <= pooled.pi_high <= 1
    for row in pooled.rows:
        assert 0 < row.low < row.estimate.auc < row.high < 1


def test_a_single_usable_estimate_is_shown_and_said_not_to_be_pooled() -> None:
    pooled = pool_recommended(EXTERNAL_EGFR[:2])
    assert (pooled.k, pooled.k_left_out, pooled.pi_low, pooled.tau2) == (1, 1, None, 0)
    assert pooled.estimate == pytest.approx(0.865, rel=ROUNDING)
    assert (pooled.low, pooled.high) == (pooled.rows[0].low, pooled.rows[0].high)
    assert "nothing pooled" in pooled.method


def test_two_estimates_have_no_prediction_interval_and_the_method_says_so() -> None:
    pooled = pool_recommended(EXTERNAL_EGFR[2:4])
    assert (pooled.k, pooled.pi_low, pooled.pi_high) == (2, None, None)
    assert "no prediction interval below three studies" in pooled.method


def test_a_study_that_stands_twice_is_refused_by_name() -> None:
    with pytest.raises(Refused) as refusal:
        pool_recommended([*EXTERNAL_EGFR, estimate("Cao 2023"), estimate("Fan 2022a")])
    assert refusal.value.message.startswith("Cao 2023 stands 2 times: its patients")
    assert refusal.value.faults == ("Fan 2022a stands 2 times",)


def test_kinds_of_validation_are_not_pooled_together() -> None:
    apparent = replace(estimate("Zhang 2024"), validation=Validation.APPARENT)
    with pytest.raises(Refused, match="not pooled together: apparent, external"):
        pool_recommended([*EXTERNAL_EGFR, apparent])


def test_when_no_estimate_is_usable_each_reason_is_given() -> None:
    with pytest.raises(Refused) as refusal:
        pool_recommended([estimate("A", 0.8, None), estimate("B", 1.0, (0.9, 1.0))])
    assert refusal.value.faults == (
        "A (A, EGFR): no interval is reported",
        "B (B, EGFR): an AUC of 1 has no logit",
    )


def test_no_estimates_are_refused_by_both_methods() -> None:
    for pool in (pool_as_published, pool_recommended):
        with pytest.raises(Refused, match="nothing to pool"):
            pool([])


def test_patients_are_unknown_when_one_cohort_is() -> None:
    rows = [*EXTERNAL_EGFR, replace(estimate("Zhang 2024"), patients=None)]
    assert pool_recommended(rows).patients is None


def test_pooling_does_not_wait_for_scipy_stats() -> None:
    code = (
        "import sys, curation.synthesis.published, curation.synthesis.recommended;"
        "sys.exit('scipy.stats' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def fits(rows: Sequence[tuple[float, float]]) -> tuple[Fit, ...]:
    return (common_effect(*split(rows)), *(random_effects(*split(rows), way) for way in Interval))


def summary(fit: Fit) -> tuple[float, ...]:
    return (fit.estimate, fit.se, fit.low, fit.high, fit.tau2, fit.q)


def restricted_likelihood(tau2: float, yi: Sequence[float], sei: Sequence[float]) -> float:
    """Restricted log-likelihood (Viechtbauer 2005) up to a constant, written out study by study."""
    weights = [1 / (se**2 + tau2) for se in sei]
    mean = sum(w * y for w, y in zip(weights, yi, strict=True)) / sum(weights)
    squares = sum(w * (y - mean) ** 2 for w, y in zip(weights, yi, strict=True))
    return (sum(math.log(w) for w in weights) - math.log(sum(weights)) - squares) / 2
