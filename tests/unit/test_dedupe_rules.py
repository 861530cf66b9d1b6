"""Rules over pairs of records, and reports that never join what must stay apart."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.dedupe.clusters import Clusters, Link, Refusal, clusters
from curation.dedupe.compare import Identified, Pair, pairs
from curation.model import Relation

TITLE = "Radiomics of spinal metastases predicts EGFR mutation: a two-centre study"
OTHER = "Deep learning for vertebral fractures in osteoporosis"
DOI = "10.5555/spine.1"
quick = settings(max_examples=120, deadline=None)


def record(number: int, title: str = TITLE, *, pmid: str | None = None, doi: str | None = None) -> Identified:
    return Identified(number, pmid, doi, title)


def only(*records: Identified) -> Pair:
    (found,) = pairs(records)
    return found


def test_records_without_a_common_identifier_are_not_judged() -> None:
    assert pairs([record(1, pmid="11"), record(2, pmid="12"), record(3, doi=DOI), record(4)]) == ()


def test_the_same_pubmed_number_is_the_same_report() -> None:
    found = only(record(4, pmid="11"), record(2, pmid="11"))
    assert found == Pair(2, 4, Relation.SAME, "same PubMed number 11")


def test_the_same_pubmed_number_under_another_title_is_left_to_a_person() -> None:
    found = only(record(1, pmid="11"), record(2, OTHER, pmid="11"))
    assert (found.relation, found.evidence) == (
        Relation.UNSURE,
        "both say PubMed number 11, but their titles differ",
    )


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
    found = only(record(1, doi=DOI), record(2, spelling, doi=DOI))
    assert found == Pair(1, 2, Relation.SAME, f"same DOI {DOI} and the same title")


def test_a_pubmed_number_on_one_side_only_does_not_hinder_a_doi() -> None:
    assert only(record(1, doi=DOI, pmid="11"), record(2, doi=DOI)).relation is Relation.SAME


def test_another_title_under_the_same_doi_is_left_to_a_person() -> None:
    found = only(record(1, doi=DOI), record(2, OTHER, doi=DOI))
    assert found == Pair(1, 2, Relation.UNSURE, f"same DOI {DOI}, but their titles differ")


def test_one_doi_with_two_pubmed_numbers_is_left_to_a_person_though_the_titles_agree() -> None:
    found = only(record(1, doi=DOI, pmid="11"), record(2, doi=DOI, pmid="12"))
    assert found == Pair(1, 2, Relation.UNSURE, f"same DOI {DOI}, but two PubMed numbers (11, 12)")


def test_a_pair_is_judged_once_and_the_pubmed_number_comes_first() -> None:
    assert only(record(1, doi=DOI, pmid="11"), record(2, doi=DOI, pmid="11")).evidence.startswith(
        "same PubMed"
    )


def test_a_supplement_s_doi_gives_a_number_of_pairs_that_grows_with_its_records_and_not_their_square() -> (
    None
):
    words = ["spine", "lung", "breast", "kidney", "thyroid", "prostate", "liver", "skin"]
    abstracts = [
        record(
            n, f"{words[n % 8]} {words[n // 8 % 8]} {words[n // 64]} {'x' * (n % 50)} number {n * n}", doi=DOI
        )
        for n in range(1, 401)
    ]
    found = pairs(abstracts)
    assert 300 < len(found) < 400
    assert {pair.right for pair in found} <= set(range(2, 401))
    assert max(Counter(pair.right for pair in found).values()) == 1


def test_two_copies_of_a_supplement_find_each_other_abstract_by_abstract() -> None:
    titles = [f"{'abcdefgh'[n] * 30} in an invented cohort" for n in range(8)]
    first = [record(n, title, doi=DOI) for n, title in enumerate(titles, 1)]
    second = [record(n + 100, title.upper(), doi=DOI) for n, title in enumerate(titles, 1)]
    same = {(p.left, p.right) for p in pairs([*first, *second]) if p.relation is Relation.SAME}
    assert same == {(n, n + 100) for n in range(1, 9)}


@pytest.mark.parametrize("empty", ["", "...", "—"])
def test_a_record_without_a_title_is_never_the_hub_of_two_works(empty: str) -> None:
    hub = record(1, empty, pmid="11")
    found = pairs([hub, record(2, pmid="11"), record(3, OTHER, pmid="11")])
    assert {(p.left, p.right, p.relation) for p in found} == {
        (1, 2, Relation.UNSURE),
        (2, 3, Relation.UNSURE),
    }
    assert (
        pairs([hub, record(2, pmid="11")])[0].evidence == "same PubMed number 11"
    )  # one work: nothing to confuse


@pytest.mark.parametrize("empty", ["", "..."])
def test_a_doi_without_a_title_to_compare_joins_nothing(empty: str) -> None:
    found = pairs([record(1, empty, doi=DOI), record(2, doi=DOI), record(3, "?", doi=DOI)])
    assert {p.relation for p in found} == {Relation.UNSURE}
    assert all("one has no title to compare" in p.evidence for p in found)


identified = st.builds(
    Identified,
    record=st.integers(1, 40),
    pmid=st.sampled_from([None, "11", "12"]),
    doi=st.sampled_from([None, DOI, "10.5555/spine.2"]),
    title=st.sampled_from([TITLE, TITLE.upper(), OTHER, "", "..."]),
)
collections = st.lists(identified, max_size=10, unique_by=lambda r: r.record)


@quick
@given(st.data(), collections)
def test_judgements_do_not_depend_on_the_order_of_records(
    data: st.DataObject, records: list[Identified]
) -> None:
    found = pairs(records)
    assert pairs(data.draw(st.permutations(records))) == found
    assert all(p.left < p.right for p in found)
    assert len({(p.left, p.right) for p in found}) == len(found)


@quick
@given(collections)
def test_rules_never_join_two_pubmed_numbers_or_two_titles(records: list[Identified]) -> None:
    pmids = {r.record: r.pmid for r in records if r.pmid}
    links = [Link(p.left, p.right, p.relation, by_person=False) for p in pairs(records)]
    report = clusters([r.record for r in records], links, pmids).report
    for number in set(report.values()):
        members = [r for r in records if report[r.record] == number]
        assert len({r.pmid for r in members if r.pmid}) <= 1
        assert len({r.title.casefold() for r in members if r.title.strip(".")}) <= 1


def same(left: int, right: int, *, person: bool = False) -> Link:
    return Link(left, right, Relation.SAME, person)


def judged(left: int, right: int, relation: Relation) -> Link:
    return Link(left, right, relation, by_person=True)


def reports(found: Clusters) -> dict[int, set[int]]:
    together: dict[int, set[int]] = {}
    for member, report in found.report.items():
        together.setdefault(report, set()).add(member)
    return together


def test_a_report_bears_the_number_of_its_lowest_record() -> None:
    found = clusters([9, 4, 7, 2, 5], [same(7, 9), same(4, 7), same(2, 5)], {})
    assert reports(found) == {4: {4, 7, 9}, 2: {2, 5}}
    assert found.refused == ()


def test_a_record_nobody_judged_is_a_report_of_its_own() -> None:
    unsure = Link(1, 2, Relation.UNSURE, by_person=False)
    assert reports(clusters([1, 2, 3], [unsure], {})) == {1: {1}, 2: {2}, 3: {3}}


@pytest.mark.parametrize("relation", [Relation.DIFFERENT, Relation.RELATED])
def test_what_a_person_keeps_apart_stays_apart_through_any_chain(relation: Relation) -> None:
    chain = [same(1, 2), same(2, 3), same(3, 4)]
    found = clusters([1, 2, 3, 4], [*chain, judged(1, 4, relation)], {})
    assert reports(found) == {1: {1, 2, 3}, 4: {4}}
    assert found.refused == (Refusal(3, 4, "a person judged records 1 and 4 to be different"),)


def test_one_person_s_judgement_against_another_s_is_refused_and_told() -> None:
    people = [same(1, 2, person=True), same(2, 3, person=True), judged(1, 3, Relation.DIFFERENT)]
    found = clusters([1, 2, 3], people, {})
    assert reports(found) == {1: {1, 2}, 3: {3}}
    assert found.refused == (Refusal(2, 3, "a person judged records 1 and 3 to be different"),)


def test_a_rule_that_says_different_keeps_nothing_apart() -> None:
    rule = Link(1, 3, Relation.DIFFERENT, by_person=False)
    assert reports(clusters([1, 2, 3], [same(1, 2), same(2, 3), rule], {})) == {1: {1, 2, 3}}


def test_a_union_that_would_give_a_report_two_pubmed_numbers_is_refused_and_told() -> None:
    found = clusters([1, 2, 3], [same(1, 2), same(2, 3)], {1: "11", 3: "13"})
    assert reports(found) == {1: {1, 2}, 3: {3}}
    assert found.refused == (Refusal(2, 3, "the joined report would have 2 PubMed numbers: 11, 13"),)


def test_a_person_may_join_two_pubmed_numbers_and_their_other_records_follow() -> None:
    pmids = {1: "11", 2: "12", 3: "11", 4: "12", 5: "15"}
    links = [same(1, 2, person=True), same(1, 3), same(2, 4), same(2, 5)]
    found = clusters([1, 2, 3, 4, 5], links, pmids)
    assert reports(found) == {1: {1, 2, 3, 4}, 5: {5}}
    assert found.refused == (Refusal(2, 5, "the joined report would have 3 PubMed numbers: 11, 12, 15"),)


links = st.builds(
    Link, st.integers(1, 8), st.integers(1, 8), st.sampled_from(Relation), st.booleans()
).filter(lambda link: link.left < link.right)
histories = st.lists(links, max_size=14, unique_by=lambda link: (link.left, link.right))
numbers = st.dictionaries(st.integers(1, 8), st.sampled_from(["11", "12"]), max_size=5)


@quick
@given(st.data(), histories, numbers)
def test_reports_do_not_depend_on_the_order_of_judgements_or_records(
    data: st.DataObject, history: list[Link], pmids: dict[int, str]
) -> None:
    found = clusters(range(1, 9), history, pmids)
    shuffled = data.draw(st.permutations(history))
    assert clusters(data.draw(st.permutations(range(1, 9))), shuffled, pmids) == found


@quick
@given(histories, numbers)
def test_whatever_was_judged_reports_are_sound_and_every_refusal_is_told(
    history: list[Link], pmids: dict[int, str]
) -> None:
    found = clusters(range(1, 9), history, pmids)
    assert set(found.report) == set(range(1, 9))
    assert all(min(members) == report for report, members in reports(found).items())
    refused = {(r.left, r.right) for r in found.refused}
    for link in history:
        together = found.report[link.left] == found.report[link.right]
        if link.relation is Relation.SAME:
            assert together != ((link.left, link.right) in refused)
        elif link.by_person and link.relation is not Relation.UNSURE:
            assert not together
    only_rules = [replace(link, by_person=False) for link in history]
    of_rules = clusters(range(1, 9), only_rules, pmids)
    for members in reports(of_rules).values():
        assert len({pmids[m] for m in members if m in pmids}) <= 1
