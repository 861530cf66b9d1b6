"""Effect sizes other than the AUC: proportions, rates, means, differences, ratios, correlations, calibration.

Each is an effect size with its standard error on the scale on which it is pooled, as R's metafor computes it
(``escalc``; Viechtbauer, J Stat Softw 2010;36(3)); ``back`` brings pooled values to the scale that is printed.
Where a count is 0 and the scale has a logarithm, one half is added to each count of that study, and the result
says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from curation.errors import BadInput
from curation.synthesis.effects import expit, logit

_HALF = 0.5


class Measure(StrEnum):
    """What an effect size measures; the scale it is pooled on stands in brackets."""

    PROPORTION = "proportion"
    LOGIT_PROPORTION = "proportion (logit)"
    FREEMAN_TUKEY = "proportion (double arcsine)"
    RATE = "rate (log)"
    MEAN = "mean"
    MEAN_DIFFERENCE = "mean difference"
    STANDARDISED_DIFFERENCE = "standardised mean difference"
    RISK_RATIO = "risk ratio (log)"
    ODDS_RATIO = "odds ratio (log)"
    RISK_DIFFERENCE = "risk difference"
    CORRELATION = "correlation (Fisher's z)"
    OBSERVED_EXPECTED = "observed to expected events (log)"


@dataclass(frozen=True, slots=True)
class Measured:
    """An effect size ``yi`` with its standard error; ``corrected`` where one half was added to each count."""

    yi: float
    sei: float
    measure: Measure
    corrected: bool = False


def back(measure: Measure, value: float, harmonic_n: float | None = None) -> float:
    """A pooled value, or a limit, on the scale that is printed.

    The double arcsine needs the harmonic mean of the studies' sizes (Miller, Am Stat 1978;32:138), and can
    mislead where these differ much (Schwarzer, Chemaitelly, Abu-Raddad, Rücker, Res Synth Methods
    2019;10:476-483): prefer the logit.
    """
    match measure:
        case Measure.LOGIT_PROPORTION:
            return expit(value)
        case Measure.FREEMAN_TUKEY:
            return _miller(value, harmonic_n)
        case Measure.RATE | Measure.RISK_RATIO | Measure.ODDS_RATIO | Measure.OBSERVED_EXPECTED:
            return math.exp(value)
        case Measure.CORRELATION:
            return math.tanh(value)
        case _:
            return value


def proportion(events: int, n: int, measure: Measure = Measure.LOGIT_PROPORTION) -> Measured:
    """Share of ``events`` among ``n``; by LOGIT_PROPORTION, PROPORTION or FREEMAN_TUKEY.

    Freeman, Tukey, Ann Math Stat 1950;21:607-611, halved as in metafor: it needs no correction for a count of 0.
    """
    _require(0 <= events <= n and n > 0, f"{events} events among {n}")
    if measure is Measure.FREEMAN_TUKEY:
        angle = math.asin(math.sqrt(events / (n + 1))) + math.asin(math.sqrt((events + 1) / (n + 1)))
        return Measured(angle / 2, 1 / math.sqrt(4 * n + 2), measure)
    empty = events in {0, n}
    x, others = (events + _HALF, n - events + _HALF) if empty else (events, n - events)
    share = x / (x + others)
    if measure is Measure.LOGIT_PROPORTION:
        return Measured(logit(share), math.sqrt(1 / x + 1 / others), measure, empty)
    _require(measure is Measure.PROPORTION, f"a proportion is not pooled as {measure}")
    return Measured(share, math.sqrt(share * (1 - share) / (x + others)), measure, empty)


def rate(events: int, time: float) -> Measured:
    """Logarithm of the rate of ``events`` in a person-time."""
    _require(events >= 0 and 0 < time < math.inf, f"{events} events in a time of {time}")
    x = events or _HALF
    return Measured(math.log(x / time), 1 / math.sqrt(x), Measure.RATE, events == 0)


@dataclass(frozen=True, slots=True)
class Group:
    """Mean and standard deviation in ``n`` people."""

    mean: float
    sd: float
    n: int

    def __post_init__(self) -> None:
        _require(math.isfinite(self.mean) and 0 < self.sd < math.inf, f"mean {self.mean}, SD {self.sd}")
        _require(self.n >= 2, f"a standard deviation in {self.n} people")  # noqa: PLR2004 - it needs two

    @property
    def variance(self) -> float:
        """Of the mean."""
        return self.sd**2 / self.n


def mean(group: Group) -> Measured:
    """Mean of one group."""
    return Measured(group.mean, math.sqrt(group.variance), Measure.MEAN)


def mean_difference(one: Group, other: Group) -> Measured:
    """Mean of ``one`` less that of ``other``; the variances may differ."""
    sei = math.sqrt(one.variance + other.variance)
    return Measured(one.mean - other.mean, sei, Measure.MEAN_DIFFERENCE)


def standardised_difference(one: Group, other: Group) -> Measured:
    """Hedges' g (J Educ Stat 1981;6:107-128) with its exact correction, in pooled standard deviations."""
    df = one.n + other.n - 2
    pooled = math.sqrt(((one.n - 1) * one.sd**2 + (other.n - 1) * other.sd**2) / df)
    exact = math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)
    g = exact * (one.mean - other.mean) / pooled
    variance = 1 / one.n + 1 / other.n + g**2 / (2 * (one.n + other.n))
    return Measured(g, math.sqrt(variance), Measure.STANDARDISED_DIFFERENCE)


@dataclass(frozen=True, slots=True)
class Table:
    """Events among ``n1`` of one group and ``n2`` of the other."""

    events1: int
    n1: int
    events2: int
    n2: int

    def __post_init__(self) -> None:
        holds = 0 <= self.events1 <= self.n1 and 0 <= self.events2 <= self.n2 and self.n1 and self.n2
        _require(bool(holds), f"{self.events1} events among {self.n1} and {self.events2} among {self.n2}")

    @property
    def cells(self) -> tuple[float, float, float, float]:
        """Events and others of one group, then of the other."""
        return (self.events1, self.n1 - self.events1, self.events2, self.n2 - self.events2)


def compared(table: Table, measure: Measure) -> Measured:
    """RISK_RATIO, ODDS_RATIO or RISK_DIFFERENCE of the first group to the second."""
    empty = 0 in table.cells
    a, b, c, d = (cell + _HALF for cell in table.cells) if empty else table.cells
    p1, p2 = a / (a + b), c / (c + d)
    if measure is Measure.RISK_RATIO:
        yi, variance = math.log(p1 / p2), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
    elif measure is Measure.ODDS_RATIO:
        yi, variance = math.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d
    else:
        _require(measure is Measure.RISK_DIFFERENCE, f"two groups are not compared by {measure}")
        yi, variance = p1 - p2, p1 * (1 - p1) / (a + b) + p2 * (1 - p2) / (c + d)
    return Measured(yi, math.sqrt(variance), measure, empty)


def correlation(r: float, n: int) -> Measured:
    """Fisher's z of a correlation in ``n`` people."""
    _require(-1 < r < 1 and n > 3, f"a correlation of {r} in {n} people")  # noqa: PLR2004 - variance 1/(n - 3)
    return Measured(math.atanh(r), 1 / math.sqrt(n - 3), Measure.CORRELATION)


def observed_expected(observed: float, expected: float, n: float | None = None) -> Measured:
    """Logarithm of observed to expected events, a model's calibration in the large.

    Debray, Damen, Riley et al., Stat Methods Med Res 2019;28:2768-2786: the observed are binomial among ``n``,
    or Poisson where that is not known; the expected are taken as fixed. Both may be a proportion times ``n``.
    """
    sound = 0 <= observed < math.inf and 0 < expected < math.inf and (n is None or observed < n)
    _require(sound, f"{observed} observed, {expected} expected events of {'unknown' if n is None else n}")
    x = observed or _HALF
    variance = 1 / x if n is None else (1 - x / n) / x
    return Measured(math.log(x / expected), math.sqrt(variance), Measure.OBSERVED_EXPECTED, observed == 0)


def _miller(value: float, n: float | None) -> float:
    if n is None or n <= 0:
        raise BadInput(
            "the double arcsine is brought back with the harmonic mean of the studies' sizes: give it"
        )
    angle = 2 * value
    lowest, highest = math.asin(math.sqrt(1 / (n + 1))), math.asin(math.sqrt(n / (n + 1))) + math.pi / 2
    if angle <= lowest:
        return 0.0
    if angle >= highest:
        return 1.0
    sine = math.sin(angle)
    inner = sine + (sine - 1 / sine) / n
    return (1 - math.copysign(1.0, math.cos(angle)) * math.sqrt(max(0.0, 1 - inner**2))) / 2


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise BadInput(f"{what}: this cannot be; compare the extraction with the paper")
