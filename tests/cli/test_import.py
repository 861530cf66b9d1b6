"""``livrev import``: several files at once, the same again, what is new in them, and what cannot be taken in."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from curation.store.connect import Stamp
from curation.tasks.init import init
from tests.cli.conftest import Refuses, Rows
from tests.conftest import Livrev

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
STAMP = Stamp(datetime(2026, 11, 2, tzinfo=UTC), "tester", "test")
PROTOCOL = """
exclusion_reasons = [{ code = "other", label = "Other" }]
sources = [
  { key = "embase", name = "Embase", kind = "database", strategy = "spine" },
  { key = "scopus", name = "Scopus", kind = "database", strategy = "spine" },
  { key = "wos", name = "Web of Science", kind = "database", strategy = "spine" },
  { key = "psycinfo-a", name = "PsycINFO", platform = "EBSCOhost", kind = "database", strategy = "spine" },
  { key = "psycinfo-b", name = "APA PsycInfo", platform = "Ovid", kind = "database", strategy = "spine" },
]
reviewers = [{ id = "ana", name = "Ana", roles = ["screener"] }, { id = "ben", name = "Ben", roles = ["screener"] }]
review = { title = "A review that reads files", question = "Is every record taken in?" }
criteria = { include = ["Everything"] }
living = { integration = "Never.", retirement = "At once." }
"""
LOST = "TI  - Its beginning is lost\nAU  - Ng, C.\nER  - \n"
NOTHING = "nothing was taken over; mend the file or say --allow-partial"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A review in which nothing has happened yet; never written to."""
    folder = tmp_path_factory.mktemp("review")
    (folder / "review.toml").write_text(PROTOCOL, encoding="utf-8")
    init(folder, STAMP)
    return folder


@pytest.fixture
def review(empty: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(empty, tmp_path / "review"))


def embase(*numbers: int, title: str = "A study of the spine, number") -> str:
    """Records as Embase.com writes them, each under its L-number."""
    return "".join(
        f"TY  - JOUR\nT1  - {title} {hashlib.sha256(b'%d' % n).hexdigest()[:12]}\nA1  - Author{n}, A.\nY1  - 2024\n"
        f"U2  - L{900_000_000 + n}\nDB  - Embase\nER  - \n\n"
        for n in numbers
    )


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def told(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    found = json.loads(done.stdout)
    assert isinstance(found, list)
    return found


def asked(folder: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{(folder / 'review.db').as_uri()}?mode=ro", uri=True)) as sql:
        return sql.execute(query, values).fetchall()


def count(folder: Path, table: str) -> int:
    return int(asked(folder, f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608 - a name of ours


def counts(one: dict[str, Any]) -> tuple[int, int, int, int]:
    return one["new"], one["refound"], one["within"], one["revised"]


# Several files


def test_several_files_are_taken_in_by_one_command_each_for_its_own_source(
    livrev: Livrev, review: Path
) -> None:
    names = ("embase.ris", "scopus.csv", "core.wos.txt")
    done = livrev("import", *(EXPORTS / name for name in names), "--json", cwd=review)
    assert done.returncode == 0, done.stderr
    assert [(one["file"], one["source"], one["format"]) for one in told(done)] == [
        ("embase.ris", "embase", "ris"),
        ("scopus.csv", "scopus", "table"),
        ("core.wos.txt", "wos", "wos"),
    ]
    assert count(review, "search_run") == 3
    assert count(review, "record") == sum(one["new"] for one in told(done))


def test_a_bad_file_among_good_ones_is_named_and_the_good_ones_are_taken_in(
    livrev: Livrev, review: Path
) -> None:
    put(review, "paper.pdf", PDF)
    put(review, "lost.ris", embase(1) + LOST)
    files = (EXPORTS / "embase.ris", "paper.pdf", "missing.ris", "lost.ris", EXPORTS / "scopus.ris")
    done = livrev("import", *files, cwd=review)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "livrev: paper.pdf: is a PDF; export it again as RIS, nbib, BibTeX or CSV",
        "livrev: missing.ris: there is no such file",
        f"livrev: lost.ris: 1 records begin in it, 1 were read and 1 refused; {NOTHING}",
        "  line 9: fields outside a record: no TY line before them",
    ]
    assert "2 of 5 files read: 4 records begin in them, 4 read, 0 refused, 4 new" in done.stdout
    taken = asked(review, "SELECT file_name FROM search_run ORDER BY id")
    assert taken == [("embase.ris",), ("scopus.ris",)]
    assert len(list((review / "inbox").iterdir())) == 2


def test_the_status_is_that_of_the_first_file_that_failed(livrev: Livrev, review: Path) -> None:
    put(review, "table.csv", "Title,Authors,Year\nOf no source,Hu Y,2024\n")
    put(review, "paper.pdf", PDF)
    assert livrev("import", "table.csv", "paper.pdf", EXPORTS / "embase.ris", cwd=review).returncode == 2
    assert livrev("import", "paper.pdf", "table.csv", cwd=review).returncode == 1


def test_a_table_tells_what_was_found_in_each_file(livrev: Livrev, review: Path) -> None:
    done = livrev("import", EXPORTS / "embase.ris", cwd=review)
    lines = done.stdout.splitlines()
    assert lines[:2] == [
        "embase.ris: RIS, embase, utf-8",
        "  records    2 begin in it, 2 read, 0 refused",
    ]
    assert lines[2].startswith("  filled     title 100 %, abstract ")
    assert "  round 0    2 new, 0 re-found, 0 twice in the file, 0 revised" in lines


def test_json_has_every_field_that_a_script_needs(livrev: Livrev, review: Path) -> None:
    [one] = told(livrev("import", EXPORTS / "embase.ris", "--json", cwd=review))
    assert set(one) == {
        "file", "source", "format", "label", "encoding", "assumed", "openers", "records", "refused", "fill", "new",
        "refound", "within", "revised", "before", "round", "duplicates", "removed",
    }  # fmt: skip
    assert (one["openers"], one["records"], one["refused"], one["before"]) == (2, 2, [], False)
    assert one["fill"]["title"] == 2
    assert one["round"] == 0


# The same again


def test_the_same_file_again_does_nothing_and_is_no_error(livrev: Livrev, review: Path, rows: Rows) -> None:
    put(review, "first.ris", embase(1, 2, 3))
    assert livrev("import", "first.ris", cwd=review).returncode == 0
    stored = rows(review)
    put(review, "renamed.txt", embase(1, 2, 3))
    again = livrev("import", "first.ris", "renamed.txt", cwd=review)
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("taken in before (same bytes): nothing was done") == 2
    assert rows(review) == stored
    assert len(list((review / "inbox").iterdir())) == 1
    [one] = told(livrev("import", "first.ris", "--json", cwd=review))
    assert (one["before"], counts(one)) == (True, (0, 0, 0, 0))


def test_the_same_file_twice_in_one_command_is_taken_in_once(livrev: Livrev, review: Path) -> None:
    put(review, "first.ris", embase(1, 2, 3))
    done = livrev("import", "first.ris", "first.ris", "--json", cwd=review)
    assert [one["before"] for one in told(done)] == [False, True]
    assert (count(review, "record"), count(review, "search_run")) == (3, 1)


def test_the_same_search_exported_again_brings_only_what_is_new(livrev: Livrev, review: Path) -> None:
    put(review, "march.ris", embase(1, 2, 3, 4))
    put(review, "june.ris", embase(3) + embase(4, title="Corrected: a study, number") + embase(5, 6, 7))
    assert livrev("import", "march.ris", cwd=review).returncode == 0
    [one] = told(livrev("import", "june.ris", "--json", cwd=review))
    assert counts(one) == (3, 2, 0, 1)
    assert count(review, "record") == 7
    found = asked(review, "SELECT accession FROM refound JOIN record ON id = record_id ORDER BY accession")
    assert found == [("L900000003",), ("L900000004",)]
    versions = asked(
        review, "SELECT accession FROM revision v JOIN record r ON r.id = record_id WHERE v.number > 1"
    )
    assert versions == [("L900000004",)]
    assert asked(review, "SELECT found, known FROM search_run ORDER BY id") == [(4, 0), (5, 2)]


def test_a_third_export_refinds_what_the_second_brought(livrev: Livrev, review: Path) -> None:
    for name, numbers in (("a.ris", (1, 2)), ("b.ris", (2, 3)), ("c.ris", (1, 2, 3, 4))):
        put(review, name, embase(*numbers))
    done = told(livrev("import", "a.ris", "b.ris", "c.ris", "--json", cwd=review))
    assert [counts(one) for one in done] == [(2, 0, 0, 0), (1, 1, 0, 0), (1, 3, 0, 0)]
    runs = asked(review, "SELECT run_id, count(*) FROM refound GROUP BY run_id ORDER BY run_id")
    assert [number for _, number in runs] == [1, 3]


def test_a_record_that_stands_twice_in_a_file_is_stored_once_and_counted(
    livrev: Livrev, review: Path
) -> None:
    put(review, "twice.ris", embase(1, 2) + embase(2, 1, 2, 3))
    [one] = told(livrev("import", "twice.ris", "--json", cwd=review))
    assert (one["openers"], one["records"], counts(one)) == (6, 6, (3, 0, 3, 0))
    assert count(review, "record") == 3
    assert asked(review, "SELECT found FROM search_run") == [(6,)]


def test_the_same_record_from_another_source_is_another_record_of_the_same_report(
    livrev: Livrev, review: Path
) -> None:
    for name in ("embase.ris", "scopus.ris"):
        assert livrev("import", EXPORTS / name, cwd=review).returncode == 0
    assert count(review, "record") == 4
    assert count(review, "refound") == 0
    assert len(asked(review, "SELECT DISTINCT report FROM records")) < 4


# A look without an import


@pytest.mark.parametrize("stored", [False, True], ids=["new to the review", "known to the review"])
def test_a_dry_run_tells_what_an_import_does_and_stores_nothing(
    livrev: Livrev, review: Path, rows: Rows, stored: bool
) -> None:
    put(review, "a.ris", embase(1, 2))
    put(review, "b.ris", embase(2, 3, 3))
    if stored:
        assert livrev("import", "a.ris", cwd=review).returncode == 0
    before, inbox = rows(review), sorted(review.glob("inbox/*"))
    [look] = told(livrev("import", "b.ris", "--dry-run", "--json", cwd=review))
    assert rows(review) == before
    assert sorted(review.glob("inbox/*")) == inbox
    [real] = told(livrev("import", "b.ris", "--json", cwd=review))
    assert counts(look)[:3] == counts(real)[:3] == ((1, 1, 1) if stored else (2, 0, 1))


def test_a_dry_run_needs_no_review(livrev: Livrev, tmp_path: Path) -> None:
    done = livrev("import", EXPORTS / "embase.ris", EXPORTS / "german.csv", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "embase.ris: RIS, embase, utf-8" in done.stdout
    assert "german.csv: table (CSV, TSV, XLSX), source not told, cp1252" in done.stdout
    assert "new" not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_of_a_bad_file_says_so(livrev: Livrev, tmp_path: Path) -> None:
    put(tmp_path, "lost.ris", embase(1) + LOST)
    done = livrev("import", "lost.ris", "--dry-run", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "line 9: fields outside a record" in done.stderr


def test_a_dry_run_knows_a_file_that_was_taken_in(livrev: Livrev, review: Path) -> None:
    put(review, "a.ris", embase(1, 2))
    assert livrev("import", "a.ris", cwd=review).returncode == 0
    done = livrev("import", "a.ris", "--dry-run", cwd=review)
    assert "taken in before (same bytes): nothing was done" in done.stdout


def test_a_review_that_is_named_must_be_there_even_for_a_look(livrev: Livrev, tmp_path: Path) -> None:
    done = livrev("--review", tmp_path / "nowhere", "import", EXPORTS / "embase.ris", "--dry-run")
    assert done.returncode == 2
    assert "nowhere" in done.stderr


# Source, format, columns, round


def test_a_source_that_the_records_do_not_tell_must_be_named(
    livrev: Livrev, review: Path, refuses: Refuses
) -> None:
    said = refuses(review, "import", EXPORTS / "mendeley.ris", status=2)
    assert "name the source of review.toml with --source (known: embase, scopus, wos, " in said
    assert livrev("import", EXPORTS / "mendeley.ris", "--source", "wos", cwd=review).returncode == 0
    assert asked(review, "SELECT DISTINCT source FROM records") == [("Web of Science",)]


def test_a_source_that_two_could_be_must_be_named(livrev: Livrev, review: Path, refuses: Refuses) -> None:
    said = refuses(review, "import", EXPORTS / "psycinfo_ovid.ris", status=2)
    assert "--source" in said
    assert "psycinfo" in said
    done = livrev("import", EXPORTS / "psycinfo_ovid.ris", "--source", "psycinfo-b", cwd=review)
    assert done.returncode == 0, done.stderr


def test_the_source_that_is_named_wins_over_what_the_records_look_like(livrev: Livrev, review: Path) -> None:
    [one] = told(livrev("import", EXPORTS / "embase.ris", "--source", "scopus", "--json", cwd=review))
    assert one["source"] == "scopus"


def test_the_format_that_is_named_wins_over_what_the_file_looks_like(livrev: Livrev, review: Path) -> None:
    content = (EXPORTS / "embase.ris").read_text(encoding="utf-8")
    put(review, "odd.txt", f"%0 seen in a letter\n{content}")
    [one] = told(livrev("import", "odd.txt", "--format", "ris", "--json", cwd=review))
    assert (one["format"], one["records"]) == ("ris", 2)


def test_a_format_of_which_no_record_begins_in_the_file_is_refused(review: Path, refuses: Refuses) -> None:
    said = refuses(
        review, "import", EXPORTS / "scopus.csv", "--format", "ris", "--source", "scopus", status=1
    )
    assert "scopus.csv" in said


def test_a_format_that_nobody_knows_is_a_slip_of_the_command(review: Path, refuses: Refuses) -> None:
    said = refuses(review, "import", EXPORTS / "embase.ris", "--format", "risk", status=2)
    assert "'risk' is no format; known are ris, nbib, " in said


def test_columns_of_a_table_may_be_named(livrev: Livrev, review: Path) -> None:
    put(review, "liste.csv", "Werk;Wer;Wann;Kennung\nVom Wirbel;Hu, Y.;2024;X-1\nVom Mark;Ng, C.;2023;X-2\n")
    columns = ("Werk=title", "Wer=authors", "Wann=year", "Kennung=accession")
    words = [word for column in columns for word in ("--map", column)]
    done = livrev("import", "liste.csv", *words, "--source", "embase", cwd=review)
    assert done.returncode == 0, done.stderr
    found = asked(review, "SELECT accession, title, year FROM records ORDER BY accession")
    assert found == [("X-1", "Vom Wirbel", 2024), ("X-2", "Vom Mark", 2023)]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("Werk=titel", "'titel' is no field to map a column to"),
        ("Wirk=title", "has no column 'wirk'; its columns are Werk, Wer, Wann"),
        ("Werk", "is not COLUMN=FIELD"),
    ],
)
def test_a_slip_in_naming_a_column_is_told(review: Path, refuses: Refuses, column: str, said: str) -> None:
    put(review, "liste.csv", "Werk;Wer;Wann\nVom Wirbel;Hu, Y.;2024\n")
    assert said in refuses(review, "import", "liste.csv", "--map", column, "--source", "embase", status=2)


def test_records_come_into_the_open_round_and_no_other(
    livrev: Livrev, review: Path, refuses: Refuses
) -> None:
    put(review, "a.ris", embase(1, 2))
    assert "round 3 is not open" in refuses(review, "import", "a.ris", "--round", "3", status=2)
    [one] = told(livrev("import", "a.ris", "--round", "0", "--json", cwd=review))
    assert one["round"] == 0
    assert livrev("import", "a.ris", "--round", "-1", cwd=review).returncode == 2


def test_the_day_of_the_search_is_kept(livrev: Livrev, review: Path) -> None:
    put(review, "a.ris", embase(1))
    assert livrev("import", "a.ris", "--searched-on", "2026-10-27", cwd=review).returncode == 0
    assert asked(review, "SELECT searched_on, how FROM search_run") == [("2026-10-27", "file")]


# What cannot be taken in, and what was assumed


def test_what_is_lost_is_kept_with_its_line_and_reason_when_that_is_allowed(
    livrev: Livrev, review: Path, refuses: Refuses
) -> None:
    put(review, "lost.ris", embase(1) + LOST + embase(2))
    refuses(review, "import", "lost.ris", status=1)
    done = livrev("import", "lost.ris", "--allow-partial", cwd=review)
    assert done.returncode == 3
    warning = "livrev: warning: lost.ris: line 9: fields outside a record: no TY line before them"
    assert done.stderr.splitlines() == [warning]
    kept = asked(review, "SELECT line, reason, raw FROM refused_record")
    assert kept == [(9, "fields outside a record: no TY line before them", LOST.rstrip("\n"))]
    assert count(review, "record") == 2


def test_a_record_that_says_nothing_is_told_and_kept_without_being_asked(
    livrev: Livrev, review: Path
) -> None:
    nothing = "TY  - JOUR\nKW  - müde\nER  - \n"
    put(review, "some.ris", embase(1) + nothing)
    done = livrev("import", "some.ris", "--json", cwd=review)
    assert done.returncode == 3
    [one] = told(done)
    assert one["refused"] == [{"line": 9, "reason": "neither title nor identifier"}]
    assert asked(review, "SELECT line, raw FROM refused_record") == [(9, nothing.strip("\n"))]


def test_a_file_cut_off_is_told(livrev: Livrev, review: Path) -> None:
    put(review, "cut.bib", (EXPORTS / "scopus.bib").read_bytes()[:-30])
    done = livrev("import", "cut.bib", "--source", "scopus", cwd=review)
    assert done.returncode == 3
    assert "cut off" in done.stderr


def test_the_file_is_kept_as_it_came_under_a_name_with_its_hash(livrev: Livrev, review: Path) -> None:
    content = (EXPORTS / "german.csv").read_bytes()
    assert livrev("import", EXPORTS / "german.csv", "--source", "embase", cwd=review).returncode == 0
    sha256 = hashlib.sha256(content).hexdigest()
    [kept] = (review / "inbox").iterdir()
    assert (kept.name, kept.read_bytes()) == (f"{sha256[:8]}-german.csv", content)
    stored = asked(review, "SELECT file_name, file_sha256, file_format FROM search_run")
    assert stored == [("german.csv", sha256, "table")]


@pytest.mark.parametrize(
    ("content", "encoding", "assumed"),
    [
        (embase(1, title="Über das Rückgrat").encode("cp1252"), "cp1252", ""),
        (embase(1, title="Über das Rückgrat").encode("utf-16"), "utf-16", ""),
        (embase(1).encode("utf-16-le"), "utf-16-le", "no byte order mark; read as UTF-16-LE"),
        (embase(1, title="Über αβγδ").encode() + embase(2, title="Ü").encode("cp1252"), "mixed",
         "UTF-8, but for 1 bytes that were read as Windows-1252"),
    ],
    ids=["cp1252", "utf-16", "without a mark", "mixed"],
)  # fmt: skip
def test_what_was_assumed_of_the_bytes_is_told_and_kept(
    livrev: Livrev, review: Path, content: bytes, encoding: str, assumed: str
) -> None:
    put(review, "a.ris", content)
    done = livrev("import", "a.ris", cwd=review)
    assert done.returncode == 0, done.stderr
    assert f"a.ris: RIS, embase, {encoding}" in done.stdout
    assert (f"  assumed    {assumed}" in done.stdout) == bool(assumed)
    [(kept, why)] = asked(review, "SELECT encoding, assumed FROM search_run")
    assert (kept, json.loads(why)) == (encoding, [assumed] if assumed else [])


# Kill -9


MANY = 3000


@dataclass(frozen=True)
class Clean:
    """An undisturbed import of a large file: the store before it and after it, the seconds it took."""

    before: list[str]
    after: list[str]
    seconds: float


@pytest.fixture(scope="module")
def clean(livrev: Livrev, rows: Rows, empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Clean:
    folder = Path(shutil.copytree(empty, tmp_path_factory.mktemp("clean") / "review"))
    put(folder, "many.ris", embase(*range(MANY)))
    begun = time.monotonic()
    assert livrev("import", "many.ris", cwd=folder).returncode == 0
    return Clean(rows(empty), rows(folder), time.monotonic() - begun)


@pytest.fixture(scope="module")
def kill(environment: dict[str, str]) -> Callable[[Path, float], int]:
    """Imports a folder's large file and kills that after some seconds; gives how it ended."""

    def run(folder: Path, seconds: float) -> int:
        command = [sys.executable, "-c", "from curation.cli.main import main; main()", "import", "many.ris"]
        nowhere = subprocess.DEVNULL
        with subprocess.Popen(
            command, cwd=folder, env=environment, stdout=nowhere, stderr=nowhere
        ) as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
            process.kill()
        return process.returncode

    return run


@pytest.mark.slow
@pytest.mark.parametrize("part", [n / 8 for n in range(1, 9)])
def test_an_import_killed_anywhere_has_done_all_or_nothing_and_completes_when_run_again(
    livrev: Livrev, review: Path, clean: Clean, rows: Rows, kill: Callable[[Path, float], int], part: float
) -> None:
    put(review, "many.ris", embase(*range(MANY)))
    assert kill(review, clean.seconds * part) in (-signal.SIGKILL, 0)
    assert rows(review) in (clean.before, clean.after)
    again = livrev("import", "many.ris", cwd=review)
    assert again.returncode == 0, again.stderr
    assert rows(review) == clean.after
    assert count(review, "record") == MANY
    [kept] = [path for path in (review / "inbox").iterdir() if path.suffix != ".part"]
    assert kept.read_bytes() == (review / "many.ris").read_bytes()
