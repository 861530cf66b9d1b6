"""One pace for everybody who asks a host: its next free moment stands in a small SQLite file.

Whoever wants to ask takes the moment and moves it on by the spacing, in one ``BEGIN IMMEDIATE`` transaction:
threads and processes that name the same file never take the same one. The file only saves NCBI's patience;
an update does without it rather than stop, and keeps the pace within its own process then.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

_FAR_AHEAD = (
    60.0  # seconds; a moment beyond was written by a clock that has since been set back, or a reboot ago
)
_LATE = 0.25  # of the spacing; who is woken later takes another moment, or requests would bunch
_MOMENTS = 3  # taken at most for one request: a machine that always wakes late must get on too
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

_log = logging.getLogger(__name__)


class SharedPace:
    """Spaces the requests to each host. One object may serve many threads."""

    def __init__(
        self,
        path: Path | None,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        *,
        busy_timeout: float = 5.0,
    ) -> None:
        """``path`` is made when first needed; None keeps the pace within this process.

        ``clock`` gives seconds on an axis that all processes share (``time.monotonic`` does on one machine);
        ``busy_timeout`` is how many seconds of the machine another process may hold the file.
        """
        self._path = path
        self._clock = clock
        self._sleep = sleep
        self._busy_timeout = busy_timeout
        self._lock = threading.Lock()
        self._sql: sqlite3.Connection | None = None
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """Why the pace is not shared with other processes, as a sentence; empty when nothing is wrong."""
        return self._trouble

    def wait(self, host: str, per_second: float) -> None:
        """Come back when ``host`` may be asked; requests leave ``1 / per_second`` seconds apart.

        A moment further ahead than a minute and one spacing is not believed.
        """
        spacing = 1 / per_second
        for _ in range(_MOMENTS):
            moment = self._taken(host, spacing)
            ahead = moment - self._clock()
            if ahead > 0:
                self._sleep(ahead)
            if self._clock() - moment <= spacing * _LATE:
                break

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._sql is not None:
                self._sql.close()
                self._sql = None

    def _taken(self, host: str, spacing: float) -> float:
        with self._lock:
            try:
                return self._take(host, spacing)
            except sqlite3.DatabaseError as problem:
                self._recover(problem)
            except OSError as problem:
                self._give_up_sharing(str(problem))
            try:
                return self._take(host, spacing)
            except (sqlite3.DatabaseError, OSError) as problem:  # the file made anew is no better
                self._give_up_sharing(str(problem))
            return self._take(host, spacing)

    def _take(self, host: str, spacing: float) -> float:
        if self._sql is None:
            self._sql = self._opened()
        sql = self._sql
        sql.execute("BEGIN IMMEDIATE")
        try:
            now = self._clock()
            row = sql.execute("SELECT free FROM slot WHERE host = ?", (host,)).fetchone()
            free = float(row[0]) if row else now
            moment = free if now <= free <= now + spacing + _FAR_AHEAD else now
            sql.execute("INSERT OR REPLACE INTO slot (host, free) VALUES (?, ?)", (host, moment + spacing))
        except BaseException:
            sql.rollback()
            raise
        sql.execute("COMMIT")
        return moment

    def _opened(self) -> sqlite3.Connection:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        sql = sqlite3.connect(
            self._path or ":memory:",
            timeout=self._busy_timeout,
            isolation_level=None,
            check_same_thread=False,  # the lock sees to it
        )
        try:
            sql.execute("PRAGMA synchronous = OFF")  # what a crash loses here is a moment, not a decision
            sql.execute("CREATE TABLE IF NOT EXISTS slot (host TEXT PRIMARY KEY, free REAL NOT NULL)")
        except BaseException:
            sql.close()
            raise
        return sql

    def _recover(self, problem: sqlite3.DatabaseError) -> None:
        """Put a damaged file aside, to be made anew; do without one that is held or cannot be written."""
        code = (
            getattr(problem, "sqlite_errorcode", 0) & 0xFF
        )  # extended codes keep the kind in the lowest byte
        if code not in _DAMAGED or self._path is None:
            self._give_up_sharing(str(problem))
            return
        self._let_go()
        aside = self._path.with_name(f"{self._path.name}.damaged")
        try:
            self._path.replace(aside)
            self._path.with_name(f"{self._path.name}-journal").unlink(missing_ok=True)
        except OSError as unmovable:
            self._give_up_sharing(f"{problem}; {unmovable}")
            return
        _log.warning("%s was damaged; it was put aside as %s and made anew", self._path, aside.name)

    def _give_up_sharing(self, why: str) -> None:
        self._let_go()
        self._trouble = (
            f"{self._path} cannot hold the pace of requests ({why}); it is kept within this process only"
        )
        self._path = None
        _log.warning(self._trouble)

    def _let_go(self) -> None:
        if self._sql is not None:
            self._sql.close()
            self._sql = None
