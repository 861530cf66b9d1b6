"""Which test covers which recorded entry (``stats/reference.json``): patterns over ids, a list a family.

Add a line where a test begins to cover entries; ``test_coverage_of_reference.py`` wants each entry either here or,
with the reason, among those left out.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

UNIVARIATE = [
    (r"/uni/\w+/\w+$", "test_metafor.py::test_every_fit_agrees_with_metafor"),
    (r"/default_control/", "test_metafor.py::test_the_default_stop_of_metafor_is_a_step_away_from_the_root"),
    (r"/published/", "test_metafor_auc.py::test_the_published_method_agrees_with_metafor"),
    (
        r"^(euroscore|framingham)/cstat/(?!FE)",
        "test_metafor_auc.py::test_pooled_c_statistics_agree_with_metamisc",
    ),
    (
        r"^euroscore/cstat/FE$",
        "test_metafor_auc.py::test_the_common_effect_of_c_statistics_agrees_with_metamisc",
    ),
    (r"^euroscore/ccalc/", "test_metafor_auc.py::test_rows_of_c_statistics_agree_with_ccalc"),
    (r"^(euroscore|framingham)/OE", "test_metafor_auc.py::test_pooled_calibration_agrees_with_metamisc"),
    (r"^se_restore/grid$", "test_metafor_auc.py::test_standard_errors_from_counts_agree_over_the_grid"),
    (r"^aSAH/delong/", "test_metafor_auc.py::test_delongs_variance_and_covariance_agree_with_proc"),
    (r"/mh/RR$", "test_metafor_auc.py::test_mantel_and_haenszels_risk_ratio_agrees_with_metafor"),
    (
        r"^dist/(qt|qchisq|pt_|pchisq)",
        "test_metafor_quantiles.py::test_student_and_chi_square_agree_with_r",
    ),
    (r"^dist/pf_", "test_metafor_quantiles.py::test_tails_of_f_agree_with_r"),
    (r"^dist/[qp]norm", "test_metafor_quantiles.py::test_the_normal_distribution_agrees_with_r"),
]
# Several estimates of a study, robust errors, covariates and subgroups.
DEPENDENCE = [
    (
        r"/I2_multilevel$",
        "test_dependence.py::test_shares_of_the_variance_agree_with_the_formula_of_metafors_site",
    ),
    (r"/robust_metafor/", "test_dependence.py::test_every_robust_error_agrees_with_metafor"),
    (
        r"/clubSandwich/|/mods_validation3/CR2$",
        "test_dependence.py::test_every_robust_error_agrees_with_clubsandwich",
    ),
    (r"/robumeta/", "test_dependence.py::test_every_robust_variance_estimate_agrees_with_robumeta"),
    (r"/(3level|study_re)/", "test_dependence.py::test_every_multilevel_fit_agrees_with_metafor"),
    (r"/metareg/", "test_regression.py::test_every_meta_regression_agrees_with_metafor"),
    (r"/subgroup/", "test_regression.py::test_every_subgroup_analysis_agrees_with_metafor"),
]
# Leaving out, accumulating, influence and small-study effects.
DIAGNOSTICS = [
    (r"^euroscore/fat/", "test_diagnostics.py::test_the_tests_for_c_statistics_agree_with_metamisc"),
    (r"/leave1out/", "test_diagnostics.py::test_every_leave_one_out_agrees_with_metafor"),
    (r"/cumul/", "test_diagnostics.py::test_every_cumulative_series_has_metafors_order_and_values"),
    (r"/influence/", "test_diagnostics.py::test_every_influence_agrees_with_metafor"),
    (r"/regtest/", "test_diagnostics.py::test_every_regression_test_agrees_with_metafor"),
    (r"/egger_original$", "test_diagnostics.py::test_eggers_own_regression_is_the_weighted_one_turned_round"),
    (r"/ranktest$", "test_diagnostics.py::test_every_rank_correlation_agrees_exact_and_with_ties"),
    (r"/trimfill/", "test_diagnostics.py::test_every_trim_and_fill_fills_what_metafor_fills"),
    (r"/funnel$", "test_diagnostics.py::test_every_funnel_has_metafors_points_and_reference_lines"),
]

COVERS = [*UNIVARIATE, *DEPENDENCE, *DIAGNOSTICS]

LEFT_OUT = [
    (r"^agree/", "agreement of reviewers is tested with the numbers of its papers"),
    (
        r"^sequential/",
        "boundaries for tests repeated at each update: the Cochrane Handbook, ch. 22, advises against",
    ),
]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many entries each test covers, how many are left out for each reason, and the ids that nobody names."""

    covered: Mapping[str, int]
    left_out: Mapping[str, int]
    unnamed: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{sum(self.covered.values())} entries are covered:"]
        lines += [f"{n:>7} {test}" for test, n in sorted(self.covered.items())]
        lines += [f"{sum(self.left_out.values())} are left out:"]
        lines += [f"{n:>7} {reason}" for reason, n in sorted(self.left_out.items())]
        lines += [f"{len(self.unnamed)} are not named:", *(f"        {name}" for name in self.unnamed)]
        return "\n".join(lines)


def coverage(names: Iterable[str]) -> Coverage:
    """Sort ids of entries by the first pattern that fits."""
    covered: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    unnamed = []
    for name in names:
        if test := first(COVERS, name):
            covered[test] += 1
        elif reason := first(LEFT_OUT, name):
            left_out[reason] += 1
        else:
            unnamed.append(name)
    return Coverage(covered, left_out, tuple(unnamed))


def first(patterns: Iterable[tuple[str, str]], name: str) -> str | None:
    """What stands beside the first pattern found in a name."""
    return next((said for pattern, said in patterns if re.search(pattern, name)), None)
