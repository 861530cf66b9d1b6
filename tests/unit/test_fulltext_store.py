"""Full texts in the store: the newest attempt holds, by any record of a report; a link to a copy moves nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.store import fulltexts
from curation.store.connect import Stamp, Store
from curation.store.fulltexts import FullText
from curation.tasks import duplicates
from curation.tasks.review import Review
from tests.conftest import Livrev

STAMP = Stamp(dt.datetime(2026, 11, 2, tzinfo=dt.UTC), "ana", "test")
RIS = """TY  - JOUR
AU  - Hu, Yue
PY  - 2024
TI  - {title}
DO  - 10.5555/{number}
ER  -

"""
TITLES = ("Radiomics of the spine", "Markers in bone", "Screws in mice")
PDF = FullText("retrieved", "a.pdf", "ab" * 32)
LINK = FullText("awaited", link="https://example.org/a.pdf", note="cc-by")
FAILED = FullText("not retrieved", note="no answer of the library")


@pytest.fixture
def review(livrev: Livrev, tmp_path: Path) -> Iterator[Review]:
    """A review with three reports."""
    folder = tmp_path / "review"
    assert livrev("init", folder).returncode == 0
    (folder / "export.ris").write_text(
        "".join(RIS.format(title=t, number=n) for n, t in enumerate(TITLES, 1))
    )
    done = livrev("import", "export.ris", "--source", "embase", cwd=folder)
    assert "3 new" in done.stdout, done.stderr
    with Review.open(folder) as opened:
        yield opened


def note(store: Store, report: int, *noted: FullText) -> None:
    for one in noted:
        with store.change(STAMP, None) as change:
            fulltexts.add(change, report, one)


def test_the_newest_attempt_holds_and_all_stay(review: Review) -> None:
    assert fulltexts.fulltext_of(review.sql, 1) is None
    note(review.store, 1, FAILED, PDF)
    assert fulltexts.fulltext_of(review.sql, 1) == PDF
    note(review.store, 1, FAILED)
    assert fulltexts.fulltext_of(review.sql, 1) == FAILED
    assert fulltexts.fulltext_of(review.sql, 2) is None
    assert fulltexts.retrievals(review.sql) == {1: "not retrieved"}
    assert review.sql.execute("SELECT count(*) FROM fulltext_event").fetchone()[0] == 3


def test_a_link_to_a_copy_is_known_and_hides_no_attempt(review: Review) -> None:
    note(review.store, 1, LINK)
    assert fulltexts.fulltext_of(review.sql, 1) == LINK
    note(review.store, 1, PDF, LINK)
    assert fulltexts.fulltext_of(review.sql, 1) == PDF
    assert fulltexts.retrievals(review.sql) == {1: "retrieved"}
    assert fulltexts.open_links(review.sql) == {1: LINK}


def test_an_attempt_that_is_awaited_again_without_a_link_is_a_change_of_mind(review: Review) -> None:
    note(review.store, 1, PDF, FullText("awaited", note="the wrong file"))
    assert fulltexts.retrievals(review.sql) == {1: "awaited"}


def test_what_was_noted_of_a_duplicate_counts_for_its_report(review: Review) -> None:
    note(review.store, 1, PDF)
    note(review.store, 2, LINK)
    duplicates.merge(review, [1, 2], duplicates.Said("ana", "the same"), STAMP)
    assert fulltexts.fulltext_of(review.sql, 1) == PDF
    assert fulltexts.fulltext_of(review.sql, 2) is None
    assert (fulltexts.retrievals(review.sql), fulltexts.open_links(review.sql)) == (
        {1: "retrieved"},
        {1: LINK},
    )


def test_an_address_that_an_older_version_kept_as_a_note_is_a_link(review: Review) -> None:
    note(review.store, 1, FullText("retrieved", note="https://example.org/text"))
    note(review.store, 2, FullText("retrieved", note="by hand"))
    assert fulltexts.fulltext_of(review.sql, 1) == FullText("retrieved", link="https://example.org/text")
    assert fulltexts.fulltext_of(review.sql, 2) == FullText("retrieved", note="by hand")


def test_one_report_is_looked_up_by_index(review: Review) -> None:
    asked: list[str] = []
    review.sql.set_trace_callback(asked.append)
    fulltexts.fulltext_of(review.sql, 1)
    review.sql.set_trace_callback(None)
    (query,) = asked
    plan = [row["detail"] for row in review.sql.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert any("fulltext_event_report" in step for step in plan), plan
    assert not any(step.startswith("SCAN f") for step in plan), plan
