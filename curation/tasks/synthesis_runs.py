"""Keeps each run of a synthesis: what was declared, over which evaluations, by which version, with what result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict

from curation import __version__
from curation.store import synthesis_runs as stored
from curation.store.connect import Stamp
from curation.store.synthesis_runs import Run, StoredRun
from curation.synthesis.analysis import Item
from curation.tasks.pool import PooledSynthesis
from curation.tasks.review import Review

_DIGITS = 12  # below them, two machines' libraries may differ


def keep(review: Review, results: Iterable[tuple[str, PooledSynthesis]], stamp: Stamp) -> int:
    """Keep the runs, each with the analysis it is of (empty: the synthesis itself), that nothing equal is kept of; gives how many. Where there is none, nothing is written."""
    new = stored.new(review.sql, (run_of(item, analysis) for analysis, item in results))
    if new:
        with review.change(stamp) as change:
            stored.add(change, new)
    return len(new)


def runs(review: Review) -> tuple[StoredRun, ...]:
    """Every run that is kept, oldest first."""
    return stored.runs(review.sql)


def run_of(item: PooledSynthesis, analysis: str = "") -> Run:
    """A result as a run of this version."""
    declared = json.loads(json.dumps(asdict(item.synthesis)))
    inputs = inputs_sha256(item.items)
    return Run(
        synthesis=item.synthesis.id,
        analysis=analysis,
        declared=declared,
        evidence=item.evidence,
        inputs_sha256=inputs,
        code_version=__version__,
        result=result_of(item),
    )


def inputs_sha256(items: Iterable[Item]) -> str:
    """Of all that a method reads of the evaluations, in their order; names and subgroups are not in it."""
    rows = [_input(item) for item in items]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def result_of(item: PooledSynthesis) -> dict[str, object]:
    """The numbers of a result, at 12 significant digits, or why there are none."""
    result = item.result
    if result is None:
        return {"refused": item.refused}
    numbers = {
        name: _rounded(getattr(result, name))
        for name in ("estimate", "low", "high", "level", "pi_low", "pi_high", "tau2", "i2", "q")
    }
    return {
        **numbers,
        "df": _rounded(item.df),
        "k": result.k,
        "studies": result.studies,
        "patients": result.patients,
        "left_out": [list(left) for left in result.left_out],
        "borrowed": sum(row.borrowed for row in result.rows),
        "warnings": list(item.warnings),
        "method": result.method,
    }


def _input(item: Item) -> list[object]:
    e = item.estimate
    numbers = [e.auc, e.low, e.high, e.level, e.n, e.events, e.se, e.patients]
    return [item.study, item.key, e.marker, str(e.validation), item.patients, *numbers]


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")
