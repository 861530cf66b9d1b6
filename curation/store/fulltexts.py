"""Full texts: what became of the attempts to get each, newest last; rows that are only added.

A link to an open copy that was found and not yet fetched is a remark (an ``awaited`` event with a link): it moves
no report, and never hides what became of an attempt, also where duplicates are joined later.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from curation.store.connect import Change


@dataclass(frozen=True, slots=True)
class FullText:
    """What became of one attempt. ``event`` is ``retrieved``, ``not retrieved`` or ``awaited``.

    The file as it was given has ``file_name`` and the SHA-256 of its bytes; ``link`` is its address; ``note`` is
    in words.
    """

    event: str
    file_name: str = ""
    file_sha256: str = ""
    link: str = ""
    note: str = ""


_COLUMNS = "f.event, f.file_name, f.file_sha256, f.link, f.note"
_REMARK = "(f.event = 'awaited' AND f.link <> '')"


def add(change: Change, report: int, fulltext: FullText) -> None:
    """Note that a full text was retrieved, could not be, or is awaited."""
    change.sql.execute(
        "INSERT INTO fulltext_event (report_id, event, note, file_name, file_sha256, link, by, change_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            report,
            fulltext.event,
            fulltext.note,
            fulltext.file_name,
            fulltext.file_sha256,
            fulltext.link,
            change.stamp.by,
            change.id,
        ),
    )


def fulltext_of(sql: sqlite3.Connection, report: int) -> FullText | None:
    """What holds of the full text of one report, by any of its records; None where nothing was noted.

    Quick however many full texts the store holds.
    """
    row = sql.execute(
        f"SELECT {_COLUMNS} FROM fulltext_event f"  # noqa: S608 - our own columns
        " WHERE f.report_id IN (SELECT record_id FROM placement WHERE report_id = ?1 UNION SELECT ?1)"
        " AND (SELECT p.report_id FROM record_report p WHERE p.record_id = f.report_id) = ?1"
        f" ORDER BY {_REMARK}, f.id DESC LIMIT 1",
        (report,),
    ).fetchone()
    return _fulltext(row) if row else None


def retrievals(sql: sqlite3.Connection) -> dict[int, str]:
    """What became of the newest attempt for each report that has one."""
    rows = sql.execute(
        "SELECT report, event FROM (SELECT p.report_id AS report, f.event, row_number() OVER"  # noqa: S608 - see above
        f" (PARTITION BY p.report_id ORDER BY {_REMARK}, f.id DESC) AS newest"
        " FROM fulltext_event f JOIN record_report p ON p.record_id = f.report_id) WHERE newest = 1"
    )
    return {row["report"]: row["event"] for row in rows}


def open_links(sql: sqlite3.Connection) -> dict[int, FullText]:
    """The newest remark on an open copy, of each report that has one."""
    rows = sql.execute(
        f"SELECT p.report_id, {_COLUMNS} FROM fulltext_event f"  # noqa: S608 - see above
        " JOIN record_report p ON p.record_id = f.report_id"
        f" WHERE {_REMARK} ORDER BY f.id"
    )
    return {row["report_id"]: _fulltext(row) for row in rows}


def _fulltext(row: sqlite3.Row) -> FullText:
    """Before schema 6 the address of a full text without a file stood in its note."""
    event, note, link = row["event"], row["note"], row["link"]
    if not link and event == "retrieved" and note.startswith(("https://", "http://")):
        note, link = "", note
    return FullText(event, row["file_name"], row["file_sha256"], link, note)
