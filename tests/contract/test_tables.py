"""Tables: each known source's columns, --map, workbooks, and what a spreadsheet or an accident does to them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from curation.errors import BadInput, Usage
from curation.model import Citation, Number, SourceRecord
from curation.sources.files import read_document, read_export, table, xlsx
from curation.sources.files.decode import of_bytes
from curation.sources.files.formats import Wanted
from curation.sources.files.spool import Export

EXPORTS = Path(__file__).parent.parent / "data" / "exports"
HEADER = ("Title", "Authors", "Year", "Journal", "DOI", "Abstract", "Notes")
ROW = ("Bones of paper", "Hu, Y.; Li, Z.", "2024", "J Made Up Spine", "10.9999/x.1", "Text.", "none")


OPENED: list[Export] = []


@pytest.fixture(autouse=True)
def _spools_are_closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().spool.close()


def opened(export: Export) -> Export:
    OPENED.append(export)
    return export


def exported(name: str) -> Export:
    return opened(read_export(EXPORTS / name))


def records_of(name: str) -> list[SourceRecord]:
    export = exported(name)
    assert export.format == "table"
    assert export.complete
    return list(export.records)


def citation_of(name: str) -> Citation:
    return records_of(name)[0].citation


def read(text: str | bytes, **columns: str) -> Export:
    content = text.encode() if isinstance(text, str) else text
    return opened(read_document(of_bytes(content, "file.csv"), Wanted(columns=columns), allow_partial=True))


def citations(text: str | bytes, **columns: str) -> list[Citation]:
    return [record.citation for record in read(text, **columns).records]


def written(*rows: Sequence[str], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([HEADER, *rows])
    return out.getvalue()


def named(citation: Citation) -> list[str]:
    return [str(author) for author in citation.authors]


def journal_of_six(citation: Citation) -> tuple[str, str, str, str, str | None, str]:
    c = citation
    return c.journal, c.volume, c.issue, c.pages, c.doi, c.date


SIX = ("Journal of Made-up Spine", "12", "3", "152-160", "10.9999/jmus.2024.1")


def test_pubmed_gives_volume_pages_and_date_in_one_line() -> None:
    first, second = records_of("pubmed.csv")
    assert (first.accession, first.origin) == ("90000001", "pubmed")
    assert journal_of_six(first.citation) == (
        "J Made Up Spine", "12", "3", "152-160", "10.9999/jmus.2024.1", "2024-03-05"
    )  # fmt: skip
    assert (first.citation.pmid, first.citation.pmcid) == ("90000001", "PMC9900001")
    assert named(first.citation) == ["Hu Y", "Li ZJ", "van der Berg R"]
    assert first.citation.extra["First Author"] == ("Hu Y",)
    assert (second.citation.pages, second.citation.date) == ("e12", "2023-11")
    assert [author.collective for author in second.citation.authors] == [False, True]


def test_scopus_names_identifiers_and_links() -> None:
    first, second = records_of("scopus.csv")
    assert (first.accession, first.origin) == ("2-s2.0-85000000001", "scopus")
    assert journal_of_six(first.citation) == (*SIX, "2024")  # the DOI stands in the link alone
    assert [(str(a), a.name) for a in first.citation.authors] == [
        ("Hu Y", "Hu, Yue"),
        ("Li ZJ", "Li, Zhong-Jun"),
    ]
    assert (first.citation.title, first.citation.title_given) == (
        "Deep learning & the spine", "Deep <i>learning</i> & the spine"
    )  # fmt: skip
    assert first.citation.sections == (
        ("BACKGROUND", "We invented it."), ("METHODS", "With care."), ("RESULTS", "None.")
    )  # fmt: skip
    assert first.citation.numbers == {Number.SCOPUS: ("2-s2.0-85000000001",), Number.ISSN: ("2049-3630",)}
    assert (first.citation.pmid, first.citation.journal_short) == ("90000001", "J. Made Up Spine")
    assert first.citation.keywords == ("radiomics", "spine", "bone metastasis", "human")
    assert (second.citation.authors, second.citation.abstract, second.citation.pages) == ((), "", "13456")
    assert second.citation.extra["Author full names"] == ("[No author name available]",)
    assert second.citation.extra["Abstract"] == ("[No abstract available]",)
    assert second.citation.numbers[Number.ISBN] == ("9783161484100",)


def test_embase_gives_its_l_number_and_terms_with_brackets() -> None:
    (record,) = records_of("embase.csv")
    assert (record.accession, record.origin) == ("L2030000001", "embase")
    assert journal_of_six(record.citation) == (*SIX, "2024-03-01")
    assert named(record.citation) == ["Hu Y", "Li ZJ", "Adler DG"]
    assert record.citation.abstract == "First paragraph, with a comma.\nSecond one."
    assert record.citation.keywords == (
        "radiomics", "spine", "adult", "vertebra metastasis (diagnosis, surgery)", "human"
    )  # fmt: skip
    assert record.citation.numbers == {
        Number.EMBASE: ("2030000001",),
        Number.TRIAL: ("NCT01234567",),
        Number.ISSN: ("2049-3630", "1234-5679"),
    }
    assert record.citation.pmid == "90000001"


def test_embase_labelled_lines_are_records_parted_by_empty_lines() -> None:
    export = exported("embase_labelled.csv")
    assert (export.openers, export.read, export.origin) == (3, 2, "embase")
    assert [(r.line, r.reason) for r in export.refused] == [(23, "neither title nor identifier")]
    first, second = export.records
    assert first.accession == "L2030000002"
    assert named(first.citation) == ["Hu Y", "Adler DG"]
    assert (first.citation.volume, first.citation.issue, first.citation.pages) == ("12", "3 SUPPL. 1", "S37")
    assert first.citation.abstract == "First paragraph.\nSecond paragraph."
    assert first.citation.keywords == ("adult", "vertebra metastasis (diagnosis, surgery)")
    assert (second.citation.title, second.citation.pmid) == ("The record after it", "90000002")


def test_cochrane_reviews_and_registered_trials() -> None:
    review, trial = records_of("cochrane.csv")
    assert (review.accession, review.origin) == ("CD999001.PUB2", "central")
    assert (review.citation.journal, review.citation.issue) == (
        "Cochrane Database of Systematic Reviews",
        "4",
    )
    assert review.citation.keywords == ("Humans", "*Spine [surgery]")
    assert trial.citation.numbers == {Number.CENTRAL: ("CN-02999001",), Number.TRIAL: ("NCT01234567",)}
    assert (trial.citation.authors, trial.citation.journal) == ((), "")
    assert trial.citation.extra["Author(s)"] == ("NCT01234567",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_web_of_science_tab_delimited_encloses_nothing(encoding: str) -> None:
    content = (EXPORTS / "wos.tsv").read_text("utf-8").encode(encoding)
    export = read(content)
    assert (export.openers, export.read, export.origin) == (2, 2, "wos")
    first, second = export.records
    assert first.accession == "WOS:000900000000001"
    assert first.citation.title == '"Smart" bones and dumb screws'
    assert (first.citation.authors[0].name, named(first.citation)) == (
        "Hu, Yue", ["Hu Y", "Li ZJ", "Invented Spine Grp"]
    )  # fmt: skip
    assert first.citation.authors[2].collective
    assert (first.citation.date, first.citation.journal_short) == ("2024-03-05", "J. Made Up Spine")
    assert first.citation.numbers == {
        Number.WOS: ("000900000000001",),
        Number.ISSN: ("2049-3630", "1234-5679"),
    }
    assert first.citation.publication_types == ("Article", "Early Access")
    assert (second.citation.year, second.citation.pages) == (2023, "e77")  # early access year, article number


@pytest.mark.parametrize(
    ("name", "accession", "origin"),
    [
        ("lens.csv", "001-002-003-004-005", "lens"),
        ("openalex.csv", "W1000000001", "openalex"),
        ("dimensions.csv", "pub.1000000001", "dimensions"),
        ("zotero.csv", "AB12CD34", "pubmed"),
        ("rayyan.csv", "rayyan-1001", "rayyan"),
        ("covidence.csv", "#12", "wos"),
    ],
)
def test_other_sources_give_their_number_and_all_fields(name: str, accession: str, origin: str) -> None:
    (record,) = records_of(name)
    assert (record.accession, record.origin) == (accession, origin)
    citation = record.citation
    assert citation.journal == "Journal of Made-up Spine"
    assert (citation.volume, citation.pages, citation.doi) == ("12", "152-160", "10.9999/jmus.2024.1")
    assert citation.year == 2024
    assert citation.date.startswith("2024-03")
    assert str(citation.authors[0]) == "Hu Y"
    assert len(citation.authors) > 1
    assert citation.abstract == "Text."
    assert citation.pmid == ("90000001" if name != "covidence.csv" else None)


def test_names_in_natural_order_are_turned() -> None:
    assert [(a.family, a.initials, a.name) for a in citation_of("lens.csv").authors] == [
        ("Hu", "Y", "Yue Hu"),
        ("van Smeden", "M", "Maarten van Smeden"),
        ("Nurse", "JRC", "J. R. C. Nurse"),
    ]
    assert named(citation_of("publish_or_perish.csv")) == ["Hu Y", "Li ZJ", "van der Berg R"]
    assert named(citation_of("ieee.csv")) == ["Hu Y", "van der Berg RJ"]


def test_ieee_number_stands_in_the_link_and_the_date_in_words() -> None:
    (record,) = records_of("ieee.csv")
    assert record.accession == "10000001"
    assert (record.citation.journal, record.citation.date) == ("2023 Conference on Nothing", "2023-12")
    assert record.citation.keywords == ("spine", "screws", "Robots")


def test_publish_or_perish_writes_zeros_for_nothing_and_cuts_lists_of_authors() -> None:
    _, second = (record.citation for record in records_of("publish_or_perish.csv"))
    assert (second.volume, second.issue, second.pages) == ("", "", "")
    assert (named(second), second.extra["Authors"]) == (["Long A", "List B"], ("A Long, B List...",))


def test_zotero_numbers_in_its_extra_field() -> None:
    citation = citation_of("zotero.csv")
    assert (citation.pmid, citation.pmcid) == ("90000001", "PMC9900001")
    assert citation.extra["Extra"] == ("PMID: 90000001\nPMCID: PMC9900001",)
    assert citation.keywords == ("radiomics", "spine", "Humans")


def test_endnote_tab_file_below_its_type_line() -> None:
    (record,) = records_of("endnote.tsv")
    assert record.origin == "wos"
    assert record.citation.title == 'Tabs between "quoted" words'
    assert journal_of_six(record.citation) == (*SIX, "2024-03-05")
    assert record.citation.numbers[Number.WOS] == ("000900000000001",)


def test_asreview_rows_are_counted_from_nought_and_labels_stay() -> None:
    first, second, third = records_of("asreview.csv")
    assert first.origin == "asreview"
    assert first.accession != "0"  # every file begins at 0 again
    assert (first.citation.year, first.citation.doi) == (2024, "10.9999/jmus.2024.1")
    assert first.citation.keywords == ("radiomics", "spine")
    assert first.citation.extra == {"record_id": ("0",), "included": ("1",)}
    assert second.citation.title == "=A title like a formula"
    assert (third.citation.title, third.citation.abstract) == ("", "An abstract alone, under a number.")


def test_german_columns_semicolons_and_windows_letters() -> None:
    first, second = records_of("german.csv")
    assert (first.citation.title, named(first.citation)) == ("Wirbel; eine Erfindung", ["Hu Y", "Müller B"])
    assert (first.citation.journal, first.citation.extra) == (
        "Zeitschrift für Nichts",
        {"Signatur": ("x 1",)},
    )
    assert second.citation.pages == "08-Nov"
    assert second.citation.extra["Seiten"] == (
        "08-Nov (a spreadsheet may have taken a range of pages for a date)",
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_line_decides_on_the_delimiter(delimiter: str) -> None:
    row = ("One, two; three|four", *ROW[1:])
    (citation,) = citations(written(row, delimiter=delimiter))
    assert (citation.title, citation.year) == ("One, two; three|four", 2024)


def test_a_sep_line_and_blanks_before_quotes() -> None:
    assert [c.title for c in citations("sep=;\nTitle;Year\nOne;2024\n")] == ["One"]
    assert [c.title for c in citations('"Title", "Year"\n"One, two", "2024"\n')] == ["One, two"]


def test_values_of_columns_with_one_name_are_all_kept() -> None:
    (citation,) = citations("Title,Tag,Tag,ISSN,ISSN\nOne,a,b,2049-3630,1234-5679\n")
    assert citation.extra == {"Tag": ("a", "b")}
    assert citation.numbers[Number.ISSN] == ("2049-3630", "1234-5679")


def test_numbers_that_a_spreadsheet_made_floats() -> None:
    (citation,) = citations("title,pmid,year,volume,pages\nOne,38498926.0,2024.0,12.0,7.0\n")
    assert (citation.pmid, citation.year, citation.volume, citation.pages) == ("38498926", 2024, "12", "7")


@pytest.mark.parametrize("mark", ["=1+1", "+1 group", "-omics", "@home"])
def test_the_apostrophe_before_a_formula_is_taken_off_once(mark: str) -> None:
    plain, doubled, other = citations(f"title,doi\n'{mark},\n''{mark},\n'quoted' words,\n")
    assert (plain.title, doubled.title, other.title) == (mark, f"'{mark}", "'quoted' words")


@pytest.mark.parametrize(
    ("cell", "people"),
    [
        ("Hu, Y.; Li, Z.", ["Hu Y", "Li Z"]),
        ("Hu Y, Li ZJ", ["Hu Y", "Li ZJ"]),
        ("Hu, Y., Li, Z.-J.", ["Hu Y", "Li ZJ"]),
        ("Hu, Y. and van der Berg, R. J.", ["Hu Y", "van der Berg RJ"]),
        ("Yue Hu and Zhong Li", ["Hu Y", "Li Z"]),
        ("Yue Hu, Zhong Li", ["Hu Y", "Li Z"]),
        ("Hu, Yue", ["Hu Y"]),
        ("['Hu, Yue', \"O'Brien, Pat\"]", ["Hu Y", "O'Brien P"]),
        ("Ministry of Health and Welfare", ["Ministry of Health and Welfare"]),
        ("Hu, Yue|Li, Zhong", ["Hu Y", "Li Z"]),
    ],
)
def test_authors_of_any_table(cell: str, people: list[str]) -> None:
    (citation,) = citations(written(("One", cell, *ROW[2:])))
    assert named(citation) == people


def test_map_names_the_columns_of_any_table() -> None:
    text = "Thema;Wer;Nr.;Rest\nOne;Hu, Y.;2-s2.0-1;x\n"
    (citation,) = citations(text, Thema="title", wer="authors", **{"Nr.": "scopus"})
    assert (citation.title, named(citation)) == ("One", ["Hu Y"])
    assert (citation.numbers, citation.extra) == ({Number.SCOPUS: ("2-s2.0-1",)}, {"Rest": ("x",)})


def test_map_goes_before_what_a_column_is_known_for() -> None:
    (record,) = read("Title,Topic,Year,ID\nnot this,One,2024,7\n", Topic="title", ID="accession").records
    assert (record.citation.title, record.accession) == ("One", "7")
    assert record.citation.extra["Title"] == ("not this",)


def test_map_of_an_unknown_field_or_column_is_a_usage_error() -> None:
    with pytest.raises(Usage, match="'name' is no field to map a column to; known are title, abstract"):
        read("a,b\n1,2\n", a="name")
    with pytest.raises(Usage, match="has no column 'c'; its columns are a, b"):
        read("a,b\n1,2\n", c="title")


def test_a_table_without_known_columns_says_how_to_name_them() -> None:
    with pytest.raises(BadInput, match=r"found: a, b\); say what they hold: --map"):
        read_document(of_bytes(b"a,b\n1,2\n", "file.csv"), Wanted(format="table"))


def test_rows_without_title_and_identifier_are_refused_each_with_its_line() -> None:
    export = read('title,abstract,doi\nOne,x,\n,"two\nlines",\n,,10.9999/a\n\n,,\n')
    assert [(r.line, r.reason) for r in export.refused] == [(3, "neither title nor identifier")]
    assert (export.openers, export.read) == (3, 2)


def test_a_row_with_too_many_cells_is_refused_since_its_values_are_shifted() -> None:
    export = read("title,year,doi\nOne, two,2024,10.9999/a\nThree,2024,10.9999/b,,\n")
    assert [r.citation.title for r in export.records] == ["Three"]
    assert [(r.line, r.raw) for r in export.refused] == [(2, b"One, two,2024,10.9999/a")]
    assert "has 4 cells where the header has 3" in export.refused[0].reason


def test_files_put_together_repeat_the_header() -> None:
    text = written(ROW)
    assert [c.title for c in citations(text + text)] == [ROW[0], ROW[0]]


def test_a_stray_quote_swallows_no_rows() -> None:
    rows = [f'T{n},"A{n}, B.",2024,J,,Text.,' for n in range(6)]
    rows[2] = '"T2,A2,2024,J,,Text.,'
    export = read("\n".join([",".join(HEADER), *rows]) + "\n")
    assert (export.openers, export.read) == (6, 6)
    assert [r.citation.title for r in export.records] == ["T0", "T1", '"T2', "T3", "T4", "T5"]


def test_quotes_inside_quotes_that_nobody_doubled() -> None:
    text = ",".join(HEADER) + '\n"He said "no" twice, aloud",,2024,J,,"Text.",\nNext,,,,,,\n'
    first, second = citations(text)
    assert (first.title, first.year, first.abstract) == ('He said "no" twice, aloud', 2024, "Text.")
    assert second.title == "Next"


def test_a_file_cut_off_within_quotes_refuses_its_last_record_and_says_so() -> None:
    export = read(written(ROW) + 'Second,,2024,J,,"An abstract\nthat goes on,\nand')
    assert (export.openers, export.read) == (2, 1)
    assert "cut off" in export.refused[0].reason
    assert export.refused[0].raw.endswith(b"goes on,\nand")


def test_300_authors_and_an_abstract_of_200_kb() -> None:
    crowd = "; ".join(f"Name{n}, A. B." for n in range(300))
    abstract = "word " * 40_000
    (citation,) = citations(written(("One", crowd, "2024", "J", "", abstract, "")))
    assert (len(citation.authors), len(citation.abstract)) == (300, len(abstract) - 1)


CELL = st.text(st.sampled_from("ab,;\"\n\t'= 1é"), max_size=12)
ROWS = st.lists(st.tuples(*[CELL] * 6), max_size=5)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, cut=st.integers(0, 400), stray=st.integers(0, 400))
@example(rows=[("a", '"', "", "", "", "")], cut=400, stray=0)
def test_whatever_happens_to_a_table_each_row_is_read_or_refused(
    rows: list[tuple[str, ...]], cut: int, stray: int
) -> None:
    whole = written(*[(f"title {n}", *row) for n, row in enumerate(rows)])
    at = len(whole.split("\n", 1)[0]) + 1
    damaged = whole[: at + stray] + '"' + whole[at + stray :]
    for text in (whole, whole[: at + cut], damaged):
        document = of_bytes(text.encode(), "file.csv")
        outcomes = list(table.read(document, Wanted()))
        assert len(outcomes) == table.openers(document, Wanted())
    assert len(list(table.read(of_bytes(whole.encode(), "file.csv"), Wanted()))) == len(rows)


def workbook(*rows: Sequence[object], title: str = "Sheet1") -> Workbook:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    return book


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


WOS_NAMES = (
    "Publication Type", "Authors", "Author Full Names", "Article Title", "Source Title", "Document Type",
    "Author Keywords", "Abstract", "ISSN", "Publication Date", "Publication Year", "Volume", "Issue", "Start Page",
    "End Page", "DOI", "Pubmed Id", "UT (Unique WOS ID)",
)  # fmt: skip


def test_web_of_science_workbook_by_another_program() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("savedrecs")
        sheet.write_row(0, 0, WOS_NAMES)
        sheet.write_row(
            1, 0,
            ("J", "Hu, Y; Li, ZJ", "Hu, Yue; Li, Zhong-Jun", "A title", "JOURNAL", "Article", "a; b", "Text.",
             "2049-3630", "MAR 5", 2024, 12, 3.0, 152, 160, "10.9999/x", 90000001, "WOS:000900000000001"),
        )  # fmt: skip
    export = read(out.getvalue())
    assert (export.format, export.openers, export.read, export.origin) == ("table", 1, 1, "wos")
    (record,) = export.records
    assert record.accession == "WOS:000900000000001"
    citation = record.citation
    assert (citation.volume, citation.issue, citation.pages, citation.date) == (
        "12",
        "3",
        "152-160",
        "2024-03-05",
    )
    assert (citation.pmid, citation.keywords, named(citation)) == ("90000001", ("a", "b"), ["Hu Y", "Li ZJ"])
    assert citation.extra["Publication Type"] == ("J",)


def test_proquest_workbook_with_preamble_and_empty_rows() -> None:
    book = workbook(
        ("Exported for nobody",), (), ("Title", "Abstract", "StoreId", "ArticleType", "Authors", "pubtitle", "volume",
        "issue", "startPage", "pubdate", "year", "issn", "digitalObjectIdentifier", "language", "subjectTerms", "DocumentURL"),
        (), ("One", "Text.", 2214991469, "Journal Article", "Hu, Yue; Li, Zhong", "J Made Up Spine", 12, 3, 152,
        "Mar 2024", 2024, "20493630", "10.9999/x", "English", "Bones; Paper", "https://example.org"), (None, " "),
    )  # fmt: skip
    export = read(saved(book))
    assert (export.openers, export.read, export.origin) == (1, 1, "proquest")
    (record,) = export.records
    assert (record.accession, record.citation.date) == ("2214991469", "2024-03")
    assert record.citation.keywords == ("Bones", "Paper")


def test_formulas_are_text_and_dates_are_as_shown() -> None:
    book = workbook(("Title", "Pages", "DOI", "Link", "Date"))
    sheet = book["Sheet1"]
    mangled, day = dt.datetime(2024, 11, 8), dt.datetime(2024, 3, 5)  # noqa: DTZ001 - spreadsheets know no time zones
    sheet.append(["=1+1", mangled, "10.9999/x", '=HYPERLINK("http://a","b")', day])
    sheet["B2"].number_format = "d-mmm"
    (citation,) = citations(saved(book))
    assert (citation.title, citation.pages, citation.date) == ("=1+1", "08-Nov", "2024-03-05")
    assert citation.extra["Pages"] == ("08-Nov (a date in the spreadsheet: 2024-11-08)",)
    assert citation.extra["Link"] == ('=HYPERLINK("http://a","b")',)


def test_every_sheet_with_a_header_is_read_and_one_that_lost_its_header_is_not_passed_over() -> None:
    book = workbook(HEADER, ROW, title="first")
    more = book.create_sheet("second")
    more.append(list(HEADER))
    more.append(["Other", *ROW[1:]])
    notes = book.create_sheet("notes")
    notes.append(["searched on", "2024-01-01"])
    assert [c.title for c in citations(saved(book))] == ["Bones of paper", "Other"]
    lost = book.create_sheet("third")
    lost.append(["Lost", *ROW[1:]])
    export = read(saved(book))
    assert not export.complete
    assert [(r.outside, r.line) for r in export.refused] == [(True, 1)]
    assert "sheet 'third' has rows as wide as the table before it, but no header" in export.refused[0].reason


def test_map_of_a_workbook() -> None:
    (citation,) = citations(saved(workbook(("Thema", "x"), ("One", 1))), Thema="title")
    assert (citation.title, citation.extra) == ("One", {"x": ("1",)})
    with pytest.raises(Usage, match="has no column 'y'; its columns are Thema, x"):
        read(saved(workbook(("Thema", "x"), ("One", 1))), y="title")


def test_a_zip_that_is_no_workbook_is_refused_in_one_line() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("records.ris", "TY  - JOUR\n")
    with pytest.raises(BadInput, match="is a ZIP archive and no workbook; unpack it"):
        read(out.getvalue())


@pytest.mark.parametrize("length", [10, 500, 3000, -1, -30])
def test_a_workbook_cut_off_is_refused_in_one_line(length: int) -> None:
    with pytest.raises(BadInput, match="is a ZIP archive, and no whole workbook"):
        read(saved(workbook(HEADER, ROW))[:length])


def test_a_workbook_that_declares_entities_is_refused() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><worksheet><sheetData/></worksheet>'
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved(workbook(HEADER, ROW)))) as sound,
        zipfile.ZipFile(out, "w") as archive,
    ):
        for name in sound.namelist():
            archive.writestr(name, bomb if name == "xl/worksheets/sheet1.xml" else sound.read(name))
    with pytest.raises(BadInput, match=r"xl/worksheets/sheet1.xml in it declares entities"):
        read(out.getvalue())


@pytest.mark.shared
def test_every_shared_table_is_read_whole(shared_data: Path) -> None:
    files = sorted((shared_data / "csv").iterdir()) + sorted((shared_data / "dedup").glob("*/records.csv"))
    refused = {}
    for path in files:
        export = opened(read_export(path))
        assert export.format == "table", path.name
        assert export.read + len(export.refused) == export.openers > 0, path.name
        refused[path.name] = {r.reason for r in export.refused}
    assert {name: reasons for name, reasons in refused.items() if reasons} == {
        "asreview__duplicate_records.csv": {"neither title nor identifier"},
        "asreview__missing_values.csv": {"neither title nor identifier"},
    }


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("asreview__embase.csv", {"title", "abstract", "authors", "year", "journal", "volume", "pages", "doi", "keywords"}),
        ("bibliometrix__scopus_sample.csv", {"title", "abstract", "authors", "year", "journal", "volume", "doi", "numbers"}),
        ("bibliometrix__lens_sample.csv", {"title", "abstract", "authors", "year", "journal", "volume", "pages", "doi"}),
        ("bibliometrix__openalex_sample.csv", {"title", "authors", "year", "journal", "doi", "language"}),
    ],
)  # fmt: skip
def test_known_sources_fill_their_fields_in_every_record(
    shared_data: Path, name: str, fields: set[str]
) -> None:
    export = opened(read_export(shared_data / "csv" / name))
    assert {field for field in fields if export.fill[field] != export.read} == set()


@pytest.mark.parametrize(
    "head",
    [
        "TY  - JOUR\nTI  - Title, authors; doi\nER  - \n",
        f"<?xml version='1.0'?><xml><records><record>{'x' * 200}<title>a;title;doi;b,title,doi</title>",
        "Just a sentence, with a title.\n",
        "title\nOne\n",
    ],
)
def test_other_texts_have_no_header(head: str) -> None:
    assert not table.has_header(head)


def test_a_table_put_behind_another_is_read_under_its_own_header() -> None:
    content = (
        'Title,Authors,Year,DOI\n"One","Hu, Y.",2020,10.5555/a\n'
        'DOI;Year;Title;Journal;Abstract\n10.5555/b;2021;Two;J;"Two\nlines; here"\n'
        '\ufeff"Journal","Title","Year"\n"K","Three",2022\n'
    )
    with read_document(of_bytes(content.encode(), "export.csv")) as export:
        cited = [record.citation for record in export.records]
    assert (export.openers, export.refused) == (3, ())
    assert [(c.title, c.journal, c.year, c.doi) for c in cited] == [
        ("One", "", 2020, "10.5555/a"),
        ("Two", "J", 2021, "10.5555/b"),
        ("Three", "K", 2022, None),
    ]
    assert cited[1].abstract == "Two lines; here"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/media/image1.png"])
def test_a_document_type_is_refused_in_any_part_of_a_workbook(part: str, encoding: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        head = f'<?xml version="1.0" encoding="{encoding}"?><!--{" " * 100_000}-->'
        archive.writestr(part, f'{head}<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode(encoding))
    with pytest.raises(BadInput, match="declares entities"):
        list(xlsx.sheets(of_bytes(stream.getvalue(), "export.xlsx")))


@pytest.mark.parametrize("authors", ['"Quist, A""', '"Quist, A.'])
def test_a_quote_too_many_or_too_few_does_not_swallow_the_next_row(authors: str) -> None:
    content = (
        "Title,Authors,Abstract,Year,Journal,Volume\n"
        f"Spoilt,{authors},,2020,J,1\n"
        'Behind it,"Roe, B.",Twelve mice.,2022,J,2\n'
    )
    with read_document(of_bytes(content.encode(), "export.csv")) as export:
        assert [record.citation.title for record in export.records] == ["Behind it"]
    [refused] = export.refused
    assert (refused.line, "quotes do not fit" in refused.reason) == (2, True)
