"""Where a text appeared: a journal, a congress, a preprint server, a register."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from curation.model import Citation


class Venue(StrEnum):
    """Where a text appeared, as far as its record tells."""

    ARTICLE = "a journal article"
    CONFERENCE = "a conference paper"
    ABSTRACT = "a conference abstract"
    PREPRINT = "a preprint"
    BOOK = "a book or a part of one"
    THESIS = "a thesis"
    REGISTRATION = "a trial registration"
    UNKNOWN = "a text of unknown kind"


_PREPRINT = re.compile(
    r"\b(?:medrxiv|biorxiv|arxiv|ssrn|research square|preprints?|psyarxiv|osf|chemrxiv|socarxiv|engrxiv|authorea|techrxiv)\b"
)
_PREPRINT_DOI = (
    "10.1101/",
    "10.2139/ssrn",
    "10.21203/rs",
    "10.20944/preprints",
    "10.48550/arxiv",
    "10.31234/osf",
    "10.26434/chemrxiv",
)
_CONFERENCE = re.compile(
    r"\b(?:proceedings?|proc|conference|conf|symposium|symp|workshops?|congress|annual meeting|lecture notes)\b"
)
_ABSTRACT_TYPES = ("conference abstract", "meeting abstract", "abstract")
_KINDS = (
    ("inproceedings", Venue.CONFERENCE),
    ("conference paper", Venue.CONFERENCE),
    ("conference proceeding", Venue.CONFERENCE),
    ("proceedings", Venue.CONFERENCE),
    ("cpaper", Venue.CONFERENCE),
    ("conf", Venue.CONFERENCE),
    ("thesis", Venue.THESIS),
    ("dissertation", Venue.THESIS),
    ("preprint", Venue.PREPRINT),
    ("trial registry", Venue.REGISTRATION),
    ("clinical trial register", Venue.REGISTRATION),
    ("trial protocol record", Venue.REGISTRATION),
    ("incollection", Venue.BOOK),
    ("inbook", Venue.BOOK),
    ("book", Venue.BOOK),
    ("chap", Venue.BOOK),
    ("article", Venue.ARTICLE),
    ("jour", Venue.ARTICLE),
)
_REGISTRIES = re.compile(
    r"clinicaltrials\.gov|who trial|trial ?regist|isrctn|ictrp|clinical trials register|drks\.de|anzctr"
)


def venue_of(said: Citation, journal: str, doi: str, *, supplement: bool) -> Venue:
    """Where ``said`` appeared; ``journal`` and ``doi`` are its own in lower case."""
    types = " | ".join(said.publication_types).casefold() if said.publication_types else ""
    named = _named(journal)
    if named is Venue.PREPRINT or doi.startswith(_PREPRINT_DOI) or "preprint" in types:
        return Venue.PREPRINT
    if named is Venue.REGISTRATION:
        return named
    if types and any(kind in types for kind in _ABSTRACT_TYPES):
        return Venue.ABSTRACT
    for word, venue in _KINDS if types else ():
        if word in types and venue is not Venue.ARTICLE:
            return venue
    if named is Venue.CONFERENCE and not supplement and not said.volume:
        return named
    return Venue.ARTICLE if types or journal else Venue.UNKNOWN


@lru_cache(maxsize=1 << 14)
def _named(journal: str) -> Venue:
    """What a journal's name alone tells."""
    if _PREPRINT.search(journal):
        return Venue.PREPRINT
    if _REGISTRIES.search(journal):
        return Venue.REGISTRATION
    return Venue.CONFERENCE if _CONFERENCE.search(journal) else Venue.UNKNOWN
