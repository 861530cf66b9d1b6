"""Brings a store to the newest schema with sqlite-utils' recorded migrations (DDL only).

This is the one module that imports ``sqlite_utils`` (which imports pandas): it is itself imported only when
``PRAGMA user_version`` says that something is to be done.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from sqlite_utils import Database, Migrations

from curation.resources import shipped

SPINE = (
    "change",
    "protocol",
    "source",
    "strategy",
    "round",
    "search_run",
    "record",
    "revision",
    "hit",
    "refused_record",
    "judgement",
    "placement",
    "removal",
    "vote",
    "vote_undo",
    "resolution",
    "resolution_undo",
    "fulltext_event",
    "study",
    "study_report",
    "fact",
    "evaluation",
    "appraisal",
    "release",
)
LEDGER = ("missing_record", "notice", "notice_decision")
FILES = ("refound",)
DUPLICATES = ("dedupe_pass",)
SCREENING = ("ranking", "mark", "calibration", "calibration_event", "stop_check", "stop_decision")
EXTRACTION = ("form", "entry", "entry_finish", "entry_decision")
SYNTHESIS = ("synthesis_run",)
APPEND_ONLY = SPINE + LEDGER + FILES + DUPLICATES + SCREENING + EXTRACTION + SYNTHESIS
# Made from the records and votes, and made anew when the rules for them change.
DERIVED = ("block_key", "queue", "conflict_open", "queue_due", "queue_rules")

migrations = Migrations("livrev")


@migrations()
def spine(db: Database) -> None:
    """Tables of the spine, each append-only."""
    _run(db.conn, "0001_spine")
    _append_only(db.conn, SPINE)


@migrations()
def views(db: Database) -> None:
    """Readable views."""
    _run(db.conn, "0002_views")


@migrations()
def ledger(db: Database) -> None:
    """What a source did not deliver, and notices about records."""
    _run(db.conn, "0003_ledger")
    _append_only(db.conn, LEDGER)


@migrations()
def files(db: Database) -> None:
    """What export files tell beyond the spine's fields."""
    _run(db.conn, "0004_files")
    _append_only(db.conn, FILES)


@migrations()
def duplicates(db: Database) -> None:
    """Why a rule judges as it does, and the keys by which candidates are found."""
    _run(db.conn, "0005_duplicates")
    _append_only(db.conn, DUPLICATES)


@migrations()
def screening(db: Database) -> None:
    """What a vote was cast under, marks, calibration, ranking, stopping, and the queue."""
    _run(db.conn, "0006_screening")
    _append_only(db.conn, SCREENING)


@migrations()
def extraction(db: Database) -> None:
    """Forms, entries of each extractor, and what was decided on them."""
    _run(db.conn, "0007_extraction")
    _append_only(db.conn, EXTRACTION)


@migrations()
def synthesis(db: Database) -> None:
    """Runs of the declared syntheses."""
    _run(db.conn, "0008_synthesis")
    _append_only(db.conn, SYNTHESIS)


def migrate(connection: sqlite3.Connection) -> None:
    """Apply what is pending, inside the transaction the caller has begun."""
    migrations.apply(Database(connection))


def _append_only(connection: sqlite3.Connection, tables: Sequence[str]) -> None:
    for table in tables:
        for verb in ("UPDATE", "DELETE"):
            connection.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT raise(ABORT, '{table} is append-only'); END"
            )


def _run(connection: sqlite3.Connection, name: str) -> None:
    script = shipped("db", "migrations", f"{name}.sql").read_text(encoding="utf-8")
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
