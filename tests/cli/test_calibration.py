"""Calibration rounds: one pilot set for all, blind until all have voted, passed when agreed and talked about."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from curation.store.connect import Stamp
from curation.tasks.calibration_start import NewRound, start
from curation.tasks.review import Review
from tests.cli.conftest import Refuses
from tests.cli.made_up_team import Team
from tests.conftest import Livrev


@pytest.fixture
def team(livrev: Livrev, tmp_path: Path) -> Team:
    return Team(livrev, tmp_path / "review").begin(30)


def begun(team: Team, size: int = 10, seed: int | None = None) -> list[int]:
    """Reports of a new round, in its order."""
    with Review.open(team.folder) as review:
        started = start(
            review, NewRound(size, seed=seed), Stamp(datetime(2026, 11, 2, tzinfo=UTC), "ana", "test")
        )
    return drawn(team, started.number)


def drawn(team: Team, number: int) -> list[int]:
    """Reports of a round, as the command lists them."""
    found: list[int] = team.json("calibrate", "status", number)["reports"]
    return found


def voted(team: Team, reports: list[int], **said: str) -> None:
    """``voted(team, reports, ana="ix", ben="ii")``: a letter a report."""
    for n, report in enumerate(reports):
        team.cast(report, **{who: word[n] for who, word in said.items()})


def likely_of(team: Team, number: int) -> set[int]:
    with closing(sqlite3.connect(team.folder / "review.db")) as sql:
        row = sql.execute("SELECT likely FROM calibration WHERE number = ?", (number,)).fetchone()
    return set(json.loads(row[0]))


def test_a_round_takes_a_third_of_its_reports_for_their_likeness_and_says_by_what(team: Team) -> None:
    started = team.livrev("calibrate", "start", "--size", "10", "--as", "ana", cwd=team.folder)
    assert started.stdout == "calibration round 1 at abstract: 10 reports for ana, ben\n"
    assert "3 of them by likeness to the protocol's words (TF-IDF)" in started.stderr
    assert len(drawn(team, 1)) == 10
    assert all(report % 3 == 1 for report in likely_of(team, 1)), "every third report is about the spine"


def test_without_scikit_learn_a_plain_share_of_words_picks_the_likely_ones(
    team: Team, tmp_path: Path
) -> None:
    (tmp_path / "hidden" / "sklearn").mkdir(parents=True)
    (tmp_path / "hidden" / "sklearn" / "__init__.py").write_text("raise ImportError('not installed')")
    path = f"{tmp_path / 'hidden'}:{Path(__file__).resolve().parents[2]}"
    started = team.livrev(
        "calibrate", "start", "--size", "10", "--as", "ana", cwd=team.folder, PYTHONPATH=path
    )
    assert "by the share of the protocol's words they have (scikit-learn is not installed)" in started.stderr
    assert all(report % 3 == 1 for report in likely_of(team, 1))


def test_the_same_seed_draws_the_same_reports(livrev: Livrev, tmp_path: Path) -> None:
    sets = []
    for name in ("one", "two"):
        team = Team(livrev, tmp_path / name).begin(30)
        sets.append(begun(team, 6, seed=7))
    assert sets[0] == sets[1]


def test_only_reports_nobody_has_voted_on_are_drawn(team: Team) -> None:
    team.cast_all(ana="x" * 25)
    team.cast(26, ana="i")
    team.undo("ana")
    assert sorted(begun(team, 50)) == [27, 28, 29, 30]
    said = team.livrev("calibrate", "start", "--as", "ana", "--stage", "fulltext", cwd=team.folder)
    assert (said.returncode, "no report waits at fulltext" in said.stderr) == (1, True)


def test_a_pilot_report_waits_until_everybody_in_the_round_has_voted(livrev: Livrev, tmp_path: Path) -> None:
    team = Team(livrev, tmp_path / "review", people=("ana", "ben", "cem")).begin(9)
    report = begun(team, 3)[0]
    team.cast(report, ana="x", ben="x")
    assert team.places()[report] == "awaiting screening"
    team.cast(report, cem="x")
    assert team.places()[report] == "record excluded"


def test_nothing_is_told_of_the_votes_until_all_have_voted(livrev: Livrev, tmp_path: Path) -> None:
    told = []
    for name, word in (("one", "i"), ("two", "x")):
        team = Team(livrev, tmp_path / name, people=("ana", "ben", "cem")).begin(12)
        reports = begun(team, 4)
        voted(team, reports, ana=word * 4)
        voted(team, reports[:3], ben="iii", cem="iii")
        asked = (("calibrate", "status"), ("calibrate", "status", 1), ("calibrate", "status", 1, "--json"))
        refused = team("calibrate", "close", 1, "--as", "ben", status=1)
        told.append([*(team(*words) for words in asked), refused])
    assert told[0] == told[1]
    assert "ben has not voted on 1 of 4 reports" in told[0][1]
    result = json.loads(told[0][2])
    assert (result["result"], result["voted"]) == (None, {"ana": 4, "ben": 3, "cem": 3})
    assert told[0][3].splitlines()[1:] == [
        "  ben has not voted on 1 of 4 reports",
        "  cem has not voted on 1 of 4 reports",
    ]


def test_a_round_is_passed_when_enough_is_agreed_on_and_the_rest_was_talked_about(team: Team) -> None:
    reports = begun(team, 4)
    voted(team, reports, ana="ixxx", ben="iixx")
    differs = reports[1]
    said = team("calibrate", "status", 1)
    assert "agreement 75.0%; who voted what is told once all is talked over" in said
    assert "ana and ben" not in said
    assert f"votes differ on R{differs}\n" in said
    refused = team("calibrate", "close", 1, "--as", "ana", status=1)
    assert refused.splitlines()[1:] == [f"  votes differ and were not discussed: R{differs}"]
    team("calibrate", "discuss", 1, f"R{differs}", "--note", "A review of reviews.", "--as", "ben")
    assert "ana and ben: 3 of 4 alike (75.0%)" in team("calibrate", "status", 1)
    assert team("calibrate", "close", 1, "--as", "ana") == "calibration round 1 closed: passed\n"
    assert team.json("calibrate", "status", 1)["closed"] is True


def test_settling_a_conflict_is_talking_about_it(team: Team) -> None:
    reports = begun(team, 4)
    voted(team, reports, ana="ixxx", ben="iixx")
    team.settle(reports[1], "i")
    assert team("calibrate", "close", 1, "--as", "ana") == "calibration round 1 closed: passed\n"


def test_every_failure_is_listed_and_a_round_can_be_closed_in_spite_of_them(team: Team) -> None:
    reports = begun(team, 4)
    voted(team, reports, ana="iixx", ben="xxxx")
    refused = team("calibrate", "close", 1, "--as", "ana", status=1)
    failures = [line.strip() for line in refused.splitlines()[1:]]
    assert failures == [
        "ana and ben agree on 2 of 4 reports, 75% are asked",
        f"votes differ and were not discussed: R{reports[0]}, R{reports[1]}",
    ]
    closed = team("calibrate", "close", 1, "--despite", "The criteria were rewritten.", "--as", "ana")
    assert closed == "calibration round 1 closed: not passed\n"
    with closing(sqlite3.connect(team.folder / "review.db")) as sql:
        row = sql.execute("SELECT note FROM calibration_event WHERE kind = 'closed'").fetchone()
    kept = json.loads(row[0])
    assert kept["failures"] == failures
    assert kept["pairs"][0]["table"] == [[0, 2], [0, 2]]
    assert kept["despite"] == "The criteria were rewritten."


def test_a_round_that_is_closed_too_early_tells_of_complete_reports_only(
    livrev: Livrev, tmp_path: Path
) -> None:
    team = Team(livrev, tmp_path / "review", people=("ana", "ben", "cem")).begin(12)
    reports = begun(team, 3)
    voted(team, reports, ana="iii", ben="xxx")
    voted(team, reports[:1], cem="i")
    team("calibrate", "close", 1, "--despite", "Cem is ill.", "--as", "ana")
    result = team.json("calibrate", "status", 1)["result"]
    assert (result["discordant"], "pairs" in result) == (reports[:1], False)
    team.settle_all()
    assert team.json("calibrate", "status", 1)["result"]["reports"] == 1


def test_rounds_follow_each_other_and_drift_is_told(team: Team) -> None:
    first = begun(team, 4)
    voted(team, first, ana="ixxx", ben="ixxi")
    team("calibrate", "discuss", 1, f"R{first[3]}", "--note", "Knees.", "--as", "ben")
    team("calibrate", "amend", 1, "--note", "Knees are out.", "--as", "ben")
    team("calibrate", "close", 1, "--as", "ana")
    second = begun(team, 4)
    assert not set(first) & set(second)
    voted(team, second, ana="ixxx", ben="ixxx")
    table = team("calibrate", "status").splitlines()
    assert table[1].startswith("1\tabstract\t4\t75.0%\tana and ben 0.50 (95% CI ")
    assert table[1].endswith("\t1\tclosed")
    assert table[2].endswith("\t0\topen")
    assert table[3].startswith("round 2, change of percent agreement since the round before: +0.25 (95% CI ")
    measured = team.json("agreement", "--stage", "abstract", "--by", "calibration")[0]["groups"]
    assert [(g["name"], g["unanimous"], g["open"]) for g in measured] == [
        ("calibration 1", 3, False),
        ("calibration 2", 4, True),
    ]
    assert team.json("agreement", "--stage", "abstract")[0]["groups"][0]["reports"] == 0
    said = team("agreement", "--text")
    assert "agreed on 3 (75.0%); one amendment of the criteria followed." in said


def test_two_open_rounds_at_a_stage_are_refused(team: Team, refuses: Refuses) -> None:
    begun(team, 3)
    said = refuses(team.folder, "calibrate", "start", "--as", "ana", status=1)
    assert "calibration round 1 is open at abstract" in said


def test_who_leaves_holds_no_round_up(livrev: Livrev, tmp_path: Path) -> None:
    team = Team(livrev, tmp_path / "review", people=("ana", "ben", "cem")).begin(9)
    voted(team, begun(team, 3), ana="ixx", ben="ixx")
    team.left = ("cem",)
    team.write()
    assert team("calibrate", "close", 1, "--as", "ana") == "calibration round 1 closed: passed\n"


def test_who_leaves_does_not_make_the_vote_of_the_other_speak(team: Team) -> None:
    told = []
    voted(team, begun(team, 2), ana="ix")
    team.people, team.left = ("ana", "ben", "dan"), ("ben",)
    team.write()
    told.append(team("calibrate", "status", 1))
    team.cast(drawn(team, 1)[0], ana="x")
    told.append(team("calibrate", "status", 1))
    assert told[0] == told[1]
    assert "2 of 2 reports need a further vote, of somebody who is not in the round" in told[0]
    assert "need a further vote" in team("calibrate", "close", 1, "--as", "ana", status=1)


def test_talking_needs_a_report_of_the_round_on_which_all_have_voted(team: Team, refuses: Refuses) -> None:
    report, other = begun(team, 2)
    outside = next(n for n in range(1, 31) if n not in {report, other})
    team.cast(report, ana="i")
    words = ("--note", "We talked.", "--as", "ben")
    assert "not everybody has voted" in refuses(
        team.folder, "calibrate", "discuss", "1", f"R{report}", *words, status=1
    )
    assert "is not in calibration round 1" in refuses(
        team.folder, "calibrate", "discuss", "1", f"R{outside}", *words, status=2
    )
    assert "there is no calibration round 9 (known: 1)" in refuses(
        team.folder, "calibrate", "amend", "9", *words, status=2
    )
    assert "say what it was" in refuses(
        team.folder, "calibrate", "amend", "1", "--note", " ", "--as", "ben", status=2
    )
    assert "'zoe' is no reviewer" in refuses(team.folder, "calibrate", "close", "1", "--as", "zoe", status=2)


def test_a_report_that_becomes_a_duplicate_is_asked_for_once(team: Team) -> None:
    reports = begun(team, 4)
    one, other = sorted(reports[:2])
    team("duplicates", "merge", f"R{one}", f"R{other}", "--as", "ana")
    assert sorted(drawn(team, 1)) == sorted({*reports} - {other})
    left = drawn(team, 1)
    voted(team, left, ana="xxx", ben="xxx")
    assert team("calibrate", "close", 1, "--as", "ana") == "calibration round 1 closed: passed\n"
