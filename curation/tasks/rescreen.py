"""Earlier exclusions that changed criteria reopen: exactly those, listed, and set aside to be decided anew.

An exclusion is reopened by an amendment (``[[criteria.amendments]]`` of the protocol) that came after it was decided
and concerns the reason it was made for. At title and abstract a vote may give no reason: then nobody can tell, and it
is listed as such. Nothing is deleted: votes and resolutions are taken back by later rows that say why, and published
releases, which are the store up to their watermark, stay as they were.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from curation.errors import Usage
from curation.model import Decision, Stage
from curation.protocol import Amendment, Protocol
from curation.store import records
from curation.store.connect import Stamp
from curation.store.vote_history import Deciding, deciding, set_aside
from curation.tasks.places import all_places
from curation.tasks.review import Review
from screening.flow import Place
from screening.independent import SET_ASIDE

_EXCLUDED = {Place.EXCLUDED: Stage.ABSTRACT, Place.REPORT_EXCLUDED: Stage.FULLTEXT}


@dataclass(frozen=True, slots=True)
class Reopened:
    """An exclusion that the amendments up to a number reopen.

    ``reasons`` are those it was made for, as far as they were given; ``amendments`` the numbers that concern it.
    ``certain`` is false where no reason was given, so that nobody can tell whether they do.
    """

    report: int
    stage: Stage
    reasons: tuple[str, ...]
    amendments: tuple[int, ...]
    certain: bool
    label: str
    title: str


@dataclass(frozen=True, slots=True)
class _Found:
    reasons: tuple[str, ...]
    amendments: tuple[int, ...]
    certain: bool


def rescreen(review: Review, number: int, stage: Stage | None = None) -> tuple[Reopened, ...]:
    """Exclusions decided under criteria before ``number`` that its amendments reopen, oldest report first.

    Raises Usage where the protocol declares no such amendment.
    """
    _check(review.protocol, number)
    return tuple(_reopened(review.sql, review.protocol, number, stage))


def reopen(review: Review, number: int, stage: Stage | None, stamp: Stamp) -> tuple[Reopened, ...]:
    """Set the votes and resolutions of these exclusions aside, all or none; gives what was reopened.

    Done again it finds nothing left. Raises Usage as ``rescreen`` does, and for an unknown person.
    """
    review.person(stamp.by)
    _check(review.protocol, number)
    if not rescreen(review, number, stage):
        return ()
    with review.change(stamp) as change:
        found = tuple(_reopened(change.sql, review.protocol, number, stage))
        for one in found:
            set_aside(change, one.report, one.stage, f"{SET_ASIDE} {number}")
    return found


def newest(protocol: Protocol) -> int:
    """Number of the newest amendment.

    Raises Usage where there is none.
    """
    numbers = [a.number for a in protocol.criteria.amendments]
    if not numbers:
        message = "review.toml declares no amendment of the criteria; add one under [[criteria.amendments]]"
        raise Usage(message)
    return max(numbers)


def _check(protocol: Protocol, number: int) -> None:
    newest(protocol)
    known = sorted({a.number for a in protocol.criteria.amendments})
    if number not in known:
        message = (
            f"review.toml declares no amendment {number} (known: {', '.join(map(str, known))});"
            " add it under [[criteria.amendments]]"
        )
        raise Usage(message)


def _reopened(
    sql: sqlite3.Connection, protocol: Protocol, number: int, stage: Stage | None
) -> Iterator[Reopened]:
    acts = {at: _by_report(deciding(sql, at)) for at in ((stage,) if stage else Stage)}
    for item in all_places(sql, protocol):
        at, report = _EXCLUDED.get(item.placed.place), item.placed.report
        if at not in acts:
            continue
        found = _concerned(acts[at].get(report, []), at, item.placed.reason, _upto(protocol, number))
        if found:
            head = records.head(sql, report)
            yield Reopened(report, at, found.reasons, found.amendments, found.certain, head.label, head.title)


def _upto(protocol: Protocol, number: int) -> tuple[Amendment, ...]:
    return tuple(
        sorted((a for a in protocol.criteria.amendments if a.number <= number), key=lambda a: a.number)
    )


def _concerned(
    acts: Sequence[Deciding], stage: Stage, primary: str | None, amendments: Sequence[Amendment]
) -> _Found | None:
    """What of an exclusion the amendments concern; None where it stands.

    It stands where any vote on it was cast under the newest of them. The resolution speaks where there is one; at
    full text it is the primary reason that counts, at title and abstract that of any vote for exclusion.
    """
    if not acts or any(act.criteria >= amendments[-1].number for act in acts):
        return None
    speaks = [a for a in acts if a.resolution] or [a for a in acts if a.decision is Decision.EXCLUDE]
    if stage is Stage.FULLTEXT:
        speaks = [act for act in speaks if act.reason == primary]
    sure = {a.number for act in speaks for a in amendments if _concerns(a, act)}
    unsure = {a.number for act in speaks for a in amendments if _may_concern(a, act)}
    reasons = tuple(sorted({act.reason for act in speaks if act.reason}))
    return _Found(reasons, tuple(sorted(sure or unsure)), bool(sure)) if sure or unsure else None


def _concerns(amendment: Amendment, act: Deciding) -> bool:
    later = amendment.number > act.criteria
    return later and (not amendment.reasons or act.reason in amendment.reasons)


def _may_concern(amendment: Amendment, act: Deciding) -> bool:
    return amendment.number > act.criteria and act.reason is None


def _by_report(acts: Iterable[Deciding]) -> dict[int, list[Deciding]]:
    found: dict[int, list[Deciding]] = defaultdict(list)
    for act in acts:
        found[act.report].append(act)
    return found
