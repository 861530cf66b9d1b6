"""The boxes of the official PRISMA 2020 flow diagram, in its own words (Page et al., BMJ 2021;372:n71).

Four layouts come of one builder: new or updated (a previous version is given), with or without the arm of
other methods. The template's wording is kept to the letter; lines it does not have (what still waits, what
left since the previous version, duplicates among other methods) are added only where their number is not 0.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from curation.errors import Refused
from screening.flow import Arm, FlowCounts, Line, Totals, failures

Named = tuple[str, int | None]

_UNKNOWN_REASONS: tuple[Named, ...] = (("Reasons", None),)


class Column(IntEnum):
    """Columns of the diagram, from left to right."""

    PREVIOUS = 0
    MAIN = 1
    MAIN_SIDE = 2
    OTHER = 3
    OTHER_SIDE = 4


class Row(IntEnum):
    """Rows of the diagram, from top to bottom."""

    IDENTIFIED = 0
    SCREENED = 1
    SOUGHT = 2
    ASSESSED = 3
    INCLUDED = 4
    TOTAL = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a box before it is wrapped; ``indent`` counts levels."""

    text: str
    indent: int = 0


@dataclass(frozen=True, slots=True)
class Box:
    """A box: a stable name (``screened``), its place in the grid, and what it says."""

    id: str
    column: Column
    row: Row
    entries: tuple[Entry, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The texts alone."""
        return tuple(entry.text for entry in self.entries)

    @property
    def grey(self) -> bool:
        """Whether the template prints it grey: the parts that only some reviews have."""
        return self.row is Row.TOTAL or self.column not in {Column.MAIN, Column.MAIN_SIDE}


@dataclass(frozen=True, slots=True)
class Heading:
    """A title bar over the columns from ``first`` to ``last``."""

    text: str
    first: Column
    last: Column


@dataclass(frozen=True, slots=True)
class Diagram:
    """Headings, boxes in reading order, and arrows as pairs of box names."""

    headings: tuple[Heading, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[tuple[str, str], ...]

    def box(self, name: str) -> Box:
        """The box of that name. Raises KeyError when this layout has none."""
        for box in self.boxes:
            if box.id == name:
                return box
        raise KeyError(name)


def boxes(flow: FlowCounts) -> Diagram:
    """Boxes of ``flow``; raises Refused naming every identity that does not hold."""
    faults = tuple(str(failure) for failure in failures(flow))
    if faults:
        message = "the flow does not add up, so no diagram was drawn"
        raise Refused(message, faults=faults)
    updated = flow.previous is not None
    parts = [*_main_arm(_main_numbers(flow)), *_other_arm(flow), _included(flow.new, updated=updated)]
    headings = [_heading(updated=updated)]
    if flow.previous is not None:
        parts = [_previous(flow.previous), *parts, _total(flow)]
        headings.insert(0, Heading("Previous studies", Column.PREVIOUS, Column.PREVIOUS))
    if flow.other_sources:
        headings.append(_heading(updated=updated, other=True))
    return _diagram(headings, parts)


def unreported_boxes(databases: Sequence[str], studies: int | None, reports: int | None) -> Diagram:
    """Boxes of a new review whose numbers were not published: what is unknown says so and is never 0."""
    numbers = _Main(databases=tuple((name, None) for name in databases))
    included = _pair("included", Row.INCLUDED, _INCLUDED_NEW, (studies, reports))
    return _diagram([_heading(updated=False)], [*_main_arm(numbers), included])


@dataclass(frozen=True, slots=True)
class _Reports:
    """Numbers of one arm from retrieval on; None where not reported."""

    sought: int | None = None
    not_retrieved: int | None = None
    assessed: int | None = None
    excluded: tuple[Named, ...] = _UNKNOWN_REASONS
    awaiting_retrieval: int = 0
    awaiting_assessment: int = 0


@dataclass(frozen=True, slots=True)
class _Main:
    """Numbers of the main arm; None where not reported."""

    databases: tuple[Named, ...] = ()
    registers: tuple[Named, ...] = ()
    from_databases: int | None = None
    from_registers: int | None = None
    duplicates: int | None = None
    automation: int | None = None
    other_removed: int | None = None
    screened: int | None = None
    excluded: int | None = None
    excluded_by: tuple[Named, ...] = ()
    awaiting_screening: int = 0
    reports: _Reports = _Reports()


def _main_numbers(flow: FlowCounts) -> _Main:
    by: tuple[Named, ...] = ()
    if flow.excluded_automation > 0:
        human = flow.excluded - flow.excluded_automation
        by = (("by a human", human), ("by automation tools", flow.excluded_automation))
    return _Main(
        databases=_named(flow.databases),
        registers=_named(flow.registers),
        from_databases=sum(line.n for line in flow.databases),
        from_registers=sum(line.n for line in flow.registers),
        duplicates=flow.duplicates,
        automation=flow.automation,
        other_removed=flow.other_removed,
        screened=flow.screened,
        excluded=flow.excluded,
        excluded_by=by,
        awaiting_screening=flow.awaiting_screening,
        reports=_report_numbers(flow.main),
    )


def _report_numbers(arm: Arm) -> _Reports:
    return _Reports(
        sought=arm.sought,
        not_retrieved=arm.not_retrieved,
        assessed=arm.assessed,
        excluded=_named(arm.excluded),
        awaiting_retrieval=arm.awaiting_retrieval,
        awaiting_assessment=arm.awaiting_assessment,
    )


def _named(lines: Sequence[Line]) -> tuple[Named, ...]:
    return tuple((line.name, line.n) for line in lines)


def _main_arm(main: _Main) -> list[Box]:
    identified = (
        Entry("Records identified from:"),
        *_entries([("Databases", main.from_databases)], 1),
        *_entries(main.databases, 2),
        *_entries([("Registers", main.from_registers)], 1),
        *_entries(main.registers, 2),
    )
    removed = (
        Entry("Records removed before screening:"),
        Entry(_counted("Duplicate records removed", main.duplicates), 1),
        Entry(_counted("Records marked as ineligible by automation tools", main.automation), 1),
        Entry(_counted("Records removed for other reasons", main.other_removed), 1),
        *_waiting("Records awaiting screening", main.awaiting_screening),
    )
    screened = (Entry(_counted("Records screened", main.screened)),)
    excluded = (Entry(_counted("Records excluded", main.excluded)), *_entries(main.excluded_by, 1))
    return [
        Box("identified", Column.MAIN, Row.IDENTIFIED, identified),
        Box("removed", Column.MAIN_SIDE, Row.IDENTIFIED, removed),
        Box("screened", Column.MAIN, Row.SCREENED, screened),
        Box("records-excluded", Column.MAIN_SIDE, Row.SCREENED, excluded),
        *_from_retrieval(main.reports, "", Column.MAIN, Column.MAIN_SIDE),
    ]


def _other_arm(flow: FlowCounts) -> list[Box]:
    """The arm of other methods; nothing where no such source was searched."""
    if not flow.other_sources:
        return []
    identified = (
        Entry("Records identified from:"),
        *_entries(_named(flow.other_sources), 1),
        *_waiting("Duplicate records removed", flow.other_overlap),
        *_waiting("Records removed for other reasons", flow.other_arm_removed),
    )
    return [
        Box("other-identified", Column.OTHER, Row.IDENTIFIED, identified),
        *_from_retrieval(_report_numbers(flow.other), "other-", Column.OTHER, Column.OTHER_SIDE),
    ]


def _from_retrieval(arm: _Reports, prefix: str, column: Column, side: Column) -> list[Box]:
    not_retrieved = (
        Entry(_counted("Reports not retrieved", arm.not_retrieved)),
        *_waiting("Reports awaiting retrieval", arm.awaiting_retrieval),
    )
    excluded = (
        Entry("Reports excluded:" if arm.excluded else _counted("Reports excluded", 0)),
        *_entries(arm.excluded, 1),
        *_waiting("Reports awaiting assessment", arm.awaiting_assessment),
    )
    sought = (Entry(_counted("Reports sought for retrieval", arm.sought)),)
    assessed = (Entry(_counted("Reports assessed for eligibility", arm.assessed)),)
    return [
        Box(f"{prefix}sought", column, Row.SOUGHT, sought),
        Box(f"{prefix}not-retrieved", side, Row.SOUGHT, not_retrieved),
        Box(f"{prefix}assessed", column, Row.ASSESSED, assessed),
        Box(f"{prefix}reports-excluded", side, Row.ASSESSED, excluded),
    ]


_INCLUDED_NEW = ("Studies included in review", "Reports of included studies")
_INCLUDED_UPDATED = ("New studies included in review", "Reports of new included studies")
_PREVIOUS = (
    "Studies included in previous version of review",
    "Reports of studies included in previous version of review",
)
_TOTAL = ("Total studies included in review", "Reports of total included studies")
_LEFT = ("Studies removed since previous version", "Reports removed since previous version")
_LATE = ("Studies of earlier rounds included since", "Reports of earlier rounds included since")


def _included(new: Totals, *, updated: bool) -> Box:
    wording = _INCLUDED_UPDATED if updated else _INCLUDED_NEW
    return _pair("included", Row.INCLUDED, wording, (new.studies, new.reports))


def _previous(before: Totals) -> Box:
    numbers = zip(_PREVIOUS, (before.studies, before.reports), strict=True)
    return Box("previous", Column.PREVIOUS, Row.IDENTIFIED, _entries(tuple(numbers), 0))


def _total(flow: FlowCounts) -> Box:
    total = _pair("total", Row.TOTAL, _TOTAL, (flow.total.studies, flow.total.reports))
    late = zip(_LATE, (flow.late.studies, flow.late.reports), strict=True)
    left = zip(_LEFT, (flow.removed_since.studies, flow.removed_since.reports), strict=True)
    declared = tuple(entry for label, n in (*late, *left) for entry in _waiting(label, n))
    return dataclasses.replace(total, entries=(*total.entries, *declared))


def _pair(name: str, row: Row, wording: tuple[str, str], numbers: tuple[int | None, int | None]) -> Box:
    """A box of studies and their reports in the main column."""
    return Box(name, Column.MAIN, row, _entries(tuple(zip(wording, numbers, strict=True)), 0))


def _entries(lines: Sequence[Named], indent: int) -> tuple[Entry, ...]:
    return tuple(Entry(_counted(name, n), indent) for name, n in lines)


def _waiting(label: str, n: int) -> tuple[Entry, ...]:
    """A line the template does not have, so it stands only where there is something to say."""
    return (Entry(_counted(label, n)),) if n else ()


def _counted(label: str, n: int | None) -> str:
    return f"{label} (n = {n:,})" if n is not None else f"{label} (n = not reported)"


def _heading(*, updated: bool, other: bool = False) -> Heading:
    studies = "new studies" if updated else "studies"
    if other:
        title = f"Identification of {studies} via other methods"
        return Heading(title, Column.OTHER, Column.OTHER_SIDE)
    title = f"Identification of {studies} via databases and registers"
    return Heading(title, Column.MAIN, Column.MAIN_SIDE)


_ARROWS = (
    ("previous", "total"),
    ("identified", "removed"),
    ("identified", "screened"),
    ("screened", "records-excluded"),
    ("screened", "sought"),
    ("sought", "not-retrieved"),
    ("sought", "assessed"),
    ("assessed", "reports-excluded"),
    ("assessed", "included"),
    ("other-identified", "other-sought"),
    ("other-sought", "other-not-retrieved"),
    ("other-sought", "other-assessed"),
    ("other-assessed", "other-reports-excluded"),
    ("other-assessed", "included"),
    ("included", "total"),
)


def _diagram(headings: Sequence[Heading], parts: Sequence[Box]) -> Diagram:
    there = {box.id for box in parts}
    arrows = tuple((start, end) for start, end in _ARROWS if {start, end} <= there)
    return Diagram(tuple(headings), tuple(parts), arrows)
