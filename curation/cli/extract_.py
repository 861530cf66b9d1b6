"""``livrev extract``."""

from __future__ import annotations

from pathlib import Path

import click

from curation.cli.common import as_reviewer, clock, counted, json_option, print_json, print_written, review
from curation.errors import Usage
from curation.identifiers import report_id
from curation.store.connect import Stamp

study_argument = click.argument("study", metavar="STUDY")
note_option = click.option("--note", default="", help="Why.")
row_option = click.option("--row", default="", metavar="NAME", help="Row of the table.")


def stamp(reviewer: str) -> Stamp:
    """Who writes now, with the whole name of the command."""
    return Stamp(clock(), reviewer, click.get_current_context().command_path)


@click.group(
    "extract",
    invoke_without_command=True,
    help="Extract included studies, two people each by themselves, and decide where they differ; or take in a whole study"
    " that was extracted elsewhere (--from FILE). Alone it lists the studies.",
)
@click.option("--from", "file", type=click.Path(path_type=Path), help="Study file (TOML), taken in as it is.")
@click.option("--as", "reviewer", metavar="ID", help="Who acts (id in review.toml); goes with --from.")
@json_option
@click.pass_context
def command(ctx: click.Context, file: Path | None, reviewer: str | None, as_json: bool) -> None:
    if ctx.invoked_subcommand is not None:
        if file is not None or reviewer is not None or as_json:
            message = f"--from, --as and --json go behind {ctx.invoked_subcommand}, if it knows them"
            raise Usage(message)
    elif file is None and reviewer is None:
        _list(as_json=as_json)
    elif file is None or reviewer is None:
        message = "a study file is taken in with: livrev extract --from FILE --as ID"
        raise Usage(message)
    else:
        _whole_study(file, reviewer)


def _whole_study(file: Path, reviewer: str) -> None:
    from curation.cli.common import stamp as plain_stamp
    from curation.tasks.extract import extract

    with review() as open_review:
        done = extract(open_review, file, reviewer, plain_stamp(reviewer))
    click.echo(f"{done.study}: R{done.report}, {counted(done.evaluations, 'evaluation')}")


def _list(*, as_json: bool) -> None:
    from curation.cli.extract_print import print_studies
    from curation.tasks.extract_study import listed

    with review() as open_review:
        found = listed(open_review)
    if as_json:
        print_json(found)
    else:
        print_studies(found)


@command.command("study", help="Make a study of included reports, or link more reports to one that is there.")
@study_argument
@click.option(
    "--report", "reports", multiple=True, metavar="REPORT", help="Report that tells of it; may be repeated."
)
@click.option("--unlink", metavar="REPORT", help="Report that tells of it no more.")
@as_reviewer
def study(study: str, reports: tuple[str, ...], unlink: str | None, reviewer: str) -> None:
    from curation.tasks import extract_study

    if bool(reports) == bool(unlink):
        message = "say which report: --report REPORT, or --unlink REPORT"
        raise Usage(message)
    with review() as open_review:
        if unlink:
            done = extract_study.unlink(open_review, study, report_id(unlink), reviewer, stamp(reviewer))
        else:
            numbers = [report_id(text) for text in reports]
            done = extract_study.link(open_review, study, numbers, reviewer, stamp(reviewer))
    click.echo(f"{done.study}{' (new)' if done.new else ''}: {', '.join(f'R{r}' for r in done.reports)}")


@command.command(
    "form", help="Show the form by which studies are extracted; --write begins one of the review's own."
)
@click.option(
    "--write", is_flag=True, help="Write form.toml, which takes the shipped form and can add to it."
)
@click.option(
    "--as", "reviewer", metavar="ID", help="List your entries that the form of today does not take."
)
@json_option
def form(write: bool, reviewer: str | None, as_json: bool) -> None:
    from curation.cli.extract_print import print_form, print_unread
    from curation.tasks import extract_form
    from curation.tasks.extract_own import unread_entries

    with review() as open_review:
        if write:
            print_written([extract_form.write_own(open_review)])
            return
        if reviewer is not None:
            print_unread(unread_entries(open_review, reviewer))
            return
        found = extract_form.in_force(open_review)
    if as_json:
        print_json(found.form)
    else:
        print_form(found)


@command.command(
    "enter", help="Fill in the form on the terminal, question by question; every answer is stored at once."
)
@study_argument
@as_reviewer
def enter(study: str, reviewer: str) -> None:
    from curation.cli.extract_enter import Interview

    with review() as open_review:
        Interview(open_review, study, lambda: stamp(reviewer)).run()


@command.command(
    "set",
    help="Fill in or correct one cell: cohort_size 359, or evaluations.auc '0.81 (0.70-0.92)' --row NAME.",
)
@study_argument
@click.argument("field", metavar="FIELD")
@click.argument("value", metavar="[VALUE]", default="")
@row_option
@click.option("--clear", is_flag=True, help="Empty the cell.")
@click.option("--page", help="Where it stands in the paper.")
@click.option("--quote", help="In the paper's own words.")
@click.option("--note", help="What to know about it.")
@as_reviewer
def set_(  # noqa: PLR0913 - the words of the command
    study: str,
    field: str,
    value: str,
    row: str,
    clear: bool,
    page: str | None,
    quote: str | None,
    note: str | None,
    reviewer: str,
) -> None:
    from curation.cli.extract_print import print_entered
    from curation.tasks.extract_entry import Typed
    from curation.tasks.extract_entry import enter as enter_cells
    from curation.tasks.extract_own import cell_named

    if clear == bool(value.strip()):
        message = "say the value, or --clear to empty the cell"
        raise Usage(message)
    with review() as open_review:
        typed = Typed(cell_named(field, row), value, page, quote, note)
        done = enter_cells(open_review, study, reviewer, [typed], stamp(reviewer))
    print_entered(done)


@command.command(
    "sheet", help="Write your own sheet of a study to fill in with a spreadsheet (.xlsx or .csv)."
)
@study_argument
@as_reviewer
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="File to write (default: STUDY-ID.xlsx)."
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def sheet(study: str, reviewer: str, output: Path | None, force: bool) -> None:
    from curation.tasks.extract_sheet import write_sheet

    path = output or Path(f"{study}-{reviewer}.xlsx")
    with review() as open_review:
        print_written([write_sheet(open_review, study, reviewer, path.absolute(), overwrite=force)])


@command.command("import", help="Take your filled-in sheet in: all of it, or every fault it has.")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@as_reviewer
@click.option("--dry-run", is_flag=True, help="Say what would be stored; store nothing.")
def import_(file: Path, reviewer: str, dry_run: bool) -> None:
    from curation.cli.extract_print import print_entered
    from curation.tasks.extract_sheet import take_sheet

    with review() as open_review:
        done = take_sheet(open_review, file, reviewer, stamp(reviewer), dry_run=dry_run)
    print_entered(done.entered, would=dry_run)


@command.command(
    "finish", help="Say that you have finished a study; once both have, each may see the other's entries."
)
@study_argument
@click.option("--reopen", is_flag=True, help="Take it up again, as long as the other has not finished.")
@note_option
@as_reviewer
def finish(study: str, reopen: bool, note: str, reviewer: str) -> None:
    from curation.cli.extract_print import print_progress
    from curation.tasks import extract_entry
    from curation.tasks.extract_own import alarms, own

    said: tuple[str, ...]
    with review() as open_review:
        if reopen:
            done, said = extract_entry.take_up_again(open_review, study, reviewer, note, stamp(reviewer)), ()
        else:
            done = extract_entry.finish(open_review, study, reviewer, stamp(reviewer))
            said = alarms(open_review, own(open_review, study, reviewer))
    print_progress(done, said)


@command.command("compare", help="Show where the two extractors of a study differ, cell by cell.")
@study_argument
@click.option(
    "--all", "everything", is_flag=True, help="Also the cells in which they agree, and decided ones."
)
@json_option
def compare(study: str, everything: bool, as_json: bool) -> None:
    from curation.cli.extract_print import plain_comparison, print_comparison
    from curation.tasks.extract_compare import comparison

    with review() as open_review:
        found = comparison(open_review, study)
    if as_json:
        print_json(plain_comparison(found))
    else:
        print_comparison(found, everything=everything)


@command.command(
    "reconcile",
    help="Decide where extractors differ: both together (--with ID), or an adjudicator. With --field one cell, without it"
    " one after the other; when none is left, the study's facts and evaluations are adopted.",
)
@study_argument
@as_reviewer
@click.option(
    "--with", "partners", multiple=True, metavar="ID", help="The other extractor, who decides with you."
)
@click.option("--field", help="Cell to decide on.")
@row_option
@click.option("--value", help="What is to stand there.")
@click.option("--nothing", is_flag=True, help="The cell is to be empty.")
@click.option("--keep", is_flag=True, help="The row stands.")
@click.option("--drop", is_flag=True, help="The row is left out.")
@note_option
def reconcile(  # noqa: PLR0913 - the words of the command
    study: str,
    reviewer: str,
    partners: tuple[str, ...],
    field: str | None,
    row: str,
    value: str | None,
    nothing: bool,
    keep: bool,
    drop: bool,
    note: str,
) -> None:
    from curation.cli.extract_decide import Decisions, ruled
    from curation.cli.extract_print import print_reconciled
    from curation.tasks import extract_reconcile as task

    judge = task.Judge(reviewer, partners)
    with review() as open_review:
        if field is None:
            if row or value is not None or nothing or keep or drop or note:
                message = "name the cell that is decided on: --field FIELD"
                raise Usage(message)
            done = task.settle(open_review, study, reviewer, stamp(reviewer))
            if done.open:
                done = Decisions(open_review, study, judge, lambda: stamp(reviewer)).run(done)
        else:
            said = ruled(field, row, {"value": value, "nothing": nothing, "keep": keep, "drop": drop}, note)
            done = task.reconcile(open_review, study, judge, said, stamp(reviewer))
    print_reconciled(done)


@command.command(
    "agreement",
    help="How far extractors agree, field by field, on what each entered before seeing the other's.",
)
@json_option
def agreement(as_json: bool) -> None:
    from curation.cli.extract_print import print_agreement
    from curation.tasks.extract_compare import agreements

    with review() as open_review:
        studies, found = agreements(open_review)
    if as_json:
        print_json({"studies": studies, "fields": found})
    else:
        print_agreement(studies, found)


@command.command(
    "history",
    help="Every entry, correction and decision of a study; before both have finished only your own.",
)
@study_argument
@click.option("--as", "reviewer", metavar="ID", help="Who asks.")
@json_option
def history(study: str, reviewer: str | None, as_json: bool) -> None:
    from curation.cli.extract_print import print_history
    from curation.tasks.extract_compare import history as told

    with review() as open_review:
        found = told(open_review, study, reviewer)
    if as_json:
        print_json(found)
    else:
        print_history(found)


@command.command(
    "withdraw", help="Take a study's evaluations out of the evidence from now on, as after a retraction."
)
@study_argument
@click.option("--row", "rows", multiple=True, metavar="NAME", help="Only this evaluation; may be repeated.")
@note_option
@as_reviewer
def withdraw(study: str, rows: tuple[str, ...], note: str, reviewer: str) -> None:
    from curation.tasks.extract_reconcile import withdraw as withdrawn

    with review() as open_review:
        out = withdrawn(open_review, study, rows, reviewer, note, stamp(reviewer))
    click.echo(f"{study}: {counted(len(out), 'evaluation')} withdrawn: {', '.join(out)}")
