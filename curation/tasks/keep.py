"""Keeps a file as it was given, under a name that its content makes unique."""

from __future__ import annotations

import hashlib
from pathlib import Path

from curation.errors import BadInput


def keep(path: Path, folder: Path) -> tuple[str, str]:
    """Copy the file into ``folder`` whole or not at all; gives its own name and the SHA-256 of its bytes.

    Raises BadInput when it cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as problem:
        message = f"{path} cannot be read: {problem.strerror or problem}"
        raise BadInput(message) from problem
    sha256 = hashlib.sha256(content).hexdigest()
    folder.mkdir(exist_ok=True)
    target = folder / f"{sha256[:8]}-{path.name}"
    if not target.exists():
        half = target.with_name(target.name + ".part")
        half.write_bytes(content)
        half.replace(target)
    return path.name, sha256
