"""Tier 0 and 1 of deduplication: identifiers across sources, a DOI only together with its title.

A PubMed number names one record. A DOI does not: supplements and books share theirs, so a DOI with two
distinct titles, or with two PubMed numbers, is left to a person (McKeown & Mir, Syst Rev 2021;10:38; Hair et
al., BMC Biol 2023;21:189 describe what goes wrong otherwise).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz.fuzz import ratio

from curation.identifiers import folded
from curation.model import Relation

# Titles of one article differ between databases by a subtitle's punctuation or a word's spelling; distinct
# articles of one supplement differ by far more. 0 to 100, rapidfuzz's Indel ratio on folded titles.
SAME_TITLE = 90.0


@dataclass(frozen=True, slots=True)
class Identified:
    """What the rules look at: a record's identifiers and title."""

    record: int
    pmid: str | None
    doi: str | None
    title: str


@dataclass(frozen=True, slots=True)
class Pair:
    """What a rule says of two records (``left`` < ``right``), with its evidence in a sentence."""

    left: int
    right: int
    relation: Relation
    evidence: str


def pairs(records: Iterable[Identified]) -> tuple[Pair, ...]:
    """Judgements by rule over all ``records``, at most one a pair, ordered by record."""
    by_pmid: dict[str, list[Identified]] = defaultdict(list)
    by_doi: dict[str, list[Identified]] = defaultdict(list)
    for record in records:
        if record.pmid:
            by_pmid[record.pmid].append(record)
        if record.doi:
            by_doi[record.doi].append(record)
    found: dict[tuple[int, int], Pair] = {}
    for groups, judge in ((by_pmid, _same_pmid), (by_doi, _same_doi)):
        for group in groups.values():
            for pair in _within(group, judge):
                found.setdefault((pair.left, pair.right), pair)
    return tuple(found[key] for key in sorted(found))


Judge = Callable[[Identified, Identified], Pair]


def _within(group: Sequence[Identified], judge: Judge) -> Iterator[Pair]:
    """Each record against the first of every distinct work in the group, which keeps the pairs linear in a book's DOI.

    Records without a title come last: they fit every work, and must not join two that differ.
    """
    works: list[Identified] = []
    for record in sorted(group, key=lambda r: (not _words(r.title), r.record)):
        judged = [judge(*sorted((first, record), key=lambda r: r.record)) for first in works]
        same = [pair for pair in judged if pair.relation is Relation.SAME]
        if len(same) > 1 and not _words(record.title):
            said = f"{same[0].evidence}, but it fits {len(same)} works and one has no title to compare"
            yield replace(same[0], relation=Relation.UNSURE, evidence=said)
        elif same:
            yield same[0]
        else:
            yield from judged[:1]
            works.append(record)


def _same_pmid(a: Identified, b: Identified) -> Pair:
    if _words(a.title) and _words(b.title) and not _same_title(a, b):
        said = f"both say PubMed number {a.pmid}, but their titles differ"
        return Pair(a.record, b.record, Relation.UNSURE, said)
    return Pair(a.record, b.record, Relation.SAME, f"same PubMed number {a.pmid}")


def _same_doi(a: Identified, b: Identified) -> Pair:
    if a.pmid and b.pmid and a.pmid != b.pmid:
        said = f"same DOI {a.doi}, but two PubMed numbers ({a.pmid}, {b.pmid})"
        return Pair(a.record, b.record, Relation.UNSURE, said)
    if not _words(a.title) or not _words(b.title):
        said = f"same DOI {a.doi}, and one has no title to compare"
        return Pair(a.record, b.record, Relation.UNSURE, said)
    if not _same_title(a, b):
        return Pair(a.record, b.record, Relation.UNSURE, f"same DOI {a.doi}, but their titles differ")
    return Pair(a.record, b.record, Relation.SAME, f"same DOI {a.doi} and the same title")


def _same_title(a: Identified, b: Identified) -> bool:
    return ratio(_words(a.title), _words(b.title), score_cutoff=SAME_TITLE) >= SAME_TITLE


# The supplement of a congress compares thousands of titles with each other.
_words = lru_cache(maxsize=1 << 15)(folded)
