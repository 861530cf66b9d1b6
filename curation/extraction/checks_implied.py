"""The number of patients that an interval implies, against the number that is said to stand behind it.

The standard error is width / (2 z) of the interval; Hanley and McNeil's formula (Radiology 1982;143:29-36) is
solved for n. With an unknown share of events the groups are taken as equal, which needs the fewest patients.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import NormalDist

from curation.extraction.checks_values import (
    DEVELOPMENT,
    Case,
    Finding,
    Kind,
    Printed,
    printed_auc,
    printed_interval,
)
from curation.model import Validation

# DeLong's error and Hanley and McNeil's differ by up to about a fifth in small samples, n by its square.
_TOO_MANY = 1.5
_TOO_FEW = 1 / 2
_TOO_FEW_OF_UNKNOWN_SHARE = 1 / 4  # one event in fifteen patients comes to about that
_OTHER_SPLIT = 1.35
_FEWEST_PAIRS = 3  # of two that differ nobody can say which is wrong
_SHARES = (0.25, 0.5, 0.75)  # of events, where unknown; the same in both sets of a split
_NEAR = 1e-6
_HELD_OUT = frozenset({Validation.SPLIT_SAMPLE, Validation.TEMPORAL})


@dataclass(frozen=True, slots=True)
class _Pair:
    """Development and held-out evaluation of one marker.

    ``ratios`` say how many times more patients the first one's interval implies: the least and the most that
    rounding and the share of events allow, reading both intervals on the raw scale, then on the logit scale.
    """

    made: Case
    held: Case
    ratios: tuple[tuple[float, float], tuple[float, float]]


def implied_n(printed: Printed, share: float = 0.5) -> float | None:
    """Patients, ``share`` of them with the outcome, by which the AUC's interval comes out as wide as it is.

    None where the interval has no width or the AUC no spread.
    """
    if printed.width <= 0 or not 0 < printed.auc < 1:
        return None
    return _solved(printed.auc, printed.width / (2 * _z(printed.level)), share)


def implied_n_findings(case: Case) -> Iterator[Finding]:
    """The interval is too narrow or too wide for its patients; where n is unknown, too narrow for the cohort."""
    e, printed, share = case.evaluation, Printed.of(case.evaluation), _share(case)
    of = e.n or case.cohort
    implied = implied_n(printed, share) if printed and share else None
    if of is None or printed is None or share is None or implied is None:
        return
    least, most = _range(printed, share)
    fewest = _TOO_FEW if case.events is not None else _TOO_FEW_OF_UNKNOWN_SHARE
    if least > _TOO_MANY * of:
        yield _off(case, implied, "narrow", of)
    elif e.n is not None and most < fewest * of:
        yield _off(case, implied, "wide", of)


def split_findings(cases: Iterable[Case]) -> Iterator[Finding]:
    """Of one study: by their intervals, a marker's two sets of patients are to each other as no other marker's."""
    pairs = list(_pairs(cases))
    if len(pairs) < _FEWEST_PAIRS:
        return
    for pair in pairs:
        others = [other for other in pairs if other is not pair]
        if all(_apart(pair, other) for other in others):
            yield _other_split(pair, others)


def _solved(auc: float, se: float, share: float) -> float:
    """Solution for n of se² = A(1 - A)(1 + (pn - 1) q1 + ((1 - p) n - 1) q2) / (p (1 - p) n²), p the share of events."""
    spread = auc * (1 - auc)
    q1, q2 = (1 - auc) / (2 - auc), auc / (1 + auc)
    a = se * se * share * (1 - share)
    b = spread * (share * q1 + (1 - share) * q2)
    return (b + math.sqrt(b * b + 4 * a * spread * (1 - q1 - q2))) / (2 * a)


def _range(printed: Printed, share: float) -> tuple[float, float]:
    """Fewest and most patients that rounding allows, reading the interval on the raw or on the logit scale."""
    shifts = (-printed.auc_slack, 0.0, printed.auc_slack)
    aucs = [min(max(printed.auc + shift, _NEAR), 1 - _NEAR) for shift in shifts]
    errors = (*_raw_errors(printed), *_logit_errors(printed))
    found = [_solved(auc, se, share) for auc, se in product(aucs, errors)]
    return min(found), max(found)


def _raw_errors(printed: Printed) -> tuple[float, float]:
    slack, z = printed.low_slack + printed.high_slack, _z(printed.level)
    return max(printed.width - slack, _NEAR) / (2 * z), (printed.width + slack) / (2 * z)


def _logit_errors(printed: Printed) -> tuple[float, float]:
    arms = [_logit_arm(printed.auc, limit) for limit in (printed.low, printed.high) if 0 < limit < 1]
    if not arms:
        return _raw_errors(printed)
    half = sum(arms) / len(arms) * printed.auc * (1 - printed.auc)
    slack, z = (printed.low_slack + printed.high_slack) / 2, _z(printed.level)
    return max(half - slack, _NEAR) / z, (half + slack) / z


def _share(case: Case) -> float | None:
    """Share of the patients with the outcome; a half where unknown, None where no AUC can be computed."""
    n, events = case.evaluation.n, case.events
    if n is None or events is None:
        return 0.5
    return events / n if 0 < events < n else None


def _off(case: Case, implied: float, what: str, of: int) -> Finding:
    e = case.evaluation
    whose = f"n is {of}" if e.n is not None else f"the whole cohort has {of}"
    said = f"the interval {printed_interval(e)} around {printed_auc(e)} implies about {implied:.0f} patients; {whose}"
    mend = f"too {what} an interval: compare n and the limits with the paper, and whether they are standard errors"
    return case.finding(Kind.IMPLIED_N, said, mend, implied_n=round(implied, 1), n=of)


def _pairs(cases: Iterable[Case]) -> Iterator[_Pair]:
    """Markers with one development and one held-out evaluation whose sizes are not both known."""
    by_marker: dict[str, list[Case]] = {}
    for case in cases:
        by_marker.setdefault(case.evaluation.marker, []).append(case)
    for group in by_marker.values():
        made = [c for c in group if c.evaluation.validation in DEVELOPMENT]
        held = [c for c in group if c.evaluation.validation in _HELD_OUT]
        if len(made) == len(held) == 1 and None in (made[0].evaluation.n, held[0].evaluation.n):
            yield from _pair(made[0], held[0])


def _pair(made: Case, held: Case) -> Iterator[_Pair]:
    first, second = Printed.of(made.evaluation), Printed.of(held.evaluation)
    if first and second and implied_n(first) and implied_n(second):
        raw, logit = (
            _ratio(first, errors(first), second, errors(second)) for errors in (_raw_errors, _logit_errors)
        )
        yield _Pair(made, held, (raw, logit))


def _ratio(
    first: Printed, first_errors: tuple[float, float], second: Printed, second_errors: tuple[float, float]
) -> tuple[float, float]:
    (narrow, wide), (other_narrow, other_wide) = first_errors, second_errors
    least = [_solved(first.auc, wide, p) / _solved(second.auc, other_narrow, p) for p in _SHARES]
    most = [_solved(first.auc, narrow, p) / _solved(second.auc, other_wide, p) for p in _SHARES]
    return min(least), max(most)


def _apart(pair: _Pair, other: _Pair) -> bool:
    """Whether two markers' ratios are too far apart, on whichever scale the study made its intervals."""
    return all(
        least > _OTHER_SPLIT * other_most or most * _OTHER_SPLIT < other_least
        for (least, most), (other_least, other_most) in zip(pair.ratios, other.ratios, strict=True)
    )


def _other_split(pair: _Pair, others: Sequence[_Pair]) -> Finding:
    made, held = (_n_of(case) for case in (pair.made, pair.held))
    ratios = [_n_of(other.made) / _n_of(other.held) for other in others]
    said = (
        f"the interval {printed_interval(pair.made.evaluation)} implies about {made:.0f} patients, {made / held:.1f} "
        f"times the {held:.0f} of the {pair.held.evaluation.validation} set; for the study's other markers it is "
        f"{min(ratios):.1f} to {max(ratios):.1f} times"
    )
    mend = (
        f"compare both intervals with the paper (the other: {pair.held.place}); one limit may be misprinted"
    )
    numbers = {"implied_n": round(made, 1), "held_out": round(held, 1), "ratio": round(made / held, 2)}
    return pair.made.finding(Kind.IMPLIED_N, said, mend, **numbers)


def _n_of(case: Case) -> float:
    printed = Printed.of(case.evaluation)
    return (implied_n(printed) if printed else None) or 0.0


def _z(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)


def _logit_arm(auc: float, limit: float) -> float:
    return abs(math.log(auc / (1 - auc)) - math.log(limit / (1 - limit)))
