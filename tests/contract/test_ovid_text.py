"""Ovid text, tagged and spelt out: the fields of each database, its source lines, and that no record is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from curation.model import Author, Citation, Number, SourceRecord
from curation.sources.files import read_export
from curation.sources.files.decode import RefusedRecord, of_bytes
from curation.sources.files.formats import Wanted, named
from curation.sources.files.ovid_source import Source, source

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
NAMES = ("embase.ovid.txt", "medline.ovid.txt", "psycinfo.ovid.txt")


def outcomes(text: str | bytes) -> list[SourceRecord | RefusedRecord]:
    document = of_bytes(text.encode() if isinstance(text, str) else text, "export.cgi")
    return list(named("ovid").read(document, Wanted()))


def records(name: str) -> list[SourceRecord]:
    with read_export(EXPORTS / name) as export:
        assert (export.format, export.refused, export.read) == ("ovid", (), export.openers)
        return list(export.records)


def citation(name: str, number: int = 0) -> Citation:
    return records(name)[number].citation


def citation_with(fields: str) -> Citation:
    [found] = outcomes(f"<1. >\nVN  - Ovid Technologies\nTI  - A title\n{fields}\n")
    assert isinstance(found, SourceRecord)
    return found.citation


def test_each_record_shows_its_database_and_stands_under_its_number() -> None:
    assert [(r.accession, r.origin) for name in NAMES for r in records(name)] == [
        ("699000051", "ovid-embase"),
        ("699000052", "ovid-embase"),
        ("99000061", "ovid-medline"),
        ("00042637-900000000-99667", ""),
        ("2099-33942-012", "ovid-psycinfo"),
        ("2099-99150-257", "ovid-psycinfo"),
    ]


def test_embase_tagged() -> None:
    found = citation("embase.ovid.txt")
    assert found.title == "Quality of invented life in long records: A systematic invention."
    assert found.authors == (Author("Baum", "L"), Author("van der Aalto", "JS"))
    assert (found.journal, found.volume, found.issue) == ("Invented Proceedings", "12", "Supplement 3")
    assert (found.pages, found.year, found.date) == ("e77", 2018, "2018-05-05")
    assert (found.doi, found.pmid) == ("10.5555/livrev.ovid.51", "99000051")
    assert found.numbers == {
        Number.EMBASE: ("699000051",),
        Number.TRIAL: ("NCT99900051",),
        Number.ISSN: ("0000-0019",),
    }
    assert found.keywords == ("adult", "metastasis", "spine", "invented", "record")
    assert (found.language, found.publication_types) == (("English",), ("Conference Abstract",))
    assert found.extra["IN"] == (
        "(Baum) Invented Institute, Nowhere",
        "(van der Aalto) Second Institute, Elsewhere",
    )
    assert found.extra["MH"] == ("*metastasis/di [Diagnosis]", "*spine")
    assert found.extra["AU"] == ("Anonymous",)


def test_paragraphs_in_column_0_belong_to_the_abstract() -> None:
    assert citation("embase.ovid.txt").sections == (
        ("BACKGROUND", "As in most inventions, little is known."),
        ("METHOD(S)", "We invented records (n = 40)."),
        ("RESULT(S)", "We found 260 of them."),
    )


def test_medline_spelt_out() -> None:
    found = citation("medline.ovid.txt")
    assert found.title == "[An invented title of another language]."
    assert found.title_given == "[An invented title of another language]. [Review] [45 refs] [Serbian]"
    assert found.authors == (Author("Baum", "M"), Author("Holzer", "MF Jr"))
    assert [author.name for author in found.authors] == ["Baum, Mara", "Holzer, Michael F Jr"]
    assert (found.journal, found.volume, found.pages) == ("Annals of Invention", "35 Suppl 4", "S773-S779")
    assert (found.year, found.date) == (2015, "2015-07-01")
    assert (found.doi, found.pmid, found.pmcid) == ("10.5555/livrev.ovid.61", "99000061", "PMC9900061")
    assert found.keywords == ("Spine", "Humans", "texture", "deep learning")
    assert found.publication_types == ("Journal Article", "Research Support, Non-Inv. Gov't")
    assert [label for label, _ in found.sections] == ["BACKGROUND", "METHODS"]
    assert found.extra["MeSH Subject Headings"] == ("*Spine/dg [Diagnostic Imaging]",)
    assert found.extra["Date Created"] == ("20150630",)


def test_full_text_collection_marks_and_degrees_are_no_part_of_a_name() -> None:
    found = citation("medline.ovid.txt", 1)
    assert found.title == "Effects of an invented system."
    assert found.authors == (Author("Holz", "J"), Author("Math", "T"))
    assert [author.name for author in found.authors] == ["Holz, Jakob", "Math, Tim"]
    assert found.extra["Author"] == ("Holz, Jakob 1,2,+;  Math, Tim MD, PhD *",)
    assert (found.journal, found.date) == ("Journal of Invented Informatics", "2014-08-18")
    assert found.abstract == "Words after a colon."
    assert found.keywords == ("decision support", "invented records")
    assert (found.doi, found.numbers) == ("10.5555/livrev.ovid.62", {Number.ISSN: ("0000-0027",)})


def test_psycinfo_set_in_with_one_blank_before_the_dash_and_blank_lines() -> None:
    found = citation("psycinfo.ovid.txt")
    assert found.title == "A comparison of invented reassurance."
    assert (found.journal, found.volume, found.issue) == ("Invented Psychotherapy", "43", "5")
    assert (found.pages, found.date, found.pmid) == ("623-634", "2015-09", "99000071")
    assert found.numbers == {Number.ISSN: ("0000-0035", "0000-0043")}
    assert found.keywords == ("Reassurance", "invented records", "reassurance")
    assert found.extra["IN"] == (
        "Koch, Osamu: Invented University, Nowhere",
        "Eiche, Shigeru: Second University, Elsewhere",
    )
    assert found.extra["RF"] == (
        "Beck, A. T. (1996). An invented manual.",
        "Brislin, R. W. (1970). Back-translation of inventions.",
    )
    assert found.extra["GS"] == ("<b>Sponsor: </b>Fund of Inventions", "<b>Other Details: </b>Grant 1")
    thesis = citation("psycinfo.ovid.txt", 1)
    assert (thesis.pages, thesis.issue, thesis.extra["PG"]) == ("", "2-A(E)", ("No Pagination Specified",))
    assert thesis.numbers == {Number.ISBN: ("9780000000019",)}


def test_a_line_like_a_tag_of_another_fashion_is_text() -> None:
    assert "PI - with a tag-like line in it." in citation("psycinfo.ovid.txt").abstract
    found = citation_with("AB  - Some words and\n      CT - guided\nPI - column 0\nMH  - spine")
    assert found.abstract.split("\n") == ["Some words and CT - guided", "PI - column 0"]
    assert found.keywords == ("spine",)


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ("DB  - Embase\nUI  - 699000051", {Number.EMBASE: ("699000051",)}),
        ("DB  - Embase\nAN  - L699000051", {Number.EMBASE: ("699000051",)}),
        (
            "DB  - EBM Reviews - Cochrane Central Register of Controlled Trials\nAN  - CN-99000001",
            {Number.CENTRAL: ("CN-99000001",)},
        ),
        ("DB  - APA PsycInfo\nAN  - Book: 2011-27892-001.", {}),
    ],
)
def test_the_number_is_the_databases_own(fields: str, number: dict[Number, tuple[str, ...]]) -> None:
    assert citation_with(fields).numbers == number


@pytest.mark.parametrize(
    ("fields", "pmid"),
    [
        ("DB  - Ovid MEDLINE(R) ALL\nUI  - 99000081", "99000081"),
        ("DB  - Embase\nUI  - 99000081", None),
        ("DB  - Embase\nPM  - 99000081 [http://example.org/?term=99000081]", "99000081"),
        ("DB  - Ovid MEDLINE(R)\nUI  - 99000081\nPM  - PMC9900081", "99000081"),
        ("XL  - http://x.example/?sid=OVID:medline&id=pmid:99000081&id=doi:&issn=", "99000081"),
        ("XL  - http://x.example/?sid=OVID:biopdb&id=pmid:&id=doi:&issn=0000-0019", None),
    ],
)
def test_a_pubmed_number_is_taken_where_the_database_says_so(fields: str, pmid: str | None) -> None:
    assert citation_with(fields).pmid == pmid


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (
            "Annals of Invention.  35(7):3773-9, 2015 Jul.",
            ("Annals of Invention", "35", "7", "3773-9", "2015 Jul."),
        ),
        ("BMJ. 338:b2700, 2009.", ("BMJ", "338", "", "b2700", "2009.")),
        ("Cochrane Reviews. (3):CD01, 2009.", ("Cochrane Reviews", "", "3", "CD01", "2009.")),
        ("Inv J. 2015 Jul 1.", ("Inv J", "", "", "", "2015 Jul 1")),
        (
            "Inv Spine. 30 (5) (pp 44-56), 2021. Date of Publication: May 2021.",
            ("Inv Spine", "30", "5", "44-56", "May 2021"),
        ),
        (
            "Inv Spine. 30(5) (no pagination), 2021. Article Number: 554.",
            ("Inv Spine", "30", "5", "554", "2021"),
        ),
        ("Inv Psych. Vol.75(2-A(E)),2014, pp. 3-4.", ("Inv Psych", "75", "2-A(E)", "3-4", "2014")),
        (
            "Acta Inv November/December 2010;6:611-613",
            ("Acta Inv", "6", "", "611-613", "November/December 2010"),
        ),
        (
            "Inv & Co. 201(2-3):327-334, November 15, 2004.",
            ("Inv & Co", "201", "2-3", "327-334", "November 15, 2004."),
        ),
        ("Inv Gazette. 1288(3), Nov. 16, 2004.", ("Inv Gazette", "1288", "3", "", "Nov. 16, 2004.")),
        ("Hydroinv. 2007 15 June; 433-441.", ("Hydroinv", "", "", "433-441", "2007 15 June")),
        ("Inv Studies 12, Winter 2007: 7-14.", ("Inv Studies", "12", "", "7-14", "Winter 2007")),
        ("Surgery: Invented. 12(3):1-4, 2010.", ("Surgery: Invented", "12", "3", "1-4", "2010.")),
        ("Herausgeber, H [Ed]. (2012). A book. (pp. 11-31).", ("", "", "", "11-31", "")),
        ("Journal of Nothing More. ", ("Journal of Nothing More", "", "", "", "")),
    ],
)
def test_source_lines_of_each_database(line: str, parts: tuple[str, ...]) -> None:
    assert source(line) == Source(*parts)


def test_parts_in_fields_of_their_own_go_before_the_source_line() -> None:
    found = citation_with(
        "SO  - Inv J. 3(1):1-2, 2001.\nJN  - Invented Journal\nVO  - 4\nIP  - 2\nPG  - 7-9\nYR  - 2002"
    )
    assert (found.journal, found.volume, found.issue, found.pages) == ("Invented Journal", "4", "2", "7-9")
    assert (found.year, found.date) == (2002, "2002")
    assert found.extra["SO"] == ("Inv J. 3(1):1-2, 2001.",)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_cut_off_anywhere_loses_no_record_in_silence(name: str) -> None:
    content = (EXPORTS / name).read_bytes()
    starts = [found.start() for found in re.finditer(rb"(?m)<\d+(?:\. )?>\r?$", content)]
    near = {start + step for start in starts[1:] for step in range(1, 24)}
    for end in sorted(near | set(range(starts[0] + 7, len(content), 7))):
        document = of_bytes(content[:end], "cut.txt")
        found = list(named("ovid").read(document, Wanted()))
        outside = sum(isinstance(outcome, RefusedRecord) and outcome.outside for outcome in found)
        assert len(found) == sum(start < end for start in starts), content[end - 30 : end]
        assert len(found) - outside == named("ovid").openers(document, Wanted())


def test_a_record_with_neither_title_nor_number_is_refused_in_its_place() -> None:
    first, second, third = outcomes("<1. >\nTI  - A\n\n<2. >\nAU  - Hu, Y\n\n<3. >\nVN  - Ov")
    assert isinstance(first, SourceRecord)
    assert isinstance(second, RefusedRecord)
    assert isinstance(third, RefusedRecord)
    assert (second.line, second.reason, second.outside) == (4, "neither title nor identifier", False)
    assert second.raw == b"<2. >\nAU  - Hu, Y"
    assert third.reason == "neither title nor identifier; the file may be cut off"


def test_a_record_without_a_number_goes_by_its_text() -> None:
    [found] = outcomes("Database: Embase\n\n<1>\nTI  - A title\n")
    assert isinstance(found, SourceRecord)
    assert found.accession.startswith("sha256:")
    assert found.raw == b"<1>\nTI  - A title"


def test_unknown_and_repeated_fields_are_kept() -> None:
    found = citation_with("XY  - one\nXY  - two\nTI  - again\nIB  - 978-0-00-000001-9 (cloth)")
    assert found.extra == {
        "VN": ("Ovid Technologies",),
        "XY": ("one", "two"),
        "TI": ("again",),
        "IB": ("978-0-00-000001-9 (cloth)",),
    }
    assert found.numbers == {Number.ISBN: ("9780000000019",)}


def test_three_hundred_authors_and_a_long_abstract_are_read_whole() -> None:
    names = "".join(f"AU  - Autor{n} A.\n" for n in range(300))
    found = citation_with(f"{names}AB  - {'word ' * 40_000}")
    assert len(found.authors) == 300
    assert found.authors[-1] == Author("Autor299", "A")
    assert len(found.abstract) == 199_999


LATER = {
    "tagged": "UI  - 2\nTI  - A title lost\nAB  - Of what was lost.\n",
    "spelt out": "Unique Identifier\n  2\nTitle\n  A title lost\n",
}
FIRST = {"tagged": "UI  - 1\nTI  - One title\n", "spelt out": "Unique Identifier\n  1\nTitle\n  One title\n"}


@pytest.mark.parametrize("shape", LATER)
@pytest.mark.parametrize("opener", ["2. >\n", "<2. \n", "<x. >\n", ""])
def test_a_later_record_whose_opener_is_damaged_is_refused_and_merges_with_none(
    shape: str, opener: str
) -> None:
    text = f"<1. >\n{FIRST[shape]}\n{opener}{LATER[shape]}\n<3. >\n{FIRST[shape]}"
    first, lost, third = outcomes(text)
    assert isinstance(first, SourceRecord)
    assert isinstance(third, SourceRecord)
    assert first.citation == third.citation
    assert isinstance(lost, RefusedRecord)
    assert lost.outside
    assert lost.raw.decode() == (opener + LATER[shape]).rstrip()
    assert text.split("\n")[lost.line - 1] == (opener + LATER[shape]).split("\n")[0]


@pytest.mark.parametrize("shape", LATER)
def test_fields_before_the_first_opener_are_refused_and_words_about_the_search_are_not(shape: str) -> None:
    words = "Database: Ovid MEDLINE(R) <1946 to May 2024>\nSearch Strategy:\n------\n1     exp Pain/ (12)\n\n"
    assert len(outcomes(f"{words}<1. >\n{FIRST[shape]}")) == 1
    lost, record = outcomes(f"{LATER[shape]}\n<1. >\n{FIRST[shape]}")
    assert isinstance(lost, RefusedRecord)
    assert (lost.line, lost.outside, lost.raw.decode()) == (1, True, LATER[shape].rstrip())
    assert isinstance(record, SourceRecord)


@pytest.mark.parametrize("field", ["DP  - Spring", "DG  - 7000001", "DG  - May"])
def test_a_date_that_is_none_stays(field: str) -> None:
    assert citation_with(field).extra[field[:2]] == (field[6:],)


@pytest.mark.shared
def test_both_real_files_give_the_same_records(shared_data: Path) -> None:
    found = []
    for path in sorted((shared_data / "ovid").iterdir()):
        with read_export(path) as export:
            assert (export.openers, export.read, export.refused, export.origin) == (2, 2, (), "ovid-embase")
            found.append([record.citation for record in export.records])
    assert len(found) == 2
    assert found[0] == found[1]
    assert [label for label, _ in found[0][0].sections] == [
        "BACKGROUND",
        "METHOD(S)",
        "RESULT(S)",
        "CONCLUSION(S)",
    ]
