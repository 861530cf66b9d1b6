"""Where the assessments stand: who has begun, who has finished, what is to be compared and reconciled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from curation.protocol import Role
from curation.store import appraisals
from curation.tasks.appraise import what_lacks
from curation.tasks.appraise_instruments import instrument
from curation.tasks.appraise_standing import Standing, standings
from curation.tasks.appraise_subjects import included
from curation.tasks.evidence import evidence
from curation.tasks.review import Review


class State(StrEnum):
    """How far a subject is."""

    NOT_BEGUN = "not begun"
    BEGUN = "being assessed"
    FINISHED = "to be reconciled"
    RECONCILED = "reconciled"


@dataclass(frozen=True, slots=True)
class Line:
    """A subject under one instrument. ``included`` is false where its study has left the review.

    ``lacking`` counts what the asking assessor has still to answer; None where nobody asks, or they have not begun.
    """

    instrument: str
    study: str
    evaluation: str
    state: State
    finished: tuple[str, ...]
    begun: tuple[str, ...]
    reconciled_by: str
    included: bool
    lacking: int | None = None


def status(review: Review, name: str | None = None, assessor: str | None = None) -> tuple[Line, ...]:
    """Every included study or evaluation under one instrument, or under all that are in use.

    Only who has begun and who has finished is told; of the answers nothing, but to an ``assessor`` how many of
    their own lack. Raises Usage for an unknown instrument, Usage or Refused for an assessor without the right.
    """
    if assessor is not None:
        review.member(assessor, Role.EXTRACTOR)
    keys = (name,) if name else appraisals.instruments_used(review.sql)
    return tuple(line for key in keys for line in _lines(review, key, assessor))


def _lines(review: Review, name: str, assessor: str | None) -> Iterator[Line]:
    tool = instrument(review, name)
    known = standings(review.sql, review.protocol, tool.key)
    inside = included(evidence(review.sql, review.protocol, "now"), tool)
    for subject in (*inside, *sorted(known.keys() - inside.keys())):
        standing = known.get(subject) or Standing()
        own = standing.sheets.get(assessor) if assessor else None
        yield Line(
            instrument=tool.name,
            study=subject.study,
            evaluation=subject.evaluation,
            state=state_of(standing),
            finished=standing.complete,
            begun=tuple(who for who in standing.sheets if who not in standing.complete),
            reconciled_by=standing.joint_by,
            included=subject in inside,
            lacking=len(what_lacks(tool, own.sheet)) if own else None,
        )


def state_of(standing: Standing) -> State:
    """How far a subject of this standing is."""
    if standing.joint is not None:
        return State.RECONCILED
    if standing.shown:
        return State.FINISHED
    return State.BEGUN if standing.sheets else State.NOT_BEGUN
