"""Brings a store to the newest schema with sqlite-utils' recorded migrations (DDL only).

This is the one module that imports ``sqlite_utils`` (which imports pandas): it is itself imported only when
``PRAGMA user_version`` says that something is to be done.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

from curation.resources import shipped

APPEND_ONLY = (
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

migrations = Migrations("livrev")


@migrations()
def spine(db: Database) -> None:
    """Tables of the spine, each append-only."""
    _run(db.conn, "0001_spine")
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            db.conn.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT raise(ABORT, '{table} is append-only'); END"
            )


@migrations()
def views(db: Database) -> None:
    """Readable views."""
    _run(db.conn, "0002_views")


def migrate(connection: sqlite3.Connection) -> None:
    """Apply what is pending, inside the transaction the caller has begun."""
    migrations.apply(Database(connection))


def _run(connection: sqlite3.Connection, name: str) -> None:
    script = shipped("db", "migrations", f"{name}.sql").read_text(encoding="utf-8")
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
