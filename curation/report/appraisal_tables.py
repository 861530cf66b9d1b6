"""Tables of risk of bias and applicability: a line a study, and the shares of each judgement in each domain.

``Panel`` is also what a traffic-light plot or its summary is drawn from. Shares follow robvis (McGuinness & Higgins,
Res Synth Methods 2021;12:55): of the lines judged, or of their weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curation.report.table import Table

NOT_JUDGED = "-"


@dataclass(frozen=True, slots=True)
class Column:
    """A domain, or an overall judgement; ``group`` is what its judgements are of ("risk of bias", "applicability")."""

    id: str
    title: str
    group: str


@dataclass(frozen=True, slots=True)
class Line:
    """A study or an evaluation with its judgements by column; ``weight`` is its weight in a synthesis."""

    label: str
    judgements: Mapping[str, str]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Panel:
    """Judgements of one instrument. ``levels`` run from best to worst."""

    key: str
    title: str
    levels: tuple[str, ...]
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()


def judgements_table(panel: Panel) -> Table:
    """A line a study, a column a domain."""
    header = ("Study", *(_heading(column) for column in panel.columns))
    rows = tuple(
        (line.label, *(line.judgements.get(column.id, NOT_JUDGED) for column in panel.columns))
        for line in panel.lines
    )
    return Table(panel.key, panel.title, header, rows, panel.notes)


def shares_table(panel: Panel) -> Table:
    """A line a domain, a column a judgement: how many lines of the panel, and which share."""
    header = ("Judgement of", "Judged", *(level.capitalize() for level in panel.levels))
    rows = tuple(_shares_row(panel, column) for column in panel.columns)
    return Table(f"{panel.key}-summary", f"{panel.title}: summary", header, rows, panel.notes)


def shares(panel: Panel, column: str) -> dict[str, float]:
    """Share of each judgement in a column (0 to 1, by weight), best to worst; lines without one are not counted."""
    weights = dict.fromkeys(_levels(panel, column), 0.0)
    for line in _judged(panel, column):
        weights[line.judgements[column]] += line.weight
    total = sum(weights.values())
    return {level: weight / total if total else 0.0 for level, weight in weights.items()}


def _levels(panel: Panel, column: str) -> tuple[str, ...]:
    """The instrument's levels, then any other that stands there (a form that has changed)."""
    found = (line.judgements[column] for line in _judged(panel, column))
    return tuple(dict.fromkeys([*panel.levels, *found]))


def _judged(panel: Panel, column: str) -> Sequence[Line]:
    return [line for line in panel.lines if line.judgements.get(column)]


def _shares_row(panel: Panel, column: Column) -> tuple[str, ...]:
    judged = _judged(panel, column.id)
    found = shares(panel, column.id)
    counts = {level: sum(line.judgements[column.id] == level for line in judged) for level in panel.levels}
    cells = (f"{counts[level]} ({found[level]:.0%})" for level in panel.levels)
    return (_heading(column), str(len(judged)), *cells)


def _heading(column: Column) -> str:
    return f"{column.title} ({column.group})"
