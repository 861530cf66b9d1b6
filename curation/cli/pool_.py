"""``livrev pool``."""

import click

from curation.cli.common import json_option, review
from curation.tasks.outputs import pool_json
from curation.tasks.pool import PooledSynthesis, pool


@click.command(
    "pool", help="Pool the AUCs by each declared synthesis: for every release, and with what came since."
)
@json_option
def command(as_json: bool) -> None:
    with review() as open_review:
        results = pool(open_review)
    if as_json:
        click.echo(pool_json(results), nl=False)
        return
    for item in results:
        click.echo(_line(item))


def _line(item: PooledSynthesis) -> str:
    head = f"{item.synthesis.title} [{item.synthesis.method}, {item.evidence}]"
    result = item.result
    if result is None:
        return f"{head}: not pooled: {item.refused}"
    prediction = ""
    if result.pi_low is not None and result.pi_high is not None:
        prediction = f", prediction interval {result.pi_low:.3f} to {result.pi_high:.3f}"
    return (
        f"{head}: {result.estimate:.3f} ({result.low:.3f} to {result.high:.3f}) from {result.k} "
        f"AUC{'s' if result.k != 1 else ''} of {result.studies} {'studies' if result.studies != 1 else 'study'}{prediction}"
    )
