"""The verdict rules as one table, and what holds of every set of votes."""

from __future__ import annotations

from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.model import Decision, Stage
from screening.votes import Ruling, Settled, StageRule, Verdict, Vote, ruling

REASONS = ("not-original", "population", "no-model")
WORDS = {"i": Decision.INCLUDE, "m": Decision.MAYBE, "x": Decision.EXCLUDE}
quick = settings(max_examples=150, deadline=None)


def votes(said: str, *reasons: str | None) -> list[Vote]:
    """``"ix"`` are an inclusion and an exclusion, by reviewers a and b; ``reasons`` go to the exclusions."""
    why = iter(reasons)
    return [
        Vote(name, WORDS[word], next(why, None) if word == "x" else None)
        for name, word in zip("abcde", said, strict=False)
    ]


def abstract(needed: int) -> StageRule:
    return StageRule(Stage.ABSTRACT, needed, REASONS)


def fulltext(needed: int, *, conflict: bool = True) -> StageRule:
    return StageRule(Stage.FULLTEXT, needed, REASONS, differing_reasons_conflict=conflict)


# Votes needed, votes cast (i include, m maybe, x exclude), and what they come to at title and abstract.
DECISION_TABLE = [
    (1, "", Verdict.WAITING),
    (1, "i", Verdict.INCLUDE),
    (1, "m", Verdict.INCLUDE),
    (1, "x", Verdict.EXCLUDE),
    (1, "ix", Verdict.CONFLICT),
    (2, "", Verdict.WAITING),
    (2, "i", Verdict.WAITING),
    (2, "m", Verdict.WAITING),
    (2, "x", Verdict.WAITING),
    (2, "ii", Verdict.INCLUDE),
    (2, "im", Verdict.INCLUDE),
    (2, "mm", Verdict.INCLUDE),
    (2, "ix", Verdict.CONFLICT),
    (2, "mx", Verdict.CONFLICT),
    (2, "xx", Verdict.EXCLUDE),
    (2, "iix", Verdict.CONFLICT),
    (2, "xxx", Verdict.EXCLUDE),
    (3, "ii", Verdict.WAITING),
    (3, "ix", Verdict.WAITING),
    (3, "xx", Verdict.WAITING),
    (3, "iii", Verdict.INCLUDE),
    (3, "imm", Verdict.INCLUDE),
    (3, "iix", Verdict.CONFLICT),
    (3, "mxx", Verdict.CONFLICT),
    (3, "xxx", Verdict.EXCLUDE),
]


@pytest.mark.parametrize(("needed", "said", "verdict"), DECISION_TABLE)
def test_votes_come_to_the_verdict_of_the_table(needed: int, said: str, verdict: Verdict) -> None:
    assert ruling(votes(said), abstract(needed)) == Ruling(verdict)


@pytest.mark.parametrize(("needed", "said", "verdict"), DECISION_TABLE)
def test_the_same_table_holds_at_full_text_where_all_give_one_reason(
    needed: int, said: str, verdict: Verdict
) -> None:
    cast = votes(said.replace("m", "i"), *["population"] * 5)
    reason = "population" if verdict is Verdict.EXCLUDE else None
    assert ruling(cast, fulltext(needed)) == Ruling(verdict, reason)


@pytest.mark.parametrize(
    ("reasons", "conflict", "outcome"),
    [
        (["population", "population"], True, Ruling(Verdict.EXCLUDE, "population")),
        (["population", "population"], False, Ruling(Verdict.EXCLUDE, "population")),
        (["no-model", "population"], True, Ruling(Verdict.CONFLICT)),
        (["no-model", "population"], False, Ruling(Verdict.EXCLUDE, "population")),
        (["no-model", "not-original"], False, Ruling(Verdict.EXCLUDE, "not-original")),
        (["no-model", "no-model", "population"], True, Ruling(Verdict.CONFLICT)),
        (["no-model", "no-model", "population"], False, Ruling(Verdict.EXCLUDE, "population")),
        (["a reason the protocol has dropped", "no-model"], False, Ruling(Verdict.EXCLUDE, "no-model")),
        (["a reason the protocol has dropped", "no-model"], True, Ruling(Verdict.CONFLICT)),
    ],
)
def test_differing_reasons_conflict_or_the_higher_ranked_one_counts(
    reasons: list[str], *, conflict: bool, outcome: Ruling
) -> None:
    cast = votes("x" * len(reasons), *reasons)
    assert ruling(cast, fulltext(2, conflict=conflict)) == outcome


def test_title_and_abstract_need_no_reason_and_keep_none() -> None:
    cast = votes("xx", "population", "no-model")
    assert ruling(cast, abstract(2)) == Ruling(Verdict.EXCLUDE)


def test_reasons_rank_in_the_protocol_s_order_and_unknown_ones_come_last() -> None:
    rule = fulltext(2)
    ranks = [rule.rank(code) for code in (*REASONS, "unknown")]
    assert all(a < b for a, b in pairwise(ranks))
    assert rule.rank(None) == rule.rank("unknown")


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("said", ["", "i", "ii", "ix", "xx"])
def test_a_resolution_ends_the_matter_whatever_the_votes_say(stage: Stage, said: str) -> None:
    rule = StageRule(stage, 2, REASONS)
    cast = votes(said, "population", "no-model")
    assert ruling(cast, rule, Settled(Decision.INCLUDE)) == Ruling(Verdict.INCLUDE)
    out = Settled(Decision.EXCLUDE, "no-model")
    assert ruling(cast, rule, out) == Ruling(Verdict.EXCLUDE, "no-model")


decisions = st.sampled_from([Decision.INCLUDE, Decision.EXCLUDE])
ballots = st.lists(
    st.builds(
        Vote,
        reviewer=st.sampled_from("abcdefgh"),
        decision=decisions,
        reason=st.sampled_from([*REASONS, "dropped since", "dropped too"]),
    ),
    max_size=6,
    unique_by=lambda v: v.reviewer,
)
rules = st.builds(
    StageRule,
    stage=st.sampled_from(Stage),
    votes_needed=st.integers(1, 4),
    reasons=st.just(REASONS),
    differing_reasons_conflict=st.booleans(),
)


@quick
@given(st.data(), ballots, rules)
def test_the_order_of_votes_does_not_matter(data: st.DataObject, cast: list[Vote], rule: StageRule) -> None:
    assert ruling(data.draw(st.permutations(cast)), rule) == ruling(cast, rule)


@quick
@given(ballots, rules)
def test_fewer_votes_than_needed_wait_whatever_they_say(cast: list[Vote], rule: StageRule) -> None:
    waits = ruling(cast, rule) == Ruling(Verdict.WAITING)
    assert waits == (len(cast) < rule.votes_needed)


@quick
@given(ballots, rules)
def test_an_exclusion_is_unanimous_and_its_reason_was_somebody_s(cast: list[Vote], rule: StageRule) -> None:
    found = ruling(cast, rule)
    if found.verdict is Verdict.EXCLUDE:
        assert {v.decision for v in cast} == {Decision.EXCLUDE}
        assert found.reason in ({v.reason for v in cast} if rule.stage is Stage.FULLTEXT else {None})
    else:
        assert found.reason is None


def test_two_reasons_the_protocol_has_dropped_come_to_the_same_one_in_any_order() -> None:
    cast = votes("xxx", "dropped since", "dropped too", "dropped since")
    found = {ruling(order, fulltext(2, conflict=False)) for order in permutations(cast)}
    assert found == {Ruling(Verdict.EXCLUDE, "dropped since")}
