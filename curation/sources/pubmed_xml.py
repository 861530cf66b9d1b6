"""PubMed's XML (``PubmedArticleSet``, DTD pubmed_250101) as records, streamed with flat memory.

Field by field after NLM's *MEDLINE/PubMed XML Element Descriptions*. Needs no DTD and no network; expat
itself stops entity bombs.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from io import BytesIO
from typing import IO, TYPE_CHECKING

from curation import identifiers
from curation.errors import SourceFailed
from curation.model import Author, Citation, Number, SourceRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

RAW_FORMAT = "pubmed-xml"
ORIGIN = "pubmed"

_SET = "PubmedArticleSet"
_ARTICLES = frozenset({"PubmedArticle", "PubmedBookArticle"})
_BEGIN = re.compile(rb"<Pubmed(Book)?Article[\s>]")
_ENCODING = re.compile(rb"<\?xml[^>]*encoding=[\"']([^\"']+)")
_PROLOG = 200  # bytes in which an encoding is declared
_NOT_ALONE = (b"<!--", b"<![", b"<!ENTITY", b"xmlns")
_YEAR = re.compile(r"\b(1[5-9]|20)\d\d\b")
_PAGES = re.compile(r"([A-Za-z]*)(\d+)-(\d+)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = re.compile(rf"\b({'|'.join(_MONTHS)})", re.IGNORECASE)
# Names under which NLM lists trial registers among its data banks; the others hold sequences and data sets.
_REGISTERS = frozenset(
    {
        "anzctr",
        "chictr",
        "clinicaltrials.gov",
        "cris",
        "ctis",
        "ctri",
        "drks",
        "eudract",
        "euctr",
        "irct",
        "isrctn",
        "japiccti",
        "jmacct",
        "jprn",
        "jrct",
        "kct",
        "lbctr",
        "ntr",
        "pactr",
        "rebec",
        "repec",
        "rpcec",
        "slctr",
        "tctr",
        "umin ctr",
        "umin-ctr",
    }
)
_NO_TITLE = "[Not Available]."
_NO_ABSTRACT = "Abstract available from the publisher."


class Incomplete(SourceFailed):
    """Not a whole PubmedArticleSet: cut off, empty, or an error of NCBI's in its place."""


class CutShort(Incomplete):
    """A PubmedArticleSet that begins as it should and ends early."""


def records(source: IO[bytes] | bytes) -> Iterator[SourceRecord]:
    """Every article and book of a PubmedArticleSet, in its order.

    Raises Incomplete when the body ends early, after the records before the end were already given: use them
    only when the iteration has ended by itself. Raises SourceFailed for a record without a PMID.
    """
    received = _Received(BytesIO(source) if isinstance(source, bytes) else source)
    root: ET.Element | None = None
    try:
        for event, element in ET.iterparse(received, events=("start", "end")):
            if root is None:
                root = element
            elif event == "end" and element.tag in _ARTICLES:
                yield _record(element, received.taken(element.tag))
                root.clear()
    except ET.ParseError as error:
        kind = CutShort if root is not None and root.tag == _SET else Incomplete
        raise kind(f"the XML ends early or is broken ({error})") from error
    _check_root(root)


def joined(found: Iterable[SourceRecord]) -> bytes:
    """PubmedArticleSet of records as they were received; ``records`` reads the same from it."""
    return b"<PubmedArticleSet>%s</PubmedArticleSet>" % b"".join(record.raw for record in found)


def _check_root(root: ET.Element | None) -> None:
    if root is not None and root.tag == _SET:
        return
    told = None if root is None else root.findtext("ERROR")
    name = "nothing" if root is None else f"<{root.tag}>"
    raise Incomplete(f"PubMed answered {told!r}" if told else f"expected a {_SET}, got {name}")


class _Received:
    """Hands bytes on to the parser and keeps them until the record they hold is taken as it was received.

    Writing a record anew takes as long as all the rest of its reading. It is done only where its own bytes
    would not stand for it alone: another encoding, or comments, CDATA, entities and namespaces of the document.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._held = bytearray()
        self._begun = False
        self._plain = True

    def read(self, size: int = -1) -> bytes:
        """Next bytes of the source."""
        piece = self._source.read(size)
        if not self._begun:
            self._begun, told = True, _ENCODING.search(piece[:_PROLOG])
            self._plain = told is None or told.group(1).lower() == b"utf-8"
        if self._plain:
            self._held += piece
        return piece

    def taken(self, tag: str) -> bytes | None:
        """Bytes of the record whose end the parser has just met; None when they would not stand alone."""
        begin, last = _BEGIN.search(self._held), b"</%s>" % tag.encode()
        end = self._held.find(last) + len(last)
        if not self._plain or begin is None or end < len(last):
            self._plain = False
            return None
        gap, raw = self._held[: begin.start()], bytes(self._held[begin.start() : end])
        foreign = any(mark in gap for mark in _NOT_ALONE) or any(mark in raw for mark in _NOT_ALONE[:2])
        if foreign or _BEGIN.search(raw, 1):
            self._plain = False
            return None
        del self._held[:end]
        return raw


def _record(element: ET.Element, raw: bytes | None) -> SourceRecord:
    book = element.find("BookDocument")
    citation = _book(element, book) if book is not None else _article(element)
    if citation.pmid is None:
        raise SourceFailed("PubMed sent a record without a PMID")
    if raw is None:
        element.tail = None
        raw = ET.tostring(element, encoding="unicode").encode()
    return SourceRecord(citation.pmid, raw, RAW_FORMAT, citation, ORIGIN)


def _article(element: ET.Element) -> Citation:
    medline = _child(element, "MedlineCitation")
    article = _child(medline, "Article")
    issue = _child(article, "Journal/JournalIssue")
    abstract, spare = _abstract(medline, article)
    headings = _headings(medline)
    keywords = (name for name, _ in headings), _texts(medline, "KeywordList/Keyword")
    trials, data = _data_banks(article)
    issns = _texts(article, "Journal/ISSN") + _texts(medline, "MedlineJournalInfo/ISSNLinking")
    short = _texts(article, "Journal/ISOAbbreviation") + _texts(medline, "MedlineJournalInfo/MedlineTA")
    extra = {
        "VernacularTitle": _texts(article, "VernacularTitle"),
        "OtherAbstract": spare,
        "CopyrightInformation": _texts(article, "Abstract/CopyrightInformation"),
        "MeSH": tuple(heading for _, heading in headings),
        "DataBank": data,
        "CommentsCorrections": _corrections(medline),
        "MedlineTA": tuple(name for name in short[1:] if name != short[0]),
        "ELocationID": _texts(article, "ELocationID[@EIdType='pii']"),
        "PubModel": _present(article.get("PubModel")),
        "Status": _present(medline.get("Status")),
        "PublicationStatus": _texts(element, "PubmedData/PublicationStatus"),
        "DateRevised": _present(_date(medline.find("DateRevised"))),
    }
    title, title_given = _title(article)
    year, date = _dated(issue.find("PubDate"), article.find("ArticleDate"))
    return Citation(
        title=title,
        title_given=title_given,
        abstract=abstract,
        authors=_authors(article.findall("AuthorList/Author")),
        year=year,
        date=date,
        numbers=_numbers({Number.TRIAL: trials, Number.ISSN: issns}),
        journal_short="".join(short[:1]),
        journal=_text(article.find("Journal/Title")) or _text(article.find("Journal/ISOAbbreviation")),
        volume=_text(issue.find("Volume")),
        issue=_text(issue.find("Issue")),
        pages=_pages(article.find("Pagination")),
        doi=_doi(element.findall("PubmedData/ArticleIdList/ArticleId"), article),
        pmid=identifiers.pmid(_text(medline.find("PMID"))),
        pmcid=_pmcid(element.findall("PubmedData/ArticleIdList/ArticleId")),
        language=_texts(article, "Language"),
        publication_types=_texts(article, "PublicationTypeList/PublicationType"),
        keywords=_unique(word for words in keywords for word in words),
        extra={tag: values for tag, values in extra.items() if values},
    )


def _book(element: ET.Element, book: ET.Element) -> Citation:
    """Chapter or whole book of NCBI Bookshelf: no MedlineCitation, authors beside editors."""
    title, book_title = _text(book.find("ArticleTitle")), _text(book.find("Book/BookTitle"))
    given = _given(book.find("ArticleTitle" if title else "Book/BookTitle"))
    year, date = _dated(book.find("Book/PubDate"), book.find("ContributionDate"))
    lists = (*book.findall("AuthorList"), *book.findall("Book/AuthorList"))
    writers = [a for a_list in lists if a_list.get("Type") != "editors" for a in a_list.findall("Author")]
    editors = [a for a_list in lists if a_list.get("Type") == "editors" for a in a_list.findall("Author")]
    ids = book.findall("ArticleIdList/ArticleId")
    ids += element.findall("PubmedBookData/ArticleIdList/ArticleId")
    extra = {
        "Editor": tuple(str(editor) for editor in _authors(editors)),
        "Publisher": _texts(book, "Book/Publisher/PublisherName"),
        "bookaccession": tuple(_text(i) for i in ids if i.get("IdType") == "bookaccession"),
    }
    return Citation(
        title=title or book_title,
        title_given=given,
        abstract=_paragraphs(book.findall("Abstract/AbstractText")),
        authors=_authors(writers),
        year=year,
        date=date,
        numbers=_numbers({Number.ISBN: _texts(book, "Book/Isbn")}),
        journal=book_title if title else "",
        volume=_text(book.find("Book/Volume")),
        pages=_pages(book.find("Pagination")),
        doi=_doi(ids, book),
        pmid=identifiers.pmid(_text(book.find("PMID"))),
        pmcid=_pmcid(ids),
        language=_texts(book, "Language"),
        publication_types=_texts(book, "PublicationType"),
        keywords=_unique(_texts(book, "KeywordList/Keyword")),
        extra={tag: values for tag, values in extra.items() if values},
    )


def _title(article: ET.Element) -> tuple[str, str]:
    """Title without markup, and as delivered where that differs."""
    title, own = _text(article.find("ArticleTitle")), _text(article.find("VernacularTitle"))
    if own and title in {"", _NO_TITLE}:
        return own, _given(article.find("VernacularTitle"))
    return title, _given(article.find("ArticleTitle"))


def _given(element: ET.Element | None) -> str:
    """Text with its inline markup (``H<sub>2</sub>O``); empty where it has none."""
    if element is None or not len(element):
        return ""
    return " ".join(_marked(element).split())


def _marked(element: ET.Element) -> str:
    parts = [element.text or ""]
    for child in element:
        name = child.tag.rpartition("}")[2]
        parts += [f"<{name}>{_marked(child)}</{name}>", child.tail or ""]
    return "".join(parts)


def _abstract(medline: ET.Element, article: ET.Element) -> tuple[str, tuple[str, ...]]:
    """Abstract, and the other abstracts that are not it (other language, plain-language summary)."""
    others = [_paragraphs(other.findall("AbstractText")) for other in medline.findall("OtherAbstract")]
    own = _paragraphs(article.findall("Abstract/AbstractText"))
    if not own:
        own = next((text for text in others if text not in {"", _NO_ABSTRACT}), "")
        others = [text for text in others if text != own]
    return own, tuple(filter(None, others))


def _paragraphs(texts: Iterable[ET.Element]) -> str:
    """Paragraphs joined by newline, each under its label as PubMed prints it."""
    found = []
    for element in texts:
        text, label = _text(element), element.get("Label", "")
        if text:
            found.append(f"{label}: {text}" if label not in {"", "UNLABELLED"} else text)
    return "\n".join(found)


def _authors(elements: Iterable[ET.Element]) -> tuple[Author, ...]:
    """List as cited, without the misspelt forms that stand beside their correction (``ValidYN="N"``)."""
    authors = []
    for element in elements:
        collective, family = _text(element.find("CollectiveName")), _text(element.find("LastName"))
        first, suffix = _text(element.find("ForeName")), _text(element.find("Suffix"))
        given = _text(element.find("Initials")) or first
        if element.get("ValidYN", "Y") == "N" or not (collective or family or given):
            continue
        if collective:
            authors.append(Author(collective, collective=True))
        elif family:
            whole = ", ".join(filter(None, (family, first, suffix))) if first else ""
            authors.append(Author(family, f"{given} {suffix}".strip(), name=whole))
        else:
            authors.append(Author(given))
    return tuple(authors)


def _headings(medline: ET.Element) -> list[tuple[str, str]]:
    """Descriptors, each with its MEDLINE form: ``Spine/*surgery``, the star on what is a major topic."""
    found = []
    for heading in medline.findall("MeshHeadingList/MeshHeading"):
        names = [("*" if n.get("MajorTopicYN") == "Y" else "") + _text(n) for n in heading]
        found.append((names[0].removeprefix("*"), "/".join(names)))
    return found


def _corrections(medline: ET.Element) -> tuple[str, ...]:
    """``RetractionIn:32167152``; where the notice has no number, ``RetractionIn:``."""
    return tuple(
        f"{element.get('RefType', '')}:{_text(element.find('PMID'))}"
        for element in medline.findall("CommentsCorrectionsList/CommentsCorrections")
    )


def _data_banks(article: ET.Element) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Numbers of the trial registers among the data banks, and the numbers of all others."""
    trials: list[str] = []
    others: list[str] = []
    for bank in article.findall("DataBankList/DataBank"):
        register = _text(bank.find("DataBankName")).lower() in _REGISTERS
        (trials if register else others).extend(_texts(bank, "AccessionNumberList/AccessionNumber"))
    return tuple(trials), tuple(others)


def _numbers(found: Mapping[Number, Iterable[str]]) -> dict[Number, tuple[str, ...]]:
    each = ((kind, _unique(values)) for kind, values in found.items())
    return {kind: values for kind, values in each if values}


def _dated(*dates: ET.Element | None) -> tuple[int | None, str]:
    """Year, and date in ISO 8601 as far as known, of the first date that has a year.

    A MedlineDate gives the first month and year it names: ``1998 Dec-1999 Jan`` is ``1998-12``.
    """
    for date in dates:
        year = _year(date)
        if year is not None and date is not None:
            return year, f"{year}{_month(date)}"
    return None, ""


def _year(date: ET.Element | None) -> int | None:
    if date is None:
        return None
    found = _YEAR.search(date.findtext("Year") or date.findtext("MedlineDate") or "")
    return int(found.group()) if found else None


def _month(date: ET.Element) -> str:
    """``-03-05`` or ``-03`` of a date; empty where it names no month."""
    told, day = _text(date.find("Month")), _text(date.find("Day"))
    named = _MONTH.search(told or _text(date.find("MedlineDate")))
    number = int(told) if told.isdecimal() else _MONTHS.index(named[1].lower()) + 1 if named else 0
    if not 1 <= number <= len(_MONTHS):
        return ""
    return f"-{number:02d}" + (f"-{int(day):02d}" if day.isdecimal() and told else "")


def _date(element: ET.Element | None) -> str:
    return "" if element is None else "-".join(_text(part) for part in element)


def _pages(pagination: ET.Element | None) -> str:
    if pagination is None:
        return ""
    start, end = _text(pagination.find("StartPage")), _text(pagination.find("EndPage"))
    return expanded(_text(pagination.find("MedlinePgn")) or "-".join(filter(None, (start, end))))


def expanded(pages: str) -> str:
    """Page ranges in full: ``152-60`` is ``152-160``, ``S12-8`` is ``S12-S18``."""
    return _PAGES.sub(_expanded_range, pages)


def _expanded_range(found: re.Match[str]) -> str:
    prefix, start, end = found.groups()
    if len(end) >= len(start):
        return found.group()
    return f"{prefix}{start}-{prefix}{start[: -len(end)]}{end}"


def _doi(ids: Iterable[ET.Element], article: ET.Element) -> str | None:
    """DOI of the article itself; the DOIs of its ReferenceList stand elsewhere and are not looked at."""
    own = [_text(i) for i in ids if i.get("IdType") == "doi"]
    places = article.findall("ELocationID[@EIdType='doi']")
    own += [_text(e) for e in places if e.get("ValidYN", "Y") == "Y"]
    return next(filter(None, map(identifiers.doi, own)), None)


def _pmcid(ids: Iterable[ET.Element]) -> str | None:
    own = (identifiers.pmcid(_text(i)) for i in ids if i.get("IdType") == "pmc")
    return next(filter(None, own), None)


def _text(element: ET.Element | None) -> str:
    """All text within, inline markup left out, white space folded."""
    if element is None:
        return ""
    return " ".join(("".join(element.itertext()) if len(element) else element.text or "").split())


def _texts(element: ET.Element, path: str) -> tuple[str, ...]:
    return tuple(filter(None, map(_text, element.findall(path))))


def _child(element: ET.Element, path: str) -> ET.Element:
    """Child, or an empty element in its place: every field of a record may be lacking."""
    found = element.find(path)
    return ET.Element(path) if found is None else found


def _present(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _unique(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
