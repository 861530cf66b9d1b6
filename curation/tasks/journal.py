"""A structured log of one run: a JSON object a line, with time and event. Nothing in it that must be secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from curation.errors import LivrevError

KEPT = 50  # files; older ones are removed when a new run begins


class Journal:
    """Writes ``.livrev/log/TIME-COMMAND.jsonl``, each line at once, so that a killed run leaves what it did."""

    def __init__(self, folder: Path, command: str, clock: Callable[[], datetime]) -> None:
        """The file is opened when the first event is written."""
        self._folder = folder
        self._command = command
        self._clock = clock
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            more = {"faults": error.faults} if isinstance(error, LivrevError) and error.faults else {}
            self.write("failed", kind=type(error).__name__, message=str(error), **more)
        if self._file is not None:
            self._file.close()

    def write(self, event: str, **facts: object) -> None:
        """One event with its facts."""
        now = self._clock()
        if self._file is None:
            self._file = self._opened(now)
        line = {"at": now.isoformat(timespec="milliseconds"), "event": event, **facts}
        self._file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
        self._file.flush()

    def _opened(self, now: datetime) -> TextIO:
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in sorted(self._folder.glob("*.jsonl"))[: -KEPT + 1]:
            old.unlink(missing_ok=True)
        name = f"{now:%Y-%m-%dT%H-%M-%S}Z-{self._command}.jsonl"
        return (self._folder / name).open("a", encoding="utf-8")
