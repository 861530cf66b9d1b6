"""Studies and the reports that tell of them: several reports of one study, one report of several studies."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from curation.errors import Refused, Usage
from curation.protocol import Role
from curation.store import adoptions, records, studies
from curation.store.connect import Change, Stamp
from curation.store.studies import Fact, StudyRow
from curation.tasks.extract_own import Progress, progress
from curation.tasks.places import report_state
from curation.tasks.review import Review
from screening.flow import Place

_KEY = re.compile(r"[a-z0-9][a-z0-9.-]*")
BASIS = "screened"


@dataclass(frozen=True, slots=True)
class Linked:
    """A study and the numbers of its reports."""

    study: str
    new: bool
    reports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A study with its reports, how far its extraction is, and how many of its evaluations are in the evidence."""

    study: str
    reports: tuple[int, ...]
    progress: Progress
    evaluations: int


def listed(review: Review) -> tuple[Listed, ...]:
    """Every study."""
    found = (
        (study, progress(review.sql, study), len(adoptions.keys(review.sql, study.id)))
        for study in studies.studies(review.sql)
    )
    return tuple(Listed(s.key, tuple(r for r, _ in s.reports), state, n) for s, state, n in found)


def link(review: Review, key: str, reports: Sequence[int], by: str, stamp: Stamp) -> Linked:
    """Say that included reports tell of a study; the study is made where there is none of this key.

    Raises Refused for a report that is not included, Usage for a key that is none.
    """
    review.member(by, Role.EXTRACTOR)
    if not _KEY.fullmatch(key):
        message = f"{key!r} is no key of a study: small letters, digits, dots and hyphens, like hu-2024"
        raise Usage(message)
    with review.change(stamp) as change:
        for report in reports:
            _refuse_not_included(review, change.sql, report)
        known = _study(change.sql, key)
        number = studies.study_id(change, key)
        for report in dict.fromkeys(reports):
            if known is None or report not in [r for r, _ in known.reports]:
                studies.link(change, number, report, BASIS)
        if known is None:
            _head(change, number, reports[0])
        return _linked(change.sql, key, new=known is None)


def unlink(review: Review, key: str, report: int, by: str, stamp: Stamp) -> Linked:
    """Say that a report tells of a study no more.

    Raises Refused when it did not, or when it is the study's last.
    """
    review.member(by, Role.EXTRACTOR)
    with review.change(stamp) as change:
        known = _study(change.sql, key)
        basis = dict(known.reports).get(report) if known else None
        if known is None or basis is None:
            message = f"R{report} is no report of {key!r}; livrev extract lists the studies and their reports"
            raise Refused(message)
        if len(known.reports) == 1:
            message = f"R{report} is the last report of {key}; withdraw its evaluations instead: livrev extract withdraw {key}"
            raise Refused(message)
        adoptions.unlink(change, known.id, report, basis)
        return _linked(change.sql, key, new=False)


def _study(sql: sqlite3.Connection, key: str) -> StudyRow | None:
    return next((s for s in studies.studies(sql) if s.key == key), None)


def _linked(sql: sqlite3.Connection, key: str, *, new: bool) -> Linked:
    found = _study(sql, key)
    return Linked(key, new, tuple(report for report, _ in found.reports) if found else ())


def _refuse_not_included(review: Review, sql: sqlite3.Connection, report: int) -> None:
    if any(basis == "published" for s in studies.studies(sql) for r, basis in s.reports if r == report):
        return
    state = report_state(sql, review.protocol, report)
    if state is None:
        message = f"there is no report R{report}; livrev status lists what there is"
        raise Usage(message)
    if state.place is not Place.INCLUDED:
        message = f"R{report} is not included ({state.place}); decide on it first"
        raise Refused(message)


def _head(change: Change, study: int, report: int) -> None:
    """What tables call the study, from its first report, after the studies that are there."""
    head = records.head(change.sql, report)
    positions = [
        fields["position"].value for fields in studies.facts(change.sql).values() if "position" in fields
    ]
    last = max((p for p in positions if isinstance(p, int)), default=0)
    facts = {
        "first_author": head.authors[0].family if head.authors else f"R{report}",
        "authors": max(1, len(head.authors)),
        "year": head.year or 0,
        "position": last + 1,
    }
    for name, value in facts.items():
        studies.add_fact(change, study, name, Fact(value, ""))
