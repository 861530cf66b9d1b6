"""Subgroups of a synthesis: each pooled by the synthesis' own method, and the test whether they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from curation.errors import LivrevError, Refused
from curation.protocol import Dependence, Method, Synthesis
from curation.synthesis.analysis import Item, choices, largest_of_sharing
from curation.synthesis.coefficients import Undefined, WaldTest
from curation.synthesis.correlated import of_same_patients
from curation.synthesis.dependent_pool import usable
from curation.synthesis.design import design, factor
from curation.synthesis.multilevel import Options, three_level
from curation.synthesis.regression import RegressionOptions
from curation.synthesis.robust import RobustOptions, robust
from curation.synthesis.subgroups import subgroups
from curation.tasks.pool import PooledSynthesis, pooled_items

NOT_REPORTED = "not reported"
Row = tuple[str, PooledSynthesis | None, str]


def subgroup_lines(synthesis: Synthesis, evidence: str, items: Sequence[Item], by: str) -> Iterator[Row]:
    """Label, result and note of each subgroup, in the order they appear, and last of the test between them."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(_group(item, by), []).append(item)
    for name, members in groups.items():
        yield name, pooled_items(synthesis, evidence, members), ""
    yield "difference", None, _difference(synthesis, items, by)


def _group(item: Item, by: str) -> str:
    match by:
        case "marker":
            return item.estimate.marker
        case "validation":
            return str(item.estimate.validation)
        case _:
            return item.facts.get(by) or NOT_REPORTED


def _difference(synthesis: Synthesis, items: Sequence[Item], by: str) -> str:
    if synthesis.method is Method.PUBLISHED:
        return "not tested: the published method has no model of differences"
    try:
        found = _tested(synthesis, items, by)
    except LivrevError as refusal:
        return f"not tested: {refusal.message}"
    if isinstance(found, Undefined):
        return f"not tested: {found.reason}"
    if found.df_residual is None:
        return f"chi-square {found.statistic:.2f} on {found.df}, p = {found.p:.3f}"
    few = "; fewer than 4 degrees of freedom" if found.few_df else ""
    return f"F {found.statistic:.2f} on {found.df} and {found.df_residual:.1f}, p = {found.p:.3f}{few}"


def _tested(synthesis: Synthesis, items: Sequence[Item], by: str) -> WaldTest | Undefined:
    chosen = choices(synthesis)
    alone = synthesis.dependence is Dependence.ONE_A_STUDY
    kept = largest_of_sharing(items)[0] if alone else tuple(items)
    used = usable([item.estimate for item in kept], chosen)
    if alone and len({e.study for e in used.estimates}) < len(used.estimates):
        raise Refused("a study stands in several subgroups; declare the synthesis as three-level")
    at = [next(i for i in kept if i.estimate is estimate) for estimate in used.estimates]
    labels, variances = [_group(item, by) for item in at], [se**2 for se in used.sei]
    if synthesis.dependence is not Dependence.THREE_LEVEL:
        options = RegressionOptions(chosen.tau2, chosen.interval, chosen.level)
        return subgroups(used.yi, variances, labels, options=options).between
    sampling = of_same_patients(variances, [item.patients for item in at], synthesis.rho[0])
    studies, made = [item.study for item in at], design(len(at), factor(by, labels))
    fit = three_level(used.yi, sampling, studies, made, Options(level=chosen.level))
    tested = robust(fit.gls, studies, RobustOptions(level=chosen.level)).moderators
    return tested or Undefined("there is one subgroup only")
