"""``livrev schedule``."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from curation.cli.common import review
from curation.errors import Exit, Usage
from curation.tasks.review import Review
from curation.tasks.schedule import interval_days, plan, running_command
from curation.tasks.schedule_act import Acted, install, remove
from curation.tasks.schedule_plan import Kind, Place, Plan
from curation.tasks.schedule_when import Every, When, when


@click.command(
    "schedule", help="Have livrev update start by itself: print a scheduler's files, or install them."
)
@click.argument("kind", type=click.Choice([str(k) for k in Kind]))
@click.option("--print", "act", flag_value="print", default="print", help="Print the files (the default).")
@click.option("--install", "act", flag_value="install", help="Write them and start the schedule.")
@click.option("--remove", "act", flag_value="remove", help="Take the schedule away again.")
@click.option(
    "--every",
    type=click.Choice([str(e) for e in Every]),
    help="Search this often (default: as interval_days in review.toml asks).",
)
@click.option(
    "--at", metavar="HH:MM", help="Time of day, on GitHub in UTC (default: some minute of the night)."
)
def command(kind: str, act: str, every: str | None, at: str | None) -> int:
    if act == "remove" and (every or at):
        message = "--remove goes without --every and --at"
        raise Usage(message)
    with review() as open_review:
        where = _place(open_review)
        # What is taken away lies in the same place, however often it came.
        often = 1 if act == "remove" else interval_days(open_review.protocol)
    moment = when(where.folder, often, Every(every) if every else None, at)
    made = plan(where, Kind(kind), moment)
    if act == "install":
        return _print_acted(install(made, _path()), moment, made.by_hand)
    if act == "remove":
        return _print_acted(remove(made, _path()), moment, ())
    for line in _printed(made):
        click.echo(line)
    _print_note(moment)
    return Exit.DONE


def _place(open_review: Review) -> Place:
    return Place(
        folder=open_review.folder.resolve(),
        title=open_review.protocol.review.title,
        output=open_review.protocol.output.folder,
        command=running_command(sys.argv[0], sys.executable),
        home=Path.home(),
        uid=os.getuid() if hasattr(os, "getuid") else 0,  # Windows has none, and needs none
    )


def _path() -> str:
    return os.environ.get("PATH", os.defpath)


def _printed(made: Plan) -> Iterator[str]:
    for file in made.files:
        yield f"==> {file.path}: {file.why}"
        yield file.text
    if made.block:
        yield f"==> crontab -e: {made.block.why}"
        yield made.block.text
    for step in made.after:
        yield f"==> {' '.join(step.command)}: {step.why}"
    for hint in made.by_hand:
        yield f"==> {hint}"


def _print_acted(acted: Acted, moment: When, by_hand: tuple[str, ...]) -> int:
    for line in acted.done:
        click.echo(line)
    for hint in by_hand:
        click.echo(f"  {hint}", err=True)
    _print_note(moment)
    for line in acted.failed:
        click.echo(f"livrev: warning: {line}; run it by hand", err=True)
    return Exit.WARNINGS if acted.failed else Exit.DONE


def _print_note(moment: When) -> None:
    if moment.note:
        click.echo(f"livrev: warning: {moment.note}", err=True)
