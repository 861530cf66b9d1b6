"""Decisions that come back from co-authors' tools: stored once, as the right person's, on the right report."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Refuses, Rows
from tests.conftest import Livrev

EXPORTS = Path(__file__).resolve().parents[1] / "data" / "exports"
# The reports of the review, R1 to R10: title, year, DOI, PubMed number.
RECORDS = (
    ("Radiomics of the vertebral body", 2024, "10.1000/body", "30000001"),
    ("Texture of the sacrum on magnetic resonance images", 2023, "10.1000/sacrum", ""),
    ("A mouse model of the spine", 2022, "", ""),
    ("Perfusion of bone marrow before surgery", 2021, "", ""),
    ("A nomogram of osteolysis", 2020, "", ""),
    ("Bone scans read by a network", 2019, "", "30000006"),
    ("Congress talk on the cervical cord", 2018, "10.1000/congress", ""),
    ("Poster of lumbar histograms at a meeting", 2018, "10.1000/congress", ""),
    ("Editorial", 2017, "", ""),
    ("Editorial", 2017, "", ""),
)


@dataclass(frozen=True)
class Desk:
    """A review whose ten reports wait at title and abstract; ana is Dana Roth, ben is Bo."""

    livrev: Livrev
    folder: Path

    def __call__(self, *words: str | Path, status: int = 0) -> str:
        done = self.livrev(*words, cwd=self.folder)
        assert done.returncode == status, done.stderr
        return done.stdout

    def told(self, *words: str | Path, status: int = 0) -> dict[str, Any]:
        """What ``vote --from`` says as JSON; each record of the file must be in one place of it."""
        told: dict[str, Any] = json.loads(self("vote", *words, "--json", status=status))
        lists = sum(len(told[name]) for name in ("stored", "unmatched", "not_taken"))
        assert lists + told["repeated"] + told["unchanged"] + told["undecided"] == told["records"]
        return told

    def said(self, *words: str | Path) -> str:
        """What ``vote`` says on standard error when something is left."""
        done = self.livrev("vote", *words, cwd=self.folder)
        assert done.returncode == 3, done.stderr
        return done.stderr

    def votes(self, reviewer: str = "ana", stage: str = "abstract") -> dict[int, str]:
        """Standing votes of a reviewer by report."""
        return dict(self.query("report_now, decision", reviewer, stage))

    def reasons(self, reviewer: str = "ana", stage: str = "abstract") -> dict[int, tuple[str | None, str]]:
        return {
            r: (reason, note) for r, reason, note in self.query("report_now, reason, note", reviewer, stage)
        }

    def query(self, columns: str, reviewer: str, stage: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "review.db")) as sql:
            return sql.execute(
                f"SELECT {columns} FROM vote_now WHERE reviewer = ? AND stage = ? ORDER BY 1",  # noqa: S608 - columns named in this file
                (reviewer, stage),
            ).fetchall()

    def file(self, *records: str) -> Path:
        """A RIS file of records, each given by the lines between its TY and its ER."""
        path = self.folder / "votes.ris"
        path.write_text("".join(f"TY  - JOUR\n{record}\nER  - \n\n" for record in records), encoding="utf-8")
        return path


@pytest.fixture(scope="session")
def built(livrev: Livrev, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("votes") / "review"
    assert livrev("init", folder).returncode == 0
    protocol = (folder / "review.toml").read_text(encoding="utf-8")
    named = protocol.replace("Ana Example", "Dana Roth").replace("Ben Example", "Bo")
    (folder / "review.toml").write_text(named, encoding="utf-8")
    (folder / "export.ris").write_text("".join(map(_record, range(len(RECORDS)))), encoding="utf-8")
    done = livrev("import", "export.ris", "--source", "embase", cwd=folder)
    assert "10 new" in done.stdout, done.stderr
    return folder


def _record(n: int) -> str:
    title, year, doi, pmid = RECORDS[n]
    more = (f"DO  - {doi}\n" if doi else "") + (f"U1  - {pmid} [PMID]\n" if pmid else "")
    return f"TY  - JOUR\nAN  - L{n}\nTI  - {title}\nAU  - Author{n}, A.\nPY  - {year}\n{more}ER  - \n\n"


@pytest.fixture
def desk(livrev: Livrev, built: Path, tmp_path: Path) -> Desk:
    return Desk(livrev, Path(shutil.copytree(built, tmp_path / "review")))


def labelled(title: str, *, relevant: bool = True, **tags: str) -> str:
    """A record as ASReview labels it, without a number of ours."""
    more = "".join(f"\n{tag}  - {value}" for tag, value in tags.items())
    return f"TI  - {title}\nN1  - ASReview_{'relevant' if relevant else 'irrelevant'}{more}"


def test_the_labels_of_asreview_become_the_reviewers_votes(desk: Desk) -> None:
    said = desk("vote", "--from", EXPORTS / "votes_asreview1.csv", "--as", "ana")
    assert said == (
        "votes_asreview1.csv: ASReview, 5 records at abstract for ana: "
        "3 stored, 0 unchanged, 2 without a decision, 0 not matched\n"
    )
    assert desk.votes() == {1: "include", 2: "include", 3: "exclude"}
    assert desk.reasons()[1] == (None, "Ask about the scanner, please")
    assert desk.votes("ben") == {}
    assert [path.name.partition("-")[2] for path in (desk.folder / "inbox").iterdir()].count(
        "votes_asreview1.csv"
    ) == 1


def test_the_same_file_again_stores_nothing(desk: Desk, rows: Rows) -> None:
    desk("vote", "--from", EXPORTS / "votes_asreview1.csv", "--as", "ana")
    before = rows(desk.folder)
    told = desk.told("--from", EXPORTS / "votes_asreview1.csv", "--as", "ana")
    assert (told["stored"], told["unchanged"], told["undecided"]) == ([], 3, 2)
    assert rows(desk.folder) == before


def test_a_changed_decision_is_a_later_vote(desk: Desk) -> None:
    desk("vote", "--from", desk.file(labelled(RECORDS[1][0])), "--as", "ana")
    said = desk("vote", "--from", desk.file(labelled(RECORDS[1][0], relevant=False)), "--as", "ana")
    assert "1 stored (1 in place of an earlier vote)" in said
    desk("vote", "--from", desk.file(labelled(RECORDS[1][0])), "--as", "ana")
    assert desk.votes() == {2: "include"}
    with closing(sqlite3.connect(desk.folder / "review.db")) as sql:
        cast = sql.execute("SELECT decision FROM vote WHERE report_id = 2 ORDER BY id").fetchall()
    assert cast == [("include",), ("exclude",), ("include",)]


def test_an_old_file_does_not_undo_what_was_decided_by_hand_since(desk: Desk) -> None:
    file = desk.file(labelled(RECORDS[0][0]), labelled(RECORDS[1][0]))
    desk("vote", "R2", "include", "--as", "ana")
    desk("vote", "--from", file, "--as", "ana")
    for report in ("R1", "R2"):  # one vote of the file, one that agreed with it
        desk("vote", report, "exclude", "--as", "ana")
    said = desk.said("--from", file, "--as", "ana")
    assert desk.votes() == {1: "exclude", 2: "exclude"}
    assert "this file came in before, and R2 has your vote exclude" in said


def test_a_vote_that_was_taken_back_does_not_return_by_itself(desk: Desk) -> None:
    file = desk.file(labelled(RECORDS[0][0]))
    desk("vote", "--from", file, "--as", "ana")
    desk("undo", "--as", "ana")
    assert "you took this vote on R1 back" in desk.said("--from", file, "--as", "ana")
    assert desk.votes() == {}


def test_include_from_a_tool_without_maybe_leaves_a_maybe_as_it_is(desk: Desk) -> None:
    desk("vote", "R1", "maybe", "--as", "ana")
    told = desk.told("--from", desk.file(labelled(RECORDS[0][0])), "--as", "ana")
    assert (told["stored"], told["unchanged"]) == ([], 1)
    assert desk.votes() == {1: "maybe"}


def test_each_of_two_people_in_a_rayyan_file_gets_their_own_votes(desk: Desk) -> None:
    file = EXPORTS / "votes_rayyan.csv"
    told = desk.told("--from", file, "--as", "ana")
    assert told["by"] == "Dana Roth"
    assert desk.votes() == {1: "include", 2: "exclude", 3: "exclude", 5: "maybe"}
    assert desk.votes("ben") == {}
    desk("vote", "--from", file, "--as", "ben")
    assert desk.votes("ben") == {1: "exclude", 3: "exclude", 4: "include"}
    assert desk.votes() == {1: "include", 2: "exclude", 3: "exclude", 5: "maybe"}


def test_nobody_stores_another_reviewers_decisions_as_their_own(refuses: Refuses, desk: Desk) -> None:
    command = ("vote", "--from", EXPORTS / "votes_rayyan.csv", "--as", "ben", "--named", "Dana Roth")
    said = refuses(desk.folder, *command, status=1)
    assert "its decisions are Dana Roth's, who is ana here, not ben; nothing was stored" in said
    refuses(desk.folder, "vote", "--from", EXPORTS / "votes_rayyan.ris", "--as", "ben", status=1)


def test_reasons_are_the_protocols_where_their_wording_is_and_notes_where_it_is_not(desk: Desk) -> None:
    desk("vote", "--from", EXPORTS / "votes_rayyan.csv", "--as", "ana")
    note = 'only 12 people; ask "Bo" [again]; reasons in the file: too small'
    assert desk.reasons()[2] == ("population", note)
    assert desk.reasons()[3] == (None, "")  # two excluded it, and whose the reason is nobody knows


def test_a_covidence_list_is_stored_as_what_it_lists(desk: Desk) -> None:
    file = EXPORTS / "votes_covidence.csv"
    said = desk.said("--from", file, "--as", "ana", "--decision", "exclude")
    assert "not matched: no report of this review has its number, title or identifiers  A paper that" in said
    assert desk.votes() == {3: "exclude", 6: "exclude"}
    assert desk.reasons() == {
        3: ("population", ""),
        6: ("outcome", "reasons in the file: Conference abstract"),
    }


def test_a_shared_doi_is_told_apart_by_the_title_and_never_guessed(desk: Desk) -> None:
    file = desk.file(
        labelled(RECORDS[7][0], DO="10.1000/congress"),
        labelled("A workshop about something else", DO="10.1000/congress"),
        labelled("Editorial", PY="2017"),
        labelled("A paper of another title", DO="10.1000/body"),
        labelled(RECORDS[4][0], PY="1999"),
        labelled("Radiomics of the vertebral body", DO="10.1000/body", PY="1999"),
    )
    told = desk.told("--from", file, "--as", "ana", status=3)
    assert desk.votes() == {1: "include", 8: "include"}
    assert [(left["place"], left["why"]) for left in told["unmatched"]] == [
        ("line 7", "its DOI is that of R7, R8, its title is not"),
        ("line 13", "its title is that of R9, R10"),
        ("line 19", "its DOI is that of R1, its title is not"),
        ("line 25", "its title is that of R5, of another year or none"),
    ]


def test_identifiers_that_contradict_each_other_match_nothing(desk: Desk) -> None:
    file = desk.file("DO  - 10.1000/sacrum\nU1  - 30000001 [PMID]\nN1  - ASReview_relevant")
    (left,) = desk.told("--from", file, "--as", "ana", status=3)["unmatched"]
    assert left["why"] == "its PubMed number and its DOI belong to different reports (R1, R2)"


def test_two_records_of_one_report_are_one_vote_or_none(desk: Desk) -> None:
    agreed = (labelled(RECORDS[0][0]), labelled(RECORDS[0][0], DO="10.1000/body"))
    at_odds = (labelled(RECORDS[1][0]), labelled(RECORDS[1][0], relevant=False))
    told = desk.told("--from", desk.file(*agreed, *at_odds), "--as", "ana", status=3)
    assert (told["repeated"], desk.votes()) == (1, {1: "include"})
    assert {left["why"] for left in told["not_taken"]} == {
        "R2 stands in the file with different decisions (line 12, line 17)"
    }


def test_a_file_of_another_review_is_refused_whole(refuses: Refuses, desk: Desk) -> None:
    shifted = [labelled(title, ID=f"R{n + 2}") for n, (title, *_) in enumerate(RECORDS[:6])]
    file = desk.file(*shifted, labelled(RECORDS[8][0], ID="R9"))
    said = refuses(desk.folder, "vote", "--from", file, "--as", "ana", status=1)
    assert (
        "6 of its 7 report numbers do not belong to their titles here; it seems to come from another" in said
    )
    assert "line 1: it says R2, which is 'Texture of the sacrum on magnetic resonance images' here" in said


def test_a_single_wrong_number_is_left_and_the_others_are_stored(desk: Desk) -> None:
    right = [labelled(title, ID=f"R{n}") for n, (title, *_) in enumerate(RECORDS[:4], 1)]
    said = desk.said(
        "--from", desk.file(*right, labelled("A nomogram of osteolysis", ID="R77")), "--as", "ana"
    )
    assert "not matched: there is no R77 in this review" in said
    assert desk.votes() == dict.fromkeys(range(1, 5), "include")


def test_a_number_finds_the_report_that_a_record_has_been_joined_to(desk: Desk) -> None:
    desk("duplicates", "merge", "R9", "R10", "--as", "ana", "--note", "one text")
    desk("vote", "--from", desk.file(labelled("Editorial", ID="R10")), "--as", "ana")
    assert desk.votes() == {9: "include"}


def test_a_report_that_takes_no_such_vote_is_left(desk: Desk) -> None:
    desk("vote", "R1", "include", "--as", "ana")
    desk("vote", "R1", "exclude", "--as", "ben")
    desk("resolve", "R1", "include", "--as", "cem", "--note", "in scope")
    file = desk.file(labelled(RECORDS[0][0], relevant=False), labelled(RECORDS[1][0]))
    assert "not stored: R1 was settled at abstract" in desk.said("--from", file, "--as", "ana")
    assert desk.votes() == {1: "include", 2: "include"}


def test_at_full_text_an_exclusion_needs_a_reason_of_the_protocol(desk: Desk) -> None:
    for report in ("R2", "R3", "R5"):
        for reviewer in ("ana", "ben"):
            desk("vote", report, "include", "--as", reviewer)
        desk("fulltext", report, "--link", "https://example.org", "--as", "ben")
    file = EXPORTS / "votes_rayyan.csv"
    told = desk.told("--from", file, "--as", "ana", "--stage", "fulltext", status=3)
    assert desk.votes(stage="fulltext") == {2: "exclude"}
    assert desk.reasons(stage="fulltext")[2][0] == "population"
    assert [left["why"] for left in told["not_taken"]] == [
        "R1 has not passed title/abstract; it takes no vote at full text",
        "an exclusion at full text needs a reason of review.toml; the file gives: none",
        "maybe exists at title/abstract only",
    ]


def test_a_dry_run_says_the_same_and_stores_nothing(desk: Desk, rows: Rows) -> None:
    before = rows(desk.folder)
    inbox = sorted((desk.folder / "inbox").iterdir())
    said = desk("vote", "--from", EXPORTS / "votes_asreview1.csv", "--as", "ana", "--dry-run")
    assert "3 to store, 0 unchanged, 2 without a decision, 0 not matched" in said
    assert rows(desk.folder) == before
    assert sorted((desk.folder / "inbox").iterdir()) == inbox


def test_a_file_that_cannot_be_kept_leaves_no_vote_behind(desk: Desk, rows: Rows) -> None:
    shutil.rmtree(desk.folder / "inbox")
    (desk.folder / "inbox").write_text("in the way", encoding="utf-8")
    before = rows(desk.folder)
    desk("vote", "--from", EXPORTS / "votes_asreview1.csv", "--as", "ana", status=1)
    assert rows(desk.folder) == before


def test_nothing_of_a_colleagues_votes_shows_when_a_file_comes_in(desk: Desk, tmp_path: Path) -> None:
    other = Desk(desk.livrev, Path(shutil.copytree(desk.folder, tmp_path / "other")))
    for n in range(1, 6):
        desk("vote", f"R{n}", "include", "--as", "ben")
        other("vote", f"R{n}", "exclude", "--as", "ben", "--note", "no")
    command = ("--from", EXPORTS / "votes_rayyan.csv", "--as", "ana")
    assert desk.told(*command) == other.told(*command)


MISSPOKEN = [
    (("R1", "--as", "ana"), 2, "missing argument"),
    (("--as", "ana"), 2, "missing argument"),
    (("R1", "include", "--from", "votes.ris", "--as", "ana"), 2, "goes with a single vote, not with --from"),
    (("--from", "votes.ris", "--note", "x", "--as", "ana"), 2, "'--note' goes with a single vote"),
    (("R1", "include", "--dry-run", "--as", "ana"), 2, "'--dry-run' goes with --from"),
    (("--from", "votes.ris", "--as", "ana"), 1, "there is no such file"),
    (("--from", "export.ris", "--as", "ana"), 2, "without decisions; say what it lists"),
    (("--from", "export.ris", "--as", "eve"), 2, "'eve' is no reviewer"),
    (("--from", "export.ris", "--as", "cem"), 1, "cem is no screener"),
]


@pytest.mark.parametrize(("words", "status", "said"), MISSPOKEN)
def test_words_that_do_not_go_together_are_refused(
    refuses: Refuses, desk: Desk, words: tuple[str, ...], status: int, said: str
) -> None:
    assert said in refuses(desk.folder, "vote", *words, status=status)
