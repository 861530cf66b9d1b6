"""JSON lines of our own: one report a line, every field of its citation; written, and read again.

The lossless form: what other formats have no place for (``extra``, forms of names) is in it as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import IO, Any

from curation.model import Citation, SourceRecord
from curation.sources.files import carried
from curation.sources.files.decode import Document, Outcome, RefusedRecord
from curation.sources.files.formats import Wanted
from curation.sources.files.spool import digest
from curation.sources.files.write.exported import Exported

FORMAT = "jsonl"
VERSION = 1
_OPENER = '{"livrev":'


def write(exported: Iterable[Exported], stream: IO[bytes]) -> int:
    """Write every report as a line of JSON; gives their number."""
    n = 0
    for item in exported:
        stream.write(json.dumps(_plain(item), ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        n += 1
    return n


def read(document: Document, wanted: Wanted) -> Iterator[Outcome]:  # noqa: ARG001 - every reader takes what is wanted
    """Every record of a file that ``write`` made; a line that is none is refused."""
    for number, line in enumerate(document.lines(), 1):
        if line.startswith(_OPENER):
            yield _outcome(number, line)
        elif line.strip():
            reason = f"no record of livrev: its lines begin with {_OPENER}"
            yield RefusedRecord(number, reason, line.encode(), outside=True)


def _plain(item: Exported) -> dict[str, Any]:
    extra = {tag: list(values) for tag, values in item.citation.extra.items()}
    return {
        "livrev": VERSION,
        "report": item.report,
        "round": item.round,
        "sources": list(item.sources),
        "accession": item.accession,
        "state": item.state,
        "stage": item.stage,
        "decision": item.decision,
        "reason": item.reason,
        "reason_label": item.reason_label,
        "note": item.note,
        "citation": {**carried.as_plain(item.citation), "extra": extra},
    }


def _outcome(number: int, line: str) -> Outcome:
    raw = line.encode()
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return RefusedRecord(number, "its JSON does not end well; the file seems cut off", raw)
    if values.get("livrev") != VERSION:
        return RefusedRecord(number, "written by a later livrev; upgrade livrev", raw)
    try:
        citation = _citation(values.get("citation"))
    except carried.Unreadable:
        return RefusedRecord(number, "its fields are not those that livrev writes", raw)
    accession = values.get("accession")
    if not isinstance(accession, str) or not accession:
        accession = digest(raw)
    if not (citation.title or citation.doi or citation.pmid or citation.pmcid or values.get("accession")):
        return RefusedRecord(number, "neither title nor identifier", raw)
    return SourceRecord(accession, raw, FORMAT, citation)


def _citation(values: object) -> Citation:
    if not isinstance(values, dict):
        raise carried.Unreadable
    extra = values.get("extra", {})
    if not isinstance(extra, dict):
        raise carried.Unreadable
    kept = {tag: carried.texts(found) for tag, found in extra.items()}
    return carried.from_plain(Citation(title="", extra=kept), values)
