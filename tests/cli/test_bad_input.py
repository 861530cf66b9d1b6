"""Whatever is wrong: one clear line on standard error, the documented status, no trace, and nothing stored."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from curation.sources.standin import Corpus, Fault, FaultKind, StandIn
from tests.cli.conftest import Number, Refuses, Rows
from tests.conftest import Livrev

ZHOU = "10.3389/fcell.2025.1673498"  # included
LUNG = "10.1186/s12880-025-02029-w"  # excluded at full text
HISTOGRAM = "10.1186/s40644-019-0221-9"  # its conflict was resolved by demo-c
LUMBAR = "99000002"  # its full text could not be had
REVIEW_ARTICLE = "10.3390/ijerph19031880"  # excluded by both at title/abstract
PAGE = 4096  # bytes of a page of the store

EXPORT = "TY  - JOUR\nTI  - {title}\nAU  - Ng, C.\nPY  - 2025\nDO  - {doi}\nAN  - {accession}\nER  - \n"


def tree(folder: Path) -> Mapping[str, str]:
    """Hash of every file below ``folder``."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def one_line(done: subprocess.CompletedProcess[str], status: int) -> str:
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("livrev: ")
    return line


# Where the review is


def test_a_folder_that_does_not_exist(livrev: Livrev, tmp_path: Path) -> None:
    said = one_line(livrev("--review", tmp_path / "nowhere", "status"), 2)
    assert "nowhere is no review" in said
    assert "livrev init" in said


def test_a_folder_without_a_review_upwards(livrev: Livrev, tmp_path: Path) -> None:
    said = one_line(livrev("status", cwd=tmp_path), 2)
    assert f"no review.toml in {tmp_path} or above" in said
    assert "--review" in said


def test_a_review_named_by_the_environment_that_is_none(livrev: Livrev, tmp_path: Path) -> None:
    assert "is no review" in one_line(livrev("status", LIVREV_REVIEW=str(tmp_path / "gone")), 2)


def test_a_review_without_its_store(livrev: Livrev, demo: Path) -> None:
    for file in demo.glob("review.db*"):
        file.unlink()
    before = tree(demo)
    assert "review.db does not exist" in one_line(livrev("status", cwd=demo), 1)
    assert tree(demo) == before


# review.toml

FAULTY = {
    "[criteria]\nnumber = 1\n": "[criteria]\nnumber = 0\n",
    'kind = "database"\nplatform = "Elsevier"': 'kind = "databank"\nplatform = "Elsevier"',
    'title = "Artificial': 'titel = "Artificial',
    "votes_abstract = 2": "votes_abstract = 4",
    'id = "demo-b"': 'id = "demo-a"',
    'email = "maintainer@example.org"': 'email = "maintainer at example.org"',
}  # fmt: skip


def test_all_faults_of_review_toml_are_told_at_once_with_their_lines(demo: Path, refuses: Refuses) -> None:
    file = demo / "review.toml"
    text = file.read_text(encoding="utf-8")
    for sound, faulty in FAULTY.items():
        assert text.count(sound) == 1, sound
        text = text.replace(sound, faulty)
    file.write_text(text, encoding="utf-8")
    first, *faults = refuses(demo, "vote", "R12", "include", "--as", "demo-a", status=78).splitlines()
    assert "review.toml" in first
    lines = text.splitlines()
    for key, place in (
        ("review.titel", "titel ="),
        ("review.title", "[review]"),
        ("criteria.number", "number = 0"),
        ("kind", 'kind = "databank"'),
        ("votes_abstract", "votes_abstract = 4"),
        ("reviewers", 'id = "demo-a"'),
        ("ncbi.email", "email ="),
    ):
        told = [fault for fault in faults if key in fault]
        assert told, f"{key} is not told in {faults}"
        numbers = [int(found[1]) for fault in told if (found := re.match(r"  line (\d+): ", fault))]
        assert any(place in lines[n - 1] for n in numbers), f"{key}: {told}"


def test_a_review_toml_that_is_no_toml(demo: Path, refuses: Refuses) -> None:
    with (demo / "review.toml").open("a", encoding="utf-8") as file:
        file.write("\n[[sources\n")
    assert "is not valid TOML" in refuses(demo, "status", status=78)


def test_a_review_toml_that_is_no_text(demo: Path, refuses: Refuses) -> None:
    (demo / "review.toml").write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in refuses(demo, "status", status=78)


# The store


def sealed(folder: Path) -> Path:
    """The store as one file, its write-ahead log written back."""
    store = folder / "review.db"
    with closing(sqlite3.connect(store)) as sql:
        sql.execute("PRAGMA journal_mode = DELETE")
    return store


@pytest.mark.parametrize("command", [("status",), ("vote", "R12", "include", "--as", "demo-a"), ("report",)])
def test_a_store_damaged_behind_its_header(livrev: Livrev, demo: Path, command: tuple[str, ...]) -> None:
    store = sealed(demo)
    size = store.stat().st_size
    with store.open("r+b") as file:
        file.seek(PAGE)
        file.write(b"\xa5" * (size - PAGE))
    before = store.read_bytes()
    said = one_line(livrev(*command, cwd=demo), 1)
    assert "damaged" in said or "cannot be read as a database" in said
    assert "copy" in said
    assert store.read_bytes()[PAGE:] == before[PAGE:]


def test_one_damaged_page_is_never_a_trace(livrev: Livrev, demo: Path) -> None:
    whole = sealed(demo).read_bytes()
    told = 0
    for page in range(4, len(whole) // PAGE, 9):
        damaged = whole[: page * PAGE] + bytes(range(256)) * 16 + whole[(page + 1) * PAGE :]
        (demo / "review.db").write_bytes(damaged)
        done = livrev("status", cwd=demo)
        assert "Traceback" not in done.stderr, f"page {page}: {done.stderr}"
        if done.returncode:
            assert "damaged" in one_line(done, 1)
            told += 1
        for leftover in demo.glob("review.db-*"):
            leftover.unlink()
    assert told > 0


def test_a_store_with_a_damaged_header(livrev: Livrev, demo: Path) -> None:
    store = sealed(demo)
    with store.open("r+b") as file:
        file.write(b"\x00" * 100)
    before = store.read_bytes()
    said = one_line(livrev("status", cwd=demo), 1)
    assert str(store) in said
    assert store.read_bytes() == before


def test_a_text_file_in_place_of_the_store(livrev: Livrev, demo: Path) -> None:
    sealed(demo).write_text("Dear colleague, the database is in the other folder. " * 50, encoding="utf-8")
    before = tree(demo)
    assert "cannot be read as a database" in one_line(livrev("status", cwd=demo), 1)
    assert tree(demo) == before


def test_an_empty_file_in_place_of_the_store(livrev: Livrev, demo: Path) -> None:
    sealed(demo).write_bytes(b"")
    before = tree(demo)
    assert "is empty" in one_line(livrev("status", cwd=demo), 1)
    assert tree(demo) == before


def test_the_database_of_another_program_is_left_alone(livrev: Livrev, demo: Path) -> None:
    store = sealed(demo)
    store.unlink()
    with closing(sqlite3.connect(store)) as sql:
        sql.executescript("CREATE TABLE patients (name TEXT); INSERT INTO patients VALUES ('A. B.');")
    before = tree(demo)
    assert "database of another program" in one_line(livrev("status", cwd=demo), 1)
    assert tree(demo) == before


def test_a_store_of_a_newer_livrev(livrev: Livrev, demo: Path) -> None:
    store = sealed(demo)
    with closing(sqlite3.connect(store)) as sql:
        sql.execute("PRAGMA user_version = 999")
    before = tree(demo)
    assert "upgrade livrev" in one_line(livrev("status", cwd=demo), 1)
    assert tree(demo) == before


# Reports, people, rights

WORDS = [
    (("vote", "R999", "include", "--as", "demo-a"), 2, "there is no report R999"),
    (("vote", "R0", "include", "--as", "demo-a"), 2, "there is no report R0"),
    (("vote", "R99999999999999999999", "include", "--as", "demo-a"), 2, "R99999999999999999999"),
    (("vote", "twelve", "include", "--as", "demo-a"), 2, "write it like R12"),
    (("vote", "R1.5", "include", "--as", "demo-a"), 2, "write it like R12"),
    (("fulltext", "R999", "--link", "https://example.org", "--as", "demo-a"), 2, "there is no report R999"),
    (("fulltext", "R12", "--as", "demo-a"), 2, "--retrieved FILE"),
    (("resolve", "R999", "include", "--as", "demo-c", "--note", "why"), 2, "there is no report R999"),
    (("vote", "R1", "include", "--as", "demo-a"), 1, "decided before this store"),
    (("vote", "R12", "include", "--as", "nobody"), 2, "'nobody' is no reviewer of this review (known: demo-a"),
    (("vote", "R12", "include", "--as", "demo-c"), 1, "demo-c is no screener (roles: adjudicator)"),
    (("vote", "R12", "include", "--as", "SS"), 1, "SS has left this review"),
    (("undo", "--as", "SS"), 1, "SS has left this review"),
    (("undo", "--as", "nobody"), 2, "'nobody' is no reviewer"),
    (("status", "--as", "nobody"), 2, "'nobody' is no reviewer"),
    (("status", "--as", "demo-c"), 1, "demo-c is no screener"),
    (("status", "--abstracts"), 2, "--as ID"),
    (("resolve", "R12", "include", "--as", "demo-c", "--note", "why"), 1, "R12 is not in conflict"),
    (("resolve", "R12", "include", "--as", "demo-c", "--note", " "), 2, "--note"),
    (("resolve", "R12", "maybe", "--as", "demo-c", "--note", "why"), 2, "include or exclude"),
    (("duplicates", "merge", "R12", "R13"), 2, "missing option '--as'"),
    (("duplicates", "merge", "R12", "R999", "--as", "demo-a"), 2, "there is no record R999"),
    (("duplicates", "merge", "R12", "R12", "--as", "demo-a"), 2, "two different records"),
    (("duplicates", "merge", "R12", "R13", "--as", "nobody"), 2, "'nobody' is no reviewer"),
    (("flow", "--round", "9"), 2, "there is no round 9 (known: 0, 1)"),
    (("flow", "--svg", "flow.svg", "--json"), 2, "--svg FILE or --json"),
    (("tables", "--release", "9.9"), 2, "there is no release '9.9' (known: 1.0)"),
    (("search", "--dry-run", "scopus"), 2, "'scopus' is no source that is searched over the network"),
    (("stauts",), 2, "no such command 'stauts'; did you mean status?; see: livrev --help"),
    (("frobnicate",), 2, "no such command 'frobnicate'; see: livrev --help"),
    (("status", "--frobnicate"), 2, "see: livrev status --help"),
    (("--frobnicate",), 2, "see: livrev --help"),
    (("vote", "R12"), 2, "see: livrev vote --help"),
    (("vote", "R12", "perhaps", "--as", "demo-a"), 2, "'include', 'exclude', 'maybe'"),
    (("vote", "R12", "include"), 2, "missing option '--as'"),
    (("flow", "--round", "first"), 2, "--round"),
    (("import", "x.ris", "--source", "scopus", "--searched-on", "27.1.2025"), 2, "YYYY-MM-DD"),
    (("import", "missing.ris", "--source", "scopus"), 1, "there is no such file"),
    (("import", "reports", "--source", "scopus"), 1, "is a folder"),
    (("extract", "--from", "missing.toml", "--as", "demo-a"), 1, "missing.toml cannot be read"),
    (("extract", "--from", "review.toml", "--as", "demo-c"), 1, "demo-c is no extractor"),
    (("report", "--to", "review.toml"), 2, "review.toml is a file"),
    (("tables", "--to", "review.toml"), 2, "review.toml is a file"),
    (("tables", "--to", "review.toml/tables"), 1, "Not a directory"),
    (("flow", "--svg", "review.toml/flow.svg"), 2, "review.toml is a file"),
    (("flow", "--svg", "reports"), 2, "is a directory"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "status", "said"), WORDS, ids=lambda value: str(value)[:60])
def test_words_that_cannot_be_followed(
    demo: Path, refuses: Refuses, words: tuple[str, ...], status: int, said: str
) -> None:
    assert said in refuses(demo, *words, status=status)


def test_no_words_at_all_give_the_help_and_status_2(livrev: Livrev) -> None:
    done = livrev()
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Commands:" in done.stderr


def test_a_vote_on_a_duplicate_names_the_report_it_belongs_to(
    livrev: Livrev, demo: Path, refuses: Refuses, number: Number
) -> None:
    title = "MRI-based radiomics for noninvasive prediction of T790M resistance mutation in lung cancer spinal metastases: an exploratory study"
    (demo / "again.ris").write_text(EXPORT.format(title=title, doi=ZHOU, accession="S1"), encoding="utf-8")
    done = livrev("import", "again.ris", "--source", "scopus", cwd=demo)
    assert "duplicates: 1 removed" in done.stdout
    listed = livrev("duplicates", cwd=demo).stdout.splitlines()
    first, second = next(line for line in listed if "same report" in line).split("\t")[:2]
    assert first == number(demo, ZHOU)
    for command in (
        ("vote", second, "include", "--as", "demo-a"),
        ("fulltext", second, "--link", "x", "--as", "demo-a"),
    ):
        assert f"{second} is a duplicate of {first}; use {first}" in refuses(demo, *command, status=2)


def test_nobody_adjudicates_a_report_they_voted_on(
    livrev: Livrev, demo: Path, refuses: Refuses, number: Number
) -> None:
    file = demo / "review.toml"
    text = file.read_text(encoding="utf-8")
    roles = 'name = "Demo reviewer B"\nroles = ["screener", "extractor"]'
    assert text.count(roles) == 1
    file.write_text(text.replace(roles, roles.replace("extractor", "adjudicator")), encoding="utf-8")
    report = number(demo, REVIEW_ARTICLE)
    assert livrev("vote", report, "include", "--as", "demo-b", cwd=demo).returncode == 0
    said = refuses(demo, "resolve", report, "include", "--as", "demo-b", "--note", "I am sure", status=1)
    assert f"demo-b voted on {report} and cannot adjudicate it" in said
    said = refuses(demo, "resolve", report, "include", "--as", "demo-a", "--note", "I am sure", status=1)
    assert "demo-a is no adjudicator" in said
    said = refuses(
        demo, "resolve", report, "include", "--as", "demo-a", "--with", "demo-a", "--note", "agreed", status=1
    )
    assert "signed by everybody who voted (demo-a, demo-b)" in said


def test_a_settled_report_takes_no_vote(demo: Path, refuses: Refuses, number: Number) -> None:
    report = number(demo, HISTOGRAM)
    said = refuses(demo, "vote", report, "exclude", "--stage", "abstract", "--as", "demo-a", status=1)
    assert f"{report} was settled at abstract" in said
    assert "livrev undo" in said


def test_a_report_without_full_text_takes_no_vote_at_full_text(
    demo: Path, refuses: Refuses, number: Number
) -> None:
    report = number(demo, LUMBAR)
    said = refuses(demo, "vote", report, "include", "--as", "demo-a", status=1)
    assert f"livrev fulltext {report} --retrieved FILE --as ID" in said


def test_a_report_that_did_not_pass_the_abstract_takes_no_vote_at_full_text(
    demo: Path, refuses: Refuses, number: Number
) -> None:
    report = number(demo, REVIEW_ARTICLE)
    said = refuses(demo, "vote", report, "include", "--stage", "fulltext", "--as", "demo-a", status=1)
    assert "has not passed title/abstract" in said
    said = refuses(demo, "fulltext", report, "--link", "https://example.org", "--as", "demo-a", status=1)
    assert "has not passed title/abstract" in said


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        (("maybe",), "maybe exists at title/abstract only"),
        (("exclude",), "needs its reason: --reason CODE (codes: not-original, "),
        (("exclude", "--reason", "boring"), "'boring' is no exclusion reason of the protocol (codes: "),
        (("include", "--reason", "no-ai"), "a reason goes with exclude"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_decision_at_full_text_has_its_form(
    demo: Path, refuses: Refuses, number: Number, decision: tuple[str, ...], said: str
) -> None:
    assert said in refuses(demo, "vote", number(demo, LUNG), *decision, "--as", "demo-a", status=2)


def test_a_full_text_that_could_not_be_had_needs_its_why(
    demo: Path, refuses: Refuses, number: Number
) -> None:
    said = refuses(demo, "fulltext", number(demo, LUNG), "--not-retrieved", " ", "--as", "demo-a", status=2)
    assert "--not-retrieved WHY" in said


def test_a_full_text_file_that_is_not_there(demo: Path, refuses: Refuses, number: Number) -> None:
    said = refuses(
        demo, "fulltext", number(demo, LUNG), "--retrieved", "gone.pdf", "--as", "demo-a", status=1
    )
    assert "gone.pdf cannot be read" in said


# Files

NO_EXPORTS = {
    "paper.pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 8,
    "table.csv": b"colour,size\nred,10\n",
    "empty.ris": b"",
    "blank.ris": b"\n  \n",
    "letter.ris": b"Dear colleague, please find the records attached.\n",
}


@pytest.mark.parametrize("name", NO_EXPORTS)
def test_a_file_that_is_no_export(demo: Path, refuses: Refuses, name: str) -> None:
    (demo / name).write_bytes(NO_EXPORTS[name])
    said = refuses(demo, "import", name, "--source", "scopus", status=1)
    assert name in said
    assert "export it again" in said
    assert not list(demo.glob("inbox/*"))


def test_an_export_with_a_lost_record_names_its_line(demo: Path, refuses: Refuses) -> None:
    whole = EXPORT.format(title="A whole record", doi="10.1000/whole", accession="S1")
    (demo / "lost.ris").write_text(
        whole + "TI  - Its beginning is lost\nAU  - Ng, C.\nER  - \n", encoding="utf-8"
    )
    first, *faults = refuses(demo, "import", "lost.ris", "--source", "scopus", status=1).splitlines()
    assert "nothing was taken over" in first
    assert faults == ["  line 8: fields outside a record: no TY line before them"]


def test_the_same_file_twice(livrev: Livrev, demo: Path) -> None:
    text = EXPORT.format(title="A paper", doi="10.1000/x", accession="S1")
    (demo / "scopus.ris").write_text(text, encoding="utf-8")
    assert livrev("import", "scopus.ris", "--source", "scopus", cwd=demo).returncode == 0
    (demo / "renamed.ris").write_text(text, encoding="utf-8")
    again = livrev("import", "renamed.ris", "--source", "scopus", cwd=demo)
    assert (again.returncode, again.stderr) == (0, "")
    assert "taken in before (same bytes): nothing was done" in again.stdout


def test_a_source_that_review_toml_does_not_name(demo: Path, refuses: Refuses) -> None:
    (demo / "x.ris").write_text(
        EXPORT.format(title="A paper", doi="10.1000/x", accession="S1"), encoding="utf-8"
    )
    said = refuses(demo, "import", "x.ris", "--source", "scopsu", status=2)
    assert "'scopsu' is no source of review.toml (known: pubmed, scopus, " in said


def test_all_faults_of_a_study_file_are_told_at_once(demo: Path, refuses: Refuses) -> None:
    (demo / "study.toml").write_text(
        'key = "x-2025"\nfirst_author = "X"\nyear = "soon"\nposition = 0\n', encoding="utf-8"
    )
    first, *faults = refuses(demo, "extract", "--from", "study.toml", "--as", "demo-a", status=1).splitlines()
    assert "study.toml" in first
    told = "\n".join(faults)
    assert "year" in told
    assert "position" in told
    assert "report" in told


# The network

SAYS = {
    FaultKind.STATUS_500: "HTTP 500",
    FaultKind.RESET: "the connection failed",
    FaultKind.CUT_BODY: "the XML ends early",
    FaultKind.LOST_BODY: "the answer broke off",
    FaultKind.PROLOG_ONLY: "the XML ends early",
}


@pytest.fixture
def grown(corpus: Corpus) -> Corpus:
    """The corpus with one record more than the demonstration knows: there is something to be fetched."""
    entry = corpus.entries[0]
    xml = entry.xml.replace(str(entry.pmid).encode(), b"99000500")
    return corpus.with_entries(dataclasses.replace(entry, pmid=99_000_500, xml=xml))


@pytest.mark.parametrize("kind", SAYS)
def test_a_server_that_fails_always(demo: Path, refuses: Refuses, grown: Corpus, kind: FaultKind) -> None:
    with StandIn(grown, faults=[Fault(kind, times=None, path="efetch")]) as standin:
        said = refuses(demo, "update", status=75, LIVREV_EUTILS_URL=standin.url)
        asked = [request.path for request in standin.requests]
    assert SAYS[kind] in said
    assert "after 2 tries; run the same command again later" in said
    assert asked.count("efetch.fcgi") == 2


def test_a_server_that_is_not_there(demo: Path, refuses: Refuses, corpus: Corpus) -> None:
    with StandIn(corpus) as standin:
        address = standin.url
    assert "the connection failed" in refuses(demo, "update", status=75, LIVREV_EUTILS_URL=address)


def test_a_search_that_pubmed_did_not_understand(demo: Path, refuses: Refuses, corpus: Corpus) -> None:
    with StandIn(corpus, strict_phrases=True) as standin:
        said = refuses(demo, "update", status=1, LIVREV_EUTILS_URL=standin.url)
    assert "phrase not found" in said
    assert '"predictive modeling"[tiab]' in said
    assert "correct the query" in said
    assert "--allow-phrases" in said


def test_words_that_pubmed_does_not_know_pass_with_their_flag_and_a_warning(
    demo: Path, livrev: Livrev, corpus: Corpus
) -> None:
    with StandIn(corpus, strict_phrases=True) as standin:
        done = livrev("update", "--allow-phrases", cwd=demo, LIVREV_EUTILS_URL=standin.url)
    assert done.returncode == 3, done.stderr
    assert "phrase not found" in done.stderr


def test_an_api_key_that_ncbi_does_not_know_is_shown_nowhere(
    livrev: Livrev, demo: Path, rows: Rows, corpus: Corpus
) -> None:
    before, key = rows(demo), "5f2a-not-to-be-seen"
    with StandIn(corpus, api_key="another") as standin:
        done = livrev("update", cwd=demo, LIVREV_EUTILS_URL=standin.url, NCBI_API_KEY=key)
    assert "NCBI_API_KEY" in one_line(done, 78)
    assert key not in done.stdout + done.stderr
    assert rows(demo) == before
    files = [path for path in demo.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if key.encode() in path.read_bytes()]


def test_a_search_that_fell_to_zero_is_an_alarm_that_names_its_flag(
    livrev: Livrev, demo: Path, refuses: Refuses, corpus: Corpus
) -> None:
    wordless = (
        dataclasses.replace(entry, titles=(), abstracts=(), keywords=(), mesh=()) for entry in corpus.entries
    )
    with StandIn(Corpus(wordless)) as standin:  # the records are there still, the search finds none of them
        said = refuses(demo, "update", status=1, LIVREV_EUTILS_URL=standin.url)
        assert "found nothing where it had found 9" in said
        assert "--allow-empty" in said
        done = livrev("update", "--allow-empty", cwd=demo, LIVREV_EUTILS_URL=standin.url)
    assert done.returncode == 0, done.stderr
    assert "0 found, 0 new, 9 no longer found" in done.stdout


# Disk, environment, first steps


@pytest.fixture
def as_anybody(environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command without root's right to write where the mode forbids it."""
    prefix: list[str] = []
    if os.geteuid() == 0:
        tool = shutil.which("setpriv")
        if tool is None:
            pytest.skip("root writes anywhere, and there is no setpriv to give that up")
        prefix = [tool, "--bounding-set=-dac_override,-dac_read_search"]

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-c", "from curation.cli.main import main; main()", *map(str, arguments)]
        return subprocess.run(
            [*prefix, *words], env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return run


@pytest.fixture
def read_only(demo: Path) -> Path:
    sealed(demo)
    for path in (demo, *demo.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return demo


@pytest.mark.parametrize("command", [("vote", "R12", "include", "--as", "demo-a"), ("report",), ("status",)])
def test_a_folder_that_may_only_be_read(
    as_anybody: Callable[..., subprocess.CompletedProcess[str]], read_only: Path, command: tuple[str, ...]
) -> None:
    before = tree(read_only)
    try:
        said = one_line(as_anybody("--review", read_only, *command), 1)
        assert "review.db cannot be used" in said
        assert "can be written" in said
        assert tree(read_only) == before
    finally:
        for path in (read_only, *read_only.rglob("*")):
            path.chmod(0o755)


def test_an_output_folder_that_may_only_be_read(
    as_anybody: Callable[..., subprocess.CompletedProcess[str]], demo: Path, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    for command in (("tables", "--to", closed), ("flow", "--svg", closed / "flow.svg")):
        assert "Permission denied" in one_line(as_anybody("--review", demo, *command), 1)
    assert "Permission denied" in one_line(as_anybody("init", closed / "new"), 1)
    assert not list(closed.iterdir())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIVREV_HTTP_TRIES", "abc"),
        ("LIVREV_HTTP_TRIES", "0"),
        ("LIVREV_HTTP_BACKOFF", "-1"),
        ("LIVREV_HTTP_BACKOFF", "nan"),
        ("LIVREV_EUTILS_URL", "eutils.example.org"),
        ("SOURCE_DATE_EPOCH", "abc"),
        ("SOURCE_DATE_EPOCH", "²"),
        ("SOURCE_DATE_EPOCH", "99999999999999999999"),
    ],
)
def test_a_setting_of_the_environment_that_is_none(
    demo: Path, refuses: Refuses, name: str, value: str
) -> None:
    assert name in refuses(demo, "update", status=78, **{name: value})


def test_a_damaged_pace_file_is_not_taken_for_a_damaged_store(
    livrev: Livrev, demo: Path, corpus: Corpus, tmp_path: Path
) -> None:
    pace = tmp_path / "cache" / "livrev" / "pace.sqlite"
    pace.parent.mkdir(parents=True)
    pace.write_text("no database", encoding="utf-8")
    with StandIn(corpus) as standin:
        done = livrev(
            "update", cwd=demo, LIVREV_EUTILS_URL=standin.url, XDG_CACHE_HOME=str(tmp_path / "cache")
        )
    assert done.returncode == 0, done.stderr
    (warning,) = done.stderr.splitlines()
    assert warning.startswith(f"livrev: warning: {pace} was damaged")


def test_a_demonstration_is_not_built_over_anything(livrev: Livrev, tmp_path: Path) -> None:
    folder, file = tmp_path / "mine", tmp_path / "file"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    file.write_text("mine", encoding="utf-8")
    before = tree(tmp_path)
    assert "mine is not empty" in one_line(livrev("demo", folder), 2)
    assert "file is a file" in one_line(livrev("demo", file), 2)
    assert tree(tmp_path) == before


def test_init_twice(livrev: Livrev, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert livrev("init", folder).returncode == 0
    (folder / "review.toml").write_text("# mine\n", encoding="utf-8")
    before = tree(folder)
    assert "is a review already" in one_line(livrev("init", folder), 2)
    assert tree(folder) == before


def test_init_where_a_file_is(livrev: Livrev, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    assert "is a file" in one_line(livrev("init", file), 2)
    assert "Not a directory" in one_line(livrev("init", file / "below"), 1)
    assert file.read_text(encoding="utf-8") == "mine"
