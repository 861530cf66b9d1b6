"""``livrev status``."""

import click

from curation.cli.common import clock, json_option, print_json, review
from curation.tasks.status import Overview, overview


@click.command("status", help="Where the review stands, what waits for whom, and what to do next.")
@json_option
def command(as_json: bool) -> None:
    with review() as open_review:
        found = overview(open_review, clock().date())
    if as_json:
        print_json(found)
        return
    _print(found)


def _print(found: Overview) -> None:
    now = found.standing
    click.secho(found.title, bold=True)
    version = f"Version {now.version}, published {now.published_on}" if now.version else "Not yet released"
    through = f"; evidence integrated through {now.integrated_through}" if now.integrated_through else ""
    click.echo(version + through)
    click.echo("\nSearches")
    for search in now.searches:
        due = f", due again {search.due}" if search.due and search.due != "now" else ""
        late = "  OVERDUE" if search.name in found.overdue else ""
        click.echo(f"  {search.name}: {search.last}, {search.found}{due}{late}")
    if found.rounds:
        click.echo(f"\nRound {', '.join(map(str, found.rounds))}")
        for place, n in found.places:
            click.echo(f"  {n:>6}  {place}")
    click.echo("\nWaiting")
    for person in found.waiting:
        click.echo(
            f"  {person.reviewer}: {person.to_screen} to screen, {person.to_assess} full texts to assess"
        )
    click.echo(f"  conflicts: {found.conflicts}; possible duplicates: {found.duplicates_waiting}")
    for item in now.pending:
        click.echo(f"  {item}")
    click.echo("\nNext")
    for step in found.next:
        click.echo(f"  {step}")
