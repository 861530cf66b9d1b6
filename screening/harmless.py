"""Text of records made harmless for a terminal: no escape sequence, no control, no change of reading direction."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

_Shape = TypeVar("_Shape")

_PICTURES = 0x2400  # U+2400 … are pictures of the controls 0 … 31
_TURNED = {"\t": " ", "\r": "\n", "\v": "\n", "\f": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"}
# Marks, embeddings, overrides and isolates of the bidirectional algorithm (UAX 9); the byte order mark.
_TAKEN_OUT = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
_TABLE: dict[int, str | int | None] = {
    **{code: _PICTURES + code for code in range(0x20) if code != ord("\n")},
    0x7F: "␡",
    **dict.fromkeys(range(0x80, 0xA0), "�"),
    **dict.fromkeys(range(0xD800, 0xE000), "�"),  # half of a pair: no terminal can be sent it
    **dict.fromkeys(_TAKEN_OUT),
    **{ord(found): put for found, put in _TURNED.items()},
}


def harmless(text: str) -> str:
    """The text with controls as pictures (``␛``), without signs that turn the reading direction; lines are kept."""
    return text.replace("\r\n", "\n").translate(_TABLE)


def on_one_line(text: str) -> str:
    """Harmless, with all white space folded to single blanks."""
    return " ".join(harmless(text).split())


def all_of(shape: _Shape) -> _Shape:
    """A frozen dataclass, tuple or dict with every text in it harmless; anything else as it is."""
    made: Any = shape
    if isinstance(shape, Enum):
        return shape
    if isinstance(shape, str):
        made = harmless(shape)
    elif isinstance(shape, tuple):
        made = tuple(map(all_of, shape))
    elif isinstance(shape, dict):
        made = {all_of(key): all_of(value) for key, value in shape.items()}
    elif is_dataclass(shape) and not isinstance(shape, type):
        made = replace(shape, **{f.name: all_of(getattr(shape, f.name)) for f in fields(shape)})
    return made  # type: ignore[no-any-return] # each branch keeps the kind it was given
