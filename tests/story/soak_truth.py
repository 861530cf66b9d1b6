"""What a store must hold after years of updates, from the history of the stand-in alone, and how it is compared."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from curation.sources.standin import Corpus, EventKind, History
from curation.tasks.flow import flow
from curation.tasks.review import Review

Row = tuple[str, ...]
NOTICES = {
    EventKind.RETRACTED: "retraction",
    EventKind.ERRATUM: "correction",
    EventKind.CONCERN: "expression of concern",
    EventKind.UPDATED: "update",
    EventKind.PUBLISHED: "update",  # PubMed links a preprint to its article as an update
}
SHOWN = 4  # of what is wrong
HITS = (
    "SELECT s.searched_on, h.event, r.accession FROM hit h"
    " JOIN search_run s ON s.id = h.run_id JOIN record r ON r.id = h.record_id"
)
VERSIONS = "SELECT r.accession, v.number, v.raw_sha256 FROM revision v JOIN record r ON r.id = v.record_id"
RAISED = "SELECT r.accession, n.kind, n.reference FROM notice n JOIN record r ON r.id = n.record_id"
LOST = "SELECT s.searched_on, m.accession FROM missing_record m JOIN search_run s ON s.id = m.run_id"


@dataclass
class Expected:
    """What a perfect update of each week would have brought; a record that is ``out`` is not watched.

    ``hits`` are day, event and PubMed number. ``versions`` are hashes of each record as it was when it was
    fetched: in the week it came, and in each in which it was watched and still in PubMed; ``looked`` is the last
    of these weeks. ``lost`` are the watched ones that PubMed no longer held, with the day that was noticed.
    """

    came: dict[str, int] = field(default_factory=dict)
    present: frozenset[str] = frozenset()
    out: set[str] = field(default_factory=set)
    ever_out: set[str] = field(default_factory=set)
    hits: list[Row] = field(default_factory=list)
    versions: dict[str, list[str]] = field(default_factory=dict)
    looked: dict[str, int] = field(default_factory=dict)
    lost: list[Row] = field(default_factory=list)

    def decide(self, pmid: str, *, out: bool) -> None:
        """Note that reviewers put a record out, or took it back in."""
        if out:
            self.out.add(pmid)
            self.ever_out.add(pmid)
        else:
            self.out.discard(pmid)

    def update(self, week: int, day: dt.date, corpus: Corpus, found: frozenset[str]) -> None:
        """Note what a perfect update of this week brings."""
        on = day.isoformat()
        new, gone, back = found - self.came.keys(), self.present - found, found - self.present
        events = (("new", new), ("gone", gone), ("back", back - new))
        self.hits += [(on, event, pmid) for event, pmids in events for pmid in pmids]
        self.came |= dict.fromkeys(new, week)
        told = {pmid for _, pmid in self.lost}
        for pmid in self.came.keys() - self.out:
            entry = corpus.get(int(pmid))
            if entry is not None:
                self._look(week, pmid, hashlib.sha256(entry.xml).hexdigest())
            elif pmid in gone or pmid not in told:
                self.lost.append((on, pmid))
        self.present = found

    def _look(self, week: int, pmid: str, version: str) -> None:
        self.looked[pmid] = week
        seen = self.versions.setdefault(pmid, [])
        if seen[-1:] != [version]:
            seen.append(version)

    def notices(self, history: History) -> set[Row]:
        """Number, kind and reference of every notice that stood in PubMed when its record was last fetched."""
        events = (event for week in range(history.weeks + 1) for event in history.events(week))
        return {
            (str(event.pmid), NOTICES[event.kind], str(event.other or ""))
            for event in events
            if event.kind in NOTICES and event.week <= self.looked.get(str(event.pmid), -1)
        }


def differences(review: Review, expected: Expected, history: History) -> Iterator[str]:
    """Everything in which the store is not what the history says.

    Raises Refused when the flow does not add up. What the history itself tells of revised and retracted records
    is compared for those that were watched all the time: the others were not looked at again.
    """
    flow(review)
    sql, truth = review.sql, history.truth(history.weeks)
    always = expected.came.keys() - expected.ever_out
    kept = rows(sql, VERSIONS)
    versions = [
        (pmid, str(n), seen) for pmid, all_ in expected.versions.items() for n, seen in enumerate(all_, 1)
    ]
    raised = rows(sql, RAISED)
    revised = {pmid for pmid, number, _ in kept if number != "1"}
    retracted = {pmid for pmid, kind, _ in raised if kind == "retraction"}
    yield from compared("records", numbers(truth.ever), {pmid for pmid, _, _ in kept})
    yield from compared("hits", expected.hits, rows(sql, HITS))
    yield from compared("vanished", numbers(truth.vanished), _gone(sql))
    yield from compared("versions", versions, kept)
    yield from compared("revised", numbers(truth.revised) & always, revised & always)
    yield from compared("notices", expected.notices(history), raised)
    yield from compared("retracted", numbers(truth.retracted) & always, retracted & always)
    yield from compared("retraction notices taken for retracted", (), retracted & _heralds(history))
    yield from compared("watched records that PubMed lost", expected.lost, rows(sql, LOST))
    yield from compared("duplicates", (), rows(sql, "SELECT record_id, report_id FROM placement"))


def compared(what: str, right: Iterable[object], found: Iterable[object]) -> Iterator[str]:
    """A line when two collections do not hold the same, each as often."""
    missing, extra = Counter(list(right)), Counter(list(found))
    missing, extra = missing - extra, extra - missing
    if missing or extra:
        few = [sorted(map(str, side))[:SHOWN] for side in (missing, extra)]
        yield f"{what}: {missing.total()} missing {few[0]}, {extra.total()} too many {few[1]}"


def rows(sql: sqlite3.Connection, query: str) -> list[Row]:
    """Rows of a query, their values as text."""
    return [tuple(map(str, row)) for row in sql.execute(query)]


def table_sizes(sql: sqlite3.Connection) -> dict[str, int]:
    """Rows of each table."""
    names = rows(sql, "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    return {name: int(rows(sql, f"SELECT count(*) FROM {name}")[0][0]) for (name,) in names}  # noqa: S608 - from the schema


def numbers(pmids: Iterable[int]) -> frozenset[str]:
    """PubMed numbers as the store has them."""
    return frozenset(map(str, pmids))


def _gone(sql: sqlite3.Connection) -> set[str]:
    last = {pmid: event for _, event, pmid in rows(sql, f"{HITS} ORDER BY s.id")}
    return {pmid for pmid, event in last.items() if event == "gone"}


def _heralds(history: History) -> frozenset[str]:
    """Notices of retraction that are records of their own."""
    entries = history.corpus(history.weeks).entries
    return numbers(entry.pmid for entry in entries if "Retraction Notice" in entry.publication_types)
