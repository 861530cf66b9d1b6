"""``livrev duplicates``."""

import click

from curation.cli.common import json_option, print_json, review, stamp
from curation.errors import Usage
from curation.identifiers import report_id
from curation.model import Relation
from curation.store.duplicates import Judged, standing
from curation.tasks import dedupe


@click.command(
    "duplicates",
    help="List judged pairs with their evidence; decide on one with --same, --different or --related.",
)
@click.option("--waiting", is_flag=True, help="Only pairs that wait for a person.")
@click.option("--same", nargs=2, metavar="A B", help="Records A and B are the same report.")
@click.option("--different", nargs=2, metavar="A B", help="A and B are different; never asked again.")
@click.option(
    "--related", nargs=2, metavar="A B", help="A and B are two reports of one study, or otherwise linked."
)
@click.option("--note", default="", help="Why.")
@click.option("--as", "reviewer", metavar="ID", help="Who decides (id in review.toml).")
@json_option
def command(  # noqa: PLR0913 - the words of the command
    waiting: bool,
    same: tuple[str, str] | None,
    different: tuple[str, str] | None,
    related: tuple[str, str] | None,
    note: str,
    reviewer: str | None,
    as_json: bool,
) -> None:
    chosen = [(Relation.SAME, same), (Relation.DIFFERENT, different), (Relation.RELATED, related)]
    said = [(relation, pair) for relation, pair in chosen if pair]
    with review() as open_review:
        if not said:
            _print(dedupe.waiting(open_review.sql) if waiting else standing(open_review.sql), as_json=as_json)
            return
        if len(said) > 1 or reviewer is None:
            message = "decide on one pair at a time, and say who you are: --same A B --as ID"
            raise Usage(message)
        relation, (left, right) = said[0]
        evidence = note or f"judged by {reviewer}"
        judged = Judged(
            report_id(left), report_id(right), relation, by_person=True, evidence=evidence, by=reviewer
        )
        moved = dedupe.judge(open_review, judged, stamp(reviewer))
    click.echo(f"{left} and {right}: {relation}; {moved} records moved")


def _print(found: tuple[Judged, ...], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    for pair in found:
        click.echo(f"R{pair.left}\tR{pair.right}\t{pair.relation}\t{pair.evidence} ({pair.by})")
    if not found:
        click.echo("no pairs", err=True)
