"""Authors for comparison: folded family names with an initial, collectives apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.fuzz import ratio

from curation.dedupe.normalise import lowered, words
from curation.model import Author

# "Adeli K.Lewis G. F.": one reference manager's export without separators.
_RUN_TOGETHER = re.compile(r"(?<=[A-Z]\.)(?=[A-Z][^\W\d_.])|\s*;\s*|(?<=\S)\s+and\s+(?=\S+,)")
_COLLECTIVE = re.compile(
    r"\b(?:groups?|investigators?|committees?|consortium|collaborat\w*|network|association|society|team|trialists?|trial"
    r"|organi[sz]ation|institutes?|foundation|council|department|ministry|university|cent(?:er|re)s?|agency|academy|college"
    r"|federation|union|panel|initiative|project|programme?|task force|registry|anonymous)\b"
)
_NOBODY = frozenset(
    {"anonymous", "anon", "unknown", "noauthorlisted", "na", "none", "etal", "others", "noauthors"}
)
_PARTICLE_TEXT = "van der den de la le von du da di dos del ter ten zu zur el al bin ibn st"
_PARTICLES = frozenset(_PARTICLE_TEXT.split())
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "2nd", "3rd", "md", "phd"})
_TELLING = 4  # letters: "Hu" begins many names, and "Lee" and "Lea" are two
_ALIKE = 80.0  # Indel ratio: one letter of five is wrong


@dataclass(frozen=True, slots=True)
class People:
    """Persons in order: folded family names, and the first letter of their given name ("" where not known)."""

    families: tuple[str, ...] = ()
    initials: tuple[str, ...] = ()
    collective: bool = False


def people(authors: Iterable[Author]) -> People:
    """Authors for comparison; collectives are remembered only as being there, since databases often drop them."""
    families: list[str] = []
    initials: list[str] = []
    collective = False
    for author in authors:
        for family, initial in _persons(author.family, author.initials, author.collective):
            if family:
                families.append(family)
                initials.append(initial)
            else:
                collective = True
    return People(tuple(families), tuple(initials), collective)


@lru_cache(maxsize=1 << 16)
def _persons(family: str, initials: str, collective: bool) -> tuple[tuple[str, str], ...]:
    """Each person in one author's name as family and initial; an empty family stands for a collective."""
    if collective:
        return (("", ""),)
    if initials or len(family) < 8:  # noqa: PLR2004 - shorter than two names run together
        return (_person(family, initials),)
    parts = [part for part in _RUN_TOGETHER.split(family) if part.strip()]
    return tuple(_person(part, "") for part in parts)


def _person(family: str, given: str) -> tuple[str, str]:
    text = lowered(family)
    if _COLLECTIVE.search(text) is not None:
        return "", ""
    if "," in text and not given:
        text, _, given = text.partition(",")
    names = [name for name in words(text) if name not in _SUFFIXES]
    if not given and len(names) > 1:
        names, given = _without_initials(names, family)
    while len(names) > 1 and names[0] in _PARTICLES:
        del names[0]
    run = "".join(names)
    if run in _NOBODY:
        return "", ""
    return run, lowered(given).strip(" .-")[:1]


def _without_initials(names: list[str], given: str) -> tuple[list[str], str]:
    """Family and initials of ``Hu Y``, ``Y Hu``, ``Lewis G. F.`` and ``Yue Hu``."""
    short = [len(name) == 1 or (len(name) <= 3 and name.upper() in given.split()) for name in names]  # noqa: PLR2004 - initials
    if all(short):
        return names[:1], names[1]
    if short[-1]:
        last = max(n for n, is_short in enumerate(short) if not is_short)
        return names[: last + 1], names[last + 1]
    return names[-1:], names[0]


def shared(a: Sequence[str], b: Sequence[str]) -> int:
    """How many family names of the one list the other has too, a misspelt letter allowed."""
    rest = list(b)
    missing = []
    for name in a:
        if name in rest:
            rest.remove(name)
        else:
            missing.append(name)
    found = len(a) - len(missing)
    if not found and len(missing) > _TELLING:
        return 0  # nobody spells every one of many names otherwise
    for name in missing:
        like = next((other for other in rest if alike(name, other)), None)
        if like is not None:
            rest.remove(like)
            found += 1
    return found


def alike(a: str, b: str) -> bool:
    """Whether two folded family names are one: equal, misspelt, or one part of a double name."""
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    if len(short) < _TELLING:
        return a == b
    if long.startswith(short) or long.endswith(short):
        return True
    return len(long) - len(short) < _TELLING and ratio(a, b, score_cutoff=_ALIKE) > 0
