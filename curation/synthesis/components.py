"""Variance components of nested random effects by (restricted) maximum likelihood, solved to rounding.

The covariance is V + sum_j s_j K_j, K_j being 1 where two estimates lie in the same group of level j. Score and
information: Harville, J Am Stat Assoc 1977;72:320-338.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from curation.errors import Refused
from curation.synthesis.blocks import Blocks, Floats, Ints, Stack
from curation.synthesis.gls import without
from curation.synthesis.matrices import inverse, lower, solved

if TYPE_CHECKING:
    from collections.abc import Iterator

# Points an axis has in the search for maxima, besides 0; with three levels fewer, the grid being their product.
_POINTS = {1: 24, 2: 12, 3: 6}
# Newton's steps double the digits each; more than this many means that the likelihood has no maximum to climb.
_MOST_STEPS = 200
# Squared distance to the maximum in standard errors. From the first on Newton's steps converge by themselves, and
# are no longer judged by a likelihood whose rounding may exceed their gain; from the second on a step that gains
# little less than the one before is rounding; below the third there is nothing to gain.
_NEAR, _FLAT, _THERE = 1e-2, 1e-8, 1e-26
# Relative rounding of a log-likelihood: far from the effects' noise it is large, and its last digits move.
_ROUNDING = 1e-13
# Share of what the data tell of a variance, were all else known, below which they tell nothing of it.
_CONFOUNDED = 1e-9


class Likelihood(StrEnum):
    """Which likelihood is maximised."""

    REML = "restricted maximum likelihood"
    ML = "maximum likelihood"


class Peak(NamedTuple):
    """The maximum: variances (0 on the boundary, exactly), the score there, and the log-likelihood."""

    variances: Floats
    score: Floats
    log_likelihood: float


class _Point(NamedTuple):
    score: Floats
    unrestricted: Floats  # expected information, were the coefficients known
    expected: Floats  # information
    observed: Floats  # minus the second derivatives


class _Sums(NamedTuple):
    """Sums over blocks that score and information are made of; i and j are levels, a and b coefficients.

    W is the inverse covariance, X the basis, u = W times the residuals of the weighted fit.
    """

    kw: Floats  # i: tr K_i W
    xwkwx: Floats  # i x a x b
    kwkw: Floats  # i x j: tr K_i W K_j W
    xwkwkwx: Floats  # i x j x a x b
    uku: Floats  # i
    ukwku: Floats  # i x j
    ukwx: Floats  # i x a


class _Stack(NamedTuple):
    """Blocks of one size in differences: ``turn`` T, V as TVT', and each level's kernel as TKT'."""

    rows: Ints  # m x n
    turn: Floats  # m x n x n
    values: Floats  # m x n x n
    kernels: Floats  # levels x m x n x n

    def covariance(self, variances: Floats) -> tuple[Floats, Floats]:
        """Scale (m x n) and correlation of the whole covariance, which is inverted without loss this way."""
        whole = self.values + np.tensordot(variances, self.kernels, 1)
        scale = np.sqrt(np.diagonal(whole, axis1=1, axis2=2))
        return scale, whole / (scale[:, :, None] * scale[:, None, :])

    def of(self, columns: Floats) -> Floats:
        """The columns of these blocks' rows, in differences."""
        return self.turn @ columns[self.rows]


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """What the likelihood is made of.

    ``y`` (k) are residuals of the unweighted fit on an orthonormal ``basis`` (k x p), ``sampling`` is V in
    blocks that no group leaves, ``codes`` (levels x k) number the groups. Everything is computed in
    differences from the first estimate of each group: what a group shares, however large, then stands in one
    place, and the differences keep their digits.
    """

    y: Floats
    basis: Floats
    sampling: Blocks
    codes: Ints
    likelihood: Likelihood
    stacks: tuple[_Stack, ...]

    @property
    def levels(self) -> int:
        """Variances to be estimated."""
        return len(self.codes)

    @property
    def restricted(self) -> bool:
        """Whether the likelihood is that of the residuals alone."""
        return self.likelihood is Likelihood.REML

    def covariance(self, variances: Floats) -> Blocks:
        """V with the levels' variances added."""
        return self.sampling.mapped(
            stack.values + np.tensordot(variances, _same(self.codes[:, stack.rows]), 1)
            for stack in self.sampling.stacks
        )

    def white(self, variances: Floats, columns: Floats) -> tuple[float, Floats]:
        """Log-determinant of the covariance, and ``columns`` (k x c) whitened by it."""
        result, determinant = np.empty_like(columns), 0.0
        for stack in self.stacks:
            scale, correlation = stack.covariance(variances)
            root = lower(correlation)
            result[stack.rows] = solved(root, stack.of(columns) / scale[:, :, None])
            on_diagonal = np.diagonal(root, axis1=1, axis2=2)
            determinant += 2 * float((np.log(on_diagonal) + np.log(scale)).sum())
        return determinant, result

    def log_likelihood(self, variances: Floats) -> float:
        """Log-likelihood with its constants, those of an orthonormal design, as metafor has them.

        Minus infinity where a variance is so large that the others are lost in rounding.
        """
        try:
            determinant, white = self.white(variances, np.column_stack([self.basis, self.y]))
        except np.linalg.LinAlgError:
            return -math.inf
        x, y = white[:, :-1], white[:, -1]
        cross = x.T @ x
        left = y - x @ solved(cross, x.T @ y)
        n, lost = len(y), 0.0
        if self.restricted:
            n, lost = n - len(cross), float(np.linalg.slogdet(cross)[1])
        return -0.5 * (n * math.log(2 * math.pi) + determinant + lost + float(left @ left))

    def at(self, variances: Floats) -> _Point:
        """Score and both informations."""
        weights = [_inverted(*stack.covariance(variances)) for stack in self.stacks]
        x = [stack.of(self.basis) for stack in self.stacks]
        y = [stack.of(self.y[:, None]) for stack in self.stacks]
        wx = [w @ columns for w, columns in zip(weights, x, strict=True)]
        bread = inverse(_added(x, wx))
        slopes = bread @ _added(wx, y)
        parts = zip(self.stacks, weights, wx, x, y, strict=True)
        sums = [_of_stack(s.kernels, w, wx, w @ (y - x @ slopes)) for s, w, wx, x, y in parts]
        return self._point(_Sums(*(np.sum(part, axis=0) for part in zip(*sums, strict=True))), bread)

    def _point(self, sums: _Sums, bread: Floats) -> _Point:
        score, expected = (sums.uku - sums.kw) / 2, sums.kwkw / 2
        unrestricted = expected
        if self.restricted:
            lost = bread @ sums.xwkwx
            score = score + np.trace(lost, axis1=1, axis2=2) / 2
            crossed = np.einsum("ab,ijba->ij", bread, sums.xwkwkwx)
            expected = expected - crossed + np.einsum("iab,jba->ij", lost, lost) / 2
        observed = sums.ukwku - sums.ukwx @ bread @ sums.ukwx.T - expected
        return _Point(score, unrestricted, expected, observed)


def components(y: Floats, basis: Floats, sampling: Blocks, codes: Ints, likelihood: Likelihood) -> Components:
    """Components of effects ``y``: ``codes`` (levels x k) number the groups, the outermost level first."""
    blocks = sampling.joined(codes[0])
    leaders = _leaders(codes)
    stacks = tuple(_differenced(stack, codes, leaders) for stack in blocks.stacks)
    return Components(without(y, basis)[1], basis, blocks, codes, likelihood, stacks)


def _leaders(codes: Ints) -> Ints:
    """From which row each is differenced: the first of its innermost group that it is not the first of."""
    rows = np.arange(codes.shape[1])
    leaders = rows.copy()
    for level in codes:  # outermost first, so that the innermost has the last word
        first = np.empty(int(level.max()) + 1, dtype=np.intp)
        first[level[::-1]] = rows[::-1]
        leaders = np.where(first[level] != rows, first[level], leaders)
    return leaders


def _differenced(stack: Stack, codes: Ints, leaders: Ints) -> _Stack:
    led = stack.rows[:, None, :] == leaders[stack.rows][:, :, None]
    itself = np.eye(len(stack.rows[0]), dtype=np.bool_)
    turn: Floats = itself - (led & ~itself).astype(np.float64)
    across: Floats = turn.swapaxes(1, 2)
    return _Stack(stack.rows, turn, turn @ stack.values @ across, turn @ _same(codes[:, stack.rows]) @ across)


def _same(codes: Ints) -> Floats:
    same: Floats = (codes[:, :, :, None] == codes[:, :, None, :]).astype(np.float64)
    return same


def _inverted(scale: Floats, correlation: Floats) -> Floats:
    return inverse(correlation) / (scale[:, :, None] * scale[:, None, :])


def _added(left: list[Floats], right: list[Floats]) -> Floats:
    """Sum over blocks of A'B."""
    total: Floats = np.sum([np.einsum("mna,mnb->ab", a, b) for a, b in zip(left, right, strict=True)], axis=0)
    return total


def _of_stack(kernels: Floats, w: Floats, wx: Floats, u: Floats) -> _Sums:
    kw, kwx, ku = kernels @ w, kernels @ wx, kernels @ u
    return _Sums(
        kw=np.einsum("imnn->i", kw),
        xwkwx=np.einsum("mna,imnb->iab", wx, kwx),
        kwkw=np.einsum("imab,jmba->ij", kw, kw),
        xwkwkwx=np.einsum("imna,jmnb->ijab", kwx, w @ kwx),
        uku=np.einsum("mnx,imnx->i", u, ku),
        ukwku=np.einsum("imnx,jmnx->ij", ku, w @ ku),
        ukwx=np.einsum("imnx,mna->ia", ku, wx),
    )


def highest(components: Components) -> Peak:
    """Global maximum over variances of 0 and more.

    A grid over all scales finds where to start, since such likelihoods may have several maxima; from each of
    its peaks Newton's steps climb, a level whose score points below 0 being held at exactly 0. Raises Refused
    where the levels cannot be told apart, and where no maximum is reached.
    """
    axis = _axis(components)
    _refuse_confounded(components, axis[len(axis) // 2])
    peaks = [_climbed(components, start) for start in _starts(components, axis)]
    return max(peaks, key=lambda peak: peak.log_likelihood)


def _axis(components: Components) -> Floats:
    points = _POINTS[components.levels]
    variances = components.sampling.variances
    smallest = float(variances.min()) / 10
    widest = max(float(np.ptp(components.y)) ** 2, 100 * smallest)
    return np.array([0.0, *np.geomspace(smallest, widest, points)])


def _starts(components: Components, axis: Floats) -> Iterator[Floats]:
    """Peaks of the grid, and its highest point with all variances above 0, where a peak may lie between."""
    shape = (len(axis),) * components.levels
    heights = np.full([size + 2 for size in shape], -math.inf)
    inner = (slice(1, -1),) * components.levels
    heights[inner] = np.reshape(
        [components.log_likelihood(np.array(at)) for at in itertools.product(axis, repeat=components.levels)],
        shape,
    )
    positive = heights[(slice(2, -1),) * components.levels].max()
    for place in itertools.product(range(len(axis)), repeat=components.levels):
        height = heights[tuple(i + 1 for i in place)]
        around = heights[tuple(slice(i, i + 3) for i in place)]
        if height >= around.max() or (height == positive and all(place)):
            yield axis[list(place)]


def _climbed(components: Components, start: Floats) -> Peak:
    variances, before = start, math.inf
    for _ in range(_MOST_STEPS):
        point = components.at(variances)
        free = (variances > 0) | (point.score > 0)
        step, gain = _newton(point, free)
        if gain < _THERE or (before < _FLAT and gain > before / 4):
            return Peak(variances, point.score, components.log_likelihood(variances))
        variances = _stepped(components, variances, step, judged=gain > _NEAR)
        before = gain
    message = f"the {components.likelihood} estimate of the variances did not converge"
    raise Refused(f"{message}: effects of one study differ by far more than their variances allow for")


def _newton(point: _Point, free: npt.NDArray[np.bool_]) -> tuple[Floats, float]:
    step = np.zeros_like(point.score)
    if not free.any():
        return step, 0.0
    chosen = np.ix_(free, free)
    curvature = point.observed[chosen]
    if not _positive(curvature):
        curvature = point.expected[chosen]
    step[free] = solved(curvature, point.score[free])
    return step, float(step @ point.score)


def _stepped(components: Components, variances: Floats, step: Floats, *, judged: bool) -> Floats:
    """Take the step, not below 0; where ``judged``, halved until the likelihood does not fall but for rounding."""
    target = np.maximum(variances + step, 0.0)
    if not judged:
        return target
    here = components.log_likelihood(variances)
    here -= _ROUNDING * abs(here)
    for _ in range(60):
        if components.log_likelihood(target) >= here:
            return target
        step = step / 2
        target = np.maximum(variances + step, 0.0)
    return target


def _positive(matrix: Floats) -> bool:
    return bool((np.linalg.eigvalsh(matrix) > 0).all())


def _refuse_confounded(components: Components, scale: float) -> None:
    point = components.at(np.full(components.levels, scale))
    errors = np.sqrt(np.diagonal(point.unrestricted))
    if np.linalg.eigvalsh(point.expected / np.outer(errors, errors))[0] < _CONFOUNDED:
        message = "the variances of the levels cannot be told apart from each other or from the moderators"
        raise Refused(f"{message}: leave a level or a moderator out")
