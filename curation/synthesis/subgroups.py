"""Subgroups of studies, each with its own mean, and the test whether the means differ.

Borenstein, Hedges, Higgins, Rothstein, Introduction to Meta-Analysis, 2009, chapter 19; Rubio-Aparicio,
López-López, Viechtbauer et al., J Exp Educ 2020;88:288-309. Studies count as independent also between
subgroups: estimates of the same patients belong into ``multilevel`` with the subgroups as a factor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from curation.errors import Refused
from curation.synthesis.blocks import Floats, coded
from curation.synthesis.coefficients import Coefficient, Undefined, WaldTest, coefficient
from curation.synthesis.correlated import independent
from curation.synthesis.design import design, factor, intercept_only
from curation.synthesis.gls import effects
from curation.synthesis.quantiles import chi_square_tail
from curation.synthesis.regression import (
    FEWEST_STUDIES,
    Regression,
    RegressionOptions,
    fitted,
    regression,
    tested,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class SubgroupVariance(StrEnum):
    """Whether subgroups have one variance between studies or each its own."""

    SEPARATE = "a tau² each subgroup"
    COMMON = "one tau² for all subgroups"


@dataclass(frozen=True, slots=True)
class Subgroup:
    """One subgroup: its studies, its mean with interval, tau² and residual heterogeneity.

    A single study has its own Wald interval and tau² = 0. ``i2`` (percent) is None where tau² is common.
    """

    name: str
    k: int
    mean: Coefficient
    tau2: float
    i2: float | None
    q: float
    q_df: int
    q_p: float


@dataclass(frozen=True, slots=True)
class Subgroups:
    """All subgroups, in the order they appear, and the test that their means are equal."""

    variance: SubgroupVariance
    options: RegressionOptions
    groups: tuple[Subgroup, ...]
    between: WaldTest | Undefined


def subgroups(
    y: Sequence[float] | Floats,
    v: Sequence[float] | Floats,
    labels: Sequence[str],
    variance: SubgroupVariance = SubgroupVariance.SEPARATE,
    options: RegressionOptions | None = None,
) -> Subgroups:
    """Fit each subgroup of effects ``y`` with variances ``v`` > 0, and test the means against one another.

    With a tau² each, the test is chi-square on the means weighted by their model-based errors (Wald's, whatever
    interval is printed: Hartung and Knapp's error of two or three studies is too unsteady for a weight); with
    one tau², the test of the factor in a meta-regression. Raises Refused below three studies and for a single
    subgroup, with one tau² also where every study is a subgroup; BadInput on what is no effect size, variance
    or label.
    """
    options = options or RegressionOptions()
    variances = independent(v).variances
    ys, codes = effects(y, len(variances)), coded(labels, len(variances), "subgroup")
    names = list(dict.fromkeys(labels))
    _refuse_too_little(names, len(ys))
    fits = [_alone(ys[codes == i], variances[codes == i], options) for i in range(len(names))]
    if variance is SubgroupVariance.SEPARATE:
        groups = tuple(_own(name, fit) for name, fit in zip(names, fits, strict=True))
        return Subgroups(variance, options, groups, _between(fits))
    return _common(ys, variances, labels, fits, options)


def _alone(y: Floats, v: Floats, options: RegressionOptions) -> Regression:
    return fitted(y, v, intercept_only(len(y)), options)


def _own(name: str, fit: Regression) -> Subgroup:
    return Subgroup(name, fit.k, fit.coefficients[0], fit.tau2, fit.i2, fit.q, fit.q_df, fit.q_p)


def _between(fits: Sequence[Regression]) -> WaldTest:
    means = np.array([fit.gls.estimates[0] for fit in fits])
    weights = np.array([1 / fit.gls.estimates_covariance[0, 0] for fit in fits])
    # Taken from the first, so that a huge mean costs the differences no digit.
    apart = means - means[0]
    left = apart - weights @ apart / weights.sum()
    q, df = float(weights @ left**2), len(fits) - 1
    return WaldTest(q, df, None, chi_square_tail(q, df))


def _common(
    y: Floats, v: Floats, labels: Sequence[str], fits: Sequence[Regression], options: RegressionOptions
) -> Subgroups:
    names = list(dict.fromkeys(labels))
    whole = regression(y, v, design(len(y), factor("subgroup", labels, names[0])), options)
    df = whole.coefficients[0].df
    groups = []
    for name, fit in zip(names, fits, strict=True):
        mean, error = _mean_within(whole, name)
        held = coefficient(fit.coefficients[0].name, mean, error, df, options.level)
        groups.append(Subgroup(name, fit.k, held, whole.tau2, None, fit.q, fit.q_df, fit.q_p))
    between = tested(whole.gls, whole.covariance, whole.gls.design.moderators, df)
    return Subgroups(SubgroupVariance.COMMON, options, tuple(groups), between)


def _mean_within(whole: Regression, name: str) -> tuple[float, float]:
    names = whole.gls.design.names
    row = np.array([float(i == 0 or column == f"subgroup: {name}") for i, column in enumerate(names)])
    return float(row @ whole.gls.estimates), math.sqrt(float(row @ whole.covariance @ row))


def _refuse_too_little(names: Sequence[str], k: int) -> None:
    if k < FEWEST_STUDIES:
        raise Refused(
            f"subgroups need at least {FEWEST_STUDIES} studies, not {k}: give each with its own interval"
        )
    if len(names) == 1:
        raise Refused(f"all studies are of the subgroup {names[0]}: there is nothing to compare")
