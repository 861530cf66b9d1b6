"""From the bytes of an export file to its text; and what a reader of a format hands back."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curation.errors import BadInput

if TYPE_CHECKING:
    from curation.model import SourceRecord

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LINE_END = re.compile(r"\r+\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text: every line ends in a line feed, no byte order mark; ``encoding`` is what it was read as."""

    content: str
    encoding: str

    @property
    def lines(self) -> list[str]:
        """Lines without their ends. Only line feeds end a line, not Unicode's other separators."""
        return self.content.split("\n")


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """A record that cannot be taken over, kept as it stands; ``line`` is where it begins (from 1)."""

    line: int
    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a reader made of a text. ``openers`` was counted over the text, not by the parser.

    Complete when every opener led to a record or a refusal, and no refusal stands beside them.
    """

    records: tuple[SourceRecord, ...]
    refused: tuple[RefusedRecord, ...]
    openers: int

    @property
    def complete(self) -> bool:
        """Whether nothing was lost between the text and the records."""
        return len(self.records) + len(self.refused) == self.openers


def decoded(content: bytes, name: str) -> Text:
    """Text of a file: by its byte order mark, else strict UTF-8, else Windows-1252.

    Raises BadInput, naming the file, when it is none of these or holds NUL characters.
    """
    text, encoding = _decoded(content, name)
    if "\0" in text:
        raise BadInput(
            f"{name}: holds NUL characters, so it is no text (or UTF-16 without its mark); export it again as UTF-8"
        )
    return Text(_LINE_END.sub("\n", text), encoding)


def _decoded(content: bytes, name: str) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding), encoding
            except UnicodeDecodeError as error:
                raise _undecodable(name, encoding, error) from error
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252"), "cp1252"
    except UnicodeDecodeError as error:
        raise _undecodable(name, "UTF-8 nor Windows-1252", error) from error


def _undecodable(name: str, encoding: str, error: UnicodeDecodeError) -> BadInput:
    return BadInput(f"{name}: is not {encoding} (at byte {error.start + 1}); export it again as UTF-8")
