"""Changed criteria reopen exactly the exclusions they concern; nothing is deleted, and the flow adds up."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from curation.model import Stage
from curation.store import releases, searches
from curation.store.connect import Stamp
from curation.store.releases import Release
from curation.tasks.places import all_places
from curation.tasks.review import Review
from tests.cli.conftest import Refuses, Rows
from tests.cli.made_up_team import ABSTRACT, FULLTEXT, Team
from tests.conftest import Livrev

EXCLUDED, AT_FULLTEXT, WAITS = "record excluded", "report excluded", "awaiting screening"


@pytest.fixture
def team(livrev: Livrev, tmp_path: Path) -> Team:
    return Team(livrev, tmp_path / "review").begin(9)


def listed(team: Team, *words: str | int) -> list[tuple[int, str, bool]]:
    return [(one["report"], one["stage"], one["certain"]) for one in team.json("rescreen", *words)]


def excluded_at_full_text(team: Team, report: int, reason: str) -> None:
    team.cast(report, ana="i", ben="i")
    team.retrieve(report)
    team.cast(report, reason, FULLTEXT, ana="x", ben="x")


def test_at_full_text_the_primary_reason_decides(team: Team) -> None:
    excluded_at_full_text(team, 1, "outcome")
    excluded_at_full_text(team, 2, "population")
    team.amend("outcome")
    assert listed(team) == [(1, "fulltext", True)]


def test_at_title_and_abstract_a_vote_without_a_reason_cannot_be_told(team: Team) -> None:
    team.cast(1, "outcome", ana="x", ben="x")
    team.cast(2, "population", ana="x", ben="x")
    team.cast(3, "population", ana="x")
    team.cast(3, ben="x")
    team.cast(4, "outcome", ana="x")
    team.cast(4, "population", ben="x")
    team.amend("outcome")
    assert listed(team) == [(1, "abstract", True), (3, "abstract", False), (4, "abstract", True)]
    said = team.livrev("rescreen", cwd=team.folder)
    assert (
        "R3\tabstract\tno reason given: cannot be told\tAuthor3 2024\tKnees of runners, series 3\n"
        in said.stdout
    )
    assert "1 of them without a reason" in said.stderr


def test_an_amendment_without_reasons_reopens_every_exclusion_and_nothing_else(team: Team) -> None:
    team.cast(1, ana="x", ben="x")
    team.cast(2, ana="i", ben="i")
    team.cast(3, ana="i", ben="x")
    team.cast(4, ana="x")
    excluded_at_full_text(team, 5, "population")
    team.amend()
    assert listed(team) == [(1, "abstract", True), (5, "fulltext", True)]
    assert listed(team, "--stage", "abstract") == [(1, "abstract", True)]


def test_what_was_decided_under_the_new_criteria_stands(team: Team) -> None:
    team.cast(1, ana="x", ben="x")
    team.cast(2, ana="x")
    team.amend()
    team.cast(2, ben="x")
    team.cast(3, ana="x", ben="x")
    assert listed(team) == [(1, "abstract", True)]


def test_of_several_amendments_those_since_the_decision_count(team: Team) -> None:
    excluded_at_full_text(team, 1, "population")
    team.amend("population")
    excluded_at_full_text(team, 2, "population")
    excluded_at_full_text(team, 3, "outcome")
    team.amend("outcome")
    assert listed(team, "--criteria", 2) == [(1, "fulltext", True)]
    assert listed(team, "--criteria", 3) == [(1, "fulltext", True), (3, "fulltext", True)]
    assert [one["amendments"] for one in team.json("rescreen")] == [[2], [3]]


def test_a_resolution_speaks_for_the_report(team: Team) -> None:
    team.cast(1, "outcome", ana="x")
    team.cast(1, ben="i")
    team.settle(1, "x", "population")
    team.cast(2, "population", ana="x")
    team.cast(2, ben="i")
    team.amend("population")
    team.settle(2, "x", "population")
    assert listed(team) == [(1, "abstract", True)], "the second was settled under the new criteria"


def test_reopened_reports_wait_again_and_every_vote_is_kept(team: Team, rows: Rows) -> None:
    excluded_at_full_text(team, 1, "outcome")
    team.cast(2, ana="i", ben="x")
    team.cast(2, ana="x")
    team.cast(3, ana="i", ben="x")
    team.settle(3, "x")
    before = rows(team.folder)
    team.amend("outcome")
    reopened = team.livrev("rescreen", "--reopen", "--as", "ben", cwd=team.folder)
    assert [line.split("\t")[0] for line in reopened.stdout.splitlines()] == ["R1", "R2", "R3"]
    assert "3 exclusions from before criteria 2 reopened" in reopened.stderr
    places = team.places()
    assert (places[1], places[2], places[3]) == ("awaiting assessment", WAITS, WAITS)
    kept = {line for line in before if line.startswith(('INSERT INTO "vote"', 'INSERT INTO "resolution"'))}
    after = rows(team.folder)
    assert kept <= set(after)
    undone = [
        line
        for line in after
        if line.startswith(('INSERT INTO "vote_undo"', 'INSERT INTO "resolution_undo"'))
    ]
    assert len(undone) == 2 + 3 + 2 + 1, "of the second report the vote before the change of mind too"
    assert all(line.endswith("'criteria 2');") for line in undone)


def test_reopening_again_finds_nothing_and_stores_nothing(team: Team, rows: Rows) -> None:
    team.cast(1, ana="x", ben="x")
    team.amend()
    team("rescreen", "--reopen", "--as", "ana")
    before = rows(team.folder)
    again = team.livrev("rescreen", "--reopen", "--as", "ana", cwd=team.folder)
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr == "criteria 2 reopen no earlier exclusion\n"
    assert rows(team.folder) == before


def test_a_reopened_report_is_decided_anew_by_the_same_people(team: Team) -> None:
    team.cast(1, ana="x", ben="x")
    team.amend()
    team("rescreen", "--reopen", "--as", "ana")
    team.cast(1, ana="x")
    assert team.places()[1] == WAITS
    team.cast(1, ben="x")
    assert team.places()[1] == EXCLUDED
    assert listed(team) == []


def test_a_published_release_stays_as_it_was(team: Team) -> None:
    excluded_at_full_text(team, 1, "outcome")
    watermark = team.do(published)
    team.amend("outcome")
    team("rescreen", "--reopen", "--as", "ana")
    with Review.open(team.folder) as review, review.store.as_of(watermark) as then:
        was = {i.placed.report: i.placed.place for i in all_places(then.sql, review.protocol)}
    assert (str(was[1]), team.places()[1]) == (AT_FULLTEXT, "awaiting assessment")
    team.take_in([10])
    team("flow")


def published(review: Review) -> int:
    with review.change(Stamp(datetime(2026, 11, 2, tzinfo=UTC), "ana", "test")) as change:
        last = searches.rounds(change.sql)[-1]
        release = Release("1.0", "A release", "", "2026-11-02", "2026-11-01", last.number, 0)
        releases.add(change, release, last.id)
    return change.id


def test_joined_reports_are_reopened_with_the_votes_on_either(team: Team) -> None:
    team.cast(1, ana="x")
    team.cast(2, ben="x")
    team("duplicates", "merge", "R1", "R2", "--as", "eve")
    assert team.places()[1] == EXCLUDED
    team.amend()
    team("rescreen", "--reopen", "--as", "ana")
    assert team.places()[1] == WAITS


def test_an_amendment_that_is_not_declared_is_refused(team: Team, refuses: Refuses) -> None:
    assert "declares no amendment of the criteria" in refuses(team.folder, "rescreen", status=2)
    team.amend()
    team.cast(1, ana="x", ben="x")
    assert "declares no amendment 7 (known: 2)" in refuses(
        team.folder, "rescreen", "--criteria", "7", status=2
    )
    assert "say who reopens" in refuses(team.folder, "rescreen", "--reopen", status=2)
    assert "'zoe' is no reviewer" in refuses(team.folder, "rescreen", "--reopen", "--as", "zoe", status=2)


@pytest.mark.parametrize("stage", [ABSTRACT, FULLTEXT])
def test_only_the_stage_asked_for_is_reopened(team: Team, stage: Stage) -> None:
    team.cast(1, ana="x", ben="x")
    excluded_at_full_text(team, 2, "outcome")
    team.amend()
    team("rescreen", "--stage", stage, "--reopen", "--as", "ana")
    other = FULLTEXT if stage is ABSTRACT else ABSTRACT
    assert [at for _, at, _ in listed(team)] == [other]
