"""Two extractors' entries side by side, cell by cell: what means the same, what is only printed differently, what differs.

Rows of a table are matched by their names, then by what stands in them: two people seldom name a row alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from curation.extraction.form import Column, Field, Form, asked_columns
from curation.extraction.values import Meaning, Share, Unreadable, folded, printed_from, read_value

LEAST_ALIKE = 0.6  # share of cells that must agree for two rows of different names to be one


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """A cell of the form: ``row`` of a table (empty: of the study), and the path of its field."""

    row: str
    path: str


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in a cell, and the number of the entry that says so."""

    entry: int
    text: str
    location: str = ""
    quote: str = ""


Sheet = Mapping[Cell, Filled]


class Standing(StrEnum):
    """How two entries in a cell stand to each other."""

    SAME = "agreed"
    PRINTED = "printed differently"
    DIFFERENT = "different"
    ONE = "entered by one only"
    ROW = "row of one only"

    @property
    def agreed(self) -> bool:
        """Whether both mean the same."""
        return self in {Standing.SAME, Standing.PRINTED}


@dataclass(frozen=True, slots=True)
class Compared:
    """A cell that at least one filled in; for a row of a table as a whole, ``cell.path`` is the table.

    ``first`` and ``second`` are the extractors' entries, ``names`` of a row what each calls it (empty: has it not).
    """

    cell: Cell
    label: str
    standing: Standing
    first: Filled | None = None
    second: Filled | None = None
    names: tuple[str, str] = ("", "")

    @property
    def entries(self) -> tuple[int, ...]:
        """Numbers of the entries compared."""
        return tuple(filled.entry for filled in (self.first, self.second) if filled)


def compared(form: Form, first: Sheet, second: Sheet, kept: Iterable[Cell] = ()) -> tuple[Compared, ...]:
    """Every cell that one of them filled in, in the form's order.

    Of a row that only one has, the row alone is given, unless it is among the ``kept``: then its cells are too.
    """
    found: list[Compared] = []
    for field in form.asked:
        cell = Cell("", field.id)
        found.extend(_cell(cell, field, first.get(cell), second.get(cell)))
    for table in form.tables:
        for names in aligned(table, first, second):
            found.extend(_row(table, names, (first, second), frozenset(kept)))
    return tuple(found)


def better(column: Column, one: Compared) -> Filled | None:
    """Of two entries that mean the same the one that says more: counts before percentages, then more digits."""
    return max(filter(None, (one.first, one.second)), key=lambda f: _says(column, f), default=None)


def aligned(table: Field, first: Sheet, second: Sheet) -> tuple[tuple[str, str], ...]:
    """Names of each row with the one and with the other; empty where one has it not."""
    left, right = row_names(table, first), row_names(table, second)
    by_name = {folded(name): name for name in right}
    pairs = {name: by_name[folded(name)] for name in left if folded(name) in by_name}
    rest = [name for name in left if name not in pairs]
    free = [name for name in right if name not in pairs.values()]
    likely = sorted(
        (
            (_alike(table, (first, second), (a, b)), -i, -j)
            for i, a in enumerate(rest)
            for j, b in enumerate(free)
        ),
        reverse=True,
    )
    for alike, i, j in likely:
        a, b = rest[-i], free[-j]
        if alike >= LEAST_ALIKE and a not in pairs and b not in pairs.values():
            pairs[a] = b
    alone = (("", name) for name in right if name not in pairs.values())
    return (*((name, pairs.get(name, "")) for name in left), *alone)


def row_names(table: Field, sheet: Sheet) -> list[str]:
    """Names of a table's rows in the order in which they were entered."""
    paths = {f"{table.id}.{column.id}" for column in table.columns}
    entered = sorted((filled.entry, cell.row) for cell, filled in sheet.items() if cell.path in paths)
    return list(dict.fromkeys(name for _, name in entered))


def same(column: Column, one: str, other: str) -> bool:
    """Whether two texts of a cell mean the same."""
    left, right = _meaning(column, one), _meaning(column, other)
    return _same_share(left, right) if isinstance(left, Share) and isinstance(right, Share) else left == right


def _row(
    table: Field, names: tuple[str, str], sheets: tuple[Sheet, Sheet], kept: frozenset[Cell]
) -> Iterator[Compared]:
    whole = Cell(names[0] or names[1], table.id)
    standing = Standing.SAME if all(names) else Standing.ROW
    yield Compared(whole, table.label, standing, names=names)
    if standing is Standing.ROW and whole not in kept:
        return
    for column in asked_columns(table):
        path = f"{table.id}.{column.id}"
        first, second = (
            s.get(Cell(name, path)) if name else None for s, name in zip(sheets, names, strict=True)
        )
        yield from _cell(Cell(whole.row, path), column, first, second)


def _cell(cell: Cell, column: Column, first: Filled | None, second: Filled | None) -> Iterator[Compared]:
    if first is None and second is None:
        return
    yield Compared(cell, column.label, _standing(column, first, second), first, second)


def _standing(column: Column, first: Filled | None, second: Filled | None) -> Standing:
    if not column.compared:
        return Standing.SAME
    if first is None or second is None:
        return Standing.ONE
    if first.text == second.text:
        return Standing.SAME
    return Standing.PRINTED if same(column, first.text, second.text) else Standing.DIFFERENT


def _meaning(column: Column, text: str) -> Meaning | tuple[str]:
    try:
        return read_value(column, text).meaning
    except Unreadable:  # entered under an earlier form
        return (folded(text),)


def _same_share(left: Share, right: Share) -> bool:
    """Counts are the same or not; a percentage is one of counts, rounded."""
    if left.of is not None and right.of is not None:
        return (left.n, left.of) == (right.n, right.of)
    if left.percent is None:
        left, right = right, left
    if right.n is not None and right.of is not None and left.percent is not None:
        return printed_from(left.percent, right.n, right.of)
    return left.percent == right.percent


def _says(column: Column, filled: Filled) -> tuple[bool, int]:
    meaning = _meaning(column, filled.text)
    counts = isinstance(meaning, Share) and meaning.of is not None
    number = isinstance(meaning, Decimal) or not isinstance(meaning, str | frozenset | int)
    return counts, sum(c.isdigit() for c in filled.text) if number else 0


def _alike(table: Field, sheets: tuple[Sheet, Sheet], names: tuple[str, str]) -> float:
    """Share of the cells that either filled in, and that are compared, in which both mean the same."""
    agreed = filled = 0
    for column in asked_columns(table):
        path = f"{table.id}.{column.id}"
        one, other = (s.get(Cell(name, path)) for s, name in zip(sheets, names, strict=True))
        if column.compared and (one or other):
            filled += 1
            agreed += bool(one and other and same(column, one.text, other.text))
    return agreed / filled if filled else 0.0
