"""Reconciles the finished assessments of a subject into a joint one.

Nothing is rewritten: the joint assessment is rows of its own, signed by all who assessed, or by a third who did not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from curation.errors import Refused
from curation.extraction.appraisal_form import Form, read
from curation.extraction.assessment import Sheet, agreed, differences, judgement_items, overlaid
from curation.extraction.instruments import Instrument
from curation.protocol import Protocol, Role
from curation.store import appraisals
from curation.store.appraisals import Appraised
from curation.store.connect import Stamp
from curation.tasks.appraise import Problem, known_subjects, problems, rows, subjects_of, what_lacks
from curation.tasks.appraise_compare import refuse_sealed
from curation.tasks.appraise_instruments import instrument
from curation.tasks.appraise_standing import JOINT, Sealed, Standing, Subject, standings
from curation.tasks.appraise_subjects import assessable, subjects
from curation.tasks.review import Review


@dataclass(frozen=True, slots=True)
class Reconciling:
    """What is to be reconciled, and by whom: with ``partners`` all who assessed, else an adjudicator who did not.

    From a form in ``path``, which says what it is about; or, where nothing differs, by ``study`` and ``instrument``.
    """

    reviewer: str
    partners: tuple[str, ...] = ()
    path: Path | None = None
    study: str = ""
    instrument: str = ""
    evaluations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Joined:
    """What became of one subject: ``stored`` rows, or nothing while something is still ``lacking``, by item."""

    subject: Subject
    stored: int
    judgements: dict[str, str] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Work:
    """The subjects to reconcile; ``filled`` is the form that settles them, None where none is given."""

    tool: Instrument
    study: int
    about: tuple[Subject, ...]
    filled: Form | None


def reconcile(review: Review, asked: Reconciling, stamp: Stamp) -> tuple[Joined, ...]:
    """Write the joint assessment: what all said alike, and the form's answers where they differed.

    A judgement that differed only because answers did follows from the joint answers. A subject on which something
    still differs is told and left. Raises Refused where an assessment is not finished, the signatures are not those
    of all who assessed, or nothing could be reconciled; BadInput with every fault of the form; Usage for unknown words.
    """
    _signatures(review, asked)
    work = _work(review, asked)
    joined, new = _planned(review.sql, review.protocol, work, asked)
    if new:
        with review.change(stamp) as change:  # planned again, since others may have written until now
            joined, new = _planned(change.sql, review.protocol, work, asked)
            for row in new:
                appraisals.add(change, work.study, row)
    return tuple(joined)


def _signatures(review: Review, asked: Reconciling) -> None:
    """The rights of who signs; whether they are the right ones depends on the subject (see ``_refuse_unsigned``)."""
    if not asked.partners:
        review.member(asked.reviewer, Role.ADJUDICATOR)
    for name in {asked.reviewer, *asked.partners} if asked.partners else ():
        review.member(name, Role.EXTRACTOR)


def _refuse_unsigned(subject: Subject, standing: Standing, asked: Reconciling) -> None:
    who = ", ".join(standing.complete)
    if not asked.partners and asked.reviewer in standing.sheets:
        message = (
            f"{asked.reviewer} assessed {subject} and cannot settle it alone; sign with the others: --with ID"
        )
        raise Refused(message)
    if asked.partners and {asked.reviewer, *asked.partners} != {*standing.complete}:
        message = (
            f"{subject}: is reconciled by everybody who assessed it ({who}), or by an adjudicator who did not"
        )
        raise Refused(message)


def _work(review: Review, asked: Reconciling) -> _Work:
    if asked.path is not None:
        filled = read(asked.path, lambda name: instrument(review, name))
        study = known_subjects(review.sql, filled)
        return _Work(filled.instrument, study.id, subjects_of(filled), filled)
    tool = instrument(review, asked.instrument)
    about = subjects(review.sql, tool, asked.study, asked.evaluations)
    found = assessable(review.sql, asked.study)
    known = standings(review.sql, review.protocol, tool.key)
    if not asked.evaluations:  # of a whole study, what is ready
        about = tuple(s for s in about if s in known and known[s].shown and known[s].joint is None)
    if not about or found is None:
        message = f"{asked.study}: no assessment with {tool.name} waits to be reconciled; see livrev appraise status"
        raise Refused(message)
    return _Work(tool, found.id, about, None)


def _planned(
    sql: sqlite3.Connection, protocol: Protocol, work: _Work, asked: Reconciling
) -> tuple[list[Joined], list[Appraised]]:
    known = standings(sql, protocol, work.tool.key)
    joined, new, faults = list[Joined](), list[Appraised](), list[Problem]()
    for subject in work.about:
        standing = known.get(subject) or Standing()
        refuse_sealed(subject, standing)
        _refuse_unsigned(subject, standing, asked)
        sheet, left = _joint(work, standing)
        if work.filled is not None:
            faults += problems(work.filled, sheet)
        rows_ = [] if left else _rows(work.tool, subject, standing, _by(asked), sheet)
        judged = {item: sheet[item].answer for item in judgement_items(work.tool) if item in sheet}
        joined.append(Joined(subject, len(rows_), judged, left))
        new += rows_
    if work.filled is not None and faults:
        raise work.filled.refused(dict.fromkeys(faults))
    if all(one.lacking for one in joined):
        raise _nothing(joined)
    return joined, new


def _joint(work: _Work, standing: Standing) -> tuple[Sheet, dict[str, str]]:
    """The joint sheet, and what it lacks; a later reconciliation builds on the one in force."""
    tool, said = work.tool, work.filled.said if work.filled else {}
    if standing.joint is not None:
        sheet = overlaid(tool, standing.joint, said)
        return sheet, what_lacks(tool, sheet)
    sheets = standing.finished_sheets
    sheet = overlaid(tool, agreed(tool, sheets), said)
    open_ = _to_be_said(tool, sheets) - said.keys()
    settled = {item: entry for item, entry in sheet.items() if item not in open_}
    return settled, what_lacks(tool, settled)


def _to_be_said(tool: Instrument, sheets: Mapping[str, Sheet]) -> set[str]:
    """Differences that no rule settles: all but those of judgements that only followed different answers."""
    judgements = judgement_items(tool)
    return {
        d.item
        for d in differences(tool, sheets)
        if d.item not in judgements or any(entry and entry.why for entry in d.said.values())
    }


def _rows(tool: Instrument, subject: Subject, standing: Standing, by: str, sheet: Sheet) -> list[Appraised]:
    """New rows of the joint sheet; one that was not in force is marked as finished anew, which makes it so."""
    before = standing.joints.get(by) or Sealed({}, "")
    if standing.joint_by != by:
        before = replace(before, digest="")
    return rows(tool, subject, f"{JOINT}{by}", before, sheet)


def _by(asked: Reconciling) -> str:
    return "+".join(sorted({asked.reviewer, *asked.partners}))


def _nothing(joined: Sequence[Joined]) -> Refused:
    told = "; ".join(f"{one.subject}: {', '.join(one.lacking)}" for one in joined)
    message = f"still to be settled on {told}; livrev appraise form --differences writes a form for it, nothing was stored"
    return Refused(message)
