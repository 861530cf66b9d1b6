"""Opens the door to PubMed as the review and the environment say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from curation import __version__
from curation.errors import Configuration
from curation.protocol import Protocol
from curation.sources.http import Door, DoorSettings
from curation.sources.pubmed import BASE_URL, PubMed

# NCBI allows 3 requests a second without a key and 10 with one; a little below, for the jitter on the way.
PACE = 2.5
PACE_WITH_KEY = 8.0


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Addresses and patience; ``api_key`` only ever comes from the environment."""

    base_url: str = BASE_URL
    api_key: str | None = None
    tries: int = 5
    backoff: float = 1.0
    pace_file: Path | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> NetworkSettings:
        """Settings of the environment: LIVREV_EUTILS_URL, NCBI_API_KEY, LIVREV_HTTP_TRIES, LIVREV_HTTP_BACKOFF.

        Raises Configuration for a number that is none.
        """
        cache = user_cache_path("livrev", ensure_exists=True)
        try:
            return cls(
                base_url=environment.get("LIVREV_EUTILS_URL", BASE_URL),
                api_key=environment.get("NCBI_API_KEY") or None,
                tries=int(environment.get("LIVREV_HTTP_TRIES", "5")),
                backoff=float(environment.get("LIVREV_HTTP_BACKOFF", "1")),
                pace_file=cache / "pace.sqlite",
            )
        except ValueError as problem:
            message = f"LIVREV_HTTP_TRIES and LIVREV_HTTP_BACKOFF must be numbers: {problem}"
            raise Configuration(message) from problem


@contextmanager
def pubmed(protocol: Protocol, settings: NetworkSettings) -> Iterator[PubMed]:
    """PubMed, asked politely in the name of the review's contact."""
    door_settings = DoorSettings(
        user_agent=f"livrev/{__version__} (mailto:{protocol.ncbi.email})",
        tries=settings.tries,
        backoff=settings.backoff,
        per_second=PACE_WITH_KEY if settings.api_key else PACE,
        pace_file=settings.pace_file,
        secrets=(settings.api_key,) if settings.api_key else (),
    )
    with Door(door_settings) as door:
        yield PubMed(
            door,
            base_url=settings.base_url,
            email=protocol.ncbi.email,
            tool=protocol.ncbi.tool,
            api_key=settings.api_key,
        )
