"""What a schedule is made of: files, marked lines of a crontab, commands, and words to a person. Values only."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

# In each file that livrev made; without it livrev leaves a file alone.
MARK = "Made by livrev schedule"


class Kind(StrEnum):
    """What may start the update."""

    SYSTEMD = "systemd"
    CRON = "cron"
    GITHUB = "github"
    LAUNCHD = "launchd"
    WINDOWS = "windows"


@dataclass(frozen=True, slots=True)
class Place:
    """What a schedule must know of the review and of the machine.

    ``command`` starts livrev, with an absolute path. ``output`` is the folder of the report, as review.toml names it.
    """

    folder: Path
    title: str
    output: str
    command: tuple[str, ...]
    home: Path
    uid: int

    @property
    def name(self) -> str:
        """A name for files and tasks that no other review of this machine has."""
        slug = re.sub(r"[^a-z0-9]+", "-", self.folder.name.lower()).strip("-")[:40] or "review"
        mark = hashlib.sha256(str(self.folder).encode(errors="surrogateescape")).hexdigest()[:6]
        return f"livrev-{slug}-{mark}"


@dataclass(frozen=True, slots=True)
class File:
    """A file to be written whole."""

    path: Path
    text: str
    why: str
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Block:
    """Marked lines of the user's crontab."""

    first: str
    text: str
    last: str
    why: str


@dataclass(frozen=True, slots=True)
class Step:
    """A command to be run. ``may_fail``: it undoes what may not be there."""

    command: tuple[str, ...]
    why: str
    may_fail: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a schedule is made of.

    ``after`` follows the writing of the files; ``before`` goes before their removal, ``afterwards`` behind it.
    ``by_hand`` is left to a person. ``blocked`` says why it cannot be installed.
    """

    kind: Kind
    files: tuple[File, ...] = ()
    block: Block | None = None
    after: tuple[Step, ...] = ()
    before: tuple[Step, ...] = ()
    afterwards: tuple[Step, ...] = ()
    by_hand: tuple[str, ...] = ()
    blocked: str = ""
