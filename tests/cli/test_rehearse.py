"""``livrev rehearse``: the stand-in by hand, over real HTTP."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from curation.errors import BadInput, Usage
from curation.sources.standin import Corpus
from curation.sources.standin.desk import Request
from curation.sources.standin.faults import FaultKind
from curation.tasks import reference
from curation.tasks.rehearse import FIRST_GENERATED, Stage, line, rehearse

NOW = datetime(2026, 11, 2, 9, 5, 7, tzinfo=UTC)
TIMEOUT = 10


def count(url: str, term: str) -> int:
    params = {"db": "pubmed", "term": term, "retmode": "json", "retmax": "0"}
    answer = requests.get(f"{url}esearch.fcgi", params=params, timeout=TIMEOUT)
    return int(answer.json()["esearchresult"]["count"])


def test_it_serves_the_reference_review_and_made_up_records_and_tells_each_request() -> None:
    said: list[str] = []
    real = len(Corpus.from_xml(reference.corpus_file()))
    made_up = f"{FIRST_GENERATED}:{FIRST_GENERATED + 39}[uid]"
    with rehearse(Stage(generate=40, term="osteoblastoma"), said.append, lambda: NOW) as rehearsal:
        assert rehearsal.setting == f"export LIVREV_EUTILS_URL={rehearsal.url}"
        assert rehearsal.records == real + 40
        assert count(rehearsal.url, "osteoblastoma[tiab]") == 40
        assert count(rehearsal.url, made_up) == 40
        assert count(rehearsal.url, f"all[sb] NOT {made_up}") == real
    assert len(said) == 3
    assert said[0] == "09:05:07 200 GET esearch.fcgi term=osteoblastoma[tiab] retmode=json retmax=0"


def test_files_stand_in_place_of_the_reference_review(tmp_path: Path) -> None:
    one = tmp_path / "one.xml"
    one.write_text(
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>7</PMID><Article><ArticleTitle>Mine</ArticleTitle>"
        "</Article></MedlineCitation></PubmedArticle></PubmedArticleSet>"
    )
    with rehearse(Stage(files=(one,), generate=0), print, lambda: NOW) as rehearsal:
        assert rehearsal.records == 1
        assert count(rehearsal.url, "mine[ti]") == 1


def test_faults_and_the_rate_limit_are_on_when_asked_for() -> None:
    said: list[str] = []
    url_faults = 0
    with rehearse(Stage(generate=0, faults=1), said.append, lambda: NOW) as rehearsal:
        for _ in range(3):
            answer = requests.get(f"{rehearsal.url}einfo.fcgi?db=pubmed&retmode=json", timeout=TIMEOUT)
            url_faults += answer.status_code != 200
    assert [told.endswith("]") for told in said] == [True, True, False]
    assert url_faults == 2
    with rehearse(Stage(generate=0, rate_limit=True), said.append, lambda: NOW) as rehearsal:
        url = f"{rehearsal.url}einfo.fcgi?db=pubmed"
        with requests.Session() as session:
            statuses = [session.get(url, timeout=TIMEOUT).status_code for _ in range(8)]
    assert 429 in statuses


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        (Stage(generate=-1), "--generate must be 0 to"),
        (Stage(port=70_000), "--port must be 0 to 65535, not 70000"),
        (Stage(faults=-1), "--faults must be 0"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(stage: Stage, said: str) -> None:
    with pytest.raises(Usage, match=said), rehearse(stage, print, lambda: NOW):
        pass


def test_a_port_that_is_taken_is_refused_with_the_way_out() -> None:
    with rehearse(Stage(generate=0), print, lambda: NOW) as first:
        port = int(first.url.split(":")[2].split("/")[0])
        with (
            pytest.raises(Usage, match=rf"port {port} cannot be had .*--port"),
            rehearse(Stage(generate=0, port=port), print, lambda: NOW),
        ):
            pass
    with rehearse(Stage(generate=0, port=port), print, lambda: NOW) as again:
        assert again.url == first.url


def test_a_file_that_is_no_set_of_records_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.xml"
    bad.write_text("<html/>")
    with (
        pytest.raises(BadInput, match="not a PubmedArticleSet"),
        rehearse(Stage(files=(bad,)), print, lambda: NOW),
    ):
        pass


def test_a_long_strategy_is_told_short_and_a_fault_by_name() -> None:
    params = {"db": "pubmed", "term": "spine OR " * 40, "retmax": "5"}
    told = line(Request("POST", "esearch.fcgi", params, 0.0, 0, FaultKind.RESET), NOW)
    assert told.startswith("09:05:07 reset POST esearch.fcgi term=spine OR spine")
    assert told.endswith("… (359 characters) retmax=5 [connection reset]")
    assert len(told) < 160


WAITING = """
import datetime
from curation.tasks.rehearse import Stage, rehearse, until_interrupted
stage = Stage(generate=5, term="osteoblastoma")
with rehearse(stage, print, lambda: datetime.datetime.now(datetime.UTC)) as rehearsal:
    print(rehearsal.setting, flush=True)
    until_interrupted()
print("ended")
"""


def test_ctrl_c_ends_it_cleanly(environment: dict[str, str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().removeprefix("export LIVREV_EUTILS_URL=").strip()
            assert count(url, "osteoblastoma[tiab]") == 5
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, "")
    assert out.endswith("ended\n")
