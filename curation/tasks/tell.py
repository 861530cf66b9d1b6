"""An update that nobody watches: when it ends, well or badly, people are told what needs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from curation.errors import Exit, LivrevError
from curation.store.connect import Stamp
from curation.tasks import network
from curation.tasks.clients import Clients
from curation.tasks.network import NetworkSettings
from curation.tasks.notices import undecided
from curation.tasks.notify import Outcome, needs_people, tell
from curation.tasks.review import Review
from curation.tasks.status import overview
from curation.tasks.update import Progress, Updated, UpdateOptions, update

SETTINGS = ("LIVREV_SMTP_URL", "LIVREV_PING_URL")
_PACE = 1.0  # requests a second to the watching service


class Attended:
    """An update, and the telling of it, under one environment."""

    def __init__(
        self,
        review: Review,
        settings: NetworkSettings,
        environment: Mapping[str, str],
        clock: Callable[[], datetime],
    ) -> None:
        """``environment`` says whether anybody is told, and where."""
        self._review = review
        self._settings = settings
        self._environment = environment
        self._clock = clock

    def update(
        self, asked: Clients, stamp: Stamp, options: UpdateOptions, progress: Progress | None
    ) -> tuple[Updated, tuple[str, ...]]:
        """Run the update; gives it, and warnings where people could not be told.

        Raises what the update raises, after people were told of it.
        """
        try:
            done = update(self._review, asked, self._clock, stamp, options, progress)
        except LivrevError as problem:
            self._tell(Outcome.failed(problem))
            raise
        if done.round is None:
            return done, ()
        return done, self._tell(self._outcome(done))

    def is_overdue(self) -> bool:
        """Whether a source should have been searched by now."""
        return bool(overview(self._review, self._clock().date()).overdue)

    def _outcome(self, done: Updated) -> Outcome:
        status = Exit.WARNINGS if done.warnings else Exit.DONE
        events = tuple(f"R{n.report} {n.kind}: {n.title}" for n in undecided(self._review))
        return Outcome(status, sum(s.new for s in done.sources), events, done.warnings)

    def _tell(self, outcome: Outcome) -> tuple[str, ...]:
        if not any(self._environment.get(name) for name in SETTINGS):
            return ()
        notice = needs_people(overview(self._review, self._clock().date()), outcome)
        with network.door(self._settings, self._review.protocol.ncbi.email, _PACE) as door:
            return tell(notice, outcome.status, self._environment, door, self._clock())
