"""Makes tables, figures and the report from the store, and writes them whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curation.model import Study
from curation.protocol import Method, Protocol
from curation.report import flow_diagram, forest
from curation.report.forest import ForestBlock, ForestRow, ForestSummary
from curation.report.review_tables import PooledLine, pooled_table, table_1, table_of_evaluations
from curation.report.table import Table, as_csv, as_html, as_markdown
from curation.synthesis.pooled import Pooled, PooledRow
from curation.tasks.evidence import Evidence
from curation.tasks.flow import Flow, Unreported
from curation.tasks.pool import PooledSynthesis

TITLES = {
    2: "Table 2. Discrimination of the models in the data they were trained on (apparent performance)",
    3: "Table 3. Discrimination of the models in internal validation",
    4: "Table 4. Discrimination of the models in external validation",
}
METHODS = {Method.PUBLISHED: "published", Method.RECOMMENDED: "recommended"}


@dataclass(frozen=True, slots=True)
class Output:
    """A file to be written, relative to the review's output folder."""

    path: str
    text: str


def review_tables(studies: Sequence[Study], protocol: Protocol) -> tuple[Table, ...]:
    """Tables 1 to 4; each explains the footnote marks that its cells use."""
    tables = [table_1(studies)]
    for number, title in TITLES.items():
        bare = table_of_evaluations(number, title, studies, ())
        tables.append(table_of_evaluations(number, title, studies, _notes(bare, protocol)))
    return tuple(tables)


def _notes(table: Table, protocol: Protocol) -> tuple[str, ...]:
    text = " ".join(cell for row in table.rows for cell in row)
    used = [f"{f.mark} {f.meaning}" for f in protocol.output.footnotes if f.mark in text]
    return ("; ".join(used) + ".",) if used else ()


def results_table(results: Sequence[PooledSynthesis]) -> Table:
    """The table of pooled results."""
    return pooled_table(
        PooledLine(r.synthesis.title, r.evidence, METHODS[r.synthesis.method], r.result, r.refused)
        for r in results
    )


def table_files(tables: Sequence[Table]) -> list[Output]:
    """Each table as HTML, CSV and Markdown."""
    forms = (("html", as_html), ("csv", as_csv), ("md", as_markdown))
    return [Output(f"{table.key}.{ending}", form(table)) for table in tables for ending, form in forms]


def pool_json(results: Sequence[PooledSynthesis]) -> str:
    """Pooled results as JSON: an object a synthesis and evidence, numbers unrounded."""
    return json.dumps([_pooled_object(r) for r in results], indent=2, ensure_ascii=False) + "\n"


def _pooled_object(item: PooledSynthesis) -> dict[str, object]:
    head: dict[str, object] = {
        "id": item.synthesis.id,
        "title": item.synthesis.title,
        "evidence": item.evidence,
        "method": METHODS[item.synthesis.method],
        "primary": item.synthesis.primary,
        "validation": [str(v) for v in item.synthesis.validation],
        "markers": list(item.synthesis.markers) or "all",
    }
    result = item.result
    if result is None:
        return head | {"k": 0, "estimate": None, "refused": item.refused}
    return head | {
        "k": result.k,
        "studies": result.studies,
        "n": result.patients,
        "estimate": result.estimate,
        "interval": [result.low, result.high],
        "level": result.level,
        "prediction_interval": None if result.pi_low is None else [result.pi_low, result.pi_high],
        "scale": result.scale,
        "tau2": result.tau2,
        "i2": result.i2,
        "q": result.q,
        "borrowed_intervals": sum(row.borrowed for row in result.rows),
        "left_out": [{"evaluation": label, "reason": reason} for label, reason in result.left_out],
        "described": result.method,
    }


def flow_svg(flow: Flow, title: str) -> str:
    """The PRISMA 2020 flow diagram."""
    if isinstance(flow.counts, Unreported):
        total = flow.counts.total
        return flow_diagram.draw_unreported(
            flow.counts.databases,
            studies=total.studies if total else None,
            reports=total.reports if total else None,
            title=title,
            note="Flow numbers of this round are not reported in the publication it was taken from.",
        )
    note = ""
    if waiting := flow.counts.awaiting:
        note = f"In progress: {waiting} record{'s' if waiting != 1 else ''} or report{'s' if waiting != 1 else ''} still wait."
    return flow_diagram.draw(flow.counts, title=title, note=note)


def forest_svg(results: Sequence[PooledSynthesis], evidence: Evidence, title: str) -> str:
    """A forest plot, a block a synthesis: of those over the primary one's kinds of validation, or of all."""
    kinds = {kind for r in results if r.synthesis.primary for kind in r.synthesis.validation}
    chosen = [r for r in results if not kinds or kinds & set(r.synthesis.validation)]
    blocks = [_block(r.synthesis.title, r.result, r.synthesis.method, evidence) for r in chosen if r.result]
    return forest.draw(blocks, title=title)


def _block(title: str, result: Pooled, method: Method, evidence: Evidence) -> ForestBlock:
    summary = ForestSummary(
        label=f"Pooled, {METHODS[method]} method" if result.k > 1 else "One evaluation, nothing pooled",
        estimate=result.estimate,
        low=result.low,
        high=result.high,
        pi_low=result.pi_low,
        pi_high=result.pi_high,
        note=_heterogeneity(result),
    )
    rows = tuple(_forest_row(row) for row in result.rows)
    return ForestBlock(f"{title} ({evidence.name})", rows, summary)


def _forest_row(row: PooledRow) -> ForestRow:
    estimate = row.estimate
    reported = estimate.low is not None and estimate.high is not None
    return ForestRow(
        label=estimate.study,
        sublabel=estimate.label,
        n=estimate.n,
        auc=estimate.auc,
        low=estimate.low if reported else max(row.low, 0.0),
        high=estimate.high if reported else min(row.high, 1.0),
        weight=row.weight_percent,
        borrowed=row.borrowed,
    )


def _heterogeneity(result: Pooled) -> str:
    aucs, studies = "AUC" if result.k == 1 else "AUCs", "study" if result.studies == 1 else "studies"
    parts = [f"{result.k} {aucs}, {result.studies} {studies}"]
    if result.i2 is not None and result.k > 1:
        parts.append(f"I² {result.i2:.0f} %")
    if result.k_left_out:
        parts.append(f"{result.k_left_out} without interval left out")
    return "; ".join(parts)


def write(folder: Path, outputs: Sequence[Output]) -> list[Path]:
    """Write every output, each whole or not at all; gives their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for output in outputs:
        path = folder / output.path
        half = path.with_name(path.name + ".part")
        half.write_text(output.text, encoding="utf-8", newline="\n")
        half.replace(path)
        written.append(path)
    return written
