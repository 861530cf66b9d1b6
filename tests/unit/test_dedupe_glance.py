"""Candidates are only glanced at until they are worth comparing; the glance must say what the whole record says."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from curation.dedupe.batch import is_worth_comparing
from curation.dedupe.entry import Entry, Prepared, prepare
from curation.model import Citation
from tests.unit.hard_cases import hard_cases


def glanced(citation: Citation) -> Citation:
    """What the store reads of a candidate: title, volume, pages and identifiers."""
    return Citation(
        citation.title,
        volume=citation.volume,
        pages=citation.pages,
        doi=citation.doi,
        pmid=citation.pmid,
        pmcid=citation.pmcid,
        title_given=citation.title_given,
        numbers=citation.numbers,
    )


def pairs(full: list[Prepared], short: list[Prepared]) -> list[tuple[bool, bool]]:
    places = combinations(range(len(full)), 2)
    return [(is_worth_comparing(full[a], full[b]), is_worth_comparing(short[a], short[b])) for a, b in places]


def test_a_glance_at_two_records_says_whether_they_are_worth_comparing() -> None:
    seen = []
    for case in hard_cases():
        entries = [Entry(n, n, labelled.citation) for n, labelled in enumerate(case.records, 1)]
        full = [prepare(entry) for entry in entries]
        short = [prepare(replace(entry, citation=glanced(entry.citation))) for entry in entries]
        seen += pairs(full, short)
    assert {whole for whole, _ in seen} == {True, False}
    assert [whole for whole, _ in seen] == [short for _, short in seen]
