"""``livrev update``."""

import os

import click

from curation.cli.common import clock, json_option, print_json, review, stamp
from curation.errors import Exit
from curation.tasks.network import NetworkSettings, pubmed
from curation.tasks.update import Updated, update


@click.command("update", help="Search every network source, take in what is new, remove duplicates by rule.")
@click.option("--allow-empty", is_flag=True, help="Accept no hits where there were some before.")
@json_option
def command(allow_empty: bool, as_json: bool) -> int:
    with review() as open_review, pubmed(open_review.protocol, NetworkSettings.of(os.environ)) as source:
        done = update(open_review, source, clock, stamp(), allow_empty=allow_empty)
    return print_update(done, as_json=as_json)


def print_update(done: Updated, *, as_json: bool) -> int:
    """One line a source and one for duplicates; warnings to standard error. Gives the exit status."""
    if as_json:
        print_json(done)
    else:
        for s in done.sources:
            click.echo(
                f"round {done.round}: {s.source}: {s.found} found, {s.new} new, {s.gone} gone, {s.back} back"
            )
        click.echo(f"duplicates: {done.duplicates.moved} removed, {done.duplicates.unsure} wait for a person")
    for warning in done.warnings:
        click.echo(f"livrev: warning: {warning}", err=True)
    return Exit.WARNINGS if done.warnings else Exit.DONE
