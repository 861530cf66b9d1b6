"""db/schema.sql is what the migrations come to."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from curation.store.connect import Store
from curation.store.schema import schema

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "db" / "schema.sql"


def test_the_kept_schema_is_that_of_a_new_store(tmp_path: Path) -> None:
    with Store.create(tmp_path / "review.db") as store:
        now = schema(store.sql)
    assert KEPT.read_text(encoding="utf-8") == now, "db/schema.sql is out of date: make schema, and commit it"


def test_a_store_with_rows_in_it_has_the_same_schema(demo: Path) -> None:
    with Store.open(demo / "review.db") as store:
        assert schema(store.sql) == KEPT.read_text(encoding="utf-8")


def test_the_text_makes_the_same_schema_again() -> None:
    text = KEPT.read_text(encoding="utf-8")
    with closing(sqlite3.connect(":memory:")) as sql:
        sql.executescript(text)
        assert schema(sql) == text


def test_a_new_table_or_trigger_shows_in_the_text(tmp_path: Path) -> None:
    with Store.create(tmp_path / "review.db") as store:
        before = schema(store.sql)
        store.sql.execute("CREATE TABLE extra (id INTEGER PRIMARY KEY) STRICT")
        store.sql.execute("DROP TRIGGER vote_no_update")
        after = schema(store.sql)
    assert "CREATE TABLE extra" in after
    assert "CREATE TRIGGER vote_no_update" in before
    assert "CREATE TRIGGER vote_no_update" not in after


def test_the_module_prints_the_text_that_is_kept(environment: dict[str, str]) -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "curation.store.schema"], env=environment, capture_output=True, check=True
    )
    assert printed.stdout == KEPT.read_bytes()
