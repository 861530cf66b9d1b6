"""What follows a calibration round: talk, amendments, and its close when it is passed (or in spite of what fails)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from curation.errors import Refused, Usage
from curation.model import Stage
from curation.store import calibrations
from curation.store.calibrations import Kind, Noted
from curation.store.connect import Change, Stamp
from curation.tasks.calibration_rounds import Round, round_of, rounds
from curation.tasks.review import Review
from screening.agreement import Gate, PairAgreement, Undefined, gate
from screening.flow import Place

_WAITING = {Stage.ABSTRACT: Place.AWAITING_SCREENING, Stage.FULLTEXT: Place.AWAITING_ASSESSMENT}
_PAIR = 2


@dataclass(frozen=True, slots=True)
class Closed:
    """A round that is closed, and what was not met."""

    number: int
    failures: tuple[str, ...]


def discuss(review: Review, number: int, report: int, note: str, stamp: Stamp) -> None:
    """Note that the team has talked about a report.

    Raises Usage for an unknown round, a report that is not in it or an empty note, Refused where the round is
    closed or somebody has still to vote on the report.
    """
    with review.change(stamp) as change:
        now = _open_round(review, change, number, note)
        if report not in now.reports:
            message = f"R{report} is not in calibration round {number}; livrev calibrate status {number} lists its reports"
            raise Usage(message)
        if report not in now.measured.reports:
            message = f"not everybody has voted on R{report} yet; talk about it once they have"
            raise Refused(message)
        calibrations.note(change, now.id, Noted(Kind.DISCUSSED, report, note.strip(), stamp.by))


def amend(review: Review, number: int, note: str, stamp: Stamp) -> None:
    """Note what a round changed in the criteria. Raises like ``discuss``."""
    with review.change(stamp) as change:
        now = _open_round(review, change, number, note)
        calibrations.note(change, now.id, Noted(Kind.AMENDMENT, None, note.strip(), stamp.by))


def close(review: Review, number: int, despite: str, stamp: Stamp) -> Closed:
    """Close a round that is passed, or in spite of what fails, with the reason ``despite``.

    What the gate found is kept with it. Raises Usage for an unknown round, Refused where it is closed already, or
    not passed and nobody says why to go on.
    """
    with review.change(stamp) as change:
        now = _open_round(review, change, number, "closed")
        failures = now.failures
        if failures and not despite.strip():
            message = f"calibration round {number} is not passed and stays open; mend it, or say why to go on: --despite WHY"
            raise Refused(message, faults=failures)
        found = gate(now.measured, now.least)
        whole = (*now.waits, *found.failures)
        said = json.dumps(_closing(now, found, whole, despite.strip()), ensure_ascii=False)
        calibrations.note(change, now.id, Noted(Kind.CLOSED, None, said, stamp.by))
    return Closed(number, whole)


def _open_round(review: Review, change: Change, number: int, note: str) -> Round:
    review.person(change.stamp.by)
    if not note.strip():
        message = "say what it was: --note TEXT"
        raise Usage(message)
    now = round_of(rounds(change.sql, review.protocol), number)
    if now.closed:
        message = f"calibration round {number} is closed; nothing was noted"
        raise Refused(message)
    return now


def _closing(now: Round, found: Gate, failures: tuple[str, ...], despite: str) -> dict[str, object]:
    """The numbers that a round was closed with, as they are kept."""
    return {
        "reviewers": now.measured.reviewers,
        "reports": len(now.reports),
        "complete": len(now.measured.reports),
        "least": found.least,
        "pairs": [_numbers(pair) for pair in found.agreement.pairs],
        "discordant": found.discordant,
        "failures": failures,
        "despite": despite,
    }


def _numbers(pair: PairAgreement) -> dict[str, object]:
    kappa = None if isinstance(pair.kappa, Undefined) else pair.kappa.value
    return {
        "reviewers": (pair.first, pair.second),
        "table": pair.table.counts,
        "agreed": pair.table.agreed,
        "reports": pair.table.n,
        "kappa": kappa,
    }
