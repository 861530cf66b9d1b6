"""One assessor's sheet on one study or evaluation: what is asked, what the answers give, what lacks, what differs.

A sheet maps items to entries. Items are question numbers (``1.1``), domains (``D1``), ``overall``,
``applicability:D1``, ``applicability:overall``, and ``kind`` where the instrument has several.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from curation.extraction.appraisal_rules import (
    Derived,
    domain_judgement,
    overall_applicability,
    overall_judgement,
)
from curation.extraction.instruments import APPLICABILITY, KIND, OVERALL, REVIEWER, Instrument, OverallRule


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer or a judgement, why, and the support for it: where in the report, and in its words."""

    answer: str
    why: str = ""
    where: str = ""
    quote: str = ""


Sheet = Mapping[str, Entry]


@dataclass(frozen=True, slots=True)
class Difference:
    """An item on which assessors differ; None for one whose kind of form does not ask it.

    ``same_side``: their answers say the same of the question, as Y and PY do.
    """

    item: str
    said: Mapping[str, Entry | None]
    same_side: bool


def kind_of(sheet: Sheet) -> str:
    """The kind of form a sheet is; empty where that is not said."""
    return sheet[KIND].answer if KIND in sheet else ""


def judgement_items(instrument: Instrument) -> tuple[str, ...]:
    """The judgements of a form in the order in which they build on each other."""
    bias = [d.id for d in instrument.domains]
    fit = [f"{APPLICABILITY}{d.id}" for d in instrument.with_applicability]
    if instrument.overall_rule is OverallRule.WORST:
        bias.append(OVERALL)
        fit += [f"{APPLICABILITY}{OVERALL}"] if fit else []
    return (*bias, *fit)


def items(instrument: Instrument, kind: str) -> tuple[str, ...]:
    """Every item of a form of this kind, in its order."""
    first = (KIND,) if instrument.kinds else ()
    return (*first, *(q.id for q in instrument.asked(kind)), *judgement_items(instrument))


def title_of(instrument: Instrument, item: str) -> str:
    """What an item is about, for people."""
    names = {d.id: d.name for d in instrument.domains}
    texts = {q.id: q.text for q in instrument.questions}
    about = item.removeprefix(APPLICABILITY)
    if item.startswith(APPLICABILITY):
        return f"applicability, {names.get(about, about)}"
    return texts.get(item) or names.get(item) or {OVERALL: instrument.concern, KIND: "kind of form"}[item]


def derived(instrument: Instrument, item: str, sheet: Sheet) -> Derived:
    """What the rules give for a judgement, from what stands on the sheet below it."""
    answers = {name: entry.answer for name, entry in sheet.items()}
    if item == OVERALL:
        return overall_judgement(instrument, answers, kind_of(sheet)) or Derived(REVIEWER)
    if item == f"{APPLICABILITY}{OVERALL}":
        fit = {
            name.removeprefix(APPLICABILITY): a
            for name, a in answers.items()
            if name.startswith(APPLICABILITY)
        }
        return overall_applicability(instrument, fit) or Derived(REVIEWER)
    if item.startswith(APPLICABILITY):
        return Derived(REVIEWER)
    return domain_judgement(instrument, item, answers, kind_of(sheet))


def overlaid(instrument: Instrument, before: Sheet, said: Sheet) -> dict[str, Entry]:
    """The sheet as it is with what is ``said`` now, defaults taken where the rules give one and nobody judged.

    A judgement from before that had no rationale and does not follow from the answers any more gives way to the
    new default. Items that are not asked of the kind are left out.
    """
    merged = {**before, **said}
    asked = items(instrument, kind_of(merged))
    judgements = judgement_items(instrument)
    sheet = {item: merged[item] for item in asked if item in merged and item not in judgements}
    for item in judgements:
        rule, entry = derived(instrument, item, sheet), merged.get(item)
        if entry is not None and (item in said or _still_holds(instrument, rule, entry)):
            sheet[item] = entry
        elif rule.default is not None:
            sheet[item] = Entry(rule.default)
    return sheet


def lacking(instrument: Instrument, sheet: Sheet) -> tuple[str, ...]:
    """Items that have no entry yet."""
    return tuple(item for item in items(instrument, kind_of(sheet)) if item not in sheet)


def unexplained(instrument: Instrument, sheet: Sheet) -> Iterator[tuple[str, Derived]]:
    """Judgements that need a rationale and have none, each with what the rules give."""
    for item in judgement_items(instrument):
        if item in sheet and not sheet[item].why:
            rule = derived(instrument, item, sheet)
            if rule.asks_why(sheet[item].answer, instrument.judgements[0]):
                yield item, rule


def differences(instrument: Instrument, sheets: Mapping[str, Sheet]) -> tuple[Difference, ...]:
    """Items on which the assessors' answers or judgements differ, in the order of the form."""
    found = []
    for item in _items_of_all(instrument, sheets.values()):
        said = {name: _entry(instrument, sheet, item) for name, sheet in sheets.items()}
        answers = [entry.answer if entry else None for entry in said.values()]
        if len(set(answers)) > 1:
            sides = {_side(instrument, answer) for answer in answers}
            found.append(Difference(item, said, len(sides) == 1))
    return tuple(found)


def agreed(instrument: Instrument, sheets: Mapping[str, Sheet]) -> dict[str, Entry]:
    """What all assessors say alike, with what each gave as support."""
    differ = {d.item for d in differences(instrument, sheets)}
    first = next(iter(sheets.values()))
    return {
        item: _joined({name: sheet[item] for name, sheet in sheets.items()})
        for item in items(instrument, kind_of(first))
        if item not in differ and item in first
    }


def _still_holds(instrument: Instrument, rule: Derived, entry: Entry) -> bool:
    if entry.why:
        return True
    return rule.judgement == entry.answer or (
        rule.judgement == REVIEWER and not rule.asks_why(entry.answer, instrument.judgements[0])
    )


def _items_of_all(instrument: Instrument, sheets: Iterable[Sheet]) -> tuple[str, ...]:
    asked = {item for sheet in sheets for item in items(instrument, kind_of(sheet))}
    return tuple(item for item in items(instrument, "") if item in asked)


def _entry(instrument: Instrument, sheet: Sheet, item: str) -> Entry | None:
    return sheet.get(item) if item in items(instrument, kind_of(sheet)) else None


def _side(instrument: Instrument, answer: str | None) -> object:
    groups = (instrument.answers.good, instrument.answers.poor, instrument.answers.unknown)
    return next((group for group in groups if answer in group), answer)


def _joined(entries: Mapping[str, Entry]) -> Entry:
    answer = next(iter(entries.values())).answer
    why, where, quote = (
        _told({name: getattr(entry, part) for name, entry in entries.items()})
        for part in ("why", "where", "quote")
    )
    return Entry(answer, why, where, quote)


def _told(texts: Mapping[str, str]) -> str:
    """One text where all say the same, else each with the name of who gave it."""
    given = {name: text for name, text in texts.items() if text}
    if len(set(given.values())) <= 1:
        return next(iter(given.values()), "")
    return "; ".join(f"{name}: {text}" for name, text in given.items())
