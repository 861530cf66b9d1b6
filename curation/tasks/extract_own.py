"""What one extractor has entered of a study, and how far a study is; never what another has entered."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace

from curation.errors import Refused, Usage
from curation.extraction.adopt import evaluation, json_value
from curation.extraction.checks import of_entry, of_study
from curation.extraction.checks_values import Case
from curation.extraction.compare import Cell, Filled, row_names
from curation.extraction.entered import place, row_name, sheet, unread
from curation.extraction.form import EVALUATIONS, Field, Form, asked_columns
from curation.extraction.spreadsheet_layout import wanted
from curation.protocol import Role
from curation.store import extractions, studies
from curation.store.extractions import EntryRow
from curation.store.studies import StudyRow
from curation.tasks.extract_form import in_force
from curation.tasks.review import Review

EXTRACTORS = 2  # of a study


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a study is. ``revealed``: the change since which both may see each other's entries; None: blind."""

    study: str
    begun: tuple[str, ...]
    finished: tuple[str, ...]
    pair: tuple[str, ...]
    revealed: int | None


@dataclass(frozen=True, slots=True)
class Own:
    """An extractor's own sheet of a study, under the form in force; ``begun`` are rows (table, name) still empty."""

    study: StudyRow
    form: Form
    cells: dict[Cell, Filled]
    entries: tuple[EntryRow, ...]
    begun: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A cell that is asked; without one, whether ``table`` gets another row."""

    cell: Cell | None
    table: str
    label: str
    help: str


def own(review: Review, key: str, by: str, begun: tuple[tuple[str, str], ...] = ()) -> Own:
    """What ``by`` has entered of a study; nobody else's entries.

    Raises Usage for an unknown study or reviewer, Refused for one who may not extract it.
    """
    study = study_of(review.sql, key)
    refuse_other(review, review.sql, study, by)
    return replace(entered_by(review.sql, in_force(review).form, study, by), begun=begun)


def questions(mine: Own) -> list[Question]:
    """Every cell of the form in order: of the study, of the rows that are there, and whether there is another row."""
    asked = [Question(Cell("", f.id), "", f.label, wanted(f)) for f in mine.form.asked]
    for table in mine.form.tables:
        for name in _rows(mine, table):
            asked += [
                Question(Cell(name, f"{table.id}.{c.id}"), table.id, c.label, wanted(c))
                for c in asked_columns(table)
            ]
        asked.append(Question(None, table.id, table.label, table.help))
    return asked


def new_row(mine: Own, table_id: str, name: str) -> Own:
    """The same with an empty row begun; an empty ``name`` gets one."""
    table = mine.form.table(table_id)
    if table is None:
        return mine
    there = _rows(mine, table)
    called = " ".join(name.split()) or row_name(table, {}, there)
    return mine if called in there else replace(mine, begun=(*mine.begun, (table_id, called)))


def alarms(review: Review, mine: Own) -> tuple[str, ...]:
    """What the checks of evidence say of one's own evaluations: where, what, and what to do about it."""
    table = mine.form.table(EVALUATIONS)
    if table is None:
        return ()
    size = mine.cells.get(Cell("", "cohort_size"))
    column = mine.form.cell("cohort_size")
    cohort = json_value(column, size.text) if size and column else None
    made = (
        evaluation(table, mine.study.key, name, _texts(mine, table, name))
        for name in row_names(table, mine.cells)
    )
    cases = [
        Case(one.evaluation, mine.study.key, cohort if isinstance(cohort, int) else None, (), one.events)
        for one in made
        if one is not None
    ]
    marks = {note.mark: note.meaning for note in review.protocol.output.footnotes}
    found = (*(f for case in cases for f in of_entry(case, marks)), *of_study(cases))
    return tuple(f"{f.evaluation or mine.study.key}: {f.said}; {f.mend}" for f in found)


def unread_entries(review: Review, by: str) -> tuple[tuple[str, str], ...]:
    """Entries of ``by`` that the form in force does not take, by study: each with why."""
    review.member(by, Role.EXTRACTOR)
    form = in_force(review).form
    found = []
    for study in studies.studies(review.sql):
        cells = entered_by(review.sql, form, study, by).cells
        found += [(study.key, f"{place(cell)}: {why}") for cell, why in unread(form, cells)]
    return tuple(found)


def cell_named(field: str, row: str) -> Cell:
    """The cell of a field, of a row of a table where one is named."""
    return Cell(" ".join(row.split()), field)


def progress(sql: sqlite3.Connection, study: StudyRow) -> Progress:
    """How far a study is: who has begun, who has finished, whether it is still blind."""
    begun = extractions.extractors(sql).get(study.id, ())
    finished: list[str] = []
    for event in extractions.finishes(sql, study.id):
        finished = [who for who in finished if who != event.by] + ([event.by] if event.finished else [])
        if len(finished) == EXTRACTORS:
            pair = tuple(sorted(finished))
            return Progress(study.key, begun, pair, pair, event.change_id)
    return Progress(study.key, begun, tuple(sorted(finished)), (), None)


def study_of(sql: sqlite3.Connection, key: str) -> StudyRow:
    """The study with this key.

    Raises Usage when there is none.
    """
    found = next((s for s in studies.studies(sql) if s.key == key), None)
    if found is None:
        message = (
            f"there is no study {key!r}; make it with: livrev extract study {key} --report REPORT --as ID"
        )
        raise Usage(message)
    return found


def entered_by(sql: sqlite3.Connection, form: Form, study: StudyRow, by: str) -> Own:
    """What ``by`` has entered, inside a transaction."""
    mine = tuple(e for e in extractions.entries(sql, study.id) if e.by == by)
    return Own(study, form, sheet(form, mine, by), mine)


def refuse_other(review: Review, sql: sqlite3.Connection, study: StudyRow, by: str) -> None:
    """Raise Refused for somebody who may not extract a study: a third person, or one who has decided on it."""
    review.member(by, Role.EXTRACTOR)
    if any(by in row.decided.signed_by for row in _ruled(sql, study)):
        message = f"{by} has decided on entries of {study.key} and cannot extract it"
        raise Refused(message)
    state = progress(sql, study)
    active = {r.id for r in review.protocol.with_role(Role.EXTRACTOR)}
    others = [who for who in state.begun if who != by and (who in active or who in state.finished)]
    if len(others) >= EXTRACTORS:
        message = (
            f"{study.key} is extracted by {' and '.join(others)}; a third person decides where they differ"
        )
        raise Refused(message)


def _ruled(sql: sqlite3.Connection, study: StudyRow) -> Iterable[extractions.DecisionRow]:
    return (row for row in extractions.decisions(sql, study.id) if row.decided.basis == "adjudicated")


def _rows(mine: Own, table: Field) -> list[str]:
    there = row_names(table, mine.cells)
    return there + [name for at, name in mine.begun if at == table.id and name not in there]


def _texts(mine: Own, table: Field, name: str) -> dict[str, str]:
    cells = ((c.id, mine.cells.get(Cell(name, f"{table.id}.{c.id}"))) for c in asked_columns(table))
    return {column: filled.text for column, filled in cells if filled is not None}
