"""What has been published about a record since: retractions, corrections, concerns, updates.

A record is retracted when PubMed gives it the publication type "Retracted Publication" or links it to a
retraction (RefType RetractionIn). The notice itself ("Retraction Notice", RetractionOf) is not retracted.
Corrections: NLM fact sheet "Errata, Retractions, and Other Linked Citations in PubMed".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from curation.model import Citation

LINKS = "CommentsCorrections"  # the field in Citation.extra: entries like "RetractionIn:32167152"


class NoticeKind(StrEnum):
    """What a notice says of the record it is about."""

    RETRACTION = "retraction"
    CONCERN = "expression of concern"
    CORRECTION = "correction"
    REPUBLISHED = "corrected and republished"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice; ``reference`` is the PubMed number (or DOI) of what says so, empty where none is given."""

    kind: NoticeKind
    reference: str = ""


_KINDS = {
    "RetractionIn": NoticeKind.RETRACTION,
    "RetractedandRepublishedIn": NoticeKind.RETRACTION,
    "ExpressionOfConcernIn": NoticeKind.CONCERN,
    "ErratumIn": NoticeKind.CORRECTION,
    "CorrectedandRepublishedIn": NoticeKind.REPUBLISHED,
    "RepublishedIn": NoticeKind.REPUBLISHED,
    "UpdateIn": NoticeKind.UPDATE,  # also how PubMed links a preprint to its article
}


def notices(citation: Citation) -> tuple[Notice, ...]:
    """Every notice that a record carries, each once, the gravest first."""
    found = []
    for link in citation.extra.get(LINKS, ()):
        kind, _, reference = link.partition(":")
        if kind in _KINDS:
            found.append(Notice(_KINDS[kind], reference.strip()))
    retracted = "Retracted Publication" in citation.publication_types
    if retracted and not any(n.kind is NoticeKind.RETRACTION for n in found):
        found.append(Notice(NoticeKind.RETRACTION))
    order = list(NoticeKind)
    return tuple(sorted(dict.fromkeys(found), key=lambda n: (order.index(n.kind), n.reference)))
