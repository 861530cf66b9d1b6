"""Studies, the reports that tell of them, extracted facts and evaluations."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from curation.model import Evaluation, Validation
from curation.store.connect import Change


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A study and its reports (numbers as they are now), with the basis of each link."""

    id: int
    key: str
    reports: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One extracted field: its value (JSON types), and where it stands."""

    value: object
    location: str


def study_id(change: Change, key: str) -> int:
    """Id of the study with this key; a new study where there is none."""
    change.sql.execute(
        "INSERT INTO study (key, change_id) VALUES (?, ?) ON CONFLICT DO NOTHING", (key, change.id)
    )
    return int(change.sql.execute("SELECT id FROM study WHERE key = ?", (key,)).fetchone()[0])


def link(change: Change, study: int, report: int, basis: str) -> None:
    """Say that a report tells of a study."""
    change.sql.execute(
        "INSERT INTO study_report (study_id, report_id, basis, linked, by, change_id) VALUES (?, ?, ?, 1, ?, ?)",
        (study, report, basis, change.stamp.by, change.id),
    )


def add_fact(change: Change, study: int, field: str, fact: Fact) -> None:
    """Keep an extracted field; the newest row of a field is the one in force."""
    change.sql.execute(
        "INSERT INTO fact (study_id, field, value, location, by, change_id) VALUES (?, ?, ?, ?, ?, ?)",
        (study, field, json.dumps(fact.value, ensure_ascii=False), fact.location, change.stamp.by, change.id),
    )


_EVALUATION_COLUMNS = (
    "key, marker, outcome, model, validation, auc, ci_low, ci_high, ci_level, n, auc_printed, ci_low_printed,"
    " ci_high_printed, validation_mark, ci_mark, table_number, row_number, column_number, location, n_location, note"
)


def add_evaluation(change: Change, study: int, row: Evaluation) -> None:
    """Keep an evaluation; the newest row of a key is the one in force."""
    change.sql.execute(
        f"INSERT INTO evaluation (study_id, by, change_id, {_EVALUATION_COLUMNS})"  # noqa: S608 - a constant
        f" VALUES ({', '.join('?' * 24)})",
        (
            study,
            change.stamp.by,
            change.id,
            row.key,
            row.marker,
            row.outcome,
            row.model,
            row.validation,
            row.auc,
            row.ci_low,
            row.ci_high,
            row.ci_level,
            row.n,
            row.auc_printed,
            row.ci_low_printed,
            row.ci_high_printed,
            row.validation_mark,
            row.ci_mark,
            row.table,
            row.row,
            row.column,
            row.location,
            row.n_location,
            row.note,
        ),
    )


def studies(sql: sqlite3.Connection) -> tuple[StudyRow, ...]:
    """Every study with its linked reports."""
    links: dict[int, list[tuple[int, str]]] = {}
    for study, report, basis in sql.execute(
        "SELECT study_id, report_now, basis FROM study_report_now ORDER BY id"
    ):
        links.setdefault(study, []).append((report, basis))
    rows = sql.execute("SELECT id, key FROM study ORDER BY id")
    return tuple(StudyRow(r["id"], r["key"], tuple(links.get(r["id"], ()))) for r in rows)


def facts(sql: sqlite3.Connection) -> dict[int, dict[str, Fact]]:
    """Facts in force, by study id and field."""
    found: dict[int, dict[str, Fact]] = {}
    for study, field, value, location in sql.execute("SELECT study_id, field, value, location FROM fact_now"):
        found.setdefault(study, {})[field] = Fact(json.loads(value), location)
    return found


def evaluations(sql: sqlite3.Connection) -> tuple[Evaluation, ...]:
    """Evaluations in force, in the order the tables print them."""
    rows = sql.execute(
        f"SELECT s.key AS study, {', '.join('e.' + c.strip() for c in _EVALUATION_COLUMNS.split(','))}"  # noqa: S608 - a constant
        " FROM evaluation_now e JOIN study s ON s.id = e.study_id"
        " ORDER BY e.table_number, e.row_number, e.column_number, e.id"
    )
    return tuple(
        Evaluation(
            study=r["study"],
            key=r["key"],
            marker=r["marker"],
            outcome=r["outcome"],
            model=r["model"],
            validation=Validation(r["validation"]),
            auc=r["auc"],
            ci_low=r["ci_low"],
            ci_high=r["ci_high"],
            ci_level=r["ci_level"],
            n=r["n"],
            auc_printed=r["auc_printed"],
            ci_low_printed=r["ci_low_printed"],
            ci_high_printed=r["ci_high_printed"],
            validation_mark=r["validation_mark"],
            ci_mark=r["ci_mark"],
            table=r["table_number"],
            row=r["row_number"],
            column=r["column_number"],
            location=r["location"],
            n_location=r["n_location"],
            note=r["note"],
        )
        for r in rows
    )
