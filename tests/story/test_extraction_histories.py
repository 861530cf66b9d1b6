"""Random histories of entries, corrections, decisions, withdrawals and releases: an old release's numbers never change.

Each history begins with the same small review. What a release held is noted when it is made, and looked at again at the
end; between adoptions the evidence stands still, and nothing that happened leaves the history.
"""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.errors import Refused, Usage
from curation.extraction.compare import Cell
from curation.model import Decision, Stage
from curation.store import releases, searches, studies
from curation.store.connect import Stamp
from curation.store.releases import Release
from curation.tasks.evidence import evidence, released
from curation.tasks.extract_compare import comparison, history
from curation.tasks.extract_entry import Typed, enter, finish, take_up_again
from curation.tasks.extract_reconcile import Judge, Ruled, reconcile, settle, withdraw
from curation.tasks.extract_study import link, unlink
from curation.tasks.fulltext import Attempt, note_fulltext
from curation.tasks.import_file import FileToImport, import_file
from curation.tasks.init import init
from curation.tasks.review import Review
from curation.tasks.vote import Ballot, vote
from screening.flow import Retrieval

STUDIES = ("one-2024", "two-2024")
ROWS = ("egfr/external", "her-2/bootstrap")
PROTOCOL = """
exclusion_reasons = [{ code = "population", label = "Population" }]
sources = [{ key = "embase", name = "Embase", kind = "database", strategy = "spine" }]
review = { title = "Extracted", question = "What stands?" }
criteria = { include = ["Everything"] }
living = { integration = "Now and then.", retirement = "At the end." }
screening = { votes_abstract = 1, votes_fulltext = 1 }
reviewers = [
  { id = "ana", name = "Ana", roles = ["screener", "extractor"] },
  { id = "ben", name = "Ben", roles = ["extractor"] },
  { id = "cem", name = "Cem", roles = ["adjudicator"] },
]
"""
BASE = {
    "source_of_data": "trial", "aim": "updating", "cohort_size": "90", "receptors": "EGFR", "modality": "MRI",
}  # fmt: skip
EVALUATION = {
    "marker": "EGFR", "outcome": "EGFR", "model": "A", "validation": "external", "n": "40", "auc": "0.80 (0.70-0.90)",
    "where": "p. 1",
}  # fmt: skip
CHANGES = (
    ("cohort_size", ("90", "91", "NR", "")), ("receptors", ("EGFR", "HER-2; EGFR")), ("centres", ("1", "2", "")),
    ("auc", ("0.80 (0.70-0.90)", "0.8 (0.7-0.9)", "0.61", "0.61 (90% CI 0.5-0.7)", "NR")), ("n", ("40", "41", "NR")),
    ("validation", ("external", "temporal")), ("events", ("3", "")), ("row", ("", "")),
)  # fmt: skip

ACTS = st.tuples(
    st.sampled_from(
        (
            "enter",
            "enter",
            "enter",
            "finish",
            "reopen",
            "settle",
            "settle",
            "decide",
            "decide",
            "withdraw",
            "release",
            "link",
        )
    ),
    st.sampled_from(("ana", "ben")),
    st.sampled_from(STUDIES),
    st.sampled_from(ROWS),
    st.integers(0, 40),
)


@dataclass
class Walk:
    """A review at work, and what its releases held when they were made."""

    review: Review
    held: dict[str, object] = field(default_factory=dict)
    count: Iterator[int] = field(default_factory=itertools.count)

    def stamp(self, by: str) -> Stamp:
        at = dt.datetime(2026, 11, 2, tzinfo=dt.UTC) + dt.timedelta(seconds=next(self.count))
        return Stamp(at, by, "test")

    def begin(self) -> None:
        """Both fill both studies in; of the second only one has finished."""
        cells = [Typed(Cell("", name), text) for name, text in BASE.items()]
        cells += [Typed(Cell(ROWS[0], f"evaluations.{name}"), text) for name, text in EVALUATION.items()]
        for key, who in itertools.product(STUDIES, ("ana", "ben")):
            enter(self.review, key, who, cells, self.stamp(who))
        for key, who in ((STUDIES[0], "ana"), (STUDIES[0], "ben"), (STUDIES[1], "ana")):
            finish(self.review, key, who, self.stamp(who))

    def act(self, what: str, who: str, key: str, row: str, pick: int) -> None:
        """One step; what a rule forbids at this point is refused and changes nothing."""
        try:
            getattr(self, what)(who, key, row, pick)
        except (Refused, Usage):
            return

    def enter(self, who: str, key: str, row: str, pick: int) -> None:
        name, texts = CHANGES[pick % len(CHANGES)]
        text = texts[pick % len(texts)]
        if name == "row":
            gone = dict.fromkeys(EVALUATION, "")
            filled = gone if pick % 3 == 0 else EVALUATION
            typed = [Typed(Cell(row, f"evaluations.{column}"), said) for column, said in filled.items()]
        else:
            typed = [
                Typed(
                    Cell("", name) if name in BASE or name == "centres" else Cell(row, f"evaluations.{name}"),
                    text,
                )
            ]
        enter(self.review, key, who, typed, self.stamp(who))

    def finish(self, who: str, key: str, _: str, __: int) -> None:
        finish(self.review, key, who, self.stamp(who))

    def reopen(self, who: str, key: str, _: str, __: int) -> None:
        take_up_again(self.review, key, who, "again", self.stamp(who))

    def settle(self, who: str, key: str, _: str, __: int) -> None:
        settle(self.review, key, who, self.stamp(who))

    def decide(self, who: str, key: str, _: str, pick: int) -> None:
        found = comparison(self.review, key)
        cells = found.open or found.cells
        one = cells[pick % len(cells)].compared
        value: str | bool | None = bool(pick % 3)
        if found.form.table(one.cell.path) is None:
            side = (one.first, one.second)[pick % 2]
            value = side.text if side else None
        judge = Judge("cem") if pick % 2 else Judge(who, ("ben" if who == "ana" else "ana",))
        ruled = Ruled(one.cell.path, one.cell.row, value, "as the page says")
        reconcile(self.review, key, judge, ruled, self.stamp(judge.by))

    def withdraw(self, who: str, key: str, row: str, pick: int) -> None:
        withdraw(self.review, key, () if pick % 2 else (row,), who, "retracted", self.stamp(who))

    def link(self, who: str, key: str, _: str, pick: int) -> None:
        report = pick % 2 + 1
        if pick % 3:
            link(self.review, key, (report,), who, self.stamp(who))
        else:
            unlink(self.review, key, report, who, self.stamp(who))

    def release(self, *_: object) -> None:
        version = f"{len(self.held) + 1}.0"
        (base,) = searches.rounds(self.review.sql)
        with self.review.change(self.stamp("ana")) as change:
            frozen = Release(version, "Release", "", "2026-11-02", "2026-11-01", 0, 0)
            releases.add(change, frozen, base.id)
        self.held[version] = self.numbers()

    def numbers(self) -> object:
        """What tables and syntheses are made of, now."""
        facts = {study: dict(found) for study, found in studies.facts(self.review.sql).items()}
        return evidence(self.review.sql, self.review.protocol, "x").studies, facts

    def numbers_of(self, version: str) -> object:
        """The same as of a release."""
        found = next(r for r in releases.releases(self.review.sql) if r.version == version)
        with self.review.store.as_of(found.watermark) as then:
            facts = {study: dict(known) for study, known in studies.facts(then.sql).items()}
        return released(self.review.store, self.review.protocol, version).studies, facts

    def told(self, key: str) -> tuple[object, ...]:
        """The history of a study, as far as it may be seen."""
        try:
            return history(self.review, key, None)
        except Refused:
            return ()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A review with two included reports and two studies, entered twice."""
    folder = tmp_path_factory.mktemp("extraction") / "template"
    folder.mkdir()
    (folder / "review.toml").write_text(PROTOCOL)
    stamp = Stamp(dt.datetime(2026, 11, 1, tzinfo=dt.UTC), "ana", "test")
    init(folder, stamp)
    records = (
        f"TY  - JOUR\nAN  - L{n}\nTI  - {title}\nAU  - Ng{n}, C.\nPY  - 2024\nDO  - 10.1000/work.{n}\nER  - \n"
        for n, title in enumerate(("Spines of old people", "Knees of runners"), 1)
    )
    (folder / "export.ris").write_text("\n".join(records))
    with Review.open(folder) as review:
        import_file(review, FileToImport(folder / "export.ris", "embase", "2026-11-01"), stamp)
        for report, key in enumerate(STUDIES, 1):
            vote(review, Ballot(f"a{report}", report, "ana", Decision.INCLUDE, Stage.ABSTRACT), stamp)
            note_fulltext(review, Attempt(report, "ana", Retrieval.RETRIEVED, note="by hand"), stamp)
            vote(review, Ballot(f"f{report}", report, "ana", Decision.INCLUDE, Stage.FULLTEXT), stamp)
            link(review, key, (report,), "ana", stamp)
        Walk(review).begin()
    return folder


def walked(template: Path, folder: Path, histories: int) -> None:
    """As many random histories, each in a fresh copy of the review."""

    @settings(
        max_examples=histories, derandomize=True, deadline=None, database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip
    @given(st.lists(ACTS, min_size=4, max_size=16))
    def holds(acts: list[tuple[str, str, str, str, int]]) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(template, folder)
        with Review.open(folder) as review:
            walk = Walk(review)
            walk.release()
            told = {key: walk.told(key) for key in STUDIES}
            for what, who, key, row, pick in acts:
                before = walk.numbers() if what in ("enter", "finish", "reopen", "release") else None
                walk.act(what, who, key, row, pick)
                assert before is None or walk.numbers() == before, f"{what} changed the evidence"
                for one, earlier in told.items():
                    now = walk.told(one)
                    assert now[: len(earlier)] == earlier, "something left the history"
                    told[one] = now
            for version, numbers in walk.held.items():
                assert walk.numbers_of(version) == numbers, f"release {version} has changed"

    holds()


@pytest.mark.slow
def test_an_old_release_keeps_its_numbers_whatever_is_entered_and_decided_later(
    template: Path, tmp_path: Path
) -> None:
    walked(template, tmp_path / "review", 150)


@pytest.mark.soak
def test_ten_thousand_histories_leave_every_release_as_it_was(template: Path, tmp_path: Path) -> None:
    walked(template, tmp_path / "review", 10_000)


def test_a_history_reaches_what_it_is_about(template: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(template, tmp_path / "review"))
    with Review.open(folder) as review:
        walk = Walk(review)
        for step in (
            ("settle", "ana", STUDIES[0], ROWS[0], 0), ("release", "ana", STUDIES[0], ROWS[0], 0),
            ("enter", "ana", STUDIES[0], ROWS[0], 11), ("enter", "ben", STUDIES[0], ROWS[0], 11),
            ("settle", "ben", STUDIES[0], ROWS[0], 0), ("release", "ana", STUDIES[0], ROWS[0], 0),
            ("withdraw", "ana", STUDIES[0], ROWS[0], 1), ("finish", "ben", STUDIES[1], ROWS[0], 0),
            ("settle", "ben", STUDIES[1], ROWS[0], 0), ("release", "ana", STUDIES[0], ROWS[0], 0),
        ):  # fmt: skip
            walk.act(*step)
        first, second, third = (walk.numbers_of(f"{n}.0") for n in (1, 2, 3))
        assert first != second
        assert second != third
        now = [(e.study, e.auc) for e in studies.evaluations(review.sql)]
        assert now == [(STUDIES[1], 0.8)]
        assert walk.numbers_of("2.0") == walk.held["2.0"]
