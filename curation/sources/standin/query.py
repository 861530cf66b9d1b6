"""Reads a PubMed strategy: words, phrases, tags, ranges and operators become a tree.

As PubMed has it: operators are upper case and work from left to right; an unknown tag searches all fields and
is reported; an unmatched parenthesis or a dangling operator is left out and reported. Simpler than PubMed:
there is no automatic term mapping (untagged words in a row must all occur), and several words before one tag
are always a phrase.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import groupby

from curation.sources.standin.fields import (
    ALL_FIELDS,
    Field,
    Match,
    days_of,
    field_of,
    is_relative,
    written,
)
from curation.sources.standin.words import words

# Left out of untagged searches, and said so. The common ones of PubMed's list.
_STOPWORDS = frozenset(
    words(
        "a an and are as at be by can did do does for from had has have how in into is it its may nor not of on "
        "or our so such than that the their then there these they this those to was we were what when which who"
    )
)
_ATOM = r'(?:"[^"]*"|[^\s()"\[\]:]+)'
_TOKEN = re.compile(
    rf"""
      (?P<range>{_ATOM}\s*(?:\[[^\]]*\]\s*)?:\s*{_ATOM}\s*\[[^\]]*\])
    | (?P<quoted>"[^"]*")
    | (?P<tag>\[[^\]]*\])
    | (?P<open>\()
    | (?P<close>\))
    | (?P<operator>(?:AND|OR|NOT)(?=[\s()"]|$))
    | (?P<word>[^\s()"\[\]]+)
    | (?P<stray>["\[\]])
    """,
    re.VERBOSE,
)
_RANGE = re.compile(rf"({_ATOM})\s*(?:\[[^\]]*\]\s*)?:\s*({_ATOM})\s*(\[[^\]]*\])")
_QUOTES = str.maketrans("“”„", '"""')


class Op(StrEnum):
    """How two parts of a strategy are joined."""

    AND = "AND"
    OR = "OR"
    NOT = "NOT"


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase in a field; ``typed`` is how the strategy wrote it, tag included."""

    text: str
    field: Field
    typed: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """All dates or numbers from ``low`` to ``high``, both included."""

    low: str
    high: str
    field: Field


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts that are joined from left to right."""

    first: Node
    rest: tuple[tuple[Op, Node], ...]


Node = Term | Range | Joined


@dataclass(slots=True)
class Remarks:
    """What in a strategy could not be taken as it was written, in PubMed's four kinds."""

    phrases_not_found: list[str] = field(default_factory=list)
    fields_not_found: list[str] = field(default_factory=list)
    phrases_ignored: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Query:
    """A strategy that has been read; ``root`` is None when nothing searchable is in it.

    ``mapped`` pairs each run of untagged words with what it was turned into (PubMed's TranslationSet).
    """

    root: Node | None
    mapped: tuple[tuple[str, str], ...]
    remarks: Remarks

    def within(self, window: Range) -> Query:
        """The same strategy, narrowed to a stretch of dates; as it is when nothing searchable is in it."""
        if self.root is None:
            return self
        return replace(self, root=Joined(self.root, ((Op.AND, window),)))

    @property
    def translation(self) -> str:
        """The strategy as NLM would write it; empty when there is nothing to search."""
        return _written(self.root) if self.root else ""


def parse(strategy: str) -> Query:
    """Strategy as a tree. Nothing is refused; what could not be taken as written stands in ``remarks``."""
    remarks = Remarks()
    parser = _Parser(_balanced(list(_tokens(strategy)), remarks), remarks)
    root = parser.read_expression()
    return Query(root, tuple(parser.mapped), remarks)


def translate(strategy: str) -> str:
    """Strategy as NLM's query translation would write it; it depends on the strategy alone."""
    return parse(strategy).translation


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def _tokens(strategy: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(strategy.translate(_QUOTES)):
        yield _Token(str(found.lastgroup), found.group())


def _balanced(tokens: list[_Token], remarks: Remarks) -> list[_Token]:
    """Tokens without parentheses that have no partner; each of these is reported."""
    waiting: list[int] = []
    lone: list[int] = []
    for at, token in enumerate(tokens):
        if token.kind == "open":
            waiting.append(at)
        elif token.kind == "close" and waiting:
            waiting.pop()
        elif token.kind == "close":
            lone.append(at)
    alone = {*lone, *waiting}
    remarks.messages += [tokens[at].text for at in sorted(alone)]
    return [token for at, token in enumerate(tokens) if at not in alone]


class _Parser:
    def __init__(self, tokens: list[_Token], remarks: Remarks) -> None:
        self.tokens = tokens
        self.at = 0
        self.remarks = remarks
        self.mapped: list[tuple[str, str]] = []

    def read_expression(self) -> Node | None:
        """Everything up to the closing parenthesis or the end."""
        parts: list[tuple[Op, Node]] = []
        waiting: Op | None = None
        while not self.sees("", "close"):
            if self.sees("operator"):
                waiting = self.read_operator(waiting, first=not parts)
                continue
            node = self.read_unit()
            if node is not None:
                parts.append((waiting or Op.AND, node))
                waiting = None
        if waiting is not None:
            self.remarks.phrases_ignored.append(waiting)
        return _joined(parts)

    def read_operator(self, waiting: Op | None, *, first: bool) -> Op | None:
        """Operator that holds from here on; one that joins nothing is reported and left out."""
        new = Op(self.take().text)
        if first or (waiting is not None and (waiting, new) != (Op.AND, Op.NOT)):
            self.remarks.phrases_ignored.append(new)
            return waiting
        return new

    def read_unit(self) -> Node | None:
        """Group, range, phrase or run of words; None when there is nothing searchable in it."""
        token = self.take()
        match token.kind:
            case "open":
                node = self.read_expression()
                self.take()
                return node
            case "range":
                return self.read_range(token.text)
            case "quoted":
                return self.read_term(token.text.strip('"'), token.text, quoted=True)
            case "word":
                return self.read_run(token.text)
            case "tag":  # a tag after a group or on its own: PubMed applies it to nothing
                self.remarks.phrases_ignored.append(token.text)
            case _:
                self.remarks.messages.append(token.text)
        return None

    def read_run(self, first: str) -> Node | None:
        """Words in a row: one phrase when a tag follows, else each word on its own, all of them wanted."""
        atoms = [first]
        while self.sees("word"):
            atoms.append(self.take().text)
        text = " ".join(atoms)
        if self.sees("tag"):
            return self.read_term(text, text)
        self.remarks.phrases_ignored += [atom for atom in atoms if atom.lower() in _STOPWORDS]
        wanted = [atom for atom in atoms if atom.lower() not in _STOPWORDS]
        terms = [term for atom in wanted if (term := self.read_term(atom, atom)) is not None]
        node = _joined([(Op.AND, term) for term in terms])
        if isinstance(node, Joined):
            self.mapped.append((text, _written(node)))
        return node

    def read_term(self, text: str, typed: str, *, quoted: bool = False) -> Term | None:
        """Term with the tag that follows it, None when it holds neither letter nor digit."""
        tag = self.take().text if self.sees("tag") else ""
        where = self.read_field(tag) if tag else ALL_FIELDS
        if not words(text):
            self.remarks.phrases_ignored.append(typed + tag)
            return None
        return self.checked(Term(text, where, typed + tag, quoted))

    def checked(self, term: Term) -> Term:
        """Report the term when it is no date in a date field, or no number in UID, and give it back."""
        is_date = days_of(term.text) is not None or is_relative(term.text)
        no_date = term.field.match is Match.DATE and not is_date
        no_number = term.field.match is Match.NUMBER and not all(
            word.isdecimal() for word in words(term.text)
        )
        if no_date or no_number:
            self.remarks.phrases_not_found.append(term.text)
        return term

    def read_range(self, text: str) -> Node | None:
        """Range of dates or numbers; in any other field its two ends are words of a phrase."""
        found = _RANGE.fullmatch(text)
        if found is None:  # the tokeniser has matched this very pattern
            raise AssertionError(text)
        low, high, tag = (part.strip('"') for part in found.groups())
        where = self.read_field(tag)
        ends = [Term(end, where, end + tag) for end in (low, high)]
        if where.match not in {Match.DATE, Match.NUMBER}:
            both = f"{low} {high}"
            return Term(both, where, both + tag) if words(both) else None
        for end in ends:
            self.checked(end)
        return Range(low, high, where)

    def read_field(self, tag: str) -> Field:
        """Field of a tag; all fields, and a report, when PubMed has no such tag."""
        name = tag.strip("[]").strip()
        known = field_of(name)
        if known is None:
            self.remarks.fields_not_found.append(name)
        return known or ALL_FIELDS

    def sees(self, *kinds: str) -> bool:
        """Whether the next token is of one of these kinds; the end is of kind ``""``."""
        return (self.tokens[self.at].kind if self.at < len(self.tokens) else "") in kinds

    def take(self) -> _Token:
        """Next token, which is then behind us."""
        self.at += 1
        return self.tokens[self.at - 1]


def _joined(parts: list[tuple[Op, Node]]) -> Node | None:
    if len(parts) < 2:  # noqa: PLR2004 - one part needs no joining
        return parts[0][1] if parts else None
    return Joined(parts[0][1], tuple(parts[1:]))


def _written(node: Node) -> str:
    match node:
        case Term():
            return _term_written(node)
        case Range(low, high, where):
            return f"{_end(low, where, 0)}:{_end(high, where, 1)}[{where.label}]"
        case Joined(first, rest):
            return _chain_written(first, rest)


def _chain_written(first: Node, rest: tuple[tuple[Op, Node], ...]) -> str:
    text = _grouped(first)
    for number, (op, stretch) in enumerate(groupby(rest, key=lambda part: part[0])):
        if number:  # a new operator takes all before it as one, as PubMed does from left to right
            text = f"({text})"
        text = f" {op} ".join((text, *(_grouped(node) for _, node in stretch)))
    return text


def _grouped(node: Node) -> str:
    return f"({_written(node)})" if isinstance(node, Joined) else _written(node)


def _term_written(term: Term) -> str:
    days = days_of(term.text) if term.field.match is Match.DATE else None
    if days is not None:
        return f"{written(days[0])}:{written(days[1])}[{term.field.label}]"
    if term.field.match is Match.NUMBER:
        return f"{term.text}[{term.field.label}]"
    text = " ".join(term.text.lower().split())
    # Quotes would say that the initials after an author's name are all there are.
    open_ended = term.field.match is Match.AUTHOR and not term.quoted
    return f"{text}[{term.field.label}]" if open_ended else f'"{text}"[{term.field.label}]'


def _end(text: str, where: Field, which: int) -> str:
    days = days_of(text) if where.match is Match.DATE else None
    return written(days[which]) if days else text
