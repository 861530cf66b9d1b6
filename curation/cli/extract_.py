"""``livrev extract``."""

from pathlib import Path

import click

from curation.cli.common import as_reviewer, counted, review, stamp
from curation.tasks.extract import extract


@click.command(
    "extract", help="Take in what was extracted of an included study: its facts and every evaluation."
)
@click.option("--from", "file", required=True, type=click.Path(path_type=Path), help="Study file (TOML).")
@as_reviewer
def command(file: Path, reviewer: str) -> None:
    with review() as open_review:
        done = extract(open_review, file, reviewer, stamp(reviewer))
    click.echo(f"{done.study}: R{done.report}, {counted(done.evaluations, 'evaluation')}")
