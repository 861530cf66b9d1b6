"""What a publication prints about its own evidence, recounted from that evidence.

The claims are data, kept with the release under ``reported`` as that publication prints them; what does not follow
from the tables is found by counting.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, MinLen

from curation.errors import BadInput
from curation.extraction.checks_values import Case, Finding, Kind, half_unit, printed_auc
from curation.faults import checked_as
from curation.model import Validation

_STRICT = {"extra": "forbid"}
_ROUNDING = 1e-9
_HALF = 0.5
_MEND = "mend the sentence, or the table it speaks of"
_PERCENT = re.compile(r"\d+(\.\d+)?")
Text = Annotated[str, MinLen(1)]
Count = Annotated[int, Ge(0)]


@dataclass(frozen=True, slots=True)
class Studied:
    """A study as its overview prints it: label, cohort size, receptors, and its evaluations."""

    key: str
    label: str
    cohort: int | None
    receptors: tuple[str, ...]
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` of ``of`` studies printed as ``percent``; with ``receptor``, those that analysed it."""

    __pydantic_config__: ClassVar = _STRICT
    count: Count
    of: Annotated[int, Ge(1)]
    percent: Text
    where: Text
    receptor: str = ""


@dataclass(frozen=True, slots=True)
class StudyCount:
    """How many report AUCs of these kinds (with ``interval``, and their intervals): ``studies``, or ``most``."""

    __pydantic_config__: ClassVar = _STRICT
    said: Text
    where: Text
    validation: Annotated[tuple[Validation, ...], MinLen(1)]
    interval: bool = False
    studies: Count | None = None
    most: bool = False


@dataclass(frozen=True, slots=True)
class AucClaim:
    """What is said of a study's AUCs of some kinds and markers (none: any): ``above`` a value, or ``highest``."""

    __pydantic_config__: ClassVar = _STRICT
    said: Text
    where: Text
    study: Text
    validation: tuple[Validation, ...] = ()
    markers: tuple[Text, ...] = ()
    above: Annotated[float, Ge(0)] | None = None
    highest: bool = False


@dataclass(frozen=True, slots=True)
class SizeShown:
    """A table that gives no numbers of patients, so that a reader takes the cohorts printed ``where``."""

    __pydantic_config__: ClassVar = _STRICT
    table: Annotated[int, Ge(1)]
    where: Text


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of one publication: sums over cohorts (patients), shares, counts, AUCs, sizes shown."""

    __pydantic_config__: ClassVar = {"extra": "ignore"}  # other numbers stand there too
    patients: int | None = None
    mean_cohort: int | float | None = None
    sd_cohort: int | float | None = None
    smallest_cohort: int | None = None
    largest_cohort: int | None = None
    shares: tuple[Share, ...] = ()
    counts: tuple[StudyCount, ...] = ()
    aucs: tuple[AucClaim, ...] = ()
    sizes: tuple[SizeShown, ...] = ()


def claims(reported: Mapping[str, object], publication: str) -> Claims:
    """The claims among what a publication printed. Raises BadInput with every fault at once."""
    found, faults = checked_as(Claims, reported, "see db/reference/release-1.0.toml")
    told = [said for _, said in faults]
    for index, share in enumerate(found.shares if found else (), 1):
        if not _PERCENT.fullmatch(share.percent):
            told.append(
                f'shares.{index}.percent: must be a number as printed, like "18.2"; it is {share.percent!r}'
            )
    if found is None or told:
        message = (
            f"what {publication} reported cannot be read as claims; mend [reported] where it was written"
        )
        raise BadInput(message, faults=tuple(told))
    return found


def claim_findings(said: Claims, studies: Sequence[Studied]) -> Iterator[Finding]:
    """Claims that the studies do not bear out."""
    yield from _cohorts(said, studies)
    for share in said.shares:
        yield from share_findings(share.count, share.of, share.percent, share.where)
        yield from _recounted(share, studies)
    for count in said.counts:
        yield from _count(count, studies)
    for claim in said.aucs:
        yield from _auc(claim, studies)
    for size in said.sizes:
        yield from _size(size, studies)


def share_findings(count: int, of: int, percent: str, where: str) -> Iterator[Finding]:
    """A printed percentage that is not ``count`` of ``of`` rounded to its digits."""
    exact = 100 * count / of
    if abs(exact - float(percent)) > half_unit(percent) + _ROUNDING:
        decimals = len(percent.partition(".")[2])
        said = f"{count} of {of} is printed as {percent} %; it is {exact:.{decimals}f} % ({exact:.3f})"
        mend = "print the percentage that the counts give, or compare the counts with the paper"
        yield Finding(
            Kind.PERCENTAGE, "", "", where, said, mend, {"count": count, "of": of, "percent": float(percent)}
        )


def _recounted(share: Share, studies: Sequence[Studied]) -> Iterator[Finding]:
    if not share.receptor:
        return
    counted = sum(share.receptor in study.receptors for study in studies)
    if (counted, len(studies)) != (share.count, share.of):
        said = f"{share.count} of {share.of} studies are said to analyse {share.receptor}; it is {counted} of {len(studies)}"
        yield _claim(Kind.COUNT, share.where, said, studies=counted)


def _cohorts(said: Claims, studies: Sequence[Studied]) -> Iterator[Finding]:
    sizes = [study.cohort for study in studies if study.cohort is not None]
    if not sizes:
        return
    checked = [
        ("patients in all", said.patients, sum(sizes)),
        ("mean cohort", said.mean_cohort, statistics.fmean(sizes)),
        ("smallest cohort", said.smallest_cohort, min(sizes)),
        ("largest cohort", said.largest_cohort, max(sizes)),
    ]
    if len(sizes) > 1:
        checked.append(("standard deviation of the cohorts", said.sd_cohort, statistics.stdev(sizes)))
    for name, printed, exact in checked:
        if printed is not None and abs(exact - printed) > half_unit(str(printed)) + _ROUNDING:
            told = f"{name} is printed as {printed}; the cohorts of {len(sizes)} studies give {exact:.6g}"
            yield _claim(Kind.NUMBER, "the numbers it reports", told, printed=printed, exact=round(exact, 4))


def _count(count: StudyCount, studies: Sequence[Studied]) -> Iterator[Finding]:
    having = [s for s in studies if any(_meets(case, count) for case in s.cases)]
    n, of = len(having), len(studies)
    told = f"“{count.said}”: it is {n} of {of}"
    if count.studies is not None and count.studies != n:
        bare = [s for s in studies if s not in having and any(_of_kind(c, count.validation) for c in s.cases)]
        without = f"; without an interval: {_labels(bare)}" if count.interval and bare else ""
        yield _claim(Kind.COUNT, count.where, told + without, printed=count.studies, studies=n)
    if count.most and of and n <= _HALF * of:
        yield _claim(Kind.COUNT, count.where, f"{told} ({100 * n / of:.1f} %)", studies=n, of=of)


def _auc(claim: AucClaim, studies: Sequence[Studied]) -> Iterator[Finding]:
    study = next((s for s in studies if s.key == claim.study), None)
    own = [case for case in study.cases if _claimed(case, claim)] if study else []
    label = study.label if study else claim.study
    lower = [case for case in own if claim.above is not None and case.evaluation.auc <= claim.above]
    better = list(_better(claim, own, studies)) if claim.highest else []
    if not own:
        kinds = " or ".join((*claim.markers, *claim.validation)) or "such"
        yield _not_borne_out(claim, label, f"the tables hold no {kinds} AUC of {label}")
    if lower:
        yield _not_borne_out(claim, label, f"not above {claim.above:g} is {_told(lower)}")
    if better:
        yield _not_borne_out(claim, label, f"{label} is behind {_told(better, named=True)}")


def _not_borne_out(claim: AucClaim, label: str, said: str) -> Finding:
    told = f"“{claim.said}”: {said}"
    return Finding(Kind.CLAIM, label, "", claim.where, told, _MEND)


def _better(claim: AucClaim, own: Sequence[Case], studies: Sequence[Studied]) -> Iterator[Case]:
    """AUCs of other studies that are higher, each compared with the study's best for the same marker."""
    best: dict[str, float] = {}
    for case in own:
        best[case.evaluation.marker] = max(case.evaluation.auc, best.get(case.evaluation.marker, 0.0))
    for study in studies:
        for case in study.cases if study.key != claim.study else ():
            marker = case.evaluation.marker
            if _claimed(case, claim) and marker in best and case.evaluation.auc > best[marker]:
                yield case


def _size(size: SizeShown, studies: Sequence[Studied]) -> Iterator[Finding]:
    for study in studies:
        for case in study.cases:
            e = case.evaluation
            if e.table == size.table and e.n is not None and e.n != study.cohort:
                said = (
                    f"the AUC {printed_auc(e)} is of {e.n} patients ({e.n_location or 'see n'}); the only number shown "
                    f"is the cohort of {study.cohort} ({size.where})"
                )
                mend = "show and weigh by the patients of the split"
                yield case.finding(Kind.COHORT_AS_N, said, mend, n=e.n, cohort=study.cohort or 0)


def _meets(case: Case, count: StudyCount) -> bool:
    return _of_kind(case, count.validation) and (not count.interval or case.evaluation.ci_low is not None)


def _of_kind(case: Case, kinds: Sequence[Validation]) -> bool:
    return not kinds or case.evaluation.validation in kinds


def _claimed(case: Case, claim: AucClaim) -> bool:
    return _of_kind(case, claim.validation) and (not claim.markers or case.evaluation.marker in claim.markers)


def _told(cases: Sequence[Case], *, named: bool = False) -> str:
    return ", ".join(
        f"{printed_auc(c.evaluation)} ({f'{c.label}, ' if named else ''}{c.named}; {c.place})" for c in cases
    )


def _labels(studies: Sequence[Studied]) -> str:
    return ", ".join(study.label for study in studies)


def _claim(kind: Kind, where: str, said: str, **numbers: float | str) -> Finding:
    return Finding(kind, "", "", where, said, _MEND, numbers)
