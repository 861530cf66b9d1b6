"""The weights: what each finding about two records is worth, as data that a benchmark can fit anew.

A finding is the level at which one field of two records agrees. Points are rounded log-odds in the manner of
Fellegi & Sunter (J Am Stat Assoc 1969;64:1183): positive speaks for one report, negative against it, and what a
record does not tell is worth nothing, never agreement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Raise it with any change that can change a verdict: it is stored with every judgement.
ENGINE = "livrev-dedupe 1"

# finding: (points, what a person reads)
FINDINGS: Mapping[str, tuple[float, str]] = {
    "identifier same": (8.0, "one number in the same database"),
    "identifier other": (-3.0, "two numbers in the same database"),
    "identifier missing": (0.0, ""),
    "doi same": (6.0, "the same DOI"),
    "doi shared": (0.0, "a DOI that several titles share"),
    "doi other": (-4.0, "two DOIs"),
    "doi missing": (0.0, ""),
    "title same": (6.0, "the same title"),
    "title same but common": (2.0, "the same title, one that many texts bear"),
    "title close": (5.5, "the same title but for spelling"),
    "title shortened": (3.5, "one title that begins as the other"),
    "title extra words": (3.0, "one title with more words"),
    "title words swapped": (-2.0, "titles with other words"),
    "title other": (-7.0, "two titles"),
    "title missing": (0.0, ""),
    "authors same": (3.0, "the same authors"),
    "authors most": (1.5, "mostly the same authors"),
    "authors first": (1.0, "the same first author"),
    "authors some": (-0.5, "some authors in common"),
    "authors none": (-4.0, "no author in common"),
    "authors missing": (0.0, ""),
    "year same": (1.0, "the same year"),
    "year next": (0.0, "neighbouring years"),
    "year apart": (-3.0, "years apart"),
    "year missing": (0.0, ""),
    "journal same": (1.5, "the same journal"),
    "journal like": (0.5, "journals of like name"),
    "journal other": (-1.5, "two journals"),
    "journal missing": (0.0, ""),
    "volume same": (1.0, "the same volume"),
    "volume other": (-2.0, "two volumes"),
    "volume missing": (0.0, ""),
    "issue same": (0.5, "the same issue"),
    "issue other": (-1.0, "two issues"),
    "issue missing": (0.0, ""),
    "pages same": (4.0, "the same pages"),
    "pages start same": (3.0, "the same first page"),
    "pages end same": (2.0, "the same last page"),
    "pages first": (0.5, "page 1 in both"),
    "pages unlike": (0.0, "pages numbered in two ways"),
    "pages near": (-2.5, "neighbouring pages"),
    "pages other": (-3.0, "other pages"),
    "pages missing": (0.0, ""),
    "abstract same": (4.0, "the same abstract"),
    "abstract like": (1.0, "like abstracts"),
    "abstract other": (-2.0, "two abstracts"),
    "abstract missing": (0.0, ""),
}
POINTS: Mapping[str, float] = {finding: points for finding, (points, _) in FINDINGS.items()}


@dataclass(frozen=True, slots=True)
class Weights:
    """Points of every finding, the score at which records join, and the one at which a person is asked."""

    points: Mapping[str, float] = field(default_factory=lambda: POINTS)
    join: float = 9.0
    ask: float = 8.0


WEIGHTS = Weights()
