"""The report of a living review as one self-contained HTML page."""

from __future__ import annotations

from dataclasses import dataclass

from curation.report.render import render
from curation.report.standing import Status
from curation.report.table import Table


@dataclass(frozen=True, slots=True)
class Link:
    """A study in the list: how it is cited, and where it can be read (empty address: no confirmed one)."""

    label: str
    citation: str
    address: str
    identifiers: str
    new: bool


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a reader needs to trace the page to the rows it was made of."""

    tool_version: str
    changes: int
    last_change: str
    protocol_sha256: str
    protocol_version: int


@dataclass(frozen=True, slots=True)
class Page:
    """Everything the report shows. SVGs are drawings of this report's own, inserted as they are."""

    title: str
    question: str
    status: Status
    overdue: tuple[str, ...]
    notices: tuple[str, ...]
    news: tuple[str, ...]
    overview: str
    flow_svg: str
    flow_caption: str
    tables: tuple[Table, ...]
    pooled: Table
    forest_svg: str
    forest_caption: str
    difference: tuple[str, ...]
    studies: tuple[Link, ...]
    provenance: Provenance


def as_html(page: Page) -> str:
    """The page; opens from disk, needs no network and no script."""
    return render("report.html.j2", page=page)
