"""What a pooling comes to, whatever the method: the shape that tables and figures are made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from curation.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curation.synthesis.effects import Estimate
    from curation.synthesis.heterogeneity import Profile


class Scale(StrEnum):
    """The scale on which the pooling was done; results are always given as AUCs."""

    RAW = "AUC"
    LOGIT = "logit(AUC)"


@dataclass(frozen=True, slots=True)
class PooledRow:
    """One pooled evaluation: its weight in percent, and the interval the method took it to have.

    ``low`` and ``high`` are computed by the method and may differ from the printed limits, which stay in
    ``estimate``. ``borrowed`` marks an interval that the study does not report; ``how`` says what gave the
    standard error, for a footnote; ``flagged`` where a reader should be told, since the printed interval could
    not be read as it stands.
    """

    estimate: Estimate
    weight_percent: float
    low: float
    high: float
    borrowed: bool
    how: str
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class Pooled:
    """A pooled AUC; ``method`` describes in plain words how it was made.

    ``k`` evaluations of ``studies`` distinct studies are pooled, ``k_left_out`` could not be: ``left_out``
    gives their labels and the reasons. ``patients`` adds the cohorts of the distinct studies pooled, None
    where one is unknown. ``low`` to ``high`` is the interval of the mean at ``level``, ``pi_low`` to
    ``pi_high`` the prediction interval. ``tau2`` (on ``scale``), ``i2`` (percent) and ``q`` are None where
    the method does not ask for heterogeneity; ``q_p`` is the p value of Q, ``spread`` has the intervals of tau²
    and I² at ``level`` (None below two evaluations too).
    """

    method: str
    scale: Scale
    k: int
    k_left_out: int
    studies: int
    patients: int | None
    estimate: float
    low: float
    high: float
    level: float
    pi_low: float | None
    pi_high: float | None
    tau2: float | None
    i2: float | None
    q: float | None
    rows: tuple[PooledRow, ...]
    left_out: tuple[tuple[str, str], ...]
    q_p: float | None = None
    spread: Profile | None = None


def distinct_studies(estimates: Sequence[Estimate]) -> int:
    """Count the distinct studies."""
    return len({estimate.study for estimate in estimates})


def distinct_patients(estimates: Sequence[Estimate]) -> int | None:
    """Patients of the distinct studies, each cohort counted once; None where the size of one is unknown.

    Raises BadInput when a study is given two cohort sizes.
    """
    sizes: dict[str, set[int]] = {estimate.study: set() for estimate in estimates}
    for estimate in estimates:
        if estimate.patients is not None:
            sizes[estimate.study].add(estimate.patients)
    for study, given in sizes.items():
        if len(given) > 1:
            both = " and ".join(str(size) for size in sorted(given))
            raise BadInput(f"{study} is given cohorts of {both} patients; a study has one cohort size")
    return sum(max(given) for given in sizes.values()) if all(sizes.values()) else None
