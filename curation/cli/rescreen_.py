"""``livrev rescreen``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from curation.cli.common import counted, json_option, print_json, print_row, review, stage_of, stamp
from curation.errors import Usage
from curation.model import Stage

if TYPE_CHECKING:
    from curation.tasks.rescreen import Reopened


@click.command(
    "rescreen",
    help="List earlier exclusions that changed criteria reopen; with --reopen, set their votes aside so that they are"
    " decided anew.",
)
@click.option(
    "--criteria",
    "number",
    type=int,
    metavar="N",
    help="Number of the criteria (default: the newest amendment's).",
)
@click.option("--stage", type=click.Choice([str(s) for s in Stage]), help="Only this stage (default: both).")
@click.option(
    "--reopen", "reopens", is_flag=True, help="Reopen what is listed, in one step; nothing is deleted."
)
@click.option("--as", "reviewer", metavar="ID", help="Who reopens (id in review.toml).")
@json_option
def command(
    number: int | None, stage: str | None, reopens: bool, reviewer: str | None, as_json: bool
) -> None:
    from curation.tasks.rescreen import newest, reopen, rescreen

    if reopens != (reviewer is not None):
        message = "say who reopens: --reopen --as ID" if reopens else "--as goes with --reopen"
        raise Usage(message)
    with review() as open_review:
        upto = newest(open_review.protocol) if number is None else number
        if reviewer is not None:
            found = reopen(open_review, upto, stage_of(stage), stamp(reviewer))
        else:
            found = rescreen(open_review, upto, stage_of(stage))
    if as_json:
        print_json(found)
        return
    for one in found:
        why = ", ".join(one.reasons) if one.certain else "no reason given: cannot be told"
        print_row(f"R{one.report}", one.stage, why, one.label, one.title)
    for line in _summary(found, upto, reopened=reopens):
        click.echo(line, err=True)


def _summary(found: Sequence[Reopened], upto: int, *, reopened: bool) -> Iterator[str]:
    if not found:
        yield f"criteria {upto} reopen no earlier exclusion"
        return
    unsure = sum(not one.certain for one in found)
    done = "reopened, to be decided anew" if reopened else "to be decided anew; reopen with --reopen --as ID"
    yield f"{counted(len(found), 'exclusion')} from before criteria {upto} {done}"
    if unsure:
        yield f"{unsure} of them without a reason, so that nobody can tell whether it was one that changed"
