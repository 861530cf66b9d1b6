"""Reads votes in our own forms: the long table of ``livrev votes`` (CSV or JSON) and the file of a screening page.

A page's file is ``{"livrev_votes": 1, "review", "title", "reviewer", "stage", "batch", "rows": [...]}``; its rows are
``vote`` (with the columns of the long table), ``undo`` (``of``: the id of a vote) and ``mark``, in the order in which
they happened.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from curation import identifiers
from curation.errors import BadInput, Usage
from curation.model import Citation, Decision, Stage
from curation.sources.files.decode import Document, open_document

Kind = Literal["tag", "note", "flag", "skip"]

FORM = 1  # of the page's file; a later one may hold what this reader does not know

_COLUMNS = {"uid", "report", "stage", "reviewer", "decision", "standing"}  # what makes a table ours
_FIELDS = {"uid", "report", "reviewer", "decision"}  # the same for a row in JSON
_MARKS: tuple[Kind, ...] = ("tag", "note", "flag", "skip")
_NEUTRALISED = re.compile(r"'(?=[=+\-@\t\r])")  # how our writer keeps a spreadsheet from computing
_LONGEST_SECONDS = 86_400.0
_TAKEN_BACK = "taken back"
_SUPERSEDED = "superseded"
_STANDINGS = ("standing", _SUPERSEDED, _TAKEN_BACK)


@dataclass(frozen=True, slots=True)
class OwnVote:
    """A vote of the file; ``place`` says where it stands, ``citation`` has what tells which report is meant.

    ``at`` is None where its time cannot be read, ``milliseconds`` where none was measured, ``criteria`` (the number of
    those it was cast under) where the file does not tell.
    """

    place: str
    uid: str
    report: int
    citation: Citation
    stage: Stage
    reviewer: str
    decision: Decision
    reason: str | None
    secondary: tuple[str, ...]
    note: str
    at: dt.datetime | None
    milliseconds: int | None
    criteria: int | None
    superseded: bool
    taken_back: bool


@dataclass(frozen=True, slots=True)
class OwnMark:
    """A tag, note, flag or skip that the reviewer put on a report or took off it."""

    place: str
    report: int
    citation: Citation
    stage: Stage
    kind: Kind
    value: str
    on: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Which screening page a file is from."""

    review: str
    title: str
    reviewer: str
    batch: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that cannot be read: where it stands, the title in it, and why."""

    place: str
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class OwnVotes:
    """A file of votes, read. Votes stand in the order in which they are to be stored; ``page`` None: a table.

    ``sha256`` is the hexadecimal hash of its bytes.
    """

    name: str
    sha256: str
    page: Page | None
    votes: tuple[OwnVote, ...]
    marks: tuple[OwnMark, ...]
    unread: tuple[Unread, ...]


class _Faulty(ValueError):
    """A row that cannot be read; the message says why."""


def read_own_votes(path: Path) -> OwnVotes | None:
    """The votes of a file in one of our forms; None where it is in none of them.

    Raises BadInput when the file cannot be read, was cut off, or is of a newer livrev.
    """
    document = open_document(path)
    start = document.head().lstrip() if document.encoding else ""
    if start.startswith(("{", "[")):
        return _from_json(document, start)
    delimiter = _delimiter(start)
    return _from_table(document, delimiter) if delimiter else None


# JSON ------------------------------------------------------------------------------------------------------------


def _from_json(document: Document, start: str) -> OwnVotes | None:
    try:
        value = json.loads(document.text())
    except (ValueError, RecursionError) as problem:
        if start.startswith("{") and '"livrev_votes"' in start[:200]:
            message = (
                f"{document.name}: is cut off or was changed ({problem}); download it from the page again"
            )
            raise BadInput(message) from problem
        return None  # another program's
    if isinstance(value, dict) and "livrev_votes" in value:
        return _from_page(document, value)
    if isinstance(value, list) and value and isinstance(value[0], dict) and value[0].keys() >= _FIELDS:
        return _table(document, ((f"row {n}", row) for n, row in enumerate(value, 1)))
    return None


def _from_page(document: Document, value: Mapping[str, Any]) -> OwnVotes:
    page, stage, rows = _head(document.name, value)
    votes: list[OwnVote] = []
    marks: list[OwnMark] = []
    unread: list[Unread] = []
    for number, given in enumerate(rows, 1):
        place = f"row {number}"
        try:
            row = {**_object(given), "reviewer": page.reviewer, "stage": stage}
            _read_row(place, row, votes, marks)
        except _Faulty as fault:
            unread.append(Unread(place, _title(given), str(fault)))
    return OwnVotes(document.name, document.sha256, page, tuple(votes), tuple(marks), tuple(unread))


def _read_row(place: str, row: Mapping[str, Any], votes: list[OwnVote], marks: list[OwnMark]) -> None:
    match row.get("kind"):
        case "vote":
            votes.append(_vote(place, row))
        case "undo":
            _take_back(votes, _text(row, "of"))
        case "mark":
            marks.append(_mark(place, row))
        case kind:
            raise _Faulty(f"{kind!r} is no kind of row that this livrev knows")


def _head(name: str, value: Mapping[str, Any]) -> tuple[Page, str, list[Any]]:
    form, rows = value["livrev_votes"], value.get("rows")
    if form != FORM:
        message = f"{name}: is of form {form}, this livrev reads form {FORM}; upgrade livrev"
        raise BadInput(message)
    try:
        page = Page(*(_text(value, key) for key in ("review", "title", "reviewer", "batch")))
        stage = str(_stage(value))
    except _Faulty as fault:
        message = f"{name}: {fault}; download it from the page again"
        raise BadInput(message) from fault
    if not isinstance(rows, list):
        message = f"{name}: has no list of rows; download it from the page again"
        raise BadInput(message)
    return page, stage, rows


def _take_back(votes: list[OwnVote], uid: str) -> None:
    """Note that the reviewer took a vote of the same file back."""
    for index, vote in enumerate(votes):
        if vote.uid == uid:
            votes[index] = replace(vote, taken_back=True)
            return
    raise _Faulty("it takes a vote back that is not in the file")


# The long table --------------------------------------------------------------------------------------------------


def _delimiter(start: str) -> str:
    """What parts the cells of our table; empty where its first line is not ours."""
    header = start.split("\n", 1)[0]
    ours = (d for d in ",;\t" if {c.strip().strip('"') for c in header.split(d)} >= _COLUMNS)
    return next(ours, "")


def _from_table(document: Document, delimiter: str) -> OwnVotes:
    return _table(document, _rows(document, delimiter))


def _rows(document: Document, delimiter: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    reader = csv.reader((f"{line}\n" for line in document.lines()), delimiter=delimiter)
    try:
        header = [cell.strip() for cell in next(row for row in reader if row)]
        for cells in reader:
            if any(cells):
                bare = (_NEUTRALISED.sub("", cell, count=1) for cell in cells)
                yield f"line {reader.line_num}", dict(zip(header, bare, strict=False))
    except csv.Error as problem:
        raise BadInput(
            f"{document.name}: line {reader.line_num}: {problem}; save it again as CSV"
        ) from problem


def _table(document: Document, rows: Iterable[tuple[str, object]]) -> OwnVotes:
    votes: list[OwnVote] = []
    unread: list[Unread] = []
    for place, given in rows:
        try:
            votes.append(_vote(place, _object(given)))
        except _Faulty as fault:
            unread.append(Unread(place, _title(given), str(fault)))
    in_order = tuple(sorted(votes, key=_order))
    return OwnVotes(document.name, document.sha256, None, in_order, (), tuple(unread))


_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)


def _order(vote: OwnVote) -> tuple[bool, dt.datetime]:
    """Superseded votes first, each in its time: people sort tables."""
    return not vote.superseded, vote.at or _NEVER


# A row -----------------------------------------------------------------------------------------------------------


def _vote(place: str, row: Mapping[str, Any]) -> OwnVote:
    standing = _text(row, "standing", "standing")
    if standing not in _STANDINGS:
        raise _Faulty(f"its standing {standing!r} is none of: {', '.join(_STANDINGS)}")
    return OwnVote(
        place=place,
        uid=_text(row, "uid"),
        report=_report(row),
        citation=_citation(row),
        stage=_stage(row),
        reviewer=_text(row, "reviewer"),
        decision=_decision(row),
        reason=_text(row, "reason", "") or None,
        secondary=_secondary(row),
        note=_text(row, "note", ""),
        at=_time(_text(row, "at", "")),
        milliseconds=_milliseconds(row.get("seconds")),
        criteria=_criteria(row.get("criteria")),
        superseded=standing == _SUPERSEDED,
        taken_back=standing == _TAKEN_BACK,
    )


def _criteria(given: object) -> int | None:
    number = int(given) if isinstance(given, str) and given.isdecimal() and given.isascii() else given
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 1 else None


def _mark(place: str, row: Mapping[str, Any]) -> OwnMark:
    kind = next((known for known in _MARKS if known == row.get("mark")), None)
    value, on = _text(row, "value", ""), row.get("on")
    if kind is None or not isinstance(on, bool) or (kind == "tag" and not value):
        raise _Faulty("it is no mark that this livrev knows")
    return OwnMark(place, _report(row), _citation(row), _stage(row), kind, value, on)


def _object(given: object) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise _Faulty("it is no row of votes")
    return given


def _title(given: object) -> str:
    title = given.get("title") if isinstance(given, Mapping) else None
    return title if isinstance(title, str) else ""


def _text(row: Mapping[str, Any], key: str, missing: str | None = None) -> str:
    """The text under ``key``; ``missing`` where there is none (None: it must be there)."""
    value = row.get(key)
    if value is None or value == "":
        if missing is None:
            raise _Faulty(f"it has no {key}")
        return missing
    if not isinstance(value, str) or any("\ud800" <= c <= "\udfff" for c in value):
        raise _Faulty(f"its {key} is no text")
    return value


def _report(row: Mapping[str, Any]) -> int:
    text = _text(row, "report")
    try:
        return identifiers.report_id(text)
    except Usage:
        raise _Faulty(f"{text!r} is no report number") from None


def _citation(row: Mapping[str, Any]) -> Citation:
    return Citation(
        title=_text(row, "title", ""),
        doi=identifiers.doi(_text(row, "doi", "")),
        pmid=identifiers.pmid(_text(row, "pmid", "")),
    )


def _stage(row: Mapping[str, Any]) -> Stage:
    text = _text(row, "stage")
    if text not in set(Stage):
        raise _Faulty(f"its stage {text!r} is none of: {', '.join(Stage)}")
    return Stage(text)


def _decision(row: Mapping[str, Any]) -> Decision:
    text = _text(row, "decision")
    if text not in set(Decision):
        raise _Faulty(f"its decision {text!r} is none of: {', '.join(Decision)}")
    return Decision(text)


def _secondary(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Codes of further reasons: a list in JSON, parted by semicolons in a table."""
    given = row.get("secondary") or ()
    codes = given.split(";") if isinstance(given, str) else given
    if not isinstance(codes, (list, tuple)) or not all(isinstance(code, str) for code in codes):
        raise _Faulty("its secondary reasons are no list of codes")
    return tuple(filter(None, (code.strip() for code in codes)))


def _time(text: str) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:  # a spreadsheet has written it in its own way
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _milliseconds(given: object) -> int | None:
    if given is None or given == "":
        return None
    try:
        seconds = float(str(given).replace(",", "."))
    except ValueError:
        raise _Faulty(f"its seconds {given!r} are no number") from None
    if not math.isfinite(seconds) or not 0 <= seconds <= _LONGEST_SECONDS:
        raise _Faulty(f"its seconds {given!r} are no time spent on a report")
    return round(seconds * 1000)
