"""``livrev dedupe``."""

import click

from curation.cli.common import json_option, print_json, review, stamp
from curation.tasks.dedupe import deduplicate


@click.command("dedupe", help="Judge duplicates by rule over the whole store; run again, it changes nothing.")
@json_option
def command(as_json: bool) -> None:
    with review() as open_review:
        done = deduplicate(open_review, stamp())
    if as_json:
        print_json(done)
        return
    click.echo(
        f"{done.judged} pairs judged, {done.moved} records moved, {done.unsure} pairs wait for a person"
    )
