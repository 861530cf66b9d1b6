"""Runs the declared syntheses over the evidence of every release and of the store as it is now.

Evaluations of one study in one kind of validation are of the same patients, unless the extraction says otherwise:
the study's field ``same_patients`` holds a label (which other studies of the same people bear too), or a table of
labels by the keys of evaluations.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from curation.config import revived
from curation.errors import Refused
from curation.model import Evaluation, Study
from curation.protocol import Protocol, Synthesis
from curation.store import notices, protocols, studies, synthesis_runs
from curation.synthesis.analysis import Analysed, Item, analysed, chosen_items
from curation.synthesis.effects import Estimate
from curation.synthesis.pooled import Pooled
from curation.tasks.evidence import Evidence, current_and_released, released
from curation.tasks.review import Review

SAME_PATIENTS = "same_patients"
RETRACTION = "retraction"


@dataclass(frozen=True, slots=True)
class PooledSynthesis:
    """One synthesis over one evidence: ``result``, or why there is none.

    ``df`` are the degrees of freedom of a three-level interval; ``warnings`` must be read with the result;
    ``items`` are the evaluations it is about.
    """

    synthesis: Synthesis
    evidence: str
    result: Pooled | None
    refused: str = ""
    df: float | None = None
    warnings: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Beside:
    """What of the extraction only a synthesis reads, by the keys of studies: fields, events, and who was retracted."""

    facts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    events: Mapping[tuple[str, str], int] = field(default_factory=dict)
    retracted: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Gathered:
    """The evidence as of a release or now, its evaluations as items, and the protocol in force then."""

    evidence: Evidence
    protocol: Protocol
    items: tuple[Item, ...]


def pool(review: Review) -> tuple[PooledSynthesis, ...]:
    """Every declared synthesis, for each release and (where it differs) for now.

    Those that are shown as sensitivity analyses only are left to ``curation.tasks.sensitivity``. Raises Refused
    when review.toml declares none.
    """
    found = gathered(review)
    return tuple(pooled_items(s, g.evidence.name, g.items) for s in main(review) for g in found)


def main(review: Review) -> tuple[Synthesis, ...]:
    """The declared syntheses that stand for themselves. Raises Refused when review.toml declares none."""
    if not review.protocol.syntheses:
        message = "review.toml declares no [[syntheses]]; add one to pool (livrev init DIR writes an example)"
        raise Refused(message)
    return tuple(s for s in review.protocol.syntheses if not s.only_sensitivity)


def gathered(review: Review) -> tuple[Gathered, ...]:
    """The evidence of every release, oldest first, and last of the store as it is now (if that differs)."""
    return tuple(_gathered(review, e) for e in current_and_released(review.store, review.protocol))


def pool_of_release(review: Review, version: str) -> tuple[PooledSynthesis, ...]:
    """Every declared synthesis, as declared now, over the evidence of one release.

    Raises Usage for an unknown release, Refused when review.toml declares no synthesis.
    """
    then = at(review, version)
    return tuple(pooled_items(s, then.evidence.name, then.items) for s in main(review))


def at(review: Review, version: str | None) -> Gathered:
    """The evidence of one release, or (None) as it is now. Raises Usage for an unknown release."""
    if version is None:
        return gathered(review)[-1]
    return _gathered(review, released(review.store, review.protocol, version))


def as_now(review: Review, last: Gathered) -> Gathered:
    """The ``last`` evidence under the protocol and with the extraction as they are now."""
    evidence = last.evidence
    return Gathered(evidence, review.protocol, items(evidence, beside(review.sql)))


def pooled(synthesis: Synthesis, evidence: Evidence, extraction: Beside | None = None) -> PooledSynthesis:
    """One synthesis over one evidence. A refusal of the method is a result: it says what is missing."""
    return pooled_items(synthesis, evidence.name, items(evidence, extraction or Beside()))


def pooled_items(synthesis: Synthesis, evidence: str, among: Sequence[Item]) -> PooledSynthesis:
    """One synthesis over those of the items that it is about."""
    chosen = chosen_items(synthesis, among)
    try:
        found = analysed(synthesis, chosen)
    except Refused as refusal:
        said = "; ".join((refusal.message, *refusal.faults))
        return PooledSynthesis(synthesis, evidence, None, said, items=chosen)
    return told(synthesis, evidence, found, chosen)


def told(
    synthesis: Synthesis, evidence: str, found: Analysed, chosen: tuple[Item, ...] = ()
) -> PooledSynthesis:
    """A result under the name of its synthesis."""
    return PooledSynthesis(
        synthesis, evidence, found.pooled, df=found.df, warnings=found.warnings, items=chosen
    )


def beside(sql: sqlite3.Connection) -> Beside:
    """What a synthesis reads of the extraction as ``sql`` shows it (the store, or the store as of a release)."""
    keys = {row.id: row.key for row in studies.studies(sql)}
    facts = {
        keys[study]: {name: fact.value for name, fact in found.items()}
        for study, found in studies.facts(sql).items()
    }
    retracted = frozenset(report for report, kind, _ in notices.by_report(sql) if kind == RETRACTION)
    return Beside(facts, synthesis_runs.events(sql), retracted)


def items(evidence: Evidence, extraction: Beside) -> tuple[Item, ...]:
    """Every evaluation of the evidence, in table order."""
    named = _names(evidence)
    retracted = {s.study.key for s in evidence.studies if extraction.retracted & set(s.reports)}
    return tuple(
        Item(
            estimate=_estimate(e, named, extraction.events.get((e.study, e.key))),
            study=e.study,
            key=e.key,
            patients=patients_of(e, extraction.facts.get(e.study, {})),
            outcome=e.outcome,
            facts={name: _text(value) for name, value in extraction.facts.get(e.study, {}).items()},
            retracted=e.study in retracted,
        )
        for e in evidence.evaluations
    )


def patients_of(evaluation: Evaluation, facts: Mapping[str, object]) -> str:
    """Label of the patients that an evaluation was made in."""
    said = facts.get(SAME_PATIENTS)
    if isinstance(said, Mapping) and evaluation.key in said:
        return str(said[evaluation.key])
    label = said if isinstance(said, str) and said else evaluation.study
    return f"{label}/{evaluation.validation}"


def _gathered(review: Review, evidence: Evidence) -> Gathered:
    if evidence.release is None:
        return Gathered(evidence, review.protocol, items(evidence, beside(review.sql)))
    with review.store.as_of(evidence.release.watermark) as then:
        in_force = protocols.current(then.sql)
        protocol = revived(json.loads(in_force.parsed)) if in_force else review.protocol
        return Gathered(evidence, protocol, items(evidence, beside(then.sql)))


def _text(value: object) -> str:
    return " + ".join(_text(v) for v in value) if isinstance(value, list) else str(value)


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


def _estimate(evaluation: Evaluation, named: Mapping[str, tuple[str, Study]], events: int | None) -> Estimate:
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
        events=events,
    )
