"""The audit trail: how far the store has come."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trail:
    """Number of changes, time of the last, and the protocol in force (hash, and the how-manieth version it is)."""

    changes: int
    last_at: str
    protocol_sha256: str
    protocol_version: int


def trail(sql: sqlite3.Connection) -> Trail:
    """State of the audit trail; empty texts in a store without a change."""
    changes, last = sql.execute("SELECT count(*), max(at) FROM change").fetchone()
    row = sql.execute("SELECT sha256 FROM protocol ORDER BY id DESC LIMIT 1").fetchone()
    versions = sql.execute("SELECT count(*) FROM protocol").fetchone()[0]
    return Trail(changes, last or "", row[0] if row else "", versions)
