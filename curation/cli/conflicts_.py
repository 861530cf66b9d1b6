"""``livrev conflicts``."""

import click

from curation.cli.common import json_option, print_json, print_row, review
from curation.tasks.conflicts import conflicts


@click.command("conflicts", help="List reports whose votes disagree: who voted, not what.")
@json_option
def command(as_json: bool) -> None:
    with review() as open_review:
        found = conflicts(open_review)
    if as_json:
        print_json(found)
        return
    for item in found:
        print_row(f"R{item.report}", item.stage, ", ".join(item.voters), item.label, item.title)
    if not found:
        click.echo("no conflicts", err=True)
