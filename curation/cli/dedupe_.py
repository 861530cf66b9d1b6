"""``livrev dedupe``."""

import click

from curation.cli.common import counted, json_option, print_duplicates, print_json, review, stamp
from curation.tasks.dedupe import deduplicate


@click.command("dedupe", help="Judge duplicates by rule over the whole store; run again, it changes nothing.")
@json_option
def command(as_json: bool) -> None:
    with review() as open_review:
        done = deduplicate(open_review, stamp())
    if as_json:
        print_json(done)
        return
    click.echo(f"{counted(done.judged, 'pair')} newly judged")
    print_duplicates(done.moved, done.unsure)
