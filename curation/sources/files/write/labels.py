"""The columns in which co-authors' screening tools read records and labels.

``asreview`` for ASReview LAB 1 to 3 (it takes ``included`` as 1, 0 or empty in each of them, keeps columns it
does not know, and gives them back), ``rayyan`` by the columns of Rayyan's own CSV, ``covidence-csv`` by those
of Covidence's. Every row names its report, so that a decision finds its way back. Rayyan and Covidence take no
decisions in; there they stand in the notes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from curation.model import Number
from curation.sources.files.write.exported import Exported, name_of
from curation.sources.files.write.table import Layout, authors_of, keywords_of, numbers, write_csv

# A column of ASReview's that brings decisions in, in every version (2 and 3 know asreview_label too).
_INCLUDED = "included"


def write_asreview(exported: Iterable[Exported], stream: IO[bytes]) -> int:
    """Write CSV for ASReview; ``included`` is 1 for include and maybe, 0 for exclude, empty where undecided."""
    return write_csv(exported, stream, ASREVIEW)


def write_rayyan(exported: Iterable[Exported], stream: IO[bytes]) -> int:
    """Write CSV for Rayyan; notes hold ``livrev:R12`` and what was decided."""
    return write_csv(exported, stream, RAYYAN)


def write_covidence(exported: Iterable[Exported], stream: IO[bytes]) -> int:
    """Write CSV in the columns of Covidence's export (Covidence itself takes RIS in, see ``ris``)."""
    return write_csv(exported, stream, COVIDENCE)


def _part_of_date(item: Exported, part: int) -> str:
    parts = item.citation.date.split("-")
    return parts[part] if len(parts) > part else ""


def _included(item: Exported) -> str:
    return "" if item.decision is None else str(int(item.decision.forward))


def _link(item: Exported) -> str:
    c = item.citation
    if c.doi:
        return f"https://doi.org/{c.doi}"
    return f"https://pubmed.ncbi.nlm.nih.gov/{c.pmid}/" if c.pmid else ""


def _notes(item: Exported) -> str:
    return "; ".join(filter(None, (item.token, item.outcome, item.note)))


def _languages(item: Exported) -> str:
    return "; ".join(item.citation.language)


def _study(item: Exported) -> str:
    """``Hu 2024``, as Covidence names a study."""
    authors, year = item.citation.authors, item.citation.year
    return f"{authors[0].family if authors else ''} {year or ''}".strip()


ASREVIEW = Layout(
    {
        "record_id": lambda item: str(item.report),
        "title": lambda item: item.title,
        "authors": authors_of,
        "abstract": lambda item: item.citation.abstract,
        "year": lambda item: str(item.citation.year or ""),
        "journal": lambda item: item.citation.journal,
        "volume": lambda item: item.citation.volume,
        "issue": lambda item: item.citation.issue,
        "pages": lambda item: item.citation.pages,
        "doi": lambda item: item.citation.doi or "",
        "url": _link,
        "pmid": lambda item: item.citation.pmid or "",
        "keywords": keywords_of,
        _INCLUDED: _included,
        "livrev_report": lambda item: f"R{item.report}",
    }
)
RAYYAN = Layout(
    {
        "key": lambda item: f"R{item.report}",
        "title": lambda item: item.title,
        "year": lambda item: str(item.citation.year or ""),
        "month": lambda item: _part_of_date(item, 1),
        "day": lambda item: _part_of_date(item, 2),
        "journal": lambda item: item.citation.journal,
        "issn": numbers(Number.ISSN),
        "volume": lambda item: item.citation.volume,
        "issue": lambda item: item.citation.issue,
        "pages": lambda item: item.citation.pages,
        "authors": lambda item: " and ".join(map(name_of, item.citation.authors)),
        "url": _link,
        "language": _languages,
        "publisher": lambda item: "".join(item.citation.extra.get("PB", ())[:1]),
        "location": lambda item: "",  # noqa: ARG005 - a column of Rayyan's that we know nothing for
        "abstract": lambda item: item.citation.abstract,
        "notes": _notes,
        "doi": lambda item: item.citation.doi or "",
        "keywords": keywords_of,
        "pubmed_id": lambda item: item.citation.pmid or "",
        "pmc_id": lambda item: item.citation.pmcid or "",
    }
)
COVIDENCE = Layout(
    {
        "Title": lambda item: item.title,
        "Authors": authors_of,
        "Abstract": lambda item: item.citation.abstract,
        "Published Year": lambda item: str(item.citation.year or ""),
        "Published Month": lambda item: _part_of_date(item, 1),
        "Journal": lambda item: item.citation.journal,
        "Volume": lambda item: item.citation.volume,
        "Issue": lambda item: item.citation.issue,
        "Pages": lambda item: item.citation.pages,
        "Accession Number": lambda item: item.citation.pmid or item.token,
        "DOI": lambda item: item.citation.doi or "",
        "Ref": lambda item: f"R{item.report}",
        "Covidence #": lambda item: "",  # noqa: ARG005 - Covidence's own number, which we do not know
        "Study": _study,
        "Notes": _notes,
        "Tags": lambda item: item.reason_label,
    }
)
