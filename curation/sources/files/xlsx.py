"""Workbooks (.xlsx) as rows of text: read by openpyxl, and a second time from the sheets' own XML for the count.

Formulas are text here and are never worked out; what a spreadsheet made of a value is shown as it shows it.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import warnings
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import IO, NoReturn, Protocol, TypeVar
from xml.parsers import expat

from curation.errors import BadInput
from curation.sources.files.decode import Document
from curation.sources.files.table_rows import Row

_BROKEN = (
    zipfile.BadZipFile, zlib.error, ET.ParseError, KeyError, ValueError, IndexError, TypeError, AttributeError, EOFError,
    NotImplementedError,
)  # fmt: skip
_LARGEST = 2 << 30  # bytes of a part of the archive, unpacked
_PIECE = 1 << 16  # bytes parsed at a time
_BATCH = 256  # rows read with openpyxl's warnings held back
_RELATION = re.compile(r"\{.*\}id")
_NOT_SHOWN = re.compile(r"\[[^\]]*\]|\"[^\"]*\"|\\.")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook; its rows can be walked through once."""

    name: str
    rows: Iterator[Row]


def sheets(document: Document) -> Iterator[Sheet]:
    """Sheets of a workbook in their order, cells as they are shown.

    Raises BadInput when the archive is no workbook or is damaged.
    """
    return _guarded(_sheets(document), document)


def sheets_as_xml(document: Document) -> Iterator[Sheet]:
    """The same sheets from their XML, cells as they are stored: to count rows without openpyxl.

    Raises BadInput when the archive is no workbook, is damaged, or declares XML entities.
    """
    return _guarded(_sheets_as_xml(document), document)


T = TypeVar("T")


def _guarded(found: Iterator[T], document: Document) -> Iterator[T]:
    """What is found, with every fault of the archive said in one line."""
    try:
        yield from found
    except _BROKEN as error:
        cause = " ".join(str(error).split())[:100] or type(error).__name__
        message = f"{document.name}: is a ZIP archive, and no whole workbook ({cause})"
        raise BadInput(f"{message}; unpack it, export it again or save it as CSV") from error


def _sheets(document: Document) -> Iterator[Sheet]:
    from openpyxl import load_workbook  # noqa: PLC0415 - 0.2 s that only workbooks need

    with document.bytes_of() as stream:
        with zipfile.ZipFile(stream) as archive:
            _refuse_unsafe(archive, document)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells of styles and extensions that it does not keep
            book = load_workbook(stream, read_only=True, keep_links=False)
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # some programs write that a sheet has one cell
            yield Sheet(sheet.title, _guarded(_rows(sheet.iter_rows()), document))


def _rows(found: Iterator[Sequence[_Cell]]) -> Iterator[Row]:
    line = 0
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            batch = [[_shown(cell) for cell in row] for row in islice(found, _BATCH)]
        if not batch:
            return
        for cells in batch:
            line += 1
            if any(map(str.strip, cells)):
                yield Row(line, line, cells, _raw(cells))


class _Cell(Protocol):
    """What is needed of openpyxl's cells."""

    @property
    def value(self) -> object: ...
    @property
    def number_format(self) -> str: ...


def _raw(cells: Sequence[str]) -> str:
    """A row as a line of CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _shown(cell: _Cell) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("_x000D_", "") if "_x000D_" in value else value
    if isinstance(value, dt.date):
        return _date_shown(value, cell.number_format)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(getattr(value, "text", None) or value)  # formulas over several cells are objects


def _date_shown(value: dt.date, number_format: str) -> str:
    """ISO 8601; where the sheet shows only a part (``08-Nov``) that part first, the date behind it."""
    midnight = isinstance(value, dt.datetime) and value.time() == dt.time()
    iso = (value.date() if isinstance(value, dt.datetime) and midnight else value).isoformat()
    shown = _NOT_SHOWN.sub("", number_format).lower()
    month = _MONTHS[value.month - 1]
    if "m" in shown and "d" in shown and "y" not in shown:
        return f"{value.day:02d}-{month} (a date in the spreadsheet: {iso})"
    if "m" in shown and "y" in shown and "d" not in shown:
        return f"{month}-{value.year % 100:02d} (a date in the spreadsheet: {iso})"
    return iso


def _sheets_as_xml(document: Document) -> Iterator[Sheet]:
    with document.bytes_of() as stream, zipfile.ZipFile(stream) as archive:
        if "xl/workbook.xml" not in archive.namelist():
            raise BadInput(
                f"{document.name}: is a ZIP archive and no workbook; unpack it and name the export file in it"
            )
        _refuse_unsafe(archive, document)
        shared = _shared_strings(archive)
        for name, path in _parts(archive):
            yield Sheet(name, _guarded(_xml_rows(archive, path, shared), document))


def _refuse_unsafe(archive: zipfile.ZipFile, document: Document) -> None:
    """Raise BadInput when a part is too large, or declares anything: whatever its name, its encoding, and where."""
    for part in archive.infolist():
        if part.file_size > _LARGEST:
            raise BadInput(f"{document.name}: {part.filename} in it is larger than 2 GB; save it as CSV")
        with archive.open(part) as stream:
            _refuse_declarations(stream, f"{document.name}: {part.filename}")


def _refuse_declarations(stream: IO[bytes], place: str) -> None:
    """Let the parser that openpyxl uses tell of a document type; what is no XML is left to who reads it."""

    def refuse(*_: object) -> NoReturn:
        raise BadInput(f"{place} in it declares entities, which no workbook does; save it as CSV")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        while piece := stream.read(_PIECE):
            parser.Parse(piece, False)
    except expat.ExpatError:
        return


def _parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Name and path of each sheet that holds cells, in the workbook's order."""
    relations = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {
        relation.get("Id", ""): relation.get("Target", "")
        for relation in relations
        if relation.get("Type", "").endswith("/worksheet")
    }
    for element in ET.fromstring(archive.read("xl/workbook.xml")).iter():
        if _local(element) == "sheet":
            target = targets.get(next((v for k, v in element.items() if _RELATION.fullmatch(k)), ""))
            if target:
                path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
                yield element.get("name", ""), str(PurePosixPath(path))


def _shared_strings(archive: zipfile.ZipFile) -> list[str]:
    path = next((name for name in archive.namelist() if name.lower() == "xl/sharedstrings.xml"), None)
    if path is None:
        return []
    found: list[str] = []
    with archive.open(path) as stream:
        for _, element in ET.iterparse(stream):
            if _local(element) == "si":
                found.append(_string(element))
                element.clear()
    return found


def _string(element: ET.Element) -> str:
    """Text of a string, without the readings set above Japanese."""
    runs = [run for run in element if _local(run) in {"t", "r"}]
    return "".join(text.text or "" for run in runs for text in run.iter() if _local(text) == "t")


def _xml_rows(archive: zipfile.ZipFile, path: str, shared: list[str]) -> Iterator[Row]:
    line = 0
    with archive.open(path) as stream:
        for _, element in ET.iterparse(stream):
            if _local(element) == "row":
                line = int(element.get("r") or line + 1)
                cells = [_stored(cell, shared) for cell in element if _local(cell) == "c"]
                if any(map(str.strip, cells)):
                    yield Row(line, line, cells, "")
                element.clear()


def _stored(cell: ET.Element, shared: list[str]) -> str:
    """Text of a cell: its formula, its string, or its number."""
    parts = {_local(part): part for part in cell}
    if "is" in parts:
        return _string(parts["is"])
    if "f" in parts and parts["f"].text:
        return f"={parts['f'].text}"
    value = (parts["v"].text or "") if "v" in parts else ""
    return shared[int(value)] if cell.get("t") == "s" and value else value


def _local(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]
