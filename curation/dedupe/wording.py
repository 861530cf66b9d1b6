"""How two titles differ: by spelling only, by a lost subtitle, by an added word, or by a word put for another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.fuzz import ratio

from curation.dedupe.titles import Title

SAME, CLOSE, SHORTENED, EXTRA, SWAPPED, OTHER, MISSING = (
    "same",
    "close",
    "shortened",
    "extra words",
    "words swapped",
    "other",
    "missing",
)
# Below this Indel ratio of the letters two titles have nothing to do with each other.
FAR = 68.0
_SPELT = 76.0  # "tumour" and "tumor" 91, "centre" and "center" 83, "adult" and "adolescent" 53
_FEW = 36  # pairs of words worth matching by spelling; titles that differ in more say other things
_CUT = 80  # letters of a title that an export may have cut within a word
_BEGINNING = 10  # letters that two titles on the same pages must begin with
_SHORTENED_WORDS, _SHORTENED_RUN = 4, 20
_PLAIN_TEXT = (
    "a an the of in on for and to by from at as is are be was were vs versus v using use with among between during into its it"
    " s et al or der die das und le la les de des du el los en y del von i a e their this that those via within"
)
_PLAIN = frozenset(_PLAIN_TEXT.split())
_ENGLISH_TEXT = "the of and in for with on by from to an are is using among between after"
_FOREIGN_TEXT = (
    "der die das des dem den und fur im zum zur von bei mit ein eine als el los las del en por con una para y les du et dans"
    " chez avec pour sur aux une di della delle dei nel per tra do da dos em uma och av til hos het een van bij la le de"
)
_ENGLISH, _FOREIGN = frozenset(_ENGLISH_TEXT.split()), frozenset(_FOREIGN_TEXT.split())
_TELLING_TEXT = (
    "not no non without reply response comment commentary letter editorial erratum correction corrigendum retraction protocol"
    " update updated interim final subgroup secondary pilot phase extension followup preliminary abstract poster summary"
    " men man women woman male female males females boys girls adult adults adolescent adolescents child children paediatric"
    " pediatric infants infant neonates elderly older mice mouse rat rats rabbits human vivo vitro cost economic"
    " guideline supplement appendix rationale design ii iii iv part"
)
# A word that makes another text of a title when only one of two has it.
TELLING = frozenset(_TELLING_TEXT.split())
_OPPOSITES = (
    ("hyper", "hypo"), ("pre", "post"), ("inter", "intra"), ("macro", "micro"), ("mono", "poly"), ("in", "de"), ("in", "ex"),
    ("ab", "ad"), ("endo", "exo"), ("uni", "bi"), ("uni", "multi"), ("over", "under"), ("supra", "infra"), ("anti", "pro"),
    ("homo", "hetero"), ("eu", "hypo"), ("im", "ex"), ("af", "ef"), ("sys", "dia"),
)  # fmt: skip
_NEGATIONS = (
    "non",
    "un",
    "in",
    "anti",
    "dis",
    "im",
    "a",
    "pre",
    "post",
    "re",
    "neo",
    "co",
    "sub",
    "super",
    "hyper",
    "hypo",
    "fe",
    "wo",
)
_APART_TEXT = (
    "male/female males/females men/women man/woman efficacy/efficiency effective/ineffective efficacy/effectiveness"
    " mortality/morbidity prevalence/incidence invasive/noninvasive sensitivity/specificity proximal/distal anterior/posterior"
    " first/second second/third left/right upper/lower spring/fall positive/negative primary/secondary increase/decrease"
    " increased/decreased increases/decreases systolic/diastolic ventral/dorsal medial/lateral"
)
_APART = frozenset(frozenset(pair.split("/")) for pair in _APART_TEXT.split())


@dataclass(frozen=True, slots=True)
class Wording:
    """How two titles compare; ``left`` and ``right`` are telling words that only one of them has."""

    level: str
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()


_SAME, _OTHER, _MISSING, _CLOSE = Wording(SAME), Wording(OTHER), Wording(MISSING), Wording(CLOSE)


def compared(a: Title, b: Title) -> Wording:
    """How two titles differ; their marks are not looked at."""
    if not a.run or not b.run:
        return _MISSING
    if a.run == b.run:
        return _SAME
    likeness = ratio(a.run, b.run, score_cutoff=FAR)
    begins = _begins(a, b)
    if not likeness and not begins:
        return _OTHER
    left, right = leftovers(a.words, b.words)
    if not left and not right:
        return _CLOSE
    if begins:
        return Wording(SHORTENED, left, right)
    return Wording(SWAPPED if left and right else EXTRA, left, right)


def _begins(a: Title, b: Title) -> bool:
    """Whether one title is the beginning of the other at a word's end, and long enough to say something."""
    short, long = (a, b) if len(a.run) <= len(b.run) else (b, a)
    if len(short.words) < _SHORTENED_WORDS or len(short.run) < _SHORTENED_RUN or short.generic:
        return False
    if not long.run.startswith(short.run):
        return False
    return long.words[: len(short.words)] == short.words or len(short.run) >= _CUT


def may_be_one(a: Title, b: Title) -> bool:
    """Whether two titles that differ may still be one text's: a translation, or one the beginning of the other.

    A translation shows by its brackets, another script or its little words.
    """
    if a.translated or b.translated or _is_foreign(a) != _is_foreign(b):
        return True
    short, long = (a, b) if len(a.run) <= len(b.run) else (b, a)
    return len(short.run) >= _BEGINNING and long.run.startswith(short.run)


def _is_foreign(given: Title) -> bool:
    words = set(given.words)
    return len(words & _FOREIGN) > len(words & _ENGLISH) or not given.run[:1].isascii()


def leftovers(a: Sequence[str], b: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words of each title that the other lacks, but for spelling, spacing and little words."""
    in_a, in_b = set(a), set(b)
    left = [w for w in a if w not in in_b]
    right = [w for w in b if w not in in_a]
    if not left and not right:
        return (), ()
    if "".join(left) == "".join(right):
        return (), ()
    left, right = _unjoined(left, b, in_b), _unjoined(right, a, in_a)
    if len(left) * len(right) <= _FEW:
        for word in tuple(left):
            like = next((other for other in right if same_word(word, other)), None)
            if like is not None:
                left.remove(word)
                right.remove(like)
    return tuple(left), tuple(right)


def _unjoined(rest: list[str], other: Sequence[str], whole: set[str]) -> list[str]:
    """``rest`` without little words, and without what ``other`` only spaces otherwise: ``followup``, ``follow up``."""
    rest = [word for word in rest if word not in _PLAIN]
    if not rest:
        return rest
    joined = {first + second for first, second in pairwise(other)}
    gone = {n for n, pair in enumerate(pairwise(rest)) if "".join(pair) in whole}
    return [word for n, word in enumerate(rest) if n not in gone and n - 1 not in gone and word not in joined]


def same_word(a: str, b: str) -> bool:
    """Whether two words are spellings of one; never so for numbers, opposites and negations."""
    if not (a.isalpha() and b.isalpha()):
        return False
    if ratio(a, b, score_cutoff=_SPELT) == 0:
        return _abbreviated(a, b)
    return not opposite(a, b)


def _abbreviated(a: str, b: str) -> bool:
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    return len(short) >= 4 and long.startswith(short)  # noqa: PLR2004 - a word cut to its first four letters


def opposite(a: str, b: str) -> bool:
    """Whether two words that look alike mean different things: hyper- and hypotension, male and female."""
    if frozenset((a, b)) in _APART:
        return True
    for one, other in _OPPOSITES:
        for x, y in ((a, b), (b, a)):
            if x.startswith(one) and y.startswith(other) and x[len(one) :] == y[len(other) :]:
                return True
    short, long = (a, b) if len(a) < len(b) else (b, a)
    return any(long == prefix + short for prefix in _NEGATIONS)
