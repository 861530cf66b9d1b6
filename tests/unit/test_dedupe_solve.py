"""Reports from comparisons: no order matters, people are never overruled, and no report holds what must stay apart."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.dedupe.batch import Deduplicated, candidates, comparisons, components, deduplicate, shared_dois
from curation.dedupe.compare import compare
from curation.dedupe.entry import Entry, prepare
from curation.dedupe.keys import CROWD, keys
from curation.dedupe.relations import Kind
from curation.dedupe.solve import Link, Solution, solve
from curation.model import Author, Citation, Relation

TITLE = "Radiomics of spinal metastases predicts EGFR mutation: a two-centre study"
OTHER = "Deep learning for vertebral fractures in osteoporosis"
AUTHORS = (Author("Marchetti", "GL"), Author("Okonkwo", "C"), Author("Tran", "TH"))
PAPER = Citation(
    TITLE, authors=AUTHORS, year=2023, journal="European Radiology", volume="33", issue="4", pages="2511-2522"
)
WORDS = ("lung", "breast", "kidney", "thyroid", "prostate", "liver", "skin", "colon")
SUPPLEMENT = [
    Citation(
        f"{first} and {second} metastases under {third} treatment {n}", year=2020, doi="10.5555/supplement"
    )
    for n, (first, second, third) in enumerate(product(WORDS, WORDS, ("early", "late", "no")))
]
quick = settings(max_examples=60, deadline=None)


def entries(*citations: Citation) -> list[Entry]:
    return [Entry(number, 0, citation) for number, citation in enumerate(citations, 1)]


def reports(found: Deduplicated | Solution) -> set[frozenset[int]]:
    return {
        frozenset(r for r, report in found.report.items() if report == name) for name in found.report.values()
    }


def by_person(left: int, right: int, relation: Relation) -> Link:
    return Link(left, right, relation, by_person=True)


def test_a_file_imported_twice_gives_every_report_once() -> None:
    papers = [
        replace(PAPER, title=f"{TITLE} {word}", pages=f"{n}00-{n}09") for n, word in enumerate(WORDS, 1)
    ]
    found = deduplicate(entries(*papers, *papers))
    assert reports(found) == {frozenset((n, n + 8)) for n in range(1, 9)}
    assert found.queue == ()


def test_prefix_and_case_of_a_doi_leave_no_copy_behind() -> None:
    dois = ["10.5555/a", "10.5555/A", "10.5555/a."]
    bare = [Citation(TITLE, authors=AUTHORS, year=2020 + n, doi=doi) for n, doi in enumerate(dois)]
    assert reports(deduplicate(entries(*bare))) == {frozenset((1, 2, 3))}


def test_a_record_without_title_never_joins_two_papers_of_its_issue() -> None:
    issue = replace(PAPER, title="", authors=(), pages="")
    papers = [replace(PAPER, title=t, pages=p) for t, p in ((TITLE, "2511-2522"), (OTHER, "2530-2541"))]
    found = deduplicate(entries(issue, *papers, issue))
    assert len(reports(found)) == 4


def test_a_record_that_fits_two_reports_with_two_pubmed_numbers_joins_one_and_the_other_is_not_asked_again() -> (
    None
):
    thin = replace(PAPER, issue="")
    found = deduplicate(entries(replace(PAPER, pmid="11"), thin, replace(PAPER, pmid="12")))
    assert frozenset((1, 2, 3)) not in reports(found)
    assert len(reports(found)) == 2
    assert len(found.refused) == 1
    assert "PubMed numbers" in found.refused[0].because


def test_a_thin_record_does_not_chain_two_texts_on_other_pages() -> None:
    thin = replace(PAPER, pages="", volume="", issue="")
    far = replace(PAPER, pages="900-911", volume="34", issue="1")
    found = deduplicate(entries(PAPER, thin, far))
    assert frozenset((1, 2, 3)) not in reports(found)
    assert [2 in (q.left, q.right) for q in found.queue] == [
        True
    ]  # the thin record, and the text it is not joined to


def test_what_a_person_keeps_apart_stays_apart_and_is_not_asked_again() -> None:
    same = entries(PAPER, PAPER, replace(PAPER, issue=""))
    for relation in (Relation.DIFFERENT, Relation.RELATED):
        found = deduplicate(same, [by_person(1, 2, relation)])
        assert frozenset((1, 2)) not in {frozenset(r) & {1, 2} for r in reports(found)}
        assert found.queue == ()
        assert any("a person judged records 1 and 2" in refusal.because for refusal in found.refused)


def test_what_a_person_joins_is_one_report_against_every_rule() -> None:
    apart = entries(
        replace(PAPER, pmid="11"), replace(PAPER, title=f"Erratum: {TITLE}", pmid="12", pages="9")
    )
    assert len(reports(deduplicate(apart))) == 2
    assert reports(deduplicate(apart, [by_person(1, 2, Relation.SAME)])) == {frozenset((1, 2))}


def test_a_person_who_is_unsure_is_not_joined_over_and_the_question_stays() -> None:
    found = deduplicate(entries(PAPER, PAPER), [by_person(1, 2, Relation.UNSURE)])
    assert len(reports(found)) == 2
    assert [(q.left, q.right) for q in found.queue] == [(1, 2)]


def test_two_people_against_each_other_are_told() -> None:
    people = [
        by_person(1, 2, Relation.SAME),
        by_person(2, 3, Relation.SAME),
        by_person(1, 3, Relation.DIFFERENT),
    ]
    found = deduplicate(entries(PAPER, replace(PAPER, title=OTHER), replace(PAPER, year=1990)), people)
    assert frozenset((1, 2, 3)) not in reports(found)
    assert [(r.left, r.right) for r in found.refused] == [(2, 3)]


def test_two_reports_are_asked_about_once_however_many_copies_they_have() -> None:
    preprint = Citation(TITLE, authors=AUTHORS, year=2023, journal="medRxiv", doi="10.1101/2023.01.01")
    found = deduplicate(entries(PAPER, PAPER, PAPER, preprint, preprint))
    assert reports(found) == {frozenset((1, 2, 3)), frozenset((4, 5))}
    (question,) = found.queue
    assert (question.kind, question.because.startswith("left to a person")) == (Kind.PREPRINT, True)


def test_sibling_trials_stay_four() -> None:
    arms = [
        f"Rituximab for {age} with {state} lymphoma"
        for age in ("adults", "adolescents")
        for state in ("sensitive", "resistant")
    ]
    found = deduplicate(entries(*(Citation(arm, authors=AUTHORS, year=2012) for arm in arms)))
    assert len(reports(found)) == 4


def test_a_component_solved_by_itself_comes_out_as_in_the_whole() -> None:
    papers = entries(
        PAPER, PAPER, replace(PAPER, title=OTHER, pages="1-9"), replace(PAPER, title=OTHER, pages="1-9")
    )
    prepared = {entry.record: prepare(entry) for entry in papers}
    found = comparisons(prepared, candidates(prepared.values()))
    whole = solve(prepared.values(), found)
    for component in components((c.left, c.right) for c in found):
        part = solve([prepared[r] for r in component], [c for c in found if c.left in component])
        assert part.report == {record: whole.report[record] for record in component}


def test_new_records_come_to_the_same_as_all_at_once() -> None:
    old = entries(PAPER, replace(PAPER, title=OTHER, pages="1-9"))
    new = [
        Entry(3, 1, replace(PAPER, title=TITLE.upper(), journal="Eur Radiol")),
        Entry(4, 1, replace(PAPER, title="Zinc")),
    ]
    prepared = {entry.record: prepare(entry) for entry in (*old, *new)}
    table = {key: record for record in (1, 2) for key in keys(prepared[record])}
    hits = {(table[key], record) for record in (3, 4) for key in keys(prepared[record]) if key in table}
    shared = shared_dois(prepared.values())
    found = [compare(prepared[a], prepared[b], shared) for a, b in hits]
    assert (
        solve(prepared.values(), found).report == deduplicate([*old, *new]).report == {1: 1, 2: 2, 3: 1, 4: 4}
    )


def test_a_supplement_s_doi_over_hundreds_of_abstracts_stays_linear() -> None:
    assert len(SUPPLEMENT) > 3 * CROWD
    prepared = [
        prepare(entry) for entry in entries(*(replace(c, title=str(n)) for n, c in enumerate(SUPPLEMENT)))
    ]
    assert len(candidates(prepared)) < 3 * len(SUPPLEMENT)


def test_two_copies_under_a_crowded_doi_find_each_other() -> None:
    found = deduplicate(entries(*SUPPLEMENT, *SUPPLEMENT))
    many = len(SUPPLEMENT)
    assert reports(found) == {frozenset((n, n + many)) for n in range(1, many + 1)}


def test_no_records_are_no_reports() -> None:
    assert deduplicate([]) == Deduplicated({}, (), (), ())


citations = st.builds(
    Citation,
    title=st.sampled_from(
        [TITLE, TITLE.upper(), f"{TITLE} - reply", f"[{TITLE}]", OTHER, "Editorial", "", TITLE[:40]]
    ),
    authors=st.sampled_from([AUTHORS, AUTHORS[:1], (Author("Lee", "A"), Author("Hu", "Y")), ()]),
    year=st.sampled_from([None, 2022, 2023]),
    journal=st.sampled_from(["", "European Radiology", "Eur Radiol", "medRxiv"]),
    volume=st.sampled_from(["", "33", "34"]),
    issue=st.sampled_from(["", "4"]),
    pages=st.sampled_from(["", "2511-22", "2511", "2530-41"]),
    doi=st.sampled_from([None, None, "10.5555/a", "10.5555/b"]),
    pmid=st.sampled_from([None, None, "11", "12"]),
)
heaps = st.lists(citations, max_size=9).map(lambda found: entries(*found))
relations = st.sampled_from(Relation)


@quick
@given(st.data(), heaps)
def test_shuffling_records_and_judgements_never_changes_anything(
    data: st.DataObject, heap: list[Entry]
) -> None:
    pairs = list(combinations([entry.record for entry in heap], 2))
    chosen = data.draw(st.lists(st.sampled_from(pairs), max_size=3, unique=True)) if pairs else []
    judged = [by_person(a, b, data.draw(relations)) for a, b in chosen]
    found = deduplicate(heap, judged)
    again = deduplicate(data.draw(st.permutations(heap)), data.draw(st.permutations(judged)))
    assert (again.report, again.refused, again.queue) == (found.report, found.refused, found.queue)


@quick
@given(heaps)
def test_no_report_by_rule_has_two_pubmed_numbers_and_no_question_is_about_one_report(
    heap: list[Entry],
) -> None:
    found = deduplicate(heap)
    assert set(found.report) == {entry.record for entry in heap}
    for members in reports(found):
        assert len({heap[r - 1].citation.pmid for r in members} - {None}) <= 1
    asked = [frozenset((found.report[q.left], found.report[q.right])) for q in found.queue]
    assert all(len(two) == 2 for two in asked)
    assert len(set(asked)) == len(asked)


@quick
@given(st.data(), heaps)
def test_people_are_never_overruled(data: st.DataObject, heap: list[Entry]) -> None:
    pairs = list(combinations([entry.record for entry in heap], 2))
    apart = data.draw(st.lists(st.sampled_from(pairs), max_size=3, unique=True)) if pairs else []
    found = deduplicate(heap, [by_person(a, b, Relation.DIFFERENT) for a, b in apart])
    assert all(found.report[a] != found.report[b] for a, b in apart)
    assert not {(q.left, q.right) for q in found.queue} & set(apart)
    together = deduplicate(heap, [by_person(a, b, Relation.SAME) for a, b in apart])
    assert all(together.report[a] == together.report[b] for a, b in apart)


def test_the_benchmark_s_neighbour_is_not_needed_to_deduplicate() -> None:
    assert not {"pandas", "sqlite3"} & _imported_by("curation.dedupe.batch")


def _imported_by(module: str) -> set[str]:
    import subprocess  # noqa: PLC0415 - for this test only

    program = f"import sys, {module}; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("edges", [[(1, 2), (2, 3), (5, 4)], [(4, 5), (3, 2), (2, 1)]])
def test_components_are_what_edges_connect(edges: Sequence[tuple[int, int]]) -> None:
    found: Iterable[tuple[int, ...]] = components(edges)
    assert found == ((1, 2, 3), (4, 5))
