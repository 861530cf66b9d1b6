"""The between-study variance tau² of highest likelihood, restricted (REML) or full (ML)."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.optimize import brentq

from curation.synthesis.weighted import Floats, Sums, Weighted, weighted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_Curve: TypeAlias = Callable[[Sums], Floats]

_EPS = float(np.finfo(np.float64).eps)
# No weight changes by more than a tenth between grid points: close enough to see each turn of the score.
_GRID_STEP = 0.1
# The bound below is reached exactly where all variances are equal; a little more keeps the root inside.
_MARGIN = 1.01


def reml(yi: Sequence[float] | Floats, vi: Sequence[float] | Floats, design: Floats | None = None) -> float:
    """tau² that maximises the restricted likelihood, exactly 0.0 on the boundary; 0.0 for a single study.

    ``yi`` are effect sizes, ``vi`` > 0 their variances, ``design`` as in ``weighted``, which also says what is
    refused. Viechtbauer, J Educ Behav Stat 2005;30:261-293. Where the likelihood has several maxima the
    highest is taken (iterations such as Fisher scoring stop at the nearest, or circle): the score is followed
    over all tau² it can vanish at, and each fall through 0 is solved by Brent's method to rounding.
    """
    return reml_of(weighted(yi, vi, design))


def reml_of(data: Weighted) -> float:
    """``reml`` of effect sizes that are prepared already."""
    return _highest(data, lambda s: s.yppy - s.trace_p, lambda s: s.log_w - s.log_xwx - s.ypy)


def ml_of(data: Weighted) -> float:
    """tau² that maximises the full likelihood; biased towards 0, since it takes the mean as known."""
    return _highest(data, lambda s: s.yppy - s.trace_w, lambda s: s.log_w - s.ypy)


def _highest(data: Weighted, score: _Curve, likelihood: _Curve) -> float:
    if not data.df:
        return 0.0
    maxima = list(_maxima(data, score))
    best = int(np.argmax(likelihood(data.sums(np.array(maxima))))) if len(maxima) > 1 else 0
    return maxima[best] * data.unit**2


def _maxima(data: Weighted, score: _Curve) -> Iterator[float]:
    grid = _grid(data)
    scores = score(data.sums(grid))
    if scores[0] <= 0:
        yield 0.0

    def at(tau2: float) -> float:
        return float(score(data.sums(np.array([tau2])))[0])

    for (left, right), (before, after) in zip(pairwise(grid), pairwise(scores), strict=True):
        if before > 0 >= after:
            yield _root(at, float(left), float(right), _EPS * float(data.v.min()))


def _root(at: Callable[[float], float], left: float, right: float, xtol: float) -> float:
    # One study that outweighs all others leaves of the score only rounding near its root: its sign may not be the
    # grid's.
    if at(left) <= 0:
        return left
    if at(right) > 0:
        return right
    # xtol: a change of tau² below it changes no weight.
    return float(brentq(at, left, right, xtol=xtol, rtol=4 * _EPS))


def _grid(data: Weighted) -> Floats:
    smallest = float(data.v.min())
    top = max(_bound(data), smallest) * _MARGIN
    points = math.ceil(math.log(top / smallest) / _GRID_STEP) + 1
    return np.concatenate([[0.0], np.geomspace(smallest, top, points + 1)[1:] - smallest])


def _bound(data: Weighted) -> float:
    # P = W^½ M W^½ with a projection M of rank k - p: with S the spread about the unweighted fit, the first
    # term of either score is at most S / (v_min + tau²)², and the rest at least (k - p) / (v_max + tau²); the
    # score is below 0 once x = v_min + tau² passes the root of (k - p) x² - S x - S (v_max - v_min).
    n, spread = data.df, data.spread
    width = float(data.v.max() - data.v.min())
    return (spread + math.sqrt(spread**2 + 4 * n * spread * width)) / (2 * n)
