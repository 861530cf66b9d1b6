"""A made-up record: its facts, and the entry that a corpus holds of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from curation.sources.standin.entry import Entry, LateEntry
from curation.sources.standin.fields import Day

QUALIFIER = "diagnostic imaging"
LANGUAGES = {"eng": "English", "ger": "German", "chi": "Chinese"}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Person:
    """An author; a group has no given name."""

    family: str
    given: str = ""

    @property
    def initials(self) -> str:
        """First letters of the given names."""
        return "".join([name[0] for name in self.given.split()])


@dataclass(frozen=True, slots=True)
class Periodical:
    """A journal, by its names and numbers."""

    title: str
    short: str
    issn: str
    nlm_id: str

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it is searched by."""
        return self.short, self.title, self.issn


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of CommentsCorrections: NLM's RefType, where the other stands, and its number if NLM has one."""

    kind: str
    source: str
    pmid: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """Facts of a made-up record.

    ``paragraphs`` are pairs of label (empty in a plain abstract) and text; ``italic`` is a word of the title
    that stands between ``<i>`` tags. ``medline_date`` stands in place of the date of issue. ``created`` and
    ``entered`` are NLM's dates ``pubmed`` and ``entrez``, ``indexed`` when MeSH was added. A ``book`` is a
    chapter whose book bears the journal's name.
    """

    pmid: int
    title: str
    journal: Periodical
    issued: Day
    created: Day
    entered: Day
    paragraphs: tuple[tuple[str, str], ...] = ()
    authors: tuple[Person, ...] = ()
    types: tuple[str, ...] = ("Journal Article",)
    mesh: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    language: str = "eng"
    volume: str = ""
    pages: str = ""
    doi: str = ""
    pmc: str = ""
    italic: str = ""
    medline_date: str = ""
    indexed: Day | None = None
    revised: Day | None = None
    links: tuple[Link, ...] = ()
    references: tuple[int, ...] = ()
    book: bool = False

    @property
    def numbers(self) -> tuple[str, ...]:
        """Numbers that others than PubMed gave it; empty texts among them."""
        return (f"NBK{self.pmid}",) if self.book else (self.doi, self.pmc)


def entry_of(draft: Draft, write: Callable[[], bytes], name: bytes) -> Entry:
    """Entry of a record whose XML ``write`` makes when it is wanted; ``name`` tells its versions apart."""
    journal = draft.journal
    headings = headings_of(draft.mesh)
    return LateEntry(
        pmid=draft.pmid,
        write=write,
        name=name,
        titles=(draft.title, journal.title) if draft.book else (draft.title,),
        abstracts=tuple([text for _, text in draft.paragraphs]),
        mesh=headings,
        major_mesh=headings[:2],
        keywords=draft.keywords,
        authors=tuple([name for person in draft.authors for name in names_of(person)]),
        journals=() if draft.book else journal.names,
        publication_types=draft.types,
        languages=(draft.language, LANGUAGES[draft.language]),
        identifiers=tuple([number for number in (str(draft.pmid), *draft.numbers) if number]),
        published=(draft.issued,),
        created=(draft.created,),
        entered=(draft.entered,),
        publication_date=draft.medline_date or spoken(draft.issued),
        book=draft.book,
        indexed=(draft.indexed,) if draft.indexed else (),
        revised=(draft.revised,) if draft.revised else (),
        references=draft.references,
    )


@lru_cache(maxsize=4096)
def names_of(person: Person) -> tuple[str, ...]:
    """An author as searched: with initials, and with given names; a group by its name."""
    if not person.given:
        return (person.family,)
    return f"{person.family} {person.initials}", f"{person.family} {person.given}"


@lru_cache(maxsize=4096)
def headings_of(mesh: tuple[str, ...]) -> tuple[str, ...]:
    """Headings as they are searched: the first is qualified, and major by its qualifier alone, as many are."""
    return (mesh[0], f"{mesh[0]}/{QUALIFIER}", *mesh[1:]) if mesh else ()


def spoken(day: Day) -> str:
    """Day of issue as PubMed prints it: ``2025 Jan 20``."""
    return f"{day[0]} {MONTHS[day[1] - 1]} {day[2]:02}"
