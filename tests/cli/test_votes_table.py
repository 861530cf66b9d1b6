"""Votes as a table, one row a vote: nobody's before it may be seen, and back in without a loss or a double."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Refuses, Rows
from tests.cli.screened_review import TITLES, Desk, made
from tests.conftest import Livrev


@pytest.fixture(scope="module")
def built(livrev: Livrev, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(livrev, tmp_path_factory.mktemp("votes") / "review").folder


@pytest.fixture
def desk(livrev: Livrev, built: Path, tmp_path: Path) -> Desk:
    return Desk(livrev, Path(shutil.copytree(built, tmp_path / "review")))


@pytest.fixture(scope="module")
def voted(livrev: Livrev, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ana and ben have voted on R1 to R3, ana alone on R4; one change of mind, one vote taken back."""
    desk = Desk(livrev, Path(shutil.copytree(built, tmp_path_factory.mktemp("voted") / "review")))
    desk.vote("R1", "include", "ana", "--id", "a1")
    desk.vote("R1", "exclude", "ana", "--id", "a2", "--reason", "population", "--note", "=on\nsecond thought")
    desk.vote("R1", "exclude", "ben", "--id", "b1")
    desk.vote("R2", "maybe", "ana", "--id", "a3")
    desk.vote("R2", "exclude", "ben", "--id", "b2", "--note", "not a patient in it")
    desk.vote("R4", "include", "ana", "--id", "a4")
    desk("undo", "--as", "ana")
    desk.vote("R4", "exclude", "ana", "--id", "a5", "--note", "ana's own")
    desk.vote("R3", "include", "ana", "--id", "a6")
    desk.vote("R3", "include", "ben", "--id", "b3")
    return desk.folder


@pytest.fixture
def team(livrev: Livrev, voted: Path, tmp_path: Path) -> Desk:
    return Desk(livrev, Path(shutil.copytree(voted, tmp_path / "team")))


def test_a_first_vote_is_shown_to_its_author_alone(team: Desk) -> None:
    everybody = {row["uid"] for row in team.table()}
    assert everybody == {"a1", "a2", "b1", "a6", "b3"}
    assert {row["uid"] for row in team.table("--as", "ben")} == everybody | {"b2"}
    assert {row["uid"] for row in team.table("--as", "ana")} == everybody | {"a3", "a4", "a5"}
    assert "ana's own" not in team("votes", "--csv", "--as", "ben")


def test_who_is_to_settle_a_conflict_learns_the_votes_on_it_afterwards(team: Desk) -> None:
    assert "R2" not in {row["report"] for row in team.table("--as", "cem")}
    team("resolve", "R2", "exclude", "--as", "cem", "--note", "no patients")
    assert {"a3", "b2"} <= {row["uid"] for row in team.table("--as", "cem")}


def test_votes_are_hidden_again_when_one_of_them_is_taken_back(team: Desk) -> None:
    team("undo", "--as", "ben")
    assert {row["uid"] for row in team.table("--as", "ben")} == {"a1", "a2", "b1", "b2", "b3"}
    assert [row["standing"] for row in team.table("--as", "ben") if row["uid"] == "b3"] == ["taken back"]


def test_what_a_colleague_voted_changes_no_byte_of_the_table(
    desk: Desk, livrev: Livrev, tmp_path: Path
) -> None:
    other = Desk(livrev, Path(shutil.copytree(desk.folder, tmp_path / "other")))
    desk.vote("R1", "include", "ana", "--id", "one", "--note", "clearly within")
    other.vote("R1", "exclude", "ana", "--id", "other", "--reason", "outcome")
    for words in ((), ("--csv",), ("--json",), ("--as", "ben", "--json"), ("--stage", "abstract")):
        assert desk("votes", *words) == other("votes", *words)


def test_every_vote_has_a_row_that_says_what_became_of_it(team: Desk) -> None:
    rows = {row["uid"]: row for row in team.table("--as", "ana")}
    standing = {uid: rows[uid]["standing"] for uid in ("a1", "a2", "a4", "a5")}
    assert standing == {"a1": "superseded", "a2": "standing", "a4": "taken back", "a5": "standing"}
    assert rows["a2"] == {
        "uid": "a2",
        "report": "R1",
        "doi": "10.1000/study.1",
        "pmid": "",
        "title": TITLES[0],
        "stage": "abstract",
        "reviewer": "ana",
        "decision": "exclude",
        "reason": "population",
        "secondary": [],
        "note": "=on\nsecond thought",
        "at": "2026-11-02T00:00:00+00:00",
        "criteria": 1,
        "seconds": None,
        "standing": "standing",
        "how": "livrev vote",
    }


def test_a_vote_tells_the_criteria_it_was_cast_under(team: Desk) -> None:
    protocol = team.folder / "review.toml"
    text = protocol.read_text(encoding="utf-8")
    protocol.write_text(text.replace("number = 1\n", "number = 2\n"), encoding="utf-8")
    team.vote("R5", "include", "ana", "--id", "later")
    told = {row["uid"]: row["criteria"] for row in team.table("--as", "ana")}
    assert (told["a1"], told["later"]) == (1, 2)


def test_the_table_can_be_cut_to_a_stage_and_a_round(team: Desk) -> None:
    assert team.table("--stage", "fulltext") == []
    assert len(team.table("--round", "0")) == 5


def test_no_cell_of_the_csv_is_a_formula_and_no_row_more_than_a_line(team: Desk) -> None:
    team.vote("R4", "exclude", "ben", "--id", "-1+1")
    text = team("votes", "--csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(text.splitlines()) == len(rows) + 1
    assert next(row["note"] for row in rows if row["uid"] == "a2") == "'=on second thought"
    assert {row["title"] for row in rows if row["report"] == "R4"} == {f"'{TITLES[3]}"}
    assert "'-1+1" in {row["uid"] for row in rows}


def test_a_file_is_written_whole_and_never_over_another_unasked(team: Desk, refuses: Refuses) -> None:
    team("votes", "-o", "votes.csv")
    assert (team.folder / "votes.csv").read_text(encoding="utf-8") == team("votes", "--csv")
    assert "exists already" in refuses(team.folder, "votes", "-o", "votes.csv", status=2)
    team("votes", "--json", "-o", "votes.csv", "--force")
    assert len(json.loads((team.folder / "votes.csv").read_text(encoding="utf-8"))) == 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--as", "dora"), "no reviewer"),
        (("--round", "7"), "there is no round 7"),
        (("--json", "--csv"), "exclude each other"),
        (("-o", "nowhere/votes.csv"), "no place for a file"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_line(
    desk: Desk, refuses: Refuses, words: tuple[str, ...], said: str
) -> None:
    assert said in refuses(desk.folder, "votes", *words, status=2)


# And back in -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["--csv", "--json"])
def test_a_copy_of_the_review_takes_the_votes_of_another_over(team: Desk, desk: Desk, form: str) -> None:
    (desk.folder / "votes").write_text(team("votes", form, "--as", "ana"), encoding="utf-8")
    said = desk.warned("vote", "--from", "votes", "--as", "ana")
    assert said == "livrev: warning: votes: 2 votes of ben left; take them in with --as ben\n"
    (desk.folder / "votes").write_text(team("votes", form, "--as", "ben"), encoding="utf-8")
    desk.warned("vote", "--from", "votes", "--as", "ben")
    assert desk.standing("ana") == team.standing("ana")
    assert desk.standing("ben") == team.standing("ben")
    told = ("uid", "report", "decision", "reason", "standing")
    assert {tuple(row[key] for key in told) for row in desk.table("--as", "ana")} == {
        tuple(row[key] for key in told) for row in team.table("--as", "ana")
    }


def test_the_table_of_a_review_brings_nothing_new_to_it(team: Desk, rows: Rows) -> None:
    for form in ("--csv", "--json"):
        (team.folder / "votes").write_text(team("votes", form, "--as", "ana"), encoding="utf-8")
        before = rows(team.folder)
        done = team.livrev("vote", "--from", "votes", "--as", "ana", cwd=team.folder)
        assert "0 stored, 6 here already, 2 of others" in done.stdout, done.stderr
        assert rows(team.folder) == before


def test_a_table_that_a_spreadsheet_has_sorted_and_saved_is_read_all_the_same(team: Desk, desk: Desk) -> None:
    rows = list(csv.reader(io.StringIO(team("votes", "--csv", "--as", "ana"))))
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([rows[0], *reversed(rows[1:])])
    (desk.folder / "votes.csv").write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode())
    desk.warned("vote", "--from", "votes.csv", "--as", "ana")
    assert desk.standing("ana") == team.standing("ana")


def _changed(desk: Desk, changed: str, **cells: object) -> Path:
    rows = [{**row, **cells} if row["uid"] == changed else row for row in desk.table("--as", "ana")]
    path = desk.folder / "votes.json"
    path.write_text(json.dumps([row for row in rows if row["reviewer"] == "ana"]), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"decision": "include", "reason": ""}, "row 2: not stored: the id a2 belongs to another vote here"),
        ({"title": "A mouse model of something else"}, "row 2: not stored: it says R1, which is"),
        ({"uid": "b1"}, "row 2: not stored: the id b1 belongs to another vote here"),
        (
            {"uid": "new", "reason": "taste"},
            "row 2: not stored: 'taste' is no exclusion reason of the protocol",
        ),
        ({"uid": "new", "report": "R77"}, "row 2: not stored: there is no R77 in this review"),
        ({"uid": "new", "report": "seven"}, "row 2: not stored: 'seven' is no report number"),
        ({"decision": "perhaps"}, "row 2: not stored: its decision 'perhaps' is none of"),
        ({"seconds": "soon"}, "row 2: not stored: its seconds 'soon' are no number"),
        ({"stage": "poster"}, "row 2: not stored: its stage 'poster' is none of"),
        ({"note": 7}, "row 2: not stored: its note is no text"),
        ({"note": "\ud800"}, "row 2: not stored: its note is no text"),
        ({"standing": "leaning"}, "row 2: not stored: its standing 'leaning' is none of"),
        ({"uid": ""}, "row 2: not stored: it has no uid"),
        ({"secondary": 3}, "row 2: not stored: its secondary reasons are no list"),
    ],
)
def test_a_vote_that_cannot_be_taken_is_told_and_the_rest_is_known(
    team: Desk, rows: Rows, cells: dict[str, object], why: str
) -> None:
    path = _changed(team, "a2", **cells)
    before = rows(team.folder)
    assert why in team.warned("vote", "--from", path, "--as", "ana")
    assert rows(team.folder) == before


def test_a_vote_that_was_taken_back_here_does_not_come_to_life_again(team: Desk) -> None:
    path = _changed(team, "a4", standing="standing")
    team("vote", "--from", path, "--as", "ana")
    assert team.standing("ana")["R4"] == "exclude"
    assert {row["uid"]: row["standing"] for row in team.table("--as", "ana")}["a4"] == "taken back"


def test_an_undo_travels_with_its_vote(team: Desk) -> None:
    path = _changed(team, "a6", standing="taken back")
    assert "0 stored, 5 here already, 1 taken back" in team("vote", "--from", path, "--as", "ana")
    assert "R3" not in team.standing("ana")


def test_an_older_vote_does_not_take_the_place_of_a_later_one(team: Desk, desk: Desk) -> None:
    desk.vote("R2", "include", "ana", "--note", "seen again, a day later")
    rows = [row for row in team.table("--as", "ana") if row["uid"] == "a3"]
    path = desk.folder / "votes.json"
    path.write_text(json.dumps([{**rows[0], "at": "2026-11-01T23:00:00+00:00"}]), encoding="utf-8")
    assert "it is older than your vote include of 2026-11-02" in desk.warned(
        "vote", "--from", path, "--as", "ana"
    )
    assert desk.standing("ana") == {"R2": "include"}
    path.write_text(json.dumps([{**rows[0], "at": "2026-11-03T01:00:00+01:00"}]), encoding="utf-8")
    assert "1 stored (1 in place of an earlier vote)" in desk("vote", "--from", path, "--as", "ana")
    assert desk.standing("ana") == {"R2": "maybe"}


def test_a_vote_follows_its_report_into_the_one_it_joined(team: Desk, desk: Desk) -> None:
    (desk.folder / "votes.json").write_text(team("votes", "--json", "--as", "ana"), encoding="utf-8")
    desk("duplicates", "merge", "R1", "R4", "--as", "ben")
    desk.livrev("vote", "--from", "votes.json", "--as", "ana", cwd=desk.folder)
    rows = {row["uid"]: row["report"] for row in desk.table("--as", "ana")}
    assert (rows["a2"], rows["a5"]) == ("R1", "R1")


def test_other_tools_words_do_not_go_with_our_own_table(team: Desk, refuses: Refuses) -> None:
    path = _changed(team, "a1")
    said = refuses(team.folder, "vote", "--from", path, "--as", "ana", "--stage", "abstract", status=2)
    assert "goes with files of other tools" in said
