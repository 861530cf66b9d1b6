"""Answers typed on a terminal, or handed in as the lines of a script."""

from __future__ import annotations

import sys

import click


class Lines:
    """Answers one a line; None at their end."""

    def __init__(self) -> None:
        self._typed = sys.stdin.isatty()

    def next(self, prompt: str) -> str | None:
        """The next answer, without blanks around it."""
        if not self._typed:
            line = sys.stdin.readline()
            return line.strip() if line else None
        try:
            said: str = click.prompt(prompt, default="", show_default=False)
        except (click.Abort, EOFError):
            return None
        return said.strip()
