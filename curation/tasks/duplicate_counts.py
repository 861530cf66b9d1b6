"""Numbers about duplicates, for the flow and the table of searches."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from curation.dedupe.batch import components
from curation.model import Relation
from curation.store import duplicates, members
from curation.store.duplicates import Judged
from curation.store.members import Brought
from curation.tasks.dedupe import waiting
from curation.tasks.review import Review


@dataclass(frozen=True, slots=True)
class OfSource:
    """The same numbers of one source. A duplicate is counted with the source it came from.

    ``only_here`` are reports that no other source has.
    """

    source: str
    name: str
    records: int
    reports: int
    only_here: int
    duplicates: int
    between_sources: int
    within_source: int
    found_again: int
    back: int
    twice_in_a_file: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How records come to reports: records - duplicates = reports.

    Every record but the first of its report is a duplicate: ``within_source`` where an earlier one of the report is
    of the same source, else ``between_sources``. ``by_rule`` is what rules join without anybody's word, ``by_person``
    what people joined beyond it; the two add up to the duplicates as well. ``waiting`` are pairs left to a person.

    No duplicates, since nothing was stored twice: ``found_again`` counts records of earlier runs that a later run of
    their source found too, once for each run (``back``: of these, after a run had missed them), and
    ``twice_in_a_file`` those that stood twice in one file.
    """

    records: int
    reports: int
    duplicates: int
    between_sources: int
    within_source: int
    by_rule: int
    by_person: int
    waiting: int
    found_again: int
    back: int
    twice_in_a_file: int
    sources: tuple[OfSource, ...]


def counts(review: Review) -> Counts:
    """Numbers about duplicates as they stand."""
    sql = review.sql
    tally = _Tally(members.placed(sql))
    sources = tuple(tally.of(one) for one in members.brought(sql))
    by_rule = _by_rule(tally.report, duplicates.standing(sql))
    reports = len(set(tally.report.values()))
    removed = len(tally.report) - reports
    return Counts(
        records=len(tally.report),
        reports=reports,
        duplicates=removed,
        between_sources=sum(tally.between.values()),
        within_source=sum(tally.within.values()),
        by_rule=by_rule,
        by_person=removed - by_rule,
        waiting=len(waiting(sql)),
        found_again=sum(s.found_again for s in sources),
        back=sum(s.back for s in sources),
        twice_in_a_file=sum(s.twice_in_a_file for s in sources),
        sources=sources,
    )


class _Tally:
    """Records of each source, and why each duplicate is one; built in the order of arrival."""

    def __init__(self, placed: Iterable[tuple[int, int, str]]) -> None:
        self.report: dict[int, int] = {}
        self.records: Counter[str] = Counter()
        self.between: Counter[str] = Counter()
        self.within: Counter[str] = Counter()
        self._having: dict[int, set[str]] = defaultdict(set)
        for record, report, source in placed:
            self.report[record] = report
            self.records[source] += 1
            if source in self._having[report]:
                self.within[source] += 1
            elif self._having[report]:
                self.between[source] += 1
            self._having[report].add(source)

    def of(self, one: Brought) -> OfSource:
        having = [names for names in self._having.values() if one.source in names]
        return OfSource(
            source=one.source,
            name=one.name,
            records=self.records[one.source],
            reports=len(having),
            only_here=sum(len(names) == 1 for names in having),
            duplicates=self.between[one.source] + self.within[one.source],
            between_sources=self.between[one.source],
            within_source=self.within[one.source],
            found_again=one.again,
            back=one.back,
            twice_in_a_file=one.twice,
        )


def _by_rule(report: Mapping[int, int], standing: Iterable[Judged]) -> int:
    """Duplicates that rules alone make: records less one, in each group that their unions connect."""
    unions = [
        (j.left, j.right)
        for j in standing
        if not j.by_person and j.relation is Relation.SAME and report[j.left] == report[j.right]
    ]
    return sum(len(group) - 1 for group in components(unions))
