"""Agreement against published tables, and what R's irrCAC prints for its own examples.

irrCAC 1.0 (Gwet 2019): the vignette "Calculating Chance-corrected Agreement Coefficients"; calls are named with
each value. Papers: Cohen J, Psychol Bull 1968;70:213, Table 1. Fleiss, Cohen & Everitt, Psychol Bull 1969;72:323.
Feinstein & Cicchetti and Cicchetti & Feinstein, J Clin Epidemiol 1990;43:543 and 551. Gwet, Stat Methods Inter-Rater
Reliab Assess 2002;1:1. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011, sections A to C. Newcombe,
Stat Med 1998;17:873, Table II.
"""

from __future__ import annotations

import pytest

from screening.agreement import (
    Agreement,
    Drift,
    Estimate,
    Scale,
    Table,
    ac1,
    drift,
    fleiss_kappa,
    kappa,
    krippendorff_alpha,
    pabak,
    pair_agreement,
    percent,
)

# Half a unit of the last digit that the source prints.
SEVEN, FIVE, FOUR, THREE, TWO = 5e-8, 5e-6, 5e-5, 5e-4, 5e-3

ABSTRACTORS = Table(((13, 0, 0), (0, 20, 7), (0, 4, 56)))  # irrCAC's cont3x3abstractors
SIX_RATERS = (  # irrCAC's distrib.6raters: the first half of Fleiss' (1971) Table 1
    *((0, 0, 0, 6, 0), (0, 3, 0, 0, 3), (0, 1, 4, 0, 1), (0, 0, 0, 0, 6), (0, 3, 0, 3, 0)),
    *((2, 0, 4, 0, 0), (0, 0, 4, 0, 2), (2, 0, 3, 1, 0), (2, 0, 0, 4, 0), (0, 0, 0, 0, 6)),
    *((1, 0, 0, 5, 0), (1, 1, 0, 4, 0), (0, 3, 3, 0, 0), (1, 0, 0, 5, 0), (0, 2, 0, 3, 1)),
)
# irrCAC's cac.raw4raters, which are Krippendorff's section C: a unit of four observers each, a dot a missing vote.
FOUR_RATERS = "11.1 2232 3333 3333 2222 1234 4444 1121 2222 .555 ..11 ..3."


def counted(units: str, categories: str) -> list[list[int]]:
    return [[unit.count(category) for category in categories] for unit in units.split()]


def estimated(found: object) -> Estimate:
    assert isinstance(found, Estimate)
    return found


def test_kappa_and_its_error_are_those_of_kappa2_table() -> None:
    found = estimated(kappa(ABSTRACTORS))
    assert found.value == pytest.approx(0.7964094, abs=SEVEN)
    assert found.se == pytest.approx(0.05891072, abs=SEVEN)


def test_ac1_and_its_error_are_those_of_gwet_ac1_table() -> None:
    found = estimated(ac1(ABSTRACTORS))
    assert found.value == pytest.approx(0.8493305, abs=SEVEN)
    assert found.se == pytest.approx(0.04321747, abs=SEVEN)


def test_percent_and_pabak_are_those_of_pa2_table_and_bp2_table() -> None:
    assert percent(ABSTRACTORS) == pytest.approx(0.89, abs=SEVEN)
    assert pabak(ABSTRACTORS) == pytest.approx(0.835, abs=SEVEN)


def test_alpha_of_two_raters_is_that_of_krippen2_table() -> None:
    units = [
        tuple((i == k) + (j == k) for k in range(3))
        for i, row in enumerate(ABSTRACTORS.counts)
        for j, n in enumerate(row)
        for _ in range(n)
    ]
    assert krippendorff_alpha(units) == pytest.approx(0.7972585, abs=SEVEN)
    assert fleiss_kappa(units) == pytest.approx(
        0.7962397, abs=SEVEN
    )  # scott2.table: of two raters, Scott's pi


def test_six_raters_give_the_values_of_fleiss_kappa_dist_and_krippen_alpha_dist() -> None:
    assert fleiss_kappa(SIX_RATERS) == pytest.approx(0.4139265, abs=SEVEN)
    assert krippendorff_alpha(SIX_RATERS) == pytest.approx(0.4204384, abs=SEVEN)


def test_alpha_with_missing_votes_is_that_of_krippen_alpha_raw_and_of_krippendorff() -> None:
    alpha = krippendorff_alpha(counted(FOUR_RATERS, "12345"))
    assert alpha == pytest.approx(0.74342, abs=FIVE)
    assert alpha == pytest.approx(0.743, abs=THREE)


@pytest.mark.parametrize(
    ("units", "categories", "printed"),
    [
        ("01 11 01 00 00 01 00 00 10 00", "01", 0.095),
        ("ab aa bb bb db cc cc cc ee dd dd ad", "abcde", 0.692),
    ],
)
def test_alpha_of_two_observers_is_krippendorff_s_of_2011(
    units: str, categories: str, printed: float
) -> None:
    assert krippendorff_alpha(counted(units, categories)) == pytest.approx(printed, abs=THREE)


def test_kappa_of_two_judges_is_cohen_s_of_1968() -> None:
    table = Table(((88, 14, 18), (10, 40, 10), (2, 6, 12)))
    assert estimated(kappa(table)).value == pytest.approx(0.492, abs=THREE)


def test_the_error_of_kappa_is_that_of_its_authors_example() -> None:
    found = estimated(kappa(Table(((106, 10, 4), (22, 28, 10), (2, 12, 6)))))
    assert found.value == pytest.approx(0.429, abs=THREE)
    assert found.se**2 == pytest.approx(0.002885, abs=5e-7)


@pytest.mark.parametrize(
    ("counts", "printed_percent", "printed_kappa"),
    [
        (((40, 9), (6, 45)), 0.85, 0.70),
        (((80, 10), (5, 5)), 0.85, 0.32),
        (((45, 15), (25, 15)), 0.60, 0.13),
        (((25, 35), (5, 35)), 0.60, 0.26),
    ],
)
def test_the_paradoxes_of_kappa_come_out_as_printed(
    counts: tuple[tuple[int, int], ...], printed_percent: float, printed_kappa: float
) -> None:
    assert percent(Table(counts)) == pytest.approx(printed_percent, abs=TWO)
    assert estimated(kappa(Table(counts))).value == pytest.approx(printed_kappa, abs=TWO)


def test_positive_and_negative_agreement_resolve_them_as_printed() -> None:
    rare = pair_agreement("a", "b", Table(((80, 10), (5, 5))))
    assert rare.positive == pytest.approx(0.91, abs=TWO)
    assert rare.negative == pytest.approx(0.40, abs=TWO)
    even = pair_agreement("a", "b", Table(((40, 9), (6, 45))))
    assert even.positive == pytest.approx(0.84, abs=TWO)
    assert even.negative == pytest.approx(0.86, abs=TWO)


def test_gwet_s_example_of_2002_has_a_negative_kappa_and_a_high_ac1() -> None:
    table = Table(((118, 5), (2, 0)))
    assert estimated(kappa(table)).value == pytest.approx(-0.0234, abs=FOUR)
    assert estimated(ac1(table)).value == pytest.approx(0.9408, abs=FOUR)


def measured(agreed: int, reports: int) -> Agreement:
    return Agreement(Scale.TWO, (), reports, 0, agreed, 0.0, 0.0)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_drift_has_newcombe_s_intervals_of_his_table_two(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    found = drift(measured(*second), measured(*first))
    assert isinstance(found, Drift)
    assert found.difference == pytest.approx(first[0] / first[1] - second[0] / second[1])
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), abs=FOUR)
