"""Where a document can be read without paying, by Unpaywall (OurResearch).

Unpaywall wants a real contact address with each request (placeholders are refused) and suggests at most
100,000 requests a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from curation import identifiers
from curation.errors import Configuration, SourceFailed
from curation.sources.crossref import accepted, json_object, one_line
from curation.sources.http import Answer, Ask, Unusable

if TYPE_CHECKING:
    from curation.sources.http import Door

BASE_URL = "https://api.unpaywall.org/v2/"

_NOT_FOUND, _UNPROCESSABLE = 404, 422


@dataclass(frozen=True, slots=True)
class Place:
    """One place where the document is open. Addresses are http(s), None where not told.

    ``licence`` (``cc-by``), ``version`` (``publishedVersion``, ``acceptedVersion``, ``submittedVersion``) and
    ``host`` (``publisher``, ``repository``) are Unpaywall's words, empty where not told.
    """

    pdf: str | None
    url: str | None
    landing_page: str | None
    licence: str
    version: str
    host: str


@dataclass(frozen=True, slots=True)
class OpenAccess:
    """What Unpaywall knows of a DOI; ``status`` is gold, hybrid, bronze, green or closed, ``best`` None if closed."""

    doi: str
    status: str
    best: Place | None


class Unpaywall:
    """Unpaywall in the name of ``email``. Raises Configuration when there is none."""

    def __init__(self, door: Door, email: str, base_url: str = BASE_URL) -> None:
        if not email:
            raise Configuration("Unpaywall asks for a contact address; set the review's e-mail address first")
        self._door = door
        self._base = base_url.rstrip("/") + "/"
        self._email = email

    def best(self, doi: str) -> OpenAccess | None:
        """The best open place of ``doi``; None when Unpaywall does not know it (or ``doi`` is none).

        Raises Configuration when Unpaywall refuses the contact address, TryAgain when nothing usable came
        within the tries, SourceFailed when it refused the request or answered for another DOI.
        """
        bare = identifiers.doi(doi)
        if bare is None:
            return None
        ask = Ask("GET", self._base + quote(bare, safe="/"), params={"email": self._email})
        return self._door.read(ask, partial(_read, bare))


def _read(asked: str, answer: Answer) -> OpenAccess | None:
    if answer.status == _UNPROCESSABLE:
        said = one_line(answer.body)
        raise Configuration(f"Unpaywall refused the contact address; give one that is real ({said})")
    if answer.status == _NOT_FOUND and _own_words(answer):
        return None
    content = accepted("Unpaywall", answer)
    doi, status = identifiers.doi(str(content.get("doi") or "")), content.get("oa_status")
    if doi is None or not isinstance(status, str) or "best_oa_location" not in content:
        raise Unusable("an answer without DOI, status and best location")
    if doi != asked:
        raise SourceFailed(f"Unpaywall answered for {doi}, not for {asked}")
    place = content["best_oa_location"]
    return OpenAccess(doi, status, _place(place) if isinstance(place, dict) else None)


def _own_words(answer: Answer) -> bool:
    """Whether a 404 is Unpaywall's own, not that of a proxy or of a wrong address."""
    try:
        return json_object(answer.body).get("error") is True
    except Unusable:
        return False


def _place(told: dict[str, Any]) -> Place:
    return Place(
        pdf=_address(told.get("url_for_pdf")),
        url=_address(told.get("url")),
        landing_page=_address(told.get("url_for_landing_page")),
        licence=str(told.get("license") or ""),
        version=str(told.get("version") or ""),
        host=str(told.get("host_type") or ""),
    )


def _address(told: object) -> str | None:
    return told if isinstance(told, str) and told.startswith(("https://", "http://")) else None
