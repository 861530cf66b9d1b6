"""Finds open copies of the missing full texts, by Unpaywall and Europe PMC where review.toml's [services] says so.

A copy is a hint for people: its address is noted with the report, and the report waits on. The version that was
submitted to a journal is no full text of the article (a preprint is a report of its own), so it is shown, never
noted or fetched, unless the report is that preprint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from curation.errors import Configuration, SourceFailed, TryAgain
from curation.sources.europepmc import EuropePmc
from curation.sources.europepmc_open import open_texts
from curation.sources.http import Door
from curation.sources.unpaywall import Unpaywall
from curation.store import fulltexts, records
from curation.store.connect import Stamp
from curation.store.fulltexts import FullText
from curation.tasks import network
from curation.tasks.fulltext_missing import Sought, sought
from curation.tasks.network import NetworkSettings
from curation.tasks.places import report_state
from curation.tasks.review import Review
from screening.flow import Place, Retrieval

PACE = 2.0  # requests a second, of each service; both allow more
_PUBLISHED, _SUBMITTED = "publishedVersion", "submittedVersion"
_FAILURES = 2  # reports on end for which a service gave nothing usable, before it is asked no more


@dataclass(frozen=True, slots=True)
class Copy:
    """One place where a report can be read without paying.

    ``suits``: it may stand for the report; ``fetchable``: a PDF of a known version that suits. ``licence`` and
    ``version`` (``publishedVersion``, ``acceptedVersion``, ``submittedVersion``) are empty where not told.
    """

    address: str
    fetchable: bool
    suits: bool
    licence: str
    version: str
    told_by: str

    @property
    def words(self) -> str:
        """Version, licence and who told, in one line."""
        told = (self.version or "version not told", self.licence or "licence not told")
        return f"{', '.join(told)} ({self.told_by})"


@dataclass(frozen=True, slots=True)
class Found:
    """Open copies of one report, the best first; ``troubles`` says which service could not be asked, and why."""

    report: int
    title: str
    doi: str
    copies: tuple[Copy, ...]
    troubles: tuple[str, ...]

    @property
    def best(self) -> Copy | None:
        """The best copy that may stand for the report."""
        return next((copy for copy in self.copies if copy.suits), None)


Ask = Callable[[Sought], Iterable[Copy]]


class _Service:
    """One service as a run asks it: not on and on when it is out of order."""

    def __init__(self, name: str, ask: Ask, knows: Callable[[Sought], bool]) -> None:
        self._name = name
        self._knows = knows
        self._ask = ask
        self._failures = 0

    def copies(self, one: Sought) -> tuple[tuple[Copy, ...], str]:
        """What it knows, or why it could not be asked; nothing of a report without a name that it knows."""
        if not self._knows(one):
            return (), ""
        if self._failures >= _FAILURES:
            return (
                (),
                f"{self._name}: not asked after {_FAILURES} failures on end; run the same command again later",
            )
        try:
            found = tuple(self._ask(one))
        except TryAgain as problem:
            self._failures += 1
            return (), f"{self._name}: {problem.message}"
        except SourceFailed as problem:
            return (), f"{self._name}: {problem.message}"
        self._failures = 0
        return found, ""


def find(review: Review, settings: NetworkSettings) -> Iterator[Found]:
    """Ask for each missing report in turn; give what is known of it as soon as it is.

    Raises Configuration when no service is asked for, or Unpaywall refuses the contact address.
    """
    services = review.protocol.services
    if not (services.unpaywall or services.europepmc):
        message = (
            "no service for open copies is on; under [services] of review.toml, write: unpaywall = true, or "
            "europepmc = true"
        )
        raise Configuration(message)
    return _found(review, settings)


def _found(review: Review, settings: NetworkSettings) -> Iterator[Found]:
    with network.door(settings, review.protocol.ncbi.email, PACE) as door:
        services = tuple(_services(review, door, settings))
        for one in sought(review):
            told = [service.copies(one) for service in services]
            copies = sorted({c.address: c for found, _ in reversed(told) for c in found}.values(), key=_order)
            troubles = tuple(trouble for _, trouble in told if trouble)
            doi = "".join(one.dois[:1])
            yield Found(one.report, one.citation.title, doi, tuple(copies), troubles)


def _services(review: Review, door: Door, settings: NetworkSettings) -> Iterator[_Service]:
    services, email = review.protocol.services, review.protocol.ncbi.email
    if services.unpaywall:
        unpaywall = Unpaywall(door, email, settings.unpaywall_url)
        yield _Service("Unpaywall", partial(_by_unpaywall, unpaywall), lambda one: bool(one.dois))
    if services.europepmc:
        europepmc = EuropePmc(door, settings.europepmc_url, email)
        yield _Service("Europe PMC", partial(_by_europepmc, europepmc), lambda one: bool(one.names))


def _order(copy: Copy) -> tuple[bool, bool, bool, str]:
    return not copy.suits, not copy.fetchable, copy.version != _PUBLISHED, copy.address


def _by_unpaywall(unpaywall: Unpaywall, one: Sought) -> Iterator[Copy]:
    for doi in one.dois:
        known = unpaywall.best(doi)
        place = known.best if known else None
        address = (place.pdf or place.url or place.landing_page) if place else None
        if place and address:
            copy = Copy(address, bool(place.pdf), True, place.licence, place.version, "Unpaywall")
            yield _judged(copy, one)


def _by_europepmc(europepmc: EuropePmc, one: Sought) -> Iterator[Copy]:
    for batch in europepmc.fetch(_accessions(europepmc, one)):
        for record in batch.records:
            names = {record.citation.doi, record.citation.pmid, record.citation.pmcid}
            if names & set(one.names):  # a search for a DOI finds longer ones too
                for text in open_texts(record):
                    copy = Copy(text.address, text.fetchable, True, text.licence, text.version, "Europe PMC")
                    yield _judged(copy, one)


def _accessions(europepmc: EuropePmc, one: Sought) -> tuple[str, ...]:
    if one.pmids:
        return tuple(f"MED:{pmid}" for pmid in one.pmids)
    query = " OR ".join((*(f"PMCID:{pmcid}" for pmcid in one.pmcids), *(f'DOI:"{doi}"' for doi in one.dois)))
    return europepmc.search(query).ids


def _judged(copy: Copy, one: Sought) -> Copy:
    suits = copy.version != _SUBMITTED or one.is_preprint
    return replace(copy, suits=suits, fetchable=copy.fetchable and suits and bool(copy.version))


def note_links(review: Review, found: Iterable[Found], reviewer: str, stamp: Stamp) -> tuple[int, ...]:
    """Note the best copy of each report that still waits, where it is not the one noted last; gives the reports.

    Raises Usage for an unknown person.
    """
    review.person(reviewer)
    best = {one.report: one.best for one in found}
    noted = {report: known.link for report, known in fulltexts.open_links(review.sql).items()}
    fresh = {report: copy for report, copy in best.items() if copy and noted.get(report) != copy.address}
    if not fresh:
        return ()
    with review.change(stamp) as change:
        waiting = [report for report in fresh if _waits(review, report)]
        for report in waiting:
            copy = fresh[report]
            fulltexts.add(change, report, FullText(Retrieval.AWAITED, link=copy.address, note=copy.words))
    return tuple(waiting)


def _waits(review: Review, report: int) -> bool:
    """Whether it still waits: while the services were asked, somebody may have had it, or joined it to another."""
    state = report_state(review.sql, review.protocol, report)
    is_lead = records.report_of(review.sql, report) == report
    return is_lead and state is not None and state.place is Place.AWAITING_RETRIEVAL
