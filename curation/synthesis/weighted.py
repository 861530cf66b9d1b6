"""Weighted least squares of effect sizes on any design: the sums that every estimator of tau² is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from curation.errors import BadInput, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats: TypeAlias = npt.NDArray[np.float64]

# Columns of length 1 whose smallest singular value is below this are one another's sums but for rounding: a
# year (2020 and a few more) beside an intercept still has 1e-3.
_COLLINEAR = 1e-10
# Beyond this ratio of variances the smaller weights are lost in rounding, and one of them is mistyped.
_WIDEST_RATIO = 1e12
# Squares of squares of what lies within stay within double precision.
_HUGE = 1e30
_NO_ERROR = "effect sizes must be finite, and standard errors finite and above 0"
# Weights of so many studies times points of a grid are in memory at once: 8 MB.
_AT_ONCE = 1_000_000


class Sums(NamedTuple):
    """Of P = W - WX(X'WX)⁻¹X'W, one number for each tau² asked for: y'Py, y'PPy, tr P, tr W, log|W|, log|X'WX|."""

    ypy: Floats
    yppy: Floats
    trace_p: Floats
    trace_w: Floats
    log_w: Floats
    log_xwx: Floats


@dataclass(frozen=True, slots=True)
class Weighted:
    """Effect sizes less their unweighted fit, with variances, in a unit that keeps every square in range.

    ``residuals`` (k) and ``v`` (k) are divided by ``unit`` and its square; ``basis`` (k x p) spans the design
    with columns at right angles. Neither step changes P, and both spare the sums their cancellation: years
    and huge means do no harm. ``total`` is the sum of squares about the plain mean.
    """

    residuals: Floats
    v: Floats
    basis: Floats
    unit: float
    total: float

    @property
    def df(self) -> int:
        """Studies less coefficients: k - p."""
        return len(self.v) - int(self.basis.shape[1])

    @property
    def spread(self) -> float:
        """Sum of squares about the unweighted fit."""
        return float(self.residuals @ self.residuals)

    def sums(self, tau2s: Floats) -> Sums:
        """All sums at each of ``tau2s`` (in squares of ``unit``)."""
        step = max(1, _AT_ONCE // len(self.v))
        parts = [self._sums(tau2s[i : i + step]) for i in range(0, len(tau2s), step)]
        return parts[0] if len(parts) == 1 else Sums(*map(np.concatenate, zip(*parts, strict=True)))

    def _sums(self, tau2s: Floats) -> Sums:
        w = 1 / (self.v + tau2s[:, None])
        k, p = self.basis.shape
        pairs = (self.basis[:, :, None] * self.basis[:, None, :]).reshape(k, p * p)
        xwx, xwwx = (w @ pairs).reshape(-1, p, p), ((w * w) @ pairs).reshape(-1, p, p)
        slopes = np.linalg.solve(xwx, ((w * self.residuals) @ self.basis)[:, :, None])[:, :, 0]
        left = self.residuals - slopes @ self.basis.T
        py, trace_w = w * left, w.sum(axis=1)
        lost = np.linalg.solve(xwx, xwwx).trace(axis1=1, axis2=2)
        return Sums(
            ypy=(py * left).sum(axis=1),
            yppy=(py * py).sum(axis=1),
            trace_p=trace_w - lost,
            trace_w=trace_w,
            log_w=np.log(w).sum(axis=1),
            log_xwx=np.linalg.slogdet(xwx)[1],
        )


def weighted(
    y: Sequence[float] | Floats, v: Sequence[float] | Floats, design: Floats | None = None
) -> Weighted:
    """Prepare effect sizes ``y`` with variances ``v`` > 0 and a ``design`` (k x p with its intercept; None: only that).

    Raises BadInput on what is no variance or does not fit together, Refused without studies, with more
    coefficients than studies and on a collinear design.
    """
    ys, vs = checked(y, v)
    basis = orthonormal(np.ones((len(ys), 1)) if design is None else _fitting(design, len(ys)))
    unit = 2.0 ** round(math.log2(float(vs.min())) / 2)
    ys = (ys - ys[0]) / unit
    total = float(((ys - ys.mean()) ** 2).sum())
    # Twice: the second takes off what rounding left of the first.
    for _ in range(2):
        ys = ys - basis @ (basis.T @ ys)
    return Weighted(ys, vs / unit**2, basis, unit, total)


def orthonormal(design: Floats) -> Floats:
    """Columns at right angles and of length 1 that span ``design`` (k x p); Refused where it is collinear."""
    k, p = design.shape
    if p > k:
        raise Refused(f"{p} coefficients cannot be estimated from {k} studies: leave covariates out")
    lengths = np.sqrt((design * design).sum(axis=0))
    if not lengths.all():
        raise Refused("a covariate is 0 in every study: leave it out")
    basis, triangle = np.linalg.qr(design / lengths)
    if float(np.linalg.svd(triangle, compute_uv=False).min()) < _COLLINEAR:
        message = "a covariate follows from the others (or is the same in every study): leave one of them out"
        raise Refused(message)
    return basis


def variances(sei: Sequence[float] | Floats) -> Floats:
    """Squares of standard errors; BadInput on what is none."""
    se = np.asarray(sei, dtype=np.float64)
    if not (np.isfinite(se).all() and (se > 0).all()):
        raise BadInput(_NO_ERROR)
    _refuse_beyond_range(se)
    return se * se


def checked(y: Sequence[float] | Floats, v: Sequence[float] | Floats) -> tuple[Floats, Floats]:
    """Effect sizes and variances as arrays; Refused without any, BadInput on what is no variance."""
    ys, vs = np.asarray(y, dtype=np.float64), np.asarray(v, dtype=np.float64)
    if ys.shape != vs.shape or ys.ndim != 1:
        raise BadInput(f"{ys.size} effect sizes and {vs.size} standard errors: one of each is needed a study")
    if not ys.size:
        raise Refused("there is nothing to pool: no effect size was given")
    if not (np.isfinite(ys).all() and np.isfinite(vs).all() and (vs > 0).all()):
        raise BadInput(_NO_ERROR)
    _refuse_beyond_range(np.sqrt(vs))
    if float(abs(ys).max()) > _HUGE:
        raise BadInput(f"an effect size of {float(abs(ys).max()):g} is out of range; change the unit")
    if vs.max() > _WIDEST_RATIO * vs.min():
        lowest, highest = math.sqrt(float(vs.min())), math.sqrt(float(vs.max()))
        raise BadInput(f"standard errors of {lowest:g} and {highest:g} cannot be pooled; is one mistyped?")
    return ys, vs


def _refuse_beyond_range(se: Floats) -> None:
    beyond = se[(se > _HUGE) | (se < 1 / _HUGE)]
    if beyond.size:
        raise BadInput(f"a standard error of {float(beyond[0]):g} is out of range; change the unit")


def _fitting(design: Floats, k: int) -> Floats:
    given = np.asarray(design, dtype=np.float64)
    if given.ndim != 2 or given.shape[0] != k or not given.shape[1]:  # noqa: PLR2004 - rows and columns
        raise BadInput(f"a design of shape {given.shape} does not fit {k} studies: one row is needed a study")
    if not np.isfinite(given).all():
        raise BadInput("a covariate is missing or infinite: give one finite number a study")
    return given
