"""``livrev tables``."""

from pathlib import Path

import click

from curation.cli.common import output_folder, print_written, review, to_option
from curation.tasks.outputs import write
from curation.tasks.tables import tables


@click.command("tables", help="Write Tables 1 to 4 and the pooled results as HTML, CSV and Markdown.")
@click.option("--release", metavar="VERSION", help="As they were at this release (default: now).")
@to_option
def command(release: str | None, to: Path | None) -> None:
    with review() as open_review:
        outputs = tables(open_review, release)
        files = write(output_folder(open_review, to), outputs)
    print_written(files)
