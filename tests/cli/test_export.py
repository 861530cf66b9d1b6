"""``livrev export``: which reports, with whose labels, into which file; and nothing that is not to be seen yet."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from curation.cli import export_
from curation.model import Decision
from curation.store.connect import Stamp
from curation.tasks import export
from curation.tasks.fulltext import Attempt, note_fulltext
from curation.tasks.review import Review
from curation.tasks.vote import Ballot, vote
from curation.tasks.waiting import wanted_of
from screening.flow import Retrieval
from tests.cli.conftest import Refuses
from tests.conftest import Livrev

RECORD = """TY  - JOUR
AN  - L{number}
TI  - {title}
AU  - Author{number}, A.
PY  - 2024
AB  - What was found in study {number}.
DO  - 10.1000/study.{number}
ER  -

"""
TITLES = (
    "Radiomics of vertebrae",
    "Deep learning in the spine",
    "Texture of the sacrum",
    "Perfusion of bone marrow",
    "A nomogram of osteolysis",
    "Networks that read bone scans",
)
INCLUDE, EXCLUDE, MAYBE = Decision.INCLUDE, Decision.EXCLUDE, Decision.MAYBE


def stamp(by: str) -> Stamp:
    return Stamp(dt.datetime(2026, 11, 2, tzinfo=dt.UTC), by, "test")


def cast(
    review: Review, by: str, report: int, decision: Decision, *, reason: str | None = None, note: str = ""
) -> None:
    uid = f"{by}-{report}-{reason}-{len(note)}-{review.sql.total_changes}"
    vote(review, Ballot(uid, report, by, decision, reason=reason, note=note), stamp(by))


@pytest.fixture(scope="session")
def built(livrev: Livrev, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six reports: 1 waits for both, 2 for ben, 3 is excluded, 4 in conflict, 5 waits at full text, 6 is out there."""
    folder = tmp_path_factory.mktemp("export") / "review"
    assert livrev("init", folder).returncode == 0
    records = (RECORD.format(number=n, title=title) for n, title in enumerate(TITLES, 1))
    (folder / "export.ris").write_text("".join(records), encoding="utf-8")
    done = livrev("import", "export.ris", "--source", "embase", cwd=folder)
    assert done.returncode == 0, done.stderr
    with Review.open(folder) as review:
        cast(review, "ana", 2, EXCLUDE, note="a secret of ana's")
        for by, decisions in (
            ("ana", (EXCLUDE, EXCLUDE, MAYBE, INCLUDE)),
            ("ben", (EXCLUDE, INCLUDE, INCLUDE, INCLUDE)),
        ):
            for report, decision in zip((3, 4, 5, 6), decisions, strict=True):
                cast(review, by, report, decision)
        for report in (5, 6):
            note_fulltext(review, Attempt(report, "ben", Retrieval.RETRIEVED, note="by hand"), stamp("ben"))
        for by in ("ana", "ben"):
            cast(review, by, 6, EXCLUDE, reason="population", note=f"seen by {by}")
    return folder


@pytest.fixture
def review(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "review"))


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def reports(livrev: Livrev, review: Path, *arguments: str) -> list[int]:
    return [line["report"] for line in lines(livrev("export", "--format", "jsonl", *arguments, cwd=review))]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), [1, 2, 3, 4, 5, 6]),
        (("--state", "all", "--round", "0"), [1, 2, 3, 4, 5, 6]),
        (("--state", "to-screen"), [1, 2, 5]),
        (("--state", "to-screen", "--stage", "abstract"), [1, 2]),
        (("--state", "to-screen", "--as", "ana"), [1, 5]),
        (("--state", "to-screen", "--as", "ben"), [1, 2, 5]),
        (("--state", "to-screen", "--as", "ben", "--stage", "fulltext"), [5]),
        (("--state", "included"), []),
        (("--state", "included", "--stage", "abstract"), [5, 6]),
        (("--state", "excluded"), [3, 6]),
        (("--state", "excluded", "--stage", "fulltext"), [6]),
        (("--state", "maybe"), [5]),
        (("--state", "conflict"), [4]),
        (("--state", "conflict", "--stage", "fulltext"), []),
        (("--state", "excluded", "--as", "ana"), [2, 3, 4, 6]),
        (("--state", "included", "--as", "ana", "--stage", "abstract"), [6]),
        (("--state", "included", "--as", "ben"), [4, 5]),
        (("--state", "maybe", "--as", "ana"), [5]),
    ],
)
def test_reports_are_chosen_by_where_they_stand(
    livrev: Livrev, review: Path, arguments: Sequence[str], expected: list[int]
) -> None:
    assert reports(livrev, review, *arguments) == expected


@pytest.mark.parametrize("reviewer", ["ana", "ben"])
def test_what_is_to_screen_is_what_status_says(livrev: Livrev, review: Path, reviewer: str) -> None:
    with Review.open(review) as opened:
        wanted = [item.report for item in wanted_of(opened, reviewer)]
    assert reports(livrev, review, "--state", "to-screen", "--as", reviewer) == wanted


def labels(livrev: Livrev, review: Path, *arguments: str) -> dict[int, tuple[str | None, str, str]]:
    found = lines(livrev("export", "--format", "jsonl", *arguments, cwd=review))
    return {line["report"]: (line["decision"], line["reason"], line["note"]) for line in found}


def test_without_a_reviewer_the_labels_are_verdicts_without_anybodys_note(
    livrev: Livrev, review: Path
) -> None:
    assert labels(livrev, review) == {
        1: (None, "", ""),
        2: (None, "", ""),
        3: ("exclude", "", ""),
        4: (None, "", ""),
        5: ("include", "", ""),
        6: ("exclude", "population", ""),
    }


def test_for_a_reviewer_the_labels_are_their_own_votes_else_verdicts(livrev: Livrev, review: Path) -> None:
    assert labels(livrev, review, "--as", "ana")[2] == ("exclude", "", "a secret of ana's")
    assert labels(livrev, review, "--as", "ana")[4] == ("exclude", "", "")
    assert labels(livrev, review, "--as", "ben")[4] == ("include", "", "")
    assert labels(livrev, review, "--as", "ben")[2] == (None, "", "")
    assert labels(livrev, review, "--as", "ben")[6] == ("exclude", "population", "seen by ben")
    assert labels(livrev, review, "--as", "ana")[5] == ("maybe", "", "")
    assert labels(livrev, review, "--as", "cem")[4] == (None, "", "")


def test_what_is_to_screen_brings_no_label_of_an_earlier_stage(livrev: Livrev, review: Path) -> None:
    assert labels(livrev, review, "--state", "to-screen", "--as", "ana")[5] == (None, "", "")


@pytest.mark.parametrize("name", export_.FORMATS)
@pytest.mark.parametrize("state", export_.STATES)
def test_no_export_tells_ben_how_ana_voted(built: Path, tmp_path: Path, name: str, state: str) -> None:
    """Two reviews alike but for ana's vote on R2, which ben has not voted on: the same bytes for ben and for all."""
    seen = []
    for decision, note in ((EXCLUDE, "x"), (INCLUDE, "y"), (MAYBE, "z")):
        folder = tmp_path / "same-place"
        shutil.copytree(built, folder)
        with Review.open(folder) as review:
            cast(review, "ana", 2, decision, note=note)
            for reviewer in ("ben", None):
                stream = io.BytesIO()
                export.export_to(review, export.Choice(export.State(state), reviewer=reviewer), name, stream)
                seen.append(stream.getvalue())
        shutil.rmtree(folder)
    assert seen[0::2] == [seen[0]] * 3
    assert seen[1::2] == [seen[1]] * 3


def test_the_asreview_file_holds_the_reviewers_own_labels(livrev: Livrev, review: Path) -> None:
    done = livrev("export", "--format", "asreview", "--as", "ana", cwd=review)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["livrev_report"], row["included"]) for row in rows] == [
        ("R1", ""), ("R2", "0"), ("R3", "0"), ("R4", "0"), ("R5", "1"), ("R6", "0"),
    ]  # fmt: skip


def test_excluded_reports_come_with_their_reasons(livrev: Livrev, review: Path) -> None:
    done = livrev("export", "--state", "excluded", "--stage", "fulltext", "--format", "csv", cwd=review)
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert (row["report"], row["state"], row["reason"], row["sources"]) == (
        "R6",
        "report excluded",
        "population",
        "Embase",
    )
    assert row["reason_label"]
    assert row["unique_identifier"] == "L6"


def test_a_file_is_written_whole_and_named(livrev: Livrev, review: Path) -> None:
    done = livrev("export", "-o", "queue.ris", "--state", "to-screen", cwd=review)
    assert (done.returncode, done.stdout, done.stderr) == (0, "queue.ris\n", "livrev: 3 reports as ris\n")
    assert (review / "queue.ris").read_text(encoding="utf-8").count("TY  - JOUR") == 3
    assert not list(review.glob("*.part"))


def test_the_same_store_gives_the_same_bytes(livrev: Livrev, review: Path) -> None:
    for name in export_.FORMATS:
        for file in ("one", "two"):
            assert livrev("export", "-o", file, "--format", name, cwd=review).returncode == 0
        assert (review / "one").read_bytes() == (review / "two").read_bytes()
        (review / "one").unlink()
        (review / "two").unlink()


def test_a_file_that_exists_is_replaced_only_when_asked(
    livrev: Livrev, review: Path, refuses: Refuses
) -> None:
    (review / "votes.csv").write_text("a co-author's work", encoding="utf-8")
    said = refuses(review, "export", "-o", "votes.csv", "--format", "csv", status=2)
    assert "votes.csv exists already; name another file, or say --force" in said
    assert (review / "votes.csv").read_text(encoding="utf-8") == "a co-author's work"
    assert livrev("export", "-o", "votes.csv", "--format", "csv", "--force", cwd=review).returncode == 0
    assert "R1" in (review / "votes.csv").read_text(encoding="utf-8")


def test_a_workbook_goes_to_standard_output_too(livrev: Livrev, review: Path) -> None:
    assert livrev("export", "-o", "all.xlsx", "--format", "xlsx", cwd=review).returncode == 0
    sheet = openpyxl.load_workbook(review / "all.xlsx").active
    assert sheet is not None
    assert [row[0].value for row in sheet.iter_rows()] == ["report", "R1", "R2", "R3", "R4", "R5", "R6"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--as", "nobody"), 2, "'nobody' is no reviewer of this review"),
        (("--as", "cem", "--state", "to-screen"), 1, "cem is no screener"),
        (("--round", "7"), 2, "there is no round 7 (known: 0)"),
        (("--state", "maybe", "--stage", "fulltext"), 2, "maybe exists at title/abstract only"),
        (("--format", "docx"), 2, "docx"),
        (("-o", "."), 2, "is a folder; name a file in it"),
        (("-o", "nowhere/file.ris"), 2, "nowhere is no folder; make it first"),
    ],
)
def test_what_cannot_be_exported_is_said(
    review: Path, refuses: Refuses, arguments: Sequence[str], status: int, said: str
) -> None:
    assert said in refuses(review, "export", *arguments, status=status)
    assert not list(review.glob("*.part"))


def test_an_empty_choice_is_an_empty_file_and_said(livrev: Livrev, review: Path) -> None:
    done = livrev("export", "--state", "included", "--format", "csv", cwd=review)
    assert done.returncode == 0
    assert done.stdout.startswith("report,state,")
    assert done.stderr == "livrev: 0 reports as csv\n"


def test_reports_of_an_earlier_version_are_among_the_included(livrev: Livrev, demo: Path) -> None:
    found = lines(livrev("export", "--state", "included", "--format", "jsonl", cwd=demo))
    states = [line["state"] for line in found]
    assert states == ["included in an earlier version"] * 11 + ["included"]
    assert {line["decision"] for line in found} == {"include"}


def test_an_export_taken_in_again_is_known(livrev: Livrev, review: Path) -> None:
    for name in ("ris", "csv", "bibtex", "jsonl", "xlsx"):
        assert livrev("export", "-o", f"again.{name}", "--format", name, cwd=review).returncode == 0
        done = livrev("import", f"again.{name}", "--source", "embase", "--json", cwd=review)
        assert done.returncode == 0, done.stderr
        (found,) = json.loads(done.stdout)
        assert (found["new"], found["refound"]) == (0, 6)


def test_the_command_knows_the_states_and_forms_of_its_task() -> None:
    assert tuple(export.State) == export_.STATES
    assert export.FORMATS == export_.FORMATS
