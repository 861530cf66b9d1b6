"""The PRISMA 2020 diagram: the template's words, numbers that add up, and a drawing in which nothing collides."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from xml.etree import ElementTree as ET

import pytest

from curation.errors import Refused
from curation.report.flow_boxes import boxes, unreported_boxes
from curation.report.flow_diagram import draw, draw_unreported
from curation.report.text_width import width
from screening.flow import Arm, FlowCounts, Line, Totals

SVG = "{http://www.w3.org/2000/svg}"
FONT = 10.0

# Places are printed with two decimals.
PRINTED = 0.02

UPDATE = FlowCounts(
    databases=(Line("PubMed", 9),),
    registers=(),
    duplicates=0,
    automation=0,
    other_removed=0,
    awaiting_screening=0,
    screened=9,
    excluded=5,
    main=Arm(
        sought=4,
        not_retrieved=1,
        assessed=3,
        excluded=(Line("Not spinal metastases", 1), Line("No marker, no model", 1)),
        included=1,
    ),
    new=Totals(1, 1),
    previous=Totals(11, 11),
    total=Totals(12, 12),
)
NEW = replace(UPDATE, previous=None, total=Totals(1, 1))
OTHER = Arm(sought=16, not_retrieved=2, assessed=14, excluded=(Line("No AUC", 10),), included=4)
OTHER_SOURCES = (Line("Websites", 4), Line("Citation searching", 15))


def with_other(flow: FlowCounts) -> FlowCounts:
    total = Totals(flow.total.studies + 3, flow.total.reports + 4)
    return replace(
        flow, other_sources=OTHER_SOURCES, other_overlap=3, other=OTHER, new=Totals(4, 5), total=total
    )


def hostile(previous: Totals | None, *, other: bool) -> FlowCounts:
    """Eight databases with long names, twelve long reasons, five-digit counts, everything awaited."""
    name = "The Comprehensive Index of Radiological & <Biomedical> Literature (OvidSP/Wolters-Kluwer), part"
    word = "pneumonoultramicroscopicsilicovolcanoconiosis-and-other-hyperlongunbreakablewords"
    reasons = tuple(
        Line(f"Reason {i}: developed in primary \x0btumours, nor {word}", 1111) for i in range(12)
    )
    screened = 8 * 12345 - 10001 - 20222 - 10033 - 10044
    sought = screened - 10000
    main = Arm(
        sought=sought,
        not_retrieved=10000,
        awaiting_retrieval=10100,
        assessed=sought - 20100,
        excluded=reasons,
        awaiting_assessment=500,
        included=sought - 20100 - 12 * 1111 - 500,
    )
    second = Arm(
        sought=41200,
        not_retrieved=10200,
        assessed=31000,
        excluded=reasons,
        awaiting_assessment=17000,
        included=14000 - 12 * 1111,
    )
    included = main.included + (second.included if other else 0)
    new, left = Totals(included - 10, included), Totals(3, 2) if previous else Totals(0, 0)
    before = previous or Totals(0, 0)
    return FlowCounts(
        databases=tuple(Line(f"{name} {i}", 12345) for i in range(8)),
        registers=(),
        duplicates=10001,
        automation=20222,
        other_removed=10033,
        awaiting_screening=10044,
        screened=screened,
        excluded=10000,
        excluded_automation=1234,
        main=main,
        new=new,
        total=Totals(
            before.studies + new.studies - left.studies, before.reports + new.reports - left.reports
        ),
        other_sources=(Line("Websites", 40000), Line("Citation searching", 1234)) if other else (),
        other_overlap=34 if other else 0,
        other=second if other else Arm(),
        previous=previous,
        removed_since=left,
    )


LAYOUTS = {
    "new v1": NEW,
    "new v2": with_other(NEW),
    "updated v1": UPDATE,
    "updated v2": with_other(UPDATE),
    "hostile new v1": hostile(None, other=False),
    "hostile new v2": hostile(None, other=True),
    "hostile updated v1": hostile(Totals(20000, 30000), other=False),
    "hostile updated v2": hostile(Totals(20000, 30000), other=True),
}
DRAWINGS = {name: draw(flow, title=name, note="A note. " * 60) for name, flow in LAYOUTS.items()}
DRAWINGS["not reported"] = draw_unreported(
    ["PubMed", "Embase"], studies=11, reports=None, title="Base review"
)
every_layout = pytest.mark.parametrize("name", DRAWINGS)


@dataclass(frozen=True)
class Area:
    """A rectangle of the drawing."""

    x: float
    y: float
    right: float
    bottom: float

    def meets(self, other: Area) -> bool:
        """Whether the two share more than an edge."""
        beside = self.right <= other.x or other.right <= self.x
        return not (beside or self.bottom <= other.y or other.bottom <= self.y)


def parsed(name: str) -> ET.Element:
    return ET.fromstring(DRAWINGS[name])


def area(rect: ET.Element) -> Area:
    x, y, w, h = (float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
    return Area(x, y, x + w, y + h)


def groups(root: ET.Element, kind: str) -> list[ET.Element]:
    return [g for g in root.iter(f"{SVG}g") if g.get("class") == kind]


def box_areas(root: ET.Element) -> dict[str, Area]:
    return {g.attrib["id"]: area(rect) for g in groups(root, "box") for rect in g.findall(f"{SVG}rect")}


def corners(shape: ET.Element | None) -> list[tuple[float, float]]:
    assert shape is not None
    pairs = (pair.split(",") for pair in shape.attrib["points"].split())
    return [(float(x), float(y)) for x, y in pairs]


@every_layout
def test_a_drawing_is_well_formed_and_says_what_it_shows(name: str) -> None:
    root = parsed(name)
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text
    assert root[1].tag == f"{SVG}desc"
    assert "Records screened (n = " in (root[1].text or "")
    assert not list(root.iter(f"{SVG}script"))


@every_layout
def test_every_text_lies_inside_its_box(name: str) -> None:
    for group in groups(parsed(name), "box"):
        inside = area(group[0])
        for text in group.findall(f"{SVG}text"):
            x, y = float(text.attrib["x"]), float(text.attrib["y"])
            assert inside.x < x
            assert x + width(text.text or "", FONT) < inside.right, text.text
            assert inside.y <= y - FONT * 0.93 + PRINTED
            assert y + FONT * 0.24 <= inside.bottom + PRINTED


@every_layout
def test_headings_and_stage_labels_lie_inside_their_bars(name: str) -> None:
    root = parsed(name)
    for group in groups(root, "heading"):
        bar = area(group[0])
        for text in group.findall(f"{SVG}text"):
            half = width(text.text or "", FONT, bold=True) / 2
            assert bar.x <= float(text.attrib["x"]) - half
            assert float(text.attrib["x"]) + half <= bar.right
    (stages,) = groups(root, "stages")
    for rect, text in itertools.pairwise(stages):
        if text.tag == f"{SVG}text":
            half = width(text.text or "", FONT, bold=True) / 2 + 4
            assert area(rect).y <= float(text.attrib["y"]) - half
            assert float(text.attrib["y"]) + half <= area(rect).bottom


@every_layout
def test_nothing_overlaps_and_nothing_leaves_the_page(name: str) -> None:
    root = parsed(name)
    page = Area(0, 0, float(root.attrib["width"]), float(root.attrib["height"]))
    bars = [area(g[0]) for g in groups(root, "heading")]
    stages = [area(r) for g in groups(root, "stages") for r in g.findall(f"{SVG}rect")]
    areas = [*box_areas(root).values(), *bars, *stages]
    assert not [(a, b) for a, b in itertools.combinations(areas, 2) if a.meets(b)]
    assert all(a.x >= 0 and a.y >= 0 and a.right <= page.right and a.bottom <= page.bottom for a in areas)
    for text in (t for g in groups(root, "note") for t in g):
        assert float(text.attrib["x"]) + width(text.text or "", 9.4) <= page.right
        assert max(a.bottom for a in areas) < float(text.attrib["y"]) < page.bottom


@every_layout
def test_no_arrow_runs_through_a_box_or_crosses_another(name: str) -> None:
    root = parsed(name)
    segments: list[list[Area]] = []
    for group in groups(root, "arrow"):
        points = corners(group.find(f"{SVG}polyline"))
        segments.append(
            [
                Area(
                    min(a[0], b[0]) - 0.4, min(a[1], b[1]) - 0.4, max(a[0], b[0]) + 0.4, max(a[1], b[1]) + 0.4
                )
                for a, b in itertools.pairwise(points)
            ]
        )
    inner = [Area(a.x + 0.5, a.y + 0.5, a.right - 0.5, a.bottom - 0.5) for a in box_areas(root).values()]
    assert not [s for arrow in segments for s in arrow for box in inner if s.meets(box)]
    for first, second in itertools.combinations(segments, 2):
        assert not any(a.meets(b) for a in first for b in second)


@every_layout
def test_every_arrow_is_straight_and_points_at_a_box(name: str) -> None:
    root = parsed(name)
    areas = box_areas(root).values()
    assert groups(root, "arrow")
    for group in groups(root, "arrow"):
        points = corners(group.find(f"{SVG}polyline"))
        assert all(a[0] == b[0] or a[1] == b[1] for a, b in itertools.pairwise(points))
        x, y = corners(group.find(f"{SVG}polygon"))[0]
        on_top = [a for a in areas if abs(a.y - y) < PRINTED and a.x < x < a.right]
        beside = [a for a in areas if min(abs(a.x - x), abs(a.right - x)) < PRINTED and a.y < y < a.bottom]
        assert len(on_top) + len(beside) == 1


def test_boxes_of_one_row_share_their_middle() -> None:
    areas = box_areas(parsed("hostile updated v2"))
    rows = [
        ("box-sought", "box-not-retrieved", "box-other-sought", "box-other-not-retrieved"),
        ("box-assessed", "box-reports-excluded", "box-other-assessed", "box-other-reports-excluded"),
        ("box-previous", "box-identified", "box-removed", "box-other-identified"),
    ]
    for row in rows:
        middles = [(areas[box].y + areas[box].bottom) / 2 for box in row]
        assert max(middles) - min(middles) <= PRINTED


def test_text_is_at_least_seven_points_in_170_mm() -> None:
    root = parsed("new v1")
    px_in_170_mm = 170 / 25.4 * 96
    scale = px_in_170_mm / float(root.attrib["width"])
    sizes = [float(e.attrib["font-size"]) for e in root.iter() if "font-size" in e.attrib]
    assert min(sizes) * scale * 72 / 96 >= 7


def test_the_same_flow_gives_the_same_bytes() -> None:
    for name, flow in LAYOUTS.items():
        assert draw(flow, title=name, note="A note. " * 60) == DRAWINGS[name]


def test_markup_in_names_stays_text() -> None:
    assert "<Biomedical>" not in DRAWINGS["hostile new v1"]
    texts = [t.text or "" for t in parsed("hostile new v1").iter(f"{SVG}text")]
    assert any("&" in text for text in texts)
    assert any("<Biomedical>" in text for text in texts)


def test_an_update_speaks_the_words_of_the_updated_template() -> None:
    diagram = boxes(UPDATE)
    assert [h.text for h in diagram.headings] == [
        "Previous studies",
        "Identification of new studies via databases and registers",
    ]
    assert {box.id: box.lines for box in diagram.boxes} == {
        "previous": (
            "Studies included in previous version of review (n = 11)",
            "Reports of studies included in previous version of review (n = 11)",
        ),
        "identified": (
            "Records identified from:",
            "Databases (n = 9)",
            "PubMed (n = 9)",
            "Registers (n = 0)",
        ),
        "removed": (
            "Records removed before screening:",
            "Duplicate records removed (n = 0)",
            "Records marked as ineligible by automation tools (n = 0)",
            "Records removed for other reasons (n = 0)",
        ),
        "screened": ("Records screened (n = 9)",),
        "records-excluded": ("Records excluded (n = 5)",),
        "sought": ("Reports sought for retrieval (n = 4)",),
        "not-retrieved": ("Reports not retrieved (n = 1)",),
        "assessed": ("Reports assessed for eligibility (n = 3)",),
        "reports-excluded": (
            "Reports excluded:",
            "Not spinal metastases (n = 1)",
            "No marker, no model (n = 1)",
        ),
        "included": ("New studies included in review (n = 1)", "Reports of new included studies (n = 1)"),
        "total": ("Total studies included in review (n = 12)", "Reports of total included studies (n = 12)"),
    }
    assert ("previous", "total") in diagram.arrows
    assert [entry.indent for entry in diagram.box("identified").entries] == [0, 1, 2, 1]


def test_a_new_review_has_neither_previous_nor_total() -> None:
    diagram = boxes(NEW)
    assert [h.text for h in diagram.headings] == ["Identification of studies via databases and registers"]
    assert diagram.box("included").lines == (
        "Studies included in review (n = 1)",
        "Reports of included studies (n = 1)",
    )
    assert not {"previous", "total"} & {box.id for box in diagram.boxes}
    assert not [line for box in diagram.boxes for line in box.lines if "new" in line.lower()]


@pytest.mark.parametrize(("flow", "studies"), [(NEW, "studies"), (UPDATE, "new studies")])
def test_other_methods_have_their_arm_without_screening(flow: FlowCounts, studies: str) -> None:
    diagram = boxes(with_other(flow))
    assert diagram.headings[-1].text == f"Identification of {studies} via other methods"
    other = {box.id: box for box in diagram.boxes if box.id.startswith("other-")}
    assert set(other) == {
        f"other-{x}" for x in ["identified", "sought", "not-retrieved", "assessed", "reports-excluded"]
    }
    assert other["other-identified"].lines == (
        "Records identified from:",
        "Websites (n = 4)",
        "Citation searching (n = 15)",
        "Duplicate records removed (n = 3)",
    )
    assert all(box.grey for box in other.values())
    assert ("other-assessed", "included") in diagram.arrows


def test_records_excluded_are_split_only_where_automation_excluded_any() -> None:
    split = boxes(replace(UPDATE, excluded_automation=2)).box("records-excluded").lines
    assert split == ("Records excluded (n = 5)", "by a human (n = 3)", "by automation tools (n = 2)")


def test_what_waits_is_printed_only_where_something_waits() -> None:
    said = " ".join(line for box in boxes(with_other(UPDATE)).boxes for line in box.lines)
    assert "awaiting" not in said
    assert "since previous version" not in said
    waiting = boxes(hostile(Totals(20000, 30000), other=True))
    assert waiting.box("removed").lines[-1] == "Records awaiting screening (n = 10,044)"
    assert waiting.box("not-retrieved").lines[-1] == "Reports awaiting retrieval (n = 10,100)"
    assert waiting.box("reports-excluded").lines[-1] == "Reports awaiting assessment (n = 500)"
    assert waiting.box("total").lines[2:] == (
        "Studies removed since previous version (n = 3)",
        "Reports removed since previous version (n = 2)",
    )


def test_no_report_excluded_is_a_nought_and_no_empty_list() -> None:
    arm = Arm(sought=4, not_retrieved=1, assessed=3, included=3)
    flow = replace(NEW, main=arm, new=Totals(2, 3), total=Totals(2, 3))
    assert boxes(flow).box("reports-excluded").lines == ("Reports excluded (n = 0)",)


def test_a_flow_that_does_not_add_up_is_refused_with_every_identity_and_both_numbers() -> None:
    broken = replace(UPDATE, screened=500, total=Totals(40, 12))
    with pytest.raises(Refused) as refused:
        draw(broken, title="broken")
    faults = refused.value.faults
    assert (
        "records screened = identified - removed before screening - awaiting screening: 500 is not 9"
        in faults
    )
    assert "total studies = previous + new + late - removed since: 40 is not 12" in faults


@pytest.mark.parametrize(
    ("flow", "fault"),
    [
        (replace(UPDATE, excluded_automation=6), "records excluded by automation tools <= records excluded"),
        (replace(UPDATE, duplicates=-1, awaiting_screening=1), "duplicates >= 0: it is -1"),
        (
            replace(UPDATE, databases=(Line("PubMed", 10), Line("Embase", -1))),
            "databases, Embase >= 0: it is -1",
        ),
        (replace(NEW, removed_since=Totals(1, 0), total=Totals(0, 1)), "nothing is removed since a previous"),
    ],
)
def test_impossible_numbers_are_refused_even_where_the_sums_agree(flow: FlowCounts, fault: str) -> None:
    with pytest.raises(Refused) as refused:
        boxes(flow)
    assert len(refused.value.faults) == 1
    assert refused.value.faults[0].startswith(fault)


def test_unknown_numbers_say_so_and_are_never_nought() -> None:
    diagram = unreported_boxes(["PubMed", "Embase"], 11, None)
    assert [box.id for box in diagram.boxes] == [box.id for box in boxes(NEW).boxes]
    lines = [line for box in diagram.boxes for line in box.lines]
    counted = [line for line in lines if "(n = " in line]
    assert [line for line in counted if re.search(r"\d", line)] == ["Studies included in review (n = 11)"]
    assert all(line.endswith("(n = not reported)") for line in counted if not re.search(r"\d", line))
    assert "PubMed (n = not reported)" in lines


def test_a_previous_version_leads_into_the_total() -> None:
    root = parsed("updated v1")
    areas = box_areas(root)
    shafts = [corners(g.find(f"{SVG}polyline")) for g in groups(root, "arrow")]
    (elbow,) = [points for points in shafts if len(points) == 3]
    previous, total = areas["box-previous"], areas["box-total"]
    assert elbow[0] == pytest.approx(((previous.x + previous.right) / 2, previous.bottom), abs=PRINTED)
    assert elbow[2][1] == pytest.approx((total.y + total.bottom) / 2, abs=PRINTED)
    assert elbow[2][0] < total.x
