"""What esearch answers, as XML and as JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from curation.sources.standin.asked import LAST_START, MOST_IDS, Asked
from curation.sources.standin.faults import WALL
from curation.sources.standin.search import Found, find
from curation.sources.standin.shelf import Ticket
from curation.sources.standin.twist import twisted
from curation.sources.standin.window import window
from curation.sources.standin.wire import Answer, Refusal, elements, in_json, in_xml, text

_DEFAULT_RETMAX = 20
_KEPT = re.compile(r'"[^"]*"|#(\d+)')


@dataclass(frozen=True, slots=True)
class _Page:
    """What is shown of a search: ids from ``start`` on (None for a bare count), and under what it is kept."""

    found: Found
    ids: tuple[int, ...] | None
    start: int
    ticket: Ticket | None


def esearch(asked: Asked) -> Answer:
    """Answer to one search: ids newest first, at most the first 9,999, and PubMed's remarks.

    ``sort`` is taken and makes no difference. Raises Refusal as NCBI does, and for ``field``, which the
    stand-in does not know.
    """
    start, most = asked.number("retstart", 0), asked.number("retmax", _DEFAULT_RETMAX)
    asked.must_be_pubmed()
    if asked.text("field"):
        raise Refusal("This stand-in does not know field; write it into the term")
    found = _found(asked)
    if start > LAST_START:
        raise Refusal(WALL)
    bare = asked.text("rettype") == "count"
    ids = None if bare else found.pmids[:MOST_IDS][start : start + most]
    keeps = asked.text("usehistory") == "y" and not bare
    ticket = asked.shelf.keep(found.pmids, asked.text("WebEnv")) if keeps else None
    page = _Page(found, ids, start, ticket)
    return in_json("esearch", {"esearchresult": _as_json(page)}) if asked.wants_json else _as_xml(page)


def _found(asked: Asked) -> Found:
    term, key = asked.text("term"), asked.text("query_key")
    if not (term or key):
        raise Refusal("Empty term and query_key - nothing todo")
    kept = asked.shelf.get(asked.text("WebEnv"), key) if key else None
    strategy = _with_kept_sets(asked, term) if term else "all[sb]"
    found = find(asked.corpus, strategy, strict_phrases=asked.strict_phrases, window=window(asked))
    if kept is not None:
        told = f"({found.translation}) AND #{key}" if term else f"#{key}"
        found = _among(replace(found, translation=told), frozenset(kept))
    if asked.hidden:
        found = _among(found, asked.corpus.pmids - asked.hidden)
    return twisted(found, asked.fault) if asked.fault else found


def _with_kept_sets(asked: Asked, term: str) -> str:
    """The term with each ``#1`` of the history server put as the numbers of its set."""

    def numbers(found: re.Match[str]) -> str:
        if found.group(1) is None:  # quoted text stays as it is
            return found.group()
        kept = asked.shelf.get(asked.text("WebEnv"), found.group(1))
        return f"({' '.join(map(str, kept)) or '0'}[uid])"

    return _KEPT.sub(numbers, term)


def _among(found: Found, pmids: frozenset[int]) -> Found:
    return replace(found, pmids=tuple(pmid for pmid in found.pmids if pmid in pmids))


def _as_json(page: _Page) -> object:
    found = page.found
    result: dict[str, object] = {"count": str(len(found.pmids))}
    if page.ids is not None:
        result |= {"retmax": str(len(page.ids)), "retstart": str(page.start)}
        if page.ticket:
            result |= {"querykey": page.ticket.query_key, "webenv": page.ticket.webenv}
        result |= {
            "idlist": [str(pmid) for pmid in page.ids],
            "translationset": [{"from": typed, "to": mapped} for typed, mapped in found.mapped],
            "querytranslation": found.translation,
        }
    if found.phrases_not_found or found.fields_not_found:
        result["errorlist"] = {
            "phrasesnotfound": found.phrases_not_found,
            "fieldsnotfound": found.fields_not_found,
        }
    if found.phrases_ignored or found.quoted_phrases_not_found or found.messages:
        result["warninglist"] = {
            "phrasesignored": found.phrases_ignored,
            "quotedphrasesnotfound": found.quoted_phrases_not_found,
            "outputmessages": found.messages,
        }
    return result


def _as_xml(page: _Page) -> Answer:
    found = page.found
    parts = [f"<Count>{len(found.pmids)}</Count>"]
    if page.ids is not None:
        parts += _page_in_xml(page, page.ids)
    errors = elements("PhraseNotFound", found.phrases_not_found)
    errors += elements("FieldNotFound", found.fields_not_found)
    warnings = elements("PhraseIgnored", found.phrases_ignored)
    warnings += elements("QuotedPhraseNotFound", found.quoted_phrases_not_found)
    warnings += elements("OutputMessage", found.messages)
    parts += [f"<ErrorList>{errors}</ErrorList>"] if errors else []
    parts += [f"<WarningList>{warnings}</WarningList>"] if warnings else []
    return in_xml("esearch", "".join(parts))


def _page_in_xml(page: _Page, ids: tuple[int, ...]) -> list[str]:
    kept = page.ticket
    mapped = "".join(
        f"<Translation><From>{text(typed)}</From><To>{text(to)}</To></Translation>"
        for typed, to in page.found.mapped
    )
    return [
        f"<RetMax>{len(ids)}</RetMax><RetStart>{page.start}</RetStart>",
        f"<QueryKey>{kept.query_key}</QueryKey><WebEnv>{kept.webenv}</WebEnv>" if kept else "",
        "<IdList>",
        *(f"\n<Id>{pmid}</Id>" for pmid in ids),
        f"\n</IdList><TranslationSet>{mapped}</TranslationSet>",
        f"<QueryTranslation>{text(page.found.translation)}</QueryTranslation>",
    ]
