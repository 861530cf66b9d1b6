"""``livrev status``."""

import click

from curation.cli.common import clock, json_option, print_json, print_row, review
from curation.errors import Usage
from curation.model import Stage
from curation.report.standing import Search
from curation.tasks.status import NEVER, Overview, overview
from curation.tasks.waiting import Lacking, Wanted, wanted_of
from screening.harmless import harmless, on_one_line


@click.command("status", help="Where the review stands, what waits for whom, and what to do next.")
@click.option("--as", "reviewer", metavar="ID", help="List the reports that want this reviewer's vote.")
@click.option("--abstracts", is_flag=True, help="With --as: the abstracts too, to be read.")
@json_option
def command(reviewer: str | None, abstracts: bool, as_json: bool) -> None:
    if abstracts and reviewer is None:
        message = "whose? --abstracts goes with --as ID"
        raise Usage(message)
    with review() as open_review:
        if reviewer is None:
            found: Overview | tuple[Wanted, ...] = overview(open_review, clock().date())
        else:
            found = wanted_of(open_review, reviewer)
    if as_json:
        print_json(found)
    elif isinstance(found, Overview):
        _print(found)
    else:
        _print_wanted(found, abstracts=abstracts)


def _print(found: Overview) -> None:
    now = found.standing
    click.secho(found.title, bold=True)
    version = f"Version {now.version}, published {now.published_on}" if now.version else "Not yet released"
    through = f"; evidence integrated through {now.integrated_through}" if now.integrated_through else ""
    click.echo(version + through)
    click.echo("\nSearches")
    for search in now.searches:
        click.echo(f"  {search.name}: {_last_and_next(search, overdue=search.name in found.overdue)}")
    if found.rounds:
        click.echo(f"\nRound {', '.join(map(str, found.rounds))}")
        for place, n in found.places:
            click.echo(f"  {n:>6}  {_several(place) if n != 1 else place}")
    if found.notices:
        click.echo("\nNotices")
        for notice in found.notices:
            title = on_one_line(notice.title)
            click.echo(f"  R{notice.report} {notice.kind.upper()} ({notice.source}): {title}")
    _print_waiting(found)
    click.echo("\nNext")
    for step in found.next:
        click.echo(f"  {step}")


def _print_waiting(found: Overview) -> None:
    if found.integrate:
        click.echo(f"\nIntegration is due: {', '.join(found.integrate)} (livrev pool --changes)")
    click.echo("\nWaiting")
    for person in found.waiting:
        click.echo(
            f"  {person.reviewer}: {person.to_screen} to screen, {person.to_assess} full texts to assess"
        )
    for stage in found.lacking:
        click.echo(f"  {_STAGES[stage.stage]}: {_said_of(stage)}")
    if found.stopping and found.stopping.stopped:
        click.echo(f"  stopped by {found.stopping.by}: {found.stopping.unscreened} reports stay unscreened")
    click.echo(f"  possible duplicates: {found.duplicates_waiting}")
    for item in found.standing.pending:
        click.echo(f"  {item}")


_STAGES = {Stage.ABSTRACT: "title/abstract", Stage.FULLTEXT: "full text"}


def _said_of(stage: Lacking) -> str:
    """What a stage lacks; with single votes it is not complete."""
    parts = (
        (stage.without, "without a vote"),
        (stage.begun, "with some of the votes they need"),
        (stage.conflicts, "in conflict"),
    )
    said = ", ".join(f"{n} {what}" for n, what in parts if n)
    return f"not complete: {said}" if said else "nothing is lacking"


def _last_and_next(search: Search, *, overdue: bool) -> str:
    if search.last == NEVER:
        return f"not searched yet{', due now' if overdue else ''}"
    due = f", due again {search.due}" if search.due else ""
    return f"{search.last}, {search.found}{due}{'  OVERDUE' if overdue else ''}"


def _several(place: str) -> str:
    """``records excluded`` for ``record excluded``."""
    first, _, rest = place.partition(" ")
    return f"{first}s {rest}" if first in {"record", "report", "duplicate"} else place


def _print_wanted(found: tuple[Wanted, ...], *, abstracts: bool) -> None:
    for item in found:
        print_row(f"R{item.report}", item.stage, item.label, item.title)
        if abstracts:
            click.echo(f"\n{harmless(item.abstract) or '(no abstract)'}\n")
    if not found:
        click.echo("nothing waits", err=True)
