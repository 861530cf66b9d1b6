"""Crossref on loopback: notices about a DOI in both directions, preprints, many at once, and its ways to fail."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from curation.errors import SourceFailed, TryAgain
from curation.sources.crossref import Crossref, Notice
from curation.sources.http import Door, DoorSettings
from curation.sources.notices import NoticeKind
from curation.sources.standin import Fault, FaultKind
from curation.sources.standin.services import Holdings, Services

if TYPE_CHECKING:
    from collections.abc import Iterator

RETRACTED = "10.5555/s0140-6736(97)11096-0"
NOTICE = "10.5555/s0140-6736(10)60175-4"
PREPRINT = "10.64898/2026.08.20.745440"
ODD = "10.1002/(sici)1099-0771(199806)11:2<107::aid-bdm292>3.0.co;2-y"
COMMA = "10.5555/a,b"
QUERY = "10.5555/a?b=c#d%2fe"


def work(doi: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of a JSON message
    return {
        "DOI": doi,
        "title": ["A work"],
        "type": "journal-article",
        "issued": {"date-parts": [[None]]},
    } | more


def update(kind: str, doi: str, source: str, *date: int) -> dict[str, Any]:
    return {
        "DOI": doi,
        "type": kind,
        "label": kind.capitalize(),
        "source": source,
        "updated": {"date-parts": [list(date)], "timestamp": 0},
    }


# The shape that Crossref gives a work with entries of Retraction Watch.
WORKS = {
    RETRACTED: work(
        RETRACTED.upper(),
        title=["RETRACTED: Ileal <i>nodular</i>\n hyperplasia &amp; more"],
        published={"date-parts": [[1998, 2]]},
        **{
            "updated-by": [
                update("correction", "10.5555/S0140-6736(04)15715-2", "retraction-watch", 2004, 3, 6),
                update("retraction", NOTICE, "retraction-watch", 2010, 2, 6),
                update("retraction", NOTICE, "publisher", 2010, 2),
                update("expression_of_concern", "unavailable", "publisher"),
                update("Peer Review", "10.5555/review", "publisher", 1999),
            ]
        },
    ),
    NOTICE: work(NOTICE, **{"update-to": [update("retraction", RETRACTED, "publisher", 2010, 2, 6)]}),
    PREPRINT: work(
        PREPRINT,
        type="posted-content",
        relation={
            "is-preprint-of": [
                {"id-type": "doi", "id": "https://doi.org/10.5555/Article", "asserted-by": "subject"},
                {"id-type": "pmid", "id": "12345678"},
            ]
        },
    ),
    "10.5555/article": work(
        "10.5555/article", relation={"has-preprint": [{"id-type": "doi", "id": PREPRINT}]}
    ),
    ODD: work(ODD),
    COMMA: work(COMMA),
    QUERY: work(QUERY),
}


@dataclass
class Unpaced:
    hosts: list[str] = field(default_factory=list)

    def wait(self, host: str, per_second: float) -> None:
        assert per_second > 0
        self.hosts.append(host)


@contextmanager
def crossref(server: Services, base: str = "") -> Iterator[Crossref]:
    settings = DoorSettings("livrev-test", tries=3, backoff=0, read_timeout=5)
    with Door(settings, Unpaced(), clock=time.monotonic) as door:
        yield Crossref(door, base or server.crossref_url, mailto="team@example.org")


def test_a_retracted_work_shows_who_said_so_and_when() -> None:
    with Services(Holdings(works=WORKS)) as server, crossref(server) as source:
        found = source.work(RETRACTED.upper())
        assert found is not None
        assert (found.doi, found.type, found.year) == (RETRACTED, "journal-article", 1998)
        assert found.title == "RETRACTED: Ileal nodular hyperplasia & more"
        assert found.retracted
        assert found.updated_by == (
            Notice("correction", "10.5555/s0140-6736(04)15715-2", "retraction-watch", "2004-03-06"),
            Notice("retraction", NOTICE, "retraction-watch", "2010-02-06"),
            Notice("retraction", NOTICE, "publisher", "2010-02"),
            Notice("expression_of_concern", None, "publisher", ""),
            Notice("peer_review", "10.5555/review", "publisher", "1999"),
        )
        assert [notice.kind for notice in found.updated_by] == [
            NoticeKind.CORRECTION,
            NoticeKind.RETRACTION,
            NoticeKind.RETRACTION,
            NoticeKind.CONCERN,
            None,
        ]
        assert server.requests[0].params == {"mailto": "team@example.org"}


def test_a_notice_is_not_retracted_by_what_it_retracts() -> None:
    with Services(Holdings(works=WORKS)) as server, crossref(server) as source:
        found = source.work(NOTICE)
        assert found is not None
        assert not found.retracted
        assert found.updated_by == ()
        assert [notice.doi for notice in found.update_to] == [RETRACTED]
        assert found.year is None


def test_a_preprint_and_its_article_name_each_other() -> None:
    with Services(Holdings(works=WORKS)) as server, crossref(server) as source:
        preprint, article = source.work(PREPRINT), source.work("10.5555/article")
        assert preprint is not None
        assert article is not None
        assert preprint.is_preprint_of == ("10.5555/article",)
        assert article.has_preprint == (PREPRINT,)


def test_a_doi_that_crossref_does_not_know_is_an_answer() -> None:
    with Services(Holdings(works=WORKS)) as server, crossref(server) as source:
        assert source.work("10.5555/unknown") is None
        assert source.work("no DOI at all") is None
        assert len(server.requests) == 1


@pytest.mark.parametrize("doi", [ODD, COMMA, QUERY, RETRACTED])
def test_a_doi_with_odd_signs_goes_out_whole(doi: str) -> None:
    with Services(Holdings(works=WORKS)) as server, crossref(server) as source:
        found = source.work(f"https://doi.org/{doi}")
        assert found is not None
        assert found.doi == doi
        assert source.check([doi]) == {doi: found}


def test_many_dois_are_checked_by_few_requests_and_each_has_its_answer() -> None:
    works = {f"10.5555/{n}": work(f"10.5555/{n}") for n in range(60)}
    asked = [*works, "10.5555/unknown", "nonsense", "https://doi.org/10.5555/7"]
    with Services(Holdings(works=works)) as server, crossref(server) as source:
        found = source.check(asked)
        assert list(found) == asked
        assert all(found[doi] == source.work(doi) for doi in ("10.5555/0", "10.5555/59"))
        assert found["10.5555/unknown"] is None
        assert found["nonsense"] is None
        assert found["https://doi.org/10.5555/7"] == found["10.5555/7"]
        assert len([r for r in server.requests if r.path == "crossref/works"]) == 3


def test_nothing_to_check_asks_nobody() -> None:
    with Services(Holdings()) as server, crossref(server) as source:
        assert source.check([]) == {}
        assert server.requests == ()


BODIES = [
    FaultKind.STATUS_500,
    FaultKind.BAD_GATEWAY,
    FaultKind.HTML_200,
    FaultKind.FORWARDING,
    FaultKind.RESET,
    FaultKind.CUT_BODY,
    FaultKind.LOST_BODY,
]


@pytest.mark.parametrize("kind", BODIES)
def test_what_passes_is_outlived_and_what_does_not_is_no_clean_record(kind: FaultKind) -> None:
    with Services(Holdings(works=WORKS)) as server, crossref(server) as source:
        server.play(Fault(kind, times=2, path="works", at_byte=30))
        found = source.check([RETRACTED])[RETRACTED]
        assert found is not None
        assert found.retracted
        server.play(Fault(kind, times=None, path="works", at_byte=30))
        before = len(server.requests)
        for ask in (source.work, lambda doi: source.check([doi])):
            with pytest.raises(TryAgain, match=r"after 3 tries; run the same command again later"):
                ask(RETRACTED)
        assert len(server.requests) - before == 6


def test_a_page_that_is_not_there_says_nothing_of_a_doi() -> None:
    with Services(Holdings(works=WORKS)) as server, crossref(server, server.url + "elsewhere/") as source:
        with pytest.raises(SourceFailed, match="HTTP 404"):
            source.work(RETRACTED)
        with pytest.raises(SourceFailed, match="HTTP 404"):
            source.check([RETRACTED])


def test_works_nobody_asked_for_are_refused() -> None:
    works = {"10.5555/asked": work("10.5555/another")}
    with Services(Holdings(works=works)) as server, crossref(server) as source:
        with pytest.raises(SourceFailed, match=r"nobody asked for: 10\.5555/another"):
            source.check(["10.5555/asked"])
        # By itself it may be an alias, which Crossref follows.
        found = source.work("10.5555/asked")
        assert found is not None
        assert found.doi == "10.5555/another"


LISTED = b'{"status":"ok","message-type":"work-list","message":{"total-results":%s,"items":[%s]}}'


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, LISTED % (b"2", b'{"DOI":"10.5555/a"}')),
        (200, LISTED % (b"null", b"")),
        (200, LISTED % (b"1", b'{"title":["without a DOI"]}')),
        (200, b'{"status":"ok","message-type":"member-list","message":{"total-results":0,"items":[]}}'),
        (200, b'{"status":"ok","message-type":"work","message":{"DOI":"10.5555/a"}}'),
        (200, b"[]"),
        (200, b""),
        (520, b"a web server is returning an unknown error"),
    ],
)
def test_a_list_that_is_not_whole_is_asked_for_again_and_never_taken(status: int, body: bytes) -> None:
    with Services(Holdings(said={"works": (status, body)})) as server, crossref(server) as source:
        with pytest.raises(TryAgain, match="after 3 tries"):
            source.check(["10.5555/a"])
        assert len(server.requests) == 3


def test_a_refused_request_is_told_in_one_line_and_not_repeated() -> None:
    said = {"works": (403, b"<html><h1>Forbidden</h1>\n<p>You were\nblocked api_key=abc</p></html>")}
    with Services(Holdings(said=said)) as server, crossref(server) as source:
        with pytest.raises(SourceFailed) as caught:
            source.work("10.5555/a")
        refused = "Crossref refused the request (HTTP 403): Forbidden You were blocked api_key=[key]"
        assert caught.value.message == refused
        assert len(server.requests) == 1
