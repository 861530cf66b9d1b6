"""Random histories over the real tasks on a real store: whatever people do, the flow adds up and nothing is lost.

``LIVREV_HYPOTHESIS=500`` tries that many histories, other ones each time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from curation.errors import LivrevError, Refused, Usage
from curation.model import Decision, Relation, SourceKind, Stage
from curation.store import duplicates, marks, queue, releases, searches, studies, votes
from curation.store import flow as flow_store
from curation.store.connect import Stamp
from curation.store.duplicates import Judged
from curation.tasks import dedupe
from curation.tasks.conflicts import Decided, conflicts, in_conflict, resolve
from curation.tasks.evidence import evidence
from curation.tasks.flow import Flow, Unreported, flow
from curation.tasks.fulltext import Attempt, note_fulltext
from curation.tasks.import_file import FileToImport, import_file
from curation.tasks.init import init
from curation.tasks.places import InRound, all_places, report_state
from curation.tasks.queue import STAGE_OF, refresh, settle_report
from curation.tasks.review import Review
from curation.tasks.vote import Ballot, undo, vote
from screening.flow import FlowCounts, Place, Retrieval, Totals, failures
from screening.votes import Verdict
from tests.story.made_up_exports import CITES, PROTOCOL, Cite

T = TypeVar("T")
Pair = tuple[T, T]
TRIED = os.environ.get("LIVREV_HYPOTHESIS")
SETTINGS = settings(
    max_examples=int(TRIED or 80),
    stateful_step_count=40,
    derandomize=TRIED is None,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
STAMP = Stamp(datetime(2026, 11, 2, tzinfo=UTC), "tester", "test")
SOURCES = ("embase", "scopus", "ictrp", "citations")
APPEND_ONLY = (
    "record", "revision", "hit", "judgement", "placement", "vote", "vote_undo", "resolution", "resolution_undo",
    "fulltext_event", "release",
)  # fmt: skip
MOST_RECORDS = 30
RECORDS = st.integers(1, MOST_RECORDS)  # taken modulo the number of records there are
DECISIONS = st.sampled_from((Decision.INCLUDE, Decision.INCLUDE, Decision.EXCLUDE, Decision.MAYBE))
REASONS = st.sampled_from((None, "population", "outcome"))


class History(RuleBasedStateMachine):
    """What people do to a review, in any order."""

    def __init__(self, template: Path, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        shutil.copytree(template, folder)
        self.review = Review.open(folder)
        self.day = 0
        self.taken_in: list[FileToImport] = []
        self.acts: list[tuple[str, frozenset[str]]] = []  # what people decided, and who may take it back
        self.judged: dict[tuple[int, int], Relation] = {}
        self.looked_at = 0
        self.known: dict[tuple[str, int | None], Any] = {}
        self.seen: dict[str, list[tuple[object, ...]]] = {table: [] for table in APPEND_ONLY}

    def teardown(self) -> None:
        self.review.store.close()
        shutil.rmtree(self._folder)

    # What people do

    @initialize(cites=st.lists(CITES, min_size=3, max_size=8), through=st.integers(0, 3))
    def begin(self, cites: list[Cite], through: int) -> None:
        self.take_in("embase", cites)
        for number in range(through):
            self.take_a_report_all_the_way(number, Decision.INCLUDE, None)

    @precondition(lambda self: self.records < MOST_RECORDS)
    @rule(source=st.sampled_from(SOURCES), cites=st.lists(CITES, min_size=1, max_size=4))
    def take_in(self, source: str, cites: list[Cite]) -> None:
        path = self._folder / f"{len(self.taken_in)}.ris"
        path.write_text("".join(cite.ris() for cite in cites))
        file = FileToImport(path, source, "2026-11-01")
        if any(f.source == source and f.path.read_bytes() == path.read_bytes() for f in self.taken_in):
            self._take_in_in_vain(file)
            return
        done = import_file(self.review, file, STAMP)
        self.taken_in.append(file)
        assert done.records == len(cites) - len(done.refused)
        assert done.new is not None
        assert done.records == done.new + done.refound + done.within

    @precondition(lambda self: self.taken_in)
    @rule(which=RECORDS)
    def take_the_same_file_in_again(self, which: int) -> None:
        self._take_in_in_vain(self.taken_in[which % len(self.taken_in)])

    @rule()
    def deduplicate_again(self) -> None:
        again = dedupe.deduplicate(self.review, STAMP)
        assert (again.judged, again.moved) == (0, 0)

    @precondition(lambda self: self.records > 1)
    @rule(
        one=RECORDS,
        other=RECORDS,
        relation=st.sampled_from((Relation.SAME, Relation.DIFFERENT, Relation.RELATED)),
    )
    def judge(self, one: int, other: int, relation: Relation) -> None:
        left, right = sorted((self._record(one), self._record(other)))
        judged = Judged(left, right, relation, by_person=True, evidence="read both", by="cem")
        if left == right:
            self._unless(Usage, lambda: dedupe.judge(self.review, judged, STAMP))
            return
        try:
            dedupe.judge(self.review, judged, STAMP)
        except Refused:
            assert relation is Relation.SAME
            assert any(r is not Relation.SAME for pair, r in self.judged.items() if pair != (left, right))
        else:
            self.judged[left, right] = relation
            report = duplicates.placements(self.review.sql)
            assert (report[left] == report[right]) is (relation is Relation.SAME)

    @rule(
        record=RECORDS,
        reviewer=st.sampled_from(("ana", "ben", "ana", "ben", "cem")),
        decision=st.sampled_from(Decision),
        stage=st.sampled_from((None, *Stage)),
        reason=REASONS,
    )
    def cast(
        self, record: int, reviewer: str, decision: Decision, stage: Stage | None, reason: str | None
    ) -> None:
        self._cast(Ballot(self._uid(), self._record(record), reviewer, decision, stage, reason))

    @rule(
        record=RECORDS,
        decisions=st.tuples(DECISIONS, DECISIONS),
        reasons=st.tuples(REASONS, REASONS),
    )
    def cast_both(self, record: int, decisions: Pair[Decision], reasons: Pair[str | None]) -> None:
        """Random single votes seldom settle anything; two on one report that is open do."""
        self._both_vote(self._open_report(record), decisions, reasons)

    @rule(record=RECORDS, last=DECISIONS, reason=REASONS)
    def take_a_report_all_the_way(self, record: int, last: Decision, reason: str | None) -> None:
        report = self._open_report(record)
        self._both_vote(report, (Decision.INCLUDE, Decision.MAYBE), (None, None))
        self._note(report, Retrieval.RETRIEVED)
        self._both_vote(report, (last, last), (reason, reason))

    @rule(
        record=RECORDS,
        reviewer=st.sampled_from(("ana", "ben")),
        decision=st.sampled_from(Decision),
        reason=REASONS,
    )
    def take_a_vote_back_and_cast_it_again(
        self, record: int, reviewer: str, decision: Decision, reason: str | None
    ) -> None:
        said = reason if decision is Decision.EXCLUDE else None
        ballot = Ballot(self._uid(), self._open_report(record), reviewer, decision, reason=said)
        before = self._places()
        if not self._cast(ballot):
            return
        once = self._flow()
        undone = undo(self.review, reviewer, STAMP)
        assert (undone.kind, undone.decision) == ("vote", decision)
        self.acts.pop()
        assert self._places() == before
        assert self._cast(replace(ballot, uid=self._uid()))
        assert self._flow() == once

    @rule(reviewer=st.sampled_from(("ana", "ben", "cem")))
    def take_back(self, reviewer: str) -> None:
        mine = [n for n, (_, by) in enumerate(self.acts) if reviewer in by]
        undone = self._unless(None if mine else Refused, lambda: undo(self.review, reviewer, STAMP))
        if undone is not None:
            assert undone.kind == self.acts.pop(mine[-1])[0]

    @rule(
        record=RECORDS,
        consensus=st.booleans(),
        decision=st.sampled_from((Decision.INCLUDE, Decision.EXCLUDE)),
        reason=REASONS,
    )
    def settle(self, record: int, consensus: bool, decision: Decision, reason: str | None) -> None:
        in_conflict = conflicts(self.review)
        report = in_conflict[record % len(in_conflict)].report if in_conflict else self._record(record)
        who, partners = ("ana", ("ben",)) if consensus else ("cem", ())
        decided = Decided(
            self._uid(), report, who, decision, "talked it over", reason=reason, partners=partners
        )
        refusal = self._settling_is_refused(report, decision, reason)
        if self._unless(refusal, lambda: resolve(self.review, decided, STAMP)) is not None:
            self.acts.append(("resolution", frozenset({who, *partners})))

    @rule(record=RECORDS, outcome=st.sampled_from((Retrieval.RETRIEVED, Retrieval.RETRIEVED, *Retrieval)))
    def note_full_text(self, record: int, outcome: Retrieval) -> None:
        sought = [r for r, place in self._leads().items() if place is Place.AWAITING_RETRIEVAL]
        self._note(sought[record % len(sought)] if sought else self._record(record), outcome)

    @precondition(lambda self: self._unreleased())
    @rule()
    def release(self) -> None:
        """A version is published, with a study for every included report; what comes next is another round."""
        last = searches.rounds(self.review.sql)[-1]
        self.extract()
        row = releases.Release(self._uid(), "A version", "", "2026-11-02", "2026-11-01", last.number, 0)
        with self.review.change(STAMP) as change:
            releases.add(change, row, last.id)

    @rule()
    def extract(self) -> None:
        with self.review.change(STAMP) as change:
            for report in self._included_without_study():
                studies.link(change, studies.study_id(change, f"study {report}"), report, "screened")

    # What always holds

    @invariant()
    def the_flow_of_every_round_adds_up(self) -> None:
        counted = [self._counts(r.number) for r in searches.rounds(self.review.sql)]
        assert [failures(counts) for counts in (self._counts(None), *counted)] == [()] * (len(counted) + 1)
        found = [c.identified + sum(line.n for line in c.other_sources) for c in counted]
        assert sum(found) == self.records

    @invariant()
    def every_record_has_exactly_one_place(self) -> None:
        placed = [item.placed.record for item in self._places()]
        assert placed == [row.record for row in flow_store.record_rows(self.review.sql)]
        assert len(set(placed)) == len(placed) == self.records

    @invariant()
    def a_report_is_counted_once_and_its_other_records_are_duplicates(self) -> None:
        placed = [item.placed for item in self._places()]
        counted = [p.report for p in placed if p.place is not Place.DUPLICATE]
        assert len(set(counted)) == len(counted)
        assert set(counted) == set(duplicates.placements(self.review.sql).values())

    @invariant()
    def a_report_stands_where_all_reports_together_say(self) -> None:
        for report, place in self._leads().items():
            state = report_state(self.review.sql, self.review.protocol, report)
            assert state is not None
            assert state.place is place

    @invariant()
    def rows_are_only_added(self) -> None:
        for table in APPEND_ONLY:
            rows = self.review.sql.execute(f"SELECT * FROM {table} ORDER BY change_id, 1, 2")  # noqa: S608 - names above
            now = [tuple(row) for row in rows]
            before = self.seen[table]
            assert now[: len(before)] == before, table
            self.seen[table] = now

    @invariant()
    def what_a_person_holds_apart_is_never_one_report(self) -> None:
        report = duplicates.placements(self.review.sql)
        for (left, right), relation in self.judged.items():
            if relation is not Relation.SAME:
                assert report[left] != report[right], (left, right, relation)

    @invariant()
    def a_report_bears_the_number_of_its_first_record(self) -> None:
        report = duplicates.placements(self.review.sql)
        for number in set(report.values()):
            assert number == min(r for r, of in report.items() if of == number)

    @invariant()
    def the_flow_ends_with_the_studies_that_are_in_the_tables(self) -> None:
        if self._included_without_study():
            return
        assert self._counts(None).total == evidence(self.review.sql, self.review.protocol, "now").totals

    @invariant()
    def the_queue_asks_everybody_for_what_they_have_not_voted_on(self) -> None:
        refresh(self.review)
        asked = {(s.reviewer, s.report, s.stage) for s in queue.all_slots(self.review.sql)}
        cast = {(v.reviewer, v.report, v.stage) for v in votes.all_votes(self.review.sql)}
        waiting = {
            (item.placed.report, stage)
            for item in self._places()
            if (stage := STAGE_OF.get(item.placed.place)) and in_conflict(item) is None
        }
        everybody = {(who, report, stage) for who in ("ana", "ben") for report, stage in waiting}
        assert asked == everybody - cast
        found = {(c.report, c.stage) for c in conflicts(self.review)}
        assert queue.all_conflicts(self.review.sql) == found

    @rule(record=RECORDS, reviewer=st.sampled_from(("ana", "ben")))
    def put_off(self, record: int, reviewer: str) -> None:
        report = self._open_report(record)
        stamp = replace(STAMP, by=reviewer)
        with self.review.change(stamp) as change:
            marks.add(change, report, Stage.ABSTRACT, "skip")
            settle_report(change, self.review.protocol, report)

    # How it is done

    @property
    def records(self) -> int:
        return int(self.review.sql.execute("SELECT count(*) FROM record").fetchone()[0])

    def _uid(self) -> str:
        self.day += 1
        return f"vote {self.day}"

    def _record(self, number: int) -> int:
        return (number - 1) % self.records + 1

    def _take_in_in_vain(self, file: FileToImport) -> None:
        before = self._row_counts()
        assert import_file(self.review, file, STAMP).before
        assert self._row_counts() == before

    def _open_report(self, number: int) -> int:
        """A report that waits for votes, where there is one; else any record."""
        waiting = {Place.AWAITING_SCREENING, Place.AWAITING_ASSESSMENT}
        found = [r for r, place in self._leads().items() if place in waiting]
        return found[number % len(found)] if found else self._record(number)

    def _unreleased(self) -> bool:
        released = searches.released_round(self.review.sql)
        return released is None or searches.rounds(self.review.sql)[-1].number > released

    def _counts(self, number: int | None) -> FlowCounts:
        found = self._flow(number).counts
        assert not isinstance(found, Unreported)
        return found

    def _flow(self, number: int | None = None) -> Flow:
        return self._once("flow", number, lambda: flow(self.review, number))

    def _places(self) -> tuple[InRound, ...]:
        return self._once("places", None, lambda: tuple(all_places(self.review.sql, self.review.protocol)))

    def _once(self, what: str, number: int | None, work: Callable[[], T]) -> T:
        """What was worked out before, where nothing has changed since: most of the time goes into looking on."""
        state = int(self.review.sql.execute("SELECT max(id) FROM change").fetchone()[0])
        if state != self.looked_at:
            self.looked_at, self.known = state, {}
        if (what, number) not in self.known:
            self.known[what, number] = work()
        found: T = self.known[what, number]
        return found

    def _leads(self) -> dict[int, Place]:
        items = [item.placed for item in self._places()]
        return {p.report: p.place for p in items if p.record == p.report}

    def _included_without_study(self) -> list[int]:
        told = {report for study in studies.studies(self.review.sql) for report, _ in study.reports}
        return [r for r, place in self._leads().items() if place is Place.INCLUDED and r not in told]

    def _note(self, report: int, outcome: Retrieval) -> None:
        place = self._leads().get(report)
        refusal: type[LivrevError] | None = Usage if place is None else None
        if place in {Place.AWAITING_SCREENING, Place.EXCLUDED}:
            refusal = Refused
        attempt = Attempt(report, "ana", outcome, note="the library")
        self._unless(refusal, lambda: note_fulltext(self.review, attempt, STAMP))

    def _both_vote(self, report: int, decisions: Pair[Decision], reasons: Pair[str | None]) -> None:
        for reviewer, decision, reason in zip(("ana", "ben"), decisions, reasons, strict=True):
            said = reason if decision is Decision.EXCLUDE else None
            self._cast(Ballot(self._uid(), report, reviewer, decision, reason=said))

    def _cast(self, ballot: Ballot) -> bool:
        """Vote; whether the vote was to be accepted, and was."""
        refusal = self._voting_is_refused(ballot)
        accepted = self._unless(refusal, lambda: vote(self.review, ballot, STAMP))
        if accepted is not None:
            self.acts.append(("vote", frozenset({ballot.reviewer})))
        return accepted is not None

    def _voting_is_refused(self, ballot: Ballot) -> type[LivrevError] | None:
        """The rules of voting, once more and in other words."""
        if ballot.reviewer == "cem":
            return Refused
        place = self._leads().get(ballot.report)
        if place is None:
            return Usage  # a duplicate's number
        not_screened = place in {Place.AWAITING_SCREENING, Place.EXCLUDED}
        stage = ballot.stage or (Stage.ABSTRACT if not_screened else Stage.FULLTEXT)
        if (ballot.report, stage) in {(r.report, r.stage) for r in votes.all_resolutions(self.review.sql)}:
            return Refused
        not_had = place in {Place.AWAITING_RETRIEVAL, Place.NOT_RETRIEVED}
        if stage is Stage.FULLTEXT and (not_screened or not_had):
            return Refused
        row = flow_store.record_row(self.review.sql, ballot.report)
        if stage is Stage.ABSTRACT and row and row.kind is SourceKind.CITATION_SEARCHING:
            return Refused
        return Usage if _badly_worded(stage, ballot.decision, ballot.reason) else None

    def _settling_is_refused(
        self, report: int, decision: Decision, reason: str | None
    ) -> type[LivrevError] | None:
        if report not in self._leads():
            return Usage
        state = report_state(self.review.sql, self.review.protocol, report)
        assert state is not None
        at = [
            s
            for s, r in ((Stage.ABSTRACT, state.abstract), (Stage.FULLTEXT, state.fulltext))
            if r.verdict is Verdict.CONFLICT
        ]
        if not at:
            return Refused
        return Usage if _badly_worded(at[0], decision, reason) else None

    def _unless(self, refusal: type[LivrevError] | None, act: Callable[[], T]) -> T | None:
        """What an act gives; where it is to be refused: None, after it was, by that very class and without a trace."""
        if refusal is None:
            return act()
        before = self._row_counts()
        with pytest.raises(refusal) as told:
            act()
        assert told.type is refusal
        assert self._row_counts() == before
        return None

    def _row_counts(self) -> Sequence[int]:
        tables = (*APPEND_ONLY, "change", "search_run", "refused_record")
        return [int(self.review.sql.execute(f"SELECT count(*) FROM {t}").fetchone()[0]) for t in tables]  # noqa: S608 - names above


def _badly_worded(stage: Stage, decision: Decision, reason: str | None) -> bool:
    if decision is not Decision.EXCLUDE:
        return reason is not None or (stage is Stage.FULLTEXT and decision is Decision.MAYBE)
    return stage is Stage.FULLTEXT and reason is None


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A review in which nothing has happened yet."""
    folder = tmp_path / "template"
    folder.mkdir()
    (folder / "review.toml").write_text(PROTOCOL)
    init(folder, STAMP)
    return folder


@pytest.mark.slow
def test_whatever_people_do_in_whatever_order_it_adds_up_and_nothing_is_lost(
    template: Path, tmp_path: Path
) -> None:
    class Here(History):
        def __init__(self) -> None:
            super().__init__(template, tmp_path / "history")

    run_state_machine_as_test(Here, settings=SETTINGS)


@pytest.fixture
def history(template: Path, tmp_path: Path) -> Iterator[History]:
    """A history to be told step by step."""
    told = History(template, tmp_path / "history")
    yield told
    told.teardown()


PLAIN = Cite(work=0, pmid=True, doi=True, title=True, number=None, note=0)


def test_a_report_included_after_its_round_was_published_is_in_the_totals_of_the_next_flow(
    history: History,
) -> None:
    history.take_in("embase", [PLAIN, replace(PLAIN, work=5)])
    history.release()
    history.take_a_report_all_the_way(1, Decision.INCLUDE, None)
    history.take_in("embase", [replace(PLAIN, work=1)])
    history.extract()
    assert flow(history.review).counts.total == Totals(1, 1)
    history.the_flow_ends_with_the_studies_that_are_in_the_tables()


def test_a_study_whose_report_is_joined_with_a_published_one_stays_in_the_totals(history: History) -> None:
    history.take_in("embase", [PLAIN])
    history.take_a_report_all_the_way(1, Decision.INCLUDE, None)
    history.release()
    history.take_in("embase", [replace(PLAIN, work=1), replace(PLAIN, work=5)])
    history.take_a_report_all_the_way(2, Decision.INCLUDE, None)
    history.extract()
    two_reports = flow(history.review).counts.total
    included = next(r for r, place in history._leads().items() if place is Place.INCLUDED and r > 1)
    history.judge(1, included, Relation.SAME)
    assert two_reports == Totals(2, 2)
    assert flow(history.review).counts.total == Totals(2, 1)
    history.the_flow_ends_with_the_studies_that_are_in_the_tables()


def test_what_stands_against_a_join_stands_against_it_when_it_is_said_again(history: History) -> None:
    history.take_in("embase", [PLAIN, replace(PLAIN, work=1), replace(PLAIN, work=5)])
    history.judge(1, 2, Relation.SAME)
    history.judge(2, 3, Relation.SAME)
    history.judge(1, 3, Relation.DIFFERENT)
    again = Judged(2, 3, Relation.SAME, by_person=True, evidence="read both again", by="ana")
    with pytest.raises(Refused, match="records 2 and 3 cannot be one report"):
        dedupe.judge(history.review, again, STAMP)
    assert [(p.left, p.right) for p in dedupe.waiting(history.review.sql)] == [(2, 3)]
