"""Reports from comparisons: unions by falling score, none that would bring together what must stay apart.

A person's judgements come first and are never overruled; a union that a member's conflict forbids is not made
and goes to the queue. Connected components without such a check chained up to 66 records of 28 papers in the
best published tool. The result does not depend on the order of anything handed in, and a component (records
joined by judgements and comparisons) can be solved by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from curation.dedupe.compare import Comparison, Verdict, explain
from curation.dedupe.entry import Prepared
from curation.dedupe.relations import Kind
from curation.dedupe.vetoes import Force, Veto
from curation.model import Relation


@dataclass(frozen=True, slots=True)
class Link:
    """A judgement in force. ``by_person`` ones come first and are never overruled by a rule."""

    left: int
    right: int
    relation: Relation
    by_person: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """A union that was not made, and why."""

    left: int
    right: int
    because: str


@dataclass(frozen=True, slots=True)
class Question:
    """A pair for a person to decide, one for two reports; ``kind`` is how they may be related."""

    left: int
    right: int
    score: float
    kind: Kind | None
    because: str


@dataclass(frozen=True, slots=True)
class Solution:
    """``report`` of every record (the lowest record number in it), unions refused, and what people are asked."""

    report: Mapping[int, int]
    refused: tuple[Refusal, ...]
    queue: tuple[Question, ...]


def solve(
    records: Iterable[Prepared], compared: Iterable[Comparison], judged: Iterable[Link] = ()
) -> Solution:
    """Reports of ``records`` from what rules found (``compared``) and people ``judged``, and the open questions."""
    people = sorted((link for link in judged if link.by_person), key=lambda link: (link.left, link.right))
    settled = {(link.left, link.right): link for link in people}
    given = list(records)
    row = {p.record: p.row for p in given}
    found = sorted(
        compared, key=lambda c: (-c.score, c.tier, *sorted((row[c.left], row[c.right])), c.left, c.right)
    )
    rules = [c for c in found if (c.left, c.right) not in settled]
    forest = _Forest(given)
    refused = _joined_by_people(forest, people)
    _keep_apart(forest, rules)
    refused += [forest.join(c.left, c.right, by_person=False) for c in rules if c.verdict is Verdict.JOIN]
    stopped = {(r.left, r.right): r for r in refused if r is not None}
    report = forest.reports()
    told = tuple(stopped[pair] for pair in sorted(stopped))
    return Solution(report, told, _queue(found, report, settled, stopped))


def _joined_by_people(forest: _Forest, people: Sequence[Link]) -> list[Refusal | None]:
    """What people judged, done before any rule can stand against it; gives what they judged against each other."""
    for link in people:
        if link.relation in {Relation.DIFFERENT, Relation.RELATED}:
            said = f"a person judged records {link.left} and {link.right} to be {_said(link)}"
            forest.keep_apart(link.left, link.right, said)
    same = (link for link in people if link.relation is Relation.SAME)
    return [forest.join(link.left, link.right, by_person=True) for link in same]


def _keep_apart(forest: _Forest, rules: Iterable[Comparison]) -> None:
    for comparison in rules:
        conflict = _conflict(comparison)
        if conflict is not None:
            said = f"records {comparison.left} and {comparison.right}: {conflict.because}"
            forest.keep_apart(comparison.left, comparison.right, said)


def _said(link: Link) -> str:
    return "different" if link.relation is Relation.DIFFERENT else "related"


def _conflict(comparison: Comparison) -> Veto | None:
    """The veto that keeps two records out of one report even where a third would join them."""
    if comparison.verdict is Verdict.JOIN:
        return None
    return next((v for v in comparison.vetoes if v.force is not Force.SOFT), None)


def _queue(
    found: Sequence[Comparison],
    report: Mapping[int, int],
    settled: Mapping[tuple[int, int], Link],
    stopped: Mapping[tuple[int, int], Refusal],
) -> tuple[Question, ...]:
    """One question for two reports that may be one: the highest score stands for the pairs of their members."""
    closed = {
        _between(report, pair) for pair, link in settled.items() if link.relation is not Relation.UNSURE
    }
    closed |= {_between(report, (c.left, c.right)) for c in found if _is_settled(c)}
    asked: dict[tuple[int, int], Question] = {}
    for comparison in found:
        pair = comparison.left, comparison.right
        reports = _between(report, pair)
        refusal = stopped.get(pair)
        doubted = pair in settled and comparison.verdict is Verdict.JOIN  # by a person who was unsure
        is_open = comparison.verdict is Verdict.ASK or refusal is not None or doubted
        if is_open and reports[0] != reports[1] and reports not in asked and reports not in closed:
            asked[reports] = _question(comparison, refusal)
    return tuple(sorted(asked.values(), key=lambda q: (-q.score, q.left, q.right)))


def _question(comparison: Comparison, refusal: Refusal | None) -> Question:
    because = explain(comparison)
    if refusal is not None:
        because = f"{because}; not joined: {refusal.because}"
    return Question(comparison.left, comparison.right, comparison.score, comparison.kind, because)


def _is_settled(comparison: Comparison) -> bool:
    """Whether a rule knows for certain that two records are not one report."""
    return comparison.verdict is Verdict.APART and comparison.hard


def _between(report: Mapping[int, int], pair: tuple[int, int]) -> tuple[int, int]:
    one, other = report[pair[0]], report[pair[1]]
    return (one, other) if one <= other else (other, one)


class _Forest:
    """Union-find whose clusters remember what they must not meet: pairs kept apart, and a second PubMed number."""

    def __init__(self, records: Iterable[Prepared]) -> None:
        self._pmid = {p.record: {p.pmid} if p.pmid else set() for p in records}
        self._parent = {record: record for record in self._pmid}
        self._members = {record: [record] for record in self._pmid}
        self._apart: dict[int, dict[int, str]] = {}

    def keep_apart(self, left: int, right: int, because: str) -> None:
        self._apart.setdefault(left, {}).setdefault(right, because)
        self._apart.setdefault(right, {}).setdefault(left, because)

    def join(self, left: int, right: int, *, by_person: bool) -> Refusal | None:
        """Join two clusters, or say why not."""
        a, b = sorted((self._root(left), self._root(right)))
        if a == b:
            return None
        because = self._against(a, b) or ("" if by_person else self._two_numbers(a, b))
        if because:
            return Refusal(left, right, because)
        self._parent[b] = a
        self._members[a] += self._members.pop(b)
        self._pmid[a] |= self._pmid[b]
        return None

    def _against(self, a: int, b: int) -> str:
        few, root = (a, b) if len(self._members[a]) <= len(self._members[b]) else (b, a)
        reasons = [
            (min(record, other), max(record, other), because)
            for record in self._members[few]
            for other, because in self._apart.get(record, {}).items()
            if self._root(other) == root
        ]
        return min(reasons)[2] if reasons else ""

    def _two_numbers(self, a: int, b: int) -> str:
        both = self._pmid[a] | self._pmid[b]
        if both in (self._pmid[a], self._pmid[b]):
            return ""
        return f"the joined report would have {len(both)} PubMed numbers: {', '.join(sorted(both))}"

    def reports(self) -> dict[int, int]:
        return {record: self._root(record) for record in self._parent}

    def _root(self, record: int) -> int:
        while self._parent[record] != record:
            self._parent[record] = self._parent[self._parent[record]]
            record = self._parent[record]
        return record
