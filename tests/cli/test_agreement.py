"""Agreement as the command tells it: first independent votes, of complete reports only, undefined where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from screening.agreement import Table, kappa, pair_agreement
from screening.queue import sampled
from tests.cli.conftest import Refuses
from tests.cli.made_up_team import FULLTEXT, Team
from tests.conftest import Livrev


@pytest.fixture
def team(livrev: Livrev, tmp_path: Path) -> Team:
    return Team(livrev, tmp_path / "review").begin(12)


def test_the_measures_are_those_of_the_table_of_first_votes(team: Team) -> None:
    team.cast_all(ana="iimxxxxxxx", ben="imxixxxxxx")
    before = team.json("agreement")[0]
    assert (before["conflicts"], before["groups"][0]["pairs"][0]["table"]) == (2, [[2, 0], [0, 6]])
    team.settle_all()
    at_abstract, at_fulltext = team.json("agreement")
    (group,) = at_abstract["groups"]
    (pair,) = group["pairs"]
    expected = pair_agreement("ana", "ben", Table(((2, 1), (1, 6))))
    assert pair["table"] == [[2, 1], [1, 6]]
    assert (group["reports"], group["unanimous"], at_abstract["single"]) == (10, 8, 0)
    assert pair["percent"] == expected.percent == 0.8
    assert pair["positive"] == expected.positive
    found = kappa(expected.table)
    assert pair["kappa"]["value"] == getattr(found, "value", None)
    assert at_fulltext["groups"][0]["percent"] == {"undefined": "no report has two votes"}


def test_a_maybe_may_be_counted_by_itself(team: Team) -> None:
    team.cast_all(ana="im", ben="ii")
    (pair,) = team.json("agreement", "--stage", "abstract", "--three")[0]["groups"][0]["pairs"]
    assert pair["table"] == [[1, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert pair["bias"] == {"undefined": "defined for two categories"}


def test_what_was_agreed_on_afterwards_does_not_count(team: Team) -> None:
    team.cast(1, ana="i", ben="x")
    team.cast(1, ben="i")
    team.cast(2, ana="x")
    team.undo("ana")
    team.cast(2, ana="i", ben="i")
    (pair,) = team.json("agreement", "--stage", "abstract")[0]["groups"][0]["pairs"]
    assert pair["table"] == [[1, 1], [0, 0]]


def test_nothing_depends_on_a_vote_on_a_report_that_waits_for_another(livrev: Livrev, tmp_path: Path) -> None:
    told = []
    for name, words in (("one", "iiii"), ("two", "xmxi")):
        team = Team(livrev, tmp_path / name).begin(6)
        team.cast_all(ana="ix", ben="ix")
        team.cast_all(ana=f"..{words}")
        asked = [("agreement", "--by", by) for by in ("pair", "round", "batch", "calibration")]
        told.append([team(*words) for words in (*asked, ("agreement", "--json"), ("agreement", "--text"))])
    assert told[0] == told[1]
    assert '"single": 4' in told[0][4]


def test_kappa_of_reviewers_who_exclude_everything_is_undefined_and_says_why(team: Team) -> None:
    team.cast_all(ana="xxx", ben="xxx")
    said = team("agreement", "--stage", "abstract")
    assert "kappa undefined (both reviewers chose one and the same category throughout)" in said
    assert "nan" not in said.lower()


def test_second_votes_on_exclusions_only_measure_nothing(livrev: Livrev, tmp_path: Path) -> None:
    team = Team(livrev, tmp_path / "review", screening='second_abstract = "excludes"').begin(3)
    team.cast_all(ana="ixx", ben=".xi")
    (found,) = team.json("agreement", "--stage", "abstract")
    assert found["groups"] == []
    assert found["undefined"].startswith("a second vote is cast only on what the first excludes")
    assert "undefined (a second vote" in team("agreement", "--stage", "abstract")
    assert "was not measured: a second vote" in team("agreement", "--text")


def test_of_a_sample_only_the_sampled_reports_are_measured(livrev: Livrev, tmp_path: Path) -> None:
    team = Team(livrev, tmp_path / "review", screening='second_abstract = "sample", sample = 0.5').begin(12)
    chosen = [n for n in range(1, 13) if sampled(n, 0.5)]
    assert 0 < len(chosen) < 12
    team.cast_all(ana="ixixixixixix")
    team.cast_all(
        ben="".join("x" if n in chosen and n % 2 == 0 else "i" if n in chosen else "." for n in range(1, 13))
    )
    (found,) = team.json("agreement", "--stage", "abstract")
    assert found["groups"][0]["reports"] == len(chosen)
    assert found["single"] == 12 - len(chosen)


def test_three_people_have_a_table_each_two_and_a_measure_of_all(livrev: Livrev, tmp_path: Path) -> None:
    team = Team(
        livrev, tmp_path / "review", people=("ana", "ben", "cem"), screening="votes_abstract = 3"
    ).begin(4)
    team.cast_all(ana="iixx", ben="iixx", cem="ixxx")
    team.settle_all()
    (group,) = team.json("agreement", "--stage", "abstract")[0]["groups"]
    assert [pair["reviewers"] for pair in group["pairs"]] == [["ana", "ben"], ["ana", "cem"], ["ben", "cem"]]
    assert (group["unanimous"], group["fleiss"]) == (
        3,
        pytest.approx(1 - (2 / 12) / (1 - (49 + 25) / 144)),
    )
    said = team("agreement", "--stage", "abstract")
    assert "all: 3 of 4 alike (75.0%)" in said


def test_batches_are_made_in_the_order_in_which_reports_became_complete(team: Team) -> None:
    for report in (5, 3, 1, 2, 4):
        team.cast(report, ana="i", ben="x" if report == 3 else "i")
    team.settle_all()
    groups = team.json("agreement", "--stage", "abstract", "--by", "batch", "--batch", 2)[0]["groups"]
    assert [(g["name"], g["unanimous"], g["open"]) for g in groups] == [
        ("reports 1-2, criteria 1", 1, False),
        ("reports 3-4, criteria 1", 2, False),
        ("reports 5-5, criteria 1", 1, True),
    ]
    assert groups[1]["drift"]["difference"] == 0.5
    assert "change of percent agreement since the one before: +0.50 (95% CI " in team(
        "agreement", "--stage", "abstract", "--by", "batch", "--batch", 2
    )


def test_votes_under_changed_criteria_are_measured_by_themselves(team: Team) -> None:
    team.cast_all(ana="xxi", ben="xxi")
    team.amend()
    team("rescreen", "--reopen", "--as", "ana")
    team.cast_all(ana="ix", ben="xx")
    team.settle_all()
    whole, one, two = team.json("agreement", "--stage", "abstract")[0]["groups"]
    assert [(g["name"], g["reports"], g["unanimous"]) for g in (whole, one, two)] == [
        ("all reports", 3, 2),
        ("criteria 1", 3, 3),
        ("criteria 2", 2, 1),
    ]
    rounds = team.json("agreement", "--stage", "abstract", "--by", "round")[0]["groups"]
    assert [g["name"] for g in rounds] == ["round 0, criteria 1", "round 0, criteria 2"]


def test_full_text_is_measured_like_titles_and_abstracts(team: Team) -> None:
    team.cast_all(ana="ii", ben="ii")
    team.retrieve(1, 2)
    team.cast(1, "outcome", FULLTEXT, ana="x", ben="x")
    team.cast(2, "outcome", FULLTEXT, ana="i", ben="x")
    team.settle_all()
    (found,) = team.json("agreement", "--stage", "fulltext")
    assert found["groups"][0]["pairs"][0]["table"] == [[0, 1], [0, 1]]


def test_the_paragraph_for_the_methods_section(team: Team) -> None:
    assert team("agreement", "--text") == "No report has been screened by two reviewers yet.\n"
    team.cast_all(ana="iixxxxxxxxx", ben="iixxxxxxxi")
    team.settle_all()
    said = team("agreement", "--text", "--level", "0.9")
    assert said.startswith(
        "Two reviewers screened 10 titles and abstracts independently and agreed on 9 (90.0%); "
        "Cohen's kappa was 0.74 (90% CI "
    )
    assert said.endswith(
        "Not counted: 1 title and abstract with only one vote, or without every vote it needs.\n"
    )


def test_a_question_that_means_nothing_is_refused(team: Team, refuses: Refuses) -> None:
    said = refuses(team.folder, "agreement", "--text", "--json", status=2)
    assert "--text or --json" in said
    assert team.livrev("agreement", "--level", "1", cwd=team.folder).returncode == 2
