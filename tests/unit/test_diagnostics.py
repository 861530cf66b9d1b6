"""Diagnostics and small-study effects: values of metafor, properties, edges, refusals.

The BCG vaccine trials (Colditz et al., JAMA 1994;271:698-702; metadat's dat.bcg) by their counts; the values are
those of metafor 5.1-12 on them, ``rma(yi, vi, method="REML")`` unless said otherwise.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from curation.errors import BadInput, Refused
from curation.synthesis.certainty import (
    Circumstances,
    Place,
    Prediction,
    StudyFacts,
    Total,
    facts,
    repeated,
    small_study,
)
from curation.synthesis.coefficients import Undefined
from curation.synthesis.cumulative import Order, Released, by_release, cumulative
from curation.synthesis.funnel import (
    EGGER,
    Asymmetry,
    Dispersion,
    Predictor,
    RankCorrelation,
    Regression,
    funnel,
    peters_weights,
    rank_correlation,
    regression_test,
)
from curation.synthesis.influence import Case, influence
from curation.synthesis.leave_out import leave_one_out
from curation.synthesis.models import Interval, common_effect, random_effects
from curation.synthesis.tau2 import Tau2Method, tau2
from curation.synthesis.trim_fill import Estimator, Filling, Side, TrimFill, trim_and_fill

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from curation.synthesis.weighted import Floats

# Fifteen digits written; sums in another order.
CLOSE = 1e-11
# The same by another route, with its own cancellation.
ROUTE = 1e-7

COUNTS = [
    (4, 119, 11, 128),
    (6, 300, 29, 274),
    (3, 228, 11, 209),
    (62, 13536, 248, 12619),
    (33, 5036, 47, 5761),
    (180, 1361, 372, 1079),
    (8, 2537, 10, 619),
    (505, 87886, 499, 87892),
    (29, 7470, 45, 7232),
    (17, 1699, 65, 1600),
    (186, 50448, 141, 27197),
    (5, 2493, 3, 2338),
    (27, 16886, 29, 17825),
]
YEARS = [1948, 1949, 1960, 1977, 1973, 1953, 1973, 1980, 1968, 1961, 1974, 1969, 1976]
LATITUDE = [44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33]
PATIENTS = [sum(row) for row in COUNTS]
YI = [math.log(a / (a + b)) - math.log(c / (c + d)) for a, b, c, d in COUNTS]
SEI = [math.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)) for a, b, c, d in COUNTS]

wald = partial(random_effects, interval=Interval.WALD)
quick = settings(max_examples=50, deadline=None)
effects = st.floats(-4, 4).map(lambda x: round(x, 3))
errors = st.floats(0.05, 2).map(lambda x: round(x, 3))
samples = st.lists(st.tuples(effects, errors), min_size=3, max_size=12)


def split(rows: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [y for y, _ in rows], [se for _, se in rows]


def close(ours: object, theirs: object, rel: float = CLOSE, absolute: float = 0.0) -> bool:
    return bool(ours == pytest.approx(theirs, rel=rel, abs=absolute))


def asymmetry(found: Asymmetry | Undefined) -> Asymmetry:
    assert isinstance(found, Asymmetry), found
    return found


def trimmed(found: TrimFill | Undefined) -> TrimFill:
    assert isinstance(found, TrimFill), found
    return found


def whole(cases: Sequence[Case | Undefined]) -> list[Case]:
    found = [case for case in cases if isinstance(case, Case)]
    assert len(found) == len(cases)
    return found


# --- leave-one-out and cumulative


def test_leaving_each_trial_out_gives_metafors_values() -> None:
    left = leave_one_out(YI, SEI, pool=wald)
    assert [one.without for one in left] == [str(i) for i in range(1, 14)]
    assert close([left[i].fit.estimate for i in (0, 7)], [-0.707083784699259, -0.794767604515521])
    assert close([left[i].fit.tau2 for i in (0, 7)], [0.336156701803629, 0.273182929386648])
    assert close(left[3].fit.p, 0.000373694525323235)
    common = leave_one_out(YI, SEI, pool=common_effect)
    assert close((common[7].fit.estimate, common[7].fit.i2), (-0.742737063040948, 83.8201534151754))


def test_estimates_of_one_study_are_left_out_together() -> None:
    left = leave_one_out([1.0, 2.0, 3.0, 4.0], [0.1, 0.2, 0.3, 0.4], ["Hu", "Fan", "Hu", "Cao"])
    assert [one.without for one in left] == ["Hu", "Fan", "Cao"]
    assert left[0].fit == random_effects([2.0, 4.0], [0.2, 0.4])


def test_of_two_studies_each_remains_alone() -> None:
    first, second = leave_one_out([1.0, 2.0], [0.1, 0.2])
    assert (first.fit.estimate, second.fit.estimate) == (2, 1)
    assert first.fit.interval is Interval.WALD


def test_the_only_study_cannot_be_left_out() -> None:
    for studies in (None, ["Hu"]):
        with pytest.raises(Refused, match="nothing to pool"):
            leave_one_out([1.0], [0.1], studies)
    with pytest.raises(Refused):
        leave_one_out([1.0, 2.0], [0.1, 0.1], ["Hu", "Hu"])
    with pytest.raises(BadInput, match="one of each"):
        leave_one_out([1.0, 2.0], [0.1, 0.1], ["Hu"])


def test_the_trials_accumulate_by_year_as_in_metafor() -> None:
    steps = cumulative(YI, SEI, Order(YEARS), wald)
    assert [step.added[0] + 1 for step in steps] == [1, 2, 6, 3, 10, 9, 12, 5, 7, 11, 13, 4, 8]
    assert close([steps[i].fit.estimate for i in (2, 7)], [-0.97207993181335, -0.788565503718828])
    assert close(steps[4].fit.tau2, 0.0857551704921576)
    assert steps[0].fit.estimate == YI[0]
    assert close(steps[-1].fit.estimate, wald(YI, SEI).estimate)


def test_ties_in_year_go_by_study_and_then_by_place() -> None:
    order = Order([2022, 2021, 2022, 2022, 2021], ["Hu", "Zhang", "Cao", "Hu", "Fan"])
    steps = cumulative([1.0, 2.0, 3.0, 4.0, 5.0], [0.1] * 5, order)
    assert [step.added for step in steps] == [(4,), (1,), (2,), (0,), (3,)]
    years = cumulative([1.0, 2.0, 3.0, 4.0, 5.0], [0.1] * 5, replace(order, together=True))
    assert [(step.at, step.added, step.fit.k) for step in years] == [(2021, (4, 1), 2), (2022, (2, 0, 3), 5)]


@quick
@given(samples, st.randoms(use_true_random=False))
def test_however_they_are_ordered_the_last_step_is_the_whole(
    rows: list[tuple[float, float]], chance: random.Random
) -> None:
    years = [float(chance.randint(2000, 2004)) for _ in rows]
    for together in (False, True):
        steps = cumulative(*split(rows), Order(years, together=together), common_effect)
        assert close(steps[-1].fit.estimate, common_effect(*split(rows)).estimate, absolute=1e-12)
        assert sorted(i for step in steps for i in step.added) == list(range(len(rows)))


def test_what_cannot_be_ordered_is_refused() -> None:
    with pytest.raises(BadInput, match="effect size 2 has no value"):
        Order([2021, math.nan])
    with pytest.raises(BadInput, match="one of each"):
        Order([2021, 2022], ["Hu"])
    with pytest.raises(BadInput, match="one of each"):
        cumulative([1.0], [0.1], Order([2021, 2022]))
    with pytest.raises(Refused, match="nothing to accumulate"):
        cumulative([], [], Order([]))


def test_releases_may_add_correct_and_drop_studies() -> None:
    steps = by_release(
        [Released("1", [], []), Released("2", YI[:5], SEI[:5]), Released("3", YI[1:4], SEI[1:4])]
    )
    assert [(step.name, step.fit and step.fit.k) for step in steps] == [("1", None), ("2", 5), ("3", 3)]
    assert steps[2].fit == random_effects(YI[1:4], SEI[1:4])
    with pytest.raises(BadInput, match="release 2 stands twice"):
        by_release([Released("2", YI, SEI), Released("2", YI, SEI)])


# --- influence


def test_the_influence_of_each_trial_is_metafors() -> None:
    case = whole(influence(YI, SEI))[3]
    ours = (case.rstudent, case.dffits, case.cook, case.cov_ratio, case.tau2_without, case.q_without)
    theirs = (
        -1.45120066425102,
        -0.520050988469853,
        0.229481639115787,
        0.965126485135912,
        0.262758148091002,
        96.5625949713915,
    )
    assert close(ours, theirs)
    assert close((case.hat, case.weight), (0.0969874701892071, 9.69874701892071))
    assert close(case.dfbetas, [-0.513813387319955])
    assert not any(case.influential for case in whole(influence(YI, SEI)))


def test_under_a_common_effect_baujats_shares_add_up_to_q() -> None:
    cases = whole(influence(YI, SEI, method=None))
    assert close(sum(case.baujat_x for case in cases), common_effect(YI, SEI).q)
    # Of one mean, y is the squared move in standard errors of the mean without the study.
    for case, left in zip(cases, leave_one_out(YI, SEI, pool=common_effect), strict=True):
        moved = (common_effect(YI, SEI).estimate - left.fit.estimate) / left.fit.se
        assert close(case.baujat_y, moved**2)


def test_with_covariates_each_case_is_the_model_fitted_without_it() -> None:
    y, v = np.array(YI), np.array(SEI) ** 2
    x = np.column_stack([np.ones(13), YEARS, LATITUDE])
    cases = whole(influence(YI, SEI, Tau2Method.DL, x))
    full, full_cov, _ = fitted(y, v, x, v + tau2(y, v, Tau2Method.DL, x))
    for i, case in enumerate(cases):
        rest = np.arange(13) != i
        between = tau2(y[rest], v[rest], Tau2Method.DL, x[rest])
        beta, cov, _ = fitted(y[rest], v[rest], x[rest], v[rest] + between)
        _, same_tau2, _ = fitted(y, v, x, v + between)
        spread = float(x[i] @ cov @ x[i])
        assert close(case.tau2_without, between, ROUTE, 1e-12)
        assert close(case.rstudent, (y[i] - x[i] @ beta) / math.sqrt(v[i] + between + spread), ROUTE)
        assert close(case.dfbetas, ((full - beta) / np.sqrt(np.diagonal(same_tau2))).tolist(), 1e-5, 1e-7)
        assert close(case.cook, float((full - beta) @ np.linalg.solve(full_cov, full - beta)), 1e-5, 1e-9)
        assert close(case.cov_ratio, float(np.linalg.det(cov) / np.linalg.det(full_cov)), 1e-5)
        assert close(case.q_without, fitted(y[rest], v[rest], x[rest], v[rest])[2], ROUTE)
    assert close(sum(case.hat for case in cases), 3.0)


def fitted(y: Floats, v: Floats, x: Floats, total: Floats) -> tuple[Floats, Floats, float]:
    """Coefficients, covariance and Q, by the textbook's formulas about a centred year."""
    centred = x - np.array([0, 1960, 0])
    turn = np.array([[1.0, -1960.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    cov = np.linalg.inv(centred.T @ (centred / total[:, None]))
    beta = cov @ centred.T @ (y / total)
    left = y - centred @ beta
    return turn @ beta, turn @ cov @ turn.T, float(left @ (left / v))


@quick
@given(samples, st.sampled_from([1e-12, 1e-3, 1.0, 1e12]), st.sampled_from([0.0, 1.0, -3.0]))
def test_influence_has_no_unit_and_no_origin(
    rows: list[tuple[float, float]], unit: float, shift: float
) -> None:
    yi, sei = split(rows)
    moved = influence([unit * (y + shift) for y in yi], [unit * se for se in sei])
    for one, other in zip(whole(influence(yi, sei)), whole(moved), strict=True):
        ours = (one.rstudent, one.dffits, one.cov_ratio, one.hat, one.baujat_x)
        theirs = (other.rstudent, other.dffits, other.cov_ratio, other.hat, other.baujat_x)
        assert close(ours, theirs, ROUTE, 1e-6)


def test_the_only_study_of_its_kind_has_no_influence_to_measure() -> None:
    design = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    *others, only = influence([0.1, 0.4, 0.3, 0.9], [0.1, 0.2, 0.3, 0.2], design=design)
    assert len(whole(others)) == 3
    assert isinstance(only, Undefined)
    assert "without this study the model cannot be fitted" in only.reason


def test_two_studies_have_an_influence_and_one_has_not() -> None:
    first, second = whole(influence([1.0, 2.0], [0.5, 0.5]))
    assert (first.tau2_without, first.q_without) == (0, 0)
    assert close((first.rstudent, second.rstudent), (-math.sqrt(2), math.sqrt(2)))
    with pytest.raises(Refused, match="more studies than coefficients: 1 of 1"):
        influence([1.0], [0.5])
    with pytest.raises(BadInput):
        influence([1.0, math.nan], [0.5, 0.5])


def test_equal_effects_move_nothing() -> None:
    for case in whole(influence([0.7] * 4, [0.1, 0.2, 0.3, 0.4])):
        assert (case.rstudent, case.dffits, case.cook, case.baujat_x, case.baujat_y) == (0, 0, 0, 0, 0)
        assert case.tau2_without == 0
        assert case.cov_ratio > 1


def test_a_study_that_carries_the_result_is_flagged() -> None:
    cases = whole(influence([0.0] * 5 + [1.0], [0.2] * 6, method=None))
    assert [case.influential for case in cases] == [False] * 5 + [True]


# --- regression tests and rank correlation


@pytest.mark.parametrize(
    ("predictor", "additive", "multiplicative"),
    [
        (Predictor.SEI, (-0.803329193090871, 0.42178448885528), (-1.40128200228933, 0.188706995081979)),
        (Predictor.VI, (-0.426781126451693, 0.669538754516707), (-0.856813965044408, 0.40982581214622)),
        (Predictor.NI, (2.04875455598761, 0.0404861215165823), (4.41122166112393, 0.001043589683902)),
        (Predictor.NINV, (-1.2565628254729, 0.208911982987349), (-1.44846956062056, 0.175384365444501)),
        (
            Predictor.SQRTNINV,
            (-1.83606240428663, 0.0663484277759273),
            (-2.62597608193289, 0.0235759074535193),
        ),
    ],
)
def test_the_regression_tests_of_the_trials_are_metafors(
    predictor: Predictor, additive: tuple[float, float], multiplicative: tuple[float, float]
) -> None:
    for dispersion, expected in zip(Dispersion, (additive, multiplicative), strict=True):
        test = asymmetry(regression_test(YI, SEI, PATIENTS, Regression(predictor, dispersion)))
        assert close((test.slope.statistic, test.slope.p), expected)
        assert (test.tau2 is None, test.slope.df) == ((False, None), (True, 11))[
            dispersion is Dispersion.MULTIPLICATIVE
        ]
        assert (test.limit is None) == (predictor is Predictor.NI)


def test_by_default_the_test_is_on_one_over_n_with_random_effects() -> None:
    test = asymmetry(regression_test(YI, SEI, PATIENTS))
    assert close((test.slope.estimate, test.slope.se), (-232.813471864224, 185.278019645859))
    assert close(test.tau2, 0.288836996682273)
    assert test.limit is not None
    assert close((test.limit.low, test.limit.high), (-0.982541006023839, -0.211845509215557))


def test_eggers_test_is_his_own_regression() -> None:
    test = asymmetry(regression_test(YI, SEI, regression=EGGER))
    z, precision = np.array(YI) / SEI, 1 / np.array(SEI)
    design = np.column_stack([np.ones(13), precision])
    bias, slope = np.linalg.lstsq(design, z, rcond=None)[0]
    assert close((test.slope.estimate, test.intercept.estimate), (bias, slope))
    assert close((test.slope.estimate, test.slope.se), (-2.11204212089329, 1.50722132835701))


@quick
@given(samples, st.sampled_from([1e-12, 1.0, 1e9]), st.sampled_from([0.0, 5.0]), st.sampled_from(Dispersion))
def test_a_regression_test_has_no_unit_and_no_origin(
    rows: list[tuple[float, float]], unit: float, shift: float, dispersion: Dispersion
) -> None:
    yi, sei = split(rows)
    regression = Regression(Predictor.SEI, dispersion, fewest=3)
    here = regression_test(yi, sei, regression=regression)
    assume(isinstance(here, Asymmetry) and here.slope.se > 1e-6)
    there = regression_test(
        [unit * (y + shift) for y in yi], [unit * se for se in sei], regression=regression
    )
    assert close(asymmetry(there).slope.statistic, asymmetry(here).slope.statistic, 1e-5, 1e-5)


def test_too_few_studies_are_refused_unless_a_test_asks_for_fewer() -> None:
    few = YI[:9], SEI[:9]
    for test in (
        lambda: regression_test(*few, PATIENTS[:9]),
        lambda: rank_correlation(*few),
        lambda: trim_and_fill(*few),
    ):
        with pytest.raises(Refused, match=r"9 studies are too few .* 10 are asked for"):
            test()
    assert asymmetry(regression_test(*few, PATIENTS[:9], Regression(fewest=9))).k == 9
    assert isinstance(rank_correlation(*few, fewest=9), RankCorrelation)
    assert trimmed(trim_and_fill(*few, Filling(fewest=9))).k == 9
    for fewest in (0, 2):
        with pytest.raises(Refused, match=r"2 studies are too few .* 3 are asked for"):
            regression_test(YI[:2], SEI[:2], PATIENTS[:2], Regression(fewest=fewest))


@pytest.mark.parametrize(
    ("patients", "error", "sentence"),
    [
        (None, Refused, "number of patients of each study is needed"),
        (PATIENTS[:12], BadInput, "13 effect sizes and 12 numbers of patients"),
        ([*PATIENTS[:12], None], BadInput, "study 13 has None patients"),
        ([*PATIENTS[:12], 0], BadInput, "study 13 has 0 patients"),
    ],
)
def test_patients_that_are_missing_or_none_are_named(
    patients: list[float | None] | None, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        regression_test(YI, SEI, patients)


def test_peters_weights_are_those_of_his_own_regression() -> None:
    events = [a + c for a, _, c, _ in COUNTS]
    weights = peters_weights(PATIENTS, events)
    assert close(weights[0], 1 / (1 / 15 + 1 / 247))
    regression = Regression(dispersion=Dispersion.MULTIPLICATIVE)
    test = asymmetry(regression_test(YI, SEI, PATIENTS, regression, weights))
    root = np.sqrt(weights)
    design = np.column_stack([root, root / PATIENTS])
    (_, slope), (left,), *_ = np.linalg.lstsq(design, root * YI, rcond=None)
    error = math.sqrt(left / 11 * np.linalg.inv(design.T @ design)[1, 1])
    assert close((test.slope.estimate, test.slope.se), (slope, error), ROUTE)


def test_weights_that_cannot_be_used_are_refused() -> None:
    least_squares = Regression(dispersion=Dispersion.MULTIPLICATIVE)
    with pytest.raises(Refused, match="makes its own weights"):
        regression_test(YI, SEI, PATIENTS, weights=[1.0] * 13)
    for weights in ([1.0] * 12, [1.0] * 12 + [0.0], [1.0] * 12 + [math.nan]):
        with pytest.raises(BadInput, match="give each of the 13 studies one weight"):
            regression_test(YI, SEI, PATIENTS, least_squares, weights)
    for events in (0, 10, 11):
        with pytest.raises(BadInput, match=f"study 1 has {events} events in 10 patients"):
            peters_weights([10], [events])


def test_studies_of_one_size_have_no_small_study_effect_to_test() -> None:
    same = regression_test(YI, SEI, [50] * 13)
    assert same == Undefined("all studies have the same 1 / patients: there is no small and no large one")
    assert isinstance(regression_test(YI, [0.3] * 13, regression=EGGER), Undefined)
    assert isinstance(rank_correlation(YI, [0.3] * 13), Undefined)
    assert isinstance(rank_correlation([0.3] * 13, SEI), Undefined)
    filled = trim_and_fill(YI, [0.3] * 13)
    assert isinstance(filled, Undefined)
    assert filled.reason.startswith("the side cannot be told, so name it")


def test_effects_on_a_line_leave_nothing_to_judge_its_error_by() -> None:
    on_a_line = [0.5 + 2 * se for se in SEI]
    assert isinstance(regression_test(on_a_line, SEI, regression=EGGER), Undefined)
    additive = asymmetry(regression_test(on_a_line, SEI, regression=Regression(Predictor.SEI)))
    assert close((additive.slope.estimate, additive.intercept.estimate), (2, 0.5))
    level = asymmetry(regression_test([0.5] * 13, SEI, PATIENTS))
    assert (level.slope.estimate, level.slope.p, level.tau2) == (0, 1, 0)
    assert isinstance(regression_test([0.5] * 13, SEI, regression=EGGER), Undefined)


def test_the_rank_correlation_of_the_trials_is_metafors() -> None:
    test = rank_correlation(YI, SEI)
    assert isinstance(test, RankCorrelation)
    assert close((test.tau, test.p), (0.0256410256410256, 0.952361907960866))
    assert test.exact


@quick
@given(st.lists(st.tuples(effects, errors), min_size=3, max_size=6))
def test_the_exact_p_is_the_share_of_orders_at_least_as_concordant(rows: list[tuple[float, float]]) -> None:
    yi, sei = split(rows)
    test = rank_correlation(yi, sei, fewest=3)
    assume(isinstance(test, RankCorrelation) and test.exact)
    assert isinstance(test, RankCorrelation)
    k, pairs = len(rows), len(rows) * (len(rows) - 1) // 2
    scores = [
        sum(1 if a < b else -1 for a, b in itertools.combinations(order, 2))
        for order in itertools.permutations(range(k))
    ]
    score = round(test.tau * pairs)
    as_far = sum(abs(one) >= abs(score) for one in scores) / len(scores)
    assert close(test.p, min(1.0, as_far))


def test_many_studies_take_the_normal_distribution() -> None:
    rng = np.random.default_rng(3)
    sei = rng.uniform(0.1, 1, 171).tolist()
    yi = rng.normal(0, sei).tolist()
    tests = [rank_correlation(yi[:k], sei[:k]) for k in (170, 171)]
    exact, normal = (test for test in tests if isinstance(test, RankCorrelation))
    assert (exact.exact, normal.exact) == (True, False)
    assert abs(exact.p - normal.p) < 0.02


def test_a_study_that_outweighs_all_others_still_has_its_rank() -> None:
    test = rank_correlation([0.0, 0.5, 1.0, 1.5], [1e-5, 1.0, 2.0, 3.0], fewest=3)
    assert isinstance(test, RankCorrelation)
    assert math.isfinite(test.tau)


# --- trim and fill, funnel


@pytest.mark.parametrize(
    ("estimator", "method", "missing", "missing_se", "estimate"),
    [
        (Estimator.L0, None, 4, 2.38532559119295, -0.291025992106353),
        (Estimator.R0, None, 4, 3.16227766016838, -0.291025992106353),
        (Estimator.Q0, None, 5, 3.9691833511491, -0.286260374516564),
        (Estimator.L0, Tau2Method.REML, 1, 2.45279864318293, -0.657082783487766),
        (Estimator.R0, Tau2Method.REML, 0, 1.4142135623731, -0.714532342158139),
        (Estimator.Q0, Tau2Method.DL, 1, 2.77862574085483, -0.656073212988602),
    ],
)
def test_trim_and_fill_of_the_trials_is_metafors(
    estimator: Estimator, method: Tau2Method | None, missing: int, missing_se: float, estimate: float
) -> None:
    pool = common_effect if method is None else partial(wald, method=method)
    found = trimmed(trim_and_fill(YI, SEI, Filling(estimator), pool))
    assert (found.missing, found.side) == (missing, Side.RIGHT)
    assert close((found.missing_se, found.fit.estimate), (missing_se, estimate))
    assert found.fit.k == 13 + missing == 13 + len(found.filled)
    assert found.p == (None if estimator is not Estimator.R0 else 0.5 ** (missing + 1))


@quick
@given(samples, st.sampled_from(Estimator), st.sampled_from(Side))
def test_mirrored_studies_are_filled_on_the_mirrored_side(
    rows: list[tuple[float, float]], estimator: Estimator, side: Side
) -> None:
    yi, sei = split(rows)
    here = trim_and_fill(yi, sei, Filling(estimator, side, 3), common_effect)
    other = Side.LEFT if side is Side.RIGHT else Side.RIGHT
    there = trim_and_fill([-y for y in yi], sei, Filling(estimator, other, 3), common_effect)
    assert isinstance(here, Undefined) == isinstance(there, Undefined)
    if isinstance(here, TrimFill) and isinstance(there, TrimFill):
        assert (here.missing, here.missing_se) == (there.missing, there.missing_se)
        assert close(here.fit.estimate, -there.fit.estimate, absolute=1e-12)


@quick
@given(samples, st.sampled_from(Estimator), st.sampled_from([1e-9, 1e6]))
def test_what_is_missing_does_not_depend_on_unit_or_origin(
    rows: list[tuple[float, float]], estimator: Estimator, unit: float
) -> None:
    yi, sei = split(rows)
    filling = Filling(estimator, Side.LEFT, 3)
    here = trim_and_fill(yi, sei, filling, common_effect)
    there = trim_and_fill([unit * (y + 2) for y in yi], [unit * se for se in sei], filling, common_effect)
    missing = [found.missing if isinstance(found, TrimFill) else None for found in (here, there)]
    assert missing[0] == missing[1]


def test_without_any_slope_the_left_side_is_looked_at_whatever_rounding_says() -> None:
    yi, sei = [0.1] * 6 + [0.5] * 6, [0.1, 0.2, 0.3] * 4
    for turn in (1, -1):
        assert trimmed(trim_and_fill([turn * y for y in yi], sei)).side is Side.LEFT


def test_a_symmetric_funnel_lacks_nothing_and_keeps_its_fit() -> None:
    yi, sei = [0.1, 0.2, 0.3, 0.0, 0.4], [0.1, 0.05, 0.1, 0.3, 0.3]
    for estimator in Estimator:
        found = trimmed(trim_and_fill(yi, sei, Filling(estimator, Side.LEFT, 3)))
        assert (found.missing, found.filled) == (0, ())
        assert found.fit == random_effects(yi, sei)


def test_equal_effects_lack_nothing_but_give_r0_nothing_to_count_from() -> None:
    yi, sei = [1.1] * 5, [0.1, 0.2, 0.3, 0.4, 0.7]
    for estimator in (Estimator.L0, Estimator.Q0):
        assert trimmed(trim_and_fill(yi, sei, Filling(estimator, fewest=3))).missing == 0
    found = trim_and_fill(yi, sei, Filling(Estimator.R0, fewest=3))
    assert isinstance(found, Undefined)
    assert "nothing to count from" in found.reason


def test_where_q0_has_no_real_value_it_says_so() -> None:
    found = trim_and_fill(
        [0.1, 0.76, 0.64], [0.12, 0.32, 0.83], Filling(Estimator.Q0, Side.LEFT, 3), common_effect
    )
    assert found == Undefined("nearly all studies lie on one side of the mean: Q0 has no real value there")


def test_steps_that_circle_are_told() -> None:
    yi, sei = [0.2, -0.3, 0.0, 1.7, 0.4, -9.9], [0.03, 3.06, 0.03, 0.03, 0.22, 1.54]
    pool = partial(random_effects, method=Tau2Method.DL)
    found = trim_and_fill(yi, sei, Filling(Estimator.L0, Side.LEFT, 3), pool)
    assert found == Undefined("the steps come back to 0 missing studies and never settle")


def test_a_funnel_has_its_points_and_contours_widest_last() -> None:
    drawn = funnel([0.2, 0.9], [0.1, 0.5], 0.0, (0.99, 0.90))
    assert drawn.points == ((0.2, 0.1), (0.9, 0.5))
    assert drawn.deepest == 0.5
    assert [contour.level for contour in drawn.contours] == [0.90, 0.99]
    assert close(
        [contour.high for contour in drawn.contours], [0.5 * 1.6448536269514722, 0.5 * 2.5758293035489004]
    )
    with pytest.raises(BadInput, match="cannot stand about nan"):
        funnel([0.2], [0.1], math.nan)


# --- facts for judgements of certainty


FACTS = [
    StudyFacts(y, n, a + c, i % 4 == 0)
    for i, (y, n, (a, _, c, _)) in enumerate(zip(YI, PATIENTS, COUNTS, strict=True))
]


def test_the_facts_of_a_synthesis_are_read_from_it() -> None:
    fit = random_effects(YI, SEI)
    found = facts(fit, FACTS, Circumstances(small_study(YI, SEI, PATIENTS), threshold=0.0))
    assert (found.k, found.tau2, found.i2, found.q_p) == (13, fit.tau2, fit.i2, fit.q_p)
    assert found.patients == Total(sum(PATIENTS), 0)
    assert found.events == Total(sum(a + c for a, _, c, _ in COUNTS), 0)
    assert (found.risk_of_bias.high, found.risk_of_bias.not_high) == (4, 9)
    assert close(found.risk_of_bias.weight_high, sum(fit.weights[i] for i in (0, 4, 8, 12)))
    assert isinstance(found.prediction, Prediction)
    assert found.prediction.times_as_wide > 1
    assert found.against is not None
    assert (found.against.at_least, found.against.below) == (2, 11)
    assert (found.against.interval, found.against.prediction) == (Place.BELOW, Place.ACROSS)
    assert isinstance(found.small_study, Asymmetry)
    assert found.repeated is None


def test_what_is_not_reported_or_judged_is_counted_as_such() -> None:
    unknown = [*FACTS[:11], StudyFacts(YI[11], None, None, None), StudyFacts(YI[12], 10, None, None)]
    found = facts(common_effect(YI, SEI), unknown, Circumstances(Undefined("not asked for")))
    assert found.patients == Total(sum(PATIENTS[:11]) + 10, 1)
    assert found.events.unknown_in == 2
    assert found.risk_of_bias.not_judged == 2
    assert isinstance(found.prediction, Undefined)
    assert found.against is None


def test_a_missing_prediction_interval_has_its_reason() -> None:
    two = facts(random_effects(YI[:2], SEI[:2]), FACTS[:2], Circumstances(Undefined("few"), threshold=9.0))
    assert two.prediction == Undefined("2 studies; a prediction interval asks for 3")
    assert two.against is not None
    assert two.against.prediction == two.prediction
    plain = random_effects([1.2] * 3, [0.1] * 3, Interval.HARTUNG_KNAPP)
    none = facts(plain, FACTS[:3], Circumstances(Undefined("few")))
    assert none.prediction == Undefined("the interval of the mean has no width")


def test_the_small_study_test_of_the_facts_needs_ten_studies_and_their_sizes() -> None:
    assert small_study(YI[:9], SEI[:9], PATIENTS[:9]) == Undefined(
        "9 studies; a test of small-study effects asks for 10"
    )
    assert small_study(YI, SEI, [*PATIENTS[:12], None]) == Undefined(
        "the number of patients is unknown in 1 of 13 studies"
    )
    assert small_study(YI, SEI, None) == Undefined("the number of patients is unknown in 13 of 13 studies")
    assert isinstance(small_study(YI, SEI, None, EGGER), Asymmetry)


@pytest.mark.parametrize(
    ("study", "sentence"),
    [
        (StudyFacts(0.1, -1, None, None), "study 1: -1 patients"),
        (StudyFacts(0.1, 10, 11, None), "study 1: 11 events in 10 patients"),
    ],
)
def test_impossible_numbers_are_refused(study: StudyFacts, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        facts(common_effect([0.1], [0.1]), [study], Circumstances(Undefined("one")))
    with pytest.raises(BadInput, match="2 studies stand beside a model of 1"):
        facts(common_effect([0.1], [0.1]), FACTS[:2], Circumstances(Undefined("one")))


def test_repeated_analyses_are_a_fact_with_its_sources() -> None:
    assert repeated(1) is None
    caution = repeated(7)
    assert caution is not None
    assert (caution.analyses, caution.looks, caution.chance) == (7, 5, 0.142)
    assert "analysis 7 of the same question" in caution.sentence
    assert "with a chance of 14%" in caution.sentence
    assert "Handbook, chapter 22" in caution.sentence
    with pytest.raises(BadInput, match="the first is 1"):
        repeated(0)


def test_the_chance_of_a_false_positive_by_look_is_that_of_a_random_walk() -> None:
    # Armitage's recursion: the density of the sum of those that stayed within 1.96 sqrt(n) so far.
    z, points = 1.959963984540054, 601
    grid = np.linspace(-z, z, points)
    density = np.exp(-(grid**2) / 2) / math.sqrt(2 * math.pi)
    chances = {}
    for look in range(2, 21):
        bound = np.linspace(-z * math.sqrt(look), z * math.sqrt(look), points)
        step = np.exp(-((bound[:, None] - grid) ** 2) / 2) / math.sqrt(2 * math.pi)
        density, grid = integral(step * density, grid), bound
        chances[look] = 1 - float(integral(density, grid))
    for look in (2, 3, 4, 5, 10, 20):
        tabled = repeated(look)
        assert tabled is not None
        assert tabled.chance == pytest.approx(chances[look], abs=6e-4)


def integral(values: Floats, grid: Floats) -> Floats:
    trapezia = (values[..., 1:] + values[..., :-1]) / 2 * np.diff(grid)
    return np.asarray(trapezia.sum(axis=-1), dtype=np.float64)
