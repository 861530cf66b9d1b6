"""Decisions that a co-author took in another screening tool, read from the file which that tool exports.

What the tools write, as their own sources and exports show it:

* ASReview 1: a column ``included`` (1, 0, -1 or empty; the imported file's own name for it is kept), notes in
  ``exported_notes_1``; in RIS a note ``ASReview_relevant``, ``ASReview_irrelevant`` or ``ASReview_not_seen``.
* ASReview 2 and 3: ``asreview_label`` (1, 0 or empty), ``asreview_note``, ``asreview_user_name``; a label column
  that was imported stays beside them and is no decision; in RIS the same as notes ``asreview_note: "..."``.
* Rayyan: ``RAYYAN-INCLUSION: {"Dana"=>"Included", "Bo"=>"Maybe"} | RAYYAN-EXCLUSION-REASONS: a,b | USER-NOTES:
  {"Dana"=>["..."]}`` in the notes; whose the reasons are is not written.
* Covidence, and any plain list: no decision of its own, the list is the decision; ``Exclusion reason: ...;``
  stands in the notes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from curation.errors import BadInput, Usage
from curation.model import Citation, Decision, SourceRecord
from curation.sources.files import Export, Wanted, read_document
from curation.sources.files.decode import Document, open_document
from curation.sources.files.fields import plain
from curation.sources.files.formats import recognised

_TOKEN = re.compile(r"\blivrev:\s?R(\d{1,18})\b", re.IGNORECASE)
_NUMBER = re.compile(r"R(\d{1,18})")
_NUMBER_TAGS = ("livrev_report", "key", "ref", "id", "lb", "label")
_NOTE_TAGS = ("n1", "notes", "note", "research notes", "annote")
_LABEL_COLUMNS = (
    "included", "label_included", "included_label", "included_final", "final_included", "included_flag", "include",
)  # fmt: skip
_ASREVIEW_WORD = re.compile(r"\bASReview_(relevant|irrelevant|not_seen)\b")
_ASREVIEW_NOTE = re.compile(r"(asreview_\w+):\s?(.*)", re.DOTALL)
_RAYYAN = re.compile(
    r"(RAYYAN-INCLUSION|RAYYAN-EXCLUSION-REASONS|RAYYAN-LABELS|USER-NOTES)\s*:\s*(.*?)\s*"
    r"(?=\|?\s*(?:RAYYAN-[A-Z-]+|USER-NOTES)\s*:|\Z)",
    re.DOTALL,
)
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_PAIR = re.compile(rf"{_QUOTED}\s*(?:=>|:)\s*{_QUOTED}")
_NAMED_NOTES = re.compile(rf'{_QUOTED}\s*(?:=>|:)\s*\[((?:"(?:[^"\\]|\\.)*"(?:,\s*)?)*)\]')
_STRING = re.compile(_QUOTED)
_COVIDENCE_REASON = re.compile(r"Exclusion reason:\s*([^;\n]+)", re.IGNORECASE)
_WORDS = {
    "1": Decision.INCLUDE,
    "relevant": Decision.INCLUDE,
    "included": Decision.INCLUDE,
    "0": Decision.EXCLUDE,
    "irrelevant": Decision.EXCLUDE,
    "excluded": Decision.EXCLUDE,
    "maybe": Decision.MAYBE,
}
_UNDECIDED = {"", "-1", "not_seen", "undecided", "nan"}


class Tool(StrEnum):
    """Where decisions come from. A ``LIST`` is any file of records without decisions."""

    ASREVIEW = "ASReview"
    RAYYAN = "Rayyan"
    COVIDENCE = "Covidence"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Marked:
    """A record of a file of decisions.

    ``place`` says where it stands (``line 12``, ``row 3``), ``tokens`` the report numbers of this program that
    it carries. ``decision`` is None where none was taken; ``fault`` says why one that is there cannot be read.
    """

    place: str
    citation: Citation
    tokens: tuple[int, ...]
    decision: Decision | None = None
    reasons: tuple[str, ...] = ()
    note: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class DecisionFile:
    """A file of decisions, read; ``by`` is the name under which those taken here were made, empty if none is given.

    ``refused`` are records that could not be read, with line and reason.
    """

    name: str
    sha256: str
    tool: Tool
    by: str
    records: tuple[Marked, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose decisions are wanted: the name in the file, or else one of those that the person goes by.

    ``listed`` is what it means to stand in a file that has no decisions of its own.
    """

    name: str = ""
    known_as: tuple[str, ...] = ()
    listed: Decision | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    """What one record says: words of decision and notes by the name under which they stand (empty: no name)."""

    tool: Tool
    words: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    fault: str = ""


def read_decisions(path: Path, whose: Whose) -> DecisionFile:
    """Every record of a co-author's file with the decision that one person took on it; nobody else's is given.

    Raises BadInput for a file that cannot be read whole or holds the decisions of two tools, Usage where it does
    not say whose decisions are meant, or what a list without decisions stands for.
    """
    document = open_document(path)
    export = read_document(document)
    with closing(export.spool):
        records = tuple(export.records)
    newer = _has_newer_header(document) or any("asreview_label" in _values(record) for record in records)
    said = [_said(record, newer=newer) for record in records]
    tool = _tool(document.name, said)
    by = _name(document.name, said, whose)
    _check_listed(document.name, tool, whose.listed)
    places = _places(document, export, records)
    marked = (
        _marked(place, record, one, _Taken(tool, by, _names(said), whose.listed))
        for place, record, one in zip(places, records, said, strict=True)
    )
    refused = tuple(f"line {r.line}: {r.reason}" for r in export.refused)
    return DecisionFile(document.name, document.sha256, tool, by, tuple(marked), refused)


def _has_newer_header(document: Document) -> bool:
    """Whether a table has ASReview's newer column, which may be empty in every row."""
    lines = document.head(1).split("\n") if document.encoding else []
    named = (line for line in lines if line.strip() and not line.lower().startswith("sep="))
    return "asreview_label" in next(named, "").casefold()


@dataclass(frozen=True, slots=True)
class _Taken:
    """What is taken of a file: its tool, the name, all names that stand in it, and what a list stands for."""

    tool: Tool
    by: str
    names: frozenset[str]
    listed: Decision | None


def _marked(place: str, record: SourceRecord, said: _Said, taken: _Taken) -> Marked:
    blank = Marked(place, record.citation, _tokens(record))
    if said.fault:
        return replace(blank, fault=said.fault)
    if taken.listed is not None:
        return _marked_as_listed(blank, said, taken.listed)
    word = said.words.get(taken.by, said.words.get("", ""))
    if word.casefold() in _UNDECIDED:
        return blank
    if taken.by not in said.words and len(taken.names) > 1:
        return replace(blank, fault="several people decided in this file, and who decided here is not said")
    decision = _WORDS.get(word.casefold())
    if decision is None:
        return replace(blank, fault=f"{word!r} is no decision that {taken.tool} is known to write")
    note = said.notes.get(taken.by, said.notes.get("", ""))
    return replace(blank, decision=decision, reasons=_own_reasons(said, taken.by, decision), note=note)


def _marked_as_listed(blank: Marked, said: _Said, listed: Decision) -> Marked:
    if said.reasons and listed is not Decision.EXCLUDE:
        fault = f"the file says why it was excluded ({said.reasons[0]}), the command that it was not"
        return replace(blank, fault=fault)
    return replace(blank, decision=listed, reasons=said.reasons)


def _own_reasons(said: _Said, by: str, decision: Decision) -> tuple[str, ...]:
    """Reasons of the person: in Rayyan they carry no name, and are theirs when nobody else excluded the record."""
    others = [word for name, word in said.words.items() if name != by and word.casefold() == "excluded"]
    return said.reasons if decision is Decision.EXCLUDE and not others else ()


def _said(record: SourceRecord, *, newer: bool) -> _Said:
    values = _values(record)
    notes = [plain(text) for tag in _NOTE_TAGS for text in values.get(tag, ())]
    return (
        _asreview_columns(values, notes, newer=newer)
        or _rayyan(notes, record)
        or _asreview_notes(notes)
        or _listed(values, notes)
    )


def _asreview_columns(
    values: Mapping[str, tuple[str, ...]], notes: list[str], *, newer: bool
) -> _Said | None:
    columns = ("asreview_label",) if newer else _LABEL_COLUMNS
    label = next((values[column][0] for column in columns if values.get(column)), None)
    if label is None:
        return None if not newer or any(map(_ASREVIEW_WORD.search, notes)) else _Said(Tool.ASREVIEW)
    name = "".join(values.get("asreview_user_name", ())[:1])
    exported = sorted(
        (tag for tag in values if tag.startswith("exported_notes")), key=lambda tag: (len(tag), tag)
    )
    note = "".join(values.get("asreview_note", ()) or (values[exported[-1]] if exported else ()))
    return _Said(Tool.ASREVIEW, {name: label.removesuffix(".0")}, {name: note})


def _asreview_notes(notes: list[str]) -> _Said | None:
    words = {word for note in notes for word in _ASREVIEW_WORD.findall(note)}
    if not words:
        return None
    if len(words) > 1:
        return _Said(Tool.ASREVIEW, fault=f"it is marked both {' and '.join(sorted(words))}")
    told = {found[1]: found[2] for note in notes if (found := _ASREVIEW_NOTE.fullmatch(note.strip()))}
    name, note = _from_json(told.get("asreview_user_name", "")), _from_json(told.get("asreview_note", ""))
    return _Said(Tool.ASREVIEW, {name: words.pop()}, {name: note})


def _from_json(text: str) -> str:
    """Text that ASReview wrote as a JSON string into a note; as it stands where it is none."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) else text


def _rayyan(notes: list[str], record: SourceRecord) -> _Said | None:
    sections: dict[str, str] = {}
    for note in notes:
        for title, content in _RAYYAN.findall(note):
            sections.setdefault(title, content.removesuffix("|").strip())
    inclusion = sections.get("RAYYAN-INCLUSION")
    if inclusion is None:
        of_rayyan = any(number.startswith("rayyan-") for number in _own_numbers(record))
        return _Said(Tool.RAYYAN) if of_rayyan else None
    words = {_unquoted(name): word for name, word in _PAIR.findall(inclusion)}
    if not words and inclusion.strip("{} "):
        return _Said(Tool.RAYYAN, fault=f"its Rayyan decision cannot be read: {inclusion[:60]}")
    reasons = sections.get("RAYYAN-EXCLUSION-REASONS", "").split(",")
    user_notes = {
        _unquoted(name): "; ".join(map(_unquoted, _STRING.findall(texts)))
        for name, texts in _NAMED_NOTES.findall(sections.get("USER-NOTES", ""))
    }
    return _Said(Tool.RAYYAN, words, user_notes, tuple(filter(None, (r.strip() for r in reasons))))


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text).strip()


def _listed(values: Mapping[str, tuple[str, ...]], notes: list[str]) -> _Said:
    reasons = tuple(reason.strip() for note in notes for reason in _COVIDENCE_REASON.findall(note))
    covidence = reasons or "covidence #" in values or "covidence" in values
    return _Said(Tool.COVIDENCE if covidence else Tool.LIST, reasons=tuple(dict.fromkeys(reasons)))


def _values(record: SourceRecord) -> dict[str, tuple[str, ...]]:
    """Everything a record has beside its citation, by tag or column in lower case."""
    found: dict[str, tuple[str, ...]] = {}
    for tag, values in record.citation.extra.items():
        name = tag.strip().casefold()
        found[name] = (*found.get(name, ()), *values)
    return found


def _tokens(record: SourceRecord) -> tuple[int, ...]:
    """Report numbers: ``livrev:R12`` anywhere in the record, or a record number that reads ``R12``."""
    found: list[str] = _TOKEN.findall(record.raw.decode("utf-8", "replace"))
    found += [number[1] for text in _own_numbers(record) if (number := _NUMBER.fullmatch(text.strip()))]
    return tuple(dict.fromkeys(map(int, found)))


def _own_numbers(record: SourceRecord) -> list[str]:
    """What the record is called in the file: its accession, key or ID."""
    values = _values(record)
    return [record.accession, *(text for tag in _NUMBER_TAGS for text in values.get(tag, ()))]


def _tool(name: str, said: Iterable[_Said]) -> Tool:
    """The one tool whose decisions the file holds."""
    present = {one.tool for one in said}
    deciding = {one.tool for one in said if one.words or one.fault}
    if len(deciding) > 1:
        message = (
            f"{name}: holds decisions of {' and '.join(sorted(deciding))}; give a file of one tool at a time"
        )
        raise BadInput(message)
    return next((tool for tool in Tool if tool in (deciding or present)), Tool.LIST)


def _names(said: Iterable[_Said]) -> frozenset[str]:
    return frozenset(name for one in said for name in one.words if name)


def _name(file: str, said: Iterable[_Said], whose: Whose) -> str:
    """Name under which the wanted person's decisions stand; empty where the file names nobody."""
    names = sorted(_names(said))
    asked = {whose.name.casefold()} if whose.name else {name.casefold() for name in whose.known_as}
    matching = [name for name in names if name.casefold() in asked]
    if len(matching) == 1:
        return matching[0]
    listed = ", ".join(names) or "nobody"
    if whose.name:
        message = f"{file}: nobody decided under the name {whose.name!r}; it names {listed}"
        raise Usage(message)
    if len(names) > 1:
        message = (
            f"{file}: several people decided in it ({listed}); say whose decisions are meant: --named NAME"
        )
        raise Usage(message)
    return names[0] if names else ""


def _check_listed(name: str, tool: Tool, listed: Decision | None) -> None:
    """Whether a decision for the whole list is given exactly where the file holds none."""
    if listed is None and tool in {Tool.COVIDENCE, Tool.LIST}:
        what = "a Covidence list" if tool is Tool.COVIDENCE else "a list of records"
        message = f"{name}: is {what} without decisions; say what it lists: --decision include or --decision exclude"
        raise Usage(message)
    if listed is not None and tool not in {Tool.COVIDENCE, Tool.LIST}:
        message = f"{name}: holds {tool}'s own decisions; leave --decision out"
        raise Usage(message)


def _places(document: Document, export: Export, records: tuple[SourceRecord, ...]) -> list[str]:
    """Where each record that was read begins, as a person finds it in the file."""
    opener = recognised(document, Wanted(format=export.format)).opener
    if opener is not None:
        refused = {refused.line for refused in export.refused}
        begun = [n for n, line in enumerate(document.lines(), 1) for _ in opener.findall(line)]
        found = [number for number in begun if number not in refused]
    else:
        found = _lines_of_rows(document, records) if document.encoding else []
    if len(found) == len(records):
        return [f"line {number}" for number in found]
    return [f"record {number}" for number, _ in enumerate(records, 1)]


def _lines_of_rows(document: Document, records: tuple[SourceRecord, ...]) -> list[int]:
    """Line in which each row of a table begins: the next one that reads as the row does; as far as they are found."""
    lines = enumerate(document.lines(), 1)
    begins = (record.raw.decode("utf-8", "replace").split("\n", 1)[0] for record in records)
    found = (next((number for number, line in lines if line == begin), None) for begin in begins)
    return [number for number in found if number is not None]
