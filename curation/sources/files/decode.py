"""From the bytes of an export file to its text, in one place: encoding, line ends, NUL; and what was assumed.

A file is never held whole: it is surveyed once (encoding, hash, size) and its lines are then read as often as
somebody asks for them.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from charset_normalizer import from_bytes

from curation.errors import BadInput
from curation.model import SourceRecord

PIECE = 1 << 20  # bytes read at a time

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What is no text of records, by its first bytes; said in the words of the person who has to mend it.
_OTHER_THINGS = (
    (b"%PDF", "is a PDF; export it again as RIS, nbib, BibTeX or CSV"),
    (b"\xd0\xcf\x11\xe0", "is an Excel file of the old kind (.xls); save it as .xlsx or CSV"),
    (b"\x1f\x8b", "is packed with gzip; unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "is packed with 7-Zip; unpack it"),
    (b"Rar!", "is packed with RAR; unpack it"),
    (b"SQLite format 3\0", "is a SQLite database, not an export"),
)
ZIP = b"PK\x03\x04"
_WEB_PAGE = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_RETURNS = re.compile(r"\r+\n?")
_MARK_WITHIN = re.compile("^\ufeff", re.MULTILINE)
_DOS_END = "\x1a"
_STRANGE = re.compile("[\udc80-\udcff]")
_MIXED = "livrev-windows-1252"


@dataclass(frozen=True, slots=True)
class Document:
    """An export file that can be read as often as wanted.

    ``encoding`` is what its bytes are read as (empty for a spreadsheet), ``sha256`` the hexadecimal hash of the
    bytes, ``size`` their number, ``assumed`` a sentence for everything that had to be guessed.
    """

    name: str
    bytes_of: Callable[[], IO[bytes]]
    encoding: str
    sha256: str
    size: int
    assumed: tuple[str, ...] = ()

    def pieces(self) -> Iterator[str]:
        """Text in pieces that end at a line's end; every line ends in a line feed, no byte order mark."""
        carried: list[str] = []
        for piece in self._decoded():
            carried.append(piece)
            if "\n" not in piece and "\r" not in piece:
                continue
            text = "".join(carried)
            keep = _end_of_last_line(text)
            carried = [text[keep:]]
            if keep:
                yield _line_feeds(text[:keep])
        if any(carried):
            yield _line_feeds("".join(carried))

    def lines(self) -> Iterator[str]:
        """Lines without their ends. Only line feeds and carriage returns end a line, not Unicode's separators."""
        for piece in self.pieces():
            yield from piece.removesuffix("\n").split("\n")

    def text(self) -> str:
        """The whole text, for formats that cannot be read line by line."""
        return "".join(self.pieces())

    def head(self, length: int = 1 << 16) -> str:
        """The first ``length`` characters or somewhat more."""
        found = ""
        for piece in self.pieces():
            found += piece
            if len(found) >= length:
                break
        return found

    def count(self, opener: re.Pattern[str]) -> int:
        """How often a pattern that stays within one line is found."""
        return sum(len(opener.findall(piece)) for piece in self.pieces())

    def _decoded(self) -> Iterator[str]:
        if not self.encoding:
            raise BadInput(
                f"{self.name}: is no text but a ZIP or a workbook; unpack it, or let its format be told"
            )
        codec, errors = (self.encoding, "strict") if self.encoding != "mixed" else ("utf-8", _MIXED)
        decoder = codecs.getincrementaldecoder(codec)(errors)
        with self.bytes_of() as stream:
            while piece := stream.read(PIECE):
                yield decoder.decode(piece)
        rest, _ = decoder.getstate()
        if rest:
            yield "�"  # the file ends within a character, which the survey has said


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """A record that cannot be taken over, kept as it stands; ``line`` is where it begins (from 1).

    ``outside`` marks what was found where no record begins: it stands beside the count of openers.
    """

    line: int
    reason: str
    raw: bytes
    outside: bool = False


Outcome = SourceRecord | RefusedRecord


def open_document(path: Path) -> Document:
    """Survey a file on disk.

    Raises BadInput, naming the file, when it cannot be read, is empty, or is no text (a spreadsheet in a ZIP
    passes, with an empty ``encoding``).
    """
    try:
        with path.open("rb") as stream:
            stream.read(1)
    except FileNotFoundError as error:
        raise BadInput(f"{path}: there is no such file") from error
    except IsADirectoryError as error:
        raise BadInput(f"{path}: is a folder; name the export file in it") from error
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from error
    return _surveyed(path.name, lambda: path.open("rb"))


def of_bytes(content: bytes, name: str) -> Document:
    """Survey bytes already at hand, as ``open_document`` does with a file."""
    return _surveyed(name, lambda: io.BytesIO(content))


def _surveyed(name: str, bytes_of: Callable[[], IO[bytes]]) -> Document:
    with bytes_of() as stream:
        start = stream.read(1 << 12)
    if not start:
        raise BadInput(f"{name}: is empty; export it again")
    _refuse_other_things(start, name)
    sha256, size = _hashed(bytes_of)
    blank = Document(name, bytes_of, "", sha256, size)
    if start.startswith(ZIP):
        return blank
    document = _with_encoding(blank, start)
    _refuse_no_text(document)
    return document


def _refuse_other_things(start: bytes, name: str) -> None:
    for begin, said in _OTHER_THINGS:
        if start.startswith(begin):
            raise BadInput(f"{name}: {said}")
    if _WEB_PAGE.match(start.removeprefix(codecs.BOM_UTF8)):
        raise BadInput(
            f"{name}: is a web page (perhaps the database asked to log in again); export the records once more"
        )


def _hashed(bytes_of: Callable[[], IO[bytes]]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with bytes_of() as stream:
        while piece := stream.read(PIECE):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size


def _with_encoding(blank: Document, start: bytes) -> Document:
    """The document with the first encoding that fits: its mark, UTF-16 by its NULs, UTF-8, Windows-1252, a guess."""
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    if marked is not None:
        return _strict(blank, marked) or _undecodable(blank, marked)
    wide = _unmarked_utf16(start)
    if wide is not None and (found := _strict(blank, wide)):
        return replace(found, assumed=(*found.assumed, f"no byte order mark; read as {wide.upper()}"))
    utf8 = _strict(blank, "utf-8")
    return utf8 or _mixed(blank) or _strict(blank, "cp1252") or _guessed(blank)


def _strict(blank: Document, encoding: str) -> Document | None:
    """The document in ``encoding`` when every byte of it fits; a last character cut in two is said."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with blank.bytes_of() as stream:
            while piece := stream.read(PIECE):
                decoder.decode(piece)
    except UnicodeDecodeError:
        return None
    rest, _ = decoder.getstate()
    cut = ("ends in the middle of a character; it may have been cut off",) if rest else ()
    return replace(blank, encoding=encoding, assumed=cut)


def _unmarked_utf16(start: bytes) -> str | None:
    """UTF-16 without its mark, told by where the NULs of its Latin letters stand."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    half = len(start) // 2
    if odd > half * 0.4 and even < half * 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.4 and odd < half * 0.1 else None


def _mixed(blank: Document) -> Document | None:
    """UTF-8 with a few bytes of Windows-1252 between: files of two databases put together."""
    document = replace(blank, encoding="mixed")
    good = bad = 0
    with blank.bytes_of() as stream:
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        while piece := stream.read(PIECE):
            text = decoder.decode(piece)
            strange = len(_STRANGE.findall(text))
            bad += strange
            good += len(text) - len(text.encode("ascii", "ignore")) - strange
    if good <= bad:
        return None
    return replace(document, assumed=(f"UTF-8, but for {bad} bytes that were read as Windows-1252",))


def _guessed(blank: Document) -> Document:
    with blank.bytes_of() as stream:
        best = from_bytes(stream.read(1 << 18)).best()
    found = _strict(blank, best.encoding) if best is not None else None
    if found is None:
        return _undecodable(blank, "UTF-8 nor Windows-1252")
    return replace(found, assumed=(*found.assumed, f"encoding guessed as {found.encoding}"))


def _undecodable(blank: Document, tried: str) -> Document:
    raise BadInput(f"{blank.name}: is not {tried}; export it again as UTF-8")


def _refuse_no_text(document: Document) -> None:
    line, blank = 1, True
    for piece in document.pieces():
        at = piece.find("\0")
        if at >= 0:
            line += piece.count("\n", 0, at)
            raise BadInput(
                f"{document.name}: holds a NUL character in line {line}, so it is no text; export it again"
            )
        line += piece.count("\n")
        blank = blank and not piece.strip()
    if blank:
        raise BadInput(f"{document.name}: is empty; export it again")


def _line_feeds(text: str) -> str:
    """Every line end a line feed; so is one with two carriage returns, which comes of writing twice as text.

    What joining files leaves behind goes: a byte order mark at a line's start, the sign by which DOS ends a file.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\r" in text:
            text = _RETURNS.sub(_as_line_feeds, text)
    if "\ufeff" in text:
        text = _MARK_WITHIN.sub("", text)
    return text.replace(_DOS_END, "") if _DOS_END in text else text


def _as_line_feeds(found: re.Match[str]) -> str:
    returns = found.group()
    return "\n" if returns.endswith("\n") else "\n" * len(returns)


def _end_of_last_line(text: str) -> int:
    """Where the last complete line ends. A carriage return at the very end may have its line feed still to come."""
    closed = text.rstrip("\r") if text.endswith("\r") else text
    return max(closed.rfind("\n"), closed.rfind("\r")) + 1


def _windows(error: UnicodeError) -> tuple[str, int]:
    """Read the bytes that are no UTF-8 as Windows-1252 (Latin-1 where that has a gap)."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    strange = error.object[error.start : error.end]
    text = "".join(
        bytes([b]).decode("cp1252") if b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(b) for b in strange
    )
    return text, error.end


codecs.register_error(_MIXED, _windows)
