"""``livrev remove``."""

import click

from curation.cli.common import counted, json_option, print_json, review, stamp
from curation.tasks.removals import Removed, remove


@click.command(
    "remove",
    help="Take records out before screening by the rules under [[removals]] in review.toml, and put back what no "
    "rule takes out any more; run again, it changes nothing.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be taken out and put back.")
@json_option
def command(dry_run: bool, as_json: bool) -> None:
    with review() as open_review:
        done = remove(open_review, stamp(), dry_run=dry_run)
    if as_json:
        print_json(done)
        return
    _print(done, dry_run=dry_run)


def _print(done: Removed, *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    for rule in done.rules:
        click.echo(
            f"{rule.name}: {counted(len(rule.reports), 'report')} {would}taken out, {rule.out} in all"
            f" (counted as {rule.counted_as})"
        )
    if done.back:
        click.echo(f"{counted(len(done.back), 'report')} {would}put back")
    if not done.rules:
        click.echo(
            "review.toml has no removal rules ([[removals]] with name and publication_types)", err=True
        )
