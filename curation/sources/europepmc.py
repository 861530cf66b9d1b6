"""Europe PMC as a second source: PubMed's content and more, preprints (``PPR``) among it.

Follows Europe PMC's *RESTful Web Service* documentation (version 6.9). A record's number here is its source and
its id there, ``MED:32167152`` or ``PPR:PPR1302423``: ids are unique within a source only. Errors come as JSON
under HTTP 200, and a search is whole only when the numbers of all its pages add up to the hits counted.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from curation import identifiers
from curation.errors import SourceFailed
from curation.model import Author, Citation, Number, SourceRecord
from curation.sources.crossref import accepted, json_object, plain
from curation.sources.http import Answer, Ask, CutOff, Unusable
from curation.sources.pubmed import Batch, CountAnswer, SearchAnswer
from curation.sources.pubmed_xml import Incomplete, expanded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from curation.sources.http import Door

T = TypeVar("T")

BASE_URL = "https://www.ebi.ac.uk/europepmc/webservices/rest/"
RAW_FORMAT = "europepmc-json"
ORIGIN = "europepmc"
MOST_IDS = 1_000  # records on one page

_FIRST_PAGE = "*"
_SEARCHES = 3  # times that a search is begun, when Europe PMC changes while its pages are fetched
_SUMMARIES = 100  # numbers in one request that only asks what is there
_LONG_QUERY = 1_500  # characters; the figure of Europe PMC's own error text, past it the query is posted
_SERVER_FAULT = 500
_ACCESSION = re.compile(r"([A-Z]{2,4}):(\w[\w.-]*)", re.ASCII)
_BRACKETS = re.compile(r'"[^"]*"|(\[[^\]]*\])')
_RANGE = re.compile(r"\[\s*\S+\s+TO\s+\S+\s*\]", re.IGNORECASE)
_HEADING = re.compile(r"<h4>(.*?)</h4>", re.IGNORECASE)
_LINE_END = re.compile(r"</p>|<br\s*/?>", re.IGNORECASE)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LETTERS = re.compile(r"[^a-z]")
# What Europe PMC counts and links around a record. It changes from day to day without the record changing, and
# would make a revision of every record of a review at every update.
_SURROUNDINGS = frozenset(
    {
        "citedByCount",
        "dataLinksTagsList",
        "dbCrossReferenceList",
        "hasDbCrossReferences",
        "hasEvaluations",
        "hasLabsLinks",
        "hasReferences",
        "hasTMAccessionNumbers",
        "hasTextMinedTerms",
        "tmAccessionTypeList",
    }
)
# NLM writes a small "and" in these; every other reference type has a capital at each word.
_REF_TYPES = (
    "CorrectedandRepublishedFrom",
    "CorrectedandRepublishedIn",
    "RetractedandRepublishedFrom",
    "RetractedandRepublishedIn",
)
_SPELT = {name.lower(): name for name in _REF_TYPES}


@dataclass(frozen=True, slots=True)
class Linked:
    """A document that cites, or is cited: ``accession`` None where Europe PMC has no record of it."""

    accession: str | None
    title: str
    authors: str
    year: int | None
    doi: str | None


@dataclass(frozen=True, slots=True)
class _Page:
    count: int
    ids: tuple[str, ...]
    next: str
    translation: str
    version: str


class EuropePmc:
    """Europe PMC as one review asks it; ``email`` is a contact address, sent with each request."""

    def __init__(self, door: Door, base_url: str = BASE_URL, email: str = "") -> None:
        self._door = door
        self._base = base_url.rstrip("/") + "/"
        self._who = {"email": email} if email else {}

    def search(self, query: str) -> SearchAnswer:
        """Every record that ``query`` finds now, in the order of source and number.

        Synonyms are not expanded: what is asked is what is written. ``db_build`` is the version of the web
        service; Europe PMC tells nothing of its index. Raises SourceFailed when the query was refused, the
        pages do not add up, or the count moved under each of three searches; TryAgain when nothing usable came
        within the tries.
        """
        for _ in range(_SEARCHES):
            pages = tuple(self._pages(query))
            count = pages[0].count
            if any(page.count != count for page in pages):
                continue
            ids = tuple(sorted({one for page in pages for one in page.ids}, key=_order))
            if len(ids) != count:
                raise SourceFailed(
                    f"Europe PMC counted {count} records and gave {len(ids)} numbers; nothing was taken over; "
                    "run the search again"
                )
            return SearchAnswer(count, ids, pages[0].translation, (), pages[0].version)
        raise SourceFailed(
            f"Europe PMC changed under each of {_SEARCHES} searches (it counted {count} records last); nothing "
            "was taken over; run the search again"
        )

    def count(self, query: str) -> CountAnswer:
        """Count what ``query`` would find, for a dry run; raises as ``search`` does."""
        page = self._page(query, _FIRST_PAGE, 1)
        return CountAnswer(page.count, page.translation)

    def fetch(self, ids: Sequence[str], batch: int = 100) -> Iterator[Batch]:
        """Give the records of ``ids`` in batches, each parsed to its end and matched number by number.

        Raises TryAgain when a batch stayed incomplete over all tries, SourceFailed when Europe PMC sent
        records nobody asked for, or an id is none of its numbers.
        """
        step = min(batch, MOST_IDS)
        for start in range(0, len(ids), step):
            asked = tuple(ids[start : start + step])
            words = {"query": _by_number(asked), "resultType": "core", "pageSize": str(MOST_IDS)}
            yield self._searched(words, partial(_whole_batch, asked), post=True)

    def told(self, ids: Sequence[str]) -> dict[str, str]:
        """What Europe PMC says of records that did not come, in words, by number; raises as ``fetch``."""
        found: set[str] = set()
        for start in range(0, len(ids), _SUMMARIES):
            words = {"query": _by_number(ids[start : start + _SUMMARIES]), "resultType": "idlist"}
            page = self._searched(words | {"pageSize": str(MOST_IDS)}, _page, post=True)
            found |= set(page.ids)
        said = ("not in Europe PMC any more", "in Europe PMC after all")
        return {one: said[one in found] for one in ids}

    def citations(self, accession: str) -> tuple[Linked, ...]:
        """Documents that cite ``accession``, as far as Europe PMC knows; raises as ``search`` does."""
        return self._linked(accession, "citations", "citation")

    def references(self, accession: str) -> tuple[Linked, ...]:
        """The reference list of ``accession``, entries without a record among it; raises as ``search`` does."""
        return self._linked(accession, "references", "reference")

    def _pages(self, query: str) -> Iterator[_Page]:
        """Pages to the last: the one that completes the count, is empty, or leads to no new one."""
        cursor, cursors, found = _FIRST_PAGE, {""}, 0
        while cursor not in cursors:
            cursors.add(cursor)
            page = self._page(query, cursor, MOST_IDS)
            yield page
            found += len(page.ids)
            if found >= page.count or not page.ids:
                return
            cursor = page.next

    def _page(self, query: str, cursor: str, most: int) -> _Page:
        _refuse_tags(query)
        words = {"query": query, "resultType": "idlist", "pageSize": str(most), "cursorMark": cursor}
        return self._searched(words, _page, post=len(query) > _LONG_QUERY)

    def _searched(self, words: dict[str, str], reader: Callable[[bytes], T], *, post: bool) -> T:
        everything = words | {"format": "json", "synonym": "false"} | self._who
        url = f"{self._base}{'searchPOST' if post else 'search'}"
        ask = Ask("POST", url, data=everything) if post else Ask("GET", url, params=everything)
        return self._door.read(ask, partial(_answered, reader))

    def _linked(self, accession: str, what: str, entry: str) -> tuple[Linked, ...]:
        url = f"{self._base}{'/'.join(_parted(accession))}/{what}"
        reader = partial(_answered, partial(_links, entry))
        found: list[Linked] = []
        number, total, more = 0, 1, True
        while more and len(found) < total:
            number += 1
            words = {"page": str(number), "pageSize": str(MOST_IDS), "format": "json"} | self._who
            total, links = self._door.read(Ask("GET", url, params=words), reader)
            found += links
            more = bool(links)
        if len(found) != total:
            message = f"Europe PMC counted {total} {what} of {accession} and gave {len(found)}; ask again"
            raise SourceFailed(message)
        return tuple(found)


def parse_batch(body: bytes, asked: Sequence[str]) -> Batch:
    """Read the body of one batch, also from a file it was staged in.

    Raises Incomplete when it ends early, SourceFailed when it holds a record that was not asked for.
    """
    wanted = tuple(asked)
    try:
        total, results = _results(_told(json_object(body)))
        found = {one.accession: one for one in map(record, results)}
    except Unusable as cut:
        raise Incomplete(cut.what) from cut
    if total != len(results):
        raise Incomplete(f"{total} records were announced, {len(results)} came")
    strangers = sorted(set(found) - set(wanted))
    if strangers:
        raise SourceFailed(f"Europe PMC sent records nobody asked for: {', '.join(strangers[:5])}")
    delivered = tuple(
        found[i] for i in wanted if i in found
    )  # as asked: an answer comes by relevance, which moves
    return Batch(wanted, body, delivered, tuple(i for i in wanted if i not in found))


def record(told: dict[str, Any]) -> SourceRecord:
    """One result of type ``core`` as a record.

    ``raw`` is its JSON with sorted keys, without what Europe PMC only counts or links around it.
    """
    kept = {name: value for name, value in told.items() if name not in _SURROUNDINGS}
    raw = json.dumps(kept, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    return SourceRecord(_accession(told), raw, RAW_FORMAT, _citation(told), ORIGIN)


def _answered(reader: Callable[[bytes], T], answer: Answer) -> T:
    _told(accepted("Europe PMC", answer))
    return reader(answer.body)


def _told(content: dict[str, Any]) -> dict[str, Any]:
    """``content``, unless it is one of the errors that Europe PMC sends under HTTP 200."""
    if "errCode" not in content:
        return content
    said = " ".join(str(content.get("errMsg") or content["errCode"]).split())
    if str(content["errCode"]).startswith("5"):
        raise Unusable(f"Europe PMC answered {said!r}")
    raise SourceFailed(f"Europe PMC refused the request: {said}")


def _page(body: bytes) -> _Page:
    content = json_object(body)
    count, results = _results(content)
    request = content.get("request")
    translation = request.get("queryString") if isinstance(request, dict) else None
    return _Page(
        count=count,
        ids=tuple(_accession(result) for result in results),
        next=str(content.get("nextCursorMark") or ""),
        translation=str(translation or ""),
        version=str(content.get("version") or ""),
    )


def _whole_batch(asked: tuple[str, ...], body: bytes) -> Batch:
    try:
        return parse_batch(body, asked)
    except Incomplete as cut:
        raise CutOff(cut.message) from cut


def _results(content: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
    results = _at(content, "resultList", "result")
    return _count(content), _objects(results, "an answer without results")


def _links(entry: str, body: bytes) -> tuple[int, list[Linked]]:
    content = json_object(body)
    total = _count(content)
    entries = _at(content, f"{entry}List", entry) if total else []
    return total, [_link(one) for one in _objects(entries, f"an answer without {entry}s")]


def _link(told: dict[str, Any]) -> Linked:
    known = told.get("id") and told.get("source")
    return Linked(
        accession=_accession(told) if known else None,
        title=plain(_text(told, "title")),
        authors=plain(_text(told, "authorString")),
        year=_year(_text(told, "pubYear")),
        doi=identifiers.doi(_text(told, "doi")),
    )


def _count(content: dict[str, Any]) -> int:
    count = content.get("hitCount")
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise Unusable("an answer without a count of hits")
    return count


def _objects(told: object, fault: str) -> list[dict[str, Any]]:
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise Unusable(fault)
    return told


def _accession(told: dict[str, Any]) -> str:
    accession = f"{told.get('source') or ''}:{told.get('id') or ''}"
    if not _ACCESSION.fullmatch(accession):
        raise Unusable(f"a record without source and id ({accession!r})")
    return accession


def _parted(accession: str) -> tuple[str, str]:
    found = _ACCESSION.fullmatch(accession)
    if found is None:
        raise SourceFailed(f"{accession!r} is no number of Europe PMC; they read like MED:32167152")
    return found[1], found[2]


def _by_number(ids: Sequence[str]) -> str:
    return " OR ".join(f"(EXT_ID:{number} AND SRC:{source})" for source, number in map(_parted, ids))


def _order(accession: str) -> tuple[str, int, str]:
    source, _, number = accession.partition(":")
    return source, int(re.sub(r"\D", "", number) or 0), number


def _refuse_tags(query: str) -> None:
    """PubMed's field tags mean nothing to Europe PMC: it would search for their letters and not say so."""
    tags = [found[1] for found in _BRACKETS.finditer(query) if found[1] and not _RANGE.fullmatch(found[1])]
    if tags:
        message = (
            f"Europe PMC does not know PubMed's field tags ({', '.join(dict.fromkeys(tags))}); write the query in "
            "its own words, such as TITLE:spine or ABSTRACT:spine"
        )
        raise SourceFailed(message)


def _citation(told: dict[str, Any]) -> Citation:
    journal, book = _at(told, "journalInfo"), _at(told, "bookOrReportDetails")
    headings = [_heading(one) for one in _listed(told, "meshHeadingList", "meshHeading")]
    names = _at(journal, "journal")
    short = _present(_text(names, "isoabbreviation"), _text(names, "medlineAbbreviation"))
    numbers = {
        Number.ISSN: _present(_text(names, "issn"), _text(names, "essn")),
        Number.ISBN: _present(*(_text(book, name) for name in ("isbn10", "isbn13"))),
    }
    title, year = (
        _text(told, "title"),
        _year(_text(journal, "yearOfPublication")) or _year(_text(told, "pubYear")),
    )
    extra = {
        "source": (_text(told, "source"),),
        "CommentsCorrections": tuple(
            map(_correction, _listed(told, "commentCorrectionList", "commentCorrection"))
        ),
        "MeSH": tuple(whole for _, whole in headings),
        "MedlineTA": tuple(name for name in short[1:] if name != short[0]),
        "PubModel": _present(_text(told, "pubModel")),
        "PublicationStatus": _present(_text(told, "publicationStatus")),
        "DateRevised": _present(_text(told, "dateOfRevision")),
        "FirstPublicationDate": _present(_text(told, "firstPublicationDate")),
    }
    keywords = (*(name for name, _ in headings), *_words(told, "keywordList", "keyword"))
    return Citation(
        title=plain(title),
        title_given=title if plain(title) != title else "",
        abstract=_abstract(_text(told, "abstractText")),
        authors=_authors(told),
        year=year,
        date=_date(year, _text(journal, "monthOfPublication"), _text(told, "firstPublicationDate")),
        numbers={kind: values for kind, values in numbers.items() if values},
        journal_short="".join(short[:1]),
        journal=plain(_text(journal, "journal", "title") or _text(book, "publisher")),
        volume=_text(journal, "volume"),
        issue=_text(journal, "issue"),
        pages=expanded(_text(told, "pageInfo")),
        doi=identifiers.doi(_text(told, "doi")),
        pmid=identifiers.pmid(_text(told, "pmid")),
        pmcid=identifiers.pmcid(_text(told, "pmcid")),
        language=_present(*_text(told, "language").split(",")),
        publication_types=_words(told, "pubTypeList", "pubType"),
        keywords=tuple(dict.fromkeys(keywords)),
        extra={tag: values for tag, values in extra.items() if values},
    )


def _abstract(text: str) -> str:
    """Paragraphs joined by newline, each under its label, as PubMed's are."""
    folded = " ".join(text.split())
    labelled = _HEADING.sub(lambda found: f"\n{found[1].strip().rstrip(':')}: ", folded)
    return "\n".join(filter(None, map(plain, _LINE_END.sub("\n", labelled).split("\n"))))


def _authors(told: dict[str, Any]) -> tuple[Author, ...]:
    listed = [_author(one) for one in _listed(told, "authorList", "author")]
    if listed:
        return tuple(filter(None, listed))
    names = plain(_text(told, "authorString")).rstrip(".").split(", ")
    return tuple(_named(name) for name in names if name)


def _author(told: dict[str, Any]) -> Author | None:
    collective, family = plain(_text(told, "collectiveName")), plain(_text(told, "lastName"))
    if collective:
        return Author(collective, collective=True)
    if family:
        first = plain(_text(told, "firstName"))
        return Author(
            family, plain(_text(told, "initials")) or first, name=f"{family}, {first}" if first else ""
        )
    whole = plain(_text(told, "fullName"))
    return _named(whole) if whole else None


def _named(name: str) -> Author:
    """``Van Der Berg AB`` is family and initials; a name that does not end in initials is kept whole."""
    family, _, initials = name.rpartition(" ")
    return Author(family, initials) if family and initials.isupper() else Author(name)


def _heading(told: dict[str, Any]) -> tuple[str, str]:
    """A descriptor with its MEDLINE form: ``Spine/*surgery``, the star on what is a major topic."""
    qualifiers = _listed(told, "meshQualifierList", "meshQualifier")
    names = [(told, "descriptorName"), *((one, "qualifierName") for one in qualifiers)]
    starred = (("*" if _text(one, "majorTopic_YN") == "Y" else "") + _text(one, name) for one, name in names)
    return _text(told, "descriptorName"), "/".join(starred)


def _correction(told: dict[str, Any]) -> str:
    """``Retraction in`` as PubMed writes it, ``RetractionIn:32167152``; the number may lack, the colon stays."""
    words = _text(told, "type")
    folded = _LETTERS.sub("", words.lower())
    name = _SPELT.get(folded) or "".join(word[:1].upper() + word[1:] for word in words.split())
    return f"{name}:{_text(told, 'id')}"


def _year(text: str) -> int | None:
    return int(text[:4]) if re.match(r"(1[5-9]|20)\d\d", text) else None


def _date(year: int | None, month: str, first: str) -> str:
    """ISO 8601 as far as known; the first publication counts where it fell in the year of publication."""
    if year is None:
        return ""
    if month.isdecimal() and 1 <= int(month) <= 12:  # noqa: PLR2004 - months
        return f"{year}-{int(month):02d}"
    return first if first.startswith(f"{year}-") and _ISO_DATE.fullmatch(first) else str(year)


def _at(told: object, *path: str) -> object:
    for name in path:
        told = told.get(name) if isinstance(told, dict) else None
    return told


def _text(told: object, *path: str) -> str:
    found = _at(told, *path)
    return str(found).strip() if isinstance(found, (str, int)) else ""


def _listed(told: object, *path: str) -> list[dict[str, Any]]:
    found = _at(told, *path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _words(told: object, *path: str) -> tuple[str, ...]:
    found = _at(told, *path)
    return _present(*(plain(str(one)) for one in found)) if isinstance(found, list) else ()


def _present(*values: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.strip() for value in values if value.strip()))
