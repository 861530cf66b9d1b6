"""Agreement as lines on a terminal and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Sequence

import click

from curation.cli.common import counted
from curation.tasks.agreement import By, Group, Question, StageAgreement
from curation.tasks.agreement_text import STAGES, percent, told
from screening.agreement import Agreement, Drift, Estimate, Interval, PairAgreement, Scale, Undefined


def print_agreement(found: Sequence[StageAgreement], question: Question) -> None:
    """Every stage: tables and measures of pairs, or a line for each group and pair."""
    for stage in found:
        if stage.undefined:
            click.echo(f"{STAGES[stage.stage]}: agreement is {stage.undefined}")
        for group in stage.groups:
            print_group(f"{STAGES[stage.stage]}, {group.name}", group, tables=question.by is By.PAIR)
        _aside(stage, question)


def print_group(name: str, group: Group, *, tables: bool) -> None:
    """One group under its name."""
    found = group.agreement
    still = " (open: more reports may come)" if group.open else ""
    click.echo(f"{name}: {counted(found.reports, 'report')} with two votes or more{still}")
    for pair in found.pairs:
        if tables and pair.table.n:
            _table(pair, found.scale)
        print_measures(pair, found.scale)
    if len(found.pairs) > 1:
        click.echo(f"  all: {found.unanimous} of {found.reports} alike ({percent(found.percent)})")
        click.echo(f"    Fleiss' kappa {told(found.fleiss)}, Krippendorff's alpha {told(found.alpha)}")
    if group.drift is not None:
        click.echo(f"  change of percent agreement since the one before: {told(group.drift)}")


def _table(pair: PairAgreement, scale: Scale) -> None:
    heads = [f"{pair.second}: {name}" for name in scale.names]
    names = [f"{pair.first}: {name}" for name in scale.names]
    wide = max(map(len, names))
    click.echo(f"  {'':{wide}}  " + "  ".join(heads))
    for name, row in zip(names, pair.table.counts, strict=True):
        cells = "  ".join(f"{n:>{len(head)}}" for n, head in zip(row, heads, strict=True))
        click.echo(f"  {name:{wide}}  {cells}")


def print_measures(pair: PairAgreement, scale: Scale) -> None:
    """Every measure of a pair, in five lines; one where no report has votes of both."""
    if not pair.table.n:
        click.echo(f"  {pair.first} and {pair.second}: {pair.percent}")
        return
    agreed = f"{pair.table.agreed} of {pair.table.n} alike ({percent(pair.percent)})"
    click.echo(f"  {pair.first} and {pair.second}: {agreed}")
    each = ", ".join(f"{name} {percent(s)}" for name, s in zip(scale.names, pair.specific, strict=True))
    click.echo(f"    agreement on {each}")
    click.echo(f"    kappa {told(pair.kappa)}")
    click.echo(f"    PABAK {told(pair.pabak)}, AC1 {told(pair.ac1)}")
    click.echo(f"    prevalence index {told(pair.prevalence)}, bias index {told(pair.bias)}")


def _aside(stage: StageAgreement, question: Question) -> None:
    """What is in none of the numbers."""
    where = STAGES[stage.stage]
    if question.by is not By.CALIBRATION and stage.piloted:
        click.echo(
            f"{where}: {counted(stage.piloted, 'report')} of calibration rounds left out (--by calibration)",
            err=True,
        )
    if stage.single:
        click.echo(
            f"{where}: {counted(stage.single, 'report')} without every vote, or needing only one", err=True
        )
    if stage.conflicts:
        click.echo(
            f"{where}: {counted(stage.conflicts, 'report')} in conflict left out until settled; till then the numbers are too high",
            err=True,
        )
    if not stage.groups and not stage.undefined:
        click.echo(f"{where}: nothing to measure yet", err=True)


def as_plain(stage: StageAgreement) -> dict[str, object]:
    """One stage for JSON; what is undefined is an object that says why."""
    return {
        "stage": stage.stage,
        "single": stage.single,
        "piloted": stage.piloted,
        "conflicts": stage.conflicts,
        "undefined": stage.undefined.reason if stage.undefined else None,
        "groups": [_group(group) for group in stage.groups],
    }


def _group(group: Group) -> dict[str, object]:
    drift = None if group.drift is None else plain(group.drift)
    return {"name": group.name, "open": group.open, "drift": drift, **plain_agreement(group.agreement)}


def plain_agreement(found: Agreement) -> dict[str, object]:
    """The measures of a team for JSON."""
    return {
        "reports": found.reports,
        "unanimous": found.unanimous,
        "percent": plain(found.percent),
        "fleiss": plain(found.fleiss),
        "alpha": plain(found.alpha),
        "categories": found.scale.names,
        "pairs": [_pair(pair) for pair in found.pairs],
    }


def _pair(pair: PairAgreement) -> dict[str, object]:
    return {
        "reviewers": (pair.first, pair.second),
        "table": pair.table.counts,
        "reports": pair.table.n,
        "agreed": pair.table.agreed,
        "percent": plain(pair.percent),
        "positive": plain(pair.positive),
        "negative": plain(pair.negative),
        "specific": [plain(one) for one in pair.specific],
        "kappa": plain(pair.kappa),
        "pabak": plain(pair.pabak),
        "ac1": plain(pair.ac1),
        "prevalence": plain(pair.prevalence),
        "bias": plain(pair.bias),
    }


def plain(value: float | Estimate | Interval | Drift | Undefined) -> object:
    """A measure for JSON."""
    match value:
        case Undefined(reason):
            return {"undefined": reason}
        case Estimate():
            return {"value": value.value, "se": value.se, "interval": plain(value.interval)}
        case Drift():
            return {"difference": value.difference, "interval": plain(value.interval)}
        case Interval():
            return {"low": value.low, "high": value.high, "level": value.level}
        case _:
            return value
