"""Searches the sources that answer over the network: plan, then apply in one transaction.

The whole query runs each time and its numbers are compared with the ledger (a date window loses about one
record in twenty); only records the store does not have are fetched. Killed anywhere, the store is as it was,
and running it again gives what one clean run gives.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from curation.errors import SourceFailed, Usage
from curation.model import SourceRecord
from curation.protocol import Service, Source
from curation.sources.pubmed import PubMed, SearchAnswer
from curation.store import records, searches
from curation.store.connect import Change, Stamp
from curation.store.lock import exclusive
from curation.tasks.dedupe import Deduplicated, apply_rules
from curation.tasks.review import Review
from curation.tasks.staging import Staging


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """What one search found, set against the ledger. Nothing of it is stored yet."""

    source: Source
    answer: SearchAnswer
    new: tuple[SourceRecord, ...]
    gone: tuple[str, ...]
    back: tuple[str, ...]
    missing: tuple[str, ...]
    started: datetime
    finished: datetime


@dataclass(frozen=True, slots=True)
class SourceUpdate:
    """What one source brought."""

    source: str
    found: int
    new: int
    gone: int
    back: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Updated:
    """What an update did."""

    round: int
    sources: tuple[SourceUpdate, ...]
    duplicates: Deduplicated

    @property
    def warnings(self) -> tuple[str, ...]:
        """What people should look at, though the update is done."""
        return tuple(
            f"{s.source}: {len(s.missing)} records were found but not delivered (deleted or merged?): "
            f"{', '.join(s.missing[:5])}; they are asked for again next time"
            for s in self.sources
            if s.missing
        )


@dataclass(frozen=True, slots=True)
class Previewed:
    """What a search would find, without storing it."""

    source: str
    query: str
    translation: str
    found: int
    known: int


def update(
    review: Review,
    pubmed: PubMed,
    clock: Callable[[], datetime],
    stamp: Stamp,
    *,
    only: Iterable[str] = (),
    allow_empty: bool = False,
) -> Updated:
    """Run every network source (or those in ``only``) and apply what came, in one transaction.

    Raises TryAgain when another update runs or the network fails, SourceFailed when an answer cannot be
    trusted: an alarm that names the flag which overrides it. Then nothing was stored.
    """
    sources = _sources(review, only)
    with exclusive(review.folder / ".livrev"):
        plans = [_plan(review, pubmed, source, clock) for source in sources]
        for plan in plans:
            _alarm(review, plan, allow_empty=allow_empty)
        with review.change(stamp) as change:
            number = searches.open_round(change)
            done = tuple(_apply(change, number.id, plan) for plan in plans)
            duplicates = apply_rules(change)
        for source in sources:
            _staging(review, source).clear()
    return Updated(number.number, done, duplicates)


def preview(review: Review, pubmed: PubMed, only: Iterable[str] = ()) -> tuple[Previewed, ...]:
    """What each network source would find; nothing is stored."""
    found = []
    for source in _sources(review, only):
        answer = pubmed.count(source.strategy)
        strategy = searches.strategy(review.sql, source.key)
        known = len(searches.present(review.sql, strategy.source_id)[0]) if strategy else 0
        found.append(Previewed(source.key, source.strategy, answer.translation, answer.count, known))
    return tuple(found)


def _sources(review: Review, only: Iterable[str]) -> tuple[Source, ...]:
    network = {s.key: s for s in review.protocol.sources if s.service is Service.PUBMED}
    wanted = tuple(only) or tuple(network)
    for key in wanted:
        if key not in network:
            message = f"{key!r} is no source that is searched over the network (known: {', '.join(network) or 'none'})"
            raise Usage(message)
    if not wanted:
        message = 'no source of review.toml has service = "pubmed"; take export files in with livrev import'
        raise Usage(message)
    return tuple(network[key] for key in wanted)


def _plan(review: Review, pubmed: PubMed, source: Source, clock: Callable[[], datetime]) -> SourcePlan:
    started = clock()
    answer = pubmed.search(source.strategy)
    here, gone = _ledger(review, source)
    found = set(answer.ids)
    wanted = [number for number in answer.ids if number not in here and number not in gone]
    new: list[SourceRecord] = []
    missing: list[str] = []
    for batch in _staging(review, source).batches(pubmed, wanted):
        new += batch.records
        missing += batch.missing
    return SourcePlan(
        source=source,
        answer=answer,
        new=tuple(new),
        gone=tuple(sorted(set(here) - found, key=int)),
        back=tuple(sorted(set(gone) & found, key=int)),
        missing=tuple(missing),
        started=started,
        finished=clock(),
    )


def _ledger(review: Review, source: Source) -> tuple[dict[str, int], dict[str, int]]:
    strategy = searches.strategy(review.sql, source.key)
    return searches.present(review.sql, strategy.source_id) if strategy else ({}, {})


def _staging(review: Review, source: Source) -> Staging:
    return Staging(review.folder / ".livrev" / "staging" / source.key)


def _alarm(review: Review, plan: SourcePlan, *, allow_empty: bool) -> None:
    before = len(_ledger(review, plan.source)[0])
    if before and plan.answer.count == 0 and not allow_empty:
        message = (
            f"{plan.source.key}: the search found nothing where it had found {before}; nothing was stored. "
            "Look at the query; if it is right, run again with --allow-empty"
        )
        raise SourceFailed(message)


def _apply(change: Change, round_id: int, plan: SourcePlan) -> SourceUpdate:
    strategy = searches.strategy(change.sql, plan.source.key)
    if strategy is None:  # the protocol in force was kept before this change began
        message = f"source {plan.source.key} has no stored strategy"
        raise AssertionError(message)
    here, gone = searches.present(change.sql, strategy.source_id)
    ids = ",".join(plan.answer.ids)
    run_id = searches.add_run(
        change,
        round_id,
        strategy.id,
        searches.RunFacts(
            how="network",
            searched_on=plan.started.date().isoformat(),
            query_sent=plan.source.strategy,
            found=plan.answer.count,
            known=plan.answer.count - len(plan.new) - len(plan.missing),
            started_at=plan.started.isoformat(timespec="seconds"),
            finished_at=plan.finished.isoformat(timespec="seconds"),
            translation=plan.answer.translation,
            ids_sha256=hashlib.sha256(ids.encode()).hexdigest(),
            db_build=plan.answer.db_build,
            warnings=plan.answer.warnings,
        ),
    )
    new = records.add(change, run_id, strategy.source_id, plan.new)
    searches.add_hits(change, run_id, "new", new)
    searches.add_hits(change, run_id, "gone", [here[number] for number in plan.gone])
    searches.add_hits(change, run_id, "back", [gone[number] for number in plan.back])
    return SourceUpdate(
        plan.source.key, plan.answer.count, len(new), len(plan.gone), len(plan.back), plan.missing
    )
