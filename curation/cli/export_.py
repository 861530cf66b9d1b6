"""``livrev export``."""

import sys
from pathlib import Path

import click

from curation.cli.common import counted, print_written, review, stage_of
from curation.errors import Usage
from curation.model import Stage

# As in curation.tasks.export; said here so that --help need not import the writers (a test compares them).
STATES = ("all", "to-screen", "included", "excluded", "maybe", "conflict")
FORMATS = (
    "ris", "endnote", "bibtex", "csv", "xlsx", "jsonl", "asreview", "rayyan", "covidence", "covidence-csv",
)  # fmt: skip


@click.command("export", help="Write reports for a reference manager, a spreadsheet or a screening tool.")
@click.option("--state", type=click.Choice(STATES), default="all", help="Which reports (default: all).")
@click.option("--stage", type=click.Choice([str(s) for s in Stage]), help="At this stage (default: any).")
@click.option(
    "--as",
    "reviewer",
    metavar="ID",
    help="By this reviewer's own votes; to-screen: what still wants their vote.",
)
@click.option("--round", "number", type=int, help="Only reports found first in this round.")
@click.option("--format", "name", type=click.Choice(FORMATS), default="ris", help="Form (default: ris).")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    default="-",
    help="File to write (default: -, standard output).",
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def command(  # noqa: PLR0913 - the words of the command
    state: str,
    stage: str | None,
    reviewer: str | None,
    number: int | None,
    name: str,
    output: Path,
    force: bool,
) -> None:
    from curation.tasks.export import Choice, State, export_file, export_to

    choice = Choice(State(state), stage_of(stage), reviewer, number)
    to_screen = str(output) == "-"
    if to_screen and name == "xlsx" and sys.stdout.isatty():
        message = "a spreadsheet is no text for a terminal; name a file: -o FILE"
        raise Usage(message)
    with review() as open_review:
        if to_screen:
            done = export_to(open_review, choice, name, sys.stdout.buffer)
        else:
            done = export_file(open_review, choice, name, output, overwrite=force)
    if done.path is not None:
        print_written([done.path])
    click.echo(f"livrev: {counted(done.reports, 'report')} as {name}", err=True)
