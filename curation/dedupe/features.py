"""Each field of two records, seen at a level: the findings that the weights count."""

from __future__ import annotations

from typing import NamedTuple

from rapidfuzz.fuzz import ratio

from curation.dedupe import journals, wording
from curation.dedupe.entry import Prepared
from curation.dedupe.people import People, alike, shared
from curation.dedupe.places import Pages
from curation.dedupe.venues import Venue
from curation.dedupe.wording import Wording
from curation.model import Number

_ABSTRACT_SAME, _ABSTRACT_LIKE, _ABSTRACT_OTHER = 90.0, 70.0, 50.0
_MOST = 0.75
_HALF = 0.5
_INTERNAL = 60  # pages 1 to n of an article that a journal numbers by itself
_ARTICLE_NUMBER = 10_000  # no journal's volume has so many pages
_NEAR = 2
_TORN = 16  # letters of a DOI that say more than its publisher


class Seen(NamedTuple):
    """The level at which each field of two records agrees, as the weights name it."""

    identifier: str
    doi: str
    title: str
    authors: str
    year: str
    journal: str
    volume: str
    issue: str
    pages: str
    abstract: str


def see(a: Prepared, b: Prepared, words: Wording, shared_dois: frozenset[str]) -> Seen:
    """Every field of two records compared; ``words`` is how their titles compare."""
    common = words.level == wording.SAME and (a.title.generic or b.title.generic)
    return Seen(
        identifier(a, b),
        doi(a.doi, b.doi, shared_dois),
        "title same but common" if common else f"title {words.level}",
        authors(a.people, b.people),
        year(a.year, b.year),
        journal(a, b),
        volume(a, b),
        issue(a, b),
        pages(a.pages, b.pages),
        abstract(a.abstract, b.abstract),
    )


def identifier(a: Prepared, b: Prepared) -> str:
    """Whether a database has both records under one number, or under two."""
    pairs = [(a.pmid, b.pmid), (a.pmcid, b.pmcid)]
    if a.venue is b.venue is Venue.REGISTRATION and a.trials and b.trials:
        pairs.append(("trial", "trial" if a.trials & b.trials else "another"))
    same = any(one and one == other for one, other in pairs)
    apart = any(one and other and one != other for one, other in pairs)
    for database, numbers in a.identifiers.items():
        others = b.identifiers.get(database)
        if others:
            common = not set(numbers).isdisjoint(others)
            same, apart = same or common, apart or not common
    return "identifier same" if same else "identifier other" if apart else "identifier missing"


def shared_number(a: Prepared, b: Prepared) -> str:
    """The number that one database has both records under, with the database's name; empty where there is none."""
    if a.pmid and a.pmid == b.pmid:
        return f"PubMed {a.pmid}"
    if a.pmcid and a.pmcid == b.pmcid:
        return f"PubMed Central {a.pmcid}"
    for database, numbers in a.identifiers.items():
        common = sorted(set(numbers) & set(b.identifiers.get(database, ())))
        if common:
            return f"{_DATABASES[database]} {common[0]}"
    return ", ".join(sorted(a.trials & b.trials))


_DATABASES = {
    Number.EMBASE: "Embase",
    Number.WOS: "Web of Science",
    Number.SCOPUS: "Scopus",
    Number.CENTRAL: "CENTRAL",
}


def authors(a: People, b: People) -> str:
    """How far two lists of authors agree; initials count where one name is all there is."""
    if not a.families or not b.families:
        return "authors missing"
    if a.families == b.families:
        return "authors same" if len(a.families) > 1 or _initials(a, b) else "authors some"
    short, long = (a, b) if len(a.families) <= len(b.families) else (b, a)
    found = shared(short.families, long.families)
    part = found / len(short.families)
    if found == 0:
        return "authors most" if _turned(a, b) else "authors none"
    first = alike(a.families[0], b.families[0])
    if first and len(short.families) == 1:
        return (
            ("authors first" if len(long.families) > 1 else "authors same")
            if _initials(a, b)
            else "authors some"
        )
    if first and part >= _MOST:
        return "authors same"
    return "authors most" if part >= _HALF else "authors first" if first else "authors some"


def _initials(a: People, b: People) -> bool:
    one, other = a.initials[0], b.initials[0]
    return one == other or not one or not other


def _turned(a: People, b: People) -> bool:
    """Whether given and family name change places in every author, as happens to Chinese and Hungarian names."""
    fits = [
        (one[0], initial) == (other_initial, other[0])
        for one, initial, other, other_initial in zip(
            a.families, a.initials, b.families, b.initials, strict=False
        )
    ]
    return len(fits) > 1 and all(fits)


def year(a: int | None, b: int | None) -> str:
    """How far apart two years are; online-first articles move by one."""
    if a is None or b is None:
        return "year missing"
    return "year same" if a == b else "year next" if abs(a - b) == 1 else "year apart"


def journal(a: Prepared, b: Prepared) -> str:
    """Whether two journals are one, by ISSN or by name."""
    if a.issns and b.issns and a.issns & b.issns:
        return "journal same"
    if not a.journal or not b.journal:
        return "journal missing"
    level = journals.compared(a.journal, b.journal)
    return ("journal other", "journal like", "journal same")[level]


def volume(a: Prepared, b: Prepared) -> str:
    """Whether two volumes are one; a year or an issue in the volume's field says nothing."""
    if a.volume is None or b.volume is None:
        return "volume missing"
    if a.volume == b.volume:
        return "volume same"
    if a.volume == a.year or b.volume == b.year or b.volume in a.issue or a.volume in b.issue:
        return "volume missing"
    return "volume other"


def issue(a: Prepared, b: Prepared) -> str:
    """Whether two issues are one; a double issue agrees with either number."""
    if not a.issue or not b.issue:
        return "issue missing"
    return "issue same" if a.issue & b.issue else "issue other"


def pages(a: Pages, b: Pages) -> str:
    """How far two page ranges agree. First pages 1 and article numbers beside page numbers say little."""
    if a.tail or b.tail:
        return "pages end same" if a == b or _ends_so(a, b) or _ends_so(b, a) else "pages missing"
    if a.start is None or b.start is None:
        return "pages missing"
    if a.start == b.start:
        return _same_start(a, b)
    return _other_start(a, b)


def _other_start(a: Pages, b: Pages) -> str:
    if a.end is not None and a.end == b.end and a.prefix == b.prefix and a.end != 1:
        return "pages end same"
    if (a.end is None and a.start == b.end) or (b.end is None and b.start == a.end):
        return "pages end same"
    if _numbered_itself(a) != _numbered_itself(b) or _numbered_in_two_ways(a, b):
        return "pages unlike"
    return "pages near" if _is_near(a, b) else "pages other"


def _same_start(a: Pages, b: Pages) -> str:
    if a.prefix != b.prefix and a.prefix and b.prefix:
        return "pages other"
    if a.end is not None and a.end == b.end:
        return "pages same" if a.start != 1 or a.length > _NEAR else "pages first"
    if a.start == 1:
        return "pages first"
    return "pages start same"


def _numbered_itself(p: Pages) -> bool:
    if p.start is None:
        return False
    return p.start >= _ARTICLE_NUMBER or p.prefix == "e" or (p.start == 1 and p.length <= _INTERNAL)


def _numbered_in_two_ways(a: Pages, b: Pages) -> bool:
    """Whether one is a page and the other an electronic number: 969-972 and a1754. Supplements (S81) are pages."""
    return (
        a.prefix != b.prefix
        and "" in {a.prefix, b.prefix}
        and (a.prefix or b.prefix) not in {"s", "p", "roman"}
    )


def _ends_so(whole: Pages, cut: Pages) -> bool:
    return bool(cut.tail) and whole.end is not None and str(whole.end).endswith(cut.tail)


def _is_near(a: Pages, b: Pages) -> bool:
    if a.start is None or b.start is None:
        return False
    low, high = (a, b) if a.start < b.start else (b, a)
    last = low.end if low.end is not None and low.end >= (low.start or 0) else low.start
    return (high.start or 0) - (last or 0) <= _NEAR


def doi(a: str, b: str, shared_dois: frozenset[str]) -> str:
    """Whether two DOIs are one; one that several titles share identifies none of them."""
    if not a or not b:
        return "doi missing"
    if a == b:
        return "doi shared" if a in shared_dois else "doi same"
    return "doi missing" if _is_torn(a, b) else "doi other"


def _is_torn(a: str, b: str) -> bool:
    """Whether an export cut one DOI off at a mark it could not write; a SICI code holds ``<`` and ``;``."""
    short, long = sorted((a, b), key=len)
    return len(short) >= _TORN and long.startswith(short) and not long[len(short)].isalnum()


def abstract(a: str, b: str) -> str:
    """How far two abstracts begin alike."""
    if not a or not b:
        return "abstract missing"
    if a == b:
        return "abstract same"
    length = min(len(a), len(b))
    likeness = ratio(a[:length], b[:length])
    if likeness >= _ABSTRACT_SAME:
        return "abstract same"
    return (
        "abstract like"
        if likeness >= _ABSTRACT_LIKE
        else "abstract other"
        if likeness < _ABSTRACT_OTHER
        else "abstract missing"
    )
