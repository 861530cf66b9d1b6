"""The engine on the labelled hard cases: the hard line is never crossed, and what falls short is listed here."""

from __future__ import annotations

from collections import defaultdict

import pytest

from curation.dedupe.batch import deduplicate, shared_dois
from curation.dedupe.compare import Verdict, compare
from curation.dedupe.entry import Entry, prepare
from tests.unit.hard_cases import Expected, HardCase, hard_cases

CASES = hard_cases()

# One report, but left to a person: no place in print, and not the same year or no journal.
ASKED = {"online-first-no-id", "dissertation-twice"}
# Related, but not suggested as such: other titles, or many years apart, or editions of a book.
UNSUGGESTED = {
    "suffix-reprinted-from",
    "retracted-and-republished",
    "preprint-retitled",
    "abstract-and-paper-other-title",
    "journal-in-two-languages",
    "book-two-editions",
    "book-chapter-two-editions",
}


def named(*expected: Expected) -> list[object]:
    return [pytest.param(case, id=case.id) for case in CASES if case.expected in expected]


def entries(case: HardCase, first: int = 1) -> list[Entry]:
    return [Entry(n, n, labelled.citation) for n, labelled in enumerate(case.records, first)]


@pytest.mark.parametrize("case", named(*Expected))
def test_no_join_loses_a_report(case: HardCase) -> None:
    found = deduplicate(entries(case))
    assert case.may_join or len(set(found.report.values())) == len(case.records)


@pytest.mark.parametrize("case", named(Expected.SAME))
def test_one_report_is_joined_or_known_to_be_asked_about(case: HardCase) -> None:
    found = deduplicate(entries(case))
    if case.id in ASKED:
        assert found.queue
    else:
        assert set(found.report.values()) == {1}


@pytest.mark.parametrize("case", named(Expected.RELATED))
def test_related_reports_are_suggested_as_what_they_are(case: HardCase) -> None:
    prepared = [prepare(entry) for entry in entries(case)]
    shared = shared_dois(prepared)
    kinds = {compare(a, b, shared).kind for n, a in enumerate(prepared) for b in prepared[n + 1 :]}
    assert case.relation is not None
    assert (kinds == {case.relation.value}) != (case.id in UNSUGGESTED)


@pytest.mark.parametrize("case", named(Expected.DIFFERENT))
def test_different_reports_are_told_apart_without_asking(case: HardCase) -> None:
    found = deduplicate(entries(case))
    assert (len(set(found.report.values())), found.queue) == (len(case.records), ())


def test_all_cases_in_one_heap_come_out_as_each_by_itself() -> None:
    heap: list[Entry] = []
    of: dict[int, HardCase] = {}
    for case in CASES:
        more = entries(case, len(heap) + 1)
        heap += more
        of |= {entry.record: case for entry in more}
    found = deduplicate(heap)
    members = defaultdict(list)
    for record, report in found.report.items():
        members[report].append(record)
    for together in members.values():
        assert len({of[record].id for record in together}) == 1
    assert {of[q.left].id == of[q.right].id for q in found.queue} == {True}


def test_the_lists_of_shortcomings_name_real_cases() -> None:
    assert {case.id for case in CASES} >= ASKED | UNSUGGESTED


def test_most_pairs_that_a_person_must_see_are_asked_about() -> None:
    cases = [case for case in CASES if case.expected is Expected.ASK]
    verdicts = [{compare(prepare(a), prepare(b)).verdict for a, b in [entries(case)[:2]]} for case in cases]
    assert sum(Verdict.ASK in found for found in verdicts) >= len(cases) // 2
