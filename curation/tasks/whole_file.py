"""Writes a text file that somebody named: whole or not at all, and over nothing they did not mean."""

from __future__ import annotations

import os
from pathlib import Path

from curation.errors import Usage


def write_whole(path: Path, text: str, *, overwrite: bool = False) -> Path:
    """Write the file; gives its path.

    Raises Usage when it exists and may not be overwritten, is a folder, or its folder does not exist.
    """
    if path.is_dir() or not path.parent.is_dir():
        message = f"{path} is no place for a file; name a file in a folder that is there"
        raise Usage(message)
    if path.exists() and not overwrite:
        message = f"{path} exists already; name another file, or say --force to replace it"
        raise Usage(message)
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        half.write_text(text, encoding="utf-8", newline="\n")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return path
