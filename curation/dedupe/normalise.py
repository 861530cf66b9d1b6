"""Text to one form for comparison: words in lower case without accents, punctuation or markup.

Databases differ in accents, Greek letters, hyphens and markup for the same title; none of these tells two
reports apart.
"""

from __future__ import annotations

import html
import re
import unicodedata

_MARKUP = re.compile(
    r"</?(?:i|b|u|em|strong|it|bold|italic|sub|sup|inf|scp|sc|span|p)\b[^<>]*>", re.IGNORECASE
)
_LOST = re.compile(r"(?<=[^\W\d_])\?(?=[^\W\d_])")  # a letter that an export could not write: "fran?ais"
_ACCENTS = re.compile("[\u0300-\u036f]")
_GAPS = re.compile(r"[\W_]+")
# Plain letters and digits, which are nearly all, are much faster through a table than through the pattern.
_MARKS = [chr(n) for n in range(128) if not chr(n).isalnum()]
_SPACED, _CLOSED = str.maketrans(dict.fromkeys(_MARKS, " ")), str.maketrans(dict.fromkeys(_MARKS))
_GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi omega"
_GREEK_LETTERS = "αβγδεζηθικλμνξοπρστυφχψω"
_LETTERS = str.maketrans(
    {
        **dict(zip(_GREEK_LETTERS, _GREEK.split(), strict=True)),
        "µ": "mu",
        "ς": "sigma",
        "ß": "ss",
        "ẞ": "ss",
        "ø": "o",
        "æ": "ae",
        "œ": "oe",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ı": "i",
        "’": None,
        "‘": None,
        "ʼ": None,
        "`": None,
        "´": None,
    }
)
_ROMAN = re.compile(r"m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}


def lowered(text: str) -> str:
    """``text`` in lower case without accents and markup; punctuation stays."""
    if "<" in text:
        text = _MARKUP.sub("", text)
    if "&" in text:
        text = html.unescape(text).replace("&", " and ")
    if "?" in text:
        text = _LOST.sub("", text)
    text = text.casefold()
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.translate(_LETTERS))).casefold()
    return text.replace("'", "")


def words(text: str) -> list[str]:
    """Words of a text that ``lowered`` gave: runs of letters and digits of any script."""
    return (text.translate(_SPACED) if text.isascii() else _GAPS.sub(" ", text)).split()


def squeezed(text: str) -> str:
    """Letters and digits of ``text`` in one run, so that hyphens and spaces make no difference."""
    text = lowered(text)
    return text.translate(_CLOSED) if text.isascii() else _GAPS.sub("", text)


def roman(text: str) -> int | None:
    """Value of a lower-case Roman numeral, None where ``text`` is none."""
    if not text or _ROMAN.fullmatch(text) is None:
        return None
    values = [_ROMAN_VALUES[letter] for letter in text]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-value if value < following else value for value, following in pairs)
