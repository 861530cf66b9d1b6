"""Takes what both extractors came to over into the evidence: facts and evaluations, signed by both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from curation.extraction.adopt import evaluation, further, json_value, row_value
from curation.extraction.compare import Cell
from curation.extraction.form import EVALUATIONS, LOCATION, Field
from curation.store import adoptions
from curation.store.adoptions import Adopted, AdoptedEvaluation
from curation.store.connect import Change
from curation.store.extractions import NewDecision
from curation.tasks.extract_compare import Comparison

Rows = dict[str, dict[str, str]]  # texts by row and column


@dataclass(frozen=True, slots=True)
class Adoption:
    """What changed in the evidence; ``without_auc`` are rows that are kept and cannot be pooled.

    ``beside`` are evaluations that an earlier extraction of the study put there and this one does not have: they stay.
    """

    facts: int
    evaluations: int
    withdrawn: tuple[str, ...]
    without_auc: tuple[str, ...]
    beside: tuple[str, ...]


def adopt(change: Change, found: Comparison, decided: Mapping[Cell, NewDecision]) -> Adoption:
    """Store what differs from the evidence in force. ``decided`` holds a decision on every cell of ``found``."""
    here = {j.compared.cell: decided[j.compared.cell] for j in found.cells}
    by = f"{found.first}, {found.second}"
    facts = sum(
        adoptions.add_fact(change, found.study.id, _fact(field, here[Cell("", field.id)], by))
        for field in found.form.asked
        if Cell("", field.id) in here
    )
    for table in found.form.tables:
        if table.id != EVALUATIONS and any(cell.path == table.id for cell in here):
            values = [row_value(table, texts) for texts in _rows(table, here).values()]
            adopted = Adopted(table.id, values, _first(_rows(table, here), LOCATION), "", by)
            facts += adoptions.add_fact(change, found.study.id, adopted)
    return _evaluations(change, found, here, facts)


def _evaluations(change: Change, found: Comparison, here: Mapping[Cell, NewDecision], facts: int) -> Adoption:
    table = found.form.table(EVALUATIONS)
    if table is None or table.retired:
        return Adoption(facts, 0, (), (), ())
    by, study = f"{found.first}, {found.second}", found.study.id
    rows = _rows(table, here)
    made = {key: evaluation(table, found.study.key, key, texts) for key, texts in rows.items()}
    ready = {key: one for key, one in made.items() if one is not None}
    in_evidence = set(adoptions.keys(change.sql, study))
    out = [c.row for c in here if c.path == EVALUATIONS and c.row in in_evidence and c.row not in ready]
    for key in out:
        adoptions.withdraw(
            change, study, key, here[Cell(key, EVALUATIONS)].note or "no longer in the extraction"
        )
    stored = sum(
        adoptions.add_evaluation(change, study, AdoptedEvaluation(one.evaluation, one.events, one.quote, by))
        for one in ready.values()
    )
    for key, texts in rows.items():
        adopted = Adopted(
            f"{EVALUATIONS}/{key}", further(table.columns, texts), texts.get(LOCATION, ""), "", by
        )
        facts += adoptions.add_fact(change, study, adopted)
    without_auc = tuple(key for key in rows if key not in ready)
    beside = tuple(key for key in adoptions.keys(change.sql, study) if key not in ready)
    return Adoption(facts, stored, tuple(out), without_auc, beside)


def _fact(field: Field, decision: NewDecision, by: str) -> Adopted:
    value = (
        json_value(field, decision.value) if isinstance(decision.value, str) else [] if field.many else None
    )
    return Adopted(field.id, value, decision.location, decision.quote, by)


def _rows(table: Field, here: Mapping[Cell, NewDecision]) -> Rows:
    """Texts of the rows that stand, by row and column; what was decided to be empty is left out."""
    rows: Rows = {c.row: {} for c, d in here.items() if c.path == table.id and d.value is True}
    for cell, decision in here.items():
        name, _, column = cell.path.partition(".")
        if name == table.id and column and cell.row in rows and isinstance(decision.value, str):
            rows[cell.row][column] = decision.value
    return rows


def _first(rows: Rows, column: str) -> str:
    return next((texts[column] for texts in rows.values() if column in texts), "")
