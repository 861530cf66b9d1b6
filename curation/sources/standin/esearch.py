"""What esearch answers, as XML and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from curation.sources.standin.corpus import Corpus
from curation.sources.standin.faults import JSON, XML, Answer, compact
from curation.sources.standin.search import Found, find

LAST_START = 9_998
MOST_IDS = 9_999
_DEFAULT_RETMAX = 20
_WALL = (
    "Search Backend failed: Exception:\n'retstart' cannot be larger than 9998. For PubMed, ESearch can only "
    "retrieve the first 9,999 records matching the query. To obtain more than 9,999 PubMed records, consider "
    "using EDirect that contains additional logic to batch PubMed search results automatically so that an "
    "arbitrary number can be retrieved. For details see https://www.ncbi.nlm.nih.gov/books/NBK25499/"
)
_UNKNOWN_HERE = ("usehistory", "mindate", "maxdate", "reldate", "datetype", "field")
_PROLOG = (
    '<?xml version="1.0" encoding="UTF-8" ?>\n'
    '<!DOCTYPE eSearchResult PUBLIC "-//NLM//DTD esearch 20060628//EN" '
    '"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20060628/esearch.dtd">\n'
)


def esearch(corpus: Corpus, params: Mapping[str, str], *, strict_phrases: bool) -> Answer:
    """Answer to one search: ids newest first, at most the first 9,999, and PubMed's remarks.

    ``sort`` is taken and makes no difference. A refusal is HTTP 200 with an ERROR, as NCBI's are.
    """
    start = _number(params.get("retstart", "0"))
    most = _number(params.get("retmax", str(_DEFAULT_RETMAX)))
    if start is None or most is None:
        return _error(params, "Invalid value of retstart or retmax")
    said = _refusal(params, start)
    if said:
        return _error(params, said)
    found = find(corpus, params["term"], strict_phrases=strict_phrases)
    page = None if params.get("rettype") == "count" else found.pmids[:MOST_IDS][start : start + most]
    if _wants_json(params):
        return _json(_as_json(found, page, start))
    return Answer(200, XML, _as_xml(found, page, start).encode())


def _refusal(params: Mapping[str, str], start: int) -> str:
    """Why a search is refused; empty when it is not."""
    if params.get("db") != "pubmed":
        return f"Invalid db name specified: {params.get('db', '')}"
    unknown = [name for name in _UNKNOWN_HERE if params.get(name)]
    if unknown:
        return f"This stand-in does not know {', '.join(unknown)}; dates and fields go into the term"
    if not params.get("term", "").strip():
        return "Empty term and query_key - nothing todo"
    return _WALL if start > LAST_START else ""


def _error(params: Mapping[str, str], said: str) -> Answer:
    if _wants_json(params):
        return _json({"ERROR": said})
    body = f"{_PROLOG}<eSearchResult>\n\t<ERROR>{_xml(said)}</ERROR>\n</eSearchResult>\n"
    return Answer(200, XML, body.encode())


def _json(result: object) -> Answer:
    return Answer(
        200, JSON, compact({"header": {"type": "esearch", "version": "0.3"}, "esearchresult": result})
    )


def _as_json(found: Found, page: tuple[int, ...] | None, start: int) -> object:
    result: dict[str, object] = {"count": str(len(found.pmids))}
    if page is not None:
        result |= {
            "retmax": str(len(page)),
            "retstart": str(start),
            "idlist": [str(pmid) for pmid in page],
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


def _as_xml(found: Found, page: tuple[int, ...] | None, start: int) -> str:
    parts = [f"{_PROLOG}<eSearchResult><Count>{len(found.pmids)}</Count>"]
    if page is not None:
        ids = "".join(f"\n<Id>{pmid}</Id>" for pmid in page)
        mapped = "".join(
            f"<Translation><From>{_xml(typed)}</From><To>{_xml(to)}</To></Translation>"
            for typed, to in found.mapped
        )
        parts += [
            f"<RetMax>{len(page)}</RetMax><RetStart>{start}</RetStart><IdList>{ids}\n</IdList>",
            f"<TranslationSet>{mapped}</TranslationSet>",
            f"<QueryTranslation>{_xml(found.translation)}</QueryTranslation>",
        ]
    errors = _elements("PhraseNotFound", found.phrases_not_found)
    errors += _elements("FieldNotFound", found.fields_not_found)
    warnings = _elements("PhraseIgnored", found.phrases_ignored)
    warnings += _elements("QuotedPhraseNotFound", found.quoted_phrases_not_found)
    warnings += _elements("OutputMessage", found.messages)
    parts += [f"<ErrorList>{errors}</ErrorList>"] if errors else []
    parts += [f"<WarningList>{warnings}</WarningList>"] if warnings else []
    return "".join((*parts, "</eSearchResult>\n"))


def _elements(tag: str, texts: tuple[str, ...]) -> str:
    return "".join(f"<{tag}>{_xml(text)}</{tag}>" for text in texts)


def _xml(text: str) -> str:
    return escape(text, quote=False)


def _wants_json(params: Mapping[str, str]) -> bool:
    return params.get("retmode") == "json"


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None
