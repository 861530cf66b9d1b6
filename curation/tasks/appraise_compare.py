"""Compares the finished assessments of a subject item by item, and writes a form for what is to be settled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from curation.errors import Refused, Usage
from curation.extraction.appraisal_blank import Blank, blank
from curation.extraction.assessment import Difference, differences, items, kind_of, title_of
from curation.extraction.instruments import Instrument
from curation.tasks.appraise_instruments import instrument
from curation.tasks.appraise_standing import NEEDED, Standing, Subject, standings
from curation.tasks.appraise_subjects import subjects
from curation.tasks.review import Review

NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An item on which assessors differ, with what each says and why. ``same_side``: as Y and PY do."""

    item: str
    about: str
    said: dict[str, str]
    why: dict[str, str]
    same_side: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """A subject compared. While it may not be shown, only ``waits`` is told: what has to happen first.

    ``items`` counts what was asked of any assessor; ``forms_differ`` where they finished different versions of it.
    """

    study: str
    evaluation: str
    waits: str
    assessors: tuple[str, ...] = ()
    items: int = 0
    disagreements: tuple[Disagreement, ...] = ()
    forms_differ: bool = False
    reconciled_by: str = ""


def compare(
    review: Review, name: str, study: str | None = None, evaluations: tuple[str, ...] = ()
) -> tuple[Compared, ...]:
    """The subjects on which anybody has begun, each compared where that may be shown.

    Raises Usage for an unknown instrument, study or evaluation.
    """
    tool = instrument(review, name)
    wanted = subjects(review.sql, tool, study, evaluations) if study else None
    known = standings(review.sql, review.protocol, tool.key)
    return tuple(
        _compared(tool, subject, standing)
        for subject, standing in known.items()
        if wanted is None or subject in wanted
    )


def differences_form(review: Review, name: str, study: str, evaluations: tuple[str, ...]) -> str:
    """A form with the items on which the assessors of one subject differ, and what each said.

    Raises Usage where that is not one subject, Refused where it may not be shown yet.
    """
    tool = instrument(review, name)
    about = subjects(review.sql, tool, study, evaluations)
    if len(about) != 1:
        keys = ", ".join(s.evaluation for s in about) or "none"
        message = f"differences are settled one evaluation at a time: --evaluation KEY (known: {keys})"
        raise Usage(message)
    standing = standings(review.sql, review.protocol, tool.key).get(about[0]) or Standing()
    refuse_sealed(about[0], standing)
    found = differences(tool, standing.finished_sheets)
    kinds = {kind_of(sheet) for sheet in standing.finished_sheets.values()}
    only = frozenset(d.item for d in found)
    kind = kinds.pop() if len(kinds) == 1 else ""
    keys_ = (about[0].evaluation,) if about[0].evaluation else ()
    return blank(Blank(tool, study, keys_, kind, only=only, remarks={d.item: [*_remarks(d)] for d in found}))


def refuse_sealed(subject: Subject, standing: Standing) -> None:
    """Raises Refused where the assessments of a subject may not be shown yet."""
    if not standing.shown:
        message = f"{subject}: {_waits(standing)}; nobody may see or settle differences before that"
        raise Refused(message)


def _compared(tool: Instrument, subject: Subject, standing: Standing) -> Compared:
    if not standing.shown:
        return Compared(subject.study, subject.evaluation, _waits(standing))
    sheets = standing.finished_sheets
    digests = {sealed.digest for sealed in standing.sheets.values() if sealed.digest}
    return Compared(
        study=subject.study,
        evaluation=subject.evaluation,
        waits="",
        assessors=standing.complete,
        items=len({item for sheet in sheets.values() for item in items(tool, kind_of(sheet))}),
        disagreements=tuple(_told(tool, d) for d in differences(tool, sheets)),
        forms_differ=len(digests) > 1,
        reconciled_by=standing.joint_by,
    )


def _waits(standing: Standing) -> str:
    if standing.waited_for:
        return f"{', '.join(standing.waited_for)} {'has' if len(standing.waited_for) == 1 else 'have'} not finished"
    return f"{len(standing.complete)} of {NEEDED} assessments finished"


def _told(tool: Instrument, found: Difference) -> Disagreement:
    said = {name: entry.answer if entry else NOT_ASKED for name, entry in found.said.items()}
    why = {name: entry.why for name, entry in found.said.items() if entry and entry.why}
    return Disagreement(found.item, title_of(tool, found.item), said, why, found.same_side)


def _remarks(found: Difference) -> Iterator[str]:
    for name, entry in found.said.items():
        if entry is None:
            yield f"{name}: {NOT_ASKED}"
        else:
            quote = f'"{entry.quote}"' if entry.quote else ""
            yield f"{name}: {'; '.join(t for t in (entry.answer, entry.why, entry.where, quote) if t)}"
