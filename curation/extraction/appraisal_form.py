"""Reads a filled-in form of an instrument: answers, judgements, and the support for each.

TOML. An empty answer or judgement says nothing yet; a form may come in several times, each time with more in it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from annotated_types import MinLen

from curation.errors import BadInput
from curation.extraction.assessment import Entry, Sheet, judgement_items
from curation.extraction.instruments import KIND, Instrument, Question, Unit
from curation.faults import Fault, KeyPath, Lines, checked_as, dotted, merged, repeated, rows

_STRICT = {"extra": "forbid", "str_strip_whitespace": True}
Text = Annotated[str, MinLen(1)]
_SUPPORT = ("why", "where", "quote")


@dataclass(frozen=True, slots=True)
class AnswerEntry:
    """The answer to one question, with its place in the report and the report's words."""

    __pydantic_config__: ClassVar = _STRICT
    question: Text
    answer: str = ""
    where: str = ""
    quote: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class JudgementEntry:
    """One judgement: a domain's, the overall one, or one of applicability."""

    __pydantic_config__: ClassVar = _STRICT
    about: Text
    judgement: str = ""
    where: str = ""
    quote: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class FormFile:
    """A form file as it stands."""

    __pydantic_config__: ClassVar = _STRICT
    instrument: Text
    study: Text
    evaluations: tuple[Text, ...] = ()
    kind: str = ""
    answers: tuple[AnswerEntry, ...] = ()
    judgements: tuple[JudgementEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """A form that was read: whom it is about, and what it says, by item. ``evaluations`` is empty for a whole study."""

    name: str
    text: str
    instrument: Instrument
    study: str
    evaluations: tuple[str, ...]
    said: Sheet
    at: Mapping[str, KeyPath]

    def refused(self, faults: Iterable[Fault]) -> BadInput:
        """The error that tells all faults, each with its line."""
        return _refused(self.name, self.text, list(faults))


def read(path: Path, find: Callable[[str], Instrument]) -> Form:
    """The form in ``path``; ``find`` gives the instrument of a name.

    Raises BadInput with every fault of the file, each with its line and key, and what ``find`` raises.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        plain = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        message = f"{path} cannot be read as a form: {problem}"
        raise BadInput(message) from problem
    form, of_shape = checked_as(FormFile, plain, "livrev appraise form writes a whole one")
    name = plain.get("instrument")
    if not isinstance(name, str) or not name.strip():
        raise _refused(path.name, text, of_shape)
    instrument = find(name)
    faults = merged(of_shape, _meaning(plain, instrument))
    if faults or form is None:
        raise _refused(path.name, text, faults)
    said, at = _said(form, instrument)
    return Form(path.name, text, instrument, form.study, form.evaluations, said, at)


def _refused(name: str, text: str, faults: list[Fault]) -> BadInput:
    count = f"{len(faults)} fault{'s' if len(faults) != 1 else ''}"
    message = f"{name} has {count}; nothing of it was stored"
    return BadInput(message, faults=Lines(text).told(faults))


def _said(form: FormFile, instrument: Instrument) -> tuple[dict[str, Entry], dict[str, KeyPath]]:
    said: dict[str, Entry] = {}
    at: dict[str, KeyPath] = {KIND: ("kind",)}
    if instrument.kinds and form.kind:
        said[KIND] = Entry(form.kind)
    for index, a in enumerate(form.answers):
        at[a.question] = ("answers", index, "answer")
        if a.answer:
            said[a.question] = Entry(a.answer, a.why, a.where, a.quote)
    for index, j in enumerate(form.judgements):
        at[j.about] = ("judgements", index, "judgement")
        if j.judgement:
            said[j.about] = Entry(j.judgement, j.why, j.where, j.quote)
    return said, at


def _meaning(plain: Mapping[str, Any], instrument: Instrument) -> Iterator[Fault]:
    """Faults that types alone cannot see. Reads the raw values, so that all faults show at once."""
    yield from repeated(plain, "answers", "question")
    yield from repeated(plain, "judgements", "about")
    yield from _kind(plain, instrument)
    yield from _unit(plain, instrument)
    kind = plain.get("kind", "")
    for index, row in rows(plain, "answers"):
        yield from _answer(row, index, instrument, kind if isinstance(kind, str) else "")
    for index, row in rows(plain, "judgements"):
        yield from _judgement(row, index, instrument)


def _kind(plain: Mapping[str, Any], instrument: Instrument) -> Iterator[Fault]:
    kind, known = plain.get("kind", ""), [k.id for k in instrument.kinds]
    if not isinstance(kind, str):
        return
    if known and kind not in known:
        yield (
            ("kind",),
            f"kind: must be {' or '.join(map(repr, known))}{f'; it is {kind!r}' if kind else ', and is not said'}",
        )
    if kind and not known:
        yield ("kind",), f"kind: {instrument.name} has one kind of form; take the line out"


def _unit(plain: Mapping[str, Any], instrument: Instrument) -> Iterator[Fault]:
    named = plain.get("evaluations", [])
    if instrument.unit is Unit.EVALUATION and named == []:
        said = f"{instrument.name} is about evaluations; name at least one"
        yield ("evaluations",), f"evaluations: {said}"
    if instrument.unit is Unit.STUDY and named:
        yield ("evaluations",), f"evaluations: {instrument.name} is about the whole study; take the line out"


def _answer(row: Mapping[str, Any], index: int, instrument: Instrument, kind: str) -> Iterator[Fault]:
    name, answer = row.get("question"), row.get("answer", "")
    if not isinstance(name, str) or not isinstance(answer, str):
        return
    question = next((q for q in instrument.questions if q.id == name.strip()), None)
    if question is None:
        yield _at("answers", index, "question", f"{instrument.name} has no question {name!r}")
        return
    allowed = _allowed(instrument, question, kind)
    if answer and answer not in allowed:
        said = f"must be {', '.join(allowed)} or empty" if allowed else f"is not asked in a form on {kind}"
        yield _at("answers", index, "answer", f"{name} {said}; it is {answer!r}")
    yield from _support_of_nothing(row, "answers", index, "answer")


def _allowed(instrument: Instrument, question: Question, kind: str) -> tuple[str, ...]:
    none = (instrument.answers.not_applicable,) if instrument.answers.not_applicable else ()
    if question not in instrument.asked(kind):
        return none
    return (*instrument.answers.substantial, *(none if question.na else ()))


def _judgement(row: Mapping[str, Any], index: int, instrument: Instrument) -> Iterator[Fault]:
    about, judgement = row.get("about"), row.get("judgement", "")
    if not isinstance(about, str) or not isinstance(judgement, str):
        return
    known = judgement_items(instrument)
    if about.strip() not in known:
        said = f"{instrument.name} has no judgement {about!r} ({', '.join(known)})"
        yield _at("judgements", index, "about", said)
    if judgement and judgement not in instrument.judgements:
        said = f"{about} must be {', '.join(instrument.judgements)} or empty; it is {judgement!r}"
        yield _at("judgements", index, "judgement", said)
    yield from _support_of_nothing(row, "judgements", index, "judgement")


def _support_of_nothing(row: Mapping[str, Any], table: str, index: int, key: str) -> Iterator[Fault]:
    """A rationale without what it is for would be lost, so it is told instead."""
    given = [part for part in _SUPPORT if isinstance(row.get(part), str) and row[part].strip()]
    if given and not row.get(key):
        said = f"is empty, but {' and '.join(given)} {'is' if len(given) == 1 else 'are'} given; say it too"
        yield _at(table, index, key, said)


def _at(table: str, index: int, key: str, said: str) -> Fault:
    where: KeyPath = (table, index, key)
    return where, f"{dotted(where)}: {said}"
