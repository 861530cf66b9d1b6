"""How good an order learnt from the review's earlier decisions would have been for its later ones.

Only settled decisions are in it, so that its figures may be shown to anybody. They are kept with each ranking and
worked out again only when a decision or a text has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from curation.tasks.ranking_features import Corpus
from screening.backtest import Backtest, Dated, Quality, Untestable, backtest, cautions
from screening.ranking import Basis, Features, Ranking

FEWEST = 20  # settled decisions; of fewer a held-out part is a handful

Unit = Literal["round", "year"]


@dataclass(frozen=True, slots=True)
class Tested:
    """A backtest of some decisions (``labels`` is their hash), held out by round or, in a single round, by year."""

    result: Backtest | Untestable
    unit: Unit
    labels: str

    def __str__(self) -> str:
        """The sentence to print beside a ranking."""
        if isinstance(self.result, Untestable):
            return str(self.result)
        since = f"before {self.result.since},"
        return str(self.result).replace(since, since.replace("before", f"before {self.unit}"), 1)

    def plain(self) -> dict[str, Any]:
        """The same as JSON can hold it; ``revived`` reads it."""
        return {"labels": self.labels, "unit": self.unit, **asdict(self.result)}

    def cautions(self, ranking: Ranking) -> tuple[str, ...]:
        """What must be said beside a ranking, a sentence each."""
        return cautions(ranking, self.result)


def tested(made: Features, settled: Mapping[int, bool], corpus: Corpus, known: Mapping[str, Any]) -> Tested:
    """Backtest of the settled decisions; ``known`` is the last one as it was kept, used where nothing has changed."""
    read = {report: settled[report] for report in made.reports if report in settled}
    labels = _hash(made, read, corpus)
    if known.get("labels") == labels:
        return revived(known)
    if len(read) < FEWEST:
        few = f"{len(read)} decisions are settled, and {FEWEST} are needed"
        return Tested(Untestable(few), "round", labels)
    by_round = Tested(backtest(made, _dated(read, corpus.rounds)), "round", labels)
    if isinstance(by_round.result, Backtest):
        return by_round
    by_year = Tested(backtest(made, _dated(read, corpus.years)), "year", labels)
    if isinstance(by_year.result, Backtest):
        return by_year
    undivided = "neither rounds nor years leave decisions of both kinds before and something relevant after"
    return Tested(Untestable(undivided), "round", labels)


def of_the_team(settled: Mapping[int, bool]) -> Ranking:
    """What every reviewer's ranking has learnt from at least, without an order."""
    includes = sum(settled.values())
    return Ranking((), Basis.DECISIONS, includes, len(settled) - includes)


def revived(plain: Mapping[str, Any]) -> Tested:
    """The backtest that ``plain`` made these values of."""
    if "reason" in plain:
        return Tested(Untestable(plain["reason"]), plain["unit"], plain["labels"])
    found = Backtest(plain["trained_on"], plain["includes"], plain["since"], Quality(**plain["quality"]))
    return Tested(found, plain["unit"], plain["labels"])


def _dated(read: Mapping[int, bool], eras: Mapping[int, int]) -> list[Dated]:
    """Decisions with their era; those without one are left out."""
    return [Dated(report, relevant, eras[report]) for report, relevant in read.items() if report in eras]


def _hash(made: Features, read: Mapping[int, bool], corpus: Corpus) -> str:
    rows = [(r, relevant, corpus.rounds.get(r), corpus.years.get(r)) for r, relevant in sorted(read.items())]
    return hashlib.sha256(json.dumps([made.key, rows]).encode()).hexdigest()
