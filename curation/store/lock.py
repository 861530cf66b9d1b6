"""One update at a time: a lock that the operating system lets go when its process ends, however it ends."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curation.errors import BadStore, TryAgain


@contextmanager
def exclusive(folder: Path, wait: float = 0.0) -> Iterator[None]:
    """Hold the review's update lock, a SQLite file of its own (works wherever the store works).

    Raises TryAgain when another process holds it for longer than ``wait`` seconds, BadStore when it is damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    holder = sqlite3.connect(folder / "update.lock", timeout=wait, isolation_level=None)
    try:
        try:
            holder.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as problem:
            message = "another update of this review is running; it was left alone, run this again later"
            raise TryAgain(message) from problem
        except sqlite3.DatabaseError as problem:
            message = f"{folder / 'update.lock'} is damaged; delete it, it is made anew"
            raise BadStore(message) from problem
        yield
    finally:
        holder.close()
