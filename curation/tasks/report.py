"""Puts the report together: every sentence and number from the store."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from curation import __version__, identifiers
from curation.report import facts
from curation.report.page import Link, Page, Provenance, as_html
from curation.report.table import Table
from curation.store import audit, searches
from curation.store.notices import StoredNotice
from curation.store.records import ReportHead
from curation.tasks.evidence import Evidence, current_and_released, report_heads
from curation.tasks.explain import over
from curation.tasks.flow import Flow, Unreported, flow
from curation.tasks.notices import undecided
from curation.tasks.outputs import (
    Output,
    flow_svg,
    forest_svg,
    pool_json,
    results_table,
    review_tables,
    table_files,
    write,
)
from curation.tasks.pool import PooledSynthesis, at, main, pool
from curation.tasks.review import Review
from curation.tasks.status import standing
from screening.flow import FlowCounts


@dataclass(frozen=True, slots=True)
class _Material:
    """What the page is made of, gathered once."""

    evidences: tuple[Evidence, ...]
    results: tuple[PooledSynthesis, ...]
    flow: Flow
    tables: tuple[Table, ...]

    @property
    def now(self) -> Evidence:
        return self.evidences[-1]

    @property
    def results_now(self) -> list[PooledSynthesis]:
        return [r for r in self.results if r.evidence == self.now.name]


def report(review: Review, folder: Path, today: dt.date) -> list[Path]:
    """Write the report, its tables and its figures into ``folder``; gives their paths.

    ``today`` decides which searches are overdue, and nothing else.

    Raises Refused when the flow does not add up or nothing is there to report.
    """
    evidences = current_and_released(review.store, review.protocol)
    results = pool(review) if review.protocol.syntheses else ()
    studies = [s.study for s in evidences[-1].studies]
    material = _Material(evidences, results, flow(review), review_tables(studies, review.protocol))
    title = review.protocol.review.title
    flow_drawing = flow_svg(material.flow, f"PRISMA 2020 flow diagram: {title}")
    forest_drawing = forest_svg(material.results_now, material.now, f"Forest plot: {title}")
    pooled = results_table(results)
    page = _page(review, material, (flow_drawing, forest_drawing), pooled, today)
    outputs = [
        Output("report.html", as_html(page)),
        *table_files([*material.tables, pooled]),
        Output("flow.svg", flow_drawing),
        Output("forest.svg", forest_drawing),
        Output("pool.json", pool_json(results)),
    ]
    return write(folder, outputs)


def _page(
    review: Review, material: _Material, drawings: tuple[str, str], pooled: Table, today: dt.date
) -> Page:
    now = material.now
    status = standing(review, material.flow)
    return Page(
        title=review.protocol.review.title,
        question=review.protocol.review.question,
        status=status,
        overdue=tuple(s.name for s in status.searches if s.overdue(today.isoformat())),
        notices=tuple(_told(n) for n in undecided(review)),
        news=_news(review, material),
        overview=facts.overview([s.study for s in now.studies])
        if now.studies
        else "No study is included yet.",
        flow_svg=_inline(drawings[0]),
        flow_caption=_flow_caption(material.flow),
        tables=material.tables,
        pooled=pooled,
        forest_svg=_inline(drawings[1]),
        forest_caption=f"Evaluations pooled by each declared synthesis, {now.name}. Squares are sized by weight; "
        "a diamond is the pooled AUC with its interval, a dotted line its prediction interval.",
        difference=_difference(review),
        studies=_links(review, material),
        provenance=_provenance(review),
    )


def _news(review: Review, material: _Material) -> tuple[str, ...]:
    counts = material.flow.counts
    if isinstance(counts, Unreported):
        return ("Nothing was searched since the last release.",)
    items = [
        f"Round {run.round}: {run.name} searched on {run.searched_on}, "
        f"{'number not reported' if run.found is None else f'{run.found} records found'}, {run.new} new."
        for run in searches.runs(review.sql)
        if run.round in material.flow.rounds
    ]
    items.append(_screening_news(counts))
    before = material.evidences[0] if material.evidences[0].release else None
    if before is not None and before is not material.now:
        known = {s.study.key for s in material.evidences[-2].studies}
        new = [s.study.label for s in material.now.studies if s.study.key not in known]
        items.append(f"Newly included: {', '.join(new)}." if new else "No study was newly included.")
        items += _changed(material)
    return tuple(items)


def _screening_news(counts: FlowCounts) -> str:
    return (
        f"{counts.screened} records screened, {counts.excluded} excluded; {counts.main.sought} reports sought, "
        f"{counts.main.not_retrieved} not retrieved, {counts.main.assessed} assessed, "
        f"{counts.main.excluded_total} excluded; {counts.new.studies} new "
        f"{'study' if counts.new.studies == 1 else 'studies'} included, {counts.total.studies} in total."
    )


def _changed(material: _Material) -> list[str]:
    """What the new evidence does to each pooled result, where it does something."""
    earlier = {r.synthesis.id: r for r in material.results if r.evidence == material.evidences[-2].name}
    items = []
    for now in material.results_now:
        then = earlier.get(now.synthesis.id)
        if then is None or now.result is None or then.result is None or now.result.k == then.result.k:
            continue
        items.append(
            f"{now.synthesis.title} ({now.synthesis.method} method): {now.result.k} AUCs pooled instead of "
            f"{then.result.k}; from {then.result.estimate:.3f} ({then.result.low:.3f} to {then.result.high:.3f}) to "
            f"{now.result.estimate:.3f} ({now.result.low:.3f} to {now.result.high:.3f})."
        )
    return items or ["No pooled result changed."]


def _told(notice: StoredNotice) -> str:
    reference = f" ({notice.reference})" if notice.reference else ""
    return f"R{notice.report}, {notice.kind}{reference}, not yet decided on: {notice.title}"


def _flow_caption(current: Flow) -> str:
    rounds = " and ".join(str(n) for n in current.rounds)
    return f"PRISMA 2020 flow diagram, round {rounds}. Page MJ et al., BMJ 2021;372:n71; template CC BY 4.0."


def _difference(review: Review) -> tuple[str, ...]:
    """Why each recommended primary result differs from a published one over the same kinds of validation."""
    if not review.protocol.syntheses:
        return ()
    return tuple(told.paragraph for told in over(main(review), at(review, None)))


def _links(review: Review, material: _Material) -> tuple[Link, ...]:
    released = material.evidences[-2] if len(material.evidences) > 1 else None
    known = {s.study.key for s in released.studies} if released else None
    return tuple(
        _link(s.study.label, head, new=known is not None and s.study.key not in known)
        for s in material.now.studies
        for head in report_heads(review.sql, s)
    )


def _link(label: str, head: ReportHead, *, new: bool) -> Link:
    authors = ", ".join(str(author) for author in head.authors)
    citation = (
        f"{authors}. {head.title.rstrip('.')}. {head.journal}{' ' if head.journal else ''}{head.year or ''}."
    )
    if head.doi:
        return Link(label, citation, f"https://doi.org/{head.doi}", f"doi:{head.doi}", new)
    if head.pmid and not identifiers.is_standin(head.pmid):
        return Link(
            label, citation, f"https://pubmed.ncbi.nlm.nih.gov/{head.pmid}/", f"PMID {head.pmid}", new
        )
    return Link(label, citation, "", "(identifier not confirmed)", new)


def _provenance(review: Review) -> Provenance:
    trail = audit.trail(review.sql)
    return Provenance(
        __version__, trail.changes, trail.last_at, trail.protocol_sha256, trail.protocol_version
    )


def _inline(svg: str) -> str:
    """The drawing without its XML declaration, to stand inside HTML."""
    return svg[svg.index("<svg") :]
