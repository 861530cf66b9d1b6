"""Agreement in words: single measures, and the paragraph for the methods section of a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from curation.model import Stage
from curation.tasks.agreement import By, Group, Question, StageAgreement, agreement
from curation.tasks.calibration_rounds import Round, rounds
from curation.tasks.review import Review
from screening.agreement import Agreement, Drift, Estimate, Interval, Undefined

STAGES = {Stage.ABSTRACT: "title/abstract", Stage.FULLTEXT: "full text"}
_READ = {
    Stage.ABSTRACT: ("title and abstract", "titles and abstracts"),
    Stage.FULLTEXT: ("full text", "full texts"),
}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_TWO = 2


def paragraph(review: Review, level: float) -> str:
    """How agreement was come by and what it was, in sentences for the methods section.

    Says nothing of a stage at which no report has two votes.
    """
    found = agreement(review, Question(by=By.PAIR, level=level))
    calibrated = [r for r in rounds(review.sql, review.protocol) if r.closed]
    sentences = [*_calibrated(calibrated), *(s for stage in found for s in _stage(stage))]
    if not sentences:
        return "No report has been screened by two reviewers yet."
    return " ".join([*sentences, *_how(found)])


def told(value: float | Estimate | Interval | Drift | Undefined, digits: int = 2) -> str:
    """A measure as it is printed: ``0.77 (95% CI 0.68 to 0.86)``, ``undefined (reason)``."""
    match value:
        case Undefined():
            return str(value)
        case Interval(low, high, level):
            return f"{100 * level:g}% CI {low:.{digits}f} to {high:.{digits}f}"
        case Estimate(middle, _, Interval() as interval):
            return f"{middle:.{digits}f} ({told(interval, digits)})"
        case Estimate(middle, _, Undefined()):
            return f"{middle:.{digits}f} (interval undefined: standard error 0)"
        case Drift(difference, interval):
            return f"{difference:+.{digits}f} ({told(interval, digits)})"
        case _:
            return f"{value:.{digits}f}"


def percent(value: float | Undefined) -> str:
    """A share as a percentage with one decimal."""
    return str(value) if isinstance(value, Undefined) else f"{100 * value:.1f}%"


def _calibrated(closed: Sequence[Round]) -> Iterator[str]:
    for one in closed:
        people, found = _number(len(one.measured.reviewers)), one.gate
        if found is None or not one.measured.reports:
            continue
        yield (
            f"In calibration round {one.number}, {people} reviewers read the same {len(one.measured.reports)} reports "
            f"({STAGES[one.stage]}), some of them chosen as likely to be included, and agreed on "
            f"{found.agreement.unanimous} ({percent(found.agreement.percent)}); {_amended(one.measured.amendments)}."
        )


def _amended(amendments: Sequence[str]) -> str:
    n = len(amendments)
    return (
        f"{_number(n)} amendment{'s' if n != 1 else ''} of the criteria followed"
        if n
        else "no criterion was changed"
    )


def _stage(stage: StageAgreement) -> Iterator[str]:
    one, many = _READ[stage.stage]
    if stage.undefined:
        yield f"Agreement on {many} was not measured: {stage.undefined.reason}."
        return
    whole = stage.groups[0].agreement
    if whole.reports:
        people = sorted({name for pair in whole.pairs for name in (pair.first, pair.second)})
        n = f"{whole.reports:,} {one if whole.reports == 1 else many}"
        who = "Two reviewers" if len(people) == _TWO else f"{_number(len(people)).capitalize()} reviewers"
        each = "" if len(people) == _TWO else ", at least two for each report,"
        yield (
            f"{who}{each} screened {n} independently and agreed on {whole.unanimous:,} "
            f"({percent(whole.percent)}); {_chance_corrected(whole)}."
        )
    yield from (_under(group, many) for group in stage.groups[1:] if group.agreement.reports)


def _under(group: Group, many: str) -> str:
    share = percent(group.agreement.percent)
    return f"Under {group.name}, they agreed on {share} of {group.agreement.reports:,} {many}."


def _chance_corrected(whole: Agreement) -> str:
    if len(whole.pairs) > 1:
        return f"Krippendorff's alpha was {told(whole.alpha)}{_range(whole)}"
    pair = whole.pairs[0]
    return (
        f"Cohen's kappa was {told(pair.kappa)}, Gwet's AC1 {told(pair.ac1)}, "
        f"positive agreement {percent(pair.positive)} and negative agreement {percent(pair.negative)}"
    )


def _range(whole: Agreement) -> str:
    """Least and greatest kappa of a pair, where a pair has one."""
    kappas = sorted(pair.kappa.value for pair in whole.pairs if isinstance(pair.kappa, Estimate))
    if not kappas:
        return ""
    if len(kappas) == 1:
        return f", Cohen's kappa {kappas[0]:.2f} for the one pair that has one"
    return f", Cohen's kappa {kappas[0]:.2f} to {kappas[-1]:.2f} for the pairs of reviewers"


def _how(found: Sequence[StageAgreement]) -> Iterator[str]:
    yield "A maybe counted as an include; only first votes count, cast before either reviewer could know the other's."
    single = {stage.stage: stage.single for stage in found if stage.single}
    if single:
        left = " and ".join(f"{n:,} {_READ[stage][0 if n == 1 else 1]}" for stage, n in single.items())
        yield f"Not counted: {left} with only one vote, or without every vote it needs."


def _number(n: int) -> str:
    return _NUMBERS[n] if n < len(_NUMBERS) else str(n)
