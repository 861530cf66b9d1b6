"""Two records compared: what agrees, what forbids joining them, and the verdict, with the evidence for it.

The design is the record linkage of Fellegi & Sunter (1969) with three additions that reference managers lack
(Hair et al., BMC Biol 2023;21:189; McKeown & Mir, Syst Rev 2021;10:38): identifiers are compared across
databases first, a contradiction sends a pair to a person however high it scores, and two texts can be related
without being one report.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from curation.dedupe import features, wording
from curation.dedupe.entry import Prepared
from curation.dedupe.features import Seen
from curation.dedupe.relations import Kind, one_place, suggests
from curation.dedupe.vetoes import Force, Veto, one_text, vetoes
from curation.dedupe.weights import FINDINGS, WEIGHTS, Weights
from curation.model import Relation


class Verdict(StrEnum):
    """What a rule makes of two records: one report, a question for a person, or two reports."""

    JOIN = "join"
    ASK = "ask"
    APART = "apart"


@dataclass(frozen=True, slots=True)
class Weight:
    """One line of the table behind a score: a field, its points, and what was seen there."""

    field: str
    points: float
    seen: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found of two records (``left`` < ``right``).

    ``tier`` is 0 for identifiers, 1 for identical rows and DOI with title, 2 for the sum of the evidence.
    ``relation`` is what a rule decides, ``UNSURE`` where a person is asked; ``kind`` how the two are related,
    or may be. ``findings`` are the weights by field, for people to read; ``number`` is the one that a database
    has both under.
    """

    left: int
    right: int
    verdict: Verdict
    relation: Relation
    kind: Kind | None
    tier: int
    score: float
    seen: Seen
    vetoes: tuple[Veto, ...]
    weights: Weights
    number: str = ""

    @property
    def findings(self) -> tuple[Weight, ...]:
        """The table behind the score: every field that says something."""
        named = zip(Seen._fields, self.seen, strict=True)
        points = self.weights.points
        table = (Weight(field, points[f], FINDINGS[f][1]) for field, f in named if FINDINGS[f][1])
        return tuple(
            replace(w, seen=f"one number ({self.number})") if w.field == "identifier" and self.number else w
            for w in table
        )

    @property
    def hard(self) -> bool:
        """Whether the two may not be in one report, whoever else is in it."""
        return any(veto.hard for veto in self.vetoes)


def compare(
    a: Prepared, b: Prepared, shared_dois: frozenset[str] = frozenset(), weights: Weights = WEIGHTS
) -> Comparison:
    """What two records are to each other; the order of the two makes no difference.

    ``shared_dois`` are DOIs that stand under several titles (see ``shared_dois`` in ``batch``).
    """
    if b.record < a.record:
        a, b = b, a
    words = wording.compared(a.title, b.title)
    seen = features.see(a, b, words, shared_dois)
    against = vetoes(a, b, seen, words)
    points = weights.points
    score = sum([points[finding] for finding in seen])
    tier = _tier(a, b, seen)
    verdict, relation, kind = _judged(_Case(a, b, tier, score, seen, against), weights)
    number = features.shared_number(a, b) if tier == 0 else ""
    return Comparison(
        a.record, b.record, verdict, relation, kind, tier, score, seen, against, weights, number
    )


def _tier(a: Prepared, b: Prepared, seen: Seen) -> int:
    if seen.identifier == "identifier same":
        return 0
    return 1 if seen.doi == "doi same" or _identical(a, b) else 2


def _identical(a: Prepared, b: Prepared) -> bool:
    """Whether two rows agree in every field, and in enough of them: two editorials of a year may look the same."""
    if a.row != b.row or not a.title.run:
        return a.row == b.row and bool(a.abstract)
    return not a.title.generic or (a.volume is not None and (bool(a.issue) or not a.pages.opens_issues))


_TITLED = frozenset(
    {"title same", "title same but common", "title close", "title shortened", "title extra words"}
)


@dataclass(frozen=True, slots=True)
class _Case:
    """What a verdict is made of."""

    a: Prepared
    b: Prepared
    tier: int
    score: float
    seen: Seen
    vetoes: tuple[Veto, ...]


def _judged(case: _Case, weights: Weights) -> tuple[Verdict, Relation, Kind | None]:
    forces = {veto.force for veto in case.vetoes}
    kind = _kind(case.vetoes)
    if Force.CERTAIN in forces:
        return Verdict.APART, Relation.DIFFERENT if kind is None else Relation.RELATED, kind
    asked = case.score >= weights.ask
    if Force.HARD in forces:
        told = case.tier < _EVIDENCE and case.seen.title in _TITLED
        if asked or told or suggests(case.a, case.b, case.seen, kind):
            return Verdict.ASK, Relation.UNSURE, kind
        return Verdict.APART, Relation.DIFFERENT, None
    if _joins(case, forces, weights):
        return Verdict.JOIN, Relation.SAME, None
    if (
        asked
        or case.tier < _EVIDENCE
        or one_text(case.a, case.b, case.seen)
        or suggests(case.a, case.b, case.seen, kind)
    ):
        return Verdict.ASK, Relation.UNSURE, kind
    return Verdict.APART, Relation.DIFFERENT, None


def _kind(against: tuple[Veto, ...]) -> Kind | None:
    """The relation that the strongest veto suggests; none where a certain veto knows of none."""
    certain = [veto.kind for veto in against if veto.force is Force.CERTAIN]
    if certain:
        return next((kind for kind in certain if kind is not None), None)
    ordered = sorted(against, key=lambda veto: not veto.hard)
    return next((veto.kind for veto in ordered if veto.kind is not None), None)


_EVIDENCE = 2  # the tier where only the sum of the evidence speaks


def _joins(case: _Case, forces: set[Force], weights: Weights) -> bool:
    if _identical(case.a, case.b):
        return True
    if case.tier == 0:
        placed = one_place(case.seen) and case.seen.authors != "authors none"
        return case.seen.title in _TITLED or placed
    if case.tier == 1:
        return case.seen.title in _TITLED and Force.FIRM not in forces
    if case.vetoes:
        return False
    return case.score >= weights.join or one_text(case.a, case.b, case.seen)


def explain(comparison: Comparison) -> str:
    """One sentence: the verdict, what speaks for it, and what forbids it."""
    table = comparison.findings
    agreeing = [w.seen for w in sorted(table, key=lambda w: -w.points) if w.points > 0]
    against = [veto.because for veto in comparison.vetoes]
    if not against:
        against = [w.seen for w in sorted(table, key=lambda w: w.points) if w.points < 0]
    said = {Verdict.JOIN: "one report", Verdict.ASK: "left to a person", Verdict.APART: "two reports"}
    verdict = said[comparison.verdict]
    if comparison.kind is not None:
        related = "related" if comparison.relation is Relation.RELATED else "perhaps related"
        verdict = f"{verdict}, {related} ({comparison.kind})"
    parts = [", ".join(agreeing)] if agreeing else []
    if against:
        turn = "although " if comparison.verdict is Verdict.JOIN else "but "
        parts.append((turn if agreeing else "") + " and ".join(against))
    return f"{verdict}: {', '.join(parts)}" if parts else f"{verdict}: nothing to compare"
