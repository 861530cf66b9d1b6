"""Standard errors of AUCs by every way there is, effect sizes other than the AUC, and what may be chosen otherwise."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.errors import BadInput, Refused
from curation.model import Validation
from curation.synthesis.delong import delong
from curation.synthesis.effects import (
    Effect,
    Estimate,
    Limits,
    Reading,
    Source,
    Unusable,
    logit,
    logit_effect,
    raw_effect,
)
from curation.synthesis.generic import (
    Group,
    Measure,
    Measured,
    Table,
    back,
    compared,
    correlation,
    mean,
    mean_difference,
    observed_expected,
    proportion,
    rate,
    standardised_difference,
)
from curation.synthesis.mantel_haenszel import mantel_haenszel
from curation.synthesis.models import Interval, Prediction, random_effects
from curation.synthesis.pooled import Scale
from curation.synthesis.quantiles import normal_quantile
from curation.synthesis.recommended import Choices, pool_as_chosen
from curation.synthesis.standard_errors import FromCounts, from_counts, largest, newcombe_5
from curation.synthesis.tau2 import Tau2Method

if TYPE_CHECKING:
    from collections.abc import Callable

# The same closed form in another order of its sums.
ROUNDING = 1e-12
# Values of metafor, metamisc and R typed with as many digits.
TYPED = 1e-10

Z = 1.959963984540054
quick = settings(max_examples=60, deadline=None)
aucs = st.floats(0.01, 0.99)
groups = st.integers(1, 5000)

BARE = Estimate("Hu 2024", "EGFR", "EGFR", Validation.EXTERNAL, 0.8, None, None)
WHOLE = replace(BARE, low=0.7, high=0.9, n=100, events=40, se=0.04)


def effect(estimate: Estimate, limits: Limits = Limits.DELTA) -> Effect:
    made = logit_effect(estimate, Reading(limits))
    assert isinstance(made, Effect)
    return made


def test_the_reported_error_comes_before_the_interval_and_that_before_the_counts() -> None:
    reported, read, made = (
        effect(WHOLE),
        effect(replace(WHOLE, se=None)),
        effect(replace(WHOLE, se=None, low=None, high=None)),
    )
    assert [e.source for e in (reported, read, made)] == [Source.REPORTED, Source.INTERVAL, Source.COUNTS]
    assert reported.sei == pytest.approx(0.04 / 0.16, rel=ROUNDING)
    assert read.sei == pytest.approx(0.2 / (2 * Z) / 0.16, rel=ROUNDING)
    assert made.sei == pytest.approx(from_counts(0.8, 40, 60) / 0.16, rel=ROUNDING)
    assert made.how == "40 patients with and 60 without the outcome, by Newcombe's method 4"


def test_an_interval_of_no_width_falls_to_the_counts() -> None:
    estimate = replace(WHOLE, se=None, low=0.8, high=0.8)
    assert effect(estimate).source is Source.COUNTS
    assert logit_effect(estimate, Reading(counts=None)) == Unusable("the interval has no width")
    assert effect(replace(WHOLE, se=None, low=0.0, high=1.0)).source is Source.COUNTS


def test_counts_without_both_groups_are_of_no_use() -> None:
    for events, n in ((0, 50), (50, 50), (None, 50), (5, None)):
        estimate = replace(BARE, events=events, n=n)
        assert logit_effect(estimate) == Unusable("no interval is reported")


def test_limits_may_be_taken_to_the_logit_scale() -> None:
    read = effect(replace(WHOLE, se=None), limits=Limits.LOGIT)
    assert read.sei == pytest.approx((logit(0.9) - logit(0.7)) / (2 * Z), rel=ROUNDING)
    ninety = effect(replace(WHOLE, se=None, level=0.9), limits=Limits.LOGIT)
    assert ninety.sei / read.sei == pytest.approx(Z / normal_quantile(0.9), rel=ROUNDING)


@pytest.mark.parametrize("limits", Limits)
@pytest.mark.parametrize("high", [1.0, 1.05])
def test_a_clipped_interval_gives_its_inner_half_and_is_flagged(limits: Limits, high: float) -> None:
    half = effect(replace(BARE, auc=0.9, low=0.8, high=high), limits=limits)
    assert half.sei == pytest.approx((logit(0.9) - logit(0.8)) / Z, rel=ROUNDING)
    assert (half.source, half.flagged) == (Source.HALF, True)
    assert not effect(WHOLE).flagged


def test_a_one_sided_interval_is_read_with_its_own_quantile_and_flagged() -> None:
    lower = effect(replace(BARE, low=0.7, one_sided=True))
    assert lower.sei == pytest.approx((logit(0.8) - logit(0.7)) / 1.6448536269514722, rel=ROUNDING)
    assert (lower.how, lower.flagged) == ("one-sided interval, lower limit only", True)
    upper = effect(replace(BARE, high=0.9, one_sided=True))
    assert upper.sei == pytest.approx((logit(0.9) - logit(0.8)) / 1.6448536269514722, rel=ROUNDING)
    assert upper.how == "one-sided interval, upper limit only"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"se": 0.0}, "standard error 0.0 is not above 0"),
        ({"se": 4.1}, "standard error 4.1 is not above 0 and at most 0.5"),
        ({"se": math.nan}, "standard error nan"),
        ({"events": -1}, "-1 with the outcome"),
        ({"events": 120}, "120 with the outcome of 100 patients"),
        ({"one_sided": True}, "has one limit"),
        ({"one_sided": True, "low": None, "high": None}, "has one limit"),
        ({"one_sided": True, "high": None, "low": 0.85}, "outside its one-sided interval"),
        ({"one_sided": True, "low": None, "high": 0.75}, "outside its one-sided interval"),
        ({"one_sided": True, "high": None, "level": 0.5}, "is not that of a one-sided interval"),
        ({"high": None}, "only one limit of the interval"),
    ],
)
def test_what_cannot_be_printed_of_an_auc_is_refused(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(BadInput) as refusal:
        replace(WHOLE, **changes)
    assert fault in " ".join((refusal.value.message, *refusal.value.faults))


def test_on_its_own_scale_an_auc_needs_no_logit() -> None:
    for estimate, sei in (
        (WHOLE, 0.04),
        (replace(WHOLE, se=None), 0.1 / Z),
        (replace(WHOLE, se=None, low=None, high=None), from_counts(0.8, 40, 60)),
        (replace(BARE, auc=0.95, low=0.85, high=1.0), 0.1 / Z),
        (replace(BARE, auc=0.95, low=0.87, high=1.03), 0.08 / Z),
    ):
        made = raw_effect(estimate)
        assert isinstance(made, Effect)
        assert (made.yi, made.sei) == pytest.approx((estimate.auc, sei), rel=ROUNDING)


def test_an_auc_of_1_can_be_pooled_on_its_own_scale_by_a_reported_error_only() -> None:
    perfect = replace(BARE, auc=1.0, n=100, events=40)
    assert raw_effect(perfect) == Unusable("no interval is reported")
    assert logit_effect(replace(perfect, se=0.01)) == Unusable("an AUC of 1 has no logit")
    assert isinstance(raw_effect(replace(perfect, se=0.01)), Effect)


def test_standard_errors_from_counts_are_those_of_metamisc() -> None:
    # EuroSCORE, metamisc 0.5.0, ccalc(approx.se.method = 4 and 2): Howell, Borde, Qadir.
    rows = ((0.67, 90, 843), (0.72, 8, 490), (0.84, 76, 1928))
    fourth = (0.029727959027025, 0.0904457400527394, 0.0233818924813383)
    second = (0.0324300343910748, 0.103235108086001, 0.0285886296338532)
    assert [from_counts(*row) for row in rows] == pytest.approx(fourth, rel=TYPED)
    hanley = [from_counts(*row, FromCounts.HANLEY_MCNEIL) for row in rows]
    assert hanley == pytest.approx(second, rel=TYPED)


@quick
@given(aucs, groups, groups)
def test_no_standard_error_from_counts_passes_the_bound(auc: float, ill: int, well: int) -> None:
    assert from_counts(auc, ill, well, FromCounts.HANLEY_MCNEIL) <= largest(auc, ill, well) * (1 + ROUNDING)
    turned = from_counts(1 - auc, well, ill, FromCounts.HANLEY_MCNEIL)
    assert turned == pytest.approx(from_counts(auc, ill, well, FromCounts.HANLEY_MCNEIL), rel=1e-9)


@quick
@given(st.floats(0, 1), groups, groups)
def test_a_score_interval_holds_its_auc_within_0_and_1(auc: float, ill: int, well: int) -> None:
    low, high = newcombe_5(auc, ill, well)
    assert 0 <= low <= auc <= high <= 1
    assert low < high


def test_delong_counts_pairs() -> None:
    ill, scores = [True, True, False, False, False], [3.0, 1.0, 1.0, 0.0, 2.0]
    # Pairs: 3 beats all three; 1 ties one, beats one, loses one.
    both = delong(ill, scores, [-s for s in scores])
    assert both.aucs == pytest.approx((4.5 / 6, 1.5 / 6), rel=ROUNDING)
    assert both.correlation(0, 1) == pytest.approx(-1, rel=ROUNDING)
    placements, others = [1.0, 0.5], [0.75, 1.0, 0.5]
    expected = np.var(placements, ddof=1) / 2 + np.var(others, ddof=1) / 3
    assert both.se(0) ** 2 == pytest.approx(expected, rel=ROUNDING)


def test_a_perfect_score_has_no_variance_and_no_correlation() -> None:
    perfect = delong([True, True, False, False], [4, 3, 2, 1], [4, 1, 2, 3])
    assert (perfect.aucs[0], perfect.se(0), perfect.correlation(0, 1)) == (1, 0, None)


def test_delong_refuses_what_it_cannot_use() -> None:
    with pytest.raises(Refused, match="two patients with the outcome"):
        delong([True, False, False], [1, 2, 3])
    for scores in ([[1, 2]], [[1, math.nan, 3, 4]], []):
        with pytest.raises(BadInput, match="one finite value a patient"):
            delong([True, True, False, False], *scores)


# By hand, and as metafor's escalc gives them (measures PLO, PR, PFT, IRLN, MN, MD, SMD, ZCOR).
@pytest.mark.parametrize(
    ("made", "yi", "vi"),
    [
        (proportion(4, 20), math.log(4 / 16), 1 / 4 + 1 / 16),
        (proportion(0, 20), math.log(0.5 / 20.5), 1 / 0.5 + 1 / 20.5),
        (proportion(4, 20, Measure.PROPORTION), 0.2, 0.2 * 0.8 / 20),
        (
            proportion(0, 20, Measure.FREEMAN_TUKEY),
            math.asin(math.sqrt(1 / 21)) / 2,
            1 / 82,
        ),
        (rate(9, 300.0), math.log(0.03), 1 / 9),
        (mean(Group(5, 2, 16)), 5, 0.25),
        (mean_difference(Group(5, 2, 16), Group(4, 3, 9)), 1, 0.25 + 1),
        (correlation(0.5, 28), math.atanh(0.5), 1 / 25),
        (observed_expected(20, 25, 200), math.log(0.8), 0.9 / 20),
        (observed_expected(20, 25), math.log(0.8), 1 / 20),
    ],
)
def test_effect_sizes_are_those_of_their_formulas(made: Measured, yi: float, vi: float) -> None:
    assert (made.yi, made.sei**2) == pytest.approx((yi, vi), rel=ROUNDING)
    assert made.corrected == (made.yi == math.log(0.5 / 20.5))


def test_the_standardised_difference_has_its_exact_correction() -> None:
    made = standardised_difference(Group(10, 2, 4), Group(8, 2, 4))
    # gamma(3) / (sqrt(3) gamma(5/2)): 2 / (sqrt(3) * 1.329340388179137).
    g = 2 / (math.sqrt(3) * 1.329340388179137)
    assert (made.yi, made.sei**2) == pytest.approx((g, 0.5 + g**2 / 16), rel=ROUNDING)


def test_ratios_and_differences_of_two_groups() -> None:
    table = Table(4, 123, 11, 139)
    # metafor: escalc("RR", ...) of the first BCG trial, -0.8893 and 0.3256.
    risk = compared(table, Measure.RISK_RATIO)
    assert (round(risk.yi, 4), round(risk.sei**2, 4)) == (-0.8893, 0.3256)
    odds = compared(table, Measure.ODDS_RATIO)
    assert odds.sei**2 == pytest.approx(1 / 4 + 1 / 119 + 1 / 11 + 1 / 128, rel=ROUNDING)
    difference = compared(table, Measure.RISK_DIFFERENCE)
    assert difference.yi == pytest.approx(4 / 123 - 11 / 139, rel=ROUNDING)
    empty = compared(Table(0, 10, 3, 12), Measure.ODDS_RATIO)
    assert empty.corrected
    assert empty.yi == pytest.approx(math.log(0.5 * 9.5 / (10.5 * 3.5)), rel=ROUNDING)


@given(
    st.sampled_from([Measure.RISK_RATIO, Measure.ODDS_RATIO]),
    st.tuples(st.integers(1, 50), st.integers(1, 50), st.integers(1, 50), st.integers(1, 50)),
)
@quick
def test_mantel_and_haenszel_give_one_study_its_own_ratio(
    measure: Measure, cells: tuple[int, int, int, int]
) -> None:
    table = Table(cells[0], cells[0] + cells[1], cells[2], cells[2] + cells[3])
    alone, own = mantel_haenszel([table], measure), compared(table, measure)
    assert (alone.yi, alone.sei) == pytest.approx((own.yi, own.sei), rel=1e-9, abs=1e-12)
    turned = mantel_haenszel([Table(table.events2, table.n2, table.events1, table.n1)], measure)
    assert turned.yi == pytest.approx(-alone.yi, rel=1e-9, abs=1e-12)
    # A study without any event adds nothing.
    assert mantel_haenszel([table, Table(0, 9, 0, 8)], measure) == alone


def test_mantel_and_haenszel_need_events_in_both_groups() -> None:
    for tables in ([], [Table(0, 10, 3, 12)]):
        with pytest.raises(Refused, match="give no ratio"):
            mantel_haenszel(tables, Measure.RISK_RATIO)
    with pytest.raises(BadInput, match="risk and odds ratios"):
        mantel_haenszel([Table(1, 2, 1, 2)], Measure.RISK_DIFFERENCE)


@pytest.mark.parametrize(
    "make",
    [
        lambda: proportion(5, 4),
        lambda: proportion(1, 4, Measure.MEAN),
        lambda: rate(3, 0),
        lambda: Group(1, 0, 5),
        lambda: Group(1, 1, 1),
        lambda: Table(5, 4, 1, 2),
        lambda: compared(Table(1, 2, 1, 2), Measure.RATE),
        lambda: correlation(1, 20),
        lambda: observed_expected(5, 0),
        lambda: observed_expected(5, 4, 5),
    ],
)
def test_counts_that_cannot_be_are_refused_in_words(make: Callable[[], object]) -> None:
    with pytest.raises(BadInput, match="compare the extraction with the paper"):
        make()


@quick
@given(st.integers(1, 200), st.data())
def test_the_double_arcsine_comes_back_to_its_proportion(n: int, data: st.DataObject) -> None:
    events = data.draw(st.integers(0, n))
    made = proportion(events, n, Measure.FREEMAN_TUKEY)
    assert back(made.measure, made.yi, n) == pytest.approx(events / n, abs=1e-7)


def test_pooled_values_come_back_to_the_printed_scale() -> None:
    assert back(Measure.LOGIT_PROPORTION, 0.0) == 0.5
    assert back(Measure.ODDS_RATIO, math.log(2)) == pytest.approx(2, rel=ROUNDING)
    assert back(Measure.CORRELATION, math.atanh(0.3)) == pytest.approx(0.3, rel=ROUNDING)
    assert back(Measure.MEAN, -3.5) == -3.5
    assert (back(Measure.FREEMAN_TUKEY, 0.0, 20), back(Measure.FREEMAN_TUKEY, 1.6, 20)) == (0, 1)
    with pytest.raises(BadInput, match="harmonic mean"):
        back(Measure.FREEMAN_TUKEY, 0.5)


SOME = [
    replace(WHOLE, study="A", se=0.03),
    replace(WHOLE, study="B", auc=0.75, se=None),
    replace(WHOLE, study="C", auc=0.85, se=None, low=None, high=None),
    replace(WHOLE, study="D", auc=0.9, low=0.8, high=1.0, se=None),
]


def test_what_is_chosen_otherwise_is_what_is_computed_and_said() -> None:
    chosen = Choices(
        reading=Reading(Limits.LOGIT),
        tau2=Tau2Method.PM,
        interval=Interval.HARTUNG_KNAPP,
        prediction=Prediction.LIKE_MEAN,
        level=0.9,
    )
    pooled = pool_as_chosen(SOME, chosen)
    effects = [effect(e, limits=Limits.LOGIT) for e in SOME]
    fit = random_effects(
        [e.yi for e in effects], [e.sei for e in effects], Interval.HARTUNG_KNAPP, 0.9, Tau2Method.PM
    )
    assert (pooled.tau2, pooled.level, pooled.q_p) == (fit.tau2, 0.9, fit.q_p)
    assert pooled.spread is not None
    assert pooled.spread.level == 0.9
    for words in (
        "as reported or from the reported intervals or from the numbers of patients, none borrowed",
        "Paule and Mandel's estimator",
        "Hartung-Knapp interval; prediction interval by the quantile of the mean's interval",
    ):
        assert words in pooled.method
    assert [row.flagged for row in pooled.rows] == [False, False, False, True]


def test_pooling_on_the_auc_scale_says_so() -> None:
    pooled = pool_as_chosen(SOME, Choices(scale=Scale.RAW))
    assert pooled.scale is Scale.RAW
    assert "AUCs on their own scale" in pooled.method
    assert "back-transformed" not in pooled.method
    assert pooled.low < pooled.estimate < pooled.high
    single = pool_as_chosen(SOME[:1], Choices(scale=Scale.RAW))
    assert (single.low, single.high) == pytest.approx((0.8 - Z * 0.03, 0.8 + Z * 0.03), rel=ROUNDING)
    assert single.spread is None
