"""What a title says: its words, and evidence of what kind of text stands under it.

An erratum, a reply and a comment bear the title of the article they belong to. Their prefixes and suffixes are
taken off before titles are compared and kept as evidence; remarks of a database (``[Review] [33 refs]``,
``[Erratum appears in ...]``, ``(Structured abstract)``) are taken off and say nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from curation.dedupe.normalise import lowered, words


class Mark(StrEnum):
    """What a title shows its text to be, beside an article."""

    CORRECTION = "a correction"
    RETRACTION = "a retraction notice"
    REPLY = "a reply"
    COMMENT = "a comment"
    EDITORIAL = "an editorial"
    PROTOCOL = "a protocol"
    SUMMARY = "a summary"


@dataclass(frozen=True, slots=True)
class Target:
    """Volume and first page of the article that a notice names (``(vol 360, pg 542, 2009)``)."""

    volume: int
    page: int


@dataclass(frozen=True, slots=True)
class Title:
    """A title ready for comparison. ``run`` is its letters and digits without gaps, empty where there is none."""

    run: str
    words: tuple[str, ...]
    marks: frozenset[Mark]
    numbers: frozenset[int]
    generic: bool
    translated: bool
    target: Target | None = None


_NONE = frozenset[Mark]()
_OF = r"(?:\s+(?:to|for|of|on|in|zu))?"
_PREFIX = re.compile(
    r"(?P<correction>(?:(?:author|publisher)s?'?\s+correction|correction|corrigend(?:um|a)|errat(?:um|a)|addend(?:um|a)"
    r")" + _OF + r"\s*[:.–—-]\s*|(?:corrigend(?:um|a)|errat(?:um|a))\s+(?:to|for|in|zu)\s+)"
    r"|(?P<retraction>retraction(?:\s+(?:notice|note|statement))?" + _OF + r"\s*[:.–—-]\s*"
    r"|retraction (?:notice|note) (?:to|for|of)\s+|notice of retraction\s*[:.–—-]\s*"
    r"|(?:editorial )?expression of concern" + _OF + r"\s*[:.–—-]\s*)"
    r"|(?P<retracted>(?:retracted|withdrawn|removed)(?: article| paper| chapter)?\s*[:.–—-]\s*)"
    r"|(?P<reply>(?:the )?authors?'?s?'?\s+(?:reply|response|rebuttal)(?:\s+to)?\s*[:.–—-]?\s*"
    r"|(?:in )?(?:reply|response)(?:\s+to)?\s*[:.–—-]\s*|re\s*:\s*|repl(?:y|ies) to\s+|in (?:reply|response) to\s+"
    r"|response to (?=the |dr |letter|comment|editorial))"
    r"|(?P<comment>(?:invited )?(?:comment(?:s|ary|aries)?|discussion)(?:\s+(?:on|to))?\s*[:.–—-]\s*|comments? on\s+"
    r"|commentary on\s+|letter to the editor\s*[:.–—-]\s*|letter\s*:\s*)"
    r"|(?P<editorial>(?:guest |invited )?editorial(?: comment)?\s*[:.–—-]\s*)"
)
_SUFFIX = re.compile(
    r"\s*(?:[:.;(\[–—]|\s-|-\s)\s*(?:(?:the )?authors?'?s?'?\s+|in\s+)?"
    r"(?:(?P<reply>reply|response|rebuttal|repl[iy]es)|(?:published )?(?P<correction>errat(?:um|a)|corrigend(?:um|a)|correction)"
    r"|(?P<comment>(?:invited )?comment(?:s|ary)?|discussion)|(?P<retraction>retraction)|(?P<editorial>editorial)"
    r"|(?P<protocol>(?:a |the )?(?:study |trial |review )?protocol))\s*[)\]]?[.\s]*$"
)
_NAMED = re.compile(
    r"\s*[(\[](?P<how>[^()\[\]]{0,60}?)\bvol(?:ume)?\.?\s*(?P<volume>\d{1,4})\b[^()\[\]]{0,40}?"
    r"\b(?:pg|pp?|page|art)\.?\s*[a-z]?(?P<page>\d{1,7})[^()\[\]]*[)\]][.\s]*$"
)
_LANGUAGES = (
    "english|german|french|spanish|italian|portuguese|russian|japanese|chinese|polish|dutch|czech|danish|swedish"
    "|norwegian|finnish|hungarian|turkish|korean|hebrew|croatian|serbian|greek|romanian|bulgarian|ukrainian|persian"
)
_REMARK = re.compile(
    r"\s*(?:\[(?P<square>[^\[\]]{0,200})\]|\((?P<round>[^()]{0,200})\))[.\s]*$",
)
_REMARKS = re.compile(
    r"(?:(?:systematic |narrative )?review|reviews?|letter|editorial|note|see comments?|comments?|corrected|\d+ refs?\.?"
    r"|[^.]* refs\.?|.{0,20}\berrat(?:um|a) (?:appears|in)\b.*|published erratum.*|(?:partial )?retract(?:ed|ion) (?:in|of).*"
    r"|retracted(?: article)?|retracted by.*|(?:comment|update[ds]?|republished|reprint(?:ed)?|summary|original) (?:in|on|of|from|for)\b.*"
    r"|(?:structured|provisional|meeting|conference|published)? ?abstracts?(?: only)?|abstract (?:no|number|#)?[.:# ]*[a-z]{0,4}[- ]?\d+.*"
    r"|brief record|full text|(?:article )?in (?:" + _LANGUAGES + r")(?:[ ,;/].*)?|(?:" + _LANGUAGES + r")"
    r"|case reports?|clinical (?:conference|trial)|withdrawn|online first|epub.*|proceedings?|author'?s? transl(?:ation)?"
    r"|transl(?:ated|ation).{0,40})",
)
# A remark that an export cut off with the title's last letters.
_CUT_REMARK = re.compile(
    r"\s*\[(?:erratum appears|published erratum|see comment|retract|comment in|update)[^\]]*$"
)
_CITED = re.compile(r"[.\s]\s*[a-z][a-z &.]{2,60}?\b(?:19|20)\d\d\s*;\s*\d+\s*(?:\([^)]*\))?\s*:\s*\w+.*$")
_SUMMARY = re.compile(r"summary for (?:patients|policymakers)|executive summary\b|plain language summary")
_GENERIC = re.compile(
    r"(?:(?:guest |invited )?editors?(?:ial)?s?|from the editors?|letters?(?: to the editors?)?|correspondence|in this issue"
    r"|introductions?(?: to (?:the |this )?(?:special )?(?:issue|section|minitrack|track|forum|volume|themed?|papers?).*)?"
    r"|prefaces?|forewords?|afterword|acknowledge?ments?|obituary|in memoriam|news(?:letter)?|announcements?|books? reviews?"
    r"|reviewers?(?: list)?|contents|table of contents|abstracts?|posters?|oral presentations?|notes?|errat(?:um|a)|corrigend(?:um|a)"
    r"|corrections?|addend(?:um|a)|retraction(?: note)?|replys?|repl(?:y|ies)|response|authors? (?:reply|response|index)"
    r"|comments?|comment(?:ary|aries)|discussion|summary|conclusions?|overview|index|subject index|call for papers|masthead"
    r"|front matter|back matter|cover|unknown|untitled|no title|title|anonymous|not available|na|n a|preliminary communications?"
    r"|research abstracts?|short notices?|questions?(?: and answers?)?|case reports?|case studies|clinical trials?|special issue"
    r")"
)
_GENERIC_OPENING = re.compile(
    r"(?:(?:guest |invited )?editors? (?:comments?|notes?|introduction|page|choice|letter|message|foreword|column|corner)"
    r"|(?:guest |invited )?editorial\b|from the editor|letters? to the editor|introduction to (?:the |this )?(?:special |minitrack|hicss|mini track|track)"
    r"|proceedings of|abstracts? (?:of|from)|call for papers|message from|in this issue|special (?:issue|section)|book reviews?|minitrack)"
)
_GENERIC_CLOSING = re.compile(
    r"\b(?:editors? (?:comments?|notes?|introduction|letter|message|remarks)|editorial|book reviews?)$"
)
_PLAIN_TEXT = (
    "a an and as at by de der des die for from in into is la le of on or the to und with et el en du"
)
_PARTED_TEXT = (
    "part parts phase phases type types stage section chapter volume study trial paper no grade class"
)
_COUNTED_TEXT = "one two three four five six seven eight nine ten"
_PLAIN_WORDS = frozenset(_PLAIN_TEXT.split())
_PARTED = frozenset(_PARTED_TEXT.split())
_COUNTED = {word: n for n, word in enumerate(_COUNTED_TEXT.split(), 1)}
_ONES = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
_ROMANS = {ten + one: n for n, (ten, one) in enumerate(product(("", "x", "xx", "xxx"), _ONES)) if n}
_NO_NUMBERS = frozenset[int]()
_DIGITS = re.compile(r"[0-9]{1,18}")
_SHORT_WORDS, _SHORT_RUN, _TELLING = 3, 20, 3


def title(given: str) -> Title:
    """A title ready for comparison, from a title as delivered."""
    text = lowered(given).strip()
    translated = text.startswith("[")
    text, marks, target = _stripped(text)
    found = tuple(words(text))
    run = "".join(found)
    if not run and marks:  # the mark was all there is ("Reply.", "Erratum")
        found = tuple(words(lowered(given)))
        run = "".join(found)
    return Title(run, found, marks, _numbers(found), _is_generic(found, run), translated, target)


def _stripped(text: str) -> tuple[str, frozenset[Mark], Target | None]:
    """The bare title with what was taken off it: its marks, and the article a notice names."""
    marks: set[Mark] = set()
    target = None
    if text.endswith(("]", ")", "].", ").", ". ")):
        named = _NAMED.search(text)  # ISI prints "(vol 1, pg 2, 2009)" for corrections, without a word
        if named is not None:
            target = Target(int(named["volume"]), int(named["page"]))
            if "reprint" not in named["how"]:
                marks.add(Mark.RETRACTION if "retract" in named["how"] else Mark.CORRECTION)
            text = text[: named.start()]
        text = _without_remarks(text)
    elif "[" in text:
        text = _CUT_REMARK.sub("", text)
    if ";" in text and ":" in text:
        text = _CITED.sub("", text)
    opening = _PREFIX.match(text.lstrip("[( "))
    if opening is not None:
        text = text.lstrip("[( ")[opening.end() :]
        if opening.lastgroup != "retracted":
            marks.add(Mark[str(opening.lastgroup).upper()])
    closing = _SUFFIX.search(text)
    if closing is not None and closing.start() > 0:
        marks.add(Mark[str(closing.lastgroup).upper()])
        text = text[: closing.start()]
    if "summary" in text and _SUMMARY.search(text):
        marks.add(Mark.SUMMARY)
    return text, frozenset(marks) if marks else _NONE, target


def _without_remarks(text: str) -> str:
    """``text`` without the remarks that databases append in brackets; a whole title in brackets stays."""
    while True:
        found = _REMARK.search(text)
        if found is None or not found.start():
            return text
        said = found["square"] if found["square"] is not None else found["round"]
        if _REMARKS.fullmatch(said.strip().rstrip(".")) is None:
            return text
        text = text[: found.start()]


def _numbers(found: tuple[str, ...]) -> frozenset[int]:
    """Numbers in a title: digits, Roman numerals that stand alone, and number words after *part*, *phase* ..."""
    numbers: set[int] = set()
    before = ""
    for word in found:
        if word in _ROMANS:
            if len(word) > 1 or before in _PARTED:
                numbers.add(_ROMANS[word])
        elif not word.isalpha():
            numbers.update(int(digits) for digits in _DIGITS.findall(word))
        elif word in _COUNTED and before in _PARTED:
            numbers.add(_COUNTED[word])
        before = word
    return frozenset(numbers - {0}) if numbers else _NO_NUMBERS


def _is_generic(found: tuple[str, ...], run: str) -> bool:
    """Whether many texts bear such a title, so that it identifies none of them."""
    if (
        len(run) < _SHORT_RUN
        or len([w for w in found if len(w) >= _TELLING and w not in _PLAIN_WORDS]) < _SHORT_WORDS
    ):
        return True
    text = " ".join(found)
    return (
        _GENERIC.fullmatch(text) is not None
        or _GENERIC_OPENING.match(text) is not None
        or _GENERIC_CLOSING.search(text) is not None
    )
