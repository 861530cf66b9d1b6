"""Meta-analysis of several estimates a study: random effects of studies and of the estimates within them.

Konstantopoulos, Res Synth Methods 2011;2:61-76; Van den Noortgate, López-López, Marín-Martínez,
Sánchez-Meca, Behav Res Methods 2013;45:576-594. Values agree with R's metafor (``rma.mv``), save that its
optimiser stops about 1e-8 short and leaves variances of 1e-10 on the boundary; here they are 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from curation.errors import Refused
from curation.synthesis.blocks import Blocks, Floats, Ints, coded
from curation.synthesis.coefficients import Coefficient, Undefined, WaldTest, coefficients, wald
from curation.synthesis.components import Likelihood, Peak, components, highest
from curation.synthesis.design import Design, intercept_only
from curation.synthesis.gls import Gls, effects, fitted_by, least_squares, typical_variance
from curation.synthesis.matrices import solved
from curation.synthesis.quantiles import checked_level, chi_square_tail, normal_quantile, t_quantile

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

FEWEST_ESTIMATES = 3
_MOST_LEVELS = 3

STUDY, ESTIMATE = "study", "estimate"


class Reference(StrEnum):
    """The distribution that intervals and tests refer to."""

    NORMAL = "normal"
    RESIDUAL = "t on estimates less coefficients"
    CONTAINMENT = "t on groups of the level that contains the moderator, less coefficients"


@dataclass(frozen=True, slots=True)
class Options:
    """How a multilevel model is fitted, and how its intervals are made."""

    likelihood: Likelihood = Likelihood.REML
    reference: Reference = Reference.CONTAINMENT
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class Level:
    """One level: its groups, the variance between them, and its share of all variance (I², percent).

    A variance on the boundary is exactly 0, and its ``score``, the slope of the log-likelihood there, not above
    0 but for rounding.
    """

    name: str
    groups: int
    variance: float
    score: float
    i2: float


@dataclass(frozen=True, slots=True)
class Multilevel:
    """A fitted multilevel model, on the scale of its effect sizes.

    The first of the ``coefficients`` is the intercept, without moderators the mean. ``i2`` (percent) is the
    share of all levels together; ``q`` is the heterogeneity left under sampling variances alone, with its
    degrees of freedom and p value. ``moderators`` tests all coefficients but the intercept. ``pi_low`` to
    ``pi_high`` is where the effect of another estimate in another study would lie, by the quantile of the mean's
    interval as in metafor; None with moderators.
    ``weights`` (percent) are those of the mean, None with moderators; strong correlations can make some
    negative. ``gls`` is what robust errors are made from.
    """

    k: int
    levels: tuple[Level, ...]
    coefficients: tuple[Coefficient, ...]
    moderators: WaldTest | Undefined | None
    options: Options
    i2: float
    q: float
    q_df: int
    q_p: float
    log_likelihood: float
    pi_low: float | None
    pi_high: float | None
    weights: tuple[float, ...] | None
    gls: Gls

    @property
    def variance(self) -> float:
        """Heterogeneity of all levels together."""
        return sum(level.variance for level in self.levels)


def three_level(
    y: Sequence[float] | Floats,
    sampling: Blocks,
    studies: Sequence[Hashable],
    design: Design | None = None,
    options: Options | None = None,
) -> Multilevel:
    """Random effects of studies and, within them, of estimates; ``sampling`` as ``correlated`` makes it.

    Raises Refused below three estimates, for one study, where every study has one estimate (the two variances
    are then one), where levels and moderators cannot be told apart, and where the fit does not converge;
    BadInput on what is no effect size or label.
    """
    levels = {STUDY: studies, ESTIMATE: range(1, sampling.k + 1)}
    return multilevel(y, sampling, levels, design, options)


def study_effects(
    y: Sequence[float] | Floats,
    sampling: Blocks,
    studies: Sequence[Hashable],
    design: Design | None = None,
    options: Options | None = None,
) -> Multilevel:
    """Random effects of studies alone: estimates of one study differ by sampling only. Raises as ``multilevel``."""
    return multilevel(y, sampling, {STUDY: studies}, design, options)


def multilevel(
    y: Sequence[float] | Floats,
    sampling: Blocks,
    levels: Mapping[str, Sequence[Hashable]],
    design: Design | None = None,
    options: Options | None = None,
) -> Multilevel:
    """Nested random effects: ``levels`` gives each its labels, outermost first, inner ones within the outer.

    ``sampling`` may join estimates of different studies. Without ``design`` the mean is fitted. Raises Refused
    and BadInput as ``three_level``, and Refused for more than three levels.
    """
    options = options or Options()
    checked_level(options.level)
    ys, design = effects(y, sampling.k), design or intercept_only(sampling.k)
    codes = _nested(levels, sampling.k)
    _refuse_too_little(design, levels, codes)
    parts = components(ys, design.basis, sampling, codes, options.likelihood)
    peak = highest(parts)
    covariance = parts.covariance(peak.variances)
    gls = fitted_by(ys, design, covariance, lambda columns: parts.white(peak.variances, columns)[1])
    null = least_squares(ys, design, parts.sampling)
    return _described(_Fitted(tuple(levels), codes, peak, gls, null, options))


class _Fitted(NamedTuple):
    names: tuple[str, ...]
    codes: Ints
    peak: Peak
    gls: Gls
    null: Gls  # under sampling variances alone
    options: Options

    @property
    def dfs(self) -> tuple[int | None, ...]:
        """Degrees of freedom of each coefficient."""
        return _degrees(self.gls.design, self.codes, self.options.reference)


def _described(fit: _Fitted) -> Multilevel:
    design, options, gls = fit.gls.design, fit.options, fit.gls
    typical = typical_variance(fit.null.covariance, design)
    levels = _levels(fit, typical)
    mean = coefficients(design.names, gls.estimates, gls.estimates_covariance, fit.dfs, options.level)
    low, high = (
        _prediction(mean[0], sum(level.variance for level in levels), options)
        if design.p == 1
        else (None, None)
    )
    return Multilevel(
        k=design.k,
        levels=levels,
        coefficients=mean,
        moderators=_moderators(fit),
        options=options,
        i2=sum(level.i2 for level in levels),
        q=fit.null.q,
        q_df=design.k - design.p,
        q_p=chi_square_tail(fit.null.q, design.k - design.p),
        log_likelihood=fit.peak.log_likelihood,
        pi_low=low,
        pi_high=high,
        weights=_weights(gls) if design.p == 1 else None,
        gls=gls,
    )


def _levels(fit: _Fitted, typical: float) -> tuple[Level, ...]:
    variances, scores = fit.peak.variances.tolist(), fit.peak.score.tolist()
    whole = sum(variances) + typical
    return tuple(
        Level(name, int(codes.max()) + 1, variance, score, 100 * variance / whole)
        for name, codes, variance, score in zip(fit.names, fit.codes, variances, scores, strict=True)
    )


def _moderators(fit: _Fitted) -> WaldTest | Undefined | None:
    tested = list(fit.gls.design.moderators)
    if not tested:
        return None
    known = [df for i, df in enumerate(fit.dfs) if i in tested and df is not None]
    covariance = fit.gls.estimates_covariance[np.ix_(tested, tested)]
    return wald(fit.gls.estimates[tested], covariance, min(known) if known else None)


def _prediction(mean: Coefficient, variance: float, options: Options) -> tuple[float, float]:
    quantile = normal_quantile(options.level) if mean.df is None else t_quantile(options.level, mean.df)
    half = quantile * math.sqrt(mean.se**2 + variance)
    return mean.estimate - half, mean.estimate + half


def _weights(gls: Gls) -> tuple[float, ...]:
    weights = np.empty(gls.design.k)
    for rows, values in gls.covariance.stacks:
        weights[rows] = solved(values, np.ones((*rows.shape, 1)))[:, :, 0]
    return tuple((100 * weights / weights.sum()).tolist())


def _degrees(design: Design, codes: Ints, reference: Reference) -> tuple[int | None, ...]:
    match reference:
        case Reference.NORMAL:
            return (None,) * design.p
        case Reference.RESIDUAL:
            return (design.k - design.p,) * design.p
        case Reference.CONTAINMENT:
            return tuple(_contained(column, codes, design) for column in design.matrix.T)


def _contained(column: Floats, codes: Ints, design: Design) -> int:
    # A column that is the same within the groups of a level is known from as many values as there are groups.
    groups = [int(level.max()) + 1 for level in codes if _constant_within(column, level)]
    df = min([design.k, *groups]) - design.p
    if df < 1:
        message = f"{min(groups)} groups leave no degrees of freedom for {design.p} coefficients"
        raise Refused(f"{message}: leave moderators out, or refer to the normal distribution")
    return df


def _constant_within(column: Floats, codes: Ints) -> bool:
    first = np.empty(int(codes.max()) + 1)
    first[codes[::-1]] = column[::-1]
    return bool((column == first[codes]).all())


def _nested(levels: Mapping[str, Sequence[Hashable]], k: int) -> Ints:
    if not 1 <= len(levels) <= _MOST_LEVELS:
        raise Refused(f"{len(levels)} levels of random effects: one to {_MOST_LEVELS} can be fitted")
    codes = [coded(labels, k, name) for name, labels in levels.items()]
    for inner in range(1, len(codes)):
        pairs = list(zip(codes[inner - 1].tolist(), codes[inner].tolist(), strict=True))
        codes[inner] = coded(pairs, k, "group")
    return np.array(codes)


def _refuse_too_little(design: Design, levels: Mapping[str, Sequence[Hashable]], codes: Ints) -> None:
    if design.k < FEWEST_ESTIMATES:
        message = f"variances at several levels need at least {FEWEST_ESTIMATES} estimates, not {design.k}"
        raise Refused(f"{message}: give each estimate with its own interval instead")
    if design.k == design.p:
        raise Refused(f"there are as many coefficients as estimates ({design.k}): leave moderators out")
    for name, level in zip(levels, codes, strict=True):
        if not level.any():
            message = f"all estimates are of one {name}: no variance between them can be estimated"
            raise Refused(f"{message}; at least two are needed")
    for (outer, groups), (inner, parts) in pairwise(zip(levels, codes, strict=True)):
        if groups.max() == parts.max():
            message = f"every {outer} has one {inner}: the variances of the two levels are one"
            raise Refused(f"{message}; leave one of the levels out, or fit random effects")
