"""Answers and judgements of risk-of-bias instruments: rows that are only added."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from curation.store.connect import Change


@dataclass(frozen=True, slots=True)
class Appraised:
    """One item as one appraiser has it. ``evaluation`` is empty for the whole study, ``answer`` for one taken back.

    ``instrument`` is its key; ``by`` an assessor, or ``reconciled:ana+ben``; ``id`` rises with time.
    """

    study: str
    evaluation: str
    instrument: str
    item: str
    answer: str
    why: str
    where: str
    quote: str
    by: str
    id: int = 0


def add(change: Change, study: int, row: Appraised) -> None:
    """Keep an item; the appraiser's newest row of it is the one in force."""
    change.sql.execute(
        "INSERT INTO appraisal (study_id, evaluation_key, instrument, item, answer, rationale, location, quote, by,"
        " change_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            study,
            row.evaluation,
            row.instrument,
            row.item,
            row.answer,
            row.why,
            row.where,
            row.quote,
            row.by,
            change.id,
        ),
    )


def appraised(sql: sqlite3.Connection, instrument: str) -> tuple[Appraised, ...]:
    """Items in force on one instrument, of every appraiser, oldest first."""
    rows = sql.execute(
        "SELECT a.id, s.key AS study, a.evaluation_key, a.instrument, a.item, a.answer, a.rationale, a.location, a.quote,"
        " a.by FROM appraisal_now a JOIN study s ON s.id = a.study_id WHERE a.instrument = ? ORDER BY a.id",
        (instrument,),
    )
    return tuple(
        Appraised(
            study=r["study"],
            evaluation=r["evaluation_key"],
            instrument=r["instrument"],
            item=r["item"],
            answer=r["answer"],
            why=r["rationale"],
            where=r["location"],
            quote=r["quote"],
            by=r["by"],
            id=r["id"],
        )
        for r in rows
    )


def instruments_used(sql: sqlite3.Connection) -> tuple[str, ...]:
    """Keys of the instruments that anybody has used, in the order of their first use."""
    rows = sql.execute("SELECT instrument FROM appraisal GROUP BY instrument ORDER BY min(id)")
    return tuple(row[0] for row in rows)
