"""Every recorded entry is covered by a test, or left out for a reason that is written down."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.reference.covered import COVERS, LEFT_OUT, coverage, first
from tests.reference.reference_file import entries

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent


@pytest.mark.shared
def test_every_entry_is_covered_or_left_out_for_a_reason(shared_data: Path) -> None:
    found = coverage(entries(shared_data))
    # Shown by pytest -rP, and with a failure.
    print(found)  # noqa: T201 - the table is what a reader of the reference asks for
    assert found.unnamed == (), str(found)


@pytest.mark.shared
@pytest.mark.parametrize("patterns", [COVERS, LEFT_OUT])
def test_every_pattern_names_some_entry(patterns: Sequence[tuple[str, str]], shared_data: Path) -> None:
    names = list(entries(shared_data))
    idle = [pattern for pattern, _ in patterns if not any(re.search(pattern, name) for name in names)]
    assert idle == []


@pytest.mark.parametrize("test", sorted({test for _, test in COVERS}))
def test_every_named_test_is_there(test: str) -> None:
    file, name = test.split("::")
    assert f"def {name}(" in (HERE / file).read_text(encoding="utf-8")


def test_the_first_pattern_that_fits_decides() -> None:
    patterns = [("^a/b", "one"), ("^a", "other")]
    assert [first(patterns, name) for name in ("a/b/c", "a/c", "c/a")] == ["one", "other", None]
