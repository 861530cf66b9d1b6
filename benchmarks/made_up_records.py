"""Records of no real work, for measurements: the same endless stream each time, and how its copies belong together.

Works of 50 topics, their words, names and journals by Zipf's law. One record in five is a copy of an earlier one as
another database would print it (abbreviated journal and pages, initials, spelling, a lost letter, DOI, PubMed number
or abstract). One in fifty is a sibling: a title that differs in one word, by the same authors, in the same volume.
One in seventy is a congress abstract under an article's title, one in a hundred an editorial or the like, whose
title thousands have. Candidates per record are about as many as in labelled sets of real exports (1 to 4).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from curation.model import Author, Citation, SourceRecord

SHAPE = 1  # of the stream; raise it with any change to what a record says
# Shares of the records; a copy of a copy is made a work, so that one record in five is a copy in the end.
COPIES, SIBLINGS, TALKS, COMMON = 0.25, 0.02, 0.015, 0.01
_BEGINNINGS = "cardi neur hepat nephr oste gastr derm pulm haem immun psych endocrin onc spin vertebr radi gen prote metabol bronch"
_MIDDLES = "o a ia ero opa ali ela ino uro ati omi ere"
_ENDINGS = "genic pathy metry logy tomy plasty lysis sis tion ment nosis scopy graphy trophic static kine ase in oid oma"
_PLAIN_TEXT = "of in and for with on the among after during by from"
_PLAIN = tuple(_PLAIN_TEXT.split())
_FRAMES = (
    ": a randomised controlled trial",
    ": a systematic review and meta-analysis",
    ": a retrospective cohort study",
    ": results of a multicentre study",
    " in patients with advanced disease",
    " in the treatment of {}",
    " among patients with {}",
    ": evidence from {}",
    " and {}",
)
_OPENINGS = ("effects of {} on ", "the role of {} in ", "clinical significance of {} and ", "{} and ")
_COMMON_TITLES = (
    "Editorial",
    "Letter to the editor",
    "Introduction",
    "In this issue",
    "Book reviews",
    "Correspondence",
)
_SYLLABLES = "ba be bo da de do fa ga go ha ka ko la le lo ma me mo na ne no pa pe ra re ro sa se so ta te to va wa wi ya yo za zhu"
_SPELLINGS = (("randomised", "randomized"), ("centre", "center"), ("haem", "hem"))
_TOPICS, _VOCABULARY, _FAMILIES, _JOURNALS, _SENTENCES = 50, 6_000, 12_000, 3_000, 20_000


def dice(seed: int) -> Random:
    """Chances that fall the same way each time."""
    return Random(seed)  # noqa: S311 - made-up records are no secret


def chance(fall: Random, share: float) -> bool:
    """Whether a chance of this share comes true."""
    return fall.random() < share


@dataclass(frozen=True)
class World:
    """What works are made of, each by Zipf's law: words, names, journals with their abbreviation, sentences."""

    words: tuple[str, ...]
    families: tuple[str, ...]
    journals: tuple[tuple[str, str], ...]
    topics: tuple[tuple[str, ...], ...]
    sentences: tuple[str, ...]


@lru_cache(maxsize=1)
def world() -> World:
    """The one world."""
    fall = dice(0)
    words = [
        a + b + c for a in _BEGINNINGS.split() for b in _MIDDLES.split() for c in _ENDINGS.split()
    ]  # 4,800
    words += ["".join(fall.choices(_SYLLABLES.split(), k=fall.randint(2, 4))) for _ in range(_VOCABULARY)]
    words = sorted(set(words))
    fall.shuffle(words)
    words = words[:_VOCABULARY]
    families = sorted(
        {
            "".join(fall.choices(_SYLLABLES.split(), k=fall.randint(2, 4))).title()
            for _ in range(2 * _FAMILIES)
        }
    )
    fall.shuffle(families)
    topics = tuple(tuple(fall.sample(words, 40)) for _ in range(_TOPICS))
    sentences = tuple(
        f"{' '.join(zipf(fall, words, 18)).capitalize()} ({fall.randint(1, 99)} %)."
        for _ in range(_SENTENCES)
    )
    journals = tuple(journal(fall, words) for _ in range(_JOURNALS))
    return World(tuple(words), tuple(families[:_FAMILIES]), journals, topics, sentences)


def journal(fall: Random, words: Sequence[str]) -> tuple[str, str]:
    """A journal and its abbreviation."""
    one, other = (word.title() for word in fall.sample(words, 2))
    form = fall.choice(("Journal of {} {}", "Annals of {} and {}", "{} {} Research", "International {} {}"))
    name = form.format(one, other)
    short = [word[:5] for word in name.split() if word not in {"of", "and"}]
    return name, " ".join(short).replace("Journ", "J").replace("Inter", "Int")


@lru_cache(maxsize=8)
def weights(n: int) -> tuple[float, ...]:
    """Cumulative weights of n things by Zipf's law, flattened a little as names and words of one field are."""
    return tuple(itertools.accumulate((place + 3) ** -0.9 for place in range(n)))


def zipf(fall: Random, things: Sequence[str], n: int) -> list[str]:
    """``n`` of ``things``, the first ones often."""
    return fall.choices(things, cum_weights=weights(len(things)), k=n)


def is_own(index: int) -> bool:
    """Whether a record was drawn as a work of its own."""
    return dice(index).random() >= COPIES


def origin(index: int) -> int:
    """The record that this one is a copy of; itself where it is the first of its work."""
    if index == 0 or is_own(index):
        return index
    of = dice(index + (1 << 41)).randrange(index)
    return of if is_own(of) else index


def citation(index: int) -> Citation:
    """What a record of the endless stream says."""
    first = origin(index)
    return work(index) if first == index else printed_again(work(first), dice(index + (1 << 42)))


def work(index: int) -> Citation:
    """A work: new, a sibling of an earlier one, or one with a title that many have."""
    fall = dice(index + (1 << 40))
    kind = fall.random()
    if index and kind < SIBLINGS:
        return sibling(new_work(fall.randrange(index)), index, fall)
    made = new_work(index)
    if index and kind < SIBLINGS + TALKS:
        return talk(new_work(fall.randrange(index)), made)
    if kind < SIBLINGS + TALKS + COMMON:
        return replace(made, title=fall.choice(_COMMON_TITLES), abstract="", authors=made.authors[:1])
    return made


def new_work(index: int) -> Citation:
    """A work of its own."""
    fall, of = dice(index + (1 << 43)), world()
    topic = of.topics[int(_TOPICS * fall.random() ** 3)]
    year = 2026 - min(int(fall.expovariate(0.12)), 36)
    place = int(_JOURNALS * fall.random() ** 2)
    start = fall.randint(1, 2_500)
    pages = (
        f"{start}-{start + fall.randint(3, 14)}" if chance(fall, 0.85) else f"e{fall.randint(10_000, 99_999)}"
    )
    return Citation(
        title=title(fall, of.words, topic),
        abstract=f"Background: {' '.join(zipf(fall, topic, 6) + zipf(fall, of.words, 9))} {fall.randint(1, 400)}. "
        + " ".join(fall.choices(of.sentences, k=7)),
        authors=tuple(
            author(fall, name) for name in zipf(fall, of.families, fall.choice((1, 2, 3, 4, 5, 6, 6, 8)))
        ),
        year=year,
        journal=of.journals[place][0],
        volume=str(year - 1960 - place % 30),
        issue=str(fall.randint(1, 12)),
        pages=pages,
        doi=f"10.{1_000 + place}/{year}.{index}" if chance(fall, 0.85) else None,
        pmid=str(10_000_000 + index) if chance(fall, 0.6) else None,
        keywords=tuple(zipf(fall, topic, 4)),
        journal_short=of.journals[place][1],
    )


def title(fall: Random, words: Sequence[str], topic: Sequence[str]) -> str:
    """Words of a topic among others, joined by little ones, perhaps with a turn of phrase that many titles have."""
    telling = zipf(fall, topic, fall.randint(2, 4)) + zipf(fall, words, fall.randint(2, 5))
    fall.shuffle(telling)
    said = " ".join([part for word in telling for part in (word, fall.choice(_PLAIN))][:-1])
    opening = fall.choice(_OPENINGS) if chance(fall, 0.4) else ""
    frame = fall.choice(_FRAMES) if chance(fall, 0.7) else ""
    first, last = zipf(fall, topic, 2)
    return (opening.format(first) + said + frame.format(last)).capitalize()


def author(fall: Random, family: str) -> Author:
    """One author."""
    initials = "".join(fall.choices("ABCDEGHJKLMNPRSTWXYZ", k=fall.randint(1, 2)))
    return Author(family, initials)


def sibling(of: Citation, index: int, fall: Random) -> Citation:
    """Another work of the same authors, in the same journal and year, with one word of the title changed."""
    words = of.title.split(" ")
    words[fall.randrange(len(words) // 2)] = fall.choice(world().words)
    mine = new_work(index)
    return replace(mine, title=" ".join(words), authors=of.authors, year=of.year, journal=of.journal,
                   journal_short=of.journal_short, volume=of.volume)  # fmt: skip


def talk(of: Citation, mine: Citation) -> Citation:
    """A congress abstract under the title of an article that came of it."""
    return replace(of, year=(of.year or 0) - 1, journal=mine.journal, journal_short=mine.journal_short, volume=mine.volume,
                   issue="Suppl 1", pages=f"S{mine.pages}", abstract=of.abstract[:600], doi=None, pmid=None)  # fmt: skip


def printed_again(of: Citation, fall: Random) -> Citation:
    """A work as another database would print it."""
    said = of.title
    for british, american in _SPELLINGS:
        said = said.replace(british, american) if chance(fall, 0.3) else said
    said = fall.choice((str, str.title, "{}.".format, _misspelt))(said)
    authors = tuple(Author(a.family, a.initials[:1]) for a in of.authors) if chance(fall, 0.4) else of.authors
    start, dash, end = of.pages.partition("-")
    if dash and chance(fall, 0.4):
        end = end[-2:] if len(start) == len(end) and start[:-2] == end[:-2] else end
    return replace(
        of,
        title=said,
        authors=authors[:6] if chance(fall, 0.1) else authors,
        journal=of.journal_short if chance(fall, 0.5) else of.journal,
        pages=start if chance(fall, 0.1) else f"{start}{dash}{end}",
        abstract="" if chance(fall, 0.25) else of.abstract.removeprefix("Background: "),
        doi=None if chance(fall, 0.3) else of.doi,
        pmid=None if chance(fall, 0.5) else of.pmid,
        year=of.year + 1 if of.year and chance(fall, 0.03) else of.year,
        keywords=(),
        journal_short="",
    )


def _misspelt(text: str) -> str:
    middle = len(text) // 2
    return text[:middle] + text[middle + 1 :]


def ris(index: int, said: Citation) -> str:
    """A record as an export writes it."""
    start, _, end = said.pages.partition("-")
    pairs = [
        ("TY", "JOUR"),
        ("AN", f"X{index}"),
        ("DB", "Embase"),
        ("TI", said.title),
        ("PY", str(said.year)),
        ("JO", said.journal),
    ]
    pairs += [("AU", f"{a.family}, {'. '.join(a.initials)}.") for a in said.authors]
    pairs += [("VL", said.volume), ("IS", said.issue), ("SP", start), ("EP", end), ("DO", said.doi or "")]
    pairs += [("C5", said.pmid or ""), ("AB", said.abstract), *(("KW", word) for word in said.keywords)]
    return "".join(f"{tag}  - {value}\n" for tag, value in pairs if value) + "ER  - \n\n"


def delivered(indices: Iterable[int]) -> Iterator[SourceRecord]:
    """Records as a reader of files hands them over."""
    for index in indices:
        said = citation(index)
        yield SourceRecord(f"X{index}", ris(index, said).encode(), "ris", said)
