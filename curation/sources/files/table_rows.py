"""From the lines of a delimited file to its rows: delimiter, header, quoted cells over several lines, stray quotes.

Rows are cut twice, in two ways that must agree: by the csv module where a row is well formed (``rows``), and by a
scan of our own (``scanned``), which also decides what to do where quotes do not fit. A cell is quoted when a quote
is its first character; a quote ends it when a delimiter or the end of the line follows. A quoted cell that never
ends, or that would swallow lines which are rows themselves, has a quote that is part of its text.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

DELIMITERS = (",", "\t", ";", "|")
_LONGEST_ROW = 5_000  # lines; a quoted cell that is longer lacks its closing quote
_WIDEST_CELL = 1 << 30  # characters; the csv module stops at 131,072 by itself
_UNENDED = -2
_TELLING = 6  # columns; from this number on, lines with as many cells are rows and not prose
_BLANK = ' \t\n"\xa0'
CUT_OFF = "the file seems to be cut off within this record: a quoted value has no end"
MISFIT = "its quotes do not fit: a quoted value has no end"


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of a row as text, the lines it begins and ends in (from 1), its text.

    ``fault`` says why it cannot be trusted.
    """

    line: int
    last: int
    cells: Sequence[str]
    raw: str
    fault: str = ""


@dataclass(frozen=True)
class Layout:
    """How the rows of a file are cut. ``quoted``: a quote may enclose a cell; ``spaced``: blanks may precede it.

    ``width`` is the number of columns, 0 where rows have any number of cells.
    """

    delimiter: str
    width: int = 0
    quoted: bool = True
    spaced: bool = False

    @cached_property
    def inside(self) -> re.Pattern[str]:
        """What stands in a quoted cell up to its closing quote or the end of the line."""
        end = rf"[ ]*(?:{re.escape(self.delimiter)}|\Z)" if self.delimiter != " " else r"\Z"
        return re.compile(rf'(?:[^"]++|""|"(?!{end}|"))*+')

    @cached_property
    def whole(self) -> re.Pattern[str]:
        """A line that is a row by itself: as many cells as columns, quotes only around them."""
        mark = re.escape(self.delimiter)
        cell = rf'{" *+" if self.spaced else ""}(?:"(?:[^"]++|"")*+"|[^"{mark}]*+)'
        return re.compile(rf"(?:{cell}{mark}){{{self.width - 1}}}{cell}")

    def looks_like_row(self, line: str) -> bool:
        """Whether a line has as many cells as there are columns when its quotes are taken for text."""
        return line.count(self.delimiter) == self.width - 1


class _Feed:
    """Lines with their ends, for the csv module; those of the row at hand can be put back."""

    def __init__(self, lines: Iterable[str], first: int) -> None:
        self._lines = iter(lines)
        self._again: list[str] = []
        self.line = first
        self.taken: list[str] = []

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= _LONGEST_ROW:
            raise StopIteration
        line = self._again.pop() if self._again else next(self._lines)
        self.taken.append(line)
        return f"{line}\n"

    def begin(self) -> None:
        """Begin the next row."""
        self.line += len(self.taken)
        self.taken = []

    def row(self, cells: Sequence[str], fault: str) -> Row:
        """The row at hand."""
        return Row(self.line, self.line + len(self.taken) - 1, cells, "\n".join(self.taken), fault)

    def put_back(self, used: int) -> None:
        """Keep the first ``used`` lines of the row at hand, put back the others."""
        self._again.extend(reversed(self.taken[used:]))
        del self.taken[used:]


def rows(lines: Iterable[str], layout: Layout, first: int = 1) -> Iterator[Row]:
    """Rows that are not blank; ``first`` is the number of the first line."""
    feed = _Feed(lines, first)
    reader = csv.reader(
        feed,
        delimiter=layout.delimiter,
        quoting=csv.QUOTE_MINIMAL if layout.quoted else csv.QUOTE_NONE,
        strict=True,
        skipinitialspace=layout.spaced,
    )
    while True:
        feed.begin()
        cells: Sequence[str]
        try:
            cells = _next_cells(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = []
        fault = ""
        if not cells and feed.taken == [""]:
            continue
        if not _trusted(cells, feed.taken, layout):
            feed.put_back(0)
            cells, fault = _scan(feed, layout)
        if not _is_blank(cells, layout):
            yield feed.row(cells, fault)


def scanned(lines: Iterable[str], layout: Layout, first: int = 1) -> Iterator[Row]:
    """The same rows without the csv module."""
    feed = _Feed(lines, first)
    while True:
        feed.begin()
        cells, fault = _scan(feed, layout)
        if not feed.taken:
            return
        if not _is_blank(cells, layout):
            yield feed.row(cells, fault)


def cells_of(line: str, layout: Layout) -> Sequence[str]:
    """Cells of one line."""
    return _scan(_Feed((line,), 1), layout)[0]


def _next_cells(reader: Iterator[list[str]]) -> list[str]:
    """Next row, with the module's limit of a cell's length lifted for as long as that takes."""
    before = csv.field_size_limit(_WIDEST_CELL)
    try:
        return next(reader)
    finally:
        csv.field_size_limit(before)


def _trusted(cells: Sequence[str], taken: list[str], layout: Layout) -> bool:
    """Whether the csv module's row stands: well formed, and no lines swallowed that are rows themselves."""
    if not cells:
        return False
    if len(taken) == 1:
        return True
    return (not layout.width or len(cells) == layout.width) and not _swallowed(taken, layout)


def _swallowed(taken: list[str], layout: Layout) -> bool:
    rows_all = layout.width >= _TELLING and all(layout.looks_like_row(line) for line in taken)
    return rows_all and len(taken) > 1


def _holds_row(taken: Sequence[str], layout: Layout) -> bool:
    """Whether a quoted cell with a quote too many or too few goes on into the next row."""
    return layout.width >= _TELLING and any(map(layout.whole.fullmatch, taken[1:]))


def _scan(feed: _Feed, layout: Layout) -> tuple[Sequence[str], str]:
    """Cells of the next row and its fault; of the lines taken those beyond the row are put back."""
    first = next(feed, None)
    if first is None:
        return [], ""
    line = first[:-1]
    if not layout.quoted or '"' not in line:
        return line.split(layout.delimiter), ""
    cells, closed, sound = _cut(line, feed, layout)
    fits = sound or not layout.width or (len(cells) == layout.width and not _holds_row(feed.taken, layout))
    if closed and fits and not _swallowed(feed.taken, layout):
        return cells, ""
    if not closed and _is_cut_off(feed.taken, layout):
        return cells, CUT_OFF
    feed.put_back(1)
    return line.split(layout.delimiter), "" if layout.looks_like_row(line) else MISFIT


def _is_cut_off(taken: Sequence[str], layout: Layout) -> bool:
    """Whether the lines to the end of the file belong to a quoted cell that the end cuts off."""
    rest = [line for line in taken[1:] if line.strip()]
    rows_among = sum(layout.looks_like_row(line) for line in rest)
    return len(taken) < _LONGEST_ROW and (not rest or not layout.width or rows_among * 2 < len(rest))


def _cut(line: str, feed: _Feed, layout: Layout) -> tuple[list[str], bool, bool]:
    """Cells from the begun line on, whether the last was closed, and whether every quote is where it should be."""
    cells: list[str] = []
    at, sound = 0, True
    while True:
        opened = _opening(line, at, layout)
        if opened < 0:
            end = line.find(layout.delimiter, at)
            cells.append(line[at:] if end < 0 else line[at:end])
        else:
            cell, line, end, cell_sound = _quoted(line, opened, feed, layout)
            sound = sound and cell_sound
            cells.append(cell)
            if end == _UNENDED:
                return cells, False, sound
        if end < 0:
            return cells, True, sound
        at = end + 1


def _opening(line: str, at: int, layout: Layout) -> int:
    """Where the text of a quoted cell begins; -1 when the cell is not quoted."""
    if layout.spaced:
        while line.startswith(" ", at):
            at += 1
    return at + 1 if line.startswith('"', at) else -1


def _quoted(line: str, at: int, feed: _Feed, layout: Layout) -> tuple[str, str, int, bool]:
    """Text of a quoted cell, the line it ends in, the place of the delimiter after it (-1: none; or _UNENDED)."""
    parts: list[str] = []
    while True:
        found = layout.inside.match(line, at)
        end = found.end() if found else at
        parts.append(line[at:end])
        if end < len(line):
            text = "\n".join(parts)
            sound = '"' not in text.replace('""', "")
            return text.replace('""', '"'), line, line.find(layout.delimiter, end + 1), sound
        following = next(feed, None)
        if following is None:
            return "\n".join(parts).replace('""', '"'), line, _UNENDED, False
        line, at = following[:-1], 0


def _is_blank(cells: Sequence[str], layout: Layout) -> bool:
    dull = _BLANK + layout.delimiter
    return not any(cell.strip(dull) for cell in cells)


Known = Callable[[Sequence[str]], bool]


def layout_of(lines: Sequence[str], known: Known) -> tuple[Layout, int] | None:
    """Layout of a file and the place of its header among its first lines (from 0): the first line that is known.

    The delimiter is the one that the header line has most of, outside quotes; a line ``sep=;`` above it decides.
    """
    told = ""
    for place, line in enumerate(lines):
        if line.lower().startswith("sep=") and len(line) >= len("sep=,"):
            told = line[4]
            continue
        for delimiter in told or sorted(DELIMITERS, key=lambda d: -_outside_quotes(line, d)):
            layout = Layout(delimiter, spaced=f'{delimiter} "' in line)
            cells = cells_of(line, layout)
            if known(cells):
                return Layout(delimiter, len(cells), spaced=layout.spaced), place
    return None


def _outside_quotes(line: str, delimiter: str) -> int:
    return sum(part.count(delimiter) for part in line.split('"')[::2])
