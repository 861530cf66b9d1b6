"""What is Europe PMC's own: preprints, its record format, notices, citations both ways, and its ways to refuse."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from curation.errors import SourceFailed, TryAgain
from curation.model import Author
from curation.sources.europepmc import EuropePmc, parse_batch, record
from curation.sources.http import Door, DoorSettings
from curation.sources.notices import Notice, NoticeKind, notices
from curation.sources.pubmed_xml import Incomplete
from curation.sources.standin import Fault, FaultKind
from curation.sources.standin.services import Holdings, Services

if TYPE_CHECKING:
    from collections.abc import Iterator

# The shape of a recorded answer of type core (web service 6.9); names and numbers are made up.
ARTICLE: dict[str, Any] = {
    "id": "99000001",
    "source": "MED",
    "pmid": "99000001",
    "pmcid": "PMC9900001",
    "doi": "10.5555/Spine.1",
    "title": "MiR-21 in the spine <i>in vivo</i> &amp; the CO<sub>2</sub> of bone (P<0.05).",
    "authorString": "Hu Y, Van Der Berg AB, The Spine Consortium.",
    "authorList": {
        "author": [
            {"fullName": "Hu Y", "firstName": "Yue", "lastName": "Hu", "initials": "Y"},
            {"fullName": "Van Der Berg AB", "lastName": "Van Der Berg", "initials": "AB"},
            {"collectiveName": "The Spine Consortium"},
        ]
    },
    "journalInfo": {
        "issue": "8",
        "volume": "384",
        "dateOfPublication": "2021 Feb",
        "yearOfPublication": 2021,
        "journal": {
            "title": "European spine journal",
            "medlineAbbreviation": "Eur Spine J",
            "issn": "0940-6719",
            "essn": "1432-0932",
        },
    },
    "pubYear": "2021",
    "pageInfo": "693-704",
    "abstractText": "<h4>Background</h4>Bone <i>in situ</i>\n is damaged.<h4>Results: </h4>AUC 0.84; P<0.001 and a <b>0.",
    "publicationStatus": "ppublish",
    "language": "eng",
    "pubModel": "Print-Electronic",
    "pubTypeList": {"pubType": ["Journal Article", "Retracted Publication"]},
    "meshHeadingList": {
        "meshHeading": [
            {"majorTopic_YN": "N", "descriptorName": "Humans"},
            {
                "majorTopic_YN": "N",
                "descriptorName": "Spine",
                "meshQualifierList": {
                    "meshQualifier": [
                        {"majorTopic_YN": "Y", "abbreviation": "SU", "qualifierName": "surgery"},
                    ]
                },
            },
        ]
    },
    "keywordList": {"keyword": ["Radiomics", "Spine"]},
    "commentCorrectionList": {
        "commentCorrection": [
            {"id": "32167152", "source": "MED", "type": "Retraction in", "orderIn": 1},
            {"source": "MED", "type": "Erratum in", "orderIn": 2},
            {"id": "66666666", "source": "MED", "type": "Expression of concern in", "orderIn": 3},
            {"id": "55555555", "source": "MED", "type": "Corrected and republished in", "orderIn": 4},
            {"id": "PPR100", "source": "PPR", "type": "Preprint in", "orderIn": 5},
        ]
    },
    "citedByCount": 7,
    "firstPublicationDate": "2020-07-17",
}
PREPRINT: dict[str, Any] = {
    "id": "PPR100",
    "source": "PPR",
    "doi": "10.64898/2020.01.01.1",
    "title": "A preprint on the spine",
    "authorString": "Hu Y, Consortium for Bone.",
    "pubYear": "2020",
    "bookOrReportDetails": {"publisher": "medRxiv", "yearOfPublication": 2020},
    "pubTypeList": {"pubType": ["Preprint"]},
    "commentCorrectionList": {
        "commentCorrection": [{"id": "99000001", "source": "MED", "type": "Preprint of", "orderIn": 1}]
    },
}
CITING = {"id": "PMC77", "source": "PMC", "title": "A spine cited", "pubYear": "2024", "doi": "10.5555/c"}
HELD = Holdings(
    records=(ARTICLE, PREPRINT, CITING),
    cites={"PMC:PMC77": ("MED:99000001", "PPR:PPR100", "A book without a number")},
)


@dataclass
class Unpaced:
    hosts: list[str] = field(default_factory=list)

    def wait(self, host: str, per_second: float) -> None:
        assert per_second > 0
        self.hosts.append(host)


@contextmanager
def europepmc(server: Services, email: str = "team@example.org") -> Iterator[EuropePmc]:
    settings = DoorSettings("livrev-test", tries=3, backoff=0, read_timeout=5)
    with Door(settings, Unpaced(), clock=time.monotonic) as door:
        yield EuropePmc(door, server.europepmc_url, email=email)


def test_a_search_finds_preprints_beside_articles() -> None:
    with Services(HELD) as server, europepmc(server) as source:
        assert source.search("spine").ids == ("MED:99000001", "PMC:PMC77", "PPR:PPR100")
        assert source.search("spine AND SRC:PPR").ids == ("PPR:PPR100",)
        assert source.search("PUB_YEAR:[2020 TO 2021]").ids == ("MED:99000001", "PPR:PPR100")


def test_a_search_says_what_prisma_s_asks_for() -> None:
    with Services(HELD) as server, europepmc(server) as source:
        answer = source.search("TITLE:spine")
        assert (answer.count, answer.translation, answer.db_build) == (3, "TITLE:spine", "6.9")
        [request] = server.requests
        assert request.params["synonym"] == "false"
        assert request.params["email"] == "team@example.org"


def test_numbers_come_in_the_order_of_numbers_whatever_the_relevance() -> None:
    held = tuple({"id": str(n), "source": "MED", "title": "spine"} for n in (100, 9, 10, 2))
    with Services(Holdings(records=held)) as server, europepmc(server) as source:
        assert source.search("spine").ids == ("MED:2", "MED:9", "MED:10", "MED:100")


MANY = tuple({"id": str(n), "source": "MED", "title": "spine"} for n in range(1, 2_501))


def test_a_page_that_lacks_a_record_fails_the_search() -> None:
    # The same record on two pages: the index moved under the cursor, and the count did not.
    twice = (*MANY[:-1], MANY[0])
    with Services(Holdings(records=twice)) as server, europepmc(server) as source:
        with pytest.raises(SourceFailed, match="counted 2500 records and gave 2499 numbers"):
            source.search("spine")
        assert len(server.requests) == 3


def test_a_search_is_begun_again_when_the_count_moves_underneath() -> None:
    first, last = frozenset({1}), frozenset({2_500})
    with Services(Holdings(records=MANY)) as server, europepmc(server) as source:
        server.play(Fault(FaultKind.OMITTED_IDS, path="search", pmids=first))
        assert source.search("spine").count == 2_500
        moving = [
            Fault(FaultKind.OMITTED_IDS, path="search", pmids=p) for p in (first, frozenset[int](), last)
        ]
        server.play(*moving * 3)
        with pytest.raises(SourceFailed, match="changed under each of 3 searches"):
            source.search("spine")


def test_a_record_is_read_field_by_field() -> None:
    with Services(HELD) as server, europepmc(server) as source:
        [batch] = source.fetch(["MED:99000001"])
    [got] = batch.records
    cited = got.citation
    assert (got.accession, got.raw_format) == ("MED:99000001", "europepmc-json")
    assert cited.title == "MiR-21 in the spine in vivo & the CO2 of bone (P<0.05)."
    assert cited.abstract == "Background: Bone in situ is damaged.\nResults: AUC 0.84; P<0.001 and a 0."
    assert cited.authors == (
        Author("Hu", "Y"),
        Author("Van Der Berg", "AB"),
        Author("The Spine Consortium", collective=True),
    )
    assert (cited.year, cited.journal, cited.volume) == (2021, "European spine journal", "384")
    assert (cited.issue, cited.pages) == ("8", "693-704")
    assert (cited.doi, cited.pmid, cited.pmcid) == ("10.5555/spine.1", "99000001", "PMC9900001")
    assert cited.language == ("eng",)
    assert cited.publication_types == ("Journal Article", "Retracted Publication")
    assert cited.keywords == ("Humans", "Spine", "Radiomics")
    assert cited.extra["MeSH"] == ("Humans", "Spine/*surgery")
    assert cited.extra["source"] == ("MED",)


def test_notices_read_as_those_of_pubmed() -> None:
    cited = record(ARTICLE).citation
    assert cited.extra["CommentsCorrections"] == (
        "RetractionIn:32167152",
        "ErratumIn:",
        "ExpressionOfConcernIn:66666666",
        "CorrectedandRepublishedIn:55555555",
        "PreprintIn:PPR100",
    )
    assert notices(cited) == (
        Notice(NoticeKind.RETRACTION, "32167152"),
        Notice(NoticeKind.CONCERN, "66666666"),
        Notice(NoticeKind.CORRECTION, ""),
        Notice(NoticeKind.REPUBLISHED, "55555555"),
    )


def test_a_retraction_notice_is_not_retracted() -> None:
    told = {"type": "Retraction of", "id": "99000001", "source": "MED"}
    notice = record(
        {
            "id": "32167152",
            "source": "MED",
            "title": "Retraction: MiR-21",
            "pubTypeList": {"pubType": ["Retraction Notice"]},
            "commentCorrectionList": {"commentCorrection": [told]},
        }
    )
    assert notice.citation.extra["CommentsCorrections"] == ("RetractionOf:99000001",)
    assert notices(notice.citation) == ()


def test_a_preprint_names_its_server_and_its_article() -> None:
    cited = record(PREPRINT).citation
    assert (cited.journal, cited.year, cited.pmid) == ("medRxiv", 2020, None)
    assert cited.authors == (Author("Hu", "Y"), Author("Consortium for Bone"))
    assert cited.extra["CommentsCorrections"] == ("PreprintOf:99000001",)


def test_a_record_without_anything_but_its_number_is_kept() -> None:
    cited = record({"id": "1", "source": "AGR"}).citation
    assert (cited.title, cited.abstract, cited.authors, cited.year) == ("", "", (), None)
    assert cited.extra == {"source": ("AGR",)}


def test_a_new_citation_makes_no_new_version_of_a_record() -> None:
    cited_more = {**ARTICLE, "citedByCount": 8, "hasReferences": "Y"}
    assert record(cited_more).raw == record(dict(reversed(ARTICLE.items()))).raw
    assert record({**ARTICLE, "title": "Corrected"}).raw != record(ARTICLE).raw
    kept = json.loads(record(ARTICLE).raw)
    assert kept == {name: told for name, told in ARTICLE.items() if name != "citedByCount"}


def test_a_dollar_and_a_smaller_sign_are_no_markup() -> None:
    told = {
        "id": "1",
        "source": "MED",
        "abstractText": "if x<y and b>c then &lt;i&gt; <p>New</p><p>lines</p>",
    }
    assert record(told).citation.abstract == "if x<y and b>c then <i> New\nlines"


def test_a_record_that_ends_early_is_asked_for_again() -> None:
    with Services(HELD) as server, europepmc(server) as source:
        server.play(Fault(FaultKind.CUT_BODY, path="fetch", at_byte=900))
        [batch] = source.fetch(["MED:99000001", "PPR:PPR100"])
        assert [r.accession for r in batch.records]
        assert batch.missing == ()
        assert [r.method for r in server.requests] == ["POST", "POST"]


def test_a_long_query_is_posted_and_a_short_one_is_not() -> None:
    long = " OR ".join(["TITLE:spine"] * 200)
    with Services(HELD) as server, europepmc(server) as source:
        assert source.search(long).ids == source.search("TITLE:spine").ids
        assert [(r.method, r.path) for r in server.requests] == [
            ("POST", "europepmc/searchPOST"),
            ("GET", "europepmc/search"),
        ]


def test_citations_go_both_ways() -> None:
    with Services(HELD) as server, europepmc(server) as source:
        [citing] = source.citations("MED:99000001")
        assert (citing.accession, citing.title, citing.year) == ("PMC:PMC77", "A spine cited", 2024)
        assert citing.doi == "10.5555/c"
        references = source.references("PMC:PMC77")
        assert [one.accession for one in references] == ["MED:99000001", "PPR:PPR100", None]
        assert references[2].title == "A book without a number"
        assert references[0].authors == "Hu Y, Van Der Berg AB, The Spine Consortium."
        assert source.citations("PMC:PMC77") == ()


def test_citations_come_page_by_page_and_must_add_up() -> None:
    cites = {f"MED:{n}": ("MED:1",) for n in range(2, 2_302)}
    with Services(Holdings(cites=cites)) as server, europepmc(server) as source:
        assert len(source.citations("MED:1")) == 2_300
        assert [r.params["page"] for r in server.requests] == ["1", "2", "3"]
        server.play(Fault(FaultKind.HTML_200, times=None, path="citations"))
        with pytest.raises(TryAgain, match="after 3 tries"):
            source.citations("MED:1")
    with pytest.raises(SourceFailed, match="MED:32167152"):
        source.citations("32167152")


def test_citations_that_do_not_add_up_are_no_answer() -> None:
    # Entry 1,501 is announced and never comes.
    cites = {f"MED:{n}": ("MED:1",) for n in range(2, 1_503)}
    with Services(Holdings(cites=cites)) as server, europepmc(server) as source:
        server.play(Fault(FaultKind.OMITTED_IDS, times=None, path="citations", pmids=frozenset({1_502})))
        with pytest.raises(SourceFailed, match=r"counted 1501 citations of MED:1 and gave 1500"):
            source.citations("MED:1")


@pytest.mark.parametrize("query", ["spine[ti]", "spine AND cancer[Title/Abstract]", '"a b"[tiab:~3]'])
def test_a_query_written_for_pubmed_is_refused_before_it_is_sent(query: str) -> None:
    with Services(HELD) as server, europepmc(server) as source:
        with pytest.raises(SourceFailed, match="field tags"):
            source.search(query)
        assert server.requests == ()


def test_brackets_of_a_range_or_within_a_phrase_are_none_of_pubmeds() -> None:
    with Services(HELD) as server, europepmc(server) as source:
        assert source.count("PUB_YEAR:[2021 TO 2021]").count == 1
        assert source.count('TITLE:"[18F]FDG"').count == 0


def test_an_error_under_http_200_fails_the_search() -> None:
    with Services(HELD) as server, europepmc(server) as source:
        with pytest.raises(SourceFailed, match="No search criteria provided"):
            source.search(" ")
        assert len(server.requests) == 1


def test_a_wrong_address_is_no_empty_result() -> None:
    with Services(HELD) as server, europepmc(server) as source:
        wrong = EuropePmc(source._door, server.url + "elsewhere/")
        with pytest.raises(SourceFailed, match="HTTP 404"):
            wrong.search("spine")
        with pytest.raises(SourceFailed, match="HTTP 404"):
            list(wrong.fetch(["MED:99000001"]))


def test_without_an_address_of_the_team_none_is_sent() -> None:
    with Services(HELD) as server, europepmc(server, email="") as source:
        source.count("spine")
        assert "email" not in server.requests[0].params


def test_what_is_served_may_change_between_two_searches() -> None:
    with Services(HELD) as server, europepmc(server) as source:
        assert source.search("spine").count == 3
        server.holdings = replace(HELD, records=(PREPRINT,))
        assert source.search("spine").ids == ("PPR:PPR100",)
        assert source.told(["MED:99000001", "PPR:PPR100"]) == {
            "MED:99000001": "not in Europe PMC any more",
            "PPR:PPR100": "in Europe PMC after all",
        }


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"version":"6.9","resultList":{"result":[]}}'),
        (200, b'{"hitCount":null,"resultList":{"result":[]}}'),
        (200, b'{"hitCount":false,"resultList":{"result":[]}}'),
        (200, b'{"hitCount":0}'),
        (200, b'{"hitCount":1,"resultList":{"result":[{"source":"MED"}]}}'),
        (200, b'{"hitCount":1,"resultList":{"result":["MED:1"]}}'),
        (200, b'{"errCode":500,"errMsg":"Internal error"}'),
        (200, b"This API is temporarily unavailable due to maintenance."),
        (520, b'{"hitCount":0,"resultList":{"result":[]}}'),
    ],
)
def test_an_answer_of_another_shape_is_asked_for_again_and_never_taken(status: int, body: bytes) -> None:
    tools = dict.fromkeys(("search", "fetch"), (status, body))
    with Services(Holdings(said=tools)) as server, europepmc(server) as source:
        for ask in (source.search, source.count):
            with pytest.raises(TryAgain, match="after 3 tries"):
                ask("spine")
        with pytest.raises(TryAgain, match="after 3 tries"):
            list(source.fetch(["MED:1"]))
        assert len(server.requests) == 9


def test_a_batch_with_fewer_records_than_it_announces_is_not_whole() -> None:
    body = b'{"hitCount":2,"resultList":{"result":[{"id":"1","source":"MED"}]}}'
    with pytest.raises(Incomplete, match="2 records were announced, 1 came"):
        parse_batch(body, ["MED:1", "MED:2"])
