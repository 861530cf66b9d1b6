"""One record as the stand-in holds it."""

from __future__ import annotations

from dataclasses import dataclass

from curation.sources.standin.fields import Day, Part


@dataclass(frozen=True, slots=True)
class Entry:
    """One record: its number, its XML as efetch hands it out, and the texts a search looks at.

    ``mesh`` holds headings and heading/qualifier pairs, ``authors`` ``Hu Y`` and ``Hu Yue``, ``journals``
    every name of the journal, ``languages`` code and name. ``published`` holds the days of paper and
    electronic publication (a missing month or day counts as the first). A record without ``created`` is in no
    ``[crdt]`` range.
    """

    pmid: int
    xml: bytes
    titles: tuple[str, ...] = ()
    abstracts: tuple[str, ...] = ()
    mesh: tuple[str, ...] = ()
    major_mesh: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    affiliations: tuple[str, ...] = ()
    journals: tuple[str, ...] = ()
    publication_types: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    published: tuple[Day, ...] = ()
    created: tuple[Day, ...] = ()
    entered: tuple[Day, ...] = ()
    publication_date: str = ""
    book: bool = False

    @property
    def numbers(self) -> tuple[str, ...]:
        """The PubMed number as text: PubMed's All Fields finds a record by it."""
        return (str(self.pmid),)

    @property
    def subsets(self) -> tuple[str, ...]:
        """PubMed's subsets the record is in, as far as the stand-in knows them."""
        marks = (("all", True), ("hasabstract", bool(self.abstracts)), ("pubmed books", self.book))
        return tuple(name for name, applies in marks if applies)

    def texts(self, part: Part) -> tuple[str, ...]:
        """Texts of one searchable part."""
        held: tuple[str, ...] = getattr(self, part)
        return held

    def days(self, part: Part) -> tuple[Day, ...]:
        """Days of one date part."""
        held: tuple[Day, ...] = getattr(self, part)
        return held
