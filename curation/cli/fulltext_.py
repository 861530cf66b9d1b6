"""``livrev fulltext``."""

from pathlib import Path

import click

from curation.cli.common import as_reviewer, review, stamp
from curation.errors import Usage
from curation.identifiers import report_id
from curation.tasks.fulltext import Attempt, note_fulltext
from screening.flow import Retrieval


@click.command("fulltext", help="Note that the full text of REPORT was retrieved, or why it could not be.")
@click.argument("report")
@click.option("--retrieved", "file", type=click.Path(path_type=Path), help="The file; its hash is kept.")
@click.option("--link", help="Retrieved at this address, without a file.")
@click.option("--not-retrieved", "why", metavar="WHY", help="It could not be had, and why.")
@as_reviewer
def command(report: str, file: Path | None, link: str | None, why: str | None, reviewer: str) -> None:
    if sum(item is not None for item in (file, link, why)) != 1:
        message = "say one of --retrieved FILE, --link ADDRESS, --not-retrieved WHY"
        raise Usage(message)
    outcome = Retrieval.NOT_RETRIEVED if why is not None else Retrieval.RETRIEVED
    attempt = Attempt(report_id(report), reviewer, outcome, note=why or link or "", file=file)
    with review() as open_review:
        note_fulltext(open_review, attempt, stamp(reviewer))
    click.echo(f"R{attempt.report}: {outcome}")
