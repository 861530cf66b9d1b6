"""Every univariate FE and REML fit of the recorded metafor reference, on all its data sets and scales.

The reference (``stats/reference.json``) was made with metafor 5.1-12 under R 4.2.2; each entry holds its
call. REML entries were fitted with a tightened control, since metafor's default stops at an absolute step of
1e-5.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from curation.synthesis.models import Fit, Interval, common_effect, random_effects
from curation.synthesis.quantiles import t_quantile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.shared

# Same double precision on both sides, 15 digits written: what differs is the order of sums and, for tau² and
# I², the step at which metafor's Fisher scoring stops (largest difference seen: 4e-12, in a tau² of 9e-5).
METAFOR = 1e-10
# R's qt agrees with arbitrary precision to 1e-15; the table holds 15 digits.
QUANTILE = 1e-13

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
# Eight sets of the published review on three scales and four of metadat, each FE with z and REML with z, knha
# and adhoc.
ENTRIES = (8 * 3 + 4) * 4


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    fit: Fit
    outputs: Mapping[str, Any]


@pytest.fixture(scope="module", name="reference")
def read_reference(shared_data: Path) -> Mapping[str, Any]:
    content: Mapping[str, Any] = json.loads(
        (shared_data / "stats" / "reference.json").read_text(encoding="utf-8")
    )
    return content


@pytest.fixture(scope="module", name="cases")
def fit_cases(reference: Mapping[str, Any]) -> list[Case]:
    return [case for entry in reference["entries"] if (case := case_of(entry, reference["datasets"]))]


def case_of(entry: Mapping[str, Any], datasets: Mapping[str, Any]) -> Case | None:
    """A case from an entry named ``set[/scale]/uni/method/test``, None for other entries and methods."""
    parts = entry["id"].split("/")
    if len(parts) < 4 or parts[-3] != "uni" or parts[-2] not in {"FE", "REML"}:
        return None
    columns = datasets[entry["data"]]["columns"]
    if parts[-4] in COLUMNS:
        effect, error = COLUMNS[parts[-4]]
        yi, sei = columns[effect], columns[error]
    else:
        yi, sei = columns["yi"], [math.sqrt(v) for v in columns["vi"]]
    interval = INTERVALS[parts[-1]]
    fit = common_effect(yi, sei) if parts[-2] == "FE" else random_effects(yi, sei, interval)
    return Case(entry["id"], fit, entry["outputs"])


def test_no_entry_of_the_reference_is_passed_over(
    cases: list[Case], capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        sys.stdout.write(f" [{len(cases)} fits of metafor covered] ")
    assert len(cases) == ENTRIES


def test_every_fit_agrees_with_metafor(cases: list[Case]) -> None:
    assert cases
    apart = [f"{case.id} {name}" for case in cases for name in differences(case)]
    assert apart == []


def test_every_random_effects_fit_has_the_prediction_interval_on_k_minus_2(cases: list[Case]) -> None:
    fits = [case for case in cases if "pi_tk2_own_se" in case.outputs]
    assert len(fits) == ENTRIES * 3 // 4
    for case in fits:
        expected = case.outputs["pi_tk2_own_se"]
        assert (case.fit.pi_low, case.fit.pi_high) == pytest.approx(expected, rel=METAFOR, abs=0), case.id


def test_a_common_effect_fit_has_no_prediction_interval(cases: list[Case]) -> None:
    fits = [case.fit for case in cases if "/FE/" in case.id]
    assert len(fits) == ENTRIES // 4
    assert {(fit.pi_low, fit.pi_high) for fit in fits} == {(None, None)}


def test_tau2_on_the_boundary_is_exactly_zero_where_metafor_finds_it_there(cases: list[Case]) -> None:
    boundary = [case for case in cases if "/REML/" in case.id and case.outputs["tau2"] == 0]
    assert boundary
    assert all(case.fit.tau2 == 0 for case in boundary)


def test_student_quantiles_agree_with_r(reference: Mapping[str, Any]) -> None:
    table = next(entry["outputs"] for entry in reference["entries"] if entry["id"] == "dist/qt")
    assert table["df"]
    for df, row in zip(table["df"], table["value"], strict=True):
        computed = [t_quantile(2 * p - 1, df) for p in table["p"]]
        assert computed == pytest.approx(row, rel=QUANTILE, abs=0), df


def differences(case: Case) -> list[str]:
    fit, out = case.fit, case.outputs
    pairs = {
        "k": (fit.k, out["k"]),
        "estimate": (fit.estimate, out["beta"]),
        "se": (fit.se, out["se"]),
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
