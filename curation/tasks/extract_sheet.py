"""An extractor's entries out to a spreadsheet and back in: what is not changed in it changes nothing here."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curation.errors import BadInput, Refused, Usage
from curation.extraction.compare import Cell
from curation.extraction.entered import place, sheet
from curation.extraction.form import Form
from curation.extraction.spreadsheet_layout import Head, csv_rows, pages, unguarded
from curation.extraction.spreadsheet_read import Filled, Grid, Line, absent, from_csv, from_workbook
from curation.extraction.spreadsheet_xlsx import workbook
from curation.sources.files import xlsx
from curation.sources.files.decode import Document, open_document
from curation.store.connect import Stamp
from curation.store.extractions import EntryRow
from curation.tasks.extract_entry import Entered, Typed, changes, enter, reading
from curation.tasks.extract_form import in_force
from curation.tasks.extract_own import Own, own
from curation.tasks.keep import keep
from curation.tasks.review import Review


@dataclass(frozen=True, slots=True)
class Taken:
    """What a sheet came to."""

    file: str
    entered: Entered


def write_sheet(review: Review, key: str, by: str, path: Path, *, overwrite: bool = False) -> Path:
    """Write the extractor's own sheet of a study, as ``.xlsx`` or ``.csv``; gives its path.

    Raises Usage for another suffix or a file that may not be overwritten, Refused for texts too long for Excel.
    """
    _refuse_place(path, overwrite=overwrite)
    mine = own(review, key, by)
    current = in_force(review)
    head = Head(key, by, len(mine.entries), f"{current.form.name} {current.form.version}")
    notes = {entry.id: entry.note for entry in mine.entries}
    if path.suffix.lower() == ".csv":
        content = _csv(mine, head, notes)
    else:
        content = workbook(pages(mine.form, head, mine.cells, notes))
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        half.write_bytes(content)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return path


def take_sheet(review: Review, path: Path, by: str, stamp: Stamp, *, dry_run: bool = False) -> Taken:
    """Store what the extractor changed in their sheet, all or nothing; the file is copied to ``inbox/``.

    Raises BadInput with every faulty cell of the file, Refused for somebody else's sheet.
    """
    document = open_document(path)
    form = in_force(review).form
    found = _read(form, document)
    if found.extractor != by:
        message = (
            f"{path.name} is the sheet of {found.extractor or 'nobody'}, not of {by}; nothing was stored"
        )
        raise Refused(message)
    mine = own(review, found.study, by)
    typed, overtaken = _merged(found, mine)
    faults, doubts = reading(form, typed)
    faults = (*found.faults, *faults, *overtaken)
    if faults:
        message = f"{path.name} has {len(faults)} fault{'s' if len(faults) > 1 else ''}; nothing was stored"
        raise BadInput(message, faults=faults)
    if dry_run:
        return Taken(path.name, Entered(found.study, *_counted(mine, typed), doubts))
    done = enter(review, found.study, by, typed, stamp)
    if done.filled or done.emptied:
        keep(path, review.folder / "inbox", document.sha256)
    return Taken(path.name, done)


def _refuse_place(path: Path, *, overwrite: bool) -> None:
    if path.suffix.lower() not in {".csv", ".xlsx"} or path.is_dir() or not path.parent.is_dir():
        message = f"{path} is no place for a sheet; name a file that ends in .xlsx or .csv, in a folder that is there"
        raise Usage(message)
    if path.exists() and not overwrite:
        message = f"{path} exists already; name another file, or say --force to replace it"
        raise Usage(message)


def _csv(mine: Own, head: Head, notes: dict[int, str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(csv_rows(mine.form, head, mine.cells, notes))
    return b"\xef\xbb\xbf" + text.getvalue().encode()  # by the mark Excel knows the file as UTF-8


def _read(form: Form, document: Document) -> Filled:
    if not document.encoding:
        grids = [
            Grid(sheet.name, tuple((row.line, [c.strip() for c in row.cells]) for row in sheet.rows))
            for sheet in xlsx.sheets(document)
        ]
        return from_workbook(form, grids, document.name)
    lines = _csv_lines(document)
    _, header = next(lines, (1, []))
    return from_csv(form, header, lines, document.name)


def _csv_lines(document: Document) -> Iterator[Line]:
    first = document.head().split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader((f"{line}\n" for line in document.lines()), delimiter=delimiter)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [unguarded(cell.strip()) for cell in cells]
    except csv.Error as problem:
        message = f"{document.name}: line {reader.line_num}: {problem}; save it again as CSV"
        raise BadInput(message) from problem


def _merged(found: Filled, mine: Own) -> tuple[list[Typed], list[str]]:
    """What the sheet says, less the cells it leaves as they were and that were entered anew after it was written.

    A cell that was changed both here and there is a fault.
    """
    typed, overtaken = [], []
    before = sheet(mine.form, mine.entries[: found.entries], found.extractor)
    later = {Cell(e.row, mine.form.today(e.field)): e for e in mine.entries[found.entries :]}
    for one in _typed(found, mine):
        entry, base = later.get(one.cell), before.get(one.cell)
        if entry is None or entry.via == one.via:
            typed.append(one)
        elif " ".join(one.text.split()) not in (
            base.text if base else "",
            entry.text if entry.standing else "",
        ):
            overtaken.append(_said_twice(one, entry))
    return typed, overtaken


def _typed(found: Filled, mine: Own) -> Iterator[Typed]:
    via = f"sheet {found.entries}"
    for one in found.cells:
        yield Typed(one.cell, one.text, one.location, one.quote, one.note, via, one.place)
    for cell in absent(found, mine.cells):
        yield Typed(cell, "", via=via)


def _said_twice(one: Typed, entry: EntryRow) -> str:
    at = f"{one.origin}: " if one.origin else ""
    now = f"entered as {entry.text!r}" if entry.standing else "emptied"
    return f"{at}{place(one.cell)} was {now} after this sheet was written; write the sheet anew, or enter this one by itself"


def _counted(mine: Own, typed: list[Typed]) -> tuple[int, int]:
    new = changes(mine, typed)
    filled = sum(entry.standing for entry in new)
    return filled, len(new) - filled
