"""How a likely pair looks: two columns of the terminal's width, every field with a sign for how it compares."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from curation.tasks.duplicates import Explained, Likeness, Row, Side

KEYS = "[s]ame [r]elated [d]ifferent s[k]ip [u]ndo [n]ote [f]ull [w]eights [?] [q]uit"
KINDS = "[p]reprint [a]bstract [c]orrection repl[y] [v]ersion same [t]ext [o]ther"
HELP = """\
  s  the same report: the two become one, and count as one from now on
  r  related: two reports that belong together; the next key says how
  d  different: two reports; never asked about again
  k  skip: the pair comes again at the end
  u  take your last decision back; again for the one before
  n  a note, kept as the reason of the decision
  f  every field whole     w  the table of weights     q  leave
  =  the same   ≈  the same in another form   ≠  differs   (none: one lacks it)"""

_SIGNS = {Likeness.SAME: "=", Likeness.ALIKE: "≈", Likeness.DIFFERENT: "≠", Likeness.UNKNOWN: " "}
_STYLES = {
    Likeness.SAME: "",
    Likeness.ALIKE: "cyan",
    Likeness.DIFFERENT: "bold yellow",
    Likeness.UNKNOWN: "dim",
}
# What is left out first where a pair is too long for the screen, unless it differs.
_MINOR_TEXT = (
    "issn isbn language type trial central scopus wos embase PMC issue volume pages PubMed doi year journal"
)
_MINOR = _MINOR_TEXT.split()
_LONG = {"abstract", "authors", "type"}  # shortened to fit the screen
_SAYS_LITTLE = {Likeness.SAME, Likeness.UNKNOWN}
_LABELS = 10  # columns of the widest label with its sign
_RULES = 6  # and of what stands between three columns
_REST = 7  # lines of the screen beside headings, fields and evidence: place, rule, message, what is left out, keys
_FEWEST, _FILLED = 3, 0.9  # lines of a shortened field; part of a line that words fill


@dataclass(frozen=True, slots=True)
class Shown:
    """A pair to be drawn: ``because`` is why it waits, ``place`` which of how many it is."""

    explained: Explained
    because: str
    place: str
    full: bool = False
    weights: bool = False


def draw(console: Console, shown: Shown) -> None:
    """Print a pair. Signs tell what colour tells too."""
    width = max(_LABELS, (console.width - _LABELS - _RULES) // 2)
    names = [_name(side) for side in (shown.explained.left, shown.explained.right)]
    taken = _REST + max(_lines(name, width) for name in names) + _lines(shown.because, console.width)
    rows = (
        shown.explained.rows if shown.full else _fitted(shown.explained.rows, width, console.height - taken)
    )
    table = Table(box=box.MINIMAL, show_edge=False, pad_edge=False, expand=True, header_style="bold")
    table.add_column("", no_wrap=True, min_width=_LABELS)
    for name in names:
        table.add_column(Text(name), ratio=1, overflow="fold")
    for row in rows:
        style = _STYLES[row.likeness]
        label = Text(f"{_SIGNS[row.likeness]} {row.field}", style=style)
        table.add_row(label, *(Text(text or "-", style=style) for text in (row.left, row.right)))
    console.print(Text(f"Likely duplicates: {shown.place}", style="bold"))
    console.print(table)
    for line in _left_out(shown.explained.rows, {row.field for row in rows}):
        console.print(Text(line))
    console.print(Text(shown.because))
    if shown.weights:
        _draw_weights(console, shown.explained)


def _left_out(rows: tuple[Row, ...], told: set[str]) -> Iterator[str]:
    missing = [row for row in rows if row.field not in told]
    for likeness, said in ((Likeness.SAME, "the same in both"), (Likeness.UNKNOWN, "in one only")):
        if names := [row.field for row in missing if row.likeness is likeness]:
            yield f"{said}: {', '.join(names)}"


def _name(side: Side) -> str:
    accession = "" if side.accession.startswith("sha256:") else f"  {side.accession}"
    return f"R{side.record}  {side.source}{accession}"


def _lines(text: str, width: int) -> int:
    return sum(-(-max(1, cell_len(line)) // width) for line in textwrap.wrap(text, width) or [""])


def _height(row: Row, width: int) -> int:
    return max(_lines(row.left, width), _lines(row.right, width))


def _fitted(rows: tuple[Row, ...], width: int, room: int) -> list[Row]:
    """Rows that fit the screen: long fields shortened, then minor ones left out that do not differ."""
    kept = [_shortened(row, _FEWEST, width) for row in rows]
    for name in _MINOR:
        if sum(_height(row, width) for row in kept) <= room:
            break
        kept = [row for row in kept if row.field != name or row.likeness not in _SAYS_LITTLE]
    spare = room - sum(_height(row, width) for row in kept)
    whole = {row.field: row for row in rows}
    return [
        _shortened(whole[row.field], _FEWEST + max(0, spare), width) if row.field == "abstract" else row
        for row in kept
    ]


def _shortened(row: Row, lines: int, width: int) -> Row:
    if row.field not in _LONG:
        return row
    letters = int(lines * width * _FILLED)
    left, right = (textwrap.shorten(text, letters, placeholder=" …") for text in (row.left, row.right))
    return replace(row, left=left, right=right)


def _draw_weights(console: Console, explained: Explained) -> None:
    table = Table(box=None, pad_edge=False)
    for title, justify in (("points", "right"), ("field", "left"), ("what was seen", "left")):
        table.add_column(title, justify="right" if justify == "right" else "left")
    for weight in explained.weights:
        table.add_row(f"{weight.points:+.1f}", weight.field, Text(weight.seen))
    table.add_row(f"{explained.score:+.1f}", "together", "")
    console.print(table)
    for veto in explained.vetoes:
        console.print(Text(f"against joining: {veto.because} ({veto.force})"))
