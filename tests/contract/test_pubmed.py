"""PubMed as a source, against the stand-in for E-utilities on loopback and all its ways to fail."""

from __future__ import annotations

import json
import logging
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

import pytest

from curation.errors import Configuration, Exit, LivrevError, SourceFailed, TryAgain
from curation.sources.http import Door, DoorSettings, Pace
from curation.sources.pubmed import PubMed, parse_batch
from curation.sources.pubmed_xml import Incomplete
from curation.sources.standin import Corpus, Entry, Fault, FaultKind, Request, StandIn

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


class Unpaced:
    """A pace for servers of one's own: nobody waits."""

    def wait(self, host: str, per_second: float) -> None:
        pass


@contextmanager
def asking(url: str, *, tries: int = 3, key: str | None = None, pace: Pace | None = None) -> Iterator[PubMed]:
    secrets = (key,) if key else ()
    settings = DoorSettings("livrev-test", tries=tries, backoff=0, read_timeout=5, secrets=secrets)
    with Door(settings, pace or Unpaced(), clock=time.monotonic) as door:
        yield PubMed(door, url, email="team@example.org", api_key=key)


@contextmanager
def pubmed(server: StandIn, *, tries: int = 3, key: str | None = None) -> Iterator[PubMed]:
    with asking(server.url, tries=tries, key=key) as source:
        yield source


def asked(server: StandIn, tool: str) -> list[Request]:
    return [request for request in server.requests if request.path == f"{tool}.fcgi"]


def test_a_search_gives_every_number_in_order_and_what_prisma_s_asks_for() -> None:
    with StandIn(SMALL) as server, pubmed(server) as source:
        answer = source.search("spine[ti]")
        assert answer.ids == IDS
        assert answer.count == 5
        assert answer.translation
        assert answer.db_build == SMALL.build
        assert answer.warnings == ()
        assert answer.translation_set == "[]", "a tagged term is not mapped"
        assert all(r.params["tool"] == "livrev" for r in server.requests)
        assert all(r.params["email"] == "team@example.org" for r in server.requests)


def test_up_to_the_wall_one_search_is_one_request() -> None:
    at_the_wall = Corpus(entry(n) for n in range(1, 10_000))
    with StandIn(at_the_wall) as server, pubmed(server) as source:
        assert source.search("spine[ti]").count == 9_999
        assert [r.path for r in server.requests] == ["einfo.fcgi", "esearch.fcgi"]


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


NUMBERS = range(1, 12_001)
PAST_THE_WALL = Corpus(entry(n) for n in NUMBERS)


def searches_of_one_harvest() -> int:
    """Requests that the parts of one search past the wall take."""
    with StandIn(PAST_THE_WALL) as server, pubmed(server) as source:
        source.search("spine[ti]")
        return len(asked(server, "esearch")) - 2


def losing(parts: int, times: int) -> tuple[Fault, ...]:
    """Parts of a search that leave record 5 out, though the whole is counted with it before and after."""
    whole = Fault(FaultKind.OMITTED_IDS, path="esearch")
    lost = Fault(FaultKind.OMITTED_IDS, times=parts, path="esearch", pmids=frozenset({5}))
    return (whole, *(lost, whole) * times)


def test_numbers_that_do_not_add_up_are_asked_for_again_and_then_fail_the_search() -> None:
    parts = searches_of_one_harvest()
    with StandIn(PAST_THE_WALL) as server, pubmed(server) as source:
        server.play(*losing(parts, times=2))
        assert source.search("spine[ti]").count == len(NUMBERS)
        server.play(*losing(parts, times=3))
        with pytest.raises(SourceFailed, match=r"counted 12000 records and gave 11999 numbers, 3 times"):
            source.search("spine[ti]")


class Arrivals:
    """A pace that adds a record to PubMed after each part of a search past the wall, ``times`` in all."""

    def __init__(self, server: StandIn, times: int) -> None:
        self.server, self.left = server, times

    def wait(self, host: str, per_second: float) -> None:
        assert host in self.server.url
        assert per_second > 0
        last = asked(self.server, "esearch")[-1:]
        if self.left and any("[UID]" in request.params["term"] for request in last):
            self.left -= 1
            self.server.corpus = self.server.corpus.with_entries(entry(50_000_000 + self.left))


def test_a_search_past_the_wall_begins_again_when_pubmed_changes_underneath() -> None:
    with StandIn(PAST_THE_WALL) as server, asking(server.url, pace=Arrivals(server, times=1)) as source:
        answer = source.search("spine[ti]")
        assert answer.ids == (*(str(n) for n in NUMBERS), "50000000")
        assert answer.count == len(NUMBERS) + 1


def test_a_search_under_which_pubmed_changes_each_time_fails_and_says_so() -> None:
    said = r"PubMed changed under each of 3 searches \(it counts 120\d\d "
    with (
        StandIn(PAST_THE_WALL) as server,
        asking(server.url, pace=Arrivals(server, times=1_000)) as source,
        pytest.raises(SourceFailed, match=said),
    ):
        source.search("spine[ti]")


def test_an_answer_with_fewer_numbers_than_it_counts_is_asked_for_again() -> None:
    with scripted(Said(200, found(count="2"))) as server, asking(server.url) as source:
        with pytest.raises(TryAgain, match="counted 2 records and gave 1 numbers, after 3 tries"):
            source.search("spine")
        assert len(server.asked) == 3


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
        server.play(Fault(kind, times=None, at_byte=100))
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
        assert [len(asked(server, tool)) for tool in ("efetch", "esummary")] == [2, 2]


def test_a_record_that_was_left_out_and_is_there_is_asked_for_again() -> None:
    with StandIn(SMALL) as server, pubmed(server) as source:
        server.play(Fault(FaultKind.OMITTED_IDS, times=2, pmids=frozenset({99_000_002})))
        [batch] = source.fetch([*IDS, "99999999"])
        assert tuple(r.accession for r in batch.records) == (
            "99000001",
            "99000003",
            "99000011",
            "99000100",
            "99000002",
        )
        assert batch.missing == ("99999999",)
        assert parse_batch(batch.body, batch.asked) == batch
        server.play(Fault(FaultKind.OMITTED_IDS, times=None, pmids=frozenset({99_000_002})))
        [batch] = source.fetch(IDS)
        assert batch.missing == ("99000002",), "it stays out: not for ever"


def test_pubmed_is_asked_what_became_of_records_that_did_not_come() -> None:
    with StandIn(SMALL) as server, pubmed(server) as source:
        assert source.told(["99000001", "99999999"]) == {
            "99000001": "in PubMed after all: Radiomics of the spine",
            "99999999": "not in PubMed any more",
        }
        before = len(server.requests)
        assert source.told([]) == {}
        assert len(server.requests) == before
    other = b'{"result":{"uids":["5"],"5":{"uid":"5","error":"being revised"}}}'
    with scripted(Said(200, other)) as said, asking(said.url) as source:
        assert source.told(["5", "6"]) == {"5": "PubMed says: being revised", "6": "not in PubMed any more"}


def cut_above(most: int) -> Callable[[Said, Mapping[str, str]], bytes]:
    """Answers as a server does that breaks off what is longer than ``most`` records."""

    def body(_: Said, params: Mapping[str, str]) -> bytes:
        ids = params["id"].split(",")
        whole = b"<PubmedArticleSet>" + b"".join(entry(int(i)).xml for i in ids) + b"</PubmedArticleSet>"
        return whole if len(ids) <= most else whole[:-30]

    return body


def test_a_batch_that_stays_cut_is_halved_until_it_comes_and_stays_small() -> None:
    ids = [str(n) for n in range(1, 25)]
    with scripted(Said(200, make=cut_above(3))) as server, asking(server.url, tries=2) as source:
        one, two = source.fetch(ids, batch=12)
        assert [r.accession for r in (*one.records, *two.records)] == ids
        assert (one.asked, one.missing) == (tuple(ids[:12]), ())
        assert parse_batch(one.body, one.asked) == one
        sizes = [len(params["id"].split(",")) for params in server.asked]
        assert sizes == [12, 12, 6, 6, 3, 3, 3, 3, 3, 3, 3, 3]


def test_a_record_that_is_cut_alone_ends_the_fetch() -> None:
    with scripted(Said(200, make=cut_above(0))) as server, asking(server.url, tries=2) as source:
        with pytest.raises(TryAgain, match=r"the XML ends early or is broken.*after 2 tries"):
            list(source.fetch(["1", "2", "3", "4"]))
        assert [len(params["id"].split(",")) for params in server.asked] == [4, 4, 2, 2, 1, 1]


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
        assert {r.method for r in server.requests} == {"POST"}, "no key stands in an address"
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


def test_no_key_is_told_in_messages_traces_logs_or_reprs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown = []
    with StandIn(SMALL, api_key="another") as server, pubmed(server, key=KEY, tries=2) as source:
        for kind in (None, *BODIES):
            server.play(*([Fault(kind, times=None, path="")] if kind else []))
            with pytest.raises(LivrevError) as caught:
                source.search("spine[ti]")
            shown += traceback.format_exception(caught.value)
            shown += [repr(caught.value), repr(source)]
    assert server.requests
    assert KEY not in "".join(shown) + caplog.text


# The error table: what NCBI answers, how it must end, and after how many requests.


@dataclass(frozen=True)
class Said:
    """One answer of a server that always says the same, or what ``make`` makes of the parameters."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    make: Callable[[Said, Mapping[str, str]], bytes] | None = None
    hangs_up: bool = False


@dataclass
class Scripted:
    """A server at ``url`` and the parameters it was asked with; einfo answers are not counted."""

    url: str
    asked: list[dict[str, str]]


@contextmanager
def scripted(said: Said) -> Iterator[Scripted]:
    seen: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            query += self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            if path.endswith("einfo.fcgi"):
                self._answer(Said(200, b'{"einforesult":{"dbinfo":[{"dbbuild":"Build-1"}]}}'), b"")
                return
            params = dict(parse_qsl(query))
            seen.append(params)
            if said.hangs_up:
                self.close_connection = True
                return
            self._answer(said, said.make(said, params) if said.make else b"")

        def do_POST(self) -> None:
            self.do_GET()

        def _answer(self, answer: Said, made: bytes) -> None:
            body = made or answer.body
            self.send_response(answer.status)
            for name, value in (("Content-Length", str(len(body))), *answer.headers):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Scripted(f"http://127.0.0.1:{listening.server_port}/", seen)
        finally:
            listening.shutdown()
            thread.join()


def found(**result: Any) -> bytes:  # noqa: ANN401 - any part of an esearch answer
    whole = {"count": "1", "idlist": ["5"], "querytranslation": "x"} | result
    return json.dumps({"header": {"type": "esearch", "version": "0.3"}, "esearchresult": whole}).encode()


def fetch_error(text: str) -> bytes:
    return f'<?xml version="1.0"?>\n<eFetchResult>\n\t<ERROR>{text}</ERROR>\n</eFetchResult>\n'.encode()


def search(source: PubMed) -> object:
    return source.search("spine")


def fetch(source: PubMed) -> object:
    return list(source.fetch(["5"]))


@dataclass(frozen=True)
class Row:
    """One row of the error table."""

    said: Said
    do: Callable[[PubMed], object]
    status: Exit
    requests: int
    line: str


TRIES = 3
TOO_FAST = b'{"error":"API rate limit exceeded","api-key":"%s","count":"4","limit":"3"}' % KEY.encode()
BAD_KEY = b'{"error":"API key invalid","api-key":"%s","type":"invalid",\n"status":"unknown"}' % KEY.encode()
WALL = "Search Backend failed: Exception:\n'retstart' cannot be larger than 9998."
PROLOG = b'<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "x" "y.dtd">\n'
PAGE = b"<html><head><title>NCBI/eutils202 - WWW Error 500 Diagnostic</title></head><body>Sorry</body></html>"
ERRORS = {
    "too fast": Row(
        Said(429, TOO_FAST, (("Retry-After", "0"),)), search, Exit.TRY_AGAIN, TRIES, "HTTP 429 Too Many Requests"
    ),
    "bad key": Row(Said(400, BAD_KEY), search, Exit.CONFIGURATION, 1, "unset NCBI_API_KEY"),
    "bad key under 200": Row(Said(200, BAD_KEY), search, Exit.CONFIGURATION, 1, "unset NCBI_API_KEY"),
    "malformed ids": Row(
        Said(400, fetch_error("ID list is empty! Possibly it has no correct IDs.")),
        fetch, Exit.FAILED, 1, "ID list is empty",
    ),
    "backend behind a proxy": Row(
        Said(400, fetch_error("proxy_stream(): Failed to connect to PubOne service")),
        fetch, Exit.TRY_AGAIN, TRIES, "proxy_stream",
    ),
    "search backend": Row(
        Said(200, found(ERROR="Search Backend failed: Database is not supported: pubmed")),
        search, Exit.TRY_AGAIN, TRIES, "Search Backend failed",
    ),
    "past the wall": Row(Said(200, found(ERROR=WALL)), search, Exit.FAILED, 1, "'retstart' cannot be larger"),
    "forwarding": Row(
        Said(200, b'{"error":"error forwarding request"}'), search, Exit.TRY_AGAIN, TRIES, "error forwarding request"
    ),
    "forwarding a fetch": Row(
        Said(200, b'{"error":"error forwarding request"}'), fetch, Exit.TRY_AGAIN, TRIES, "the XML ends early"
    ),
    "history expired": Row(
        Said(200, fetch_error("Unable to obtain query #1")), fetch, Exit.TRY_AGAIN, TRIES, "Unable to obtain query #1"
    ),
    "prolog only": Row(Said(200, PROLOG), fetch, Exit.TRY_AGAIN, TRIES, "no element found"),
    "a page for a search": Row(Said(200, PAGE), search, Exit.TRY_AGAIN, TRIES, "no JSON"),
    "a page for a fetch": Row(Said(200, PAGE), fetch, Exit.TRY_AGAIN, TRIES, "got <html>"),
    "a page under 500": Row(Said(500, PAGE), fetch, Exit.TRY_AGAIN, TRIES, "HTTP 500 Internal Server Error"),
    "truncated": Row(
        Said(200, PROLOG + b"<PubmedArticleSet>" + entry(5).xml), fetch, Exit.TRY_AGAIN, TRIES, "the XML ends early"
    ),
    "phrase not found": Row(
        Said(200, found(errorlist={"phrasesnotfound": ["radiomic5"], "fieldsnotfound": []})),
        search, Exit.FAILED, 1, "phrase not found: radiomic5",
    ),
    "field not found": Row(
        Said(200, found(errorlist={"phrasesnotfound": [], "fieldsnotfound": ["tiab2"]})),
        search, Exit.FAILED, 1, "field not found: tiab2",
    ),
    "quoted phrase not found": Row(
        Said(200, found(warninglist={"quotedphrasesnotfound": ['"no such"']})),
        search, Exit.FAILED, 1, 'quoted phrase not found: "no such"',
    ),
    "phrase ignored": Row(
        Said(200, found(warninglist={"phrasesignored": ["the"]})), search, Exit.FAILED, 1, "phrase ignored: the"
    ),
    "hung up": Row(Said(200, hangs_up=True), search, Exit.TRY_AGAIN, TRIES, "the connection failed"),
    "a record nobody asked for": Row(
        Said(200, b"<PubmedArticleSet>" + entry(6).xml + b"</PubmedArticleSet>"),
        fetch, Exit.FAILED, 1, "nobody asked for: 6",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_each_error_of_ncbis_ends_in_one_clear_line(name: str) -> None:
    row = ERRORS[name]
    with scripted(row.said) as server, asking(server.url, tries=TRIES, key=KEY) as source:
        with pytest.raises(LivrevError) as caught:
            row.do(source)
        assert len(server.asked) == row.requests
    assert caught.value.status is row.status
    assert row.line in caught.value.message
    assert "\n" not in caught.value.message
    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_nothing_found_is_told_apart_from_every_error() -> None:
    nothing = found(count="0", idlist=[], warninglist={"outputmessages": ["No items found."]})
    with scripted(Said(200, nothing)) as server, asking(server.url) as source:
        assert source.search("spine").count == 0


def test_how_pubmed_mapped_the_terms_is_kept_as_it_was_told() -> None:
    mapped = [{"to": '"spine"[MeSH Terms] OR "spine"[All Fields]', "from": "spine"}]
    with scripted(Said(200, found(translationset=mapped))) as server, asking(server.url) as source:
        answer = source.search("spine")
    assert json.loads(answer.translation_set) == mapped
    assert answer.translation_set.startswith('[{"from"'), "in one order, so that two runs can be compared"
