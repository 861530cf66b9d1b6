"""Unpaywall on loopback: the best open place of a DOI, and what is no answer."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from curation.errors import Configuration, SourceFailed, TryAgain
from curation.sources.http import Door, DoorSettings
from curation.sources.standin import Fault, FaultKind
from curation.sources.standin.services import Holdings, Services
from curation.sources.unpaywall import OpenAccess, Place, Unpaywall

if TYPE_CHECKING:
    from collections.abc import Iterator

OPEN = {
    "doi": "10.5555/open",
    "is_oa": True,
    "oa_status": "green",
    "best_oa_location": {
        "host_type": "repository",
        "license": "cc-by",
        "url": "https://repository.example.org/1.pdf",
        "url_for_landing_page": "https://repository.example.org/1",
        "url_for_pdf": "https://repository.example.org/1.pdf",
        "version": "acceptedVersion",
    },
}
BARE = {
    "doi": "10.5555/bare",
    "is_oa": True,
    "oa_status": "bronze",
    "best_oa_location": {"license": None, "url": "javascript:alert(1)", "url_for_pdf": None},
}
CLOSED = {"doi": "10.5555/closed", "is_oa": False, "oa_status": "closed", "best_oa_location": None}
ALIAS = {"doi": "10.5555/another", "is_oa": False, "oa_status": "closed", "best_oa_location": None}
HELD = Holdings(
    open_copies={"10.5555/open": OPEN, "10.5555/bare": BARE, "10.5555/closed": CLOSED, "10.5555/alias": ALIAS}
)


@dataclass
class Unpaced:
    hosts: list[str] = field(default_factory=list)

    def wait(self, host: str, per_second: float) -> None:
        assert per_second > 0
        self.hosts.append(host)


@contextmanager
def unpaywall(server: Services, *, email: str = "team@example.org", base: str = "") -> Iterator[Unpaywall]:
    settings = DoorSettings("livrev-test", tries=3, backoff=0, read_timeout=5)
    with Door(settings, Unpaced(), clock=time.monotonic) as door:
        yield Unpaywall(door, email, base or server.unpaywall_url)


def test_the_best_open_place_is_told_with_its_licence() -> None:
    with Services(HELD) as server, unpaywall(server) as source:
        assert source.best("https://doi.org/10.5555/OPEN") == OpenAccess(
            "10.5555/open",
            "green",
            Place(
                pdf="https://repository.example.org/1.pdf",
                url="https://repository.example.org/1.pdf",
                landing_page="https://repository.example.org/1",
                licence="cc-by",
                version="acceptedVersion",
                host="repository",
            ),
        )
        assert server.requests[0].params == {"email": "team@example.org"}


def test_what_is_not_told_is_absent_and_no_address_is_none_of_the_web() -> None:
    with Services(HELD) as server, unpaywall(server) as source:
        found = source.best("10.5555/bare")
        assert found is not None
        assert found.best == Place(pdf=None, url=None, landing_page=None, licence="", version="", host="")


def test_closed_and_unknown_are_two_answers() -> None:
    with Services(HELD) as server, unpaywall(server) as source:
        assert source.best("10.5555/closed") == OpenAccess("10.5555/closed", "closed", None)
        assert source.best("10.5555/unknown") is None
        assert source.best("no DOI") is None
        assert len(server.requests) == 2


def test_a_refused_contact_address_is_a_matter_of_configuration() -> None:
    with Services(HELD) as server:
        with unpaywall(server, email="someone@example.com") as source:
            with pytest.raises(Configuration, match=r"contact address.*your own email"):
                source.best("10.5555/open")
            assert len(server.requests) == 1
        with pytest.raises(Configuration, match="asks for a contact address"), unpaywall(server, email=""):
            pass


def test_an_answer_for_another_doi_is_not_trusted() -> None:
    said = r"answered for 10\.5555/another, not for 10\.5555/alias"
    with Services(HELD) as server, unpaywall(server) as source, pytest.raises(SourceFailed, match=said):
        source.best("10.5555/alias")


def test_a_page_that_is_not_there_says_nothing_of_a_doi() -> None:
    with Services(HELD) as server, unpaywall(server, base=server.url + "elsewhere/") as source:
        with pytest.raises(SourceFailed) as caught:
            source.best("10.5555/open")
        assert "HTTP 404" in caught.value.message


@pytest.mark.parametrize(
    "kind",
    [FaultKind.STATUS_500, FaultKind.HTML_200, FaultKind.FORWARDING, FaultKind.RESET, FaultKind.CUT_BODY],
)
def test_what_passes_is_outlived_and_what_does_not_is_no_closed_door(kind: FaultKind) -> None:
    with Services(HELD) as server, unpaywall(server) as source:
        server.play(Fault(kind, times=2, path="unpaywall", at_byte=30))
        found = source.best("10.5555/open")
        assert found is not None
        assert found.best is not None
        server.play(Fault(kind, times=None, path="unpaywall", at_byte=30))
        before = len(server.requests)
        with pytest.raises(TryAgain, match="after 3 tries"):
            source.best("10.5555/open")
        assert len(server.requests) - before == 3
