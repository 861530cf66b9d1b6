"""Rankings as they were made, the texts they learn from, and how much was decided since."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from curation.model import Stage
from curation.store.connect import Change


class RecordText(NamedTuple):
    """What is read of one record, with the report it is in, the round it came in and its year."""

    record: int
    report: int
    round: int
    year: int | None
    title: str
    abstract: str


@dataclass(frozen=True, slots=True)
class NewRanking:
    """A ranking to be kept. ``backtest`` holds its figures on settled decisions, as JSON can."""

    stage: Stage
    reviewer: str
    engine: str
    basis: str
    corpus_key: str
    includes: int
    excludes: int
    ranked: int
    backtest: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredRanking:
    """A ranking that was made: from how many decisions, and in which change."""

    id: int
    includes: int
    excludes: int
    change: int

    @property
    def labels(self) -> int:
        """Decisions it learnt from."""
        return self.includes + self.excludes


def texts(sql: sqlite3.Connection) -> Iterator[RecordText]:
    """Title and abstract of every record as last indexed, in the order of arrival."""
    rows = sql.execute(
        "SELECT r.id, p.report_id, n.number, v.year, v.title, v.abstract FROM record r"
        " JOIN record_report p ON p.record_id = r.id"
        " JOIN revision_now v ON v.record_id = r.id"
        " JOIN search_run s ON s.id = r.run_id"
        " JOIN round n ON n.id = s.round_id ORDER BY r.id"
    )
    return (RecordText(*row) for row in rows)


def add(change: Change, ranking: NewRanking) -> int:
    """Keep a ranking. Gives its id."""
    row = change.sql.execute(
        "INSERT INTO ranking (stage, reviewer, engine, basis, corpus_key, includes, excludes, ranked, backtest,"
        " change_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            ranking.stage,
            ranking.reviewer,
            ranking.engine,
            ranking.basis,
            ranking.corpus_key,
            ranking.includes,
            ranking.excludes,
            ranking.ranked,
            json.dumps(ranking.backtest, ensure_ascii=False, sort_keys=True),
            change.id,
        ),
    )
    return row.lastrowid or 0


def newest(sql: sqlite3.Connection, reviewer: str, stage: Stage) -> StoredRanking | None:
    """The reviewer's newest ranking at a stage, or None."""
    row = sql.execute(
        "SELECT id, includes, excludes, change_id FROM ranking WHERE reviewer = ? AND stage = ?"
        " ORDER BY id DESC LIMIT 1",
        (reviewer, stage),
    ).fetchone()
    return StoredRanking(*row) if row else None


def newest_backtest(sql: sqlite3.Connection, stage: Stage) -> dict[str, Any]:
    """Figures of the newest ranking at a stage, whoever's; empty where there are none."""
    row = sql.execute(
        "SELECT backtest FROM ranking WHERE stage = ? ORDER BY id DESC LIMIT 1", (stage,)
    ).fetchone()
    return dict(json.loads(row[0])) if row else {}


def newest_record(sql: sqlite3.Connection) -> int:
    """Number of the change that brought the newest record; 0 in an empty store."""
    row = sql.execute("SELECT change_id FROM record ORDER BY id DESC LIMIT 1").fetchone()
    return int(row[0]) if row else 0


def decided_since(sql: sqlite3.Connection, ranking: StoredRanking, reviewer: str, needed: int) -> int:
    """About how many labels of a reviewer's ranking are new or altered since; some milliseconds at 100,000 votes.

    Counts reports that the reviewer voted on since, or others where ``needed`` people have, and whatever was taken
    back or resolved since. Who has voted decides, never how.
    """
    # Rows come in the order of their changes: the walk back ends at the first older one.
    before = sql.execute(
        "SELECT id FROM vote WHERE change_id <= ? ORDER BY id DESC LIMIT 1", (ranking.change,)
    ).fetchone()
    row = sql.execute(
        "SELECT (SELECT count(DISTINCT v.report_id) FROM vote v WHERE v.id > ?5 AND v.stage = ?2"
        " AND (v.reviewer = ?3 OR ?4 <="
        " (SELECT count(DISTINCT w.reviewer) FROM vote w WHERE w.report_id = v.report_id AND w.stage = ?2)))"
        " + (SELECT count(*) FROM vote_undo u JOIN vote v ON v.id = u.vote_id"
        " WHERE u.change_id > ?1 AND v.stage = ?2 AND v.id <= ?5)"
        " + (SELECT count(*) FROM resolution WHERE change_id > ?1 AND stage = ?2)",
        (ranking.change, Stage.ABSTRACT, reviewer, needed, before[0] if before else 0),
    ).fetchone()
    return int(row[0])
