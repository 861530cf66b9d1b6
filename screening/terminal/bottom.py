"""The line of keys at the foot of the screen, as many as it is wide, and the page of all keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text
from textual.content import Content

from curation.model import Stage
from screening.terminal import keys
from screening.terminal.session import Session

# In the order in which they are left out, the last first, where the line is short.
_WORTH_ROOM = (
    "include", "exclude", "maybe", "undo", "skip", "back", "note", "tag", "flag", "criteria", "find", "open",
    "highlights", "keywords",
)  # fmt: skip
_ALWAYS = ("help", "quit")
_CALLED = {"help": "keys", "highlights": "terms"}
_WITHOUT_REPORT = {"undo", "back", "criteria"}
_GAP = "  "
_MOVING = (
    ("↑ ↓ Space", "scroll the report; PgUp, PgDn, Home and End too"),
    ("Shift+↑ ↓", "scroll the criteria"),
)


def key_line(chosen: Mapping[str, str], session: Session, width: int) -> Content:
    """The keys that have a use now, cut to ``width`` columns; help and quit are always there."""
    last = [_pair(chosen, action) for action in _ALWAYS]
    room = width - _wide(last) + len(_GAP)
    told = []
    for pair in _useful(chosen, session):
        room -= _wide([pair])
        if room < 0:
            break
        told.append(pair)
    parts = [part for key, word in (*told, *last) for part in ((key, "bold $label"), f" {word}{_GAP}")]
    return Content.assemble(*parts).rstrip()


def all_keys(chosen: Mapping[str, str], session: Session) -> Table:
    """Every key with what it does."""
    rows = [(keys.shown(chosen[action]), does) for action, does in keys.ACTIONS.items()]
    rows.insert(2, (_digits(session), "exclude for the reason of this number, at full text"))
    table = Table.grid(padding=(0, 2))
    for key, does in (*rows, *_MOVING):
        table.add_row(Text(key, style="bold"), Text(does))
    return table


def _useful(chosen: Mapping[str, str], session: Session) -> Iterator[tuple[str, str]]:
    card = session.card
    fulltext = card is not None and card.stage is Stage.FULLTEXT
    without = set() if card else set(_WORTH_ROOM) - _WITHOUT_REPORT
    if session.settles or fulltext:
        without.add("maybe")
    for action in _WORTH_ROOM:
        if action not in without:
            yield _pair(chosen, action)
        if action == "exclude" and fulltext:
            yield _digits(session), "reason"


def _pair(chosen: Mapping[str, str], action: str) -> tuple[str, str]:
    return keys.first(chosen[action]), _CALLED.get(action, action)


def _wide(pairs: list[tuple[str, str]]) -> int:
    return sum(cell_len(f"{key} {word}{_GAP}") for key, word in pairs)


def _digits(session: Session) -> str:
    count = min(len(session.setting.reasons), 9)
    return f"1-{count}" if count > 1 else "1"
