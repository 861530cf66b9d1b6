"""Risk of bias by command: two assess, each blind to the other; then they compare, reconcile and print tables."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from curation.extraction.instruments import read
from curation.resources import shipped
from tests.cli.conftest import Refuses, Rows
from tests.conftest import Livrev

PROBAST = read(shipped("db", "instruments", "probast.toml"))
STUDY, EVALUATION = "hu-2024", "egfr-status/external"
ONE = ("--instrument", "PROBAST", "--evaluation", EVALUATION)
ANA, BEN, CEM = "demo-a", "demo-b", "demo-c"
FIT = {f"applicability:D{n}": "low" for n in (1, 2, 3)}
GOOD = {q.id: "Y" for q in PROBAST.asked("validation")}


def form(
    folder: Path, said: Mapping[str, str], kind: str = "validation", evaluation: str = EVALUATION
) -> Path:
    """A form in a file: item to answer; ``low: because`` gives the rationale too."""
    lines = [f'instrument = "PROBAST"\nstudy = "{STUDY}"\nevaluations = ["{evaluation}"]\nkind = "{kind}"']
    for item, text in said.items():
        answer, _, why = text.partition(": ")
        table, name, key = (
            ("answers", "question", "answer") if item[0].isdigit() else ("judgements", "about", "judgement")
        )
        lines.append(f'[[{table}]]\n{name} = "{item}"\n{key} = "{answer}"\nwhere = "p. 3"\nwhy = "{why}"')
    path = folder / "form.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


class Desk:
    """The demonstration's review, worked on by command."""

    def __init__(self, livrev: Livrev, folder: Path) -> None:
        self.livrev, self.folder = livrev, folder

    def says(self, *words: str | Path, status: int = 0) -> str:
        """What ``livrev appraise`` prints on standard output."""
        done = self.livrev("appraise", *words, cwd=self.folder)
        assert done.returncode == status, done.stderr
        return done.stdout

    def assess(self, who: str, kind: str = "validation", evaluation: str = EVALUATION, **changes: str) -> str:
        """Take a whole form in, all good but for ``changes`` (``q2_2="N"``, ``D2="high: why"``)."""
        changed = {name.removeprefix("q").replace("_", "."): text for name, text in changes.items()}
        return self.says("--from", form(self.folder, GOOD | FIT | changed, kind, evaluation), "--as", who)

    def joint(self) -> dict[str, str]:
        """Judgements of the first line of the table."""
        lines = json.loads(self.says("table", "--instrument", "probast", "--json"))["lines"]
        return dict(lines[0]["judgements"]) if lines else {}


@pytest.fixture
def desk(livrev: Livrev, demo: Path) -> Desk:
    return Desk(livrev, demo)


def answers(desk: Desk, by: str) -> dict[str, str]:
    """Items in force of one appraiser."""
    with closing(sqlite3.connect(desk.folder / "review.db")) as sql:
        return dict(sql.execute("SELECT item, answer FROM appraisal_now WHERE by = ? ORDER BY id", (by,)))


def test_instruments_are_listed_with_the_address_of_their_form(desk: Desk) -> None:
    listed = desk.says("instruments").splitlines()
    assert len(listed) == 7
    assert "PROBAST\t2019\tper evaluation\t4 domains, 20 questions\thttps://www.probast.org/" in listed
    plain = json.loads(desk.says("instruments", "--json"))
    assert {one["key"]: len(one["questions"]) for one in plain}["probast-ai-evaluation"] == 18


def test_a_form_suits_the_validation_of_its_evaluation(desk: Desk) -> None:
    of_validation = desk.says("form", STUDY, *ONE)
    assert 'kind = "validation"' in of_validation
    assert "4.5" not in of_validation
    of_both = desk.says("form", STUDY, "--instrument", "PROBAST")
    assert 'kind = ""' in of_both
    assert "(only development, development and validation)" in of_both


def test_a_form_that_livrev_wrote_is_filled_in_and_taken_in(desk: Desk) -> None:
    path = desk.folder / "form.toml"
    assert desk.says("form", STUDY, *ONE, "-o", path) == "form.toml\n"
    begun = desk.says("--from", path, "--as", ANA)
    assert begun.startswith(f"{STUDY} {EVALUATION}: 1 stored, 26 items still to be answered")
    text = path.read_text(encoding="utf-8").replace('answer = ""', 'answer = "PY"')
    path.write_text(
        re.sub(r'(about = "applicability:D\d"\njudgement = )""', r'\1"low"', text), encoding="utf-8"
    )
    assert "finished, by demo-a" in desk.says("--from", path, "--as", ANA)
    assert answers(desk, ANA)["overall"] == "low"
    again = desk.says("form", STUDY, *ONE, "--as", ANA)
    assert again.count('answer = "PY"') == 17


def test_the_same_form_twice_stores_nothing_new(desk: Desk, rows: Rows) -> None:
    desk.assess(ANA)
    before = rows(desk.folder)
    assert "nothing new, finished" in desk.assess(ANA)
    assert rows(desk.folder) == before


def test_a_dry_run_stores_nothing(desk: Desk, rows: Rows) -> None:
    before = rows(desk.folder)
    said = desk.says("--from", form(desk.folder, GOOD | FIT), "--as", ANA, "--dry-run")
    assert said == f"{STUDY} {EVALUATION}: 28 to store, finished, by demo-a\n"
    assert rows(desk.folder) == before


def test_an_assessor_may_change_their_mind_while_the_other_has_not_finished(desk: Desk) -> None:
    desk.assess(ANA)
    desk.assess(ANA, q2_2="NI")
    assert (answers(desk, ANA)["2.2"], answers(desk, ANA)["D2"]) == ("NI", "unclear")
    with closing(sqlite3.connect(desk.folder / "review.db")) as sql:
        kept = sql.execute("SELECT answer FROM appraisal WHERE item = '2.2' ORDER BY id").fetchall()
    assert [row[0] for row in kept] == ["Y", "NI"]


def test_support_is_kept_with_its_page(desk: Desk) -> None:
    desk.assess(ANA, D1="high: one ward only")
    with closing(sqlite3.connect(desk.folder / "review.db")) as sql:
        found = sql.execute("SELECT rationale, location FROM appraisal_now WHERE item = 'D1'").fetchone()
    assert tuple(found) == ("one ward only", "p. 3")


def test_a_judgement_that_differs_without_a_rationale_is_refused_with_its_line(
    desk: Desk, refuses: Refuses
) -> None:
    path = form(desk.folder, GOOD | FIT | {"2.2": "N", "D2": "low", "overall": "high"})
    said = refuses(desk.folder, "appraise", "--from", path, "--as", ANA, status=1)
    assert "form.toml has 2 faults; nothing of it was stored" in said
    assert "D2 (2.2 answered no, which the assessor must weigh): 'low' needs its why" in said
    assert "overall (by the rules low): 'high' needs its why" in said
    assert re.search(r"line \d+: D2", said)


def test_a_form_on_what_is_not_there_is_refused(desk: Desk, refuses: Refuses) -> None:
    path = form(desk.folder, GOOD, evaluation="egfr/none")
    said = refuses(desk.folder, "appraise", "--from", path, "--as", ANA, status=1)
    assert "line 3: evaluations: hu-2024 has no evaluation 'egfr/none'" in said
    path.write_text(path.read_text(encoding="utf-8").replace(STUDY, "nobody-1900"), encoding="utf-8")
    said = refuses(desk.folder, "appraise", "--from", path, "--as", ANA, status=1)
    assert "there is no study 'nobody-1900' in the store" in said


def test_only_extractors_assess(desk: Desk, refuses: Refuses) -> None:
    path = form(desk.folder, GOOD)
    assert "demo-c is no extractor" in refuses(desk.folder, "appraise", "--from", path, "--as", CEM, status=1)
    assert "is no reviewer" in refuses(desk.folder, "appraise", "--from", path, "--as", "zoe", status=2)


def test_words_that_do_not_go_together_are_refused(desk: Desk, refuses: Refuses) -> None:
    for words in (
        ("--from", "form.toml"),
        ("--as", ANA, "status"),
        ("form", STUDY, "--instrument", "odd"),
        ("form", "nobody", "--instrument", "PROBAST"),
        ("form", STUDY, "--instrument", "PROBAST", "--kind", "odd"),
        ("form", STUDY, "--instrument", "QUADAS-2", "--evaluation", EVALUATION),
        ("form", STUDY, "--instrument", "PROBAST", "--differences"),
        ("compare", "--instrument", "PROBAST", "--evaluation", EVALUATION),
        ("reconcile", STUDY, "--as", ANA),
        ("table", "--instrument", "PROBAST", "--release", "9.9"),
    ):
        assert refuses(desk.folder, "appraise", *words, status=2)


# Blindness.


ASKED = (
    ("status",),
    ("status", "--json"),
    ("status", "--as", BEN),
    ("compare", "--instrument", "PROBAST"),
    ("compare", STUDY, *ONE, "--json"),
    ("table", "--instrument", "PROBAST"),
    ("table", "--instrument", "PROBAST", "--summary"),
    ("form", STUDY, *ONE),
    ("form", STUDY, *ONE, "--as", BEN),
    ("form", STUDY, *ONE, "--differences"),
    ("reconcile", STUDY, *ONE, "--as", ANA, "--with", BEN),
    ("reconcile", STUDY, *ONE, "--as", CEM),
)  # fmt: skip
ASSESSED: tuple[dict[str, str], ...] = (
    {},
    {"q1_1": "N", "D1": "high: a register", "q4_1": "NI", "applicability:D2": "high: another use"},
    {"kind": "development", "q4_5": "Y", "q4_8": "PY", "q4_9": "Y", "overall": "low"},
)


@pytest.mark.slow
def test_nothing_tells_an_assessor_of_the_other_s_answers_before_both_have_finished(
    livrev: Livrev, built_demo: Path, tmp_path: Path
) -> None:
    heard = []
    for n, said in enumerate(ASSESSED):
        desk = Desk(livrev, Path(shutil.copytree(built_demo, tmp_path / f"{n}" / "demo")))
        desk.assess(ANA, **said)
        begun = desk.says("--from", form(desk.folder, {"1.1": "PY"}), "--as", BEN)
        outputs = [livrev("appraise", *words, cwd=desk.folder) for words in ASKED]
        heard.append([begun, *((o.returncode, o.stdout, o.stderr) for o in outputs)])
    assert heard[0] == heard[1] == heard[2]
    assert "demo-b has not finished" in str(heard[0])


def test_both_are_shown_when_the_second_has_finished_and_nothing_is_changed_after_that(
    desk: Desk, refuses: Refuses
) -> None:
    desk.assess(ANA, q2_2="NI")
    assert "1 of 2 assessments finished" in desk.says("compare", "--instrument", "PROBAST")
    desk.assess(BEN, q1_1="PY")
    told = desk.says("compare", STUDY, *ONE).splitlines()
    assert told[0].endswith("demo-a and demo-b: 4 of 27 items differ")
    assert [line.split("\t")[0].strip() for line in told[1:]] == ["1.1", "2.2", "D2", "overall"]
    assert told[1].endswith("(same side)")
    assert "demo-a: NI\tdemo-b: Y" in told[2]
    path = form(desk.folder, {"2.2": "Y"})
    said = refuses(desk.folder, "appraise", "--from", path, "--as", ANA, status=1)
    assert "demo-a and demo-b have finished, and their answers may have been seen" in said


def test_a_finished_assessment_does_not_become_unfinished(desk: Desk, refuses: Refuses) -> None:
    desk.assess(ANA)
    path = form(desk.folder, {"2.2": "N"})
    said = refuses(desk.folder, "appraise", "--from", path, "--as", ANA, status=1)
    assert "would lack D2 Predictors (2.2 answered no, which the assessor must weigh)" in said


# Reconciliation.


def test_what_both_say_is_reconciled_by_both_signatures(desk: Desk, refuses: Refuses) -> None:
    desk.assess(ANA)
    early = refuses(desk.folder, "appraise", "reconcile", STUDY, *ONE, "--as", ANA, "--with", BEN, status=1)
    assert "1 of 2 assessments finished" in early
    desk.assess(BEN)
    alone = refuses(desk.folder, "appraise", "reconcile", STUDY, *ONE, "--as", CEM, "--with", BEN, status=1)
    assert "demo-c is no extractor" in alone
    done = desk.says("reconcile", STUDY, "--instrument", "PROBAST", "--as", ANA, "--with", BEN)
    assert done.startswith(f"{STUDY} {EVALUATION}: reconciled: D1 low, D2 low")
    assert answers(desk, "reconciled:demo-a+demo-b")["overall"] == "low"
    assert "reconciled\tby demo-a+demo-b" in desk.says("status")
    again = refuses(
        desk.folder, "appraise", "reconcile", STUDY, "--instrument", "PROBAST", "--as", ANA, "--with", BEN, status=1
    )  # fmt: skip
    assert "no assessment with PROBAST waits to be reconciled" in again


def test_differences_are_settled_in_a_form_that_says_what_each_said(desk: Desk, refuses: Refuses) -> None:
    desk.assess(ANA, q2_2="N", D2="high: read with the outcome at hand")
    desk.assess(BEN, q1_2="NI")
    left = refuses(desk.folder, "appraise", "reconcile", STUDY, *ONE, "--as", ANA, "--with", BEN, status=1)
    assert "still to be settled on hu-2024 egfr-status/external: 1.2, 2.2, D1, D2, overall" in left
    path = desk.folder / "settle.toml"
    desk.says("form", STUDY, *ONE, "--differences", "-o", path)
    text = path.read_text(encoding="utf-8")
    assert "# demo-a: high; read with the outcome at hand; p. 3" in text
    assert text.count("[[answers]]") == 2
    settled = text.replace('question = "1.2"\nanswer = ""', 'question = "1.2"\nanswer = "Y"')
    settled = settled.replace('question = "2.2"\nanswer = ""', 'question = "2.2"\nanswer = "PN"')
    path.write_text(settled, encoding="utf-8")
    more = refuses(desk.folder, "appraise", "reconcile", "--from", path, "--as", ANA, "--with", BEN, status=1)
    assert "still to be settled on hu-2024 egfr-status/external: D2" in more
    settled = settled.replace('about = "D2"\njudgement = ""', 'about = "D2"\njudgement = "high"')
    path.write_text(settled, encoding="utf-8")
    more = refuses(desk.folder, "appraise", "reconcile", "--from", path, "--as", ANA, "--with", BEN, status=1)
    assert "D2 (2.2 answered no, which the assessor must weigh): 'high' needs its why" in more
    at = settled.index('about = "D2"')
    path.write_text(settled[:at] + settled[at:].replace('why = ""', 'why = "agreed"', 1), encoding="utf-8")
    desk.says("reconcile", "--from", path, "--as", BEN, "--with", ANA)
    assert desk.joint()["D1"] == "low"
    assert (desk.joint()["D2"], desk.joint()["overall"]) == ("high", "high")
    assert (answers(desk, ANA)["1.2"], answers(desk, BEN)["1.2"]) == ("Y", "NI"), "nothing is rewritten"


def test_an_adjudicator_who_did_not_assess_settles_alone(desk: Desk, refuses: Refuses) -> None:
    desk.assess(ANA, q2_2="NI")
    desk.assess(BEN)
    path = form(desk.folder, {"2.2": "NI"})
    said = refuses(desk.folder, "appraise", "reconcile", "--from", path, "--as", ANA, status=1)
    assert "demo-a is no adjudicator" in said
    desk.says("reconcile", "--from", path, "--as", CEM)
    assert desk.joint()["overall"] == "unclear"
    later = form(desk.folder, {"2.2": "Y"})
    desk.says("reconcile", "--from", later, "--as", ANA, "--with", BEN)
    assert desk.joint()["overall"] == "low"
    desk.says("reconcile", "--from", form(desk.folder, {"2.2": "NI"}), "--as", CEM)
    assert desk.joint()["overall"] == "unclear", "the newest reconciliation is in force"


def test_what_is_ready_of_a_study_is_reconciled_and_the_rest_is_told(desk: Desk) -> None:
    for evaluation in ("egfr-status/apparent", "egfr-status/split-sample"):
        for who in (ANA, BEN):
            differ = {"q2_1": "PY"} if who == ANA and evaluation.endswith("sample") else {}
            desk.assess(who, evaluation=evaluation, **differ)
    desk.assess(ANA)
    words = ("appraise", "reconcile", STUDY, "--instrument", "PROBAST", "--as", ANA, "--with", BEN)
    done = desk.livrev(*words, cwd=desk.folder)
    assert done.returncode == 3
    assert done.stdout.startswith(f"{STUDY} egfr-status/apparent: reconciled")
    assert f"{STUDY} egfr-status/split-sample: not reconciled, still to be settled: 2.1" in done.stderr
    assert EVALUATION not in done.stdout + done.stderr


# Tables.


def test_tables_hold_what_was_reconciled_and_count_the_rest(desk: Desk) -> None:
    for who in (ANA, BEN):
        desk.assess(who, q2_2="NI")
    assert desk.joint() == {}
    desk.says("reconcile", STUDY, *ONE, "--as", ANA, "--with", BEN)
    (line,) = csv.DictReader(io.StringIO(desk.says("table", "--instrument", "PROBAST", "--csv")))
    assert line["Study"] == "Hu et al. (2024) [18], egfr-status/external"
    assert line["D2 Predictors (risk of bias)"] == "unclear"
    assert line["Overall (applicability)"] == "low"
    summary = desk.says("table", "--instrument", "PROBAST", "--summary")
    assert "| D2 Predictors (risk of bias) | 1 | 0 (0%) | 1 (100%) | 0 (0%) |" in summary
    assert re.search(r"^\d+ of \d+ not reconciled yet$", summary, re.MULTILINE)
    then = json.loads(desk.says("table", "--instrument", "PROBAST", "--release", "1.0", "--json"))
    assert then["lines"] == []


def test_an_instrument_of_ones_own_works_the_same(desk: Desk, refuses: Refuses) -> None:
    folder = desk.folder / "instruments"
    folder.mkdir()
    own = shipped("db", "instruments", "quadas-2.toml").read_text(encoding="utf-8")
    (folder / "our-form.toml").write_text(own.replace('"QUADAS-2"', '"Our form"'), encoding="utf-8")
    assert "Our form\t2011" in desk.says("instruments")
    path = desk.folder / "own.toml"
    desk.says("form", STUDY, "--instrument", "our form", "-o", path)
    text = path.read_text(encoding="utf-8").replace('answer = ""', 'answer = "Y"')
    path.write_text(re.sub(r'(applicability:D\d"\njudgement = )""', r'\1"low"', text), encoding="utf-8")
    for who in (ANA, BEN):
        assert desk.says("--from", path, "--as", who) == f"{STUDY}: 19 stored, finished, by {who}\n"
    desk.says("reconcile", STUDY, "--instrument", "our-form", "--as", ANA, "--with", BEN)
    assert "| Hu et al. (2024) [18] | low | low | low | low |" in desk.says(
        "table", "--instrument", "our-form"
    )
    (folder / "our-form.toml").write_text(own.replace('"QUADAS-2"', '""'), encoding="utf-8")
    said = refuses(desk.folder, "appraise", "instruments", status=1)
    assert "line 4: name: must not be empty" in said
    (folder / "our-form.toml").unlink()
    (folder / "quadas-2.toml").write_text(own, encoding="utf-8")
    said = refuses(desk.folder, "appraise", "form", STUDY, "--instrument", "QUADAS-2", status=1)
    assert "bears the name of an instrument that ships with livrev" in said
