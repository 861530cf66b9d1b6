"""Opens a store, and the one way to write to it.

Measured (six processes, 250 read-then-write decisions each): write-ahead log, ``BEGIN IMMEDIATE`` and a busy
timeout store all of them; a deferred ``BEGIN`` loses up to half to "database is locked".
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from curation import __version__
from curation.errors import BadStore, TryAgain

APPLICATION_ID = 0x4C565256  # "LVRV", so that file(1) and we know the file
SCHEMA_VERSION = 8  # number of migrations; PRAGMA user_version
BUSY_MILLISECONDS = 30_000


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who writes, when and with which command; handed down from the command line."""

    at: datetime
    by: str
    command: str


@dataclass(frozen=True, slots=True)
class Change:
    """An open write: its rows carry ``id``."""

    id: int
    sql: sqlite3.Connection
    stamp: Stamp


class Store:
    """An open ``review.db``. Close it, or use it as a context manager."""

    def __init__(self, path: Path, sql: sqlite3.Connection) -> None:
        """Use ``Store.open`` or ``Store.create``."""
        self.path = path
        self.sql = sql

    @classmethod
    def create(cls, path: Path) -> Store:
        """Make a new store at ``path``: built beside it and put there whole, so a killed one leaves nothing there.

        Raises BadStore when something is there already, also when another process was quicker.
        """
        if path.exists():
            raise _taken(path)
        building = path.with_name(f".{path.name}.{os.getpid()}.building")
        try:
            _prepared(building).close()
            _put(building, path)
        except (OSError, sqlite3.Error) as problem:
            if path.exists():
                raise _taken(path) from problem
            raise
        finally:
            for part in ("", "-wal", "-shm"):
                building.with_name(building.name + part).unlink(missing_ok=True)
        for leftover in path.parent.glob(f".{path.name}.*.building*"):  # of processes that were killed
            leftover.unlink(missing_ok=True)
        return cls(path, _prepared(path))

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open the store at ``path``, bringing an older one to the newest schema.

        Raises BadStore when it is missing, corrupt, foreign or newer than this program.
        """
        if not path.is_file():
            message = f"{path} does not exist; make a review with: livrev init DIR"
            raise BadStore(message)
        try:
            _check(path)
            return cls(path, _prepared(path))
        except sqlite3.OperationalError as problem:
            raise _unavailable(path, problem) from problem
        except sqlite3.DatabaseError as problem:
            message = (
                f"{path} cannot be read as a database ({problem}); put an earlier copy of it in its place"
            )
            raise BadStore(message) from problem

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self.sql.close()

    @contextmanager
    def change(self, stamp: Stamp, protocol_id: int | None) -> Iterator[Change]:
        """One transaction and its row in the audit trail: applied whole, or not at all.

        Raises TryAgain when another process holds the store for longer than the busy timeout.
        """
        try:
            self.sql.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as problem:
            raise _unavailable(self.path, problem) from problem
        try:
            row = self.sql.execute(
                "INSERT INTO change (at, by, command, tool_version, protocol_id) VALUES (?, ?, ?, ?, ?)",
                (stamp.at.isoformat(timespec="seconds"), stamp.by, stamp.command, __version__, protocol_id),
            )
            yield Change(row.lastrowid or 0, self.sql, stamp)
            self.sql.execute("COMMIT")
        except BaseException:
            _roll_back(self.sql)
            raise

    @contextmanager
    def upkeep(self) -> Iterator[sqlite3.Connection]:
        """One transaction over what is derived (the queue): nothing happened in the review, so no change is noted.

        Raises TryAgain when another process holds the store for longer than the busy timeout.
        """
        try:
            self.sql.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as problem:
            raise _unavailable(self.path, problem) from problem
        try:
            yield self.sql
            self.sql.execute("COMMIT")
        except BaseException:
            _roll_back(self.sql)
            raise

    def as_of(self, watermark: int) -> Store:
        """The same store, read-only, as it was after change ``watermark``.

        Temporary views hide later rows: unqualified names find them before the tables, so every query and
        every view gives what it gave then.
        """
        sql = _connected(self.path)
        tables = sql.execute(
            "SELECT name, iif(name = 'change', 'id', 'change_id') FROM main.sqlite_master"
            " WHERE type = 'table' AND (name = 'change' OR sql LIKE '%change_id%')"
        ).fetchall()
        for table, number in tables:
            sql.execute(
                f"CREATE TEMP VIEW {table} AS SELECT * FROM main.{table} WHERE {number} <= {int(watermark)}"  # noqa: S608 - names from the schema, a number
            )
        views = sql.execute(
            "SELECT sql FROM main.sqlite_master WHERE type = 'view' ORDER BY rowid"
        ).fetchall()
        for (text,) in views:
            sql.execute(text.replace("CREATE VIEW", "CREATE TEMP VIEW", 1))
        sql.execute("PRAGMA query_only = ON")
        return Store(self.path, sql)


def _put(building: Path, path: Path) -> None:
    """Give a finished store its name; a link never takes the place of another's store, a rename would."""
    try:
        path.hardlink_to(building)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        building.rename(path)


def _taken(path: Path) -> BadStore:
    return BadStore(f"{path} exists already; choose another folder or open it as it is")


def _connected(path: Path) -> sqlite3.Connection:
    sql = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MILLISECONDS / 1000)
    sql.row_factory = sqlite3.Row
    sql.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    sql.execute("PRAGMA foreign_keys = ON")
    sql.execute("PRAGMA recursive_triggers = ON")  # so that INSERT OR REPLACE meets the append-only triggers
    return sql


def _prepared(path: Path) -> sqlite3.Connection:
    sql = _connected(path)
    try:
        _write_ahead(sql)
        sql.execute("PRAGMA synchronous = NORMAL")
        if _version(sql) < SCHEMA_VERSION:
            _migrate(sql)
    except BaseException:
        sql.close()
        raise
    return sql


def _write_ahead(sql: sqlite3.Connection) -> None:
    """Use the write-ahead log. The switch needs the file alone, and SQLite does not wait for that."""
    if sql.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        return
    try:
        sql.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as problem:
        if problem.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise
        # another process has it open and switches it; until then the rollback journal serves, only slower


def _version(sql: sqlite3.Connection) -> int:
    return int(sql.execute("PRAGMA user_version").fetchone()[0])


def _migrate(sql: sqlite3.Connection) -> None:
    from curation.store.migrations import migrate  # noqa: PLC0415 - imports pandas; only when needed

    sql.execute("BEGIN IMMEDIATE")
    try:
        if _version(sql) < SCHEMA_VERSION:  # another process may have been quicker
            migrate(sql)
            sql.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            sql.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        sql.execute("COMMIT")
    except BaseException:
        _roll_back(sql)
        raise


def _roll_back(sql: sqlite3.Connection) -> None:
    if sql.in_transaction:  # SQLite has ended it by itself where the disk is full
        sql.execute("ROLLBACK")


def _check_length(path: Path) -> None:
    """A file that was cut off: SQLite notices only when it reads the page that is gone.

    The header holds the number of pages (https://sqlite.org/fileformat.html); while a write-ahead log waits, it
    may run ahead of the file.
    """
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        return
    with path.open("rb") as stream:
        header = stream.read(100)
    page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    written, valid = header[24:28], header[92:96]
    expected = pages * (1 << 16 if page == 1 else page)
    if written == valid and path.stat().st_size < expected:
        message = f"{path} was cut off ({path.stat().st_size} of {expected} bytes); put an earlier copy of it in its place"
        raise BadStore(message)


def _check(path: Path) -> None:
    """Look before touching: a foreign database must not be migrated."""
    sql = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_MILLISECONDS / 1000)
    try:
        owner = int(sql.execute("PRAGMA application_id").fetchone()[0])
        version = _version(sql)
        tables = int(sql.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    finally:
        sql.close()
    _check_length(path)
    if owner != APPLICATION_ID:
        what = "is empty" if tables == 0 else "is a database of another program"
        message = f"{path} {what}, not a livrev store; move it away and put an earlier copy in its place"
        raise BadStore(message)
    if version > SCHEMA_VERSION:
        message = f"{path} has schema {version}, this livrev knows {SCHEMA_VERSION}; upgrade livrev"
        raise BadStore(message)


def _unavailable(path: Path, problem: sqlite3.OperationalError) -> BadStore | TryAgain:
    if "locked" in str(problem) or "busy" in str(problem):
        return TryAgain(f"{path} is in use by another process; run the same command again")
    return BadStore(f"{path} cannot be used ({problem}); check that the file and its folder can be written")
