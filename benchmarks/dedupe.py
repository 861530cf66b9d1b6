"""Deduplication on labelled sets, beside bib-dedupe: quality, questions left to people, and CPU seconds.

Run ``python benchmarks/dedupe.py [FOLDER]``; the folder (``LIVREV_SHARED_DATA``/dedup, or ``../shared/data/dedup``)
holds one folder a set with ``records.csv`` and ``truth.csv``, and ``disputed_pairs.csv``. Each tool reads the
sets one after the other in a process of its own; CPU seconds (user and system) are that process's and its
children's, and those of all sets together include its start and imports. bib-dedupe goes into
``build/peers/bib-dedupe`` on the first run; without a package index it is left out.

``--split`` shows how far the weights depend on the sets they were chosen on: the points of every finding and both
thresholds are fitted anew on every second set and measured on the others, and the other way round. What is *not*
fitted anew is the rest of the engine (normalisation, block keys, levels, vetoes), written with all these sets in view.

``--without doi,abstract`` takes fields away from every record first, which shows what the rules do without them.

Measures: *removed* counts records that go because another stays (precision and recall of removals, bib-dedupe's own
definition); *pairs* counts pairs of one report; a *wrong union* joins two works of the truth, and is what must be 0.
*queue* is the questions for a person per 100 records, one for two reports; *recall after* is that of pairs when every
question is answered as the truth has it.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import re
import resource
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from importlib import import_module
from math import comb
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from curation.dedupe.compare import Comparison
    from curation.dedupe.entry import Entry
    from curation.dedupe.weights import Weights
    from curation.model import Citation

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("LIVREV_SHARED_DATA", ROOT.parent / "shared" / "data")) / "dedup"
PEERS = ROOT / "build" / "peers"
OURS, BIB, BIB_VERSION = "livrev", "bib-dedupe", "0.11.0"
MUST_F1, MUST_RECALL, MUST_QUEUE, MUST_TIMES = 0.993, 0.99, 2.0, 40
csv.field_size_limit(1 << 30)

Pair = tuple[str, str]


@dataclass(frozen=True)
class Found:
    """What a tool made of a set: cluster of every record, pairs it would ask about, CPU seconds it took."""

    cluster: Mapping[str, str]
    queue: Sequence[Pair]
    seconds: float = 0.0


@dataclass(frozen=True)
class Score:
    """Counts of one set, or of several added up."""

    records: int = 0
    removed_tp: int = 0
    removed_fp: int = 0
    removed_fn: int = 0
    pair_tp: int = 0
    pair_fp: int = 0
    pair_fn: int = 0
    wrong_unions: int = 0
    questions: int = 0
    pair_tp_after: int = 0
    seconds: float = 0.0

    def __add__(self, other: Score) -> Score:
        """Counts of both."""
        return Score(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Score)))

    @property
    def removed_f1(self) -> float:
        """Harmonic mean of precision and recall of removed records."""
        return _f1(self.removed_tp, self.removed_fp, self.removed_fn)

    @property
    def pair_f1(self) -> float:
        """Harmonic mean of precision and recall of pairs."""
        return _f1(self.pair_tp, self.pair_fp, self.pair_fn)

    @property
    def queue(self) -> float:
        """Questions per 100 records."""
        return 100 * self.questions / self.records if self.records else 0.0

    @property
    def recall_after(self) -> float:
        """Recall of pairs when every question is answered as the truth has it."""
        true = self.pair_tp + self.pair_fn
        return self.pair_tp_after / true if true else 1.0


def _f1(tp: int, fp: int, fn: int) -> float:
    return 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 1.0


def score(truth: Mapping[str, str], found: Found, disputed: frozenset[frozenset[str]] = frozenset()) -> Score:
    """Measures of one set. ``truth`` names the work of every record, in file order.

    Pairs that are ``disputed`` count neither way; removals and wrong unions have no such exception.
    """
    cluster = {record: found.cluster.get(record, f"alone {record}") for record in truth}
    tp, fp, fn = pair_counts(truth, cluster, disputed)
    after, _, _ = pair_counts(truth, answered(truth, cluster, found.queue), disputed)
    works = defaultdict(set)
    for record, name in cluster.items():
        works[name].add(truth[record])
    removed, asked = removed_counts(truth, cluster), len(questions(cluster, found.queue))
    wrong = sum(len(joined) - 1 for joined in works.values())
    return Score(len(truth), *removed, tp, fp, fn, wrong, asked, after, found.seconds)


def removed_counts(truth: Mapping[str, str], cluster: Mapping[str, str]) -> tuple[int, int, int]:
    """True, false and missed removals when the first record of each cluster is kept.

    Of a work with k of its n records kept: k - 1 removals were missed; with none kept one of n was false.
    """
    kept: dict[str, str] = {}
    for record in truth:
        kept.setdefault(cluster[record], record)
    staying = set(kept.values())
    members: dict[str, list[bool]] = defaultdict(list)
    for record, work in truth.items():
        members[work].append(record in staying)
    tp = fp = fn = 0
    for stays in members.values():
        stay = sum(stays)
        fp += stay == 0
        fn += max(stay - 1, 0)
        tp += len(stays) - max(stay, 1)
    return tp, fp, fn


def pair_counts(
    truth: Mapping[str, str], cluster: Mapping[str, str], disputed: frozenset[frozenset[str]]
) -> tuple[int, int, int]:
    """True, false and missed pairs; disputed ones are taken out of all three."""
    both = sum(comb(n, 2) for n in Counter((truth[r], cluster[r]) for r in truth).values())
    said = sum(comb(n, 2) for n in Counter(cluster[r] for r in truth).values())
    true = sum(comb(n, 2) for n in Counter(truth.values()).values())
    tp, fp, fn = both, said - both, true - both
    for one, other in (sorted(pair) for pair in disputed):
        together, same = cluster[one] == cluster[other], truth[one] == truth[other]
        tp, fp, fn = tp - (together and same), fp - (together and not same), fn - (same and not together)
    return tp, fp, fn


def questions(cluster: Mapping[str, str], queue: Iterable[Pair]) -> set[frozenset[str]]:
    """Questions of a queue: two clusters are asked about once, one cluster never."""
    asked = {frozenset((cluster[one], cluster[other])) for one, other in queue}
    return {two for two in asked if len(two) > 1}


def answered(truth: Mapping[str, str], cluster: Mapping[str, str], queue: Iterable[Pair]) -> dict[str, str]:
    """Clusters when a person answers every question as the truth has it."""
    into: dict[str, str] = {}

    def last(name: str) -> str:
        while name in into:
            name = into[name]
        return name

    for one, other in queue:
        a, b = last(cluster[one]), last(cluster[other])
        if truth[one] == truth[other] and a != b:
            into[b] = a
    return {record: last(name) for record, name in cluster.items()}


def rows(folder: Path) -> list[dict[str, str]]:
    """Records of a set as its file has them."""
    with (folder / "records.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def truth_of(folder: Path) -> dict[str, str]:
    """Work of every record of a set, in the order of the truth's file (which decides what stays)."""
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["group"] for row in csv.DictReader(file)}


def disputed_of(folder: Path) -> frozenset[frozenset[str]]:
    """Pairs of a set whose label is disputed."""
    file = folder.parent / "disputed_pairs.csv"
    if not file.is_file():
        return frozenset()
    with file.open(encoding="utf-8", newline="") as lines:
        listed = [row for row in csv.DictReader(lines) if row["set"] == folder.name]
    return frozenset(frozenset((row["id1"], row["id2"])) for row in listed)


def entries(listed: Sequence[Mapping[str, str]], without: frozenset[str] = frozenset()) -> Iterator[Entry]:
    """Rows as a reader of files would hand them over, numbered from 1; fields ``without`` are left empty."""
    from curation.dedupe.entry import Entry  # noqa: PLC0415 - bib-dedupe's Python runs this file too, without livrev

    cited = citations()
    sources: dict[str, int] = {}
    for record, given in enumerate(listed, 1):
        row = {key: "" if key in without else value for key, value in given.items()} if without else given
        yield Entry(record, sources.setdefault(row["source_db"], len(sources)), cited(row))


def citations() -> Callable[[Mapping[str, str]], Citation]:
    """The reader of one row; its identifiers are where the exports of PubMed, Embase and CENTRAL have them."""
    from curation import identifiers  # noqa: PLC0415 - see entries
    from curation.model import Author, Citation, Number  # noqa: PLC0415 - see entries

    @lru_cache(maxsize=1 << 16)
    def author(name: str) -> Author:
        family, comma, given = name.partition(",")
        if not comma:
            return Author(name.strip())
        initials = "".join([word[0] for word in given.replace(".", " ").split()]).upper()
        return Author(family.strip(), initials, name=name)

    def cited(row: Mapping[str, str]) -> Citation:
        year, accession, link = (
            _YEAR.search(row["year"]),
            row["accession"].strip(),
            _EMBASE.search(row["url"]),
        )
        numbers = {
            Number.CENTRAL: (accession,) if accession.startswith("CN-") else (),
            Number.EMBASE: (link[1],) if link else (),
            Number.ISSN: tuple(_ISSN.findall(row["isbn"])),
        }
        authors = tuple([author(name) for name in row["author"].split(" and ") if name.strip()])
        doi = identifiers.doi(row["doi"]) if row["doi"] else None
        pmid = accession if _PMID.fullmatch(accession) else None
        place = row["journal"], row["volume"], row["number"], row["pages"]
        types = (row["entrytype"],) if row["entrytype"] else ()
        held = {kind: values for kind, values in numbers.items() if values}
        told = row["title"], row["abstract"], authors, int(year.group()) if year else None
        return Citation(*told, *place, doi, pmid, publication_types=types, numbers=held)

    return cited


_YEAR, _ISSN, _PMID = re.compile(r"\d{4}"), re.compile(r"\b\d{4}-\d{3}[\dxX]\b"), re.compile(r"[1-9]\d{0,7}")
_EMBASE = re.compile(r"[?&]id=L(\d+)")


def ours(folder: Path, without: frozenset[str], weights: Weights | None = None) -> Found:
    """A set deduplicated by livrev."""
    from curation.dedupe.batch import deduplicate  # noqa: PLC0415 - see entries
    from curation.dedupe.weights import WEIGHTS  # noqa: PLC0415 - see entries

    listed = rows(folder)
    made = deduplicate(entries(listed, without), weights=weights or WEIGHTS)
    name = {record: row["id"] for record, row in enumerate(listed, 1)}
    cluster = {name[record]: name[report] for record, report in made.report.items()}
    return Found(cluster, [(name[q.left], name[q.right]) for q in made.queue])


_PAPERS = frozenset({"inproceedings", "proceedings", "inbook", "incollection"})


def theirs(folder: Path, without: frozenset[str]) -> Found:
    """A set deduplicated by bib-dedupe, with the types and the container it expects; its *maybe* pairs are the queue."""
    frame: Any = import_module("pandas").DataFrame
    tool: Any = import_module("bib_dedupe.bib_dedupe")
    kept = ("title", "author", "year", "journal", "volume", "number", "pages", "doi", "abstract")
    given = [
        {
            "ID": row["id"],
            "ENTRYTYPE": "article"
            if row["entrytype"] in {"Journal Article", "Generic"}
            else row["entrytype"],
            "booktitle": row["journal"] if row["entrytype"] in _PAPERS and "journal" not in without else "",
            **{key: "" if key in without else row[key] for key in kept},
        }
        for row in rows(folder)
    ]
    with contextlib.redirect_stdout(sys.stderr):
        matched = tool.match(tool.block(tool.prep(frame(given))))
        clusters = tool.cluster(matched)
    joined = {record: f"cluster {n}" for n, members in enumerate(clusters) for record in members}
    cluster = {row["ID"]: joined.get(row["ID"], f"alone {row['ID']}") for row in given}
    asked = matched[matched["duplicate_label"] == "maybe"]
    return Found(cluster, list(zip(asked["ID_1"], asked["ID_2"], strict=True)))


def in_a_process(
    python: str, tool: str, folders: Sequence[Path], without: str
) -> tuple[tuple[Found, ...], float]:
    """What a tool makes of the sets, one after the other in one process, and the CPU seconds of that process.

    These include its start, its imports, and all processes that it started.
    """
    command = [python, __file__, "--run", tool, *map(str, folders), "--without", without]
    before = spent(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(ROOT) if tool == OURS else ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    seconds = spent(resource.RUSAGE_CHILDREN) - before
    made = (json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"cluster"'))
    return tuple(
        Found(m["cluster"], [(one, other) for one, other in m["queue"]], m["seconds"]) for m in made
    ), seconds


def spent(*whose: int) -> float:
    """CPU seconds, user and system, of this process and its children so far, or of one of the two."""
    used = [resource.getrusage(who) for who in whose or (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def with_bib_dedupe() -> str | None:
    """Python that has bib-dedupe, in an environment of its own; None when it cannot be installed."""
    folder = PEERS / BIB
    python = folder / "bin" / "python"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    wanted = f"{BIB}=={BIB_VERSION}"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wanted]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return str(python)
    why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    print(f"{BIB} is left out: it could not be installed ({why})")
    return None


_TITLE = (
    f"{'set':<20} {'tool':<11} {'records':>7} {'removed F1':>10} {'pair F1':>8} {'wrong':>6} {'queue/100':>9} "
    f"{'recall after':>12} {'CPU s':>7}"
)


def told(name: str, tool: str, one: Score) -> None:
    """Print one line of the table."""
    print(
        f"{name:<20} {tool:<11} {one.records:>7,} {one.removed_f1:>10.4f} {one.pair_f1:>8.4f} {one.wrong_unions:>6} "
        f"{one.queue:>9.2f} {one.recall_after:>12.4f} {one.seconds:>7.2f}",
        flush=True,
    )


def compared(folders: Sequence[Path], only: str | None, without: str) -> None:
    """Print the table of every set and tool, what they come to together, and whether ours is what it must be."""
    tools = {OURS: sys.executable, BIB: None if only == OURS else with_bib_dedupe()}
    pooled, apart = dict.fromkeys(tools, Score()), dict.fromkeys(tools, Score())
    queues = []
    print(_TITLE)
    for tool, python in tools.items():
        if python is None or (only is not None and tool != only):
            continue
        made, seconds = in_a_process(python, tool, folders, without)
        for folder, found in zip(folders, made, strict=True):
            truth = truth_of(folder)
            one = score(truth, found)
            told(folder.name, tool, one)
            pooled[tool] += one
            apart[tool] += score(truth, found, disputed_of(folder))
            queues += [one.queue] if tool == OURS else []
        # Of one process over all sets, its start and imports counted once.
        pooled[tool], apart[tool] = (replace(sums, seconds=seconds) for sums in (pooled[tool], apart[tool]))
    for name, sums in (("all sets", pooled), ("without disputed", apart)):
        for tool, one in sums.items():
            if one.records:
                told(name, tool, one)
    judged(pooled[OURS], pooled[BIB], queues)


def judged(mine: Score, their: Score, queues: Sequence[float]) -> None:
    """Print which of the demands on ours hold."""
    demands = {
        f"removed F1 at least {MUST_F1}": mine.removed_f1 >= MUST_F1,
        "no wrong union": mine.wrong_unions == 0,
        f"queue at most {MUST_QUEUE:g} per 100 records on each set": max(queues, default=0.0) <= MUST_QUEUE,
        f"recall after at least {MUST_RECALL}": mine.recall_after >= MUST_RECALL,
    }
    if their.records:
        times = their.seconds / mine.seconds
        demands[f"CPU seconds at most 1/{MUST_TIMES} of {BIB}'s (1/{times:.0f})"] = times >= MUST_TIMES
    for demand, holds in demands.items():
        print(f"{demand}: {'holds' if holds else 'DOES NOT HOLD'}")


def split(folders: Sequence[Path]) -> None:
    """Fit points and thresholds on every second set, measure on the others, and the other way round."""
    halves = folders[::2], folders[1::2]
    print(_TITLE)
    pooled = Score()
    for fitted_on, measured_on in (halves, halves[::-1]):
        weights = refitted(fitted_on)
        print(
            f"fitted on {', '.join(f.name for f in fitted_on)}: join {weights.join:.1f}, ask {weights.ask:.1f}"
        )
        for folder in measured_on:
            one = score(truth_of(folder), ours(folder, frozenset(), weights))
            told(folder.name, "refitted", one)
            pooled += one
    told("all sets, held out", "refitted", pooled)


class _Sampled(NamedTuple):
    """A compared pair of a set fitted on, whether it is true, and its set with the number of its records."""

    pair: Comparison
    true: bool
    of: tuple[str, int]


def refitted(folders: Sequence[Path]) -> Weights:
    """Points by ridge-penalised logistic regression on the findings of compared pairs, then both thresholds."""
    from scipy.optimize import minimize  # noqa: PLC0415 - only the split fits

    from curation.dedupe.weights import FINDINGS, Weights  # noqa: PLC0415 - see entries

    numpy: Any = import_module("numpy")
    sample = sampled(folders)
    names = [finding for finding, (_, seen) in FINDINGS.items() if seen]
    seen = numpy.array([[name in one.pair.seen for name in names] + [True] for one in sample], dtype=float)
    true = numpy.array([1.0 if one.true else -1.0 for one in sample])

    def loss(points: Any) -> Any:  # noqa: ANN401 - numpy's arrays, imported late
        margin = true * (seen @ points)
        slope = -true / (1 + numpy.exp(margin))
        penalty = numpy.append(points[:-1], 0.0)
        return numpy.logaddexp(
            0, -margin
        ).sum() + _RIDGE * penalty @ penalty / 2, seen.T @ slope + _RIDGE * penalty

    fit = minimize(loss, numpy.zeros(len(names) + 1), jac=True, method="L-BFGS-B").x
    points = dict.fromkeys(FINDINGS, 0.0) | dict(zip(names, fit[:-1].tolist(), strict=True))
    return thresholds(Weights(points), sample)


_RIDGE = 1.0
_MARGIN = 1.0  # of log-odds above the best false pair that no veto holds back
_FALSE_QUESTIONS = 0.5  # per 100 records of any set fitted on


def sampled(folders: Sequence[Path]) -> list[_Sampled]:
    """Every pair that the engine compares in the sets."""
    from curation.dedupe.batch import candidates, comparisons  # noqa: PLC0415 - see entries
    from curation.dedupe.entry import prepare, unreliable_issues  # noqa: PLC0415 - see entries

    sample = []
    for folder in folders:
        listed, truth = rows(folder), truth_of(folder)
        work = [truth[row["id"]] for row in listed]
        given = list(entries(listed))
        unreliable = unreliable_issues(given)
        prepared = {entry.record: prepare(entry, unreliable) for entry in given}
        for pair in comparisons(prepared, candidates(prepared.values())):
            true = work[pair.left - 1] == work[pair.right - 1]
            sample.append(_Sampled(pair, true, (folder.name, len(listed))))
    return sample


def thresholds(weights: Weights, sample: Sequence[_Sampled]) -> Weights:
    """Join above every false pair that no veto holds back; ask while few questions per set are false."""
    scored = [(sum(weights.points[finding] for finding in one.pair.seen), one) for one in sample]
    free = [total for total, one in scored if not one.true and not one.pair.vetoes]
    right = [total for total, one in scored if one.true and not one.pair.vetoes]
    join = max(free) + _MARGIN if free else min(right)
    asked: Counter[tuple[str, int]] = Counter()
    for total, one in sorted(scored, key=lambda told: -told[0]):
        if not one.true and one.pair.vetoes:
            asked[one.of] += 1
            if 100 * asked[one.of] > _FALSE_QUESTIONS * one.of[1]:
                return replace(weights, join=join, ask=min(total + 1e-9, join))
    return replace(weights, join=join, ask=join - _MARGIN)


def main() -> None:
    """Print the table, or the split."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("folder", nargs="?", type=Path, default=SHARED)
    words.add_argument("--only", choices=[OURS, BIB])
    words.add_argument("--split", action="store_true", help="fit the weights on half of the sets")
    words.add_argument("--without", default="", help="fields to leave empty, separated by commas")
    words.add_argument("--run", nargs="+", metavar="TOOL SET", help=argparse.SUPPRESS)
    said = words.parse_args()
    without = frozenset(filter(None, said.without.split(",")))
    if said.run:
        tool, *named = said.run
        for folder in named:
            begun = spent()
            found = (ours if tool == OURS else theirs)(Path(folder), without)
            print(json.dumps({"cluster": found.cluster, "queue": found.queue, "seconds": spent() - begun}))
        return
    folders = sorted(f for f in said.folder.iterdir() if (f / "records.csv").is_file())
    if said.split:
        split(folders)
    else:
        compared(folders, said.only, said.without)


if __name__ == "__main__":
    main()
