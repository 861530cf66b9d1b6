"""Installs and removes a planned schedule. Doing it twice does no more than once; only what livrev made is touched."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field

from curation.errors import Refused
from curation.tasks.schedule_plan import MARK, Block, File, Plan, Step

_EMPTY = ("no crontab", "no such file")  # what `crontab -l` says where a user has none yet


@dataclass(frozen=True, slots=True)
class Acted:
    """What was done, a line each, and what could not be (``failed``, with the command to be run by hand)."""

    done: tuple[str, ...]
    failed: tuple[str, ...]


@dataclass(slots=True)
class _Account:
    path: str
    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def acted(self) -> Acted:
        return Acted(tuple(self.done), tuple(self.failed))


def install(plan: Plan, path: str) -> Acted:
    """Write what is planned and have the scheduler read it; ``path`` is the PATH on which its commands are found.

    Raises Refused, with nothing written, when this machine lacks the scheduler, when a file in the way was not
    made by livrev, and when the crontab cannot be read.
    """
    if plan.blocked:
        raise Refused(plan.blocked)
    _check(plan, path, plan.after)
    account = _Account(path)
    for file in plan.files:
        account.done.append(f"{file.path}: {_write(file)}")
    if plan.block:
        account.done.append(f"crontab: {_block(plan.block, path)}")
    _steps(plan.after, account)
    return account.acted()


def remove(plan: Plan, path: str) -> Acted:
    """Take the schedule away again. What is not there is no fault. Raises Refused as ``install`` does."""
    _check(plan, path, plan.before)
    account = _Account(path)
    there = [file for file in plan.files if file.path.exists()]
    if there or not plan.files:
        _steps(plan.before, account)
    for file in plan.files:
        account.done.append(f"{file.path}: {'removed' if file in there else 'not there'}")
        file.path.unlink(missing_ok=True)
    if plan.block:
        account.done.append(f"crontab: {_unblock(plan.block, path)}")
    if there:
        _steps(plan.afterwards, account)
    return account.acted()


def with_block(crontab: str, block: Block) -> str:
    """``crontab`` with the block in the place of an older one, or at its end."""
    before, old, after = _parts(crontab, block)
    if not old and before and not before.endswith("\n"):
        before += "\n"
    return before + block.text + after


def without_block(crontab: str, block: Block) -> str:
    """``crontab`` as it is without the block."""
    before, _, after = _parts(crontab, block)
    return before + after


def _parts(crontab: str, block: Block) -> tuple[str, str, str]:
    """What stands before the block, the block, and what stands behind it. Raises Refused for half a block."""
    lines = crontab.splitlines(keepends=True)
    bare = [line.rstrip() for line in lines]
    firsts, lasts = bare.count(block.first), bare.count(block.last)
    if not firsts and not lasts:
        return crontab, "", ""
    if firsts != 1 or lasts != 1 or bare.index(block.last) < bare.index(block.first):
        message = (
            f"the crontab has no whole block from {block.first!r} to {block.last!r}; it was left as it is: "
            "take these lines out with crontab -e"
        )
        raise Refused(message)
    start, end = bare.index(block.first), bare.index(block.last) + 1
    return "".join(lines[:start]), "".join(lines[start:end]), "".join(lines[end:])


def _check(plan: Plan, path: str, steps: tuple[Step, ...]) -> None:
    wanted = [step.command[0] for step in steps] + (["crontab"] if plan.block else [])
    for program in wanted:
        if shutil.which(program, path=path) is None:
            message = (
                f"this machine has no {program}; nothing was changed. To take the schedule elsewhere: "
                f"livrev schedule {plan.kind} --print"
            )
            raise Refused(message)
    for file in plan.files:
        if file.path.exists() and MARK not in _text(file):
            message = f"{file.path} was not made by livrev (it lacks the words {MARK!r}); nothing was changed"
            raise Refused(message)


def _text(file: File) -> str:
    return file.path.read_bytes().decode(file.encoding, errors="replace")


def _write(file: File) -> str:
    there = file.path.exists()
    wanted = file.text.encode(file.encoding)
    if there and file.path.read_bytes() == wanted:
        return "there already, unchanged"
    file.path.parent.mkdir(parents=True, exist_ok=True)
    half = file.path.with_name(file.path.name + ".part")
    half.write_bytes(wanted)
    half.replace(file.path)
    return "replaced" if there else "written"


def _block(block: Block, path: str) -> str:
    crontab = _crontab(path)
    wanted = with_block(crontab, block)
    if wanted == crontab:
        return f"{block.first[8:]} there already, unchanged"
    _set_crontab(wanted, path)
    return f"{block.first[8:]} {'replaced' if block.first in crontab else 'added'}"


def _unblock(block: Block, path: str) -> str:
    crontab = _crontab(path)
    wanted = without_block(crontab, block)
    if wanted == crontab:
        return f"{block.first[8:]} not there"
    _set_crontab(wanted, path)
    return f"{block.first[8:]} removed"


def _crontab(path: str) -> str:
    """The user's crontab. Raises Refused when it cannot be read: it would be lost when a new one is set."""
    done = _run(("crontab", "-l"), path)
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.strip()
    if any(words in said.lower() for words in _EMPTY):
        return ""
    message = f"crontab -l failed ({said or done.returncode}); the crontab was left as it is"
    raise Refused(message)


def _set_crontab(text: str, path: str) -> None:
    done = _run(("crontab", "-"), path, text)
    if done.returncode != 0:
        message = (
            f"crontab refused the new table ({done.stderr.strip() or done.returncode}); the old one stays"
        )
        raise Refused(message)


def _steps(steps: tuple[Step, ...], account: _Account) -> None:
    """Run the steps in order. A failed one ends them, as the next ones build on it."""
    for number, step in enumerate(steps):
        done = _run(step.command, account.path)
        said = " ".join((done.stderr or done.stdout).split())
        command = " ".join(step.command)
        if done.returncode == 0:
            account.done.append(f"{command}: {step.why}")
        elif not step.may_fail:
            account.failed.append(f"{command} failed ({said or f'status {done.returncode}'})")
            account.failed += [f"{' '.join(rest.command)} was not run" for rest in steps[number + 1 :]]
            return


def _run(command: tuple[str, ...], path: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    program = shutil.which(command[0], path=path) or command[0]
    return subprocess.run(  # noqa: S603 - the scheduler's own program, on words that we made, without a shell
        [program, *command[1:]], input=text, capture_output=True, text=True, check=False, timeout=60
    )
