"""The store's promises: nothing rewritten, all or nothing, as it was at a release, one clear line for a bad file."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlite_utils import Database

from curation.errors import BadStore, TryAgain
from curation.store import audit, searches
from curation.store.connect import APPLICATION_ID, BUSY_MILLISECONDS, SCHEMA_VERSION, Stamp, Store
from curation.store.migrations import APPEND_ONLY, DERIVED, migrations
from curation.store.releases import releases
from curation.store.schema import schema
from curation.tasks.import_file import FileToImport, import_file
from curation.tasks.init import init
from curation.tasks.review import Review

STAMP = Stamp(datetime(2026, 11, 2, tzinfo=UTC), "tester", "test")
# A row for each table that the demonstration leaves empty.
FURTHER_ROWS = (
    "INSERT INTO refused_record (run_id, line, reason, raw, change_id) VALUES (1, 1, 'no title', 'TY', 1)",
    "INSERT INTO refound (run_id, record_id, change_id) VALUES (1, 1, 1)",
    "INSERT INTO judgement (left_id, right_id, relation, basis, evidence, by, change_id) VALUES (1, 2, 'unsure', 'rule', 'x', 'a', 1)",
    "INSERT INTO placement (record_id, report_id, change_id) VALUES (2, 2, 1)",
    "INSERT INTO removal (record_id, cause, rule, by, change_id) VALUES (1, 'none', 'language', 'a', 1)",
    "INSERT INTO vote_undo (vote_id, change_id) VALUES (1, 1)",
    "INSERT INTO resolution_undo (resolution_id, change_id) VALUES (1, 1)",
    "INSERT INTO missing_record (run_id, accession, told, change_id) VALUES (1, '1', 'deleted', 1)",
    "INSERT INTO notice (record_id, kind, reference, source, change_id) VALUES (1, 'retraction', '2', 'pubmed', 1)",
    "INSERT INTO notice_decision (notice_id, note, by, change_id) VALUES (1, 'stays out', 'a', 1)",
    "INSERT INTO mark (report_id, stage, reviewer, kind, change_id) VALUES (1, 'abstract', 'a', 'flag', 1)",
    (
        "INSERT INTO calibration (number, stage, reports, likely, reviewers, seed, change_id)"
        " VALUES (1, 'abstract', '[1]', '[]', '[]', 0, 1)"
    ),
    "INSERT INTO calibration_event (calibration_id, kind, note, by, change_id) VALUES (1, 'closed', '', 'a', 1)",
    (
        "INSERT INTO ranking (stage, reviewer, engine, basis, corpus_key, includes, excludes, ranked, change_id)"
        " VALUES ('abstract', 'a', 'e', 'b', 'c', 0, 0, 0, 1)"
    ),
    (
        "INSERT INTO stop_check (total, screened, found, target, confidence, p, advice, order_sha256, change_id)"
        " VALUES (1, 1, 1, 0.95, 0.95, 0, 'done', '', 1)"
    ),
    "INSERT INTO stop_decision (check_id, kind, note, by, change_id) VALUES (1, 'stopped', '', 'a', 1)",
    "INSERT INTO form (number, name, version, sha256, text, parsed, change_id) VALUES (1, 'f', '1', '', '', '{}', 1)",
    "INSERT INTO entry (study_id, form_id, field, value, by, change_id) VALUES (1, 1, 'design', '\"x\"', 'a', 1)",
    "INSERT INTO entry_finish (study_id, form_id, finished, by, change_id) VALUES (1, 1, 1, 'a', 1)",
    (
        "INSERT INTO entry_decision (study_id, form_id, field, value, basis, signed_by, entries, change_id)"
        " VALUES (1, 1, 'design', '\"x\"', 'agreed', '[]', '[1]', 1)"
    ),
    (
        "INSERT INTO synthesis_run (synthesis, declared, evidence, inputs_sha256, code_version, result, sha256, change_id)"
        " VALUES ('external', '{}', 'now', '', '1', '{}', '', 1)"
    ),
    "INSERT INTO appraisal (study_id, instrument, item, answer, by, change_id) VALUES (1, 'PROBAST', '1.1', 'Y', 'a', 1)",
)
PROTOCOL = """
[review]
title = "Four who vote at once"
question = "Is a vote lost?"
[criteria]
include = ["Everything"]
[[exclusion_reasons]]
code = "other"
label = "Other"
[[sources]]
key = "embase"
name = "Embase"
kind = "database"
strategy = "spine"
[living]
integration = "Never."
retirement = "At once."
[screening]
votes_abstract = 4
""" + "".join(f'[[reviewers]]\nid = "{r}"\nname = "{r}"\nroles = ["screener"]\n' for r in "abcd")
VOTES = 50
VOTER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from curation.model import Decision, Stage
from curation.store.connect import Stamp
from curation.tasks.review import Review
from curation.tasks.vote import Ballot, vote
folder, me, votes, reports = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with Review.open(folder) as review:
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(votes):
        said = Decision.INCLUDE if n % 3 else Decision.EXCLUDE
        ballot = Ballot(f"{me}-{n}", n % reports + 1, me, said, Stage.ABSTRACT)
        vote(review, ballot, Stamp(datetime(2026, 11, 2, tzinfo=UTC), me, "test"))
"""
CREATOR = """
import sys
from pathlib import Path
from curation.errors import BadStore
from curation.store import migrations  # so that both are at the same line when they begin
from curation.store.connect import Store
print("ready", flush=True)
sys.stdin.readline()
for path in map(Path, sys.argv[2:]):
    try:
        getattr(Store, sys.argv[1])(path).close()
        print("made", flush=True)
    except BadStore as taken:
        print(taken.message, flush=True)
"""


@pytest.fixture
def store(demo: Path) -> Iterator[Store]:
    """The demonstration's store, every table with a row in it."""
    with Store.open(demo / "review.db") as opened:
        for statement in FURTHER_ROWS:
            opened.sql.execute(statement)
        yield opened


def tables_of_ours(sql: sqlite3.Connection) -> set[str]:
    rows = sql.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    return {name for (name,) in rows if not name.startswith(("sqlite_", "_sqlite_"))}


def contents(sql: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    ordered = sorted(tables_of_ours(sql))
    return {t: [tuple(row) for row in sql.execute(f"SELECT * FROM {t} ORDER BY 1")] for t in ordered}  # noqa: S608 - names from the schema


def at_once(script: str, arguments: Sequence[Sequence[str]], environment: dict[str, str]) -> list[str]:
    """Run a script in several processes that begin their work together; what each printed."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script, *said],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for said in arguments
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    printed = []
    for process in running:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        printed.append(out)
    return printed


# Nothing is rewritten


def test_every_table_is_append_only(store: Store) -> None:
    assert tables_of_ours(store.sql) == {*APPEND_ONLY, *DERIVED}, (
        "a new table belongs into APPEND_ONLY, with its triggers"
    )
    triggers = {
        name for (name,) in store.sql.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    }
    assert {f"{t}_no_{verb}" for t in APPEND_ONLY for verb in ("update", "delete")} <= triggers


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET change_id = change_id",
        "DELETE FROM {table}",
        "INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1",
        "REPLACE INTO {table} SELECT * FROM {table} LIMIT 1",
    ],
)
def test_no_row_of_any_table_is_changed_or_taken_away(store: Store, statement: str) -> None:
    before = contents(store.sql)
    assert all(before[table] for table in APPEND_ONLY), "a table without rows shows nothing; see FURTHER_ROWS"
    for table in APPEND_ONLY:
        said = statement.format(table=table)
        if table == "change":
            said = said.replace("change_id", "at")
        with pytest.raises(sqlite3.IntegrityError, match=f"^{table} is append-only$"):
            store.sql.execute(said)
    assert contents(store.sql) == before


def test_a_row_that_is_there_already_is_not_upserted_over(store: Store) -> None:
    upsert = (
        "INSERT INTO study (id, key, change_id) SELECT id, key, change_id FROM study WHERE true"
        " ON CONFLICT (id) DO UPDATE SET key = 'other'"
    )
    with pytest.raises(sqlite3.IntegrityError, match="study is append-only"):
        store.sql.execute(upsert)


# Settings every connection has


def test_every_table_is_strict_and_every_column_says_what_it_holds(store: Store) -> None:
    rows = store.sql.execute(
        "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'"
    )
    loose = {name for name, strict in rows if not strict} - {"_sqlite_migrations"}
    assert loose == set()
    with pytest.raises(sqlite3.IntegrityError, match="cannot store TEXT value in INTEGER column"):
        store.sql.execute("INSERT INTO round (number, flow, change_id) VALUES ('first', 'recorded', 1)")


def test_a_row_that_points_nowhere_is_refused(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY constraint failed"):
        store.sql.execute("INSERT INTO study (key, change_id) VALUES ('nowhere', 999999)")
    assert store.sql.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_store_is_known_by_its_mark_and_writes_ahead(store: Store) -> None:
    found = {
        name: store.sql.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    }
    assert found == {"application_id": APPLICATION_ID, "user_version": SCHEMA_VERSION}
    assert store.sql.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert store.sql.execute("PRAGMA foreign_keys").fetchone()[0] == 1
    assert store.sql.execute("PRAGMA recursive_triggers").fetchone()[0] == 1
    assert store.sql.execute("PRAGMA busy_timeout").fetchone()[0] == BUSY_MILLISECONDS


# All or nothing


@pytest.mark.parametrize("failure", [RuntimeError("half way"), KeyboardInterrupt()])
def test_a_change_that_fails_leaves_nothing(store: Store, failure: BaseException) -> None:
    before = contents(store.sql)

    def fail_half_way() -> None:
        with store.change(STAMP, 1) as change:
            searches.add_round(change, 7)
            raise failure

    with pytest.raises(type(failure)):
        fail_half_way()
    assert contents(store.sql) == before
    assert not store.sql.in_transaction


def test_a_full_disk_in_a_change_is_told_as_such_and_leaves_nothing(store: Store) -> None:
    before = contents(store.sql)
    pages = store.sql.execute("PRAGMA page_count").fetchone()[0]
    store.sql.execute(f"PRAGMA max_page_count = {pages}")

    def write_too_much() -> None:
        with store.change(STAMP, 1) as change:
            for number in range(100, 200):
                searches.add_round(change, number, note="x" * 10_000)

    with pytest.raises(sqlite3.OperationalError, match="full"):
        write_too_much()
    assert contents(store.sql) == before


def test_a_change_is_seen_by_others_whole_or_not_at_all(store: Store) -> None:
    with Store.open(store.path) as other:
        with store.change(STAMP, 1) as change:
            searches.add_round(change, 7)
            assert len(searches.rounds(other.sql)) == 2
        assert len(searches.rounds(other.sql)) == 3


def test_a_store_that_somebody_holds_is_tried_again_later(store: Store) -> None:
    with Store.open(store.path) as other:
        other.sql.execute("PRAGMA busy_timeout = 0")
        with (
            store.change(STAMP, 1),
            pytest.raises(TryAgain, match="is in use by another process"),
            other.change(STAMP, 1),
        ):
            pass


# As it was


def test_a_release_shows_the_store_as_it_was_and_the_store_as_it_is(store: Store) -> None:
    release = releases(store.sql)[0]
    with store.as_of(release.watermark) as then:
        assert then.sql.execute("SELECT count(*) FROM studies").fetchone()[0] == 11
        assert [r.number for r in searches.rounds(then.sql)] == [0]
        assert audit.trail(then.sql).changes == release.watermark
        for table in set(APPEND_ONLY) - {"change"}:
            latest = then.sql.execute(f"SELECT max(change_id) FROM {table}").fetchone()[0]  # noqa: S608 - names from the schema
            assert latest is None or latest <= release.watermark, table
    assert store.sql.execute("SELECT count(*) FROM studies").fetchone()[0] == 12
    assert [r.number for r in searches.rounds(store.sql)] == [0, 1]
    assert audit.trail(store.sql).changes > release.watermark


def test_the_past_cannot_be_written_to(store: Store) -> None:
    with (
        store.as_of(1) as then,
        pytest.raises(sqlite3.OperationalError, match="attempt to write a readonly database"),
    ):
        then.sql.execute("INSERT INTO main.study (key, change_id) VALUES ('late', 1)")


# Words


@pytest.mark.parametrize("word", ["predicts", "predicting", "PREDICTED"])
def test_a_record_is_found_by_a_word_in_another_form(store: Store, word: str) -> None:
    rows = store.sql.execute(
        "SELECT title FROM records WHERE record IN (SELECT v.record_id FROM revision_fts f"
        " JOIN revision v ON v.id = f.rowid WHERE f.title MATCH ?)",
        (word,),
    ).fetchall()
    assert "noninvasive prediction of T790M" in " ".join(title for (title,) in rows)


# A file that is no store


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("CREATE TABLE note (text)")


def foreign_with_a_log_of_its_own(path: Path) -> None:
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("PRAGMA journal_mode = WAL")
        sql.execute("CREATE TABLE note (text)")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("These are my notes, not a database. " * 50)


def newer(path: Path) -> None:
    Store.create(path).close()
    with closing(sqlite3.connect(path)) as sql:
        sql.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")


def cut_to(part: float) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        Store.create(path).close()
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * part)])

    return make


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (foreign, "is a database of another program, not a livrev store; move it away"),
        (foreign_with_a_log_of_its_own, "is a database of another program, not a livrev store; move it away"),
        (empty, "is empty, not a livrev store"),
        (
            text,
            "cannot be read as a database (file is not a database); put an earlier copy of it in its place",
        ),
        (newer, f"has schema {SCHEMA_VERSION + 1}, this livrev knows {SCHEMA_VERSION}; upgrade livrev"),
        (cut_to(0.0005), "put an earlier copy of it in its place"),
        (cut_to(0.1), "put an earlier copy of it in its place"),
        (cut_to(0.5), "put an earlier copy of it in its place"),
        (cut_to(0.999), "put an earlier copy of it in its place"),
    ],
    ids=[
        "foreign",
        "foreign-wal",
        "empty",
        "text",
        "newer",
        "no-header",
        "a-tenth",
        "half",
        "all-but-the-end",
    ],
)
def test_a_file_that_is_no_store_is_told_in_one_line_and_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], None], said: str
) -> None:
    path = tmp_path / "review.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(BadStore) as told:
        Store.open(path)
    assert str(path) in told.value.message
    assert said in told.value.message
    assert "\n" not in told.value.message
    assert path.read_bytes() == before


def test_a_missing_store_is_not_made_by_opening_it(tmp_path: Path) -> None:
    with pytest.raises(BadStore, match="does not exist; make a review with: livrev init"):
        Store.open(tmp_path / "review.db")
    assert list(tmp_path.iterdir()) == []


def test_a_new_store_never_takes_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "review.db").write_text("mine")
    with pytest.raises(BadStore, match="exists already"):
        Store.create(tmp_path / "review.db")
    assert (tmp_path / "review.db").read_text() == "mine"


# Several processes


def test_of_processes_that_make_one_store_at_once_one_makes_it_and_the_others_say_so(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    paths = [tmp_path / f"{n}" / "review.db" for n in range(5)]
    for path in paths:
        path.parent.mkdir()
    printed = at_once(CREATOR, [["create", *map(str, paths)]] * 3, environment)
    for path, *said in zip(paths, *(p.splitlines() for p in printed), strict=True):
        assert sorted(line.removeprefix(f"{path} ") for line in said) == [
            "exists already; choose another folder or open it as it is",
            "exists already; choose another folder or open it as it is",
            "made",
        ]
        assert [p.name for p in path.parent.iterdir()] == ["review.db"]
        with Store.open(path) as made:
            assert tables_of_ours(made.sql) == {*APPEND_ONLY, *DERIVED}


def test_the_schema_version_counts_the_migrations() -> None:
    with closing(sqlite3.connect(":memory:")) as sql:
        assert len(migrations.pending(Database(sql))) == SCHEMA_VERSION


def older_store(path: Path) -> None:
    """A store as the first schema left it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        migrations.apply(Database(sql), stop_before="views")
        sql.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        sql.execute("PRAGMA user_version = 1")


def test_an_older_store_is_brought_up_to_date_once_by_whoever_opens_it(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    paths = [tmp_path / f"{n}.db" for n in range(5)]
    for path in paths:
        older_store(path)
    printed = at_once(CREATOR, [["open", *map(str, paths)]] * 3, environment)
    assert [p.splitlines() for p in printed] == [["made"] * 5] * 3
    Store.create(tmp_path / "new.db").close()
    with Store.open(tmp_path / "new.db") as new:
        expected = schema(new.sql)
    for path in paths:
        with Store.open(path) as brought:
            assert schema(brought.sql) == expected


def test_four_who_vote_at_once_lose_no_vote(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "review.toml").write_text(PROTOCOL)
    (tmp_path / "export.ris").write_text("".join(f"TY  - JOUR\nTI  - Title {n}\nER  -\n" for n in range(20)))
    init(tmp_path, STAMP)
    with Review.open(tmp_path) as review:
        file = FileToImport(tmp_path / "export.ris", "embase", "2026-11-01")
        assert import_file(review, file, STAMP).new == 20
    at_once(VOTER, [[str(tmp_path), me, str(VOTES), "20"] for me in "abcd"], environment)
    with Store.open(tmp_path / "review.db") as store:
        uids = [uid for (uid,) in store.sql.execute("SELECT uid FROM vote")]
        changes = store.sql.execute("SELECT count(DISTINCT change_id) FROM vote").fetchone()[0]
    assert sorted(uids) == sorted(f"{me}-{n}" for me in "abcd" for n in range(VOTES))
    assert changes == 4 * VOTES
