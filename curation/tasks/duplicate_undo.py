"""Takes a person's last decision on duplicates back: a judgement more, none less."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from curation.errors import Refused
from curation.model import Relation
from curation.store import duplicates
from curation.store.connect import Stamp
from curation.store.duplicates import Judged
from curation.tasks.dedupe import judge_together
from curation.tasks.duplicates import Decided, Said, decided
from curation.tasks.review import Review

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Standing:
    """A judgement nobody took back, and the change it came with; a later one of its pair may be in force."""

    change: int
    judged: Judged

    @property
    def pair(self) -> Pair:
        return self.judged.left, self.judged.right


def undo(review: Review, by: str, stamp: Stamp) -> Decided:
    """Take back the last decision of ``by`` that is in force, whole: what stood before it stands again.

    Nothing is deleted: ``unsure`` is added for each of its pairs, and behind it the judgement of a person that it
    had overruled, if any; else what the rules say stands. Raises Refused when there is nothing to take back.
    """
    review.person(by)
    standing = _not_taken_back(duplicates.said_by_people(review.sql))
    in_force = {one.pair: one for one in standing}
    own = [one for one in in_force.values() if one.judged.by == by]
    if not own:
        message = f"{by} has judged no pair that could be taken back"
        raise Refused(message)
    newest = max(one.change for one in own)
    last = [one for one in own if one.change == newest]
    before = {one.pair: one.judged for one in standing if one not in last}
    back = [Said(by, f"taken back: {one.judged.relation}").of(*one.pair, Relation.UNSURE) for one in last]
    again = [before[one.pair] for one in last if one.pair in before]
    moved = judge_together(review, back, stamp, again)
    return decided(review.sql, [one.judged for one in last], moved)


def _not_taken_back(said: Iterable[tuple[int, Judged]]) -> list[_Standing]:
    """Judgements of people as they lie on one another, pair by pair.

    A change that says ``unsure`` of a pair takes away the one on top, and says once more what lies below; one that
    says ``unsure`` alone takes every one of the pair away.
    """
    standing: list[_Standing] = []
    for change, together in groupby(said, key=lambda item: item[0]):
        rows = [_Standing(change, judged) for _, judged in together]
        taken_back = {one.pair for one in rows if one.judged.relation is Relation.UNSURE}
        once_more = {one.pair for one in rows if one.judged.relation is not Relation.UNSURE} & taken_back
        for pair in taken_back:
            top = [one for one in standing if one.pair == pair]
            gone = top[-1:] if pair in once_more else top
            standing = [one for one in standing if one not in gone]
        standing += [one for one in rows if one.pair not in taken_back]
    return standing
