"""How the stand-in cuts text into words, and how it finds a phrase in them.

PubMed's own manners: case and accents do not count, and a hyphen, a slash or an underscore ends a word.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

Words = tuple[str, ...]

_WORD = re.compile(r"[^\W_]+")
_SOUGHT = re.compile(r"([^\W_]+)(\*?)")


@dataclass(frozen=True, slots=True)
class Sought:
    """One word of a phrase that is looked for; ``metasta*`` is the stem ``metasta``, truncated."""

    stem: str
    truncated: bool = False

    def fits(self, word: str) -> bool:
        """Whether a word of the text is the one that is looked for."""
        return word.startswith(self.stem) if self.truncated else word == self.stem


Phrase = tuple[Sought, ...]


# Records of successive weeks, and parts of generated ones, share their texts.
@lru_cache(maxsize=1 << 15)
def words(text: str) -> Words:
    """Words of a text in order, folded."""
    return tuple(map(sys.intern, _WORD.findall(_folded(text))))


def phrase(text: str) -> Phrase:
    """Words of a search term in order. Any of them may be truncated, and a stem may have any length."""
    return tuple(Sought(stem, bool(star)) for stem, star in _SOUGHT.findall(_folded(text)))


def stands_in(sought: Phrase, value: Words) -> bool:
    """Whether the words stand side by side somewhere in ``value``."""
    return any(_stands_at(sought, value, at) for at in range(len(value) - len(sought) + 1))


def opens(sought: Phrase, value: Words) -> bool:
    """Whether ``value`` begins with the words."""
    return len(sought) <= len(value) and _stands_at(sought, value, 0)


def is_whole(sought: Phrase, value: Words) -> bool:
    """Whether ``value`` is exactly the words."""
    return len(sought) == len(value) and _stands_at(sought, value, 0)


def stands_near(sought: Phrase, value: Words, gap: int) -> bool:
    """Whether the words stand in any order in ``value`` with at most ``gap`` other words between them."""
    width = len(sought) + gap
    starts = range(max(1, len(value) - width + 1))
    return any(_all_in(sought, value[at : at + width]) for at in starts)


def _stands_at(sought: Phrase, value: Words, at: int) -> bool:
    return all(one.fits(word) for one, word in zip(sought, value[at:], strict=False))


def _all_in(sought: Phrase, window: Words) -> bool:
    return all(any(one.fits(word) for word in window) for one in sought)


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()
