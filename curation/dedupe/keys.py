"""Block keys: numbers that two records must share before they are compared at all.

About a dozen a record, meant for a table (key, record) of the store. Keys of identifiers are odd and are never
dropped; the others are even, and one that more than ``CROWD`` records share says nothing and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from curation.dedupe.entry import Prepared, stable_hash
from curation.dedupe.journals import key as journal_key

CROWD = 60
_HEAD, _TAIL, _ABSTRACT, _LONG_WORD = 20, 18, 48, 4
_LEAST_RUN = 8


def keys(prepared: Prepared) -> tuple[int, ...]:
    """Signed 64-bit block keys of a record, each once."""
    found = [stable_hash(text) | 1 for text in identifiers(prepared)]
    found += [stable_hash(text) & ~1 for text in contents(prepared)]
    return tuple(dict.fromkeys(found))


def doi_key(doi: str) -> int:
    """The block key of a DOI as ``entry.bare_doi`` gives it."""
    return stable_hash(f"doi {doi}") | 1


def is_identifier(key: int) -> bool:
    """Whether a key stands for an identifier, so that it is never dropped for being crowded."""
    return key & 1 == 1


def identifiers(p: Prepared) -> Iterator[str]:
    """Keys of a record's identifiers before they are made numbers, which only a table needs."""
    if p.doi:
        yield f"doi {p.doi}"
    if p.pmid:
        yield f"pmid {p.pmid}"
    if p.pmcid:
        yield f"pmcid {p.pmcid}"
    for kind, numbers in p.identifiers.items():
        for number in numbers:
            yield f"{kind} {number}"


def contents(p: Prepared) -> Iterator[str]:
    """Keys of what a record says, likewise."""
    run, pages = p.title.run, p.pages
    page = pages.start
    first = p.people.families[0] if p.people.families else ""
    yield f"row {p.row}"
    if len(run) >= _LEAST_RUN:
        yield f"head {run[:_HEAD]}"
        yield f"tail {run[-_TAIL:]}"
        longest = sorted({w for w in p.title.words if len(w) >= _LONG_WORD})
        longest.sort(key=len, reverse=True)
        yield f"words {' '.join(sorted(longest[:3]))}"
        yield f"fourth {' '.join(sorted(longest[3:6]))} {p.year}"
        if first and p.year is not None and longest:
            yield f"author {first} {p.year} {longest[0]}"
            yield f"author {first} {p.year + 1} {longest[0]}"
    if page is not None:
        if p.volume is not None:
            yield f"page {page} {p.volume} {p.year}"
        if first:
            yield f"author page {first[:6]} {page}"
    if p.volume is not None and first and p.journal:
        yield f"slot {journal_key(p.journal)} {p.volume} {first[:6]}"
    if p.abstract:
        yield f"abstract {p.abstract[:_ABSTRACT]}"
