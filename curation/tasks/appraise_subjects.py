"""What there is to assess: the included studies, or their evaluations, as an instrument's unit says."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from curation.errors import Usage
from curation.extraction.instruments import Instrument, Unit
from curation.model import Evaluation
from curation.store import studies
from curation.tasks.appraise_standing import Subject
from curation.tasks.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Assessable:
    """A study in the store and its evaluations, by key."""

    id: int
    key: str
    evaluations: dict[str, Evaluation]


def assessable(sql: sqlite3.Connection, study: str) -> Assessable | None:
    """The study of this key, if it is in the store."""
    row = next((s for s in studies.studies(sql) if s.key == study), None)
    if row is None:
        return None
    return Assessable(row.id, row.key, {e.key: e for e in studies.evaluations(sql) if e.study == study})


def subjects(
    sql: sqlite3.Connection, instrument: Instrument, study: str, evaluations: tuple[str, ...]
) -> tuple[Subject, ...]:
    """Subjects of a study by the words of a command; without ``evaluations``, all of its evaluations.

    Raises Usage for an unknown study or evaluation, and for evaluations where the whole study is assessed.
    """
    found = assessable(sql, study)
    if found is None:
        known = ", ".join(s.key for s in studies.studies(sql)) or "none yet"
        message = f"there is no study {study!r} (known: {known})"
        raise Usage(message)
    if instrument.unit is Unit.STUDY:
        if evaluations:
            message = f"{instrument.name} is about the whole study; leave --evaluation out"
            raise Usage(message)
        return (Subject(study),)
    for key in evaluations:
        if key not in found.evaluations:
            message = f"{study} has no evaluation {key!r} (known: {', '.join(found.evaluations) or 'none'})"
            raise Usage(message)
    return tuple(Subject(study, key) for key in evaluations or found.evaluations)


def included(evidence: Evidence, instrument: Instrument) -> dict[Subject, str]:
    """Subjects of the included studies with the labels that tables print, in table order."""
    found = {}
    for item in evidence.studies:
        study = item.study
        if instrument.unit is Unit.STUDY:
            found[Subject(study.key)] = study.label
        else:
            found |= {Subject(study.key, e.key): f"{study.label}, {e.key}" for e in study.evaluations}
    return found
