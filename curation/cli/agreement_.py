"""``livrev agreement``."""

import click

from curation.cli.common import json_option, print_json, review, stage_of
from curation.errors import Usage
from curation.model import Stage


@click.command(
    "agreement",
    help="How far reviewers agree, on first independent votes of reports that have every vote they need; a report that"
    " still waits for one is in no number.",
)
@click.option("--stage", type=click.Choice([str(s) for s in Stage]), help="Only this stage (default: both).")
@click.option(
    "--by",
    type=click.Choice(["pair", "round", "batch", "calibration"]),
    default="pair",
    show_default=True,
    help="What is measured together: all reports of a pair, rounds, batches, calibration rounds.",
)
@click.option(
    "--batch", type=click.IntRange(min=1), default=200, show_default=True, help="Reports in a batch."
)
@click.option("--three", is_flag=True, help="Count a maybe by itself and not as an include.")
@click.option(
    "--level",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Level of the confidence intervals.",
)
@click.option("--text", "as_text", is_flag=True, help="Print a paragraph for the methods section.")
@json_option
def command(  # noqa: PLR0913 - the words of the command
    stage: str | None, by: str, batch: int, three: bool, level: float, as_text: bool, as_json: bool
) -> None:
    from curation.cli.agreement_print import as_plain, print_agreement
    from curation.tasks.agreement import By, Question, agreement
    from curation.tasks.agreement_text import paragraph
    from screening.agreement import Scale

    if as_text and as_json:
        message = "ask for the paragraph or for JSON: --text or --json"
        raise Usage(message)
    question = Question(stage_of(stage), By(by), batch, Scale.THREE if three else Scale.TWO, level)
    with review() as open_review:
        if as_text:
            click.echo(paragraph(open_review, level))
            return
        found = agreement(open_review, question)
    if as_json:
        print_json([as_plain(one) for one in found])
    else:
        print_agreement(found, question)
