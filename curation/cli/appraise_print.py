"""Assessments as lines on a terminal and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import click

from curation.cli.common import counted
from curation.report.appraisal_tables import Panel
from curation.tasks.appraise import Answered
from curation.tasks.appraise_compare import Compared, Disagreement
from curation.tasks.appraise_instruments import Known
from curation.tasks.appraise_reconcile import Joined
from curation.tasks.appraise_status import Line, State


def print_instrument(known: Known) -> None:
    """An instrument on one line."""
    one = known.instrument
    whose = "\tof this review" if known.own else ""
    what = f"{counted(len(one.domains), 'domain')}, {counted(len(one.questions), 'question')}"
    click.echo(f"{one.name}\t{one.year}\tper {one.unit}\t{what}\t{one.link}{whose}")


def plain_instrument(known: Known) -> dict[str, object]:
    """An instrument for JSON, whole."""
    return {"key": known.instrument.key, "own": known.own, **asdict(known.instrument)}


def print_answered(one: Answered, assessor: str, *, dry_run: bool) -> None:
    """What a form came to: to its assessor, on standard error what still lacks."""
    done = "finished" if not one.lacking else f"{counted(len(one.lacking), 'item')} still to be answered"
    kept = f"{one.stored} {'to store' if dry_run else 'stored'}" if one.stored else "nothing new"
    click.echo(f"{one.subject}: {kept}, {done}, by {assessor}")
    for item, judgement in one.derived.items():
        click.echo(f"  {item}: {judgement}, as the answers give it", err=True)
    for item, said in one.lacking.items():
        click.echo(f"  {item} lacks: {said}", err=True)


def print_status(lines: Sequence[Line]) -> None:
    """A line a subject, and how many are how far."""
    for line in lines:
        click.echo("\t".join(_status_row(line)))
    if not lines:
        click.echo("no assessment yet: livrev appraise form STUDY --instrument NAME -o FILE", err=True)
        return
    counts = (f"{sum(line.state is state for line in lines)} {state}" for state in State)
    click.echo(f"livrev: {', '.join(counts)}", err=True)


def _status_row(line: Line) -> tuple[str, ...]:
    people = [f"{who} finished" for who in line.finished] + [f"{who} has begun" for who in line.begun]
    said = f"by {line.reconciled_by}" if line.reconciled_by else ", ".join(people)
    own = [f"yours lacks {line.lacking}"] if line.lacking else []
    left = [] if line.included else ["not included any more"]
    about = f"{line.study} {line.evaluation}".strip()
    return (line.instrument, about, str(line.state), said, *own, *left)


def print_compared(one: Compared) -> None:
    """A subject with each item that differs; while that may not be shown, what it waits for."""
    about = f"{one.study} {one.evaluation}".strip()
    if one.waits:
        click.echo(f"{about}\t{one.waits}")
        return
    settled = f", reconciled by {one.reconciled_by}" if one.reconciled_by else ""
    differ = f"{len(one.disagreements)} of {counted(one.items, 'item')} differ"
    click.echo(f"{about}\t{' and '.join(one.assessors)}: {differ}{settled}")
    for found in one.disagreements:
        click.echo(f"  {_disagreement(found)}")
    if one.forms_differ:
        click.echo(f"livrev: warning: {about}: finished on different versions of the form", err=True)


def _disagreement(found: Disagreement) -> str:
    said = "\t".join(
        f"{name}: {answer}{f' ({_line(found.why[name])})' if name in found.why else ''}"
        for name, answer in found.said.items()
    )
    return f"{found.item}\t{said}\t{found.about}{' (same side)' if found.same_side else ''}"


def print_joined(one: Joined) -> None:
    """What became of a subject that was to be reconciled."""
    if one.lacking:
        said = "; ".join(f"{item} {text}" for item, text in one.lacking.items())
        click.echo(f"livrev: warning: {one.subject}: not reconciled, still to be settled: {said}", err=True)
        return
    judged = ", ".join(f"{item} {judgement}" for item, judgement in one.judgements.items())
    click.echo(f"{one.subject}: {'reconciled' if one.stored else 'nothing new'}: {judged}")


def plain_panel(panel: Panel) -> dict[str, object]:
    """The judgements for JSON: columns, and a line a study."""
    return {
        "title": panel.title,
        "levels": panel.levels,
        "columns": [asdict(column) for column in panel.columns],
        "lines": [{"label": line.label, "judgements": dict(line.judgements)} for line in panel.lines],
        "notes": panel.notes,
    }


def _line(text: str) -> str:
    return " ".join(text.split())
