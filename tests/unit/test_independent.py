"""First independent votes: worked out step by step, and compared with what a look at every moment gives."""

from __future__ import annotations

from collections.abc import Collection

from hypothesis import given, settings
from hypothesis import strategies as st

from curation.model import Decision
from screening.agreement import CalibrationRound, Rating, gate
from screening.independent import Act, Enough, Event, First, first_votes
from screening.likeness import likeness
from screening.ranking import Text

WORDS = {"i": Decision.INCLUDE, "m": Decision.MAYBE, "x": Decision.EXCLUDE}
quick = settings(max_examples=300, deadline=None)


def two(voters: Collection[str]) -> bool:
    return len(voters) >= 2


def told(*steps: str) -> list[Event]:
    """``"ana i"`` is a vote, ``"-1"`` takes the first vote back if it stands, ``"!"`` sets all that stand aside."""
    events: list[Event] = []
    standing: dict[int, Event] = {}
    votes = 0
    for at, step in enumerate(steps, 1):
        if step == "!":
            events += [Event(at, Act.SET_ASIDE, e.vote, e.reviewer, e.decision) for e in standing.values()]
            standing = {}
        elif step[0] == "-":
            if gone := standing.pop(int(step[1:]), None):
                events.append(Event(at, Act.TAKEN_BACK, gone.vote, gone.reviewer, gone.decision))
        else:
            votes += 1
            who, word = step.split()
            standing[votes] = Event(at, Act.CAST, votes, who, WORDS[word])
            events.append(standing[votes])
    return events


def said(*steps: str, enough: Enough = two) -> list[str]:
    """First votes on a report, one word for each time of voting: ``"ix"`` by name of the reviewer, ``"."`` if lacking."""
    letters = {decision: letter for letter, decision in WORDS.items()}
    found = first_votes(1, told(*steps), enough)
    return ["".join(letters[r.decision] for r in first.ratings) or "." for first in found]


def test_the_votes_that_stand_when_the_last_one_needed_comes_in_are_the_first_ones() -> None:
    assert said("ana i", "ben x") == ["ix"]


def test_a_change_of_mind_after_that_does_not_count() -> None:
    assert said("ana i", "ben x", "ana x", "-2", "ben i") == ["ix"]


def test_a_change_of_mind_before_that_was_independent_and_counts() -> None:
    assert said("ana i", "ana m", "ben x") == ["mx"]


def test_a_slip_that_was_taken_back_before_does_not_count() -> None:
    assert said("ana x", "-1", "ben x", "ana i") == ["ix"]


def test_with_the_newest_vote_taken_back_the_one_before_it_stands() -> None:
    assert said("ana x", "ana i", "-2", "ben x") == ["xx"]


def test_one_vote_of_two_is_no_first_vote_yet() -> None:
    assert said("ana i") == ["."]


def test_a_report_of_which_every_vote_was_taken_back_gives_nothing() -> None:
    assert said("ana i", "-1") == []


def test_votes_set_aside_stay_the_first_ones_under_their_criteria() -> None:
    assert said("ana x", "ben x", "!", "ana i") == ["xx", "."]
    assert said("ana x", "ben x", "!", "ana i", "ben i") == ["xx", "ii"]


def test_a_file_of_votes_counts_as_one_moment() -> None:
    slip, undone, meant = told("ben x", "-1", "ben i")
    file = [Event(5, e.act, e.vote, e.reviewer, e.decision) for e in (slip, undone, meant)]
    ana = Event(1, Act.CAST, 9, "ana", Decision.INCLUDE)
    (first,) = first_votes(1, [ana, *file], two)
    assert [r.decision for r in first.ratings] == [Decision.INCLUDE, Decision.INCLUDE]


def test_the_criteria_of_a_report_are_those_its_last_first_vote_was_cast_under() -> None:
    earlier, later = told("ana i"), [Event(2, Act.CAST, 2, "ben", Decision.INCLUDE, 2)]
    (first,) = first_votes(1, [*earlier, *later], two)
    assert (first.criteria, first.completed) == (2, 2)


def test_a_calibration_round_needs_the_votes_of_its_own_people() -> None:
    def all_three(voters: Collection[str]) -> bool:
        return {"ana", "ben", "cem"} <= {*voters}

    assert said("ana i", "ben x", "dan i", enough=all_three) == ["."]
    assert said("ana i", "ben x", "cem m", enough=all_three) == ["ixm"]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(("ana", "ben", "cem")), st.sampled_from("imx")).map(" ".join),
        st.integers(1, 12).map("-{}".format),
        st.just("!"),
    ),
    max_size=14,
)


def _looked_at(events: list[Event]) -> dict[str, Decision]:
    """Standing vote of each reviewer after these events."""
    gone = {e.vote for e in events if e.act is not Act.CAST}
    return {e.reviewer: e.decision for e in events if e.act is Act.CAST and e.vote not in gone}


def _expected(events: list[Event]) -> list[dict[str, Decision]]:
    """First votes of each time of voting, by looking at the store after every single moment."""
    ends = sorted({e.at for e in events if e.act is Act.SET_ASIDE} | {100})
    found, begin = [], 0
    for end in ends:
        moments = [at for at in range(begin, end) if any(e.at == at for e in events)]
        seen = [_looked_at([e for e in events if e.at <= at]) for at in moments]
        first = next((one for one in seen if two(one)), None)
        if first is not None:
            found.append(first)
        begin = end
    return found


@quick
@given(STEPS)
def test_first_votes_are_those_of_the_first_moment_with_enough_of_them(steps: list[str]) -> None:
    events = told(*steps)
    complete = [f for f in first_votes(1, events, two) if f.completed is not None]
    assert [{r.reviewer: r.decision for r in first.ratings} for first in complete] == _expected(events)


@quick
@given(STEPS, STEPS)
def test_nothing_that_comes_later_changes_a_first_vote(steps: list[str], more: list[str]) -> None:
    then = [f for f in first_votes(1, told(*steps), two) if f.completed is not None]
    now = [f for f in first_votes(1, told(*steps, *more), two) if f.completed is not None]
    assert now[: len(then)] == then


@quick
@given(STEPS)
def test_of_an_incomplete_report_no_vote_is_given_away(steps: list[str]) -> None:
    other = {"i": "x", "m": "i", "x": "m"}
    turned = [f"{s[:-1]}{other[s[-1]]}" if " " in s else s for s in steps]
    lacking = [f for f in first_votes(1, told(*steps), two) if f.completed is None]
    assert lacking == [f for f in first_votes(1, told(*turned), two) if f.completed is None]
    assert all(f == First(1, 1) for f in lacking)


def test_exactly_the_share_that_is_asked_passes_the_gate() -> None:
    """0.56 of 25 is 14; multiplied in floats it is a little more."""
    ratings = [
        Rating(n, who, Decision.INCLUDE)
        for n in range(25)
        for who in ("ana", "ben")
        if who == "ana" or n < 14
    ]
    ratings += [Rating(n, "ben", Decision.EXCLUDE) for n in range(14, 25)]
    done = CalibrationRound(1, tuple(range(25)), ("ana", "ben"), tuple(ratings), frozenset(range(25)))
    assert gate(done, 0.56).passed
    assert not gate(done, 0.57).passed


def test_likeness_is_the_share_of_the_protocols_words() -> None:
    texts = [
        Text(1, "Radiomics of spinal metastases", "A model for them."),
        Text(2, "Spinal cord in mice"),
        Text(3, "Soup"),
    ]
    found = likeness(texts, "Which radiomics model predicts spinal metastases?")
    assert found == {1: 4 / 5, 2: 1 / 5, 3: 0.0}
    assert likeness(texts, "") == {1: 0.0, 2: 0.0, 3: 0.0}
