"""Which records hold a word: an index of one part of a corpus, small enough for a hundred thousand records."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterable, Mapping

from curation.sources.standin.entry import Entry
from curation.sources.standin.fields import Part
from curation.sources.standin.words import Sought, Words, words

_NONE: frozenset[int] = frozenset()


class Index:
    """Words of one part over all records.

    Numbers are kept packed, and become a set when a word is first searched for: a set of each common word
    would take more room than the records.
    """

    def __init__(self, entries: Iterable[Entry], part: Part) -> None:
        self._part = part
        self._held = {entry.pmid: entry for entry in entries}
        self._numbers = _numbers(self._held, part)
        self._sets: dict[str, frozenset[int]] = {}

    def holders(self, sought: Sought) -> frozenset[int]:
        """Records that hold the word, or any word with the stem."""
        if not sought.truncated:
            return self._holders(sought.stem)
        return _NONE.union(*(self._holders(word) for word in self._numbers if sought.fits(word)))

    def values(self, pmid: int) -> tuple[Words, ...]:
        """Texts of one record as words."""
        return tuple(words(text) for text in self._held[pmid].texts(self._part))

    @property
    def vocabulary(self) -> Iterable[str]:
        """Every word that some record holds, folded."""
        return self._numbers.keys()

    def _holders(self, word: str) -> frozenset[int]:
        if word not in self._sets:
            self._sets[word] = frozenset(self._numbers.get(word, ()))
        return self._sets[word]


class Indexes:
    """The indexes of one corpus, each made by the first search that needs it; safe among threads."""

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self._entries = entries
        self._lock = threading.Lock()
        self._made: dict[Part, Index] = {}

    def of(self, part: Part) -> Index:
        """Index of one part."""
        with self._lock:
            if part not in self._made:
                self._made[part] = Index(self._entries, part)
            return self._made[part]


def _numbers(held: Mapping[int, Entry], part: Part) -> Mapping[str, array[int]]:
    numbers: dict[str, array[int]] = {}
    for pmid, entry in held.items():
        for word in {word for text in entry.texts(part) for word in words(text)}:
            if word in numbers:
                numbers[word].append(pmid)
            else:
                numbers[word] = array("q", (pmid,))
    return numbers
