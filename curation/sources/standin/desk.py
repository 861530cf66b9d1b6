"""Receives each request of the stand-in: notes it, holds pace and key against it, and plays the faults."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from curation.sources.standin.answers import answer
from curation.sources.standin.asked import Asked
from curation.sources.standin.corpus import Corpus
from curation.sources.standin.faults import Fault, FaultKind, bad_key, spoilt, too_many
from curation.sources.standin.script import RandomFaults, Script
from curation.sources.standin.shelf import Shelf
from curation.sources.standin.wire import Answer

_LIMIT, _LIMIT_WITH_KEY = 3, 10
_RETRY_AFTER = 2
_SECOND = 1.0
_EIGHT_HOURS = 8 * 3600.0


@dataclass(frozen=True, slots=True)
class Manners:
    """How the stand-in treats its callers; see ``StandIn``.

    ``sleep`` waits between the drops of a slow drip, in seconds. ``history_lifetime`` is how long a WebEnv
    that nobody uses is kept, in seconds of ``clock``.
    """

    api_key: str | None = None
    rate_limit: int | None = None
    strict_phrases: bool = False
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    history_lifetime: float = _EIGHT_HOURS

    def allowed(self, key: str | None) -> int:
        """Requests a second that a caller has."""
        return _LIMIT_WITH_KEY if key else self.rate_limit or _LIMIT


@dataclass(frozen=True, slots=True)
class Request:
    """A request that arrived: ``path`` as ``esearch.fcgi``, parameters without the key, ``at`` in seconds.

    ``status`` is the answer's (0 before there is one, and when the connection was reset), ``fault`` what it
    was spoilt by.
    """

    method: str
    path: str
    params: Mapping[str, str]
    at: float
    status: int = 0
    fault: FaultKind | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and how its sending is spoilt: by ``kind`` at ``at_byte``; None sends it as it is.

    A drip sends ``per_second`` bytes a second.
    """

    answer: Answer
    kind: FaultKind | None = None
    at_byte: int = 0
    per_second: int = 0


class Desk:
    """Everything that changes while the stand-in runs, behind one lock."""

    def __init__(self, corpus: Corpus, manners: Manners, faults: Iterable[Fault | RandomFaults]) -> None:
        self._lock = threading.Lock()
        self._manners = manners
        self._corpus = corpus
        self._shelf = Shelf(manners.clock, manners.history_lifetime)
        self._script = Script(faults)
        self._requests: list[Request] = []
        self._arrivals: defaultdict[str, deque[float]] = defaultdict(deque)
        self._watchers: list[Callable[[Request], None]] = []

    @property
    def corpus(self) -> Corpus:
        """What is served."""
        with self._lock:
            return self._corpus

    @corpus.setter
    def corpus(self, corpus: Corpus) -> None:
        with self._lock:
            self._corpus = corpus

    @property
    def requests(self) -> tuple[Request, ...]:
        """Requests that arrived so far, in order."""
        with self._lock:
            return tuple(self._requests)

    def play(self, faults: Iterable[Fault | RandomFaults]) -> None:
        """Put a script in place of what is left of the last one."""
        with self._lock:
            self._script = Script(faults)

    def watch(self, tell: Callable[[Request], None]) -> None:
        """Have ``tell`` called with each request once it is answered, one at a time."""
        with self._lock:
            self._watchers.append(tell)

    def wait(self, seconds: float) -> None:
        """Let time pass, by the clock the stand-in was given."""
        self._manners.sleep(seconds)

    def reply(self, method: str, path: str, params: Mapping[str, str], address: str) -> Reply:
        """Reply to one request: a wrong key and a broken pace come first, then faults, then the true answer."""
        shown = MappingProxyType({name: value for name, value in params.items() if name != "api_key"})
        key = params.get("api_key")
        tool = path.removesuffix(".fcgi")
        with self._lock:
            now = self._manners.clock()
            number = len(self._requests)
            self._requests.append(Request(method, path, shown, now))
            count = self._arrived(key or address, now)
            refused = self._refusal(key, address, count)
            fault = None if refused else self._script.next_for(tool, shown)
            corpus = self._corpus
        asked = Asked(corpus, shown, self._shelf, fault, self._manners.strict_phrases)
        true = refused or (spoilt(fault) if fault else None) or answer(tool, asked)
        sent = Reply(true, fault.kind, fault.at_byte, fault.per_second) if fault else Reply(true)
        reply = _with_pace(sent, self._manners.allowed(key), count)
        self._note(number, reply)
        return reply

    def _note(self, number: int, reply: Reply) -> None:
        status = 0 if reply.kind is FaultKind.RESET else reply.answer.status
        with self._lock:
            told = replace(self._requests[number], status=status, fault=reply.kind)
            self._requests[number] = told
            for tell in self._watchers:
                tell(told)

    def _arrived(self, caller: str, now: float) -> int:
        """Requests of a caller within the last second, this one included."""
        arrivals = self._arrivals[caller]
        arrivals.append(now)
        while arrivals[0] <= now - _SECOND:
            arrivals.popleft()
        return len(arrivals)

    def _refusal(self, key: str | None, address: str, count: int) -> Answer | None:
        if key is not None and self._manners.api_key not in {None, key}:
            return bad_key(key)
        limit = self._manners.allowed(key)
        if self._manners.rate_limit is not None and count > limit:
            return too_many(key or address, count=count, limit=limit, retry_after=_RETRY_AFTER)
        return None


def most_at_once(requests: Iterable[Request], seconds: float = 1.0) -> int:
    """Greatest number of requests that arrived within any stretch of so many seconds."""
    window: deque[float] = deque()
    most = 0
    for at in sorted(request.at for request in requests):
        window.append(at)
        while window[0] <= at - seconds:
            window.popleft()
        most = max(most, len(window))
    return most


def _with_pace(reply: Reply, limit: int, count: int) -> Reply:
    pace = (("X-RateLimit-Limit", str(limit)), ("X-RateLimit-Remaining", str(max(0, limit - count))))
    told = reply.answer
    return replace(reply, answer=replace(told, headers=(*told.headers, *pace)))
