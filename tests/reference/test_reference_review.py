"""The reference review regenerated from its store equals what was published, cell by cell."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from curation.report import facts
from curation.tasks.evidence import current_and_released, released
from curation.tasks.review import Review
from tests.conftest import ROOT, Livrev
from tests.reference import published_tables as printed_tables


@pytest.fixture(scope="module")
def tables(
    built_demo: Path, livrev: Livrev, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[list[str]]]:
    """Tables as of release 1.0, made by the command, read back from their CSV files."""
    folder = tmp_path_factory.mktemp("tables")
    done = livrev("tables", "--release", "1.0", "--to", folder, cwd=built_demo)
    assert done.returncode == 0, done.stderr
    return {path.stem: _rows(path) for path in folder.glob("*.csv")}


def _rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_regenerated_table_equals_the_published_one_cell_by_cell(
    tables: dict[str, list[list[str]]], number: int
) -> None:
    printed_header = list(getattr(printed_tables, f"TABLE_{number}_HEADER"))
    printed_rows = [list(row) for row in getattr(printed_tables, f"TABLE_{number}")]
    assert tables[f"table-{number}"][0] == printed_header
    assert tables[f"table-{number}"][1:] == printed_rows


def test_patients_mean_spread_and_range_are_derived_as_printed(built_demo: Path) -> None:
    with Review.open(built_demo) as review:
        studies = [s.study for s in released(review.store, review.protocol, "1.0").studies]
    sizes = facts.cohorts(studies)
    assert sizes is not None
    assert sizes.sd is not None
    assert sizes.total == printed_tables.TOTAL_PATIENTS
    assert round(sizes.mean) == printed_tables.MEAN_COHORT
    assert round(sizes.sd) == printed_tables.SD_COHORT
    assert (sizes.smallest, sizes.largest) == printed_tables.COHORT_RANGE


def test_receptors_are_counted_over_the_studies(built_demo: Path) -> None:
    with Review.open(built_demo) as review:
        studies = [s.study for s in released(review.store, review.protocol, "1.0").studies]
    shares = {share.name: (share.studies, f"{share.percent:.1f}%") for share in facts.receptors(studies)}
    assert shares["EGFR"] == printed_tables.EGFR_STUDIES
    assert shares["HER-2"] == printed_tables.HER_2_STUDIES
    # The page prints 18.1 % for 2 of 11; the product computes 18.2 %.
    assert shares["Ki-67"] == (printed_tables.KI_67_STUDIES[0], "18.2%")


@pytest.fixture(scope="module")
def pooled(built_demo: Path, livrev: Livrev) -> list[dict[str, Any]]:
    """What ``livrev pool --json`` prints."""
    done = livrev("pool", "--json", cwd=built_demo)
    assert done.returncode == 0, done.stderr
    result: list[dict[str, Any]] = json.loads(done.stdout)
    return result


def _of(pooled: list[dict[str, Any]], name: str) -> dict[str, dict[str, Any]]:
    return {item["evidence"]: item for item in pooled if item["id"] == name}


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("internal-published", printed_tables.POOLED_INTERNAL),
        ("external-published", printed_tables.POOLED_EXTERNAL),
    ],
)
def test_the_published_method_gives_the_published_results(
    pooled: list[dict[str, Any]], name: str, printed: tuple[float, float, float, int]
) -> None:
    item = _of(pooled, name)["release 1.0"]
    assert (
        round(item["estimate"], 3),
        *(round(limit, 3) for limit in item["interval"]),
        item["k"],
    ) == printed
    assert item["method"] == "published"


@pytest.mark.parametrize(("name", "k"), [("internal-published", 42), ("external-published", 12)])
def test_round_1_adds_the_new_study_to_the_published_method(
    pooled: list[dict[str, Any]], name: str, k: int
) -> None:
    with_round = _of(pooled, name)["release 1.0 + round 1"]
    assert with_round["k"] == k
    assert with_round["n"] == _of(pooled, name)["release 1.0"]["n"] + 110


def test_the_recommended_synthesis_borrows_no_interval_and_says_what_it_left_out(
    pooled: list[dict[str, Any]],
) -> None:
    item = _of(pooled, "external-egfr-status")["release 1.0"]
    assert item["method"] == "recommended"
    assert item["k"] == 4
    assert item["borrowed_intervals"] == 0
    assert len(item["left_out"]) == 1
    assert item["prediction_interval"][0] < item["interval"][0] < item["estimate"]


def test_the_flow_of_round_1_is_that_of_an_updated_review(built_demo: Path, livrev: Livrev) -> None:
    done = livrev("flow", "--json", cwd=built_demo)
    flow = json.loads(done.stdout)["flow"]
    assert flow["previous"] == {"studies": 11, "reports": 11}
    assert [(d["name"], d["n"]) for d in flow["databases"]] == [("PubMed", 9)]
    assert (flow["duplicates"], flow["screened"], flow["excluded"]) == (0, 9, 5)
    main = flow["main"]
    assert (main["sought"], main["not_retrieved"], main["assessed"], main["included"]) == (4, 1, 3, 1)
    assert sum(reason["n"] for reason in main["excluded"]) == 2
    assert flow["new"] == {"studies": 1, "reports": 1}
    assert flow["total"] == {"studies": 12, "reports": 12}


def test_flow_numbers_of_the_published_review_are_not_reported_and_never_0(
    built_demo: Path, livrev: Livrev, tmp_path: Path
) -> None:
    done = livrev("flow", "--round", "0", cwd=built_demo)
    assert "PubMed: not reported" in done.stdout
    assert " 0 " not in done.stdout
    livrev("flow", "--round", "0", "--svg", tmp_path / "f.svg", cwd=built_demo)
    drawing = (tmp_path / "f.svg").read_text(encoding="utf-8")
    assert "not reported" in drawing
    assert "(n = 0)" not in drawing


def test_changing_one_vote_changes_the_flow(demo: Path, livrev: Livrev) -> None:
    before = json.loads(livrev("flow", "--json", cwd=demo).stdout)["flow"]
    included = json.loads(livrev("status", "--json", cwd=demo).stdout)["places"]
    assert ["included", 1] in included
    with Review.open(demo) as review:
        (new,) = _newly_included(review)
    done = livrev("vote", f"R{new}", "exclude", "--reason", "no-ai", "--as", "demo-b", cwd=demo)
    assert done.returncode == 0, done.stderr
    after = json.loads(livrev("flow", "--json", cwd=demo).stdout)["flow"]
    assert before["new"] == {"studies": 1, "reports": 1}
    assert after["new"] == {"studies": 0, "reports": 0}
    assert after["main"]["awaiting_assessment"] == 1
    livrev("undo", "--as", "demo-b", cwd=demo)
    assert json.loads(livrev("flow", "--json", cwd=demo).stdout)["flow"] == before


def _newly_included(review: Review) -> list[int]:
    """Reports of the studies that are in now and were not in release 1.0."""
    then, now = current_and_released(review.store, review.protocol)
    known = {s.study.key for s in then.studies}
    return [report for s in now.studies if s.study.key not in known for report in s.reports]


def test_release_1_is_regenerated_the_same_after_round_1(
    built_demo: Path, tables: dict[str, list[list[str]]]
) -> None:
    now = _rows(built_demo / "reports" / "table-1.csv")
    assert len(now) == len(tables["table-1"]) + 1
    assert now[:-1] == tables["table-1"]
    assert now[-1][0] == "Zhou et al. (2025) [32]"


def test_the_same_demo_twice_gives_the_same_bytes(built_demo: Path, livrev: Livrev, tmp_path: Path) -> None:
    assert livrev("demo", tmp_path / "again").returncode == 0
    first = {p.name: p.read_bytes() for p in (built_demo / "reports").iterdir()}
    again = {p.name: p.read_bytes() for p in (tmp_path / "again" / "reports").iterdir()}
    assert first == again
    assert {"report.html", "flow.svg", "forest.svg", "pool.json", "table-1.csv", "pooled.md"} <= set(first)


def test_the_picture_in_the_readme_is_the_one_the_demo_draws(built_demo: Path) -> None:
    assert (ROOT / "docs" / "flow.svg").read_bytes() == (built_demo / "reports" / "flow.svg").read_bytes()


def test_the_report_needs_no_network_and_no_script(built_demo: Path) -> None:
    page = (built_demo / "reports" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<link" not in page
    assert "src=" not in page
    assert "url(" not in page
    assert len(page) < 1_000_000
