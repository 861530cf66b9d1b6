"""Takes a study file in: the study, its report, its facts and evaluations."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from curation.errors import Refused
from curation.extraction.study_file import StudyFile, read
from curation.protocol import Role
from curation.store import records, studies
from curation.store.connect import Change, Stamp
from curation.store.studies import Fact
from curation.tasks.places import report_state
from curation.tasks.review import Review
from screening.flow import Place


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was stored of one study."""

    study: str
    report: int
    evaluations: int


def extract(review: Review, path: Path, extractor: str, stamp: Stamp) -> Extracted:
    """Store the study in ``path`` for its included report, found by DOI or PubMed number.

    Taken in again after a correction, the newer rows are in force and the older ones stay. Raises BadInput for
    a faulty file, Refused when its report is not in the store or not included.
    """
    review.member(extractor, Role.EXTRACTOR)
    study = read(path)
    with review.change(stamp) as change:
        report = _report(change, study, path)
        state = report_state(change.sql, review.protocol, report)
        if state is None or state.place is not Place.INCLUDED:
            message = f"{path.name}: R{report} is not included ({state.place if state else 'unknown'}); decide on it first"
            raise Refused(message)
        store_study(change, study, report, "screened")
    return Extracted(study.key, report, len(study.evaluations))


def store_study(change: Change, study: StudyFile, report: int, basis: str) -> None:
    """Store a study read from a file, linked to ``report``; a link that stands already is not repeated."""
    study_id = studies.study_id(change, study.key)
    known = next(s for s in studies.studies(change.sql) if s.id == study_id)
    if report not in [number for number, _ in known.reports]:
        studies.link(change, study_id, report, basis)
    head = {
        "first_author": study.first_author,
        "authors": len(study.report.authors) + (0 if study.report.authors_complete else 1),
        "year": study.year,
        "citation_number": study.citation_number,
        "position": study.position,
    }
    for field, value in head.items():
        studies.add_fact(change, study_id, field, Fact(value, ""))
    for fact in study.facts:
        studies.add_fact(change, study_id, fact.field, Fact(fact.value, fact.where))
    if study.ages:
        ages = [{k: v for k, v in asdict(age).items() if k != "where"} for age in study.ages]
        studies.add_fact(change, study_id, "ages", Fact(ages, study.ages[0].where))
    for row in study.rows():
        studies.add_evaluation(change, study_id, row)


def _report(change: Change, study: StudyFile, path: Path) -> int:
    citation = study.report.citation()
    for identifier in (citation.doi, citation.pmid):
        report = records.by_identifier(change.sql, identifier) if identifier else None
        if report is not None:
            return report
    said = citation.doi or citation.pmid or "no DOI or PubMed number"
    message = f"{path.name}: its report ({said}) is not in the store; search or import it first"
    raise Refused(message)
