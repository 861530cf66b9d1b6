"""How much the studies differ: Cochran's Q, I² and H², and the interval of tau² by its Q profile.

Q by Cochran, Biometrics 1954;10:101-129; I² and H² by Higgins and Thompson, Stat Med 2002;21:1539-1558; the Q
profile by Viechtbauer, Stat Med 2007;26:37-52. As metafor's ``rma`` and ``confint.rma.uni``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curation.synthesis.quantiles import checked_level, chi_square_quantile
from curation.synthesis.tau2 import tau2_where_q_is
from curation.synthesis.weighted import Floats, variances, weighted

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Spread:
    """tau², I² (percent), H² and Q of one model."""

    tau2: float
    i2: float
    h2: float
    q: float


@dataclass(frozen=True, slots=True)
class Profile:
    """Intervals of tau², I² (percent) and H² at ``level``.

    ``empty``: the effect sizes lie closer together than chance alone lets them at this level, so that no tau²
    of 0 or more is compatible with them; the limits are then all at no heterogeneity.
    """

    level: float
    tau2_low: float
    tau2_high: float
    i2_low: float
    i2_high: float
    h2_low: float
    h2_high: float
    empty: bool


def common_spread(y: Floats, v: Floats) -> Spread:
    """Under one common effect: I² = (Q - df)/Q not below 0, H² = Q/df; for one study 0 and 1."""
    q, df = cochran_q(y, v), len(y) - 1
    i2 = max(0.0, 100 * (q - df) / q) if q > 0 else 0.0
    return Spread(0.0, i2, q / df if df else 1.0, q)


def random_spread(y: Floats, v: Floats, tau2: float) -> Spread:
    """With a tau² of any estimator: I² and H² compare it to the typical variance within studies."""
    typical = typical_variance(v)
    return Spread(tau2, 100 * tau2 / (tau2 + typical), 1 + tau2 / typical, cochran_q(y, v))


def q_profile(yi: Sequence[float], sei: Sequence[float], level: float = 0.95) -> Profile | None:
    """Interval of tau², and of I² and H² by it; exact for normal effect sizes, whatever estimated tau².

    Its ends are the tau² at which the generalised Q is at the quantiles of chi-square on k - 1 degrees of
    freedom. None for one study, which says nothing of differences. Raises as ``common_effect``.
    """
    checked_level(level)
    data = weighted(yi, variances(sei))
    if not data.df:
        return None
    low = tau2_where_q_is(data, chi_square_quantile((1 + level) / 2, data.df))
    high = tau2_where_q_is(data, chi_square_quantile((1 - level) / 2, data.df))
    return _profile(low or 0.0, high, typical_variance(data.v) * data.unit**2, level)


def _profile(low: float, high: float | None, typical: float, level: float) -> Profile:
    top = 0.0 if high is None else high
    return Profile(
        level=level,
        tau2_low=low,
        tau2_high=top,
        i2_low=100 * low / (low + typical),
        i2_high=100 * top / (top + typical),
        h2_low=1 + low / typical,
        h2_high=1 + top / typical,
        empty=high is None,
    )


def cochran_q(y: Floats, v: Floats) -> float:
    """Weighted sum of squares about the common-effect mean."""
    beside, weights = y - y[0], 1 / v
    mean = float(weights @ beside) / float(weights.sum())
    return float(weights @ (beside - mean) ** 2)


def typical_variance(v: Floats) -> float:
    """Higgins and Thompson's s²; for one study its own variance (any would do, since tau² is then 0)."""
    if len(v) == 1:
        return float(v[0])
    # The usual (sum w)² - sum w², as twice the sum of the products of pairs: one heavy study takes no digits.
    weights = np.sort(1 / v)
    pairs = float(weights[1:] @ np.cumsum(weights)[:-1])
    return (len(v) - 1) * float(weights.sum()) / (2 * pairs)
