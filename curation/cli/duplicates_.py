"""``livrev duplicates``."""

from collections.abc import Mapping
from dataclasses import asdict

import click

from curation.cli.common import counted, json_option, print_json, review, stamp
from curation.errors import Usage
from curation.identifiers import report_id
from curation.model import Relation
from curation.store.duplicates import Judged
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
            found = (dedupe.waiting if waiting else dedupe.judged_pairs)(open_review.sql)
            _print(found, dedupe.titles(open_review.sql, found), as_json=as_json)
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
    effect = f"{counted(moved, 'record')} moved to another report" if moved else "no record moved"
    click.echo(f"R{judged.left} and R{judged.right}: {relation}; {effect}")


def _print(found: tuple[Judged, ...], titles: Mapping[int, str], *, as_json: bool) -> None:
    if as_json:
        named = [{"left_title": titles[p.left], "right_title": titles[p.right]} for p in found]
        print_json([asdict(pair) | names for pair, names in zip(found, named, strict=True)])
        return
    for pair in found:
        click.echo(f"R{pair.left}\tR{pair.right}\t{pair.relation}\t{pair.evidence} ({pair.by})")
        for record in (pair.left, pair.right):
            click.echo(f"\tR{record}\t{titles[record]}")
    if not found:
        click.echo("no pairs", err=True)
