"""``livrev votes``."""

from pathlib import Path

import click

from curation.cli.common import counted, json_option, print_written, review, stage_of
from curation.errors import Usage
from curation.model import Stage


@click.command(
    "votes",
    help="Write votes in long form, one row a vote, superseded and taken-back ones too. Votes on reports that "
    "still want one, or are in conflict, are left out; with --as your own are in it.",
)
@click.option(
    "--as", "reviewer", metavar="ID", help="Also this reviewer's own on reports that wait for others."
)
@click.option("--stage", type=click.Choice([str(s) for s in Stage]), help="Only votes at this stage.")
@click.option("--round", "number", type=int, help="Only reports found first in this round.")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="File to write, as CSV; as JSON with --json."
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def command(  # noqa: PLR0913 - the words of the command
    reviewer: str | None,
    stage: str | None,
    number: int | None,
    as_json: bool,
    as_csv: bool,
    output: Path | None,
    force: bool,
) -> None:
    if as_json and as_csv:
        message = "--json and --csv exclude each other"
        raise Usage(message)
    from curation.tasks import votes_table as table
    from curation.tasks.whole_file import write_whole

    with review() as open_review:
        lines = table.votes_table(open_review, table.Asked(reviewer, stage_of(stage), number))
    if as_json:
        text = table.as_json(lines)
    else:
        text = table.as_csv(lines) if as_csv or output is not None else table.brief(lines)
    if output is None:
        click.echo(text, nl=False)
    else:
        print_written([write_whole(output, text, overwrite=force)])
    click.echo(f"livrev: {counted(len(lines), 'vote')}", err=True)
