"""``livrev vote``."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import click

from curation.cli.common import (
    as_reviewer,
    counted,
    json_option,
    print_json,
    reason_option,
    review,
    stage_of,
    stage_option,
    stamp,
)
from curation.errors import Exit
from curation.identifiers import report_id
from curation.model import Decision, Stage
from curation.tasks.vote import Ballot, vote
from screening.harmless import on_one_line

if TYPE_CHECKING:
    from curation.tasks.import_votes import Left, VotesFile, VotesImported
    from curation.tasks.vote_file import VotesTaken

_DECISIONS = click.Choice([str(d) for d in Decision])
_OF_ONE = ("report", "decision", "reason", "note", "uid")  # what belongs to a single vote
_OF_ANOTHER_TOOL = ("stage", "listed", "named")  # what our own files say themselves
_OF_A_FILE = ("listed", "named", "dry_run", "as_json")  # what belongs to a file of votes


@click.command(
    "vote",
    help="Cast one vote on REPORT (R12), or every vote of a file (--from): of a screening page, of livrev votes, "
    "from ASReview, Rayyan or Covidence. A change of mind is a later vote.",
)
@click.argument("report", required=False)
@click.argument("decision", required=False, type=_DECISIONS)
@as_reviewer
@stage_option
@reason_option
@click.option("--note", default="", help="A note; seen by others only when the conflict is settled.")
@click.option("--id", "uid", help="Your own id for this vote; sending it twice stores it once.")
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path),
    help="File whose decisions become votes; of another tool, at abstract if no stage is said.",
)
@click.option(
    "--decision", "listed", type=_DECISIONS, help="What a list without decisions lists (Covidence)."
)
@click.option("--named", "--rayyan-name", "named", default="", metavar="NAME", help="Your name in the file.")
@click.option("--dry-run", is_flag=True, help="Only say what a file would bring.")
@json_option
@click.pass_context
def command(  # noqa: PLR0913 - the words of the command
    ctx: click.Context,
    report: str | None,
    decision: str | None,
    reviewer: str,
    stage: str | None,
    reason: str | None,
    note: str,
    uid: str | None,
    file: Path | None,
    listed: str | None,
    named: str,
    dry_run: bool,
    as_json: bool,
) -> int:
    if file is not None:
        _refuse_words(ctx, _OF_ONE, "goes with a single vote, not with --from")
        status = _take(ctx, file, reviewer, dry_run=dry_run, as_json=as_json)
        if status is not None:
            return status
        from curation.tasks.import_votes import VotesFile

        list_of = Decision(listed) if listed else None
        votes = VotesFile(file, reviewer, stage_of(stage) or Stage.ABSTRACT, named, list_of)
        return _import(votes, dry_run=dry_run, as_json=as_json)
    _refuse_words(ctx, _OF_A_FILE, "goes with --from")
    if report is None or decision is None:
        raise click.MissingParameter(ctx=ctx, param=_parameter(ctx, "decision" if report else "report"))
    ballot = Ballot(
        uid=uid or str(uuid.uuid4()),
        report=report_id(report),
        reviewer=reviewer,
        decision=Decision(decision),
        stage=stage_of(stage),
        reason=reason,
        note=note,
    )
    _cast(ballot)
    return Exit.DONE


def _cast(ballot: Ballot) -> None:
    with review() as open_review:
        cast = vote(open_review, ballot, stamp(ballot.reviewer))
    why = f" ({cast.reason})" if cast.reason else ""
    click.echo(
        f"R{cast.report} {cast.stage}: {cast.decision}{why} by {ballot.reviewer}  {on_one_line(cast.title)}"
    )


def _take(ctx: click.Context, path: Path, reviewer: str, *, dry_run: bool, as_json: bool) -> int | None:
    """Take a file in that is in one of our own forms; None where it is in none."""
    from curation.tasks.vote_file import is_own, take_votes

    if not is_own(path):
        return None
    _refuse_words(
        ctx, _OF_ANOTHER_TOOL, "goes with files of other tools; each vote of this one says it itself"
    )
    with review() as open_review:
        done = take_votes(open_review, path, reviewer, stamp(reviewer), dry_run=dry_run)
    if as_json:
        print_json(done)
    else:
        click.echo(_summary_of_own(done, dry_run=dry_run))
    for person, count in done.others.items():
        said = f"{counted(count, 'vote')} of {person} left; take them in with --as {person}"
        click.echo(f"livrev: warning: {done.file}: {said}", err=True)
    for left in done.not_taken:
        _warn_not_stored(done.file, left)
    if done.marks_left:
        said = (
            f"{counted(done.marks_left, 'tag, note, flag or skip')} not stored: marked otherwise here since"
        )
        click.echo(f"livrev: warning: {done.file}: {said}", err=True)
    return Exit.DONE if done.whole else Exit.WARNINGS


def _summary_of_own(done: VotesTaken, *, dry_run: bool) -> str:
    """Every vote of a file of ours in one line, each counted once."""
    changed = sum(one.earlier is not None for one in done.stored)
    back = sum(one.taken_back for one in done.stored)
    more = [f"{changed} in place of an earlier vote"] if changed else []
    more += [f"{back} taken back since"] if back else []
    parts = [
        f"{len(done.stored)} {'to store' if dry_run else 'stored'}"
        + (f" ({', '.join(more)})" if more else ""),
        f"{done.already} here already",
    ]
    parts += [f"{done.undone} taken back"] if done.undone else []
    parts += [f"{sum(done.others.values())} of others"] if done.others else []
    parts += [f"{len(done.not_taken)} not stored"] if done.not_taken else []
    parts += [f"{counted(done.marks, 'mark')}"] if done.marks else []
    what = f"page {done.batch}" if done.batch else "table of votes"
    return f"{done.file}: {what}, {counted(done.votes, 'vote')}, for {done.reviewer}: {', '.join(parts)}"


def _import(file: VotesFile, *, dry_run: bool, as_json: bool) -> int:
    from curation.tasks.import_votes import import_votes

    with review() as open_review:
        done = import_votes(open_review, file, stamp(file.reviewer), dry_run=dry_run)
    if as_json:
        print_json(done)
    else:
        click.echo(_summary(done, dry_run=dry_run))
    for left in done.unmatched:
        click.echo(
            f"livrev: warning: {done.file}: {left.place}: not matched: {left.why}{_titled(left)}", err=True
        )
    for left in done.not_taken:
        _warn_not_stored(done.file, left)
    for refused in done.refused:
        click.echo(f"livrev: warning: {done.file}: {refused}", err=True)
    return Exit.DONE if done.whole else Exit.WARNINGS


def _warn_not_stored(file: str, left: Left) -> None:
    click.echo(f"livrev: warning: {file}: {left.place}: not stored: {left.why}{_titled(left)}", err=True)


def _titled(left: Left) -> str:
    return f"  {on_one_line(left.title)}" if left.title else ""


def _summary(done: VotesImported, *, dry_run: bool) -> str:
    """Every record of the file in one line, each counted once."""
    changed = sum(one.earlier is not None for one in done.stored)
    by = f" (of {done.by})" if done.by else ""
    parts = [
        f"{len(done.stored)} {'to store' if dry_run else 'stored'}"
        + (f" ({changed} in place of an earlier vote)" if changed else ""),
        f"{done.unchanged} unchanged",
        f"{done.undecided} without a decision",
        f"{len(done.unmatched)} not matched",
    ]
    parts += [f"{len(done.not_taken)} not stored"] if done.not_taken else []
    parts += [f"{done.repeated} twice in the file"] if done.repeated else []
    return f"{done.file}: {done.tool}{by}, {counted(done.records, 'record')} at {done.stage} for {done.reviewer}: {', '.join(parts)}"


def _refuse_words(ctx: click.Context, names: tuple[str, ...], why: str) -> None:
    for name in names:
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            hint = _parameter(ctx, name).get_error_hint(ctx)
            raise click.UsageError(f"{hint} {why}", ctx)


def _parameter(ctx: click.Context, name: str) -> click.Parameter:
    return next(p for p in ctx.command.params if p.name == name)
