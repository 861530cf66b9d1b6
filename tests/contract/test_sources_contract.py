"""What every source promises, held against each of them: PubMed and Europe PMC, on loopback, in good and bad days."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import pytest

from curation.errors import SourceFailed, TryAgain
from curation.sources import europepmc, pubmed
from curation.sources.europepmc import EuropePmc
from curation.sources.http import Door, DoorSettings
from curation.sources.pubmed import Batch, CountAnswer, PubMed, SearchAnswer
from curation.sources.pubmed_xml import Incomplete
from curation.sources.standin import Corpus, Entry, Fault, FaultKind, StandIn
from curation.sources.standin.services import Holdings, Services

KEY = "0123456789abcdef"
EMAIL = "team@example.org"
TRIES = 3
SOME = (3, 1, 2, 11, 100)
PASSING = [
    FaultKind.STATUS_500,
    FaultKind.BAD_GATEWAY,
    FaultKind.HTML_200,
    FaultKind.FORWARDING,
    FaultKind.RESET,
    FaultKind.CUT_BODY,
    FaultKind.LOST_BODY,
    FaultKind.WRONG_LENGTH,
]


class Source(Protocol):
    def search(self, query: str) -> SearchAnswer: ...
    def count(self, query: str) -> CountAnswer: ...
    def fetch(self, ids: Sequence[str], batch: int = ...) -> Iterator[Batch]: ...
    def told(self, ids: Sequence[str]) -> Mapping[str, str]: ...


@dataclass
class Unpaced:
    """Waits for nobody, and keeps who was asked."""

    hosts: list[str] = field(default_factory=list)

    def wait(self, host: str, per_second: float) -> None:
        assert per_second > 0
        self.hosts.append(host)


@dataclass(frozen=True)
class Bench:
    """A source and the server it asks. ``search_at`` and ``fetch_at``: begin of the path, and name of its faults."""

    source: Source
    server: StandIn
    number: Callable[[int], str]
    parse: Callable[[bytes, Sequence[str]], Batch]
    search_at: tuple[str, str]
    fetch_at: tuple[str, str]
    all: str
    none: str
    misread: tuple[str, str]
    nonsense: str

    @property
    def ids(self) -> tuple[str, ...]:
        """Numbers of the records of ``SOME``, in the order a search promises."""
        return self.numbers(sorted(SOME))

    def numbers(self, which: Sequence[int]) -> tuple[str, ...]:
        return tuple(map(self.number, which))

    def asked(self, at: tuple[str, str]) -> int:
        return sum(r.path.startswith(at[0]) for r in self.server.requests)

    def spoil(self, kind: FaultKind, at: tuple[str, str], times: int | None) -> None:
        self.server.play(Fault(kind, times=times, path=at[1], at_byte=30))


def door() -> Door:
    settings = DoorSettings("livrev-test", tries=TRIES, backoff=0, read_timeout=5, secrets=(KEY,))
    return Door(settings, Unpaced(), clock=time.monotonic)


@contextmanager
def pubmed_bench(which: Sequence[int]) -> Iterator[Bench]:
    def entry(number: int) -> Entry:
        title = "Radiomics of the spine"
        xml = (
            f'<PubmedArticle><MedlineCitation><PMID Version="1">{99_000_000 + number}</PMID><Article>'
            f"<ArticleTitle>{title}</ArticleTitle></Article></MedlineCitation></PubmedArticle>"
        )
        return Entry(99_000_000 + number, xml.encode(), titles=(title,))

    with StandIn(Corpus(map(entry, which)), api_key=KEY, strict_phrases=True) as server, door() as network:
        yield Bench(
            source=PubMed(network, server.url, email=EMAIL, api_key=KEY),
            server=server,
            number=lambda number: str(99_000_000 + number),
            parse=pubmed.parse_batch,
            search_at=("esearch", "esearch"),
            fetch_at=("efetch", "efetch"),
            all="spine[ti]",
            none="spine[ti] NOT radiomics[ti]",
            misread=("spine[nofield]", "nofield"),
            nonsense="0",
        )


@contextmanager
def europepmc_bench(which: Sequence[int]) -> Iterator[Bench]:
    def source_of(number: int) -> str:
        return "MED" if number % 2 else "PPR"

    def id_of(number: int) -> str:
        return str(number) if number % 2 else f"PPR{number}"

    held = tuple(
        {"id": id_of(number), "source": source_of(number), "title": "Radiomics of the spine"}
        for number in which
    )
    with Services(Holdings(records=held)) as server, door() as network:
        yield Bench(
            source=EuropePmc(network, server.europepmc_url, email=EMAIL),
            server=server,
            number=lambda number: f"{source_of(number)}:{id_of(number)}",
            parse=europepmc.parse_batch,
            search_at=("europepmc/search", "search"),
            fetch_at=("europepmc/searchPOST", "fetch"),
            all="TITLE:spine",
            none="TITLE:spine NOT TITLE:radiomics",
            misread=("spine[ti]", "[ti]"),
            nonsense="32167152",
        )


BENCHES = {"PubMed": pubmed_bench, "Europe PMC": europepmc_bench}


@pytest.fixture(params=BENCHES)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with BENCHES[request.param](SOME) as made:
        yield made


def test_a_search_gives_every_number_once_and_always_in_the_same_order(bench: Bench) -> None:
    answer = bench.source.search(bench.all)
    assert set(answer.ids) == set(bench.ids)
    assert len(answer.ids) == answer.count == len(SOME)
    assert answer.translation
    assert bench.source.search(bench.all) == answer


@pytest.mark.parametrize(("name", "many"), [("PubMed", 10_500), ("Europe PMC", 2_500)])
def test_a_search_is_complete_past_what_one_answer_holds(name: str, many: int) -> None:
    with BENCHES[name](range(1, many + 1)) as bench:
        answer = bench.source.search(bench.all)
        assert answer.count == len(answer.ids) == many
        assert set(answer.ids) == set(bench.numbers(range(1, many + 1)))
        assert bench.asked(bench.search_at) < many / 100
        assert bench.source.search(bench.all) == answer


@pytest.mark.parametrize(("name", "many"), [("PubMed", 10_500), ("Europe PMC", 2_500)])
def test_a_search_over_a_source_that_changes_adds_up_or_fails(name: str, many: int) -> None:
    with BENCHES[name](range(1, many + 1)) as bench:
        path = bench.search_at[1]
        number = int("".join(c for c in bench.number(5) if c.isdigit()))
        for true, lost in ((1, 1), (2, 1), (1, 40)):
            gone = Fault(FaultKind.OMITTED_IDS, times=lost, path=path, pmids=frozenset({number}))
            bench.server.play(Fault(FaultKind.OMITTED_IDS, times=true, path=path), gone)
            try:
                answer = bench.source.search(bench.all)
            except SourceFailed:
                continue
            assert len(answer.ids) == answer.count
            assert set(bench.numbers(range(1, many + 1))) - set(answer.ids) <= {bench.number(5)}


def test_the_numbers_of_a_search_are_in_the_order_of_numbers(bench: Bench) -> None:
    ids = bench.source.search(bench.all).ids
    by_source: dict[str, list[int]] = {}
    for one in ids:
        source, _, number = one.rpartition(":")
        by_source.setdefault(source, []).append(int(number.removeprefix("PPR")))
    assert [s for s, _ in sorted(by_source.items())] == list(by_source)
    assert all(numbers == sorted(numbers) for numbers in by_source.values())


def test_a_count_is_the_count_of_the_search_and_one_request(bench: Bench) -> None:
    counted = bench.source.count(bench.all)
    assert bench.asked(bench.search_at) == 1
    answer = bench.source.search(bench.all)
    assert (counted.count, counted.translation) == (answer.count, answer.translation)


def test_a_search_within_one_answer_is_one_request(bench: Bench) -> None:
    bench.source.search(bench.all)
    assert bench.asked(bench.search_at) == 1


def test_nothing_found_is_a_result(bench: Bench) -> None:
    answer = bench.source.search(bench.none)
    assert (answer.count, answer.ids, answer.warnings) == (0, (), ())
    assert bench.source.count(bench.none).count == 0


def test_a_long_query_finds_the_same(bench: Bench) -> None:
    long = " OR ".join([f"({bench.all})"] * 300)
    assert bench.source.search(long).ids == bench.source.search(bench.all).ids


def test_every_record_asked_for_comes_under_its_number(bench: Bench) -> None:
    batches = list(bench.source.fetch(bench.ids, batch=2))
    assert [one.asked for one in batches] == [bench.ids[:2], bench.ids[2:4], bench.ids[4:]]
    assert all(one.missing == () for one in batches)
    for one in batches:
        assert {record.accession for record in one.records} == set(one.asked)
        assert all(record.raw and record.raw_format for record in one.records)
        assert all(record.citation.title == "Radiomics of the spine" for record in one.records)


def test_a_record_fetched_again_is_the_same_to_the_byte(bench: Bench) -> None:
    first = {r.accession: r.raw for one in bench.source.fetch(bench.ids) for r in one.records}
    again = {r.accession: r.raw for one in bench.source.fetch(bench.ids[::-1], batch=1) for r in one.records}
    assert first == again
    assert len(first) == len(SOME)


def test_what_does_not_come_is_reported_missing(bench: Bench) -> None:
    gone = bench.numbers([77, 78])
    wanted = (bench.ids[0], gone[0], bench.ids[1], gone[1])
    [batch] = bench.source.fetch(wanted)
    assert {record.accession for record in batch.records} == set(bench.ids[:2])
    assert batch.missing == gone
    [nothing] = bench.source.fetch(gone)
    assert (nothing.records, nothing.missing) == ((), gone)
    told = bench.source.told((*gone, bench.ids[0]))
    assert list(told) == [*gone, bench.ids[0]]
    assert "not in" in told[gone[0]]
    assert "after all" in told[bench.ids[0]]


def test_what_is_no_number_of_the_source_is_refused(bench: Bench) -> None:
    with pytest.raises(SourceFailed):
        list(bench.source.fetch([bench.nonsense]))


@pytest.mark.parametrize("kind", PASSING)
def test_a_failed_search_is_never_an_empty_result(bench: Bench, kind: FaultKind) -> None:
    bench.spoil(kind, bench.search_at, times=TRIES - 1)
    assert set(bench.source.search(bench.all).ids) == set(bench.ids)
    for ask in (bench.source.search, bench.source.count):
        bench.spoil(kind, bench.search_at, times=None)
        before = bench.asked(bench.search_at)
        with pytest.raises(TryAgain, match=r"after 3 tries; run the same command again later"):
            ask(bench.all)
        assert bench.asked(bench.search_at) - before == TRIES


@pytest.mark.parametrize("kind", [*PASSING, FaultKind.PROLOG_ONLY])
def test_a_batch_is_whole_or_none(bench: Bench, kind: FaultKind) -> None:
    bench.spoil(kind, bench.fetch_at, times=TRIES - 1)
    [batch] = bench.source.fetch(bench.ids)
    assert {record.accession for record in batch.records} == set(bench.ids)
    bench.spoil(kind, bench.fetch_at, times=None)
    before = bench.asked(bench.fetch_at)
    with pytest.raises(TryAgain, match="after 3 tries"):
        list(bench.source.fetch(bench.ids))
    # A source may ask for less where an answer stays cut, down to single records.
    assert bench.asked(bench.fetch_at) - before <= TRIES * 2 * len(SOME)


def test_too_fast_is_waited_for_as_long_as_the_server_asks(bench: Bench) -> None:
    bench.server.play(Fault(FaultKind.TOO_MANY_REQUESTS, times=2, path="", retry_after=0))
    assert set(bench.source.search(bench.all).ids) == set(bench.ids)


def test_a_query_in_words_the_source_does_not_know_has_failed(bench: Bench) -> None:
    query, named = bench.misread
    for ask in (bench.source.search, bench.source.count):
        with pytest.raises(SourceFailed) as caught:
            ask(query)
        assert named in caught.value.message


def test_an_empty_query_is_refused(bench: Bench) -> None:
    with pytest.raises(SourceFailed):
        bench.source.search(" ")


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.STATUS_500, FaultKind.HTML_200])
def test_no_message_tells_the_key_or_whose_review_it_is(bench: Bench, kind: FaultKind) -> None:
    for at in (bench.search_at, bench.fetch_at):
        bench.spoil(kind, at, times=None)
        with pytest.raises(TryAgain) as caught:
            bench.source.search(bench.all) if at is bench.search_at else list(bench.source.fetch(bench.ids))
        shown = "".join(traceback.format_exception(caught.value))
        assert KEY not in shown
        assert EMAIL not in caught.value.message
        assert "\n" not in caught.value.message


def test_a_staged_batch_can_be_read_again(bench: Bench) -> None:
    [batch] = bench.source.fetch(bench.ids)
    assert bench.parse(batch.body, batch.asked) == batch
    with pytest.raises(Incomplete):
        bench.parse(batch.body[:-40], batch.asked)
    with pytest.raises(SourceFailed, match="nobody asked for"):
        bench.parse(batch.body, batch.asked[:-1])
