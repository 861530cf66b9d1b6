"""The commands of the line mode, by letter and by word."""

from __future__ import annotations

from collections.abc import Sequence

from curation.model import Decision
from screening.desk import Reason

HELP = """\
i            include
e            exclude; at full text e CODE or e NUMBER, further reasons after it: e 2 4
m            maybe (title and abstract only)
u            take your last decision back; again for the one before
s            skip: the report comes again at the end
b [WORDS]    list your decisions, with these words in the title
b R12        go back to report R12; a decision there replaces your earlier one
n [TEXT]     keep a note on the report; without a text it is taken away
t TAG        tag the report, or take the tag off
f            flag the report for discussion, or take the flag off
c            read the criteria
k            read the keywords
o            read the addresses of the report
r            read the report again
?            this list
q            leave; everything is stored already
Whole words do too: include, exclude, maybe, undo, skip, back, note, tag, flag, criteria, keywords, open, read,
help, quit. In conflicts a decision needs a note: i TEXT; e TEXT, at full text e CODE TEXT."""
WORDS = {
    "include": "i", "exclude": "e", "maybe": "m", "undo": "u", "skip": "s", "back": "b", "note": "n", "tag": "t",
    "flag": "f", "criteria": "c", "keywords": "k", "open": "o", "read": "r", "help": "?", "quit": "q",
}  # fmt: skip
DECISIONS = {"i": Decision.INCLUDE, "e": Decision.EXCLUDE, "m": Decision.MAYBE}
BARE = frozenset("usfckor?q")  # commands that take nothing after them


def named_reasons(said: str, reasons: Sequence[Reason]) -> tuple[list[str], str]:
    """Codes of the reasons that a line begins with, by code or number, and what follows them."""
    by_name = {one.code.casefold(): one.code for one in reasons}
    by_name |= {str(number): one.code for number, one in enumerate(reasons, 1)}
    words = said.split()
    codes: list[str] = []
    for word in words:
        code = by_name.get(word.casefold().strip(","))
        if code is None:
            break
        codes.append(code)
    return codes, " ".join(words[len(codes) :])
