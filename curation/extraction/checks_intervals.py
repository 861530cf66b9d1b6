"""Checks of one AUC and its interval: range, order, clipped limits, arms that no method gives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from curation.extraction.checks_implied import implied_n
from curation.extraction.checks_values import Case, Finding, Kind, Printed, printed_auc, printed_interval

_CHANCE = 0.5
_ROUNDING = 1e-9  # of sums of printed decimals in binary
# Two standard errors of the difference of two percentile limits over 1,000 resamples, in arms: each arm is uncertain
# by sqrt(0.025 * 0.975 / 1000) / (1.96 * density at 1.96) = 4.3 %.
_RESAMPLING = 0.12


def interval_findings(case: Case) -> Iterator[Finding]:
    """What is wrong with an AUC and its interval, whatever the number of patients."""
    yield from _out_of_range(case)
    printed = Printed.of(case.evaluation)
    if printed is None:
        return
    if not printed.low <= printed.auc <= printed.high:
        said = f"the AUC {printed_auc(case.evaluation)} is not inside {printed_interval(case.evaluation)}"
        yield case.finding(Kind.AUC_OUTSIDE_INTERVAL, said, "compare all three numbers with the paper")
    elif printed.high >= 1 > printed.auc or printed.low <= 0 < printed.auc:
        yield _clipped(case, printed)
    elif 0 < printed.low < printed.auc < printed.high < 1:
        yield from _uneven(case, printed)


def _out_of_range(case: Case) -> Iterator[Finding]:
    e = case.evaluation
    if not 0 <= e.auc <= 1:
        said = f"an AUC lies between 0 and 1; it is {printed_auc(e)}"
        yield case.finding(
            Kind.AUC_OUT_OF_RANGE, said, "compare it with the paper (a percentage?)", auc=e.auc
        )
    elif e.auc < _CHANCE and not e.note:
        said = f"the AUC {printed_auc(e)} is worse than chance"
        mend = (
            "compare it with the paper, and which class counts as the event; if it stands, say so in a note"
        )
        yield case.finding(Kind.AUC_OUT_OF_RANGE, said, mend, auc=e.auc)


def _clipped(case: Case, printed: Printed) -> Finding:
    side, limit = ("upper", printed.high) if printed.high >= 1 else ("lower", printed.low)
    said = f"the {side} limit of {printed_interval(case.evaluation)} stands at the end of the scale, as one that was cut off"
    mend = "take its standard error from the other arm, or note by which method the interval ends there"
    return case.finding(Kind.LIMIT_CLIPPED, said, mend, limit=limit, auc=printed.auc)


def _uneven(case: Case, as_printed: Printed) -> Iterator[Finding]:
    """The longer arm points the wrong way, or the arms differ more than on the logit scale.

    Intervals symmetric on the raw scale (Wald, DeLong) have equal arms, those symmetric on the logit scale (and
    Wilson's) have equal arms there; exact and bootstrap ones fall between, with the longer arm towards 0.5.
    Allowed for: rounding of each number to its digits; for each limit a step of 4 / n², the least that an AUC in n
    patients moves by (n as the interval implies where none is known); resampling around the middle of the two.
    """
    printed = as_printed if as_printed.auc >= _CHANCE else as_printed.mirrored
    n = case.evaluation.n or implied_n(printed)
    rounding = 2 * printed.auc_slack + printed.low_slack + printed.high_slack + _ROUNDING
    allowed = rounding + (8 / n**2 if n else 0.0)
    difference = (
        printed.low + printed.high - 2 * printed.auc
    )  # of the arms, upper less lower; 0 on the raw scale
    on_logit = _difference_on_logit(printed)
    resampling = _RESAMPLING * printed.width / 2
    if difference > max(0.0, on_logit / 2 + resampling) + allowed:
        yield _arms(case, as_printed, "the longer arm of an AUC's interval points towards 0.5")
    elif difference < min(on_logit, on_logit / 2 - resampling) - allowed:
        yield _arms(case, as_printed, "its arms differ even more than on the logit scale")


def _difference_on_logit(printed: Printed) -> float:
    """Upper less lower arm of the interval of this width that has equal arms on the logit scale.

    The arm h there solves sinh(h) = width (cosh(logit) + cosh(h)), a quadratic in exp(h).
    """
    centre, width = _logit(printed.auc), printed.width
    half = width * math.cosh(centre)
    arm = math.log((half + math.sqrt(half * half + 1 - width * width)) / (1 - width))
    return _expit(centre + arm) + _expit(centre - arm) - 2 * printed.auc


def _arms(case: Case, printed: Printed, why: str) -> Finding:
    """With what each limit would be, were the other right, and the n that goes with it."""
    above, below = printed.high - printed.auc, printed.auc - printed.low
    said = (
        f"the interval {printed_interval(case.evaluation)} reaches {above:.3f} above the AUC "
        f"{printed_auc(case.evaluation)} and {below:.3f} below it: {why}; it implies about {_patients(printed)} patients"
    )
    equal = []
    if printed.auc + below < 1:
        other = replace(printed, high=printed.auc + below)
        equal.append(f"end at {other.high:.3f} ({_patients(other)} patients)")
    if printed.auc > above:
        other = replace(printed, low=printed.auc - above)
        equal.append(f"begin at {other.low:.3f} ({_patients(other)} patients)")
    mend = f"compare it with the paper: with equal arms it would {' or '.join(equal)}"
    ratio = (_logit(printed.high) - _logit(printed.auc)) / (_logit(printed.auc) - _logit(printed.low))
    numbers = {"above": round(above, 4), "below": round(below, 4), "logit_ratio": round(ratio, 2)}
    return case.finding(
        Kind.ARMS_UNEVEN, said, mend, **numbers, implied_n=round(implied_n(printed) or 0.0, 1)
    )


def _patients(printed: Printed) -> str:
    n = implied_n(printed)
    return "?" if n is None else f"{n:.0f}"


def _logit(p: float) -> float:
    return math.log(p) - math.log1p(-p)


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x))
