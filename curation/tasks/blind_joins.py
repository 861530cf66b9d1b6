"""Joining two reports puts their votes together: nobody may look at a colleague's vote that way."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from curation.errors import Refused
from curation.model import Relation, Stage
from curation.protocol import Protocol
from curation.store import records, votes
from curation.store.duplicates import Judged
from curation.tasks.places import report_ruling
from screening.votes import Verdict


def blind_joins(
    sql: sqlite3.Connection, protocol: Protocol, said: Iterable[Judged]
) -> list[tuple[Judged, Stage]]:
    """Joins whose reports both wait for votes at a stage at which the one who joins them has voted."""
    found = []
    for j in (one for one in said if one.relation is Relation.SAME):
        pair = {records.report_of(sql, record) for record in (j.left, j.right)}
        for stage in Stage:
            own = any(v.reviewer == j.by for report in pair for v in votes.votes_of(sql, report, stage))
            waits = all(report_ruling(sql, protocol, r, stage).verdict is Verdict.WAITING for r in pair)
            found += [(j, stage)] if own and waits else []
    return found


def refuse_unblinding(
    sql: sqlite3.Connection, protocol: Protocol, hidden: Iterable[tuple[Judged, Stage]]
) -> None:
    """A join that completes the votes would show the one who joins what others voted on it."""
    for j, stage in hidden:
        report = records.report_of(sql, j.left)
        if report_ruling(sql, protocol, report, stage).verdict is not Verdict.WAITING:
            message = (
                f"{j.by} has voted on R{j.left} or R{j.right}, and joining them would complete the votes at {stage}; "
                "nothing was changed: ask somebody who has not voted on either"
            )
            raise Refused(message)
