"""Which reports to read next, learnt from the title/abstract decisions made so far.

The model is ASReview 3's default, ELAS u4 (Apache-2.0; ``asreview/models/models.py`` of 3.0.8): TF-IDF of words and
pairs of words of title and abstract, and a linear support vector machine with squared hinge loss (Fan et al., JMLR
2008;9:1871). Before there are decisions of both kinds, the protocol's own words stand in for them. A ranking
orders; it never includes or excludes anything.

scikit-learn is the optional part ``rank`` and takes a second to import, so it is imported where it is used.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from screening.strategy import terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# With fewer includes than this to learn from, an order misleads more often than it helps.
FEW_INCLUDES = 10

# The number rises when features come to be made in another way.
_MAGIC = b"livrev features 1\n"
_DIGEST = 32  # bytes of a SHA-256
# What a title says of the review and not of the studies it looks for.
_OF_THE_REVIEW = re.compile(
    r"\b(?:(?:living|systematic|scoping|umbrella|rapid|literature)\s+)*reviews?\b|\bmeta-?\s?analys[ei]s\b",
    re.IGNORECASE,
)


class RankingUnavailable(Exception):
    """scikit-learn is not installed; the message says how to get it."""


class UnusableCache(Exception):
    """Packed features are damaged, or of other texts, parameters or another scikit-learn; compute them anew."""


@dataclass(frozen=True, slots=True)
class Text:
    """What is read of a report when it is ranked."""

    report: int
    title: str
    abstract: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A title/abstract decision to learn from; ``relevant`` where it sends the report on (include or maybe)."""

    report: int
    relevant: bool


@dataclass(frozen=True, slots=True)
class Parameters:
    """What ELAS u4 sets, and its values. None was tuned here: between neighbouring values no gain was measurable.

    ``longest_phrase`` is in words; a word or phrase is used when ``fewest_reports`` or more have it and at most
    ``largest_share`` of them; an included report weighs ``include_weight`` times as much as the excluded ones would
    at equal sums. ``tolerance`` is how near to its optimum the fit must come (liblinear's ``eps``).
    """

    longest_phrase: int = 2
    fewest_reports: int = 1
    largest_share: float = 0.95
    cost: float = 0.11
    include_weight: float = 9.8
    tolerance: float = 1e-4

    def __post_init__(self) -> None:
        """Raises ValueError for what no model can have."""
        least = (self.longest_phrase - 1, self.fewest_reports - 1, 1 - self.largest_share)
        above = (self.largest_share, self.cost, self.include_weight, self.tolerance)
        if min(least) < 0 or min(above) <= 0:
            raise ValueError(f"no ranking has such parameters: {self}")


ELAS_U4 = Parameters()


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Texts as numbers: row i of ``matrix`` (reports by terms, float64 CSR) belongs to ``reports[i]``, ascending.

    ``protocol`` is one more row, the protocol's own words in the same terms; ``key`` is ``corpus_key`` of all that
    went in.
    """

    key: str
    reports: tuple[int, ...]
    matrix: Any
    protocol: Any


class Basis(StrEnum):
    """What an order was made from."""

    DECISIONS = "decisions"
    EXCLUSIONS = "exclusions, and the protocol's words in place of an include"
    PROTOCOL = "likeness to the protocol's words and to what was included"
    NUMBER = "report number only: there is nothing to go by"


class Scores(NamedTuple):
    """One number a row of the features, higher is read earlier, and what it was made from."""

    basis: Basis
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A report in its place; the score orders within one ranking and means nothing outside it."""

    report: int
    score: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """Reports without a decision, the likeliest first; equal scores by report number. Counts are what it learnt from."""

    order: tuple[Ranked, ...]
    basis: Basis
    includes: int
    excludes: int

    @property
    def reports(self) -> tuple[int, ...]:
        """Report numbers in order."""
        return tuple(ranked.report for ranked in self.order)


def rank(
    features: Features,
    labels: Sequence[Label],
    *,
    among: Collection[int] | None = None,
    parameters: Parameters = ELAS_U4,
) -> Ranking:
    """Reports that have no label yet, or those of them that are ``among`` some (living mode: the new ones).

    Learns from every label whichever reports are ranked. The same features and labels, in whatever order, give the
    same ranking. Raises ValueError for a label or a wanted report that has no text, or two labels of one report,
    and RankingUnavailable.
    """
    given = {label.report for label in labels}
    wanted = set(features.reports if among is None else among)
    _refuse_unknown(features, wanted, "is to be ranked")
    basis, values = scores(features, sorted(labels, key=lambda label: label.report), parameters)
    paired = zip(features.reports, values.tolist(), strict=True)
    order = [Ranked(report, score) for report, score in paired if report in wanted and report not in given]
    order.sort(key=lambda ranked: (-ranked.score, ranked.report))
    includes = sum(label.relevant for label in labels)
    return Ranking(tuple(order), basis, includes, len(labels) - includes)


def until_retraining(trained_on: int) -> int:
    """How many labels, new or altered, after a fit on ``trained_on`` labels make the next one due: a tenth, or one.

    On the seven labelled sets of ``benchmarks/ranking.py`` this cost 0.010 of WSS@95 on average (0.596, not 0.606)
    against learning anew after every label, which took four times the CPU seconds.
    """
    return max(1, trained_on // 10)


def retraining_due(trained_on: int, changed: int) -> bool:
    """Whether to learn anew, ``changed`` labels after the last fit; in the background, a vote never waits for it."""
    return changed >= until_retraining(trained_on)


# Features --------------------------------------------------------------------------------------------------------


def corpus_key(texts: Iterable[Text], protocol: str = "", parameters: Parameters = ELAS_U4) -> str:
    """Hash (SHA-256, hexadecimal) of all that features are made from; the order of ``texts`` is none of it."""
    shape = (parameters.longest_phrase, parameters.fewest_reports, parameters.largest_share)
    digest = hashlib.sha256(json.dumps([shape, protocol]).encode())
    for text in sorted(texts, key=lambda one: one.report):
        digest.update(json.dumps(astuple(text)).encode())
    return digest.hexdigest()


def features(texts: Iterable[Text], protocol: str = "", parameters: Parameters = ELAS_U4) -> Features:
    """TF-IDF (sublinear, Euclidean norm) of title and abstract, terms weighed over all of ``texts``.

    ``protocol`` (see ``protocol_text``) is put into the same terms and changes no weight. Texts without a common
    alphabet of terms (none, one, all alike, all empty) give no columns. Takes about 0.5 s of CPU for every 1,000
    abstracts. Raises ValueError where two texts have one report number, and RankingUnavailable.
    """
    held = sorted(texts, key=lambda one: one.report)
    reports = tuple(text.report for text in held)
    _refuse_twice(reports, "texts")
    learner = _learner()
    vectorizer = learner.vectorizer(
        ngram_range=(1, parameters.longest_phrase),
        sublinear_tf=True,
        min_df=parameters.fewest_reports,
        max_df=parameters.largest_share,
    )
    key = corpus_key(held, protocol, parameters)
    try:
        matrix = vectorizer.fit_transform([f"{text.title} {text.abstract}" for text in held])
    except ValueError:  # how scikit-learn says that no term is left, or that there was none
        return Features(key, reports, _no_terms(len(reports)), _no_terms(1))
    # Words like "the" weigh as much as the few that matter in a text as short as a title.
    meant = " ".join(word for word in protocol.lower().split() if word not in learner.stop_words)
    return Features(key, reports, matrix, vectorizer.transform([meant]))


def pack(made: Features) -> bytes:
    """Features as bytes to keep: the same features give the same bytes. About 4 MB for every 1,000 abstracts."""
    import numpy as np  # noqa: PLC0415 - who only asks whether retraining is due need not load it

    header = {"key": made.key, "scikit-learn": _learner().version, "terms": made.matrix.shape[1]}
    body = io.BytesIO()
    body.write(json.dumps(header).encode() + b"\n")
    rows = (made.matrix, made.protocol)
    arrays = [np.asarray(made.reports, np.int64)]
    arrays += [array for row in rows for array in (row.data, row.indices, row.indptr)]
    for array in arrays:
        np.lib.format.write_array(body, array, allow_pickle=False)
    packed = body.getvalue()
    return _MAGIC + hashlib.sha256(packed).digest() + packed


def unpack(packed: bytes, key: str) -> Features:
    """Features as they were when packed, if they are those of ``key`` (see ``corpus_key``).

    Raises UnusableCache for anything else, and RankingUnavailable.
    """
    import numpy as np  # noqa: PLC0415 - see pack
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - see pack

    start = len(_MAGIC) + _DIGEST
    if (
        not packed.startswith(_MAGIC)
        or hashlib.sha256(packed[start:]).digest() != packed[len(_MAGIC) : start]
    ):
        raise UnusableCache("the packed features are damaged or cut short")
    body = io.BytesIO(packed[start:])
    header = json.loads(body.readline())
    if header["key"] != key:
        raise UnusableCache("the packed features are of other texts or parameters")
    if header["scikit-learn"] != _learner().version:
        raise UnusableCache("the packed features are of another version of scikit-learn")
    reports, *rest = (np.lib.format.read_array(body, allow_pickle=False) for _ in range(7))
    terms = header["terms"]
    matrix = csr_matrix(tuple(rest[:3]), shape=(len(reports), terms))
    return Features(key, tuple(reports.tolist()), matrix, csr_matrix(tuple(rest[3:]), shape=(1, terms)))


def _no_terms(rows: int) -> Any:  # noqa: ANN401 - scipy.sparse has no types
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - see pack

    return csr_matrix((rows, 0))


# Scores ----------------------------------------------------------------------------------------------------------


def scores(
    made: Features,
    labels: Sequence[Label],
    parameters: Parameters = ELAS_U4,
    random: int | np.random.RandomState = 0,
) -> Scores:
    """Score of every row of the features, labelled or not.

    liblinear takes the order of its steps from ``random`` and stops within the tolerance, so two reports whose scores
    are almost equal may change places with it, or with the order of ``labels``: ASReview with one seed and with
    another differs in up to 8 of 1,269 places. Hand in one ``RandomState(seed)`` for all fits to take the very steps
    of ``asreview simulate --seed``. Raises ValueError and RankingUnavailable like ``rank``.
    """
    import numpy as np  # noqa: PLC0415 - see pack

    row = _rows(made, labels)
    relevant = [label.relevant for label in labels]
    if made.matrix.shape[1] == 0:
        return Scores(Basis.NUMBER, np.zeros(len(made.reports)))
    if all(relevant):
        return _likeness(made, row)
    if any(relevant):
        return Scores(Basis.DECISIONS, _fitted(made, made.matrix[row], relevant, parameters, random))
    if made.protocol.nnz == 0:
        return Scores(Basis.NUMBER, np.zeros(len(made.reports)))
    from scipy.sparse import vstack  # noqa: PLC0415 - see pack

    seen = vstack([made.matrix[row], made.protocol], format="csr")
    return Scores(Basis.EXCLUSIONS, _fitted(made, seen, [*relevant, True], parameters, random))


def _likeness(made: Features, includes: Sequence[int]) -> Scores:
    """Cosine with the protocol's words, and with each report included so far, added up."""
    import numpy as np  # noqa: PLC0415 - see pack

    wanted = np.asarray(made.protocol.todense()).ravel()
    if len(includes) > 0:
        wanted = wanted + np.asarray(made.matrix[includes].sum(axis=0)).ravel()
    basis = Basis.PROTOCOL if wanted.any() else Basis.NUMBER
    return Scores(basis, made.matrix @ wanted)


def _fitted(
    made: Features,
    seen: Any,  # noqa: ANN401 - scipy.sparse has no types
    relevant: Sequence[bool],
    parameters: Parameters,
    random: int | np.random.RandomState,
) -> NDArray[np.float64]:
    """Distance of every row from the plane that a support vector machine puts between the rows ``seen``."""
    import numpy as np  # noqa: PLC0415 - see pack

    wanted = np.asarray(relevant, dtype=np.int64)
    n = int(wanted.sum())
    weights = np.where(wanted == 1, 1.0, n / (parameters.include_weight * (len(wanted) - n)))
    # The sum in Python, number by number, as ASReview takes it: the last digit decides between equals.
    weights = weights * (len(wanted) / sum(weights))
    machine = _learner().machine(
        loss="squared_hinge", C=parameters.cost, tol=parameters.tolerance, random_state=random
    )
    machine.fit(seen, wanted, sample_weight=weights)
    values: NDArray[np.float64] = (made.matrix @ machine.coef_.T + machine.intercept_).ravel()
    return values


def _rows(made: Features, labels: Sequence[Label]) -> list[int]:
    reports = [label.report for label in labels]
    _refuse_twice(reports, "labels")
    _refuse_unknown(made, reports, "has a label")
    place = {report: row for row, report in enumerate(made.reports)}
    return [place[report] for report in reports]


def _refuse_unknown(made: Features, reports: Iterable[int], why: str) -> None:
    unknown = sorted(set(reports).difference(made.reports))
    if unknown:
        raise ValueError(f"report {unknown[0]} {why} and has no text (of {len(unknown)} such reports)")


def _refuse_twice(reports: Sequence[int], what: str) -> None:
    if len(set(reports)) < len(reports):
        twice = next(report for report in sorted(reports) if reports.count(report) > 1)
        raise ValueError(f"report {twice} has two {what}")


class _Learner(NamedTuple):
    """What is used of scikit-learn."""

    vectorizer: Any
    machine: Any
    stop_words: frozenset[str]
    version: str


def _learner() -> _Learner:
    try:
        import sklearn  # noqa: PLC0415 - an extra, see the head of the module
        from sklearn.feature_extraction.text import (  # noqa: PLC0415 - see above
            ENGLISH_STOP_WORDS,
            TfidfVectorizer,
        )
        from sklearn.svm import LinearSVC  # noqa: PLC0415 - see above
    except ImportError as missing:
        message = (
            "ranking needs scikit-learn; nothing was ranked. Install it with: pip install 'livrev[rank]'"
        )
        raise RankingUnavailable(message) from missing
    return _Learner(TfidfVectorizer, LinearSVC, ENGLISH_STOP_WORDS, sklearn.__version__)


# The protocol's words --------------------------------------------------------------------------------------------


def protocol_text(
    title: str, question: str, include: Iterable[str] = (), strategies: Iterable[str] = ()
) -> str:
    """The protocol as a text to compare reports with, for the time before there are decisions.

    Of a search strategy it takes the words that are asked for: no field tags, no operators, nothing that stands
    behind NOT (a bracket, a quoted phrase or one word). A truncated word (``metasta*``) matches no word of a report.
    Nowhere it takes that this is a systematic review or a meta-analysis.
    """
    asked = (" ".join(terms(one)) for one in strategies)
    told = (_OF_THE_REVIEW.sub(" ", part).strip() for part in (title, question, *include, *asked))
    return "\n".join(part for part in told if part)
