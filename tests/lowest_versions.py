"""Prints the lowest version of every dependency that pyproject.toml allows, as ``name==version``."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

FLOOR = re.compile(r"^([A-Za-z0-9_.-]+)>=([0-9.]+)")


def floors(pyproject: Path) -> list[str]:
    """``name==version`` of each dependency of the project.

    Raises ValueError for one without a lowest version.
    """
    found = []
    for requirement in tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["dependencies"]:
        floor = FLOOR.match(requirement)
        if floor is None:
            message = f"{requirement} has no lowest version"
            raise ValueError(message)
        found.append(f"{floor.group(1)}=={floor.group(2)}")
    return found


if __name__ == "__main__":
    sys.stdout.write(" ".join(floors(Path(sys.argv[1]))) + "\n")
