"""Takes reports out before screening by the rules of review.toml, and puts back what no rule takes out any more.

A rule names publication types. A report goes where each of its records that names types has one of the rule's, and
nobody has worked on it; of several rules the first that fits. Only what these rules took out is ever put back.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from curation.protocol import CountedAs, Protocol, Removal
from curation.store import duplicates, removals
from curation.store.connect import Change, Stamp
from curation.store.removals import NewRemoval, Standing
from curation.tasks.queue import refresh
from curation.tasks.review import Review

_BY_TYPE = "type: "  # what the rule of a removal begins with, before the rule's name


@dataclass(frozen=True, slots=True)
class ByRule:
    """What one rule took out now, and how many reports it keeps out in all."""

    name: str
    counted_as: CountedAs
    reports: tuple[int, ...]
    out: int


@dataclass(frozen=True, slots=True)
class Removed:
    """What the rules did, in the order of review.toml; ``back`` are records that none of them keeps out any more."""

    rules: tuple[ByRule, ...] = ()
    back: tuple[int, ...] = ()

    @property
    def reports(self) -> int:
        """How many reports were taken out."""
        return sum(len(rule.reports) for rule in self.rules)


def remove(review: Review, stamp: Stamp, *, dry_run: bool = False) -> Removed:
    """Apply the rules of review.toml; run again, it changes nothing. ``dry_run`` only says what would be done."""
    if dry_run:
        return _planned(review.sql, review.protocol).told()
    with review.change(stamp) as change:
        done = apply_removals(change, review.protocol)
    refresh(review)
    return done


def apply_removals(change: Change, protocol: Protocol) -> Removed:
    """Apply the protocol's rules inside a transaction, as an update or an import does it at its end."""
    plan = _planned(change.sql, protocol)
    removals.add(change, [*plan.back, *plan.out])
    return plan.told()


@dataclass(frozen=True, slots=True)
class _Plan:
    rules: Sequence[Removal]
    back: tuple[NewRemoval, ...] = ()
    out: tuple[NewRemoval, ...] = ()
    kept: tuple[Standing, ...] = ()

    def told(self) -> Removed:
        new: dict[str, list[int]] = defaultdict(list)
        for one in self.out:
            new[one.rule].append(one.record)
        kept = Counter(one.rule for one in self.kept)
        counts = (
            ByRule(r.name, r.counted_as, tuple(new[_rule(r)]), kept[_rule(r)] + len(new[_rule(r)]))
            for r in self.rules
        )
        moved = {one.record for one in self.out}
        return Removed(tuple(counts), tuple(one.record for one in self.back if one.record not in moved))


def _planned(sql: sqlite3.Connection, protocol: Protocol) -> _Plan:
    """What is to be taken out and put back."""
    before = {one.record: one for one in removals.standing(sql, _BY_TYPE)}
    if not protocol.removals and not before:
        return _Plan(())
    fitting = _fitting(sql, protocol.removals, before) if protocol.removals else {}
    kept = tuple(one for one in before.values() if _keeps(fitting.get(one.record, ()), one))
    stay = {one.record for one in kept}
    back = tuple(
        NewRemoval(one.record, "none", one.rule) for one in before.values() if one.record not in stay
    )
    out = tuple(
        NewRemoval(report, rules[0].counted_as, _rule(rules[0]))
        for report, rules in sorted(fitting.items())
        if report not in stay
    )
    return _Plan(protocol.removals, back, out, kept)


def _rule(rule: Removal) -> str:
    return _BY_TYPE + rule.name


def _keeps(rules: Sequence[Removal], now: Standing) -> bool:
    return (now.rule, now.cause) in {(_rule(rule), str(rule.counted_as)) for rule in rules}


def _fitting(
    sql: sqlite3.Connection, rules: Sequence[Removal], before: Collection[int]
) -> dict[int, tuple[Removal, ...]]:
    """The rules that fit each report, for those that may go: in a round screened here, with nobody's work on them."""
    types = removals.publication_types(sql)
    fit = _Fit.of(rules)
    likely = {record for record, named in types.items() if fit.any(named)}
    records = duplicates.members_of(sql, duplicates.reports_of(sql, likely).values())
    members: dict[int, list[int]] = defaultdict(list)
    for record, report in records.items():
        members[report].append(record)
    free = _free(sql, members, before)
    found = {report: tuple(fit.all([types.get(r, ()) for r in members[report]])) for report in free}
    return {report: rules_ for report, rules_ in found.items() if rules_}


def _free(sql: sqlite3.Connection, members: Mapping[int, Sequence[int]], before: Collection[int]) -> set[int]:
    """Reports that these rules may take out: whatever others took out or worked on is left alone."""
    busy = removals.worked_on(sql, (record for group in members.values() for record in group))
    others = {record for record in removals.removed(sql, members) if record not in before}
    open_ = removals.of_recorded_rounds(sql, members) - others
    return {report for report in open_ if busy.isdisjoint(members[report])}


@dataclass(frozen=True, slots=True)
class _Fit:
    """The rules with their types in one case."""

    rules: tuple[tuple[Removal, frozenset[str]], ...]
    types: frozenset[str]

    @classmethod
    def of(cls, rules: Sequence[Removal]) -> _Fit:
        folded = tuple((rule, _folded(rule.publication_types)) for rule in rules)
        return cls(folded, frozenset[str]().union(*(types for _, types in folded)))

    def any(self, named: tuple[str, ...]) -> bool:
        return not self.types.isdisjoint(_folded(named))

    def all(self, named: Sequence[tuple[str, ...]]) -> Iterator[Removal]:
        """Rules of which each record that names types has one."""
        telling = [_folded(types) for types in named if types]
        for rule, types in self.rules:
            if not any(types.isdisjoint(one) for one in telling):
                yield rule


@lru_cache(maxsize=1024)  # a store names few combinations, and each many times
def _folded(types: tuple[str, ...]) -> frozenset[str]:
    return frozenset(" ".join(one.split()).casefold() for one in types)
