"""Protocol versions, and the sources and strategies they declare."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from curation.protocol import Protocol, Source
from curation.store.connect import Change


@dataclass(frozen=True, slots=True)
class StoredProtocol:
    """The protocol version in force: its number, the file's hash and the parsed values as JSON."""

    id: int
    sha256: str
    parsed: str


def current(sql: sqlite3.Connection) -> StoredProtocol | None:
    """The newest protocol version, or None in a store that has none yet."""
    row = sql.execute("SELECT id, sha256, parsed FROM protocol ORDER BY id DESC LIMIT 1").fetchone()
    return StoredProtocol(row["id"], row["sha256"], row["parsed"]) if row else None


def add(change: Change, text: str, sha256: str, parsed: str, protocol: Protocol) -> int:
    """Keep a protocol version; sources that are new or searched differently get a strategy version. Gives its id."""
    row = change.sql.execute(
        "INSERT INTO protocol (sha256, text, parsed, change_id) VALUES (?, ?, ?, ?)",
        (sha256, text, parsed, change.id),
    )
    protocol_id = row.lastrowid or 0
    for source in protocol.sources:
        _add_strategy(change, source, protocol_id)
    return protocol_id


def _add_strategy(change: Change, source: Source, protocol_id: int) -> None:
    sql = change.sql
    sql.execute(
        "INSERT INTO source (key, change_id) VALUES (?, ?) ON CONFLICT DO NOTHING", (source.key, change.id)
    )
    source_id = sql.execute("SELECT id FROM source WHERE key = ?", (source.key,)).fetchone()[0]
    values = (source.name, source.kind, source.platform, source.service, source.strategy, source.limits)
    now = sql.execute(
        "SELECT version, name, kind, platform, service, query, limits FROM strategy_now WHERE source_id = ?",
        (source_id,),
    ).fetchone()
    if now is not None and tuple(now)[1:] == values:
        return
    version = 1 if now is None else now["version"] + 1
    sql.execute(
        "INSERT INTO strategy (source_id, version, name, kind, platform, service, query, limits, protocol_id, change_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (source_id, version, *values, protocol_id, change.id),
    )
