"""What each of the E-utilities answers: pure functions from a request to an ``Answer``.

Shapes as NCBI's own: numbers are strings in JSON, unknown records are left out of efetch, a search that went
wrong is HTTP 200 with an ERROR. A parameter that would change a result and that the stand-in does not know is
refused by name rather than ignored.
"""

from __future__ import annotations

import difflib

from curation.sources.standin.asked import Asked, listed
from curation.sources.standin.einfo import einfo
from curation.sources.standin.elink import elink
from curation.sources.standin.esearch import esearch
from curation.sources.standin.esummary import esummary
from curation.sources.standin.faults import NO_IDS
from curation.sources.standin.fields import Part
from curation.sources.standin.wire import (
    ARTICLES_PROLOG,
    HTML,
    TEXT,
    XML,
    Answer,
    Refusal,
    complaint,
    elements,
    in_xml,
    text,
)
from curation.sources.standin.words import words

_NO_SUCH_PAGE = b"<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>\n"
_BAD = 400
_MOST_POSTED = 10_000
_INVALID = "Some IDs have invalid value and were omitted. Maximum ID value 18446744073709551615"


def answer(tool: str, asked: Asked) -> Answer:
    """Answer of one tool (``esearch``, ``efetch`` and so on); HTTP 404 for any that is not served."""
    make = _TOOLS.get(tool)
    if make is None:
        return Answer(404, HTML, _NO_SUCH_PAGE)
    try:
        return make(asked)
    except Refusal as refusal:
        return complaint(tool, refusal, as_json=asked.wants_json)


def _efetch(asked: Asked) -> Answer:
    """Records in the order asked for, each once; unknown numbers are left out without a word."""
    asked.must_be_pubmed(status=_BAD)
    mode, kind = asked.text("retmode", "xml"), asked.text("rettype", "xml")
    if (mode, kind) != ("text", "uilist") and (mode != "xml" or kind not in {"", "xml", "abstract"}):
        raise Refusal("This stand-in serves retmode=xml only, and rettype=uilist as text", _BAD)
    pmids = asked.pmids()
    if not pmids and not asked.text("WebEnv"):
        raise Refusal(NO_IDS, _BAD)
    entries = [entry for pmid in pmids if (entry := asked.get(pmid)) is not None]
    if mode == "text":
        return Answer(200, TEXT, "".join(f"{entry.pmid}\n" for entry in entries).encode())
    body = b"\n".join(entry.xml for entry in entries)
    return Answer(200, XML, b"%s<PubmedArticleSet>%s</PubmedArticleSet>\n" % (ARTICLES_PROLOG.encode(), body))


def _epost(asked: Asked) -> Answer:
    """Keep a list of numbers; PubMed does not look whether there are such records."""
    asked.must_be_pubmed()
    typed = [one for one in asked.text("id").split(",") if one.strip()]
    pmids = listed(asked.text("id"))
    invalid = len(typed) != len([one for one in typed if listed(one)])
    errors = [] if pmids else ["Empty ID list; Nothing to store"]
    errors += [_INVALID] if invalid else []
    if len(pmids) > _MOST_POSTED:
        raise Refusal(f"This stand-in keeps at most {_MOST_POSTED} numbers of one epost")
    content = "".join(f"\n\t<ERROR>{text(said)}</ERROR>" for said in errors)
    if pmids:
        ticket = asked.shelf.keep(pmids, asked.text("WebEnv"))
        content += f"\n\t<QueryKey>{ticket.query_key}</QueryKey>\n\t<WebEnv>{ticket.webenv}</WebEnv>\n"
    return in_xml("epost", content)


def _espell(asked: Asked) -> Answer:
    """Each word that no title or abstract holds, put as the nearest that one does."""
    asked.must_be_pubmed()
    known: set[str] = set()
    for part in (Part.TITLE, Part.ABSTRACT, Part.MESH, Part.KEYWORD):
        known.update(asked.corpus.index(part).vocabulary)
    typed = words(asked.text("term"))
    mended = [word if word in known else _nearest(word, known) for word in typed]
    corrected = " ".join(mended) if mended != list(typed) else ""
    told = (
        elements("Database", ["pubmed"])
        + elements("Query", [asked.text("term")])
        + elements("CorrectedQuery", [corrected])
    )
    return in_xml("espell", f"{told}<SpelledQuery>{elements('Replaced', [corrected])}</SpelledQuery><ERROR/>")


def _nearest(word: str, known: set[str]) -> str:
    return next(iter(difflib.get_close_matches(word, sorted(known), n=1)), word)


_TOOLS = {
    "esearch": esearch,
    "efetch": _efetch,
    "esummary": esummary,
    "epost": _epost,
    "elink": elink,
    "einfo": einfo,
    "espell": _espell,
}
