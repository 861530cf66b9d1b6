"""Tables 1 to 4 of the review, and the pooled results: text made of stored numbers.

Cells follow the published review's manner (Sanker et al., Bioengineering 2025;12:791): footnote marks after
the number, an en dash inside an interval, ``-`` where an evaluation has no interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from curation.model import Age, Evaluation, Study
from curation.report.table import Table
from curation.synthesis.pooled import Pooled

NOT_REPORTED = "not reported"


@dataclass(frozen=True, slots=True)
class PooledLine:
    """One pooled result as the table of results prints it; ``result`` None with the reason in ``refused``."""

    title: str
    evidence: str
    method: str
    result: Pooled | None
    refused: str


def table_1(studies: Sequence[Study]) -> Table:
    """Overview of the included studies."""
    header = ("Study", "Cohort Size", "Mean Age ± SD", "Receptor Analyzed", "Primary Tumor Type")
    rows = tuple(
        (
            study.label,
            NOT_REPORTED if study.cohort_size is None else str(study.cohort_size),
            ages(study.ages) or NOT_REPORTED,
            ", ".join(study.receptors) or NOT_REPORTED,
            " ".join(study.primary_tumours) or NOT_REPORTED,
        )
        for study in studies
    )
    return Table("table-1", "Table 1. Overview of the included studies", header, rows)


def ages(groups: Iterable[Age]) -> str:
    """Mean ages of all groups in one cell; words that the print does not repeat are not repeated."""
    parts: list[str] = []
    cohort = subset = ""
    for age in groups:
        if age.cohort != cohort:
            cohort, subset = age.cohort, ""
            parts.append(cohort)
        if age.subset != subset:
            subset = age.subset
            parts.append(subset)
        parts += [age.group, f"= {age.mean} ± {age.sd}"]
    return " ".join(part for part in parts if part)


def table_of_evaluations(number: int, title: str, studies: Sequence[Study], notes: Sequence[str]) -> Table:
    """Tables 2 to 4: one row an output of a study, one or two AUCs with their intervals.

    Two columns of AUCs (and two of intervals) where any row has a second one, as Table 3 does.
    """
    by_key = {study.key: study for study in studies}
    chosen = [e for study in studies for e in study.evaluations if e.table == number]
    lines: dict[tuple[int, str], list[Evaluation]] = {}  # a row number is unique within its study only
    for evaluation in sorted(chosen, key=lambda e: (e.row, e.column)):
        lines.setdefault((evaluation.row, evaluation.study), []).append(evaluation)
    columns = max((e.column for e in chosen), default=1)
    blanks = ("",) * (columns - 1)
    header = ("Study", "Output/Prediction", "Best Performing Model", "AUC", *blanks, "95% CI", *blanks)
    rows, last = [], ""
    for line in lines.values():
        study = by_key[line[0].study]
        name = study.label if study.key != last or number == 2 else ""  # noqa: PLR2004 - Table 2 has one row a study
        last = study.key
        at = {e.column: e for e in line}
        aucs = tuple(_auc(at.get(column)) for column in range(1, columns + 1))
        intervals = tuple(_interval(at.get(column)) for column in range(1, columns + 1))
        rows.append((name, line[0].outcome, line[0].model, *aucs, *intervals))
    return Table(f"table-{number}", title, header, tuple(rows), tuple(notes))


def _auc(evaluation: Evaluation | None) -> str:
    if evaluation is None:
        return ""
    return f"{evaluation.auc_printed} {evaluation.validation_mark}".strip()


def _interval(evaluation: Evaluation | None) -> str:
    if evaluation is None:
        return ""
    if evaluation.ci_low is None:
        return "-"
    return f"{evaluation.ci_low_printed}–{evaluation.ci_high_printed} {evaluation.ci_mark}".strip()


def pooled_table(lines: Iterable[PooledLine]) -> Table:
    """Pooled results of every synthesis over every evidence."""
    header = (
        "Synthesis",
        "Evidence",
        "Method",
        "AUCs",
        "Studies",
        "Patients",
        "Pooled AUC",
        "95% CI",
        "95% prediction interval",
        "I²",
        "Left out",
    )
    rows = tuple(_pooled_row(line) for line in lines)
    note = (
        "AUCs: evaluations pooled. Patients: cohort sizes of the distinct studies, each counted once. "
        "Left out: evaluations whose interval was not reported, where the method borrows none."
    )
    return Table("pooled", "Pooled discrimination", header, rows, (note,))


def _pooled_row(line: PooledLine) -> tuple[str, ...]:
    result = line.result
    if result is None:
        return (line.title, line.evidence, line.method, "0", "", "", line.refused, "", "", "", "")
    prediction = (
        "" if result.pi_low is None or result.pi_high is None else f"{result.pi_low:.3f}–{result.pi_high:.3f}"
    )
    return (
        line.title,
        line.evidence,
        line.method,
        str(result.k),
        str(result.studies),
        NOT_REPORTED if result.patients is None else str(result.patients),
        f"{result.estimate:.3f}",
        f"{result.low:.3f}–{result.high:.3f}",
        prediction,
        "" if result.i2 is None or result.k == 1 else f"{result.i2:.0f} %",
        str(result.k_left_out),
    )
