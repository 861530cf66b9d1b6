"""One extractor's entries: each person by themselves, blind to the other until both have finished the study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation.errors import BadInput, Refused, Usage
from curation.extraction.compare import Cell
from curation.extraction.entered import lacking, place
from curation.extraction.form import Form
from curation.extraction.values import Unreadable, read_value
from curation.store import extractions
from curation.store.connect import Stamp
from curation.store.extractions import EntryRow, NewEntry
from curation.tasks.extract_form import in_force, kept
from curation.tasks.extract_own import (
    Own,
    Progress,
    Question,
    entered_by,
    own,
    progress,
    refuse_other,
    study_of,
)
from curation.tasks.review import Review


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody writes in a cell; an empty ``text`` empties it. ``origin`` says where a fault of it stands.

    ``location``, ``quote`` and ``note`` stay as they are with an unchanged text where they are None.
    """

    cell: Cell
    text: str
    location: str | None = None
    quote: str | None = None
    note: str | None = None
    via: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Entered:
    """What was stored: cells filled in or changed, cells emptied, and what an extractor should look at again."""

    study: str
    filled: int
    emptied: int
    doubts: tuple[str, ...]


def answer(one: Question, text: str, location: str | None = None, quote: str | None = None) -> Typed:
    """What is answered to a question about a cell."""
    return Typed(one.cell or Cell("", one.table), text, location, quote)


def enter(review: Review, key: str, by: str, typed: Sequence[Typed], stamp: Stamp) -> Entered:
    """Store what differs from the extractor's entries, all or nothing.

    Raises BadInput with every cell that cannot be read, Refused while the study is finished and still blind.
    """
    current = in_force(review)
    doubts = _checked(current.form, typed)
    if not changes(own(review, key, by), typed):  # nothing new: no change is recorded
        return Entered(key, 0, 0, doubts)
    with review.change(stamp) as change:
        study = study_of(change.sql, key)
        refuse_other(review, change.sql, study, by)
        _refuse_finished(progress(change.sql, study), by)
        new = changes(entered_by(change.sql, current.form, study, by), typed)
        form = kept(change, current)
        for entry in new:
            extractions.add_entry(change, study.id, form, entry)
    filled = sum(entry.standing for entry in new)
    return Entered(key, filled, len(new) - filled, doubts)


def finish(review: Review, key: str, by: str, stamp: Stamp) -> Progress:
    """Note that the extractor has finished; when the other has too, both may see what the other entered.

    Raises Refused with everything that is still to be filled in.
    """
    current = in_force(review)
    with review.change(stamp) as change:
        study = study_of(change.sql, key)
        refuse_other(review, change.sql, study, by)
        before = progress(change.sql, study)
        if by in before.finished:
            message = f"{by} has finished {key} already"
            raise Refused(message)
        lacks = lacking(current.form, entered_by(change.sql, current.form, study, by).cells)
        if lacks:
            message = f"{key} is not finished: {len(lacks)} cell{'s' if len(lacks) > 1 else ''} to mend"
            raise Refused(message, faults=lacks)
        extractions.add_finish(change, study.id, kept(change, current), finished=True)
        return progress(change.sql, study)


def take_up_again(review: Review, key: str, by: str, note: str, stamp: Stamp) -> Progress:
    """Go on with a study that one has finished and the other has not.

    Raises Refused once both have finished: later corrections are entered as such.
    """
    if not note.strip():
        message = "taking up a finished study needs a note that says why: --note TEXT"
        raise Usage(message)
    current = in_force(review)
    with review.change(stamp) as change:
        study = study_of(change.sql, key)
        refuse_other(review, change.sql, study, by)
        before = progress(change.sql, study)
        if before.revealed is not None:
            message = f"both extractors of {key} have finished; enter corrections as they are, then: livrev extract reconcile {key}"
            raise Refused(message)
        if by not in before.finished:
            message = f"{by} has not finished {key}"
            raise Refused(message)
        extractions.add_finish(change, study.id, kept(change, current), finished=False, note=note)
        return progress(change.sql, study)


def _refuse_finished(state: Progress, by: str) -> None:
    if state.revealed is None and by in state.finished:
        message = f"{by} has finished {state.study}; take it up again with: livrev extract finish {state.study} --reopen"
        raise Refused(message)


def reading(form: Form, typed: Sequence[Typed]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Faults of cells that cannot be read, and doubts about cells that can; each with its place."""
    faults, doubts = [], []
    for one in typed:
        at = f"{one.origin}: {place(one.cell)}" if one.origin else place(one.cell)
        column = form.cell(one.cell.path)
        if column is None or bool(one.cell.row) != ("." in one.cell.path):
            faults.append(f"{at}: {_no_cell(form, one.cell)}")
            continue
        try:
            value = read_value(column, one.text) if one.text.strip() else None
        except Unreadable as problem:
            faults.append(f"{at}: {problem}")
            continue
        if value and value.doubt:
            doubts.append(f"{at}: {value.doubt}")
    return tuple(faults), tuple(doubts)


def changes(mine: Own, typed: Sequence[Typed]) -> list[NewEntry]:
    """What differs from the newest entries; the last word on a cell counts."""
    known = {Cell(e.row, mine.form.today(e.field)): e for e in mine.entries}
    found = []
    for cell, one in {one.cell: one for one in typed}.items():
        entry = known.get(cell)
        now = entry if entry is not None and entry.standing else None
        new = _entry(mine.form, one, now)
        if new.standing if now is None else _said(new) != _said(now):
            found.append(new)
    return found


def _checked(form: Form, typed: Sequence[Typed]) -> tuple[str, ...]:
    faults, doubts = reading(form, typed)
    if faults:
        message = f"{len(faults)} cell{'s' if len(faults) > 1 else ''} cannot be read; nothing was stored"
        raise BadInput(message, faults=faults)
    return doubts


def _no_cell(form: Form, cell: Cell) -> str:
    if form.cell(cell.path) is None:
        from difflib import get_close_matches  # noqa: PLC0415 - some milliseconds that only a slip should cost

        near = get_close_matches(cell.path, list(form.paths()), n=1)
        table = form.table(cell.path)
        hint = (
            f"is a table; name its column, like {cell.path}.{table.columns[0].id}"
            if table
            else "there is no such field"
        )
        return hint + (f"; did you mean {near[0]}?" if near and not table else "")
    return "stands once a study, without a row" if cell.row else "stands in a row of a table; name the row"


def _said(entry: NewEntry | EntryRow) -> tuple[str, ...]:
    return (entry.text, entry.location, entry.quote, entry.note) if entry.standing else ()


def _entry(form: Form, one: Typed, now: EntryRow | None) -> NewEntry:
    column = form.cell(one.cell.path)
    text = read_value(column, one.text).text if column and one.text.strip() else ""
    stays = now if now is not None and now.text == text else None
    return NewEntry(
        row=one.cell.row,
        field=one.cell.path,
        text=text,
        location=_words(one.location, stays.location if stays else ""),
        quote=_words(one.quote, stays.quote if stays else ""),
        note=_words(one.note, stays.note if stays else ""),
        via=one.via,
        standing=bool(text),
    )


def _words(said: str | None, before: str) -> str:
    return before if said is None else " ".join(said.split())
