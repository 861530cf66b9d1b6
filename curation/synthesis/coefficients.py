"""Coefficients with their intervals, and Wald tests of several at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curation.synthesis.matrices import spectrum
from curation.synthesis.quantiles import chi_square_tail, f_tail, normal_quantile, t_quantile, two_sided_tail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curation.synthesis.blocks import Floats

# Below it the t approximation to a robust test is not trusted (Tipton, Psychol Methods 2015;20:375-393).
FEWEST_DF = 4
# Eigenvalue of a correlation matrix of coefficients that is 0 but for rounding.
_SINGULAR = 1e-12


@dataclass(frozen=True, slots=True)
class Undefined:
    """A statistic that has no value here, and why, in a sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One coefficient on the scale of the effects: interval and p value by t on ``df`` (None: normal).

    ``statistic`` and ``p`` are None where the error is 0, which Hartung and Knapp's is for effects without spread.
    """

    name: str
    estimate: float
    se: float
    df: float | None
    statistic: float | None
    p: float | None
    low: float
    high: float

    @property
    def few_df(self) -> bool:
        """Whether its degrees of freedom are so few that interval and p value may mislead."""
        return self.df is not None and self.df < FEWEST_DF


@dataclass(frozen=True, slots=True)
class WaldTest:
    """Test that ``df`` coefficients are all 0: F on ``df_residual`` (None: chi-square, the statistic undivided)."""

    statistic: float
    df: int
    df_residual: float | None
    p: float

    @property
    def few_df(self) -> bool:
        """Whether its residual degrees of freedom are so few that the p value may mislead."""
        return self.df_residual is not None and self.df_residual < FEWEST_DF


def coefficient(name: str, estimate: float, se: float, df: float | None, level: float) -> Coefficient:
    """Coefficient with its interval at ``level``."""
    half = se * (normal_quantile(level) if df is None else t_quantile(level, df))
    statistic = estimate / se if se else None
    p = None if statistic is None else two_sided_tail(statistic, df)
    return Coefficient(name, estimate, se, df, statistic, p, estimate - half, estimate + half)


def coefficients(
    names: Sequence[str], estimates: Floats, covariance: Floats, dfs: Sequence[float | None], level: float
) -> tuple[Coefficient, ...]:
    """A coefficient for each name, with the errors of the ``covariance`` (p x p)."""
    return tuple(
        coefficient(name, float(estimates[i]), math.sqrt(float(covariance[i, i])), df, level)
        for i, (name, df) in enumerate(zip(names, dfs, strict=True))
    )


def wald(estimates: Floats, covariance: Floats, df_residual: float | None) -> WaldTest | Undefined:
    """Test of all ``estimates`` (q) with their ``covariance`` (q x q).

    Undefined where an error is 0 or the covariance singular, as a robust one is for more coefficients than
    clusters.
    """
    q = len(estimates)
    if not np.diagonal(covariance).all():
        return Undefined("the effects lie exactly on the fit, so that their errors are 0")
    # In units of the standard errors: covariates may differ in scale by many orders.
    errors = np.sqrt(np.diagonal(covariance))
    values, vectors = spectrum(covariance / np.outer(errors, errors))
    if values[0] < _SINGULAR:
        return Undefined(f"the errors of the {q} coefficients come from fewer pieces of evidence")
    chi2 = float(((vectors.T @ (estimates / errors)) ** 2 / values).sum())
    if df_residual is None:
        return WaldTest(chi2, q, None, chi_square_tail(chi2, q))
    return WaldTest(chi2 / q, q, df_residual, f_tail(chi2 / q, q, df_residual))
