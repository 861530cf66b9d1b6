"""``livrev undo``."""

import click

from curation.cli.common import as_reviewer, review, stamp
from curation.tasks.vote import undo


@click.command("undo", help="Take back your last vote or resolution; again for the one before.")
@as_reviewer
def command(reviewer: str) -> None:
    with review() as open_review:
        act = undo(open_review, reviewer, stamp(reviewer))
    click.echo(f"taken back: {act.kind} {act.decision} on R{act.report} at {act.stage} by {reviewer}")
