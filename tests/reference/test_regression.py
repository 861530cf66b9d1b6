"""Every recorded meta-regression and subgroup analysis of metafor."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from curation.synthesis.coefficients import Coefficient, Undefined, WaldTest
from curation.synthesis.design import Design, Term, covariate, design, factor
from curation.synthesis.models import Interval
from curation.synthesis.regression import Regression, RegressionOptions, regression
from curation.synthesis.subgroups import Subgroups, subgroups
from curation.synthesis.tau2 import Tau2Method
from tests.reference.reference_file import Entry, dataset, entries

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared

# Fifteen digits are recorded; what differs is the order of sums and the step at which metafor stops.
AGREEMENT = 1e-10
# metafor does not centre a year, which costs its coefficients six of their digits.
UNCENTRED = 1e-8
# Where tau² is exactly 0, metafor stops at 1e-16 of it, and I² is 4e-13 there.
NEARLY_ZERO = 1e-12
COLUMNS = {"raw": ("auc", "sei_raw"), "logit_delta": ("yi_logit", "sei_logit_delta")}
INTERVALS = {"z": Interval.WALD, "knha": Interval.HARTUNG_KNAPP}
REGRESSIONS, SUBGROUPS = 97, 18

Pairs = Mapping[str, tuple[Any, Any]]


@pytest.fixture(scope="module", name="reference")
def read_entries(shared_data: Path) -> list[Entry]:
    return list(entries(shared_data).values())


def test_every_meta_regression_agrees_with_metafor(reference: list[Entry]) -> None:
    made = [entry for entry in reference if "metareg" in entry.parts]
    assert len(made) == REGRESSIONS
    apart = [line for entry in made for line in apart_in(entry, of_regression(entry, fitted(entry)))]
    assert apart == []


def test_every_subgroup_analysis_agrees_with_metafor(reference: list[Entry]) -> None:
    made = [entry for entry in reference if "subgroup" in entry.parts]
    assert len(made) == SUBGROUPS
    apart = [line for entry in made for line in apart_in(entry, of_subgroups(entry, divided(entry)))]
    assert apart == []


def data_of(entry: Entry) -> tuple[Sequence[float], Sequence[float]]:
    columns = dataset(entry.data)
    if entry.parts[1] not in COLUMNS:
        return columns["yi"], columns["vi"]
    effect, error = COLUMNS[entry.parts[1]]
    return columns[effect], [se**2 for se in columns[error]]


def fitted(entry: Entry) -> Regression:
    y, v = data_of(entry)
    test = INTERVALS.get(entry.parts[-1], Interval.WALD)
    name = entry.parts[-2] if entry.parts[-1] in INTERVALS else entry.parts[-1]
    method = None if name == "FE" else Tau2Method(name)
    return regression(y, v, moderators_of(entry), RegressionOptions(method, test))


def moderators_of(entry: Entry) -> Design:
    columns = dataset(entry.data)
    moderator = entry.parts[entry.parts.index("metareg") + 1]
    terms = [term for part in moderator.split("+") for term in terms_of(part, columns)]
    return design(len(next(iter(columns.values()))), *terms)


def terms_of(moderator: str, columns: Mapping[str, Sequence[Any]]) -> list[Term]:
    match moderator:
        case "year" | "ablat":
            return [covariate(moderator, columns[moderator])]
        case "n_per_100":
            return [covariate("patients / 100", [n / 100 for n in columns["n"]])]
        case "weeks3":
            return [covariate("weeks", [min(3, weeks) for weeks in columns["weeks"]])]
        case "internal_vs_external":
            kinds = columns["validation"]
            return [factor("set", ["external" if kind == "external" else "internal" for kind in kinds])]
        case "validation3":
            return [factor("validation", columns["validation"], "cv")]
        case _:
            return [factor(moderator, columns[moderator])]


def divided(entry: Entry) -> Subgroups:
    y, v = data_of(entry)
    by = entry.parts[-2].removesuffix("3")
    method = None if entry.parts[-1] == "FE" else Tau2Method(entry.parts[-1])
    labels = dataset(entry.data)[by if by in dataset(entry.data) else entry.parts[-2]]
    return subgroups(y, v, labels, options=RegressionOptions(method, Interval.WALD))


def of_regression(entry: Entry, fit: Regression) -> Pairs:
    out = entry.outputs
    assert isinstance(fit.moderators, WaldTest)
    assert not isinstance(fit.r2, Undefined)
    order = their_order(entry, fit)
    ours = [fit.coefficients[i] for i in order]
    return {
        "k": (fit.k, out["k"]),
        **of_coefficients(ours, out),
        "tau2": (fit.tau2, out["tau2"]),
        "i2": (fit.i2, out["I2"]),
        "h2": (fit.h2, out["H2"]),
        "r2": (fit.r2, out["R2"]),
        "q": ([fit.q, fit.q_df, fit.q_p], [out["QE"], out["QE_df"], out["QEp"]]),
        "covariance": (
            fit.covariance[order][:, order].ravel().tolist(),
            [v for row in out["vb"] for v in row],
        ),
        "qm": (
            [fit.moderators.statistic, fit.moderators.df, fit.moderators.df_residual, fit.moderators.p],
            [out["QM"], *out["QMdf"], out["QMp"]],
        ),
    }


def their_order(entry: Entry, fit: Regression) -> list[int]:
    """Where each coefficient of R's stands among ours: levels are sorted by another alphabet there."""
    ours = [c.name.rpartition(": ")[2] for c in fit.coefficients]
    levels = [re.sub(r"^factor\(.*\)", "", name) for name in entry.outputs["coef_names"]]
    return [ours.index(level) if level in ours else place for place, level in enumerate(levels)]


def of_coefficients(ours: Sequence[Coefficient], out: Mapping[str, Any]) -> Pairs:
    return {
        "estimate": ([c.estimate for c in ours], out["beta"]),
        "se": ([c.se for c in ours], out["se"]),
        "statistic": ([c.statistic for c in ours], out["stat"]),
        "p": ([c.p for c in ours], out["pval"]),
        "df": ([c.df for c in ours], [out["ddf"]] * len(ours)),
        "low": ([c.low for c in ours], out["ci_lb"]),
        "high": ([c.high for c in ours], out["ci_ub"]),
    }


def of_subgroups(entry: Entry, ours: Subgroups) -> Pairs:
    out = entry.outputs
    groups = sorted(ours.groups, key=lambda group: out["levels"].index(group.name))
    assert isinstance(ours.between, WaldTest)
    return {
        "levels": ([group.name for group in groups], out["levels"]),
        "k": ([group.k for group in groups], out["k"]),
        "estimate": ([group.mean.estimate for group in groups], out["est"]),
        "se": ([group.mean.se for group in groups], out["se"]),
        "low": ([group.mean.low for group in groups], out["ci_lb"]),
        "high": ([group.mean.high for group in groups], out["ci_ub"]),
        "tau2": ([group.tau2 for group in groups], out["tau2"]),
        "i2": ([group.i2 for group in groups], out["I2"]),
        "q": ([group.q for group in groups], out["Q"]),
        "between": (
            [ours.between.statistic, ours.between.df, ours.between.p],
            [out["Q_between"], out["df"], out["p"]],
        ),
    }


def apart_in(entry: Entry, pairs: Pairs) -> list[str]:
    rel = UNCENTRED if "year" in entry.parts else AGREEMENT
    return [
        f"{entry.id} {name}: {ours!r} is not {theirs!r}"
        for name, (ours, theirs) in pairs.items()
        if not same(listed(ours), listed(theirs), rel)
    ]


def same(ours: list[Any], theirs: list[Any], rel: float) -> bool:
    if len(ours) != len(theirs):
        return False
    return all(
        mine == their
        if mine is None or their is None or isinstance(mine, str)
        else math.isclose(mine, their, rel_tol=rel, abs_tol=0 if mine else NEARLY_ZERO)
        for mine, their in zip(ours, theirs, strict=True)
    )


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - R writes a vector of one as a number
    return list(value) if isinstance(value, (list, tuple)) else [value]
