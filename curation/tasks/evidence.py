"""The included studies with what was extracted of them, now or as of a release."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from curation.config import revived
from curation.errors import Usage
from curation.model import Age, Evaluation, Study
from curation.protocol import Protocol
from curation.store import protocols, records, releases, searches, studies
from curation.store.connect import Store
from curation.store.releases import Release
from curation.tasks.places import report_state
from screening.flow import Place, Totals


@dataclass(frozen=True, slots=True)
class IncludedStudy:
    """A study that is in the review, and the numbers of its included reports. ``published``: by an earlier publication."""

    study: Study
    reports: tuple[int, ...]
    published: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """The included studies in table order; ``name`` says as of when ("release 1.0", "release 1.0 + round 1")."""

    name: str
    release: Release | None
    studies: tuple[IncludedStudy, ...]

    @property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """Every evaluation, in the order the tables print them."""
        rows = [e for s in self.studies for e in s.study.evaluations]
        return tuple(sorted(rows, key=lambda e: (e.table, e.row, e.column)))

    @property
    def totals(self) -> Totals:
        """Studies and their included reports."""
        return Totals(len(self.studies), len({r for s in self.studies for r in s.reports}))


def evidence(
    sql: sqlite3.Connection, protocol: Protocol, name: str, release: Release | None = None
) -> Evidence:
    """The evidence as ``sql`` shows it (the store, or the store as of a release)."""
    facts = studies.facts(sql)
    evaluations: dict[str, list[Evaluation]] = {}
    for row in studies.evaluations(sql):
        evaluations.setdefault(row.study, []).append(row)
    found = []
    for row_ in studies.studies(sql):
        included = tuple(
            report
            for report, basis in row_.reports
            if basis == "published" or _included(sql, protocol, report)
        )
        if included:
            values = {field: fact.value for field, fact in facts.get(row_.id, {}).items()}
            study = _study(row_.key, values, evaluations.get(row_.key, []))
            published = any(basis == "published" for _, basis in row_.reports)
            found.append(IncludedStudy(study, included, published))
    found.sort(key=lambda s: s.study.position)
    return Evidence(name, release, tuple(found))


def current_and_released(store: Store, protocol: Protocol) -> tuple[Evidence, ...]:
    """Evidence of every release, oldest first, and last of the store as it is now (if that differs)."""
    found = [released(store, protocol, release.version) for release in releases.releases(store.sql)]
    now = evidence(store.sql, protocol, _name_now(store.sql))
    if not found or now.studies != found[-1].studies:
        found.append(now)
    return tuple(found)


def released(store: Store, protocol: Protocol, version: str) -> Evidence:
    """Evidence as of release ``version``, by the protocol in force then.

    Raises Usage when there is no such release.
    """
    known = {r.version: r for r in releases.releases(store.sql)}
    if version not in known:
        message = f"there is no release {version!r} (known: {', '.join(known) or 'none yet'})"
        raise Usage(message)
    release = known[version]
    with store.as_of(release.watermark) as then:
        in_force = protocols.current(then.sql)
        protocol_then = revived(json.loads(in_force.parsed)) if in_force else protocol
        return evidence(then.sql, protocol_then, f"release {version}", release)


def _name_now(sql: sqlite3.Connection) -> str:
    known = releases.releases(sql)
    if not known:
        return "now"
    later = [f"round {r.number}" for r in searches.rounds(sql) if r.number > known[-1].round]
    return " + ".join([f"release {known[-1].version}", *later])


def _included(sql: sqlite3.Connection, protocol: Protocol, report: int) -> bool:
    state = report_state(sql, protocol, report)
    return state is not None and state.place is Place.INCLUDED


def _study(key: str, facts: Mapping[str, object], evaluations: list[Evaluation]) -> Study:
    ages = cast("list[dict[str, str]]", facts.get("ages", []))
    number = facts.get("citation_number")
    size = facts.get("cohort_size")
    return Study(
        key=key,
        first_author=str(facts.get("first_author", key)),
        authors=cast("int", facts.get("authors", 1)),
        year=cast("int", facts.get("year", 0)),
        citation_number=cast("int | None", number),
        position=cast("int", facts.get("position", 0)),
        cohort_size=cast("int | None", size),
        receptors=_texts(facts.get("receptors")),
        primary_tumours=_texts(facts.get("primary_tumours")),
        ages=tuple(Age(**age) for age in ages),
        evaluations=tuple(evaluations),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def report_heads(sql: sqlite3.Connection, included: IncludedStudy) -> tuple[records.ReportHead, ...]:
    """Bibliographic heads of a study's reports."""
    return tuple(records.head(sql, report) for report in included.reports)
