"""First independent votes of a stage, worked out from every vote the store has ever kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from itertools import groupby

from curation.model import Stage
from curation.store.vote_history import VoteEvent, vote_events
from screening.independent import SET_ASIDE, Act, Enough, Event, First, first_votes


def firsts(sql: sqlite3.Connection, stage: Stage, enough_on: Callable[[int], Enough]) -> Iterator[First]:
    """First votes on every report somebody has voted on; ``enough_on`` gives what a report needs."""
    for report, events in histories(sql, stage):
        yield from first_votes(report, events, enough_on(report))


def histories(sql: sqlite3.Connection, stage: Stage) -> Iterator[tuple[int, list[Event]]]:
    """What happened to the votes on each report, by number of the report."""
    for report, told in groupby(vote_events(sql, stage), key=lambda event: event.report):
        yield report, [_event(one) for one in told]


def _event(told: VoteEvent) -> Event:
    return Event(told.at, _act(told.why), told.vote, told.reviewer, told.decision, told.criteria)


def _act(why: str | None) -> Act:
    if why is None:
        return Act.CAST
    return Act.SET_ASIDE if why.startswith(SET_ASIDE) else Act.TAKEN_BACK
