"""Pools where a study may stand more than once: as if its AUCs were independent, or as the dependent ones they are.

The first repeats what published reviews often do and is for comparison only: patients who are counted twice make
the interval too narrow. The second models studies and the estimates within them, with an assumed correlation
between AUCs of the same patients, and takes errors that hold whatever the dependence (``multilevel``, ``robust``).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from curation.errors import Refused
from curation.synthesis.correlated import of_same_patients
from curation.synthesis.effects import Effect, Estimate, Unusable, expit, logit_effect, raw_effect
from curation.synthesis.heterogeneity import q_profile
from curation.synthesis.models import Fit, common_effect, random_effects, with_prediction
from curation.synthesis.multilevel import Multilevel, Options, three_level
from curation.synthesis.pooled import Pooled, PooledRow, Scale, distinct_patients, distinct_studies
from curation.synthesis.quantiles import normal_quantile
from curation.synthesis.recommended import Choices
from curation.synthesis.robust import Robust, RobustOptions, robust

_INDEPENDENT = (
    "{model} of {what}, every AUC taken as if it came from other patients; {tau2}{interval} interval{back}."
)
_THREE_LEVEL = (
    "Random effects of studies and of the estimates within them, on {what}; correlation {rho:g} assumed between "
    "AUCs of the same patients; variances by restricted maximum likelihood; CR2 errors by study with "
    "Satterthwaite's degrees of freedom; prediction interval by t on studies less one{back}."
)
_WHAT = {Scale.LOGIT: "logit AUCs", Scale.RAW: "AUCs on their own scale"}


@dataclass(frozen=True, slots=True)
class Usable:
    """Estimates with their effect sizes, and those that have none with the reason. At least one is usable."""

    estimates: tuple[Estimate, ...]
    effects: tuple[Effect, ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def yi(self) -> list[float]:
        """Effect sizes."""
        return [effect.yi for effect in self.effects]

    @property
    def sei(self) -> list[float]:
        """Their standard errors."""
        return [effect.sei for effect in self.effects]


@dataclass(frozen=True, slots=True)
class Dependent:
    """A three-level result; ``df`` are those of its interval, ``caution`` says where they are too few."""

    pooled: Pooled
    df: float | None
    caution: str | None


def usable(estimates: Sequence[Estimate], choices: Choices) -> Usable:
    """Effect sizes of ``estimates`` on the chosen scale. Raises Refused where none has one."""
    effect_of = logit_effect if choices.scale is Scale.LOGIT else raw_effect
    judged = [(estimate, effect_of(estimate, choices.reading)) for estimate in estimates]
    kept = [(estimate, effect) for estimate, effect in judged if isinstance(effect, Effect)]
    left = [(estimate, why.reason) for estimate, why in judged if isinstance(why, Unusable)]
    if not judged:
        raise Refused("there is nothing to pool: no estimate was given")
    if not kept:
        reasons = tuple(f"{estimate.named}: {reason}" for estimate, reason in left)
        raise Refused("none of the estimates can be pooled", faults=reasons)
    return Usable(
        estimates=tuple(estimate for estimate, _ in kept),
        effects=tuple(effect for _, effect in kept),
        left_out=tuple((estimate.named, reason) for estimate, reason in left),
    )


def pool_as_if_independent(
    estimates: Sequence[Estimate], choices: Choices | None = None, *, common: bool = False
) -> Pooled:
    """Mean of all ``estimates``, patients who stand in several counted each time; ``common``: one common effect.

    Kinds of validation may be mixed. With one estimate a study it is the recommended model. Raises Refused
    without a usable estimate, BadInput on contradicting cohort sizes.
    """
    chosen = choices or Choices()
    used = usable(estimates, chosen)
    if common:
        fit = common_effect(used.yi, used.sei, chosen.level)
    else:
        free = random_effects(used.yi, used.sei, chosen.interval, chosen.level, chosen.tau2)
        fit = with_prediction(free, chosen.prediction)
    return _independent(used, fit, chosen)


def pool_three_level(
    estimates: Sequence[Estimate], patients: Sequence[Hashable], rho: float, choices: Choices | None = None
) -> Dependent:
    """Mean over studies and the estimates within them; ``patients`` labels who each estimate was made in.

    Of ``choices`` the scale, the reading and the level count. Raises Refused and BadInput as ``three_level``
    and ``robust``, and as ``usable``.
    """
    chosen = choices or Choices()
    used = usable(estimates, chosen)
    labels = dict(zip(map(id, estimates), patients, strict=True))
    sampling = of_same_patients([se**2 for se in used.sei], [labels[id(e)] for e in used.estimates], rho)
    studies = [estimate.study for estimate in used.estimates]
    fit = three_level(used.yi, sampling, studies, options=Options(level=chosen.level))
    errors = robust(fit.gls, studies, RobustOptions(level=chosen.level))
    return Dependent(_dependent(used, fit, errors, rho, chosen), errors.coefficients[0].df, errors.caution)


def _independent(used: Usable, fit: Fit, chosen: Choices) -> Pooled:
    return Pooled(
        method=_INDEPENDENT.format(
            model="Random-effects mean" if fit.method else "Common-effect mean",
            what=_WHAT[chosen.scale],
            tau2=f"between-study variance by {fit.method.named}; " if fit.method else "",
            interval=fit.interval,
            back=_back(chosen),
        ),
        scale=chosen.scale,
        k=fit.k,
        k_left_out=len(used.left_out),
        studies=distinct_studies(used.estimates),
        patients=distinct_patients(used.estimates),
        estimate=_auc(fit.estimate, chosen),
        low=_auc(fit.low, chosen),
        high=_auc(fit.high, chosen),
        level=fit.level,
        pi_low=None if fit.pi_low is None else _auc(fit.pi_low, chosen),
        pi_high=None if fit.pi_high is None else _auc(fit.pi_high, chosen),
        tau2=fit.tau2,
        i2=fit.i2,
        q=fit.q,
        rows=_rows(used, fit.weights, chosen),
        left_out=used.left_out,
        q_p=fit.q_p,
        spread=q_profile(used.yi, used.sei, fit.level),
    )


def _dependent(used: Usable, fit: Multilevel, errors: Robust, rho: float, chosen: Choices) -> Pooled:
    mean = errors.coefficients[0]
    return Pooled(
        method=_THREE_LEVEL.format(what=_WHAT[chosen.scale], rho=rho, back=_back(chosen)),
        scale=chosen.scale,
        k=fit.k,
        k_left_out=len(used.left_out),
        studies=distinct_studies(used.estimates),
        patients=distinct_patients(used.estimates),
        estimate=_auc(mean.estimate, chosen),
        low=_auc(mean.low, chosen),
        high=_auc(mean.high, chosen),
        level=chosen.level,
        pi_low=None if fit.pi_low is None else _auc(fit.pi_low, chosen),
        pi_high=None if fit.pi_high is None else _auc(fit.pi_high, chosen),
        tau2=fit.variance,
        i2=fit.i2,
        q=fit.q,
        rows=_rows(used, fit.weights or (), chosen),
        left_out=used.left_out,
        q_p=fit.q_p,
    )


def _rows(used: Usable, weights: Sequence[float], chosen: Choices) -> tuple[PooledRow, ...]:
    z = normal_quantile(chosen.level)
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
        for estimate, effect, weight in zip(used.estimates, used.effects, weights, strict=True)
    )


def _auc(x: float, chosen: Choices) -> float:
    return expit(x) if chosen.scale is Scale.LOGIT else x


def _back(chosen: Choices) -> str:
    return "; back-transformed to AUC" if chosen.scale is Scale.LOGIT else ""
