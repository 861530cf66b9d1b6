"""The commands, their help, and what README.md says of them agree."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
import pytest

from curation.cli.main import COMMANDS, run
from curation.cli.main import livrev as group
from curation.errors import Exit
from tests.conftest import ROOT, Livrev

# Every name a command may ever have: renaming one breaks people's scripts.
NAMES = {
    "init", "demo", "status", "search", "import", "update", "rehearse", "dedupe", "duplicates", "screen", "vote", "undo",
    "conflicts", "resolve", "agreement", "fulltext", "extract", "appraise", "pool", "tables", "flow", "figures",
    "rank", "stop", "calibrate", "rescreen", "remove", "votes", "pack", "report", "release", "diff", "kit", "backup", "restore", "check", "export", "serve", "schedule",
}  # fmt: skip
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHORTEST_HELP = 10  # characters


def command_of(name: str) -> click.Command:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    return command


def test_commands_are_exactly_the_modules_that_are_there() -> None:
    modules = {
        path.stem.removesuffix("_")
        for path in (ROOT / "curation" / "cli").glob("*_.py")
        if path.stem != "__init__"
    }
    assert modules == set(COMMANDS)


def test_every_name_is_one_of_the_fixed_list() -> None:
    assert set(COMMANDS) <= NAMES


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_bears_its_name_and_explains_itself(name: str) -> None:
    command = command_of(name)
    assert command.name == name
    assert importlib.import_module(f"curation.cli.{name}_").command is command
    assert command.help
    assert len(command.help) >= SHORTEST_HELP
    assert command.help.endswith(".")
    assert COMMANDS[name].endswith(".")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_two_help_texts_of_a_command_speak_of_the_same(name: str) -> None:
    command = command_of(name)
    short, long = (words(text) for text in (COMMANDS[name], command.help or ""))
    assert short & long, f"{COMMANDS[name]!r} and {command.help!r} have no word in common"


def words(text: str) -> set[str]:
    """Words that carry meaning, cut to their stems as far as their first five letters go."""
    return {word[:5] for word in re.findall(r"[a-z]{4,}", text.lower())} - {
        "what",
        "with",
        "that",
        "from",
        "this",
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_help(name: str) -> None:
    command = command_of(name)
    below = command.commands.values() if isinstance(command, click.Group) else ()
    assert all(inner.help for inner in below)
    params = [param for one in (command, *below) for param in one.params]
    for option in (param for param in params if isinstance(param, click.Option)):
        assert option.help, f"livrev {name} {option.opts[0]} has no help"
        assert option.help[0].isupper(), option.opts
        assert option.help.endswith("."), option.opts


def test_the_list_of_commands_is_printed(livrev: Livrev) -> None:
    listed = livrev("--help")
    assert listed.returncode == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", listed.stdout, flags=re.MULTILINE), name


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_is_printed_with_status_0(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([name, "--help"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(f"Usage: livrev {name} ")
    assert printed.err == ""


# README.md


def section(title: str) -> str:
    """Text below a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", README, flags=re.MULTILINE | re.DOTALL)
    assert found, f"README.md has no section {title}"
    return found[1]


def test_readme_lists_exactly_the_commands_that_there_are() -> None:
    rows = re.findall(r"^\| `livrev ([a-z]+)[^`]*` \| (.+) \|$", section("Commands"), flags=re.MULTILINE)
    assert [name for name, _ in rows] == list(COMMANDS)
    for name, said in rows:
        assert plain(said) == plain(COMMANDS[name]), name


def plain(text: str) -> str:
    """A help text without code marks, first capital and full stop."""
    bare = text.replace("`", "").removesuffix(".")
    return bare[0].lower() + bare[1:]


def test_readme_names_no_command_that_is_not_there() -> None:
    code = "\n".join(re.findall(r"`[^`\n]+`|^\$ .*$", README, flags=re.MULTILINE))
    named = set(re.findall(r"\blivrev ([a-z]+)\b", code))
    assert named
    assert named <= set(COMMANDS)


def test_readme_gives_every_exit_status() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", section("Exit status"), flags=re.MULTILINE)
    assert [int(number) for number, _ in rows] == sorted(Exit)
    assert all(meaning.strip() for _, meaning in rows)


@dataclass
class Step:
    """A command of a console session, with the lines that are printed after it."""

    words: list[str]
    printed: list[str] = field(default_factory=list)


def steps() -> Iterator[Step]:
    """Every ``$`` line of README's console blocks, in order."""
    for block in re.findall(r"^```console\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL):
        step: Step | None = None
        for line in block.splitlines():
            if line.startswith("$ "):
                if step is not None:
                    yield step
                step = Step(shlex.split(line[2:], comments=True))
            elif step is not None and line.strip() not in {"", "..."}:
                step.printed.append(line)
        if step is not None:
            yield step


def test_the_session_in_readme_prints_what_it_shows(livrev: Livrev, tmp_path: Path) -> None:
    here, ran = tmp_path, 0
    for step in steps():
        if step.words[0] == "cd":
            here /= step.words[1]
            continue
        assert step.words[0] == "livrev", f"README's session runs {step.words[0]}"
        done = livrev(*step.words[1:], cwd=here)
        assert done.returncode == 0, done.stderr
        said = (done.stdout + done.stderr).splitlines()
        at = 0
        for line in step.printed:
            assert line in said[at:], f"livrev {' '.join(step.words[1:])} does not print {line!r} (there)"
            at = said.index(line, at) + 1
        ran += 1
    assert ran >= 5
