"""The words that a search strategy asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TAGS = re.compile(
    r"\[[^\]]*\]"  # PubMed: [tiab], [MeSH Terms]
    r"|\.[a-z]{2}(?:,[a-z]{2})*\."  # Ovid: .ti,ab.
    r"|:[a-z]{2}(?:,[a-z]{2})*\b|/(?:exp|de|mj)\b"  # Embase: :ti,ab,kw and /exp
    r"|\b[A-Z]{2}="  # Web of Science: TS=
    r"|\b(?:TITLE|ABS|AUTHKEY|INDEXTERMS|KEY|ALL)(?:-(?:ABS|KEY|AUTH))*(?=\()"  # Scopus: TITLE-ABS-KEY(
)
_WORD = re.compile(r'"[^"]*"|\'[^\']*\'|[()]|[^\s()"]+')
_OPERATOR = re.compile(r"[()]|and|or|exp|(?:near|adj)(?:/?\d+)?|(?:pre|w|n)/\d+|#?\d+", re.IGNORECASE)


def terms(strategy: str) -> tuple[str, ...]:
    """Words and quoted phrases that a strategy asks for, in its order.

    Without field tags, operators, and whatever stands behind NOT (a bracket, a quoted phrase or one word). A
    truncated word keeps its ``*``.
    """
    return tuple(_asked_for(iter(_WORD.findall(_TAGS.sub(" ", strategy)))))


def _asked_for(words: Iterator[str]) -> Iterator[str]:
    for word in words:
        if word.upper() == "NOT":
            _skip_operand(words)
        elif not _OPERATOR.fullmatch(word):
            yield word.strip("\"'").removesuffix("/")


def _skip_operand(words: Iterator[str]) -> None:
    depth = 0
    for word in words:
        depth += (word == "(") - (word == ")")
        if depth <= 0:
            return
