"""The ``livrev`` command: a lazy group and the one error boundary.

A command's module is imported when that command runs, so ``livrev --help`` needs click alone.
"""

from __future__ import annotations

import importlib
import sqlite3
import sys
from pathlib import Path
from types import TracebackType

import click

from curation import __version__
from curation.errors import Exit, LivrevError

# Name of the command: what it does, in the order of a review's work. Each lives in curation/cli/NAME.py.
COMMANDS = {
    "init": "Make a new review with a commented review.toml.",
    "demo": "Build the reference review offline and run its first update.",
    "status": "Where the review stands, what waits for whom, what to do next.",
    "search": "Search one source over the network, or only count what it would find.",
    "import": "Take an export file of a database in (RIS, MEDLINE/nbib).",
    "update": "Search every network source, take in what is new, remove duplicates.",
    "dedupe": "Judge duplicates by rule over the whole store.",
    "duplicates": "List duplicates; decide on a pair.",
    "vote": "Cast one vote on a report.",
    "undo": "Take back your last vote or resolution.",
    "conflicts": "List reports whose votes disagree, without the votes.",
    "resolve": "Settle a conflict by adjudication or consensus.",
    "fulltext": "Note that a full text was retrieved, or could not be.",
    "extract": "Take in what was extracted from an included report.",
    "pool": "Pool the AUCs by each declared synthesis.",
    "tables": "Write Tables 1 to 4 and the pooled results.",
    "flow": "PRISMA 2020 flow: numbers, or the diagram.",
    "report": "Write the report, its tables and figures.",
}


class LazyGroup(click.Group):
    """A group that imports a command when it is used; their help lines stand in ``COMMANDS``."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command, imported now; None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"curation.cli.{cmd_name}_")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The list in ``--help``, without importing a single command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="livrev")
@click.option(
    "--review",
    "folder",
    type=click.Path(path_type=Path),
    help="Folder of the review (default: LIVREV_REVIEW, or the nearest one upwards).",
)
@click.pass_context
def livrev(ctx: click.Context, folder: Path | None) -> None:
    """Keep a systematic review alive: search, deduplicate, screen, extract, pool, report.

    One SQLite store a review. Data goes to standard output, talk to standard error; exit status 0 done,
    1 failed or refused, 2 usage, 3 done with warnings, 75 try again later, 78 mend review.toml.
    """
    ctx.obj = folder


def main() -> None:
    """Entry point: every failure leaves as one clear line and a documented status."""
    sys.excepthook = _defect
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; gives its exit status."""
    try:
        status = livrev.main(args=arguments, prog_name="livrev", standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except click.Abort:
        click.echo("livrev: stopped; what was acknowledged is kept", err=True)
        return 130
    except LivrevError as problem:
        _say(problem)
        return int(problem.status)
    except sqlite3.IntegrityError:
        raise  # a promise of the schema was about to be broken: a defect, with its trace
    except sqlite3.DatabaseError as problem:
        click.echo(
            f"livrev: the store cannot be used ({problem}); restore it from a copy in backups/", err=True
        )
        return int(Exit.FAILED)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone; nothing to say and nobody to say it to
        return int(Exit.FAILED)
    return status if isinstance(status, int) else int(Exit.DONE)


def _say(problem: LivrevError) -> None:
    click.echo(f"livrev: {problem.message}", err=True)
    for fault in problem.faults:
        click.echo(f"  {fault}", err=True)


def _defect(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
    sys.__excepthook__(kind, value, trace)
    click.echo(
        "livrev: this is a defect of livrev; the store was left as it was. "
        "Please report the trace above with the command you ran.",
        err=True,
    )
