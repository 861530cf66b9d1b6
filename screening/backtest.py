"""How good a ranking would have been on decisions that are known: the figures to print beside each ranking.

A backtest learns from the earlier decisions of a review and ranks its later ones, whole searches at a time. Never at
random: on 26 reviews a random split promised a median WSS@95 of 85 % where in time it was 71 % (living-review-updater
0.2.0, ``eval/backtest3``), since records of one search resemble each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from screening.ranking import (
    ELAS_U4,
    FEW_INCLUDES,
    Basis,
    Features,
    Label,
    Parameters,
    Ranking,
    rank,
    scores,
    until_retraining,
)

# Below this much work saved on the last searches, an order is worth little on the next.
LITTLE_SAVED = 0.30

_RECALL = Fraction(95, 100)
_TOP = Fraction(10, 100)
_HELD_OUT = Fraction(30, 100)


@dataclass(frozen=True, slots=True)
class Quality:
    """How early the relevant reports of an order come; ``reports`` and ``relevant`` are counts, the rest shares.

    ``wss95`` is work saved over sampling at 95 % recall (Cohen et al., JAMIA 2006;13:206): 0.95 less the share of the
    order that was read when 95 % of the relevant (rounded up) were found; about 0 for a random order, negative for a
    worse one. ``recall10`` is the share of the relevant in the first 10 % (rounded up). ``last`` is the rank, from
    1, of the last relevant report.
    """

    reports: int
    relevant: int
    wss95: float
    recall10: float
    last: int


@dataclass(frozen=True, slots=True)
class Untestable:
    """Why there is no figure."""

    reason: str

    def __str__(self) -> str:
        """The sentence to print beside a ranking."""
        return f"How well it ranks cannot be told: {self.reason}."


@dataclass(frozen=True, slots=True)
class Dated:
    """A title/abstract decision and the search it belongs to: ``era`` is a round's number, or a year."""

    report: int
    relevant: bool
    era: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """What an order learnt from ``trained_on`` earlier decisions came to, on the later ones from ``since`` on."""

    trained_on: int
    includes: int
    since: int
    quality: Quality

    def __str__(self) -> str:
        """The sentence to print beside a ranking."""
        found = self.quality
        return (
            f"Learnt from {self.trained_on} decisions ({self.includes} included) before {self.since}, it ranked "
            f"{found.reports} later ones with {found.relevant} relevant: WSS@95 {found.wss95:.2f}, recall in the first "
            f"10 % {found.recall10:.2f}, the last one at {found.last}."
        )


@dataclass(frozen=True, slots=True)
class Simulated:
    """Reports in the order in which they were read, those known beforehand left out, and how often it learnt."""

    order: tuple[int, ...]
    fits: int


def backtest(
    features: Features, decisions: Sequence[Dated], parameters: Parameters = ELAS_U4
) -> Backtest | Untestable:
    """Holds out the newest searches, up to three tenths of the decisions (at least the last one), and ranks them.

    Raises ValueError and RankingUnavailable like ``rank``.
    """
    since = _held_out_since(decisions)
    if since is None:
        return Untestable("all decisions belong to one search")
    earlier = [Label(one.report, one.relevant) for one in decisions if one.era < since]
    later = {one.report: one.relevant for one in decisions if one.era >= since}
    includes = sum(label.relevant for label in earlier)
    if includes in {0, len(earlier)}:
        return Untestable("the decisions before the last searches are all of one kind")
    ranking = rank(features, earlier, among=later, parameters=parameters)
    found = quality([later[report] for report in ranking.reports])
    if isinstance(found, Untestable):
        return Untestable("the last searches found nothing relevant")
    return Backtest(len(earlier), includes, since, found)


def quality(relevant: Sequence[bool]) -> Quality | Untestable:
    """Figures of an order, given as whether each of its reports is relevant, first to last."""
    ranks = [rank for rank, wanted in enumerate(relevant, 1) if wanted]
    if not ranks:
        return Untestable("no report of the order is relevant")
    n, total = len(relevant), len(ranks)
    read = ranks[ceil(_RECALL * total) - 1]
    early = sum(rank <= ceil(_TOP * n) for rank in ranks)
    return Quality(n, total, float(_RECALL - Fraction(read, n)), early / total, ranks[-1])


def cautions(ranking: Ranking, tested: Backtest | Untestable) -> tuple[str, ...]:
    """What must be said beside a ranking, a sentence each; empty where nothing speaks against it."""
    said = []
    if ranking.basis is not Basis.DECISIONS:
        said.append(f"The order was made from {ranking.basis}.")
    if ranking.includes < FEW_INCLUDES:
        said.append(
            f"Only {ranking.includes} included among {ranking.includes + ranking.excludes} decisions (fewer than "
            f"{FEW_INCLUDES}): the order may mislead; screen all of it."
        )
    if isinstance(tested, Untestable):
        said.append(str(tested))
    elif tested.quality.wss95 < LITTLE_SAVED:
        said.append(
            f"On the last searches it would have saved {100 * tested.quality.wss95:.0f} % of the work at 95 % recall "
            f"(less than {100 * LITTLE_SAVED:.0f} %): screen all of it."
        )
    return tuple(said)


def simulate(
    features: Features,
    truth: Mapping[int, bool],
    known: Sequence[int] = (),
    *,
    one_by_one: bool = False,
    seed: int = 0,
    at_most: int | None = None,
) -> Simulated:
    """Screening in ELAS u4's order until the last relevant report is read, or ``at_most`` so many reports.

    Every decision is as ``truth`` has it; reports that it does not name are not read. Begins with the decisions on the reports ``known``, in that order, or with the protocol's words. Learns anew as
    ``until_retraining`` says or, ``one_by_one``, after each decision, as ``asreview simulate`` does (``seed`` is its
    ``--seed``). Raises ValueError and RankingUnavailable like ``rank``.
    """
    import numpy as np  # noqa: PLC0415 - see ranking.pack

    if not truth.keys() <= set(features.reports):
        raise ValueError("some reports have a decision and no text")
    steps = np.random.RandomState(seed)
    labels = [Label(report, truth[report]) for report in known]
    open_to_read = truth.keys() - set(known)
    closed = np.array([report not in open_to_read for report in features.reports])
    left = sum(truth.values()) - sum(label.relevant for label in labels)
    most = len(truth) if at_most is None else len(known) + at_most
    fits = 0
    while left > 0 and len(labels) < most:
        values = scores(features, labels, ELAS_U4, steps).values
        fits += 1
        batch = 1 if one_by_one else until_retraining(len(labels))
        for row in np.argsort(np.where(closed, np.inf, -values), kind="stable")[:batch].tolist():
            closed[row] = True
            labels.append(Label(features.reports[row], truth[features.reports[row]]))
            left -= labels[-1].relevant
            if left == 0 or len(labels) == most:
                break
    return Simulated(tuple(label.report for label in labels[len(known) :]), fits)


def _held_out_since(decisions: Sequence[Dated]) -> int | None:
    """First of the newest eras that hold at most three tenths of the decisions together; the last one at least."""
    eras = sorted({one.era for one in decisions})
    if not eras[1:]:
        return None
    small = [
        era for era in eras[1:] if sum(one.era >= era for one in decisions) <= _HELD_OUT * len(decisions)
    ]
    return small[0] if small else eras[-1]
