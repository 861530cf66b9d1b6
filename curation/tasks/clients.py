"""The sources that are searched over the network, each asked politely in the name of the review's contact."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol

from curation.errors import Usage
from curation.protocol import Protocol as ReviewProtocol
from curation.protocol import Service
from curation.sources import europepmc, pubmed
from curation.sources.crossref import Crossref
from curation.sources.europepmc import EuropePmc
from curation.sources.pubmed import Batch, CountAnswer, SearchAnswer
from curation.tasks import network
from curation.tasks.network import NetworkSettings

CROSSREF_PACE = 1.0  # list requests a second, as Crossref's public pool allows since December 2025
EUROPEPMC_PACE = 3.0  # requests a second; the service states no limit


class SourceClient(Protocol):
    """What an update asks of a source: complete ids, whole batches, a word on what did not come."""

    def search(self, query: str) -> SearchAnswer:
        """Every id that ``query`` finds now."""

    def count(self, query: str) -> CountAnswer:
        """How many it would find."""

    def fetch(self, ids: Sequence[str], batch: int = ...) -> Iterator[Batch]:
        """Records of ``ids`` in whole batches."""

    def told(self, ids: Sequence[str]) -> Mapping[str, str]:
        """What the source says of ids it did not deliver."""


@dataclass(frozen=True, slots=True)
class Clients:
    """The network sources of a review by service; Crossref where review.toml asks for it."""

    by_service: Mapping[Service, SourceClient]
    crossref: Crossref | None = None

    def of(self, service: Service) -> SourceClient:
        """The client of a service.

        Raises Usage when it is not one that is asked over the network.
        """
        if service not in self.by_service:
            message = f"service {service!r} is not searched over the network"
            raise Usage(message)
        return self.by_service[service]


PARSERS: Mapping[Service, Callable[[bytes, Sequence[str]], Batch]] = {
    Service.PUBMED: pubmed.parse_batch,
    Service.EUROPEPMC: europepmc.parse_batch,
}


@contextmanager
def clients(
    protocol: ReviewProtocol, settings: NetworkSettings, *, allow_phrases: bool = False
) -> Iterator[Clients]:
    """Clients of the services that the review's sources name.

    ``allow_phrases`` turns words that PubMed does not know from a failed search into a warning.
    """
    named = {source.service for source in protocol.sources}
    found: dict[Service, SourceClient] = {}
    with ExitStack() as stack:
        if Service.PUBMED in named:
            found[Service.PUBMED] = stack.enter_context(
                network.pubmed(protocol, settings, allow_phrases=allow_phrases)
            )
        if Service.EUROPEPMC in named:
            door = stack.enter_context(network.door(settings, protocol.ncbi.email, EUROPEPMC_PACE))
            found[Service.EUROPEPMC] = EuropePmc(door, settings.europepmc_url, protocol.ncbi.email)
        crossref = None
        if protocol.services.crossref:
            door = stack.enter_context(network.door(settings, protocol.ncbi.email, CROSSREF_PACE))
            crossref = Crossref(door, settings.crossref_url, protocol.ncbi.email)
        yield Clients(found, crossref)
