"""Checks of numbers of patients: events, splits, cohorts, and the same patients pooled more than once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from curation.extraction.checks_values import DEVELOPMENT, Case, Finding, Kind, Pool


def patient_findings(case: Case) -> Iterator[Finding]:
    """Events against n, and n against the cohort, of one evaluation."""
    n, events = case.evaluation.n, case.events
    if events is not None and n is not None and not 0 < events < n:
        beyond = events > n
        said = f"{events} patients with the outcome of {n}" + (
            "" if beyond else ": an AUC needs some with and some without"
        )
        mend = "compare both numbers with the paper; both are those of the split in question"
        yield case.finding(Kind.EVENTS, said, mend, events=events, n=n)
    if n is not None and case.cohort is not None and n > case.cohort:
        said = f"n is {n}, of a cohort of {case.cohort}"
        yield case.finding(Kind.N_BEYOND_COHORT, said, "compare both with the paper", n=n, cohort=case.cohort)


def cohort_findings(cases: Iterable[Case]) -> Iterator[Finding]:
    """Of one study: the splits in which a marker's model was made and tried do not come to the cohort."""
    by_marker: dict[str, list[Case]] = {}
    for case in cases:
        by_marker.setdefault(case.evaluation.marker, []).append(case)
    for group in by_marker.values():
        yield from _splits(group)


def pool_findings(pool: Pool) -> Iterator[Finding]:
    """Evaluations in the same patients that a synthesis takes as if each came from others."""
    aucs = Counter(case.evaluation.study for case in pool.cases)
    labels = {case.evaluation.study: case.label for case in pool.cases}
    if not pool.independent or max(aucs.values(), default=0) <= 1:
        return
    told = ", ".join(f"{labels[study]} {n}" for study, n in aucs.items() if n > 1)
    said = (
        f"synthesis {pool.name} takes {len(pool.cases)} AUCs of {len(aucs)} studies as if each came from other patients; "
        f"several come from {told}"
    )
    mend = "pool one evaluation a study, or use a method for dependent estimates"
    yield Finding(
        Kind.SAME_PATIENTS,
        "",
        "",
        f"synthesis {pool.name}",
        said,
        mend,
        {"aucs": len(pool.cases), "studies": len(aucs)},
    )


def _splits(group: Sequence[Case]) -> Iterator[Finding]:
    """More patients than the cohort is wrong at once; fewer, where every split is known and no note says why."""
    parts, cohort = _parts(group), group[0].cohort
    if cohort is None or len(parts) < 2:  # noqa: PLR2004 - one part is checked against the cohort by itself
        return
    total = sum(parts.values())
    whole = "development" in parts and all(c.evaluation.n for c in group)
    explained = any(c.evaluation.note for c in group)
    if total > cohort or (whole and total < cohort and not explained and _one_size_each(group)):
        told = " + ".join(f"{n} {part}" for part, n in parts.items())
        said = f"{told} comes to {total} patients; the cohort is {cohort}"
        mend = "compare the splits with the paper; if only some patients were eligible, say so in a note"
        yield group[0].finding(Kind.SPLITS, said, mend, sum=total, cohort=cohort)


def _parts(group: Iterable[Case]) -> dict[str, int]:
    """Largest n of each part of a cohort: development (however it was validated), and each kind of held-out set."""
    parts: dict[str, int] = {}
    for case in group:
        if (n := case.evaluation.n) is not None:
            parts[_part(case)] = max(n, parts.get(_part(case), 0))
    return parts


def _one_size_each(group: Iterable[Case]) -> bool:
    """Whether no part has several sizes: two external cohorts, say, of which both count."""
    sizes = {(_part(case), case.evaluation.n) for case in group}
    return len(sizes) == len({part for part, _ in sizes})


def _part(case: Case) -> str:
    return "development" if case.evaluation.validation in DEVELOPMENT else str(case.evaluation.validation)
