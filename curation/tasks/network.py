"""Opens the door to PubMed as the review and the environment say."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_cache_path

from curation import __version__
from curation.errors import Configuration
from curation.protocol import Protocol
from curation.sources import crossref, europepmc, idconv, unpaywall
from curation.sources.http import Door, DoorSettings
from curation.sources.pubmed import BASE_URL, PubMed
from curation.store.pace import SharedPace

# NCBI allows 3 requests a second without a key and 10 with one; a little below, for the jitter on the way.
PACE = 2.5
PACE_WITH_KEY = 8.0


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Addresses and patience; ``api_key`` only ever comes from the environment.

    ``pace_file`` is shared by every process of one user; None keeps the pace within this one.
    """

    base_url: str = BASE_URL
    api_key: str | None = field(default=None, repr=False)
    tries: int = 5
    backoff: float = 1.0
    pace_file: Path | None = None
    europepmc_url: str = europepmc.BASE_URL
    crossref_url: str = crossref.BASE_URL
    idconv_url: str = idconv.BASE_URL
    unpaywall_url: str = unpaywall.BASE_URL

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> NetworkSettings:
        """Settings of the environment: addresses (LIVREV_..._URL), NCBI_API_KEY, LIVREV_HTTP_TRIES and _BACKOFF.

        Raises Configuration for a number that is none, and for an address without http:// or https://.
        """
        tries, backoff = _patience(environment)
        return cls(
            base_url=_address(environment, "LIVREV_EUTILS_URL", BASE_URL),
            api_key=environment.get("NCBI_API_KEY") or None,
            tries=tries,
            backoff=backoff,
            pace_file=user_cache_path("livrev") / "pace.sqlite",
            europepmc_url=_address(environment, "LIVREV_EUROPEPMC_URL", europepmc.BASE_URL),
            crossref_url=_address(environment, "LIVREV_CROSSREF_URL", crossref.BASE_URL),
            idconv_url=_address(environment, "LIVREV_IDCONV_URL", idconv.BASE_URL),
            unpaywall_url=_address(environment, "LIVREV_UNPAYWALL_URL", unpaywall.BASE_URL),
        )


def _address(environment: Mapping[str, str], name: str, usual: str) -> str:
    address = environment.get(name, usual)
    if not address.startswith(("http://", "https://")):
        message = f"{name} must begin with https:// or http://, not {address!r}"
        raise Configuration(message)
    return address


def _patience(environment: Mapping[str, str]) -> tuple[int, float]:
    """Tries, and the first wait between them in seconds."""
    try:
        tries = int(environment.get("LIVREV_HTTP_TRIES", "5"))
        backoff = float(environment.get("LIVREV_HTTP_BACKOFF", "1"))
    except ValueError as problem:
        message = f"LIVREV_HTTP_TRIES and LIVREV_HTTP_BACKOFF must be numbers: {problem}"
        raise Configuration(message) from problem
    if tries < 1 or not 0 <= backoff < math.inf:
        message = f"LIVREV_HTTP_TRIES must be 1 or more (it is {tries}) and LIVREV_HTTP_BACKOFF 0 or more seconds (it is {backoff:g})"
        raise Configuration(message)
    return tries, backoff


@contextmanager
def door(
    settings: NetworkSettings,
    email: str,
    per_second: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Door]:
    """A door that says who asks, at a pace that all processes of this user keep together."""
    door_settings = DoorSettings(
        user_agent=f"livrev/{__version__} (mailto:{email})",
        tries=settings.tries,
        backoff=settings.backoff,
        per_second=per_second,
        secrets=(settings.api_key,) if settings.api_key else (),
    )
    with (
        closing(SharedPace(settings.pace_file, clock, sleep)) as pace,
        Door(door_settings, pace, clock=clock, sleep=sleep) as opened,
    ):
        yield opened


@contextmanager
def pubmed(protocol: Protocol, settings: NetworkSettings, *, allow_phrases: bool = False) -> Iterator[PubMed]:
    """PubMed, asked politely in the name of the review's contact."""
    pace = PACE_WITH_KEY if settings.api_key else PACE
    with door(settings, protocol.ncbi.email, pace) as opened:
        yield PubMed(
            opened,
            base_url=settings.base_url,
            email=protocol.ncbi.email,
            tool=protocol.ncbi.tool,
            api_key=settings.api_key,
            allow_phrases=allow_phrases,
        )
