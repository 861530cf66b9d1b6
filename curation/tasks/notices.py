"""Notices about records: listed, and decided on by a person. A notice moves nothing by itself."""

from __future__ import annotations

from collections.abc import Sequence

from curation.errors import Usage
from curation.store import notices as stored
from curation.store.connect import Stamp
from curation.store.notices import StoredNotice
from curation.tasks.review import Review
from curation.tasks.watch import watched_reports


def undecided(review: Review) -> tuple[StoredNotice, ...]:
    """Notices about included and pending reports that nobody has decided on yet, oldest first."""
    watched = watched_reports(review)
    return tuple(notice for notice in stored.undecided(review.sql) if notice.report in watched)


def decide(review: Review, numbers: Sequence[int], reviewer: str, note: str, stamp: Stamp) -> None:
    """Note what a person decided on notices; they are shown as open no longer.

    Raises Usage for an unknown notice or person, or without a note.
    """
    review.person(reviewer)
    if not note.strip():
        message = "say what was decided: --note TEXT"
        raise Usage(message)
    with review.change(stamp) as change:
        for number in numbers:
            stored.decide(change, number, note)
