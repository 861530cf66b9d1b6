"""Ways in which NCBI fails, for a script of faults: which request is spoilt, and with what.

The bodies are those other public projects recorded from NCBI, addresses and keys left out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

XML = "text/xml; charset=UTF-8"
JSON = "application/json; charset=UTF-8"
HTML = "text/html; charset=UTF-8"

EFETCH_PROLOG = (
    '<?xml version="1.0" encoding="UTF-8" ?>\n'
    '<!DOCTYPE eEfetchResult PUBLIC "-//NLM//DTD efetch 20131226//EN" '
    '"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20131226/efetch.dtd">\n'
)
ARTICLES_PROLOG = (
    '<?xml version="1.0" ?>\n'
    '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n'
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, before compression."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class FaultKind(StrEnum):
    """What goes wrong.

    ``STATUS_500`` and ``HTML_200`` carry NCBI's diagnostic page, ``BACKEND_FAILED`` is an ERROR under HTTP 200,
    ``PROXY_FAILED`` is NCBI's own 502 wrapped in a 400. ``RESET`` cuts the connection without an answer.
    ``CUT_BODY`` sends the true answer up to a byte as if that were all of it, ``LOST_BODY`` promises all of it
    and hangs up at that byte. ``OMITTED_IDS`` answers as if some records did not exist.
    """

    STATUS_500 = "status 500"
    BAD_GATEWAY = "status 502"
    TOO_MANY_REQUESTS = "status 429"
    HTML_200 = "html page"
    FORWARDING = "error forwarding request"
    BACKEND_FAILED = "search backend failed"
    PROXY_FAILED = "proxy failed"
    PROLOG_ONLY = "prolog only"
    RESET = "connection reset"
    CUT_BODY = "cut body"
    LOST_BODY = "lost body"
    OMITTED_IDS = "omitted ids"


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of a script: it spoils the next ``times`` requests of a path, or all of them (None).

    ``path`` is a tool (``efetch``), empty for any. ``at_byte`` is where a cut or lost body ends, ``pmids`` are
    the records that are left out, ``retry_after`` is in seconds.
    """

    kind: FaultKind
    times: int | None = 1
    path: str = "efetch"
    at_byte: int = 400
    pmids: frozenset[int] = frozenset()
    retry_after: int = 2


class Script:
    """Faults still to come, in order; each request takes the first that is meant for it. Not thread-safe."""

    def __init__(self, faults: tuple[Fault, ...] = ()) -> None:
        self._faults = faults
        self._left = [fault.times for fault in faults]

    def next_for(self, tool: str) -> Fault | None:
        """Fault that spoils this request of ``tool``, None when it is to be answered as it should."""
        for number, fault in enumerate(self._faults):
            left = self._left[number]
            if fault.path not in {"", tool} or left == 0:
                continue
            self._left[number] = None if left is None else left - 1
            return fault
        return None


def spoilt(fault: Fault) -> Answer | None:
    """Answer that stands in place of the true one; None for kinds that spoil the true one or the connection."""
    if fault.kind is FaultKind.TOO_MANY_REQUESTS:
        return too_many("127.0.0.1", count=4, limit=3, retry_after=fault.retry_after)
    return _IN_PLACE.get(fault.kind)


def too_many(caller: str, *, count: int, limit: int, retry_after: int) -> Answer:
    """HTTP 429 as NCBI sends it; ``caller`` is an address or an API key."""
    said = {"error": "API rate limit exceeded", "api-key": caller, "count": str(count), "limit": str(limit)}
    return Answer(429, JSON, compact(said), (("Retry-After", str(retry_after)),))


def compact(value: object) -> bytes:
    """JSON without blanks, as NCBI writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


_DIAGNOSTIC = b"""<!DOCTYPE html>
<html><head><title>NCBI/eutils202 - WWW Error 500 Diagnostic</title></head>
<body><h1>Server Error</h1><p>Your request could not be processed due to a problem on our Web server.</p></body>
</html>
"""
_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"
_BACKEND = {
    "header": {"type": "esearch", "version": "0.3"},
    "esearchresult": {"ERROR": "Search Backend failed: Database is not supported: pubmed"},
}
_PROXY = (
    f"{EFETCH_PROLOG}<eFetchResult>\n\t<ERROR>proxy_stream(): Failed to connect to PubOne service</ERROR>\n"
    "</eFetchResult>\n"
)
_IN_PLACE = {
    FaultKind.STATUS_500: Answer(500, HTML, _DIAGNOSTIC),
    FaultKind.BAD_GATEWAY: Answer(502, HTML, _GATEWAY),
    FaultKind.HTML_200: Answer(200, HTML, _DIAGNOSTIC),
    FaultKind.FORWARDING: Answer(200, JSON, b'{"error":"error forwarding request"}'),
    FaultKind.BACKEND_FAILED: Answer(200, JSON, compact(_BACKEND)),
    FaultKind.PROXY_FAILED: Answer(400, XML, _PROXY.encode()),
    FaultKind.PROLOG_ONLY: Answer(200, XML, ARTICLES_PROLOG.encode()),
}
