"""A search far past the wall: harvested complete and politely, in good days and bad ones, in flat memory.

Time is virtual and shared with the stand-in, whose own note of each request is what the pace is judged by.
"""

from __future__ import annotations

import itertools
import random
import tracemalloc
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from curation.sources.http import Door, DoorSettings
from curation.sources.pubmed import MOST_IDS, PubMed
from curation.sources.standin import PASSING, Corpus, Entry, Fault, FaultKind, Manners, RandomFaults, StandIn
from curation.store.pace import SharedPace
from curation.tasks.network import PACE
from curation.tasks.staging import Staging

QUERY = "spine[ti]"
LIMIT = 3  # requests a second that NCBI allows without a key
MANY, SOME, FEW = 60_000, 12_000, 4_000
SEED = 20_261_102
# Measured 4.6 MB: one batch as it is sent, packed, unpacked and parsed, by both sides of the line, and the numbers.
FLAT_MEGABYTES = 12.0


@dataclass
class VirtualTime:
    """A clock that only sleeping moves."""

    now: float = 1_000.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class NotedFaults(RandomFaults):
    """Random faults that remember which kinds they were."""

    def __init__(self, seed: int) -> None:
        # What only a search can meet comes first: searches are few.
        kinds = sorted(PASSING, key=lambda kind: kind is not FaultKind.BACKEND_FAILED)
        super().__init__(seed, every=10, kinds=kinds)
        self.played: list[FaultKind] = []
        self.asked = 0

    def next_for(self, tool: str, params: Mapping[str, str]) -> Fault | None:
        fault = super().next_for(tool, params)
        self.asked += 1
        if fault is not None:
            self.played.append(fault.kind)
        return fault


@dataclass
class Harvest:
    """What came of one search, in the order it came."""

    found: tuple[str, ...]
    records: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)


def entry(number: int) -> Entry:
    """One record of the search, with an abstract of about the usual length."""
    title = f"Spine study {number}"
    xml = (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{number}</PMID><Article><ArticleTitle>{title}'
        f"</ArticleTitle><Abstract><AbstractText>{'Of the spine. ' * 60}</AbstractText></Abstract></Article>"
        "</MedlineCitation></PubmedArticle>"
    )
    return Entry(number, xml.encode(), titles=(title,))


def numbers(count: int) -> list[int]:
    """PubMed numbers as they are: some old ones far apart, more and more towards today's."""
    chance = random.Random(SEED)  # noqa: S311 - a corpus, no secret
    old = sorted(chance.sample(range(1, 42_000_000), count // 3))
    return [*old, *range(42_000_000, 42_000_000 + count - len(old))]


@contextmanager
def harvesting(count: int, faults: Sequence[RandomFaults] = ()) -> Iterator[tuple[StandIn, PubMed]]:
    at = VirtualTime()
    corpus = Corpus(map(entry, numbers(count)))
    manners = Manners(rate_limit=LIMIT, clock=at.clock, sleep=at.sleep)
    chance = random.Random(SEED)  # noqa: S311 - spreads waits, guards nothing
    with (
        StandIn.with_manners(corpus, manners, faults=faults) as server,
        closing(SharedPace(None, at.clock, at.sleep)) as pace,
        Door(
            DoorSettings("livrev-test", per_second=PACE),
            pace,
            clock=at.clock,
            sleep=at.sleep,
            uniform=chance.uniform,
        ) as door,
    ):
        yield server, PubMed(door, server.url, email="team@example.org")


def harvest(source: PubMed, folder: Path, batch: int = 200) -> Harvest:
    """Search, and take every batch to disk as an update does."""
    done = Harvest(source.search(QUERY).ids)
    staging = Staging(folder, batch)
    for one in staging.batches(source, done.found):
        done.records += [record.accession for record in one.records]
        done.missing += one.missing
        if tracemalloc.is_tracing():
            done.peaks.append(tracemalloc.get_traced_memory()[1])
    return done


def most_in_a_second(server: StandIn) -> int:
    times = sorted(request.at for request in server.requests)
    return max(bisect_left(times, begin + 1) - place for place, begin in enumerate(times))


def complete(done: Harvest, count: int) -> None:
    """Everything once, nothing twice, nothing missing."""
    expected = [str(number) for number in numbers(count)]
    assert list(done.found) == expected
    assert sorted(done.records, key=int) == expected
    assert done.missing == []


@pytest.mark.slow
def test_sixty_thousand_records_are_harvested_whole_and_politely(tmp_path: Path) -> None:
    with harvesting(MANY) as (server, source):
        complete(harvest(source, tmp_path), MANY)
        assert most_in_a_second(server) <= LIMIT
        assert MANY / 200 < len(server.requests) < MANY / 200 + 60


@pytest.mark.slow
def test_sixty_thousand_records_come_whole_through_faults_of_every_kind(tmp_path: Path) -> None:
    faults = NotedFaults(SEED)
    with harvesting(MANY, [faults]) as (server, source):
        complete(harvest(source, tmp_path), MANY)
        assert most_in_a_second(server) <= LIMIT
    assert set(faults.played) == set(PASSING)
    assert len(faults.played) > faults.asked / 15


@pytest.mark.parametrize("seed", [SEED, 7])
def test_a_harvest_through_faults_of_every_kind_loses_nothing(tmp_path: Path, seed: int) -> None:
    faults = NotedFaults(seed)
    assert SOME > MOST_IDS
    with harvesting(SOME, [faults]) as (server, source):
        complete(harvest(source, tmp_path, batch=50), SOME)
        assert most_in_a_second(server) <= LIMIT
    assert set(faults.played) == set(PASSING)


def test_memory_stays_flat_while_batches_go_to_disk(tmp_path: Path) -> None:
    with harvesting(FEW) as (_, source):
        tracemalloc.start(1)
        try:
            done = harvest(source, tmp_path)
        finally:
            tracemalloc.stop()
    assert len(done.peaks) == FEW / 200
    assert done.peaks[-1] < FLAT_MEGABYTES * 1e6, f"{done.peaks[-1] / 1e6:.1f} MB"
    growth = done.peaks[-1] - done.peaks[len(done.peaks) // 2]
    assert growth < 0.1 * FLAT_MEGABYTES * 1e6, "the second half adds the numbers of its records alone"


def test_a_harvest_that_was_killed_goes_on_where_it_was_though_pubmed_has_changed(tmp_path: Path) -> None:
    with harvesting(SOME) as (server, source):
        ids = source.search(QUERY).ids
        first = list(itertools.islice(Staging(tmp_path).batches(source, ids), 20))
        server.corpus = server.corpus.with_entries(entry(1), entry(2)).without(int(ids[-1]), int(ids[4_000]))
        before = len(server.requests)
        done = harvest(source, tmp_path)
        fetched = sum(request.path == "efetch.fcgi" for request in server.requests[before:])
    assert done.records == sorted({"1", "2", *ids} - {ids[-1], ids[4_000]}, key=int)
    assert [r.accession for one in first for r in one.records] == list(ids[:4_000])
    assert fetched == 41, "one for the two new ones before the staged batches, forty for all after them"


def test_a_batch_with_a_number_that_is_not_wanted_any_more_is_fetched_again(tmp_path: Path) -> None:
    with harvesting(SOME) as (server, source):
        ids = source.search(QUERY).ids[:600]
        assert len(list(Staging(tmp_path).batches(source, ids))) == 3
        before = len(server.requests)
        kept = [number for number in ids if number != ids[300]]
        again = list(Staging(tmp_path).batches(source, kept))
        assert [len(batch.records) for batch in again] == [200, 199, 200]
        assert len(server.requests) == before + 1
