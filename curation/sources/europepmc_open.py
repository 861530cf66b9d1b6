"""Where Europe PMC says a record's full text can be read.

Its list of addresses (``fullTextUrlList`` of type ``core``) has a code for each: ``OA`` open access, ``F`` free to
read, ``S`` subscription. Only what is open access may be fetched by a program (PubMed Central's terms).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from curation.model import SourceRecord

_OPEN, _FREE = "OA", "F"
_ITS_OWN = frozenset({"europe_pmc", "europepmc", "pubmedcentral"})  # other sites may hold any version
_MANUSCRIPT = ("authMan", "epmcAuthMan", "nihAuthMan")


@dataclass(frozen=True, slots=True)
class OpenText:
    """One address, http(s). ``fetchable``: a PDF that is open access. ``version`` as Unpaywall says it.

    ``licence`` (``cc-by``) and ``version`` are empty where they are not told.
    """

    address: str
    fetchable: bool
    licence: str
    version: str


def open_texts(record: SourceRecord) -> tuple[OpenText, ...]:
    """Addresses without a subscription, as Europe PMC lists them."""
    told = json.loads(record.raw)
    return tuple(_text(told, one) for one in _listed(told) if one.get("availabilityCode") in {_OPEN, _FREE})


def _text(told: dict[str, Any], one: dict[str, Any]) -> OpenText:
    is_open = one["availabilityCode"] == _OPEN
    return OpenText(
        address=str(one["url"]),
        fetchable=is_open and one.get("documentStyle") == "pdf",
        licence="-".join(str(told.get("license") or "").split()) if is_open else "",
        version=_version(told) if str(one.get("site", "")).lower() in _ITS_OWN else "",
    )


def _version(told: dict[str, Any]) -> str:
    if told.get("source") == "PPR":
        return "submittedVersion"
    manuscript = any(told.get(name) == "Y" for name in _MANUSCRIPT)
    return "acceptedVersion" if manuscript else "publishedVersion"


def _listed(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    texts = told.get("fullTextUrlList")
    listed = texts.get("fullTextUrl") if isinstance(texts, dict) else None
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and str(one.get("url", "")).startswith(("https://", "http://")):
            yield one
