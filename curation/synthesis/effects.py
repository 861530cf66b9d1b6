"""Effect sizes of discrimination: the AUC (c-statistic) on its own scale and on the logit scale.

Between studies the AUC is skewed and its standard error falls as it rises, so that weighting on the raw
scale favours high values; on the logit scale both faults largely go (Snell, Ensor, Debray, Moons, Riley,
Stat Methods Med Res 2018;27:3505-3522). The standard error is the reported one, else it is read back from the
published interval, else made of the numbers with and without the outcome (Debray, Damen, Riley et al., Stat
Methods Med Res 2019;28:2768-2786); what an AUC and its standard error are: Hanley, McNeil, Radiology
1982;143:29-36.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from curation.errors import BadInput
from curation.synthesis.quantiles import normal_quantile
from curation.synthesis.standard_errors import FromCounts, from_counts

if TYPE_CHECKING:
    from curation.model import Validation

# A number in [0, 1] has a standard deviation of at most 1/2, so a symmetric 95% interval reaches at most 0.98
# past the AUC: limits outside these are typing errors (78.1 for 0.781), not untruncated Wald intervals.
_LOWEST_LIMIT, _HIGHEST_LIMIT = -1.0, 2.0
_LARGEST_ERROR = 0.5


@dataclass(frozen=True, slots=True)
class Estimate:
    """One evaluation as published: AUC with the limits of its interval at ``level``, as printed.

    ``study`` tells studies apart, ``label`` is what a table prints for the evaluation. ``low`` and ``high``
    are None where no interval is reported; they may reach past 0 or 1 (Wald intervals that were not
    truncated). Of a ``one_sided`` interval one limit is given and the other None. ``patients`` is the size of
    the study's cohort, the same for all its evaluations; ``n`` the number evaluated in the split in question,
    often not reported, and ``events`` those of them with the outcome. ``se`` is the AUC's standard error where
    the paper prints one, DeLong's for instance.

    Raises BadInput with every fault at once.
    """

    study: str
    label: str
    marker: str
    validation: Validation
    auc: float
    low: float | None
    high: float | None
    level: float = 0.95
    patients: int | None = None
    n: int | None = None
    events: int | None = None
    se: float | None = None
    one_sided: bool = False

    def __post_init__(self) -> None:
        faults = (*self._value_faults(), *self._interval_faults())
        if faults:
            message = f"{self.named}: {faults[0]}; compare the extraction with the paper"
            raise BadInput(message, faults=faults[1:])

    @property
    def named(self) -> str:
        """Study and label, for messages."""
        return f"{self.study} ({self.label})"

    @property
    def interval(self) -> tuple[float, float] | None:
        """Both limits, or None where no interval (or only one side of one) is reported."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def counts(self) -> tuple[int, int] | None:
        """Patients with and without the outcome, or None where one of the groups is empty or not reported."""
        if self.n is None or self.events is None:
            return None
        others = self.n - self.events
        return (self.events, others) if self.events and others else None

    def _value_faults(self) -> list[str]:
        checks = [
            (bool(self.study.strip()), "the study has no name"),
            (0 <= self.auc <= 1, f"AUC {self.auc} is not between 0 and 1"),
            (0 < self.level < 1, f"level {self.level} is not between 0 and 1 (write 0.95 for 95%)"),
            (self.patients is None or self.patients >= 1, f"a cohort of {self.patients} patients"),
            (self._has_counts_in_order(), f"{self.events} with the outcome of {self.n} patients"),
            (
                self.se is None or 0 < self.se <= _LARGEST_ERROR,
                f"standard error {self.se} is not above 0 and at most {_LARGEST_ERROR}",
            ),
        ]
        return [fault for holds, fault in checks if not holds]

    def _has_counts_in_order(self) -> bool:
        return self.events is None or 0 <= self.events <= (self.events if self.n is None else self.n)

    def _interval_faults(self) -> list[str]:
        if self.one_sided:
            return self._one_sided_faults()
        if self.interval is None:
            whole = self.low is None and self.high is None
            return [] if whole else ["only one limit of the interval is given"]
        low, high = self.interval
        if not (_LOWEST_LIMIT <= low <= high <= _HIGHEST_LIMIT):
            return [f"{low} to {high} is no interval of an AUC"]
        inside = low <= self.auc <= high
        return [] if inside else [f"AUC {self.auc} lies outside its interval {low} to {high}"]

    def _one_sided_faults(self) -> list[str]:
        limits = [limit for limit in (self.low, self.high) if limit is not None]
        if len(limits) != 1:
            return ["a one-sided interval has one limit; give low or high, not both"]
        if self.level <= 0.5:  # noqa: PLR2004 - a bound that half of all values pass bounds nothing
            return [f"level {self.level} is not that of a one-sided interval"]
        fits = _LOWEST_LIMIT <= limits[0] <= _HIGHEST_LIMIT and (limits[0] <= self.auc) == (self.high is None)
        return [] if fits else [f"AUC {self.auc} lies outside its one-sided interval from {limits[0]}"]


class Limits(StrEnum):
    """How both limits of an interval give the standard error on the logit scale."""

    DELTA = "width over 2z, by the delta method"
    LOGIT = "limits taken to the logit scale, width over 2z"


@dataclass(frozen=True, slots=True)
class Reading:
    """How standard errors are read: both ``limits`` of an interval, and ``counts`` where nothing is printed.

    With ``counts`` None, an estimate without a standard error or an interval is unusable.
    """

    limits: Limits = Limits.DELTA
    counts: FromCounts | None = FromCounts.NEWCOMBE_4


class Source(StrEnum):
    """What the standard error was made of; the first that an estimate has is taken."""

    REPORTED = "reported standard error"
    INTERVAL = "interval"
    HALF = "one half of the interval"
    COUNTS = "numbers of patients"


@dataclass(frozen=True, slots=True)
class Effect:
    """Logit of the AUC (``yi``, log odds) or the AUC itself, its standard error, and in words what gave it."""

    yi: float
    sei: float
    how: str
    source: Source = Source.INTERVAL

    @property
    def flagged(self) -> bool:
        """Whether a reader should be told with the row: the interval could not be read as it stands."""
        return self.source is Source.HALF


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why an estimate has no effect size."""

    reason: str


def raw_se(estimate: Estimate, z: float | None = None) -> float | None:
    """Read the standard error of the AUC, width / (2z) of its interval; None where no interval is reported.

    ``z`` is the exact quantile of the interval's level unless given: papers computed with 1.96 are repeated
    with 1.96.
    """
    if estimate.interval is None:
        return None
    low, high = estimate.interval
    return (high - low) / (2 * (normal_quantile(estimate.level) if z is None else z))


def logit_effect(estimate: Estimate, reading: Reading | None = None) -> Effect | Unusable:
    """Effect size on the logit scale; standard error as reported, else from the interval, else from the counts.

    A standard error of the AUC is divided by AUC (1 - AUC) (delta method). An interval that ends at or beyond
    0 or 1 was clipped, or runs out of range, and its width understates or misstates the error: then the inner
    half, from the AUC to the other limit, is taken on the logit scale, as it is of a one-sided interval. No
    standard error is borrowed: an estimate with nothing to make one of, or with an AUC of 0 or 1, is Unusable
    and says why.
    """
    if estimate.auc in {0, 1}:
        return Unusable(f"an AUC of {estimate.auc:g} has no logit")
    return _effect(estimate, reading or Reading(), _LOGIT)


def raw_effect(estimate: Estimate, reading: Reading | None = None) -> Effect | Unusable:
    """The AUC on its own scale with its standard error, by the same order; an AUC of 0 or 1 is possible here.

    Of an interval that ends exactly at 0 or 1, and of a one-sided one, the inner half is taken on this scale; one
    that passes 0 or 1 was not clipped.
    """
    return _effect(estimate, reading or Reading(), _RAW)


def _effect(estimate: Estimate, reading: Reading, scale: _Scale) -> Effect | Unusable:
    yi = scale.value(estimate.auc)
    if estimate.se is not None:
        return Effect(yi, estimate.se * scale.slope(estimate.auc), Source.REPORTED, Source.REPORTED)
    read = _from_interval(estimate, reading, scale)
    counts, method = estimate.counts, reading.counts
    if isinstance(read, Effect) or counts is None or method is None:
        return read
    sei = from_counts(estimate.auc, *counts, method) * scale.slope(estimate.auc)
    how = f"{counts[0]} patients with and {counts[1]} without the outcome, by {method}"
    return Effect(yi, sei, how, Source.COUNTS) if sei > 0 else read


def _from_interval(estimate: Estimate, reading: Reading, scale: _Scale) -> Effect | Unusable:
    if estimate.low is None and estimate.high is None:
        return Unusable("no interval is reported")
    low, high = scale.ends(estimate)
    if low is None and high is None:
        return Unusable("the interval spans every possible value")
    sei = _error(estimate, reading, scale, low, high)
    half = low is None or high is None
    if sei <= 0:
        return Unusable("the interval has no width")
    how = _half_told(estimate, lower=high is None) if half else "width of the interval"
    return Effect(scale.value(estimate.auc), sei, how, Source.HALF if half else Source.INTERVAL)


def _error(
    estimate: Estimate, reading: Reading, scale: _Scale, low: float | None, high: float | None
) -> float:
    auc, z = estimate.auc, normal_quantile(estimate.level)
    if low is None or high is None:
        limit = high if low is None else low
        one = normal_quantile(2 * estimate.level - 1) if estimate.one_sided else z
        return 0.0 if limit is None else abs(scale.value(auc) - scale.value(limit)) / one
    if reading.limits is Limits.LOGIT:
        return (scale.value(high) - scale.value(low)) / (2 * z)
    return (high - low) / (2 * z) * scale.slope(auc)


def _half_told(estimate: Estimate, *, lower: bool) -> str:
    if estimate.one_sided:
        return f"one-sided interval, {'lower' if lower else 'upper'} limit only"
    if lower:
        return "lower half of the interval, which is clipped at 1"
    return "upper half of the interval, which is clipped at 0"


@dataclass(frozen=True, slots=True)
class _Scale:
    value: Callable[[float], float]
    slope: Callable[[float], float]
    clipped: Callable[[float], bool]

    def ends(self, estimate: Estimate) -> tuple[float | None, float | None]:
        """The limits, None for one that is clipped or not given."""
        low, high = estimate.low, estimate.high
        return (
            None if low is None or self.clipped(low) else low,
            None if high is None or self.clipped(high) else high,
        )


def logit(p: float) -> float:
    """Log odds of ``p``, 0 < p < 1."""
    return math.log(p) - math.log1p(-p)


def expit(x: float) -> float:
    """Inverse of the logit: the AUC whose log odds are ``x``."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


_LOGIT = _Scale(logit, lambda auc: 1 / (auc * (1 - auc)), lambda limit: limit <= 0 or limit >= 1)
_RAW = _Scale(float, lambda auc: 1.0, lambda limit: limit in {0, 1})  # noqa: ARG005 - the slope is 1 everywhere
