"""``livrev search``."""

import os

import click

from curation.cli.common import clock, json_option, print_json, review, stamp
from curation.cli.update_ import print_update
from curation.errors import Exit
from curation.tasks.network import NetworkSettings, pubmed
from curation.tasks.update import preview, update


@click.command("search", help="Search one SOURCE over the network (all, if none is named).")
@click.argument("sources", metavar="[SOURCE]...", nargs=-1)
@click.option(
    "--dry-run", is_flag=True, help="Only ask how many it would find, and how PubMed reads the query."
)
@click.option("--allow-empty", is_flag=True, help="Accept no hits where there were some before.")
@json_option
def command(sources: tuple[str, ...], dry_run: bool, allow_empty: bool, as_json: bool) -> int:
    with review() as open_review, pubmed(open_review.protocol, NetworkSettings.of(os.environ)) as source:
        if dry_run:
            found = preview(open_review, source, sources)
            if as_json:
                print_json(found)
                return Exit.DONE
            for item in found:
                click.echo(f"{item.source}: would find {item.found} records; {item.known} are known")
                click.echo(f"  asked: {' '.join(item.query.split())}\n  read as: {item.translation}")
            return Exit.DONE
        done = update(open_review, source, clock, stamp(), only=sources, allow_empty=allow_empty)
    return print_update(done, as_json=as_json)
