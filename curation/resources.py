"""Finds what ships beside the code: ``db/`` (SQL, the reference review) and ``templates/``.

A wheel holds them under ``curation/_shipped/``; an editable install and a bare clone have them at the top.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def shipped(*parts: str) -> Path:
    """Path of a shipped file or folder, e.g. ``shipped("db", "migrations")``.

    Raises FileNotFoundError when the installation lacks it.
    """
    package = Path(__file__).parent
    for root in (package / "_shipped", package.parent):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    missing = "/".join(parts)
    raise FileNotFoundError(f"this installation of livrev lacks {missing}; install it again")
