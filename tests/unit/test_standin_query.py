"""The stand-in's reading of PubMed strategies, over a corpus of six records in our own words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import BadInput
from curation.sources.standin import Corpus, Entry, find
from curation.sources.standin.query import parse, translate

CORPUS = Corpus(
    [
        Entry(
            pmid=101,
            xml=b"<PubmedArticle/>",
            titles=("Radiomics of spinal metastases to tell EGFR mutation",),
            abstracts=("A deep-learning model read magnetic resonance images of the spine.",),
            mesh=("Spinal Neoplasms", "Spinal Neoplasms/secondary", "Deep Learning"),
            major_mesh=("Spinal Neoplasms/secondary",),
            authors=("Huber YX", "Huber Yara Xenia"),
            journals=("Spine Notes", "The Spine Notebook"),
            publication_types=("Journal Article",),
            languages=("eng", "English"),
            published=((2024, 3, 1),),
            created=((2024, 2, 11),),
        ),
        Entry(
            pmid=102,
            xml=b"<PubmedArticle/>",
            titles=("Metastatic spine disease: a review of machine learning",),
            abstracts=("Learning by machines is reviewed.",),
            authors=("Huberman Y",),
            journals=("Spine Notes Online",),
            publication_types=("Journal Article", "Systematic Review"),
            languages=("ger", "German"),
            published=((2025, 1, 1), (2024, 12, 20)),
            created=((2025, 1, 20),),
        ),
        Entry(
            pmid=103,
            xml=b"<PubmedArticle/>",
            titles=("Brain metastasis and a naïve network",),
            keywords=("spine", "radiomic signature"),
            authors=("Okoye Spine Group",),
            affiliations=("Hospital of Metastaville",),
            publication_types=("Journal Article",),
            languages=("eng", "English"),
            published=((2025, 6, 15),),
            created=((2025, 6, 20),),
        ),
        Entry(
            pmid=104,
            xml=b"<PubmedArticle/>",
            titles=("Learning of a machine in the lung",),
            mesh=("Neoplasms",),
            publication_types=("Letter",),
            identifiers=("10.5555/abc.4",),
            published=((2026, 2, 1),),
        ),
        Entry(pmid=9105, xml=b"<PubmedBookArticle/>", titles=("Handbook of the spine",), book=True),
    ]
)


def found(strategy: str) -> set[int]:
    return set(find(CORPUS, strategy).pmids)


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("spine[tiab]", {101, 102, 103, 9105}),
        ("spine[ti]", {102, 9105}),
        ("spine[TITLE]", {102, 9105}),
        ("spine[ab]", {101}),
        ("spine[ot]", {103}),
        ("spine", {101, 102, 103, 9105}),
        ("journal article[tw] AND letter[tw]", set()),
        ("neoplasms[mesh]", {101, 104}),
        ("neoplasms[MeSH Terms:noexp]", {104}),
        ("spinal neoplasms/secondary[majr]", {101}),
        ("deep learning[majr]", set()),
        ("spine notes[ta]", {101}),
        ("spine note*[jour]", {101}),
        ("review[pt]", {102}),
        ("review[pt:noexp]", set()),
        ("english[la]", {101, 103}),
        ("ger[la]", {102}),
        ("102[uid]", {102}),
        ("102 104 7[pmid]", {102, 104}),
        ("9105", {9105}),
        ('"10.5555/abc.4"[doi]', {104}),
        ("hasabstract[sb]", {101, 102}),
        ("all[sb] NOT pubmed books[sb]", {101, 102, 103, 104}),
        ("metastaville[ad]", {103}),
    ],
)
def test_each_tag_looks_at_its_own_field(strategy: str, expected: set[int]) -> None:
    result = find(CORPUS, strategy)
    assert set(result.pmids) == expected
    assert not result.fields_not_found


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("huber[au]", {101}),
        ("huber y[au]", {101}),
        ('"huber y"[au]', set()),
        ('"huber yx"[au]', {101}),
        ("huber yara xenia[fau]", {101}),
        ("huber*[au]", {101, 102}),
        ("spine group[au]", set()),
        ("okoye spine group[au]", {103}),
    ],
)
def test_an_author_is_found_from_the_family_name_on_with_initials_left_open(
    strategy: str, expected: set[int]
) -> None:
    assert found(strategy) == expected


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("machine learning[ti]", {102}),
        ('"machine learning"[ti]', {102}),
        ("machine learning", {102, 104}),
        ("MACHINE Learning", {102, 104}),
        ('"deep learning"[ab]', {101}),
        ("deep-learning[ab]", {101}),
        ("“deep learning”[ab]", {101}),
        ("naive[ti]", {103}),
        ("metasta*[ti]", {101, 102, 103}),
        ('"spinal metast*"[ti]', {101}),
        ("radiomic*[tiab]", {101, 103}),
        ("radiomic[tiab]", {103}),
        ('"learning machine"[Title:~2]', {102, 104}),
        ('"learning machine"[Title:~1]', {102}),
        ('"spine resonance"[tiab:~4]', {101}),
        ('"spine resonance"[tiab:~2]', set()),
    ],
)
def test_phrases_truncation_and_nearness_go_by_words(strategy: str, expected: set[int]) -> None:
    assert found(strategy) == expected


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("101:103[uid]", {101, 102, 103}),
        ("( spine ) AND 102:9000 [UID]", {102, 103}),
        ("2024[dp]", {101, 102}),
        ("2025:3000[dp]", {102, 103, 104}),
        ("2024/12[dp]", {102}),
        ('"2025/01/20"[crdt] : "3000"[crdt]', {102, 103}),
        ('"2025/01/21"[crdt] : "3000"[crdt]', {103}),
        ('"2024/03/01"[Date - Publication] : "2024/03/01"[Date - Publication]', {101}),
        ('spine AND ("2024/01/01"[crdt] : "2024"[crdt])', {101}),
    ],
)
def test_ranges_include_both_their_ends(strategy: str, expected: set[int]) -> None:
    assert found(strategy) == expected


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("brain OR lung AND spine", {103}),  # (brain OR lung) AND spine
        ("brain OR (lung AND machine)", {103, 104}),
        ("spine NOT brain NOT review[pt]", {101, 9105}),
        ("spine AND NOT brain", {101, 102, 9105}),
        ("spine (brain OR egfr)", {101, 103}),
        ("((spine)) AND (((brain)))", {103}),
        ("brain OR egfr mutation", {101, 103}),  # words in a row are one unit
    ],
)
def test_operators_work_from_left_to_right(strategy: str, expected: set[int]) -> None:
    assert found(strategy) == expected


def test_lower_case_operators_are_words_that_are_left_out_and_reported() -> None:
    result = find(CORPUS, "brain or lung")
    assert result.pmids == ()  # all words wanted, none holds both
    assert result.phrases_ignored == ("or",)


def test_ids_come_newest_first() -> None:
    assert find(CORPUS, "spine").pmids == (9105, 103, 102, 101)


@pytest.mark.parametrize(
    ("strategy", "translation"),
    [
        ("spine", '"spine"[All Fields]'),
        ("Spinal  Metastases", '"spinal"[All Fields] AND "metastases"[All Fields]'),
        ('"Deep Learning"[mh]', '"deep learning"[MeSH Terms]'),
        ("a1 OR b1 OR c1 AND d1[ti]", None),
        ("2025[dp]", "2025/01/01:2025/12/31[Date - Publication]"),
        ('"2025/01/20"[crdt] : "3000"[crdt]', "2025/01/20:3000/12/31[Date - Create]"),
        ("(radiomic*[tiab]) AND 1:500 [UID]", '"radiomic*"[Title/Abstract] AND 1:500[UID]'),
    ],
)
def test_a_translation_is_written_like_nlms(strategy: str, translation: str | None) -> None:
    chained = (
        '("a1"[All Fields] OR "b1"[All Fields] OR "c1"[All Fields]) AND "d1"[Title]'
        if translation is None
        else translation
    )
    assert translate(strategy) == chained


def test_a_translation_finds_what_the_strategy_found() -> None:
    strategies = [
        "brain OR lung AND spine",
        "spine NOT (brain OR review[pt]) AND 2024[dp]",
        "machine learning OR huber y[au]",
        "deep-learning[ab] OR 102:104[uid]",
    ]
    for strategy in strategies:
        assert found(translate(strategy)) == found(strategy), strategy


WORDS = st.sampled_from(
    ["spine", "brain", "learning[ti]", '"machine learning"', "radiomic*[tiab]", "2025[dp]"]
)
STRATEGIES = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR", "NOT"]), inner).map(" ".join),
        inner.map(lambda text: f"({text})"),
    ),
    max_leaves=8,
)


@given(left=STRATEGIES, right=STRATEGIES)
def test_operators_obey_the_algebra_of_sets(left: str, right: str) -> None:
    one, other = found(left), found(right)
    assert found(f"({left}) AND ({right})") == one & other
    assert found(f"({left}) OR ({right})") == one | other
    assert found(f"({left}) NOT ({right})") == one - other
    assert found(translate(left)) == one


@given(st.text(alphabet='ab1 ()[]":*-/ANDORT~tiudp', max_size=40))
def test_no_text_breaks_the_reader_and_every_remark_is_text(text: str) -> None:
    query = parse(text)
    assert query.translation == translate(text)
    seen = query.remarks
    remarks = seen.phrases_not_found + seen.fields_not_found + seen.phrases_ignored + seen.messages
    assert all(isinstance(remark, str) for remark in remarks)
    assert set(find(CORPUS, text).pmids) <= CORPUS.pmids


def test_an_unknown_tag_searches_all_fields_and_is_reported() -> None:
    result = find(CORPUS, "brain[nosuchfield] AND spine[Title:~x]")
    assert result.pmids == (103,)
    assert result.fields_not_found == ("nosuchfield", "Title:~x")


@pytest.mark.parametrize(
    ("strategy", "messages", "ignored"),
    [
        ("brain AND (", ("(",), ("AND",)),
        ("(brain", ("(",), ()),
        ("brain)", (")",), ()),
        ('"brain', ('"',), ()),
        ("brain OR", (), ("OR",)),
        ("OR brain", (), ("OR",)),
        ("(brain)[ti]", (), ("[ti]",)),
        ("brain AND --", (), ("--", "AND")),
    ],
)
def test_what_cannot_be_taken_as_written_is_left_out_and_reported(
    strategy: str, messages: tuple[str, ...], ignored: tuple[str, ...]
) -> None:
    result = find(CORPUS, strategy)
    assert result.pmids == (103,)
    assert (result.messages, result.phrases_ignored) == (messages, ignored)


@pytest.mark.parametrize("strategy", ['"last 6 moons"[crdt]', "2025/13[dp]", "spine[uid]", "2025:soon[dp]"])
def test_a_date_or_number_that_is_none_finds_nothing_and_is_reported(strategy: str) -> None:
    result = find(CORPUS, strategy)
    assert result.pmids == ()
    assert result.phrases_not_found


def test_missing_words_are_reported_only_when_phrases_are_taken_strictly() -> None:
    strategy = 'brain OR zebrafish[ti] OR "spine brain"[tiab] OR lungwort'
    lenient, strict = find(CORPUS, strategy), find(CORPUS, strategy, strict_phrases=True)
    assert lenient.pmids == strict.pmids == (103,)
    assert lenient.phrases_not_found == lenient.quoted_phrases_not_found == ()
    assert strict.phrases_not_found == ("zebrafish", "lungwort")
    assert strict.quoted_phrases_not_found == ('"spine brain"[tiab]',)


def test_finding_nothing_is_said() -> None:
    assert find(CORPUS, "zebrafish").messages == ("No items found.",)


SET = """<?xml version="1.0"?>
<PubmedArticleSet>
<PubmedArticle><MedlineCitation><PMID Version="1">7</PMID>
 <Article><Journal><ISSN>1234-5678</ISSN><JournalIssue><PubDate><MedlineDate>2023 Nov-Dec</MedlineDate></PubDate>
 </JournalIssue><Title>Journal of Backbones</Title><ISOAbbreviation>J Backb</ISOAbbreviation></Journal>
 <ArticleTitle>The <i>BRAF</i> mark of a vertebra</ArticleTitle>
 <ELocationID EIdType="doi">10.5555/seven</ELocationID>
 <Abstract><AbstractText Label="AIM">To look.</AbstractText><AbstractText>We looked.</AbstractText></Abstract>
 <AuthorList><Author ValidYN="Y"><LastName>Núñez</LastName><ForeName>Ana</ForeName><Initials>A</Initials></Author>
 <Author ValidYN="N"><LastName>Nunes</LastName><Initials>A</Initials></Author>
 <Author><CollectiveName>Vertebra Circle</CollectiveName></Author></AuthorList>
 <Language>fre</Language><PublicationTypeList><PublicationType>Case Reports</PublicationType></PublicationTypeList>
 <ArticleDate DateType="Electronic"><Year>2023</Year><Month>10</Month><Day>05</Day></ArticleDate></Article>
 <MedlineJournalInfo><MedlineTA>Backbones</MedlineTA></MedlineJournalInfo>
 <MeshHeadingList><MeshHeading><DescriptorName MajorTopicYN="N">Spine</DescriptorName>
 <QualifierName MajorTopicYN="Y">pathology</QualifierName></MeshHeading></MeshHeadingList>
 <KeywordList><Keyword>bone mark</Keyword></KeywordList></MedlineCitation>
 <PubmedData><History><PubMedPubDate PubStatus="pubmed"><Year>2023</Year><Month>10</Month><Day>6</Day></PubMedPubDate>
 <PubMedPubDate PubStatus="entrez"><Year>2023</Year><Month>10</Month><Day>7</Day></PubMedPubDate></History>
 <ArticleIdList><ArticleId IdType="pmc">PMC77</ArticleId></ArticleIdList>
 <ReferenceList><Reference><ArticleIdList><ArticleId IdType="doi">10.5555/other</ArticleId></ArticleIdList>
 </Reference></ReferenceList></PubmedData></PubmedArticle>
<PubmedBookArticle><BookDocument><PMID>8</PMID><Book><BookTitle>Book of bones</BookTitle>
 <PubDate><Year>2020</Year></PubDate></Book><ArticleTitle>A chapter</ArticleTitle></BookDocument></PubmedBookArticle>
</PubmedArticleSet>
"""


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ('"the braf mark"[ti]', (7,)),
        ("looked[ab]", (7,)),
        ("nunez a[au]", (7,)),
        ("nunes a[au]", ()),
        ("vertebra circle[au]", (7,)),
        ("french[la]", (7,)),
        ("case reports[pt]", (7,)),
        ("backbones[ta]", (7,)),
        ("1234-5678[ta]", (7,)),
        ("spine[majr]", (7,)),
        ("2023/11[dp]", (7,)),
        ("2023/10/05[dp]", (7,)),
        ("2023/10/06[crdt]", (7,)),
        ("2023/10/07[crdt]", ()),
        ("2023/10/07[edat]", (7,)),
        ("10.5555/seven[doi]", (7,)),
        ("pmc77[aid]", (7,)),
        ("10.5555/other", ()),
        ("bones[ti] AND 2020[dp]", (8,)),
    ],
)
def test_a_record_read_from_xml_is_found_by_each_of_its_fields(
    tmp_path: Path, strategy: str, expected: tuple[int, ...]
) -> None:
    (tmp_path / "set.xml").write_text(SET, encoding="utf-8")
    assert find(Corpus.from_xml(tmp_path / "set.xml"), strategy).pmids == expected


def test_a_later_file_replaces_and_deletes_records(tmp_path: Path) -> None:
    (tmp_path / "set.xml").write_text(SET, encoding="utf-8")
    (tmp_path / "update.xml").write_text(
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>7</PMID><Article><ArticleTitle>Mended</ArticleTitle>"
        "</Article></MedlineCitation></PubmedArticle><DeleteCitation><PMID>8</PMID></DeleteCitation></PubmedArticleSet>",
        encoding="utf-8",
    )
    before = Corpus.from_xml(tmp_path / "set.xml")
    after = Corpus.from_xml(tmp_path / "set.xml", tmp_path / "update.xml")
    assert (sorted(before.pmids), sorted(after.pmids)) == ([7, 8], [7])
    assert find(after, "mended[ti]").pmids == (7,)
    assert find(after, "braf").pmids == ()
    assert before.build != after.build


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<PubmedArticleSet>", "is not XML"),
        ("<html/>", "is a html"),
        ("<PubmedArticleSet><PubmedArticle/></PubmedArticleSet>", "without PMID"),
    ],
)
def test_a_file_that_is_no_set_of_records_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "bad.xml").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        Corpus.from_xml(tmp_path / "bad.xml")


def test_a_derived_corpus_leaves_the_first_as_it_was() -> None:
    fewer = CORPUS.without(101, 103)
    more = fewer.with_entries(Entry(pmid=500, xml=b"", titles=("spine",)))
    assert sorted(CORPUS.pmids) == [101, 102, 103, 104, 9105]
    assert find(more, "spine").pmids == (9105, 500, 102)
    assert Corpus(CORPUS.entries).build == CORPUS.build != fewer.build
    with pytest.raises(KeyError):
        fewer.without(101)
