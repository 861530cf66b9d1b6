"""AUCs from patients' own scores, with DeLong's variance, and the covariance of two AUCs in the same patients.

DeLong, DeLong, Clarke-Pearson, Biometrics 1988;44:837-845, by midranks as Sun, Xu, IEEE Signal Process Lett
2014;21:1389-1393. As pROC's ``auc``, ``var`` and ``cov`` with method "delong".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curation.errors import BadInput, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curation.synthesis.weighted import Floats


@dataclass(frozen=True, slots=True)
class Compared:
    """AUCs of several scores in the same patients, and their covariance matrix (a row a score)."""

    aucs: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]

    def se(self, score: int) -> float:
        """Standard error of an AUC, by the place of its score."""
        return math.sqrt(self.covariance[score][score])

    def correlation(self, one: int, other: int) -> float | None:
        """Correlation of two AUCs; None where one of them does not vary."""
        both = self.se(one) * self.se(other)
        return self.covariance[one][other] / both if both else None


def delong(outcome: Sequence[bool], *scores: Sequence[float]) -> Compared:
    """AUC of each of ``scores`` (higher for those with the outcome; ties count one half), and their covariance.

    One value a patient in each. Raises BadInput where lengths differ or a score is missing, Refused with fewer
    than two patients in a group (one has no variance).
    """
    ill = np.asarray(outcome, dtype=bool)
    table = np.asarray(scores, dtype=np.float64) if _equally_long(ill, scores) else np.empty((0, 0))
    if not table.size or not np.isfinite(table).all():
        raise BadInput("each score needs one finite value a patient: are some missing?")
    if min(ill.sum(), (~ill).sum()) < 2:  # noqa: PLR2004 - a variance needs two
        raise Refused("DeLong's variance needs two patients with the outcome and two without")
    cases, controls = table[:, ill], table[:, ~ill]
    above = np.array([_placements(x, y) for x, y in zip(cases, controls, strict=True)])
    below = np.array([1 - _placements(y, x) for x, y in zip(cases, controls, strict=True)])
    covariance = _covariance(above) + _covariance(below)
    return Compared(tuple(above.mean(axis=1).tolist()), tuple(map(tuple, covariance.tolist())))


def _equally_long(ill: Floats, scores: Sequence[Sequence[float]]) -> bool:
    return bool(scores) and all(len(score) == len(ill) for score in scores)


def _placements(these: Floats, those: Floats) -> Floats:
    # Share of ``those`` that each of ``these`` exceeds, ties by half.
    ordered = np.sort(those)
    return (np.searchsorted(ordered, these, "left") + np.searchsorted(ordered, these, "right")) / (
        2 * len(those)
    )


def _covariance(placements: Floats) -> Floats:
    spread: Floats = np.atleast_2d(np.cov(placements)) / placements.shape[1]
    return spread
