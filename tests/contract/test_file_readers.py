"""What every reader of export files promises: each record read or refused, none lost, nothing of it dropped."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

import pytest
import rispy

from curation.errors import BadInput
from curation.model import Author, Citation
from curation.sources.files import Export, read_export

EXPORTS = Path(__file__).parents[1] / "data" / "exports"

SHAPES = {
    "embase.ris": ("ris", "utf-8", ["L900000001", "L900000002"], ["99000001", None]),
    "scopus.ris": (
        "ris",
        "utf-8-sig",
        ["2-s2.0-99900000001", "2-s2.0-99900000002"],
        ["99000001", None],
    ),
    "wos.ris": ("ris", "utf-8-sig", ["WOS:000900000000001", "WOS:000900000000002"], [None, None]),
    "ovid.ris": ("ris", "utf-8", ["99000003", "CN-90000002"], ["99000003", "99000004"]),
    "pubmed.nbib": ("nbib", "utf-8", ["99000001", "99000005"], ["99000001", "99000005"]),
}


def citation(name: str, number: int = 0) -> Citation:
    return read_export(EXPORTS / name).records[number].citation


def export_of(folder: Path, content: str | bytes, name: str = "export.txt") -> Export:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_export(path)


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_gives_all_its_records_under_their_own_numbers(name: str) -> None:
    kind, encoding, accessions, pmids = SHAPES[name]
    export = read_export(EXPORTS / name)
    assert (export.format, export.encoding, export.refused) == (kind, encoding, ())
    assert [r.accession for r in export.records] == accessions
    assert [r.citation.pmid for r in export.records] == pmids
    assert {r.raw_format for r in export.records} == {kind}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("change", ["crlf", "cr", "bom", "utf-16", "no last line end", "other suffix"])
def test_the_way_a_file_was_saved_changes_no_record(name: str, change: str, tmp_path: Path) -> None:
    plain = (EXPORTS / name).read_bytes().removeprefix(codecs.BOM_UTF8)
    content = {
        "crlf": plain.replace(b"\n", b"\r\n"),
        "cr": plain.replace(b"\n", b"\r"),
        "bom": codecs.BOM_UTF8 + plain,
        "utf-16": codecs.BOM_UTF16_LE + plain.decode().encode("utf-16-le"),
        "no last line end": plain.rstrip(b"\n"),
        "other suffix": plain,
    }[change]
    assert export_of(tmp_path, content, "export.csv").records == read_export(EXPORTS / name).records


@pytest.mark.parametrize("name", SHAPES)
def test_what_was_received_is_kept_with_the_record(name: str) -> None:
    lines = (EXPORTS / name).read_text(encoding="utf-8-sig").splitlines()
    export = read_export(EXPORTS / name)
    kept = b"\n".join(r.raw for r in export.records).decode().splitlines()
    tagged = re.compile(r"[A-Z][A-Z0-9]{1,3} *- ?")
    assert [line for line in kept if tagged.match(line)] == [line for line in lines if tagged.match(line)]


def test_embase_writes_the_title_in_its_own_language_where_others_write_the_journal() -> None:
    found = citation("embase.ris")
    assert found.journal == "Journal of Invented Radiology"
    assert found.title.startswith("Texture of vertebral lesions")
    assert found.extra["T2"] == ("Textuur van wervelletsels op computertomografie",)
    assert found.authors == (Author("Aalto", "J"), Author("van der Meer", "RP"))
    assert (found.year, found.volume, found.issue, found.pages) == (2024, "12", "3", "152-160")
    assert found.doi == "10.5555/livrev.embase.1"
    assert found.publication_types == ("Article",)
    assert found.keywords == ("adult", "radiomics", "spine metastasis")


def test_wrapped_lines_belong_to_the_field_before_them() -> None:
    assert citation("embase.ris").abstract == (
        "Objective: To predict the primary site from texture. Results: The area under the curve was 0.81."
    )
    assert citation("wos.ris").abstract == "An abstract whose line break falls where it likes."
    references = citation("scopus.ris").extra["N1"][2]
    assert references.endswith("(2001);\nSecond, B., Another one, (2002)")


def test_repeated_fields_are_all_kept() -> None:
    found = citation("wos.ris", 1)
    assert found.abstract == "The abstract."
    assert found.extra["AB"] == ("The notice of its publisher.",)
    assert citation("scopus.ris").extra["N1"][:2] == ("Export Date: 03 February 2025", "Cited By :2")
    assert citation("ovid.ris").extra["A2"] == ("Editor, An",)


def test_ovid_writes_numbers_before_and_links_after_a_record() -> None:
    first, second = citation("ovid.ris"), citation("ovid.ris", 1)
    assert first.doi == "10.5555/livrev.ovid.3"
    assert "DO" not in first.extra
    assert first.pages == "847-856"
    assert first.extra["NL"] == ("Inv Spine",)
    assert first.authors == (Author("Trinh", "IA"), Author("Pinto-Gouvea", "JJ"))
    assert second.authors == (Author("Trinh", "IA"), Author("Pinto-Gouvea", "J"), Author("de Vries", "MJ"))
    assert second.pages == ""
    assert second.extra["SP"] == ("No",)


def test_medline_text_is_read_field_by_field() -> None:
    found = citation("pubmed.nbib")
    assert found.title.endswith("and the tissue they grew from: an invented cohort.")
    assert found.doi == "10.5555/livrev.embase.1.with-a-name-so-long-that-the-exporter-broke-the-line"
    assert found.authors == (
        Author("Aalto", "J"),
        Author("van der Meer", "RP"),
        Author("Invented Spine Imaging Group", collective=True),
    )
    assert (found.year, found.pages, found.pmcid) == (2024, "152-160", "PMC9900001")
    assert found.journal == "Journal of invented radiology"
    assert found.keywords == ("Spinal Neoplasms", "radiomics")
    assert found.extra["SI"] == ("ClinicalTrials.gov/NCT99900001",)
    assert citation("pubmed.nbib", 1).title == "Une cohorte inventée."
    assert citation("pubmed.nbib", 1).doi == "10.5555/livrev.nbib.5"


TWO = "TY  - JOUR\nTI  - First\nPY  - 2001\nER  - \n\nTY  - JOUR\nTI  - Second\nPY  - 2002\nER  - \n"


@pytest.mark.parametrize(
    "content",
    [
        TWO,
        TWO.replace("ER  - \n", ""),
        TWO.replace("ER  - ", "ER"),
        TWO.replace("ER  - ", "ER  -"),
        TWO.replace("  - ", " - "),
        TWO.replace("  - ", "\t- "),
        TWO.replace("  - ", "  -"),
        TWO.replace("\nT", "\n  T").replace("TY", "  TY", 1),
        TWO.replace("TY", "1.\nTY").replace("ER  - ", "ER  - \nSome words of the exporter"),
        "Provider: Somebody\nContent: text/plain\n\n" + TWO,
    ],
    ids=[
        "plain",
        "no ER",
        "bare ER",
        "short ER",
        "one blank",
        "tab",
        "no blank",
        "indented",
        "numbered",
        "head",
    ],
)
def test_no_known_slip_of_an_exporter_loses_a_record(content: str, tmp_path: Path) -> None:
    found = [r.citation for r in export_of(tmp_path, content).records]
    assert [(c.title, c.year) for c in found] == [("First", 2001), ("Second", 2002)]


def test_two_medline_records_without_a_blank_line_stay_two(tmp_path: Path) -> None:
    text = "PMID- 11\nTI  - One\n  \nPMID- 12\nTI  - Two\nPMID- 13\nTI  - Three\n"
    assert [r.accession for r in export_of(tmp_path, text).records] == ["11", "12", "13"]


def test_a_record_with_neither_title_nor_identifier_is_refused_and_kept(tmp_path: Path) -> None:
    export = export_of(tmp_path, "TY  - JOUR\nTI  - A title\nER  - \n\nTY  - JOUR\nAU  - Nobody\nER  - \n")
    assert [r.citation.title for r in export.records] == ["A title"]
    [refused] = export.refused
    assert (refused.line, refused.reason) == (5, "neither title nor identifier")
    assert refused.raw == b"TY  - JOUR\nAU  - Nobody\nER  - "


def test_a_medline_record_without_a_number_is_refused(tmp_path: Path) -> None:
    export = export_of(tmp_path, "PMID- \nTI  - No number\n\nPMID- 12\nTI  - Two\n")
    assert [r.accession for r in export.records] == ["12"]
    assert [(r.line, r.reason) for r in export.refused] == [(1, "no PMID")]


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ("TY  - JOUR\nTI  - First\nER  - \n\nAU  - Lost, A\nTI  - Second\nER  - \n", "First"),
        ("TI  - Lost\nER  - \nTY  - JOUR\nTI  - First\nER  - \n", "First"),
        ("PMID- 11\nTI  - First\n\nOWN - NLM\nTI  - Lost\n", "First"),
        ("      continued\nPMID- 11\nTI  - First\n", "First"),
    ],
)
def test_a_file_whose_records_do_not_add_up_is_not_taken_over(
    content: str, kept: str, tmp_path: Path
) -> None:
    path = tmp_path / "export.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadInput, match=r"1 records begin in it, 1 were read and 1 refused") as caught:
        read_export(path)
    assert len(caught.value.faults) == 1
    partial = read_export(path, allow_partial=True)
    assert [r.citation.title for r in partial.records] == [kept]
    assert [r.citation.authors for r in partial.records] == [()]
    assert len(partial.refused) == 1


def test_the_count_of_a_reference_manager_is_no_number_of_the_source(tmp_path: Path) -> None:
    export = export_of(tmp_path, "TY  - JOUR\nID  - 12\nTI  - A title\nER  - \n")
    assert export.records[0].accession.startswith("sha256:")


def test_one_number_on_two_different_records_is_the_number_of_neither(tmp_path: Path) -> None:
    export = export_of(tmp_path, TWO.replace("PY", "AN  - 77\nPY"))
    first, second = (r.accession for r in export.records)
    assert first.startswith("sha256:")
    assert second.startswith("sha256:")
    assert first != second


@pytest.mark.parametrize(
    ("field", "authors"),
    [
        ("Hu, Yue", [Author("Hu", "Y")]),
        ("Shannon,Claude E.", [Author("Shannon", "CE")]),
        ("Garcia-Lopez, Jean-Pierre, Jr.", [Author("Garcia-Lopez", "JP Jr.")]),
        ("Hu Y", [Author("Hu", "Y")]),
        ("Fanning E.", [Author("Fanning", "E")]),
        ("R. J. van der Berg", [Author("van der Berg", "RJ")]),
        ("W. -Y. Chung", [Author("Chung", "WY")]),
        ("Spine Study Group", [Author("Spine Study Group")]),
        ("A RCA, B JJ, C C", [Author("A", "RCA"), Author("B", "JJ"), Author("C", "C")]),
        ("Hu, Y.; Li, Z. J.", [Author("Hu", "Y"), Author("Li", "ZJ")]),
        ("NCT99900001", [Author("NCT99900001")]),
    ],
)
def test_names_in_every_fashion(field: str, authors: list[Author], tmp_path: Path) -> None:
    export = export_of(tmp_path, f"TY  - JOUR\nTI  - T\nAU  - {field}\nER  - \n")
    assert list(export.records[0].citation.authors) == authors


@pytest.mark.parametrize(
    ("fields", "pmid"),
    [
        ("U1  - 99000001 [PMID]\nU1  - PMC9900001 [PMCID]", "99000001"),
        ("UR  - https://pubmed.ncbi.nlm.nih.gov/99000001/", "99000001"),
        ("DP  - NLM\nAN  - 99000001\nID  - 12", "99000001"),
        ("DB  - Embase\nC5  - 99000001", "99000001"),
        ("DB  - Somewhere\nC5  - 99000001", None),
        ("C2  - 99000001", None),
        ("ID  - 99000001\nDB  - APA PsycInfo", None),
    ],
)
def test_a_number_is_a_pubmed_number_only_where_its_source_says_so(
    fields: str, pmid: str | None, tmp_path: Path
) -> None:
    export = export_of(tmp_path, f"TY  - JOUR\nTI  - T\n{fields}\nER  - \n")
    assert export.records[0].citation.pmid == pmid


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n", "first line is ''"),
        (b"FN Clarivate\nVR 1.0\nPT J\n", "first line is 'FN Clarivate'"),
        (b"\x50\x4b\x03\x04\x00\x00", "NUL"),
    ],
)
def test_what_is_no_export_is_refused_in_one_line(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"^export\.txt: ") as caught:
        export_of(tmp_path, content)
    assert said in caught.value.message
    assert "\n" not in caught.value.message


def test_a_folder_or_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is a folder"):
        read_export(tmp_path)
    with pytest.raises(BadInput, match="there is no such file"):
        read_export(tmp_path / "missing.ris")


def openers(path: Path) -> int:
    text = re.sub(rb"\r\n?", b"\n", path.read_bytes())
    return len(re.findall(rb"(?m)^(?:\xef\xbb\xbf)?(?:TY  -|PMID-)", text))


@pytest.mark.shared
def test_no_record_of_a_real_export_is_lost(shared_data: Path) -> None:
    paths = sorted([*(shared_data / "ris").iterdir(), *(shared_data / "nbib").iterdir()])
    assert len(paths) > 100
    total = 0
    for path in paths:
        begun = openers(path)
        if not begun:
            with pytest.raises(BadInput, match="expected RIS"):
                read_export(path)
            continue
        export = read_export(path)
        assert len(export.records) + len(export.refused) == begun, path.name
        total += begun
    assert total > 10_000


def folded(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.shared
def test_rispy_reads_the_same_where_it_reads_every_record(shared_data: Path) -> None:
    """rispy on text freed of its mark and mixed line ends; left out are the files whose records we refuse."""
    compared = 0
    for path in sorted((shared_data / "ris").iterdir()):
        if not openers(path):
            continue
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        theirs = rispy.loads(text)
        export = read_export(path)
        assert len(theirs) == len(export.records) + len(export.refused), path.name
        if export.refused:
            continue
        for ours, other in zip((r.citation for r in export.records), theirs, strict=True):
            title = other.get("title") or other.get("primary_title") or ""
            abstract = other.get("abstract") or other.get("notes_abstract") or ""
            year = str(other.get("year") or other.get("publication_year") or "")[:4]
            assert ours.title == folded(title) or not title, path.name
            assert folded(ours.abstract) == folded(abstract), path.name
            assert len(ours.authors) == len(other.get("authors") or other.get("first_authors") or [])
            assert set(ours.keywords) == set(other.get("keywords", [])), path.name
            assert ours.year == int(year) if year.isdigit() else True, path.name
            compared += 1
    assert compared > 13_000
