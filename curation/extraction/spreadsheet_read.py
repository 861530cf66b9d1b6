"""Reads a filled-in sheet back: cells with the place where they stand, and every fault of its shape at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from curation.errors import BadInput
from curation.extraction.compare import Cell
from curation.extraction.entered import row_name
from curation.extraction.form import Field, Form
from curation.extraction.spreadsheet_layout import CSV_HEADER, GUIDE, MADE_BY, ROW, STUDY

Line = tuple[int, Sequence[str]]  # number of a line (from 1) and its cells
_STUDY_NEEDS = {"field", "answer"}
_CSV_NEEDS = {"study", "extractor", "table", "row", "field", "answer"}


@dataclass(frozen=True, slots=True)
class Grid:
    """A page as it was found: its name and the lines that are not blank."""

    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A cell of a sheet. ``location``, ``quote`` and ``note`` are None where the sheet has no place for them."""

    cell: Cell
    text: str
    place: str
    location: str | None = None
    quote: str | None = None
    note: str | None = None


@dataclass(slots=True)
class Filled:
    """A sheet, read. ``rows`` are the names of the rows of each table that is in it, ``columns`` its columns."""

    study: str
    extractor: str
    entries: int
    cells: list[Written] = field(default_factory=list)
    rows: dict[str, list[str]] = field(default_factory=dict)
    columns: dict[str, set[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def from_workbook(form: Form, grids: Iterable[Grid], name: str) -> Filled:
    """A workbook's pages; pages that the form does not know are faults.

    Raises BadInput when it is no extraction sheet.
    """
    by_name = {grid.name.casefold(): grid for grid in grids}
    found = _head(by_name.get(GUIDE), name)
    for key, grid in by_name.items():
        table = form.table(key)
        if key == STUDY:
            _study_page(form, grid, found)
        elif table is not None:
            _table_page(table, grid, found)
        elif key not in (GUIDE, "words") and grid.lines:
            found.faults.append(
                f"page {grid.name}: is no table of the form; put what it says where it belongs"
            )
    return found


def from_csv(form: Form, header: Sequence[str], lines: Iterable[Line], name: str) -> Filled:
    """The lines of a CSV file below its header.

    Raises BadInput when it is no extraction sheet, or holds the sheets of several people or studies.
    """
    at = {title.strip().casefold(): index for index, title in enumerate(header)}
    if not at.keys() >= _CSV_NEEDS:
        message = f"{name}: lacks the columns {', '.join(sorted(_CSV_NEEDS - at.keys()))}; write one with: livrev extract sheet"
        raise BadInput(message)
    rows = [(number, {title: _at(cells, at.get(title)) for title in CSV_HEADER}) for number, cells in lines]
    found = _csv_head([row for _, row in rows], name)
    plain = [(number, row) for number, row in rows if not row["table"]]
    for number, row in plain:
        _field(form, row, f"line {number}", found)
    for table_id in dict.fromkeys(row["table"] for _, row in rows if row["table"]):
        _csv_table(form, table_id, [(n, row) for n, row in rows if row["table"] == table_id], found)
    return found


def _head(guide: Grid | None, name: str) -> Filled:
    said = {cells[0].strip(): _at(cells, 1) for _, cells in guide.lines if cells} if guide else {}
    if MADE_BY not in said or not said.get("entries", "").isdigit():
        message = f"{name}: is no extraction sheet (its page {GUIDE!r} is missing or changed); write one with: livrev extract sheet"
        raise BadInput(message)
    return Filled(said.get("study", ""), said.get("extractor", ""), int(said["entries"]))


def _csv_head(rows: Sequence[Mapping[str, str]], name: str) -> Filled:
    heads = {(row["study"], row["extractor"], row["entries"]) for row in rows}
    if len(heads) != 1:
        message = f"{name}: must be one extractor's sheet of one study; it holds {len(heads)}"
        raise BadInput(message)
    ((study, extractor, entries),) = heads
    return Filled(study, extractor, int(entries) if entries.isdigit() else 0)


def _study_page(form: Form, grid: Grid, found: Filled) -> None:
    start = next(
        (
            i
            for i, (_, cells) in enumerate(grid.lines)
            if {c.strip().casefold() for c in cells} >= _STUDY_NEEDS
        ),
        -1,
    )
    if start < 0:
        found.faults.append(
            f"page {grid.name}: has no line that names its columns field and answer; write the sheet anew"
        )
        return
    titles = [c.strip().casefold() for c in grid.lines[start][1]]
    for number, cells in grid.lines[start + 1 :]:
        row = {title: _at(cells, index) for index, title in enumerate(titles)}
        _field(form, row, f"{grid.name}!{_letter(titles.index('answer'))}{number}", found)


def _field(form: Form, row: Mapping[str, str], place: str, found: Filled) -> None:
    name = form.today(row.get("field", "").strip())
    if not any(row.get(key) for key in ("answer", "page", "quote", "note")) and form.cell(name) is None:
        return
    if form.cell(name) is None:
        found.faults.append(
            f"{place}: there is no field {name!r} in the form; leave the names of fields as they are"
        )
        return
    cell = Cell("", name)
    if any(written.cell == cell for written in found.cells):
        found.faults.append(f"{place}: {name} stands twice; one answer a field")
        return
    written = Written(cell, row.get("answer", ""), place, row.get("page"), row.get("quote"), row.get("note"))
    if not written.text.strip() and any((written.location, written.quote, written.note)):
        found.faults.append(
            f"{place}: {name} has a page, quote or note and no answer; write NR where it is not reported"
        )
    found.cells.append(written)


def _table_page(table: Field, grid: Grid, found: Filled) -> None:
    start = next(
        (i for i, (_, cells) in enumerate(grid.lines) if cells and cells[0].strip().casefold() == ROW), -1
    )
    if start < 0:
        found.faults.append(
            f"page {grid.name}: has no line that begins with {ROW!r} and names its columns; write the sheet anew"
        )
        return
    titles = _titles(table, grid, start, found)
    lines = (
        (
            number,
            _at(cells, 0),
            {t: (_at(cells, i), f"{grid.name}!{_letter(i)}{number}") for i, t in titles.items()},
        )
        for number, cells in grid.lines[start + 1 :]
    )
    _rows(table, ((f"{grid.name}!A{number}", name, texts) for number, name, texts in lines), found)


def _titles(table: Field, grid: Grid, start: int, found: Filled) -> dict[int, str]:
    """Columns of a table's page by their place; unknown ones that hold something are faults."""
    number, header = grid.lines[start]
    known = {c.id: c.id for c in table.columns} | {old: c.id for c in table.columns for old in c.was}
    titles: dict[int, str] = {}
    for index, title in enumerate(header[1:], 1):
        name = known.get(title.strip())
        if name is not None and name not in titles.values():
            titles[index] = name
        elif title.strip() or any(_at(cells, index).strip() for _, cells in grid.lines[start + 1 :]):
            said = "stands twice" if name else f"is no column of {table.id}"
            found.faults.append(f"{grid.name}!{_letter(index)}{number}: {title.strip()!r} {said}")
    return titles


def _csv_table(
    form: Form, table_id: str, rows: Sequence[tuple[int, Mapping[str, str]]], found: Filled
) -> None:
    table = form.table(form.today(table_id))
    if table is None:
        found.faults.append(f"line {rows[0][0]}: there is no table {table_id!r} in the form")
        return
    gathered: list[tuple[str, str, dict[str, tuple[str, str]]]] = []
    known = {c.id: c.id for c in table.columns} | {old: c.id for c in table.columns for old in c.was}
    for number, row in rows:
        place, name, column = f"line {number}", row["row"].strip(), known.get(row["field"].strip())
        if column is None:
            found.faults.append(f"{place}: there is no column {row['field']!r} in {table_id}")
            continue
        same = (
            next((one for one in gathered if one[1] == name), None)
            if name
            else gathered[-1]
            if gathered
            else None
        )
        if same is None or same[1] != name or (not name and column in same[2]):
            same = (place, name, {})
            gathered.append(same)
        if column in same[2]:
            found.faults.append(f"{place}: {column} of {name} stands twice; one answer a cell")
            continue
        same[2][column] = (row["answer"], place)
    _rows(table, gathered, found)


def _rows(
    table: Field, rows: Iterable[tuple[str, str, Mapping[str, tuple[str, str]]]], found: Filled
) -> None:
    """Cells of a table's rows; a row without a name gets one, a row without a text is none."""
    given = [(place, " ".join(name.split()), texts) for place, name, texts in rows]
    names = found.rows.setdefault(table.id, [])
    columns = found.columns.setdefault(table.id, set())
    taken = [name for _, name, _ in given]
    for place, name, texts in given:
        columns |= set(texts)
        plain = {column: text for column, (text, _) in texts.items()}
        if not any(text.strip() for text in plain.values()):
            continue
        called = name or row_name(table, plain, (*taken, *names))
        if called in names:
            found.faults.append(f"{place}: {called!r} names two rows; each needs a name of its own")
            continue
        names.append(called)
        found.cells.extend(
            Written(Cell(called, f"{table.id}.{c}"), text, at) for c, (text, at) in texts.items()
        )


def absent(found: Filled, entered: Iterable[Cell]) -> Iterator[Cell]:
    """Cells that had been entered in rows which the sheet no longer has."""
    for cell in entered:
        table, _, column = cell.path.partition(".")
        if column in found.columns.get(table, ()) and cell.row not in found.rows[table]:
            yield cell


def _at(cells: Sequence[str], index: int | None) -> str:
    return cells[index] if index is not None and index < len(cells) else ""


def _letter(index: int) -> str:
    """Name of a spreadsheet's column, counted from 0: A, B ... AA."""
    text = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
