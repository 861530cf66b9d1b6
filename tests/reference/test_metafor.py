"""Every univariate fit of the recorded metafor reference, on all its data sets and scales, by every estimator.

The reference (``stats/reference.json``) was made with metafor 5.1-12 under R 4.2.2; each entry holds its
call. Entries of iterating estimators were fitted with a tightened control, since metafor's default stops at
an absolute step of 1e-5; ``default_control`` are those that were not.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from curation.synthesis.heterogeneity import q_profile
from curation.synthesis.models import (
    Fit,
    Interval,
    Prediction,
    common_effect,
    random_effects,
    with_prediction,
)
from curation.synthesis.tau2 import Tau2Method, tau2
from tests.reference.reference_file import Entry, dataset, entries

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

pytestmark = pytest.mark.shared

# Same double precision on both sides, 15 digits written: what differs is the order of sums and, for tau² and
# I², the step at which metafor's Fisher scoring stops (largest difference seen: 4e-12, in a tau² of 9e-5).
METAFOR = 1e-10
# metafor finds the ends of the Q profile by uniroot with a tolerance of 1.2e-4 unless told; as recorded they were
# asked for more closely (largest difference seen is noted by the test that uses this).
PROFILE = 1e-8
# Default control: REML, ML and EB stop at an absolute step of 1e-5, and PM's uniroot within 1.2e-4.
DEFAULT_STEP = {"REML": 5e-5, "ML": 5e-5, "EB": 5e-5, "PM": 1.3e-4}

INTERVALS = {
    "z": Interval.WALD,
    "knha": Interval.HARTUNG_KNAPP,
    "adhoc": Interval.HARTUNG_KNAPP_GUARDED,
}
# Columns of effect size and standard error; the data sets of metadat give variances instead.
COLUMNS = {
    "raw": ("auc", "sei_raw"),
    "logit_delta": ("yi_logit", "sei_logit_delta"),
    "logit_limits": ("yi_logit", "sei_logit_limits"),
}
# Eight sets of the published review on three scales and four of metadat, each FE with z and eight estimators
# with z, knha and adhoc.
FITS = (8 * 3 + 4) * (1 + 8 * 3)


@dataclass(frozen=True, slots=True)
class Case:
    entry: Entry
    yi: Sequence[float]
    sei: Sequence[float]
    fit: Fit


@pytest.fixture(scope="module", name="cases")
def fit_cases(shared_data: Path) -> list[Case]:
    return [fitted(entry) for entry in matching(r"/uni/\w+/\w+$", shared_data)]


def matching(pattern: str, shared_data: Path) -> Iterator[Entry]:
    return (entry for entry in entries(shared_data).values() if re.search(pattern, entry.id))


def effect_sizes(entry: Entry) -> tuple[Sequence[float], Sequence[float]]:
    columns = dataset(entry.data)
    if entry.parts[1] in COLUMNS:
        effect, error = COLUMNS[entry.parts[1]]
        return columns[effect], columns[error]
    return columns["yi"], [math.sqrt(v) for v in columns["vi"]]


def fitted(entry: Entry) -> Case:
    """An entry named ``set[/scale]/uni/method/test``, with our fit of its data."""
    yi, sei = effect_sizes(entry)
    method, interval = entry.parts[-2], INTERVALS[entry.parts[-1]]
    if method == "FE":
        return Case(entry, yi, sei, common_effect(yi, sei))
    return Case(entry, yi, sei, random_effects(yi, sei, interval, method=Tau2Method(method)))


def test_no_fit_of_the_reference_is_passed_over(cases: list[Case]) -> None:
    assert len(cases) == FITS
    assert {case.fit.method for case in cases} == {None, *Tau2Method}


def test_every_fit_agrees_with_metafor(cases: list[Case]) -> None:
    assert cases
    apart = [f"{case.entry.id} {name}" for case in cases for name in differences(case)]
    assert apart == []


def test_every_random_effects_fit_has_both_prediction_intervals(cases: list[Case]) -> None:
    fits = [case for case in cases if "/FE/" not in case.entry.id]
    assert len(fits) == FITS * 24 // 25
    for case in fits:
        out = case.entry.outputs
        k_minus_2 = (case.fit.pi_low, case.fit.pi_high)
        assert k_minus_2 == pytest.approx(out["pi_tk2_own_se"], rel=METAFOR, abs=0), case.entry.id
        assert k_minus_2 == pytest.approx(out["pi_riley_metafor"], rel=METAFOR, abs=0), case.entry.id
        like_mean = with_prediction(case.fit, Prediction.LIKE_MEAN)
        ends = (like_mean.pi_low, like_mean.pi_high)
        assert ends == pytest.approx(out["pi_default"], rel=METAFOR, abs=0), case.entry.id


def test_a_common_effect_fit_has_no_prediction_interval(cases: list[Case]) -> None:
    fits = [case.fit for case in cases if "/FE/" in case.entry.id]
    assert len(fits) == FITS // 25
    assert {(fit.pi_low, fit.pi_high) for fit in fits} == {(None, None)}


def test_tau2_on_the_boundary_is_exactly_zero_where_metafor_finds_it_there(cases: list[Case]) -> None:
    boundary = [case for case in cases if "/FE/" not in case.entry.id and case.entry.outputs["tau2"] == 0]
    assert boundary
    assert all(case.fit.tau2 == 0 for case in boundary)


def test_intervals_of_tau2_i2_and_h2_are_those_of_confint(cases: list[Case]) -> None:
    profiled = [case for case in cases if "confint" in case.entry.outputs]
    assert len(profiled) == FITS * 3 // 25
    for case in profiled:
        rows = dict(zip(case.entry.outputs["confint"]["rows"], confint(case.entry), strict=True))
        ours = q_profile(case.yi, case.sei)
        assert ours is not None
        for name, ends in (
            ("tau^2", (ours.tau2_low, ours.tau2_high)),
            ("I^2(%)", (ours.i2_low, ours.i2_high)),
            ("H^2", (ours.h2_low, ours.h2_high)),
        ):
            assert ends == pytest.approx(rows[name], rel=PROFILE, abs=0), (case.entry.id, name)


def test_the_default_stop_of_metafor_is_a_step_away_from_the_root(shared_data: Path) -> None:
    loose = list(matching(r"/default_control/", shared_data))
    assert len(loose) == 16
    for entry in loose:
        yi, sei = effect_sizes(entry)
        method = entry.parts[-1]
        solved = tau2(yi, np.square(sei), Tau2Method(method))
        assert abs(solved - entry.outputs["tau2"]) < DEFAULT_STEP[method], entry.id


def test_tau2_beside_a_covariate_agrees_with_metafor(shared_data: Path) -> None:
    regressions = [e for e in matching(r"/metareg/ablat/\w+/\w+$", shared_data) if "/FE/" not in e.id]
    assert len(regressions) == 14
    for entry in regressions:
        columns = dataset(entry.data)
        design = np.column_stack([np.ones(len(columns["yi"])), columns["ablat"]])
        between = tau2(columns["yi"], columns["vi"], Tau2Method(entry.parts[-2]), design)
        assert between == pytest.approx(entry.outputs["tau2"], rel=METAFOR, abs=0), entry.id


def confint(entry: Entry) -> list[tuple[float, float]]:
    return [(low, high) for _, low, high in entry.outputs["confint"]["matrix"]]


def differences(case: Case) -> list[str]:
    fit, out = case.fit, case.entry.outputs
    pairs = {
        "k": (fit.k, out["k"]),
        "estimate": (fit.estimate, out["beta"]),
        "se": (fit.se, out["se"]),
        "statistic": (fit.statistic, out["stat"]),
        "p": (fit.p, out["pval"]),
        "low": (fit.low, out["ci_lb"]),
        "high": (fit.high, out["ci_ub"]),
        "df": (fit.df, out["ddf"]),
        "tau2": (fit.tau2, out["tau2"]),
        "i2": (fit.i2, out["I2"]),
        "h2": (fit.h2, out["H2"]),
        "q": (fit.q, out["QE"]),
        "q_df": (fit.q_df, out["QE_df"]),
        "q_p": (fit.q_p, out["QEp"]),
    }
    return [
        f"{name}: {ours!r} is not {theirs!r}"
        for name, (ours, theirs) in pairs.items()
        if not same(ours, theirs)
    ]


def same(ours: float | None, theirs: float | None) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    return math.isclose(ours, theirs, rel_tol=METAFOR, abs_tol=0)
