"""When a scheduled update comes: a tick of the clock, and how old the last search must be for the tick to count.

A search that fails at its one tick would leave the review unsearched until the next, so the clock ticks more
often than ``interval_days`` asks, and ``livrev update --if-older-than`` passes the ticks by that come too soon:
a search that failed is made up for at the next tick.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from curation.errors import Usage

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAILY_BELOW, _WEEKLY_BELOW = (
    14,
    90,
)  # days between searches; a missed one is made up for well before the next
# Neither missing nor twice on the days on which clocks change, and inside the hours (21:00 to 05:00 in the
# east of the United States, weekends) in which NCBI asks for large jobs, seen from Europe.
_FIRST_HOUR, _HOURS = 3, 3


class Every(StrEnum):
    """How often a scheduler starts ``livrev update``."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def days(self) -> int:
        """Days from one tick to the next (of a month: about)."""
        return {Every.DAY: 1, Every.WEEK: 7, Every.MONTH: 30}[self]


@dataclass(frozen=True, slots=True)
class When:
    """A tick, and the days that the last search must be old for it to count (``older_than``; 0: each counts).

    ``weekday`` counts from 0, Monday; ``day`` is a day of the month that every month has (1 to 28).
    """

    every: Every
    hour: int
    minute: int
    weekday: int
    day: int
    older_than: int
    note: str = ""

    @property
    def time(self) -> str:
        """``HH:MM``."""
        return f"{self.hour:02}:{self.minute:02}"

    @property
    def cron(self) -> str:
        """The five fields of a cron line."""
        day = str(self.day) if self.every is Every.MONTH else "*"
        weekday = str((self.weekday + 1) % 7) if self.every is Every.WEEK else "*"
        return f"{self.minute} {self.hour} {day} * {weekday}"

    @property
    def calendar(self) -> str:
        """``OnCalendar`` of a systemd timer."""
        weekday = f"{self.day_name[:3]} " if self.every is Every.WEEK else ""
        day = f"{self.day:02}" if self.every is Every.MONTH else "*"
        return f"{weekday}*-*-{day} {self.time}:00"

    @property
    def day_name(self) -> str:
        """English name of the day of the week."""
        return _DAYS[self.weekday]

    @property
    def guard(self) -> tuple[str, ...]:
        """The options that pass by a tick which comes too soon."""
        return ("--if-older-than", f"{self.older_than}d") if self.older_than else ()

    def __str__(self) -> str:
        """In words, for a person."""
        on = {Every.DAY: "every day", Every.WEEK: f"every {self.day_name}"}
        tick = f"{on.get(self.every, f'on day {self.day} of every month')} at {self.time}"
        if not self.older_than:
            return tick
        return f"{tick}, when the last search is {_several(self.older_than, 'day')} old or older"


def when(folder: Path, interval_days: int, every: Every | None = None, at: str | None = None) -> When:
    """Ticks for a review in ``folder`` whose most frequent source wants a search each ``interval_days``.

    Minute, hour and day come from a hash of the folder: never on the hour, where everybody else's jobs start, and
    the same each time. ``every``: search so often, whatever the interval says. ``at``: HH:MM. Raises Usage where
    nothing says how often, and for a time that is none.
    """
    if every is None and interval_days < 1:
        message = "no source that is searched over the network has interval_days in review.toml; say how often: --every day|week|month"
        raise Usage(message)
    spread = int.from_bytes(hashlib.sha256(str(folder).encode(errors="surrogateescape")).digest()[:8], "big")
    hour, minute = _time(at) if at else (_FIRST_HOUR + spread // 59 % _HOURS, 1 + spread % 59)
    tick = every or _tick(interval_days)
    ticks = 1 if every else _ticks(tick, interval_days)
    return When(
        every=tick,
        hour=hour,
        minute=minute,
        weekday=spread // 1000 % 5,  # a day on which somebody reads what it says
        day=1 + spread // 10_000 % 28,
        older_than=int((ticks - 0.5) * tick.days),  # half a tick of play: no tick comes to the second
        note=_note(tick, interval_days),
    )


def _tick(interval_days: int) -> Every:
    if interval_days < _DAILY_BELOW:
        return Every.DAY
    return Every.WEEK if interval_days < _WEEKLY_BELOW else Every.MONTH


def _ticks(tick: Every, interval_days: int) -> int:
    """Ticks from one search to the next. Three months may have 92 days, and stand for 90."""
    play = 2 if tick is Every.MONTH else 0
    return max(1, (interval_days + play) // tick.days)


def _note(tick: Every, interval_days: int) -> str:
    if not interval_days or tick.days <= interval_days:
        return ""
    return f"review.toml asks for a search every {_several(interval_days, 'day')}; with --every {tick} it will often be overdue"


def _time(at: str) -> tuple[int, int]:
    if not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", at, re.ASCII):
        message = f"--at {at}: a time is HH:MM, from 00:00 to 23:59"
        raise Usage(message)
    hour, minute = at.split(":")
    return int(hour), int(minute)


def _several(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
