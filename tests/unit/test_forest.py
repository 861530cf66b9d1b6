"""The forest plot: places follow the axis, areas the weights, and no text runs into another."""

from __future__ import annotations

import itertools
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from curation.errors import Refused
from curation.report.forest import BORROWED, ForestBlock, ForestRow, ForestSummary, draw
from curation.report.text_width import width

SVG = "{http://www.w3.org/2000/svg}"
FONT = 9.4

# Places are printed with two decimals.
PRINTED = 0.02

HU = ForestRow("Hu et al. (2024)", "EGFR status, RS-SM-Com", 359, 0.896, 0.781, 1.0, 20.0)
CAO = ForestRow("Cao et al. (2023)", "EGFR status, RS-Com-EGFR", 1299, 0.745)
JIANG = ForestRow("Jiang et al. (2023)", "EGFR status, CM-EfNet", None, 0.866, 0.8, 0.916, 80.0)
POOLED = ForestSummary("Pooled", 0.849, 0.835, 0.863, 0.72, 0.93, "τ² = 0.07, I² = 87.4%")
BLOCK = ForestBlock("Internal validation", (HU, CAO, JIANG), POOLED)

LONG = "A clinical-radiomics nomogram with convolutional block attention & <multi-resolution> fusion " * 2
HOSTILE = [
    ForestBlock(
        f"Study {i} {LONG}",
        tuple(
            ForestRow(f"O'Brien-Montgomery-Featherstonehaugh et al. (20{i:02})", LONG, 123456, 0.5 + j / 10)
            for j in range(4)
        ),
        replace(POOLED, label=LONG, note=LONG * 2),
    )
    for i in range(3)
]


def parsed(*blocks: ForestBlock, axis: tuple[float, float] = (0.4, 1.0)) -> ET.Element:
    return ET.fromstring(draw(blocks, title="Forest & trees", note="A note.", axis=axis))


def groups(root: ET.Element, kind: str) -> list[ET.Element]:
    return [g for g in root.iter(f"{SVG}g") if g.get("class") == kind]


def place(root: ET.Element, auc: float) -> float:
    """Where the axis, read back from its printed ticks, has this AUC."""
    (axis,) = groups(root, "axis")
    ticks = [
        (float(t.text or ""), float(t.attrib["x"])) for t in axis.findall(f"{SVG}text") if t.text != "AUC"
    ]
    (low, left), (high, right) = ticks[0], ticks[-1]
    return left + (auc - low) / (high - low) * (right - left)


def square(row: ET.Element) -> ET.Element:
    (found,) = row.findall(f"{SVG}rect")
    return found


def corners(shape: ET.Element) -> list[tuple[float, float]]:
    pairs = (pair.split(",") for pair in shape.attrib["points"].split())
    return [(float(x), float(y)) for x, y in pairs]


def texts(element: ET.Element) -> list[str]:
    return [t.text or "" for t in element.iter(f"{SVG}text")]


def test_a_square_stands_where_the_axis_has_its_auc() -> None:
    root = parsed(BLOCK)
    for row, auc in zip(groups(root, "row"), (0.896, 0.745, 0.866), strict=True):
        rect = square(row)
        centre = float(rect.attrib["x"]) + float(rect.attrib["width"]) / 2
        assert centre == pytest.approx(place(root, auc), abs=PRINTED)


def test_the_ticks_span_the_whole_axis_evenly() -> None:
    (axis,) = groups(parsed(BLOCK), "axis")
    line, *_ = axis.findall(f"{SVG}path")
    left, right = line.attrib["d"].removeprefix("M").split(" ")[0], line.attrib["d"].partition("H")[2]
    places = [float(t.attrib["x"]) for t in axis.findall(f"{SVG}text") if t.text != "AUC"]
    assert places[0] == pytest.approx(float(left), abs=PRINTED)
    assert places[-1] == pytest.approx(float(right), abs=PRINTED)
    steps = [b - a for a, b in itertools.pairwise(places)]
    assert len(steps) == 6
    assert max(steps) - min(steps) <= 2 * PRINTED


def test_a_line_runs_from_end_to_end_of_its_interval() -> None:
    root = parsed(BLOCK)
    (line,) = groups(root, "row")[2].findall(f"{SVG}line")
    assert float(line.attrib["x1"]) == pytest.approx(place(root, 0.8), abs=PRINTED)
    assert float(line.attrib["x2"]) == pytest.approx(place(root, 0.916), abs=PRINTED)


def test_areas_of_squares_are_as_their_weights() -> None:
    rows = groups(parsed(BLOCK), "row")
    light, heavy = (float(square(rows[i]).attrib["width"]) for i in (0, 2))
    assert heavy**2 / light**2 == pytest.approx(80 / 20, rel=0.01)


def test_the_lightest_square_can_still_be_seen() -> None:
    block = ForestBlock("", (replace(HU, weight=0.001), replace(JIANG, weight=99.999)))
    assert float(square(groups(parsed(block), "row")[0]).attrib["width"]) >= 2


def test_tips_of_the_diamond_stand_at_the_pooled_interval() -> None:
    root = parsed(BLOCK)
    (summary,) = groups(root, "summary")
    (diamond,) = summary.findall(f"{SVG}polygon")
    xs = [x for x, _ in corners(diamond)]
    assert min(xs) == pytest.approx(place(root, 0.835), abs=PRINTED)
    assert max(xs) == pytest.approx(place(root, 0.863), abs=PRINTED)
    top = min(corners(diamond), key=lambda point: point[1])
    assert top[0] == pytest.approx(place(root, 0.849), abs=PRINTED)


def test_the_prediction_interval_is_a_dotted_line_through_the_diamond_with_its_numbers() -> None:
    root = parsed(BLOCK)
    (summary,) = groups(root, "summary")
    (line,) = summary.findall(f"{SVG}line")
    (diamond,) = summary.findall(f"{SVG}polygon")
    assert line.get("stroke-dasharray")
    assert float(line.attrib["x1"]) == pytest.approx(place(root, 0.72), abs=PRINTED)
    assert float(line.attrib["x2"]) == pytest.approx(place(root, 0.93), abs=PRINTED)
    heights = [y for _, y in corners(diamond)]
    assert float(line.attrib["y1"]) == pytest.approx((min(heights) + max(heights)) / 2, abs=PRINTED)
    assert {"0.849 [0.835–0.863]", "[0.720–0.930]", "95% prediction interval"} <= set(texts(summary))


def test_a_summary_without_prediction_interval_speaks_of_none() -> None:
    summary = replace(POOLED, pi_low=None, pi_high=None)
    root = parsed(replace(BLOCK, summary=summary))
    assert "prediction" not in ET.tostring(root, encoding="unicode")


def test_an_interval_that_leaves_the_axis_ends_in_an_arrow() -> None:
    root = parsed(ForestBlock("", (HU, replace(JIANG, low=0.55))), axis=(0.6, 0.95))
    cut_right, cut_left = groups(root, "row")
    (head,) = cut_right.findall(f"{SVG}polygon")
    assert corners(head)[0][0] == max(x for x, _ in corners(head))
    (head,) = cut_left.findall(f"{SVG}polygon")
    assert corners(head)[0][0] == min(x for x, _ in corners(head))
    (line,) = cut_left.findall(f"{SVG}line")
    assert float(line.attrib["x1"]) == pytest.approx(place(root, 0.6), abs=PRINTED)


def test_an_interval_inside_the_axis_has_no_arrow() -> None:
    assert not [p for row in groups(parsed(BLOCK), "row") for p in row.findall(f"{SVG}polygon")]


def test_a_diamond_beyond_the_axis_is_cut_off_at_its_end() -> None:
    root = parsed(ForestBlock("", (JIANG,), replace(POOLED, low=0.7)), axis=(0.8, 1.0))
    diamond = next(
        p for p in groups(root, "summary")[0].findall(f"{SVG}polygon") if p.get("class") == "diamond"
    )
    left = [point for point in corners(diamond) if point[0] == pytest.approx(place(root, 0.8), abs=PRINTED)]
    assert len(left) == 2
    whole = max(y for _, y in corners(diamond)) - min(y for _, y in corners(diamond))
    cut = (0.8 - 0.7) / (POOLED.estimate - 0.7)
    assert abs(left[0][1] - left[1][1]) == pytest.approx(cut * whole, abs=2 * PRINTED)
    assert min(x for x, _ in corners(diamond)) == pytest.approx(place(root, 0.8), abs=PRINTED)


def test_the_axis_is_widened_to_hold_every_estimate() -> None:
    root = parsed(ForestBlock("", (replace(HU, auc=0.35, low=0.2, high=0.5), JIANG)))
    (axis,) = groups(root, "axis")
    assert texts(axis) == ["0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1.0", "AUC"]


def test_a_narrow_axis_is_labelled_at_its_ends() -> None:
    root = parsed(ForestBlock("", (JIANG,)), axis=(0.82, 0.88))
    assert texts(groups(root, "axis")[0]) == ["0.82", "0.88", "AUC"]


def test_a_row_without_interval_has_an_open_square_and_says_so() -> None:
    root = parsed(BLOCK)
    row = groups(root, "row")[1]
    assert square(row).get("fill") == "#ffffff"
    assert not row.findall(f"{SVG}line")
    assert "0.745 no interval" in texts(row)
    assert BORROWED not in texts(root)


def test_a_borrowed_interval_is_dashed_marked_and_explained() -> None:
    borrowed = replace(CAO, low=0.645, high=0.845, weight=2.3, borrowed=True)
    root = parsed(ForestBlock("", (HU, borrowed)))
    own, other = groups(root, "row")
    assert own.findall(f"{SVG}line")[0].get("stroke-dasharray") is None
    assert other.findall(f"{SVG}line")[0].get("stroke-dasharray")
    assert "0.745 [0.645–0.845]†" in texts(other)
    assert BORROWED in texts(root)


def test_weights_have_a_column_only_where_there_are_any() -> None:
    assert "Weight" in texts(groups(parsed(BLOCK), "header")[0])
    assert "80.0%" in texts(parsed(BLOCK))
    assert "Weight" not in texts(groups(parsed(ForestBlock("", (CAO,))), "header")[0])


def test_unknown_patients_are_a_dash_and_thousands_are_set_off() -> None:
    rows = groups(parsed(BLOCK), "row")
    assert "–" in texts(rows[2])
    assert "1,299" in texts(rows[1])


@pytest.mark.parametrize("blocks", [[BLOCK], HOSTILE])
def test_no_text_overlaps_another_or_leaves_the_page(blocks: list[ForestBlock]) -> None:
    root = parsed(*blocks)
    page = float(root.attrib["width"]), float(root.attrib["height"])
    spans = [_span(text) for text in root.iter(f"{SVG}text")]
    for left, right, top, bottom in spans:
        assert left >= 0
        assert right <= page[0]
        assert top >= 0
        assert bottom <= page[1]
    for a, b in itertools.combinations(spans, 2):
        assert a[1] <= b[0] or b[1] <= a[0] or a[3] <= b[2] or b[3] <= a[2]


def test_labels_keep_clear_of_the_plot() -> None:
    root = parsed(*HOSTILE)
    left, right = place(root, 0.4), place(root, 1.0)
    assert right - left > 100
    for row in groups(root, "row"):
        for text in row.findall(f"{SVG}text"):
            start, end, *_ = _span(text)
            assert end < left or start > right


def _span(text: ET.Element) -> tuple[float, float, float, float]:
    """Left, right, top and bottom of a text's letters."""
    x, y = float(text.attrib["x"]), float(text.attrib["y"])
    long = width(text.text or "", FONT, bold=text.get("font-weight") == "bold")
    left = x - {"start": 0.0, "middle": long / 2, "end": long}[text.get("text-anchor", "start")]
    return left, left + long, y - 0.76 * FONT, y + 0.24 * FONT


def test_the_picture_carries_its_text_alternative() -> None:
    root = parsed(BLOCK)
    assert root.get("role") == "img"
    assert root[0].text == "Forest & trees"
    said = root[1].text or ""
    assert "Hu et al. (2024), EGFR status, RS-SM-Com: n = 359, AUC 0.896 [0.781–1.000], weight 20.0%." in said
    assert "Pooled: AUC 0.849 [0.835–0.863], 95% prediction interval [0.720–0.930]." in said


def test_the_same_rows_give_the_same_bytes() -> None:
    assert draw(HOSTILE, title="t") == draw(list(HOSTILE), title="t")


def test_numbers_that_cannot_be_right_are_refused_all_at_once() -> None:
    rows = (
        replace(HU, auc=1.2),
        replace(HU, low=None),
        replace(JIANG, low=0.95, high=0.8),
        replace(CAO, borrowed=True),
        replace(JIANG, weight=float("nan")),
    )
    with pytest.raises(Refused) as refused:
        draw([ForestBlock("Internal", rows, replace(POOLED, pi_high=None))], title="t")
    assert len(refused.value.faults) == 6
    assert "1.2 is no AUC" in refused.value.faults[0]
    assert "Internal, Hu et al. (2024), EGFR status, RS-SM-Com" in refused.value.faults[0]


@pytest.mark.parametrize("axis", [(1.0, 0.4), (0.5, 0.5), (-0.1, 1.0)])
def test_an_axis_that_is_no_stretch_of_nought_to_one_is_an_error(axis: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="axis of an AUC"):
        draw([BLOCK], title="t", axis=axis)
