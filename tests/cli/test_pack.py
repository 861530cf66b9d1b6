"""The screening page, and the file of votes that comes back from it: nobody else's votes out, none lost or doubled in."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Refuses, Rows
from tests.cli.screened_review import (
    TITLES,
    Desk,
    data_of,
    made,
    mark_row,
    undo_row,
    vote_row,
    votes_file,
)
from tests.conftest import Livrev


@pytest.fixture(scope="module")
def built(livrev: Livrev, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(livrev, tmp_path_factory.mktemp("pack") / "review").folder


@pytest.fixture
def desk(livrev: Livrev, built: Path, tmp_path: Path) -> Desk:
    return Desk(livrev, Path(shutil.copytree(built, tmp_path / "review")))


@pytest.fixture(scope="module")
def page(livrev: Livrev, built: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Ben's page of everything that waits for him."""
    copied = Path(shutil.copytree(built, tmp_path_factory.mktemp("page") / "review"))
    return Desk(livrev, copied).page()


# Out -------------------------------------------------------------------------------------------------------------


def test_what_a_colleague_voted_changes_no_byte_of_the_page(
    desk: Desk, livrev: Livrev, tmp_path: Path
) -> None:
    other = Desk(livrev, Path(shutil.copytree(desk.folder, tmp_path / "other")))
    for number in range(1, 7):
        desk.vote(f"R{number}", "include", "ana", "--note", "clearly within")
        other.vote(f"R{number}", "exclude", "ana", "--reason", "outcome")
    assert desk.page() == other.page()
    assert "clearly within" not in desk.page()


def test_the_page_holds_every_report_that_waits_and_no_author(page: str) -> None:
    data = data_of(page)
    assert sorted(report["report"] for report in data["reports"]) == ["R1", "R2", "R3", "R4", "R5", "R6"]
    assert {report["title"]["text"] for report in data["reports"]} == {*TITLES}
    assert "Author1" not in page


def test_no_title_is_taken_for_markup(page: str) -> None:
    assert "alert('R2')</script>" not in page
    assert (page.count("<script"), page.count("</script>")) == (2, 2)


def test_the_page_loads_nothing_and_runs_nothing_but_its_own_script(page: str) -> None:
    policy = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)[0].replace(
        "&#39;", "'"
    )
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    for kind, texts in (("script", script), ("style", style)):
        assert len(texts) == 1
        digest = base64.b64encode(hashlib.sha256(texts[0].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert not re.search(r"<(link|img|iframe|object|embed|audio|video|form|base)\b|@import|url\(| src=", page)
    assert not re.search(r"\bon[a-z]+=|\bstyle=", page.split("<body", 1)[1].split("<script", 1)[0])


def test_terms_are_marked_where_a_browser_counts_them(desk: Desk) -> None:
    protocol = desk.folder / "review.toml"
    text = protocol.read_text(encoding="utf-8")
    terms = '[screening]\nhighlight = ["elsewhere"]\nhighlight_against = ["spine"]\n'
    protocol.write_text(text.replace("[screening]\n", terms), encoding="utf-8")
    titles = {report["report"]: report["title"] for report in data_of(desk.page())["reports"]}
    in_utf16 = titles["R3"]["text"].encode("utf-16-le")
    found = [(in_utf16[2 * a : 2 * b].decode("utf-16-le"), side) for a, b, side in titles["R3"]["spans"]]
    assert found == [("spine", "against"), ("elsewhere", "for")]


def test_the_page_has_the_keys_of_the_screening_app(desk: Desk) -> None:
    protocol = desk.folder / "review.toml"
    text = protocol.read_text(encoding="utf-8")
    keys = '\n[screening.keys]\npreset = "covidence"\nhelp = "f2"\n'
    protocol.write_text(text.replace("\n[living]", f"{keys}\n[living]"), encoding="utf-8")
    given = data_of(desk.page())["keys"]
    assert given["include"] == ["3", "ArrowRight"]
    assert (given["help"], given["find"]) == (["F2"], ["/"])


def test_a_page_has_as_many_reports_as_asked_for_and_the_rest_is_counted(desk: Desk) -> None:
    done = desk.livrev("pack", "--as", "ben", "--size", "4", cwd=desk.folder)
    assert "4 reports at abstract for ben, 2 more wait" in done.stderr
    assert (desk.folder / done.stdout.strip()).is_file()
    assert done.stdout.startswith("reports/screen-ben-abstract-")


def test_a_page_made_again_is_the_same_batch(desk: Desk) -> None:
    first = data_of(desk.page())["batch"]
    desk.vote("R1", "include", "ana")
    assert data_of(desk.page())["batch"] == first
    desk.vote("R1", "include", "ben")
    assert data_of(desk.page())["batch"] != first
    assert data_of(desk.page("ana"))["batch"] not in {first, data_of(desk.page())["batch"]}


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--as", "dora"), 2, "no reviewer"),
        (("--as", "cem"), 1, "no screener"),
        (("--as", "ben", "--stage", "fulltext"), 1, "nothing waits for ben at fulltext; no page was made"),
        (("--as", "ben", "-o", "review.toml"), 2, "exists already"),
        (("--as", "ben", "-o", "inbox"), 2, "no place for a file"),
    ],
)
def test_a_page_that_cannot_be_made_is_refused_in_a_line(
    desk: Desk, refuses: Refuses, words: tuple[str, ...], status: int, said: str
) -> None:
    (desk.folder / "inbox").mkdir(exist_ok=True)
    desk("pack", "--as", "ben", "-o", "page.html")  # the queue is made by then
    assert said in refuses(desk.folder, "pack", *words, status=status)


# And back in -----------------------------------------------------------------------------------------------------


def test_votes_undos_and_changes_of_mind_come_in_as_they_happened(desk: Desk, page: str) -> None:
    file = votes_file(
        desk.folder,
        page,
        vote_row("one", 1, "include"),
        vote_row("two", 2, "exclude", note="no patient"),
        vote_row("three", 1, "exclude", at="2027-01-01T10:05:00.000Z"),
        vote_row("four", 3, "maybe"),
        undo_row("four"),
        vote_row("five", 4, "maybe"),
        vote_row("six", 4, "include"),
        undo_row("six"),
    )
    said = desk("vote", "--from", file, "--as", "ben")
    batch = data_of(page)["batch"]
    assert said == (
        f"votes.json: page {batch}, 6 votes, for ben: 6 stored (1 in place of an earlier vote, 2 taken back since), "
        "0 here already\n"
    )
    assert desk.standing("ben") == {"R1": "exclude", "R2": "exclude", "R4": "maybe"}
    rows = {row["uid"]: row for row in desk.table("--as", "ben")}
    assert [rows[uid]["standing"] for uid in ("one", "three", "four", "five", "six")] == [
        "superseded",
        "standing",
        "taken back",
        "standing",
        "taken back",
    ]
    assert (rows["two"]["note"], rows["two"]["seconds"]) == ("no patient", 12.5)
    assert [path.name.partition("-")[2] for path in (desk.folder / "inbox").iterdir()].count(
        "votes.json"
    ) == 1


def test_the_same_file_twice_stores_nothing_the_second_time(desk: Desk, page: str, rows: Rows) -> None:
    given = (vote_row("one", 1, "include"), vote_row("two", 2, "exclude"), undo_row("two"))
    file = votes_file(desk.folder, page, *given, mark_row(1, "tag", "later"))
    desk("vote", "--from", file, "--as", "ben")
    before = rows(desk.folder)
    assert "0 stored, 2 here already\n" in desk("vote", "--from", file, "--as", "ben")
    assert rows(desk.folder) == before


def test_a_later_download_brings_what_is_new_in_it(desk: Desk, page: str) -> None:
    first = [vote_row("one", 1, "include"), mark_row(1, "tag", "later"), vote_row("two", 2, "include")]
    desk("vote", "--from", votes_file(desk.folder, page, *first), "--as", "ben")
    more = [undo_row("two"), vote_row("three", 1, "exclude"), mark_row(1, "tag", "later", on=False)]
    said = desk("vote", "--from", votes_file(desk.folder, page, *first, *more), "--as", "ben")
    assert "1 stored (1 in place of an earlier vote), 1 here already, 1 taken back, 1 mark" in said
    assert desk.standing("ben") == {"R1": "exclude"}


def test_a_dry_run_tells_the_same_and_stores_nothing(desk: Desk, page: str, rows: Rows) -> None:
    file = votes_file(
        desk.folder, page, vote_row("one", 1, "include"), vote_row("two", 2, "include", report="R77")
    )
    before = rows(desk.folder)
    done = desk.livrev("vote", "--from", file, "--as", "ben", "--dry-run", "--json", cwd=desk.folder)
    assert done.returncode == 3
    told = json.loads(done.stdout)
    assert [one["report"] for one in told["stored"]] == [1]
    assert [one["why"] for one in told["not_taken"]] == ["there is no R77 in this review"]
    assert rows(desk.folder) == before
    assert not (desk.folder / "inbox").exists() or "votes.json" not in str(
        list((desk.folder / "inbox").iterdir())
    )


def test_a_report_settled_meanwhile_is_told_and_the_rest_is_stored(desk: Desk, page: str) -> None:
    for who, decision in (("ana", "include"), ("ben", "exclude")):
        desk.vote("R1", decision, who)
    desk("resolve", "R1", "include", "--as", "cem", "--note", "its model is one")
    file = votes_file(desk.folder, page, vote_row("one", 1, "include"), vote_row("two", 2, "include"))
    said = desk.warned("vote", "--from", file, "--as", "ben")
    assert said.startswith("livrev: warning: votes.json: row 1: not stored: R1 was settled at abstract")
    assert desk.standing("ben") == {"R1": "exclude", "R2": "include"}


def test_a_vote_follows_its_report_into_the_one_it_joined(desk: Desk, page: str) -> None:
    desk("duplicates", "merge", "R1", "R3", "--as", "ana")
    desk("vote", "--from", votes_file(desk.folder, page, vote_row("one", 3, "maybe")), "--as", "ben")
    assert desk.standing("ben") == {"R1": "maybe"}


def test_marks_come_in_as_the_reviewers_own_and_are_not_repeated(desk: Desk, page: str) -> None:
    given = [
        mark_row(1, "tag", "later"),
        mark_row(1, "flag"),
        mark_row(2, "note", "ask"),
        mark_row(2, "skip"),
        mark_row(2, "skip"),
        mark_row(1, "flag", on=False),
    ]
    assert "6 marks" in desk("vote", "--from", votes_file(desk.folder, page, *given), "--as", "ben")
    assert "mark" not in desk("vote", "--from", votes_file(desk.folder, page, *given), "--as", "ben")
    another = votes_file(desk.folder, page, mark_row(2, "note", "never mind"))
    assert "1 tag, note, flag or skip not stored" in desk.warned("vote", "--from", another, "--as", "ben")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (vote_row("one", 1, "exclude"), "the id one stands in the file with two different votes"),
        (undo_row("nine"), "it takes a vote back that is not in the file"),
        ({"kind": "dance"}, "'dance' is no kind of row"),
        (["vote"], "it is no row of votes"),
        (mark_row(1, "star"), "it is no mark that this livrev knows"),
        (vote_row("two", 2, "include", reason="outcome"), "a reason goes with exclude, not with include"),
        (vote_row("two", 2, "include", title="Something else entirely"), "it says R2, which is"),
        (vote_row("two", 2, "include") | {"report": "R" + "9" * 30}, "is no report number"),
    ],
)
def test_a_row_that_cannot_be_taken_is_told(desk: Desk, page: str, row: dict[str, object], why: str) -> None:
    file = votes_file(desk.folder, page, vote_row("one", 1, "include"), row, vote_row("last", 5, "include"))
    assert f"row 2: not stored: {why}" in desk.warned("vote", "--from", file, "--as", "ben").replace(
        f"'R{'9' * 30}' ", ""
    )
    assert desk.standing("ben") == {"R1": "include", "R5": "include"}


def test_a_vote_that_could_not_be_stored_is_not_told_to_be_here(desk: Desk, page: str) -> None:
    wrong = vote_row("one", 1, "include", reason="outcome")
    said = desk.warned("vote", "--from", votes_file(desk.folder, page, wrong, wrong), "--as", "ben")
    assert "row 2: not stored: it is the vote one of row 1 again" in said


@pytest.mark.parametrize(
    ("head", "reviewer", "said"),
    [
        ({}, "ana", "holds the votes of ben, not of ana; nothing was stored, take it in with: --as ben"),
        ({"review": "another"}, "ben", "its page was made for another review ('Title of the review')"),
        ({"livrev_votes": 2}, "ben", "is of form 2, this livrev reads form 1; upgrade livrev"),
        ({"stage": "poster"}, "ben", "its stage 'poster' is none of: abstract, fulltext"),
        ({"batch": 7}, "ben", "its batch is no text"),
        ({}, "cem", "cem is no screener"),
    ],
)
def test_a_file_of_another_page_is_refused_whole(
    desk: Desk, page: str, refuses: Refuses, head: dict[str, object], reviewer: str, said: str
) -> None:
    file = votes_file(desk.folder, page, vote_row("one", 1, "include"), **head)
    assert said in refuses(desk.folder, "vote", "--from", file, "--as", reviewer, status=1)


def test_a_file_that_was_cut_off_is_refused_whole(desk: Desk, page: str, refuses: Refuses) -> None:
    file = votes_file(desk.folder, page, vote_row("one", 1, "include"), vote_row("two", 2, "include"))
    file.write_bytes(file.read_bytes()[:-30])
    said = refuses(desk.folder, "vote", "--from", file, "--as", "ben", status=1)
    assert "is cut off or was changed" in said
    assert "download it from the page again" in said
