"""What the tests of the command line share: the rows of a store, its report numbers, and a refusal."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from curation.sources.standin import Corpus
from curation.tasks import reference
from tests.conftest import Livrev

Rows = Callable[[Path], list[str]]
Number = Callable[[Path, str], str]
Refuses = Callable[..., str]


def _opened(folder: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"{(folder / 'review.db').as_uri()}?mode=ro", uri=True))


@pytest.fixture(scope="session")
def rows() -> Rows:
    """Everything a review's store holds, as SQL text: equal when nothing was stored.

    But for the queue, which is derived and brought up to date in a transaction of its own.
    """
    derived = tuple(f'INSERT INTO "{t}" ' for t in ("queue", "conflict_open", "queue_due", "queue_rules"))

    def dump(folder: Path) -> list[str]:
        with _opened(folder) as sql:
            return [line for line in sql.iterdump() if not line.startswith(derived)]

    return dump


@pytest.fixture(scope="session")
def number() -> Number:
    """Number of the report, as a user types it, that a DOI or a PubMed number belongs to."""

    def find(folder: Path, identifier: str) -> str:
        with _opened(folder) as sql:
            found = sql.execute(
                "SELECT report FROM records WHERE ?1 IN (doi, pmid) ORDER BY record LIMIT 1", (identifier,)
            ).fetchone()
        return str(found[0])

    return find


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The records of the demonstration's first update, to be served by a stand-in."""
    return Corpus.from_xml(reference.corpus_file())


@pytest.fixture
def refuses(livrev: Livrev, rows: Rows) -> Refuses:
    """Runs a command in a review; it must say one clear line, leave as documented, and store nothing."""

    def run(review: Path, *arguments: str | Path, status: int, **environment: str) -> str:
        before = rows(review)
        done = livrev(*arguments, cwd=review, **environment)
        assert rows(review) == before, "the store was changed"
        assert done.returncode == status, done.stderr
        assert done.stdout == ""
        first, *more = done.stderr.splitlines()
        assert first.startswith("livrev: "), done.stderr
        assert all(line.startswith("  ") and not line.startswith("    ") for line in more), done.stderr
        return done.stderr

    return run
