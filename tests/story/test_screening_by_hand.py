"""The demonstration's round, screened by people at terminals: every key goes through a pseudo-terminal into the app."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from curation.sources.standin import Corpus, StandIn
from curation.store.connect import Stamp
from curation.tasks import reference
from curation.tasks.init import init
from curation.tasks.reference import Decided
from tests.conftest import Livrev
from tests.story.pseudo_terminal import Terminal

KEY = {"include": "i", "exclude": "e", "maybe": "m"}
ROUND = "SELECT {} FROM {} WHERE report_now IN (SELECT record FROM records WHERE round = 1)"


@pytest.fixture(scope="session")
def unscreened(livrev: Livrev, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference review with the records of its first update, on which nobody has voted."""
    folder = tmp_path_factory.mktemp("unscreened") / "review"
    folder.mkdir()
    with reference.load(folder, Stamp(dt.datetime(2026, 11, 2, tzinfo=dt.UTC), "livrev", "demo")):
        pass
    with StandIn(Corpus.from_xml(reference.corpus_file())) as standin:
        done = livrev("update", cwd=folder, LIVREV_EUTILS_URL=standin.url)
    assert done.returncode == 0, done.stderr
    return folder


def rows(folder: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"{(folder / 'review.db').as_uri()}?mode=ro", uri=True)) as sql:
        return [tuple(row) for row in sql.execute(query, values)]


def number_of(folder: Path, identifier: str) -> int:
    found = rows(folder, "SELECT record FROM records WHERE ? IN (doi, pmid) ORDER BY record", identifier)
    return int(str(found[0][0]))


def plan(folder: Path, stage: str, reviewer: str) -> dict[int, Decided]:
    """What a reviewer of the demonstration decided at a stage, by report."""
    return {
        number_of(folder, decided.record): decided
        for decided in reference.decisions()
        if (decided.stage, decided.reviewer) == (stage, reviewer)
    }


def on_screen(screen: str) -> int | None:
    """Number of the report that stands on the screen."""
    found = re.search(r"^ R(\d+)\b", screen, re.MULTILINE)
    return int(found[1]) if found else None


def cards(terminal: Terminal) -> Iterator[int]:
    """Each report that comes up, until none is left."""
    last: int | None = None
    while (last := another(terminal, last)) is not None:
        yield last


def another(terminal: Terminal, last: int | None) -> int | None:
    """The report that comes after ``last``; None at the end."""
    screen = terminal.wait_for(
        lambda shown: "nothing waits" in shown.casefold() or on_screen(shown) not in {None, last}
    )
    return on_screen(screen)


@pytest.mark.slow
def test_a_round_screened_through_the_app_ends_as_the_demonstration_does(
    unscreened: Path, built_demo: Path, livrev: Livrev, environment: dict[str, str], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(unscreened, tmp_path / "review"))

    def at_work(reviewer: str, work: str) -> Terminal:
        return Terminal(["screen", "--as", reviewer, "--stage", work], folder, environment)

    for reviewer in ("demo-a", "demo-b"):
        decided = plan(folder, "abstract", reviewer)
        with at_work(reviewer, "abstract") as terminal:
            for report in cards(terminal):
                terminal.press(KEY[decided[report].decision])
            slips_are_taken_back(terminal, folder, reviewer)
            assert terminal.leave() == 0
    the_adjudicator_settles(
        folder, at_work("demo-c", "conflicts"), plan(folder, "resolve-abstract", "demo-c")
    )
    full_texts_are_noted(livrev, folder)
    codes = reasons_of(folder)
    for reviewer in ("demo-a", "demo-b"):
        decided = plan(folder, "fulltext", reviewer)
        with at_work(reviewer, "fulltext") as terminal:
            for report in cards(terminal):
                said = decided[report]
                terminal.press("i" if said.reason is None else str(codes.index(said.reason) + 1))
            assert terminal.leave() == 0

    for table, columns in (
        ("vote_now", "report_now, stage, reviewer, decision, reason"),
        ("resolution_now", "report_now, stage, kind, decision, reason, signed_by, note"),
        ("fulltext_now", "report_now, event"),
    ):
        here, there = (rows(review, ROUND.format(columns, table)) for review in (folder, built_demo))
        assert sorted(here, key=str) == sorted(there, key=str)
        assert here
    assert flow_of(livrev, folder)["screened"] == flow_of(livrev, built_demo)["screened"] == 9
    assert flow_of(livrev, folder)["main"] == flow_of(livrev, built_demo)["main"]
    waits = json.loads(livrev("status", "--json", cwd=folder).stdout)["waiting"]
    assert {(one["to_screen"], one["to_assess"]) for one in waits} == {(0, 0)}


def slips_are_taken_back(terminal: Terminal, folder: Path, reviewer: str) -> None:
    """Two votes are taken back at the end, one of them cast wrongly first; nothing of it is lost."""
    before = rows(
        folder, "SELECT report_now, decision FROM vote_now WHERE reviewer = ? ORDER BY id", reviewer
    )
    (first, said), (second, also) = before[-1], before[-2]
    terminal.press("u")
    terminal.wait_for(f"R{first}")
    terminal.press(KEY["exclude" if said != "exclude" else "include"])
    terminal.wait_for(lambda screen: "nothing waits" in screen.casefold())
    terminal.press("u")
    terminal.wait_for(f"R{first}")
    terminal.press("u")
    terminal.wait_for(f"R{second}")
    by_report = {first: said, second: also}
    for report in cards(terminal):
        terminal.press(KEY[str(by_report[report])])
    after = rows(folder, "SELECT report_now, decision FROM vote_now WHERE reviewer = ? ORDER BY id", reviewer)
    assert sorted(after) == sorted(before)
    undone = rows(
        folder,
        "SELECT count(*) FROM vote_undo u JOIN vote v ON v.id = u.vote_id WHERE v.reviewer = ?",
        reviewer,
    )
    assert undone == [(3,)]


def the_adjudicator_settles(folder: Path, terminal: Terminal, decided: dict[int, Decided]) -> None:
    assert decided
    with terminal:
        for report in cards(terminal):
            screen = terminal.look()
            assert "Demo reviewer A" in screen
            said = decided[report]
            terminal.press("i" if said.reason is None else str(reasons_of(folder).index(said.reason) + 1))
            terminal.wait_for("Why")
            terminal.type(said.note)
            terminal.press("enter")
        assert terminal.leave() == 0


def full_texts_are_noted(livrev: Livrev, folder: Path) -> None:
    for decided in reference.decisions():
        if decided.stage == "retrieval":
            how = ("--not-retrieved",) if decided.decision == "not retrieved" else ("--link",)
            note = decided.note or "https://example.org/paper"
            report = f"R{number_of(folder, decided.record)}"
            done = livrev("fulltext", report, *how, note, "--as", decided.reviewer, cwd=folder)
            assert done.returncode == 0, done.stderr


def reasons_of(folder: Path) -> list[str]:
    parsed = rows(folder, "SELECT parsed FROM protocol ORDER BY id DESC LIMIT 1")[0][0]
    return [reason["code"] for reason in json.loads(str(parsed))["exclusion_reasons"]]


def flow_of(livrev: Livrev, folder: Path) -> dict[str, object]:
    done = livrev("flow", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    flow: dict[str, object] = json.loads(done.stdout)["flow"]
    return flow


LABELLED = """
exclusion_reasons = [{ code = "population", label = "Population" }]
sources = [{ key = "pubmed", name = "PubMed", kind = "database", strategy = "as published" }]
review = { title = "Screened again", question = "Does the store end as the script meant?" }
criteria = { include = ["What the authors included"] }
living = { integration = "Now and then.", retirement = "At the end." }
[[reviewers]]
id = "ana"
name = "Ana"
roles = ["screener"]
[[reviewers]]
id = "ben"
name = "Ben"
roles = ["screener"]
[[reviewers]]
id = "cem"
name = "Cem"
roles = ["adjudicator"]
"""


@pytest.fixture
def labelled(shared_data: Path, tmp_path: Path, livrev: Livrev) -> tuple[Path, dict[int, bool]]:
    """A review of 2,000 records with the authors' own labels by report."""
    with gzip.open(shared_data / "screening" / "nagtegaal_2019.csv.gz", "rt", encoding="utf-8") as file:
        found = list(csv.DictReader(file))[:2000]
    folder = tmp_path / "labelled"
    folder.mkdir()
    (folder / "review.toml").write_text(LABELLED)
    init(folder, Stamp(dt.datetime(2026, 11, 2, tzinfo=dt.UTC), "tester", "test"))
    lines = (
        f"TY  - JOUR\nAN  - N{n}\nTI  - {' '.join(row['title'].split())} ({n})\n"
        f"AB  - {' '.join(row['abstract'].split())}\nER  - \n"
        for n, row in enumerate(found, 1)
    )
    (folder / "set.ris").write_text("\n".join(lines), encoding="utf-8")
    done = livrev("import", "set.ris", "--source", "pubmed", cwd=folder)
    assert done.returncode == 0, done.stderr
    label = {f"N{n}": row["label_included"] == "1" for n, row in enumerate(found, 1)}
    return folder, {
        int(str(report)): label[str(accession)]
        for accession, report in rows(folder, "SELECT accession, min(record) FROM records GROUP BY report")
    }


@pytest.mark.shared
@pytest.mark.soak
def test_two_thousand_labelled_records_end_as_the_script_meant(
    labelled: tuple[Path, dict[int, bool]], environment: dict[str, str]
) -> None:
    folder, label = labelled
    with closing(sqlite3.connect(folder / "review.db")) as sql:
        for reviewer in ("ana", "ben"):
            with Terminal(
                ["screen", "--as", reviewer], folder, environment, columns=120, rows=40, emulated=False
            ) as terminal:
                meant = screened_by(reviewer, terminal, sql, label)
                assert terminal.leave() == 0
            stored = sql.execute("SELECT report_now, decision FROM vote_now WHERE reviewer = ?", (reviewer,))
            assert dict(stored.fetchall()) == meant
        disagreed = sorted(r for (r,) in sql.execute("SELECT report_id FROM conflict_open"))
        assert disagreed == sorted(report for report in label if report % 40 == 0)
        with Terminal(["screen", "--as", "cem", "--stage", "conflicts"], folder, environment) as terminal:
            for report in cards(terminal):
                terminal.press("i" if label[report] else "e")
                terminal.wait_for("Why")
                terminal.type("read again")
                terminal.press("enter")
            assert terminal.leave() == 0
        settled = dict(sql.execute("SELECT report_now, decision FROM resolution_now"))
        assert settled == {report: said(label[report]) for report in disagreed}


def screened_by(
    reviewer: str, terminal: Terminal, sql: sqlite3.Connection, label: dict[int, bool]
) -> dict[int, str]:
    """Vote on whatever comes next by its label; ben errs on every 40th, and every 100th vote is taken back once."""
    meant: dict[int, str] = {}
    counted = "SELECT (SELECT count(*) FROM vote WHERE reviewer = ?1) + (SELECT count(*) FROM vote_undo)"
    following = (
        "SELECT report_id FROM queue WHERE reviewer = ? ORDER BY stage, lane, place, report_id LIMIT 1"
    )

    def press(key: str) -> None:
        (before,) = sql.execute(counted, (reviewer,)).fetchone()
        terminal.press(key)
        terminal.wait_until(lambda: bool(sql.execute(counted, (reviewer,)).fetchone()[0] > before))

    terminal.wait_until(lambda: sql.execute("SELECT 1 FROM queue").fetchone() is not None)
    while row := sql.execute(following, (reviewer,)).fetchone():
        (report,) = row
        wanted = label[report] != (reviewer == "ben" and report % 40 == 0)
        meant[report] = said(wanted)
        if report % 100 == 1:
            press("m")
            press("u")
        press("i" if wanted else "e")
    return meant


def said(include: bool) -> str:
    return "include" if include else "exclude"
