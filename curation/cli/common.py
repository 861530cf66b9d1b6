"""What every command needs: the review, the clock, who acts, and how results are printed."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import click

from curation import config
from curation.errors import Configuration, Usage
from curation.model import Decision, Stage
from curation.store.connect import Stamp
from curation.tasks.review import Review
from screening.harmless import on_one_line


def review() -> Review:
    """The review this command is about, open."""
    folder = click.get_current_context().find_root().obj
    return Review.open(config.find(folder, os.environ))


def clock() -> dt.datetime:
    """Now, in UTC; SOURCE_DATE_EPOCH stands for it where it is set (reproducible-builds.org).

    Raises Configuration when that is no number.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return dt.datetime.now(dt.UTC)
    try:
        return dt.datetime.fromtimestamp(int(epoch), dt.UTC)
    except (ValueError, OverflowError, OSError) as problem:  # no number, or a time that no calendar holds
        message = f"SOURCE_DATE_EPOCH must be a time in seconds since 1970, not {epoch!r}; unset it to use the clock"
        raise Configuration(message) from problem


def stamp(by: str | None = None) -> Stamp:
    """Who writes now, with which command."""
    return Stamp(clock(), by or getpass.getuser(), f"livrev {click.get_current_context().info_name}")


def show_warnings() -> None:
    """Have what the network's rooms warn of said on standard error, like every other warning."""
    import logging  # noqa: PLC0415 - the network brings it along; no other command needs it

    speaker = logging.StreamHandler()
    speaker.setFormatter(logging.Formatter("livrev: warning: %(message)s"))
    logging.getLogger("curation").handlers = [speaker]


def print_json(value: object) -> None:
    """``value`` as JSON on standard output."""
    click.echo(json.dumps(_plain(value), indent=2, ensure_ascii=False))


def _plain(value: Any) -> Any:  # noqa: ANN401 - any result of a task
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def output_folder(open_review: Review, to: Path | None) -> Path:
    """Where rendered output goes: ``--to``, or the folder that review.toml names.

    Raises Usage when it is a file.
    """
    return no_file(to or open_review.folder / open_review.protocol.output.folder)


def no_file(folder: Path) -> Path:
    """``folder``, if it is one or can become one.

    Raises Usage when it is a file.
    """
    if folder.exists() and not folder.is_dir():
        message = f"{folder} is a file; name a folder"
        raise Usage(message)
    return folder


def print_row(*cells: object) -> None:
    """One line of cells parted by tabs; whatever a record brought along is made harmless for a terminal."""
    click.echo("\t".join(on_one_line(str(cell)) for cell in cells))


def print_written(files: list[Path]) -> None:
    """Paths of written files, one a line, as short as they can be said."""
    here = Path.cwd()
    for file in files:
        click.echo(str(file.relative_to(here) if file.is_relative_to(here) else file))


def counted(n: int, what: str) -> str:
    """``1 record``, ``2 records``."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def print_duplicates(removed: int, unsure: int) -> None:
    """What deduplication came to, in one line: records removed, pairs left to a person."""
    hint = " (livrev duplicates --waiting)" if unsure else ""
    click.echo(
        f"duplicates: {removed} removed, {unsure} {'waits' if unsure == 1 else 'wait'} for a person{hint}"
    )


def print_removed(removed: int) -> None:
    """What the rules of review.toml took out before screening, where they did."""
    if removed:
        click.echo(f"removed before screening by rule: {removed} (livrev remove --dry-run lists the rules)")


as_reviewer = click.option(
    "--as", "reviewer", required=True, metavar="ID", help="Who acts (id in review.toml)."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
to_option = click.option(
    "--to", type=click.Path(path_type=Path), help="Folder for the files (default: reports)."
)
stage_option = click.option(
    "--stage",
    type=click.Choice([str(s) for s in Stage]),
    help="Stage of the decision (default: where the report stands).",
)
reason_option = click.option("--reason", metavar="CODE", help="Exclusion reason; needed at full text.")
decision_argument = click.argument("decision", type=click.Choice([str(d) for d in Decision]))


def stage_of(text: str | None) -> Stage | None:
    """The stage an option names, if any."""
    return Stage(text) if text else None
