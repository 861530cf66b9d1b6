"""Removal rules: what they take out before screening, what they leave alone, what they put back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curation.model import Relation, Stage
from curation.protocol import CountedAs, Removal
from curation.store import queue as slots
from curation.store import removals
from curation.store.duplicates import Judged
from curation.store.removals import NewRemoval
from curation.tasks import dedupe
from curation.tasks.flow import flow
from curation.tasks.removals import ByRule, _Fit, apply_removals, remove
from curation.tasks.review import Review
from curation.tasks.vote import undo
from screening.flow import FlowCounts
from tests.cli.conftest import Refuses
from tests.conftest import Livrev
from tests.made_up_screening import STAMP, begun, cast, made_up, take_in, written

EDITORIALS = '{ name = "Editorials", publication_types = ["editorial", "Letter"] }'
PROTOCOLS = '{ name = "Protocols", publication_types = ["Study Protocol"], counted_as = "automation" }'


def ruled(folder: Path, *rules: str) -> None:
    (folder / "review.toml").write_text(written(removals=f"removals = [{', '.join(rules)}]" if rules else ""))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Reports 1 to 4 are articles, 5 and 6 editorials, 7 a protocol, 8 a letter."""
    folder = begun(tmp_path / "review")
    with Review.open(folder) as review:
        take_in(review, made_up(range(1, 5), "Article"))
        take_in(review, made_up((5, 6), "EDITORIAL"))
        take_in(review, made_up([7], "Study  protocol"))
        take_in(review, made_up([8], "Letter"))
    ruled(folder, EDITORIALS, PROTOCOLS)
    return folder


def out(review: Review) -> dict[int, str]:
    return {one.record: f"{one.cause}, {one.rule}" for one in removals.standing(review.sql, "")}


def counts(review: Review) -> FlowCounts:
    found = flow(review).counts
    assert isinstance(found, FlowCounts)
    return found


def test_the_rules_take_out_what_has_their_types_and_the_flow_counts_it(folder: Path, livrev: Livrev) -> None:
    done = livrev("remove", cwd=folder)
    assert done.stdout.splitlines() == [
        "Editorials: 3 reports taken out, 3 in all (counted as other)",
        "Protocols: 1 report taken out, 1 in all (counted as automation)",
    ]
    with Review.open(folder) as review:
        found = counts(review)
        assert (found.other_removed, found.automation, found.awaiting_screening) == (3, 1, 4)
        assert slots.next_reports(review.sql, "ana", Stage.ABSTRACT, 99) == [1, 2, 3, 4]
        assert out(review) == {
            5: "other, type: Editorials",
            6: "other, type: Editorials",
            7: "automation, type: Protocols",
            8: "other, type: Editorials",
        }


def test_a_dry_run_stores_nothing_and_a_second_run_does_nothing(folder: Path, livrev: Livrev) -> None:
    with Review.open(folder) as review:
        with review.change(STAMP):
            pass  # keeps the protocol with its rules
        before = list(review.sql.iterdump())
        planned = livrev("remove", "--dry-run", "--json", cwd=folder)
        assert list(review.sql.iterdump()) == before
        done = remove(review, STAMP)
        assert json.loads(planned.stdout)["rules"][0]["reports"] == list(done.rules[0].reports) == [5, 6, 8]
        again = remove(review, STAMP)
        assert again.rules[0] == ByRule("Editorials", CountedAs.OTHER, (), 3)
        assert again.reports == 0
        rows = review.sql.execute("SELECT count(*) FROM removal").fetchone()[0]
    assert rows == 4
    assert (
        "Editorials: 0 reports would be taken out, 3 in all"
        in livrev("remove", "--dry-run", cwd=folder).stdout
    )


def test_what_people_worked_on_stays(folder: Path) -> None:
    with Review.open(folder) as review:
        cast(review, "ana", {5: True, 6: False})
        undo(review, "ana", STAMP)
        remove(review, STAMP)
        assert set(out(review)) == {7, 8}, "also where the vote was taken back"


def test_a_rule_that_is_gone_or_counts_otherwise_is_followed(folder: Path, livrev: Livrev) -> None:
    livrev("remove", cwd=folder)
    ruled(folder, EDITORIALS.replace(" }", ', counted_as = "automation" }').replace(', "Letter"', ""))
    done = livrev("remove", cwd=folder)
    assert done.stdout.splitlines() == [
        "Editorials: 2 reports taken out, 2 in all (counted as automation)",
        "2 reports put back",
    ]
    with Review.open(folder) as review:
        assert out(review) == dict.fromkeys((5, 6), "automation, type: Editorials")
        assert counts(review).automation == 2
    ruled(folder)
    done = livrev("remove", cwd=folder)
    assert done.stdout == "2 reports put back\n"
    assert "has no removal rules" in done.stderr
    with Review.open(folder) as review:
        assert out(review) == {}
        assert slots.next_reports(review.sql, "ana", Stage.ABSTRACT, 99) == list(range(1, 9))


def test_every_record_of_a_report_that_names_types_must_have_one_of_the_rule(folder: Path) -> None:
    def joined(left: int, right: int) -> Judged:
        return Judged(left, right, Relation.SAME, by_person=True, evidence="read both", by="ana")

    with Review.open(folder) as review:
        take_in(review, made_up([9], "Editorial"))
        dedupe.judge(review, joined(4, 5), STAMP)
        dedupe.judge(review, joined(6, 9), STAMP)
        remove(review, STAMP)
        assert set(out(review)) == {6, 7, 8}, "the removal is on the first record of its report"
        dedupe.judge(review, joined(3, 6), STAMP)
        remove(review, STAMP)
        assert set(out(review)) == {7, 8}, "one record of it is an article"
        assert counts(review).duplicates == 3


def test_a_record_that_names_no_type_speaks_for_none() -> None:
    rule = Removal("Editorials", ("Editorial",))
    fit = _Fit.of([rule])
    assert list(fit.all([("editorial", "Journal Article"), ()])) == [rule]
    assert list(fit.all([("editorial",), ("Journal Article",)])) == []


def test_what_others_took_out_is_left_alone(folder: Path) -> None:
    with Review.open(folder) as review:
        with review.change(STAMP) as change:
            removals.add(change, [NewRemoval(5, "other", "withdrawn by its publisher")])
        remove(review, STAMP)
        assert out(review)[5] == "other, withdrawn by its publisher"
    ruled(folder)
    with Review.open(folder) as review:
        remove(review, STAMP)
        assert out(review) == {5: "other, withdrawn by its publisher"}


def test_rounds_that_only_a_publication_tells_of_are_left_alone(demo: Path) -> None:
    protocol = demo / "review.toml"
    protocol.write_text(
        protocol.read_text() + '\n[[removals]]\nname = "All"\npublication_types = ["Journal Article"]\n'
    )
    with Review.open(demo) as review:
        named = {
            types for types in removals.publication_types(review.sql).values() if "Journal Article" in types
        }
        assert named
        before = counts(review)
        done = remove(review, STAMP)
        assert done.reports == 0, "the published reports have no votes here, the others are voted on"
        assert counts(review) == before


def test_without_rules_nothing_is_looked_at(tmp_path: Path, refuses: Refuses) -> None:
    folder = begun(tmp_path / "review")
    with Review.open(folder) as review:
        asked: list[str] = []
        with review.change(STAMP) as change:
            review.sql.set_trace_callback(asked.append)
            done = apply_removals(change, review.protocol)
            review.sql.set_trace_callback(None)
    assert (done.rules, done.back) == ((), ())
    assert len(asked) == 1
    assert "no such option" in refuses(folder, "remove", "--all", status=2)
