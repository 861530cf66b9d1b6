"""Takes an export file in as one search run of its source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from curation.errors import Refused, Usage
from curation.model import SourceRecord
from curation.sources.files import Export, read_export
from curation.store import records, searches
from curation.store.connect import Change, Stamp
from curation.tasks.dedupe import Deduplicated, apply_rules
from curation.tasks.keep import keep
from curation.tasks.review import Review


@dataclass(frozen=True, slots=True)
class FileToImport:
    """An export file, the source it comes from and the day that source was searched (ISO 8601)."""

    path: Path
    source: str
    searched_on: str
    allow_partial: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file brought. ``within`` counts records it holds twice, ``known`` those the source had brought before."""

    file: str
    format: str
    encoding: str
    records: int
    new: int
    known: int
    within: int
    revised: int
    refused: tuple[str, ...]
    round: int
    duplicates: Deduplicated


def import_file(review: Review, file: FileToImport, stamp: Stamp) -> Imported:
    """Store every record of an export file.

    The file is copied to ``inbox/``. A file that was taken in before for this source is refused, so that
    nothing is counted twice. Raises BadInput for a file that is no export, Usage for an unknown source.
    """
    source = review.protocol.source(file.source)
    if source is None:
        known = ", ".join(s.key for s in review.protocol.sources)
        message = f"{file.source!r} is no source of review.toml (known: {known})"
        raise Usage(message)
    export = read_export(file.path, allow_partial=file.allow_partial)
    with review.change(stamp) as change:
        strategy = searches.strategy(change.sql, source.key)
        if strategy is None:  # the protocol in force was kept before this change began
            message = f"source {source.key} has no stored strategy"
            raise AssertionError(message)
        if searches.file_taken_in(change.sql, export.sha256, strategy.source_id) is not None:
            message = f"{file.path.name} was taken in before for {source.key} (same bytes); nothing was done"
            raise Refused(message)
        result = _apply(change, strategy, file, export)
        keep(file.path, review.folder / "inbox")
    return result


def _apply(change: Change, strategy: searches.Strategy, file: FileToImport, export: Export) -> Imported:
    in_round = searches.open_round(change)
    here, gone = searches.present(change.sql, strategy.source_id)
    known = here | gone
    first = _told_apart(export.records)
    new = [record for accession, record in first.items() if accession not in known]
    again = [record for accession, record in first.items() if accession in known]
    run_id = searches.add_run(
        change,
        in_round.id,
        strategy.id,
        searches.RunFacts(
            how="file",
            searched_on=file.searched_on,
            query_sent=strategy.query,
            found=len(export.records),
            known=len(again),
            file_name=file.path.name,
            file_sha256=export.sha256,
            file_format=export.format,
            encoding=export.encoding,
        ),
    )
    ids = records.add(change, run_id, strategy.source_id, new)
    searches.add_hits(change, run_id, "new", ids)
    searches.add_hits(change, run_id, "back", [gone[r.accession] for r in again if r.accession in gone])
    revised = sum(records.revise(change, run_id, known[r.accession], r) for r in again)
    for lost in export.refused:
        searches.add_refused(change, run_id, lost.line, lost.reason, lost.raw.decode())
    return Imported(
        file=file.path.name,
        format=export.format,
        encoding=export.encoding,
        records=len(export.records),
        new=len(new),
        known=len(again),
        within=len(export.records) - len(first),
        revised=revised,
        refused=tuple(f"line {lost.line}: {lost.reason}" for lost in export.refused),
        round=in_round.number,
        duplicates=apply_rules(change),
    )


def _told_apart(delivered: Iterable[SourceRecord]) -> dict[str, SourceRecord]:
    """Records by accession. The same bytes twice are one record; other bytes under one number are another record."""
    found: dict[str, SourceRecord] = {}
    for record in delivered:
        earlier = found.get(record.accession)
        if earlier is None:
            found[record.accession] = record
        elif earlier.raw != record.raw:
            number = f"{record.accession}#{hashlib.sha256(record.raw).hexdigest()[:12]}"
            found[number] = replace(record, accession=number)
    return found
