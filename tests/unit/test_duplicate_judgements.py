"""Duplicates over a real store: rules with their evidence, people over rules, votes that follow their record."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.dedupe.weights import ENGINE
from curation.errors import Refused, Usage
from curation.model import Decision, Relation, Stage
from curation.store import duplicates, records, votes
from curation.store.connect import Stamp
from curation.store.duplicates import Judged
from curation.tasks import dedupe, reference
from curation.tasks.dedupe import Deduplicated, deduplicate
from curation.tasks.evidence import evidence
from curation.tasks.flow import flow
from curation.tasks.import_file import FileToImport, Imported, import_file
from curation.tasks.init import init
from curation.tasks.places import report_ruling
from curation.tasks.review import Review
from curation.tasks.vote import Ballot, vote
from screening.flow import FlowCounts, Totals
from screening.votes import Verdict

AT = dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)
STAMP = Stamp(AT, "ana", "test")
TITLE = "Radiomics of spinal metastases predicts EGFR mutation"
OTHER = "Deep learning for vertebral fractures in osteoporosis"
DOI = "10.5555/spine.1"
_uids = itertools.count(1)


@pytest.fixture
def review(tmp_path: Path) -> Iterator[Review]:
    folder = tmp_path / "review"
    init(folder, STAMP)
    with Review.open(folder) as opened:
        yield opened


def entry(
    accession: str, title: str = TITLE, *, doi: str = "", pmid: str = "", year: int = 2026, by: str = ""
) -> str:
    """One RIS record; the PubMed number stands where Embase.com puts it."""
    lines = ["TY  - JOUR", f"AN  - {accession}", f"TI  - {title}", f"PY  - {year}", "DB  - Embase"]
    lines += [f"AU  - {by}"] if by else []
    lines += [f"DO  - {doi}"] if doi else []
    lines += [f"C5  - {pmid}"] if pmid else []
    return "\n".join([*lines, "ER  - ", ""])


def taken_in(review: Review, source: str, *entries: str) -> Imported:
    path = review.folder.parent / f"{source}-{next(_uids)}.ris"
    path.write_text("\n".join(entries), encoding="utf-8")
    return import_file(review, FileToImport(path, source, "2026-11-01"), STAMP)


def says(review: Review, left: int, right: int, relation: Relation, note: str = "") -> int:
    judged = Judged(left, right, relation, by_person=True, evidence=note, by="cem")
    return dedupe.judge(review, judged, STAMP)


def votes_on(review: Review, report: int, reviewer: str, decision: Decision = Decision.INCLUDE) -> None:
    vote(review, Ballot(f"uid-{next(_uids)}", report, reviewer, decision), STAMP)


def reports(review: Review) -> dict[int, int]:
    return duplicates.placements(review.sql)


def voters(review: Review, report: int) -> list[tuple[str, Decision]]:
    return [(v.reviewer, v.decision) for v in votes.votes_of(review.sql, report, Stage.ABSTRACT)]


def two_sources(review: Review) -> None:
    """Records 1 to 4; 1 and 3 are one article, by number and by DOI, of 2 and 4 only a person can tell."""
    taken_in(
        review, "pubmed", entry("p1", doi=DOI, pmid="12345"), entry("p2", OTHER, by="Hu, Yue; Li, Zhong")
    )
    taken_in(
        review,
        "embase",
        entry("e1", TITLE.upper() + ".", doi=DOI, pmid="12345"),
        entry("e2", OTHER, by="Hu, Y.; Li, Z.", year=2024),
    )


def test_a_rule_joins_what_is_certain_and_leaves_the_rest_to_a_person_each_with_its_evidence(
    review: Review,
) -> None:
    two_sources(review)
    assert reports(review) == {1: 1, 2: 2, 3: 1, 4: 4}
    found = {(j.left, j.right): j for j in duplicates.standing(review.sql)}
    assert {pair: (j.relation, j.by_person, j.by, j.engine) for pair, j in found.items()} == {
        (1, 3): (Relation.SAME, False, dedupe.RULE, ENGINE),
        (2, 4): (Relation.UNSURE, False, dedupe.RULE, ENGINE),
    }
    assert found[1, 3].evidence.startswith("one report: one number (PubMed 12345)")
    assert found[2, 4].evidence.endswith(
        "but they are more than a year apart and too little tells where they were printed"
    )
    assert ("title", 6.0, "the same title") in found[1, 3].weights
    assert dedupe.waiting(review.sql) == (found[2, 4],)


def test_an_import_tells_what_it_joined(review: Review) -> None:
    first = taken_in(review, "pubmed", entry("p1", doi=DOI))
    second = taken_in(review, "embase", entry("e1", doi=DOI))
    assert first.duplicates == Deduplicated(judged=0, moved=0, unsure=0)
    assert second.duplicates == Deduplicated(judged=1, moved=1, unsure=0)


def test_judging_again_changes_nothing(review: Review) -> None:
    two_sources(review)
    before = list(review.sql.execute("SELECT * FROM judgement"))
    assert deduplicate(review, STAMP) == Deduplicated(judged=0, moved=0, unsure=1)
    assert list(review.sql.execute("SELECT * FROM judgement")) == before


def test_every_record_stays_and_keeps_its_own_fields(review: Review) -> None:
    two_sources(review)
    kept = records.citations(review.sql, [1, 3])
    assert [kept[n].title for n in (1, 3)] == [TITLE, TITLE.upper() + "."]


def test_a_duplicate_s_number_is_refused_with_the_number_to_use(review: Review) -> None:
    two_sources(review)
    with pytest.raises(Usage, match=r"^R3 is a duplicate of R1; use R1$"):
        votes_on(review, 3, "ana")
    assert voters(review, 1) == []


def test_votes_follow_a_record_into_the_report_it_joins_and_come_back_when_a_person_splits_it(
    review: Review,
) -> None:
    taken_in(review, "pubmed", entry("p1"))
    taken_in(review, "embase", entry("e1", "The same work under another title"))
    votes_on(review, 1, "ana")
    votes_on(review, 2, "ben", Decision.EXCLUDE)
    assert says(review, 2, 1, Relation.SAME, "the authors say so") == 1
    assert voters(review, 1) == [("ana", Decision.INCLUDE), ("ben", Decision.EXCLUDE)]
    assert report_ruling(review.sql, review.protocol, 1, Stage.ABSTRACT).verdict is Verdict.CONFLICT
    assert says(review, 1, 2, Relation.DIFFERENT) == 1
    assert voters(review, 1) == [("ana", Decision.INCLUDE)]
    assert voters(review, 2) == [("ben", Decision.EXCLUDE)]
    assert report_ruling(review.sql, review.protocol, 1, Stage.ABSTRACT).verdict is Verdict.WAITING


def test_the_later_of_one_reviewer_s_votes_on_two_records_counts_when_they_join(review: Review) -> None:
    taken_in(review, "pubmed", entry("p1"), entry("p2", OTHER))
    votes_on(review, 2, "ana", Decision.EXCLUDE)
    votes_on(review, 1, "ana")
    says(review, 1, 2, Relation.SAME)
    assert voters(review, 1) == [("ana", Decision.INCLUDE)]
    assert review.sql.execute("SELECT count(*) FROM vote").fetchone()[0] == 2


def test_votes_cast_on_the_joined_report_stay_with_it_after_a_split(review: Review) -> None:
    two_sources(review)
    votes_on(review, 1, "ben")
    says(review, 1, 3, Relation.RELATED, "abstract and paper")
    assert reports(review)[3] == 3
    assert (voters(review, 1), voters(review, 3)) == ([("ben", Decision.INCLUDE)], [])


def test_a_person_s_word_stands_against_the_rule_from_then_on(review: Review) -> None:
    two_sources(review)
    says(review, 1, 3, Relation.DIFFERENT, "erratum of it")
    assert deduplicate(review, STAMP) == Deduplicated(judged=0, moved=0, unsure=1)
    assert reports(review)[3] == 3
    last = next(j for j in duplicates.standing(review.sql) if (j.left, j.right) == (1, 3))
    assert last == Judged(1, 3, Relation.DIFFERENT, True, "erratum of it", "cem")


def test_a_change_of_mind_is_a_later_judgement_and_the_earlier_ones_stay(review: Review) -> None:
    two_sources(review)
    for relation in (Relation.DIFFERENT, Relation.SAME, Relation.RELATED):
        says(review, 1, 3, relation)
    kept = review.sql.execute("SELECT relation FROM judgement WHERE left_id = 1 ORDER BY id").fetchall()
    assert [row[0] for row in kept] == ["same report", "different", "same report", "related"]
    assert reports(review)[3] == 3


def test_a_pair_a_person_has_decided_waits_no_more(review: Review) -> None:
    two_sources(review)
    says(review, 2, 4, Relation.DIFFERENT)
    assert dedupe.waiting(review.sql) == ()


def test_two_pubmed_numbers_do_not_meet_through_a_third_record_and_a_person_is_asked(review: Review) -> None:
    taken_in(
        review, "pubmed", entry("p1", doi=DOI, pmid="12345"), entry("p2", doi="10.5555/other", pmid="67890")
    )
    taken_in(review, "embase", entry("e1", doi=DOI))
    says(review, 2, 3, Relation.SAME)
    assert reports(review) == {1: 1, 2: 2, 3: 2}
    (waits,) = dedupe.waiting(review.sql)
    assert (waits.left, waits.right) == (1, 3)
    assert waits.evidence.endswith("but records 1 and 2: they have two PubMed numbers (12345, 67890)")


def test_a_judgement_against_an_earlier_one_is_refused_and_nothing_is_stored(review: Review) -> None:
    taken_in(review, "pubmed", entry("p1"), entry("p2", OTHER), entry("p3", "A third work"))
    says(review, 1, 2, Relation.SAME)
    says(review, 1, 3, Relation.DIFFERENT)
    before = review.sql.execute("SELECT count(*) FROM judgement").fetchone()[0]
    with pytest.raises(
        Refused, match="cannot be one report: a person judged records 1 and 3 to be different"
    ):
        says(review, 2, 3, Relation.SAME)
    assert review.sql.execute("SELECT count(*) FROM judgement").fetchone()[0] == before


def test_a_judgement_that_would_undo_another_person_s_union_is_refused(review: Review) -> None:
    taken_in(review, "pubmed", *(entry(f"p{n}", f"{'abcd'[n]}" * 30) for n in range(4)))
    says(review, 3, 4, Relation.SAME)
    says(review, 2, 4, Relation.DIFFERENT)
    with pytest.raises(Refused, match="and records 3 and 4 to be the same report; take that back first"):
        says(review, 2, 3, Relation.SAME)
    assert reports(review) == {1: 1, 2: 2, 3: 3, 4: 3}


def test_people_s_judgements_that_contradict_each_other_wait_for_a_person(review: Review) -> None:
    taken_in(review, "pubmed", *(entry(f"p{n}", f"{'abc'[n]}" * 30) for n in range(3)))
    says(review, 1, 2, Relation.SAME)
    says(review, 2, 3, Relation.SAME, "same cohort and numbers")
    says(review, 1, 3, Relation.DIFFERENT)
    (waits,) = dedupe.waiting(review.sql)
    assert (waits.left, waits.right, waits.relation) == (2, 3, Relation.UNSURE)
    assert waits.evidence == ("same cohort and numbers, but a person judged records 1 and 3 to be different")


def test_a_union_that_a_later_version_of_a_record_no_longer_bears_out_goes_to_a_person(
    review: Review,
) -> None:
    taken_in(review, "pubmed", entry("p1", doi=DOI))
    taken_in(review, "embase", entry("e1", doi=DOI))
    assert reports(review) == {1: 1, 2: 1}
    again = taken_in(review, "embase", entry("e1", OTHER, doi="10.5555/corrected"))
    assert again.revised == 1
    assert again.duplicates is not None
    assert again.duplicates.moved == 1
    assert reports(review) == {1: 1, 2: 2}
    (waits,) = dedupe.waiting(review.sql)
    assert waits.evidence.endswith("a later version of a record no longer bears out")
    assert deduplicate(review, STAMP) == Deduplicated(judged=0, moved=0, unsure=1)


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [(1, 1, "name two different records"), (1, 99, "there is no record R?99")],
)
def test_a_judgement_names_two_records_that_exist(review: Review, left: int, right: int, said: str) -> None:
    two_sources(review)
    with pytest.raises(Usage, match=said):
        says(review, left, right, Relation.SAME)


def test_a_judgement_has_somebody_s_name(review: Review) -> None:
    two_sources(review)
    judged = Judged(2, 4, Relation.SAME, by_person=True, evidence="", by="nobody")
    with pytest.raises(Usage, match="'nobody' is no reviewer of this review"):
        dedupe.judge(review, judged, STAMP)


def test_two_published_reports_judged_to_be_one_are_one_report_less_in_the_total(tmp_path: Path) -> None:
    folder = tmp_path / "reference"
    folder.mkdir()
    with reference.load(folder, STAMP) as review:
        taken_in(review, "embase", entry("e1"))
        judged = Judged(1, 2, Relation.SAME, by_person=True, evidence="", by="demo-a")
        dedupe.judge(review, judged, STAMP)
        found = flow(review).counts
        now = evidence(review.sql, review.protocol, "now").totals
    assert isinstance(found, FlowCounts)
    assert (found.previous, found.removed_since) == (Totals(11, 11), Totals(0, 1))
    assert found.total == now == Totals(11, 10)
