"""``livrev pool``: sensitivity analyses, changes with their causes, the integration rule, explanations and kept runs."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curation.model import Evaluation, Validation
from curation.store import notices, studies, synthesis_runs
from curation.store.connect import Change, Stamp
from curation.tasks import pool as pooling
from curation.tasks.integration import criteria, integration_due
from curation.tasks.living import CAUTION, Kind, changes
from curation.tasks.review import Review
from curation.tasks.synthesis_runs import run_of
from curation.tasks.unintegrated import enough_new_studies, unintegrated
from tests.cli.conftest import Refuses, Rows
from tests.conftest import Livrev

STAMP = Stamp(dt.datetime(2026, 11, 2, tzinfo=dt.UTC), "tester", "test")
PRIMARY = "external-egfr-status"
ZHOU = "Zhou et al. (2025) [32]"
Json = Callable[..., Any]


@pytest.fixture
def said(livrev: Livrev, demo: Path) -> Callable[..., str]:
    """What ``livrev pool`` prints in the demonstration."""

    def run(*arguments: str) -> str:
        done = livrev("pool", *arguments, cwd=demo)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


def write(folder: Path, what: Callable[[Change], object]) -> None:
    with Review.open(folder) as review, review.change(STAMP) as change:
        what(change)


def declare(folder: Path, old: str, new: str) -> None:
    path = folder / "review.toml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new), encoding="utf-8")


def corrected(change: Change) -> None:
    """Hu's external AUC read again: 0.855 instead of 0.865."""
    now = next(
        e for e in studies.evaluations(change.sql) if (e.study, e.validation) == ("hu-2024", "external")
    )
    studies.add_evaluation(change, studies.study_id(change, now.study), replace(now, auc=0.855))


def retracted(change: Change) -> None:
    """A retraction notice about the report of Hu et al."""
    hu = next(s for s in studies.studies(change.sql) if s.key == "hu-2024")
    (report,) = (number for number, _ in hu.reports)
    notices.add(change, report, [("retraction", "99000600")], "pubmed", None)


def estimator(folder: Path, name: str) -> None:
    declare(folder, "primary = true\n", f'primary = true\nestimator = "{name}"\n')


def causes(folder: Path, synthesis: str = PRIMARY) -> list[tuple[str, str]]:
    with Review.open(folder) as review:
        history = next(h for h in changes(review) if h.synthesis.id == synthesis)
    return [(str(cause.kind), cause.what) for step in history.steps for cause in step.causes]


# What stays as it is


def test_a_synthesis_that_is_only_a_sensitivity_analysis_is_not_among_the_results(
    said: Callable[..., str],
) -> None:
    assert "as if independent" not in said()
    assert {item["id"] for item in json.loads(said("--json"))} >= {PRIMARY, "internal-published"}
    assert "external-three-level" not in {item["id"] for item in json.loads(said("--json"))}


# Sensitivity


def test_sensitivity_analyses_are_a_table_under_each_synthesis(said: Callable[..., str]) -> None:
    text = said("--sensitivity", PRIMARY, "--release", "1.0")
    assert text.startswith("External validation, EGFR status [external-egfr-status, release 1.0]\n")
    rows = {line.strip().split("  ")[0]: line.split() for line in text.splitlines()[2:]}
    assert "0.783 0.665 to 0.867 0.645 to 0.877 5 5" in " ".join(rows["borrowed intervals †"])
    three = " ".join(rows["External validation, all markers, three-level, rho 0.5"])
    assert "0.686 to 0.858 0.633 to 0.885 8 4 2.8 fewer than 4 degrees of freedom" in three
    assert "without Hu et al. (2024) [18]" in rows
    assert rows["small-study effects"][3:5] == ["done:", "4"]
    assert len(rows["the analysis itself"]) > 5


def test_sensitivity_of_everything_and_as_json(said: Callable[..., str]) -> None:
    found = json.loads(said("--sensitivity", "--json"))
    assert found[0]["id"] == PRIMARY
    labels = [line["label"] for line in found[0]["analyses"]]
    assert len(labels) == len(set(labels))
    assert sum(label.startswith("tau² by ") for label in labels) == 7
    common = found[0]["analyses"][0]
    assert (common["analysis"], common["result"]["prediction_interval"]) == ("common effect", None)


def test_subgroups_are_pooled_and_compared(said: Callable[..., str]) -> None:
    (found,) = json.loads(said("--sensitivity", "internal-three-level", "--json"))
    labels = [line["label"] for line in found["analyses"]]
    assert labels == ["split-sample", "cross-validation", "difference"]
    assert found["analyses"][-1]["note"].startswith("F ")


def test_a_retraction_brings_the_result_without_the_study(demo: Path, said: Callable[..., str]) -> None:
    declare(
        demo,
        'title = "External validation, T790M"\n',
        'title = "External validation, T790M"\nsubgroups = ["marker"]\n',
    )
    before = said()
    write(demo, retracted)
    found = {one["id"]: one for one in json.loads(said("--sensitivity", "--json"))}
    (line,) = [
        a for a in found["split-sample-egfr-status"]["analyses"] if a["analysis"] == "without retracted"
    ]
    assert line["label"] == "without Hu et al. (2024) [18] (retraction notice)"
    assert (line["result"]["k"], found["split-sample-egfr-status"]["own"]["k"]) == (7, 8)
    assert all(a["analysis"] != "without retracted" for a in found["external-t790m"]["analyses"])
    assert said() == before, "a notice moves nothing by itself"


def test_words_that_mean_nothing_are_refused(demo: Path, refuses: Refuses) -> None:
    assert "there is no synthesis 'x'" in refuses(demo, "pool", "--sensitivity", "x", status=2)
    assert "there is no release '7'" in refuses(demo, "pool", "--explain", "--release", "7", status=2)
    assert "--release goes with" in refuses(demo, "pool", "--release", "1.0", status=2)
    assert "one view at a time" in refuses(demo, "pool", "--runs", "--changes", status=2)
    assert "an ID goes with --sensitivity" in refuses(demo, "pool", PRIMARY, status=2)


# Changes


def test_a_release_changes_by_a_new_study_and_says_so(said: Callable[..., str]) -> None:
    text = said("--changes")
    assert (
        "External validation, all markers\n"
        "  release 1.0: 0.791 (0.738 to 0.844) from 11 AUCs of 5 studies\n"
        "  release 1.0 + round 1: 0.795 (0.744 to 0.846) from 12 AUCs of 6 studies, +0.004\n"
        f"    new study: {ZHOU} (T790M, external): AUC 0.839 (no interval)\n"
    ) in text
    assert "    nothing changed\n" in text
    assert text.endswith(f"{CAUTION}\n")


def test_a_corrected_value_is_told_with_what_it_was(demo: Path) -> None:
    write(demo, corrected)
    assert causes(demo) == [
        (Kind.CORRECTED, "Hu et al. (2024) [18] (EGFR status, external): auc 0.865 became 0.855")
    ]


def test_a_new_method_is_a_cause_and_the_old_evidence_is_shown_under_it(demo: Path) -> None:
    estimator(demo, "SJ")
    assert causes(demo) == [(Kind.METHOD, "estimator = REML became SJ")]
    write(demo, corrected)
    with Review.open(demo) as review:
        history = next(h for h in changes(review) if h.synthesis.id == PRIMARY)
    last = history.steps[-1]
    assert [cause.kind for cause in last.causes] == [Kind.METHOD, Kind.CORRECTED]
    assert last.between is not None
    assert last.between.result is not None
    assert last.between.evidence == "release 1.0"
    first = history.steps[0].pooled
    assert str(first.synthesis.estimator) == "REML", "a release keeps the method it was made by"
    assert first.result is not None
    assert last.pooled.result is not None
    whole = last.pooled.result.estimate - first.result.estimate
    assert last.moved == pytest.approx(whole)
    assert last.between.result.estimate not in {first.result.estimate, last.pooled.result.estimate}


def test_a_study_that_is_gone_and_a_changed_filter_are_told(demo: Path) -> None:
    write(
        demo,
        lambda change: change.sql.execute(
            "INSERT INTO study_report (study_id, report_id, basis, linked, by, change_id)"
            " SELECT study_id, report_id, basis, 0, 'tester', ? FROM study_report_now"
            " WHERE study_id = (SELECT id FROM study WHERE key = 'hu-2024')",
            (change.id,),
        ),
    )
    assert causes(demo) == [
        (Kind.STUDY_GONE, "Hu et al. (2024) [18] (EGFR status, external): AUC 0.865 (0.731 to 0.998)")
    ]


def test_another_result_of_an_earlier_version_is_a_cause(demo: Path) -> None:
    with Review.open(demo) as review:
        (item,) = [
            r for r in pooling.pool(review) if r.synthesis.id == PRIMARY and r.evidence == "release 1.0"
        ]
        run = run_of(item)
        other = replace(run, code_version="0.0.1", result={**run.result, "estimate": 0.79})
        with review.change(STAMP) as change:
            synthesis_runs.add(change, [run, other])
    found = causes(demo)
    assert found
    assert set(found) == {(Kind.PROGRAM, "livrev 0.0.1 gave 0.790 on 2026-11-02")}


# The integration rule


def test_one_new_study_is_enough_for_the_rule_of_the_reference_review(
    demo: Path, said: Callable[..., str]
) -> None:
    with Review.open(demo) as review:
        due = integration_due(review)
        assert unintegrated(review) == enough_new_studies(review) == (ZHOU,)
    assert due is not None
    assert due.since == "release 1.0"
    assert due.reason == f"1 new study with an AUC: {ZHOU} (the rule asks for 1 new study)"
    assert f"integration is due: since release 1.0, {due.reason}\n" in said("--changes")
    assert json.loads(said("--changes", "--json"))["integration"]["due"] is True


@pytest.mark.parametrize(
    ("rule", "asked", "found", "met"),
    [
        ("new_studies = 2", "2 new studies", f"1 new study with an AUC: {ZHOU}", False),
        # By hand, tau² being 0: 0.79803 (0.63928 to 0.89805) became 0.79708 (0.64008 to 0.89665).
        ("change = 0.0009", "a change of 0.0009", "External validation, EGFR status: -0.0009", True),
        ("change = 0.001", "a change of 0.001", "External validation, EGFR status: -0.0009", False),
        (
            'change = 0.001\nsynthesis = "external-published"',
            "a change of 0.001",
            "External validation, all markers: +0.0025",
            True,
        ),
        (
            "thresholds = [0.64]",
            "an end passing 0.64",
            "External validation, EGFR status: 0.64 passed by the interval's lower end",
            True,
        ),
        (
            "thresholds = [0.7]",
            "an end passing 0.7",
            "External validation, EGFR status: 0.7 not passed",
            False,
        ),
    ],
)
def test_each_part_of_the_rule_is_looked_after(
    demo: Path, rule: str, asked: str, found: str, *, met: bool
) -> None:
    declare(demo, "new_studies = 1\n", f"{rule}\n")
    write(demo, corrected)
    with Review.open(demo) as review:
        (criterion,) = criteria(review)
        due = integration_due(review)
    assert (criterion.asked, criterion.found, criterion.met) == (asked, found, met)
    assert (due is not None) is met


def test_without_a_rule_nothing_is_due(demo: Path, said: Callable[..., str]) -> None:
    declare(demo, "new_studies = 1\n", "")
    assert "no integration rule to look after" in said("--changes")
    with Review.open(demo) as review:
        assert integration_due(review) is None
        assert enough_new_studies(review) == ()


# Explained


def test_the_paragraph_is_printed_and_its_numbers_are_in_the_json(said: Callable[..., str]) -> None:
    assert "the published method gives 0.791 (0.738 to 0.844)" in said("--explain", "--release", "1.0")
    last = json.loads(said("--explain", "--release", "1.0", "--json"))[-1]
    assert last["published"]["estimate"] == pytest.approx(0.791, abs=0.0005)
    assert last["choices"][-1]["estimate"] == last["recommended"]["estimate"]
    assert last["paragraph"] in said("--explain", "--release", "1.0")


# Runs


def test_a_run_is_kept_once_with_its_evaluations_version_and_result(
    demo: Path, said: Callable[..., str], rows: Rows
) -> None:
    assert said() == said()
    first = rows(demo)
    said("--json")
    assert rows(demo) == first, "an equal run is not kept again, and nothing is written"
    kept = json.loads(said("--runs", "--json"))
    assert len(kept) == 12
    run = kept[0]["run"]
    assert (run["synthesis"], run["evidence"], run["analysis"]) == ("internal-published", "release 1.0", "")
    assert run["declared"]["validation"] == ["cross-validation", "split-sample"]
    assert len(run["inputs_sha256"]) == 64
    assert run["result"]["estimate"] == pytest.approx(0.849, abs=0.0005)
    assert "\tinternal-published\trelease 1.0\t" in said("--runs")


def test_another_value_is_another_run(demo: Path, said: Callable[..., str]) -> None:
    said()
    write(demo, corrected)
    said()
    kept = [k["run"] for k in json.loads(said("--runs", "--json")) if k["run"]["synthesis"] == PRIMARY]
    assert [run["evidence"] for run in kept] == [
        "release 1.0",
        "release 1.0 + round 1",
        "release 1.0 + round 1",
    ]
    assert kept[0]["inputs_sha256"] == kept[1]["inputs_sha256"] != kept[2]["inputs_sha256"]


def test_sensitivity_analyses_are_kept_under_their_names(said: Callable[..., str]) -> None:
    said("--sensitivity", PRIMARY)
    names = [k["run"]["analysis"] for k in json.loads(said("--runs", "--json"))]
    assert names[0] == ""
    assert f"{PRIMARY}: borrowed intervals" in names


def test_nothing_is_kept_yet(livrev: Livrev, demo: Path) -> None:
    done = livrev("pool", "--runs", cwd=demo)
    assert (done.returncode, done.stdout) == (0, "")
    assert "no run is kept yet" in done.stderr


# Who shares patients


def test_which_evaluations_share_patients_is_data_and_the_smaller_study_is_left_out(demo: Path) -> None:
    def share(change: Change) -> None:
        for key in ("fan-2022-24", "fan-2022-25"):
            fact = studies.Fact("one hospital, 2017 to 2021", "methods")
            studies.add_fact(change, studies.study_id(change, key), pooling.SAME_PATIENTS, fact)

    write(demo, share)
    with Review.open(demo) as review:
        now = next(
            r for r in pooling.pool(review) if r.synthesis.id == PRIMARY and r.evidence != "release 1.0"
        )
    assert now.result is not None
    assert [row.estimate.study for row in now.result.rows if "Fan" in row.estimate.study] == [
        "Fan et al. (2022) [25]"
    ]
    assert any("shares patients with Fan et al. (2022) [25]" in warning for warning in now.warnings)


def test_labels_may_be_given_by_evaluation() -> None:
    with_labels = {pooling.SAME_PATIENTS: {"egfr/external": "cohort B"}}
    evaluation = Evaluation(
        "hu",
        "egfr/external",
        "EGFR",
        "",
        "",
        Validation.EXTERNAL,
        0.8,
        None,
        None,
        "0.8",
        4,
        1,
        1,
        "",
    )
    assert pooling.patients_of(evaluation, with_labels) == "cohort B"
    assert pooling.patients_of(replace(evaluation, key="other"), with_labels) == "hu/external"
    assert pooling.patients_of(evaluation, {pooling.SAME_PATIENTS: "one hospital"}) == "one hospital/external"
    assert pooling.patients_of(evaluation, {}) == "hu/external"
