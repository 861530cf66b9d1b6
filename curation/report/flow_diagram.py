"""The PRISMA 2020 flow diagram as an SVG that prints without a browser and without an installed font.

One px is 1/96 inch. Layouts of one arm are 170 mm wide (a double column), those with other methods 257 mm (a
landscape page); text is 7.5 pt at those widths. Rows are aligned over all columns, each as high as its
tallest box, and every box is as high as its own wrapped lines.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curation.report.flow_boxes import Box, Column, Diagram, Entry, Heading, Row, boxes, unreported_boxes
from curation.report.render import render
from curation.report.text_width import FONT_FAMILY, width, wrap
from screening.flow import FlowCounts

_PORTRAIT, _LANDSCAPE = 642.5, 971.0
_FONT, _LINE, _NOTE_FONT, _NOTE_LINE = 10.0, 13.0, 9.4, 12.5
_PAD_X, _PAD_Y, _INDENT, _HANG = 7.0, 6.0, 10.0, 6.0
_MARGIN, _STAGE, _GAP_X, _GAP_Y, _AFTER_HEADING = 2.0, 20.0, 20.0, 20.0, 14.0
_HEAD_LENGTH, _HEAD_HALF = 6.5, 3.0
_CAP_HEIGHT = 0.729  # of DejaVu Sans, in em: centres a line of text in its height
_NO_BREAK = "\u00a0"

# Side boxes hold the long lines (reasons), so their columns are the wider ones.
_SHARE = {
    Column.PREVIOUS: 0.78,
    Column.MAIN: 1.04,
    Column.MAIN_SIDE: 1.18,
    Column.OTHER: 1.04,
    Column.OTHER_SIDE: 1.1,
}
_STAGES = (
    ("Identification", Row.IDENTIFIED, Row.IDENTIFIED),
    ("Screening", Row.SCREENED, Row.ASSESSED),
    ("Included", Row.INCLUDED, Row.TOTAL),
)


def draw(flow: FlowCounts, *, title: str, note: str = "") -> str:
    """SVG of ``flow``, byte-identical for equal input; ``note`` stands under the boxes.

    ``title`` is the accessible name and not printed (a figure's caption does that). Raises Refused, naming the
    identities, when the flow does not add up.
    """
    return _svg(boxes(flow), title, note)


def draw_unreported(
    databases: Sequence[str],
    *,
    studies: int | None,
    reports: int | None,
    title: str,
    note: str = "",
) -> str:
    """SVG of a new review whose numbers were not published; unknown numbers are printed as such."""
    return _svg(unreported_boxes(databases, studies, reports), title, note)


@dataclass(frozen=True, slots=True)
class _Text:
    """One line; ``y`` is its baseline."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class _Rect:
    """A rectangle with its lines; ``id`` and ``grey`` where it is a box or a heading."""

    x: float
    y: float
    width: float
    height: float
    texts: tuple[_Text, ...]
    id: str = ""
    grey: bool = False

    @property
    def mid_x(self) -> float:
        """Centre, across."""
        return self.x + self.width / 2

    @property
    def mid_y(self) -> float:
        """Centre, down."""
        return self.y + self.height / 2

    @property
    def right(self) -> float:
        """Right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class _Arrow:
    """The shaft and the three corners of the head, each as ``(x, y)``."""

    shaft: tuple[tuple[float, float], ...]
    head: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class _Span:
    """A stretch of one axis."""

    start: float
    length: float

    @property
    def end(self) -> float:
        """Where it ends."""
        return self.start + self.length


def _svg(diagram: Diagram, title: str, note: str) -> str:
    columns = _columns(diagram)
    headings = _headings(diagram.headings, columns)
    rows = _rows(diagram, columns, max(h.bottom for h in headings) + _AFTER_HEADING)
    placed = {box.id: _place(box, columns[box.column], rows[box.row]) for box in diagram.boxes}
    total_width = max(span.end for span in columns.values()) + _MARGIN
    bottom = max(span.end for span in rows.values())
    notes = _notes(note, total_width, bottom)
    return render(
        "flow.svg.j2",
        title=title,
        description=_description(diagram, note),
        width=total_width,
        height=(notes[-1].y + 4.0 if notes else bottom) + _MARGIN,
        font_family=FONT_FAMILY,
        font=_FONT,
        note_font=_NOTE_FONT,
        headings=headings,
        stages=_stages(rows),
        boxes=list(placed.values()),
        arrows=[_arrow(placed[start], placed[end]) for start, end in diagram.arrows],
        notes=notes,
    )


def _columns(diagram: Diagram) -> dict[Column, _Span]:
    used = sorted({box.column for box in diagram.boxes})
    page = _LANDSCAPE if Column.OTHER in used else _PORTRAIT
    # The first gap stands between the stage labels and the first column; it carries no arrow and is half.
    room = page - 2 * _MARGIN - _STAGE - _GAP_X * (len(used) - 0.5)
    shares = sum(_SHARE[column] for column in used)
    spans: dict[Column, _Span] = {}
    x = _MARGIN + _STAGE + _GAP_X / 2
    for column in used:
        spans[column] = _Span(x, room * _SHARE[column] / shares)
        x = spans[column].end + _GAP_X
    return spans


def _headings(headings: Sequence[Heading], columns: Mapping[Column, _Span]) -> list[_Rect]:
    """Title bars, all as high as the highest."""
    spans = [_Span(columns[h.first].start, columns[h.last].end - columns[h.first].start) for h in headings]
    lines = [
        wrap(h.text, _FONT, span.length - 2 * _PAD_X, bold=True)
        for h, span in zip(headings, spans, strict=True)
    ]
    height = max(len(text) for text in lines) * _LINE + 2 * _PAD_Y
    bars = []
    for heading, span, texts in zip(headings, spans, lines, strict=True):
        top = _MARGIN + (height - len(texts) * _LINE) / 2
        middle = span.start + span.length / 2
        drawn = tuple(_Text(middle, _baseline(top, i), line) for i, line in enumerate(texts))
        grey = heading.first is not Column.MAIN
        bars.append(_Rect(span.start, _MARGIN, span.length, height, drawn, grey=grey))
    return bars


def _rows(diagram: Diagram, columns: Mapping[Column, _Span], top: float) -> dict[Row, _Span]:
    """Where each row runs: as high as its highest box, and high enough for the stage label beside it."""
    heights: dict[Row, float] = {}
    for box in diagram.boxes:
        least = _least_height(box.row)
        heights[box.row] = max(heights.get(box.row, least), _height(box, columns[box.column]))
    spans: dict[Row, _Span] = {}
    for row in sorted(heights):
        spans[row] = _Span(top, heights[row])
        top = spans[row].end + _GAP_Y
    return spans


def _least_height(row: Row) -> float:
    for label, first, _ in _STAGES:
        if row is first and row is not Row.SCREENED:
            return width(label, _FONT, bold=True) + 2 * _PAD_Y
    return 0.0


def _stages(rows: Mapping[Row, _Span]) -> list[_Rect]:
    bars = []
    for label, first, last in _STAGES:
        spans = [span for row, span in rows.items() if first <= row <= last]
        top, bottom = spans[0].start, spans[-1].end
        # The text is turned about (x, y), the point its baseline is centred on.
        text = _Text(_MARGIN + (_STAGE + _CAP_HEIGHT * _FONT) / 2, (top + bottom) / 2, label)
        bars.append(_Rect(_MARGIN, top, _STAGE, bottom - top, (text,)))
    return bars


def _place(box: Box, column: _Span, row: _Span) -> _Rect:
    """The box, centred in its row."""
    height = _height(box, column)
    y = row.start + (row.length - height) / 2
    lines = _lines(box.entries, column.length)
    texts = tuple(
        _Text(column.start + _PAD_X + inset, _baseline(y + _PAD_Y, i), text)
        for i, (inset, text) in enumerate(lines)
    )
    return _Rect(column.start, y, column.length, height, texts, id=box.id, grey=box.grey)


def _height(box: Box, column: _Span) -> float:
    return len(_lines(box.entries, column.length)) * _LINE + 2 * _PAD_Y


def _lines(entries: Sequence[Entry], box_width: float) -> list[tuple[float, str]]:
    """Wrapped lines with their inset; what continues an indented line hangs a little further in."""
    lines: list[tuple[float, str]] = []
    for entry in entries:
        inset = entry.indent * _INDENT
        hang = _HANG if entry.indent else 0.0
        room = box_width - 2 * _PAD_X - inset - hang
        pieces = [piece for part in _parts(entry, room) for piece in wrap(part, _FONT, room)]
        for i, piece in enumerate(pieces):
            lines.append((inset + (hang if i else 0.0), piece.replace(_NO_BREAK, " ")))
    return lines


def _parts(entry: Entry, room: float) -> list[str]:
    """The entry, its ``(n = …)`` never torn: under a label that fills one line, as in the template, or after it."""
    label, mark, count = entry.text.rpartition(" (n = ")
    if not mark:
        return [entry.text]
    count = (mark.strip() + " " + count).replace(" ", _NO_BREAK)
    below = entry.indent == 0 and width(label, _FONT) <= room
    return [label, count] if below else [f"{label} {count}"]


def _baseline(top: float, line: int) -> float:
    return top + line * _LINE + (_LINE + _CAP_HEIGHT * _FONT) / 2


def _arrow(start: _Rect, end: _Rect) -> _Arrow:
    """From box to box: straight across, straight down, or down and then across to the nearer side."""
    if math.isclose(start.mid_y, end.mid_y):
        return _pointed(((start.right, start.mid_y), (end.x, start.mid_y)))
    if start.x == end.x:
        return _pointed(((start.mid_x, start.bottom), (end.mid_x, end.y)))
    side = end.x if start.x < end.x else end.right
    return _pointed(((start.mid_x, start.bottom), (start.mid_x, end.mid_y), (side, end.mid_y)))


def _pointed(points: tuple[tuple[float, float], ...]) -> _Arrow:
    (from_x, from_y), (tip_x, tip_y) = points[-2:]
    if from_y == tip_y:
        base = tip_x - (_HEAD_LENGTH if tip_x > from_x else -_HEAD_LENGTH)
        head = ((tip_x, tip_y), (base, tip_y - _HEAD_HALF), (base, tip_y + _HEAD_HALF))
        return _Arrow((*points[:-1], (base, tip_y)), head)
    base = tip_y - _HEAD_LENGTH
    head = ((tip_x, tip_y), (tip_x - _HEAD_HALF, base), (tip_x + _HEAD_HALF, base))
    return _Arrow((*points[:-1], (tip_x, base)), head)


def _notes(note: str, total_width: float, bottom: float) -> list[_Text]:
    if not note.strip():
        return []
    lines = wrap(note, _NOTE_FONT, total_width - 2 * _MARGIN)
    return [_Text(_MARGIN, bottom + 8.0 + _NOTE_LINE * (i + 1), line) for i, line in enumerate(lines)]


def _description(diagram: Diagram, note: str) -> str:
    """The text alternative: headings, then every box in reading order, one to a line."""
    headings = "; ".join(heading.text for heading in diagram.headings)
    parts = [headings, *(_said(box) for box in diagram.boxes), note.strip().rstrip(".")]
    return "\n".join(f"{part}." for part in parts if part)


def _said(box: Box) -> str:
    *before, last = box.lines
    return "".join(line + (" " if line.endswith(":") else "; ") for line in before) + last
