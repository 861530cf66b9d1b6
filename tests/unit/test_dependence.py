"""Multilevel fits, robust errors, meta-regression and subgroups: typed reference values, properties, edges.

Typed values are those of metafor 5.1-12, clubSandwich 0.6.0 and robumeta 2.0 (the calls stand beside them); data
are the schools of Konstantopoulos, Res Synth Methods 2011;2:61-76, the thirteen BCG trials of Colditz, Brewer,
Berkey et al., JAMA 1994;271:698-702, and the published review's own tables.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from curation.errors import BadInput, Refused
from curation.synthesis import components as variance_components
from curation.synthesis.blocks import coded, diagonal
from curation.synthesis.coefficients import Undefined, WaldTest, wald
from curation.synthesis.components import Likelihood, components
from curation.synthesis.correlated import given as given_covariance
from curation.synthesis.correlated import independent, of_same_patients
from curation.synthesis.correlated_effects import correlated_effects, hierarchical_effects
from curation.synthesis.design import covariate, design, factor, intercept_only
from curation.synthesis.effects import logit
from curation.synthesis.gls import least_squares
from curation.synthesis.models import Interval, common_effect, random_effects
from curation.synthesis.multilevel import (
    Multilevel,
    Options,
    Reference,
    multilevel,
    study_effects,
    three_level,
)
from curation.synthesis.regression import RegressionOptions, regression
from curation.synthesis.robust import Correction, DegreesOfFreedom, RobustOptions, robust
from curation.synthesis.subgroups import SubgroupVariance, subgroups
from curation.synthesis.tau2 import Tau2Method
from tests.reference.test_published_pooling import TABLE_3, TABLE_4

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

# Values are typed with twelve digits or more.
TYPED = 1e-11
# The same fit by another way: sums in another order, and a root of another equation.
SAME = 1e-9

quick = settings(max_examples=60, deadline=None)

# Per district: effect sizes and variances of its schools.
SCHOOLS = {
    "11": ((-0.18, -0.22, 0.23, -0.30), (0.118, 0.118, 0.144, 0.144)),
    "12": ((0.13, -0.26, 0.19, 0.32), (0.014, 0.014, 0.015, 0.024)),
    "18": ((0.45, 0.38, 0.29), (0.023, 0.043, 0.012)),
    "27": ((0.16, 0.65, 0.36, 0.60), (0.020, 0.004, 0.004, 0.007)),
    "56": ((0.08, 0.04, 0.19, -0.06), (0.019, 0.007, 0.005, 0.004)),
    "58": (
        (-0.18, 0.00, 0.00, -0.28, -0.04, -0.30, 0.07, 0.00, 0.05, -0.08, -0.09),
        (0.020, 0.018, 0.019, 0.022, 0.020, 0.021, 0.006, 0.007, 0.007, 0.007, 0.007),
    ),
    "71": ((0.30, 0.98, 1.19), (0.015, 0.011, 0.010)),
    "86": ((-0.07, -0.05, -0.01, 0.02, -0.03, 0.00, 0.01, -0.10), (0.001,) * 8),
    "91": ((0.50, 0.66, 0.20, 0.00, 0.05, 0.07), (0.010, 0.011, 0.010, 0.009, 0.013, 0.013)),
    "108": ((-0.52, 0.70, -0.03, 0.27, -0.34), (0.031, 0.031, 0.030, 0.030, 0.030)),
    "644": ((0.12, 0.61, 0.04, -0.05), (0.087, 0.082, 0.067, 0.067)),
}
SCHOOL_Y = [y for ys, _ in SCHOOLS.values() for y in ys]
SCHOOL_V = [v for _, vs in SCHOOLS.values() for v in vs]
DISTRICTS = [district for district, (ys, _) in SCHOOLS.items() for _ in ys]

# Cases and others of the vaccinated, the same of those not, latitude, and how patients were allocated.
TRIALS = (
    (4, 119, 11, 128, 44, "random"),
    (6, 300, 29, 274, 55, "random"),
    (3, 228, 11, 209, 42, "random"),
    (62, 13536, 248, 12619, 52, "random"),
    (33, 5036, 47, 5761, 13, "alternate"),
    (180, 1361, 372, 1079, 44, "alternate"),
    (8, 2537, 10, 619, 19, "random"),
    (505, 87886, 499, 87892, 13, "random"),
    (29, 7470, 45, 7232, 27, "random"),
    (17, 1699, 65, 1600, 42, "systematic"),
    (186, 50448, 141, 27197, 18, "systematic"),
    (5, 2493, 3, 2338, 33, "systematic"),
    (27, 16886, 29, 17825, 33, "systematic"),
)
BCG_Y = [math.log(a / (a + b) / (c / (c + d))) for a, b, c, d, _, _ in TRIALS]
BCG_V = [1 / a - 1 / (a + b) + 1 / c - 1 / (c + d) for a, b, c, d, _, _ in TRIALS]
LATITUDES = [latitude for *_, latitude, _ in TRIALS]
ALLOCATIONS = [allocation for *_, allocation in TRIALS]

Z = 1.959963984540054
WALD = RegressionOptions(interval=Interval.WALD)


def logits(rows: Sequence[tuple[Any, ...]]) -> tuple[list[float], list[float], list[str], list[str]]:
    """Logit AUCs, their variances (missing intervals given the mean width), studies, and who was evaluated."""
    known = [(high - low) / (2 * Z) for *_, low, high in rows if low is not None]
    lent = sum(known) / len(known)
    y, v = [], []
    for *_, auc, low, high in rows:
        se = lent if low is None else (high - low) / (2 * Z)
        y.append(logit(auc))
        v.append((se / (auc * (1 - auc))) ** 2)
    return y, v, [row[0] for row in rows], [f"{row[0]}|{row[2]}" for row in rows]


INTERNAL, ALL = logits(TABLE_3), logits(TABLE_3 + TABLE_4)
VALIDATIONS = [str(row[2].value) for row in TABLE_3 + TABLE_4]


def schools(options: Options | None = None) -> Multilevel:
    return three_level(SCHOOL_Y, independent(SCHOOL_V), DISTRICTS, options=options)


def approx(expected: object, rel: float = TYPED) -> Any:  # noqa: ANN401 - pytest's own type
    return pytest.approx(expected, rel=rel, abs=0)


def test_schools_in_districts_have_metafors_variances_mean_and_intervals() -> None:
    # By metafor's rma.mv(yi, vi, random=~1|district/school, test="t", dfs="contain"), polished
    fit = schools()
    mean = fit.coefficients[0]
    assert [level.variance for level in fit.levels] == approx([0.0650619424615179, 0.0327365176046727])
    assert (mean.estimate, mean.se, mean.df) == approx((0.184713163496638, 0.0845559178237622, 10))
    assert (mean.p, mean.low, mean.high) == approx(
        (0.0538335392122154, -0.00368916217184495, 0.373115489165122)
    )
    assert (fit.q, fit.q_df, fit.q_p) == approx((578.864017958223, 55, 1.79683030193477e-88))
    assert (fit.pi_low, fit.pi_high) == approx((-0.537108102118709, 0.906534429111986))
    assert fit.log_likelihood == approx(-7.95872403371094)


def test_schools_in_districts_have_metafors_maximum_likelihood() -> None:
    # By metafor's rma.mv(yi, vi, random=~1|district/school, method="ML"), polished
    fit = schools(Options(Likelihood.ML, Reference.NORMAL))
    assert [level.variance for level in fit.levels] == approx([0.0577383598600503, 0.0328647922212641])
    assert (fit.pi_low, fit.pi_high) == approx((-0.426225026626559, 0.795135794457799))


@pytest.mark.parametrize(
    ("correction", "se", "df"),
    [
        (Correction.CR0, 0.0805697027005057, 9.8840451947006),
        (Correction.CR1, 0.084502217086729, 9.8840451947006),
        (Correction.CR1P, 0.084502217086729, 9.8840451947006),
        (Correction.CR1S, 0.084502217086729, 9.8840451947006),
        (Correction.CR2, 0.0844579953711174, 9.86315622737544),
        (Correction.CR3, 0.0886668487548733, 9.84081062841878),
    ],
)
def test_each_robust_error_of_the_schools_is_clubsandwichs(
    correction: Correction, se: float, df: float
) -> None:
    # By clubSandwich's coef_test(res, vcovCR(res, cluster=district, type=...), test="Satterthwaite")
    mean = robust(schools().gls, DISTRICTS, RobustOptions(correction)).coefficients[0]
    assert (mean.se, mean.df) == approx((se, df))


def test_robust_errors_by_clusters_less_coefficients_are_metafors() -> None:
    # By metafor's robust(res, cluster=district, adjust=TRUE)
    options = RobustOptions(Correction.CR1P, DegreesOfFreedom.CLUSTERS)
    mean = robust(schools().gls, DISTRICTS, options).coefficients[0]
    assert (mean.se, mean.df, mean.p) == approx((0.084502217086729, 10, 0.0537073136719429))


def test_aucs_of_the_same_patients_are_fitted_with_an_assumed_correlation() -> None:
    # By metafor's rma.mv(yi, vcalc(vi, cluster=patset, obs=est, rho=0.5), random=~1|study/est), polished; CR2
    y, v, studies, patients = INTERNAL
    fit = three_level(y, of_same_patients(v, patients, 0.5), studies)
    mean = robust(fit.gls, studies).coefficients[0]
    assert fit.levels[0].variance == 0
    assert fit.levels[0].score == approx(-22.1688337790766)
    assert fit.levels[1].variance == approx(0.055213909949487)
    assert (mean.estimate, mean.se, mean.df) == approx(
        (1.58080918341797, 0.0658001977739889, 7.97162238194059)
    )


def test_study_effects_alone_have_metafors_variance() -> None:
    # By metafor's rma.mv(yi, diag(vi), random=~1|study, test="t"), polished
    y, v, studies, _ = INTERNAL
    fit = study_effects(y, independent(v), studies, options=Options(reference=Reference.RESIDUAL))
    assert [level.variance for level in fit.levels] == approx([0.00684854007504308], SAME)
    assert fit.coefficients[0].p == approx(6.78544346439139e-26, SAME)


def test_kinds_of_validation_are_tested_together_by_hotellings_t() -> None:
    # By metafor's rma.mv(yi, vi, mods=~factor(validation), random=~1|study/est); Wald_test(CR2, test="HTZ")
    y, v, studies, _ = ALL
    by = design(len(y), factor("validation", VALIDATIONS, VALIDATIONS[1]))
    fit = three_level(y, independent(v), studies, by)
    errors = robust(fit.gls, studies)
    assert isinstance(fit.moderators, WaldTest)
    assert (fit.moderators.statistic, fit.moderators.df_residual) == approx((5.46965867616677, 49))
    assert isinstance(errors.moderators, WaldTest)
    assert (errors.moderators.statistic, errors.moderators.df, errors.moderators.df_residual) == approx(
        (9.64939044895923, 2, 4.22491144079407)
    )
    assert errors.moderators.p == approx(0.026593002282033)
    assert sorted(c.df for c in errors.coefficients if c.df) == approx(
        [3.87745092023232, 6.15960956792475, 7.05134195043103]
    )
    assert errors.caution is not None
    assert errors.caution.startswith("fewer than 4 degrees of freedom (validation: ")


def test_correlated_and_hierarchical_effects_have_robumetas_values() -> None:
    # By robumeta's robu(yi~1, studynum=study, var.eff.size=vi, modelweights="CORR" | "HIER", rho=.8, small=TRUE)
    y, v, studies, _ = INTERNAL
    correlated, nested = correlated_effects(y, v, studies), hierarchical_effects(y, v, studies)
    assert (correlated.tau2, correlated.i2) == approx((0.0155460726311428, 8.36531419940359))
    mean = correlated.robust.coefficients[0]
    assert (mean.estimate, mean.se, mean.df) == approx(
        (1.59723903114424, 0.0672242642337311, 8.83963193143818)
    )
    assert (nested.tau2, nested.omega2) == approx((0, 0.0352408188182232))
    mean = nested.robust.coefficients[0]
    assert (mean.se, mean.df) == approx((0.0593740077636504, 7.07317815813703))


def test_latitude_explains_the_trials_as_in_metafor() -> None:
    # By metafor's rma(yi, vi, mods=~ablat, test="knha")
    options = RegressionOptions(interval=Interval.HARTUNG_KNAPP)
    fit = regression(BCG_Y, BCG_V, design(13, covariate("latitude", LATITUDES)), options)
    assert [c.estimate for c in fit.coefficients] == approx([0.25146821000737, -0.0291017250116497], SAME)
    assert [c.se for c in fit.coefficients] == approx([0.28392528374338, 0.00820141741103652], SAME)
    assert [c.p for c in fit.coefficients] == approx([0.394737072446575, 0.00456505154153969], SAME)
    assert (fit.tau2, fit.i2, fit.h2, fit.r2) == approx(
        (0.0763479639551985, 68.3912248381811, 3.1636784243634, 75.626621811623), SAME
    )
    assert (fit.q, fit.q_df, fit.q_p) == approx((30.7330900107493, 11, 0.00121429098742004), SAME)
    assert isinstance(fit.moderators, WaldTest)
    assert (fit.moderators.statistic, fit.moderators.df_residual) == approx((12.5909828844268, 11), SAME)


def test_a_factor_and_a_covariate_are_tested_together_and_apart() -> None:
    # By metafor's rma(yi, vi, mods=~factor(alloc)+ablat)
    by = design(13, factor("allocation", ALLOCATIONS), covariate("latitude", LATITUDES))
    fit = regression(BCG_Y, BCG_V, by, WALD)
    assert [c.name for c in fit.coefficients] == [
        "intercept",
        "allocation: random",
        "allocation: systematic",
        "latitude",
    ]
    assert [c.estimate for c in fit.coefficients] == approx(
        [0.293194356003332, -0.267491211512912, 0.058461286928268, -0.0272757562981352], 1e-8
    )
    assert isinstance(fit.moderators, WaldTest)
    assert fit.moderators.statistic == approx(11.0606124553679, SAME)
    assert (fit.moderators.df, fit.moderators.df_residual) == (3, None)
    tests = dict(fit.terms)
    assert list(tests) == ["allocation", "latitude"]
    assert isinstance(tests["latitude"], WaldTest)
    assert tests["latitude"].p == approx(fit.coefficients[3].p, SAME)


def test_subgroups_differ_as_in_metafor() -> None:
    # separate rma(method="REML") for each kind of marker in Table 3's split-sample AUCs, and their Q
    rows = [row for row in TABLE_3 if row[2] == TABLE_3[0][2]]
    y, v, _, _ = logits(rows)
    found = subgroups(y, v, [kind(row[1]) for row in rows], options=WALD)
    by = {group.name: group for group in found.groups}
    assert {name: group.k for name, group in by.items()} == {"EGFR": 16, "HER-2": 1, "Ki-67": 2, "other": 2}
    assert by["other"].tau2 == approx(0.0262475186901341, SAME)
    assert by["other"].i2 == approx(13.3066894299678, SAME)
    assert (by["HER-2"].tau2, by["HER-2"].q, by["HER-2"].q_df) == (0, 0, 0)
    assert (by["HER-2"].mean.low, by["HER-2"].mean.high) == approx((-0.0856233282600913, 1.82806822120499))
    assert isinstance(found.between, WaldTest)
    assert (found.between.statistic, found.between.df, found.between.p) == approx(
        (3.00512062822041, 3, 0.390836349720796), SAME
    )


def kind(marker: str) -> str:
    if "TKI" in marker or "NSCLC" in marker:
        return "other"
    return marker if marker in {"Ki-67", "HER-2"} else "EGFR"


numbers = st.floats(-3, 3).map(lambda x: round(x, 2))
variances = st.floats(0.01, 1).map(lambda x: round(x, 3))
rows = st.lists(st.tuples(numbers, variances, st.sampled_from("ABCDE")), min_size=4, max_size=14)


def columns(data: Sequence[tuple[float, float, str]]) -> tuple[list[float], list[float], list[str]]:
    studies = [study for _, _, study in data]
    assume(1 < len(set(studies)) < len(studies))
    return [y for y, _, _ in data], [v for _, v, _ in data], studies


@quick
@given(rows, st.sampled_from([0.0, 0.5, 0.9]), st.sampled_from(Likelihood), st.data())
def test_no_other_variances_are_more_likely(
    data: list[tuple[float, float, str]], rho: float, likelihood: Likelihood, drawn: st.DataObject
) -> None:
    y, v, studies = columns(data)
    sampling = of_same_patients(v, studies, rho)
    fit = three_level(y, sampling, studies, options=Options(likelihood))
    codes = np.array([coded(studies, len(y), "study"), np.arange(len(y))])
    basis = intercept_only(len(y)).basis
    problem = components(np.array(y), basis, sampling, codes, likelihood)
    other = drawn.draw(st.lists(st.floats(0, 20), min_size=2, max_size=2))
    assert problem.log_likelihood(np.array(other)) <= fit.log_likelihood + 1e-9
    assert all(level.score <= 1e-9 for level in fit.levels if level.variance == 0)
    assert all(abs(level.score * level.variance) < 1e-9 for level in fit.levels)


@quick
@given(rows, st.sampled_from([1e-6, 1e5]), st.sampled_from([0.0, 1e4]))
def test_other_units_change_nothing_but_the_units(
    data: list[tuple[float, float, str]], unit: float, shift: float
) -> None:
    y, v, studies = columns(data)
    fit = three_level(y, of_same_patients(v, studies, 0.5), studies)
    far = [unit * (value + shift) for value in y]
    other = three_level(far, of_same_patients([unit**2 * x for x in v], studies, 0.5), studies)
    assert other.coefficients[0].se == pytest.approx(unit * fit.coefficients[0].se, rel=1e-7)
    assert other.coefficients[0].estimate == pytest.approx(
        unit * (fit.coefficients[0].estimate + shift), rel=1e-7, abs=1e-7 * unit
    )
    assert other.variance == pytest.approx(unit**2 * fit.variance, rel=1e-6, abs=1e-6 * unit**2)


@quick
@given(rows, st.randoms())
def test_the_order_of_the_estimates_changes_nothing(
    data: list[tuple[float, float, str]], random: Random
) -> None:
    y, v, studies = columns(data)
    fit = three_level(y, of_same_patients(v, studies, 0.5), studies)
    shuffled = list(data)
    random.shuffle(shuffled)
    y, v, studies = columns(shuffled)
    other = three_level(y, of_same_patients(v, studies, 0.5), studies)
    assert other.coefficients[0].estimate == pytest.approx(fit.coefficients[0].estimate, rel=SAME, abs=SAME)
    assert other.coefficients[0].se == pytest.approx(fit.coefficients[0].se, rel=SAME)


@quick
@given(rows, st.sampled_from(Tau2Method), st.sampled_from(Interval))
def test_a_regression_on_nothing_is_the_random_effects_mean(
    data: list[tuple[float, float, str]], method: Tau2Method, interval: Interval
) -> None:
    y, v, _ = columns(data)
    mean = regression(y, v, options=RegressionOptions(method, interval))
    plain = random_effects(y, [math.sqrt(x) for x in v], interval, method=method)
    assert mean.coefficients[0].estimate == pytest.approx(plain.estimate, rel=SAME, abs=SAME)
    assert mean.coefficients[0].se == pytest.approx(plain.se, rel=1e-7, abs=1e-9)
    assert (mean.i2, mean.h2, mean.q) == pytest.approx((plain.i2, plain.h2, plain.q), rel=1e-7, abs=1e-7)


def test_one_estimate_a_study_makes_study_effects_the_random_effects_model() -> None:
    plain = random_effects(BCG_Y, [math.sqrt(v) for v in BCG_V], Interval.WALD)
    fit = study_effects(BCG_Y, independent(BCG_V), range(13), options=Options(reference=Reference.NORMAL))
    assert fit.variance == approx(plain.tau2, SAME)
    assert (fit.coefficients[0].estimate, fit.coefficients[0].se) == approx((plain.estimate, plain.se), SAME)
    assert fit.i2 == approx(plain.i2, SAME)
    assert fit.weights == approx(plain.weights, SAME)


def test_a_common_effect_is_a_regression_without_tau2() -> None:
    plain = common_effect(BCG_Y, [math.sqrt(v) for v in BCG_V])
    fit = regression(BCG_Y, BCG_V, options=RegressionOptions(None, Interval.WALD))
    assert (fit.tau2, fit.i2, fit.h2) == approx((0, plain.i2, plain.h2), SAME)
    assert (fit.coefficients[0].low, fit.coefficients[0].high) == approx((plain.low, plain.high), SAME)


def test_a_covariance_given_entry_by_entry_is_the_one_that_is_imputed() -> None:
    y, v, studies, patients = INTERNAL
    se = np.sqrt(v)
    same = np.array([[a == b for b in patients] for a in patients])
    matrix = np.where(same, 0.5, 0.0) * np.outer(se, se)
    np.fill_diagonal(matrix, v)
    imputed = three_level(y, of_same_patients(v, patients, 0.5), studies)
    entered = three_level(y, given_covariance(matrix.tolist()), studies)
    assert entered.coefficients[0].estimate == approx(imputed.coefficients[0].estimate, SAME)
    assert entered.levels[1].variance == approx(imputed.levels[1].variance, SAME)


def test_patients_shared_across_studies_join_their_studies() -> None:
    y, v, studies, _ = INTERNAL
    centres = ["one" if study.startswith("Fan") else study for study in studies]
    shared = ["Fan" if study.startswith("Fan") else f"{study} {i}" for i, study in enumerate(studies)]
    fit = three_level(y, of_same_patients(v, shared, 0.5), studies)
    assert [level.groups for level in fit.levels] == [11, 41]
    assert robust(fit.gls, centres).clusters == 9
    with pytest.raises(BadInput, match="correlates estimates of different clusters"):
        robust(fit.gls, studies)


def test_clusters_of_one_with_equal_variances_give_the_textbook_error_of_a_mean() -> None:
    y = [1.0, 2.5, 0.5, 3.0, 2.0]
    fit = least_squares(np.array(y), intercept_only(5), diagonal(np.full(5, 0.3)))
    mean = robust(fit, "abcde").coefficients[0]
    assert mean.se == approx(float(np.std(y, ddof=1)) / math.sqrt(5))
    assert mean.df == approx(4)


def test_three_levels_of_grouping_are_fitted_and_the_inner_are_taken_within_the_outer() -> None:
    centres = ["x" if district in {"11", "12", "18", "27", "56"} else "y" for district in DISTRICTS]
    schools_in = [str(i % 3) for i in range(56)]
    fit = multilevel(
        SCHOOL_Y,
        independent(SCHOOL_V),
        {"centre": centres, "district": DISTRICTS, "third": schools_in},
        options=Options(reference=Reference.NORMAL),
    )
    assert [level.name for level in fit.levels] == ["centre", "district", "third"]
    assert fit.levels[0].groups == 2
    assert fit.levels[2].groups == len(set(zip(DISTRICTS, schools_in, strict=True)))
    assert fit.log_likelihood >= study_effects(SCHOOL_Y, independent(SCHOOL_V), DISTRICTS).log_likelihood


def test_years_need_no_centring() -> None:
    years = [2018 + i % 6 for i in range(13)]
    plain = regression(BCG_Y, BCG_V, design(13, covariate("year", years)), WALD)
    centred = regression(BCG_Y, BCG_V, design(13, covariate("year", [y - 2020 for y in years])), WALD)
    assert plain.coefficients[1].estimate == approx(centred.coefficients[1].estimate, 1e-12)
    assert plain.coefficients[1].se == approx(centred.coefficients[1].se, 1e-12)
    assert plain.coefficients[0].estimate == approx(
        centred.coefficients[0].estimate - 2020 * centred.coefficients[1].estimate, 1e-12
    )


def test_the_reference_level_does_not_change_the_test_of_a_factor() -> None:
    tests = [
        regression(BCG_Y, BCG_V, design(13, factor("allocation", ALLOCATIONS, level))).moderators
        for level in ("alternate", "random", "systematic")
    ]
    first = tests[0]
    assert isinstance(first, WaldTest)
    assert all(isinstance(t, WaldTest) and t.p == approx(first.p, SAME) for t in tests)


def test_robust_errors_follow_the_unit_of_a_covariate() -> None:
    y, v, studies, _ = INTERNAL
    sizes = [float(i % 7 + i % 3) for i in range(len(y))]
    fits = [
        robust(three_level(y, independent(v), studies, design(41, covariate("x", x))).gls, studies)
        for x in (sizes, [1e6 * size + 5e6 for size in sizes])
    ]
    small, large = (fit.coefficients[1] for fit in fits)
    assert (large.estimate, large.se) == approx((small.estimate / 1e6, small.se / 1e6), SAME)
    assert (large.df, large.p) == approx((small.df, small.p), SAME)


def test_one_tau2_for_all_subgroups_is_the_regression_on_the_factor() -> None:
    found = subgroups(BCG_Y, BCG_V, ALLOCATIONS, SubgroupVariance.COMMON)
    by = regression(BCG_Y, BCG_V, design(13, factor("allocation", ALLOCATIONS, "random")))
    assert [group.name for group in found.groups] == ["random", "alternate", "systematic"]
    assert {group.tau2 for group in found.groups} == {by.tau2}
    assert {group.i2 for group in found.groups} == {None}
    assert found.groups[1].mean.estimate == approx(
        by.coefficients[0].estimate + by.coefficients[1].estimate, SAME
    )
    assert isinstance(found.between, WaldTest)
    assert isinstance(by.moderators, WaldTest)
    assert (found.between.p, found.between.df_residual) == approx((by.moderators.p, 10), SAME)


def test_effects_without_spread_have_no_variance_at_any_level() -> None:
    fit = three_level([0.5] * 6, independent([0.1, 0.2, 0.3] * 2), "aabbcc")
    assert [level.variance for level in fit.levels] == [0, 0]
    assert (fit.q, fit.q_p, fit.i2) == pytest.approx((0, 1, 0))
    assert all(level.score < 0 for level in fit.levels)


def test_hartung_and_knapps_error_of_effects_without_spread_is_zero_and_tests_nothing() -> None:
    by = design(4, covariate("x", [1, 2, 3, 5]))
    fit = regression([0.5] * 4, [0.1] * 4, by, RegressionOptions(interval=Interval.HARTUNG_KNAPP))
    assert [(c.se, c.statistic, c.p) for c in fit.coefficients] == [(0, None, None)] * 2
    assert isinstance(fit.moderators, Undefined)
    assert isinstance(fit.r2, Undefined)
    assert "no variance between studies to explain" in fit.r2.reason


def test_a_huge_heterogeneity_beside_tiny_variances_is_fitted() -> None:
    y = [120.0, 118.0, -300.0, 410.0, 5.0, 77.0, -9.0, 260.0]
    fit = study_effects(y, independent([1e-6, 3e-6] * 4), "aabbccdd")
    assert fit.variance > 1e3
    assert math.isfinite(fit.coefficients[0].se)


def test_too_many_moderators_for_the_clusters_leave_their_joint_test_undefined() -> None:
    y, v, studies, _ = INTERNAL
    few = [{"Hu 2024": "a", "Cao 2023": "a", "Cheng 2023": "b"}.get(study, "c") for study in studies]
    by = design(
        41,
        *(covariate(name, [(i * m) % 11 for i in range(41)]) for name, m in (("p", 1), ("q", 3), ("r", 5))),
    )
    errors = robust(least_squares(np.array(y), by, independent(v)), few)
    assert isinstance(errors.moderators, Undefined)
    assert errors.few_df


def test_a_coefficient_of_one_cluster_has_no_robust_error() -> None:
    y, v, studies, _ = INTERNAL
    by = design(41, factor("study", ["Hu" if study == "Hu 2024" else "other" for study in studies]))
    fit = least_squares(np.array(y), by, independent(v))
    with pytest.raises(Refused, match="rests on one cluster alone"):
        robust(fit, studies)
    with pytest.raises(Refused, match="rests on one cluster alone"):
        robust(fit, studies, RobustOptions(Correction.CR3))


@pytest.mark.parametrize(
    ("y", "studies", "reason"),
    [
        ([1.0], "a", "at least 3 estimates, not 1"),
        ([1.0, 2.0], "aa", "at least 3 estimates, not 2"),
        ([1.0, 2.0, 3.0], "aaa", "all estimates are of one study"),
        ([1.0, 2.0, 3.0], "abc", "every study has one estimate"),
    ],
)
def test_too_little_for_three_levels_is_refused(y: list[float], studies: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        three_level(y, independent([0.1] * len(y)), studies)


def test_two_studies_are_enough_for_three_levels() -> None:
    fit = three_level([0.2, 0.9, 0.4], independent([0.1, 0.1, 0.2]), "aab")
    assert fit.coefficients[0].df == 1
    assert fit.coefficients[0].few_df


def test_moderators_that_tell_all_studies_apart_are_refused() -> None:
    studies = ["a", "a", "b", "b", "b"]
    by = design(5, factor("site", studies))
    options = Options(reference=Reference.NORMAL)
    with pytest.raises(Refused, match="cannot be told apart"):
        three_level([1.0, 2, 3, 4, 6], independent([0.1] * 5), studies, by, options)
    with pytest.raises(Refused, match="at least 3 estimates, not 2"):
        study_effects([1.0, 2], independent([0.1] * 2), "ab", design(2, covariate("rank", [1, 2])))


def test_more_moderators_than_studies_leave_containment_no_degrees_of_freedom() -> None:
    by = design(6, covariate("one", [1, 2, 3, 1, 2, 4]), covariate("two", [3, 1, 4, 1, 5, 9]))
    y, sampling = [1.0, 2, 4, 4, 6, 5], independent([0.1] * 6)
    with pytest.raises(Refused, match="2 groups leave no degrees of freedom for 3 coefficients"):
        study_effects(y, sampling, "aaabbb", by)
    fit = study_effects(y, sampling, "aaabbb", by, Options(reference=Reference.NORMAL))
    assert [c.df for c in fit.coefficients] == [None] * 3


def test_a_fit_that_does_not_converge_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variance_components, "_MOST_STEPS", 1)
    with pytest.raises(Refused, match="did not converge"):
        schools()


@pytest.mark.parametrize(
    ("labels", "reason"),
    [("ab", "2 labels of study for 3 estimates"), (["a", "", "b"], "estimate 2 has no study")],
)
def test_labels_are_asked_for_and_never_guessed(labels: Sequence[str], reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        study_effects([1.0, 2, 3], independent([0.1] * 3), labels)


@pytest.mark.parametrize(
    ("y", "v", "reason"),
    [
        ([1.0, math.nan, 2], [0.1] * 3, "estimate 2 has the effect size nan"),
        ([1.0, 2], [0.1] * 3, "2 effect sizes and 3 variances"),
        ([1.0, 2, 3], [0.1, 0, 0.1], "estimate 2 has the variance 0"),
        ([1.0, 2, 3], [0.1, 0.2, -1], "estimate 3 has the variance -1"),
    ],
)
def test_what_is_no_effect_size_or_variance_is_named(y: list[float], v: list[float], reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        regression(y, v)
    with pytest.raises(BadInput, match=reason):
        study_effects(y, independent(v), "aab")


@pytest.mark.parametrize("rho", [-0.5, 1.0, 1.5, math.nan])
def test_a_correlation_that_cannot_be_is_refused(rho: float) -> None:
    with pytest.raises(BadInput, match="is impossible among 3 estimates of the same patients"):
        of_same_patients([0.1, 0.2, 0.3, 0.4], ["a", "a", "a", "b"], rho)


@pytest.mark.parametrize(
    ("matrix", "reason"),
    [
        ([[0.1, 0.05]], "square"),
        ([[0.1, 0.2], [0.1, 0.1]], "not symmetric"),
        ([[0.1, 0.2], [0.2, 0.1]], "not positive definite among estimates 1, 2"),
        ([[0.1, math.nan], [math.nan, 0.1]], "missing or infinite"),
        ([[0.1, 0.0], [0.0, 0.0]], "estimate 2 has the variance 0"),
    ],
)
def test_a_matrix_that_is_no_covariance_is_refused(matrix: list[list[float]], reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        given_covariance(matrix)


def test_one_cluster_is_refused() -> None:
    with pytest.raises(Refused, match="all estimates are of one cluster"):
        robust(schools().gls, ["a"] * 56)


def test_two_studies_are_too_few_for_a_regression() -> None:
    with pytest.raises(Refused, match="a regression needs at least 3 studies, not 2"):
        regression([1.0, 2], [0.1, 0.1])
    with pytest.raises(Refused, match=r"as many coefficients as studies \(3\)"):
        regression([1.0, 2, 4], [0.1] * 3, design(3, factor("site", "abc")))


def test_a_moderator_that_follows_from_the_others_is_named() -> None:
    doubled = covariate("twice", [2 * latitude + 7 for latitude in LATITUDES])
    with pytest.raises(Refused, match=r"(twice|latitude) follows from the other moderators"):
        design(13, covariate("latitude", LATITUDES), doubled)
    with pytest.raises(Refused, match="year is the same for all estimates"):
        design(13, covariate("year", [2024] * 13))
    with pytest.raises(Refused, match="4 coefficients cannot be estimated from 3 estimates"):
        design(3, factor("a", "xyz"), covariate("b", [1, 2, 4]))


def test_what_is_no_moderator_is_refused() -> None:
    with pytest.raises(Refused, match="site is 'a' for all estimates"):
        factor("site", "aaa")
    with pytest.raises(BadInput, match="site: estimate 2 has no level"):
        factor("site", ["a", "", "b"])
    with pytest.raises(BadInput, match="the reference 'c' is none of its levels a, b"):
        factor("site", "aab", "c")
    with pytest.raises(BadInput, match="year: a value is missing"):
        covariate("year", [2020, math.nan])
    with pytest.raises(BadInput, match="year has 2 values for 3 estimates"):
        design(3, covariate("year", [1, 2]))
    with pytest.raises(BadInput, match="year stands twice"):
        design(4, covariate("year", [1, 2, 3, 4]), covariate("year", [1, 0, 3, 4]))


def test_one_subgroup_or_two_studies_are_no_subgroups() -> None:
    with pytest.raises(Refused, match="all studies are of the subgroup a"):
        subgroups([1.0, 2, 3], [0.1] * 3, "aaa")
    with pytest.raises(Refused, match="subgroups need at least 3 studies, not 2"):
        subgroups([1.0, 2], [0.1] * 2, "ab")


def test_approximate_weights_refuse_what_tells_nothing_between_studies() -> None:
    with pytest.raises(Refused, match="one study, or moderators that tell all studies apart"):
        correlated_effects([1.0, 2, 3], [0.1] * 3, "aaa")
    with pytest.raises(Refused, match="every study has one estimate"):
        hierarchical_effects([1.0, 2, 3], [0.1] * 3, "abc")
    with pytest.raises(BadInput, match=r"a correlation of 1.2"):
        correlated_effects([1.0, 2, 3], [0.1] * 3, "aab", rho=1.2)
    with pytest.raises(Refused, match=r"as many coefficients as estimates \(1\)"):
        correlated_effects([1.0], [0.1], "a")


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, math.nan])
def test_a_level_outside_0_and_1_is_refused(level: float) -> None:
    with pytest.raises(BadInput, match="level"):
        regression(BCG_Y, BCG_V, options=RegressionOptions(level=level))
    with pytest.raises(BadInput, match="level"):
        schools(Options(level=level))
    with pytest.raises(BadInput, match="level"):
        robust(schools().gls, DISTRICTS, RobustOptions(level=level))


def test_a_wald_test_of_coefficients_that_share_all_evidence_is_undefined() -> None:
    found = wald(np.array([1.0, 2.0]), np.ones((2, 2)), 5)
    assert isinstance(found, Undefined)


def test_wider_levels_give_wider_intervals() -> None:
    widths = [fit.coefficients[0].high - fit.coefficients[0].low for fit in map(at_level, (0.8, 0.95, 0.99))]
    assert widths == sorted(widths)


def at_level(level: float) -> Multilevel:
    return schools(Options(level=level))
