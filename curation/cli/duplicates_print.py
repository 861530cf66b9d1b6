"""What ``livrev duplicates`` prints."""

from __future__ import annotations

from collections.abc import Mapping

import click

from curation.cli.common import counted, print_row
from curation.store.duplicates import Judged
from curation.tasks.duplicate_counts import Counts
from curation.tasks.duplicates import Decided, Explained
from curation.tasks.report_members import Report


def print_pairs(found: tuple[Judged, ...], titles: Mapping[int, str]) -> None:
    """Judged pairs, each with the titles of its records."""
    for pair in found:
        kind = f" ({pair.kind})" if pair.kind else ""
        click.echo(f"R{pair.left}\tR{pair.right}\t{pair.relation}{kind}\t{pair.evidence} ({pair.by})")
        for record in (pair.left, pair.right):
            print_row("", f"R{record}", titles[record])
    if not found:
        click.echo("no pairs", err=True)


def print_explained(found: Explained) -> None:
    """Why two records are or are not one report."""
    left, right = found.left, found.right
    click.echo(f"R{left.record} and R{right.record}: {found.sentence}")
    now = (
        f"one report (R{left.report})"
        if found.one_report
        else f"two reports (R{left.report}, R{right.report})"
    )
    click.echo(f"now {now}")
    click.echo("\npoints  field       what was seen")
    for weight in found.weights:
        click.echo(f"{weight.points:+6.1f}  {weight.field:10}  {weight.seen}")
    click.echo(f"{found.score:+6.1f}  together")
    if found.vetoes:
        click.echo("\nagainst joining")
        for veto in found.vetoes:
            click.echo(f"  {veto.because} ({veto.force})")
    if found.history:
        click.echo("\njudged")
        for past in found.history:
            kind = f" ({past.kind})" if past.kind else ""
            click.echo(f"  {past.at}  {past.by}  {past.relation}{kind}: {past.evidence}")


def print_decided(done: Decided, before: str = "") -> None:
    """What a decision came to."""
    for judged in done.judged:
        kind = f" ({judged.kind})" if judged.kind else ""
        left, right = sorted((judged.left, judged.right))
        click.echo(f"{before}R{left} and R{right}: {judged.relation}{kind}; {_placed(done, left, right)}")
    click.echo(
        f"{counted(done.moved, 'record')} moved to another report" if done.moved else "no record moved"
    )


def _placed(done: Decided, left: int, right: int) -> str:
    one, other = done.placed[left], done.placed[right]
    return f"now one report (R{one})" if one == other else f"now two reports (R{one}, R{other})"


def print_report(found: Report) -> None:
    """A report with its records, field by field."""
    click.echo(f"R{found.report}: {counted(len(found.members), 'record')}")
    for side in found.members:
        click.echo(f"  R{side.record}\t{side.source}\t{side.accession}\tround {side.round}")
    for field in found.fields:
        click.echo(f"\n{field.name} ({', '.join(f'R{r}' for r in field.records)})\n  {field.text}")
        for record, text in field.instead:
            click.echo(f"  R{record}: {text}")


_LINES = (
    ("records", "records"),
    ("duplicates", "duplicates"),
    ("between_sources", "  between sources"),
    ("within_source", "  within one source"),
    ("by_rule", "  joined by rule"),
    ("by_person", "  joined by a person"),
    ("reports", "reports"),
    ("waiting", "pairs wait for a person"),
    ("found_again", "found again by a later run of their source"),
    ("back", "  after a run had missed them"),
    ("twice_in_a_file", "stood twice in one file"),
)


def print_counts(found: Counts) -> None:
    """Numbers about duplicates."""
    for name, label in _LINES:
        click.echo(f"{getattr(found, name):>7}  {label}")
    for source in found.sources:
        click.echo(
            f"{source.name}: {counted(source.records, 'record')} in {counted(source.reports, 'report')}"
            f" ({source.only_here} only here), {counted(source.duplicates, 'duplicate')}"
            f" ({source.between_sources} of other sources, {source.within_source} of its own),"
            f" {source.found_again} found again, {source.twice_in_a_file} twice in a file"
        )
