"""Which request is spoilt: faults in a row, or strewn at random over everything a client asks."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from curation.sources.standin.asked import GROUPS, listed
from curation.sources.standin.faults import ALARMING, PASSING, Fault, FaultKind

_SEARCH_ONLY = frozenset({*ALARMING, FaultKind.BACKEND_FAILED})
# Left out by a search a record looks deleted, which no client can tell from the truth.
_FETCH_ONLY = frozenset({FaultKind.OMITTED_IDS, FaultKind.PROLOG_ONLY})
_LAST_CUT = 4_000
_DRIP = 1_000_000  # bytes a second: felt by a clock that is handed in, short by the real one
_OMITTED_SHARE = 3


class RandomFaults:
    """Spoils about one request in ``every``, by each of ``kinds`` in turn; the same ones for the same seed.

    The same request is never spoilt more than ``most_in_a_row`` times before one true answer, so that a client
    with more tries than that always gets through. A kind that makes no sense for a tool waits for the next
    request that it suits. ``retry_after`` is what a 429 asks for, in seconds. Not thread-safe.
    """

    def __init__(
        self,
        seed: int,
        every: int = 10,
        kinds: Sequence[FaultKind] = PASSING,
        *,
        most_in_a_row: int = 2,
        retry_after: int = 1,
    ) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a script of faults, no secret
        self._every = every
        self._waiting = deque(kinds)
        self._most_in_a_row = most_in_a_row
        self._retry_after = retry_after
        self._in_a_row: dict[tuple[object, ...], int] = {}

    def next_for(self, tool: str, params: Mapping[str, str]) -> Fault | None:
        """Fault that spoils this request, None when it is to be answered as it should."""
        request = (tool, *sorted(params.items()))
        chosen = self._random.random() * self._every < 1
        if not chosen or self._in_a_row.get(request, 0) >= self._most_in_a_row:
            self._in_a_row.pop(request, None)
            return None
        kind = self._next_kind(tool)
        if kind is None:
            self._in_a_row.pop(request, None)
            return None
        self._in_a_row[request] = self._in_a_row.get(request, 0) + 1
        return self._fault(kind, params)

    def _next_kind(self, tool: str) -> FaultKind | None:
        for number, kind in enumerate(self._waiting):
            if _suits(kind, tool):
                del self._waiting[number]
                self._waiting.append(kind)
                return kind
        return None

    def _fault(self, kind: FaultKind, params: Mapping[str, str]) -> Fault:
        asked = listed(params.get("id", "").replace(GROUPS, ","))
        omitted = self._random.sample(asked, -(-len(asked) // _OMITTED_SHARE))
        return Fault(
            kind,
            path="",
            at_byte=self._random.randrange(1, _LAST_CUT),
            pmids=frozenset(omitted),
            retry_after=self._retry_after,
            per_second=_DRIP,
        )


class Script:
    """Faults still to come, in order; each request takes the first that is meant for it. Not thread-safe."""

    def __init__(self, faults: Iterable[Fault | RandomFaults] = ()) -> None:
        self._faults = tuple(faults)
        self._left = [fault.times if isinstance(fault, Fault) else None for fault in self._faults]

    def next_for(self, tool: str, params: Mapping[str, str]) -> Fault | None:
        """Fault that spoils this request of ``tool``, None when it is to be answered as it should."""
        for number, fault in enumerate(self._faults):
            if isinstance(fault, RandomFaults):
                strewn = fault.next_for(tool, params)
                if strewn is not None:
                    return strewn
                continue
            left = self._left[number]
            if fault.path not in {"", tool} or left == 0:
                continue
            self._left[number] = None if left is None else left - 1
            return fault
        return None


def _suits(kind: FaultKind, tool: str) -> bool:
    if kind in _SEARCH_ONLY:
        return tool == "esearch"
    return tool == "efetch" or kind not in _FETCH_ONLY
