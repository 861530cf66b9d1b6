"""Kill -9 at many points: nothing half-applied, nothing acknowledged is lost, and the same command again completes."""

from __future__ import annotations

import hashlib
import math
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from curation.errors import Refused
from curation.model import Decision, Stage
from curation.sources.standin import Corpus, Entry, StandIn
from curation.store.connect import Stamp, Store
from curation.tasks.import_file import FileToImport, import_file
from curation.tasks.init import init
from curation.tasks.review import Review
from curation.tasks.vote import Ballot, undo, vote

COMMAND = [sys.executable, "-c", "from curation.cli.main import main; main()"]
STAMP = Stamp(datetime(2026, 11, 2, tzinfo=UTC), "tester", "test")
PROTOCOL = """
[review]
title = "A review that is killed"
question = "Is anything lost?"
[criteria]
include = ["Everything"]
[[exclusion_reasons]]
code = "other"
label = "Other"
[[sources]]
key = "wide"
name = "PubMed, wide"
kind = "database"
service = "pubmed"
strategy = "spine[ti]"
[[sources]]
key = "narrow"
name = "PubMed, narrow"
kind = "database"
service = "pubmed"
strategy = "spine[ti] AND radiomics[ti]"
[[sources]]
key = "embase"
name = "Embase"
kind = "database"
strategy = "spine"
[[reviewers]]
id = "ana"
name = "Ana"
roles = ["screener"]
[[reviewers]]
id = "ben"
name = "Ben"
roles = ["screener"]
[living]
integration = "Never."
retirement = "At once."
[ncbi]
email = "team@example.org"
"""
RECORDS = 420  # three batches of the wide source; every fourth is one of the narrow source too, its one batch
TWICE = RECORDS // 4
POLL = 0.002  # seconds between two looks at a process
MEGABYTE = 1_000_000

Contents = dict[str, list[tuple[object, ...]]]


def entry(number: int) -> Entry:
    title = f"Spine study {hashlib.sha256(b'%d' % number).hexdigest()}" + (
        " with radiomics" if number % 4 == 0 else ""
    )
    xml = (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{99_000_000 + number}</PMID><Article>'
        f"<ArticleTitle>{title}</ArticleTitle><Abstract><AbstractText>{'Of the spine. ' * 600}</AbstractText></Abstract>"
        "</Article></MedlineCitation></PubmedArticle>"
    )
    return Entry(99_000_000 + number, xml.encode(), titles=(title,))


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with StandIn(Corpus(entry(n) for n in range(1, RECORDS + 1))) as running:
        yield running


@dataclass(frozen=True)
class Bench:
    """Runs the command in a process of its own that can be killed; counts what the stand-in was asked."""

    environment: dict[str, str]
    standin: StandIn

    @contextmanager
    def start(self, folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
        """The command at work; whatever a test does, it does not outlive the block."""
        with subprocess.Popen(
            [*COMMAND, "--review", str(folder), *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        with self.start(folder, *words) as process:
            out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def asked(self) -> int:
        return len(self.standin.requests)

    def fetched_since(self, before: int) -> list[frozenset[str]]:
        """Numbers that were asked for, batch by batch."""
        later = self.standin.requests[before:]
        return [frozenset(r.params["id"].split(",")) for r in later if r.path == "efetch.fcgi"]

    def wait_for_request(self, process: subprocess.Popen[str], number: int) -> None:
        """Come back when the stand-in has been asked ``number`` times in all."""
        wait_until(process, lambda: self.asked() >= number)
        assert self.asked() >= number, process.communicate()[1]


def wait_until(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    """Come back when something is reached, or the process has ended."""
    while process.poll() is None and not reached():
        with suppress(subprocess.TimeoutExpired):
            process.wait(POLL)


@pytest.fixture(scope="module")
def bench(environment: dict[str, str], standin: StandIn) -> Bench:
    # With a key NCBI allows, and the door keeps, eight requests a second instead of two and a half.
    more = {"LIVREV_EUTILS_URL": standin.url, "NCBI_API_KEY": "rehearsal"}
    return Bench({**environment, **more}, standin)


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A review in which nothing has happened yet."""
    folder = tmp_path_factory.mktemp("review")
    (folder / "review.toml").write_text(PROTOCOL)
    init(folder, STAMP)
    return folder


@dataclass(frozen=True)
class Clean:
    """One undisturbed update: what the store held after it, what was asked, and the seconds from the last request on."""

    contents: Contents
    asked: tuple[str, ...]
    tail: float

    @property
    def batches(self) -> int:
        """How many times records were fetched."""
        return self.asked.count("efetch.fcgi")

    @property
    def third_batch(self) -> int:
        """How many requests have arrived when the third batch is asked for, the second one is staged."""
        return [n for n, path in enumerate(self.asked, 1) if path == "efetch.fcgi"][2]


@pytest.fixture(scope="module")
def clean(bench: Bench, new: Path, tmp_path_factory: pytest.TempPathFactory) -> Clean:
    rehearsed = copied(new, tmp_path_factory.mktemp("rehearsed"))
    before = bench.asked()
    done = bench.run(rehearsed, "update")
    assert done.returncode == 0, done.stderr
    asked = tuple(request.path for request in bench.standin.requests[before:])
    folder = copied(new, tmp_path_factory.mktemp("clean"))
    before = bench.asked()
    with bench.start(folder, "update") as process:
        bench.wait_for_request(process, before + len(asked))
        last_request = time.monotonic()
        _, err = process.communicate(timeout=60)
        tail = time.monotonic() - last_request
    assert process.returncode == 0, err
    assert contents(folder) == contents(rehearsed), (
        "the same update twice gives other rows; nothing can be compared"
    )
    return Clean(contents(folder), asked, tail)


def copied(new: Path, to: Path) -> Path:
    return Path(shutil.copytree(new, to / "review"))


# Derived from the other tables, and brought up to date in a transaction of its own that may be lost.
QUEUE = {"queue", "conflict_open", "queue_due", "queue_rules"}


def contents(folder: Path) -> Contents:
    """Every row of every table of a sound store, but for the queue."""
    with Store.open(folder / "review.db") as store:
        assert store.sql.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert store.sql.execute("PRAGMA foreign_key_check").fetchall() == []
        names = store.sql.execute(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'"
        ).fetchall()
        kept = (name for (name,) in names if name not in QUEUE)
        return {name: sorted((tuple(row) for row in rows(store.sql, name)), key=repr) for name in kept}


def rows(sql: sqlite3.Connection, table: str) -> sqlite3.Cursor:
    return sql.execute(f"SELECT * FROM {table}")  # noqa: S608 - names from the schema


def staged(folder: Path) -> int:
    return len(list((folder / ".livrev" / "staging").rglob("*.xml.gz")))


# livrev update


@pytest.mark.slow
@pytest.mark.parametrize("part", [0.2, 0.5, 1.0])
def test_an_update_killed_at_a_request_leaves_nothing_and_completes_when_run_again(
    bench: Bench, new: Path, clean: Clean, tmp_path: Path, part: float
) -> None:
    folder = copied(new, tmp_path)
    before = bench.asked()
    with bench.start(folder, "update") as process:
        bench.wait_for_request(process, before + math.ceil(len(clean.asked) * part))
        process.kill()
    assert process.returncode == -signal.SIGKILL
    after = contents(folder)
    assert after == contents(new) or (part == 1 and after == clean.contents)
    completes(bench, folder, clean, applied=after == clean.contents)


@pytest.mark.slow
@pytest.mark.parametrize("part", [n / 5 for n in range(6)])
def test_an_update_killed_while_it_applies_has_done_all_or_nothing_and_completes_when_run_again(
    bench: Bench, new: Path, clean: Clean, tmp_path: Path, part: float
) -> None:
    folder = copied(new, tmp_path)
    before = bench.asked()
    with bench.start(folder, "update") as process:
        bench.wait_for_request(process, before + len(clean.asked))
        with suppress(subprocess.TimeoutExpired):
            process.wait(clean.tail * part)
        process.kill()
    after = contents(folder)
    assert after in (contents(new), clean.contents)
    completes(bench, folder, clean, applied=after == clean.contents)


@pytest.mark.slow
@pytest.mark.parametrize("written", [1, 2 * MEGABYTE])
def test_an_update_killed_in_the_middle_of_its_transaction_leaves_nothing_of_it(
    bench: Bench, new: Path, clean: Clean, tmp_path: Path, written: int
) -> None:
    folder = copied(new, tmp_path)
    log = folder / "review.db-wal"  # more is written than SQLite holds in memory, so it grows before the end
    with bench.start(folder, "update") as process:
        wait_until(process, lambda: log.exists() and log.stat().st_size >= written)
        process.kill()
    after = contents(folder)
    assert after in (contents(new), clean.contents)
    completes(bench, folder, clean, applied=after == clean.contents)


def test_others_see_an_update_whole_or_not_at_all(
    bench: Bench, new: Path, clean: Clean, tmp_path: Path
) -> None:
    folder = copied(new, tmp_path)
    tables = [t for t in clean.contents if not t.startswith("_")]
    count = "SELECT " + ", ".join(f"(SELECT count(*) FROM {t})" for t in tables)  # noqa: S608 - names from the schema
    seen = set()
    with Store.open(folder / "review.db") as store, bench.start(folder, "update") as process:

        def looked() -> bool:
            seen.add(tuple(store.sql.execute(count).fetchone()))
            return False  # never enough

        wait_until(process, looked)
        process.communicate()
    assert seen <= {tuple(len(rows[t]) for t in tables) for rows in (contents(new), clean.contents)}


def completes(bench: Bench, folder: Path, clean: Clean, *, applied: bool) -> None:
    """The command run again does what was left, fetches nothing twice, and comes to what one clean run gives."""
    kept, before = staged(folder), bench.asked()
    again = bench.run(folder, "update")
    assert again.returncode == 0, again.stderr
    if not applied:  # afterwards what is pending is watched, and asked for by every update
        assert len(bench.fetched_since(before)) == clean.batches - kept
    assert staged(folder) == 0
    now = contents(folder)
    if applied:
        assert len(now["search_run"]) == 4
        now = {t: now[t] for t in ("record", "revision", "hit", "judgement", "placement")}
    assert now == {t: clean.contents[t] for t in now}
    assert len(now["record"]) == RECORDS + TWICE
    assert len(now["placement"]) == TWICE


def test_a_staged_batch_is_not_fetched_again_after_a_kill(
    bench: Bench, new: Path, clean: Clean, tmp_path: Path
) -> None:
    folder = copied(new, tmp_path)
    before = bench.asked()
    with bench.start(folder, "update") as process:
        bench.wait_for_request(process, before + clean.third_batch)
        process.kill()
    fetched, kept = bench.fetched_since(before), staged(folder)
    assert kept >= 2, "a batch is staged before the next one is asked for"
    before = bench.asked()
    assert bench.run(folder, "update").returncode == 0
    again = bench.fetched_since(before)
    assert len(again) == clean.batches - kept
    assert set(fetched[:kept]).isdisjoint(again)


def test_a_damaged_staged_batch_is_fetched_again(
    bench: Bench, new: Path, clean: Clean, tmp_path: Path
) -> None:
    folder = copied(new, tmp_path)
    before = bench.asked()
    with bench.start(folder, "update") as process:
        bench.wait_for_request(process, before + clean.third_batch)
        process.kill()
    one, other, *_ = (folder / ".livrev" / "staging").rglob("*.xml.gz")
    one.write_bytes(one.read_bytes()[:1000])
    other.write_bytes(b"not packed")
    kept, before = staged(folder), bench.asked()
    assert bench.run(folder, "update").returncode == 0
    assert len(bench.fetched_since(before)) == clean.batches - kept + 2
    assert contents(folder) == clean.contents


def test_a_second_update_leaves_with_75_and_touches_nothing_while_one_is_running(
    bench: Bench, new: Path, clean: Clean, tmp_path: Path
) -> None:
    folder = copied(new, tmp_path)
    before = bench.asked()
    with bench.start(folder, "update") as first:
        bench.wait_for_request(first, before + 1)
        first.send_signal(signal.SIGSTOP)
        asked = bench.asked()
        second = bench.run(folder, "update")
        assert second.returncode == 75
        assert "another update of this review is running" in second.stderr
        assert "Traceback" not in second.stderr
        assert bench.asked() == asked
        assert contents(folder) == contents(new)
        first.send_signal(signal.SIGCONT)
        _, err = first.communicate(timeout=60)
    assert first.returncode == 0, err
    assert contents(folder) == clean.contents


# livrev vote


@pytest.fixture(scope="module")
def half_screened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty reports on which Ana has voted, and Ben has not."""
    folder = tmp_path_factory.mktemp("screened")
    (folder / "review.toml").write_text(PROTOCOL)
    export = folder / "export.ris"
    export.write_text("".join(f"TY  - JOUR\nTI  - Title {n}\nER  -\n" for n in range(20)))
    init(folder, STAMP)
    with Review.open(folder) as review:
        import_file(review, FileToImport(export, "embase", "2026-11-01"), STAMP)
        for number in range(1, 21):
            vote(review, Ballot(f"ana-{number}", number, "ana", Decision.INCLUDE, Stage.ABSTRACT), STAMP)
    return folder


def bens_votes(folder: Path) -> list[tuple[object, ...]]:
    with Store.open(folder / "review.db") as store:
        assert store.sql.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        found = store.sql.execute(
            "SELECT v.uid, v.report_id, v.stage, v.decision FROM vote v JOIN change c ON c.id = v.change_id"
            " WHERE v.reviewer = 'ben' ORDER BY v.report_id"
        )
        return [tuple(row) for row in found]


def ballot(report: int) -> tuple[str, ...]:
    return ("vote", f"R{report}", "include", "--as", "ben", "--id", f"ben-{report}")


def after_delay(seconds: float) -> Callable[[subprocess.Popen[str]], str]:
    def kill(process: subprocess.Popen[str]) -> str:
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.kill()
        return process.communicate()[0]

    return kill


def as_soon_as_it_is_acknowledged(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = process.stdout.readline()
    process.kill()
    return said


@pytest.mark.slow
def test_a_vote_that_was_acknowledged_outlives_a_kill_and_sent_again_is_stored_once(
    bench: Bench, half_screened: Path, tmp_path: Path
) -> None:
    folder = copied(half_screened, tmp_path)
    begun = time.monotonic()
    assert bench.run(folder, *ballot(1)).returncode == 0
    lasted = time.monotonic() - begun
    kills = [after_delay(lasted * n / 15) for n in range(1, 16)] + [as_soon_as_it_is_acknowledged] * 3
    for report, kill in enumerate(kills, 2):
        with bench.start(folder, *ballot(report)) as process:
            said = kill(process)
        kept = [v for v in bens_votes(folder) if v[1] == report]
        whole = [(f"ben-{report}", report, "abstract", "include")]
        assert kept in ([], whole)
        if said.endswith("\n"):
            assert kept == whole, f"lost after it was acknowledged: {said}"
        again = bench.run(folder, *ballot(report))
        assert again.returncode == 0, again.stderr
        assert again.stdout == f"R{report} abstract: include by ben  Title {report - 1}\n"
    assert bens_votes(folder) == [(f"ben-{n}", n, "abstract", "include") for n in range(1, len(kills) + 2)]


def test_an_id_that_another_vote_bears_is_refused_and_not_acknowledged(
    half_screened: Path, tmp_path: Path
) -> None:
    with Review.open(copied(half_screened, tmp_path)) as review:
        first = Ballot("mine", 1, "ben", Decision.EXCLUDE, Stage.ABSTRACT)
        assert vote(review, first, STAMP) == vote(review, first, STAMP)
        for other in (
            replace(first, report=2),
            replace(first, decision=Decision.INCLUDE),
            replace(first, reviewer="ana"),
            replace(first, note="on second thoughts"),
        ):
            with pytest.raises(Refused, match="the id mine belongs to another vote"):
                vote(review, other, STAMP)
        undo(review, "ben", STAMP)
        with pytest.raises(Refused, match="the vote mine was taken back"):
            vote(review, first, STAMP)
        vote(review, replace(first, uid="mine again"), STAMP)
    assert [v[0] for v in bens_votes(review.folder)] == ["mine", "mine again"]
