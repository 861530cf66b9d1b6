"""Undo of judgements on duplicates: what stood before stands again, whoever had said it, and no row goes away."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.errors import Refused
from curation.model import Relation
from curation.store import duplicates
from curation.store.connect import Stamp
from curation.tasks.dedupe import waiting
from curation.tasks.duplicate_undo import undo
from curation.tasks.duplicates import Said, different, merge, related, split
from curation.tasks.import_file import FileToImport, import_file
from curation.tasks.init import init
from curation.tasks.review import Review

AT = dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)
TITLES = ("Aspirin before surgery", "Copper on bed rails", "Radiomics of the sacrum", "Talk about money")
ANA, BEN = Said("ana"), Said("ben", "read both")

Standing = dict[tuple[int, int], tuple[Relation, str, str, str]]


@pytest.fixture
def review(tmp_path: Path) -> Iterator[Review]:
    """Four records that no rule joins."""
    folder = tmp_path / "review"
    init(folder, stamp("ana"))
    file = tmp_path / "four.ris"
    entries = (f"TY  - JOUR\nAN  - {n}\nTI  - {title}\nER  - \n" for n, title in enumerate(TITLES, 1))
    file.write_text("\n".join(entries), encoding="utf-8")
    with Review.open(folder) as opened:
        import_file(opened, FileToImport(file, "embase", "2026-11-01"), stamp("ana"))
        yield opened


def stamp(by: str) -> Stamp:
    return Stamp(AT, by, "test")


def standing(review: Review) -> Standing:
    return {
        (j.left, j.right): (j.relation, j.kind, j.evidence, j.by) for j in duplicates.by_people(review.sql)
    }


def reports(review: Review) -> dict[int, int]:
    return duplicates.placements(review.sql)


def test_an_earlier_judgement_stands_again_when_a_change_of_mind_is_taken_back(review: Review) -> None:
    merge(review, (1, 2), ANA, stamp("ana"))
    before = standing(review)
    related(review, 2, 1, "reply-to", ANA, stamp("ana"))
    assert reports(review)[2] == 2
    done = undo(review, "ana", stamp("ana"))
    assert [(j.left, j.right, j.relation) for j in done.judged] == [(1, 2, Relation.RELATED)]
    assert (standing(review), done.placed) == (before, {1: 1, 2: 1})


def test_what_another_said_stands_again_in_their_name(review: Review) -> None:
    merge(review, (1, 2), BEN, stamp("ben"))
    different(review, 1, 2, ANA, stamp("ana"))
    undo(review, "ana", stamp("ana"))
    assert standing(review) == {(1, 2): (Relation.SAME, "", "read both", "ben")}
    with pytest.raises(Refused, match="ana has judged no pair that could be taken back"):
        undo(review, "ana", stamp("ana"))
    undo(review, "ben", stamp("ben"))
    assert (standing(review), waiting(review.sql)) == ({}, ())


def test_a_judgement_that_another_has_overruled_is_not_taken_back(review: Review) -> None:
    merge(review, (1, 2), ANA, stamp("ana"))
    different(review, 1, 2, BEN, stamp("ben"))
    with pytest.raises(Refused):
        undo(review, "ana", stamp("ana"))
    assert standing(review)[1, 2][3] == "ben"


def test_a_split_is_taken_back_whole(review: Review) -> None:
    merge(review, (1, 2, 3), ANA, stamp("ana"))
    before = standing(review)
    split(review, 1, None, ANA, stamp("ana"))
    assert reports(review)[2] == 2
    undo(review, "ana", stamp("ana"))
    assert standing(review) == before
    assert [reports(review)[n] for n in (1, 2, 3)] == [1, 1, 1]


@pytest.mark.parametrize("seed", range(6))
def test_undo_goes_back_step_by_step_through_everything_that_was_said(review: Review, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test's dice
    past: list[tuple[str, Standing, dict[int, int]]] = []
    for _ in range(9):
        said = chance.choice((ANA, BEN))
        one, other = chance.sample(range(1, 5), 2)
        here = standing(review), reports(review)
        try:
            if chance.random() < 0.5:
                merge(review, (one, other), said, stamp(said.by))
            else:
                different(review, one, other, said, stamp(said.by))
        except Refused:
            assert (standing(review), reports(review)) == here
        else:
            past.append((said.by, *here))
    rows = review.sql.execute("SELECT * FROM judgement ORDER BY id").fetchall()
    while past:
        by, *here_before = past.pop()
        undo(review, by, stamp(by))
        assert [standing(review), reports(review)] == here_before
    now = review.sql.execute("SELECT * FROM judgement ORDER BY id").fetchall()
    assert now[: len(rows)] == rows
