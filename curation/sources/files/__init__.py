"""Export files of databases and reference managers, read whole or refused: never a record lost in silence.

The format is told by what a file holds, never by its name. Records pass through a spool on disk, so that a file
of any length is read in bounded memory and known to be complete before anything of it is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from curation.errors import BadInput
from curation.sources.files.decode import Document, RefusedRecord, open_document
from curation.sources.files.formats import Format, Wanted, others, recognised
from curation.sources.files.spool import Export, spooled

__all__ = ["Export", "RefusedRecord", "Wanted", "read_document", "read_export"]

_SHOWN = 20  # faults in one message; --json has all
_AS_FOUND = Wanted()


def _silent(_done: int, _of: int) -> None:
    """Nobody watches."""


def read_export(
    path: Path,
    wanted: Wanted = _AS_FOUND,
    *,
    allow_partial: bool = False,
    progress: Callable[[int, int], None] = _silent,
) -> Export:
    """Every record of an export file, in its order, and the records that cannot be taken over.

    ``progress`` is told the number of records done and of records that begin in the file. Raises BadInput when
    the file cannot be read, is of no known format, or when records begun, read and refused do not add up;
    ``allow_partial`` takes what was read all the same.
    """
    return read_document(open_document(path), wanted, allow_partial=allow_partial, progress=progress)


def read_document(
    document: Document,
    wanted: Wanted = _AS_FOUND,
    *,
    allow_partial: bool = False,
    progress: Callable[[int, int], None] = _silent,
) -> Export:
    """The same for a document that is surveyed already."""
    form = recognised(document, wanted)
    openers = form.openers(document, wanted)
    export = spooled(document, form, openers, form.read(document, wanted), progress)
    if not allow_partial or not export.openers:
        fault = _fault(document, form, export, told=bool(wanted.format))
        if fault is not None:
            export.close()
            raise fault
    return export


def _fault(document: Document, form: Format, export: Export, *, told: bool) -> BadInput | None:
    """Why a file must not be taken over, if there is a reason; a format that was ``told`` is taken at its word."""
    if not export.openers and not export.refused:
        return BadInput(
            f"{export.name}: no record begins in it, read as {export.label}; export it again, or name another --format"
        )
    if not export.complete:
        return _loss(export)
    behind = others(document, form) if document.encoding and not told else {}
    if behind:
        counts = ", ".join(f"{n} of {label}" for label, n in behind.items())
        return BadInput(
            f"{export.name}: is {export.label}, but records of another format begin in it too ({counts}); "
            "nothing was taken over; give each format a file of its own, or say --allow-partial"
        )
    return None


def _loss(export: Export) -> BadInput:
    faults = [f"line {refused.line}: {refused.reason}" for refused in export.refused]
    more = [f"and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
    return BadInput(
        f"{export.name}: {export.openers} records begin in it, {export.read} were read and {len(export.refused)} "
        "refused; nothing was taken over; mend the file or say --allow-partial",
        faults=(*faults[:_SHOWN], *more),
    )
