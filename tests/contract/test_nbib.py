"""MEDLINE text of PubMed, PubMed Central and ERIC: what becomes of each line, and that no record is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from Bio import Medline

from curation.errors import BadInput
from curation.model import Author, Citation, Number, SourceRecord
from curation.sources.files import read_document, read_export
from curation.sources.files.decode import RefusedRecord, of_bytes
from curation.sources.files.formats import Wanted, named
from curation.sources.notices import Notice, NoticeKind, notices

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
NAMES = ("pubmed.nbib", "groups.nbib", "pmc.nbib", "eric.nbib")
WORD = re.compile(r"\w{2,}")


def outcomes(text: str | bytes) -> list[SourceRecord | RefusedRecord]:
    document = of_bytes(text.encode() if isinstance(text, str) else text, "export.nbib")
    return list(named("nbib").read(document, Wanted()))


def records(name: str) -> list[SourceRecord]:
    """Records of a fixture that is read whole, by the format it shows."""
    with read_export(EXPORTS / name) as export:
        assert (export.format, export.refused, export.read) == ("nbib", (), export.openers)
        return list(export.records)


def citations(name: str) -> list[Citation]:
    return [record.citation for record in records(name)]


def told(record: SourceRecord) -> set[str]:
    """Words of a citation."""
    citation = record.citation
    texts = [record.accession, citation.title, citation.title_given, citation.abstract, citation.date]
    texts += [citation.journal, citation.journal_short, citation.volume, citation.issue, citation.pages]
    texts += filter(None, (citation.doi, citation.pmid, citation.pmcid))
    texts += [*citation.language, *citation.publication_types, *citation.keywords, *citation.extra]
    texts += [text for author in citation.authors for text in (author.family, author.initials, author.name)]
    texts += [
        text for held in (citation.extra, citation.numbers) for texts in held.values() for text in texts
    ]
    return set(WORD.findall(" ".join(texts).lower()))


def test_persons_and_groups_stand_in_the_order_of_the_file() -> None:
    authors = citations("groups.nbib")[0].authors
    assert authors == (
        Author("Roosen", "YBWEM"),
        Author("Invented Spine Imaging Group", collective=True),
        Author("de la Cruz", "AM Jr"),
        Author("Madonna"),
        Author("on behalf of the Swimmers", collective=True),
    )
    assert [author.name for author in authors] == [
        "Roosen, Yvonne B W E M",
        "",
        "de la Cruz, Ana Maria Jr",
        "Madonna",
        "",
    ]


def test_sections_that_run_together_become_lines_and_acronyms_do_not() -> None:
    assert citations("groups.nbib")[0].sections == (
        ("BACKGROUND AND PURPOSE", "Swimmers were invented for this record; the ratio was 1:2."),
        ("METHODS", "Forty volunteers (MRI: 20, CT: 20) were imagined."),
        ("LEVEL OF EVIDENCE", "4."),
        ("RESULTS", "Nothing happened."),
        ("TRIAL REGISTRATION", "NCT99900011."),
    )


def test_every_field_of_a_pubmed_record_finds_its_place() -> None:
    found = citations("groups.nbib")[0]
    assert found.title == (
        "Marrow signal of the lumbar spine in an invented cohort of long distance swimmers: a registry study."
    )
    assert (found.year, found.date) == (2024, "2024-03")
    assert (found.journal, found.journal_short) == (
        "Journal of invented swimming : organ of nobody",
        "J Inv Swim",
    )
    assert (found.volume, found.issue, found.pages) == ("12", "3", "S152-S160")
    assert (found.doi, found.pmid, found.pmcid) == ("10.5555/livrev.nbib.11", "99000011", "PMC9900011")
    assert found.numbers == {Number.ISSN: ("0000-0019", "0000-0027"), Number.TRIAL: ("NCT99900011",)}
    assert found.language == ("eng", "fre")
    assert found.publication_types == ("Journal Article", "Retracted Publication")
    assert found.keywords == ("Humans", "Lumbar Vertebrae", "Swimming", "marrow", "swimming")


def test_what_has_no_place_is_kept_by_its_tag() -> None:
    extra = citations("groups.nbib")[0].extra
    assert extra["MH"] == ("Lumbar Vertebrae/*diagnostic imaging/pathology", "*Swimming")
    assert extra["IS"] == ("0000-0019 (Electronic)", "0000-0027 (Linking)")
    assert extra["DP"] == ("2024 Mar-Apr 05",)
    assert extra["AD"] == ("Institute of Inventions, Nowhere.", "Second Institute, Elsewhere.")
    assert extra["AID"] == ("S0000-0019(24)00011-1 [pii]",)
    assert extra["OAB"] == ("Publisher: Abstract available from the publisher.",)
    assert extra["OABL"] == ("fre",)
    assert "TI" not in extra


def test_retractions_and_corrections_are_notices_like_those_of_pubmed_xml() -> None:
    assert notices(citations("groups.nbib")[0]) == (
        Notice(NoticeKind.RETRACTION, "99000019"),
        Notice(NoticeKind.CORRECTION),
    )


def test_a_title_an_abstract_and_pages_are_taken_from_their_second_places() -> None:
    found = citations("groups.nbib")[1]
    assert found.title == "Un registro inventado."
    assert found.abstract == "Words for everybody, invented like the rest."
    assert found.pages == "e77"
    assert found.journal == found.journal_short == "Invent Med"
    assert "TT" not in found.extra
    assert "OAB" not in found.extra


def test_a_chapter_stands_in_its_book() -> None:
    found = citations("groups.nbib")[2]
    assert (found.title, found.journal) == ("The last chapter", "A book of inventions")
    assert found.numbers == {Number.ISBN: ("9780000000019",)}
    assert (found.year, found.date, found.extra["DP"]) == (2022, "2022", ("2022 Summer",))
    assert found.extra["FED"] == ("Herausgeber, Heide",)


def test_pubmed_central_gives_records_without_a_pubmed_number() -> None:
    found = records("pmc.nbib")
    assert [(r.accession, r.origin) for r in found] == [("99000021", "pubmed"), ("PMC9900022", "pubmed")]
    first, second = (record.citation for record in found)
    assert (first.pmcid, first.pages, first.doi) == ("PMC9900021", "18", "10.5555/livrev.pmc.21")
    assert (second.pmid, second.pages, second.doi) == (None, "e17", "10.5555/livrev.pmc.22")


def test_eric_gives_records_under_its_own_number() -> None:
    [record] = records("eric.nbib")
    assert (record.accession, record.origin) == ("EJ9900001", "")
    assert record.citation.authors == (Author("Lehrer", "L"), Author("O'Schule", "OM"))
    assert record.citation.numbers == {Number.ISSN: ("0000-0043", "0000-0051")}
    assert record.citation.keywords == ("Reading", "Records")


@pytest.mark.parametrize("name", NAMES)
def test_no_word_of_a_file_vanishes(name: str) -> None:
    for record in records(name):
        values = re.sub(r"(?m)^[A-Z]{2,4} *-", "", record.raw.decode()).lower()
        values = re.sub(r"\[(?:doi|not available)]|\b(?:jan|mar)\b|978[-\d]+", "", values)
        assert set(WORD.findall(values)) - told(record) == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_cut_off_anywhere_loses_no_record_in_silence(name: str) -> None:
    content = (EXPORTS / name).read_bytes()
    starts = [
        found.start()
        for found in re.finditer(rb"(?m)^(?:PMID-(?! 99000021)|PMC - PMC990002|OWN - ER)", content)
    ]
    near = {start + step for start in starts[1:] for step in range(1, 24)}
    for end in sorted(near | set(range(starts[0] + 5, len(content), 7))):
        document = of_bytes(content[:end], "cut.nbib")
        found = list(named("nbib").read(document, Wanted()))
        outside = sum(isinstance(outcome, RefusedRecord) and outcome.outside for outcome in found)
        assert len(found) == sum(start < end for start in starts), content[end - 30 : end]
        assert len(found) - outside == named("nbib").openers(document, Wanted())


def test_records_that_no_blank_line_parts_stay_apart() -> None:
    found = outcomes("PMID- 11\nTI  - One\n  \nPMID- 12\nTI  - Two\nPMID- 13\nTI  - Three\nPMI")
    assert [r.accession for r in found if isinstance(r, SourceRecord)] == ["11", "12", "13"]
    assert [(r.line, r.outside, r.raw) for r in found if isinstance(r, RefusedRecord)] == [(8, True, b"PMI")]


def test_a_blank_line_within_a_record_does_not_cut_it() -> None:
    [found] = outcomes("PMID- 11\nTI  - One\nAB  - First.\n\n      Second.\n\nAU  - Hu Y\nDP  - 2001\n")
    assert isinstance(found, SourceRecord)
    assert found.citation.abstract == "First.\nSecond."
    assert (found.citation.authors, found.citation.year) == ((Author("Hu", "Y"),), 2001)


@pytest.mark.parametrize(
    "text",
    [
        "PMID-11\nTI  -A title\nVI  - 3\n",
        "PMID - 11\nTI - A title\nVI - 3\n",
        "PMID- 11\nTI- A title\nVI-3\n",
        "From: a colleague\n\nPMID- 11\nTI  - A\ntitle\nVI  - 3\n",
        "UI  - 22\nPMID- 11\nTI  - A title\nVI  - 3\n",
    ],
    ids=["glued", "one blank", "no blank", "a letter before, a line not set in", "an older number first"],
)
def test_tags_out_of_their_column_are_tags(text: str) -> None:
    [found] = outcomes(text)
    assert isinstance(found, SourceRecord)
    assert (found.citation.pmid, found.citation.title, found.citation.volume) == ("11", "A title", "3")


def test_lines_under_no_known_tag_are_kept() -> None:
    [found] = outcomes(
        "PMID- 11\nSO  no dash\nTI  - One\nXYZ - unknown\nXYZ - twice\n\nA sentence between.\n"
    )
    assert isinstance(found, SourceRecord)
    assert found.citation.extra == {
        "text": ("SO  no dash", "A sentence between."),
        "XYZ": ("unknown", "twice"),
    }


def test_a_line_like_a_tag_within_an_abstract_is_text() -> None:
    [found] = outcomes("PMID- 11\nTI  - One\nAB  - Some words\n      PMID- 12 and\n      TI  - more.\n")
    assert isinstance(found, SourceRecord)
    assert found.citation.abstract == "Some words PMID- 12 and TI - more."


def test_values_of_a_repeated_tag_stay_apart() -> None:
    [found] = outcomes("PMID- 11\nTI  - One\nTI  - Two\nSB  - IM\nSB  - AIM\nAB  - First\nAB  - Second\n")
    assert isinstance(found, SourceRecord)
    assert (found.citation.title, found.citation.abstract) == ("One", "First")
    assert found.citation.extra == {"TI": ("Two",), "SB": ("IM", "AIM"), "AB": ("Second",)}


@pytest.mark.parametrize(
    ("text", "line", "reason", "outside"),
    [
        ("PMID- 11\nTI  - A\n\nOWN - NLM\nTI  - B\n", 4, "fields before which no PMID stands", True),
        ("      continued\nPMID- 11\nTI  - A\n", 1, "a continuation with no field before it", True),
        (
            "PMID- 11\nTI  - A\n\nPMID- \nAU  - Hu Y\n",
            4,
            "neither title nor identifier; the file may be cut off",
            False,
        ),
        ("PMID- \nAU  - Hu Y\n\nPMID- 11\nTI  - A\n", 1, "neither title nor identifier", False),
        ("PMID- 11\nTI  - A\n\nPMID- 990", 4, "nothing but a number; the file seems cut off", False),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    text: str, line: int, reason: str, outside: bool
) -> None:
    found = outcomes(text)
    assert [(r.line, r.reason, r.outside) for r in found if isinstance(r, RefusedRecord)] == [
        (line, reason, outside)
    ]
    assert [r.accession for r in found if isinstance(r, SourceRecord)] == ["11"]


def test_a_record_without_a_number_is_read_for_its_title() -> None:
    [found] = outcomes("PMID- \nTI  - No number\nDP  - 2001\n")
    assert isinstance(found, SourceRecord)
    assert found.accession.startswith("sha256:")
    assert found.citation.title == "No number"


def test_three_hundred_authors_and_a_long_abstract_are_read_whole() -> None:
    names = "".join(f"FAU - Autor{n}, Anna\nAU  - Autor{n} A\n" for n in range(300))
    [found] = outcomes(f"PMID- 11\nTI  - One\nAB  - {'word ' * 40_000}\n{names}")
    assert isinstance(found, SourceRecord)
    assert len(found.citation.authors) == 300
    assert found.citation.authors[-1] == Author("Autor299", "A")
    assert len(found.citation.abstract) == 199_999


def test_a_text_without_any_record_is_not_taken_for_an_empty_export() -> None:
    with pytest.raises(BadInput, match="its format is not recognised"):
        read_document(of_bytes(b"AU  - Hu Y\nTI  - One\n", "export.nbib"))


@pytest.mark.shared
def test_every_record_of_the_real_files_is_read(shared_data: Path) -> None:
    read = 0
    for path in sorted((shared_data / "nbib").iterdir()):
        with read_export(path) as export:
            assert export.openers == len(re.findall(rb"(?m)^PMID-", path.read_bytes())), path.name
            assert (export.read, export.refused) == (export.openers, ()), path.name
            assert min(export.fill[name] for name in ("title", "authors", "year", "journal")) == export.read
            read += export.read
    assert read == 688


def test_a_record_of_eric_directly_before_one_of_pubmed_stays_its_own() -> None:
    text = "OWN - ERIC\nTI  - One title\nOID - EJ9900009\nPMID- 99000009\nTI  - Another\n"
    with read_document(of_bytes(text.encode(), "export.nbib")) as export:
        assert export.openers == 2
        assert [(r.accession, r.citation.title) for r in export.records] == [
            ("EJ9900009", "One title"),
            ("99000009", "Another"),
        ]


@pytest.mark.parametrize("field", ["DP  - Spring", "DP  - 7000001", "PMC - in press", "PMC - 7 or 8"])
def test_a_date_or_a_number_that_is_none_stays(field: str) -> None:
    [record] = outcomes(f"PMID- 99000009\nTI  - A title\n{field}\n")
    assert isinstance(record, SourceRecord)
    assert record.citation.extra[field[:4].strip()] == (field[6:],)


@pytest.mark.shared
def test_bio_medline_reads_the_same_from_real_files(shared_data: Path) -> None:
    """Bio.Medline upon the file itself, which is all of PubMed's own making."""
    parse: Callable[[Iterable[str]], Iterable[dict[str, Any]]] = Medline.parse
    compared = 0
    for path in sorted((shared_data / "nbib").glob("*.nbib")):
        theirs = {
            other["PMID"]: other
            for other in parse(path.read_text(encoding="utf-8").splitlines(keepends=True))
        }
        for record in outcomes(path.read_bytes()):
            assert isinstance(record, SourceRecord)
            ours, other = record.citation, theirs[record.accession]
            assert ours.title == " ".join(other["TI"].split())
            assert [str(a) for a in ours.authors if not a.collective] == other.get("AU", [])
            assert [a.family for a in ours.authors if a.collective] == other.get("CN", [])
            abstract = " ".join(other.get("AB", "").split()).casefold()
            assert ours.abstract.replace("\n", " ").casefold() == abstract or "OAB" in other
            assert (ours.volume, ours.issue) == (other.get("VI", ""), other.get("IP", ""))
            compared += 1
    assert compared == 683
