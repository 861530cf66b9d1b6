"""Names, dates, pages, numbers and abstracts as the sources write them."""

from __future__ import annotations

import pytest

from curation.model import Author, Number
from curation.sources.files.fields import (
    Fields,
    absent,
    abstract_of,
    author,
    authors_of,
    date_of,
    first_doi,
    isbns,
    issns,
    keywords_of,
    numbers_of,
    pages_of,
    paragraphs,
    plain,
    title_of,
    trials,
)

LONG = "This line is longer than any page is wide, as the lines of Web of Science are, and it goes on and on and on until its"


@pytest.mark.parametrize(
    ("value", "authors"),
    [
        ("Hu, Yue", [Author("Hu", "Y")]),
        ("Shannon,Claude E.", [Author("Shannon", "CE")]),
        ("Garcia-Lopez, Jean-Pierre, Jr.", [Author("Garcia-Lopez", "JP Jr.")]),
        ("Hu Y", [Author("Hu", "Y")]),
        ("Smith JA Jr", [Author("Smith", "JA Jr")]),
        ("Fanning E.", [Author("Fanning", "E")]),
        ("R. J. van der Berg", [Author("van der Berg", "RJ")]),
        ("W. -Y. Chung", [Author("Chung", "WY")]),
        ("Spine Study Group", [Author("Spine Study Group")]),
        ("World Invention Organization,", [Author("World Invention Organization", collective=True)]),
        ("Van Dung, ", [Author("Van Dung")]),
        ("A RCA, B JJ, C C", [Author("A", "RCA"), Author("B", "JJ"), Author("C", "C")]),
        ("Hu, Y.; Li, Z. J.", [Author("Hu", "Y"), Author("Li", "ZJ")]),
        ("Hu, Y. and Li, Z. J.", [Author("Hu", "Y"), Author("Li", "ZJ")]),
        ("Society of Hand and Wrist, Nowhere", [Author("Society of Hand and Wrist", "N")]),
        ("Hu Y\nLi Z", [Author("Hu", "Y"), Author("Li", "Z")]),
    ],
)
def test_names_come_in_every_fashion(value: str, authors: list[Author]) -> None:
    assert list(authors_of([value])) == authors


def test_a_name_is_kept_as_printed_where_that_says_more() -> None:
    assert author("Hu, Yue").name == "Hu, Yue"
    assert author("Hu Y").name == ""


@pytest.mark.parametrize(
    ("told", "year", "date"),
    [
        (["2019", "JUN 13"], 2019, "2019-06-13"),
        (["2023", "13-15 Dec. 2023"], 2023, "2023-12"),
        (["1999/08//undefined"], 1999, "1999-08"),
        (["2022/08/26/", "2022"], 2022, "2022-08-26"),
        (["2020", "2019-12-15"], 2020, "2020"),
        (["2024///"], 2024, "2024"),
        (["2020 Mar 3"], 2020, "2020-03-03"),
        (["2014-13-40"], 2014, "2014"),
        (["no date", ""], None, ""),
        (["10 15"], None, ""),
    ],
)
def test_a_date_is_known_as_far_as_it_is_told(told: list[str], year: int | None, date: str) -> None:
    assert date_of(*told) == (year, date)


@pytest.mark.parametrize(
    ("start", "end", "pages"),
    [
        ("152", "160", "152-160"),
        ("152-60", "", "152-160"),
        ("442--449", "", "442-449"),
        ("94", "+", "94+"),
        ("e0815", "", "e0815"),
        ("12", "12", "12"),
        ("No", "Specified", ""),
        ("N.PAG", "N.PAG", ""),
        ("iv", "ix", "iv-ix"),
        ("", "", ""),
    ],
)
def test_pages_are_written_in_full_or_not_at_all(start: str, end: str, pages: str) -> None:
    assert pages_of(start, end) == pages


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0306-4530 (Print)0306-4530", ("0306-4530",)),
        ("03064530 (ISSN)", ("0306-4530",)),
        ("0000-0019, 0000-0027", ("0000-0019", "0000-0027")),
        ("2050-084x", ("2050-084X",)),
        ("0306-4531", ()),
        ("9783319113180", ()),
    ],
)
def test_an_issn_is_one_when_its_check_digit_holds(text: str, found: tuple[str, ...]) -> None:
    assert issns(text) == found


def test_an_isbn_is_one_when_its_check_digit_holds() -> None:
    assert isbns("978-3-319-11318-0 (print)") == ("9783319113180",)
    assert isbns(r"0-521-46674-1\0-521-46128-6") == ("0521466741", "0521461286")
    assert isbns("978-3-319-11318-1", "0306-4530") == ()


def test_numbers_of_trials_are_found_by_their_form() -> None:
    text = "Registered as NCT01234567 and ISRCTN12345678, not as NCT12; NCT01234567."
    assert trials(text) == ("NCT01234567", "ISRCTN12345678")
    assert numbers_of({Number.TRIAL: ["a", "a"], Number.ISSN: []}) == {Number.TRIAL: ("a",)}


def test_the_first_doi_is_taken_bare() -> None:
    assert first_doi("none", "https://dx.doi.org/10.5555/AB.", "10.5555/cd") == "10.5555/ab"
    assert first_doi("none") is None


def test_keywords_come_once_each_without_their_separators() -> None:
    assert keywords_of(["Spine;", "Parkinson&#x2019;s\nSpine", " "]) == ("Spine", "Parkinson’s")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("One line.", ["One line."]),
        ("wrapped by\nthe page", ["wrapped by the page"]),
        ("First.\n\nSecond.", ["First.", "Second."]),
        (f"{LONG} end.\nA second paragraph.", [f"{LONG} end.", "A second paragraph."]),
        (f"{LONG}\nend is here.", [f"{LONG} end is here."]),
        ("Aim: To ask. Methods: We did.", ["AIM: To ask.", "METHODS: We did."]),
        ("To ask.\nResults: They said.", ["To ask.", "RESULTS: They said."]),
        (
            "Known., RECENT FINDINGS: None., IN SHORT: Nothing.",
            ["Known.", "RECENT FINDINGS: None.", "IN SHORT: Nothing."],
        ),
        ("OBJECTIVES We ask. METHODS We did.", ["OBJECTIVES: We ask.", "METHODS: We did."]),
        ("Materials and methods: We did.", ["MATERIALS AND METHODS: We did."]),
        ("Method(s): We did.", ["METHOD(S): We did."]),
        ("Two groups: A and B. Three words: no label.", ["Two groups: A and B. Three words: no label."]),
        ("It shows results: none.", ["It shows results: none."]),
        ("METHODS We wrote only this.", ["METHODS We wrote only this."]),
        ("", []),
    ],
)
def test_sections_and_paragraphs_become_lines(text: str, lines: list[str]) -> None:
    assert paragraphs(text) == "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "abstract"),
    [
        ("<p>One.</p><p>Two &amp; three.</p>", "One.\nTwo & three."),
        (
            "<jats:title>Abstract</jats:title><jats:p>It is <jats:italic>n</jats:italic> = 3.</jats:p>",
            "It is n = 3.",
        ),
        ("<h4>Background</h4>Known.<h4>Results</h4>CO<sub>2</sub>.", "BACKGROUND: Known.\nRESULTS: CO2."),
        ("<p><b>Methods:</b> We did. <b>All</b> of it.</p>", "METHODS: We did. All of it."),
        ('<AbstractText Label="AIM OF IT">To ask.</AbstractText>', "AIM OF IT: To ask."),
        ("p < 0.05 and n > 3", "p < 0.05 and n > 3"),
    ],
)
def test_markup_of_an_abstract_becomes_lines_and_labels(text: str, abstract: str) -> None:
    assert abstract_of(text) == abstract


@pytest.mark.parametrize(
    "text",
    [
        "NA",
        "n/a",
        "[No abstract available]",
        "No abstract available.",
        "Copyright of X is the property of Y and more.",
    ],
)
def test_a_text_that_says_there_is_no_abstract_is_none(text: str) -> None:
    assert absent(text)


@pytest.mark.parametrize(
    "text", ["Nasal", "No abstract art is available in Nowhere; we painted some.", "Not all is lost."]
)
def test_other_short_abstracts_are_abstracts(text: str) -> None:
    assert not absent(text)


def test_a_title_is_kept_as_given_where_markup_was_stripped() -> None:
    assert title_of("H<sub>2</sub>O  &amp; <i>air</i>") == ("H2O & air", "H<sub>2</sub>O &amp; <i>air</i>")
    assert title_of("A  plain\ntitle") == ("A plain title", "")
    assert plain("a<br/>b <391::AID-ASI1> 3 < 4") == "a b <391::AID-ASI1> 3 < 4"


def test_what_is_taken_from_the_fields_is_gone_and_the_rest_is_verbatim() -> None:
    fields = Fields([("AU", "A"), ("AU", "B"), ("N1", " x "), ("N1", ""), ("SN", "1"), ("SN", "2")])
    assert fields.take_all("AU") == ("A", "B")
    assert fields.take_first("ZZ", "SN") == "1"
    fields.take_where(("SN", "ZZ"), lambda value: value == "2")
    assert fields.see("N1", "SN") == ("x",)
    assert fields.rest() == {"N1": ("x",)}
