"""A report with its members, and the canonical record that is made of them."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from curation.dedupe.canonical import Canonical, canonical
from curation.identifiers import folded
from curation.model import Citation
from curation.store import duplicates, members, records
from curation.tasks.duplicates import Side, sides_of, text_of
from curation.tasks.review import Review

# Forms in which PubMed itself hands records out; its indexers mend what publishers send.
_PUBMED = {"pubmed-xml", "nbib"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the canonical record: its text, the records it is from, and what other members say instead."""

    name: str
    text: str
    records: tuple[int, ...]
    instead: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A report with its members, and the canonical record field by field."""

    report: int
    members: tuple[Side, ...]
    citation: Citation
    provenance: Mapping[str, tuple[int, ...]]
    fields: tuple[Field, ...]


def show(review: Review, number: int) -> Report:
    """The report that the record with this number is in.

    Raises Usage for an unknown number.
    """
    report = sides_of(review.sql, (number,))[number].report
    sides = sides_of(review.sql, duplicates.members_of(review.sql, (report,)))
    whole = canonical_of(review.sql, (report,))[report]
    unsaid = {"extra", "title_given"} | ({"year"} if whole.citation.date else set())
    told = tuple(_field(name, whole, sides) for name in whole.provenance if name not in unsaid)
    return Report(report, tuple(sides.values()), whole.citation, whole.provenance, told)


def _field(name: str, whole: Canonical, sides: Mapping[int, Side]) -> Field:
    text = text_of(whole.citation, name)
    said = {record: text_of(side.citation, name) for record, side in sides.items()}
    others = ((r, given) for r, given in said.items() if given and folded(given) != folded(text))
    return Field(
        name, text, whole.provenance[name], tuple(o for o in others if o[0] not in whole.provenance[name])
    )


def canonical_of(sql: sqlite3.Connection, reports: Iterable[int]) -> dict[int, Canonical]:
    """Canonical record of each of some reports, by number."""
    grouped: dict[int, list[int]] = defaultdict(list)
    placed = duplicates.members_of(sql, reports)
    for record, report in placed.items():
        grouped[report].append(record)
    citations = records.citations(sql, placed)
    several = [record for group in grouped.values() if len(group) > 1 for record in group]
    curated = {r for r, o in members.origins(sql, several).items() if o.raw_format in _PUBMED}
    return {report: canonical({r: citations[r] for r in group}, curated) for report, group in grouped.items()}
