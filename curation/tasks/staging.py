"""Fetched batches on disk until they are applied, so that a killed update resumes without fetching them again."""

from __future__ import annotations

import gzip
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from curation.errors import SourceFailed
from curation.sources.pubmed import Batch, PubMed, parse_batch

BATCH = 200


class Staging:
    """A folder of whole batches, each named by the numbers it was asked for."""

    def __init__(self, folder: Path) -> None:
        """``folder`` belongs to one source of one review."""
        self._folder = folder

    def batches(self, pubmed: PubMed, ids: Sequence[str]) -> Iterator[Batch]:
        """Every record of ``ids`` in batches: from disk where a batch is there whole, from PubMed where not."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for start in range(0, len(ids), BATCH):
            asked = tuple(ids[start : start + BATCH])
            yield self._staged(asked) or self._fetched(pubmed, asked)

    def clear(self) -> None:
        """Forget everything; the batches are in the store."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, asked: tuple[str, ...]) -> Path:
        return self._folder / f"{hashlib.sha256(','.join(asked).encode()).hexdigest()[:32]}.xml.gz"

    def _staged(self, asked: tuple[str, ...]) -> Batch | None:
        path = self._path(asked)
        if not path.is_file():
            return None
        try:
            return parse_batch(gzip.decompress(path.read_bytes()), asked)
        except (OSError, EOFError, SourceFailed):
            path.unlink()  # damaged by a crash of the machine: it is fetched again
            return None

    def _fetched(self, pubmed: PubMed, asked: tuple[str, ...]) -> Batch:
        (batch,) = pubmed.fetch(asked, batch=len(asked))
        path = self._path(asked)
        half = path.with_suffix(".part")
        half.write_bytes(gzip.compress(batch.body, 6))
        half.replace(path)
        return batch
