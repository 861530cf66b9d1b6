"""EndNote's tagged text: what EndNote and Google Scholar write, and what is no record."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.model import Author, Number, SourceRecord
from curation.sources.files import enw, read_document
from curation.sources.files.decode import RefusedRecord, of_bytes
from curation.sources.files.formats import Wanted, named, recognised

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
AS_FOUND = Wanted()


def outcomes(content: str | bytes) -> list[SourceRecord | RefusedRecord]:
    raw = content.encode() if isinstance(content, str) else content
    return [*enw.read(of_bytes(raw, "export.enw"), AS_FOUND)]


def records(content: str | bytes) -> list[SourceRecord]:
    return [outcome for outcome in outcomes(content) if isinstance(outcome, SourceRecord)]


def openers(content: bytes) -> int:
    return named("enw").openers(of_bytes(content, "export.enw"), AS_FOUND)


def test_endnote_writes_every_field_of_an_article() -> None:
    found = records((EXPORTS / "endnote.enw").read_bytes())[0]
    cited = found.citation
    assert (found.accession, found.origin, found.raw_format) == ("99000001", "pubmed", "enw")
    assert (cited.title, cited.title_given) == (
        "Texture of vertebral lesions",
        "Texture of <i>vertebral</i> lesions",
    )
    assert cited.authors == (
        Author("Aalto", "J"),
        Author("van der Meer", "RP"),
        Author("Invented Spine Study Group", collective=True),
    )
    assert (cited.year, cited.date) == (2024, "2024-03-15")
    assert (cited.journal, cited.volume, cited.issue, cited.pages) == (
        "Journal of Invented Radiology",
        "12",
        "3",
        "152-160",
    )
    assert (cited.doi, cited.pmid, cited.pmcid) == ("10.5555/livrev.embase.1", "99000001", "PMC9900001")
    assert cited.numbers == {Number.ISSN: ("0000-0019", "0000-0027")}
    assert cited.abstract == "BACKGROUND: Nobody knew.\nMETHODS: 100 % of them looked."
    assert cited.keywords == ("*Spinal Neoplasms", "radiomics")
    assert (cited.language, cited.publication_types) == (("eng",), ("Article",))


def test_other_fields_stay_under_endnotes_own_tags() -> None:
    extra = records((EXPORTS / "endnote.enw").read_bytes())[0].citation.extra
    assert extra == {
        "%0": ("Journal Article",),
        "%8": ("Mar 15",),
        "%U": ("https://pubmed.ncbi.nlm.nih.gov/99000001", "https://example.org/2"),
        "%W": ("NLM",),
        "%Z": ("Aalto, Jaana\n1999/01/01",),
        "%+": ("Nowhere University, Nowhere",),
        "%#": ("7",),
    }


def test_a_talk_stands_in_its_congress() -> None:
    found = records((EXPORTS / "endnote.enw").read_bytes())[1]
    assert (found.accession, found.origin) == ("2-s2.0-99900000021", "scopus")
    assert (found.citation.journal, found.citation.publication_types) == (
        "Invented Congress",
        ("Conference Paper",),
    )


def test_google_scholar_writes_the_title_before_the_authors() -> None:
    [found] = records((EXPORTS / "scholar.enw").read_bytes())
    assert found.origin == "google-scholar"
    assert (found.citation.pages, found.citation.year) == ("28396-28412", 2018)
    assert found.accession.startswith("sha256:")


def test_the_file_is_known_by_what_it_holds() -> None:
    document = of_bytes((EXPORTS / "scholar.enw").read_bytes(), "scholar.txt")
    assert recognised(document, AS_FOUND).name == "enw"


def test_a_record_with_neither_title_nor_number_is_refused_and_kept() -> None:
    first, second = outcomes("%0 Journal Article\n%A Aalto, J.\n\n%0 Journal Article\n%T A title\n")
    assert isinstance(first, RefusedRecord)
    assert (first.line, first.reason, first.raw) == (
        1,
        "neither title nor identifier",
        b"%0 Journal Article\n%A Aalto, J.",
    )
    assert isinstance(second, SourceRecord)


def test_a_title_before_the_first_opener_is_a_record_of_its_own_and_other_fields_are_refused() -> None:
    first, second = outcomes("%T Untyped\n%A Hu, Y.\n\n%0 Journal Article\n%T A title\n")
    assert isinstance(first, SourceRecord)
    assert (first.citation.title, first.raw) == ("Untyped", b"%T Untyped\n%A Hu, Y.")
    assert isinstance(second, SourceRecord)
    lost, *_ = outcomes("%A Lost, A\n\n%0 Journal Article\n%T A title\n")
    assert isinstance(lost, RefusedRecord)
    assert (lost.outside, lost.raw) == (True, b"%A Lost, A")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_records_need_no_empty_line_between_them(end: str) -> None:
    content = end.join(["%0 Book", "%T One", "%0 Book", "%T Two"])
    assert [found.citation.title for found in records(content)] == ["One", "Two"]


def test_a_file_cut_off_anywhere_loses_no_record_in_silence() -> None:
    whole = (EXPORTS / "endnote.enw").read_bytes().removeprefix("\ufeff".encode())
    second = whole.index(b"%0 Conference")
    for end in range(1, len(whole)):
        found = outcomes(whole[:end])
        inside = [o for o in found if not (isinstance(o, RefusedRecord) and o.outside)]
        assert len(inside) == openers(whole[:end])
        if end > second:
            assert isinstance(found[0], SourceRecord)
            assert found[0].accession == "99000001"
            assert len(found) == 2
        for outcome in found:
            if isinstance(outcome, RefusedRecord):
                assert "cut off" in outcome.reason or end < 3


def test_fields_right_above_the_opener_are_of_its_record() -> None:
    text = "%T First\n%0 Journal Article\n%A Hu, Yue\n\n%X A second paragraph of the first.\n\n%T Second\n%0 Journal Article\n"
    with read_document(of_bytes(text.encode(), "x.enl")) as export:
        found = [(r.citation.title, r.citation.abstract) for r in export.records]
    assert found == [("First", "A second paragraph of the first."), ("Second", "")]


def test_a_record_whose_opener_is_damaged_is_read_and_not_made_a_part_of_the_one_before() -> None:
    found = records("%0 Book\n%T A\n%X one\n\ntwo\n\n0 Book\n%T B\n%A Hu, Y.\n\n%0 Book\n%T C\n")
    assert [r.citation.title for r in found] == ["A", "B", "C"]
    assert found[1].raw == b"0 Book\n%T B\n%A Hu, Y."


def test_a_titled_paragraph_above_the_first_opener_is_a_record_and_words_are_not() -> None:
    found = records("Exported by somebody\n\n0 Book\n%T B\n\n%0 Book\n%T C\n")
    assert [r.raw for r in found] == [b"0 Book\n%T B", b"%0 Book\n%T C"]
