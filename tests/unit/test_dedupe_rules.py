"""What identifiers alone may decide, and how people's judgements and the rules' come together in reports."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.dedupe.batch import Deduplicated, deduplicate
from curation.dedupe.compare import Comparison, Verdict
from curation.dedupe.entry import Entry
from curation.dedupe.solve import Link
from curation.model import Citation, Relation

TITLE = "Radiomics of spinal metastases predicts EGFR mutation: a two-centre study"
OTHER = "Deep learning for vertebral fractures in osteoporosis"
DOI = "10.5555/spine.1"
quick = settings(max_examples=120, deadline=None)


def record(number: int, title: str = TITLE, *, pmid: str | None = None, doi: str | None = None) -> Entry:
    return Entry(number, number, Citation(title, pmid=pmid, doi=doi))


def only(*records: Entry) -> Comparison:
    (found,) = deduplicate(records).compared
    return found


def reports(found: Deduplicated) -> dict[int, set[int]]:
    return {r: {n for n in found.report if found.report[n] == r} for r in set(found.report.values())}


def said(left: int, right: int, relation: Relation = Relation.SAME) -> Link:
    return Link(left, right, relation, by_person=True)


def test_the_same_pubmed_number_is_the_same_report() -> None:
    found = only(record(4, pmid="11"), record(2, pmid="11"))
    assert (found.left, found.right, found.verdict) == (2, 4, Verdict.JOIN)


def test_the_same_pubmed_number_under_another_title_is_left_to_a_person() -> None:
    assert only(record(1, pmid="11"), record(2, OTHER, pmid="11")).verdict is Verdict.ASK


@pytest.mark.parametrize(
    "spelling",
    [
        TITLE,
        TITLE.upper() + ".",
        TITLE.replace(":", " -"),
        TITLE.replace("two-centre", "two center"),
        TITLE.replace(":", " —").replace("EGFR", "egfr"),
        f"[{TITLE}]",
        TITLE.replace("metastases", "metastasés"),
    ],
)
def test_the_same_doi_and_a_title_spelt_otherwise_is_the_same_report(spelling: str) -> None:
    assert only(record(1, doi=DOI), record(2, spelling, doi=DOI)).verdict is Verdict.JOIN


def test_a_pubmed_number_on_one_side_only_does_not_hinder_a_doi() -> None:
    assert only(record(1, doi=DOI, pmid="11"), record(2, doi=DOI)).verdict is Verdict.JOIN


def test_another_title_under_the_same_doi_joins_nothing() -> None:
    assert reports(deduplicate([record(1, doi=DOI), record(2, OTHER, doi=DOI)])) == {1: {1}, 2: {2}}


def test_one_doi_with_two_pubmed_numbers_is_left_to_a_person_though_the_titles_agree() -> None:
    assert only(record(1, doi=DOI, pmid="11"), record(2, doi=DOI, pmid="12")).verdict is Verdict.ASK


def test_two_copies_of_a_supplement_find_each_other_abstract_by_abstract() -> None:
    titles = [f"{'abcdefgh'[n] * 30} in an invented cohort" for n in range(8)]
    first = [record(n, title, doi=DOI) for n, title in enumerate(titles, 1)]
    second = [record(n + 100, title.upper(), doi=DOI) for n, title in enumerate(titles, 1)]
    assert reports(deduplicate([*first, *second])) == {n: {n, n + 100} for n in range(1, 9)}


@pytest.mark.parametrize("empty", ["", "...", "—"])
def test_a_record_without_a_title_is_never_the_hub_of_two_works(empty: str) -> None:
    found = deduplicate([record(1, empty, pmid="11"), record(2, pmid="11"), record(3, OTHER, pmid="11")])
    assert found.report[2] != found.report[3]


@pytest.mark.parametrize("empty", ["", "..."])
def test_a_doi_without_a_title_to_compare_joins_nothing(empty: str) -> None:
    found = deduplicate([record(1, empty, doi=DOI), record(2, doi=DOI)])
    assert reports(found) == {1: {1}, 2: {2}}
    assert len(found.queue) == 1


collections = st.lists(
    st.builds(
        record,
        st.integers(1, 40),
        st.sampled_from([TITLE, TITLE.upper(), OTHER, "", "..."]),
        pmid=st.sampled_from([None, "11", "12"]),
        doi=st.sampled_from([None, DOI, "10.5555/spine.2"]),
    ),
    max_size=10,
    unique_by=lambda entry: entry.record,
)


@quick
@given(collections)
def test_rules_never_join_two_pubmed_numbers_or_two_titles(records: list[Entry]) -> None:
    by_number = {entry.record: entry.citation for entry in records}
    for members in reports(deduplicate(records)).values():
        joined = [by_number[number] for number in members]
        assert len({c.pmid for c in joined if c.pmid}) <= 1
        assert len({c.title.casefold() for c in joined if c.title.strip(".")}) <= 1


@pytest.mark.parametrize("relation", [Relation.DIFFERENT, Relation.RELATED])
def test_what_a_person_keeps_apart_stays_apart_through_any_chain(relation: Relation) -> None:
    chain = [record(n, doi=DOI) for n in range(1, 5)]
    found = deduplicate(chain, [said(1, 4, relation)])
    assert found.report[1] != found.report[4]


def test_one_person_s_judgement_against_another_s_is_refused_and_told() -> None:
    texts = [record(n, f"{'abc'[n - 1] * 30} in one") for n in range(1, 4)]
    found = deduplicate(texts, [said(1, 2), said(2, 3), said(1, 3, Relation.DIFFERENT)])
    assert reports(found) == {1: {1, 2}, 3: {3}}
    assert [(r.left, r.right) for r in found.refused] == [(2, 3)]


def test_a_person_may_join_two_pubmed_numbers_and_their_other_records_follow() -> None:
    records = [
        record(1, pmid="11"),
        record(2, OTHER, pmid="12"),
        record(3, pmid="11"),
        record(4, OTHER, pmid="12"),
    ]
    assert reports(deduplicate(records, [said(1, 2)])) == {1: {1, 2, 3, 4}}


history = st.lists(
    st.builds(said, st.integers(1, 8), st.integers(1, 8), st.sampled_from(Relation)).filter(
        lambda link: link.left < link.right
    ),
    max_size=14,
    unique_by=lambda link: (link.left, link.right),
)


@quick
@given(history)
def test_whatever_was_judged_reports_are_sound_and_every_refusal_is_told(judged: list[Link]) -> None:
    found = deduplicate([record(n, f"{'abcdefgh'[n - 1] * 30} in one") for n in range(1, 9)], judged)
    assert set(found.report) == set(range(1, 9))
    assert all(min(members) == report for report, members in reports(found).items())
    refused = {(r.left, r.right) for r in found.refused}
    for link in judged:
        together = found.report[link.left] == found.report[link.right]
        if link.relation is Relation.SAME:
            assert together != ((link.left, link.right) in refused)
        elif link.relation is not Relation.UNSURE:
            assert not together
