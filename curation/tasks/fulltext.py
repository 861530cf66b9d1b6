"""Notes what became of the attempt to get a full text; a file is kept in ``fulltext/``."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from curation.errors import Refused, Usage
from curation.protocol import Protocol
from curation.store import fulltexts, records
from curation.store.connect import Stamp
from curation.store.fulltexts import FullText
from curation.tasks.keep import keep
from curation.tasks.queue import settle_report
from curation.tasks.review import Review
from curation.tasks.vote import open_state
from screening.flow import Place, Retrieval

FOLDER = "fulltext"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one full text: a ``file``, a ``link``, or a ``note`` why it could not be had.

    ``sha256``: the hash that the file must still have when it is kept; empty for any.
    """

    report: int
    reviewer: str
    outcome: Retrieval
    note: str = ""
    file: Path | None = None
    link: str = ""
    sha256: str = ""


def note_fulltext(review: Review, attempt: Attempt, stamp: Stamp) -> None:
    """Store it. A later note replaces an earlier one in the flow; both stay in the store.

    The file is kept first: killed before the row, the store is as it was, and the same command completes it.
    Raises Refused when the report has not passed title/abstract, Usage for an unknown person or report or a
    missing reason, BadInput for a file that cannot be read.
    """
    review.person(attempt.reviewer)
    if attempt.outcome is Retrieval.NOT_RETRIEVED and not attempt.note.strip():
        message = "say why the full text could not be had: --not-retrieved WHY"
        raise Usage(message)
    check_sought(review.sql, review.protocol, attempt.report)
    name, sha256 = "", ""
    if attempt.file is not None:
        name, sha256 = keep(attempt.file, review.folder / FOLDER, attempt.sha256)
    with review.change(stamp) as change:
        check_sought(change.sql, review.protocol, attempt.report)
        noted = FullText(attempt.outcome, name, sha256, attempt.link, attempt.note)
        fulltexts.add(change, attempt.report, noted)
        settle_report(change, review.protocol, attempt.report)


def check_sought(sql: sqlite3.Connection, protocol: Protocol, report: int) -> None:
    """Refused where the full text of the report is not sought, Usage for an unknown report."""
    records.head(sql, report)
    state = open_state(sql, protocol, report)
    if state.place in {Place.AWAITING_SCREENING, Place.EXCLUDED}:
        message = f"R{report} has not passed title/abstract; its full text is not sought"
        raise Refused(message)


def kept(folder: Path, fulltext: FullText) -> Path | None:
    """Where the file of a full text is kept in the review in ``folder``; None where it has no file."""
    if not fulltext.file_sha256:
        return None
    return folder / FOLDER / f"{fulltext.file_sha256[:8]}-{fulltext.file_name}"
