"""Dual extraction: versions of the form, each extractor's entries, who has finished, and what was decided."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.store.connect import Change


@dataclass(frozen=True, slots=True)
class FormRow:
    """A version of the form; ``parsed`` as plain values, ``text`` empty for the shipped one."""

    id: int
    number: int
    name: str
    version: str
    sha256: str
    text: str
    parsed: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A cell as an extractor fills it in; ``standing`` False empties it."""

    row: str
    field: str
    text: str
    location: str = ""
    quote: str = ""
    note: str = ""
    via: str = ""
    standing: bool = True


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry as stored; ``form`` is the number of the form it was made under."""

    id: int
    by: str
    row: str
    field: str
    text: str
    location: str
    quote: str
    note: str
    via: str
    standing: bool
    form: int
    change_id: int
    at: str


@dataclass(frozen=True, slots=True)
class FinishRow:
    """An extractor has finished (or takes up again) a study."""

    by: str
    finished: bool
    note: str
    change_id: int
    at: str


@dataclass(frozen=True, slots=True)
class NewDecision:
    """What a cell came to. ``value``: a text, None for an empty cell, True or False for a row of a table."""

    row: str
    field: str
    value: str | bool | None
    basis: str
    signed_by: tuple[str, ...]
    entries: tuple[int, ...]
    location: str = ""
    quote: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision as stored."""

    id: int
    decided: NewDecision
    change_id: int
    at: str


def add_form(change: Change, row: FormRow) -> FormRow:
    """Keep a version of the form; gives it with its id and number."""
    number = int(change.sql.execute("SELECT coalesce(max(number), 0) + 1 FROM form").fetchone()[0])
    done = change.sql.execute(
        "INSERT INTO form (number, name, version, sha256, text, parsed, change_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (number, row.name, row.version, row.sha256, row.text, _json(row.parsed), change.id),
    )
    return FormRow(done.lastrowid or 0, number, row.name, row.version, row.sha256, row.text, row.parsed)


def forms(sql: sqlite3.Connection) -> tuple[FormRow, ...]:
    """Every version of the form, oldest first."""
    rows = sql.execute("SELECT id, number, name, version, sha256, text, parsed FROM form ORDER BY id")
    return tuple(FormRow(**{**dict(row), "parsed": json.loads(row["parsed"])}) for row in rows)


def add_entry(change: Change, study: int, form: int, new: NewEntry) -> int:
    """Keep an entry of the person who writes; gives its id."""
    row = change.sql.execute(
        "INSERT INTO entry (study_id, form_id, row_key, field, value, location, quote, note, via, standing, by, change_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            study,
            form,
            new.row,
            new.field,
            _json(new.text),
            new.location,
            new.quote,
            new.note,
            new.via,
            new.standing,
            change.stamp.by,
            change.id,
        ),
    )
    return row.lastrowid or 0


def entries(sql: sqlite3.Connection, study: int) -> tuple[EntryRow, ...]:
    """Every entry of a study, of all extractors, oldest first."""
    rows = sql.execute(
        "SELECT e.id, e.by, e.row_key AS row, e.field, e.value AS text, e.location, e.quote, e.note, e.via, e.standing,"
        " f.number AS form, e.change_id, c.at FROM entry e JOIN form f ON f.id = e.form_id JOIN change c ON c.id = e.change_id"
        " WHERE e.study_id = ? ORDER BY e.id",
        (study,),
    )
    return tuple(
        EntryRow(**{**dict(row), "text": json.loads(row["text"]), "standing": bool(row["standing"])})
        for row in rows
    )


def extractors(sql: sqlite3.Connection) -> dict[int, tuple[str, ...]]:
    """Who has entries in a study, or has finished it, by its id; in order of their names."""
    found: dict[int, tuple[str, ...]] = {}
    for study, by in sql.execute(
        "SELECT study_id, by FROM entry UNION SELECT study_id, by FROM entry_finish ORDER BY 1, 2"
    ):
        found[study] = (*found.get(study, ()), by)
    return found


def add_finish(change: Change, study: int, form: int, *, finished: bool, note: str = "") -> None:
    """Note that the person who writes has finished a study, or takes it up again."""
    change.sql.execute(
        "INSERT INTO entry_finish (study_id, form_id, finished, note, by, change_id) VALUES (?, ?, ?, ?, ?, ?)",
        (study, form, finished, note, change.stamp.by, change.id),
    )


def finishes(sql: sqlite3.Connection, study: int) -> tuple[FinishRow, ...]:
    """Who finished a study or took it up again, oldest first."""
    rows = sql.execute(
        "SELECT e.by, e.finished, e.note, e.change_id, c.at FROM entry_finish e JOIN change c ON c.id = e.change_id"
        " WHERE e.study_id = ? ORDER BY e.id",
        (study,),
    )
    return tuple(FinishRow(row[0], bool(row[1]), *row[2:]) for row in rows)


def decide(change: Change, study: int, form: int, new: NewDecision) -> None:
    """Keep what a cell came to."""
    change.sql.execute(
        "INSERT INTO entry_decision (study_id, form_id, row_key, field, value, location, quote, basis, note, signed_by,"
        " entries, change_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            study,
            form,
            new.row,
            new.field,
            _json(new.value),
            new.location,
            new.quote,
            new.basis,
            new.note,
            _json(new.signed_by),
            _json(new.entries),
            change.id,
        ),
    )


def decisions(sql: sqlite3.Connection, study: int) -> tuple[DecisionRow, ...]:
    """Every decision on a study's cells, oldest first."""
    rows = sql.execute(
        "SELECT d.id, d.row_key, d.field, d.value, d.basis, d.signed_by, d.entries, d.location, d.quote, d.note,"
        " d.change_id, c.at FROM entry_decision d JOIN change c ON c.id = d.change_id WHERE d.study_id = ? ORDER BY d.id",
        (study,),
    )
    return tuple(DecisionRow(row["id"], _decided(row), row["change_id"], row["at"]) for row in rows)


def _decided(row: sqlite3.Row) -> NewDecision:
    return NewDecision(
        row=row["row_key"],
        field=row["field"],
        value=json.loads(row["value"]),
        basis=row["basis"],
        signed_by=tuple(json.loads(row["signed_by"])),
        entries=tuple(json.loads(row["entries"])),
        location=row["location"],
        quote=row["quote"],
        note=row["note"],
    )


def _json(value: str | bool | Mapping[str, Any] | Sequence[object] | None) -> str:
    return json.dumps(value, ensure_ascii=False)
