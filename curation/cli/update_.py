"""``livrev update``."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from curation.cli.common import (
    clock,
    json_option,
    print_duplicates,
    print_json,
    print_removed,
    review,
    show_warnings,
    stamp,
)
from curation.errors import Exit, TryAgain
from curation.tasks.alarms import Alarm
from curation.tasks.clients import clients
from curation.tasks.network import NetworkSettings
from curation.tasks.tell import Attended
from curation.tasks.update import Progress, Updated, UpdateOptions

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

if TYPE_CHECKING:
    from curation.tasks.integration import Due
    from curation.tasks.review import Review


def age(_ctx: click.Context, param: click.Parameter, value: str | None) -> timedelta | None:
    """The length of time that an option says: ``6d``, ``12h``, ``30m``, ``2w``."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d+)([mhdw])", value)
    if found is None:
        message = f"{value!r} is no length of time; write 6d, 12h, 30m or 2w"
        raise click.BadParameter(message, param=param)
    return timedelta(**{_UNITS[found.group(2)]: int(found.group(1))})


def alarm_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The flags that override the alarms of a search."""
    options = (
        click.option("--allow-empty", is_flag=True, help="Accept no hits where there were some before."),
        click.option("--allow-drop", is_flag=True, help="Accept far fewer hits than before."),
        click.option(
            "--allow-phrases",
            is_flag=True,
            help="Accept words of the query that PubMed does not know.",
        ),
        click.option(
            "--allow-translation", is_flag=True, help="Accept that the source reads the query in a new way."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def allowed(flags: dict[str, bool]) -> frozenset[Alarm]:
    """Alarms whose flags were given."""
    return frozenset(alarm for alarm in Alarm if flags[alarm.removeprefix("--").replace("-", "_")])


@click.command("update", help="Search every network source, take in what is new, remove duplicates by rule.")
@click.option(
    "--if-older-than", callback=age, metavar="AGE", help="Only sources last searched longer ago: 6d, 12h."
)
@click.option(
    "--lock-wait",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help="Wait so long for another update to end.",
)
@click.option(
    "--quiet", is_flag=True, help="Say nothing but warnings; a passing failure only when a search is overdue."
)
@alarm_options
@json_option
def command(
    if_older_than: timedelta | None, lock_wait: float, quiet: bool, as_json: bool, **flags: bool
) -> int:
    show_warnings()
    allow_phrases = flags.pop("allow_phrases")
    options = UpdateOptions(if_older_than=if_older_than, lock_wait=lock_wait, allowed=allowed(flags))
    settings = NetworkSettings.of(os.environ)
    with (
        review() as open_review,
        clients(open_review.protocol, settings, allow_phrases=allow_phrases) as asked,
        progress_bar(shown=not quiet) as progress,
    ):
        attended = Attended(open_review, settings, os.environ, clock)
        try:
            done, untold = attended.update(asked, stamp(), options, progress)
        except TryAgain:
            if quiet and not attended.is_overdue():
                return Exit.TRY_AGAIN  # a hiccup that the next try mends is no mail from cron
            raise
        due = _integration_due(open_review) if done.sources else None
    for warning in untold:
        click.echo(f"livrev: warning: {warning}", err=True)
    status = print_update(done, as_json=as_json, quiet=quiet)
    if due is not None and not as_json and not quiet:
        click.echo(f"integration is due: since {due.since}, {due.reason} (livrev pool --changes)")
    return status


def _integration_due(open_review: Review) -> Due | None:
    from curation.tasks.integration import integration_due  # numpy reads the clock's setting, checked by now

    return integration_due(open_review)


@contextmanager
def progress_bar(*, shown: bool) -> Iterator[Progress | None]:
    """A bar on a terminal; nothing in a log."""
    if not (shown and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def progress(source: str, done: int, of: int) -> None:
            if source not in tasks:
                tasks[source] = bar.add_task(source, total=of)
            bar.update(tasks[source], completed=done, total=of)

        yield progress


def print_update(done: Updated, *, as_json: bool, quiet: bool = False) -> int:
    """One line a source and one for duplicates; warnings to standard error. Gives the exit status."""
    if as_json:
        print_json(
            {
                "summary": done.summary,
                "round": done.round,
                "sources": done.sources,
                "duplicates": done.duplicates,
                "skipped": done.skipped,
                "warnings": done.warnings,
            }
        )
    elif not quiet:
        _print_sources(done)
    for warning in done.warnings:
        click.echo(f"livrev: warning: {warning}", err=True)
    return Exit.WARNINGS if done.warnings else Exit.DONE


def _print_sources(done: Updated) -> None:
    for skipped in done.skipped:
        click.echo(f"not due: {skipped}")
    for s in done.sources:
        revised = f", {s.revised} revised" if s.revised else ""
        click.echo(
            f"round {done.round}: {s.source}: {s.found} found, {s.new} new, "
            f"{s.gone} no longer found, {s.back} found again{revised}"
        )
    if done.sources:
        print_duplicates(done.duplicates.moved, done.duplicates.unsure)
        print_removed(done.removed)
