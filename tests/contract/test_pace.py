"""The pace of requests: what the stand-in saw of it, over threads and processes, and what a bad file does to it."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from curation.sources.http import Door, DoorSettings
from curation.sources.standin import Corpus, StandIn
from curation.store.pace import SharedPace
from curation.tasks.network import PACE

HOST = "eutils.example"
LIMIT = 3  # requests a second that NCBI allows without a key

ASK_FROM_A_PROCESS = """
import sys, time
from pathlib import Path
from curation.sources.http import Door, DoorSettings
from curation.store.pace import SharedPace
url, pace_file, per_second, times = sys.argv[1:]
pace = SharedPace(Path(pace_file), time.monotonic, time.sleep)
with Door(DoorSettings("test", per_second=float(per_second)), pace, clock=time.monotonic) as door:
    for _ in range(int(times)):
        door.get(url + "einfo.fcgi", {"db": "pubmed", "retmode": "json"})
assert pace.trouble == "", pace.trouble
"""


@dataclass
class VirtualTime:
    """A clock that only sleeping moves; ``slept`` holds every sleep in seconds."""

    now: float = 1_000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@contextmanager
def paced(path: Path | None, at: VirtualTime, busy_timeout: float = 5.0) -> Iterator[SharedPace]:
    with closing(SharedPace(path, at.clock, at.sleep, busy_timeout=busy_timeout)) as pace:
        yield pace


def moments(pace: SharedPace, at: VirtualTime, times: int, per_second: float = 2) -> list[float]:
    """When each of several requests may leave, in seconds from now."""
    begun, found = at.now, []
    for _ in range(times):
        pace.wait(HOST, per_second)
        found.append(at.now - begun)
    return found


def most_in_a_second(arrivals: Sequence[float]) -> int:
    """Most requests in any second that begins with one of them."""
    times = sorted(arrivals)
    return max(bisect_left(times, begin + 1) - place for place, begin in enumerate(times))


@pytest.fixture(params=["within the process", "in a file"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "made" / "pace.sqlite" if request.param == "in a file" else None


def test_requests_to_a_host_leave_one_spacing_apart(where: Path | None) -> None:
    at = VirtualTime()
    with paced(where, at) as pace:
        assert moments(pace, at, 4) == [0, 0.5, 1, 1.5]
        at.now += 10
        assert moments(pace, at, 2) == [0, 0.5], "time that went by unused is not made up for"
        assert pace.trouble == ""


def test_each_host_has_its_own_pace(where: Path | None) -> None:
    at = VirtualTime()
    with paced(where, at) as pace:
        pace.wait(HOST, 2)
        pace.wait("api.example", 2)
        assert at.slept == []
        pace.wait(HOST, 2)
        assert at.slept == [0.5]


def test_two_who_name_one_file_keep_one_pace(tmp_path: Path) -> None:
    at = VirtualTime()
    with paced(tmp_path / "pace.sqlite", at) as one, paced(tmp_path / "pace.sqlite", at) as other:
        assert [moments(p, at, 1) for p in (one, other, one, other)] == [[0], [0.5], [0.5], [0.5]]


def test_a_moment_far_ahead_is_of_another_clock(tmp_path: Path) -> None:
    at = VirtualTime(now=50_000)
    with paced(tmp_path / "pace.sqlite", at) as pace:
        pace.wait(HOST, 2)
        at.now = 1_000  # the machine was started anew
        assert moments(pace, at, 3) == [0, 0.5, 1]
        at.now -= 20  # set back a little: waited for
        assert moments(pace, at, 1) == [20.5]


def test_who_is_woken_late_takes_another_moment() -> None:
    at = VirtualTime()
    late = iter([0.3, 0.0, 0.0])

    def sleep(seconds: float) -> None:
        at.sleep(seconds + next(late))

    with closing(SharedPace(None, at.clock, sleep)) as pace:
        pace.wait(HOST, 2)
        pace.wait(HOST, 2)
        assert at.now == 1_001, "not at 1000.8, half a spacing before the next one leaves"


def test_a_machine_that_always_wakes_late_gets_on_too() -> None:
    at = VirtualTime()

    def sleep(seconds: float) -> None:
        at.sleep(seconds + 5)

    with closing(SharedPace(None, at.clock, sleep)) as pace:
        pace.wait(HOST, 2)
        pace.wait(HOST, 2)
    assert 0 < len(at.slept) <= 3


def locked(path: Path) -> sqlite3.Connection:
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    return holder


def test_a_file_that_somebody_holds_stops_nothing_and_the_pace_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, at = tmp_path / "pace.sqlite", VirtualTime()
    with paced(path, at, busy_timeout=0.05) as pace:
        pace.wait(HOST, 2)
        with closing(locked(path)):
            assert moments(pace, at, 3) == [0, 0.5, 1]
        assert moments(pace, at, 1) == [0.5]
        assert pace.trouble == (
            f"{path} cannot hold the pace of requests (database is locked); it is kept within this process only"
        )
    assert [(r.levelno, r.getMessage()) for r in caplog.records] == [(logging.WARNING, pace.trouble)]


@pytest.mark.parametrize("content", [b"no database at all", b"SQLite format 3\x00" + b"\xff" * 4_000])
def test_a_damaged_file_is_put_aside_and_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    path, at = tmp_path / "pace.sqlite", VirtualTime()
    path.write_bytes(content)
    with paced(path, at) as pace, paced(path, at) as other:
        assert moments(pace, at, 2) == [0, 0.5]
        assert moments(other, at, 1) == [0.5]
        assert pace.trouble == other.trouble == ""
    assert (tmp_path / "pace.sqlite.damaged").read_bytes() == content
    [record] = caplog.records
    assert "was damaged; it was put aside as pace.sqlite.damaged" in record.getMessage()


def test_a_file_damaged_while_it_is_used_is_made_anew(tmp_path: Path) -> None:
    path, at = tmp_path / "pace.sqlite", VirtualTime()
    with paced(path, at) as pace:
        pace.wait(HOST, 2)
        path.write_bytes(b"\xff" * path.stat().st_size)
        assert moments(pace, at, 3)[1:] == [0.5, 1]
        assert pace.trouble == ""


def a_folder_in_its_place(path: Path) -> None:
    path.mkdir()


def a_file_for_its_folder(path: Path) -> None:
    path.parent.rmdir()
    path.parent.write_text("mine")


def another_table_of_that_name(path: Path) -> None:
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("CREATE TABLE slot (other TEXT)")


@pytest.mark.parametrize("spoil", [a_folder_in_its_place, a_file_for_its_folder, another_table_of_that_name])
def test_a_file_that_cannot_be_used_stops_nothing_and_the_pace_is_kept(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    path, at = tmp_path / "cache" / "pace.sqlite", VirtualTime()
    path.parent.mkdir()
    spoil(path)
    with paced(path, at) as pace:
        assert moments(pace, at, 3) == [0, 0.5, 1]
        assert "cannot hold the pace of requests" in pace.trouble


def test_four_threads_of_one_door_ask_at_most_three_times_in_any_second(tmp_path: Path) -> None:
    """In real time, by the stand-in's own clock."""
    pace = SharedPace(tmp_path / "pace.sqlite", time.monotonic, time.sleep)
    settings = DoorSettings("test", per_second=PACE)
    with StandIn(Corpus(), rate_limit=LIMIT) as server, Door(settings, pace, clock=time.monotonic) as door:

        def ask() -> None:
            for _ in range(2):
                door.get(f"{server.url}einfo.fcgi", {"db": "pubmed", "retmode": "json"})

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.requests) == 8, "none was refused and asked again"
    assert most_in_a_second([r.at for r in server.requests]) <= LIMIT
    pace.close()


def test_three_processes_ask_at_most_three_times_in_any_second(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """In real time, by the stand-in's own clock."""
    with StandIn(Corpus(), rate_limit=LIMIT) as server:
        words = [server.url, str(tmp_path / "pace.sqlite"), str(PACE), "3"]
        command = [sys.executable, "-c", ASK_FROM_A_PROCESS, *words]
        running = [
            subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(3)
        ]
        for process in running:
            _, said = process.communicate(timeout=60)
            assert process.returncode == 0, said
    assert len(server.requests) == 9, "none was refused and asked again"
    assert most_in_a_second([r.at for r in server.requests]) <= LIMIT
