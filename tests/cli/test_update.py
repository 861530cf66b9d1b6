"""``livrev update`` as an unattended run meets it: nothing new, not due, locked, alarmed, failing; in logs and mails."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from curation.cli.main import run
from curation.sources.standin import Corpus, Fault, FaultKind, Recorded, StandIn, generated
from curation.store.connect import Stamp, Store
from curation.store.lock import exclusive
from curation.tasks.init import init
from tests.cli.conftest import Rows
from tests.story.soak_truth import rows as queried
from tests.story.soak_truth import table_sizes

KEY = "5f2a-not-to-be-seen"
NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
QUERY = "livrev[tiab]"
PROTOCOL = f"""
[review]
title = "A review that is updated"
question = "By itself?"
[criteria]
include = ["Everything"]
[[exclusion_reasons]]
code = "other"
label = "Other"
[screening]
votes_abstract = 1
votes_fulltext = 1
[[sources]]
key = "pubmed"
name = "PubMed"
kind = "database"
service = "pubmed"
strategy = "{QUERY}"
[[reviewers]]
id = "ana"
name = "Ana"
roles = ["screener"]
[living]
integration = "Now and then."
retirement = "At the end."
[ncbi]
email = "team@example.org"
"""
FIRST = 80_000_001
KNOWN = 30
GROWN = generated(KNOWN + 1, seed=5, first=FIRST)  # with one record more than the review knows
NEW = FIRST + KNOWN
OLD = GROWN.without(NEW)


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line of a command that failed."""
        assert self.out == ""
        (line,) = self.err.splitlines()
        assert line.startswith("livrev: ")
        return line


Command = Callable[..., Said]


@pytest.fixture
def command(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """One command line, run in this process through the door that a user's goes through; with a key, for its pace."""

    def said(standin: StandIn, folder: Path, *words: str, at: datetime = NOW, key: str = "rehearsal") -> Said:
        for name, value in asking(environment, standin, at, key).items():
            monkeypatch.setenv(name, value)
        status = run(["--review", str(folder), *words])
        return Said(status, *capsys.readouterr())

    return said


def asking(environment: dict[str, str], standin: StandIn, at: datetime, key: str) -> dict[str, str]:
    epoch = str(int(at.timestamp()))
    return {
        **environment,
        "LIVREV_EUTILS_URL": standin.url,
        "NCBI_API_KEY": key,
        "SOURCE_DATE_EPOCH": epoch,
    }


@pytest.fixture(scope="module")
def updated(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """A review whose one source was searched once, a week ago."""
    folder = tmp_path_factory.mktemp("updated")
    (folder / "review.toml").write_text(PROTOCOL)
    init(folder, Stamp(NOW, "ana", "test"))
    with StandIn(OLD) as standin:
        process = started(asking(environment, standin, NOW - timedelta(days=7), "rehearsal"), folder)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out.startswith(f"round 0: pubmed: {KNOWN} found, {KNOWN} new, 0 no longer found, 0 found again\n")
    return folder


@pytest.fixture
def folder(updated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(updated, tmp_path / "review"))


def started(environment: dict[str, str], folder: Path, *words: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-c", "from curation.cli.main import main; main()", "--review", str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen([*line, "update", *words], env=environment, stdout=pipe, stderr=pipe, text=True)


def asked(standin: StandIn, tool: str) -> list[str]:
    """The numbers (or nothing) that each request of a tool named."""
    return [r.params.get("id", "") for r in standin.requests if r.path == f"{tool}.fcgi"]


def sizes(folder: Path) -> dict[str, int]:
    with Store.open(folder / "review.db") as store:
        return table_sizes(store.sql)


def query(folder: Path, sql: str) -> list[tuple[str, ...]]:
    with Store.open(folder / "review.db") as store:
        return queried(store.sql, sql)


def logged(folder: Path) -> list[dict[str, Any]]:
    """Events of the newest log."""
    newest = max((folder / ".livrev" / "log").glob("*.jsonl"))
    return [json.loads(line) for line in newest.read_text(encoding="utf-8").splitlines()]


def elsewhere(corpus: Corpus, *pmids: int) -> Corpus:
    """The corpus with records that are still there and that the query does not find any more."""
    entries = [entry for entry in corpus.entries if entry.pmid in pmids]
    assert len(entries) == len(pmids)
    return corpus.with_entries(*(dataclasses.replace(e, titles=("Other",), abstracts=()) for e in entries))


# When there is nothing to do


def test_with_nothing_new_one_search_is_asked_and_only_the_run_is_stored(
    command: Command, folder: Path
) -> None:
    before = sizes(folder)
    with StandIn(OLD) as standin:
        done = command(standin, folder, "update")
        assert [r.path for r in standin.requests] == ["einfo.fcgi", "esearch.fcgi", "efetch.fcgi"]
        (watched,) = asked(standin, "efetch")
    assert (done.status, done.err) == (0, "")
    assert sorted(watched.split(",")) == [str(FIRST + n) for n in range(KNOWN)], "all wait for a vote"
    after = sizes(folder)
    assert {t: n - before[t] for t, n in after.items() if n != before[t]} == {"change": 1, "search_run": 1}


def test_a_source_that_was_searched_lately_is_not_asked_at_all(
    command: Command, folder: Path, rows: Rows
) -> None:
    before = rows(folder)
    with StandIn(GROWN) as standin:
        done = command(standin, folder, "update", "--if-older-than", "8d")
        assert done == Said(0, "not due: pubmed searched 2026-10-26 06:00\n", "")
        told = json.loads(command(standin, folder, "update", "--if-older-than", "8d", "--json").out)
        assert standin.requests == ()
        assert rows(folder) == before
        assert told["round"] is None
        assert told["summary"] == "nothing is due (pubmed searched 2026-10-26 06:00)"
        done = command(standin, folder, "update", "--if-older-than", "6d")
    assert done.out.startswith(f"round 0: pubmed: {KNOWN + 1} found, 1 new, ")


def test_an_age_that_is_none_is_refused(command: Command, folder: Path) -> None:
    with StandIn(GROWN) as standin:
        done = command(standin, folder, "update", "--if-older-than", "soon")
        assert standin.requests == ()
    assert done.status == 2
    assert "'soon' is no length of time; write 6d, 12h, 30m or 2w" in done.line


# Two at once


def test_while_another_update_runs_this_one_leaves_with_75_and_touches_nothing(
    command: Command, folder: Path, rows: Rows
) -> None:
    before, logs = rows(folder), sorted((folder / ".livrev").rglob("*.jsonl"))
    with StandIn(GROWN) as standin, exclusive(folder / ".livrev"):
        begun = time.monotonic()
        done = command(standin, folder, "update", "--lock-wait", "0.3")
        waited = time.monotonic() - begun
        assert standin.requests == ()
    assert done.status == 75
    assert "another update of this review is running" in done.line
    assert waited >= 0.3
    assert rows(folder) == before
    assert sorted((folder / ".livrev").rglob("*.jsonl")) == logs


def test_two_at_once_with_time_to_wait_run_one_after_the_other(
    environment: dict[str, str], folder: Path
) -> None:
    before = sizes(folder)
    with StandIn(GROWN) as standin:
        given = asking(environment, standin, NOW, "rehearsal")
        with (
            started(given, folder, "--lock-wait", "60") as one,
            started(given, folder, "--lock-wait", "60") as two,
        ):
            outs = sorted(process.communicate(timeout=60) for process in (one, two))
    assert [process.returncode for process in (one, two)] == [0, 0], outs
    assert [f"found, {n} new" in out for n, (out, _) in enumerate(outs)] == [True, True]
    after = sizes(folder)
    assert (after["search_run"] - before["search_run"], after["record"] - before["record"]) == (2, 1)


# What is said, and where


def test_quiet_says_nothing_but_warnings(command: Command, folder: Path) -> None:
    with StandIn(GROWN) as standin:
        assert command(standin, folder, "update", "--quiet") == Said(0, "", "")
        standin.corpus = GROWN.without(FIRST)
        done = command(standin, folder, "update", "--quiet")
    assert (done.status, done.out) == (3, "")
    assert done.err.startswith("livrev: warning: pubmed: 1 watched records are not there any more")


def test_the_json_has_what_a_script_needs(command: Command, folder: Path) -> None:
    with StandIn(GROWN) as standin:
        done = command(standin, folder, "update", "--json")
    told = json.loads(done.out)
    assert list(told) == ["summary", "round", "sources", "duplicates", "skipped", "warnings"]
    tail = "0 duplicates removed, 0 wait for a person"
    assert told["summary"] == f"round 0: PubMed {KNOWN + 1} found, 1 new; {tail}"
    assert told["sources"] == [
        {
            "source": "pubmed", "name": "PubMed", "found": KNOWN + 1, "new": 1, "gone": 0, "back": 0, "revised": 0,
            "notices": 0, "missing": [], "lost": [], "doubts": [],
        }
    ]  # fmt: skip
    assert (told["warnings"], told["skipped"], done.err) == ([], [], "")


def test_a_terminal_is_shown_a_bar_and_a_log_is_not(environment: dict[str, str], folder: Path) -> None:
    ours, theirs = os.openpty()
    with StandIn(GROWN) as standin:
        given = {**asking(environment, standin, NOW, "rehearsal"), "TERM": "xterm-256color"}
        with started(given, folder) as process:
            _, said = process.communicate(timeout=60)
        assert (process.returncode, said) == (0, "")
        line = [sys.executable, "-c", "from curation.cli.main import main; main()", "--review", str(folder)]
        with subprocess.Popen([*line, "update"], env=given, stdout=subprocess.PIPE, stderr=theirs) as drawing:
            os.close(theirs)
            shown = everything(ours)
    assert drawing.returncode == 0
    assert "PubMed" in shown
    assert "100%" in shown
    assert "\x1b[" in shown, "it is drawn"


def everything(descriptor: int) -> str:
    """What is written to a pseudo-terminal until the last writer has gone."""
    pieces = []
    try:
        while piece := os.read(descriptor, 4096):
            pieces.append(piece)
    except OSError:  # how Linux says that nobody writes any more
        pass
    finally:
        os.close(descriptor)
    return b"".join(pieces).decode()


def test_each_run_leaves_a_log_of_json_lines(command: Command, folder: Path) -> None:
    with StandIn(GROWN) as standin:
        assert command(standin, folder, "update").status == 0
        events = logged(folder)
        assert [e["event"] for e in events] == ["asked", "answered", "fetched", "fetched", "applied"]
        assert (events[0]["query"], events[1]["found"], events[4]["new"]) == (QUERY, KNOWN + 1, [1])
        standin.play(Fault(FaultKind.RESET, times=None, path="esearch"))
        failed = command(standin, folder, "update", at=NOW + timedelta(days=7))
    events = logged(folder)
    assert [e["event"] for e in events] == ["asked", "failed"]
    assert (events[1]["kind"], failed.line) == ("GaveUp", f"livrev: {events[1]['message']}")
    assert len(list((folder / ".livrev" / "log").iterdir())) == 3


# Alarms


def test_a_drop_by_more_than_a_fifth_stops_before_anything_is_fetched(
    command: Command, folder: Path, rows: Rows
) -> None:
    lost = [FIRST + n for n in range(7)]
    before = rows(folder)
    with StandIn(elsewhere(OLD, *lost)) as standin:
        done = command(standin, folder, "update")
        assert done.status == 1
        assert f"the search found {KNOWN - 7} records where it had found {KNOWN}" in done.line
        assert "run again with --allow-drop" in done.line
        assert asked(standin, "efetch") == []
        assert rows(folder) == before
        done = command(standin, folder, "update", "--allow-drop")
        assert (done.status, done.err) == (0, "")
        assert f"{KNOWN - 7} found, 0 new, 7 no longer found" in done.out
        assert command(standin, folder, "update").status == 0, "it is the new measure"


def test_a_drop_by_a_fifth_is_life(command: Command, folder: Path) -> None:
    with StandIn(elsewhere(OLD, *(FIRST + n for n in range(6)))) as standin:
        done = command(standin, folder, "update")
    assert (done.status, done.err) == (0, "")
    assert "24 found, 0 new, 6 no longer found" in done.out


NEW_READING = Fault(FaultKind.CHANGED_TRANSLATION, times=None, path="esearch")


def test_an_unchanged_query_that_is_read_in_a_new_way_is_an_alarm(
    command: Command, folder: Path, rows: Rows
) -> None:
    before = rows(folder)
    with StandIn(OLD, faults=[NEW_READING]) as standin:
        done = command(standin, folder, "update")
        assert done.status == 1
        assert "newly introduced heading" in done.line
        assert "run again with --allow-translation" in done.line
        assert rows(folder) == before
        assert command(standin, folder, "update", "--allow-drop", "--allow-empty").status == 1
        assert command(standin, folder, "update", "--allow-translation").status == 0


def test_a_query_that_was_changed_may_be_read_in_a_new_way(command: Command, folder: Path) -> None:
    (folder / "review.toml").write_text(PROTOCOL.replace(QUERY, f"{QUERY} OR livrev[mh]"))
    with StandIn(OLD, faults=[NEW_READING]) as standin:
        done = command(standin, folder, "update")
    assert (done.status, done.err) == (0, "")
    (strategies,) = query(folder, "SELECT group_concat(query, ' | ') FROM strategy")
    assert strategies == (f"{QUERY} | {QUERY} OR livrev[mh]",)


# Records that do not come


@pytest.mark.parametrize(
    ("tools", "told"),
    [(("efetch",), "in PubMed after all: "), (("efetch", "esummary"), "not in PubMed any more")],
)
def test_a_record_that_was_found_and_not_delivered_is_noted_and_asked_for_again(
    command: Command, folder: Path, tools: tuple[str, ...], told: str
) -> None:
    missing = "SELECT accession, told FROM missing_record"
    omitted = [Fault(FaultKind.OMITTED_IDS, None, tool, pmids=frozenset({NEW})) for tool in tools]
    with StandIn(GROWN, faults=omitted) as standin:
        for times in (1, 2):
            done = command(standin, folder, "update")
            assert done.status == 3
            assert f"1 records were found but not delivered (deleted or merged?): {NEW}" in done.err
            found = query(folder, missing)
            assert [(number, said.startswith(told)) for number, said in found] == [(str(NEW), True)] * times
        assert sizes(folder)["record"] == KNOWN
        standin.play()
        done = command(standin, folder, "update")
    assert (done.status, done.err) == (0, "")
    assert f"{KNOWN + 1} found, 1 new" in done.out
    assert len(query(folder, missing)) == 2


def test_a_watched_record_that_pubmed_lost_is_told_of_once_and_again_after_it_was_back(
    command: Command, folder: Path
) -> None:
    with StandIn(OLD) as standin:
        statuses = []
        for corpus in (
            OLD.without(FIRST),
            OLD.without(FIRST),
            OLD,
            OLD.without(FIRST),
            elsewhere(OLD, FIRST),
        ):
            standin.corpus = corpus
            statuses.append(command(standin, folder, "update").status)
        standin.corpus = OLD.without(FIRST)
        assert command(standin, folder, "update").status == 0, "it had left before, and was told of"
    assert statuses == [3, 0, 0, 3, 0]
    told = query(folder, "SELECT accession, told FROM missing_record")
    assert told == [(str(FIRST), "not in PubMed any more")] * 2
    events = query(folder, "SELECT event FROM hit ORDER BY run_id DESC, record_id LIMIT 3")
    assert events == [("gone",), ("back",), ("gone",)]


def test_what_was_staged_on_another_day_is_tidied_away(command: Command, folder: Path) -> None:
    stale = folder / ".livrev" / "staging" / "pubmed" / "watched-2026-10-26"
    stale.mkdir(parents=True)
    (stale / "half.xml.gz").write_bytes(b"of a run that was killed")
    with StandIn(GROWN) as standin:
        assert command(standin, folder, "update").status == 0
    assert not list((folder / ".livrev" / "staging").rglob("*"))


# Answers that are not what they seem

BODIES = [
    (Fault(FaultKind.RECORDED, None, "esearch", body=Recorded.TOO_MANY, retry_after=0), 75, "HTTP 429"),
    (Fault(FaultKind.RECORDED, None, "efetch", body=Recorded.TOO_MANY_BARE, retry_after=0), 75, "HTTP 429"),
    (Fault(FaultKind.RECORDED, None, "esearch", body=Recorded.BAD_KEY), 78, "NCBI_API_KEY"),
    (Fault(FaultKind.RECORDED, None, "efetch", body=Recorded.MALFORMED_IDS), 1, "ID list is empty!"),
    (Fault(FaultKind.RECORDED, None, "efetch", body=Recorded.HISTORY_EXPIRED), 75, "Unable to obtain query"),
    (Fault(FaultKind.RECORDED, None, "efetch", body=Recorded.PROLOG_ONLY), 75, "the XML ends early"),
    (Fault(FaultKind.RECORDED, None, "efetch", body=Recorded.FORWARDING), 75, "after 2 tries"),
    (Fault(FaultKind.RECORDED, None, "esearch", body=Recorded.FORWARDING), 75, "error forwarding request"),
    (Fault(FaultKind.RECORDED, None, "esearch", body=Recorded.PHRASE_NOT_FOUND), 1, "TB03JUN2009E__Contig_2000"),
    (Fault(FaultKind.RECORDED, None, "esearch", body=Recorded.QUOTED_PHRASE_NOT_FOUND), 1, "Termxyz"),
    (Fault(FaultKind.RECORDED, None, "esearch", body=Recorded.PAST_THE_WALL), 1, "'retstart' cannot be larger"),
    (Fault(FaultKind.BACKEND_FAILED, None, "esearch"), 75, "Search Backend failed"),
    (Fault(FaultKind.PROXY_FAILED, None, "efetch"), 75, "Failed to connect to PubOne service"),
    (Fault(FaultKind.BAD_GATEWAY, None, "esearch"), 75, "HTTP 502"),
    (Fault(FaultKind.HTML_200, None, "esearch"), 75, "no JSON"),
    (Fault(FaultKind.HTML_200, None, "efetch"), 75, "after 2 tries"),
    (Fault(FaultKind.FIELD_NOT_FOUND, None, "esearch", phrase="tiabb"), 1, "field not found: tiabb"),
    (Fault(FaultKind.PHRASE_IGNORED, None, "esearch", phrase="the"), 1, "phrase ignored: the"),
    (Fault(FaultKind.WRONG_LENGTH, None, "efetch", at_byte=300), 75, "after 2 tries"),
    (Fault(FaultKind.RESET, None, "esummary"), 75, "the connection failed"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "status", "said"), BODIES, ids=lambda value: str(value)[:40])
def test_an_answer_that_cannot_be_used_is_one_clear_line_and_changes_nothing(
    command: Command, folder: Path, rows: Rows, fault: Fault, status: int, said: str
) -> None:
    before = rows(folder)
    corpus = GROWN.without(FIRST) if fault.path == "esummary" else GROWN  # summaries are of what did not come
    with StandIn(corpus, faults=[fault]) as standin:
        done = command(standin, folder, "update", key=KEY)
    assert done.status == status, done.err
    assert said in done.line
    assert KEY not in done.line
    assert rows(folder) == before
    assert logged(folder)[-1]["event"] == "failed"


def test_a_search_that_finds_nothing_at_first_is_a_result(command: Command, tmp_path: Path) -> None:
    (tmp_path / "review.toml").write_text(PROTOCOL)
    init(tmp_path, Stamp(NOW, "ana", "test"))
    with StandIn(generated(3, term="else")) as standin:
        done = command(standin, tmp_path, "update")
    assert (done.status, done.err) == (0, "")
    assert "pubmed: 0 found, 0 new" in done.out


def test_the_key_is_in_no_output_and_no_file_after_runs_that_fail_and_pass(
    environment: dict[str, str], folder: Path, tmp_path: Path
) -> None:
    cache, said = tmp_path / "cache", []
    for key, words in (("another", ()), (KEY, ("--json",)), (KEY, ())):
        with StandIn(GROWN, api_key=key) as standin:
            given = asking({**environment, "XDG_CACHE_HOME": str(cache)}, standin, NOW, KEY)
            with started(given, folder, *words) as process:
                out, err = process.communicate(timeout=60)
            said.append((process.returncode, KEY in out + err))
            assert {r.method for r in standin.requests} == {"POST"}, "an address is written into logs"
    assert said == [(78, False), (0, False), (0, False)]
    files = [path for place in (folder, cache) for path in place.rglob("*") if path.is_file()]
    assert {"review.db", "pace.sqlite"} <= {path.name for path in files}
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
