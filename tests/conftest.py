"""Fixtures for every room: the demonstration built once, the command as a user runs it, recorded material."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# A fixed clock (2026-11-02), no waiting between tries, nothing of the user's own settings.
ENVIRONMENT = {
    "SOURCE_DATE_EPOCH": "1793577600",
    "LIVREV_HTTP_TRIES": "2",
    "LIVREV_HTTP_BACKOFF": "0",
    "PYTHONHASHSEED": "random",
}

Livrev = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recorded material that may not be committed; tests that need it are left out without it."""
    folder = Path(os.environ.get("LIVREV_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"recorded material is not there: {folder}")
    return folder


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of a command under test: a cache of its own, a fixed clock."""
    cache = tmp_path_factory.mktemp("cache")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LIVREV_", "NCBI_"))}
    return {**kept, **ENVIRONMENT, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="session")
def livrev(environment: dict[str, str]) -> Livrev:
    """The ``livrev`` command in a process of its own, as a user runs it."""

    def run(*arguments: str | Path, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from curation.cli.main import main; main()", *map(str, arguments)],
            cwd=cwd,
            env={**environment, **more},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def built_demo(livrev: Livrev, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration, built once; never written to (take ``demo`` for that)."""
    folder = tmp_path_factory.mktemp("built") / "demo"
    done = livrev("demo", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def demo(built_demo: Path, tmp_path: Path) -> Path:
    """A copy of the demonstration to work on."""
    return Path(shutil.copytree(built_demo, tmp_path / "demo"))
