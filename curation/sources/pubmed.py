"""PubMed through NCBI's E-utilities: the whole query each time, numbers first, then the records wanted.

Follows NCBI's *E-utilities Help* (NBK25497, NBK25499) and, past 9,999 hits, EDirect's way: the range of
PubMed numbers is halved until each part fits. A search PubMed did not understand as written has failed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from curation.errors import Configuration, SourceFailed
from curation.sources.http import Answer, Ask, CutOff, GaveUp, Unusable, redacted
from curation.sources.pubmed_xml import CutShort, Incomplete, joined, records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from curation.model import SourceRecord
    from curation.sources.http import Door

T = TypeVar("T")

BASE_URL = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"
MOST_IDS = 9_999  # what one esearch gives; EDirect's figure and the error text's, the manual says 10,000
HIGHEST_PMID = 99_999_999  # eight digits; PubMed is at about 42 million

_SEARCHES = 3  # times that a search past the wall is begun, when PubMed changes while its parts are fetched
_SECOND_LOOKS = 3  # at records that were left out of an answer and have a summary all the same
_MOST_SUMMARIES = 200  # in one request
_LONG_TERM = 1_500  # characters; NCBI asks for POST from "several hundred"
_OK = 200
_NO_SUMMARY = "cannot get document summary"
_PASSING = re.compile(
    r"proxy_stream|failed to connect|error forwarding|search backend failed|rate limit|not supported: pubmed",
    re.IGNORECASE,
)
_LASTING = re.compile(r"retstart|empty term", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """What a whole search found: ``ids`` complete, in ascending numeric order.

    ``translation`` is the query as PubMed understood it, ``translation_set`` how it mapped single terms (JSON
    text: a list of ``from`` and ``to``), ``db_build`` PubMed's state (empty when not told); PRISMA-S asks for
    them to be kept.
    """

    count: int
    ids: tuple[str, ...]
    translation: str
    warnings: tuple[str, ...]
    db_build: str
    translation_set: str = "[]"


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
    translation_set: str


@dataclass(frozen=True, slots=True)
class _Summary:
    """One record in an esummary answer: its title, or why there is none."""

    title: str
    error: str

    @property
    def there(self) -> bool:
        return not self.error

    @property
    def words(self) -> str:
        if self.there:
            return f"in PubMed after all: {self.title}"
        return "not in PubMed any more" if self.error == _NO_SUMMARY else f"PubMed says: {self.error}"


class PubMed:
    """PubMed as one review asks it. ``email`` is the developer's or team's, as NCBI's policy wants.

    ``allow_phrases`` turns words that PubMed does not know from a failed search into a warning.
    """

    def __init__(
        self,
        door: Door,
        base_url: str = BASE_URL,
        email: str = "",
        tool: str = "livrev",
        api_key: str | None = None,
        *,
        allow_phrases: bool = False,
    ) -> None:
        self._door = door
        self._allow_phrases = allow_phrases
        self._base = base_url.rstrip("/") + "/"
        self._who = {"tool": tool} | ({"email": email} if email else {})
        self._key = api_key or ""
        self._largest: int | None = None  # numbers in one efetch request, once larger ones came in part only

    def search(self, query: str) -> SearchAnswer:
        """Every PubMed number that ``query`` finds now: one esearch up to 9,999 hits, part by part beyond.

        Raises SourceFailed when PubMed did not understand the query as written, its numbers do not add up, or
        it changed under each of three searches; TryAgain when nothing usable came within the tries;
        Configuration for a bad API key.
        """
        build = self._asked("einfo.fcgi", {"retmode": "json", "version": "2.0"}, _build)
        whole = self._hits(query, MOST_IDS)
        if whole.count > MOST_IDS:
            whole = self._past_the_wall(query, whole)
        ids = tuple(sorted(whole.ids, key=int))
        return SearchAnswer(whole.count, ids, whole.translation, whole.warnings, build, whole.translation_set)

    def count(self, query: str) -> CountAnswer:
        """Count what ``query`` would find, for a dry run; raises as ``search`` does."""
        hits = self._hits(query, 0)
        return CountAnswer(hits.count, hits.translation)

    def fetch(self, ids: Sequence[str], batch: int = 200) -> Iterator[Batch]:
        """Give the records of ``ids`` in batches, each parsed to its end and matched number by number.

        Raises TryAgain when an answer stayed incomplete over all tries, also for a single record; SourceFailed
        when PubMed sent records nobody asked for or refused the numbers.
        """
        for start in range(0, len(ids), batch):
            yield self._batch(tuple(ids[start : start + batch]))

    def told(self, ids: Sequence[str]) -> Mapping[str, str]:
        """What PubMed's summaries say of records that did not come, in words, by number; raises as ``fetch``."""
        return {number: summary.words for number, summary in self._summaries(ids).items()}

    def _hits(self, term: str, most: int) -> _Hits:
        words = {"term": term, "retmode": "json", "sort": "pub_date", "retmax": str(most)}
        return self._asked(
            "esearch.fcgi", words, partial(_hits, most, self._allow_phrases), post=len(term) > _LONG_TERM
        )

    def _past_the_wall(self, query: str, whole: _Hits) -> _Hits:
        """``whole`` with all its numbers; begun again while PubMed's count moves underneath."""
        for _ in range(_SEARCHES):
            ids = frozenset(self._parts(query))
            after = self._hits(query, 0)
            if len(ids) == whole.count == after.count:
                return replace(whole, ids=tuple(ids))
            told, whole = (whole.count, len(ids)), after
        if told[0] != after.count:
            what = f"PubMed changed under each of {_SEARCHES} searches (it counts {after.count} records now)"
        else:
            what = f"PubMed counted {told[0]} records and gave {told[1]} numbers, {_SEARCHES} times"
        raise SourceFailed(f"{what}; nothing was taken over; run the search again")

    def _parts(self, query: str) -> Iterator[str]:
        """Numbers of each range that PubMed numbers were halved to; the ranges are disjoint and leave none out."""
        waiting = [*_halves(1, HIGHEST_PMID)]
        while waiting:
            low, high = waiting.pop()
            part = self._hits(f"( {query} ) AND {low}:{high} [UID]", MOST_IDS)
            if part.count <= MOST_IDS:
                yield from part.ids
            elif low == high:
                raise SourceFailed(f"PubMed counts {part.count} records under the one number {low}")
            else:
                waiting += _halves(low, high)

    def _batch(self, asked: tuple[str, ...]) -> Batch:
        """One batch; what did not come although PubMed has a summary of it is asked for again."""
        batch = self._in_parts(asked)
        for _ in range(_SECOND_LOOKS):
            there = tuple(n for n, summary in self._summaries(batch.missing).items() if summary.there)
            if not there:
                break
            batch = _in_one(asked, (batch, self._in_parts(there)))
        return batch

    def _in_parts(self, asked: tuple[str, ...]) -> Batch:
        """Records of ``asked``, halved where the answer stays cut; smaller requests are kept to from then on."""
        parts: list[Batch] = []
        waiting = [asked]
        while waiting:
            ids = waiting.pop()
            if self._largest is not None and len(ids) > self._largest:
                middle = (len(ids) + 1) // 2
                waiting += [ids[middle:], ids[:middle]]
                continue
            try:
                parts.append(self._fetched(ids))
            except GaveUp as gave_up:
                if not gave_up.cut or len(ids) == 1:
                    raise
                self._largest = (len(ids) + 1) // 2
                waiting.append(ids)
        return parts[0] if len(parts) == 1 else _in_one(asked, parts)

    def _summaries(self, ids: Sequence[str]) -> dict[str, _Summary]:
        found: dict[str, _Summary] = {}
        for start in range(0, len(ids), _MOST_SUMMARIES):
            asked = tuple(ids[start : start + _MOST_SUMMARIES])
            words = {"id": ",".join(asked), "retmode": "json"}
            found |= self._asked("esummary.fcgi", words, partial(_summaries, asked), post=True)
        return found

    def _fetched(self, ids: tuple[str, ...]) -> Batch:
        words = {"id": ",".join(ids), "retmode": "xml"}
        return self._asked("efetch.fcgi", words, partial(_whole_batch, ids), post=True)

    def _asked(
        self, tool: str, words: dict[str, str], reader: Callable[[Answer], T], *, post: bool = False
    ) -> T:
        url = self._base + tool
        everything = {"db": "pubmed"} | words | self._who
        accepted = partial(self._accepted, reader)
        if not self._key and not post:
            return self._door.read(Ask("GET", url, params=everything), accepted)
        # A key goes by POST: addresses are written into the logs of libraries, proxies and servers.
        secret = {"api_key": self._key} if self._key else {}
        return self._door.read(Ask("POST", url, data=everything, secret=secret), accepted)

    def _accepted(self, reader: Callable[[Answer], T], answer: Answer) -> T:
        if answer.status == _OK:
            return reader(answer)
        said = redacted(_one_line(answer.body), (self._key,))
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
    except CutShort as cut:
        raise CutOff(cut.message) from cut
    except Incomplete as other:
        raise Unusable(other.message) from other


def _in_one(asked: tuple[str, ...], parts: Sequence[Batch]) -> Batch:
    """Batch that was fetched in parts, with a body that reads as if it had come in one."""
    return parse_batch(joined(record for part in parts for record in part.records), asked)


def _halves(low: int, high: int) -> tuple[tuple[int, int], tuple[int, int]]:
    middle = (low + high) // 2
    return (low, middle), (middle + 1, high)


def _hits(most: int, allow_phrases: bool, answer: Answer) -> _Hits:
    result = _json(answer).get("esearchresult")
    if not isinstance(result, dict):
        raise Unusable("a search answer without a result")
    if "ERROR" in result:
        _raise_error(str(result["ERROR"]))
    doubts = _misunderstandings(result)
    if doubts and not allow_phrases:
        told = "; ".join(doubts)
        raise SourceFailed(
            f"PubMed did not search for what the query says ({told}); correct the query, "
            "or if it is meant so run again with --allow-phrases"
        )
    messages = (*doubts, *_words(result.get("warninglist"), "outputmessages"))
    try:
        count, ids = int(result["count"]), tuple(str(int(i)) for i in result["idlist"])
    except (KeyError, TypeError, ValueError) as error:
        raise Unusable("a search answer without count and numbers") from error
    if len(set(ids)) != min(count, most):
        raise Unusable(f"PubMed counted {count} records and gave {len(set(ids))} numbers")
    warnings = tuple(m for m in messages if m != "No items found.")
    mapped = json.dumps(result.get("translationset") or [], ensure_ascii=False, sort_keys=True)
    return _Hits(count, ids, str(result.get("querytranslation", "")), warnings, mapped)


def _summaries(asked: tuple[str, ...], answer: Answer) -> dict[str, _Summary]:
    result = _json(answer).get("result")
    if not isinstance(result, dict):
        raise Unusable("summaries without a result")
    return {number: _summary(result.get(number)) for number in asked}


def _summary(told: object) -> _Summary:
    about = told if isinstance(told, dict) else {"error": _NO_SUMMARY}
    return _Summary(str(about.get("title", "")), str(about.get("error", "")))


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


def _misunderstandings(result: dict[str, Any]) -> tuple[str, ...]:
    """PubMed drops what it does not know and searches for the rest: for a review that is another search."""
    errors, warnings = result.get("errorlist"), result.get("warninglist")
    faults = (
        ("phrase not found", _words(errors, "phrasesnotfound")),
        ("field not found", _words(errors, "fieldsnotfound")),
        ("quoted phrase not found", _words(warnings, "quotedphrasesnotfound")),
        ("phrase ignored", _words(warnings, "phrasesignored")),
    )
    return tuple(f"{what}: {term}" for what, terms in faults for term in terms)


def _words(listed: object, name: str) -> tuple[str, ...]:
    terms = listed.get(name) if isinstance(listed, dict) else None
    return tuple(str(term) for term in terms) if isinstance(terms, list) else ()


def _one_line(body: bytes) -> str:
    text = re.sub(r"<[^>]*>", " ", body.decode("utf-8", "replace"))
    return " ".join(text.split())[:200]
