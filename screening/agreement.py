"""How far reviewers agree, on first independent votes; calibration rounds; drift between rounds.

Two reviewers agree by chance often where nearly everything is excluded, so no one number judges them: two good and
independent reviewers (sensitivity .90, specificity .97) reach a kappa of .33 at 2% prevalence and .77 at 30%. Beside
kappa stand percent, positive and negative agreement, PABAK, AC1, prevalence and bias; the gate is on percent agreement
and on talking about every difference. What is not defined is ``Undefined`` with its reason, never NaN or 0.

Votes must be first ones, cast independently (not changed after a discussion); the caller picks stage, round and batch,
and shows nothing before a batch has closed. Sources: Cohen, Educ Psychol Meas 1960;20:37; Fleiss, Cohen & Everitt,
Psychol Bull 1969;72:323 (error of kappa); Fleiss, Psychol Bull 1971;76:378; Cicchetti & Feinstein, J Clin Epidemiol
1990;43:551 (positive, negative agreement); Byrt, Bishop & Carlin, J Clin Epidemiol 1993;46:423; Gwet, Br J Math Stat
Psychol 2008;61:29; Krippendorff, Content Analysis, ch. 11; Newcombe, Stat Med 1998;17:873.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import combinations

from curation.model import Decision

LEVEL = 0.95
LIKELY_SHARE = 0.30  # of a pilot set: at it, kappa, AC1 and percent agreement say about the same of a team
LEAST_PERCENT = 0.75  # JBI Manual for Evidence Synthesis, ch. 10: start when 75% agreement is reached
_ROUNDING = 1e-14  # a variance (times n) below it is zero but for rounding: its parts are of size 1
_NO_COMMON = "no report has votes of both"
_NO_PAIRS = "no report has two votes"


class Scale(Enum):
    """Categories that votes are counted in: a maybe goes forward like an include, or stands by itself."""

    TWO = (("include or maybe", (Decision.INCLUDE, Decision.MAYBE)), ("exclude", (Decision.EXCLUDE,)))
    THREE = (
        ("include", (Decision.INCLUDE,)),
        ("maybe", (Decision.MAYBE,)),
        ("exclude", (Decision.EXCLUDE,)),
    )

    @property
    def names(self) -> tuple[str, ...]:
        """Categories, in the order of tables."""
        return tuple(name for name, _ in self.value)

    def place(self, decision: Decision) -> int:
        """Category of a decision, counted from 0."""
        return next(place for place, (_, held) in enumerate(self.value) if decision in held)


@dataclass(frozen=True, slots=True)
class Rating:
    """First independent vote of a reviewer on a report."""

    report: int
    reviewer: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Undefined:
    """A measure that these votes do not define, and why."""

    reason: str

    def __str__(self) -> str:
        """``undefined (reason)``."""
        return f"undefined ({self.reason})"


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval at ``level`` (0 to 1)."""

    low: float
    high: float
    level: float


Measure = float | Undefined


@dataclass(frozen=True, slots=True)
class Estimate:
    """A coefficient (-1 to 1) with its large-sample standard error and normal interval, cut at -1 and 1.

    The interval is undefined where the error is 0 (perfect agreement, a reviewer who said one thing throughout).
    """

    value: float
    se: float
    interval: Interval | Undefined


@dataclass(frozen=True, slots=True)
class Table:
    """Reports counted by the categories of two reviewers: rows are the first one's, columns the second one's.

    Raises ValueError unless it is square, of two categories or more, without negative numbers.
    """

    counts: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        square = len(self.counts) > 1 and all(len(row) == len(self.counts) for row in self.counts)
        if not square or any(n < 0 for row in self.counts for n in row):
            raise ValueError(f"not a square table of counts: {self.counts}")

    @property
    def n(self) -> int:
        """Reports with votes of both."""
        return sum(map(sum, self.counts))

    @property
    def agreed(self) -> int:
        """Reports both put in one category."""
        return sum(row[k] for k, row in enumerate(self.counts))

    @property
    def margins(self) -> tuple[tuple[int, int], ...]:
        """For each category, how often the first and how often the second reviewer chose it."""
        return tuple(zip(map(sum, self.counts), map(sum, zip(*self.counts, strict=True)), strict=True))


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Two reviewers on the reports both voted on. ``specific`` is the agreement on each category."""

    first: str
    second: str
    table: Table
    percent: Measure
    specific: tuple[Measure, ...]
    kappa: Estimate | Undefined
    pabak: Measure
    ac1: Estimate | Undefined
    prevalence: Measure
    bias: Measure

    @property
    def positive(self) -> Measure:
        """Agreement on the first category: include (and maybe, on the scale of two)."""
        return self.specific[0]

    @property
    def negative(self) -> Measure:
        """Agreement on exclude."""
        return self.specific[-1]


@dataclass(frozen=True, slots=True)
class Agreement:
    """A team: every pair, and over all reviewers Fleiss' kappa and Krippendorff's alpha.

    ``reports`` have two votes or more, ``single`` only one: those are in no number here.
    """

    scale: Scale
    pairs: tuple[PairAgreement, ...]
    reports: int
    single: int
    unanimous: int
    fleiss: Measure
    alpha: Measure

    @property
    def percent(self) -> Measure:
        """Share of reports with two votes or more on which all votes fall in one category."""
        return self.unanimous / self.reports if self.reports else Undefined(_NO_PAIRS)


@dataclass(frozen=True, slots=True)
class Pilot:
    """Reports of a pilot set in the order to read them; ``likely`` are those taken for their score.

    It is richer in includes than the rest, so no agreement measured on it says what the whole screening will show.
    """

    reports: tuple[int, ...]
    likely: frozenset[int]
    seed: int


@dataclass(frozen=True, slots=True)
class CalibrationRound:
    """A pilot set after voting: who was to vote, on what, and what followed.

    ``discussed`` are the reports the team has talked about; ``amendments`` what was changed in the criteria.
    Raises ValueError for a vote by someone else or on another report.
    """

    number: int
    reports: tuple[int, ...]
    reviewers: tuple[str, ...]
    ratings: tuple[Rating, ...]
    discussed: frozenset[int] = frozenset()
    amendments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for r in self.ratings:
            if r.report not in self.reports or r.reviewer not in self.reviewers:
                message = f"round {self.number} did not ask {r.reviewer} for a vote on R{r.report}"
                raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether a calibration round is passed. ``failures`` say why not; empty, it is."""

    agreement: Agreement
    least: float
    missing: tuple[tuple[int, str], ...]
    discordant: tuple[int, ...]
    undiscussed: tuple[int, ...]
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether screening may begin with these criteria."""
        return not self.failures


@dataclass(frozen=True, slots=True)
class Drift:
    """Later minus earlier percent agreement (-1 to 1), with Newcombe's hybrid score interval (1998, method 10)."""

    difference: float
    interval: Interval


def agreement(ratings: Iterable[Rating], scale: Scale = Scale.TWO, level: float = LEVEL) -> Agreement:
    """Agreement of a team and of every pair in it.

    Raises ValueError where a reviewer has two votes on a report, and for a level outside 0 to 1.
    """
    votes = _by_report(ratings)
    names = sorted({reviewer for cast in votes.values() for reviewer in cast})
    places = [{who: scale.place(said) for who, said in cast.items()} for cast in votes.values()]
    pairs = tuple(
        pair_agreement(first, second, _crossed(places, first, second, scale), level)
        for first, second in combinations(names, 2)
    )
    counts = [_counted(cast.values(), scale) for cast in places if len(cast) > 1]
    unanimous = sum(max(row) == sum(row) for row in counts)
    measures = fleiss_kappa(counts), krippendorff_alpha(counts)
    return Agreement(scale, pairs, len(counts), len(votes) - len(counts), unanimous, *measures)


def pair_agreement(first: str, second: str, table: Table, level: float = LEVEL) -> PairAgreement:
    """Every measure of one table."""
    measures = percent(table), specific(table), kappa(table, level), pabak(table), ac1(table, level)
    return PairAgreement(first, second, table, *measures, prevalence_index(table), bias_index(table))


def percent(table: Table) -> Measure:
    """Share of reports on which both agree, 0 to 1."""
    return table.agreed / table.n if table.n else Undefined(_NO_COMMON)


def specific(table: Table) -> tuple[Measure, ...]:
    """Agreement on each category: of the votes for it, the share met by the other's (Cicchetti & Feinstein 1990)."""
    unused = Undefined("neither reviewer chose the category")
    return tuple(
        2 * row[k] / sum(margin) if sum(margin) else unused
        for k, (row, margin) in enumerate(zip(table.counts, table.margins, strict=True))
    )


def kappa(table: Table, level: float = LEVEL) -> Estimate | Undefined:
    """Cohen's kappa (1960); its error is Fleiss, Cohen & Everitt's (1969) for a kappa that is not 0."""
    n, chance = table.n, sum(a * b for a, b in table.margins)
    if not n:
        return Undefined(_NO_COMMON)
    if chance == n * n:
        return Undefined("both reviewers chose one and the same category throughout")
    value = (n * table.agreed - chance) / (n * n - chance)
    rows, columns = zip(*table.margins, strict=True)
    # A cell counts by the margins that cross in its mirror image: its column's of the first reviewer and so on.
    return _estimate(table, value, chance / n**2, lambda i, j: (columns[i] + rows[j]) / n, level)


def pabak(table: Table) -> Measure:
    """Prevalence- and bias-adjusted kappa (Byrt 1993): 2 percent - 1; for q categories (q percent - 1) / (q - 1)."""
    q, n = len(table.counts), table.n
    return (q * table.agreed - n) / ((q - 1) * n) if n else Undefined(_NO_COMMON)


def ac1(table: Table, level: float = LEVEL) -> Estimate | Undefined:
    """Gwet's AC1 (2008), with its error for these two reviewers over reports (irrCAC's ``gwet.ac1.table``).

    irrCAC takes the t quantile for its interval, this one is normal like kappa's.
    """
    n, q = table.n, len(table.counts)
    if not n:
        return Undefined(_NO_COMMON)
    chosen = [a + b for a, b in table.margins]
    chance, whole = sum(c * (2 * n - c) for c in chosen), 4 * n * n * (q - 1)
    value = (4 * n * (q - 1) * table.agreed - chance) / (whole - chance)

    def by_chance(i: int, j: int) -> float:
        return 2 * (1 - (chosen[i] + chosen[j]) / (4 * n)) / (q - 1)

    return _estimate(table, value, chance / whole, by_chance, level)


def prevalence_index(table: Table) -> Measure:
    """Byrt's: (both include - both exclude) / n, -1 to 1; kappa falls as it leaves 0."""
    return _index(table, 0, 0, 1, 1)


def bias_index(table: Table) -> Measure:
    """Byrt's: share the first reviewer includes - share the second does, -1 to 1; kappa rises as it leaves 0."""
    return _index(table, 0, 1, 1, 0)


def fleiss_kappa(counts: Sequence[Sequence[int]]) -> Measure:
    """Fleiss' kappa (1971). A row is a report, a column a category, a number the votes for it.

    Every report needs equally many votes, of whichever reviewers; otherwise ask Krippendorff's alpha.
    """
    cast = {sum(row) for row in counts}
    if cast <= {0, 1}:
        return Undefined(_NO_PAIRS)
    if len(cast) > 1:
        return Undefined("reports differ in the number of votes; Krippendorff's alpha allows for that")
    m, n = cast.pop(), len(counts)
    chance = sum(column**2 for column in map(sum, zip(*counts, strict=True)))
    if chance == (n * m) ** 2:
        return Undefined("every vote falls in one category")
    agreed = sum(x * (x - 1) for row in counts for x in row)
    return (agreed * n * m - chance * (m - 1)) / ((m - 1) * ((n * m) ** 2 - chance))


def krippendorff_alpha(counts: Sequence[Sequence[int]]) -> Measure:
    """Krippendorff's alpha for categories without order; missing votes allowed. Rows as for ``fleiss_kappa``.

    Reports with fewer than two votes are left out, as his definition asks.
    """
    paired = [row for row in counts if sum(row) > 1]
    if not paired:
        return Undefined(_NO_PAIRS)
    values = sum(map(sum, paired))
    expected = values**2 - sum(column**2 for column in map(sum, zip(*paired, strict=True)))
    if not expected:
        return Undefined("every vote falls in one category")
    observed = math.fsum((sum(row) ** 2 - sum(x * x for x in row)) / (sum(row) - 1) for row in paired)
    return 1 - (values - 1) * observed / expected


def pilot(scores: Mapping[int, float], size: int, *, share: float = LIKELY_SHARE, seed: int = 0) -> Pilot:
    """Pick ``size`` reports to calibrate on: ``share`` of them the highest scored, the others drawn from the rest.

    The same scores, size and seed give the same set in the same order, on any machine; the order does not show
    which are which. Takes all where there are no more than ``size``. Raises ValueError for a size below 1, a share
    outside 0 to 1, or a score that is no finite number.
    """
    if size < 1 or not 0 <= share <= 1 or not all(map(math.isfinite, scores.values())):
        raise ValueError("a pilot needs a size of 1 or more, a share from 0 to 1, and finite scores")
    ranked = sorted(scores, key=lambda report: (-scores[report], report))
    size = min(size, len(ranked))
    top = math.floor(share * size + 0.5)
    drawn = sorted(ranked[top:], key=lambda report: _lot(seed, "drawn", report))[: size - top]
    order = sorted(ranked[:top] + drawn, key=lambda report: _lot(seed, "order", report))
    return Pilot(tuple(order), frozenset(ranked[:top]), seed)


def gate(done: CalibrationRound, least: float = LEAST_PERCENT, scale: Scale = Scale.TWO) -> Gate:
    """Pass a round when all have voted on all, every pair reaches ``least``, every difference was discussed.

    Kappa decides nothing: on 50 reports with few includes it passes and fails good teams by luck.
    """
    found = agreement(done.ratings, scale)
    votes = _by_report(done.ratings)
    missing = tuple((r, who) for r in done.reports for who in done.reviewers if who not in votes.get(r, {}))
    discordant = tuple(
        r for r in done.reports if len({scale.place(said) for said in votes.get(r, {}).values()}) > 1
    )
    undiscussed = tuple(r for r in discordant if r not in done.discussed)
    failures = [*_unvoted(done, missing), *_too_low(found.pairs, least), *_undiscussed(undiscussed)]
    return Gate(found, least, missing, discordant, undiscussed, tuple(failures))


def drift(earlier: Agreement, later: Agreement, level: float = LEVEL) -> Drift | Undefined:
    """Change in percent agreement (all votes on a report alike) between two rounds or batches of different reports.

    Compare like with like: an enriched pilot against another, not against a batch that is mostly excludes. Raises
    ValueError where one counts a maybe by itself and the other does not.
    """
    if earlier.scale is not later.scale:
        raise ValueError("one round counts a maybe by itself, the other does not")
    if not earlier.reports or not later.reports:
        return Undefined(_NO_PAIRS)
    (p, low, high), (q, lower, higher) = _wilson(later, level), _wilson(earlier, level)
    return Drift(
        p - q,
        Interval(p - q - math.hypot(p - low, higher - q), p - q + math.hypot(high - p, q - lower), level),
    )


def _wilson(measured: Agreement, level: float) -> tuple[float, float, float]:
    n, p, z = measured.reports, measured.unanimous / measured.reports, _z(level)
    middle, half = 2 * n * p + z * z, z * math.sqrt(z * z + 4 * n * p * (1 - p))
    return p, (middle - half) / (2 * (n + z * z)), (middle + half) / (2 * (n + z * z))


def _unvoted(done: CalibrationRound, missing: Sequence[tuple[int, str]]) -> list[str]:
    if len(done.reviewers) < 2 or not done.reports:  # noqa: PLR2004 - it takes two to agree
        return ["a round needs two reviewers and at least one report"]
    late = Counter(who for _, who in missing)
    return [f"{who} has not voted on {n} of {len(done.reports)} reports" for who, n in sorted(late.items())]


def _too_low(pairs: Iterable[PairAgreement], least: float) -> list[str]:
    return [
        f"{pair.first} and {pair.second} agree on {pair.table.agreed} of {pair.table.n} reports, {100 * least:g}% are asked"
        for pair in pairs
        if pair.table.n
        and pair.table.agreed / pair.table.n < least  # 0.56 * 25 is more than 14, 14 / 25 is 0.56
    ]


def _undiscussed(reports: Sequence[int]) -> list[str]:
    names = ", ".join(f"R{report}" for report in reports)
    return [f"votes differ and were not discussed: {names}"] if reports else []


def _lot(seed: int, purpose: str, report: int) -> bytes:
    """Draw a lot that no version of Python changes, as it may ``random``'s."""
    return hashlib.sha256(f"{seed} {purpose} {report}".encode()).digest()


def _by_report(ratings: Iterable[Rating]) -> dict[int, dict[str, Decision]]:
    votes: defaultdict[int, dict[str, Decision]] = defaultdict(dict)
    for rating in ratings:
        cast = votes[rating.report]
        if rating.reviewer in cast:
            message = f"{rating.reviewer} has two votes on R{rating.report}: agreement is that of first votes"
            raise ValueError(message)
        cast[rating.reviewer] = rating.decision
    return dict(votes)


def _crossed(places: Iterable[Mapping[str, int]], first: str, second: str, scale: Scale) -> Table:
    met = Counter((cast[first], cast[second]) for cast in places if first in cast and second in cast)
    categories = range(len(scale.names))
    return Table(tuple(tuple(met[i, j] for j in categories) for i in categories))


def _counted(places: Iterable[int], scale: Scale) -> tuple[int, ...]:
    cast = Counter(places)
    return tuple(cast[k] for k in range(len(scale.names)))


def _index(table: Table, *corners: int) -> Measure:
    if len(table.counts) > 2:  # noqa: PLR2004 - Byrt's indices are defined for a table of two by two
        return Undefined("defined for two categories")
    if not table.n:
        return Undefined(_NO_COMMON)
    i, j, k, m = corners
    return (table.counts[i][j] - table.counts[k][m]) / table.n


def _estimate(
    table: Table, value: float, chance: float, by_chance: Callable[[int, int], float], level: float
) -> Estimate:
    """Delta method: the variance, over reports, of agreed - (1 - value) * (what the cell adds to chance)."""
    n, categories = table.n, range(len(table.counts))
    parts = [
        (table.counts[i][j], (i == j) - (1 - value) * by_chance(i, j)) for i in categories for j in categories
    ]
    mean = math.fsum(count * part for count, part in parts) / n
    variance = math.fsum(count * (part - mean) ** 2 for count, part in parts) / n
    se = math.sqrt(variance / n) / (1 - chance) if variance > _ROUNDING else 0.0
    return Estimate(value, se, _interval(value, se, level))


def _interval(value: float, se: float, level: float) -> Interval | Undefined:
    half = _z(level) * se
    if not half:
        return Undefined("its large-sample standard error is 0, which does not make it certain")
    return Interval(max(-1.0, value - half), min(1.0, value + half), level)


def _z(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"the level of an interval lies between 0 and 1, not at {level}")
    from statistics import NormalDist  # noqa: PLC0415 - 28 ms, which a command without an interval need not pay

    return -NormalDist().inv_cdf((1 - level) / 2)
