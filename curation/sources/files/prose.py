"""Titles and abstracts as sources write them: markup, wrapped lines, paragraphs, labelled sections."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_INLINE = re.compile(
    r"</?(?:i|b|u|em|strong|bold|italic|sub|sup|sc|scp|small|span|tt|inf|(?:jats|mml):[\w-]+)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_BLOCK = re.compile(
    r"</?(?:p|br|div|li|ul|ol|h[1-6]|abstracttext|copyrightinformation|abstract|"
    r"jats:(?:p|sec|title|list|list-item))(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"<(jats:title|h[1-6]|b|strong|bold|jats:bold|jats:italic)>\s*(?:<[\w:]+>\s*)?([^<>]{2,60}?)\s*[:.]?\s*(?:</[\w:]+>\s*)?"
    r"</\1>\s*(?:</?(?:jats:)?p>\s*)?:?",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"<AbstractText\s[^<>]*?\bLabel=\"([^\"<>]+)\"[^<>]*>")
_WRAPPED = 120  # characters; where every line is shorter, lines end for the page's sake
_CLOSED = '.!?:;)]"”»'
_LABEL_LENGTH = 62  # characters, as curation.model reads them back
_SHOUTING = re.compile(r"[A-Z][A-Z /,&()-]{2,60}")
_SENTENCE_END = re.compile(r"[.?!)\]\"”](,?);?\s+([A-Z][^.?!:]*)$")
_HEADS = (
    "background objective objectives aim aims purpose purposes method methods methodology materials results result "
    "findings finding conclusion conclusions discussion introduction significance importance design setting settings "
    "participants patients intervention interventions rationale context limitations interpretation funding "
    "registration summary hypothesis measurements measures outcomes recommendations implications relevance approach "
    "subjects synthesis location innovation highlights"
)
_WITH = (
    "and or of the in for a to main primary secondary material data sources source study studies selection extraction acquisition "
    "evidence analysis analyses statistical trial clinical review new key recent advances knowledge research problem "
    "procedure procedures outcome measure measurement sample level question statement case presentation experimental "
    "principal practice public health scope eligibility criteria search strategy s"
)
_HEAD_WORDS = frozenset(_HEADS.split())
_LABEL_WORDS = _HEAD_WORDS | frozenset(_WITH.split())
_WORD = re.compile(r"[A-Za-z]+")
_UPPER = "|".join(sorted(map(str.upper, _HEAD_WORDS), key=len, reverse=True))
_UNPUNCTUATED = re.compile(
    rf"(?:^|(?<=[.?!)\]] ))((?:MATERIALS? AND )?(?:{_UPPER})(?:(?: AND | & |/)(?:{_UPPER}))*) (?=[A-Z\d(])"
)
_NOTHING = re.compile(
    r"\W*(?:na|n/a|none|null|nan|-+|(?:there is )?no abstract(?: (?:is )?available)?|abstract (?:is )?not available|"
    r"not available|copyright of .* is the property of .*)\W*",
    re.IGNORECASE | re.DOTALL,
)


def folded(text: str) -> str:
    """White space folded to single blanks."""
    return " ".join(text.split())


def plain(text: str) -> str:
    """Text without markup (``<i>``, ``<sup>``, ``<p>``) and character references."""
    if "<" in text:
        text = _INLINE.sub("", _BLOCK.sub(" ", text))
    return html.unescape(text) if "&" in text else text


def title_of(given: str) -> tuple[str, str]:
    """Title without markup, and as given where that differs."""
    as_given = folded(given)
    if "<" not in as_given and "&" not in as_given:
        return as_given, ""
    title = folded(plain(as_given))
    return title, "" if title == as_given else as_given


def absent(text: str) -> bool:
    """Whether an abstract only says that there is none: ``NA``, ``[No abstract available]``, a copyright notice."""
    return (len(text) < _WRAPPED or text[:12].casefold() == "copyright of") and _NOTHING.fullmatch(
        text.strip()
    ) is not None


def abstract_of(text: str) -> str:
    """Abstract without markup: paragraphs as lines, a labelled section as ``LABEL: text`` (see ``paragraphs``)."""
    if "<" in text:
        text = _ATTRIBUTE.sub(lambda found: f"\n\n{found[1].upper()}: ", text)
        text = _BLOCK.sub("\n\n", _HEADING.sub(_headed, text))
    return paragraphs(plain(text))


def paragraphs(text: str) -> str:
    """Wrapped lines joined, paragraphs kept as lines, known section labels each at the beginning of a line.

    An empty line parts paragraphs; so does the end of a line longer than a page is wide, when a sentence ends
    with it (Web of Science writes one paragraph a line). ``Methods: `` within a paragraph begins a section when a
    sentence ends before it and every word of it is one that labels are made of; labels are set in capitals.
    """
    return "\n".join(section for paragraph in _unwrapped(text) for section in _sections(paragraph))


def _headed(found: re.Match[str]) -> str:
    inner = found[2].strip(" :.")
    if _is_label(inner):
        return f"\n\n{inner.upper()}: "
    return "\n\n" if inner.casefold() == "abstract" else found[0]


def _unwrapped(text: str) -> Iterator[str]:
    if "\n" not in text:
        yield from filter(None, (folded(text),))
        return
    for block in re.split(r"\n[ \t]*\n", text):
        lines = [line for line in map(folded, block.split("\n")) if line]
        wide = any(len(line) > _WRAPPED for line in lines)
        joined: list[str] = []
        for line in lines:
            if joined and joined[-1][-1] in _CLOSED and (wide or _label_at_start(line)):
                yield " ".join(joined)
                joined = []
            joined.append(line)
        if joined:
            yield " ".join(joined)


def _label_at_start(line: str) -> bool:
    label, colon, _ = line[:_LABEL_LENGTH].partition(": ")
    return bool(colon) and _is_label(label)


def _sections(paragraph: str) -> Iterator[str]:
    """The paragraph cut before each label."""
    begun, label = 0, ""
    for start, end, name in _labels(paragraph):
        before = paragraph[begun:start].rstrip(", ")
        if before or label:
            yield f"{label}{before}".strip()
        begun, label = end, f"{name}: "
    yield f"{label}{paragraph[begun:].lstrip()}".strip()


def _labels(text: str) -> Iterator[tuple[int, int, str]]:
    """Begin, end and name of each label."""
    if "METHODS " in text or "RESULTS " in text or "CONCLUSION" in text:
        bare = [(found.start(1), found.end(), found[1]) for found in _UNPUNCTUATED.finditer(text)]
        if len(bare) > 1:
            yield from bare
            return
    at = text.find(": ")
    while at >= 0:
        start = _label_before(text, at)
        if start >= 0:
            yield start, at + 2, text[start:at].upper()
        at = text.find(": ", at + 2)


def _label_before(text: str, colon: int) -> int:
    """Where the label begins that ends at a colon; -1 where none does."""
    if colon <= _LABEL_LENGTH and _is_label(text[:colon]):
        return 0
    found = _SENTENCE_END.search(text, max(0, colon - _LABEL_LENGTH), colon)
    if found is None:
        return -1
    # Ovid joins the sections of an abstract with a comma: "... found., RECENT FINDINGS: ...".
    known = _is_label(found[2]) or (found[1] != "" and _SHOUTING.fullmatch(found[2]) is not None)
    return found.start(2) if known else -1


def _is_label(text: str) -> bool:
    if not text[:1].isupper() or (not text[-1].isalpha() and text[-1] != ")"):
        return False
    words = [word.lower() for word in _WORD.findall(text)]
    return any(word in _HEAD_WORDS for word in words) and all(word in _LABEL_WORDS for word in words)
