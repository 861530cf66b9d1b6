"""One record as the stand-in holds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from curation.sources.standin.fields import Day, Part


@dataclass(frozen=True, slots=True)
class Entry:
    """One record: its number, its XML as efetch hands it out, and the texts a search looks at.

    ``mesh`` holds headings and heading/qualifier pairs, ``authors`` ``Hu Y`` and ``Hu Yue``, ``journals``
    every name of the journal, ``languages`` code and name. ``published`` holds the days of paper and
    electronic publication (a missing month or day counts as the first), ``indexed`` when MeSH was added,
    ``revised`` NLM's DateRevised. A record without ``created`` is in no ``[crdt]`` range. ``references`` are
    the PubMed numbers of what it cites.
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
    indexed: tuple[Day, ...] = ()
    revised: tuple[Day, ...] = ()
    references: tuple[int, ...] = ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """The PubMed number as text: PubMed's All Fields finds a record by it."""
        return (str(self.pmid),)

    @property
    def mark(self) -> bytes:
        """What tells this version of the record from another of the same number."""
        return self.xml

    @property
    def pmc(self) -> str:
        """Number in PubMed Central, as digits; empty when it has none."""
        found = (one.removeprefix("PMC") for one in self.identifiers if one.startswith("PMC"))
        return next((number for number in found if number.isdigit()), "")

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


@dataclass(frozen=True, slots=True)
class LateEntry(Entry):
    """An entry whose XML is made by ``write`` each time it is wanted, and never kept: a large corpus stays small.

    ``name`` tells its versions apart; equal names promise equal XML.
    """

    xml: bytes = field(init=False, compare=False, repr=False)
    write: Callable[[], bytes] = field(kw_only=True, compare=False)
    name: bytes = field(kw_only=True)

    @property
    def mark(self) -> bytes:
        """The name of this version, which spares the XML."""
        return self.name

    def __getattr__(self, name: str) -> bytes:
        # The slot ``xml`` stays unset, so that Python asks here.
        if name != "xml":
            raise AttributeError(name)
        return self.write()
