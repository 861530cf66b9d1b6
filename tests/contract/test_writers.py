"""What we write, our own readers give back: every writer, any citation, whatever stands in its fields."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.errors import LivrevError, Usage
from curation.model import Author, Citation, Decision, Number, SourceRecord, Stage
from curation.sources.files import read_document, read_export
from curation.sources.files.carried import restored
from curation.sources.files.decode import of_bytes
from curation.sources.files.write import FORMS, Exported, form

HU = Citation(
    title="Perfusion of vertebral marrow: a phantom study",
    abstract="BACKGROUND: Marrow was measured.\nMETHODS: Twice, by two of us.\nRESULTS: It was there.",
    authors=(
        Author("Hu", "YJ", name="Hu, Yue-Jun"),
        Author("van der Berg", "R"),
        Author("Spine Imaging Group", collective=True),
    ),
    year=2024,
    date="2024-03-15",
    journal="Journal of Invented Spine Research",
    journal_short="J Inv Spine Res",
    volume="12",
    issue="3",
    pages="152-160",
    doi="10.1000/spine_12(3)",
    pmid="99000001",
    pmcid="PMC990001",
    language=("eng",),
    publication_types=("Journal Article", "Comparative Study"),
    keywords=("Spine", "Marrow, bone"),
    numbers={Number.EMBASE: ("2001234567",), Number.ISSN: ("1234-5679",), Number.TRIAL: ("NCT01234567",)},
    title_given="Perfusion of <i>vertebral</i> marrow: a phantom study",
)
DECIDED = Exported(
    report=12,
    citation=HU,
    accession="L2001234567",
    sources=("Embase", "PubMed"),
    round=1,
    state="report excluded",
    stage=Stage.FULLTEXT,
    decision=Decision.EXCLUDE,
    reason="population",
    reason_label="Other population",
    note="only phantoms",
)
WAITS = Exported(
    13, replace(HU, title="=1+1", doi="10.1000/b", pmid=None), "doi:10.1000/b", state="awaiting screening"
)


def written(items: Sequence[Exported], name: str) -> bytes:
    stream = io.BytesIO()
    assert form(name).write(items, stream) == len(items)
    return stream.getvalue()


def read_again(content: bytes) -> list[SourceRecord]:
    export = read_document(of_bytes(content, "export"))
    with export.spool:
        assert export.complete, export.refused
        return list(export.records)


def normalised(citation: Citation) -> Citation:
    return replace(citation, extra={})


def lost(items: Sequence[Exported], name: str) -> list[tuple[object, object]]:
    """What is another thing after writing and reading, as pairs of what went and what came back."""
    read = read_again(written(items, name))
    if len(read) != len(items):
        return [(items, read)]
    changed: list[tuple[object, object]] = []
    for item, record in zip(items, read, strict=True):
        went, came = normalised(item.citation), normalised(record.citation)
        changed += [(went, came)] if went != came else []
        changed += (
            [(item.accession, record.accession)] if item.accession not in ("", record.accession) else []
        )
        names = zip(went.authors, came.authors, strict=went == came)
        changed += [(mine.name, theirs.name) for mine, theirs in names if mine.name not in ("", theirs.name)]
    return changed


@pytest.mark.parametrize("name", FORMS)
def test_a_full_citation_comes_back_whole(name: str) -> None:
    assert lost([DECIDED, WAITS], name) == []


@pytest.mark.parametrize("name", FORMS)
def test_a_record_with_nothing_but_a_number_comes_back(name: str) -> None:
    assert (
        lost([Exported(1, Citation(title=""), "L1"), Exported(2, Citation(title="", doi="10.1000/x"))], name)
        == []
    )


@pytest.mark.parametrize("name", FORMS)
def test_a_title_that_reads_like_none_comes_back(name: str) -> None:
    titles = enumerate(("NULL", "n/a", "-", "."), 1)
    assert lost([Exported(n, Citation(title=title), f"L{n}") for n, title in titles], name) == []


@pytest.mark.parametrize("name", FORMS)
def test_the_same_reports_give_the_same_bytes(name: str) -> None:
    assert written([DECIDED, WAITS], name) == written([DECIDED, WAITS], name)


@pytest.mark.parametrize("name", FORMS)
def test_no_reports_is_no_record(name: str) -> None:
    content = written([], name)
    assert not content or b"Perfusion" not in content


@pytest.mark.parametrize("name", sorted(set(FORMS) - {"xlsx", "csv", "asreview", "jsonl"}))
def test_each_record_names_its_report_where_no_column_does(name: str) -> None:
    for record, item in zip(read_again(written([DECIDED, WAITS], name)), (DECIDED, WAITS), strict=True):
        assert f"livrev:R{item.report}" in record.raw.decode()


@pytest.mark.parametrize("name", FORMS)
def test_a_very_long_abstract_comes_back(name: str) -> None:
    words = " ".join(f"w{n}" for n in range(40_000))
    abstract = f"BACKGROUND: {words[:1000].strip()}\nRESULTS: {words[1000:].strip()}"
    assert len(abstract) > 200_000
    assert lost([Exported(1, replace(HU, abstract=abstract), "a")], name) == []


@pytest.mark.parametrize("name", FORMS)
def test_three_hundred_authors_come_back_in_their_order(name: str) -> None:
    authors = tuple(Author(f"Family{n}", "AB") for n in range(300))
    assert lost([Exported(1, replace(HU, authors=authors), "a")], name) == []


# Any text at all


LETTERS = st.text(
    st.one_of(
        st.sampled_from("{}\"'\\=+-@,;|&%$#_~^<>\n\t \r\u00a0\u2028\x00\x1f\x7féüßøαΩ汉🙂[]()!*`/0123abcAND"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=24,
)
PIECES = st.sampled_from(
    (
        "ER  - ", "\nER  - ", "TY  - JOUR", "\nTY  - JOUR", "AB  - ", " and ", "and others", "; ", "=cmd()", "@article{x,",
        "--", "``x''", "\\alpha", '{\\"u}', "\\url{x}", "$x^2$", "&amp;", "<i>a</i>", "_x0041_", "livrev:R7", "livrev:{}",
        "BACKGROUND: ", "METHODS: ", "\n\n", "  ", "Hu, Y.", "Jr", "10.1000/x", "NCT01234567", "No Pagination Specified",
    )
)  # fmt: skip
TEXT = st.lists(st.one_of(LETTERS, PIECES), max_size=4).map("".join)
NAMED = TEXT.filter(bool)
CITATIONS = st.builds(
    Citation,
    title=TEXT,
    abstract=TEXT,
    authors=st.lists(st.builds(Author, NAMED, TEXT, st.booleans(), TEXT), max_size=3).map(tuple),
    year=st.none() | st.integers(1500, 2099),
    journal=TEXT,
    volume=TEXT,
    issue=TEXT,
    pages=TEXT,
    doi=st.none() | NAMED,
    pmid=st.none() | st.integers(1, 99_999_999).map(str),
    pmcid=st.none() | NAMED,
    language=st.lists(NAMED, max_size=2).map(tuple),
    publication_types=st.lists(NAMED, max_size=2).map(tuple),
    keywords=st.lists(NAMED, max_size=3).map(tuple),
    title_given=TEXT,
    date=st.sampled_from(("", "2024", "2024-03", "2024-03-15")) | TEXT,
    journal_short=TEXT,
    numbers=st.dictionaries(
        st.sampled_from(Number), st.lists(NAMED, min_size=1, max_size=2).map(tuple), max_size=2
    ),
)
ACCESSIONS = (
    st.sampled_from(("L12", "doi:10.1/x", "cited:00ff", "WOS:000900000000001", "2-s2.0-9", "R5")) | NAMED
)
SLOW = {"bibtex": 25, "xlsx": 25}


@pytest.mark.parametrize("name", FORMS)
def test_whatever_stands_in_a_field_comes_back(name: str) -> None:
    @settings(max_examples=SLOW.get(name, 60), deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(st.tuples(CITATIONS, ACCESSIONS), min_size=1, max_size=3, unique_by=lambda drawn: drawn[1])
    )
    def holds(drawn: list[tuple[Citation, str]]) -> None:
        assert (
            lost([Exported(n, citation, number) for n, (citation, number) in enumerate(drawn, 1)], name) == []
        )

    holds()


@settings(max_examples=60, deadline=None)
@given(CITATIONS, st.dictionaries(NAMED, st.lists(TEXT, min_size=1, max_size=2).map(tuple), max_size=3))
def test_json_lines_lose_nothing_at_all(citation: Citation, extra: dict[str, tuple[str, ...]]) -> None:
    whole = replace(citation, title=citation.title or "t", extra=extra)
    (record,) = read_again(written([Exported(1, whole, "a")], "jsonl"))
    assert record.citation == whole
    assert [a.name for a in record.citation.authors] == [a.name for a in whole.authors]


# What other programs find


def test_ris_is_one_line_a_value_with_the_standard_tags() -> None:
    text = written([DECIDED], "ris").decode()
    expected = [
        "TY  - JOUR",
        "TI  - Perfusion of vertebral marrow: a phantom study",
        "AU  - Hu, Yue-Jun",
        "AU  - van der Berg, R.",
        "AU  - Spine Imaging Group",
        "PY  - 2024",
        "DA  - 2024/03/15",
        "AB  - BACKGROUND: Marrow was measured. METHODS: Twice, by two of us. RESULTS: It was there.",
        "T2  - Journal of Invented Spine Research",
        "J2  - J Inv Spine Res",
        "VL  - 12",
        "IS  - 3",
        "SP  - 152",
        "EP  - 160",
        "SN  - 1234-5679",
        "DO  - 10.1000/spine_12(3)",
        "C2  - PMC990001",
        "AN  - 99000001",
        "DB  - PubMed",
        "UR  - https://doi.org/10.1000/spine_12(3)",
        "LA  - eng",
        "M3  - Journal Article",
        "M3  - Comparative Study",
        "KW  - Spine",
        "KW  - Marrow, bone",
        "ID  - R12",
        "N1  - livrev:R12",
        "N1  - fulltext: exclude (population: Other population)",
        "N1  - only phantoms",
    ]
    lines = text.splitlines()
    assert lines[: len(expected)] == expected
    assert lines[len(expected)].startswith("U5  - livrev:{")
    assert lines[len(expected) + 1 :] == ["ER  - ", ""]


def test_ris_for_endnote_keeps_the_number_as_label_and_a_group_as_one_name() -> None:
    lines = written([DECIDED], "endnote").decode().splitlines()
    assert "LB  - R12" in lines
    assert "AU  - Spine Imaging Group," in lines
    assert "AN  - 99000001" in lines


def test_ris_for_covidence_names_the_report_where_there_is_no_other_number() -> None:
    lines = written([WAITS], "covidence").decode().splitlines()
    assert "AN  - livrev:R13" in lines
    assert "N1  - livrev:R13" in lines


def test_what_a_standard_field_says_is_not_carried_a_second_time() -> None:
    plain = replace(
        HU,
        abstract="Marrow was measured.",
        authors=(Author("Hu", "YJ"),),
        numbers={Number.ISSN: ("1234-5679",)},
        title_given="",
    )
    for name in ("ris", "bibtex", "csv"):
        assert written([Exported(1, plain, "99000001")], name).decode().count("Marrow was measured") == 1
    assert "U5  -" not in written([Exported(1, plain, "99000001")], "ris").decode()


def test_an_edit_made_in_another_program_stays() -> None:
    edited = written([DECIDED], "ris").replace(b"TI  - Perfusion of", b"TI  - Diffusion of")
    (record,) = read_again(edited)
    assert record.citation.title == "Diffusion of vertebral marrow: a phantom study"
    assert record.citation.authors == HU.authors
    cut = written([DECIDED], "ris").replace(b"Marrow was measured.", b"Measured.")
    assert "Measured." in read_again(cut)[0].citation.abstract


def test_a_damaged_carried_field_is_left_where_it_is() -> None:
    damaged = re.sub(rb"U5  - (livrev:\{.{20}).*", rb"U5  - \1", written([DECIDED], "ris"))
    (record,) = read_again(damaged)
    assert record.citation.title == HU.title
    assert record.citation.extra["U5"][0].startswith("livrev:{")


@pytest.mark.parametrize(
    "carried",
    ['{"title":5}', '{"year":true}', '{"authors":[["a"]]}', '{"numbers":{"foreign":["1"]}}', '{"title":"\\ud800"}',
     '{"accession":null}', '{"breaks":5}', "{", "eyJ0aXRsZSI6NX0=", "eyJ", '{"doi":[]}', '{"keywords":"a"}'],
)  # fmt: skip
def test_a_carried_field_of_the_wrong_kind_changes_nothing(carried: str) -> None:
    citation = Citation(title="t", extra={"U5": (f"livrev:{carried}",)})
    record = SourceRecord("1", b"", "ris", citation)
    assert restored(record) == record


def test_another_programs_own_field_is_none_of_ours() -> None:
    record = SourceRecord("1", b"", "ris", Citation(title="t", extra={"U5": ("livrev:R5", "theirs")}))
    assert restored(record) is record


@pytest.mark.parametrize("name", ["csv", "asreview", "rayyan", "covidence-csv"])
@pytest.mark.parametrize("begin", ["=", "+", "-", "@"])
def test_no_cell_is_a_formula(name: str, begin: str) -> None:
    title = f"{begin}HYPERLINK(1)"
    content = written([Exported(1, replace(HU, title=title), "1", note=f"{begin}x")], name)
    rows = list(csv.reader(io.StringIO(content.decode())))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert read_again(content)[0].citation.title == title


def test_a_workbook_holds_texts_only() -> None:
    content = written([Exported(1, replace(HU, title="=1+1"), "1"), DECIDED], "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(content))["reports"]
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert kinds <= {"s", "inlineStr"}
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def test_a_record_too_long_for_a_workbook_is_said_and_not_cut() -> None:
    long = Exported(7, replace(HU, abstract="é" * 60_000 + "\n" + "é" * 60_000), "1")
    with pytest.raises(LivrevError, match="R7 is too long for a spreadsheet"):
        written([long], "xlsx")


def test_asreview_finds_its_columns_and_labels() -> None:
    maybe = replace(DECIDED, report=14, decision=Decision.MAYBE)
    rows = list(csv.DictReader(io.StringIO(written([DECIDED, WAITS, maybe], "asreview").decode())))
    assert [(r["record_id"], r["included"], r["livrev_report"]) for r in rows] == [
        ("12", "0", "R12"),
        ("13", "", "R13"),
        ("14", "1", "R14"),
    ]
    assert rows[0]["authors"] == "Hu, Yue-Jun; van der Berg, R.; Spine Imaging Group"
    assert rows[0]["abstract"] == HU.abstract.replace("\n", " ")


def test_rayyan_finds_its_columns() -> None:
    content = written([DECIDED], "rayyan").decode()
    head = content.splitlines()[0]
    assert head == (
        "key,title,year,month,day,journal,issn,volume,issue,pages,authors,url,language,publisher,location,abstract,"
        "notes,doi,keywords,pubmed_id,pmc_id,livrev"
    )
    (row,) = csv.DictReader(io.StringIO(content))
    assert row["notes"] == "livrev:R12; fulltext: exclude (population: Other population); only phantoms"
    assert (row["key"], row["month"], row["day"]) == ("R12", "03", "15")


def test_covidence_finds_its_columns() -> None:
    (row,) = csv.DictReader(io.StringIO(written([WAITS], "covidence-csv").decode()))
    assert list(row)[:16] == [
        "Title", "Authors", "Abstract", "Published Year", "Published Month", "Journal", "Volume", "Issue", "Pages",
        "Accession Number", "DOI", "Ref", "Covidence #", "Study", "Notes", "Tags",
    ]  # fmt: skip
    assert (row["Accession Number"], row["Ref"], row["Study"]) == ("livrev:R13", "R13", "Hu 2024")


def test_bibtex_keys_are_unique_and_do_not_move_with_the_year() -> None:
    again = replace(DECIDED, report=15, citation=replace(HU, year=2025))
    nobody = Exported(16, Citation(title="t"))
    accents = Exported(17, replace(HU, authors=(Author("Müller-Šťastný", "A"),)))
    keys = re.findall(r"@\w+\{(.*),", written([DECIDED, again, nobody, accents], "bibtex").decode())
    assert keys == ["hu-R12", "hu-R15", "anonymous-R16", "mullerstastny-R17"]


def test_bibtex_escapes_what_latex_would_read() -> None:
    text = written([Exported(1, replace(HU, title=r"50% of {A} & B_2 \ ~ ^ #1 $5"))], "bibtex").decode()
    assert (
        r"title = {50\% of \textbraceleft{}A\textbraceright{} \& B\_2 \textbackslash{} \textasciitilde{} "
        r"\textasciicircum{} \#1 \$5}"
    ) in text
    assert text.count("{") == text.count("}")


# JSON lines are read as carefully as any file


def refusals(content: bytes) -> list[tuple[int, str, bool]]:
    export = read_document(of_bytes(content, "e.jsonl"), allow_partial=True)
    export.spool.close()
    return [(r.line, r.reason, r.outside) for r in export.refused]


def test_json_lines_that_are_cut_off_refuse_the_last_record() -> None:
    content = written([DECIDED, WAITS], "jsonl")
    first = content.index(b"\n") + 1
    for end in range(first + len(b'{"livrev":'), len(content) - 2, 97):
        ((line, reason, outside),) = refusals(content[:end])
        assert (line, outside) == (2, False)
        assert "cut off" in reason


def test_json_lines_of_others_and_of_later_versions_are_refused() -> None:
    good = json.loads(written([DECIDED], "jsonl"))
    bad = [
        {**good, "livrev": 2},
        {**good, "citation": {**good["citation"], "title": 5}},
        {**good, "citation": None},
        {**good, "citation": {"title": ""}, "accession": ""},
    ]
    lines = [json.dumps(value, separators=(",", ":")) for value in (good, *bad)]
    content = "\n".join([*lines, "", "{}", "rubbish"]).encode()
    assert [(line, outside) for line, _, outside in refusals(content)] == [
        (2, False), (3, False), (4, False), (5, False), (7, True), (8, True),
    ]  # fmt: skip


def test_an_unknown_form_names_the_known() -> None:
    with pytest.raises(Usage, match="known are ris, endnote"):
        form("docx")


# Real exports, written again


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("name", FORMS)
def test_real_exports_come_back(name: str, shared_data: Path) -> None:
    files = (
        "ris/asreview__embase.ris",
        "ris/asreview__scopus.ris",
        "ris/CiteSource__medline_84.ris",
        "ris/asreview__proquest.ris",
        "nbib/*.nbib",
        "wos/*.txt",
        "bibtex/*colrev*.bib",
        "csv/asreview__embase.csv",
    )
    paths = sorted(path for pattern in files for path in shared_data.glob(pattern))
    assert paths
    for path in paths:
        export = read_export(path, allow_partial=True)
        with export.spool:
            items = [
                Exported(n, r.citation, r.accession) for n, r in enumerate(islice(export.records, 60), 1)
            ]
        if items:
            assert lost(items, name) == []
