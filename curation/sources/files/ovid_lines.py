"""Lines of Ovid text: cut into records, and the values of each under their tag or their spelt-out name.

Ovid writes a record in two ways. Tagged (``.ovd``, ``.cgi``)::

    <3001. >
    DB  - Embase
    IN  - (Aalto) An Institute
          (Baum) Another Institute
    AB  - Background: the first paragraph.
    Method(s): the next, in column 0.

Spelt out (``.txt``)::

    <1>
    Unique Identifier
      99000003
    Abstract
      PURPOSE: the first paragraph.

      METHODS: the next.

Files saved from a page have a blank before each line, older ones one blank before the dash of a tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

UNTAGGED = "text"  # where lines are kept that stand under no tag

_OPENER = re.compile(r"([ \t]*)<[ \t]*\d+[ \t]*\.?[ \t]*>[ \t]*")
_CUT = re.compile(r"<[ \t]*\d+[ \t]*\.?[ \t]*")
_TAG = re.compile(r"([A-Z][A-Z0-9]{1,2}) {1,2}-(?: (.*)|$)")
_CUT_TAG = re.compile(r"[A-Z][A-Z0-9]{0,2} {0,2}-?")
_NAME = re.compile(r"[A-Z][A-Za-z/&() -]{1,58}[A-Za-z)]")
# Wrapped lines of these are one text; of all others each line is a value of its own.
_TEXTS = frozenset({"TI", "SO", "AS", "BT", "TT", "Title", "Source", "Abbreviated Source"})
_PARAGRAPHS = frozenset({"AB", "Abstract"})


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one record without its opener, which is at ``line`` of the file."""

    line: int
    opener: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """Its text as received."""
        return "\n".join((self.opener, *self.lines)).rstrip()


@dataclass(frozen=True, slots=True)
class CutOpener:
    """A last line that is the beginning of an opener."""

    line: int
    text: str


def blocks(lines: Iterable[str]) -> Iterator[Block | CutOpener]:
    """Records in their order; text before the first is left out."""
    begun, opener, held = 0, "", list[str]()
    number = 0
    for number, line in enumerate(lines, 1):
        if "<" in line and _OPENER.fullmatch(line):
            if begun:
                yield Block(begun, opener, tuple(held))
            begun, opener, held = number, line, []
        else:
            held.append(line)
    cut = held.pop() if _ends_in_opener(held) else ""
    if begun:
        yield Block(begun, opener, tuple(held))
    if cut:
        yield CutOpener(number, cut)


def _ends_in_opener(lines: list[str]) -> bool:
    """Whether the last line is the beginning of an opener; with no digit yet, only after a blank line."""
    *_, before, last = ("", "", *(line.strip() for line in lines[-2:]))
    return _CUT.fullmatch(last) is not None or (last == "<" and not before)


def pairs(block: Block) -> Iterator[tuple[str, str]]:
    """Values of a record by tag or name, in their order."""
    indent = len(block.opener) - len(block.opener.lstrip())
    lines = [line[indent:] if line[:indent].isspace() else line for line in block.lines]
    if lines and _CUT_TAG.fullmatch(lines[-1]):
        yield UNTAGGED, lines.pop()
    first = next((line for line in lines if line.strip()), "")
    fields = _tagged(lines) if _TAG.match(first) else _named(lines)
    for tag, values in fields:
        yield from _of_field(tag, values)


def _of_field(tag: str, lines: list[str]) -> Iterator[tuple[str, str]]:
    texts = [line.strip() for line in lines]
    if tag in _PARAGRAPHS:  # one begins in column 0 or after a blank line; lines that are set in were wrapped
        yield (
            tag,
            "\n".join(
                text if line[:1].isspace() else f"\n{text}" for line, text in zip(lines, texts, strict=True)
            ),
        )
    elif tag in _TEXTS:
        yield tag, " ".join(filter(None, texts))
    else:
        yield from ((tag, text) for text in texts)


def _tagged(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Fields behind tags. Two blanks stand before each dash, or one before all: the other is a word of the text."""
    first = next(filter(None, map(_TAG.match, lines)))
    dash = lines[lines.index(first.string)].index("-", len(first[1]))
    tag, held = "", list[str]()
    for line in lines:
        found = _TAG.match(line)
        if found is not None and line.index("-") - len(found[1]) == dash - len(first[1]):
            if tag:
                yield tag, held
            tag, held = found[1], [found[2] or ""]
        else:
            held.append(line)
    yield tag, held


def _named(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Fields under names: a name stands in column 0, its values behind blanks."""
    name, held = UNTAGGED, list[str]()
    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        if _NAME.fullmatch(line.rstrip()) and (following[:1] in {" ", "\t"}):
            yield name, held
            name, held = line.strip(), []
        else:
            held.append(line)
    yield name, held
