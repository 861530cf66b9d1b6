"""Web of Science plain text: its fields, its older and newer shapes, what its exporter or an accident does to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from curation.model import Author, Citation, Number, SourceRecord
from curation.sources.files import read_document, read_export
from curation.sources.files.decode import RefusedRecord, of_bytes
from curation.sources.files.formats import Wanted, named

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
NAMES = ("core.wos.txt", "platform.wos.txt")
RECORD = "PT J\nAU Hu, Y\nTI A title\nPY 2001\nUT WOS:000900000000099\nER\n"


def outcomes(text: str | bytes) -> list[SourceRecord | RefusedRecord]:
    document = of_bytes(text.encode() if isinstance(text, str) else text, "export.txt")
    return list(named("wos").read(document, Wanted()))


def records(name: str) -> list[SourceRecord]:
    with read_export(EXPORTS / name) as export:
        assert (export.format, export.read + len(export.refused)) == ("wos", export.openers)
        return list(export.records)


def citation(name: str, number: int) -> Citation:
    return records(name)[number].citation


def citation_with(fields: str) -> Citation:
    [found] = outcomes(f"PT J\nTI A title\n{fields}\nER\n")
    assert isinstance(found, SourceRecord)
    return found.citation


def test_each_record_stands_under_its_number() -> None:
    assert [r.accession for r in records("core.wos.txt")] == [
        "WOS:000900000000031",
        "WOS:A1972DB63600003",
        "WOS:000900000000033",
    ]
    assert [r.accession for r in records("platform.wos.txt")] == [
        "MEDLINE:99000041",
        "INSPEC:9900042",
        "WOS:000900000000043",
    ]
    assert {r.origin for name in NAMES for r in records(name)} == {"wos"}


def test_every_field_of_a_core_collection_record_finds_its_place() -> None:
    found = citation("core.wos.txt", 0)
    assert found.title == "Texture of invented vertebrae in H2O and the words that wrap"
    assert found.title_given.startswith("Texture of <i>invented</i> vertebrae in H<sub>2</sub>O and")
    assert (found.journal, found.journal_short) == ("JOURNAL OF INVENTED RADIOLOGY", "J. Inv. Radiol.")
    assert (found.volume, found.issue, found.pages) == ("122", "3", "245-259")
    assert (found.year, found.date) == (2023, "2023-11-15")
    assert (found.doi, found.pmid) == ("10.5555/livrev.wos.31", "99000031")
    assert found.numbers == {Number.WOS: ("000900000000031",), Number.ISSN: ("0000-0019", "0000-0027")}
    assert found.language == ("English", "French")
    assert found.publication_types == ("Article", "Early Access")
    assert found.keywords == ("texture analysis", "metastasis", "deep learning", "TEXTURE ANALYSIS", "SPINE")


def test_persons_have_their_full_names_and_groups_come_behind_them() -> None:
    authors = citation("core.wos.txt", 0).authors
    assert authors == (
        Author("Roemer", "M III"),
        Author("Hänsel", "GT"),
        Author("Invented Spine Study Grp", collective=True),
        Author("Second Grp", collective=True),
    )
    assert [author.name for author in authors] == ["Roemer, Mack, III", "Hänsel, Gerda T.", "", ""]


def test_heads_of_an_abstract_are_labels_however_the_journal_sets_them() -> None:
    assert [label for label, _ in citation("core.wos.txt", 0).sections] == [
        "BACKGROUND",
        "METHODS",
        "CONCLUSIONS",
    ]
    wrapped = citation("platform.wos.txt", 2)
    assert wrapped.sections == (
        ("INTRODUCTION", "An abstract wrapped at the width of a page, as older exports wrap it."),
        ("OUTCOMES", "Its lines are one."),
        ("CONCLUSION", "So they are joined."),
    )


def test_lists_keep_their_lines_and_addresses_are_unwrapped() -> None:
    extra = citation("core.wos.txt", 0).extra
    assert extra["CR"] == (
        "Author A, 1999, J INV, V10, P327, DOI 10.5555/cited.1",
        "[Anonymous], 2001, INVENTED BOOK",
        "*Inst Cited, 2004, SURV",
    )
    assert extra["C1"] == (
        "[Roemer, Mack, III; Hänsel, Gerda T.] Inst Invent, Nowhere, Neverland.",
        "[Hänsel, Gerda T.] Second Inst, 12 Long Street That Goes On Until It Wraps, Neverland.",
    )
    assert extra["SU"] == ("S",)
    assert extra["J9"] == ("J INV RADIOL",)


def test_a_name_cut_at_eight_letters_and_open_pages_are_read() -> None:
    found = citation("core.wos.txt", 1)
    assert found.authors == (Author("COSTADEV", "OB"),)
    assert (found.pages, found.date, found.extra["PD"]) == ("591+", "1972-05", ("MAY-JUN",))


def test_early_access_has_its_own_date_and_an_article_number() -> None:
    found = citation("core.wos.txt", 2)
    assert (found.year, found.date, found.pages) == (2024, "2024-01", "102398")
    assert found.authors == ()
    assert found.extra["AU"] == ("[Anonymous]",)
    assert found.numbers == {
        Number.WOS: ("000900000000033",),
        Number.ISBN: ("9780000000019", "9780000000026"),
    }


def test_records_of_other_databases_in_the_same_shape() -> None:
    medline, inspec, core = (record.citation for record in records("platform.wos.txt"))
    assert [str(author) for author in medline.authors] == ["Werner NJ", "Hall JE", "de Groot LA"]
    assert (medline.pmid, medline.pages, medline.date) == ("99000041", "2457-2471", "2006-05")
    assert [str(author) for author in inspec.authors] == ["Giles H", "Gerard S"]
    assert (inspec.date, inspec.pages, inspec.numbers) == ("2002-06", "41103-1", {})
    assert core.authors == (Author("Higgs", "KM"),)
    assert (core.date, core.pages) == ("2020-12-16", "1722034")


def test_a_record_with_neither_title_nor_number_is_refused_in_its_place() -> None:
    with read_export(EXPORTS / "platform.wos.txt") as export:
        assert [(r.line, r.reason, r.outside) for r in export.refused] == [
            (39, "neither title nor identifier", False)
        ]
        assert export.refused[0].raw == b"PT J\nAU Nobody, A\nPY 2021\nER"
        assert export.complete


@pytest.mark.parametrize(
    "text",
    [
        RECORD * 2,
        f"FN Thomson Reuters Web of Science\nVR 1.0\n{RECORD}\n{RECORD}",
        f"FN X\nVR 1.0\n{RECORD}EF\n\ufeffFN X\nVR 1.0\n{RECORD}EF",
        f"FN X\n{RECORD}{RECORD}".replace("ER\n", ""),
        RECORD * 2 + "\nSaved by a colleague\n",
        (RECORD * 2).replace("PT J", "PT J  "),
    ],
    ids=["bare", "no EF", "put together", "no ER", "words behind", "blanks"],
)
def test_no_frame_is_needed_to_find_every_record(text: str) -> None:
    found = outcomes(text)
    assert [r.accession for r in found if isinstance(r, SourceRecord)] == ["WOS:000900000000099"] * 2
    assert len(found) == named("wos").openers(of_bytes(text.encode(), "x"), Wanted())


def test_fields_outside_any_record_are_refused_with_their_line() -> None:
    found = outcomes(f"{RECORD}\nAU Lost, A\nTI Lost\nER\n\n{RECORD}")
    [refused] = [r for r in found if isinstance(r, RefusedRecord)]
    assert (refused.line, refused.reason, refused.outside) == (8, "fields before which no PT stands", True)
    assert refused.raw == b"AU Lost, A\nTI Lost\nER"
    assert len(found) == 3


@pytest.mark.parametrize("name", NAMES)
def test_a_file_cut_off_anywhere_loses_no_record_in_silence(name: str) -> None:
    content = (EXPORTS / name).read_bytes()
    starts = [found.start() for found in re.finditer(rb"(?m)^PT [JS]\r?$", content)]
    after_end = [start for start in starts[1:] if content[:start].rstrip().endswith(b"ER")]
    near = {start + step for start in after_end for step in range(1, 24)}
    for end in sorted(near | set(range(starts[0] + 4, len(content), 7))):
        document = of_bytes(content[:end], "cut.txt")
        found = list(named("wos").read(document, Wanted()))
        outside = sum(isinstance(outcome, RefusedRecord) and outcome.outside for outcome in found)
        assert len(found) == sum(start < end for start in starts), content[end - 30 : end]
        assert len(found) - outside == named("wos").openers(document, Wanted())


def test_a_cut_in_a_record_reads_as_far_as_it_goes() -> None:
    [found] = outcomes("PT J\nAU Hu, Y\nTI A title\nUT WOS:000900000000099\nP")
    assert isinstance(found, SourceRecord)
    assert (found.accession, found.citation.extra["text"]) == ("WOS:000900000000099", ("P",))
    [refused] = outcomes("PT J\nAU Hu, Y\nAF Hu, Y")
    assert isinstance(refused, RefusedRecord)
    assert refused.reason == "neither title nor identifier; the file may be cut off"


@pytest.mark.parametrize(
    ("fields", "date"),
    [
        ("PD APR\nPY 2015", "2015-04"),
        ("PD NOV 1\nPY 2015", "2015-11-01"),
        ("PD SPR\nPY 2015", "2015"),
        ("PD 2020-Dec\nPY 2020", "2020-12"),
        ("PY 2015\nVL 3\nEA JAN 2014", "2015"),
        ("EA FEB 2024", "2024-02"),
        ("EA DEC 2023\nEY 2023", "2023-12"),
    ],
)
def test_dates_in_every_fashion(fields: str, date: str) -> None:
    found = citation_with(fields)
    assert (found.year, found.date) == (int(date[:4]), date)


def test_what_a_normalised_value_does_not_say_is_kept() -> None:
    extra = citation_with(
        "PD SPR\nPY 2015\nVL 3\nEA JAN 2014\nSN 1234-0000\nXY unknown\nXY twice\nCR A\nCR B"
    ).extra
    assert extra == {
        "PT": ("J",),
        "PD": ("SPR",),
        "EA": ("JAN 2014",),
        "SN": ("1234-0000",),
        "XY": ("unknown", "twice"),
        "CR": ("A", "B"),
    }


def test_names_that_do_not_pair_with_full_names_stay_beside_them() -> None:
    found = citation_with("AU Hu, Y\n   Li, Z\nAF Hu, Yue")
    assert [author.name for author in found.authors] == ["Hu, Y", "Li, Z"]
    assert found.extra["AF"] == ("Hu, Yue",)
    assert citation_with("AF Hu, Yue").authors == (Author("Hu", "Y"),)
    assert citation_with("BA Hu, Y\nBF Hu, Yue").authors[0].name == "Hu, Yue"


def test_a_doi_with_angle_brackets_is_whole() -> None:
    doi = "10.5555/(SICI)1097-0142(19960515)77:10<1995::AID-INV5>3.0.CO;2-9"
    assert citation_with(f"DI {doi}").doi == doi.lower()


def test_three_hundred_authors_and_a_long_abstract_are_read_whole() -> None:
    names = "\n   ".join(f"Autor{n}, A" for n in range(300))
    found = citation_with(f"AU {names}\nAB {'word ' * 40_000}")
    assert len(found.authors) == 300
    assert len(found.abstract) == 199_999


@pytest.mark.parametrize("glue", ["", " ", "  "])
def test_a_record_glued_to_the_end_of_the_one_before_stays_its_own(glue: str) -> None:
    text = f"PT J\nTI One title\nUT WOS:1\nER{glue}PT J\nTI Another\nUT WOS:2\nER\n"
    with read_document(of_bytes(text.encode(), "export.txt")) as export:
        assert export.openers == 2
        assert [record.citation.title for record in export.records] == ["One title", "Another"]


def test_second_pages_and_a_number_that_is_none_stay() -> None:
    found = citation_with("BP 11\nBP 31\nEP 19\nEP 39\nPM none yet")
    assert (found.pages, found.pmid) == ("11-19", None)
    assert found.extra == {"PT": ("J",), "BP": ("31",), "EP": ("39",), "PM": ("none yet",)}


@pytest.mark.shared
def test_every_record_of_the_real_files_is_read(shared_data: Path) -> None:
    read = 0
    for path in sorted((shared_data / "wos").iterdir()):
        with read_export(path) as export:
            begun = len(re.findall(rb"(?m)^PT \w", path.read_bytes()))
            assert (export.openers, export.read, export.refused) == (begun, begun, ()), path.name
            filled = ("title", "authors", "year", "journal", "language", "publication_types")
            assert min(export.fill[name] for name in filled) == begun, path.name
            read += export.read
    assert read == 604
