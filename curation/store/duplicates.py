"""Judgements of pairs, and the reports that follow from them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from curation.model import Relation
from curation.store.connect import Change


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgement of a pair that stands: a person's, else the newest rule's. ``left`` < ``right``."""

    left: int
    right: int
    relation: Relation
    by_person: bool
    evidence: str
    by: str = ""


def standing(sql: sqlite3.Connection) -> tuple[Judged, ...]:
    """Every pair's judgement in force, in the order it was made."""
    rows = sql.execute(
        "SELECT left_id, right_id, relation, basis, evidence, by FROM judgement_now ORDER BY id"
    )
    return tuple(Judged(r[0], r[1], Relation(r[2]), r[3] == "person", r[4], r[5]) for r in rows)


def add(change: Change, judged: Iterable[Judged]) -> None:
    """Keep judgements."""
    change.sql.executemany(
        "INSERT INTO judgement (left_id, right_id, relation, basis, evidence, by, change_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (
                j.left,
                j.right,
                j.relation,
                "person" if j.by_person else "rule",
                j.evidence,
                j.by or change.stamp.by,
                change.id,
            )
            for j in judged
        ),
    )


def placements(sql: sqlite3.Connection) -> dict[int, int]:
    """Report of every record."""
    return dict(sql.execute("SELECT record_id, report_id FROM record_report").fetchall())


def place(change: Change, moves: Iterable[tuple[int, int]]) -> None:
    """Put records into reports: pairs of record and report."""
    change.sql.executemany(
        "INSERT INTO placement (record_id, report_id, change_id) VALUES (?, ?, ?)",
        ((record, report, change.id) for record, report in moves),
    )


@dataclass(frozen=True, slots=True)
class Identity:
    """What tier-0 and tier-1 rules look at: identifiers and title of one record, and where it came from."""

    record: int
    source: int
    pmid: str | None
    doi: str | None
    title: str
    year: int | None


def identities(sql: sqlite3.Connection) -> Iterator[Identity]:
    """Identifiers of every record."""
    rows = sql.execute(
        "SELECT r.id, r.source_id, v.pmid, v.doi, v.title, v.year FROM record r"
        " JOIN revision_now v ON v.record_id = r.id ORDER BY r.id"
    )
    return (Identity(*row) for row in rows)
