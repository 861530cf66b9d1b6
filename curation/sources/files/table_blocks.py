"""Records of labelled lines, as Embase.com exports them: ``"TITLE","..."``, one line a field, then an empty line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from curation.sources.files.columns import Table, key
from curation.sources.files.known_columns import TABLES
from curation.sources.files.table_cells import Column, column_of
from curation.sources.files.table_rows import Row

EMBASE = next(table for table in TABLES if table.origin == "embase")
_ENOUGH = 3  # labels that tell the layout


@dataclass(frozen=True, slots=True)
class Block:
    """The rows of one record."""

    rows: Sequence[Row]

    @property
    def line(self) -> int:
        """Line of its first row."""
        return self.rows[0].line

    @property
    def raw(self) -> str:
        """Its text."""
        return "\n".join(row.raw for row in self.rows)

    @property
    def fault(self) -> str:
        """Why it cannot be trusted; empty when it can."""
        return next((row.fault for row in self.rows if row.fault), "")

    def pairs(self, table: Table) -> Iterator[tuple[Column, str]]:
        """Each value with what its label says that it is."""
        for row in self.rows:
            label, *values = row.cells
            column = column_of(label.strip(), table)
            for value in values:
                yield column, value


def has_labels(rows: Iterable[Sequence[str]]) -> bool:
    """Whether the first rows are labelled lines: a title, and further labels in capitals."""
    labels = {key(cells[0]) for cells in rows if len(cells) > 1 and _is_label(cells[0])}
    return "title" in labels and len(labels) >= _ENOUGH


def blocks(rows: Iterable[Row]) -> Iterator[Block]:
    """Records: parted by an empty line, or by a second title. What stands above the first record is no record."""
    held: list[Row] = []
    titled = begun = False
    last = 0
    for row in rows:
        is_title = key(row.cells[0]) == "title"
        if held and (row.line > last + 1 or (is_title and titled)):
            if begun or _is_record(held):
                begun = True
                yield Block(held)
            held, titled = [], False
        held.append(row)
        titled = titled or is_title
        last = row.last
    if held and (begun or _is_record(held)):
        yield Block(held)


def _is_record(rows: Sequence[Row]) -> bool:
    return any(_is_label(row.cells[0]) and len(row.cells) > 1 for row in rows)


def _is_label(cell: str) -> bool:
    label = cell.strip()
    return key(label) in EMBASE.by_column and label.upper() == label
