"""Calibration rounds as lines on a terminal and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Sequence

import click

from curation.cli.agreement_print import plain, plain_agreement, print_measures
from curation.cli.common import counted
from curation.tasks.agreement_text import STAGES, percent, told
from curation.tasks.calibration_rounds import Round
from screening.agreement import Gate


def print_rounds(known: Sequence[Round]) -> None:
    """The table of rounds; of one in which somebody has still to vote, only that."""
    if not known:
        click.echo("no calibration round yet: livrev calibrate start --as ID", err=True)
        return
    click.echo("round\tstage\treports\tagreement\tkappa\tamendments\tstate")
    for one in known:
        click.echo("\t".join(_row(one)))
    for one in known:
        if one.drift is not None:
            click.echo(
                f"round {one.number}, change of percent agreement since the round before: {told(one.drift)}"
            )


def _row(one: Round) -> tuple[str, ...]:
    found = one.gate
    state = "closed" if one.closed else "open"
    if found is None:
        return (*_head(one), "-", "-", str(len(one.measured.amendments)), state)
    pairs = found.agreement.pairs if one.told else ()
    kappas = "; ".join(f"{p.first} and {p.second} {told(p.kappa)}" for p in pairs) or "-"
    share = percent(found.agreement.percent)
    return (*_head(one), share, kappas, str(len(one.measured.amendments)), state)


def _head(one: Round) -> tuple[str, str, str]:
    return str(one.number), str(one.stage), str(len(one.reports))


def print_round(one: Round) -> None:
    """One round: who has voted on how much; once it may be told, agreement and what is still to be done."""
    state = "closed" if one.closed else "open"
    people = ", ".join(one.measured.reviewers)
    click.echo(
        f"calibration round {one.number}, {STAGES[one.stage]}: {counted(len(one.reports), 'report')}, {people}; {state}"
    )
    for wait in one.waits:
        click.echo(wait)
    found = one.gate
    if found is not None:
        _print_gate(one, found)
    for text in one.measured.amendments:
        click.echo(f"amendment: {text}")
    for failure in found.failures if found else ():
        click.echo(f"not passed: {failure}")
    if one.despite:
        click.echo(f"closed despite that: {one.despite}")
    if not one.failures and not one.closed:
        click.echo(f"passed; close it: livrev calibrate close {one.number} --as ID", err=True)


def _print_gate(one: Round, found: Gate) -> None:
    if one.told:
        for pair in found.agreement.pairs:
            print_measures(pair, found.agreement.scale)
    else:
        click.echo(
            f"agreement {percent(found.agreement.percent)}; who voted what is told once all is talked over"
        )
    if found.discordant:
        talked = {r: " (discussed)" if r in one.measured.discussed else "" for r in found.discordant}
        click.echo(f"votes differ on {', '.join(f'R{r}{said}' for r, said in talked.items())}")
    if one.drift is not None:
        click.echo(f"change of percent agreement since the round before: {told(one.drift)}")


def as_plain(one: Round) -> dict[str, object]:
    """One round for JSON; ``result`` is null while nothing may be told of the votes."""
    found = one.gate
    return {
        "round": one.number,
        "stage": one.stage,
        "reports": one.reports,
        "reviewers": one.measured.reviewers,
        "closed": one.closed,
        "despite": one.despite,
        "voted": one.voted,
        "amendments": one.measured.amendments,
        "failures": one.failures,
        "drift": None if one.drift is None else plain(one.drift),
        "result": None if found is None else _result(one, found),
    }


def _result(one: Round, found: Gate) -> dict[str, object]:
    return {
        "passed": not one.failures,
        "least": found.least,
        "discordant": found.discordant,
        "undiscussed": found.undiscussed,
        "percent": plain(found.agreement.percent),
        **(plain_agreement(found.agreement) if one.told else {}),
    }
