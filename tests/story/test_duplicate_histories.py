"""Random histories of duplicates: whatever came and was judged in whatever order, it is as if all had come first.

``LIVREV_HYPOTHESIS=500`` tries that many histories, other ones each time.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import combinations, groupby, pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from curation.dedupe.batch import shared_dois
from curation.dedupe.compare import compare
from curation.dedupe.entry import Entry as Compared
from curation.dedupe.entry import prepare
from curation.dedupe.relations import Kind
from curation.dedupe.solve import Link, solve
from curation.errors import Refused
from curation.model import Decision, Relation, Stage
from curation.sources.standin import Corpus, Entry, Manners, StandIn
from curation.store import duplicates, records, votes
from curation.store.connect import Stamp
from curation.store.duplicates import Judged
from curation.tasks import dedupe
from curation.tasks.alarms import Alarm
from curation.tasks.duplicate_counts import Counts, counts
from curation.tasks.flow import flow
from curation.tasks.import_file import FileToImport, Imported, import_file
from curation.tasks.init import init
from curation.tasks.review import Review
from curation.tasks.update import UpdateOptions, update
from curation.tasks.vote import Ballot, vote
from screening.flow import FlowCounts, failures
from tests.story.made_up_works import FOUND_BY, PRINTS, PROTOCOL, SHARING, TIED, Print, exported
from tests.story.soak_pubmed import PubMedOverYears, Time

TRIED = os.environ.get("LIVREV_HYPOTHESIS")
SETTINGS = settings(
    max_examples=int(TRIED or 30),
    stateful_step_count=25,
    derandomize=TRIED is None,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
AT = datetime(2026, 11, 2, tzinfo=UTC)
STAMP = Stamp(AT, "tester", "test")
FILES = ("embase", "scopus", "ictrp")
APPEND_ONLY = ("record", "revision", "hit", "judgement", "placement", "vote", "dedupe_pass")
MOST_RECORDS = 25
FIRST_NUMBER = 30_000_001  # of the records in PubMed
RECORDS = st.integers(1, MOST_RECORDS)  # taken modulo the number of records there are
KINDS = st.sampled_from(("", *Kind))
EVERY_ALARM = UpdateOptions(allowed=frozenset(Alarm))
Name = tuple[str, str]  # of a record, however it is numbered: its source, and the source's number for it


@dataclass(frozen=True)
class World:
    """What the histories share: an empty review to begin with, and a PubMed that answers."""

    template: Path
    standin: StandIn

    def begun(self, folder: Path) -> Review:
        shutil.copytree(self.template, folder)
        return Review.open(folder)

    def updated(self, review: Review, corpus: Corpus) -> None:
        self.standin.corpus = corpus
        with PubMedOverYears(self.standin, Time()).asked() as clients:
            update(review, clients, lambda: AT, STAMP, EVERY_ALARM)


def taken_in(review: Review, source: str, ris: str) -> Imported:
    number = len(list(review.folder.glob("*.ris")))
    path = review.folder / f"{number}.ris"
    path.write_text(ris, encoding="utf-8")
    return import_file(review, FileToImport(path, source, "2026-11-01"), STAMP)


def names(review: Review) -> dict[int, Name]:
    """Every record's own name, by its number in this review."""
    rows = review.sql.execute(
        "SELECT r.id, s.key, r.accession FROM record r JOIN source s ON s.id = r.source_id ORDER BY r.id"
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def reports(review: Review) -> set[frozenset[Name]]:
    """The reports as sets of records."""
    name, found = names(review), duplicates.placements(review.sql)
    return {frozenset(name[r] for r, of in found.items() if of == report) for report in found.values()}


def counted(review: Review) -> Counts:
    """Numbers about duplicates, but for those that tell of runs."""
    found = counts(review)
    sources = (replace(one, found_again=0, back=0, twice_in_a_file=0) for one in found.sources)
    return replace(found, found_again=0, back=0, twice_in_a_file=0, waiting=0, sources=tuple(sources))


def all_compared_with_all(review: Review) -> dict[int, int]:
    """Reports as they were if every record had just been compared with every other, without keys or a past."""
    cited = records.citations(review.sql, names(review))
    prepared = {record: prepare(Compared(record, 0, citation)) for record, citation in cited.items()}
    shared = shared_dois(prepared.values())
    found = [compare(prepared[a], prepared[b], shared) for a, b in combinations(sorted(prepared), 2)]
    people = [Link(j.left, j.right, j.relation, by_person=True) for j in duplicates.by_people(review.sql)]
    return dict(solve(prepared.values(), found, people).report)


class Duplicates(RuleBasedStateMachine):
    """What comes into a review, and what people make of it, in any order."""

    def __init__(self, world: World, folder: Path) -> None:
        super().__init__()
        self._world, self._folder = world, folder
        self.review = world.begun(folder / "lived")
        self.pubmed: dict[int, Entry] = {}
        self.cast: list[votes.NewVote] = []
        self.seen: dict[str, list[tuple[object, ...]]] = {table: [] for table in APPEND_ONLY}
        self.begun_anew = 0

    def teardown(self) -> None:
        self.review.store.close()
        shutil.rmtree(self._folder)

    # What happens

    @initialize(prints=st.lists(PRINTS, min_size=2, max_size=8))
    def begin(self, prints: list[Print]) -> None:
        self.take_in("embase", prints)

    @precondition(lambda self: self.records < MOST_RECORDS)
    @rule(source=st.sampled_from(FILES), prints=st.lists(PRINTS, min_size=1, max_size=4))
    def take_in(self, source: str, prints: list[Print]) -> None:
        before, brought = self.records, exported(prints)
        done = taken_in(self.review, source, "".join(one.ris() for one in brought))
        assert self.records - before == done.new
        if not done.before:  # the very same file
            assert done.new + done.refound + done.within == done.records == len(brought)

    @precondition(lambda self: self.records < MOST_RECORDS)
    @rule(prints=st.lists(st.tuples(st.integers(0, 5), PRINTS), min_size=1, max_size=3))
    def update(self, prints: list[tuple[int, Print]]) -> None:
        """PubMed has new records, and others of before have changed."""
        self.pubmed |= {FIRST_NUMBER + n: one.entry(FIRST_NUMBER + n) for n, one in prints}
        self._world.updated(self.review, Corpus(self.pubmed.values()))

    @precondition(lambda self: self.records > 1)
    @rule(
        one=RECORDS,
        other=RECORDS,
        relation=st.sampled_from((Relation.SAME, Relation.DIFFERENT, Relation.RELATED)),
        kind=KINDS,
        by=st.sampled_from(("ana", "ben")),
    )
    def judge(self, one: int, other: int, relation: Relation, kind: str, by: str) -> None:
        self._judge(self._record(one), self._record(other), relation, kind, by)

    @precondition(lambda self: len(dedupe.waiting(self.review.sql)) > 0)
    @rule(which=RECORDS, relation=st.sampled_from((Relation.SAME, Relation.DIFFERENT, Relation.RELATED)))
    def answer(self, which: int, relation: Relation) -> None:
        """A pair that waits, as the queue puts it before people."""
        waiting = dedupe.waiting(self.review.sql)
        pair = waiting[which % len(waiting)]
        self._judge(pair.left, pair.right, relation, "", "ana")

    @precondition(lambda self: self._shared_reports())
    @rule(which=RECORDS, relation=st.sampled_from((Relation.DIFFERENT, Relation.RELATED)))
    def split(self, which: int, relation: Relation) -> None:
        """Two records that are one report now are not, somebody finds."""
        together = self._shared_reports()
        self._judge(*together[which % len(together)], relation, "", "ben")

    @precondition(lambda self: len(duplicates.by_people(self.review.sql)) > 0)
    @rule(which=RECORDS)
    def take_back(self, which: int) -> None:
        judged = duplicates.by_people(self.review.sql)
        pair = judged[which % len(judged)]
        dedupe.judge(self.review, replace(pair, relation=Relation.UNSURE, kind=""), STAMP)
        assert (pair.left, pair.right) not in {
            (j.left, j.right) for j in duplicates.by_people(self.review.sql)
        }

    @rule(record=RECORDS, reviewer=st.sampled_from(("ana", "ben")), decision=st.sampled_from(Decision))
    def screen(self, record: int, reviewer: str, decision: Decision) -> None:
        report = duplicates.placements(self.review.sql)[self._record(record)]
        uid = f"vote {len(self.cast)}"
        try:
            vote(self.review, Ballot(uid, report, reviewer, decision, Stage.ABSTRACT), STAMP)
        except Refused:  # the report is settled
            return
        self.cast.append(votes.NewVote(uid, report, Stage.ABSTRACT, reviewer, decision))

    @rule()
    def deduplicate_again(self) -> None:
        again = dedupe.deduplicate(self.review, STAMP)
        assert (again.judged, again.moved) == (0, 0)

    @rule()
    def begin_anew(self) -> None:
        """A fresh review that all records come to first, then the judgements that stand, then a pass over all."""
        self.begun_anew += 1
        folder = self._folder / f"fresh-{self.begun_anew}"
        with self._world.begun(folder) as fresh:
            self._bring_records(fresh)
            assert names(fresh) == names(self.review)
            with fresh.change(STAMP) as change:
                for one in self.cast:
                    votes.cast(change, one)
                duplicates.add(change, duplicates.by_people(self.review.sql))
            dedupe.deduplicate(fresh, STAMP)
            assert duplicates.placements(fresh.sql) == duplicates.placements(self.review.sql)
            assert counted(fresh) == counted(self.review)
            assert flow(fresh).counts == flow(self.review).counts
            assert flow(fresh).places == flow(self.review).places

    # What always holds

    @invariant()
    def reports_partition_the_records_and_bear_the_number_of_their_first(self) -> None:
        placed = duplicates.placements(self.review.sql)
        assert set(placed) == set(names(self.review))
        for report in set(placed.values()):
            assert report == min(record for record, of in placed.items() if of == report)

    @invariant()
    def they_are_what_comparing_all_with_all_gives(self) -> None:
        assert duplicates.placements(self.review.sql) == all_compared_with_all(self.review)

    @invariant()
    def what_a_person_holds_apart_is_never_one_report(self) -> None:
        placed = duplicates.placements(self.review.sql)
        for j in duplicates.by_people(self.review.sql):
            if j.relation is not Relation.SAME:
                assert placed[j.left] != placed[j.right], j

    @invariant()
    def what_a_rule_holds_for_one_report_is_one(self) -> None:
        placed = duplicates.placements(self.review.sql)
        for j in duplicates.standing(self.review.sql):
            if j.relation is Relation.SAME and not j.by_person:
                assert placed[j.left] == placed[j.right], j

    @invariant()
    def nobody_is_asked_about_one_report_or_what_is_decided(self) -> None:
        placed = duplicates.placements(self.review.sql)
        waiting = [frozenset((placed[j.left], placed[j.right])) for j in dedupe.waiting(self.review.sql)]
        assert all(len(pair) == 2 for pair in waiting)
        assert len(set(waiting)) == len(waiting)

    @invariant()
    def votes_stay_with_their_records(self) -> None:
        placed = duplicates.placements(self.review.sql)
        for report in set(placed.values()):
            newest = {v.reviewer: v.decision for v in self.cast if placed[v.report] == report}
            found = votes.votes_of(self.review.sql, report, Stage.ABSTRACT)
            assert {v.reviewer: v.decision for v in found} == newest

    @invariant()
    def rows_are_only_added(self) -> None:
        for table in APPEND_ONLY:
            rows = self.review.sql.execute(f"SELECT * FROM {table} ORDER BY change_id, 1, 2")  # noqa: S608 - names above
            now = [tuple(row) for row in rows]
            assert now[: len(self.seen[table])] == self.seen[table], table
            self.seen[table] = now

    @invariant()
    def the_flow_adds_up_and_counts_every_duplicate(self) -> None:
        if not self.records:
            return
        told = flow(self.review).counts
        assert isinstance(told, FlowCounts)
        assert failures(told) == ()
        placed = duplicates.placements(self.review.sql)
        assert told.duplicates == len(placed) - len(set(placed.values())) == counts(self.review).duplicates

    # How it is done

    @property
    def records(self) -> int:
        return int(self.review.sql.execute("SELECT count(*) FROM record").fetchone()[0])

    def _record(self, number: int) -> int:
        return (number - 1) % self.records + 1

    def _shared_reports(self) -> list[tuple[int, int]]:
        placed = duplicates.placements(self.review.sql)
        return [(a, b) for a, b in combinations(sorted(placed), 2) if placed[a] == placed[b]]

    def _judge(self, one: int, other: int, relation: Relation, kind: str, by: str) -> None:
        left, right = sorted((one, other))
        if left == right:
            return
        said = kind if relation is Relation.RELATED else ""
        judged = Judged(left, right, relation, by_person=True, evidence="read both", by=by, kind=said)
        people = duplicates.by_people(self.review.sql)
        try:
            dedupe.judge(self.review, judged, STAMP)
        except Refused:
            assert relation is Relation.SAME
            assert any(j.relation is not Relation.SAME for j in people)
            assert duplicates.by_people(self.review.sql) == people
        else:
            placed = duplicates.placements(self.review.sql)
            assert (placed[left] == placed[right]) is (relation is Relation.SAME)

    def _bring_records(self, fresh: Review) -> None:
        """The newest version of every record, in the order in which the records came first."""
        rows = self.review.sql.execute(
            "SELECT s.key, r.accession, v.raw FROM revision_now v JOIN record r ON r.id = v.record_id"
            " JOIN source s ON s.id = r.source_id ORDER BY r.id"
        )
        served: list[Entry] = []
        for source, stretch in groupby(rows, key=lambda row: row["key"]):
            raws = [(row["accession"], zlib.decompress(row["raw"])) for row in stretch]
            if source != "pubmed":
                taken_in(fresh, source, "\n".join(raw.decode() for _, raw in raws))
                continue
            for number, raw in raws:  # one by one: PubMed has an order of its own
                served.append(Entry(int(number), raw, abstracts=(FOUND_BY,)))
                self._world.updated(fresh, Corpus(served))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("template")
    (folder / "review.toml").write_text(PROTOCOL)
    init(folder, STAMP)
    with StandIn.with_manners(Corpus(), Manners(rate_limit=1_000)) as standin:
        yield World(folder, standin)


@pytest.mark.slow
def test_whatever_came_and_was_judged_in_whatever_order_it_is_as_if_all_had_come_first(
    world: World, tmp_path: Path
) -> None:
    class Here(Duplicates):
        def __init__(self) -> None:
            super().__init__(world, tmp_path / "history")

    run_state_machine_as_test(Here, settings=SETTINGS)


@dataclass(frozen=True)
class Arrival:
    """Records with their sources, and another order for them; a file ends before each place in ``cuts``."""

    brought: tuple[tuple[str, Print], ...]
    otherwise: tuple[int, ...]
    cuts: frozenset[int]
    at_once: int  # records that are compared at once

    def all_together(self) -> Iterator[tuple[str, str]]:
        """One file for each source."""
        for source in FILES:
            if ris := "".join(one.ris() for of, one in self.brought if of == source):
                yield source, ris

    def piece_by_piece(self) -> Iterator[tuple[str, str]]:
        """Files of neighbours in the other order."""
        begun = [n for n in range(len(self.otherwise) + 1) if n in self.cuts or n in {0, len(self.otherwise)}]
        for start, end in pairwise(begun):
            part = [self.brought[n] for n in self.otherwise[start:end]]
            for source, together in groupby(sorted(part, key=lambda one: one[0]), key=lambda one: one[0]):
                yield source, "".join(one.ris() for _, one in together)


@st.composite
def arrivals(draw: st.DrawFn) -> Arrival:
    prints = draw(st.sampled_from((PRINTS, TIED, TIED | SHARING)))
    drawn = draw(st.lists(st.tuples(st.sampled_from(FILES), prints), min_size=3, max_size=9))
    brought = tuple((source, replace(one, number=n)) for n, (source, one) in enumerate(drawn))
    otherwise = tuple(draw(st.permutations(range(len(brought)))))
    cuts = draw(st.frozensets(st.integers(1, len(brought) - 1)))
    return Arrival(brought, otherwise, cuts, draw(st.sampled_from((1, 2, 3, 2_000))))


@pytest.mark.slow
@given(arrival=arrivals())
@settings(SETTINGS, max_examples=int(TRIED or 60))
def test_neither_the_order_of_records_nor_of_files_nor_how_they_are_cut_changes_a_report(
    world: World, arrival: Arrival
) -> None:
    with begun(world) as together, begun(world) as apart, pytest.MonkeyPatch.context() as setting:
        for source, ris in arrival.all_together():
            taken_in(together, source, ris)
        setting.setattr(dedupe, "_CHUNK", arrival.at_once)
        for source, ris in arrival.piece_by_piece():
            taken_in(apart, source, ris)
        assert set(names(together).values()) == set(names(apart).values())
        assert reports(together) == reports(apart)


@contextmanager
def begun(world: World) -> Iterator[Review]:
    """A review in which nothing has happened, for a while."""
    with tempfile.TemporaryDirectory() as folder, world.begun(Path(folder) / "review") as review:
        yield review


def test_what_is_taken_back_is_left_to_the_rules_and_to_the_newest_versions(world: World) -> None:
    with begun(world) as review:
        taken_in(review, "embase", Print(0, number=1).ris() + Print(5, number=2).ris())
        judged = Judged(1, 2, Relation.DIFFERENT, by_person=True, evidence="read both", by="ana")
        dedupe.judge(review, judged, STAMP)
        taken_in(review, "embase", Print(0, number=2).ris())  # the database corrects its second record
        assert len(reports(review)) == 2
        dedupe.judge(review, replace(judged, relation=Relation.UNSURE), STAMP)
        assert len(reports(review)) == 1
        [(_, said), (_, back), (_, by_rule)] = duplicates.history(review.sql, 1, 2)
        assert (said.relation, back.relation) == (Relation.DIFFERENT, Relation.UNSURE)
        assert (by_rule.relation, by_rule.by_person) == (Relation.SAME, False)


def test_nobody_is_asked_about_a_union_that_was_taken_back_and_that_no_rule_thought_of(world: World) -> None:
    with begun(world) as review:
        taken_in(review, "embase", Print(0, number=1).ris() + Print(5, number=2).ris())
        judged = Judged(1, 2, Relation.SAME, by_person=True, evidence="a slip", by="ana")
        dedupe.judge(review, judged, STAMP)
        assert len(reports(review)) == 1
        dedupe.judge(review, replace(judged, relation=Relation.UNSURE), STAMP)
        assert len(reports(review)) == 2
        assert dedupe.waiting(review.sql) == ()
        assert dedupe.deduplicate(review, STAMP) == dedupe.Deduplicated(judged=0, moved=0, unsure=0)


def test_a_union_that_others_forbade_is_made_when_nothing_forbids_it_any_more(world: World) -> None:
    with begun(world) as review:
        taken_in(
            review, "embase", "".join(Print(text, number=n).ris() for n, text in enumerate((0, 5, 9, 11)))
        )
        chain = [
            (1, 2, Relation.SAME),
            (2, 3, Relation.SAME),
            (3, 4, Relation.SAME),
            (1, 4, Relation.DIFFERENT),
        ]
        for left, right, relation in chain:
            dedupe.judge(review, Judged(left, right, relation, by_person=True, evidence="", by="ana"), STAMP)
        assert duplicates.placements(review.sql) == {1: 1, 2: 1, 3: 1, 4: 4}
        undone = Judged(1, 2, Relation.UNSURE, by_person=True, evidence="", by="ben")
        dedupe.judge(review, undone, STAMP)
        assert duplicates.placements(review.sql) == {1: 1, 2: 2, 3: 2, 4: 2}


SITES = ("lung", "breast", "kidney", "thyroid", "prostate", "liver", "skin", "colon", "ovary", "bladder")
PAIRS = tuple(combinations(SITES, 2))


def issues(part: range, issue: int | None) -> str:
    """Articles of one volume in an issue; without one, the field holds a running number."""
    return "".join(
        f"TY  - JOUR\nAN  - {n}\nTI  - Spread from the {PAIRS[n][0]} and the {PAIRS[n][1]} to the spine\nAU  - Tran, T.\n"
        f"AU  - Ng, C.\nPY  - 2020\nT2  - Spine\nVL  - 7\nIS  - {issue or n + 1}\nER  - \n\n"
        for n in part
    )


def test_a_field_that_turns_out_to_hold_running_numbers_is_passed_over_for_earlier_records_too(
    world: World,
) -> None:
    with begun(world) as review:
        taken_in(review, "embase", issues(range(20), None))
        taken_in(review, "scopus", issues(range(20), 4))
        assert len(reports(review)) == 39  # the fourth record of Embase has the right issue by chance
        taken_in(review, "embase", issues(range(20, 40), None))
        assert len(names(review)) == 60
        assert len(reports(review)) == 40
