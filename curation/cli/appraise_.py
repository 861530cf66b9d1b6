"""``livrev appraise``."""

from __future__ import annotations

from pathlib import Path

import click

from curation.cli.common import (
    as_reviewer,
    clock,
    counted,
    json_option,
    print_json,
    print_written,
    review,
)
from curation.errors import Exit, Usage
from curation.store.connect import Stamp

instrument_option = click.option(
    "--instrument",
    "tool",
    required=True,
    metavar="NAME",
    help="Instrument, as livrev appraise instruments lists it.",
)
evaluation_option = click.option(
    "--evaluation",
    "evaluations",
    multiple=True,
    metavar="KEY",
    help="Evaluation of the study; may stand several times (default: all of them).",
)
output_option = click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write.")
force_option = click.option("--force", is_flag=True, help="Replace the file if it exists.")
file_type = click.Path(path_type=Path)


def stamp(reviewer: str) -> Stamp:
    """Who acts now, with the whole name of the command."""
    return Stamp(clock(), reviewer, click.get_current_context().command_path)


@click.group(
    "appraise",
    invoke_without_command=True,
    help="Assess risk of bias and applicability: with --from, take one assessor's form in. Two assess each study or"
    " evaluation, blind to each other until both have finished; then they compare and reconcile.",
)
@click.option(
    "--from", "file", type=file_type, help="Form filled in (TOML; livrev appraise form writes one)."
)
@click.option("--as", "reviewer", metavar="ID", help="Who assessed (id in review.toml).")
@click.option("--dry-run", is_flag=True, help="Only say what the form comes to.")
@click.pass_context
def command(ctx: click.Context, file: Path | None, reviewer: str | None, dry_run: bool) -> None:
    given = file is not None or reviewer is not None or dry_run
    if ctx.invoked_subcommand is not None:
        if given:
            message = f"options of a form stand without a further command: livrev appraise --from FILE --as ID, or livrev appraise {ctx.invoked_subcommand} ..."
            raise Usage(message)
        return
    if not given:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(Exit.USAGE)
    if file is None or reviewer is None:
        message = "say which form, and whose it is: livrev appraise --from FILE --as ID"
        raise Usage(message)
    from curation.cli.appraise_print import print_answered
    from curation.tasks.appraise import answer

    with review() as open_review:
        done = answer(open_review, file, reviewer, stamp(reviewer), dry_run=dry_run)
    for one in done:
        print_answered(one, reviewer, dry_run=dry_run)


@command.command(
    "instruments", help="List the instruments, those of livrev and the review's own in instruments/."
)
@json_option
def instruments(as_json: bool) -> None:
    from curation.cli.appraise_print import plain_instrument, print_instrument
    from curation.tasks.appraise_instruments import instruments as known

    with review() as open_review:
        found = known(open_review)
    if as_json:
        print_json([plain_instrument(one) for one in found])
        return
    for one in found:
        print_instrument(one)


@command.command(
    "form", help="Write a form on STUDY to be filled in, or one for what is still to be settled."
)
@click.argument("study")
@instrument_option
@evaluation_option
@click.option(
    "--kind", default="", help="Kind of form, where the instrument has several (default: as suits)."
)
@click.option("--as", "reviewer", metavar="ID", help="Fill in what this assessor has answered so far.")
@click.option(
    "--differences", is_flag=True, help="Only what finished assessments differ in, with what each said."
)
@output_option
@force_option
def form(  # noqa: PLR0913 - the words of the command
    study: str,
    tool: str,
    evaluations: tuple[str, ...],
    kind: str,
    reviewer: str | None,
    differences: bool,
    output: Path | None,
    force: bool,
) -> None:
    from curation.tasks.appraise import Asked
    from curation.tasks.appraise import form as written
    from curation.tasks.appraise_compare import differences_form

    if differences and (kind or reviewer):
        message = "--kind and --as do not go with --differences"
        raise Usage(message)
    with review() as open_review:
        if differences:
            text = differences_form(open_review, tool, study, evaluations)
        else:
            text = written(open_review, Asked(study, tool, evaluations, kind, reviewer))
    _put(text, output, force=force)


@command.command(
    "status", help="Show who has begun and who has finished, of every included study or evaluation."
)
@click.option("--instrument", "tool", metavar="NAME", help="Only this instrument (default: all in use).")
@click.option("--as", "reviewer", metavar="ID", help="Also say how much of your own lacks.")
@json_option
def status(tool: str | None, reviewer: str | None, as_json: bool) -> None:
    from curation.cli.appraise_print import print_status
    from curation.tasks.appraise_status import status as standing

    with review() as open_review:
        lines = standing(open_review, tool, reviewer)
    if as_json:
        print_json(lines)
        return
    print_status(lines)


@command.command("compare", help="List what finished assessments differ in, item by item.")
@click.argument("study", required=False)
@instrument_option
@evaluation_option
@json_option
def compare(study: str | None, tool: str, evaluations: tuple[str, ...], as_json: bool) -> None:
    from curation.cli.appraise_print import print_compared
    from curation.tasks.appraise_compare import compare as compared

    if evaluations and study is None:
        message = "--evaluation goes with a STUDY"
        raise Usage(message)
    with review() as open_review:
        found = compared(open_review, tool, study, evaluations)
    if as_json:
        print_json(found)
        return
    for one in found:
        print_compared(one)
    if not found:
        click.echo("no assessment yet: livrev appraise form writes a form for one", err=True)


@command.command(
    "reconcile",
    help="Write the joint assessment of STUDY: what all said alike, and with --from what they settled.",
)
@click.argument("study", required=False)
@click.option(
    "--instrument", "tool", metavar="NAME", help="Instrument; with a STUDY on which nothing differs."
)
@evaluation_option
@click.option("--from", "file", type=file_type, help="Form with what was settled; it says what it is about.")
@as_reviewer
@click.option(
    "--with",
    "partners",
    multiple=True,
    metavar="ID",
    help="The others who assessed and agree (none: an adjudicator).",
)
def reconcile(
    study: str | None,
    tool: str | None,
    evaluations: tuple[str, ...],
    file: Path | None,
    reviewer: str,
    partners: tuple[str, ...],
) -> int:
    from curation.cli.appraise_print import print_joined
    from curation.tasks.appraise_reconcile import Reconciling
    from curation.tasks.appraise_reconcile import reconcile as joined

    if (file is None) == (study is None) or (study is None) != (tool is None):
        message = "say either --from FILE, or a STUDY and its --instrument"
        raise Usage(message)
    if file is not None and evaluations:
        message = "--evaluation goes with a STUDY; a form says itself what it is about"
        raise Usage(message)
    asked = Reconciling(reviewer, partners, file, study or "", tool or "", evaluations)
    with review() as open_review:
        done = joined(open_review, asked, stamp(reviewer))
    for one in done:
        print_joined(one)
    return Exit.WARNINGS if any(one.lacking for one in done) else Exit.DONE


@command.command(
    "table", help="Print the reconciled judgements: a line a study or evaluation, or the shares of each."
)
@instrument_option
@click.option(
    "--summary", is_flag=True, help="How many, and which share, have each judgement in each domain."
)
@click.option("--release", metavar="VERSION", help="As of this release (default: now).")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV (default: Markdown).")
@json_option
@output_option
@force_option
def table(  # noqa: PLR0913 - the words of the command
    tool: str,
    summary: bool,
    release: str | None,
    as_csv: bool,
    as_json: bool,
    output: Path | None,
    force: bool,
) -> None:
    from curation.cli.appraise_print import plain_panel
    from curation.tasks.appraise_table import as_text
    from curation.tasks.appraise_table import table as reconciled

    if as_csv and as_json:
        message = "--json and --csv exclude each other"
        raise Usage(message)
    with review() as open_review:
        panel = reconciled(open_review, tool, release)
    if as_json:
        print_json(plain_panel(panel))
        return
    _put(as_text(panel, summary=summary, csv=as_csv), output, force=force)
    click.echo(f"livrev: {counted(len(panel.lines), 'reconciled assessment')}", err=True)


def _put(text: str, output: Path | None, *, force: bool) -> None:
    from curation.tasks.whole_file import write_whole

    if output is None:
        click.echo(text, nl=False)
    else:
        print_written([write_whole(output, text, overwrite=force)])
