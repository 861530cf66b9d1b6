"""``livrev vote``."""

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
from curation.tasks.vote import Ballot, vote


@click.command("vote", help="Cast one vote on REPORT (R12). A change of mind is a later vote.")
@click.argument("report")
@decision_argument
@as_reviewer
@stage_option
@reason_option
@click.option("--note", default="", help="A note; seen by others only when the conflict is settled.")
@click.option("--id", "uid", help="Your own id for this vote; sending it twice stores it once.")
def command(  # noqa: PLR0913 - the words of the command
    report: str,
    decision: str,
    reviewer: str,
    stage: str | None,
    reason: str | None,
    note: str,
    uid: str | None,
) -> None:
    ballot = Ballot(
        uid=uid or str(uuid.uuid4()),
        report=report_id(report),
        reviewer=reviewer,
        decision=Decision(decision),
        stage=stage_of(stage),
        reason=reason,
        note=note,
    )
    with review() as open_review:
        cast = vote(open_review, ballot, stamp(reviewer))
    why = f" ({cast.reason})" if cast.reason else ""
    click.echo(f"R{cast.report} {cast.stage}: {cast.decision}{why} by {reviewer}  {cast.title}")
