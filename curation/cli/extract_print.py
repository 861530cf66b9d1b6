"""What ``livrev extract`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from curation.cli.common import counted, print_row
from curation.tasks.extract_compare import Comparison, Event, Judged
from curation.tasks.extract_entry import Entered
from curation.tasks.extract_form import InForce
from curation.tasks.extract_own import Progress
from curation.tasks.extract_reconcile import Reconciled
from curation.tasks.extract_study import Listed
from screening.harmless import on_one_line

NOTHING = "-"


def print_studies(found: Sequence[Listed]) -> None:
    """Studies with their reports, and how far their extraction is."""
    for one in found:
        reports = ", ".join(f"R{r}" for r in one.reports) or "no report"
        click.echo(
            f"{one.study}\t{reports}\t{_how_far(one.progress)}\t{counted(one.evaluations, 'evaluation')}"
        )
    if not found:
        click.echo("no studies; make one with: livrev extract study KEY --report REPORT --as ID", err=True)


def _how_far(state: Progress) -> str:
    if state.revealed is not None:
        return f"finished by {' and '.join(state.pair)}"
    parts = [f"{who} {'has finished' if who in state.finished else 'has begun'}" for who in state.begun]
    return ", ".join(parts) or "not begun"


def print_progress(state: Progress, alarms: Sequence[str] = ()) -> None:
    """Where a study stands after somebody finished it, what in their entries needs a look, and what is next."""
    click.echo(f"{state.study}: {_how_far(state)}")
    for said in alarms:
        click.echo(f"livrev: warning: {on_one_line(said)}", err=True)
    if state.revealed is not None:
        click.echo(f"compare the two with: livrev extract compare {state.study}", err=True)


def print_entered(done: Entered, *, would: bool = False) -> None:
    """What was stored, and what to look at again."""
    word = "would be " if would else ""
    if not done.filled and not done.emptied:
        click.echo(f"{done.study}: nothing changed")
    else:
        emptied = f", {counted(done.emptied, 'cell')} {word}emptied" if done.emptied else ""
        click.echo(f"{done.study}: {counted(done.filled, 'cell')} {word}filled in{emptied}")
    for doubt in done.doubts:
        click.echo(f"livrev: warning: {on_one_line(doubt)}", err=True)


def print_form(found: InForce) -> None:
    """The form: its fields by section, and the columns of its tables."""
    form = found.form
    used = f", number {found.number} here" if found.number else ", nothing entered under it yet"
    click.echo(f"{form.title} ({form.name}, version {form.version}{used})")
    titles = {section.id: section.title for section in form.sections}
    last = None
    for one in form.fields:
        if one.retired:
            continue
        if one.section != last:
            last = one.section
            click.echo(f"\n{titles.get(last, last)}")
        click.echo(f"  {one.id}\t{one.kind}{' (required)' if one.required else ''}\t{one.label}")
        for column in one.columns:
            if not column.retired:
                required = " (required)" if column.required else ""
                click.echo(f"    {one.id}.{column.id}\t{column.kind}{required}\t{column.label}")


def print_unread(found: Sequence[tuple[str, str]]) -> None:
    """Entries that must be made again under the form of today, by study."""
    for study, said in found:
        print_row(study, said)
    if not found:
        click.echo("every entry of yours reads under the form of today", err=True)


def print_comparison(found: Comparison, *, everything: bool) -> None:
    """Cells side by side: those that wait for a decision, or all."""
    shown = found.cells if everything else found.open
    for one in shown:
        print_row(*_line(found, one))
    agreed = sum(j.compared.standing.agreed for j in found.cells)
    click.echo(
        f"{found.study.key}: {len(found.cells)} cells, {agreed} agree, {len(found.open)} to decide", err=True
    )


def _line(found: Comparison, one: Judged) -> list[str]:
    first, second = sides(found, one)
    line = [
        one.compared.cell.path,
        one.compared.cell.row or NOTHING,
        str(one.compared.standing),
        first,
        second,
    ]
    if one.decision is not None:
        stale = "" if one.settled else " (entries changed since)"
        line.append(f"{one.decision.decided.basis}: {_value(one)}{stale}")
    return line


def sides(found: Comparison, one: Judged) -> tuple[str, str]:
    """``ana: 359`` and ``ben: -``."""
    if found.form.table(one.compared.cell.path) is not None:
        texts = [f"row {name}" if name else "no such row" for name in one.compared.names]
    else:
        texts = [side.text if side else NOTHING for side in (one.compared.first, one.compared.second)]
    return f"{found.first}: {texts[0]}", f"{found.second}: {texts[1]}"


def _value(one: Judged) -> str:
    value = one.decision.decided.value if one.decision else None
    if isinstance(value, bool):
        return "kept" if value else "left out"
    return value or NOTHING


def plain_comparison(found: Comparison) -> dict[str, Any]:
    """The comparison in JSON's types."""
    cells = []
    for one in found.cells:
        c = one.compared
        sides_ = (c.first.text if c.first else None, c.second.text if c.second else None)
        cells.append(
            {
                "field": c.cell.path,
                "row": c.cell.row,
                "label": c.label,
                "standing": str(c.standing),
                found.first: sides_[0],
                found.second: sides_[1],
                "rows": list(c.names),
                "settled": one.settled,
                "decision": one.decision.decided if one.decision else None,
            }
        )
    return {"study": found.study.key, "extractors": [found.first, found.second], "cells": cells}


def print_reconciled(done: Reconciled) -> None:
    """What is settled, what is open, and what was adopted."""
    if done.agreed:
        click.echo(f"{done.study}: {counted(done.agreed, 'cell')} settled, in which both agree")
    if done.adoption is None:
        click.echo(f"{done.study}: {counted(len(done.open), 'cell')} still to decide; nothing adopted yet")
        return
    a = done.adoption
    click.echo(
        f"{done.study}: nothing is open; adopted {counted(a.facts, 'fact')} and {counted(a.evaluations, 'evaluation')} that are new or changed"
    )
    for key in a.withdrawn:
        click.echo(f"{done.study}: {key} is no longer in the evidence")
    if a.beside:
        click.echo(
            f"livrev: warning: {done.study}: {', '.join(a.beside)} of an earlier extraction stay in the evidence beside these;"
            f" what is there twice goes with: livrev extract withdraw {done.study} --row NAME --note TEXT",
            err=True,
        )
    for key in a.without_auc:
        click.echo(f"livrev: warning: {done.study}: {key} has no AUC, so it cannot be pooled", err=True)


def print_agreement(studies: int, found: Sequence[Any]) -> None:
    """Agreement by field."""
    for one in found:
        kappa = f"{one.kappa:.2f}" if one.kappa is not None else NOTHING
        click.echo(
            f"{one.path}\t{one.agreed}/{one.cells}\t{100 * one.agreed / one.cells:.0f} %\t{kappa}\t{one.label}"
        )
    cells, agreed = sum(one.cells for one in found), sum(one.agreed for one in found)
    share = f", {100 * agreed / cells:.1f} %" if cells else ""
    click.echo(
        f"{counted(studies, 'study').replace('studys', 'studies')}: {agreed} of {cells} cells agree{share}",
        err=True,
    )


def print_history(found: Sequence[Event]) -> None:
    """What happened, in order."""
    for one in found:
        cell = f"{one.field} of {one.row}" if one.row else one.field
        note = (f"({one.note})",) if one.note else ()
        print_row(one.at, one.by, one.what, cell, one.value, *note)
    if not found:
        click.echo("nothing yet", err=True)
