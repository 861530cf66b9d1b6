"""Crossref: what a DOI names, and what was published about it since (retractions, corrections, preprints).

Follows Crossref's REST API documentation: the retracted work carries ``updated-by``, the notice ``update-to``;
since January 2025 entries of Retraction Watch stand among the publishers' own, told apart by their source.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from curation import identifiers
from curation.errors import SourceFailed
from curation.sources.http import Answer, Ask, Unusable, redacted
from curation.sources.notices import NoticeKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from curation.sources.http import Door

BASE_URL = "https://api.crossref.org/"
BATCH = 25  # works a request; each comes with its whole reference list

_OK, _NOT_FOUND, _SERVER_FAULT = 200, 404, 500
_ROWS = "100"
_KINDS = {
    "retraction": NoticeKind.RETRACTION,
    "partial_retraction": NoticeKind.RETRACTION,
    "withdrawal": NoticeKind.RETRACTION,
    "removal": NoticeKind.RETRACTION,
    "expression_of_concern": NoticeKind.CONCERN,
    "correction": NoticeKind.CORRECTION,
    "corrigendum": NoticeKind.CORRECTION,
    "erratum": NoticeKind.CORRECTION,
    "addendum": NoticeKind.CORRECTION,
    "clarification": NoticeKind.CORRECTION,
    "new_version": NoticeKind.UPDATE,
    "new_edition": NoticeKind.UPDATE,
}
_YEARS = ("published", "published-print", "published-online", "issued", "posted")
# Names and attributes are spelt out: "p<0.05" and "a <b and c> d" are text.
_TAG = re.compile(
    r"</?(?:(?:jats|mml|xlink):[\w.-]+|[biu]|br|div|em|h[1-6]|italic|bold|li|ol|p|sc|sec|small|span|strong|sub|sup|title|ul)"
    r"(?:\s+[\w:-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*\s*/?>",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Notice:
    """One entry of ``updated-by`` or ``update-to``.

    ``type`` is Crossref's word (``expression_of_concern``), ``doi`` the other document's, None where the entry
    names none; ``source`` is ``publisher`` or ``retraction-watch``, empty where not told; ``date`` is ISO 8601 as
    far as told (``2023``, ``2023-04``, ``2023-04-22``), empty where not told.
    """

    type: str
    doi: str | None
    source: str
    date: str

    @property
    def kind(self) -> NoticeKind | None:
        """The type among the kinds of notice that a review watches for; None for a type that is none of them."""
        return _KINDS.get(self.type)


@dataclass(frozen=True, slots=True)
class Work:
    """What Crossref holds under one DOI. ``year`` is that of first publication, None where not told.

    ``updated_by`` are notices about this work, ``update_to`` the works this one is a notice about;
    ``is_preprint_of`` and ``has_preprint`` are DOIs.
    """

    doi: str
    title: str
    type: str
    year: int | None
    updated_by: tuple[Notice, ...]
    update_to: tuple[Notice, ...]
    is_preprint_of: tuple[str, ...]
    has_preprint: tuple[str, ...]

    @property
    def retracted(self) -> bool:
        """Whether a notice retracts it; a notice that retracts another work is not retracted itself."""
        return any(notice.kind is NoticeKind.RETRACTION for notice in self.updated_by)


class Crossref:
    """Crossref as one review asks it; ``mailto`` is the contact address that opens the polite pool."""

    def __init__(self, door: Door, base_url: str = BASE_URL, mailto: str = "") -> None:
        self._door = door
        self._url = base_url.rstrip("/") + "/works"
        self._who = {"mailto": mailto} if mailto else {}

    def work(self, doi: str) -> Work | None:
        """What ``doi`` names; None when Crossref says that it does not know it (or ``doi`` is none).

        Crossref follows its own aliases: ``Work.doi`` may be another than the one asked for. Raises TryAgain
        when nothing usable came within the tries, SourceFailed when the request was refused.
        """
        bare = identifiers.doi(doi)
        if bare is None:
            return None
        ask = Ask("GET", f"{self._url}/{quote(bare, safe='')}", params=self._who)
        return self._door.read(ask, _one)

    def check(self, dois: Sequence[str]) -> dict[str, Work | None]:
        """``work`` for many, under each DOI as it was given, by few requests.

        A DOI that a batch did not bring is asked for by itself, so that None always is Crossref's own word.
        """
        wanted = {given: identifiers.doi(given) for given in dois}
        # A comma would end the filter.
        listed = tuple(dict.fromkeys(doi for doi in wanted.values() if doi and "," not in doi))
        found: dict[str, Work] = {}
        for start in range(0, len(listed), BATCH):
            found |= self._batch(listed[start : start + BATCH])
        return {given: found.get(doi) or self.work(doi) if doi else None for given, doi in wanted.items()}

    def _batch(self, dois: tuple[str, ...]) -> dict[str, Work]:
        words = {"filter": ",".join(f"doi:{doi}" for doi in dois), "rows": _ROWS}
        ask = Ask("GET", self._url, params=words | self._who)
        return self._door.read(ask, partial(_several, dois))


def accepted(service: str, answer: Answer) -> dict[str, Any]:
    """JSON object of an answer that an open service gave with status 200.

    Raises Unusable for what may be better next time, SourceFailed for a request the service refused.
    """
    if answer.status >= _SERVER_FAULT:
        raise Unusable(f"HTTP {answer.status}")
    if answer.status != _OK:
        raise SourceFailed(f"{service} refused the request (HTTP {answer.status}): {one_line(answer.body)}")
    return json_object(answer.body)


def json_object(body: bytes) -> dict[str, Any]:
    """The object that is the whole of ``body``.

    Raises Unusable when it is cut off, an HTML page, or any other thing.
    """
    try:
        content = json.loads(body, strict=False)
    except ValueError as error:
        raise Unusable("an answer that is no JSON") from error
    if not isinstance(content, dict):
        raise Unusable("an answer that is no JSON object")
    return content


def one_line(body: bytes) -> str:
    """Beginning of an error body in one line, keys blotted out."""
    text = re.sub(r"<[^>]*>", " ", body.decode("utf-8", "replace"))
    return redacted(" ".join(text.split()))[:200]


def plain(text: str) -> str:
    """Text without the inline markup of HTML and JATS, entities resolved, white space folded."""
    return " ".join(html.unescape(_TAG.sub("", text)).split())


def _one(answer: Answer) -> Work | None:
    # Only Crossref's own words count: a 404 of a proxy or of a wrong address is no knowledge about a DOI.
    if answer.status == _NOT_FOUND and b"resource not found" in answer.body.lower():
        return None
    return _work(_message(answer, "work"))


def _several(asked: tuple[str, ...], answer: Answer) -> dict[str, Work]:
    message = _message(answer, "work-list")
    items, total = message.get("items"), message.get("total-results")
    if not isinstance(items, list) or total != len(items):
        raise Unusable("a list of works that is not whole")
    works = {work.doi: work for work in map(_work, items)}
    strangers = sorted(set(works) - set(asked))
    if strangers:
        raise SourceFailed(f"Crossref sent works nobody asked for: {', '.join(strangers[:5])}")
    return works


def _message(answer: Answer, kind: str) -> dict[str, Any]:
    content = accepted("Crossref", answer)
    message = content.get("message")
    if content.get("message-type") != kind or not isinstance(message, dict):
        raise Unusable(f"an answer that is no Crossref {kind}")
    return message


def _work(message: dict[str, Any]) -> Work:
    doi = identifiers.doi(str(message.get("DOI") or ""))
    if doi is None:
        raise Unusable("a work without a DOI")
    titles = message.get("title")
    dates = (_date(message.get(name)) for name in _YEARS)
    year = next(filter(None, dates), "")[:4]
    return Work(
        doi=doi,
        title=plain(str(titles[0])) if isinstance(titles, list) and titles else "",
        type=str(message.get("type") or ""),
        year=int(year) if year else None,
        updated_by=_notices(message.get("updated-by")),
        update_to=_notices(message.get("update-to")),
        is_preprint_of=_related(message.get("relation"), "is-preprint-of"),
        has_preprint=_related(message.get("relation"), "has-preprint"),
    )


def _notices(entries: object) -> tuple[Notice, ...]:
    told = entries if isinstance(entries, list) else []
    return tuple(dict.fromkeys(_notice(entry) for entry in told if isinstance(entry, dict)))


def _notice(entry: Mapping[str, Any]) -> Notice:
    kind = str(entry.get("type") or entry.get("label") or "").strip().lower()
    return Notice(
        type=kind.replace("-", "_").replace(" ", "_"),
        doi=identifiers.doi(str(entry.get("DOI") or "")),
        source=str(entry.get("source") or ""),
        date=_date(entry.get("updated")),
    )


def _related(relation: object, name: str) -> tuple[str, ...]:
    entries = relation.get(name) if isinstance(relation, dict) else None
    ids = [str(e.get("id") or "") for e in entries or () if isinstance(e, dict)]
    return tuple(dict.fromkeys(filter(None, map(identifiers.doi, ids))))


def _date(date: object) -> str:
    """``{"date-parts": [[2023, 4, 22]]}`` as ISO 8601; month and day may lack, and the year may be null."""
    parts = date.get("date-parts") if isinstance(date, dict) else None
    first = parts[0] if isinstance(parts, list) and parts else None
    numbers = first if isinstance(first, list) else []
    known = [part for part in numbers if isinstance(part, int)]
    return "-".join(f"{part:02d}" for part in known)
