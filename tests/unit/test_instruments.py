"""Instruments, forms and sheets: the shipped ones are whole, every fault of a bad file comes at once, rules hold."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import BadInput
from curation.extraction import appraisal_form
from curation.extraction.appraisal_blank import Blank, blank
from curation.extraction.appraisal_rules import domain_judgement, overall_applicability, overall_judgement
from curation.extraction.assessment import (
    Entry,
    Sheet,
    agreed,
    derived,
    differences,
    items,
    lacking,
    overlaid,
    unexplained,
)
from curation.extraction.instruments import Instrument, key_of, read
from curation.model import Validation
from curation.report.appraisal_tables import Column, Line, Panel, judgements_table, shares, shares_table
from curation.resources import shipped

FOLDER = shipped("db", "instruments")
KEYS = sorted(path.stem for path in FOLDER.glob("*.toml"))


def instrument(key: str) -> Instrument:
    return read(FOLDER / f"{key}.toml")


PROBAST = instrument("probast")
DEVELOPMENT, VALIDATION = "development", "validation"


def sheet(kind: str = VALIDATION, **said: str) -> dict[str, Entry]:
    """A whole sheet of good answers and low applicability but for what is said: ``q2_2="N"``, ``D2="high"``."""
    found = {q.id: Entry("Y") for q in PROBAST.asked(kind)}
    found |= {f"applicability:D{n}": Entry("low") for n in (1, 2, 3)}
    changed = {name.removeprefix("q").replace("_", "."): Entry(answer) for name, answer in said.items()}
    return {"kind": Entry(kind), **found, **changed}


# The instruments that ship.


def test_the_instruments_that_ship_are_named_in_the_issue() -> None:
    assert set(KEYS) == {
        *("probast", "probast-ai-development", "probast-ai-evaluation"),
        *("quadas-2", "quadas-3", "rob-2", "robins-i"),
    }


@pytest.mark.parametrize(
    ("key", "questions"),
    [
        ("probast", (2, 3, 6, 9)),
        ("probast-ai-development", (3, 4, 4, 5)),
        ("probast-ai-evaluation", (3, 4, 4, 7)),
        ("quadas-2", (3, 2, 2, 4)),
        ("quadas-3", (0, 0, 0, 0)),
        ("rob-2", (3, 11, 4, 5, 3)),
        ("robins-i", (0,) * 7),
    ],
)
def test_an_instrument_has_its_domains_and_questions(key: str, questions: tuple[int, ...]) -> None:
    found = instrument(key)
    assert tuple(sum(q.domain == d.id for q in found.questions) for d in found.domains) == questions
    assert key_of(found.name) == key
    assert found.link.startswith("https://")


@pytest.mark.parametrize("key", [key for key in KEYS if key.startswith("probast")])
def test_applicability_is_judged_on_the_first_three_domains_of_probast(key: str) -> None:
    assert [d.id for d in instrument(key).with_applicability] == ["D1", "D2", "D3"]


def test_not_applicable_is_an_answer_where_probast_ai_allows_it() -> None:
    assert [q.id for q in instrument("probast-ai-development").questions if q.na] == ["4.4"]
    assert [q.id for q in instrument("probast-ai-evaluation").questions if q.na] == ["4.4", "4.5", "4.6"]


def test_questions_on_the_building_of_a_model_are_not_asked_of_its_validation() -> None:
    asked = {q.id for q in PROBAST.asked(VALIDATION)}
    assert {q.id for q in PROBAST.questions} - asked == {"4.5", "4.8", "4.9"}
    assert len(PROBAST.asked(DEVELOPMENT)) == 20


def test_questions_on_splits_are_asked_of_internal_performance_alone() -> None:
    found = instrument("probast-ai-evaluation")
    assert {q.id for q in found.asked("internal")} - {q.id for q in found.asked("external")} == {"4.5", "4.6"}


@pytest.mark.parametrize("validation", Validation)
def test_every_kind_of_validation_has_a_kind_of_form(validation: Validation) -> None:
    external = validation in {Validation.TEMPORAL, Validation.EXTERNAL}
    assert PROBAST.default_kind(validation) == (VALIDATION if external else DEVELOPMENT)
    assert instrument("probast-ai-evaluation").default_kind(validation) in {
        "apparent",
        "internal",
        "external",
    }


def test_no_short_text_is_longer_than_a_line() -> None:
    assert [q.text for key in KEYS for q in instrument(key).questions if len(q.text) > 85] == []


# An instrument of one's own.

OWN = """\
name = "Our form"
year = 2026
title = "Questions of our own"
link = "https://example.org/form"
unit = "study"
judgements = ["fine", "doubtful", "bad"]
without_information = "doubtful"
domain_rule = "flags"
overall_rule = "worst"

[answers]
good = ["Y"]
poor = ["N"]
unknown = ["U"]

[[domains]]
id = "D1"
name = "Scans"

[[questions]]
id = "1.1"
domain = "D1"
text = "Scanners named"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "our-form.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(BadInput) as refused:
        read(written(folder, text))
    assert "cannot be used as an instrument" in refused.value.message
    return refused.value.faults


def test_a_file_of_ones_own_is_an_instrument_like_the_others(tmp_path: Path) -> None:
    found = read(written(tmp_path, OWN))
    assert found.key == "our-form"
    assert domain_judgement(found, "D1", {"1.1": "U"}).judgement == "doubtful"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('domain = "D1"\ntext', 'domain = "D9"\ntext', "questions[1].domain: there is no domain 'D9' (D1)"),
        ('name = "Our form"', 'name = "Another"', "must be called another.toml; it is our-form.toml"),
        ('link = "https://example.org/form"', 'link = "a page"', "link: must be the address"),
        ('poor = ["N"]', 'poor = ["Y"]', "answers: 'Y' stands in more than one place"),
        ('good = ["Y"]\npoor = ["N"]', "", "answers: questions need answers"),
        ('without_information = "doubtful"', "", "without_information: missing; say which judgement U comes to"),
        ('without_information = "doubtful"', 'without_information = "odd"', "must be one of the judgements"),
        ('"bad"]', '"reviewer"]', "'reviewer' is a word of livrev's own"),
        ('"bad"]', '"fine"]', "judgements: each must be unique"),
        ('id = "1.1"', 'id = "overall"', "questions[1].id: 'overall' names something else already"),
        ('id = "1.1"', 'id = "D1"', "questions[1].id: 'D1' names something else already"),
        ('text = "Scanners named"', 'text = "Scanners named"\nna = true', "names no answer for that"),
        ('text = "Scanners named"', 'text = "Scans"\nonly = ["x"]', "questions[1].only: there is no kind 'x' (none)"),
        ('name = "Scans"', 'name = "Scans"\n[[domains]]\nid = "D2"\nname = "Reads"', "D2 has no question"),
        ('name = "Scans"', 'name = "Scans"\n[[domains]]\nid = "D1"\nname = "Reads"', "'D1' stands 2 times"),
        ('unit = "study"', 'unit = "paper"', "unit: must be 'evaluation' or 'study'"),
        ('text = "Scanners named"', 'txt = "Scanners named"', "questions[1].txt: unknown key; did you mean text?"),
        (
            "[answers]",
            '[[consider]]\nlevel = "odd"\nat_least = 1\njudgement = "bad"\nwhy = "w"\nkind = "x"\n[answers]',
            "consider[1].level: 'odd' is no judgement",
        ),
    ],
)  # fmt: skip
def test_a_fault_of_an_instrument_is_said_with_its_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert OWN.count(old) == 1
    found = faults(tmp_path, OWN.replace(old, new))
    assert [line for line in found if said in line], found


def test_all_faults_of_an_instrument_come_at_once(tmp_path: Path) -> None:
    text = OWN.replace('unit = "study"', 'unit = "paper"').replace('domain = "D1"', 'domain = "D9"')
    found = faults(tmp_path, text)
    assert [line.split(":")[0] for line in found] == ["line 5", "line 17", "line 22"]


def test_what_is_no_toml_is_no_instrument(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read as an instrument"):
        read(written(tmp_path, "name = "))


# What answers come to.


@given(st.lists(st.sampled_from(PROBAST.judgements), min_size=4, max_size=4))
def test_the_overall_judgement_is_that_of_the_worst_domain(levels: list[str]) -> None:
    judged = {f"D{n}": level for n, level in enumerate(levels, 1)}
    found = overall_judgement(PROBAST, judged)
    assert found is not None
    assert found.judgement == max(levels, key=PROBAST.judgements.index)


def test_a_high_domain_makes_the_whole_high_while_others_are_unrated() -> None:
    for key in ("probast", "probast-ai-evaluation", "probast-ai-development"):
        found = overall_judgement(instrument(key), {"D3": "high"})
        assert found is not None
        assert (found.judgement, found.missing) == ("high", ("D1", "D2", "D4"))


@given(st.permutations(["Y", "PY", "NI"]))
def test_no_information_makes_a_domain_unclear_wherever_it_stands(answers: list[str]) -> None:
    said = dict(zip(("2.1", "2.2", "2.3"), answers, strict=True))
    assert domain_judgement(PROBAST, "D2", said).judgement == "unclear"


def test_a_domain_in_which_nothing_applies_is_the_reviewer_s() -> None:
    assert (
        domain_judgement(PROBAST, "D1", dict.fromkeys(("1.1", "1.2"), "NA"), VALIDATION).judgement
        == "reviewer"
    )


def test_several_domains_with_some_concerns_ask_for_a_second_look_in_rob_2() -> None:
    rob2 = instrument("rob-2")
    judged = dict.fromkeys(("D1", "D2", "D3", "D4", "D5"), "low")
    one, two = judged | {"D1": "some concerns"}, judged | {"D1": "some concerns", "D5": "some concerns"}
    found = [overall_judgement(rob2, said) for said in (judged, one, two)]
    assert [(f.judgement, len(f.consider)) for f in found if f] == [
        ("low", 0),
        ("some concerns", 0),
        ("some concerns", 1),
    ]


def test_quadas_2_has_no_overall_judgement() -> None:
    found = instrument("quadas-2")
    assert overall_judgement(found, dict.fromkeys(("D1", "D2", "D3", "D4"), "low")) is None
    assert overall_applicability(found, dict.fromkeys(("D1", "D2", "D3"), "low")) is None
    assert "overall" not in items(found, "")


def test_what_robins_i_cannot_know_is_worse_than_moderate_and_better_than_serious() -> None:
    robins = instrument("robins-i")
    rest = dict.fromkeys((f"D{n}" for n in range(1, 8)), "moderate")
    for level, overall in (("no information", "no information"), ("serious", "serious")):
        found = overall_judgement(robins, {**rest, "D1": "no information", "D2": level})
        assert found is not None
        assert found.judgement == overall


# Sheets.


def test_a_sheet_takes_the_defaults_that_the_answers_give() -> None:
    found = overlaid(PROBAST, {}, sheet(q2_2="NI"))
    assert {item: found[item].answer for item in ("D1", "D2", "overall", "applicability:overall")} == {
        "D1": "low",
        "D2": "unclear",
        "overall": "unclear",
        "applicability:overall": "low",
    }
    assert lacking(PROBAST, found) == ()


def test_a_flag_leaves_the_judgement_to_the_assessor_who_says_why() -> None:
    open_ = overlaid(PROBAST, {}, sheet(q3_5="PN"))
    assert lacking(PROBAST, open_) == ("D3", "overall")
    for judgement in PROBAST.judgements:
        said = sheet(q3_5="PN", D3=judgement)
        assert [item for item, _ in unexplained(PROBAST, overlaid(PROBAST, {}, said))] == ["D3"]
        said["D3"] = Entry(judgement, why="the readers saw one of ten predictors")
        whole = overlaid(PROBAST, {}, said)
        assert [*unexplained(PROBAST, whole)] == []
        assert (whole["overall"].answer, lacking(PROBAST, whole)) == (judgement, ())


def test_a_judgement_before_its_answers_needs_a_rationale() -> None:
    found = overlaid(PROBAST, {}, {"kind": Entry(VALIDATION), "D1": Entry("high")})
    assert [item for item, _ in unexplained(PROBAST, found)] == ["D1"]


def test_a_judgement_that_differs_from_the_default_needs_a_rationale() -> None:
    found = overlaid(PROBAST, {}, sheet(overall="high"))
    assert [(item, rule.judgement) for item, rule in unexplained(PROBAST, found)] == [("overall", "low")]


def test_low_in_every_domain_of_a_mere_development_is_said_by_the_assessor() -> None:
    assert lacking(PROBAST, overlaid(PROBAST, {}, sheet(DEVELOPMENT))) == ("overall",)
    assert lacking(PROBAST, overlaid(PROBAST, {}, sheet("development and validation"))) == ()
    low = overlaid(PROBAST, {}, sheet(DEVELOPMENT, overall="low"))
    assert [*unexplained(PROBAST, low)] == []
    assert derived(PROBAST, "overall", low).consider[0].judgement == "high"
    high = overlaid(PROBAST, {}, sheet(DEVELOPMENT, overall="high"))
    assert [item for item, _ in unexplained(PROBAST, high)] == ["overall"]


def test_applicability_needs_a_rationale_for_anything_but_low() -> None:
    said = sheet() | {"applicability:D1": Entry("unclear")}
    assert [item for item, _ in unexplained(PROBAST, overlaid(PROBAST, {}, said))] == ["applicability:D1"]


def test_a_default_follows_a_later_answer_and_a_reasoned_judgement_stays() -> None:
    before = overlaid(PROBAST, {}, sheet(q2_1="NI") | {"D1": Entry("high", "all from one ward")})
    after = overlaid(PROBAST, before, {"2.1": Entry("Y"), "1.2": Entry("NI")})
    assert (before["D2"].answer, after["D2"].answer, after["D1"].answer) == ("unclear", "low", "high")


def test_what_another_kind_does_not_ask_is_left_out() -> None:
    before = overlaid(PROBAST, {}, sheet(DEVELOPMENT))
    after = overlaid(PROBAST, before, {"kind": Entry(VALIDATION)})
    assert "4.5" in before
    assert "4.5" not in after
    assert lacking(PROBAST, after) == ()


def test_assessors_are_compared_item_by_item() -> None:
    ana = overlaid(PROBAST, {}, sheet(q1_1="PY", q2_2="NI"))
    ben = overlaid(PROBAST, {}, sheet())
    found = differences(PROBAST, {"ana": ana, "ben": ben})
    assert [(d.item, d.same_side) for d in found] == [
        ("1.1", True),
        ("2.2", False),
        ("D2", False),
        ("overall", False),
    ]


def test_a_question_that_only_one_kind_asks_is_a_difference() -> None:
    ana = overlaid(PROBAST, {}, sheet(DEVELOPMENT, overall="low"))
    found = differences(PROBAST, {"ana": ana, "ben": overlaid(PROBAST, {}, sheet())})
    assert [d.item for d in found] == ["kind", "4.5", "4.8", "4.9"]
    assert found[1].said["ben"] is None


def test_what_both_say_is_kept_with_the_support_of_each() -> None:
    ana = sheet() | {"1.1": Entry("Y", where="p. 2"), "1.2": Entry("Y", where="p. 3")}
    ben = sheet() | {"1.1": Entry("Y", where="p. 4"), "1.2": Entry("Y", where="p. 3")}
    found = agreed(PROBAST, {"ana": ana, "ben": ben})
    assert (found["1.1"].where, found["1.2"].where) == ("ana: p. 2; ben: p. 4", "p. 3")


# Forms.

TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)


def form_of(folder: Path, text: str) -> appraisal_form.Form:
    path = folder / "form.toml"
    path.write_text(text, encoding="utf-8")
    return appraisal_form.read(path, lambda name: instrument(key_of(name)))


@pytest.mark.parametrize("key", KEYS)
def test_a_blank_form_asks_every_item_once_and_says_nothing(tmp_path: Path, key: str) -> None:
    tool = instrument(key)
    kind = tool.kinds[0].id if tool.kinds else ""
    keys = ("a/b",) if tool.unit == "evaluation" else ()
    form = form_of(tmp_path, blank(Blank(tool, "hu-2024", keys, kind)))
    assert {*form.at} | {"kind"} == {*items(tool, kind)} | {"kind"}
    assert {item: e.answer for item, e in form.said.items()} == ({"kind": kind} if kind else {})


@given(TEXTS, TEXTS, TEXTS)
def test_whatever_was_said_comes_back_from_a_form(why: str, where: str, quote: str) -> None:
    said: Sheet = {"1.1": Entry("Y", why, where, quote)}
    text = blank(Blank(PROBAST, "hu-2024", ("a/b",), VALIDATION, said, frozenset({"1.1"}), {"1.1": [why]}))
    (row,) = tomllib.loads(text)["answers"]
    assert (row["why"], row["where"], row["quote"]) == (why, where, quote)


FORM = """\
instrument = "probast"
study = "hu-2024"
evaluations = ["egfr-status/external"]
kind = "validation"

[[answers]]
question = "1.1"
answer = "Y"

[[judgements]]
about = "D1"
judgement = ""
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('answer = "Y"', 'answer = "yes"', "line 8: answers[1].answer: 1.1 must be Y, PY, PN, N, NI or empty"),
        ('answer = "Y"', 'answer = "NA"', "it is 'NA'"),
        ('"1.1"\nanswer = "Y"', '"4.5"\nanswer = "Y"', "4.5 must be NA or empty; it is 'Y'"),
        ('question = "1.1"', 'question = "7.1"', "line 7: answers[1].question: PROBAST has no question '7.1'"),
        ('about = "D1"', 'about = "D7"', "PROBAST has no judgement 'D7'"),
        ('judgement = ""', 'judgement = "fair"', "D1 must be low, unclear, high or empty; it is 'fair'"),
        ('judgement = ""', 'judgement = ""\nwhy = "small"', "is empty, but why is given"),
        ('answer = "Y"', 'answer = ""\nwhere = "p. 2"\nquote = "q"', "is empty, but where and quote are given"),
        ('kind = "validation"', 'kind = "update"', "line 4: kind: must be"),
        ('kind = "validation"', "", "and is not said"),
        ('evaluations = ["egfr-status/external"]', "", "name at least one"),
        ('study = "hu-2024"', "", "study: missing"),
        ("[[judgements]]", '[[answers]]\nquestion = "1.1"\n\n[[judgements]]', "'1.1' stands 2 times"),
    ],
)  # fmt: skip
def test_a_fault_of_a_form_is_said_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert FORM.count(old) == 1
    with pytest.raises(BadInput) as refused:
        form_of(tmp_path, FORM.replace(old, new))
    assert [line for line in refused.value.faults if said in line], refused.value.faults


def test_an_instrument_of_studies_refuses_evaluations_and_kinds(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        form_of(tmp_path, re.sub(r"\[\[.*", "", FORM.replace('"probast"', '"QUADAS-2"'), flags=re.DOTALL))
    assert [line.split(":")[1] for line in refused.value.faults] == [" evaluations", " kind"]


# Tables.


def test_shares_leave_out_what_was_not_judged_and_go_by_weight() -> None:
    lines = (
        Line("A", {"D1": "low"}, 1),
        Line("B", {"D1": "high"}, 3),
        Line("C", {}, 5),
    )
    panel = Panel("k", "T", ("low", "high"), (Column("D1", "D1 Scans", "risk of bias"),), lines)
    assert shares(panel, "D1") == {"low": 0.25, "high": 0.75}
    assert shares_table(panel).rows == (("D1 Scans (risk of bias)", "2", "1 (25%)", "1 (75%)"),)
    assert judgements_table(panel).rows == (("A", "low"), ("B", "high"), ("C", "-"))
