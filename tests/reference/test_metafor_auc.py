"""AUCs, their standard errors and pooled calibration against metamisc and pROC, as recorded.

metamisc's ``valmeta`` and ``ccalc`` on its two data sets (EuroSCORE and the Framingham score), pROC's DeLong on its
own, and a grid of AUCs and group sizes; metamisc 0.5.0 pools with metafor.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from curation.model import Validation
from curation.synthesis.delong import delong
from curation.synthesis.effects import (
    Effect,
    Estimate,
    Limits,
    Reading,
    Source,
    expit,
    logit_effect,
    raw_effect,
    raw_se,
)
from curation.synthesis.generic import Measure, Measured, Table, compared, observed_expected
from curation.synthesis.mantel_haenszel import mantel_haenszel
from curation.synthesis.models import Fit, Interval, Prediction, common_effect, random_effects
from curation.synthesis.pooled import Scale
from curation.synthesis.published import Borrowing, pool_as_published
from curation.synthesis.quantiles import normal_quantile
from curation.synthesis.recommended import Choices, pool_as_chosen
from curation.synthesis.standard_errors import FromCounts, from_counts, largest, newcombe_5
from curation.synthesis.tau2 import Tau2Method
from tests.reference.reference_file import Entry, dataset, entries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

pytestmark = pytest.mark.shared

# The same sums on both sides; differences seen are below 1e-11, where metafor's Fisher scoring stops.
CLOSE = 1e-9
# Entries without "tight" stop at an absolute step of 1e-5 in tau², here up to 8e-6 of 0.07 (of an AUC: 1.5e-7).
DEFAULT = 2e-5
# DeLong's and the other standard errors are closed forms.
CLOSED = 1e-12

WORDS = {
    Source.REPORTED: "Standard Error",
    Source.INTERVAL: "Confidence Interval",
    Source.COUNTS: "Newcombe (Method 4)",
}


@pytest.fixture(name="reference")
def read_entries(shared_data: Path) -> Mapping[str, Entry]:
    return entries(shared_data)


def estimates(name: str, *, counts_only: bool = False) -> list[Estimate]:
    """Rows of a metamisc data set that have a c-statistic, by metamisc's columns."""
    columns = dataset(name)
    return [
        Estimate(
            study=str(i),
            label=str(i),
            marker="death",
            validation=Validation.EXTERNAL,
            auc=columns["c.index"][i],
            low=None if counts_only else columns["c.index.95CIl"][i],
            high=None if counts_only else columns["c.index.95CIu"][i],
            n=columns["n"][i],
            events=columns["n.events"][i],
            se=None if counts_only else columns["se.c.index"][i],
        )
        for i, auc in enumerate(columns["c.index"])
        if auc is not None
    ]


def metamisc(counts: FromCounts = FromCounts.NEWCOMBE_4) -> Reading:
    return Reading(Limits.LOGIT, counts)


def close(entry: Entry) -> float:
    closed_form = entry.parts[2] in {"FE", "DL", "ML", "EB", "PM", "SJ", "identity"}
    return CLOSE if "tight" in entry.id or closed_form else DEFAULT


POOLED = {
    "euroscore/cstat/REML/knha": ("metamisc_EuroSCORE", False, Choices()),
    "euroscore/cstat/REML/knha/tight": ("metamisc_EuroSCORE", False, Choices()),
    "euroscore/cstat/seFromN/method4": ("metamisc_EuroSCORE", True, Choices()),
    "euroscore/cstat/seFromN/method4/tight": ("metamisc_EuroSCORE", True, Choices()),
    "euroscore/cstat/seFromN/method2/tight": (
        "metamisc_EuroSCORE",
        True,
        Choices(reading=metamisc(FromCounts.HANLEY_MCNEIL)),
    ),
    "euroscore/cstat/identity/tight": ("metamisc_EuroSCORE", False, Choices(scale=Scale.RAW)),
    "euroscore/cstat/DL/knha": ("metamisc_EuroSCORE", False, Choices(tau2=Tau2Method.DL)),
    "euroscore/cstat/ML/knha": ("metamisc_EuroSCORE", False, Choices(tau2=Tau2Method.ML)),
    "euroscore/cstat/EB/knha": ("metamisc_EuroSCORE", False, Choices(tau2=Tau2Method.EB)),
    "euroscore/cstat/PM/knha": ("metamisc_EuroSCORE", False, Choices(tau2=Tau2Method.PM)),
    "euroscore/cstat/SJ/knha": ("metamisc_EuroSCORE", False, Choices(tau2=Tau2Method.SJ)),
    "framingham/cstat/default": ("metamisc_Framingham", False, Choices()),
    "framingham/cstat/tight": ("metamisc_Framingham", False, Choices()),
}


@pytest.mark.parametrize("name", POOLED)
def test_pooled_c_statistics_agree_with_metamisc(reference: Mapping[str, Entry], name: str) -> None:
    entry, (data, counts_only, chosen) = reference[name], POOLED[name]
    out = entry.outputs
    reading = metamisc() if chosen.reading == Reading() else chosen.reading
    pooled = pool_as_chosen(
        estimates(data, counts_only=counts_only),
        Choices(chosen.scale, reading, chosen.tau2, Interval.HARTUNG_KNAPP),
    )
    ours = (pooled.estimate, pooled.low, pooled.high, pooled.pi_low, pooled.pi_high, pooled.tau2, pooled.i2)
    theirs = [out[key] for key in ("est", "ci_lb", "ci_ub", "pi_lb", "pi_ub", "tau2", "I2")]
    assert ours == pytest.approx(theirs, rel=close(entry), abs=0)
    assert (pooled.k, pooled.q, pooled.q_p) == pytest.approx(
        (out["numstudies"], out["QE"], out["QEp"]), rel=CLOSE, abs=0
    )


def test_the_published_result_of_euroscore_is_reproduced() -> None:
    # Debray et al. 2019: 0.79 (0.77 to 0.81); with the quantile of the mean's interval, 0.680 to 0.868.
    chosen = Choices(reading=metamisc(), prediction=Prediction.LIKE_MEAN)
    pooled = pool_as_chosen(estimates("metamisc_EuroSCORE"), chosen)
    ends = (pooled.estimate, pooled.low, pooled.high, pooled.pi_low, pooled.pi_high)
    assert [round(end or 0, 3) for end in ends] == [0.789, 0.765, 0.811, 0.680, 0.868]


def test_the_common_effect_of_c_statistics_agrees_with_metamisc(reference: Mapping[str, Entry]) -> None:
    out = reference["euroscore/cstat/FE"].outputs
    effects = usable([logit_effect(e, metamisc()) for e in estimates("metamisc_EuroSCORE")])
    fit = common_effect([e.yi for e in effects], [e.sei for e in effects])
    ours = (expit(fit.estimate), expit(fit.low), expit(fit.high), fit.se, fit.i2, fit.q, fit.q_p)
    theirs = [out[key] for key in ("est", "ci_lb", "ci_ub", "fit_se", "I2", "QE", "QEp")]
    assert ours == pytest.approx(theirs, rel=CLOSE, abs=0)


@pytest.mark.parametrize("name", ["euroscore/cstat/REML/knha/tight", "framingham/cstat/tight"])
def test_each_standard_error_has_the_source_that_metamisc_takes(
    reference: Mapping[str, Entry], name: str
) -> None:
    out, data = reference[name].outputs, reference[name].data
    rows = [i for i, theta in enumerate(out["theta"]) if theta is not None]
    effects = usable([logit_effect(e, metamisc()) for e in estimates(data)])
    assert [WORDS[e.source] for e in effects] == [out["theta_se_source"][i] for i in rows]
    assert [e.sei for e in effects] == pytest.approx([out["theta_se"][i] for i in rows], rel=CLOSED, abs=0)


@pytest.mark.parametrize("method", FromCounts)
@pytest.mark.parametrize("rows", ["all", "Nonly"])
@pytest.mark.parametrize("scale", ["raw", "logit"])
def test_rows_of_c_statistics_agree_with_ccalc(
    reference: Mapping[str, Entry], scale: str, rows: str, method: FromCounts
) -> None:
    number = {FromCounts.HANLEY_MCNEIL: 2, FromCounts.NEWCOMBE_4: 4}[method]
    out = reference[f"euroscore/ccalc/{scale}/{rows}/method{number}"].outputs
    read = raw_effect if scale == "raw" else logit_effect
    given = estimates("metamisc_EuroSCORE", counts_only=rows == "Nonly")
    effects = usable([read(e, metamisc(method)) for e in given])
    assert [e.yi for e in effects] == pytest.approx(out["theta"], rel=CLOSED, abs=0)
    assert [e.sei for e in effects] == pytest.approx(out["theta_se"], rel=CLOSED, abs=0)
    # ccalc gives back a printed interval as it is, and else makes a normal one.
    made = [i for i, e in enumerate(effects) if e.source is not Source.INTERVAL]
    z = normal_quantile(0.95)
    low = [effects[i].yi - z * effects[i].sei for i in made]
    assert low == pytest.approx([out["cilb"][i] for i in made], rel=CLOSED, abs=CLOSED)


def test_standard_errors_from_counts_agree_over_the_grid(reference: Mapping[str, Entry]) -> None:
    grid, out = dataset("se_restore_grid"), reference["se_restore/grid"].outputs
    rows = list(zip(grid["auc"], grid["npos"], grid["nneg"], strict=True))
    slopes = [1 / (auc * (1 - auc)) for auc in grid["auc"]]
    for number, method in ((2, FromCounts.HANLEY_MCNEIL), (4, FromCounts.NEWCOMBE_4)):
        name = "hanley_mcneil" if number == 2 else "newcombe"
        errors = [from_counts(*row, method) for row in rows]
        assert errors == pytest.approx(out[f"se_method{number}_{name}"], rel=CLOSED, abs=0)
        on_logit = [se * slope for se, slope in zip(errors, slopes, strict=True)]
        assert on_logit == pytest.approx(out[f"se_logit_method{number}"], rel=CLOSED, abs=0)
    assert [largest(*row) for row in rows] == pytest.approx(out["se_max_bound"], rel=CLOSED, abs=0)


def test_score_intervals_agree_over_the_grid(reference: Mapping[str, Entry]) -> None:
    grid, out = dataset("se_restore_grid"), reference["se_restore/grid"].outputs
    ends = [newcombe_5(*row) for row in zip(grid["auc"], grid["npos"], grid["nneg"], strict=True)]
    assert [low for low, _ in ends] == pytest.approx(out["newcombe5_lb"], rel=CLOSE, abs=0)
    assert [high for _, high in ends] == pytest.approx(out["newcombe5_ub"], rel=CLOSE, abs=0)


def test_logit_intervals_from_counts_agree_over_the_grid(reference: Mapping[str, Entry]) -> None:
    grid, out = dataset("se_restore_grid"), reference["se_restore/grid"].outputs
    rows = zip(grid["auc"], grid["npos"], grid["nneg"], strict=True)
    effects = usable([logit_effect(counted(auc, ill, well)) for auc, ill, well in rows])
    z = normal_quantile(0.95)
    low = [expit(e.yi - z * e.sei) for e in effects]
    high = [expit(e.yi + z * e.sei) for e in effects]
    assert low == pytest.approx(out["logit_ci_lb_m4"], rel=CLOSED, abs=0)
    assert high == pytest.approx(out["logit_ci_ub_m4"], rel=CLOSED, abs=0)


def test_delongs_variance_and_covariance_agree_with_proc(reference: Mapping[str, Entry]) -> None:
    columns = dataset("pROC_aSAH")
    ill = [outcome == "Poor" for outcome in columns["outcome"]]
    both = delong(ill, columns["s100b"], columns["ndka"])
    for i, name in enumerate(("s100b", "ndka")):
        out = reference[f"aSAH/delong/{name}"].outputs
        assert (both.aucs[i], both.se(i) ** 2) == pytest.approx((out["auc"], out["var_delong"]), rel=CLOSED)
        groups = (sum(ill), len(ill) - sum(ill))
        assert groups == (out["n_pos"], out["n_neg"])
        assert from_counts(both.aucs[i], *groups) == pytest.approx(out["se_newcombe4"], rel=CLOSED)
        hanley = from_counts(both.aucs[i], *groups, FromCounts.HANLEY_MCNEIL)
        assert hanley == pytest.approx(out["se_hanley_mcneil"], rel=CLOSED)
        half = normal_quantile(0.95) * both.se(i)
        ends = (both.aucs[i] - half, both.aucs[i], both.aucs[i] + half)
        assert ends == pytest.approx(out["ci"], rel=CLOSED)
    out = reference["aSAH/delong/cov"].outputs
    assert (both.covariance[0][1], both.correlation(0, 1)) == pytest.approx(
        (out["cov"], out["cor"]), rel=CLOSED
    )


@pytest.mark.parametrize(
    "name",
    [
        "euroscore/OE/1",
        "euroscore/OE/1/tight",
        "euroscore/OE/2",
        "euroscore/OE/3",
        "framingham/OE",
    ],
)
def test_pooled_calibration_agrees_with_metamisc(reference: Mapping[str, Entry], name: str) -> None:
    entry = reference[name]
    out = entry.outputs
    rows = [i for i, theta in enumerate(out["theta"]) if theta is not None]
    measured = [calibration(name, dataset(entry.data), i) for i in rows]
    assert [m.yi for m in measured] == pytest.approx([out["theta"][i] for i in rows], rel=CLOSED, abs=CLOSED)
    assert [m.sei for m in measured] == pytest.approx([out["theta_se"][i] for i in rows], rel=CLOSED)
    fit = random_effects([m.yi for m in measured], [m.sei for m in measured], Interval.HARTUNG_KNAPP)
    assert calibrated(fit) == pytest.approx(
        [out[key] for key in ("est", "ci_lb", "ci_ub", "pi_lb", "pi_ub", "tau2", "I2")],
        rel=CLOSE if name.endswith("tight") else DEFAULT,
        abs=0,
    )
    assert (fit.q, fit.q_p) == pytest.approx((out["QE"], out["QEp"]), rel=CLOSE)


@pytest.mark.parametrize("borrowing", Borrowing)
@pytest.mark.parametrize("rows", ["internal41", "external11"])
def test_the_published_method_agrees_with_metafor(
    reference: Mapping[str, Entry], rows: str, borrowing: Borrowing
) -> None:
    rule = {Borrowing.PLAIN: "mean", Borrowing.BY_COHORT: "nweighted"}[borrowing]
    out = reference[f"seed_{rows}/published/{rule}"].outputs
    pooled = pool_as_published(tabulated(f"seed_{rows}"), borrowing)
    ours = (pooled.estimate, pooled.low, pooled.high)
    assert ours == pytest.approx([out[key] for key in ("est", "ci_lb_196", "ci_ub_196")], rel=CLOSE)
    assert [round(end, 3) for end in ours] == out["published"]
    lent = [(row.high - row.low) / (2 * 1.96) for row in pooled.rows if row.borrowed]
    assert lent == pytest.approx([out["imputed_se"]] * len(lent), rel=CLOSE)


@pytest.mark.parametrize("rows", ["internal35_reportedCI", "external8_reportedCI"])
def test_standard_errors_of_the_published_rows_agree_on_every_scale(
    reference: Mapping[str, Entry], rows: str
) -> None:
    columns = dataset(f"seed_{rows}")
    assert any(entry.data == f"seed_{rows}" for entry in reference.values())
    given = tabulated(f"seed_{rows}")
    assert [raw_se(e) for e in given] == pytest.approx(columns["sei_raw"], rel=CLOSED)
    for name, limits in (("sei_logit_delta", Limits.DELTA), ("sei_logit_limits", Limits.LOGIT)):
        effects = usable([logit_effect(e, Reading(limits)) for e in given])
        # By the delta rule the recorded columns read a clipped interval as it stands.
        compared_rows = [
            (effect.sei, theirs)
            for effect, theirs in zip(effects, columns[name], strict=True)
            if limits is Limits.LOGIT or not effect.flagged
        ]
        assert len(compared_rows) >= len(given) - 1
        assert [ours for ours, _ in compared_rows] == pytest.approx(
            [theirs for _, theirs in compared_rows], rel=CLOSED
        )


def test_mantel_and_haenszels_risk_ratio_agrees_with_metafor(reference: Mapping[str, Entry]) -> None:
    out = reference["dat.bcg/mh/RR"].outputs
    counts = [out["raw"][key] for key in ("tpos", "tneg", "cpos", "cneg")]
    tables = [Table(a, a + b, c, c + d) for a, b, c, d in zip(*counts, strict=True)]
    pooled = mantel_haenszel(tables, Measure.RISK_RATIO)
    half = normal_quantile(0.95) * pooled.sei
    assert (pooled.yi, pooled.sei, pooled.yi - half, pooled.yi + half) == pytest.approx(
        (out["beta"], out["se"], *out["ci"]), rel=CLOSE
    )
    columns = dataset("dat.bcg")
    studies = [compared(table, Measure.RISK_RATIO) for table in tables]
    assert [s.yi for s in studies] == pytest.approx(columns["yi"], rel=CLOSED)
    assert [s.sei**2 for s in studies] == pytest.approx(columns["vi"], rel=CLOSED)
    q = sum(((s.yi - pooled.yi) / s.sei) ** 2 for s in studies)
    assert q == pytest.approx(out["QE"], rel=CLOSE)


def usable(effects: Sequence[object]) -> list[Effect]:
    kept = [effect for effect in effects if isinstance(effect, Effect)]
    assert len(kept) == len(effects)
    return kept


def counted(auc: float, ill: int, well: int) -> Estimate:
    return Estimate("S", "S", "", Validation.EXTERNAL, auc, None, None, n=ill + well, events=ill)


def calibration(name: str, columns: Mapping[str, Sequence[Any]], i: int) -> Measured:
    n = columns["n"][i]
    if name in {"euroscore/OE/3", "framingham/OE"}:
        return observed_expected(columns["Po"][i] * n, columns["Pe"][i] * n, n)
    return observed_expected(
        columns["n.events"][i], columns["e.events"][i], None if name.endswith("2") else n
    )


def calibrated(fit: Fit) -> list[float]:
    assert fit.pi_low is not None
    assert fit.pi_high is not None
    ends = (fit.estimate, fit.low, fit.high, fit.pi_low, fit.pi_high)
    return [*map(math.exp, ends), fit.tau2, fit.i2]


def tabulated(name: str) -> list[Estimate]:
    columns = dataset(name)
    rows = zip(columns["study"], columns["auc"], columns["lo"], columns["hi"], columns["n"], strict=True)
    return [
        Estimate(str(study), str(study), "", Validation.EXTERNAL, auc, low, high, patients=n)
        for study, auc, low, high, n in rows
    ]
