"""The only door to the network: paced, patient within bounds, and silent about keys.

One loop bounds every kind of failure: no connection, a cut body, a body that drips, a status that asks for
patience, and a body its reader cannot use yet. Clock, sleep, chance and pace are handed in.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
import tempfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from time import sleep as really_sleep
from types import TracebackType
from typing import Protocol, Self, TypeVar
from urllib.parse import quote_plus, urlsplit

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.response import BaseHTTPResponse

from curation.errors import Configuration, SourceFailed, TryAgain

T = TypeVar("T")

PATIENCE = frozenset({408, 429, 500, 502, 503, 504})
LONGEST_WAIT = 120.0  # seconds, also for Retry-After: an unattended run must end

_TOO_FAST = 429
_SLOWED = 0.5  # of the pace, for the rest of the run, at a host that said 429
_CHUNK = 1 << 16
_SPREAD = 1.5  # a wait is its length to one and a half of it, so that those who failed together part
_BROKEN = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.TooManyRedirects,
)
_KEY_IN_URL = re.compile(r"(api_key=)[^&\s\"'<>]+", re.IGNORECASE)
_KEY_IN_BODY = re.compile(r'("api-key"\s*:\s*")[^"]*')
_PASSWORD_IN_URL = re.compile(r"(//[^/@:\s]*:)[^/@\s]+(@)")  # of a proxy


class Pace(Protocol):
    """Who says when a host may be asked; ``curation.store.pace`` keeps it across processes."""

    def wait(self, host: str, per_second: float) -> None:
        """Come back when ``host`` may be asked, at ``per_second`` requests a second."""


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """How the network is asked. Times in seconds; ``per_second`` is the pace for each host.

    ``read_timeout`` bounds each silence of a server, ``total_timeout`` a whole answer however it drips;
    ``backoff`` is the first wait between tries, doubled from try to try (0: none, except where the server asks
    for one); ``secrets`` show in no message; ``cache`` is the folder for answers that may be kept, see ``Ask``.
    """

    user_agent: str
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    total_timeout: float = 300.0
    tries: int = 5
    backoff: float = 1.0
    per_second: float = 2.5
    secrets: tuple[str, ...] = field(default=(), repr=False)
    cache: Path | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said; ``body`` is whole and decompressed."""

    status: int
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, as often as it must be repeated.

    ``secret`` holds parameters that are sent with the others and told to nobody: they show in no repr and make
    no difference to the cache. ``cached`` allows an answer of an earlier run; never for what may change. An answer of
    more than ``most`` bytes is not taken (None: any).
    """

    method: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)
    cached: bool = False
    most: int | None = None

    @property
    def host(self) -> str:
        """Name and port of the server."""
        return urlsplit(self.url).netloc.rpartition("@")[2]


class Unusable(Exception):
    """Raised by a reader whose answer cannot be used and may be better next time; ``what`` says why.

    ``wait`` is how many seconds the server asked to be left alone, None where it said nothing.
    """

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.wait = wait


class CutOff(Unusable):
    """The answer came in part only: asked for less, the server may manage."""


class GaveUp(TryAgain):
    """The tries are used up; ``cut`` says that the last answer came in part only."""

    def __init__(self, message: str, *, cut: bool) -> None:
        super().__init__(message)
        self.cut = cut


class AnswerCache:
    """Answers kept in a folder by what was asked: method, address and parameters but for the secret ones.

    A file is there whole or not at all. Kept are answers with status 200, and none that holds a secret.
    """

    def __init__(self, folder: Path, secrets: tuple[str, ...] = ()) -> None:
        self._folder = folder
        self._secrets = tuple(secret.encode() for secret in secrets if secret)

    def kept(self, ask: Ask) -> Answer | None:
        """Answer of an earlier run; None where there is none, or none that can be read."""
        path = self._path(ask)
        try:
            content_type, told, body = gzip.decompress(path.read_bytes()).partition(b"\n")
        except FileNotFoundError:
            return None
        except (OSError, EOFError, zlib.error):
            told = b""
        if not told:  # spoilt on the disk
            self.forget(ask)
            return None
        return Answer(HTTPStatus.OK, body, content_type.decode())

    def keep(self, ask: Ask, answer: Answer) -> None:
        """Keep an answer that may be kept. Raises OSError when the folder cannot be written."""
        if answer.status != HTTPStatus.OK or any(secret in answer.body for secret in self._secrets):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".part", delete=False) as part:
            try:
                part.write(gzip.compress(answer.content_type.encode() + b"\n" + answer.body, 6))
                part.close()
                Path(part.name).replace(self._path(ask))
            finally:
                Path(part.name).unlink(missing_ok=True)

    def forget(self, ask: Ask) -> None:
        """Forget the answer to ``ask``, if it was kept."""
        self._path(ask).unlink(missing_ok=True)

    def _path(self, ask: Ask) -> Path:
        told = [sorted((n, v) for n, v in part.items() if n != "api_key") for part in (ask.params, ask.data)]
        name = json.dumps([ask.method, ask.url, *told])
        return self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.gz"


class Door:
    """A session with servers: keep-alive, gzip, one pace per host, proxies as the environment names them.

    Many threads may share one. Use it as a context manager.
    """

    def __init__(
        self,
        settings: DoorSettings,
        pace: Pace,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None] = really_sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """``clock`` gives seconds that never run backwards; ``uniform`` gives a number between two."""
        self._settings = settings
        self._pace = pace
        self._clock = clock
        self._sleep = sleep
        self._uniform = uniform
        self._slowed: set[str] = set()
        self._cache = AnswerCache(settings.cache, settings.secrets) if settings.cache else None
        self._session = requests.Session()
        # gzip alone: it is unpacked here, and what else a server may send depends on what is installed.
        self._session.headers.update({"User-Agent": settings.user_agent, "Accept-Encoding": "gzip"})

    def get(self, url: str, params: Mapping[str, str]) -> Answer:
        """Answer to a GET; statuses outside 408, 429 and 5xx are the caller's to judge.

        Raises TryAgain when nothing usable came within the tries, Configuration when ``url`` is no address.
        """
        return self.read(Ask("GET", url, params=params), _as_it_is)

    def post(self, url: str, data: Mapping[str, str]) -> Answer:
        """Answer to a form sent by POST; raises as ``get`` does."""
        return self.read(Ask("POST", url, data=data), _as_it_is)

    def read(self, ask: Ask, reader: Callable[[Answer], T]) -> T:
        """Ask, and give what ``reader`` makes of the answer; it raises Unusable to have it asked again.

        Raises GaveUp (a TryAgain) after the last try, naming the host and what happened last.
        """
        cache = self._cache if ask.cached else None
        kept = cache.kept(ask) if cache else None
        if cache and kept:
            try:
                return reader(kept)
            except Unusable:  # it was of use to another version
                cache.forget(ask)
        value, answer = self._patiently(ask, reader)
        if cache:
            cache.keep(ask, answer)
        return value

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _patiently(self, ask: Ask, reader: Callable[[Answer], T]) -> tuple[T, Answer]:
        tried = 0
        while True:
            try:
                answer = self._send(ask)
                return reader(answer), answer
            except Unusable as unusable:
                fault = unusable
            tried += 1
            if tried >= self._settings.tries:
                raise GaveUp(self._gave_up(ask, fault), cut=isinstance(fault, CutOff))
            pause = self._pause(tried, fault)
            if pause > 0:
                self._sleep(pause)

    def _pause(self, tried: int, fault: Unusable) -> float:
        """Seconds until the next try: what the server asks for, or twice the wait before, within bounds."""
        if fault.wait is not None:
            return min(fault.wait, LONGEST_WAIT)
        wait = min(self._settings.backoff * 2 ** (tried - 1), LONGEST_WAIT)
        return min(self._uniform(wait, wait * _SPREAD), LONGEST_WAIT)

    def _send(self, ask: Ask) -> Answer:
        slower = _SLOWED if ask.host in self._slowed else 1.0
        self._pace.wait(ask.host, self._settings.per_second * slower)
        try:
            answer, headers = self._exchanged(ask)
        except (*_BROKEN, HTTPError) as error:
            raise self._broken(error) from error
        except requests.RequestException as error:  # what is left is an impossible address
            message = redacted(f"{ask.url!r} cannot be asked: {error}", self._settings.secrets)
            raise Configuration(message) from None
        if answer.status == _TOO_FAST:
            self._slowed.add(ask.host)
        if answer.status in PATIENCE:
            raise Unusable(_status(answer.status), _asked_for(headers))
        return answer

    def _exchanged(self, ask: Ask) -> tuple[Answer, Mapping[str, str]]:
        settings = self._settings
        deadline = self._clock() + settings.total_timeout
        posted = ask.method != "GET"
        with self._session.request(
            ask.method,
            ask.url,
            params=ask.params if posted else {**ask.params, **ask.secret},
            data={**ask.data, **ask.secret} if posted else ask.data,
            timeout=(settings.connect_timeout, settings.read_timeout),
            stream=True,
        ) as response:
            packed = self._body(response.raw, deadline, ask.most)
            body = _unpacked(packed, response.headers.get("Content-Encoding", ""), ask.most)
            return Answer(
                response.status_code, body, response.headers.get("Content-Type", "")
            ), response.headers

    def _body(self, raw: BaseHTTPResponse, deadline: float, most: int | None) -> bytes:
        """Body as it is sent, taken piece by piece: each piece begins the time of a silence anew."""
        pieces, size = [], 0
        while piece := raw.read1(_CHUNK, decode_content=False):
            pieces.append(piece)
            size += len(piece)
            if most is not None and size > most:
                raise _too_large(most)
            if self._clock() > deadline:
                raise CutOff(f"the answer was not whole within {self._settings.total_timeout:g} s")
        return b"".join(pieces)

    def _broken(self, error: Exception) -> Unusable:
        if isinstance(error, requests.ConnectTimeout):
            return Unusable(f"no connection within {self._settings.connect_timeout:g} s")
        if isinstance(error, (requests.Timeout, ReadTimeoutError)):
            return Unusable(f"no answer within {self._settings.read_timeout:g} s")
        if isinstance(error, HTTPError):
            return CutOff("the answer broke off")
        root: BaseException = error
        while root.__context__ is not None:
            root = root.__context__
        return Unusable(f"the connection failed ({root})")

    def _gave_up(self, ask: Ask, fault: Unusable) -> str:
        tries = self._settings.tries
        times = "1 try" if tries == 1 else f"{tries} tries"
        said = redacted(" ".join(fault.what.split()), self._settings.secrets)
        return f"{ask.host}: {said}, after {times}; run the same command again later"


def redacted(text: str, secrets: tuple[str, ...] = ()) -> str:
    """``text`` with every key in it replaced by ``[key]``: NCBI quotes a bad key back in its answer."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "[key]").replace(quote_plus(secret), "[key]")
    text = _PASSWORD_IN_URL.sub(r"\1[key]\2", text)
    return _KEY_IN_BODY.sub(r"\1[key]", _KEY_IN_URL.sub(r"\1[key]", text))


def _too_large(most: int) -> SourceFailed:
    return SourceFailed(f"the answer is larger than {most:,} bytes; it was not taken")


def _unpacked(body: bytes, encoding: str, most: int | None) -> bytes:
    """Body without its packing. Raises CutOff when it ends early, Unusable when it is packed otherwise."""
    if encoding.lower() in {"", "identity"} or not body:
        return body
    if encoding.lower() not in {"gzip", "x-gzip"}:
        raise Unusable(f"an answer packed as {encoding}")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = unpacker.decompress(body, 0 if most is None else most + 1)
    except zlib.error as error:
        raise CutOff(f"the answer cannot be unpacked ({error})") from error
    if most is not None and len(plain) > most:
        raise _too_large(most)
    if not unpacker.eof:
        raise CutOff("the answer broke off")
    return plain


def _asked_for(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After; a date there is taken against the server's own Date, whatever our clock says."""
    told = headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit():
        return float(told)
    try:
        until, now = parsedate_to_datetime(told), parsedate_to_datetime(headers.get("Date", ""))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):  # neither seconds nor a date, or one date with a zone and one without
        return None


def _status(code: int) -> str:
    return f"HTTP {code} {HTTPStatus(code).phrase}"


def _as_it_is(answer: Answer) -> Answer:
    return answer
