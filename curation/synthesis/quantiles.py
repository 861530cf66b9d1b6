"""Quantiles and tails the models need, from ``scipy.special`` (``scipy.stats`` takes 0.9 s to import).

scipy's own quantiles are off by up to 4e-9 relative in some versions, its distribution functions are not: one
Newton step on the tail brings a quantile to rounding in all of them (a test holds each to R's).
"""

from __future__ import annotations

import math

from scipy.special import chdtrc, chdtri, fdtrc, ndtr, ndtri, stdtr, stdtrit

from curation.errors import BadInput

# Nearer to 0 or 1 the tails lose the digits that everything here promises.
_LOWEST_LEVEL, _HIGHEST_LEVEL = 1e-6, 1 - 1e-6


def checked_level(level: float) -> float:
    """The level of an interval as it was given; BadInput where it is none."""
    if not _LOWEST_LEVEL <= level <= _HIGHEST_LEVEL:
        raise BadInput(f"level {level} is not between 0 and 1 (write 0.95 for 95%)")
    return level


def normal_quantile(level: float) -> float:
    """Give z with ``level`` of the standard normal between -z and z: 1.95996… for 0.95."""
    return -float(ndtri((1 - level) / 2))


def normal_cdf(z: float) -> float:
    """Probability of at most ``z`` under the standard normal."""
    return float(ndtr(z))


def t_quantile(level: float, df: float) -> float:
    """Give t with ``level`` of Student's distribution on ``df`` > 0 degrees of freedom between -t and t."""
    tail = (1 - level) / 2
    t = -float(stdtrit(df, tail))
    return t + (float(stdtr(df, -t)) - tail) / _t_density(t, df)


def two_sided_tail(statistic: float, df: float | None) -> float:
    """Probability of a statistic at least this far from 0, under t on ``df`` degrees of freedom (None: normal)."""
    below = -abs(statistic)
    return 2 * float(ndtr(below) if df is None else stdtr(df, below))


def chi_square_tail(q: float, df: float) -> float:
    """Probability of at least ``q`` under chi-square on ``df`` degrees of freedom; 1 where ``df`` is 0."""
    return float(chdtrc(df, q)) if df else 1.0


def chi_square_quantile(p: float, df: float) -> float:
    """Give q with probability ``p`` below it under chi-square on ``df`` > 0 degrees of freedom."""
    tail = 1 - p
    q = float(chdtri(df, tail))
    return q + (float(chdtrc(df, q)) - tail) / _chi_square_density(q, df)


def f_tail(f: float, df1: float, df2: float) -> float:
    """Probability of at least ``f`` under F on ``df1`` and ``df2`` degrees of freedom."""
    return float(fdtrc(df1, df2, f))


def _t_density(t: float, df: float) -> float:
    scale = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - math.log(df * math.pi) / 2
    return math.exp(scale - (df + 1) / 2 * math.log1p(t * t / df))


def _chi_square_density(q: float, df: float) -> float:
    return math.exp((df / 2 - 1) * math.log(q) - q / 2 - df / 2 * math.log(2) - math.lgamma(df / 2))
