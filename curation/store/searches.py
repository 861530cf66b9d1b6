"""Rounds, search runs, and the ledger of what each run found for the first time, missed or found again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from curation.store.connect import Change


@dataclass(frozen=True, slots=True)
class Round:
    """The base review is round 0; each update is the next. ``flow_recorded`` is false where only a publication tells of it."""

    id: int
    number: int
    flow_recorded: bool
    note: str


@dataclass(frozen=True, slots=True)
class Strategy:
    """One version of how a source is searched."""

    id: int
    source_id: int
    source: str
    version: int
    name: str
    kind: str
    platform: str
    query: str
    limits: str


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of one search run. ``found`` None: not reported (never 0)."""

    how: str
    searched_on: str
    query_sent: str
    found: int | None = None
    known: int | None = None
    started_at: str | None = None
    finished_at: str | None = None
    translation: str = ""
    ids_sha256: str = ""
    db_build: str = ""
    translation_set: str = ""
    warnings: tuple[str, ...] = ()
    file_name: str = ""
    file_sha256: str = ""
    file_format: str = ""
    encoding: str = ""
    assumed: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A stored search run with its source and round."""

    id: int
    round: int
    source: str
    name: str
    kind: str
    platform: str
    how: str
    searched_on: str
    found: int | None
    new: int
    query_sent: str
    translation: str
    file_name: str


def rounds(sql: sqlite3.Connection) -> tuple[Round, ...]:
    """All rounds, oldest first."""
    rows = sql.execute("SELECT id, number, flow, note FROM round ORDER BY number")
    return tuple(Round(r["id"], r["number"], r["flow"] == "recorded", r["note"]) for r in rows)


def released_round(sql: sqlite3.Connection) -> int | None:
    """Number of the last round that a release has integrated, or None before the first release."""
    row = sql.execute("SELECT max(n.number) FROM release e JOIN round n ON n.id = e.round_id").fetchone()
    return None if row[0] is None else int(row[0])


def open_round(change: Change) -> Round:
    """The round that new records belong to: the newest one, or a next one when a release has integrated that."""
    known = rounds(change.sql)
    released = released_round(change.sql)
    if known and (released is None or known[-1].number > released):
        return known[-1]
    return add_round(change, known[-1].number + 1 if known else 0)


def add_round(change: Change, number: int, *, flow_recorded: bool = True, note: str = "") -> Round:
    """Begin round ``number``."""
    flow = "recorded" if flow_recorded else "not reported"
    row = change.sql.execute(
        "INSERT INTO round (number, flow, note, change_id) VALUES (?, ?, ?, ?)",
        (number, flow, note, change.id),
    )
    return Round(row.lastrowid or 0, number, flow_recorded, note)


def strategy(sql: sqlite3.Connection, source_key: str) -> Strategy | None:
    """The strategy in force for a source."""
    row = sql.execute(
        "SELECT id, source_id, source_key, version, name, kind, platform, query, limits FROM strategy_now"
        " WHERE source_key = ?",
        (source_key,),
    ).fetchone()
    return Strategy(*row) if row else None


def add_run(change: Change, round_id: int, strategy_id: int, facts: RunFacts) -> int:
    """Keep one search run; gives its id."""
    row = change.sql.execute(
        "INSERT INTO search_run (round_id, strategy_id, how, searched_on, started_at, finished_at, query_sent,"
        " translation, found, known, ids_sha256, db_build, warnings, file_name, file_sha256, file_format, encoding,"
        " note, translation_set, assumed, change_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            round_id,
            strategy_id,
            facts.how,
            facts.searched_on,
            facts.started_at,
            facts.finished_at,
            facts.query_sent,
            facts.translation,
            facts.found,
            facts.known,
            facts.ids_sha256,
            facts.db_build,
            json.dumps(facts.warnings),
            facts.file_name,
            facts.file_sha256,
            facts.file_format,
            facts.encoding,
            facts.note,
            facts.translation_set,
            json.dumps(facts.assumed, ensure_ascii=False),
            change.id,
        ),
    )
    return row.lastrowid or 0


def add_hits(change: Change, run_id: int, event: str, record_ids: Iterable[int]) -> None:
    """Note that a run found records for the first time (``new``), missed them (``gone``) or has them ``back``."""
    change.sql.executemany(
        "INSERT INTO hit (run_id, record_id, event, change_id) VALUES (?, ?, ?, ?)",
        ((run_id, record_id, event, change.id) for record_id in record_ids),
    )


def add_refound(change: Change, run_id: int, record_ids: Iterable[int]) -> None:
    """Keep which records of earlier files a file brought again."""
    change.sql.executemany(
        "INSERT INTO refound (run_id, record_id, change_id) VALUES (?, ?, ?)",
        ((run_id, record_id, change.id) for record_id in record_ids),
    )


def add_missing(change: Change, run_id: int, told: Mapping[str, str]) -> None:
    """Keep what a source was asked for and did not deliver, with what it says of each."""
    change.sql.executemany(
        "INSERT INTO missing_record (run_id, accession, told, change_id) VALUES (?, ?, ?, ?)",
        ((run_id, accession, said, change.id) for accession, said in told.items()),
    )


def not_delivered(sql: sqlite3.Connection, source_id: int) -> frozenset[str]:
    """Accessions that any run of a source asked for in vain."""
    rows = sql.execute(
        "SELECT m.accession FROM missing_record m JOIN search_run s ON s.id = m.run_id"
        " JOIN strategy t ON t.id = s.strategy_id WHERE t.source_id = ?",
        (source_id,),
    )
    return frozenset(row[0] for row in rows)


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest search run of a source over the network or from a file."""

    id: int
    searched_on: str
    finished_at: str | None
    query_sent: str
    translation: str
    found: int | None


def last_run(sql: sqlite3.Connection, source_key: str) -> LastRun | None:
    """The newest run of a source that was made here (not merely reported by a publication)."""
    row = sql.execute(
        "SELECT s.id, s.searched_on, s.finished_at, s.query_sent, s.translation, s.found FROM search_run s"
        " JOIN strategy t ON t.id = s.strategy_id JOIN source c ON c.id = t.source_id"
        " WHERE c.key = ? AND s.how <> 'reported' ORDER BY s.id DESC LIMIT 1",
        (source_key,),
    ).fetchone()
    return LastRun(*row) if row else None


def add_refused(change: Change, run_id: int, line: int, reason: str, raw: str) -> None:
    """Keep what a file held that is no record, with the reason."""
    change.sql.execute(
        "INSERT INTO refused_record (run_id, line, reason, raw, change_id) VALUES (?, ?, ?, ?, ?)",
        (run_id, line, reason, raw, change.id),
    )


def present(sql: sqlite3.Connection, source_id: int) -> tuple[dict[str, int], dict[str, int]]:
    """What the ledger says of a source: accession to record id, of those in its last answer and of those gone since."""
    rows = sql.execute(
        "SELECT r.accession, r.id, (SELECT h.event FROM hit h WHERE h.record_id = r.id ORDER BY h.run_id DESC LIMIT 1)"
        " AS event FROM record r WHERE r.source_id = ?",
        (source_id,),
    )
    here: dict[str, int] = {}
    gone: dict[str, int] = {}
    for accession, record_id, event in rows:
        (gone if event == "gone" else here)[accession] = record_id
    return here, gone


def present_among(
    sql: sqlite3.Connection, source_id: int, accessions: Sequence[str]
) -> tuple[dict[str, int], dict[str, int]]:
    """The same of some accessions only, at most 500 of them: what a file brings meets a store of any size."""
    marks = ",".join("?" * len(accessions))
    rows = sql.execute(
        "SELECT r.accession, r.id, (SELECT h.event FROM hit h WHERE h.record_id = r.id ORDER BY h.run_id DESC LIMIT 1)"  # noqa: S608 - question marks only
        f" AS event FROM record r WHERE r.source_id = ? AND r.accession IN ({marks})",
        (source_id, *accessions),
    )
    here: dict[str, int] = {}
    gone: dict[str, int] = {}
    for accession, record_id, event in rows:
        (gone if event == "gone" else here)[accession] = record_id
    return here, gone


def file_taken_in(sql: sqlite3.Connection, sha256: str, source_id: int) -> int | None:
    """Run that took this very file in for this source, or None."""
    row = sql.execute(
        "SELECT s.id FROM search_run s JOIN strategy t ON t.id = s.strategy_id"
        " WHERE s.file_sha256 = ? AND t.source_id = ?",
        (sha256, source_id),
    ).fetchone()
    return int(row[0]) if row else None


def runs(sql: sqlite3.Connection) -> tuple[Run, ...]:
    """All search runs, oldest first."""
    rows = sql.execute(
        "SELECT s.id, n.number, c.key, t.name, t.kind, t.platform, s.how, s.searched_on, s.found,"
        " (SELECT count(*) FROM hit h WHERE h.run_id = s.id AND h.event = 'new'), s.query_sent, s.translation,"
        " s.file_name"
        " FROM search_run s JOIN strategy t ON t.id = s.strategy_id JOIN source c ON c.id = t.source_id"
        " JOIN round n ON n.id = s.round_id ORDER BY s.id"
    )
    return tuple(Run(*row) for row in rows)
