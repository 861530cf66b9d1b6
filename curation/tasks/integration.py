"""Whether the evidence since the last release is to be integrated, by the rule of review.toml ([living.rule])."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from curation.protocol import IntegrationRule, Synthesis
from curation.synthesis.pooled import Pooled
from curation.tasks.living import as_declared, timeline
from curation.tasks.pool import Gathered
from curation.tasks.review import Review
from curation.tasks.unintegrated import new_studies


@dataclass(frozen=True, slots=True)
class Criterion:
    """One part of the integration rule: what it asks for, what is there, and whether that is enough."""

    asked: str
    found: str
    met: bool


@dataclass(frozen=True, slots=True)
class Due:
    """The evidence since release ``since`` is to be integrated, because of ``criteria``, all of them met."""

    since: str
    criteria: tuple[Criterion, ...]

    @property
    def reason(self) -> str:
        """The criteria in words."""
        return "; ".join(f"{c.found} (the rule asks for {c.asked})" for c in self.criteria)


def integration_due(review: Review) -> Due | None:
    """Whether the protocol's integration rule asks for a new release; None where not, or nothing was released."""
    if not review.protocol.syntheses:
        return None  # nothing is pooled, so nothing can move
    met = tuple(criterion for criterion in criteria(review) if criterion.met)
    released = [g.evidence.name for g in timeline(review) if g.evidence.release] if met else []
    return Due(released[-1], met) if released else None


def criteria(review: Review) -> tuple[Criterion, ...]:
    """Every part of the integration rule with what is there; empty without a rule, or before the first release."""
    rule = review.protocol.living.rule
    if not (rule.new_studies or rule.change or rule.thresholds):
        return ()
    line = timeline(review)
    released = [g for g in line if g.evidence.release]
    if not released:
        return ()
    return tuple(_criteria(review.protocol.syntheses, rule, released[-1], line[-1]))


def _criteria(
    declared: Sequence[Synthesis], rule: IntegrationRule, then: Gathered, now: Gathered
) -> Iterator[Criterion]:
    if rule.new_studies:
        yield _new_studies(rule, then, now)
    for synthesis in _watched(declared, rule):
        old, new = (as_declared(synthesis, g).result for g in (then, now))
        if rule.change:
            yield _change(synthesis, rule, old, new)
        for threshold in rule.thresholds:
            yield _threshold(synthesis, threshold, old, new)


def _watched(declared: Sequence[Synthesis], rule: IntegrationRule) -> tuple[Synthesis, ...]:
    if rule.synthesis:
        return tuple(s for s in declared if s.id == rule.synthesis)
    return tuple(s for s in declared if s.primary)


def _new_studies(rule: IntegrationRule, then: Gathered, now: Gathered) -> Criterion:
    new = new_studies(then.evidence, now.evidence)
    asked = "1 new study" if rule.new_studies == 1 else f"{rule.new_studies} new studies"
    found = f"{len(new)} new {'study' if len(new) == 1 else 'studies'} with an AUC"
    names = f": {', '.join(new)}" if new else ""
    return Criterion(asked, found + names, len(new) >= rule.new_studies)


def _change(synthesis: Synthesis, rule: IntegrationRule, old: Pooled | None, new: Pooled | None) -> Criterion:
    asked = f"a change of {rule.change:g}"
    if old is None or new is None:
        both = old is None and new is None
        found = "there is still no result" if both else "there is a result now, or none any more"
        return Criterion(asked, f"{synthesis.title}: {found}", met=not both)
    moved = new.estimate - old.estimate
    return Criterion(asked, f"{synthesis.title}: {moved:+.4f}", abs(moved) >= rule.change)


def _threshold(synthesis: Synthesis, threshold: float, old: Pooled | None, new: Pooled | None) -> Criterion:
    passed = [
        name
        for name, was, now in zip(_ENDS, _ends(old), _ends(new), strict=True)
        if was is not None and now is not None and (was < threshold) is not (now < threshold)
    ]
    found = f"passed by {' and '.join(passed)}" if passed else "not passed"
    return Criterion(
        f"an end passing {threshold:g}", f"{synthesis.title}: {threshold:g} {found}", bool(passed)
    )


_ENDS = (
    "the interval's lower end",
    "the interval's upper end",
    "the prediction interval's lower end",
    "the prediction interval's upper end",
)


def _ends(result: Pooled | None) -> tuple[float | None, ...]:
    return (None,) * 4 if result is None else (result.low, result.high, result.pi_low, result.pi_high)
