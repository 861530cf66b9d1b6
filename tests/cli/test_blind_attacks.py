"""Ways by which a reviewer once could learn a colleague's vote, or a vote could come in that was not independent."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from curation.errors import Refused
from curation.model import Decision, Relation, Stage
from curation.store import queue
from curation.store.connect import Stamp
from curation.store.duplicates import Judged
from curation.tasks import dedupe
from curation.tasks.conflicts import Decided, conflicts, resolve
from curation.tasks.desk import Session, StoreDesk
from curation.tasks.queue import refresh
from curation.tasks.review import Review
from curation.tasks.vote import Ballot, undo, vote
from screening.desk import Work
from tests.cli.made_up_team import Team
from tests.conftest import Livrev


def stamp(by: str) -> Stamp:
    return Stamp(dt.datetime(2026, 11, 2, tzinfo=dt.UTC), by, "test")


THREE = ("ana", "ben", "carl")
ASKED = (
    ("agreement",),
    ("agreement", "--json"),
    ("agreement", "--by", "pair", "--json"),
    ("agreement", "--by", "batch"),
    ("agreement", "--text"),
    ("agreement", "--by", "calibration", "--json"),
    ("calibrate", "status"),
    ("conflicts", "--json"),
    ("votes",),
    ("votes", "--as", "ben", "--json"),
    ("status", "--json"),
    ("status", "--as", "ben", "--json"),
    ("flow", "--json"),
    ("export", "--format", "csv"),
    ("export", "--as", "ben", "--format", "asreview"),
    ("screen", "--as", "ben", "--plain"),
    ("screen", "--as", "eve", "--plain", "--stage", "conflicts"),
    ("rank", "--dry-run", "--as", "ben", "--json"),
    ("vote", "R1", "include", "--as", "ben"),
)


def test_of_a_conflict_neither_the_third_screener_nor_the_adjudicator_learns_who_voted_what(
    livrev: Livrev, tmp_path: Path
) -> None:
    told = []
    for turn, votes in enumerate(({"ana": "i", "carl": "x"}, {"ana": "x", "carl": "i"})):
        team = Team(livrev, tmp_path / f"team-{turn}" / "review", people=THREE)
        team.folder.parent.mkdir()
        team.begin(6)
        team.cast(1, **votes)
        team.cast(2, ana="x", carl="x")
        answers = [livrev(*words, cwd=team.folder) for words in ASKED]
        told.append([(a.returncode, a.stdout, a.stderr) for a in answers])
    for words, one, two in zip(ASKED, *told, strict=True):
        assert one == two, f"livrev {' '.join(words)} tells who voted what"
    assert told[0][-1][0] == 1
    assert "R1 has every vote it needs at abstract" in told[0][-1][2]


@pytest.fixture
def team(livrev: Livrev, tmp_path: Path) -> Team:
    return Team(livrev, tmp_path / "team", people=THREE).begin(6)


def ballot(report: int, reviewer: str, decision: Decision) -> Ballot:
    return Ballot(f"{reviewer}/{report}/{decision}", report, reviewer, decision, Stage.ABSTRACT)


def test_nobody_joins_two_reports_to_see_the_votes_on_the_other(team: Team) -> None:
    team.cast(1, ana="x")
    team.cast(2, ben="x")
    with Review.open(team.folder) as review:
        mine = Judged(1, 2, Relation.SAME, by_person=True, evidence="oops", by="ben")
        with pytest.raises(Refused, match="would complete the votes at abstract"):
            dedupe.judge(review, mine, stamp("ben"))
        assert (
            dedupe.judge(
                review, Judged(1, 2, Relation.SAME, by_person=True, evidence="one", by="eve"), stamp("eve")
            )
            == 1
        )


def test_a_settled_report_takes_no_further_reviewer_and_a_change_of_mind_still(team: Team) -> None:
    team.cast(1, ana="x", ben="x")
    with Review.open(team.folder) as review:
        with pytest.raises(Refused, match="every vote it needs"):
            vote(review, ballot(1, "carl", Decision.INCLUDE), stamp("carl"))
        vote(review, ballot(1, "ana", Decision.INCLUDE), stamp("ana"))
        assert [found.report for found in conflicts(review)] == [1]


def test_who_took_a_vote_back_does_not_adjudicate_the_report(team: Team) -> None:
    text = (team.folder / "review.toml").read_text()
    (team.folder / "review.toml").write_text(text.replace('["screener"]', '["screener", "adjudicator"]'))
    team.cast(1, ana="x")
    with Review.open(team.folder) as review:
        undo(review, "ana", stamp("ana"))
        for who, decision in (("ben", Decision.INCLUDE), ("carl", Decision.EXCLUDE)):
            vote(review, ballot(1, who, decision), stamp(who))
        mine = Decided("u", 1, "ana", Decision.INCLUDE, "I say so")
        with pytest.raises(Refused, match="cannot adjudicate"):
            resolve(review, mine, stamp("ana"))


def test_in_a_calibration_round_everybody_is_asked_and_what_is_put_off_comes_last(
    livrev: Livrev, tmp_path: Path
) -> None:
    team = Team(livrev, tmp_path / "team", people=THREE)
    team.screening = 'assignment = "shares"'
    team.begin(6)
    text = (team.folder / "review.toml").read_text()
    (team.folder / "review.toml").write_text(text.replace('id = "carl"', 'share = 0.0, id = "carl"'))
    assert livrev("calibrate", "start", "--size", "3", "--as", "ana", cwd=team.folder).returncode == 0
    with Review.open(team.folder) as review:
        refresh(review)
        first, *others = queue.next_reports(review.sql, "carl", Stage.ABSTRACT, 10)
        assert len(others) == 2
    with Review.open(team.folder) as review:
        desk = StoreDesk(review, Session("carl", Work.ABSTRACT), lambda: stamp("carl"))
        desk.skip(first)
        refresh(review)
        assert queue.next_reports(review.sql, "carl", Stage.ABSTRACT, 10) == [*others, first]


def test_the_words_of_a_record_reach_no_terminal_as_commands(livrev: Livrev, tmp_path: Path) -> None:
    team = Team(livrev, tmp_path / "team").begin(1)
    title = "Spine\x1b]0;taken over\x07 and \u202emarrow"
    (team.folder / "odd.ris").write_text(f"TY  - JOUR\nAN  - L99\nTI  - {title}\nAB  - \x1b[2Jgone\nER  - \n")
    assert livrev("import", "odd.ris", "--source", "embase", cwd=team.folder).returncode == 0
    said = ""
    for words in (
        ("status", "--as", "ana"),
        ("status", "--as", "ana", "--abstracts"),
        ("vote", "R2", "include", "--as", "ana"),
        ("vote", "R2", "exclude", "--as", "ben"),
        ("conflicts",),
        ("screen", "--as", "ana", "--plain"),
    ):
        done = livrev(*words, cwd=team.folder)
        said += done.stdout + done.stderr
    assert "marrow" in said
    assert not {"\x1b", "\x07", "\u202e"} & set(said)
