"""Words in the tongues of the schedulers: what is quoted, doubled or escaped in each, and what none can say."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterable, Sequence

from curation.errors import Usage

_PLAIN = re.compile(r"[A-Za-z0-9_@+=:,./-]+")
_UNSPEAKABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def sayable(words: Iterable[str], forbidden: str = "") -> None:
    """Raise Usage for a word that cannot stand in a scheduler's file: control characters, or ``forbidden`` text."""
    for word in words:
        if _UNSPEAKABLE.search(word) or (forbidden and forbidden in word):
            what = forbidden if forbidden and forbidden in word else "control characters"
            message = f"{word!r} has {what} in it, which this scheduler cannot be told; rename the folder"
            raise Usage(message)


def systemd_text(text: str) -> str:
    """A value that systemd takes as it is, to the end of the line (Description, Condition...): ``%`` is doubled."""
    return " ".join(text.split()).replace("%", "%%").rstrip("\\")


def systemd_path(path: str) -> str:
    """A path that systemd takes as it is, to the end of the line; blanks stay as they are."""
    return path.replace("%", "%%")


def systemd_word(text: str) -> str:
    """One word of a list (ReadWritePaths, the program in ExecStart): quoted, with ``%`` doubled (systemd.syntax(7))."""
    if _PLAIN.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"'


def systemd_command(words: Sequence[str]) -> str:
    """A command for ``ExecStart``. ``$`` is doubled too, but not in the program, where systemd looks for no variable.

    Raises Usage for quotes and backslashes in the program, which systemd refuses however they are written.
    """
    program, *arguments = words
    for character in "\"'\\":
        sayable([program], character)
    return " ".join([systemd_word(program), *(systemd_word(word.replace("$", "$$")) for word in arguments)])


def shell_command(words: Sequence[str]) -> str:
    """A command for ``/bin/sh``."""
    return shlex.join(words)


def cron_command(script: str) -> str:
    r"""A shell script for a line of a crontab, where a bare ``%`` would end it (crontab(5)).

    Raises Usage for a backslash: cron programs differ in what they make of one before ``\%``.
    """
    sayable([script], "\\")
    return script.replace("%", "\\%")


def windows_arguments(words: Sequence[str]) -> str:
    """Arguments for a Windows task, by the rules of Microsoft's C library.

    Raises Usage for ``%``, which Windows takes for a variable's name, and ``$(``, which Task Scheduler replaces.
    """
    sayable(words, "%")
    sayable(words, "$(")
    return subprocess.list2cmdline(words)


def yaml_text(text: str) -> str:
    """A quoted scalar of YAML, which JSON is a part of.

    Raises Usage for ``${{``, which GitHub Actions would compute.
    """
    sayable([text], "${{")
    return json.dumps(text, ensure_ascii=False)
