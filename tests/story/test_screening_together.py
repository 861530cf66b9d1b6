"""Several at one store at the same time, and power cuts: no vote that was acknowledged is ever lost.

``LIVREV_VOTES=10000`` casts that many in the test of reviewers who work while records come in.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from curation.model import Stage
from curation.sources.standin import Corpus, StandIn
from curation.store import queue
from curation.store.connect import Stamp
from curation.tasks.init import init
from curation.tasks.queue import refresh
from curation.tasks.review import Review
from tests.conftest import Livrev
from tests.story.pseudo_terminal import Terminal
from tests.story.test_queue_histories import kept_up, made_anew

VOTES = int(os.environ.get("LIVREV_VOTES", "1200"))
PROTOCOL = """
exclusion_reasons = [{ code = "population", label = "Population" }]
review = { title = "Many at once", question = "Is a vote lost?" }
criteria = { include = ["Everything"] }
living = { integration = "Now and then.", retirement = "At the end." }
ncbi = { email = "team@example.org" }
[[sources]]
key = "embase"
name = "Embase"
kind = "database"
strategy = "spine"
[[sources]]
key = "pubmed"
name = "PubMed"
kind = "database"
service = "pubmed"
strategy = "spine"
[[reviewers]]
id = "ana"
name = "Ana"
roles = ["screener"]
[[reviewers]]
id = "ben"
name = "Ben"
roles = ["screener"]
"""
# Votes as fast as it can what its desk gives it; prints each report once its vote is stored.
VOTER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from curation.model import Decision
from curation.store.connect import Stamp
from curation.tasks.desk import Session, StoreDesk
from curation.tasks.review import Review
from screening.desk import Choice, Work
folder, me, votes = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with Review.open(folder) as review:
    desk = StoreDesk(review, Session(me, Work.ABSTRACT), lambda: Stamp(datetime(2026, 11, 2, tzinfo=UTC), me, "test"))
    print("ready", flush=True)
    sys.stdin.readline()
    done = 0
    while done < votes:
        card = desk.next()
        if card is None:
            continue
        forward = card.report % 7 == 0
        desk.decide(Choice(card.report, Decision.INCLUDE if forward else Decision.EXCLUDE))
        done += 1
        print(card.report, flush=True)
"""


def export(first: int, count: int) -> str:
    """Records that are no duplicates of each other."""
    words = random.Random(first)  # noqa: S311 - made-up titles are no secret
    lines = []
    for n in range(first, first + count):
        title = " ".join("".join(words.choices("abcdefghijklmnop", k=7)) for _ in range(6))
        lines.append(
            f"TY  - JOUR\nAN  - L{n}\nTI  - {title}\nAB  - Found in {n}.\nDO  - 10.1000/w.{n}\nER  - \n"
        )
    return "\n".join(lines)


@pytest.fixture
def review(tmp_path: Path, livrev: Livrev) -> Path:
    """A review with reports enough for half of the votes."""
    folder = tmp_path / "review"
    folder.mkdir()
    (folder / "review.toml").write_text(PROTOCOL)
    init(folder, Stamp(dt.datetime(2026, 11, 2, tzinfo=dt.UTC), "tester", "test"))
    (folder / "first.ris").write_text(export(1, VOTES // 2 + 20))
    done = livrev("import", "first.ris", "--source", "embase", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_two_reviewers_and_records_that_come_in_meanwhile_lose_no_vote_and_see_no_lock(
    review: Path, livrev: Livrev, corpus: Corpus, environment: dict[str, str]
) -> None:
    voters = {
        who: subprocess.Popen(
            [sys.executable, "-c", VOTER, str(review), who, str(VOTES // 2)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for who in ("ana", "ben")
    }
    for process in voters.values():
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("go\n")
        process.stdin.flush()
    with StandIn(corpus) as standin:
        update = livrev("update", cwd=review, LIVREV_EUTILS_URL=standin.url)
    assert (update.returncode, "locked" in update.stderr) == (0, False)
    for turn in range(3):
        (review / "more.ris").write_text(export(100_000 * (turn + 1), 30))
        done = livrev("import", "more.ris", "--source", "embase", cwd=review)
        assert (done.returncode, done.stderr) == (0, "")
    acknowledged = {}
    for who, process in voters.items():
        out, err = process.communicate(timeout=500)
        assert (process.returncode, err) == (0, "")
        acknowledged[who] = Counter(map(int, out.split()))
    with Review.open(review) as opened:
        for who, reports in acknowledged.items():
            rows = opened.sql.execute(
                "SELECT report_id, count(*) FROM vote WHERE reviewer = ? GROUP BY 1", (who,)
            )
            assert Counter(dict(tuple(row) for row in rows)) == reports
            assert reports.total() == VOTES // 2
            assert set(reports.values()) == {1}
        assert kept_up(opened) == made_anew(opened)


@pytest.fixture
def corpus(review: Path) -> Corpus:
    """What PubMed holds meanwhile."""
    from curation.tasks import reference  # noqa: PLC0415 - one use

    assert review.is_dir()
    return Corpus.from_xml(reference.corpus_file())


@pytest.mark.slow
def test_a_reviewer_killed_after_any_key_loses_nothing_that_was_acknowledged(
    review: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    seen = 0
    for turn in range(4):
        folder = Path(shutil.copytree(review, tmp_path / f"killed-{turn}"))
        with Terminal(["screen", "--as", "ana"], folder, environment) as terminal:
            terminal.wait_for("R1 ")
            terminal.press("e")
            terminal.wait_for("R2 ")
            acknowledged = {(1, "exclude")}
            for _ in range(chance.randrange(1, 12)):
                terminal.press(chance.choice("iemsfu"))
                time.sleep(
                    chance.random() / 50
                )  # a person's pace, and not always at the same place of the work
                acknowledged |= message(terminal.look())
            terminal.kill()
        assert acknowledged <= states(folder)
        seen += len(acknowledged)
        with Review.open(folder) as opened:
            assert opened.sql.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            refresh(opened)
            assert kept_up(opened) == made_anew(opened)
            left = queue.next_reports(opened.sql, "ana", STAGE, 10_000)
        with Terminal(["screen", "--as", "ana"], folder, environment) as terminal:
            terminal.wait_for(f"R{left[0]} ")
            assert terminal.leave() == 0
    assert seen > 4  # more than the first votes, which are waited for


STAGE = Stage.ABSTRACT


def message(screen: str) -> set[tuple[int, str]]:
    """The report and decision that the screen says were stored last, if it says so."""
    last = screen.splitlines()[-2].split()
    words = {"included": "include", "excluded": "exclude", "maybe": "maybe"}
    if len(last) < 2 or last[0] not in words or not last[1].startswith("R"):
        return set()
    return {(int(last[1].strip("R:·")), words[last[0]])}


def states(folder: Path) -> set[tuple[int, str]]:
    with closing(sqlite3.connect(folder / "review.db")) as sql:
        return {(row[0], row[1]) for row in sql.execute("SELECT report_id, decision FROM vote")}


def test_a_terminal_that_hangs_up_ends_the_session_and_loses_nothing(
    review: Path, environment: dict[str, str]
) -> None:
    with Terminal(["screen", "--as", "ana"], review, environment) as terminal:
        terminal.wait_for("R1 ")
        terminal.press("e")
        terminal.wait_for("R2 ")
        terminal.hang_up()
    assert states(review) == {(1, "exclude")}
