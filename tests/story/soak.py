"""Simulated years: a weekly update over a PubMed that changes, with faults on the line and kill -9 at random points.

``python tests/story/soak.py --weeks 520 --seed 1`` prints a line a year and leaves with 1 when the store is not
what one clean harvest gives, plus the history of what vanished, came back and was revised. Most weeks run in this
process on a clock that waiting moves on; the killed ones are real ``livrev update`` processes.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from curation.errors import TryAgain
from curation.model import Decision, Stage
from curation.sources.standin import Corpus, History, Manners, StandIn
from curation.store import records
from curation.store.connect import Stamp
from curation.tasks.fulltext import Attempt, note_fulltext
from curation.tasks.init import init
from curation.tasks.review import Review
from curation.tasks.update import update
from curation.tasks.vote import Ballot, vote
from screening.flow import Retrieval
from tests.story.soak_pubmed import CONTACT, CountedFaults, PubMedOverYears, Time
from tests.story.soak_truth import Expected, compared, differences, numbers, rows, table_sizes

START = dt.date(2016, 1, 4)
YEAR = 52
MOST_RUNS = 20  # of one week's update
MOST_KILLS = 3  # processes of one week that are killed
LONGEST_LIFE = 0.8  # seconds from a process's first request to its kill; undisturbed it lives about as long
PROTOCOL = """
[review]
title = "A review that lives for years"
question = "Is anything lost?"
[criteria]
include = ["Everything"]
[[exclusion_reasons]]
code = "other"
label = "Other"
[screening]
votes_abstract = 1
votes_fulltext = 1
[[sources]]
key = "pubmed"
name = "PubMed"
kind = "database"
service = "pubmed"
strategy = '{query}'
[[reviewers]]
id = "ana"
name = "Ana"
roles = ["screener"]
[living]
integration = "Every week."
retirement = "After ten years."
[ncbi]
email = "{contact}"
"""
OUT, IN = Decision.EXCLUDE, Decision.INCLUDE
TITLE, TEXT = Stage.ABSTRACT, Stage.FULLTEXT
# What becomes of records: so many weeks after one came, a decision on it, or what became of its full text.
COURSES: tuple[tuple[tuple[int, Stage, Decision | Retrieval], ...], ...] = (
    ((1, TITLE, OUT),),
    ((3, TITLE, OUT),),
    ((9, TITLE, OUT),),
    ((2, TITLE, OUT), (17, TITLE, IN)),  # a change of mind: it is watched again
    ((4, TITLE, IN), (6, TEXT, OUT)),
    ((2, TITLE, IN), (5, TEXT, IN)),
    ((1, TITLE, IN), (1, TEXT, IN)),
    ((7, TITLE, IN),),
    ((2, TITLE, IN), (3, TEXT, Retrieval.RETRIEVED)),
    ((2, TITLE, IN), (3, TEXT, Retrieval.NOT_RETRIEVED)),
    (),  # waits for ever
)


@dataclass
class Soaked:
    """Figures of a run, and what is not as it must be."""

    weeks: int
    updates: int = 0
    failed: int = 0
    killed: int = 0
    outlived: int = 0
    faults: int = 0
    requests: int = 0
    wrong: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        kept = ("record", "revision", "hit", "notice", "missing_record", "vote")
        return (
            f"{self.weeks} weeks: {self.updates:,} updates, {self.failed} failed and were run again; {self.killed}"
            f" processes killed, {self.outlived} ended before; {self.faults:,} faults in {self.requests:,} requests; rows: "
            + ", ".join(f"{name} {self.rows.get(name, 0):,}" for name in kept)
            + "; "
            + ", ".join(f"{kind} {n:,}" for kind, n in self.kinds.items())
        )


def soak(folder: Path, weeks: int, seed: int, kill_every: int, say: Callable[[str], None]) -> Soaked:
    """Let a review live in ``folder`` for so many weeks; one in ``kill_every`` has its update killed.

    A short history is given more to happen in it.
    """
    history = History(seed, START, weeks, eventful=1.0 if weeks > 2 * YEAR else 4.0)
    at, faults = Time(), CountedFaults(seed)
    manners = Manners(rate_limit=3, clock=at.clock, sleep=at.sleep)
    with StandIn.with_manners(Corpus(), manners, faults=[faults]) as standin:
        life = _Life(folder, history, PubMedOverYears(standin, at), seed)
        life.begin()
        kills = life.weeks_of(kill_every)
        for week in range(weeks + 1):
            life.live(week, kill=week in kills)
            if week % YEAR == 0:
                say(life.told(week))
        standin.play()
        life.end()
        life.done.faults, life.done.requests = faults.played, len(standin.requests)
    return life.done


class _Life:
    """A review and, beside it, what its store must hold."""

    def __init__(self, folder: Path, history: History, pubmed: PubMedOverYears, seed: int) -> None:
        self.done = Soaked(history.weeks)
        self._folder, self._history, self._pubmed, self._standin = folder, history, pubmed, pubmed.standin
        self._expected = Expected()
        self._chance = random.Random(seed)  # noqa: S311 - a rehearsal, no secret
        self._day = START

    def begin(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "review.toml").write_text(PROTOCOL.format(query=self._history.query, contact=CONTACT))
        init(self._folder, self._stamp())

    def weeks_of(self, kill_every: int) -> frozenset[int]:
        """One week at random in each stretch of so many, the first one (all is new) besides."""
        stretches = range(1, self._history.weeks + 1, kill_every)
        return frozenset({0, *(week + self._chance.randrange(kill_every) for week in stretches)})

    def told(self, week: int) -> str:
        known, here = len(self._expected.came), len(self._expected.present)
        wrong = f"; WRONG: {self.done.wrong[0]}" if self.done.wrong else ""
        return f"year {week // YEAR}: {known:,} records ever found, {here:,} now, {self.done.killed} killed{wrong}"

    def live(self, week: int, *, kill: bool) -> None:
        """One week: people decide, the update runs, and what it left is compared."""
        self._day, corpus = self._history.day(week), self._history.corpus(week)
        self._standin.corpus = corpus
        self._decide(week)
        for _ in range(MOST_KILLS if kill else 0):
            self._kill()
        self._update()
        found = numbers(self._history.truth(week).matching)
        self._expected.update(week, self._day, corpus, found)

    def end(self) -> None:
        """Hold the store against the history, against one clean harvest, and see that nothing more comes."""
        with Review.open(self._folder) as review:
            self.done.wrong += differences(review, self._expected, self._history)
            before = self.done.rows = table_sizes(review.sql)
            kinds = "SELECT event FROM hit UNION ALL SELECT kind FROM notice"
            self.done.kinds = dict(Counter(kind for (kind,) in rows(review.sql, kinds)))
        self._hold_against_a_clean_harvest()
        self._update()
        with Review.open(self._folder) as review:
            grown = {"change": 1, "search_run": 1}
            after = {table: n + grown.get(table, 0) for table, n in before.items()}
            self.done.wrong += compared(
                "rows after one more update", after.items(), table_sizes(review.sql).items()
            )

    def _stamp(self) -> Stamp:
        return Stamp(self._now(), "ana", "soak")

    def _now(self) -> dt.datetime:
        return dt.datetime.combine(self._day, dt.time(6), dt.UTC)

    def _decide(self, week: int) -> None:
        due = [
            (pmid, stage, decision)
            for pmid, came in self._expected.came.items()
            for after, stage, decision in COURSES[int(pmid) % 97 % len(COURSES)]
            if came + after == week
        ]
        with Review.open(self._folder) as review:
            report = {row.accession: row.report for row in records.named(review.sql)} if due else {}
            for pmid, stage, decision in due:
                self._act(review, report[pmid], stage, decision)
                self._expected.decide(pmid, out=decision is OUT)

    def _act(self, review: Review, report: int, stage: Stage, decision: Decision | Retrieval) -> None:
        if stage is TEXT:
            outcome = decision if isinstance(decision, Retrieval) else Retrieval.RETRIEVED
            note_fulltext(review, Attempt(report, "ana", outcome, "a note"), self._stamp())
        if isinstance(decision, Retrieval):
            return
        reason = "other" if (stage, decision) == (TEXT, OUT) else None
        uid = f"{report}-{stage}-{decision}"
        vote(review, Ballot(uid, report, "ana", decision, stage, reason), self._stamp())

    def _update(self) -> None:
        """Run the week's update until it is done; one that fails must have stored nothing."""
        for _ in range(MOST_RUNS):
            with Review.open(self._folder) as review, self._pubmed.asked() as clients:
                before = table_sizes(review.sql)
                self.done.updates += 1
                try:
                    update(review, clients, self._now, self._stamp())
                except TryAgain:
                    self.done.failed += 1
                    after = table_sizes(review.sql)
                    self.done.wrong += compared("rows after a failure", before.items(), after.items())
                else:
                    return
        self.done.wrong.append(f"{self._day}: {MOST_RUNS} updates failed")

    def _kill(self) -> None:
        """Let a process begin the update, and kill it at random: as it asks, stages, applies or tidies up."""
        killed = self._pubmed.killed(self._folder, self._now(), self._chance.uniform(0, LONGEST_LIFE))
        self.done.killed += killed
        self.done.outlived += not killed
        with Review.open(self._folder) as review:
            self.done.wrong += compared("integrity", [("ok",)], rows(review.sql, "PRAGMA integrity_check"))

    def _hold_against_a_clean_harvest(self) -> None:
        folder = self._folder / "clean"
        clean = _Life(folder, self._history, self._pubmed, 0)
        clean._day = self._day
        clean.begin()
        clean._update()
        newest = "SELECT r.accession, v.raw_sha256 FROM revision_now v JOIN record r ON r.id = v.record_id"
        with Review.open(folder) as fresh, Review.open(self._folder) as old:
            harvest = {row[0]: row[1] for row in rows(fresh.sql, newest)}
            lived = {row[0]: row[1] for row in rows(old.sql, newest)}
        self.done.wrong += compared("what a clean harvest finds", harvest, self._expected.present)
        watched = harvest.keys() - self._expected.out
        now = ((pmid, lived.get(pmid)) for pmid in watched)
        self.done.wrong += compared("newest versions", ((pmid, harvest[pmid]) for pmid in watched), now)


def main() -> int:
    """Soak as the command line says; 1 when anything is wrong."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--weeks", type=int, default=10 * YEAR)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--kill-every", type=int, default=40, metavar="WEEKS")
    asked = words.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        done = soak(Path(folder) / "review", asked.weeks, asked.seed, asked.kill_every, _say)
    _say(f"{done}\n{time.monotonic() - begun:.0f} s; {len(done.wrong)} wrong")
    for line in done.wrong:
        _say(f"  {line}")
    return 1 if done.wrong else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
