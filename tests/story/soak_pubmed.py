"""What a review in the soak talks to: the stand-in in virtual time with faults, or as a process that is killed."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from curation.protocol import Service
from curation.sources.pubmed import PubMed
from curation.sources.standin import Fault, RandomFaults, StandIn
from curation.tasks import network
from curation.tasks.clients import Clients
from curation.tasks.network import PACE, NetworkSettings

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from curation.cli.main import main; main()", "--review"]
CONTACT = "team@example.org"
TRIES = 2  # few, so that some updates fail and are run again
POLL = 0.005  # seconds between two looks at a process


@dataclass
class Time:
    """Seconds that waiting moves on at once, beside the machine's own that other processes keep to."""

    ahead: float = 0.0

    def clock(self) -> float:
        return time.monotonic() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.ahead += seconds


class CountedFaults(RandomFaults):
    """Random faults of every passing kind, one in ten requests, that count themselves."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, every=10, retry_after=1)
        self.played = 0

    def next_for(self, tool: str, params: Mapping[str, str]) -> Fault | None:
        fault = super().next_for(tool, params)
        self.played += fault is not None
        return fault


@dataclass(frozen=True)
class PubMedOverYears:
    """The stand-in, asked in virtual time; each update has a client of its own, as each process has."""

    standin: StandIn
    at: Time

    @contextmanager
    def asked(self) -> Iterator[Clients]:
        settings = NetworkSettings(base_url=self.standin.url, tries=TRIES)
        opened = network.door(settings, CONTACT, PACE, clock=self.at.clock, sleep=self.at.sleep)
        with opened as door:
            yield Clients({Service.PUBMED: PubMed(door, self.standin.url, email=CONTACT)})

    def killed(self, folder: Path, now: dt.datetime, life: float) -> bool:
        """Start the real command and kill it ``life`` seconds after its first request; False when it had ended."""
        asked = len(self.standin.requests)
        more = {
            "LIVREV_EUTILS_URL": self.standin.url,
            "LIVREV_HTTP_BACKOFF": "0",
            "NCBI_API_KEY": "soak",  # a quicker pace, for the sake of the tests
            "SOURCE_DATE_EPOCH": str(int(now.timestamp())),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "PYTHONPATH": str(ROOT),
        }
        nowhere = subprocess.DEVNULL
        with subprocess.Popen(
            [*COMMAND, str(folder), "update"], env={**os.environ, **more}, stdout=nowhere, stderr=nowhere
        ) as process:
            while process.poll() is None and len(self.standin.requests) == asked:
                _wait(process, POLL)
            _wait(process, life)
            process.kill()
        return process.returncode == -signal.SIGKILL


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
