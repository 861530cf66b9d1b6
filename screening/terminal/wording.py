"""The words that the app and the line mode share: what a report is, how far the reader is, what was stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from curation.model import Decision, Stage
from screening.desk import Card, Choice, Past, Progress, Reason, Said, Setting, Work
from screening.harmless import on_one_line

_STAGES = {Stage.ABSTRACT: "title and abstract", Stage.FULLTEXT: "full text"}
_DONE = {Decision.INCLUDE: "included", Decision.EXCLUDE: "excluded", Decision.MAYBE: "maybe"}
_MINUTES_UP_TO = 90  # minutes are easier to read than hours below this

HIDDEN = "; their votes stay hidden"
HIDDEN_UNTIL_READY = f"{HIDDEN} until everybody is ready: decide, and each is asked"
NO_ABSTRACT = "No abstract: the source gave none. Decide on the title, or open the report."
ALL_DONE = "Nothing waits for you here."
ALL_DONE_MORE = (
    "Everything you decided is stored. What waits for others is not shown.\n"
    "You can still take decisions back, go back to one, or leave."
)


def place(setting: Setting, card: Card | None) -> str:
    """Whose desk it is and at what: ``Ana García · title and abstract``."""
    if setting.work is Work.CONFLICTS:
        kind = "consensus" if setting.partners else "adjudication"
        stage = f" · {_STAGES[card.stage]}" if card else ""
        return f"{' and '.join([setting.name, *setting.partners])} · {kind}{stage}"
    return f"{setting.name} · {_STAGES[Stage(setting.work.value)]}"


def progress(far: Progress) -> str:
    """How far the reader is, and how long the rest takes at their own pace: 80 columns for 9,999 reports."""
    left = f"{far.left:,} left"
    if far.seconds is not None and far.minutes_left is not None and far.left:
        left += f", {_time(far.minutes_left)} at {_seconds(far.seconds)} each"
    parts = [f"{far.done:,} done", left]
    if far.done:
        parts.append(f"{far.includes / far.done:.1%} included{_last(far)}")
    return " · ".join([*parts, *([on_one_line(far.note)] if far.note else [])])


def _last(far: Progress) -> str:
    if not far.includes:
        return ""
    return f", last {far.since_include:,} ago" if far.since_include else ", the last just now"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004 - two digits are enough


def _time(minutes: float) -> str:
    if minutes < 1:
        return "a minute"
    return f"{minutes:.0f} min" if minutes < _MINUTES_UP_TO else f"{minutes / 60:.1f} h"


def facts(card: Card, *, authors: bool) -> Iterator[str]:
    """Where the report was published and its numbers, a line each; authors only where the protocol shows them."""
    if authors and card.authors:
        yield on_one_line("; ".join(card.authors))
    types = ", ".join(card.publication_types)
    year = "" if card.year is None else str(card.year)
    if published := _joined(card.journal, year, card.language, types):
        yield published
    numbers = (f"DOI {card.doi}" if card.doi else "", f"PMID {card.pmid}" if card.pmid else "")
    yield _joined(report(card.report), *numbers)


def marks(card: Card, reasons: Sequence[Reason], hidden: str = "") -> Iterator[str]:
    """What the reader put on the report, and why it is before them, a line each; ``hidden`` says how long it is."""
    if card.voters:
        yield f"Voted on by {', '.join(map(on_one_line, card.voters))}{hidden}."
    if card.own:
        yield f"Your decision so far: {said(card.own, reasons)}"
    flag = "⚑ flagged for discussion" if card.flagged else ""
    tags = f"tags: {', '.join(card.tags)}" if card.tags else ""
    round_ = "" if card.calibration is None else f"calibration round {card.calibration}"
    skipped = {0: "", 1: "skipped once"}.get(card.skipped, f"skipped {card.skipped} times")
    if line := _joined(round_, flag, tags, skipped):
        yield line
    if card.note:
        yield f"Your note: {on_one_line(card.note)}"


def said(vote: Said, reasons: Sequence[Reason]) -> str:
    """A decision with its reason and note: ``exclude (Wrong population) - see Table 1``."""
    why = f" ({reason_label(vote.reason, reasons)})" if vote.reason else ""
    note = f" - {on_one_line(vote.note)}" if vote.note else ""
    return f"{vote.decision}{why}{note}"


def stored(choice: Choice, reasons: Sequence[Reason], work: Work) -> str:
    """What was stored, in a line: ``excluded R8123: Wrong population``."""
    settled = "settled: " if work is Work.CONFLICTS else ""
    why = f": {reason_label(choice.reason, reasons)}" if choice.reason else ""
    also = ", ".join(reason_label(code, reasons) for code in choice.secondary)
    return (
        f"{settled}{_DONE[choice.decision]} {report(choice.report)}{why}{f' (also {also})' if also else ''}"
    )


def past(one: Past, reasons: Sequence[Reason]) -> str:
    """A decision of the reader's in a line of the list to go back to."""
    why = f" ({reason_label(one.reason, reasons)})" if one.reason else ""
    flag = " ⚑" if one.flagged else ""
    tags = f" [{on_one_line(', '.join(one.tags))}]" if one.tags else ""
    return f"{report(one.report)}{flag} {one.decision}{why}: {on_one_line(one.title)}{tags}"


def criteria(setting: Setting) -> Iterator[tuple[str, str]]:
    """Criteria and, where they can be chosen, reasons, as pairs of heading and line; the heading is the first's."""
    version = f" (version {setting.criteria_number})"
    yield from _headed(f"Include{version}", setting.include)
    yield from _headed("Exclude", setting.exclude)
    if setting.work is not Work.ABSTRACT:
        yield from _headed(
            "Reasons at full text", [f"{n}. {one.label}" for n, one in enumerate(setting.reasons, 1)]
        )


def report(number: int) -> str:
    """A report's number as everybody writes it."""
    return f"R{number}"


def reason_label(code: str | None, reasons: Sequence[Reason]) -> str:
    """What a reason's code means; the code itself where the protocol does not know it any more."""
    return on_one_line(next((one.label for one in reasons if one.code == code), code or ""))


def _headed(heading: str, lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines):
        yield ("" if number else heading), on_one_line(line)


def _joined(*parts: str) -> str:
    return " · ".join(on_one_line(part) for part in parts if part)
