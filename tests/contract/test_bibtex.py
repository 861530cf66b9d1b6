"""BibTeX in the shapes of its sources: every entry read or refused, none of its values lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.model import Author, Citation, Number, SourceRecord
from curation.sources.files.bibtex import read
from curation.sources.files.decode import Outcome, RefusedRecord, of_bytes, open_document
from curation.sources.files.formats import Wanted, named, recognised

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
BIBTEX = named("bibtex")


def outcomes(text: str | bytes) -> list[Outcome]:
    content = text.encode() if isinstance(text, str) else text
    return list(read(of_bytes(content, "export.bib"), Wanted()))


def records(text: str | bytes) -> list[SourceRecord]:
    found = outcomes(text)
    assert not [one for one in found if isinstance(one, RefusedRecord)]
    return [one for one in found if isinstance(one, SourceRecord)]


def cited(fields: str, kind: str = "article") -> Citation:
    [record] = records(f"@{kind}{{key,\n{fields}\n}}\n")
    return record.citation


def exported(name: str) -> list[SourceRecord]:
    return records((EXPORTS / name).read_bytes())


def openers(content: bytes) -> int:
    return BIBTEX.openers(of_bytes(content, "export.bib"), Wanted())


def adds_up(content: bytes) -> bool:
    found = outcomes(content)
    outside = sum(isinstance(one, RefusedRecord) and one.outside for one in found)
    return len(found) - outside == openers(content)


@pytest.mark.parametrize("name", ["scopus.bib", "wos.bib", "zotero.bib", "latex.bib"])
def test_a_shape_is_recognised_and_each_opener_leads_to_a_record(name: str) -> None:
    document = open_document(EXPORTS / name)
    assert BIBTEX.sign.search(document.head()) is not None
    assert BIBTEX.openers(document, Wanted()) == len(exported(name))


@pytest.mark.parametrize("name", ["scopus.bib", "wos.bib", "zotero.bib", "latex.bib"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_the_way_a_file_was_saved_changes_no_record(name: str, encoding: str, line_end: str) -> None:
    text = (EXPORTS / name).read_text(encoding="utf-8-sig")
    assert records(text.replace("\n", line_end).encode(encoding)) == exported(name)


def test_scopus_gives_a_field_twice_and_no_value_of_it_is_lost() -> None:
    article, proceedings = exported("scopus.bib")
    c = article.citation
    assert (article.accession, article.origin) == ("2-s2.0-99900000001", "scopus")
    assert c.authors == (Author("Hu", "Y"), Author("van der Berg", "RJ"), Author("O'Neil", "C"))
    assert [a.name for a in c.authors] == ["Hu, Yue", "van der Berg, R.J.", "O'Neil, Ciara"]
    assert (c.year, c.journal, c.journal_short) == (
        2024,
        "Journal of Invented Radiology",
        "J. Invented Radiol.",
    )
    assert (c.volume, c.issue, c.pages) == ("12", "3", "152-160")
    assert (c.doi, c.pmid, c.language) == ("10.5555/jir.2024.0012", "99000001", ("English",))
    assert c.abstract.startswith(
        "The aim was invented. 95% of lesions & 5% of words were read by two readers."
    )
    assert c.keywords == ("Article", "human", "spine", "radiomics", "spinal metastases")
    assert c.numbers == {Number.SCOPUS: ("2-s2.0-99900000001",), Number.ISSN: ("0378-4371",)}
    assert c.publication_types == ("Article",)
    assert c.extra["funding_details"] == ("Fund of Nowhere, FN, (1)", "Second Fund, SF, (2)")
    assert c.extra["note"] == ("Cited by: 7; All Open Access",)
    assert not {"issn", "pmid", "doi", "year"} & set(c.extra)
    assert proceedings.citation.authors == ()
    assert proceedings.citation.pages == "104417"
    assert proceedings.citation.publication_types == ("Conference review", "conference")
    assert proceedings.citation.numbers[Number.ISBN] == ("9783999900018",)


def test_web_of_science_wraps_its_lines_and_names_sections() -> None:
    article, paper = exported("wos.bib")
    c = article.citation
    assert (article.accession, article.origin) == ("WOS:000900000000001", "wos")
    assert c.title == "Texture of lesions in [invented] spines: p < 0.05 & the rest"
    assert c.title_given == r"Texture of lesions in {[}invented] spines: p \textless{} 0.05 \& the rest"
    assert c.abstract.split("\n") == [
        "BACKGROUND: Nothing was known of it, and lines are wrapped with three blanks.",
        "METHODS: We invented.",
        "RESULTS: 31.8%, [95% CI 27.6-36.0].",
        "CONCLUSIONS: None.",
    ]
    assert (c.year, c.date, c.pages) == (2024, "2024-03-01", "335-339")
    assert c.numbers == {Number.WOS: ("000900000000001",), Number.ISSN: ("0378-4371", "1460-2180")}
    assert c.keywords == ("radiomics", "spine", "TEXTURE", "CT")
    assert c.publication_types == ("Article", "Early Access")
    assert c.journal_short == "J. Invent. Radiol."
    assert c.extra["Article-Number"] == ("104417",)
    assert c.extra["ResearcherID-Numbers"] == ("Hu, Yue/A-0000-2024",)
    assert (paper.accession, paper.citation.journal) == ("WOS:A1990XX00000002", "PROCEEDINGS OF INVENTION")
    assert (paper.citation.pages, paper.citation.extra["Book-Group-Author"]) == ("48+", ("Invented Society",))


def test_zotero_braces_its_groups_and_capitals_and_keeps_paragraphs() -> None:
    article, page = exported("zotero.bib")
    c = article.citation
    assert article.origin == "pubmed"
    assert c.title == "Microangiography of the Spine in Invented Dogs"
    assert "{Spine}" in c.title_given
    assert c.authors == (
        Author("Larsen", "L"),
        Author("Invented Spine Study Group", collective=True),
        Author("Gómez", "J"),
    )
    assert [len(paragraph) > 50 for paragraph in c.abstract.split("\n")] == [True, False]
    assert c.abstract.endswith("\nThe second paragraph holds 5% of the words.")
    assert "(P < 0.05)" in c.abstract
    assert (c.date, c.pages, c.pmid) == ("1999-08", "134-137", "99000002")
    assert c.extra["note"] == ("PMID: 99000002\nPMCID: PMC9900002",)
    assert c.pmcid == "PMC9900002"
    assert (page.origin, page.citation.title) == ("zotero", "A page of nobody")
    assert page.citation.extra["@type"] == ("misc",)


def test_macros_parentheses_and_several_entries_on_a_line_are_read() -> None:
    old, book, behind, paper = exported("latex.bib")
    c = old.citation
    assert c.title == "The α-angle of H2O: in vivo – a test of $5 & 100%"
    assert (c.journal, c.date, c.pages) == ("Journal of Invented Radiology", "2001-01-10", "17-29")
    assert [str(a) for a in c.authors] == ["Ünal A", "Gómez J", "Østergaard S", "van Beethoven L"]
    assert c.extra["author"][0].endswith("and others")
    assert c.extra["note"] == ("Invented Press {AG}",)
    assert book.citation.title == "On “nothing”: It costs ~5 ½ euro"
    assert book.citation.extra["editor"] == ("Ackermann, A.",)
    assert (behind.citation.title, behind.citation.year) == ("Behind the end of another", 2000)
    assert paper.citation.title == r"Café naïve Šimek ça \unknownx 100% sure"
    assert paper.citation.authors == (
        Author("Smith", "JA"),
        Author("World Health Organization"),
        Author("and Sons", collective=True),
    )
    assert (paper.citation.pmid, paper.citation.date) == ("99000003", "2010-05-17")


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (r"{\'e}t{\'e} \`a la {\^\i}le", "été à la île"),
        (r"S{\~a}o, Stra{\ss}e, {\AA}ngstr{\"o}m, \L{}\'od\'z", "São, Straße, Ångström, Łódź"),
        (r"10 {\textmu}m {\textpm} 2\textdegree", "10 µm ± 2°"),
        (r"$n < 5$ and $x^{2}$ and $\geq$ 3", "n < 5 and x2 and ≥ 3"),
        ("it cost US$5, then US$6 ($) or ($)", "it cost US$5, then US$6 ($) or ($)"),
        (r"a \textbackslash{} b \{c\} \_ \# \~{} ~d", "a \\ b {c} _ # \\~ ~d"),
        (r"CD4\textsuperscript{+} \textit{T} cells", "CD4+ T cells"),
        ("50% of all, and no comment", "50% of all, and no comment"),
        (r"\"Quoted\" by mistake", r"\"Quoted\" by mistake"),
        (r"see \today and \LaTeX", r"see \today and \LaTeX"),
    ],
)
def test_latex_is_decoded_and_what_is_not_understood_stays(written: str, read_as: str) -> None:
    assert cited(f"title = {{{written}}}").title == read_as


@pytest.mark.parametrize(
    ("told", "date"),
    [
        ("year = {2020}, month = {3}, day = {5}", "2020-03-05"),
        ("year = 2020, month = sep", "2020-09"),
        ("year = {2020}, month = {APR-JUN}", "2020-04"),
        ("date = {2020-11}", "2020-11"),
        ("year = {in press}", ""),
    ],
)
def test_a_date_is_told_as_far_as_it_is_known(told: str, date: str) -> None:
    assert cited(f"title = {{A}}, {told}").date == date


def test_what_a_date_does_not_say_stays_beside_it() -> None:
    extra = cited("title = {A}, year = {2020 (online)}, month = {APR-JUN}").extra
    assert (extra["year"], extra["month"]) == (("2020 (online)",), ("APR-JUN",))


@pytest.mark.parametrize(
    ("key", "accession", "origin"),
    [
        ("DBLP:journals/x/Hu24", "DBLP:journals/x/Hu24", "dblp"),
        ("PMID:99000001", "MED:99000001", "europepmc"),
        ("PPR:PPR990001", "PPR:PPR990001", "europepmc"),
        ("ISI:000900000000009", "WOS:000900000000009", "wos"),
    ],
)
def test_a_key_that_is_a_number_of_the_source_names_the_record(key: str, accession: str, origin: str) -> None:
    [record] = records(f"@article {{{key},\n\tTitle = {{A}},\n}}")
    assert (record.accession, record.origin) == (accession, origin)


def test_a_key_of_a_reference_manager_names_nothing() -> None:
    first, second = records("@article{hu2024,\n title={A}}\n@article{hu2024,\n title={B}}\n")
    assert first.accession.startswith("sha256:")
    assert first.accession != second.accession
    assert first.citation.extra["@key"] == ("hu2024",)


DAMAGED = {
    "a brace too many": "title = {One} two},\n  year = {2020},",
    "a brace too few": "title = {One {two},\n  year = {2020},",
    "a quote within quotes": 'title = "One "two"",\n  year = {2020},',
    "a field without a value": "title = {One two},\n  month = ,\n  year = {2020},",
    "a comma that lacks": "title = {One two}\n  year = {2020},",
    "words in no field": "2nd edition,\n  title = {One two},\n  year = {2020},",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_entry_is_read_and_spoils_no_other(name: str) -> None:
    text = f"@article{{a,\n  {DAMAGED[name]}\n  volume = {{7}}\n}}\n\n@article{{b,\n title = {{Next}}\n}}\n"
    damaged, following = records(text)
    assert re.sub(r'[{}"]', "", damaged.citation.title) == "One two"
    assert (damaged.citation.year, damaged.citation.volume) == (2020, "7")
    assert following.citation.title == "Next"


def test_an_entry_that_begins_within_another_is_no_part_of_it() -> None:
    first, second = records("@article{a,\n title = {One},\n note = {open\n@article{b,\n title = {Two}\n}\n")
    assert (first.citation.title, second.citation.title) == ("One", "Two")


def test_an_at_sign_within_a_value_begins_nothing() -> None:
    found = cited("title = {LeQua @ {CLEF}}, note = {a@b.org, @article in words\n  @home}")
    assert found.title == "LeQua @ CLEF"
    assert found.extra["note"] == ("a@b.org, @article in words\n  @home",)


def test_an_entry_with_neither_title_nor_number_is_refused_with_its_line() -> None:
    [refused] = outcomes("\n\n@misc{a,\n  note = {nothing},\n}\n")
    assert isinstance(refused, RefusedRecord)
    assert (refused.line, refused.reason, refused.outside) == (3, "neither title nor identifier", False)
    assert refused.raw == b"@misc{a,\n  note = {nothing},\n}"


def test_comments_and_headers_are_no_records() -> None:
    text = "% Encoding: UTF-8\n\n@Comment{jabref-meta: databaseType:bibtex;}\n@article{a, title={A}}\nSome words.\n"
    assert [r.citation.title for r in records(text)] == ["A"]


def test_the_rest_of_an_entry_whose_beginning_lacks_is_told() -> None:
    rest, record = outcomes("  title = {One},\n  year = {2020}\n}\n\n@article{b,\n title = {Two}\n}\n")
    assert isinstance(rest, RefusedRecord)
    assert (rest.line, rest.outside) == (1, True)
    assert isinstance(record, SourceRecord)


@pytest.mark.parametrize("name", ["scopus.bib", "wos.bib", "zotero.bib", "latex.bib"])
def test_a_file_cut_off_at_any_byte_loses_no_entry_in_silence(name: str) -> None:
    """Whole entries are read; the one cut is read as far as it goes, or refused with the reason."""
    content = (EXPORTS / name).read_bytes()
    whole = [r.raw for r in exported(name)]
    for end in range(10, len(content), 7):
        cut = content[:end].decode("utf-8", "ignore").encode()
        if not openers(cut):
            continue
        found = outcomes(cut)
        inside = [one for one in found if not (isinstance(one, RefusedRecord) and one.outside)]
        assert len(inside) == openers(cut), end
        assert [one.raw for one in inside[:-1]] == whole[: len(inside) - 1], end
        reasons = [one.reason for one in found if isinstance(one, RefusedRecord)]
        assert all("cut off" in reason or reason.startswith("neither") for reason in reasons), end


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from('@article{}(),="\\\n kt1$~-#%_é\u00a0and')))
def test_no_text_brings_the_reader_down_and_every_opener_is_accounted_for(text: str) -> None:
    assert adds_up(f"@article{{a,\n title = {{A}}\n}}\n{text}\n".encode())
    assert adds_up(f"@article{{a,\n title = {{{text}}},\n year = {{2020}}\n}}\n".encode())


def test_what_was_received_is_kept() -> None:
    text = (EXPORTS / "scopus.bib").read_text(encoding="utf-8")
    for record in exported("scopus.bib"):
        assert record.raw.decode() in text
        assert record.raw.startswith(b"@")
        assert record.raw.endswith(b"}")


@pytest.mark.shared
def test_every_entry_of_real_files_is_read(shared_data: Path) -> None:
    """Nothing is refused in any of them; EBSCO's second entry has braces that close it early."""
    read_in_all = 0
    for path in sorted((shared_data / "bibtex").iterdir()):
        document = open_document(path)
        assert recognised(document, Wanted()) is BIBTEX
        found = list(read(document, Wanted()))
        assert [one for one in found if isinstance(one, RefusedRecord)] == [], path.name
        assert len(found) == BIBTEX.openers(document, Wanted()), path.name
        for record in found:
            assert isinstance(record, SourceRecord)
            assert record.citation.title, path.name
            assert not re.search(r"[{}]|\\[a-z&%]", record.citation.title + record.citation.journal), (
                path.name
            )
        read_in_all += len(found)
    assert read_in_all >= 1032


@pytest.mark.parametrize("head", ["article{b,", "@{b,", "@article b,", "article(b,", "@ article{ b,"])
def test_an_entry_whose_opener_is_damaged_is_not_made_a_part_of_the_one_before(head: str) -> None:
    first, last = "@article{a,\n title = {First},\n}\n", "@article{c,\n title = {Third},\n}\n"
    content = f"{first}{head}\n title = {{Second}},\n year = 2001\n}}\n{last}".encode()
    found = list(read(of_bytes(content, "export.bib"), Wanted()))
    assert [o.citation.title for o in found if isinstance(o, SourceRecord)] == ["First", "Third"]
    [refused] = [o for o in found if isinstance(o, RefusedRecord)]
    assert (refused.line, refused.outside) == (4, True)
    assert refused.raw.decode().startswith(f"{head}\n title = {{Second}}")


def test_a_doi_that_is_none_is_kept_as_it_stands() -> None:
    content = b"@article{a,\n title = {First},\n doi = {none given}\n}\n"
    [found] = read(of_bytes(content, "export.bib"), Wanted())
    assert isinstance(found, SourceRecord)
    assert (found.citation.doi, found.citation.extra["doi"]) == (None, ("none given",))
