"""Ranking on labelled screening sets: the order beside ASReview 3's, CPU seconds, and figures in living mode.

Run ``python benchmarks/ranking.py [SET ...] [--only order|living|cold]``; the sets are CSV files, gzipped, in
``LIVREV_SHARED_DATA``/screening or ``../shared/data/screening``. ASReview goes into ``build/peers/asreview`` on the
first run; without a package index it is left out. CPU seconds (user and system) are those of a process of its own, with
one thread, start and imports included.

*Order*: ``asreview simulate`` with its default model, one include and one exclude known, one record a step, the same
``--seed``, until the last relevant record; compared record by record. *As it is used* is the same with retraining at
every tenth more labels, as livrev does.

*Living*: every record has a year, the first seven tenths and more (whole years) are decided, the rest is ranked.
Taught are title/abstract decisions; asked for are later title/abstract includes and, of these, later final ones.
*Year by year* ranks each year by all before it, once there are ten includes. Sets without years are left out: a random
split flatters.

*Cold*: the order by the published title of the review alone, and the whole screening begun with it and not with known
records.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from numpy.random import RandomState

from screening.backtest import Backtest, Dated, Quality, Untestable, backtest, quality, simulate
from screening.ranking import FEW_INCLUDES, Features, Label, Text, features, protocol_text, rank

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("LIVREV_SHARED_DATA", ROOT.parent / "shared" / "data")) / "screening"
PEER = ROOT / "build" / "peers" / "asreview"
WANTED = "asreview==3.0.8"
SEED = 42
# What the reviews behind the sets are called (of Cohen's, drug class reviews, about so).
TITLES = {
    "appenzeller_2019_wilson": "Comparative effectiveness of common therapies for Wilson disease: a systematic review and "
    "meta-analysis of controlled studies",
    "cohen_ACEInhibitors": "Drug class review on angiotensin converting enzyme inhibitors for hypertension, heart failure, "
    "myocardial infarction and nephropathy",
    "cohen_ADHD": "Drug class review on pharmacologic treatments for attention deficit hyperactivity disorder",
    "cohen_Opiods": "Drug class review on long-acting opioid analgesics for chronic non-cancer pain",
    "cohen_Triptans": "Drug class review on the triptans for migraine",
    "kwok_2020_virus": "Virus metagenomics in farm animals: a systematic review",
    "nagtegaal_2019": "Nudging healthcare professionals towards evidence-based medicine: a systematic scoping review",
}


@dataclass(frozen=True)
class Labelled:
    """A set: its texts, numbered as in the file, final inclusion, title/abstract inclusion and year where known."""

    name: str
    texts: Sequence[Text]
    final: Mapping[int, bool]
    abstract: Mapping[int, bool]
    year: Mapping[int, int]

    @property
    def known(self) -> tuple[int, int]:
        """One include and one exclude, drawn as ``asreview simulate --prior-seed`` draws them."""
        drawn = (
            RandomState(SEED).choice(
                [n for n, included in self.final.items() if included is kind], 1, replace=False
            )
            for kind in (True, False)
        )
        one, other = (int(found[0]) for found in drawn)
        return one, other


@dataclass(frozen=True)
class Run:
    """Records in the order in which they were read after the known ones, and CPU seconds of the process."""

    order: Sequence[int]
    seconds: float


def labelled(path: Path) -> Labelled:
    """The set of a file."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = {int(row["record_id"]): row for row in csv.DictReader(file)}
    return Labelled(
        path.name.removesuffix(".csv.gz"),
        [Text(n, row["title"], row["abstract"]) for n, row in rows.items()],
        {n: row["label_included"] == "1" for n, row in rows.items()},
        {n: row["label_abstract"] == "1" for n, row in rows.items() if row["label_abstract"]},
        {n: int(row["year"]) for n, row in rows.items() if row["year"]},
    )


# Order -----------------------------------------------------------------------------------------------------------


def order(paths: Sequence[Path]) -> None:
    """Print whether each set is read in ASReview's order, what either costs, and how good the order is."""
    peer = with_asreview()
    print(
        f"{'set':<24} {'records':>7} {'final':>5} {'read':>5} {'same order':>10} {'ASReview s':>10} {'ours s':>7} "
        f"{'as used s':>9} {'WSS@95':>7} {'as used':>7} {'R@10 %':>7} {'as used':>7}"
    )
    same, seconds = [], []
    for path in paths:
        known = labelled(path)
        mine, used = in_a_process(path, "one-by-one"), in_a_process(path, "as-used")
        their = simulated_by(peer, known) if peer is not None else None
        agrees = "" if their is None else "yes" if list(their.order) == list(mine.order) else "NO"
        a, b = (figures(known, run) for run in (mine, used))
        print(
            f"{known.name:<24} {len(known.texts):>7,} {sum(known.final.values()):>5} {len(mine.order):>5,} {agrees:>10} "
            f"{their.seconds if their else float('nan'):>10.2f} {mine.seconds:>7.2f} {used.seconds:>9.2f} "
            f"{a.wss95:>7.3f} {b.wss95:>7.3f} {a.recall10:>7.3f} {b.recall10:>7.3f}",
            flush=True,
        )
        if their is not None:
            same.append(agrees == "yes")
            seconds.append((their.seconds, mine.seconds, used.seconds))
    if same:
        theirs, ours, as_used = (sum(column) for column in zip(*seconds, strict=True))
        print(f"{'CPU seconds of all sets':<55} {theirs:>9.1f} {ours:>7.1f} {as_used:>9.1f}")
        print(f"ASReview's order on every set: {'holds' if all(same) else 'DOES NOT HOLD'}")


def figures(known: Labelled, run: Run) -> Quality:
    """Figures of an order over all records but the known ones; what was not read comes last."""
    rest = len(known.texts) - len(known.known) - len(run.order)
    return of(quality([*(known.final[n] for n in run.order), *[False] * rest]))


def of(found: Quality | Untestable) -> Quality:
    """The figures, where the set has something relevant."""
    if isinstance(found, Untestable):
        raise TypeError(found.reason)
    return found


def in_a_process(path: Path, how: str) -> Run:
    """Our simulation in a process of its own."""
    return timed([sys.executable, __file__, "--run", how, str(path)], json.loads)


def simulated_by(python: str, known: Labelled) -> Run:
    """ASReview's simulation; its records are numbered from 0, in the order of the file."""
    numbers = [text.report for text in known.texts]
    with tempfile.TemporaryDirectory() as folder:
        table, made = Path(folder) / "set.csv", Path(folder) / "set.asreview"
        with table.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["title", "abstract", "included"])
            writer.writerows((t.title, t.abstract, int(known.final[t.report])) for t in known.texts)
        priors = [str(numbers.index(n)) for n in known.known]
        command = [python, "-m", "asreview", "simulate", str(table), "--prior-idx", *priors]
        run = timed([*command, "--seed", str(SEED), "--output", str(made)], lambda _: [])
        with zipfile.ZipFile(made) as project:
            project.extract("results.db", folder)
        results = sqlite3.connect(Path(folder) / "results.db")
        rows = results.execute("SELECT record_id FROM results ORDER BY rowid").fetchall()
        results.close()
    return Run([numbers[row] for (row,) in rows][len(priors) :], run.seconds)


def timed(command: Sequence[str], order_of: Callable[[str], Sequence[int]]) -> Run:
    """Run a command that prints an order."""
    before = spent()
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return Run(order_of(done.stdout), spent() - before)


def spent() -> float:
    """CPU seconds, user and system, of all processes started so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def with_asreview() -> str | None:
    """Python that has ASReview, in an environment of its own; None when it cannot be installed."""
    python = PEER / "bin" / "python"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(PEER)], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", WANTED]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return str(python)
    why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    print(f"{WANTED} is left out: it could not be installed ({why})")
    return None


# Living ----------------------------------------------------------------------------------------------------------


def living(paths: Sequence[Path]) -> None:
    """Print figures of the later records of each set, ranked by the earlier ones."""
    print(
        f"{'set':<24} {'asked for':<9} {'taught':>6} {'incl.':>5} {'since':>5} {'ranked':>6} {'relevant':>8} "
        f"{'WSS@95':>7} {'R@10 %':>7} {'last at':>7} | {'years':>5} {'relevant':>8} {'median WSS@95':>13} {'R@10 %':>7}"
    )
    tested: dict[str, list[Quality]] = {"abstract": [], "final": []}
    left_out = []
    for path in paths:
        known = labelled(path)
        if not known.year or not known.abstract:
            left_out.append(known.name)
            continue
        made = features(known.texts)
        for what, asked in (("abstract", known.abstract), ("final", known.final)):
            tested[what].append(of(living_line(known, made, what, asked)))
    for what, found in tested.items():
        if found:
            print(
                f"{'mean':<24} {what:<9} {'':>34} {mean(t.wss95 for t in found):>7.3f} "
                f"{mean(t.recall10 for t in found):>7.3f}"
            )
    print(f"without years, left out: {', '.join(left_out) or 'none'}")


def living_line(
    known: Labelled, made: Features, what: str, asked: Mapping[int, bool]
) -> Quality | Untestable:
    """Print the line of one set and one kind of relevance."""
    tested = backtest(made, [Dated(n, known.abstract[n], known.year[n]) for n in known.abstract])
    if not isinstance(tested, Backtest):
        return tested
    found = of(later_figures(known, made, tested.since, asked))
    each = year_by_year(known, made, asked)
    last = [one.wss95 for one, _ in each]
    early = sum(one.recall10 * one.relevant for one, _ in each) / sum(one.relevant for one, _ in each)
    print(
        f"{known.name:<24} {what:<9} {tested.trained_on:>6,} {tested.includes:>5} {tested.since:>5} {found.reports:>6,} "
        f"{found.relevant:>8} {found.wss95:>7.3f} {found.recall10:>7.3f} {found.last:>7,} | {len(each):>5} "
        f"{sum(one.relevant for one, _ in each):>8} {median(last):>13.3f} {early:>7.3f}",
        flush=True,
    )
    return found


def later_figures(
    known: Labelled, made: Features, since: int, asked: Mapping[int, bool], until: int = 9999
) -> Quality | Untestable:
    """Figures of the records of some years, ranked by title/abstract decisions on all before."""
    taught = [Label(n, relevant) for n, relevant in known.abstract.items() if known.year[n] < since]
    new = [n for n in known.abstract if since <= known.year[n] <= until]
    return quality([asked[n] for n in rank(made, taught, among=new).reports])


def year_by_year(known: Labelled, made: Features, asked: Mapping[int, bool]) -> list[tuple[Quality, int]]:
    """Figures of each year that has something relevant and at least ten includes before it."""
    found = []
    for year in sorted(set(known.year.values())):
        before = sum(known.abstract[n] for n in known.abstract if known.year[n] < year)
        if before >= FEW_INCLUDES:
            one = later_figures(known, made, year, asked, year)
            found += [(one, year)] if isinstance(one, Quality) else []
    return found


# Cold start ------------------------------------------------------------------------------------------------------


def cold(paths: Sequence[Path]) -> None:
    """Print figures of the order by the review's title, and of a screening begun with it."""
    print(f"{'':<24} {'title alone':^15} | {'begun with title':^15} | {'1 + 1 known':^15}")
    print(
        f"{'set':<24} {'WSS@95':>7} {'R@10 %':>7} | {'WSS@95':>7} {'R@10 %':>7} | {'WSS@95':>7} {'R@10 %':>7}"
    )
    lines = []
    for path in paths:
        known = labelled(path)
        made = features(known.texts, protocol_text(TITLES[known.name], ""))
        alone = of(quality([known.final[n] for n in rank(made, []).reports]))
        begun = simulate(made, known.final).order
        begun_found = of(
            quality([*(known.final[n] for n in begun), *[False] * (len(known.texts) - len(begun))])
        )
        usual = figures(known, Run(simulate(made, known.final, known.known, seed=SEED).order, 0.0))
        lines.append([share for one in (alone, begun_found, usual) for share in (one.wss95, one.recall10)])
        cold_line(known.name, lines[-1])
    cold_line("mean", [mean(column) for column in zip(*lines, strict=True)])


def cold_line(name: str, shares: Sequence[float]) -> None:
    """Print one line of the table."""
    told = [f"{one:>7.3f} {other:>7.3f}" for one, other in zip(shares[::2], shares[1::2], strict=True)]
    print(f"{name:<24} {' | '.join(told)}", flush=True)


def run(how: str, path: Path) -> None:
    """Simulate one set and print the order, for ``in_a_process``."""
    known = labelled(path)
    one_by_one = how == "one-by-one"
    done = simulate(features(known.texts), known.final, known.known, one_by_one=one_by_one, seed=SEED)
    print(json.dumps(done.order))


def main() -> None:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("sets", nargs="*", help="names of sets (default: all)")
    tables = {"order": order, "living": living, "cold": cold}
    parser.add_argument("--only", choices=tables, help="one table only")
    parser.add_argument("--run", choices=("one-by-one", "as-used"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        run(given.run, Path(given.sets[0]))
        return
    paths = [
        p for p in sorted(SHARED.glob("*.csv.gz")) if not given.sets or p.name.split(".")[0] in given.sets
    ]
    if not paths:
        parser.exit(1, f"no such set in {SHARED}\n")
    for name, table in tables.items():
        if given.only in {None, name}:
            print(f"\n{name}\n")
            table(paths)


if __name__ == "__main__":
    main()
