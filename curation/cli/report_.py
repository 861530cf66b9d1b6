"""``livrev report``."""

from pathlib import Path

import click

from curation.cli.common import clock, output_folder, print_written, review, to_option
from curation.tasks.report import report


@click.command("report", help="Write report.html, the tables and the figures.")
@to_option
def command(to: Path | None) -> None:
    with review() as open_review:
        files = report(open_review, output_folder(open_review, to), clock().date())
    print_written(files)
