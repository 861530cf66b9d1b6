"""How far the assessments of a study or an evaluation are: who has begun, who has finished, what was reconciled.

An assessor's answers are nobody else's to see until two assessors have finished, and everybody who has begun and is
still there. From then on the assessments stay as they are; what changes later is the reconciliation.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from curation.extraction.assessment import Entry, Sheet
from curation.extraction.instruments import COMPLETE
from curation.protocol import Protocol, Role
from curation.store import appraisals

NEEDED = 2  # independent assessments
JOINT = "reconciled:"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """What is assessed: a study, or one evaluation of it."""

    study: str
    evaluation: str = ""

    def __str__(self) -> str:
        """As it is printed: ``hu-2024 egfr-status/apparent``."""
        return f"{self.study} {self.evaluation}".strip()


@dataclass(frozen=True, slots=True)
class Sealed:
    """One assessor's sheet; ``digest`` is that of the form it was finished on, empty while it is not finished."""

    sheet: Sheet
    digest: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The assessments of one subject. ``waited_for`` are active people who have begun and not finished.

    ``joints`` are the reconciled sheets by who signed them (``ana+ben``); that of ``joint_by`` is in force.
    """

    sheets: Mapping[str, Sealed] = field(default_factory=dict)
    waited_for: tuple[str, ...] = ()
    joints: Mapping[str, Sealed] = field(default_factory=dict)
    joint_by: str = ""

    @property
    def joint(self) -> Sheet | None:
        """The reconciled sheet in force; None while there is none."""
        return self.joints[self.joint_by].sheet if self.joint_by else None

    @property
    def complete(self) -> tuple[str, ...]:
        """Who has finished."""
        return tuple(name for name, sealed in self.sheets.items() if sealed.digest)

    @property
    def shown(self) -> bool:
        """Whether the assessors may see each other's answers."""
        finished = len(self.complete) >= NEEDED and not self.waited_for
        return finished or self.joint is not None

    @property
    def finished_sheets(self) -> dict[str, Sheet]:
        """The finished sheets by assessor. Told to nobody while not ``shown``."""
        return {name: sealed.sheet for name, sealed in self.sheets.items() if sealed.digest}


def standings(sql: sqlite3.Connection, protocol: Protocol, instrument: str) -> dict[Subject, Standing]:
    """The standing of every subject on which anybody has begun, with the instrument of this key.

    Subjects and people stand in alphabetical order: that of rows would tell who changed their mind, and when.
    """
    rows: dict[Subject, dict[str, dict[str, appraisals.Appraised]]] = defaultdict(lambda: defaultdict(dict))
    for row in appraisals.appraised(sql, instrument):
        rows[Subject(row.study, row.evaluation)][row.by][row.item] = row
    active = {person.id for person in protocol.with_role(Role.EXTRACTOR)}
    return {subject: _standing(by, active) for subject, by in sorted(rows.items())}


def _standing(by: Mapping[str, Mapping[str, appraisals.Appraised]], active: set[str]) -> Standing:
    sheets = {name: _sealed(items) for name, items in sorted(by.items()) if not name.startswith(JOINT)}
    waited = tuple(name for name, sealed in sheets.items() if not sealed.digest and name in active)
    signed = {name.removeprefix(JOINT): items for name, items in by.items() if name.startswith(JOINT)}
    newest = max(signed, key=lambda name: signed[name][COMPLETE].id, default="")
    return Standing(sheets, waited, {name: _sealed(items) for name, items in signed.items()}, newest)


def _sealed(items: Mapping[str, appraisals.Appraised]) -> Sealed:
    sheet = {
        item: Entry(row.answer, row.why, row.where, row.quote)
        for item, row in items.items()
        if item != COMPLETE and row.answer
    }
    mark = items.get(COMPLETE)
    return Sealed(sheet, mark.answer if mark else "")
