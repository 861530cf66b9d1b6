"""``livrev import``."""

from datetime import datetime
from pathlib import Path

import click

from curation.cli.common import clock, json_option, print_duplicates, print_json, review, stamp
from curation.errors import Exit
from curation.tasks.import_file import FileToImport, import_file


@click.command("import", help="Take an export FILE in (RIS or MEDLINE/nbib) as a search of one source.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--source", required=True, metavar="KEY", help="Source in review.toml that the file comes from."
)
@click.option(
    "--searched-on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Day the source was searched (default: today).",
)
@click.option(
    "--allow-partial", is_flag=True, help="Take in what can be read; what cannot is kept with the reason."
)
@json_option
def command(file: Path, source: str, searched_on: datetime | None, allow_partial: bool, as_json: bool) -> int:
    day = (searched_on or clock()).date().isoformat()
    with review() as open_review:
        done = import_file(open_review, FileToImport(file, source, day, allow_partial), stamp())
    if as_json:
        print_json(done)
    else:
        click.echo(
            f"{done.file}: {done.format}, {done.encoding}: {done.records} records, {done.new} new, {done.known} known, "
            f"{done.within} twice in the file, {done.revised} revised"
        )
        print_duplicates(done.duplicates.moved, done.duplicates.unsure)
    for lost in done.refused:
        click.echo(f"livrev: warning: {done.file}: {lost}", err=True)
    return Exit.WARNINGS if done.refused else Exit.DONE
