"""Runs a strategy over the corpus: which records it finds, and what PubMed would remark on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from curation.sources.standin.corpus import Corpus
from curation.sources.standin.fields import Field, Match, Part, days_before
from curation.sources.standin.query import Joined, Node, Op, Range, Term, parse
from curation.sources.standin.words import (
    Phrase,
    Sought,
    Words,
    is_whole,
    opens,
    phrase,
    stands_in,
    stands_near,
    words,
)

_NONE: frozenset[int] = frozenset()
_INITIALS = 2


@dataclass(frozen=True, slots=True)
class Found:
    """What a search comes to: PubMed numbers newest first, and the remarks in PubMed's own kinds."""

    pmids: tuple[int, ...]
    translation: str
    mapped: tuple[tuple[str, str], ...] = ()
    phrases_not_found: tuple[str, ...] = ()
    fields_not_found: tuple[str, ...] = ()
    phrases_ignored: tuple[str, ...] = ()
    quoted_phrases_not_found: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()


def find(
    corpus: Corpus, strategy: str, *, strict_phrases: bool = False, window: Range | None = None
) -> Found:
    """Find the records of ``corpus`` that a PubMed strategy asks for, within ``window`` when one is given.

    With ``strict_phrases`` a term that no record of the corpus holds in its field is reported as not found,
    as PubMed does for terms outside its index; without, such a term only finds nothing, because a small
    corpus lacks most words.
    """
    query = parse(strategy) if window is None else parse(strategy).within(window)
    search = _Search(corpus)
    hits = search.hits(query.root) if query.root else _NONE
    remarks = query.remarks
    missing = [t for t in search.missing if t.text not in remarks.phrases_not_found] if strict_phrases else []
    return Found(
        pmids=tuple(sorted(hits, reverse=True)),
        translation=query.translation,
        mapped=query.mapped,
        phrases_not_found=(*remarks.phrases_not_found, *(t.text for t in missing if not t.quoted)),
        fields_not_found=tuple(remarks.fields_not_found),
        phrases_ignored=tuple(remarks.phrases_ignored),
        quoted_phrases_not_found=tuple(t.typed for t in missing if t.quoted),
        messages=(*remarks.messages, *(() if hits else ("No items found.",))),
    )


class _Search:
    """One run over one corpus; ``missing`` collects the text terms that no record holds."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.missing: list[Term] = []

    def hits(self, node: Node) -> frozenset[int]:
        match node:
            case Term():
                return self._term(node)
            case Range(low, high, where):
                return self._between(low, high, where)
            case Joined(first, rest):
                return reduce(_combined, ((op, self.hits(one)) for op, one in rest), self.hits(first))

    def _term(self, term: Term) -> frozenset[int]:
        if term.field.match is Match.DATE:
            return self._between(term.text, term.text, term.field)
        if term.field.match is Match.NUMBER:
            numbers = {int(word) for word in words(term.text) if word.isdecimal()}
            return self.corpus.pmids & numbers
        sought = _sought(term)
        hits = frozenset[int]().union(*(self._in_part(sought, part, term.field) for part in term.field.parts))
        if not hits:
            self.missing.append(term)
        return hits

    def _in_part(self, sought: Phrase, part: Part, where: Field) -> frozenset[int]:
        index = self.corpus.index(part)
        candidates = reduce(frozenset.intersection, (index.holders(one) for one in sought))
        if len(sought) == 1 and where.match is Match.PHRASE:
            return candidates
        return frozenset(
            pmid for pmid in candidates if any(_matches(sought, value, where) for value in index.values(pmid))
        )

    def _between(self, low: str, high: str, where: Field) -> frozenset[int]:
        if where.match is Match.NUMBER:
            if not (low.isdecimal() and high.isdecimal()):
                return _NONE
            return frozenset(pmid for pmid in self.corpus.pmids if int(low) <= pmid <= int(high))
        today = self.corpus.last_day
        first, last = days_before(low, today), days_before(high, today)
        if first is None or last is None:
            return _NONE
        (part,) = where.parts
        return frozenset(
            entry.pmid
            for entry in self.corpus.entries
            if any(first[0] <= day <= last[1] for day in entry.days(part))
        )


def _combined(left: frozenset[int], step: tuple[Op, frozenset[int]]) -> frozenset[int]:
    op, right = step
    match op:
        case Op.AND:
            return left & right
        case Op.OR:
            return left | right
        case Op.NOT:
            return left - right


def _sought(term: Term) -> Phrase:
    """Words of the term; the initials of an unquoted author name are truncated, as PubMed does."""
    sought = phrase(term.text)
    last = sought[-1]
    initials = len(sought) > 1 and len(last.stem) <= _INITIALS and not term.quoted
    if term.field.match is Match.AUTHOR and initials:
        return (*sought[:-1], Sought(last.stem, truncated=True))
    return sought


def _matches(sought: Phrase, value: Words, where: Field) -> bool:
    if where.near is not None:
        return stands_near(sought, value, where.near)
    match where.match:
        case Match.WHOLE:
            return is_whole(sought, value)
        case Match.AUTHOR:
            return opens(sought, value)
        case _:
            return stands_in(sought, value)
