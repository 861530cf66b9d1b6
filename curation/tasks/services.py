"""Open services beside the searched sources, each asked only where review.toml's [services] says so.

Crossref is asked at each update for notices about watched reports; NCBI's ID converter and Unpaywall when a
person asks (``livrev check identifiers``, ``livrev check fulltexts``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from curation.errors import Configuration
from curation.model import Citation
from curation.sources.crossref import Crossref, Work
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

CROSSREF = "crossref"  # who told, as notices name it
OTHER_PACE = 2.0  # requests a second; both services allow more


@dataclass(frozen=True, slots=True)
class ToldOf:
    """What Crossref says was published about one watched report: kind and DOI of each notice."""

    report: int
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
    """Notices that Crossref (with Retraction Watch's entries) holds about watched reports with a DOI."""
    dois = _dois(review, watched_reports(review))
    works = crossref.check(tuple(dict.fromkeys(doi for named in dois.values() for doi in named)))
    told = (ToldOf(report, _said(works[doi] for doi in named)) for report, named in dois.items())
    return tuple(one for one in told if one.said)


def _dois(review: Review, reports: Collection[int]) -> dict[int, tuple[str, ...]]:
    """DOIs of each report, by any of its records: the first one often comes from a list without DOIs."""
    report_of = {n.record: n.report for n in records.named(review.sql) if n.report in reports}
    found: dict[int, dict[str, None]] = {report: {} for report in sorted(reports)}
    for record, citation in sorted(records.citations(review.sql, report_of).items()):
        if citation.doi:
            found[report_of[record]][citation.doi] = None
    return {report: tuple(dois) for report, dois in found.items()}


def _said(works: Iterable[Work | None]) -> tuple[tuple[str, str], ...]:
    """Kind and DOI of each notice, once; one without a DOI only where no other of its kind has one."""
    notices = [n for work in works if work for n in work.updated_by if n.kind is not None]
    referred = {n.kind for n in notices if n.doi}
    kept = [n for n in notices if n.doi or n.kind not in referred]
    return tuple(dict.fromkeys((str(n.kind), n.doi or "") for n in kept))


def raise_told(change: Change, told: tuple[ToldOf, ...]) -> int:
    """Keep what Crossref told, but not a kind of notice that another source has told of the same report already."""
    known = stored.by_report(change.sql)
    raised = 0
    for item in told:
        report = records.report_of(change.sql, item.report)
        elsewhere = _told_elsewhere(change, report)
        fresh = [
            (kind, reference)
            for kind, reference in item.said
            if kind not in elsewhere and (report, kind, reference) not in known
        ]
        known |= {(report, kind, reference) for kind, reference in fresh}
        raised += stored.add(change, item.report, fresh, CROSSREF, None)
    return raised


def _told_elsewhere(change: Change, report: int) -> frozenset[str]:
    members = [n.record for n in records.named(change.sql) if n.report == report]
    return frozenset(k for record in members for k in stored.kinds_of(change.sql, record, besides=CROSSREF))


def missing_identifiers(review: Review, settings: NetworkSettings) -> tuple[Identifiers, ...]:
    """For each watched report, the PubMed, PMC and DOI names that NCBI's converter knows and its record lacks."""
    _asked_for(review.protocol.services.idconv, "idconv")
    lacking = tuple(_lacking(review))
    who = review.protocol.ncbi
    with network.door(settings, who.email, OTHER_PACE) as door:
        converter = IdConverter(door, settings.idconv_url, who.email, who.tool)
        converted = converter.convert(tuple({asked for asked, _, _ in lacking})) if lacking else {}
    found = []
    for asked, report, c in lacking:
        names = converted[asked]
        pairs = ((names.pmid, c.pmid), (names.pmcid, c.pmcid), (names.doi, c.doi))
        fresh = tuple(new for new, old in pairs if new and not old)
        if fresh or names.error:
            found.append(Identifiers(report, c.title, fresh, names.error))
    return tuple(found)


def _lacking(review: Review) -> Iterator[tuple[str, int, Citation]]:
    """What to ask for, of each watched report that has one name and not all three; two may bear the same."""
    for report, c in sorted(records.citations(review.sql, watched_reports(review)).items()):
        known = c.pmid or c.pmcid or c.doi
        if known and not (c.pmid and c.pmcid and c.doi):
            yield known, report, c


def open_copies(review: Review, settings: NetworkSettings) -> tuple[OpenCopy, ...]:
    """Open copies of the reports whose full text is sought, by Unpaywall."""
    _asked_for(review.protocol.services.unpaywall, "unpaywall")
    places = all_places(review.sql, review.protocol)
    sought = {p.placed.report for p in places if p.placed.place is Place.AWAITING_RETRIEVAL}
    dois = _dois(review, sought)
    email = review.protocol.ncbi.email
    with network.door(settings, email, OTHER_PACE) as door:
        unpaywall = Unpaywall(door, email, settings.unpaywall_url)
        return tuple(
            _open_copy(report, c.title, next(iter(dois[report]), ""), unpaywall)
            for report, c in sorted(records.citations(review.sql, sought).items())
        )


def _open_copy(report: int, title: str, doi: str, unpaywall: Unpaywall) -> OpenCopy:
    known = unpaywall.best(doi) if doi else None
    place = known.best if known else None
    return OpenCopy(
        report=report,
        title=title,
        doi=doi,
        status=known.status if known else ("unknown to Unpaywall" if doi else "no DOI"),
        address=(place.pdf or place.url or "") if place else "",
        licence=place.licence if place else "",
    )


def _asked_for(setting: bool, name: str) -> None:
    if not setting:
        message = f"{name} is off; under [services] of review.toml, write: {name} = true"
        raise Configuration(message)
