"""PubMed's XML in a file: sets as they were downloaded, put together, cut off, or articles without their set."""

from __future__ import annotations

from collections.abc import Iterator

from curation.errors import SourceFailed
from curation.sources import pubmed_xml
from curation.sources.files.decode import Document, Outcome, RefusedRecord
from curation.sources.files.formats import Wanted
from curation.sources.files.xml_guard import Element, elements


def read(document: Document, wanted: Wanted) -> Iterator[Outcome]:  # noqa: ARG001 - every reader is asked alike
    """Every article and book chapter of a PubMed XML file in its order.

    Refused are those that are broken, cut off, or without a PubMed number. What stands beside them, such as the
    numbers of ``DeleteCitation``, is no record.
    """
    for part in elements(
        document, "PubmedArticle|PubmedBookArticle", "PubmedArticleSet|PubmedBookArticleSet"
    ):
        yield part if isinstance(part, RefusedRecord) else _record(part)


def _record(part: Element) -> Outcome:
    raw = part.text.encode()
    try:
        [record] = pubmed_xml.records(b"<PubmedArticleSet>%s</PubmedArticleSet>" % raw)
    except SourceFailed as fault:
        return RefusedRecord(part.line, fault.message, raw)
    return record
