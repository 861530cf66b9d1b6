"""Reports written for other programs; every form is read again by our own readers to the same citations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import IO

from curation.errors import Usage
from curation.sources.files.write import bibtex, jsonl, labels, ris, table
from curation.sources.files.write.exported import Exported

__all__ = ["FORMS", "Exported", "Written", "form"]

Writer = Callable[[Iterable[Exported], IO[bytes]], int]


@dataclass(frozen=True, slots=True)
class Written:
    """A form of export: its writer, and whether what it writes is text that a terminal may show."""

    write: Writer
    text: bool = True


FORMS: Mapping[str, Written] = {
    "ris": Written(ris.write),
    "endnote": Written(ris.write_endnote),
    "bibtex": Written(bibtex.write),
    "csv": Written(table.write_csv),
    "xlsx": Written(table.write_xlsx, text=False),
    "jsonl": Written(jsonl.write),
    "asreview": Written(labels.write_asreview),
    "rayyan": Written(labels.write_rayyan),
    "covidence": Written(ris.write_covidence),
    "covidence-csv": Written(labels.write_covidence),
}


def form(name: str) -> Written:
    """The form of this name.

    Raises Usage when there is none.
    """
    if name not in FORMS:
        message = f"{name!r} is no form of export; known are {', '.join(FORMS)}"
        raise Usage(message)
    return FORMS[name]
