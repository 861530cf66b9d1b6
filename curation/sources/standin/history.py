"""A PubMed that changes from week to week, and the truth about it that a review's store is held against."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial

from curation.sources.standin.corpus import Corpus
from curation.sources.standin.draft import Draft, entry_of
from curation.sources.standin.entry import Entry
from curation.sources.standin.markup import markup
from curation.sources.standin.words import phrase, stands_in, words
from curation.sources.standin.world import RETRACTED, Event, lived


@dataclass(frozen=True, slots=True)
class Truth:
    """What holds at the end of a week, by PubMed numbers.

    ``matching``: found by the query now. ``ever``: found in this week or an earlier one. ``vanished``: found
    once, not now; of these ``gone`` are no longer in PubMed at all, deleted or merged. ``revised``: ever found,
    and since then not as it first was. ``retracted``: ever found, and a retracted publication (a notice of
    retraction is none).
    """

    matching: frozenset[int]
    ever: frozenset[int]
    vanished: frozenset[int]
    gone: frozenset[int]
    revised: frozenset[int]
    retracted: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Version:
    """What a record is from a week on; ``entry`` is None while it is gone."""

    week: int
    entry: Entry | None
    draft: Draft | None
    matches: bool


class History:
    """A deterministic sequence of corpora, one a week from ``start`` on, for ``weeks`` weeks after the first.

    Records arrive in time and late, are indexed, corrected, retracted, deleted, merged; see ``EventKind``.
    ``term`` is what the review is about. ``eventful`` multiplies the chances of what happens to records, so
    that a short history holds every kind. The corpus of a week tells relative dates from that week's day.
    """

    def __init__(
        self, seed: int, start: dt.date, weeks: int, *, term: str = "livrev", eventful: float = 1.0
    ) -> None:
        world = lived(seed, start, weeks, term, eventful)
        self.weeks = weeks
        self.query = f'"{term}"[tiab] OR "{term}"[mh]'
        self._start = start
        self._events = tuple(world.events)
        self._versions = {
            pmid: tuple(_version(week, draft, term, seed) for week, draft in versions)
            for pmid, versions in world.versions.items()
        }

    def day(self, week: int) -> dt.date:
        """The last day of a week; week 0 ends on the day the history begins."""
        if not 0 <= week <= self.weeks:
            raise IndexError(week)
        return self._start + dt.timedelta(weeks=week)

    def corpus(self, week: int) -> Corpus:
        """What PubMed holds at the end of a week. Raises IndexError outside the history."""
        day = self.day(week)
        entries = (entry for one in self._versions.values() if (entry := _at(one, week).entry) is not None)
        return Corpus(entries, today=(day.year, day.month, day.day))

    def events(self, week: int) -> tuple[Event, ...]:
        """What happened in a week, in order; in week 0 the records that were there at first are added."""
        return tuple(event for event in self._events if event.week == week)

    def truth(self, week: int) -> Truth:
        """What ``query``, asked in every week up to this one, must have shown. Raises IndexError outside."""
        self.day(week)
        now = {pmid: _at(versions, week) for pmid, versions in self._versions.items()}
        firsts = {pmid: first for pmid in now if (first := self._first_match(pmid, week)) is not None}
        last = {pmid: self._last_known(pmid, week) for pmid in firsts}
        matching = frozenset(pmid for pmid, version in now.items() if version.matches)
        ever = frozenset(firsts)
        return Truth(
            matching=matching,
            ever=ever,
            vanished=ever - matching,
            gone=frozenset(pmid for pmid in ever if now[pmid].entry is None),
            revised=frozenset(pmid for pmid, first in firsts.items() if last[pmid] != first.draft),
            retracted=frozenset(pmid for pmid, draft in last.items() if RETRACTED in draft.types),
        )

    def _first_match(self, pmid: int, week: int) -> _Version | None:
        return next((one for one in self._versions[pmid] if one.week <= week and one.matches), None)

    def _last_known(self, pmid: int, week: int) -> Draft:
        return [one.draft for one in self._versions[pmid] if one.week <= week and one.draft][-1]


_NOT_YET = _Version(0, None, None, matches=False)


def _at(versions: tuple[_Version, ...], week: int) -> _Version:
    return next((one for one in reversed(versions) if one.week <= week), _NOT_YET)


def _version(week: int, draft: Draft | None, term: str, seed: int) -> _Version:
    if draft is None:
        return _Version(week, None, None, matches=False)
    entry = entry_of(draft, partial(markup, draft), f"{seed}/{draft.pmid}/{week}".encode())
    return _Version(week, entry, draft, _matches(entry, term))


def _matches(entry: Entry, term: str) -> bool:
    texts = (*entry.titles, *entry.abstracts, *entry.keywords, *entry.mesh)
    return any(stands_in(phrase(term), words(text)) for text in texts)
