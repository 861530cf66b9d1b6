"""Years of weekly updates through faults and kills: the store is what one clean harvest gives, and the history.

Here a year and some weeks in which much happens; ``make soak`` lives through ten years.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.story.soak import soak
from tests.story.soak_truth import compared


@pytest.mark.slow
def test_a_store_that_lived_through_faults_and_kills_is_what_a_clean_harvest_and_the_history_say(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    done = soak(tmp_path / "review", weeks=60, seed=3, kill_every=30, say=said.append)
    assert done.wrong == []
    assert [line.partition(":")[0] for line in said] == ["year 0", "year 1"]
    # What the comparison would be worth nothing without:
    assert done.killed >= 3
    assert done.failed > 0
    assert done.faults > done.requests / 20
    assert set(done.kinds) == {
        "new", "gone", "back", "retraction", "correction", "expression of concern", "update",
    }  # fmt: skip
    assert done.rows["revision"] > done.rows["record"] > 150
    assert done.rows["missing_record"] > 0
    assert done.rows["vote"] > 150


def test_what_is_missing_too_much_or_there_twice_is_told() -> None:
    assert list(compared("ids", ["1", "2"], {"2", "1"})) == []
    assert list(compared("ids", ["1", "2"], ["2", "2", "3"])) == [
        "ids: 1 missing ['1'], 2 too many ['2', '3']"
    ]
