"""Makes a screening page for a co-author without a terminal: their next reports, and nothing of anybody's votes."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from curation import __version__
from curation.errors import Configuration, Refused
from curation.model import Stage
from curation.protocol import Protocol, Role
from curation.report.pack import Pack, as_html
from curation.store import queue as slots
from curation.store import vote_rows
from curation.store.connect import Stamp
from curation.tasks.desk import Session, card_of, setting_of
from curation.tasks.queue import refresh
from curation.tasks.report_members import canonical_of
from curation.tasks.review import Review
from curation.tasks.whole_file import write_whole
from screening.desk import Work
from screening.terminal import keys

# Names that browsers give to keys (UI Events, KeyboardEvent key Attribute Values) by Textual's.
_BROWSERS = {
    "slash": "/",
    "backslash": "\\",
    "at": "@",
    "minus": "-",
    "plus": "+",
    "underscore": "_",
    "space": " ",
    "up": "ArrowUp",
    "down": "ArrowDown",
    "left": "ArrowLeft",
    "right": "ArrowRight",
    "pageup": "PageUp",
    "pagedown": "PageDown",
    **{f"f{n}": f"F{n}" for n in range(1, 13)},
    **{name: name.capitalize() for name in ("home", "end", "insert", "delete", "backspace")},
}
_NOT_HERE = ("keywords", "quit")  # keywords are always shown, and a page is left by closing it


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose page, at which stage, of at most how many reports; ``path`` None: in the review's output folder."""

    reviewer: str
    stage: Stage = Stage.ABSTRACT
    size: int = 200
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Packed:
    """A page that was written; ``left`` reports wait for the reviewer beside those in it."""

    path: Path
    batch: str
    reports: int
    left: int


def pack(review: Review, wanted: Wanted, stamp: Stamp, *, overwrite: bool = False) -> Packed:
    """Write the page of the reviewer's next reports.

    Raises Usage for an unknown reviewer or a file that exists, Refused for one who does not screen and where nothing
    waits, Configuration for keys that contradict each other.
    """
    review.member(wanted.reviewer, Role.SCREENER)
    reports = batch(review, wanted.reviewer, wanted.stage, wanted.size)
    if not reports:
        message = f"nothing waits for {wanted.reviewer} at {wanted.stage}; no page was made"
        raise Refused(message)
    made = _pack(review, wanted, reports, stamp)
    path = wanted.path or _usual_path(review, wanted, made.batch)
    write_whole(path, as_html(made), overwrite=overwrite or wanted.path is None)
    waiting = slots.waiting(review.sql, wanted.reviewer, wanted.stage)
    return Packed(path, made.batch, len(reports), waiting - len(reports))


def batch(review: Review, reviewer: str, stage: Stage, size: int) -> list[int]:
    """The next ``size`` reports of a reviewer, in the order of their queue."""
    refresh(review)
    return slots.next_reports(review.sql, reviewer, stage, size)


def _usual_path(review: Review, wanted: Wanted, batch_id: str) -> Path:
    """Where a page goes that nobody named: into the review's output folder, which is made."""
    folder = review.folder / review.protocol.output.folder
    folder.mkdir(parents=True, exist_ok=True)
    reviewer = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in wanted.reviewer)
    return folder / f"screen-{reviewer}-{wanted.stage}-{batch_id}.html"


def _pack(review: Review, wanted: Wanted, reports: Sequence[int], stamp: Stamp) -> Pack:
    whole = canonical_of(review.sql, reports)
    identity = vote_rows.identity(review.sql)
    chosen = _keys(review.protocol)
    return Pack(
        setting=setting_of(review.protocol, Session(wanted.reviewer, Work(wanted.stage))),
        cards=tuple(card_of(n, wanted.stage, whole[n].citation) for n in reports),
        review=identity,
        batch=_batch_id(identity, wanted, reports),
        made_at=stamp.at.isoformat(timespec="seconds"),
        tool_version=__version__,
        keys={action: _in_browsers(names) for action, names in chosen.items()},
        signs={action: keys.first(names) for action, names in chosen.items()},
    )


def _batch_id(identity: str, wanted: Wanted, reports: Sequence[int]) -> str:
    """The same for the same reports, so that a page made again goes on where the first one was left."""
    made_of = "/".join((identity, wanted.reviewer, wanted.stage, *map(str, sorted(reports))))
    return hashlib.sha256(made_of.encode()).hexdigest()[:8]


def _keys(protocol: Protocol) -> Mapping[str, str]:
    """The reviewer's keys by action, as the screening app has them."""
    try:
        chosen = keys.of_setting({name: str(key) for name, key in asdict(protocol.screening.keys).items()})
    except ValueError as problem:
        message = f"review.toml: screening.keys: {problem}"
        raise Configuration(message) from problem
    return {action: names for action, names in chosen.items() if action not in _NOT_HERE}


def _in_browsers(names: str) -> tuple[str, ...]:
    """Keys by their browser names; one with ctrl is the browser's own and left out."""
    return tuple(_in_browser(name) for name in names.split(",") if "+" not in name or len(name) == 1)


def _in_browser(name: str) -> str:
    if len(name) == 1:
        return name
    return _BROWSERS.get(name) or unicodedata.lookup(name.replace("_", " ").upper())
