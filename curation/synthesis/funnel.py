"""Small-study effects: the funnel plot's points and contours, and tests of its asymmetry.

**Why k >= 10, the logit scale and 1/n.** Below ten studies such tests have too little power to tell chance
from asymmetry, and are not to be done (Sterne, Sutton, Ioannidis et al., BMJ 2011;343:d4002): they are refused
unless a test is told to take fewer. An AUC's standard error follows from the AUC itself and falls as it rises,
so that high AUCs stand at the top of their funnel whatever was published: on the AUC's own scale against its
standard error, Egger's test of the 41 internal estimates of the published review gives t = -6.3 and trim and
fill adds 16 estimates; on the logit scale t = 0.11, and none. Even there a standard error read from the AUC
leaves some of that tie. The number of patients has no part in it: hence logit and 1/n by default (after Peters,
Sutton, Jones et al., JAMA 2006;295:676-680; Debray, Moons, Riley, Res Synth Methods 2018;9:41-50, take the
number of events where these are few).

Asymmetry is not publication bias: heterogeneity, another spectrum of patients in small studies, or chance make
it as well. As metafor's ``regtest``, ``ranktest`` and ``funnel``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from curation.errors import BadInput, Refused
from curation.synthesis.coefficients import Coefficient, Undefined, coefficient
from curation.synthesis.quantiles import checked_level, normal_quantile, two_sided_tail
from curation.synthesis.tau2 import Tau2Method, tau2
from curation.synthesis.weighted import Floats, checked, variances

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST = 10
_LEAST = 3  # two points are always on a line

# A predictor whose values differ by less than this share of the largest is the same but for rounding.
_SAME = 1e-10
# Squares left about a line below this share of those about the mean are rounding: 1e-13 of the differences.
_ON_THE_LINE = 1e-26
# R's exact distribution of Kendall's S overflows beyond, and it takes the normal one.
_EXACT_UP_TO = 170


class Predictor(StrEnum):
    """What stands for the size of a study; ``patients`` may also be numbers of events."""

    SEI = "standard error"
    VI = "variance"
    NI = "patients"
    NINV = "1 / patients"
    SQRTNI = "square root of patients"
    SQRTNINV = "1 / square root of patients"

    @property
    def of_patients(self) -> bool:
        """Whether it needs the number of patients."""
        return self not in {Predictor.SEI, Predictor.VI}

    @property
    def vanishes(self) -> bool:
        """Whether it goes to 0 as studies grow, so that the intercept is the effect of an endless one."""
        return self not in {Predictor.NI, Predictor.SQRTNI}


class Dispersion(StrEnum):
    """How differences beyond chance enter: a between-study variance added, or all variances multiplied."""

    ADDITIVE = "random effects"
    MULTIPLICATIVE = "weighted least squares"


@dataclass(frozen=True, slots=True)
class Regression:
    """A regression test: on what, how dispersed, tau² by ``method`` (None: 0; only where additive).

    ``fewest`` studies are asked for, never fewer than three; intervals are at ``level``.
    """

    predictor: Predictor = Predictor.NINV
    dispersion: Dispersion = Dispersion.ADDITIVE
    method: Tau2Method | None = Tau2Method.REML
    fewest: int = FEWEST
    level: float = 0.95


BY_PATIENTS = Regression()
# Egger, Davey Smith, Schneider, Minder, BMJ 1997;315:629-634. They regress y/se on 1/se: the same numbers, their
# bias (intercept) being the slope here, their slope the limit here.
EGGER = Regression(Predictor.SEI, Dispersion.MULTIPLICATIVE)


@dataclass(frozen=True, slots=True)
class Asymmetry:
    """A regression test on k studies: ``slope`` on the predictor, whose statistic and p are the test's.

    ``intercept`` is the effect where the predictor is 0; only where ``limit`` holds is this the effect of an
    endlessly large study. ``tau2`` is what is left between studies, None under multiplicative dispersion.
    """

    k: int
    regression: Regression
    slope: Coefficient
    intercept: Coefficient
    tau2: float | None

    @property
    def limit(self) -> Coefficient | None:
        """Effect of an endlessly large study; None for predictors that grow with the study."""
        return self.intercept if self.regression.predictor.vanishes else None


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """Kendall's tau-b between standardised effects and variances; ``exact`` unless there are ties or many studies."""

    k: int
    tau: float
    p: float
    exact: bool


@dataclass(frozen=True, slots=True)
class Contour:
    """Where effects lie with probability ``level`` about ``around``: lines from there (error 0) to the deepest.

    ``low`` and ``high`` are the ends at ``Funnel.deepest``; the lines are straight.
    """

    level: float
    around: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Funnel:
    """A funnel plot as data: (effect, standard error) points in the order given, and contours, widest last."""

    points: tuple[tuple[float, float], ...]
    deepest: float
    contours: tuple[Contour, ...]


def funnel(
    yi: Sequence[float], sei: Sequence[float], around: float, levels: Sequence[float] = (0.95,)
) -> Funnel:
    """Points and contours about ``around``: the pooled effect, as metafor draws it, or the value of no effect.

    About the pooled effect they show where studies of one common effect would lie (tau² is not added); about
    no effect (0 on the logit scale is an AUC of 0.5), at levels .90, .95 and .99, they show which studies are
    significant and so whether those missing would not have been (Peters, Sutton, Jones et al., J Clin Epidemiol
    2008;61:991-996). Raises Refused without studies, BadInput on what is no standard error or level.
    """
    _, v = checked(yi, variances(sei))
    if not math.isfinite(around):
        raise BadInput(f"a funnel cannot stand about {around}: give the pooled effect or that of no effect")
    deepest = math.sqrt(float(v.max()))
    widths = [(level, deepest * normal_quantile(checked_level(level))) for level in sorted(levels)]
    contours = tuple(Contour(level, around, around - half, around + half) for level, half in widths)
    points = tuple((float(y), float(se)) for y, se in zip(yi, sei, strict=True))
    return Funnel(points, deepest, contours)


def regression_test(
    yi: Sequence[float],
    sei: Sequence[float],
    patients: Sequence[float | None] | None = None,
    regression: Regression = BY_PATIENTS,
    weights: Sequence[float] | None = None,
) -> Asymmetry | Undefined:
    """Regress effects on the size of their studies; a slope that is not 0 is a small-study effect.

    Additive: tau² in the presence of the predictor, normal statistic (metafor's ``model="rma"``).
    Multiplicative: weighted least squares, t on k - 2 degrees of freedom (``model="lm"``), by inverse variances
    or by ``weights`` of one's own, as ``peters_weights``. So the tests that Debray et al. compare are had:
    E-FIV is EGGER, M-FIV on patients, D-FIV on 1 / events, P-FPV on 1 / patients by Peters' weights.

    Undefined where all studies are of one size, and, multiplicative, where the effects lie on a line, so that
    nothing is left to judge it by. Raises Refused below ``regression.fewest`` studies, where patients are
    needed and not given, and on weights for an additive test; BadInput on numbers that are none.
    """
    y, v = checked(yi, variances(sei))
    checked_level(regression.level)
    _refuse_few(len(y), regression.fewest)
    x = _predictor(v, patients, regression.predictor)
    if float(np.ptp(x)) <= _SAME * float(abs(x).max()):
        return Undefined(
            f"all studies have the same {regression.predictor}: there is no small and no large one"
        )
    if regression.dispersion is Dispersion.ADDITIVE:
        if weights is not None:
            raise Refused("a test with random effects makes its own weights: ask for weighted least squares")
        return _additive(y, v, x, regression)
    return _multiplicative(y, x, 1 / v if weights is None else _weights(weights, len(y)), regression)


def peters_weights(patients: Sequence[float], events: Sequence[float]) -> list[float]:
    """Weights (1/events + 1/others)⁻¹, which take nothing from the effects; 0 < events < patients, or BadInput."""
    pairs = list(zip(patients, events, strict=True))
    for place, (n, d) in enumerate(pairs, 1):
        if not 0 < d < n < math.inf:
            raise BadInput(f"study {place} has {d} events in {n} patients: both kinds of patient are needed")
    return [d * (1 - d / n) for n, d in pairs]


def rank_correlation(
    yi: Sequence[float], sei: Sequence[float], fewest: int = FEWEST
) -> RankCorrelation | Undefined:
    """Begg and Mazumdar's test, Biometrics 1994;50:1088-1101; weaker than the regressions with few studies.

    Exact without ties (to 170 studies, as R), else normal with the variance for ties, no continuity correction.
    Undefined where all effects or all standard errors are the same. Raises Refused below ``fewest`` studies
    (never fewer than three), BadInput on numbers that are none.
    """
    y, v = checked(yi, variances(sei))
    _refuse_few(len(y), fewest)
    return _kendall(_standardised(y, v), v)


def _refuse_few(k: int, fewest: int) -> None:
    asked = max(fewest, _LEAST)
    if k < asked:
        message = f"{k} studies are too few for a test of small-study effects: {asked} are asked for"
        raise Refused(message)


def _predictor(v: Floats, patients: Sequence[float | None] | None, predictor: Predictor) -> Floats:
    match predictor:
        case Predictor.SEI:
            return np.sqrt(v)
        case Predictor.VI:
            return v
        case Predictor.NI:
            return _patients(patients, len(v))
        case Predictor.NINV:
            return 1 / _patients(patients, len(v))
        case Predictor.SQRTNI:
            return np.sqrt(_patients(patients, len(v)))
        case Predictor.SQRTNINV:
            return 1 / np.sqrt(_patients(patients, len(v)))


def _patients(patients: Sequence[float | None] | None, k: int) -> Floats:
    if patients is None:
        raise Refused("the number of patients of each study is needed; or ask for the standard error instead")
    if len(patients) != k:
        raise BadInput(
            f"{k} effect sizes and {len(patients)} numbers of patients: one of each is needed a study"
        )
    numbers = np.array([math.nan if n is None else n for n in patients], dtype=np.float64)
    wrong = np.flatnonzero(~(np.isfinite(numbers) & (numbers > 0)))
    if wrong.size:
        i = int(wrong[0])
        raise BadInput(f"study {i + 1} has {patients[i]} patients: give a number above 0 or leave it out")
    return numbers


def _weights(weights: Sequence[float], k: int) -> Floats:
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != (k,) or not (np.isfinite(w).all() and (w > 0).all()):
        raise BadInput(f"give each of the {k} studies one weight, finite and above 0")
    return w


class _Line(NamedTuple):
    slope: float
    slope_variance: float
    intercept: float
    intercept_variance: float
    left: float
    about_mean: float


def _line(y: Floats, x: Floats, w: Floats) -> _Line:
    # About one of the effects: a mean far from 0 takes no digits from the differences.
    total, beside = float(w.sum()), y - y[0]
    x_mean, y_mean = float(w @ x) / total, float(w @ beside) / total
    dx, dy = x - x_mean, beside - y_mean
    spread = float(w @ dx**2)
    slope = float(w @ (dx * dy)) / spread
    return _Line(
        slope=slope,
        slope_variance=1 / spread,
        intercept=float(y[0]) + (y_mean - slope * x_mean),
        intercept_variance=1 / total + x_mean**2 / spread,
        left=float(w @ (dy - slope * dx) ** 2),
        about_mean=float(w @ dy**2),
    )


def _additive(y: Floats, v: Floats, x: Floats, regression: Regression) -> Asymmetry:
    between = _between(y, v, x, regression.method)
    return _asymmetry(y, _line(y, x, 1 / (v + between)), regression, None, between)


def _multiplicative(y: Floats, x: Floats, w: Floats, regression: Regression) -> Asymmetry | Undefined:
    line, df = _line(y, x, w), len(y) - 2
    if line.left <= _ON_THE_LINE * line.about_mean:
        return Undefined("the effects lie on a line: nothing is left of which its error could be told")
    factor = line.left / df
    variances = {
        "slope_variance": factor * line.slope_variance,
        "intercept_variance": factor * line.intercept_variance,
    }
    return _asymmetry(y, line._replace(**variances), regression, df, None)


def _asymmetry(
    y: Floats, line: _Line, regression: Regression, df: int | None, between: float | None
) -> Asymmetry:
    level, errors = regression.level, (math.sqrt(line.slope_variance), math.sqrt(line.intercept_variance))
    slope = coefficient(str(regression.predictor), line.slope, errors[0], df, level)
    intercept = coefficient("intercept", line.intercept, errors[1], df, level)
    return Asymmetry(len(y), regression, slope, intercept, between)


def _between(y: Floats, v: Floats, x: Floats, method: Tau2Method | None) -> float:
    # The predictor in units of its spread: 1/n is small beside the intercept.
    centred = (x - x.mean()) / x.std()
    design = np.column_stack([np.ones(len(y)), centred])
    return 0.0 if method is None else tau2(y, v, method, design)


def _standardised(y: Floats, v: Floats) -> Floats:
    # (y - mean) / sqrt(v - 1/sum w), both about the heaviest study, whose own are the small differences.
    w = v.min() / v
    heaviest = int(np.argmax(w))
    total, beside = float(w.sum()), y - y[heaviest]
    others = total - w
    others[heaviest] = float(np.delete(w, heaviest).sum())
    standardised: Floats = (beside - float(w @ beside) / total) / np.sqrt(v * others / total)
    return standardised


def _kendall(x: Floats, y: Floats) -> RankCorrelation | Undefined:
    k = len(x)
    score = sum(int(np.sum(np.sign(x[i + 1 :] - x[i]) * np.sign(y[i + 1 :] - y[i]))) for i in range(k - 1))
    ties = [np.unique(values, return_counts=True)[1].tolist() for values in (x, y)]
    pairs, tied = k * (k - 1) // 2, [sum(t * (t - 1) // 2 for t in counts) for counts in ties]
    if pairs in tied:
        same = "effects" if tied[0] == pairs else "standard errors"
        return Undefined(f"all {same} are the same: they have no ranks")
    tau = score / math.sqrt((pairs - tied[0]) * (pairs - tied[1]))
    exact = not any(tied) and k <= _EXACT_UP_TO
    p = _exact_p(score, k) if exact else two_sided_tail(score / math.sqrt(_variance(k, *ties)), None)
    return RankCorrelation(k, tau, p, exact)


def _exact_p(score: int, k: int) -> float:
    pairs = k * (k - 1) // 2
    # The distribution is symmetric; summed from its thin end, no digit is lost.
    end = (pairs - abs(score)) // 2
    return min(1.0, 2 * float(_inversions(k, end).sum()))


def _inversions(k: int, end: int) -> Floats:
    """Probabilities of 0 to ``end`` inversions in a random order of ``k``."""
    p = np.zeros(end + 1)
    p[0] = 1.0
    for j in range(2, k + 1):
        up_to = np.cumsum(p)
        p = up_to.copy()
        p[j:] -= up_to[:-j]
        p /= j
    return p


def _variance(k: int, first: Sequence[int], second: Sequence[int]) -> float:
    """Of Kendall's S with ties of these sizes (Kendall, Rank Correlation Methods, 1970, ch. 4)."""

    def sums(counts: Sequence[int]) -> tuple[int, int, int]:
        twos = sum(t * (t - 1) for t in counts)
        threes = sum(t * (t - 1) * (t - 2) for t in counts)
        return sum(t * (t - 1) * (2 * t + 5) for t in counts), twos, threes

    (lost1, twos1, threes1), (lost2, twos2, threes2) = sums(first), sums(second)
    plain = (k * (k - 1) * (2 * k + 5) - lost1 - lost2) / 18
    return plain + twos1 * twos2 / (2 * k * (k - 1)) + threes1 * threes2 / (9 * k * (k - 1) * (k - 2))
