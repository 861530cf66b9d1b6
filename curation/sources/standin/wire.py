"""What goes over the wire: an HTTP answer, and the envelopes NCBI puts its complaints in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

XML = "text/xml; charset=UTF-8"
JSON = "application/json; charset=UTF-8"
HTML = "text/html; charset=UTF-8"
TEXT = "text/plain; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, before compression."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Refusal(Exception):
    """A request that NCBI complains about, mostly under HTTP 200; ``said`` is its complaint."""

    def __init__(self, said: str, status: int = 200) -> None:
        super().__init__(said)
        self.said = said
        self.status = status


def _declared(root: str, identifier: str, address: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE {root} PUBLIC "{identifier}" "{address}">\n'


_EUTILS = "https://eutils.ncbi.nlm.nih.gov/eutils/dtd"
ARTICLES_PROLOG = (
    '<?xml version="1.0" ?>\n'
    '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n'
)
# The doubled e of eEfetchResult is NCBI's.
PROLOGS = {
    "efetch": _declared("eEfetchResult", "-//NLM//DTD efetch 20131226//EN", f"{_EUTILS}/20131226/efetch.dtd"),
    "esearch": _declared(
        "eSearchResult", "-//NLM//DTD esearch 20060628//EN", f"{_EUTILS}/20060628/esearch.dtd"
    ),
    "einfo": _declared("eInfoResult", "-//NLM//DTD einfo 20190110//EN", f"{_EUTILS}/20190110/einfo.dtd"),
    "esummary": _declared(
        "eSummaryResult", "-//NLM//DTD esummary v1 20041029//EN", f"{_EUTILS}/20041029/esummary-v1.dtd"
    ),
    "epost": _declared("ePostResult", "-//NLM//DTD epost 20090526//EN", f"{_EUTILS}/20090526/epost.dtd"),
    "elink": _declared("eLinkResult", "-//NLM//DTD elink 20101123//EN", f"{_EUTILS}/20101123/elink.dtd"),
    "espell": '<?xml version="1.0"?>\n<!DOCTYPE eSpellResult PUBLIC "-//NLM//DTD eSpellResult, 23 November 2004'
    '//EN" "https://www.ncbi.nlm.nih.gov/entrez/query/DTD/eSpell.dtd">\n',
}
_ROOTS = {
    "efetch": "eFetchResult",
    "esearch": "eSearchResult",
    "einfo": "eInfoResult",
    "esummary": "eSummaryResult",
    "epost": "ePostResult",
    "elink": "eLinkResult",
    "espell": "eSpellResult",
}
_SPEAKS_JSON = frozenset({"esearch", "einfo", "esummary", "elink"})


def complaint(tool: str, refusal: Refusal, *, as_json: bool) -> Answer:
    """A refusal in the envelope of its tool; efetch, epost and espell speak XML only."""
    if as_json and tool in _SPEAKS_JSON:
        return Answer(refusal.status, JSON, _json_complaint(tool, refusal.said))
    return in_xml(tool, f"\n\t<ERROR>{text(refusal.said)}</ERROR>\n", refusal.status)


def in_xml(tool: str, content: str, status: int = 200) -> Answer:
    """An XML answer of one tool: its prolog, its root, and what is in it."""
    body = f"{PROLOGS[tool]}<{_ROOTS[tool]}>{content}</{_ROOTS[tool]}>\n"
    return Answer(status, XML, body.encode())


def in_json(tool: str, content: dict[str, object]) -> Answer:
    """A JSON answer of one tool, under its header."""
    return Answer(200, JSON, compact({"header": {"type": tool, "version": "0.3"}, **content}))


def compact(value: object) -> bytes:
    """JSON without blanks, as NCBI writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def text(value: str) -> str:
    """Text as it stands between XML tags."""
    return escape(value, quote=False)


def elements(tag: str, values: Iterable[object]) -> str:
    """One element of a kind for each value."""
    return "".join(f"<{tag}>{text(str(value))}</{tag}>" for value in values)


def _json_complaint(tool: str, said: str) -> bytes:
    header = {"type": tool, "version": "0.3"}
    match tool:
        case "elink":
            return compact({"header": header, "linksets": [], "ERROR": said})
        case "esummary":
            return compact({"header": header, "esummaryresult": [said]})
    return compact({"header": header, f"{tool}result": {"ERROR": said}})
