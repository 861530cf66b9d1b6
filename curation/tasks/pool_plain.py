"""Sensitivity analyses, changes and explanations as plain values for JSON, numbers unrounded."""

from __future__ import annotations

from collections.abc import Sequence

from curation.synthesis.pooled import Pooled
from curation.tasks.explain import Explained
from curation.tasks.integration import Criterion, Due
from curation.tasks.living import CAUTION, History, Step
from curation.tasks.pool import PooledSynthesis
from curation.tasks.sensitivity import Sensitivity


def sensitivity_as_plain(one: Sensitivity) -> dict[str, object]:
    """One synthesis with its analyses."""
    return {
        "id": one.synthesis.id,
        "title": one.synthesis.title,
        "evidence": one.evidence,
        "own": _plain(one.own),
        "analyses": [
            {"analysis": each.analysis, "label": each.label, "note": each.note, "result": _plain(each.pooled)}
            for each in one.lines
        ],
    }


def changes_as_plain(
    found: Sequence[History], due: Due | None, rule: Sequence[Criterion]
) -> dict[str, object]:
    """The changes."""
    return {
        "syntheses": [
            {
                "id": history.synthesis.id,
                "title": history.synthesis.title,
                "steps": [_step_as_plain(step) for step in history.steps],
            }
            for history in found
        ],
        "integration": {"due": due is not None, "since": due.since if due else None, "criteria": rule},
        "caution": CAUTION,
    }


def explained_as_plain(one: Explained) -> dict[str, object]:
    """One pair of results."""
    difference = one.difference
    return {
        "evidence": one.evidence,
        "published": {"id": one.published.id, **_pooled(difference.published)},
        "recommended": {"id": one.recommended.id, **_pooled(difference.recommended)},
        "choices": [
            {"choice": c.what, **(_pooled(c.pooled) if c.pooled else {})} for c in difference.choices
        ],
        "paragraph": one.paragraph,
    }


def _step_as_plain(step: Step) -> dict[str, object]:
    return {
        **(_plain(step.pooled) or {}),
        "moved": step.moved,
        "causes": step.causes,
        "before_by_this_method": _plain(step.between),
    }


def _plain(item: PooledSynthesis | None) -> dict[str, object] | None:
    if item is None:
        return None
    head: dict[str, object] = {"evidence": item.evidence}
    if item.result is None:
        return {**head, "estimate": None, "refused": item.refused}
    return {**head, **_pooled(item.result), "df": item.df, "warnings": item.warnings}


def _pooled(result: Pooled) -> dict[str, object]:
    return {
        "estimate": result.estimate,
        "interval": (result.low, result.high),
        "level": result.level,
        "prediction_interval": None if result.pi_low is None else (result.pi_low, result.pi_high),
        "k": result.k,
        "studies": result.studies,
        "tau2": result.tau2,
        "i2": result.i2,
        "borrowed_intervals": sum(row.borrowed for row in result.rows),
        "left_out": result.left_out,
        "described": result.method,
    }
