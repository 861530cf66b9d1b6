"""How ``livrev fulltext`` prints what it found: one line a report to standard output, talk to standard error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from curation.cli.common import counted, print_json
from curation.errors import Exit

if TYPE_CHECKING:
    from curation.tasks.fulltext_attach import Attached
    from curation.tasks.fulltext_download import Downloaded
    from curation.tasks.fulltext_find import Found
    from curation.tasks.fulltext_mail import Letters
    from curation.tasks.fulltext_missing import Missing

_BETWEEN_LETTERS = "-" * 72


def print_missing(found: Sequence[Missing], *, as_json: bool, as_csv: bool) -> None:
    """The list of what is missing."""
    if as_json:
        print_json(found)
    elif as_csv:
        from curation.tasks.fulltext_missing import as_table  # noqa: PLC0415 - imported when the command runs

        click.echo(as_table(found), nl=False)
    else:
        for one in found:
            click.echo("\t".join(_cells(one)))
    if not found:
        click.echo("no full text is missing", err=True)


def _cells(one: Missing) -> tuple[str, ...]:
    name = one.doi or (f"PMID {one.pmid}" if one.pmid else one.pmcid)
    title, journal = " ".join(one.title.split()), " ".join(one.journal.split())
    return f"R{one.report}", one.label, title, journal or "-", name or "-", one.open_copy or "-"


def print_attached(done: Attached, *, dry_run: bool, as_json: bool) -> None:
    """What became of each file."""
    if as_json:
        print_json(done)
    else:
        for one in done.taken:
            would = "would be " if dry_run and one.outcome == "attached" else ""
            click.echo(f"R{one.report}\t{would}{one.outcome}\t{one.file}")
    for left in done.left:
        click.echo(f"livrev: warning: {left.file}: left: {left.why}", err=True)
    if done.overlooked:
        click.echo(f"{counted(done.overlooked, 'file')} without .pdf in the name not looked at", err=True)
    if not (done.taken or done.left):
        click.echo("no PDF there", err=True)


class Finding:
    """Prints a search for open copies as it goes on; ``all`` is what was found so far."""

    def __init__(self, *, as_json: bool) -> None:
        self.all: list[Found] = []
        self._as_json = as_json
        self._noted: tuple[int, ...] = ()
        self._downloaded: list[Downloaded] = []

    def found(self, one: Found) -> None:
        """One report, with its copies."""
        self.all.append(one)
        if not self._as_json:
            for copy in one.copies:
                not_it = "" if copy.suits else "\tnot the article itself"
                click.echo(f"R{one.report}\t{copy.address}\t{copy.words}{not_it}")
            if not one.copies:
                click.echo(f"R{one.report}\t-\t{'not known' if one.troubles else 'no open copy known'}")
        self._warn(one.report, one.troubles)

    def noted(self, reports: tuple[int, ...]) -> None:
        """Reports whose link was noted."""
        self._noted = reports
        click.echo(f"{counted(len(reports), 'link')} noted", err=True)

    def downloaded(self, one: Downloaded) -> None:
        """One report, with its file."""
        self._downloaded.append(one)
        if one.file and not self._as_json:
            click.echo(f"R{one.report}\tretrieved\t{one.file}\t{one.address}")
        self._warn(one.report, one.troubles)

    def end(self) -> Exit:
        """Exit status, after what is printed at the end."""
        if self._as_json:
            print_json({"found": self.all, "noted": self._noted, "downloaded": self._downloaded})
        elif not self.all:
            click.echo("no full text is missing", err=True)
        troubled = any(one.troubles for one in self.all) or any(one.troubles for one in self._downloaded)
        return Exit.WARNINGS if troubled else Exit.DONE

    @staticmethod
    def _warn(report: int, troubles: Sequence[str]) -> None:
        for trouble in troubles:
            click.echo(f"livrev: warning: R{report}: {trouble}", err=True)


def print_letters(done: Letters) -> None:
    """Letters, one below the other."""
    for number, letter in enumerate(done.letters):
        if number:
            click.echo(_BETWEEN_LETTERS)
        click.echo(letter, nl=False)
    if done.open:
        reports = ", ".join(f"R{report}" for report in done.open)
        click.echo(f"left out, an open copy is known: {reports} (livrev fulltext lists the links)", err=True)
    if not done.letters:
        click.echo("no full text has to be asked for", err=True)
