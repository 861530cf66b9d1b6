"""The method that guidance for reviews of prediction models recommends.

Debray, Damen, Snell et al., BMJ 2017;356:i6460, and Debray, Damen, Riley et al., Stat Methods Med Res
2019;28:2768-2786: logit of the AUC, random effects by REML, Hartung-Knapp interval, prediction interval;
kinds of validation apart; one evaluation a study. Where each study has its own model, as here, the result
is the average AUC of different models.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from curation.errors import Refused
from curation.synthesis.effects import Effect, Estimate, Unusable, expit, logit_effect
from curation.synthesis.models import FEWEST_FOR_PREDICTION, Fit, random_effects
from curation.synthesis.pooled import Pooled, PooledRow, Scale, distinct_patients, distinct_studies
from curation.synthesis.quantiles import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

_MODEL = (
    "Random-effects mean of logit AUCs, one evaluation a study and one kind of validation; standard errors "
    "from the reported intervals, none borrowed; between-study variance by restricted maximum likelihood; "
    "Hartung-Knapp interval with its variance factor not below 1; {prediction}; back-transformed to AUC."
)
_PREDICTION = "prediction interval by t on k - 2 degrees of freedom"
_NO_PREDICTION = "no prediction interval below three studies"
_SINGLE = (
    "One evaluation, nothing pooled: its AUC with the interval from its standard error on the logit scale, "
    "back-transformed."
)


def pool_recommended(estimates: Sequence[Estimate]) -> Pooled:
    """Random-effects mean of the logit AUCs, with interval and prediction interval back-transformed to AUCs.

    Estimates without a usable interval are left out, with the reason. Below three usable ones there is no
    prediction interval; a single one keeps its own (Wald) interval on the logit scale.

    Raises Refused without estimates, when a study stands twice (its patients would count as independent
    ones), when kinds of validation are mixed, and when no estimate is usable; BadInput on contradicting
    cohort sizes.
    """
    _refuse_mixtures(estimates)
    judged = [(estimate, logit_effect(estimate)) for estimate in estimates]
    usable = [(estimate, effect) for estimate, effect in judged if isinstance(effect, Effect)]
    unusable = [(estimate, why) for estimate, why in judged if isinstance(why, Unusable)]
    if not usable:
        reasons = tuple(f"{estimate.named}: {why.reason}" for estimate, why in unusable)
        raise Refused("none of the estimates can be pooled", faults=reasons)
    fit = random_effects([effect.yi for _, effect in usable], [effect.sei for _, effect in usable])
    return _pooled(fit, usable, tuple((estimate.label, why.reason) for estimate, why in unusable))


def _pooled(
    fit: Fit, usable: Sequence[tuple[Estimate, Effect]], left_out: tuple[tuple[str, str], ...]
) -> Pooled:
    estimates = [estimate for estimate, _ in usable]
    return Pooled(
        method=_described(fit),
        scale=Scale.LOGIT,
        k=fit.k,
        k_left_out=len(left_out),
        studies=distinct_studies(estimates),
        patients=distinct_patients(estimates),
        estimate=expit(fit.estimate),
        low=expit(fit.low),
        high=expit(fit.high),
        level=fit.level,
        pi_low=None if fit.pi_low is None else expit(fit.pi_low),
        pi_high=None if fit.pi_high is None else expit(fit.pi_high),
        tau2=fit.tau2,
        i2=fit.i2,
        q=fit.q,
        rows=_rows(fit, usable),
        left_out=left_out,
    )


def _rows(fit: Fit, usable: Sequence[tuple[Estimate, Effect]]) -> tuple[PooledRow, ...]:
    z = normal_quantile(fit.level)
    return tuple(
        PooledRow(
            estimate,
            weight,
            expit(effect.yi - z * effect.sei),
            expit(effect.yi + z * effect.sei),
            borrowed=False,
            how=effect.how,
        )
        for (estimate, effect), weight in zip(usable, fit.weights, strict=True)
    )


def _described(fit: Fit) -> str:
    if fit.k == 1:
        return _SINGLE
    return _MODEL.format(prediction=_PREDICTION if fit.k >= FEWEST_FOR_PREDICTION else _NO_PREDICTION)


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
