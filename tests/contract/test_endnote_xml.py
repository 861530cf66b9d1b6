"""EndNote's XML, and that of Zotero after it: each record read alone, nothing of the document trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import BadInput
from curation.model import Author, Number, SourceRecord
from curation.sources.files.decode import Outcome, RefusedRecord, of_bytes, open_document
from curation.sources.files.endnote_xml import read
from curation.sources.files.formats import Wanted, named, recognised

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
ENDNOTE = named("endnote-xml")
HEAD = '<?xml version="1.0" encoding="UTF-8"?><xml><records>'
TAIL = "</records></xml>"


def outcomes(text: str | bytes) -> list[Outcome]:
    content = text.encode() if isinstance(text, str) else text
    return list(read(of_bytes(content, "export.xml"), Wanted()))


def record(title: str, more: str = "") -> str:
    return f"<record><titles><title>{title}</title></titles>{more}</record>"


def one(more: str) -> SourceRecord:
    [found] = outcomes(HEAD + record("A", more) + TAIL)
    assert isinstance(found, SourceRecord)
    return found


def exported(name: str) -> list[SourceRecord]:
    found = outcomes((EXPORTS / name).read_bytes())
    records = [one for one in found if isinstance(one, SourceRecord)]
    assert len(records) == len(found)
    return records


def refusals(text: str | bytes) -> list[tuple[int, str, bool]]:
    return [(o.line, o.reason, o.outside) for o in outcomes(text) if isinstance(o, RefusedRecord)]


@pytest.mark.parametrize("name", ["endnote.xml", "zotero.xml"])
def test_a_shape_is_recognised_and_each_opener_leads_to_a_record(name: str) -> None:
    document = open_document(EXPORTS / name)
    assert ENDNOTE.sign.search(document.head()) is not None
    assert ENDNOTE.openers(document, Wanted()) == len(exported(name))


@pytest.mark.parametrize("name", ["endnote.xml", "zotero.xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_the_way_a_file_was_saved_changes_no_record(name: str, encoding: str, line_end: str) -> None:
    text = (EXPORTS / name).read_text(encoding="utf-8")
    assert outcomes(text.replace("\n", line_end).encode(encoding)) == exported(name)


def test_a_program_that_wrote_the_file_is_the_origin_where_no_database_is() -> None:
    found = one('<source-app name="Mendeley" version="8.0">Mendeley</source-app>')
    assert (found.origin, found.accession[:7]) == ("mendeley", "sha256:")


def test_a_record_of_pubmed_has_its_number_as_accession_number() -> None:
    found = exported("endnote.xml")[0]
    c = found.citation
    assert (found.accession, found.origin) == ("99000001", "pubmed")
    assert c.title == "Uptake of H2O in invented spines: p < 0.05 & more"
    assert c.title_given == "Uptake of H<sub>2</sub>O in <i>invented</i> spines: p < 0.05 & more"
    assert c.authors == (
        Author("Hu", "Y"),
        Author("Lee", "JA Jr."),
        Author("Spine Study Group", collective=True),
    )
    assert c.abstract == "BACKGROUND: Nothing was known.\nMETHODS: We invented.\nCONCLUSION: None."
    assert (c.year, c.date, c.volume, c.issue, c.pages) == (2024, "2024-03-05", "12", "3", "152-160")
    assert (c.journal, c.journal_short) == ("J Invent Radiol", "J. Invent. Radiol.")
    assert (c.doi, c.pmid, c.pmcid) == ("10.5555/jir.2024.0012", "99000001", "PMC9900001")
    assert c.numbers == {Number.ISSN: ("0378-4371", "1460-2180")}
    assert c.keywords == ("*Spine/diagnostic imaging", "Humans")
    assert (c.language, c.publication_types) == (("eng",), ("Journal Article",))
    assert c.extra["edition"] == ("2024/02/01",)
    assert c.extra["database@path"] == ("C:\\Invented.enl",)
    assert not {"year", "pub-dates", "isbn", "accession-num", "custom2", "secondary-title"} & set(c.extra)


def test_a_record_of_embase_has_its_number_in_notes_and_the_pmid_in_custom5() -> None:
    found = exported("endnote.xml")[1]
    c = found.citation
    assert (found.accession, found.origin) == ("L900000001", "embase")
    assert c.numbers == {Number.EMBASE: ("900000001",), Number.TRIAL: ("NCT99900001",)}
    assert (c.pmid, c.doi, c.pages) == ("99000002", "10.5555/jir.2023.9", "S80-S82")
    assert c.publication_types == ("Conference Abstract", "Journal Article")
    assert c.language == ("English", "Turkish")
    assert c.extra["custom2"] == ("Invented Device(Nowhere)",)


def test_a_record_of_central_names_its_trial_where_the_author_stands() -> None:
    found = exported("endnote.xml")[2]
    c = found.citation
    assert (found.accession, found.origin, c.authors) == ("CN-90000002", "central", ())
    assert c.numbers == {
        Number.EMBASE: ("900000003",),
        Number.CENTRAL: ("CN-90000002",),
        Number.TRIAL: ("NCT99900002",),
    }
    assert (c.pmid, c.publication_types) == ("99000003", ("Clinical Trial", "Journal Article"))


def test_web_of_science_counts_pages_where_the_article_has_a_number() -> None:
    found = exported("endnote.xml")[3]
    c = found.citation
    assert (found.accession, found.origin) == ("WOS:000900000000001", "wos")
    assert (c.pages, c.journal_short, c.date) == ("104417", "Inv. J.", "2020-11")
    assert (c.extra["pages"], c.extra["pub-dates"]) == (("18",), ("Nov-Dec",))


def test_zotero_writes_no_styles() -> None:
    [found] = exported("zotero.xml")
    c = found.citation
    assert (found.origin, found.accession[:7]) == ("pubmed", "sha256:")
    assert c.authors == (Author("Gómez", "J"), Author("Invented Society"))
    assert (c.title, c.journal, c.date, c.pages) == ("A chapter", "A Book", "2019-11-07", "xii-xv")
    assert c.abstract == "A first paragraph.\nA second."
    assert (c.pmid, c.numbers) == ("99000009", {Number.ISBN: ("9783999900018",)})
    assert c.extra["secondary-authors"] == ("Adam, Eve",)
    assert c.extra["notes"] == ("Read it & keep it",)
    assert c.extra["pdf-urls"] == ("internal-pdf://x.pdf",)


@pytest.mark.parametrize(
    ("fields", "pmid"),
    [
        ("<accession-num>123</accession-num>", None),
        ("<accession-num>123</accession-num><remote-database-name>MEDLINE</remote-database-name>", "123"),
        ("<accession-num>123</accession-num><remote-database-provider>PIP</remote-database-provider>", "123"),
        ("<accession-num>123</accession-num><remote-database-name>CINAHL</remote-database-name>", None),
        ("<custom5>123</custom5>", None),
        ("<custom5>123</custom5><remote-database-name>Embase</remote-database-name>", "123"),
        ("<accession-num>MEDLINE:123</accession-num>", "123"),
    ],
)
def test_a_number_is_a_pubmed_number_only_where_the_database_says_so(fields: str, pmid: str | None) -> None:
    citation = one(fields).citation
    assert citation.pmid == pmid
    assert pmid is not None or "123" in (
        *citation.extra.get("custom5", ()),
        *citation.extra.get("accession-num", ()),
    )


@pytest.mark.parametrize(
    ("name", "author"),
    [
        ("World Health Organization,", Author("World Health Organization", collective=True)),
        ("Shalimar,", Author("Shalimar")),
        ("Hu, Yue", Author("Hu", "Y")),
        ("de la Cruz, M. J., 3rd", Author("de la Cruz", "MJ 3rd")),
    ],
)
def test_a_name_that_ends_in_a_comma_is_not_parted(name: str, author: Author) -> None:
    found = one(f"<contributors><authors><author>{name}</author></authors></contributors>")
    assert found.citation.authors == (author,)


def test_a_broken_record_is_refused_alone_with_its_line() -> None:
    text = f"{HEAD}\n{record('One')}\n<record><titles></record>\n{record('Three')}\n{TAIL}"
    first, broken, third = outcomes(text)
    assert isinstance(first, SourceRecord)
    assert isinstance(third, SourceRecord)
    assert isinstance(broken, RefusedRecord)
    assert (broken.line, broken.raw, broken.outside) == (3, b"<record><titles></record>", False)
    assert broken.reason.startswith("its XML is broken (mismatched tag")


def test_what_xml_forbids_and_reference_managers_write_is_mended() -> None:
    text = HEAD + record("AT&T \x0b&eacute;t&eacute; &#x1;&amp; p &lt; 1") + TAIL
    [found] = outcomes(text)
    assert isinstance(found, SourceRecord)
    assert found.citation.title == "AT&T été & p < 1"
    assert found.raw in text.encode()


def test_a_record_without_title_and_number_is_refused() -> None:
    assert refusals(HEAD + "<record><notes>nothing</notes></record>" + TAIL) == [
        (1, "neither title nor identifier", False)
    ]


def test_a_record_within_a_comment_is_none_and_is_told() -> None:
    text = f"{HEAD}<!-- {record('No')} -->{record('Yes')}<!-- and --> {TAIL}"
    commented, found = outcomes(text)
    assert isinstance(commented, RefusedRecord)
    assert commented.reason == "it stands within a comment"
    assert isinstance(found, SourceRecord)


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE xml [<!ENTITY w "Wirbel">]>',
        '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE xml [<!ENTITY l0 "ha">'
        + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
        + "]>",
        '<!DOCTYPE xml [<!ENTITY % p SYSTEM "http://127.0.0.1/x">]>',
    ],
)
def test_a_document_that_declares_entities_is_refused_in_one_line(declared: str) -> None:
    for records in (record("&w;&x;&l9;"), ""):
        with pytest.raises(BadInput, match="declares entities") as caught:
            outcomes(f'<?xml version="1.0"?>{declared}<xml><records>{records}{TAIL}')
        assert caught.value.message.startswith("export.xml: ")
        assert "\n" not in caught.value.message


def test_entities_that_nobody_declared_expand_to_nothing() -> None:
    [found] = outcomes(
        '<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml><records>' + record("&x; &amp; y") + TAIL
    )
    assert isinstance(found, SourceRecord)
    assert found.citation.title == "&x; & y"


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "windows-1252", "UTF-16", "KOI8-R"])
def test_the_encoding_that_is_declared_is_believed(encoding: str) -> None:
    title = "Größe" if encoding != "KOI8-R" else "Русский"
    [found] = outcomes(
        f'<?xml version="1.0" encoding="{encoding}"?><xml><records>{record(title)}{TAIL}'.encode(encoding)
    )
    assert isinstance(found, SourceRecord)
    assert found.citation.title == title
    assert title.encode() in found.raw


def test_an_encoding_that_is_declared_wrongly_is_not() -> None:
    [found] = outcomes(
        f'<?xml version="1.0" encoding="UTF-8"?><xml><records>{record("Größe")}{TAIL}'.encode("cp1252")
    )
    assert isinstance(found, SourceRecord)
    assert found.citation.title == "Größe"


@pytest.mark.parametrize("name", ["endnote.xml", "zotero.xml"])
def test_a_file_cut_off_at_any_byte_loses_no_record_in_silence(name: str) -> None:
    """Cut anywhere before the end of its records, a file says so; whole records are read all the same."""
    content = (EXPORTS / name).read_bytes()
    whole = [r.raw for r in exported(name)]
    assert refusals(content) == []
    for end in range(content.index(b"<record") + 9, content.index(b"</records>") + 9, 11):
        cut = content[:end].decode("utf-8", "ignore").encode()
        found = outcomes(cut)
        inside = [o for o in found if not (isinstance(o, RefusedRecord) and o.outside)]
        assert len(inside) == ENDNOTE.openers(of_bytes(cut, name), Wanted()), end
        assert [o.raw for o in inside if isinstance(o, SourceRecord)] == whole[: cut.count(b"</record>")], end
        assert any("cut off" in reason for _, reason, _ in refusals(cut)), end


def test_one_record_after_another_is_given() -> None:
    text = HEAD + "\n".join(record(f"Title {n}") for n in range(2_000)) + TAIL
    stream = read(of_bytes(text.encode(), "export.xml"), Wanted())
    titles = [o.citation.title for o in stream if isinstance(o, SourceRecord)]
    assert titles == [f"Title {n}" for n in range(2_000)]


@pytest.mark.shared
def test_every_record_of_real_files_is_read(shared_data: Path) -> None:
    """Nothing is refused; the ``.enl`` beside them is EndNote's tagged text."""
    counts = {}
    for path in sorted((shared_data / "endnote_xml").glob("*.xml")):
        document = open_document(path)
        assert recognised(document, Wanted()) is ENDNOTE
        found = list(read(document, Wanted()))
        assert [o for o in found if isinstance(o, RefusedRecord)] == [], path.name
        assert len(found) == ENDNOTE.openers(document, Wanted())
        counts[path.stem.rpartition("__")[2]] = len(found)
        for one in found:
            assert isinstance(one, SourceRecord)
            assert one.citation.title, one.accession
            assert one.citation.year, one.accession
            assert one.citation.journal, one.accession
    assert counts == {"copper": 505, "respiratory": 1988, "tafenoquine": 179}


def test_text_beside_the_elements_of_a_list_is_kept() -> None:
    content = (
        b"<xml><records><record><titles>loose<title>T</title></titles><keywords><style>a</style></keywords>"
        b"<keywords>b</keywords><periodical>J</periodical></record></records></xml>"
    )
    [found] = read(of_bytes(content, "export.xml"), Wanted())
    assert isinstance(found, SourceRecord)
    assert found.citation.keywords == ("a", "b")
    assert found.citation.extra == {"titles": ("loose",), "periodical": ("J",)}
