"""A person at a terminal: the command in a process of its own behind a pseudo-terminal, its screen as one would see it.

The screen is kept by pyte, an emulator of a VT100 with xterm's colours. Keys go in as the bytes that a terminal sends.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import pyte

KEYS = {
    "enter": b"\r",
    "escape": b"\x1b",
    "space": b" ",
    "left": b"\x1b[D",
    "right": b"\x1b[C",
    "down": b"\x1b[B",
}
_PATIENCE = 30.0  # seconds until a screen that does not come is a failure
_GLANCE = 0.02  # seconds between two looks


def _takes_the_terminal() -> None:
    """Make the terminal the session's own, so that hanging up reaches the process as it does in life."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """``livrev ...`` on a terminal of ``columns`` x ``rows``. ``emulated`` False only drains what it prints."""

    def __init__(
        self,
        words: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        *,
        columns: int = 80,
        rows: int = 24,
        emulated: bool = True,
    ) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from curation.cli.main import main; main()", *words],
            cwd=folder,
            env={**environment, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(rows)},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_takes_the_terminal,  # noqa: PLW1509 - one system call, in a process without threads
        )
        os.close(theirs)
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._emulated = emulated
        self._printed = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()
        if self._ours >= 0:
            os.close(self._ours)

    def press(self, *keys: str) -> None:
        """Press keys one after the other: a letter, or a name of ``KEYS``."""
        for key in keys:
            os.write(self._ours, KEYS.get(key, key.encode()))

    def type(self, text: str) -> None:
        """Type a text, as a person would into a field."""
        os.write(self._ours, text.encode())

    def look(self) -> str:
        """What stands on the screen now."""
        self._take(0)
        return "\n".join(line.rstrip() for line in self._screen.display)

    def wait_for(self, there: Callable[[str], bool] | str) -> str:
        """The screen as soon as it shows a text, or what ``there`` asks for."""
        wanted = there if callable(there) else (lambda screen: there in screen)
        until = time.monotonic() + _PATIENCE
        while not wanted(screen := self.look()):
            if time.monotonic() > until or self.process.poll() is not None:
                raise AssertionError(
                    f"{there} did not come (status {self.process.poll()}); the screen:\n{screen}"
                )
            self._take(_GLANCE)
        return screen

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Go on as soon as something holds outside, draining the screen meanwhile."""
        until = time.monotonic() + _PATIENCE
        while not holds():
            if time.monotonic() > until or self.process.poll() is not None:
                raise AssertionError(
                    f"it never came (status {self.process.poll()}); the screen:\n{self.look()}"
                )
            self._take(0.001)

    def quiet(self, seconds: float) -> float:
        """Wait until nothing was printed for so long; when the last byte came, by the monotonic clock."""
        last = time.perf_counter()
        while select.select([self._ours], [], [], seconds)[0]:
            self._take(0)
            last = time.perf_counter()
        return last

    def leave(self) -> int:
        """Press q; the exit status."""
        self.press("q")
        until = time.monotonic() + _PATIENCE
        while self.process.poll() is None and time.monotonic() < until:
            self._take(_GLANCE)
        return self.process.wait(1)

    def hang_up(self) -> None:
        """Close the terminal, as a broken connection does; the process is to end by itself."""
        os.close(self._ours)
        self._ours = -1
        self.process.wait(_PATIENCE)

    def kill(self) -> None:
        """Kill the process as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def cpu_seconds(self) -> float:
        """CPU time of all its threads so far (Linux)."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        return sum(int((t / "schedstat").read_text().split()[0]) for t in tasks.iterdir()) / 1e9

    def _take(self, patience: float) -> None:
        while select.select([self._ours], [], [], patience)[0]:
            try:
                piece = os.read(self._ours, 1 << 16)
            except OSError:  # Linux tells the end of a pseudo-terminal so
                return
            if not piece:
                return
            self._printed = (self._printed + piece)[-4000:]
            if self._emulated:
                self._stream.feed(piece)
            patience = 0
