"""Judges duplicates by rule, takes a person's judgement, and forms reports."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace

from curation.dedupe.clusters import Clusters, Link, Refusal, clusters
from curation.dedupe.compare import Identified, pairs
from curation.errors import Refused, Usage
from curation.model import Relation
from curation.store import duplicates, records
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
    said = pairs(identified)
    fresh = [
        Judged(p.left, p.right, p.relation, by_person=False, evidence=p.evidence, by=RULE)
        for p in said
        if not _stands(known.get((p.left, p.right)), p.relation)
    ]
    fresh += _no_longer_said(known.values(), {(p.left, p.right) for p in said})
    duplicates.add(change, fresh)
    moved = form_reports(change)
    return Deduplicated(len(fresh), moved, len(waiting(change.sql)))


def _stands(judged: Judged | None, relation: Relation) -> bool:
    return judged is not None and (judged.by_person or judged.relation is relation)


def _no_longer_said(known: Iterable[Judged], said: set[tuple[int, int]]) -> list[Judged]:
    """Unions by rule whose ground a later revision of a record took away: a person decides on them."""
    why = "a rule took them for the same report, which a later version of a record no longer bears out"
    return [
        replace(j, relation=Relation.UNSURE, evidence=why)
        for j in known
        if j.relation is Relation.SAME and not j.by_person and (j.left, j.right) not in said
    ]


def judge(review: Review, judged: Judged, stamp: Stamp) -> int:
    """Store a person's judgement of two records and form the reports anew; gives the number of records moved.

    Raises Usage for an unknown person or record, Refused when an earlier judgement stands against joining.
    """
    review.person(judged.by)
    low, high = sorted((judged.left, judged.right))
    if low == high:
        message = "name two different records"
        raise Usage(message)
    with review.change(stamp) as change:
        known = duplicates.placements(change.sql)
        for record in (low, high):
            if record not in known:
                message = f"there is no record R{record}; livrev duplicates lists the pairs"
                raise Usage(message)
        before = _refused_to_people(change.sql)
        duplicates.add(change, [replace(judged, left=low, right=high, by_person=True)])
        newly = [
            r for r in _refused_to_people(change.sql) if r not in before or (r.left, r.right) == (low, high)
        ]
        if judged.relation is Relation.SAME and newly:
            raise Refused(_against(low, high, newly[0]))
        return form_reports(change)


def _refused_to_people(sql: sqlite3.Connection) -> tuple[Refusal, ...]:
    """Unions that people judged and that other judgements of people forbid."""
    by_people = {(j.left, j.right) for j in duplicates.standing(sql) if j.by_person}
    return tuple(r for r in _clusters(sql).refused if (r.left, r.right) in by_people)


def _against(low: int, high: int, refusal: Refusal) -> str:
    also = ""
    if (refusal.left, refusal.right) != (low, high):
        also = f", and records {refusal.left} and {refusal.right} to be the same report"
    return f"records {low} and {high} cannot be one report: {refusal.because}{also}; take that back first"


def form_reports(change: Change) -> int:
    """Put every record into the report its judgements say; gives how many moved."""
    now = duplicates.placements(change.sql)
    wanted = _clusters(change.sql).report
    moves = [(record, report) for record, report in wanted.items() if now[record] != report]
    duplicates.place(change, moves)
    return len(moves)


def judged_pairs(sql: sqlite3.Connection) -> tuple[Judged, ...]:
    """Every pair that a rule or a person has judged, with the judgement in force."""
    return duplicates.standing(sql)


def titles(sql: sqlite3.Connection, listed: Iterable[Judged]) -> dict[int, str]:
    """Title of every record in the listed pairs, by record: what a person judges them on."""
    wanted = {record for pair in listed for record in (pair.left, pair.right)}
    return {record: c.title for record, c in records.citations(sql, sorted(wanted)).items()}


def waiting(sql: sqlite3.Connection) -> tuple[Judged, ...]:
    """Pairs that wait for a person: unsure ones, and unions that a conflict forbade."""
    standing = duplicates.standing(sql)
    refused = {(r.left, r.right): r.because for r in _clusters(sql).refused}
    report = duplicates.placements(sql)
    found = [j for j in standing if j.relation is Relation.UNSURE and report[j.left] != report[j.right]]
    for j in standing:
        if (j.left, j.right) in refused:
            why = f"{j.evidence or 'judged to be the same report'}, but {refused[j.left, j.right]}"
            found.append(Judged(j.left, j.right, Relation.UNSURE, by_person=False, evidence=why, by=j.by))
    return tuple(found)


def _clusters(sql: sqlite3.Connection) -> Clusters:
    links = [Link(j.left, j.right, j.relation, j.by_person) for j in duplicates.standing(sql)]
    pmids = {i.record: i.pmid for i in duplicates.identities(sql) if i.pmid}
    return clusters(duplicates.placements(sql), links, pmids)
