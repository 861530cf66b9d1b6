"""What both extractors came to, as the facts and evaluations that tables and syntheses read; and evaluations withdrawn."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from curation.model import Evaluation
from curation.store.connect import Change


@dataclass(frozen=True, slots=True)
class Adopted:
    """An extracted field as it is adopted: JSON value, where it stands, in the paper's words, by whom."""

    field: str
    value: object
    location: str
    quote: str
    by: str


@dataclass(frozen=True, slots=True)
class AdoptedEvaluation:
    """An evaluation as it is adopted, whatever row of its table it names; its events, the paper's words, by whom."""

    evaluation: Evaluation
    events: int | None
    quote: str
    by: str


_COLUMNS = (
    "key, marker, outcome, model, validation, auc, ci_low, ci_high, ci_level, n, events, auc_printed, ci_low_printed,"
    " ci_high_printed, validation_mark, ci_mark, table_number, row_number, column_number, location, n_location, quote,"
    " note"
)


def add_fact(change: Change, study: int, adopted: Adopted) -> bool:
    """Keep an adopted field where it differs from the one in force; whether it did."""
    value = json.dumps(adopted.value, ensure_ascii=False)
    known = change.sql.execute(
        "SELECT value, location, quote FROM fact_now WHERE study_id = ? AND field = ?", (study, adopted.field)
    ).fetchone()
    if known is not None and tuple(known) == (value, adopted.location, adopted.quote):
        return False
    change.sql.execute(
        "INSERT INTO fact (study_id, field, value, location, quote, by, change_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (study, adopted.field, value, adopted.location, adopted.quote, adopted.by, change.id),
    )
    return True


def add_evaluation(change: Change, study: int, adopted: AdoptedEvaluation) -> bool:
    """Keep an adopted evaluation where it differs from the one in force; whether it did.

    One that is in the table already keeps its row there; another gets the next free one.
    """
    e = adopted.evaluation
    known = change.sql.execute(
        "SELECT * FROM evaluation_now WHERE study_id = ? AND key = ?", (study, e.key)
    ).fetchone()
    stays = known is not None and known["table_number"] == e.table
    row = known["row_number"] if stays else _next_row(change.sql, e.table)
    values = (
        *(e.key, e.marker, e.outcome, e.model, e.validation),
        *(e.auc, e.ci_low, e.ci_high, e.ci_level, e.n, adopted.events),
        *(e.auc_printed, e.ci_low_printed, e.ci_high_printed, e.validation_mark, e.ci_mark),
        *(e.table, row, known["column_number"] if stays else e.column),
        *(e.location, e.n_location, adopted.quote, e.note),
    )
    if known is not None and values == tuple(known[name.strip()] for name in _COLUMNS.split(",")):
        return False
    change.sql.execute(
        f"INSERT INTO evaluation (study_id, by, change_id, {_COLUMNS}) VALUES ({', '.join('?' * 26)})",  # noqa: S608 - a constant
        (study, adopted.by, change.id, *values),
    )
    return True


def withdraw(change: Change, study: int, key: str, note: str) -> bool:
    """Take an evaluation out of the evidence from now on; whether it was in."""
    done = change.sql.execute(
        f"INSERT INTO evaluation (study_id, by, change_id, withdrawn, {_COLUMNS})"  # noqa: S608 - a constant
        f" SELECT study_id, ?, ?, 1, {_COLUMNS.replace(' note', ' ?')} FROM evaluation_now WHERE study_id = ? AND key = ?",
        (change.stamp.by, change.id, note, study, key),
    )
    return done.rowcount > 0


def keys(sql: sqlite3.Connection, study: int) -> tuple[str, ...]:
    """Keys of a study's evaluations that are in the evidence."""
    rows = sql.execute("SELECT key FROM evaluation_now WHERE study_id = ? ORDER BY id", (study,))
    return tuple(row[0] for row in rows)


def unlink(change: Change, study: int, report: int, basis: str) -> None:
    """Say that a report tells of a study no more."""
    change.sql.execute(
        "INSERT INTO study_report (study_id, report_id, basis, linked, by, change_id) VALUES (?, ?, ?, 0, ?, ?)",
        (study, report, basis, change.stamp.by, change.id),
    )


def _next_row(sql: sqlite3.Connection, table: int) -> int:
    row = sql.execute(
        "SELECT coalesce(max(row_number), 0) + 1 FROM evaluation WHERE table_number = ?", (table,)
    ).fetchone()
    return int(row[0])
