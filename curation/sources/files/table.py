"""Tables of records: CSV, TSV and other delimited text, Web of Science's tab-delimited files, workbooks.

The header tells the source (``columns``); ``--map COLUMN=FIELD`` names the columns of any other table. Embase.com
also exports one labelled line a field, records parted by an empty line; those are read here as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from curation.errors import BadInput, Usage
from curation.model import SourceRecord
from curation.sources.files import table_rows, xlsx
from curation.sources.files.columns import FIELDS, Table, key
from curation.sources.files.decode import Document, Outcome, RefusedRecord
from curation.sources.files.formats import Wanted
from curation.sources.files.known_columns import GENERAL, table_of
from curation.sources.files.spool import digest
from curation.sources.files.table_blocks import EMBASE, blocks, has_labels
from curation.sources.files.table_cells import Cells, columns_of
from curation.sources.files.table_fields import Reading, reading
from curation.sources.files.table_rows import Layout, Row

RAW_FORMAT = "table"

_HEADER_WITHIN = 20  # lines; what stands above a header is a line or two
_LONGEST_NAME = 200  # characters; a line with longer cells is text, or XML in one line
_SHOWN = 12  # columns in a message
Rows = Callable[[Iterable[str], Layout, int], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class _Grid:
    """A table found: its header (empty for labelled lines), what it is, and the rows below the header.

    ``stray`` says of a sheet without a header that its rows look like those of the table before it.
    """

    header: Sequence[str]
    table: Table
    mapped: Mapping[str, str]
    rows: Iterator[Row]
    stray: str = ""


@dataclass(frozen=True, slots=True)
class _Heading:
    """A line of a text (from 1) that names columns, and how the rows below it are cut."""

    line: int
    names: Sequence[str]
    layout: Layout


def has_header(head: str) -> bool:
    """Whether one of the first lines of a text names known columns, or they are Embase's labelled lines."""
    lines = head.split("\n")[:_HEADER_WITHIN]
    return table_rows.layout_of(lines, _known({})) is not None or _labelled(lines) is not None


def openers(document: Document, wanted: Wanted) -> int:
    """How many records begin, counted without the csv module and without openpyxl."""
    grids = _grids(document, wanted, table_rows.scanned, xlsx.sheets_as_xml)
    found = (_records(grid) if grid.header else blocks(grid.rows) for grid in grids if not grid.stray)
    return sum(1 for records in found for _ in records)


def read(document: Document, wanted: Wanted) -> Iterator[Outcome]:
    """Every record of a table in its order, and every row that cannot be taken over.

    Raises Usage when a column or field of ``--map`` does not exist, BadInput when no line is a known header.
    """
    for grid in _grids(document, wanted, table_rows.rows, xlsx.sheets):
        if grid.stray:
            yield from (
                RefusedRecord(row.line, grid.stray, row.raw.encode(), outside=True) for row in grid.rows
            )
        elif grid.header:
            yield from _of_rows(grid)
        else:
            yield from _of_blocks(grid)


def _of_rows(grid: _Grid) -> Iterator[Outcome]:
    columns = columns_of(grid.header, grid.table, grid.mapped)
    for row in _records(grid):
        fault = row.fault or _surplus(row, len(columns))
        cells = Cells(zip(columns, row.cells, strict=False), grid.table.nothing)
        yield _outcome(row.line, row.raw, fault, reading(cells, grid.table))


def _of_blocks(grid: _Grid) -> Iterator[Outcome]:
    for block in blocks(grid.rows):
        found = reading(Cells(block.pairs(grid.table)), grid.table)
        yield _outcome(block.line, block.raw, block.fault, found)


def _outcome(line: int, raw: str, fault: str, found: Reading) -> Outcome:
    text = raw.encode()
    if fault:
        return RefusedRecord(line, fault, text)
    if not found.identified:
        return RefusedRecord(line, "neither title nor identifier", text)
    return SourceRecord(found.accession or digest(text), text, RAW_FORMAT, found.citation, found.origin)


def _surplus(row: Row, width: int) -> str:
    """Why a row with more cells than columns is not read: its values stand under the wrong names."""
    if not any(map(str.strip, row.cells[width:])):
        return ""
    return f"has {len(row.cells)} cells where the header has {width}: a value with the delimiter in it is not quoted"


def _records(grid: _Grid) -> Iterator[Row]:
    """Rows that are no repetition of the header (files put together)."""
    names = [key(name) for name in grid.header]
    return (row for row in grid.rows if not _repeats(row.cells, names))


def _repeats(cells: Sequence[str], names: Sequence[str]) -> bool:
    return key(cells[0]) == names[0] and [key(cell) for cell in cells[: len(names)]] == names


def _grids(
    document: Document, wanted: Wanted, rows: Rows, sheets: Callable[[Document], Iterator[xlsx.Sheet]]
) -> Iterator[_Grid]:
    mapped = _mapped(wanted)
    if document.encoding:
        yield from _text_grids(document, mapped, rows)
        return
    seen: list[Row] = []
    found, width = False, 0
    for sheet in sheets(document):
        grid, first = _sheet_grid(sheet, mapped)
        seen.extend(first)
        if grid is not None:
            found, width = True, max(width, len(grid.header))
            yield grid
        elif width and any(len(_trimmed(row.cells)) >= width for row in first):
            why = f"sheet {sheet.name!r} has rows as wide as the table before it, but no header"
            yield _Grid((), GENERAL, {}, iter(first), why)
    if not found:
        raise _no_header(document, next((row.cells for row in seen), []), mapped)


def _text_grids(document: Document, mapped: Mapping[str, str], rows: Rows) -> Iterator[_Grid]:
    """The table of a text, and those put behind it under headers of their own."""
    lines = document.head().split("\n")[:_HEADER_WITHIN]
    found = table_rows.layout_of(lines, _known(mapped))
    if found is None:
        labelled = _labelled(lines) if not mapped else None
        if labelled is None:
            raise _no_header(document, _first_cells(lines), mapped)
        yield _Grid((), EMBASE, {}, rows(document.lines(), labelled, 1))
        return
    layout, place = found
    following: _Heading | None = _heading(lines[place], place + 1, layout)
    while following is not None:
        heading, later = following, list[_Heading]()
        below = rows(islice(document.lines(), heading.line, None), heading.layout, heading.line + 1)
        table = table_of(heading.names) or GENERAL
        yield _Grid(heading.names, table, mapped, _until(below, heading, _known(mapped), later))
        following = later[0] if later else None


def _heading(text: str, line: int, layout: Layout) -> _Heading:
    names = table_rows.cells_of(text, layout)
    # Web of Science encloses nothing, and titles begin with quotes.
    bare = key(names[0]) == "pt" and layout.delimiter == "\t"
    return _Heading(line, names, replace(layout, quoted=False) if bare else layout)


def _until(
    rows: Iterable[Row], heading: _Heading, known: table_rows.Known, later: list[_Heading]
) -> Iterator[Row]:
    """Rows up to a line that names other columns, which is put into ``later``."""
    names = [key(name) for name in heading.names]
    for row in rows:
        if _may_name(row, heading, known) and not _repeats(row.cells, names):
            text = row.raw.lstrip("\ufeff")
            found = table_rows.layout_of([text], known)
            if found is not None:
                later.append(_heading(text, row.line, found[0]))
                return
        yield row


def _may_name(row: Row, heading: _Heading, known: table_rows.Known) -> bool:
    """Whether a row may be a header: one line without a bare number, of known names or of another width."""
    if row.line != row.last or any(map(str.isdigit, row.cells)):
        return False
    return len(row.cells) != heading.layout.width or known(row.cells)


def _sheet_grid(sheet: xlsx.Sheet, mapped: Mapping[str, str]) -> tuple[_Grid | None, list[Row]]:
    first = list(islice(sheet.rows, _HEADER_WITHIN))
    known = _known(mapped)
    place = next((i for i, row in enumerate(first) if known(row.cells)), None)
    if place is not None:
        header = _trimmed(first[place].cells)
        below = chain(first[place + 1 :], sheet.rows)
        return _Grid(header, table_of(header) or GENERAL, mapped, below), first
    if not mapped and has_labels([row.cells for row in first]):
        return _Grid((), EMBASE, {}, chain(first, sheet.rows)), first
    return None, first


def _trimmed(cells: Sequence[str]) -> Sequence[str]:
    last = max((i for i, cell in enumerate(cells) if cell.strip()), default=-1)
    return cells[: last + 1]


def _labelled(lines: Sequence[str]) -> Layout | None:
    """Layout of Embase's labelled lines."""
    for delimiter in table_rows.DELIMITERS:
        layout = Layout(delimiter)
        if has_labels([table_rows.cells_of(line, layout) for line in lines]):
            return layout
    return None


def _known(mapped: Mapping[str, str]) -> Callable[[Sequence[str]], bool]:
    if mapped:
        return lambda cells: set(mapped).issubset(map(key, cells))
    return lambda cells: (
        len(cells) > 1 and max(map(len, cells)) <= _LONGEST_NAME and table_of(cells) is not None
    )


def _mapped(wanted: Wanted) -> Mapping[str, str]:
    for field in wanted.columns.values():
        if field not in FIELDS:
            raise Usage(f"{field!r} is no field to map a column to; known are {', '.join(FIELDS)}")
    return {key(column): field for column, field in wanted.columns.items()}


def _first_cells(lines: Sequence[str]) -> Sequence[str]:
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(table_rows.DELIMITERS, key=first.count)
    return table_rows.cells_of(first, Layout(delimiter))


def _no_header(document: Document, cells: Sequence[str], mapped: Mapping[str, str]) -> Usage | BadInput:
    names = [name.strip() for name in cells if name.strip()]
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    missing = [column for column in mapped if column not in set(map(key, names))]
    if mapped:
        return Usage(
            f"{document.name}: has no column {', '.join(map(repr, missing))}; its columns are {shown}"
        )
    return BadInput(
        f"{document.name}: no line at its beginning names known columns (found: {shown or 'nothing'}); "
        "say what they hold: --map COLUMN=FIELD"
    )
