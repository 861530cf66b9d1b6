"""Leave-one-out: what the model comes to without each study in turn.

Shows whether one study carries the result; it is a description, not a test (Viechtbauer, Cheung, Res Synth
Methods 2010;1:112-125). As metafor's ``leave1out``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from curation.errors import BadInput, Refused
from curation.synthesis.models import Fit, random_effects

if TYPE_CHECKING:
    from collections.abc import Sequence

# A model of effect sizes and their standard errors: ``random_effects`` or ``common_effect`` with their choices
# bound (``partial(random_effects, method=Tau2Method.DL)``).
Pool: TypeAlias = Callable[["Sequence[float]", "Sequence[float]"], Fit]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The model without the study ``without``."""

    without: str
    fit: Fit


def leave_one_out(
    yi: Sequence[float],
    sei: Sequence[float],
    studies: Sequence[str] | None = None,
    pool: Pool = random_effects,
) -> tuple[LeftOut, ...]:
    """Fit the model without each study, in the order in which the studies first stand.

    ``studies`` names the study of each effect size; effect sizes of one name are left out together, since
    they share what is doubtful about their study. None: each is a study of its own, named by its place from
    1 on. Of two studies, each remains alone with its own interval, as ``pool`` has it. Raises Refused where
    fewer than two studies are given, BadInput where names do not fit, and as ``pool``.
    """
    names = [str(i + 1) for i in range(len(yi))] if studies is None else list(studies)
    if not len(yi) == len(sei) == len(names):
        message = f"{len(yi)} effect sizes, {len(sei)} standard errors and {len(names)} studies: one of each is needed"
        raise BadInput(message)
    distinct = list(dict.fromkeys(names))
    if len(distinct) < 2:  # noqa: PLR2004 - one to leave out, one to stay
        raise Refused("leaving a study out needs two: without the only one there is nothing to pool")
    return tuple(LeftOut(name, _without(name, names, (yi, sei), pool)) for name in distinct)


def _without(
    name: str, names: Sequence[str], data: tuple[Sequence[float], Sequence[float]], pool: Pool
) -> Fit:
    kept = [i for i, study in enumerate(names) if study != name]
    yi, sei = data
    return pool([yi[i] for i in kept], [sei[i] for i in kept])
