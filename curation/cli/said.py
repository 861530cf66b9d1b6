"""How a command says what went wrong."""

from __future__ import annotations

import click

from curation.errors import Exit


def say(status: Exit, message: str, faults: tuple[str, ...] = ()) -> int:
    """What went wrong, on standard error, with its faults below; gives the exit status."""
    click.echo(f"livrev: {message}", err=True)
    for fault in faults:
        click.echo(f"  {fault}", err=True)
    return int(status)
