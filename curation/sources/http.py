"""The only door to the network: paced, patient within bounds, and silent about keys.

One loop bounds every kind of failure: no connection, a cut body, a status that asks for patience, and a body
its reader cannot use yet. urllib3's ``Retry`` serves it as policy (what to wait, Retry-After) and not as
machinery: retries inside the connection pool would multiply with this loop and pass by the pace.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import quote_plus, urlsplit

import requests
from requests_ratelimiter import LimiterSession, SQLiteBucket
from urllib3.exceptions import InvalidHeader, MaxRetryError
from urllib3.util import Retry

from curation.errors import Configuration, TryAgain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from urllib3 import BaseHTTPResponse

T = TypeVar("T")

PATIENCE = frozenset({429, 500, 502, 503, 504})
LONGEST_WAIT = 120  # seconds, also for Retry-After: an unattended run must end

_BROKEN = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.TooManyRedirects,
)
_KEY_IN_URL = re.compile(r"(api_key=)[^&\s\"'<>]+", re.IGNORECASE)
_KEY_IN_BODY = re.compile(r'("api-key"\s*:\s*")[^"]*')


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """How the network is asked. Times in seconds; ``per_second`` is the pace for each host.

    ``pace_file`` holds the pace for every process that names the same file; ``secrets`` show in no message;
    ``backoff`` 0 means no waiting between tries, except where the server asks for it (Retry-After).
    """

    user_agent: str
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    tries: int = 5
    backoff: float = 1.0
    per_second: float = 2.5
    pace_file: Path | None = None
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said; ``body`` is whole and decompressed."""

    status: int
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, as often as it must be repeated."""

    method: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)


class Unusable(Exception):
    """Raised by a reader whose answer cannot be used and may be better next time; ``what`` says why."""

    def __init__(self, what: str, response: BaseHTTPResponse | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.response = response


class Door:
    """A session with servers: keep-alive, gzip, one pace per host. Use it as a context manager."""

    def __init__(self, settings: DoorSettings) -> None:
        self._settings = settings
        self._session = _session(settings)

    def get(self, url: str, params: Mapping[str, str]) -> Answer:
        """Answer to a GET; statuses outside 429 and 5xx are the caller's to judge.

        Raises TryAgain when nothing usable came within the tries, Configuration when ``url`` is no address.
        """
        return self.read(Ask("GET", url, params=params), _as_it_is)

    def post(self, url: str, data: Mapping[str, str]) -> Answer:
        """Answer to a form sent by POST; raises as ``get`` does."""
        return self.read(Ask("POST", url, data=data), _as_it_is)

    def read(self, ask: Ask, reader: Callable[[Answer], T]) -> T:
        """Ask, and give what ``reader`` makes of the answer; it raises Unusable to have it asked again.

        Raises TryAgain after the last try, naming the host and what happened last.
        """
        retry = _patience(self._settings)
        while True:
            try:
                return reader(self._send(ask))
            except Unusable as unusable:
                fault = unusable
            try:
                retry = retry.increment(ask.method, error=fault)
            except MaxRetryError:
                break
            _wait(retry, fault.response)
        raise TryAgain(self._gave_up(ask, fault))

    def close(self) -> None:
        """Close the connections and the pace."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, ask: Ask) -> Answer:
        timeouts = (self._settings.connect_timeout, self._settings.read_timeout)
        try:
            response = self._session.request(
                ask.method, ask.url, params=ask.params, data=ask.data, timeout=timeouts
            )
        except _BROKEN as error:
            raise Unusable(self._told(error)) from error
        except requests.RequestException as error:  # what is left is an impossible address
            message = redacted(f"{ask.url!r} cannot be asked: {error}", self._settings.secrets)
            raise Configuration(message) from None
        if response.status_code in PATIENCE:
            raise Unusable(_status(response.status_code), response.raw)
        return Answer(response.status_code, response.content, response.headers.get("Content-Type", ""))

    def _told(self, error: requests.RequestException) -> str:
        if isinstance(error, requests.ConnectTimeout):
            return f"no connection within {self._settings.connect_timeout:g} s"
        if isinstance(error, requests.Timeout):
            return f"no answer within {self._settings.read_timeout:g} s"
        if isinstance(error, requests.exceptions.ChunkedEncodingError):
            return "the answer broke off"
        root: BaseException = error
        while root.__context__ is not None:
            root = root.__context__
        return f"the connection failed ({root})"

    def _gave_up(self, ask: Ask, fault: Unusable) -> str:
        host, tries = urlsplit(ask.url).netloc, self._settings.tries
        times = "1 try" if tries == 1 else f"{tries} tries"
        said = redacted(fault.what, self._settings.secrets)
        return f"{host}: {said}, after {times}; run the same command again later"


def redacted(text: str, secrets: tuple[str, ...] = ()) -> str:
    """``text`` with every key in it replaced by ``[key]``: NCBI quotes a bad key back in its answer."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "[key]").replace(quote_plus(secret), "[key]")
    return _KEY_IN_BODY.sub(r"\1[key]", _KEY_IN_URL.sub(r"\1[key]", text))


def _session(settings: DoorSettings) -> LimiterSession:
    # A burst of 1/rate lets one request through each 1/rate seconds; the library's default would let five
    # through at once every two seconds, over NCBI's three in any one.
    rate, burst = settings.per_second, 1 / settings.per_second
    if settings.pace_file is None:
        session = LimiterSession(per_second=rate, burst=burst)
    else:
        settings.pace_file.parent.mkdir(parents=True, exist_ok=True)
        where = {"path": str(settings.pace_file)}
        session = LimiterSession(per_second=rate, burst=burst, bucket_class=SQLiteBucket, bucket_kwargs=where)
    session.headers["User-Agent"] = settings.user_agent
    return session


def _patience(settings: DoorSettings) -> Retry:
    return Retry(
        total=settings.tries - 1,
        allowed_methods=None,
        status_forcelist=PATIENCE,
        backoff_factor=settings.backoff,
        backoff_jitter=settings.backoff,
        backoff_max=LONGEST_WAIT,
        raise_on_status=False,
        retry_after_max=LONGEST_WAIT,
    )


def _wait(retry: Retry, response: BaseHTTPResponse | None) -> None:
    try:
        retry.sleep(response)
    except InvalidHeader:  # a Retry-After that is neither seconds nor a date
        retry.sleep()


def _status(code: int) -> str:
    return f"HTTP {code} {HTTPStatus(code).phrase}"


def _as_it_is(answer: Answer) -> Answer:
    return answer
