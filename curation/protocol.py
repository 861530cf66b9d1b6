"""The protocol of a review: what ``review.toml`` says, as frozen values.

Plain dataclasses, so that a vote need not import the validator; ``curation.config`` checks the file against
these same types with pydantic, all faults at once.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, ClassVar

from annotated_types import Ge, Le, MinLen

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


class ReasonRule(StrEnum):
    """What two full-text exclusions with different primary reasons come to."""

    CONFLICT = "conflict"
    HIGHER_RANKED = "higher-ranked"


@dataclass(frozen=True, slots=True)
class ReviewHead:
    """Title, question, and where the review is registered (PRISMA 2020 item 24) and published."""

    __pydantic_config__: ClassVar = _STRICT
    title: Text
    question: Text
    registration: str = ""
    doi: str = ""


@dataclass(frozen=True, slots=True)
class Criteria:
    """Eligibility criteria in the authors' words; ``number`` rises with each change of meaning."""

    __pydantic_config__: ClassVar = _STRICT
    include: Annotated[tuple[Text, ...], MinLen(1)]
    exclude: tuple[Text, ...] = ()
    number: Annotated[int, Ge(1)] = 1


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
    """A person of the team. One who has left keeps their decisions and is asked for no more (``active``)."""

    __pydantic_config__: ClassVar = _STRICT
    id: Text
    name: Text
    roles: Annotated[tuple[Role, ...], MinLen(1)]
    active: bool = True


@dataclass(frozen=True, slots=True)
class Screening:
    """How many independent votes settle a stage, and what differing reasons mean."""

    __pydantic_config__: ClassVar = _STRICT
    votes_abstract: Annotated[int, Ge(1), Le(5)] = 2
    votes_fulltext: Annotated[int, Ge(1), Le(5)] = 2
    differing_reasons: ReasonRule = ReasonRule.CONFLICT

    def votes(self, stage: Stage) -> int:
        """Votes needed at ``stage``."""
        return self.votes_abstract if stage is Stage.ABSTRACT else self.votes_fulltext


@dataclass(frozen=True, slots=True)
class Living:
    """Living mode as PRISMA-LSR asks to state it: when evidence is integrated, and when the mode ends."""

    __pydantic_config__: ClassVar = _STRICT
    integration: Text
    retirement: Text
    started: dt.date | None = None


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
    """A declared pooling: which evaluations, by which method. Empty ``markers`` takes every marker."""

    __pydantic_config__: ClassVar = _STRICT
    id: Text
    title: Text
    method: Method
    validation: Annotated[tuple[Validation, ...], MinLen(1)]
    markers: tuple[Text, ...] = ()
    primary: bool = False


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
