"""db/README.md names every table and view of a store, nothing else, and shows what works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from curation.resources import shipped
from curation.store.connect import Store

README = shipped("db", "README.md").read_text(encoding="utf-8")
GLOSSARY = [
    "record",
    "revision",
    "report",
    "placement",
    "study",
    "evaluation",
    "search",
    "round",
    "release",
    "vote",
    "verdict",
    "resolution",
    "change",
]


def rows(heading: str) -> dict[str, str]:
    """What the tables under ``heading`` say, by the name in their first column."""
    part = README.split(f"### {heading}\n", 1)[1].split("\n#", 1)[0]
    found = re.findall(r"^\| `(\w+)` \| (.+) \|$", part, re.MULTILINE)
    assert len(dict(found)) == len(found), "a name stands twice"
    return dict(found)


@pytest.fixture
def names(tmp_path: Path) -> dict[str, set[str]]:
    with Store.create(tmp_path / "review.db") as store:
        found = store.sql.execute(
            "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
        kinds = [(row["type"], row["name"]) for row in found]
    return {kind: {name for k, name in kinds if k == kind} for kind in ("table", "view")}


def test_every_table_is_named_and_no_other(names: dict[str, set[str]]) -> None:
    assert set(rows("Tables")) == names["table"]


def test_every_view_is_named_and_no_other(names: dict[str, set[str]]) -> None:
    assert set(rows("Views")) == names["view"]


def test_every_line_says_what_a_row_is() -> None:
    said = {**rows("Tables"), **rows("Views")}
    assert [name for name, text in said.items() if len(text.split()) < 3] == []


@pytest.mark.parametrize("word", [*GLOSSARY, "search run"])
def test_a_word_of_the_glossary_is_explained_once(word: str) -> None:
    (text,) = re.findall(rf"^- \*\*{word}\*\*: (.+)$", README, re.MULTILINE)
    assert text.endswith(".")


def test_every_table_with_the_promise_refuses_to_change_a_row(tmp_path: Path) -> None:
    with Store.create(tmp_path / "review.db") as store:
        guards = {
            row[0] for row in store.sql.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        }
    first = README.split("### Tables\n", 1)[1].split("The full-text index", 1)[0]
    promised = re.findall(r"^\| `(\w+)` \|", first, re.MULTILINE)
    assert len(promised) > 20
    for table in promised:
        assert {f"{table}_no_update", f"{table}_no_delete"} <= guards, table


def test_the_views_for_people_and_the_search_work_on_a_review(demo: Path) -> None:
    people = README.split("The same for people:", 1)[1].split("\nVotes", 1)[0]
    views = re.findall(r"^\| `(\w+)` \|", people, re.MULTILINE)
    always_filled = {"records", "searches", "studies", "evaluations"}
    assert always_filled < set(views)
    (table,) = re.findall(r"_fts_table=(\w+)&_fts_pk=id$", README, re.MULTILINE)
    with Store.open(demo / "review.db") as store:
        for view in views:
            number = store.sql.execute(f"SELECT count(*) FROM {view}").fetchone()[0]  # noqa: S608 - names of the README
            assert number > 0 or view not in always_filled
        found = store.sql.execute(
            f"SELECT title || abstract FROM revision WHERE id IN (SELECT rowid FROM {table} WHERE {table} MATCH 'spinal')"  # noqa: S608 - see above
        ).fetchall()
    assert found
    assert all(re.search("spinal", row[0], re.IGNORECASE) for row in found)


def test_the_layout_is_that_of_the_folder() -> None:
    folder = shipped("db")
    part = README.split("## What is in this folder\n", 1)[1]
    named = set(re.findall(r"^    ([\w.]+)/?  ", part, re.MULTILINE))
    assert named == {path.name for path in folder.iterdir() if not path.name.startswith((".", "__"))}
