"""The queue of likely pairs: two records side by side, one key for what they are to each other.

Every decision is stored at once in a transaction of its own, so the queue can be left at any moment and goes on where
it was. On a terminal a key is a press; from a pipe keys come one a line, and the end of the input leaves.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import Enum, auto

import click
from rich.console import Console

from curation.cli.common import counted
from curation.cli.duplicates_view import HELP, KEYS, KINDS, Shown, draw
from curation.errors import Refused
from curation.model import Relation
from curation.store.connect import Stamp
from curation.store.duplicates import Judged
from curation.tasks import dedupe, duplicates
from curation.tasks.duplicate_undo import undo
from curation.tasks.duplicates import Decided, Explained, Said
from curation.tasks.review import Review

_KIND_OF = {
    "p": "preprint-of",
    "a": "abstract-of",
    "c": "correction-of",
    "y": "reply-to",
    "v": "version-of",
    "t": "same-text",
    "o": duplicates.OTHER,
}


class Keys:
    """Keys as they are pressed, or lines of a script."""

    def __init__(self) -> None:
        self._pressed = sys.stdin.isatty()

    def next(self) -> str:
        """The next key in lower case; ``q`` at the end of the input."""
        if not self._pressed:
            line = sys.stdin.readline()
            return line.strip().lower() if line else "q"
        try:
            return click.getchar().lower()
        except EOFError:
            return "q"

    def line(self, prompt: str) -> str:
        """A line of text."""
        if not self._pressed:
            return sys.stdin.readline().strip()
        said: str = click.prompt(prompt, default="", show_default=False)
        return said.strip()


class Then(Enum):
    """What follows a key."""

    STAY = auto()
    NEXT = auto()
    QUIT = auto()


class Queue:
    """One reviewer's way through the pairs that wait, the likeliest first; skipped ones come again at the end."""

    def __init__(self, review: Review, stamp: Callable[[], Stamp]) -> None:
        self._review = review
        self._stamp = stamp
        self._by = stamp().by
        self._keys = Keys()
        self._console = Console(highlight=False)
        self._waiting: dict[tuple[int, int], Judged] = {}
        self._later: list[tuple[int, int]] = []  # skipped
        self._again: tuple[int, int] | None = None  # taken back just now
        self._decided = 0
        self._said = ""  # what the last key came to
        self._note = ""
        self._open: set[str] = set()  # what is shown beside the pair, by its key
        self._actions: dict[str, Callable[[Judged], Then]] = {
            "s": lambda pair: self._decide(pair, Relation.SAME),
            "d": lambda pair: self._decide(pair, Relation.DIFFERENT),
            "r": self._relate,
            "k": self._skip,
            "u": self._undo,
            "n": self._write_note,
            "q": lambda _: Then.QUIT,
            **{key: self._turn(key) for key in "fw?"},
        }

    def run(self) -> None:
        """Ask about one pair after the other, until none waits or the reviewer leaves."""
        while (pair := self._next()) is not None:
            self._note, self._open = "", set()
            if self._ask(pair) is Then.QUIT:
                break
        self._tell()
        left = len(dedupe.waiting(self._review.sql))
        click.echo(f"{counted(self._decided, 'pair')} decided, {left} {'waits' if left == 1 else 'wait'}")

    def _next(self) -> Judged | None:
        """The pair taken back, else the likeliest that was not skipped, else the one that was skipped first."""
        self._waiting = {(j.left, j.right): j for j in dedupe.waiting(self._review.sql)}
        self._later = [pair for pair in self._later if pair in self._waiting]
        fresh = [pair for pair in self._waiting if pair not in self._later]
        if self._again in fresh:
            fresh.insert(0, self._again)
        self._again = None
        return next((self._waiting[pair] for pair in (*fresh, *self._later)), None)

    def _ask(self, pair: Judged) -> Then:
        explained = duplicates.explained(self._review, pair.left, pair.right)
        self._draw(pair, explained)
        while True:
            key = self._keys.next()
            action = self._actions.get(key)
            if action is None:
                if key:
                    click.echo(f"no such key: {key!r} (? for help)")
                continue
            then = action(pair)
            if then is not Then.STAY:
                return then
            self._draw(pair, explained)

    def _draw(self, pair: Judged, explained: Explained) -> None:
        if self._console.is_terminal:
            self._console.clear()
        self._tell()
        skipped = f", {len(self._later)} skipped" if self._later else ""
        place = f"{self._decided + 1} of {self._decided + len(self._waiting)}{skipped}"
        draw(
            self._console,
            Shown(explained, pair.evidence, place, full="f" in self._open, weights="w" in self._open),
        )
        if "?" in self._open:
            click.echo(HELP)
        if self._note:
            click.echo(f"note: {self._note}")
        click.echo(KEYS)

    def _tell(self) -> None:
        if self._said:
            click.echo(self._said)
        self._said = ""

    def _decide(self, pair: Judged, relation: Relation, kind: str = "") -> Then:
        left, right = pair.left, pair.right
        if all((j.left, j.right) != (left, right) for j in dedupe.waiting(self._review.sql)):
            self._said = f"R{left} and R{right} were decided meanwhile; nothing was stored"
            return Then.NEXT
        said = Said(self._by, self._note or (f"{kind}, judged by {self._by}" if kind else ""))
        try:
            done = self._stored(left, right, relation, kind, said)
        except Refused as refused:
            self._said = f"not stored: {refused.message}"
            return Then.STAY
        self._decided += 1
        named = f"{relation} ({kind})" if kind else str(relation)
        self._said = f"R{left} and R{right}: {named}; {counted(done.moved, 'record')} moved"
        return Then.NEXT

    def _stored(self, left: int, right: int, relation: Relation, kind: str, said: Said) -> Decided:
        if relation is Relation.SAME:
            return duplicates.merge(self._review, (left, right), said, self._stamp())
        if relation is Relation.RELATED:
            return duplicates.related(self._review, left, right, kind, said, self._stamp())
        return duplicates.different(self._review, left, right, said, self._stamp())

    def _relate(self, pair: Judged) -> Then:
        click.echo(KINDS)
        key = self._keys.next()
        if key not in _KIND_OF:
            self._said = f"nothing stored: {key!r} is none of them"
            return Then.STAY
        return self._decide(pair, Relation.RELATED, _KIND_OF[key])

    def _skip(self, pair: Judged) -> Then:
        skipped = (pair.left, pair.right)
        self._later = [one for one in self._later if one != skipped] + [skipped]
        return Then.NEXT

    def _undo(self, _: Judged) -> Then:
        try:
            done = undo(self._review, self._by, self._stamp())
        except Refused as refused:
            self._said = refused.message
            return Then.STAY
        self._again = (done.judged[0].left, done.judged[0].right)
        self._later = [pair for pair in self._later if pair != self._again]
        self._decided = max(0, self._decided - 1)
        self._said = "; ".join(f"taken back: R{j.left} and R{j.right}: {j.relation}" for j in done.judged)
        return Then.NEXT

    def _write_note(self, _: Judged) -> Then:
        self._note = self._keys.line("note on the next decision")
        return Then.STAY

    def _turn(self, key: str) -> Callable[[Judged], Then]:
        def turn(_: Judged) -> Then:
            self._open ^= {key}
            return Then.STAY

        return turn
