"""Many records at once, for a first import and for benchmarks: candidates, comparisons, reports, questions.

The pieces are usable one by one: an update looks its new records' keys up in the store, compares them with what
shares a key, and solves only the components it touches.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations, pairwise

from rapidfuzz.fuzz import ratio

from curation.dedupe import wording
from curation.dedupe.compare import Comparison, Verdict, compare
from curation.dedupe.entry import Entry, Prepared, prepare, unreliable_issues
from curation.dedupe.keys import CROWD, contents, identifiers
from curation.dedupe.solve import Link, Question, Refusal, solve
from curation.dedupe.weights import WEIGHTS, Weights

_COMPLETE = 40  # records of one component that are all compared with each other


@dataclass(frozen=True, slots=True)
class Deduplicated:
    """Reports of every record, the comparisons that joined or ask, unions refused, and the questions."""

    report: Mapping[int, int]
    compared: tuple[Comparison, ...]
    refused: tuple[Refusal, ...]
    queue: tuple[Question, ...]


def deduplicate(
    entries: Iterable[Entry], judged: Iterable[Link] = (), weights: Weights = WEIGHTS
) -> Deduplicated:
    """Reports of ``entries``, which have distinct record numbers; their order makes no difference."""
    with _uncollected():
        given = sorted(entries, key=lambda entry: entry.record)
        unreliable = unreliable_issues(given)
        prepared = {entry.record: prepare(entry, unreliable) for entry in given}
        found = comparisons(prepared, candidates(prepared.values()), weights)
        solution = solve(prepared.values(), found, judged)
    said = tuple(c for c in found if c.verdict is not Verdict.APART)
    return Deduplicated(solution.report, said, solution.refused, solution.queue)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles: there are none here, and it would walk every record again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def candidates(prepared: Iterable[Prepared]) -> tuple[tuple[int, int], ...]:
    """Pairs of records that share a block key, each once and in order; crowded keys count for identifiers only."""
    by_identifier: dict[str, list[Prepared]] = defaultdict(list)
    by_content: dict[str, list[int]] = defaultdict(list)
    for one in prepared:
        for key in identifiers(one):
            by_identifier[key].append(one)
        for key in set(contents(one)):
            by_content[key].append(one.record)
    found: set[tuple[int, int]] = set()
    for records in by_content.values():
        if 1 < len(records) <= CROWD:
            found.update(combinations(sorted(records), 2))
    for block in by_identifier.values():
        if len(block) <= CROWD:
            found.update(combinations(sorted(p.record for p in block), 2))
        else:
            found.update(_neighbours(block))
    return tuple(sorted(found))


def _neighbours(block: Sequence[Prepared]) -> Iterator[tuple[int, int]]:
    """Pairs under a crowded identifier: each record and the next by title, and all with the first."""
    ordered = sorted(block, key=lambda p: (p.title.run, p.record))
    first = min(p.record for p in block)
    for one, other in pairwise(ordered):
        yield min(one.record, other.record), max(one.record, other.record)
    yield from ((first, p.record) for p in block if p.record != first)


def comparisons(
    prepared: Mapping[int, Prepared], pairs: Iterable[tuple[int, int]], weights: Weights = WEIGHTS
) -> list[Comparison]:
    """Every pair of ``pairs`` compared that can come to something, and all pairs within what they would join."""
    worth = [(a, b) for a, b in pairs if is_worth_comparing(prepared[a], prepared[b])]
    shared = shared_dois(prepared.values())
    found = [compare(prepared[a], prepared[b], shared, weights) for a, b in worth]
    known = set(worth)
    for component in components((c.left, c.right) for c in found if c.verdict is Verdict.JOIN):
        if 2 < len(component) <= _COMPLETE:  # noqa: PLR2004 - two records are compared already
            missing = (pair for pair in combinations(component, 2) if pair not in known)
            found += [compare(prepared[a], prepared[b], shared, weights) for a, b in missing]
    return found


def is_worth_comparing(a: Prepared, b: Prepared) -> bool:
    """Whether two candidates can be one report or related: like titles, one identifier, or one place.

    ``rapidfuzz`` stops a ratio at its cutoff; over arrays (``cpdist``) the same took as long for 20,000 pairs,
    and numpy's import ten times that.
    """
    one, other = a.title.run, b.title.run
    if not one or not other or one == other or ratio(one, other, score_cutoff=wording.FAR):
        return True
    if a.pages.start is not None and a.pages.start == b.pages.start and a.volume == b.volume:
        return True
    if (a.doi and a.doi == b.doi) or (a.pmid and a.pmid == b.pmid) or (a.pmcid and a.pmcid == b.pmcid):
        return True
    if any(not set(n).isdisjoint(b.identifiers.get(kind, ())) for kind, n in a.identifiers.items()):
        return True
    return one.startswith(other) or other.startswith(one)


def shared_dois(prepared: Iterable[Prepared]) -> frozenset[str]:
    """DOIs that stand under more than one distinct title: a book's, a supplement's, a congress's.

    Such a DOI identifies no report. Titles that differ by spelling or a lost subtitle are one.
    """
    titles: dict[str, dict[str, Prepared]] = defaultdict(dict)
    for one in prepared:
        if one.doi and one.title.run:
            titles[one.doi].setdefault(one.title.run, one)
    return frozenset(doi for doi, works in titles.items() if len(works) > 1 and _differ(works.values()))


def _differ(works: Collection[Prepared]) -> bool:
    if len(works) > CROWD:
        return True
    apart = {wording.OTHER, wording.SWAPPED}
    return any(wording.compared(a.title, b.title).level in apart for a, b in combinations(works, 2))


def components(edges: Iterable[tuple[int, int]]) -> tuple[tuple[int, ...], ...]:
    """Records that edges connect, component by component, each sorted."""
    parent: dict[int, int] = {}

    def root(record: int) -> int:
        while parent.setdefault(record, record) != record:
            parent[record] = parent[parent[record]]
            record = parent[record]
        return record

    for one, other in edges:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    members: dict[int, list[int]] = defaultdict(list)
    for record in sorted(parent):
        members[root(record)].append(record)
    return tuple(tuple(members[first]) for first in sorted(members))
