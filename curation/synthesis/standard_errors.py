"""Standard errors of an AUC from what papers print: an interval, or only how many had the outcome and how many not.

Hanley, McNeil, Radiology 1982;143:29-36; Newcombe, Stat Med 2006;25:559-573, by whose numbers metamisc calls
them (Debray, Damen, Riley et al., Stat Methods Med Res 2019;28:2768-2786).
"""

from __future__ import annotations

import math
from enum import StrEnum

from scipy.optimize import brentq

from curation.synthesis.quantiles import normal_quantile

# Nearer to 0 or 1 than any end of a score interval: z² over the number of patients is larger.
_BESIDE = 1e-12


class FromCounts(StrEnum):
    """How the standard error is made of the numbers with and without the outcome."""

    HANLEY_MCNEIL = "Hanley and McNeil (Newcombe's method 2)"
    NEWCOMBE_4 = "Newcombe's method 4"


def from_counts(auc: float, events: int, others: int, method: FromCounts = FromCounts.NEWCOMBE_4) -> float:
    """Standard error of an AUC in ``events`` patients with and ``others`` (both >= 1) without the outcome.

    Under exponential distributions in both groups. Method 4 puts half of all patients in the place of each
    group's size in the correction, which makes it symmetrical and steadier where outcomes are rare. For an
    AUC of 0 or 1 it is 0: use ``newcombe_5`` then.
    """
    per_event, per_other = _corrections(events, others, method)
    spread = 1 + per_event * (1 - auc) / (2 - auc) + per_other * auc / (1 + auc)
    return math.sqrt(auc * (1 - auc) * spread / (events * others))


def largest(auc: float, events: int, others: int) -> float:
    """Upper bound of the standard error of an AUC, whatever the distributions: sqrt(A(1 - A)/min of the groups)."""
    return math.sqrt(auc * (1 - auc) / min(events, others))


def newcombe_5(auc: float, events: int, others: int, level: float = 0.95) -> tuple[float, float]:
    """Interval of the AUCs from which this one is no further than z standard errors of their own (score).

    The standard error is that of method 4. It stays within 0 to 1 and has a width for an AUC of 0 or 1 too.
    """
    z = normal_quantile(level)

    def beyond(theta: float) -> float:
        return abs(auc - theta) - z * from_counts(theta, events, others)

    # An AUC of 0 or 1 is a root itself; the other one is sought from just beside it.
    low = 0.0 if auc == 0 else float(brentq(beyond, 0.0, min(auc, 1 - _BESIDE), xtol=1e-15))
    high = 1.0 if auc == 1 else float(brentq(beyond, max(auc, _BESIDE), 1.0, xtol=1e-15))
    return low, high


def _corrections(events: int, others: int, method: FromCounts) -> tuple[float, float]:
    if method is FromCounts.HANLEY_MCNEIL:
        return events - 1, others - 1
    half = (events + others) / 2 - 1
    return half, half
