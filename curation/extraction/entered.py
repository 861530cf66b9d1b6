"""What one extractor has entered, as the form of today sees it: cells in force, what lacks, what no longer reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from curation.extraction.compare import Cell, Filled, Sheet, row_names
from curation.extraction.form import Column, Field, Form, asked_columns
from curation.extraction.values import Unreadable, read_value

_LONGEST_NAME = 80  # characters


class _Entry(Protocol):
    """What is needed of a stored entry."""

    @property
    def id(self) -> int: ...
    @property
    def by(self) -> str: ...
    @property
    def row(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def location(self) -> str: ...
    @property
    def quote(self) -> str: ...
    @property
    def standing(self) -> bool: ...


def sheet(form: Form, entries: Iterable[_Entry], by: str) -> dict[Cell, Filled]:
    """Cells that ``by`` has filled in, from entries in the order they were made; renamed fields under today's path."""
    found: dict[Cell, Filled] = {}
    for entry in entries:
        if entry.by != by:
            continue
        cell = Cell(entry.row, form.today(entry.field))
        if entry.standing:
            found[cell] = Filled(entry.id, entry.text, entry.location, entry.quote)
        else:
            found.pop(cell, None)
    return found


def lacking(form: Form, entered: Sheet) -> tuple[str, ...]:
    """What must be mended before a study is finished: required cells without a word, and entries that do not read."""
    return (*_missing(form, entered), *(f"{place(cell)}: {why}" for cell, why in unread(form, entered)))


def unread(form: Form, entered: Sheet) -> Iterator[tuple[Cell, str]]:
    """Entries that the form of today does not take, made under an earlier one; asked for again."""
    for cell, filled in entered.items():
        column = form.cell(cell.path)
        if column is None or not _asked(form, cell.path, column):
            continue
        try:
            read_value(column, filled.text)
        except Unreadable as problem:
            yield cell, f"{problem}; entered under an earlier form, enter it again"


def place(cell: Cell) -> str:
    """``cohort_size``, or ``evaluations.auc of egfr/external``."""
    return f"{cell.path} of {cell.row}" if cell.row else cell.path


def row_name(table: Field, texts: Mapping[str, str], taken: Iterable[str]) -> str:
    """A name for a row, from the columns that name it: ``egfr-status/radiomics/external``."""
    named = (texts.get(column, "") for column in table.named_by)
    parts = [
        slug for slug in (re.sub(r"[^\w.+-]+", "-", text.casefold()).strip("-") for text in named) if slug
    ]
    base = "/".join(parts)[:_LONGEST_NAME] or "row"
    known = set(taken)
    return next(name for name in _numbered(base) if name not in known)


def _numbered(base: str) -> Iterator[str]:
    yield base
    number = 1
    while True:
        number += 1
        yield f"{base}-{number}"


def _missing(form: Form, entered: Sheet) -> Iterator[str]:
    said = "missing; write NR where it is not reported"
    for field in form.asked:
        if field.required and Cell("", field.id) not in entered:
            yield f"{field.id}: {said}"
    for table in form.tables:
        names = row_names(table, entered)
        if table.required and not names:
            yield f"{table.id}: has no row; one is needed"
        for name in names:
            for column in asked_columns(table):
                cell = Cell(name, f"{table.id}.{column.id}")
                if column.required and cell not in entered:
                    yield f"{place(cell)}: {said}"


def _asked(form: Form, path: str, column: Column) -> bool:
    table = form.table(path.partition(".")[0])
    return not (column.retired or (table is not None and table.retired))
