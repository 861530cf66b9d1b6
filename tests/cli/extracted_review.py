"""The demonstration with two people at work on its eleven published studies, for the tests of extraction."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from curation.extraction.compare import Cell
from curation.store import studies
from curation.store.connect import Stamp
from curation.tasks.extract_entry import Entered, Typed, enter, finish
from curation.tasks.review import Review
from tests.conftest import Livrev

ANA, BEN, CEM = "demo-a", "demo-b", "demo-c"  # two extractors and an adjudicator
T = TypeVar("T")
PUBLISHED = (
    "hu-2024", "cheng-2023", "niu-2023", "jiang-2023", "cao-2023", "zhang-2024", "fan-2022-24", "fan-2022-25", "cao-2022",
    "fan-2021", "ren-2021",
)  # fmt: skip


@dataclass
class Bench:
    """A review's folder, what people do there through the tasks, and the command."""

    livrev: Livrev
    folder: Path
    _clock: Iterable[int] = field(default_factory=itertools.count)

    def __call__(self, *words: str | Path, status: int = 0) -> str:
        """What a command prints on standard output, of one that fails on standard error."""
        done = self.livrev("extract", *words, cwd=self.folder)
        assert done.returncode == status, (done.stdout, done.stderr)
        return done.stderr if status else done.stdout

    def stamp(self, by: str) -> Stamp:
        """Each act has a second of its own."""
        return Stamp(
            datetime(2026, 11, 2, tzinfo=UTC) + timedelta(seconds=next(iter(self._clock))), by, "test"
        )

    def do(self, act: Callable[[Review], T]) -> T:
        """Something done in the open review."""
        with Review.open(self.folder) as review:
            return act(review)

    def enter(self, study: str, by: str, cells: Mapping[Cell, str]) -> Entered:
        """Fill cells in; an empty text empties one."""
        typed = [Typed(cell, text) for cell, text in cells.items()]
        return self.do(lambda review: enter(review, study, by, typed, self.stamp(by)))

    def finish(self, study: str, *people: str) -> None:
        """Have people finish a study."""
        for who in people:
            self.do(partial(finish, key=study, by=who, stamp=self.stamp(who)))

    def published(self, study: str) -> dict[Cell, str]:
        """A whole sheet of a published study: its evaluations as stored, the rest made up."""
        with Review.open(self.folder) as review:
            rows = [e for e in studies.evaluations(review.sql) if e.study == study]
            number = next(s.id for s in studies.studies(review.sql) if s.key == study)
            size = studies.facts(review.sql)[number]["cohort_size"].value
        found = of_study(size=str(size))
        for e in rows:
            interval = f" ({e.ci_low_printed}-{e.ci_high_printed})" if e.ci_low_printed else ""
            texts = {
                "marker": e.marker, "outcome": e.outcome, "model": e.model, "validation": str(e.validation),
                "n": str(e.n or "NR"), "auc": f"{e.auc_printed}{interval}", "where": e.location,
            }  # fmt: skip
            found |= row(e.key, **texts)
        return found


def of_study(size: str = "90", **more: str) -> dict[Cell, str]:
    """The required fields of a study, and more of them."""
    texts = {
        "source_of_data": "retrospective cohort", "aim": "development with internal validation", "cohort_size": size,
        "receptors": "EGFR", "modality": "MRI",
    }  # fmt: skip
    return {Cell("", name): text for name, text in (texts | more).items()}


def row(name: str, **texts: str) -> dict[Cell, str]:
    """Cells of an evaluation."""
    return {Cell(name, f"evaluations.{column}"): text for column, text in texts.items()}


def evaluation(name: str = "egfr/external", **texts: str) -> dict[Cell, str]:
    """A whole evaluation."""
    usual = {
        "marker": "EGFR status", "outcome": "EGFR mutation", "model": "Radiomics", "validation": "external", "n": "40",
        "auc": "0.80 (0.70-0.90)", "where": "Table 3",
    }  # fmt: skip
    return row(name, **(usual | texts))
