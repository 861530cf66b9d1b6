"""How long commands take from the shell, beside an eager start that imports every dependency first.

Run it with the interpreter that livrev is installed in (``make bench``)::

    python benchmarks/startup.py

It builds the demonstration in a temporary folder and prints a Markdown table: the median wall time of nine runs
each, in milliseconds, and the fastest and slowest of them. The runs of all commands take turns, so that a busy
moment of the machine falls on all of them alike; one run of each before the first is not counted. Interpreter
start is in every figure, also alone, as the floor.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

RUNS = 9
ROOT = Path(__file__).resolve().parent.parent
EAGER = "import click, pandas, sqlite_utils, pydantic, requests, jinja2, rapidfuzz, Bio"
LIVREV = "from curation.cli.main import main; main()"


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "demo")
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        run_once([sys.executable, "-c", LIVREV, "demo", str(folder)], ROOT, environment)
        times = measured(commands(), folder, environment)
    print(f"| start | median of {RUNS}, ms | fastest | slowest |\n| --- | ---: | ---: | ---: |")
    for name, taken in times.items():
        milliseconds = [1000 * seconds for seconds in taken]
        print(
            f"| `{name}` | {statistics.median(milliseconds):.0f} "
            f"| {min(milliseconds):.0f} | {max(milliseconds):.0f} |"
        )


def commands() -> Mapping[str, Sequence[str]]:
    """What is timed, by the name it is printed under."""
    words = {
        "livrev --help": ["--help"],
        "livrev status": ["status"],
        "livrev vote": ["vote", "R12", "exclude", "--as", "demo-a"],
        "livrev flow": ["flow"],
    }
    timed: dict[str, Sequence[str]] = {"python -c pass": [sys.executable, "-c", "pass"]}
    timed |= {name: [sys.executable, "-c", LIVREV, *arguments] for name, arguments in words.items()}
    return timed | {f"python -c '{EAGER}'": [sys.executable, "-c", EAGER]}


def measured(
    timed: Mapping[str, Sequence[str]], folder: Path, environment: Mapping[str, str]
) -> Mapping[str, list[float]]:
    """Seconds that each command took, run by run."""
    taken: dict[str, list[float]] = {name: [] for name in timed}
    for turn in range(RUNS + 1):
        for name, command in timed.items():
            seconds = run_once(command, folder, environment)
            if turn > 0:  # the first warms the file cache and writes byte code
                taken[name].append(seconds)
    return taken


def run_once(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> float:
    """Seconds from start to end of ``command``. Raises CalledProcessError when it fails."""
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
