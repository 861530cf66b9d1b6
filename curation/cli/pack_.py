"""``livrev pack``."""

from pathlib import Path

import click

from curation.cli.common import as_reviewer, counted, print_written, review, stamp
from curation.model import Stage


@click.command(
    "pack",
    help="Write one HTML file on which a co-author screens their next reports in a browser, without a server or a "
    "network. They send back a file of votes: livrev vote --from FILE --as ID.",
)
@as_reviewer
@click.option(
    "--stage",
    type=click.Choice([str(s) for s in Stage]),
    default=str(Stage.ABSTRACT),
    help="Stage (default: abstract).",
)
@click.option(
    "--size", type=click.IntRange(1, 5000), default=200, help="At most so many reports (default: 200)."
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="File to write (default: in the folder reports)."
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def command(reviewer: str, stage: str, size: int, output: Path | None, force: bool) -> None:
    from curation.tasks.pack import Wanted, pack

    with review() as open_review:
        wanted = Wanted(reviewer, Stage(stage), size, output)
        done = pack(open_review, wanted, stamp(reviewer), overwrite=force)
    print_written([done.path])
    more = f", {done.left} more wait" if done.left else ""
    click.echo(f"livrev: {counted(done.reports, 'report')} at {stage} for {reviewer}{more}", err=True)
