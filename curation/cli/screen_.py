"""``livrev screen``."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from curation.cli.common import as_reviewer, clock, review
from curation.errors import Configuration, Usage
from curation.protocol import Keys, Order
from curation.store.connect import Stamp

if TYPE_CHECKING:
    from curation.tasks.review import Review
    from screening.desk import Desk

_WORKS = ("abstract", "fulltext", "conflicts")
_PRESETS = ("livrev", "asreview", "rayyan", "covidence")
_VOTES_BETWEEN = 10  # looks at whether a new ranking is due


@click.command(
    "screen",
    help="Screen on the terminal: one report a screen, one key a vote, each stored before the next report shows. "
    "At conflicts an adjudicator settles; with --with, those who voted decide together.",
)
@as_reviewer
@click.option("--stage", type=click.Choice(_WORKS), default="abstract", show_default=True, help="The work.")
@click.option("--with", "partners", multiple=True, metavar="ID", help="At conflicts: who decides with you.")
@click.option("--keys", "preset", type=click.Choice(_PRESETS), help="Keys as in another tool.")
@click.option("--plain", is_flag=True, help="Line by line: for screen readers, dumb terminals and scripts.")
def command(reviewer: str, stage: str, partners: tuple[str, ...], preset: str | None, *, plain: bool) -> None:
    from curation.tasks.desk import Session, StoreDesk
    from screening.desk import Work

    if partners and stage != Work.CONFLICTS:
        message = "--with goes with --stage conflicts: a consensus of all who voted"
        raise Usage(message)
    with review() as open_review:
        keys = _bindings(open_review.protocol.screening.keys, preset)
        desk = StoreDesk(
            open_review,
            Session(reviewer, Work(stage), partners, keys),
            lambda: Stamp(clock(), reviewer, "livrev screen"),
            _ranks_anew(open_review, reviewer),
        )
        _at_work(desk, plain=plain)


def _at_work(desk: Desk, *, plain: bool) -> None:
    """On the whole screen where there is one, else line by line."""
    painting = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    if plain or not painting:
        from screening.terminal.plain import run_plain

        run_plain(desk, sys.stdin, sys.stdout, time.monotonic)
        return
    from screening.terminal.app import run
    from screening.terminal.opening import open_link

    screens = {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ)
    remote = "SSH_CONNECTION" in os.environ and not screens  # a browser would open over there
    run(desk, time.monotonic, (lambda _link: False) if remote else open_link)


def _bindings(keys: Keys, preset: str | None) -> dict[str, str]:
    """Every action's key. Raises Configuration where review.toml gives one key to two."""
    from screening.terminal.keys import ACTIONS, bindings

    own = {action: key for action in ACTIONS if (key := getattr(keys, action))}
    try:
        return bindings(preset or keys.preset, own)
    except ValueError as doubled:
        message = f"review.toml, [screening.keys]: {doubled}"
        raise Configuration(message) from doubled


def _ranks_anew(open_review: Review, reviewer: str) -> Callable[[], None]:
    """Starts a new ranking in a process of its own when enough was voted since the last; a vote never waits for it."""
    if open_review.protocol.screening.order is not Order.RANKED:
        return lambda: None
    from curation.model import Stage
    from curation.tasks.ranking import due, start_in_background

    votes = 0

    def look() -> None:
        nonlocal votes
        votes += 1
        if votes % _VOTES_BETWEEN == 0 and due(open_review, reviewer, Stage.ABSTRACT):
            start_in_background(open_review.folder, reviewer)

    return look
