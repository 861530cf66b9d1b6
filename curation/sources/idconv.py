"""PMID, PMCID and DOI of one article from each other, by NCBI's ID converter.

It knows what is in PubMed Central and nothing else. Since 2025 a request holds ids of one type only: one id of
another type, or one it cannot read, has the whole request refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from curation import identifiers
from curation.errors import SourceFailed
from curation.sources.crossref import accepted, json_object, one_line
from curation.sources.http import Answer, Ask, Unusable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from curation.sources.http import Door

BASE_URL = "https://pmc.ncbi.nlm.nih.gov/tools/idconv/api/v1/articles/"
MOST_IDS = 200  # a request

_BAD_REQUEST = 400
_ABOUT_IDS = "invalid_"  # invalid_pmids, invalid_pmcids, invalid_dois
_PMID = re.compile(r"[1-9]\d{0,7}", re.ASCII)
_PMCID = re.compile(r"PMC\d{1,9}(\.\d+)?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Converted:
    """What one article is called; ``error`` is the converter's reason where it gave no names, else empty."""

    asked: str
    pmid: str | None = None
    pmcid: str | None = None
    doi: str | None = None
    error: str = ""


class IdConverter:
    """NCBI's converter; ``email`` is the developer's or team's, as NCBI's policy wants."""

    def __init__(self, door: Door, base_url: str = BASE_URL, email: str = "", tool: str = "livrev") -> None:
        self._door = door
        self._url = base_url.rstrip("/") + "/"
        self._who = {name: said for name, said in (("tool", tool), ("email", email)) if said}

    def convert(self, ids: Sequence[str]) -> dict[str, Converted]:
        """Names of each article, under each id as it was given and in that order; types may be mixed.

        An id that is unknown, unreadable or left out of the answer is kept with its error. Raises TryAgain
        when nothing usable came within the tries, SourceFailed when requests are refused altogether.
        """
        typed: dict[str, dict[str, str]] = {"pmid": {}, "pmcid": {}, "doi": {}}
        found: dict[str, Converted] = {}
        for given in ids:
            kind, name = _typed(given)
            if kind:
                typed[kind][given] = name
            else:
                found[given] = Converted(given, error=name)
        for kind, names in typed.items():
            distinct = tuple(dict.fromkeys(names.values()))
            told = {one.asked: one for part in _parts(distinct) for one in self._asked(kind, part)}
            found |= {given: _renamed(told[name], given) for given, name in names.items()}
        return {given: found[given] for given in ids}

    def _asked(self, kind: str, names: tuple[str, ...]) -> Iterator[Converted]:
        """Converted ids of one type; a refused request is halved until the ids to blame stand alone."""
        words = {"ids": ",".join(names), "idtype": kind, "format": "json", "versions": "no"}
        told = self._door.read(Ask("GET", self._url, params=words | self._who), partial(_read, names))
        if isinstance(told, tuple):
            yield from told
        elif len(names) == 1:
            yield Converted(names[0], error=told)
        else:
            half = len(names) // 2
            yield from self._asked(kind, names[:half])
            yield from self._asked(kind, names[half:])


def _typed(given: str) -> tuple[str, str]:
    """Type and name of an id, or no type and the reason."""
    text = given.strip()
    if _PMID.fullmatch(text):
        return "pmid", text
    if _PMCID.fullmatch(text):
        return "pmcid", text.upper()
    doi = identifiers.doi(text)
    if doi is None:
        return "", "neither PMID, PMCID nor DOI"
    if "," in doi:
        return "", "a DOI with a comma, which the converter takes for two"
    return "doi", doi


def _parts(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(names), MOST_IDS):
        yield names[start : start + MOST_IDS]


def _renamed(one: Converted, given: str) -> Converted:
    return Converted(given, one.pmid, one.pmcid, one.doi, one.error)


def _read(names: tuple[str, ...], answer: Answer) -> tuple[Converted, ...] | str:
    """What the converter says of each name in order, or why it refused all of them."""
    if answer.status == _BAD_REQUEST:
        return _refusal(answer)
    records = accepted("NCBI's ID converter", answer).get("records")
    if not isinstance(records, list):
        raise Unusable("a conversion without records")
    told = {_requested(record): record for record in records if isinstance(record, dict)}
    return tuple(_converted(name, told.get(name.lower())) for name in names)


def _refusal(answer: Answer) -> str:
    """The converter's complaint about ids.

    Raises SourceFailed when it refuses for another reason: smaller requests would not help.
    """
    errors = json_object(answer.body).get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict) or not str(first.get("code") or "").startswith(_ABOUT_IDS):
        said = one_line(answer.body)
        raise SourceFailed(f"NCBI's ID converter refused the request (HTTP {_BAD_REQUEST}): {said}")
    return " ".join(str(first.get("message") or first["code"]).split())


def _requested(record: dict[str, Any]) -> str:
    return str(record.get("requested-id") or "").strip().lower()


def _converted(name: str, record: dict[str, Any] | None) -> Converted:
    if record is None:
        return Converted(name, error="left out of the converter's answer")
    if record.get("status") == "error" or record.get("errmsg"):
        return Converted(name, error=str(record.get("errmsg") or "the converter says error, and not why"))
    return Converted(
        name,
        pmid=identifiers.pmid(str(record.get("pmid") or "")),
        pmcid=identifiers.pmcid(str(record.get("pmcid") or "")),
        doi=identifiers.doi(str(record.get("doi") or "")),
    )
