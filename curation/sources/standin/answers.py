"""What each of the E-utilities answers: pure functions from a corpus and the parameters to an ``Answer``.

Shapes as NCBI's own: numbers are strings in JSON, unknown records are left out of efetch, a search that went
wrong is HTTP 200 with an ERROR. A parameter that would change a result and that the stand-in does not know is
refused by name rather than ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from curation.sources.standin.corpus import Corpus
from curation.sources.standin.entry import Entry
from curation.sources.standin.esearch import esearch
from curation.sources.standin.faults import ARTICLES_PROLOG, EFETCH_PROLOG, HTML, JSON, XML, Answer, compact
from curation.sources.standin.fields import written

_NO_IDS = "ID list is empty! Possibly it has no correct IDs."
_NO_SUCH_PAGE = b"<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>\n"
_EINFO_PROLOG = (
    '<?xml version="1.0" encoding="UTF-8" ?>\n'
    '<!DOCTYPE eInfoResult PUBLIC "-//NLM//DTD einfo 20190110//EN" '
    '"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20190110/einfo.dtd">\n'
)


def answer(corpus: Corpus, tool: str, params: Mapping[str, str], *, strict_phrases: bool = False) -> Answer:
    """Answer of one tool (``esearch``, ``efetch``, ``esummary``, ``einfo``); HTTP 404 for any other."""
    match tool:
        case "esearch":
            return esearch(corpus, params, strict_phrases=strict_phrases)
        case "efetch":
            return _efetch(corpus, params)
        case "esummary":
            return _esummary(corpus, params)
        case "einfo":
            return _einfo(corpus, params)
    return Answer(404, HTML, _NO_SUCH_PAGE)


def _efetch(corpus: Corpus, params: Mapping[str, str]) -> Answer:
    """Records in the order asked for, each once; unknown numbers are left out without a word."""
    refused = _other_database(params)
    if refused:
        return _efetch_error(400, refused)
    if params.get("WebEnv") or params.get("query_key"):
        return _efetch_error(200, f"Unable to obtain query #{params.get('query_key', '1')}")
    if params.get("retmode", "xml") != "xml" or params.get("rettype", "xml") not in {"", "xml", "abstract"}:
        return _efetch_error(400, "This stand-in serves retmode=xml only")
    pmids = _pmids(params)
    if not pmids:
        return _efetch_error(400, _NO_IDS)
    entries = (entry for pmid in pmids if (entry := corpus.get(pmid)) is not None)
    body = b"\n".join(entry.xml for entry in entries)
    return Answer(200, XML, b"%s<PubmedArticleSet>%s</PubmedArticleSet>\n" % (ARTICLES_PROLOG.encode(), body))


def _efetch_error(status: int, said: str) -> Answer:
    body = f"{EFETCH_PROLOG}<eFetchResult>\n\t<ERROR>{escape(said, quote=False)}</ERROR>\n</eFetchResult>\n"
    return Answer(status, XML, body.encode())


def _esummary(corpus: Corpus, params: Mapping[str, str]) -> Answer:
    refused = _other_database(params)
    if refused or params.get("retmode") != "json":
        said = refused or "This stand-in serves summaries as retmode=json only"
        return Answer(400, JSON, compact({"error": said}))
    pmids = _pmids(params)
    header = {"type": "esummary", "version": "0.3"}
    if not pmids:
        return Answer(
            200, JSON, compact({"header": header, "esummaryresult": ["Empty id list - nothing todo"]})
        )
    result: dict[str, object] = {"uids": [str(pmid) for pmid in pmids]}
    result |= {str(pmid): _summary(pmid, corpus.get(pmid)) for pmid in pmids}
    return Answer(200, JSON, compact({"header": header, "result": result}))


def _summary(pmid: int, entry: Entry | None) -> object:
    if entry is None:
        return {"uid": str(pmid), "error": "cannot get document summary"}
    return {
        "uid": str(pmid),
        "pubdate": entry.publication_date,
        "source": next(iter(entry.journals), ""),
        "title": next(iter(entry.titles), ""),
        "lang": entry.languages[:1],
        "pubtype": entry.publication_types,
    }


def _einfo(corpus: Corpus, params: Mapping[str, str]) -> Answer:
    json = params.get("retmode") == "json"
    refused = _other_database(params)
    if refused and json:
        return Answer(200, JSON, compact({"header": _EINFO_HEADER, "einforesult": {"ERROR": refused}}))
    if refused:
        body = f"{_EINFO_PROLOG}<eInfoResult><ERROR>{escape(refused, quote=False)}</ERROR></eInfoResult>\n"
        return Answer(200, XML, body.encode())
    facts = {
        "DbName": "pubmed",
        "MenuName": "PubMed",
        "Description": "PubMed bibliographic record",
        "DbBuild": corpus.build,
        "Count": str(len(corpus)),
        "LastUpdate": f"{written(corpus.last_day)} 00:00",
    }
    if json:
        info = {name.lower(): fact for name, fact in facts.items()}
        return Answer(200, JSON, compact({"header": _EINFO_HEADER, "einforesult": {"dbinfo": [info]}}))
    elements = "".join(f"\t\t<{name}>{fact}</{name}>\n" for name, fact in facts.items())
    body = f"{_EINFO_PROLOG}<eInfoResult>\n\t<DbInfo>\n{elements}\t</DbInfo>\n</eInfoResult>\n"
    return Answer(200, XML, body.encode())


_EINFO_HEADER = {"type": "einfo", "version": "0.3"}


def _other_database(params: Mapping[str, str]) -> str:
    """NCBI's complaint when the request is not for PubMed; empty when it is."""
    name = params.get("db", "")
    return "" if name == "pubmed" else f"Invalid db name specified: {name}"


def _pmids(params: Mapping[str, str]) -> tuple[int, ...]:
    """Numbers asked for, each once, in order; what is no PubMed number is left out."""
    asked = (text.strip() for text in params.get("id", "").split(","))
    numbers = (int(text) for text in asked if text.isascii() and text.isdigit())
    return tuple(dict.fromkeys(number for number in numbers if number))
