"""Which reports a file's name speaks of: by DOI, PubMed or PMC number, or number of the report.

A DOI cannot stand in a file's name as it is: programs write ``_``, ``-``, ``:`` or ``%2F`` for its slash. It counts
where it ends: a longer DOI in the name is not the shorter one that it begins with. Numbers count only where they
say what they are.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from curation.store import records

_SUFFIX = re.compile(r"\.pdf$", re.IGNORECASE)
_KEPT = re.compile(r"^[0-9a-f]{8}-")  # the part that livrev itself puts in front (see keep)
_COPY = re.compile(r"(?:\s*\(\d+\)| copy)$")  # of browsers and file managers
_DOI = re.compile(r"(?<!\d)10[._-]\d{4,9}(?=[^0-9a-z])")
_END_OF_DOI = re.compile(r"[^0-9a-z]*(?:$|[\s()\[\]{}])|[^0-9a-z]+[a-z]{2,}(?![0-9a-z])")
_PMID = re.compile(r"(?<![a-z])pmid[\s:_#-]*(\d{1,8})(?!\d)")
_BARE = re.compile(r"\d{1,8}")
_PMCID = re.compile(r"(?<![a-z])pmc[\s_-]?(\d{1,9})(?!\d)")
# At the beginning, or in brackets: R2 in the middle of a title is a measure of fit.
_REPORT = re.compile(r"(?:^\s*|[(\[])r(\d{1,18})(?![0-9a-z]|[.,]\d)")
_SUPPLEMENT = re.compile(
    r"(?<![a-z0-9])(?:supp|suppl|supplement(?:s|al|ary)?|appendix|appendices|mmc\d+|(?:mo)?esm\d*)(?![a-z])"
)


@dataclass(frozen=True, slots=True)
class Names:
    """Names of the review's reports, each with the reports that bear it; DOIs in the form ``folded`` gives."""

    dois: Mapping[str, frozenset[int]]
    pmids: Mapping[str, frozenset[int]]
    pmcids: Mapping[str, frozenset[int]]
    records: Mapping[int, int]


def names(sql: sqlite3.Connection) -> Names:
    """Names of every report, by any of its records."""
    report_of = {n.record: n.report for n in records.named(sql)}
    dois, pmids, pmcids = (defaultdict[str, set[int]](set) for _ in range(3))
    for record, citation in records.glances(sql, report_of).items():
        for kind, name in ((dois, citation.doi), (pmids, citation.pmid), (pmcids, citation.pmcid)):
            if name:
                kind[folded(name) if kind is dois else name.lower()].add(report_of[record])
    return Names(_frozen(dois), _frozen(pmids), _frozen(pmcids), report_of)


def named_in(file_name: str, known: Names) -> frozenset[int]:
    """Reports of which the name of a file speaks; empty where it speaks of none."""
    name = _plain(file_name)
    found: set[int] = set()
    for doi in _dois(name, known.dois):
        found |= known.dois[doi]
    for number in _pmids(name):
        found |= known.pmids.get(number, frozenset())
    for number in _PMCID.findall(name):
        found |= known.pmcids.get(f"pmc{number}", frozenset())
    numbers = (int(number) for number in _REPORT.findall(name))
    return frozenset(found | {known.records[number] for number in numbers if number in known.records})


def is_supplement(file_name: str) -> bool:
    """Whether the name says that the file is a supplement, not the full text itself."""
    return _SUPPLEMENT.search(_plain(file_name)) is not None


def _plain(file_name: str) -> str:
    whole = unicodedata.normalize("NFC", unquote(file_name)).lower()
    return _COPY.sub("", _SUFFIX.sub("", _KEPT.sub("", whole))).strip()


def _dois(name: str, known: Mapping[str, frozenset[int]]) -> Iterator[str]:
    for start in _DOI.finditer(name):
        ends = (end for end in range(len(name), start.end(), -1) if _may_end(name, end))
        forms = (folded(name[start.start() : end]) for end in ends)
        longest = next((doi for doi in forms if doi in known), None)
        if longest is not None:
            yield longest


def _may_end(name: str, end: int) -> bool:
    return _END_OF_DOI.match(name, end) is not None


def _pmids(name: str) -> list[str]:
    found = [name] if _BARE.fullmatch(name) else _PMID.findall(name)
    return [number.lstrip("0") for number in found]


def folded(doi: str) -> str:
    """A DOI reduced to what every program leaves of it in a file's name: ``10_1000_abc``."""
    return re.sub(r"[^0-9a-z]+", "_", unicodedata.normalize("NFC", doi).lower()).strip("_")


def _frozen(reports: Mapping[str, set[int]]) -> dict[str, frozenset[int]]:
    return {name: frozenset(of) for name, of in reports.items()}
