"""Models of meta-analysis for one effect size a study: common effect, and random effects fitted by REML.

On any scale: the effect sizes ``yi`` come with their standard errors ``sei``. Values agree with R's metafor
(``rma(method="FE")`` and ``rma(method="REML")`` with test "z", "knha" and "adhoc"), save that metafor stops
its iteration for tau² at an absolute step of 1e-5 unless told otherwise; here the score is solved to
rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from curation.errors import BadInput, Refused
from curation.synthesis.quantiles import chi_square_tail, normal_quantile, t_quantile
from curation.synthesis.reml import reml

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats: TypeAlias = npt.NDArray[np.float64]

FEWEST_FOR_PREDICTION = 3  # t on k - 2 degrees of freedom

# Beyond this ratio of standard errors the smaller weights are lost in rounding, and one of them is mistyped.
_WIDEST_RATIO = 1e6


class Interval(StrEnum):
    """How the interval of the mean is made."""

    WALD = "Wald"
    HARTUNG_KNAPP = "Hartung-Knapp"
    HARTUNG_KNAPP_GUARDED = "Hartung-Knapp, variance factor not below 1"


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model, on the scale of its effect sizes.

    ``low`` to ``high`` is the interval of the mean at ``level``, by ``interval`` on ``df`` degrees of freedom
    (None: normal). ``q`` is Cochran's Q with its degrees of freedom and p value; ``i2`` (percent) and
    ``h2`` are Higgins and Thompson's. ``pi_low`` to ``pi_high`` is the prediction interval, where the model
    has one. ``weights`` are percentages, in the order of the effect sizes.
    """

    k: int
    estimate: float
    se: float
    low: float
    high: float
    level: float
    interval: Interval
    df: int | None
    tau2: float
    i2: float
    h2: float
    q: float
    q_df: int
    q_p: float
    pi_low: float | None
    pi_high: float | None
    weights: tuple[float, ...]


def common_effect(yi: Sequence[float], sei: Sequence[float], level: float = 0.95) -> Fit:
    """Inverse-variance mean under one common effect, with its normal interval.

    Q by Cochran (1954), I² = (Q - df)/Q not below 0 (Higgins, Thompson, Stat Med 2002;21:1539-1558). One
    study: its own value and interval, Q = 0, I² = 0. Raises Refused without any, BadInput on what is no
    standard error.
    """
    y, se = _checked(yi, sei)
    q, df = _cochran(y, se), len(y) - 1
    i2 = max(0.0, 100 * (q - df) / q) if q > 0 else 0.0
    return _fit(_Mean(y, se, 0.0), _Spread(0.0, i2, q / df if df else 1.0, q), Interval.WALD, level)


def random_effects(
    yi: Sequence[float],
    sei: Sequence[float],
    interval: Interval = Interval.HARTUNG_KNAPP_GUARDED,
    level: float = 0.95,
) -> Fit:
    """Random-effects mean with tau² by REML, its interval, and the prediction interval from three studies on.

    Interval of the mean: Wald, or t on k - 1 degrees of freedom with the variance of Hartung, Knapp (Stat
    Med 2001;20:3875-3889) and Sidik, Jonkman (Stat Med 2002;21:3153-3159); *guarded*, its factor q = sum
    w(y - mean)²/(k - 1) is not let below 1, since with few or uniform studies the interval would else be
    narrower than Wald's (Röver, Knapp, Friede, BMC Med Res Methodol 2015;15:99). Prediction interval: t on
    k - 2 degrees of freedom times sqrt(tau² + SE²), SE being that of the interval (Higgins, Thompson,
    Spiegelhalter, J R Stat Soc A 2009;172:137-159; Riley, Higgins, Deeks, BMJ 2011;342:d549). I² and H²
    from tau² and the typical within-study variance, as metafor does for REML.

    One study: tau² cannot be estimated and is 0, and there is no t on 0 degrees of freedom, so its own Wald
    interval stands, and ``interval`` in the result says so. Raises as ``common_effect``.
    """
    y, se = _checked(yi, sei)
    tau2 = reml(y, se**2)
    typical = _typical_variance(se)
    i2, h2 = 100 * tau2 / (tau2 + typical), 1 + tau2 / typical
    used = interval if len(y) > 1 else Interval.WALD
    return _with_prediction(_fit(_Mean(y, se, tau2), _Spread(tau2, i2, h2, _cochran(y, se)), used, level))


@dataclass(frozen=True, slots=True)
class _Spread:
    tau2: float
    i2: float
    h2: float
    q: float


class _Mean:
    """Weighted mean under a given tau²; ``factor`` is Hartung and Knapp's q."""

    def __init__(self, y: Floats, se: Floats, tau2: float) -> None:
        weights = 1 / (se**2 + tau2)
        self.k = len(y)
        self.shares = weights / weights.sum()
        self.value = float(self.shares @ y)
        self.se = 1 / math.sqrt(float(weights.sum()))
        self.factor = float(weights @ (y - self.value) ** 2) / (self.k - 1) if self.k > 1 else 1.0


def _fit(mean: _Mean, spread: _Spread, interval: Interval, level: float) -> Fit:
    df = None if interval is Interval.WALD else mean.k - 1
    se = _standard_error(mean, interval)
    half = se * (normal_quantile(level) if df is None else t_quantile(level, df))
    return Fit(
        k=mean.k,
        estimate=mean.value,
        se=se,
        low=mean.value - half,
        high=mean.value + half,
        level=level,
        interval=interval,
        df=df,
        tau2=spread.tau2,
        i2=spread.i2,
        h2=spread.h2,
        q=spread.q,
        q_df=mean.k - 1,
        q_p=chi_square_tail(spread.q, mean.k - 1),
        pi_low=None,
        pi_high=None,
        weights=tuple((100 * mean.shares).tolist()),
    )


def _standard_error(mean: _Mean, interval: Interval) -> float:
    match interval:
        case Interval.WALD:
            return mean.se
        case Interval.HARTUNG_KNAPP:
            return mean.se * math.sqrt(mean.factor)
        case Interval.HARTUNG_KNAPP_GUARDED:
            return mean.se * math.sqrt(max(1.0, mean.factor))


def _with_prediction(fit: Fit) -> Fit:
    if fit.k < FEWEST_FOR_PREDICTION:
        return fit
    half = t_quantile(fit.level, fit.k - 2) * math.sqrt(fit.tau2 + fit.se**2)
    return replace(fit, pi_low=fit.estimate - half, pi_high=fit.estimate + half)


def _cochran(y: Floats, se: Floats) -> float:
    weights = se**-2
    mean = float(weights @ y) / float(weights.sum())
    return float(weights @ (y - mean) ** 2)


def _typical_variance(se: Floats) -> float:
    # Higgins and Thompson's s²; for one study any positive value will do, since tau² is 0.
    weights = se**-2
    total = float(weights.sum())
    if len(se) == 1:
        return 1 / total
    return (len(se) - 1) * total / (total**2 - float(weights @ weights))


def _checked(yi: Sequence[float], sei: Sequence[float]) -> tuple[Floats, Floats]:
    y, se = np.asarray(yi, dtype=np.float64), np.asarray(sei, dtype=np.float64)
    if y.shape != se.shape or y.ndim != 1:
        raise BadInput(f"{y.size} effect sizes and {se.size} standard errors: one of each is needed a study")
    if not y.size:
        raise Refused("there is nothing to pool: no effect size was given")
    if not (np.isfinite(y).all() and np.isfinite(se).all() and (se > 0).all()):
        raise BadInput("effect sizes must be finite, and standard errors finite and above 0")
    if se.max() > _WIDEST_RATIO * se.min():
        raise BadInput(f"standard errors of {se.min():g} and {se.max():g} cannot be pooled; is one mistyped?")
    return y, se
