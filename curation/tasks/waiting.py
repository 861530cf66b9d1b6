"""What waits for whom: the reports that still want a reviewer's vote. Says who voted, never what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from curation.model import Stage
from curation.protocol import Role
from curation.store import records
from curation.tasks.queue import open_work
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


def who_waits(review: Review) -> tuple[Waiting, ...]:
    """For each active screener, how many reports still want their vote."""
    counts: Counter[tuple[str, Stage]] = Counter()
    for work in open_work(review.sql, review.protocol):
        counts.update((who, work.stage) for who in work.asked)
    return tuple(
        Waiting(p.id, p.name, counts[p.id, Stage.ABSTRACT], counts[p.id, Stage.FULLTEXT])
        for p in review.protocol.with_role(Role.SCREENER)
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
