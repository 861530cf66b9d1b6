"""The reference review: a published one as round 0 and release 1.0, and its first update's decisions.

Sanker et al., Bioengineering 2025;12:791 (CC BY 4.0). Its flow numbers exist only as an image; they are kept
as not reported.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.config import PROTOCOL_FILE
from curation.errors import BadInput
from curation.extraction import study_file
from curation.extraction.study_file import StudyFile
from curation.model import SourceRecord
from curation.resources import shipped
from curation.store import records, releases, searches
from curation.store.connect import Change, Stamp
from curation.store.releases import Release
from curation.tasks.extract import store_study
from curation.tasks.review import Review


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision of the demonstration's first update; ``record`` is a DOI or a PubMed number."""

    record: str
    stage: str
    reviewer: str
    decision: str
    reason: str | None = None
    note: str = ""


def load(folder: Path, stamp: Stamp) -> Review:
    """Make the reference review in the empty ``folder``, up to release 1.0; gives it open."""
    shutil.copyfile(shipped("db", "reference", PROTOCOL_FILE), folder / PROTOCOL_FILE)
    facts = tomllib.loads(shipped("db", "reference", "release-1.0.toml").read_text(encoding="utf-8"))
    review = Review.create(folder)
    with review.change(stamp) as change:
        base = searches.add_round(change, 0, flow_recorded=False, note=facts["flow_note"])
        for source in review.protocol.sources:
            _reported_search(change, base.id, source.key, facts)
        for study in published_studies():
            _published_study(change, base.id, study, facts)
    with review.change(stamp) as change:
        releases.add(change, _release(facts), base.id)
    return review


def published_studies() -> Iterator[StudyFile]:
    """The study files of the published review, by citation number."""
    for path in sorted(shipped("db", "reference", "studies").glob("*.toml")):
        yield study_file.read(path)


def corpus_file() -> Path:
    """The PubMed records of the first update."""
    return shipped("db", "reference", "round-1", "pubmed.xml")


def new_study_file() -> Path:
    """The study that the first update includes."""
    return shipped("db", "reference", "round-1", "zhou-2025.toml")


def decisions() -> tuple[Decided, ...]:
    """Decisions on the first update's records, in the order they were made."""
    plain = tomllib.loads(shipped("db", "reference", "round-1", "decisions.toml").read_text(encoding="utf-8"))
    return tuple(Decided(**row) for row in plain["decision"])


def _reported_search(change: Change, round_id: int, source_key: str, facts: dict[str, Any]) -> None:
    strategy = searches.strategy(change.sql, source_key)
    if strategy is None or source_key not in facts["searched"]:
        return
    reported = searches.RunFacts(
        how="reported",
        searched_on=facts["integrated_through"].isoformat(),
        query_sent=strategy.query,
        note=facts["search_note"],
    )
    searches.add_run(change, round_id, strategy.id, reported)


def _published_study(change: Change, round_id: int, study: StudyFile, facts: dict[str, Any]) -> None:
    strategy = searches.strategy(change.sql, facts["records_source"])
    if strategy is None:
        message = f"review.toml of the reference review lacks its source {facts['records_source']}"
        raise BadInput(message)
    run_id = _previous_run(change, round_id, strategy, facts)
    citation = study.report.citation()
    record = SourceRecord(
        accession=f"reference {study.citation_number}",
        raw=_reference_text(study).encode(),
        raw_format="reference list",
        citation=citation,
    )
    (report,) = records.add(change, run_id, strategy.source_id, [record])
    searches.add_hits(change, run_id, "new", [report])
    store_study(change, study, report, "published")


def _previous_run(change: Change, round_id: int, strategy: searches.Strategy, facts: dict[str, Any]) -> int:
    """The one run that the records of the published reference list belong to."""
    known = [run for run in searches.runs(change.sql) if run.source == strategy.source]
    if known:
        return known[0].id
    listed = searches.RunFacts(
        how="reported",
        searched_on=facts["published_on"].isoformat(),
        query_sent=strategy.query,
        note=f"reference list of doi {facts['doi']}",
    )
    return searches.add_run(change, round_id, strategy.id, listed)


def _reference_text(study: StudyFile) -> str:
    entry = study.report
    authors = "; ".join(entry.authors) + ("" if entry.authors_complete else "; et al.")
    return f"{study.citation_number}. {authors} {entry.title}. {entry.journal} {entry.year}, {entry.volume}, {entry.pages}."


def _release(facts: dict[str, Any]) -> Release:
    return Release(
        version=facts["version"],
        title=facts["title"],
        doi=facts["doi"],
        published_on=facts["published_on"].isoformat(),
        integrated_through=facts["integrated_through"].isoformat(),
        round=0,
        watermark=0,  # set by the store: everything up to the release itself
        outcome=facts["outcome"],
        note=facts["note"],
        reported=facts["reported"],
    )
