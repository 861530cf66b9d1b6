"""What stops an update though the source answered: signs that records would be lost without a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Alarm(StrEnum):
    """A sign of trouble; its value is the flag that overrides it."""

    EMPTY = "--allow-empty"
    DROP = "--allow-drop"
    TRANSLATION = "--allow-translation"


# A query loses a few records a year to deletions and merges; a fifth at once is a broken query or source.
LARGEST_DROP = 0.2


@dataclass(frozen=True, slots=True)
class Answered:
    """One search set beside the last one of the same source (None where there was none)."""

    source: str
    query: str
    translation: str
    found: int
    last_query: str | None
    last_translation: str
    last_found: int | None


def alarms(answer: Answered, allowed: frozenset[Alarm]) -> Iterator[str]:
    """A line for each alarm that is not allowed: what, and the flag that overrides it."""
    for alarm, said in _signs(answer):
        if alarm not in allowed:
            yield f"{answer.source}: {said}; look at the query, and if it is right run again with {alarm}"


def _signs(answer: Answered) -> Iterator[tuple[Alarm, str]]:
    before = answer.last_found or 0
    if before and answer.found == 0:
        yield Alarm.EMPTY, f"the search found nothing where it had found {before}"
    elif answer.found < before * (1 - LARGEST_DROP):
        yield Alarm.DROP, f"the search found {answer.found} records where it had found {before}"
    same_query = answer.last_query == answer.query
    if same_query and answer.last_translation and answer.translation != answer.last_translation:
        was, now = answer.last_translation, answer.translation
        yield Alarm.TRANSLATION, f"the same query is now read as {now!r}, where it was read as {was!r}"
