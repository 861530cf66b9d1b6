"""Searches the sources that answer over the network: plan, then apply in one transaction.

The whole query runs each time and its numbers are compared with the ledger (a date window loses about one
record in twenty); only records the store does not have, and the watched ones, are fetched. Batches are staged
on disk: killed anywhere, the store is as it was, and running it again gives what one clean run gives without
fetching twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from curation.errors import SourceFailed, Usage
from curation.model import Citation
from curation.protocol import Service, Source
from curation.sources.pubmed import Batch, SearchAnswer
from curation.store import records, searches
from curation.store.connect import Change, Stamp
from curation.store.lock import exclusive
from curation.tasks.alarms import Alarm, Answered, alarms
from curation.tasks.clients import PARSERS, Clients, SourceClient
from curation.tasks.dedupe import Deduplicated, apply_rules
from curation.tasks.journal import Journal
from curation.tasks.queue import refresh
from curation.tasks.removals import apply_removals
from curation.tasks.review import Review
from curation.tasks.services import crossref_notices, raise_told
from curation.tasks.staging import Staging
from curation.tasks.watch import Watched, raise_notices, watched_records, with_notices

NETWORK = frozenset({Service.PUBMED, Service.EUROPEPMC})


@dataclass(frozen=True, slots=True)
class UpdateOptions:
    """What to run: ``only`` these sources, only those last searched ``if_older_than`` ago.

    ``allowed`` are alarms to pass over, ``lock_wait`` the seconds to wait for another update to end.
    """

    only: tuple[str, ...] = ()
    if_older_than: timedelta | None = None
    allowed: frozenset[Alarm] = frozenset()
    lock_wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Searched:
    """What one search found, before any record is fetched."""

    source: Source
    answer: SearchAnswer
    started: datetime


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """What one search found, set against the ledger. Records are staged on disk; nothing of it is stored yet.

    ``missing`` were found and did not come, ``lost`` are watched records that the source holds no longer and that
    nobody was told of yet; ``told`` is what the source says of both.
    """

    source: Source
    answer: SearchAnswer
    wanted: tuple[str, ...]
    watched: Watched
    gone: tuple[str, ...]
    back: tuple[str, ...]
    missing: tuple[str, ...]
    lost: tuple[str, ...]
    told: dict[str, str]
    started: datetime
    finished: datetime


@dataclass(frozen=True, slots=True)
class SourceUpdate:
    """What one source brought.

    ``missing`` were found and not delivered, ``lost`` are watched records that the source holds no longer,
    ``notices`` newly raised; ``doubts`` is what the source says of the query.
    """

    source: str
    name: str
    found: int
    new: int
    gone: int
    back: int
    revised: int
    notices: int
    missing: tuple[str, ...]
    lost: tuple[str, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Updated:
    """What an update did. ``round`` None and no sources: nothing was due. ``told_of``: notices by Crossref.

    ``removed`` reports went out before screening by the rules of review.toml.
    """

    round: int | None
    sources: tuple[SourceUpdate, ...]
    duplicates: Deduplicated
    skipped: tuple[str, ...] = ()
    told_of: int = 0
    removed: int = 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What people should look at, though the update is done."""
        lost = [
            f"{s.source}: {len(s.missing)} records were found but not delivered (deleted or merged?): "
            f"{', '.join(s.missing[:5])}; they are asked for again next time"
            for s in self.sources
            if s.missing
        ]
        lost += [
            f"{s.source}: {len(s.lost)} watched records are not there any more (deleted or merged?): "
            f"{', '.join(s.lost[:5])}; what is stored of them stays"
            for s in self.sources
            if s.lost
        ]
        raised = [
            f"{s.source}: notices raised (retraction, correction, ...): {s.notices}; see livrev check notices"
            for s in self.sources
            if s.notices
        ]
        told = [f"crossref: notices raised: {self.told_of}; see livrev check notices"] if self.told_of else []
        doubts = [f"{s.source}: {doubt}" for s in self.sources for doubt in s.doubts]
        return (*doubts, *lost, *raised, *told)

    @property
    def summary(self) -> str:
        """One line fit for a mail."""
        if self.round is None:
            return f"nothing is due ({', '.join(self.skipped)})" if self.skipped else "nothing is due"
        parts = [
            f"{s.name} {s.found:,} found, {s.new} new"
            + (f", {s.gone} gone" if s.gone else "")
            + (f", {s.back} back" if s.back else "")
            + (f", {s.revised} revised" if s.revised else "")
            + (f", {s.notices} notices" if s.notices else "")
            + (f", {len(s.missing)} not delivered" if s.missing else "")
            + (f", {len(s.lost)} lost" if s.lost else "")
            for s in self.sources
        ]
        tail = f"{self.duplicates.moved} duplicates removed, {self.duplicates.unsure} wait for a person"
        return f"round {self.round}: {'; '.join(parts)}; {tail}"


@dataclass(frozen=True, slots=True)
class Previewed:
    """What a search would find, without storing it."""

    source: str
    query: str
    translation: str
    found: int
    known: int


Progress = Callable[[str, int, int], None]


def update(
    review: Review,
    clients: Clients,
    clock: Callable[[], datetime],
    stamp: Stamp,
    options: UpdateOptions | None = None,
    progress: Progress | None = None,
) -> Updated:
    """Run the network sources that are due and apply what came, in one transaction.

    Raises TryAgain when another update runs or the network fails, SourceFailed when an answer cannot be
    trusted: an alarm that names the flag which overrides it. Then nothing was stored.
    """
    options = options or UpdateOptions()
    state = review.folder / ".livrev"
    with exclusive(state, wait=options.lock_wait), Journal(state / "log", "update", clock) as journal:
        due, skipped = _due(review, options, clock())
        if not due:
            journal.write("nothing due", skipped=skipped)
            return Updated(None, (), Deduplicated(0, 0, 0), skipped)
        work = _Work(review, clients, clock, journal, progress or _shown_to_nobody)
        answers = [work.search(source) for source in due]
        _refuse_doubtful(review, answers, options.allowed)
        plans = [work.plan(answer) for answer in answers]
        told = crossref_notices(review, clients.crossref) if clients.crossref else ()
        with review.change(stamp) as change:
            number = searches.open_round(change)
            applied = [work.apply(change, number.id, plan) for plan in plans]
            duplicates = apply_rules(change)
            removed = apply_removals(change, review.protocol).reports
            done = tuple(one.with_notices(change) for one in applied)
            told_of = raise_told(change, told)
        journal.write(
            "applied", round=number.number, sources=[s.source for s in done], new=[s.new for s in done]
        )
        for plan in plans:
            work.staging(plan.source).clear()
        refresh(review)
    return Updated(number.number, done, duplicates, skipped, told_of, removed)


def _shown_to_nobody(_source: str, _done: int, _of: int) -> None:
    """Progress where nobody looks on."""


def preview(review: Review, clients: Clients, only: Iterable[str] = ()) -> tuple[Previewed, ...]:
    """What each network source would find; nothing is stored."""
    found = []
    for source in _sources(review, tuple(only)):
        answer = clients.of(source.service).count(source.strategy)
        known = len(_ledger(review, source)[0])
        found.append(Previewed(source.key, source.strategy, answer.translation, answer.count, known))
    return tuple(found)


def _sources(review: Review, only: tuple[str, ...]) -> tuple[Source, ...]:
    network = {s.key: s for s in review.protocol.sources if s.service in NETWORK}
    wanted = only or tuple(network)
    for key in wanted:
        if key not in network:
            message = f"{key!r} is no source that is searched over the network (known: {', '.join(network) or 'none'})"
            raise Usage(message)
    if not wanted:
        message = 'no source of review.toml has service = "pubmed" or "europepmc"; take export files in with livrev import'
        raise Usage(message)
    return tuple(network[key] for key in wanted)


def _due(review: Review, options: UpdateOptions, now: datetime) -> tuple[tuple[Source, ...], tuple[str, ...]]:
    due, skipped = [], []
    for source in _sources(review, options.only):
        last = searches.last_run(review.sql, source.key)
        ended = datetime.fromisoformat(last.finished_at) if last and last.finished_at else None
        fresh = (
            options.if_older_than is not None and ended is not None and now - ended < options.if_older_than
        )
        if fresh:
            skipped.append(f"{source.key} searched {ended:%Y-%m-%d %H:%M}")
        else:
            due.append(source)
    return tuple(due), tuple(skipped)


def _refuse_doubtful(review: Review, answers: Iterable[Searched], allowed: frozenset[Alarm]) -> None:
    """Stop before a single record is fetched when an answer gives alarm."""
    doubts = [line for one in answers for line in alarms(_beside_the_last(review, one), allowed)]
    if doubts:
        message = "nothing was stored: " + doubts[0]
        raise SourceFailed(message, faults=tuple(doubts[1:]))


def _beside_the_last(review: Review, now: Searched) -> Answered:
    last = searches.last_run(review.sql, now.source.key)
    return Answered(
        source=now.source.key,
        query=now.source.strategy,
        translation=now.answer.translation,
        found=now.answer.count,
        last_query=last.query_sent if last else None,
        last_translation=last.translation if last else "",
        last_found=last.found if last else None,
    )


def _ledger(review: Review, source: Source) -> tuple[dict[str, int], dict[str, int]]:
    strategy = searches.strategy(review.sql, source.key)
    return searches.present(review.sql, strategy.source_id) if strategy else ({}, {})


@dataclass(frozen=True, slots=True)
class _Applied:
    """What one source brought, and the records that were seen with a notice: raised when reports are formed."""

    update: SourceUpdate
    run_id: int
    seen: tuple[tuple[int, Citation], ...]

    def with_notices(self, change: Change) -> SourceUpdate:
        return replace(self.update, notices=raise_notices(change, self.run_id, self.update.source, self.seen))


@dataclass(frozen=True, slots=True)
class _Work:
    """One update at work: plans each source, then applies each plan inside the one transaction."""

    review: Review
    clients: Clients
    clock: Callable[[], datetime]
    journal: Journal
    progress: Progress

    def staging(self, source: Source, day: datetime | None = None) -> Staging:
        """Where a source's batches are staged; those of watched records are only good for the day they are of."""
        folder = self.review.folder / ".livrev" / "staging" / source.key
        if day is not None:
            folder /= f"watched-{day:%Y-%m-%d}"
        return Staging(folder, parse=PARSERS[source.service])

    def search(self, source: Source) -> Searched:
        started = self.clock()
        self.journal.write("asked", source=source.key, query=source.strategy)
        answer = self.clients.of(source.service).search(source.strategy)
        self.journal.write("answered", source=source.key, found=answer.count, translation=answer.translation)
        return Searched(source, answer, started)

    def plan(self, searched: Searched) -> SourcePlan:
        source, answer, started = searched.source, searched.answer, searched.started
        client = self.clients.of(source.service)
        here, gone = _ledger(self.review, source)
        found = set(answer.ids)
        strategy = searches.strategy(self.review.sql, source.key)
        watched = self._watched(source, strategy)
        wanted = tuple(i for i in answer.ids if i not in here and i not in gone)
        undelivered = self._fetch(source, client, wanted, self.staging(source))
        withheld = self._fetch(source, client, watched.ids, self.staging(source, started))
        withheld = tuple(i for i in withheld if i in watched.own)  # the journal names the others
        known = searches.not_delivered(self.review.sql, strategy.source_id) if strategy else frozenset()
        missing = (*undelivered, *(i for i in withheld if i in found))
        lost = tuple(i for i in withheld if i not in found and (i in here or i not in known))
        return SourcePlan(
            source=source,
            answer=answer,
            wanted=wanted,
            watched=watched,
            gone=tuple(sorted(set(here) - found)),
            back=tuple(sorted(set(gone) & found)),
            missing=missing,
            lost=lost,
            told=dict(client.told((*missing, *lost))) if missing or lost else {},
            started=started,
            finished=self.clock(),
        )

    def _watched(self, source: Source, strategy: searches.Strategy | None) -> Watched:
        if strategy is None:
            return Watched({}, {})
        return watched_records(self.review, strategy.source_id, by_pmid=source.service is Service.PUBMED)

    def _fetch(
        self, source: Source, client: SourceClient, ids: tuple[str, ...], staging: Staging
    ) -> tuple[str, ...]:
        """Stage every record of ``ids``; gives those the source did not deliver."""
        missing: list[str] = []
        done = 0
        for batch in staging.batches(client, ids) if ids else ():
            done += len(batch.asked)
            missing += batch.missing
            self.progress(source.name, done, len(ids))
            self.journal.write(
                "fetched", source=source.key, records=len(batch.records), missing=batch.missing
            )
        return tuple(missing)

    def apply(self, change: Change, round_id: int, plan: SourcePlan) -> _Applied:
        client = self.clients.of(plan.source.service)
        strategy = searches.strategy(change.sql, plan.source.key)
        if strategy is None:  # the protocol in force was kept before this change began
            message = f"source {plan.source.key} has no stored strategy"
            raise AssertionError(message)
        here, gone = searches.present(change.sql, strategy.source_id)
        run_id = searches.add_run(change, round_id, strategy.id, _facts(plan))
        new = 0
        seen: list[tuple[int, Citation]] = []
        for batch in self._staged(client, plan.source, plan.wanted):
            ids = records.add(change, run_id, strategy.source_id, batch.records)
            searches.add_hits(change, run_id, "new", ids)
            seen += with_notices(zip(ids, batch.records, strict=True))
            new += len(ids)
        revised = 0
        known = here | gone
        numbers = plan.watched.others | known
        for batch in self._staged(client, plan.source, plan.watched.ids, plan.started):
            own = [r for r in batch.records if r.accession in known]
            revised += sum(records.revise(change, run_id, known[r.accession], r) for r in own)
            seen += with_notices((numbers[r.accession], r) for r in batch.records)
        searches.add_hits(change, run_id, "gone", [here[i] for i in plan.gone])
        searches.add_hits(change, run_id, "back", [gone[i] for i in plan.back])
        searches.add_missing(change, run_id, plan.told)
        update = SourceUpdate(
            source=plan.source.key,
            name=plan.source.name,
            found=plan.answer.count,
            new=new,
            gone=len(plan.gone),
            back=len(plan.back),
            revised=revised,
            notices=0,  # raised when the reports are formed
            missing=plan.missing,
            lost=plan.lost,
            doubts=plan.answer.warnings,
        )
        return _Applied(update, run_id, tuple(seen))

    def _staged(
        self, client: SourceClient, source: Source, ids: tuple[str, ...], day: datetime | None = None
    ) -> Iterable[Batch]:
        """The batches that planning has put on disk, one at a time: a harvest never stands in memory whole."""
        return self.staging(source, day).batches(client, ids) if ids else ()


def _facts(plan: SourcePlan) -> searches.RunFacts:
    return searches.RunFacts(
        how="network",
        searched_on=plan.started.date().isoformat(),
        query_sent=plan.source.strategy,
        found=plan.answer.count,
        known=plan.answer.count - len(plan.wanted),
        started_at=plan.started.isoformat(timespec="seconds"),
        finished_at=plan.finished.isoformat(timespec="seconds"),
        translation=plan.answer.translation,
        translation_set=plan.answer.translation_set,
        ids_sha256=hashlib.sha256(",".join(plan.answer.ids).encode()).hexdigest(),
        db_build=plan.answer.db_build,
        warnings=plan.answer.warnings,
    )
