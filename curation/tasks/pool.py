"""Runs the declared syntheses over the evidence of every release and of the store as it is now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from curation.errors import Refused
from curation.model import Evaluation, Study
from curation.protocol import Method, Synthesis
from curation.synthesis.effects import Estimate
from curation.synthesis.pooled import Pooled
from curation.synthesis.published import pool_as_published
from curation.synthesis.recommended import pool_recommended
from curation.tasks.evidence import Evidence, current_and_released
from curation.tasks.review import Review


@dataclass(frozen=True, slots=True)
class PooledSynthesis:
    """One synthesis over one evidence: ``result``, or why there is none."""

    synthesis: Synthesis
    evidence: str
    result: Pooled | None
    refused: str = ""


def pool(review: Review) -> tuple[PooledSynthesis, ...]:
    """Every declared synthesis, for each release and (where it differs) for now.

    Raises Refused when review.toml declares none.
    """
    if not review.protocol.syntheses:
        message = "review.toml declares no [[syntheses]]; add one to pool (livrev init DIR writes an example)"
        raise Refused(message)
    evidences = current_and_released(review.store, review.protocol)
    return tuple(pooled(s, e) for s in review.protocol.syntheses for e in evidences)


def pooled(synthesis: Synthesis, evidence: Evidence) -> PooledSynthesis:
    """One synthesis over one evidence. A refusal of the method is a result: it says what is missing."""
    named = _names(evidence)
    estimates = [_estimate(e, named) for e in evidence.evaluations if _chosen(synthesis, e)]
    method = {Method.PUBLISHED: pool_as_published, Method.RECOMMENDED: pool_recommended}[synthesis.method]
    try:
        return PooledSynthesis(synthesis, evidence.name, method(estimates))
    except Refused as refusal:
        return PooledSynthesis(synthesis, evidence.name, None, "; ".join((refusal.message, *refusal.faults)))


def _chosen(synthesis: Synthesis, evaluation: Evaluation) -> bool:
    return evaluation.validation in synthesis.validation and (
        not synthesis.markers or evaluation.marker in synthesis.markers
    )


def _names(evidence: Evidence) -> dict[str, tuple[str, Study]]:
    """Studies by key, with their label; of two that share one, each is told by its key too."""
    shared = Counter(s.study.label for s in evidence.studies)
    return {
        s.study.key: (
            s.study.label if shared[s.study.label] == 1 else f"{s.study.label} {s.study.key}",
            s.study,
        )
        for s in evidence.studies
    }


def _estimate(evaluation: Evaluation, named: Mapping[str, tuple[str, Study]]) -> Estimate:
    label, study = named[evaluation.study]
    return Estimate(
        study=label,
        label=f"{evaluation.marker}, {evaluation.validation}",
        marker=evaluation.marker,
        validation=evaluation.validation,
        auc=evaluation.auc,
        low=evaluation.ci_low,
        high=evaluation.ci_high,
        level=evaluation.ci_level,
        patients=study.cohort_size,
        n=evaluation.n,
    )
