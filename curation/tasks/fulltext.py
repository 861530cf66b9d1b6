"""Notes what became of the attempt to get a full text; a file is kept in ``fulltext/``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curation.errors import Refused, Usage
from curation.store import records, votes
from curation.store.connect import Stamp
from curation.tasks.keep import keep
from curation.tasks.review import Review
from curation.tasks.vote import open_state
from screening.flow import Place, Retrieval


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one full text: a ``file`` or a ``note`` (a link, or why it could not be had)."""

    report: int
    reviewer: str
    outcome: Retrieval
    note: str = ""
    file: Path | None = None


def note_fulltext(review: Review, attempt: Attempt, stamp: Stamp) -> None:
    """Store it. A later note replaces an earlier one in the flow; both stay in the store.

    Raises Refused when the report has not passed title/abstract, Usage for an unknown person or a missing
    reason, BadInput for a file that cannot be read.
    """
    review.person(attempt.reviewer)
    if attempt.outcome is Retrieval.NOT_RETRIEVED and not attempt.note.strip():
        message = "say why the full text could not be had: --not-retrieved WHY"
        raise Usage(message)
    name, sha256 = ("", "") if attempt.file is None else keep(attempt.file, review.folder / "fulltext")
    with review.change(stamp) as change:
        records.head(change.sql, attempt.report)
        state = open_state(change.sql, review.protocol, attempt.report)
        if state.place in {Place.AWAITING_SCREENING, Place.EXCLUDED}:
            message = f"R{attempt.report} has not passed title/abstract; its full text is not sought"
            raise Refused(message)
        votes.add_fulltext_event(
            change, attempt.report, attempt.outcome, note=attempt.note, file_name=name, file_sha256=sha256
        )
