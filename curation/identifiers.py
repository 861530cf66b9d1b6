"""Identifiers cleaned to one form, or ``None`` where the text holds none."""

from __future__ import annotations

import re
import unicodedata

from curation.errors import Usage

_DOI = re.compile(r"10\.[0-9]{4,9}/\S+")
_PMID = re.compile(r"(?<!\d)(?<!PMC)(?<!PMC\s)([1-9]\d{0,7})(?!\d)", re.IGNORECASE | re.ASCII)
_PMCID = re.compile(r"PMC\s?(\d{1,9})", re.IGNORECASE | re.ASCII)
_CLOSING = ".,;\"'>"
_LONGEST_REPORT_ID = 18  # digits that a number of the store can have

# PubMed is at about 42 million; the stand-in numbers its own records from here, and no link is made of them.
FIRST_STANDIN_PMID = 99_000_000


def doi(text: str | None) -> str | None:
    """Bare lower-case DOI found in ``text`` (prefixes, ``https://dx.doi.org/`` and closing marks removed)."""
    found = _DOI.search(text or "")
    if found is None:
        return None
    bare = found.group().rstrip(_CLOSING)
    while bare.endswith(")") and bare.count(")") > bare.count("("):
        bare = bare[:-1].rstrip(_CLOSING)
    return bare.lower() if not bare.endswith("/") else None


def pmid(text: str | None) -> str | None:
    """PubMed number in ``text``: the only number of one to eight digits there."""
    found = _PMID.findall(text or "")
    return found[0] if len(found) == 1 else None


def pmcid(text: str | None) -> str | None:
    """PubMed Central number in ``text``, with its ``PMC``."""
    found = _PMCID.search(text or "")
    return f"PMC{found.group(1)}" if found else None


def is_standin(number: str | None) -> bool:
    """Whether a PubMed number was issued by the stand-in, not by the National Library of Medicine."""
    return number is not None and int(number) >= FIRST_STANDIN_PMID


def folded(title: str) -> str:
    """Title reduced to lower-case letters and digits, for comparison."""
    plain = unicodedata.normalize("NFKD", title).casefold()
    return "".join(c for c in plain if c.isalnum())


def report_id(text: str) -> int:
    """Report number from what a person types: ``12`` or ``R12``.

    Raises Usage when it is neither.
    """
    digits = text.strip().removeprefix("R").removeprefix("r")
    if not digits.isascii() or not digits.isdigit() or len(digits) > _LONGEST_REPORT_ID:
        message = f"{text!r} is no report number; write it like R12 (livrev status lists what waits)"
        raise Usage(message)
    return int(digits)
