"""Stopping: a test on what is settled, kept whatever it says; people stop, go on, and the flow adds up."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from curation.errors import Refused, Usage
from curation.model import Decision, Stage
from curation.store import queue as slots
from curation.store.connect import Stamp
from curation.tasks import stopping
from curation.tasks.conflicts import Decided, resolve
from curation.tasks.flow import flow
from curation.tasks.places import all_places
from curation.tasks.queue import refresh
from curation.tasks.review import Review
from curation.tasks.stopping import check_stopping, reopen, stop, stopping_state
from screening.flow import FlowCounts, Place
from screening.stopping import Advice, StopRule, check, progress
from tests.cli.conftest import Refuses
from tests.conftest import Livrev
from tests.made_up_screening import STAMP, begun, cast, made_up, release, settle, take_in, written

REPORTS = 60
LOOSE = ", target_recall = 0.8, confidence = 0.8"
RELEVANT = 12  # the first so many: with a target of 0.8 enough for the test


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A review of 60 reports whose first 45 are screened, the first 12 of them relevant; never written to."""
    folder = begun(tmp_path_factory.mktemp("stopping") / "review", written(more=LOOSE))
    with Review.open(folder) as review:
        take_in(review, made_up(range(1, REPORTS + 1)))
        refresh(review)
        settle(review, {report: report <= RELEVANT for report in range(1, 46)})
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "review"))


def counts(review: Review) -> FlowCounts:
    found = flow(review).counts
    assert isinstance(found, FlowCounts)
    return found


def order(review: Review) -> list[int]:
    return [report for report, _ in stopping._sweep(review.sql, review.protocol).order]


def test_the_whole_story_on_the_command_line(folder: Path, livrev: Livrev) -> None:
    def said(*words: str) -> str:
        done = livrev(*words, cwd=folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    with Review.open(folder) as review:
        cast(review, "ana", {46: False, 47: True})
    checked = livrev("stop", "check", cwd=folder)
    assert "check 1, round 0: p = 0." in checked.stdout
    assert "12 relevant in 45 of 60 records, 15 unscreened. You may stop" in checked.stdout
    assert "livrev: warning: Reports that wait for a further vote count as unscreened: 2." in checked.stderr
    told = json.loads(said("stop", "check", "--json"))
    assert (told["number"], told["may_stop"], told["unscreened"]) == (2, True, 15)
    assert "stopped: 13 reports stay unscreened" in said(
        "stop", "now", "--as", "ben", "--note", "recall is met"
    )
    assert said("stop", "status").startswith("stopped by ben on check 3 (2026-11-02)\n")
    assert "no longer valid" not in said("stop", "status")
    counted = json.loads(said("flow", "--json"))["flow"]
    assert (counted["automation"], counted["awaiting_screening"], counted["excluded"]) == (13, 2, 33)
    assert json.loads(said("stop", "status", "--json"))["unscreened"] == 13
    with Review.open(folder) as review:
        take_in(review, made_up(range(61, 71)))
    assert "no longer valid: there are 70 records to screen, at the check there were 60" in said(
        "stop", "status"
    )
    assert "reopened: 13 reports to be screened again" in said(
        "stop", "reopen", "--as", "ana", "--note", "new search"
    )
    counted = json.loads(said("flow", "--json"))["flow"]
    assert (counted["automation"], counted["awaiting_screening"]) == (0, 25)
    assert said("stop", "status").startswith("not stopped; last check 3")


def test_the_test_is_that_of_the_pure_rule_on_the_real_order(folder: Path) -> None:
    with Review.open(folder) as review:
        done = check_stopping(review, STAMP)
        kept = stopping_state(review)
    labels = [report <= RELEVANT for report in range(1, 46)]
    assert done.check == check(progress(labels, REPORTS), StopRule(0.8, 0.8))
    assert kept is not None
    assert (kept.check.p, kept.check.advice, kept.stopped) == (done.check.p, Advice.MAY_STOP, False)


def test_a_report_is_screened_when_its_last_needed_vote_is_in(tmp_path: Path) -> None:
    folder = begun(tmp_path / "review")
    with Review.open(folder) as review:
        take_in(review, made_up(range(1, 7)))
        cast(review, "ana", dict.fromkeys((1, 2, 3, 4, 5), False))
        cast(review, "ben", {3: False, 1: True, 2: False})
        assert order(review) == [3, 1, 2]
        cast(review, "ben", {3: True})
        cast(review, "ana", {3: True})
        assert order(review) == [3, 1, 2], "a change of mind does not screen a report again"
        resolve(review, Decided("r", 1, "cem", Decision.EXCLUDE, "read it"), STAMP)
        sweep = stopping._sweep(review.sql, review.protocol)
        assert sweep.order == ((3, True), (1, False), (2, False))
        assert (sweep.untouched, sweep.begun, sweep.conflicts) == ((6,), 2, 0)


def test_p_knows_nothing_of_open_votes(folder: Path, tmp_path: Path, livrev: Livrev) -> None:
    said = []
    for include, name in ((True, "one"), (False, "other")):
        copy = Path(shutil.copytree(folder, tmp_path / name))
        with Review.open(copy) as review:
            cast(review, "ana", dict.fromkeys(range(46, 56), include))
        words = (
            ("check",),
            ("check", "--json"),
            ("status",),
            ("now", "--as", "ben", "--note", "enough"),
            ("status",),
        )
        done = [livrev("stop", *one, cwd=copy) for one in words]
        assert all(one.returncode == 0 for one in done), done
        said.append([(one.stdout, one.stderr) for one in done])
    assert said[0] == said[1]


def test_a_conflict_counts_as_relevant_until_it_is_settled(folder: Path) -> None:
    with Review.open(folder) as review:
        cast(review, "ana", {46: True})
        cast(review, "ben", {46: False})
        done = check_stopping(review, STAMP)
        assert done.check.found == RELEVANT + 1
        assert "Unsettled conflicts count as relevant: 1." in done.cautions
        resolve(review, Decided("r", 46, "cem", Decision.EXCLUDE, "not about it"), STAMP)
        state = stopping_state(review)
    assert state is not None
    assert state.stale == ("decisions on the records screened by then have changed",)


def test_decisions_that_changed_and_add_up_to_the_same_are_noticed(folder: Path) -> None:
    with Review.open(folder) as review:
        check_stopping(review, STAMP)
        settle(review, {1: False, 45: True})
        state = stopping_state(review)
    assert state is not None
    assert state.stale == ("decisions on the records screened by then have changed, or their order",)


def test_target_and_confidence_are_fixed_before_the_first_vote(folder: Path, refuses: Refuses) -> None:
    protocol = folder / "review.toml"
    protocol.write_text(protocol.read_text().replace("target_recall = 0.8", "target_recall = 0.7"))
    with Review.open(folder) as review:
        assert review.protocol.screening.target_recall == 0.7
        with review.change(STAMP):
            pass  # keeps the new version, so that only the test itself is looked at below
    said = refuses(folder, "stop", "check", status=1)
    assert "target_recall 0.7 and confidence 0.8 were not fixed beforehand" in said
    assert "(2026-11-02), review.toml said 0.8 and 0.8" in said
    protocol.write_text(protocol.read_text().replace("target_recall = 0.7", "target_recall = 0.8"))
    with Review.open(folder) as review:
        assert check_stopping(review, STAMP).check.rule == StopRule(0.8, 0.8)


def test_a_target_set_before_the_first_vote_is_the_one(tmp_path: Path) -> None:
    folder = begun(tmp_path / "review")
    with Review.open(folder) as review:
        take_in(review, made_up(range(1, 4)))
    (folder / "review.toml").write_text(written(more=", target_recall = 0.9"))
    with Review.open(folder) as review:
        settle(review, {1: True})
        assert check_stopping(review, STAMP).check.rule == StopRule(0.9, 0.95)


def test_with_few_includes_the_whole_batch_is_to_be_screened(
    tmp_path: Path, livrev: Livrev, refuses: Refuses
) -> None:
    folder = begun(tmp_path / "review")
    with Review.open(folder) as review:
        take_in(review, made_up(range(1, 13)))
        settle(review, {report: report == 1 for report in range(1, 11)})
    done = livrev("stop", "check", cwd=folder)
    assert "With fewer than 19 relevant records the test can save next to nothing" in done.stdout
    said = refuses(folder, "stop", "now", "--as", "ana", "--note", "tired", status=1)
    assert "does not say that screening may stop" in said
    over = livrev("stop", "now", "--as", "ana", "--note", "tired", "--despite", "the grant ends", cwd=folder)
    assert "stopped: 2 reports stay unscreened" in over.stdout
    with Review.open(folder) as review:
        state = stopping_state(review)
        assert state is not None
        assert state.note == "tired; despite the check (screen the whole batch): the grant ends"
        assert counts(review).automation == 2


def test_nothing_is_stopped_twice_nor_reopened_before_it_was_stopped(folder: Path, refuses: Refuses) -> None:
    assert "screening is not stopped" in refuses(
        folder, "stop", "reopen", "--as", "ana", "--note", "x", status=1
    )
    assert "'zoe' is no reviewer" in refuses(folder, "stop", "now", "--as", "zoe", "--note", "x", status=2)
    assert "needs a note" in refuses(folder, "stop", "now", "--as", "ana", "--note", " ", status=2)
    with Review.open(folder) as review:
        stop(review, "met", STAMP)
    assert "there is nothing to stop" in refuses(
        folder, "stop", "now", "--as", "ana", "--note", "x", status=1
    )


def test_where_all_is_screened_there_is_nothing_to_stop(tmp_path: Path) -> None:
    folder = begun(tmp_path / "review")
    with Review.open(folder) as review:
        with pytest.raises(Refused, match="nothing to test"):
            check_stopping(review, STAMP)
        take_in(review, made_up(range(1, 4)))
        settle(review, {1: True, 2: False, 3: False})
        done = check_stopping(review, STAMP)
        assert (done.check.advice, done.cautions) == (Advice.DONE, ())
        with pytest.raises(Refused, match="all is screened"):
            stop(review, "done", STAMP)


def test_an_update_is_tested_with_all_that_a_stop_left_since_the_last_complete_sweep(folder: Path) -> None:
    with Review.open(folder) as review:
        stop(review, "met", STAMP)
        release(review)
        take_in(review, made_up(range(61, 71)))
        settle(review, {61: True, 62: False})
        after_a_stop = check_stopping(review, STAMP)
        assert (after_a_stop.rounds, after_a_stop.check.total, after_a_stop.check.screened) == (
            (0, 1),
            70,
            47,
        )
        assert any(
            caution.startswith("Left by an earlier stop, and still unscreened: 15 ")
            for caution in after_a_stop.cautions
        )
        reopen(review, "the update", STAMP)
        settle(review, dict.fromkeys(range(46, 61), False))
        after_a_sweep = check_stopping(review, STAMP)
        assert (after_a_sweep.rounds, after_a_sweep.check.total, after_a_sweep.check.found) == ((1,), 10, 1)


def test_a_stop_takes_reports_out_of_every_queue_and_reopening_puts_them_back(folder: Path) -> None:
    def open_to_ben() -> set[int]:
        return set(slots.next_reports(review.sql, "ben", Stage.ABSTRACT, 100))

    with Review.open(folder) as review:
        cast(review, "ana", {46: True})
        stop(review, "met", Stamp(STAMP.at, "ben", "test"))
        assert open_to_ben() == {46}
        assert {p.placed.place for p in all_places(review.sql, review.protocol)} == {
            Place.AWAITING_RETRIEVAL, Place.EXCLUDED, Place.AWAITING_SCREENING, Place.AUTOMATION,
        }  # fmt: skip
        cast(review, "ben", {46: True})
        state = stopping_state(review)
        assert state is not None
        assert state.stale == (), "more screening alone is no reason"
        assert reopen(review, "to be sure", STAMP) == tuple(range(47, 61))
        assert open_to_ben() == set(range(47, 61))
        with pytest.raises(Usage):
            reopen(review, "to be sure", Stamp(STAMP.at, "nobody", "test"))
