"""The canonical record: each field from the member that tells it best, and from where, whatever the order."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import permutations

import pytest

from curation.dedupe.canonical import canonical
from curation.model import Author, Citation, Number
from tests.unit.hard_cases import Expected, HardCase, hard_cases

TITLE = "Radiomics of spinal metastases predicts EGFR mutation: a two-centre study"
ABSTRACT = "We drew 214 lesions by hand and trained a forest of trees."
FINAL = Citation(
    TITLE, year=2024, date="2024-03", journal="European Radiology", volume="33", issue="4", pages="2511-22"
)
ONLINE = Citation(TITLE, year=2023, date="2023-11-02", journal="European Radiology", doi="10.5555/a")

SAME = [case for case in hard_cases() if case.expected is Expected.SAME]
UNITED = {"numbers", "keywords", "publication_types", "language"}
WRITTEN_ANEW = {"pages", "volume", "issue"}


def titled(*titles: str, curated: tuple[int, ...] = ()) -> str:
    return canonical({n: Citation(t) for n, t in enumerate(titles, 1)}, curated).citation.title


def abstract(*texts: str) -> str:
    return canonical({n: Citation(TITLE, text) for n, text in enumerate(texts, 1)}).citation.abstract


def members(case: HardCase) -> dict[int, Citation]:
    return {n: labelled.citation for n, labelled in enumerate(case.records, 1)}


def filled(citation: Citation) -> list[str]:
    return [field.name for field in fields(citation) if getattr(citation, field.name)]


# Any report


def test_a_report_of_one_record_is_that_record_untouched() -> None:
    alone = replace(FINAL, title=TITLE.upper(), extra={"N1": ("by hand",)}, keywords=("b", "a", "b"))
    found = canonical({7: alone})
    assert found.citation is alone
    assert found.provenance == dict.fromkeys(filled(alone), (7,))


def test_no_record_makes_no_report() -> None:
    with pytest.raises(ValueError, match="at least one record"):
        canonical({})


@pytest.mark.parametrize("case", SAME, ids=lambda case: case.id)
def test_the_order_of_the_members_makes_no_difference(case: HardCase) -> None:
    given = members(case)
    assert len({repr(canonical(dict(order))) for order in permutations(given.items())}) == 1


@pytest.mark.parametrize("case", SAME, ids=lambda case: case.id)
def test_every_field_is_from_the_members_it_names(case: HardCase) -> None:
    given = members(case)
    found = canonical(given)
    assert list(found.provenance) == filled(found.citation)
    for name, named in found.provenance.items():
        assert set(named) <= set(given)
        if name not in UNITED | WRITTEN_ANEW:
            (record,) = named
            assert getattr(found.citation, name) == getattr(given[record], name)


@pytest.mark.parametrize("case", SAME, ids=lambda case: case.id)
def test_what_any_member_tells_is_not_missing(case: HardCase) -> None:
    given = members(case)
    told = {name for citation in given.values() for name in filled(citation)}
    assert told <= set(filled(canonical(given).citation))


@pytest.mark.parametrize("case", SAME, ids=lambda case: case.id)
def test_the_authors_are_one_member_s_list_whole(case: HardCase) -> None:
    found = canonical(members(case)).citation.authors
    assert found in {c.authors for c in members(case).values()}


# Titles


def test_a_title_in_both_cases_comes_before_capitals_and_before_none() -> None:
    assert titled(TITLE.upper(), TITLE, TITLE.lower()) == TITLE


def test_pubmed_s_title_comes_before_a_longer_one_but_not_in_capitals() -> None:
    longer = TITLE.replace("study", "cohort study")
    assert titled(longer, TITLE, curated=(2,)) == TITLE
    assert titled(longer, TITLE) == longer
    assert titled(TITLE, TITLE.upper(), curated=(2,)) == TITLE


def test_a_whole_title_comes_before_one_without_its_subtitle_or_its_end() -> None:
    bare = TITLE.partition(":")[0]
    assert titled(bare, TITLE.upper(), curated=(1,)) == TITLE.upper()
    assert titled("Radiomics of spinal metastases predicts EGFR muta...", TITLE.upper()) == TITLE.upper()


def test_remarks_and_the_mark_of_a_footnote_make_no_better_title() -> None:
    assert titled(f"{TITLE} [Review] [33 refs]", TITLE) == TITLE
    assert titled(f"{TITLE}1", TITLE, curated=(2,)) == TITLE


def test_a_title_that_says_retracted_comes_first() -> None:
    assert titled(TITLE, f"RETRACTED: {TITLE}", curated=(1,)) == f"RETRACTED: {TITLE}"


def test_a_title_that_is_empty_is_none() -> None:
    assert titled("", TITLE) == TITLE
    assert canonical({1: Citation(""), 2: Citation("")}).provenance == {}


def test_the_title_as_given_goes_with_its_title() -> None:
    two = {1: Citation(TITLE.upper(), title_given="<B>"), 2: Citation(TITLE, title_given="<i>")}
    assert canonical(two).citation.title_given == "<i>"


# Abstracts


def test_the_longest_abstract_is_taken() -> None:
    assert abstract(ABSTRACT, f"{ABSTRACT} More.", ABSTRACT) == f"{ABSTRACT} More."


@pytest.mark.parametrize(
    "placeholder",
    [
        "No abstract available, see the full text.",
        "[No abstract]",
        "N/A",
        "© 2024 The Authors. All rights reserved.",
    ],
)
def test_a_placeholder_is_no_abstract(placeholder: str) -> None:
    assert abstract("Short.", placeholder) == "Short."
    assert abstract(placeholder, "") == ""


def test_a_copyright_line_makes_no_abstract_longer() -> None:
    assert (
        abstract(f"{ABSTRACT} Copyright © 2024 Elsevier Inc. All rights reserved.", f"{ABSTRACT} End.")
        == f"{ABSTRACT} End."
    )


def test_a_whole_abstract_comes_before_a_longer_one_that_was_cut_off() -> None:
    assert abstract(f"{ABSTRACT} And so on (ABSTRACT TRUNCATED AT 250 WORDS)", ABSTRACT) == ABSTRACT


# Authors

HU = Author("Hu", "Y", name="Hu, Yue")
LI = Author("Li", "Z", name="Li, Zhong")


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ((Author("Hu", "Y"), Author("et al")), (Author("Hu"), Author("Li"))),
        ((Author("Hu"), Author("Li")), (Author("Hu", "Y"), Author("Li", "Z"))),
        ((Author("Hu", "Y"), Author("Li", "Z")), (HU, LI)),
        ((HU,), (Author("Li", "Z"), Author("Hu", "Y"))),
        ((Author("Hu Y.Li Z."),), (Author("Hu", "Y"), Author("Li", "Z"))),
    ],
    ids=["et al", "no initials", "no given names", "only the first", "run together"],
)
def test_the_most_complete_list_of_authors_is_taken_in_its_own_order(
    worse: tuple[Author, ...], better: tuple[Author, ...]
) -> None:
    found = canonical({1: Citation(TITLE, authors=worse), 2: Citation(TITLE, authors=better)})
    assert found.citation.authors is better
    assert found.provenance["authors"] == (2,)


# The place of print


def test_year_and_date_are_of_the_final_publication() -> None:
    found = canonical({1: ONLINE, 2: FINAL})
    assert (found.citation.year, found.citation.date) == (2024, "2024-03")
    assert found.provenance["year"] == found.provenance["date"] == (2,)
    assert (found.citation.doi, found.provenance["doi"]) == ("10.5555/a", (1,))


def test_the_most_exact_date_of_the_year_is_taken() -> None:
    exact = replace(FINAL, date="2024-03-15")
    assert canonical({1: FINAL, 2: exact, 3: ONLINE}).citation.date == "2024-03-15"


def test_without_any_place_the_later_year_is_taken() -> None:
    assert canonical({1: replace(ONLINE, year=2024, date=""), 2: ONLINE}).citation.year == 2024


def test_a_place_is_never_mixed_of_two() -> None:
    elsewhere = Citation(
        TITLE, year=2020, journal="Spine", journal_short="Spine (Phila)", volume="45", issue="9", pages="S81"
    )
    found = canonical({1: elsewhere, 2: replace(FINAL, issue="")}).citation
    said = (found.journal, found.journal_short, found.volume, found.issue, found.pages, found.year)
    assert said == ("Spine", "Spine (Phila)", "45", "9", "S81", 2020)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (("2511-22", "2511"), "2511-2522"),
        (("2511", "2511–2522"), "2511-2522"),
        (("S81-9", ""), "S81-S89"),
        (("pp. 45-45", ""), "45"),
        (("08-Nov", "8-11"), "8-11"),
        (("08-Nov", ""), "8-11"),
        (("1-12", "e12724"), "e12724"),
        (("1297.e1-1297.e8", ""), "1297.e1-1297.e8"),
    ],
)
def test_pages_are_whole_and_written_out(given: tuple[str, str], written: str) -> None:
    one, other = (Citation(TITLE, journal="Spine", pages=pages) for pages in given)
    assert canonical({1: one, 2: other}).citation.pages == written


def test_volume_and_issue_are_as_most_say_and_unspoilt() -> None:
    said = [("Vol. 33", "03-Apr"), ("33 Suppl 1", "3-4"), ("33", "1573")]
    given = {
        n: Citation(TITLE, volume=volume, issue=issue, pages="1-9")
        for n, (volume, issue) in enumerate(said, 1)
    }
    found = canonical(given).citation
    assert (found.volume, found.issue) == ("33 Suppl 1", "3-4")


@pytest.mark.parametrize(
    ("journals", "full"),
    [
        (("J Clin Oncol", "JOURNAL OF CLINICAL ONCOLOGY"), "JOURNAL OF CLINICAL ONCOLOGY"),
        (("JOURNAL OF CLINICAL ONCOLOGY", "Journal of Clinical Oncology"), "Journal of Clinical Oncology"),
        (("Lancet (London, England)", "The Lancet"), "The Lancet"),
        (
            (
                "Journal of clinical oncology : official journal of the Society",
                "Journal of Clinical Oncology",
            ),
            "Journal of Clinical Oncology",
        ),
    ],
)
def test_the_journal_s_name_is_whole(journals: tuple[str, str], full: str) -> None:
    given = {n: Citation(TITLE, journal=journal) for n, journal in enumerate(journals, 1)}
    assert canonical(given).citation.journal == full


def test_the_short_name_is_pubmed_s() -> None:
    given = {
        1: Citation(TITLE, journal_short="J. Clin. Oncol."),
        2: Citation(TITLE, journal_short="J Clin Oncol"),
    }
    assert canonical(given, curated=(2,)).citation.journal_short == "J Clin Oncol"


# Numbers and lists


def test_the_numbers_of_every_member_are_kept() -> None:
    given = {
        3: Citation(TITLE, pmid="12345", numbers={Number.ISSN: ("0938-7994",)}),
        8: Citation(
            TITLE, pmcid="PMC9", numbers={Number.EMBASE: ("20",), Number.ISSN: ("1432-1084", "0938-7994")}
        ),
        9: Citation(TITLE, doi="10.5555/a"),
    }
    found = canonical(given)
    assert (found.citation.pmid, found.citation.pmcid, found.citation.doi) == ("12345", "PMC9", "10.5555/a")
    assert found.citation.numbers == {Number.ISSN: ("0938-7994", "1432-1084"), Number.EMBASE: ("20",)}
    assert found.provenance["numbers"] == (3, 8)


def test_the_doi_is_the_one_that_most_have_and_else_that_of_the_final_publication() -> None:
    wrong, right = replace(ONLINE, doi="10.5555/wrong"), replace(FINAL, doi="10.5555/right")
    assert canonical({1: wrong, 2: right}).citation.doi == "10.5555/right"
    assert canonical({1: wrong, 2: right, 3: wrong}).citation.doi == "10.5555/wrong"


def test_lists_are_united_in_order_each_value_once() -> None:
    one = Citation(
        TITLE, keywords=("Spine", "MRI"), language=("eng",), publication_types=("Journal Article",)
    )
    two = Citation(
        TITLE, keywords=("mri", "Radiomics"), language=("English", "German"), publication_types=("Article",)
    )
    found = canonical({1: one, 2: two})
    assert found.citation.keywords == ("Spine", "MRI", "Radiomics")
    assert found.citation.language == ("eng", "German")
    assert found.citation.publication_types == ("Journal Article", "Article")
    assert found.provenance["keywords"] == (1, 2)


def test_what_has_no_place_is_the_first_record_s_own_and_not_merged() -> None:
    found = canonical({4: replace(FINAL, extra={"N1": ("x",)}), 5: replace(FINAL, extra={"C1": ("y",)})})
    assert found.citation.extra == {"N1": ("x",)}
    assert found.provenance["extra"] == (4,)
