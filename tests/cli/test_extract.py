"""Extraction by two people: each by themselves, by form or spreadsheet; then compared, decided and adopted."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from curation.extraction.compare import Cell, Standing
from curation.model import Evaluation
from curation.store import studies
from curation.tasks.extract_compare import agreements, comparison, history
from curation.tasks.extract_entry import Typed, enter
from curation.tasks.extract_reconcile import Judge, Ruled, reconcile, settle
from curation.tasks.extract_sheet import take_sheet, write_sheet
from curation.tasks.review import Review
from tests.cli.conftest import Refuses, Rows
from tests.cli.extracted_review import ANA, BEN, CEM, PUBLISHED, Bench, evaluation, of_study, row
from tests.conftest import Livrev

Pages = dict[str, Any]  # sheets of openpyxl by their titles
HU = "hu-2024"
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")


@pytest.fixture
def bench(livrev: Livrev, demo: Path) -> Bench:
    return Bench(livrev, demo)


@pytest.fixture
def filled(bench: Bench) -> Bench:
    """Ana has filled in Hu's study, odd texts and all."""
    cells = of_study(
        country="China; Japan", registration="=SUM(A1)", eligibility="-", setting="'=x", treatment="_x0041_"
    )
    bench.enter(
        HU, ANA, cells | evaluation() | evaluation("egfr/apparent", validation="apparent", note="+1 <&> „x“")
    )
    typed = Typed(Cell("", "cohort_size"), "359", "p. 3", '"359 patients"', "of 290 + 69")
    bench.do(lambda review: enter(review, HU, ANA, [typed], bench.stamp(ANA)))
    return bench


def sheet_of(bench: Bench, suffix: str, study: str = HU, by: str = ANA) -> Path:
    path = bench.folder / f"sheet{suffix}"
    return bench.do(lambda review: write_sheet(review, study, by, path, overwrite=True))


def edited(path: Path, change: Callable[[Pages], None]) -> Path:
    """A workbook saved anew after ``change`` has been at its pages (by name)."""
    book = load_workbook(path)
    change({sheet.title: sheet for sheet in book.worksheets})
    book.save(path)
    return path


def cell_below(sheet: Any, header: str, first: str) -> Any:  # noqa: ANN401 - a sheet of openpyxl's, either kind
    """The cell under a column's name in the row that begins with ``first``."""
    rows = list(sheet.iter_rows())
    titles = next(r for r in rows if r[0].value in ("field", "row"))
    at = next(c.column for c in titles if c.value == header)
    line = next(r for r in rows if r[0].value == first)
    return line[at - 1]


# By spreadsheet


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_a_sheet_that_comes_back_unchanged_changes_nothing(filled: Bench, rows: Rows, suffix: str) -> None:
    name = f"sheet{suffix}"
    assert filled("sheet", HU, "--as", ANA, "-o", name) == f"{name}\n"
    before = rows(filled.folder)
    assert filled("import", name, "--as", ANA) == f"{HU}: nothing changed\n"
    assert rows(filled.folder) == before
    assert "exists already" in filled("sheet", HU, "--as", ANA, "-o", name, status=2)


def test_a_workbook_saved_by_another_program_changes_nothing(filled: Bench, rows: Rows) -> None:
    path = edited(sheet_of(filled, ".xlsx"), lambda _: None)
    before = rows(filled.folder)
    assert filled("import", path.name, "--as", ANA) == f"{HU}: nothing changed\n"
    assert rows(filled.folder) == before


@pytest.mark.slow
@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_a_sheet_saved_by_libreoffice_changes_nothing(filled: Bench, rows: Rows, suffix: str) -> None:
    path, saved = sheet_of(filled, suffix), filled.folder / "saved"
    words = [str(OFFICE), "--headless", "--convert-to", suffix[1:], "--outdir", str(saved), str(path)]
    if suffix == ".csv":
        words.insert(2, "--infilter=CSV:44,34,UTF-8,1,,0,true")
    subprocess.run(words, check=True, capture_output=True, timeout=120)
    before = rows(filled.folder)
    assert filled("import", saved / path.name, "--as", ANA) == f"{HU}: nothing changed\n"
    assert rows(filled.folder) == before


def test_a_csv_sheet_may_come_back_with_semicolons_and_in_another_encoding(filled: Bench, rows: Rows) -> None:
    path = sheet_of(filled, ".csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    with path.open("w", encoding="utf-16", newline="") as file:
        csv.writer(file, delimiter=";").writerows(lines)
    before = rows(filled.folder)
    assert filled("import", path.name, "--as", ANA) == f"{HU}: nothing changed\n"
    assert rows(filled.folder) == before


def test_the_same_entries_give_the_same_bytes(filled: Bench) -> None:
    first = sheet_of(filled, ".xlsx").read_bytes()
    assert sheet_of(filled, ".xlsx").read_bytes() == first


def test_a_workbook_explains_itself_and_offers_the_words_of_the_form(filled: Bench) -> None:
    book = load_workbook(sheet_of(filled, ".xlsx"))
    assert book.sheetnames == ["how to", "study", "ages", "evaluations", "words"]
    assert book["words"].sheet_state == "hidden"
    said = "\n".join(str(cell.value) for line in book["how to"].iter_rows() for cell in line if cell.value)
    assert f"livrev extract import FILE --as {ANA}" in said
    assert "evaluations.n" in said
    lists = {v.formula1: v.errorStyle for v in book["evaluations"].data_validations.dataValidation}
    words = {
        formula: [
            book["words"][at].value
            for at in formula.removeprefix("=").split("!")[1].replace("$", "").split(":")
        ]
        for formula in lists
    }
    assert ["apparent", "unclear"] in words.values()
    assert all(v.type == "list" for v in book["study"].data_validations.dataValidation)
    typed = cell_below(book["evaluations"], "auc", "egfr/external")
    assert (typed.value, typed.data_type, typed.number_format) == ("0.80 (0.70-0.90)", "s", "@")
    assert book["study"]["C8"].number_format == "@"


def test_what_was_changed_in_a_sheet_is_stored_and_nothing_else(filled: Bench) -> None:
    def change(pages: Pages) -> None:
        cell_below(pages["study"], "answer", "cohort_size").value = 360
        cell_below(pages["study"], "answer", "country").value = None
        cell_below(pages["evaluations"], "auc", "egfr/external").value = "0.81 (0.70-0.90)"
        pages["evaluations"].delete_rows(4)  # egfr/apparent
        pages["evaluations"].append(["", "HER-2", "HER-2 status", "CNN", "temporal", "", 12])

    path = edited(sheet_of(filled, ".xlsx"), change)
    done = filled("import", path.name, "--as", ANA, "--dry-run")
    assert done == f"{HU}: 7 cells would be filled in, 9 cells would be emptied\n"
    assert filled("import", path.name, "--as", ANA) == f"{HU}: 7 cells filled in, 9 cells emptied\n"
    told = json.loads(filled("history", HU, "--as", ANA, "--json"))[-16:]
    values = {(e["field"], e["row"]): (e["what"], e["value"]) for e in told}
    assert values["cohort_size", ""] == ("entered", "360 (p. 3)")
    assert values["country", ""] == ("emptied", "")
    assert values["evaluations.auc", "egfr/external"] == ("entered", "0.81 (0.70-0.90)")
    assert values["evaluations.n", "her-2/cnn/temporal"] == ("entered", "12")
    assert values["evaluations.auc", "egfr/apparent"] == ("emptied", "")
    assert len(list((filled.folder / "inbox").glob("*sheet.xlsx"))) == 1


def test_every_fault_of_a_sheet_is_told_with_its_cell(filled: Bench, refuses: Refuses) -> None:
    def change(pages: Pages) -> None:
        cell_below(pages["study"], "answer", "cohort_size").value = "many"
        cell_below(pages["study"], "field", "aim").value = "name"
        cell_below(pages["evaluations"], "validation", "egfr/external").value = "test"
        cell_below(pages["evaluations"], "auc", "egfr/apparent").value = 80
        pages["evaluations"].append(["egfr/external", "EGFR"])
        pages["evaluations"]["R2"] = "mood"
        pages["study"].parent.create_sheet("my notes").append(["x"])

    path = edited(sheet_of(filled, ".xlsx"), change)
    said = refuses(filled.folder, "extract", "import", path.name, "--as", ANA, status=1)
    assert said.startswith("livrev: sheet.xlsx has 7 faults; nothing was stored\n")
    for part in (
        "study!C10: cohort_size: must be a number, like 90; it is 'many'",
        "there is no field 'name' in the form",
        "evaluations!E3: evaluations.validation of egfr/external: must be one of: apparent,",
        "evaluations!I4: evaluations.auc of egfr/apparent: AUC and limits lie between 0 and 1; it is '80'",
        "'egfr/external' names two rows",
        "evaluations!R2: 'mood' is no column of evaluations",
        "page my notes: is no table of the form",
    ):
        assert part in said


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_a_sheet_of_somebody_else_is_refused(filled: Bench, refuses: Refuses, suffix: str) -> None:
    path = sheet_of(filled, suffix)
    said = refuses(filled.folder, "extract", "import", path.name, "--as", BEN, status=1)
    assert f"is the sheet of {ANA}, not of {BEN}" in said


def test_what_is_no_sheet_is_refused(filled: Bench, refuses: Refuses) -> None:
    book = load_workbook(sheet_of(filled, ".xlsx"))
    del book["how to"]
    book.save(filled.folder / "torn.xlsx")
    (filled.folder / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (filled.folder / "half.xlsx").write_bytes(sheet_of(filled, ".xlsx").read_bytes()[:3000])
    for name, said in (
        ("torn.xlsx", "is no extraction sheet"),
        ("other.csv", "lacks the columns answer, extractor"),
        ("half.xlsx", "no whole workbook"),
        ("review.toml", "lacks the columns"),
        ("missing.xlsx", "there is no such file"),
    ):
        assert said in refuses(filled.folder, "extract", "import", name, "--as", ANA, status=1)


def test_what_was_entered_since_a_sheet_was_written_is_not_overwritten_by_it(
    filled: Bench, refuses: Refuses
) -> None:
    path = sheet_of(filled, ".xlsx")
    filled.enter(HU, ANA, {Cell("", "cohort_size"): "361", Cell("", "centres"): "2"})
    assert filled("import", path.name, "--as", ANA) == f"{HU}: nothing changed\n"

    def change(pages: Pages) -> None:
        cell_below(pages["study"], "answer", "cohort_size").value = "358"

    edited(path, change)
    said = refuses(filled.folder, "extract", "import", path.name, "--as", ANA, status=1)
    assert "cohort_size was entered as '361' after this sheet was written" in said


def test_a_sheet_may_be_taken_in_again_and_again(filled: Bench) -> None:
    path = sheet_of(filled, ".xlsx")
    for size in ("358", "359", "357"):

        def change(pages: Pages, size: str = size) -> None:
            cell_below(pages["study"], "answer", "cohort_size").value = size

        edited(path, change)
        assert filled("import", path.name, "--as", ANA) == f"{HU}: 1 cell filled in\n"


# By the form on the terminal


def test_the_form_is_filled_in_line_by_line(bench: Bench) -> None:
    lines = [
        "retrospective cohort", "?", "sideways", "updating", "<", "external validation only", "/ cohort_size",
        '359 @ p. 3 "a total of 359"', "NSCLC", "/ evaluations", "egfr/external", "EGFR status", "EGFR", "Radiomics",
        "external", "", "33", "", "0.9 (0.70-0.80)", "+", "q",
    ]  # fmt: skip
    done = subprocess.run(
        [*bench.livrev("--version").args[:3], "extract", "enter", HU, "--as", ANA],
        cwd=bench.folder, input="\n".join(lines), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "not stored: aim: must be one of: development," in done.stdout
    assert (
        "look again: evaluations.auc of egfr/external: AUC 0.9 is not inside its interval 0.70 to 0.80"
        in done.stdout
    )
    assert "11 answers stored" in done.stdout
    told = json.loads(bench("history", HU, "--as", ANA, "--json"))
    assert [e["value"] for e in told if e["field"] == "aim"] == ["updating", "external validation only"]
    assert {"359 (p. 3)", "NSCLC", "33", "0.9 (0.70-0.80)"} <= {e["value"] for e in told}


def test_one_cell_is_set_corrected_and_emptied(bench: Bench) -> None:
    assert (
        bench("set", HU, "cohort_size", "359", "--page", "p. 3", "--as", ANA) == f"{HU}: 1 cell filled in\n"
    )
    assert bench("set", HU, "cohort_size", "359", "--as", ANA) == f"{HU}: nothing changed\n"
    assert (
        bench("set", HU, "evaluations.auc", "0.81", "--row", "egfr", "--as", ANA)
        == f"{HU}: 1 cell filled in\n"
    )
    assert (
        bench("set", HU, "cohort_size", "--clear", "--as", ANA)
        == f"{HU}: 0 cells filled in, 1 cell emptied\n"
    )
    assert "stands once a study" in bench("set", HU, "aim", "updating", "--row", "x", "--as", ANA, status=1)
    assert "name the row" in bench("set", HU, "evaluations.auc", "0.8", "--as", ANA, status=1)
    assert "did you mean cohort_size?" in bench("set", HU, "cohort_sise", "3", "--as", ANA, status=1)
    assert "is a table; name its column" in bench("set", HU, "evaluations", "3", "--as", ANA, status=1)
    assert "--clear" in bench("set", HU, "aim", "--as", ANA, status=2)
    assert "is no extractor" in bench("set", HU, "aim", "updating", "--as", CEM, status=1)
    assert "there is no study 'hu'" in bench("set", "hu", "aim", "updating", "--as", ANA, status=2)


# Blind until both have finished


def test_nothing_that_is_printed_depends_on_what_the_other_entered(
    livrev: Livrev, demo: Path, tmp_path: Path
) -> None:
    told = []
    for name, auc in (("one", "0.61 (0.50-0.70)"), ("other", "0.99 (0.98-1.00)")):
        bench = Bench(livrev, Path(shutil.copytree(demo, tmp_path / name)))
        more = evaluation("further", model="secret") if name == "other" else {}
        bench.enter(HU, BEN, of_study() | evaluation(auc=auc, model=f"secret {name}") | more)
        bench.finish(HU, BEN)
        bench.enter(HU, ANA, of_study("91") | evaluation("mine"))
        sheet = sheet_of(bench, ".csv").read_text(encoding="utf-8-sig").replace(f"{HU},{ANA}", "")
        said = [
            bench(),
            bench("--json"),
            bench("form", "--as", ANA),
            bench("compare", HU, status=1),
            bench("history", HU, status=1),
            bench("reconcile", HU, "--as", ANA, status=1),
            bench("reconcile", HU, "--as", CEM, "--field", "cohort_size", "--value", "3", status=1),
            bench("agreement"),
            bench("history", HU, "--as", ANA),
            bench("set", HU, "centres", "3", "--as", ANA),
            bench("finish", HU, "--as", BEN, status=1),
        ]
        told.append([sheet, *said])
    assert told[0] == told[1]
    assert "secret" not in "".join(told[0])
    assert f"{BEN} has finished so far" in told[0][4]


def test_a_finished_study_is_closed_until_the_other_has_finished(bench: Bench) -> None:
    bench.enter(HU, ANA, of_study() | evaluation())
    said = bench("set", HU, "cohort_size", "x", "--as", BEN, status=1)
    assert "cannot be read" in said
    lacks = bench("finish", HU, "--as", BEN, status=1)
    assert "evaluations: has no row; one is needed" in lacks
    assert bench("finish", HU, "--as", ANA) == f"{HU}: {ANA} has finished\n"
    assert "take it up again" in bench("set", HU, "cohort_size", "91", "--as", ANA, status=1)
    assert "--note" in bench("finish", HU, "--reopen", "--as", ANA, status=2)
    assert (
        bench("finish", HU, "--reopen", "--note", "a table overlooked", "--as", ANA)
        == f"{HU}: {ANA} has begun\n"
    )
    bench.enter(HU, ANA, {Cell("", "cohort_size"): "91"})
    bench.enter(HU, BEN, of_study() | evaluation())
    bench.finish(HU, ANA, BEN)
    assert "enter corrections as they are" in bench(
        "finish", HU, "--reopen", "--note", "x", "--as", ANA, status=1
    )
    assert bench("set", HU, "cohort_size", "90", "--as", ANA) == f"{HU}: 1 cell filled in\n"


def test_what_cannot_be_right_in_ones_own_entries_is_said_when_one_finishes(bench: Bench) -> None:
    bench.enter(HU, ANA, of_study("30") | evaluation(auc="0.95 (0.70-0.90)", n="40", events="41"))
    done = bench.livrev("extract", "finish", HU, "--as", ANA, cwd=bench.folder)
    assert done.returncode == 0
    warned = [
        line for line in done.stderr.splitlines() if line.startswith("livrev: warning: egfr/external: ")
    ]
    assert len(warned) >= 3
    assert any("0.95 is not inside 0.70 to 0.90" in line for line in warned)
    assert any("41" in line for line in warned)


def test_a_third_person_decides_and_does_not_extract(bench: Bench) -> None:
    file = bench.folder / "review.toml"
    more = '[[reviewers]]\nid = "dia"\nname = "D"\nroles = ["extractor", "adjudicator"]\n'
    file.write_text(file.read_text(encoding="utf-8") + more, encoding="utf-8")
    for who in (ANA, BEN):
        bench.enter(HU, who, of_study() | evaluation())
    assert f"is extracted by {ANA} and {BEN}" in bench("set", HU, "aim", "updating", "--as", "dia", status=1)


# Compared, decided, adopted


def both(bench: Bench, study: str, ana: dict[Cell, str], ben: dict[Cell, str]) -> None:
    bench.enter(study, ANA, ana)
    bench.enter(study, BEN, ben)
    bench.finish(study, ANA, BEN)


def test_a_disagreement_is_shown_and_decided_with_the_rights_it_needs(bench: Bench) -> None:
    both(bench, HU, of_study("359") | evaluation(), of_study("360") | evaluation(auc="0.8 (0.7-0.9)"))
    line = f"cohort_size\t-\tdifferent\t{ANA}: 359\t{BEN}: 360\n"
    assert bench("compare", HU) == line
    assert "printed differently" in bench("compare", HU, "--all")
    words = ("reconcile", HU, "--field", "cohort_size")
    assert f"{ANA} is no adjudicator" in bench(*words, "--value", "359", "--as", ANA, status=1)
    assert f"signed by {ANA} and {BEN}" in bench(
        *words, "--value", "359", "--as", ANA, "--with", ANA, status=1
    )
    assert "say why with --note" in bench(*words, "--value", "361", "--as", CEM, status=2)
    assert "must be a number" in bench(*words, "--value", "a lot", "--as", CEM, status=1)
    assert "say one of" in bench(*words, "--as", CEM, status=2)
    assert "has entered centres" in bench(
        "reconcile", HU, "--field", "centres", "--value", "1", "--as", CEM, status=2
    )
    done = bench(*words, "--value", "359", "--as", ANA, "--with", BEN, "--note", "abstract and Table 1")
    assert "nothing is open; adopted" in done
    assert bench("compare", HU) == ""
    told = bench("history", HU).splitlines()
    assert any(f"{ANA}, {BEN}\treconciled\tcohort_size\t359\t(abstract and Table 1)" in t for t in told)


def test_open_cells_are_decided_one_after_the_other(bench: Bench) -> None:
    ana = (
        of_study("359", centres="1")
        | evaluation()
        | evaluation("mine", auc="0.6", validation="bootstrap", model="A")
    )
    both(bench, HU, ana, of_study("360") | evaluation(n="41"))
    lines = ["-", "", "-", "only the methods say so", "1", "Table 1", "x", "= 42", "counted", "k", ""]
    done = subprocess.run(
        [*bench.livrev("--version").args[:3], "extract", "reconcile", HU, "--as", CEM],
        cwd=bench.folder, input="\n".join(lines), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "not stored: centres: neither entered that" in done.stdout
    assert "no such key: 'x'" in done.stdout
    assert "nothing is open; adopted" in done.stdout
    facts = bench.do(lambda review: studies.facts(review.sql)[1])
    assert (facts["cohort_size"].value, facts["centres"].value) == (359, None)
    stored = {e.key: e for e in bench.do(lambda review: studies.evaluations(review.sql)) if e.study == HU}
    assert (stored["egfr/external"].n, stored["mine"].auc_printed) == (42, "0.6")


def test_a_correction_opens_its_cell_again_and_the_evidence_waits(bench: Bench) -> None:
    both(bench, HU, of_study("359") | evaluation(), of_study("359") | evaluation())
    bench("reconcile", HU, "--as", ANA)
    bench.enter(HU, BEN, row("egfr/external", auc="0.85 (0.75-0.95)"))
    assert "0.85" in bench("compare", HU)
    assert "1 cell still to decide; nothing adopted yet" in bench("reconcile", HU, "--as", ANA)
    assert evaluation_of(bench).auc_printed == "0.80"
    bench.enter(HU, ANA, row("egfr/external", auc="0.850 (0.750-0.950)"))
    assert "adopted" in bench("reconcile", HU, "--as", ANA)
    assert (evaluation_of(bench).auc_printed, evaluation_of(bench).ci_high_printed) == ("0.850", "0.950")
    before = bench("history", HU)
    assert "adopted 0 facts and 0 evaluations" in bench("reconcile", HU, "--as", BEN)
    assert bench("history", HU) == before


def evaluation_of(bench: Bench, key: str = "egfr/external") -> Evaluation:
    return next(e for e in bench.do(lambda r: studies.evaluations(r.sql)) if (e.study, e.key) == (HU, key))


def test_a_row_of_one_extractor_is_kept_or_left_out_and_one_of_both_can_be_dropped(bench: Bench) -> None:
    extra = evaluation("mine", auc="0.61", model="A", validation="bootstrap")
    both(bench, HU, of_study() | evaluation() | extra, of_study() | evaluation())
    words = ("reconcile", HU, "--field", "evaluations", "--as", ANA, "--with", BEN)
    assert f"evaluations\tmine\trow of one only\t{ANA}: row mine\t{BEN}: no such row" in bench("compare", HU)
    assert "keep it or leave it out" in bench(*words, "--row", "mine", "--value", "x", status=2)
    assert "adopted" in bench(*words, "--row", "mine", "--drop")
    assert "mine" not in {e.key for e in bench.do(lambda r: studies.evaluations(r.sql))}
    assert "adopted" in bench(*words, "--row", "mine", "--keep")
    assert evaluation_of(bench, "mine").auc_printed == "0.61"
    assert "say why" in bench(*words, "--row", "egfr/external", "--drop", status=2)
    assert "egfr/external is no longer" in bench(
        *words, "--row", "egfr/external", "--drop", "--note", "another model"
    )
    assert "egfr/external" not in {
        e.key for e in bench.do(lambda r: studies.evaluations(r.sql)) if e.study == HU
    }
    assert "nothing is open" in bench("reconcile", HU, "--as", ANA)


def test_a_retracted_study_loses_its_evaluations_and_its_release_keeps_them(bench: Bench) -> None:
    released = bench.livrev("pool", "--json", cwd=bench.folder).stdout
    assert "--note" in bench("withdraw", HU, "--as", ANA, status=2)
    assert "has no evaluation x" in bench(
        "withdraw", HU, "--row", "x", "--note", "why", "--as", ANA, status=1
    )
    assert bench("withdraw", HU, "--note", "retracted 2026", "--as", ANA).startswith(
        f"{HU}: 3 evaluations withdrawn"
    )
    after = bench.livrev("pool", "--json", cwd=bench.folder).stdout
    then = [
        [item for item in json.loads(text) if item["evidence"] == "release 1.0"] for text in (released, after)
    ]
    assert then[0] == then[1]
    assert then[0]
    both(bench, HU, of_study() | evaluation(), of_study() | evaluation())
    assert "adopted" in bench("reconcile", HU, "--as", ANA)
    bench("withdraw", HU, "--row", "egfr/external", "--note", "retracted", "--as", BEN)
    assert "adopted 0 facts and 0 evaluations" in bench("reconcile", HU, "--as", ANA)
    assert not [e for e in bench.do(lambda r: studies.evaluations(r.sql)) if e.study == HU]


def test_evaluations_of_an_earlier_extraction_are_named_and_stay(bench: Bench) -> None:
    both(bench, HU, of_study() | evaluation(), of_study() | evaluation())
    done = bench.livrev("extract", "reconcile", HU, "--as", ANA, cwd=bench.folder)
    assert "of an earlier extraction stay in the evidence beside these" in done.stderr
    assert len([e for e in bench.do(lambda r: studies.evaluations(r.sql)) if e.study == HU]) == 4


# The whole of it


@pytest.mark.slow
def test_eleven_studies_by_two_people_with_planted_disagreements(bench: Bench) -> None:
    before = bench.do(numbers)
    planted = {key: _planted(bench, key, n) for n, key in enumerate(PUBLISHED)}
    for key in PUBLISHED:
        found = bench.do(partial(comparison, key=key))
        shown = {(j.compared.cell.path, j.compared.cell.row): j.compared.standing for j in found.open}
        assert shown == planted[key], key
    n, fields = bench.do(agreements)
    assert n == 11
    missed = {f.path: f.cells - f.agreed for f in fields if f.cells != f.agreed}
    assert missed == {
        "cohort_size": 11,
        "evaluations": 11,
        "evaluations.auc": 11,
        "evaluations.ci_method": 11,
        "evaluations.validation": 11,
    }
    for key in PUBLISHED:
        _decide_all(bench, key)
        told = bench.do(partial(history, key=key, by=None))
        decided = [e for e in told if e.what in ("reconciled", "adjudicated") and e.note]
        assert {(e.field, e.row) for e in decided} == set(planted[key])
        entered = {(e.field, e.row) for e in told if e.what == "entered"}
        assert {(e.field, e.row) for e in told if e.what == "agreed" and "." in e.field} <= entered
    assert bench.do(numbers) == before
    assert "100 %" in bench("agreement")


def numbers(review: Review) -> dict[tuple[str, str], tuple[object, ...]]:
    """What is pooled, by study and evaluation."""
    rows = studies.evaluations(review.sql)
    return {(e.study, e.key): (e.auc, e.ci_low, e.ci_high, e.n, e.validation) for e in rows}


def _planted(bench: Bench, key: str, n: int) -> dict[tuple[str, str], Standing]:
    """Both fill the study in, the second with faults by hand and by sheet; what a comparison must show."""
    truth = bench.published(key)
    names = list(dict.fromkeys(cell.row for cell in truth if cell.row))
    first, last = names[0], names[-1]
    bench.enter(key, ANA, truth)
    path = bench.folder / f"{key}.csv"
    with_faults = {cell: text for cell, text in truth.items() if cell.row != last}
    with_faults[Cell("", "cohort_size")] = str(n + 1)
    with_faults |= {
        c: text.replace("0.", "0·") for c, text in truth.items() if c.path.endswith(".auc") and c.row != last
    }
    with_faults |= row(first, auc="0.5", validation="bootstrap", ci_method="DeLong")
    bench.enter(key, BEN, with_faults)
    bench.do(lambda review: write_sheet(review, key, BEN, path))
    assert bench.do(lambda review: take_sheet(review, path, BEN, bench.stamp(BEN))).entered.filled == 0
    bench.finish(key, ANA, BEN)
    return {
        ("cohort_size", ""): Standing.DIFFERENT,
        ("evaluations.auc", first): Standing.DIFFERENT,
        ("evaluations.validation", first): Standing.DIFFERENT,
        ("evaluations.ci_method", first): Standing.ONE,
        ("evaluations", last): Standing.ROW,
    }


def _decide_all(bench: Bench, key: str) -> None:
    truth = bench.published(key)
    left = bench.do(lambda review: settle(review, key, ANA, bench.stamp(ANA)))
    while left.open:
        cell = left.open[0].compared.cell
        value = truth.get(cell) if "." in cell.path or not cell.row else True
        judge = Judge(CEM) if len(left.open) % 2 else Judge(BEN, (ANA,))
        ruled = Ruled(cell.path, cell.row, value, "the page says so")
        act = partial(reconcile, key=key, judge=judge, ruled=ruled, stamp=bench.stamp(judge.by))
        left = bench.do(act)
    assert left.adoption is not None


# The form, and studies


def test_a_changed_form_keeps_what_was_entered(bench: Bench, refuses: Refuses) -> None:
    assert bench("form", "--write") == "form.toml\n"
    assert "is there already" in bench("form", "--write", status=1)
    form = bench.folder / "form.toml"
    head = form.read_text(encoding="utf-8").split("# [[sections]]")[0]
    field = '[[fields]]\nid = "{id}"\nlabel = "Scanner"\nkind = "choice"\nchoices = [{choices}]\n{more}\n'
    form.write_text(head + field.format(id="scanner", choices='"1.5 T", "3 T"', more=""), encoding="utf-8")
    bench.enter(HU, ANA, of_study(scanner="3 t") | evaluation())
    form.write_text(head, encoding="utf-8")
    said = refuses(bench.folder, "extract", "set", HU, "centres", "2", "--as", ANA, status=1)
    assert "scanner: put it back and name it under retired" in said
    renamed = field.format(
        id="field_strength", choices='"3 Tesla"', more='was = ["scanner"]\nformerly = {"3 T" = "3 Tesla"}'
    )
    form.write_text(head + renamed, encoding="utf-8")
    assert bench("form", "--as", ANA) == ""
    assert json.loads(bench("history", HU, "--as", ANA, "--json"))[5]["value"] == "3 T"
    stricter = field.format(id="field_strength", choices='"yes", "no"', more='was = ["scanner"]')
    form.write_text(head + stricter, encoding="utf-8")
    assert "field_strength: must be one of: yes, no; it is '3 T'; entered under an earlier form" in bench(
        "form", "--as", ANA
    )
    assert "field_strength" in bench("finish", HU, "--as", ANA, status=1)
    form.write_text(
        head.replace("retired = []", 'retired = ["scanner"]')
        + field.format(id="scanner", choices='"x"', more="")
    )
    bench.finish(HU, ANA)
    assert "number 2 here" in bench("form")


def test_a_faulty_form_is_told_with_its_lines(bench: Bench, refuses: Refuses) -> None:
    (bench.folder / "form.toml").write_text('name = "x"\nversion = 2\ntitle = ""\n', encoding="utf-8")
    said = refuses(bench.folder, "extract", "form", status=1)
    assert "line 2: version: must be text" in said
    assert "line 3: title: must not be empty" in said


def test_studies_and_reports_are_linked_many_to_many(bench: Bench) -> None:
    assert bench("study", "hu-part-two", "--report", "R1", "--as", ANA) == "hu-part-two (new): R1\n"
    assert (
        bench("study", "hu-part-two", "--report", "R2", "--report", "R1", "--as", ANA)
        == "hu-part-two: R1, R2\n"
    )
    assert "hu-part-two\tR1, R2\tnot begun\t0 evaluations" in bench()
    assert "hu-2024\tR1\t" in bench()
    assert bench("study", "hu-part-two", "--unlink", "R1", "--as", ANA) == "hu-part-two: R2\n"
    assert "is the last report" in bench("study", "hu-part-two", "--unlink", "R2", "--as", ANA, status=1)
    assert "is no report of" in bench("study", "hu-part-two", "--unlink", "R9", "--as", ANA, status=1)
    assert "is not included" in bench("study", "new", "--report", "R12", "--as", ANA, status=1)
    assert "there is no report R99" in bench("study", "new", "--report", "R99", "--as", ANA, status=2)
    assert "is no key of a study" in bench("study", "Hu 2024", "--report", "R1", "--as", ANA, status=2)
    assert "say which report" in bench("study", "new", "--as", ANA, status=2)


def test_the_options_of_the_group_go_behind_no_command_below_it(bench: Bench) -> None:
    assert "go behind compare" in bench("--as", ANA, "compare", HU, status=2)
    assert "--from FILE --as ID" in bench("--as", ANA, status=2)
    assert "--from FILE --as ID" in bench("--from", "x.toml", status=2)
