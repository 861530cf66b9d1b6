"""Extraction forms as data: sections, fields and tables, with versions of which none loses a field.

TOML: those that ship with livrev (``db/forms``), and a review's own ``form.toml``, which takes from them what it wants.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from annotated_types import MinLen

_STRICT = {"extra": "forbid", "str_strip_whitespace": True}
Text = Annotated[str, MinLen(1)]

EVALUATIONS = "evaluations"  # the table whose rows become the review's evaluations
LOCATION, QUOTE = "where", "quote"  # columns of a table that say where its row stands


class Kind(StrEnum):
    """What a field holds; ``curation.extraction.values`` reads each."""

    TEXT = "text"
    NUMBER = "number"
    MEAN_SD = "mean-sd"
    COUNT = "count"
    PROPORTION = "proportion"
    DATE = "date"
    CHOICE = "choice"
    AUC = "auc"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Column:
    """What is asked of one cell.

    ``least`` and ``most`` bound numbers, in ``unit``. ``many``: several texts or choices, parted by semicolons.
    ``compared`` False: two extractors may word it differently. ``was`` are its earlier ids, ``formerly`` earlier
    words of its choices with those of today.
    """

    __pydantic_config__: ClassVar = _STRICT
    id: Text
    label: Text
    kind: Kind = Kind.TEXT
    help: str = ""
    example: str = ""
    unit: str = ""
    least: float | None = None
    most: float | None = None
    choices: tuple[Text, ...] = ()
    many: bool = False
    required: bool = False
    compared: bool = True
    retired: bool = False
    was: tuple[Text, ...] = ()
    formerly: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Field(Column):
    """A question of the form; a table has ``columns``, and ``named_by`` those of them that name a row."""

    __pydantic_config__: ClassVar = _STRICT
    section: str = ""
    columns: tuple[Column, ...] = ()
    named_by: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the form."""

    __pydantic_config__: ClassVar = _STRICT
    id: Text
    title: Text


@dataclass(frozen=True, slots=True)
class Form:
    """A whole form; ``takes`` are shipped forms whose fields come first, ``retired`` fields asked no more."""

    __pydantic_config__: ClassVar = _STRICT
    name: Text
    version: Text
    title: Text
    source: str = ""
    takes: tuple[Text, ...] = ()
    retired: tuple[Text, ...] = ()
    sections: tuple[Section, ...] = ()
    fields: tuple[Field, ...] = ()

    @property
    def asked(self) -> tuple[Field, ...]:
        """Fields of the study that are asked today, tables left out."""
        return tuple(f for f in self.fields if f.kind is not Kind.TABLE and not f.retired)

    @property
    def tables(self) -> tuple[Field, ...]:
        """Tables that are asked today."""
        return tuple(f for f in self.fields if f.kind is Kind.TABLE and not f.retired)

    def table(self, name: str) -> Field | None:
        """The table of this id, also a retired one; None where there is none."""
        return next((f for f in self.fields if f.kind is Kind.TABLE and f.id == name), None)

    def cell(self, path: str) -> Column | None:
        """What is asked under ``cohort_size`` or ``evaluations.auc``; None for a table or an unknown path."""
        name, _, inner = path.partition(".")
        table = self.table(name)
        if inner:
            return next((c for c in table.columns if c.id == inner), None) if table else None
        return next((f for f in self.fields if f.id == name and f.kind is not Kind.TABLE), None)

    def paths(self) -> Iterator[str]:
        """Paths of all cells and tables, retired ones too."""
        for one in self.fields:
            yield one.id
            yield from (f"{one.id}.{column.id}" for column in one.columns)

    def today(self, path: str) -> str:
        """The path that is meant by one of an earlier version; itself where nothing was renamed."""
        name, _, inner = path.partition(".")
        here = _renamed(self.fields, name)
        table = self.table(here)
        return f"{here}.{_renamed(table.columns, inner) if table else inner}" if inner else here


def asked_columns(table: Field) -> tuple[Column, ...]:
    """Columns of a table that are asked today."""
    return tuple(column for column in table.columns if not column.retired)


def revived(plain: Mapping[str, Any]) -> Form:
    """The form that ``dataclasses.asdict`` made plain."""
    fields = tuple(_field(row) for row in plain["fields"])
    sections = tuple(Section(**section) for section in plain["sections"])
    return Form(**_tupled({**plain, "fields": fields, "sections": sections}))


def as_plain(form: Form) -> dict[str, Any]:
    """The form in JSON's types, for the store."""
    return dataclasses.asdict(form)


def lost(before: Form, now: Form) -> tuple[str, ...]:
    """Paths of the earlier version that the later one neither has nor renames: fields are never deleted."""
    known = set(now.paths())
    return tuple(path for path in before.paths() if now.today(path) not in known)


def _renamed(columns: tuple[Field, ...] | tuple[Column, ...], name: str) -> str:
    if any(c.id == name for c in columns):
        return name
    return next((c.id for c in columns if name in c.was), name)


def _field(row: Mapping[str, Any]) -> Field:
    columns = tuple(Column(**_tupled({**c, "kind": Kind(c["kind"])})) for c in row["columns"])
    return Field(**_tupled({**row, "kind": Kind(row["kind"]), "columns": columns}))


def _tupled(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
