"""Writes reports for other programs, chosen by where they stand; nobody's votes leave before they may be seen."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

from curation.errors import Usage
from curation.model import Decision, Stage
from curation.protocol import Protocol, Role
from curation.sources.files.write import FORMS, Exported, form
from curation.store import flow as flow_store
from curation.store import records, searches, votes
from curation.store.votes import StoredVote
from curation.tasks.conflicts import in_conflict
from curation.tasks.evidence import evidence
from curation.tasks.places import InRound, all_places
from curation.tasks.queue import open_work
from curation.tasks.report_members import canonical_of
from curation.tasks.review import Review
from screening.flow import Place
from screening.votes import Ruling, Verdict

FORMATS = tuple(FORMS)
EARLIER = "in an earlier version"  # state of a report that only a publication tells of
EARLIER_INCLUDED = "included in an earlier version"

_AT_ONCE = 500  # citations held in memory
_STAGE_OF = {Place.AWAITING_SCREENING: Stage.ABSTRACT, Place.AWAITING_ASSESSMENT: Stage.FULLTEXT}
_REMOVED = {Place.AUTOMATION, Place.OTHER_REMOVED}


class State(StrEnum):
    """Which reports are wanted. With a reviewer: by that reviewer's own votes."""

    ALL = "all"
    TO_SCREEN = "to-screen"
    INCLUDED = "included"
    EXCLUDED = "excluded"
    MAYBE = "maybe"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which reports to export: ``stage`` and ``round`` None mean any, ``reviewer`` None means the team's verdict."""

    state: State = State.ALL
    stage: Stage | None = None
    reviewer: str | None = None
    round: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What was written."""

    reports: int
    format: str
    path: Path | None


@dataclass(frozen=True, slots=True)
class _Report:
    """A report in its place, the current votes on it by stage, and who is asked for one.

    ``place`` None: no flow was recorded for it.
    """

    number: int
    round: int
    item: InRound | None
    sources: tuple[str, ...]
    cast: Mapping[Stage, tuple[StoredVote, ...]]
    included_earlier: bool
    asked: tuple[str, ...] = ()

    @property
    def place(self) -> Place | None:
        return self.item.placed.place if self.item else None

    @property
    def state(self) -> str:
        if self.item is not None:
            return str(self.item.placed.place)
        return EARLIER_INCLUDED if self.included_earlier else EARLIER

    def ruling(self, stage: Stage) -> Ruling | None:
        if self.item is None:
            return Ruling(Verdict.INCLUDE) if self.included_earlier else None
        return self.item.abstract if stage is Stage.ABSTRACT else self.item.fulltext

    def own(self, stage: Stage, reviewer: str | None) -> StoredVote | None:
        return next((vote for vote in self.cast.get(stage, ()) if vote.reviewer == reviewer), None)


def export_file(review: Review, choice: Choice, name: str, path: Path, *, overwrite: bool = False) -> Done:
    """Write the chosen reports to a file, whole or not at all.

    Raises Usage when the file exists and may not be overwritten, and what ``export_to`` raises.
    """
    if path.is_dir():
        message = f"{path} is a folder; name a file in it"
        raise Usage(message)
    if path.exists() and not overwrite:
        message = f"{path} exists already; name another file, or say --force to replace it"
        raise Usage(message)
    if not path.parent.is_dir():
        message = f"{path.parent} is no folder; make it first, or name a file elsewhere"
        raise Usage(message)
    half = path.with_name(path.name + ".part")
    try:
        with half.open("wb") as stream:
            done = export_to(review, choice, name, stream)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return Done(done.reports, name, path)


def export_to(review: Review, choice: Choice, name: str, stream: IO[bytes]) -> Done:
    """Write the chosen reports to a stream of bytes, in the order of their numbers.

    Raises Usage for an unknown format, reviewer or round, and for a choice that means nothing; Refused for a
    reviewer who has left, or who does not screen where the choice is what waits for them.
    """
    writer = form(name)
    return Done(writer.write(chosen(review, choice), stream), name, None)


def chosen(review: Review, choice: Choice) -> Iterator[Exported]:
    """The chosen reports with their labels: the reviewer's own vote, else the verdict once there is one.

    A report of several records is cited by its canonical record. A vote of anybody else is never in them. Raises as ``export_to`` does, before the first report is given.
    """
    _check(review, choice)
    return _exported(review, choice, _found(review, choice))


def _check(review: Review, choice: Choice) -> None:
    if choice.reviewer is not None:
        waits = choice.state is State.TO_SCREEN
        review.member(choice.reviewer, Role.SCREENER) if waits else review.person(choice.reviewer)
    if choice.state is State.MAYBE and choice.stage is Stage.FULLTEXT:
        message = "maybe exists at title/abstract only; leave --stage away"
        raise Usage(message)
    known = [r.number for r in searches.rounds(review.sql)]
    if choice.round is not None and choice.round not in known:
        message = f"there is no round {choice.round} (known: {', '.join(map(str, known)) or 'none yet'})"
        raise Usage(message)


Found = tuple[_Report, Stage | None]


def _found(review: Review, choice: Choice) -> list[Found]:
    """Reports that are wanted, each with the stage its label is of."""
    test = _TESTS[choice.state]
    found = []
    for report in _reports(review):
        if choice.round is None or report.round == choice.round:
            wanted, stage = test(report, choice, review.protocol)
            if wanted:
                found.append((report, choice.stage or stage))
    return found


def _reports(review: Review) -> Iterator[_Report]:
    """Every report, by number."""
    sql = review.sql
    leads, sources = _leads(sql)
    places = {
        p.placed.report: p for p in all_places(sql, review.protocol) if p.placed.record == p.placed.report
    }
    cast: dict[int, dict[Stage, tuple[StoredVote, ...]]] = defaultdict(dict)
    for vote in votes.all_votes(sql):
        cast[vote.report][vote.stage] = (*cast[vote.report].get(vote.stage, ()), vote)
    earlier = _published(review)
    asked = {work.report: work.asked for work in open_work(sql, review.protocol)}
    for number, in_round in sorted(leads.items()):
        item, of_report = places.get(number), cast.get(number, {})
        yield _Report(
            number, in_round, item, sources[number], of_report, number in earlier, asked.get(number, ())
        )


def _leads(sql: sqlite3.Connection) -> tuple[dict[int, int], dict[int, tuple[str, ...]]]:
    """Round of each report's first record, and every source that found the report."""
    leads: dict[int, int] = {}
    sources: dict[int, dict[str, None]] = defaultdict(dict)
    for row in flow_store.record_rows(sql):
        sources[row.report][row.source] = None
        if row.record == row.report:
            leads[row.report] = row.round
    return leads, {report: tuple(names) for report, names in sources.items()}


def _published(review: Review) -> frozenset[int]:
    """Reports of included studies, which may come from a publication before this store."""
    studies = evidence(review.sql, review.protocol, "now").studies
    return frozenset(records.report_of(review.sql, report) for study in studies for report in study.reports)


Test = Callable[[_Report, Choice, Protocol], tuple[bool, Stage | None]]


def _any(report: _Report, choice: Choice, protocol: Protocol) -> tuple[bool, Stage | None]:  # noqa: ARG001 - one signature for all
    return True, _last_stage(report, choice.reviewer)


def _to_screen(report: _Report, choice: Choice, protocol: Protocol) -> tuple[bool, Stage | None]:  # noqa: ARG001 - one signature for all
    """Whether it wants a vote: of the reviewer, who is asked for it, or of anybody."""
    stage = _STAGE_OF.get(report.place) if report.place else None
    if stage is None or choice.stage not in {None, stage}:
        return False, stage
    if choice.reviewer is None:
        return _verdict(report, stage) is Verdict.WAITING, stage
    return choice.reviewer in report.asked, stage


def _in_conflict(report: _Report, choice: Choice, protocol: Protocol) -> tuple[bool, Stage | None]:  # noqa: ARG001 - one signature for all
    stage = in_conflict(report.item) if report.item else None
    return stage is not None and choice.stage in {None, stage}, stage


def _included(report: _Report, choice: Choice, protocol: Protocol) -> tuple[bool, Stage | None]:  # noqa: ARG001 - one signature for all
    if choice.reviewer is not None:
        return _voted(report, choice, Decision.INCLUDE)
    if choice.stage is Stage.ABSTRACT:
        return _verdict(report, Stage.ABSTRACT) is Verdict.INCLUDE, Stage.ABSTRACT
    earlier = report.item is None and report.included_earlier
    return report.place is Place.INCLUDED or earlier, Stage.FULLTEXT


def _excluded(report: _Report, choice: Choice, protocol: Protocol) -> tuple[bool, Stage | None]:  # noqa: ARG001 - one signature for all
    if choice.reviewer is not None:
        return _voted(report, choice, Decision.EXCLUDE)
    stages = {Place.EXCLUDED: Stage.ABSTRACT, Place.REPORT_EXCLUDED: Stage.FULLTEXT}
    stage = stages.get(report.place) if report.place else None
    return stage is not None and choice.stage in {None, stage}, stage


def _maybe(report: _Report, choice: Choice, protocol: Protocol) -> tuple[bool, Stage | None]:  # noqa: ARG001 - one signature for all
    """Whether the reviewer said maybe, or anybody did of those whose votes came to an inclusion."""
    if choice.reviewer is not None:
        return _voted(report, choice, Decision.MAYBE)
    said = any(vote.decision is Decision.MAYBE for vote in report.cast.get(Stage.ABSTRACT, ()))
    return said and _verdict(report, Stage.ABSTRACT) is Verdict.INCLUDE, Stage.ABSTRACT


_TESTS: Mapping[State, Test] = {
    State.ALL: _any,
    State.TO_SCREEN: _to_screen,
    State.INCLUDED: _included,
    State.EXCLUDED: _excluded,
    State.MAYBE: _maybe,
    State.CONFLICT: _in_conflict,
}


def _voted(report: _Report, choice: Choice, decision: Decision) -> tuple[bool, Stage | None]:
    """Whether the reviewer's own vote is ``decision``: at the stage asked for, or at the last they voted at."""
    stages = (choice.stage,) if choice.stage else (Stage.FULLTEXT, Stage.ABSTRACT)
    own = next((vote for stage in stages if (vote := report.own(stage, choice.reviewer))), None)
    return own is not None and own.decision is decision, own.stage if own else None


def _verdict(report: _Report, stage: Stage) -> Verdict | None:
    ruling = report.ruling(stage)
    return ruling.verdict if ruling and report.place not in _REMOVED else None


def _last_stage(report: _Report, reviewer: str | None) -> Stage | None:
    """The last stage that has a label for this reader."""
    settled = {Verdict.INCLUDE, Verdict.EXCLUDE}
    for stage in (Stage.FULLTEXT, Stage.ABSTRACT):
        if report.own(stage, reviewer) or _verdict(report, stage) in settled:
            return stage
    return None


def _exported(review: Review, choice: Choice, found: Sequence[Found]) -> Iterator[Exported]:
    accessions = {name.record: name.accession for name in records.named(review.sql)}
    for start in range(0, len(found), _AT_ONCE):
        part = found[start : start + _AT_ONCE]
        whole = canonical_of(review.sql, [report.number for report, _ in part])
        for report, stage in part:
            decision, code, note = _label(report, stage, choice.reviewer)
            reason = review.protocol.reason(code) if code else None
            yield Exported(
                report=report.number,
                citation=whole[report.number].citation,
                accession=accessions[report.number],
                sources=report.sources,
                round=report.round,
                state=report.state,
                stage=stage if decision else None,
                decision=decision,
                reason=code or "",
                reason_label=reason.label if reason else "",
                note=note,
            )


def _label(
    report: _Report, stage: Stage | None, reviewer: str | None
) -> tuple[Decision | None, str | None, str]:
    """Decision, reason and note: the reviewer's own, else the verdict without anybody's note."""
    own = report.own(stage, reviewer) if stage else None
    if own is not None:
        return own.decision, own.reason, own.note
    ruling = report.ruling(stage) if stage else None
    if ruling is None or ruling.verdict not in {Verdict.INCLUDE, Verdict.EXCLUDE}:
        return None, None, ""
    decision = Decision.INCLUDE if ruling.verdict is Verdict.INCLUDE else Decision.EXCLUDE
    return decision, ruling.reason, ""
