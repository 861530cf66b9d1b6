"""Runs of the declared syntheses, and of the evidence what only they read."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from curation.store.connect import Change


@dataclass(frozen=True, slots=True)
class Run:
    """A synthesis as it was run: ``declared`` and ``result`` as JSON values; ``analysis`` empty for itself."""

    synthesis: str
    analysis: str
    declared: Mapping[str, object]
    evidence: str
    inputs_sha256: str
    code_version: str
    result: Mapping[str, object]

    @property
    def sha256(self) -> str:
        """Of the whole run; equal runs have the same."""
        whole = [
            self.synthesis,
            self.analysis,
            self.declared,
            self.evidence,
            self.inputs_sha256,
            self.code_version,
        ]
        return hashlib.sha256(_json([*whole, self.result]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run that is kept, with when it was first made."""

    id: int
    at: str
    run: Run


def new(sql: sqlite3.Connection, runs: Iterable[Run]) -> tuple[Run, ...]:
    """Those of ``runs`` that are not kept yet."""
    known = {row[0] for row in sql.execute("SELECT sha256 FROM synthesis_run")}
    return tuple(run for run in runs if run.sha256 not in known)


def add(change: Change, runs: Iterable[Run]) -> None:
    """Keep runs; an equal one that is there already stays the only one."""
    change.sql.executemany(
        "INSERT INTO synthesis_run (synthesis, analysis, declared, evidence, inputs_sha256, code_version, result, sha256,"
        " change_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            (
                run.synthesis,
                run.analysis,
                _json(run.declared),
                run.evidence,
                run.inputs_sha256,
                run.code_version,
                _json(run.result),
                run.sha256,
                change.id,
            )
            for run in runs
        ),
    )


def runs(sql: sqlite3.Connection) -> tuple[StoredRun, ...]:
    """Every run, oldest first."""
    rows = sql.execute(
        "SELECT r.id, c.at, r.synthesis, r.analysis, r.declared, r.evidence, r.inputs_sha256, r.code_version, r.result"
        " FROM synthesis_run r JOIN change c ON c.id = r.change_id ORDER BY r.id"
    )
    return tuple(
        StoredRun(
            id=r["id"],
            at=r["at"],
            run=Run(
                synthesis=r["synthesis"],
                analysis=r["analysis"],
                declared=json.loads(r["declared"]),
                evidence=r["evidence"],
                inputs_sha256=r["inputs_sha256"],
                code_version=r["code_version"],
                result=json.loads(r["result"]),
            ),
        )
        for r in rows
    )


def events(sql: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """Patients with the outcome, where extracted, by the keys of study and evaluation."""
    rows = sql.execute(
        "SELECT s.key, e.key, e.events FROM evaluation_now e JOIN study s ON s.id = e.study_id"
        " WHERE e.events IS NOT NULL"
    )
    return {(study, key): number for study, key, number in rows}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
