"""Open services beside the searched sources, each asked only where review.toml's [services] says so.

Crossref is asked at each update for notices about watched records; NCBI's ID converter and Unpaywall when a
person asks (``livrev check identifiers``, ``livrev check fulltexts``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from curation.errors import Configuration
from curation.sources.crossref import Crossref
from curation.sources.idconv import IdConverter
from curation.sources.unpaywall import Unpaywall
from curation.store import notices as stored
from curation.store import records
from curation.store.connect import Change
from curation.tasks import network
from curation.tasks.network import NetworkSettings
from curation.tasks.places import all_places
from curation.tasks.review import Review
from curation.tasks.watch import watched_reports
from screening.flow import Place

OTHER_PACE = 2.0


@dataclass(frozen=True, slots=True)
class ToldOf:
    """What Crossref says was published about one watched record: kind and DOI of each notice."""

    record: int
    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Names of one report's article that its record lacks (``found``), or why none are known."""

    report: int
    title: str
    found: tuple[str, ...]
    error: str


@dataclass(frozen=True, slots=True)
class OpenCopy:
    """An open copy of a report whose full text is sought; ``address`` empty where none is known."""

    report: int
    title: str
    doi: str
    status: str
    address: str
    licence: str


def crossref_notices(review: Review, crossref: Crossref) -> tuple[ToldOf, ...]:
    """Notices that Crossref (with Retraction Watch's entries) holds about watched records with a DOI."""
    of_doi = {doi: record for record, doi in _watched_dois(review)}
    works = crossref.check(tuple(of_doi))
    return tuple(
        ToldOf(of_doi[doi], tuple((n.kind, n.doi or "") for n in work.updated_by if n.kind is not None))
        for doi, work in works.items()
        if work is not None and any(n.kind is not None for n in work.updated_by)
    )


def raise_told(change: Change, told: tuple[ToldOf, ...]) -> int:
    """Keep what Crossref told, but not a kind of notice that another source has told of the same record already."""
    raised = 0
    for item in told:
        known = stored.kinds_of(change.sql, item.record, besides="crossref")
        fresh = [(kind, reference) for kind, reference in item.said if kind not in known]
        raised += stored.add(change, item.record, fresh, "crossref", None)
    return raised


def _watched_dois(review: Review) -> Iterator[tuple[int, str]]:
    reports = watched_reports(review)
    heads = records.citations(review.sql, reports)
    return ((report, citation.doi) for report, citation in sorted(heads.items()) if citation.doi)


def missing_identifiers(review: Review, settings: NetworkSettings) -> tuple[Identifiers, ...]:
    """For each watched report, the PubMed, PMC and DOI names that NCBI's converter knows and its record lacks."""
    _asked_for(review.protocol.services.idconv, "idconv")
    lacking = {}
    for report, c in sorted(records.citations(review.sql, watched_reports(review)).items()):
        known = c.pmid or c.pmcid or c.doi
        if known and not (c.pmid and c.pmcid and c.doi):
            lacking[known] = (report, c)
    with network.door(settings, review.protocol.ncbi.email, OTHER_PACE) as door:
        converter = IdConverter(
            door, settings.idconv_url, review.protocol.ncbi.email, review.protocol.ncbi.tool
        )
        converted = converter.convert(tuple(lacking)) if lacking else {}
    found = []
    for asked, (report, c) in lacking.items():
        names = converted[asked]
        pairs = ((names.pmid, c.pmid), (names.pmcid, c.pmcid), (names.doi, c.doi))
        fresh = tuple(new for new, old in pairs if new and not old)
        if fresh or names.error:
            found.append(Identifiers(report, c.title, fresh, names.error))
    return tuple(found)


def open_copies(review: Review, settings: NetworkSettings) -> tuple[OpenCopy, ...]:
    """Open copies of the reports whose full text is sought, by Unpaywall."""
    _asked_for(review.protocol.services.unpaywall, "unpaywall")
    sought = [
        p.placed.report
        for p in all_places(review.sql, review.protocol)
        if p.placed.place is Place.AWAITING_RETRIEVAL
    ]
    found = []
    with network.door(settings, review.protocol.ncbi.email, OTHER_PACE) as door:
        unpaywall = Unpaywall(door, review.protocol.ncbi.email, settings.unpaywall_url)
        for report, c in sorted(records.citations(review.sql, sought).items()):
            known = unpaywall.best(c.doi) if c.doi else None
            place = known.best if known else None
            found.append(
                OpenCopy(
                    report=report,
                    title=c.title,
                    doi=c.doi or "",
                    status=known.status if known else ("unknown to Unpaywall" if c.doi else "no DOI"),
                    address=(place.pdf or place.url or "") if place else "",
                    licence=(place.licence or "") if place else "",
                )
            )
    return tuple(found)


def _asked_for(setting: bool, name: str) -> None:
    if not setting:
        message = f"{name} is off; add to review.toml: [services] {name} = true"
        raise Configuration(message)
