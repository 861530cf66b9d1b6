"""Checks of extracted evidence: at entry one evaluation at a time, later a whole review.

Rules only: values in, findings out. A finding is an alarm for a person, never a change. What each rule allows is
said with it; sound evidence raises none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from curation.extraction.checks_implied import implied_n_findings, split_findings
from curation.extraction.checks_intervals import interval_findings
from curation.extraction.checks_labels import (
    copied_findings,
    mark_findings,
    marker_findings,
    unmarked_findings,
)
from curation.extraction.checks_patients import cohort_findings, patient_findings, pool_findings
from curation.extraction.checks_values import Case, Finding, Pool


def of_entry(case: Case, marks: Mapping[str, str]) -> Iterator[Finding]:
    """What one evaluation shows by itself. ``marks``: what each footnote mark means (``{"²": "k-fold ..."}``)."""
    yield from interval_findings(case)
    yield from patient_findings(case)
    yield from implied_n_findings(case)
    yield from mark_findings(case, marks)


def of_study(cases: Sequence[Case], pools: Sequence[Pool] = ()) -> Iterator[Finding]:
    """What the evaluations of one study show together."""
    yield from cohort_findings(cases)
    yield from split_findings(cases)
    yield from copied_findings(cases)
    yield from marker_findings(cases, pools)


def of_review(cases: Sequence[Case], pools: Sequence[Pool], marks: Mapping[str, str]) -> Iterator[Finding]:
    """Everything: each evaluation, each study, each table, each synthesis."""
    by_study: dict[str, list[Case]] = {}
    for case in cases:
        yield from of_entry(case, marks)
        by_study.setdefault(case.evaluation.study, []).append(case)
    for group in by_study.values():
        yield from of_study(group, pools)
    yield from unmarked_findings(cases, marks)
    for pool in pools:
        yield from pool_findings(pool)
