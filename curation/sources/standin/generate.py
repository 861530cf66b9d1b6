"""Corpora of made-up records: any number of them, quick to make and small to hold, the same for a seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import TypeVar

from curation.sources.standin import vocabulary as words_of
from curation.sources.standin.corpus import Corpus
from curation.sources.standin.draft import MONTHS, Draft, Person, entry_of
from curation.sources.standin.entry import Entry
from curation.sources.standin.fields import Day, back
from curation.sources.standin.markup import markup

T = TypeVar("T")

_FIRST_DAY = (2015, 1, 1)
_A_DAY = 20  # records that are created on one day
_DAYS = 4_000  # before the days begin again
_LABELS = ("BACKGROUND", "METHODS", "RESULTS", "CONCLUSIONS")


def generated(n: int, seed: int = 0, first: int = 1, term: str = "livrev") -> Corpus:
    """Make ``n`` records with the PubMed numbers from ``first`` on; ``term[tiab]`` finds each one of them.

    They have what real ones have: structured, plain and no abstracts, groups as authors and none at all,
    MedlineDates, italics in titles, MeSH, keywords, DOIs, numbers in PMC and references in part, dates of entry
    that lie before or after creation, and one book chapter in two hundred. Titles and DOIs are never alike.
    Their XML is made when it is fetched.
    """
    return Corpus(_entry(seed, number, first, term) for number in range(n))


def _entry(seed: int, number: int, first: int, term: str) -> Entry:
    write = partial(_written, seed, number, first, term)
    return entry_of(drawn(seed, number, first, term), write, f"{seed}/{number}/{first}/{term}".encode())


def _written(seed: int, number: int, first: int, term: str) -> bytes:
    return markup(drawn(seed, number, first, term))


class Dice:
    """Throws that depend on seed and number alone; 384 bits, enough for some fifty of them."""

    def __init__(self, seed: int, number: int) -> None:
        digest = hashlib.blake2b(b"%d/%d" % (seed, number), digest_size=48).digest()
        self._bits = int.from_bytes(digest, "big")

    def upto(self, most: int) -> int:
        """A number from 0, below ``most``."""
        self._bits, thrown = divmod(self._bits, most)
        return thrown

    def one(self, among: Sequence[T]) -> T:
        """One of several."""
        return among[self.upto(len(among))]

    def chance(self, percent: int) -> bool:
        """True so many times in a hundred."""
        return self.upto(100) < percent


def drawn(seed: int, number: int, first: int, term: str) -> Draft:
    """Facts of the record with this number in a generated corpus; ``first`` is the PubMed number of number 0."""
    dice = Dice(seed, number)
    pmid, book, bare = first + number, dice.upto(200) == 0, dice.chance(12)
    gene = f"{dice.one('ABEGKMPT')}{dice.one('CDLNRSTX')}{dice.one('AEFGKMPZ')}{number}"
    in_title = bare or dice.chance(60)
    subject = dice.one(words_of.SUBJECTS)
    opening, site, design = dice.one(words_of.OPENINGS), dice.one(words_of.SITES), dice.one(words_of.DESIGNS)
    topic = f"{subject} ({term})" if in_title else subject
    created = _created(number)
    issued = back(created, dice.upto(120) if dice.chance(97) else 400 + dice.upto(900))
    late = issued < back(created, 365)
    indexed = back(created, -dice.upto(200)) if dice.chance(60) and not book else None
    vague = dice.chance(4)
    start = 1 + dice.upto(1800)
    return Draft(
        pmid=pmid,
        title=f"{opening} {topic} of {gene} in {site}: {design}.",
        journal=dice.one(words_of.JOURNALS),
        issued=(issued[0], issued[1], 1) if vague else issued,
        created=created,
        # NLM sets the date of entry back to that of publication for what arrives a year late or more.
        entered=issued if late else back(created, -dice.upto(9) if dice.chance(5) else 0),
        paragraphs=() if bare else _paragraphs(dice, "" if in_title else term, gene),
        authors=_authors(dice),
        types=("Study Guide",) if book else ("Journal Article",),
        mesh=dice.one(words_of.MESH) if indexed else (),
        keywords=dice.one(words_of.KEYWORDS) if dice.chance(40) else (),
        language="eng" if dice.chance(97) else dice.one(("ger", "chi")),
        volume=str(1 + dice.upto(90)),
        pages="" if dice.chance(30) else f"{start}-{start + 1 + dice.upto(14)}",
        doi="" if dice.chance(15) or book else f"10.5555/livrev.{seed}.{pmid}",
        pmc=f"PMC{9_000_000 + pmid}" if dice.chance(30) and not book else "",
        italic=gene if dice.chance(8) else "",
        medline_date=f"{issued[0]} {_two_months(issued)}" if vague else "",
        indexed=indexed,
        revised=back(created, -dice.upto(400)) if dice.chance(50) and not book else None,
        references=() if book else _references(dice, number, first),
        book=book,
    )


def _created(number: int) -> Day:
    return back(_FIRST_DAY, -(number // _A_DAY % _DAYS))


def _paragraphs(dice: Dice, term: str, gene: str) -> tuple[tuple[str, str], ...]:
    area = 600 + dice.upto(380)
    own = f"For {gene} the area under the curve was 0.{area} (95% CI 0.{area - 71} to 0.{area + 19})."
    if term:
        own += f" This is what {term} is about."
    told = (dice.one(words_of.BACKGROUND), dice.one(words_of.METHODS), own, dice.one(words_of.CONCLUSIONS))
    if dice.chance(30):
        return tuple(zip(_LABELS, told, strict=True))
    return (("", " ".join(told)),)


def _authors(dice: Dice) -> tuple[Person, ...]:
    if dice.chance(2):
        return ()
    at, number = dice.upto(len(words_of.PEOPLE) - 8), 1 + dice.upto(7)
    people = words_of.PEOPLE[at : at + 8 * number : 8]
    return (*people, dice.one(words_of.GROUPS)) if dice.chance(3) else people


def _references(dice: Dice, number: int, first: int) -> tuple[int, ...]:
    if number == 0 or not dice.chance(25):
        return ()
    return tuple(sorted({first + dice.upto(number) for _ in range(1 + dice.upto(4))}))


def _two_months(day: Day) -> str:
    return f"{MONTHS[day[1] - 1]}-{MONTHS[day[1] % 12]}"
