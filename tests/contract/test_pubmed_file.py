"""PubMed's XML as a file: whole sets, sets put together, articles alone, and what is cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import BadInput
from curation.model import Number, SourceRecord
from curation.sources import pubmed_xml
from curation.sources.files.decode import Outcome, RefusedRecord, of_bytes, open_document
from curation.sources.files.formats import Wanted, named, recognised
from curation.sources.files.pubmed_file import read

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
PUBMED = named("pubmed-xml")
CONTENT = (EXPORTS / "pubmed.xml").read_bytes()


def outcomes(content: bytes) -> list[Outcome]:
    return list(read(of_bytes(content, "export.xml"), Wanted()))


def accessions(content: bytes) -> list[str]:
    return [o.accession for o in outcomes(content) if isinstance(o, SourceRecord)]


def refused(content: bytes) -> list[RefusedRecord]:
    return [o for o in outcomes(content) if isinstance(o, RefusedRecord)]


def openers(content: bytes) -> int:
    return PUBMED.openers(of_bytes(content, "export.xml"), Wanted())


def article(pmid: str, title: str = "A") -> bytes:
    text = f"<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID><Article><ArticleTitle>{title}</ArticleTitle></Article>"
    return f"{text}</MedlineCitation></PubmedArticle>".encode()


def test_a_set_is_recognised_and_read_whole() -> None:
    assert PUBMED.sign.search(of_bytes(CONTENT, "x").head()) is not None
    assert accessions(CONTENT) == ["99000001", "99000002", "99000003"]
    assert (openers(CONTENT), refused(CONTENT)) == (3, [])


def test_a_file_gives_the_same_records_as_an_answer_of_pubmed() -> None:
    assert outcomes(CONTENT) == list(pubmed_xml.records(CONTENT))


def test_the_fields_of_an_article_are_filled() -> None:
    first = outcomes(CONTENT)[0]
    assert isinstance(first, SourceRecord)
    c = first.citation
    assert (first.origin, first.raw_format) == ("pubmed", "pubmed-xml")
    assert (c.title, c.title_given) == ("Of p53 in H2O", "Of <i>p53</i> in H<sub>2</sub>O")
    assert (c.date, c.journal_short) == ("2024-03", "J Invent Radiol")
    assert c.authors[0].name == "Hu, Yue"
    assert c.numbers == {Number.TRIAL: ("NCT99900001",), Number.ISSN: ("0378-4371",)}


def test_numbers_of_deleted_citations_are_no_records() -> None:
    assert b"99000009" in CONTENT
    assert "99000009" not in accessions(CONTENT)


def test_sets_put_together_are_all_read() -> None:
    assert accessions(CONTENT + b"\n" + CONTENT.replace(b"9900000", b"9900001")) == [
        *("99000001", "99000002", "99000003"),
        *("99000011", "99000012", "99000013"),
    ]


def test_articles_without_a_set_are_read() -> None:
    assert accessions(article("1") + b"\n" + article("2")) == ["1", "2"]
    assert refused(article("1") + b"\n" + article("2")) == []


def test_a_record_without_a_number_is_refused_alone() -> None:
    content = b"<PubmedArticleSet>\n" + article("") + b"\n" + article("2") + b"</PubmedArticleSet>"
    [one] = refused(content)
    assert (one.line, one.reason, one.raw) == (2, "PubMed sent a record without a PMID", article(""))
    assert accessions(content) == ["2"]


def test_a_broken_record_is_refused_alone() -> None:
    broken = article("1").replace(b"</Article>", b"</Artikel>")
    [one] = refused(b"<PubmedArticleSet>" + broken + article("2") + b"</PubmedArticleSet>")
    assert "broken" in one.reason
    assert one.raw == broken


def test_a_record_that_the_next_begins_within_is_refused_and_the_next_is_read() -> None:
    content = b"<PubmedArticleSet>" + article("1")[:60] + article("2") + b"</PubmedArticleSet>"
    [one] = refused(content)
    assert one.reason == "it has no end before the next record begins"
    assert accessions(content) == ["2"]
    assert openers(content) == 2


def test_a_set_that_is_cut_between_its_records_is_told() -> None:
    cut = CONTENT[: CONTENT.index(b"</PubmedArticle>") + 16]
    [one] = refused(cut)
    assert (one.outside, accessions(cut)) == (True, ["99000001"])
    assert one.reason == "the file ends early: it seems cut off, and records may be missing"


def test_a_file_cut_off_at_any_byte_loses_no_record_in_silence() -> None:
    for end in range(
        CONTENT.index(b"<PubmedArticleSet>") + 18, CONTENT.index(b"</PubmedArticleSet>") + 19, 13
    ):
        cut = CONTENT[:end].decode("utf-8", "ignore").encode()
        found = refused(cut)
        assert any("cut off" in one.reason for one in found), end
        assert len(accessions(cut)) + sum(not one.outside for one in found) == openers(cut), end


def test_declared_entities_are_refused() -> None:
    bomb = b'<!DOCTYPE PubmedArticleSet [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><PubmedArticleSet>'
    with pytest.raises(BadInput, match="declares entities"):
        outcomes(bomb + article("1", "&b;") + b"</PubmedArticleSet>")


@pytest.mark.shared
def test_every_record_of_real_files_is_read(shared_data: Path) -> None:
    """Refused are two that are no PubMed XML: a web page, and NLM's list of journals."""
    other = {"biopython__journals.xml", "biopython__pubmed3.html"}
    total = 0
    for path in sorted((shared_data / "pubmed_xml").iterdir()):
        if path.name in other:
            with pytest.raises(BadInput):
                recognised(open_document(path), Wanted())
            continue
        document = open_document(path)
        assert recognised(document, Wanted()) is PUBMED, path.name
        found = list(read(document, Wanted()))
        assert [o for o in found if isinstance(o, RefusedRecord)] == [], path.name
        assert len(found) == PUBMED.openers(document, Wanted()) > 0, path.name
        assert all(isinstance(o, SourceRecord) and o.citation.title for o in found), path.name
        total += len(found)
    assert total >= 62
