"""How likely reports are to be included, before anybody has decided: what a pilot set is enriched by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curation.protocol import Protocol
from curation.tasks.report_members import canonical_of
from curation.tasks.review import Review
from screening import ranking
from screening.likeness import likeness
from screening.ranking import RankingUnavailable, Text, protocol_text


@dataclass(frozen=True, slots=True)
class Scored:
    """A number a report, higher is likelier; ``by`` says what it was made from."""

    values: Mapping[int, float]
    by: str


def scored(review: Review, reports: Sequence[int]) -> Scored:
    """Score reports by the protocol's words; no decision enters."""
    cited = canonical_of(review.sql, reports)
    texts = [Text(r, cited[r].citation.title, cited[r].citation.abstract) for r in reports]
    words = _words(review.protocol)
    found = _by_cosine(texts, words) or Scored(
        likeness(texts, words), "the share of the protocol's words they have (scikit-learn is not installed)"
    )
    return (
        found
        if any(found.values.values())
        else Scored(found.values, "nothing: none has words of the protocol")
    )


def _by_cosine(texts: Sequence[Text], words: str) -> Scored | None:

    try:
        made = ranking.features(texts, words)
        values = ranking.scores(made, ()).values.tolist()
    except RankingUnavailable:
        return None
    return Scored(dict(zip(made.reports, values, strict=True)), "likeness to the protocol's words (TF-IDF)")


def _words(protocol: Protocol) -> str:
    head = protocol.review
    strategies = (source.strategy for source in protocol.sources)
    return protocol_text(head.title, head.question, protocol.criteria.include, strategies)
