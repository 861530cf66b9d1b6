"""XML exports cut into the elements of their records before any parser sees them.

Each record is then parsed alone: a broken one spoils no other, what is cut off is told, and nothing that the
document declares can reach a record. Entities are refused where they are declared; external ones are never read.
"""

from __future__ import annotations

import codecs
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from html.entities import html5

from curation.errors import BadInput
from curation.sources.files.decode import PIECE, Document, RefusedRecord

_DECLARED = re.compile(r"\s*<\?xml[^>]*?encoding=[\"']([\w.:-]+)")
_UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
_ENTITY = re.compile(r"<!ENTITY\b", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_UNFINISHED = re.compile(r"<[^<>]*\Z")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_REFERENCE = re.compile(r"&(?:#(\d{1,7}|x[\da-fA-F]{1,6});|(\w{2,32};))?")
_BUILT_IN = ("amp;", "lt;", "gt;", "quot;", "apos;")
_NO_END = "it has no end before the next record begins"
_CUT_OFF = "it has no end: the file seems cut off"
_LONGEST_EDGE = 64  # characters of an edge that may stand on both sides of two pieces


@dataclass(frozen=True, slots=True)
class Element:
    """The text of one record's element as it stands in the file, and the line where it begins (from 1)."""

    line: int
    text: str


def elements(document: Document, record: str, wrapper: str) -> Iterator[Element | RefusedRecord]:
    """Every record's element, and what cannot be one: cut off, without its end, or within a comment.

    ``record`` is a pattern of the names of records, ``wrapper`` of what holds them all. A wrapper that does not
    end is told as a refusal outside any record: records behind its last one may be missing. Raises BadInput for
    a document that declares entities.
    """
    begun: list[str] = []
    between = _Between(document.name, wrapper)
    line = first = 1
    for gap, edge in _edges(_declared(document).pieces(), record):
        line += gap.count("\n")
        opens, ends = bool(edge) and edge[1] != "/", edge[1:2] == "/"
        if begun:
            begun.append(gap + edge if ends else gap)
            fault = "" if ends else _NO_END if opens else _CUT_OFF
            yield between.checked(Element(first, "".join(begun)), fault)
        else:
            between.add(gap)
            if ends:
                yield RefusedRecord(
                    line, f"{edge} ends a record that does not begin", edge.encode(), outside=True
                )
        begun, first = ([edge], line) if opens else ([], first)
        line += edge.count("\n")
    yield from between.remains(line)


def parsed(text: str) -> ET.Element | str:
    """The element of a record, or the reason in words why it is none.

    Control characters, bare ampersands and the names of HTML (``&eacute;``), which XML forbids and reference
    managers write all the same, are mended. The text comes without a document type, so nothing can be declared.
    """
    try:
        return ET.fromstring(text)
    except ET.ParseError as error:
        mended = _REFERENCE.sub(_resolved, _CONTROL.sub(" ", text))
        if mended == text:
            return f"its XML is broken ({error})"
    return parsed(mended)


class _Between:
    """What stands between records: wrappers that begin and end, comments, declarations."""

    def __init__(self, name: str, wrapper: str) -> None:
        self._name = name
        self._wrapper = re.compile(rf"<(/?)(?:{wrapper})\b")
        self._seen = False
        self._open = 0
        self._commented = False
        self._last = ""

    def add(self, gap: str) -> None:
        if _ENTITY.search(gap):
            raise BadInput(
                f"{self._name}: declares entities of its own in its document type, which is not read for safety; "
                "export it again, or take the declarations out"
            )
        self._comment(gap)
        text = _COMMENT.sub("", gap)
        for found in self._wrapper.finditer(text):
            self._seen = True
            self._open += -1 if found[1] else 1
        self._last = text

    def checked(self, element: Element, fault: str) -> Element | RefusedRecord:
        """The element, or why it is no record; what follows may still be within the comment it stood in."""
        self._last = ""
        if self._commented:
            self._comment(element.text)
            fault = "it stands within a comment"
        return RefusedRecord(element.line, fault, element.text.encode()) if fault else element

    def remains(self, line: int) -> Iterator[RefusedRecord]:
        """A refusal when the document ends before its records do."""
        unfinished = not self._seen and _UNFINISHED.search(self._last) is not None
        if self._open > 0 or unfinished:
            reason = "the file ends early: it seems cut off, and records may be missing"
            yield RefusedRecord(line, reason, self._last[-1000:].strip().encode(), outside=True)

    def _comment(self, text: str) -> None:
        begins, ends = text.rfind("<!--"), text.rfind("-->")
        if begins != ends:
            self._commented = begins > ends


def _edges(pieces: Iterable[str], record: str) -> Iterator[tuple[str, str]]:
    """The beginnings (``<record``) and ends (``</record>``) of records, each with the text before it.

    At last comes the text behind the last of them, with an empty edge.
    """
    edge = re.compile(rf"<(?:{record})(?=[\s>])|</(?:{record})\s*>")
    gap: list[str] = []
    text = ""
    for piece in pieces:
        text += piece
        at = 0
        for found in edge.finditer(text):
            yield "".join((*gap, text[at : found.start()])), found.group()
            gap, at = [], found.end()
        keep = max(at, len(text) - _LONGEST_EDGE)
        gap.append(text[at:keep])
        text = text[keep:]
    yield "".join((*gap, text)), ""


def _declared(document: Document) -> Document:
    """The document in the encoding that it declares, where its bytes are no Unicode and all fit to that."""
    if document.encoding in _UNICODE:
        return document
    told = _DECLARED.match(document.head(1 << 10))
    if told is None or not _fits(document, told[1]):
        return document
    return replace(document, encoding=told[1])


def _fits(document: Document, encoding: str) -> bool:
    try:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        with document.bytes_of() as stream:
            while piece := stream.read(PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
    except (LookupError, UnicodeDecodeError):
        return False
    return True


def _resolved(found: re.Match[str]) -> str:
    number, name = found.groups()
    if number:
        code = int(number[1:], 16) if number[0] == "x" else int(number)
        forbidden = code > 0x10FFFF or 0xD800 <= code < 0xE000 or _CONTROL.match(chr(code))  # noqa: PLR2004 - Unicode
        return " " if forbidden else found.group()
    if name in _BUILT_IN:
        return found.group()
    known = html5.get(name or "")
    return known.replace("&", "&amp;").replace("<", "&lt;") if known else f"&amp;{name or ''}"
