"""PRISMA flow counts of the store: of the rounds since the last release, or of one round."""

from __future__ import annotations

from dataclasses import dataclass

from curation.errors import Refused, Usage
from curation.store import flow as flow_store
from curation.store import records, searches, studies
from curation.store.releases import releases
from curation.tasks.evidence import Evidence, evidence, released
from curation.tasks.places import all_places
from curation.tasks.review import Review
from screening.flow import Context, FlowCounts, Place, Placed, Totals, counts, failures


@dataclass(frozen=True, slots=True)
class Unreported:
    """A round that only a publication tells of, with no flow numbers in it: unknown, which is not 0."""

    databases: tuple[str, ...]
    total: Totals | None


@dataclass(frozen=True, slots=True)
class Flow:
    """The flow of ``rounds``; ``counts`` or what is known where the numbers were never reported."""

    rounds: tuple[int, ...]
    counts: FlowCounts | Unreported
    places: tuple[Placed, ...]


def flow(review: Review, number: int | None = None) -> Flow:
    """Flow of round ``number``, or of every round since the last release (all, before the first).

    Raises Usage for an unknown round, Refused when the counts break an identity of PRISMA 2020.
    """
    known = searches.rounds(review.sql)
    if number is not None and number not in {r.number for r in known}:
        message = (
            f"there is no round {number} (known: {', '.join(str(r.number) for r in known) or 'none yet'})"
        )
        raise Usage(message)
    if not known:
        message = "nothing was searched yet; start with livrev update or livrev import FILE"
        raise Refused(message)
    released_to = searches.released_round(review.sql)
    since = [r for r in known if released_to is None or r.number > released_to]
    chosen = [r for r in known if r.number == number] if number is not None else since or [known[-1]]
    rounds = tuple(r.number for r in chosen)
    before = _previous(review, rounds[0])
    if not all(r.flow_recorded for r in chosen):
        names = [
            name for name, kind in flow_store.searched_sources(review.sql, frozenset(rounds)) if kind.main_arm
        ]
        at_release = _at_release(review, rounds[-1])
        return Flow(rounds, Unreported(tuple(names), at_release.totals if at_release else None), ())
    return _counted(review, rounds, before)


def _counted(review: Review, rounds: tuple[int, ...], before: Evidence | None) -> Flow:
    places = tuple(p.placed for p in all_places(review.sql, review.protocol) if p.round in rounds)
    previous = {s.study.key for s in before.studies} if before else set()
    new = _told_of(review, {p.report for p in places if p.place is Place.INCLUDED}) - previous
    context = Context(
        sources=flow_store.searched_sources(review.sql, frozenset(rounds)),
        reasons=[(r.code, r.label) for r in review.protocol.exclusion_reasons],
        new_studies=len(new),
        previous=before.totals if before else None,
        removed_since=_removed_since(review, before) if before else Totals(0, 0),
        late=_late(review, rounds[0], before, new) if before else Totals(0, 0),
    )
    found = counts(places, context)
    if broken := failures(found):
        message = "the flow does not add up; this is a defect or a damaged store, and no diagram is drawn"
        raise Refused(message, faults=tuple(str(b) for b in broken))
    return Flow(rounds, found, places)


def _removed_since(review: Review, before: Evidence) -> Totals:
    """Studies and reports of the previous version that are no longer in; two reports joined since are one less."""
    now = evidence(review.sql, review.protocol, "now")
    kept = {s.study.key for s in before.studies} & {s.study.key for s in now.studies}
    then = {records.report_of(review.sql, r) for s in before.studies for r in s.reports}
    still = then & {r for s in now.studies for r in s.reports}
    return Totals(before.totals.studies - len(kept), before.totals.reports - len(still))


def _late(review: Review, first: int, before: Evidence, new: set[str]) -> Totals:
    """Studies and reports of rounds before ``first`` that came in after the previous version was published.

    A report of that version may tell of one more study since: a duplicate of it did, before the two were joined.
    """
    then = {records.report_of(review.sql, r) for s in before.studies for r in s.reports}
    earlier = {
        p.placed.report
        for p in all_places(review.sql, review.protocol)
        if p.round < first and p.placed.place is Place.INCLUDED
    }
    known = {s.study.key for s in before.studies} | new
    return Totals(len(_told_of(review, earlier) - known), len(earlier - then))


def _told_of(review: Review, reports: set[int]) -> set[str]:
    """Studies that reports tell of; a report not yet assigned to a study stands for one of its own."""
    of_report: dict[int, set[str]] = {}
    for study in studies.studies(review.sql):
        for report, _ in study.reports:
            of_report.setdefault(report, set()).add(study.key)
    return {key for report in reports for key in of_report.get(report, {f"R{report}"})}


def _previous(review: Review, first_round: int) -> Evidence | None:
    earlier = [r for r in _releases(review) if r[1] < first_round]
    return released(review.store, review.protocol, earlier[-1][0]) if earlier else None


def _at_release(review: Review, last_round: int) -> Evidence | None:
    with_it = [r for r in _releases(review) if r[1] >= last_round]
    return released(review.store, review.protocol, with_it[0][0]) if with_it else None


def _releases(review: Review) -> list[tuple[str, int]]:
    return [(r.version, r.round) for r in releases(review.sql)]
