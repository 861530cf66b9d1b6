"""The history server: sets of records kept under a WebEnv and a query key, for some hours."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from curation.sources.standin.wire import Refusal


@dataclass(frozen=True, slots=True)
class Ticket:
    """Under what a set is kept: the environment, and the set's number in it."""

    webenv: str
    query_key: str


@dataclass(slots=True)
class _Environment:
    sets: list[tuple[int, ...]] = field(default_factory=list)
    used: float = 0.0


class Shelf:
    """Kept sets. An environment that nobody used for ``lifetime`` seconds of ``clock`` is gone with its sets.

    NCBI does not say how long it keeps them.
    """

    def __init__(self, clock: Callable[[], float], lifetime: float) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._lock = threading.Lock()
        self._environments: dict[str, _Environment] = {}
        self._made = 0

    def keep(self, pmids: tuple[int, ...], webenv: str = "") -> Ticket:
        """Keep a set in an environment, a new one when the named one is unknown or gone."""
        with self._lock:
            self._drop_old()
            name = webenv if webenv in self._environments else self._new_name()
            environment = self._environments.setdefault(name, _Environment())
            environment.sets.append(pmids)
            environment.used = self._clock()
            return Ticket(name, str(len(environment.sets)))

    def get(self, webenv: str, query_key: str) -> tuple[int, ...]:
        """Records of a kept set. Raises Refusal, in NCBI's words, when there is no such set or no more."""
        with self._lock:
            self._drop_old()
            environment = self._environments.get(webenv)
            sets = environment.sets if environment else []
            number = int(query_key) if query_key.isascii() and query_key.isdigit() else 0
            if environment is None or not 0 < number <= len(sets):
                raise Refusal(f"Unable to obtain query #{query_key or 1}")
            environment.used = self._clock()
            return sets[number - 1]

    def _drop_old(self) -> None:
        now = self._clock()
        old = [name for name, one in self._environments.items() if now - one.used >= self._lifetime]
        for name in old:
            del self._environments[name]

    def _new_name(self) -> str:
        self._made += 1
        return f"MCID_{hashlib.sha256(b'%d' % self._made).hexdigest()[:24]}"
