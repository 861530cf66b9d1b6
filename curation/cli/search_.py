"""``livrev search``."""

import os

import click

from curation.cli.common import clock, json_option, print_json, review, show_warnings, stamp
from curation.cli.update_ import alarm_options, allowed, print_update, progress_bar
from curation.errors import Exit
from curation.tasks.clients import clients
from curation.tasks.network import NetworkSettings
from curation.tasks.update import UpdateOptions, preview, update


@click.command("search", help="Search one SOURCE over the network (all, if none is named).")
@click.argument("sources", metavar="[SOURCE]...", nargs=-1)
@click.option(
    "--dry-run", is_flag=True, help="Only ask how many it would find, and how the source reads the query."
)
@alarm_options
@json_option
def command(sources: tuple[str, ...], dry_run: bool, as_json: bool, **flags: bool) -> int:
    show_warnings()
    allow_phrases = flags.pop("allow_phrases")
    with (
        review() as open_review,
        clients(open_review.protocol, NetworkSettings.of(os.environ), allow_phrases=allow_phrases) as asked,
        progress_bar(shown=True) as progress,
    ):
        if dry_run:
            found = preview(open_review, asked, sources)
            if as_json:
                print_json(found)
                return Exit.DONE
            for item in found:
                click.echo(f"{item.source}: would find {item.found} records; {item.known} are known")
                click.echo(f"  asked: {' '.join(item.query.split())}\n  read as: {item.translation}")
            return Exit.DONE
        options = UpdateOptions(only=sources, allowed=allowed(flags))
        done = update(open_review, asked, clock, stamp(), options, progress)
    return print_update(done, as_json=as_json)
