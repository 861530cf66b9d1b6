"""Errors that hold whatever the dependence within clusters (studies, centres), corrected for few clusters.

Sandwich estimators CR0 to CR3 with the fit's own working model: Bell, McCaffrey, Surv Methodol 2002;28:169-181;
Tipton, Psychol Methods 2015;20:375-393; Pustejovsky, Tipton, J Bus Econ Stat 2018;36:672-683. Values agree
with R's clubSandwich (``vcovCR``, ``coef_test``, ``Wald_test(test="HTZ")``), CR0 and CR1p by ``CLUSTERS`` with
metafor's ``robust()``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from curation.errors import BadInput, Refused
from curation.synthesis.blocks import Blocks, Floats, coded
from curation.synthesis.coefficients import (
    FEWEST_DF,
    Coefficient,
    Undefined,
    WaldTest,
    coefficients,
    wald,
)
from curation.synthesis.matrices import lower, solved, spectrum
from curation.synthesis.quantiles import checked_level, f_tail

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from curation.synthesis.gls import Gls


# Share of a cluster's own variance that the fit leaves in its residuals: below it, what is left is rounding,
# since the cluster alone determines a coefficient.
_NOTHING_LEFT = 1e-10
# Rounding of a bound that may be reached.
_SLACK = 1.001


class Correction(StrEnum):
    """How the sandwich is corrected for few clusters; m clusters, p coefficients, k estimates."""

    CR0 = "CR0"  # not at all
    CR1 = "CR1"  # m / (m - 1)
    CR1P = "CR1p"  # m / (m - p)
    CR1S = "CR1S"  # m (k - 1) / ((m - 1) (k - p))
    CR2 = "CR2"  # unbiased under the working model
    CR3 = "CR3"  # close to the jackknife over clusters


class DegreesOfFreedom(StrEnum):
    """What intervals and tests refer to."""

    SATTERTHWAITE = "Satterthwaite"
    CLUSTERS = "clusters less coefficients"


@dataclass(frozen=True, slots=True)
class RobustOptions:
    """How robust errors are made."""

    correction: Correction = Correction.CR2
    df: DegreesOfFreedom = DegreesOfFreedom.SATTERTHWAITE
    level: float = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Robust:
    """The coefficients of a fit with robust errors, their ``covariance`` (p x p), and the test of all moderators.

    With Satterthwaite degrees of freedom that test is the approximate Hotelling's T² (HTZ), Undefined with
    too few clusters for it; None without moderators.
    """

    clusters: int
    options: RobustOptions
    coefficients: tuple[Coefficient, ...]
    covariance: Floats
    moderators: WaldTest | Undefined | None

    @property
    def few_df(self) -> bool:
        """Whether some degrees of freedom are below 4, where the approximation is not to be trusted."""
        tested = isinstance(self.moderators, WaldTest) and self.moderators.few_df
        return tested or any(part.few_df for part in self.coefficients)

    @property
    def caution(self) -> str | None:
        """A sentence about few degrees of freedom, None where there are enough."""
        if not self.few_df:
            return None
        named = ", ".join(f"{c.name} {c.df:.1f}" for c in self.coefficients if c.few_df and c.df is not None)
        where = f" ({named})" if named else ""
        return f"fewer than {FEWEST_DF} degrees of freedom{where}: interval and p value may mislead"


def robust(gls: Gls, clusters: Sequence[Hashable], options: RobustOptions | None = None) -> Robust:
    """Robust errors of a fit's coefficients; ``clusters`` labels each estimate, by study in most reviews.

    Estimates of different clusters count as independent. Raises Refused for one cluster, where p reaches the
    clusters that the correction or the degrees of freedom need, and where a coefficient rests on one cluster
    alone, which leaves no residual to judge it by; BadInput where the fit's working model joins estimates of
    different clusters, or a label is missing.
    """
    options = options or RobustOptions()
    checked_level(options.level)
    parts = _parts(gls, _blocks(gls, clusters), options.correction)
    _refuse_few(parts, options)
    _refuse_unjudged(parts, gls)
    covariance = _factor(parts, options.correction) * (
        parts.read @ parts.scores.T @ parts.scores @ parts.read.T
    )
    dfs = _degrees(parts, options.df)
    _refuse_drowned(gls, dfs)
    return Robust(
        clusters=parts.m,
        options=options,
        coefficients=coefficients(gls.design.names, gls.estimates, covariance, dfs, options.level),
        covariance=covariance,
        moderators=_moderators(parts, gls, covariance, options.df),
    )


class _Parts(NamedTuple):
    """Of each cluster, with G = A'WX: scores G'e (m x p), loads G'VG (m x p x p) and leans L'X'G (m x p x p).

    ``read`` (p x p) turns them into coefficients of the design; LL' is the bread.
    """

    scores: Floats
    loads: Floats
    leans: Floats
    read: Floats
    k: int

    @property
    def m(self) -> int:
        return len(self.scores)

    @property
    def p(self) -> int:
        return len(self.read)


def _blocks(gls: Gls, clusters: Sequence[Hashable]) -> Blocks:
    codes = coded(clusters, gls.design.k, "cluster")
    if not codes.any():
        raise Refused("all estimates are of one cluster: robust errors need at least two, better ten")
    blocks = gls.covariance.joined(codes)
    for rows, _ in blocks:
        if (codes[rows] != codes[rows[0]]).any():
            message = "the working model correlates estimates of different clusters"
            raise BadInput(f"{message}: choose clusters that hold all that share patients or a study")
    return blocks


def _parts(gls: Gls, blocks: Blocks, correction: Correction) -> _Parts:
    bread = lower(gls.bread)
    scores, loads, leans = [], [], []
    for rows, v in blocks:
        x = gls.design.basis[rows]
        wx = solved(v, x)
        g = _adjusted(v, x, wx, bread, correction)
        scores.append(g.T @ gls.residuals[rows])
        loads.append(g.T @ v @ g)
        leans.append(bread.T @ x.T @ g)
    read = gls.design.back @ gls.bread
    return _Parts(np.array(scores), np.array(loads), np.array(leans), read, gls.design.k)


def _adjusted(v: Floats, x: Floats, wx: Floats, bread: Floats, correction: Correction) -> Floats:
    """A'WX of a cluster, A being the correction of its residuals."""
    if correction not in {Correction.CR2, Correction.CR3}:
        return wx
    root = lower(v)
    hat = solved(root, x) @ bread
    values, vectors = spectrum(np.eye(len(v)) - hat @ hat.T)
    kept = values > _NOTHING_LEFT
    if correction is Correction.CR2:
        return _unbiased(root, vectors[:, kept] * np.sqrt(values[kept]), wx)
    # CR3: A = (I - H)⁻¹ = L (I - hat)⁻¹ L⁻¹
    if not kept.all():
        raise Refused("a coefficient rests on one cluster alone, which CR3 cannot leave out: take CR2")
    return solved(root.T, (vectors / values) @ (vectors.T @ root.T @ wx))


def _unbiased(root: Floats, left: Floats, wx: Floats) -> Floats:
    # A = L B^(-1/2) L' with B = L'(V - XMX')L, the inverse root on what the fit leaves of the cluster. B is NN'
    # with N = L'L left, whose singular values keep twice the digits that eigenvalues of B would.
    vectors, values, _ = np.linalg.svd(root.T @ root @ left, full_matrices=False)
    adjusted: Floats = root @ (vectors / values) @ (vectors.T @ root.T @ wx)
    return adjusted


def _factor(parts: _Parts, correction: Correction) -> float:
    m, p, k = parts.m, parts.p, parts.k
    match correction:
        case Correction.CR1:
            return m / (m - 1)
        case Correction.CR1P:
            return m / (m - p)
        case Correction.CR1S:
            return m * (k - 1) / ((m - 1) * (k - p))
        case _:
            return 1.0


def _refuse_few(parts: _Parts, options: RobustOptions) -> None:
    counts = options.correction is Correction.CR1P or options.df is DegreesOfFreedom.CLUSTERS
    if counts and parts.m <= parts.p:
        raise Refused(f"{parts.m} clusters leave nothing for {parts.p} coefficients: leave moderators out")
    if parts.k <= parts.p:
        raise Refused(f"there are as many coefficients as estimates ({parts.k}): leave moderators out")


def _degrees(parts: _Parts, df: DegreesOfFreedom) -> tuple[float, ...]:
    if df is DegreesOfFreedom.CLUSTERS:
        return (float(parts.m - parts.p),) * parts.p
    return tuple(_satterthwaite(parts, [i]) for i in range(parts.p))


def _refuse_drowned(gls: Gls, dfs: tuple[float, ...]) -> None:
    for name, df in zip(gls.design.names, dfs, strict=True):
        if not df:
            message = f"the robust error of {name} is lost in rounding: variances differ by too many orders"
            raise Refused(f"{message}; rescale the moderators or leave some out")


def _moderators(
    parts: _Parts, gls: Gls, covariance: Floats, df: DegreesOfFreedom
) -> WaldTest | Undefined | None:
    tested = list(gls.design.moderators)
    if not tested:
        return None
    estimates, errors = gls.estimates[tested], covariance[np.ix_(tested, tested)]
    if df is DegreesOfFreedom.CLUSTERS:
        return wald(estimates, errors, parts.m - parts.p)
    q, eta = len(tested), _satterthwaite(parts, tested)
    left = eta - q + 1
    if left <= 0:
        return Undefined(f"{parts.m} clusters are too few to test {q} coefficients together")
    plain = wald(estimates, errors, left)
    if isinstance(plain, Undefined):
        return plain
    # Hotelling's T² as an F: scaled by what the estimated covariance costs.
    f = plain.statistic * left / eta
    return WaldTest(f, q, left, f_tail(f, q, left))


def _satterthwaite(parts: _Parts, tested: list[int]) -> float:
    """Degrees of freedom of the robust covariance of some coefficients under the working model.

    Twice the squared mean over the variance, for several coefficients q (q + 1) over the summed variances of
    the standardised entries (Pustejovsky, Tipton 2018). 0 where rounding drowns them: some combination of the
    coefficients rests on one cluster alone.
    """
    q, read = len(tested), parts.read[tested]
    expected = _expected(parts, read)
    errors = np.sqrt(np.diagonal(expected))
    values, vectors = spectrum(expected / np.outer(errors, errors))
    if values[0] <= _NOTHING_LEFT:
        return 0.0
    standardised = (vectors / np.sqrt(values)).T @ (read / errors[:, None])
    varying = _summed_variances(parts, standardised)
    # There are no more degrees of freedom than clusters.
    return q * (q + 1) / varying if varying * parts.m * _SLACK >= q * (q + 1) else 0.0


def _refuse_unjudged(parts: _Parts, gls: Gls) -> None:
    # Against the model's own variances: what is left of a coefficient that one cluster determines is rounding.
    left = np.diagonal(_expected(parts, parts.read)) / np.diagonal(gls.estimates_covariance)
    if (left <= _NOTHING_LEFT).any():
        name = gls.design.names[int(np.argmin(left))]
        message = f"{name} rests on one cluster alone: there is no robust error of it"
        raise Refused(f"{message}; leave it out, or join levels")


def _expected(parts: _Parts, read: Floats) -> Floats:
    """Mean of the sandwich under the working model, for the coefficients that ``read`` (q x p) picks."""
    loads = read @ parts.loads.sum(axis=0) @ read.T
    leans = parts.leans @ read.T
    expected: Floats = loads - np.einsum("mas,mat->st", leans, leans)
    return (expected + expected.T) / 2


def _summed_variances(parts: _Parts, read: Floats) -> float:
    # Entry (s, t) is sum_i (g_is'e)(g_it'e) with Cov(g_is'e, g_jt'e) = [i = j] d_ist - z_is'z_jt, so that its
    # variance is a sum over pairs of clusters, taken here without making the pairs.
    d = read @ parts.loads @ read.T  # m x q x q
    z = parts.leans @ read.T  # m x p x q
    cross = np.einsum("mas,mbt->stab", z, z)
    own = np.einsum("mas,mat->mst", z, z)
    straight = np.einsum("mss,mtt->", d, d) - 2 * np.einsum("mss,mtt->", d, own)
    crossed = np.einsum("mst,mst->", d, d) - 2 * np.einsum("mst,mst->", d, own)
    pairs = np.einsum("stab,stab->", cross, cross) + np.einsum("stab,stba->", cross, cross)
    return float(straight + crossed + pairs)
