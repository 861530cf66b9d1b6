"""How a table of records is described: which columns tell it, and what each column holds.

Column names are compared trimmed, in lower case, with ``_`` read as a blank.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

# What --map can name: the fields of a citation, the identifiers, the source's own number.
FIELDS = (
    "title", "abstract", "authors", "year", "date", "journal", "journal_short", "volume", "issue", "pages", "doi",
    "pmid", "pmcid", "language", "publication_types", "keywords", "embase", "wos", "scopus", "central", "trial",
    "issn", "isbn", "accession",
)  # fmt: skip


class Names(StrEnum):
    """How a source parts the authors of one cell, and which part of a name it writes first."""

    ANY = "any"  # told by what stands in the cell
    FAMILY = "family"  # Hu, Yue; Li, Zhong
    NATURAL = "natural"  # Yue Hu; Zhong Li
    COMMAS = "commas"  # Hu Y, Li Z
    COMMAS_NATURAL = "commas-natural"  # Y Hu, Z Li


@dataclass(frozen=True, slots=True)
class Table:
    """A known table: all columns of one of ``signs`` tell it; ``fields`` names its columns by field.

    ``origin`` is what its records show they come from. Further fields beside ``FIELDS``: ``page_start``,
    ``page_end``, ``article_number``, ``month``, ``day``, ``group`` (collective authors), ``number`` (an accession
    number of any database, told by its shape), ``source`` (Embase's and PubMed's line of journal, volume and
    pages), ``link`` (an address that may hold a DOI or a number), ``database``. Columns of ``left`` are not looked
    at, whatever other tables mean by them; a cell that is ``nothing`` says nothing. ``by_column`` gives a column's
    field and its rank in it, ``numbered`` the rank of a column among those that hold the source's own number.
    """

    origin: str
    signs: tuple[tuple[str, ...], ...]
    fields: Mapping[str, str]
    names: Names = Names.ANY
    left: str = ""
    nothing: str = ""
    by_column: Mapping[str, tuple[str, int]] = field(init=False)
    numbered: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        named = [
            (column, (name, i)) for name, told in self.fields.items() for i, column in enumerate(_split(told))
        ]
        own = {column: place[1] for column, place in named if place[0] == "accession"}
        left = dict.fromkeys((*_split(self.left), *own), ("", 0))
        object.__setattr__(self, "numbered", own)
        object.__setattr__(
            self, "by_column", {**left, **{c: place for c, place in named if place[0] != "accession"}}
        )


def key(name: str) -> str:
    """Column name as it is compared."""
    return " ".join(name.replace("_", " ").replace("\ufeff", "").casefold().split())


def _split(told: str) -> list[str]:
    return [key(column) for column in told.split("|") if column.strip()]
