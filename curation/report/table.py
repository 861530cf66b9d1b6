"""A table as values, and its renderings: CSV, Markdown and an HTML page."""

from __future__ import annotations

from dataclasses import dataclass

from curation.report.render import render


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a header; ``notes`` are printed below. ``key`` names its files (``table-1``)."""

    key: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def as_csv(table: Table) -> str:
    """The table as CSV (RFC 4180, header first)."""
    import pandas as pd  # noqa: PLC0415 - half a second; only where a table is written

    frame = pd.DataFrame(list(table.rows), columns=list(table.header), dtype=str)
    return frame.to_csv(index=False, lineterminator="\n")


def as_markdown(table: Table) -> str:
    """The table as a Markdown pipe table under its title."""
    return render("table.md.j2", table=table)


def as_html(table: Table) -> str:
    """The table as a page of its own."""
    return render("table.html.j2", table=table)
