"""``livrev duplicates``."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from curation.cli.common import as_reviewer, clock, json_option, print_json, review
from curation.errors import Usage
from curation.identifiers import report_id
from curation.store.connect import Stamp

note_option = click.option("--note", default="", help="Why.")
first = click.argument("one", metavar="A")
second = click.argument("other", metavar="B")


def stamp(reviewer: str) -> Stamp:
    """Who decides now, with the whole name of the command."""
    return Stamp(clock(), reviewer, click.get_current_context().command_path)


@click.group(
    "duplicates",
    invoke_without_command=True,
    help="List duplicates with their evidence; with --as ID, decide on the likely pairs one by one, side by side.",
)
@click.option("--waiting", is_flag=True, help="List only pairs that wait for a person, likeliest first.")
@click.option("--as", "reviewer", metavar="ID", help="Who decides (id in review.toml): opens the queue.")
@json_option
@click.pass_context
def command(ctx: click.Context, waiting: bool, reviewer: str | None, as_json: bool) -> None:
    if ctx.invoked_subcommand is not None:
        if waiting or reviewer is not None or as_json:
            message = f"--waiting, --as and --json go behind {ctx.invoked_subcommand}, if it knows them"
            raise Usage(message)
        return
    if reviewer is not None and not (waiting or as_json) and _can_ask():
        _queue(reviewer)
    else:
        _list(waiting=waiting, as_json=as_json)


def _can_ask() -> bool:
    """Whether pairs are seen by who presses the keys; a script that hands the keys in sees to that itself."""
    return sys.stdout.isatty() or not sys.stdin.isatty()


def _queue(reviewer: str) -> None:
    from curation.cli.duplicates_queue import Queue

    with review() as open_review:
        open_review.person(reviewer)
        Queue(open_review, lambda: stamp(reviewer)).run()


def _list(*, waiting: bool, as_json: bool) -> None:
    from curation.cli.duplicates_print import print_pairs
    from curation.tasks import dedupe

    with review() as open_review:
        found = (dedupe.waiting if waiting else dedupe.judged_pairs)(open_review.sql)
        titles = dedupe.titles(open_review.sql, found)
    if as_json:
        named = [{"left_title": titles[p.left], "right_title": titles[p.right]} for p in found]
        print_json([asdict(pair) | names for pair, names in zip(found, named, strict=True)])
        return
    print_pairs(found, titles)


@command.command("explain", help="Say why two records are or are not one report, with the table of weights.")
@first
@second
@json_option
def explain(one: str, other: str, as_json: bool) -> None:
    from curation.cli.duplicates_print import print_explained
    from curation.tasks.duplicates import explained

    with review() as open_review:
        found = explained(open_review, report_id(one), report_id(other))
    if as_json:
        print_json(found)
    else:
        print_explained(found)


@command.command(
    "merge",
    help="Two or more records are one report. Naming three or more overrules what was said of any two of them.",
)
@click.argument("named", metavar="A B...", nargs=-1, required=True)
@note_option
@as_reviewer
def merge(named: tuple[str, ...], note: str, reviewer: str) -> None:
    from curation.cli.duplicates_print import print_decided
    from curation.tasks import duplicates

    if len(named) == 1:
        message = "name two records, or more: livrev duplicates merge R4 R9 --as ID"
        raise Usage(message)
    with review() as open_review:
        numbers = [report_id(text) for text in named]
        done = duplicates.merge(open_review, numbers, duplicates.Said(reviewer, note), stamp(reviewer))
    print_decided(done)


@command.command(
    "split", help="Take A out of its report: different from every other record there, or from B only."
)
@first
@click.argument("other", metavar="[B]", required=False)
@note_option
@as_reviewer
def split(one: str, other: str | None, note: str, reviewer: str) -> None:
    from curation.cli.duplicates_print import print_decided
    from curation.tasks import duplicates

    apart = None if other is None else report_id(other)
    with review() as open_review:
        said = duplicates.Said(reviewer, note)
        done = duplicates.split(open_review, report_id(one), apart, said, stamp(reviewer))
    print_decided(done)


@command.command(
    "related", help="A and B are two reports that belong together: A is the preprint, abstract ... of B."
)
@first
@second
@click.option(
    "--kind",
    required=True,
    metavar="KIND",
    help="How: preprint-of, abstract-of, correction-of, reply-to, version-of, same-text or other.",
)
@note_option
@as_reviewer
def related(one: str, other: str, kind: str, note: str, reviewer: str) -> None:
    from curation.cli.duplicates_print import print_decided
    from curation.tasks import duplicates

    with review() as open_review:
        said = duplicates.Said(reviewer, note)
        done = duplicates.related(open_review, report_id(one), report_id(other), kind, said, stamp(reviewer))
    print_decided(done)


@command.command("different", help="A and B are two reports; they are never asked about again.")
@first
@second
@note_option
@as_reviewer
def different(one: str, other: str, note: str, reviewer: str) -> None:
    from curation.cli.duplicates_print import print_decided
    from curation.tasks import duplicates

    with review() as open_review:
        said = duplicates.Said(reviewer, note)
        done = duplicates.different(open_review, report_id(one), report_id(other), said, stamp(reviewer))
    print_decided(done)


@command.command("undo", help="Take back your last decision on duplicates; again for the one before.")
@as_reviewer
def undo(reviewer: str) -> None:
    from curation.cli.duplicates_print import print_decided
    from curation.tasks.duplicate_undo import undo as take_back

    with review() as open_review:
        done = take_back(open_review, reviewer, stamp(reviewer))
    print_decided(done, before="taken back: ")


@command.command("show", help="Show the records of a report, and what its canonical record takes from which.")
@click.argument("report", metavar="REPORT")
@json_option
def show(report: str, as_json: bool) -> None:
    from curation.cli.duplicates_print import print_report
    from curation.tasks.report_members import show as shown

    with review() as open_review:
        found = shown(open_review, report_id(report))
    if as_json:
        print_json(found)
    else:
        print_report(found)


@command.command("counts", help="Count duplicates: between sources, within one, by rule, by person, waiting.")
@json_option
def counts(as_json: bool) -> None:
    from curation.cli.duplicates_print import print_counts
    from curation.tasks.duplicate_counts import counts as counted_now

    with review() as open_review:
        found = counted_now(open_review)
    if as_json:
        print_json(found)
    else:
        print_counts(found)
