"""The PRISMA 2020 flow: one place for every record, counts from places, identities that must hold.

Page et al., BMJ 2021;372:n71 (statement) and n160 (explanation); box names are the official template's.
A review in progress has records that wait: they are counted in lines of their own ("awaiting"), so the
identities hold at every moment and a finished round prints none of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum

from curation.model import SourceKind
from screening.votes import Ruling, Verdict


class Place(StrEnum):
    """Where a record stands. Exactly one place each, at every moment."""

    DUPLICATE = "duplicate removed"
    AUTOMATION = "marked ineligible by automation"
    OTHER_REMOVED = "removed for other reasons"
    AWAITING_SCREENING = "awaiting screening"
    EXCLUDED = "record excluded"
    AWAITING_RETRIEVAL = "awaiting retrieval"
    NOT_RETRIEVED = "report not retrieved"
    AWAITING_ASSESSMENT = "awaiting assessment"
    REPORT_EXCLUDED = "report excluded"
    INCLUDED = "included"


class Retrieval(StrEnum):
    """What became of the attempt to get the full text."""

    AWAITED = "awaited"
    RETRIEVED = "retrieved"
    NOT_RETRIEVED = "not retrieved"


@dataclass(frozen=True, slots=True)
class RecordState:
    """What the flow must know of one record.

    ``lead`` is true for the one record that stands for its report; the others are its duplicates.
    ``removed`` is set where the record was taken out before screening by rule or for another reason.
    """

    record: int
    report: int
    source: str
    kind: SourceKind
    lead: bool
    abstract: Ruling
    fulltext: Ruling
    retrieval: Retrieval
    removed: Place | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A record in its place; ``reason`` is the code of the primary full-text exclusion reason."""

    record: int
    report: int
    source: str
    kind: SourceKind
    place: Place
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One counted line of a box, e.g. a source or an exclusion reason."""

    name: str
    n: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Studies and their reports."""

    studies: int
    reports: int


@dataclass(frozen=True, slots=True)
class Arm:
    """The boxes from retrieval to assessment, of one arm."""

    sought: int = 0
    not_retrieved: int = 0
    awaiting_retrieval: int = 0
    assessed: int = 0
    excluded: tuple[Line, ...] = ()
    awaiting_assessment: int = 0
    included: int = 0

    @property
    def excluded_total(self) -> int:
        """Reports excluded, over all primary reasons."""
        return sum(line.n for line in self.excluded)


@dataclass(frozen=True, slots=True)
class FlowCounts:
    """Every number of a PRISMA 2020 flow diagram. ``previous`` is None for a new review.

    ``removed_since`` counts studies and reports that left since the previous version, ``late`` those of earlier
    rounds that were included since (a decision changed after its round was published), ``other_overlap`` and
    ``other_arm_removed`` records of other methods that are duplicates, or were removed by automation or for
    other reasons; the template has no boxes for them, so they are printed as lines of their own.
    """

    databases: tuple[Line, ...]
    registers: tuple[Line, ...]
    duplicates: int
    automation: int
    other_removed: int
    awaiting_screening: int
    screened: int
    excluded: int
    main: Arm
    new: Totals
    total: Totals
    excluded_automation: int = 0
    other_sources: tuple[Line, ...] = ()
    other_overlap: int = 0
    other_arm_removed: int = 0
    other: Arm = Arm()
    previous: Totals | None = None
    removed_since: Totals = Totals(0, 0)
    late: Totals = Totals(0, 0)

    @property
    def identified(self) -> int:
        """Records identified from databases and registers."""
        return sum(line.n for line in (*self.databases, *self.registers))

    @property
    def awaiting(self) -> int:
        """Records and reports that still wait for somebody."""
        arms = (self.main, self.other)
        return self.awaiting_screening + sum(a.awaiting_retrieval + a.awaiting_assessment for a in arms)


class Broken(StrEnum):
    """How a rule of the flow is broken, in words about its two numbers."""

    UNEQUAL = "{left} is not {right}"
    EXCEEDED = "{left} is more than {right}"
    NEGATIVE = "it is {left}"


@dataclass(frozen=True, slots=True)
class Failure:
    """An identity or a limit that does not hold, with both its sides (``right`` is 0 for a negative count)."""

    identity: str
    left: int
    right: int
    how: Broken = Broken.UNEQUAL

    def __str__(self) -> str:
        """The identity with its numbers."""
        return f"{self.identity}: {self.how.format(left=self.left, right=self.right)}"


def placed(state: RecordState) -> Placed:
    """The one place of a record. Records of the other-methods arm are sought without screening (template v2)."""
    place, reason = _place(state)
    return Placed(state.record, state.report, state.source, state.kind, place, reason)


def _place(state: RecordState) -> tuple[Place, str | None]:
    if not state.lead:
        return Place.DUPLICATE, None
    if state.removed is not None:
        return state.removed, None
    if state.kind.main_arm and state.abstract.verdict is not Verdict.INCLUDE:
        out = state.abstract.verdict is Verdict.EXCLUDE
        return (Place.EXCLUDED if out else Place.AWAITING_SCREENING), None
    return _report_place(state)


def _report_place(state: RecordState) -> tuple[Place, str | None]:
    if state.retrieval is not Retrieval.RETRIEVED:
        missing = state.retrieval is Retrieval.NOT_RETRIEVED
        return (Place.NOT_RETRIEVED if missing else Place.AWAITING_RETRIEVAL), None
    match state.fulltext.verdict:
        case Verdict.INCLUDE:
            return Place.INCLUDED, None
        case Verdict.EXCLUDE:
            return Place.REPORT_EXCLUDED, state.fulltext.reason
        case _:
            return Place.AWAITING_ASSESSMENT, None


@dataclass(frozen=True, slots=True)
class Context:
    """What the places alone do not tell: names, the order of reasons, and the studies.

    ``sources`` maps nothing away: sources of the arm with no record print 0, since they were searched.
    """

    sources: Sequence[tuple[str, SourceKind]]
    reasons: Sequence[tuple[str, str]]
    new_studies: int
    previous: Totals | None = None
    removed_since: Totals = Totals(0, 0)
    late: Totals = Totals(0, 0)


_PAST_SCREENING = frozenset(
    {
        Place.EXCLUDED,
        Place.AWAITING_RETRIEVAL,
        Place.NOT_RETRIEVED,
        Place.AWAITING_ASSESSMENT,
        Place.REPORT_EXCLUDED,
        Place.INCLUDED,
    }
)


def counts(records: Iterable[Placed], context: Context) -> FlowCounts:
    """Flow counts of one set of records (a round, or several)."""
    everything = list(records)
    main = [r for r in everything if r.kind.main_arm]
    other = [r for r in everything if not r.kind.main_arm]
    at = Counter(r.place for r in main)
    main_arm, other_arm = _arm(main, context.reasons), _arm(other, context.reasons)
    new = Totals(context.new_studies, main_arm.included + other_arm.included)
    before = context.previous or Totals(0, 0)
    left, late = context.removed_since, context.late
    return FlowCounts(
        databases=_per_source(main, context, SourceKind.DATABASE),
        registers=_per_source(main, context, SourceKind.REGISTER),
        duplicates=at[Place.DUPLICATE],
        automation=at[Place.AUTOMATION],
        other_removed=at[Place.OTHER_REMOVED],
        awaiting_screening=at[Place.AWAITING_SCREENING],
        screened=sum(r.place in _PAST_SCREENING for r in main),
        excluded=at[Place.EXCLUDED],
        main=main_arm,
        new=new,
        total=Totals(
            before.studies + new.studies + late.studies - left.studies,
            before.reports + new.reports + late.reports - left.reports,
        ),
        other_sources=_per_kind(other, context),
        other_overlap=sum(r.place is Place.DUPLICATE for r in other),
        other_arm_removed=sum(r.place in {Place.AUTOMATION, Place.OTHER_REMOVED} for r in other),
        other=other_arm,
        previous=context.previous,
        removed_since=left,
        late=late,
    )


def _arm(records: Sequence[Placed], reasons: Sequence[tuple[str, str]]) -> Arm:
    at = Counter(r.place for r in records)
    why = Counter(r.reason for r in records if r.place is Place.REPORT_EXCLUDED)
    known = {code for code, _ in reasons}
    lines = [Line(label, why[code]) for code, label in reasons if why[code]]
    lines += [
        Line(code or "No reason given", n) for code, n in sorted(why.items(), key=str) if code not in known
    ]
    assessed = at[Place.REPORT_EXCLUDED] + at[Place.INCLUDED] + at[Place.AWAITING_ASSESSMENT]
    return Arm(
        sought=assessed + at[Place.NOT_RETRIEVED] + at[Place.AWAITING_RETRIEVAL],
        not_retrieved=at[Place.NOT_RETRIEVED],
        awaiting_retrieval=at[Place.AWAITING_RETRIEVAL],
        assessed=assessed,
        excluded=tuple(lines),
        awaiting_assessment=at[Place.AWAITING_ASSESSMENT],
        included=at[Place.INCLUDED],
    )


def _per_source(records: Sequence[Placed], context: Context, kind: SourceKind) -> tuple[Line, ...]:
    found = Counter(r.source for r in records if r.kind is kind)
    named = [name for name, of_kind in context.sources if of_kind is kind]
    return tuple(Line(name, found[name]) for name in (*named, *sorted(set(found) - set(named))))


def _per_kind(records: Sequence[Placed], context: Context) -> tuple[Line, ...]:
    found = Counter(r.kind for r in records)
    declared = {kind for _, kind in context.sources if not kind.main_arm}
    titles = {
        SourceKind.WEBSITE: "Websites",
        SourceKind.ORGANISATION: "Organisations",
        SourceKind.CITATION_SEARCHING: "Citation searching",
        SourceKind.OTHER: "Other methods",
    }
    return tuple(
        Line(title, found[kind]) for kind, title in titles.items() if kind in declared or found[kind]
    )


def failures(flow: FlowCounts) -> tuple[Failure, ...]:
    """What makes ``flow`` impossible; empty when it adds up.

    Identities of PRISMA 2020 that are broken, parts that are larger than their whole, and negative counts.
    """
    equal = [*_main_identities(flow), *_arm_identities("", flow.main)]
    equal += [*_other_identities(flow), *_arm_identities(" (other methods)", flow.other)]
    equal += _totals_identities(flow)
    broken = [Failure(name, a, b) for name, a, b in equal if a != b]
    broken += [Failure(name, a, b, Broken.EXCEEDED) for name, a, b in _limits(flow) if a > b]
    broken += [Failure(f"{name} >= 0", n, 0, Broken.NEGATIVE) for name, n in _numbers(flow) if n < 0]
    return tuple(broken)


Numbers = tuple[str, int, int]


def _main_identities(flow: FlowCounts) -> list[Numbers]:
    removed = flow.duplicates + flow.automation + flow.other_removed
    return [
        (
            "records screened = identified - removed before screening - awaiting screening",
            flow.screened,
            flow.identified - removed - flow.awaiting_screening,
        ),
        (
            "reports sought = records screened - records excluded",
            flow.main.sought,
            flow.screened - flow.excluded,
        ),
    ]


def _other_identities(flow: FlowCounts) -> list[Numbers]:
    found = sum(line.n for line in flow.other_sources)
    name = "reports sought by other methods = their records - duplicates - removed for other reasons"
    return [(name, flow.other.sought, found - flow.other_overlap - flow.other_arm_removed)]


def _arm_identities(suffix: str, arm: Arm) -> list[Numbers]:
    return [
        (
            f"reports assessed = sought - not retrieved - awaiting retrieval{suffix}",
            arm.assessed,
            arm.sought - arm.not_retrieved - arm.awaiting_retrieval,
        ),
        (
            f"reports included = assessed - excluded over primary reasons - awaiting assessment{suffix}",
            arm.included,
            arm.assessed - arm.excluded_total - arm.awaiting_assessment,
        ),
    ]


def _totals_identities(flow: FlowCounts) -> list[Numbers]:
    included = flow.main.included + flow.other.included
    rules = [("reports of new included studies = those of both arms", flow.new.reports, included)]
    if flow.new.reports == 0:
        rules.append(("no new study without a report of it", flow.new.studies, 0))
    before, left = flow.previous or Totals(0, 0), flow.removed_since
    for what in ("studies", "reports"):
        was, new, late, gone, now = (
            getattr(totals, what) for totals in (before, flow.new, flow.late, left, flow.total)
        )
        rules.append((f"total {what} = previous + new + late - removed since", now, was + new + late - gone))
        if flow.previous is None:
            rules.append(
                (f"nothing is removed since a previous version where there is none, {what}", gone, 0)
            )
            rules.append((f"nothing is late where there is no previous version, {what}", late, 0))
    return rules


def _limits(flow: FlowCounts) -> list[Numbers]:
    """Parts that cannot be more than their whole. A report may tell of several studies, so those are no limit."""
    automation = "records excluded by automation tools <= records excluded"
    limits = [(automation, flow.excluded_automation, flow.excluded)]
    if flow.previous is not None:
        left, before = flow.removed_since, flow.previous
        limits.append(("studies removed since <= previous studies", left.studies, before.studies))
        limits.append(("reports removed since <= previous reports", left.reports, before.reports))
    return limits


def _numbers(value: object, name: str = "") -> Iterator[tuple[str, int]]:
    """Every number inside ``value``, with the names of the fields that lead to it."""
    if isinstance(value, int):
        yield name, value
    elif isinstance(value, tuple):
        for line in value:
            yield from _numbers(line.n, f"{name}, {line.name}")
    elif is_dataclass(value):
        for field in fields(value):
            inner = f"{name}, {field.name}" if name else field.name
            yield from _numbers(getattr(value, field.name), inner.replace("_", " "))
