"""Every recorded multilevel fit, robust error and robust variance estimate: metafor, clubSandwich, robumeta.

metafor's own optimiser stops about 1e-8 short of the maximum; the recorded fits were polished by Fisher scoring
and refitted at the optimum, and the robust errors made from those.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from curation.synthesis.coefficients import Coefficient, WaldTest
from curation.synthesis.components import Likelihood
from curation.synthesis.correlated import independent, of_same_patients
from curation.synthesis.correlated_effects import correlated_effects, hierarchical_effects
from curation.synthesis.design import Design, design, factor
from curation.synthesis.models import Interval
from curation.synthesis.multilevel import Multilevel, Options, Reference, study_effects, three_level
from curation.synthesis.regression import RegressionOptions, regression
from curation.synthesis.robust import Correction, DegreesOfFreedom, Robust, RobustOptions, robust
from curation.synthesis.tau2 import Tau2Method
from tests.reference.reference_file import Entry, dataset, entries

if TYPE_CHECKING:
    from pathlib import Path

    from curation.synthesis.blocks import Blocks
    from curation.synthesis.gls import Gls

pytestmark = pytest.mark.shared

# Fifteen digits are recorded; what differs is the order of sums (largest difference seen: 9e-13, in a p value).
AGREEMENT = 1e-10
# Terms of the log-likelihood cancel, and one was recorded before the polish (largest difference seen: 2e-10).
LOG_LIKELIHOOD = 1e-8
# Nor is the score one sum (largest difference seen: 5e-11).
SCORE = 1e-9
COLUMNS = {"raw": ("auc", "sei_raw"), "logit_delta": ("yi_logit", "sei_logit_delta")}

FITS, METAFOR_ROBUST, CLUB_SANDWICH, SHARES, ROBUMETA = 119, 226, 680, 10, 16

Pairs = Mapping[str, tuple[Any, Any]]


@pytest.fixture(scope="module", name="reference")
def read_entries(shared_data: Path) -> list[Entry]:
    return list(entries(shared_data).values())


@pytest.fixture(scope="module", name="fits")
def fit_models(reference: list[Entry]) -> Mapping[str, Multilevel]:
    """Our fit of each recorded one, by its id."""
    return {entry.id: fitted(entry) for entry in reference if "rma.mv" in entry.call}


def test_every_multilevel_fit_agrees_with_metafor(
    reference: list[Entry], fits: Mapping[str, Multilevel]
) -> None:
    assert len(fits) == FITS
    apart = [line for e in reference if e.id in fits for line in apart_in(e, of_fit(e, fits[e.id]))]
    assert apart == []


def test_variances_on_the_boundary_are_exactly_zero_and_the_score_points_outwards(
    reference: list[Entry], fits: Mapping[str, Multilevel]
) -> None:
    bound = [
        (level, score)
        for entry in reference
        if entry.id in fits
        for level, score, at in zip(
            fits[entry.id].levels,
            listed(entry.outputs["score_at_solution"]),
            listed(entry.outputs["at_boundary"]),
            strict=True,
        )
        if at
    ]
    assert len(bound) > FITS / 2
    assert {level.variance for level, _ in bound} == {0.0}
    assert all(level.score < 0 for level, _ in bound)
    scores = [level.score for level, _ in bound]
    assert scores == pytest.approx([score for _, score in bound], rel=SCORE)


def test_shares_of_the_variance_agree_with_the_formula_of_metafors_site(
    reference: list[Entry], fits: Mapping[str, Multilevel]
) -> None:
    shares = [entry for entry in reference if entry.parts[-1] == "I2_multilevel"]
    assert len(shares) == SHARES
    apart = [
        line for e in shares for line in apart_in(e, of_shares(e, fits[e.id.removesuffix("/I2_multilevel")]))
    ]
    assert apart == []


def test_every_robust_error_agrees_with_metafor(
    reference: list[Entry], fits: Mapping[str, Multilevel]
) -> None:
    made = [entry for entry in reference if "robust_metafor" in entry.parts]
    assert len(made) == METAFOR_ROBUST
    apart = []
    for entry in made:
        corrected = Correction.CR1P if entry.parts[-1] == "adjust=TRUE" else Correction.CR0
        ours = robust_fit(entry, fits, RobustOptions(corrected, DegreesOfFreedom.CLUSTERS))
        apart += apart_in(entry, of_metafor_robust(entry, ours))
    assert apart == []


def test_every_robust_error_agrees_with_clubsandwich(
    reference: list[Entry], fits: Mapping[str, Multilevel]
) -> None:
    made = [entry for entry in reference if entry.package == "clubSandwich"]
    assert len(made) == CLUB_SANDWICH
    apart = []
    for entry in made:
        ours = robust_fit(entry, fits, RobustOptions(Correction(entry.parts[-1])))
        apart += apart_in(entry, of_club_sandwich(entry, ours))
    assert apart == []


def test_every_robust_variance_estimate_agrees_with_robumeta(reference: list[Entry]) -> None:
    made = [entry for entry in reference if entry.package == "robumeta"]
    assert len(made) == ROBUMETA
    apart = [line for entry in made for line in apart_in(entry, of_robumeta(entry))]
    assert apart == []


def data_of(entry: Entry) -> tuple[Sequence[float], Sequence[float], Sequence[str]]:
    """Effects, variances, studies."""
    columns = dataset(entry.data)
    studies = columns["district" if entry.data == "dat.konstantopoulos2011" else "study"]
    if entry.parts[1] not in COLUMNS:
        return columns["yi"], columns["vi"], studies
    effect, error = COLUMNS[entry.parts[1]]
    return columns[effect], [se**2 for se in columns[error]], studies


def fitted(entry: Entry) -> Multilevel:
    y, _, studies = data_of(entry)
    likelihood = Likelihood.ML if "ML" in entry.parts else Likelihood.REML
    options = Options(likelihood, reference_of(entry.call))
    fit = study_effects if "study_re" in entry.parts else three_level
    return fit(y, sampling_of(entry), studies, moderators_of(entry), options)


def reference_of(call: str) -> Reference:
    if "dfs='contain'" in call:
        return Reference.CONTAINMENT
    return Reference.RESIDUAL if "test='t'" in call else Reference.NORMAL


def sampling_of(entry: Entry) -> Blocks:
    _, v, _ = data_of(entry)
    shared = re.search(r"vcalc\(vi, cluster=(\w+), .*rho=([\d.]+)\)", entry.call)
    if shared is None:
        return independent(v)
    return of_same_patients(v, dataset(entry.data)[shared[1]], float(shared[2]))


def moderators_of(entry: Entry) -> Design | None:
    if "mods_validation3" not in entry.parts:
        return None
    kinds = dataset(entry.data)["validation"]
    # R's order of the levels is given by the call, ours is the alphabet's: cv, external, split.
    return design(len(kinds), factor("validation", kinds, "cv"))


def robust_fit(entry: Entry, fits: Mapping[str, Multilevel], options: RobustOptions) -> Robust:
    studies = data_of(entry)[2]
    if "uni_robust" in entry.parts:
        return robust(univariate(entry), studies, options)
    of = re.sub(r"/(robust_metafor|clubSandwich)/.*|/CR2$", "", entry.id)
    return robust(fits[of].gls, studies, options)


def univariate(entry: Entry) -> Gls:
    y, v, _ = data_of(entry)
    method = None if "FE" in entry.parts else Tau2Method.REML
    return regression(y, v, None, RegressionOptions(method, Interval.WALD)).gls


def of_fit(entry: Entry, fit: Multilevel) -> Pairs:
    out = entry.outputs
    pairs: dict[str, tuple[Any, Any]] = {
        "k": (fit.k, out["k"]),
        **of_coefficients(entry.outputs, fit.coefficients, ("stat", "pval", "ddf")),
        "sigma2": ([level.variance for level in fit.levels], listed(out["sigma2"])),
        "groups": ([level.groups for level in fit.levels], listed(out["s_nlevels"])),
        "q": (fit.q, out["QE"]),
        "q_p": (fit.q_p, out["QEp"]),
        "log likelihood": (fit.log_likelihood, out["fit"]["logLik"]),
    }
    if "pi_default" in out:
        pairs["prediction"] = ([fit.pi_low, fit.pi_high], out["pi_default"])
    if "QM" in out:
        assert isinstance(fit.moderators, WaldTest)
        pairs["qm"] = (
            [fit.moderators.statistic, fit.moderators.df, fit.moderators.df_residual, fit.moderators.p],
            [out["QM"], *out["QMdf"], out["QMp"]],
        )
    return pairs


def of_coefficients(
    out: Mapping[str, Any], ours: Sequence[Coefficient], names: tuple[str, str, str]
) -> Pairs:
    """The columns of a coefficient table; ``names`` of statistic, p value and degrees of freedom there."""
    statistic, p, df = names
    pairs: dict[str, tuple[list[Any], Any]] = {
        "estimate": ([c.estimate for c in ours], out["beta"]),
        "se": ([c.se for c in ours], out["se"]),
        "statistic": ([c.statistic for c in ours], out.get(statistic)),
        "p": ([c.p for c in ours], out[p]),
        "df": ([c.df for c in ours], out[df]),
        "low": ([c.low for c in ours], out.get("ci_lb")),
        "high": ([c.high for c in ours], out.get("ci_ub")),
    }
    return {
        name: (in_their_order(mine), listed(theirs))
        for name, (mine, theirs) in pairs.items()
        if theirs is not None or name == "df"
    }


def in_their_order(ours: list[Any]) -> list[Any]:
    """Three coefficients are those of the kinds of validation: R's has split before external."""
    return [ours[0], ours[2], ours[1]] if len(ours) == 3 else ours


def of_shares(entry: Entry, fit: Multilevel) -> Pairs:
    out = entry.outputs
    return {
        "total": (fit.i2, out["I2_total"]),
        "between": (fit.levels[0].i2, out["I2_between"]),
        "within": (fit.levels[1].i2, out["I2_within"]),
    }


def of_metafor_robust(entry: Entry, ours: Robust) -> Pairs:
    return {
        "clusters": (ours.clusters, entry.outputs["n_clusters"]),
        **of_coefficients(entry.outputs, ours.coefficients, ("stat", "pval", "ddf")),
    }


def of_club_sandwich(entry: Entry, ours: Robust) -> Pairs:
    out = entry.outputs
    if "Fstat" not in out:
        return of_coefficients(out, ours.coefficients, ("tstat", "p_satt", "df_satt"))
    assert isinstance(ours.moderators, WaldTest)
    return {
        **of_coefficients(entry.outputs, ours.coefficients, ("", "p_coef", "df")),
        "f": (ours.moderators.statistic, out["Fstat"]),
        "df": (ours.moderators.df, out["df_num"]),
        "residual df": (ours.moderators.df_residual, out["df_denom"]),
        "p": (ours.moderators.p, out["p"]),
    }


def of_robumeta(entry: Entry) -> Pairs:
    y, v, studies = data_of(entry)
    small = entry.parts[-1] == "small=TRUE"
    options = RobustOptions() if small else RobustOptions(Correction.CR1P, DegreesOfFreedom.CLUSTERS)
    if "CORR" in entry.parts:
        ours = correlated_effects(y, v, studies, rho=0.8, options=options)
    else:
        ours = hierarchical_effects(y, v, studies, options=options)
    # Its p value is 1 less a probability, so that digits are lost; t and df are compared instead.
    out = {**entry.outputs, "prob": None}
    return {
        "tau2": (ours.tau2, out["tau2"]),
        "omega2": (ours.omega2, out["omega2"]),
        "i2": (ours.i2, out["I2"]),
        **of_coefficients(out, ours.robust.coefficients, ("t", "prob", "dfs")),
    }


def apart_in(entry: Entry, pairs: Pairs) -> list[str]:
    return [
        f"{entry.id} {name}: {ours!r} is not {theirs!r}"
        for name, (ours, theirs) in pairs.items()
        if not same(listed(ours), listed(theirs), LOG_LIKELIHOOD if name == "log likelihood" else AGREEMENT)
    ]


def same(ours: list[Any], theirs: list[Any], rel: float) -> bool:
    if len(ours) != len(theirs):
        return False
    return all(
        mine is their if mine is None or their is None else math.isclose(mine, their, rel_tol=rel)
        for mine, their in zip(ours, theirs, strict=True)
    )


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - R writes a vector of one as a number
    return list(value) if isinstance(value, (list, tuple)) else [value]
