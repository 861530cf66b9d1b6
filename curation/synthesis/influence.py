"""Which studies move a model: outliers, influence, leverage, and Baujat's coordinates.

Case deletion after Viechtbauer and Cheung, Res Synth Methods 2010;1:112-125, and the coordinates of Baujat,
Mahé, Pignon, Hill, Stat Med 2002;21:2641-2652; as metafor's ``influence.rma.uni`` and ``baujat`` (test="z").
Every deletion estimates tau² anew, to rounding: where metafor's iteration circles and gives NA, there is a
value here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curation.errors import Refused
from curation.synthesis.coefficients import Undefined
from curation.synthesis.quantiles import chi_square_tail
from curation.synthesis.tau2 import Tau2Method, tau2_of
from curation.synthesis.weighted import Floats, Weighted, checked, variances, weighted

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Case:
    """What one study does to the model.

    ``rstudent``: its distance from what the others predict, in standard errors. ``dffits``: how far its own
    fitted value moves, in standard errors, when it is left out; ``cook``: how far all coefficients move;
    ``dfbetas``: each coefficient by itself; ``cov_ratio``: below 1 where the coefficients get more precise
    without it. ``tau2_without`` and ``q_without`` are tau² and Q of the others. ``hat`` is its leverage,
    ``weight`` its percentage. Baujat: ``baujat_x`` is its share in the heterogeneity (squared Pearson
    residual), ``baujat_y`` its influence on the fitted value.

    ``influential`` by metafor's rule: |dffits| > 3 sqrt(p / (k - p)), or Cook's distance past the median of
    chi-square on p, or hat > 3 p / k, or a |dfbetas| > 1. A reason to look, not to leave out.
    """

    rstudent: float
    dffits: float
    cook: float
    cov_ratio: float
    tau2_without: float
    q_without: float
    hat: float
    weight: float
    dfbetas: tuple[float, ...]
    baujat_x: float
    baujat_y: float
    influential: bool


def influence(
    yi: Sequence[float],
    sei: Sequence[float],
    method: Tau2Method | None = Tau2Method.REML,
    design: Floats | None = None,
) -> tuple[Case | Undefined, ...]:
    """Influence of each study, in their order; ``method`` None is the common effect (tau² = 0 throughout).

    ``design`` (k x p) as in ``weighted``, with its intercept among the columns. A study without which a
    coefficient cannot be estimated (the only one of its kind) is Undefined and says so. Two studies without
    covariates are enough: of either, only the other is left, whose tau² is 0. Raises Refused where deletion
    leaves fewer studies than coefficients, and as ``weighted``.
    """
    y, v = checked(yi, variances(sei))
    given = np.ones((len(y), 1)) if design is None else np.asarray(design, dtype=np.float64)
    whole = _Whole(weighted(y, v, given), given, method)
    k, p = whole.data.basis.shape
    if k == p:
        message = f"influence needs more studies than coefficients: {k} of {p} are given, and one is left out"
        raise Refused(message)
    return tuple(_judged(whole, _others((y, v, given), i, method), i) for i in range(k))


def _judged(whole: _Whole, others: _Others | Undefined, i: int) -> Case | Undefined:
    return others if isinstance(others, Undefined) else _Deletion(whole, others, i).case()


@dataclass(frozen=True, slots=True)
class _Others:
    """tau² and Q of all studies but one, in the unit of the effect sizes."""

    tau2: float
    q: float


def _others(studies: tuple[Floats, Floats, Floats], i: int, method: Tau2Method | None) -> _Others | Undefined:
    y, v, design = (np.delete(values, i, axis=0) for values in studies)
    try:
        data = weighted(y, v, design)
    except Refused as refused:
        return Undefined(f"without this study the model cannot be fitted: {refused.message}")
    return _Others(_tau2(data, method), float(data.sums(np.zeros(1)).ypy[0]))


def _tau2(data: Weighted, method: Tau2Method | None) -> float:
    return 0.0 if method is None else tau2_of(data, method)


class _Line:
    """Coefficients on the basis of all studies by ``weights``, of which one may be 0."""

    def __init__(self, data: Weighted, weights: Floats) -> None:
        self.weights = weights
        self.information: Floats = (data.basis * weights[:, None]).T @ data.basis
        solved = np.linalg.solve(self.information, data.basis.T @ (weights * data.residuals))
        self.slopes = np.asarray(solved, dtype=np.float64)

    def spread(self, row: Floats) -> float:
        """Variance of the fitted value at a ``row`` of the basis."""
        return float(row @ np.linalg.solve(self.information, row))


class _Whole(_Line):
    """The model of all studies; ``back`` turns coefficients on the basis into those of the design."""

    def __init__(self, data: Weighted, design: Floats, method: Tau2Method | None) -> None:
        super().__init__(data, 1 / (data.v + _tau2(data, method) / data.unit**2))
        self.data = data
        self.back = np.asarray(np.linalg.inv(data.basis.T @ design), dtype=np.float64)


class _Deletion:
    """Study ``i`` left out; everything in the unit of the basis."""

    def __init__(self, whole: _Whole, others: _Others, i: int) -> None:
        self.whole, self.others, self.i = whole, others, i
        self.row = whole.data.basis[i]
        weights = 1 / (whole.data.v + others.tau2 / whole.data.unit**2)
        self.own = 1 / float(weights[i])
        self.same_tau2 = _Line(whole.data, weights)
        self.line = _Line(whole.data, np.where(np.arange(len(weights)) == i, 0.0, weights))
        self.moved: Floats = whole.slopes - self.line.slopes

    def case(self) -> Case:
        measures = self.dffits, self.cook, self.hat
        return Case(
            rstudent=self.rstudent,
            dffits=self.dffits,
            cook=self.cook,
            cov_ratio=float(np.linalg.det(np.linalg.solve(self.line.information, self.whole.information))),
            tau2_without=self.others.tau2,
            q_without=self.others.q,
            hat=self.hat,
            weight=100 * self.weight / float(self.whole.weights.sum()),
            dfbetas=self.dfbetas,
            baujat_x=self.residual(self.whole) ** 2 * self.weight,
            baujat_y=_ratio(self.shift**2, self.line.spread(self.row)),
            influential=_influential(self.whole.data, measures, self.dfbetas),
        )

    def residual(self, line: _Line) -> float:
        return float(self.whole.data.residuals[self.i] - self.row @ line.slopes)

    @property
    def weight(self) -> float:
        return float(self.whole.weights[self.i])

    @property
    def shift(self) -> float:
        return float(self.row @ self.moved)

    @property
    def rstudent(self) -> float:
        return self.residual(self.line) / math.sqrt(self.own + self.line.spread(self.row))

    @property
    def hat(self) -> float:
        return self.weight * self.whole.spread(self.row)

    @property
    def dffits(self) -> float:
        return _ratio(self.shift, math.sqrt(self.hat * self.own))

    @property
    def cook(self) -> float:
        return float(self.moved @ self.whole.information @ self.moved)

    @property
    def dfbetas(self) -> tuple[float, ...]:
        back = self.whole.back
        errors = np.sqrt(np.diagonal(back @ np.linalg.inv(self.same_tau2.information) @ back.T))
        return tuple(((back @ self.moved) / errors).tolist())


def _ratio(part: float, whole: float) -> float:
    # A study whose covariates are all 0 (no intercept) has no fitted value to move.
    return part / whole if whole else 0.0


def _influential(data: Weighted, measures: tuple[float, float, float], dfbetas: tuple[float, ...]) -> bool:
    dffits, cook, hat = measures
    k, p = data.basis.shape
    return (
        abs(dffits) > 3 * math.sqrt(p / (k - p))
        or chi_square_tail(cook, p) < 0.5  # noqa: PLR2004 - the median
        or hat > 3 * p / k
        or any(abs(one) > 1 for one in dfbetas)
    )
