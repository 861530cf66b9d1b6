"""When ranked screening may stop: the hypergeometric test of BUSCAR, exact and fast enough for every vote.

Callaghan MW, Müller-Hansen F. Statistical stopping criteria for automated screening in systematic reviews. Syst
Rev 2020;9:273. The null hypothesis is that recall is still below the target. Every run of last screened records is
taken for a random sample (an urn) of what was then unscreened; the smallest of their p values is the answer.
Within a stretch without finds the longest urn has the smallest p (the population grows, the unscreened part of it
does not), so only urns that begin at the start or right after a find are tried. p is that of ``buscarpy`` 0.0.2 (its default
``bias``) but for two cases. Where fewer records are unscreened than would have to be missed, p is 0 here, and NaN
there if the shortest urn asks for more relevant records than it holds (as a rule when all is screened). And
found/target is rounded down exactly here: 33/0.55 is 60, in floating point it is less, and one too few is missed.

What the test cannot know: it takes the smallest of many p values uncorrected; the order must be that of screening;
``total`` must be the final number after deduplication, so a new search invalidates an earlier stop (``stale``);
labels are conflict-resolved, what is unresolved counts as relevant; a topic that is ranked last as a whole is
missed; recall is that of title and abstract. The program never excludes by itself: this is advice to people.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile

_DECIMALS = 10**12  # target and confidence are read to twelve decimals, then calculated with exactly
_NOTHING = 1e-20  # a term of a tail this much smaller than the sum before it changes no digit of a float
_EQUAL = 1e-12  # relative; a p that is alpha but for rounding is not below it
_HALF = 0.5
_PRINTED = 0.0001
_STIRLING_TABLE = 16
_STIRLING = (1 / 12, 1 / 360, 1 / 1260, 1 / 1680, 1 / 1188)


class Advice(StrEnum):
    """What a check comes to, for people to decide upon."""

    GO_ON = "go on"
    SCREEN_WHOLE = "screen the whole batch"
    MAY_STOP = "may stop"
    DONE = "all is screened"


@dataclass(frozen=True, slots=True)
class StopRule:
    """Target (recall, 0 to 1) and confidence (0 to 1, exclusive), fixed in the protocol before screening.

    Raises ValueError outside these limits. Both are taken as the decimals they are written as.
    """

    target: float
    confidence: float

    def __post_init__(self) -> None:
        if not 0 < self.target <= 1:
            raise ValueError(f"a recall target lies above 0 and not above 1, not at {self.target}")
        if not 0 < self.confidence < 1:
            raise ValueError(f"a confidence lies between 0 and 1, not at {self.confidence}")

    @property
    def alpha(self) -> float:
        """What p must be below: 0.05 for a confidence of 0.95."""
        return (_DECIMALS - round(self.confidence * _DECIMALS)) / _DECIMALS

    @property
    def enough(self) -> int | None:
        """Fewest includes with which one missed record leaves the target met: 19 for 0.95. None for a target of 1.

        Below it the test could only leave about ``alpha`` of the records after the last find (5 in 100).
        """
        part, whole = self._ratio
        return None if part == whole else -(-part // (whole - part))

    def missed(self, found: int) -> int:
        """Fewest relevant records that must have been missed for recall to be below the target."""
        part, whole = self._ratio
        return found * whole // part + 1 - found

    @property
    def _ratio(self) -> tuple[int, int]:
        return round(self.target * _DECIMALS), _DECIMALS


@dataclass(frozen=True, slots=True)
class Progress:
    """Screening so far, in records: of ``total``, the first ``screened``; the places (from 1) of relevant ones.

    Raises ValueError where places are not rising, or the numbers do not fit each other.
    """

    total: int
    screened: int
    found_at: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.screened <= self.total:
            raise ValueError(f"{self.screened} screened of {self.total} records cannot be")
        places = (0, *self.found_at)
        rising = all(a < b for a, b in zip(places, self.found_at, strict=False))
        if not rising or places[-1] > self.screened:
            raise ValueError("places of relevant records rise from 1 and end at the last screened record")

    @property
    def found(self) -> int:
        """Relevant records so far."""
        return len(self.found_at)

    @property
    def unscreened(self) -> int:
        """Records nobody has screened."""
        return self.total - self.screened

    @property
    def last_found(self) -> int:
        """Place of the last relevant record; 0 where none was found."""
        return self.found_at[-1] if self.found_at else 0

    def until(self, screened: int) -> Progress:
        """How it stood after the first ``screened`` records, of the same total."""
        return Progress(
            self.total, screened, tuple(takewhile(lambda place: place <= screened, self.found_at))
        )


@dataclass(frozen=True, slots=True)
class Forecast:
    """If nothing relevant is found from here: records still to screen at most, and records then left unscreened."""

    more: int
    left: int


@dataclass(frozen=True, slots=True)
class Check:
    """One test, to be logged whole: what was tested (records, rule), its p, the advice and the forecast."""

    total: int
    screened: int
    found: int
    rule: StopRule
    p: float
    advice: Advice
    forecast: Forecast

    @property
    def may_stop(self) -> bool:
        """Whether people may stop here. Nothing is excluded by it."""
        return self.advice in {Advice.MAY_STOP, Advice.DONE}

    @property
    def unscreened(self) -> int:
        """Records that would stay unscreened; the flow counts them as removed by automation."""
        return self.total - self.screened

    def __str__(self) -> str:
        """Sentence for people."""
        tested = (
            f"p {_printed(self.p)} against recall below {100 * self.rule.target:g}% (to stop: below {self.rule.alpha:g}); "
            f"{self.found:,} relevant in {self.screened:,} of {self.total:,} records, {self.unscreened:,} unscreened. "
        )
        return tested + self._said()

    def _said(self) -> str:
        match self.advice:
            case Advice.DONE:
                return "All is screened."
            case Advice.MAY_STOP:
                return "You may stop; nothing is excluded by the program."
            case Advice.SCREEN_WHOLE:
                few = (
                    f"With fewer than {self.rule.enough} relevant records"
                    if self.rule.enough
                    else "For full recall"
                )
                return f"{few} the test can save next to nothing: screen the whole batch."
            case Advice.GO_ON:
                more, left = self.forecast.more, self.forecast.left
                return f"Go on: if nothing more is found, about {more:,} further records, leaving about {left:,}."


def _printed(p: float) -> str:
    """Four decimals, cut and not rounded: a p below alpha must not be printed as alpha."""
    cut = math.floor(p / _PRINTED) * _PRINTED
    return f"= {cut:.4f}" if cut or not p else f"< {_PRINTED}"


def progress(relevant: Iterable[bool], total: int) -> Progress:
    """Progress from labels in the order of screening. Raises ValueError for more labels than ``total``."""
    labels = list(relevant)
    return Progress(total, len(labels), tuple(place for place, label in enumerate(labels, 1) if label))


def check(now: Progress, rule: StopRule) -> Check:
    """Test whether screening may stop.

    p is that of ``recall_p``; at exactly ``alpha`` it is not enough. With fewer includes than ``rule.enough`` the
    advice is to screen the whole batch, whatever p says.
    """
    p = recall_p(now, rule)
    advice = _advice(now, rule, p)
    numbers = (now.total, now.screened, now.found)
    return Check(*numbers, rule, p, advice, _forecast(now, rule, advice))


def stale(earlier: Check, now: Progress, rule: StopRule) -> tuple[str, ...]:
    """Reasons why an earlier check is no longer valid; empty where it stands. More screening alone is none."""
    reasons = []
    if now.total != earlier.total:
        reasons.append(
            f"there are {now.total:,} records to screen, at the check there were {earlier.total:,}"
        )
    if rule != earlier.rule:
        reasons.append("target or confidence of the protocol have changed")
    if now.screened < earlier.screened:
        reasons.append(f"{now.screened:,} records count as screened, at the check {earlier.screened:,} did")
    elif now.until(earlier.screened).found != earlier.found:
        reasons.append("decisions on the records screened by then have changed")
    return tuple(reasons)


def recall_p(now: Progress, rule: StopRule) -> float:
    """Give the p value of the hypothesis that recall is below the target; 1 - screened/total where nothing was found.

    0 where fewer records are unscreened than would have to be missed, 1 where nothing is screened.
    """
    missed = rule.missed(now.found)
    if missed > now.unscreened:
        return 0.0
    lowest = 1.0
    # From the last find backwards: the shortest urns decide most often, and then the rest is quickly passed over.
    for before, start in reversed(list(enumerate((0, *now.found_at)))):
        lowest = min(
            lowest, _at_most(now.found - before, missed, now.screened - start, now.unscreened, lowest)
        )
    return lowest


def _advice(now: Progress, rule: StopRule, p: float) -> Advice:
    if now.unscreened == 0:
        return Advice.DONE
    if rule.missed(now.found) == 1:
        return Advice.SCREEN_WHOLE
    return Advice.MAY_STOP if p < rule.alpha * (1 - _EQUAL) else Advice.GO_ON


def _forecast(now: Progress, rule: StopRule, advice: Advice) -> Forecast:
    """Closed form: p is about (unscreened share of the records after the last find) ** missed.

    p is never above it, so people may stop after ``more`` records at the latest, if nothing more is found: after a
    late find an earlier urn can decide, much sooner.
    """
    if advice is Advice.MAY_STOP:
        return Forecast(0, now.unscreened)
    if advice is not Advice.GO_ON:
        return Forecast(now.unscreened, 0)
    share = rule.alpha ** (1 / rule.missed(now.found))
    left = math.floor(share * (now.total - now.last_found))
    return Forecast(now.unscreened - left, left)


def _at_most(found: int, missed: int, drawn: int, rest: int, enough: float) -> float:
    """Give P(at most ``found`` of the ``found + missed`` relevant are among ``drawn``, not among the ``rest``).

    What is certain to be above ``enough`` is not worked out, and 1 is given. The sum runs from its largest term
    outwards (as R's ``phyper``, M. Welinder). From the mean upwards it is a half or more, since the median lies
    within the mean's neighbouring integers (Jogdeo & Samuels, Ann Math Stat 1968;39:1191, for sums of independent
    trials; a hypergeometric number is one, Vatutin & Mikhailov 1982): the other tail is summed, nothing cancels.
    """
    relevant, others = found + missed, drawn + rest - found - missed
    if found * (drawn + rest) >= drawn * relevant:
        certain = enough <= _HALF or _bound_above(found, relevant, drawn, others) < 1 - enough
        return 1.0 if certain else 1 - _tail_above(found, relevant, drawn, others)
    term = total = _hypergeometric(found, relevant, drawn, others)
    for x in range(found, 0, -1):
        if total > enough:
            return 1.0
        if term <= total * _NOTHING:
            break
        term *= x * (others - drawn + x) / ((relevant - x + 1) * (drawn - x + 1))
        total += term
    return min(total, 1.0)


def _bound_above(found: int, relevant: int, drawn: int, others: int) -> float:
    """Bound of ``_tail_above`` (Chvátal V. The tail of the hypergeometric distribution. Discrete Math 1979;25:285)."""
    if found >= min(relevant, drawn) - 1:
        return 1.0
    seen, share = (found + 1) / drawn, relevant / (relevant + others)
    distance = seen * math.log(seen / share) + (1 - seen) * math.log((1 - seen) / (1 - share))
    return math.exp(-drawn * distance)


def _tail_above(found: int, relevant: int, drawn: int, others: int) -> float:
    if found >= min(relevant, drawn):
        return 0.0
    term = total = _hypergeometric(found + 1, relevant, drawn, others)
    for x in range(found + 1, min(relevant, drawn)):
        if term <= total * _NOTHING:
            break
        term *= (relevant - x) * (drawn - x) / ((x + 1) * (others - drawn + x + 1))
        total += term
    return min(total, 1.0)


def _hypergeometric(x: int, relevant: int, drawn: int, others: int) -> float:
    """P(``x`` relevant among ``drawn``), by Loader's saddle point: exact to rounding for any size.

    Loader C. Fast and accurate computation of binomial probabilities. 2000 (``dhyper`` of R). Log-gamma alone
    would lose five digits at 100,000 records.
    """
    if not max(0, drawn - others) <= x <= min(relevant, drawn):
        return 0.0
    size = relevant + others
    p, q = drawn / size, (size - drawn) / size
    parts = ((x, relevant), (drawn - x, others))
    log = sum(_log_binomial(k, n, p, q) for k, n in parts) - _log_binomial(drawn, size, p, q)
    return math.exp(log)


def _log_binomial(k: int, n: int, p: float, q: float) -> float:
    if k == 0:
        return n * math.log1p(-p) if n else 0.0
    if k == n:
        return n * math.log1p(-q)
    errors = _stirling_error(n) - _stirling_error(k) - _stirling_error(n - k)
    deviances = _deviance(k, n * p) + _deviance(n - k, n * q)
    return errors - deviances - 0.5 * (math.log(2 * math.pi * k) + math.log1p(-k / n))


def _stirling_error(n: int) -> float:
    """Give log n! minus Stirling's approximation of it."""
    if n < _STIRLING_TABLE:
        return math.lgamma(n + 1) - (n + 0.5) * math.log(n) + n - 0.5 * math.log(2 * math.pi)
    a, b, c, d, e = _STIRLING
    nn = n * n
    return (a - (b - (c - (d - e / nn) / nn) / nn) / nn) / n


def _deviance(k: int, mean: float) -> float:
    """Give k log(k / mean) + mean - k, without cancellation where k is near its mean."""
    difference = k - mean
    if abs(difference) >= 0.1 * (k + mean):
        return k * math.log(k / mean) - difference
    v = difference / (k + mean)
    total, term, odd = difference * v, 2 * k * v, 1
    while True:
        term *= v * v
        odd += 2
        longer = total + term / odd
        if longer == total:
            return total
        total = longer
