"""The rules of PROBAST and the shares of robvis against recorded vectors, and against copies of their facts.

robvis (McGuinness & Higgins, Res Synth Methods 2021;12:55) prints its shares with eight decimals.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from curation.extraction.appraisal_rules import Derived, domain_judgement, overall_judgement
from curation.extraction.instruments import Instrument, read
from curation.report.appraisal_tables import Column, Line, Panel, shares
from curation.resources import shipped

PRINTED = 5e-9  # half a unit of robvis' last digit


def instrument(key: str) -> Instrument:
    return read(shipped("db", "instruments", f"{key}.toml"))


PROBAST = instrument("probast")


def overall(levels: Sequence[str], kind: str = "") -> Derived:
    judged = {d.id: level for d, level in zip(PROBAST.domains, levels, strict=False)}
    found = overall_judgement(PROBAST, judged, kind)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("domain", "answers", "expected", "flags"),
    [
        ("D1", "Y PY", "low", ""),
        ("D2", "Y NI Y", "unclear", ""),
        ("D3", "Y Y Y Y PN Y", "reviewer", "3.5"),
        ("D2", "NI N Y", "reviewer", "2.2"),
        ("D1", "Y", "incomplete", ""),
        ("D2", "Y NA Y", "low", ""),
    ],
)
def test_answers_come_to_what_the_official_form_says(
    domain: str, answers: str, expected: str, flags: str
) -> None:
    said = {f"{domain[1]}.{n}": answer for n, answer in enumerate(answers.split(), 1)}
    found = domain_judgement(PROBAST, domain, said)
    assert (found.judgement, " ".join(found.flags)) == (expected, flags)


@pytest.mark.parametrize(
    ("levels", "kind", "expected", "prompted"),
    [
        ("low low low low", "", "low", False),
        ("low low low low", "development", "low", True),
        ("low low high low", "", "high", False),
        ("unclear unclear unclear high", "", "high", False),
        ("low unclear low low", "", "unclear", False),
        ("low low", "", "incomplete", False),
    ],
)
def test_domains_come_to_what_the_official_form_says(
    levels: str, kind: str, expected: str, prompted: bool
) -> None:
    found = overall(levels.split(), kind)
    assert (found.judgement, bool(found.consider)) == (expected, prompted)


def counted(robvis: Mapping[str, str], letters: Mapping[str, str], **weights: float) -> dict[str, float]:
    """Shares of one column given as ``{study: judgement}``, by the first letter of the judgement."""
    lines = tuple(
        Line(study, {"D": letters[said[0].lower()]}, weights.get(study, 1.0))
        for study, said in robvis.items()
    )
    levels = tuple(dict.fromkeys(letters.values()))
    return shares(Panel("k", "T", levels, (Column("D", "D", "bias"),), lines), "D")


def test_shares_are_those_of_robvis_first_domain_of_nine_trials() -> None:
    said = ["Low", "Some concerns", "No information", "Low", "High", "Low", "Low", "Low", "Low"]
    found = counted(dict(zip("ABCDEFGHI", said, strict=True)), {c: c for c in "lshn"})
    expected = {"l": 0.66666667, "s": 0.11111111, "h": 0.11111111, "n": 0.11111111}
    assert found == pytest.approx(expected, abs=PRINTED)


# Over the recorded files.


def vectors(shared_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_data / "appraisal" / "rule_vectors.json").read_text())
    return found


@pytest.mark.shared
def test_every_recorded_vector_of_a_domain_holds(shared_data: Path) -> None:
    recorded = vectors(shared_data)["domain"]
    found = [
        domain_judgement(instrument(v["tool"].lower()), v["domain"], v["answers"]).judgement for v in recorded
    ]
    assert len(recorded) >= 6
    assert found == [v["expected"] for v in recorded]


@pytest.mark.shared
def test_every_recorded_vector_of_the_whole_holds(shared_data: Path) -> None:
    recorded = vectors(shared_data)["overall"]
    found = [overall(v["domains"], v["eval"] or "") for v in recorded]
    assert len(recorded) >= 6
    assert [(f.judgement, bool(f.consider)) for f in found] == [
        (v["expected"], v["consider_downgrade"]) for v in recorded
    ]


@pytest.mark.shared
def test_the_instruments_have_the_recorded_numbers_answers_and_judgements(shared_data: Path) -> None:
    tools = {t["tool"]: t for t in json.loads((shared_data / "appraisal" / "rob_tools.json").read_text())}
    recorded = tools["PROBAST"]
    assert [q.id for q in PROBAST.questions] == [q["id"] for d in recorded["domains"] for q in d["questions"]]
    assert list(PROBAST.answers.substantial) == recorded["answers"]
    assert set(PROBAST.judgements) == set(recorded["judgements"])
    counts = tools["PROBAST+AI"]["counts"]
    for part, number in counts.items():
        assert len(instrument(f"probast-ai-{part}").questions) == number
    na = {
        f"{short} {question.id}"
        for part, short in (("development", "dev"), ("evaluation", "eval"))
        for question in instrument(f"probast-ai-{part}").questions
        if question.na
    }
    assert na == set(tools["PROBAST+AI"]["na_only_on"])
    for key, name in (("rob-2", "RoB 2"), ("robins-i", "ROBINS-I (2016)")):
        domains = [d.split(" (")[0] for d in tools[name]["domains"]]
        assert [d.name for d in instrument(key).domains] == domains
        assert set(instrument(key).judgements) == set(tools[name]["judgements"])


ROBVIS = {"rob2": "data_rob2.csv", "robins_i": "data_robins_i.csv", "quadas": "data_quadas.csv"}


def columns(folder: Path, name: str) -> dict[str, dict[str, str]]:
    """Judgements of each column of a robvis file, by study."""
    with (folder / ROBVIS[name]).open(encoding="utf-8") as stream:
        read_rows = list(csv.DictReader(stream))
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in read_rows:
        for column in (c for c in row if c != "Study"):
            found[column][row["Study"]] = row[column]
    return dict(found)


def expected(recorded: Sequence[Mapping[str, Any]]) -> list[dict[str, float]]:
    """Shares that robvis printed, one dict a domain, as a list that does not depend on the domains' wording."""
    by_domain: dict[str, dict[str, float]] = defaultdict(dict)
    for row in recorded:
        by_domain[row["domain"]][row["judgement"]] = row["prop"]
    return sorted((dict(sorted(d.items())) for d in by_domain.values()), key=str)


@pytest.mark.shared
@pytest.mark.parametrize("name", [*ROBVIS, "rob2_weighted"])
def test_every_recorded_share_of_robvis_holds(shared_data: Path, name: str) -> None:
    folder = shared_data / "appraisal" / "robvis"
    recorded = json.loads((folder / "expected_summary.json").read_text())[name]
    said = columns(folder, name.removesuffix("_weighted"))
    studies = list(next(iter(said.values())))
    weights = dict(zip(studies, recorded.get("weights", [1.0] * len(studies)), strict=True))
    letters = {c: c for c in "lmschn"}
    found = [
        {
            level: round(share, 8)
            for level, share in sorted(counted(column, letters, **weights).items())
            if share
        }
        for column in said.values()
    ]
    assert len(recorded["summary"]) > 10
    assert sorted(found, key=str) == expected(recorded["summary"])


@pytest.mark.shared
def test_the_worst_domain_is_the_printed_overall_of_robins_i(shared_data: Path) -> None:
    robins = instrument("robins-i")
    said = columns(shared_data / "appraisal" / "robvis", "robins_i")
    printed = said.pop("Overall")
    differ = []
    for study, overall_printed in printed.items():
        found = overall_judgement(robins, {d: column[study].lower() for d, column in said.items()})
        assert found is not None
        if found.judgement != overall_printed.lower():
            differ.append((study, found.judgement, overall_printed))
    # A domain without information: whether it is a key domain is for people to say.
    assert differ == [("Study 2", "no information", "Moderate")]
