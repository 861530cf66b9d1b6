"""Deciding cell by cell on a terminal: 1 or 2 takes what the one or the other entered; every decision is stored at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import click

from curation.cli.extract_lines import Lines
from curation.cli.extract_print import sides
from curation.errors import BadInput, Usage
from curation.store.connect import Stamp
from curation.tasks import extract_reconcile as task
from curation.tasks.extract_compare import Judged, comparison
from curation.tasks.extract_reconcile import Judge, Reconciled, Ruled
from curation.tasks.review import Review

KEYS = "1 or 2 takes that entry, = VALUE says another, - leaves it empty, s skips, q leaves"
ROW_KEYS = "k keeps the row, d leaves it out, s skips, q leaves"
_PAIRS = {"keep": True, "drop": False, "nothing": None}


def ruled(field: str, row: str, said: Mapping[str, str | bool | None], note: str) -> Ruled:
    """The decision that the options of the command say.

    Raises Usage unless exactly one does.
    """
    given = [name for name, value in said.items() if value not in (None, False)]
    if len(given) != 1:
        message = "say one of: --value TEXT, --nothing, --keep, --drop"
        raise Usage(message)
    value = said["value"]
    return Ruled(field, row, _PAIRS[given[0]] if given[0] in _PAIRS else str(value), note)


class Decisions:
    """The open cells of a study, one after the other."""

    def __init__(self, review: Review, study: str, judge: Judge, stamp: Callable[[], Stamp]) -> None:
        self._review = review
        self._study = study
        self._judge = judge
        self._stamp = stamp
        self._lines = Lines()
        self._skipped: set[object] = set()

    def run(self, done: Reconciled) -> Reconciled:
        """Ask until nothing is open that was not skipped; gives where that leaves the study."""
        while (one := self._next(done)) is not None:
            said = self._ask(one)
            if said is None:
                break
            if isinstance(said, Ruled):
                done = self._stored(said, done)
        return done

    def _next(self, done: Reconciled) -> Judged | None:
        return next((j for j in done.open if j.compared.cell not in self._skipped), None)

    def _ask(self, one: Judged) -> Ruled | bool | None:
        """A decision, True where the cell was skipped, None to leave."""
        found, cell = comparison(self._review, self._study), one.compared.cell
        whole_row = found.form.table(cell.path) is not None
        first, second = sides(found, one)
        click.echo(
            f"\n{one.compared.label} [{cell.path}{' of ' + cell.row if cell.row else ''}]: {one.compared.standing}"
        )
        click.echo(f"  1  {first}\n  2  {second}\n{ROW_KEYS if whole_row else KEYS}")
        while (key := self._lines.next("decide")) not in ("q", None):
            if key == "s":
                self._skipped.add(cell)
                return True
            said = _row(one, key or "") if whole_row else _cell(one, key or "")
            if said is not None:
                return replace(said, note=self._lines.next("note (may be empty)") or "")
            click.echo(f"no such key: {key!r}")
        return None

    def _stored(self, said: Ruled, done: Reconciled) -> Reconciled:
        try:
            return task.reconcile(self._review, self._study, self._judge, said, self._stamp())
        except (BadInput, Usage) as refused:
            click.echo(f"not stored: {refused.message}")
            return done


def _row(one: Judged, key: str) -> Ruled | None:
    said = {"k": True, "d": False}.get(key)
    return None if said is None else Ruled(one.compared.cell.path, one.compared.cell.row, said)


def _cell(one: Judged, key: str) -> Ruled | None:
    cell, entered = one.compared.cell, {"1": one.compared.first, "2": one.compared.second}
    if key in entered:
        side = entered[key]
        return Ruled(cell.path, cell.row, side.text if side else None)
    if key.startswith("="):
        return Ruled(cell.path, cell.row, key[1:].strip())
    return Ruled(cell.path, cell.row, None) if key == "-" else None
