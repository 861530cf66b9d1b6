"""The sensitivity analyses that a synthesis declares, beside its own result, now or as of a release.

By name (``curation.protocol.Analysis``) or by the id of another synthesis. Where a retraction notice stands against
a pooled study, the result without it is always among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from curation.errors import Refused, Usage
from curation.protocol import (
    Analysis,
    Dependence,
    Estimator,
    LimitsBy,
    MeanInterval,
    Method,
    Missing,
    PoolScale,
    Protocol,
    Synthesis,
)
from curation.synthesis.analysis import Item, choices, chosen_items
from curation.synthesis.coefficients import Undefined
from curation.synthesis.dependent_pool import Usable, usable
from curation.synthesis.effects import expit
from curation.synthesis.funnel import Asymmetry, regression_test
from curation.synthesis.models import random_effects
from curation.synthesis.pooled import Pooled
from curation.synthesis.trim_fill import trim_and_fill
from curation.tasks.pool import Gathered, PooledSynthesis, at, pooled_items
from curation.tasks.review import Review
from curation.tasks.subgroup_pools import subgroup_lines


@dataclass(frozen=True, slots=True)
class Line:
    """One analysis: its result, or why there is none. ``note`` is what it says besides, or instead of, a result."""

    analysis: str
    label: str
    pooled: PooledSynthesis | None = None
    note: str = ""

    @property
    def result(self) -> Pooled | None:
        """What was pooled, if anything."""
        return self.pooled.result if self.pooled else None


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """A synthesis with its ``own`` result, and every analysis beside it."""

    synthesis: Synthesis
    evidence: str
    own: PooledSynthesis
    lines: tuple[Line, ...]


def sensitivity(
    review: Review, synthesis: str | None = None, release: str | None = None
) -> tuple[Sensitivity, ...]:
    """Sensitivity analyses of one synthesis, or of each that declares some; now, or as of a release.

    Raises Usage for an unknown id or release, Refused when none is declared.
    """
    chosen = _chosen(review.protocol, synthesis)
    now = at(review, release)
    return tuple(of(s, now, review.protocol) for s in chosen)


def of(synthesis: Synthesis, now: Gathered, protocol: Protocol) -> Sensitivity:
    """The sensitivity analyses of one synthesis over one evidence."""
    bench = Bench(synthesis, now, protocol)
    lines = [line for name in synthesis.sensitivity for line in bench.lines(name)]
    if Analysis.WITHOUT_RETRACTED not in synthesis.sensitivity and any(i.retracted for i in bench.items):
        lines += bench.lines(Analysis.WITHOUT_RETRACTED)
    lines += [
        Line(f"subgroups by {by}", label, pooled, note)
        for by in synthesis.subgroups
        for label, pooled, note in subgroup_lines(synthesis, now.evidence.name, bench.items, by)
    ]
    return Sensitivity(synthesis, now.evidence.name, bench.own, tuple(lines))


def runs_of(found: Sequence[Sensitivity]) -> Iterator[tuple[str, PooledSynthesis]]:
    """Every result among them with the analysis it is of, to be kept."""
    for one in found:
        yield "", one.own
        for line in one.lines:
            if line.pooled:
                yield f"{one.synthesis.id}: {line.label}", line.pooled


class Bench:
    """One synthesis over one evidence, to be varied."""

    def __init__(self, synthesis: Synthesis, now: Gathered, protocol: Protocol) -> None:
        """``protocol`` has the other syntheses that may be named."""
        self.synthesis = synthesis
        self.evidence = now.evidence.name
        self.all = now.items
        self.items = chosen_items(synthesis, now.items)
        self.own = pooled_items(synthesis, self.evidence, now.items)
        self._others = {s.id: s for s in protocol.syntheses}

    def lines(self, name: str) -> Iterator[Line]:
        """Of the analysis or the synthesis of that name."""
        if name in self._others:
            yield from self._other(self._others[name])
        elif name not in set(Analysis):
            known = ", ".join((*Analysis, *self._others))
            yield Line(name, name, note=f"not done: there is no such analysis or synthesis (known: {known})")
        elif self.synthesis.method is Method.PUBLISHED and Analysis(name) not in _FOR_PUBLISHED:
            yield Line(name, name, note="not done: the published method has no such choice")
        else:
            yield from _MAKERS[Analysis(name)](self, name)

    def varied(self, name: str, label: str, synthesis: Synthesis, among: Sequence[Item]) -> Line:
        """A line of its own."""
        return Line(name, label, pooled_items(synthesis, self.evidence, among))

    def without(self, name: str, left_out: Callable[[Item], bool], label: str) -> Line:
        """The same without some evaluations."""
        kept = [item for item in self.items if not left_out(item)]
        if len(kept) == len(self.items):
            return Line(name, label, note="nothing to leave out")
        return self.varied(name, label, self.synthesis, kept)

    def numbers(self) -> Usable:
        """Effect sizes of what is pooled, one a study. Raises Refused where studies stand twice."""
        if self.synthesis.dependence is not Dependence.ONE_A_STUDY:
            message = (
                "such checks take one AUC a study: estimates of the same patients are no separate points"
            )
            raise Refused(message)
        if self.own.result is None:
            raise Refused(self.own.refused)
        return usable([row.estimate for row in self.own.result.rows], choices(self.synthesis))

    def _other(self, synthesis: Synthesis) -> Iterator[Line]:
        rhos = synthesis.rho if synthesis.dependence is Dependence.THREE_LEVEL else synthesis.rho[:1]
        for rho in rhos:
            label = f"{synthesis.title}, rho {rho:g}" if len(rhos) > 1 else synthesis.title
            yield self.varied(synthesis.id, label, replace(synthesis, rho=(rho,)), self.all)


def _replaced(bench: Bench, name: str, **changes: object) -> Iterator[Line]:
    varied = replace(bench.synthesis, **changes)  # type: ignore[arg-type]  # fields of a Synthesis, by _MAKERS
    if varied == bench.synthesis:
        yield Line(name, name, note="as in the analysis itself")
    else:
        yield bench.varied(name, name, varied, bench.items)


def _estimators(bench: Bench, name: str) -> Iterator[Line]:
    for estimator in Estimator:
        if estimator not in {bench.synthesis.estimator, Estimator.COMMON}:
            varied = replace(bench.synthesis, estimator=estimator)
            yield bench.varied(name, f"tau² by {estimator}", varied, bench.items)


def _rho(bench: Bench, name: str) -> Iterator[Line]:
    if bench.synthesis.dependence is not Dependence.THREE_LEVEL or len(bench.synthesis.rho) == 1:
        yield Line(name, name, note="not done: one correlation, or none, is declared (rho)")
        return
    for rho in bench.synthesis.rho[1:]:
        yield bench.varied(name, f"rho {rho:g}", replace(bench.synthesis, rho=(rho,)), bench.items)


def _leave_one_out(bench: Bench, name: str) -> Iterator[Line]:
    studies = {item.study: item.estimate.study for item in bench.items}
    if len(studies) == 1:
        yield Line(name, name, note="not done: there is one study only")
        return
    for key, label in studies.items():
        if bench.own.result is None or any(row.estimate.study == label for row in bench.own.result.rows):
            yield bench.without(name, lambda item, key=key: item.study == key, f"without {label}")  # type: ignore[misc]  # mypy cannot infer the bound key


def _without_retracted(bench: Bench, name: str) -> Iterator[Line]:
    gone = list(dict.fromkeys(item.estimate.study for item in bench.items if item.retracted))
    label = f"without {', '.join(gone)} (retraction notice)" if gone else name
    yield bench.without(name, lambda item: item.retracted, label)


def _without_flagged(bench: Bench, name: str) -> Iterator[Line]:
    rows = bench.own.result.rows if bench.own.result else ()
    flagged = {row.estimate for row in rows if row.flagged and not row.borrowed}
    yield bench.without(name, lambda item: item.estimate in flagged, name)


def _small_studies(bench: Bench, name: str) -> Iterator[Line]:
    try:
        used = bench.numbers()
        found = regression_test(used.yi, used.sei, [e.n for e in used.estimates])
    except Refused as refusal:
        yield Line(name, name, note=f"not done: {refusal.message}")
        return
    yield Line(name, f"{name}, by 1/n on the logit scale", note=_asymmetry(found))


def _asymmetry(found: Asymmetry | Undefined) -> str:
    if isinstance(found, Undefined):
        return f"not done: {found.reason}"
    slope = found.slope
    return f"slope {slope.estimate:.2f} (SE {slope.se:.2f}), p = {slope.p:.3f}; asymmetry is not publication bias"


def _trim_and_fill(bench: Bench, name: str) -> Iterator[Line]:
    chosen = choices(bench.synthesis)
    model = partial(random_effects, interval=chosen.interval, level=chosen.level, method=chosen.tau2)
    try:
        used = bench.numbers()
        found = trim_and_fill(used.yi, used.sei, pool=model)
    except Refused as refusal:
        yield Line(name, name, note=f"not done: {refusal.message}")
        return
    if isinstance(found, Undefined):
        yield Line(name, name, note=f"not done: {found.reason}")
        return
    fit, back = found.fit, expit if bench.synthesis.scale is PoolScale.LOGIT else float
    filled = f"{found.missing} filled on the {found.side}"
    mean = f"{back(fit.estimate):.3f} ({back(fit.low):.3f} to {back(fit.high):.3f})"
    yield Line(name, name, note=f"{filled}: {mean}; a sensitivity analysis, no estimate to report")


_MAKERS: dict[Analysis, Callable[[Bench, str], Iterator[Line]]] = {
    Analysis.COMMON_EFFECT: partial(_replaced, estimator=Estimator.COMMON, interval=MeanInterval.WALD),
    Analysis.RAW_SCALE: partial(_replaced, scale=PoolScale.RAW),
    Analysis.LOGIT_LIMITS: partial(_replaced, limits=LimitsBy.LOGIT),
    Analysis.ESTIMATORS: _estimators,
    Analysis.UNGUARDED: partial(_replaced, interval=MeanInterval.HARTUNG_KNAPP),
    Analysis.WALD: partial(_replaced, interval=MeanInterval.WALD),
    Analysis.BORROWED: partial(_replaced, missing=Missing.BORROW),
    Analysis.RHO: _rho,
    Analysis.LEAVE_ONE_OUT: _leave_one_out,
    Analysis.WITHOUT_FLAGGED: _without_flagged,
    Analysis.WITHOUT_RETRACTED: _without_retracted,
    Analysis.SMALL_STUDIES: _small_studies,
    Analysis.TRIM_AND_FILL: _trim_and_fill,
}
_FOR_PUBLISHED = {Analysis.LEAVE_ONE_OUT, Analysis.WITHOUT_RETRACTED}


def _chosen(protocol: Protocol, wanted: str | None) -> tuple[Synthesis, ...]:
    if wanted is None:
        found = tuple(s for s in protocol.syntheses if s.sensitivity or s.subgroups)
        if not found:
            message = 'no synthesis of review.toml declares sensitivity analyses; add sensitivity = ["leave one out"]'
            raise Refused(message)
        return found
    found = tuple(s for s in protocol.syntheses if s.id == wanted)
    if not found:
        known = ", ".join(s.id for s in protocol.syntheses) or "none is declared"
        message = f"there is no synthesis {wanted!r} (known: {known})"
        raise Usage(message)
    return found
