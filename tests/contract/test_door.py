"""The door to the network against a real server on loopback that fails in every way a server does."""

from __future__ import annotations

import gzip
import itertools
import socket
import threading
import time
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from curation.errors import Configuration, TryAgain
from curation.sources.http import Answer, Ask, Door, DoorSettings, Unusable, redacted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "0123456789abcdef"


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b"well"
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None
    hangs_up: bool = False
    stalls: bool = False


@dataclass
class Server:
    replies: tuple[Reply, ...]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    callers: set[int] = field(default_factory=set)
    at: list[float] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def next(self) -> Reply:
        return self.replies[min(len(self.asked), len(self.replies)) - 1]


@contextmanager
def serving(*replies: Reply) -> Iterator[Server]:
    """Answers in order; the last one again and again."""
    server = Server(replies)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.at.append(time.monotonic())
            server.asked.append(f"{self.command} {self.path}")
            server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
            server.agents.append(self.headers.get("User-Agent", ""))
            server.callers.add(self.client_address[1])
            reply = server.next()
            if reply.stalls:
                server.over.wait(10)
            if reply.hangs_up or reply.stalls:
                self.close_connection = True
                return
            self.send_response(reply.status)
            length = len(reply.body) if reply.length is None else reply.length
            for name, value in (("Content-Length", str(length)), *reply.headers):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)
            self.close_connection = length != len(reply.body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        server.url = f"http://127.0.0.1:{listening.server_port}/tool"
        try:
            yield server
        finally:
            server.over.set()
            listening.shutdown()
            thread.join()


def door(
    *, tries: int = 3, per_second: float = 1000, read_timeout: float = 5.0, pace_file: Path | None = None
) -> Door:
    return Door(
        DoorSettings(
            "livrev-test",
            read_timeout=read_timeout,
            tries=tries,
            backoff=0,
            per_second=per_second,
            pace_file=pace_file,
            secrets=(KEY,),
        )
    )


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


def test_the_server_says_how_long_to_wait() -> None:
    with serving(Reply(429, headers=(("Retry-After", "1"),)), Reply()) as server, door() as network:
        network.get(server.url, {})
        assert gaps(server)[0] >= 1


def test_the_message_names_what_happened() -> None:
    with serving(Reply(503)) as server, door(tries=1) as network:
        with pytest.raises(TryAgain, match=r"HTTP 503 Service Unavailable, after 1 try;"):
            network.get(server.url, {})
        server.replies = (CUT,)
        with pytest.raises(TryAgain, match="the answer broke off"):
            network.get(server.url, {})


def test_a_server_that_says_nothing_is_left_after_the_time_set() -> None:
    with serving(Reply(stalls=True)) as server, door(tries=2, read_timeout=0.05) as network:
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


def gaps(server: Server) -> list[float]:
    return [after - before for before, after in itertools.pairwise(server.at)]


# The pace is kept where requests leave; between there and the server a few milliseconds may be won or lost.
JITTER = 0.015


def test_the_pace_holds_for_retries_too() -> None:
    with serving(Reply(500), Reply(500), Reply()) as server, door(per_second=20) as network:
        network.get(server.url, {})
        network.get(server.url, {})
        assert len(server.at) == 4
        assert min(gaps(server)) > 1 / 20 - JITTER


def test_two_doors_with_one_pace_file_keep_one_pace(tmp_path: Path) -> None:
    pace = tmp_path / "made" / "pace.sqlite"
    with serving(Reply()) as server, door(per_second=20, pace_file=pace) as first:
        with door(per_second=20, pace_file=pace) as second:
            for network in (first, second, first, second):
                network.get(server.url, {})
        assert min(gaps(server)) > 1 / 20 - JITTER
    assert pace.exists()


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
