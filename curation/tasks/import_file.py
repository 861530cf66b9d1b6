"""Takes an export file in as one search run of its source."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from curation.errors import Usage
from curation.identifiers import folded
from curation.model import SourceRecord
from curation.protocol import Protocol, Source
from curation.sources.files import Export, Wanted, read_export
from curation.store import records, searches
from curation.store.connect import Change, Stamp
from curation.tasks.dedupe import Deduplicated, apply_rules
from curation.tasks.keep import keep
from curation.tasks.queue import refresh
from curation.tasks.removals import apply_removals
from curation.tasks.review import Review

_BATCH = 500  # records in memory at once

# What a database is called in a review.toml, by the origin that its records show.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "wos": ("webofscience", "wos", "isi"),
    "ovid-medline": ("medline", "ovidmedline"),
    "ovid-embase": ("embase", "ovidembase"),
    "ovid-psycinfo": ("psycinfo", "apapsycinfo"),
    "central": ("central", "cochrane", "cochranelibrary"),
    "ieee": ("ieee", "ieeexplore"),
    "pubmed": ("pubmed",),
}

Progress = Callable[[str, int, int], None]


def _silent(_what: str, _done: int, _of: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class FileToImport:
    """An export file and what is said of it. ``source`` empty: told by the records; ``searched_on`` in ISO 8601.

    ``format`` empty: told by the content; ``columns`` maps a table's columns to fields. ``round`` None: the open one.
    """

    path: Path
    source: str
    searched_on: str
    allow_partial: bool = False
    format: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    round: int | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """A record that was not taken over: the line it begins in, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file brought.

    ``openers`` records begin in it, of which ``records`` were read and ``refused`` not. ``within`` counts those
    it holds twice, ``refound`` those its source had brought before, ``revised`` the ones of these that changed;
    ``new`` is None where no review was looked at. ``fill`` is how many records have each field. ``before`` marks a
    file that was taken in earlier: nothing was done. ``round`` and ``duplicates`` are None in a dry run. ``removed``
    reports went out before screening by the rules of review.toml.
    """

    file: str
    source: str
    format: str
    label: str
    encoding: str
    assumed: tuple[str, ...]
    openers: int
    records: int
    refused: tuple[Lost, ...]
    fill: Mapping[str, int]
    new: int | None
    refound: int
    within: int
    revised: int
    before: bool = False
    round: int | None = None
    duplicates: Deduplicated | None = None
    removed: int = 0


def import_file(review: Review, file: FileToImport, stamp: Stamp, progress: Progress = _silent) -> Imported:
    """Store every record of an export file, in one transaction, and keep a copy of it in ``inbox/``.

    A file that was taken in before for this source is left alone, so that nothing is counted twice.
    ``progress`` is told what is being done, how many records of how many. Raises BadInput for a file that is no
    export or not complete, Usage for a source or round that cannot be.
    """
    with _read(file, progress) as export:
        return _taken_in(review, file, export, stamp, progress)


def _taken_in(
    review: Review, file: FileToImport, export: Export, stamp: Stamp, progress: Progress
) -> Imported:
    source = _source(review.protocol, file, export)
    stored = searches.strategy(review.sql, source.key)
    if stored is not None and searches.file_taken_in(review.sql, export.sha256, stored.source_id) is not None:
        return replace(_told(export, source.key, _Split(new=0)), before=True)
    with review.change(stamp) as change:
        strategy = _strategy(change, source)
        if searches.file_taken_in(change.sql, export.sha256, strategy.source_id) is not None:
            return replace(_told(export, source.key, _Split(new=0)), before=True)
        in_round = _round(change, file.round)
        split = _split(change.sql, strategy.source_id, export)
        run_id = searches.add_run(change, in_round.id, strategy.id, _facts(file, export, strategy, split))
        revised = _store(change, run_id, strategy.source_id, export, progress)
        for lost in export.refused:
            searches.add_refused(change, run_id, lost.line, lost.reason, lost.raw.decode(errors="replace"))
        duplicates = apply_rules(change)
        removed = apply_removals(change, review.protocol).reports
        keep(file.path, review.folder / "inbox", export.sha256)
    refresh(review)
    done = _told(export, source.key, split)
    return replace(done, revised=revised, round=in_round.number, duplicates=duplicates, removed=removed)


def look_at_file(review: Review | None, file: FileToImport, progress: Progress = _silent) -> Imported:
    """What an import would bring, without storing anything; without a review or a source, what the file holds."""
    with _read(file, progress) as export:
        if review is None or not (file.source or len(_fitting(review.protocol, export)) == 1):
            return _told(export, file.source or export.origin, _Split(new=None))
        source = _source(review.protocol, file, export)
        strategy = searches.strategy(review.sql, source.key)
        if strategy is None:  # review.toml names it since the last command; nothing of it can be known
            return _told(export, source.key, _split(review.sql, 0, export))
        before = searches.file_taken_in(review.sql, export.sha256, strategy.source_id) is not None
        return replace(
            _told(export, source.key, _split(review.sql, strategy.source_id, export)), before=before
        )


def _read(file: FileToImport, progress: Progress) -> Export:
    return read_export(
        file.path,
        Wanted(file.format, file.columns),
        allow_partial=file.allow_partial,
        progress=lambda done, of: progress("reading", done, of),
    )


def _source(protocol: Protocol, file: FileToImport, export: Export) -> Source:
    """The source that is named, else the one whose name or platform fits what the records show."""
    known = ", ".join(s.key for s in protocol.sources)
    if file.source:
        source = protocol.source(file.source)
        if source is None:
            raise Usage(f"{file.source!r} is no source of review.toml (known: {known})")
        return source
    fitting = _fitting(protocol, export)
    if len(fitting) != 1:
        seen = (
            f"its records look like {export.origin}"
            if export.origin
            else "its records do not tell their source"
        )
        raise Usage(f"{export.name}: {seen}; name the source of review.toml with --source (known: {known})")
    return fitting[0]


def _fitting(protocol: Protocol, export: Export) -> list[Source]:
    return [source for source in protocol.sources if _fits(source, export.origin)]


def _fits(source: Source, origin: str) -> bool:
    names = _NAMES.get(origin, (folded(origin),)) if origin else ()
    own = {folded(source.key), folded(source.name), folded(source.platform)}
    return any(name in own for name in names) or any(
        name in folded(source.name)
        for name in names
        if len(name) > 4  # noqa: PLR2004 - "isi" is part of many words
    )


def _strategy(change: Change, source: Source) -> searches.Strategy:
    strategy = searches.strategy(change.sql, source.key)
    if strategy is None:  # the protocol in force was kept before this change began
        message = f"source {source.key} has no stored strategy"
        raise AssertionError(message)
    return strategy


def _round(change: Change, wanted: int | None) -> searches.Round:
    in_round = searches.open_round(change)
    if wanted is not None and wanted != in_round.number:
        raise Usage(f"round {wanted} is not open; records come into round {in_round.number} now")
    return in_round


@dataclass(frozen=True, slots=True)
class _Split:
    """How many records of a file are new, known, and in it twice."""

    new: int | None
    refound: int = 0
    within: int = 0


def _split(sql: sqlite3.Connection, source_id: int, export: Export) -> _Split:
    seen: set[str] = set()
    refound = 0
    delivered = (record.accession for record in export.records)
    while batch := list(islice(delivered, _BATCH)):
        first = sorted(set(batch) - seen)
        seen.update(first)
        refound += sum(map(len, searches.present_among(sql, source_id, first)))
    return _Split(len(seen) - refound, refound, export.read - len(seen))


def _facts(
    file: FileToImport, export: Export, strategy: searches.Strategy, split: _Split
) -> searches.RunFacts:
    return searches.RunFacts(
        how="file",
        searched_on=file.searched_on,
        query_sent=strategy.query,
        found=export.read,
        known=split.refound,
        file_name=file.path.name,
        file_sha256=export.sha256,
        file_format=export.format,
        encoding=export.encoding,
        assumed=export.assumed,
    )


def _store(change: Change, run_id: int, source_id: int, export: Export, progress: Progress) -> int:
    """Add what is new, revise what is known; gives how many known records had changed."""
    revised = done = 0
    seen: set[str] = set()
    for batch in _batches(export.records):
        first = {r.accession: r for r in reversed(batch) if r.accession not in seen}
        seen.update(first)
        here, gone = searches.present_among(change.sql, source_id, list(first))
        new = [r for a, r in reversed(first.items()) if a not in here and a not in gone]
        searches.add_hits(change, run_id, "new", records.add(change, run_id, source_id, new))
        known = {a: here[a] if a in here else gone[a] for a in first if a in here or a in gone}
        searches.add_hits(change, run_id, "back", sorted(gone[a] for a in known if a in gone))
        searches.add_refound(change, run_id, sorted(known.values()))
        revised += sum(records.revise(change, run_id, number, first[a]) for a, number in known.items())
        done += len(batch)
        progress("storing", done, export.read)
    return revised


def _batches(delivered: Iterator[SourceRecord]) -> Iterator[list[records.Prepared]]:
    while batch := [records.prepared(record) for record in islice(delivered, _BATCH)]:
        yield batch


def _told(export: Export, source: str, split: _Split) -> Imported:
    """What is known of a file before anything of it is stored."""
    return Imported(
        file=export.name,
        source=source,
        format=export.format,
        label=export.label,
        encoding=export.encoding,
        assumed=export.assumed,
        openers=export.openers,
        records=export.read,
        refused=tuple(Lost(refused.line, refused.reason) for refused in export.refused),
        fill=export.fill,
        new=split.new,
        refound=split.refound,
        within=split.within,
        revised=0,
    )
