"""``livrev fulltext``."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict, Unpack

import click

from curation.cli.common import json_option, review, stamp
from curation.errors import Exit, Usage
from curation.identifiers import report_id


class _Said(TypedDict):
    """The options of the command."""

    file: Path | None
    link: str | None
    why: str | None
    attach: bool
    dry_run: bool
    find: bool
    download: bool
    mail: bool
    authors: bool
    to_library: str
    as_json: bool
    as_csv: bool
    reviewer: str | None


_OUTCOMES = ("file", "link", "why")
_ACTS = ("attach", "find", "mail")
# Options that mean something together with one act only; "" is the list of what is missing.
_GOES_WITH = {
    "dry_run": ("attach",),
    "download": ("find",),
    "authors": ("mail",),
    "to_library": ("mail",),
    "as_csv": ("",),
    "as_json": ("", "attach", "find"),
}


@click.command(
    "fulltext",
    help="List the full texts that are sought and missing; note that the one of REPORT was retrieved, or why it "
    "could not be; attach PDFs by the DOI, PMID or report number in their names; find open copies; write the letter "
    "that asks for the rest.",
)
@click.argument("words", metavar="[REPORT | FILE...]", nargs=-1)
@click.option("--retrieved", "file", type=click.Path(path_type=Path), help="The file; its hash is kept.")
@click.option("--link", help="Retrieved at this address, without a file.")
@click.option("--not-retrieved", "why", metavar="WHY", help="It could not be had, and why.")
@click.option(
    "--attach",
    is_flag=True,
    help="Attach PDFs, or all PDFs of folders: 10.1000_abc.pdf, PMID12345678 Smith.pdf, R12.pdf.",
)
@click.option("--dry-run", is_flag=True, help="Only say what --attach would do.")
@click.option(
    "--find", is_flag=True, help="Ask Unpaywall and Europe PMC for open copies; --as ID notes them."
)
@click.option("--download", is_flag=True, help="With --find: fetch PDFs that are open access.")
@click.option("--mail", is_flag=True, help="Write a letter to a library that asks for what is missing.")
@click.option("--authors", is_flag=True, help="With --mail: a letter to the authors of each instead.")
@click.option("--to-library", metavar="ADDRESS", default="", help="With --mail: the library's address.")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print the list as CSV.")
@click.option("--as", "reviewer", metavar="ID", help="Who acts (id in review.toml); needed to note anything.")
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...], **said: Unpack[_Said]) -> int:
    act = _act(ctx, words, said)
    if act in _OUTCOMES:
        return _note(words, said)
    if act == "attach":
        return _attach(words, said)
    if words:
        message = f"--{act} is about every missing full text and takes no REPORT"
        raise Usage(message)
    if act == "find":
        return _find(said)
    return _mail(said) if act == "mail" else _list(said)


def _act(ctx: click.Context, words: tuple[str, ...], said: _Said) -> str:
    """Which one thing is asked for; empty for the list. Raises Usage where it is two, or options that do not fit."""
    given = [name for name in (*_OUTCOMES, *_ACTS) if ctx.params[name] not in {None, False}]
    about_one = bool(words) and not set(given) & set(_ACTS)
    if len(given) > 1 or (about_one and len(given) != 1):
        message = "say one of --retrieved FILE, --link ADDRESS, --not-retrieved WHY"
        raise Usage(message if about_one else f"{message}, --attach, --find, --mail")
    act = given[0] if given else ""
    wrong = [name for name, acts in _GOES_WITH.items() if ctx.params[name] and act not in acts]
    if wrong:
        option = next(p for p in ctx.command.params if p.name == wrong[0]).opts[0]
        fits = " or ".join(f"--{name}" if name else "the list" for name in _GOES_WITH[wrong[0]])
        message = f"{option} goes with {fits}"
        raise Usage(message)
    if said["to_library"] and said["authors"]:
        message = "--to-library and --authors are two letters; ask for one at a time"
        raise Usage(message)
    return act


def _person(said: _Said) -> str:
    if said["reviewer"] is None:
        message = "say who acts: --as ID (id in review.toml)"
        raise Usage(message)
    return said["reviewer"]


def _note(words: tuple[str, ...], said: _Said) -> int:
    from curation.tasks.fulltext import Attempt, note_fulltext
    from screening.flow import Retrieval

    if len(words) != 1:
        message = "name one report, such as R12"
        raise Usage(message)
    why, link = said["why"], said["link"]
    if link is not None and not link.strip():
        message = "say the address: --link ADDRESS"
        raise Usage(message)
    outcome = Retrieval.NOT_RETRIEVED if why is not None else Retrieval.RETRIEVED
    report, reviewer = report_id(words[0]), _person(said)
    attempt = Attempt(report, reviewer, outcome, note=why or "", file=said["file"], link=link or "")
    with review() as open_review:
        note_fulltext(open_review, attempt, stamp(reviewer))
    click.echo(f"R{report}: {outcome}")
    return Exit.DONE


def _attach(words: tuple[str, ...], said: _Said) -> int:
    from curation.cli.fulltext_print import print_attached
    from curation.tasks.fulltext_attach import attach

    if not words:
        message = "name the files or folders: livrev fulltext --attach FOLDER --as ID"
        raise Usage(message)
    reviewer, paths = _person(said), [Path(word) for word in words]
    with review() as open_review:
        done = attach(open_review, paths, reviewer, stamp(reviewer), dry_run=said["dry_run"])
    print_attached(done, dry_run=said["dry_run"], as_json=said["as_json"])
    return Exit.WARNINGS if done.left else Exit.DONE


def _find(said: _Said) -> int:
    import os

    from curation.cli.common import show_warnings
    from curation.cli.fulltext_print import Finding
    from curation.tasks.fulltext_download import download
    from curation.tasks.fulltext_find import find, note_links
    from curation.tasks.network import NetworkSettings

    show_warnings()
    reviewer = _person(said) if said["download"] else said["reviewer"]
    settings = NetworkSettings.of(os.environ)
    printed = Finding(as_json=said["as_json"])
    with review() as open_review:
        if reviewer is not None:
            open_review.person(reviewer)
        for found in find(open_review, settings):
            printed.found(found)
        if reviewer is not None:
            printed.noted(note_links(open_review, printed.all, reviewer, stamp(reviewer)))
        if reviewer is not None and said["download"]:
            for got in download(open_review, printed.all, reviewer, stamp(reviewer), settings):
                printed.downloaded(got)
    return printed.end()


def _mail(said: _Said) -> int:
    from curation.cli.fulltext_print import print_letters
    from curation.tasks.fulltext_mail import to_authors, to_library

    with review() as open_review:
        signed = open_review.person(said["reviewer"]).name if said["reviewer"] else ""
        if said["authors"]:
            letters = to_authors(open_review, signed)
        else:
            letters = to_library(open_review, said["to_library"], signed)
    print_letters(letters)
    return Exit.DONE


def _list(said: _Said) -> int:
    from curation.cli.fulltext_print import print_missing
    from curation.tasks.fulltext_missing import missing

    with review() as open_review:
        found = missing(open_review)
    print_missing(found, as_json=said["as_json"], as_csv=said["as_csv"])
    return Exit.DONE
