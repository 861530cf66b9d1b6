"""Two records compared: what joins, what is left to a person, what is related, and the words for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.dedupe.batch import shared_dois
from curation.dedupe.compare import Comparison, Verdict, compare, explain
from curation.dedupe.entry import Entry, Prepared, prepare
from curation.dedupe.relations import Kind
from curation.dedupe.weights import FINDINGS, WEIGHTS, Weights
from curation.model import Author, Citation, Number, Relation

TITLE = "Radiomics of spinal metastases predicts EGFR mutation: a two-centre study"
OTHER = "Deep learning for vertebral fractures in osteoporosis"
AUTHORS = (Author("Marchetti", "GL"), Author("Okonkwo", "C"), Author("Tran", "TH"))
PAPER = Citation(
    TITLE, authors=AUTHORS, year=2023, journal="European Radiology", volume="33", issue="4", pages="2511-2522"
)
BARE = Citation(TITLE, authors=AUTHORS, year=2023)


def ready(citation: Citation, number: int = 1) -> Prepared:
    return prepare(Entry(number, 0, citation))


def judged(one: Citation, other: Citation, *shared: str) -> Comparison:
    return compare(ready(one), ready(other, 2), frozenset(shared))


def test_a_paper_as_two_databases_print_it_joins_on_its_place_alone() -> None:
    other = replace(PAPER, title=TITLE.upper(), journal="Eur Radiol", pages="2511-22", issue="")
    found = judged(PAPER, other)
    assert (found.verdict, found.relation, found.tier) == (Verdict.JOIN, Relation.SAME, 2)


@pytest.mark.parametrize("number", [Number.EMBASE, Number.WOS, Number.SCOPUS, Number.CENTRAL])
def test_one_number_of_a_database_joins_across_sources_without_any_place(number: Number) -> None:
    same = {number: ("77",)}
    found = judged(replace(BARE, numbers=same), replace(BARE, title=TITLE.lower(), year=2021, numbers=same))
    assert (found.verdict, found.tier) == (Verdict.JOIN, 0)
    assert found.number.endswith(" 77")
    assert explain(found).startswith(f"one report: one number ({found.number}), the same title")


def test_one_pubmed_number_under_two_titles_is_left_to_a_person() -> None:
    found = judged(replace(BARE, pmid="11"), replace(BARE, title=OTHER, authors=(), pmid="11"))
    assert (found.verdict, found.relation) == (Verdict.ASK, Relation.UNSURE)


def test_two_pubmed_numbers_never_join_whatever_else_agrees() -> None:
    found = judged(replace(PAPER, pmid="11", doi="10.5555/a"), replace(PAPER, pmid="12", doi="10.5555/a"))
    assert found.verdict is Verdict.ASK
    assert found.hard
    assert "two PubMed numbers (11, 12)" in explain(found)


@pytest.mark.parametrize("doi", ["10.5555/SPINE.1", "10.5555/spine.1."])
def test_case_and_closing_point_of_a_doi_make_no_difference(doi: str) -> None:
    found = judged(replace(BARE, doi="10.5555/spine.1"), replace(BARE, doi=doi, year=2022))
    assert (found.verdict, found.tier) == (Verdict.JOIN, 1)


def test_a_doi_that_several_titles_share_identifies_nothing() -> None:
    book = "10.5555/book"
    chapters = [ready(replace(BARE, doi=book)), ready(replace(BARE, title=OTHER, doi=book), 2)]
    assert shared_dois(chapters) == {book}
    assert judged(replace(BARE, doi=book), replace(BARE, doi=book, year=2022), book).tier == 2
    spelt = [ready(replace(BARE, doi=book)), ready(replace(BARE, title=TITLE.upper(), doi=book), 2)]
    assert shared_dois(spelt) == frozenset()


def test_an_abstract_that_bears_the_article_s_doi_is_left_to_a_person() -> None:
    shown = Citation(
        TITLE,
        authors=AUTHORS,
        year=2022,
        journal="Spine",
        volume="12",
        issue="Suppl 1",
        pages="S44",
        doi="10.5555/a",
    )
    assert judged(replace(PAPER, doi="10.5555/a"), shown).verdict is Verdict.ASK


def test_two_dois_are_never_joined_by_rule_and_a_torn_one_is_no_other() -> None:
    assert judged(replace(PAPER, doi="10.5555/a"), replace(PAPER, doi="10.5555/b")).verdict is Verdict.ASK
    sici = "10.5555/(sici)1097(199909)81:9<1301::aid-x>3.0.co;2-x"
    torn = judged(replace(PAPER, doi=sici), replace(PAPER, doi=sici.partition("<")[0], issue=""))
    assert torn.verdict is Verdict.JOIN


def test_identical_rows_join_however_little_they_say() -> None:
    found = judged(Citation(TITLE), Citation(TITLE))
    assert (found.verdict, found.tier) == (Verdict.JOIN, 1)


def test_rows_without_a_title_join_only_when_an_abstract_shows_them_identical() -> None:
    told = Citation(
        "", abstract="We drew 214 lesions by hand and trained a forest of trees on them. " * 3, year=2023
    )
    assert judged(told, told).verdict is Verdict.JOIN
    assert judged(Citation("", year=2023), Citation("", year=2023)).verdict is not Verdict.JOIN


def test_two_editorials_without_a_place_are_not_taken_for_one() -> None:
    editorial = Citation(
        "Editorial", authors=AUTHORS[:1], year=2023, journal="European Radiology", volume="33"
    )
    assert judged(editorial, editorial).verdict is not Verdict.JOIN
    assert judged(
        replace(editorial, issue="4", pages="1-2"), replace(editorial, issue="4", pages="1-2")
    ).verdict is (Verdict.JOIN)


EDITORIAL = replace(PAPER, title="Editor's comments", pages="2500-2501")


@pytest.mark.parametrize(
    "other",
    [replace(EDITORIAL, issue="5"), replace(EDITORIAL, pages="2530-2531"), replace(EDITORIAL, volume="34")],
)
def test_series_editorials_are_two_and_nobody_is_asked(other: Citation) -> None:
    assert judged(EDITORIAL, other).verdict is Verdict.APART


@pytest.mark.parametrize("empty", ["", "...", "—"])
def test_a_record_without_title_joins_nothing_by_its_place(empty: str) -> None:
    assert judged(PAPER, replace(PAPER, title=empty)).verdict is not Verdict.JOIN
    bare = Citation(empty, year=2023, journal="European Radiology", volume="33", issue="4")
    assert judged(PAPER, bare).verdict is Verdict.APART


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Vitamin C in septic shock of adults, part I", "Vitamin C in septic shock of adults, part II"),
        ("Tafenoquine for vivax malaria in adults", "Tafenoquine for vivax malaria in adolescents"),
        (
            "Effects of statins on hypertension in older people",
            "Effects of statins on hypotension in older people",
        ),
        ("Zinc uptake by hepatic cells in vivo and why", "Zinc uptake by hepatic cells in vitro and why"),
    ],
)
def test_siblings_that_differ_in_a_word_or_number_do_not_join(one: str, other: str) -> None:
    bare = replace(PAPER, pages="", issue="")
    assert judged(replace(bare, title=one), replace(bare, title=other)).verdict is not Verdict.JOIN


def test_a_title_in_two_languages_joins_on_its_whole_place() -> None:
    german = replace(PAPER, title="Radiomik von Wirbelsäulenmetastasen sagt Mutationen voraus")
    assert judged(PAPER, german).verdict is Verdict.JOIN


def test_two_titles_in_one_language_on_the_same_pages_are_left_to_a_person() -> None:
    assert judged(PAPER, replace(PAPER, title=OTHER)).verdict is Verdict.ASK


def test_template_papers_on_one_page_range_of_two_issues_do_not_join() -> None:
    one = replace(PAPER, authors=AUTHORS[:1], pages="35-42", issue="1")
    assert judged(one, replace(one, title=OTHER, issue="2")).verdict is not Verdict.JOIN
    assert judged(replace(one, issue=""), replace(one, title=OTHER, issue="")).verdict is not Verdict.JOIN


def test_online_first_joins_its_final_form_in_one_year_and_asks_across_two() -> None:
    early = replace(PAPER, volume="", issue="", pages="")
    assert judged(early, PAPER).verdict is Verdict.JOIN
    assert judged(replace(early, year=2022), PAPER).verdict is Verdict.ASK


def test_a_letter_and_its_reply_under_one_title_are_asked_about_as_such() -> None:
    letter = replace(PAPER, pages="690-1")
    reply = replace(letter, authors=(Author("Kluin", "H"),), pages="691-2")
    found = judged(letter, reply)
    assert (found.verdict, found.kind) == (Verdict.ASK, Kind.REPLY)
    assert "reply-to" in explain(found)


def test_an_erratum_that_names_its_article_is_related_for_certain() -> None:
    notice = replace(PAPER, title=f"{TITLE} (vol 33, pg 2511, 2023)", volume="34", pages="12", year=2024)
    found = judged(PAPER, notice)
    assert (found.verdict, found.relation, found.kind) == (Verdict.APART, Relation.RELATED, Kind.CORRECTION)


def test_an_erratum_that_does_not_is_asked_about() -> None:
    notice = replace(PAPER, title=f"Erratum to: {TITLE}", pages="12")
    found = judged(PAPER, notice)
    assert (found.verdict, found.kind) == (Verdict.ASK, Kind.CORRECTION)


def test_versions_of_a_cochrane_review_are_related_and_never_one() -> None:
    first = replace(PAPER, doi="10.1002/14651858.cd003316.pub2", pages="CD003316", volume="", issue="")
    found = judged(first, replace(first, doi="10.1002/14651858.cd003316.pub3"))
    assert (found.verdict, found.relation, found.kind) == (Verdict.APART, Relation.RELATED, Kind.VERSION)


def test_a_preprint_and_its_article_are_asked_about_as_such() -> None:
    found = judged(PAPER, replace(BARE, journal="medRxiv", doi="10.1101/2023.01.01"))
    assert (found.verdict, found.kind) == (Verdict.ASK, Kind.PREPRINT)


def test_the_same_words_in_two_journals_are_asked_about_as_one_text() -> None:
    found = judged(PAPER, replace(PAPER, journal="Spine", volume="7", pages="1-9", issue="2"))
    assert (found.verdict, found.kind) == (Verdict.ASK, Kind.SAME_TEXT)


def test_one_registration_seen_through_two_portals_is_one() -> None:
    trial = {Number.TRIAL: ("NCT00000001",)}
    portal = Citation(
        f"{TITLE} (India)", year=2009, journal="https://trialsearch.who int/ ICTRP", numbers=trial
    )
    register = Citation(
        TITLE, year=2009, journal="https://clinicaltrials.gov/show/NCT00000001", numbers=trial
    )
    assert judged(portal, register).verdict is Verdict.JOIN


def test_what_a_record_does_not_tell_is_worth_nothing() -> None:
    found = judged(Citation(TITLE), Citation(TITLE, abstract="Background. " * 20, year=2023))
    assert found.score == FINDINGS["title same"][0]
    assert [weight.field for weight in found.findings] == ["title"]


def test_the_table_of_weights_adds_up_to_the_score() -> None:
    found = judged(PAPER, replace(PAPER, doi="10.5555/a", year=2024, pages="2512-2522"))
    assert sum(weight.points for weight in found.findings) == found.score
    assert all(weight.seen for weight in found.findings)


def test_other_weights_give_other_verdicts() -> None:
    early = ready(replace(PAPER, volume="", issue="", pages=""), 2)
    lenient = compare(ready(PAPER), early)
    strict = compare(ready(PAPER), early, weights=Weights(WEIGHTS.points, join=99, ask=98))
    assert (lenient.verdict, strict.verdict) == (Verdict.JOIN, Verdict.APART)


def test_an_explanation_says_the_verdict_and_both_sides() -> None:
    found = judged(PAPER, replace(PAPER, pages="2530-2541"))
    assert explain(found) == (
        "left to a person, perhaps related (same-text): the same title, the same authors, the same journal, "
        "the same year, the same volume, the same issue, but they stand on other pages"
    )
    assert explain(judged(Citation(TITLE), Citation(TITLE))) == (
        "one report: the same title, although too little tells where they were printed"
    )


records = st.builds(
    Citation,
    title=st.sampled_from([TITLE, TITLE.upper(), f"Erratum: {TITLE}", OTHER, "Editorial", "", f"[{TITLE}]"]),
    authors=st.sampled_from([AUTHORS, AUTHORS[:1], (Author("Lee", "A"),), ()]),
    year=st.sampled_from([None, 2022, 2023]),
    journal=st.sampled_from(["", "European Radiology", "Eur Radiol", "medRxiv"]),
    volume=st.sampled_from(["", "33", "34"]),
    issue=st.sampled_from(["", "4", "Suppl 1"]),
    pages=st.sampled_from(["", "2511-22", "S14", "iii", "t-22"]),
    doi=st.sampled_from([None, "10.5555/a", "10.5555/b"]),
    pmid=st.sampled_from([None, "11", "12"]),
)


@settings(max_examples=200, deadline=None)
@given(records, records)
def test_the_order_of_two_records_makes_no_difference_and_two_pubmed_numbers_never_join(
    one: Citation, other: Citation
) -> None:
    a, b = ready(one), ready(other, 2)
    found = compare(a, b)
    assert compare(b, a) == found
    assert explain(found)
    if one.pmid and other.pmid and one.pmid != other.pmid:
        assert found.verdict is not Verdict.JOIN
    assert (found.relation is Relation.SAME) == (found.verdict is Verdict.JOIN)


@settings(max_examples=100, deadline=None)
@given(records)
def test_a_row_with_a_title_of_its_own_joins_its_copy(one: Citation) -> None:
    a = ready(one)
    if a.title.run and not a.title.generic:
        assert compare(a, ready(one, 2)).verdict is Verdict.JOIN
