"""What forbids joining two records however alike they look: each veto is a sentence, some suggest a relation.

A hard veto holds between any two members of one report; a soft one sends the pair to a person and gives way
where identifiers agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from curation.dedupe import wording
from curation.dedupe.entry import Prepared
from curation.dedupe.features import Seen
from curation.dedupe.relations import (
    ALIKE,
    LONG_TITLE,
    OTHER_PLACE,
    SAME_PLACE,
    SEVERAL_PAGES,
    WHOLE_AUTHORS,
    Kind,
    few_authors,
    likely_kind,
    one_place,
)
from curation.dedupe.titles import Mark, Title
from curation.dedupe.venues import Venue
from curation.dedupe.wording import TELLING, Wording


class Force(StrEnum):
    """How far a veto reaches.

    ``SOFT`` gives way to any identifier, ``FIRM`` not to a DOI, ``HARD`` to nothing, and ``CERTAIN`` settles by
    rule how the two are related.
    """

    SOFT = "soft"
    FIRM = "firm"
    HARD = "hard"
    CERTAIN = "certain"


@dataclass(frozen=True, slots=True)
class Veto:
    """Why two records are not joined by rule; ``kind`` where it suggests that they are related."""

    because: str
    force: Force = Force.SOFT
    kind: Kind | None = None

    @property
    def hard(self) -> bool:
        """Whether it keeps any two members of one report apart."""
        return self.force in _KEEPS_APART


_KEEPS_APART = frozenset({Force.HARD, Force.CERTAIN})
_SHORT_TITLE = 24  # letters of a title that several authors have in common


def vetoes(a: Prepared, b: Prepared, seen: Seen, words: Wording) -> tuple[Veto, ...]:
    """Every veto against joining ``a`` and ``b``, the strongest reason first where several say the same."""
    return (
        *_identifiers(a, b, seen),
        *_titles(a, b, seen, words),
        *_print(a, b, seen),
        *_evidence(a, b, seen),
    )


def one_text(a: Prepared, b: Prepared, seen: Seen) -> bool:
    """Whether the place alone shows one text, whatever its titles: two titles of one article in two languages.

    Journal, volume, year and a range of several pages agree as far as they are known, and so do the authors.
    Journals that begin every issue at page 1 print several texts on the same range, so the issue must agree or
    the authors be several.
    """
    if seen.pages != "pages same" or seen.volume == "volume other" or seen.journal == "journal other":
        return False
    if seen.year != "year same" or seen.issue == "issue other" or seen.doi == "doi other":
        return False
    if min(a.pages.length, b.pages.length) < SEVERAL_PAGES or seen.authors not in WHOLE_AUTHORS:
        return False
    return (seen.issue == "issue same" and seen.volume == "volume same") or few_authors(a, b) > 1


def _identifiers(a: Prepared, b: Prepared, seen: Seen) -> Iterator[Veto]:
    if a.pmid and b.pmid and a.pmid != b.pmid:
        yield Veto(f"they have two PubMed numbers ({a.pmid}, {b.pmid})", Force.HARD)
    if a.pmcid and b.pmcid and a.pmcid != b.pmcid:
        yield Veto(f"they have two PubMed Central numbers ({a.pmcid}, {b.pmcid})", Force.HARD)
    if a.version is not None and b.version is not None:
        yield from _versions(a, b)
    if seen.doi == "doi other":
        yield Veto(
            f"they have two DOIs ({a.doi}, {b.doi})",
            kind=None if one_place(seen) else likely_kind(a, b, seen),
        )
    if seen.identifier == "identifier other" and not _printed_once(seen):
        yield Veto("one database has them under two numbers", Force.FIRM)


def _printed_once(seen: Seen) -> bool:
    """Whether title and place agree so far that a database, as Embase and CENTRAL do, holds one text twice."""
    if seen.title not in ALIKE:
        return False
    return seen.doi == "doi same" or (
        seen.pages == "pages same" and one_place(seen) and seen.volume == "volume same"
    )


def _versions(a: Prepared, b: Prepared) -> Iterator[Veto]:
    if a.version is None or b.version is None:
        return
    one, other = a.version, b.version
    if one.review != other.review:
        yield Veto("they are two Cochrane reviews", Force.HARD)
    elif one.number != other.number and one.number and other.number:
        said = f"they are versions {one.number} and {other.number} of one Cochrane review"
        yield Veto(said, Force.CERTAIN, Kind.VERSION)
    elif (not one.number or not other.number) and a.year != b.year:
        certain = a.year is not None and b.year is not None and abs(a.year - b.year) > 1
        said = "they are one Cochrane review of two years"
        yield Veto(said, Force.CERTAIN if certain else Force.HARD, Kind.VERSION)


_KINDS = {
    Mark.CORRECTION: Kind.CORRECTION,
    Mark.RETRACTION: Kind.CORRECTION,
    Mark.REPLY: Kind.REPLY,
    Mark.COMMENT: Kind.REPLY,
    Mark.EDITORIAL: Kind.REPLY,
    Mark.PROTOCOL: Kind.VERSION,
    Mark.SUMMARY: Kind.VERSION,
}


def _titles(a: Prepared, b: Prepared, seen: Seen, words: Wording) -> Iterator[Veto]:
    if words.level == wording.MISSING:
        yield Veto("one has no title to compare", Force.FIRM)
        return
    for mark in sorted(a.title.marks ^ b.title.marks):
        certain = _names(a.title, b) or _names(b.title, a)
        yield Veto(f"one is {mark}", Force.CERTAIN if certain else Force.HARD, _KINDS[mark])
    yield from _numbers(a.title, b.title, seen)
    if words.level == wording.SWAPPED and not one_text(a, b, seen):
        said = f"one title says {' '.join(words.left[:4])}, the other {' '.join(words.right[:4])}"
        yield Veto(said, Force.FIRM)
    telling = TELLING & {*words.left, *words.right}
    if telling and words.level in {wording.EXTRA, wording.SHORTENED} and not one_text(a, b, seen):
        yield Veto(f"only one title says {', '.join(sorted(telling))}")
    if words.level == wording.OTHER and not (one_text(a, b, seen) and wording.may_be_one(a.title, b.title)):
        yield Veto("their titles differ", Force.FIRM)


def _names(notice: Title, article: Prepared) -> bool:
    """Whether a notice names the volume and the first page of the article."""
    target = notice.target
    return target is not None and (target.volume, target.page) == (article.volume, article.pages.start)


def _numbers(one: Title, other: Title, seen: Seen) -> Iterator[Veto]:
    """Part I and Part II; a number that only one has may be a footnote's mark or a database's code."""
    if one.numbers == other.numbers or seen.pages == "pages same":
        return
    if one.numbers - other.numbers and other.numbers - one.numbers:
        yield Veto("their titles count differently", Force.FIRM if one_place(seen) else Force.HARD)
    elif not one_place(seen):
        yield Veto("only one title has a number")


def _print(a: Prepared, b: Prepared, seen: Seen) -> Iterator[Veto]:
    if a.venue is b.venue and _DISAGREEING.isdisjoint(seen):
        return
    kind = likely_kind(a, b, seen)
    yield from _pages(seen, kind)
    if seen.issue == "issue other" and (seen.pages != "pages same" or seen.title == "title same but common"):
        yield Veto("they stand in two issues", kind=kind)
    if seen.year == "year apart":
        yield Veto("they are more than a year apart", kind=kind)
    if seen.journal == "journal other" and not (seen.pages == "pages same" and seen.volume == "volume same"):
        yield Veto("they stand in two journals", kind=kind)
    if seen.pages == "pages unlike" and not _online_first(a, b, seen):
        yield Veto("their pages cannot be compared", kind=kind)
    if seen.doi == "doi same" and _elsewhere(seen, kind):
        yield Veto("they have one DOI, but stand in two places", Force.FIRM, kind)
    yield from _venues(a, b, seen)


_DISAGREEING = OTHER_PLACE | {
    "pages unlike",
    "volume other",
    "issue other",
    "year next",
    "year apart",
    "journal other",
}


def _pages(seen: Seen, kind: Kind) -> Iterator[Veto]:
    moved = seen.pages in OTHER_PLACE
    if moved and seen.volume == "volume other":
        yield Veto("they stand in two volumes on other pages", Force.FIRM, kind)
    elif moved and seen.journal == "journal other":
        yield Veto("they stand in two journals on other pages", Force.FIRM, kind)
    elif moved:
        yield Veto("they stand on other pages", kind=kind)
    elif seen.volume == "volume other" and seen.pages not in SAME_PLACE:
        yield Veto("they stand in two volumes", kind=kind)


def _elsewhere(seen: Seen, kind: Kind) -> bool:
    """Whether an abstract may have been given the DOI of the article that followed it."""
    if seen.volume != "volume other" or seen.pages in SAME_PLACE:
        return False
    return seen.pages == "pages unlike" or seen.issue == "issue other" or kind is Kind.ABSTRACT


def _online_first(a: Prepared, b: Prepared, seen: Seen) -> bool:
    """Whether pages 1 to n, or an article number, may stand for the printed pages of one volume or year."""
    if seen.year != "year same":
        return False
    return seen.volume == "volume same" or a.pages.length == b.pages.length >= SEVERAL_PAGES


def _venues(a: Prepared, b: Prepared, seen: Seen) -> Iterator[Veto]:
    venues = {a.venue, b.venue}
    if Venue.UNKNOWN in venues or seen.pages in SAME_PLACE:
        return
    if len(venues) == 1:
        if Venue.CONFERENCE in venues and seen.year == "year next":
            yield Veto("they are of two years' conferences", kind=Kind.VERSION)
    elif Venue.PREPRINT in venues:
        yield Veto("one is a preprint", Force.FIRM, Kind.PREPRINT)
    elif Venue.ABSTRACT in venues:
        yield Veto("one is a conference abstract", kind=Kind.ABSTRACT)
    elif seen.journal != "journal same":
        yield Veto(f"one is {a.venue}, the other {b.venue}", kind=Kind.VERSION)


def _evidence(a: Prepared, b: Prepared, seen: Seen) -> Iterator[Veto]:
    if seen.authors == "authors none":
        yield Veto("they have no author in common")
    if a.title.generic or b.title.generic:
        yield from _common(a, b, seen)
    if not located(a, b, seen):
        yield Veto("too little tells where they were printed")


def _common(a: Prepared, b: Prepared, seen: Seen) -> Iterator[Veto]:
    """Editorials, letters, lists of abstracts: under a common title only the place tells one text."""
    known = seen.identifier == "identifier same" or seen.doi == "doi same"
    if not known and (_CONTRADICTIONS & {*seen}):
        yield Veto("many texts bear such a title, and these stand in two places", Force.CERTAIN)
        return
    described = seen.abstract == "abstract same" and seen.journal != "journal other"
    if seen.volume != "volume same" or not (described or _one_page(a, b, seen)):
        yield Veto("many texts bear such a title")


def _one_page(a: Prepared, b: Prepared, seen: Seen) -> bool:
    """Whether pages show one text under a common title: both ends where known, and one issue for its front pages."""
    ends = a.pages.end is not None and b.pages.end is not None
    if seen.pages not in SAME_PLACE or (ends and seen.pages != "pages same"):
        return False
    if a.pages.opens_issues and seen.issue != "issue same":
        return False
    return one_place(seen) or (seen.authors in WHOLE_AUTHORS and few_authors(a, b) > 1)


_CONTRADICTIONS = frozenset(
    {"issue other", "volume other", "pages other", "pages near", "year apart", "doi other"}
)


def located(a: Prepared, b: Prepared, seen: Seen) -> bool:
    """Whether something beside title, authors and year says that two records are of one text.

    Pages, the abstract or an identifier; where a record has no pages (online first, proceedings), the journal
    with all authors and a title long enough to be one text's.
    """
    if seen.pages in SAME_PLACE or seen.abstract == "abstract same" or seen.doi == "doi same":
        return True
    if seen.journal != "journal same" or seen.authors not in WHOLE_AUTHORS or seen.title not in ALIKE:
        return False
    if seen.year != "year same":
        return False  # online first, an abstract a year before its article, or last year's of a series
    run = min(len(a.title.run), len(b.title.run))
    if few_authors(a, b) > 1:
        return run >= _SHORT_TITLE
    return run >= LONG_TITLE and seen.authors == "authors same"
