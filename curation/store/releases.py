"""Published versions: what each integrates, and up to which change."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from curation.store.connect import Change


@dataclass(frozen=True, slots=True)
class Release:
    """A published version. ``reported`` holds numbers as that publication prints them, by name."""

    version: str
    title: str
    doi: str
    published_on: str
    integrated_through: str
    round: int
    watermark: int
    outcome: str = ""
    note: str = ""
    reported: Mapping[str, object] = field(default_factory=dict)


def add(change: Change, release: Release, round_id: int) -> None:
    """Freeze everything up to this change as a version."""
    change.sql.execute(
        "INSERT INTO release (version, title, doi, published_on, integrated_through, round_id, outcome, reported, note,"
        " watermark, change_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            release.version,
            release.title,
            release.doi,
            release.published_on,
            release.integrated_through,
            round_id,
            release.outcome,
            json.dumps(release.reported, ensure_ascii=False),
            release.note,
            change.id,
            change.id,
        ),
    )


def releases(sql: sqlite3.Connection) -> tuple[Release, ...]:
    """All releases, oldest first."""
    rows = sql.execute(
        "SELECT e.version, e.title, e.doi, e.published_on, e.integrated_through, n.number AS round, e.watermark,"
        " e.outcome, e.note, e.reported FROM release e JOIN round n ON n.id = e.round_id ORDER BY e.id"
    )
    return tuple(
        Release(
            version=r["version"],
            title=r["title"],
            doi=r["doi"],
            published_on=r["published_on"],
            integrated_through=r["integrated_through"],
            round=r["round"],
            watermark=r["watermark"],
            outcome=r["outcome"],
            note=r["note"],
            reported=json.loads(r["reported"]),
        )
        for r in rows
    )
