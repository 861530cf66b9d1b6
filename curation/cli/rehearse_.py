"""``livrev rehearse``."""

from pathlib import Path

import click

from curation.cli.common import clock
from curation.errors import Exit
from curation.tasks.rehearse import Stage, rehearse, until_interrupted


@click.command(
    "rehearse",
    help="Serve made-up PubMed records on this machine, to try a strategy, a schedule or an update; Ctrl-C ends it.",
)
@click.option(
    "--xml",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="PubMed XML to serve (default: the reference review's first update); may be repeated.",
)
@click.option("--generate", default=500, show_default=True, metavar="N", help="Made-up records beside them.")
@click.option(
    "--term",
    default="livrev",
    show_default=True,
    help="What the made-up records are about: TERM[tiab] finds them.",
)
@click.option("--port", default=0, show_default="any that is free", metavar="P", help="Port to listen on.")
@click.option("--faults", default=0, metavar="N", help="Spoil about one request in N (default: none).")
@click.option(
    "--rate-limit", is_flag=True, help="Refuse more than NCBI's 3 requests a second (10 with a key)."
)
def command(
    files: tuple[Path, ...], generate: int, term: str, port: int, faults: int, rate_limit: bool
) -> int:
    stage = Stage(files, generate, term, port, faults, rate_limit)
    with rehearse(stage, lambda told: click.echo(told, err=True), clock) as rehearsal:
        click.echo(f"{rehearsal.records} records at {rehearsal.url}; Ctrl-C ends it", err=True)
        click.echo(rehearsal.setting)
        until_interrupted()
    return Exit.DONE
