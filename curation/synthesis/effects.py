"""Effect sizes of discrimination: the AUC (c-statistic) on its own scale and on the logit scale.

Between studies the AUC is skewed and its standard error falls as it rises, so that weighting on the raw
scale favours high values; on the logit scale both faults largely go (Snell, Ensor, Debray, Moons, Riley,
Stat Methods Med Res 2018;27:3505-3522). The standard error is read back from the published interval
(Debray, Damen, Riley et al., Stat Methods Med Res 2019;28:2768-2786); what an AUC and its standard error
are: Hanley, McNeil, Radiology 1982;143:29-36.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curation.errors import BadInput
from curation.synthesis.quantiles import normal_quantile

if TYPE_CHECKING:
    from curation.model import Validation

# A number in [0, 1] has a standard deviation of at most 1/2, so a symmetric 95% interval reaches at most 0.98
# past the AUC: limits outside these are typing errors (78.1 for 0.781), not untruncated Wald intervals.
_LOWEST_LIMIT, _HIGHEST_LIMIT = -1.0, 2.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """One evaluation as published: AUC with the limits of its interval at ``level``, as printed.

    ``study`` tells studies apart, ``label`` is what a table prints for the evaluation. ``low`` and ``high``
    are None where no interval is reported; they may reach past 0 or 1 (Wald intervals that were not
    truncated). ``patients`` is the size of the study's cohort, the same for all its evaluations; ``n`` the number
    evaluated in the split in question, often not reported.

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
        """Both limits, or None where no interval is reported."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    def _value_faults(self) -> list[str]:
        checks = [
            (bool(self.study.strip()), "the study has no name"),
            (0 <= self.auc <= 1, f"AUC {self.auc} is not between 0 and 1"),
            (0 < self.level < 1, f"level {self.level} is not between 0 and 1 (write 0.95 for 95%)"),
            (self.patients is None or self.patients >= 1, f"a cohort of {self.patients} patients"),
        ]
        return [fault for holds, fault in checks if not holds]

    def _interval_faults(self) -> list[str]:
        if self.interval is None:
            whole = self.low is None and self.high is None
            return [] if whole else ["only one limit of the interval is given"]
        low, high = self.interval
        if not (_LOWEST_LIMIT <= low <= high <= _HIGHEST_LIMIT):
            return [f"{low} to {high} is no interval of an AUC"]
        inside = low <= self.auc <= high
        return [] if inside else [f"AUC {self.auc} lies outside its interval {low} to {high}"]


@dataclass(frozen=True, slots=True)
class Effect:
    """Logit of the AUC (``yi``, log odds), its standard error, and in words what of the interval gave it."""

    yi: float
    sei: float
    how: str


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


def logit_effect(estimate: Estimate) -> Effect | Unusable:
    """Effect size on the logit scale, standard error by the delta method: SE(AUC) / (AUC (1 - AUC)).

    An interval that ends at or beyond 0 or 1 was clipped, or runs out of range, and its width understates
    or misstates the error: then the inner half, from the AUC to the other limit, is taken on the logit
    scale. No standard error is borrowed: without an interval, or with an AUC of 0 or 1, or with an interval
    of no width, the estimate is Unusable and says why.
    """
    se = raw_se(estimate)
    if estimate.interval is None or se is None:
        return Unusable("no interval is reported")
    if estimate.auc in {0, 1}:
        return Unusable(f"an AUC of {estimate.auc:g} has no logit")
    low, high = estimate.interval
    yi, z = logit(estimate.auc), normal_quantile(estimate.level)
    if low <= 0 and high >= 1:
        return Unusable("the interval spans every possible value")
    if high >= 1:
        return _with_width(yi, (yi - logit(low)) / z, "lower half of the interval, which is clipped at 1")
    if low <= 0:
        return _with_width(yi, (logit(high) - yi) / z, "upper half of the interval, which is clipped at 0")
    return _with_width(yi, se / (estimate.auc * (1 - estimate.auc)), "width of the interval")


def _with_width(yi: float, sei: float, how: str) -> Effect | Unusable:
    return Effect(yi, sei, how) if sei > 0 else Unusable("the interval has no width")


def logit(p: float) -> float:
    """Log odds of ``p``, 0 < p < 1."""
    return math.log(p) - math.log1p(-p)


def expit(x: float) -> float:
    """Inverse of the logit: the AUC whose log odds are ``x``."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
