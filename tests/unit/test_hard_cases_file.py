"""The labelled hard cases of deduplication: well formed, consistent, made up, and none of the kinds missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import pytest

from curation.identifiers import folded
from curation.model import Author, Citation, Number
from tests.unit.hard_cases import Expected, HardCase, Relation, author, hard_cases

KINDS = {
    # one article in the shape of two databases
    *("pubmed and embase", "pubmed and scopus", "pubmed and wos", "pubmed and central", "embase and central"),
    *("pubmed and psycinfo", "pubmed and ebsco", "scopus and wos", "identical rows"),
    *("two numbers of one database", "two pubmed numbers"),
    # titles
    *("translated title", "title in two languages", "accents lost", "Greek letters and symbols"),
    *(
        "truncated title",
        "subtitle missing",
        "title suffix of a database",
        "title suffix of another document",
    ),
    # locators and identifiers
    *("page forms", "e-pages", "Excel dates", "roman pages", "supplement pages", "issue or volume garbage"),
    *("journal abbreviated", "DOI forms", "DOI on one side", "two DOIs of one report"),
    *("same DOI in another slot", "DOI of a container"),
    # time and people
    *("online first and final", "year off by one", "annual series", "group author and person"),
    *("mis-parsed authors", "same title by other people", "anonymous"),
    # titles that name nothing
    *("empty title", "placeholder title", "generic title", "series editorials"),
    # siblings
    *("part numbers", "sibling trials", "same title of two trials", "women and men", "in vivo and in vitro"),
    *("species", "opposite words", "near-same abstracts of one group", "template papers"),
    # documents about documents
    *("letter and reply", "comment and article", "article and erratum under one title"),
    *("erratum with its word", "retraction", "retracted and republished", "Cochrane versions"),
    *("Cochrane one version twice", "protocol and review", "registry entry", "preprint and article"),
    *("preprint versions", "abstract and full paper", "same abstract in two supplements"),
    *("one text in several journals", "conference paper and journal article", "dissertation"),
    *("book editions", "book chapters"),
}
LEAST_PAIRS = 90
# No registrant has 10.5555 (Crossref's examples), no preprint the 30th of February, no Cochrane review CD0999.
INVENTED_DOIS = ("10.5555/", "10.1101/2023.02.30.", "10.1002/14651858.cd0999")
FIRST_INVENTED_PMID, LAST_INVENTED_PMID = 90_000_000, 98_999_999  # above PubMed's, below the stand-in's


def citations(case: HardCase) -> list[Citation]:
    return [record.citation for record in case.records]


def test_every_kind_has_two_different_pairs() -> None:
    pairs = Counter(case.kind for case in hard_cases() for _ in case.pairs)
    assert set(pairs) == KINDS
    assert [kind for kind, n in pairs.items() if n < 2] == []
    assert pairs.total() >= LEAST_PAIRS


def test_every_answer_and_every_relation_is_asked_for() -> None:
    assert {case.expected for case in hard_cases()} == set(Expected)
    assert {case.relation for case in hard_cases()} == {*Relation, None}


def test_every_case_has_a_name_of_its_own() -> None:
    assert [name for name, n in Counter(case.id for case in hard_cases()).items() if n > 1] == []


def test_the_labels_of_a_case_agree_with_each_other() -> None:
    assert [case.id for case in hard_cases() if len(case.records) == 1] == []
    assert [case.id for case in hard_cases() if not case.note.endswith(".")] == []
    assert [
        case.id for case in hard_cases() if (case.expected is Expected.RELATED) == (not case.relation)
    ] == []
    settled = [case for case in hard_cases() if case.expected is not Expected.ASK]
    assert [case.id for case in settled if case.may_join != (case.expected is Expected.SAME)] == []


def test_two_records_of_a_case_are_printed_differently_unless_they_are_one_row() -> None:
    alike = {case.id for case in hard_cases() for left, right in case.pairs if left == right}
    assert alike == {case.id for case in hard_cases() if case.kind == "identical rows"}


def test_identifiers_are_made_up() -> None:
    everything = [citation for case in hard_cases() for citation in citations(case)]
    dois = [citation.doi for citation in everything if citation.doi]
    pmids = [int(citation.pmid) for citation in everything if citation.pmid]
    assert [doi for doi in dois if not doi.startswith(INVENTED_DOIS)] == []
    assert [pmid for pmid in pmids if not FIRST_INVENTED_PMID <= pmid <= LAST_INVENTED_PMID] == []


def test_no_identifier_stands_in_two_cases() -> None:
    """All records can be deduplicated in one heap: no join across cases is right."""
    cases_of = defaultdict(set)
    for case in hard_cases():
        for citation in citations(case):
            for identifier in _identifying(citation):
                cases_of[identifier].add(case.id)
    assert {identifier: cases for identifier, cases in cases_of.items() if len(cases) > 1} == {}


def _identifying(citation: Citation) -> Iterable[str]:
    yield from (value for value in (citation.doi, citation.pmid, citation.pmcid) if value)
    for number, values in citation.numbers.items():
        if number is not Number.ISSN:
            yield from (f"{number} {value}" for value in values)


def test_no_title_stands_in_two_cases() -> None:
    cases_of = defaultdict(set)
    for case in hard_cases():
        for citation in citations(case):
            cases_of[folded(citation.title)].add(case.id)
    del cases_of[""]
    assert {title: cases for title, cases in cases_of.items() if len(cases) > 1} == {}


def test_two_numbers_of_one_database_are_never_labelled_one_record() -> None:
    """No tool should have to overrule the strongest sign of two records; a question is the most it can be."""
    same = [case for case in hard_cases() if case.expected is Expected.SAME]
    assert [case.id for case in same if any(_conflict(a.citation, b.citation) for a, b in case.pairs)] == []


def _conflict(left: Citation, right: Citation) -> bool:
    ours, theirs = _of_databases(left), _of_databases(right)
    return any(ours[name] != theirs[name] for name in ours.keys() & theirs.keys())


def _of_databases(citation: Citation) -> dict[str, tuple[str, ...]]:
    numbers = {str(name): values for name, values in citation.numbers.items()}
    numbers |= {"pmid": (citation.pmid,)} if citation.pmid else {}
    return {name: values for name, values in numbers.items() if name not in {Number.ISSN, Number.TRIAL}}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Hu Y", Author("Hu", "Y")),
        ("de la Cruz MÉ", Author("de la Cruz", "MÉ")),
        ("Smith, J. A.", Author("Smith", "JA")),
        ("Zhang, Wei", Author("Zhang", "W")),
        ("OCTO Trial Group [collective]", Author("OCTO Trial Group", collective=True)),
        ("Adelman K.Lewisham G. F.", Author("Adelman K.Lewisham G.", "F")),
        ("et al.", Author("et al.")),
        ("Anonymous", Author("Anonymous")),
    ],
)
def test_an_author_is_read_from_each_form_the_file_uses(name: str, expected: Author) -> None:
    assert author(name) == expected
