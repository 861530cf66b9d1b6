"""``livrev rank``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from curation.cli.common import counted, json_option, print_json, print_row, review, stamp

if TYPE_CHECKING:
    from curation.tasks.ranking import Ordered, RankedQueues
    from curation.tasks.review import Review

_SHOWN = 10  # reports of an order that is only looked at


@click.command(
    "rank",
    help="Put the likeliest reports first in the queues of the screeners, learnt from the decisions so far. A ranking "
    "orders; it excludes nothing.",
)
@click.option("--as", "reviewer", default="", metavar="ID", help="Only your queue (id in review.toml).")
@click.option(
    "--stage", type=click.Choice(["abstract"]), default="abstract", help="Stage of the queue (abstract only)."
)
@click.option("--dry-run", is_flag=True, help="Store nothing; with --as, show where your order begins.")
@click.option(
    "--quiet", is_flag=True, help="Print nothing, and do not wait while the queue is being ordered."
)
@json_option
def command(reviewer: str, stage: str, dry_run: bool, quiet: bool, as_json: bool) -> None:  # noqa: ARG001 - there is one stage
    from curation.tasks.ranking import Wanted, rank_queues

    wanted = Wanted(reviewer, dry_run, wait=1.0 if quiet else 30.0)
    with review() as open_review:
        done = rank_queues(open_review, wanted, stamp(reviewer or None))
        if quiet:
            return
        if as_json:
            print_json(_plain(done, own=bool(reviewer), dry_run=dry_run))
        else:
            _print(open_review, done, own=bool(reviewer), dry_run=dry_run)


def _print(open_review: Review, done: RankedQueues, *, own: bool, dry_run: bool) -> None:
    for one in done.orders:
        click.echo(
            f"{one.reviewer}: {counted(len(one.order), 'report')} {'to put ' if dry_run else ''}in order"
        )
    if own:
        _print_own(open_review, done.orders[0], dry_run=dry_run)
    else:
        click.echo(
            f"learnt from {counted(done.settled, 'settled decision')} ({done.includes} relevant), and from each "
            "reviewer's own open votes"
        )
    click.echo(f"backtest: {done.tested}")
    for caution in done.orders[0].cautions if own else done.cautions:
        if caution != str(done.tested.result):
            click.echo(f"livrev: warning: {caution}", err=True)


def _print_own(open_review: Review, one: Ordered, *, dry_run: bool) -> None:
    """What only the reviewer whose order it is may see."""
    click.echo(
        f"learnt from {counted(one.includes + one.excludes, 'decision')} ({one.includes} relevant), by {one.basis}"
    )
    if dry_run:
        from curation.tasks.ranking import titles

        for report, title in titles(open_review, one.order[:_SHOWN]):
            print_row(f"R{report}", title)


def _plain(done: RankedQueues, *, own: bool, dry_run: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "queues": [{"reviewer": one.reviewer, "ranked": len(one.order)} for one in done.orders],
        "settled": done.settled,
        "relevant": done.includes,
        "backtest": done.tested.plain(),
        "cautions": done.cautions,
    }
    if own:
        one = done.orders[0]
        told |= {
            "basis": one.basis,
            "includes": one.includes,
            "excludes": one.excludes,
            "cautions": one.cautions,
        }
        told |= {"order": one.order} if dry_run else {}
    return told
