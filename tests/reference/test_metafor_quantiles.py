"""Quantiles and tails against those of R (``dist/`` of the recorded reference)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from curation.synthesis.quantiles import (
    chi_square_quantile,
    chi_square_tail,
    f_tail,
    normal_cdf,
    normal_quantile,
    t_quantile,
    two_sided_tail,
)
from tests.reference.reference_file import entries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

pytestmark = pytest.mark.shared

# R's qt agrees with arbitrary precision to 1e-15; the tables hold 15 digits.
QUANTILE = 1e-13
# scipy's tails of chi-square lose a digit or two where they are as small as 1e-132.
TAIL = 1e-12


@pytest.fixture(name="table")
def read_table(shared_data: Path) -> Callable[[str], Mapping[str, Any]]:
    return lambda name: entries(shared_data)[f"dist/{name}"].outputs


@pytest.mark.parametrize(
    ("name", "over", "ours", "tolerance"),
    [
        ("qt", "p", lambda p, df: t_quantile(2 * p - 1, df), QUANTILE),
        ("qchisq", "p", chi_square_quantile, QUANTILE),
        ("pt_two_sided", "t", two_sided_tail, TAIL),
        ("pchisq_upper", "x", chi_square_tail, TAIL),
    ],
)
def test_student_and_chi_square_agree_with_r(
    table: Callable[[str], Mapping[str, Any]],
    name: str,
    over: str,
    ours: Callable[[float, float], float],
    tolerance: float,
) -> None:
    outputs = table(name)
    assert outputs["df"]
    for df, row in zip(outputs["df"], outputs["value"], strict=True):
        computed = [ours(x, df) for x in outputs[over]]
        assert computed == pytest.approx(row, rel=tolerance, abs=0), df


def test_tails_of_f_agree_with_r(table: Callable[[str], Mapping[str, Any]]) -> None:
    outputs = table("pf_upper")
    assert outputs["df"]
    for (df1, df2), row in zip(outputs["df"], outputs["value"], strict=True):
        computed = [f_tail(f, df1, df2) for f in outputs["f"]]
        assert computed == pytest.approx(row, rel=TAIL, abs=0), (df1, df2)


def test_the_normal_distribution_agrees_with_r(table: Callable[[str], Mapping[str, Any]]) -> None:
    quantiles, probabilities = table("qnorm"), table("pnorm")
    computed = [normal_quantile(2 * p - 1) for p in quantiles["p"] if p > 0.5]
    expected = [z for p, z in zip(quantiles["p"], quantiles["value"], strict=True) if p > 0.5]
    assert computed == pytest.approx(expected, rel=QUANTILE, abs=0)
    shares = [normal_cdf(z) for z in probabilities["z"]]
    assert shares == pytest.approx(probabilities["value"], rel=TAIL, abs=0)
