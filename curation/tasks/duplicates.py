"""What people do with duplicates: see why two records are or are not one report, and decide."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

from curation.dedupe.compare import Weight, explain
from curation.dedupe.relations import Kind
from curation.dedupe.vetoes import Veto
from curation.errors import Usage
from curation.identifiers import folded
from curation.model import Citation, Number, Relation
from curation.store import duplicates, members, records
from curation.store.connect import Stamp
from curation.store.duplicates import Judged
from curation.tasks.dedupe import judge_together
from curation.tasks.neighbourhood import Neighbourhood
from curation.tasks.review import Review

OTHER = "other"
KINDS = (*(str(kind) for kind in Kind), OTHER)  # how two reports may be related


@dataclass(frozen=True, slots=True)
class Side:
    """A record as people compare it: its numbers, where it is from, and its fields."""

    record: int
    report: int
    source: str
    accession: str
    round: int
    citation: Citation


class Likeness(StrEnum):
    """How one field of two records compares for the eye; ``UNKNOWN`` where one of them lacks it."""

    SAME = "same"
    ALIKE = "alike"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Row:
    """One field of two records, side by side."""

    field: str
    likeness: Likeness
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Past:
    """A judgement of the pair that was made once, whether or not it stands."""

    at: str
    by: str
    relation: Relation
    kind: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a rule takes two records for one report or not, computed now, and what was judged of them so far.

    ``verdict``, ``relation``, ``kind``, ``tier`` and ``score`` are those of the comparison, which needs not be what
    stands: ``one_report`` tells that. ``weights`` add up to ``score``; a veto forbids joining whatever the score.
    """

    left: Side
    right: Side
    one_report: bool
    sentence: str
    verdict: str
    relation: Relation
    kind: str
    tier: int
    score: float
    weights: tuple[Weight, ...]
    vetoes: tuple[Veto, ...]
    rows: tuple[Row, ...]
    history: tuple[Past, ...]


def explained(review: Review, left: int, right: int) -> Explained:
    """Any two records compared, whether or not they ever were.

    Raises Usage for an unknown record, or one and the same.
    """
    low, high = sorted((left, right))
    if low == high:
        message = "name two different records"
        raise Usage(message)
    sides = sides_of(review.sql, (low, high))
    comparison = Neighbourhood(review.sql).between(low, high)
    points = {w.field: w.points for w in comparison.findings}
    return Explained(
        left=sides[low],
        right=sides[high],
        one_report=sides[low].report == sides[high].report,
        sentence=explain(comparison),
        verdict=comparison.verdict,
        relation=comparison.relation,
        kind=comparison.kind or "",
        tier=comparison.tier,
        score=comparison.score,
        weights=comparison.findings,
        vetoes=comparison.vetoes,
        rows=_rows(sides[low].citation, sides[high].citation, points),
        history=tuple(
            Past(at, j.by, j.relation, j.kind, j.evidence)
            for at, j in duplicates.history(review.sql, low, high)
        ),
    )


def sides_of(sql: sqlite3.Connection, wanted: Iterable[int]) -> dict[int, Side]:
    """Records as people compare them, by number.

    Raises Usage for an unknown number.
    """
    asked = tuple(wanted)
    origins, citations = members.origins(sql, asked), records.citations(sql, asked)
    for record in asked:
        if record not in origins:
            message = f"there is no record R{record}; livrev duplicates lists the pairs"
            raise Usage(message)
    return {
        r: Side(r, o.report, o.source, o.accession, o.round, citations[r]) for r, o in sorted(origins.items())
    }


_FIELDS = (
    ("title", "title"),
    ("authors", "authors"),
    ("date", "year"),
    ("journal", "journal"),
    ("volume", "volume"),
    ("issue", "issue"),
    ("pages", "pages"),
    ("doi", "doi"),
    ("pmid", "PubMed"),
    ("pmcid", "PMC"),
    *((str(kind), str(kind)) for kind in Number),
    ("publication_types", "type"),
    ("language", "language"),
    ("abstract", "abstract"),
)  # of a citation, and what people call them


def _rows(left: Citation, right: Citation, points: Mapping[str, float]) -> tuple[Row, ...]:
    """Every field that one of the two has; ``points`` tell where two writings say the same."""
    rows = []
    for name, label in _FIELDS:
        one, other = text_of(left, name), text_of(right, name)
        if one or other:
            rows.append(Row(label, _likeness(one, other, points.get(label, 0.0)), one, other))
    return tuple(rows)


def _likeness(one: str, other: str, points: float) -> Likeness:
    if not one or not other:
        return Likeness.UNKNOWN
    if folded(one) == folded(other):
        return Likeness.SAME
    return Likeness.ALIKE if points > 0 else Likeness.DIFFERENT


def text_of(citation: Citation, name: str) -> str:
    """A field, or the numbers of one kind, as people read it; without marks that would steer a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in _written(citation, name))


def _written(citation: Citation, name: str) -> str:
    if name == "authors":
        return ", ".join(map(str, citation.authors))
    if name == "date":
        return citation.date or str(citation.year or "")
    if name == "numbers":
        return ", ".join(f"{kind} {n}" for kind in Number for n in citation.numbers.get(kind, ()))
    value = citation.numbers.get(Number(name), ()) if name in set(Number) else getattr(citation, name)
    return ", ".join(value) if isinstance(value, tuple) else str(value or "")


# Deciding


@dataclass(frozen=True, slots=True)
class Said:
    """Who decides, and why."""

    by: str
    note: str = ""

    def of(self, left: int, right: int, relation: Relation, kind: str = "") -> Judged:
        """The judgement of two records."""
        note = self.note or f"judged by {self.by}"
        return Judged(left, right, relation, by_person=True, evidence=note, by=self.by, kind=kind)


@dataclass(frozen=True, slots=True)
class Decided:
    """What was stored, how many records moved to another report, and the report of each record named."""

    judged: tuple[Judged, ...]
    moved: int
    placed: Mapping[int, int]


def merge(review: Review, named: Sequence[int], said: Said, stamp: Stamp) -> Decided:
    """Records are one report. Naming three or more overrules what people said of any two of them before.

    Raises Usage for an unknown record or person, Refused when a judgement of another pair stands against it.
    """
    pairs = {(min(p), max(p)) for p in combinations(named, 2)}
    standing = duplicates.standing_of(review.sql, named)
    against = {(j.left, j.right) for j in standing if j.by_person and j.relation is not Relation.SAME}
    first = {(min(named[0], other), max(named[0], other)) for other in named[1:]}
    return _decide(review, [said.of(*p, Relation.SAME) for p in sorted(first | (against & pairs))], stamp)


def different(review: Review, left: int, right: int, said: Said, stamp: Stamp) -> Decided:
    """Two records are two reports; they are never asked about again. Raises Usage as ``merge`` does."""
    return _decide(review, [said.of(left, right, Relation.DIFFERENT)], stamp)


def related(review: Review, left: int, right: int, kind: str, said: Said, stamp: Stamp) -> Decided:
    """Two records are two reports that belong together: ``left`` is the preprint, abstract ... of ``right``.

    The store keeps a pair without direction; the direction stands in the evidence. Raises Usage as ``merge`` does.
    """
    if kind not in KINDS:
        message = f"{kind!r} is no relation of two reports (known: {', '.join(KINDS)})"
        raise Usage(message)
    note = said.note or (f"R{left} {kind} R{right}, judged by {said.by}" if kind != OTHER else "")
    return _decide(review, [replace(said, note=note).of(left, right, Relation.RELATED, kind)], stamp)


def split(review: Review, record: int, other: int | None, said: Said, stamp: Stamp) -> Decided:
    """Take a record out of its report: it is different from every other member, or from ``other`` only.

    Raises Usage where there is nothing to split.
    """
    sides = sides_of(review.sql, (record,) if other is None else (record, other))
    report = sides[record].report
    rest = [r for r in duplicates.members_of(review.sql, (report,)) if r != record]
    if not rest:
        message = f"R{record} is a report of its own; there is nothing to split"
        raise Usage(message)
    if other is not None and sides[other].report != report:
        message = (
            f"R{record} and R{other} are two reports already; to keep them apart for good:"
            f" livrev duplicates different R{record} R{other} --as {said.by}"
        )
        raise Usage(message)
    apart = rest if other is None else [other]
    return _decide(review, [said.of(record, one, Relation.DIFFERENT) for one in sorted(apart)], stamp)


def _decide(review: Review, judged: Sequence[Judged], stamp: Stamp) -> Decided:
    moved = judge_together(review, judged, stamp)
    return decided(review.sql, judged, moved)


def decided(sql: sqlite3.Connection, judged: Sequence[Judged], moved: int) -> Decided:
    """What judgements came to, now that they are stored."""
    named = {record for j in judged for record in (j.left, j.right)}
    return Decided(tuple(judged), moved, duplicates.reports_of(sql, named))
