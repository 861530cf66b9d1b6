"""What each source means by RIS' tags, over records of our own in its shape; and lines that only look like tags."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.identifiers import folded as letters
from curation.model import Author, Citation, Number, SourceRecord
from curation.sources.files import ris
from curation.sources.files.decode import RefusedRecord, of_bytes, open_document
from curation.sources.files.formats import Wanted, named
from curation.sources.files.ris_lines import drafts

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
FIXTURES = sorted(path.name for path in EXPORTS.glob("*.ris"))
AS_FOUND = Wanted()


def outcomes(content: str | bytes) -> list[SourceRecord | RefusedRecord]:
    raw = content.encode() if isinstance(content, str) else content
    return [*ris.read(of_bytes(raw, "export.ris"), AS_FOUND)]


def records(content: str | bytes) -> list[SourceRecord]:
    return [outcome for outcome in outcomes(content) if isinstance(outcome, SourceRecord)]


def openers(content: str | bytes) -> int:
    raw = content.encode() if isinstance(content, str) else content
    return named("ris").openers(of_bytes(raw, "export.ris"), AS_FOUND)


@cache
def record(name: str, number: int = 0) -> SourceRecord:
    return records((EXPORTS / name).read_bytes())[number]


def citation(name: str, number: int = 0) -> Citation:
    return record(name, number).citation


def one(fields: str) -> SourceRecord:
    [found] = records(f"TY  - JOUR\n{fields}\nER  - \n")
    return found


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("central_ovid.ris", [("CN-90000010", "central"), ("CN-90000011", "central")]),
        ("citavi.ris", [("2-s2.0-99900000009", "scopus")]),
        ("dimensions.ris", [("pub.1999999999", "dimensions"), ("pub.1999999998", "dimensions")]),
        ("ebsco.ris", [("178481408", "ebsco"), ("1678288", "econlit")]),
        ("embase.ris", [("L900000001", "embase"), ("L900000002", "embase")]),
        ("endnote.ris", [("99000014", "pubmed"), ("", "endnote")]),
        ("ieee.ris", [("", "ieee"), ("", "ieee")]),
        ("lens.ris", [("002-369-373-685-999", "lens"), ("003-369-373-685-999", "lens")]),
        ("mendeley.ris", [("", "mendeley")]),
        ("ovid.ris", [("99000003", "ovid-medline"), ("CN-90000002", "central")]),
        ("proquest.ris", [("2214991469", "proquest")]),
        ("psycinfo_ovid.ris", [("2020-99999-001", "ovid-psycinfo")]),
        ("rayyan.ris", [("rayyan-999999001", "rayyan")]),
        ("scopus.ris", [("2-s2.0-99900000001", "scopus"), ("2-s2.0-99900000002", "scopus")]),
        ("scopus2020.ris", [("2-s2.0-99900000003", "scopus")]),
        ("wos.ris", [("WOS:000900000000001", "wos"), ("WOS:000900000000002", "wos")]),
        ("wos_full.ris", [("WOS:000900000000003", "wos"), ("WOS:A1996VP65600065", "wos")]),
        ("zotero.ris", [("", "asreview"), ("WOS:000900000000009", "wos"), ("99000016", "ovid-medline")]),
    ],
)
def test_a_record_shows_its_number_and_where_it_came_from(name: str, shown: list[tuple[str, str]]) -> None:
    found = records((EXPORTS / name).read_bytes())
    assert [("" if r.accession.startswith("sha256:") else r.accession, r.origin) for r in found] == shown
    assert openers((EXPORTS / name).read_bytes()) == len(found)


def test_embase_gives_its_own_number_and_pubmeds() -> None:
    found = citation("embase.ris")
    assert found.pmid == "99000001"
    assert found.numbers == {Number.EMBASE: ("900000001",), Number.ISSN: ("0000-0019",)}
    assert (found.journal, found.journal_short) == ("Journal of Invented Radiology", "J. Inv. Radiol.")
    assert found.extra["DB"] == ("Embase", "Medline")
    assert "U2" not in found.extra


def test_scopus_of_2020_gives_pubmeds_number_and_an_article_number() -> None:
    found = citation("scopus2020.ris")
    assert (found.pmid, found.pages, found.volume) == ("99000006", "104501", "111")
    assert (found.journal, found.journal_short) == ("Journal of Invented Surgery", "J. Invent. Surg.")
    assert found.numbers == {Number.SCOPUS: ("2-s2.0-99900000003",), Number.ISSN: ("0306-4530",)}
    assert [label for label, _ in found.sections] == [
        "BACKGROUND",
        "OBJECTIVE",
        "METHODS",
        "RESULTS",
        "CONCLUSIONS",
    ]
    assert found.sections[3] == ("RESULTS", "Few answered: three.")
    assert len(found.extra["N1"]) == 4
    assert found.extra["N1"][3].endswith("https://doi.org/10.5555/not.this.one")
    assert found.doi == "10.5555/livrev.scopus.3"


def test_scopus_of_2024_gives_an_article_number_beside_pages() -> None:
    found = citation("scopus.ris")
    assert found.pages == "152-160"
    assert found.extra["C7"] == ("e15",)


def test_tags_that_web_of_science_glues_are_cut_apart() -> None:
    found = citation("wos_full.ris")
    assert found.extra["AD"] == ("Nowhere Univ, Nowhere, Finland", "Elsewhere Univ, Elsewhere, Finland")
    assert found.extra["C3"] == ("Nowhere University",)
    assert found.extra["FU"] == ("Invented Fund",)
    assert len(found.extra["WE"]) == 2
    assert found.numbers[Number.WOS] == ("000900000000003",)
    assert b"USAAD  - " in record("wos.ris").raw


def test_web_of_science_names_groups_and_dates_in_its_own_way() -> None:
    found, early = citation("wos_full.ris"), citation("wos_full.ris", 1)
    assert [str(a) for a in found.authors if not a.collective] == ["Friis A", "Olsen M"]
    assert [str(a) for a in found.authors if a.collective] == ["IEEE", "Invented Spine Study Grp"]
    assert (found.year, found.date, found.pages) == (2017, "2017-06-13", "94+")
    assert (found.journal_short, found.extra["J9"]) == ("Invent. Symp.", ("INVENT SYMP",))
    assert found.title == "Applying texture to vertebrae, H2O & air"
    assert found.title_given == "Applying <i>texture</i> to vertebrae, H<sub>2</sub>O & air"
    assert found.abstract.count("\n") == 2
    assert found.extra["DO"] == ("10.5555/livrev.wos.book",)
    assert (early.year, early.date, early.pages) == (2021, "2021-09", "e104")


def test_psycinfo_says_in_words_that_there_are_no_pages_and_repeats_the_doi() -> None:
    found = citation("psycinfo_ovid.ris")
    assert (found.pages, found.extra["SP"], found.extra["EP"]) == ("", ("No",), ("Specified",))
    assert (found.doi, found.pmid) == ("10.5555/livrev.psyc.1", None)
    assert "DO" not in found.extra
    assert found.extra["PB"] == ("Nobody & Sons", "US")
    assert len(found.extra["M1"]) == 2
    assert found.publication_types == ("Journal Article",)
    assert found.extra["M3"] == ("Health & Mental Health Treatment & Prevention [3300]",)
    assert found.extra["NL"] == ("Inv Psychol",)


def test_central_names_a_registered_trial_by_its_number_and_its_page() -> None:
    found = citation("central_ovid.ris")
    assert found.authors == ()
    assert found.numbers == {Number.CENTRAL: ("CN-90000010",), Number.TRIAL: ("NCT99900010",)}
    assert found.journal == "https://clinicaltrials.gov/show/NCT99900010"
    assert found.extra["T2"] == ("The Whole and Official Title of an Invented Randomized Controlled Trial",)


def test_central_writes_all_authors_in_one_line_and_the_numbers_of_others_in_c3() -> None:
    found = citation("central_ovid.ris", 1)
    assert found.authors == (Author("Achter", "RCA"), Author("van der Helm", "JJ"), Author("de Vries", "HJC"))
    assert found.pmid == "99000011"
    assert found.numbers[Number.EMBASE] == ("612345678",)
    assert found.abstract.split("\n") == [
        "BACKGROUND: Nobody knows. Still, we ask.",
        "METHOD: An open label trial of 150 vertebrae.",
        "WHAT IS NEW: Nothing.",
        "TRIAL REGISTRATION: NCT99900011 .",
    ]


def test_ebsco_hides_its_number_in_a_note_and_a_notice_in_a_second_abstract() -> None:
    found, thesis = citation("ebsco.ris"), citation("ebsco.ris", 1)
    assert found.doi == "10.5555/livrev.ebsco.1"
    assert found.abstract.startswith("AIM: Invented factors are intensifying.")
    assert found.extra["AB"][0].startswith("Copyright of")
    assert (found.date, found.pages, found.extra["SP"]) == ("2024-08", "", ("N.PAG",))
    assert found.numbers == {Number.ISSN: ("0000-0027",)}
    assert (thesis.abstract, thesis.publication_types) == ("", ("Thesis",))
    assert thesis.keywords == ("Climate; Natural Disasters and Their Management; Global Warming Q54",)


def test_proquest_writes_two_numbers_in_one() -> None:
    found = citation("proquest.ris")
    assert found.extra["AN"] == ("2214991469; 51887",)
    assert found.numbers == {Number.ISSN: ("0000-0027",)}
    assert found.doi == "10.5555/livrev.proquest.1"


def test_lens_links_to_pubmed_and_marks_up_its_abstracts() -> None:
    found = citation("lens.ris")
    assert (found.pmid, found.pmcid) == ("99000012", "PMC9900012")
    assert found.abstract == "It was invented.\nMETHODS: By < 2 people."
    assert found.numbers[Number.ISSN] == ("0000-0027", "0000-0019")
    assert (found.year, found.date, found.pages) == (2020, "2020-05-18", "583-598")
    assert citation("lens.ris", 1).year is None


def test_dimensions_marks_its_numbers() -> None:
    found, chapter = citation("dimensions.ris"), citation("dimensions.ris", 1)
    assert (found.pmid, found.pmcid) == ("99000013", "PMC9900013")
    assert found.abstract == "Invented forests are challenging. Their fires are more so."
    assert found.authors[1] == Author("Hukmi")
    assert (chapter.journal, chapter.publication_types) == ("The Invented Book of Fires", ("Book Section",))


def test_ieee_repeats_volume_and_journal_and_dates_a_conference() -> None:
    found = citation("ieee.ris")
    assert (found.volume, found.journal_short) == ("8", "")
    assert (found.year, found.date) == (2023, "2023-12")
    assert found.authors == (Author("Panda", "A"), Author("Lim", "YH"), Author("van der Berg", "L"))
    assert found.keywords == ("Runtime", "Parkinson’s disease")
    assert set(found.extra) == {"TY", "Y1"}


def test_endnote_keeps_pubmeds_numbers_and_lists_keywords_in_lines() -> None:
    found, other = citation("endnote.ris"), citation("endnote.ris", 1)
    assert (found.pmid, found.pmcid, found.abstract) == ("99000014", "PMC9900014", "")
    assert found.extra["AB"] == ("NA",)
    assert found.keywords == ("Animals", "*Colitis", "Qing dai")
    assert found.numbers == {Number.ISSN: ("0000-0019",)}
    assert found.authors[1] == Author("World Invention Organization", collective=True)
    assert "ST" not in found.extra
    assert (other.volume, other.pages, other.extra["ID"]) == ("47", "442-449", ("4212",))


def test_zotero_notes_what_it_has_no_field_for() -> None:
    first, second, third = (citation("zotero.ris", number) for number in range(3))
    assert (first.date, first.pages, first.pmid) == ("1999-08", "347-357", "99000015")
    assert first.extra["N1"] == ("<p>ASReview_relevant</p>",)
    assert [label for label, _ in first.sections] == ["OBJECTIVES", "METHODS", "RESULTS", "CONCLUSIONS"]
    assert (second.doi, second.journal) == ("10.5555/livrev.zotero.2", "Landscape, Smoke, and Health")
    assert (third.pmid, third.issue, third.extra["IS"]) == ("99000016", "", ("eag, 7805975",))


def test_managers_write_names_and_dois_where_they_like() -> None:
    assert citation("rayyan.ris").authors == (Author("Smith", "J"), Author("Doe", "JR"))
    assert citation("mendeley.ris").doi == "10.5555/livrev.mendeley.1"
    assert citation("mendeley.ris").date == "2011-03-04"
    assert citation("citavi.ris").extra["U3"] == (
        "Cited By :8\n\nExport Date: 12 May 2022\n\nConference Paper",
    )


ABSTRACT = "AB  - A wrapped abstract whose lines are as long as a page is wide, of the\n"


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        ("PI  - the principal investigator - and others", "T2"),
        ("XX  - unknown to anyone", "T2"),
        ("CT - based model", "T2"),
        ("ER  - positive tumours and", "T2"),
        ("TY  - positive and negative cells", "T2"),
        ("ER\nalpha and beta", "T2"),
        ("   AI  - driven models", "T2"),
    ],
)
def test_a_line_of_an_abstract_that_looks_like_a_tag_is_text(lines: str, after: str) -> None:
    text = f"TI  - T\n{ABSTRACT}second line of it, and then\n{lines}\nthe end.\n{after}  - Journal of Ends"
    found = one(text)
    assert openers(f"TY  - JOUR\n{text}\nER  - \n") == 1
    assert found.citation.journal == "Journal of Ends"
    words = " ".join(" ".join(line.split()) for line in lines.split("\n"))
    assert found.citation.abstract.endswith(f"and then {words} the end.")


@pytest.mark.parametrize("tag", ["KW", "PI", "AD", "LA", "UR", "XX"])
def test_a_tag_after_a_whole_sentence_is_a_tag(tag: str) -> None:
    found = one(f"TI  - T\n{ABSTRACT}second line of it.\n{tag}  - https://example.org").citation
    assert found.abstract.endswith("second line of it.")
    assert "https://example.org" in {*found.keywords, *found.language, *found.extra.get(tag, ())}


@pytest.mark.parametrize(
    ("line", "extra"),
    [
        ("KW  - biomarkers", {}),
        ("PB  - Nobody Ltd", {"PB": ("Nobody Ltd",)}),
        ("AN  - abc", {"AN": ("abc",)}),
    ],
)
def test_an_abstract_without_a_full_stop_ends_at_the_next_tag(
    line: str, extra: dict[str, tuple[str, ...]]
) -> None:
    found = one(f"TI  - T\n{ABSTRACT}second line without end\n{line}").citation
    assert found.abstract.endswith("second line without end")
    assert {tag: values for tag, values in found.extra.items() if tag != "TY"} == extra


def test_er_with_words_after_it_ends_a_record_outside_of_text() -> None:
    [found] = records("TY  - GEN\nTI  - T\nER  - End of Reference\nUK  - Unknown Tag\nER  -\n")
    assert found.citation.extra == {"TY": ("GEN",), "UK": ("Unknown Tag",)}


def test_what_follows_a_record_and_looks_like_another_is_refused_one_by_one() -> None:
    lost = "TI  - Lost\nAU  - A, B\nER  - \n\nTI  - Lost too\nER  - \n"
    found = outcomes(f"TY  - JOUR\nTI  - T\nER  - \n\n{lost}\nTY  - JOUR\nTI  - U\nER  - \n")
    refused = [outcome for outcome in found if isinstance(outcome, RefusedRecord)]
    assert [(r.line, r.outside) for r in refused] == [(5, True), (9, True)]
    assert refused[0].raw == b"TI  - Lost\nAU  - A, B\nER  - "
    assert [r.citation.title for r in found if isinstance(r, SourceRecord)] == ["T", "U"]


TWO = (EXPORTS / "ovid.ris").read_bytes()


def test_a_file_cut_off_anywhere_loses_no_record_in_silence() -> None:
    whole = records(TWO)
    second = TWO.index(b"TY  - ELEC")
    for end in range(1, len(TWO)):
        cut = TWO[:end]
        begun = openers(cut) if cut.strip() else 0
        found = outcomes(cut) if cut.strip() else []
        inside = [o for o in found if not (isinstance(o, RefusedRecord) and o.outside)]
        assert len(inside) == begun
        if end > TWO.index(b"ER  -") + 5:
            assert isinstance(found[0], SourceRecord)
            assert found[0].accession == whole[0].accession
        for outcome in found:
            if isinstance(outcome, RefusedRecord):
                assert "cut off" in outcome.reason
        if second < end < second + 6:
            assert isinstance(found[-1], RefusedRecord)


def test_letters_of_a_tag_cut_in_two_are_no_text() -> None:
    [found] = records("TY  - JOUR\nTI  - A title\nVL  - 12\nI")
    assert (found.citation.title, found.citation.volume) == ("A title", "12")


@pytest.mark.parametrize("end", ["\nT", "\nTY", "\nTY  ", "\n3.", "\n3. \nTY", "\nRecord #3 of 9"])
def test_the_beginning_of_a_record_at_the_end_of_a_file_is_told(end: str) -> None:
    found = outcomes(f"TY  - JOUR\nTI  - A title\nER  - \n{end}")
    assert isinstance(found[-1], RefusedRecord)
    assert found[-1].outside
    assert "cut off" in found[-1].reason


_WORDS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\x85\u2028\u2029"),
    min_size=1,
    max_size=30,
)
_TAGS = st.sampled_from(
    [
        "AU",
        "A1",
        "AB",
        "N1",
        "N2",
        "KW",
        "T2",
        "JF",
        "DO",
        "SN",
        "UR",
        "PY",
        "DA",
        "XX",
        "C7",
        "ID",
        "M3",
        "SP",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.tuples(_TAGS, _WORDS), max_size=8), min_size=1, max_size=4), st.data())
def test_whatever_the_fields_say_each_opener_leads_to_one_outcome(
    contents: list[list[tuple[str, str]]], data: st.DataObject
) -> None:
    end = data.draw(st.sampled_from(["ER  - \n", "ER\n", "", "ER  - \n\n3.\n", "ER  -"]))
    begin = data.draw(st.sampled_from(["TY  - JOUR\n", "TY - JOUR\n", "ty  - jour\n", "  TY  - CONF\n"]))
    text = "".join(
        begin + "".join(f"{tag}  - {value}\n" for tag, value in fields) + end for fields in contents
    )
    found = [o for o in outcomes(text) if not (isinstance(o, RefusedRecord) and o.outside)]
    assert len(found) == openers(text)


def words(texts: Iterable[str]) -> set[str]:
    return {
        word
        for text in texts
        for word in re.findall(r"[^\W_]+", re.sub(r"<[^<>]*>", " ", unescape(text)).lower())
    }


# Prefixes and marks of numbers, and what stands for a date or a volume without saying more than the number.
SAID_BY_THE_FIELD = words(
    ["https dx doi org www http issn isbn print electronic online linking pmid pmcid undefined"]
)
SAID_BY_THE_FIELD |= words(["wos isi v vol medline pubmed embase unsp and abstract"])


def everything(c: Citation) -> str:
    """All that a citation says, numbers with and without their hyphens."""
    numbers = [number for kind in c.numbers.values() for number in kind]
    people = [author.name or str(author) for author in c.authors]
    fields = [
        c.title,
        c.title_given,
        c.abstract,
        str(c.year),
        c.date,
        c.journal,
        c.journal_short,
        c.volume,
        c.issue,
        c.pages,
    ]
    lists = [
        *c.language,
        *c.publication_types,
        *c.keywords,
        *(v for values in c.extra.values() for v in values),
    ]
    named = [c.doi or "", c.pmid or "", c.pmcid or "", *numbers, *(n.replace("-", "") for n in numbers)]
    return "\n".join([*fields, *people, *lists, *named])


def lost_values(path: Path) -> list[tuple[str, str]]:
    """Values with a word that the citation has nowhere; ranges of pages and numbers, written anew, left out."""
    lost = []
    opened = (draft for draft in drafts(open_document(path).lines()) if draft.opened)
    for draft, outcome in zip(opened, ris.read(open_document(path), AS_FOUND), strict=False):
        if isinstance(outcome, RefusedRecord):
            continue
        said = everything(outcome.citation)
        have = words([said]) | SAID_BY_THE_FIELD
        for tag, value in draft.pairs():
            gone = words([value]) - have if tag not in {"SN", "SP", "EP", "U2", "C3", "C5"} else set()
            if gone and any(letters(word) not in letters(said) for word in gone):
                lost.append((tag, value))
    return lost


@pytest.mark.parametrize("name", FIXTURES)
def test_no_word_of_a_record_vanishes(name: str) -> None:
    assert lost_values(EXPORTS / name) == []


@pytest.mark.shared
@pytest.mark.slow
def test_no_record_and_no_word_of_a_real_export_is_lost(shared_data: Path) -> None:
    """Every file that has records; those refused hold neither title nor number."""
    read = refused = 0
    for path in sorted((shared_data / "ris").iterdir()):
        document = open_document(path)
        found = [*ris.read(document, AS_FOUND)]
        lost = [o for o in found if isinstance(o, RefusedRecord)]
        assert len(found) == named("ris").openers(document, AS_FOUND), path.name
        assert {o.reason for o in lost} <= {"neither title nor identifier"}, path.name
        assert not any(o.outside for o in lost), path.name
        assert lost_values(path) == [], path.name
        read += len(found) - len(lost)
        refused += len(lost)
    assert read > 13_000
    assert refused < 100
