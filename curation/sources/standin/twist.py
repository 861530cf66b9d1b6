"""Search answers that are true but for one thing: NCBI's quiet ways to mislead a review."""

from __future__ import annotations

from dataclasses import replace

from curation.sources.standin.faults import Fault, FaultKind
from curation.sources.standin.search import Found

# As after the yearly change of MeSH: an unchanged query reaches further than it did.
_NEW_HEADING = ' OR "newly introduced heading"[MeSH Terms]'


def twisted(found: Found, fault: Fault) -> Found:
    """What a search found as the fault has it told; as it is for kinds that leave search answers alone."""
    match fault.kind:
        case FaultKind.CHANGED_TRANSLATION:
            return replace(found, translation=f"({found.translation}){_NEW_HEADING}")
        case FaultKind.COUNT_ZERO:
            return replace(found, pmids=())
    return _remarked(found, fault)


def _remarked(found: Found, fault: Fault) -> Found:
    said = fault.phrase
    match fault.kind:
        case FaultKind.PHRASE_NOT_FOUND:
            return replace(found, phrases_not_found=(*found.phrases_not_found, said))
        case FaultKind.FIELD_NOT_FOUND:
            return replace(found, fields_not_found=(*found.fields_not_found, said))
        case FaultKind.QUOTED_PHRASE_NOT_FOUND:
            quoted = (*found.quoted_phrases_not_found, f'"{said}"')
            return replace(found, quoted_phrases_not_found=quoted)
        case FaultKind.PHRASE_IGNORED:
            return replace(found, phrases_ignored=(*found.phrases_ignored, said))
    return found
