"""Quick commands import nothing heavy. What is imported is tested, not how long it takes (benchmarks/startup.py)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# Runs the command, and says at its end on the last line of standard error which modules it had imported.
WATCHED = """
import atexit, sys
atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr))
from curation.cli.main import main
main()
"""
HEAVY = {"pandas", "numpy", "sqlite_utils", "pydantic", "requests", "jinja2", "rapidfuzz", "scipy", "Bio"}


def imported(environment: dict[str, str], folder: Path, *arguments: str) -> set[str]:
    """Modules that a command, run in ``folder``, had imported at its end."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    modules = set(done.stderr.splitlines()[-1].split())
    assert "curation.cli.main" in modules, "the list of modules was not written"
    return modules


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)])
def test_help_needs_click_and_nothing_heavy(
    environment: dict[str, str], tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    modules = imported(environment, tmp_path, *arguments)
    assert "click" in modules
    assert not modules & HEAVY


def test_the_list_of_commands_imports_no_command(environment: dict[str, str], tmp_path: Path) -> None:
    modules = imported(environment, tmp_path, "--help")
    assert {name for name in modules if name.startswith("curation.")} == {
        "curation.cli",
        "curation.cli.main",
        "curation.cli.said",
        "curation.errors",
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("status", "--as", "demo-a"),
        ("vote", "R12", "include", "--as", "demo-a"),
        ("conflicts", "--json"),
        ("flow",),
    ],
    ids=" ".join,
)
def test_a_quick_command_on_an_unchanged_protocol_imports_nothing_heavy(
    environment: dict[str, str], demo: Path, arguments: tuple[str, ...]
) -> None:
    modules = imported(environment, demo, *arguments)
    assert "sqlite3" in modules
    assert not modules & (HEAVY - {"rapidfuzz"})
