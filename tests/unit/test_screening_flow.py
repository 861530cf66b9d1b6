"""The PRISMA flow: one place for every record, counts of a round worked out by hand, and no falsified number unseen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.model import SourceKind
from screening.flow import (
    Arm,
    Context,
    FlowCounts,
    Line,
    Place,
    RecordState,
    Retrieval,
    Totals,
    counts,
    failures,
    placed,
)
from screening.votes import Ruling, Verdict

WAITING, INCLUDE = Ruling(Verdict.WAITING), Ruling(Verdict.INCLUDE)
EXCLUDE, CONFLICT = Ruling(Verdict.EXCLUDE), Ruling(Verdict.CONFLICT)
POPULATION = Ruling(Verdict.EXCLUDE, "population")

NEW = RecordState(
    record=7,
    report=7,
    source="PubMed",
    kind=SourceKind.DATABASE,
    lead=True,
    abstract=WAITING,
    fulltext=WAITING,
    retrieval=Retrieval.AWAITED,
)
SOUGHT = replace(NEW, abstract=INCLUDE)
READ = replace(SOUGHT, retrieval=Retrieval.RETRIEVED)


@pytest.mark.parametrize(
    ("state", "place", "reason"),
    [
        (NEW, Place.AWAITING_SCREENING, None),
        (replace(NEW, abstract=CONFLICT), Place.AWAITING_SCREENING, None),
        (replace(NEW, abstract=EXCLUDE), Place.EXCLUDED, None),
        (SOUGHT, Place.AWAITING_RETRIEVAL, None),
        (replace(SOUGHT, fulltext=INCLUDE), Place.AWAITING_RETRIEVAL, None),
        (replace(SOUGHT, retrieval=Retrieval.NOT_RETRIEVED), Place.NOT_RETRIEVED, None),
        (READ, Place.AWAITING_ASSESSMENT, None),
        (replace(READ, fulltext=CONFLICT), Place.AWAITING_ASSESSMENT, None),
        (replace(READ, fulltext=POPULATION), Place.REPORT_EXCLUDED, "population"),
        (replace(READ, fulltext=INCLUDE), Place.INCLUDED, None),
        (replace(READ, fulltext=INCLUDE, abstract=CONFLICT), Place.AWAITING_SCREENING, None),
        (replace(READ, fulltext=POPULATION, lead=False), Place.DUPLICATE, None),
        (replace(READ, removed=Place.AUTOMATION), Place.AUTOMATION, None),
        (replace(READ, removed=Place.OTHER_REMOVED, lead=False), Place.DUPLICATE, None),
    ],
)
def test_a_record_stands_where_its_state_puts_it(
    state: RecordState, place: Place, reason: str | None
) -> None:
    found = placed(state)
    assert (found.place, found.reason) == (place, reason)
    assert (found.record, found.report, found.source) == (7, 7, "PubMed")


@pytest.mark.parametrize("kind", [kind for kind in SourceKind if not kind.main_arm])
@pytest.mark.parametrize("abstract", [WAITING, EXCLUDE, CONFLICT, INCLUDE])
def test_a_record_of_other_methods_is_sought_without_screening(kind: SourceKind, abstract: Ruling) -> None:
    found = replace(NEW, kind=kind, abstract=abstract)
    assert placed(found).place is Place.AWAITING_RETRIEVAL
    assert placed(replace(found, lead=False)).place is Place.DUPLICATE


def test_a_record_of_a_register_is_screened_like_one_of_a_database() -> None:
    assert placed(replace(NEW, kind=SourceKind.REGISTER)).place is Place.AWAITING_SCREENING


# A round worked out by hand. PubMed 8 records, Embase 5, a register 2; a website 1, citation searching 3.
#   removed before screening: 3 duplicates (Embase 2, register 1), 1 by automation, 1 for another reason
#   awaiting screening 2 (one of them a conflict), so 15 - 3 - 1 - 1 - 2 = 8 screened, 2 excluded, 6 sought
#   1 not retrieved, 1 awaiting retrieval, so 4 assessed: 2 excluded, 1 awaiting assessment, 1 included
#   other methods: 4 records, 1 a duplicate, 3 sought, 1 not retrieved, 2 assessed: 1 excluded, 1 included
EMBASE = replace(NEW, source="Embase")
REGISTER = replace(NEW, source="ClinicalTrials.gov", kind=SourceKind.REGISTER)
WEBSITE = replace(NEW, source="A society's site", kind=SourceKind.WEBSITE)
CITED = replace(NEW, source="Citations", kind=SourceKind.CITATION_SEARCHING)
ROUND = [
    replace(NEW, removed=Place.AUTOMATION),
    NEW,
    replace(NEW, abstract=EXCLUDE),
    replace(NEW, abstract=EXCLUDE),
    SOUGHT,
    READ,
    replace(READ, fulltext=POPULATION),
    replace(READ, fulltext=INCLUDE),
    replace(EMBASE, lead=False),
    replace(EMBASE, lead=False),
    replace(EMBASE, removed=Place.OTHER_REMOVED),
    replace(EMBASE, abstract=CONFLICT),
    replace(EMBASE, abstract=INCLUDE, retrieval=Retrieval.NOT_RETRIEVED),
    replace(REGISTER, lead=False),
    replace(
        REGISTER,
        abstract=INCLUDE,
        retrieval=Retrieval.RETRIEVED,
        fulltext=Ruling(Verdict.EXCLUDE, "no-model"),
    ),
    replace(WEBSITE, lead=False),
    replace(CITED, retrieval=Retrieval.NOT_RETRIEVED),
    replace(CITED, retrieval=Retrieval.RETRIEVED, fulltext=POPULATION),
    replace(CITED, retrieval=Retrieval.RETRIEVED, fulltext=INCLUDE),
]
CONTEXT = Context(
    sources=[
        ("PubMed", SourceKind.DATABASE),
        ("Embase", SourceKind.DATABASE),
        ("Scopus", SourceKind.DATABASE),
        ("ClinicalTrials.gov", SourceKind.REGISTER),
        ("A society's site", SourceKind.WEBSITE),
        ("Citations", SourceKind.CITATION_SEARCHING),
        ("A ministry", SourceKind.ORGANISATION),
    ],
    reasons=[
        ("not-original", "Not original"),
        ("no-model", "No model"),
        ("population", "Wrong population"),
    ],
    new_studies=2,
    previous=Totals(11, 12),
    removed_since=Totals(1, 1),
)
BY_HAND = FlowCounts(
    databases=(Line("PubMed", 8), Line("Embase", 5), Line("Scopus", 0)),
    registers=(Line("ClinicalTrials.gov", 2),),
    duplicates=3,
    automation=1,
    other_removed=1,
    awaiting_screening=2,
    screened=8,
    excluded=2,
    main=Arm(
        sought=6,
        not_retrieved=1,
        awaiting_retrieval=1,
        assessed=4,
        excluded=(Line("No model", 1), Line("Wrong population", 1)),
        awaiting_assessment=1,
        included=1,
    ),
    new=Totals(2, 2),
    total=Totals(12, 13),
    other_sources=(Line("Websites", 1), Line("Organisations", 0), Line("Citation searching", 3)),
    other_overlap=1,
    other=Arm(sought=3, not_retrieved=1, assessed=2, excluded=(Line("Wrong population", 1),), included=1),
    previous=Totals(11, 12),
    removed_since=Totals(1, 1),
)


def counted(states: list[RecordState], context: Context = CONTEXT) -> FlowCounts:
    return counts((placed(state) for state in states), context)


def test_a_round_is_counted_as_it_was_by_hand() -> None:
    flow = counted(ROUND)
    assert flow == BY_HAND
    assert (flow.identified, flow.awaiting, flow.main.excluded_total) == (15, 4, 2)
    assert failures(flow) == ()


def test_a_new_review_without_records_adds_up_to_nothing() -> None:
    flow = counted([], replace(CONTEXT, new_studies=0, previous=None, removed_since=Totals(0, 0)))
    assert failures(flow) == ()
    assert flow.total == Totals(0, 0)
    assert [line.n for line in flow.databases] == [0, 0, 0]


def test_a_source_and_a_reason_that_the_protocol_has_dropped_are_still_counted() -> None:
    dropped = replace(
        READ, source="Old index", fulltext=Ruling(Verdict.EXCLUDE, "reason of an older protocol")
    )
    flow = counted([*ROUND, dropped, replace(READ, fulltext=EXCLUDE)])
    assert Line("Old index", 1) in flow.databases
    assert flow.main.excluded[2:] == (Line("reason of an older protocol", 1), Line("No reason given", 1))
    assert failures(flow) == ()


def test_a_record_of_other_methods_that_was_removed_is_no_lost_record() -> None:
    flow = counted([*ROUND, replace(WEBSITE, removed=Place.OTHER_REMOVED)])
    assert (flow.other_arm_removed, flow.other_removed) == (1, 1)
    assert flow.other.sought == BY_HAND.other.sought
    assert failures(flow) == ()


def test_one_report_may_tell_of_two_studies() -> None:
    flow = counted([replace(READ, fulltext=INCLUDE)], replace(CONTEXT, new_studies=2))
    assert flow.new == Totals(2, 1)
    assert failures(flow) == ()


SCREENED = "records screened = identified - removed before screening - awaiting screening"
SOUGHT_MAIN = "reports sought = records screened - records excluded"
SOUGHT_OTHER = "reports sought by other methods = their records - duplicates - removed for other reasons"
ASSESSED = "reports assessed = sought - not retrieved - awaiting retrieval"
INCLUDED = "reports included = assessed - excluded over primary reasons - awaiting assessment"
NEW_REPORTS = "reports of new included studies = those of both arms"
STUDIES = "total studies = previous + new + late - removed since"
REPORTS = "total reports = previous + new + late - removed since"
OTHER = " (other methods)"

# The identities that one number too many breaks, for every number of the flow.
BREAKS = {
    "databases 0": {SCREENED},
    "databases 1": {SCREENED},
    "databases 2": {SCREENED},
    "registers 0": {SCREENED},
    "duplicates": {SCREENED},
    "automation": {SCREENED},
    "other_removed": {SCREENED},
    "awaiting_screening": {SCREENED},
    "screened": {SCREENED, SOUGHT_MAIN},
    "excluded": {SOUGHT_MAIN},
    "main sought": {SOUGHT_MAIN, ASSESSED},
    "main not_retrieved": {ASSESSED},
    "main awaiting_retrieval": {ASSESSED},
    "main assessed": {ASSESSED, INCLUDED},
    "main excluded 0": {INCLUDED},
    "main excluded 1": {INCLUDED},
    "main awaiting_assessment": {INCLUDED},
    "main included": {INCLUDED, NEW_REPORTS},
    "new studies": {STUDIES},
    "new reports": {NEW_REPORTS, REPORTS},
    "total studies": {STUDIES},
    "total reports": {REPORTS},
    "other_sources 0": {SOUGHT_OTHER},
    "other_sources 1": {SOUGHT_OTHER},
    "other_sources 2": {SOUGHT_OTHER},
    "other_overlap": {SOUGHT_OTHER},
    "other_arm_removed": {SOUGHT_OTHER},
    "other sought": {SOUGHT_OTHER, ASSESSED + OTHER},
    "other not_retrieved": {ASSESSED + OTHER},
    "other awaiting_retrieval": {ASSESSED + OTHER},
    "other assessed": {ASSESSED + OTHER, INCLUDED + OTHER},
    "other excluded 0": {INCLUDED + OTHER},
    "other awaiting_assessment": {INCLUDED + OTHER},
    "other included": {INCLUDED + OTHER, NEW_REPORTS},
    "previous studies": {STUDIES},
    "previous reports": {REPORTS},
    "removed_since studies": {STUDIES},
    "removed_since reports": {REPORTS},
    "late studies": {STUDIES},
    "late reports": {REPORTS},
}
# Who excluded a record, a person or a program, is a part of records excluded that no other box repeats: only
# a part larger than its whole can be told to be false.
CANNOT_BE_TOLD = {"excluded_automation"}


def falsified(value: object, by: int, name: str = "") -> Iterator[tuple[str, Any]]:
    """``value`` once for every number in it, with that number changed by ``by``, and the number's name."""
    if isinstance(value, int):
        yield name, value + by
    elif isinstance(value, tuple):
        for index, line in enumerate(value):
            false = replace(line, n=line.n + by)
            yield f"{name} {index}", (*value[:index], false, *value[index + 1 :])
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            for inner, changed in falsified(getattr(value, field.name), by, f"{name} {field.name}".strip()):
                yield inner, replace(value, **{field.name: changed})


@pytest.mark.parametrize("by", [1, -1])
def test_every_falsified_number_is_caught_by_the_identities_it_stands_in(by: int) -> None:
    caught = {}
    for name, flow in falsified(BY_HAND, by):
        found = failures(flow)
        caught[name] = {failure.identity for failure in found if not failure.identity.endswith(">= 0")}
        assert all(str(f.left) in str(f) and str(f.right) in str(f) for f in found if f.right)
    assert {name: broken for name, broken in caught.items() if name not in CANNOT_BE_TOLD} == BREAKS
    assert set(caught) - set(BREAKS) == CANNOT_BE_TOLD


def test_a_failure_says_both_numbers() -> None:
    (failure,) = failures(replace(BY_HAND, excluded=3))
    assert str(failure) == f"{SOUGHT_MAIN}: 6 is not 5"


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        (
            replace(BY_HAND, excluded_automation=3),
            "records excluded by automation tools <= records excluded: 3 is more than 2",
        ),
        (
            replace(BY_HAND, automation=-1, awaiting_screening=4),
            "automation >= 0: it is -1",
        ),
        (
            replace(BY_HAND, databases=(Line("PubMed", 14), Line("Embase", -1))),
            "databases, Embase >= 0: it is -1",
        ),
        (
            replace(BY_HAND, other=replace(BY_HAND.other, awaiting_retrieval=-1, not_retrieved=2)),
            "other, awaiting retrieval >= 0: it is -1",
        ),
        (
            replace(BY_HAND, removed_since=Totals(12, 1), total=Totals(1, 13)),
            "studies removed since <= previous studies: 12 is more than 11",
        ),
        (
            replace(BY_HAND, removed_since=Totals(1, 13), total=Totals(12, 1)),
            "reports removed since <= previous reports: 13 is more than 12",
        ),
        (
            replace(BY_HAND, previous=None, removed_since=Totals(0, 1), total=Totals(2, 1)),
            "nothing is removed since a previous version where there is none, reports: 1 is not 0",
        ),
    ],
)
def test_the_impossible_is_told_even_where_every_sum_agrees(flow: FlowCounts, said: str) -> None:
    assert [str(failure) for failure in failures(flow)] == [said]


def test_there_is_no_new_study_without_a_report_of_it() -> None:
    flow = counted([NEW], replace(CONTEXT, new_studies=1))
    assert [f.identity for f in failures(flow)] == ["no new study without a report of it"]


rulings = st.builds(
    Ruling, st.sampled_from(Verdict), st.sampled_from(["population", "no-model", "dropped", None])
)
totals = st.builds(Totals, st.integers(0, 50), st.integers(0, 50))
states = st.builds(
    RecordState,
    record=st.integers(1, 10**6),
    report=st.integers(1, 10**6),
    source=st.sampled_from(["PubMed", "Embase", "Unlisted"]),
    kind=st.sampled_from(SourceKind),
    lead=st.booleans(),
    abstract=rulings,
    fulltext=rulings,
    retrieval=st.sampled_from(Retrieval),
    removed=st.sampled_from([None, None, None, Place.AUTOMATION, Place.OTHER_REMOVED]),
)


def ends(arm: Arm) -> int:
    """Reports that go no further, or wait."""
    waiting = arm.awaiting_retrieval + arm.awaiting_assessment
    return arm.not_retrieved + arm.excluded_total + arm.included + waiting


@settings(max_examples=150, deadline=None)
@given(st.lists(states, max_size=30), st.none() | totals, st.integers(1, 9))
def test_whatever_happens_the_flow_adds_up_and_counts_every_record_once(
    records: list[RecordState], previous: Totals | None, studies: int
) -> None:
    included = any(placed(state).place is Place.INCLUDED for state in records)
    left = Totals(previous.studies // 2, previous.reports // 2) if previous else Totals(0, 0)
    context = replace(CONTEXT, previous=previous, removed_since=left, new_studies=studies if included else 0)
    flow = counted(records, context)
    assert failures(flow) == ()
    removed = flow.duplicates + flow.automation + flow.other_removed + flow.other_overlap
    waiting = flow.awaiting_screening + flow.other_arm_removed
    assert removed + waiting + flow.excluded + ends(flow.main) + ends(flow.other) == len(records)
    assert flow.identified + sum(line.n for line in flow.other_sources) == len(records)
