"""Extraction forms, what is written in their cells, and two people's entries side by side."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import BadInput
from curation.extraction.agreement import agreement
from curation.extraction.compare import Cell, Filled, Standing, aligned, better, compared, same
from curation.extraction.entered import lacking, row_name
from curation.extraction.form import Column, Form, Kind, as_plain, lost, revived
from curation.extraction.form_file import form_text, read
from curation.extraction.values import Auc, Missing, Unreadable, read_value
from curation.resources import shipped

LIBRARY = shipped("db", "forms")
OWN = """
name = "ours"
version = "1"
title = "Ours"
{head}
[[sections]]
id = "ours"
title = "Asked here"
[[fields]]
id = "scanner"
section = "ours"
label = "Scanner"
kind = "choice"
choices = ["1.5 T", "3 T"]
{more}
"""


def charms() -> Form:
    return read(form_text(LIBRARY / "charms.toml", LIBRARY))


def own(folder: Path, head: str = "", more: str = "") -> Form:
    path = folder / "form.toml"
    path.write_text(OWN.format(head=head, more=more), encoding="utf-8")
    return read(form_text(path, LIBRARY))


def column(path: str) -> Column:
    found = charms().cell(path)
    assert found is not None
    return found


def sheet(**cells: str) -> dict[Cell, Filled]:
    """``cohort_size="90"`` and ``egfr__auc="0.8"`` for a cell of the row egfr."""
    found = {}
    for number, (name, text) in enumerate(cells.items(), 1):
        row, _, inner = name.partition("__")
        cell = Cell(row, f"evaluations.{inner}") if inner else Cell("", name)
        found[cell] = Filled(number, text)
    return found


# Forms


@pytest.mark.parametrize("name", sorted(path.stem for path in LIBRARY.glob("*.toml")))
def test_a_shipped_form_is_one_and_comes_back_from_the_store_as_it_was(name: str) -> None:
    form = read(form_text(LIBRARY / f"{name}.toml", LIBRARY))
    assert form.name == name
    assert revived(json.loads(json.dumps(as_plain(form)))) == form
    for path in form.paths():
        cell = form.cell(path)
        if cell is not None and cell.example:
            for example in cell.example.split(" or ") if cell.kind is Kind.AUC else (cell.example,):
                assert read_value(cell, example).doubt == ""


def test_all_shipped_forms_can_be_taken_together(tmp_path: Path) -> None:
    form = own(
        tmp_path,
        'takes = ["charms", "radiomics", "probast-ai-notes"]\nretired = ["funding", "evaluations.note"]',
    )
    paths = list(form.paths())
    assert len(paths) == len(set(paths))
    assert {"cohort_size", "rad_leakage", "pai_imbalance", "scanner", "evaluations.auc"} <= set(paths)
    assert "funding" not in [field.id for field in form.asked]
    assert form.cell("funding") is not None


def test_another_text_of_a_taken_form_is_another_form(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    for path in LIBRARY.glob("*.toml"):
        (library / path.name).write_bytes(path.read_bytes())
    (tmp_path / "form.toml").write_text(OWN.format(head='takes = ["charms"]', more=""), encoding="utf-8")
    before = form_text(tmp_path / "form.toml", library).sha256
    with (library / "charms.toml").open("a", encoding="utf-8") as file:
        file.write("# a remark\n")
    assert form_text(tmp_path / "form.toml", library).sha256 != before


def test_a_faulty_form_says_every_fault_with_its_line(tmp_path: Path) -> None:
    more = """
[[fields]]
id = "Second Field"
label = "Second"
kind = "choice"
section = "theirs"
[[fields]]
id = "third"
label = "Third"
least = 3
many = "yes"
[[fields]]
id = "fourth"
label = "Fourth"
kind = "table"
named_by = ["nothing"]
[[fields.columns]]
id = "one"
label = "One"
kind = "table"
"""
    with pytest.raises(BadInput) as refused:
        own(tmp_path, more=more)
    said = "\n".join(refused.value.faults)
    for part in (
        "fields[2].id: must be small letters",
        "fields[2].choices: a choice needs its words",
        "fields[2].section: there is no section 'theirs'",
        "fields[3].least: only numbers have limits",
        "fields[3].many: must be true or false",
        "fields[4].named_by: there is no column 'nothing'",
        "fields[4].columns[1].kind: a table cannot stand in a table",
    ):
        assert part in said
    assert all(line.startswith("line ") for line in refused.value.faults)


@pytest.mark.parametrize(
    ("head", "more", "said"),
    [
        ('takes = ["charm"]', "", "is no shipped form (known: charms, probast-ai-notes, radiomics)"),
        ('retired = ["sanner"]', "", "retired: there is no field 'sanner'"),
        (
            'takes = ["charms"]',
            '[[fields]]\nid = "country"\nlabel = "Country"',
            "'country' stands in more than one of the forms",
        ),
        (
            "",
            '[[fields]]\nid = "evaluations"\nlabel = "E"\nkind = "table"\n[[fields.columns]]\nid = "auc"\nlabel = "AUC"',
            "needs a column 'auc' of kind auc",
        ),
    ],
)
def test_a_form_that_cannot_be_put_together_is_refused(
    tmp_path: Path, head: str, more: str, said: str
) -> None:
    with pytest.raises(BadInput) as refused:
        own(tmp_path, head, more)
    assert said in "\n".join((refused.value.message, *refused.value.faults))


def test_a_field_is_renamed_and_never_lost(tmp_path: Path) -> None:
    before = own(tmp_path)
    gone = replace(before, fields=())
    (field,) = before.fields
    renamed = replace(before, fields=(replace(field, id="machine", was=("scanner",)),))
    assert lost(before, gone) == ("scanner",)
    assert lost(before, renamed) == ()
    assert renamed.today("scanner") == "machine"
    assert charms().today("evaluations.auc") == "evaluations.auc"


# Values


@pytest.mark.parametrize(
    ("text", "auc", "low", "high", "level"),
    [
        ("0.812 (0.710-0.914)", "0.812", "0.710", "0.914", "0.95"),
        ("0·812 [95% CI, 0·710–0·914]", "0.812", "0.710", "0.914", "0.95"),
        ("0,812 (0,71 to 0,914)", "0.812", "0.71", "0.914", "0.95"),
        (".81 (90% CI: .75-.87)", "0.81", "0.75", "0.87", "0.9"),
        ("0.81, 99 % confidence interval 0.70 to 0.92", "0.81", "0.70", "0.92", "0.99"),
        ("1.000", "1.000", None, None, "0.95"),
    ],
)
def test_an_auc_is_read_as_papers_print_it(
    text: str, auc: str, low: str | None, high: str | None, level: str
) -> None:
    lower, upper = (None if limit is None else Decimal(limit) for limit in (low, high))
    assert read_value(column("evaluations.auc"), text).meaning == Auc(
        Decimal(auc), lower, upper, Decimal(level)
    )


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("evaluations.auc", "81.2", "between 0 and 1"),
        ("evaluations.auc", "0.8 (0.9-0.7)", "the lower limit is above the upper one"),
        ("evaluations.auc", "good", "must be an AUC"),
        ("cohort_size", "12.5", "must be a whole number"),
        ("cohort_size", "0", "must be 1 or more patients"),
        ("cohort_size", "-3", "must be"),
        ("cohort_size", "1e3", "must be a number"),
        ("cohort_size", "٣", "must be a number"),
        ("ages.age", "58.2", "must be a mean and its SD"),
        ("ages.age", "158.2 ± 3", "must lie between 0 and 120 years"),
        ("missing_data", "12/11", "is no part of a whole"),
        ("missing_data", "120 %", "between 0 and 100"),
        ("missing_data", "1,234", "a thousand or a decimal"),
        ("recruited_from", "2017-02-30", "is in no calendar"),
        ("recruited_from", "March 2017", "must be a date like"),
        ("modality", "MRI; ultrasound", "must be one of: MRI"),
    ],
)
def test_a_cell_that_cannot_be_read_says_what_it_must_be(path: str, text: str, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read_value(column(path), text)


def test_digits_stay_as_printed_and_missing_words_are_one() -> None:
    assert read_value(column("cohort_size"), " 1,234  patients").text == "1,234 patients"
    assert read_value(column("cohort_size"), "1,234 patients").meaning == 1234
    assert read_value(column("cohort_size"), "not reported").meaning == Missing("NR")
    assert read_value(column("evaluations.validation"), "Training").text == "apparent"
    assert read_value(column("modality"), "mri;ct").text == "MRI; CT"


def test_a_doubt_is_said_and_nothing_is_refused_for_it() -> None:
    assert "18.1 % is not 2/11, which is 18.2 %" in read_value(column("missing_data"), "2/11 (18.1 %)").doubt
    assert "not inside its interval" in read_value(column("evaluations.auc"), "0.81 (0.82-0.90)").doubt


@given(st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))), st.integers(0, 2))
def test_counts_and_their_rounded_percentage_are_the_same_value(counts: tuple[int, int], digits: int) -> None:
    n, of = counts
    percent = f"{Decimal(100 * n) / of:.{digits}f} %"
    path = column("missing_data")
    assert same(path, f"{n}/{of}", percent)
    assert read_value(path, f"{n} of {of} ({percent})").doubt == ""


@given(st.text(max_size=40).filter(str.strip))
def test_what_is_read_reads_the_same_again_whatever_the_text(text: str) -> None:
    form = charms()
    for path in ("evaluations.auc", "cohort_size", "ages.age", "missing_data", "modality", "country"):
        cell = form.cell(path)
        assert cell is not None
        with suppress(Unreadable):
            value = read_value(cell, text)
            assert same(cell, value.text, text)
            assert read_value(cell, value.text) == value


# Side by side


@pytest.mark.parametrize(
    ("path", "one", "other", "standing"),
    [
        ("cohort_size", "1,234", "1234", Standing.PRINTED),
        ("cohort_size", "1234", "1235", Standing.DIFFERENT),
        ("country", "China; Japan", "japan; CHINA", Standing.PRINTED),
        ("registration", "NCT 0–1", "nct 0-1.", Standing.PRINTED),
        ("missing_data", "2/11", "18.2%", Standing.PRINTED),
        ("missing_data", "2/11", "18.1%", Standing.DIFFERENT),
        ("missing_data", "2/11", "4/22", Standing.DIFFERENT),
        ("aim", "updating", "external validation only", Standing.DIFFERENT),
        ("cohort_size", "NR", "90", Standing.DIFFERENT),
        ("setting", "a hospital", "one tertiary centre", Standing.SAME),  # not compared
    ],
)
def test_a_cell_is_compared_by_what_it_means(path: str, one: str, other: str, standing: Standing) -> None:
    (found,) = compared(charms(), sheet(**{path: one}), sheet(**{path: other}))
    assert found.standing is standing


def test_of_two_that_mean_the_same_the_one_that_says_more_is_taken() -> None:
    (found,) = compared(charms(), sheet(missing_data="18.18 %"), sheet(missing_data="2/11"))
    chosen = better(column("missing_data"), found)
    assert chosen is not None
    assert chosen.text == "2/11"
    first, second = sheet(a__auc="0.8 (0.7-0.9)"), sheet(a__auc="0.80 (0.70-0.90)")
    row, auc = compared(charms(), first, second)
    assert (row.standing, auc.standing) == (Standing.SAME, Standing.PRINTED)
    chosen = better(column("evaluations.auc"), auc)
    assert chosen is not None
    assert chosen.text == "0.80 (0.70-0.90)"


def test_rows_are_matched_by_name_and_then_by_what_stands_in_them() -> None:
    table = charms().table("evaluations")
    assert table is not None
    first = sheet(EGFR__auc="0.8", mine__marker="HER-2", mine__model="A", mine__auc="0.7", alone__auc="0.61")
    second = sheet(
        other__auc="0.9", yours__marker="her-2", yours__model="A", yours__auc="0.70", egfr__auc="0.8"
    )
    assert aligned(table, first, second) == (
        ("EGFR", "egfr"),
        ("mine", "yours"),
        ("alone", ""),
        ("", "other"),
    )
    rows = [c for c in compared(charms(), first, second) if c.cell.path == "evaluations"]
    assert [r.standing for r in rows] == [Standing.SAME, Standing.SAME, Standing.ROW, Standing.ROW]
    kept = compared(charms(), first, second, [Cell("alone", "evaluations")])
    assert [c.standing for c in kept if c.cell == Cell("alone", "evaluations.auc")] == [Standing.ONE]


def test_a_row_is_named_after_what_tells_it_from_others() -> None:
    table = charms().table("evaluations")
    assert table is not None
    texts = {"marker": "EGFR status", "model": "Radiomics (RS)", "validation": "external", "auc": "0.8"}
    assert row_name(table, texts, ()) == "egfr-status/radiomics-rs/external"
    assert (
        row_name(table, texts, ["egfr-status/radiomics-rs/external"]) == "egfr-status/radiomics-rs/external-2"
    )
    assert row_name(table, {}, ()) == "row"


def test_what_lacks_is_said_for_the_study_and_for_every_row() -> None:
    said = lacking(charms(), sheet(cohort_size="many", a__auc="0.8"))
    assert "aim: missing; write NR where it is not reported" in said
    assert "evaluations.n of a: missing; write NR where it is not reported" in said
    assert any(line.startswith("cohort_size: must be a number") for line in said)
    assert "evaluations: has no row; one is needed" in lacking(charms(), {})


def test_agreement_is_counted_by_field_with_kappa_for_single_choices() -> None:
    form = charms()
    yes, no = {"predictors_blinded": "yes"}, {"predictors_blinded": "no"}
    pairs = [(yes, yes)] * 4 + [(no, no)] * 4 + [(yes, no), (no, yes)]
    found = agreement(form, [compared(form, sheet(**a), sheet(**b)) for a, b in pairs])
    (field,) = found
    assert (field.cells, field.agreed) == (10, 8)
    assert field.kappa == pytest.approx(0.6)  # observed 0.8, by chance 0.5
    alone = agreement(form, [compared(form, sheet(predictors_blinded="yes"), {})])
    assert [(f.cells, f.agreed, f.kappa) for f in alone] == [(1, 0, None)]
