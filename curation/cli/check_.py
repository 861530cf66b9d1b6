"""``livrev check``."""

import click

from curation.cli.common import (
    as_reviewer,
    counted,
    json_option,
    print_json,
    print_row,
    review,
    show_warnings,
    stamp,
)
from curation.errors import Exit


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
        told = f"{n.reference or 'no reference given'} ({n.source})"
        print_row(n.id, f"R{n.report}", n.kind, told, n.title)
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
        print_row(f"R{item.report}", ", ".join(item.found) or item.error, item.title)
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
        print_row(f"R{item.report}", item.status, item.address or "-", item.title)
    if not found:
        click.echo("no full text is sought", err=True)


@command.command(
    "evidence",
    help="What cannot be right in the extracted numbers: intervals, labels, patients, printed claims. Leaves with 3 "
    "when it finds something.",
)
@click.option("--release", "version", metavar="VERSION", help="As of this release (default: now).")
@click.option("--notes", is_flag=True, help="List what extractors noted, too.")
@json_option
def evidence(version: str | None, notes: bool, as_json: bool) -> Exit:
    from curation.tasks.check_evidence import check_evidence

    with review() as open_review:
        done = check_evidence(open_review, version)
    if as_json:
        print_json(done)
        return Exit.WARNINGS if done.findings else Exit.DONE
    for found in done.findings:
        print_row(found.kind, found.study or "-", found.place, found.said, found.mend)
    for noted in done.notes if notes else ():
        print_row("note", noted.study, noted.place, noted.note)
    of = f"{counted(done.evaluations, 'evaluation')} of {done.studies} studies ({done.evidence})"
    click.echo(f"{counted(len(done.findings), 'finding')} in {of}", err=True)
    return Exit.WARNINGS if done.findings else Exit.DONE
