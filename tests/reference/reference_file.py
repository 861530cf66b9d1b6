"""The recorded values of other packages (``stats/reference.json`` of the shared data), read once.

Made with R 4.2.2: metafor 5.1-12, clubSandwich, robumeta, metamisc, irr, irrCAC, psych, pROC, RTSA; each entry
holds its call and outputs at 15 digits, each data set its columns.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded call: ``data`` names its data set, ``outputs`` are what the package gave."""

    id: str
    data: str
    call: str
    package: str
    version: str
    outputs: Mapping[str, Any]

    @property
    def parts(self) -> tuple[str, ...]:
        """The id at its slashes."""
        return tuple(self.id.split("/"))


def entries(folder: Path) -> Mapping[str, Entry]:
    """All entries by id; ``folder`` is that of the shared data."""
    return {entry["id"]: Entry(**entry) for entry in _read(folder)["entries"]}


def dataset(name: str) -> Mapping[str, Sequence[Any]]:
    """The columns of a data set; the shared data are looked for where the fixture ``shared_data`` does."""
    folder = Path(os.environ.get("LIVREV_SHARED_DATA", ROOT.parent / "shared" / "data"))
    columns: Mapping[str, Sequence[Any]] = _read(folder)["datasets"][name]["columns"]
    return columns


@cache
def _read(folder: Path) -> Mapping[str, Any]:
    file = folder / "stats" / "reference.json"
    content: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content
