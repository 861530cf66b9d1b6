"""numpy's linear algebra on one matrix or a stack of them, held to double precision in its types too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from curation.synthesis.blocks import Floats


def lower(matrices: Floats) -> Floats:
    """L with LL' each matrix; ``numpy.linalg.LinAlgError`` where one is not positive definite."""
    root: Floats = np.linalg.cholesky(matrices).astype(np.float64, copy=False)
    return root


def solved(matrices: Floats, columns: Floats) -> Floats:
    """Inverse of each matrix times its columns."""
    solution: Floats = np.linalg.solve(matrices, columns).astype(np.float64, copy=False)
    return solution


def inverse(matrices: Floats) -> Floats:
    """Inverse of each matrix."""
    inverted: Floats = np.linalg.inv(matrices).astype(np.float64, copy=False)
    return inverted


def spectrum(matrix: Floats) -> tuple[Floats, Floats]:
    """Eigenvalues of a symmetric matrix, ascending, and its eigenvectors in columns."""
    values, vectors = np.linalg.eigh(matrix)
    return values.astype(np.float64, copy=False), vectors.astype(np.float64, copy=False)
