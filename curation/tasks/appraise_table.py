"""The reconciled judgements of the included studies as a panel for tables and figures, now or as of a release."""

from __future__ import annotations

import sqlite3

from curation.extraction.assessment import Sheet, judgement_items, title_of
from curation.extraction.instruments import APPLICABILITY, OVERALL, Instrument
from curation.protocol import Protocol
from curation.report.appraisal_tables import Column, Line, Panel, judgements_table, shares_table
from curation.report.table import as_csv, as_markdown
from curation.tasks.appraise_instruments import instrument
from curation.tasks.appraise_standing import Standing, standings
from curation.tasks.appraise_subjects import included
from curation.tasks.evidence import Evidence, evidence, released
from curation.tasks.review import Review


def table(review: Review, name: str, release: str | None = None) -> Panel:
    """What was reconciled with one instrument, of every included study or evaluation.

    Assessments that are not reconciled are counted, not shown. A release shows what was reconciled when it was
    published, by the instrument's form as it is now. Raises Usage for an unknown instrument or release.
    """
    tool = instrument(review, name)
    if release is None:
        now = evidence(review.sql, review.protocol, "now")
        return _panel(review.sql, review.protocol, tool, now)
    then = released(review.store, review.protocol, release)
    watermark = then.release.watermark if then.release else 0
    with review.store.as_of(watermark) as store:
        return _panel(store.sql, review.protocol, tool, then)


def as_text(panel: Panel, *, summary: bool = False, csv: bool = False) -> str:
    """The panel as Markdown or CSV: a line a study, or as ``summary`` a line a domain."""
    printed = shares_table(panel) if summary else judgements_table(panel)
    return as_csv(printed) if csv else as_markdown(printed)


def _panel(sql: sqlite3.Connection, protocol: Protocol, tool: Instrument, found: Evidence) -> Panel:
    known = standings(sql, protocol, tool.key)
    labels = included(found, tool)
    lines = []
    for subject, label in labels.items():
        joint = known.get(subject, Standing()).joint
        if joint is not None:
            lines.append(Line(label, _judgements(tool, joint)))
    left = len(labels) - len(lines)
    notes = [f"{tool.name} ({tool.year}), {tool.link}"]
    notes += [f"{left} of {len(labels)} not reconciled yet"] if left else []
    title = (
        f"{tool.concern.capitalize()}{' and applicability' if tool.with_applicability else ''} ({tool.name})"
    )
    return Panel(
        key=f"appraisal-{tool.key}",
        title=title,
        levels=tool.judgements,
        columns=tuple(_column(tool, item) for item in judgement_items(tool)),
        lines=tuple(lines),
        notes=tuple(notes),
    )


def _judgements(tool: Instrument, joint: Sheet) -> dict[str, str]:
    return {item: joint[item].answer for item in judgement_items(tool) if item in joint}


def _column(tool: Instrument, item: str) -> Column:
    about = item.removeprefix(APPLICABILITY)
    group = "applicability" if item.startswith(APPLICABILITY) else tool.concern
    return Column(item, "Overall" if about == OVERALL else f"{about} {title_of(tool, about)}", group)
