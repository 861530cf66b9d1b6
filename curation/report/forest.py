"""The forest plot of discrimination: AUC of every evaluation, with its interval, and what pooling makes of them.

Conventions of ``metafor::forest``: area of a square proportional to weight, a diamond from end to end of the
pooled interval, the prediction interval as a dotted line through it, arrows where an interval leaves the axis.
No reference line: for an AUC there is no line of no effect that would mean anything (0.5 is not a hypothesis).
One px is 1/96 inch; the figure is 180 mm wide and its text 7 pt.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from curation.errors import Refused
from curation.report.render import render
from curation.report.text_width import FONT_FAMILY, width, wrap

BORROWED = "† interval borrowed: average width of the reported ones"
OPEN_SQUARE = "Open square: no interval"
_MODEL_HEAD = "Marker and model"

_WIDTH, _MARGIN, _FONT, _LINE, _ROW_GAP = 680.0, 4.0, 9.4, 11.5, 4.0
_GAP, _PLOT_INSET, _BLOCK_GAP, _SUMMARY_GAP = 10.0, 6.0, 6.0, 3.0
_MOST_LABEL, _MOST_LEFT = 120.0, 275.0  # the second: label and model together; the rest is for the plot
_MOST_SIDE, _LEAST_SIDE, _UNWEIGHTED_SIDE = 11.0, 2.2, 5.0
_DIAMOND, _HEAD_LENGTH, _HEAD_HALF, _TICK = 5.0, 5.0, 2.6, 4.0
_CAP_HEIGHT = 0.729  # of DejaVu Sans, in em

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One evaluation. ``sublabel`` names marker and model; ``weight`` is in percent.

    ``low`` and ``high`` are None where no interval was reported and none is put in its place; ``borrowed``
    marks an interval that was not reported for this evaluation.
    """

    label: str
    sublabel: str
    n: int | None
    auc: float
    low: float | None = None
    high: float | None = None
    weight: float | None = None
    borrowed: bool = False


@dataclass(frozen=True, slots=True)
class ForestSummary:
    """A pooled estimate, its interval, its prediction interval if there is one, and a line on method and I²."""

    label: str
    estimate: float
    low: float
    high: float
    pi_low: float | None = None
    pi_high: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ForestBlock:
    """Rows under one title (a study, a kind of validation), with their own summary or none."""

    title: str
    rows: tuple[ForestRow, ...]
    summary: ForestSummary | None = None


def draw(
    blocks: Sequence[ForestBlock], *, title: str, note: str = "", axis: tuple[float, float] = (0.4, 1.0)
) -> str:
    """SVG of ``blocks``, byte-identical for equal input.

    ``axis`` is widened, in tenths, to hold every estimate; intervals that leave it end in an arrow. ``title`` is
    the accessible name and not printed. Raises Refused, with every fault, where numbers cannot be AUCs, and
    ValueError when ``axis`` is no stretch of 0 to 1.
    """
    faults = tuple(_faults(blocks))
    if faults:
        message = "the forest plot was not drawn: some of its numbers cannot be right"
        raise Refused(message, faults=faults)
    grid = _columns(blocks, _widened(axis, blocks))
    body = _body(blocks, grid)
    axis_y = body[-1].bottom + _ROW_GAP if body else grid.top
    footer = _footer(blocks, note, axis_y + _TICK + 2 * _LINE + 10)
    return render(
        "forest.svg.j2",
        title=title,
        description=_description(blocks, note),
        width=_WIDTH,
        height=(footer[-1].y + 3 if footer else axis_y + _TICK + 2 * _LINE) + _MARGIN,
        font_family=FONT_FAMILY,
        font=_FONT,
        grid=grid,
        header=_header(grid),
        rule_y=grid.top - 4,
        items=body,
        axis_y=axis_y,
        tick=_TICK,
        ticks=_ticks(grid, axis_y),
        axis_title=_Text(
            (grid.plot_left + grid.plot_right) / 2, _baseline(axis_y + _TICK + _LINE), "AUC", "middle"
        ),
        footer=footer,
    )


@dataclass(frozen=True, slots=True)
class _Text:
    """One line of text; ``y`` is its baseline, ``anchor`` start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    bold: bool = False


@dataclass(frozen=True, slots=True)
class _Bar:
    """A horizontal line with a head where the interval goes on outside the axis."""

    x1: float
    x2: float
    y: float
    style: str
    heads: tuple[tuple[Point, ...], ...]


@dataclass(frozen=True, slots=True)
class _Square:
    """A square by its centre."""

    x: float
    y: float
    side: float
    open: bool


@dataclass(frozen=True, slots=True)
class _Item:
    """What one row, summary or block title puts on the page; ``bottom`` is where the next may begin."""

    kind: str
    bottom: float
    texts: tuple[_Text, ...]
    bars: tuple[_Bar, ...] = ()
    square: _Square | None = None
    diamond: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where the columns stand (left edges; right edges for ``n`` and ``weight``) and the scale of the axis."""

    label: float
    model: float
    n: float
    plot_left: float
    plot_right: float
    auc: float
    weight: float | None
    label_room: float
    model_room: float
    axis: tuple[float, float]
    heaviest: float
    top: float

    def x(self, value: float) -> float:
        """Place of an AUC on the axis, in px; not limited to the axis."""
        low, high = self.axis
        return self.plot_left + (value - low) / (high - low) * (self.plot_right - self.plot_left)

    def inside(self, value: float) -> float:
        """``value``, or the end of the axis it lies beyond."""
        return min(max(value, self.axis[0]), self.axis[1])


def _faults(blocks: Sequence[ForestBlock]) -> Iterator[str]:
    for block in blocks:
        for row in block.rows:
            where = ", ".join(part for part in (block.title, row.label, row.sublabel) if part)
            yield from _interval_faults(where, (row.auc, row.low, row.high))
            if row.borrowed and row.low is None:
                yield f"{where}: marked as borrowing an interval, and has none"
            if row.weight is not None and not (math.isfinite(row.weight) and row.weight >= 0):
                yield f"{where}: weight {row.weight} % is not a percentage"
        if block.summary is not None:
            s = block.summary
            yield from _interval_faults(s.label, (s.estimate, s.low, s.high))
            yield from _interval_faults(f"{s.label}, prediction interval", (s.estimate, s.pi_low, s.pi_high))


def _interval_faults(where: str, values: tuple[float, float | None, float | None]) -> Iterator[str]:
    for value in values:
        if value is not None and not 0 <= value <= 1:
            yield f"{where}: {value} is no AUC (0 to 1)"
    _, low, high = values
    if (low is None) != (high is None):
        yield f"{where}: an interval with one end ({low} to {high})"
    elif low is not None and high is not None and low > high:
        yield f"{where}: the interval runs backwards ({low} to {high})"


def _widened(axis: tuple[float, float], blocks: Sequence[ForestBlock]) -> tuple[float, float]:
    if not 0 <= axis[0] < axis[1] <= 1:
        message = f"the axis of an AUC runs upwards within 0 to 1, not from {axis[0]} to {axis[1]}"
        raise ValueError(message)
    estimates = [row.auc for block in blocks for row in block.rows]
    estimates += [block.summary.estimate for block in blocks if block.summary is not None]
    low, high = min([axis[0], *estimates]), max([axis[1], *estimates])
    return (
        axis[0] if low == axis[0] else math.floor(low * 10) / 10,
        axis[1] if high == axis[1] else math.ceil(high * 10) / 10,
    )


def _columns(blocks: Sequence[ForestBlock], axis: tuple[float, float]) -> _Grid:
    rows = [row for block in blocks for row in block.rows]
    weights = [row.weight for row in rows if row.weight is not None]
    label = (
        min(_MOST_LABEL, _widest([row.label for row in rows], "Study")) if any(r.label for r in rows) else 0.0
    )
    model = min(_MOST_LEFT - label, _widest([row.sublabel for row in rows], _MODEL_HEAD))
    n_width = _widest([_count(row.n) for row in rows], "n")
    auc = _widest([_auc_text(row) for row in rows], "0.000 [0.000–0.000]", bold=True)
    weight = _widest([_percent(w) for w in weights], "Weight") if weights else 0.0
    model_x = _MARGIN + label + _GAP
    n_right = model_x + model + _GAP + n_width
    auc_x = _WIDTH - _MARGIN - (weight + _GAP if weights else 0.0) - auc
    return _Grid(
        label=_MARGIN,
        model=model_x,
        n=n_right,
        plot_left=n_right + _GAP + _PLOT_INSET,
        plot_right=auc_x - _GAP - _PLOT_INSET,
        auc=auc_x,
        weight=_WIDTH - _MARGIN if weights else None,
        label_room=label,
        model_room=model,
        axis=axis,
        heaviest=max(weights, default=0.0),
        top=_MARGIN + _LINE + 8,
    )


def _widest(texts: Sequence[str], header: str, *, bold: bool = False) -> float:
    return max([width(header, _FONT, bold=True), *(width(text, _FONT, bold=bold) for text in texts)])


def _header(grid: _Grid) -> list[_Text]:
    y = _baseline(_MARGIN)
    heads = [_Text(grid.label, y, "Study", bold=True)] if grid.label_room else []
    heads += [
        _Text(grid.model, y, _MODEL_HEAD, bold=True),
        _Text(grid.n, y, "n", "end", bold=True),
        _Text(grid.auc, y, "AUC [95% CI]", bold=True),
    ]
    return heads if grid.weight is None else [*heads, _Text(grid.weight, y, "Weight", "end", bold=True)]


def _body(blocks: Sequence[ForestBlock], grid: _Grid) -> list[_Item]:
    items: list[_Item] = []
    y = grid.top
    for i, block in enumerate(blocks):
        y += _BLOCK_GAP if i else 0.0
        for item in _block(block, grid, y):
            items.append(item)
            y = item.bottom
    return items


def _block(block: ForestBlock, grid: _Grid, y: float) -> Iterator[_Item]:
    if block.title:
        lines = _lines(block.title, grid.label, y, _WIDTH - 2 * _MARGIN, bold=True)
        y += len(lines) * _LINE + _ROW_GAP
        yield _Item("block", y, tuple(lines))
    for row in block.rows:
        item = _row(row, grid, y)
        y = item.bottom
        yield item
    if block.summary is not None:
        yield _summary(block.summary, grid, y + _SUMMARY_GAP)


def _row(row: ForestRow, grid: _Grid, y: float) -> _Item:
    labels = _lines(row.label, grid.label, y, grid.label_room)
    models = _lines(row.sublabel, grid.model, y, grid.model_room)
    line, middle = _baseline(y), y + _LINE / 2
    texts = [*labels, *models, _Text(grid.n, line, _count(row.n), "end")]
    texts.append(_Text(grid.auc, line, _auc_text(row)))
    if grid.weight is not None:
        texts.append(_Text(grid.weight, line, _percent(row.weight), "end"))
    bars: tuple[_Bar, ...] = ()
    if row.low is not None and row.high is not None:
        bars = (_bar(row.low, row.high, middle, "borrowed" if row.borrowed else "interval", grid),)
    square = _Square(grid.x(row.auc), middle, _side(row.weight, grid.heaviest), open=not bars)
    bottom = y + max(len(labels), len(models)) * _LINE + _ROW_GAP
    return _Item("row", bottom, tuple(t for t in texts if t.text), bars, square)


def _summary(summary: ForestSummary, grid: _Grid, y: float) -> _Item:
    """Label and diamond; below, the numbers of the prediction interval, and the note on the full width."""
    middle = y + _LINE / 2
    texts = _lines(summary.label, grid.label, y, grid.n - grid.label, bold=True)
    interval = _interval_text(summary.low, summary.high)
    texts.append(_Text(grid.auc, _baseline(y), f"{summary.estimate:.3f} {interval}", bold=True))
    y += (len(texts) - 1) * _LINE
    bars: tuple[_Bar, ...] = ()
    if summary.pi_low is not None and summary.pi_high is not None:
        numbers = _interval_text(summary.pi_low, summary.pi_high)
        after_estimate = grid.auc + width("0.000 ", _FONT, bold=True)
        texts += [_Text(grid.label, _baseline(y), "95% prediction interval")]
        texts += [_Text(after_estimate, _baseline(y), numbers)]
        bars = (_bar(summary.pi_low, summary.pi_high, middle, "prediction", grid),)
        y += _LINE
    if summary.note:
        notes = _lines(summary.note, grid.label, y, _WIDTH - 2 * _MARGIN)
        texts += notes
        y += len(notes) * _LINE
    return _Item("summary", y + _ROW_GAP, tuple(texts), bars, diamond=_diamond(summary, middle, grid))


def _lines(text: str, x: float, top: float, room: float, *, bold: bool = False) -> list[_Text]:
    wrapped = wrap(text, _FONT, room, bold=bold)
    return [_Text(x, _baseline(top + i * _LINE), line, bold=bold) for i, line in enumerate(wrapped)]


def _side(weight: float | None, heaviest: float) -> float:
    """Side of the square whose area is proportional to ``weight``; the lightest stay just visible."""
    if weight is None or heaviest == 0:
        return _UNWEIGHTED_SIDE
    return max(_LEAST_SIDE, _MOST_SIDE * math.sqrt(weight / heaviest))


def _bar(low: float, high: float, y: float, style: str, grid: _Grid) -> _Bar:
    x1, x2 = grid.x(grid.inside(low)), grid.x(grid.inside(high))
    heads = []
    if low < grid.axis[0]:
        heads.append(_head(grid.plot_left, y, -1))
    if high > grid.axis[1]:
        heads.append(_head(grid.plot_right, y, 1))
    return _Bar(x1, x2, y, style, tuple(heads))


def _head(x: float, y: float, way: int) -> tuple[Point, ...]:
    """An arrow head whose tip lies just outside the axis."""
    base = x - way * (_HEAD_LENGTH - 2)
    return ((x + way * 2, y), (base, y - _HEAD_HALF), (base, y + _HEAD_HALF))


def _diamond(summary: ForestSummary, y: float, grid: _Grid) -> tuple[Point, ...]:
    """Corners from the left tip clockwise; a tip beyond the axis is cut off straight at its end."""
    centre = grid.x(summary.estimate)
    left = _end(grid.x(summary.low), centre, y, grid.plot_left)
    right = _end(grid.x(summary.high), centre, y, grid.plot_right)
    return (*reversed(left), (centre, y - _DIAMOND), *right, (centre, y + _DIAMOND))


def _end(tip: float, centre: float, y: float, edge: float) -> tuple[Point, ...]:
    """One end of the diamond, from its upper to its lower corner: the tip, or the cut at the axis' ``edge``."""
    beyond = abs(tip - centre) - abs(edge - centre)
    if beyond <= 0 or tip == centre:
        return ((tip, y),)
    half = _DIAMOND * beyond / abs(tip - centre)
    return ((edge, y - half), (edge, y + half))


def _ticks(grid: _Grid, axis_y: float) -> list[_Text]:
    """Labels at every tenth on the axis; at its two ends where it spans less than two tenths."""
    first, last = math.ceil(grid.axis[0] * 10 - 1e-9), math.floor(grid.axis[1] * 10 + 1e-9)
    tenths = [(i / 10, f"{i / 10:.1f}") for i in range(first, last + 1)]
    at = tenths if len(tenths) > 1 else [(end, f"{end:.2f}") for end in grid.axis]
    return [_Text(grid.x(value), _baseline(axis_y + _TICK), label, "middle") for value, label in at]


def _footer(blocks: Sequence[ForestBlock], note: str, top: float) -> list[_Text]:
    rows = [row for block in blocks for row in block.rows]
    notes = [note.strip()] if note.strip() else []
    if any(row.low is None for row in rows):
        notes.append(OPEN_SQUARE)
    if any(row.borrowed for row in rows):
        notes.append(BORROWED)
    lines: list[_Text] = []
    for text in notes:
        lines += _lines(text, _MARGIN, top + len(lines) * _LINE, _WIDTH - 2 * _MARGIN)
    return lines


def _baseline(top: float) -> float:
    return top + (_LINE + _CAP_HEIGHT * _FONT) / 2


def _auc_text(row: ForestRow) -> str:
    if row.low is None or row.high is None:
        return f"{row.auc:.3f} no interval"
    mark = "†" if row.borrowed else ""
    return f"{row.auc:.3f} {_interval_text(row.low, row.high)}{mark}"


def _interval_text(low: float, high: float) -> str:
    return f"[{low:.3f}–{high:.3f}]"


def _count(n: int | None) -> str:
    return "–" if n is None else f"{n:,}"


def _percent(weight: float | None) -> str:
    return "–" if weight is None else f"{weight:.1f}%"


def _description(blocks: Sequence[ForestBlock], note: str) -> str:
    """The text alternative: every row and summary in reading order, one to a line."""
    lines = []
    for block in blocks:
        lines += [f"{block.title}:"] if block.title else []
        for row in block.rows:
            who = ", ".join(part for part in (row.label, row.sublabel) if part)
            weight = "" if row.weight is None else f", weight {_percent(row.weight)}"
            lines.append(f"{who}: n = {_count(row.n)}, AUC {_auc_text(row)}{weight}.")
        if block.summary is not None:
            lines.append(_said(block.summary))
    if any(row.borrowed for block in blocks for row in block.rows):
        lines.append(f"{BORROWED}.")
    return "\n".join([*lines, note.strip()] if note.strip() else lines)


def _said(summary: ForestSummary) -> str:
    text = f"{summary.label}: AUC {summary.estimate:.3f} {_interval_text(summary.low, summary.high)}"
    if summary.pi_low is not None and summary.pi_high is not None:
        text += f", 95% prediction interval {_interval_text(summary.pi_low, summary.pi_high)}"
    return f"{text}. {summary.note}".strip()
