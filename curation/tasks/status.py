"""Where the review stands: versions, searches, what waits for whom, and what to do next. Leaks no vote."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from curation.errors import Refused
from curation.model import Stage
from curation.protocol import Role, Service
from curation.report.standing import Search, Status
from curation.store import releases, searches, votes
from curation.tasks import dedupe
from curation.tasks.conflicts import conflicts
from curation.tasks.flow import Flow, Unreported, flow
from curation.tasks.places import all_places
from curation.tasks.review import Review
from screening.flow import Place


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one reviewer."""

    reviewer: str
    name: str
    to_screen: int
    to_assess: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What ``livrev status`` shows. ``places`` counts records of the open rounds by their place."""

    title: str
    standing: Status
    rounds: tuple[int, ...]
    places: tuple[tuple[str, int], ...]
    waiting: tuple[Waiting, ...]
    conflicts: int
    duplicates_waiting: int
    overdue: tuple[str, ...]
    next: tuple[str, ...]


def overview(review: Review, today: dt.date) -> Overview:
    """The whole state in one value."""
    current = _flow_or_none(review)
    now = standing(review, current)
    places = Counter(p.place for p in current.places) if current else Counter[Place]()
    waiting = who_waits(review)
    open_conflicts = len(conflicts(review))
    pairs = len(dedupe.waiting(review.sql))
    overdue = tuple(s.name for s in now.searches if s.due and (s.due == "now" or s.due < today.isoformat()))
    return Overview(
        title=review.protocol.review.title,
        standing=now,
        rounds=current.rounds if current else (),
        places=tuple((str(place), places[place]) for place in Place if places[place]),
        waiting=waiting,
        conflicts=open_conflicts,
        duplicates_waiting=pairs,
        overdue=overdue,
        next=_next(waiting, open_conflicts, pairs, places, overdue),
    )


def standing(review: Review, current: Flow | None) -> Status:
    """Version, searches, what waits and what is due, as of the store's last change."""
    known = releases.releases(review.sql)
    last = known[-1] if known else None
    return Status(
        version=last.version if last else "",
        published_on=last.published_on if last else "",
        integrated_through=last.integrated_through if last else "",
        searches=_latest_searches(review),
        pending=_pending(current),
        integration=review.protocol.living.integration,
        retirement=review.protocol.living.retirement,
    )


def who_waits(review: Review) -> tuple[Waiting, ...]:
    """For each active screener, the reports that still want their vote."""
    stages = {Place.AWAITING_SCREENING: Stage.ABSTRACT, Place.AWAITING_ASSESSMENT: Stage.FULLTEXT}
    voters: dict[tuple[int, Stage], set[str]] = {}
    for vote in votes.all_votes(review.sql):
        voters.setdefault((vote.report, vote.stage), set()).add(vote.reviewer)
    counts: Counter[tuple[str, Stage]] = Counter()
    screeners = review.protocol.with_role(Role.SCREENER)
    for item in all_places(review.sql, review.protocol):
        stage = stages.get(item.placed.place)
        if stage is None:
            continue
        cast = voters.get((item.placed.report, stage), set())
        if len(cast) < review.protocol.screening.votes(stage):
            counts.update((person.id, stage) for person in screeners if person.id not in cast)
    return tuple(
        Waiting(p.id, p.name, counts[p.id, Stage.ABSTRACT], counts[p.id, Stage.FULLTEXT]) for p in screeners
    )


def _flow_or_none(review: Review) -> Flow | None:
    try:
        return flow(review)
    except Refused:
        if searches.rounds(review.sql):
            raise
        return None  # nothing was searched yet, which is a state and no fault


def _latest_searches(review: Review) -> tuple[Search, ...]:
    found = []
    last = {run.source: run for run in searches.runs(review.sql)}
    for source in review.protocol.sources:
        if source.service is Service.PREVIOUS:
            continue
        run = last.get(source.key)
        if run is None:
            found.append(Search(source.name, "never", "not searched", "now" if source.interval_days else ""))
            continue
        day = dt.date.fromisoformat(run.searched_on)
        due = (day + dt.timedelta(source.interval_days)).isoformat() if source.interval_days else ""
        count = "number not reported" if run.found is None else f"{run.found:,} records"
        found.append(Search(source.name, run.searched_on, count, due))
    return tuple(found)


def _pending(current: Flow | None) -> tuple[str, ...]:
    if current is None or isinstance(current.counts, Unreported):
        return ()
    counts = current.counts
    lines = (
        (counts.awaiting_screening, "awaiting screening"),
        (counts.main.awaiting_retrieval + counts.other.awaiting_retrieval, "awaiting full text"),
        (counts.main.awaiting_assessment + counts.other.awaiting_assessment, "awaiting assessment"),
    )
    waiting = [f"{n} {what}" for n, what in lines if n]
    if counts.previous and counts.new.studies:
        studies = "study" if counts.new.studies == 1 else "studies"
        waiting.append(f"{counts.new.studies} newly included {studies} not yet in a release")
    return tuple(waiting)


def _next(
    waiting: tuple[Waiting, ...],
    open_conflicts: int,
    pairs: int,
    places: Counter[Place],
    overdue: tuple[str, ...],
) -> tuple[str, ...]:
    steps = []
    if overdue:
        steps.append(f"search is due ({', '.join(overdue)}): livrev update")
    if pairs:
        steps.append(f"{pairs} possible duplicates wait for a person: livrev duplicates --waiting")
    steps += [
        f"{person.reviewer} votes: livrev vote REPORT include|exclude --as {person.reviewer}"
        for person in waiting
        if person.to_screen or person.to_assess
    ]
    if open_conflicts:
        steps.append(f"{open_conflicts} conflicts: livrev conflicts, then livrev resolve REPORT ... --as ID")
    if places[Place.AWAITING_RETRIEVAL]:
        steps.append(
            f"{places[Place.AWAITING_RETRIEVAL]} full texts are sought: livrev fulltext REPORT --retrieved FILE"
        )
    return tuple(steps) or ("nothing waits; livrev report writes the report",)
