"""Study files: what is printed is kept, and a faulty file says all its faults at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import BadInput
from curation.extraction.study_file import StudyFile, read
from curation.model import Author, Validation
from curation.resources import shipped

STUDY = """\
key = "lee-2026"
first_author = "Lee"
year = 2026
citation_number = 30
position = 13

[report]
title = "An invented study"
authors = ["Lee A", "van der Meer RP", "The Spine Group"]
authors_complete = false
journal = "J Invented Radiol"
year = 2026
doi = "https://doi.org/10.5555/Lee.2026"
pmid = "99000123"
identifiers_from = "the paper"

[[facts]]
field = "cohort_size"
value = 120
where = "Table 1"
[[facts]]
field = "receptors"
value = ["EGFR", "Ki-67"]
where = "Methods"

[[ages]]
cohort = "Training"
mean = "58.20"
sd = "9"
where = "Table 1"

[[evaluations]]
key = "egfr/external"
marker = "EGFR"
outcome = "EGFR mutation"
model = "CNN"
validation = "external"
auc = "0.810"
ci = ["0.700", "0.90"]
ci_mark = "²"
table = 4
row = 1
column = 1
where = "Table 2"
n = 33
n_where = "Methods"
[[evaluations]]
key = "egfr/cross-validation"
marker = "EGFR"
outcome = "EGFR mutation"
model = "CNN"
validation = "cross-validation"
auc = "0.85"
table = 3
row = 1
column = 1
where = "Table 2"
"""


def study(folder: Path, *edits: tuple[str, str]) -> StudyFile:
    text = STUDY
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    path = folder / "lee-2026.toml"
    path.write_text(text, encoding="utf-8")
    return read(path)


def faults(folder: Path, *edits: tuple[str, str]) -> tuple[str, ...]:
    with pytest.raises(BadInput) as refused:
        study(folder, *edits)
    assert refused.value.message.endswith("nothing was taken in")
    return refused.value.faults


def test_numbers_are_read_and_kept_as_printed(tmp_path: Path) -> None:
    external, internal = study(tmp_path).rows()
    assert (external.auc, external.ci_low, external.ci_high) == (0.81, 0.7, 0.9)
    assert (external.auc_printed, external.ci_low_printed, external.ci_high_printed) == (
        "0.810",
        "0.700",
        "0.90",
    )
    assert (external.study, external.n, external.n_location) == ("lee-2026", 33, "Methods")
    assert (external.location, external.ci_mark) == ("Table 2", "²")
    assert external.validation is Validation.EXTERNAL
    assert (internal.ci_low, internal.ci_high, internal.n) == (None, None, None)


def test_the_report_is_a_citation_with_clean_identifiers(tmp_path: Path) -> None:
    citation = study(tmp_path).report.citation()
    assert (citation.doi, citation.pmid) == ("10.5555/lee.2026", "99000123")
    assert citation.authors[:2] == (Author("Lee", "A"), Author("van der Meer", "RP"))
    assert citation.extra == {"identifiers from": ("the paper",)}


def test_every_shipped_study_file_is_valid() -> None:
    paths = sorted(shipped("db", "reference").rglob("*/*-20*.toml"))
    assert len(paths) == 12
    assert len({read(path).key for path in paths}) == 12


def test_every_fault_comes_at_once_with_its_line(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        ("position = 13", "position = 0"),
        ('title = "An invented study"', "titel = 3"),
        ("value = 120", "value = -5"),
        ('sd = "9"', 'sd = "9 years"'),
        ('validation = "external"', 'validation = "outside"'),
        ('auc = "0.810"', 'auc = "0.910"'),
        ('key = "egfr/cross-validation"', 'key = "egfr/external"'),
        ('auc = "0.85"', 'auc = "85 %"'),
    )
    kinds = "'apparent', 'cross-validation', 'bootstrap', 'split-sample', 'temporal' or 'external'"
    assert found == (
        "line 5: position: must be 1 or more; it is 0",
        "line 7: report.title: missing; add it",
        "line 8: report.titel: unknown key; did you mean title?",
        "line 19: facts[1].value: must be a number of patients, 1 or more; it is -5",
        "line 29: ages[1].sd: must be a number of years as printed; it is '9 years'",
        f"line 37: evaluations[1].validation: must be {kinds}; it is 'outside'",
        "line 38: evaluations[1].auc: AUC 0.910 is not inside its interval 0.700 to 0.90; check the page",
        "line 48: evaluations[2].key: 'egfr/external' stands 2 times; each must be unique",
        "line 53: evaluations[2].auc: AUC and limits must be numbers as printed, like \"0.812\"; they are ['85 %']",
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('auc = "0.810"', 'auc = "0.69"', "AUC 0.69 is not inside its interval 0.700 to 0.90; check the page"),
        ('auc = "0.810"', 'auc = "81.0"', "AUC and limits lie between 0 and 1; they are 81.0, 0.700, 0.90"),
        ('auc = "0.85"', 'auc = "1.85"', "AUC and limits lie between 0 and 1; they are 1.85"),
        ('auc = "0.85"', 'auc = "nan"', "AUC and limits must be numbers as printed, like \"0.812\"; they are ['nan']"),
        ('auc = "0.85"', 'auc = "0,85"', "AUC and limits must be numbers as printed, like \"0.812\"; they are ['0,85']"),
        ('auc = "0.85"', "auc = 0.85", "must be text in quotation marks; it is 0.85"),
        ('["0.700", "0.90"]', '["0.90", "0.700"]', "AUC 0.810 is not inside its interval 0.90 to 0.700; check the page"),
        ('["0.700", "0.90"]', '["0.700", "-"]', "AUC and limits must be numbers as printed, like \"0.812\"; they are ['0.810', '0.700', '-']"),
        ('["0.700", "0.90"]', '["0.700"]', "must have at least 2 in its list, and has 1"),
        ("n = 33", 'n = "33"', "must be a whole number without quotation marks, like 2; it is '33'"),
        ("table = 3", "table = 4", "table, row and column (4, 1, 1) stand 2 times; one cell holds one AUC"),
        ("value = 120", 'value = ["120"]', "must be a number of patients, 1 or more; it is ['120']"),
        ('value = ["EGFR", "Ki-67"]', "value = 2", 'must be a list of names, like ["EGFR"]; it is 2'),
        ('field = "receptors"\nvalue = ["EGFR", "Ki-67"]', 'field = "cohort_size"\nvalue = 121', "'cohort_size' stands 2 times; each must be unique"),
        ('"https://doi.org/10.5555/Lee.2026"', '"see the journal"', "must hold a DOI; it is 'see the journal'"),
        ('"99000123"', '"PMC99000123"', "must hold a PubMed number; it is 'PMC99000123'"),
    ],
)  # fmt: skip
def test_a_fault_says_what_stands_there(tmp_path: Path, old: str, new: str, said: str) -> None:
    (fault,) = faults(tmp_path, (old, new))
    assert fault.split(": ", 2)[2] == said


@pytest.mark.parametrize("value", ['"many"', "1.5", "true", "0", "[]", '["EGFR", ""]', "[1]"])
def test_a_value_that_fits_no_field_is_one_fault(tmp_path: Path, value: str) -> None:
    (fault,) = faults(tmp_path, ("value = 120", f"value = {value}"))
    assert fault.startswith("line 19: facts[1].value: must be a number of patients, 1 or more; it is ")


def test_a_field_that_does_not_exist_is_named_with_those_that_do(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, ('field = "receptors"', 'field = "receptor"'))
    assert fault == (
        "line 22: facts[2].field: must be 'cohort_size', 'receptors' or 'primary_tumours'; it is 'receptor'"
    )


@pytest.mark.parametrize("limits", ['["0.810", "0.90"]', '["0.5", "0.810"]', '["0", "1"]'])
def test_an_auc_may_stand_at_a_limit(tmp_path: Path, limits: str) -> None:
    first, _ = study(tmp_path, ('["0.700", "0.90"]', limits)).rows()
    assert first.auc == 0.81


def test_the_same_key_twice_in_one_block_is_a_fault_of_the_text(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot be read as a study file: .*line 3"):
        study(tmp_path, ("year = 2026\ncitation_number", "key = 1\ncitation_number"))


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read as a study file"):
        read(tmp_path / "none.toml")
    path = tmp_path / "latin.toml"
    path.write_bytes('key = "Müller"'.encode("latin-1"))
    with pytest.raises(BadInput, match="cannot be read as a study file"):
        read(path)
