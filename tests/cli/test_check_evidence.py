"""``livrev check evidence``: what is really wrong in the published tables is found by rule; sound evidence is let be."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from curation.resources import shipped
from tests.cli.conftest import Rows
from tests.conftest import ROOT, Livrev

Found = list[dict[str, Any]]


@pytest.fixture(scope="module")
def checked(built_demo: Path, livrev: Livrev) -> dict[str, Any]:
    """What the command says of the published review."""
    done = livrev("check", "evidence", "--release", "1.0", "--json", cwd=built_demo)
    assert done.returncode == 3, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def of_kind(checked: dict[str, Any], kind: str) -> Found:
    return [finding for finding in checked["findings"] if finding["kind"] == kind]


def cells(found: Found) -> list[tuple[str, str]]:
    return [(finding["study"], finding["place"]) for finding in found]


def test_a_percentage_that_its_counts_do_not_give_is_found(checked: dict[str, Any]) -> None:
    (found,) = of_kind(checked, "percentage")
    assert found["place"] == "Abstract, Results"
    assert found["numbers"] == {"count": 2, "of": 11, "percent": 18.1}
    assert "it is 18.2 %" in found["said"]


def test_a_split_sample_auc_that_bears_the_mark_of_cross_validation_is_found(checked: dict[str, Any]) -> None:
    (found,) = of_kind(checked, "mark-contradicts-label")
    assert (found["study"], found["evaluation"]) == ("Cao et al. (2023) [22]", "egfr-exon-21/split-sample")
    assert found["place"] == "Table 3, row 4, column 2"
    assert "0.799 with the mark ²" in found["said"]


def test_a_study_that_is_counted_as_reporting_intervals_is_found(checked: dict[str, Any]) -> None:
    internal, external, most = of_kind(checked, "printed-count")
    assert internal["said"].endswith("it is 10 of 11; without an interval: Cao et al. (2023) [22]")
    assert external["said"].endswith("it is 4 of 11; without an interval: Cao et al. (2023) [22]")
    assert most["said"].endswith("it is 5 of 11 (45.5 %)")


def test_an_upper_limit_that_is_clipped_is_found(checked: dict[str, Any]) -> None:
    assert cells(of_kind(checked, "limit-clipped")) == [("Hu et al. (2024) [18]", "Table 3, row 1, column 1")]


def test_the_two_intervals_with_impossible_arms_are_found_and_no_other(checked: dict[str, Any]) -> None:
    niu, fan = of_kind(checked, "arms-uneven")
    assert cells([niu, fan]) == [
        ("Niu et al. (2023) [20]", "Table 3, row 10, column 1"),
        ("Fan et al. (2021) [27]", "Table 3, row 20, column 2"),
    ]
    assert niu["numbers"] == {"above": 0.04, "below": 0.09, "logit_ratio": 0.55, "implied_n": 184.5}
    assert "0.883 (97 patients)" in niu["mend"]
    assert fan["numbers"]["above"] > fan["numbers"]["below"]


def test_a_number_of_patients_that_fits_no_other_marker_of_the_study_is_found(
    checked: dict[str, Any],
) -> None:
    (found,) = of_kind(checked, "implied-n")
    assert (found["study"], found["evaluation"]) == ("Niu et al. (2023) [20]", "egfr-status/cross-validation")
    assert found["numbers"] == {"implied_n": 184.5, "held_out": 46.3, "ratio": 3.99}


def test_markers_that_are_pooled_and_were_not_analysed_are_found(checked: dict[str, Any]) -> None:
    found = of_kind(checked, "marker-not-analysed")
    assert [(f["study"], f["numbers"]["marker"], f["numbers"]["aucs"]) for f in found] == [
        ("Cheng et al. (2023) [19]", "EGFR-TKI response", 2),
        ("Niu et al. (2023) [20]", "Primary tumour origin", 2),
        ("Fan et al. (2022) [25]", "T790M", 3),
    ]
    assert all("internal-published" in f["said"] for f in found)


def test_patients_of_a_split_that_are_shown_as_the_cohort_are_found(checked: dict[str, Any]) -> None:
    found = [f for f in of_kind(checked, "cohort-shown-as-n") if f["place"].startswith("Table 4")]
    assert [(f["study"], f["numbers"]["n"], f["numbers"]["cohort"]) for f in found] == [
        ("Hu et al. (2024) [18]", 33, 359),
        ("Cao et al. (2023) [22]", 42, 299),
        ("Fan et al. (2022) [24]", 24, 183),
        ("Fan et al. (2022) [25]", 32, 192),
    ]


def test_estimates_of_the_same_patients_that_are_pooled_as_independent_are_found(
    checked: dict[str, Any],
) -> None:
    assert [f["numbers"] for f in of_kind(checked, "same-patients-pooled")] == [
        {"aucs": 41, "studies": 11},
        {"aucs": 11, "studies": 5},
    ]


def test_an_auc_without_the_mark_that_all_others_bear_is_found(checked: dict[str, Any]) -> None:
    assert cells(of_kind(checked, "mark-missing")) == [("Hu et al. (2024) [18]", "Table 3, row 1, column 1")]


def test_sentences_that_the_tables_do_not_bear_out_are_found(checked: dict[str, Any]) -> None:
    found = of_kind(checked, "printed-claim")
    assert [f["study"].partition("[")[2] for f in found] == ["19]", "23]", "23]", "21]", "24]", "25]", "22]"]
    assert all(f["place"].startswith("Section 4") for f in found)


def test_nothing_else_is_found_in_the_published_review(checked: dict[str, Any]) -> None:
    assert len(checked["findings"]) == 27
    assert (checked["evidence"], checked["studies"], checked["evaluations"]) == ("release 1.0", 11, 53)


def test_every_finding_says_what_where_and_how_to_mend(checked: dict[str, Any]) -> None:
    for finding in checked["findings"]:
        assert finding["said"], finding
        assert finding["place"], finding
        assert finding["mend"], finding


def test_what_needs_the_originals_is_noted_with_its_source(built_demo: Path, livrev: Livrev) -> None:
    done = livrev("check", "evidence", "--release", "1.0", "--notes", cwd=built_demo)
    notes = [line for line in done.stdout.splitlines() if line.startswith("note\t")]
    for words, times, source in [
        ("186 of the 359 patients", 1, "PubMed 38498926"),
        ("gives this AUC for the primary set", 3, "doi 10.1186/s12885-022-09985-4"),
        ("gives this AUC for the training set", 2, "Eur Radiol 2022;32:6739"),
        ("time-independent validation cohort of 52 patients", 1, "PubMed 34318502"),
        ("some patients may be the same", 3, ""),
    ]:
        told = [note for note in notes if words in note]
        assert len(told) == times, words
        assert all(source in note for note in told), words


def test_no_rule_knows_a_study_by_name() -> None:
    names = [
        tomllib.loads(path.read_text(encoding="utf-8"))
        for path in shipped("db", "reference", "studies").glob("*.toml")
    ]
    code = "\n".join(
        p.read_text(encoding="utf-8") for p in (ROOT / "curation" / "extraction").glob("checks*.py")
    )
    assert len(names) == 11
    for study in names:
        assert study["key"] not in code
        assert f"{study['first_author']} " not in code


def test_now_the_later_study_is_looked_at_too_and_nothing_is_written(
    built_demo: Path, livrev: Livrev, rows: Rows
) -> None:
    before = rows(built_demo)
    done = livrev("check", "evidence", cwd=built_demo)
    assert done.returncode == 3
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert {len(line) for line in lines} == {5}
    assert ("mark-missing", "Zhou et al. (2025) [32]") in {(line[0], line[1]) for line in lines}
    assert done.stderr == "28 findings in 56 evaluations of 12 studies (release 1.0 + round 1)\n"
    assert rows(built_demo) == before


def test_a_review_without_evidence_has_nothing_wrong_in_it(livrev: Livrev, tmp_path: Path) -> None:
    assert livrev("init", tmp_path / "new").returncode == 0
    done = livrev("check", "evidence", cwd=tmp_path / "new")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "0 findings in 0 evaluations of 0 studies (now)\n"


def test_a_release_that_is_not_there_is_a_word_too_many(built_demo: Path, livrev: Livrev) -> None:
    done = livrev("check", "evidence", "--release", "9.9", cwd=built_demo)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no release '9.9'" in done.stderr
