"""What the checks of extracted evidence look at, and what they find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Self

from curation.model import Evaluation, Validation

DEVELOPMENT = frozenset({Validation.APPARENT, Validation.CROSS_VALIDATION, Validation.BOOTSTRAP})
"""Kinds of validation in the patients that the model was made of; the others are in patients held out."""


class Kind(StrEnum):
    """What a finding is about; part of the interface of ``livrev check evidence --json``."""

    AUC_OUTSIDE_INTERVAL = "auc-outside-interval"
    AUC_OUT_OF_RANGE = "auc-out-of-range"
    LIMIT_CLIPPED = "limit-clipped"
    ARMS_UNEVEN = "arms-uneven"
    IMPLIED_N = "implied-n"
    EVENTS = "events-beyond-n"
    N_BEYOND_COHORT = "n-beyond-cohort"
    SPLITS = "splits-do-not-add"
    SAME_NUMBERS = "same-numbers-twice"
    TRAINING_AS_VALIDATION = "training-as-validation"
    MARK_CONTRADICTS = "mark-contradicts-label"
    MARK_MISSING = "mark-missing"
    MARK_UNDEFINED = "mark-undefined"
    MARKER_NOT_ANALYSED = "marker-not-analysed"
    SAME_PATIENTS = "same-patients-pooled"
    PERCENTAGE = "percentage"
    NUMBER = "printed-number"
    COUNT = "printed-count"
    CLAIM = "printed-claim"
    COHORT_AS_N = "cohort-shown-as-n"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that cannot be right, or needs a look at the page.

    ``study`` is the study's label and ``evaluation`` its key, both empty for a finding on the whole review;
    ``place`` says where it is printed, ``numbers`` what it rests on, ``said`` is a sentence, ``mend`` what to do.
    """

    kind: Kind
    study: str
    evaluation: str
    place: str
    said: str
    mend: str
    numbers: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """An evaluation with what stands around it: its study's label, cohort size (patients), receptors; its events.

    ``events`` are the patients with the outcome, of the evaluation's own ``n``; None where not reported.
    """

    evaluation: Evaluation
    label: str
    cohort: int | None = None
    receptors: tuple[str, ...] = ()
    events: int | None = None

    @property
    def place(self) -> str:
        """``Table 3, row 10, column 1``, after where it was read if that is another place."""
        e = self.evaluation
        cell = f"Table {e.table}, row {e.row}, column {e.column}"
        return cell if e.location == f"Table {e.table}" else f"{e.location} ({cell})"

    @property
    def named(self) -> str:
        """Marker and kind of validation."""
        return f"{self.evaluation.marker}, {self.evaluation.validation}"

    def finding(self, kind: Kind, said: str, mend: str, **numbers: float | str) -> Finding:
        """A finding on this evaluation."""
        told = f"{self.named}: {said}"
        return Finding(kind, self.label, self.evaluation.key, self.place, told, mend, numbers)


@dataclass(frozen=True, slots=True)
class Pool:
    """Evaluations that one synthesis takes together; ``independent``: as if each came from other patients."""

    name: str
    cases: tuple[Case, ...]
    independent: bool


@dataclass(frozen=True, slots=True)
class Printed:
    """An AUC and both limits of its interval, each with how far rounding to the printed digits may have moved it."""

    auc: float
    low: float
    high: float
    level: float
    auc_slack: float
    low_slack: float
    high_slack: float

    @classmethod
    def of(cls, e: Evaluation) -> Self | None:
        """What is printed of an evaluation; None where no interval is."""
        if e.ci_low is None or e.ci_high is None:
            return None
        low = e.ci_low_printed or f"{e.ci_low:g}"
        high = e.ci_high_printed or f"{e.ci_high:g}"
        slacks = (half_unit(text) for text in (printed_auc(e), low, high))
        return cls(e.auc, e.ci_low, e.ci_high, e.ci_level, *slacks)

    @property
    def width(self) -> float:
        """Width of the interval; of a limit that stands at 0 or 1, twice the other arm."""
        if self.high >= 1:
            return 2 * (self.auc - self.low)
        return 2 * (self.high - self.auc) if self.low <= 0 else self.high - self.low

    @property
    def mirrored(self) -> Self:
        """The same on the other side of 0.5, where what holds of one arm holds of the other."""
        slacks = (self.auc_slack, self.high_slack, self.low_slack)
        return type(self)(1 - self.auc, 1 - self.high, 1 - self.low, self.level, *slacks)


def printed_auc(evaluation: Evaluation) -> str:
    """The AUC in the digits of the page."""
    return evaluation.auc_printed or f"{evaluation.auc:g}"


def printed_interval(evaluation: Evaluation) -> str:
    """``0.703 to 0.833`` in the digits of the page; ``no interval`` where none is reported."""
    if evaluation.ci_low is None or evaluation.ci_high is None:
        return "no interval"
    low = evaluation.ci_low_printed or f"{evaluation.ci_low:g}"
    return f"{low} to {evaluation.ci_high_printed or f'{evaluation.ci_high:g}'}"


def half_unit(printed: str) -> float:
    """Half a unit of the last digit printed: how far rounding may have moved the number."""
    exponent = Decimal(printed).as_tuple().exponent
    return 10.0**exponent / 2 if isinstance(exponent, int) else 0.0
