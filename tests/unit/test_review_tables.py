"""Tables 1 to 4 and the pooled results: cells as the published review prints them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from curation.model import Age, Evaluation, Study, Validation
from curation.report.review_tables import (
    NOT_REPORTED,
    PooledLine,
    ages,
    pooled_table,
    table_1,
    table_of_evaluations,
)
from curation.report.table import as_csv
from curation.synthesis.pooled import Pooled, Scale

BASE = Evaluation(
    study="hu-2024",
    key="egfr",
    marker="EGFR",
    outcome="EGFR mutation",
    model="CNN",
    validation=Validation.SPLIT_SAMPLE,
    auc=0.81,
    ci_low=0.7,
    ci_high=0.9,
    auc_printed="0.810",
    ci_low_printed="0.700",
    ci_high_printed="0.90",
    table=3,
    row=1,
    column=1,
    location="Table 2",
)
HU = Study(
    key="hu-2024",
    first_author="Hu",
    authors=8,
    year=2024,
    citation_number=18,
    position=1,
    cohort_size=359,
    receptors=("EGFR", "T790M"),
    primary_tumours=("NSCLC", "breast cancer"),
    ages=(Age("Training cohort", "", "", "58.21", "9.28"), Age("Validation cohort", "", "", "59.87", "7.23")),
    evaluations=(BASE,),
)
LEE = replace(
    HU, key="lee-2026", first_author="Lee", authors=1, year=2026, citation_number=None, evaluations=()
)


def evaluated(study: Study, *evaluations: Evaluation) -> Study:
    return replace(study, evaluations=tuple(replace(e, study=study.key) for e in evaluations))


@pytest.mark.parametrize(
    ("groups", "printed"),
    [
        ([], ""),
        ([Age("", "", "", "58.2", "9.3")], "= 58.2 ± 9.3"),
        (
            [Age("Training", "", "", "58.21", "9.28"), Age("Validation", "", "", "59.87", "7.23")],
            "Training = 58.21 ± 9.28 Validation = 59.87 ± 7.23",
        ),
        (
            [Age("Training", "", "wild type", "58", "9"), Age("Training", "", "mutant", "57", "8")],
            "Training wild type = 58 ± 9 mutant = 57 ± 8",
        ),
        (
            [
                Age("Internal", "EGFR", "wild type", "61", "10"),
                Age("Internal", "EGFR", "mutant", "57", "11"),
                Age("Internal", "T790M", "wild type", "59", "9"),
                Age("External", "T790M", "wild type", "60", "7"),
            ],
            "Internal EGFR wild type = 61 ± 10 mutant = 57 ± 11 T790M wild type = 59 ± 9 External T790M wild type = 60 ± 7",
        ),
        (
            [Age("A", "x", "", "1", "1"), Age("A", "", "", "2", "2"), Age("A", "x", "", "3", "3")],
            "A x = 1 ± 1 = 2 ± 2 x = 3 ± 3",
        ),
    ],
)
def test_ages_repeat_no_word_that_the_print_does_not_repeat(groups: list[Age], printed: str) -> None:
    assert ages(groups) == printed


def test_table_1_says_of_each_study_what_is_known() -> None:
    table = table_1([HU, LEE])
    assert table.rows[0] == (
        "Hu et al. (2024) [18]",
        "359",
        "Training cohort = 58.21 ± 9.28 Validation cohort = 59.87 ± 7.23",
        "EGFR, T790M",
        "NSCLC breast cancer",
    )
    assert table.rows[1][0] == "Lee (2026)"
    assert all(len(row) == len(table.header) for row in table.rows)


def test_what_a_study_does_not_report_is_said_and_never_blank() -> None:
    unknown = replace(HU, cohort_size=None, receptors=(), primary_tumours=(), ages=())
    assert table_1([unknown]).rows[0][1:] == (NOT_REPORTED,) * 4


def test_a_cell_holds_what_was_printed_with_its_marks() -> None:
    marked = replace(BASE, validation_mark="²", ci_mark="³")
    table = table_of_evaluations(3, "Table 3", [evaluated(HU, marked)], ["² k-fold"])
    assert table.header == ("Study", "Output/Prediction", "Best Performing Model", "AUC", "95% CI")
    assert table.rows == (("Hu et al. (2024) [18]", "EGFR mutation", "CNN", "0.810 ²", "0.700–0.90 ³"),)
    assert (table.key, table.notes) == ("table-3", ("² k-fold",))


def test_an_interval_that_is_not_reported_is_a_dash() -> None:
    bare = replace(BASE, ci_low=None, ci_high=None, ci_low_printed="", ci_high_printed="")
    assert table_of_evaluations(3, "", [evaluated(HU, bare)], ()).rows[0][3:] == ("0.810", "-")


def test_two_columns_of_aucs_have_two_of_intervals_and_leave_the_missing_ones_blank() -> None:
    second = replace(BASE, key="b", column=2, auc_printed="0.85", ci_mark="²")
    below = replace(BASE, key="c", row=2, auc_printed="0.70")
    right = replace(BASE, key="d", row=3, column=2, auc_printed="0.60")
    table = table_of_evaluations(3, "", [evaluated(HU, right, second, below, BASE)], ())
    assert table.header[3:] == ("AUC", "", "95% CI", "")
    assert [row[3:] for row in table.rows] == [
        ("0.810", "0.85", "0.700–0.90", "0.700–0.90 ²"),
        ("0.70", "", "0.700–0.90", ""),
        ("", "0.60", "", "0.700–0.90"),
    ]
    assert as_csv(table).splitlines()[2] == ",EGFR mutation,CNN,0.70,,0.700–0.90,"


def test_a_study_is_named_on_its_first_line_only_but_on_each_in_table_2() -> None:
    lines = [replace(BASE, key=str(n), row=n) for n in (1, 2)]
    other = evaluated(LEE, replace(BASE, row=3))
    names = [row[0] for row in table_of_evaluations(3, "", [evaluated(HU, *lines), other], ()).rows]
    assert names == ["Hu et al. (2024) [18]", "", "Lee (2026)"]
    in_table_2 = evaluated(HU, *(replace(line, table=2) for line in lines))
    names = [row[0] for row in table_of_evaluations(2, "", [in_table_2], ()).rows]
    assert names == ["Hu et al. (2024) [18]"] * 2


def test_rows_follow_their_printed_numbers_and_not_the_order_of_studies() -> None:
    later = evaluated(HU, replace(BASE, row=5))
    earlier = evaluated(LEE, replace(BASE, row=2))
    names = [row[0] for row in table_of_evaluations(3, "", [later, earlier], ()).rows]
    assert names == ["Lee (2026)", "Hu et al. (2024) [18]"]


def test_two_studies_with_the_same_row_number_lose_no_evaluation() -> None:
    table = table_of_evaluations(
        3, "", [evaluated(HU, BASE), evaluated(LEE, replace(BASE, auc_printed="0.9"))], ()
    )
    assert [(row[0], row[3]) for row in table.rows] == [
        ("Hu et al. (2024) [18]", "0.810"),
        ("Lee (2026)", "0.9"),
    ]


def test_a_table_without_evaluations_has_its_header_only() -> None:
    table = table_of_evaluations(4, "Table 4", [evaluated(HU, BASE)], ())
    assert (len(table.header), table.rows) == (5, ())


POOLED = Pooled(
    method="described",
    scale=Scale.LOGIT,
    k=4,
    k_left_out=2,
    studies=3,
    patients=1234,
    estimate=0.8004,
    low=0.7,
    high=0.88,
    level=0.95,
    pi_low=0.5,
    pi_high=0.95,
    tau2=0.1,
    i2=42.4,
    q=5.0,
    rows=(),
    left_out=(("a", "no interval"), ("b", "no interval")),
)


def pooled_cells(result: Pooled | None, refused: str = "") -> tuple[str, ...]:
    (cells,) = pooled_table([PooledLine("External", "release 1.0", "recommended", result, refused)]).rows
    return cells


def test_a_pooled_result_prints_three_decimals_and_what_it_rests_on() -> None:
    assert pooled_cells(POOLED) == (
        "External",
        "release 1.0",
        "recommended",
        "4",
        "3",
        "1234",
        "0.800",
        "0.700–0.880",
        "0.500–0.950",
        "42 %",
        "2",
    )


def test_what_a_method_does_not_give_is_blank_and_an_unknown_cohort_is_not_reported() -> None:
    bare = replace(POOLED, patients=None, pi_low=None, pi_high=None, i2=None)
    assert pooled_cells(bare)[5:] == (NOT_REPORTED, "0.800", "0.700–0.880", "", "", "2")


def test_one_evaluation_alone_has_no_heterogeneity() -> None:
    assert pooled_cells(replace(POOLED, k=1, i2=0.0))[9] == ""


def test_a_refused_pooling_says_why_in_the_place_of_its_result() -> None:
    cells = pooled_cells(None, "nothing to pool")
    assert cells[3:7] == ("0", "", "", "nothing to pool")
    assert len(cells) == len(pooled_table([]).header)
