"""From a declared synthesis to its result: who is counted once, what is borrowed, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.errors import Refused
from curation.model import Validation
from curation.protocol import (
    Dependence,
    Estimator,
    LimitsBy,
    MeanInterval,
    Method,
    Missing,
    PoolScale,
    PredictionBy,
    Synthesis,
)
from curation.synthesis.analysis import Item, analysed, choices, chosen_items, largest_of_sharing
from curation.synthesis.dependent_pool import pool_as_if_independent, pool_three_level
from curation.synthesis.effects import Estimate
from curation.synthesis.pooled import Scale
from curation.synthesis.recommended import Choices, pool_recommended

EXTERNAL, SPLIT = Validation.EXTERNAL, Validation.SPLIT_SAMPLE
DECLARED = Synthesis("external", "External", Method.RECOMMENDED, (EXTERNAL,))
ROUNDING = 1e-12


def item(
    study: str = "Hu",
    auc: float = 0.8,
    interval: tuple[float, float] | None = (0.7, 0.88),
    marker: str = "EGFR",
    **more: Any,  # noqa: ANN401 - fields of an estimate or of an item
) -> Item:
    low, high = interval or (None, None)
    kind = more.pop("validation", EXTERNAL)
    about = {
        name: more.pop(name) for name in ("patients", "outcome", "facts", "retracted", "key") if name in more
    }
    estimate = Estimate(study, f"{marker}, {kind}", marker, kind, auc, low, high, patients=100, **more)
    return Item(
        estimate=estimate,
        study=study.lower(),
        **{"key": f"{marker}/{kind}", "patients": f"{study.lower()}/{kind}", **about},
    )


THREE = (item("Hu", 0.86, (0.73, 0.95)), item("Cao", 0.74, (0.6, 0.85)), item("Fan", 0.8, (0.62, 0.9)))


def test_a_synthesis_is_about_its_kinds_of_validation_markers_and_outcomes() -> None:
    rows = (
        item(),
        item(marker="Ki-67"),
        item(validation=SPLIT),
        item("Cao", outcome="EGFR by PCR"),
    )
    assert chosen_items(DECLARED, rows) == (rows[0], rows[1], rows[3])
    assert chosen_items(replace(DECLARED, markers=("EGFR",)), rows) == (rows[0], rows[3])
    assert chosen_items(replace(DECLARED, outcomes=("EGFR by PCR",)), rows) == (rows[3],)


def test_what_is_not_declared_is_the_recommended_method() -> None:
    assert choices(DECLARED) == Choices()
    found = analysed(DECLARED, THREE)
    assert found.pooled == pool_recommended([i.estimate for i in THREE])
    assert (found.df, found.warnings) == (None, ())


@pytest.mark.parametrize(
    "changes",
    [
        {"scale": PoolScale.RAW},
        {"limits": LimitsBy.LOGIT},
        {"interval": MeanInterval.WALD},
        {"interval": MeanInterval.HARTUNG_KNAPP},
        {"prediction": PredictionBy.LIKE_MEAN},
        {"level": 0.9},
        *({"estimator": e} for e in Estimator if e not in {Estimator.REML, Estimator.COMMON}),
    ],
)
def test_each_choice_that_is_declared_is_made(changes: dict[str, Any]) -> None:
    declared = replace(DECLARED, **changes)
    assert choices(declared) != Choices()
    assert analysed(declared, THREE).pooled != analysed(DECLARED, THREE).pooled or "estimator" in changes


def test_a_common_effect_has_no_prediction_interval_and_still_takes_one_auc_a_study() -> None:
    declared = replace(DECLARED, estimator=Estimator.COMMON, interval=MeanInterval.WALD)
    pooled = analysed(declared, THREE).pooled
    assert pooled == pool_as_if_independent([i.estimate for i in THREE], common=True)
    assert (pooled.tau2, pooled.pi_low) == (0, None)
    with pytest.raises(Refused, match="Hu stands 2 times"):
        analysed(declared, (*THREE, item("Hu", marker="Ki-67")))


def test_by_default_nobody_is_counted_twice() -> None:
    with pytest.raises(Refused, match="its patients would count as independent ones"):
        analysed(DECLARED, (*THREE, item("Hu", marker="Ki-67")))


def test_of_two_studies_of_the_same_patients_the_larger_is_taken_and_the_other_is_told() -> None:
    small = item("Old", 0.7, (0.5, 0.85), patients="one hospital", n=30)
    large = item("New", 0.78, (0.65, 0.88), patients="one hospital", n=42)
    found = analysed(DECLARED, (small, *THREE, large))
    assert [row.estimate.study for row in found.pooled.rows] == ["Hu", "Cao", "Fan", "New"]
    assert found.pooled.left_out[-1][0] == "Old (EGFR, external)"
    assert found.warnings == ("Old (EGFR, external) shares patients with New, which is taken",)
    kept, _ = largest_of_sharing((small, replace(large, estimate=replace(large.estimate, n=30))))
    assert kept == (small,), "of equal ones the first"


def test_as_if_independent_counts_patients_again_and_says_so() -> None:
    rows = (*THREE, item("Hu", 0.7, marker="Ki-67"), item("Hu", 0.75, validation=SPLIT))
    declared = replace(DECLARED, validation=(EXTERNAL, SPLIT), dependence=Dependence.INDEPENDENT)
    found = analysed(declared, rows)
    assert (found.pooled.k, found.pooled.studies, found.pooled.patients) == (5, 3, 300)
    assert found.warnings == (
        "‡ 1 of 5 AUCs count patients again, as if they were others",
        "kinds of validation mixed: external, split-sample",
    )
    assert "as if it came from other patients" in found.pooled.method


def test_with_one_auc_a_study_as_if_independent_is_the_recommended_model() -> None:
    estimates = [i.estimate for i in THREE]
    one, other = pool_as_if_independent(estimates), pool_recommended(estimates)
    assert replace(one, method=other.method, left_out=other.left_out) == other


def test_a_missing_interval_is_left_out_unless_borrowing_is_declared_and_then_flagged() -> None:
    bare = item("Bare", 0.75, None)
    left = analysed(DECLARED, (*THREE, bare))
    assert (left.pooled.k, left.pooled.left_out) == (3, (("EGFR, external", "no interval is reported"),))
    lent = analysed(replace(DECLARED, missing=Missing.BORROW), (*THREE, bare))
    (row,) = [row for row in lent.pooled.rows if row.borrowed]
    assert row.estimate == bare.estimate, "the printed estimate, without the borrowed error"
    assert lent.warnings == ("† 1 of 4 intervals borrowed, as in the published method",)
    assert "borrowed (†)" in lent.pooled.method
    assert "none borrowed" not in lent.pooled.method


def test_events_and_patients_are_preferred_to_a_borrowed_interval() -> None:
    counted = item("Counted", 0.75, None, n=60, events=25)
    plain = analysed(DECLARED, (*THREE, counted)).pooled
    assert (plain.k, plain.k_left_out) == (4, 0)
    lent = analysed(replace(DECLARED, missing=Missing.BORROW), (*THREE, counted))
    assert not any(row.borrowed for row in lent.pooled.rows)
    assert lent.warnings == ()


def test_three_levels_need_several_aucs_of_a_study() -> None:
    declared = replace(DECLARED, dependence=Dependence.THREE_LEVEL)
    with pytest.raises(Refused, match="every study has one estimate"):
        analysed(declared, THREE)
    found = analysed(declared, (*THREE, item("Hu", 0.7, marker="Ki-67")))
    assert found.df is not None
    assert found.df < 4
    assert found.warnings[0].startswith("fewer than 4 degrees of freedom")
    assert found.pooled.k == 4
    assert sum(row.weight_percent for row in found.pooled.rows) == pytest.approx(100, rel=ROUNDING)


def test_the_assumed_correlation_moves_a_three_level_result() -> None:
    rows = (*THREE, item("Hu", 0.7, marker="Ki-67"), item("Cao", 0.66, (0.5, 0.8), marker="Ki-67"))
    declared = replace(DECLARED, dependence=Dependence.THREE_LEVEL)
    low, high = (analysed(replace(declared, rho=(rho,)), rows).pooled.estimate for rho in (0.2, 0.8))
    assert low != high


def test_labels_of_patients_and_not_of_studies_make_aucs_correlated() -> None:
    rows = (*THREE, item("Hu", 0.7, marker="Ki-67"))
    estimates = [i.estimate for i in rows]
    shared = pool_three_level(estimates, [i.patients for i in rows], 0.5)
    apart = pool_three_level(estimates, list(range(4)), 0.5)
    assert shared.pooled.estimate != apart.pooled.estimate


def test_on_its_own_scale_an_auc_of_one_can_be_pooled() -> None:
    perfect = item("Perfect", 1.0, (0.9, 1.0))
    declared = replace(DECLARED, scale=PoolScale.RAW)
    assert analysed(declared, (*THREE, perfect)).pooled.k == 4
    assert analysed(DECLARED, (*THREE, perfect)).pooled.k == 3
    assert analysed(declared, THREE).pooled.scale is Scale.RAW


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz"), st.integers(10, 99)),
        min_size=1,
        max_size=12,
    )
)
def test_no_group_of_patients_is_left_standing_in_two_studies(rows: list[tuple[str, str, int]]) -> None:
    items = [item(study, patients=label, key=str(i), n=n) for i, (study, label, n) in enumerate(rows)]
    kept, left = largest_of_sharing(items)
    assert len(kept) + len(left) == len(items), "nothing is lost without a word"
    studies = {label: {i.study for i in kept if i.patients == label} for label in {i.patients for i in items}}
    assert all(len(found) == 1 for found in studies.values())
