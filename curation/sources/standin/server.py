"""The stand-in as an HTTP server on loopback."""

from __future__ import annotations

import gzip
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from curation.sources.standin.asked import GROUPS
from curation.sources.standin.corpus import Corpus
from curation.sources.standin.desk import Desk, Manners, Reply, Request
from curation.sources.standin.faults import Fault, FaultKind
from curation.sources.standin.script import RandomFaults

_FOLDER = "/entrez/eutils/"
_POLL = 0.02  # seconds until a stop is noticed
# Bodies that a fault of the line counts in bytes are sent unpacked.
_BY_BYTES = {FaultKind.CUT_BODY, FaultKind.LOST_BODY, FaultKind.WRONG_LENGTH, FaultKind.DRIP}
_Socket = socket.socket | tuple[bytes, socket.socket]


class StandIn:
    """NCBI's E-utilities on 127.0.0.1, at ``url``, for as long as the ``with`` block lasts.

    ``api_key``: the one valid key; without it keys are not checked. ``rate_limit``: requests a second that one
    caller is served, ten with a key; None serves them all. ``faults``: a script, see ``Fault`` and
    ``RandomFaults``. ``strict_phrases``: terms outside the corpus are reported as PubMed reports them.
    ``clock``: monotonic seconds. A defect of the stand-in itself hangs up on the caller, and is raised when
    the block ends.
    """

    def __init__(
        self,
        corpus: Corpus,
        *,
        api_key: str | None = None,
        faults: Iterable[Fault | RandomFaults] = (),
        rate_limit: int | None = None,
        strict_phrases: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._desk = Desk(corpus, Manners(api_key, rate_limit, strict_phrases, clock), faults)
        self._server: _Server | None = None
        self._port = 0

    @classmethod
    def with_manners(
        cls, corpus: Corpus, manners: Manners, *, faults: Iterable[Fault | RandomFaults] = (), port: int = 0
    ) -> Self:
        """Make one with all its manners set by hand, on a port of one's choice (0: any that is free).

        Entering the ``with`` block raises OSError when the port is taken.
        """
        standin = cls(corpus)
        standin._desk = Desk(corpus, manners, faults)
        standin._port = port
        return standin

    @property
    def url(self) -> str:
        """Base address, ending in ``/``. Raises RuntimeError outside the ``with`` block."""
        if self._server is None:
            raise RuntimeError("the stand-in runs inside its with block only")
        return f"http://127.0.0.1:{self._server.server_port}{_FOLDER}"

    @property
    def corpus(self) -> Corpus:
        """What is served; may be replaced while the stand-in runs, from the next request on."""
        return self._desk.corpus

    @corpus.setter
    def corpus(self, corpus: Corpus) -> None:
        self._desk.corpus = corpus

    @property
    def requests(self) -> tuple[Request, ...]:
        """All requests that arrived so far, in order, those that were refused or spoilt included."""
        return self._desk.requests

    def play(self, *faults: Fault | RandomFaults) -> None:
        """Put another script of faults in place of what is left of the last one."""
        self._desk.play(faults)

    def watch(self, tell: Callable[[Request], None]) -> None:
        """Have ``tell`` called with each request from now on, once it is answered, one at a time."""
        self._desk.watch(tell)

    def __enter__(self) -> Self:
        self._server = _Server(self._desk, self._port)
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        server.stop()
        for defect in server.defects:
            if error is None:
                raise defect
            error.add_note(f"the stand-in itself failed: {defect!r}")


class _Server(ThreadingHTTPServer):
    """One thread a connection; ``stop`` ends them all, also those that a caller keeps alive."""

    request_queue_size = 64

    def __init__(self, desk: Desk, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.desk = desk
        self.defects: list[BaseException] = []
        self._lock = threading.Lock()
        self._open: dict[_Socket, threading.Thread] = {}
        self._thread = threading.Thread(target=self.serve_forever, args=(_POLL,), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        with self._lock:
            left = dict(self._open)
        for connection, thread in left.items():
            # A caller that has gone already leaves nothing to shut.
            with suppress(OSError):
                if isinstance(connection, socket.socket):
                    connection.shutdown(socket.SHUT_RDWR)
            thread.join()
        self.server_close()

    def server_bind(self) -> None:
        # HTTPServer would look its own name up, which may ask a name server.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]

    def process_request(self, request: _Socket, client_address: object) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._lock:
            self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: _Socket) -> None:
        super().shutdown_request(request)
        with self._lock:
            self._open.pop(request, None)

    def handle_error(self, request: _Socket, client_address: object) -> None:  # noqa: ARG002 - its signature
        error = sys.exc_info()[1]
        # A caller may hang up at any time; anything else is a defect.
        if error is not None and not isinstance(error, ConnectionError):
            self.defects.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave in one piece
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._send(self._reply(urlsplit(self.path).query))

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        self._send(self._reply(f"{urlsplit(self.path).query}&{form}"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has in the library
        """Nothing: requests are kept in ``StandIn.requests``."""

    def _reply(self, query: str) -> Reply:
        path = urlsplit(self.path).path.removeprefix(_FOLDER)
        between = GROUPS if path == "elink.fcgi" else ","
        params: dict[str, str] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            several = name == "id" and name in params
            params[name] = f"{params[name]}{between}{value}" if several else value
        return self.server.desk.reply(self.command, path, params, self.client_address[0])

    def _send(self, reply: Reply) -> None:
        if reply.kind is FaultKind.RESET:
            self._reset()
            return
        body, length, packed = self._body(reply)
        self.send_response(reply.answer.status)
        headers = {
            "Content-Type": reply.answer.content_type,
            "Content-Length": str(length),
            **dict(reply.answer.headers),
        }
        if packed:
            headers["Content-Encoding"] = "gzip"
        if len(body) < length:
            headers["Connection"] = "close"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if reply.kind is FaultKind.DRIP:
            self._drip(body, reply.per_second)
        else:
            self.wfile.write(body)

    def _body(self, reply: Reply) -> tuple[bytes, int, bool]:
        """What is sent, the length that is announced, and whether it is packed."""
        body = reply.answer.body
        if reply.kind in _BY_BYTES:
            at = min(reply.at_byte, len(body) - 1)
            match reply.kind:
                case FaultKind.CUT_BODY:
                    return body[:at], at, False
                case FaultKind.LOST_BODY:
                    return body[:at], len(body), False
                case FaultKind.WRONG_LENGTH:
                    return body, at, False
            return body, len(body), False
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            packed = gzip.compress(body, compresslevel=1, mtime=0)
            return packed, len(packed), True
        return body, len(body), False

    def _drip(self, body: bytes, per_second: int) -> None:
        for start in range(0, len(body), per_second):
            if start:
                self.server.desk.wait(1.0)
            self.wfile.write(body[start : start + per_second])
            self.wfile.flush()

    def _reset(self) -> None:
        # With no time to linger a close is a reset (RST), not an orderly end.
        linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        self.close_connection = True
