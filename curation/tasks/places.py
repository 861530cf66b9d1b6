"""What the votes come to: rulings of reports, and the place of every record in the flow."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from curation.model import Stage
from curation.protocol import Protocol, ReasonRule
from curation.store import flow as flow_store
from curation.store import searches, votes
from screening.flow import Place, Placed, RecordState, Retrieval, placed
from screening.votes import Ruling, Settled, StageRule, Vote, ruling


@dataclass(frozen=True, slots=True)
class InRound:
    """A record in its place, the round it came in, and the rulings on its report."""

    round: int
    placed: Placed
    abstract: Ruling
    fulltext: Ruling


@dataclass(frozen=True, slots=True)
class ReportState:
    """Where one report stands, with what a vote on it must know."""

    place: Place
    round: int
    flow_recorded: bool
    abstract: Ruling
    fulltext: Ruling
    main_arm: bool


def stage_rule(protocol: Protocol, stage: Stage) -> StageRule:
    """The protocol's rule for a stage."""
    return StageRule(
        stage=stage,
        votes_needed=protocol.screening.votes(stage),
        reasons=tuple(r.code for r in protocol.exclusion_reasons),
        differing_reasons_conflict=protocol.screening.differing_reasons is ReasonRule.CONFLICT,
    )


def report_ruling(sql: sqlite3.Connection, protocol: Protocol, report: int, stage: Stage) -> Ruling:
    """The ruling of one report at one stage, whatever the size of the store."""
    resolution = votes.resolution_of(sql, report, stage)
    settled = Settled(resolution.decision, resolution.reason) if resolution else None
    cast = [Vote(v.reviewer, v.decision, v.reason) for v in votes.votes_of(sql, report, stage)]
    return ruling(cast, stage_rule(protocol, stage), settled)


def report_state(sql: sqlite3.Connection, protocol: Protocol, report: int) -> ReportState | None:
    """Where one report stands; None when there is no record of that number."""
    row = flow_store.record_row(sql, report)
    if row is None:
        return None
    abstract = report_ruling(sql, protocol, report, Stage.ABSTRACT)
    fulltext = report_ruling(sql, protocol, report, Stage.FULLTEXT)
    state = _state(row, abstract, fulltext, votes.retrieval_of(sql, report))
    recorded = {r.number: r.flow_recorded for r in searches.rounds(sql)}
    return ReportState(
        placed(state).place, row.round, recorded[row.round], abstract, fulltext, row.kind.main_arm
    )


def all_places(sql: sqlite3.Connection, protocol: Protocol) -> Iterator[InRound]:
    """Every record of the recorded rounds in its place."""
    abstract = _rulings(sql, protocol, Stage.ABSTRACT)
    fulltext = _rulings(sql, protocol, Stage.FULLTEXT)
    got = votes.retrievals(sql)
    recorded = {r.number for r in searches.rounds(sql) if r.flow_recorded}
    waiting_abstract = ruling((), stage_rule(protocol, Stage.ABSTRACT))
    waiting_fulltext = ruling((), stage_rule(protocol, Stage.FULLTEXT))
    for row in flow_store.record_rows(sql):
        if row.round in recorded:
            at_abstract = abstract.get(row.report, waiting_abstract)
            at_fulltext = fulltext.get(row.report, waiting_fulltext)
            state = _state(row, at_abstract, at_fulltext, got.get(row.report))
            yield InRound(row.round, placed(state), at_abstract, at_fulltext)


def _state(row: flow_store.RecordRow, abstract: Ruling, fulltext: Ruling, event: str | None) -> RecordState:
    removed = {"automation": Place.AUTOMATION, "other": Place.OTHER_REMOVED}
    return RecordState(
        record=row.record,
        report=row.report,
        source=row.source,
        kind=row.kind,
        lead=row.record == row.report,
        abstract=abstract,
        fulltext=fulltext,
        retrieval=Retrieval(event or Retrieval.AWAITED),
        removed=removed[row.removed] if row.removed else None,
    )


def _rulings(sql: sqlite3.Connection, protocol: Protocol, stage: Stage) -> dict[int, Ruling]:
    rule = stage_rule(protocol, stage)
    cast: dict[int, list[Vote]] = defaultdict(list)
    for v in votes.all_votes(sql):
        if v.stage is stage:
            cast[v.report].append(Vote(v.reviewer, v.decision, v.reason))
    settled = {
        r.report: Settled(r.decision, r.reason) for r in votes.all_resolutions(sql) if r.stage is stage
    }
    return {report: ruling(cast.get(report, ()), rule, settled.get(report)) for report in {*cast, *settled}}
