"""How two reports that are not one may be related, and the findings this is read from."""

from __future__ import annotations

from enum import StrEnum

from curation.dedupe.entry import Prepared
from curation.dedupe.features import Seen
from curation.dedupe.titles import Mark
from curation.dedupe.venues import Venue

SAME_PLACE = frozenset({"pages same", "pages start same", "pages end same"})
OTHER_PLACE = frozenset({"pages other", "pages near"})
ALIKE = frozenset({"title same", "title close", "title same but common"})
WHOLE_AUTHORS = frozenset({"authors same", "authors most"})
LONG_TITLE = 40  # letters of a title that can be one text's only
SEVERAL_PAGES = 3


class Kind(StrEnum):
    """How two reports are related when they are not one."""

    PREPRINT = "preprint-of"
    ABSTRACT = "abstract-of"
    CORRECTION = "correction-of"
    REPLY = "reply-to"
    VERSION = "version-of"
    SAME_TEXT = "same-text"


def one_place(seen: Seen) -> bool:
    """Whether two records name one place in print, and nothing there contradicts."""
    return seen.pages in SAME_PLACE and seen.volume != "volume other" and seen.journal != "journal other"


def few_authors(a: Prepared, b: Prepared) -> int:
    """Number of authors in the shorter of the two lists."""
    return min(len(a.people.families), len(b.people.families))


def likely_kind(a: Prepared, b: Prepared, seen: Seen) -> Kind:
    """What a text in two places most likely is."""
    venues = {a.venue, b.venue}
    if Venue.PREPRINT in venues:
        return Kind.PREPRINT if len(venues) > 1 else Kind.VERSION
    shown = [p.supplement or p.venue is Venue.ABSTRACT for p in (a, b)]
    if (a.typed ^ b.typed) & {Mark.CORRECTION, Mark.RETRACTION}:
        return Kind.CORRECTION
    if not any(shown) and _is_bare_notice(a, b, seen):
        return Kind.CORRECTION
    if seen.authors == "authors none" and seen.volume == "volume same":
        return Kind.REPLY
    if shown[0] != shown[1]:
        return Kind.ABSTRACT
    return Kind.VERSION if Venue.CONFERENCE in venues and len(venues) > 1 else Kind.SAME_TEXT


def _is_bare_notice(a: Prepared, b: Prepared, seen: Seen) -> bool:
    """Whether one is likely a notice under the article's title: a page or two in another issue of its volume."""
    if seen.volume != "volume same" or seen.journal != "journal same" or seen.pages not in OTHER_PLACE:
        return False
    lengths = sorted((a.pages.length or 1, b.pages.length or 1))
    return seen.issue == "issue other" and lengths[0] < SEVERAL_PAGES <= lengths[1]


def suggests(a: Prepared, b: Prepared, seen: Seen, kind: Kind | None) -> bool:
    """Whether two texts look related enough for a person to say how, though they score low as one report."""
    if kind is None or seen.title not in ALIKE or a.title.generic or b.title.generic:
        return False
    if a.venue is not b.venue and Venue.REGISTRATION in {a.venue, b.venue}:
        return not a.trials.isdisjoint(b.trials)
    if kind in {Kind.CORRECTION, Kind.REPLY}:
        later = kind is Kind.CORRECTION or (seen.volume != "volume other" and seen.year != "year apart")
        return later and seen.journal != "journal other"
    if kind is Kind.PREPRINT:
        return seen.authors in {*WHOLE_AUTHORS, "authors first"}
    telling = min(len(a.title.run), len(b.title.run)) >= LONG_TITLE or a.venue is b.venue is Venue.PREPRINT
    return telling and seen.authors in WHOLE_AUTHORS and _years(a, b) <= _RELATED_YEARS


_RELATED_YEARS = 2


def _years(a: Prepared, b: Prepared) -> int:
    return abs(a.year - b.year) if a.year is not None and b.year is not None else 0
