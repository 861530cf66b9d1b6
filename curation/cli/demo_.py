"""``livrev demo``."""

from pathlib import Path

import click


@click.command(
    "demo", help="Build the reference review in DIR (default: livrev-demo), offline, in some seconds."
)
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path("livrev-demo"))
def command(folder: Path) -> None:
    from curation.cli.common import clock
    from curation.tasks.demo import demo, refuse_occupied

    refuse_occupied(folder)
    click.echo("Building the published review as release 1.0, then its first update ...", err=True)
    done = demo(folder, clock)
    found = done.updated.sources[0]
    click.echo(
        f"PubMed (stand-in): {found.found} records found, {found.new} new, screened by two demo reviewers.",
        err=True,
    )
    for file in done.files:
        click.echo(str(folder / file))
    click.echo(
        f"\nOpen {folder}/reports/report.html in a browser. Then try:\n"
        f"  cd {folder}\n"
        "  livrev status\n"
        "  livrev pool\n"
        f"  livrev vote R{done.included.report} exclude --reason no-ai --as demo-b    # a change of mind\n"
        "  livrev flow                                           # and the flow follows\n"
        "  livrev undo --as demo-b",
        err=True,
    )
