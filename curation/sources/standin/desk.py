"""Receives each request of the stand-in: notes it, holds pace and key against it, and plays the faults."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from curation.sources.standin.answers import answer
from curation.sources.standin.corpus import Corpus
from curation.sources.standin.faults import JSON, Answer, Fault, FaultKind, Script, compact, spoilt, too_many

_LIMIT, _LIMIT_WITH_KEY = 3, 10
_RETRY_AFTER = 2
_SECOND = 1.0


@dataclass(frozen=True, slots=True)
class Manners:
    """How the stand-in treats its callers; see ``StandIn``."""

    api_key: str | None = None
    rate_limit: int | None = None
    strict_phrases: bool = False
    clock: Callable[[], float] = time.monotonic

    def allowed(self, key: str | None) -> int:
        """Requests a second that a caller has."""
        return _LIMIT_WITH_KEY if key else self.rate_limit or _LIMIT


@dataclass(frozen=True, slots=True)
class Request:
    """A request that arrived: ``path`` as ``esearch.fcgi``, parameters without the key, ``at`` in seconds."""

    method: str
    path: str
    params: Mapping[str, str]
    at: float


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and how its sending is spoilt: by ``kind`` at ``at_byte``; None sends it as it is."""

    answer: Answer
    kind: FaultKind | None = None
    at_byte: int = 0


class Desk:
    """Everything that changes while the stand-in runs, behind one lock."""

    def __init__(self, corpus: Corpus, manners: Manners, faults: tuple[Fault, ...]) -> None:
        self._lock = threading.Lock()
        self._manners = manners
        self._corpus = corpus
        self._script = Script(faults)
        self._requests: list[Request] = []
        self._arrivals: defaultdict[str, deque[float]] = defaultdict(deque)

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

    def play(self, faults: tuple[Fault, ...]) -> None:
        """Put a script in place of what is left of the last one."""
        with self._lock:
            self._script = Script(faults)

    def reply(self, method: str, path: str, params: Mapping[str, str], address: str) -> Reply:
        """Reply to one request: a wrong key and a broken pace come first, then faults, then the true answer."""
        shown = MappingProxyType({name: value for name, value in params.items() if name != "api_key"})
        key = params.get("api_key")
        tool = path.removesuffix(".fcgi")
        with self._lock:
            now = self._manners.clock()
            self._requests.append(Request(method, path, shown, now))
            count = self._arrived(key or address, now)
            refused = self._refusal(key, address, count)
            fault = None if refused else self._script.next_for(tool)
            corpus = self._corpus
        reply = Reply(refused) if refused else self._answered(corpus, tool, shown, fault)
        return _with_pace(reply, self._manners.allowed(key), count)

    def _arrived(self, caller: str, now: float) -> int:
        """Requests of a caller within the last second, this one included."""
        arrivals = self._arrivals[caller]
        arrivals.append(now)
        while arrivals[0] <= now - _SECOND:
            arrivals.popleft()
        return len(arrivals)

    def _refusal(self, key: str | None, address: str, count: int) -> Answer | None:
        if key is not None and self._manners.api_key not in {None, key}:
            said = {"error": "API key invalid", "api-key": key, "type": "invalid", "status": "unknown"}
            return Answer(400, JSON, compact(said))
        limit = self._manners.allowed(key)
        if self._manners.rate_limit is not None and count > limit:
            return too_many(key or address, count=count, limit=limit, retry_after=_RETRY_AFTER)
        return None

    def _answered(self, corpus: Corpus, tool: str, params: Mapping[str, str], fault: Fault | None) -> Reply:
        if fault is not None and fault.kind is FaultKind.OMITTED_IDS:
            corpus = Corpus(entry for entry in corpus.entries if entry.pmid not in fault.pmids)
        in_place = spoilt(fault) if fault else None
        true = in_place or answer(corpus, tool, params, strict_phrases=self._manners.strict_phrases)
        return Reply(true, fault.kind, fault.at_byte) if fault else Reply(true)


def _with_pace(reply: Reply, limit: int, count: int) -> Reply:
    pace = (("X-RateLimit-Limit", str(limit)), ("X-RateLimit-Remaining", str(max(0, limit - count))))
    told = reply.answer
    told = Answer(told.status, told.content_type, told.body, (*told.headers, *pace))
    return Reply(told, reply.kind, reply.at_byte)
