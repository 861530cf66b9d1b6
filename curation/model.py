"""The review's own words as types: what a record, a decision and an evaluation are.

Values only; nothing here reads or writes. PRISMA 2020's terms (Page et al., BMJ 2021;372:n71).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_LABELLED = re.compile(r"(?:([A-Z][A-Z /,&()-]{2,60}): )?(.*)", re.DOTALL)


class SourceKind(StrEnum):
    """How PRISMA 2020 sorts a source: the first two stand in the main arm, the others in *other methods*."""

    DATABASE = "database"
    REGISTER = "register"
    WEBSITE = "website"
    ORGANISATION = "organisation"
    CITATION_SEARCHING = "citation searching"
    OTHER = "other"

    @property
    def main_arm(self) -> bool:
        """Whether records from it are screened by title and abstract (databases and registers)."""
        return self in {SourceKind.DATABASE, SourceKind.REGISTER}


class Stage(StrEnum):
    """A stage at which people decide on a report."""

    ABSTRACT = "abstract"
    FULLTEXT = "fulltext"


class Decision(StrEnum):
    """One reviewer's decision. ``MAYBE`` goes forward like ``INCLUDE`` and exists at title/abstract only."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    MAYBE = "maybe"

    @property
    def forward(self) -> bool:
        """Whether the decision sends the report on."""
        return self is not Decision.EXCLUDE


class Relation(StrEnum):
    """What two records are to each other."""

    SAME = "same report"
    RELATED = "related"
    DIFFERENT = "different"
    UNSURE = "unsure"


class Validation(StrEnum):
    """How a performance estimate was obtained (Collins et al., TRIPOD; Moons et al., CHARMS 2014)."""

    APPARENT = "apparent"
    CROSS_VALIDATION = "cross-validation"
    BOOTSTRAP = "bootstrap"
    SPLIT_SAMPLE = "split-sample"
    TEMPORAL = "temporal"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Author:
    """A person (family name and initials) or a collective (family holds its name).

    ``name`` is the whole as the source printed it where that says more (``Hu, Yue``); it takes no part in
    comparison, since two databases print one person in two ways.
    """

    family: str
    initials: str = ""
    collective: bool = False
    name: str = field(default="", compare=False)

    def __str__(self) -> str:
        """Vancouver form: ``Hu Y``; a collective as it is named."""
        return f"{self.family} {self.initials}".strip()


class Number(StrEnum):
    """Identifiers beside DOI, PMID and PMCID: what a record is called in one database or register."""

    EMBASE = "embase"  # L-number, without the L
    WOS = "wos"  # UT, without WOS:
    SCOPUS = "scopus"  # EID
    CENTRAL = "central"  # CN-…
    TRIAL = "trial"  # NCT, ISRCTN, EUCTR and the like
    ISSN = "issn"
    ISBN = "isbn"


@dataclass(frozen=True, slots=True)
class Citation:
    """One version of a record's bibliographic fields, normalised; ``None`` or empty means the source gave none.

    ``title`` and ``abstract`` are without markup, ``title_given`` is the title as delivered where that differs.
    Paragraphs of the abstract are lines, a labelled section begins ``LABEL: `` (see ``sections``). ``date`` is
    ISO 8601 as far as it is known (``2024``, ``2024-03``, ``2024-03-15``). ``doi`` is bare and lower case
    (``10.1000/x``), ``pmid`` digits only, ``pmcid`` with its ``PMC``; ``numbers`` are the other identifiers.
    ``extra`` keeps every field that has no place here, verbatim, by the source's own tag.
    """

    title: str
    abstract: str = ""
    authors: tuple[Author, ...] = ()
    year: int | None = None
    journal: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    doi: str | None = None
    pmid: str | None = None
    pmcid: str | None = None
    language: tuple[str, ...] = ()
    publication_types: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    title_given: str = ""
    date: str = ""
    journal_short: str = ""
    numbers: Mapping[Number, tuple[str, ...]] = field(default_factory=dict)

    @property
    def sections(self) -> tuple[tuple[str, str], ...]:
        """The abstract as pairs of label and text; label empty where a paragraph has none."""
        paragraphs = (_LABELLED.fullmatch(line) for line in self.abstract.split("\n") if line)
        return tuple((found[1] or "", found[2]) for found in paragraphs if found)


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A record as one source delivered it.

    ``accession`` is the source's own number for it, or ``sha256:…`` of ``raw`` where the source gives none;
    ``raw`` is what was received, byte for byte (for text files: re-encoded as UTF-8); ``raw_format`` names it
    (``pubmed-xml``, ``ris``, ``nbib``). ``origin`` is the database or program that the record itself shows it
    came from (``embase``, ``scopus``, ``wos``, ``ovid-medline`` ...), empty where it does not show.
    """

    accession: str
    raw: bytes
    raw_format: str
    citation: Citation
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One performance estimate of one model in one study: the unit of pooling.

    ``auc`` and the interval are proportions (0 to 1) at ``ci_level``; ``n`` is the number of patients in the
    split in question, None where not reported. ``*_printed`` and ``*_mark`` keep what the page prints (digits,
    footnote marks); ``table``, ``row`` and ``column`` its place in the review's tables.
    """

    study: str
    key: str
    marker: str
    outcome: str
    model: str
    validation: Validation
    auc: float
    ci_low: float | None
    ci_high: float | None
    auc_printed: str
    table: int
    row: int
    column: int
    location: str
    ci_level: float = 0.95
    n: int | None = None
    n_location: str = ""
    ci_low_printed: str = ""
    ci_high_printed: str = ""
    validation_mark: str = ""
    ci_mark: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Age:
    """A printed mean and standard deviation (years) of one group of patients; digits as printed."""

    cohort: str
    subset: str
    group: str
    mean: str
    sd: str


@dataclass(frozen=True, slots=True)
class Study:
    """An included study with what was extracted of it. ``cohort_size`` is in patients, None where not reported."""

    key: str
    first_author: str
    authors: int
    year: int
    citation_number: int | None
    position: int
    cohort_size: int | None
    receptors: tuple[str, ...]
    primary_tumours: tuple[str, ...]
    ages: tuple[Age, ...]
    evaluations: tuple[Evaluation, ...]

    @property
    def label(self) -> str:
        """``Hu et al. (2024) [18]``, as the tables name a study."""
        more = " et al." if self.authors > 1 else ""
        number = f" [{self.citation_number}]" if self.citation_number is not None else ""
        return f"{self.first_author}{more} ({self.year}){number}"
