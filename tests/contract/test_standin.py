"""The stand-in of NCBI's E-utilities, asked over real HTTP on loopback."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests
from Bio import Entrez

from curation.sources.standin import Corpus, Entry, Fault, FaultKind, StandIn, find

MANY = 12_000
TIMEOUT = 10
Ask = Callable[..., requests.Response]
biopython_reads: Callable[[BytesIO], dict[str, Any]] = Entrez.read


def entry(pmid: int, title: str) -> Entry:
    xml = (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><Article><ArticleTitle>{title}'
        "</ArticleTitle></Article></MedlineCitation></PubmedArticle>"
    )
    return Entry(pmid=pmid, xml=xml.encode(), titles=(title,), created=((2020 + pmid % 5, 1, 2),))


SMALL = Corpus(entry(pmid, f"vertebra number{pmid % 3}") for pmid in range(1, 31))


@pytest.fixture(scope="module")
def large() -> Corpus:
    return Corpus(entry(pmid, "odd vertebra" if pmid % 2 else "vertebra") for pmid in range(1, 3 * MANY, 3))


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as one:
        yield one


@pytest.fixture
def get(session: requests.Session) -> Ask:
    def ask(standin: StandIn, tool: str, /, **params: str | int) -> requests.Response:
        return session.get(f"{standin.url}{tool}.fcgi", params={"db": "pubmed", **params}, timeout=TIMEOUT)

    return ask


@pytest.fixture
def post(session: requests.Session) -> Ask:
    def ask(standin: StandIn, tool: str, /, **params: str | int) -> requests.Response:
        return session.post(f"{standin.url}{tool}.fcgi", data={"db": "pubmed", **params}, timeout=TIMEOUT)

    return ask


def searched(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200
    result: dict[str, Any] = answer.json()["esearchresult"]
    return result


def fetched(answer: requests.Response) -> list[int]:
    return [int(one.findtext("MedlineCitation/PMID", "")) for one in ET.fromstring(answer.content)]


class TestSearch:
    def test_json_has_ncbis_shape(self, get: Ask) -> None:
        with StandIn(SMALL) as standin:
            answer = get(
                standin, "esearch", term="vertebra number2[ti]", retmode="json", retmax=3, sort="pub_date"
            )
        assert answer.json() == {
            "header": {"type": "esearch", "version": "0.3"},
            "esearchresult": {
                "count": "10",
                "retmax": "3",
                "retstart": "0",
                "idlist": ["29", "26", "23"],
                "translationset": [],
                "querytranslation": '"vertebra number2"[Title]',
            },
        }

    def test_xml_says_the_same_and_biopython_reads_it(self, get: Ask) -> None:
        with StandIn(SMALL) as standin:
            term = "vertebra number1 AND <x>[zz]"
            as_xml = biopython_reads(BytesIO(get(standin, "esearch", term=term).content))
            as_json = searched(get(standin, "esearch", term=term, retmode="json"))
            hits = biopython_reads(BytesIO(get(standin, "esearch", term="vertebra").content))
        assert as_xml["Count"] == as_json["count"] == "0"
        assert as_xml["QueryTranslation"] == as_json["querytranslation"]
        assert as_xml["ErrorList"]["FieldNotFound"] == as_json["errorlist"]["fieldsnotfound"] == ["zz"]
        assert as_xml["WarningList"]["OutputMessage"] == as_json["warninglist"]["outputmessages"]
        assert as_json["warninglist"]["outputmessages"] == ["No items found."]
        assert as_json["translationset"][0]["from"] == "vertebra number1"
        assert len(hits["IdList"]) == 20
        assert hits["IdList"][0] == "30"

    def test_post_equals_get(self, get: Ask, post: Ask) -> None:
        with StandIn(SMALL) as standin:
            for tool, params in (
                ("esearch", {"term": '"vertebra number1"[ti] OR 7[uid]', "retmode": "json"}),
                ("esearch", {"term": "vertebra", "retmax": 5, "retstart": 3}),
                ("efetch", {"id": "3,1", "retmode": "xml"}),
                ("esummary", {"id": "3,99", "retmode": "json"}),
                ("einfo", {}),
            ):
                assert get(standin, tool, **params).content == post(standin, tool, **params).content
            methods = [asked.method for asked in standin.requests]
        assert methods == ["GET", "POST"] * 5

    def test_rettype_count_gives_the_count_alone(self, get: Ask) -> None:
        with StandIn(SMALL) as standin:
            as_json = get(standin, "esearch", term="vertebra", rettype="count", retmode="json")
            as_xml = get(standin, "esearch", term="vertebra", rettype="count")
        assert searched(as_json) == {"count": "30"}
        assert [one.tag for one in ET.fromstring(as_xml.content)] == ["Count"]

    @pytest.mark.parametrize(
        ("params", "said"),
        [
            ({"db": "pmc", "term": "x"}, "Invalid db name specified: pmc"),
            ({"term": " "}, "Empty term"),
            ({"term": "x", "retmax": "many"}, "retmax"),
            ({"term": "x", "mindate": "2020"}, "mindate"),
            ({"term": "x", "field": "title"}, "field"),
        ],
    )
    def test_a_search_it_cannot_run_is_an_error_and_never_empty(
        self, get: Ask, params: dict[str, str], said: str
    ) -> None:
        with StandIn(SMALL) as standin:
            as_json = searched(get(standin, "esearch", **params, retmode="json"))
            as_xml = ET.fromstring(get(standin, "esearch", **params).content)
        assert as_json.keys() == {"ERROR"}
        assert said in as_json["ERROR"]
        assert as_xml.findtext("ERROR") == as_json["ERROR"]

    def test_terms_outside_the_corpus_are_reported_on_request(self, get: Ask) -> None:
        term = 'zebrafish OR "two zebras"[mh]'
        with StandIn(SMALL, strict_phrases=True) as standin:
            result = searched(get(standin, "esearch", term=term, retmode="json"))
        assert result["errorlist"] == {"phrasesnotfound": ["zebrafish"], "fieldsnotfound": []}
        assert result["warninglist"]["quotedphrasesnotfound"] == ['"two zebras"[mh]']


class TestWall:
    def test_no_more_than_9999_ids_are_handed_out(self, get: Ask, large: Corpus) -> None:
        with StandIn(large) as standin:
            result = searched(get(standin, "esearch", term="vertebra", retmax=20_000, retmode="json"))
            last = searched(get(standin, "esearch", term="vertebra", retstart=9_998, retmode="json"))
        assert result["count"] == "12000"
        assert len(result["idlist"]) == int(result["retmax"]) == 9_999
        assert last["idlist"] == result["idlist"][-1:]

    def test_a_start_past_9998_is_refused_under_http_200(self, get: Ask) -> None:
        with StandIn(SMALL) as standin:
            result = searched(get(standin, "esearch", term="vertebra", retstart=9_999, retmode="json"))
        assert result.keys() == {"ERROR"}
        assert result["ERROR"].startswith(
            "Search Backend failed: Exception:\n'retstart' cannot be larger than 9998."
        )

    def test_pages_add_up_to_the_count(self, get: Ask, large: Corpus) -> None:
        with StandIn(large) as standin:
            pages = [
                searched(get(standin, "esearch", term="odd[ti]", retstart=at, retmax=1_500, retmode="json"))
                for at in range(0, 9_000, 1_500)
            ]
        ids = [pmid for page in pages for pmid in page["idlist"]]
        assert len(ids) == len(set(ids)) == int(pages[0]["count"]) == MANY // 2
        assert [int(pmid) for pmid in ids] == sorted((int(pmid) for pmid in ids), reverse=True)

    def test_halves_of_an_id_range_are_disjoint_and_leave_nothing_out(self, get: Ask, large: Corpus) -> None:
        def within(low: int, high: int) -> list[int]:
            term = f"( vertebra[ti] ) AND {low}:{high} [UID]"
            result = searched(get(standin, "esearch", term=term, retmax=9_999, retmode="json"))
            if int(result["count"]) <= 9_999:
                return [int(pmid) for pmid in result["idlist"]]
            middle = (low + high) // 2
            return within(middle + 1, high) + within(low, middle)

        with StandIn(large) as standin:
            ids = within(1, 100_000)
        assert len(ids) == MANY
        assert set(ids) == large.pmids


class TestFetch:
    def test_unknown_ids_are_left_out_without_a_word(self, get: Ask) -> None:
        with StandIn(SMALL) as standin:
            answer = get(standin, "efetch", id="5,4000, 2,5", retmode="xml")
            none = get(standin, "efetch", id="4000", retmode="xml")
        assert fetched(answer) == [5, 2]
        assert none.status_code == 200
        assert fetched(none) == []
        assert b"pubmed_250101.dtd" in none.content

    @pytest.mark.parametrize("ids", ["", "0", "x,-1"])
    def test_ids_that_are_none_are_a_bad_request(self, get: Ask, ids: str) -> None:
        with StandIn(SMALL) as standin:
            answer = get(standin, "efetch", id=ids, retmode="xml")
        assert answer.status_code == 400
        said = ET.fromstring(answer.content).findtext("ERROR")
        assert said == "ID list is empty! Possibly it has no correct IDs."

    @pytest.mark.parametrize(
        ("params", "status", "said"),
        [
            ({"WebEnv": "MCID_1", "query_key": "1&2"}, 200, "Unable to obtain query #1&2"),
            ({"id": "1", "rettype": "medline", "retmode": "text"}, 400, "retmode=xml only"),
            ({"id": "1", "db": "<b>"}, 400, "Invalid db name specified: <b>"),
        ],
    )
    def test_what_is_not_served_is_refused_by_name(
        self, get: Ask, params: dict[str, str], status: int, said: str
    ) -> None:
        with StandIn(SMALL) as standin:
            answer = get(standin, "efetch", **params)
        assert answer.status_code == status
        assert said in (ET.fromstring(answer.content).findtext("ERROR") or "")

    def test_summaries_tell_unknown_records(self, get: Ask) -> None:
        with StandIn(SMALL) as standin:
            result = get(standin, "esummary", id="5,4000", retmode="json").json()["result"]
        assert result["uids"] == ["5", "4000"]
        assert result["5"]["title"] == "vertebra number2"
        assert result["4000"] == {"uid": "4000", "error": "cannot get document summary"}

    def test_einfo_names_the_state_of_the_corpus(self, get: Ask) -> None:
        with StandIn(SMALL) as standin:
            (as_xml,) = biopython_reads(BytesIO(get(standin, "einfo").content))["DbInfo"]
            info = get(standin, "einfo", retmode="json").json()["einforesult"]["dbinfo"][0]
            standin.corpus = SMALL.without(3)
            later = get(standin, "einfo", retmode="json").json()["einforesult"]["dbinfo"][0]
        assert (info["dbbuild"], info["count"], info["lastupdate"]) == (SMALL.build, "30", "2024/01/02 00:00")
        assert (as_xml["DbBuild"], as_xml["Count"]) == (SMALL.build, "30")
        assert later["count"] == "29"
        assert later["dbbuild"] != info["dbbuild"]

    def test_a_replaced_corpus_is_served_from_the_next_request_on(self, get: Ask) -> None:
        with StandIn(SMALL) as standin:
            before = fetched(get(standin, "efetch", id="3,77"))
            standin.corpus = SMALL.without(3).with_entries(entry(77, "new"))
            after = fetched(get(standin, "efetch", id="3,77"))
        assert (before, after) == ([3], [77])


class TestPace:
    def test_each_answer_tells_the_limit_and_what_is_left(self, get: Ask) -> None:
        now = [100.0]
        with StandIn(SMALL, clock=lambda: now[0]) as standin:
            told = []
            for later in (0.0, 0.4, 0.4, 0.4):
                now[0] += later
                headers = get(standin, "einfo").headers
                told.append((headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]))
        assert told == [("3", "2"), ("3", "1"), ("3", "0"), ("3", "0")]

    def test_a_fourth_request_within_a_second_is_refused(self, get: Ask) -> None:
        now = [0.0]
        with StandIn(SMALL, rate_limit=3, clock=lambda: now[0]) as standin:
            answers = [get(standin, "esearch", term="vertebra") for _ in range(4)]
            now[0] = 1.0
            after = get(standin, "esearch", term="vertebra")
            times = [asked.at for asked in standin.requests]
        assert [answer.status_code for answer in (*answers, after)] == [200, 200, 200, 429, 200]
        assert answers[3].headers["Retry-After"] == "2"
        assert answers[3].headers["X-RateLimit-Remaining"] == "0"
        assert answers[3].json() == {
            "error": "API rate limit exceeded",
            "api-key": "127.0.0.1",
            "count": "4",
            "limit": "3",
        }
        assert times == [0.0] * 4 + [1.0]

    def test_a_key_allows_ten_a_second(self, get: Ask) -> None:
        with StandIn(SMALL, rate_limit=3, api_key="right", clock=lambda: 5.0) as standin:
            answers = [get(standin, "einfo", api_key="right") for _ in range(11)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429]
        assert answers[0].headers["X-RateLimit-Limit"] == "10"

    def test_a_wrong_key_is_refused_and_quoted_back(self, get: Ask) -> None:
        with StandIn(SMALL, api_key="right") as standin:
            answer = get(standin, "esearch", term="vertebra", api_key="wrong")
        assert answer.status_code == 400
        assert answer.json() == {
            "error": "API key invalid",
            "api-key": "wrong",
            "type": "invalid",
            "status": "unknown",
        }

    def test_requests_are_kept_without_their_key(self, post: Ask) -> None:
        with StandIn(SMALL, api_key="secret") as standin:
            post(standin, "efetch", id="1,2", api_key="secret", tool="livrev")
        (asked,) = standin.requests
        assert (asked.method, asked.path) == ("POST", "efetch.fcgi")
        assert dict(asked.params) == {"db": "pubmed", "id": "1,2", "tool": "livrev"}
        assert "secret" not in repr(asked)


class TestFaults:
    @pytest.mark.parametrize(
        ("kind", "status", "held"),
        [
            (FaultKind.STATUS_500, 500, b"<title>NCBI/eutils202 - WWW Error 500 Diagnostic</title>"),
            (FaultKind.BAD_GATEWAY, 502, b"502 Bad Gateway"),
            (FaultKind.TOO_MANY_REQUESTS, 429, b"API rate limit exceeded"),
            (FaultKind.HTML_200, 200, b"WWW Error 500 Diagnostic"),
            (FaultKind.FORWARDING, 200, b'{"error":"error forwarding request"}'),
            (FaultKind.BACKEND_FAILED, 200, b"Search Backend failed"),
            (FaultKind.PROXY_FAILED, 400, b"PubOne"),
            (FaultKind.PROLOG_ONLY, 200, b"<!DOCTYPE PubmedArticleSet"),
        ],
    )
    def test_a_spoilt_answer_comes_once_and_then_the_true_one(
        self, get: Ask, kind: FaultKind, status: int, held: bytes
    ) -> None:
        with StandIn(SMALL, faults=[Fault(kind)]) as standin:
            spoilt, true = get(standin, "efetch", id="1"), get(standin, "efetch", id="1")
        assert spoilt.status_code == status
        assert held in spoilt.content
        assert b"<PubmedArticle>" not in spoilt.content
        assert fetched(true) == [1]

    def test_a_429_names_its_seconds(self, get: Ask) -> None:
        fault = Fault(FaultKind.TOO_MANY_REQUESTS, path="esearch", retry_after=7)
        with StandIn(SMALL, faults=[fault]) as standin:
            assert get(standin, "esearch", term="x").headers["Retry-After"] == "7"

    def test_a_reset_is_felt_as_one(self, get: Ask) -> None:
        with StandIn(SMALL, faults=[Fault(FaultKind.RESET)]) as standin:
            with pytest.raises(requests.ConnectionError, match="reset"):
                get(standin, "efetch", id="1")
            assert fetched(get(standin, "efetch", id="1")) == [1]
            assert len(standin.requests) == 2

    def test_a_cut_body_is_whole_http_and_broken_xml(self, get: Ask) -> None:
        with StandIn(SMALL, faults=[Fault(FaultKind.CUT_BODY, at_byte=300)]) as standin:
            answer, true = get(standin, "efetch", id="1,2"), get(standin, "efetch", id="1,2")
        assert answer.headers["Content-Length"] == "300"
        assert answer.content == true.content[:300]
        with pytest.raises(ET.ParseError):
            ET.fromstring(answer.content)

    def test_a_cut_is_a_cut_even_past_the_end(self, get: Ask) -> None:
        with StandIn(SMALL, faults=[Fault(FaultKind.CUT_BODY, at_byte=10**6)]) as standin:
            answer, true = get(standin, "efetch", id="1"), get(standin, "efetch", id="1")
        assert answer.content == true.content[:-1]

    def test_a_lost_body_hangs_up_before_the_promised_end(self, get: Ask) -> None:
        with StandIn(SMALL, faults=[Fault(FaultKind.LOST_BODY, at_byte=300)]) as standin:
            with pytest.raises(requests.exceptions.ChunkedEncodingError, match="300 bytes read"):
                get(standin, "efetch", id="1,2")
            assert fetched(get(standin, "efetch", id="1,2")) == [1, 2]

    def test_omitted_ids_are_missing_as_if_they_did_not_exist(self, get: Ask) -> None:
        gone = frozenset({2, 3})
        faults = [
            Fault(FaultKind.OMITTED_IDS, pmids=gone),
            Fault(FaultKind.OMITTED_IDS, path="esearch", pmids=gone),
        ]
        with StandIn(SMALL, faults=faults) as standin:
            assert fetched(get(standin, "efetch", id="1,2,3")) == [1]
            assert searched(get(standin, "esearch", term="2:4[uid]", retmode="json"))["idlist"] == ["4"]
            assert fetched(get(standin, "efetch", id="1,2,3")) == [1, 2, 3]

    def test_faults_come_in_order_and_only_to_their_tool(self, get: Ask) -> None:
        faults = [
            Fault(FaultKind.STATUS_500, times=2),
            Fault(FaultKind.BAD_GATEWAY, path=""),
            Fault(FaultKind.FORWARDING, times=None, path="einfo"),
        ]
        with StandIn(SMALL, faults=faults) as standin:
            efetches = [get(standin, "efetch", id="1").status_code for _ in range(4)]
            infos = [get(standin, "einfo", retmode="json").json() for _ in range(5)]
            standin.play()
            healed = get(standin, "einfo", retmode="json").json()
        assert efetches == [500, 500, 502, 200]
        assert infos == [{"error": "error forwarding request"}] * 5
        assert healed["einforesult"]["dbinfo"][0]["count"] == "30"

    def test_a_refused_request_uses_up_no_fault(self, get: Ask) -> None:
        with StandIn(SMALL, api_key="right", faults=[Fault(FaultKind.STATUS_500)]) as standin:
            statuses = [get(standin, "efetch", id="1", api_key=key).status_code for key in ("wrong", "right")]
        assert statuses == [400, 500]


class TestHttp:
    def test_gzip_only_for_those_who_ask(self, session: requests.Session) -> None:
        def raw(encoding: str) -> requests.Response:
            headers = {"Accept-Encoding": encoding}
            return session.get(url, headers=headers, timeout=TIMEOUT, stream=True)

        with StandIn(SMALL) as standin:
            url = f"{standin.url}efetch.fcgi?db=pubmed&id=1,2"
            with raw("identity") as plain, raw("gzip, deflate") as packed:
                body = plain.content
                sent = packed.raw.read(decode_content=False)
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert len(sent) == int(packed.headers["Content-Length"]) < len(body)
        assert gzip.decompress(sent) == body

    def test_one_connection_serves_many_requests(self) -> None:
        with StandIn(SMALL) as standin:
            port = int(standin.url.split(":")[2].split("/")[0])
            ask = b"GET /entrez/eutils/einfo.fcgi?db=pubmed&retmode=json HTTP/1.1\r\nHost: x\r\n\r\n"
            with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
                stream = connection.makefile("rb")
                for _ in range(3):
                    connection.sendall(ask)
                    head = iter(stream.readline, b"\r\n")
                    length = next(
                        int(line.split(b":")[1]) for line in head if line.startswith(b"Content-Length")
                    )
                    while stream.readline() != b"\r\n":
                        pass
                    assert json.loads(stream.read(length))["header"]["type"] == "einfo"
                stream.close()

    def test_an_unknown_path_is_not_found(self, session: requests.Session) -> None:
        with StandIn(SMALL) as standin:
            for path in ("ecitmatch.cgi", "../other", ""):
                answer = session.get(standin.url + path, timeout=TIMEOUT)
                assert answer.status_code == 404
                assert answer.headers["X-RateLimit-Limit"] == "3"

    def test_callers_at_the_same_time_each_get_their_own(self, large: Corpus) -> None:
        def fetch(pmid: int) -> list[int]:
            return fetched(requests.get(f"{url}efetch.fcgi?db=pubmed&id={pmid}", timeout=TIMEOUT))

        pmids = sorted(large.pmids)[:40]
        with StandIn(large) as standin, ThreadPoolExecutor(8) as pool:
            url = standin.url
            answers = list(pool.map(fetch, pmids))
            assert len(standin.requests) == 40
        assert answers == [[pmid] for pmid in pmids]

    def test_it_ends_at_once_with_connections_still_open_and_leaves_no_thread(
        self, session: requests.Session, capfd: pytest.CaptureFixture[str]
    ) -> None:
        before = set(threading.enumerate())
        standin = StandIn(SMALL)
        with standin:
            url = standin.url
            session.get(f"{url}einfo.fcgi?db=pubmed", timeout=TIMEOUT)
        assert set(threading.enumerate()) <= before
        with pytest.raises(requests.ConnectionError):
            session.get(f"{url}einfo.fcgi?db=pubmed", timeout=TIMEOUT)
        with pytest.raises(RuntimeError, match="with block"):
            _ = standin.url
        assert capfd.readouterr().err == ""

    def test_a_defect_of_its_own_is_raised_and_not_hidden(self, session: requests.Session) -> None:
        def broken() -> float:
            raise ArithmeticError("no time")

        def run() -> None:
            with StandIn(SMALL, clock=broken) as standin, pytest.raises(requests.ConnectionError):
                session.get(f"{standin.url}einfo.fcgi?db=pubmed", timeout=TIMEOUT)

        with pytest.raises(ArithmeticError, match="no time"):
            run()


@pytest.mark.shared
def test_recorded_records_come_back_as_biopython_reads_them(shared_data: Path, post: Ask) -> None:
    paths = [
        path
        for path in sorted((shared_data / "pubmed_xml").glob("*.xml"))
        if b"<PubmedArticleSet" in path.read_bytes()
    ]
    corpus = Corpus.from_xml(*paths)
    pmids = find(corpus, "all[sb]").pmids
    assert len(pmids) == len(corpus) > 50
    with StandIn(corpus) as standin:
        answer = post(standin, "efetch", id=",".join(map(str, pmids)))
        every = [searched(post(standin, "esearch", term=f"{pmid}[uid]", retmode="json")) for pmid in pmids]
    read = biopython_reads(BytesIO(answer.content))["PubmedArticle"]
    assert [int(one["MedlineCitation"]["PMID"]) for one in read] == list(pmids)
    assert [result["idlist"] for result in every] == [[str(pmid)] for pmid in pmids]


@pytest.mark.shared
def test_the_errors_are_those_that_were_recorded(shared_data: Path, get: Ask) -> None:
    errors = shared_data / "eutils" / "errors"
    with StandIn(SMALL, api_key="right", faults=[Fault(FaultKind.FORWARDING, path="einfo")]) as standin:
        wall = get(standin, "esearch", term="vertebra", retstart=9_999, retmode="json")
        no_ids = get(standin, "efetch", id="0")
        unknown = get(standin, "efetch", id="4000")
        history = get(standin, "efetch", WebEnv="gone", query_key=1)
        forwarding = get(standin, "einfo")
        key = get(standin, "einfo", api_key="k1")
    assert wall.json() == json.loads((errors / "http200_esearch_retstart_over_9998.json").read_bytes())
    assert key.json() == json.loads((errors / "http400_api_key_invalid.json").read_bytes())
    for answer, name in (
        (no_ids, "http400_efetch_malformed_ids.xml"),
        (unknown, "http200_efetch_unknown_pmid_empty_set.xml"),
        (history, "http200_efetch_history_expired.xml"),
        (forwarding, "http200_error_forwarding.json"),
    ):
        assert answer.content.strip() == (errors / name).read_bytes().strip(), name
