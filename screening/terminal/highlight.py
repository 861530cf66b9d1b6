"""Terms that speak for and against inclusion, found in a text: whole words, any case, ``*`` for any ending.

The words of a term may stand with blanks, line ends or hyphens between them. Where two finds overlap, the
longer one is shown: it says more (``bone metastasis-free`` against ``metastasis``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_GAP = "-\u2010\u2011\u2012\u2013\\s"  # hyphens as databases print them, and blanks
_WORDS = re.compile(f"[{_GAP}]+")
_BETWEEN = f"[{_GAP}]+"


class Side(StrEnum):
    """What a term speaks for."""

    FOR = "for"
    AGAINST = "against"


@dataclass(frozen=True, slots=True)
class Span:
    """A find: characters ``start`` up to, not including, ``end``."""

    start: int
    end: int
    side: Side


class Terms:
    """The terms of both sides, compiled once: one expression a side."""

    def __init__(self, favour: Iterable[str], against: Iterable[str] = ()) -> None:
        sides = ((Side.FOR, expression(favour)), (Side.AGAINST, expression(against)))
        self._sides = [(side, compiled) for side, compiled in sides if compiled is not None]

    def spans(self, text: str) -> list[Span]:
        """Finds in the text in their order, none overlapping another."""
        found = [Span(*m.span(), side) for side, compiled in self._sides for m in compiled.finditer(text)]
        return _apart(found)


def expression(terms: Iterable[str]) -> re.Pattern[str] | None:
    """One expression for all terms, the longest tried first; None where there is none."""
    patterns = {_pattern(term): None for term in sorted(terms, key=len, reverse=True)}
    patterns.pop("", None)
    return re.compile(f"(?<!\\w)(?:{'|'.join(patterns)})", re.IGNORECASE) if patterns else None


def _pattern(term: str) -> str:
    """A term as an expression; empty for one without a letter or digit (a lone ``*`` would find every word)."""
    words = [word for word in _WORDS.split(term.strip().strip("\"'“”")) if word]
    if not any(letter.isalnum() for letter in "".join(words)):
        return ""
    made = _BETWEEN.join(re.escape(word).replace(r"\*", r"\w*") for word in words)
    return made if made.endswith(r"\w*") else made + r"(?!\w)"


def _apart(found: list[Span]) -> list[Span]:
    if len({span.side for span in found}) < len(Side):
        return found  # one expression never overlaps itself
    kept: list[Span] = []
    for span in sorted(found, key=lambda s: s.start - s.end):
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda s: s.start)
