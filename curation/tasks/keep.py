"""Keeps a file as it was given, under a name that its content makes unique."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from curation.errors import BadInput

_PIECE = 1 << 20  # bytes


def keep(path: Path, folder: Path, expected: str = "") -> tuple[str, str]:
    """Copy the file into ``folder`` whole or not at all; gives its own name and the SHA-256 of its bytes.

    Raises BadInput when it cannot be read, or when it is not the one of the ``expected`` SHA-256 any more.
    """
    folder.mkdir(exist_ok=True)
    half = folder / f".{path.name}.{os.getpid()}.part"
    try:
        sha256 = _copied(path, half)
        if expected and sha256 != expected:
            raise BadInput(f"{path} was changed while it was read; run the same command again")
        half.replace(folder / f"{sha256[:8]}-{path.name}")
    finally:
        half.unlink(missing_ok=True)
    return path.name, sha256


def _copied(path: Path, half: Path) -> str:
    digest = hashlib.sha256()
    try:
        source = path.open("rb")
    except OSError as problem:
        message = f"{path} cannot be read: {problem.strerror or problem}"
        raise BadInput(message) from problem
    with source, half.open("wb") as copy:
        while piece := source.read(_PIECE):
            digest.update(piece)
            copy.write(piece)
    return digest.hexdigest()
