"""What comes twice is counted exactly: the same file, last year's search again, one DOI in many spellings, two databases."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from curation.store.connect import Stamp
from curation.tasks.init import init
from tests.conftest import Livrev

STAMP = Stamp(datetime(2026, 11, 2, tzinfo=UTC), "tester", "test")
PROTOCOL = """
exclusion_reasons = [{ code = "other", label = "Other" }]
sources = [
  { key = "pubmed", name = "PubMed", kind = "database", strategy = "spine" },
  { key = "embase", name = "Embase", kind = "database", strategy = "spine" },
  { key = "scopus", name = "Scopus", kind = "database", strategy = "spine" },
  { key = "ieee", name = "IEEE Xplore", kind = "database", strategy = "spine" },
]
reviewers = [{ id = "ana", name = "Ana", roles = ["screener"] }, { id = "ben", name = "Ben", roles = ["screener"] }]
review = { title = "A review that is kept up to date", question = "Is anything counted twice?" }
criteria = { include = ["Everything"] }
living = { integration = "Every year.", retirement = "In the end." }
"""
SUBJECTS = ("lung", "breast", "kidney", "thyroid", "prostate", "liver", "skin", "colon", "ovary", "bladder")


@dataclass(frozen=True)
class Paper:
    """An article, and what an export says of it."""

    subject: str
    number: int
    doi: str = ""
    cited: int = 0
    exported: str = "03 February 2025"
    pages: str = ""

    @property
    def title(self) -> str:
        return f"Texture of vertebral metastases from {self.subject} cancer on computed tomography"

    @property
    def _ris(self) -> str:
        start, _, end = (self.pages or f"{self.number}01-{self.number}09").partition("-")
        doi = f"DO  - {self.doi}\n" if self.doi else ""
        return (
            f"AU  - Aalto, J.\nAU  - Lindqvist, M.\nTI  - {self.title}\nPY  - 2024\nT2  - Journal of Invented Radiology\n"
            f"VL  - 12\nSP  - {start}\nEP  - {end}\n{doi}"
        )

    def scopus(self, *, eid: bool = True) -> str:
        """The record as Scopus exports it, where the count of citations and the day change each time."""
        link = (
            f"UR  - https://www.scopus.com/inward/record.uri?eid=2-s2.0-999000{self.number:05}&partnerID=40\n"
        )
        return (
            f"TY  - JOUR\n{self._ris}{link if eid else ''}DB  - Scopus\nN1  - Export Date: {self.exported}\n"
            f"N1  - Cited By :{self.cited}\nER  - \n\n"
        )

    def embase(self) -> str:
        """The record as Embase.com exports it, with its own number and PubMed's."""
        return f"TY  - JOUR\n{self._ris}U2  - L{900_000_000 + self.number}\nC5  - {99_000_000 + self.number}\nDB  - Embase\nER  - \n\n"

    def nbib(self) -> str:
        """The record as PubMed exports it."""
        doi = f"LID - {self.doi} [doi]\n" if self.doi else ""
        return (
            f"PMID- {99_000_000 + self.number}\nOWN - NLM\nDP  - 2024\nTI  - {self.title}.\nFAU - Aalto, Juhani\nAU  - Aalto J\n"
            f"FAU - Lindqvist, Maria\nAU  - Lindqvist M\n{doi}JT  - Journal of invented radiology\nVI  - 12\n"
            f"PG  - {self.number}01-9\n\n"
        )


PAPERS = tuple(Paper(subject, n, f"10.5555/livrev.{n}") for n, subject in enumerate(SUBJECTS, 1))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A review in which nothing has happened yet; never written to."""
    folder = tmp_path_factory.mktemp("review")
    (folder / "review.toml").write_text(PROTOCOL, encoding="utf-8")
    init(folder, STAMP)
    return folder


@dataclass(frozen=True)
class Desk:
    """A review and the command at work on it."""

    livrev: Livrev
    folder: Path

    def takes_in(self, name: str, content: str, source: str = "scopus") -> dict[str, Any]:
        """What ``livrev import --json`` tells of one file."""
        (self.folder / name).write_text(content, encoding="utf-8")
        done = self.livrev("import", name, "--source", source, "--json", cwd=self.folder)
        assert (done.returncode, done.stderr) == (0, "")
        [told] = json.loads(done.stdout)
        assert isinstance(told, dict)
        return told

    def counts(self) -> dict[str, Any]:
        """What ``livrev duplicates counts --json`` tells."""
        done = self.livrev("duplicates", "counts", "--json", cwd=self.folder)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert isinstance(found, dict)
        return found

    def flow(self) -> dict[str, Any]:
        """The numbers of ``livrev flow --json``."""
        done = self.livrev("flow", "--json", cwd=self.folder)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)["flow"]
        assert isinstance(found, dict)
        return found


@pytest.fixture
def desk(livrev: Livrev, empty: Path, tmp_path: Path) -> Desk:
    return Desk(livrev, Path(shutil.copytree(empty, tmp_path / "review")))


def brought(told: dict[str, Any]) -> dict[str, int]:
    return {name: told[name] for name in ("new", "refound", "within", "revised")}


def numbers(counts: dict[str, Any]) -> dict[str, int]:
    """Everything but the table of sources, and what is nought left out."""
    return {name: n for name, n in counts.items() if name != "sources" and n}


def exported(papers: tuple[Paper, ...], *, eid: bool = True) -> str:
    return "".join(paper.scopus(eid=eid) for paper in papers)


def test_the_same_file_twice_is_counted_once(desk: Desk) -> None:
    first = desk.takes_in("first.ris", exported(PAPERS))
    assert brought(first) == {"new": 10, "refound": 0, "within": 0, "revised": 0}
    before, flow = desk.counts(), desk.flow()
    again = desk.takes_in("again.ris", exported(PAPERS))
    assert (again["before"], brought(again)) == (True, {"new": 0, "refound": 0, "within": 0, "revised": 0})
    assert numbers(before) == {"records": 10, "reports": 10}
    assert (desk.counts(), desk.flow()) == (before, flow)


def test_the_same_records_in_another_order_are_all_found_again(desk: Desk) -> None:
    desk.takes_in("first.ris", exported(PAPERS))
    again = desk.takes_in("again.ris", exported(PAPERS[::-1]))
    assert brought(again) == {"new": 0, "refound": 10, "within": 0, "revised": 0}
    assert numbers(desk.counts()) == {"records": 10, "reports": 10, "found_again": 10}


@pytest.mark.parametrize("eid", [True, False], ids=["with Scopus's numbers", "without any number of its own"])
@pytest.mark.parametrize("doi", [True, False], ids=["with DOIs", "without DOIs"])
def test_a_search_exported_a_year_later_brings_what_is_new_and_what_has_changed(
    desk: Desk, eid: bool, doi: bool
) -> None:
    known = PAPERS if doi else tuple(replace(paper, doi="") for paper in PAPERS)
    first = desk.takes_in("2025.ris", exported(known[:8], eid=eid))
    assert brought(first) == {"new": 8, "refound": 0, "within": 0, "revised": 0}
    cited_more = tuple(replace(paper, cited=paper.cited + 3) for paper in known[:3])
    later = tuple(
        replace(paper, exported="09 March 2026") for paper in (*cited_more, *known[3:7], *known[8:])
    )
    told = desk.takes_in("2026.ris", exported(later, eid=eid))
    # one of the eight is found no more, two are new; the day of the export stands in every record
    assert brought(told) == {"new": 2, "refound": 7, "within": 0, "revised": 7}
    assert told["duplicates"] == {"judged": 0, "moved": 0, "unsure": 0}
    assert numbers(desk.counts()) == {"records": 10, "reports": 10, "found_again": 7}


def test_what_has_not_changed_is_no_new_version(desk: Desk) -> None:
    desk.takes_in("2025.ris", exported(PAPERS[:8]))
    later = (replace(PAPERS[0], cited=7), *PAPERS[1:])
    told = desk.takes_in("2026.ris", exported(later))
    assert brought(told) == {"new": 2, "refound": 8, "within": 0, "revised": 1}
    assert desk.flow()["duplicates"] == 0


def test_a_record_that_stands_twice_in_a_file_is_stored_once(desk: Desk) -> None:
    told = desk.takes_in("twice.ris", exported((*PAPERS, *PAPERS[:3])))
    assert (told["records"], brought(told)) == (13, {"new": 10, "refound": 0, "within": 3, "revised": 0})
    assert numbers(desk.counts()) == {"records": 10, "reports": 10, "twice_in_a_file": 3}


SPELT = (
    "10.5555/LivRev.SPINE.1",
    "https://doi.org/10.5555/livrev.spine.1",
    "http://dx.doi.org/10.5555/livrev.spine.1",
    "doi: 10.5555/livrev.spine.1.",
)


def test_one_doi_in_four_spellings_is_one_report_between_four_sources(desk: Desk) -> None:
    for source, spelt in zip(("pubmed", "embase", "scopus", "ieee"), SPELT, strict=True):
        paper = Paper("lung", 1, spelt)
        told = desk.takes_in(f"{source}.ris", paper.scopus(eid=False), source)
        assert brought(told) == {"new": 1, "refound": 0, "within": 0, "revised": 0}
    found = desk.counts()
    assert numbers(found) == {
        "records": 4, "reports": 1, "duplicates": 3, "between_sources": 3, "by_rule": 3,
    }  # fmt: skip
    assert [(s["source"], s["records"], s["only_here"], s["duplicates"]) for s in found["sources"]] == [
        ("pubmed", 1, 0, 0), ("embase", 1, 0, 1), ("scopus", 1, 0, 1), ("ieee", 1, 0, 1),
    ]  # fmt: skip
    assert desk.flow()["duplicates"] == 3


def test_one_doi_in_four_spellings_is_one_record_of_one_source(desk: Desk) -> None:
    for n, spelt in enumerate(SPELT):
        told = desk.takes_in(f"{n}.ris", Paper("lung", 1, spelt).scopus(eid=False))
        assert (told["new"], told["refound"]) == ((1, 0) if n == 0 else (0, 1))
    assert numbers(desk.counts()) == {"records": 1, "reports": 1, "found_again": 3}


def test_records_of_two_databases_are_joined_by_pubmed_s_number_and_by_what_they_say(desk: Desk) -> None:
    desk.takes_in("pubmed.nbib", "".join(paper.nbib() for paper in PAPERS[:6]), "pubmed")
    without_doi = (replace(paper, doi="") for paper in PAPERS[2:8])
    told = desk.takes_in("embase.ris", "".join(paper.embase() for paper in without_doi), "embase")
    assert (told["new"], told["duplicates"]) == (6, {"judged": 4, "moved": 4, "unsure": 0})
    told = desk.takes_in("scopus.ris", exported(tuple(replace(p, doi="") for p in PAPERS[5:])))
    assert (told["new"], told["duplicates"]["moved"], told["duplicates"]["unsure"]) == (5, 3, 0)
    assert numbers(desk.counts()) == {
        "records": 17, "reports": 10, "duplicates": 7, "between_sources": 7, "by_rule": 7,
    }  # fmt: skip
    flow = desk.flow()
    assert [line["n"] for line in flow["databases"]] == [6, 6, 5]
    assert flow["duplicates"] == 7


def test_an_identical_record_under_two_numbers_of_one_database_is_a_duplicate_within_it(desk: Desk) -> None:
    """Databases do hold an article twice; the second is stored, and joined by rule."""
    paper = replace(PAPERS[0], number=1, pages="101-109")
    desk.takes_in("scopus.ris", exported((paper, replace(paper, number=2))))
    assert numbers(desk.counts()) == {
        "records": 2, "reports": 1, "duplicates": 1, "within_source": 1, "by_rule": 1,
    }  # fmt: skip
