"""``livrev flow``."""

from pathlib import Path

import click

from curation.cli.common import json_option, no_file, print_json, review
from curation.errors import Usage
from curation.tasks.flow import Flow, Unreported, flow
from curation.tasks.flow_lines import flow_lines


@click.command("flow", help="PRISMA 2020 flow of the rounds since the last release, or of one round.")
@click.option("--round", "number", type=int, help="Only this round.")
@click.option(
    "--svg", "file", type=click.Path(path_type=Path, dir_okay=False), help="Draw the diagram into FILE."
)
@json_option
def command(number: int | None, file: Path | None, as_json: bool) -> None:
    if file is not None and as_json:
        message = "ask for the drawing or for JSON: --svg FILE or --json"
        raise Usage(message)
    with review() as open_review:
        found = flow(open_review, number)
        title = f"PRISMA 2020 flow diagram: {open_review.protocol.review.title}"
    if file is not None:
        _draw(found, title, file)
    elif as_json:
        print_json(
            {
                "rounds": found.rounds,
                "reported": not isinstance(found.counts, Unreported),
                "flow": found.counts,
            }
        )
    else:
        for line in flow_lines(found):
            click.echo(line)


def _draw(found: Flow, title: str, file: Path) -> None:
    from curation.tasks.outputs import Output, flow_svg, write

    for path in write(no_file(file.parent), [Output(file.name, flow_svg(found, title))]):
        click.echo(str(path))
