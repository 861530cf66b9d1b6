"""Judgements of pairs, the reports that follow from them, and the keys by which candidates are found."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from curation.model import Relation
from curation.store.connect import Change

_PART = 500  # bound values in one query; SQLite's default limit was 999 in old builds


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgement of a pair that stands: a person's, else the newest rule's. ``left`` < ``right``.

    ``kind`` tells how two related reports are related. ``weights`` are field, points and what was seen there.
    """

    left: int
    right: int
    relation: Relation
    by_person: bool
    evidence: str
    by: str = ""
    kind: str = ""
    score: float | None = None
    engine: str = ""
    weights: tuple[tuple[str, float, str], ...] = ()


_COLUMNS = "left_id, right_id, relation, basis, evidence, by, kind, score, engine, weights"


def standing(sql: sqlite3.Connection) -> tuple[Judged, ...]:
    """Every pair's judgement in force, in the order it was made."""
    return tuple(_judged(row) for row in sql.execute(f"SELECT {_COLUMNS} FROM judgement_now ORDER BY id"))  # noqa: S608 - our own column names


def standing_of(sql: sqlite3.Connection, records: Iterable[int]) -> tuple[Judged, ...]:
    """Judgements in force of every pair that one of ``records`` is in."""
    found: dict[tuple[int, int], Judged] = {}
    for part in _parts(records):
        for side in ("left_id", "right_id"):
            query = f"SELECT {_COLUMNS} FROM judgement_now WHERE {side} IN ({_marks(part)})"  # noqa: S608 - names and question marks only
            found.update(((j.left, j.right), j) for j in map(_judged, sql.execute(query, part)))
    return tuple(found[pair] for pair in sorted(found))


def unsure(sql: sqlite3.Connection) -> tuple[Judged, ...]:
    """Pairs that a rule leaves to a person; a person's ``unsure`` only takes a judgement back."""
    query = f"SELECT {_COLUMNS} FROM judgement_now {_UNSURE} ORDER BY id"  # noqa: S608 - our own column names
    return tuple(map(_judged, sql.execute(query)))


def unsure_pairs(sql: sqlite3.Connection) -> tuple[tuple[int, int], ...]:
    """The records of each of these pairs alone."""
    return tuple(map(tuple, sql.execute(f"SELECT left_id, right_id FROM judgement_now {_UNSURE}")))  # noqa: S608 - our own words


# Through the index of the few that ever were unsure; by the view alone SQLite walks every judgement.
_UNSURE = "WHERE id IN (SELECT id FROM judgement WHERE relation = 'unsure') AND basis = 'rule'"


def by_people(sql: sqlite3.Connection) -> tuple[Judged, ...]:
    """Pairs on which a person's judgement is in force."""
    query = (
        f"SELECT {_COLUMNS} FROM judgement_now WHERE id IN (SELECT id FROM judgement WHERE basis = 'person')"  # noqa: S608 - our own column names
        " AND relation <> 'unsure' ORDER BY id"
    )
    return tuple(map(_judged, sql.execute(query)))


def history(sql: sqlite3.Connection, left: int, right: int) -> tuple[tuple[str, Judged], ...]:
    """Everything ever judged of a pair, oldest first, each with its time."""
    query = (
        f"SELECT c.at, {', '.join('j.' + name for name in _COLUMNS.split(', '))} FROM judgement j"  # noqa: S608 - our own column names
        " JOIN change c ON c.id = j.change_id WHERE left_id = ? AND right_id = ? ORDER BY j.id"
    )
    return tuple((row["at"], _judged(row)) for row in sql.execute(query, (left, right)))


def said_by_people(sql: sqlite3.Connection) -> tuple[tuple[int, Judged], ...]:
    """Everything people ever judged, oldest first, each with the number of its change."""
    query = f"SELECT {_COLUMNS}, change_id FROM judgement WHERE basis = 'person' ORDER BY id"  # noqa: S608 - our own column names
    return tuple((row["change_id"], _judged(row)) for row in sql.execute(query))


def _judged(row: sqlite3.Row) -> Judged:
    return Judged(
        left=row["left_id"],
        right=row["right_id"],
        relation=Relation(row["relation"]),
        by_person=row["basis"] == "person",
        evidence=row["evidence"],
        by=row["by"],
        kind=row["kind"],
        score=row["score"],
        engine=row["engine"],
        weights=tuple((field, points, seen) for field, points, seen in json.loads(row["weights"])),
    )


def add(change: Change, judged: Iterable[Judged]) -> None:
    """Keep judgements."""
    change.sql.executemany(
        "INSERT INTO judgement (left_id, right_id, relation, basis, evidence, by, kind, score, engine, weights,"
        " change_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                j.left,
                j.right,
                j.relation,
                "person" if j.by_person else "rule",
                j.evidence,
                j.by or change.stamp.by,
                j.kind,
                j.score,
                j.engine,
                json.dumps(j.weights, ensure_ascii=False, separators=(",", ":")),
                change.id,
            )
            for j in judged
        ),
    )


def placements(sql: sqlite3.Connection) -> dict[int, int]:
    """Report of every record."""
    return dict(sql.execute("SELECT record_id, report_id FROM record_report").fetchall())


def reports_of(sql: sqlite3.Connection, records: Iterable[int]) -> dict[int, int]:
    """Report of each of ``records``; unknown ones are left out."""
    found: dict[int, int] = {}
    for part in _parts(records):
        query = f"SELECT record_id, report_id FROM record_report WHERE record_id IN ({_marks(part)})"  # noqa: S608 - question marks only
        found.update(sql.execute(query, part).fetchall())
    return found


def members_of(sql: sqlite3.Connection, reports: Iterable[int]) -> dict[int, int]:
    """Report of every record that is in one of ``reports`` now."""
    wanted = sorted(set(reports))
    ever: set[int] = set(wanted)
    for part in _parts(wanted):
        query = f"SELECT DISTINCT record_id FROM placement WHERE report_id IN ({_marks(part)})"  # noqa: S608 - question marks only
        ever.update(row[0] for row in sql.execute(query, part))
    among = set(wanted)
    return {record: report for record, report in reports_of(sql, ever).items() if report in among}


@dataclass(frozen=True, slots=True)
class Identity:
    """Identifiers and title of one record, and where it came from."""

    record: int
    source: int
    pmid: str | None
    doi: str | None
    title: str
    year: int | None


def identities(sql: sqlite3.Connection) -> Iterator[Identity]:
    """Identifiers of every record."""
    rows = sql.execute(
        "SELECT r.id, r.source_id, v.pmid, v.doi, v.title, v.year FROM record r"
        " JOIN revision_now v ON v.record_id = r.id ORDER BY r.id"
    )
    return (Identity(*row) for row in rows)


def place(change: Change, moves: Iterable[tuple[int, int]]) -> None:
    """Put records into reports: pairs of record and report."""
    change.sql.executemany(
        "INSERT INTO placement (record_id, report_id, change_id) VALUES (?, ?, ?)",
        ((record, report, change.id) for record, report in moves),
    )


@dataclass(frozen=True, slots=True)
class Pass:
    """Up to which revision records have been compared, and by which engine."""

    engine: str
    revision: int


def last_pass(sql: sqlite3.Connection) -> Pass | None:
    """The newest pass, or None before the first."""
    row = sql.execute("SELECT engine, revision_id FROM dedupe_pass ORDER BY id DESC LIMIT 1").fetchone()
    return None if row is None else Pass(row[0], row[1])


def newest_revision(sql: sqlite3.Connection) -> int:
    """Number of the newest revision; 0 in an empty store."""
    return int(sql.execute("SELECT coalesce(max(id), 0) FROM revision").fetchone()[0])


def add_pass(change: Change, done: Pass) -> None:
    """Keep up to where records have been compared."""
    change.sql.execute(
        "INSERT INTO dedupe_pass (engine, revision_id, change_id) VALUES (?, ?, ?)",
        (done.engine, done.revision, change.id),
    )


def revised_after(sql: sqlite3.Connection, revision: int) -> list[int]:
    """Records that have a revision newer than ``revision``, in order."""
    rows = sql.execute("SELECT record_id FROM revision WHERE id > ?", (revision,))
    return sorted({row[0] for row in rows})  # DISTINCT would walk the index of all revisions


def dois_ever(sql: sqlite3.Connection, wanted: Iterable[int]) -> set[str]:
    """DOIs that any version of these records has or had."""
    found: set[str] = set()
    for part in _parts(wanted):
        query = f"SELECT doi FROM revision WHERE record_id IN ({_marks(part)}) AND doi IS NOT NULL"  # noqa: S608 - question marks only
        found.update(row[0] for row in sql.execute(query, part))
    return found


def sources_of(sql: sqlite3.Connection, records: Iterable[int]) -> dict[int, int]:
    """Source of each of ``records``."""
    found: dict[int, int] = {}
    for part in _parts(records):
        query = f"SELECT id, source_id FROM record WHERE id IN ({_marks(part)})"  # noqa: S608 - question marks only
        found.update(sql.execute(query, part).fetchall())
    return found


def issues_of(sql: sqlite3.Connection, source: int, most: int, until: int | None = None) -> list[str]:
    """What stands in the issue field of up to ``most`` records of a source, as of revision ``until``.

    The first ones by the source's own numbers, so that it makes no difference in which order they came.
    """
    rows = sql.execute(
        "SELECT v.issue FROM record r JOIN revision v ON v.record_id = r.id AND v.number = 1"
        " WHERE r.source_id = ? AND (?3 IS NULL OR v.id <= ?3) ORDER BY r.accession LIMIT ?2",
        (source, most, until),
    )
    return [row[0] for row in rows if row[0]]


def records_of_source(sql: sqlite3.Connection, source: int) -> set[int]:
    """Every record that came from a source."""
    return {row[0] for row in sql.execute("SELECT id FROM record WHERE source_id = ?", (source,))}


def forget_keys(change: Change) -> None:
    """Drop all block keys, to make them anew."""
    change.sql.execute("DELETE FROM block_key")


def add_keys(change: Change, keys: Iterable[tuple[int, int]]) -> None:
    """Keep block keys: pairs of key and record."""
    change.sql.executemany("INSERT OR IGNORE INTO block_key (key, record_id) VALUES (?, ?)", sorted(keys))


def blocks(sql: sqlite3.Connection, keys: Iterable[int], most: int = -1) -> dict[int, list[int]]:
    """Up to ``most`` records that share a key (-1: all of them), in order, by key; keys of no record are left out."""
    found: dict[int, list[int]] = {}
    for part in _parts(keys):
        rows = sql.execute(
            "SELECT k.value, (SELECT group_concat(record_id) FROM"
            " (SELECT record_id FROM block_key WHERE key = k.value LIMIT ?)) FROM json_each(?) k",
            (most, json.dumps(part)),
        )
        found.update((key, [int(record) for record in listed.split(",")]) for key, listed in rows if listed)
    return found


def _parts(records: Iterable[int]) -> Iterator[list[int]]:
    wanted = sorted(set(records))
    for start in range(0, len(wanted), _PART):
        yield wanted[start : start + _PART]


def _marks(part: Sequence[int]) -> str:
    return ",".join("?" * len(part))
