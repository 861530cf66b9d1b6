"""Where a text was printed: volume, issue and pages as exports write and spoil them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from curation.dedupe.normalise import lowered, roman

_DIGITS = re.compile(r"\d+")
_MONTH_TEXT = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {month: n for n, month in enumerate(_MONTH_TEXT.split(), 1)}
_EXCEL = re.compile(
    r"(\d{1,2})[-/ ](" + "|".join(_MONTHS) + r")[a-z]*|(" + "|".join(_MONTHS) + r")[a-z]*[-/ ](\d{1,4})"
)
_PAGE = re.compile(r"([a-z]{0,12})[\s.]{0,2}(\d{1,9})(?:[.](?:e\d+|\d+))?")
_LABEL = re.compile(r"^(?:pages?|pp?|article|artn|art|number|no|id|abstract|poster)[.:\s]+(?=[a-z]*\d)")
_TAIL = re.compile(r"[a-z.]{1,12}\s*-+\s*(\d{1,6})")
_ROMANS = re.compile(r"([ivxlc]+)(?:-+([ivxlc]+))?")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−﹣－", "-"))
_FRONT = 20  # pages of an issue that hold its editorial
_LONGEST_NUMBER = 9  # digits of a page or an article number


@dataclass(frozen=True, slots=True)
class Pages:
    """First and last page with what stands before the number (``S81`` is ``s`` and 81); None where not known.

    ``tail`` is what is left of a last page whose beginning an export lost (``t-20``, ``Suppl-29``).
    """

    start: int | None = None
    end: int | None = None
    prefix: str = ""
    tail: str = ""

    @property
    def length(self) -> int:
        """Number of pages, 0 where it is not known."""
        if self.start is None or self.end is None or self.end < self.start:
            return 0
        return self.end - self.start + 1

    @property
    def opens_issues(self) -> bool:
        """Whether every issue of a journal that counts from 1 may have such pages; so may a record without any."""
        return self.start is None or self.start <= _FRONT or self.prefix == "roman"


UNKNOWN_PAGES = Pages()


@lru_cache(maxsize=1 << 14)
def pages(given: str) -> Pages:
    """Pages as far as they can be read; ``08-Nov`` is a spreadsheet's 8-11."""
    text = _LABEL.sub("", lowered(given).translate(_DASHES).strip(" ."))
    if not text:
        return UNKNOWN_PAGES
    spoilt = _EXCEL.fullmatch(text)
    if spoilt is not None:
        return Pages(*_undone(spoilt))
    first = re.split(r"[;,+]", text, maxsplit=1)[0].strip()
    numerals = _ROMANS.fullmatch(first)
    if numerals is not None:
        return Pages(roman(numerals[1]), roman(numerals[2] or "") or None, "roman")
    found = _PAGE.match(first)
    if found is None:
        tail = _TAIL.match(first)
        return Pages(tail=tail[1]) if tail is not None else UNKNOWN_PAGES
    return _range(first, found)


def _range(text: str, found: re.Match[str]) -> Pages:
    start, prefix = int(found[2]), found[1]
    rest = text[found.end() :].lstrip(" .")
    if not rest.startswith("-"):
        return Pages(start, None, prefix)
    closing = _PAGE.match(rest.lstrip("- "))
    if closing is None:
        return Pages(start, None, prefix)
    end, written = int(closing[2]), str(start)
    if end < start and len(closing[2]) < len(written):
        end = int(written[: -len(closing[2])] + closing[2])
    return Pages(start, end, prefix)


def _undone(spoilt: re.Match[str]) -> tuple[int, int]:
    """The two numbers that a spreadsheet took for a day and a month, in their order."""
    if spoilt[1]:
        return int(spoilt[1]), _MONTHS[spoilt[2]]
    return _MONTHS[spoilt[3]], int(spoilt[4])


@lru_cache(maxsize=1 << 12)
def volume(given: str) -> int | None:
    """The volume's number; ``30a`` and ``61 Suppl 1`` are 30 and 61, ``Suppl 1`` is none."""
    text = lowered(given).strip()
    if not text or text.startswith("sup"):
        return None
    found = _DIGITS.search(text)
    if found is not None:
        return int(found.group()) if len(found.group()) <= _LONGEST_NUMBER else None
    return roman(text)


@lru_cache(maxsize=1 << 12)
def issue(given: str) -> frozenset[int]:
    """Numbers of an issue, several for a double one; ``03-Apr`` is a spreadsheet's 3-4, a supplement's own number counts."""
    text = lowered(given).translate(_DASHES).strip()
    if not text:
        return frozenset()
    spoilt = _EXCEL.fullmatch(text)
    if spoilt is not None:
        return frozenset(_undone(spoilt))
    return frozenset(int(n) for n in _DIGITS.findall(text) if len(n) <= _LONGEST_NUMBER)


def is_supplement(given_issue: str, given_volume: str, printed: Pages) -> bool:
    """Whether the place is a supplement, where congresses print their abstracts."""
    said = f"{given_issue} {given_volume}".casefold()
    return "sup" in said or "abstract" in said or "astract" in said or printed.prefix == "s"
