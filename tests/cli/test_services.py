"""Europe PMC searched beside PubMed, and the open services a review may ask: Crossref, the ID converter, Unpaywall."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from curation.cli.main import run
from curation.sources.standin import Corpus, Entry, Fault, FaultKind, StandIn
from curation.sources.standin.services import Holdings, Names, Services
from curation.store.connect import Stamp, Store
from curation.tasks.init import init
from tests.cli.conftest import Rows
from tests.story.soak_truth import rows as queried

PROTOCOL = """
review = {title = "A review of two sources", question = "Together?"}
criteria = {include = ["Everything"]}
exclusion_reasons = [{code = "other", label = "Other"}]
screening = {votes_abstract = 1, votes_fulltext = 1}
reviewers = [{id = "ana", name = "Ana", roles = ["screener"]}]
living = {integration = "Now and then.", retirement = "At the end."}
ncbi = {email = "team@example.org"}
"""
SOURCE = '[[sources]]\nkey = "{0}"\nservice = "{0}"\nname = "{1}"\nkind = "database"\nstrategy = "{2}"\n'
PUBMED = SOURCE.format("pubmed", "PubMed", "spine[ti]")
EUROPEPMC = SOURCE.format("europepmc", "Europe PMC", "TITLE:spine")
ASKED = "\n[services]\ncrossref = true\nidconv = true\nunpaywall = true\n"
# R1, which both sources have by its number; R2, which they have by its DOI; R3, which is in PubMed alone.
BOTH, MARKERS, MOUSE = 99_000_001, 99_000_002, 99_000_003
TITLES = {BOTH: "Radiomics of the spine", MARKERS: "Markers of the spine", MOUSE: "A mouse and its spine"}
PREPRINT = "Screws in the spine, a preprint"
NOTICE, COPY = "10.5555/notice", "https://repository.example.org/1.pdf"
Capture = pytest.CaptureFixture[str]


def doi(number: int | str) -> str:
    return f"10.5555/spine.{number}"


def article(number: int, more: str = "") -> Entry:
    title = TITLES[number]
    xml = (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{number}</PMID><Article><ArticleTitle>{title}</ArticleTitle>'
        f'<ELocationID EIdType="doi">{doi(number)}</ELocationID></Article>{more}</MedlineCitation></PubmedArticle>'
    )
    return Entry(number, xml.encode(), titles=(title,))


def work(of: str, *updates: dict[str, Any]) -> dict[str, Any]:
    return {"DOI": of, "title": ["A work"], "type": "journal-article", "updated-by": list(updates)}


CORPUS = Corpus(map(article, TITLES))
WATCH = {"DOI": NOTICE, "type": "retraction", "label": "Retraction", "source": "retraction-watch"}
PUBLISHER = WATCH | {"source": "publisher"}
OPEN = {"doi": doi(BOTH), "oa_status": "green", "best_oa_location": {"url_for_pdf": COPY, "license": "cc-by"}}
HELD = Holdings(
    records=(
        {"id": str(BOTH), "source": "MED", "pmid": str(BOTH), "title": TITLES[BOTH], "pubYear": "2024"},
        {"id": "PMC77", "source": "PMC", "pmcid": "PMC77", "doi": doi(MARKERS), "title": TITLES[MARKERS]},
        {"id": "PPR121", "source": "PPR", "doi": doi("ppr"), "title": PREPRINT},
    ),
    works={
        **{doi(named): work(doi(named)) for named in (MARKERS, "ppr")},
        doi(BOTH): work(doi(BOTH), PUBLISHER | {"DOI": "unavailable"}, WATCH, PUBLISHER),
        doi(MOUSE): work(doi(MOUSE), WATCH),
    },
    articles=(Names(str(BOTH), "PMC88", doi(BOTH)), Names(str(MARKERS), "PMC77", doi(MARKERS))),
    open_copies={doi(BOTH): OPEN},
)


@dataclass
class Bench:
    """The command in this process, PubMed and the open services on loopback."""

    folder: Path
    pubmed: StandIn
    services: Services
    patch: pytest.MonkeyPatch
    capsys: Capture

    def __call__(self, *words: str, status: int = 0) -> str:
        """Standard output of a command that leaves as expected; its one line where it fails."""
        # A cache of its own for the pace: no command waits for the one before.
        self.patch.setenv("XDG_CACHE_HOME", mkdtemp(dir=self.folder.parent))
        left = run(["--review", str(self.folder), *words])
        out, self.err = self.capsys.readouterr()
        assert left == status, self.err
        if status in {0, 3}:
            return out
        assert out == ""
        (line,) = self.err.splitlines()
        return line.removeprefix("livrev: ")

    def json(self, *words: str) -> Any:  # noqa: ANN401 - whatever the command prints
        return json.loads(self(*words, "--json"))

    def protocol(self, *parts: str) -> None:
        (self.folder / "review.toml").write_text("".join((PROTOCOL, *parts)))

    def raised(self) -> list[tuple[str, str, str, str]]:
        told = self.json("check", "notices")
        return [(f"R{n['report']}", n["kind"], n["reference"], n["source"]) for n in told]

    def asked(self, service: str) -> list[str]:
        """What each request to a service said, in one string."""
        return [str(dict(r.params)) + r.path for r in self.services.requests if r.path.startswith(service)]


@pytest.fixture
def bench(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> Iterator[Bench]:
    """A new review of both sources, no service asked for."""
    with StandIn(CORPUS) as pubmed, Services(HELD) as services:
        monkeypatch.setenv("LIVREV_EUTILS_URL", pubmed.url)
        for name in ("europepmc", "crossref", "idconv", "unpaywall"):
            monkeypatch.setenv(f"LIVREV_{name.upper()}_URL", f"{services.url}{name}/")
        for name, value in (environment | {"NCBI_API_KEY": "rehearsal"}).items():
            monkeypatch.setenv(name, value)
        made = Bench(tmp_path / "review", pubmed, services, monkeypatch, capsys)
        made.folder.mkdir()
        made.protocol(PUBMED, EUROPEPMC)
        init(made.folder, Stamp(datetime(2026, 11, 2, tzinfo=UTC), "ana", "test"))
        yield made


def test_both_sources_are_taken_in_and_what_both_deliver_is_one_report(bench: Bench, rows: Rows) -> None:
    before = rows(bench.folder)
    pubmed, europepmc = bench("search", "--dry-run").split("europepmc: would find 3 records; 0 are known\n")
    assert pubmed.startswith("pubmed: would find 3 records; 0 are known\n  asked: spine[ti]\n  read as: ")
    assert europepmc == "  asked: TITLE:spine\n  read as: TITLE:spine\n"
    assert rows(bench.folder) == before
    assert bench("update").splitlines() == [
        "round 0: pubmed: 3 found, 3 new, 0 no longer found, 0 found again",
        "round 0: europepmc: 3 found, 3 new, 0 no longer found, 0 found again",
        "duplicates: 2 removed, 0 wait for a person",
    ]
    with Store.open(bench.folder / "review.db") as store:
        found = queried(store.sql, "SELECT report, source, accession FROM records ORDER BY record")
    assert found == [
        ("R1", "PubMed", "99000001"),
        ("R2", "PubMed", "99000002"),
        ("R3", "PubMed", "99000003"),
        ("R1", "Europe PMC", "MED:99000001"),
        ("R2", "Europe PMC", "PMC:PMC77"),
        ("R6", "Europe PMC", "PPR:PPR121"),
    ]
    flow = " ".join(bench("flow").split())
    assert "6 Records identified from databases 3 PubMed 3 Europe PMC 0 Records identified from reg" in flow
    assert "2 Duplicate records removed 0 Records" in flow
    assert "4 Records awaiting screening" in flow


def test_a_second_update_of_both_brings_nothing_new(bench: Bench, rows: Rows) -> None:
    bench("update")
    before = rows(bench.folder)
    assert "PubMed 3 found, 0 new; Europe PMC 3 found, 0 new; 0 duplicates" in bench.json("update")["summary"]
    more = [line.split('"')[1] for line in rows(bench.folder) if line not in before]
    assert more == ["change", "search_run", "search_run"]
    assert [source["known"] for source in bench.json("search", "--dry-run")] == [3, 3]


def test_pubmeds_tags_in_a_strategy_of_europe_pmc_are_refused(bench: Bench, rows: Rows) -> None:
    bench.protocol(PUBMED, EUROPEPMC.replace("TITLE:spine", "spine[ti] AND 2020[dp]"))
    bench("status")
    before = rows(bench.folder)
    said = "Europe PMC does not know PubMed's field tags ([ti], [dp]); write the query in its own words"
    for words in (("update",), ("search", "europepmc"), ("search", "--dry-run")):
        assert bench(*words, status=1).startswith(said)
    assert rows(bench.folder) == before
    assert bench.services.requests == ()


def test_when_europe_pmc_or_crossref_fails_nothing_is_stored(bench: Bench, rows: Rows) -> None:
    bench.pubmed.corpus = CORPUS.without(MOUSE)
    bench.protocol(PUBMED, EUROPEPMC, ASKED)
    bench("update")
    before = rows(bench.folder)
    bench.pubmed.corpus = CORPUS
    for path in ("search", "fetch", "works"):
        bench.services.play(Fault(FaultKind.STATUS_500, times=2, path=path))  # as many as there are tries
        assert "HTTP 500 Internal Server Error, after 2 tries" in bench("update", status=75), path
        assert rows(bench.folder) == before, path
    assert "3 found, 1 new" in bench("update", status=3)


def test_killed_while_europe_pmc_answers_nothing_is_stored(bench: Bench, rows: Rows) -> None:
    before = rows(bench.folder)
    bench.services.play(Fault(FaultKind.DRIP, path="fetch", per_second=1))
    line = [sys.executable, "-c", "from curation.cli.main import main; main()", "--review", str(bench.folder)]
    with subprocess.Popen([*line, "update"]) as process:
        while process.poll() is None and not bench.asked("europepmc/searchPOST"):
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.005)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert rows(bench.folder) == before
    assert "duplicates: 2 removed" in bench("update")
    asked = [request.path for request in bench.pubmed.requests]
    assert asked.count("efetch.fcgi") == 1, "what was staged is not fetched twice"


def test_a_retraction_that_crossref_tells_of_is_raised_once_and_shown_everywhere(bench: Bench) -> None:
    bench("update")
    bench("vote", "R3", "exclude", "--as", "ana")
    bench("vote", "R1", "include", "--as", "ana")
    bench("fulltext", "R1", "--link", "https://example.org/text", "--as", "ana")
    assert bench("vote", "R1", "include", "--as", "ana").startswith("R1 fulltext: include")
    bench("update")
    assert (bench.asked("crossref"), bench.raised()) == ([], []), "it is off"
    bench.protocol(PUBMED, EUROPEPMC, ASKED)
    bench("update", status=3)
    assert bench.err == "livrev: warning: crossref: notices raised: 1; see livrev check notices\n"
    (request,) = bench.asked("crossref")
    assert all(doi(watched) in request for watched in (BOTH, MARKERS, "ppr"))
    assert doi(MOUSE) not in request, "what was excluded is watched no longer"
    assert bench.raised() == [("R1", "retraction", NOTICE, "crossref")]
    shown = f"1\tR1\tretraction\t{NOTICE} (crossref)\t{TITLES[BOTH]}\n"
    assert bench("check", "notices") == shown
    assert f"\nNotices\n  R1 RETRACTION (crossref): {TITLES[BOTH]}\n" in bench("status")
    bench("report")
    page = (bench.folder / "reports" / "report.html").read_text(encoding="utf-8")
    assert f"<strong>R1, retraction ({NOTICE}), not yet decided on: {TITLES[BOTH]}" in page
    bench("update")
    assert bench("check", "notices") == shown, "it is raised once"
    bench("check", "decide", "1", "--note", "kept", "--as", "ana")
    bench("update")
    assert bench.raised() == []


def test_crossref_adds_nothing_to_what_pubmed_told_of_another_record_of_the_report(bench: Bench) -> None:
    bench.protocol(EUROPEPMC, PUBMED, ASKED)  # Europe PMC's record comes first, and has no DOI
    bench("update")
    assert bench.asked("crossref") == [], "nothing was watched yet"
    link = '<CommentsCorrections RefType="RetractionIn"><PMID>99000600</PMID></CommentsCorrections>'
    more = f"<CommentsCorrectionsList>{link}</CommentsCorrectionsList>"
    bench.pubmed.corpus = CORPUS.with_entries(article(BOTH, more))
    bench("update", status=3)
    assert doi(BOTH) in bench.asked("crossref")[-1], "PubMed's record has the DOI"
    told = [("R1", "retraction", "99000600", "pubmed"), ("R6", "retraction", NOTICE, "crossref")]
    assert bench.raised() == told


@pytest.mark.parametrize(("words", "name"), [("identifiers", "idconv"), ("fulltexts", "unpaywall")])
def test_a_service_that_is_off_says_how_it_is_switched_on(bench: Bench, words: str, name: str) -> None:
    said = f"{name} is off; under [services] of review.toml, write: {name} = true"
    assert bench("check", words, status=78) == said
    bench.protocol(PUBMED, EUROPEPMC, f"[services]\n{name} = true\n")
    assert bench.json("check", words) == []
    assert bench("check", words) == ""
    assert bench.err.startswith("no full text is sought" if name == "unpaywall" else "nothing is lacking")
    assert bench.services.requests == ()


def test_identifiers_tells_what_the_converter_knows_and_a_record_lacks(bench: Bench, rows: Rows) -> None:
    bench.protocol(PUBMED, EUROPEPMC, ASKED)
    bench("update")
    before = rows(bench.folder)
    found = {BOTH: "PMC88", MARKERS: "PMC77", MOUSE: "Identifier not found in PMC"}
    lines = [f"R{n - 99_000_000}\t{said}\t{TITLES[n]}" for n, said in found.items()]
    assert bench("check", "identifiers").splitlines()[:3] == lines
    first, *_, last = bench.json("check", "identifiers")
    assert first == {"report": 1, "title": TITLES[BOTH], "found": ["PMC88"], "error": ""}
    assert last == {"report": 6, "title": PREPRINT, "found": [], "error": found[MOUSE]}
    bench.services.play(Fault(FaultKind.RESET, times=None, path="idconv"))
    assert "the connection failed" in bench("check", "identifiers", status=75)
    assert rows(bench.folder) == before


def test_fulltexts_tells_of_open_copies_of_what_is_sought_alone(bench: Bench, rows: Rows) -> None:
    bench.protocol(EUROPEPMC, PUBMED, ASKED)  # Europe PMC's record of R1 comes first, and has no DOI
    bench("update")
    for number in ("R1", "R2"):
        bench("vote", number, "include", "--as", "ana")
    before = rows(bench.folder)
    assert bench("check", "fulltexts").splitlines() == [
        f"R1\tgreen\t{COPY}\t{TITLES[BOTH]}",
        f"R2\tunknown to Unpaywall\t-\t{TITLES[MARKERS]}",
    ]
    found, _ = bench.json("check", "fulltexts")
    told = {"report": 1, "title": TITLES[BOTH], "doi": doi(BOTH), "status": "green", "address": COPY}
    assert found == told | {"licence": "cc-by"}
    bench.services.play(Fault(FaultKind.STATUS_500, times=None, path="unpaywall"))
    assert "HTTP 500" in bench("check", "fulltexts", status=75)
    assert rows(bench.folder) == before
