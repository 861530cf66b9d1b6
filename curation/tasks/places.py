"""What the votes come to: rulings of reports, and the place of every record in the flow."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from curation.model import Stage
from curation.protocol import Disagreement, Protocol, ReasonRule, Role, SecondVotes
from curation.store import flow as flow_store
from curation.store import fulltexts, queue, searches, votes
from screening.flow import Place, Placed, RecordState, Retrieval, placed
from screening.queue import Needs, Pilot
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
    screening, at_abstract = protocol.screening, stage is Stage.ABSTRACT
    return StageRule(
        stage=stage,
        votes_needed=screening.votes(stage),
        reasons=tuple(r.code for r in protocol.exclusion_reasons),
        differing_reasons_conflict=screening.differing_reasons is ReasonRule.CONFLICT,
        checks_excludes=at_abstract and screening.second_abstract is SecondVotes.EXCLUDES,
        forward_on_disagreement=at_abstract and screening.disagreement_abstract is Disagreement.FORWARD,
    )


def needs(sql: sqlite3.Connection, protocol: Protocol, stage: Stage) -> Needs:
    """How many votes each report needs at a stage: the protocol's number, its sample, open calibration rounds."""
    screening = protocol.screening
    sample = stage is Stage.ABSTRACT and screening.second_abstract is SecondVotes.SAMPLE
    rounds = queue.pilots(sql, stage)
    return Needs(
        votes=screening.votes(stage),
        sample=screening.sample if sample else None,
        pilots={report: Pilot(*told) for report, told in rounds.items()},
        active=frozenset(r.id for r in protocol.with_role(Role.SCREENER)),
    )


@dataclass(frozen=True, slots=True)
class _Bench:
    """What rules on the reports of one stage."""

    rule: StageRule
    needs: Needs

    def ruling(self, report: int, cast: Sequence[Vote], settled: Settled | None) -> Ruling:
        voters = {v.reviewer for v in cast}
        in_pilot = report in self.needs.pilots  # everybody votes on it, whatever the first ones said
        rule = replace(self.rule, checks_excludes=False) if in_pilot else self.rule
        return ruling(cast, rule, settled, self.needs.of(report, voters))


def _bench(sql: sqlite3.Connection, protocol: Protocol, stage: Stage) -> _Bench:
    return _Bench(stage_rule(protocol, stage), needs(sql, protocol, stage))


def report_ruling(sql: sqlite3.Connection, protocol: Protocol, report: int, stage: Stage) -> Ruling:
    """The ruling of one report at one stage, whatever the size of the store."""
    resolution = votes.resolution_of(sql, report, stage)
    settled = Settled(resolution.decision, resolution.reason) if resolution else None
    cast = [Vote(v.reviewer, v.decision, v.reason) for v in votes.votes_of(sql, report, stage)]
    return _bench(sql, protocol, stage).ruling(report, cast, settled)


def report_state(sql: sqlite3.Connection, protocol: Protocol, report: int) -> ReportState | None:
    """Where one report stands; None when there is no record of that number."""
    row = flow_store.record_row(sql, report)
    if row is None:
        return None
    abstract = report_ruling(sql, protocol, report, Stage.ABSTRACT)
    fulltext = report_ruling(sql, protocol, report, Stage.FULLTEXT)
    found = fulltexts.fulltext_of(sql, report)
    state = _state(row, abstract, fulltext, found.event if found else None)
    recorded = {r.number: r.flow_recorded for r in searches.rounds(sql)}
    return ReportState(
        placed(state).place, row.round, recorded[row.round], abstract, fulltext, row.kind.main_arm
    )


def all_places(sql: sqlite3.Connection, protocol: Protocol) -> Iterator[InRound]:
    """Every record of the recorded rounds in its place."""
    abstract = _rulings(sql, protocol, Stage.ABSTRACT)
    fulltext = _rulings(sql, protocol, Stage.FULLTEXT)
    got = fulltexts.retrievals(sql)
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
    bench = _bench(sql, protocol, stage)
    cast: dict[int, list[Vote]] = defaultdict(list)
    for v in votes.all_votes(sql):
        if v.stage is stage:
            cast[v.report].append(Vote(v.reviewer, v.decision, v.reason))
    settled = {
        r.report: Settled(r.decision, r.reason) for r in votes.all_resolutions(sql) if r.stage is stage
    }
    return {
        report: bench.ruling(report, cast.get(report, ()), settled.get(report))
        for report in {*cast, *settled}
    }
