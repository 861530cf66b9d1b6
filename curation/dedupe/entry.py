"""A record as deduplication sees it: every field that is compared, brought to one form once."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from curation.dedupe import places
from curation.dedupe.normalise import lowered, squeezed
from curation.dedupe.people import People, people
from curation.dedupe.places import Pages
from curation.dedupe.titles import Mark, Title, title
from curation.dedupe.venues import Venue, venue_of
from curation.model import Citation, Number


@dataclass(frozen=True, slots=True)
class Entry:
    """One record to be compared: its number, its source's number, and its citation in force."""

    record: int
    source: int
    citation: Citation


@dataclass(frozen=True, slots=True)
class Version:
    """A Cochrane review (``cd003316``) and its publication number; 0 where the record does not tell."""

    review: str
    number: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A record ready for comparison; make it with ``prepare``.

    ``abstract`` is the beginning of the abstract in letters and digits only, ``row`` a hash of every compared
    field, equal for identical rows only; ``identifiers`` are those that name one record each in one database.
    """

    record: int
    source: int
    title: Title
    people: People
    year: int | None
    journal: str
    volume: int | None
    issue: frozenset[int]
    pages: Pages
    supplement: bool
    venue: Venue
    typed: frozenset[Mark]
    doi: str
    pmid: str
    pmcid: str
    identifiers: Mapping[Number, tuple[str, ...]]
    trials: frozenset[str]
    issns: frozenset[str]
    version: Version | None
    abstract: str
    row: int


_DATABASES = (Number.EMBASE, Number.WOS, Number.SCOPUS, Number.CENTRAL)
_COCHRANE = re.compile(r"10\.1002/14651858\.(cd\d{6}|mr\d{6})(?:\.pub(\d+))?")
_COCHRANE_PAGES = re.compile(r"\b(cd\d{6}|mr\d{6})(?:\.pub(\d+))?")
_DOI_NOISE = re.compile(r"%(28|29|2f|3a|3b|3c|3e|5b|5d)|&(?:lt|gt|amp);")
_NO_ABSTRACT = re.compile(r"^(?:no abstract|abstract not|not available|n/?a$|\[no abstract|copyright|©)")
_ABSTRACT_RAW, _ABSTRACT_KEPT, _ABSTRACT_LEAST = 640, 400, 80
_MANY_ISSUES, _DISTINCT_SHARE = 30, 0.9
_FIRST_YEAR, _LAST_YEAR = 1000, 2999


def prepare(entry: Entry, unreliable: frozenset[int] = frozenset()) -> Prepared:
    """``entry`` ready for comparison. ``unreliable`` names the sources whose issue field is to be ignored."""
    said = entry.citation
    printed = places.pages(said.pages)
    doi = bare_doi(said.doi)
    volume = places.volume(said.volume)
    issue = frozenset[int]() if entry.source in unreliable else places.issue(said.issue)
    supplement = places.is_supplement(said.issue, said.volume, printed)
    abstract = _abstract(said.abstract)
    named = title(said.title or said.title_given)
    authors = people(said.authors)
    journal = _journal(said.journal or said.journal_short)
    numbers = said.numbers
    return Prepared(
        entry.record,
        entry.source,
        named,
        authors,
        said.year,
        journal,
        volume,
        issue,
        printed,
        supplement,
        venue_of(said, journal, doi, supplement=supplement),
        _typed(said.publication_types),
        doi,
        said.pmid or "",
        said.pmcid or "",
        {kind: numbers[kind] for kind in _DATABASES if numbers.get(kind)} if numbers else _NOTHING,
        frozenset(numbers.get(Number.TRIAL, ())) if numbers else _NO_WORDS,
        frozenset(squeezed(n) for n in numbers.get(Number.ISSN, ())) if numbers else _NO_WORDS,
        _version(doi, said.pages),
        abstract,
        _row(said, named, authors, doi, abstract),
    )


_NOTHING: Mapping[Number, tuple[str, ...]] = {}
_NO_WORDS = frozenset[str]()


def unreliable_issues(entries: Iterable[Entry]) -> frozenset[int]:
    """Sources whose issue field numbers their records: many issues, hardly one of them twice.

    A reference manager's export may hold a running number there; journals repeat theirs every year.
    """
    said: dict[int, Counter[str]] = defaultdict(Counter)
    for entry in entries:
        if entry.citation.issue:
            said[entry.source][entry.citation.issue] += 1
    return frozenset(
        source
        for source, issues in said.items()
        if issues.total() >= _MANY_ISSUES and len(issues) > _DISTINCT_SHARE * issues.total()
    )


def bare_doi(given: str | None) -> str:
    """A DOI's letters, digits and points in lower case; escapes undone, so that SICI codes compare."""
    text = (given or "").casefold()
    if not text:
        return ""
    if "%" in text or "&" in text:
        text = _DOI_NOISE.sub(_unescaped, text)
    return text.strip().rstrip(".")


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    return {"&lt;": "<", "&gt;": ">", "&amp;": "&"}[found[0]]


@lru_cache(maxsize=1 << 14)
def _journal(given: str) -> str:
    return lowered(given).strip(' ."')


def _abstract(given: str) -> str:
    """Beginning of an abstract; empty where there is none worth comparing."""
    if len(given) < _ABSTRACT_LEAST:
        return ""
    text = squeezed(given[:_ABSTRACT_RAW])
    if text.startswith(("background", "objective", "abstract", "purpose", "introduction", "aim")):
        text = _LABEL.sub("", text)
    return text[:_ABSTRACT_KEPT] if _NO_ABSTRACT.match(given.casefold()) is None else ""


_LABEL = re.compile(
    r"^(?:abstract)?(?:backgroundandaims?|backgroundobjectives?|background|objectives?|purpose(?:ofreview)?|introduction|aims?)"
)


_TYPED = (
    ("erratum", Mark.CORRECTION),
    ("correction", Mark.CORRECTION),
    ("retraction of", Mark.RETRACTION),
    ("comment", Mark.COMMENT),
)


@lru_cache(maxsize=1 << 10)
def _typed(types: tuple[str, ...]) -> frozenset[Mark]:
    """What a database's publication types say; not all databases type a notice, so it only hints at a relation."""
    text = " | ".join(types).casefold()
    return frozenset(mark for word, mark in _TYPED if word in text)


def _version(doi: str, given_pages: str) -> Version | None:
    found = _COCHRANE.match(doi) if doi else None
    if found is not None:
        return Version(found[1], int(found[2] or 1))
    found = (
        _COCHRANE_PAGES.search(given_pages.casefold()) if given_pages[:1] in {"C", "c", "M", "m"} else None
    )
    return Version(found[1], int(found[2] or 0)) if found is not None else None


def _row(said: Citation, named: Title, authors: People, doi: str, abstract: str) -> int:
    fields = (
        named.run,
        ",".join(sorted(named.marks)),
        ",".join(authors.families),
        str(said.year),
        said.journal.casefold(),
        said.volume,
        said.issue,
        said.pages,
        doi,
        said.pmid or "",
        said.pmcid or "",
        repr(sorted(said.numbers.items())) if said.numbers else "",
        abstract,
    )
    return stable_hash("\x1f".join(fields))


def stable_hash(text: str) -> int:
    """A signed 64-bit number of ``text``, the same in every process (Python's own ``hash`` is not)."""
    return int.from_bytes(
        blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True
    )
