"""Every recorded diagnostic of metafor: leave-one-out, cumulative, influence, and all tests of small-study effects.

metafor 5.1-12 under R 4.2.2, on eight sets of the published review (raw and logit scale) and four of metadat;
models of random effects were fitted with a tightened control, and trim and fill refitted with it.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from curation.synthesis.coefficients import Undefined
from curation.synthesis.cumulative import Order, cumulative
from curation.synthesis.funnel import (
    Asymmetry,
    Dispersion,
    Predictor,
    RankCorrelation,
    Regression,
    funnel,
    peters_weights,
    rank_correlation,
    regression_test,
)
from curation.synthesis.influence import Case, influence
from curation.synthesis.leave_out import Pool, leave_one_out
from curation.synthesis.models import Fit, Interval, common_effect, random_effects
from curation.synthesis.tau2 import Tau2Method
from curation.synthesis.trim_fill import Estimator, Filling, TrimFill, trim_and_fill
from tests.reference.reference_file import Entry, dataset, entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

pytestmark = pytest.mark.shared

# Same double precision on both sides, 15 digits written. Differences seen are below 1e-11.
METAFOR = 1e-9
# Where nothing moves but for rounding, metafor's DFFITS (in standard errors) still has that rounding.
MOVED = 1e-11
# metafor's Fisher scoring stops just above 0 where tau² is 0; in percent for I². And R's smallest p is 0.
BOUNDARY = {"tau2": 1e-14, "I2": 1e-10, "pval": 1e-300, "dffits": MOVED, "cook.d": MOVED, "dfbs": MOVED}

POOLS: Mapping[str, Pool] = {
    "FE": common_effect,
    "REML": partial(random_effects, interval=Interval.WALD),
    "DL": partial(random_effects, interval=Interval.WALD, method=Tau2Method.DL),
}
COLUMNS = {"raw": ("auc", "sei_raw"), "logit_delta": ("yi_logit", "sei_logit_delta")}
FITS = {
    "estimate": "estimate",
    "se": "se",
    "zval": "statistic",
    "pval": "p",
    "ci.lb": "low",
    "ci.ub": "high",
    "Q": "q",
    "Qp": "q_p",
    "tau2": "tau2",
    "I2": "i2",
    "H2": "h2",
}
CASES = {
    "rstudent": "rstudent",
    "dffits": "dffits",
    "cook.d": "cook",
    "cov.r": "cov_ratio",
    "tau2.del": "tau2_without",
    "QE.del": "q_without",
    "hat": "hat",
    "weight": "weight",
}
KINDS = {
    "regtest": 188,
    "egger_original": 20,
    "ranktest": 20,
    "trimfill": 150,
    "funnel": 20,
    "leave1out": 40,
    "cumul": 28,
    "influence": 20,
}
# metafor gave up: its scoring circled when one of the studies was left out, or on the first few.
WITHOUT_VALUES = {
    "seed_split21/raw/leave1out/REML",
    "seed_internal41/raw/cumul/REML",
    "seed_split21/raw/cumul/REML",
}
CIRCLED = {("seed_split21/raw/influence/REML", 0), ("seed_split21/raw/influence/REML", 6)}


class Compared(NamedTuple):
    name: str
    ours: float | None
    theirs: float | None

    @property
    def agrees(self) -> bool:
        if self.ours is None or self.theirs is None:
            return self.ours is self.theirs
        absolute = BOUNDARY.get(self.name.partition("[")[0], 0.0)
        return math.isclose(self.ours, self.theirs, rel_tol=METAFOR, abs_tol=absolute)


class Studies(NamedTuple):
    yi: list[float]
    sei: list[float]
    columns: Mapping[str, Sequence[Any]]


@pytest.fixture(name="reference")
def read_entries(shared_data: Path) -> Mapping[str, Entry]:
    return entries(shared_data)


@pytest.fixture(name="of_kind")
def entries_of_kind(reference: Mapping[str, Entry]) -> Callable[[str], list[Entry]]:
    return lambda kind: [entry for entry in reference.values() if kind in entry.parts]


def studies(entry: Entry) -> Studies:
    columns = dataset(entry.data)
    scale = next((part for part in entry.parts if part in COLUMNS), None)
    if scale is None:
        return Studies(list(columns["yi"]), [math.sqrt(v) for v in columns["vi"]], columns)
    effect, error = COLUMNS[scale]
    return Studies(list(columns[effect]), list(columns[error]), columns)


def apart(compared: Iterator[Compared]) -> list[Compared]:
    return [one for one in compared if not one.agrees]


def fits_compared(fits: Sequence[Fit], outputs: Mapping[str, Any]) -> Iterator[Compared]:
    for theirs, ours in FITS.items():
        for i, (fit, value) in enumerate(zip(fits, outputs.get(theirs, [None] * len(fits)), strict=True)):
            if theirs in outputs:
                yield Compared(f"{theirs}[{i}]", getattr(fit, ours), value)


def test_no_diagnostic_of_the_reference_is_passed_over(reference: Mapping[str, Entry]) -> None:
    found = Counter(kind for entry in reference.values() for kind in KINDS if kind in entry.parts)
    assert found == KINDS


def test_every_leave_one_out_agrees_with_metafor(of_kind: Callable[[str], list[Entry]]) -> None:
    compared = 0
    for entry in of_kind("leave1out"):
        data = studies(entry)
        left = leave_one_out(data.yi, data.sei, None, POOLS[entry.parts[-1]])
        assert len(left) == len(data.yi)
        if entry.id in WITHOUT_VALUES:
            continue
        assert apart(fits_compared([one.fit for one in left], entry.outputs)) == [], entry.id
        compared += 1
    assert compared == KINDS["leave1out"] - 1


def test_every_cumulative_series_has_metafors_order_and_values(
    of_kind: Callable[[str], list[Entry]],
) -> None:
    for entry in of_kind("cumul"):
        data, out = studies(entry), entry.outputs
        order = Order(data.columns["year"], data.columns.get("ref"))
        steps = cumulative(data.yi, data.sei, order, POOLS[entry.parts[-1]])
        places = [step.added[0] for step in steps]
        names = data.columns.get("est", range(1, len(places) + 1))
        assert [names[i] for i in places] == out.get("order_est", out.get("order")), entry.id
        assert ("estimate" in out) == (entry.id not in WITHOUT_VALUES)
        assert apart(fits_compared([step.fit for step in steps], out)) == [], entry.id


def test_every_influence_agrees_with_metafor(of_kind: Callable[[str], list[Entry]]) -> None:
    for entry in of_kind("influence"):
        data = studies(entry)
        cases = influence(data.yi, data.sei)
        assert all(isinstance(case, Case) for case in cases)
        found = [case for case in cases if isinstance(case, Case)]
        assert apart(cases_compared(entry, found)) == [], entry.id
        theirs = [bool(value) for value in entry.outputs["is_infl"]]
        judged = [i for i in range(len(found)) if (entry.id, i) not in CIRCLED]
        assert [found[i].influential for i in judged] == [theirs[i] for i in judged], entry.id


def cases_compared(entry: Entry, cases: Sequence[Case]) -> Iterator[Compared]:
    moved = entry.outputs["dfbs"]
    for i, case in enumerate(cases):
        if (entry.id, i) in CIRCLED:
            assert entry.outputs["rstudent"][i] is None
            continue
        yield Compared(f"dfbs[{i}]", case.dfbetas[0], moved[i])
        for theirs, ours in CASES.items():
            yield Compared(f"{theirs}[{i}]", getattr(case, ours), entry.outputs[theirs][i])


def test_without_each_study_influence_and_leave_one_out_find_the_same(
    of_kind: Callable[[str], list[Entry]],
) -> None:
    for entry in of_kind("influence"):
        data = studies(entry)
        cases = [case for case in influence(data.yi, data.sei) if isinstance(case, Case)]
        left = leave_one_out(data.yi, data.sei)
        assert [case.tau2_without for case in cases] == pytest.approx(
            [one.fit.tau2 for one in left], rel=METAFOR, abs=BOUNDARY["tau2"]
        )


def test_every_regression_test_agrees_with_metafor(of_kind: Callable[[str], list[Entry]]) -> None:
    for entry in of_kind("regtest"):
        data, out = studies(entry), entry.outputs
        additive = entry.parts[-2] == "rma"
        dispersion = Dispersion.ADDITIVE if additive else Dispersion.MULTIPLICATIVE
        regression = Regression(Predictor[entry.parts[-1].upper()], dispersion, fewest=3)
        patients = data.columns.get("n", data.columns.get("ni"))
        test = regression_test(data.yi, data.sei, patients, regression)
        assert isinstance(test, Asymmetry)
        assert apart(regression_compared(test, out)) == [], entry.id
        assert apart(coefficients_compared(test, out["coef"])) == [], entry.id


def regression_compared(test: Asymmetry, out: Mapping[str, Any]) -> Iterator[Compared]:
    limit = test.limit
    yield Compared("statistic", test.slope.statistic, out["stat"])
    yield Compared("pval", test.slope.p, out["pval"])
    yield Compared("df", test.slope.df, out["dfs"])
    yield Compared("limit", None if limit is None else limit.estimate, out["est_limit"])
    yield Compared("low", None if limit is None else limit.low, out["ci_lb"])
    yield Compared("high", None if limit is None else limit.high, out["ci_ub"])
    if test.tau2 is not None:
        yield Compared("tau2", test.tau2, out["coef"]["tau2"])


def coefficients_compared(
    test: Asymmetry, coefficients: Mapping[str, Any] | list[list[float]]
) -> Iterator[Compared]:
    """Against metafor's beta and se (additive), or rows of estimate, SE, statistic and p (multiplicative)."""
    both = (test.intercept, test.slope)
    if isinstance(coefficients, list):
        for one, row in zip(both, coefficients, strict=True):
            ours = (one.estimate, one.se, one.statistic, one.p)
            yield from (Compared(one.name, *pair) for pair in zip(ours, row, strict=True))
    else:
        rows = zip(both, coefficients["beta"], coefficients["se"], strict=True)
        for one, beta, se in rows:
            yield from (Compared(one.name, one.estimate, beta), Compared(one.name, one.se, se))


def test_eggers_own_regression_is_the_weighted_one_turned_round(
    of_kind: Callable[[str], list[Entry]],
) -> None:
    egger = Regression(Predictor.SEI, Dispersion.MULTIPLICATIVE, fewest=3)
    for entry in of_kind("egger_original"):
        data, out = studies(entry), entry.outputs
        test = regression_test(data.yi, data.sei, regression=egger)
        assert isinstance(test, Asymmetry)
        bias, slope = test.slope, test.intercept
        ours = (bias.estimate, bias.se, bias.statistic, bias.df, bias.p, slope.estimate, slope.se)
        theirs = [out[name] for name in ("bias", "se_bias", "t", "df", "p", "slope", "se_slope")]
        assert ours == pytest.approx(theirs, rel=METAFOR, abs=0), entry.id


def test_the_tests_for_c_statistics_agree_with_metamisc(reference: Mapping[str, Entry]) -> None:
    columns = dataset("metamisc_EuroSCORE")
    patients, events = list(columns["n"]), list(columns["n.events"])
    effects = reference["euroscore/ccalc/logit/all/method4"].outputs
    least_squares = partial(Regression, dispersion=Dispersion.MULTIPLICATIVE)
    asked: dict[str, tuple[Predictor, list[float], list[float] | None]] = {
        "E-UW": (Predictor.SEI, patients, [1.0] * len(patients)),
        "E-FIV": (Predictor.SEI, patients, None),
        "M-FIV": (Predictor.NI, patients, None),
        "P-FPV": (Predictor.NINV, patients, peters_weights(patients, events)),
        "D-FIV": (Predictor.NINV, events, None),
    }
    assert {f"euroscore/fat/{name}" for name in asked} == {name for name in reference if "/fat/" in name}
    for name, (predictor, sizes, weights) in asked.items():
        out = reference[f"euroscore/fat/{name}"].outputs
        regression = least_squares(predictor)
        test = regression_test(effects["theta"], effects["theta_se"], sizes, regression, weights)
        assert isinstance(test, Asymmetry)
        ours = test.slope.statistic, test.slope.p, test.slope.df
        assert ours == pytest.approx((out["tval"], out["pval"], out["df"]), rel=METAFOR, abs=0), name


def test_every_rank_correlation_agrees_exact_and_with_ties(of_kind: Callable[[str], list[Entry]]) -> None:
    exact = Counter[bool]()
    for entry in of_kind("ranktest"):
        data = studies(entry)
        test = rank_correlation(data.yi, data.sei, fewest=3)
        assert isinstance(test, RankCorrelation)
        expected = entry.outputs["tau"], entry.outputs["pval"]
        assert (test.tau, test.p) == pytest.approx(expected, rel=METAFOR, abs=0), entry.id
        exact[test.exact] += 1
    assert exact == {True: 14, False: 6}


def test_every_trim_and_fill_fills_what_metafor_fills(of_kind: Callable[[str], list[Entry]]) -> None:
    for entry in of_kind("trimfill"):
        data, out = studies(entry), entry.outputs
        filling = Filling(Estimator(entry.parts[-1]), fewest=3)
        found = trim_and_fill(data.yi, data.sei, filling, POOLS[entry.parts[-2]])
        assert isinstance(found, TrimFill)
        assert (found.missing, found.side) == (out["k0"], out["side"]), entry.id
        assert apart(filled_compared(found, out)) == [], entry.id


def filled_compared(found: TrimFill, out: Mapping[str, Any]) -> Iterator[Compared]:
    fit, (yi, vi) = found.fit, (as_list(out["filled_yi"]), as_list(out["filled_vi"]))
    yield Compared("se_k0", found.missing_se, out["se_k0"])
    yield Compared("p_k0", found.p, out["p_k0"])
    ours = (fit.estimate, fit.se, fit.low, fit.high, fit.tau2, fit.i2, fit.q)
    names = ("beta", "se", "ci_lb", "ci_ub", "tau2", "I2", "QE")
    yield from (Compared(name, value, out[name]) for name, value in zip(names, ours, strict=True))
    for (y, se), effect, variance in zip(found.filled, yi, vi, strict=True):
        yield Compared("filled_yi", y, effect)
        yield Compared("filled_vi", se**2, variance)


def as_list(value: float | list[float]) -> list[float]:
    return value if isinstance(value, list) else [value]


def test_where_metafor_has_no_q0_there_is_a_reason(reference: Mapping[str, Entry]) -> None:
    drawn = {
        entry.id.removesuffix("FE/L0") for entry in reference.values() if entry.id.endswith("trimfill/FE/L0")
    }
    undefined = Counter[str]()
    for stem in drawn:
        data = studies(reference[f"{stem}FE/L0"])
        for model, pool in POOLS.items():
            if f"{stem}{model}/Q0" not in reference:
                found = trim_and_fill(data.yi, data.sei, Filling(Estimator.Q0, fewest=3), pool)
                assert isinstance(found, Undefined), f"{stem}{model}"
                undefined[found.reason] += 1
    assert undefined == {"nearly all studies lie on one side of the mean: Q0 has no real value there": 30}


def test_every_funnel_has_metafors_points_and_reference_lines(of_kind: Callable[[str], list[Entry]]) -> None:
    for entry in of_kind("funnel"):
        data, out = studies(entry), entry.outputs
        pooled = random_effects(data.yi, data.sei).estimate
        drawn = funnel(data.yi, data.sei, pooled)
        x, y = zip(*drawn.points, strict=True)
        assert x == pytest.approx(out["x"], rel=METAFOR, abs=0)
        assert y == pytest.approx(out["y"], rel=METAFOR, abs=0)
        lines = pooled, common_effect(data.yi, data.sei).estimate
        assert lines == pytest.approx((out["refline_REML"], out["refline_FE"]), rel=METAFOR, abs=0)
        (contour,) = drawn.contours
        half = 1.95996398454005 * max(y)
        assert (contour.low, contour.high) == pytest.approx((pooled - half, pooled + half), rel=METAFOR)
