"""The flow as lines of text, for a terminal; the official wording, unknown numbers as not reported."""

from __future__ import annotations

from collections.abc import Iterator

from curation.tasks.flow import Flow, Unreported
from screening.flow import Arm, FlowCounts, Line


def flow_lines(flow: Flow) -> Iterator[str]:
    """One line a box or part of a box."""
    yield f"Round {', '.join(map(str, flow.rounds))}"
    if isinstance(flow.counts, Unreported):
        yield "The flow numbers of this round are not reported in the publication it was taken from."
        yield from (f"  {name}: not reported" for name in flow.counts.databases)
        if flow.counts.total is not None:
            yield _line("Studies included in review", flow.counts.total.studies)
            yield _line("Reports of included studies", flow.counts.total.reports)
        return
    yield from _counted(flow.counts)


def _counted(counts: FlowCounts) -> Iterator[str]:
    updated = counts.previous is not None
    if counts.previous is not None:
        yield _line("Studies included in previous version of review", counts.previous.studies)
        yield _line("Reports of studies included in previous version of review", counts.previous.reports)
    yield _line("Records identified from databases", sum(d.n for d in counts.databases))
    yield from _parts(counts.databases)
    yield _line("Records identified from registers", sum(r.n for r in counts.registers))
    yield from _parts(counts.registers)
    yield _line("Duplicate records removed", counts.duplicates)
    yield _line("Records marked as ineligible by automation tools", counts.automation)
    yield _line("Records removed for other reasons", counts.other_removed)
    if counts.awaiting_screening:
        yield _line("Records awaiting screening", counts.awaiting_screening)
    yield _line("Records screened", counts.screened)
    yield _line("Records excluded", counts.excluded)
    yield from _arm(counts.main)
    if counts.other_sources:
        yield "By other methods:"
        yield from _parts(counts.other_sources)
        if counts.other_overlap:
            yield _line("Duplicate records removed", counts.other_overlap)
        if counts.other_arm_removed:
            yield _line("Records removed for other reasons", counts.other_arm_removed)
        yield from _arm(counts.other)
    word = "new " if updated else ""
    yield _line(f"{'New studies' if updated else 'Studies'} included in review", counts.new.studies)
    yield _line(f"Reports of {word}included studies", counts.new.reports)
    if updated:
        if counts.late.studies or counts.late.reports:
            yield _line("Studies of earlier rounds included since", counts.late.studies)
            yield _line("Reports of earlier rounds included since", counts.late.reports)
        if counts.removed_since.studies:
            yield _line("Studies removed since previous version", counts.removed_since.studies)
        yield _line("Total studies included in review", counts.total.studies)
        yield _line("Reports of total included studies", counts.total.reports)


def _arm(arm: Arm) -> Iterator[str]:
    yield _line("Reports sought for retrieval", arm.sought)
    if arm.awaiting_retrieval:
        yield _line("Reports awaiting retrieval", arm.awaiting_retrieval)
    yield _line("Reports not retrieved", arm.not_retrieved)
    yield _line("Reports assessed for eligibility", arm.assessed)
    if arm.awaiting_assessment:
        yield _line("Reports awaiting assessment", arm.awaiting_assessment)
    yield _line("Reports excluded", arm.excluded_total)
    yield from _parts(arm.excluded)


def _parts(lines: tuple[Line, ...]) -> Iterator[str]:
    return (f"{line.n:>9,}  {line.name}" for line in lines)


def _line(name: str, n: int) -> str:
    return f"{n:>7,}  {name}"
