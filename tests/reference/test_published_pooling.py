"""The published review's two pooled AUCs from its own Tables 3 and 4, and metafor's values on the same rows.

AUCs and limits are typed from the tables, cohort sizes from Table 1. Superscript 2 of Table 3 is
cross-validation and 3 split-sample; Hu has neither and is filed as split-sample (both kinds are pooled here).
Fan 2022a is reference 24 of the review, Fan 2022b reference 25.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from curation.model import Validation
from curation.synthesis.effects import Estimate, logit, raw_se
from curation.synthesis.models import Fit, Interval, common_effect, random_effects
from curation.synthesis.published import Borrowing, pool_as_published

CV, SPLIT, EXT = Validation.CROSS_VALIDATION, Validation.SPLIT_SAMPLE, Validation.EXTERNAL

PATIENTS = {
    "Hu 2024": 359,
    "Cheng 2023": 203,
    "Niu 2023": 268,
    "Jiang 2023": 265,
    "Cao 2023": 299,
    "Zhang 2024": 110,
    "Fan 2022a": 183,
    "Fan 2022b": 192,
    "Cao 2022": 76,
    "Fan 2021": 94,
    "Ren 2021": 162,
}

TABLE_3 = (
    ("Hu 2024", "EGFR", SPLIT, 0.896, 0.781, 1.000),
    ("Cao 2023", "EGFR", CV, 0.806, None, None),
    ("Cao 2023", "EGFR", SPLIT, 0.745, None, None),
    ("Cao 2023", "EGFR exon 19", CV, 0.872, None, None),
    ("Cao 2023", "EGFR exon 19", SPLIT, 0.760, None, None),
    ("Cao 2023", "EGFR exon 21", CV, 0.913, None, None),
    ("Cao 2023", "EGFR exon 21", SPLIT, 0.799, None, None),
    ("Cheng 2023", "EGFR", CV, 0.927, 0.884, 0.969),
    ("Cheng 2023", "EGFR", SPLIT, 0.812, 0.709, 0.916),
    ("Cheng 2023", "EGFR-TKI response", CV, 0.880, 0.802, 0.958),
    ("Cheng 2023", "EGFR-TKI response", SPLIT, 0.798, 0.649, 0.946),
    ("Jiang 2023", "EGFR", CV, 0.866, 0.800, 0.916),
    ("Jiang 2023", "EGFR", SPLIT, 0.851, 0.750, 0.923),
    ("Jiang 2023", "EGFR exons 19 and 21", CV, 0.760, 0.656, 0.846),
    ("Jiang 2023", "EGFR exons 19 and 21", SPLIT, 0.711, 0.552, 0.839),
    ("Niu 2023", "NSCLC or breast", CV, 0.890, 0.843, 0.938),
    ("Niu 2023", "NSCLC or breast", SPLIT, 0.881, 0.810, 0.953),
    ("Niu 2023", "EGFR", CV, 0.793, 0.703, 0.833),
    ("Niu 2023", "EGFR", SPLIT, 0.744, 0.601, 0.887),
    ("Niu 2023", "Ki-67", CV, 0.798, 0.693, 0.902),
    ("Niu 2023", "Ki-67", SPLIT, 0.738, 0.554, 0.921),
    ("Zhang 2024", "Ki-67", CV, 0.812, 0.710, 0.914),
    ("Zhang 2024", "Ki-67", SPLIT, 0.799, 0.652, 0.947),
    ("Zhang 2024", "HER-2", CV, 0.796, 0.686, 0.906),
    ("Zhang 2024", "HER-2", SPLIT, 0.705, 0.506, 0.904),
    ("Cao 2022", "EGFR exon 19 or 21", CV, 0.901, 0.783, 0.967),
    ("Cao 2022", "EGFR exon 19 or 21", SPLIT, 0.882, 0.695, 0.974),
    ("Fan 2022a", "EGFR", CV, 0.851, 0.774, 0.921),
    ("Fan 2022a", "EGFR", SPLIT, 0.780, 0.645, 0.916),
    ("Fan 2022a", "EGFR exon 19", CV, 0.816, 0.716, 0.917),
    ("Fan 2022a", "EGFR exon 19", SPLIT, 0.789, 0.636, 0.942),
    ("Fan 2022a", "EGFR exon 21", CV, 0.814, 0.714, 0.914),
    ("Fan 2022a", "EGFR exon 21", SPLIT, 0.770, 0.609, 0.931),
    ("Fan 2022b", "EGFR", CV, 0.849, 0.776, 0.922),
    ("Fan 2022b", "EGFR", SPLIT, 0.828, 0.708, 0.949),
    ("Fan 2022b", "T790M", CV, 0.842, 0.717, 0.927),
    ("Fan 2022b", "T790M", SPLIT, 0.823, 0.633, 0.940),
    ("Fan 2021", "EGFR", CV, 0.879, 0.766, 0.947),
    ("Fan 2021", "EGFR", SPLIT, 0.777, 0.612, 0.967),
    ("Ren 2021", "EGFR", CV, 0.886, 0.826, 0.947),
    ("Ren 2021", "EGFR", SPLIT, 0.803, 0.682, 0.924),
)

TABLE_4 = (
    ("Hu 2024", "EGFR", EXT, 0.865, 0.731, 0.998),
    ("Cao 2023", "EGFR", EXT, 0.738, None, None),
    ("Cao 2023", "EGFR exon 19", EXT, 0.825, None, None),
    ("Cao 2023", "EGFR exon 21", EXT, 0.811, None, None),
    ("Jiang 2023", "EGFR", EXT, 0.764, 0.615, 0.914),
    ("Jiang 2023", "EGFR exons 19 and 21", EXT, 0.687, 0.476, 0.897),
    ("Fan 2022a", "EGFR", EXT, 0.807, 0.595, 0.938),
    ("Fan 2022a", "EGFR exon 19", EXT, 0.742, 0.478, 0.919),
    ("Fan 2022a", "EGFR exon 21", EXT, 0.792, 0.530, 0.946),
    ("Fan 2022b", "EGFR", EXT, 0.778, 0.610, 0.946),
    ("Fan 2022b", "T790M", EXT, 0.800, 0.548, 0.948),
)


def estimates(
    table: tuple[tuple[str, str, Validation, float, float | None, float | None], ...],
) -> list[Estimate]:
    return [
        Estimate(study, f"{study}, {marker}", marker, kind, auc, low, high, patients=PATIENTS[study])
        for study, marker, kind, auc, low, high in table
    ]


INTERNAL, EXTERNAL = estimates(TABLE_3), estimates(TABLE_4)
EXTERNAL_EGFR = [e for e in EXTERNAL if e.marker == "EGFR"]


@pytest.mark.parametrize("borrowing", Borrowing)
def test_the_internal_result_of_the_paper_comes_from_its_41_aucs(borrowing: Borrowing) -> None:
    pooled = pool_as_published(INTERNAL, borrowing)
    assert (pooled.k, pooled.studies, pooled.patients) == (41, 11, 2211)
    assert tuple(round(x, 3) for x in (pooled.estimate, pooled.low, pooled.high)) == (0.849, 0.835, 0.863)


@pytest.mark.parametrize("borrowing", Borrowing)
def test_the_external_result_of_the_paper_comes_from_its_11_aucs(borrowing: Borrowing) -> None:
    pooled = pool_as_published(EXTERNAL, borrowing)
    assert (pooled.k, pooled.studies) == (11, 5)
    assert tuple(round(x, 3) for x in (pooled.estimate, pooled.low, pooled.high)) == (0.791, 0.738, 0.844)


def test_the_published_method_borrows_for_the_one_study_without_intervals() -> None:
    borrowed = [row.estimate.study for row in pool_as_published(INTERNAL).rows if row.borrowed]
    assert borrowed == ["Cao 2023"] * 6


# R computes in the same double precision and the values are typed at 15 digits; what is left is the order of
# sums and, for tau², where a root finder stops. The largest difference seen is 4e-12.
METAFOR = 1e-10

# metafor 5.1-12, est and limits of rma(auc, sei=sei, method="FE"), limits est -/+ 1.96 se; missing sei set to
# weighted.mean(reported, cohort n) or mean(reported), sei = (high - low) / (2 * 1.96).
PUBLISHED = [
    (INTERNAL, Borrowing.BY_COHORT, (0.848899272382117, 0.834637859232774, 0.86316068553146)),
    (INTERNAL, Borrowing.PLAIN, (0.849114386892204, 0.834806659263245, 0.863422114521163)),
    (EXTERNAL, Borrowing.BY_COHORT, (0.790866337884997, 0.737905781692841, 0.843826894077152)),
    (EXTERNAL, Borrowing.PLAIN, (0.79085954875136, 0.737515413971973, 0.844203683530747)),
]


@pytest.mark.parametrize(("rows", "borrowing", "expected"), PUBLISHED)
def test_the_published_method_agrees_with_metafor_beyond_the_printed_decimals(
    rows: list[Estimate], borrowing: Borrowing, expected: tuple[float, float, float]
) -> None:
    pooled = pool_as_published(rows, borrowing)
    assert (pooled.estimate, pooled.low, pooled.high) == pytest.approx(expected, rel=METAFOR, abs=0)


class Expected(NamedTuple):
    estimate: float
    se: float
    low: float
    high: float
    tau2: float
    i2: float
    h2: float
    q: float
    q_p: float
    prediction: tuple[float, float] | None


# metafor 5.1-12: rma(yi, sei=sei, method="FE", test="z").
COMMON = [
    (
        INTERNAL,
        Expected(
            estimate=1.55887758847477,
            se=0.055984377849837,
            low=1.4491502241922,
            high=1.66860495275733,
            tau2=0,
            i2=15.2964760819566,
            h2=1.18058842624726,
            q=47.2235370498904,
            q_p=0.201262176567226,
            prediction=None,
        ),
    ),
    (
        EXTERNAL,
        Expected(
            estimate=1.26178870660972,
            se=0.164545353943465,
            low=0.939285739057135,
            high=1.58429167416231,
            tau2=0,
            i2=0,
            h2=0.277948340400302,
            q=2.77948340400302,
            q_p=0.986147771721047,
            prediction=None,
        ),
    ),
    (
        EXTERNAL_EGFR,
        Expected(
            estimate=1.28146186974789,
            se=0.214742276976263,
            low=0.860574740916294,
            high=1.70234899857949,
            tau2=0,
            i2=0,
            h2=0.367699218576804,
            q=1.47079687430722,
            q_p=0.831801537440793,
            prediction=None,
        ),
    ),
]

# metafor 5.1-12: rma(yi, sei=sei, method="REML", test="knha"), with control=list(threshold=1e-15, tol=1e-15,
# maxiter=400), since the default stops at a step of 1e-5; prediction: predict(res, predtype="Riley").
HARTUNG_KNAPP = [
    (
        INTERNAL,
        Expected(
            estimate=1.55803494689628,
            se=0.0612326730179181,
            low=1.4342790983771,
            high=1.68179079541547,
            tau2=0.036871691269763,
            i2=22.162458236812,
            h2=1.28472710898603,
            q=47.2235370498904,
            q_p=0.201262176567226,
            prediction=(1.15036796961252, 1.96570192418005),
        ),
    ),
    (
        EXTERNAL,
        Expected(
            estimate=1.26178870660972,
            se=0.0867496371265762,
            low=1.06849846973229,
            high=1.45507894348716,
            tau2=0,
            i2=0,
            h2=1,
            q=2.77948340400302,
            q_p=0.986147771721047,
            prediction=(1.06554739361369, 1.45803001960575),
        ),
    ),
    (
        EXTERNAL_EGFR,
        Expected(
            estimate=1.28146186974789,
            se=0.130215867095036,
            low=0.919924662932793,
            high=1.64299907656299,
            tau2=0,
            i2=0,
            h2=1,
            q=1.47079687430722,
            q_p=0.831801537440793,
            prediction=(0.867056864621981, 1.69586687487381),
        ),
    ),
]

# metafor 5.1-12: as above with test="adhoc".
GUARDED = [
    (
        INTERNAL,
        Expected(
            estimate=1.55803494689628,
            se=0.0650493034331479,
            low=1.42656540057098,
            high=1.68950449322158,
            tau2=0.036871691269763,
            i2=22.162458236812,
            h2=1.28472710898603,
            q=47.2235370498904,
            q_p=0.201262176567226,
            prediction=(1.14795660734134, 1.96811328645123),
        ),
    ),
    (
        EXTERNAL,
        Expected(
            estimate=1.26178870660972,
            se=0.164545353943465,
            low=0.895158810574455,
            high=1.62841860264499,
            tau2=0,
            i2=0,
            h2=1,
            q=2.77948340400302,
            q_p=0.986147771721047,
            prediction=(0.889561255581347, 1.6340161576381),
        ),
    ),
    (
        EXTERNAL_EGFR,
        Expected(
            estimate=1.28146186974789,
            se=0.214742276976263,
            low=0.68524172595812,
            high=1.87768201353767,
            tau2=0,
            i2=0,
            h2=1,
            q=1.47079687430722,
            q_p=0.831801537440793,
            prediction=(0.598056103796575, 1.96486763569921),
        ),
    ),
]


@pytest.mark.parametrize(("rows", "expected"), COMMON)
def test_the_common_effect_agrees_with_metafor(rows: list[Estimate], expected: Expected) -> None:
    assert_agrees(common_effect(*logits(rows)), expected)


@pytest.mark.parametrize(("rows", "expected"), HARTUNG_KNAPP)
def test_reml_with_hartung_knapp_agrees_with_metafor(rows: list[Estimate], expected: Expected) -> None:
    assert_agrees(random_effects(*logits(rows), Interval.HARTUNG_KNAPP), expected)


@pytest.mark.parametrize(("rows", "expected"), GUARDED)
def test_reml_with_the_guarded_interval_agrees_with_metafor(rows: list[Estimate], expected: Expected) -> None:
    assert_agrees(random_effects(*logits(rows), Interval.HARTUNG_KNAPP_GUARDED), expected)


def logits(rows: list[Estimate]) -> tuple[list[float], list[float]]:
    """Effect sizes as the reference's were made: delta method, the plain mean error where none is given."""
    reported = [se for e in rows if (se := raw_se(e)) is not None]
    mean = sum(reported) / len(reported)
    errors = [mean if (se := raw_se(e)) is None else se for e in rows]
    return (
        [logit(e.auc) for e in rows],
        [se / (e.auc * (1 - e.auc)) for e, se in zip(rows, errors, strict=True)],
    )


def assert_agrees(fit: Fit, expected: Expected) -> None:
    computed = (fit.estimate, fit.se, fit.low, fit.high, fit.tau2, fit.i2, fit.h2, fit.q, fit.q_p)
    assert computed == pytest.approx(tuple(expected[:9]), rel=METAFOR, abs=0)
    if expected.prediction is None:
        assert (fit.pi_low, fit.pi_high) == (None, None)
    else:
        assert (fit.pi_low, fit.pi_high) == pytest.approx(expected.prediction, rel=METAFOR, abs=0)
