"""Export files read by livrev and by what users would pick instead, side by side; and the import of a long file.

Run ``.venv/bin/python benchmarks/readers.py [FORMAT ...]``: every file of ``LIVREV_SHARED_DATA`` (or ``../shared/data``)
is read by each reader of its format, all files of a format in one process of their own. Peers go into
``build/peers/readers`` on the first run, each into an environment of its own, and are left out where there is no
package index. Columns: *found* records, *refused* with a reason (only livrev refuses), *off*: files of which it gave
another number of records than begin in them, *raised*: files on which it stopped with an error; then the share of all
records begun that came with the field; records a second of CPU time spent reading, these CPU seconds, and all of the
process, start and imports included. Records begun are counted here, with patterns that no reader uses.

``--import [RECORDS]`` writes RIS files of invented records (of 10,000 and of that many, default 100,000), imports each
with ``livrev import`` into a new review, and prints records a second, peak memory and the size of the store.
Two steps of the command, reading and deduplication, have a clock put around them from outside; nothing else is changed.
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks import peers
from benchmarks.peers import FIELDS, OURS, PEERS, Read

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("LIVREV_SHARED_DATA", ROOT.parent / "shared" / "data"))
READERS: Mapping[str, tuple[str, ...]] = {
    "ris": (OURS, "rispy, utf-8", "rispy, utf-8-sig"),
    "nbib": (OURS, "nbib", "Bio.Medline"),
    "bibtex": (OURS, "bibtexparser"),
    "endnote_xml": (OURS,),
    "csv": (OURS, "pandas", "pandas, sniffed"),
    "wos": (OURS, "rispy, WokParser"),
    "ovid": (OURS,),
    "pubmed_xml": (OURS, "Bio.Entrez"),
}
_OPENERS: Mapping[str, re.Pattern[str]] = {
    "ris": re.compile(
        r"^[ \t\xa0]*TY[ \t\xa0]{1,3}-|^PT [A-Z]$", re.MULTILINE
    ),  # one file is of Web of Science
    "nbib": re.compile(r"^PMID ?-", re.MULTILINE),
    "bibtex": re.compile(r"^[ \t]*@(?!comment|string|preamble)\w+[ \t]*[{(]", re.MULTILINE | re.IGNORECASE),
    "endnote_xml": re.compile(r"<record>|^%0 ", re.MULTILINE),  # one file is tagged text
    "wos": re.compile(r"^PT [A-Z]$", re.MULTILINE),
    "ovid": re.compile(r"^<\d+\. ?>", re.MULTILINE),
    "pubmed_xml": re.compile(r"<Pubmed(?:Book)?Article[ >]"),
}
_EXAMPLES = 4  # files named under a table, per reader and kind of trouble
MUST_RATE, CORES, SMALL, LARGE = 5_000, 2, 10_000, 100_000
csv.field_size_limit(1 << 30)


def main() -> None:
    """Print the tables, or import."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("formats", nargs="*", metavar="FORMAT", help=f"of {', '.join(READERS)} (default: all)")
    words.add_argument("--import", dest="records", nargs="?", type=int, const=LARGE, metavar="RECORDS")
    words.add_argument("--timed", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    said = words.parse_args()
    if said.timed:
        clocked(Path(said.timed[0]), said.timed[1:])
    elif said.records:
        imported(sorted({min(SMALL, said.records), said.records}))
    elif unknown := [name for name in said.formats if name not in READERS]:
        words.error(f"{', '.join(unknown)}: no such format")
    elif present := [name for name in said.formats or READERS if (SHARED / name).is_dir()]:
        complete = [compared(name) for name in present]
        told("every record that begins in a file is read or refused with a reason", holds=all(complete))
    else:
        words.error(f"{SHARED} holds no such folder; name the folder in LIVREV_SHARED_DATA")


def told(demand: str, *, holds: bool) -> None:
    """Print whether ours is what it must be."""
    print(f"{demand}: {'holds' if holds else 'DOES NOT HOLD'}")


# Side by side ---------------------------------------------------------------------------------------------------


def compared(name: str) -> bool:
    """Print the table of one format; gives whether livrev accounts for every record of every file."""
    files = sorted(file for file in (SHARED / name).iterdir() if file.is_file())
    begun = {file.name: openers(name, file) for file in files}
    print(f"\n{name}: {len(files)} files, {sum(begun.values()):,} records begin in them")
    print(
        f"{'reader':<17}{'found':>7}{'refused':>8}{'off':>4}{'raised':>7} "
        + "".join(f"{field[:8]:>9}" for field in FIELDS)
        + f"{'records/s':>11}{'reading s':>10}{'CPU s':>7}"
    )
    notes: list[str] = []
    complete = True
    for reader in READERS[name]:
        python = peers.python_with(PEERS[reader].package)
        if python is None:
            continue
        found, seconds = in_a_process(python, reader, files)
        line_of(reader, found, begun, seconds)
        notes += troubles(reader, found, begun)
        if reader == OURS:
            complete = not any(_off(read, begun) for read in found) and not any(
                read.raised and begun[read.file] for read in found
            )
    for note in notes:
        print(note)
    return complete


def in_a_process(python: str, reader: str, files: Sequence[Path]) -> tuple[list[Read], float]:
    """What a reader makes of files, and the CPU seconds of its process.

    No reader may go to the network for it (Bio.Entrez would, for a document type it does not know).
    """
    nowhere = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    home = {} if reader == OURS else {"HOME": str(peers.ENVIRONMENTS)}
    environment = {**os.environ, **nowhere, **home, "PYTHONPATH": str(ROOT) if reader == OURS else ""}
    command = [python, str(ROOT / "benchmarks" / "peers.py"), reader, *map(str, files)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{reader} ended with status {done.returncode}:\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return [Read(**json.loads(line)) for line in done.stdout.splitlines()], seconds


def line_of(reader: str, found: Sequence[Read], begun: Mapping[str, int], seconds: float) -> None:
    """Print one line of the table; shares are of all records begun, so that a lost record counts as not filled."""
    of, off = sum(begun.values()), sum(_off(read, begun) for read in found)
    records, reading = sum(read.records for read in found), sum(read.seconds for read in found)
    filled: Counter[str] = Counter()
    for read in found:
        filled.update(read.filled)
    shares = (
        f"{100 * filled[field] / of:>8.1f}%" if PEERS[reader].names[field] else f"{'-':>9}"
        for field in FIELDS
    )
    print(
        f"{reader:<17}{records:>7,}{sum(read.refused for read in found):>8,}"
        f"{off:>4}{sum(bool(read.raised) for read in found):>7} {''.join(shares)}"
        f"{records / reading:>11,.0f}{reading:>10.2f}{seconds:>7.2f}",
        flush=True,
    )


def _off(read: Read, begun: Mapping[str, int]) -> bool:
    return not read.raised and read.records + read.refused != begun[read.file]


def troubles(reader: str, found: Sequence[Read], begun: Mapping[str, int]) -> Iterator[str]:
    """Files that a reader gave another number of records of, refused records of, or stopped at; some of each."""
    off = [f"{r.file} ({r.records} of {begun[r.file]})" for r in found if _off(r, begun)]
    refused = [f"{r.file} ({r.refused} of {begun[r.file]})" for r in found if r.refused]
    raised = [f"{r.file} ({r.raised})" for r in found if r.raised]
    for what, files in (("another number", off), ("refused in", refused), ("stopped at", raised)):
        if files:
            more = f" and {len(files) - _EXAMPLES} more" if len(files) > _EXAMPLES else ""
            yield f"  {reader}, {what}: {'; '.join(files[:_EXAMPLES])}{more}"


def openers(name: str, file: Path) -> int:
    """How many records begin in a file, counted with no reader; of a table, its rows that are not blank."""
    text = text_of(file)
    if name != "csv":
        return len(_OPENERS[name].findall(text))
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    return sum(any(cell.strip() for cell in row) for row in rows) - 1


def text_of(file: Path) -> str:
    """Text of a file with line feeds at the ends of its lines."""
    content = file.read_bytes()
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    return content.decode(encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")


# The import of a long file ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Used:
    """What one import took: seconds by the clock and of CPU; megabytes (10^6 bytes) of file, memory and store."""

    records: int
    file: float
    wall: float
    cpu: float
    peak: float
    store: float
    reading: float
    deduplicating: float


_STEPS = ("read_export", "apply_rules")  # of curation.tasks.import_file


def imported(sizes: Sequence[int]) -> None:
    """Write and import a file of each size, and print the table.

    The clock is the user's, but on a busy machine it measures the others: the load average tells, CPU seconds are less disturbed.
    """
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(
        f"{'records':>9}{'file MB':>9}{'seconds':>9}{'records/s':>11}{'CPU s':>8}{'per CPU s':>11}"
        f"{'reading s':>11}{'storing s':>11}{'duplicates s':>14}{'peak MB':>9}{'store MB':>10}"
    )
    used = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "invented.ris"
            write_ris(file, size)
            used.append(one := one_import(file, size))
            storing = one.wall - one.reading - one.deduplicating
            print(
                f"{size:>9,}{one.file:>9.1f}{one.wall:>9.1f}{size / one.wall:>11,.0f}{one.cpu:>8.1f}"
                f"{size / one.cpu:>11,.0f}{one.reading:>11.1f}{storing:>11.1f}{one.deduplicating:>14.1f}"
                f"{one.peak:>9.0f}{one.store:>10.1f}",
                flush=True,
            )
    small, large = used[0], used[-1]
    if large.records >= LARGE:  # of a shorter file the start of the command is too large a part
        told(f"at least {MUST_RATE:,} records/s", holds=large.records / large.wall >= MUST_RATE)
        spread = CORES * large.records / large.cpu
        told(f"the same if its CPU seconds were spread evenly over {CORES} cores", holds=spread >= MUST_RATE)
    if small is not large:
        further = large.records - small.records
        memory, text = (large.peak - small.peak) / further, (large.file - small.file) / further
        print(
            f"a further record takes {1e6 * memory:,.0f} bytes of memory; it has {1e6 * text:,.0f} in the file"
        )


def one_import(file: Path, size: int) -> Used:
    """Import a file into a new review with the command, and make sure that every record of it came in."""
    review, steps = file.parent / "review", file.parent / "steps.json"
    run = [sys.executable, __file__, "--timed", str(steps)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([*run, "init", str(review)], env=environment, check=True, capture_output=True)
    words = ["--review", str(review), "import", str(file), "--source", "embase", "--json"]
    answer = file.parent / "answer.json"
    begun = time.perf_counter()
    with answer.open("wb") as output:
        process = subprocess.Popen([*run, *words], env=environment, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    [done] = json.loads(answer.read_text(encoding="utf-8")) if process.returncode == 0 else [{}]
    if done.get("new") != size:
        sys.exit(
            f"livrev import ended with status {process.returncode}, {done.get('new')} of {size} records new"
        )
    took = json.loads(steps.read_text(encoding="utf-8"))
    kilo = 1 if sys.platform == "darwin" else 1024
    stored = sum(part.stat().st_size for part in review.glob("review.db*"))
    cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * kilo / 1e6
    return Used(
        size, file.stat().st_size / 1e6, wall, cpu, peak, stored / 1e6, *(took[step] for step in _STEPS)
    )


def clocked(steps: Path, words: Sequence[str]) -> None:
    """Run the command with these words, and write the seconds of its steps to a file."""
    task = import_module("curation.tasks.import_file")
    took: dict[str, float] = dict.fromkeys(_STEPS, 0.0)

    def with_clock(step: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def acted(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the step takes and gives
            begun = time.perf_counter()
            try:
                return act(*given, **named)
            finally:
                took[step] += time.perf_counter() - begun

        return acted

    for step in _STEPS:
        setattr(task, step, with_clock(step, getattr(task, step)))
    sys.argv = ["livrev", *words]
    try:
        import_module("curation.cli.main").main()
    finally:
        steps.write_text(json.dumps(took), encoding="utf-8")


def write_ris(file: Path, size: int) -> None:
    """Write invented records of the size that databases export, as Windows programs write them (BOM, CRLF)."""
    invented = Invented()
    with file.open("w", encoding="utf-8-sig", newline="\r\n") as stream:
        for number in range(size):
            stream.write("\n".join(invented.record(number)) + "\n\n")


class Invented:
    """Records out of 20,000 invented words, as unevenly frequent as words are (Zipf), the same on every run.

    Titles of 8 to 20 words, abstracts of 120 to 280, 6 authors, 8 keywords; no two are the same publication.
    """

    def __init__(self) -> None:
        self._random = random.Random(4)  # noqa: S311 - no secret
        syllables = ["".join(pair) for pair in itertools.product("bcdfglmnprstv", "aeiou")]
        parts = itertools.product(syllables, repeat=3)
        every = ["".join(part) for part in parts]
        self._random.shuffle(every)
        self._words = every[:20_000]
        self._weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(len(self._words))))
        self._names = [word.capitalize() for word in every[20_000:24_000]]
        self._journals = ["Journal of " + " ".join(self.words(3)).title() for _ in range(600)]

    def words(self, number: int) -> list[str]:
        """Words drawn anew."""
        return self._random.choices(self._words, cum_weights=self._weights, k=number)

    def sentences(self, number: int) -> str:
        """Words in sentences of 20."""
        drawn = self.words(number)
        spans = (drawn[start : start + 20] for start in range(0, number, 20))
        return " ".join(f"{' '.join(span).capitalize()}." for span in spans)

    def record(self, number: int) -> Iterator[str]:
        """Lines of one record."""
        draw, first = self._random.randint, self._random.randint(1, 2000)
        yield "TY  - JOUR"
        yield f"T1  - {' '.join(self.words(draw(8, 20))).capitalize()}"
        for _ in range(6):
            yield f"A1  - {self._random.choice(self._names)}, {chr(draw(65, 90))}.{chr(draw(65, 90))}."
        yield f"Y1  - {draw(1990, 2025)}"
        yield f"N2  - {self.sentences(draw(120, 280))}"
        yield f"JF  - {self._random.choice(self._journals)}"
        yield f"VL  - {draw(1, 90)}"
        yield f"IS  - {draw(1, 12)}"
        yield f"SP  - {first}"
        yield f"EP  - {first + draw(3, 15)}"
        yield from (f"KW  - {' '.join(self.words(2))}" for _ in range(8))
        yield f"DO  - 10.{5000 + number % 900}/invented.{number}"
        yield f"U2  - L{600_000_000 + number}"
        yield "DB  - Embase"
        yield "LA  - English"
        yield "ER  - "


if __name__ == "__main__":
    main()
