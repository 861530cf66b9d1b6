"""``livrev resolve``."""

import uuid

import click

from curation.cli.common import (
    as_reviewer,
    decision_argument,
    reason_option,
    review,
    stage_of,
    stage_option,
    stamp,
)
from curation.identifiers import report_id
from curation.model import Decision
from curation.tasks.conflicts import Decided, resolve


@click.command("resolve", help="Settle the conflict on REPORT: as adjudicator, or together with --with.")
@click.argument("report")
@decision_argument
@as_reviewer
@click.option(
    "--with", "partners", multiple=True, metavar="ID", help="Consensus: the others who voted and agree."
)
@stage_option
@reason_option
@click.option("--note", required=True, help="Why; a resolution needs it.")
def command(  # noqa: PLR0913 - the words of the command
    report: str,
    decision: str,
    reviewer: str,
    partners: tuple[str, ...],
    stage: str | None,
    reason: str | None,
    note: str,
) -> None:
    decided = Decided(
        uid=str(uuid.uuid4()),
        report=report_id(report),
        reviewer=reviewer,
        decision=Decision(decision),
        note=note,
        stage=stage_of(stage),
        reason=reason,
        partners=partners,
    )
    with review() as open_review:
        at = resolve(open_review, decided, stamp(reviewer))
    click.echo(f"R{decided.report} settled at {at}: {decision}")
