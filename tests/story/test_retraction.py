"""A study of the review is retracted between two updates: people are told until one decides, and nothing moves."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curation.sources.standin import Corpus, Entry, StandIn
from curation.store.connect import Store
from curation.tasks import reference
from tests.conftest import Livrev
from tests.story.soak_truth import rows

ZHOU = 99_000_001  # included by the first update
SPINE = 99_000_002  # its full text could not be had
EXCLUDED = 41_387_785  # at full text
HU = 38_498_926  # of the base review, known by its PubMed number alone
NOTICE = 99_000_600
RETRACTED = "<PublicationType>Retracted Publication</PublicationType></PublicationTypeList>"
HU_TITLE = next(s.report.title for s in reference.published_studies() if s.report.pmid == str(HU))
FOUND = "vertebral metastases and radiomics"  # words that the strategy looks for
Update = Callable[[Corpus], tuple[int, str]]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus.from_xml(reference.corpus_file())


@pytest.fixture
def update(livrev: Livrev, demo: Path) -> Update:
    """Runs the update against a PubMed that holds a corpus; gives its status and its warnings."""

    def run(served: Corpus) -> tuple[int, str]:
        with StandIn(served) as standin:
            done = livrev(
                "update", "--quiet", cwd=demo, LIVREV_EUTILS_URL=standin.url, NCBI_API_KEY="rehearsal"
            )
        assert done.stdout == ""
        return done.returncode, done.stderr

    return run


def linked(entry: Entry, kind: str, number: str = "") -> Entry:
    """The record with a link of NLM's to a notice about it, or to what it is a notice about."""
    pmid = f'<PMID Version="1">{number}</PMID>' if number else ""
    link = (
        f'<CommentsCorrectionsList><CommentsCorrections RefType="{kind}"><RefSource>Front Cell Dev Biol. 2026'
        f"</RefSource>{pmid}</CommentsCorrections></CommentsCorrectionsList></MedlineCitation>"
    )
    assert entry.xml.count(b"</MedlineCitation>") == 1
    return dataclasses.replace(entry, xml=entry.xml.replace(b"</MedlineCitation>", link.encode()))


def retracted(corpus: Corpus, pmid: int, number: str = "") -> Corpus:
    """The corpus with a record that was retracted, as NLM marks it: its publication type, and a link."""
    entry = linked(held(corpus, pmid), "RetractionIn", number)
    assert entry.xml.count(b"</PublicationTypeList>") == 1
    xml = entry.xml.replace(b"</PublicationTypeList>", RETRACTED.encode())
    return corpus.with_entries(dataclasses.replace(entry, xml=xml))


def held(corpus: Corpus, pmid: int) -> Entry:
    entry = corpus.get(pmid)
    assert entry is not None
    return entry


def written(pmid: int, title: str, kind: str = "Journal Article") -> Entry:
    """A record of its own that the review's strategy finds."""
    text = f"Of {FOUND}."
    xml = (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><Article><ArticleTitle>{title}</ArticleTitle>'
        f"<Abstract><AbstractText>{text}</AbstractText></Abstract><PublicationTypeList><PublicationType>{kind}"
        "</PublicationType></PublicationTypeList></Article></MedlineCitation></PubmedArticle>"
    )
    return Entry(pmid, xml.encode(), titles=(title,), abstracts=(text,), publication_types=(kind,))


def notices(livrev: Livrev, folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(livrev("check", "notices", "--json", cwd=folder).stdout)
    return found


def shown(livrev: Livrev, folder: Path) -> str:
    """The part of the status that tells of notices."""
    said = livrev("status", cwd=folder).stdout
    return said.partition("\nNotices\n")[2].partition("\n\n")[0]


def outcome(livrev: Livrev, folder: Path) -> list[str]:
    """Flow and pooled results: whatever a notice must not move."""
    return [livrev(command, "--json", cwd=folder).stdout for command in ("flow", "pool")]


def stored(folder: Path, sql: str) -> list[tuple[str, ...]]:
    with Store.open(folder / "review.db") as store:
        return rows(store.sql, sql)


def known_as(folder: Path, pmid: int) -> list[tuple[str, ...]]:
    """Record, report, and the source's number of every record with a PubMed number."""
    found = stored(folder, "SELECT v.pmid, v.record, v.report, v.accession FROM records v ORDER BY v.record")
    return [row[1:] for row in found if row[0] == str(pmid)]


def test_a_retraction_of_an_included_study_is_told_everywhere_until_a_person_decides_and_moves_nothing(
    livrev: Livrev, demo: Path, corpus: Corpus, update: Update
) -> None:
    before = outcome(livrev, demo)
    later = retracted(corpus, ZHOU, str(NOTICE))
    status, said = update(later)
    assert status == 3
    assert said == (
        "livrev: warning: pubmed: notices raised (retraction, correction, ...): 1; see livrev check notices\n"
    )
    (notice,) = notices(livrev, demo)
    assert (notice["kind"], notice["reference"], notice["source"]) == ("retraction", str(NOTICE), "pubmed")
    assert notice["title"].startswith("MRI-based radiomics for noninvasive prediction of T790M")
    number = f"R{notice['report']}"
    assert shown(livrev, demo).startswith(f"  {number} RETRACTION (pubmed): MRI-based radiomics")
    assert livrev("report", cwd=demo).returncode == 0
    page = (demo / "reports" / "report.html").read_text(encoding="utf-8")
    assert f"<strong>{number}, retraction ({NOTICE}), not yet decided on: MRI-based radiomics" in page
    assert outcome(livrev, demo) == before
    assert update(later) == (0, ""), "it is raised once"
    assert len(notices(livrev, demo)) == 1, "and stands until somebody decides"
    note = "kept, and shown in the sensitivity analysis"
    done = livrev("check", "decide", str(notice["id"]), "--note", note, "--as", "demo-c", cwd=demo)
    assert (done.returncode, done.stdout) == (0, "decided on 1 notice\n")
    assert update(later) == (0, "")
    assert (notices(livrev, demo), shown(livrev, demo)) == ([], "")
    assert stored(demo, "SELECT decision FROM notices") == [(f"demo-c: {note}",)]
    assert outcome(livrev, demo) == before


def test_a_retraction_without_a_number_and_one_by_publication_type_alone_are_seen(
    livrev: Livrev, demo: Path, corpus: Corpus, update: Update
) -> None:
    typed = held(corpus, ZHOU).xml.replace(b"</PublicationTypeList>", RETRACTED.encode())
    by_type = dataclasses.replace(held(corpus, ZHOU), xml=typed)
    assert update(corpus.with_entries(by_type, linked(held(corpus, SPINE), "RetractionIn")))[0] == 3
    found = [(n["kind"], n["reference"]) for n in notices(livrev, demo)]
    assert found == [("retraction", "")] * 2


def test_a_retraction_notice_is_not_taken_for_retracted(
    livrev: Livrev, demo: Path, corpus: Corpus, update: Update
) -> None:
    herald = linked(
        written(NOTICE, f"Retraction: {FOUND}", "Retraction Notice"), "RetractionOf", str(EXCLUDED)
    )
    status, _ = update(corpus.with_entries(herald))
    assert status == 0
    assert len(known_as(demo, NOTICE)) == 1
    assert (notices(livrev, demo), shown(livrev, demo)) == ([], "")


def test_a_retraction_of_an_excluded_report_raises_nothing(
    livrev: Livrev, demo: Path, corpus: Corpus, update: Update
) -> None:
    assert update(retracted(corpus, EXCLUDED, str(NOTICE))) == (0, "")
    assert (notices(livrev, demo), shown(livrev, demo)) == ([], "")


def test_corrections_concerns_and_updates_are_told_too_the_gravest_first(
    livrev: Livrev, demo: Path, corpus: Corpus, update: Update
) -> None:
    entry = held(corpus, ZHOU)
    for kind in ("UpdateIn", "CorrectedandRepublishedIn", "ErratumIn", "ExpressionOfConcernIn", "CommentIn"):
        entry = linked(entry, kind, str(NOTICE))
    status, said = update(corpus.with_entries(entry))
    assert (status, "notices raised (retraction, correction, ...): 4" in said) == (3, True)
    told = ["expression of concern", "correction", "corrected and republished", "update"]
    assert [n["kind"] for n in notices(livrev, demo)] == told


def test_a_study_of_the_base_review_is_watched_by_its_pubmed_number(
    livrev: Livrev, demo: Path, corpus: Corpus, update: Update
) -> None:
    before = outcome(livrev, demo)
    unfound = dataclasses.replace(written(HU, HU_TITLE), titles=("Else",), abstracts=())
    later = corpus.with_entries(linked(unfound, "RetractionIn", str(NOTICE)))
    assert update(later)[0] == 3
    (notice,) = notices(livrev, demo)
    ((record, report, accession),) = known_as(demo, HU)
    assert (str(notice["record"]), f"R{notice['report']}") == (record, report)
    assert accession == "reference 18", "it stands in the store as the base review's reference list has it"
    assert outcome(livrev, demo) == before
    assert update(later) == (0, "")


def test_people_are_told_once_of_what_two_records_of_one_report_say(
    livrev: Livrev, demo: Path, corpus: Corpus, update: Update
) -> None:
    entry = linked(written(HU, HU_TITLE), "RetractionIn", str(NOTICE))
    unfound = dataclasses.replace(entry, titles=("Else",), abstracts=())
    assert update(corpus.with_entries(unfound))[0] == 3
    (notice,) = notices(livrev, demo)
    done = livrev("check", "decide", str(notice["id"]), "--note", "kept", "--as", "demo-c", cwd=demo)
    assert done.returncode == 0
    found = corpus.with_entries(entry)
    status, said = update(found)  # the search finds it at last: a second record of the report
    assert (status, said) == (0, "")
    assert [report for _, report, _ in known_as(demo, HU)] == [f"R{notice['report']}"] * 2
    assert notices(livrev, demo) == []
    both = linked(entry, "ErratumIn", "99000601")
    assert both.xml.count(b"RefType=") == 2
    assert update(corpus.with_entries(both))[0] == 3
    assert [n["kind"] for n in notices(livrev, demo)] == ["correction"]


def test_a_record_that_is_found_retracted_at_first_sight_is_told_of_once(
    livrev: Livrev, demo: Path, corpus: Corpus, update: Update
) -> None:
    entry = linked(written(HU, HU_TITLE), "RetractionIn", str(NOTICE))
    assert update(corpus.with_entries(entry))[0] == 3
    assert len(known_as(demo, HU)) == 2
    assert [n["kind"] for n in notices(livrev, demo)] == ["retraction"], "of two records of one report"
