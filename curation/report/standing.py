"""Where a living review stands, as values; apart from the page, so that ``livrev status`` needs no templates."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Search:
    """One source as the status shows it; dates ISO 8601, ``due`` empty where it is searched on demand only."""

    name: str
    last: str
    found: str
    due: str

    def overdue(self, today: str) -> bool:
        """Whether it should have been searched before ``today`` (ISO 8601); ``due`` may be ``now``."""
        return bool(self.due) and (self.due == "now" or self.due < today)


@dataclass(frozen=True, slots=True)
class Status:
    """Where the living review stands. ``version`` is empty before the first release."""

    version: str
    published_on: str
    integrated_through: str
    searches: tuple[Search, ...]
    pending: tuple[str, ...]
    integration: str
    retirement: str
