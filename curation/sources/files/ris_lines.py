"""From the lines of a RIS file to records: which line is a tag, which belongs to the field before it.

A line is a tag when two letters (the second may be a digit) stand before a dash after one to three blanks or a
tab. In an abstract or a note, where words may look like that (``PI  - the principal ...``, ``CT - based``), such a
line is text when the line before it ends no sentence and

* its blanks are one while the record's TY has two, or
* the tag is none that any source is known to write, and the field is wrapped (a second line, or a long first), or
* it goes on in small letters within a wrapped field (tags whose values begin so are left tags).

``ER`` with words after it, and a bare ``ER`` with text in the next line, are judged in the same way. ``TY`` with a
sentence after it is never an opener. Nothing is dropped by any of this: what is no tag stays in the field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_B = r"[ \t\u00a0]"
_TAG = re.compile(
    rf"{_B}*(?:((?i:TY)){_B}{{1,3}}-|([A-Z][A-Z0-9])({_B}{_B}|{_B}{{1,3}}(?=-(?:\s|$)))-)(.*)", re.DOTALL
)
_ANY_CASE = re.compile(_TAG.pattern, re.DOTALL | re.IGNORECASE)
_BARE_END = re.compile(r"\s*ER\s*", re.IGNORECASE)
_GLUED_OPENER = re.compile(rf"({_B}*ER{_B}{{1,3}}-{_B}*)(TY{_B}{{1,3}}-.*)", re.IGNORECASE)
_SENTENCE_AFTER_TY = re.compile(r"\s*(?:[a-z]\S*\s+\S+\s+\S|(?:\S+\s+){4}\S)")
# Web of Science ends some of its repeated fields with a carriage return alone, which programs between swallow.
_GLUED_FIELD = re.compile(r"(?<=[^\s])(?=(?:AD|C3|FU|FX|PU|WE|AN)  - \S)")
_CAN_BE_GLUED = frozenset({"AD", "C3", "FU", "WE"})
_TEXT = frozenset({"AB", "N2", "N1"})
_NEVER_TEXT = frozenset(re.findall(r"\w\w", "KW LA DP DB UR L1 L2 L3 L4 LK DO ID AN AU A1 SN"))
_KNOWN = frozenset(
    re.findall(
        r"\w\w",
        "TY A1 A2 A3 A4 AB AD AI AN AU AV BT C1 C2 C3 C4 C5 C6 C7 C8 CA CN CP CT CY DA DB DI DO DP ED EP ER ET FU "
        "FX ID IS J1 J2 J9 JA JF JI JO KW L1 L2 L3 L4 LA LB LK M1 M2 M3 M4 MA N1 N2 NL NV OP PA PB PI PM PP PT PU "
        "PY RI RN RP RS SE SN SP ST T1 T2 T3 TA TI TS TT U1 U2 U3 U4 U5 UR VL VO WE WT WV XR XT Y1 Y2 YR",
    )
)
_WRAP = 60  # characters of a first line from which it may be wrapped
_CUT_TAG = re.compile(rf"{_B}*(?:[A-Z]|[A-Z][A-Z0-9]{_B}{{0,2}}-?)", re.IGNORECASE)
_CUT_OPENER = re.compile(rf"{_B}*(?:T|TY{_B}{{0,3}}|\d+\.?\s*|Record #\d+ of \d+\s*)", re.IGNORECASE)
# Fields that make a record: met after an ER with no TY before them, they are one whose beginning is lost.
_OF_A_RECORD = frozenset({"TI", "T1", "CT", "AU", "A1", "AB", "N2", "DO"})


@dataclass(slots=True)
class Draft:
    """One record's lines: ``line`` is where it begins (from 1), ``opened`` whether a TY began it.

    ``fields`` are pairs of tag and lines of the value. ``cut`` says that the file ends within it.
    """

    line: int
    opened: bool
    lines: list[str] = field(default_factory=list)
    fields: list[tuple[str, list[str]]] = field(default_factory=list)
    cut: bool = False

    @property
    def raw(self) -> bytes:
        """The record as it stands in the file, UTF-8."""
        return "\n".join(self.lines).strip("\n").encode()

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Tag and value of each field, in order; lines of a value parted by line feeds."""
        return (
            (tag, value[0] if len(value) == 1 else "\n".join(value))
            for tag, value in self.fields
            if tag != "ER"
        )


_NONE = Draft(0, opened=False)


def drafts(lines: Iterable[str]) -> Iterator[Draft]:
    """Every record of the file in its order, and what looks like the remains of one."""
    reader = _Reader()
    following = iter(lines)
    line = next(following, None)
    number = 0
    while line is not None:
        number += 1
        after = next(following, None)
        found = _tagged(line, reader.any_case)
        tag = found[0] if found is not None else ""
        if tag == "ER" and (glued := _GLUED_OPENER.fullmatch(line)) is not None:
            reader.close(glued[1])
            tag, line = "TY", glued[2]
        if tag == "TY":
            yield from reader.finished()
            reader.open(number, line)
        elif reader.closed:
            reader.outside(number, line, tagged=found is not None)
        elif found is None:
            reader.untagged(line, after)
        else:
            reader.within(line, *found)
        line = after
    yield from reader.ended()


def _tagged(line: str, any_case: bool) -> tuple[str, str, bool] | None:
    """Tag, value, and whether two blanks and a dash part them; None for text."""
    if line[2:5] == "  -" and line[:2] in _KNOWN:
        tag, value, strict = line[:2], line[5:], True
    else:
        found = (_ANY_CASE if any_case else _TAG).match(line)
        if found is None:
            return None
        tag, value = (found[1] or found[2]).upper(), found[4]
        strict = found[1] is not None or found[3] == "  "
    if tag == "TY" and _SENTENCE_AFTER_TY.match(value) is not None:
        return None
    return tag, value.strip(), strict


class _Reader:
    """Where in the file we are: within a record, or ``closed``: before the first or after an ER."""

    def __init__(self) -> None:
        self.closed = True
        self.any_case = False
        self._draft = _NONE
        self._strict = True
        self._tail: list[tuple[int, str]] = []  # lines outside a record that are, or continue, a tag
        self._loose_end = (0, "")  # the last line that belongs to nothing

    def open(self, number: int, line: str) -> None:
        opener = line.lstrip(" \t\u00a0")
        kind = opener.partition("-")[2].strip()
        self._draft = Draft(number, opened=True, lines=[line], fields=[("TY", [kind])])
        self.closed = False
        self.any_case = not opener.startswith("TY")
        self._strict = opener[2:5] == "  -"

    def close(self, line: str) -> None:
        if not self.closed:
            self._draft.lines.append(line)
            self.closed = True

    def within(self, line: str, tag: str, value: str, strict: bool) -> None:
        fields = self._draft.fields
        last, text = fields[-1]
        self._draft.lines.append(line)
        loose = self._strict and not strict and "\t" not in line[:6]
        if last in _TEXT and _goes_on(text, tag, value, loose=loose):
            text.append(line.strip())
        elif tag == "ER":
            self.closed = True
        elif tag in _CAN_BE_GLUED and len(parts := _GLUED_FIELD.split(value)) > 1:
            fields.append((tag, [parts[0]]))
            fields.extend((part[:2], [part[6:]]) for part in parts[1:])
        else:
            fields.append((tag, [value]))

    def untagged(self, line: str, after: str | None) -> None:
        tag, text = self._draft.fields[-1]
        self._draft.lines.append(line)
        if _BARE_END.fullmatch(line) and not (tag in _TEXT and _in_mid_text(text, after)):
            self.closed = True
        else:
            text.append(line.strip())

    def outside(self, number: int, line: str, *, tagged: bool) -> None:
        if tagged or (line.strip() and self._tail and self._tail[-1][0] == number - 1):
            self._tail.append((number, line))
        elif line.strip():
            self._loose_end = (number, line)

    def finished(self) -> Iterator[Draft]:
        """The record read so far, and the remains of others where what follows its ER looks like them.

        Ovid writes a field or two (NL) after ER: those belong to the record before.
        """
        draft, tail, self._draft, self._tail, self._loose_end = self._draft, self._tail, _NONE, [], (0, "")
        self.closed = True
        found = [(number, line, _tagged(line, self.any_case)) for number, line in tail]
        if draft is _NONE:
            yield from _remains(found)
        elif any(tag is not None and tag[0] in _OF_A_RECORD for _, _, tag in found):
            yield draft
            yield from _remains(found)
        else:
            for _, line, tag in found:
                _join(draft, line, tag)
            yield draft

    def ended(self) -> Iterator[Draft]:
        """What is left at the end of the file."""
        if not self.closed:
            self._draft.cut = True
            _drop_cut_tag(self._draft)
        number, line = self._loose_end
        yield from self.finished()
        if _CUT_OPENER.fullmatch(line):
            yield Draft(number, opened=False, lines=[line], cut=True)


def _join(draft: Draft, line: str, tag: tuple[str, str, bool] | None) -> None:
    draft.lines.append(line)
    if tag is None:
        draft.fields[-1][1].append(line.strip())
    else:
        draft.fields.append((tag[0], [tag[1]]))


def _goes_on(text: list[str], tag: str, value: str, *, loose: bool) -> bool:
    """Whether a line that looks like a tag is a line of the text before it (see the module)."""
    last = text[-1]
    if not last or last[-1] in '.!?:;)]"':
        return False
    wrapped = len(text) > 1 or len(last) >= _WRAP
    if tag not in _KNOWN:
        return wrapped
    if tag == "ER":
        return wrapped and value != ""
    if loose:
        return wrapped and tag not in _NEVER_TEXT
    return wrapped and value[:1].islower() and tag not in _NEVER_TEXT


def _in_mid_text(text: list[str], after: str | None) -> bool:
    """Whether a line that says ER and no more stands within a text: a line of text follows it."""
    if after is None or not after.strip() or after.strip().rstrip(".").isdigit():
        return False
    return text[-1] != "" and text[-1][-1] not in ".!?" and _tagged(after, any_case=False) is None


def _drop_cut_tag(draft: Draft) -> None:
    """Where the file ends within a tag, the letters of it are no part of the field before."""
    value = draft.fields[-1][1]
    if len(value) > 1 and _CUT_TAG.fullmatch(draft.lines[-1]):
        value.pop()


def _remains(tail: Iterable[tuple[int, str, tuple[str, str, bool] | None]]) -> Iterator[Draft]:
    """What stands outside any record, cut after each ER."""
    draft = _NONE
    for number, line, tag in tail:
        if draft is _NONE:
            draft = Draft(number, opened=False)
        draft.lines.append(line)
        if tag is not None and tag[0] == "ER":
            yield draft
            draft = _NONE
    if draft is not _NONE:
        yield draft
