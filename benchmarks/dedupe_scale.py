"""How the cost of deduplication grows with the store: a first import, and new hits against up to a million records.

Run ``python benchmarks/dedupe_scale.py`` where livrev is installed editable (``--sizes 10000 100000`` for less). The
records are those of ``made_up_records.py``. A store of each size is grown by imports of 50,000 records, each followed
by its pass of deduplication (these lines are printed too), and kept in ``build/dedupe_scale`` for the next run; a
million records take 4.4 GB and, on one free core, half an hour.

Each line is measured in a process of its own, the new hits on a copy of the store: they are written, then
``apply_rules`` runs inside the same transaction, as an import or an update does it. *wall* and *CPU* (user and
system) are that pass alone, *commit* what ends the transaction, *compared* the pairs compared, *planted* the copies
among the new records, *found* those that ended in the report of their work, *asked* those that a person is asked
about, *wrong* the works that were joined to another, *open* the questions that wait in the whole store. *MB* is the
highest resident size of the whole process. The full-text index is left out of these stores; the lines *livrev import*
have it, the start, the reading and all else of the command.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.made_up_records import SHAPE, delivered, origin
from curation.dedupe.weights import ENGINE
from curation.store import duplicates, records, searches
from curation.store.connect import SCHEMA_VERSION, Change, Stamp
from curation.tasks.dedupe import apply_rules, waiting
from curation.tasks.init import init
from curation.tasks.neighbourhood import Neighbourhood
from curation.tasks.review import Review

ROOT = Path(__file__).resolve().parent.parent
STORES = ROOT / "build" / "dedupe_scale"
SIZES, HITS, FIRSTS = (10_000, 100_000, 1_000_000), (1, 100, 1_000), (10_000, 50_000)
BATCH = 50_000  # records of one import while a store is grown
FULL, MUST_WALL, MUST_FIRST, MUST_MB = 1_000_000, {100: 0.5, 1_000: 3.0}, {50_000: 60.0}, 1_000.0


@dataclass(frozen=True)
class Became:
    """What became of new records: the copies among them, those in the report of their work, those asked about.

    ``wrong`` are the works joined to another, ``open`` the questions that wait in the whole store.
    """

    planted: int
    found: int
    asked: int
    wrong: int
    open: int


@dataclass(frozen=True)
class Measured:
    """One pass: records in the store before it, new ones, seconds, pairs compared, highest resident megabytes."""

    what: str
    store: int
    new: int
    wall: float
    cpu: float
    commit: float
    compared: int
    became: Became
    megabytes: float


# --- Stores ------------------------------------------------------------------------------------------------------

PROTOCOL = """
exclusion_reasons = [{ code = "population", label = "Population" }]
sources = [
  { key = "embase", name = "Embase", kind = "database", strategy = "everything" },
  { key = "scopus", name = "Scopus", kind = "database", strategy = "everything" },
  { key = "wos", name = "Web of Science", kind = "database", strategy = "everything" },
]
reviewers = [
  { id = "ana", name = "Ana", roles = ["screener"] },
  { id = "ben", name = "Ben", roles = ["screener"] },
  { id = "cem", name = "Cem", roles = ["adjudicator"] },
]
review = { title = "A very large review", question = "How does the cost grow?" }
criteria = { include = ["Everything"] }
living = { integration = "Now and then.", retirement = "At the end." }
"""
_SHARE = 100  # records in a row from one source
STAMP = Stamp(dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC), "benchmark", "benchmarks/dedupe_scale.py")


def new_review(folder: Path, *, indexed: bool = False) -> None:
    """An empty review, without the full-text index unless it is to be ``indexed``."""
    folder.mkdir(parents=True)
    (folder / "review.toml").write_text(PROTOCOL, encoding="utf-8")
    init(folder, STAMP)
    if not indexed:
        with Review.open(folder) as review:
            review.sql.execute("DROP TRIGGER revision_fts_insert")


def add(change: Change, begin: int, end: int) -> None:
    """Write the records from ``begin`` on as those of one search run a source; record numbers are index + 1."""
    in_round = searches.open_round(change)
    runs = []
    for key in ("embase", "scopus", "wos"):
        strategy = searches.strategy(change.sql, key)
        if strategy is None:
            message = f"{key} has no strategy"
            raise AssertionError(message)
        facts = searches.RunFacts("file", "2026-11-01", strategy.query)
        runs.append((searches.add_run(change, in_round.id, strategy.id, facts), strategy.source_id))
    for first in range(begin - begin % _SHARE, end, _SHARE):
        run, source = runs[first // _SHARE % len(runs)]
        taken = range(max(first, begin), min(first + _SHARE, end))
        searches.add_hits(change, run, "new", records.add(change, run, source, delivered(taken)))


def grown(size: int) -> Path:
    """The review with ``size`` records: as it was kept, or grown from what there is of it, or of a smaller one."""
    kept = STORES / f"shape-{SHAPE} schema-{SCHEMA_VERSION} {ENGINE}".replace(" ", "_")
    folder, half = kept / str(size), kept / f".{size}.growing"
    if folder.is_dir():
        return folder
    smaller = [int(f.name) for f in kept.glob("[1-9]*") if int(f.name) < size]
    if not half.is_dir() and smaller:
        copied(kept / str(max(smaller)), half)
    elif not half.is_dir():
        new_review(half)
    with Review.open(half) as review:
        done = len_of(review.sql)
    begun = time.perf_counter()
    for begin in range(done, size, BATCH):
        told(in_a_process("grow", str(half), str(min(BATCH, size - begin))))
    megabytes = (half / "review.db").stat().st_size / 1e6
    print(
        f"{size:,} records, {megabytes:,.0f} MB; from {done:,} in {time.perf_counter() - begun:,.0f} s",
        flush=True,
    )
    return half.rename(folder)


def copied(review: Path, to: Path) -> Path:
    """A copy of a review, which is there whole or not at all."""
    half = to.with_name(f"{to.name}.part")
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(review, half)
    return half.rename(to)


# --- Measuring ---------------------------------------------------------------------------------------------------


def passed(folder: Path, new: int, *, counted: bool = True) -> Measured:
    """Write ``new`` records and measure the pass of deduplication that follows, in the same transaction."""
    with Review.open(folder) as review:
        before = len_of(review.sql)
        with review.change(STAMP) as change:
            add(change, before, before + new)
            wall, cpu = time.perf_counter(), time.process_time()
            apply_rules(change)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            commit = time.perf_counter()
        commit, megabytes = time.perf_counter() - commit, resident()
        became = what_became(review.sql, range(before, before + new))
        compared = compared_pairs(review.sql, before, new) if counted else 0
    what = "new hits" if before else "first import"
    return Measured(what, before, new, wall, cpu, commit, compared, became, megabytes)


def len_of(sql: sqlite3.Connection) -> int:
    """Number of records in a store."""
    return int(sql.execute("SELECT coalesce(max(id), 0) FROM record").fetchone()[0])


def compared_pairs(sql: sqlite3.Connection, before: int, new: int) -> int:
    """Pairs that are compared around the new records (counted again, after the measurement)."""
    pairs: set[tuple[int, int]] = set()
    for first in range(before, before + new, 2_000):
        around = Neighbourhood(sql)
        around.grow(range(first + 1, min(first + 2_000, before + new) + 1))
        pairs |= around.compared.keys()
    return len(pairs)


def what_became(sql: sqlite3.Connection, indices: range) -> Became:
    """What became of new records, by the work that each is of."""
    report, queue = duplicates.placements(sql), waiting(sql)
    copies = {index: first for index in indices if (first := origin(index)) != index}
    ends = [(report[index + 1], report[first + 1]) for index, first in copies.items()]
    lost = [pair for pair in ends if pair[0] != pair[1]]
    asked = {frozenset((report[j.left], report[j.right])) for j in queue}
    works: dict[int, set[int]] = {}
    for record, into in duplicates.members_of(sql, {report[index + 1] for index in indices}).items():
        works.setdefault(into, set()).add(origin(record - 1))
    return Became(
        planted=len(copies),
        found=len(ends) - len(lost),
        asked=sum(frozenset(pair) in asked for pair in lost),
        wrong=sum(len(joined) - 1 for joined in works.values()),
        open=len(queue),
    )


def commanded(new: int) -> Measured:
    """``livrev import`` of a file into a new review, as a user runs it: everything counts."""
    with tempfile.TemporaryDirectory() as place:
        folder, file = Path(place, "review"), Path(place, "export.ris")
        new_review(folder, indexed=True)
        file.write_bytes(b"".join(record.raw for record in delivered(range(new))))
        wall, used = run(folder, "import", str(file), "--source", "embase", "--searched-on", "2026-11-01")
        with Review.open(folder) as review:
            became = what_became(review.sql, range(new))
            compared = compared_pairs(review.sql, 0, new)
    cpu, megabytes = used.ru_utime + used.ru_stime, used.ru_maxrss * _UNIT / 1e6
    return Measured("livrev import", 0, new, wall, cpu, 0.0, compared, became, megabytes)


def run(folder: Path, *words: str) -> tuple[float, resource.struct_rusage]:
    """Run the ``livrev`` command in a review; wall seconds and what the process used."""
    command = [sys.executable, "-c", "from curation.cli.main import main; main()", *words]
    begun = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, env=environment())
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - begun, used


def environment() -> dict[str, str]:
    """This process's environment, with this checkout before any other livrev."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes of one unit of ru_maxrss


def resident() -> float:
    """Highest resident size of this process so far, in megabytes of a million bytes (see benchmarks/parse.py)."""
    status = Path("/proc/self/status")
    if status.is_file():
        [highest] = re.findall(r"^VmHWM:\s+(\d+) kB$", status.read_text(encoding="ascii"), re.MULTILINE)
        return int(highest) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT / 1e6


def in_a_process(*words: str) -> Measured:
    """Measure in a new process."""
    command = [sys.executable, __file__, "--run", *words]
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True, check=True)
    said = json.loads(done.stdout.splitlines()[-1])
    return Measured(**said | {"became": Became(**said["became"])})


# --- The table ---------------------------------------------------------------------------------------------------

_TITLE = (
    f"{'what':<14} {'in store':>9} {'new':>7} {'wall s':>8} {'CPU s':>7} {'commit s':>8} {'compared':>9} {'planted':>8} "
    f"{'found':>7} {'asked':>6} {'wrong':>6} {'open':>7} {'MB':>5} {'load':>5}"
)


def told(one: Measured) -> Measured:
    """Print one line of the table, with the load of the machine (waiting processes, mean of a minute)."""
    became, compared = one.became, f"{one.compared:,}" if one.compared else ""
    print(
        f"{one.what:<14} {one.store:>9,} {one.new:>7,} {one.wall:>8.3f} {one.cpu:>7.3f} {one.commit:>8.3f} "
        f"{compared:>9} {became.planted:>8,} {became.found:>7,} {became.asked:>6,} {became.wrong:>6,} "
        f"{became.open:>7,} {one.megabytes:>5.0f} {os.getloadavg()[0]:>5.1f}",
        flush=True,
    )
    return one


def judged(measured: Sequence[Measured]) -> None:
    """Print which of the demands hold."""
    demands = {
        f"under {MUST_MB:g} MB in each": all(one.megabytes < MUST_MB for one in measured),
        "no work joined to another": not any(one.became.wrong for one in measured),
        "every planted copy found or asked about": all(
            one.became.found + one.became.asked == one.became.planted for one in measured
        ),
    }
    for one in measured:
        what = f"{one.what}, {one.new:,} into {one.store:,}"
        if one.store >= FULL and one.new in MUST_WALL:
            limit = MUST_WALL[one.new]
            demands[f"{what}, with the commit, in under {limit:g} s"] = one.wall + one.commit < limit
        if one.store == 0 and one.new in MUST_FIRST:
            demands[f"{what}, in under {MUST_FIRST[one.new]:g} CPU s"] = one.cpu < MUST_FIRST[one.new]
    for demand, holds in demands.items():
        print(f"{demand}: {'holds' if holds else 'DOES NOT HOLD'}")


def main() -> None:
    """Print the table and which demands hold."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--sizes", nargs="*", type=int, default=SIZES, help="records in the store")
    words.add_argument("--hits", nargs="*", type=int, default=HITS, help="new records against each store")
    words.add_argument("--first", nargs="*", type=int, default=FIRSTS, help="records of a first import")
    words.add_argument("--run", nargs="+", help=argparse.SUPPRESS)
    said = words.parse_args()
    if said.run:
        print(json.dumps(asdict(ran(*said.run))))
        return
    print(_TITLE)
    measured = [told(in_a_process(what, str(n))) for n in said.first for what in ("first", "command")]
    for size in sorted(said.sizes):
        measured += against(grown(size), said.hits)
    judged(measured)


def ran(what: str, *words: str) -> Measured:
    """One measurement, in the process that was started for it."""
    if what in {"pass", "grow"}:
        return passed(Path(words[0]), int(words[1]), counted=what == "pass")
    if what == "command":
        return commanded(int(words[0]))
    with tempfile.TemporaryDirectory() as place:
        new_review(Path(place, "review"))
        return passed(Path(place, "review"), int(words[0]))


def against(kept: Path, hits: Sequence[int]) -> Iterator[Measured]:
    """Measure new hits against a copy of a kept store; later ones find the earlier in it."""
    with tempfile.TemporaryDirectory(dir=STORES) as place:
        folder = copied(kept, Path(place, "review"))
        for new in hits:
            yield told(in_a_process("pass", str(folder), str(new)))


if __name__ == "__main__":
    main()
