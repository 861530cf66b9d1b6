"""Generalised least squares under a block-diagonal covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solve_triangular

from curation.errors import BadInput
from curation.synthesis.matrices import inverse, lower, solved

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from curation.synthesis.blocks import Blocks, Floats
    from curation.synthesis.design import Design


@dataclass(frozen=True, slots=True, eq=False)
class Gls:
    """A fit whose working covariance is ``covariance``, its inverse the weights.

    ``slopes`` (p) and ``bread`` (p x p, their covariance under the working model) belong to the design's
    ``basis``; ``estimates`` and ``estimates_covariance`` to its matrix. ``q`` is the weighted sum of squares
    of the ``residuals`` (k).
    """

    design: Design
    covariance: Blocks
    slopes: Floats
    bread: Floats
    residuals: Floats
    q: float

    @property
    def estimates(self) -> Floats:
        """Coefficients of the design as given (p)."""
        values: Floats = self.design.back @ self.slopes
        return values

    @property
    def estimates_covariance(self) -> Floats:
        """Their covariance under the working model (p x p)."""
        values: Floats = self.design.back @ self.bread @ self.design.back.T
        return values


def least_squares(y: Floats, design: Design, covariance: Blocks) -> Gls:
    """Fit effects ``y`` (k) by weighted least squares, solved by QR of the whitened design."""
    return fitted_by(y, design, covariance, lambda columns: whitened(covariance, columns))


def fitted_by(y: Floats, design: Design, covariance: Blocks, white: Callable[[Floats], Floats]) -> Gls:
    """The same with another whitening of columns (k x c): one that knows what the covariance is made of."""
    start, left = without(y, design.basis)
    columns = white(np.column_stack([design.basis, left]))
    white_x, white_y = columns[:, :-1], columns[:, -1]
    base, triangle = np.linalg.qr(white_x)
    undo = solve_triangular(triangle, np.eye(design.p))
    more: Floats = undo @ (base.T @ white_y)
    white_left = white_y - white_x @ more
    return Gls(
        design=design,
        covariance=covariance,
        slopes=start + more,
        bread=undo @ undo.T,
        residuals=left - design.basis @ more,
        q=float(white_left @ white_left),
    )


def without(y: Floats, basis: Floats) -> tuple[Floats, Floats]:
    """Slopes and residuals of the unweighted fit on an orthonormal ``basis`` that spans the intercept.

    Taken about the first effect, so that a huge mean costs no digit and equal effects leave exactly 0.
    """
    slopes, left = y[0] * basis.sum(axis=0), y - y[0]
    # Twice: the second takes off what rounding left of the first.
    for _ in range(2):
        more = basis.T @ left
        slopes, left = slopes + more, left - basis @ more
    return slopes, left


def whitened(covariance: Blocks, columns: Floats) -> Floats:
    """L⁻¹ ``columns`` (k x c) with LL' the covariance."""
    result = np.empty_like(columns)
    for rows, values in covariance.stacks:
        result[rows] = solved(lower(values), columns[rows])
    return result


def typical_variance(covariance: Blocks, design: Design) -> float:
    """(k - p) / tr P: Higgins and Thompson's typical sampling variance, for any covariance and design."""
    weights = covariance.mapped(inverse(stack.values) for stack in covariance.stacks)
    weighted_x = np.empty_like(design.basis)
    for rows, values in weights.stacks:
        weighted_x[rows] = values @ design.basis[rows]
    lost = solved(design.basis.T @ weighted_x, weighted_x.T @ weighted_x).trace()
    return (design.k - design.p) / float(weights.variances.sum() - lost)


def effects(y: Sequence[float] | Floats, k: int) -> Floats:
    """Effect sizes as numbers; BadInput unless finite and one each of k variances."""
    values = np.asarray(y, dtype=np.float64)
    if values.shape != (k,):
        raise BadInput(f"{values.size} effect sizes and {k} variances: one of each is needed an estimate")
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise BadInput(f"estimate {row + 1} has the effect size {values[row]:g}: it must be finite")
    return values
