"""Writes a form to be filled in: every question with its own short text, the answers allowed, and what was said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from curation.extraction.assessment import Entry, Sheet, judgement_items, title_of
from curation.extraction.instruments import APPLICABILITY, KIND, OVERALL, DomainRule, Instrument, Question


@dataclass(frozen=True, slots=True)
class Blank:
    """What goes into a form.

    ``said`` is filled in already; ``only`` are the items to ask (None: all); ``remarks`` are comment lines by item.
    """

    instrument: Instrument
    study: str
    evaluations: tuple[str, ...] = ()
    kind: str = ""
    said: Sheet = field(default_factory=dict)
    only: frozenset[str] | None = None
    remarks: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def asks(self, item: str) -> bool:
        """Whether the form has this item."""
        return self.only is None or item in self.only


def blank(form: Blank) -> str:
    """The form as TOML."""
    return "\n".join([*_head(form), *_questions(form), *_judgements(form)]) + "\n"


def _head(form: Blank) -> Iterator[str]:
    instrument = form.instrument
    yield f"# {instrument.name} ({instrument.year}): {_one_line(instrument.title)}"
    yield f"# Official form and guidance, which say what each question means: {_one_line(instrument.link)}"
    yield "# An empty answer says nothing yet. An empty judgement takes what the answers give, where they give one;"
    yield "# one that differs from that, or overrules a flag, needs its why. where: the page; quote: the words there."
    yield ""
    yield f"instrument = {_quoted(instrument.name)}"
    yield f"study = {_quoted(form.study)}"
    if form.evaluations:
        yield f"evaluations = [{', '.join(map(_quoted, form.evaluations))}]"
    if instrument.kinds:
        yield from _remarks(form, KIND)
        known = ", ".join(k.id for k in instrument.kinds)
        yield f"kind = {_quoted(form.kind)}   # {known}"


def _questions(form: Blank) -> Iterator[str]:
    for domain in form.instrument.domains:
        asked = [q for q in form.instrument.asked(form.kind) if q.domain == domain.id and form.asks(q.id)]
        if asked:
            yield ""
            yield f"# {domain.id} {_one_line(domain.name)}"
        for question in asked:
            yield ""
            yield from _question(form, question)


def _question(form: Blank, question: Question) -> Iterator[str]:
    answers = form.instrument.answers
    allowed = [*answers.substantial, *([answers.not_applicable] if question.na else [])]
    only = f" (only {', '.join(question.only)})" if question.only and not form.kind else ""
    yield f"# {_one_line(question.text)}{only}"
    yield from _remarks(form, question.id)
    yield "[[answers]]"
    yield f"question = {_quoted(question.id)}"
    yield from _entry("answer", form.said.get(question.id), " ".join(allowed))


def _judgements(form: Blank) -> Iterator[str]:
    items = [item for item in judgement_items(form.instrument) if form.asks(item)]
    if items:
        yield ""
        yield "# Judgements"
    for item in items:
        yield ""
        yield f"# {_one_line(title_of(form.instrument, item))}"
        yield from _remarks(form, item)
        yield "[[judgements]]"
        yield f"about = {_quoted(item)}"
        yield from _entry("judgement", form.said.get(item), _levels(form.instrument, item))


def _levels(instrument: Instrument, item: str) -> str:
    levels = ", ".join(instrument.judgements)
    overall = item in {OVERALL, f"{APPLICABILITY}{OVERALL}"}
    if overall:
        return f"{levels}; empty: the worst of the above"
    direct = item.startswith(APPLICABILITY) or instrument.domain_rule is DomainRule.JUDGED
    return levels if direct else f"{levels}; empty: what the answers give"


def _entry(key: str, entry: Entry | None, allowed: str) -> Iterator[str]:
    said = entry or Entry("")
    yield f"{key} = {_quoted(said.answer)}   # {allowed}"
    yield f"where = {_quoted(said.where)}"
    yield f"quote = {_quoted(said.quote)}"
    yield f"why = {_quoted(said.why)}"


def _remarks(form: Blank, item: str) -> Iterator[str]:
    for line in form.remarks.get(item, ()):
        yield f"# {_one_line(line)}"


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's escapes, and DEL, which TOML alone forbids."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _one_line(text: str) -> str:
    """A comment ends with its line, and may hold no control character."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))
