"""An extractor's sheet of one study as pages of text: how to fill it in, the study's fields, and a page for each table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from curation.extraction.compare import Cell, Filled, row_names
from curation.extraction.form import Column, Field, Form, Kind, asked_columns

MADE_BY = "livrev extraction sheet"
GUIDE, STUDY = "how to", "study"
STUDY_HEADER = ("field", "question", "answer", "page", "quote", "note", "what to write")
ROW = "row"
CSV_HEADER = (
    "study", "extractor", "entries", "table", "row", "field", "question", "answer", "page", "quote", "note",
    "what to write",
)  # fmt: skip
MISSING_WORDS = ("NR", "NA", "unclear")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'(?='*[=+\-@\t\r])")
_WANTED = {
    Kind.TEXT: "text",
    Kind.NUMBER: "a number as printed",
    Kind.MEAN_SD: "mean ± SD as printed",
    Kind.COUNT: "a whole number",
    Kind.PROPORTION: "2/11, 18.2 % or 2/11 (18.2 %)",
    Kind.DATE: "2024-03-15, 2024-03 or 2024",
    Kind.CHOICE: "one of the words",
    Kind.AUC: "AUC with its interval, as 0.812 (0.710-0.914)",
    Kind.TABLE: "rows",
}


Place = tuple[int | None, int]  # row and column of a page, from 0; row None: every row below the head


@dataclass(frozen=True, slots=True)
class Head:
    """Whose sheet of which study it is; ``entries`` is how many entries the extractor had made when it was written.

    Numbers of the store would tell how much the other has entered.
    """

    study: str
    extractor: str
    entries: int
    form: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a workbook; ``head`` is the number of its header's lines.

    ``words`` are its drop-downs, ``strict`` those of them that take nothing but their words.
    """

    name: str
    lines: tuple[tuple[str, ...], ...]
    head: int = 1
    words: Mapping[Place, tuple[str, ...]] = field(default_factory=dict)
    strict: frozenset[Place] = frozenset()


def pages(form: Form, head: Head, cells: Mapping[Cell, Filled], notes: Mapping[int, str]) -> tuple[Page, ...]:
    """The pages of a sheet; ``notes`` are those of entries by their number."""
    return (_guide(form, head), _study(form, cells, notes), *(_table(table, cells) for table in form.tables))


def csv_rows(
    form: Form, head: Head, cells: Mapping[Cell, Filled], notes: Mapping[int, str]
) -> Iterator[tuple[str, ...]]:
    """The same as lines of one table: a line a cell, and for each table the lines of a row to copy."""
    yield CSV_HEADER
    about = (head.study, head.extractor, str(head.entries))
    for one in form.asked:
        filled = cells.get(Cell("", one.id))
        said = (
            (filled.text, filled.location, filled.quote, notes.get(filled.entry, "")) if filled else ("",) * 4
        )
        yield _guarded((*about, "", "", one.id, one.label, *said, wanted(one)))
    for table in form.tables:
        for name in (*row_names(table, cells), ""):
            for column in asked_columns(table):
                filled = cells.get(Cell(name, f"{table.id}.{column.id}"))
                text = filled.text if filled and name else ""
                yield _guarded(
                    (*about, table.id, name, column.id, column.label, text, "", "", "", wanted(column))
                )


def unguarded(cell: str) -> str:
    """A cell of CSV without the apostrophe that keeps a spreadsheet from computing."""
    return _GUARDED.sub("", cell, count=1)


def wanted(column: Column) -> str:
    """What to write in a cell, in a line."""
    said = [_WANTED[column.kind]]
    if column.choices:
        said = [("several of: " if column.many else "one of: ") + ", ".join(column.choices)]
    if column.many:
        said.append("several parted by semicolons")
    if column.unit:
        said.append(f"in {column.unit}")
    if column.help:
        said.append(column.help)
    if column.example:
        said.append(f"e.g. {column.example}")
    return ("required; " if column.required else "") + "; ".join(said)


def _guarded(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"'{cell}" if _FORMULA.match(cell) else cell for cell in cells)


def _guide(form: Form, head: Head) -> Page:
    about = (
        (MADE_BY, "1"),
        ("study", head.study),
        ("extractor", head.extractor),
        ("entries", str(head.entries)),
        ("form", head.form),
    )
    advice = (
        "Fill in the pages that follow by yourself: the other extractor's sheet is not to be seen before both are done.",
        f"Page {STUDY}: write under answer; page and quote say where it stands in the paper.",
        "Other pages: one row a row of the table. The first column names the row; left empty, livrev names it.",
        "Write numbers as printed, with all their digits. The cells are text, so a spreadsheet leaves them alone.",
        f"{', '.join(MISSING_WORDS)} stand for not reported, not applicable and unclear. An empty cell says nothing.",
        "A row that is taken out of its page is taken back; an answer that is emptied is too.",
        f"Take it in with: livrev extract import FILE --as {head.extractor}",
    )
    what = ((f"{path}", f"{column.label}: {wanted(column)}") for path, column in _asked(form))
    lines = (*about, ("", ""), *((said, "") for said in advice), ("", ""), *what)
    return Page(GUIDE, lines, 0)


def _asked(form: Form) -> Iterator[tuple[str, Column]]:
    for one in form.asked:
        yield one.id, one
    for table in form.tables:
        for column in asked_columns(table):
            yield f"{table.id}.{column.id}", column


def _study(form: Form, cells: Mapping[Cell, Filled], notes: Mapping[int, str]) -> Page:
    lines: list[tuple[str, ...]] = [STUDY_HEADER]
    words: dict[Place, tuple[str, ...]] = {}
    for number, one in enumerate(form.asked, 1):
        filled = cells.get(Cell("", one.id))
        said = (
            (filled.text, filled.location, filled.quote, notes.get(filled.entry, "")) if filled else ("",) * 4
        )
        lines.append((one.id, one.label, *said, wanted(one)))
        if one.choices:
            words[number, 2] = (*one.choices, *MISSING_WORDS)
    strict: set[Place] = {(n, 2) for n, one in enumerate(form.asked, 1) if one.choices and not _open(one)}
    return Page(STUDY, tuple(lines), 1, words, frozenset(strict))


def _table(table: Field, cells: Mapping[Cell, Filled]) -> Page:
    columns = asked_columns(table)
    lines: list[tuple[str, ...]] = [("", *(c.label for c in columns)), (ROW, *(c.id for c in columns))]
    for name in row_names(table, cells):
        found = (cells.get(Cell(name, f"{table.id}.{c.id}")) for c in columns)
        lines.append((name, *(filled.text if filled else "" for filled in found)))
    chosen = [(n, c) for n, c in enumerate(columns, 1) if c.choices]
    words: dict[Place, tuple[str, ...]] = {(None, n): (*c.choices, *MISSING_WORDS) for n, c in chosen}
    strict: set[Place] = {(None, n) for n, c in chosen if not _open(c)}
    return Page(table.id, tuple(lines), 2, words, frozenset(strict))


def _open(column: Column) -> bool:
    """Whether a cell may hold more than one of the words as they are."""
    return column.many or any(choice.casefold() == "other" for choice in column.choices)
