"""How much a report speaks the protocol's language: a plain order for the time before anybody has decided.

The share of the protocol's words that title and abstract have. Cruder than the cosine of ``screening.ranking`` (no word
weighs more than another), but it needs nothing beyond Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from screening.ranking import Text

_WORD = re.compile(r"[^\W\d_]{4,}")  # shorter ones are mostly articles and prepositions
_SAYS_NOTHING = frozenset(
    _WORD.findall(
        "also both does each from have into more most only other over such than that their them then there these they"
        " this those under used using very were what when where which while with without within would"
    )
)


def likeness(texts: Iterable[Text], protocol: str) -> dict[int, float]:
    """Share (0 to 1) of the protocol's words that each report has; all 0 where the protocol has none."""
    wanted = _words(protocol)
    return {t.report: _share(_words(f"{t.title} {t.abstract}"), wanted) for t in texts}


def _share(words: frozenset[str], wanted: frozenset[str]) -> float:
    return len(words & wanted) / len(wanted) if wanted else 0.0


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower())) - _SAYS_NOTHING
