"""Eight estimators of the between-study variance tau², for any design.

Viechtbauer, J Educ Behav Stat 2005;30:261-293 compares them; Veroniki, Jackson, Viechtbauer et al., Res Synth
Methods 2016;7:55-79 review them. Each agrees with R's metafor (``rma(method=...)``), save that metafor stops
its iterations at an absolute step of 1e-5 unless told otherwise; here every root is solved to rounding.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from curation.synthesis.reml import ml_of, reml_of
from curation.synthesis.weighted import Floats, Weighted, weighted

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPS = float(np.finfo(np.float64).eps)
# The root's bound is reached exactly where all variances are equal; a little more keeps the root inside.
_MARGIN = 1.01


class Tau2Method(StrEnum):
    """How tau² is estimated, by metafor's abbreviations."""

    DL = "DL"
    REML = "REML"
    ML = "ML"
    PM = "PM"
    EB = "EB"
    SJ = "SJ"
    HS = "HS"
    HE = "HE"

    @property
    def named(self) -> str:
        """The estimator's name, for sentences."""
        return _NAMES[self]


_NAMES = {
    Tau2Method.DL: "DerSimonian and Laird's estimator",
    Tau2Method.REML: "restricted maximum likelihood",
    Tau2Method.ML: "maximum likelihood",
    Tau2Method.PM: "Paule and Mandel's estimator",
    Tau2Method.EB: "the empirical Bayes estimator",
    Tau2Method.SJ: "Sidik and Jonkman's estimator",
    Tau2Method.HS: "Hunter and Schmidt's estimator",
    Tau2Method.HE: "Hedges' estimator",
}


def tau2(
    y: Sequence[float] | Floats,
    v: Sequence[float] | Floats,
    method: Tau2Method,
    design: Floats | None = None,
) -> float:
    """Between-study variance of effect sizes ``y`` with variances ``v`` > 0; not below 0.

    ``design`` (k x p) has a row a study and its intercept among its columns; None is the intercept alone. With
    as many coefficients as studies (one study) nothing is left to estimate it from, and it is 0. The unit is
    the square of that of ``y``. Raises as ``weighted``.
    """
    return tau2_of(weighted(y, v, design), method)


def tau2_of(data: Weighted, method: Tau2Method) -> float:
    """``tau2`` of effect sizes that are prepared already."""
    if not data.df:
        return 0.0
    match method:
        case Tau2Method.REML:
            return reml_of(data)
        case Tau2Method.ML:
            return ml_of(data)
        case Tau2Method.PM | Tau2Method.EB:
            return _where_q_is(data, data.df) * data.unit**2
        case _:
            return max(0.0, _closed(data, method)) * data.unit**2


def tau2_where_q_is(data: Weighted, q: float) -> float | None:
    """tau² at which the generalised Q, y'Py, falls to ``q`` > 0; None where it is below ``q`` at once.

    Q falls steadily as tau² grows, so there is at most one. Its value at k - p is Paule and Mandel's estimate
    (J Res Natl Bur Stand 1982;87:377-385), at chi-square quantiles the limits of Viechtbauer's Q profile.
    """
    root = _where_q_is(data, q)
    return None if root == 0 and _q(data, 0.0) < q else root * data.unit**2


def _where_q_is(data: Weighted, q: float) -> float:
    if _q(data, 0.0) <= q:
        return 0.0
    smallest = float(data.v.min())
    # y'Py is at most S / (v_min + tau²).
    top = data.spread / q * _MARGIN
    return float(brentq(lambda t: _q(data, t) - q, 0.0, top, xtol=_EPS * smallest, rtol=4 * _EPS))


def _q(data: Weighted, tau2: float) -> float:
    return float(data.sums(np.array([tau2])).ypy[0])


def _closed(data: Weighted, method: Tau2Method) -> float:
    match method:
        case Tau2Method.HE:
            return _hedges(data)
        case Tau2Method.SJ:
            return _sidik_jonkman(data)
        case _:
            sums = data.sums(np.zeros(1))
            q, trace_p, trace_w = float(sums.ypy[0]), float(sums.trace_p[0]), float(sums.trace_w[0])
            by_moments = method is Tau2Method.DL
            return (q - data.df) / trace_p if by_moments else (q - len(data.v)) / trace_w


def _hedges(data: Weighted) -> float:
    # Hedges, Olkin 1985: the spread about the unweighted fit, less what the variances lead one to expect.
    kept = 1 - (data.basis**2).sum(axis=1)
    return (data.spread - float(kept @ data.v)) / data.df


def _sidik_jonkman(data: Weighted) -> float:
    # Sidik, Jonkman, J R Stat Soc C 2005;54:367-384, from the variance of the effect sizes about their mean
    # (divisor k) as the crude start, as in metafor also where there are covariates.
    crude = data.total / len(data.v)
    return crude * _q(data, crude) / data.df
