"""Puts the likeliest reports first in each reviewer's queue, learnt from the title/abstract decisions so far."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from curation.errors import Refused
from curation.model import Stage
from curation.protocol import Order, Role
from curation.store import rankings, records
from curation.store.connect import Stamp
from curation.tasks.queue import refresh, reorder
from curation.tasks.ranking_backtest import Tested, of_the_team, tested
from curation.tasks.ranking_features import corpus_of, features_of, held
from curation.tasks.ranking_labels import Decided, decided
from curation.tasks.review import Review
from screening.ranking import Features, RankingUnavailable, rank, retraining_due

ENGINE = "ELAS u4, livrev 1"
STAGE = Stage.ABSTRACT  # full texts are few, and read whole: there is nothing to gain by an order

_PIECE = 500  # reports put in order in one transaction: a vote beside it waits some 15 milliseconds
_LIVREV = "import os; getattr(os, 'nice', int)(15); from curation.cli.main import main; main()"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose queue to order (empty: every screener's), and how long to wait for another process that is at it."""

    reviewer: str = ""
    dry_run: bool = False
    wait: float = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Ordered:
    """One reviewer's order, and what it was learnt from. For that reviewer's eyes: their own open votes are in it."""

    reviewer: str
    order: tuple[int, ...]
    basis: str
    includes: int
    excludes: int
    cautions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RankedQueues:
    """The orders, and what may be said of them to anybody: figures of settled decisions only."""

    orders: tuple[Ordered, ...]
    settled: int
    includes: int
    tested: Tested
    cautions: tuple[str, ...]


Progress = Callable[[str, int, int], None]


def _silent(_reviewer: str, _done: int, _of: int) -> None:
    """Nobody watches."""


def rank_queues(review: Review, wanted: Wanted, stamp: Stamp, progress: Progress = _silent) -> RankedQueues:
    """Order the title/abstract queue of one screener, or of each, and keep the rankings with their backtest.

    The same store gives the same orders. ``progress`` is told whose order is being written, how many reports of how
    many. Raises Usage for an unknown reviewer, Refused for one who does not screen, where review.toml wants reports
    in the order of arrival, and without scikit-learn; TryAgain while another process orders that queue.
    """
    people = _people(review, wanted)
    with ExitStack() as locks:
        for person in () if wanted.dry_run else sorted(people):
            busy = f"the queue of {person} is being ordered by another process; run this again later"
            locks.enter_context(held(_lock(review.folder, person), wanted.wait, busy))
        try:
            return _ranked(_Run(review, wanted, stamp, progress), people)
        except RankingUnavailable as problem:
            raise Refused(str(problem)) from problem


def _people(review: Review, wanted: Wanted) -> tuple[str, ...]:
    if wanted.reviewer:
        review.member(wanted.reviewer, Role.SCREENER)
    if review.protocol.screening.order is not Order.RANKED and not wanted.dry_run:
        message = (
            'review.toml says that reports are read in the order of arrival; nothing was ordered. Write order = "ranked" '
            "under [screening] first, or look with --dry-run"
        )
        raise Refused(message)
    return (wanted.reviewer,) if wanted.reviewer else tuple(_screeners(review))


def _screeners(review: Review) -> Iterator[str]:
    return (person.id for person in review.protocol.with_role(Role.SCREENER))


def _ranked(run: _Run, people: Sequence[str]) -> RankedQueues:
    review = run.review
    corpus = corpus_of(review.sql)
    made = features_of(corpus.texts, review.protocol, review.folder / ".livrev")
    known = decided(review.sql, review.protocol)
    figures = tested(made, known.settled, corpus, rankings.newest_backtest(review.sql, STAGE))
    orders = tuple(run.order(person, made, known, figures) for person in people)
    team = of_the_team(known.settled)
    return RankedQueues(orders, len(known.settled), team.includes, figures, figures.cautions(team))


@dataclass(frozen=True, slots=True)
class _Run:
    """What all orders of one call have in common."""

    review: Review
    wanted: Wanted
    stamp: Stamp
    progress: Progress

    def order(self, reviewer: str, made: Features, known: Decided, figures: Tested) -> Ordered:
        learnt = _learnt(reviewer, made, known, figures)
        if not self.wanted.dry_run:
            self._store(learnt, made, figures)
        return learnt

    def _store(self, learnt: Ordered, made: Features, figures: Tested) -> None:
        """In pieces; an order that breaks off leaves the rest as it was, behind what came."""
        if not learnt.order:
            return
        refresh(self.review)
        pieces = list(_pieces(learnt.order))
        with self.review.change(self.stamp) as change:
            rankings.add(change, _row(learnt, made, figures))
            reorder(change, learnt.reviewer, STAGE, pieces[0])
        for number, piece in enumerate(pieces):
            if number:
                with self.review.store.upkeep():  # the same change goes on: the queue is derived
                    reorder(change, learnt.reviewer, STAGE, piece, start=number * _PIECE)
            self.progress(learnt.reviewer, number * _PIECE + len(piece), len(learnt.order))


def _pieces(order: Sequence[int]) -> Iterator[Sequence[int]]:
    return (order[start : start + _PIECE] for start in range(0, len(order), _PIECE))


def _learnt(reviewer: str, made: Features, known: Decided, figures: Tested) -> Ordered:
    texts = set(made.reports)
    labels = [label for label in known.labels(reviewer) if label.report in texts]
    wanted = known.open.get(reviewer, ())
    ranking = rank(made, labels, among=texts.intersection(wanted))
    untold = tuple(sorted(set(wanted) - texts))  # neither title nor abstract: nothing to go by
    return Ordered(
        reviewer,
        ranking.reports + untold,
        ranking.basis,
        ranking.includes,
        ranking.excludes,
        figures.cautions(ranking),
    )


def titles(review: Review, reports: Iterable[int]) -> tuple[tuple[int, str], ...]:
    """Numbers and titles of some reports, in their order."""
    return tuple((report, head.title) for report, head in records.heads(review.sql, reports).items())


def _row(learnt: Ordered, made: Features, figures: Tested) -> rankings.NewRanking:
    return rankings.NewRanking(
        stage=STAGE,
        reviewer=learnt.reviewer,
        engine=ENGINE,
        basis=learnt.basis,
        corpus_key=made.key,
        includes=learnt.includes,
        excludes=learnt.excludes,
        ranked=len(learnt.order),
        backtest=figures.plain(),
    )


# When to learn anew ----------------------------------------------------------------------------------------------


def due(review: Review, reviewer: str, stage: Stage) -> bool:
    """Whether a reviewer's order is to be learnt anew: records came, or a tenth more was decided; some milliseconds."""
    if stage is not STAGE or review.protocol.screening.order is not Order.RANKED:
        return False
    last = rankings.newest(review.sql, reviewer, stage)
    if last is None or rankings.newest_record(review.sql) > last.change:
        return True
    needed = review.protocol.screening.votes(stage)
    return retraining_due(last.labels, rankings.decided_since(review.sql, last, reviewer, needed))


def start_in_background(folder: Path, reviewer: str) -> bool:
    """Have a reviewer's order learnt by a process of its own, of low priority; a vote waits for none of it.

    ``folder`` is the review's. Gives whether one was started: not while one is at work, nor without scikit-learn.
    What it says goes into ``.livrev/log``.
    """
    before = _STARTED.get((folder, reviewer))
    if (before is not None and before.poll() is None) or not _installed():
        return False
    try:
        _STARTED[folder, reviewer] = _begun(folder, reviewer)
    except OSError:  # no room for the log or for a process: the next vote tries again
        return False
    return True


# The last process begun for each queue; whoever begins one must ask after it, or the system keeps it as a zombie.
_STARTED: dict[tuple[Path, str], subprocess.Popen[bytes]] = {}


def _begun(folder: Path, reviewer: str) -> subprocess.Popen[bytes]:
    log = folder / ".livrev" / "log" / f"rank-{_name(reviewer)}.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    words = ["--review", str(folder), "rank", "--as", reviewer, "--quiet"]
    with log.open("wb") as said:
        return subprocess.Popen(  # noqa: S603 - our own command, on words that we made, without a shell
            [sys.executable, "-c", _LIVREV, *words],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,  # ends neither with the terminal nor by its Ctrl-C
        )


def _installed() -> bool:
    """Whether scikit-learn is there; importing it would take a second."""
    return any((Path(place) / "sklearn").is_dir() for place in sys.path)


def _lock(folder: Path, reviewer: str) -> Path:
    return folder / ".livrev" / "ranking" / _name(reviewer)


def _name(reviewer: str) -> str:
    """A file's name for a reviewer, whose id may hold any letters."""
    return hashlib.sha256(reviewer.encode()).hexdigest()[:16]
