"""A report as it stands on the screen: one styled text a card, in which terms and finds are marked.

Texts of records are put in as characters, never read as markup.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text
from textual.content import Content, Span

from curation.model import Citation
from screening.desk import Card, Reason, Said, Setting
from screening.harmless import on_one_line
from screening.terminal import wording
from screening.terminal.highlight import Side, Terms

# Weight and shape tell the sides apart where colour does not.
STYLES = {Side.FOR: "bold underline $for", Side.AGAINST: "bold reverse $against"}
TITLE, LABEL, QUIET, OWN, FOUND = "bold $title", "bold $label", "$quiet", "$own", "bold black on $found"


@dataclass(frozen=True, slots=True)
class Looks:
    """What of a report is shown, and how."""

    reasons: Sequence[Reason] = ()
    authors: bool = False
    highlights: bool = True
    keywords: bool = True
    find: str = ""
    hidden: str = ""  # what is said of the votes on a conflict


@dataclass(frozen=True, slots=True)
class Sheet:
    """The text of a card, and where in it the words looked for begin."""

    content: Content
    found: tuple[int, ...] = ()


def sheet(card: Card, terms: Terms, looks: Looks) -> Sheet:
    """The card as it is shown; terms are marked in title, abstract and keywords."""
    text = _Writing()
    text.line(on_one_line(card.title) or "(no title)", TITLE)
    for line in wording.facts(card, authors=looks.authors):
        text.line(line, QUIET)
    for line in wording.marks(card, looks.reasons, looks.hidden):
        text.line(line, OWN)
    text.line("")
    read_from = text.length
    _abstract(card, text)
    if looks.keywords and card.keywords:
        text.line("")
        text.line("KEYWORDS", LABEL)
        text.line("; ".join(map(on_one_line, card.keywords)))
    whole = text.whole
    title_ends = whole.index("\n")
    if looks.highlights:
        text.spans += [s for s in _marked(whole, terms) if s.start >= read_from or s.end <= title_ends]
    found = _finds(whole, looks.find)
    text.spans += [Span(start, start + len(looks.find), FOUND) for start in found]
    return Sheet(Content(whole, text.spans), found)


def all_done() -> Content:
    """The calm end of a queue."""
    return Content.assemble((wording.ALL_DONE, TITLE), "\n\n", wording.ALL_DONE_MORE)


def criteria(setting: Setting) -> Content:
    """Eligibility criteria under their headings."""
    parts: list[str | tuple[str, str]] = []
    for heading, line in wording.criteria(setting):
        if heading:
            parts += ["\n" if parts else "", (f"{heading}\n", LABEL)]
        parts.append(f"{line}\n" if heading.startswith("Reasons") or line[:1].isdigit() else f"• {line}\n")
    return Content.assemble(*parts).rstrip()


def votes(revealed: Sequence[Said], reasons: Sequence[Reason]) -> Table:
    """Revealed votes side by side, with their notes."""
    table = Table(box=None, expand=True, pad_edge=False, header_style="bold")
    for vote in revealed:
        table.add_column(Text(on_one_line(vote.reviewer)), ratio=1, overflow="fold")
    why = [wording.reason_label(vote.reason, reasons) for vote in revealed]
    table.add_row(*(Text(vote.decision.upper(), style="bold") for vote in revealed))
    if any(why):
        table.add_row(*(Text(label) for label in why))
    table.add_row(*(Text(on_one_line(vote.note) or "(no note)", style="italic") for vote in revealed))
    return table


class _Writing:
    """Lines put one below the other, with their styles."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self.spans: list[Span] = []
        self.length = 0

    @property
    def whole(self) -> str:
        return "\n".join(self._lines)

    def line(self, text: str, style: str = "") -> None:
        if style:
            self.spans.append(Span(self.length, self.length + len(text), style))
        self._lines.append(text)
        self.length += len(text) + 1


def _abstract(card: Card, text: _Writing) -> None:
    sections = Citation(title="", abstract=card.abstract).sections
    if not sections:
        text.line(wording.NO_ABSTRACT, OWN)
    for label, paragraph in sections:
        if label:
            text.line(label, LABEL)
        text.line(on_one_line(paragraph))


def _marked(whole: str, terms: Terms) -> list[Span]:
    return [Span(span.start, span.end, STYLES[span.side]) for span in terms.spans(whole)]


def _finds(whole: str, words: str) -> tuple[int, ...]:
    if not words:
        return ()
    return tuple(m.start() for m in re.finditer(re.escape(words), whole, re.IGNORECASE))
