"""What a vote costs: from the key to the next record painted, at 1,000 and at 100,000 records, beside ASReview LAB.

Run ``python benchmarks/screening.py`` where livrev is installed editable (``--sizes 1000`` for less). ASReview goes into
``build/peers/asreview`` on the first run (a few minutes; without it ours is measured alone). Records are those of
``made_up_records.py``, the same for both.

*livrev*: the real app (``livrev screen``) in a process of its own behind a pseudo-terminal of 80x24 and of 200x50, its
output drained as a terminal would. A vote is a key press; it is over when nothing has been printed for 30 ms. *CPU* is
the time that all threads of the process ran meanwhile (Linux' schedstat), *wall* the time to the last byte; every vote
is in the store by then. *desk* is the same without a screen: decide, next record, progress, in one process.

*ASReview LAB*: its web server's own routes through Flask's test client, without a network, a browser or anything
painted: POST the label, GET the next record. The order is random and no model is trained, so that only the route is
measured; with its default model each tenth of the labels or so starts a training besides (``benchmarks/ranking.py``).
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.dedupe_scale import STAMP, add, new_review
from benchmarks.made_up_records import delivered
from benchmarks.ranking import with_asreview
from curation.model import Decision
from curation.store.connect import Stamp
from curation.tasks.desk import Session, StoreDesk
from curation.tasks.queue import refresh
from curation.tasks.review import Review
from screening.desk import Choice, Work
from tests.story.pseudo_terminal import Terminal

SIZES = (1_000, 100_000)
VOTES = 200
WARM = 20  # votes before the clock runs
SCREENS = ((80, 24), (200, 50))
AIM_MS = 20.0
_QUIET = 0.03  # seconds without output after which a screen is painted
_ASREVIEW = """
import io, json, sys, time
from pathlib import Path
folder, table, votes = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
import os
os.environ["ASREVIEW_LAB_PATH"] = os.environ["ASREVIEW_PATH"] = str(folder)
from asreview.webapp.app import create_app
app = create_app(TESTING=True, AUTHENTICATION=False)
client = app.test_client()
begun = time.process_time()
answer = client.post("/api/projects/create", data={"mode": "oracle", "file": (io.BytesIO(table.read_bytes()), "set.csv")})
assert answer.status_code == 201, answer.data
project = answer.get_json()["id"]
created = time.process_time() - begun
answer = client.post(f"/api/projects/{project}/train", data={"ranking": "random"})
assert answer.status_code == 200, answer.data
answer = client.put(f"/api/projects/{project}/review", data={"status": "review"})
cpu, wall = [], []
record = client.get(f"/api/projects/{project}/get_record").get_json()["result"]
for n in range(votes):
    c, w = time.process_time(), time.perf_counter()
    number = record["record_id"]
    said = client.post(f"/api/projects/{project}/record/{number}", data={"record_id": number, "label": int(n % 7 == 0)})
    assert said.status_code == 200, said.data
    record = client.get(f"/api/projects/{project}/get_record").get_json()["result"]
    cpu.append(time.process_time() - c); wall.append(time.perf_counter() - w)
print(json.dumps({"created": created, "cpu": cpu, "wall": wall}))
"""


@dataclass(frozen=True)
class Measured:
    """Milliseconds of CPU and of wall time, one number a vote."""

    what: str
    records: int
    cpu: list[float]
    wall: list[float]


def review_of(records: int) -> Path:
    """A review with that many reports that wait, kept for the next run."""
    folder = Path(__file__).resolve().parent.parent / "build" / "screening" / str(records)
    if not folder.is_dir():
        half = folder.with_name(f".{records}.growing")
        shutil.rmtree(half, ignore_errors=True)
        half.parent.mkdir(parents=True, exist_ok=True)
        new_review(half)
        with Review.open(half) as review:
            with review.change(STAMP) as change:
                add(change, 0, records)
            refresh(review)
        half.rename(folder)
    return folder


def at_the_desk(folder: Path, records: int) -> Measured:
    """Votes without a screen."""
    cpu, wall = [], []
    with Review.open(folder) as review:
        session = Session("ana", Work.ABSTRACT)
        desk = StoreDesk(review, session, lambda: Stamp(dt.datetime.now(dt.UTC), "ana", "benchmark"))
        card = desk.next()
        for n in range(WARM + VOTES):
            if card is None:
                message = "the queue ran empty"
                raise AssertionError(message)
            c, w = time.process_time(), time.perf_counter()
            desk.decide(Choice(card.report, Decision.EXCLUDE if n % 7 else Decision.INCLUDE))
            card = desk.next()
            desk.progress()
            cpu.append((time.process_time() - c) * 1000)
            wall.append((time.perf_counter() - w) * 1000)
    return Measured("livrev, desk", records, cpu[WARM:], wall[WARM:])


def at_the_terminal(folder: Path, records: int, columns: int, rows: int) -> Measured:
    """Votes through the app, painted."""
    cpu, wall = [], []
    words = ["screen", "--as", "ben"]
    with Terminal(words, folder, dict(os.environ), columns=columns, rows=rows, emulated=True) as terminal:
        terminal.wait_for(lambda screen: re.search(r"^ +R\d", screen, re.MULTILINE) is not None)
        terminal.quiet(0.5)
        for n in range(WARM + VOTES):
            before, begun = terminal.cpu_seconds(), time.perf_counter()
            terminal.press("e" if n % 7 else "i")
            last = terminal.quiet(_QUIET)
            cpu.append((terminal.cpu_seconds() - before) * 1000)
            wall.append((last - begun) * 1000)
        terminal.leave()
    return Measured(f"livrev, app {columns}x{rows}", records, cpu[WARM:], wall[WARM:])


def by_asreview(python: str, records: int) -> Measured:
    """Votes through the routes of ASReview LAB."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = folder / "set.csv"
        with table.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("title", "abstract"))
            rows.writerows((r.citation.title, r.citation.abstract) for r in delivered(range(records)))
        done = subprocess.run(
            [python, "-c", _ASREVIEW, str(folder / "lab"), str(table), str(WARM + VOTES)],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise AssertionError(done.stderr[-2000:])
    told = json.loads(done.stdout.splitlines()[-1])
    print(f"ASReview LAB took {records:,} records in with {told['created']:.1f} s of CPU")
    cpu, wall = ([1000 * s for s in told[name]][WARM:] for name in ("cpu", "wall"))
    return Measured("ASReview LAB, routes", records, cpu, wall)


def told(measured: Measured) -> None:
    """One line of the table."""

    def of(values: list[float]) -> str:
        ordered = sorted(values)
        return f"{ordered[len(ordered) // 2]:8.1f} {ordered[int(len(ordered) * 0.95)]:8.1f}"

    print(f"{measured.what:<24} {measured.records:>8,}  {of(measured.cpu)}  {of(measured.wall)}", flush=True)


def main() -> int:
    """Measure, print; 1 where the app's CPU per vote is above the aim."""
    parser = argparse.ArgumentParser(description="What a vote costs, beside ASReview LAB.")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--without-peer", action="store_true")
    arguments = parser.parse_args()
    peer = None if arguments.without_peer else with_asreview()
    print(f"{'ms a vote':<24} {'records':>8}  CPU median      95%  wall median    95%")
    above = []
    for records in arguments.sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(shutil.copytree(review_of(records), Path(name) / "review"))
            lines = [at_the_desk(folder, records)]
            lines += [at_the_terminal(folder, records, *shape) for shape in SCREENS]
        lines += [by_asreview(peer, records)] if peer else []
        for line in lines:
            told(line)
        above += [line for line in lines[1:3] if sorted(line.cpu)[len(line.cpu) // 2] > AIM_MS]
    if above:
        print(f"above the aim of {AIM_MS:.0f} ms of CPU at the median: {', '.join(m.what for m in above)}")
    return int(bool(above))


if __name__ == "__main__":
    sys.exit(main())
