"""Lines of MEDLINE text: cut into records, and each field joined on a line of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MARK = "\0"  # ends every value, so that those Bio.Medline runs together can be parted; no text holds it
UNTAGGED = "text"  # where lines are kept that stand under no tag

# Recognised with the dash out of its column or glued to the value; any other tag has its dash in the fifth.
_TAGS = (
    "AB|AD|AID|AU|AUID|BTI|CI|CIN|CN|COIS|CON|CP|CRDT|CTDT|CTI|DA|DCOM|DEP|DP|ED|EDAT|EFR|EIN|EN|FAU|FED|FIR|FPS|GN|"
    "GR|GS|IP|IR|IRAD|IS|ISBN|ISSN|JID|JT|LA|LID|LR|MH|MHDA|MID|NM|OAB|OABL|OCI|OID|ORI|OT|OTO|OWN|PB|PG|PHST|PL|"
    "PMC|PMCR|PMID|PS|PST|PT|PUBM|RF|RIN|RN|ROF|SB|SFM|SI|SO|SPIN|STAT|TA|TI|TT|UI|UIN|UOF|VI|VTI|YR"
)
TAG = re.compile(rf"(?:(?=.{{4}}-(?: |$))([A-Z][A-Z0-9]*) *-|({_TAGS}) {{0,2}}-)[ \t]*(.*)")
PMID = re.compile(r"PMID ?-")
_TITLE = re.compile(r"B?TI *- *\S")
_HEADLESS = re.compile(r"PMC ?-|OWN ?- *(?!NLM)\S")
# An opener of which the file holds only the beginning; after a blank line, and where a field may as well begin.
_CUT_PARAGRAPH = re.compile(r"P|PM|PMI|PMID ?|PMC ?|O|OW|OWN ?(?:- *)?")
_CUT_LINE = re.compile(r"PMI|PMID ?")
_CUT_TAG = re.compile(r"[A-Z][A-Z0-9]{0,3} {0,3}-?")
_WRAPPED = "      "
_ONE_LINE = frozenset(
    {"PMID", "PMC", "OWN", "STAT", "DP", "VI", "IP", "PG", "LA", "PT", "TA", "JID", "IS", "AU"}
)


@dataclass(slots=True)
class Block:
    """Lines of a record or of a part of one, the first at ``line`` of the file."""

    line: int
    lines: list[str]

    @property
    def numbered(self) -> bool:
        """Whether a PMID stands in it."""
        return any(map(PMID.match, self.lines))

    @property
    def opened(self) -> bool:
        """Whether it begins a record: with a PMID, or with a PMC number or an owner that gives none."""
        return self.numbered or _HEADLESS.match(self.lines[0]) is not None

    @property
    def titled(self) -> bool:
        """Whether a title stands in it."""
        return any(map(_TITLE.match, self.lines))

    @property
    def cut(self) -> bool:
        """Whether its last line may be an opener cut off."""
        if len(self.lines) > 1 and self.lines[-2].strip():
            return _CUT_LINE.fullmatch(self.lines[-1]) is not None
        return _CUT_PARAGRAPH.fullmatch(self.lines[-1]) is not None

    @property
    def raw(self) -> bytes:
        """Its text as received."""
        return "\n".join(self.lines).rstrip().encode()


def openers(lines: Iterable[str]) -> int:
    """How many records begin: one at each PMID, one in a paragraph that PMC or OWN opens.

    There a PMID that follows is the same record's, unless a title stands before it.
    """
    begun, headless, titled, fresh, preamble = 0, False, False, True, True
    for line in lines:
        if not line.strip():
            begun += headless
            headless, titled, fresh = False, False, True
            continue
        if PMID.match(line):
            begun += 2 if headless and titled else 1
            headless = titled = False
        elif fresh and _HEADLESS.match(line):
            headless = True
        elif headless and _TITLE.match(line):
            titled = True
        preamble = preamble and not _of_a_record(line)
        fresh = preamble
    return begun + headless


def blocks(lines: Iterable[str]) -> Iterator[Block]:
    """Records. A part behind a blank line that has neither number nor a second title belongs to the one before."""
    held: Block | None = None
    for part in _parts(lines):
        if held is None or part.opened or (part.titled and held.titled):
            if held is not None:
                yield held
            held = part
        else:
            gap = part.line - held.line - len(held.lines)
            held.lines += [""] * gap + part.lines
    if held is not None:
        yield held


def _parts(lines: Iterable[str]) -> Iterator[Block]:
    """Cut at blank lines, and before a PMID for which the lines before it do not wait; a preamble is left out."""
    part: Block | None = None
    preamble = True
    for number, line in enumerate(lines, 1):
        if part is not None and (
            not line.strip() or (line.startswith("PMID") and PMID.match(line) and not _awaits_number(part))
        ):
            yield part
            part = None
        if part is not None:
            part.lines.append(line)
        elif line.strip() and not (preamble := preamble and not _of_a_record(line)):
            part = Block(number, [line])
    if part is not None:
        yield part


def _of_a_record(line: str) -> bool:
    return line.startswith(_WRAPPED) or TAG.match(line) is not None


def _awaits_number(part: Block) -> bool:
    """Whether its fields may stand before a PMID (PubMed Central writes its own number first, no title)."""
    return TAG.match(part.lines[0]) is not None and not (part.numbered or part.titled)


def repaired(lines: list[str]) -> list[str]:
    """Each field on a line of its own, its tag and dash in their columns, its value marked at its end.

    A blank line within a wrapped field ends a paragraph. A line under no tag goes on with the field before
    where that may be long, else it stands by itself.
    """
    fields: list[str] = []
    tag, gap = UNTAGGED, False
    for line in lines:
        if not line.strip():
            gap = True
            continue
        found = TAG.match(line)
        if found is not None:
            tag = found[1] or found[2]
            fields.append(f"{tag:<4}- {found[3].rstrip()}")
        elif line.startswith(_WRAPPED) or not (gap or tag in _ONE_LINE or _CUT_TAG.fullmatch(line)):
            fields[-1] += ("\n\n" if gap else " ") + line.strip()
        else:
            fields.append(f"{UNTAGGED:<4}- {line.strip()}")
        gap = False
    return [f"{field}{MARK}" for field in fields]
