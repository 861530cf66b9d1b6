"""What waits for whom: the reports that still want a reviewer's vote. Says who voted, never what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from curation.model import Stage
from curation.protocol import Role
from curation.store import records, votes
from curation.tasks.places import all_places
from curation.tasks.review import Review
from screening.flow import Place

_STAGE_OF = {Place.AWAITING_SCREENING: Stage.ABSTRACT, Place.AWAITING_ASSESSMENT: Stage.FULLTEXT}


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
    screeners = review.protocol.with_role(Role.SCREENER)
    counts: Counter[tuple[str, Stage]] = Counter()
    for _, stage, voters in _open(review):
        counts.update((person.id, stage) for person in screeners if person.id not in voters)
    return tuple(
        Waiting(p.id, p.name, counts[p.id, Stage.ABSTRACT], counts[p.id, Stage.FULLTEXT]) for p in screeners
    )


def wanted_of(review: Review, reviewer: str) -> tuple[Wanted, ...]:
    """Every report that wants the vote of ``reviewer``, oldest first: an order that no vote can move.

    Raises Usage for an unknown reviewer, Refused for one who does not screen.
    """
    review.member(reviewer, Role.SCREENER)
    found = []
    for report, stage, voters in _open(review):
        if reviewer not in voters:
            h = records.head(review.sql, report)
            found.append(Wanted(report, stage, h.label, h.title, h.journal, h.abstract, h.doi, h.pmid))
    return tuple(found)


def _open(review: Review) -> Iterator[tuple[int, Stage, frozenset[str]]]:
    """Reports with fewer votes than their stage needs: number, stage, and who voted already."""
    voters: dict[tuple[int, Stage], set[str]] = {}
    for vote in votes.all_votes(review.sql):
        voters.setdefault((vote.report, vote.stage), set()).add(vote.reviewer)
    for item in all_places(review.sql, review.protocol):
        stage = _STAGE_OF.get(item.placed.place)
        if stage is None:
            continue
        cast = voters.get((item.placed.report, stage), set())
        if len(cast) < review.protocol.screening.votes(stage):
            yield item.placed.report, stage, frozenset(cast)
