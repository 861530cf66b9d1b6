"""Block-diagonal covariance matrices: estimates that share patients or a study lie in one block.

Blocks of one size are kept stacked, so that a thousand studies cost a few calls of numpy and no k x k matrix
is ever made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from curation.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.intp]


class Stack(NamedTuple):
    """Blocks of one size n: ``rows`` (m x n) are their places in the data, ``values`` (m x n x n) their entries."""

    rows: Ints
    values: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """A symmetric positive definite matrix for k estimates, block-diagonal in some order of them."""

    k: int
    stacks: tuple[Stack, ...]

    def __iter__(self) -> Iterator[tuple[Ints, Floats]]:
        """Each block: its rows (n) and its matrix (n x n)."""
        for stack in self.stacks:
            yield from zip(stack.rows, stack.values, strict=True)

    @property
    def variances(self) -> Floats:
        """The diagonal, in the order of the data."""
        diagonal = np.empty(self.k)
        for rows, values in self.stacks:
            diagonal[rows] = np.diagonal(values, axis1=1, axis2=2)
        return diagonal

    def joined(self, codes: Ints) -> Blocks:
        """Return the same matrix in larger blocks: rows of one code (k integers from 0) lie in one block."""
        component = _components(self, codes)
        members = [np.flatnonzero(component == number) for number in range(int(component.max()) + 1)]
        place = np.empty(self.k, dtype=np.intp)
        for rows in members:
            place[rows] = np.arange(len(rows))
        matrices = [np.zeros((len(rows), len(rows))) for rows in members]
        for rows, matrix in self:
            matrices[component[rows[0]]][np.ix_(place[rows], place[rows])] = matrix
        return stacked(self.k, zip(members, matrices, strict=True))

    def mapped(self, stacks: Iterable[Floats]) -> Blocks:
        """Return other values in the same blocks."""
        return Blocks(
            self.k, tuple(Stack(s.rows, values) for s, values in zip(self.stacks, stacks, strict=True))
        )


def diagonal(variances: Floats) -> Blocks:
    """Blocks of one estimate each."""
    k = len(variances)
    return Blocks(k, (Stack(np.arange(k)[:, None], variances[:, None, None]),))


def stacked(k: int, blocks: Iterable[tuple[Ints, Floats]]) -> Blocks:
    """Stack blocks by their size, in the order of their sizes' first appearance."""
    sizes: dict[int, list[tuple[Ints, Floats]]] = {}
    for rows, matrix in blocks:
        sizes.setdefault(len(rows), []).append((rows, matrix))
    return Blocks(
        k, tuple(Stack(np.array([r for r, _ in s]), np.array([m for _, m in s])) for s in sizes.values())
    )


def coded(labels: Sequence[Hashable], k: int, named: str) -> Ints:
    """Number the labels from 0 in the order they appear; BadInput unless there is one, not empty, an estimate."""
    if len(labels) != k:
        raise BadInput(f"{len(labels)} labels of {named} for {k} estimates: one is needed an estimate")
    empty = [i for i, label in enumerate(labels) if label is None or label == ""]
    if empty:
        raise BadInput(
            f"estimate {empty[0] + 1} has no {named}: label it; what belongs together is not guessed"
        )
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.intp)


def _components(blocks: Blocks, codes: Ints) -> Ints:
    # Union-find over the rows: a block joins its rows, and so does a code.
    parent = list(range(blocks.k))
    first: dict[int, int] = {}
    for row, code in enumerate(codes.tolist()):
        parent[_root(parent, row)] = _root(parent, first.setdefault(code, row))
    for rows, _ in blocks:
        for row in rows.tolist():
            parent[_root(parent, row)] = _root(parent, int(rows[0]))
    return coded([_root(parent, row) for row in range(blocks.k)], blocks.k, "block")


def _root(parent: list[int], row: int) -> int:
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = parent[row]
    return row
