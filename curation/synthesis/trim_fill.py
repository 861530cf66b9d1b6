"""Trim and fill: how many studies a symmetric funnel would need besides, and the model with them.

Duval, Tweedie, Biometrics 2000;56:455-463 and J Am Stat Assoc 2000;95:89-98. A sensitivity analysis, not an
estimate to report: it takes all asymmetry for suppression and fills where heterogeneity alone is at work
(Peters, Sutton, Jones et al., Stat Med 2007;26:4544-4562). As metafor's ``trimfill``, save that the last fit is
as exact as the others here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from curation.errors import Refused
from curation.synthesis.coefficients import Undefined
from curation.synthesis.funnel import FEWEST, Asymmetry, Predictor, Regression, regression_test
from curation.synthesis.models import Fit, random_effects
from curation.synthesis.weighted import Floats, checked, variances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curation.synthesis.leave_out import Pool

_LEAST = 3  # below it no side can be told

# Distances from the mean that differ by less than this share of the largest are equal but for rounding.
_DIGITS = 12
# So are effects whose distances are below this share of their size.
_SAME = 1e-13
# And so is a slope that is this small beside its error.
_LEVEL = 1e-9


class Estimator(StrEnum):
    """Duval and Tweedie's estimators of the number missing; they recommend L0 and R0."""

    L0 = "L0"
    R0 = "R0"
    Q0 = "Q0"


class Side(StrEnum):
    """Where in the funnel studies are missing, and are filled."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Filling:
    """How to trim and fill: by which estimator, on which ``side`` (None: told by the regression on the error).

    ``fewest`` studies are asked for, never fewer than three.
    """

    estimator: Estimator = Estimator.L0
    side: Side | None = None
    fewest: int = FEWEST


L0 = Filling()


@dataclass(frozen=True, slots=True)
class TrimFill:
    """``missing`` studies on ``side`` with its standard error (None: not defined for these ranks).

    ``p`` tests that none is missing, which only R0 can. ``filled`` are (effect, standard error) of those put
    in, mirror images about the trimmed mean, and ``fit`` the model with them: that of the studies alone where
    none is missing.
    """

    k: int
    filling: Filling
    side: Side
    missing: int
    missing_se: float | None
    p: float | None
    filled: tuple[tuple[float, float], ...]
    fit: Fit


def trim_and_fill(
    yi: Sequence[float], sei: Sequence[float], filling: Filling = L0, pool: Pool = random_effects
) -> TrimFill | Undefined:
    """Trim the outer studies of the fuller side until the rest is symmetric, and fill in their mirror images.

    Ties in distance rank by effect, as in metafor. Undefined where the side cannot be told (errors all the
    same), where Q0 has no real value (nearly all ranks on one side), where R0 has no study on the other side to
    count from, where as many studies would be missing as there are, and where the steps circle. Raises Refused
    below ``filling.fewest`` studies, and as ``pool``, which is fitted at each step.
    """
    y, _ = checked(yi, variances(sei))
    asked = max(filling.fewest, _LEAST)
    if len(y) < asked:
        raise Refused(f"{len(y)} studies are too few to trim and fill: {asked} are asked for")
    alone = pool(yi, sei)
    side = filling.side or _fuller_opposite(yi, sei, alone)
    if isinstance(side, Undefined):
        return side
    trimmed = _trimmed(_Half(yi, sei, side, pool), filling.estimator)
    if isinstance(trimmed, Undefined):
        return trimmed
    filled = trimmed.filled()
    whole = pool([*yi, *(y for y, _ in filled)], [*sei, *(se for _, se in filled)]) if filled else alone
    return _result(trimmed, filling, whole)


def _fuller_opposite(yi: Sequence[float], sei: Sequence[float], alone: Fit) -> Side | Undefined:
    regression = Regression(Predictor.SEI, method=alone.method, fewest=_LEAST)
    test = regression_test(yi, sei, regression=regression)
    if not isinstance(test, Asymmetry):
        return Undefined(f"the side cannot be told, so name it: {test.reason}")
    # A slope that is 0 but for rounding tells no side; metafor then takes the left, if rounding lets it.
    return Side.RIGHT if test.slope.estimate < -_LEVEL * test.slope.se else Side.LEFT


class _Half:
    """The studies turned so that the missing ones are on the left, and put in order."""

    def __init__(self, yi: Sequence[float], sei: Sequence[float], side: Side, pool: Pool) -> None:
        self.side, self.pool = side, pool
        self.sign = -1.0 if side is Side.RIGHT else 1.0
        turned = self.sign * np.asarray(yi, dtype=np.float64)
        order = np.argsort(turned, kind="stable")
        self.y: Floats = turned[order]
        self.se: Floats = np.asarray(sei, dtype=np.float64)[order]

    @property
    def k(self) -> int:
        return len(self.y)

    def centre(self, missing: int) -> float:
        kept = self.k - missing
        return self.pool(self.y[:kept].tolist(), self.se[:kept].tolist()).estimate

    def ranks(self, centre: float) -> Floats:
        """Ranks of the distances from ``centre``, with the sign of the side; 0 where there is none."""
        distances = self.y - centre
        largest = float(abs(distances).max())
        if largest <= _SAME * float(abs(self.y).max()):
            return np.zeros(self.k)
        rounded = np.round(distances / largest, _DIGITS)
        ranks = np.empty(self.k)
        ranks[np.argsort(abs(rounded), kind="stable")] = np.arange(1, self.k + 1)
        signed: Floats = np.sign(rounded) * ranks
        return signed


class _Count(NamedTuple):
    missing: float
    se: float | None


@dataclass(frozen=True, slots=True)
class _Trimmed:
    half: _Half
    centre: float
    missing: int
    se: float | None

    def filled(self) -> tuple[tuple[float, float], ...]:
        """Mirror images of the outermost studies about the centre."""
        half, outer = self.half, range(self.half.k - self.missing, self.half.k)
        return tuple((half.sign * (2 * self.centre - float(half.y[i])), float(half.se[i])) for i in outer)


def _trimmed(half: _Half, estimator: Estimator) -> _Trimmed | Undefined:
    missing, seen = 0, set[int]()
    while missing not in seen:
        seen.add(missing)
        centre = half.centre(missing)
        count = _counted(half.ranks(centre), estimator)
        if isinstance(count, Undefined):
            return count
        before, missing = missing, max(0, round(count.missing))
        if missing == before:
            return _Trimmed(half, centre, missing, count.se)
        if missing >= half.k:
            return Undefined("as many studies would be missing as there are")
    return Undefined(f"the steps come back to {missing} missing studies and never settle")


def _counted(ranks: Floats, estimator: Estimator) -> _Count | Undefined:
    match estimator:
        case Estimator.L0:
            return _l0(ranks)
        case Estimator.R0:
            return _r0(ranks)
        case Estimator.Q0:
            return _q0(ranks)


def _l0(ranks: Floats) -> _Count:
    k, above = len(ranks), float(ranks[ranks > 0].sum())
    missing = (4 * above - k * (k + 1)) / (2 * k - 1)
    variance = _rank_variance(k, missing)
    return _Count(missing, 4 * math.sqrt(variance) / (2 * k - 1) if variance >= 0 else None)


def _r0(ranks: Floats) -> _Count | Undefined:
    below = ranks[ranks < 0]
    if not below.size:
        return Undefined("no study lies on the other side of the mean: R0 has nothing to count from")
    missing = len(ranks) - float(-below.min()) - 1
    return _Count(missing, math.sqrt(2 * max(0.0, missing) + 2))


def _q0(ranks: Floats) -> _Count | Undefined:
    k, above = len(ranks), float(ranks[ranks > 0].sum())
    inside = 2 * k * k - 4 * above + 0.25
    if inside < 0:
        return Undefined("nearly all studies lie on one side of the mean: Q0 has no real value there")
    missing = k - 0.5 - math.sqrt(inside)
    variance = _rank_variance(k, missing)
    defined = variance >= 0 and inside > 0
    return _Count(missing, 2 * math.sqrt(variance / inside) if defined else None)


def _rank_variance(k: int, missing: float) -> float:
    # Of the sum of positive ranks, ``missing`` unrounded (Duval, Tweedie, Biometrics 2000).
    n = missing
    whole = k * (k + 1) * (2 * k + 1)
    return (whole + 10 * n**3 + 27 * n**2 + 17 * n - 18 * k * n**2 - 18 * k * n + 6 * k**2 * n) / 24


def _result(trimmed: _Trimmed, filling: Filling, fit: Fit) -> TrimFill:
    return TrimFill(
        k=trimmed.half.k,
        filling=filling,
        side=trimmed.half.side,
        missing=trimmed.missing,
        missing_se=trimmed.se,
        # The chance that the outermost studies are all on one side: a half for each.
        p=0.5 ** (trimmed.missing + 1) if filling.estimator is Estimator.R0 else None,
        filled=trimmed.filled(),
        fit=fit,
    )
