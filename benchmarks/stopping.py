"""May screening stop? The same test by livrev and by buscarpy, on made-up rankings: p values and CPU seconds.

Run ``python benchmarks/stopping.py [--largest N]``. Each history is N records, one in a hundred relevant, ranked so
that a relevant record is drawn twenty times as readily as another (the model of buscarpy's own ``generate_dataset``,
with a seed); a tenth or a half of them is screened. Both get the same labels and test recall of 95%. buscarpy goes
into ``build/peers/buscarpy`` on the first run and is timed in a process of its own, after its imports; without a
package index it is left out.

CPU seconds are user and system, of one test: the best of three repetitions here, one run there. With fewer than a
hundred records screened both take a millisecond or less, and ours is 20 to 40 times as fast.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from screening.stopping import Progress, StopRule, progress, recall_p

ENVIRONMENT = Path(__file__).resolve().parent.parent / "build" / "peers" / "buscarpy"
PEER, VERSION = "buscarpy", "0.0.2"
HISTORIES = tuple(
    (size, size // part) for size in (2_000, 20_000, 100_000) for part in (10, 2)
)  # records, screened
PREVALENCE, READIER, SEED = 0.01, 20.0, 6
RULE = StopRule(0.95, 0.95)
FASTER, DIFFERENCE = 50, 1e-9
LONG_ENOUGH = 0.1  # CPU seconds; one test of ours is too short to time
# Run by the peer's own Python; it gets total, target and labels as one line of JSON.
_PEER_TEST = """
import json, sys, time
from buscarpy import calculate_h0
total, target, labels = json.loads(sys.stdin.read())
begun = time.process_time()
p = float(calculate_h0(labels, total, recall_target=target))
print(json.dumps([p, time.process_time() - begun]))
"""


@dataclass(frozen=True)
class Timed:
    """A p value and the CPU seconds it took."""

    p: float
    seconds: float


def main() -> None:
    """Compare history by history, then say whether ours is fast enough."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--largest", type=int, default=HISTORIES[-1][0], help="leave out histories of more records"
    )
    largest = parser.parse_args().largest
    python = python_with_peer()
    print(
        f"{'records':>8} {'screened':>8} {'found':>6} {'p livrev':>11} {'p ' + PEER:>11} {'differs by':>10}",
        end="",
    )
    print(f" {'livrev s':>9} {PEER + ' s':>11} {'times':>7}")
    pairs = [compared(size, screened, python) for size, screened in HISTORIES if size <= largest]
    judged([(ours, theirs) for ours, theirs in pairs if theirs is not None])


def compared(size: int, screened: int, python: str | None) -> tuple[Timed, Timed | None]:
    """Time one history with both and print its line."""
    labels = ranked(size)[:screened]
    now = progress(labels, size)
    ours = by_livrev(now)
    print(f"{size:>8,} {now.screened:>8,} {now.found:>6,} {ours.p:>11.4g}", end="", flush=True)
    theirs = by_peer(python, labels, size) if python else None
    if theirs is None:
        print(f" {'-':>11} {'-':>10} {ours.seconds:>9.5f} {'-':>11} {'-':>7}")
    else:
        print(f" {theirs.p:>11.4g} {abs(ours.p - theirs.p):>10.1e} {ours.seconds:>9.5f}", end="")
        print(f" {theirs.seconds:>11.3f} {theirs.seconds / ours.seconds:>7,.0f}", flush=True)
    return ours, theirs


def judged(pairs: Sequence[tuple[Timed, Timed]]) -> None:
    """Print whether p agrees and ours is fast enough in every history both were timed on."""
    if not pairs:
        print("nothing to compare with")
        return
    least = min(theirs.seconds / ours.seconds for ours, theirs in pairs)
    furthest = max(abs(ours.p - theirs.p) for ours, theirs in pairs)
    holds = "holds" if least >= FASTER and furthest <= DIFFERENCE else "DOES NOT HOLD"
    print(f"at least {FASTER} times as fast (seen: {least:,.0f}), p within {DIFFERENCE:g}: {holds}")


def ranked(size: int) -> list[bool]:
    """Labels in a ranking's order: a draw without replacement, relevant ones ``READIER`` times as likely.

    Each record waits an exponential time, the relevant ones at a rate as many times higher: the order of the times
    is that draw (Efraimidis & Spirakis 2006).
    """
    dice = random.Random(SEED)  # noqa: S311 - a made-up history, the same each time
    relevant = round(size * PREVALENCE)
    waits = [(dice.expovariate(READIER if n < relevant else 1.0), n < relevant) for n in range(size)]
    return [label for _, label in sorted(waits)]


def by_livrev(now: Progress) -> Timed:
    """Best of three; each repeats the test until it has taken ``LONG_ENOUGH``."""
    best, p = float("inf"), 0.0
    for _ in range(3):
        begun, times = time.process_time(), 0
        while times == 0 or time.process_time() - begun < LONG_ENOUGH:
            p = recall_p(now, RULE)
            times += 1
        best = min(best, (time.process_time() - begun) / times)
    return Timed(p, best)


def by_peer(python: str, labels: Sequence[bool], total: int) -> Timed:
    """One test of the peer, in a process of its own."""
    asked = json.dumps([total, RULE.target, [int(label) for label in labels]])
    command = [python, "-c", _PEER_TEST]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    p, seconds = json.loads(done.stdout)
    return Timed(float(p), float(seconds))


def python_with_peer() -> str | None:
    """Python that has buscarpy, in an environment of its own; None where it cannot be installed."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    install = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        f"{PEER}=={VERSION}",
    ]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return str(python)
    why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    print(f"{PEER} is left out: it could not be installed ({why})")
    return None


if __name__ == "__main__":
    main()
