"""Robust variance estimation with the approximate weights of Hedges, Tipton and Johnson.

Res Synth Methods 2010;1:39-65, with the corrections for few studies of Tipton, Psychol Methods 2015;20:375-393.
Values agree with R's robumeta (``robu(modelweights="CORR")`` and ``"HIER"``, ``small=TRUE``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from curation.errors import BadInput, Refused
from curation.synthesis.blocks import Floats, Ints, coded, diagonal
from curation.synthesis.correlated import independent
from curation.synthesis.design import Design, intercept_only
from curation.synthesis.gls import Gls, effects, least_squares
from curation.synthesis.matrices import solved
from curation.synthesis.robust import Robust, RobustOptions, robust

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

# Of a sum whose terms cancel: below this share of them it is rounding.
_NOTHING_LEFT = 1e-10


class Weights(StrEnum):
    """The kind of dependence the weights are made for."""

    CORRELATED = "correlated effects"  # estimates of the same patients
    HIERARCHICAL = "hierarchical effects"  # estimates of different patients in one study


@dataclass(frozen=True, slots=True)
class CorrelatedEffects:
    """A fit by approximate weights: variance between studies ``tau2`` and within them ``omega2``, by moments.

    ``omega2`` is None for correlated effects, which have none; ``i2`` (percent) is None for hierarchical ones.
    """

    weights: Weights
    tau2: float
    omega2: float | None
    i2: float | None
    robust: Robust
    gls: Gls


def correlated_effects(
    y: Sequence[float] | Floats,
    v: Sequence[float] | Floats,
    studies: Sequence[Hashable],
    design: Design | None = None,
    rho: float = 0.8,
    options: RobustOptions | None = None,
) -> CorrelatedEffects:
    """Weight a study by its mean variance, shared among its estimates; ``rho`` enters tau² alone.

    Raises Refused and BadInput as ``robust``, and BadInput unless ``rho`` is from 0 to 1.
    """
    if not 0 <= rho <= 1:
        raise BadInput(f"a correlation of {rho} between a study's estimates: give one from 0 to 1")
    data = _made(y, v, studies, design)
    each = data.over_studies(np.ones(data.k))
    variances = data.over_studies(data.v) / each
    fit = data.fit(each * variances)
    excess = fit.q - _expected_q(data, fit, (1 - rho) * variances, rho * variances)
    tau2 = max(0.0, excess / _told_of_studies(data, fit))
    i2 = max(0.0, 100 * excess / fit.q) if fit.q > 0 else 0.0
    final = data.fit(each * (variances + tau2))
    return CorrelatedEffects(Weights.CORRELATED, tau2, None, i2, robust(final, studies, options), final)


def hierarchical_effects(
    y: Sequence[float] | Floats,
    v: Sequence[float] | Floats,
    studies: Sequence[Hashable],
    design: Design | None = None,
    options: RobustOptions | None = None,
) -> CorrelatedEffects:
    """Weight an estimate by its variance and those between and within studies.

    Raises as ``robust``, and Refused where every study has one estimate.
    """
    data = _made(y, v, studies, design)
    if data.codes.max() + 1 == data.k:
        message = "every study has one estimate: the variances between studies and within them are one"
        raise Refused(f"{message}; fit random effects instead")
    tau2, omega2 = _two_variances(data, data.fit(data.v))
    final = data.fit(data.v + tau2 + omega2)
    return CorrelatedEffects(Weights.HIERARCHICAL, tau2, omega2, None, robust(final, studies, options), final)


class _Data(NamedTuple):
    y: Floats
    v: Floats
    codes: Ints
    design: Design

    @property
    def k(self) -> int:
        return len(self.y)

    def fit(self, inverse_weights: Floats) -> Gls:
        return least_squares(self.y, self.design, diagonal(inverse_weights))

    def by_study(self, values: Floats) -> Floats:
        """Sums of the rows of each study."""
        sums = np.zeros((int(self.codes.max()) + 1, *values.shape[1:]))
        np.add.at(sums, self.codes, values)
        return sums

    def over_studies(self, values: Floats) -> Floats:
        """The same, given to each of the study's estimates."""
        return self.by_study(values)[self.codes]


def _made(
    y: Sequence[float] | Floats,
    v: Sequence[float] | Floats,
    studies: Sequence[Hashable],
    design: Design | None,
) -> _Data:
    variances = independent(v).variances
    k = len(variances)
    ys, made = effects(y, k), design or intercept_only(k)
    if k <= made.p:
        raise Refused(
            f"there are as many coefficients as estimates ({k}): leave moderators out, or add studies"
        )
    return _Data(ys, variances, coded(studies, k, "study"), made)


def _expected_q(data: _Data, fit: Gls, own: Floats, shared: Floats) -> float:
    """Mean of the fit's Q were the covariance ``own`` on the diagonal plus ``shared`` within studies."""
    w = 1 / fit.covariance.variances
    return float(w @ (own + shared)) - float(np.trace(fit.bread @ _middle(data, w, own, shared)))


def _told_of_studies(data: _Data, fit: Gls) -> float:
    """How much Q grows with tau²; Refused where it does not, the moderators telling all studies apart."""
    told = _expected_q(data, fit, np.zeros(data.k), np.ones(data.k))
    if told <= _NOTHING_LEFT * float((1 / fit.covariance.variances).sum()):
        message = "one study, or moderators that tell all studies apart, leave no variance between studies"
        raise Refused(f"{message}: leave moderators out, or add studies")
    return told


def _expected_squares(data: _Data, fit: Gls, own: Floats, shared: Floats) -> float:
    """The same of the sum over studies of their squared sums of residuals."""
    w, x = 1 / fit.covariance.variances, data.design.basis
    rows = own + shared * data.over_studies(np.ones(data.k))  # sums of the rows of the covariance
    lean = data.by_study(x) @ fit.bread
    moved = np.einsum("mp,mp->", lean, data.by_study((w * rows)[:, None] * x))
    spread = np.einsum("mp,pq,mq->", lean, _middle(data, w, own, shared), lean)
    return float(rows.sum() - 2 * moved + spread)


def _middle(data: _Data, w: Floats, own: Floats, shared: Floats) -> Floats:
    # X'W S W X
    wx = w[:, None] * data.design.basis
    sums = data.by_study(wx)
    within = wx.T @ (own[:, None] * wx)
    total: Floats = within + sums.T @ data.by_study(shared[:, None] * wx)
    return total


def _two_variances(data: _Data, fit: Gls) -> tuple[float, float]:
    # Two moments, two unknowns; omega² not below 0 first, and tau² then from Q with that.
    zeros, ones = np.zeros(data.k), np.ones(data.k)
    squares = float((data.by_study(fit.residuals) ** 2).sum())
    slopes = np.array(
        [
            [_told_of_studies(data, fit), _expected_q(data, fit, ones, zeros)],
            [_expected_squares(data, fit, zeros, ones), _expected_squares(data, fit, ones, zeros)],
        ]
    )
    excess = np.array(
        [fit.q - _expected_q(data, fit, data.v, zeros), squares - _expected_squares(data, fit, data.v, zeros)]
    )
    scale = np.abs(slopes).max(axis=1)
    if abs(float(np.linalg.det(slopes / scale[:, None]))) < _NOTHING_LEFT:
        raise Refused("the variances between studies and within them cannot be told apart by these weights")
    omega2 = max(0.0, float(solved(slopes, excess)[1]))
    return max(0.0, float((excess[0] - slopes[0, 1] * omega2) / slopes[0, 0])), omega2
