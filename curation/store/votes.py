"""Votes, resolutions and full-text events: rows that are only added; "now" is the latest that nobody undid."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from curation.model import Decision, Stage
from curation.store.connect import Change


@dataclass(frozen=True, slots=True)
class StoredVote:
    """A current vote: the newest of one reviewer on one report at one stage that was not undone."""

    id: int
    report: int
    stage: Stage
    reviewer: str
    decision: Decision
    reason: str | None
    note: str


@dataclass(frozen=True, slots=True)
class StoredResolution:
    """A resolution in force."""

    id: int
    report: int
    stage: Stage
    kind: str
    decision: Decision
    reason: str | None
    signed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewVote:
    """A vote to be cast. ``uid`` makes sending it twice store it once.

    ``secondary`` are codes of further reasons, ``milliseconds`` the time on the screen (None: not measured),
    ``ranking`` what had put the report where it was read. ``criteria`` (their number) and ``cast_at`` (UTC, ISO 8601)
    are given where it was cast elsewhere and earlier than it comes in.
    """

    uid: str
    report: int
    stage: Stage
    reviewer: str
    decision: Decision
    reason: str | None = None
    note: str = ""
    secondary: tuple[str, ...] = ()
    milliseconds: int | None = None
    ranking: int | None = None
    criteria: int | None = None
    cast_at: str | None = None


@dataclass(frozen=True, slots=True)
class NewResolution:
    """A resolution to be kept; ``votes`` are the ids of the votes it settles."""

    uid: str
    report: int
    stage: Stage
    kind: str
    decision: Decision
    reason: str | None
    note: str
    signed_by: tuple[str, ...]
    votes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LastAct:
    """The newest thing a person decided that still stands."""

    kind: str
    id: int
    report: int
    stage: Stage
    decision: Decision


def cast(change: Change, vote: NewVote) -> int:
    """Keep a vote whose ``uid`` is new (see ``by_uid``). Gives its id."""
    row = change.sql.execute(
        "INSERT INTO vote (uid, report_id, stage, reviewer, decision, reason, note, secondary, milliseconds,"
        " ranking_id, criteria, cast_at, change_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            vote.uid,
            vote.report,
            vote.stage,
            vote.reviewer,
            vote.decision,
            vote.reason,
            vote.note,
            json.dumps(vote.secondary),
            vote.milliseconds,
            vote.ranking,
            vote.criteria,
            vote.cast_at,
            change.id,
        ),
    )
    return row.lastrowid or 0


def by_uid(sql: sqlite3.Connection, uid: str) -> StoredVote | None:
    """The vote with this ``uid`` as it was cast, also where a later one or an undo has taken its place."""
    row = sql.execute(
        "SELECT id, report_id, stage, reviewer, decision, reason, note FROM vote WHERE uid = ?", (uid,)
    ).fetchone()
    return _vote(row) if row else None


def voters_ever(sql: sqlite3.Connection, report: int, stage: Stage) -> set[str]:
    """Who has ever voted on a report at a stage, also where they took it back; not where criteria set it aside."""
    rows = sql.execute(
        "SELECT DISTINCT v.reviewer FROM vote v WHERE v.stage = ?2"
        " AND v.report_id IN (SELECT record_id FROM placement WHERE report_id = ?1 UNION SELECT ?1)"
        " AND (SELECT p.report_id FROM record_report p WHERE p.record_id = v.report_id) = ?1"
        " AND NOT EXISTS (SELECT 1 FROM vote_undo u WHERE u.vote_id = v.id AND u.why <> '')",
        (report, stage),
    )
    return {str(row[0]) for row in rows}


def taken_back(sql: sqlite3.Connection, vote_id: int) -> bool:
    """Whether a vote was undone."""
    row = sql.execute("SELECT 1 FROM vote_undo WHERE vote_id = ?", (vote_id,)).fetchone()
    return row is not None


def settle(change: Change, resolution: NewResolution) -> None:
    """Keep a resolution."""
    change.sql.execute(
        "INSERT INTO resolution (uid, report_id, stage, kind, decision, reason, note, signed_by, votes, change_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            resolution.uid,
            resolution.report,
            resolution.stage,
            resolution.kind,
            resolution.decision,
            resolution.reason,
            resolution.note,
            json.dumps(resolution.signed_by),
            json.dumps(resolution.votes),
            change.id,
        ),
    )


def undo(change: Change, act: LastAct) -> None:
    """Take a vote or a resolution back by a later row."""
    statement = {
        "vote": "INSERT INTO vote_undo (vote_id, change_id) VALUES (?, ?)",
        "resolution": "INSERT INTO resolution_undo (resolution_id, change_id) VALUES (?, ?)",
    }[act.kind]
    change.sql.execute(statement, (act.id, change.id))


def last_act(
    sql: sqlite3.Connection, reviewer: str, kind: str | None = None, stage: Stage | None = None
) -> LastAct | None:
    """The reviewer's newest standing vote or resolution; None when there is nothing to undo.

    ``kind`` (``vote``, ``resolution``) and ``stage`` narrow it.
    """
    found = []
    if kind != "resolution":
        found.append(sql.execute(_LAST_VOTE, (reviewer, stage)).fetchone())
    if kind != "vote":
        found.append(sql.execute(_LAST_RESOLUTION, (reviewer, stage)).fetchone())
    acts = [row for row in found if row is not None]
    if not acts:
        return None
    row = max(acts, key=lambda act: int(act[5]))
    return LastAct(row[0], row[1], row[2], Stage(row[3]), Decision(row[4]))


_LAST_VOTE = (
    "SELECT 'vote', v.id, (SELECT p.report_id FROM record_report p WHERE p.record_id = v.report_id),"
    " v.stage, v.decision, v.change_id FROM vote v"
    " WHERE v.reviewer = ?1 AND (?2 IS NULL OR v.stage = ?2)"
    " AND NOT EXISTS (SELECT 1 FROM vote_undo u WHERE u.vote_id = v.id) ORDER BY v.id DESC LIMIT 1"
)
_LAST_RESOLUTION = (
    "SELECT 'resolution', r.id, (SELECT p.report_id FROM record_report p WHERE p.record_id = r.report_id),"
    " r.stage, r.decision, r.change_id FROM resolution r"
    " WHERE EXISTS (SELECT 1 FROM json_each(r.signed_by) s WHERE s.value = ?1) AND (?2 IS NULL OR r.stage = ?2)"
    " AND NOT EXISTS (SELECT 1 FROM resolution_undo u WHERE u.resolution_id = r.id) ORDER BY r.id DESC LIMIT 1"
)


def votes_of(sql: sqlite3.Connection, report: int, stage: Stage) -> list[StoredVote]:
    """Current votes on one report at one stage; quick however many votes the store holds."""
    rows = sql.execute(
        "SELECT id, ?1, stage, reviewer, decision, reason, note FROM ("
        " SELECT v.*, row_number() OVER (PARTITION BY v.reviewer ORDER BY v.id DESC) AS newest"
        " FROM vote v WHERE v.stage = ?2"
        " AND v.report_id IN (SELECT record_id FROM placement WHERE report_id = ?1 UNION SELECT ?1)"
        " AND (SELECT p.report_id FROM record_report p WHERE p.record_id = v.report_id) = ?1"
        " AND NOT EXISTS (SELECT 1 FROM vote_undo u WHERE u.vote_id = v.id))"
        " WHERE newest = 1 ORDER BY reviewer",
        (report, stage),
    )
    return [_vote(row) for row in rows]


def resolution_of(sql: sqlite3.Connection, report: int, stage: Stage) -> StoredResolution | None:
    """The resolution in force on one report at one stage, or None."""
    row = sql.execute(
        "SELECT r.id, ?1, r.stage, r.kind, r.decision, r.reason, r.signed_by FROM resolution r"
        " WHERE r.stage = ?2 AND r.report_id IN (SELECT record_id FROM placement WHERE report_id = ?1 UNION SELECT ?1)"
        " AND (SELECT p.report_id FROM record_report p WHERE p.record_id = r.report_id) = ?1"
        " AND NOT EXISTS (SELECT 1 FROM resolution_undo u WHERE u.resolution_id = r.id)"
        " ORDER BY r.id DESC LIMIT 1",
        (report, stage),
    ).fetchone()
    return _resolution(row) if row else None


def all_votes(sql: sqlite3.Connection) -> Iterator[StoredVote]:
    """Every current vote."""
    rows = sql.execute(
        "SELECT id, report_now, stage, reviewer, decision, reason, note FROM vote_now ORDER BY id"
    )
    return (_vote(row) for row in rows)


def all_resolutions(sql: sqlite3.Connection) -> Iterator[StoredResolution]:
    """Every resolution in force."""
    rows = sql.execute(
        "SELECT id, report_now, stage, kind, decision, reason, signed_by FROM resolution_now ORDER BY id"
    )
    return (_resolution(row) for row in rows)


def _vote(row: Iterable[object]) -> StoredVote:
    number, report, stage, reviewer, decision, reason, note = row
    return StoredVote(
        int(str(number)),
        int(str(report)),
        Stage(str(stage)),
        str(reviewer),
        Decision(str(decision)),
        None if reason is None else str(reason),
        str(note),
    )


def _resolution(row: sqlite3.Row) -> StoredResolution:
    number, report, stage, kind, decision, reason, signed_by = row
    return StoredResolution(
        number, report, Stage(stage), kind, Decision(decision), reason, tuple(json.loads(signed_by))
    )
