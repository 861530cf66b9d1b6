"""Writes pages as a workbook: every cell a text, drop-downs where the form has words. Formulas are off.

Needs xlsxwriter, which is imported when a workbook is written.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

from curation.errors import Refused
from curation.extraction.spreadsheet_layout import GUIDE, STUDY, Page

LONGEST_CELL = 32_767  # characters, Excel's limit
SPARE_ROWS = 100  # of a table, ready to be filled in
_WORDS = "words"
_WIDTHS = {GUIDE: (34, 110), STUDY: (24, 38, 40, 14, 40, 24, 70)}
_WIDTH = 22
# A fixed day, so that the same entries give the same bytes; it is the first that a ZIP can tell.
_CREATED = dt.datetime(1980, 1, 1)  # noqa: DTZ001 - the file format has no time zone


def workbook(pages: Sequence[Page]) -> bytes:
    """The bytes of a workbook with these pages.

    Raises Refused when a text is longer than a spreadsheet's cell can be.
    """
    import xlsxwriter  # noqa: PLC0415 - 0.1 s that only a spreadsheet should cost

    for page in pages:
        _refuse_long(page)
    whole = io.BytesIO()
    texts_only = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(whole, {"in_memory": True, **texts_only}) as book:
        book.set_properties({"created": _CREATED})
        text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        bold = book.add_format({"num_format": "@", "bold": True, "bottom": 1, "valign": "top"})
        sheets = [(page, book.add_worksheet(page.name)) for page in pages]
        words = book.add_worksheet(_WORDS)
        words.hide()
        column = 0
        for page, sheet in sheets:
            _write(sheet, page, text, bold)
            column = _drop_downs(sheet, words, page, column)
    return whole.getvalue()


def _refuse_long(page: Page) -> None:
    for line in page.lines:
        for cell in line:
            if len(cell) > LONGEST_CELL:
                message = (
                    f"{line[0]} on page {page.name} is too long for a spreadsheet; write the sheet as CSV"
                )
                raise Refused(message)


def _write(sheet: Any, page: Page, text: Any, bold: Any) -> None:  # noqa: ANN401 - xlsxwriter ships no types
    for column, width in enumerate(_WIDTHS.get(page.name, (_WIDTH,) * len(page.lines[-1]))):
        sheet.set_column(column, column, width, text)
    sheet.freeze_panes(page.head, 1 if page.head else 0)
    for row, line in enumerate(page.lines):
        for column, cell in enumerate(line):
            sheet.write_string(row, column, cell, bold if row < page.head else text)


def _drop_downs(sheet: Any, words: Any, page: Page, column: int) -> int:  # noqa: ANN401 - xlsxwriter ships no types
    """The drop-downs of a page, their words in columns of a hidden sheet from ``column`` on; gives the next free one."""
    last = len(page.lines) + SPARE_ROWS
    for (row, at), choices in page.words.items():
        for number, choice in enumerate(choices):
            words.write_string(number, column, choice)
        sheet.data_validation(
            page.head if row is None else row,
            at,
            last if row is None else row,
            at,
            {
                "validate": "list",
                "source": _range(column, len(choices)),
                "error_type": "stop" if (row, at) in page.strict else "information",
                "error_title": "Not one of the words",
                "error_message": "Choose one of the list; several, where that is allowed, are parted by semicolons.",
            },
        )
        column += 1
    return column


def _range(column: int, length: int) -> str:
    from xlsxwriter.utility import xl_col_to_name  # noqa: PLC0415 - see workbook

    name = xl_col_to_name(column)
    return f"={_WORDS}!${name}$1:${name}${length}"
