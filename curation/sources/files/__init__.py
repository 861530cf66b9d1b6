"""Export files of databases and reference managers, read whole or refused: never a record lost in silence.

The format is told by what a file holds, never by its name.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curation.errors import BadInput
from curation.sources.files import nbib, ris
from curation.sources.files.decode import Parsed, RefusedRecord, Text, decoded

if TYPE_CHECKING:
    import re
    from collections.abc import Callable
    from pathlib import Path

    from curation.model import SourceRecord

__all__ = ["Export", "RefusedRecord", "read_export"]


@dataclass(frozen=True, slots=True)
class Export:
    """An export file as read. ``sha256`` is the hexadecimal hash of the file's bytes."""

    format: str
    encoding: str
    sha256: str
    records: tuple[SourceRecord, ...]
    refused: tuple[RefusedRecord, ...]


@dataclass(frozen=True, slots=True)
class _Reader:
    format: str
    opener: re.Pattern[str]
    read: Callable[[Text], Parsed]


_READERS = (_Reader("ris", ris.OPENER, ris.read), _Reader("nbib", nbib.OPENER, nbib.read))


def read_export(path: Path, *, allow_partial: bool = False) -> Export:
    """Every record of an export file, in its order, and the records that cannot be taken over.

    Raises BadInput when the file cannot be read, is neither RIS nor MEDLINE text, or when records begun, read
    and refused do not add up; ``allow_partial`` takes what was read all the same.
    """
    content = _content(path)
    text = decoded(content, path.name)
    reader = _reader(text, path.name)
    parsed = reader.read(text)
    if not parsed.complete and not allow_partial:
        raise _loss(parsed, path.name)
    digest = hashlib.sha256(content).hexdigest()
    return Export(reader.format, text.encoding, digest, parsed.records, parsed.refused)


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise BadInput(f"{path}: there is no such file") from error
    except IsADirectoryError as error:
        raise BadInput(f"{path}: is a folder; name the export file in it") from error
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from error
    if not content.strip():
        raise BadInput(f"{path.name}: is empty; export it again")
    return content


def _reader(text: Text, name: str) -> _Reader:
    """Reader of the format whose first record begins first."""
    begins = [(found.start(), r) for r in _READERS if (found := r.opener.search(text.content)) is not None]
    if begins:
        return min(begins, key=lambda begin: begin[0])[1]
    first = next((line.strip() for line in text.lines if line.strip()), "")
    raise BadInput(
        f"{name}: expected RIS (records begin 'TY  - JOUR') or MEDLINE/nbib ('PMID- 12345678'), "
        f"its first line is {first[:60]!r}; export it again in one of these formats"
    )


def _loss(parsed: Parsed, name: str) -> BadInput:
    faults = tuple(f"line {refused.line}: {refused.reason}" for refused in parsed.refused)
    return BadInput(
        f"{name}: {parsed.openers} records begin in it, {len(parsed.records)} were read and "
        f"{len(parsed.refused)} refused; nothing was taken over; mend the file or allow a partial import",
        faults=faults,
    )
