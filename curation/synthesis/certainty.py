"""What judgements of certainty rest on: facts of one synthesis, without a verdict.

GRADE is a judgement by people; no rating follows from these numbers by rule. For discrimination it asks for a
threshold of what is good enough, and for inconsistency it looks where the studies' point estimates lie about
it (Foroutan, Mayer, Guyatt et al., GRADE concept paper 8, J Clin Epidemiol 2024, PMID 38579978). Precision is
read from the interval and the numbers behind it, what a new setting may bring from the prediction interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from curation.errors import BadInput
from curation.synthesis.coefficients import Undefined
from curation.synthesis.funnel import BY_PATIENTS, Asymmetry, Regression, regression_test
from curation.synthesis.models import FEWEST_FOR_PREDICTION, Fit

if TYPE_CHECKING:
    from collections.abc import Sequence

# Chance of at least one significant result (5%, two-sided) in so many looks at growing data without any effect
# (Armitage, McPherson, Rowe, J R Stat Soc A 1969;132:235-244, table 2, normal data).
_CHANCE_BY_LOOKS = {2: 0.083, 3: 0.107, 4: 0.126, 5: 0.142, 10: 0.193, 20: 0.248, 50: 0.320}


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """One study of a synthesis: its effect, size, events, and whether it was judged at high risk of bias.

    None: not reported, or not judged (yet).
    """

    yi: float
    patients: int | None
    events: int | None
    high_risk: bool | None


@dataclass(frozen=True, slots=True)
class Total:
    """A sum over the studies that report it, and how many do not."""

    known: int
    unknown_in: int


@dataclass(frozen=True, slots=True)
class RiskOfBias:
    """Studies by their judgement, and the percentage of weight that those at high risk carry."""

    high: int
    not_high: int
    not_judged: int
    weight_high: float


class Place(StrEnum):
    """Where an interval lies about a threshold; one that touches it is across."""

    ABOVE = "above"
    BELOW = "below"
    ACROSS = "across"


@dataclass(frozen=True, slots=True)
class Against:
    """The synthesis about a ``threshold`` on its scale: point estimates at least there and below, and intervals."""

    threshold: float
    at_least: int
    below: int
    interval: Place
    prediction: Place | Undefined


@dataclass(frozen=True, slots=True)
class Prediction:
    """The prediction interval, and how many times as wide it is as that of the mean."""

    low: float
    high: float
    times_as_wide: float


@dataclass(frozen=True, slots=True)
class Repeated:
    """That a question was analysed ``analyses`` times, and what that does to a test of 5% without any effect.

    ``chance`` is that of at least one significant result in ``looks``, the largest tabled number not above.
    """

    analyses: int
    looks: int
    chance: float

    @property
    def sentence(self) -> str:
        """The caution, with its sources."""
        return (
            f"This is analysis {self.analyses} of the same question, and its interval and p values are not "
            f"adjusted for that: where there is no effect, testing at 5% each time finds one by look "
            f"{self.looks} with a chance of {100 * self.chance:.0f}% (Armitage, McPherson, Rowe 1969). They "
            "describe the evidence so far and are no rule for stopping: Cochrane discourages formal sequential "
            "methods for the main analyses of updated reviews (Handbook, chapter 22; Simmonds, Salanti, "
            "McKenzie, Elliott, J Clin Epidemiol 2017;91:38-46)."
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a synthesis, on the scale of its effects; ``q_p`` is the p value of Cochran's Q.

    ``small_study`` is the test of small-study effects or why there is none; ``against`` is None without a
    threshold, ``repeated`` at the first analysis.
    """

    k: int
    patients: Total
    events: Total
    estimate: float
    low: float
    high: float
    level: float
    tau2: float
    i2: float
    q_p: float
    prediction: Prediction | Undefined
    risk_of_bias: RiskOfBias
    small_study: Asymmetry | Undefined
    against: Against | None
    repeated: Repeated | None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the facts cannot be read from: a threshold (None: no one set it), the test, the number of analyses."""

    small_study: Asymmetry | Undefined
    threshold: float | None = None
    analyses: int = 1


def facts(fit: Fit, studies: Sequence[StudyFacts], circumstances: Circumstances) -> Facts:
    """Facts of a ``fit`` over ``studies``, one effect size a study, in the order of its weights.

    Raises BadInput where they do not fit together, on numbers below 0 and on more events than patients.
    """
    if len(studies) != fit.k:
        raise BadInput(f"{len(studies)} studies stand beside a model of {fit.k}; give those that were pooled")
    for place, study in enumerate(studies, 1):
        _check(place, study)
    threshold, prediction = circumstances.threshold, _prediction(fit)
    return Facts(
        k=fit.k,
        patients=_total([study.patients for study in studies]),
        events=_total([study.events for study in studies]),
        estimate=fit.estimate,
        low=fit.low,
        high=fit.high,
        level=fit.level,
        tau2=fit.tau2,
        i2=fit.i2,
        q_p=fit.q_p,
        prediction=prediction,
        risk_of_bias=_risk(fit, studies),
        small_study=circumstances.small_study,
        against=None if threshold is None else _against(threshold, fit, studies, prediction),
        repeated=repeated(circumstances.analyses),
    )


def small_study(
    yi: Sequence[float],
    sei: Sequence[float],
    patients: Sequence[float | None] | None,
    regression: Regression = BY_PATIENTS,
) -> Asymmetry | Undefined:
    """The regression test as a fact: Undefined, with the reason, where studies are too few or report no patients."""
    if len(yi) < regression.fewest:
        return Undefined(f"{len(yi)} studies; a test of small-study effects asks for {regression.fewest}")
    if regression.predictor.of_patients:
        unknown = len(yi) if patients is None else sum(n is None for n in patients)
        if unknown:
            return Undefined(f"the number of patients is unknown in {unknown} of {len(yi)} studies")
    return regression_test(yi, sei, patients, regression)


def repeated(analyses: int) -> Repeated | None:
    """The caution at analysis number ``analyses``; None at the first. Raises BadInput below 1."""
    if analyses < 1:
        raise BadInput(f"a synthesis cannot be analysis number {analyses}; the first is 1")
    looks = max((n for n in _CHANCE_BY_LOOKS if n <= analyses), default=None)
    return None if looks is None else Repeated(analyses, looks, _CHANCE_BY_LOOKS[looks])


def _check(place: int, study: StudyFacts) -> None:
    if any(n is not None and n < 0 for n in (study.patients, study.events)):
        message = (
            f"study {place}: {study.patients} patients and {study.events} events; neither can be below 0"
        )
        raise BadInput(message)
    if study.patients is not None and study.events is not None and study.events > study.patients:
        raise BadInput(
            f"study {place}: {study.events} events in {study.patients} patients; correct one of them"
        )


def _total(numbers: Sequence[int | None]) -> Total:
    known = [n for n in numbers if n is not None]
    return Total(sum(known), len(numbers) - len(known))


def _risk(fit: Fit, studies: Sequence[StudyFacts]) -> RiskOfBias:
    judged = [study.high_risk for study in studies]
    weight = sum(w for w, high in zip(fit.weights, judged, strict=True) if high)
    return RiskOfBias(judged.count(True), judged.count(False), judged.count(None), weight)


def _prediction(fit: Fit) -> Prediction | Undefined:
    if fit.method is None:
        return Undefined("under one common effect studies are not taken to differ")
    if fit.pi_low is None or fit.pi_high is None:
        return Undefined(f"{fit.k} studies; a prediction interval asks for {FEWEST_FOR_PREDICTION}")
    width = fit.high - fit.low
    if not width:
        return Undefined("the interval of the mean has no width")
    return Prediction(fit.pi_low, fit.pi_high, (fit.pi_high - fit.pi_low) / width)


def _against(
    threshold: float, fit: Fit, studies: Sequence[StudyFacts], prediction: Prediction | Undefined
) -> Against:
    at_least = sum(study.yi >= threshold for study in studies)
    return Against(
        threshold=threshold,
        at_least=at_least,
        below=len(studies) - at_least,
        interval=_place(fit.low, fit.high, threshold),
        prediction=prediction
        if isinstance(prediction, Undefined)
        else _place(prediction.low, prediction.high, threshold),
    )


def _place(low: float, high: float, threshold: float) -> Place:
    if low > threshold:
        return Place.ABOVE
    return Place.BELOW if high < threshold else Place.ACROSS
