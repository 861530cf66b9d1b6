"""What ``livrev pool`` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from curation.store.synthesis_runs import StoredRun
from curation.tasks.explain import Explained
from curation.tasks.integration import Criterion, Due
from curation.tasks.living import CAUTION, History, Step
from curation.tasks.pool import PooledSynthesis
from curation.tasks.sensitivity import Line, Sensitivity

_HEADS = ("analysis", "AUC", "interval", "prediction", "AUCs", "studies", "df", "")


def line(item: PooledSynthesis) -> str:
    """One synthesis over one evidence in a line."""
    head = f"{item.synthesis.title} [{item.synthesis.method}, {item.evidence}]"
    return f"{head}: {_told(item)}{_aside(item)}"


def print_sensitivity(found: Sequence[Sensitivity]) -> None:
    """A table for each synthesis, its own result first."""
    for number, one in enumerate(found):
        if number:
            click.echo()
        click.echo(f"{one.synthesis.title} [{one.synthesis.id}, {one.evidence}]")
        own = Line("", "the analysis itself", one.own)
        rows = [_HEADS, *(_cells(each) for each in (own, *one.lines))]
        widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADS) - 1)]
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, (*widths, 0), strict=True)]
            click.echo("  " + "  ".join(cells).rstrip())


def print_changes(found: Sequence[History], due: Due | None, rule: Sequence[Criterion]) -> None:
    """Every synthesis over the releases, the integration rule, and the caution."""
    for history in found:
        click.echo(history.synthesis.title)
        for step in history.steps:
            _step(step, first=step is history.steps[0])
    if due:
        click.echo(f"integration is due: since {due.since}, {due.reason}")
    elif rule:
        click.echo("integration is not due")
    for criterion in rule:
        if not due or not criterion.met:
            click.echo(f"  not met: {criterion.found} (the rule asks for {criterion.asked})")
    if not rule:
        click.echo("no integration rule to look after ([living.rule] of review.toml), or no release yet")
    click.echo(CAUTION)


def print_explained(found: Sequence[Explained]) -> None:
    """A paragraph for each pair of results."""
    for number, one in enumerate(found):
        if number:
            click.echo()
        click.echo(f"[{one.evidence}]")
        click.echo(one.paragraph)


def print_runs(found: Sequence[StoredRun]) -> None:
    """A line a run."""
    for kept in found:
        run = kept.run
        result = run.result
        said = f"not pooled: {result['refused']}" if "refused" in result else _numbers(result)
        cells = (
            kept.at,
            run.analysis or run.synthesis,
            run.evidence,
            run.inputs_sha256[:12],
            f"livrev {run.code_version}",
            said,
        )
        click.echo("\t".join(cells))
    if not found:
        click.echo("no run is kept yet; livrev pool keeps each that is new", err=True)


def _cells(each: Line) -> tuple[str, ...]:
    label = each.label
    if each.pooled is None:
        return (label, "", "", "", "", "", "", each.note)
    result, told = each.pooled.result, "; ".join((*each.pooled.warnings, *filter(None, [each.note])))
    if result is None:
        return (label, "", "", "", "", "", "", f"not pooled: {each.pooled.refused}")
    return (
        label + _marks(each.pooled),
        f"{result.estimate:.3f}",
        f"{result.low:.3f} to {result.high:.3f}",
        _prediction(each.pooled),
        str(result.k),
        str(result.studies),
        "" if each.pooled.df is None else f"{each.pooled.df:.1f}",
        told,
    )


def _marks(item: PooledSynthesis) -> str:
    return "".join(f" {mark}" for mark in "†‡" if any(w.startswith(mark) for w in item.warnings))


def _step(step: Step, *, first: bool) -> None:
    moved = "" if step.moved is None else f", {step.moved:+.3f}"
    click.echo(f"  {step.pooled.evidence}: {_told(step.pooled)}{moved}")
    if step.between:
        click.echo(f"    the evidence before, by this method: {_told(step.between)}")
    for cause in step.causes:
        click.echo(f"    {cause.kind}: {cause.what}")
    if not step.causes and not first:
        click.echo("    nothing changed")


def _told(item: PooledSynthesis) -> str:
    result = item.result
    if result is None:
        return f"not pooled: {item.refused}"
    aucs = f"{result.k} AUC{'s' if result.k != 1 else ''}"
    studies = f"{result.studies} {'studies' if result.studies != 1 else 'study'}"
    prediction = f", prediction interval {_prediction(item)}" if _prediction(item) else ""
    return (
        f"{result.estimate:.3f} ({result.low:.3f} to {result.high:.3f}) from {aucs} of {studies}{prediction}"
    )


def _prediction(item: PooledSynthesis) -> str:
    result = item.result
    if result is None or result.pi_low is None or result.pi_high is None:
        return ""
    return f"{result.pi_low:.3f} to {result.pi_high:.3f}"


def _aside(item: PooledSynthesis) -> str:
    df = () if item.df is None else (f"{item.df:.1f} degrees of freedom",)
    return "".join(f"; {said}" for said in (*df, *item.warnings))


def _numbers(result: Mapping[str, object]) -> str:
    estimate, low, high = (f"{result[name]:.3f}" for name in ("estimate", "low", "high"))
    return f"{estimate} ({low} to {high}) from {result['k']} of {result['studies']}"
