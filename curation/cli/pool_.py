"""``livrev pool``."""

import click

from curation.cli.common import clock, json_option, print_json, review, stamp
from curation.errors import Usage


@click.command(
    "pool", help="Pool the AUCs by each declared synthesis: for every release, and with what came since."
)
@click.option(
    "--sensitivity", is_flag=True, help="The sensitivity analyses declared with each synthesis, or with ID."
)
@click.option("--changes", is_flag=True, help="What each release changed and why, and whether to integrate.")
@click.option("--explain", is_flag=True, help="Why the published and the recommended results differ.")
@click.option("--runs", is_flag=True, help="The runs that are kept: evaluations, version and result of each.")
@click.option("--release", metavar="VERSION", help="As of this release (with --sensitivity or --explain).")
@click.argument("synthesis", metavar="[ID]", required=False)
@json_option
def command(  # noqa: PLR0913 - the words of the command
    *,
    sensitivity: bool,
    changes: bool,
    explain: bool,
    runs: bool,
    release: str | None,
    synthesis: str | None,
    as_json: bool,
) -> None:
    asked = [n for n, on in zip(_VIEWS, (sensitivity, changes, explain, runs), strict=True) if on]
    if len(asked) > 1:
        message = f"ask for one view at a time: {' or '.join(f'--{n}' for n in asked)}"
        raise Usage(message)
    if synthesis is not None and not sensitivity:
        message = f"{synthesis!r}: an ID goes with --sensitivity; livrev pool alone shows every synthesis"
        raise Usage(message)
    if release is not None and not (sensitivity or explain):
        message = "--release goes with --sensitivity or --explain; livrev pool alone shows every release"
        raise Usage(message)
    clock()  # its setting is checked before numpy reads it, which gives a trace where it is wrong
    match asked:
        case ["sensitivity"]:
            _sensitivity(synthesis, release, as_json=as_json)
        case ["changes"]:
            _changes(as_json=as_json)
        case ["explain"]:
            _explain(release, as_json=as_json)
        case ["runs"]:
            _runs(as_json=as_json)
        case _:
            _pool(as_json=as_json)


_VIEWS = ("sensitivity", "changes", "explain", "runs")


def _pool(*, as_json: bool) -> None:
    from curation.cli.pool_print import line
    from curation.tasks.outputs import pool_json
    from curation.tasks.pool import pool
    from curation.tasks.synthesis_runs import keep

    with review() as open_review:
        results = pool(open_review)
        if as_json:
            click.echo(pool_json(results), nl=False)
        else:
            for item in results:
                click.echo(line(item))
        keep(open_review, (("", item) for item in results), stamp())


def _sensitivity(synthesis: str | None, release: str | None, *, as_json: bool) -> None:
    from curation.cli.pool_print import print_sensitivity
    from curation.tasks.pool_plain import sensitivity_as_plain
    from curation.tasks.sensitivity import runs_of, sensitivity
    from curation.tasks.synthesis_runs import keep

    with review() as open_review:
        found = sensitivity(open_review, synthesis, release)
        if as_json:
            print_json([sensitivity_as_plain(one) for one in found])
        else:
            print_sensitivity(found)
        keep(open_review, runs_of(found), stamp())


def _changes(*, as_json: bool) -> None:
    from curation.cli.pool_print import print_changes
    from curation.tasks.integration import criteria, integration_due
    from curation.tasks.living import changes
    from curation.tasks.pool_plain import changes_as_plain

    with review() as open_review:
        found, due, rule = changes(open_review), integration_due(open_review), criteria(open_review)
    if as_json:
        print_json(changes_as_plain(found, due, rule))
    else:
        print_changes(found, due, rule)


def _explain(release: str | None, *, as_json: bool) -> None:
    from curation.cli.pool_print import print_explained
    from curation.tasks.explain import explain
    from curation.tasks.pool_plain import explained_as_plain

    with review() as open_review:
        found = explain(open_review, release)
    if as_json:
        print_json([explained_as_plain(one) for one in found])
    else:
        print_explained(found)


def _runs(*, as_json: bool) -> None:
    from curation.cli.pool_print import print_runs
    from curation.tasks.synthesis_runs import runs

    with review() as open_review:
        found = runs(open_review)
    if as_json:
        print_json(found)
    else:
        print_runs(found)
