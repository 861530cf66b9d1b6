"""What decided cells come to as facts of a study: JSON values for the tables, digits as printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from curation.extraction.form import LOCATION, QUOTE, Column, Field, Kind
from curation.extraction.values import Auc, MeanSd, Missing, Unreadable, Value, parts, read_value
from curation.model import Evaluation, Validation

AGES = "ages"  # the table that Table 1 prints: mean and SD apart
_TABLE_OF = {
    Validation.APPARENT: 2,
    Validation.TEMPORAL: 4,
    Validation.EXTERNAL: 4,
}  # in the review's own numbering
_INTERNAL = 3
_OF_EVALUATION = {"marker", "outcome", "model", "validation", "n", "events", "auc", "note", LOCATION, QUOTE}


@dataclass(frozen=True, slots=True)
class Made:
    """A row as an evaluation, with what else is known of it: its events, the paper's words."""

    evaluation: Evaluation
    events: int | None
    quote: str


def json_value(column: Column, text: str) -> object:
    """The value of a cell as tables and exports take it: numbers of patients, lists, or the text as printed."""
    value = _value(column, text)
    if value is None:
        return text
    missing = isinstance(value.meaning, Missing)
    if column.many:
        return [] if missing else list(parts(value.text))
    if column.kind is Kind.COUNT:
        return None if missing else value.meaning
    return value.text


def evaluation(table: Field, study: str, key: str, texts: Mapping[str, str]) -> Made | None:
    """The row of the table of evaluations; None where it has no AUC, or no kind of validation.

    It stands in the review's table of its kind (apparent 2, internal 3, external 4), in no row of it yet.
    """
    columns = {c.id: c for c in table.columns}
    value = _value(columns["auc"], texts.get("auc", "NR"))
    validation = next((v for v in Validation if v == texts.get("validation")), None)
    if value is None or not isinstance(value.meaning, Auc) or validation is None:
        return None
    found = value.meaning
    low, high = (None if limit is None else float(limit) for limit in (found.low, found.high))
    made = Evaluation(
        study=study,
        key=key,
        marker=texts.get("marker", "NR"),
        outcome=texts.get("outcome", texts.get("marker", "NR")),
        model=texts.get("model", "NR"),
        validation=validation,
        auc=float(found.auc),
        ci_low=low,
        ci_high=high,
        auc_printed=str(found.auc),
        table=_TABLE_OF.get(validation, _INTERNAL),
        row=0,
        column=1,
        location=texts.get(LOCATION, ""),
        ci_level=float(found.level),
        n=_count(columns.get("n"), texts.get("n")) or None,
        n_location=texts.get(LOCATION, ""),
        ci_low_printed=_digits(found.low),
        ci_high_printed=_digits(found.high),
        note=texts.get("note", ""),
    )
    return Made(made, _count(columns.get("events"), texts.get("events")), texts.get(QUOTE, ""))


def row_value(table: Field, texts: Mapping[str, str]) -> dict[str, object]:
    """A row of a table other than the evaluations, by its columns."""
    if table.id == AGES:
        return _age(table, texts)
    return {c.id: json_value(c, texts[c.id]) for c in table.columns if c.id in texts}


def further(columns: Iterable[Column], texts: Mapping[str, str]) -> dict[str, object]:
    """What is known of an evaluation beyond the columns that the review's tables print."""
    found = (c for c in columns if c.id in texts and c.id not in _OF_EVALUATION)
    return {c.id: json_value(c, texts[c.id]) for c in found}


def _count(column: Column | None, text: str | None) -> int | None:
    found = json_value(column, text) if column is not None and text else None
    return found if isinstance(found, int) else None


def _age(table: Field, texts: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {name: texts.get(name, "") for name in ("cohort", "subset", "group")}
    column = next((c for c in table.columns if c.kind is Kind.MEAN_SD), None)
    value = _value(column, texts.get(column.id, "NR")) if column else None
    if value is not None and isinstance(value.meaning, MeanSd):
        return {**found, "mean": str(value.meaning.mean), "sd": str(value.meaning.sd)}
    return {**found, "mean": "NR", "sd": "NR"}


def _value(column: Column, text: str) -> Value | None:
    try:
        return read_value(column, text)
    except Unreadable:  # decided under an earlier form
        return None


def _digits(limit: Decimal | None) -> str:
    return "" if limit is None else str(limit)
