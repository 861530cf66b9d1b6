"""Ranking: learnt from settled decisions and one's own, in the background, leaking nothing, interrupted anywhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from curation.errors import Refused, Usage
from curation.model import Decision, Stage
from curation.store import queue as slots
from curation.store import rankings, studies
from curation.store.lock import exclusive
from curation.tasks import ranking
from curation.tasks.fulltext import Attempt, note_fulltext
from curation.tasks.queue import refresh
from curation.tasks.ranking import Wanted, due, rank_queues, start_in_background
from curation.tasks.ranking_labels import decided
from curation.tasks.review import Review
from curation.tasks.vote import Ballot, undo, vote
from screening.flow import Retrieval
from screening.ranking import Basis, Label, Text, features, protocol_text, rank
from tests.cli.conftest import Refuses
from tests.conftest import Livrev
from tests.made_up_screening import (
    HEART,
    KNEE,
    SPINE,
    STAMP,
    begun,
    cast,
    made_up,
    release,
    settle,
    take_in,
    topic,
    written,
)

pytest.importorskip("sklearn")

REPORTS = 36
ABSTRACT = Stage.ABSTRACT


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A review of 36 reports nobody has voted on; never written to."""
    folder = begun(tmp_path_factory.mktemp("ranked") / "review")
    with Review.open(folder) as review:
        take_in(review, made_up(range(1, REPORTS + 1)))
        refresh(review)
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "review"))


def order_of(review: Review, reviewer: str) -> list[int]:
    return slots.next_reports(review.sql, reviewer, ABSTRACT, 10_000)


def spine(reports: Sequence[int]) -> dict[int, bool]:
    return {report: topic(report) == SPINE for report in reports}


def test_the_order_is_that_of_the_pure_ranking_on_the_same_decisions(folder: Path) -> None:
    with Review.open(folder) as review:
        settle(review, spine(range(1, 9)))
        cast(review, "ben", {13: True, 14: False})
        cast(review, "ana", {16: False})
        (ben,) = rank_queues(review, Wanted("ben"), STAMP).orders
        texts = [Text(t.report, t.title, t.abstract) for t in rankings.texts(review.sql)]
        meant = protocol_text(
            review.protocol.review.title,
            review.protocol.review.question,
            review.protocol.criteria.include,
            [review.protocol.sources[0].strategy],
        )
        labels = [Label(r, relevant) for r, relevant in {**spine(range(1, 9)), 13: True, 14: False}.items()]
        wanted = set(range(9, REPORTS + 1)) - {13, 14}
        assert ben.order == rank(features(texts, meant), labels, among=wanted).reports
        # What ana has seen stands before what nobody has, in an order that no ranking makes.
        assert order_of(review, "ben") == [16, *(r for r in ben.order if r != 16)]
        assert (ben.basis, ben.includes, ben.excludes) == (Basis.DECISIONS, 4, 6)
        assert {topic(report) for report in ben.order[:6]} == {SPINE}


def test_before_any_decision_the_protocols_words_order(folder: Path, livrev: Livrev) -> None:
    done = livrev("rank", "--as", "ana", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "ana: 36 reports in order" in done.stdout
    assert "by likeness to the protocol's words" in done.stdout
    assert "livrev: warning: Only 0 included among 0 decisions" in done.stderr
    with Review.open(folder) as review:
        assert {topic(report) for report in order_of(review, "ana")[:12]} == {SPINE}
        assert order_of(review, "ben") == list(range(1, REPORTS + 1))


def test_the_same_store_gives_the_same_order(folder: Path) -> None:
    with Review.open(folder) as review:
        settle(review, spine(range(1, 13)))
        first, second = (rank_queues(review, Wanted("ana"), STAMP).orders[0].order for _ in range(2))
        assert first == second == tuple(order_of(review, "ana"))


@pytest.mark.slow
def test_an_order_tells_nothing_of_anothers_open_votes(folder: Path, tmp_path: Path, livrev: Livrev) -> None:
    said = []
    for other_way, name in ((False, "one"), (True, "other")):
        copy = Path(shutil.copytree(folder, tmp_path / name))
        with Review.open(copy) as review:
            settle(review, spine(range(1, 9)))
            cast(review, "ana", {n: relevant is not other_way for n, relevant in spine(range(9, 30)).items()})
        everybody = livrev("rank", "--json", cwd=copy)
        of_ben = livrev("rank", "--as", "ben", "--dry-run", "--json", cwd=copy)
        assert (everybody.returncode, of_ben.returncode) == (0, 0), everybody.stderr + of_ben.stderr
        talk = livrev("rank", "--dry-run", cwd=copy)
        with Review.open(copy) as review:
            of_a_vote = (order_of(review, "ben"), due(review, "ben", ABSTRACT))
            said.append((everybody.stdout, of_ben.stdout, talk.stdout, talk.stderr, *of_a_vote))
            assert order_of(review, "ana")[:3] != list(range(30, 33))
    assert said[0] == said[1]


def test_an_unsettled_conflict_is_relevant_and_so_is_what_fell_only_at_full_text(folder: Path) -> None:
    with Review.open(folder) as review:
        settle(review, {1: True, 2: False})
        cast(review, "ana", {3: True})
        cast(review, "ben", {3: False})
        note_fulltext(review, Attempt(1, "ana", Retrieval.RETRIEVED, "on paper"), STAMP)
        for who in ("ana", "ben"):
            said = Ballot(f"full-{who}", 1, who, Decision.EXCLUDE, Stage.FULLTEXT, "population")
            vote(review, said, STAMP)
        assert decided(review.sql, review.protocol).settled == {1: True, 2: False, 3: True}


def test_the_included_reports_of_an_earlier_version_teach_too(demo: Path) -> None:
    with Review.open(demo) as review:
        published = {r for s in studies.studies(review.sql) for r, basis in s.reports if basis == "published"}
        known = decided(review.sql, review.protocol)
    assert published
    assert all(known.settled[report] for report in published)
    assert set(known.settled.values()) == {True, False}


def test_a_ranking_that_breaks_off_leaves_a_whole_queue(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "_PIECE", 10)

    def stop(_reviewer: str, done: int, _of: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with Review.open(folder) as review:
        settle(review, spine(range(1, 5)))
        planned = rank_queues(review, Wanted("ana", dry_run=True), STAMP).orders[0].order
        with pytest.raises(KeyboardInterrupt):
            rank_queues(review, Wanted("ana"), STAMP, stop)
        begun_with = order_of(review, "ana")
        assert begun_with[:20] == list(planned[:20])
        assert begun_with[20:] == sorted(planned[20:]), "the rest stays in its earlier order"
        cast(review, "ana", {begun_with[0]: True})
        rank_queues(review, Wanted("ana"), STAMP)
        again = order_of(review, "ana")
    assert sorted(again) == sorted(set(begun_with) - {begun_with[0]})


def test_a_dry_run_stores_nothing_and_shows_where_the_order_begins(folder: Path, livrev: Livrev) -> None:
    with Review.open(folder) as review:
        before = list(review.sql.iterdump())
    done = livrev("rank", "--dry-run", "--as", "ana", cwd=folder)
    with Review.open(folder) as review:
        assert list(review.sql.iterdump()) == before
    assert done.stdout.count("\nR") == 10
    assert "spine" in done.stdout.splitlines()[3]


def test_in_the_order_of_arrival_nothing_is_ranked(tmp_path: Path, refuses: Refuses) -> None:
    folder = begun(tmp_path / "arrival", written("arrival"))
    with Review.open(folder) as review:
        take_in(review, made_up(range(1, 4)))
    assert "order of arrival" in refuses(folder, "rank", status=1)
    with Review.open(folder) as review:
        assert not due(review, "ana", ABSTRACT)


def test_without_scikit_learn_it_says_what_to_install(folder: Path, tmp_path: Path, refuses: Refuses) -> None:
    absent = tmp_path / "absent"
    (absent / "sklearn").mkdir(parents=True)
    (absent / "sklearn" / "__init__.py").write_text("raise ImportError\n")
    root = Path(ranking.__file__).parents[2]
    said = refuses(folder, "rank", status=1, PYTHONPATH=f"{absent}:{root}")
    assert (
        said
        == "livrev: ranking needs scikit-learn; nothing was ranked. Install it with: pip install 'livrev[rank]'\n"
    )


def test_who_does_not_screen_has_no_queue(folder: Path, refuses: Refuses) -> None:
    assert "cem is no screener" in refuses(folder, "rank", "--as", "cem", status=1)
    assert "'zoe' is no reviewer" in refuses(folder, "rank", "--as", "zoe", status=2)


def test_features_are_kept_and_made_anew_when_they_are_damaged_or_of_other_texts(folder: Path) -> None:
    def kept() -> list[Path]:
        return sorted((folder / ".livrev").glob("features-*"))

    with Review.open(folder) as review:
        first = rank_queues(review, Wanted("ana"), STAMP)
        (path,) = kept()
        good = path.read_bytes()
        path.write_bytes(good[:-1])
        path.with_name("features-old.part").write_bytes(b"left by a process that was killed")
        assert rank_queues(review, Wanted("ana"), STAMP) == first
        assert kept() == [path]
        assert path.read_bytes() == good
        take_in(review, made_up([REPORTS + 1]))
        rank_queues(review, Wanted("ana"), STAMP)
        (other,) = kept()
        assert other != path


def test_a_report_without_any_text_comes_last(folder: Path) -> None:
    with Review.open(folder) as review:
        take_in(review, "TY  - JOUR\nAN  - L99\nDO  - 10.1000/untold\nER  - \n")
        (ana,) = rank_queues(review, Wanted("ana"), STAMP).orders
    assert len(ana.order) == REPORTS + 1
    assert ana.order[-1] == REPORTS + 1


def test_an_order_is_due_for_new_records_and_for_a_tenth_more_decisions(folder: Path) -> None:
    with Review.open(folder) as review:
        assert due(review, "ana", ABSTRACT)
        settle(review, spine(range(1, 21)))
        rank_queues(review, Wanted(), STAMP)
        assert not due(review, "ana", ABSTRACT)
        assert not due(review, "ana", Stage.FULLTEXT)
        cast(review, "ben", {21: True, 22: False})
        assert not due(review, "ana", ABSTRACT), (
            "what ben said of reports that ana has not read is not hers to learn"
        )
        assert due(review, "ben", ABSTRACT)
        cast(review, "ana", {21: False})
        assert not due(review, "ana", ABSTRACT)
        undo(review, "ana", STAMP)
        undo(review, "ana", replace(STAMP, by="ana"))  # a vote that the ranking has learnt from
        cast(review, "ana", {23: False})
        assert due(review, "ana", ABSTRACT)
        rank_queues(review, Wanted("ana"), STAMP)
        assert not due(review, "ana", ABSTRACT)
        take_in(review, made_up([REPORTS + 1]))
        assert due(review, "ana", ABSTRACT)


def test_a_process_in_the_background_learns_the_order(folder: Path, livrev: Livrev) -> None:
    with Review.open(folder) as review:
        settle(review, spine(range(1, 9)))
    assert start_in_background(folder, "ben")
    assert not start_in_background(folder, "ben"), "one is at work"
    process = ranking._STARTED[folder, "ben"]
    assert process.wait(timeout=60) == 0
    (log,) = (folder / ".livrev" / "log").glob("rank-*.txt")
    assert log.read_bytes() == b""
    with Review.open(folder) as review:
        assert {topic(report) for report in order_of(review, "ben")[:6]} == {SPINE}
        assert order_of(review, "ana") == list(range(9, REPORTS + 1))
    assert livrev("rank", "--as", "ben", "--quiet", cwd=folder).stdout == ""


def test_while_a_queue_is_being_ordered_another_process_leaves_it_alone(
    folder: Path, refuses: Refuses
) -> None:
    with exclusive(ranking._lock(folder, "ben")):
        assert "the queue of ben is being ordered" in refuses(
            folder, "rank", "--as", "ben", "--quiet", status=75
        )
    with Review.open(folder) as review:
        assert rank_queues(review, Wanted("ben"), STAMP).orders[0].order


def test_what_the_background_could_not_do_stands_in_the_log(tmp_path: Path) -> None:
    folder = begun(tmp_path / "arrival", written("arrival"))
    assert start_in_background(folder, "ana")
    assert ranking._STARTED[folder, "ana"].wait(timeout=60) == 1
    (log,) = (folder / ".livrev" / "log").glob("rank-*.txt")
    assert log.read_text().startswith("livrev: review.toml says")


def test_beside_a_ranking_stands_what_it_would_have_been_worth(folder: Path, livrev: Livrev) -> None:
    with Review.open(folder) as review:
        settle(review, spine(range(1, REPORTS + 1)))
        release(review)
        take_in(review, made_up(range(REPORTS + 1, REPORTS + 13)))
        settle(review, spine(range(REPORTS + 1, REPORTS + 10)))
    done = livrev("rank", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert (
        "backtest: Learnt from 36 decisions (12 included) before round 1, it ranked 9 later ones"
        in done.stdout
    )
    assert "WSS@95" in done.stdout
    told = json.loads(livrev("rank", "--json", cwd=folder).stdout)
    assert told["backtest"]["unit"] == "round"
    assert told["backtest"]["quality"]["relevant"] == 3
    assert (told["settled"], told["relevant"]) == (45, 15)
    with Review.open(folder) as review:
        kept = rankings.newest_backtest(review.sql, ABSTRACT)
    assert kept == told["backtest"]


def test_within_one_round_the_latest_years_are_held_out(folder: Path) -> None:
    with Review.open(folder) as review:
        settle(review, {report: topic(report) in {SPINE, HEART} for report in range(1, REPORTS + 1)})
        take_in(review, made_up(range(REPORTS + 1, REPORTS + 3)))
        done = rank_queues(review, Wanted(), STAMP)
        again = rank_queues(review, Wanted(), STAMP)
    assert "before year 20" in str(done.tested)
    assert done.tested == again.tested


def test_few_decisions_are_not_tested_and_a_warning_says_to_screen_all(folder: Path, livrev: Livrev) -> None:
    with Review.open(folder) as review:
        settle(review, spine(range(1, 7)))
    done = livrev("rank", cwd=folder)
    assert "6 decisions are settled, and 20 are needed" in done.stdout
    assert "livrev: warning: Only 2 included among 6 decisions" in done.stderr
    assert "screen all of it" in done.stderr


def test_nothing_is_lost_where_nothing_waits(folder: Path) -> None:
    with Review.open(folder) as review:
        settle(review, {report: topic(report) != KNEE for report in range(1, REPORTS + 1)})
        done = rank_queues(review, Wanted("ana"), STAMP)
        assert done.orders[0].order == ()
        assert rankings.newest(review.sql, "ana", ABSTRACT) is None
        with pytest.raises(Refused):
            undo(review, "cem", STAMP)
        with pytest.raises(Usage):
            rank_queues(review, Wanted("nobody"), STAMP)
