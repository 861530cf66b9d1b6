"""Judges duplicates by rule, takes a person's judgement, and forms reports."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from curation.dedupe.compare import Comparison, Verdict, explain
from curation.dedupe.solve import Question, Refusal, Solution
from curation.dedupe.weights import ENGINE
from curation.errors import Refused, Usage
from curation.model import Relation
from curation.store import duplicates, records
from curation.store.connect import Change, Stamp
from curation.store.duplicates import Judged, Pass
from curation.tasks.blind_joins import blind_joins, refuse_unblinding
from curation.tasks.neighbourhood import Neighbourhood, read_otherwise
from curation.tasks.review import Review

RULE = f"rule: {ENGINE}"
_CHUNK = 2_000  # records that are compared at once, with their candidates in memory


@dataclass(frozen=True, slots=True)
class Deduplicated:
    """What a pass changed: pairs newly judged, records that moved to another report, pairs left to a person."""

    judged: int
    moved: int
    unsure: int


def deduplicate(review: Review, stamp: Stamp) -> Deduplicated:
    """Judge every pair the rules know and form reports; run again, it changes nothing."""
    with review.change(stamp) as change:
        return apply_rules(change, anew=True)


def apply_rules(change: Change, *, anew: bool = False) -> Deduplicated:
    """Compare what came in since the last pass, inside a transaction, as an update or an import does it.

    ``anew``, or another engine than last time: all records.
    """
    last = duplicates.last_pass(change.sql)
    newest = duplicates.newest_revision(change.sql)
    whole = anew or last is None or last.engine != ENGINE
    if whole:
        duplicates.forget_keys(change)
    since = 0 if whole or last is None else last.revision
    judged = moved = 0
    touched = duplicates.revised_after(change.sql, since)
    if since and touched:
        touched = sorted({*touched, *read_otherwise(change.sql, touched, since)})
    for chunk in _chunks(touched):
        done = _pass(change, chunk)
        judged, moved = judged + done.judged, moved + done.moved
    if touched and last != Pass(ENGINE, newest):
        duplicates.add_pass(change, Pass(ENGINE, newest))
    return Deduplicated(judged, moved, _number_waiting(change.sql))


def _chunks(touched: list[int]) -> Iterator[list[int]]:
    return (touched[start : start + _CHUNK] for start in range(0, len(touched), _CHUNK))


@dataclass(frozen=True, slots=True)
class _Done:
    judged: int
    moved: int
    refused: tuple[Refusal, ...]


def _pass(change: Change, touched: Iterable[int]) -> _Done:
    """Compare some records with all that share a key with them, and solve the components they are in."""
    around = Neighbourhood(change.sql)
    wanted = list(touched)
    around.load(wanted)
    duplicates.add_keys(change, around.keys_of(wanted))
    around.grow(wanted)
    solution = around.solved()
    fresh = list(_fresh(around, solution))
    duplicates.add(change, fresh)
    moves = [
        (record, solution.report[record])
        for record in sorted(around.reached)
        if solution.report[record] != around.report[record]
    ]
    duplicates.place(change, moves)
    return _Done(len(fresh), len(moves), solution.refused)


def _fresh(around: Neighbourhood, solution: Solution) -> Iterator[Judged]:
    """Judgements by rule that say something else than what stands; none where a person's word stands."""
    asked = {(q.left, q.right): q for q in solution.queue}
    refused = {(r.left, r.right): r.because for r in solution.refused}
    for pair, comparison in sorted(around.compared.items()):
        stands = around.standing.get(pair)
        if stands is not None and stands.by_person:
            if stands.relation is not Relation.UNSURE:
                continue
            stands = None  # a judgement taken back, and a rule has said nothing yet
        said = _said(comparison, asked.get(pair), joined=solution.report[pair[0]] == solution.report[pair[1]])
        if said is not None and (
            stands is None or (stands.relation, stands.kind) != (said.relation, said.kind)
        ):
            yield said
        elif said is None and stands is not None and stands.relation in _TAKEN_BACK:
            yield _no_longer_said(stands, refused.get(pair))


# A question stays until a person answers it, or a rule can.
_TAKEN_BACK = {Relation.SAME, Relation.RELATED}


def _said(comparison: Comparison, question: Question | None, *, joined: bool) -> Judged | None:
    """What a rule has to say of a pair that is worth keeping."""
    if question is not None:
        return _by_rule(comparison, Relation.UNSURE, question.because)
    if comparison.verdict is Verdict.JOIN and joined:
        return _by_rule(comparison, Relation.SAME, explain(comparison))
    if comparison.verdict is Verdict.APART and comparison.relation is Relation.RELATED:
        return _by_rule(comparison, Relation.RELATED, explain(comparison))
    return None


def _by_rule(comparison: Comparison, relation: Relation, evidence: str) -> Judged:
    return Judged(
        comparison.left,
        comparison.right,
        relation,
        by_person=False,
        evidence=evidence,
        by=RULE,
        kind=comparison.kind or "",
        score=comparison.score,
        engine=ENGINE,
        weights=tuple((w.field, w.points, w.seen) for w in comparison.findings),
    )


def _no_longer_said(stands: Judged, refused: str | None) -> Judged:
    """A union by rule that is not made any more goes to a person; a link that is none is taken away."""
    if stands.relation is Relation.RELATED:
        why = "a rule took them for related, which a later version of a record no longer bears out"
        return replace(stands, relation=Relation.DIFFERENT, evidence=why, kind="")
    why = "a rule took them for the same report, which a later version of a record no longer bears out"
    if refused is not None:
        why = f"{stands.evidence}, but {refused}"
    return replace(stands, relation=Relation.UNSURE, evidence=why)


def judge(review: Review, judged: Judged, stamp: Stamp) -> int:
    """Store a person's judgement of two records and form their reports anew; gives the number of records moved.

    ``UNSURE`` takes an earlier judgement back: what the rules say stands again. Raises Usage for an unknown person
    or record, Refused when an earlier judgement stands against joining.
    """
    return judge_together(review, (judged,), stamp)


def judge_together(
    review: Review, judgements: Iterable[Judged], stamp: Stamp, again: Iterable[Judged] = ()
) -> int:
    """Several judgements of people in one transaction, all of them or none; otherwise as ``judge``.

    ``again`` are judgements of before that stand again after these, whoever made them.
    """
    said = [_in_order(review, one) for one in judgements]
    pairs = {(j.left, j.right) for j in said}
    wanted = sorted({record for pair in pairs for record in pair})
    with review.change(stamp) as change:
        _refuse_unknown(change.sql, wanted)
        apply_rules(change)  # what was compared by an earlier engine is first compared by this one
        before = set(_refused_to_people(change.sql, wanted))
        hidden = blind_joins(change.sql, review.protocol, said)
        duplicates.add(change, (*said, *again))
        done = _pass(change, wanted)
        newly = [
            r for r in _of_people(change.sql, done.refused) if r not in before or (r.left, r.right) in pairs
        ]
        same = [j for j in said if j.relation is Relation.SAME]
        if same and newly:
            raise Refused(_against(same[0].left, same[0].right, newly[0]))
        refuse_unblinding(change.sql, review.protocol, hidden)
        return done.moved


def _in_order(review: Review, judged: Judged) -> Judged:
    review.person(judged.by)
    low, high = sorted((judged.left, judged.right))
    if low == high:
        message = "name two different records"
        raise Usage(message)
    return replace(judged, left=low, right=high, by_person=True)


def _refuse_unknown(sql: sqlite3.Connection, wanted: Iterable[int]) -> None:
    known = duplicates.reports_of(sql, wanted)
    for record in wanted:
        if record not in known:
            message = f"there is no record R{record}; livrev duplicates lists the pairs"
            raise Usage(message)


def _refused_to_people(sql: sqlite3.Connection, wanted: Iterable[int]) -> tuple[Refusal, ...]:
    """Unions around these records that people judged and that other judgements of people forbid."""
    around = Neighbourhood(sql)
    around.grow(wanted)
    return _of_people(sql, around.solved().refused)


def _of_people(sql: sqlite3.Connection, refused: Iterable[Refusal]) -> tuple[Refusal, ...]:
    by_people = {(j.left, j.right) for j in duplicates.by_people(sql)}
    return tuple(r for r in refused if (r.left, r.right) in by_people)


def _against(low: int, high: int, refusal: Refusal) -> str:
    also = ""
    if (refusal.left, refusal.right) != (low, high):
        also = f", and records {refusal.left} and {refusal.right} to be the same report"
    return f"records {low} and {high} cannot be one report: {refusal.because}{also}; take that back first"


def judged_pairs(sql: sqlite3.Connection) -> tuple[Judged, ...]:
    """Every pair that a rule or a person has judged, with the judgement in force."""
    return duplicates.standing(sql)


def titles(sql: sqlite3.Connection, listed: Iterable[Judged]) -> dict[int, str]:
    """Title of every record in the listed pairs, by record: what a person judges them on."""
    wanted = {record for pair in listed for record in (pair.left, pair.right)}
    return {record: c.title for record, c in records.citations(sql, sorted(wanted)).items()}


def waiting(sql: sqlite3.Connection) -> tuple[Judged, ...]:
    """Pairs that wait for a person, the likeliest first: questions of the rules, and unions that people forbid.

    One pair for two reports, and none where a person has decided on a pair of theirs.
    """
    people = duplicates.by_people(sql)
    open_ = [*duplicates.unsure(sql), *_forbidden(sql, people)]
    between = _between(sql, [(j.left, j.right) for j in (*open_, *people)])
    closed = {between[j.left, j.right] for j in people if j.relation is not Relation.SAME}
    asked: dict[tuple[int, int], Judged] = {}
    for j in sorted(open_, key=lambda j: (-(j.score or 0.0), j.left, j.right)):
        pair = between[j.left, j.right]
        if pair[0] != pair[1] and (j.by_person or pair not in closed):
            asked.setdefault(pair, replace(j, relation=Relation.UNSURE, by_person=False))
    return tuple(asked.values())


def _number_waiting(sql: sqlite3.Connection) -> int:
    """How many pairs ``waiting`` gives, without reading what is known of each: there may be thousands."""
    people, asked = duplicates.by_people(sql), duplicates.unsure_pairs(sql)
    between = _between(sql, [*asked, *((j.left, j.right) for j in people)])
    closed = {between[j.left, j.right] for j in people if j.relation is not Relation.SAME}
    forbidden = {between[j.left, j.right] for j in _forbidden(sql, people)}
    open_ = ({between[pair] for pair in asked} - closed) | forbidden
    return sum(one != other for one, other in open_)


def _between(
    sql: sqlite3.Connection, pairs: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], tuple[int, int]]:
    """The two reports that each pair of records is in, the lower one first."""
    report = duplicates.reports_of(sql, (record for pair in pairs for record in pair))
    reports = ((pair, report[pair[0]], report[pair[1]]) for pair in pairs)
    return {pair: (one, other) if one <= other else (other, one) for pair, one, other in reports}


def _forbidden(sql: sqlite3.Connection, people: Iterable[Judged]) -> list[Judged]:
    """Unions that people judged and that other judgements of people forbid, with the reason."""
    same = [j for j in people if j.relation is Relation.SAME]
    report = duplicates.reports_of(sql, (r for j in same for r in (j.left, j.right)))
    found = []
    for j in same:
        if report[j.left] != report[j.right]:
            because = {(r.left, r.right): r.because for r in _refused_to_people(sql, (j.left, j.right))}
            why = because.get((j.left, j.right), "another judgement keeps them apart")
            found.append(replace(j, evidence=f"{j.evidence or 'judged to be the same report'}, but {why}"))
    return found
