"""Meta-regression: effect sizes of independent studies on covariates and factors.

Thompson, Higgins, Stat Med 2002;21:1559-1573; Knapp, Hartung, Stat Med 2003;22:2693-2710. Values agree with
R's metafor (``rma(mods=)``). With few studies a moderator is easily found that explains what is chance; name
moderators before looking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curation.errors import Refused
from curation.synthesis.blocks import Floats, diagonal
from curation.synthesis.coefficients import (
    Coefficient,
    Undefined,
    WaldTest,
    coefficients,
    wald,
)
from curation.synthesis.correlated import independent
from curation.synthesis.design import Design, intercept_only
from curation.synthesis.gls import Gls, effects, least_squares, typical_variance
from curation.synthesis.models import Interval
from curation.synthesis.quantiles import checked_level, chi_square_tail
from curation.synthesis.tau2 import Tau2Method, tau2

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_STUDIES = 3


@dataclass(frozen=True, slots=True)
class RegressionOptions:
    """How tau² is estimated (None: common effect, no tau²), and how intervals are made."""

    method: Tau2Method | None = Tau2Method.REML
    interval: Interval = Interval.HARTUNG_KNAPP_GUARDED
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class Regression:
    """A fitted meta-regression, on the scale of its effect sizes.

    The first of the ``coefficients`` is the intercept. ``moderators`` tests all the others together (QM, or F
    with Hartung and Knapp's interval), ``terms`` each moderator alone; None and empty without any. ``q`` is
    the residual heterogeneity QE with its degrees of freedom and p value, ``tau2`` what remains of the
    variance between studies, ``i2`` and ``h2`` its share. ``r2`` (percent) is how much of that variance the
    moderators explain; Undefined where there is none. ``gls`` is what robust errors are made from.
    """

    k: int
    options: RegressionOptions
    coefficients: tuple[Coefficient, ...]
    moderators: WaldTest | Undefined | None
    terms: tuple[tuple[str, WaldTest | Undefined], ...]
    tau2: float
    i2: float
    h2: float
    r2: float | Undefined
    q: float
    q_df: int
    q_p: float
    covariance: Floats
    gls: Gls


def regression(
    y: Sequence[float] | Floats,
    v: Sequence[float] | Floats,
    design: Design | None = None,
    options: RegressionOptions | None = None,
) -> Regression:
    """Fit effects ``y`` with variances ``v`` > 0 on a ``design`` (None: their mean).

    Raises Refused below three studies and where the coefficients leave nothing of them, BadInput on what is
    no effect size or variance.
    """
    k = len(v)
    if k < FEWEST_STUDIES:
        raise Refused(
            f"a regression needs at least {FEWEST_STUDIES} studies, not {k}: give each with its own interval"
        )
    design = design or intercept_only(k)
    if k == design.p:
        raise Refused(f"there are as many coefficients as studies ({k}): leave moderators out")
    return fitted(effects(y, k), independent(v).variances, design, options or RegressionOptions())


def fitted(y: Floats, v: Floats, design: Design, options: RegressionOptions) -> Regression:
    """Fit as ``regression`` does, of checked numbers; fewer studies than there allowed.

    Where the coefficients leave nothing, tau² is 0 and the interval is Wald's.
    """
    checked_level(options.level)
    between = 0.0 if options.method is None else tau2(y, v, options.method, design.basis)
    gls = least_squares(y, design, diagonal(v + between))
    factor, df = _scaled(gls, options.interval)
    covariance = factor * gls.estimates_covariance
    null = least_squares(y, design, diagonal(v))
    i2, h2 = _shares(null, between, options.method)
    return Regression(
        k=design.k,
        options=options,
        coefficients=coefficients(design.names, gls.estimates, covariance, (df,) * design.p, options.level),
        moderators=_tested(gls, covariance, df),
        terms=tuple((name, tested(gls, covariance, places, df)) for name, places in design.terms),
        tau2=between,
        i2=i2,
        h2=h2,
        r2=_explained(y, v, null, between, options.method),
        q=null.q,
        q_df=design.k - design.p,
        q_p=chi_square_tail(null.q, design.k - design.p),
        covariance=covariance,
        gls=gls,
    )


def tested(gls: Gls, covariance: Floats, places: Sequence[int], df: float | None) -> WaldTest | Undefined:
    """Wald test of the coefficients at ``places``."""
    chosen = list(places)
    return wald(gls.estimates[chosen], covariance[np.ix_(chosen, chosen)], df)


def _tested(gls: Gls, covariance: Floats, df: int | None) -> WaldTest | Undefined | None:
    moderators = gls.design.moderators
    return tested(gls, covariance, moderators, df) if moderators else None


def _scaled(gls: Gls, interval: Interval) -> tuple[float, int | None]:
    """Hartung and Knapp's factor on the covariance, and the degrees of freedom (None: normal)."""
    df = gls.design.k - gls.design.p
    if interval is Interval.WALD or not df:
        return 1.0, None
    factor = gls.q / df
    return (max(1.0, factor) if interval is Interval.HARTUNG_KNAPP_GUARDED else factor), df


def _shares(null: Gls, between: float, method: Tau2Method | None) -> tuple[float, float]:
    df = null.design.k - null.design.p
    if not df:
        return 0.0, 1.0
    if method is None:
        return (max(0.0, 100 * (null.q - df) / null.q) if null.q > 0 else 0.0), null.q / df
    typical = typical_variance(null.covariance, null.design)
    return 100 * between / (between + typical), 1 + between / typical


def _explained(
    y: Floats, v: Floats, null: Gls, between: float, method: Tau2Method | None
) -> float | Undefined:
    if null.design.p == 1:
        return Undefined("there are no moderators to explain anything")
    mean = intercept_only(len(y))
    if method is None:
        # Adjusted R² of the weighted regression: mean squares instead of variances between studies.
        without = least_squares(y, mean, null.covariance).q / (len(y) - 1)
        return _share_gone(without, null.q / max(1, null.design.k - null.design.p))
    return _share_gone(tau2(y, v, method, mean.basis), between)


def _share_gone(before: float, after: float) -> float | Undefined:
    if before <= 0:
        return Undefined("without moderators there is no variance between studies to explain")
    return max(0.0, 100 * (before - after) / before)
