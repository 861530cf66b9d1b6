"""Who is to read which report, and in which order: assignment, samples and the lanes of a reviewer's queue.

All of it is worked out from numbers and names, so it is the same on every machine and every day, whatever was voted;
a reviewer's order depends on which reports others have voted on, never on how.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import lru_cache
from itertools import combinations

MOST_SKIPS = 3  # a report skipped this often wants a decision or a flag

_PLACES = 1 << 40  # of one ranking: more than any store has reports


class Lane(IntEnum):
    """Parts of a queue, the first read first."""

    CALIBRATION = 0
    FIRST = 1  # without abstract, where those come first
    SEEN = 2  # others have voted: a second vote completes the report
    OPEN = 3
    LAST = 4  # without abstract, where those come last
    SKIPPED = 5

    @property
    def placed(self) -> bool:
        """Whether a report's place in it follows from the report's own history alone."""
        return self in {Lane.CALIBRATION, Lane.SKIPPED}

    @property
    def ranked(self) -> bool:
        """Whether a ranking orders it."""
        return self in {Lane.FIRST, Lane.OPEN, Lane.LAST}


class Scheme(StrEnum):
    """How reports are shared out."""

    ALL = "all"
    SHARES = "shares"
    PAIRS = "pairs"


class WithoutAbstract(StrEnum):
    """Where reports without an abstract stand."""

    LAST = "last"
    FIRST = "first"
    AMONG = "among the others"


@dataclass(frozen=True, slots=True)
class Screener:
    """A person who screens, or did: one who has left is asked for nothing more."""

    id: str
    active: bool = True
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Pilot:
    """A report's part in an open calibration round: the round's number, who votes, and its place in the round."""

    number: int
    reviewers: frozenset[str]
    place: int = 0


@dataclass(frozen=True, slots=True)
class Needs:
    """How many votes each report needs at a stage.

    ``sample``: the share of reports that get the whole number (None: all of them), the others get one. A report
    of an open calibration round needs the vote of everybody in it who is still active.
    """

    votes: int
    sample: float | None = None
    pilots: Mapping[int, Pilot] = field(default_factory=dict)
    active: frozenset[str] = frozenset()

    def of(self, report: int, voters: Collection[str] = ()) -> int:
        """Votes needed on a report that ``voters`` have voted on."""
        needed = self.votes if self.sample is None or sampled(report, self.sample) else 1
        pilot = self.pilots.get(report)
        if pilot is None:
            return needed
        return max(needed, len((pilot.reviewers & self.active) | {*voters}))


@dataclass(frozen=True, slots=True)
class Rules:
    """How reports are shared out and ordered."""

    screeners: tuple[Screener, ...]
    scheme: Scheme = Scheme.ALL
    without_abstract: WithoutAbstract = WithoutAbstract.LAST


def open_to(report: int, voters: Collection[str], needs: Needs, rules: Rules) -> tuple[str, ...]:
    """Who is asked to vote on a report that still needs votes; empty where it has enough.

    Under ALL everybody who has not voted may be the next; else as many as are lacking, in turn.
    """
    lacking = needs.of(report, voters) - len(voters)
    if lacking <= 0:
        return ()
    pilot = needs.pilots.get(report)
    named = pilot.reviewers.difference(voters) if pilot else frozenset()
    if asked := tuple(s.id for s in rules.screeners if s.active and s.id in named):
        return asked  # everybody in the round, whatever their share
    able = [s.id for s in in_turn(report, needs.votes, rules) if s.active and s.id not in voters]
    return tuple(able if rules.scheme is Scheme.ALL else able[:lacking])


def in_turn(report: int, votes: int, rules: Rules) -> tuple[Screener, ...]:
    """Every screener in the order in which they are asked to read a report; those who have left keep their turn.

    Who leaves or joins moves no other person's share: shares by weighted rendezvous hashing (Thaler & Ravishankar
    1998; weights: Schindelhauer & Schomaker 2005), pairs (or threes) by rotation over all that have ever been.
    """
    people = rules.screeners
    if rules.scheme is Scheme.SHARES:
        drawn = sorted((_cost(report, s), s.id, s) for s in people if s.share > 0)
        return tuple(s for _, _, s in drawn)
    if rules.scheme is Scheme.PAIRS and len(people) >= votes:
        groups = _groups(len(people), votes)
        round_, place = divmod(report, len(groups))
        turn = groups[place]
        turn = turn[round_ % votes :] + turn[: round_ % votes]  # each is first as often
        rest = (i for i in range(len(people)) if i not in turn)
        following = sorted(rest, key=lambda i: (i - max(turn)) % len(people))
        return tuple(people[i] for i in (*turn, *following))
    return people


@lru_cache(maxsize=8)
def _groups(people: int, size: int) -> tuple[tuple[int, ...], ...]:
    return tuple(combinations(range(people), size))


def _cost(report: int, screener: Screener) -> float:
    drawn = (_lot("share", screener.id, report) + 1) / ((1 << 48) + 1)
    return -math.log(drawn) / screener.share


def sampled(report: int, share: float) -> bool:
    """Whether a report belongs to the random sample of that share; a larger share holds all of a smaller one."""
    return _lot("sample", "", report) < share * (1 << 48)


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides on a report's lane for one reviewer."""

    has_abstract: bool = True
    seen: bool = False
    pilot: Pilot | None = None
    skip: int = 0  # number of the latest skip, 0: none


def lane(now: Standing, rules: Rules) -> Lane:
    """The lane of a report in a reviewer's queue."""
    if now.pilot:
        return Lane.CALIBRATION
    if now.skip:
        return Lane.SKIPPED
    if not now.has_abstract and rules.without_abstract is not WithoutAbstract.AMONG:
        return Lane.FIRST if rules.without_abstract is WithoutAbstract.FIRST else Lane.LAST
    return Lane.SEEN if now.seen else Lane.OPEN


def first_place(of: Lane, reviewer: str, report: int, now: Standing) -> int:
    """Place within a lane of a report that comes into it, until a ranking gives it another.

    Reports that others have seen are shuffled by a lot of the reviewer's own, so that not even the order in which
    others worked can be read off it.
    """
    if of is Lane.CALIBRATION and now.pilot:
        return now.pilot.place + now.skip * _PLACES  # what was put off comes again at the end of the round
    if of is Lane.SKIPPED:
        return now.skip
    return _lot("seen", reviewer, report) if of is Lane.SEEN else report


def ranked_place(ranking: int, place: int) -> int:
    """Place of the report that a ranking puts at ``place`` (from 0): before those of any earlier ranking."""
    return place - ranking * _PLACES


def _lot(purpose: str, who: str, report: int) -> int:
    """A number from 0 to 2**48 - 1, the same on every machine (``random`` may change with Python)."""
    digest = hashlib.blake2b(f"{purpose}/{who}/{report}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big")
