"""The texts of all reports as numbers to rank by, kept in ``.livrev`` so that they are worked out once."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from curation.errors import TryAgain
from curation.protocol import Protocol, Service
from curation.store import rankings
from curation.store.lock import exclusive
from curation.store.rankings import RecordText
from curation.tasks.report_members import canonical_of
from screening.ranking import (
    Features,
    Text,
    UnusableCache,
    corpus_key,
    features,
    pack,
    protocol_text,
    unpack,
)

_LONGEST = 600.0  # seconds that features of very many reports may take another process


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts of all reports that have one, and of every report the round it came in and its year."""

    texts: tuple[Text, ...]
    rounds: Mapping[int, int]
    years: Mapping[int, int]


def corpus_of(sql: sqlite3.Connection) -> Corpus:
    """Every report by its canonical title, abstract and year, whatever became of it: what ranking learns words from."""
    members: dict[int, list[RecordText]] = defaultdict(list)
    for row in rankings.texts(sql):
        members[row.report].append(row)
    several = canonical_of(sql, (report for report, group in members.items() if len(group) > 1))
    texts, years = [], {}
    for report, group in sorted(members.items()):
        said = several[report].citation if report in several else group[0]
        if f"{said.title}{said.abstract}".strip():
            texts.append(Text(report, said.title, said.abstract))
        if said.year is not None:
            years[report] = said.year
    return Corpus(tuple(texts), {report: group[0].round for report, group in members.items()}, years)


def features_of(texts: tuple[Text, ...], protocol: Protocol, folder: Path) -> Features:
    """Features of some texts: those kept in ``folder``, else made and kept there in place of older ones.

    Raises RankingUnavailable without scikit-learn.
    """
    meant = _meant(protocol)
    key = corpus_key(texts, meant)
    kept = folder / f"features-{key}.bin"
    with held(folder / "ranking", _LONGEST, "other features are being made; run this again later"):
        with suppress(OSError, UnusableCache):
            return unpack(kept.read_bytes(), key)
        made = features(texts, meant)
        with suppress(OSError):  # a full disk: the next ranking makes them again
            _keep(kept, pack(made))
    return made


def _keep(path: Path, packed: bytes) -> None:
    """Put a file there whole, and take those of other texts away; the lock is held."""
    for old in path.parent.glob("features-*"):
        old.unlink(missing_ok=True)
    half = path.with_suffix(".part")
    half.write_bytes(packed)
    half.replace(path)


def _meant(protocol: Protocol) -> str:
    """What the protocol asks for, in its own words; what an earlier version searched is told in prose."""
    asked = (s.strategy for s in protocol.sources if s.kind.main_arm and s.service is not Service.PREVIOUS)
    return protocol_text(protocol.review.title, protocol.review.question, protocol.criteria.include, asked)


@contextmanager
def held(folder: Path, wait: float, otherwise: str) -> Iterator[None]:
    """Hold the lock in ``folder``; the system lets it go when its process ends, however it ends.

    Raises TryAgain, saying ``otherwise``, when another process holds it for longer than ``wait`` seconds.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(exclusive(folder, wait))
        except TryAgain as problem:
            raise TryAgain(otherwise) from problem
        yield
