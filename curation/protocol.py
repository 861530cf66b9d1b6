"""The protocol of a review: what ``review.toml`` says, as frozen values.

Plain dataclasses, so that a vote need not import the validator; ``curation.config`` checks the file against
these same types with pydantic, all faults at once.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt, Le, Lt, MinLen

from curation.model import SourceKind, Stage, Validation

Text = Annotated[str, MinLen(1)]
_STRICT = {"extra": "forbid", "str_strip_whitespace": True}


class Role(StrEnum):
    """What a reviewer may do."""

    SCREENER = "screener"
    ADJUDICATOR = "adjudicator"
    EXTRACTOR = "extractor"


class Service(StrEnum):
    """Where a source's records come from: asked over the network, a file somebody exported, an earlier version."""

    PUBMED = "pubmed"
    EUROPEPMC = "europepmc"
    FILE = "file"
    PREVIOUS = "previous"


class Method(StrEnum):
    """How a synthesis pools (see ``curation.synthesis``)."""

    PUBLISHED = "published"
    RECOMMENDED = "recommended"


class PoolScale(StrEnum):
    """The scale on which AUCs are pooled."""

    LOGIT = "logit"
    RAW = "raw"


class Estimator(StrEnum):
    """What estimates the variance between studies; ``common effect`` takes it to be 0."""

    REML = "REML"
    DL = "DL"
    ML = "ML"
    PM = "PM"
    EB = "EB"
    SJ = "SJ"
    HS = "HS"
    HE = "HE"
    COMMON = "common effect"


class MeanInterval(StrEnum):
    """The interval of the mean: Hartung and Knapp's with or without its variance factor kept from 1 on, or Wald's."""

    GUARDED = "hartung-knapp-guarded"
    HARTUNG_KNAPP = "hartung-knapp"
    WALD = "wald"


class PredictionBy(StrEnum):
    """The quantile of the prediction interval: t on k - 2, or that of the interval of the mean."""

    K_MINUS_2 = "k-2"
    LIKE_MEAN = "like the mean"


class LimitsBy(StrEnum):
    """How a printed interval gives the error on the logit scale: by the delta method, or by limits taken there."""

    DELTA = "delta"
    LOGIT = "logit"


class Missing(StrEnum):
    """What becomes of an AUC with nothing to make a standard error of.

    ``borrow`` lends it the others' average interval, as the published method does; such a result is flagged.
    """

    LEAVE_OUT = "leave out"
    BORROW = "borrow"


class Dependence(StrEnum):
    """How several AUCs of the same patients are handled."""

    ONE_A_STUDY = "one a study"
    THREE_LEVEL = "three-level"
    INDEPENDENT = "as if independent"


class Analysis(StrEnum):
    """A sensitivity analysis that every synthesis can ask for by name."""

    COMMON_EFFECT = "common effect"
    RAW_SCALE = "raw scale"
    LOGIT_LIMITS = "limits on the logit scale"
    ESTIMATORS = "other estimators"
    UNGUARDED = "unguarded hartung-knapp"
    WALD = "wald interval"
    BORROWED = "borrowed intervals"
    RHO = "other correlations"
    LEAVE_ONE_OUT = "leave one out"
    WITHOUT_FLAGGED = "without clipped intervals"
    WITHOUT_RETRACTED = "without retracted"
    SMALL_STUDIES = "small-study effects"
    TRIM_AND_FILL = "trim and fill"


class ReasonRule(StrEnum):
    """What two full-text exclusions with different primary reasons come to."""

    CONFLICT = "conflict"
    HIGHER_RANKED = "higher-ranked"


class SecondVotes(StrEnum):
    """Who gets a second title/abstract vote: all, a random sample, or only what the first vote would exclude."""

    ALL = "all"
    SAMPLE = "sample"
    EXCLUDES = "excludes"


class Disagreement(StrEnum):
    """What include against exclude comes to at title/abstract: a conflict, or (safety first) the report goes on."""

    CONFLICT = "conflict"
    FORWARD = "forward"


class Assignment(StrEnum):
    """Who reads which report: anybody, each a share of them, or pairs that rotate."""

    ALL = "all"
    SHARES = "shares"
    PAIRS = "pairs"


class Order(StrEnum):
    """In which order a reviewer reads: as the reports came, or the likeliest first."""

    ARRIVAL = "arrival"
    RANKED = "ranked"


class Without(StrEnum):
    """Where reports without an abstract stand in the queue."""

    LAST = "last"
    FIRST = "first"
    AMONG = "among the others"


class Preset(StrEnum):
    """Keys as in another tool; ``i`` is include in Rayyan and irrelevant in ASReview."""

    LIVREV = "livrev"
    ASREVIEW = "asreview"
    RAYYAN = "rayyan"
    COVIDENCE = "covidence"


class CountedAs(StrEnum):
    """The PRISMA box of what a removal rule takes out before screening."""

    AUTOMATION = "automation"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ReviewHead:
    """Title, question, and where the review is registered (PRISMA 2020 item 24) and published."""

    __pydantic_config__: ClassVar = _STRICT
    title: Text
    question: Text
    registration: str = ""
    doi: str = ""


@dataclass(frozen=True, slots=True)
class Amendment:
    """A change of the criteria: it makes them number ``number``, and may reopen exclusions for ``reasons``.

    Codes of exclusion reasons whose criterion changed; empty ``reasons`` concern every exclusion.
    """

    __pydantic_config__: ClassVar = _STRICT
    number: Annotated[int, Ge(2)]
    what: Text
    reasons: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Criteria:
    """Eligibility criteria in the authors' words; ``number`` rises with each change of meaning."""

    __pydantic_config__: ClassVar = _STRICT
    include: Annotated[tuple[Text, ...], MinLen(1)]
    exclude: tuple[Text, ...] = ()
    number: Annotated[int, Ge(1)] = 1
    amendments: tuple[Amendment, ...] = ()


@dataclass(frozen=True, slots=True)
class ExclusionReason:
    """One full-text exclusion reason; the order in the file is the order in which criteria are checked."""

    __pydantic_config__: ClassVar = _STRICT
    code: Text
    label: Text


@dataclass(frozen=True, slots=True)
class Source:
    """A place that is searched, with its one strategy. ``interval_days`` 0 means: on demand only."""

    __pydantic_config__: ClassVar = _STRICT
    key: Text
    name: Text
    kind: SourceKind
    strategy: Text
    service: Service = Service.FILE
    platform: str = ""
    limits: str = ""
    interval_days: Annotated[int, Ge(0), Le(3650)] = 0


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person of the team. One who has left keeps their decisions and is asked for no more (``active``).

    ``share``: how much they read under the assignment "shares", in proportion to the others'.
    """

    __pydantic_config__: ClassVar = _STRICT
    id: Text
    name: Text
    roles: Annotated[tuple[Role, ...], MinLen(1)]
    active: bool = True
    share: Annotated[float, Ge(0)] = 1


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of the screening app: a preset, and single keys set otherwise (empty: as in the preset).

    Names of keys are Textual's: ``i``, ``I``, ``space``, ``f2``, ``right``.
    """

    __pydantic_config__: ClassVar = _STRICT
    preset: Preset = Preset.LIVREV
    include: str = ""
    exclude: str = ""
    maybe: str = ""
    undo: str = ""
    skip: str = ""
    back: str = ""
    note: str = ""
    tag: str = ""
    flag: str = ""
    highlights: str = ""
    find: str = ""
    criteria: str = ""
    keywords: str = ""
    open: str = ""
    help: str = ""
    quit: str = ""


@dataclass(frozen=True, slots=True)
class Removal:
    """A rule that takes records out before screening by their publication types, e.g. ``Editorial``.

    A report goes where each of its records that names types has one of these, and nobody has voted on it.
    """

    __pydantic_config__: ClassVar = _STRICT
    name: Text
    publication_types: Annotated[tuple[Text, ...], MinLen(1)]
    counted_as: CountedAs = CountedAs.OTHER


@dataclass(frozen=True, slots=True)
class Screening:
    """How a stage is settled, who reads what in which order, and what the screen shows.

    ``sample`` is the share of reports that get a second vote under ``second_abstract`` "sample". ``highlight`` and
    ``highlight_against`` are terms (``metasta*``) that speak for and against inclusion; empty ``highlight`` takes the
    words of the search strategies. ``target_recall`` and ``confidence`` are those of the stopping test, fixed
    beforehand; ``calibration_agreement`` is the least share of agreement that passes a calibration round.
    """

    __pydantic_config__: ClassVar = _STRICT
    votes_abstract: Annotated[int, Ge(1), Le(5)] = 2
    votes_fulltext: Annotated[int, Ge(1), Le(5)] = 2
    second_abstract: SecondVotes = SecondVotes.ALL
    sample: Annotated[float, Ge(0), Le(1)] = 0.2
    disagreement_abstract: Disagreement = Disagreement.CONFLICT
    differing_reasons: ReasonRule = ReasonRule.CONFLICT
    assignment: Assignment = Assignment.ALL
    order: Order = Order.ARRIVAL
    without_abstract: Without = Without.LAST
    show_authors: bool = False
    highlight: tuple[Text, ...] = ()
    highlight_against: tuple[Text, ...] = ()
    keys: Keys = field(default_factory=Keys)
    target_recall: Annotated[float, Gt(0), Le(1)] = 0.95
    confidence: Annotated[float, Gt(0), Lt(1)] = 0.95
    calibration_agreement: Annotated[float, Ge(0), Le(1)] = 0.75

    def votes(self, stage: Stage) -> int:
        """Votes needed at ``stage``."""
        return self.votes_abstract if stage is Stage.ABSTRACT else self.votes_fulltext


@dataclass(frozen=True, slots=True)
class IntegrationRule:
    """When the evidence since the last release is to be integrated; 0 and empty ask for nothing. Any one suffices.

    ``new_studies`` with an AUC; ``change`` of a pooled AUC, either way; ``thresholds`` that an end of its interval or
    prediction interval passes. Looked at in ``synthesis`` (its id; empty: the primary ones).
    """

    __pydantic_config__: ClassVar = _STRICT
    new_studies: Annotated[int, Ge(0)] = 0
    change: Annotated[float, Ge(0), Lt(1)] = 0
    thresholds: tuple[Annotated[float, Gt(0), Lt(1)], ...] = ()
    synthesis: str = ""


@dataclass(frozen=True, slots=True)
class Living:
    """Living mode as PRISMA-LSR asks to state it: when evidence is integrated, and when the mode ends.

    ``rule`` is ``integration`` as far as a program can look after it.
    """

    __pydantic_config__: ClassVar = _STRICT
    integration: Text
    retirement: Text
    started: dt.date | None = None
    rule: IntegrationRule = field(default_factory=IntegrationRule)


@dataclass(frozen=True, slots=True)
class Ncbi:
    """Who asks NCBI. The API key is read from the environment (NCBI_API_KEY) and stands in no file."""

    __pydantic_config__: ClassVar = _STRICT
    email: str = ""
    tool: Text = "livrev"


@dataclass(frozen=True, slots=True)
class Services:
    """Open services beside the sources, each off until it is wanted (``curation.tasks.services``)."""

    __pydantic_config__: ClassVar = _STRICT
    crossref: bool = False
    idconv: bool = False
    unpaywall: bool = False
    europepmc: bool = False


@dataclass(frozen=True, slots=True)
class Footnote:
    """What a mark means that stands in the cells of the tables, e.g. ``²``."""

    __pydantic_config__: ClassVar = _STRICT
    mark: Text
    meaning: Text


@dataclass(frozen=True, slots=True)
class Output:
    """Where rendered output goes, relative to the review's folder, and what the marks in its tables mean."""

    __pydantic_config__: ClassVar = _STRICT
    folder: Text = "reports"
    footnotes: tuple[Footnote, ...] = ()


@dataclass(frozen=True, slots=True)
class Synthesis:
    """A declared pooling: which evaluations, by which method. Empty ``markers`` and ``outcomes`` take every one.

    What follows ``outcomes`` belongs to the recommended method. ``rho`` are the correlations assumed between AUCs of
    the same patients under "three-level": the first is the analysis, the others its sensitivity. ``subgroups`` are
    "marker", "validation" or fields of the studies. ``sensitivity`` names analyses (``Analysis``) and other
    syntheses by id; ``only_sensitivity``: shown with those that name it, and nowhere else.
    """

    __pydantic_config__: ClassVar = _STRICT
    id: Text
    title: Text
    method: Method
    validation: Annotated[tuple[Validation, ...], MinLen(1)]
    markers: tuple[Text, ...] = ()
    primary: bool = False
    outcomes: tuple[Text, ...] = ()
    scale: PoolScale = PoolScale.LOGIT
    limits: LimitsBy = LimitsBy.DELTA
    estimator: Estimator = Estimator.REML
    interval: MeanInterval = MeanInterval.GUARDED
    prediction: PredictionBy = PredictionBy.K_MINUS_2
    level: Annotated[float, Gt(0), Lt(1)] = 0.95
    missing: Missing = Missing.LEAVE_OUT
    dependence: Dependence = Dependence.ONE_A_STUDY
    rho: Annotated[tuple[Annotated[float, Gt(-1), Lt(1)], ...], MinLen(1)] = (0.5,)
    subgroups: tuple[Text, ...] = ()
    sensitivity: tuple[Text, ...] = ()
    only_sensitivity: bool = False


@dataclass(frozen=True, slots=True)
class Protocol:
    """The whole of ``review.toml``."""

    __pydantic_config__: ClassVar = _STRICT
    review: ReviewHead
    criteria: Criteria
    exclusion_reasons: Annotated[tuple[ExclusionReason, ...], MinLen(1)]
    sources: Annotated[tuple[Source, ...], MinLen(1)]
    reviewers: Annotated[tuple[Reviewer, ...], MinLen(1)]
    living: Living
    screening: Screening = field(default_factory=Screening)
    removals: tuple[Removal, ...] = ()
    ncbi: Ncbi = field(default_factory=Ncbi)
    services: Services = field(default_factory=Services)
    output: Output = field(default_factory=Output)
    syntheses: tuple[Synthesis, ...] = ()

    def reviewer(self, name: str) -> Reviewer | None:
        """Reviewer with this id, or None."""
        return next((r for r in self.reviewers if r.id == name), None)

    def source(self, key: str) -> Source | None:
        """Source with this key, or None."""
        return next((s for s in self.sources if s.key == key), None)

    def reason(self, code: str) -> ExclusionReason | None:
        """Full-text exclusion reason with this code, or None."""
        return next((r for r in self.exclusion_reasons if r.code == code), None)

    def with_role(self, role: Role) -> tuple[Reviewer, ...]:
        """Active reviewers who hold ``role``."""
        return tuple(r for r in self.reviewers if r.active and role in r.roles)
