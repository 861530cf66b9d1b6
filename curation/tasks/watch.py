"""The records that are watched: those of every report that is included or still pending.

At each update they are fetched again and compared, so that a retraction, a correction or a changed abstract is
seen; a record that was excluded is no longer watched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from curation.model import Citation, SourceRecord
from curation.sources.notices import notices
from curation.store import notices as stored
from curation.store import records, studies
from curation.store.connect import Change
from curation.tasks.places import all_places
from curation.tasks.review import Review
from screening.flow import Place

_WATCHED = frozenset(
    {
        Place.AWAITING_SCREENING,
        Place.AWAITING_RETRIEVAL,
        Place.NOT_RETRIEVED,
        Place.AWAITING_ASSESSMENT,
        Place.INCLUDED,
    }
)


def watched_reports(review: Review) -> frozenset[int]:
    """Numbers of the reports that are included or pending."""
    pending = {p.placed.report for p in all_places(review.sql, review.protocol) if p.placed.place in _WATCHED}
    published = {
        report for s in studies.studies(review.sql) for report, basis in s.reports if basis == "published"
    }
    return frozenset(pending | published)


@dataclass(frozen=True, slots=True)
class Watched:
    """What one source is asked about again: its own records, and those it knows under a PubMed number.

    ``own`` maps accession to record id; ``others`` maps the PubMed number of a record that came from elsewhere
    (an export, an earlier version of the review) to its id.
    """

    own: dict[str, int]
    others: dict[str, int]

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id to be fetched."""
        return (*self.own, *self.others)


def watched_records(review: Review, source_id: int, *, by_pmid: bool) -> Watched:
    """The watched records of one source; ``by_pmid`` where it takes PubMed numbers."""
    reports = watched_reports(review)
    rows = [row for row in records.named(review.sql) if row.report in reports]
    own = {row.accession: row.record for row in rows if row.source == source_id}
    covered = {row.report for row in rows if row.source == source_id}
    others = {
        row.pmid: row.record
        for row in rows
        if by_pmid and row.pmid and row.report not in covered and row.pmid not in own
    }
    return Watched(own, others)


def with_notices(seen: Iterable[tuple[int, SourceRecord]]) -> Iterator[tuple[int, Citation]]:
    """Number and fields of those records about which something was published."""
    return ((number, record.citation) for number, record in seen if notices(record.citation))


def raise_notices(
    change: Change, run_id: int | None, source: str, seen: Iterable[tuple[int, Citation]]
) -> int:
    """Keep what the newest versions of records say was published about them; gives how many notices are new.

    One that was raised before for another record of the same report is known: people decide on it once.
    """
    known = stored.by_report(change.sql)
    new = 0
    for record, citation in seen:
        report = records.report_of(change.sql, record)
        said = [
            (n.kind, n.reference) for n in notices(citation) if (report, n.kind, n.reference) not in known
        ]
        known |= {(report, kind, reference) for kind, reference in said}
        new += stored.add(change, record, said, source, run_id)
    return new
