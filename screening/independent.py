"""First independent votes: what each reviewer said before anybody could know the others' votes.

A report is complete at the first moment when every vote it needs is there; from then on its reviewers may talk, so what
counts are the votes that stood at that moment. Whatever was changed or taken back before it, blind, does not count;
nor does any later change of mind. Votes that were set aside because the criteria had changed were first votes under
the earlier criteria and stay so: what comes after them is counted by itself, under its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from itertools import groupby

from curation.model import Decision
from screening.agreement import Rating

SET_ASIDE = (
    "criteria"  # what the reason of an undo begins with that sets votes aside because criteria changed
)

Enough = Callable[[Collection[str]], bool]


class Act(Enum):
    """What may happen to a vote."""

    CAST = auto()
    TAKEN_BACK = auto()
    SET_ASIDE = auto()


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to vote number ``vote``.

    ``at`` numbers moments: what bears one number happened at once. ``criteria`` is the number of the criteria in force
    when the vote was cast.
    """

    at: int
    act: Act
    vote: int
    reviewer: str
    decision: Decision
    criteria: int = 1


@dataclass(frozen=True, slots=True)
class First:
    """Votes on a report under one number of the criteria: ``ratings`` are the first independent ones.

    ``completed`` is the moment at which they were all in. Where it is None they are not all in yet, ``ratings`` is
    empty, and nothing can be read off the votes there are.
    """

    report: int
    criteria: int
    ratings: tuple[Rating, ...] = ()
    completed: int | None = None


def first_votes(report: int, events: Iterable[Event], enough: Enough) -> tuple[First, ...]:
    """First independent votes on one report at one stage, earliest criteria first.

    ``enough`` tells whether these reviewers are all that the report needs. A report nobody has a standing vote on
    gives nothing.
    """
    found: list[First] = []
    standing: dict[int, Event] = {}
    done: First | None = None
    for at, together in groupby(sorted(events, key=lambda e: e.at), key=lambda e: e.at):
        now = list(together)
        if any(event.act is Act.SET_ASIDE for event in now):
            found.extend(_ended(report, done, standing))
            done = None
        _apply(now, standing)
        done = done or _completed(report, at, standing, enough)
    return (*found, *_ended(report, done, standing))


def _apply(now: Iterable[Event], standing: dict[int, Event]) -> None:
    """What happened at one moment: first the votes, then what was taken back, be it one of them."""
    for event in sorted(now, key=lambda e: (e.act is not Act.CAST, e.vote)):
        if event.act is Act.CAST:
            standing[event.vote] = event
        else:
            standing.pop(event.vote, None)


def _completed(report: int, at: int, standing: dict[int, Event], enough: Enough) -> First | None:
    said = {event.reviewer: event for _, event in sorted(standing.items())}  # the newest of each
    if not said or not enough(frozenset(said)):
        return None
    ratings = tuple(Rating(report, who, said[who].decision) for who in sorted(said))
    return First(report, max(event.criteria for event in said.values()), ratings, at)


def _ended(report: int, done: First | None, standing: dict[int, Event]) -> list[First]:
    if done is not None:
        return [done]
    return [First(report, max(e.criteria for e in standing.values()))] if standing else []
