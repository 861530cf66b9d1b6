"""What effects are regressed on: an intercept, covariates, and factors in treatment coding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.linalg import qr, solve_triangular

from curation.errors import BadInput, Refused
from curation.synthesis.blocks import Floats

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERCEPT = "intercept"

# Columns, centred and of length 1, of which one follows from the others but for rounding.
_COLLINEAR = 1e-10


class Term(NamedTuple):
    """One moderator: its columns (k x n) and their names; a covariate has one, a factor one a level but its first."""

    name: str
    columns: tuple[str, ...]
    values: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A design matrix (k x p) whose first column is the intercept, conditioned for computation.

    ``basis`` spans the same space with columns at right angles and of length 1; ``back`` (p x p) turns
    coefficients of ``basis`` into those of ``matrix``. Covariates are centred on one of their own values
    before, which loses no digit: years do no harm. ``terms`` tells which columns each moderator has.
    """

    names: tuple[str, ...]
    matrix: Floats
    terms: tuple[tuple[str, tuple[int, ...]], ...]
    basis: Floats
    back: Floats

    @property
    def k(self) -> int:
        """Estimates."""
        return len(self.matrix)

    @property
    def p(self) -> int:
        """Coefficients."""
        return len(self.names)

    @property
    def moderators(self) -> tuple[int, ...]:
        """Columns other than the intercept."""
        return tuple(range(1, self.p))


def intercept_only(k: int) -> Design:
    """No moderators: the mean of k estimates."""
    return design(k)


def design(k: int, *terms: Term) -> Design:
    """Intercept and ``terms`` for k estimates.

    Raises BadInput on terms of another length or of the same name, Refused with more coefficients than
    estimates and where a column follows from the others (named).
    """
    _check(k, terms)
    names = (INTERCEPT, *(column for term in terms for column in term.columns))
    matrix = np.hstack([np.ones((k, 1)), *(term.values for term in terms)])
    basis, back = _conditioned(matrix, names)
    return Design(names, matrix, _places(terms), basis, back)


def covariate(name: str, values: Sequence[float] | Floats) -> Term:
    """A number each estimate; BadInput where one is missing or infinite."""
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1 or not np.isfinite(column).all():
        raise BadInput(
            f"{name}: a value is missing or infinite; give one number each estimate or leave it out"
        )
    return Term(name, (name,), column[:, None])


def factor(name: str, labels: Sequence[str], reference: str | None = None) -> Term:
    """A column for each level but ``reference`` (None: the first in the alphabet): 1 for its estimates, else 0.

    The coefficient of a level is its difference from the reference. Raises BadInput on an empty label or a
    reference that does not occur, Refused where there is one level only.
    """
    if not all(labels):
        raise BadInput(f"{name}: estimate {[bool(x) for x in labels].index(False) + 1} has no level; name it")
    levels = sorted(set(labels))
    base = levels[0] if reference is None and levels else reference
    if base not in levels:
        raise BadInput(f"{name}: the reference {base!r} is none of its levels {', '.join(levels)}")
    others = [level for level in levels if level != base]
    if not others:
        raise Refused(f"{name} is {base!r} for all estimates: it can explain no difference; leave it out")
    columns = [[float(label == level) for label in labels] for level in others]
    return Term(name, tuple(f"{name}: {level}" for level in others), np.array(columns).T)


def _check(k: int, terms: Sequence[Term]) -> None:
    for term in terms:
        if len(term.values) != k:
            raise BadInput(f"{term.name} has {len(term.values)} values for {k} estimates; one each is needed")
    names = [term.name for term in terms]
    if len(set(names)) < len(names):
        raise BadInput(f"{next(n for n in names if names.count(n) > 1)} stands twice among the moderators")
    p = 1 + sum(len(term.columns) for term in terms)
    if p > k:
        raise Refused(f"{p} coefficients cannot be estimated from {k} estimates: leave moderators out")


def _places(terms: Sequence[Term]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    places, start = [], 1
    for term in terms:
        places.append((term.name, tuple(range(start, start + len(term.columns)))))
        start += len(term.columns)
    return tuple(places)


def _conditioned(matrix: Floats, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    # X = (X_c / lengths) with X_c centred on a row's own values, then an orthonormal basis of that.
    p = matrix.shape[1]
    middle = np.sort(matrix, axis=0)[matrix.shape[0] // 2]
    middle[0] = 0.0
    centred = matrix - middle
    lengths = np.sqrt((centred**2).sum(axis=0))
    if not lengths.all():
        raise Refused(f"{names[int(np.argmin(lengths))]} is the same for all estimates: leave it out")
    _refuse_collinear(centred / lengths, names)
    basis, triangle = np.linalg.qr(centred / lengths)
    to_scaled: Floats = solve_triangular(triangle, np.eye(p))
    undo = np.diag(1 / lengths)
    undo[0] -= middle / lengths
    return basis, undo @ to_scaled


def _refuse_collinear(columns: Floats, names: tuple[str, ...]) -> None:
    # Taken about their means, so that a column near-constant beside the intercept is judged by its spread.
    spread = columns[:, 1:] - columns[:, 1:].mean(axis=0)
    lengths = np.sqrt((spread**2).sum(axis=0))
    if (lengths < _COLLINEAR).any():
        raise Refused(f"{names[1 + int(np.argmin(lengths))]} is the same for all estimates: leave it out")
    if len(lengths):
        _, triangle, order = qr(spread / lengths, mode="economic", pivoting=True)
        if abs(triangle[-1, -1]) < _COLLINEAR:
            name = names[1 + int(order[-1])]
            raise Refused(f"{name} follows from the other moderators: leave one of them out")
