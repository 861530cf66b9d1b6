"""What each release and the evidence since do to every result, with the cause.

A change has causes of three kinds: other evidence (studies or evaluations new or gone), corrected values, and
another method, in the protocol or in the program. Where evidence and method changed at once, the old evidence under
the new method stands between them.

Results over a growing evidence are looked at again and again: an interval that excludes a value by chance is found
sooner or later (Simmonds, Salanti, McKenzie, Elliott, J Clin Epidemiol 2017;91:38-46). No conclusion is drawn from a
p value here, and nothing stops by one; formal sequential methods are discouraged for the main analysis (Cochrane
Handbook, chapter 22).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from itertools import pairwise

from curation.protocol import Synthesis
from curation.store import synthesis_runs
from curation.store.synthesis_runs import StoredRun
from curation.synthesis.analysis import Item
from curation.synthesis.pooled import Pooled
from curation.tasks import pool
from curation.tasks.pool import Gathered, PooledSynthesis
from curation.tasks.review import Review
from curation.tasks.synthesis_runs import run_of

CAUTION = (
    "These results are looked at anew with every update: chance findings add up. Read estimate, interval and prediction"
    " interval as the present state of the evidence, and draw no conclusion from the first interval that excludes a value."
)
# Fields of a synthesis that do not touch its numbers.
_WORDS = {"title", "primary", "sensitivity", "subgroups", "only_sensitivity"}
_EXACT = 5e-12  # stored results have 12 significant digits


class Kind(StrEnum):
    """What made a result change."""

    NEW_STUDY = "new study"
    STUDY_GONE = "study gone"
    NEW_EVALUATION = "new evaluation"
    EVALUATION_GONE = "evaluation gone"
    CORRECTED = "corrected value"
    METHOD = "method"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause, in words."""

    kind: Kind
    what: str


@dataclass(frozen=True, slots=True)
class Step:
    """A result and what led to it from the one before (none for the first).

    ``between`` is the earlier evidence under the later method, where both changed.
    """

    pooled: PooledSynthesis
    causes: tuple[Cause, ...] = ()
    between: PooledSynthesis | None = None
    moved: float | None = None


@dataclass(frozen=True, slots=True)
class History:
    """A synthesis over every release and now."""

    synthesis: Synthesis
    steps: tuple[Step, ...]


def changes(review: Review) -> tuple[History, ...]:
    """Every synthesis over every release and now. Raises Refused when none is declared."""
    line = timeline(review)
    kept = synthesis_runs.runs(review.sql)
    return tuple(_history(synthesis, line, kept) for synthesis in pool.main(review))


def timeline(review: Review) -> tuple[Gathered, ...]:
    """Every release, and last what is now: also where only the protocol or single values differ from the last release."""
    found = pool.gathered(review)
    last = found[-1]
    if last.evidence.release is None:
        return found
    now = pool.as_now(review, replace(last, evidence=replace(last.evidence, name="now", release=None)))
    same = now.items == last.items and now.protocol.syntheses == last.protocol.syntheses
    return found if same else (*found, now)


def _history(synthesis: Synthesis, line: Sequence[Gathered], kept: Sequence[StoredRun]) -> History:
    made = [as_declared(synthesis, gathered) for gathered in line]
    steps = [Step(made[0], _program(made[0], kept))]
    for (before, old), (_, new) in pairwise(zip(line, made, strict=True)):
        steps.append(_step(before, old, new, _program(new, kept)))
    return History(synthesis, tuple(steps))


def as_declared(synthesis: Synthesis, gathered: Gathered) -> PooledSynthesis:
    """The synthesis as the protocol of that time declared it, or as it is declared now where it did not yet."""
    then = next((s for s in gathered.protocol.syntheses if s.id == synthesis.id), synthesis)
    return pool.pooled_items(then, gathered.evidence.name, gathered.items)


def _step(before: Gathered, old: PooledSynthesis, new: PooledSynthesis, program: tuple[Cause, ...]) -> Step:
    method = tuple(_method(old.synthesis, new.synthesis))
    between = pool.pooled_items(new.synthesis, before.evidence.name, before.items) if method else None
    evidence = tuple(_evidence((between or old).items, new.items))
    return Step(
        pooled=new,
        causes=(*method, *evidence, *program),
        between=between if evidence else None,
        moved=_moved(old.result, new.result),
    )


def _moved(old: Pooled | None, new: Pooled | None) -> float | None:
    return None if old is None or new is None else new.estimate - old.estimate


def _method(old: Synthesis, new: Synthesis) -> Iterator[Cause]:
    was, now = asdict(old), asdict(new)
    for name, value in now.items():
        if name not in _WORDS and was[name] != value:
            yield Cause(Kind.METHOD, f"{name} = {_said(was[name])} became {_said(value)}")


def _said(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(str(v) for v in value)}]"
    return str(value)


def _evidence(old: Sequence[Item], new: Sequence[Item]) -> Iterator[Cause]:
    was, now = _by_key(old), _by_key(new)
    studies_was, studies_now = {i.study for i in old}, {i.study for i in new}
    for key, item in now.items():
        if key not in was:
            kind = Kind.NEW_EVALUATION if item.study in studies_was else Kind.NEW_STUDY
            yield Cause(kind, f"{item.estimate.named}: {_printed(item)}")
        elif said := ", ".join(_corrections(was[key], item)):
            yield Cause(Kind.CORRECTED, f"{item.estimate.named}: {said}")
    for key, item in was.items():
        if key not in now:
            kind = Kind.EVALUATION_GONE if item.study in studies_now else Kind.STUDY_GONE
            yield Cause(kind, f"{item.estimate.named}: {_printed(item)}")


def _by_key(items: Sequence[Item]) -> Mapping[tuple[str, str], Item]:
    return {(item.study, item.key): item for item in items}


def _printed(item: Item) -> str:
    estimate = item.estimate
    interval = "no interval" if estimate.interval is None else f"{estimate.low:g} to {estimate.high:g}"
    return f"AUC {estimate.auc:g} ({interval})"


def _corrections(old: Item, new: Item) -> Iterator[str]:
    was, now = asdict(old.estimate), asdict(new.estimate)
    was["shared patients"], now["shared patients"] = old.patients, new.patients
    for name, value in now.items():
        if name not in {"study", "label"} and was[name] != value:
            yield f"{name} {_value(was[name])} became {_value(value)}"


def _value(value: object) -> str:
    if value is None:
        return "not reported"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _program(item: PooledSynthesis, kept: Sequence[StoredRun]) -> tuple[Cause, ...]:
    """Where an earlier version of livrev made another result of the same declaration and evaluations."""
    run, found = run_of(item), []
    for stored in kept:
        other = stored.run
        same = not other.analysis and (other.synthesis, other.inputs_sha256) == (
            run.synthesis,
            run.inputs_sha256,
        )
        if same and _alike(other.declared, run.declared) and _differs(other.result, run.result):
            before = other.result.get("estimate")
            shown = f"{before:.3f}" if isinstance(before, float) else "no result"
            found.append(Cause(Kind.PROGRAM, f"livrev {other.code_version} gave {shown} on {stored.at[:10]}"))
    return tuple(dict.fromkeys(found))


def _alike(old: Mapping[str, object], new: Mapping[str, object]) -> bool:
    """Whether two declarations say the same; a field that the older version did not have yet says its default."""
    return all(old.get(name, value) == value for name, value in new.items() if name not in _WORDS)


def _differs(old: Mapping[str, object], new: Mapping[str, object]) -> bool:
    for name in ("estimate", "low", "high", "pi_low", "pi_high"):
        one, other = old.get(name), new.get(name)
        if isinstance(one, float) and isinstance(other, float):
            if abs(one - other) > _EXACT * max(1.0, abs(one)):
                return True
        elif one != other:
            return True
    return False
