"""Two extractors' entries compared, with what was decided since; nothing is shown before both have finished."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from curation.errors import Refused, Usage
from curation.extraction.agreement import FieldAgreement, agreement
from curation.extraction.compare import Cell, Compared, Sheet, Standing, compared
from curation.extraction.entered import sheet
from curation.extraction.form import Form
from curation.store import extractions, studies
from curation.store.extractions import DecisionRow, EntryRow
from curation.store.studies import StudyRow
from curation.tasks.extract_form import in_force
from curation.tasks.extract_own import Progress, progress, study_of
from curation.tasks.review import Review

_BY_PEOPLE = {"reconciled", "adjudicated"}
WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Judged:
    """A compared cell with the decision in force on it, if any; ``settled`` when that is about these entries."""

    compared: Compared
    decision: DecisionRow | None
    settled: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """A study's cells under the form in force, entered by ``first`` and ``second``; ``sheets`` are their entries."""

    study: StudyRow
    form: Form
    first: str
    second: str
    sheets: tuple[Sheet, Sheet]
    cells: tuple[Judged, ...]

    def sheet(self, names: tuple[str, str]) -> Sheet:
        """Entries of the one extractor who has a row, from what each calls it."""
        return self.sheets[0] if names[0] else self.sheets[1]

    @property
    def open(self) -> tuple[Judged, ...]:
        """Cells that people must decide on."""
        return tuple(j for j in self.cells if not j.settled and not j.compared.standing.agreed)

    @property
    def undecided(self) -> tuple[Judged, ...]:
        """Cells without a decision that is about their entries, also those where both agree."""
        return tuple(j for j in self.cells if not j.settled)


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a study's extraction."""

    at: str
    by: str
    what: str
    row: str
    field: str
    value: str
    note: str


def comparison(review: Review, key: str) -> Comparison:
    """The study's cells side by side.

    Raises Refused before both extractors have finished, Usage for an unknown study.
    """
    return compared_now(review, review.sql, study_of(review.sql, key))


def compared_now(review: Review, sql: sqlite3.Connection, study: StudyRow) -> Comparison:
    """The same inside a transaction."""
    state = progress(sql, study)
    if state.revealed is None:
        raise Refused(_still_blind(state))
    form = in_force(review).form
    entries = extractions.entries(sql, study.id)
    first, second = (sheet(form, entries, who) for who in state.pair)
    decided = decisions_now(sql, form, study)
    sheets = first, second
    one, other = state.pair
    return Comparison(study, form, one, other, sheets, tuple(_judged(form, sheets, decided)))


def decisions_now(sql: sqlite3.Connection, form: Form, study: StudyRow) -> dict[Cell, DecisionRow]:
    """The newest decision on each cell, by today's path."""
    rows = extractions.decisions(sql, study.id)
    return {Cell(row.decided.row, form.today(row.decided.field)): row for row in rows}


def agreements(review: Review) -> tuple[int, tuple[FieldAgreement, ...]]:
    """Agreement in every field over the studies that both have finished, on what was entered until then."""
    form = in_force(review).form
    found = [_independent(review.sql, form, study) for study in studies.studies(review.sql)]
    done = [one for one in found if one is not None]
    return len(done), agreement(form, done)


def history(review: Review, key: str, by: str | None) -> tuple[Event, ...]:
    """Every entry, correction, finish and decision of a study; before both have finished only those of ``by``.

    Raises Refused where it is still blind and nobody is named.
    """
    study = study_of(review.sql, key)
    state = progress(review.sql, study)
    if by is not None:
        review.person(by)
    if state.revealed is None and by is None:
        raise Refused(f"{_still_blind(state)}; your own part with: --as ID")
    events = sorted(_events(review.sql, study), key=lambda numbered: numbered[0])
    return tuple(e for _, e in events if state.revealed is not None or e.by == by)


def cell_of(found: Comparison, field: str, row: str) -> Judged:
    """The compared cell of that name.

    Raises Usage where neither has filled it in.
    """
    wanted = Cell(row, found.form.today(field))
    for one in found.cells:
        if one.compared.cell == wanted or (
            row and wanted.path == one.compared.cell.path and row in one.compared.names
        ):
            return one
    names = f"{field} of {row}" if row else field
    message = f"neither {found.first} nor {found.second} has entered {names}; see: livrev extract compare {found.study.key} --all"
    raise Usage(message)


def _still_blind(state: Progress) -> str:
    done = f"{' and '.join(state.finished)} has finished" if state.finished else "nobody has finished"
    return f"{state.study} is not compared before two extractors have finished it; {done} so far"


def _independent(sql: sqlite3.Connection, form: Form, study: StudyRow) -> tuple[Compared, ...] | None:
    """A study's cells as they stood when the second had finished; None while it is blind."""
    state = progress(sql, study)
    if state.revealed is None:
        return None
    until = [e for e in extractions.entries(sql, study.id) if e.change_id <= state.revealed]
    first, second = (sheet(form, until, who) for who in state.pair)
    return compared(form, first, second)


def _judged(form: Form, sheets: tuple[Sheet, Sheet], decided: dict[Cell, DecisionRow]) -> Iterator[Judged]:
    dropped = {(c.path, c.row) for c, row in decided.items() if row.decided.value is False}
    kept = [c for c, row in decided.items() if row.decided.value is True and row.decided.basis in _BY_PEOPLE]
    seen: set[Cell] = set()
    for one in compared(form, *sheets, kept):
        seen.add(one.cell)
        table, _, column = one.cell.path.partition(".")
        row = decided.get(one.cell)
        if column and _stays_dropped(decided.get(Cell(one.cell.row, table))):
            continue
        yield Judged(one, row, row is not None and _settled(one, row))
    yield from _emptied(form, decided, seen, dropped)


def _stays_dropped(row: DecisionRow | None) -> bool:
    return row is not None and row.decided.value is False and row.decided.basis == WITHDRAWN


def _settled(one: Compared, row: DecisionRow) -> bool:
    """Whether a decision is about the entries that stand now, or for rows, about how they stand."""
    decided = row.decided
    if not isinstance(decided.value, bool):
        return tuple(sorted(decided.entries)) == tuple(sorted(one.entries))
    if decided.basis == WITHDRAWN:
        return True
    return decided.value if one.standing is Standing.SAME else decided.basis in _BY_PEOPLE


def _emptied(
    form: Form, decided: dict[Cell, DecisionRow], seen: set[Cell], dropped: set[tuple[str, str]]
) -> Iterator[Judged]:
    """Cells and rows that were decided on and that neither extractor has any more."""
    for cell, row in decided.items():
        column, table = form.cell(cell.path), form.table(cell.path)
        here = column or table
        in_dropped = (cell.path.partition(".")[0], cell.row) in dropped
        if cell in seen or here is None or here.retired or (column is not None and in_dropped):
            continue
        settled = row.decided.value in (None, False)
        yield Judged(Compared(cell, here.label, Standing.SAME), row, settled)


def _events(sql: sqlite3.Connection, study: StudyRow) -> Iterator[tuple[int, Event]]:
    """Every step with the number of its change."""
    for e in extractions.entries(sql, study.id):
        yield (
            e.change_id,
            Event(e.at, e.by, "entered" if e.standing else "emptied", e.row, e.field, _said(e), e.note),
        )
    for f in extractions.finishes(sql, study.id):
        yield (
            f.change_id,
            Event(f.at, f.by, "finished" if f.finished else "took up again", "", "", "", f.note),
        )
    for row in extractions.decisions(sql, study.id):
        d = row.decided
        yield (
            row.change_id,
            Event(row.at, ", ".join(d.signed_by), d.basis, d.row, d.field, _came_to(d.value), d.note),
        )


def _said(entry: EntryRow) -> str:
    return f"{entry.text} ({entry.location})" if entry.location else entry.text


def _came_to(value: str | bool | None) -> str:
    if isinstance(value, str):
        return value
    return "nothing" if value is None else "row kept" if value else "row left out"
