"""Cumulative meta-analysis: what the model came to as studies appeared, and from release to release.

Lau, Antman, Jimenez-Silva et al., N Engl J Med 1992;327:248-254. A description of how the evidence grew: its
intervals are not adjusted for the repeated looks (``certainty.Repeated`` says what that costs). As metafor's
``cumul``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curation.errors import BadInput, Refused
from curation.synthesis.models import Fit, random_effects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curation.synthesis.leave_out import Pool


@dataclass(frozen=True, slots=True)
class Order:
    """What puts effect sizes in order: ``by`` (a year, say), ties by ``studies``, ties by their place as given.

    ``together``: what is equal in ``by`` makes one step. Raises BadInput where a value is missing.
    """

    by: Sequence[float]
    studies: Sequence[str] | Sequence[int] | None = None
    together: bool = False

    def __post_init__(self) -> None:
        unknown = [i + 1 for i, value in enumerate(self.by) if not math.isfinite(value)]
        if unknown:
            raise BadInput(
                f"effect size {unknown[0]} has no value to order by; give its year or leave it out"
            )
        if self.studies is not None and len(self.studies) != len(self.by):
            raise BadInput(
                f"{len(self.by)} values to order by and {len(self.studies)} studies: one of each is needed"
            )

    def steps(self) -> list[tuple[float, tuple[int, ...]]]:
        """Value and places (from 0) of what each step adds."""
        studies = self.studies or [0] * len(self.by)
        places = sorted(range(len(self.by)), key=lambda i: (self.by[i], studies[i], i))
        if not self.together:
            return [(self.by[i], (i,)) for i in places]
        return [(value, tuple(i for i in places if self.by[i] == value)) for value in sorted(set(self.by))]


@dataclass(frozen=True, slots=True)
class Step:
    """The model once the effect sizes at the places ``added`` (from 0) have joined those before; ``at`` is their value."""

    at: float
    added: tuple[int, ...]
    fit: Fit


@dataclass(frozen=True, slots=True)
class Released:
    """The effect sizes a release pooled; a later release may correct, add and drop some."""

    name: str
    yi: Sequence[float]
    sei: Sequence[float]


@dataclass(frozen=True, slots=True)
class ReleaseStep:
    """The model on what a release pooled; None where it pooled nothing."""

    name: str
    fit: Fit | None


def cumulative(
    yi: Sequence[float], sei: Sequence[float], order: Order, pool: Pool = random_effects
) -> tuple[Step, ...]:
    """Fit the model after each step of ``order``; the first of a single effect size, as ``pool`` has it.

    Raises Refused without effect sizes, BadInput where numbers do not fit, and as ``pool``.
    """
    if not len(yi) == len(sei) == len(order.by):
        message = f"{len(yi)} effect sizes, {len(sei)} standard errors, {len(order.by)} values to order by: one of each is needed"
        raise BadInput(message)
    if not len(yi):
        raise Refused("there is nothing to accumulate: no effect size was given")
    steps: list[Step] = []
    places: list[int] = []
    for at, added in order.steps():
        places.extend(added)
        steps.append(Step(at, added, pool([yi[i] for i in places], [sei[i] for i in places])))
    return tuple(steps)


def by_release(releases: Sequence[Released], pool: Pool = random_effects) -> tuple[ReleaseStep, ...]:
    """Fit the model on each release, in the order given. Raises BadInput on a name used twice, and as ``pool``."""
    names = [release.name for release in releases]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise BadInput(f"release {twice[0]} stands twice; each release is pooled once")
    return tuple(
        ReleaseStep(release.name, pool(release.yi, release.sei) if len(release.yi) else None)
        for release in releases
    )
