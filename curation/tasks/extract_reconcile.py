"""Decides where two extractors differ, one cell at a time: by both together, or by a third person.

A decision names the entries it settled. When one of them is corrected later, its cell is open again; what had been
adopted stays in the evidence until the new decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation.errors import BadInput, Refused, Usage
from curation.extraction.compare import Cell, Compared, Filled, Standing, better, same
from curation.extraction.entered import place
from curation.extraction.form import EVALUATIONS, Form, asked_columns
from curation.extraction.values import Unreadable, read_value
from curation.protocol import Role
from curation.store import adoptions, extractions
from curation.store.connect import Change, Stamp
from curation.store.extractions import NewDecision
from curation.tasks.extract_adopt import Adoption, adopt
from curation.tasks.extract_compare import WITHDRAWN, Comparison, Judged, cell_of, compared_now, decisions_now
from curation.tasks.extract_form import in_force, kept
from curation.tasks.extract_own import progress, study_of
from curation.tasks.review import Review


@dataclass(frozen=True, slots=True)
class Judge:
    """Who decides: with ``partners`` both extractors together, else an adjudicator who extracted nothing here."""

    by: str
    partners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruled:
    """A decision on a cell: its text, None where nothing is to stand, or whether a row of a table stands."""

    field: str
    row: str
    value: str | bool | None
    note: str = ""
    location: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What is still open, how many cells were settled because both agree, and what was adopted when none was left."""

    study: str
    agreed: int
    open: tuple[Judged, ...]
    adoption: Adoption | None


def settle(review: Review, key: str, by: str, stamp: Stamp) -> Reconciled:
    """Settle every cell in which both agree; adopt the study when nothing is open.

    Raises Refused before both have finished, and for somebody who is neither an extractor nor an adjudicator.
    """
    person = review.person(by)
    if not {Role.EXTRACTOR, Role.ADJUDICATOR} & set(person.roles):
        message = f"{by} is neither extractor nor adjudicator (roles: {', '.join(person.roles)}); nothing was recorded"
        raise Refused(message)
    with review.change(stamp) as change:
        return _settled(review, change, key)


def reconcile(review: Review, key: str, judge: Judge, ruled: Ruled, stamp: Stamp) -> Reconciled:
    """Decide on one cell or row; then settle and adopt as ``settle`` does.

    Raises Refused for a judge without the right, Usage for a cell nobody filled in or a missing note, BadInput for a
    value that the form does not take.
    """
    with review.change(stamp) as change:
        found = compared_now(review, change.sql, study_of(change.sql, key))
        basis, signed = _signed(review, found, judge)
        about = cell_of(found, ruled.field, ruled.row).compared
        form = kept(change, in_force(review))
        for new in _decided(found, about, ruled, basis, signed):
            extractions.decide(change, found.study.id, form, new)
        return _settled(review, change, key)


def withdraw(
    review: Review, key: str, rows: Sequence[str], by: str, note: str, stamp: Stamp
) -> tuple[str, ...]:
    """Take evaluations (none named: all) out of the evidence, as after a retraction; gives their keys.

    Raises Usage for a missing note, Refused where the study has no such evaluation.
    """
    review.member(by, Role.EXTRACTOR)
    if not note.strip():
        message = "a withdrawal needs a note that says why: --note TEXT"
        raise Usage(message)
    with review.change(stamp) as change:
        study = study_of(change.sql, key)
        there = adoptions.keys(change.sql, study.id)
        missing = [row for row in rows if row not in there]
        if missing or not there:
            message = f"{key} has no evaluation {', '.join(missing) or 'at all'} in the evidence (it has: {', '.join(there) or 'none'})"
            raise Refused(message)
        out = tuple(rows) or there
        both = progress(change.sql, study).revealed is not None
        for row in out:
            adoptions.withdraw(change, study.id, row, note)
            if both:  # so that a later adoption leaves it out
                new = NewDecision(row, EVALUATIONS, False, WITHDRAWN, (by,), (), note=note)
                extractions.decide(change, study.id, kept(change, in_force(review)), new)
        return out


def _settled(review: Review, change: Change, key: str) -> Reconciled:
    found = compared_now(review, change.sql, study_of(change.sql, key))
    agreed = [j.compared for j in found.undecided if j.compared.standing.agreed]
    if agreed:
        form = kept(change, in_force(review))
        for one in agreed:
            extractions.decide(change, found.study.id, form, _agreed(found, one))
        found = compared_now(review, change.sql, found.study)
    if found.open:
        return Reconciled(key, len(agreed), found.open, None)
    decided = {c: row.decided for c, row in decisions_now(change.sql, found.form, found.study).items()}
    return Reconciled(key, len(agreed), (), adopt(change, found, decided))


def _agreed(found: Comparison, one: Compared) -> NewDecision:
    """What a cell comes to where both mean the same: the text that says more, empty where both emptied it."""
    both = (found.first, found.second)
    column = found.form.cell(one.cell.path)
    if column is None:
        return NewDecision(one.cell.row, one.cell.path, all(one.names), "agreed", both, ())
    chosen = better(column, one)
    value = chosen.text if chosen else None
    location, quote = _where(one, chosen)
    return NewDecision(one.cell.row, one.cell.path, value, "agreed", both, one.entries, location, quote)


def _where(one: Compared, chosen: Filled | None) -> tuple[str, str]:
    """Page and quote of the chosen entry, else of the other."""
    sides = [side for side in (chosen, one.first, one.second) if side]
    return next((s.location for s in sides if s.location), ""), next((s.quote for s in sides if s.quote), "")


def _signed(review: Review, found: Comparison, judge: Judge) -> tuple[str, tuple[str, ...]]:
    pair = {found.first, found.second}
    if not judge.partners:
        review.member(judge.by, Role.ADJUDICATOR)
        if judge.by in pair:
            message = f"{judge.by} extracted {found.study.key} and cannot adjudicate it; decide together (--with ID), or ask another adjudicator"
            raise Refused(message)
        return "adjudicated", (judge.by,)
    signed = {judge.by, *judge.partners}
    for name in sorted(signed):
        review.member(name, Role.EXTRACTOR)
    if signed != pair:
        message = f"what both decide on {found.study.key} is signed by {found.first} and {found.second}"
        raise Refused(message)
    return "reconciled", tuple(sorted(signed))


def _decided(
    found: Comparison, about: Compared, ruled: Ruled, basis: str, signed: tuple[str, ...]
) -> list[NewDecision]:
    if found.form.cell(about.cell.path) is None:
        return _of_row(found, about, ruled, basis, signed)
    text = _text(found.form, about, ruled)
    chosen = next((s for s in (about.first, about.second) if s and s.text == text), None)
    location, quote = _where(about, chosen)
    new = NewDecision(
        row=about.cell.row,
        field=about.cell.path,
        value=text,
        basis=basis,
        signed_by=signed,
        entries=about.entries,
        location=ruled.location or location,
        quote=ruled.quote or quote,
        note=ruled.note,
    )
    return [new]


def _of_row(
    found: Comparison, about: Compared, ruled: Ruled, basis: str, signed: tuple[str, ...]
) -> list[NewDecision]:
    """A row kept or left out; one that a single extractor has is kept with its cells as they entered them."""
    if not isinstance(ruled.value, bool):
        message = f"{place(about.cell)} is a row; keep it or leave it out: --keep or --drop"
        raise Usage(message)
    if about.standing is Standing.SAME and not ruled.value:
        if not ruled.note.strip():
            message = f"both have {place(about.cell)}; say why it is left out with --note TEXT"
            raise Usage(message)
        basis = WITHDRAWN
    row = NewDecision(about.cell.row, about.cell.path, ruled.value, basis, signed, (), note=ruled.note)
    if about.standing is not Standing.ROW or not ruled.value:
        return [row]
    return [row, *_cells_of(found, about, basis, signed)]


def _cells_of(found: Comparison, about: Compared, basis: str, signed: tuple[str, ...]) -> list[NewDecision]:
    table = found.form.table(about.cell.path)
    columns = asked_columns(table) if table else ()
    entered = found.sheet(about.names)
    cells = (
        (f"{about.cell.path}.{c.id}", entered.get(Cell(about.cell.row, f"{about.cell.path}.{c.id}")))
        for c in columns
    )
    return [
        NewDecision(about.cell.row, path, f.text, basis, signed, (f.entry,), f.location, f.quote)
        for path, f in cells
        if f is not None
    ]


def _text(form: Form, about: Compared, ruled: Ruled) -> str | None:
    """The text that is decided on, as the form takes it; one that neither entered needs a note."""
    column = form.cell(about.cell.path)
    if isinstance(ruled.value, bool) or column is None:
        message = f"{place(about.cell)} is no row of a table; say its value"
        raise Usage(message)
    try:
        text = read_value(column, ruled.value).text if ruled.value and ruled.value.strip() else None
    except Unreadable as problem:
        message = f"{place(about.cell)}: {problem}"
        raise BadInput(message) from problem
    entered = [side.text for side in (about.first, about.second) if side]
    known = text is not None and any(same(column, text, other) for other in entered)
    if not known and not ruled.note.strip():
        message = f"{place(about.cell)}: neither entered that; say why with --note TEXT"
        raise Usage(message)
    return text
