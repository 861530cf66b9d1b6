"""Records taken out before screening, and what the rules that take them out must know of a report."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from curation.store.connect import Change

_PART = 500  # bound values in one query; SQLite's default limit was 999 in old builds


class Standing(NamedTuple):
    """A removal that stands: the record, the PRISMA box (``automation`` or ``other``), and the rule that it names."""

    record: int
    cause: str
    rule: str


class NewRemoval(NamedTuple):
    """A removal to be kept; the cause ``none`` takes an earlier one back."""

    record: int
    cause: str
    rule: str


def add(change: Change, removals: Iterable[NewRemoval]) -> None:
    """Keep removals, in the name of whoever makes the change."""
    change.sql.executemany(
        "INSERT INTO removal (record_id, cause, rule, by, change_id) VALUES (?, ?, ?, ?, ?)",
        ((one.record, one.cause, one.rule, change.stamp.by, change.id) for one in removals),
    )


def standing(sql: sqlite3.Connection, beginning: str) -> list[Standing]:
    """Removals that stand whose rule begins like this, by record."""
    rows = sql.execute(
        "SELECT record_id, cause, rule FROM removal_now WHERE substr(rule, 1, length(?1)) = ?1 ORDER BY record_id",
        (beginning,),
    )
    return [Standing(*row) for row in rows]


def removed(sql: sqlite3.Connection, records: Iterable[int]) -> dict[int, Standing]:
    """Those of ``records`` that are out, by whichever rule."""
    found: dict[int, Standing] = {}
    for part in _parts(records):
        query = f"SELECT record_id, cause, rule FROM removal_now WHERE record_id IN ({_marks(part)})"  # noqa: S608 - question marks only
        found.update((row[0], Standing(*row)) for row in sql.execute(query, part))
    return found


def publication_types(sql: sqlite3.Connection) -> dict[int, tuple[str, ...]]:
    """Publication types of every record that names some, as it was last indexed."""
    known: dict[str, tuple[str, ...]] = {}  # a store names few combinations, and each many times
    found = {}
    for record, text in sql.execute(
        "SELECT record_id, publication_types FROM revision_now WHERE publication_types <> '[]'"
    ):
        if text not in known:
            known[text] = tuple(json.loads(text))
        found[record] = known[text]
    return found


def of_recorded_rounds(sql: sqlite3.Connection, reports: Iterable[int]) -> set[int]:
    """Those of ``reports`` whose round was screened here, or will be."""
    found: set[int] = set()
    for part in _parts(reports):
        rows = sql.execute(
            "SELECT r.id FROM record r JOIN search_run s ON s.id = r.run_id JOIN round n ON n.id = s.round_id"  # noqa: S608 - question marks only
            f" WHERE n.flow = 'recorded' AND r.id IN ({_marks(part)})",
            part,
        )
        found.update(row[0] for row in rows)
    return found


def worked_on(sql: sqlite3.Connection, records: Iterable[int]) -> set[int]:
    """Those of ``records`` that ever got a vote or whose full text was sought, also where that was taken back."""
    found: set[int] = set()
    for part in _parts(records):
        rows = sql.execute(
            f"SELECT report_id FROM vote WHERE report_id IN ({_marks(part)})"  # noqa: S608 - question marks only
            f" UNION SELECT report_id FROM fulltext_event WHERE report_id IN ({_marks(part)})",
            (*part, *part),
        )
        found.update(row[0] for row in rows)
    return found


def _parts(values: Iterable[int]) -> Iterable[Sequence[int]]:
    wanted = sorted(set(values))
    return (wanted[start : start + _PART // 2] for start in range(0, len(wanted), _PART // 2))


def _marks(part: Sequence[int]) -> str:
    return ",".join("?" * len(part))
