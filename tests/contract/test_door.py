"""The door to the network against a real server on loopback that fails in every way a server does."""

from __future__ import annotations

import gzip
import logging
import random
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from curation.errors import Configuration, Exit, SourceFailed, TryAgain
from curation.sources.http import LONGEST_WAIT, Answer, Ask, Door, DoorSettings, Unusable, redacted
from curation.store.pace import SharedPace

KEY = "0123456789abcdef"


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b"well"
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None
    hangs_up: bool = False
    stalls: bool = False
    dated: bool = True
    drips: Callable[[], None] | None = None


@dataclass
class Server:
    replies: tuple[Reply, ...]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    callers: set[int] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)

    def next(self) -> Reply:
        return self.replies[min(len(self.asked), len(self.replies)) - 1]


class Handler(BaseHTTPRequestHandler):
    script: Server

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.script.asked.append(f"{self.command} {self.path}")
        self.script.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        self.script.agents.append(self.headers.get("User-Agent", ""))
        self.script.callers.add(self.client_address[1])
        reply = self.script.next()
        if reply.stalls:
            self.script.over.wait(10)
        if reply.hangs_up or reply.stalls:
            self.close_connection = True
            return
        if reply.dated:
            self.send_response(reply.status)
        else:
            self.send_response_only(reply.status)
        length = len(reply.body) if reply.length is None else reply.length
        for name, value in (("Content-Length", str(length)), *reply.headers):
            self.send_header(name, value)
        self.end_headers()
        self._write(reply)
        self.close_connection = length != len(reply.body)

    def do_POST(self) -> None:
        self.do_GET()

    def _write(self, reply: Reply) -> None:
        if reply.drips is None:
            self.wfile.write(reply.body)
            return
        for byte in reply.body:
            reply.drips()
            try:
                self.wfile.write(bytes([byte]))
            except OSError:  # the caller has left
                return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
        pass


@contextmanager
def serving(*replies: Reply) -> Iterator[Server]:
    """Answers in order; the last one again and again."""
    server = Server(replies)

    class Scripted(Handler):
        script = server

    with ThreadingHTTPServer(("127.0.0.1", 0), Scripted) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        server.url = f"http://127.0.0.1:{listening.server_port}/tool"
        try:
            yield server
        finally:
            server.over.set()
            listening.shutdown()
            thread.join()


@dataclass
class VirtualTime:
    """A clock that only sleeping moves; ``slept`` holds every sleep in seconds."""

    now: float = 1_000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


SETTINGS = DoorSettings(
    "livrev-test", tries=3, backoff=0, per_second=1000, read_timeout=5, secrets=(KEY,), total_timeout=60
)


@contextmanager
def door(settings: DoorSettings = SETTINGS, at: VirtualTime | None = None) -> Iterator[Door]:
    at = at or VirtualTime()
    chance = random.Random(7)  # noqa: S311 - spreads waits, guards nothing
    with (
        closing(SharedPace(None, at.clock, at.sleep)) as pace,
        Door(settings, pace, clock=at.clock, sleep=at.sleep, uniform=chance.uniform) as network,
    ):
        yield network


CUT = Reply(body=b"half", length=8)
FAILURES = {
    "too many requests": Reply(429, headers=(("Retry-After", "0"),)),
    "server error": Reply(500),
    "bad gateway": Reply(502),
    "unavailable": Reply(503),
    "gateway timeout": Reply(504),
    "cut body": CUT,
    "hung up": Reply(hangs_up=True),
    "broken gzip": Reply(body=b"no gzip", headers=(("Content-Encoding", "gzip"),)),
    "cut gzip": Reply(body=gzip.compress(b"well" * 99)[:-9], headers=(("Content-Encoding", "gzip"),)),
    "packed otherwise": Reply(headers=(("Content-Encoding", "br"),)),
    "nonsense for Retry-After": Reply(429, headers=(("Retry-After", "soon"),)),
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_may_pass_is_asked_again(name: str, method: str) -> None:
    with serving(FAILURES[name], FAILURES[name], Reply()) as server, door() as network:
        ask = network.get if method == "get" else network.post
        assert ask(server.url, {"a": "1"}).body == b"well"
        assert len(server.asked) == 3


@pytest.mark.parametrize("name", FAILURES)
def test_patience_has_an_end(name: str) -> None:
    with serving(FAILURES[name]) as server, door() as network:
        with pytest.raises(TryAgain, match=r"after 3 tries; run the same command again later$") as caught:
            network.get(server.url, {})
        assert len(server.asked) == 3
        assert caught.value.message.startswith("127.0.0.1:")
        assert "\n" not in caught.value.message


HTTP_DATE = "Mon, 02 Nov 2026 10:00:{:02} GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ((("Retry-After", "7"),), 7),
        ((("Retry-After", " 7 "),), 7),
        ((("Retry-After", "86400"),), LONGEST_WAIT),
        ((("Retry-After", "9" * 400),), LONGEST_WAIT),
    ],
)
def test_the_server_says_how_long_to_wait(headers: tuple[tuple[str, str], ...], seconds: float) -> None:
    at = VirtualTime()
    with serving(Reply(429, headers=headers), Reply()) as server, door(at=at) as network:
        assert network.get(server.url, {}).body == b"well"
    assert at.slept[0] == seconds


@pytest.mark.parametrize(("until", "seconds"), [(42, 12), (10, 0)])
def test_a_date_to_wait_for_is_read_against_the_servers_own_date(until: int, seconds: float) -> None:
    at = VirtualTime()
    dates = (("Date", HTTP_DATE.format(30)), ("Retry-After", HTTP_DATE.format(until)))
    with serving(Reply(503, headers=dates, dated=False), Reply()) as server, door(at=at) as network:
        network.get(server.url, {})
    assert sum(at.slept) == pytest.approx(seconds, abs=0.01)


def test_waits_double_up_to_a_bound_and_are_spread() -> None:
    at = VirtualTime()
    patient = replace(SETTINGS, tries=11, backoff=1)
    with serving(Reply(500)) as server, door(patient, at) as network, pytest.raises(TryAgain):
        network.get(server.url, {})
    assert len(server.asked) == 11
    for wait, least in zip(at.slept, (1, 2, 4, 8, 16, 32, 64, 120, 120, 120), strict=True):
        assert least <= wait <= min(1.5 * least, LONGEST_WAIT)
    assert at.slept[0] not in {1, 1.5}


def test_a_body_that_drips_is_left_after_the_time_for_a_whole_answer() -> None:
    at = VirtualTime()

    def drip() -> None:
        at.now += 20  # less than the time for a silence would be, more than four of them for the whole

    with serving(Reply(body=b"x" * 1000, drips=drip)) as server, door(at=at) as network:
        with pytest.raises(TryAgain, match=r"the answer was not whole within 60 s, after 3 tries"):
            network.get(server.url, {})
        assert len(server.asked) == 3
        server.replies = (Reply(),)
        assert network.get(server.url, {}).body == b"well"


def test_the_message_names_what_happened() -> None:
    with serving(Reply(503)) as server, door(replace(SETTINGS, tries=1)) as network:
        with pytest.raises(TryAgain, match=r"HTTP 503 Service Unavailable, after 1 try;"):
            network.get(server.url, {})
        server.replies = (CUT,)
        with pytest.raises(TryAgain, match="the answer broke off"):
            network.get(server.url, {})


def test_a_server_that_says_nothing_is_left_after_the_time_set() -> None:
    with (
        serving(Reply(stalls=True)) as server,
        door(replace(SETTINGS, tries=2, read_timeout=0.05)) as network,
    ):
        with pytest.raises(TryAgain, match=r"no answer within 0\.05 s, after 2 tries"):
            network.get(server.url, {})
        assert len(server.asked) == 2


def test_where_nobody_listens_no_key_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/esearch.fcgi"
        with door() as network, pytest.raises(TryAgain, match="Connection refused") as caught:
            network.get(url, {"term": "spine", "api_key": KEY})
    shown = "".join(traceback.format_exception(caught.value))
    assert KEY not in shown
    assert "after 3 tries" in caught.value.message


def test_an_address_that_is_none_is_a_matter_of_configuration() -> None:
    with door() as network, pytest.raises(Configuration, match="cannot be asked") as caught:
        network.get("eutils/esearch.fcgi", {"api_key": KEY})
    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_other_statuses_are_the_callers_to_judge() -> None:
    with serving(Reply(400, b"bad key")) as server, door() as network:
        assert network.get(server.url, {}) == Answer(400, b"bad key", "")
        assert len(server.asked) == 1


def test_a_reader_may_have_the_question_asked_again() -> None:
    def reader(answer: Answer) -> int:
        if answer.body != b"well":
            raise Unusable("half an answer")
        return len(answer.body)

    with serving(Reply(body=b"sick"), Reply()) as server, door() as network:
        assert network.read(Ask("GET", server.url), reader) == 4
        server.replies = (Reply(body=b"sick"),)
        with pytest.raises(TryAgain, match="half an answer, after 3 tries"):
            network.read(Ask("GET", server.url), reader)


def test_a_question_goes_out_as_it_was_put() -> None:
    with serving(Reply(headers=(("Content-Type", "text/xml"),))) as server, door() as network:
        assert network.get(server.url, {"term": "a b"}).content_type == "text/xml"
        network.post(server.url, {"id": "1,2"})
        assert server.asked == ["GET /tool?term=a+b", "POST /tool"]
        assert server.bodies == [b"", b"id=1%2C2"]
        assert set(server.agents) == {"livrev-test"}
        assert len(server.callers) == 1, "one connection was kept for both"


def test_packed_answers_are_unpacked() -> None:
    packed = Reply(body=gzip.compress(b"well " * 100), headers=(("Content-Encoding", "gzip"),))
    with serving(packed) as server, door() as network:
        assert network.get(server.url, {}).body == b"well " * 100


def test_requests_leave_at_the_pace_and_retries_too() -> None:
    at = VirtualTime()
    sent: list[float] = []
    with (
        serving(Reply(500), Reply(500), Reply()) as server,
        door(replace(SETTINGS, per_second=2), at) as network,
    ):
        for _ in range(3):
            network.read(Ask("GET", server.url), lambda _: sent.append(at.now))
    assert len(server.asked) == 5
    assert at.slept == [0.5] * 4
    assert sent == [1001, 1001.5, 1002]


def test_a_host_that_said_too_fast_is_asked_at_half_the_pace_from_then_on() -> None:
    at = VirtualTime()
    slow = Reply(429, headers=(("Retry-After", "3"),))
    settings = replace(SETTINGS, per_second=2)
    with serving(Reply(), slow, Reply()) as server, serving(Reply()) as other, door(settings, at) as network:
        for _ in range(4):
            network.get(server.url, {})
        for _ in range(2):
            network.get(other.url, {})
    assert at.slept == [0.5, 3, 1, 1, 0.5]


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving(Reply()) as proxy, door() as network:
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/tool"))
        assert network.get("http://eutils.invalid/esearch.fcgi", {"term": "spine"}).body == b"well"
        assert proxy.asked == ["GET http://eutils.invalid/esearch.fcgi?term=spine"]


def test_the_password_of_a_proxy_is_told_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://team:pass-word-1@127.0.0.1:{free.getsockname()[1]}"
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", address)
        with door() as network, pytest.raises(TryAgain) as caught:
            network.get("http://eutils.invalid/", {})
    assert "pass-word-1" not in "".join(traceback.format_exception(caught.value))
    assert redacted(f"no proxy at {address}/").startswith("no proxy at http://team:[key]@127.0.0.1")


def test_a_cached_answer_is_asked_for_once_and_only_where_it_may_be(tmp_path: Path) -> None:
    may = Ask("GET", "", {"ids": "1"}, secret={"api_key": KEY}, cached=True)
    with serving(Reply(body=b"first"), Reply(body=b"second")) as server:
        may = replace(may, url=server.url)
        with door(replace(SETTINGS, cache=tmp_path)) as network:
            assert network.read(may, body) == b"first"
        with door(replace(SETTINGS, cache=tmp_path)) as network:
            assert network.read(may, body) == b"first"
            assert (
                network.read(replace(may, secret={}, params={"ids": "1", "api_key": "other"}), body)
                == b"first"
            )
            assert len(server.asked) == 1
            assert network.read(replace(may, cached=False), body) == b"second"
            assert network.read(replace(may, params={"ids": "2"}), body) == b"second"
            assert network.read(replace(may, method="POST", params={}, data={"ids": "1"}), body) == b"second"
        with door() as network:
            assert network.read(may, body) == b"second"
        assert len(server.asked) == 5


def body(answer: Answer) -> bytes:
    return answer.body


def test_errors_and_secrets_are_never_kept(tmp_path: Path) -> None:
    def reader(answer: Answer) -> bytes:
        if answer.body == b"sick":
            raise Unusable("half an answer")
        if answer.body == b"wrong":
            raise SourceFailed("refused")
        return answer.body

    replies = (
        Reply(500),
        Reply(body=b"sick"),
        Reply(body=b"wrong"),
        Reply(404),
        Reply(body=f"your {KEY}".encode()),
    )
    with serving(*replies) as server, door(replace(SETTINGS, tries=5, cache=tmp_path)) as network:
        ask = Ask("GET", server.url, {"term": "spine"}, secret={"api_key": KEY}, cached=True)
        with pytest.raises(SourceFailed):
            network.read(ask, reader)
        for _ in range(2):
            network.read(ask, reader)
        assert list(tmp_path.iterdir()) == []
        server.replies = (Reply(),)
        network.read(ask, reader)
    [kept] = tmp_path.iterdir()
    assert KEY.encode() not in gzip.decompress(kept.read_bytes())


def test_a_spoilt_file_of_the_cache_is_asked_for_again(tmp_path: Path) -> None:
    with serving(Reply()) as server, door(replace(SETTINGS, cache=tmp_path)) as network:
        ask = Ask("GET", server.url, cached=True)
        network.read(ask, body)
        [kept] = tmp_path.iterdir()
        whole = kept.read_bytes()
        for spoilt in (b"", b"no gzip", whole[:-6], whole[:12] + b"\xff" * 9 + whole[21:]):
            kept.write_bytes(spoilt)
            assert network.read(ask, body) == b"well"
            assert kept.read_bytes()[10:] == whole[10:]
        assert len(server.asked) == 5
        assert [p.suffix for p in tmp_path.iterdir()] == [".gz"]


def test_no_key_is_told_by_anything_that_can_be_printed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = f'{{"error":"API key invalid","api-key":"{KEY}"}}'.encode()

    def reader(answer: Answer) -> Answer:
        raise Unusable(f"it said {answer.body.decode()}")

    with serving(Reply(body=said)) as server, door() as network:
        ask = Ask("POST", server.url, data={"term": "a"}, secret={"api_key": KEY})
        with pytest.raises(TryAgain) as caught:
            network.read(ask, reader)
    assert f"api_key={KEY}".encode() in server.bodies[0]
    shown = "".join(traceback.format_exception(caught.value)) + repr((ask, SETTINGS, network, caught.value))
    assert KEY not in shown + caplog.text
    assert "[key]" in caught.value.message
    assert caught.value.status is Exit.TRY_AGAIN


def test_many_threads_share_a_door() -> None:
    at = VirtualTime()
    with serving(Reply()) as server, door(at=at) as network:
        threads = [threading.Thread(target=network.get, args=(server.url, {"n": str(n)})) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(server.asked) == sorted(f"GET /tool?n={n}" for n in range(8))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"https://x/esearch.fcgi?api_key={KEY}&term=a", "https://x/esearch.fcgi?api_key=[key]&term=a"),
        ("http://x/?term=a&api_key=other", "http://x/?term=a&api_key=[key]"),
        ('{"error":"API key invalid","api-key":"other"}', '{"error":"API key invalid","api-key":"[key]"}'),
        (f"said {KEY}", "said [key]"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_keys_are_blotted_out(text: str, shown: str) -> None:
    assert redacted(text, (KEY, "")) == shown
