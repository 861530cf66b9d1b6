"""What every reader of export files promises: each record read or refused, none lost, nothing of it dropped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import rispy

from curation.errors import BadInput
from curation.identifiers import folded as letters
from curation.model import Author, Citation, SourceRecord
from curation.sources.files import Export, read_document, read_export
from curation.sources.files.decode import of_bytes
from curation.sources.files.fields import absent, abstract_of, folded, plain

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
    "endnote.enw": ("enw", "utf-8-sig", ["99000001", "2-s2.0-99900000021"], ["99000001", None]),
    "pubmed.nbib": ("nbib", "utf-8", ["99000001", "99000005"], ["99000001", "99000005"]),
}


def read_all(export: Export) -> list[SourceRecord]:
    with export.spool:
        return [*export.records]


def citation(name: str, number: int = 0) -> Citation:
    return read_all(read_export(EXPORTS / name))[number].citation


def export_of(content: str | bytes, name: str = "export.txt", *, allow_partial: bool = False) -> Export:
    raw = content.encode() if isinstance(content, str) else content
    return read_document(of_bytes(raw, name), allow_partial=allow_partial)


def records_of(content: str | bytes, name: str = "export.txt") -> list[SourceRecord]:
    return read_all(export_of(content, name))


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_gives_all_its_records_under_their_own_numbers(name: str) -> None:
    kind, encoding, accessions, pmids = SHAPES[name]
    export = read_export(EXPORTS / name)
    assert (export.format, export.encoding, export.refused) == (kind, encoding, ())
    records = read_all(export)
    assert [r.accession for r in records] == accessions
    assert [r.citation.pmid for r in records] == pmids
    assert {r.raw_format for r in records} == {kind}


@pytest.mark.parametrize("name", SHAPES)
def test_what_was_received_is_kept_with_the_record(name: str) -> None:
    lines = (EXPORTS / name).read_text(encoding="utf-8-sig").splitlines()
    kept = b"\n".join(r.raw for r in read_all(read_export(EXPORTS / name))).decode().splitlines()
    tagged = re.compile(r"[A-Z][A-Z0-9]{1,3} *- ?|%\S")
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
        "OBJECTIVE: To predict the primary site from texture.\nRESULTS: The area under the curve was 0.81."
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
        TWO.replace("ER  - \n\nTY", "ER  - TY"),
        TWO.replace("TY", "ty").replace("TI", "ti").replace("PY", "py").replace("ER", "er"),
        TWO.replace("  - ", "\u00a0 - "),
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
        "glued ER and TY",
        "small letters",
        "no-break space",
    ],
)
def test_no_known_slip_of_an_exporter_loses_a_record(content: str) -> None:
    found = [r.citation for r in records_of(content)]
    assert [(c.title, c.year) for c in found] == [("First", 2001), ("Second", 2002)]


def test_two_medline_records_without_a_blank_line_stay_two() -> None:
    text = "PMID- 11\nTI  - One\n  \nPMID- 12\nTI  - Two\nPMID- 13\nTI  - Three\n"
    assert [r.accession for r in records_of(text)] == ["11", "12", "13"]


def test_a_record_with_neither_title_nor_identifier_is_refused_and_kept() -> None:
    export = export_of("TY  - JOUR\nTI  - A title\nER  - \n\nTY  - JOUR\nAU  - Nobody\nER  - \n")
    assert [r.citation.title for r in read_all(export)] == ["A title"]
    [refused] = export.refused
    assert (refused.line, refused.reason) == (5, "neither title nor identifier")
    assert refused.raw == b"TY  - JOUR\nAU  - Nobody\nER  - "


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ("TY  - JOUR\nTI  - First\nER  - \n\nAU  - Lost, A\nTI  - Second\nER  - \n", "First"),
        ("TI  - Lost\nER  - \nTY  - JOUR\nTI  - First\nER  - \n", "First"),
        ("PMID- 11\nTI  - First\n\nOWN - NLM\nTI  - Lost\n", "First"),
        ("      continued\nPMID- 11\nTI  - First\n", "First"),
    ],
)
def test_a_file_whose_records_do_not_add_up_is_not_taken_over(content: str, kept: str) -> None:
    with pytest.raises(BadInput, match=r"1 records begin in it, 1 were read and 1 refused") as caught:
        export_of(content)
    assert len(caught.value.faults) == 1
    partial = export_of(content, allow_partial=True)
    assert [(r.citation.title, r.citation.authors) for r in read_all(partial)] == [(kept, ())]
    assert len(partial.refused) == 1


def test_the_count_of_a_reference_manager_is_no_number_of_the_source() -> None:
    [record] = records_of("TY  - JOUR\nID  - 12\nTI  - A title\nER  - \n")
    assert record.accession != "12"
    assert record.citation.extra["ID"] == ("12",)


def test_one_number_on_two_different_records_is_the_number_of_neither() -> None:
    first, second = (r.accession for r in records_of(TWO.replace("PY", "AN  - 77\nPY")))
    assert "77" not in {first, second}
    assert first != second


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
def test_a_number_is_a_pubmed_number_only_where_its_source_says_so(fields: str, pmid: str | None) -> None:
    [record] = records_of(f"TY  - JOUR\nTI  - T\n{fields}\nER  - \n")
    assert record.citation.pmid == pmid


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n", "is empty"),
        (b"Dear all,\nplease find the file attached.\n", "first line is 'Dear all,'"),
        (b"%PDF-1.7\nTY  - JOUR\n", "is a PDF"),
        (b"<!DOCTYPE html>\n<html>TY  - JOUR\n", "is a web page"),
        (b"TY  - JOUR\nTI  - \0\n", "NUL character in line 2"),
    ],
)
def test_what_is_no_export_is_refused_in_one_line(content: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=r"^export\.txt: ") as caught:
        export_of(content)
    assert said in caught.value.message
    assert "\n" not in caught.value.message


def test_a_folder_or_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is a folder"):
        read_export(tmp_path)
    with pytest.raises(BadInput, match="there is no such file"):
        read_export(tmp_path / "missing.ris")


def openers(path: Path) -> int:
    text = re.sub(rb"\r\n?", b"\n", path.read_bytes())
    return len(re.findall(rb"(?m)^(?:\xef\xbb\xbf)?TY  -", text))


@pytest.mark.shared
@pytest.mark.slow
def test_rispy_reads_the_same_where_it_reads_every_record(shared_data: Path) -> None:
    """rispy on text freed of its mark and mixed line ends; left out are the files whose records we refuse."""
    compared = 0
    for path in sorted((shared_data / "ris").iterdir()):
        if not openers(path):
            continue
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        theirs = rispy.loads(text)
        export = read_export(path)
        ours_all = read_all(export)
        assert len(theirs) == export.read + len(export.refused), path.name
        if export.refused:
            continue
        for ours, other in zip((r.citation for r in ours_all), theirs, strict=True):
            title = other.get("title") or other.get("primary_title") or ""
            abstract = other.get("abstract") or other.get("notes_abstract") or ""
            year = str(other.get("year") or other.get("publication_year") or "")[:4]
            assert ours.title == folded(plain(title)) or not title, path.name
            assert letters(ours.abstract) == letters("" if absent(abstract) else abstract_of(abstract)), (
                path.name
            )
            authors = other.get("authors") or other.get("first_authors") or []
            assert sum(not a.collective for a in ours.authors) == len(authors), path.name
            assert ours.year == int(year) if year.isdigit() else True, path.name
            compared += 1
    assert compared > 13_000
