"""Fetched batches on disk until they are applied, so that a killed update resumes without fetching them again."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from curation.errors import SourceFailed
from curation.sources.pubmed import Batch, parse_batch

BATCH = 200
_UNREADABLE = (OSError, EOFError, zlib.error, UnicodeDecodeError)  # a file damaged by a crash of the machine


class Fetches(Protocol):
    """A source that gives its records in batches."""

    def fetch(self, ids: Sequence[str], batch: int = ...) -> Iterator[Batch]:
        """Batches of at most ``batch`` records, each whole."""


class Staging:
    """A folder of whole batches; a file holds the numbers it was asked for, a line end, and the answer."""

    def __init__(
        self,
        folder: Path,
        size: int = BATCH,
        parse: Callable[[bytes, Sequence[str]], Batch] = parse_batch,
    ) -> None:
        """``folder`` belongs to one source of one review; ``parse`` reads that source's answers."""
        self._folder = folder
        self._size = size
        self._parse = parse

    def batches(self, source: Fetches, ids: Sequence[str]) -> Iterator[Batch]:
        """Every record of ``ids`` in batches: from disk what is there whole, from the source what is not.

        They come in the order of ``ids``, also when numbers were added or went since the batches were staged.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        staged = self._held(frozenset(ids))
        fresh: list[str] = []
        for number in ids:
            asked = staged.get(number)
            if asked is None:
                fresh.append(number)
            if fresh and (len(fresh) == self._size or asked is not None):
                yield self._fetched(source, tuple(fresh))
                fresh = []
            if asked is not None and number == asked[0]:
                yield self._staged(asked) or self._fetched(source, asked)
        if fresh:
            yield self._fetched(source, tuple(fresh))

    def clear(self) -> None:
        """Forget everything; the batches are in the store."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _held(self, wanted: Collection[str]) -> dict[str, tuple[str, ...]]:
        """For each number that is staged the numbers of its batch; what is of no use now is removed."""
        held: dict[str, tuple[str, ...]] = {}
        for path in sorted(self._folder.glob("*.xml.gz")):
            try:
                with gzip.open(path) as file:
                    asked = tuple(file.readline().decode().rstrip("\n").split(","))
            except _UNREADABLE:
                asked = ()
            if asked and all(number in wanted and number not in held for number in asked):
                held |= dict.fromkeys(asked, asked)
            else:
                path.unlink()
        return held

    def _path(self, asked: tuple[str, ...]) -> Path:
        return self._folder / f"{hashlib.sha256(','.join(asked).encode()).hexdigest()[:32]}.xml.gz"

    def _staged(self, asked: tuple[str, ...]) -> Batch | None:
        path = self._path(asked)
        try:
            _, _, body = gzip.decompress(path.read_bytes()).partition(b"\n")
            return self._parse(body, asked)
        except (*_UNREADABLE, SourceFailed):
            path.unlink(missing_ok=True)
            return None

    def _fetched(self, source: Fetches, asked: tuple[str, ...]) -> Batch:
        (batch,) = source.fetch(asked, batch=len(asked))
        path = self._path(asked)
        half = path.with_suffix(".part")
        half.write_bytes(gzip.compress(b"%s\n%s" % (",".join(asked).encode(), batch.body), 6))
        half.replace(path)
        return batch
