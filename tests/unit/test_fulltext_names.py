"""What a file's name says of its report, and what it does not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.tasks.fulltext_names import Names, folded, is_supplement, named_in

OLD = "10.1002/(SICI)1097-0142(19990815)86:4<533::AID-X>3.0.CO;2-B"
KNOWN = Names(
    dois={
        "10_1000_abc": frozenset({1}),
        "10_1000_abc_12": frozenset({2}),
        "10_1016_s0140_6736_20_30183_5": frozenset({3}),
        "10_1002_sici_1097_0142_19990815_86_4_533_aid_x_3_0_co_2_b": frozenset({4}),
        "10_1000_twice": frozenset({5, 6}),
        "10_1101_2020_01_01_123456": frozenset({7}),
    },
    pmids={"31234567": frozenset({1}), "12": frozenset({2}), "20240131": frozenset({3})},
    pmcids={"pmc7654321": frozenset({1})},
    records={1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 12: 12, 14: 12},
)


@pytest.mark.parametrize(
    ("name", "reports"),
    [
        ("10.1000_abc.pdf", {1}),
        ("10.1000-abc.PDF", {1}),
        ("10.1000:abc.pdf", {1}),
        ("10.1000%2Fabc.pdf", {1}),
        ("10.1000%2fABC.pdf", {1}),
        ("10_1000_abc.pdf", {1}),
        ("doi_10.1000_abc.pdf", {1}),
        ("https___doi.org_10.1000_abc.pdf", {1}),
        ("Smith 2020 10.1000_abc.pdf", {1}),
        ("10.1000_abc Smith 2020.pdf", {1}),
        ("10.1000_abc_Smith.pdf", {1}),
        ("10.1000_abc.full.pdf", {1}),
        ("10.1000_abc (1).pdf", {1}),
        ("[10.1000_abc] 2020.pdf", {1}),
        ("10.1000_abc", {1}),
        ("10.1000_abc.12.pdf", {2}),
        ("10.1016_S0140-6736(20)30183-5.pdf", {3}),
        ("10.1016_S0140-6736(20)30183-5 (2).pdf", {3}),
        (f"{OLD.replace('/', '_')}.pdf", {4}),
        ("10.1101_2020.01.01.123456.full.pdf", {7}),
        ("PMID12345678 Smith 2020.pdf", set()),
        ("PMID31234567 Smith 2020.pdf", {1}),
        ("smith_pmid_31234567.pdf", {1}),
        ("PMID: 31234567.pdf", {1}),
        ("31234567.pdf", {1}),
        ("31234567 (1).pdf", {1}),
        ("PMC7654321.pdf", {1}),
        ("nihms PMC7654321 Smith.pdf", {1}),
        ("R12.pdf", {12}),
        ("r12 Smith 2020.pdf", {12}),
        ("R12_smith.pdf", {12}),
        ("Smith 2020 (R12).pdf", {12}),
        ("R14.pdf", {12}),
        ("0a1b2c3d-R12.pdf", {12}),  # as livrev itself keeps it
        ("20240131-R12.pdf", {12}),
    ],
)
def test_a_name_speaks_of_its_report(name: str, reports: set[int]) -> None:
    assert named_in(name, KNOWN) == reports


@pytest.mark.parametrize(
    "name",
    [
        "paper.pdf",
        "10.1000_abc.13.pdf",  # a longer DOI that the review does not have
        "10.1000_abcd.pdf",
        "10.1000_abcv2.pdf",
        "10.1101_2020.01.01.123456v1.full.pdf",
        "210.1000_abc.pdf",
        "scan 20240131.pdf",  # a date, not the PubMed number that looks like it
        "20240131 scan.pdf",
        "Smith 2020 12.pdf",
        "Fits with R2 and AUC.pdf",
        "R2.5 manual.pdf",
        "R999.pdf",
        "CXCR4.pdf",
        "PMID312345678.pdf",
        "",
    ],
)
def test_a_name_that_is_not_plain_speaks_of_none(name: str) -> None:
    assert named_in(name, KNOWN) == set()


DOIS = st.from_regex(r"10\.[1-9][0-9]{3,5}/[a-z0-9][a-z0-9.;()<>:_-]{0,30}[a-z0-9]", fullmatch=True)
WORDS = st.sampled_from(["", "Hu 2024 ", "doi_", "(1) "])
ENDS = st.sampled_from(["", " Hu 2024", " (2)", "_Hu", ".full", "-final"])


@given(DOIS, st.sampled_from("_-+ "), WORDS, ENDS)
def test_a_doi_is_found_however_a_program_made_a_file_name_of_it(
    doi: str, instead: str, before: str, after: str
) -> None:
    known = Names({folded(doi): frozenset({1})}, {}, {}, {})
    name = before + re.sub(r"[/:<>;]", instead, doi) + after
    assert named_in(f"{name}.pdf", known) == {1}


@given(DOIS, st.from_regex(r"[a-z]?[0-9]+|[.-][0-9]+", fullmatch=True))
def test_a_doi_is_not_the_shorter_one_that_it_begins_with(doi: str, more: str) -> None:
    known = Names({folded(doi): frozenset({1})}, {}, {}, {})
    assert named_in(f"{doi.replace('/', '_')}{more}.pdf", known) == set()


def test_names_that_contradict_each_other_speak_of_two() -> None:
    assert named_in("R12 10.1000_abc.pdf", KNOWN) == {1, 12}
    assert named_in("PMID31234567 10.1000_abc.pdf", KNOWN) == {1}
    assert named_in("10.1000_twice.pdf", KNOWN) == {5, 6}
    assert named_in("10.1000_abc 10.1016_S0140-6736(20)30183-5.pdf", KNOWN) == {1, 3}


@pytest.mark.parametrize(
    ("name", "so"),
    [
        ("10.1000_abc_supplement.pdf", True),
        ("R12 Supplementary.pdf", True),
        ("10.1000_abc-mmc1.pdf", True),
        ("R12_ESM.pdf", True),
        ("R12 appendix 2.pdf", True),
        ("R12 vitamin supplementation.pdf", False),
        ("R12 supply of blood.pdf", False),
        ("R12 appendicitis.pdf", False),
    ],
)
def test_a_supplement_is_not_the_full_text(name: str, so: bool) -> None:
    assert is_supplement(name) is so
