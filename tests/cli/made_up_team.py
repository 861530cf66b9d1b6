"""A review with made-up reports that a team votes on through the tasks, and asks about through the command."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from curation.model import Decision, Stage
from curation.store.connect import Stamp
from curation.tasks.conflicts import Decided, conflicts, resolve
from curation.tasks.flow import Unreported, flow
from curation.tasks.fulltext import Attempt, note_fulltext
from curation.tasks.import_file import FileToImport, import_file
from curation.tasks.init import init
from curation.tasks.places import all_places
from curation.tasks.review import Review
from curation.tasks.vote import Ballot, undo, vote
from screening.flow import Retrieval, failures
from tests.conftest import Livrev

T = TypeVar("T")
WORDS = {"i": Decision.INCLUDE, "m": Decision.MAYBE, "x": Decision.EXCLUDE}
ABSTRACT, FULLTEXT = Stage.ABSTRACT, Stage.FULLTEXT
PROTOCOL = """
exclusion_reasons = [{{ code = "population", label = "Population" }}, {{ code = "outcome", label = "Outcome" }}]
sources = [{{ key = "embase", name = "Embase", kind = "database", strategy = "radiomics AND spine" }}]
reviewers = [
{people}  {{ id = "eve", name = "Eve", roles = ["adjudicator"] }},
]
review = {{ title = "Radiomics of spinal metastases", question = "Does imaging of the spine tell?" }}
criteria = {{ include = ["Radiomics of the spine"], number = {number}, amendments = [{amendments}] }}
living = {{ integration = "Now and then.", retirement = "At the end." }}
screening = {{ {screening} }}
"""
TOPICS = (
    ("Radiomics of metastases in the spine", "Texture of vertebrae told the kind of tumour"),
    ("Tablets after a heart attack", "Patients were followed until they died"),
    ("Knees of runners", "Cartilage was measured before and after the race"),
)


@dataclass
class Team:
    """A review's folder, the people who screen in it, and the command."""

    livrev: Livrev
    folder: Path
    people: tuple[str, ...] = ("ana", "ben")
    left: tuple[str, ...] = ()
    screening: str = ""
    number: int = 1
    amendments: list[str] = field(default_factory=list)
    _count: Iterable[int] = field(default_factory=itertools.count)

    def begin(self, reports: int) -> Team:
        """Make the review with that many reports, R1 and so on; every third is about the spine."""
        self.folder.mkdir()
        self.write()
        init(self.folder, self._stamp("ana"))
        self.take_in(range(1, reports + 1))
        return self

    def write(self) -> None:
        """Write review.toml as it is to be now."""
        people = "".join(
            f'  {{ id = "{who}", name = "{who.capitalize()}", roles = ["screener"], active = {str(who not in self.left).lower()} }},\n'
            for who in self.people
        )
        text = PROTOCOL.format(
            people=people, number=self.number, amendments=", ".join(self.amendments), screening=self.screening
        )
        (self.folder / "review.toml").write_text(text, encoding="utf-8")

    def amend(self, *reasons: str) -> None:
        """Change the criteria: the next number, with an amendment for these reasons."""
        self.number += 1
        listed = ", ".join(f'"{reason}"' for reason in reasons)
        self.amendments.append(f'{{ number = {self.number}, what = "Wider.", reasons = [{listed}] }}')
        self.write()

    def take_in(self, numbers: Iterable[int]) -> None:
        """Import the made-up reports with these numbers."""
        path = self.folder / f"{self._next()}.ris"
        path.write_text("".join(map(_ris, numbers)), encoding="utf-8")
        self.do(lambda r: import_file(r, FileToImport(path, "embase", "2026-11-01"), self._stamp("ana")))

    def cast(self, report: int, reason: str | None = None, stage: Stage = ABSTRACT, /, **said: str) -> None:
        """``cast(1, ana="i", ben="x")``: votes in this order; the reason goes with the exclusions."""
        self.do(lambda review: self._cast(review, report, reason, stage, said))

    def cast_all(self, **said: str) -> None:
        """``cast_all(ana="ix.", ben="xx.")``: report by report, a letter a report from R1, a dot for none."""

        def each(review: Review) -> None:
            for n in range(max(map(len, said.values()))):
                told = {who: word[n] for who, word in said.items() if word[n : n + 1] not in ("", ".")}
                self._cast(review, n + 1, None, ABSTRACT, told)

        self.do(each)

    def _cast(
        self, review: Review, report: int, reason: str | None, stage: Stage, said: dict[str, str]
    ) -> None:
        for who, word in said.items():
            why = reason if word == "x" else None
            ballot = Ballot(f"vote {self._next()}", report, who, WORDS[word], stage, why)
            vote(review, ballot, self._stamp(who))

    def undo(self, who: str) -> None:
        """Take the last vote of a person back."""
        self.do(lambda review: undo(review, who, self._stamp(who)))

    def settle(self, report: int, word: str, reason: str | None = None, stage: Stage = ABSTRACT) -> None:
        """Eve settles a conflict."""
        uid = f"resolution {self._next()}"
        decided = Decided(uid, report, "eve", WORDS[word], "read it", stage, reason)
        self.do(lambda review: resolve(review, decided, self._stamp("eve")))

    def settle_all(self) -> None:
        """Eve settles whatever is in conflict, as exclusions."""

        def each(review: Review) -> None:
            for one in conflicts(review):
                reason = None if one.stage is ABSTRACT else "outcome"
                uid = f"resolution {self._next()}"
                decided = Decided(uid, one.report, "eve", WORDS["x"], "read it", one.stage, reason)
                resolve(review, decided, self._stamp("eve"))

        self.do(each)

    def retrieve(self, *reports: int) -> None:
        """Note that the full texts of these reports are there."""

        def each(review: Review) -> None:
            for report in reports:
                attempt = Attempt(report, "ana", Retrieval.RETRIEVED, note="by hand")
                note_fulltext(review, attempt, self._stamp("ana"))

        self.do(each)

    def do(self, act: Callable[[Review], T]) -> T:
        """Something done in the open review, after which the flow must add up."""
        with Review.open(self.folder) as review:
            done = act(review)
            counts = flow(review).counts
            assert not isinstance(counts, Unreported)
            assert failures(counts) == ()
        return done

    def places(self) -> dict[int, str]:
        """Where every report stands."""
        with Review.open(self.folder) as review:
            found = [item.placed for item in all_places(review.sql, review.protocol)]
        return {p.report: str(p.place) for p in found if p.record == p.report}

    def __call__(self, *words: str | int, status: int = 0) -> str:
        """What the command prints."""
        done = self.livrev(*map(str, words), cwd=self.folder)
        assert done.returncode == status, done.stderr
        return done.stdout if status == 0 else done.stderr

    def json(self, *words: str | int) -> Any:  # noqa: ANN401 - whatever the command prints
        return json.loads(self(*words, "--json"))

    def _next(self) -> int:
        return next(iter(self._count))

    @staticmethod
    def _stamp(who: str) -> Stamp:
        return Stamp(datetime(2026, 11, 2, tzinfo=UTC), who, "test")


def _ris(number: int) -> str:
    title, abstract = TOPICS[(number - 1) % 3]
    lines = ("TY  - JOUR", f"AN  - L{number}", f"TI  - {title}, series {number}", f"AU  - Author{number}, A.")
    more = (
        "PY  - 2024",
        f"AB  - {abstract}, group {number}.",
        f"DO  - 10.1000/made.up.{number}",
        "ER  - ",
        "",
        "",
    )
    return "\n".join((*lines, *more))
