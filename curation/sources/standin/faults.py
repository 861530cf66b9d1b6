"""Ways in which NCBI fails, for a script of faults: which request is spoilt, and with what.

The bodies are those other public projects recorded from NCBI, byte for byte, addresses and keys left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from curation.sources.standin.wire import ARTICLES_PROLOG, HTML, JSON, PROLOGS, XML, Answer, compact, text


class FaultKind(StrEnum):
    """What goes wrong.

    In place of the true answer: ``STATUS_500`` and ``HTML_200`` carry NCBI's diagnostic page,
    ``BACKEND_FAILED`` is an ERROR under HTTP 200, ``PROXY_FAILED`` is NCBI's own 502 wrapped in a 400,
    ``PROLOG_ONLY`` declares a document and has none, ``RECORDED`` is a body that was recorded from NCBI.

    On the line: ``RESET`` cuts the connection without an answer. ``CUT_BODY`` sends the true answer up to a
    byte as if that were all of it, ``LOST_BODY`` promises all of it and hangs up at that byte.
    ``WRONG_LENGTH`` announces a body that ends at that byte and sends all of it: the rest lies in the way of
    the next answer on the connection. ``DRIP`` sends the true answer a few bytes a second.

    In the true answer: ``OMITTED_IDS`` answers as if some records did not exist, ``COUNT_ZERO`` as if a search
    found nothing. ``CHANGED_TRANSLATION`` gives another query translation; ``PHRASE_NOT_FOUND`` and its three
    sisters report a term although hits came.
    """

    STATUS_500 = "status 500"
    BAD_GATEWAY = "status 502"
    TOO_MANY_REQUESTS = "status 429"
    HTML_200 = "html page"
    FORWARDING = "error forwarding request"
    BACKEND_FAILED = "search backend failed"
    PROXY_FAILED = "proxy failed"
    PROLOG_ONLY = "prolog only"
    RECORDED = "recorded body"
    RESET = "connection reset"
    CUT_BODY = "cut body"
    LOST_BODY = "lost body"
    WRONG_LENGTH = "wrong length"
    DRIP = "slow drip"
    OMITTED_IDS = "omitted ids"
    COUNT_ZERO = "count zero"
    CHANGED_TRANSLATION = "changed translation"
    PHRASE_NOT_FOUND = "phrase not found"
    FIELD_NOT_FOUND = "field not found"
    QUOTED_PHRASE_NOT_FOUND = "quoted phrase not found"
    PHRASE_IGNORED = "phrase ignored"


# A client that asks again gets past these without a loss.
PASSING = (
    FaultKind.STATUS_500,
    FaultKind.BAD_GATEWAY,
    FaultKind.TOO_MANY_REQUESTS,
    FaultKind.HTML_200,
    FaultKind.FORWARDING,
    FaultKind.BACKEND_FAILED,
    FaultKind.PROXY_FAILED,
    FaultKind.PROLOG_ONLY,
    FaultKind.RESET,
    FaultKind.CUT_BODY,
    FaultKind.LOST_BODY,
    FaultKind.WRONG_LENGTH,
    FaultKind.DRIP,
    FaultKind.OMITTED_IDS,
)
# These a review must not get past without a person: the search was not the one that was meant.
ALARMING = (
    FaultKind.COUNT_ZERO,
    FaultKind.CHANGED_TRANSLATION,
    FaultKind.PHRASE_NOT_FOUND,
    FaultKind.FIELD_NOT_FOUND,
    FaultKind.QUOTED_PHRASE_NOT_FOUND,
    FaultKind.PHRASE_IGNORED,
)


class Recorded(StrEnum):
    """Error answers that other public projects recorded from NCBI; addresses and keys are examples."""

    HISTORY_EXPIRED = "http200_efetch_history_expired.xml"
    UNKNOWN_PMID = "http200_efetch_unknown_pmid_empty_set.xml"
    FORWARDING = "http200_error_forwarding.json"
    PHRASE_NOT_FOUND = "http200_esearch_phrase_not_found.json"
    QUOTED_PHRASE_NOT_FOUND = "http200_esearch_quoted_phrase_not_found.json"
    PAST_THE_WALL = "http200_esearch_retstart_over_9998.json"
    PROLOG_ONLY = "http200_prolog_only.xml"
    BAD_KEY = "http400_api_key_invalid.json"
    MALFORMED_IDS = "http400_efetch_malformed_ids.xml"
    TOO_MANY = "http429_rate_limit.json"
    TOO_MANY_BARE = "http429_rate_limit_doc_form.json"


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of a script: it spoils the next ``times`` requests of a path, or all of them (None).

    ``path`` is a tool (``efetch``), empty for any. ``at_byte`` is where a cut or lost body ends, ``pmids`` are
    the records that are left out, ``retry_after`` is in seconds, ``per_second`` are the bytes of a drip,
    ``phrase`` is the term that is reported, ``body`` the recorded answer.
    """

    kind: FaultKind
    times: int | None = 1
    path: str = "efetch"
    at_byte: int = 400
    pmids: frozenset[int] = frozenset()
    retry_after: int = 2
    per_second: int = 200
    phrase: str = "no such phrase"
    body: Recorded = Recorded.FORWARDING


def spoilt(fault: Fault) -> Answer | None:
    """Answer that stands in place of the true one; None for kinds that spoil the true one or the line."""
    match fault.kind:
        case FaultKind.TOO_MANY_REQUESTS:
            return too_many("127.0.0.1", count=4, limit=3, retry_after=fault.retry_after)
        case FaultKind.RECORDED:
            return recorded(fault.body, retry_after=fault.retry_after)
    return _IN_PLACE.get(fault.kind)


def too_many(caller: str, *, count: int, limit: int, retry_after: int) -> Answer:
    """HTTP 429 as NCBI sends it; ``caller`` is an address or an API key."""
    said = {"error": "API rate limit exceeded", "api-key": caller, "count": str(count), "limit": str(limit)}
    return Answer(429, JSON, compact(said), (("Retry-After", str(retry_after)),))


def bad_key(key: str) -> Answer:
    """HTTP 400 for a wrong key, which NCBI quotes back, with the line end it puts there."""
    said = compact({"error": "API key invalid", "api-key": key, "type": "invalid"})
    return Answer(400, JSON, said.removesuffix(b"}") + b',\n"status":"unknown"}')


def recorded(body: Recorded, *, retry_after: int = 2) -> Answer:
    """The recorded answer of this name; a 429 tells the caller to wait ``retry_after`` seconds."""
    status = int(body.value.removeprefix("http")[:3])
    waits = (("Retry-After", str(retry_after)),) if status == _TOO_MANY else ()
    return Answer(status, XML if body.value.endswith(".xml") else JSON, _RECORDED[body], waits)


def _fetch_error(said: str) -> bytes:
    content = f"<eFetchResult>\n\t<ERROR>{text(said)}</ERROR>\n</eFetchResult>\n"
    return f"{PROLOGS['efetch']}{content}".encode()


def _search(**result: object) -> bytes:
    return compact({"header": {"type": "esearch", "version": "0.3"}, "esearchresult": result})


def _nothing_found(translation: str, **remarks: object) -> bytes:
    empty: dict[str, object] = {
        "count": "0",
        "retmax": "0",
        "retstart": "0",
        "idlist": [],
        "translationset": [],
        "querytranslation": translation,
    }
    return _search(**empty, **remarks)


def _warned(*quoted: str) -> dict[str, object]:
    return {"phrasesignored": [], "quotedphrasesnotfound": quoted, "outputmessages": ["No items found."]}


_TOO_MANY = 429
NO_IDS = "ID list is empty! Possibly it has no correct IDs."
WALL = (
    "Search Backend failed: Exception:\n'retstart' cannot be larger than 9998. For PubMed, ESearch can only "
    "retrieve the first 9,999 records matching the query. To obtain more than 9,999 PubMed records, consider "
    "using EDirect that contains additional logic to batch PubMed search results automatically so that an "
    "arbitrary number can be retrieved. For details see https://www.ncbi.nlm.nih.gov/books/NBK25499/"
)
_PHRASE = "TB03JUN2009E__Contig_2000"
_QUOTED = '"Nonexistent Termxyz Qwerty"[mh]'
_RECORDED = {
    Recorded.HISTORY_EXPIRED: _fetch_error("Unable to obtain query #1"),
    Recorded.UNKNOWN_PMID: f"{ARTICLES_PROLOG}<PubmedArticleSet></PubmedArticleSet>\n".encode(),
    Recorded.FORWARDING: compact({"error": "error forwarding request"}),
    Recorded.PHRASE_NOT_FOUND: _nothing_found(
        f"({_PHRASE}[All Fields])",
        errorlist={"phrasesnotfound": [_PHRASE], "fieldsnotfound": []},
        warninglist=_warned(),
    ),
    Recorded.QUOTED_PHRASE_NOT_FOUND: _nothing_found(f"({_QUOTED})", warninglist=_warned(_QUOTED)),
    Recorded.PAST_THE_WALL: _search(ERROR=WALL),
    Recorded.PROLOG_ONLY: PROLOGS["elink"].encode(),
    Recorded.BAD_KEY: bad_key("k1").body,
    Recorded.MALFORMED_IDS: _fetch_error(NO_IDS),
    Recorded.TOO_MANY: too_many("203.0.113.9", count=4, limit=3, retry_after=2).body,
    Recorded.TOO_MANY_BARE: compact({"error": "API rate limit exceeded", "count": "11"}),
}
_DIAGNOSTIC = b"""<!DOCTYPE html>
<html><head><title>NCBI/eutils202 - WWW Error 500 Diagnostic</title></head>
<body><h1>Server Error</h1><p>Your request could not be processed due to a problem on our Web server.</p></body>
</html>
"""
_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"
_IN_PLACE = {
    FaultKind.STATUS_500: Answer(500, HTML, _DIAGNOSTIC),
    FaultKind.BAD_GATEWAY: Answer(502, HTML, _GATEWAY),
    FaultKind.HTML_200: Answer(200, HTML, _DIAGNOSTIC),
    FaultKind.FORWARDING: recorded(Recorded.FORWARDING),
    FaultKind.BACKEND_FAILED: Answer(
        200, JSON, _search(ERROR="Search Backend failed: Database is not supported: pubmed")
    ),
    FaultKind.PROXY_FAILED: Answer(
        400, XML, _fetch_error("proxy_stream(): Failed to connect to PubOne service")
    ),
    FaultKind.PROLOG_ONLY: Answer(200, XML, ARTICLES_PROLOG.encode()),
}
