"""Looks for what cannot be right in the extracted evidence, and in what a release prints about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from curation.extraction import checks
from curation.extraction.checks_claims import Studied, claim_findings, claims
from curation.extraction.checks_values import Case, Finding, Pool
from curation.protocol import Dependence, Method, Protocol, Synthesis
from curation.tasks.evidence import Evidence, current_and_released, released
from curation.tasks.review import Review


@dataclass(frozen=True, slots=True)
class Noted:
    """What an extractor noted on an evaluation."""

    study: str
    evaluation: str
    place: str
    note: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks of one evidence came to; ``evidence`` says as of when."""

    evidence: str
    studies: int
    evaluations: int
    findings: tuple[Finding, ...]
    notes: tuple[Noted, ...]


def check_evidence(review: Review, version: str | None = None) -> Checked:
    """Findings on the evidence as it is now, and on the claims of every release; or as of release ``version``.

    Each release's claims are held against its own evidence. Raises Usage when there is no such release, BadInput
    when a release's claims cannot be read.
    """
    if version is None:
        known = current_and_released(review.store, review.protocol)
    else:
        known = (released(review.store, review.protocol, version),)
    looked_at = known[-1]
    cases = tuple(_cases(looked_at))
    found = list(checks.of_review(cases, _pools(review.protocol, cases), _marks(review.protocol)))
    for one in known:
        found += _of_publication(one)
    noted = (Noted(c.label, c.evaluation.key, c.place, c.evaluation.note) for c in cases if c.evaluation.note)
    return Checked(looked_at.name, len(looked_at.studies), len(cases), tuple(found), tuple(noted))


def _of_publication(evidence: Evidence) -> Iterator[Finding]:
    if evidence.release is None or not evidence.release.reported:
        return
    cases = tuple(_cases(evidence))
    studied = [
        Studied(
            s.study.key,
            s.study.label,
            s.study.cohort_size,
            s.study.receptors,
            tuple(c for c in cases if c.evaluation.study == s.study.key),
        )
        for s in evidence.studies
    ]
    yield from claim_findings(claims(evidence.release.reported, evidence.name), studied)


def _cases(evidence: Evidence) -> Iterator[Case]:
    """Evaluations in table order, each with its study."""
    studies = {s.study.key: s.study for s in evidence.studies}
    for evaluation in evidence.evaluations:
        study = studies[evaluation.study]
        yield Case(evaluation, study.label, study.cohort_size, study.receptors)


def _pools(protocol: Protocol, cases: tuple[Case, ...]) -> tuple[Pool, ...]:
    """What the declared syntheses take, but for those that only stand for comparison with another."""
    return tuple(
        Pool(s.id, tuple(c for c in cases if _takes(s, c)), _as_independent(s))
        for s in protocol.syntheses
        if not s.only_sensitivity
    )


def _as_independent(synthesis: Synthesis) -> bool:
    return synthesis.method is Method.PUBLISHED or synthesis.dependence is Dependence.INDEPENDENT


def _takes(synthesis: Synthesis, case: Case) -> bool:
    e = case.evaluation
    return (
        e.validation in synthesis.validation
        and (not synthesis.markers or e.marker in synthesis.markers)
        and (not synthesis.outcomes or e.outcome in synthesis.outcomes)
    )


def _marks(protocol: Protocol) -> dict[str, str]:
    return {note.mark: note.meaning for note in protocol.output.footnotes}
