"""NCBI's ID converter on loopback: one type a request, errors kept by id."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from curation.errors import SourceFailed, TryAgain
from curation.sources.http import Door, DoorSettings
from curation.sources.idconv import Converted, IdConverter
from curation.sources.standin import Fault, FaultKind
from curation.sources.standin.services import Holdings, Names, Services

if TYPE_CHECKING:
    from collections.abc import Iterator

ARTICLES = tuple(Names(str(n), f"PMC{n + 5_000}", f"10.5555/a.{n}") for n in range(1, 451))
HELD = Holdings(articles=ARTICLES)


@dataclass
class Unpaced:
    hosts: list[str] = field(default_factory=list)

    def wait(self, host: str, per_second: float) -> None:
        assert per_second > 0
        self.hosts.append(host)


@contextmanager
def converter(server: Services, base: str = "") -> Iterator[IdConverter]:
    settings = DoorSettings("livrev-test", tries=3, backoff=0, read_timeout=5)
    with Door(settings, Unpaced(), clock=time.monotonic) as door:
        yield IdConverter(door, base or server.idconv_url, email="team@example.org")


def test_ids_of_all_types_are_converted_by_one_request_a_type() -> None:
    asked = ["7", "PMC5008", "https://doi.org/10.5555/A.9", "pmc5010"]
    with Services(HELD) as server, converter(server) as source:
        found = source.convert(asked)
        assert list(found) == asked
        assert found["7"] == Converted("7", "7", "PMC5007", "10.5555/a.7")
        assert found["PMC5008"] == Converted("PMC5008", "8", "PMC5008", "10.5555/a.8")
        assert found["https://doi.org/10.5555/A.9"].pmid == "9"
        assert found["pmc5010"].doi == "10.5555/a.10"
        assert [r.params["idtype"] for r in server.requests] == ["pmid", "pmcid", "doi"]
        assert all(r.params["tool"] == "livrev" for r in server.requests)
        assert all(r.params["email"] == "team@example.org" for r in server.requests)


def test_at_most_two_hundred_go_in_one_request() -> None:
    with Services(HELD) as server, converter(server) as source:
        found = source.convert([one.pmid for one in ARTICLES])
        assert [one.pmcid for one in found.values()] == [one.pmcid for one in ARTICLES]
        assert [len(r.params["ids"].split(",")) for r in server.requests] == [200, 200, 50]


def test_each_error_stays_with_its_id() -> None:
    asked = ["7", "999999", "10.5555/a,b", "an author", "0", "10.5555/a.8"]
    with Services(HELD) as server, converter(server) as source:
        found = source.convert(asked)
        assert [one for one in asked if not found[one].error] == ["7", "10.5555/a.8"]
        assert found["999999"] == Converted("999999", error="Identifier not found in PMC")
        assert "comma" in found["10.5555/a,b"].error
        assert found["an author"].error == found["0"].error == "neither PMID, PMCID nor DOI"


def test_an_id_that_spoils_a_request_is_told_from_the_others() -> None:
    asked = [f"10.5555/a.{n}" for n in range(1, 9)]
    spoiling = "10.5555/a.9"
    held = Holdings(articles=ARTICLES, unreadable=frozenset({spoiling}))
    with Services(held) as server, converter(server) as source:
        found = source.convert([*asked[:5], spoiling, *asked[5:]])
        assert found[spoiling].error == "All values of query param `ids` must be DOIs."
        assert [found[doi].pmid for doi in asked] == [str(n) for n in range(1, 9)]
        assert len(server.requests) < 2 * len(found)


def test_the_same_id_in_two_spellings_is_asked_for_once() -> None:
    with Services(HELD) as server, converter(server) as source:
        found = source.convert(["10.5555/a.7", "doi:10.5555/A.7"])
        assert found["doi:10.5555/A.7"].pmid == found["10.5555/a.7"].pmid == "7"
        assert [r.params["ids"] for r in server.requests] == ["10.5555/a.7"]


def test_nothing_to_convert_asks_nobody() -> None:
    with Services(HELD) as server, converter(server) as source:
        assert source.convert([]) == {}
        assert server.requests == ()


@pytest.mark.parametrize(
    "kind",
    [FaultKind.STATUS_500, FaultKind.HTML_200, FaultKind.RESET, FaultKind.CUT_BODY, FaultKind.PROXY_FAILED],
)
def test_what_passes_is_outlived_and_what_does_not_is_no_lack_of_names(kind: FaultKind) -> None:
    with Services(HELD) as server, converter(server) as source:
        server.play(Fault(kind, times=2, path="idconv", at_byte=30))
        assert source.convert(["7"])["7"].pmcid == "PMC5007"
        server.play(Fault(kind, times=None, path="idconv", at_byte=30))
        before = len(server.requests)
        with pytest.raises(TryAgain, match="after 3 tries"):
            source.convert(["7"])
        assert len(server.requests) - before == 3


def test_a_wrong_address_is_an_error() -> None:
    with Services(HELD) as server, converter(server, server.url + "elsewhere/") as source:
        with pytest.raises(SourceFailed) as caught:
            source.convert(["7"])
        assert "HTTP 404" in caught.value.message


def test_a_refusal_that_is_not_about_ids_is_not_tried_in_halves() -> None:
    body = b'{"status":"error","errors":[{"message":"Parameter tool is missing","code":"missing_tool"}]}'
    with Services(Holdings(said={"idconv": (400, body)})) as server, converter(server) as source:
        with pytest.raises(SourceFailed, match="Parameter tool is missing"):
            source.convert(["7", "8"])
        assert len(server.requests) == 1


def test_an_id_the_answer_leaves_out_is_not_lost() -> None:
    body = b'{"status":"ok","records":[{"pmid":7,"pmcid":"PMC5007","requested-id":"7"}]}'
    with Services(Holdings(said={"idconv": (200, body)})) as server, converter(server) as source:
        found = source.convert(["7", "8"])
    assert found["7"] == Converted("7", "7", "PMC5007", None)
    assert found["8"] == Converted("8", error="left out of the converter's answer")
