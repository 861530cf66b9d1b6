"""Queues under every way of sharing out: worked off by random people in random order, nobody is asked in vain.

A history votes by what the desks give, undoes, puts off, settles conflicts, and people leave and come back. After each
step the queue that was kept up step by step equals one made anew; at the end every report has its votes.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.errors import Refused
from curation.model import Decision, Stage
from curation.store import queue, votes
from curation.store.connect import Stamp
from curation.tasks.conflicts import conflicts
from curation.tasks.desk import Session, StoreDesk
from curation.tasks.import_file import FileToImport, import_file
from curation.tasks.init import init
from curation.tasks.places import all_places, needs
from curation.tasks.queue import open_work, refresh
from curation.tasks.review import Review
from screening.desk import Choice, NotTaken, Work
from screening.flow import Place
from screening.votes import Verdict

PEOPLE = ("ana", "ben", "cem", "dia")
REPORTS = 12
SCHEMES = {
    "everybody": "",
    "pairs": 'assignment = "pairs"',
    "shares": 'assignment = "shares"',
    "a sample": 'second_abstract = "sample"\nsample = 0.4',
    "a sample in pairs": 'assignment = "pairs"\nsecond_abstract = "sample"\nsample = 0.4',
    "excludes": 'second_abstract = "excludes"',
    "safety first": 'disagreement_abstract = "forward"',
    "three votes": "votes_abstract = 3",
    "no abstract first": 'without_abstract = "first"',
}
PROTOCOL = """
exclusion_reasons = [{{ code = "population", label = "Population" }}]
sources = [{{ key = "embase", name = "Embase", kind = "database", strategy = "spine" }}]
review = {{ title = "Shared out", question = "Who reads what?" }}
criteria = {{ include = ["Everything"] }}
living = {{ integration = "Now and then.", retirement = "At the end." }}
{people}
[screening]
{screening}
"""
STEPS = st.tuples(
    st.sampled_from(PEOPLE),
    st.sampled_from(("vote", "vote", "vote", "vote", "undo", "skip", "leave", "again")),
    st.sampled_from((Decision.INCLUDE, Decision.EXCLUDE, Decision.EXCLUDE, Decision.MAYBE)),
)


def stamp(by: str = "tester") -> Stamp:
    return Stamp(dt.datetime(2026, 11, 2, tzinfo=dt.UTC), by, "test")


def protocol(screening: str, gone: frozenset[str]) -> str:
    people = "".join(
        f'[[reviewers]]\nid = "{who}"\nname = "{who.title()}"\nroles = ["screener"]\nshare = {n}\n'
        f"active = {str(who not in gone).lower()}\n"
        for n, who in enumerate(PEOPLE, 1)
    )
    return PROTOCOL.format(people=people, screening=screening)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A review with twelve reports, every fourth of them without an abstract."""
    folder = tmp_path_factory.mktemp("queues") / "template"
    folder.mkdir()
    (folder / "review.toml").write_text(protocol("", frozenset()))
    init(folder, stamp())
    records = (
        f"TY  - JOUR\nAN  - L{n}\nTI  - Work {n} about {'spinal ' * (n % 3 + 1)}matter {n * n}\n"
        + (f"AB  - What was found in {n}.\n" if n % 4 else "")
        + f"DO  - 10.1000/work.{n}\nER  - \n"
        for n in range(1, REPORTS + 1)
    )
    (folder / "export.ris").write_text("\n".join(records))
    with Review.open(folder) as review:
        import_file(review, FileToImport(folder / "export.ris", "embase", "2026-11-01"), stamp())
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_queue_that_was_kept_up_equals_one_made_anew_and_ends_empty(
    template: Path, tmp_path: Path, scheme: str
) -> None:
    @settings(max_examples=12, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(STEPS, max_size=30))
    def holds(steps: list[tuple[str, str, Decision]]) -> None:
        shutil.rmtree(tmp_path / "review", ignore_errors=True)
        folder = Path(shutil.copytree(template, tmp_path / "review"))
        gone: frozenset[str] = frozenset()
        for who, act, decision in [("ana", "again", Decision.INCLUDE), *steps]:
            if act in ("leave", "again"):
                gone = gone | {who} if act == "leave" and len(gone) == 0 else gone - {who}
                (folder / "review.toml").write_text(protocol(SCHEMES[scheme], gone))
            with Review.open(folder) as review:
                if who not in gone:
                    do(review, who, act, decision)
                assert kept_up(review) == made_anew(review)
                assert nobody_is_asked_twice(review)
        (folder / "review.toml").write_text(protocol(SCHEMES[scheme], gone))
        with Review.open(folder) as review:
            worked_off(review, [who for who in PEOPLE if who not in gone])
            assert not list(queue.all_slots(review.sql))
            assert {p.abstract.verdict for p in all_places(review.sql, review.protocol)} <= {
                Verdict.INCLUDE, Verdict.EXCLUDE, Verdict.CONFLICT,
            }  # fmt: skip
            needed = needs(review.sql, review.protocol, Stage.ABSTRACT)
            for report in range(1, REPORTS + 1):
                cast = votes.votes_of(review.sql, report, Stage.ABSTRACT)
                fewest = 1 if scheme == "excludes" else needed.of(report)
                assert len(cast) >= fewest
            for found in conflicts(review):
                said = {v.decision.forward for v in votes.votes_of(review.sql, found.report, found.stage)}
                assert said == {True, False}

    holds()


def desk(review: Review, who: str) -> StoreDesk:
    return StoreDesk(review, Session(who, Work.ABSTRACT), lambda: stamp(who))


def do(review: Review, who: str, act: str, decision: Decision) -> None:
    at_work = desk(review, who)
    card = at_work.next()
    if act == "undo":
        at_work.undo()
    elif card is not None and act == "skip":
        try:
            at_work.skip(card.report)
        except NotTaken as refused:
            assert "put off 3 times" in str(refused)  # noqa: PT017 - the refusal may come or not
    elif card is not None and act == "vote":
        before = at_work.progress()
        at_work.decide(Choice(card.report, decision))
        assert at_work.progress().done == before.done + 1
        following = at_work.next()
        assert following is None or following.report != card.report


def kept_up(review: Review) -> set[tuple[str, int, str, int, int]]:
    refresh(review)
    return {(s.reviewer, s.lane, s.stage, s.place, s.report) for s in queue.all_slots(review.sql)}


def made_anew(review: Review) -> set[tuple[str, int, str, int, int]]:
    with review.store.upkeep() as sql:
        sql.execute("DELETE FROM queue")
        sql.execute("DELETE FROM conflict_open")
        sql.execute("DELETE FROM queue_rules")
    return kept_up(review)


def nobody_is_asked_twice(review: Review) -> bool:
    cast = {(v.reviewer, v.report) for v in votes.all_votes(review.sql)}
    waiting = {
        p.placed.report
        for p in all_places(review.sql, review.protocol)
        if p.placed.place is Place.AWAITING_SCREENING and p.abstract.verdict is Verdict.WAITING
    }
    asked = {(s.reviewer, s.report) for s in queue.all_slots(review.sql)}
    enough = all(len(work.asked) > 0 for work in open_work(review.sql, review.protocol))
    return not asked & cast and {report for _, report in asked} == waiting and enough


def worked_off(review: Review, people: list[str]) -> None:
    desks = {who: desk(review, who) for who in people}
    for who in turns(desks):
        card = desks[who].next()
        if card is None:
            continue
        forward = (card.report + len(who)) % 3 == 0
        desks[who].decide(Choice(card.report, Decision.INCLUDE if forward else Decision.EXCLUDE))


def turns(desks: dict[str, StoreDesk]) -> Iterator[str]:
    """Everybody in turn, until nothing waits for anybody."""
    while any(one.next() is not None for one in desks.values()):
        yield from desks


def test_a_report_that_was_put_off_comes_back_at_the_end(template: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(template, tmp_path / "review"))
    with Review.open(folder) as review:
        at_work = desk(review, "ana")
        first = at_work.next()
        assert first is not None
        at_work.skip(first.report)
        order = queue.next_reports(review.sql, "ana", Stage.ABSTRACT, REPORTS)
        assert order[-1] == first.report
        assert len(order) == REPORTS


def test_without_an_abstract_a_report_comes_last_or_first_or_among_the_others(
    template: Path, tmp_path: Path
) -> None:
    orders = {}
    for where in ("last", "first", "among the others"):
        folder = Path(shutil.copytree(template, tmp_path / where.replace(" ", "-")))
        said = protocol(f'without_abstract = "{where}"', frozenset())
        (folder / "review.toml").write_text(said)
        with Review.open(folder) as review:
            refresh(review)
            orders[where] = queue.next_reports(review.sql, "ana", Stage.ABSTRACT, REPORTS)
    assert orders["last"][-3:] == [4, 8, 12]
    assert orders["first"][:3] == [4, 8, 12]
    assert orders["among the others"] == list(range(1, REPORTS + 1))


def test_an_adjudicator_who_voted_is_not_given_the_conflict(template: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(template, tmp_path / "review"))
    text = protocol("", frozenset()).replace('["screener"]', '["screener", "adjudicator"]')
    (folder / "review.toml").write_text(text)
    with Review.open(folder) as review:
        for who, decision in (("ana", Decision.INCLUDE), ("ben", Decision.EXCLUDE)):
            desk(review, who).decide(Choice(1, decision))
        voter = StoreDesk(review, Session("ana", Work.CONFLICTS), lambda: stamp("ana"))
        other = StoreDesk(review, Session("cem", Work.CONFLICTS), lambda: stamp("cem"))
        assert voter.next() is None
        card = other.next()
        assert card is not None
        assert card.voters == ("Ana", "Ben")
        with pytest.raises(NotTaken, match="stay hidden"):
            other.reveal(1)
        desk(review, "ben").note(1, "brain only")
        both = StoreDesk(review, Session("ana", Work.CONFLICTS, ("ben",)), lambda: stamp("ana"))
        assert both.setting.partners == ("Ben",)
        assert [said.decision for said in both.reveal(1)] == [Decision.INCLUDE, Decision.EXCLUDE]
        assert [said.note for said in both.reveal(1)] == ["", "brain only"]
        both.decide(Choice(1, Decision.EXCLUDE, note="brain, not spine"))
        assert both.next() is None
        assert both.undo() == 1
        assert both.next() is not None
        with pytest.raises(Refused, match="own partner"):
            StoreDesk(review, Session("ana", Work.CONFLICTS, ("ana",)), lambda: stamp("ana"))
