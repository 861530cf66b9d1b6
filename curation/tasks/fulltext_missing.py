"""The reports whose full text is sought and still missing."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields

from curation.model import Citation
from curation.store import fulltexts, records
from curation.tasks.places import all_places
from curation.tasks.review import Review
from screening.flow import Place

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True, slots=True)
class Sought:
    """A report whose full text is awaited, with the fields of its records, the first one's first."""

    report: int
    label: str
    records: tuple[Citation, ...]

    @property
    def citation(self) -> Citation:
        """Fields of the first record."""
        return self.records[0]

    @property
    def dois(self) -> tuple[str, ...]:
        """DOIs of any record: the first one often comes from a list without DOIs."""
        return _once(record.doi for record in self.records)

    @property
    def pmids(self) -> tuple[str, ...]:
        """PubMed numbers of any record."""
        return _once(record.pmid for record in self.records)

    @property
    def pmcids(self) -> tuple[str, ...]:
        """PubMed Central numbers of any record."""
        return _once(record.pmcid for record in self.records)

    @property
    def names(self) -> tuple[str, ...]:
        """All of these together."""
        return (*self.dois, *self.pmids, *self.pmcids)

    @property
    def is_preprint(self) -> bool:
        """Whether a record calls the report a preprint; a preprint of an article is another report."""
        return any(kind.lower() == "preprint" for record in self.records for kind in record.publication_types)

    @property
    def addresses(self) -> tuple[str, ...]:
        """E-mail addresses that the records give, as exports of some databases do."""
        fields = (text for record in self.records for texts in record.extra.values() for text in texts)
        return _once(found.rstrip(".") for text in fields for found in _ADDRESS.findall(text))


@dataclass(frozen=True, slots=True)
class Missing:
    """A missing full text as it is listed; ``open_copy`` is an address noted for it, empty where there is none."""

    report: int
    label: str
    title: str
    journal: str
    year: int | None
    doi: str
    pmid: str
    pmcid: str
    open_copy: str


def sought(review: Review) -> tuple[Sought, ...]:
    """Reports whose full text is awaited, oldest first."""
    places = all_places(review.sql, review.protocol)
    reports = {p.placed.report for p in places if p.placed.place is Place.AWAITING_RETRIEVAL}
    report_of = {n.record: n.report for n in records.named(review.sql) if n.report in reports}
    members: dict[int, list[Citation]] = defaultdict(list)
    for record, citation in sorted(records.citations(review.sql, report_of).items()):
        members[report_of[record]].append(citation)
    heads = records.heads(review.sql, sorted(reports))
    return tuple(Sought(report, head.label, tuple(members[report])) for report, head in heads.items())


def missing(review: Review) -> tuple[Missing, ...]:
    """The same as they are listed, with the open copies noted."""
    noted = fulltexts.open_links(review.sql)
    return tuple(
        _missing(one, noted[one.report].link if one.report in noted else "") for one in sought(review)
    )


def as_table(found: Iterable[Missing]) -> str:
    """The list as CSV with a header; no cell that a spreadsheet takes for a formula."""
    from curation.sources.files.write.table import neutral  # noqa: PLC0415 - 50 ms that only this form pays

    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(field.name for field in fields(Missing))
    for one in found:
        cells = (f"R{one.report}", *astuple(one)[1:])
        rows.writerow("" if cell is None else neutral(str(cell)) for cell in cells)
    return text.getvalue()


def _missing(one: Sought, open_copy: str) -> Missing:
    return Missing(
        report=one.report,
        label=one.label,
        title=one.citation.title,
        journal=one.citation.journal,
        year=one.citation.year,
        doi="".join(one.dois[:1]),
        pmid="".join(one.pmids[:1]),
        pmcid="".join(one.pmcids[:1]),
        open_copy=open_copy,
    )


def _once(found: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, found)))
