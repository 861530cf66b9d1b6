"""Notes what became of the attempt to get a full text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from curation.errors import BadInput, Refused, Usage
from curation.store import records, votes
from curation.store.connect import Stamp
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
    if review.protocol.reviewer(attempt.reviewer) is None:
        known = ", ".join(r.id for r in review.protocol.reviewers if r.active)
        message = f"{attempt.reviewer!r} is no reviewer of this review (known: {known})"
        raise Usage(message)
    if attempt.outcome is Retrieval.NOT_RETRIEVED and not attempt.note.strip():
        message = "say why the full text could not be had: --note TEXT"
        raise Usage(message)
    name, sha256 = _hashed(attempt.file)
    with review.change(stamp) as change:
        records.head(change.sql, attempt.report)
        state = open_state(change.sql, review.protocol, attempt.report)
        if state.place in {Place.AWAITING_SCREENING, Place.EXCLUDED}:
            message = f"R{attempt.report} has not passed title/abstract; its full text is not sought"
            raise Refused(message)
        votes.add_fulltext_event(
            change, attempt.report, attempt.outcome, note=attempt.note, file_name=name, file_sha256=sha256
        )


def _hashed(file: Path | None) -> tuple[str, str]:
    if file is None:
        return "", ""
    try:
        return file.name, hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as problem:
        message = f"{file} cannot be read: {problem.strerror or problem}"
        raise BadInput(message) from problem
