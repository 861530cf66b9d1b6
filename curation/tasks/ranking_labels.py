"""The decisions that a ranking learns from: those of settled reports, and the reviewer's own open votes.

Another reviewer's vote on a report that still waits for votes is never among them: an order that had learnt from
it would tell what it was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from curation.model import Stage
from curation.protocol import Protocol
from curation.store import studies, votes
from curation.tasks.places import InRound, all_places
from curation.tasks.queue import open_work
from screening.flow import Place
from screening.ranking import Label
from screening.votes import Verdict


@dataclass(frozen=True, slots=True)
class Decided:
    """Title/abstract decisions by report: ``settled`` for everybody, ``own`` of each reviewer on what still waits.

    ``open`` are the reports that each reviewer is asked to screen.
    """

    settled: Mapping[int, bool]
    own: Mapping[str, Mapping[int, bool]]
    open: Mapping[str, tuple[int, ...]]

    def labels(self, reviewer: str) -> tuple[Label, ...]:
        """What one reviewer's order is learnt from."""
        known = {**self.own.get(reviewer, {}), **self.settled}
        return tuple(Label(report, relevant) for report, relevant in sorted(known.items()))


def decided(sql: sqlite3.Connection, protocol: Protocol) -> Decided:
    """Every decision there is to learn from, and what is open for whom.

    What was excluded only at full text counts as relevant, and so does an unsettled conflict: a ranking learns what
    title and abstract tell. So do the included reports of earlier versions, whose votes are not in the store.
    """
    settled: dict[int, bool] = {}
    own: dict[str, dict[int, bool]] = {}
    waiting = set()
    for item in all_places(sql, protocol):
        report = item.placed.report
        if item.placed.record != report:
            continue
        relevant = _settled(item)
        if relevant is not None:
            settled[report] = relevant
        elif item.placed.place is Place.AWAITING_SCREENING:
            waiting.add(report)
    settled |= dict.fromkeys(_published(sql), True)
    for vote in votes.all_votes(sql):
        if vote.stage is Stage.ABSTRACT and vote.report in waiting:
            own.setdefault(vote.reviewer, {})[vote.report] = vote.decision.forward
    return Decided(settled, own, _open(sql, protocol))


def _settled(item: InRound) -> bool | None:
    """Whether a report is relevant by title and abstract; None where that is not settled."""
    if not item.placed.kind.main_arm:  # found by other methods: no title/abstract stage, no exclusion there
        return True if item.placed.place is Place.INCLUDED else None
    if (
        item.placed.place in {Place.AUTOMATION, Place.OTHER_REMOVED}
        or item.abstract.verdict is Verdict.WAITING
    ):
        return None
    return item.abstract.verdict is not Verdict.EXCLUDE


def _published(sql: sqlite3.Connection) -> set[int]:
    return {
        report for study in studies.studies(sql) for report, basis in study.reports if basis == "published"
    }


def _open(sql: sqlite3.Connection, protocol: Protocol) -> dict[str, tuple[int, ...]]:
    asked: dict[str, list[int]] = {}
    for work in open_work(sql, protocol):
        if work.stage is Stage.ABSTRACT:
            for reviewer in work.asked:
                asked.setdefault(reviewer, []).append(work.report)
    return {reviewer: tuple(reports) for reviewer, reports in asked.items()}
