"""PubMed's XML field by field: the traps counted in real answers, and agreement with Biopython's own parser."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from Bio import Entrez

from curation.model import Author, Citation, Number, SourceRecord
from curation.sources.pubmed_xml import CutShort, Incomplete, expanded, joined, records

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = b'<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "x.dtd">\n'


def body(*articles: str) -> bytes:
    return HEAD + f"<PubmedArticleSet>{''.join(articles)}</PubmedArticleSet>".encode()


def article(inner: str = "", *, medline: str = "", data: str = "", pmid: str = "99000001") -> str:
    return (
        f'<PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="1">{pmid}</PMID>'
        f"<Article>{inner}</Article>{medline}</MedlineCitation><PubmedData>{data}</PubmedData></PubmedArticle>\n"
    )


def cited(inner: str = "", *, medline: str = "", data: str = "") -> Citation:
    [record] = records(body(article(inner, medline=medline, data=data)))
    return record.citation


def test_markup_within_a_title_is_read_through() -> None:
    title = "<ArticleTitle>The role of <i>p53</i> in H<sub>2</sub>O:\n  a <b>t</b>est.</ArticleTitle>"
    assert cited(title).title == "The role of p53 in H2O: a test."
    assert cited(title).title_given == "The role of <i>p53</i> in H<sub>2</sub>O: a <b>t</b>est."
    assert cited("<ArticleTitle>No markup &amp; none lost.</ArticleTitle>").title_given == ""


def test_a_formula_in_a_title_loses_its_namespace_only() -> None:
    formula = '<mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML"><mml:mi>x</mml:mi></mml:math>'
    found = cited(f"<ArticleTitle>Of {formula} alone</ArticleTitle>")
    assert (found.title, found.title_given) == ("Of x alone", "Of <math><mi>x</mi></math> alone")


def test_a_title_that_is_not_available_gives_way_to_the_authors_own() -> None:
    title = "<ArticleTitle>[Not Available].</ArticleTitle><VernacularTitle>Un titre.</VernacularTitle>"
    assert cited(title).title == "Un titre."
    assert cited(title).extra["VernacularTitle"] == ("Un titre.",)
    assert cited("<ArticleTitle>[A title].</ArticleTitle>").title == "[A title]."


def test_each_part_of_a_structured_abstract_keeps_its_label() -> None:
    abstract = (
        '<Abstract><AbstractText Label="METHODS" NlmCategory="METHODS">We <i>read</i>.</AbstractText>'
        '<AbstractText Label="UNLABELLED">And more.</AbstractText><AbstractText/>'
        "<CopyrightInformation>© Nobody</CopyrightInformation></Abstract>"
    )
    found = cited(abstract)
    assert found.abstract == "METHODS: We read.\nAnd more."
    assert found.extra["CopyrightInformation"] == ("© Nobody",)


def test_another_abstract_stands_in_only_where_there_is_none() -> None:
    own = "<Abstract><AbstractText>Own.</AbstractText></Abstract>"
    promise = (
        '<OtherAbstract Type="Publisher"><AbstractText>Abstract available from the publisher.'
        "</AbstractText></OtherAbstract>"
    )
    other = '<OtherAbstract Language="spa"><AbstractText>Otro.</AbstractText></OtherAbstract>'
    assert cited(own, medline=other).abstract == "Own."
    assert cited(own, medline=other).extra["OtherAbstract"] == ("Otro.",)
    assert cited(medline=promise + other).abstract == "Otro."
    assert cited(medline=promise).abstract == ""


def test_groups_are_authors_and_corrected_spellings_are_not() -> None:
    found = cited(
        "<AuthorList>"
        '<Author ValidYN="Y"><LastName>Hu</LastName><ForeName>Yue</ForeName><Initials>Y</Initials></Author>'
        '<Author ValidYN="N"><LastName>Hoo</LastName><Initials>Y</Initials></Author>'
        '<Author ValidYN="Y"><LastName>Lee</LastName><Initials>JA</Initials><Suffix>Jr</Suffix></Author>'
        '<Author ValidYN="Y"><CollectiveName>The <i>Spine</i> Group</CollectiveName></Author>'
        "</AuthorList>"
    )
    assert found.authors == (
        Author("Hu", "Y"),
        Author("Lee", "JA Jr"),
        Author("The Spine Group", collective=True),
    )
    assert [author.name for author in found.authors] == ["Hu, Yue", "", ""]


def test_a_suffix_stands_behind_the_given_names_of_the_whole_name() -> None:
    lee = "<LastName>Lee</LastName><ForeName>Jo Anne</ForeName><Initials>JA</Initials><Suffix>Jr</Suffix>"
    [author] = cited(f"<AuthorList><Author>{lee}</Author></AuthorList>").authors
    assert (str(author), author.name) == ("Lee JA Jr", "Lee, Jo Anne, Jr")


@pytest.mark.parametrize(
    ("date", "year", "iso"),
    [
        ("<Year>2024</Year><Month>Mar</Month>", 2024, "2024-03"),
        ("<Year>2024</Year><Month>03</Month><Day>5</Day>", 2024, "2024-03-05"),
        ("<Year>2024</Year><Season>Summer</Season>", 2024, "2024"),
        ("<Year>2024</Year><Day>5</Day>", 2024, "2024"),
        ("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", 1998, "1998-12"),
        ("<MedlineDate>2001 Mar-Apr</MedlineDate>", 2001, "2001-03"),
        ("<MedlineDate>Spring 2001</MedlineDate>", 2001, "2001"),
        ("<MedlineDate>no date</MedlineDate>", 2020, "2020"),
    ],
)
def test_the_date_is_found_in_every_form(date: str, year: int, iso: str) -> None:
    journal = (
        f"<Journal><JournalIssue><PubDate>{date}</PubDate></JournalIssue><Title>A Journal</Title></Journal>"
    )
    found = cited(journal + "<ArticleDate><Year>2020</Year></ArticleDate>")
    assert (found.year, found.date, found.journal) == (year, iso, "A Journal")


def test_a_journal_goes_by_its_full_name_and_its_short_one() -> None:
    journal = "<Journal><ISSN>1460-2180</ISSN><Title>A Journal</Title><ISOAbbreviation>A. J.</ISOAbbreviation></Journal>"
    info = "<MedlineJournalInfo><MedlineTA>A J</MedlineTA><ISSNLinking>0028-0836</ISSNLinking></MedlineJournalInfo>"
    found = cited(journal, medline=info)
    assert (found.journal, found.journal_short) == ("A Journal", "A. J.")
    assert found.numbers == {Number.ISSN: ("1460-2180", "0028-0836")}
    assert found.extra["MedlineTA"] == ("A J",)
    assert cited(medline=info).journal_short == "A J"


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("152-60", "152-160"),
        ("1534-55", "1534-1555"),
        ("S12-8", "S12-S18"),
        ("335-339", "335-339"),
        ("998-1004", "998-1004"),
        ("152-60, 170-1", "152-160, 170-171"),
        ("e0224083", "e0224083"),
        ("", ""),
    ],
)
def test_page_ranges_are_written_in_full(short: str, full: str) -> None:
    assert expanded(short) == full


def test_the_doi_of_a_reference_is_never_taken() -> None:
    reference = (
        "<ReferenceList><Reference><ArticleIdList>"
        '<ArticleId IdType="doi">10.5555/cited</ArticleId><ArticleId IdType="pmc">PMC1</ArticleId>'
        "</ArticleIdList></Reference></ReferenceList>"
    )
    assert cited(data=reference).doi is None
    assert cited(data=reference).pmcid is None
    own = '<ArticleIdList><ArticleId IdType="doi">10.5555/OWN</ArticleId><ArticleId IdType="pmc">PMC99</ArticleId></ArticleIdList>'
    assert cited(data=own + reference).doi == "10.5555/own"
    assert cited(data=own + reference).pmcid == "PMC99"


def test_an_invalid_doi_is_passed_over() -> None:
    places = (
        '<ELocationID EIdType="doi" ValidYN="N">10.5555/wrong</ELocationID>'
        '<ELocationID EIdType="doi" ValidYN="Y">10.5555/right</ELocationID>'
    )
    assert cited(places).doi == "10.5555/right"


def test_headings_registrations_and_corrections_are_kept() -> None:
    found = cited(
        "<DataBankList><DataBank><DataBankName>ClinicalTrials.gov</DataBankName><AccessionNumberList>"
        "<AccessionNumber>NCT99900001</AccessionNumber></AccessionNumberList></DataBank>"
        "<DataBank><DataBankName>GENBANK</DataBankName><AccessionNumberList>"
        "<AccessionNumber>AF000001</AccessionNumber></AccessionNumberList></DataBank></DataBankList>",
        medline=(
            "<CommentsCorrectionsList>"
            '<CommentsCorrections RefType="RetractionIn"><RefSource>J</RefSource><PMID>32167152</PMID>'
            "</CommentsCorrections>"
            '<CommentsCorrections RefType="ErratumIn"><RefSource>J</RefSource></CommentsCorrections>'
            "</CommentsCorrectionsList>"
            '<MeshHeadingList><MeshHeading><DescriptorName MajorTopicYN="N">Spine</DescriptorName>'
            '<QualifierName MajorTopicYN="Y">surgery</QualifierName></MeshHeading></MeshHeadingList>'
            "<KeywordList><Keyword>radiomics</Keyword><Keyword>Spine</Keyword></KeywordList>"
        ),
    )
    assert found.numbers == {Number.TRIAL: ("NCT99900001",)}
    assert found.extra["DataBank"] == ("AF000001",)
    assert found.extra["CommentsCorrections"] == ("RetractionIn:32167152", "ErratumIn:")
    assert found.extra["MeSH"] == ("Spine/*surgery",)
    assert found.keywords == ("Spine", "radiomics")


def test_a_book_is_a_record_too() -> None:
    book = (
        '<PubmedBookArticle><BookDocument><PMID>99000002</PMID><ArticleIdList><ArticleId IdType="bookaccession">'
        "NBK9</ArticleId></ArticleIdList><Book><Publisher><PublisherName>Nobody</PublisherName></Publisher>"
        "<BookTitle>A Book</BookTitle><PubDate><Year>1993</Year></PubDate><Isbn>9783999900011</Isbn>"
        '<AuthorList Type="editors"><Author><LastName>Adam</LastName><Initials>MP</Initials></Author></AuthorList>'
        '</Book><ArticleTitle>A Chapter</ArticleTitle><AuthorList Type="authors"><Author><LastName>Hu</LastName>'
        "<Initials>Y</Initials></Author></AuthorList><Abstract><AbstractText>Words.</AbstractText></Abstract>"
        "</BookDocument></PubmedBookArticle>"
    )
    first, second = records(body(article(), book))
    assert (first.accession, second.accession) == ("99000001", "99000002")
    found = second.citation
    assert (found.title, found.journal, found.year) == ("A Chapter", "A Book", 1993)
    assert found.authors == (Author("Hu", "Y"),)
    assert found.extra["Editor"] == ("Adam MP",)
    assert found.extra["bookaccession"] == ("NBK9",)
    assert (found.date, found.numbers) == ("1993", {Number.ISBN: ("9783999900011",)})


def test_what_was_received_is_kept_and_can_be_read_again() -> None:
    [record] = records(body(article("<ArticleTitle>Wirbels\u00e4ule &amp; <i>p53</i></ArticleTitle>")))
    assert record.raw.startswith(b"<PubmedArticle><MedlineCitation")
    assert record.raw.endswith(b"</PubmedArticle>")
    assert "Wirbels\u00e4ule &amp; <i>p53</i>".encode() in record.raw
    [again] = records(b"<PubmedArticleSet>" + record.raw + b"</PubmedArticleSet>")
    assert again == record


def test_what_was_received_is_kept_byte_for_byte() -> None:
    formula = '<mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML"><mml:mi>x</mml:mi></mml:math>'
    odd = article(f"<ArticleTitle>A &#x3B1;\r\n <b >x</b>{formula}</ArticleTitle><Abstract ></Abstract>")
    content = body(odd, article(pmid="99000002"))
    one, two = records(content)
    assert one.raw.decode() == odd.rstrip("\n")
    assert b"".join((one.raw, b"\n", two.raw)) in content
    assert list(records(joined([one, two]))) == [one, two]


ALONE = "<ArticleTitle>Wirbels\u00e4ule</ArticleTitle>"
TWO = f"{article(ALONE)}{article(pmid='99000002')}"
FOREIGN = {
    "a comment with an article in it": f"<PubmedArticleSet><!-- {article('<ArticleTitle>No</ArticleTitle>')} -->{TWO}",
    "a comment with the end of one": f"<PubmedArticleSet>{TWO.replace('<Article>', '<!-- </PubmedArticle> --><Article>')}",
    "text that is no markup": f"<PubmedArticleSet>{TWO.replace('<ArticleTitle>', '<ArticleTitle><![CDATA[</PubmedArticle>]]>')}",
    "a namespace of the set": f'<PubmedArticleSet xmlns:m="urn:m">{TWO.replace("<Article>", "<Article><m:x/>")}',
    "a blank in an end tag": f"<PubmedArticleSet>{TWO.replace('</PubmedArticle>', '</PubmedArticle >', 1)}",
    "an entity of the document": '<!DOCTYPE PubmedArticleSet [<!ENTITY w "Wirbel">]><PubmedArticleSet>'
    + TWO.replace("Wirbel", "&w;"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_record_that_would_not_stand_alone_is_written_anew(name: str) -> None:
    one, two = records(f"{FOREIGN[name]}</PubmedArticleSet>".encode())
    assert (one.accession, two.accession) == ("99000001", "99000002")
    assert one.citation.title.endswith("Wirbels\u00e4ule")
    for record in (one, two):
        [again] = records(joined([record]))
        assert again.citation == record.citation


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "UTF-16"])
def test_another_encoding_is_kept_as_utf_8(encoding: str) -> None:
    content = f'<?xml version="1.0" encoding="{encoding}"?><PubmedArticleSet>{TWO}</PubmedArticleSet>'
    one, _ = records(content.encode(encoding))
    assert "Wirbels\u00e4ule".encode() in one.raw
    [again] = records(joined([one]))
    assert again == one


def test_a_set_that_ends_early_is_told_apart_from_what_is_none() -> None:
    whole = body(article(), article(pmid="99000002"))
    for end in (len(whole) - 9, len(whole) // 2, len(HEAD) + 18):
        with pytest.raises(CutShort):
            list(records(whole[:end]))
    for other in (HEAD, b"", b"<html><p>Sorry</html>", whole[: len(HEAD) + 3]):
        with pytest.raises(Incomplete) as caught:
            list(records(other))
        assert not isinstance(caught.value, CutShort)


def test_a_set_without_articles_is_whole() -> None:
    assert list(records(body())) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        HEAD,
        body(article())[:-5],
        body(article(), article())[:-80],
        HEAD + b"<eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>",
        b'{"error":"error forwarding request"}',
        b"<html><head><title>WWW Error 500 Diagnostic</title></head></html>",
    ],
)
def test_a_body_that_is_no_whole_set_is_never_taken_for_an_empty_one(content: bytes) -> None:
    with pytest.raises(Incomplete):
        list(records(content))


def test_ncbis_own_words_are_handed_on() -> None:
    content = b"<eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>"
    with pytest.raises(Incomplete, match="Unable to obtain query #1"):
        list(records(content))


def test_an_entity_bomb_is_stopped() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "ha">{levels}]><PubmedArticleSet>&l9;</PubmedArticleSet>'
    with pytest.raises(Incomplete, match="amplification"):
        list(records(bomb.encode()))


def test_records_come_before_the_stream_has_ended() -> None:
    whole = body(*(article(pmid=str(99_000_000 + n)) for n in range(5_000)))
    stream = io.BytesIO(whole)
    first = next(records(stream))
    assert first.accession == "99000000"
    assert stream.tell() < len(whole) / 2


def plain(text: str) -> str:
    return " ".join(unescape(re.sub(r"</?[a-z][^>]*>", "", text)).split())


DOCTYPE = (
    b'<?xml version="1.0"?><!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    b'"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">'
)


def oracle(content: bytes) -> list[Any]:
    """Articles as Biopython reads them, under the newest DTD it ships: it refuses http DTDs and files without."""
    bare = re.sub(rb"<\?xml[^>]*>|<!DOCTYPE[^>]*>", b"", content).strip()
    read: Callable[..., Any] = Entrez.read  # it declares no types
    return list(read(io.BytesIO(DOCTYPE + bare), validate=False)["PubmedArticle"])


def names(read: Any) -> tuple[str, ...]:  # noqa: ANN401 - Biopython declares no types
    """Authors as Biopython reads them; it gives those too whose name was corrected (``ValidYN="N"``)."""
    found = []
    for author in read.get("AuthorList", []):
        given = f"{author.get('Initials') or author.get('ForeName', '')} {author.get('Suffix', '')}"
        if author.attributes.get("ValidYN", "Y") == "Y":
            found.append(plain(author.get("CollectiveName") or f"{author.get('LastName', '')} {given}"))
    return tuple(found)


def paragraphs(holder: Any) -> str:  # noqa: ANN401 - Biopython declares no types
    """Abstract as Biopython reads it, each part under its label."""
    found = []
    for part in holder.get("AbstractText", []):
        label = getattr(part, "attributes", {}).get("Label", "")
        words = plain(str(part))
        if words:
            found.append(f"{label}: {words}" if label not in {"", "UNLABELLED"} else words)
    return "\n".join(found)


def article_ids(other: Any, kind: str) -> list[str]:  # noqa: ANN401 - Biopython declares no types
    ids = other["PubmedData"].get("ArticleIdList", []) if "PubmedData" in other else []
    return [str(i).strip().lower() for i in ids if i.attributes.get("IdType") == kind]


def compare(record: SourceRecord, other: Any) -> None:  # noqa: ANN401 - Biopython declares no types
    """PubMed number, title, authors, abstract, publication types and numbers of one record, read twice.

    Two differences are ours by choice. A title that is ``[Not Available].`` or lacking gives way to the authors'
    own, and a record without an abstract takes the first of its other ones.
    """
    ours, medline = record.citation, other["MedlineCitation"]
    read = medline["Article"]
    assert record.accession == str(medline["PMID"])
    title = plain(str(read.get("ArticleTitle", "")))
    own = plain(str(read.get("VernacularTitle", "")))
    assert ours.title == (own if own and title in {"", "[Not Available]."} else title), record.accession
    assert tuple(map(str, ours.authors)) == names(read), record.accession
    abstract = paragraphs(read.get("Abstract", {}))
    others = [paragraphs(one) for one in medline.get("OtherAbstract", [])]
    assert ours.abstract == abstract or (not abstract and ours.abstract in {"", *others}), record.accession
    kinds = tuple(plain(str(kind)) for kind in read.get("PublicationTypeList", []))
    assert ours.publication_types == kinds, record.accession
    dois = article_ids(other, "doi")
    assert (ours.doi == dois[0]) if dois else (ours.doi is None or read["ELocationID"]), record.accession
    assert [ours.pmcid.lower()] == article_ids(other, "pmc") if ours.pmcid else True, record.accession
    assert bool(ours.pmcid) == bool(article_ids(other, "pmc")), record.accession


@pytest.mark.shared
def test_biopython_reads_the_same_in_real_answers(shared_data: Path) -> None:
    """On every recorded file; what is ours by choice stands in ``compare``."""
    compared = 0
    for path in sorted((shared_data / "pubmed_xml").iterdir()):
        content = path.read_bytes()
        if b"<PubmedArticleSet" not in content:
            with pytest.raises(Incomplete, match="expected a PubmedArticleSet"):
                list(records(content))
            continue
        ours = list(records(content))
        theirs = oracle(content)
        assert len(ours) == len(theirs), path.name
        for record, other in zip(ours, theirs, strict=True):
            compare(record, other)
            assert record.raw in content or b"<!--" in content, record.accession
            compared += 1
    assert compared > 60
