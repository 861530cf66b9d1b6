"""Why the published and the recommended result differ: from one to the other, one choice at a time, in derived numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation.synthesis.pooled import Pooled


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice more of the recommended method, and what it comes to with all before it (None: to nothing)."""

    what: str
    pooled: Pooled | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A published result, the way to the recommended one (whose result the last choice has), and their titles.

    ``again`` of the published AUCs are of patients who stand in another of them too.
    """

    published_title: str
    recommended_title: str
    published: Pooled
    choices: tuple[Choice, ...]
    recommended: Pooled
    again: int = 0


def paragraph(difference: Difference) -> str:
    """The whole in a paragraph."""
    published, recommended = difference.published, difference.recommended
    sentences = [
        f"{difference.published_title}: the published method gives {shown(published)} from {_counted(published)}.",
        f"{difference.recommended_title}: the recommended method gives {shown(recommended)} from "  # noqa: ISC004 - one sentence
        f"{_counted(recommended)}{_prediction(recommended)}.",
        _dependence(difference),
        _way(difference.choices),
        _summary(published, recommended),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def shown(pooled: Pooled) -> str:
    """``0.791 (0.738 to 0.844)``."""
    return f"{pooled.estimate:.3f} ({pooled.low:.3f} to {pooled.high:.3f})"


def _counted(pooled: Pooled) -> str:
    aucs = "1 AUC" if pooled.k == 1 else f"{pooled.k} AUCs"
    studies = "1 study" if pooled.studies == 1 else f"{pooled.studies} studies"
    return f"{aucs} of {studies}"


def _prediction(pooled: Pooled) -> str:
    if pooled.pi_low is None or pooled.pi_high is None:
        return ""
    return f", and predicts an AUC between {pooled.pi_low:.3f} and {pooled.pi_high:.3f} for another study"


def _dependence(difference: Difference) -> str:
    published, again = difference.published, difference.again
    lent = sum(row.borrowed for row in published.rows)
    if not again and not lent:
        return ""
    parts = []
    if again:
        parts.append(
            f"counts {again} of its {published.k} AUCs as further patients although these stand in another one"
        )
    if lent:
        given = "1 AUC an interval that no" if lent == 1 else f"{lent} AUCs intervals that no"
        parts.append(f"lends {given} paper reports")
    return f"The published method {' and '.join(parts)}."


def _way(choices: Sequence[Choice]) -> str:
    steps = [f"{c.what}, {shown(c.pooled) if c.pooled else 'nothing is left to pool'}" for c in choices]
    return f"One choice at a time: {'; '.join(steps)}." if steps else ""


def _summary(published: Pooled, recommended: Pooled) -> str:
    moved = recommended.estimate - published.estimate
    if f"{abs(moved):.3f}" == "0.000":
        apart = "The estimates are the same to three decimals"
    else:
        apart = f"The recommended estimate is {abs(moved):.3f} {'lower' if moved < 0 else 'higher'}"
    ratio = (recommended.high - recommended.low) / (published.high - published.low)
    width = f"{ratio:.1f} times as wide" if ratio >= 1 else f"{1 / ratio:.1f} times narrower"
    return f"{apart}, and its interval is {width}."
