"""Models of meta-analysis for one effect size a study: common effect, and random effects.

On any scale: the effect sizes ``yi`` come with their standard errors ``sei``. Values agree with R's metafor
(``rma(method=...)`` with test "z", "knha" and "adhoc"), save that metafor stops its iteration for tau² at an
absolute step of 1e-5 unless told otherwise; here the score is solved to rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from curation.synthesis.heterogeneity import Spread, common_spread, random_spread
from curation.synthesis.quantiles import (
    checked_level,
    chi_square_tail,
    normal_quantile,
    t_quantile,
    two_sided_tail,
)
from curation.synthesis.tau2 import Tau2Method, tau2
from curation.synthesis.weighted import Floats, checked, variances

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_FOR_PREDICTION = 3  # t on k - 2 degrees of freedom


class Interval(StrEnum):
    """How the interval of the mean is made."""

    WALD = "Wald"
    HARTUNG_KNAPP = "Hartung-Knapp"
    HARTUNG_KNAPP_GUARDED = "Hartung-Knapp, variance factor not below 1"


class Prediction(StrEnum):
    """Which quantile makes the prediction interval out of sqrt(tau² + SE²).

    K_MINUS_2 is Higgins', Thompson's and Spiegelhalter's t (J R Stat Soc A 2009;172:137-159; Riley, Higgins,
    Deeks, BMJ 2011;342:d549). LIKE_MEAN takes the quantile of the mean's interval, normal or t on k - 1
    degrees of freedom, as metafor does unless asked; it is a little narrower.
    """

    K_MINUS_2 = "t on k - 2 degrees of freedom"
    LIKE_MEAN = "the quantile of the mean's interval"


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model, on the scale of its effect sizes.

    ``low`` to ``high`` is the interval of the mean at ``level``, by ``interval`` on ``df`` degrees of freedom
    (None: normal); ``statistic`` = estimate / SE with its two-sided ``p`` tests a mean of 0, both None where
    the SE is 0. ``tau2`` was estimated by ``method`` (None: one common effect). ``q`` is Cochran's Q with its
    degrees of freedom and p value; ``i2`` (percent) and ``h2`` are Higgins and Thompson's. ``pi_low`` to
    ``pi_high`` is the prediction interval, where the model has one. ``weights`` are percentages, in the order
    of the effect sizes.
    """

    k: int
    estimate: float
    se: float
    statistic: float | None
    p: float | None
    low: float
    high: float
    level: float
    interval: Interval
    df: int | None
    method: Tau2Method | None
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
    y, v = _checked(yi, sei, level)
    return _fit(_Mean(y, v, 0.0), common_spread(y, v), Interval.WALD, level, None)


def random_effects(
    yi: Sequence[float],
    sei: Sequence[float],
    interval: Interval = Interval.HARTUNG_KNAPP_GUARDED,
    level: float = 0.95,
    method: Tau2Method = Tau2Method.REML,
) -> Fit:
    """Random-effects mean with tau² by ``method``, its interval, and the prediction interval from three studies on.

    Interval of the mean: Wald, or t on k - 1 degrees of freedom with the variance of Hartung, Knapp (Stat
    Med 2001;20:3875-3889) and Sidik, Jonkman (Stat Med 2002;21:3153-3159); *guarded*, its factor q = sum
    w(y - mean)²/(k - 1) is not let below 1, since with few or uniform studies the interval would else be
    narrower than Wald's (Röver, Knapp, Friede, BMC Med Res Methodol 2015;15:99). Prediction interval by
    ``Prediction.K_MINUS_2``; ``with_prediction`` gives the other. I² and H² from tau² and the typical
    within-study variance, as metafor does: with DL this is (Q - df)/Q.

    One study: tau² cannot be estimated and is 0, and there is no t on 0 degrees of freedom, so its own Wald
    interval stands, and ``interval`` in the result says so. Raises as ``common_effect``.
    """
    y, v = _checked(yi, sei, level)
    between = tau2(y, v, method)
    used = interval if len(y) > 1 else Interval.WALD
    fit = _fit(_Mean(y, v, between), random_spread(y, v, between), used, level, method)
    return with_prediction(fit)


def with_prediction(fit: Fit, prediction: Prediction = Prediction.K_MINUS_2) -> Fit:
    """The same fit with its prediction interval of that kind: sqrt(tau² + SE²), SE being that of the interval.

    None for a common effect, for one study, and for two where t has k - 2 degrees of freedom.
    """
    least = FEWEST_FOR_PREDICTION if prediction is Prediction.K_MINUS_2 else 2
    if fit.method is None or fit.k < least:
        return replace(fit, pi_low=None, pi_high=None)
    df = fit.k - 2 if prediction is Prediction.K_MINUS_2 else fit.df
    half = _quantile(fit.level, df) * math.hypot(math.sqrt(fit.tau2), fit.se)
    return replace(fit, pi_low=fit.estimate - half, pi_high=fit.estimate + half)


class _Mean:
    """Weighted mean under a given tau²; ``factor`` is Hartung and Knapp's q."""

    def __init__(self, y: Floats, v: Floats, tau2: float) -> None:
        weights = 1 / (v + tau2)
        self.k = len(y)
        self.shares = weights / weights.sum()
        # About one of the studies: a mean far from 0 takes no digits from the differences.
        beside = y - y[0]
        offset = float(self.shares @ beside)
        self.value = float(y[0]) + offset
        self.se = 1 / math.sqrt(float(weights.sum()))
        self.factor = float(weights @ (beside - offset) ** 2) / (self.k - 1) if self.k > 1 else 1.0


def _fit(mean: _Mean, spread: Spread, interval: Interval, level: float, method: Tau2Method | None) -> Fit:
    df = None if interval is Interval.WALD else mean.k - 1
    se = _standard_error(mean, interval)
    half = se * _quantile(level, df)
    statistic = mean.value / se if se else None
    return Fit(
        k=mean.k,
        estimate=mean.value,
        se=se,
        statistic=statistic,
        p=None if statistic is None else two_sided_tail(statistic, df),
        low=mean.value - half,
        high=mean.value + half,
        level=level,
        interval=interval,
        df=df,
        method=method,
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


def _quantile(level: float, df: int | None) -> float:
    return normal_quantile(level) if df is None else t_quantile(level, df)


def _standard_error(mean: _Mean, interval: Interval) -> float:
    match interval:
        case Interval.WALD:
            return mean.se
        case Interval.HARTUNG_KNAPP:
            return mean.se * math.sqrt(mean.factor)
        case Interval.HARTUNG_KNAPP_GUARDED:
            return mean.se * math.sqrt(max(1.0, mean.factor))


def _checked(yi: Sequence[float], sei: Sequence[float], level: float) -> tuple[Floats, Floats]:
    checked_level(level)
    return checked(yi, variances(sei))
