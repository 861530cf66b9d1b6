"""Checks of labels: marks against kinds of validation, markers against receptors, numbers that stand twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from curation.extraction.checks_values import Case, Finding, Kind, Pool, printed_auc, printed_interval
from curation.model import Evaluation, Validation

_ENOUGH_DIGITS = 5  # characters of "0.812": two AUCs of fewer digits are equal by chance too often

# Words by which a footnote's meaning tells a kind of validation.
_WORDS = {
    Validation.CROSS_VALIDATION: (
        "cross-validation",
        "cross validation",
        "crossvalidation",
        "k-fold",
        "leave-one-out",
    ),
    Validation.BOOTSTRAP: ("bootstrap",),
    Validation.SPLIT_SAMPLE: ("split sample", "split-sample", "hold-out", "holdout", "held-out"),
    Validation.TEMPORAL: ("temporal",),
    Validation.EXTERNAL: ("external",),
    Validation.APPARENT: ("training", "apparent", "resubstitution"),
}


def mark_findings(case: Case, marks: Mapping[str, str]) -> Iterator[Finding]:
    """Footnote marks on an AUC and its interval against how the evaluation is labelled. ``marks``: what each means."""
    e = case.evaluation
    for mark, on in ((e.validation_mark, "AUC"), (e.ci_mark, "interval")):
        if mark and mark not in marks:
            said = f"the mark {mark} on its {on} is explained nowhere"
            yield case.finding(Kind.MARK_UNDEFINED, said, "add it to output.footnotes in review.toml")
        elif mark and (kind := meant(marks[mark])) not in {None, e.validation}:
            said = (
                f"printed {printed_auc(e)} with the mark {mark} ({marks[mark]}) on its {on}, "
                f"where it counts as {e.validation}"
            )
            mend = "compare it with the paper: either the mark or the label is wrong"
            yield case.finding(Kind.MARK_CONTRADICTS, said, mend, mark=mark, meaning=str(kind))


def meant(meaning: str) -> Validation | None:
    """Kind of validation that a footnote tells; None where it tells none, or several."""
    told = meaning.casefold()
    kinds = [kind for kind, words in _WORDS.items() if any(word in told for word in words)]
    return kinds[0] if len(kinds) == 1 else None


def unmarked_findings(cases: Sequence[Case], marks: Mapping[str, str]) -> Iterator[Finding]:
    """AUCs without a mark in a table that mixes kinds of validation and tells them by marks."""
    telling = {mark for mark, meaning in marks.items() if meant(meaning) is not None}
    by_table: dict[int, list[Case]] = {}
    for case in cases:
        by_table.setdefault(case.evaluation.table, []).append(case)
    for rows in by_table.values():
        bare = [case for case in rows if case.evaluation.validation_mark not in telling]
        kinds = {case.evaluation.validation for case in rows}
        if len(kinds) > 1 and len(bare) < len(rows):
            yield from (_unmarked(case, len(rows) - len(bare), len(rows)) for case in bare)


def copied_findings(cases: Iterable[Case]) -> Iterator[Finding]:
    """Of one study: the same numbers in two evaluations, or a training value that stands as a validation."""
    for first, second in combinations(cases, 2):
        a, b = first.evaluation, second.evaluation
        if (printed_auc(a), printed_interval(a)) != (printed_auc(b), printed_interval(b)):
            continue
        apparent = Validation.APPARENT in {a.validation, b.validation} and a.validation != b.validation
        if apparent and a.marker == b.marker and len(printed_auc(a)) >= _ENOUGH_DIGITS:
            trained, tried = (first, second) if a.validation is Validation.APPARENT else (second, first)
            yield _training_value(trained, tried)
        elif a.ci_low is not None:
            yield _copied(first, second)


def marker_findings(cases: Iterable[Case], pools: Iterable[Pool]) -> Iterator[Finding]:
    """Of one study: markers that are not among its receptors, and the syntheses they are pooled in."""
    by_marker: dict[str, list[Case]] = {}
    for case in cases:
        if case.receptors and not any(_is_of(case.evaluation.marker, r) for r in case.receptors):
            by_marker.setdefault(case.evaluation.marker, []).append(case)
    pools = list(pools)
    for marker, group in by_marker.items():
        yield _not_analysed(marker, group, pools)


def _is_of(marker: str, receptor: str) -> bool:
    """Whether a marker is one of the receptor's: it begins with its words (``EGFR exon 19``; not ``EGFR-TKI``)."""
    words, name = _words(marker), _words(receptor)
    return words[: len(name)] == name


def _words(text: str) -> list[str]:
    return text.casefold().replace("-", "").split()


def _unmarked(case: Case, marked: int, of: int) -> Finding:
    said = (
        f"{printed_auc(case.evaluation)} has no footnote mark, where {marked} of the table's {of} AUCs tell by one "
        "how they were validated"
    )
    return case.finding(Kind.MARK_MISSING, said, "look up how it was validated, and add the mark")


def _training_value(trained: Case, tried: Case) -> Finding:
    said = f"{_numbers(tried.evaluation)} is the training value too ({trained.place})"
    mend = "compare it with the paper: what stands as validated may be apparent performance"
    return tried.finding(Kind.TRAINING_AS_VALIDATION, said, mend)


def _copied(first: Case, second: Case) -> Finding:
    said = f"{_numbers(second.evaluation)} stands for {first.named} too ({first.place})"
    return second.finding(
        Kind.SAME_NUMBERS, said, "compare both with the paper: one may be copied, or stand twice"
    )


def _not_analysed(marker: str, group: Sequence[Case], pools: Sequence[Pool]) -> Finding:
    first = group[0]
    keys = {(case.evaluation.study, case.evaluation.key) for case in group}
    names = [p.name for p in pools if keys & {(c.evaluation.study, c.evaluation.key) for c in p.cases}]
    pooled = f"; pooled in {', '.join(names)}" if names else ""
    several = f"{len(group)} AUCs" if len(group) > 1 else "an AUC"
    said = f"{several} for {marker}, but the receptors analysed are {', '.join(first.receptors)}{pooled}"
    mend = "add it to the study's receptors, or leave it out of syntheses that do not name it"
    place = "; ".join(case.place for case in group)
    return Finding(
        Kind.MARKER_NOT_ANALYSED,
        first.label,
        first.evaluation.key,
        place,
        said,
        mend,
        {"aucs": len(group), "marker": marker},
    )


def _numbers(e: Evaluation) -> str:
    interval = "" if e.ci_low is None else f" ({printed_interval(e)})"
    return f"{printed_auc(e)}{interval}"
