"""The eight estimators of tau² and the intervals of heterogeneity: BCG vaccine, closed forms, properties, edges.

The thirteen BCG trials (Colditz, Brewer, Berkey et al., JAMA 1994;271:698-702) are typed as counts; what metafor
5.1-12 makes of them stands beside each (``rma(yi, vi, method=...)``, tight control).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from curation.errors import BadInput, Refused
from curation.synthesis.generic import Measure, Table, compared
from curation.synthesis.heterogeneity import q_profile, typical_variance
from curation.synthesis.models import (
    Interval,
    Prediction,
    common_effect,
    random_effects,
    with_prediction,
)
from curation.synthesis.quantiles import chi_square_quantile
from curation.synthesis.reml import reml
from curation.synthesis.tau2 import Tau2Method, tau2
from curation.synthesis.weighted import orthonormal, variances, weighted

if TYPE_CHECKING:
    from collections.abc import Sequence

# The same sums in another order; a root near the boundary adds the rounding of its score.
ROUNDING = 1e-9
# metafor's values, typed with twelve digits.
TYPED = 1e-11

# Cases and others of the vaccinated, cases and others of those not, and the distance from the equator.
BCG = (
    (4, 119, 11, 128, 44),
    (6, 300, 29, 274, 55),
    (3, 228, 11, 209, 42),
    (62, 13536, 248, 12619, 52),
    (33, 5036, 47, 5761, 13),
    (180, 1361, 372, 1079, 44),
    (8, 2537, 10, 619, 19),
    (505, 87886, 499, 87892, 13),
    (29, 7470, 45, 7232, 27),
    (17, 1699, 65, 1600, 42),
    (186, 50448, 141, 27197, 18),
    (5, 2493, 3, 2338, 33),
    (27, 16886, 29, 17825, 33),
)
MEASURED = [compared(Table(a, a + b, c, c + d), Measure.RISK_RATIO) for a, b, c, d, _ in BCG]
YI = [m.yi for m in MEASURED]
SEI = [m.sei for m in MEASURED]
VI = [m.sei**2 for m in MEASURED]
LATITUDE = np.column_stack([np.ones(13), [row[4] for row in BCG]])

# tau², and tau² beside the latitude where it was recorded.
METAFOR = {
    Tau2Method.DL: (0.308760262862, 0.0633005024264),
    Tau2Method.HE: (0.328563857996, 0.209048026359),
    Tau2Method.HS: (0.228362863677, None),
    Tau2Method.SJ: (0.345515701599, 0.231843716119),
    Tau2Method.ML: (0.280028137269, 0.0343514424812),
    Tau2Method.REML: (0.313243258136, 0.0763479639552),
    Tau2Method.EB: (0.318068452205, 0.142131941473),
    Tau2Method.PM: (0.318068452205, 0.142131941473),
}

quick = settings(max_examples=40, deadline=None)
methods = pytest.mark.parametrize("method", Tau2Method)
rows = st.lists(
    st.tuples(
        st.floats(-4, 4).map(lambda x: round(x, 3)),
        st.floats(0.02, 2).map(lambda x: round(x, 3)),
        st.floats(-3, 3).map(lambda x: round(x, 2)),
    ),
    min_size=4,
    max_size=12,
)


def split(drawn: Sequence[tuple[float, float, float]]) -> tuple[list[float], list[float]]:
    return [y for y, _, _ in drawn], [se**2 for _, se, _ in drawn]


@methods
def test_every_estimator_agrees_with_metafor_on_bcg(method: Tau2Method) -> None:
    alone, beside_latitude = METAFOR[method]
    assert tau2(YI, VI, method) == pytest.approx(alone, rel=TYPED)
    if beside_latitude is not None:
        assert tau2(YI, VI, method, LATITUDE) == pytest.approx(beside_latitude, rel=TYPED)


def test_the_fit_of_bcg_agrees_with_metafor() -> None:
    fit = random_effects(YI, SEI, Interval.HARTUNG_KNAPP)
    ours = (fit.estimate, fit.se, fit.low, fit.high, fit.i2, fit.h2, fit.p)
    theirs = (
        -0.714532342158,
        0.180791744093,
        -1.10844371369,
        -0.320620970631,
        92.2213845213,
        12.8557582353,
        0.00192001509606,
    )
    assert ours == pytest.approx(theirs, rel=TYPED)
    assert (fit.pi_low, fit.pi_high) == pytest.approx((-2.00905765037, 0.579992966055), rel=TYPED)
    like_mean = with_prediction(fit, Prediction.LIKE_MEAN)
    assert (like_mean.pi_low, like_mean.pi_high) == pytest.approx((-1.9960168342, 0.56695214988), rel=TYPED)
    wald = with_prediction(random_effects(YI, SEI, Interval.WALD), Prediction.LIKE_MEAN)
    assert (wald.pi_low, wald.pi_high) == pytest.approx((-1.8666922179, 0.437627533587), rel=TYPED)


def test_the_q_profile_of_bcg_agrees_with_metafor() -> None:
    profile = q_profile(YI, SEI)
    assert profile is not None
    assert (profile.tau2_low, profile.tau2_high) == pytest.approx((0.119718361141, 1.11147908406), rel=TYPED)
    assert (profile.i2_low, profile.i2_high) == pytest.approx((81.9205745586, 97.6780749579), rel=TYPED)
    assert (profile.h2_low, profile.h2_high) == pytest.approx((5.53114922396, 43.067712431), rel=TYPED)
    assert not profile.empty


def test_effect_sizes_closer_than_chance_have_an_empty_profile() -> None:
    profile = q_profile([1.0, 1.0, 1.0001, 1.0], [0.5] * 4)
    assert profile is not None
    assert profile.empty
    assert (profile.tau2_low, profile.tau2_high, profile.i2_high, profile.h2_high) == (0, 0, 0, 1)
    assert q_profile([1.0], [0.5]) is None


@quick
@given(rows, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_the_ends_of_the_profile_put_q_at_its_quantiles(
    drawn: list[tuple[float, float, float]], level: float
) -> None:
    y, v = split(drawn)
    profile = q_profile(y, np.sqrt(v).tolist(), level)
    assert profile is not None
    for end, tail in ((profile.tau2_low, (1 + level) / 2), (profile.tau2_high, (1 - level) / 2)):
        if end > 0:
            assert q_at(end, y, v) == pytest.approx(chi_square_quantile(tail, len(y) - 1), rel=ROUNDING)
    assert profile.tau2_low <= profile.tau2_high


@methods
@given(drawn=rows, power=st.sampled_from([-40, -3, 1, 30]), origin=st.floats(-1e3, 1e3))
@quick
def test_a_change_of_unit_and_origin_carries_over_to_tau2(
    method: Tau2Method, drawn: list[tuple[float, float, float]], power: int, origin: float
) -> None:
    y, v = split(drawn)
    unit = 2.0**power
    moved = tau2([(one + origin) * unit for one in y], [one * unit**2 for one in v], method)
    # The origin takes digits from the effect sizes themselves: 1e3 less 1e-3 has ten left.
    assert moved / unit**2 == pytest.approx(tau2(y, v, method), rel=1e-6, abs=1e-8)


@methods
@given(drawn=rows)
@quick
def test_only_the_space_of_a_design_matters_and_not_its_columns(
    method: Tau2Method, drawn: list[tuple[float, float, float]]
) -> None:
    y, v = split(drawn)
    x = np.array([third for _, _, third in drawn])
    assume(np.ptp(x) > 0.1)
    plain = tau2(y, v, method, np.column_stack([np.ones(len(y)), x]))
    turned = tau2(y, v, method, np.column_stack([2 + x, 2000 + 3 * x]))
    assert turned == pytest.approx(plain, rel=1e-6, abs=1e-8)
    # What the design explains makes no difference.
    explained = tau2(
        [a + 5 - 7 * b for a, b in zip(y, x, strict=True)], v, method, np.column_stack([np.ones(len(y)), x])
    )
    if method is not Tau2Method.SJ:  # its start is the variance about the plain mean
        assert explained == pytest.approx(plain, rel=1e-6, abs=1e-8)


@quick
@given(rows)
def test_paule_and_mandels_tau2_puts_q_at_its_degrees_of_freedom(
    drawn: list[tuple[float, float, float]],
) -> None:
    y, v = split(drawn)
    root = tau2(y, v, Tau2Method.PM)
    assert root == tau2(y, v, Tau2Method.EB)
    reached = q_at(root, y, v)
    assert reached == pytest.approx(len(y) - 1, rel=ROUNDING) if root else reached <= len(y) - 1


@quick
@given(rows)
def test_tau2_by_ml_has_the_highest_likelihood(drawn: list[tuple[float, float, float]]) -> None:
    y, v = split(drawn)
    root = tau2(y, v, Tau2Method.ML)
    others = [0.0, *np.geomspace(1e-6, 200, 200).tolist(), root * 0.99, root * 1.01]
    assert likelihood(root, y, v) >= max(likelihood(other, y, v) for other in others) - 1e-9


@quick
@given(rows)
def test_equal_variances_give_the_moment_estimators_one_value(
    drawn: list[tuple[float, float, float]],
) -> None:
    y = [one for one, _, _ in drawn]
    v = [0.25] * len(y)
    expected = max(0.0, float(np.var(y, ddof=1)) - 0.25)
    for method in (Tau2Method.DL, Tau2Method.HE, Tau2Method.PM, Tau2Method.REML):
        assert tau2(y, v, method) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    full = max(0.0, float(np.var(y)) - 0.25)
    for method in (Tau2Method.ML, Tau2Method.HS):
        assert tau2(y, v, method) == pytest.approx(full, rel=1e-9, abs=1e-12)


@methods
def test_nothing_left_to_estimate_it_from_is_a_tau2_of_0(method: Tau2Method) -> None:
    assert tau2([1.5], [0.2], method) == 0
    assert tau2([1.5, 3], [0.2, 0.1], method, np.array([[1.0, 0.0], [1.0, 1.0]])) == 0
    assert tau2([2.0] * 6, [0.1, 0.2, 0.3, 0.1, 0.5, 0.4], method) == 0


@methods
@pytest.mark.parametrize("scale", [1e-25, 1e-9, 1e9, 1e25])
def test_tiny_and_huge_units_are_no_trouble(method: Tau2Method, scale: float) -> None:
    y, v = [one * scale for one in YI], [one * scale**2 for one in VI]
    assert tau2(y, v, method) / scale**2 == pytest.approx(METAFOR[method][0], rel=1e-10)


@methods
def test_effect_sizes_far_apart_have_a_tau2_near_their_variance(method: Tau2Method) -> None:
    y, v = [0.0, 1e9, 3e9, -2e9], [1e-4, 2e-4, 3e-4, 1e-4]
    near = float(np.var(y, ddof=0 if method in {Tau2Method.ML, Tau2Method.HS} else 1))
    assert tau2(y, v, method) == pytest.approx(near, rel=0.5)


def test_reml_with_a_design_is_that_of_tau2() -> None:
    assert reml(YI, VI, LATITUDE) == tau2(YI, VI, Tau2Method.REML, LATITUDE)


def test_a_fit_by_another_estimator_says_which() -> None:
    for method in Tau2Method:
        fit = random_effects(YI, SEI, method=method)
        assert (fit.method, fit.tau2) == (method, tau2(YI, variances(SEI), method))
    assert common_effect(YI, SEI).method is None


def test_two_studies_have_a_prediction_interval_only_like_their_mean() -> None:
    fit = random_effects([0.2, 1.4], [0.3, 0.3])
    assert (fit.pi_low, fit.pi_high) == (None, None)
    like_mean = with_prediction(fit, Prediction.LIKE_MEAN)
    assert like_mean.pi_low is not None
    assert like_mean.pi_low < fit.low
    single = with_prediction(random_effects([0.2], [0.3]), Prediction.LIKE_MEAN)
    assert (single.pi_low, single.pi_high) == (None, None)


def test_a_standard_error_of_0_has_no_test() -> None:
    fit = random_effects([1.25] * 4, [0.1, 0.2, 0.3, 0.4], Interval.HARTUNG_KNAPP)
    assert (fit.se, fit.statistic, fit.p) == (0, None, None)


def test_a_heavy_study_takes_no_digits_from_the_typical_variance() -> None:
    v = np.array([1e-10, 1.0, 1.0])
    # (k - 1) sum w / ((sum w)² - sum w²), exactly: 2 (1e10 + 2) / (4e10 + 2).
    assert typical_variance(v) == pytest.approx(2 * (1e10 + 2) / (4e10 + 2), rel=1e-14)


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, math.nan, 1 - 1e-12])
def test_a_level_that_is_none_is_refused(level: float) -> None:
    for made in (common_effect, q_profile):
        with pytest.raises(BadInput, match="is not between 0 and 1"):
            made(YI, SEI, level)


@pytest.mark.parametrize(
    ("design", "words"),
    [
        (np.ones((12, 1)), "does not fit 13 studies"),
        (np.ones(13), "does not fit 13 studies"),
        (np.full((13, 2), [1.0, math.nan]), "missing or infinite"),
    ],
)
def test_a_design_that_does_not_fit_is_refused(design: np.typing.NDArray[np.float64], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        tau2(YI, VI, Tau2Method.REML, design)


def test_a_collinear_design_is_refused_in_words() -> None:
    with pytest.raises(Refused, match="follows from the others"):
        tau2(YI, VI, Tau2Method.DL, np.column_stack([LATITUDE, 3 - LATITUDE[:, 1]]))
    with pytest.raises(Refused, match="is 0 in every study"):
        tau2(YI, VI, Tau2Method.DL, np.column_stack([np.ones(13), np.zeros(13)]))
    with pytest.raises(Refused, match="2 coefficients cannot be estimated from 1 studies"):
        orthonormal(np.ones((1, 2)))


def test_a_year_beside_an_intercept_is_not_collinear() -> None:
    years = np.column_stack([np.ones(4), [2019.0, 2020, 2021, 2020]])
    assert weighted([1, 2, 3, 5], [1, 1, 1, 1], years).df == 2


@pytest.mark.parametrize("sei", [[0.1, 1e40], [0.1, 1e-40], [0.1, -0.1], [0.1, math.inf], [1e-8, 1]])
def test_what_is_no_standard_error_or_out_of_range_is_refused(sei: list[float]) -> None:
    for made in (common_effect, random_effects, q_profile):
        with pytest.raises(BadInput):
            made([1, 2], sei)
    with pytest.raises(BadInput, match="change the unit"):
        random_effects([1, 1e40], [1, 1])


def q_at(between: float, y: Sequence[float], v: Sequence[float]) -> float:
    weights = [1 / (one + between) for one in v]
    mean = math.fsum(w * x for w, x in zip(weights, y, strict=True)) / math.fsum(weights)
    return math.fsum(w * (x - mean) ** 2 for w, x in zip(weights, y, strict=True))


def likelihood(between: float, y: Sequence[float], v: Sequence[float]) -> float:
    """Log-likelihood up to a constant, at the mean that is best for this tau²."""
    return -(q_at(between, y, v) + math.fsum(math.log(one + between) for one in v)) / 2
