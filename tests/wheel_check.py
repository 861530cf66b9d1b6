"""Run by ``make wheel-test``: the installed wheel's demo, in another directory, twice, equals the checkout's.

Usage: python tests/wheel_check.py WHEEL_LIVREV CHECKOUT_LIVREV
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

CLOCK = {"SOURCE_DATE_EPOCH": "1793577600"}


def reports(livrev: Path, folder: Path) -> dict[str, bytes]:
    """Files that ``livrev demo`` writes, run from ``folder``."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | CLOCK
    subprocess.run([livrev, "demo", "demo"], cwd=folder, env=environment, check=True, capture_output=True)
    written = folder / "demo" / "reports"
    return {str(path.relative_to(written)): path.read_bytes() for path in sorted(written.rglob("*"))}


def main() -> int:
    """Compare three demos; gives the exit status."""
    wheel, checkout = (Path(argument).absolute() for argument in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as place:
        results = []
        for name, livrev in (("one", wheel), ("two", wheel), ("three", checkout)):
            folder = Path(place, name)
            folder.mkdir()
            results.append(reports(livrev, folder))
    first = results[0]
    differing = [name for name in first if any(other.get(name) != first[name] for other in results[1:])]
    if len(first) < 10 or differing:
        sys.stderr.write(f"the wheel's demo wrote {len(first)} files; differing: {differing}\n")
        return 1
    sys.stdout.write(f"wheel: {len(first)} files, the same bytes from two runs and from the checkout\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
