"""Checks of extracted evidence: sound evidence raises nothing, and each planted fault is found."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from curation.errors import BadInput
from curation.extraction.checks import of_entry, of_review, of_study
from curation.extraction.checks_claims import Claims, Studied, claim_findings, claims, share_findings
from curation.extraction.checks_implied import implied_n
from curation.extraction.checks_intervals import interval_findings
from curation.extraction.checks_labels import meant
from curation.extraction.checks_values import Case, Finding, Kind, Pool, Printed, half_unit
from curation.model import Evaluation, Validation
from curation.synthesis.standard_errors import FromCounts, from_counts

MARKS = {
    "¹": "epidermal growth factor receptor",
    "²": "k-fold cross validation",
    "³": "split sample validation",
}
Z = 1.959963984540054
MADE, SPLIT, OUTSIDE = Validation.CROSS_VALIDATION, Validation.SPLIT_SAMPLE, Validation.EXTERNAL


def evaluation(
    auc: str = "0.800", interval: tuple[str, str] | None = ("0.700", "0.900"), key: str = "a"
) -> Evaluation:
    low, high = interval or ("", "")
    return Evaluation(
        study="lee-2026",
        key=key,
        marker="EGFR status",
        outcome="EGFR mutation",
        model="CNN",
        validation=Validation.EXTERNAL,
        auc=float(auc),
        ci_low=float(low) if low else None,
        ci_high=float(high) if high else None,
        auc_printed=auc,
        table=4,
        row=1,
        column=1,
        location="Table 4",
        ci_low_printed=low,
        ci_high_printed=high,
    )


def case(of: Evaluation | None = None, **around: Any) -> Case:  # noqa: ANN401 - fields by name
    return replace(Case(of or evaluation(), "Lee (2026)", 300, ("EGFR",)), **around)


def kinds(found: Iterable[Finding]) -> list[Kind]:
    return [finding.kind for finding in found]


# Sound evidence: made by Hanley and McNeil's formula, which the checks know in another form, and printed with rounding.


@st.composite
def printed_evaluations(draw: st.DrawFn, n: int, events: int, *, raw: bool, digits: int) -> Evaluation:
    auc = draw(st.floats(0.5, 0.95))
    se = from_counts(auc, events, n - events, FromCounts.HANLEY_MCNEIL)
    if raw:
        limits = (auc - Z * se, auc + Z * se)
    else:
        centre, arm = math.log(auc / (1 - auc)), Z * se / (auc * (1 - auc))
        limits = (1 / (1 + math.exp(arm - centre)), 1 / (1 + math.exp(-arm - centre)))
    low, high = (f"{limit:.{digits}f}" for limit in limits)
    assume(0 < float(low) <= float(high) < 1)
    return evaluation(f"{auc:.{digits}f}", (low, high))


@st.composite
def sound_studies(draw: st.DrawFn) -> list[Case]:
    """A study with one to four markers, each tried in the same three splits, which come to its cohort."""
    sizes = {
        Validation.CROSS_VALIDATION: draw(st.integers(60, 900)),
        Validation.SPLIT_SAMPLE: draw(st.integers(40, 400)),
        Validation.EXTERNAL: draw(st.integers(40, 400)),
    }
    raw, digits, known = draw(st.booleans()), draw(st.integers(2, 4)), draw(st.booleans())
    marks = {Validation.CROSS_VALIDATION: "²", Validation.SPLIT_SAMPLE: "³", Validation.EXTERNAL: ""}
    found = []
    for marker in range(draw(st.integers(1, 4))):
        share = draw(st.floats(0.25, 0.75))
        for kind, n in sizes.items():
            events = round(share * n)
            e = draw(printed_evaluations(n, events, raw=raw, digits=digits))
            named = replace(
                e,
                key=f"{marker}/{kind}",
                marker=f"EGFR exon {marker}",
                validation=kind,
                validation_mark=marks[kind],
                table=4 if kind is Validation.EXTERNAL else 3,
                n=n if known else None,
            )
            found.append(Case(named, "Lee (2026)", sum(sizes.values()), ("EGFR",), events if known else None))
    printed = [
        (c.evaluation.auc_printed, c.evaluation.ci_low_printed, c.evaluation.ci_high_printed) for c in found
    ]
    assume(len(set(printed)) == len(printed))
    return found


@settings(max_examples=300, deadline=None)
@given(sound_studies())
def test_sound_evidence_raises_nothing(study: list[Case]) -> None:
    one_each = Pool("one a study", tuple(study[:1]), independent=True)
    dependent = Pool("dependent", tuple(study), independent=False)
    assert list(of_review(study, [one_each, dependent], MARKS)) == []


def outside(c: Case) -> Case:
    return replace(c, evaluation=replace(c.evaluation, auc=(c.evaluation.ci_high or 0) + 0.001))


def clipped(c: Case) -> Case:
    return replace(c, evaluation=replace(c.evaluation, ci_high=1.0, ci_high_printed="1.000"))


def limit_misprinted(c: Case) -> Case:
    """The upper limit half way to 1 from where it should be: its arm points away from 0.5, and is too long."""
    e = c.evaluation
    high = 1 - (1 - min(2 * e.auc - (e.ci_low or 0), 0.999)) / 2
    return replace(c, evaluation=replace(e, ci_high=high, ci_high_printed=f"{high:.4f}"))


def too_many_events(c: Case) -> Case:
    return replace(c, evaluation=replace(c.evaluation, n=50), events=51)


def larger_than_the_cohort(c: Case) -> Case:
    return replace(c, evaluation=replace(c.evaluation, n=(c.cohort or 0) + 1))


def mark_of_another_kind(c: Case) -> Case:
    other = "³" if c.evaluation.validation is MADE else "²"
    return replace(c, evaluation=replace(c.evaluation, validation_mark=other))


def marker_of_another_receptor(c: Case) -> Case:
    return replace(c, evaluation=replace(c.evaluation, marker="T790M"))


@pytest.mark.parametrize(
    ("plant", "kind"),
    [
        (outside, Kind.AUC_OUTSIDE_INTERVAL),
        (clipped, Kind.LIMIT_CLIPPED),
        (limit_misprinted, Kind.ARMS_UNEVEN),
        (too_many_events, Kind.EVENTS),
        (larger_than_the_cohort, Kind.N_BEYOND_COHORT),
        (mark_of_another_kind, Kind.MARK_CONTRADICTS),
        (marker_of_another_receptor, Kind.MARKER_NOT_ANALYSED),
    ],
)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_fault_planted_anywhere_in_sound_evidence_is_found(
    plant: Callable[[Case], Case], kind: Kind, data: st.DataObject
) -> None:
    study = data.draw(sound_studies())
    index = data.draw(st.integers(0, len(study) - 1))
    if kind is Kind.ARMS_UNEVEN:
        e = study[index].evaluation
        assume(e.auc < 0.85)  # nearer to 1 there is no room for a limit that is wrong and not clipped
        assume(2 * e.auc - (e.ci_low or 0) < 0.93)
        assume(0.1 < (e.ci_high or 0) - (e.ci_low or 0) < 0.4)
    wrong = plant(study[index])
    found = list(of_review([*study[:index], wrong, *study[index + 1 :]], [], MARKS))
    assert (kind, wrong.evaluation.key) in [(f.kind, f.evaluation) for f in found]


@given(st.integers(20, 2000), st.floats(0.55, 0.95), st.floats(0.2, 0.8))
def test_the_implied_number_of_patients_is_the_one_the_interval_was_made_of(
    n: int, auc: float, share: float
) -> None:
    events = round(share * n)
    se = from_counts(auc, events, n - events, FromCounts.HANLEY_MCNEIL)
    printed = Printed(auc, auc - Z * se, auc + Z * se, 0.95, 0, 0, 0)
    assume(printed.low > 0)
    assume(printed.high < 1)
    assert implied_n(printed, events / n) == pytest.approx(n, rel=1e-9)


# Niu 2023 in the reference review; 184 is the number found by hand (numerically) for it.
def test_the_implied_number_of_patients_of_a_printed_interval() -> None:
    assert implied_n(Printed(0.793, 0.703, 0.833, 0.95, 0, 0, 0)) == pytest.approx(184.5, abs=0.1)


def test_of_a_clipped_interval_the_other_arm_counts() -> None:
    clipped, whole = Printed(0.9, 0.8, 1.0, 0.95, 0, 0, 0), Printed(0.9, 0.8, 0.9999, 0.95, 0, 0, 0)
    assert implied_n(clipped) == pytest.approx(implied_n(whole), rel=0.01)
    assert implied_n(Printed(1.0, 0.9, 1.0, 0.95, 0, 0, 0)) is None


# One AUC and its interval.


@pytest.mark.parametrize(
    ("auc", "interval", "kind"),
    [
        ("0.650", ("0.700", "0.900"), Kind.AUC_OUTSIDE_INTERVAL),
        ("0.950", ("0.700", "0.900"), Kind.AUC_OUTSIDE_INTERVAL),
        ("0.400", None, Kind.AUC_OUT_OF_RANGE),
        ("81.2", None, Kind.AUC_OUT_OF_RANGE),
        ("0.896", ("0.781", "1.000"), Kind.LIMIT_CLIPPED),
        ("0.793", ("0.703", "0.833"), Kind.ARMS_UNEVEN),  # the upper arm too short, even on the logit scale
        ("0.777", ("0.612", "0.967"), Kind.ARMS_UNEVEN),  # the longer arm points away from 0.5
        ("0.79", ("0.70", "0.83"), Kind.ARMS_UNEVEN),
    ],
)
def test_what_is_wrong_with_one_interval_is_found(
    auc: str, interval: tuple[str, str] | None, kind: Kind
) -> None:
    (found,) = interval_findings(case(evaluation(auc, interval)))
    assert found.kind is kind
    assert (found.study, found.evaluation, found.place) == ("Lee (2026)", "a", "Table 4, row 1, column 1")
    assert found.said.startswith("EGFR status, external: ")
    assert auc in found.said or (interval and interval[1] in found.said)


@pytest.mark.parametrize(
    ("auc", "interval"),
    [
        ("0.80", ("0.70", "0.90")),
        ("0.80", ("0.69", "0.90")),  # symmetric before rounding
        ("0.866", ("0.800", "0.916")),  # about symmetric on the logit scale
        ("0.901", ("0.783", "0.967")),
        ("0.500", ("0.400", "0.600")),
        ("1.000", ("0.900", "1.000")),  # nothing is cut off an interval around 1
        ("0.812", None),
    ],
)
def test_an_interval_as_methods_give_them_is_let_be(auc: str, interval: tuple[str, str] | None) -> None:
    assert list(interval_findings(case(evaluation(auc, interval)))) == []


def test_arms_below_one_half_are_judged_in_the_mirror() -> None:
    noted: dict[str, Any] = {"note": "worse than chance, as printed"}
    even = replace(evaluation("0.207", ("0.117", "0.297")), **noted)
    uneven = replace(evaluation("0.207", ("0.167", "0.297")), **noted)
    assert kinds(interval_findings(case(even))) == []
    assert kinds(interval_findings(case(uneven))) == [Kind.ARMS_UNEVEN]


def test_few_patients_allow_arms_that_many_do_not() -> None:
    e = evaluation("0.750", ("0.550", "0.962"))
    assert kinds(interval_findings(case(replace(e, n=2000)))) == [Kind.ARMS_UNEVEN]
    assert kinds(interval_findings(case(replace(e, n=12)))) == []


def test_uneven_arms_are_told_with_what_either_limit_would_be() -> None:
    (found,) = interval_findings(case(evaluation("0.793", ("0.703", "0.833"))))
    assert found.numbers == {"above": 0.04, "below": 0.09, "logit_ratio": 0.55, "implied_n": 184.5}
    assert "end at 0.883 (97 patients) or begin at 0.753" in found.mend


def test_a_note_explains_an_auc_below_one_half() -> None:
    told = replace(evaluation("0.450", None), note="the class counted as event was the other one")
    assert list(interval_findings(case(told))) == []


@given(st.sampled_from([0.002, 0.01, 0.03]), st.integers(300, 2000))
def test_an_interval_too_narrow_for_its_patients_is_found(half: float, patients_of_a_wider: int) -> None:
    e = evaluation("0.800", (f"{0.8 - half:.3f}", f"{0.8 + half:.3f}"))
    n = patients_of_a_wider // 10
    assert Kind.IMPLIED_N in kinds(of_entry(case(replace(e, n=n), cohort=None), MARKS))


def test_an_interval_too_wide_for_its_patients_is_found() -> None:
    e = replace(evaluation("0.800", ("0.700", "0.900")), n=5000)
    assert kinds(of_entry(case(e, cohort=5000), MARKS)) == [Kind.IMPLIED_N]


def test_where_n_is_unknown_the_whole_cohort_is_too_few_for_a_narrow_interval() -> None:
    e = evaluation("0.800", ("0.790", "0.810"))
    (found,) = of_entry(case(e, cohort=100), MARKS)
    assert found.kind is Kind.IMPLIED_N
    assert "the whole cohort has 100" in found.said
    assert list(of_entry(case(e, cohort=9000), MARKS)) == []


# Numbers of patients.


@pytest.mark.parametrize(
    ("n", "events", "found"),
    [
        (76, 80, [Kind.EVENTS]),
        (76, 76, [Kind.EVENTS]),
        (76, 0, [Kind.EVENTS]),
        (76, 30, []),
        (400, None, [Kind.N_BEYOND_COHORT]),
    ],
)
def test_events_and_n_are_held_against_each_other_and_the_cohort(
    n: int, events: int | None, found: list[Kind]
) -> None:
    e = replace(evaluation(interval=None), n=n)
    assert kinds(of_entry(case(e, events=events), MARKS)) == found


def splits(*parts: tuple[Validation, int | None], note: str = "") -> list[Case]:
    return [
        case(replace(evaluation(f"0.8{i}0", None, f"{i}"), validation=kind, n=n, column=i, note=note))
        for i, (kind, n) in enumerate(parts, 1)
    ]


def test_splits_that_come_to_the_cohort_are_let_be() -> None:
    assert list(of_study(splits((MADE, 180), (SPLIT, 80), (OUTSIDE, 40)))) == []
    assert list(of_study(splits((Validation.APPARENT, 180), (MADE, 180), (SPLIT, 120)))) == []


def test_splits_that_come_to_more_than_the_cohort_are_found() -> None:
    (found,) = of_study(splits((MADE, 180), (SPLIT, 80), (OUTSIDE, 42)))
    assert found.kind is Kind.SPLITS
    assert found.numbers == {"sum": 302, "cohort": 300}
    assert kinds(of_study(splits((SPLIT, 280), (OUTSIDE, 42), (MADE, None)))) == [Kind.SPLITS]


def test_splits_that_come_to_fewer_are_found_where_all_are_known_and_no_note_says_why() -> None:
    short = ((MADE, 180), (SPLIT, 80))
    assert kinds(of_study(splits(*short))) == [Kind.SPLITS]
    assert list(of_study(splits(*short, note="only patients with a mutation"))) == []
    assert list(of_study(splits(*short, (OUTSIDE, None)))) == []
    assert list(of_study(splits(*short, (OUTSIDE, 20), (OUTSIDE, 19)))) == []


def test_the_same_patients_pooled_as_if_they_were_others_are_found() -> None:
    cases = tuple(splits((MADE, None), (SPLIT, None)))
    (found,) = of_review(cases, [Pool("all", cases, independent=True)], {})
    assert found.kind is Kind.SAME_PATIENTS
    assert found.numbers == {"aucs": 2, "studies": 1}
    assert "Lee (2026) 2" in found.said


def three_markers(*held: tuple[str, str, str]) -> list[Case]:
    """A cross-validated AUC of about 100 patients by its interval, and a held-out one, for each of three markers."""
    found = []
    for marker, (auc, low, high) in enumerate(held):
        named: dict[str, Any] = {"marker": f"EGFR exon {marker}", "row": marker + 1, "table": 3}
        made = replace(evaluation(f"0.80{marker}", (f"0.71{marker}", f"0.89{marker}"), f"{marker}a"), **named)
        tried = replace(evaluation(auc, (low, high), f"{marker}b"), column=2, **named)
        found += [case(replace(made, validation=MADE)), case(replace(tried, validation=SPLIT))]
    return found


def test_a_marker_whose_intervals_imply_another_split_than_all_others_is_found() -> None:
    even = three_markers(
        ("0.780", "0.650", "0.910"), ("0.781", "0.651", "0.911"), ("0.782", "0.652", "0.912")
    )
    assert list(of_study(even)) == []
    odd = three_markers(("0.780", "0.650", "0.910"), ("0.781", "0.651", "0.911"), ("0.782", "0.732", "0.832"))
    (found,) = of_study(odd)
    assert (found.kind, found.evaluation) == (Kind.IMPLIED_N, "2a")
    assert list(of_study(odd[2:])) == [], "of two that differ nobody can say which is wrong"


# Labels.


def test_a_mark_that_contradicts_the_label_is_found_on_auc_and_interval() -> None:
    e = replace(evaluation(), validation=SPLIT, validation_mark="²", ci_mark="²")
    assert kinds(of_entry(case(e), MARKS)) == [Kind.MARK_CONTRADICTS] * 2
    assert list(of_entry(case(replace(e, validation_mark="³", ci_mark="¹")), MARKS)) == []
    assert kinds(of_entry(case(replace(e, validation_mark="⁷", ci_mark="")), MARKS)) == [Kind.MARK_UNDEFINED]


@pytest.mark.parametrize(
    ("meaning", "kind"),
    [
        ("k-fold cross validation", Validation.CROSS_VALIDATION),
        ("Split sample internal validation", Validation.SPLIT_SAMPLE),
        ("bootstrap", Validation.BOOTSTRAP),
        ("temporal validation", Validation.TEMPORAL),
        ("external cohort", Validation.EXTERNAL),
        ("training set", Validation.APPARENT),
        ("cross-validation in the training set", None),
        ("breast cancer", None),
    ],
)
def test_a_footnote_tells_a_kind_of_validation_by_its_words(meaning: str, kind: Validation | None) -> None:
    assert meant(meaning) is kind


def in_table_3(number: int, validation: Validation, mark: str) -> Case:
    e = evaluation(f"0.8{number}1", None, f"{number}")
    return case(replace(e, table=3, row=number, validation=validation, validation_mark=mark))


def test_an_auc_without_a_mark_is_found_where_marks_tell_the_kinds_apart() -> None:
    mixed = [in_table_3(1, MADE, "²"), in_table_3(2, SPLIT, "³"), in_table_3(3, SPLIT, "")]
    (found,) = of_review(mixed, [], MARKS)
    assert (found.kind, found.evaluation) == (Kind.MARK_MISSING, "3")
    bare = [replace(c, evaluation=replace(c.evaluation, validation_mark="")) for c in mixed]
    assert list(of_review(bare, [], MARKS)) == []
    assert list(of_review(mixed[1:], [], MARKS)) == [], "one kind needs no mark"


def test_a_training_value_that_stands_as_a_validation_is_found() -> None:
    trained = case(replace(evaluation(key="t"), validation=Validation.APPARENT, table=2))
    (found,) = of_study([trained, case(replace(evaluation(key="v"), validation=SPLIT))])
    assert (found.kind, found.evaluation) == (Kind.TRAINING_AS_VALIDATION, "v")
    two_digits = [
        replace(c, evaluation=replace(c.evaluation, auc_printed="0.80", ci_low=None, ci_high=None))
        for c in (trained, case())
    ]
    assert list(of_study(two_digits)) == [], "two digits are equal by chance"


def test_the_same_numbers_in_two_evaluations_are_found() -> None:
    (found,) = of_study([case(evaluation(key="a")), case(replace(evaluation(key="b"), row=2))])
    assert (found.kind, found.evaluation) == (Kind.SAME_NUMBERS, "b")
    assert "Table 4, row 1" in found.said


@pytest.mark.parametrize(
    ("marker", "receptors", "found"),
    [
        ("EGFR exon 19", ("EGFR",), []),
        ("HER2 status", ("HER-2", "Ki-67"), []),
        ("Ki-67", ("HER-2", "Ki-67"), []),
        ("T790M", ("EGFR",), [Kind.MARKER_NOT_ANALYSED]),
        ("EGFR-TKI response", ("EGFR",), [Kind.MARKER_NOT_ANALYSED]),
        ("Primary tumour origin", ("EGFR", "Ki-67"), [Kind.MARKER_NOT_ANALYSED]),
        ("T790M", (), []),
    ],
)
def test_a_marker_that_is_none_of_the_receptors_is_found(
    marker: str, receptors: tuple[str, ...], found: list[Kind]
) -> None:
    one = case(replace(evaluation(), marker=marker), receptors=receptors)
    assert kinds(of_study([one])) == found


def test_a_marker_that_was_not_analysed_is_told_with_the_syntheses_that_pool_it() -> None:
    one = case(replace(evaluation(), marker="T790M"))
    pools = [Pool("all", (one,), independent=True), Pool("none of it", (), independent=True)]
    (found,) = of_study([one], pools)
    assert found.said.endswith("pooled in all")


# What a publication prints about its evidence.


def studied(key: str, cohort: int, *cases: Case) -> Studied:
    return Studied(key, key, cohort, ("EGFR",), tuple(cases))


def named(key: str, auc: str, validation: Validation = OUTSIDE, **fields: Any) -> Case:  # noqa: ANN401 - fields by name
    e = replace(evaluation(auc, ("0.500", "0.950")), study=key, validation=validation, **fields)
    return replace(case(e), label=key)


STUDIES = (
    studied("ito", 100, named("ito", "0.900"), named("ito", "0.850", SPLIT)),
    studied("kim", 200, named("kim", "0.700", n=40), named("kim", "0.750", SPLIT, ci_low=None, ci_high=None)),
    studied("lee", 400, named("lee", "0.810", SPLIT)),
)


def found_in(reported: dict[str, object], studies: Sequence[Studied] = STUDIES) -> list[Finding]:
    return list(claim_findings(claims(reported, "release 1.0"), studies))


@given(st.integers(1, 200), st.integers(0, 3), st.data())
def test_a_percentage_that_the_counts_give_is_let_be_and_any_other_found(
    of: int, digits: int, data: st.DataObject
) -> None:
    count = data.draw(st.integers(0, of))
    right = f"{100 * count / of:.{digits}f}"
    off = data.draw(st.integers(1, 20))
    wrong = f"{float(right) + 2 * off * half_unit(right):.{digits}f}"
    assert list(share_findings(count, of, right, "Abstract")) == []
    at_the_edge = (
        abs(100 * count / of - float(wrong)) <= half_unit(right) + 1e-9
    )  # 12.5 % is 12 as well as 13
    assert bool(list(share_findings(count, of, wrong, "Abstract"))) is not at_the_edge


def test_a_misprinted_percentage_is_told_with_the_right_one() -> None:
    (found,) = share_findings(2, 11, "18.1", "Abstract")
    assert (found.kind, found.place) == (Kind.PERCENTAGE, "Abstract")
    assert found.said == "2 of 11 is printed as 18.1 %; it is 18.2 % (18.182)"


def test_what_a_publication_says_rightly_is_let_be() -> None:
    share = {"receptor": "EGFR", "count": 3, "of": 3, "percent": "100", "where": "Abstract"}
    counts = [
        {"said": "two", "where": "3", "validation": ["external"], "interval": True, "studies": 2},
        {"said": "most", "where": "4", "validation": ["external"], "most": True},
    ]
    aucs = [
        {"said": "above", "where": "4", "study": "ito", "above": 0.8},
        {"said": "best", "where": "4", "study": "ito", "validation": ["external"], "highest": True},
    ]
    sums = {
        "patients": 700,
        "mean_cohort": 233,
        "sd_cohort": 153,
        "smallest_cohort": 100,
        "largest_cohort": 400,
    }
    assert (
        found_in({**sums, "shares": [share], "counts": counts, "aucs": aucs, "pooled": "0.8 (0.7-0.9)"}) == []
    )


@pytest.mark.parametrize(
    ("reported", "kind", "said"),
    [
        ({"patients": 699}, Kind.NUMBER, "699; the cohorts of 3 studies give 700"),
        ({"mean_cohort": 233.4}, Kind.NUMBER, "233.333"),
        ({"sd_cohort": 125}, Kind.NUMBER, "152.753"),
        ({"smallest_cohort": 110}, Kind.NUMBER, "110"),
        ({"largest_cohort": 401}, Kind.NUMBER, "401"),
        (
            {"shares": [{"receptor": "EGFR", "count": 2, "of": 3, "percent": "66.7", "where": "3"}]},
            Kind.COUNT,
            "it is 3 of 3",
        ),
        (
            {
                "counts": [
                    {
                        "said": "three",
                        "where": "3",
                        "validation": ["split-sample"],
                        "interval": True,
                        "studies": 3,
                    }
                ]
            },
            Kind.COUNT,
            "it is 2 of 3; without an interval: kim",
        ),
        (
            {"counts": [{"said": "most", "where": "3", "validation": ["bootstrap"], "most": True}]},
            Kind.COUNT,
            "it is 0 of 3 (0.0 %)",
        ),
        (
            {"aucs": [{"said": "good", "where": "4", "study": "kim", "above": 0.7}]},
            Kind.CLAIM,
            "not above 0.7 is 0.700 (EGFR status, external",
        ),
        (
            {"aucs": [{"said": "good", "where": "4", "study": "lee", "validation": ["external"]}]},
            Kind.CLAIM,
            "no external AUC of lee",
        ),
        ({"aucs": [{"said": "good", "where": "4", "study": "nobody"}]}, Kind.CLAIM, "no such AUC of nobody"),
        (
            {
                "aucs": [
                    {
                        "said": "best",
                        "where": "4",
                        "study": "kim",
                        "validation": ["external"],
                        "highest": True,
                    }
                ]
            },
            Kind.CLAIM,
            "behind 0.900 (ito",
        ),
        ({"sizes": [{"table": 4, "where": "Table 1"}]}, Kind.COHORT_AS_N, "is of 40 patients"),
    ],
)
def test_what_a_publication_says_wrongly_is_found(reported: dict[str, object], kind: Kind, said: str) -> None:
    (found,) = found_in(reported)
    assert found.kind is kind
    assert said in found.said


def test_a_review_without_studies_bears_out_nothing_and_breaks_nothing() -> None:
    reported = {
        "patients": 5,
        "counts": [{"said": "most", "where": "3", "validation": ["external"], "most": True}],
    }
    assert found_in(reported, ()) == []


def test_claims_that_cannot_be_read_are_refused_all_at_once() -> None:
    share = {"count": 2, "of": 0, "percent": "18.1", "where": "Abstract"}
    with pytest.raises(BadInput) as refusal:
        claims({"shares": [share], "counts": [{"said": "x"}]}, "release 1.0")
    assert "release 1.0" in refusal.value.message
    assert len(refusal.value.faults) == 3
    with pytest.raises(BadInput) as refusal:
        claims({"shares": [{**share, "of": 11, "percent": "18,1 %"}]}, "release 1.0")
    assert "shares" in refusal.value.faults[0]


def test_other_numbers_that_a_release_prints_are_no_claims() -> None:
    assert (
        claims({"pooled_internal": "0.849 (0.835–0.863)", "egfr": "ten (90.9%)"}, "release 1.0") == Claims()
    )
