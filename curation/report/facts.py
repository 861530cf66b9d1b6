"""Derived sentences and counts: every number in them is computed from what is stored."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from curation.model import Study


@dataclass(frozen=True, slots=True)
class Cohorts:
    """Cohort sizes over studies (patients): total, mean, standard deviation (n - 1), range. ``sd`` None below two studies."""

    studies: int
    total: int
    mean: float
    sd: float | None
    smallest: int
    largest: int


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the studies have something, and the percentage."""

    name: str
    studies: int
    of: int

    @property
    def percent(self) -> float:
        """Percentage of the studies."""
        return 100 * self.studies / self.of


def cohorts(studies: Sequence[Study]) -> Cohorts | None:
    """Cohort sizes of the studies that report one; None when none does."""
    sizes = [s.cohort_size for s in studies if s.cohort_size is not None]
    if not sizes:
        return None
    sd = statistics.stdev(sizes) if len(sizes) > 1 else None
    return Cohorts(len(sizes), sum(sizes), statistics.fmean(sizes), sd, min(sizes), max(sizes))


def receptors(studies: Sequence[Study]) -> tuple[Share, ...]:
    """Studies that analysed each receptor, most frequent first."""
    count = Counter(r for study in studies for r in dict.fromkeys(study.receptors))
    return tuple(
        Share(name, n, len(studies)) for name, n in sorted(count.items(), key=lambda i: (-i[1], i[0]))
    )


def overview(studies: Sequence[Study]) -> str:
    """The abstract's sentence on studies, patients and receptors."""
    if not studies:
        return "No study has met the criteria yet."
    size = cohorts(studies)
    counted = "One study" if len(studies) == 1 else f"{len(studies)} studies"
    if size is None:
        return f"{counted} met the criteria; no cohort size was reported."
    shares = ", ".join(f"{s.name} in {s.studies} ({s.percent:.1f} %)" for s in receptors(studies))
    known = "" if size.studies == len(studies) else f" (reported by {size.studies})"
    verb = "comprises" if len(studies) == 1 else "comprise"
    spread = ""
    if size.sd is not None:
        spread = f", {size.mean:.0f} ± {size.sd:.0f} per study (range {size.smallest} to {size.largest})"
    analysed = f"Receptors analysed: {shares}." if shares else "No receptor was reported."
    return f"{counted} {verb} {size.total:,} patients{known}{spread}. {analysed}"
