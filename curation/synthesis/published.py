"""The method of the published review, repeated as it was done, so that its figures can be redrawn.

It averages every tabulated AUC on the raw scale as if each came from other patients, and lends intervals to
studies that report none. What that does to the answer is seen beside ``curation.synthesis.recommended``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from curation.errors import Refused
from curation.synthesis.effects import Estimate, raw_se
from curation.synthesis.models import Fit, common_effect
from curation.synthesis.pooled import Pooled, PooledRow, Scale, distinct_patients, distinct_studies

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVEL = 0.95
PUBLISHED_Z = 1.96  # the paper's rounded quantile of a 95% interval, both to read intervals and to make them

_METHOD = (
    "Fixed-effect inverse-variance mean of the AUCs on their own scale, every tabulated AUC taken as "
    "independent; standard error = (upper - lower) / (2 x 1.96); a missing interval is given the average "
    "width of the reported ones{average}; limits at 1.96 standard errors. No model of heterogeneity."
)

_LENT = "average width of the reported intervals; none is reported here"


class Borrowing(StrEnum):
    """How the reported widths are averaged for a row that has none."""

    BY_COHORT = "weighted by cohort size"
    PLAIN = "unweighted"


def pool_as_published(estimates: Sequence[Estimate], borrowing: Borrowing = Borrowing.BY_COHORT) -> Pooled:
    """Common-effect mean of all ``estimates`` on the raw AUC scale, borrowing the intervals that are missing.

    The text of the review says "the weighted average of the reported 95% confidence intervals was used" and
    not by what it weighted. Cohort size fits the wording; the plain average gives the same three decimals
    for both published results, so these cannot tell which it was. The interval of a row with a borrowed
    width may pass 1. An interval at another level than 95% is read with that level's own quantile.

    Raises Refused without estimates, without any interval to borrow from, on an interval of no width (its
    weight would be infinite), and where a row must borrow by cohort size and a lender's size is unknown.
    """
    if not estimates:
        raise Refused("there is nothing to pool: no estimate was given")
    lent = _lent_error(estimates, borrowing)
    errors = [_error(estimate, lent) for estimate in estimates]
    fit = common_effect([estimate.auc for estimate in estimates], errors)
    rows = (_row(e, se, weight) for e, se, weight in zip(estimates, errors, fit.weights, strict=True))
    return _pooled(estimates, fit, tuple(rows), borrowing)


def _pooled(
    estimates: Sequence[Estimate], fit: Fit, rows: tuple[PooledRow, ...], borrowing: Borrowing
) -> Pooled:
    average = f" ({borrowing})" if any(row.borrowed for row in rows) else " (none is missing here)"
    return Pooled(
        method=_METHOD.format(average=average),
        scale=Scale.RAW,
        k=fit.k,
        k_left_out=0,
        studies=distinct_studies(estimates),
        patients=distinct_patients(estimates),
        estimate=fit.estimate,
        low=fit.estimate - PUBLISHED_Z * fit.se,
        high=fit.estimate + PUBLISHED_Z * fit.se,
        level=LEVEL,
        pi_low=None,
        pi_high=None,
        tau2=None,
        i2=None,
        q=None,
        rows=rows,
        left_out=(),
    )


def _lent_error(estimates: Sequence[Estimate], borrowing: Borrowing) -> float | None:
    # At one level averaging widths and averaging errors is the same; over levels only the latter has a sense.
    lenders = [(e, se) for e in estimates if (se := _reported_error(e)) is not None]
    if len(lenders) == len(estimates):
        return None
    if not lenders:
        raise Refused("no interval is reported by any of the estimates: there is no width to borrow")
    if borrowing is Borrowing.PLAIN:
        return sum(se for _, se in lenders) / len(lenders)
    weighted = [(e.patients, se) for e, se in lenders if e.patients is not None]
    if len(weighted) < len(lenders):
        unknown = tuple(e.named for e, _ in lenders if e.patients is None)
        message = (
            f"missing intervals are borrowed by cohort size, and that of {unknown[0]} is unknown; extract it"
        )
        raise Refused(message, faults=unknown[1:])
    return sum(n * se for n, se in weighted) / sum(n for n, _ in weighted)


def _error(estimate: Estimate, lent: float | None) -> float:
    own = _reported_error(estimate)
    error = lent if own is None else own
    if not error:
        raise Refused(f"{estimate.named}: its interval has no width, so its weight would be infinite")
    return error


def _reported_error(estimate: Estimate) -> float | None:
    return raw_se(estimate, PUBLISHED_Z if estimate.level == LEVEL else None)


def _row(estimate: Estimate, se: float, weight: float) -> PooledRow:
    if estimate.interval is not None:
        return PooledRow(estimate, weight, *estimate.interval, borrowed=False, how="width of the interval")
    half = PUBLISHED_Z * se
    return PooledRow(estimate, weight, estimate.auc - half, estimate.auc + half, borrowed=True, how=_LENT)
