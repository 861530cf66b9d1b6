"""What independent votes come to: the verdict of one stage on one report.

Rules (Cochrane Handbook ch. 4.6; Covidence's and Rayyan's practice): include and maybe go forward together;
either against exclude is a conflict, or at title/abstract goes forward where the protocol puts safety first; at
full text two exclusions for different primary reasons are a conflict too, or take the reason that ranks higher in
the protocol, as the protocol says. Where only exclusions are checked by a second person (Cochrane Rapid Reviews,
Garritty 2021), one vote that goes forward settles a report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from curation.model import Decision, Stage


class Verdict(StrEnum):
    """State of one report at one stage."""

    WAITING = "waiting"
    INCLUDE = "include"
    EXCLUDE = "exclude"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Vote:
    """One reviewer's current vote; ``reason`` is the code of the primary full-text exclusion reason."""

    reviewer: str
    decision: Decision
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A resolution: what consensus or adjudication decided."""

    decision: Decision
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """The verdict, and for an exclusion at full text its primary reason."""

    verdict: Verdict
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class StageRule:
    """How a stage is settled: votes needed, ranked reasons, and what disagreement comes to.

    ``checks_excludes``: a vote that goes forward needs no second one. ``forward_on_disagreement``: one such vote
    sends the report on whatever the others say.
    """

    stage: Stage
    votes_needed: int
    reasons: tuple[str, ...] = ()
    differing_reasons_conflict: bool = True
    checks_excludes: bool = False
    forward_on_disagreement: bool = False

    def rank(self, code: str | None) -> int:
        """Place of a reason in the protocol's order; unknown reasons come last."""
        return self.reasons.index(code) if code in self.reasons else len(self.reasons)


def ruling(
    votes: Iterable[Vote], rule: StageRule, settled: Settled | None = None, needed: int | None = None
) -> Ruling:
    """Verdict of ``rule.stage`` from at most one current vote per reviewer.

    ``settled`` (a resolution) ends the matter. ``needed`` votes of this report where they are not the stage's.
    Fewer votes than needed: WAITING, whatever they say, so that nothing can be read off a first vote.
    """
    if settled is not None:
        forward = settled.decision.forward
        return Ruling(Verdict.INCLUDE) if forward else Ruling(Verdict.EXCLUDE, settled.reason)
    cast = sorted(votes, key=lambda v: v.reviewer)
    forward_votes = {v.decision.forward for v in cast}
    if len(cast) < _enough(forward_votes, rule, rule.votes_needed if needed is None else needed):
        return Ruling(Verdict.WAITING)
    if len(forward_votes) > 1:
        return Ruling(Verdict.INCLUDE if rule.forward_on_disagreement else Verdict.CONFLICT)
    if forward_votes == {True}:
        return Ruling(Verdict.INCLUDE)
    return _exclusion([v.reason for v in cast], rule)


def _enough(forward: set[bool], rule: StageRule, needed: int) -> int:
    """Votes that this report needs, after what was said of it."""
    return 1 if rule.checks_excludes and forward == {True} else needed


def _exclusion(reasons: Sequence[str | None], rule: StageRule) -> Ruling:
    if rule.stage is Stage.ABSTRACT:
        return Ruling(Verdict.EXCLUDE)
    if len(set(reasons)) > 1 and rule.differing_reasons_conflict:
        return Ruling(Verdict.CONFLICT)
    return Ruling(Verdict.EXCLUDE, min(reasons, key=rule.rank))
