"""Builds the reference review offline and runs its first update through the code a real one uses."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from curation.errors import Usage
from curation.model import Decision, Stage
from curation.sources.standin import Corpus, StandIn
from curation.store import records
from curation.store.connect import Stamp
from curation.tasks import conflicts, fulltext, reference, vote
from curation.tasks.clients import clients
from curation.tasks.extract import Extracted, extract
from curation.tasks.network import NetworkSettings
from curation.tasks.report import report
from curation.tasks.review import Review
from curation.tasks.update import Updated, update
from screening.flow import Retrieval


@dataclass(frozen=True, slots=True)
class Demonstrated:
    """Where the demonstration is, what its update brought and included, and its files (relative to the folder)."""

    folder: Path
    updated: Updated
    included: Extracted
    files: tuple[str, ...]


def demo(folder: Path, clock: Callable[[], datetime]) -> Demonstrated:
    """Make the demonstration in ``folder``: built beside it and moved there whole, so a killed one leaves nothing.

    Raises Usage when ``folder`` is there and not empty.
    """
    refuse_occupied(folder)
    building = folder.with_name(f".{folder.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    with reference.load(building, _stamp(clock, "livrev", "demo: release 1.0")) as review:
        updated, included = _first_update(review, clock)
        files = report(review, building / review.protocol.output.folder, clock().date())
    if folder.exists():
        folder.rmdir()
    building.rename(folder)
    return Demonstrated(folder, updated, included, tuple(str(f.relative_to(building)) for f in files))


def refuse_occupied(folder: Path) -> None:
    """Raise Usage when ``folder`` is a file, or is there and not empty."""
    if folder.exists() and not folder.is_dir():
        message = f"{folder} is a file; name a new folder: livrev demo DIR"
        raise Usage(message)
    if folder.exists() and any(folder.iterdir()):
        message = f"{folder} is not empty; name a new folder: livrev demo DIR"
        raise Usage(message)


def _first_update(review: Review, clock: Callable[[], datetime]) -> tuple[Updated, Extracted]:
    with StandIn(Corpus.from_xml(reference.corpus_file())) as standin:
        settings = NetworkSettings(base_url=standin.url)
        with clients(review.protocol, settings) as asked:
            updated = update(review, asked, clock, _stamp(clock, "livrev", "demo: update"))
    for number, decided in enumerate(reference.decisions(), 1):
        _decide(review, decided, f"demo-{number}", _stamp(clock, decided.reviewer, f"demo: {decided.stage}"))
    return updated, extract(
        review, reference.new_study_file(), "demo-a", _stamp(clock, "demo-a", "demo: extract")
    )


def _decide(review: Review, decided: reference.Decided, uid: str, stamp: Stamp) -> None:
    report_number = records.by_identifier(review.sql, decided.record)
    if report_number is None:
        message = f"the demonstration's record {decided.record} is not in the store"
        raise Usage(message)
    match decided.stage:
        case "retrieval":
            attempt = fulltext.Attempt(
                report_number, decided.reviewer, Retrieval(decided.decision), decided.note
            )
            fulltext.note_fulltext(review, attempt, stamp)
        case "resolve-abstract" | "resolve-fulltext":
            settled = conflicts.Decided(
                uid=uid,
                report=report_number,
                reviewer=decided.reviewer,
                decision=Decision(decided.decision),
                note=decided.note,
                stage=Stage(decided.stage.removeprefix("resolve-")),
                reason=decided.reason,
            )
            conflicts.resolve(review, settled, stamp)
        case stage:
            ballot = vote.Ballot(
                uid=uid,
                report=report_number,
                reviewer=decided.reviewer,
                decision=Decision(decided.decision),
                stage=Stage(stage),
                reason=decided.reason,
                note=decided.note,
            )
            vote.vote(review, ballot, stamp)


def _stamp(clock: Callable[[], datetime], by: str, command: str) -> Stamp:
    return Stamp(clock(), by, command)
