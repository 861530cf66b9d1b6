"""``livrev calibrate``."""

from __future__ import annotations

import click

from curation.cli.common import as_reviewer, clock, counted, json_option, print_json, review
from curation.identifiers import report_id
from curation.model import Stage
from curation.store.connect import Stamp

number_argument = click.argument("number", metavar="N", type=int)


def stamp(reviewer: str) -> Stamp:
    """Who acts now, with the whole name of the command."""
    return Stamp(clock(), reviewer, click.get_current_context().command_path)


@click.group(
    "calibrate",
    help="Calibration rounds: everybody screens the same pilot reports, and talks, before the rest is screened.",
)
def command() -> None:
    """Group of what is done in a round."""


@command.command(
    "start", help="Draw a pilot set, some of it likely to be included, for all active screeners."
)
@click.option(
    "--size", type=click.IntRange(min=1), default=50, show_default=True, help="Reports in the pilot set."
)
@click.option(
    "--stage",
    type=click.Choice([str(s) for s in Stage]),
    default=str(Stage.ABSTRACT),
    show_default=True,
    help="Stage to calibrate.",
)
@click.option("--seed", type=int, help="Number the lots are drawn by (default: the round's number).")
@as_reviewer
def start(size: int, stage: str, seed: int | None, reviewer: str) -> None:
    from curation.tasks.calibration_start import NewRound
    from curation.tasks.calibration_start import start as begin

    with review() as open_review:
        done = begin(open_review, NewRound(size, Stage(stage), seed), stamp(reviewer))
    click.echo(
        f"calibration round {done.number} at {done.stage}: {counted(done.reports, 'report')} for {', '.join(done.reviewers)}"
    )
    click.echo(f"{done.likely} of them by {done.by}, the others by lot (seed {done.seed})", err=True)
    if done.reports < size:
        click.echo(f"no more than {done.reports} wait that nobody has voted on", err=True)


@command.command(
    "status", help="Show rounds, or round N: who has still to vote; once all have, how far they agree."
)
@click.argument("number", metavar="[N]", type=int, required=False)
@json_option
def status(number: int | None, as_json: bool) -> None:
    from curation.cli.calibrate_print import as_plain, print_round, print_rounds
    from curation.tasks.calibration_rounds import round_of, rounds

    with review() as open_review:
        known = rounds(open_review.sql, open_review.protocol)
    one = None if number is None else round_of(known, number)
    if as_json:
        print_json([as_plain(r) for r in known] if one is None else as_plain(one))
    elif one is None:
        print_rounds(known)
    else:
        print_round(one)


@command.command("discuss", help="Note that the team has talked about a report of round N.")
@number_argument
@click.argument("report")
@click.option("--note", required=True, help="What came of it.")
@as_reviewer
def discuss(number: int, report: str, note: str, reviewer: str) -> None:
    from curation.tasks import calibration

    with review() as open_review:
        calibration.discuss(open_review, number, report_id(report), note, stamp(reviewer))
    click.echo(f"calibration round {number}: noted what was said of R{report_id(report)}")


@command.command("amend", help="Note what round N changed in the criteria.")
@number_argument
@click.option("--note", required=True, help="What was changed.")
@as_reviewer
def amend(number: int, note: str, reviewer: str) -> None:
    from curation.tasks import calibration

    with review() as open_review:
        calibration.amend(open_review, number, note, stamp(reviewer))
        criteria = open_review.protocol.criteria.number
    click.echo(f"calibration round {number}: amendment noted")
    click.echo(
        f"now change review.toml: criteria.number (it is {criteria}) rises by one, and [[criteria.amendments]] says what"
        " changed and for which reasons; then livrev rescreen lists what that reopens",
        err=True,
    )


@command.command("close", help="Close round N once it is passed, or in spite of what fails.")
@number_argument
@click.option("--despite", default="", metavar="WHY", help="Why to go on although it is not passed.")
@as_reviewer
def close(number: int, despite: str, reviewer: str) -> None:
    from curation.tasks import calibration

    with review() as open_review:
        done = calibration.close(open_review, number, despite, stamp(reviewer))
    click.echo(f"calibration round {number} closed: {'not passed' if done.failures else 'passed'}")
    for failure in done.failures:
        click.echo(f"  {failure}", err=True)
