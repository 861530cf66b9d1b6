"""The stand-in's further tools, kept sets, dates, faults, generated corpora and changing ones."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests
from Bio import Entrez

from curation.sources import pubmed_xml
from curation.sources.standin import (
    ALARMING,
    PASSING,
    Corpus,
    Entry,
    EventKind,
    Fault,
    FaultKind,
    History,
    Manners,
    RandomFaults,
    Recorded,
    Request,
    StandIn,
    find,
    generated,
    most_at_once,
)
from curation.sources.standin.entry import LateEntry
from curation.sources.standin.faults import recorded
from curation.sources.standin.records import read_entry
from curation.sources.standin.script import Script

TIMEOUT = 10
Ask = Callable[..., requests.Response]
biopython_reads: Callable[[BytesIO], Any] = Entrez.read
MADE = generated(400, seed=3, first=1_001)


@pytest.fixture
def get() -> Iterator[Ask]:
    with requests.Session() as session:

        def ask(standin: StandIn, tool: str, /, **params: str | int | list[str]) -> requests.Response:
            return session.get(
                f"{standin.url}{tool}.fcgi", params={"db": "pubmed", **params}, timeout=TIMEOUT
            )

        yield ask


def searched(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200
    result: dict[str, Any] = answer.json()["esearchresult"]
    return result


def fetched(answer: requests.Response) -> list[int]:
    return [record_number(one) for one in ET.fromstring(answer.content)]


def record_number(element: ET.Element) -> int:
    return int(element.findtext("MedlineCitation/PMID") or element.findtext("BookDocument/PMID") or "")


def dated(pmid: int, day: tuple[int, int, int]) -> Entry:
    return Entry(
        pmid,
        b"<PubmedArticle/>",
        titles=("spine",),
        published=(day,),
        created=((2026, 5, 31),),
        entered=(day,),
        indexed=(day,),
        revised=(day,),
    )


class TestDates:
    CORPUS = Corpus(
        dated(pmid, day)
        for pmid, day in enumerate([(2024, 12, 31), (2025, 1, 1), (2025, 6, 30), (2026, 5, 1), (2026, 5, 31)])
    )

    @pytest.mark.parametrize("tag", ["pdat", "edat", "mhda", "mdat", "dp", "lr"])
    def test_each_date_is_ranged_by_its_tag(self, tag: str) -> None:
        assert find(self.CORPUS, f'"2025/01/01"[{tag}] : "2025/06/30"[{tag}]').pmids == (2, 1)

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ("last 0 days", (4,)),
            ("last 30 days", (4, 3)),
            ("last 1 month", (4, 3)),
            ("Last 12 months", (4, 3, 2)),
            ("last 1 year", (4, 3, 2)),
            ("last 2 years", (4, 3, 2, 1, 0)),
        ],
    )
    def test_relative_dates_count_back_from_the_corpus_last_day(
        self, said: str, expected: tuple[int, ...]
    ) -> None:
        found = find(self.CORPUS, f'"{said}"[edat]')
        assert found.pmids == expected
        assert not found.phrases_not_found

    def test_today_may_be_set(self) -> None:
        later = Corpus(self.CORPUS.entries, today=(2026, 7, 1))
        assert find(later, '"last 30 days"[edat]').pmids == ()
        assert later.with_entries(dated(9, (2026, 6, 30))).without(0).last_day == (2026, 7, 1)

    @pytest.mark.parametrize(
        ("params", "expected"),
        [
            ({"mindate": "2025", "maxdate": "2025", "datetype": "pdat"}, ["2", "1"]),
            ({"mindate": "2025/06", "maxdate": "2026/05/01", "datetype": "edat"}, ["3", "2"]),
            ({"mindate": "2026/05/31", "maxdate": "3000", "datetype": "mdat"}, ["4"]),
            ({"reldate": 30, "datetype": "edat"}, ["4", "3"]),
        ],
    )
    def test_esearchs_own_parameters_narrow_any_term(
        self, get: Ask, params: dict[str, str], expected: list[str]
    ) -> None:
        with StandIn(self.CORPUS) as standin:
            result = searched(get(standin, "esearch", term="spine OR femur", retmode="json", **params))
        assert result["idlist"] == expected
        assert result["querytranslation"].startswith('("spine"[All Fields] OR "femur"[All Fields]) AND 202')

    @pytest.mark.parametrize(
        ("params", "said"),
        [
            ({"maxdate": "2020"}, "mindate and maxdate are needed together"),
            ({"mindate": "2020", "maxdate": "2021"}, "datetype must be one of"),
            ({"reldate": 5, "datetype": "crdt"}, "not crdt"),
            ({"reldate": "week", "datetype": "edat"}, "Invalid value of reldate"),
            ({"mindate": "spring", "maxdate": "2021", "datetype": "pdat"}, "mindate is no date"),
            ({"reldate": 5, "mindate": "2020", "datetype": "pdat"}, "exclude each other"),
        ],
    )
    def test_half_a_range_is_refused_and_never_ignored(
        self, get: Ask, params: dict[str, str], said: str
    ) -> None:
        with StandIn(self.CORPUS) as standin:
            result = searched(get(standin, "esearch", term="spine", retmode="json", **params))
        assert result.keys() == {"ERROR"}
        assert said in result["ERROR"]


class TestKeptSets:
    def test_a_search_is_kept_and_fetched_page_by_page(self, get: Ask) -> None:
        with StandIn(MADE) as standin:
            kept = searched(get(standin, "esearch", term="livrev", usehistory="y", retmax=0, retmode="json"))
            pages = [
                fetched(
                    get(
                        standin,
                        "efetch",
                        WebEnv=kept["webenv"],
                        query_key=kept["querykey"],
                        retstart=at,
                        retmax=150,
                    )
                )
                for at in (0, 150, 300)
            ]
        assert (kept["querykey"], kept["idlist"]) == ("1", [])
        assert [len(page) for page in pages] == [150, 150, 100]
        assert [pmid for page in pages for pmid in page] == [entry.pmid for entry in MADE.entries]

    def test_biopython_reads_the_ticket_of_a_search_and_of_a_post(self, get: Ask) -> None:
        with StandIn(MADE) as standin:
            search = biopython_reads(
                BytesIO(get(standin, "esearch", term="livrev", usehistory="y", retmax=2).content)
            )
            post = biopython_reads(
                BytesIO(get(standin, "epost", id="1003,1001,77", WebEnv=search["WebEnv"]).content)
            )
            got = get(standin, "efetch", WebEnv=post["WebEnv"], query_key=post["QueryKey"])
            both = searched(get(standin, "esearch", term="#1 AND #2", WebEnv=post["WebEnv"], retmode="json"))
            within = searched(
                get(
                    standin,
                    "esearch",
                    term="1002:1004[uid]",
                    WebEnv=post["WebEnv"],
                    query_key=2,
                    retmode="json",
                )
            )
        assert (search["QueryKey"], post["QueryKey"]) == ("1", "2")
        assert post["WebEnv"] == search["WebEnv"]
        assert len(search["IdList"]) == 2
        assert fetched(got) == [1003, 1001]
        assert both["idlist"] == ["1003", "1001"]
        assert within["idlist"] == ["1003"]

    def test_a_set_that_nobody_used_for_its_lifetime_is_gone_under_http_200(self, get: Ask) -> None:
        now = [0.0]
        with StandIn.with_manners(MADE, Manners(clock=lambda: now[0], history_lifetime=60)) as standin:
            env = searched(get(standin, "esearch", term="livrev", usehistory="y", retmode="json"))["webenv"]
            now[0] = 59.0
            used = get(standin, "efetch", WebEnv=env, query_key=1, retmax=1)
            now[0] = 118.0
            again = get(standin, "efetch", WebEnv=env, query_key=1, retmax=1)
            now[0] = 178.0
            gone = get(standin, "efetch", WebEnv=env, query_key=1, retmax=1)
            summary = get(standin, "esummary", WebEnv=env, query_key=1, retmode="json")
        assert fetched(used) == fetched(again) == [1400]
        assert gone.status_code == 200
        assert gone.content == recorded(Recorded.HISTORY_EXPIRED).body
        assert summary.json()["esummaryresult"] == ["Unable to obtain query #1"]

    def test_a_number_without_its_environment_is_refused(self, get: Ask) -> None:
        with StandIn(MADE) as standin:
            said = searched(get(standin, "esearch", term="#1 AND livrev", retmode="json"))
            quoted = searched(get(standin, "esearch", term='"#1" OR livrev', retmode="json"))
        assert said == {"ERROR": "Unable to obtain query #1"}
        assert quoted["count"] == "400"

    @pytest.mark.shared
    def test_a_post_without_numbers_is_told_as_ncbi_told_it(self, get: Ask, shared_data: Path) -> None:
        with StandIn(MADE) as standin:
            bad = get(standin, "epost", id="a,b").content
            database = get(standin, "epost", db="nothing", id="1").content
        for body, name in ((bad, "epost3"), (database, "epost2")):
            expected = (shared_data / "eutils" / f"biopython__{name}.xml").read_bytes()
            assert [(one.tag, one.text) for one in ET.fromstring(body)] == [
                (one.tag, one.text) for one in ET.fromstring(expected)
            ]


class TestLinksAndSummaries:
    CITING = next(entry for entry in MADE.entries if len(entry.references) > 1)

    def test_references_and_citations_are_each_others_mirror(self, get: Ask) -> None:
        with StandIn(MADE) as standin:
            out = self.linked(get(standin, "elink", id=str(self.CITING.pmid), linkname="pubmed_pubmed_refs"))
            back = [
                self.linked(get(standin, "elink", id=one, linkname="pubmed_pubmed_citedin")) for one in out
            ]
        assert out == [str(pmid) for pmid in self.CITING.references]
        assert all(str(self.CITING.pmid) in one for one in back)

    @staticmethod
    def linked(answer: requests.Response) -> list[str]:
        (links,) = biopython_reads(BytesIO(answer.content))
        return [link["Id"] for one in links["LinkSetDb"] for link in one["Link"]]

    def test_repeated_ids_are_answered_one_by_one_in_both_forms(self, get: Ask) -> None:
        ids = [str(self.CITING.pmid), "4"]
        with StandIn(MADE) as standin:
            as_json = get(standin, "elink", id=ids, linkname="pubmed_pubmed_refs", retmode="json").json()
            as_xml = biopython_reads(
                BytesIO(get(standin, "elink", id=ids, linkname="pubmed_pubmed_refs").content)
            )
            joined = get(standin, "elink", id=",".join(ids), retmode="json").json()["linksets"]
        first, second = as_json["linksets"]
        assert as_json["header"] == {"type": "elink", "version": "0.3"}
        assert first["linksetdbs"][0]["links"] == [str(pmid) for pmid in self.CITING.references]
        assert second == {"dbfrom": "pubmed", "ids": ["4"]}
        assert [one["IdList"] for one in as_xml] == [[ids[0]], [ids[1]]]
        assert [one["ids"] for one in joined] == [ids]

    def test_numbers_in_pmc_and_like_records_are_known(self, get: Ask) -> None:
        held = next(entry for entry in MADE.entries if entry.pmc and entry.mesh)
        with StandIn(MADE) as standin:
            pmc = self.linked(get(standin, "elink", dbfrom="pubmed", db="pmc", id=str(held.pmid)))
            like = self.linked(get(standin, "elink", id=str(held.pmid), linkname="pubmed_pubmed"))
        assert pmc == [held.pmc]
        assert like[0] == str(held.pmid)
        assert 2 <= len(like) == len(set(like)) <= 21
        other = MADE.get(int(like[1]))
        assert other is not None
        assert set(other.mesh) & set(held.mesh)

    @pytest.mark.parametrize(
        "params",
        [
            {"id": "1001", "linkname": "pubmed_gene"},
            {"id": "1001", "cmd": "llinks"},
            {"id": "1001", "db": "gene"},
            {"id": "x"},
        ],
    )
    def test_links_it_does_not_know_are_refused_by_name(self, get: Ask, params: dict[str, str]) -> None:
        with StandIn(MADE) as standin:
            as_xml = ET.fromstring(get(standin, "elink", **params).content).findtext("ERROR")
            as_json = get(standin, "elink", retmode="json", **params).json()["ERROR"]
        assert as_xml == as_json != ""

    def test_a_summary_says_the_same_in_both_forms(self, get: Ask) -> None:
        entry = next(entry for entry in MADE.entries if entry.pmc and entry.authors and not entry.book)
        with StandIn(MADE) as standin:
            result = get(standin, "esummary", id=f"{entry.pmid},7", retmode="json").json()["result"]
            (as_xml,) = biopython_reads(BytesIO(get(standin, "esummary", id=str(entry.pmid)).content))
            gone = ET.fromstring(get(standin, "esummary", id="7").content)
        as_json = result[str(entry.pmid)]
        assert as_xml["Title"] == as_json["title"] == entry.titles[0]
        assert as_xml["AuthorList"] == [one["name"] for one in as_json["authors"]]
        assert as_xml["PubDate"] == as_json["pubdate"] == entry.publication_date
        assert as_xml["ArticleIds"]["pmc"] == f"PMC{entry.pmc}"
        assert result["7"]["error"] == "cannot get document summary"
        assert gone.findtext("ERROR") == "UID=7: cannot get document summary"

    def test_every_generated_record_has_a_summary(self, get: Ask) -> None:
        ids = ",".join(str(entry.pmid) for entry in MADE.entries)
        with StandIn(MADE) as standin:
            result = get(standin, "esummary", id=ids, retmode="json").json()["result"]
        assert [result[uid]["title"] for uid in result["uids"]] == [e.titles[0] for e in MADE.entries]

    def test_einfo_lists_databases_fields_and_links(self, get: Ask) -> None:
        with StandIn(MADE) as standin:
            databases = biopython_reads(BytesIO(get(standin, "einfo", db="").content))["DbList"]
            (as_xml,) = biopython_reads(BytesIO(get(standin, "einfo").content))["DbInfo"]
            as_json = get(standin, "einfo", retmode="json").json()["einforesult"]["dbinfo"][0]
        assert databases == ["pubmed"]
        assert [one["Name"] for one in as_xml["FieldList"]] == [one["name"] for one in as_json["fieldlist"]]
        assert {"EDAT", "CRDT", "MHDA"} <= {one["Name"] for one in as_xml["FieldList"]}
        assert {one["name"] for one in as_json["linklist"]} == {
            "pubmed_pmc",
            "pubmed_pubmed",
            "pubmed_pubmed_citedin",
            "pubmed_pubmed_refs",
        }

    def test_espell_offers_the_nearest_word_it_knows(self, get: Ask) -> None:
        with StandIn(MADE) as standin:
            wrong = biopython_reads(BytesIO(get(standin, "espell", term="radiomcs livrev").content))
            right = biopython_reads(BytesIO(get(standin, "espell", term="livrev").content))
        assert wrong["CorrectedQuery"] == "radiomics livrev"
        assert right["CorrectedQuery"] == ""

    def test_efetch_lists_numbers_as_text(self, get: Ask) -> None:
        with StandIn(MADE) as standin:
            answer = get(standin, "efetch", id="1005,9,1002", rettype="uilist", retmode="text")
        assert answer.text == "1005\n1002\n"


class TestFaults:
    def test_a_drip_is_whole_and_takes_its_time_by_the_clock_it_is_given(self, get: Ask) -> None:
        slept: list[float] = []
        fault = Fault(FaultKind.DRIP, per_second=500)
        with StandIn.with_manners(MADE, Manners(sleep=slept.append), faults=[fault]) as standin:
            slow, true = get(standin, "efetch", id="1001,1002"), get(standin, "efetch", id="1001,1002")
        assert slow.content == true.content
        assert slept == [1.0] * ((len(true.content) - 1) // 500)

    def test_a_wrong_length_cuts_the_body_and_costs_no_other_request(self, get: Ask) -> None:
        with StandIn(MADE, faults=[Fault(FaultKind.WRONG_LENGTH, at_byte=300)]) as standin:
            cut = get(standin, "efetch", id="1001,1002")
            true = requests.get(f"{standin.url}efetch.fcgi?db=pubmed&id=1001,1002", timeout=TIMEOUT)
        assert cut.headers["Content-Length"] == "300"
        assert cut.content == true.content[:300]
        assert fetched(true) == [1001, 1002]

    def test_quiet_faults_leave_the_answer_well_formed(self, get: Ask) -> None:
        with StandIn(MADE) as standin:
            true = searched(get(standin, "esearch", term="livrev", retmode="json"))
            told = {}
            for kind in ALARMING:
                standin.play(Fault(kind, path="esearch", phrase="lost term"))
                told[kind] = searched(get(standin, "esearch", term="livrev", retmode="json"))
        assert true["count"] == "400"
        assert told[FaultKind.COUNT_ZERO]["count"] == "0"
        assert told[FaultKind.COUNT_ZERO]["idlist"] == []
        assert told[FaultKind.CHANGED_TRANSLATION]["querytranslation"] != true["querytranslation"]
        assert told[FaultKind.PHRASE_NOT_FOUND]["errorlist"]["phrasesnotfound"] == ["lost term"]
        assert told[FaultKind.FIELD_NOT_FOUND]["errorlist"]["fieldsnotfound"] == ["lost term"]
        quoted = told[FaultKind.QUOTED_PHRASE_NOT_FOUND]["warninglist"]["quotedphrasesnotfound"]
        assert quoted == ['"lost term"']
        assert told[FaultKind.PHRASE_IGNORED]["warninglist"]["phrasesignored"] == ["lost term"]
        assert all(
            one["idlist"] == true["idlist"] for kind, one in told.items() if kind is not FaultKind.COUNT_ZERO
        )

    @pytest.mark.parametrize("body", list(Recorded))
    def test_every_recorded_body_can_be_played(self, get: Ask, body: Recorded) -> None:
        with StandIn(MADE, faults=[Fault(FaultKind.RECORDED, body=body, retry_after=9)]) as standin:
            answer = get(standin, "efetch", id="1001")
        assert str(answer.status_code) in body.value
        assert answer.content == recorded(body).body
        assert answer.headers.get("Retry-After") == ("9" if answer.status_code == 429 else None)

    @pytest.mark.shared
    def test_the_bodies_are_those_that_were_recorded(self, shared_data: Path) -> None:
        folder = shared_data / "eutils" / "errors"
        files = {path.name for path in folder.iterdir() if path.suffix in {".xml", ".json"}}
        assert files == {body.value for body in Recorded}
        for body in Recorded:
            assert recorded(body).body.strip() == (folder / body.value).read_bytes().strip(), body

    def test_random_faults_are_the_same_for_a_seed_and_of_every_kind(self) -> None:
        def played(seed: int) -> list[FaultKind | None]:
            faults = RandomFaults(seed, every=10)
            asked = [faults.next_for("efetch", {"id": f"{n},{n + 1},{n + 2}"}) for n in range(3_000)]
            return [fault.kind if fault else None for fault in asked]

        first = played(1)
        assert first == played(1) != played(2)
        spoilt = Counter(kind for kind in first if kind)
        assert 230 < spoilt.total() < 370
        suited = set(PASSING) - {FaultKind.BACKEND_FAILED}
        assert spoilt.keys() == suited
        assert max(spoilt.values()) - min(spoilt.values()) <= 1

    def test_no_search_is_answered_with_records_left_out(self) -> None:
        faults = RandomFaults(1, every=1)
        asked = [faults.next_for("esearch", {"term": str(n)}) for n in range(100)]
        kinds = {fault.kind for fault in asked if fault}
        assert FaultKind.OMITTED_IDS not in kinds
        assert FaultKind.BACKEND_FAILED in kinds

    def test_omitted_ids_are_of_those_asked_for(self) -> None:
        faults = RandomFaults(1, every=1, kinds=[FaultKind.OMITTED_IDS])
        fault = faults.next_for("efetch", {"id": "5,6,7,8"})
        assert fault is not None
        assert len(fault.pmids) == 2
        assert fault.pmids < {5, 6, 7, 8}

    @pytest.mark.parametrize("most", [1, 2, 4])
    def test_the_same_request_is_never_spoilt_more_often_in_a_row(self, most: int) -> None:
        script = Script([RandomFaults(5, every=1, most_in_a_row=most)])
        row = [script.next_for("efetch", {"id": "1"}) is not None for _ in range(3 * (most + 1))]
        assert row == ([True] * most + [False]) * 3

    def test_a_script_goes_on_where_strewn_faults_leave_a_request_alone(self) -> None:
        script = Script(
            [RandomFaults(1, every=1, kinds=[FaultKind.OMITTED_IDS]), Fault(FaultKind.RESET, path="")]
        )
        kinds = [
            fault.kind if (fault := script.next_for(tool, {"id": "1"})) else None
            for tool in ("einfo", "efetch")
        ]
        assert kinds == [FaultKind.RESET, FaultKind.OMITTED_IDS]

    def test_requests_tell_how_they_were_answered(self, get: Ask) -> None:
        seen: list[Request] = []
        with StandIn(MADE, faults=[Fault(FaultKind.RESET), Fault(FaultKind.STATUS_500)]) as standin:
            standin.watch(seen.append)
            with pytest.raises(requests.ConnectionError):
                get(standin, "efetch", id="1001")
            for _ in range(2):
                get(standin, "efetch", id="1001")
        told = [(one.status, one.fault) for one in standin.requests]
        assert told == [(0, FaultKind.RESET), (500, FaultKind.STATUS_500), (200, None)]
        assert tuple(seen) == standin.requests

    def test_the_most_requests_within_a_second_are_counted_over_any_second(self) -> None:
        arrivals = [Request("GET", "einfo.fcgi", {}, at) for at in (0.9, 0.0, 1.0, 1.1, 1.8, 1.89, 2.0)]
        assert most_at_once(arrivals) == 5
        assert most_at_once(arrivals, seconds=0.05) == 1
        assert most_at_once([]) == 0


class TestGenerated:
    @pytest.mark.slow
    def test_sixty_thousand_all_match_and_no_two_are_alike(self) -> None:
        corpus = generated(60_000)
        assert len(corpus) == len(find(corpus, "livrev[tiab]").pmids) == 60_000
        assert len({entry.titles for entry in corpus.entries}) == 60_000
        assert len(find(corpus, "( livrev[tiab] ) AND 1:20000 [UID]").pmids) == 20_000

    def test_the_texts_that_are_searched_are_those_of_the_xml(self) -> None:
        for entry in MADE.entries:
            read = read_entry(ET.fromstring(entry.xml))
            assert isinstance(entry, LateEntry)
            held = {part: getattr(entry, part) for part in Entry.__slots__ if part != "xml"}
            assert held == {part: getattr(read, part) for part in held}, entry.pmid

    def test_biopython_and_our_own_parser_read_every_record(self) -> None:
        body = b"<PubmedArticleSet>%s</PubmedArticleSet>" % b"".join(entry.xml for entry in MADE.entries)
        read = list(pubmed_xml.records(body))
        prolog = recorded(Recorded.UNKNOWN_PMID).body.partition(b"<PubmedArticleSet>")[0]
        theirs = biopython_reads(BytesIO(prolog + body))
        assert [int(one.accession) for one in read] == [entry.pmid for entry in MADE.entries]
        assert len(theirs["PubmedArticle"]) + len(theirs["PubmedBookArticle"]) == 400
        assert [one.citation.title for one in read] == [entry.titles[0] for entry in MADE.entries]

    def test_they_hold_what_makes_real_records_hard(self) -> None:
        corpus = generated(3_000, seed=8)
        read = [entry.xml for entry in corpus.entries]
        for mark in (
            b"<CollectiveName>",
            b"<MedlineDate>",
            b"<PubmedBookArticle>",
            b"<i>",
            b'Label="METHODS"',
        ):
            assert any(mark in xml for xml in read), mark
        for part, least, most in (("abstracts", 0.8, 0.95), ("mesh", 0.5, 0.7), ("references", 0.15, 0.35)):
            share = sum(1 for entry in corpus.entries if getattr(entry, part)) / 3_000
            assert least < share < most, part
        for mark, least, most in ((b'EIdType="doi"', 0.75, 0.95), (b'IdType="pmc"', 0.2, 0.4)):
            assert least < sum(mark in xml for xml in read) / 3_000 < most, mark
        assert any(entry.entered < entry.created for entry in corpus.entries)

    def test_they_depend_on_seed_and_number_alone(self) -> None:
        few, more = generated(10, seed=2), generated(50, seed=2)
        assert {entry.xml for entry in few.entries} < {entry.xml for entry in more.entries}
        assert generated(10, seed=2).build == few.build != generated(10, seed=4).build
        assert find(
            generated(30, term="spinal metastases & more"), '"spinal metastases"[tiab]'
        ).pmids == tuple(range(30, 0, -1))

    def test_only_the_xml_of_a_late_entry_is_made_late(self) -> None:
        entry = MADE.entries[0]
        assert entry == generated(400, seed=3, first=1_001).entries[0]
        with pytest.raises(AttributeError, match="no_such_field"):
            _ = getattr(entry, "no_such_field")  # noqa: B009 - the type knows that there is none


class TestHistory:
    YEARS = History(11, dt.date(2016, 1, 4), weeks=520)

    def test_ten_years_hold_every_kind_of_event_and_some_hundred_records(self) -> None:
        kinds = Counter(event.kind for week in range(521) for event in self.YEARS.events(week))
        assert kinds.keys() == set(EventKind)
        assert 500 < len(self.YEARS.corpus(520)) < 2_500

    @pytest.mark.slow
    def test_the_truth_is_what_the_query_finds_week_by_week(self) -> None:
        ever: set[int] = set()
        first_seen: dict[int, bytes] = {}
        for week in range(521):
            corpus, truth = self.YEARS.corpus(week), self.YEARS.truth(week)
            found = set(find(corpus, self.YEARS.query).pmids)
            ever |= found
            assert truth.matching == found
            assert truth.ever == ever
            assert truth.vanished == ever - found
            assert truth.gone == ever - corpus.pmids
            for pmid in found - first_seen.keys():
                entry = corpus.get(pmid)
                assert entry is not None
                first_seen[pmid] = entry.xml
        revised = {pmid for pmid in found if self.xml(corpus, pmid) != first_seen[pmid]}
        assert revised == truth.revised & found
        assert len(revised) > 100

    @staticmethod
    def xml(corpus: Corpus, pmid: int) -> bytes:
        entry = corpus.get(pmid)
        assert entry is not None
        return entry.xml

    def test_records_come_back_and_begin_to_match_late(self) -> None:
        truths = [self.YEARS.truth(week) for week in range(0, 521, 8)]
        arrivals = {EventKind.ADDED, EventKind.LATE, EventKind.PREPRINT}
        arrived = {
            e.pmid: e.week for week in range(521) for e in self.YEARS.events(week) if e.kind in arrivals
        }
        first = {pmid: 8 * n for n, truth in reversed([*enumerate(truths)]) for pmid in truth.matching}
        assert sum(1 for pmid, week in first.items() if week >= arrived[pmid] + 8) > 50
        assert frozenset().union(*(truth.vanished for truth in truths)) & truths[-1].matching

    def test_a_late_arrival_is_created_now_and_entered_long_ago(self) -> None:
        late = [
            event for week in range(521) for event in self.YEARS.events(week) if event.kind is EventKind.LATE
        ]
        for event in late:
            entry = self.YEARS.corpus(event.week).get(event.pmid)
            assert entry is not None
            day = self.YEARS.day(event.week)
            assert entry.created == ((day.year, day.month, day.day),)
            assert dt.date(*entry.entered[0]) < day - dt.timedelta(days=365)

    def test_retractions_mark_the_article_and_their_notices_are_none(self) -> None:
        truth, corpus = self.YEARS.truth(520), self.YEARS.corpus(520)
        body = b"<PubmedArticleSet>%s</PubmedArticleSet>" % b"".join(entry.xml for entry in corpus.entries)
        read = {int(one.accession): one.citation for one in pubmed_xml.records(body)}
        marked = {p for p, citation in read.items() if "Retracted Publication" in citation.publication_types}
        notices = {p for p, citation in read.items() if "Retraction Notice" in citation.publication_types}
        links = {p: citation.extra.get("CommentsCorrections", ()) for p, citation in read.items()}
        assert truth.retracted - truth.gone == marked & truth.ever
        assert len(marked) > 5
        assert notices
        assert not notices & marked
        assert all(any(link.startswith("RetractionIn:") for link in links[p]) for p in marked)
        assert "RetractionIn:" in {link for p in marked for link in links[p]}
        assert all(any(link.startswith("RetractionOf:") for link in links[p]) for p in notices)
        kinds = {link.partition(":")[0] for one in links.values() for link in one}
        assert kinds == {
            "RetractionIn", "RetractionOf", "ErratumIn", "ErratumFor", "ExpressionOfConcernIn",
            "ExpressionOfConcernFor", "UpdateIn", "UpdateOf",
        }  # fmt: skip

    def test_a_history_is_the_same_for_a_seed_and_a_short_one_can_be_full(self) -> None:
        start = dt.date(2026, 1, 5)
        one, same, other = (History(seed, start, weeks=20, eventful=8) for seed in (4, 4, 5))
        assert [one.corpus(week).build for week in range(21)] == [
            same.corpus(week).build for week in range(21)
        ]
        assert one.corpus(20).build != other.corpus(20).build
        kinds = {event.kind for week in range(21) for event in one.events(week)}
        assert {EventKind.RETRACTED, EventKind.DELETED, EventKind.MERGED, EventKind.CORRECTED} <= kinds
        assert one.corpus(7).last_day == (2026, 2, 23)
        for week in (-1, 21):
            with pytest.raises(IndexError):
                one.corpus(week)
            with pytest.raises(IndexError):
                one.truth(week)

    def test_biopython_reads_a_whole_week(self) -> None:
        entries = self.YEARS.corpus(300).entries
        prolog = recorded(Recorded.UNKNOWN_PMID).body.partition(b"<PubmedArticleSet>")[0]
        body = b"<PubmedArticleSet>%s</PubmedArticleSet>" % b"".join(entry.xml for entry in entries)
        read = biopython_reads(BytesIO(prolog + body))
        assert len(read["PubmedArticle"]) + len(read["PubmedBookArticle"]) == len(entries)
        json.dumps(read["PubmedArticle"][0])
