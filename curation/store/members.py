"""Records as members of reports: where each is from, and what the searches of a source brought again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_PART = 500  # bound values in one query; SQLite's default limit was 999 in old builds


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record is from: its source's name, the source's number for it, its round, and the form it came in."""

    record: int
    report: int
    source: str
    accession: str
    round: int
    raw_format: str


def origins(sql: sqlite3.Connection, records: Iterable[int]) -> dict[int, Origin]:
    """Where each of ``records`` is from; unknown ones are left out."""
    wanted = sorted(set(records))
    found: dict[int, Origin] = {}
    for start in range(0, len(wanted), _PART):
        part = wanted[start : start + _PART]
        marks = ",".join("?" * len(part))
        rows = sql.execute(
            "SELECT r.id, p.report_id, t.name, r.accession, n.number, v.raw_format FROM record r"  # noqa: S608 - question marks only
            " JOIN record_report p ON p.record_id = r.id"
            " JOIN revision v ON v.record_id = r.id AND v.number = 1"
            " JOIN search_run s ON s.id = r.run_id"
            " JOIN strategy t ON t.id = s.strategy_id"
            f" JOIN round n ON n.id = s.round_id WHERE r.id IN ({marks})",
            part,
        )
        found.update((row[0], Origin(*row)) for row in rows)
    return found


def placed(sql: sqlite3.Connection) -> Iterator[tuple[int, int, str]]:
    """Every record in order, with its report and the key of its source."""
    rows = sql.execute(
        "SELECT r.id, p.report_id, c.key FROM record r JOIN record_report p ON p.record_id = r.id"
        " JOIN source c ON c.id = r.source_id ORDER BY r.id"
    )
    return ((row[0], row[1], row[2]) for row in rows)


@dataclass(frozen=True, slots=True)
class Brought:
    """What all search runs of a source brought, beyond records that were new.

    ``again`` counts records of earlier runs that a later one found too, once for each run; ``back`` those of them
    that a run between had missed; ``twice`` records that stood twice in one file.
    """

    source: str
    name: str
    runs: int
    again: int
    back: int
    twice: int


def brought(sql: sqlite3.Connection) -> tuple[Brought, ...]:
    """What the runs of each source that was ever searched brought, in the order of the sources."""
    rows = sql.execute(
        "WITH run AS ("
        " SELECT s.id, t.source_id, s.how, s.found, coalesce(s.known, 0) AS known,"
        " (SELECT count(*) FROM hit h WHERE h.run_id = s.id AND h.event = 'new') AS new,"
        " (SELECT count(*) FROM hit h WHERE h.run_id = s.id AND h.event = 'back') AS back"
        " FROM search_run s JOIN strategy t ON t.id = s.strategy_id)"
        " SELECT c.key, n.name, count(*), sum(run.known), sum(run.back),"
        " sum(CASE WHEN run.how = 'file' THEN run.found - run.known - run.new ELSE 0 END)"
        " FROM run JOIN source c ON c.id = run.source_id JOIN strategy_now n ON n.source_id = c.id"
        " GROUP BY c.id ORDER BY c.id"
    )
    return tuple(Brought(*row) for row in rows)
