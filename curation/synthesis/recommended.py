"""The method that guidance for reviews of prediction models recommends.

Debray, Damen, Snell et al., BMJ 2017;356:i6460, and Debray, Damen, Riley et al., Stat Methods Med Res
2019;28:2768-2786: logit of the AUC, random effects by REML, Hartung-Knapp interval, prediction interval;
kinds of validation apart; one evaluation a study. Where each study has its own model, as here, the result
is the average AUC of different models.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from curation.errors import Refused
from curation.synthesis.effects import (
    Effect,
    Estimate,
    Reading,
    Source,
    Unusable,
    expit,
    logit_effect,
    raw_effect,
)
from curation.synthesis.heterogeneity import q_profile
from curation.synthesis.models import Fit, Interval, Prediction, random_effects, with_prediction
from curation.synthesis.pooled import Pooled, PooledRow, Scale, distinct_patients, distinct_studies
from curation.synthesis.quantiles import normal_quantile
from curation.synthesis.tau2 import Tau2Method

if TYPE_CHECKING:
    from collections.abc import Sequence

_MODEL = (
    "Random-effects mean of {what}, one evaluation a study and one kind of validation; standard errors "
    "{sources}, none borrowed; between-study variance by {tau2}; {interval}; {prediction}{back}."
)
_WHAT = {Scale.LOGIT: "logit AUCs", Scale.RAW: "AUCs on their own scale"}
_INTERVALS = {
    Interval.WALD: "Wald interval",
    Interval.HARTUNG_KNAPP: "Hartung-Knapp interval",
    Interval.HARTUNG_KNAPP_GUARDED: "Hartung-Knapp interval with its variance factor not below 1",
}
_PREDICTIONS = {
    Prediction.K_MINUS_2: "prediction interval by t on k - 2 degrees of freedom",
    Prediction.LIKE_MEAN: "prediction interval by the quantile of the mean's interval",
}
_NO_PREDICTION = "no prediction interval below three studies"
_REPORTED, _READ, _MADE = "as reported", "from the reported intervals", "from the numbers of patients"
_SOURCES = {
    Source.REPORTED: _REPORTED,
    Source.INTERVAL: _READ,
    Source.HALF: _READ,
    Source.COUNTS: _MADE,
}
_SINGLE = "One evaluation, nothing pooled: its AUC with the interval from its standard error on the {scale} scale{back}."


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be chosen otherwise than recommended; a protocol that does so says why."""

    scale: Scale = Scale.LOGIT
    reading: Reading = field(default_factory=Reading)
    tau2: Tau2Method = Tau2Method.REML
    interval: Interval = Interval.HARTUNG_KNAPP_GUARDED
    prediction: Prediction = Prediction.K_MINUS_2
    level: float = 0.95


def pool_recommended(estimates: Sequence[Estimate]) -> Pooled:
    """Random-effects mean of the logit AUCs, with interval and prediction interval back-transformed to AUCs.

    Estimates with nothing to make a standard error of are left out, with the reason. Below three usable ones
    there is no prediction interval; a single one keeps its own (Wald) interval on the logit scale.

    Raises Refused without estimates, when a study stands twice (its patients would count as independent
    ones), when kinds of validation are mixed, and when no estimate is usable; BadInput on contradicting
    cohort sizes.
    """
    return pool_as_chosen(estimates, Choices())


def pool_as_chosen(estimates: Sequence[Estimate], chosen: Choices) -> Pooled:
    """The same with something ``chosen`` otherwise; on the raw scale limits may pass 0 or 1.

    Raises as ``pool_recommended``, and BadInput on a level that is none.
    """
    _refuse_mixtures(estimates)
    effect_of = logit_effect if chosen.scale is Scale.LOGIT else raw_effect
    judged = [(estimate, effect_of(estimate, chosen.reading)) for estimate in estimates]
    usable = [(estimate, effect) for estimate, effect in judged if isinstance(effect, Effect)]
    unusable = [(estimate, why) for estimate, why in judged if isinstance(why, Unusable)]
    if not usable:
        reasons = tuple(f"{estimate.named}: {why.reason}" for estimate, why in unusable)
        raise Refused("none of the estimates can be pooled", faults=reasons)
    return _pooled(usable, tuple((estimate.label, why.reason) for estimate, why in unusable), chosen)


def _pooled(
    usable: Sequence[tuple[Estimate, Effect]], left_out: tuple[tuple[str, str], ...], chosen: Choices
) -> Pooled:
    estimates = [estimate for estimate, _ in usable]
    yi, sei = [effect.yi for _, effect in usable], [effect.sei for _, effect in usable]
    fit = with_prediction(
        random_effects(yi, sei, chosen.interval, chosen.level, chosen.tau2), chosen.prediction
    )
    return Pooled(
        method=_described(fit, [effect for _, effect in usable], chosen),
        scale=chosen.scale,
        k=fit.k,
        k_left_out=len(left_out),
        studies=distinct_studies(estimates),
        patients=distinct_patients(estimates),
        estimate=_auc(fit.estimate, chosen),
        low=_auc(fit.low, chosen),
        high=_auc(fit.high, chosen),
        level=fit.level,
        pi_low=None if fit.pi_low is None else _auc(fit.pi_low, chosen),
        pi_high=None if fit.pi_high is None else _auc(fit.pi_high, chosen),
        tau2=fit.tau2,
        i2=fit.i2,
        q=fit.q,
        rows=_rows(fit, usable, chosen),
        left_out=left_out,
        q_p=fit.q_p,
        spread=q_profile(yi, sei, fit.level),
    )


def _auc(x: float, chosen: Choices) -> float:
    return expit(x) if chosen.scale is Scale.LOGIT else x


def _rows(fit: Fit, usable: Sequence[tuple[Estimate, Effect]], chosen: Choices) -> tuple[PooledRow, ...]:
    z = normal_quantile(fit.level)
    return tuple(
        PooledRow(
            estimate,
            weight,
            _auc(effect.yi - z * effect.sei, chosen),
            _auc(effect.yi + z * effect.sei, chosen),
            borrowed=False,
            how=effect.how,
            flagged=effect.flagged,
        )
        for (estimate, effect), weight in zip(usable, fit.weights, strict=True)
    )


def _described(fit: Fit, effects: Sequence[Effect], chosen: Choices) -> str:
    back = "; back-transformed to AUC" if chosen.scale is Scale.LOGIT else ""
    if fit.k == 1:
        scale = "logit" if chosen.scale is Scale.LOGIT else "AUC"
        return _SINGLE.format(scale=scale, back=", back-transformed" if back else "")
    used = {_SOURCES[effect.source] for effect in effects}
    return _MODEL.format(
        what=_WHAT[chosen.scale],
        sources=" or ".join(words for words in (_REPORTED, _READ, _MADE) if words in used),
        tau2=chosen.tau2.named,
        interval=_INTERVALS[fit.interval],
        prediction=_NO_PREDICTION if fit.pi_low is None else _PREDICTIONS[chosen.prediction],
        back=back,
    )


def _refuse_mixtures(estimates: Sequence[Estimate]) -> None:
    if not estimates:
        raise Refused("there is nothing to pool: no estimate was given")
    times = Counter(estimate.study for estimate in estimates)
    twice = tuple(f"{study} stands {n} times" for study, n in times.items() if n > 1)
    if twice:
        message = f"{twice[0]}: its patients would count as independent ones; choose one evaluation a study"
        raise Refused(message, faults=twice[1:])
    kinds = sorted({estimate.validation for estimate in estimates})
    if len(kinds) > 1:
        message = f"kinds of validation are not pooled together: {', '.join(kinds)}; declare a synthesis each"
        raise Refused(message)
