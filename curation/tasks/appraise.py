"""Assesses risk of bias and applicability: a form to fill in, and the answers of one assessor taken in.

Two people assess each study or evaluation, each blind to the other until both have finished.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curation.errors import Refused, Usage
from curation.extraction.appraisal_blank import Blank, blank
from curation.extraction.appraisal_form import Form, read
from curation.extraction.assessment import (
    Entry,
    Sheet,
    derived,
    judgement_items,
    kind_of,
    lacking,
    overlaid,
    title_of,
    unexplained,
)
from curation.extraction.instruments import COMPLETE, Instrument, Unit
from curation.protocol import Protocol, Role
from curation.store import appraisals
from curation.store.appraisals import Appraised
from curation.store.connect import Stamp
from curation.tasks.appraise_instruments import instrument
from curation.tasks.appraise_standing import Sealed, Standing, Subject, standings
from curation.tasks.appraise_subjects import Assessable, assessable, subjects
from curation.tasks.review import Review

Problem = tuple[tuple[str | int, ...], str]  # where in a form, and what is wrong there


@dataclass(frozen=True, slots=True)
class Asked:
    """A form to be written. With ``assessor``, filled in as far as they have answered; empty ``kind``: as suits."""

    study: str
    instrument: str
    evaluations: tuple[str, ...] = ()
    kind: str = ""
    assessor: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What a form came to for one subject, told to its assessor alone.

    ``stored`` counts the rows that are new; ``derived`` are judgements taken as the answers give them, by item;
    ``lacking`` says of each item that has still to be answered what it is.
    """

    subject: Subject
    stored: int
    derived: dict[str, str]
    lacking: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Plan:
    study: int
    rows: list[Appraised]
    answered: list[Answered]


def form(review: Review, asked: Asked) -> str:
    """A form as TOML, with every question of its kind.

    Raises Usage for an unknown study, evaluation, instrument or kind, Usage or Refused for an assessor without
    the right.
    """
    tool = instrument(review, asked.instrument)
    about = subjects(review.sql, tool, asked.study, asked.evaluations)
    if asked.assessor is not None:
        review.member(asked.assessor, Role.EXTRACTOR)
    said = _own(review, tool, about[0], asked.assessor) if about and asked.assessor else {}
    keys = tuple(subject.evaluation for subject in about if subject.evaluation)
    if tool.unit is Unit.EVALUATION and not keys:
        message = f"{asked.study} has no evaluation, and {tool.name} is about evaluations; extract it first"
        raise Usage(message)
    kind = asked.kind or kind_of(said) or _suitable_kind(review.sql, tool, about)
    if kind and kind not in [k.id for k in tool.kinds]:
        known = ", ".join(k.id for k in tool.kinds) or "one only, without a name"
        message = f"{tool.name} has no kind {kind!r} (kinds: {known})"
        raise Usage(message)
    return blank(Blank(tool, asked.study, keys, kind, said))


def answer(
    review: Review, path: Path, assessor: str, stamp: Stamp, *, dry_run: bool = False
) -> tuple[Answered, ...]:
    """Take the form in ``path`` in as this assessor's; a later form replaces what it says anew, row by row.

    Raises Usage or Refused for an assessor without the right, BadInput with every fault of the form, Refused where
    the assessments have been shown or a finished one would become unfinished.
    """
    review.member(assessor, Role.EXTRACTOR)
    filled = read(path, lambda name: instrument(review, name))
    plan = _planned(review.sql, review.protocol, filled, assessor)
    if dry_run or not plan.rows:  # nothing new: no change is recorded
        return tuple(plan.answered)
    with review.change(stamp) as change:  # planned again, since others may have written until now
        plan = _planned(change.sql, review.protocol, filled, assessor)
        for row in plan.rows:
            appraisals.add(change, plan.study, row)
    return tuple(plan.answered)


def known_subjects(sql: sqlite3.Connection, filled: Form) -> Assessable:
    """The study that a form is about.

    Raises BadInput where the study or one of the evaluations is not in the store.
    """
    found = assessable(sql, filled.study)
    if found is None:
        raise filled.refused([(("study",), f"study: there is no study {filled.study!r} in the store")])
    known = ", ".join(found.evaluations) or "none"
    unknown = [
        (("evaluations",), f"evaluations: {found.key} has no evaluation {key!r} (known: {known})")
        for key in filled.evaluations
        if key not in found.evaluations
    ]
    if unknown:
        raise filled.refused(unknown)
    return found


def subjects_of(filled: Form) -> tuple[Subject, ...]:
    """What a form is about."""
    return tuple(Subject(filled.study, key) for key in dict.fromkeys(filled.evaluations or ("",)))


def problems(filled: Form, sheet: Sheet) -> Iterator[Problem]:
    """Judgements that need a rationale and have none, at their place in the form."""
    for item, rule in unexplained(filled.instrument, sheet):
        said = f"{item} ({rule.told}): {sheet[item].answer!r} needs its why"
        yield filled.at.get(item, ("judgements",)), said


def rows(tool: Instrument, subject: Subject, by: str, before: Sealed, sheet: Sheet) -> list[Appraised]:
    """What is to be stored so that ``sheet`` is in force: changed items, and judgements that fell taken back."""
    gone = [item for item in judgement_items(tool) if item in before.sheet and item not in sheet]
    new = {item: entry for item, entry in sheet.items() if before.sheet.get(item) != entry}
    entries = {**new, **dict.fromkeys(gone, Entry(""))}
    if not lacking(tool, sheet) and (before.digest != tool.digest):
        entries[COMPLETE] = Entry(tool.digest)
    return [_row(tool, subject, by, item, entry) for item, entry in entries.items()]


def _row(tool: Instrument, subject: Subject, by: str, item: str, entry: Entry) -> Appraised:
    return Appraised(
        study=subject.study,
        evaluation=subject.evaluation,
        instrument=tool.key,
        item=item,
        answer=entry.answer,
        why=entry.why,
        where=entry.where,
        quote=entry.quote,
        by=by,
    )


def what_lacks(tool: Instrument, sheet: Sheet) -> dict[str, str]:
    """Items without an entry, each with what it asks or why no default could be taken."""
    judgements = judgement_items(tool)
    return {
        item: f"{title_of(tool, item)} ({derived(tool, item, sheet).told})"
        if item in judgements
        else title_of(tool, item)
        for item in lacking(tool, sheet)
    }


def _planned(sql: sqlite3.Connection, protocol: Protocol, filled: Form, assessor: str) -> _Plan:
    tool, study = filled.instrument, known_subjects(sql, filled)
    known = standings(sql, protocol, tool.key)
    plan, found = _Plan(study.id, [], []), list[Problem]()
    for subject in subjects_of(filled):
        standing = known.get(subject) or Standing()
        _refuse_shown(subject, standing, assessor)
        before = standing.sheets.get(assessor) or Sealed({}, "")
        sheet = overlaid(tool, before.sheet, filled.said)
        found += problems(filled, sheet)
        _refuse_unfinishing(tool, subject, before, sheet)
        new = rows(tool, subject, assessor, before, sheet)
        plan.rows.extend(new)
        taken = {i: sheet[i].answer for i in judgement_items(tool) if i in sheet and i not in filled.said}
        plan.answered.append(Answered(subject, len(new), taken, what_lacks(tool, sheet)))
    if found:
        raise filled.refused(dict.fromkeys(found))
    return plan


def _refuse_shown(subject: Subject, standing: Standing, assessor: str) -> None:
    if standing.shown:
        done = " and ".join(standing.complete)
        message = (
            f"{subject}: {done} have finished, and their answers may have been seen; nothing of {assessor}'s was"
            " stored. What changes now is the reconciliation: livrev appraise reconcile"
        )
        raise Refused(message)


def _refuse_unfinishing(tool: Instrument, subject: Subject, before: Sealed, sheet: Sheet) -> None:
    left = what_lacks(tool, sheet)
    if before.digest and left:
        said = "; ".join(f"{item} {text}" for item, text in left.items())
        message = (
            f"{subject}: was finished, and with this form would lack {said}; say that too, nothing was stored"
        )
        raise Refused(message)


def _own(review: Review, tool: Instrument, subject: Subject, assessor: str) -> Sheet:
    standing = standings(review.sql, review.protocol, tool.key).get(subject)
    sealed = standing.sheets.get(assessor) if standing else None
    return sealed.sheet if sealed else {}


def _suitable_kind(sql: sqlite3.Connection, tool: Instrument, about: tuple[Subject, ...]) -> str:
    """The kind that suits all of the evaluations; empty where they differ, for the assessor to say."""
    found = assessable(sql, about[0].study) if about else None
    evaluations = found.evaluations if found else {}
    kinds = {tool.default_kind(evaluations[s.evaluation].validation) for s in about if s.evaluation}
    return kinds.pop() if len(kinds) == 1 else ""
