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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

UNTAGGED = "text"  # where lines are kept that stand under no tag

_OPENER = re.compile(r"([ \t]*)<[ \t]*\d+[ \t]*\.?[ \t]*>[ \t]*")
_CUT = re.compile(r"<[ \t]*\d+[ \t]*\.?[ \t]*")
_TAG = re.compile(r"([A-Z][A-Z0-9]{1,2}) {1,2}-(?: (.*)|$)")
_CUT_TAG = re.compile(r"[A-Z][A-Z0-9]{0,2} {0,2}-?")
_NAME = re.compile(r"[A-Z][A-Za-z/&() -]{1,58}[A-Za-z)]")
# An opener that lost one of its brackets, and the field that no record has twice.
_DAMAGED = re.compile(r"[ \t]*(?:<[ \t]*\d+[ \t]*\.?|\d+[ \t]*\.?[ \t]*>)[ \t]*")
_TITLE = re.compile(r"([ \t]?)(?:(TI {1,2}-)(?: |$)|Title[ \t]*$)")
# What tells fields of a record from words about the search.
_FIELD = re.compile(
    r"[ \t]?(?:[A-Z][A-Z0-9]{1,2} {1,2}-(?: |$)|"
    r"(?:Unique Identifier|Record Owner|Authors?(?: Full Name|\(s\))?|Title|Abstract|Source|Journal(?: Name)?|"
    r"Language|ISSN|Institution|(?:Publication|Document) Type|(?:DOI|Accession) Number|Year of Publication)[ \t]*$)"
)
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
class Stray:
    """What looks like a record, or like the beginning of one, where no opener stands."""

    line: int
    text: str
    reason: str


def blocks(lines: Iterable[str]) -> Iterator[Block | Stray]:
    """Records in their order, and what stands outside any; words about the search before the first are left out."""
    begun, opener, held = 0, "", list[str]()
    number = 0
    for number, line in enumerate(lines, 1):
        if "<" in line and _OPENER.fullmatch(line):
            yield from _of_opener(begun, opener, held)
            begun, opener, held = number, line, []
        else:
            held.append(line)
    cut = held.pop() if _ends_in_opener(held) else ""
    yield from _of_opener(begun, opener, held)
    if cut:
        yield Stray(number, cut, "the beginning of a record; the file seems cut off")


def _of_opener(begun: int, opener: str, lines: Sequence[str]) -> Iterator[Block | Stray]:
    """What one opener leads to: its record, then records whose own opener is damaged."""
    end = _second(lines) if begun else 0
    if begun:
        yield Block(begun, opener, tuple(lines[:end]))
    if any(map(_FIELD.match, lines[end:])):
        text = "\n".join(lines[end:])
        line = begun + 1 + end + text[: len(text) - len(text.lstrip())].count("\n")
        yield Stray(line, text.strip("\n").rstrip(), "fields before which no opener such as <1> stands")


def _second(lines: Sequence[str]) -> int:
    """Where a second record begins that has no opener; the number of lines when there is none.

    It shows by what is left of the opener, or by a second title; either after an empty line.
    """
    empty, first = -1, -1
    title: re.Match[str] | None = None
    for at, line in enumerate(lines):
        if not line.strip():
            empty = at
        elif empty == at - 1 and _DAMAGED.fullmatch(line) and _FIELD.match("".join(lines[at + 1 : at + 2])):
            return at
        elif (found := _TITLE.match(line)) is None:
            continue
        elif title is None:
            title, first = found, at
        elif empty > first and found.groups() == title.groups():
            return empty + 1
    return len(lines)


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
