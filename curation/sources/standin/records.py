"""Reads a PubmedArticle or PubmedBookArticle element into the texts a search looks at."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from curation.errors import BadInput
from curation.sources.standin.entry import Entry
from curation.sources.standin.fields import Day

# Formulas keep NLM's own prefix when an element is written again; ElementTree would call it ns0.
ET.register_namespace("mml", "http://www.w3.org/1998/Math/MathML")

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LANGUAGES = {
    "chi": "Chinese",
    "dut": "Dutch",
    "eng": "English",
    "fre": "French",
    "ger": "German",
    "hun": "Hungarian",
    "ita": "Italian",
    "jpn": "Japanese",
    "kor": "Korean",
    "pol": "Polish",
    "por": "Portuguese",
    "rus": "Russian",
    "spa": "Spanish",
    "tur": "Turkish",
}
_JOURNAL_NAMES = (
    "MedlineCitation/MedlineJournalInfo/MedlineTA",
    "MedlineCitation/Article/Journal/ISOAbbreviation",
    "MedlineCitation/Article/Journal/Title",
    "MedlineCitation/Article/Journal/ISSN",
)
# The lists are named in full: a record's references hold ArticleId elements of other articles.
_IDENTIFIERS = (
    "PubmedData/ArticleIdList/ArticleId",
    "PubmedBookData/ArticleIdList/ArticleId",
    "MedlineCitation/Article/ELocationID",
    "BookDocument/ArticleIdList/ArticleId",
)
_CITED = "PubmedData//Reference/ArticleIdList/ArticleId[@IdType='pubmed']"
_PAPER_DATES = ("MedlineCitation/Article/Journal/JournalIssue/PubDate", "BookDocument/Book/PubDate")


def read_entry(element: ET.Element) -> Entry:
    """Entry of one PubmedArticle or PubmedBookArticle. Raises BadInput when it has no PMID."""
    pmid = element.findtext("MedlineCitation/PMID") or element.findtext("BookDocument/PMID") or ""
    if not pmid.strip().isdigit():
        raise BadInput(f"a {element.tag} without PMID cannot be served")
    return Entry(
        pmid=int(pmid),
        xml=_serialised(element),
        titles=_texts(element, "ArticleTitle", "VernacularTitle", "BookTitle"),
        abstracts=_texts(element, "AbstractText"),
        mesh=tuple(name for name, _ in _headings(element)),
        major_mesh=tuple(name for name, major in _headings(element) if major),
        keywords=_texts(element, "Keyword"),
        authors=tuple(_authors(element)),
        affiliations=_texts(element, "Affiliation"),
        journals=_found(element, _JOURNAL_NAMES),
        publication_types=_texts(element, "PublicationType"),
        languages=tuple(_languages(element)),
        identifiers=_found(element, _IDENTIFIERS),
        published=tuple(_published(element)),
        created=_history(element, "pubmed") or _history(element, "entrez"),
        entered=_history(element, "entrez"),
        publication_date=_publication_date(element),
        book=element.tag == "PubmedBookArticle",
        indexed=_history(element, "medline"),
        revised=_one_day(element.find("MedlineCitation/DateRevised")),
        references=tuple(_references(element)),
    )


def deleted_pmids(element: ET.Element) -> tuple[int, ...]:
    """PubMed numbers that a ``DeleteCitation`` takes back; none for any other element."""
    if element.tag != "DeleteCitation":
        return ()
    return tuple(int(text) for text in _texts(element, "PMID"))


def _serialised(element: ET.Element) -> bytes:
    tail, element.tail = element.tail, None
    body: bytes = ET.tostring(element, encoding="utf-8", xml_declaration=False)
    element.tail = tail
    return body


def _text(element: ET.Element) -> str:
    # itertext, not text: titles and abstracts hold <i>, <sup> and formulas.
    return " ".join("".join(element.itertext()).split())


def _texts(element: ET.Element, *tags: str) -> tuple[str, ...]:
    return tuple(text for tag in tags for one in element.iter(tag) if (text := _text(one)))


def _found(element: ET.Element, paths: tuple[str, ...]) -> tuple[str, ...]:
    texts = (_text(one) for path in paths for one in element.findall(path))
    return tuple(dict.fromkeys(text for text in texts if text))


def _headings(element: ET.Element) -> Iterator[tuple[str, bool]]:
    for heading in element.iter("MeshHeading"):
        descriptor = heading.find("DescriptorName")
        if descriptor is None:
            continue
        qualifiers = heading.findall("QualifierName")
        name = _text(descriptor)
        yield name, any(one.get("MajorTopicYN") == "Y" for one in (descriptor, *qualifiers))
        for qualifier in qualifiers:
            yield f"{name}/{_text(qualifier)}", qualifier.get("MajorTopicYN") == "Y"


def _authors(element: ET.Element) -> Iterator[str]:
    for author in element.iter("Author"):
        if author.get("ValidYN") == "N":
            continue
        family = author.findtext("LastName", "")
        for given in (author.findtext("Initials", ""), author.findtext("ForeName", "")):
            if family:
                yield f"{family} {given}".strip()
        collective = author.find("CollectiveName")
        if collective is not None:
            yield _text(collective)


def _languages(element: ET.Element) -> Iterator[str]:
    for code in _texts(element, "Language"):
        yield code
        if code in _LANGUAGES:
            yield _LANGUAGES[code]


def _published(element: ET.Element) -> Iterator[Day]:
    dates = [one for path in _PAPER_DATES for one in element.findall(path)]
    for date in (*dates, *element.iter("ArticleDate")):
        day = _day(date)
        if day is not None:
            yield day


def _one_day(date: ET.Element | None) -> tuple[Day, ...]:
    day = None if date is None else _day(date)
    return () if day is None else (day,)


def _references(element: ET.Element) -> Iterator[int]:
    cited = [one.text or "" for one in element.iterfind(_CITED)]
    # Before 2019 NLM kept the references of a record among its comments and corrections.
    links = element.iterfind("MedlineCitation/CommentsCorrectionsList/CommentsCorrections")
    cited += [link.findtext("PMID", "") for link in links if link.get("RefType") == "Cites"]
    yield from dict.fromkeys(int(text) for text in cited if text.strip().isdigit())


def _history(element: ET.Element, status: str) -> tuple[Day, ...]:
    dates = (one for one in element.iter("PubMedPubDate") if one.get("PubStatus") == status)
    return tuple(day for one in dates if (day := _day(one)) is not None)


def _day(date: ET.Element) -> Day | None:
    # MedlineDate holds "1998 Dec-1999 Jan" or "2019 Jan-Feb": its first year and month count.
    free = date.findtext("MedlineDate", "").replace("-", " ").split()
    year = date.findtext("Year") or next(iter(free), "")
    if not year.isdigit():
        return None
    month = date.findtext("Month") or next(iter(free[1:]), "")
    day = date.findtext("Day", "")
    return int(year), _month(month), int(day) if day.isdigit() else 1


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    short = text[:3].lower()
    return _MONTHS.index(short) + 1 if short in _MONTHS else 1


def _publication_date(element: ET.Element) -> str:
    dates = [one for path in _PAPER_DATES for one in element.findall(path)]
    return " ".join(" ".join(dates[0].itertext()).split()) if dates else ""
