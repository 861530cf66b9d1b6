"""Judges duplicates by rule, takes a person's judgement, and forms reports."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace

from curation.dedupe.clusters import Clusters, Link, clusters
from curation.dedupe.compare import Identified, pairs
from curation.errors import Refused, Usage
from curation.model import Relation
from curation.store import duplicates
from curation.store.connect import Change, Stamp
from curation.store.duplicates import Judged
from curation.tasks.review import Review

RULE = "rule: identifiers"


@dataclass(frozen=True, slots=True)
class Deduplicated:
    """What a pass changed: pairs newly judged, records that moved to another report, pairs left to a person."""

    judged: int
    moved: int
    unsure: int


def deduplicate(review: Review, stamp: Stamp) -> Deduplicated:
    """Judge every pair the rules know and form reports; run again, it changes nothing."""
    with review.change(stamp) as change:
        return apply_rules(change)


def apply_rules(change: Change) -> Deduplicated:
    """The same inside a transaction, as an update or an import does it."""
    known = {(j.left, j.right): j for j in duplicates.standing(change.sql)}
    identified = [Identified(i.record, i.pmid, i.doi, i.title) for i in duplicates.identities(change.sql)]
    fresh = [
        Judged(p.left, p.right, p.relation, by_person=False, evidence=p.evidence, by=RULE)
        for p in pairs(identified)
        if not _stands(known.get((p.left, p.right)), p.relation)
    ]
    duplicates.add(change, fresh)
    moved = form_reports(change)
    return Deduplicated(len(fresh), moved, len(waiting(change.sql)))


def _stands(judged: Judged | None, relation: Relation) -> bool:
    return judged is not None and (judged.by_person or judged.relation is relation)


def judge(review: Review, judged: Judged, stamp: Stamp) -> int:
    """Store a person's judgement of two records and form the reports anew; gives the number of records moved.

    Raises Usage for an unknown person or record, Refused when an earlier judgement stands against joining.
    """
    if review.protocol.reviewer(judged.by) is None:
        known = ", ".join(r.id for r in review.protocol.reviewers if r.active)
        message = f"{judged.by!r} is no reviewer of this review (known: {known})"
        raise Usage(message)
    low, high = sorted((judged.left, judged.right))
    if low == high:
        message = "name two different records"
        raise Usage(message)
    with review.change(stamp) as change:
        records = duplicates.placements(change.sql)
        for record in (low, high):
            if record not in records:
                message = f"there is no record {record}; livrev duplicates lists the pairs"
                raise Usage(message)
        duplicates.add(change, [replace(judged, left=low, right=high, by_person=True)])
        refused = [r for r in _clusters(change.sql).refused if (r.left, r.right) == (low, high)]
        if judged.relation is Relation.SAME and refused:
            message = (
                f"records {low} and {high} cannot be one report: {refused[0].because}; take that back first"
            )
            raise Refused(message)
        return form_reports(change)


def form_reports(change: Change) -> int:
    """Put every record into the report its judgements say; gives how many moved."""
    now = duplicates.placements(change.sql)
    wanted = _clusters(change.sql).report
    moves = [(record, report) for record, report in wanted.items() if now[record] != report]
    duplicates.place(change, moves)
    return len(moves)


def waiting(sql: sqlite3.Connection) -> tuple[Judged, ...]:
    """Pairs that wait for a person: unsure ones, and unions that a conflict forbade."""
    standing = duplicates.standing(sql)
    refused = {(r.left, r.right): r.because for r in _clusters(sql).refused}
    report = duplicates.placements(sql)
    found = [j for j in standing if j.relation is Relation.UNSURE and report[j.left] != report[j.right]]
    for j in standing:
        if (j.left, j.right) in refused and not j.by_person:
            why = f"{j.evidence}, but {refused[j.left, j.right]}"
            found.append(Judged(j.left, j.right, Relation.UNSURE, by_person=False, evidence=why, by=j.by))
    return tuple(found)


def _clusters(sql: sqlite3.Connection) -> Clusters:
    links = [Link(j.left, j.right, j.relation, j.by_person) for j in duplicates.standing(sql)]
    pmids = {i.record: i.pmid for i in duplicates.identities(sql) if i.pmid}
    return clusters(duplicates.placements(sql), links, pmids)
