"""``livrev check``."""

import click

from curation.cli.common import as_reviewer, json_option, print_json, review, show_warnings, stamp


@click.group("check", help="Look at what needs a person's eye.")
def command() -> None:
    """Group of the checks."""


@command.command(
    "notices", help="Retractions, corrections and other notices about included and pending reports."
)
@json_option
def notices(as_json: bool) -> None:
    from curation.tasks.notices import undecided

    with review() as open_review:
        found = undecided(open_review)
    if as_json:
        print_json(found)
        return
    for n in found:
        click.echo(
            f"{n.id}\tR{n.report}\t{n.kind}\t{n.reference or 'no reference given'} ({n.source})\t{n.title}"
        )
    if not found:
        click.echo("no notice waits for a decision", err=True)


@command.command("decide", help="Note what was decided on notices (by their numbers).")
@click.argument("numbers", metavar="NUMBER...", type=int, nargs=-1, required=True)
@click.option("--note", required=True, help="What was decided, e.g. 'excluded from the synthesis, see R12'.")
@as_reviewer
def decide(numbers: tuple[int, ...], note: str, reviewer: str) -> None:
    from curation.tasks.notices import decide as decide_on

    with review() as open_review:
        decide_on(open_review, numbers, reviewer, note, stamp(reviewer))
    click.echo(f"decided on {len(numbers)} notice{'s' if len(numbers) != 1 else ''}")


@command.command(
    "identifiers", help="PubMed, PMC and DOI names that NCBI's converter knows and a record lacks."
)
@json_option
def identifiers(as_json: bool) -> None:
    import os

    from curation.tasks.network import NetworkSettings
    from curation.tasks.services import missing_identifiers

    show_warnings()
    with review() as open_review:
        found = missing_identifiers(open_review, NetworkSettings.of(os.environ))
    if as_json:
        print_json(found)
        return
    for item in found:
        click.echo(f"R{item.report}\t{', '.join(item.found) or item.error}\t{item.title}")
    if not found:
        click.echo("nothing is lacking that the converter knows", err=True)


@command.command("fulltexts", help="Open copies of the full texts that are sought, by Unpaywall.")
@json_option
def fulltexts(as_json: bool) -> None:
    import os

    from curation.tasks.network import NetworkSettings
    from curation.tasks.services import open_copies

    show_warnings()
    with review() as open_review:
        found = open_copies(open_review, NetworkSettings.of(os.environ))
    if as_json:
        print_json(found)
        return
    for item in found:
        click.echo(f"R{item.report}\t{item.status}\t{item.address or '-'}\t{item.title}")
    if not found:
        click.echo("no full text is sought", err=True)
