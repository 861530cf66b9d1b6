"""EndNote's tagged text (.enw): ``%0 Journal Article``, ``%T``, ``%A``; of EndNote, Google Scholar and others.

A record begins with ``%0``, or with the fields that stand right above it behind an empty line, or without ``%0``
with a second title behind an empty line; it ends where the next begins; a line without a tag goes on with the field before it.
The tags are read as the RIS tags of the same meaning (EndNote's own table), and kept in ``extra`` under their own
names.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from curation.model import SourceRecord
from curation.sources.files.decode import Document, Outcome, RefusedRecord
from curation.sources.files.fields import Fields
from curation.sources.files.formats import Wanted
from curation.sources.files.ris import citation
from curation.sources.files.ris_sources import accession, numbers, origin
from curation.sources.files.spool import digest

RAW_FORMAT = "enw"
_TAG = re.compile(r"[ \t]*%([0-9A-Z@!~+^$&()\[\]<>?#=*|])(?:[ \t]+(.*))?", re.DOTALL)
_RIS = {
    "0": "TY",
    "A": "AU",
    "B": "T2",
    "C": "CY",
    "D": "PY",
    "E": "A2",
    "F": "LB",
    "G": "LA",
    "H": "TA",
    "I": "PB",
    "J": "JF",
    "K": "KW",
    "L": "CN",
    "M": "AN",
    "N": "IS",
    "P": "SP",
    "Q": "TT",
    "R": "DO",
    "S": "T3",
    "T": "TI",
    "U": "UR",
    "V": "VL",
    "W": "DP",
    "X": "AB",
    "Y": "A3",
    "Z": "N1",
    "1": "C1",
    "2": "C2",
    "3": "C3",
    "4": "C4",
    "7": "ET",
    "8": "DA",
    "9": "M3",
    "@": "SN",
    "!": "ST",
    "~": "DB",
    "+": "AD",
    ">": "L1",
    "[": "Y2",
    "?": "A4",
}
_OWN = {tag: f"%{own}" for own, tag in _RIS.items()}
_SCHOLAR = frozenset("0TABJVNP@DICE8")  # what Google Scholar writes, title before authors
_CUT = "; the file seems to be cut off here"


@dataclass(slots=True)
class _Draft:
    """Lines of one record; ``line`` is where it begins (from 1), ``opened`` whether a %0 began it."""

    line: int
    opened: bool
    lines: list[str] = field(default_factory=list)
    fields: list[tuple[str, list[str]]] = field(default_factory=list)

    def add(self, line: str) -> None:
        """Take the next line."""
        found = _TAG.match(line) if "%" in line else None
        self.lines.append(line)
        if found is not None:
            self.fields.append((found[1], [(found[2] or "").strip()]))
        elif self.fields:
            self.fields[-1][1].append(line.strip())


def read(document: Document, wanted: Wanted) -> Iterator[Outcome]:  # noqa: ARG001 - every reader is asked the same way
    """Every record of an .enw file; refused are those with neither title nor identifier, and those without %0."""
    drafts = _drafts(document.lines())
    draft = next(drafts, None)
    while draft is not None:
        following = next(drafts, None)
        yield from _outcomes(draft, last=following is None)
        draft = following


def openers(document: Document, wanted: Wanted) -> int:  # noqa: ARG001 - every reader is asked the same way
    """How many records begin: at each ``%0``, and at a paragraph with a title and no ``%0`` where one is closed.

    Some programs leave ``%0`` out where they know no type; a title after an empty line then begins a record,
    unless that of the record before is still to come.
    """
    found, titled, here, named = 0, True, 0, False
    for line in itertools.chain(document.lines(), ("",)):
        if line.strip():
            here += _OPENER.match(line) is not None
            named = named or _TITLE.match(line) is not None
            continue
        found += here or (named and titled)
        titled = named or (titled and not here)
        here, named = 0, False
    return found


_OPENER = re.compile(r"[ \t]*%0(?:[ \t]|$)")
_TITLE = re.compile(r"[ \t]*%T(?:[ \t]|$)")


def _drafts(lines: Iterable[str]) -> Iterator[_Draft]:
    draft: _Draft | None = None
    held: list[tuple[int, str]] = []  # a paragraph, until it is known whether it begins a record
    after_empty = True
    for number, line in enumerate(lines, 1):
        opens = _tag(line) == "0"
        blank = not line.strip()
        if held and (blank or (opens and not _tag(held[0][1]))):
            yield from _ended(draft, held)
            draft, held = _gone_on(draft, held), []
        if opens:
            if draft is not None:
                yield draft
            draft, held = _begun(held, number, line), []
        elif not blank and (held or after_empty):
            held.append((number, line))
        elif draft is not None:
            draft.add(line)
        after_empty = blank
    if held:
        yield from _ended(draft, held)
        draft = _gone_on(draft, held)
    if draft is not None:
        yield draft


def _tag(line: str) -> str:
    """Tag of a line; empty where it goes on with the field before."""
    found = _TAG.match(line) if "%" in line else None
    return found[1] if found else ""


def _begun(held: list[tuple[int, str]], number: int, line: str) -> _Draft:
    """A record whose ``%0`` stands in this line, behind the fields held."""
    draft = _Draft(held[0][0] if held else number, opened=True)
    for _, one in (*held, (number, line)):
        draft.add(one)
    return draft


def _is_another(draft: _Draft, held: list[tuple[int, str]]) -> bool:
    """Whether a paragraph is a record without ``%0``: it has a title, as the record before has."""
    titled = any(tag == "T" for tag, _ in draft.fields)
    return titled and any(_tag(line) == "T" for _, line in held)


def _ended(draft: _Draft | None, held: list[tuple[int, str]]) -> Iterator[_Draft]:
    """The record before the paragraph, where that does not go on with it."""
    if draft is not None and _is_another(draft, held):
        yield draft


def _gone_on(draft: _Draft | None, held: list[tuple[int, str]]) -> _Draft | None:
    """The record before goes on behind an empty line; else fields stand outside any record, and text says nothing."""
    if draft is None and not any(_tag(line) for _, line in held):
        return None
    if draft is None or _is_another(draft, held):
        draft = _Draft(held[0][0], opened=any(_tag(line) == "T" for _, line in held))
    for _, line in held:
        draft.add(line)
    return draft


def _outcomes(draft: _Draft, *, last: bool) -> Iterator[Outcome]:
    if not draft.opened:
        raw = "\n".join(draft.lines).strip("\n").encode()
        yield RefusedRecord(draft.line, "fields outside a record: no %0 line before them", raw, outside=True)
        return
    cut = _cut_opener(draft) if last else None
    yield _record(draft, last=last)
    if cut is not None:
        yield cut


def _cut_opener(draft: _Draft) -> RefusedRecord | None:
    """A lone ``%`` at the end of the file is a tag cut in two: after an empty line that of the next record."""
    if draft.lines[-1].strip() != "%":
        return None
    draft.fields[-1][1].pop()
    if draft.lines[-2].strip():
        return None
    number = draft.line + len(draft.lines) - 1
    return RefusedRecord(number, f"the beginning of a record{_CUT}", draft.lines.pop().encode(), outside=True)


def _record(draft: _Draft, *, last: bool) -> Outcome:
    raw = "\n".join(draft.lines).strip("\n").encode()
    fields = Fields((_RIS.get(tag, f"%{tag}"), "\n".join(value)) for tag, value in draft.fields)
    known = numbers(fields)
    own = accession(fields, known, private=False)
    came_from = origin(fields, known, private=False) or _program([tag for tag, _ in draft.fields])
    cited = citation(fields, known, came_from)
    if not (cited.title or known.doi or known.pmid or known.pmcid or own):
        return RefusedRecord(draft.line, f"neither title nor identifier{_CUT if last else ''}", raw)
    extra = {_OWN.get(tag, tag): values for tag, values in cited.extra.items()}
    return SourceRecord(own or digest(raw), raw, RAW_FORMAT, replace(cited, extra=extra), came_from)


def _program(tags: list[str]) -> str:
    """Who wrote the record, by the order of its tags."""
    if tags[1:2] == ["T"] and set(tags) <= _SCHOLAR:
        return "google-scholar"
    return "endnote"
