"""The part of a store that a pass of deduplication looks at: records, their candidates, and what they would join."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import combinations

from curation.dedupe.batch import components, is_worth_comparing, shared_dois
from curation.dedupe.compare import Comparison, Verdict, compare
from curation.dedupe.entry import Entry, Prepared, bare_doi, prepare, unreliable_issues
from curation.dedupe.keys import CROWD, doi_key, is_identifier, keys
from curation.dedupe.solve import Link, Solution, solve
from curation.model import Citation, Relation
from curation.store import duplicates, records
from curation.store.duplicates import Judged

_COMPLETE = 40  # records of one component that are all compared with each other
_OPEN = {Relation.SAME, Relation.UNSURE}
_ISSUES_SEEN = 2_000  # records of a source by which its issue field is judged


class Neighbourhood:
    """Grows from some records to all that they are or could be one report with, and solves that part alone.

    What it comes to does not depend on the rest of the store: a component is reached whole, over joins found by
    rule, unions that people judged, and the reports as they stand.
    """

    def __init__(self, sql: sqlite3.Connection) -> None:
        self._sql = sql
        self._prepared: dict[int, Prepared] = {}
        self._glanced: dict[int, Prepared] = {}
        self._keys: dict[int, tuple[int, ...]] = {}
        self._unreliable: dict[int, frozenset[int]] = {}
        self._compared: dict[tuple[int, int], Comparison] = {}
        self._standing: dict[tuple[int, int], Judged] = {}
        self._bearers: dict[str, list[int]] = {}
        self._shared: dict[str, bool] = {}
        self.reached: set[int] = set()
        self.report: dict[int, int] = {}

    def load(self, wanted: Iterable[int]) -> None:
        """Make records ready for comparison."""
        missing = [record for record in wanted if record not in self._prepared]
        source = duplicates.sources_of(self._sql, missing)
        for record, citation in records.citations(self._sql, missing).items():
            entry = Entry(record, source[record], citation)
            self._prepared[record] = prepare(entry, self._ignored(source[record]))

    def _ignored(self, source: int) -> frozenset[int]:
        if source not in self._unreliable:
            self._unreliable[source] = _without_issues(self._sql, source)
        return self._unreliable[source]

    def keys_of(self, wanted: Iterable[int]) -> list[tuple[int, int]]:
        """Block keys of loaded records, as pairs of key and record."""
        return [(key, record) for record in wanted for key in self._keys_of(record)]

    def _keys_of(self, record: int) -> tuple[int, ...]:
        if record not in self._keys:
            self._keys[record] = keys(self._prepared[record])
        return self._keys[record]

    def grow(self, begin: Iterable[int]) -> None:
        """Reach every component that one of ``begin`` is in; their block keys must be stored."""
        begun = set(begin)
        frontier = begun | self._with_doi_shared_anew(begun)
        while frontier:
            self.reached |= frontier
            self.load(sorted(frontier))
            joined = self._compare(self._candidates(frontier)) | self._judged(frontier)
            self.report.update(duplicates.reports_of(self._sql, frontier))
            together = duplicates.members_of(self._sql, (self.report[record] for record in frontier))
            self.report.update(together)
            frontier = (joined | set(together)) - self.reached

    def between(self, left: int, right: int) -> Comparison:
        """Any two records compared, also such as share no key; ``left`` < ``right``."""
        self.load((left, right))
        self._compare_all([(left, right)])
        return self._compared[left, right]

    def _with_doi_shared_anew(self, begun: set[int]) -> set[int]:
        """Records of a DOI that several titles share only through ``begun``, or did before these were revised."""
        found: set[int] = set()
        dois = sorted(set(map(bare_doi, duplicates.dois_ever(self._sql, begun))))
        self._look_up(dois)
        for doi in dois:
            others = [p for p in self._bearing(doi) if p.record not in begun]
            if len(others) > 1 and not shared_dois(others):
                found.update(p.record for p in others)
        return found

    def _bearing(self, doi: str) -> list[Prepared]:
        """Every record with this DOI, glanced at; a block may also hold those that had it before."""
        if doi not in self._bearers:
            self._look_up([doi])
        return [self._glanced[record] for record in self._bearers[doi] if self._glanced[record].doi == doi]

    def _look_up(self, dois: Sequence[str]) -> None:
        blocks = duplicates.blocks(self._sql, map(doi_key, dois))
        self._bearers.update((doi, blocks.get(doi_key(doi), [])) for doi in dois)
        self._glance({record for block in blocks.values() for record in block})

    def _candidates(self, frontier: set[int]) -> set[tuple[int, int]]:
        pairs: set[tuple[int, int]] = set()
        wanted = self.keys_of(frontier)
        blocks = duplicates.blocks(self._sql, (key for key, _ in wanted), CROWD + 1)
        for key, record in wanted:
            block = blocks.get(key, [])
            if len(block) <= CROWD or is_identifier(key):
                pairs.update((min(record, other), max(record, other)) for other in block if other != record)
        return pairs - self._compared.keys()

    def _compare(self, pairs: set[tuple[int, int]]) -> set[int]:
        """Compare pairs that can come to something; gives the records of those that join."""
        self._glance({record for pair in pairs for record in pair})
        return self._compare_all(
            [p for p in sorted(pairs) if is_worth_comparing(self._glanced[p[0]], self._glanced[p[1]])]
        )

    def _glance(self, wanted: Iterable[int]) -> None:
        """Make the fields ready that ``is_worth_comparing`` looks at; most candidates need no others."""
        missing = []
        for record in wanted:
            if record in self._prepared:
                self._glanced[record] = self._prepared[record]
            elif record not in self._glanced:
                missing.append(record)
        for record, citation in records.glances(self._sql, sorted(missing)).items():
            self._glanced[record] = prepare(Entry(record, 0, citation))

    def _compare_all(self, worth: Iterable[tuple[int, int]]) -> set[int]:
        worth = list(worth)
        self.load(sorted({record for pair in worth for record in pair}))
        joined: set[int] = set()
        for left, right in worth:
            a, b = self._prepared[left], self._prepared[right]
            found = compare(a, b, self._shared_doi(a, b))
            self._compared[left, right] = found
            if found.verdict is Verdict.JOIN:
                joined |= {left, right}
        return joined

    def _shared_doi(self, a: Prepared, b: Prepared) -> frozenset[str]:
        """The DOI of two records, where it stands under several titles anywhere in the store."""
        doi = a.doi
        if not doi or doi != b.doi:
            return frozenset()
        if doi not in self._shared:
            self._shared[doi] = bool(shared_dois(self._bearing(doi)))
        return frozenset({doi}) if self._shared[doi] else frozenset()

    def _judged(self, frontier: set[int]) -> set[int]:
        """Records that a person judged to be one report with one of these, or that a rule joins with one.

        What a rule once said of a pair is looked at again though a revision may have taken their common keys away.
        """
        found = duplicates.standing_of(self._sql, frontier)
        self._standing.update(((j.left, j.right), j) for j in found)
        by_people = {r for j in found if _joins(j) for r in (j.left, j.right)}
        once_said = {(j.left, j.right) for j in found if not j.by_person and j.relation in _OPEN}
        once_said -= self._compared.keys()
        self.load(sorted({record for pair in once_said for record in pair}))
        return by_people | self._compare_all(sorted(once_said))

    def solved(self) -> Solution:
        """Reports of the records reached, and what people are to be asked about them."""
        for component in components(self._edges()):
            if 2 < len(component) <= _COMPLETE:  # noqa: PLR2004 - two records are compared already
                self._compare_all(pair for pair in combinations(component, 2) if pair not in self._compared)
        links = [
            Link(j.left, j.right, j.relation, by_person=True)
            for j in self._standing.values()
            if j.by_person and j.relation is not Relation.UNSURE
        ]
        known = [link for link in links if {link.left, link.right} <= self._prepared.keys()]
        return solve(self._prepared.values(), self._compared.values(), known)

    def _edges(self) -> list[tuple[int, int]]:
        joins = [pair for pair, c in self._compared.items() if c.verdict is Verdict.JOIN]
        return joins + [pair for pair, j in self._standing.items() if _joins(j)]

    @property
    def compared(self) -> dict[tuple[int, int], Comparison]:
        """Comparisons made, by pair."""
        return self._compared

    @property
    def standing(self) -> dict[tuple[int, int], Judged]:
        """Judgements in force of the records reached, by pair."""
        return self._standing


def read_otherwise(sql: sqlite3.Connection, touched: Iterable[int], since: int) -> set[int]:
    """Records of sources whose issue field says something now and did not as of revision ``since``, or the reverse."""
    sources = set(duplicates.sources_of(sql, touched).values())
    turned = (s for s in sources if _without_issues(sql, s) != _without_issues(sql, s, since))
    return {record for source in turned for record in duplicates.records_of_source(sql, source)}


def _without_issues(sql: sqlite3.Connection, source: int, until: int | None = None) -> frozenset[int]:
    """``source`` where its issue field only numbers its records, else nothing."""
    issues = duplicates.issues_of(sql, source, _ISSUES_SEEN, until)
    return unreliable_issues(Entry(n, source, Citation("", issue=issue)) for n, issue in enumerate(issues))


def _joins(judged: Judged) -> bool:
    """Whether a person judged two records to be one report."""
    return judged.by_person and judged.relation is Relation.SAME
