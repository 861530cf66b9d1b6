"""The canonical record of a report: one citation made field by field of its members, with where each field is from.

Databases print one article in many ways, and none is best in every field: Web of Science writes titles in capitals,
Embase lacks the given names that PubMed has, an alert came before volume and pages were known. Taking one record
whole loses what the others tell; mixing freely makes an article that nobody printed. So:

- **title**: whole before cut off or without its subtitle, written in both cases before ALL CAPS, PubMed's before
  others, then the longest; one that says *retracted* before all. It is always a title that a member has.
- **abstract**: the longest that is one; a publisher's copyright line and "No abstract available" do not count.
- **authors**: one member's list whole, never mixed, since order and initials belong together: none that ends in
  *et al.*, then the most persons, then the most of them with initials, then the most full names.
- **journal, volume, issue, pages, year, date**: of one place only. The member that tells most of the place of print
  stands for the final publication; members that contradict it there add nothing to these fields, and a year comes
  from members with a volume or pages before an online-first record's. Pages are written out (``2511-22`` is
  ``2511-2522``), a spreadsheet's ``08-Nov`` gives way, and is 8-11 where it is all there is.
- **DOI, PubMed and PMC number**: the one that most members have, then that of the final publication; **all other
  numbers, keywords, publication types and languages**: united, in the order of the members.
- **extra**: not merged; it is the first record's own, and every other member keeps its own.

Ties go to the lowest record number, so the same members give the same citation in whatever order they come. A report
of one record is that record, untouched. Nothing is lost: the members stay as they are, and are shown beside it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from curation.dedupe import features
from curation.dedupe.entry import Entry, Prepared, prepare
from curation.dedupe.normalise import squeezed
from curation.dedupe.relations import OTHER_PLACE
from curation.identifiers import folded
from curation.model import Citation, Number


@dataclass(frozen=True, slots=True)
class Canonical:
    """The citation of a report, and the records each of its filled fields is from, in order."""

    citation: Citation
    provenance: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Member:
    record: int
    said: Citation
    ready: Prepared
    curated: bool


def canonical(members: Mapping[int, Citation], curated: Collection[int] = ()) -> Canonical:
    """The citation of a report with these members, by record number; see the module for how fields are chosen.

    ``curated`` are the records of PubMed, whose indexers mend what publishers send. Raises ValueError for no member.
    """
    if not members:
        message = "a report has at least one record"
        raise ValueError(message)
    if len(members) == 1:
        return _alone(*next(iter(members.items())))
    given = [
        _Member(record, said, prepare(Entry(record, 0, said)), record in curated)
        for record, said in sorted(members.items())
    ]
    chosen = _Chosen()
    _text(chosen, given)
    _print(chosen, given)
    _numbers(chosen, given)
    for name in ("language", "publication_types", "keywords"):
        _unite(chosen, given, name)
    chosen.take("extra", given[0])
    return chosen.done()


def _alone(record: int, said: Citation) -> Canonical:
    filled = (field.name for field in fields(said) if getattr(said, field.name))
    return Canonical(said, dict.fromkeys(filled, (record,)))


class _Chosen:
    """Fields as they are chosen, each with the records it is from."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._provenance: dict[str, tuple[int, ...]] = {}

    def put(self, name: str, value: object, *records: int) -> None:
        if value:
            self._values[name] = value
            self._provenance[name] = records

    def take(self, name: str, member: _Member | None) -> None:
        if member is not None:
            self.put(name, getattr(member.said, name), member.record)

    def done(self) -> Canonical:
        order = [field.name for field in fields(Citation)]
        return Canonical(
            Citation(**{"title": "", **self._values}),
            {name: self._provenance[name] for name in order if name in self._provenance},
        )


def _best(
    members: Iterable[_Member], name: str, rank: Callable[[_Member], tuple[int, ...]]
) -> _Member | None:
    """The first by ``rank`` of the members that have the field."""
    having = (m for m in members if getattr(m.said, name))
    return min(having, key=lambda m: (*rank(m), m.record), default=None)


# Titles, abstracts, authors

_CUT_OFF = re.compile(r"(?:\.{3}|…)\s*$|\(abstract truncated\b[^)]*\)\s*$", re.IGNORECASE)
_RETRACTED = re.compile(r"\W*(?:retracted|withdrawn)\b", re.IGNORECASE)
_SUBTITLE = 4  # letters that one title has more than another which begins it; less is a footnote's mark
_CAPITALS, _WORDS = 0.7, 3


def _text(chosen: _Chosen, given: Sequence[_Member]) -> None:
    runs = {m.ready.title.run for m in given}
    titled = _best(given, "title", lambda m: _rank_of_title(m, runs))
    chosen.take("title", titled)
    if titled is not None and titled.said.title_given:
        chosen.take("title_given", titled)
    real = [m for m in given if _abstract_letters(m.said.abstract)]
    chosen.take("abstract", _best(real, "abstract", _rank_of_abstract))
    chosen.take("authors", _best(given, "authors", _rank_of_authors))


def _rank_of_title(m: _Member, runs: Collection[str]) -> tuple[int, ...]:
    run = m.ready.title.run
    shortened = any(len(other) >= len(run) + _SUBTITLE and other.startswith(run) for other in runs)
    return (
        _RETRACTED.match(m.said.title) is None,
        not run or shortened or _CUT_OFF.search(m.said.title) is not None,
        is_badly_cased(m.said.title),
        not m.curated,
        -len(run),
        len(m.said.title),
    )


def is_badly_cased(text: str) -> bool:
    """Whether several words are written in capitals, or without any."""
    if len(text.split()) < _WORDS:
        return False
    letters = [c for c in text if c.isalpha() and c.upper() != c.lower()]
    return bool(letters) and (
        sum(c.isupper() for c in letters) > _CAPITALS * len(letters) or all(c.islower() for c in letters)
    )


_COPYRIGHT = re.compile(
    r"\s*(?:\bcopyright\b[\s:]*)?(?:©|\(c\)|\bcopyright\b)\s*(?:copyright\s*)?(?:19|20)\d\d\b.*\Z",
    re.IGNORECASE | re.DOTALL,
)
_NO_ABSTRACT = re.compile(
    r"\W*(?:no abstract|abstract (?:is )?not|abstract unavailable|not available|n/?a\W*$|none\W*$)",
    re.IGNORECASE,
)


def _abstract_letters(text: str) -> int:
    """Letters and digits of an abstract without its copyright line; 0 where there is none."""
    bare = _COPYRIGHT.sub("", text)
    return 0 if _NO_ABSTRACT.match(bare) else len(squeezed(bare))


def _rank_of_abstract(m: _Member) -> tuple[int, ...]:
    text = m.said.abstract
    cut = _CUT_OFF.search(text) is not None
    return cut, -_abstract_letters(text), not m.curated, len(text)


_AND_OTHERS = frozenset({"etal", "others", "andothers"})


def _rank_of_authors(m: _Member) -> tuple[int, ...]:
    unfinished = any(squeezed(a.family) in _AND_OTHERS for a in m.said.authors)
    persons = sum(len(family) > 1 for family in m.ready.people.families)
    complete = sum(a.collective or bool(a.initials) for a in m.said.authors)
    full = sum(len(squeezed(a.name)) > len(squeezed(a.family + a.initials)) for a in m.said.authors)
    letters = sum(len(a.initials) for a in m.said.authors)
    return unfinished, -persons, -complete, -full, -letters, not m.curated


# The place of print

_MONTH = re.compile(r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b", re.IGNORECASE)
_LABEL = re.compile(r"^(?:pages?|pp?|vol(?:ume)?|issue|no)\b[.:\s]*(?=\w)", re.IGNORECASE)
_RANGE = re.compile(r"([^\W\d_]{0,6})(\d{1,9})\s*[-‐‑‒–—]+\s*([^\W\d_]{0,6})(\d{1,9})")
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]|\s[:=]\s.*")


def _print(chosen: _Chosen, given: Sequence[_Member]) -> None:
    """Everything that tells where and when it was printed, of one place only."""
    final = min(given, key=lambda m: (-_told_of_place(m), not m.curated, m.record))
    there = [m for m in given if m is final or _agrees(final.ready, m.ready)]
    chosen.take("journal", _best(there, "journal", _rank_of_journal))
    short = _best(there, "journal_short", lambda m: (not m.curated, "." in m.said.journal_short))
    chosen.take("journal_short", short)
    for name, read in (("volume", _volume), ("issue", _issue)):
        found = _agreed(there, name, read, final)
        if found is not None:
            chosen.put(name, _LABEL.sub("", getattr(found.said, name).strip()), found.record)
    _pages(chosen, there, final)
    _time(chosen, given, there)


def _told_of_place(m: _Member) -> int:
    pages = m.ready.pages
    told = (m.ready.volume, m.ready.issue, pages.start, pages.end, m.ready.journal)
    return sum(bool(part) for part in told)


def _agrees(one: Prepared, other: Prepared) -> bool:
    return (
        features.volume(one, other) != "volume other"
        and features.journal(one, other) != "journal other"
        and features.pages(one.pages, other.pages) not in OTHER_PLACE
    )


def _rank_of_journal(m: _Member) -> tuple[int, ...]:
    name = m.said.journal
    return -len(squeezed(_ASIDE.sub("", name))), is_badly_cased(name), len(name), not m.curated


def _volume(m: _Member) -> Hashable:
    return m.ready.volume


def _issue(m: _Member) -> Hashable:
    return m.ready.issue


def _agreed(
    members: Sequence[_Member], name: str, read: Callable[[_Member], Hashable], final: _Member
) -> _Member | None:
    """The member whose value most members read alike, unspoilt, and told in most words."""
    votes = Counter(read(m) for m in members if getattr(m.said, name))

    def rank(m: _Member) -> tuple[int, ...]:
        text = getattr(m.said, name)
        return _MONTH.search(text) is not None, -votes[read(m)], -len(text), m is not final

    return _best(members, name, rank)


def _pages(chosen: _Chosen, there: Sequence[_Member], final: _Member) -> None:
    starts = Counter(m.ready.pages.start for m in there if m.said.pages)

    def rank(m: _Member) -> tuple[int, ...]:
        pages = m.ready.pages
        spoilt = pages.start is None or _MONTH.search(m.said.pages) is not None
        by_itself = pages.start == 1 and len(starts) > 1  # 1-12 beside the article's number
        return spoilt, by_itself, pages.end is None, -starts[pages.start], m is not final

    found = _best(there, "pages", rank)
    if found is not None:
        chosen.put("pages", _written_out(found), found.record)


def _written_out(m: _Member) -> str:
    pages, text = m.ready.pages, _LABEL.sub("", m.said.pages.strip())
    if _MONTH.search(text) and pages.start is not None and pages.end is not None:
        return f"{pages.start}-{pages.end}"
    found = _RANGE.fullmatch(text)
    if found is None:
        return text
    prefix, start, closing, end = found.groups()
    if len(end) < len(start):
        end = start[: -len(end)] + end
    first, last = prefix + start, (closing or prefix) + end
    return first if first == last else f"{first}-{last}"


def _time(chosen: _Chosen, given: Sequence[_Member], there: Sequence[_Member]) -> None:
    """Year and date of the final publication: the year most members with a volume or pages give, then the later."""
    located = [m for m in there if m.ready.volume is not None or m.ready.pages.start is not None]
    dated = next((group for group in (located, there, given) if any(m.said.year for m in group)), ())
    years = Counter(m.said.year or 0 for m in dated)
    found = _best(dated, "year", lambda m: (-years[m.said.year or 0], -(m.said.year or 0)))
    chosen.take("year", found)
    in_year = [m for m in given if found is None or m.said.date.startswith(str(found.said.year))]
    chosen.take(
        "date", _best(in_year, "date", lambda m: (m not in located, -len(m.said.date), not m.curated))
    )


# Numbers and lists


def _numbers(chosen: _Chosen, given: Sequence[_Member]) -> None:
    for name in ("doi", "pmid", "pmcid"):
        votes = Counter(getattr(m.said, name) for m in given)
        chosen.take(name, _best(given, name, partial(_rank_of_number, name=name, votes=votes)))
    united: dict[Number, tuple[str, ...]] = {}
    giving: dict[int, None] = {}
    for m in given:
        for kind, numbers in m.said.numbers.items():
            united[kind] = tuple(dict.fromkeys((*united.get(kind, ()), *numbers)))
            giving[m.record] = None
    chosen.put("numbers", united, *giving)


def _rank_of_number(m: _Member, name: str, votes: Mapping[str, int]) -> tuple[int, ...]:
    return -votes[getattr(m.said, name)], -_told_of_place(m), not m.curated


_CODE = 3  # letters of a MARC code: eng for English


def _unite(chosen: _Chosen, given: Sequence[_Member], name: str) -> None:
    """Every value once, as the first member that has it writes it."""
    united: dict[str, str] = {}
    giving: dict[int, None] = {}
    for m, value in _values(given, name):
        key = folded(value)[:_CODE] if name == "language" else folded(value)
        if key not in united:
            united[key] = value
            giving[m.record] = None
    chosen.put(name, tuple(united.values()), *giving)


def _values(given: Sequence[_Member], name: str) -> Iterator[tuple[_Member, str]]:
    return ((m, value) for m in given for value in getattr(m.said, name))
