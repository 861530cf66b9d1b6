"""PubMed as a source, against the stand-in for E-utilities on loopback and all its ways to fail."""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from curation.errors import Configuration, SourceFailed, TryAgain
from curation.sources.http import Door, DoorSettings
from curation.sources.pubmed import PubMed, parse_batch
from curation.sources.pubmed_xml import Incomplete
from curation.sources.standin import Corpus, Entry, Fault, FaultKind, StandIn

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "0123456789abcdef"
BODIES = [
    FaultKind.STATUS_500,
    FaultKind.BAD_GATEWAY,
    FaultKind.HTML_200,
    FaultKind.FORWARDING,
    FaultKind.PROXY_FAILED,
    FaultKind.RESET,
    FaultKind.CUT_BODY,
    FaultKind.LOST_BODY,
]


def entry(pmid: int, title: str = "Radiomics of the spine") -> Entry:
    xml = (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><Article><ArticleTitle>{title}'
        "</ArticleTitle></Article></MedlineCitation></PubmedArticle>"
    )
    return Entry(pmid, xml.encode(), titles=(title,))


SMALL = Corpus(entry(99_000_000 + n) for n in (3, 1, 2, 11, 100))
IDS = ("99000001", "99000002", "99000003", "99000011", "99000100")


@contextmanager
def pubmed(server: StandIn, *, tries: int = 3, key: str | None = None) -> Iterator[PubMed]:
    settings = DoorSettings("livrev-test", tries=tries, backoff=0, per_second=1000, read_timeout=5)
    with Door(settings) as door:
        yield PubMed(door, server.url, email="team@example.org", api_key=key)


def test_a_search_gives_every_number_in_order_and_what_prisma_s_asks_for() -> None:
    with StandIn(SMALL) as server, pubmed(server) as source:
        answer = source.search("spine[ti]")
        assert answer.ids == IDS
        assert answer.count == 5
        assert answer.translation
        assert answer.db_build == SMALL.build
        assert answer.warnings == ()
        assert all(r.params["tool"] == "livrev" for r in server.requests)
        assert all(r.params["email"] == "team@example.org" for r in server.requests)


def test_nothing_found_is_a_result() -> None:
    with StandIn(SMALL) as server, pubmed(server) as source:
        answer = source.search("femur[ti]")
        assert (answer.count, answer.ids, answer.warnings) == (0, (), ())


def test_a_dry_run_counts_without_numbers() -> None:
    with StandIn(SMALL) as server, pubmed(server) as source:
        counted = source.count("spine[ti]")
        assert counted.count == 5
        assert counted.translation
        assert [r.params["retmax"] for r in server.requests] == ["0"]


def test_a_long_strategy_is_posted_and_a_short_one_is_not() -> None:
    long = " OR ".join(["spine[ti]"] * 200)
    with StandIn(SMALL) as server, pubmed(server) as source:
        assert source.search(long).ids == source.search("spine[ti]").ids
        assert [r.method for r in server.requests if r.path == "esearch.fcgi"] == ["POST", "GET"]


def test_past_the_wall_the_numbers_are_found_part_by_part() -> None:
    numbers = [*range(1, 6_001), *range(30_000_000, 30_007_500), *range(99_000_000, 99_000_500)]
    with StandIn(Corpus(entry(n) for n in numbers)) as server, pubmed(server) as source:
        answer = source.search("spine[ti]")
        assert answer.count == len(numbers)
        assert answer.ids == tuple(str(n) for n in numbers)
        assert "[UID]" not in answer.translation
        assert len(server.requests) < 15


def test_numbers_that_do_not_add_up_fail_the_search() -> None:
    numbers = range(1, 12_001)
    with StandIn(Corpus(entry(n) for n in numbers)) as server, pubmed(server) as source:
        lost = Fault(FaultKind.OMITTED_IDS, times=None, path="esearch", pmids=frozenset({5}))
        server.play(Fault(FaultKind.OMITTED_IDS, path="esearch"), lost)
        with pytest.raises(SourceFailed, match=r"counted 12000 records and gave 11999 numbers"):
            source.search("spine[ti]")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("radiomic5[ti] OR spine[ti]", "phrase not found: radiomic5"),
        ('"no such phrase"[ti] OR spine[ti]', 'quoted phrase not found: "no such phrase"'),
        ("spine[nofield]", "field not found: nofield"),
    ],
)
def test_a_search_that_was_not_understood_has_failed_though_it_found_records(query: str, named: str) -> None:
    with StandIn(SMALL, strict_phrases=True) as server, pubmed(server) as source:
        with pytest.raises(SourceFailed) as caught:
            source.search(query)
        assert named in caught.value.message
        with pytest.raises(SourceFailed):
            source.count(query)


@pytest.mark.parametrize("kind", [*BODIES, FaultKind.BACKEND_FAILED])
def test_a_search_outlives_what_passes_and_ends_at_what_does_not(kind: FaultKind) -> None:
    with StandIn(SMALL) as server, pubmed(server) as source:
        server.play(Fault(kind, times=2, path="esearch", at_byte=30))
        assert source.search("spine[ti]").ids == IDS
        server.play(Fault(kind, times=None, path="esearch", at_byte=30))
        with pytest.raises(TryAgain, match=r"after 3 tries; run the same command again later"):
            source.search("spine[ti]")


@pytest.mark.parametrize("kind", [*BODIES, FaultKind.PROLOG_ONLY])
def test_a_batch_is_whole_or_asked_for_again(kind: FaultKind) -> None:
    with StandIn(SMALL) as server, pubmed(server) as source:
        server.play(Fault(kind, times=2))
        [batch] = source.fetch(IDS)
        assert tuple(r.accession for r in batch.records) == IDS
        assert batch.missing == ()
        server.play(Fault(kind, times=None))
        with pytest.raises(TryAgain, match=r"after 3 tries"):
            list(source.fetch(IDS))


def test_too_fast_is_waited_for_as_long_as_the_server_asks() -> None:
    with StandIn(SMALL) as server, pubmed(server) as source:
        server.play(Fault(FaultKind.TOO_MANY_REQUESTS, times=2, path="", retry_after=0))
        assert source.search("spine[ti]").ids == IDS


def test_records_come_in_batches_by_post() -> None:
    with StandIn(SMALL) as server, pubmed(server) as source:
        batches = list(source.fetch(IDS, batch=2))
        assert [b.asked for b in batches] == [IDS[:2], IDS[2:4], IDS[4:]]
        assert [r.accession for b in batches for r in b.records] == list(IDS)
        assert {(r.method, r.path) for r in server.requests} == {("POST", "efetch.fcgi")}


def test_numbers_that_are_gone_are_reported_missing() -> None:
    with StandIn(SMALL) as server, pubmed(server) as source:
        [batch] = source.fetch(["99000001", "99999998", "99000002", "99999999"])
        assert tuple(r.accession for r in batch.records) == ("99000001", "99000002")
        assert batch.missing == ("99999998", "99999999")
        [nothing] = source.fetch(["99999999"])
        assert (nothing.records, nothing.missing) == ((), ("99999999",))


def test_numbers_that_are_none_are_refused() -> None:
    with StandIn(SMALL) as server, pubmed(server) as source:
        with pytest.raises(SourceFailed, match=r"HTTP 400.*ID list is empty"):
            list(source.fetch(["0"]))
        assert len(server.requests) == 1


def test_a_staged_batch_can_be_read_again() -> None:
    with StandIn(SMALL) as server, pubmed(server) as source:
        [batch] = source.fetch(IDS)
    assert parse_batch(batch.body, batch.asked) == batch
    with pytest.raises(Incomplete):
        parse_batch(batch.body[:-40], batch.asked)
    with pytest.raises(SourceFailed, match="nobody asked for: 99000100"):
        parse_batch(batch.body, IDS[:-1])


def test_a_key_is_sent_and_a_bad_one_is_a_matter_of_configuration() -> None:
    with StandIn(SMALL, api_key=KEY) as server:
        with pubmed(server, key=KEY) as source:
            assert source.search("spine[ti]").ids == IDS
        before = len(server.requests)
        with pubmed(server, key="wrong-key-1") as source, pytest.raises(Configuration) as caught:
            source.search("spine[ti]")
        assert len(server.requests) == before + 1
    assert "NCBI_API_KEY" in caught.value.message
    assert "wrong-key-1" not in "".join(traceback.format_exception(caught.value))


def test_an_empty_query_is_refused_at_once() -> None:
    with StandIn(SMALL) as server, pubmed(server) as source:
        with pytest.raises(SourceFailed, match="Empty term"):
            source.count(" ")
        assert len(server.requests) == 1
