"""From a declared synthesis and what was extracted to its result: the one place where declarations become methods.

Which evaluations share patients is data (``Item.patients``), and the default synthesis never counts the same
patients twice as independent: a study that stands twice is refused, and of studies that share patients the largest
is taken. What a reader must be told of a result comes with it as ``warnings``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from curation.protocol import (
    Dependence,
    Estimator,
    LimitsBy,
    MeanInterval,
    Method,
    Missing,
    PoolScale,
    PredictionBy,
    Synthesis,
)
from curation.synthesis.dependent_pool import pool_as_if_independent, pool_three_level
from curation.synthesis.effects import Effect, Estimate, Limits, Reading, logit_effect
from curation.synthesis.models import Interval, Prediction
from curation.synthesis.pooled import Pooled, PooledRow, Scale
from curation.synthesis.published import LEVEL, PUBLISHED_Z, Borrowing, pool_as_published
from curation.synthesis.quantiles import normal_quantile
from curation.synthesis.recommended import Choices, pool_as_chosen
from curation.synthesis.tau2 import Tau2Method

_INTERVALS = {
    MeanInterval.GUARDED: Interval.HARTUNG_KNAPP_GUARDED,
    MeanInterval.HARTUNG_KNAPP: Interval.HARTUNG_KNAPP,
    MeanInterval.WALD: Interval.WALD,
}
_PREDICTIONS = {
    PredictionBy.K_MINUS_2: Prediction.K_MINUS_2,
    PredictionBy.LIKE_MEAN: Prediction.LIKE_MEAN,
}
_ERRORS = "; standard errors as reported, none borrowed"
_LENT = "average width of the reported intervals; none is reported here"


@dataclass(frozen=True, slots=True)
class Item:
    """An evaluation as an analysis needs it.

    ``study`` is the study's key, ``key`` the evaluation's within it; ``patients`` labels who it was made in: equal
    labels are the same people. ``facts`` are the study's extracted fields as text, for subgroups; ``retracted``
    where a retraction notice stands against a report of the study.
    """

    estimate: Estimate
    study: str
    key: str
    patients: str
    outcome: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    retracted: bool = False


@dataclass(frozen=True, slots=True)
class Analysed:
    """A result, the degrees of freedom of its interval where they are not k - 1, and what must be told with it."""

    pooled: Pooled
    df: float | None = None
    warnings: tuple[str, ...] = ()


def chosen_items(synthesis: Synthesis, items: Sequence[Item]) -> tuple[Item, ...]:
    """Evaluations that the synthesis is about."""
    return tuple(
        item
        for item in items
        if item.estimate.validation in synthesis.validation
        and (not synthesis.markers or item.estimate.marker in synthesis.markers)
        and (not synthesis.outcomes or item.outcome in synthesis.outcomes)
    )


def choices(synthesis: Synthesis) -> Choices:
    """The recommended method's choices as declared (a common effect has no tau²; REML stands in its place)."""
    common = synthesis.estimator is Estimator.COMMON
    return Choices(
        scale=Scale.LOGIT if synthesis.scale is PoolScale.LOGIT else Scale.RAW,
        reading=Reading(Limits.DELTA if synthesis.limits is LimitsBy.DELTA else Limits.LOGIT),
        tau2=Tau2Method.REML if common else Tau2Method(synthesis.estimator),
        interval=_INTERVALS[synthesis.interval],
        prediction=_PREDICTIONS[synthesis.prediction],
        level=synthesis.level,
    )


def analysed(synthesis: Synthesis, items: Sequence[Item]) -> Analysed:
    """The result of ``synthesis`` over the ``items`` it is about (``chosen_items``).

    Raises Refused and BadInput as the methods do: nothing to pool, a study that stands twice under "one a study",
    kinds of validation mixed there, and whatever a model cannot be fitted to.
    """
    if synthesis.method is Method.PUBLISHED:
        return Analysed(pool_as_published([item.estimate for item in items]))
    alone = synthesis.dependence is Dependence.ONE_A_STUDY
    kept, sharing = largest_of_sharing(items) if alone else (tuple(items), ())
    lent = as_published_errors(kept) if synthesis.missing is Missing.BORROW else {}
    made = _made(synthesis, [replace(i, estimate=lent.get(i.estimate, i.estimate)) for i in kept])
    result = _with_left_out(_as_printed(made.pooled, lent), sharing)
    warnings = (*made.warnings, *_flags(synthesis, kept, result), *(why for _, why in sharing))
    return replace(made, pooled=result, warnings=warnings)


def largest_of_sharing(items: Sequence[Item]) -> tuple[tuple[Item, ...], tuple[tuple[str, str], ...]]:
    """Of studies that share patients the one with the most in the split (else in the cohort); and why others go.

    Equal ones: the first. Evaluations of one study are all kept: choosing among them is for the protocol.
    """
    taken: dict[str, Item] = {}
    for item in items:
        rival = taken.setdefault(item.patients, item)
        if rival.study != item.study and _size(item) > _size(rival):
            taken[item.patients] = item
    kept, left = [], []
    for item in items:
        by = taken[item.patients]
        if by.study == item.study:
            kept.append(item)
        else:
            why = f"shares patients with {by.estimate.study}, which is taken"
            left.append((item.estimate.named, f"{item.estimate.named} {why}"))
    return tuple(kept), tuple(left)


def as_published_errors(items: Sequence[Item]) -> dict[Estimate, Estimate]:
    """Estimates with the standard errors that the published method gives them, by the estimate as printed.

    The whole width of each interval, clipped ones too; the plain average where there is nothing to make one of (the
    paper's words allow an average weighted by cohort as well, and its results do not tell which it was). Raises as
    ``pool_as_published`` where there is nothing to borrow from.
    """
    estimates = [item.estimate for item in items]
    rows = pool_as_published(estimates, Borrowing.PLAIN).rows
    return {r.estimate: _lent(r) for r in rows if r.estimate.interval is not None or _needs_loan(r.estimate)}


def _needs_loan(estimate: Estimate) -> bool:
    return estimate.interval is None and not isinstance(logit_effect(estimate), Effect)


def _lent(row: PooledRow) -> Estimate:
    at_95 = row.borrowed or row.estimate.level == LEVEL
    z = PUBLISHED_Z if at_95 else normal_quantile(row.estimate.level)
    return replace(row.estimate, se=(row.high - row.low) / (2 * z))


def _made(synthesis: Synthesis, items: Sequence[Item]) -> Analysed:
    estimates, chosen = [item.estimate for item in items], choices(synthesis)
    common = synthesis.estimator is Estimator.COMMON
    match synthesis.dependence:
        case Dependence.ONE_A_STUDY:
            pooled = pool_as_chosen(estimates, chosen)  # refuses a study that stands twice, and mixtures
            return Analysed(pool_as_if_independent(estimates, chosen, common=True) if common else pooled)
        case Dependence.INDEPENDENT:
            return Analysed(pool_as_if_independent(estimates, chosen, common=common))
        case Dependence.THREE_LEVEL:
            fit = pool_three_level(estimates, [i.patients for i in items], synthesis.rho[0], chosen)
            return Analysed(fit.pooled, fit.df, (fit.caution,) if fit.caution else ())


def _as_printed(pooled: Pooled, lent: Mapping[Estimate, Estimate]) -> Pooled:
    """The estimates as printed in place of those with the published method's errors; borrowed ones flagged."""
    printed = {made: estimate for estimate, made in lent.items()}
    rows = tuple(_row_as_printed(r, printed[r.estimate]) if r.estimate in printed else r for r in pooled.rows)
    lent_to = sum(row.borrowed for row in rows)
    told = (
        f" Standard errors as in the published method; {lent_to} missing, borrowed (†): {_LENT}."
        if lent_to
        else ""
    )
    method = pooled.method.replace(_ERRORS, "") if told else pooled.method
    return replace(pooled, rows=rows, method=method + told)


def _row_as_printed(row: PooledRow, printed: Estimate) -> PooledRow:
    missing = printed.interval is None
    return replace(
        row,
        estimate=printed,
        borrowed=missing,
        how=_LENT if missing else "whole width of the interval",
        flagged=missing,
    )


def _with_left_out(pooled: Pooled, sharing: Sequence[tuple[str, str]]) -> Pooled:
    left = (*pooled.left_out, *sharing)
    return replace(pooled, left_out=left, k_left_out=len(left)) if sharing else pooled


def _flags(synthesis: Synthesis, items: Sequence[Item], pooled: Pooled) -> tuple[str, ...]:
    found = []
    lent = sum(row.borrowed for row in pooled.rows)
    if lent:
        found.append(f"† {lent} of {pooled.k} intervals borrowed, as in the published method")
    again = sum(n - 1 for n in Counter(item.patients for item in items).values())
    if synthesis.dependence is Dependence.INDEPENDENT and again:
        found.append(f"‡ {again} of {len(items)} AUCs count patients again, as if they were others")
    kinds = sorted({str(item.estimate.validation) for item in items})
    if len(kinds) > 1:
        found.append(f"kinds of validation mixed: {', '.join(kinds)}")
    return tuple(found)


def _size(item: Item) -> int:
    return item.estimate.n or item.estimate.patients or 0
