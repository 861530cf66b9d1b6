"""A review with made-up reports of spines, hearts and knees, and votes cast on them through the tasks."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from curation.model import Decision, Stage
from curation.store import releases, searches
from curation.store.connect import Stamp
from curation.store.releases import Release
from curation.tasks.import_file import FileToImport, import_file
from curation.tasks.init import init
from curation.tasks.review import Review
from curation.tasks.vote import Ballot, vote

PROTOCOL = """
exclusion_reasons = [{{ code = "population", label = "Population" }}]
sources = [{{ key = "embase", name = "Embase", kind = "database", strategy = "radiomics AND spine" }}]
reviewers = [
  {{ id = "ana", name = "Ana", roles = ["screener"] }},
  {{ id = "ben", name = "Ben", roles = ["screener"] }},
  {{ id = "cem", name = "Cem", roles = ["adjudicator"] }},
]
review = {{ title = "Radiomics of spinal metastases", question = "Does imaging of the spine tell?" }}
criteria = {{ include = ["Radiomics of the spine"] }}
living = {{ integration = "Now and then.", retirement = "At the end." }}
screening = {{ order = "{order}"{more} }}
{removals}
"""
STAMP = Stamp(datetime(2026, 11, 2, tzinfo=UTC), "ana", "test")
SPINE, HEART, KNEE = range(3)
_TOPICS = (
    (
        "Radiomics of metastases in the spine",
        "Texture of vertebrae on magnetic resonance images told the type of tumour",
    ),
    ("Beta blockers after a heart attack", "Patients were given tablets or placebo and followed for death"),
    ("Cartilage of the knee in runners", "Thickness was measured before and after a marathon"),
)
_PLACES = ("Hefei", "Boston", "Graz", "Lyon", "Perth", "Osaka", "Turin", "Oslo", "Quito", "Cairo", "Delhi")
_COUNT = itertools.count()


def written(order: str = "ranked", more: str = "", removals: str = "") -> str:
    """A review.toml; ``more`` goes into its screening table."""
    return PROTOCOL.format(order=order, more=more, removals=removals)


def begun(folder: Path, protocol: str = "") -> Path:
    """A review without records."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "review.toml").write_text(protocol or written(), encoding="utf-8")
    init(folder, STAMP)
    return folder


def topic(number: int) -> int:
    """What the made-up report with this number is about."""
    return (number - 1) % 3


def made_up(numbers: Iterable[int], kind: str = "") -> str:
    """An export of the reports with these numbers, all different."""
    return "".join(_ris(number, kind) for number in numbers)


def _ris(number: int, kind: str) -> str:
    title, abstract = _TOPICS[topic(number)]
    where = f"{_PLACES[number % 11]} {_PLACES[number // 11 % 11]}"
    lines = [
        "TY  - JOUR",
        f"AN  - L{number}",
        f"TI  - {title}, {where}, series {number}",
        f"AU  - Author{number}, A.",
        f"PY  - {2000 + number % 20}",
        f"AB  - {abstract}, in {where}, group {number % 7}.",
        f"DO  - 10.1000/made.up.{number}",
    ]
    lines += [f"M3  - {kind}"] if kind else []
    return "\n".join([*lines, "ER  - ", "", ""])


def take_in(review: Review, ris: str) -> None:
    """Import an export."""
    path = review.folder / f"{next(_COUNT)}.ris"
    path.write_text(ris, encoding="utf-8")
    import_file(review, FileToImport(path, "embase", "2026-11-01"), STAMP)


def cast(review: Review, reviewer: str, said: Mapping[int, bool]) -> None:
    """One reviewer's title/abstract votes, in this order; true is include."""
    for report, include in said.items():
        decision = Decision.INCLUDE if include else Decision.EXCLUDE
        uid = f"{reviewer}-{report}-{next(_COUNT)}"
        vote(review, Ballot(uid, report, reviewer, decision, Stage.ABSTRACT), STAMP)


def settle(review: Review, said: Mapping[int, bool]) -> None:
    """The same votes of ana and ben, report by report."""
    for report, include in said.items():
        cast(review, "ana", {report: include})
        cast(review, "ben", {report: include})


def release(review: Review) -> None:
    """Publish: what comes in from now on belongs to the next round."""
    with review.change(STAMP) as change:
        last = searches.rounds(change.sql)[-1]
        told = Release(
            f"{last.number}.0", "A release", "", "2026-11-02", "2026-11-01", last.number, change.id
        )
        releases.add(change, told, last.id)
