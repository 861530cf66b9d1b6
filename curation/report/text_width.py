"""How wide a text is in DejaVu Sans, so that no figure needs a font or a browser to be laid out.

Advance widths come from the font's own ``hmtx`` table (``templates/fonts/dejavu-sans-widths.json``). Kerning is
left out: in DejaVu it narrows, so a measured width is never too small by more than a rounding.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from curation.resources import shipped

FONT_FAMILY = "DejaVu Sans, Verdana, Arial, sans-serif"

# A no-break space (U+00A0) holds "(n = 12)" together, so lines end at ordinary white space only.
_SPACES = re.compile(r"[ \t\r\n]+")


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of ``text`` in px, set in DejaVu Sans of ``size`` px; unknown characters count as the widest."""
    font = _font(bold)
    return sum(font.advances.get(c, font.widest) for c in text) * size / font.units_per_em


def wrap(text: str, size: float, max_width: float, *, bold: bool = False) -> list[str]:
    """Lines of ``text`` no wider than ``max_width`` px, broken between words.

    A word wider than that is broken inside. Every line holds at least one character, however narrow the
    column; an empty text is one empty line.
    """
    lines: list[str] = []
    line = ""
    for piece, glued in _pieces(text, size, max_width, bold=bold):
        longer = piece if not line else f"{line} {piece}"
        if line and (glued or width(longer, size, bold=bold) > max_width):
            lines.append(line)
            longer = piece
        line = longer
    return [*lines, line]


@dataclass(frozen=True, slots=True)
class _Font:
    units_per_em: int
    advances: Mapping[str, int]
    widest: int


@cache
def _font(bold: bool) -> _Font:
    path = shipped("templates", "fonts", "dejavu-sans-widths.json")
    table = json.loads(path.read_text(encoding="utf-8"))
    grouped: dict[str, str] = table["bold" if bold else "regular"]
    advances = {c: int(advance) for advance, characters in grouped.items() for c in characters}
    return _Font(int(table["units_per_em"]), advances, max(advances.values()))


def _pieces(text: str, size: float, max_width: float, *, bold: bool) -> Iterator[tuple[str, bool]]:
    """Words, with overlong ones cut up; the flag marks a piece that continues the word before it."""
    for word in _SPACES.split(text.strip(" \t\r\n")):
        rest, glued = word, False
        while width(rest, size, bold=bold) > max_width and len(rest) > 1:
            fits = _characters_that_fit(rest, size, max_width, bold=bold)
            yield rest[:fits], glued
            rest, glued = rest[fits:], True
        yield rest, glued


def _characters_that_fit(word: str, size: float, max_width: float, *, bold: bool) -> int:
    count = 1
    while count < len(word) - 1 and width(word[: count + 1], size, bold=bold) <= max_width:
        count += 1
    return count
