"""Sampling covariance of estimates: independent, of the same patients with an assumed correlation, or given.

Who shares patients is an input, never guessed; how much two AUCs of the same patients correlate is not known
from papers and need not even be positive, so that rho is a parameter of sensitivity, not an estimate (Hedges,
Tipton, Johnson, Res Synth Methods 2010;1:39-65).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from curation.errors import BadInput
from curation.synthesis.blocks import Blocks, Floats, Ints, coded, diagonal, stacked

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

# Covariances written with 15 digits on both sides of the diagonal may differ in the last.
_SYMMETRY = 1e-12


def independent(v: Sequence[float] | Floats) -> Blocks:
    """No two estimates share patients: a diagonal of the variances ``v`` > 0. Raises BadInput on other numbers."""
    return diagonal(_variances(v))


def of_same_patients(v: Sequence[float] | Floats, patients: Sequence[Hashable], rho: float) -> Blocks:
    """Covariance rho sqrt(v_i v_j) wherever ``patients`` has the same label, 0 elsewhere.

    A label stands for one group of patients: a study's cohort in one kind of validation, say. ``rho`` lies
    above -1/(n - 1) for the largest group of n, and below 1, or the matrix would be no covariance: BadInput,
    as on labels that are missing.
    """
    variances = _variances(v)
    codes = coded(patients, len(variances), "group of patients")
    largest = int(np.bincount(codes).max())
    if largest == 1 or rho == 0:
        return diagonal(variances)
    if not -1 / (largest - 1) < rho < 1:
        message = f"a correlation of {rho} is impossible among {largest} estimates of the same patients: "
        raise BadInput(message + f"give one above {-1 / (largest - 1):.3g} and below 1")
    members = [np.flatnonzero(codes == code) for code in range(int(codes.max()) + 1)]
    return stacked(len(variances), ((rows, _equally_correlated(variances[rows], rho)) for rows in members))


def given(covariance: Sequence[Sequence[float]] | Floats) -> Blocks:
    """A k x k covariance matrix as the studies report it; BadInput unless symmetric and positive definite."""
    matrix = np.asarray(covariance, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:  # noqa: PLR2004 - rows and columns
        raise BadInput(f"a covariance matrix is square; this one has the shape {matrix.shape}")
    variances = _variances(np.diagonal(matrix))
    if not np.isfinite(matrix).all():
        raise BadInput("a covariance is missing or infinite; write 0 where estimates share no patients")
    scale = np.sqrt(np.outer(variances, variances))
    if (np.abs(matrix - matrix.T) > _SYMMETRY * scale).any():
        raise BadInput("the covariance matrix is not symmetric; write each covariance on both sides")
    blocks = stacked(len(matrix), ((rows, matrix[np.ix_(rows, rows)]) for rows in _connected(matrix)))
    _refuse_indefinite(blocks)
    return blocks


def _equally_correlated(variances: Floats, rho: float) -> Floats:
    errors = np.sqrt(variances)
    matrix = rho * np.outer(errors, errors)
    np.fill_diagonal(matrix, variances)
    return matrix


def _connected(matrix: Floats) -> list[Ints]:
    left, parts = set(range(len(matrix))), []
    while left:
        part, front = set[int](), {min(left)}
        while front:
            part |= front
            near = np.flatnonzero(matrix[list(front)].any(axis=0))
            front = set(near.tolist()) - part
        left -= part
        parts.append(np.array(sorted(part), dtype=np.intp))
    return parts


def _refuse_indefinite(blocks: Blocks) -> None:
    for rows, matrix in blocks:
        errors = np.sqrt(np.diagonal(matrix))
        if np.linalg.eigvalsh(matrix / np.outer(errors, errors))[0] <= _SYMMETRY:
            among = ", ".join(str(row + 1) for row in rows)
            message = f"the covariance matrix is not positive definite among estimates {among}"
            raise BadInput(
                f"{message}: their correlations contradict one another; compare them with the paper"
            )


def _variances(v: Sequence[float] | Floats) -> Floats:
    variances = np.asarray(v, dtype=np.float64)
    if variances.ndim != 1 or not variances.size:
        raise BadInput("one variance is needed an estimate, and at least one estimate")
    if not (np.isfinite(variances).all() and (variances > 0).all()):
        row = int(np.flatnonzero(~(np.isfinite(variances) & (variances > 0)))[0])
        raise BadInput(
            f"estimate {row + 1} has the variance {variances[row]:g}: it must be finite and above 0"
        )
    return variances
