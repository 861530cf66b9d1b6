"""PubMed through NCBI's E-utilities: the whole query each time, numbers first, then the records wanted.

Follows NCBI's *E-utilities Help* (NBK25497, NBK25499) and, past 9,999 hits, EDirect's way: the range of
PubMed numbers is halved until each part fits. A search PubMed did not understand as written has failed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from curation.errors import Configuration, SourceFailed
from curation.sources.http import Answer, Ask, Unusable, redacted
from curation.sources.pubmed_xml import Incomplete, records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from curation.model import SourceRecord
    from curation.sources.http import Door

T = TypeVar("T")

BASE_URL = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"
MOST_IDS = 9_999  # what one esearch gives; EDirect's figure and the error text's, the manual says 10,000
HIGHEST_PMID = 99_999_999  # eight digits; PubMed is at about 42 million

_LONG_TERM = 1_500  # characters; NCBI asks for POST from "several hundred"
_OK = 200
_PASSING = re.compile(
    r"proxy_stream|failed to connect|error forwarding|search backend failed|rate limit|not supported: pubmed",
    re.IGNORECASE,
)
_LASTING = re.compile(r"retstart|empty term", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """What a whole search found: ``ids`` complete, in ascending numeric order.

    ``translation`` is the query as PubMed understood it, ``db_build`` PubMed's state (empty when not told);
    PRISMA-S asks for both to be kept.
    """

    count: int
    ids: tuple[str, ...]
    translation: str
    warnings: tuple[str, ...]
    db_build: str


@dataclass(frozen=True, slots=True)
class CountAnswer:
    """How many records a query would find, and how PubMed understood it."""

    count: int
    translation: str


@dataclass(frozen=True, slots=True)
class Batch:
    """One whole efetch answer. ``missing`` were asked for and did not come: deleted, merged or unknown."""

    asked: tuple[str, ...]
    body: bytes
    records: tuple[SourceRecord, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Hits:
    count: int
    ids: tuple[str, ...]
    translation: str
    warnings: tuple[str, ...]


class PubMed:
    """PubMed as one review asks it. ``email`` is the developer's or team's, as NCBI's policy wants."""

    def __init__(
        self,
        door: Door,
        base_url: str = BASE_URL,
        email: str = "",
        tool: str = "livrev",
        api_key: str | None = None,
    ) -> None:
        self._door = door
        self._base = base_url.rstrip("/") + "/"
        self._who = {"tool": tool, "email": email, "api_key": api_key or ""}

    def search(self, query: str) -> SearchAnswer:
        """Every PubMed number that ``query`` finds now.

        Raises SourceFailed when PubMed did not understand the query as written or its numbers do not add
        up, TryAgain when nothing usable came within the tries, Configuration for a bad API key.
        """
        build = self._asked("einfo.fcgi", {"retmode": "json", "version": "2.0"}, _build)
        whole = self._hits(query, MOST_IDS)
        ids = whole.ids if whole.count <= MOST_IDS else self._parts(query)
        if len(set(ids)) != whole.count:
            raise SourceFailed(
                f"PubMed counted {whole.count} records and gave {len(set(ids))} numbers; nothing was taken over; "
                "run the search again"
            )
        return SearchAnswer(
            whole.count, tuple(sorted(set(ids), key=int)), whole.translation, whole.warnings, build
        )

    def count(self, query: str) -> CountAnswer:
        """Count what ``query`` would find, for a dry run; raises as ``search`` does."""
        hits = self._hits(query, 0)
        return CountAnswer(hits.count, hits.translation)

    def fetch(self, ids: Sequence[str], batch: int = 200) -> Iterator[Batch]:
        """Give the records of ``ids`` in batches, each parsed to its end and matched number by number.

        Raises TryAgain when a batch stayed incomplete over all tries, SourceFailed when PubMed sent records
        nobody asked for or refused the numbers.
        """
        for start in range(0, len(ids), batch):
            asked = tuple(ids[start : start + batch])
            words = {"id": ",".join(asked), "retmode": "xml"}
            yield self._asked("efetch.fcgi", words, partial(_whole_batch, asked), post=True)

    def _hits(self, term: str, most: int) -> _Hits:
        words = {"term": term, "retmode": "json", "sort": "pub_date", "retmax": str(most)}
        return self._asked("esearch.fcgi", words, _hits, post=len(term) > _LONG_TERM)

    def _parts(self, query: str) -> tuple[str, ...]:
        found: list[str] = []
        waiting = [(1, HIGHEST_PMID)]
        while waiting:
            low, high = waiting.pop()
            part = self._hits(f"( {query} ) AND {low}:{high} [UID]", MOST_IDS)
            if part.count <= MOST_IDS:
                found.extend(part.ids)
                continue
            if low == high:
                raise SourceFailed(f"PubMed counts {part.count} records under the one number {low}")
            middle = (low + high) // 2
            waiting += [(low, middle), (middle + 1, high)]
        return tuple(found)

    def _asked(
        self, tool: str, words: dict[str, str], reader: Callable[[Answer], T], *, post: bool = False
    ) -> T:
        url = self._base + tool
        everything = {"db": "pubmed"} | words | {name: said for name, said in self._who.items() if said}
        ask = Ask("POST", url, data=everything) if post else Ask("GET", url, params=everything)
        return self._door.read(ask, partial(self._accepted, reader))

    def _accepted(self, reader: Callable[[Answer], T], answer: Answer) -> T:
        if answer.status == _OK:
            return reader(answer)
        said = redacted(_one_line(answer.body), (self._who["api_key"],))
        if "API key invalid" in said:
            raise Configuration("NCBI does not know the API key; correct or unset NCBI_API_KEY")
        if _PASSING.search(said):
            raise Unusable(f"HTTP {answer.status}, {said}")
        raise SourceFailed(f"PubMed refused the request (HTTP {answer.status}): {said}")


def parse_batch(body: bytes, asked: Sequence[str]) -> Batch:
    """Read one efetch body, also from a file it was staged in. Of several versions the last one counts.

    Raises Incomplete when the body ends early, SourceFailed when it holds a record that was not asked for.
    """
    wanted = tuple(asked)
    found = {record.accession: record for record in records(body)}
    strangers = sorted(set(found) - set(wanted))
    if strangers:
        raise SourceFailed(f"PubMed sent records nobody asked for: {', '.join(strangers[:5])}")
    return Batch(wanted, body, tuple(found.values()), tuple(i for i in wanted if i not in found))


def _whole_batch(asked: tuple[str, ...], answer: Answer) -> Batch:
    try:
        return parse_batch(answer.body, asked)
    except Incomplete as cut:
        raise Unusable(cut.message) from cut


def _hits(answer: Answer) -> _Hits:
    result = _json(answer).get("esearchresult")
    if not isinstance(result, dict):
        raise Unusable("a search answer without a result")
    if "ERROR" in result:
        _raise_error(str(result["ERROR"]))
    _refuse_misunderstandings(result)
    messages = _words(result.get("warninglist"), "outputmessages")
    try:
        count, ids = int(result["count"]), tuple(str(int(i)) for i in result["idlist"])
    except (KeyError, TypeError, ValueError) as error:
        raise Unusable("a search answer without count and numbers") from error
    warnings = tuple(m for m in messages if m != "No items found.")
    return _Hits(count, ids, str(result.get("querytranslation", "")), warnings)


def _build(answer: Answer) -> str:
    """``Build-2025.11.27.06.33``: PubMed's state as einfo names it."""
    told = _json(answer).get("einforesult")
    about = told.get("dbinfo") if isinstance(told, dict) else None
    first = about[0] if isinstance(about, list) and about else about
    return str(first.get("dbbuild", "")) if isinstance(first, dict) else ""


def _json(answer: Answer) -> dict[str, Any]:
    try:
        content = json.loads(answer.body, strict=False)  # NCBI leaves line ends in its strings
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise Unusable("an answer that is no JSON")
    if "error" in content:
        _raise_error(str(content["error"]))
    return content


def _raise_error(said: str) -> None:
    """NCBI's errors under HTTP 200: some pass, some will be the same next time."""
    if "API key invalid" in said:
        raise Configuration("NCBI does not know the API key; correct or unset NCBI_API_KEY")
    line = " ".join(said.split())
    if _LASTING.search(line):
        raise SourceFailed(f"PubMed refused the search: {line}")
    raise Unusable(f"PubMed answered {line!r}")


def _refuse_misunderstandings(result: dict[str, Any]) -> None:
    """PubMed drops what it does not know and searches for the rest: for a review that is another search."""
    errors, warnings = result.get("errorlist"), result.get("warninglist")
    faults = (
        ("phrase not found", _words(errors, "phrasesnotfound")),
        ("field not found", _words(errors, "fieldsnotfound")),
        ("quoted phrase not found", _words(warnings, "quotedphrasesnotfound")),
        ("phrase ignored", _words(warnings, "phrasesignored")),
    )
    told = "; ".join(f"{what}: {term}" for what, terms in faults for term in terms)
    if told:
        raise SourceFailed(f"PubMed did not search for what the query says ({told}); correct the query")


def _words(listed: object, name: str) -> tuple[str, ...]:
    terms = listed.get(name) if isinstance(listed, dict) else None
    return tuple(str(term) for term in terms) if isinstance(terms, list) else ()


def _one_line(body: bytes) -> str:
    text = re.sub(r"<[^>]*>", " ", body.decode("utf-8", "replace"))
    return " ".join(text.split())[:200]
