"""``livrev import``."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from curation.cli.common import clock, json_option, print_duplicates, print_json, print_removed, review, stamp
from curation.cli.said import say
from curation.errors import Exit, LivrevError, Usage

if TYPE_CHECKING:
    from curation.tasks.import_file import FileToImport, Imported, Progress

    Act = Callable[[FileToImport, Progress], Imported]


class _Said(TypedDict):
    """Options that go with every file."""

    source: str
    form: str
    columns: Mapping[str, str]
    in_round: int | None
    searched_on: datetime | None
    allow_partial: bool


def _columns(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> Mapping[str, str]:
    pairs = [pair.rpartition("=") for pair in given]
    for pair, (column, _, field) in zip(given, pairs, strict=True):
        if not column or not field:
            raise click.BadParameter(f"{pair!r} is not COLUMN=FIELD, such as 'Titel=title'")
    return {column.strip(): field.strip() for column, _, field in pairs}


@click.command(
    "import", help="Take export FILEs of databases and reference managers in, each whole or not at all."
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--source", default="", metavar="KEY", help="Source in review.toml (default: told by the records)."
)
@click.option(
    "--format",
    "form",
    default="",
    metavar="NAME",
    help="Format: ris, nbib, enw, wos, ovid, bibtex, table, ... (default: told by the content).",
)
@click.option(
    "--map",
    "columns",
    multiple=True,
    callback=_columns,
    metavar="COLUMN=FIELD",
    help="What a column of a table holds; may be repeated.",
)
@click.option(
    "--round", "in_round", type=click.IntRange(min=0), metavar="N", help="Round the records must come into."
)
@click.option(
    "--searched-on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Day the source was searched (default: today).",
)
@click.option(
    "--allow-partial", is_flag=True, help="Take in what can be read; what cannot is kept with the reason."
)
@click.option("--dry-run", is_flag=True, help="Only show what the files hold and what would be new.")
@json_option
def command(files: tuple[Path, ...], dry_run: bool, as_json: bool, **said: Unpack[_Said]) -> int:
    from curation.cli.update_ import progress_bar

    wanted = _wanted(said)
    done: list[Imported] = []
    status = Exit.DONE
    with _opened(dry_run=dry_run) as act, progress_bar(shown=not as_json) as bar:
        for path in files:
            try:
                done.append(act(replace(wanted, path=path), bar or _silent))
            except LivrevError as problem:
                say(problem.status, problem.message, problem.faults)
                status = status or problem.status
    if as_json:
        print_json(done)
    else:
        for imported in done:
            _print(imported, dry_run=dry_run)
        _print_sum(done, len(files))
    for imported in done:
        for lost in imported.refused:
            click.echo(f"livrev: warning: {imported.file}: line {lost.line}: {lost.reason}", err=True)
    return status or (Exit.WARNINGS if any(imported.refused for imported in done) else Exit.DONE)


def _wanted(said: _Said) -> FileToImport:
    """What is asked of every file; the path is still to come."""
    from curation.tasks.import_file import FileToImport

    return FileToImport(
        Path(),
        source=said["source"],
        searched_on=(said["searched_on"] or clock()).date().isoformat(),
        allow_partial=said["allow_partial"],
        format=said["form"],
        columns=said["columns"],
        round=said["in_round"],
    )


def _silent(_what: str, _done: int, _of: int) -> None:
    """Nobody watches."""


@contextmanager
def _opened(*, dry_run: bool) -> Iterator[Act]:
    """What is done with each file: taken in, or looked at; a look needs no review."""
    from curation.tasks.import_file import import_file, look_at_file

    if not dry_run:
        with review() as open_review:
            yield lambda file, progress: import_file(open_review, file, stamp(), progress)
        return
    named = click.get_current_context().find_root().obj or os.environ.get("LIVREV_REVIEW")
    try:
        open_review = review()
    except Usage:
        if named:
            raise
        yield lambda file, progress: look_at_file(None, file, progress)
        return
    with open_review:
        yield lambda file, progress: look_at_file(open_review, file, progress)


def _print(done: Imported, *, dry_run: bool) -> None:
    click.echo(
        f"{done.file}: {done.label}, {done.source or 'source not told'}, {done.encoding or 'spreadsheet'}"
    )
    for assumed in done.assumed:
        click.echo(f"  assumed    {assumed}")
    click.echo(f"  records    {done.openers} begin in it, {done.records} read, {len(done.refused)} refused")
    click.echo(f"  filled     {_filled(done)}")
    if done.before:
        click.echo("  taken in before (same bytes): nothing was done")
    elif done.new is not None:
        brought = f"{done.new} new, {done.refound} re-found, {done.within} twice in the file"
        click.echo(
            f"  {'would be' if dry_run else f'round {done.round}':<10} {brought}, {done.revised} revised"
        )
    if done.duplicates is not None:
        print_duplicates(done.duplicates.moved, done.duplicates.unsure)
        print_removed(done.removed)


def _filled(done: Imported) -> str:
    """``title 100 %, abstract 98 %, ...``, over lines of a terminal's width."""
    of = done.records or 1
    shares = [
        f"{_FIELDS.get(name, name)} {_percent(n, of)}".replace(" ", _TOGETHER)
        for name, n in done.fill.items()
    ]
    told = textwrap.fill(", ".join(shares), 76, initial_indent=" " * 13, subsequent_indent=" " * 13)
    return told.strip().replace(_TOGETHER, " ")


_TOGETHER = "\x1f"  # stands for the blanks at which no line ends
_FIELDS = {"publication_types": "types", "numbers": "other numbers"}


def _percent(n: int, of: int) -> str:
    """Share in per cent; 100 and 0 only where that is exact."""
    share = round(100 * n / of)
    if 0 < n < of:
        share = min(99, max(1, share))
    return f"{share} %"


def _print_sum(done: list[Imported], files: int) -> None:
    if files > 1:
        records, openers = sum(d.records for d in done), sum(d.openers for d in done)
        lost = sum(len(d.refused) for d in done)
        read = f"{len(done)} of {files} files read: {openers} records begin in them, {records} read, {lost} refused"
        new = sum(d.new or 0 for d in done)
        told = f", {new} new" if any(d.new is not None for d in done) else ""
        click.echo(read + told)
