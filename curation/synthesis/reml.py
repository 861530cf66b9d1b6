"""Restricted maximum likelihood of the between-study variance tau²."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

if TYPE_CHECKING:
    from collections.abc import Iterator

Floats: TypeAlias = npt.NDArray[np.float64]

_EPS = float(np.finfo(np.float64).eps)
# No weight changes by more than a tenth between grid points: close enough to see each turn of the score.
_GRID_STEP = 0.1
# The bound below is reached exactly where all variances are equal; a little more keeps the root inside.
_MARGIN = 1.01


def reml(yi: Floats, vi: Floats) -> float:
    """tau² that maximises the restricted likelihood, exactly 0.0 on the boundary; 0.0 for a single study.

    ``yi`` are effect sizes, ``vi`` > 0 their variances. Viechtbauer, J Educ Behav Stat 2005;30:261-293.
    Where the likelihood has several maxima the highest is taken (iterations such as Fisher scoring stop at
    the nearest, or circle): the score is followed over all tau² it can vanish at, and each fall through 0
    is solved by Brent's method to rounding.
    """
    if len(yi) < 2:  # noqa: PLR2004 - a variance between studies needs two of them
        return 0.0
    maxima = list(_maxima(yi, vi))
    return maxima[0] if len(maxima) == 1 else max(maxima, key=lambda tau2: _log_likelihood(tau2, yi, vi))


def _maxima(yi: Floats, vi: Floats) -> Iterator[float]:
    grid = _grid(yi, vi)
    scores = [_score(tau2, yi, vi) for tau2 in grid]
    if scores[0] <= 0:
        yield 0.0
    smallest = float(vi.min())
    for (left, right), (before, after) in zip(pairwise(grid), pairwise(scores), strict=True):
        if before > 0 >= after:
            # xtol: a change of tau² below it changes no weight.
            yield float(brentq(_score, left, right, args=(yi, vi), xtol=_EPS * smallest, rtol=4 * _EPS))


def _grid(yi: Floats, vi: Floats) -> list[float]:
    smallest = float(vi.min())
    top = max(_bound(yi, vi), smallest) * _MARGIN
    points = math.ceil(math.log(top / smallest) / _GRID_STEP) + 1
    return [0.0, *(np.geomspace(smallest, top, points + 1)[1:] - smallest).tolist()]


def _bound(yi: Floats, vi: Floats) -> float:
    # With S = sum (y - mean y)², the first term of the score is at most S / (v_min + tau²)², and the rest at
    # least (k - 1) / (v_max + tau²); the score is below 0 once x = v_min + tau² passes the root of
    # (k - 1) x² - S x - S (v_max - v_min).
    n, spread = len(yi) - 1, float(((yi - yi.mean()) ** 2).sum())
    return (spread + math.sqrt(spread**2 + 4 * n * spread * float(vi.max() - vi.min()))) / (2 * n)


def _score(tau2: float, yi: Floats, vi: Floats) -> float:
    w = 1 / (vi + tau2)
    total, squares = float(w.sum()), float(w @ w)
    residual = w * (yi - float(w @ yi) / total)
    return float(residual @ residual) - total + squares / total


def _log_likelihood(tau2: float, yi: Floats, vi: Floats) -> float:
    w = 1 / (vi + tau2)
    total = float(w.sum())
    residual = yi - float(w @ yi) / total
    return -0.5 * (math.log(total) - float(np.log(w).sum()) + float(w @ residual**2))
