"""``livrev stop``."""

from dataclasses import asdict

import click

from curation.cli.common import as_reviewer, counted, json_option, print_json, review, stamp


@click.group(
    "stop",
    help="Test whether ranked screening at title/abstract may stop, and note what people decided. Nothing stops by "
    "itself, and nothing is excluded by it.",
)
def command() -> None:
    """Group of what is done about stopping."""


@command.command("check", help="Test whether screening may stop; every test is kept, whatever it says.")
@json_option
def check(as_json: bool) -> None:
    from curation.tasks.stopping import check_stopping

    with review() as open_review:
        done = check_stopping(open_review, stamp())
    if as_json:
        told = {"may_stop": done.check.may_stop, "unscreened": done.check.unscreened, "said": str(done.check)}
        print_json({**asdict(done), **told})
        return
    click.echo(f"check {done.number}, round {', '.join(map(str, done.rounds))}: {done.check}")
    for caution in done.cautions:
        click.echo(f"livrev: warning: {caution}", err=True)


@command.command(
    "now",
    help="Stop on a fresh check: reports nobody has voted on count as removed by automation, others stay to be "
    "screened.",
)
@as_reviewer
@click.option("--note", required=True, help="Why; a stop needs it.")
@click.option("--despite", default="", metavar="WHY", help="Stop though the check does not say you may.")
def now(reviewer: str, note: str, despite: str) -> None:
    from curation.tasks.stopping import stop

    with review() as open_review:
        done = stop(open_review, note, stamp(reviewer), despite)
    click.echo(f"check {done.checked.number}: {done.checked.check}")
    click.echo(
        f"stopped: {counted(len(done.removed), 'report')} stay unscreened, counted as removed by automation; "
        "livrev stop reopen puts them back"
    )


@command.command("reopen", help="Go on screening: put back every report that a stop left unscreened.")
@as_reviewer
@click.option("--note", required=True, help="Why; to go on needs it.")
def reopen(reviewer: str, note: str) -> None:
    from curation.tasks.stopping import reopen as go_on

    with review() as open_review:
        back = go_on(open_review, note, stamp(reviewer))
    click.echo(f"reopened: {counted(len(back), 'report')} to be screened again")


@command.command("status", help="The check in force, and whether it still holds; stores nothing.")
@json_option
def status(as_json: bool) -> None:
    from curation.tasks.stopping import stopping_state

    with review() as open_review:
        found = stopping_state(open_review)
    if as_json:
        print_json(found)
    elif found is None:
        click.echo("never tested; livrev stop check tests", err=True)
    else:
        stood = found.check
        click.echo(
            f"{f'stopped by {found.by} on' if found.stopped else 'not stopped; last'} check {stood.id} ({stood.at[:10]})"
        )
        click.echo(
            f"  p {stood.p:.4g} against recall below {100 * stood.target:g}%: {stood.found:,} relevant in "
            f"{stood.screened:,} of {stood.total:,} records; {stood.advice}"
        )
        if found.unscreened:
            click.echo(f"  {counted(found.unscreened, 'report')} left unscreened")
        for reason in found.stale:
            click.echo(f"  no longer valid: {reason}")
