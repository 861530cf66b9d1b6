"""Journals by their names: abbreviated, in two languages, with a place or a subtitle, or as initials."""

from __future__ import annotations

import re
from functools import lru_cache

from curation.dedupe.normalise import lowered, words

_PLAIN_TEXT = (
    "the of and for in on a an de la le les des du der die das und fur et y e del della di official publication journal"
    " proceedings proc annual zeitschrift revista revue online print electronic resource"
)
_PLAIN = frozenset(_PLAIN_TEXT.split())
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_PARTS = re.compile(r"\s*(?:=|:|\.\s|/|;)\s*")
_BY = re.compile(r"\b(?:official (?:journal|publication|organ)|a publication|the journal of the).*$")
SAME, LIKE, UNLIKE = 2, 1, 0
_LETTERS = 3  # an abbreviated word keeps at least so many
_MOST = 0.6
_SHORTEST, _BEGINNING = 3, 3  # letters of initials, and of the beginning of one word in them
_FEWEST = 2


@lru_cache(maxsize=1 << 14)
def names(given: str) -> tuple[tuple[str, ...], ...]:
    """The names in one journal field, each as its telling words; the whole field comes first."""
    text = _ASIDE.sub(" ", lowered(given)).strip()
    parts = [text, *_PARTS.split(text)] if text else []
    found = (_telling(part) for part in parts)
    return tuple(dict.fromkeys(name for name in found if name))


def _telling(text: str) -> tuple[str, ...]:
    every = words(_BY.sub("", text) or text)
    return tuple(word for word in every if word not in _PLAIN and not word[0].isdigit()) or tuple(every)


def key(given: str) -> str:
    """First letters of a journal's telling words, for a block key: ``hure`` for Human Reproduction and Hum Reprod."""
    named = names(given)
    return "".join(word[:2] for word in named[0][:4]) if named else ""


@lru_cache(maxsize=1 << 15)
def compared(a: str, b: str) -> int:
    """``SAME``, ``LIKE`` or ``UNLIKE`` for two journal fields, neither of them empty."""
    if a == b:
        return SAME
    best = UNLIKE
    for n, one in enumerate(names(a)):
        for m, other in enumerate(names(b)):
            level = _one_name(one, other)
            if level == SAME and (n or m) and len(one) == len(other) == 1:
                level = LIKE  # "Circulation: Heart Failure" is not Circulation
            best = max(best, level)
            if best == SAME:
                return SAME
    return best


def _one_name(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    short, long = sorted((a, b), key=len)
    if _are_initials(short, long) or "".join(short) == "".join(long):
        return SAME
    matched = _in_order(short, long)
    if matched == len(short) == len(long):
        return SAME
    if matched == len(short) and len(short) >= _LETTERS:  # a subtitle after three words
        return SAME
    return LIKE if matched >= _MOST * len(short) and matched else UNLIKE


def _in_order(short: tuple[str, ...], long: tuple[str, ...]) -> int:
    """How many words of ``short`` stand in ``long`` in the same order, abbreviated or not."""
    found, place = 0, 0
    for word in short:
        for n in range(place, len(long)):
            if _abbreviates(word, long[n]):
                found += 1
                place = n + 1
                break
    return found


def _abbreviates(a: str, b: str) -> bool:
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    if long.startswith(short):
        return len(short) >= _LETTERS or short == long or len(short) > 1
    return len(short) > _LETTERS and short[0] == long[0] and _leaves_out(short, long)


def _leaves_out(short: str, long: str) -> bool:
    """Whether ``short`` is ``long`` with letters left out: Natl, Dtsch, or what an export could not write."""
    letters = iter(long)
    return all(letter in letters for letter in short)


def _are_initials(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Whether one word is made of the other name's beginnings: JAMA, PNAS, AMCIS for Americas Conference on ..."""
    if len(short) != 1 or len(long) < _FEWEST or len(short[0]) < max(_SHORTEST, len(long)):
        return False
    return _consumed(short[0].removeprefix("j"), long) or _consumed(short[0].removesuffix("j"), long)


def _consumed(letters: str, long: tuple[str, ...]) -> bool:
    """Whether ``letters`` can be cut into one beginning of every word, in order."""
    if not long:
        return not letters
    return any(
        _consumed(letters[n:], long[1:])
        for n in range(1, min(len(letters), _BEGINNING) + 1)
        if long[0].startswith(letters[:n])
    )
