"""The import arrows of the design, held by reading every module's syntax tree: top level, functions, and typing."""

from __future__ import annotations

import ast
import re
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Room:
    """What a room may import: modules of ours (a name allows all below it), and packages from elsewhere."""

    ours: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


_VALUES = ("curation.errors", "curation.model", "curation.identifiers", "curation.protocol")
# The room of a module is the longest name here that it begins with. The standard library is free to all but
# for KEPT_APART; whatever is not named is refused.
ROOMS = {
    "curation": Room(),
    "curation.errors": Room(),
    "curation.model": Room(),
    "curation.resources": Room(),
    "curation.identifiers": Room(("curation.errors",)),
    "curation.protocol": Room(("curation.model",), ("annotated_types",)),
    "curation.faults": Room((), ("pydantic",)),
    "curation.config": Room(("curation.errors", "curation.faults", "curation.protocol"), ("pydantic",)),
    "screening": Room(("screening", "curation.model")),
    "screening.ranking": Room(("screening", "curation.model"), ("numpy", "scipy", "sklearn")),
    "screening.terminal": Room(("screening", "curation.model"), ("textual", "rich")),
    "screening.backtest": Room(("screening", "curation.model"), ("numpy",)),
    "curation.dedupe": Room(
        ("curation.dedupe", "curation.errors", "curation.model", "curation.identifiers"), ("rapidfuzz",)
    ),
    "curation.sources": Room(
        ("curation.sources", "curation.errors", "curation.model", "curation.identifiers"), ("Bio",)
    ),
    "curation.sources.files": Room(
        ("curation.sources", "curation.errors", "curation.model", "curation.identifiers"),
        ("Bio", "bibtexparser", "charset_normalizer", "openpyxl", "xlsxwriter"),
    ),
    "curation.sources.http": Room(("curation.errors",), ("requests", "urllib3")),
    # NCBI's other side: it shares nothing with the client that is tested against it.
    "curation.sources.standin": Room(("curation.sources.standin", "curation.errors")),
    "curation.extraction": Room(
        (
            "curation.extraction",
            "curation.errors",
            "curation.faults",
            "curation.model",
            "curation.identifiers",
        ),
        ("annotated_types",),
    ),
    "curation.extraction.spreadsheet_xlsx": Room(
        ("curation.extraction", "curation.errors", "curation.model"), ("xlsxwriter",)
    ),
    "curation.synthesis": Room(
        ("curation.synthesis", "curation.errors", "curation.model", "curation.protocol"), ("numpy", "scipy")
    ),
    "curation.report": Room(
        ("curation.report", "curation.resources", "curation.synthesis.pooled", "screening", *_VALUES),
        ("jinja2", "pandas"),
    ),
    "curation.store": Room(
        (
            "curation.store",
            "curation.__version__",
            "curation.errors",
            "curation.model",
            "curation.protocol",
            "curation.resources",
        )
    ),
    "curation.store.migrations": Room(("curation.store", "curation.resources"), ("sqlite_utils",)),
    "curation.tasks": Room(
        (
            "curation.tasks",
            "curation.store",
            "curation.sources",
            "curation.dedupe",
            "curation.extraction",
            "curation.synthesis",
            "curation.report",
            "curation.config",
            "curation.resources",
            "curation.__version__",
            "screening",
            *_VALUES,
        ),
        ("platformdirs",),
    ),
    "curation.cli": Room(
        (
            "curation.cli",
            "curation.tasks",
            "curation.config",
            "curation.__version__",
            # Types only, see _words_of_a_command: what a command hands to its task.
            "curation.store",
            "curation.report",
            "screening",
            *_VALUES,
        ),
        ("click", "rich"),
    ),
}
# Parts of the standard library that belong to some rooms only.
KEPT_APART = {
    "sqlite3": ("curation.store", "curation.tasks", "curation.cli.main"),
    "socket": ("curation.sources.standin",),
    "socketserver": ("curation.sources.standin",),
    "http.server": ("curation.sources.standin",),
    "http.client": (),
    "urllib.request": (),
    "ssl": ("curation.tasks.notify",),  # see smtplib
    "ftplib": (),
    "smtplib": ("curation.tasks.notify",),  # mail goes out by SMTP, which the door of HTTP cannot
    "asyncio": (),
    "getpass": ("curation.cli",),
    # The lazy group, and the reader of the format that a file has; elsewhere it would hide an import from this test.
    "importlib": ("curation.cli.main", "curation.sources.files.formats"),
}
CLOCK = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "localtime", "gmtime", "ctime"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}
# Monotonic seconds only, as the default of a clock that is handed in: the pace of requests is counted in them,
# on our side and on the stand-in's.
MAY_COUNT_SECONDS = (
    "curation.sources.standin.desk",
    "curation.sources.standin.server",
    "curation.tasks.network",
)
SQL = re.compile(
    r"\bselect\b[^.;]+\bfrom\b\s+\w|\binsert\s+(or\s+\w+\s+)?into\b\s+\w+\s*(\(|values|select)|\bdelete\s+from\b\s+\w"
    r"|\bupdate\s+\w+\s+set\b|\b(create|drop|alter)\s+(temp\s+)?(table|view|index|trigger|virtual)\b|\bpragma\s+\w"
    r"|\bbegin\s+(immediate|exclusive|deferred|transaction)\b",
    re.IGNORECASE,
)
_OF_TASKS = ("curation.store", "curation.report", "screening")
FOR_SCREENS = ("screening.harmless",)  # makes a record's text harmless for a terminal, wherever it is printed
LAUNCHES = {"curation.cli.screen_": "screening.terminal"}  # the one command that puts a screen up
_RUNS_SQL = {"execute", "executemany", "executescript", "cursor"}


@dataclass(frozen=True)
class Import:
    line: int
    name: str  # curation.store.votes, or curation.store.connect.Stamp for a name in it


def faults(module: str, text: str) -> list[str]:
    """Every arrow, SQL and clock rule that the module of this name and text breaks."""
    tree = ast.parse(text)
    found = [*_imports(module, tree), *_sql(module, tree), *_clock(module, tree)]
    return [f"{module}:{line}: {said}" for line, said in sorted(found)]


def _room(module: str) -> Room:
    names = [name for name in ROOMS if _below(module, name)]
    return ROOMS[max(names, key=len)]


def _below(module: str, *names: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


def _imported(tree: ast.AST) -> Iterator[Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = "." * node.level + (node.module or "")
            yield from (Import(node.lineno, f"{package}.{alias.name}") for alias in node.names)


def _imports(module: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    room = _room(module)
    for one in _imported(tree):
        top = one.name.split(".")[0]
        if top == "":
            yield one.line, f"relative import {one.name}"
        elif top in {"curation", "screening"}:
            if not _below(one.name, *room.ours):
                yield one.line, f"may not import {one.name}"
        elif top in sys.stdlib_module_names:
            apart = [name for name in KEPT_APART if _below(one.name, name)]
            if any(not _below(module, *KEPT_APART[name]) for name in apart):
                yield one.line, f"may not import {one.name}"
        elif top not in room.packages:
            yield one.line, f"may not import {one.name}"
    yield from _words_of_a_command(module, tree)
    yield from _sqlite_types(module, tree)


def _words_of_a_command(module: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """A command takes types of other rooms, to hand them over or to print them, and calls its task only."""
    if not _below(module, "curation.cli"):
        return
    for one in _imported(tree):
        launched = (module in LAUNCHES and _below(one.name, LAUNCHES[module])) or _below(
            one.name, *FOR_SCREENS
        )
        if _below(one.name, *_OF_TASKS) and not launched and not one.name.split(".")[-1][0].isupper():
            yield one.line, f"may import types only, not {one.name}"


def _sqlite_types(module: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Outside the store ``sqlite3`` gives the name of a connection (tasks), of exceptions and codes (the command)."""
    if _below(module, "curation.store"):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "sqlite3":
            yield node.lineno, "imports from sqlite3; name sqlite3.Connection whole"
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "sqlite3"
            and not _is_a_mere_name(module, node.attr)
        ):
            yield node.lineno, f"may not use sqlite3.{node.attr}"


def _is_a_mere_name(module: str, name: str) -> bool:
    kind = getattr(sqlite3, name)
    if _below(module, "curation.cli.main"):
        return name.startswith("SQLITE_") or (isinstance(kind, type) and issubclass(kind, Exception))
    return kind is sqlite3.Connection


def _sql(module: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    if _below(module, "curation.store"):
        return
    prose = {id(text) for text in _docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _RUNS_SQL:
            yield node.lineno, f"runs SQL itself (.{node.attr})"
        if not isinstance(node, ast.expr) or id(node) in prose:
            continue
        text = _text(node)
        if text is not None and SQL.search(text):
            yield node.lineno, f"SQL outside the store: {' '.join(text.split())[:60]!r}"


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.JoinedStr):
        return "".join(
            p.value if isinstance(p, ast.Constant) and isinstance(p.value, str) else "x" for p in node.values
        )
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _docstrings(tree: ast.AST) -> Iterator[ast.AST]:
    """Texts that stand alone: docstrings of modules, classes, functions and values."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            yield node.value


def _clock(module: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Readings of the clock or of the environment outside the command line."""
    if _below(module, "curation.cli"):
        return
    allowed = {"monotonic"} if _below(module, *MAY_COUNT_SECONDS) else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            told = {alias.name for alias in node.names} & CLOCK["time"]
            yield from ((node.lineno, f"reads the clock itself (time.{name})") for name in told)
        if not isinstance(node, ast.Attribute):
            continue
        owner = ast.unparse(node.value).split(".")[-1]
        if node.attr in CLOCK.get(owner, set()) - allowed:
            yield node.lineno, f"reads the clock itself ({owner}.{node.attr})"
        if owner == "os" and node.attr in {"environ", "getenv", "environb"}:
            yield node.lineno, f"reads the environment itself (os.{node.attr})"


def _modules() -> dict[str, str]:
    paths = [p for room in ("curation", "screening") for p in sorted((ROOT / room).rglob("*.py"))]
    named = {".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p for p in paths}
    return {name: path.read_text(encoding="utf-8") for name, path in named.items()}


def test_every_module_keeps_the_arrows() -> None:
    modules = _modules()
    assert len(modules) > 60, "the modules of this repository were not found"
    broken = [fault for name, text in modules.items() for fault in faults(name, text)]
    assert broken == []


def test_a_module_belongs_to_a_room_of_its_own() -> None:
    homeless = [m for m in _modules() if m not in ROOMS and _room(m) is ROOMS["curation"]]
    assert homeless == [], "name the new room in ROOMS, with what it may import"


def test_no_exception_outlives_its_module() -> None:
    modules = _modules()
    for what, rooms in {**KEPT_APART, "clock": MAY_COUNT_SECONDS, "launch": tuple(LAUNCHES)}.items():
        for room in rooms:
            assert any(_below(m, room) for m in modules), f"{what}: {room} is gone; take the exception out"


def test_no_room_is_allowed_a_package_that_it_does_not_use() -> None:
    users: dict[str, set[str]] = {}
    for name, text in _modules().items():
        for one in _imported(ast.parse(text)):
            users.setdefault(one.name.split(".")[0], set()).add(name)
    for name, room in ROOMS.items():
        for package in room.packages:
            assert any(_below(m, name) for m in users.get(package, ())), (
                f"take {package} from {name} in ROOMS"
            )


VIOLATIONS = [
    ("curation.tasks.vote", "import click"),
    ("curation.tasks.vote", "from curation.cli.common import stamp"),
    ("curation.tasks.vote", "import sqlite3\nsqlite3.connect('review.db')"),
    ("curation.tasks.vote", "from sqlite3 import connect"),
    ("curation.tasks.vote", "def f(sql):\n    return sql.execute(TEXT)"),
    ("curation.tasks.vote", "q = 'SELECT id FROM vote WHERE reviewer = ?'"),
    ("curation.tasks.vote", "q = f'select {columns} from vote'"),
    ("curation.tasks.vote", "q = 'INSERT INTO vote (id) VALUES (1)'"),
    ("curation.tasks.vote", "q = 'UPDATE vote SET decision = 1'"),
    ("curation.tasks.vote", "q = 'pragma foreign_keys = off'"),
    ("curation.tasks.vote", "import datetime as dt\nnow = dt.datetime.now(dt.UTC)"),
    ("curation.tasks.vote", "from datetime import date\nday = date.today()"),
    ("curation.tasks.vote", "from time import time"),
    ("curation.tasks.vote", "import time\nclock = time.time"),
    ("curation.tasks.network", "import time\nclock = time.time"),
    ("curation.tasks.vote", "import os\nhome = os.environ['HOME']"),
    ("curation.tasks.vote", "import getpass"),
    ("curation.tasks.vote", "import importlib"),
    ("curation.tasks.vote", "from .review import Review"),
    ("curation.tasks.vote", "import pandas"),
    ("curation.store.votes", "from curation.tasks.vote import vote"),
    ("curation.store.votes", "from curation import config"),
    ("curation.store.votes", "import curation.sources.http"),
    ("curation.store.votes", "import sqlite_utils"),
    ("curation.store.votes", "import datetime\nnow = datetime.datetime.now()"),
    ("curation.sources.pubmed", "import requests"),
    ("curation.sources.pubmed", "import urllib.request"),
    ("curation.sources.pubmed", "from urllib import request"),
    ("curation.sources.pubmed", "from curation.store import records"),
    ("curation.sources.standin.desk", "from curation.sources.pubmed import PubMed"),
    ("curation.sources.http", "import sqlite3"),
    ("curation.dedupe.compare", "from curation.store import duplicates"),
    ("curation.synthesis.models", "import sqlite3"),
    ("curation.synthesis.models", "from curation.report import forest"),
    ("curation.report.forest", "from curation.store import studies"),
    ("curation.report.forest", "def f():\n    from curation.tasks.pool import pool"),
    ("curation.report.forest", "import click"),
    ("curation.cli.vote_", "import jinja2"),
    ("curation.cli.vote_", "import sqlite3"),
    ("curation.cli.vote_", "from curation.store.votes import cast"),
    ("curation.cli.vote_", "from curation.store import votes"),
    ("curation.cli.vote_", "from curation.sources.pubmed import PubMed"),
    ("curation.cli.main", "import sqlite3\nsqlite3.connect('review.db')"),
    ("screening.flow", "from curation.errors import Refused"),
    ("screening.flow", "import numpy"),
    (
        "screening.flow",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from curation.store import votes",
    ),
    ("curation.model", "from curation import errors"),
]


@pytest.mark.parametrize(("module", "text"), VIOLATIONS)
def test_a_module_that_breaks_an_arrow_is_found(module: str, text: str) -> None:
    assert faults(module, text)


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("curation.tasks.vote", '"""Select a vote from the store and update it."""'),
        ("curation.tasks.vote", "message = 'begin with livrev update; reports come from its records'"),
        ("curation.tasks.vote", "import sqlite3\ndef f(sql: sqlite3.Connection) -> None: ..."),
        ("curation.cli.main", "import sqlite3\ntry:\n    pass\nexcept sqlite3.DatabaseError:\n    raise"),
        (
            "curation.cli.vote_",
            "from curation.store.connect import Stamp\nfrom screening.flow import Retrieval",
        ),
        ("curation.sources.standin.server", "import time\nclock = time.monotonic"),
        ("curation.cli.common", "import datetime as dt\nnow = dt.datetime.now(dt.UTC)"),
    ],
)
def test_what_the_design_allows_is_allowed(module: str, text: str) -> None:
    assert faults(module, text) == []
