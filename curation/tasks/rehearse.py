"""Starts the stand-in for PubMed by hand: to try a strategy, a schedule or an update without NCBI."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from curation.errors import Usage
from curation.sources.standin import Corpus, Manners, RandomFaults, Request, StandIn, generated
from curation.tasks import reference

# Eight digits as PubMed's have, past its real numbers and below those that the demonstration invents.
FIRST_GENERATED = 80_000_001
MOST_GENERATED = 9_000_000
_ALLOWED = 3  # requests a second, as NCBI allows without a key
_SHOWN = 60  # characters of a parameter


@dataclass(frozen=True, slots=True)
class Stage:
    """What is rehearsed on.

    ``files``: PubmedArticleSet files, served in place of the reference review's first update. ``generate``:
    made-up records beside them, each with ``term`` in title or abstract. ``port``: 0 for any that is free.
    ``faults``: one request in so many is spoilt, 0 for none. ``rate_limit``: refuse more than NCBI allows.
    """

    files: tuple[Path, ...] = ()
    generate: int = 500
    term: str = "livrev"
    port: int = 0
    faults: int = 0
    rate_limit: bool = False


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A stand-in that runs: where, and over how many records."""

    url: str
    records: int

    @property
    def setting(self) -> str:
        """The line that makes livrev in the same shell talk to it."""
        return f"export LIVREV_EUTILS_URL={self.url}"


@contextmanager
def rehearse(stage: Stage, say: Callable[[str], None], clock: Callable[[], datetime]) -> Iterator[Rehearsal]:
    """Serve while the block lasts; ``say`` gets one line for each request, one at a time.

    Raises Usage for numbers that make no sense and for a port that is taken or not allowed, BadInput for a
    file that is no PubmedArticleSet.
    """
    _check(stage)
    corpus = _corpus(stage)
    manners = Manners(rate_limit=_ALLOWED if stage.rate_limit else None)
    faults = [RandomFaults(seed=0, every=stage.faults)] if stage.faults else []
    standin = StandIn.with_manners(corpus, manners, faults=faults, port=stage.port)
    standin.watch(lambda request: say(line(request, clock())))
    with ExitStack() as running:
        try:
            running.enter_context(standin)
        except OSError as problem:
            message = f"port {stage.port} cannot be had ({problem.strerror}); name another with --port"
            raise Usage(message) from problem
        yield Rehearsal(standin.url, len(corpus))


def until_interrupted() -> None:
    """Wait for Ctrl-C or a request to end, and come back from it as from a wish fulfilled.

    The handlers are set here: a shell starts background commands with Ctrl-C ignored.
    """
    over = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: over.set()) for number in signals]
    try:
        over.wait()
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def line(request: Request, now: datetime) -> str:
    """One request as it is told: when, which, with what, and how it was answered."""
    params = " ".join(f"{name}={_short(value)}" for name, value in request.params.items() if name != "db")
    answered = str(request.status) if request.status else "reset"
    spoilt = f" [{request.fault}]" if request.fault else ""
    return f"{now:%H:%M:%S} {answered} {request.method} {request.path} {params}{spoilt}".rstrip()


def _short(value: str) -> str:
    told = " ".join(value.split())
    return told if len(told) <= _SHOWN else f"{told[:_SHOWN]}… ({len(told)} characters)"


def _check(stage: Stage) -> None:
    faults = []
    if not 0 <= stage.generate <= MOST_GENERATED:
        faults.append(f"--generate must be 0 to {MOST_GENERATED}, not {stage.generate}")
    if not 0 <= stage.port < 1 << 16:
        faults.append(f"--port must be 0 to 65535, not {stage.port}")
    if stage.faults < 0:
        faults.append(f"--faults must be 0 (none) or more, not {stage.faults}")
    if faults:
        raise Usage("; ".join(faults))


def _corpus(stage: Stage) -> Corpus:
    given = Corpus.from_xml(*(stage.files or (reference.corpus_file(),)))
    made = generated(stage.generate, first=FIRST_GENERATED, term=stage.term)
    # A record that is given wins over one that is made up with its number.
    return Corpus((*made.entries, *given.entries))
