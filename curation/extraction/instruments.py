"""Risk-of-bias instruments as data: domains, numbered questions, answers, judgements and the names of the rules.

TOML, one file an instrument: those that ship with livrev (``db/instruments``), and a review's own beside them.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, MinLen

from curation.errors import BadInput
from curation.faults import Fault, KeyPath, Lines, checked_as, dotted, merged, repeated, rows
from curation.model import Validation

_STRICT = {"extra": "forbid", "str_strip_whitespace": True}
Text = Annotated[str, MinLen(1)]

KIND, OVERALL, COMPLETE = "kind", "overall", "complete"
APPLICABILITY = "applicability:"
INCOMPLETE, REVIEWER = "incomplete", "reviewer"  # what rules say where they give no judgement
_KEPT = {KIND, OVERALL, COMPLETE, INCOMPLETE, REVIEWER}


class Unit(StrEnum):
    """What one form is about."""

    EVALUATION = "evaluation"
    STUDY = "study"


class DomainRule(StrEnum):
    """How a domain's default is derived from its answers (``curation.extraction.appraisal_rules``)."""

    FLAGS = "flags"
    JUDGED = "judged"


class OverallRule(StrEnum):
    """How the overall default is derived from the domains; QUADAS-2 has no overall judgement."""

    WORST = "worst"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to a question by what they say of it; ``not_applicable`` is empty where the instrument has none."""

    __pydantic_config__: ClassVar = _STRICT
    good: tuple[Text, ...] = ()
    poor: tuple[Text, ...] = ()
    unknown: tuple[Text, ...] = ()
    not_applicable: str = ""

    @property
    def substantial(self) -> tuple[str, ...]:
        """Every answer but *not applicable*, as they are printed on the form."""
        return (*self.good, *self.poor, *self.unknown)


@dataclass(frozen=True, slots=True)
class Kind:
    """A variant of the form; ``default_for`` are the kinds of validation whose evaluations it suits."""

    __pydantic_config__: ClassVar = _STRICT
    id: Text
    default_for: tuple[Validation, ...] = ()


@dataclass(frozen=True, slots=True)
class Consider:
    """A prompt, never a rule: an overall ``level`` found in ``at_least`` domains may have to be ``judgement``.

    An empty ``kind`` concerns every kind.
    """

    __pydantic_config__: ClassVar = _STRICT
    level: Text
    at_least: Annotated[int, Ge(1)]
    judgement: Text
    why: Text
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain; ``applicability`` says whether that is judged for it too."""

    __pydantic_config__: ClassVar = _STRICT
    id: Text
    name: Text
    applicability: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A question by its official number; ``only`` are the kinds it is asked of (none: all), ``na`` allows that answer."""

    __pydantic_config__: ClassVar = _STRICT
    id: Text
    domain: Text
    text: Text
    only: tuple[Text, ...] = ()
    na: bool = False


@dataclass(frozen=True, slots=True)
class Instrument:
    """A whole instrument. ``judgements`` run from best to worst; ``without_information`` is what NI comes to."""

    __pydantic_config__: ClassVar = _STRICT
    name: Text
    year: int
    title: Text
    link: Text
    unit: Unit
    judgements: Annotated[tuple[Text, ...], MinLen(2)]
    domain_rule: DomainRule
    overall_rule: OverallRule
    domains: Annotated[tuple[Domain, ...], MinLen(1)]
    concern: Text = "risk of bias"
    without_information: str = ""
    answers: Answers = field(default_factory=Answers)
    kinds: tuple[Kind, ...] = ()
    consider: tuple[Consider, ...] = ()
    questions: tuple[Question, ...] = ()

    @property
    def key(self) -> str:
        """Its name as files and the store call it: ``probast-ai-evaluation``."""
        return key_of(self.name)

    @property
    def digest(self) -> str:
        """Twelve hex digits that differ where anything an assessor reads or a rule uses differs."""
        plain = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(plain.encode()).hexdigest()[:12]

    def asked(self, kind: str = "") -> tuple[Question, ...]:
        """Questions asked of this kind; without a kind, all."""
        return tuple(q for q in self.questions if not kind or not q.only or kind in q.only)

    def default_kind(self, validation: Validation) -> str:
        """The kind that suits an evaluation; empty where that must be said."""
        return next((k.id for k in self.kinds if validation in k.default_for), "")

    @property
    def with_applicability(self) -> tuple[Domain, ...]:
        """Domains whose applicability is judged."""
        return tuple(d for d in self.domains if d.applicability)


def key_of(name: str) -> str:
    """``PROBAST+AI evaluation`` as ``probast-ai-evaluation``."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def read(path: Path) -> Instrument:
    """The instrument in ``path``.

    Raises BadInput with every fault of the file, each with its line and key.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        plain = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        message = f"{path} cannot be read as an instrument: {problem}"
        raise BadInput(message) from problem
    instrument, of_shape = checked_as(Instrument, plain, "see the instruments in db/instruments for examples")
    faults = merged(of_shape, _meaning(plain, path.stem))
    if faults or instrument is None:
        count = f"{len(faults)} fault{'s' if len(faults) != 1 else ''}"
        message = f"{path} has {count}; it cannot be used as an instrument"
        raise BadInput(message, faults=Lines(text).told(faults))
    return instrument


def _meaning(plain: Mapping[str, Any], stem: str) -> Iterator[Fault]:
    """Faults that types alone cannot see. Reads the raw values, so that all faults show at once."""
    for table in ("kinds", "domains", "questions"):
        yield from repeated(plain, table, "id")
    yield from _head(plain, stem)
    yield from _levels(plain)
    yield from _answers(plain)
    yield from _questions(plain)
    yield from _domains(plain)
    yield from _prompts(plain)


def _head(plain: Mapping[str, Any], stem: str) -> Iterator[Fault]:
    name, link = plain.get("name"), plain.get("link")
    if isinstance(name, str) and name.strip() and key_of(name) != stem:
        yield ("name",), f"name: the file of {name!r} must be called {key_of(name)}.toml; it is {stem}.toml"
    if isinstance(link, str) and link.strip() and not link.startswith(("https://", "http://")):
        yield ("link",), f"link: must be the address of the official form, like https://...; it is {link!r}"


def _levels(plain: Mapping[str, Any]) -> Iterator[Fault]:
    levels = _texts(plain, "judgements")
    if len(set(levels)) < len(levels):
        yield ("judgements",), "judgements: each must be unique"
    for level in _KEPT.intersection(levels):
        yield ("judgements",), f"judgements: {level!r} is a word of livrev's own; choose another"
    without = plain.get("without_information", "")
    unknown = _texts(plain.get("answers", {}), "unknown")
    if isinstance(without, str) and without and without not in levels:
        said = f"must be one of the judgements ({', '.join(levels)}); it is {without!r}"
        yield ("without_information",), f"without_information: {said}"
    if plain.get("domain_rule") == DomainRule.FLAGS and unknown and not without:
        said = f"missing; say which judgement {' or '.join(unknown)} comes to"
        yield ("without_information",), f"without_information: {said}"


def _answers(plain: Mapping[str, Any]) -> Iterator[Fault]:
    table = plain.get("answers", {})
    said = [answer for group in ("good", "poor", "unknown") for answer in _texts(table, group)]
    said += [table["not_applicable"]] if isinstance(table, Mapping) and table.get("not_applicable") else []
    for answer in sorted({str(a) for a in said if said.count(a) > 1}):
        yield ("answers",), f"answers: {answer!r} stands in more than one place; each means one thing"
    if rows(plain, "questions") and not (_texts(table, "good") and _texts(table, "poor")):
        yield ("answers",), "answers: questions need answers; say which are good and which are poor"


def _questions(plain: Mapping[str, Any]) -> Iterator[Fault]:
    domains, kinds = _ids(plain, "domains"), _ids(plain, "kinds")
    table = plain.get("answers", {})
    has_na = isinstance(table, Mapping) and bool(table.get("not_applicable"))
    for index, row in rows(plain, "questions"):
        domain = row.get("domain")
        if isinstance(domain, str) and domain not in domains:
            yield _at("questions", index, "domain", f"there is no domain {domain!r} ({', '.join(domains)})")
        for kind in (k for k in _texts(row, "only") if k not in kinds):
            yield _at("questions", index, "only", f"there is no kind {kind!r} ({', '.join(kinds) or 'none'})")
        if row.get("na") is True and not has_na:
            yield _at("questions", index, "na", "answers.not_applicable names no answer for that")
        if isinstance(row.get("id"), str) and _is_kept(row["id"], domains):
            yield _at("questions", index, "id", f"{row['id']!r} names something else already")


def _domains(plain: Mapping[str, Any]) -> Iterator[Fault]:
    asked = {row.get("domain") for _, row in rows(plain, "questions")}
    for index, row in rows(plain, "domains"):
        name = row.get("id")
        if isinstance(name, str) and _is_kept(name, ()):
            yield _at("domains", index, "id", f"{name!r} names something else already")
        if plain.get("domain_rule") == DomainRule.FLAGS and isinstance(name, str) and name not in asked:
            yield _at("domains", index, "id", f'{name} has no question, which domain_rule "flags" needs')


def _prompts(plain: Mapping[str, Any]) -> Iterator[Fault]:
    levels, kinds = _texts(plain, "judgements"), _ids(plain, "kinds")
    for index, row in rows(plain, "consider"):
        for key in ("level", "judgement"):
            if isinstance(row.get(key), str) and row[key] not in levels:
                yield _at("consider", index, key, f"{row[key]!r} is no judgement ({', '.join(levels)})")
        if row.get("kind") and row["kind"] not in kinds:
            yield _at("consider", index, "kind", f"there is no kind {row['kind']!r}")
        if plain.get("overall_rule") == OverallRule.NONE:
            yield _at("consider", index, "level", 'overall_rule "none" leaves nothing to consider')


def _is_kept(name: str, domains: tuple[str, ...]) -> bool:
    return name in _KEPT or name in domains or name.startswith(APPLICABILITY)


def _at(table: str, index: int, key: str, said: str) -> Fault:
    where: KeyPath = (table, index, key)
    return where, f"{dotted(where)}: {said}"


def _ids(plain: Mapping[str, Any], table: str) -> tuple[str, ...]:
    return tuple(row["id"] for _, row in rows(plain, table) if isinstance(row.get("id"), str))


def _texts(table: object, key: str) -> tuple[str, ...]:
    found = table.get(key, []) if isinstance(table, Mapping) else []
    return tuple(text for text in found if isinstance(text, str)) if isinstance(found, list) else ()
