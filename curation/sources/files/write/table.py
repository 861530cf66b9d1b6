"""CSV and XLSX: a row a report, a column a field; ``labels`` has the columns of co-authors' tools.

Cells that a spreadsheet would take for a formula (they begin with ``= + - @``, a tab or a carriage return) get
an apostrophe before them, which our reader takes off again (OWASP, *CSV Injection*). A row is one line: some tools
read a table line by line; the line breaks of an abstract are carried.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from curation.errors import LivrevError
from curation.model import Number
from curation.sources.files import carried
from curation.sources.files.write.exported import Exported, Form, name_of, one_line, with_carried

LONGEST_CELL = 32_767  # characters, Excel's limit
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_ESCAPED_LETTER = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # a spreadsheet reads _x0041_ as A
# A fixed day, so that the same reports give the same bytes; it is the first that a ZIP can tell.
_CREATED = dt.datetime(1980, 1, 1)  # noqa: DTZ001 - the file format has no time zone

Cell = Callable[[Exported], str]


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table, each with the text of its cell; a column ``livrev`` is added for what is carried."""

    columns: Mapping[str, Cell]

    @property
    def header(self) -> tuple[str, ...]:
        """Names of the columns."""
        return (*self.columns, carried.COLUMN)

    def cells(self, item: Exported, missing: str) -> list[str]:
        """Texts of one row."""
        return [*(neutral(one_line(cell(item))) for cell in self.columns.values()), missing]


def authors_of(item: Exported) -> str:
    """``Hu, Y.; Li, Z. J.``."""
    return "; ".join(map(name_of, item.citation.authors))


def keywords_of(item: Exported) -> str:
    """Keywords, parted by semicolons."""
    return "; ".join(item.citation.keywords)


def numbers(kind: Number) -> Cell:
    """Cell of the identifiers of one kind."""
    return lambda item: "; ".join(item.citation.numbers.get(kind, ()))


OURS = Layout(
    {
        "report": lambda item: f"R{item.report}",
        "state": lambda item: item.state,
        "stage": lambda item: item.stage or "",
        "decision": lambda item: item.decision or "",
        "reason": lambda item: item.reason,
        "reason_label": lambda item: item.reason_label,
        "note": lambda item: item.note,
        "title": lambda item: item.title,
        "authors": authors_of,
        "year": lambda item: str(item.citation.year or ""),
        "date": lambda item: item.citation.date,
        "journal": lambda item: item.citation.journal,
        "journal_abbreviation": lambda item: item.citation.journal_short,
        "volume": lambda item: item.citation.volume,
        "issue": lambda item: item.citation.issue,
        "pages": lambda item: item.citation.pages,
        "doi": lambda item: item.citation.doi or "",
        "pmid": lambda item: item.citation.pmid or "",
        "pmcid": lambda item: item.citation.pmcid or "",
        "embase": numbers(Number.EMBASE),
        "wos": numbers(Number.WOS),
        "scopus": numbers(Number.SCOPUS),
        "central": numbers(Number.CENTRAL),
        "trial": numbers(Number.TRIAL),
        "issn": numbers(Number.ISSN),
        "isbn": numbers(Number.ISBN),
        "language": lambda item: "; ".join(item.citation.language),
        "publication_types": lambda item: "; ".join(item.citation.publication_types),
        "keywords": keywords_of,
        "abstract": lambda item: item.citation.abstract,
        "sources": lambda item: "; ".join(item.sources),
        "round": lambda item: str(item.round),
        "unique_identifier": lambda item: item.accession,
    }
)


def write_csv(exported: Iterable[Exported], stream: IO[bytes], layout: Layout = OURS) -> int:
    """Write every report as a row of CSV (UTF-8, commas, a header); gives their number."""
    form = Form("table", lambda item, missing: _row(layout.cells(item, missing)), _row(layout.header))
    stream.write(form.head)
    n = 0
    for item, missing in with_carried(exported, form):
        stream.write(form.record(item, missing))
        n += 1
    return n


def write_xlsx(exported: Iterable[Exported], stream: IO[bytes]) -> int:
    """Write every report as a row of a workbook's only sheet, every cell a text; gives their number.

    What is carried of a very long abstract goes on in further, hidden columns. Raises LivrevError, with nothing
    written, when even these do not hold it.
    """
    layout = OURS
    form = Form("table", lambda item, missing: _row(_short(layout.cells(item, missing))), _row(layout.header))
    n = 0
    with tempfile.TemporaryFile() as whole:
        with _opened(whole, (*layout.header, *carried.MORE_COLUMNS)) as sheet:
            for item, missing in with_carried(exported, form):
                n += 1
                for column, cell in enumerate(
                    (*_short(layout.cells(item, "")[:-1]), *_pieces(missing, item))
                ):
                    if cell:
                        sheet.write_string(n, column, cell)
        whole.seek(0)
        shutil.copyfileobj(whole, stream)
    return n


def neutral(cell: str) -> str:
    """The cell as a text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _row(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def _short(cells: Iterable[str]) -> list[str]:
    return [_ESCAPED_LETTER.sub("_ ", cell)[:LONGEST_CELL] for cell in cells]


def _pieces(missing: str, item: Exported) -> list[str]:
    found = [missing[start : start + LONGEST_CELL] for start in range(0, len(missing), LONGEST_CELL)]
    if len(found) > 1 + len(carried.MORE_COLUMNS):
        message = f"R{item.report} is too long for a spreadsheet; export it as csv or jsonl"
        raise LivrevError(message)
    return found


@contextmanager
def _opened(stream: IO[bytes], header: tuple[str, ...]) -> Iterator[Any]:
    """A sheet with its header (xlsxwriter ships no types); its workbook is written when it is left."""
    import xlsxwriter  # noqa: PLC0415 - 0.1 s that only a spreadsheet should cost

    texts_only = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(stream, {"constant_memory": True, **texts_only}) as book:
        book.set_properties({"created": _CREATED})
        sheet = book.add_worksheet("reports")
        sheet.freeze_panes(1, 0)
        first_carried = len(header) - 1 - len(carried.MORE_COLUMNS)
        sheet.set_column(first_carried, len(header) - 1, None, None, {"hidden": True})
        for column, name in enumerate(header):
            sheet.write_string(0, column, name)
        yield sheet
