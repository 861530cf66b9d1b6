"""Where the review stands: versions, searches, what waits for whom, and what to do next. Leaks no vote."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from curation.errors import Refused
from curation.model import Stage
from curation.protocol import Role, Service
from curation.report.standing import Search, Status
from curation.store import queue, releases, searches
from curation.store.notices import StoredNotice
from curation.tasks import dedupe
from curation.tasks.flow import Flow, Unreported, flow
from curation.tasks.notices import undecided
from curation.tasks.review import Review
from curation.tasks.stopping import StoppingState, stopping_state
from curation.tasks.unintegrated import enough_new_studies
from curation.tasks.waiting import Lacking, Waiting, work_left
from screening.flow import Place

NEVER = "never"  # stands for the day of the last search where there was none


@dataclass(frozen=True, slots=True)
class Overview:
    """What ``livrev status`` shows. ``places`` counts records of the open rounds by their place."""

    title: str
    standing: Status
    rounds: tuple[int, ...]
    places: tuple[tuple[str, int], ...]
    waiting: tuple[Waiting, ...]
    lacking: tuple[Lacking, ...]
    stopping: StoppingState | None
    calibrating: tuple[int, ...]
    integrate: tuple[str, ...]
    conflicts: int
    duplicates_waiting: int
    notices: tuple[StoredNotice, ...]
    overdue: tuple[str, ...]
    next: tuple[str, ...]


def overview(review: Review, today: dt.date) -> Overview:
    """The whole state in one value."""
    current = _flow_or_none(review)
    now = standing(review, current)
    places = Counter(p.place for p in current.places) if current else Counter[Place]()
    left = work_left(review)
    pairs = len(dedupe.waiting(review.sql))
    overdue = tuple(s.name for s in now.searches if s.overdue(today.isoformat()))
    found = Overview(
        title=review.protocol.review.title,
        standing=now,
        rounds=current.rounds if current else (),
        places=tuple((str(place), places[place]) for place in Place if places[place]),
        waiting=left.waiting,
        lacking=left.lacking,
        stopping=stopping_state(review),
        calibrating=_open_rounds(review),
        integrate=enough_new_studies(review),
        conflicts=sum(stage.conflicts for stage in left.lacking),
        duplicates_waiting=pairs,
        notices=undecided(review),
        overdue=overdue,
        next=(),
    )
    return replace(found, next=_next(review, found, current))


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
            found.append(Search(source.name, NEVER, "not searched", "now" if source.interval_days else ""))
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


def _next(review: Review, now: Overview, current: Flow | None) -> tuple[str, ...]:
    """What to type next, in the order of the work."""
    steps = list(_searches_to_do(review, now))
    if now.notices:
        steps.append(f"{_count(len(now.notices), 'notice')} to be decided on: livrev check notices")
    if n := now.duplicates_waiting:
        steps.append(f"{_count(n, 'possible duplicate')} to be judged: livrev duplicates --waiting")
    steps += _screening_steps(review, now)
    if (
        sought := [f"R{p.report}" for p in current.places if p.place is Place.AWAITING_RETRIEVAL]
        if current
        else []
    ):
        steps.append(
            f"{_count(len(sought), 'full text')} to be retrieved ({_some(sought)}): "
            "livrev fulltext REPORT --retrieved FILE --as ID"
        )
    return tuple(steps) or ("nothing waits; livrev report writes the report",)


def _open_rounds(review: Review) -> tuple[int, ...]:
    """Numbers of the calibration rounds that are open."""
    return tuple(sorted({n for stage in Stage for n, *_ in queue.pilots(review.sql, stage).values()}))


def _screening_steps(review: Review, now: Overview) -> Iterator[str]:
    for number in now.calibrating:
        yield f"calibration round {number} is open and read first: livrev calibrate status {number}"
    for person in now.waiting:
        who = person.reviewer
        if n := person.to_screen:
            yield f"{who} screens {_count(n, 'report')}: livrev screen --as {who}"
        if n := person.to_assess:
            yield f"{who} assesses {_count(n, 'full text')}: livrev screen --as {who} --stage fulltext"
    if n := now.conflicts:
        judges = [r.id for r in review.protocol.with_role(Role.ADJUDICATOR)]
        who = judges[0] if judges else "ID"
        yield (
            f"{_count(n, 'conflict')}: livrev screen --stage conflicts --as {who} adjudicates; "
            "--as ONE --with OTHER settles by consensus"
        )
    if now.stopping and now.stopping.stopped and now.stopping.stale:
        yield (
            f"the stop of ranked screening stands no longer ({'; '.join(now.stopping.stale)}): livrev stop check, or "
            "livrev stop reopen --as ID --note WHY"
        )
    if n := sum(stage.unasked for stage in now.lacking):
        yield (
            f"{_count(n, 'report')} cannot get the votes they need: too few active screeners; see reviewers and "
            "screening in review.toml"
        )


def _searches_to_do(review: Review, now: Overview) -> Iterator[str]:
    overdue = set(now.overdue)
    asked = [
        s.name
        for s in review.protocol.sources
        if s.name in overdue and s.service in {Service.PUBMED, Service.EUROPEPMC}
    ]
    if asked:
        yield f"search is due ({', '.join(asked)}): livrev update"
    never = {search.name for search in now.standing.searches if search.last == NEVER}
    for source in review.protocol.sources:
        if source.service is Service.FILE and source.name in overdue | never:
            yield f"{source.name} is to be searched: export what it finds, then livrev import FILE --source {source.key}"


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _some(names: list[str]) -> str:
    """The first few of ``names``."""
    few = 5
    return ", ".join(names[:few]) + (", ..." if len(names) > few else "")
