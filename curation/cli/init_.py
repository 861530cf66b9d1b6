"""``livrev init``."""

from pathlib import Path

import click


@click.command("init", help="Make a new review in DIR with a commented review.toml to fill in.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    from curation.cli.common import stamp
    from curation.tasks.init import init

    init(folder, stamp())
    click.echo(f"{folder}/review.toml and {folder}/review.db are there; next:", err=True)
    click.echo(f"  edit {folder}/review.toml, then: cd {folder} && livrev status", err=True)
