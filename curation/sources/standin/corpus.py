"""What the stand-in holds instead of PubMed: a fixed set of records and the words in them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self
from xml.etree import ElementTree as ET

from curation.errors import BadInput
from curation.sources.standin.entry import Entry
from curation.sources.standin.fields import Day, Part
from curation.sources.standin.index import Index, Indexes
from curation.sources.standin.records import deleted_pmids, read_entry


@dataclass(frozen=True, init=False)
class Corpus:
    """Fixed set of records, highest PubMed number first; of two with one number the later given wins.

    ``today`` is the day that relative dates count back from; None for the newest day a record was created.
    """

    entries: tuple[Entry, ...]
    today: Day | None
    _indexes: Indexes = field(repr=False, compare=False)

    def __init__(self, entries: Iterable[Entry] = (), *, today: Day | None = None) -> None:
        latest = {entry.pmid: entry for entry in entries}
        ordered = tuple(latest[pmid] for pmid in sorted(latest, reverse=True))
        object.__setattr__(self, "entries", ordered)
        object.__setattr__(self, "today", today)
        object.__setattr__(self, "_indexes", Indexes(ordered))

    @classmethod
    def from_xml(cls, *paths: Path) -> Self:
        """Read PubmedArticleSet files in the order given.

        Of two records with one PubMed number the later wins, and a ``DeleteCitation`` takes the numbers it
        names out again. Raises BadInput when a file is not XML, not a PubmedArticleSet, or holds a record
        without PMID.
        """
        held: dict[int, Entry] = {}
        for path in paths:
            _take_in(held, path)
        return cls(held.values())

    def __len__(self) -> int:
        return len(self.entries)

    def get(self, pmid: int) -> Entry | None:
        """Record of a PubMed number, None when there is none."""
        return self._by_pmid.get(pmid)

    def with_entries(self, *entries: Entry) -> Corpus:
        """Derive a corpus with records added; one that is there already is replaced."""
        return Corpus((*self.entries, *entries), today=self.today)

    def without(self, *pmids: int) -> Corpus:
        """Derive a corpus without some records. Raises KeyError when one of them is not in it."""
        for pmid in pmids:
            if pmid not in self._by_pmid:
                raise KeyError(pmid)
        gone = frozenset(pmids)
        return Corpus((entry for entry in self.entries if entry.pmid not in gone), today=self.today)

    def index(self, part: Part) -> Index:
        """Words of one part over all records, made when first asked for."""
        return self._indexes.of(part)

    @cached_property
    def pmids(self) -> frozenset[int]:
        """All PubMed numbers held."""
        return frozenset(self._by_pmid)

    @cached_property
    def build(self) -> str:
        """Name of this state of the corpus, as einfo's ``DbBuild``; equal contents have equal names."""
        digest = hashlib.sha256()
        for entry in self.entries:
            digest.update(b"%d %d " % (entry.pmid, len(entry.mark)) + entry.mark)
        return f"Build-standin-{digest.hexdigest()[:8]}"

    @cached_property
    def last_day(self) -> Day:
        """``today``, or the newest day on which a record was created; 1900/01/01 when none has one."""
        if self.today is not None:
            return self.today
        return max((day for entry in self.entries for day in entry.created), default=(1900, 1, 1))

    @cached_property
    def cited_by(self) -> Mapping[int, tuple[int, ...]]:
        """Records that cite a number, newest first; the number itself need not be held."""
        citing: dict[int, list[int]] = {}
        for entry in self.entries:
            for cited in entry.references:
                citing.setdefault(cited, []).append(entry.pmid)
        return {cited: tuple(pmids) for cited, pmids in citing.items()}

    @cached_property
    def _by_pmid(self) -> Mapping[int, Entry]:
        return {entry.pmid: entry for entry in self.entries}


def _take_in(held: dict[int, Entry], path: Path) -> None:
    try:
        root = ET.parse(path).getroot()
    except ET.ParseError as error:
        raise BadInput(f"{path} is not XML: {error}") from error
    if root.tag != "PubmedArticleSet":
        raise BadInput(f"{path} is a {root.tag}, not a PubmedArticleSet")
    for element in root:
        for pmid in deleted_pmids(element):
            held.pop(pmid, None)
        if element.tag in {"PubmedArticle", "PubmedBookArticle"}:
            entry = read_entry(element)
            held[entry.pmid] = entry
