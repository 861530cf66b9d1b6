"""Identifiers as people and databases write them, cleaned to one form or refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation import identifiers
from curation.errors import Usage

quick = settings(max_examples=150, deadline=None)


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("10.1097/RCT.0000000000001591", "10.1097/rct.0000000000001591"),
        ("https://doi.org/10.3390/bioengineering12080791", "10.3390/bioengineering12080791"),
        ("http://dx.doi.org/10.1000/ABC", "10.1000/abc"),
        ("doi: 10.1000/abc.", "10.1000/abc"),
        ("10.1000/abc [doi]", "10.1000/abc"),
        ("(see 10.1000/abc).", "10.1000/abc"),
        ("(see 10.1000/abc.)", "10.1000/abc"),
        ('"10.1000/abc";', "10.1000/abc"),
        ("10.1016/S0140-6736(20)30183-5", "10.1016/s0140-6736(20)30183-5"),
        ("10.1002/(SICI)1097-0258(19980815)17:15<1661::AID-SIM968>3.0.CO;2-2", "10.1002/(sici)1097-0258(19980815)17:15<1661::aid-sim968>3.0.co;2-2"),
        ("10.1000/", None),
        ("10.1000/.", None),
        ("10.12/abc", None),
        ("38498926", None),
        ("", None),
        (None, None),
    ],
)  # fmt: skip
def test_a_doi_is_bare_and_lower_case(text: str | None, doi: str | None) -> None:
    assert identifiers.doi(text) == doi


@pytest.mark.parametrize(
    ("text", "pmid"),
    [
        ("38498926", "38498926"),
        ("PMID: 38498926", "38498926"),
        ("PMID38498926 [PubMed]", "38498926"),
        ("MEDLINE:7", "7"),
        ("https://pubmed.ncbi.nlm.nih.gov/38498926/", "38498926"),
        ("PMID 38498926, PMC11004321", "38498926"),
        ("0123", None),
        ("384989260", None),
        ("38498926 37000000", None),
        ("PMC11004321", None),
        ("PMC 11004321", None),
        ("3८498", None),
        ("no number", None),
        (None, None),
    ],
)
def test_a_pubmed_number_is_the_only_one_in_its_text(text: str | None, pmid: str | None) -> None:
    assert identifiers.pmid(text) == pmid


@pytest.mark.parametrize(
    ("text", "pmcid"),
    [
        ("PMC11004321", "PMC11004321"),
        ("pmc 11004321", "PMC11004321"),
        ("11004321", None),
        ("PMC", None),
        (None, None),
    ],
)
def test_a_pubmed_central_number_keeps_its_letters(text: str | None, pmcid: str | None) -> None:
    assert identifiers.pmcid(text) == pmcid


def test_a_number_of_the_stand_in_is_told_from_pubmed_s() -> None:
    assert identifiers.is_standin("99000001")
    assert not identifiers.is_standin("42000000")
    assert not identifiers.is_standin(None)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Spinal metastases: a review", "SPINAL METASTASES - A REVIEW."),
        ("Métastases", "Metastases"),
        ("Straße", "STRASSE"),
        ("ﬁnding", "finding"),
        ("TNF‐α", "TNF-α"),
        ("H₂O", "H2O"),
    ],
)
def test_titles_fold_to_their_letters_and_digits(one: str, other: str) -> None:
    assert identifiers.folded(one) == identifiers.folded(other) != ""


@pytest.mark.parametrize("text", ["", "...", "—", "[]"])
def test_a_title_of_marks_alone_folds_to_nothing(text: str) -> None:
    assert identifiers.folded(text) == ""


@pytest.mark.parametrize(("text", "number"), [("12", 12), ("R12", 12), (" r12 ", 12), ("R007", 7)])
def test_a_report_is_named_with_or_without_its_letter(text: str, number: int) -> None:
    assert identifiers.report_id(text) == number


@pytest.mark.parametrize("text", ["", "R", "R-1", "1.5", "twelve", "R1 2", "१२", "R²", "9" * 19, "9" * 5000])
def test_what_is_no_report_number_is_refused(text: str) -> None:
    with pytest.raises(Usage, match="no report number; write it like R12"):
        identifiers.report_id(text)


@quick
@given(st.text(max_size=40))
def test_no_text_breaks_a_reader_and_what_is_read_reads_as_itself(text: str) -> None:
    for clean in (identifiers.doi, identifiers.pmid, identifiers.pmcid):
        found = clean(text)
        assert found is None or clean(found) == found
    assert re.fullmatch(r"[1-9][0-9]{0,7}", identifiers.pmid(text) or "1")


dois = st.from_regex(r"\A10\.[1-9][0-9]{3,8}/[a-z0-9()_./-]{0,20}[a-z0-9]\Z")


@quick
@given(dois)
def test_a_doi_is_found_behind_every_prefix(doi: str) -> None:
    assert identifiers.doi(f"https://doi.org/{doi.upper()} ") == doi
    assert identifiers.doi(f"doi:{doi}, accessed today") == doi
