"""Reads a study file: the report, the facts and every evaluation of one study, each with where it stands.

TOML, one file a study; numbers are written as printed (``"0.812"``), so that the digits are kept.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Len, MinLen
from pydantic import TypeAdapter, ValidationError

from curation import identifiers
from curation.errors import BadInput
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

    Raises BadInput with every fault of the file, each with its key.
    """
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        message = f"{path} cannot be read as a study file: {problem}"
        raise BadInput(message) from problem
    try:
        study = TypeAdapter(StudyFile).validate_python(plain)
    except ValidationError as problem:
        faults = tuple(f"{'.'.join(map(str, e['loc']))}: {e['msg'].lower()}" for e in problem.errors())
        message = f"{path} has {len(faults)} fault(s); nothing was taken in"
        raise BadInput(message, faults=faults) from problem
    if faults := tuple(_faults(study)):
        message = f"{path} has {len(faults)} fault(s); nothing was taken in"
        raise BadInput(message, faults=faults)
    return study


def _faults(study: StudyFile) -> Iterator[str]:
    for key, n in Counter(e.key for e in study.evaluations).items():
        if n > 1:
            yield f"evaluations: key {key!r} stands {n} times; each evaluation needs its own"
    for e in study.evaluations:
        try:
            auc = float(e.auc)
            low, high = (float(limit) for limit in e.ci) if e.ci else (auc, auc)
        except ValueError:
            yield f'evaluations {e.key}: AUC and limits must be numbers, as printed, like "0.812"'
            continue
        if not 0 <= low <= auc <= high <= 1:
            yield f"evaluations {e.key}: 0 <= {low} <= {auc} <= {high} <= 1 does not hold; check the page"
