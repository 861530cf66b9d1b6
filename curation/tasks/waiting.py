"""What waits for whom: the reports that still want a reviewer's vote. Says who voted, never what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from curation.model import Stage
from curation.protocol import Role
from curation.store import records
from curation.tasks.queue import OpenWork, open_work, standing
from curation.tasks.review import Review


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many reports wait for one reviewer."""

    reviewer: str
    name: str
    to_screen: int
    to_assess: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report that wants a reviewer's vote, with what the vote is cast on."""

    report: int
    stage: Stage
    label: str
    title: str
    journal: str
    abstract: str
    doi: str | None
    pmid: str | None


@dataclass(frozen=True, slots=True)
class Lacking:
    """What a stage still lacks: reports without a vote, with some of those they need, in conflict, unassignable.

    ``unasked`` reports need votes and nobody is left to cast them (too few active reviewers).
    """

    stage: Stage
    without: int
    begun: int
    conflicts: int
    unasked: int

    @property
    def complete(self) -> bool:
        """Whether every report has the votes it needs, and no conflict is open."""
        return not (self.without or self.begun or self.conflicts)


@dataclass(frozen=True, slots=True)
class Work:
    """What waits for each active screener, and what each stage lacks."""

    waiting: tuple[Waiting, ...]
    lacking: tuple[Lacking, ...]


def work_left(review: Review) -> Work:
    """What is left to do, for everybody."""
    work, conflicts = standing(review.sql, review.protocol)
    counts: Counter[tuple[str, Stage]] = Counter()
    for one in work:
        counts.update((who, one.stage) for who in one.asked)
    waiting = (
        Waiting(p.id, p.name, counts[p.id, Stage.ABSTRACT], counts[p.id, Stage.FULLTEXT])
        for p in review.protocol.with_role(Role.SCREENER)
    )
    return Work(tuple(waiting), tuple(_lacking(stage, work, conflicts) for stage in Stage))


def _lacking(stage: Stage, work: list[OpenWork], conflicts: set[tuple[int, Stage]]) -> Lacking:
    here = [one for one in work if one.stage is stage]
    return Lacking(
        stage,
        without=sum(not one.voters for one in here),
        begun=sum(bool(one.voters) for one in here),
        conflicts=sum(of is stage for _, of in conflicts),
        unasked=sum(not one.asked for one in here),
    )


def wanted_of(review: Review, reviewer: str) -> tuple[Wanted, ...]:
    """Every report that wants the vote of ``reviewer``, oldest first: an order that no vote can move.

    Raises Usage for an unknown reviewer, Refused for one who does not screen.
    """
    review.member(reviewer, Role.SCREENER)
    found = []
    for work in open_work(review.sql, review.protocol):
        if reviewer in work.asked:
            h = records.head(review.sql, work.report)
            found.append(
                Wanted(work.report, work.stage, h.label, h.title, h.journal, h.abstract, h.doi, h.pmid)
            )
    return tuple(found)
