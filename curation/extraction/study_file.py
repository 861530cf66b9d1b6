"""Reads a study file: the report, the facts and every evaluation of one study, each with where it stands.

TOML, one file a study; numbers are written as printed (``"0.812"``), so that the digits are kept.
"""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Len, MinLen

from curation import identifiers
from curation.errors import BadInput
from curation.faults import Fault, KeyPath, Lines, checked_as, dotted, merged, repeated, rows
from curation.model import Author, Citation, Evaluation, Validation

_STRICT = {"extra": "forbid", "str_strip_whitespace": True}
Text = Annotated[str, MinLen(1)]


@dataclass(frozen=True, slots=True)
class ReportEntry:
    """Bibliographic entry of the report; identifiers only where confirmed."""

    __pydantic_config__: ClassVar = _STRICT
    title: Text
    authors: Annotated[tuple[Text, ...], MinLen(1)]
    journal: str
    year: int
    identifiers_from: str
    authors_complete: bool = True
    volume: str = ""
    pages: str = ""
    doi: str | None = None
    pmid: str | None = None

    def citation(self) -> Citation:
        """The entry as a record's fields."""
        names = (name.rsplit(" ", 1) for name in self.authors)
        return Citation(
            title=self.title,
            authors=tuple(Author(parts[0], parts[1] if len(parts) > 1 else "") for parts in names),
            year=self.year,
            journal=self.journal,
            volume=self.volume,
            pages=self.pages,
            doi=identifiers.doi(self.doi),
            pmid=identifiers.pmid(self.pmid),
            extra={"identifiers from": (self.identifiers_from,)},
        )


@dataclass(frozen=True, slots=True)
class FactEntry:
    """One extracted field of the study."""

    __pydantic_config__: ClassVar = _STRICT
    field: Literal["cohort_size", "receptors", "primary_tumours"]
    value: int | tuple[Text, ...]
    where: Text


@dataclass(frozen=True, slots=True)
class AgeEntry:
    """Mean age and standard deviation (years) of one printed group."""

    __pydantic_config__: ClassVar = _STRICT
    cohort: str
    mean: Text
    sd: Text
    where: Text
    subset: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class EvaluationEntry:
    """One performance estimate as printed."""

    __pydantic_config__: ClassVar = _STRICT
    key: Text
    marker: Text
    outcome: Text
    model: Text
    validation: Validation
    auc: Text
    table: Annotated[int, Ge(1)]
    row: Annotated[int, Ge(1)]
    column: Annotated[int, Ge(1)]
    where: Text
    ci: Annotated[tuple[Text, ...], Len(2, 2)] | None = None
    validation_mark: str = ""
    ci_mark: str = ""
    n: Annotated[int, Ge(1)] | None = None
    n_where: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class StudyFile:
    """A whole study file."""

    __pydantic_config__: ClassVar = _STRICT
    key: Text
    first_author: Text
    year: int
    position: Annotated[int, Ge(1)]
    report: ReportEntry
    facts: tuple[FactEntry, ...]
    citation_number: int | None = None
    ages: tuple[AgeEntry, ...] = ()
    evaluations: tuple[EvaluationEntry, ...] = ()

    def rows(self) -> Iterator[Evaluation]:
        """The evaluations with their numbers parsed."""
        for e in self.evaluations:
            low, high = e.ci or ("", "")
            yield Evaluation(
                study=self.key,
                key=e.key,
                marker=e.marker,
                outcome=e.outcome,
                model=e.model,
                validation=e.validation,
                auc=float(e.auc),
                ci_low=float(low) if low else None,
                ci_high=float(high) if high else None,
                auc_printed=e.auc,
                table=e.table,
                row=e.row,
                column=e.column,
                location=e.where,
                n=e.n,
                n_location=e.n_where,
                ci_low_printed=low,
                ci_high_printed=high,
                validation_mark=e.validation_mark,
                ci_mark=e.ci_mark,
                note=e.note,
            )


def read(path: Path) -> StudyFile:
    """The study in ``path``.

    Raises BadInput with every fault of the file, each with its line and key.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        plain = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        message = f"{path} cannot be read as a study file: {problem}"
        raise BadInput(message) from problem
    study, of_shape = checked_as(StudyFile, plain, "add it")
    faults = merged(of_shape, _meaning(plain))
    if faults or study is None:
        count = f"{len(faults)} fault{'s' if len(faults) != 1 else ''}"
        message = f"{path} has {count}; nothing was taken in"
        raise BadInput(message, faults=Lines(text).told(faults))
    return study


def _meaning(plain: Mapping[str, Any]) -> Iterator[Fault]:
    """Faults that types alone cannot see. Reads the raw values, so that all faults show at once."""
    yield from repeated(plain, "evaluations", "key")
    yield from repeated(plain, "facts", "field")
    yield from _same_cell(plain)
    for index, row in rows(plain, "evaluations"):
        yield from _auc(row, index)
    for index, row in rows(plain, "facts"):
        yield from _fact(row, index)
    for index, row in rows(plain, "ages"):
        for key in ("mean", "sd"):
            if isinstance(row.get(key), str) and _number(row[key]) is None:
                where: KeyPath = ("ages", index, key)
                yield where, f"{dotted(where)}: must be a number of years as printed; it is {row[key]!r}"
    yield from _identifiers(plain)


def _same_cell(plain: Mapping[str, Any]) -> Iterator[Fault]:
    """Two evaluations in one cell of a table: one of them would not be printed."""
    cells = [
        (i, tuple(row.get(k) for k in ("table", "row", "column"))) for i, row in rows(plain, "evaluations")
    ]
    for cell, n in Counter(str(cell) for _, cell in cells if None not in cell).items():
        if n > 1:
            where: KeyPath = ("evaluations", max(i for i, other in cells if str(other) == cell), "row")
            said = f"table, row and column {cell} stand {n} times; one cell holds one AUC"
            yield where, f"{dotted(where)}: {said}"


def _auc(row: Mapping[str, Any], index: int) -> Iterator[Fault]:
    limits = row.get("ci", [])
    printed = [row.get("auc"), *(limits if isinstance(limits, list) else [])]
    if not all(isinstance(text, str) for text in printed):
        return
    where: KeyPath = ("evaluations", index, "auc")
    numbers = [number for text in printed if (number := _number(text)) is not None]
    if len(numbers) < len(printed):
        said = 'AUC and limits must be numbers as printed, like "0.812"'
        yield where, f"{dotted(where)}: {said}; they are {printed}"
        return
    if any(not 0 <= number <= 1 for number in numbers):
        yield where, f"{dotted(where)}: AUC and limits lie between 0 and 1; they are {', '.join(printed)}"
        return
    match numbers:
        case [auc, low, high] if not low <= auc <= high:
            said = f"AUC {printed[0]} is not inside its interval {printed[1]} to {printed[2]}; check the page"
            yield where, f"{dotted(where)}: {said}"


def _fact(row: Mapping[str, Any], index: int) -> Iterator[Fault]:
    if "value" not in row:
        return
    value = row["value"]
    number = type(value) is int and value >= 1  # True is an int, and no number of patients
    names = isinstance(value, list) and all(isinstance(name, str) and name.strip() for name in value)
    match row.get("field"):
        case "cohort_size":
            right, said = number, "must be a number of patients, 1 or more"
        case "receptors" | "primary_tumours":
            right, said = names, 'must be a list of names, like ["EGFR"]'
        case _:
            right, said = number or names, "must be a number of patients or a list of names"
    if not right:
        where: KeyPath = ("facts", index, "value")
        yield where, f"{dotted(where)}: {said}; it is {value!r}"


def _identifiers(plain: Mapping[str, Any]) -> Iterator[Fault]:
    report = plain.get("report")
    if not isinstance(report, Mapping):
        return
    for key, clean in (("doi", identifiers.doi), ("pmid", identifiers.pmid)):
        text = report.get(key)
        if isinstance(text, str) and text.strip() and clean(text) is None:
            name = "a DOI" if key == "doi" else "a PubMed number"
            yield ("report", key), f"report.{key}: must hold {name}; it is {text!r}"


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
