"""The ``livrev`` command: a lazy group and the one error boundary.

A command's module is imported when that command runs, so ``livrev --help`` needs click alone.
"""

from __future__ import annotations

import errno
import importlib
import sqlite3
import sys
from pathlib import Path
from types import TracebackType

import click

from curation import __version__
from curation.cli.said import say
from curation.errors import Exit, LivrevError

# Name of the command: what it does, in the order of a review's work. Each lives in curation/cli/NAME.py.
COMMANDS = {
    "init": "Make a new review with a commented review.toml.",
    "demo": "Build the reference review offline and run its first update.",
    "status": "Where the review stands, what waits for whom, what to do next.",
    "search": "Search one source over the network, or only count what it would find.",
    "import": "Take export files of databases and reference managers in.",
    "update": "Search every network source, take in what is new, remove duplicates.",
    "rehearse": "Serve made-up PubMed records on this machine, to try a strategy or a schedule.",
    "schedule": "Have livrev update start by itself: systemd, cron, GitHub, launchd, Windows.",
    "dedupe": "Judge duplicates by rule over the whole store.",
    "duplicates": "List duplicates; decide on a pair.",
    "screen": "Screen on the terminal: one report a screen, one key a vote.",
    "rank": "Put the likeliest reports first, learnt from the decisions so far.",
    "stop": "Test whether ranked screening may stop, and note what was decided.",
    "calibrate": "Calibration rounds: the same pilot reports for everybody, before the rest.",
    "agreement": "How far reviewers agree, on first independent votes.",
    "rescreen": "List earlier exclusions that changed criteria reopen, and reopen them.",
    "remove": "Take records out before screening by the rules of review.toml.",
    "vote": "Cast one vote on a report, or those of a co-author's file.",
    "votes": "Write votes as a table, one row a vote.",
    "pack": "Write a page that a co-author screens on in a browser, without a server.",
    "export": "Write reports for a reference manager, a spreadsheet or a screening tool.",
    "undo": "Take back your last vote or resolution.",
    "conflicts": "List reports whose votes disagree, without the votes.",
    "resolve": "Settle a conflict by adjudication or consensus.",
    "fulltext": "List missing full texts, note what became of them, attach PDFs, find open copies, write the letters.",
    "extract": "Take in what was extracted from an included report.",
    "appraise": "Assess risk of bias and applicability, each assessor blind to the other, and reconcile.",
    "pool": "Pool the AUCs by each declared synthesis.",
    "tables": "Write Tables 1 to 4 and the pooled results.",
    "flow": "PRISMA 2020 flow: numbers, or the diagram.",
    "check": "Look at what needs a person's eye: notices of retraction and correction.",
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


@click.group(
    cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
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
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(Exit.USAGE)


def main() -> None:
    """Entry point: every failure leaves as one clear line and a documented status."""
    sys.excepthook = _defect
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; gives its exit status."""
    try:
        status = livrev.main(args=arguments, prog_name="livrev", standalone_mode=False)
    except click.ClickException as problem:
        return say(Exit(problem.exit_code), _misspoken(problem))
    except click.Abort:
        click.echo("livrev: stopped; what was acknowledged is kept", err=True)
        return 130
    except LivrevError as problem:
        return say(problem.status, problem.message, problem.faults)
    except (sqlite3.DatabaseError, OSError) as problem:
        said = _of_the_store(problem) if isinstance(problem, sqlite3.Error) else _of_the_disk(problem)
        if said is None:
            raise  # a promise of the schema broken, a fault in our SQL: a defect, with its trace
        return say(*said)
    return status if isinstance(status, int) else int(Exit.DONE)


def _misspoken(problem: click.ClickException) -> str:
    """What is wrong with the words of the command, on one line, and where its words are explained."""
    said = " ".join(problem.format_message().split()).removesuffix(".").replace("%Y-%m-%d", "YYYY-MM-DD")
    said = said[:1].lower() + said[1:]
    context = problem.ctx if isinstance(problem, click.UsageError) else None
    if context is None:
        return said
    if said.startswith("no such command"):
        said += _near(said.split("'")[1])
    return f"{said}; see: {context.command_path} --help"


def _near(word: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - some milliseconds that only a slip should cost

    return "".join(f"; did you mean {name}?" for name in get_close_matches(word, COMMANDS, n=1))


# Kinds of SQLite's result codes (https://sqlite.org/rescode.html) that lie outside this program.
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_HELD = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_REFUSED = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}


def _of_the_store(problem: sqlite3.Error) -> tuple[Exit, str] | None:
    """Status and message where the store's file is at fault; None where this program is."""
    kind = getattr(problem, "sqlite_errorcode", 0) & 0xFF  # extended codes keep the kind in the lowest byte
    said = str(problem).partition(" with text ")[0]  # a message of Python's own quotes the whole value
    if kind in _DAMAGED or said.startswith("Could not decode to UTF-8"):
        return Exit.FAILED, f"review.db is damaged ({said}); put an earlier copy of it in its place"
    if kind in _HELD:
        return Exit.TRY_AGAIN, "review.db is in use by another process; run the same command again"
    if kind in _REFUSED:
        return (
            Exit.FAILED,
            f"review.db cannot be used ({said}); nothing was stored: see to the disk and its rights",
        )
    return None


# What a disk refuses: rights, space, names. Anything else that the system says is a defect of ours.
_DISK = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EEXIST,
    errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG,
}  # fmt: skip


def _of_the_disk(problem: OSError) -> tuple[Exit, str] | None:
    """Status and message where a file or folder cannot be read or written; None for a defect."""
    if problem.errno not in _DISK or problem.filename is None:
        return None
    return (
        Exit.FAILED,
        f"{problem.filename} cannot be used ({problem.strerror}); mend that, or name another place",
    )


def _defect(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
    sys.__excepthook__(kind, value, trace)
    click.echo(
        "livrev: this is a defect of livrev; the store was left as it was. "
        "Please report the trace above with the command you ran.",
        err=True,
    )
