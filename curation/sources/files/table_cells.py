"""The values of a row by the fields of its columns; what no field takes stays under its column's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from curation.sources.files.columns import Table, key
from curation.sources.files.known_columns import GENERAL

_NOTHING = frozenset(
    {"na", "n/a", "nan", "none", "null", "#n/a", "#ref!", "#name?", "#value!", "undefined", "nat"}
)
_LONGEST_NOTHING = 9  # characters
_COUNTING = frozenset({"", "asreview", "endnote", "rayyan"})  # their numbers begin again in every file
# Our own writers put an apostrophe before what a spreadsheet would take for a formula.
_NEUTRALISED = re.compile(r"'(?='*[=+\-@\t\r\n])")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name as given, the field it holds (empty: none), its rank among the columns of that field.

    ``number`` is its rank among those that hold the source's own number, -1 for the others; ``counting`` is
    whether a plain number in it is only a place in its file.
    """

    name: str
    field: str = ""
    rank: int = 0
    number: int = -1
    counting: bool = False


def columns_of(names: Sequence[str], table: Table, mapped: Mapping[str, str]) -> tuple[Column, ...]:
    """What each column holds: what ``mapped`` (column, folded, to field) says, else the table, else any table."""
    keys = [key(name) for name in names]
    own = {table.by_column[k][0] for k in keys if k in table.by_column} | set(mapped.values())
    return tuple(_column(name.strip(), k, table, mapped, own) for name, k in zip(names, keys, strict=True))


def column_of(label: str, table: Table) -> Column:
    """What a label of a labelled record holds."""
    return _column(label, key(label), table, {}, frozenset(table.fields))


def _column(
    name: str, k: str, table: Table, mapped: Mapping[str, str], own: set[str] | frozenset[str]
) -> Column:
    if k in mapped:
        chosen = mapped[k]
        return Column(name, number=0) if chosen == "accession" else Column(name, chosen)
    number = -1 if "accession" in mapped.values() else table.numbered.get(k, -1)
    field, rank = table.by_column.get(k, ("", 0))
    if k not in table.by_column:
        field, rank = GENERAL.by_column.get(k, ("", 0))
        field = "" if field in own else field
    return Column(name, "" if field in mapped.values() else field, rank, number, table.origin in _COUNTING)


class Cells:
    """Values of a row by field, in the order of their columns' rank; what is not taken is ``extra``.

    ``number`` is the source's own number, empty when it gives none; ``counted`` whether it only says the place in
    the file.
    """

    def __init__(self, pairs: Iterable[tuple[Column, str]], nothing: str = "") -> None:
        self._fields: dict[str, list[tuple[int, str, str]]] = {}
        self._extra: dict[str, list[str]] = {}
        self._taken: dict[str, str] = {}
        numbers: list[tuple[int, str, bool]] = []
        for column, cell in pairs:
            value = cell.strip()
            if not value:
                continue
            if value[0] == "'":
                value = _NEUTRALISED.sub("", value, count=1) if _NEUTRALISED.match(value) else value
            said = len(value) > _LONGEST_NOTHING or (value.lower() not in _NOTHING and value != nothing)
            if said and column.number >= 0:
                numbers.append((column.number, value, column.counting and value.lstrip("-").isdigit()))
            if said and column.field:
                self._fields.setdefault(column.field, []).append((column.rank, column.name, value))
            else:
                self._extra.setdefault(column.name, []).append(value)
        for values in self._fields.values():
            if len(values) > 1:
                values.sort(key=_rank)
        _, self.number, self.counted = min(numbers, default=(0, "", False))

    def see(self, field: str) -> list[str]:
        """Values of a field, left where they are."""
        return [value for _, _, value in self._fields.get(field, ())]

    def take(self, field: str) -> str:
        """Take the first value of a field; empty when it has none."""
        values = self._fields.get(field)
        if not values:
            return ""
        _, self._taken[field], value = values.pop(0)
        return value

    def take_column(self, field: str) -> list[str]:
        """Take all values of the first column of a field."""
        values = self._fields.get(field)
        if not values:
            return []
        name = self._taken[field] = values[0][1]
        self._fields[field] = [value for value in values if value[1] != name]
        return [value for _, column, value in values if column == name]

    def take_if(self, field: str, covered: Callable[[str], bool]) -> None:
        """Take out the values of a field of which ``covered`` says that they stand in the citation."""
        values = self._fields.get(field)
        if values:
            self._fields[field] = [value for value in values if not covered(value[2])]

    def keep(self, field: str, text: str) -> None:
        """Keep a text in ``extra``, under the column from which the field was taken last."""
        self._extra.setdefault(self._taken[field], []).append(text)

    def rest(self) -> Mapping[str, tuple[str, ...]]:
        """Values that were not taken, by column."""
        for values in self._fields.values():
            for _, name, value in values:
                self._extra.setdefault(name, []).append(value)
        return {name: tuple(values) for name, values in self._extra.items()}


def _rank(value: tuple[int, str, str]) -> int:
    return value[0]
